"""Genes of a knowledge snapshot: current symbols, NCBI gene ids, former and other names, and where the genes lie.

Two kinds of file are read, plain or gzip, by the names of their columns (any case):

- ``genes``: one row per gene. The complete HGNC table (``symbol``, ``prev_symbol``, ``alias_symbol``, ``entrez_id``), a
  custom HGNC download (``Approved symbol`` ...), NCBI's ``gene_info`` or cBioPortal's ``genes.json``. A table with
  ``build``, ``chrom``, ``start`` and ``end`` (1-based, inclusive) gives positions as well.
- ``gene_aliases``: one row per other name, with the gene it means by symbol or by NCBI gene id (cBioPortal's
  ``genesaliases.json``: ``gene_alias``, ``entrez_gene_id``).

A withdrawn symbol is no gene. An id below 1 is none: cBioPortal numbers what has no NCBI gene id downwards from -1.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

NAME_COLUMNS: Final = ("alias", "symbol", "entrez_gene_id", "kind")
SPAN_COLUMNS: Final = ("gene", "build", "chrom", "start", "end")
_SYMBOL: Final = ("symbol", "approved symbol", "hugogenesymbol", "hugo_symbol", "hugo_gene_symbol")
_ALIAS: Final = ("gene_alias", "alias")
_ID: Final = (
    "entrez_id", "entrez_gene_id", "entrezgeneid", "geneid", "ncbi gene id", "ncbi gene id(supplied by ncbi)",
)  # fmt: skip
_OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "previous": ("prev_symbol", "previous symbols", "previous symbol"),
    "alias": ("alias_symbol", "alias symbols", "alias symbol", "synonyms"),
}
_PLACE: Final[dict[str, tuple[str, ...]]] = {
    "build": ("build", "genome_build", "assembly"),
    "chrom": ("chrom", "chromosome", "chromosome/scaffold name"),
    "start": ("start", "gene start (bp)"),
    "end": ("end", "gene end (bp)"),
}
_LIST: Final = re.compile(r"\s*[|,;]\s*")
_NULL: Final = ("", "-")
_GENES_FIX: Final = "Use the complete HGNC table, tab-separated, or cBioPortal's genes.json."
_ALIAS_FIX: Final = "Use cBioPortal's genesaliases.json, or a table with alias and symbol (or entrez_gene_id)."


def read_gene_symbols(path: Path) -> frozenset[str]:
    """Return the current symbols of a gene table.

    Parameters
    ----------
    path
        A file of the kind ``genes``.

    Returns
    -------
    frozenset of str
        As written there.

    Raises
    ------
    InputError
        E_FILE_FORMAT if it is not a gene table, or has no column of symbols.
    """
    names = read_gene_table(path)
    return frozenset(names.loc[names["kind"] == "current", "symbol"])


def read_gene_table(path: Path) -> pd.DataFrame:
    """Return every name of the genes of a table: current, former and other ones.

    Parameters
    ----------
    path
        A file of the kind ``genes``.

    Returns
    -------
    DataFrame
        ``NAME_COLUMNS``, text: ``kind`` is current, previous or alias, ``entrez_gene_id`` blank where there is none.

    Raises
    ------
    InputError
        E_FILE_FORMAT if it is not a gene table, or has no column of symbols.
    """
    rows = _genes(_read_rows(path, _GENES_FIX), path)
    parts = [rows.assign(alias=rows["symbol"], kind="current")]
    for kind in _OTHER_NAMES:
        names = rows[kind].str.split(_LIST, regex=True).explode().str.strip()
        names = names[~names.isin(_NULL)]
        if len(names):
            parts.append(rows.loc[names.index].assign(alias=names, kind=kind))
    return pd.concat(parts, ignore_index=True)[list(NAME_COLUMNS)].astype("string")


def read_gene_spans(path: Path) -> pd.DataFrame:
    """Return where the genes of a table lie; nothing if it does not say.

    Parameters
    ----------
    path
        A file of the kind ``genes``.

    Returns
    -------
    DataFrame
        ``SPAN_COLUMNS``: build and chromosome as written, ``start`` and ``end`` whole numbers, 1-based and inclusive.

    Raises
    ------
    InputError
        E_FILE_FORMAT if it is not a gene table, or has no column of symbols.
    """
    raw = _read_rows(path, _GENES_FIX)
    rows = _genes(raw, path)
    found = {name: _find(raw, names) for name, names in _PLACE.items()}
    if None in found.values():
        return pd.DataFrame({name: [] for name in SPAN_COLUMNS}).astype({"start": "int64", "end": "int64"})
    places = {name: raw.loc[rows.index, column].str.strip() for name, column in found.items() if column is not None}
    out = pd.DataFrame({"gene": rows["symbol"], **places})
    ends = {name: pd.to_numeric(out[name], errors="coerce") for name in ("start", "end")}
    out = out.assign(**ends)[ends["start"].notna() & ends["end"].notna() & ~out["build"].isin(_NULL)]
    return out.astype({"start": "int64", "end": "int64"}).reset_index(drop=True)


def read_gene_aliases(path: Path) -> pd.DataFrame:
    """Return other names of genes.

    Parameters
    ----------
    path
        A file of the kind ``gene_aliases``.

    Returns
    -------
    DataFrame
        ``NAME_COLUMNS``, text, kind alias; ``symbol`` or ``entrez_gene_id`` may be blank, not both.

    Raises
    ------
    InputError
        E_FILE_FORMAT if it has no column of names, or none that says what gene they mean.
    """
    raw = _read_rows(path, _ALIAS_FIX)
    alias, symbol, number = (_find(raw, names) for names in (_ALIAS, _SYMBOL, _ID))
    if alias is None or (symbol is None and number is None):
        raise _refuse(path, f"needs a column of names and one of symbols or ids; {_columns(raw)}", _ALIAS_FIX)
    out = pd.DataFrame({"alias": _text(raw, alias), "symbol": _text(raw, symbol), "entrez_gene_id": _ids(raw, number)})
    known = ~out["alias"].isin(_NULL) & ((out["symbol"] != "") | (out["entrez_gene_id"] != ""))
    return out[known].assign(kind="alias").astype("string").reset_index(drop=True)


def _genes(raw: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Symbol, id and other names of the approved genes, under the row numbers of the file."""
    column = _find(raw, _SYMBOL)
    if column is None:
        raise _refuse(path, f"needs a column of symbols; {_columns(raw)}", _GENES_FIX)
    out = pd.DataFrame({"symbol": _text(raw, column), "entrez_gene_id": _ids(raw, _find(raw, _ID))})
    out = out.assign(**{kind: _text(raw, _find(raw, names)) for kind, names in _OTHER_NAMES.items()})
    status = _find(raw, ("status",))
    gone = out["symbol"].str.endswith("~withdrawn")
    if status is not None:
        gone |= ~_text(raw, status).str.casefold().isin(["approved", ""])
    return out[~out["symbol"].isin(_NULL) & ~gone]


def _read_rows(path: Path, fix: str) -> pd.DataFrame:
    """Return a tab-separated table or a JSON list of objects as text; blank where there is nothing."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as file:
            is_json = file.read(1) == "["
            file.seek(0)
            if is_json:
                return pd.DataFrame(json.load(file)).astype("string").fillna("")
            return pd.read_csv(file, sep="\t", dtype="string", keep_default_na=False, low_memory=False)
    except (ValueError, RecursionError, EOFError, gzip.BadGzipFile) as error:
        text = " ".join(str(error).split())
        raise _refuse(path, f"needs a column of symbols; the file cannot be read: {text}", fix) from error


def _find(raw: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Return the column with the first of some names that there is."""
    known = {str(column).strip().lstrip("#").casefold(): str(column) for column in raw.columns}
    return next((known[name] for name in names if name in known), None)


def _text(raw: pd.DataFrame, column: str | None) -> pd.Series:
    return pd.Series("", index=raw.index, dtype="string") if column is None else raw[column].fillna("").str.strip()


def _ids(raw: pd.DataFrame, column: str | None) -> pd.Series:
    """Return ids as written, blank unless they are positive whole numbers."""
    text = _text(raw, column).str.removesuffix(".0")
    return text.where(text.str.fullmatch(r"0*[1-9]\d*"), "")


def _columns(raw: pd.DataFrame) -> str:
    return f"found {', '.join(map(str, raw.columns[:8])) or 'nothing'}"


def _refuse(path: Path, found: str, fix: str) -> InputError:
    return InputError("E_FILE_FORMAT", f"a gene table {found}.", fix=fix, file=str(path))
