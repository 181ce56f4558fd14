"""What a table of patients' characteristics shows: one value per patient and variable (DOMAIN 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.line_history import UNKNOWN_CLASS, LineHistory, build_history
from netgen.clinical.netpet import derive_netpet
from netgen.errors import AnalysisError
from netgen.schema import PATIENTS, REGIMEN_CLASSES, SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgen.clinical.endpoints import Endpoint
    from netgen.cohort import Cohort

LINES: Final = (1, 2, 3)  # lines whose class is shown
MAX_LEVELS: Final = 15  # of free text; what is rarer is put together
UPTAKE: Final = 2  # Krenning score of a positive receptor scan, as in clinical.netpet
SEQUENCED: Final = "sequenced"
NOT_SEQUENCED: Final = "not sequenced"
TRUTH: Final = {True: "yes", False: "no"}

# Patient columns in the order of the table: label and kind; unit and vocabulary are those of the schema.
PATIENT_VARIABLES: Final[dict[str, tuple[str, str]]] = {
    "age_at_diagnosis": ("Age at diagnosis", "number"),
    "sex": ("Sex", "category"),
    "ecog_ps": ("ECOG performance status", "category"),
    "smoking": ("Smoking", "category"),
    "ki67_pct": ("Ki-67", "number"),
    "mitotic_count_2mm2": ("Mitoses", "number"),
    "necrosis": ("Necrosis", "category"),
    "who_grade": ("WHO grade", "category"),
    "differentiation": ("Differentiation", "category"),
    "carcinoid_type": ("Carcinoid type", "category"),
    "functional_status": ("Functional status", "category"),
    "hereditary_syndrome": ("Hereditary syndrome", "category"),
    "stage_at_diagnosis": ("Stage at diagnosis", "category"),
    "synchronous_metastases": ("Synchronous metastases", "category"),
    "metastatic_sites": ("Metastatic sites", "multiple"),
}
SAMPLE_VARIABLES: Final[dict[str, str]] = {
    "sequencing_context": "Sequencing context",
    "sample_type": "Sequenced lesion",
    "specimen_type": "Specimen",
}
DATES: Final[dict[str, str]] = {
    "date_diagnosis": "Date of diagnosis",
    "date_advanced": "Date of advanced disease",
    "date_last_contact": "Date of last contact",
}


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One characteristic of every patient.

    Attributes
    ----------
    name, label, unit
        For programs, for people, and of a number.
    kind
        number, category, or multiple (levels joined by ``;``).
    values
        Indexed by ``patient_id``: float64 for a number, else string; missing = not recorded.
    levels
        Levels in their order; others follow sorted.
    digits
        Decimals of a number.
    baseline
        Known when observation begins: compared between sequenced and other patients.
    """

    name: str
    label: str
    kind: str
    values: pd.Series
    unit: str = ""
    levels: tuple[str, ...] = ()
    digits: int = 1
    baseline: bool = True

    @property
    def unknown(self) -> pd.Series:
        """Recorded as unknown, (n,) truth values."""
        if self.kind == "number":
            return pd.Series(data=False, index=self.values.index)
        return (self.values == "unknown").fillna(value=False).astype(bool)

    @property
    def known(self) -> pd.Series:
        """The values, unknown ones missing."""
        return self.values.mask(self.unknown)

    def order(self) -> list[str]:
        """Return the levels that occur, in order; "unknown" is none."""
        values = self.known.dropna()
        found = set(values.str.split(";").explode()) if self.kind == "multiple" else set(values)
        declared = [level for level in self.levels if level in found]
        return [*declared, *sorted(found.difference(declared, {""}))]


def collect_variables(
    cohort: Cohort, *, sequenced: pd.Series, outcome: Endpoint | None, extra: Iterable[str] = ()
) -> list[Variable]:
    """Return the variables of a cohort in the order of the table, those that nobody has included.

    Parameters
    ----------
    cohort
        The cohort.
    sequenced
        Indexed by ``patient_id``: True for patients who were profiled for a feature.
    outcome
        Overall survival; None = not known.
    extra
        Further patient columns.

    Returns
    -------
    list of Variable
        Values of all patients, sorted by id.

    Raises
    ------
    AnalysisError
        E_CONFIG if an extra column does not exist.

    Notes
    -----
    Imaging: the earliest scan with a result, of several on one day the positive one. Treatments: palliative lines as
    ``line_history`` counts them; who did not receive line k is ``no line k``, not missing. Samples of a patient that
    differ are joined by ``+``; purity is the highest. Rare levels of free text are put together.
    """
    ids = pd.Index(sorted(cohort.patients["patient_id"]), dtype="string", name="patient_id")
    patients = cohort.patients.drop_duplicates("patient_id").set_index("patient_id").reindex(ids)
    unknown = [name for name in extra if name not in patients.columns]
    if unknown:
        raise AnalysisError(
            "E_CONFIG", f"no patient column is called {', '.join(unknown)}.", fix="See the columns with: netgen check."
        )
    specs = {**PATIENT_VARIABLES, **{name: (name, "") for name in extra if name not in PATIENT_VARIABLES}}
    return [
        *(_of_patients(patients, name, label, kind) for name, (label, kind) in specs.items()),
        *_of_imaging(cohort, ids),
        *_of_lines(cohort, ids),
        *_of_samples(cohort, ids, sequenced.reindex(ids).fillna(value=False).astype(bool)),
        _of_outcome(outcome, ids),
    ]


def date_variables(cohort: Cohort) -> list[Variable]:
    """Return dates as variables of the missingness table; only whether they are there matters.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    list of Variable
        ``recorded`` or missing.
    """
    patients = cohort.patients.drop_duplicates("patient_id").set_index("patient_id").sort_index()
    recorded = {
        name: pd.Series("recorded", index=patients.index, dtype="string").mask(patients[name].isna()) for name in DATES
    }
    return [Variable(name=name, label=DATES[name], kind="category", values=recorded[name]) for name in DATES]


def _of_patients(patients: pd.DataFrame, name: str, label: str, kind: str) -> Variable:
    """One column; the kind of a column that is not declared follows from its type."""
    values, unit = patients[name], ""
    levels: tuple[str, ...] = ()
    if name in PATIENTS.names:
        column = PATIENTS.column(name)
        unit, levels = column.unit, column.values
    truth = pd.api.types.is_bool_dtype(values)
    if kind == "number" or (not kind and pd.api.types.is_numeric_dtype(values) and not truth):
        return Variable(name=name, label=label, kind="number", unit=unit, values=values.astype("float64"))
    if truth:
        text, levels = values.astype("boolean").map(TRUTH).astype("string"), ("yes", "no")
    else:
        text = values.astype("string")
    kind = kind or "category"
    if kind == "category" and not levels:
        text, levels = _put_rare_together(text)
    return Variable(name=name, label=label, kind=kind, values=text, levels=levels)


def _put_rare_together(text: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    """Keep the most common levels of free text; the last of the levels counts the others."""
    counts = text.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) <= MAX_LEVELS:
        return text, ()
    kept = sorted(str(level) for level in counts.index[: MAX_LEVELS - 1])
    other = f"{len(counts) - len(kept)} other values"
    return text.where(text.isna() | text.isin(kept), other), (*kept, other)


def _of_imaging(cohort: Cohort, ids: pd.Index) -> list[Variable]:
    """FDG and receptor imaging, and the class of the pair."""
    imaging = cohort.imaging
    scored = imaging["krenning"].ge(UPTAKE).map({True: "positive", False: "negative"}).astype("string")
    receptor = imaging["modality"].isin(["SSTR_PET", "octreoscan"])
    result = imaging["result"].fillna(scored.mask(imaging["krenning"].isna() | ~receptor))
    scans = imaging.assign(outcome=result, negative=result != "positive").dropna(subset=["outcome"])
    scans = scans.sort_values(["patient_id", "date", "negative", "outcome"], kind="stable")
    out = []
    for name, label, where in (
        ("fdg_pet", "FDG PET", scans["modality"] == "FDG_PET"),
        ("sstr_imaging", "Somatostatin-receptor imaging", scans["modality"].isin(["SSTR_PET", "octreoscan"])),
    ):
        first = scans.loc[where.fillna(value=False).astype(bool)].drop_duplicates("patient_id")
        values = first.set_index("patient_id")["outcome"].reindex(ids).astype("string")
        out.append(
            Variable(
                name=name, label=label, kind="category", values=values, levels=("positive", "negative", "equivocal")
            )
        )
    classes = derive_netpet(cohort.clinical()).set_index("patient_id")["netpet"].reindex(ids).astype("string")
    return [*out, Variable(name="netpet", label="NETPET", kind="category", values=classes)]


def _of_lines(cohort: Cohort, ids: pd.Index) -> list[Variable]:
    """Give the number of palliative lines and the class of the first three."""
    if len(cohort.treatments) == 0:
        lines = pd.Series(np.nan, index=ids, dtype="float64")
        classes = {line: pd.Series(pd.NA, index=ids, dtype="string") for line in LINES}
    else:
        history = build_history(cohort)
        lines = pd.Series(history.n_lines, index=history.patients, dtype="float64").reindex(ids)
        classes = {line: _class_of(history, line).reindex(ids) for line in LINES}
    number = Variable(name="lines_received", label="Lines received", kind="number", values=lines, baseline=False)
    return [
        number,
        *(
            Variable(
                name=f"class_line_{line}",
                label=f"Regimen class, line {line}",
                kind="category",
                values=classes[line],
                levels=(*REGIMEN_CLASSES, f"no line {line}"),
                baseline=False,
            )
            for line in LINES
        ),
    ]


def _class_of(history: LineHistory, line: int) -> pd.Series:
    """Class of a line; a line without a class is missing, no line is a level."""
    values = pd.Series(history.classes(line), index=history.patients, dtype="string")
    values = values.mask(values == UNKNOWN_CLASS)
    return values.mask(~history.received(line), f"no line {line}")


def _of_samples(cohort: Cohort, ids: pd.Index, sequenced: pd.Series) -> list[Variable]:
    """Who was sequenced, with what, from which material."""
    status = sequenced.map({True: SEQUENCED, False: NOT_SEQUENCED}).astype("string")
    out = [Variable(name="sequencing", label="Sequencing", kind="category", values=status,
                    levels=(SEQUENCED, NOT_SEQUENCED), baseline=False)]  # fmt: skip
    own = cohort.samples.loc[cohort.samples["patient_id"].isin(ids[sequenced])]
    data_types = ["mutations", "cna", "structural_variants"]
    profiled = cohort.profiles.melt(id_vars="sample_id", value_vars=data_types).dropna(subset=["value"])
    panels = profiled.groupby("sample_id")["value"].agg(lambda names: "+".join(sorted(set(names))))
    own = own.assign(panel=own["sample_id"].map(panels).astype("string"))
    for name, label in {"panel": "Panel", **SAMPLE_VARIABLES}.items():
        values = _joined(own, name).reindex(ids).mask(~sequenced, NOT_SEQUENCED)
        known = () if name == "panel" else SAMPLES.column(name).values
        if not values.isin([NOT_SEQUENCED]).eq(values.notna()).all():
            values, found = _put_rare_together(values)
            known = found or known
        else:
            values = values.mask(values == NOT_SEQUENCED)  # nobody has one: not recorded
        out.append(
            Variable(name=name, label=label, kind="category", values=values, levels=(*known, NOT_SEQUENCED),
                     baseline=False)
        )  # fmt: skip
    purity = own.groupby("patient_id")["tumour_purity"].max().reindex(ids).astype("float64")
    return [*out, Variable(name="tumour_purity", label="Tumour purity, highest", kind="number", unit="fraction",
                           values=purity, digits=2, baseline=False)]  # fmt: skip


def _joined(samples: pd.DataFrame, name: str) -> pd.Series:
    """Join what the samples of a patient have, each once, by +."""
    known = samples.dropna(subset=[name]).drop_duplicates(["patient_id", name]).sort_values(["patient_id", name])
    return known.groupby("patient_id")[name].agg("+".join).astype("string")


def _of_outcome(outcome: Endpoint | None, ids: pd.Index) -> Variable:
    """Who died; missing without follow-up."""
    died = pd.Series(pd.NA, index=ids, dtype="string")
    if outcome is not None:
        event = outcome.table.set_index("patient_id")["event"]
        died = event.map(TRUTH).reindex(ids).astype("string")
    return Variable(name="death", label="Died", kind="category", values=died, levels=("yes", "no"), baseline=False)
