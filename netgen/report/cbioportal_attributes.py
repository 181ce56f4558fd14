"""Patients and samples as attributes of cBioPortal: what is written under which name, and what is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.clinical.columns import map_columns
from netgen.clinical.files import as_raw_table
from netgen.errors import Findings
from netgen.knowledge.oncotree import load_oncotree
from netgen.report.cbioportal_survival import survival_attributes
from netgen.report.cbioportal_text import BANNED, PATIENT_LEVEL, SAMPLE_LEVEL, Attribute, attribute_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from netgen.cohort import Cohort

# Our column -> its attribute, where that is not simply the name in upper case.
_NAMES: Final = {
    "age_at_diagnosis": "AGE", "origin": "TUMOR_SITE", "panel_id": "GENE_PANEL", "tumour_purity": "TUMOR_PURITY",
}  # fmt: skip
_NOT_WRITTEN: Final = frozenset({
    "patient_id", "sample_id", "oncotree_code", "ki67_low", "ki67_high", "ki67_text", "time_base", "file", "row",
    "origin_group3", "origin_group2", "histology_group",
})  # fmt: skip
_SAMPLE_TYPES: Final = {"primary": "Primary", "local_recurrence": "Recurrence", "metastasis": "Metastasis"}
# Biomarker and which of its columns -> sample attribute.
_BIOMARKERS: Final = {
    ("TMB", "value"): "TMB_NONSYNONYMOUS",
    ("MSI", "result"): "MSI_TYPE",
    ("MSI", "value"): "MSI_SCORE",
}
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?|\d{1,2}[./]\d{1,2}[./](\d{4}|\d{2})")


def patient_attributes(cohort: Cohort, left: Findings) -> list[Attribute]:
    """Return the attributes of the patients, in the order of ``cohort.patients``.

    Parameters
    ----------
    cohort
        The cohort.
    left
        Receives I_COLUMN_IGNORED for each column that is not written.

    Returns
    -------
    list of Attribute
        Endpoints, our columns that hold something, columns of the source. Dates are not among them.
    """
    frame = cohort.patients
    written = survival_attributes(cohort, frame["patient_id"])
    ki67 = frame["ki67_text"].fillna(frame["ki67_pct"].astype("string"))
    ours = frame.assign(ki67_pct=ki67)
    written += _declared(ours, schema.PATIENTS)
    written += _other_biomarkers(cohort, {one.name for one in written})
    return written + _extra(frame, schema.PATIENTS, written, SAMPLE_LEVEL, _identities(cohort), left)


def sample_attributes(cohort: Cohort, taken: Collection[str], left: Findings) -> list[Attribute]:
    """Return the attributes of the samples, in the order of ``cohort.samples``.

    Parameters
    ----------
    cohort
        The cohort.
    taken
        Names of patient attributes: cBioPortal takes an attribute on one level only.
    left
        See ``patient_attributes``.

    Returns
    -------
    list of Attribute
        Tumour type, our columns that hold something, TMB and MSI, columns of the source.
    """
    frame = cohort.samples
    codes = cohort.patients.set_index("patient_id")["oncotree_code"]
    code = frame["oncotree_code"].fillna(frame["patient_id"].map(codes).astype("string"))
    written = _tumour_types(frame, code)
    kinds = frame["sample_type"].map(lambda word: _SAMPLE_TYPES.get(word, "Unknown"), na_action="ignore")
    written += _declared(frame.assign(sample_type=kinds.astype("string")), schema.SAMPLES)
    written += _sample_biomarkers(cohort)
    extra = _extra(frame, schema.SAMPLES, written, PATIENT_LEVEL, _identities(cohort), left)
    renamed = [
        Attribute(name=f"SAMPLE_{one.name}", description=one.description, values=one.values)
        if one.name in taken
        else one
        for one in extra
    ]
    return [one for one in written if one.name not in taken] + renamed


def _declared(frame: pd.DataFrame, table: schema.Table) -> list[Attribute]:
    """Return our columns that hold something; dates are told by timelines and endpoints."""
    out = []
    for column in table.columns:
        values = frame[column.name]
        if column.kind == "date" or column.name in _NOT_WRITTEN or not values.notna().any():
            continue
        name = _NAMES.get(column.name, column.name.upper())
        unit = f" ({column.unit})" if column.unit else ""
        out.append(Attribute(name=name, description=f"{column.meaning}{unit}", values=values.reset_index(drop=True)))
    return out


def _tumour_types(frame: pd.DataFrame, code: pd.Series) -> list[Attribute]:
    """Return the OncoTree code with its names, unless the source names the tumour types itself."""
    if not code.notna().any():
        return []
    tree = load_oncotree()
    parts = {"ONCOTREE_CODE": ("OncoTree code", code)}
    if "CANCER_TYPE" not in frame and "CANCER_TYPE_DETAILED" not in frame:
        names = code.map(lambda one: tree.names.get(str(one), pd.NA), na_action="ignore").astype("string")
        parts["CANCER_TYPE_DETAILED"] = ("tumour type by OncoTree", names)
    return [Attribute(name=name, description=text, values=values.reset_index(drop=True))
            for name, (text, values) in parts.items() if values.notna().any()]  # fmt: skip


def _sample_biomarkers(cohort: Cohort) -> list[Attribute]:
    frame = cohort.biomarkers[cohort.biomarkers["sample_id"].notna()]
    out = []
    for (biomarker, kind), name in _BIOMARKERS.items():
        rows = frame[(frame["biomarker"] == biomarker).fillna(value=False) & frame[kind].notna()]
        if len(rows):
            values = rows.drop_duplicates("sample_id").set_index("sample_id")[kind]
            cells = cohort.samples["sample_id"].map(values).reset_index(drop=True)
            out.append(Attribute(name=name, description=f"{biomarker} ({kind})", values=cells))
    return out


def _other_biomarkers(cohort: Cohort, taken: Collection[str]) -> list[Attribute]:
    """Return results without a date that are not TMB or MSI of a sample: one attribute each, values joined."""
    frame = cohort.biomarkers
    known = frame["sample_id"].notna() & frame["biomarker"].isin(["TMB", "MSI"])
    frame = frame[frame["date"].isna() & ~known.to_numpy(dtype=bool)]
    out = []
    for biomarker, rows in frame.groupby("biomarker"):
        name = attribute_name(str(biomarker))
        if name and name not in taken:
            text = rows["result"].fillna(rows["value"].map(lambda one: f"{one:g}", na_action="ignore").astype("string"))
            joined = text.dropna().groupby(rows["patient_id"]).agg(lambda cells: ";".join(dict.fromkeys(cells)))
            cells = cohort.patients["patient_id"].map(joined).astype("string").reset_index(drop=True)
            out.append(Attribute(name=name, description=f"{biomarker}, as reported", values=cells))
    return out


def _identities(cohort: Cohort) -> set[str]:
    return {item.column for item in cohort.findings if item.code == "W_PHI"}


def _extra(
    frame: pd.DataFrame,
    table: schema.Table,
    written: Sequence[Attribute],
    other_level: Collection[str],
    identities: Collection[str],
    left: Findings,
) -> list[Attribute]:
    """Return the source's own columns, without those that are written already, identities, dates and banned ones."""
    ours = {*table.names, *(f"{name}_precision" for name in table.names)}
    taken = {one.name for one in written}
    out = []
    for column in (str(name) for name in frame.columns if str(name) not in {*ours, *_NOT_WRITTEN}):
        values, name = frame[column].reset_index(drop=True), attribute_name(column)
        if name in taken or not values.notna().any():  # what our attribute was made from
            continue
        reason = _why_not(name, column in identities, values)
        if reason:
            left.add("I_COLUMN_IGNORED", reason, column=column, value=table.name)
            continue
        if name in other_level or _means_ours(name, table):
            name = f"{name}_ORIGINAL"
        taken.add(name)
        out.append(Attribute(name=name, description=f"{column}, as in the source", values=values))
    return out


def _why_not(name: str, is_identity: bool, values: pd.Series) -> str:  # noqa: FBT001
    """Return why a column of the source is not written, blank if it is."""
    if not name or name in BANNED:
        return "cBioPortal computes it, or it has no name."
    if is_identity:
        return "It looks like a name, a birth date or a record number."
    if pd.api.types.is_datetime64_any_dtype(values):
        return "Absolute dates are not exported."
    text = values.dropna().astype("string").str.strip()
    return "It holds absolute dates." if bool(text.str.fullmatch(_DATE.pattern).any()) else ""


def _means_ours(name: str, table: schema.Table) -> bool:
    """Tell whether the importer would take the attribute for one of our columns."""
    raw = as_raw_table(pd.DataFrame({name: pd.Series(["x"], dtype="string")}), file="")
    return bool(map_columns(raw, table, findings=Findings()).sources)
