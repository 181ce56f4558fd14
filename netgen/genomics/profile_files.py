"""Files that say which samples were profiled: gene panel matrix and case lists of a cBioPortal study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError
from netgen.genomics.textfile import is_null, read_lines, split_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.errors import Findings

# Data type -> names that its column of the panel matrix may have, apart from the profile's own stable_id.
_MATRIX_COLUMNS: Final[dict[str, frozenset[str]]] = {
    "mutations": frozenset({"mutations", "mutation", "mutations_extended"}),
    "cna": frozenset({"cna", "gistic", "cnas", "cna_discrete"}),
    "structural_variants": frozenset({"structural_variants", "structural_variant", "sv", "fusion", "fusions"}),
}
# End of a case list's stable_id, or its category -> data types that its samples have.
_CASE_LISTS: Final[dict[str, tuple[str, ...]]] = {
    "sequenced": ("mutations",),
    "cna": ("cna",),
    "sv": ("structural_variants",),
    "fusion": ("structural_variants",),
    "all_cases_with_mutation_data": ("mutations",),
    "all_cases_with_cna_data": ("cna",),
    "all_cases_with_sv_data": ("structural_variants",),
}
_BOTH: Final = frozenset({"cnaseq", "all_cases_with_mutation_and_cna_data"})


def read_gene_panel_matrix(
    path: Path, *, findings: Findings, stable_ids: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return which panel stands behind each data type of each sample.

    A null token means "not profiled for this data type".

    Parameters
    ----------
    path
        ``data_gene_panel_matrix.txt``.
    findings
        Collects ragged and repeated rows, and columns of other profiles.
    stable_ids
        Profile ``stable_id`` -> data type, from the meta files.

    Returns
    -------
    DataFrame
        ``sample_id`` and those of ``mutations, cna, structural_variants`` that the matrix has, all "string", sorted.

    Raises
    ------
    InputError
        If there is no sample column or no profile column (E_FILE_FORMAT).

    Notes
    -----
    The first column is the sample even if its name is misspelled (``SSAMPLE_ID`` occurs). A profile column may carry
    the study's name in front. A sample that is listed twice with one content is kept once (W_DUP_IDENTICAL); with two
    it is E_DUP_CONFLICT.
    """
    lines = read_lines(path)
    places = [place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    header, *rows = split_fields(lines[place] for place in places) if places else [[""]]
    columns = _matrix_columns(header, stable_ids or {}, path, findings)
    if "sample" not in header[0].casefold() or not columns:
        raise InputError(
            "E_FILE_FORMAT",
            f"A gene panel matrix needs SAMPLE_ID and a column of a profile, found {', '.join(header[:6])}.",
            fix="Name the columns after the stable_id of the profiles: mutations, cna, structural_variants.",
            file=str(path),
        )
    kept: dict[str, tuple[str | None, ...]] = {}
    for place, row in zip(places[1:], rows, strict=True):
        if len(row) < len(header):
            _report_ragged(findings, path, place + 1, len(row), len(header))
            continue
        cells = tuple(None if is_null(row[column]) else row[column] for column in columns.values())
        _keep_once(kept, row[0], cells, findings, path, place + 1)
    ordered = sorted(kept.items())
    data = {name: [cells[number] for _, cells in ordered] for number, name in enumerate(columns)}
    return pd.DataFrame({"sample_id": [sample for sample, _ in ordered], **data}, dtype="string")


def read_case_lists(paths: Sequence[Path], *, findings: Findings) -> dict[str, frozenset[str]]:
    """Return which samples the case lists say were profiled.

    Parameters
    ----------
    paths
        ``case_lists/*.txt``.
    findings
        Collects quotation marks around identifiers.

    Returns
    -------
    dict
        Data type (mutations, cna, structural_variants) -> samples; a data type without a list is absent.

    Notes
    -----
    A list counts by the end of its ``stable_id`` (``_sequenced``, ``_cna``, ``_sv``) or by its category. The list of
    samples that have both mutations and copy number (``_cnaseq``) is used only where the single list is absent.
    """
    single: dict[str, set[str]] = {}
    both: set[str] = set()
    for path in paths:
        values = parse_meta("\n".join(read_lines(path)).encode())
        samples = _case_ids(values.get("case_list_ids", ""), path, findings)
        ending = values.get("stable_id", "").rsplit("_", 1)[-1]
        category = values.get("case_list_category", "")
        if ending in _BOTH or category in _BOTH:
            both |= samples
        for data_type in _CASE_LISTS.get(ending, _CASE_LISTS.get(category, ())):
            single.setdefault(data_type, set()).update(samples)
    if both:
        for data_type in ("mutations", "cna"):
            single.setdefault(data_type, both)
    return {data_type: frozenset(samples) for data_type, samples in single.items()}


def parse_meta(head: bytes, *, lenient: bool = False) -> dict[str, str]:
    """Return the ``key: value`` lines of a file, keys in lower case; empty if it is not made of them.

    Parameters
    ----------
    head
        The first bytes of the file. A cut last line is tolerated in gene panels and case lists.
    lenient
        Pass over lines that are no ``key: value``, for a file whose name says that it is a meta file.

    Returns
    -------
    dict
        Key -> value as written.
    """
    text = head.decode("utf-8-sig", errors="replace")
    values: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"\s*([A-Za-z_]+)\s*:(.*)", line)
        if match is not None:
            values[match.group(1).casefold()] = match.group(2).strip()
        elif not lenient:
            return values if "gene_list" in values or "case_list_ids" in values else {}
    return values


def _matrix_columns(
    header: Sequence[str], stable_ids: Mapping[str, str], path: Path, findings: Findings
) -> dict[str, int]:
    """Return data type -> column; the first column of a data type counts."""
    columns: dict[str, int] = {}
    ignored = []
    for place, name in enumerate(header[1:], start=1):
        data_type = _matrix_column(name, stable_ids)
        if data_type is not None and data_type not in columns:
            columns[data_type] = place
        elif name:
            ignored.append(name)
    if ignored:
        findings.add(
            "I_ROWS_IGNORED",
            f"Columns of other profiles are not used: {', '.join(ignored)}.",
            file=str(path),
            column=ignored[0],
        )
    return columns


def _matrix_column(name: str, stable_ids: Mapping[str, str]) -> str | None:
    for stable_id, data_type in stable_ids.items():
        if name == stable_id or name.endswith("_" + stable_id):
            return data_type
    plain = name.casefold()
    for data_type, names in _MATRIX_COLUMNS.items():
        if plain in names or any(plain.endswith("_" + one) for one in names):
            return data_type
    return None


def _keep_once(
    kept: dict[str, tuple[str | None, ...]],
    sample: str,
    cells: tuple[str | None, ...],
    findings: Findings,
    path: Path,
    row: int,
) -> None:
    if sample not in kept:
        kept[sample] = cells
        return
    same = kept[sample] == cells
    findings.add(
        "W_DUP_IDENTICAL" if same else "E_DUP_CONFLICT",
        f"Sample {sample} is listed twice"
        + (" with the same panels; one row is kept." if same else " with different panels."),
        fix="Remove one of the rows.",
        file=str(path),
        row=row,
        column="SAMPLE_ID",
        value=sample,
    )


def _case_ids(text: str, path: Path, findings: Findings) -> set[str]:
    raw = [one for one in re.split(r"[\t ]+", text) if one]
    quoted = [one for one in raw if '"' in one]
    if quoted:
        findings.add(
            "I_STRIP",
            f"Quotation marks around {len(quoted)} sample id(s) were removed.",
            file=str(path),
            column="case_list_ids",
            value=quoted[0],
        )
    return {one.strip('"') for one in raw}


def _report_ragged(findings: Findings, path: Path, row: int, found: int, needed: int) -> None:
    findings.add(
        "E_ROW_TRUNCATED",
        f"The header has {needed} columns, the row has {found}.",
        fix="Complete the row.",
        file=str(path),
        row=row,
    )
