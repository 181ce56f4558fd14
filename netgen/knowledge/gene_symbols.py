"""Current gene symbols of a knowledge snapshot: the complete HGNC table, or a list of genes in JSON."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING, Any, Final

from netgen.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = ("symbol", "approved symbol", "hugogenesymbol", "hugo_symbol", "hugo_gene_symbol")


def read_gene_symbols(path: Path) -> frozenset[str]:
    """Return the symbols of a gene table.

    Parameters
    ----------
    path
        Tab-separated with a column of symbols (HGNC: ``symbol``, ``Approved symbol``), or JSON, a list of objects with
        one (cBioPortal: ``hugoGeneSymbol``); plain or gzip.

    Returns
    -------
    frozenset of str
        As written there.

    Raises
    ------
    InputError
        E_FILE_FORMAT if the file is neither, or has no such column.
    """
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as file:
        try:
            rows = json.load(file) if file.read(1) == "[" and not file.seek(0) else _read_tsv(file)
        except (ValueError, UnicodeDecodeError) as error:
            raise _refuse(path, str(error)) from error
    names = {str(name).strip().casefold(): name for name in (rows[0] if rows else {})}
    column = next((names[name] for name in NAMES if name in names), None)
    if column is None:
        raise _refuse(path, f"no column of symbols; found {', '.join(map(str, names)) or 'nothing'}")
    return frozenset(str(row[column]).strip() for row in rows if row.get(column))


def _read_tsv(file: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # text, packed or not
    file.seek(0)
    return list(csv.DictReader(file, delimiter="\t"))


def _refuse(path: Path, found: str) -> InputError:
    return InputError(
        "E_FILE_FORMAT",
        f"a gene table needs a column of symbols; {found}.",
        fix="Use the complete HGNC table, tab-separated, or cBioPortal's genes.json.",
        file=str(path),
    )
