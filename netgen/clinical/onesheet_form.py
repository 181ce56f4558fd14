"""The one-sheet form (DOMAIN 1.15): its columns, their help and their lists of values.

One row per patient, 24 columns and 6 per line of treatment. A row that starts with ``#`` under the header is help.
"""

from __future__ import annotations

import re
from typing import Final

from netgen import schema

COHORT_SHEET: Final = "cohort"
PANELS_SHEET: Final = "panels"
N_LINES: Final = 3  # lines of treatment in an empty template; any number is read

# Column -> help text, in order.
COLUMNS: Final[dict[str, str]] = {
    "patient_id": "# pseudonym: letters, digits, . _ -",
    "sex": "list",
    "age_at_diagnosis": "years",
    "origin": "list",
    "oncotree_code": "for example PANET, LNET, TNET",
    "differentiation": "list",
    "ki67_pct": "25, 25.5, 20-25, >20",
    "date_diagnosis": "YYYY-MM-DD, YYYY-MM or YYYY",
    "date_advanced": "first unresectable or metastatic disease",
    "date_last_contact": "last date known alive",
    "vital_status": "list",
    "date_death": "if dead",
    "ecog_ps": "0-4 at the start of line 1",
    "fdg_pet": "result; blank = not done",
    "sstr_pet": "result; blank = not done",
    "panel": "a name of the sheet 'panels'",
    "date_collection": "of the sequenced tissue",
    "date_sequencing_report": "the result was available",
    "sequencing_context": "list",
    "alterations": "blank = not profiled; none = profiled, nothing found; MEN1 p.R460* (vaf=0.41); DAXX trunc",
    "germline_findings": "BRCA2 p.S1982Rfs*22",
    "tmb": "mutations per Mb",
    "msi": "list",
    "notes": "free text, no names",
}
# Field of a line -> column of the treatments table; L1_start, L2_start ...
LINE_FIELDS: Final[dict[str, str]] = {
    "regimen": "regimen",
    "class": "regimen_class",
    "start": "date_start",
    "end": "date_end",
    "best_response": "best_response",
    "progression": "date_progression",
}
LINE_HELP: Final[dict[str, str]] = {
    "regimen": "drugs joined by +",
    "class": "list",
    "start": "YYYY-MM-DD",
    "end": "date, or: ongoing",
    "best_response": "list",
    "progression": "date of first progression",
}
MORE_LINE_FIELDS: Final[dict[str, str]] = {
    "start_day": "date_start_day",
    "end_day": "date_end_day",
    "progression_day": "date_progression_day",
    "intent": "intent",
    "ongoing": "ongoing",
    "end_reason": "end_reason",
    "progression_type": "progression_type",
}
LINE: Final = re.compile(rf"l(\d+)_({'|'.join([*LINE_FIELDS, *MORE_LINE_FIELDS])})")
PET: Final[dict[str, str]] = {"fdg_pet": "FDG_PET", "sstr_pet": "SSTR_PET"}
# Column -> biomarker, column it fills, unit.
BIOMARKERS: Final[dict[str, tuple[str, str, str]]] = {"tmb": ("TMB", "value", "mut/Mb"), "msi": ("MSI", "result", "")}
# Columns of the samples table that the form may hold, with the form's name.
SAMPLE_FIELDS: Final[dict[str, str]] = {
    "panel_id": "panel",
    "date_collection": "date_collection",
    "date_sequencing_report": "date_sequencing_report",
    "sequencing_context": "sequencing_context",
    "sample_type": "sample_type",
    "collection_site": "collection_site",
    "specimen_type": "specimen_type",
    "tumour_purity": "tumour_purity",
    "matched_normal": "matched_normal",
    "genome_build": "genome_build",
}
PANEL_COLUMNS: Final[dict[str, str]] = {
    "panel_id": "# name used in the column 'panel'",
    "name": "full name",
    "assay_type": "panel, wes, wgs",
    "size_mb": "territory in Mb",
    "genes": "MEN1;DAXX;ATRX ...",
}


def values_of(column: str) -> tuple[str, ...]:
    """Return the values a list of the template offers for a column; empty if there is no list.

    Parameters
    ----------
    column
        Column of the form, or field of a line.

    Returns
    -------
    tuple of str
        Our values, in the order of the schema.
    """
    if column in PET:
        return schema.IMAGING.column("result").values
    if column == "msi":
        return ("MSI-H", "MSS", "indeterminate")
    if column == "ecog_ps":
        return ("0", "1", "2", "3", "4")
    if column in LINE_FIELDS:
        return schema.TREATMENTS.column(LINE_FIELDS[column]).values
    for table in (schema.PATIENTS, schema.SAMPLES):
        if column in table.names:
            return table.column(column).values
    return ()


def sample_name(patient_id: str) -> str:
    """Return the name of the one sample that the form describes.

    Parameters
    ----------
    patient_id
        The patient.

    Returns
    -------
    str
        ``<patient_id>-T``.
    """
    return f"{patient_id}-T"
