"""Write the one-sheet form as a workbook to fill in, empty or with an invented example."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from netgen.clinical.onesheet_form import (
    COHORT_SHEET,
    COLUMNS,
    LINE_FIELDS,
    LINE_HELP,
    N_LINES,
    PANEL_COLUMNS,
    PANELS_SHEET,
    values_of,
)

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_LISTS_SHEET: Final = "lists"
_LAST_ROW: Final = 1000  # rows that offer lists
# Three invented patients: sequenced with findings, sequenced without, not sequenced.
_EXAMPLE: Final[tuple[dict[str, str], ...]] = (
    {
        "patient_id": "EX-01", "sex": "female", "age_at_diagnosis": "58", "origin": "pancreatic",
        "oncotree_code": "PANET", "differentiation": "well", "ki67_pct": "32", "date_diagnosis": "2020-02-11",
        "date_advanced": "2020-03", "date_last_contact": "2023-05-02", "vital_status": "dead",
        "date_death": "2023-05-19", "ecog_ps": "1", "fdg_pet": "positive", "sstr_pet": "positive",
        "panel": "net8", "date_collection": "2020-02-11", "date_sequencing_report": "2021-01-20",
        "sequencing_context": "research_retrospective",
        "alterations": "MEN1 p.R460* (vaf=0.41); DAXX trunc; CDKN2A homdel", "germline_findings": "none",
        "tmb": "2.4", "msi": "MSS", "L1_regimen": "capecitabine+temozolomide", "L1_class": "chemo_alkylating",
        "L1_start": "2020-04-06", "L1_end": "2020-12-14", "L1_best_response": "PR", "L1_progression": "2021-02-01",
        "L2_regimen": "177Lu-DOTATATE", "L2_class": "prrt", "L2_start": "2021-03-08", "L2_end": "2021-09-20",
        "L2_best_response": "SD", "L2_progression": "2022-11-07",
    },
    {
        "patient_id": "EX-02", "sex": "male", "age_at_diagnosis": "61.5", "origin": "lung", "oncotree_code": "ALUCA",
        "differentiation": "well", "ki67_pct": "20-25", "date_diagnosis": "2021", "date_advanced": "2021-06-30",
        "date_last_contact": "2024-01-15", "vital_status": "alive", "ecog_ps": "0", "sstr_pet": "negative",
        "panel": "net8", "date_collection": "2021-06-30", "sequencing_context": "research_retrospective",
        "alterations": "none", "notes": "invented", "L1_regimen": "everolimus", "L1_class": "mtor_inhibitor",
        "L1_start": "2021-08-02", "L1_end": "ongoing", "L1_best_response": "SD",
    },
    {
        "patient_id": "EX-03", "sex": "female", "age_at_diagnosis": "47", "origin": "thymic", "oncotree_code": "TNET",
        "differentiation": "well", "ki67_pct": ">20", "date_diagnosis": "2019-09-01", "date_advanced": "2019-09-01",
        "date_last_contact": "2020-04-11", "vital_status": "unknown",
    },
)  # fmt: skip
_EXAMPLE_PANELS: Final[tuple[dict[str, str], ...]] = (
    {
        "panel_id": "net8", "name": "invented panel of eight genes", "assay_type": "panel", "size_mb": "0.05",
        "genes": "MEN1;DAXX;ATRX;TP53;RB1;CDKN2A;TSC2;BRCA2",
    },
)  # fmt: skip


def write_template(path: str | Path, *, filled: bool = False) -> Path:
    """Write the one-sheet form as an XLSX workbook.

    Parameters
    ----------
    path
        Where to write it.
    filled
        With three invented patients and a panel.

    Returns
    -------
    Path
        The file that was written.

    Notes
    -----
    Cells are formatted as text, so that a spreadsheet does not turn ``20-25`` into a date. Columns with a vocabulary
    offer it as a list; the lists stand on a hidden sheet.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    cohort = workbook.active
    assert cohort is not None
    cohort.title = COHORT_SHEET
    help_texts = dict(COLUMNS)
    for number in range(1, N_LINES + 1):
        help_texts |= {f"L{number}_{field}": LINE_HELP[field] for field in LINE_FIELDS}
    _write_sheet(cohort, help_texts, _EXAMPLE if filled else ())
    _write_sheet(workbook.create_sheet(PANELS_SHEET), dict(PANEL_COLUMNS), _EXAMPLE_PANELS if filled else ())
    lists = workbook.create_sheet(_LISTS_SHEET)
    lists.sheet_state = "hidden"
    _add_lists(cohort, lists, list(help_texts))
    workbook.save(path)
    return Path(path)


def _write_sheet(sheet: Worksheet, help_texts: dict[str, str], rows: tuple[dict[str, str], ...]) -> None:
    """Write header, help row and rows, all as text."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns = list(help_texts)
    content: list[list[str | None]] = [[*columns], [*help_texts.values()]]
    content += [[row.get(name) for name in columns] for row in rows]
    for line, texts in enumerate(content, 1):
        for place, text in enumerate(texts, 1):
            cell = sheet.cell(row=line, column=place, value=text)
            cell.number_format = "@"
            if line <= 2:
                cell.font = Font(bold=line == 1, italic=line == 2, color="FF666666" if line == 2 else "FF000000")
    for place, name in enumerate(columns, 1):
        dimension = sheet.column_dimensions[get_column_letter(place)]
        dimension.width = max(12, len(name) + 2)
        dimension.number_format = "@"
    sheet.freeze_panes = "B3"


def _add_lists(sheet: Worksheet, lists: Worksheet, columns: list[str]) -> None:
    """Offer the vocabulary of every column that has one."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    n_lists = 0
    for place, name in enumerate(columns, 1):
        values = values_of(name.split("_", 1)[1] if name[1:2].isdigit() else name)
        if not values:
            continue
        n_lists += 1
        letter = get_column_letter(n_lists)
        for line, value in enumerate(values, 1):
            lists.cell(row=line, column=n_lists, value=value)
        rule = DataValidation(
            type="list", formula1=f"{_LISTS_SHEET}!${letter}$1:${letter}${len(values)}", allow_blank=True
        )
        rule.error = f"Choose one of: {', '.join(values)}"[:255]
        sheet.add_data_validation(rule)
        target = get_column_letter(place)
        rule.add(f"{target}3:{target}{_LAST_ROW}")
