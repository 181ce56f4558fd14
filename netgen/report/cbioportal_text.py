"""How files of a cBioPortal study are written: cells, tables, attributes with their four header rows, meta files.

Tabs and line ends inside a cell become blanks and quotation marks apostrophes, because cBioPortal reads its files
without quoting; cells that a spreadsheet would run as formulas get an apostrophe in front (``write.format_column``).

References: cBioPortal, File Formats; the rules of its validator (``validateData.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.report.write import format_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BANNED: Final = frozenset({"MUTATION_COUNT", "FRACTION_GENOME_ALTERED"})  # cBioPortal computes them itself
# Attributes whose level cBioPortal prescribes.
PATIENT_LEVEL: Final = frozenset({
    "AGE", "DFS_STATUS", "DFS_MONTHS", "GENDER", "OS_STATUS", "OS_MONTHS", "PATIENT_DISPLAY_NAME", "SEX", "TUMOR_SITE",
})  # fmt: skip
SAMPLE_LEVEL: Final = frozenset({
    "METASTATIC_SITE", "OTHER_SAMPLE_ID", "PRIMARY_SITE", "SAMPLE_CLASS", "SAMPLE_DISPLAY_NAME", "SAMPLE_TYPE",
    "TUMOR_TISSUE_SITE", "TUMOR_TYPE",
})  # fmt: skip
_TEXTS: Final = frozenset({
    "CANCER_TYPE", "CANCER_TYPE_DETAILED", "HISTOLOGY", "KNOWN_MOLECULAR_CLASSIFIER", *SAMPLE_LEVEL, *PATIENT_LEVEL,
}) - {"AGE", "DFS_MONTHS", "OS_MONTHS"}  # fmt: skip
_NULLS: Final = frozenset({
    "[not applicable]", "[not available]", "[pending]", "[discrepancy]", "[completed]", "[null]", "", "na",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One column of a clinical file.

    Attributes
    ----------
    name
        Its name in upper case.
    description
        What it means, in words.
    values
        One cell per row of the table, in its order.
    """

    name: str
    description: str
    values: pd.Series


def study_identifier(text: str) -> str:
    """Return an identifier that cBioPortal takes: letters, digits, ``_``, ``.`` and ``-``.

    Parameters
    ----------
    text
        Name of a study, a panel or an attribute.

    Returns
    -------
    str
        Every run of other characters becomes ``_``.
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_") or "study"


def attribute_name(text: str) -> str:
    """Return a column name as an attribute of cBioPortal.

    Parameters
    ----------
    text
        Column name.

    Returns
    -------
    str
        Upper case, letters, digits and ``_``; blank if nothing is left.
    """
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")


def write_rows(frame: pd.DataFrame, path: Path, *, missing: str = "NA", head: Sequence[str] = ()) -> None:
    """Write a table of a study.

    Parameters
    ----------
    frame
        The table; its index is not written.
    path
        The file; its folder is made.
    missing
        What stands for a missing cell.
    head
        Lines in front of the column names.
    """
    columns = [[str(name), *_cells(frame[name], missing)] for name in frame.columns]
    lines = [*head, *("\t".join(cells) for cells in zip(*columns, strict=True))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _cells(values: pd.Series, missing: str) -> pd.Series:
    text = format_column(values).str.replace('"', "'", regex=False)
    return text.mask(values.isna(), missing)


def write_attributes(keys: pd.DataFrame, attributes: Sequence[Attribute], path: Path) -> None:
    """Write a clinical file: display names, descriptions, datatypes and priorities, column names, cells.

    Parameters
    ----------
    keys
        PATIENT_ID, or SAMPLE_ID and PATIENT_ID.
    attributes
        Its other columns.
    path
        The file.
    """
    head = {str(name): (_title(str(name)), f"Identifier: {_title(str(name))}", "STRING") for name in keys.columns}
    head |= {one.name: (_title(one.name), _flat(one.description) or one.name, _datatype(one)) for one in attributes}
    rows = ["#" + "\t".join(part) for part in zip(*head.values(), strict=True)]
    frame = pd.DataFrame({**{str(name): keys[name] for name in keys}, **{one.name: one.values for one in attributes}})
    write_rows(frame, path, head=[*rows, "#" + "\t".join("1" for _ in head)])


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize() if len(name) > 4 else name


def _flat(text: str) -> str:
    flat = re.sub(r"\s+", " ", text).replace('"', "'").strip()
    return "" if flat.casefold() in _NULLS else flat


def _datatype(attribute: Attribute) -> str:
    if attribute.name in _TEXTS:
        return "STRING"
    if pd.api.types.is_bool_dtype(attribute.values):
        return "BOOLEAN"
    text = format_column(attribute.values)
    text = text[attribute.values.notna().to_numpy() & ~text.str.casefold().isin(list(_NULLS)).to_numpy(dtype=bool)]
    numbers = text.str.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
    return "NUMBER" if len(text) and bool(numbers.all()) else "STRING"


def write_meta(path: Path, **values: str) -> None:
    """Write a meta file: one ``key: value`` per line.

    Parameters
    ----------
    path
        The file.
    **values
        Keys and values, in order; line ends inside a value become blanks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = {key: re.sub(r"[\r\n]+", " ", value) for key, value in values.items()}
    path.write_text("".join(f"{key}: {value}\n" for key, value in flat.items()), encoding="utf-8", newline="\n")
