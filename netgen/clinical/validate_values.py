"""Rules about keys, ranges and agreement of values: V01, V03, V16-V19 and V25 of DOMAIN 1.16."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.eligibility import derive_groups, fill_ki67
from netgen.clinical.ki67 import classify_ki67
from netgen.clinical.rows import sort_findings
from netgen.clinical.validate_base import CLINICAL_TABLES, Rule, find_rows, is_offset
from netgen.errors import Finding
from netgen.schema import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.clinical.validate_base import Clinical

LARGEST_TMB: Final = 1000.0  # mutations per Mb
NEC_MORPHOLOGY: Final = ("8013/3", "8041/3", "8246/3")
NEC_ONCOTREE: Final = ("SCLC", "LUNE", "PANEC", "HGNEC")
_GUT: Final = ("duodenal", "duodenopancreatic")
_PANCREAS: Final = ("pancreatic", "duodenopancreatic")
# OncoTree code -> origins it agrees with; a code that is not listed says nothing.
CODE_ORIGINS: Final[dict[str, tuple[str, ...]]] = {
    "LUNG": ("lung",), "LNET": ("lung",), "LUCA": ("lung",), "ALUCA": ("lung",), "LUNE": ("lung",), "SCLC": ("lung",),
    "THYMUS": ("thymic",), "TNET": ("thymic",),
    "PANCREAS": _PANCREAS, "PANET": _PANCREAS, "PANEC": _PANCREAS,
    "GINET": _GUT, "SBWDNET": _GUT, "AWDNET": ("other",), "RWDNET": ("other",),
}  # fmt: skip


def _check_keys(data: Clinical) -> list[Finding]:
    """V01: samples, lines, assessments, imaging, biomarkers and recorded endpoints belong to known patients."""
    out: list[Finding] = []
    for name in CLINICAL_TABLES[1:]:
        frame = data.tables[name]
        unknown = frame["patient_id"].notna() & ~frame["patient_id"].isin(data.ids)
        out += find_rows(
            data, name, unknown.to_numpy(dtype=bool), code="E_FOREIGN_KEY", rule="V01", column="patient_id",
            message=f"A row of {name} must belong to a patient of the table of patients, found {{value}}.",
            fix="Correct the id, or add the patient.",
        )  # fmt: skip
    frame, samples = data.tables["biomarkers"], data.tables["samples"]
    unknown = frame["sample_id"].notna() & ~frame["sample_id"].isin(samples["sample_id"]) & (len(samples) > 0)
    out += find_rows(
        data, "biomarkers", unknown.to_numpy(dtype=bool), code="E_FOREIGN_KEY", rule="V01", column="sample_id",
        message="A biomarker must belong to a sample of the table of samples, found {value}.",
        fix="Correct the id, or add the sample.",
    )  # fmt: skip
    return out


def _check_doubles(data: Clinical) -> list[Finding]:
    """V03: two ids with the same sex, origin, date of diagnosis and age within a year may be one person."""
    frame = data.unique.assign(day=(data.unique["date_diagnosis_precision"].fillna("day") == "day").astype(bool))
    frame = frame[frame["day"].to_numpy() & ~is_offset(data, data.unique)]
    keys = ["sex", "origin", "date_diagnosis"]
    frame = frame.dropna(subset=[*keys, "age_at_diagnosis"])
    frame = frame[~(frame["sex"].isin(["unknown"]) | frame["origin"].isin(["unknown"])).to_numpy(dtype=bool)]
    frame = frame.sort_values([*keys, "age_at_diagnosis", "patient_id"], kind="stable").reset_index(drop=True)
    same = ~frame[keys].ne(frame[keys].shift()).any(axis=1).to_numpy(dtype=bool)
    near = (frame["age_at_diagnosis"].diff() <= 1).to_numpy(dtype=bool)
    return find_rows(
        data, "patients", same & near, rows=frame, code="W_DUP_SUSPECT", rule="V03", column="patient_id",
        message="{value} and {other} have the same sex, origin and date of diagnosis and an age within a year.",
        fix="If they are one person, give both the same id.",
        facts={"other": frame["patient_id"].shift().to_numpy(dtype=object)},
    )  # fmt: skip


def _check_ranges(data: Clinical) -> list[Finding]:
    """V16: numbers are within their range."""
    out: list[Finding] = []
    for name in CLINICAL_TABLES[:-1]:
        frame = data.tables[name]
        told = np.zeros(len(frame), dtype=bool)
        for column in TABLES[name].columns:
            if column.low is None and column.high is None:
                continue
            values = frame[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
            low = -np.inf if column.low is None else column.low
            high = np.inf if column.high is None else column.high
            bad = (values < low) | (values > high)
            if column.name in {"ki67_low", "ki67_high"}:
                bad &= ~told
            told |= bad & (column.name.startswith("ki67"))
            out += _out_of_range(data, name, bad, column.name, low, high)
    markers = data.tables["biomarkers"]
    tmb = (markers["biomarker"] == "TMB").to_numpy(dtype=bool, na_value=False)
    values = markers["value"].to_numpy(dtype=np.float64)
    out += _out_of_range(data, "biomarkers", tmb & ((values < 0) | (values > LARGEST_TMB)), "value", 0.0, LARGEST_TMB)
    return sort_findings(out)


def _out_of_range(
    data: Clinical, name: str, bad: NDArray[np.bool_], column: str, low: float, high: float
) -> list[Finding]:
    limits = f"between {low:g} and {high:g}" if np.isfinite(high) else f"at least {low:g}"
    return find_rows(
        data, name, bad, code="E_RANGE", rule="V16", column=column,
        message=f"{column} must be {limits}, found {{value}}.", fix="Correct the value or its unit.",
    )  # fmt: skip


def _check_grade(data: Clinical) -> list[Finding]:
    """V17: the WHO grade agrees with Ki-67 and mitoses; the higher of the two indices wins."""
    frame = data.patients
    ki67 = fill_ki67(frame)
    low, high = ki67["ki67_low"].to_numpy(dtype=np.float64), ki67["ki67_high"].to_numpy(dtype=np.float64)
    above_20 = (classify_ki67(ki67, threshold=20.0) == "eligible").to_numpy(dtype=bool, na_value=False)
    mitoses = frame["mitotic_count_2mm2"].to_numpy(dtype=np.float64)
    at_least = np.fmax(np.where(above_20, 3, np.where(low >= 3, 2, 1)) * _known(low), _grade_of_mitoses(mitoses))
    at_most = np.fmax(np.where(high > 20, 3, np.where(high >= 3, 2, 1)) * _known(high), _grade_of_mitoses(mitoses))
    grade = frame["who_grade"].map({"G1": 1.0, "G2": 2.0, "G3": 3.0}).to_numpy(dtype=np.float64, na_value=np.nan)
    complete = ~np.isnan(high) & ~np.isnan(mitoses)
    too_low = grade < at_least
    too_high = (grade > at_most) & (complete | (grade == 3))
    return find_rows(
        data, "patients", too_low | too_high, code="W_GRADE_CONFLICT", rule="V17", column="who_grade",
        message="{value} does not agree with Ki-67 and mitoses (G1: below 3 % and 2 per 2 mm2; G3: either above 20).",
        fix="Check the grade and both indices; the higher index decides.",
    )  # fmt: skip


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values), np.nan, 1.0)


def _grade_of_mitoses(mitoses: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mitoses > 20, 3.0, np.where(mitoses >= 2, 2.0, 1.0)) * _known(mitoses)


def _check_differentiation(data: Clinical) -> list[Finding]:
    """V18: a well differentiated tumour is not coded as carcinoma."""
    frame = data.patients
    carcinoma = frame["morphology_icdo3"].isin(NEC_MORPHOLOGY) | frame["oncotree_code"].isin(NEC_ONCOTREE)
    mask = ((frame["differentiation"] == "well") & carcinoma).to_numpy(dtype=bool, na_value=False)
    return find_rows(
        data, "patients", mask, code="W_DIFFERENTIATION_CONFLICT", rule="V18", column="differentiation",
        message="A tumour called well differentiated is coded as neuroendocrine carcinoma (morphology or OncoTree).",
        fix="Ask for a pathology review; correct the code or the differentiation.",
    )  # fmt: skip


def _check_origin(data: Clinical) -> list[Finding]:
    """V19: origin and OncoTree code name the same tissue."""
    frame = data.patients
    judged = frame["origin"].notna() & (frame["origin"] != "unknown").fillna(value=False)
    mask = np.zeros(len(frame), dtype=bool)
    for code, origins in CODE_ORIGINS.items():
        wrong = judged & (frame["oncotree_code"] == code).fillna(value=False) & ~frame["origin"].isin(origins)
        mask |= wrong.to_numpy(dtype=bool)
    return find_rows(
        data, "patients", mask, code="W_ORIGIN_CONFLICT", rule="V19", column="oncotree_code",
        message="The OncoTree code {value} is of another tissue than the origin.",
        fix="Correct the code or the origin.",
    )  # fmt: skip


def _check_origins_vary(data: Clinical) -> list[Finding]:
    """V25: origins can be compared - more than one, events in more than one, none without events."""
    groups = derive_groups(data.unique)
    recorded = data.tables["recorded_endpoints"]
    died = recorded.loc[((recorded["endpoint"] == "os") & recorded["event"]).fillna(value=False), "patient_id"]
    dead = (groups["vital_status"] == "dead").fillna(value=False) | groups["patient_id"].isin(died)
    frame = pd.DataFrame({"origin": groups["origin_group3"], "dead": dead.astype(bool)}).dropna()
    events = frame.groupby("origin")["dead"].sum().sort_index()
    if len(frame) < 2:
        return []
    with_events = [str(name) for name in events.index[events > 0]]
    if len(events) == 1:
        text = [f"All {len(frame)} patients are of one origin ({events.index[0]}): origins cannot be compared."]
    elif not with_events:
        text = ["No patient of any origin died: survival cannot be compared."]
    elif len(with_events) == 1:
        text = [f"All deaths are of one origin ({with_events[0]})."]
    else:
        text = [f"No patient of origin {name} died." for name in events.index if events[name] == 0]
    fix = "Read comparisons across origins with this in mind."
    return [Finding(code="W_ORIGIN_DEGENERATE", message=line, fix=fix, rule="V25") for line in text]


VALUE_RULES: Final[tuple[Rule, ...]] = (
    Rule(id="V01", severity="E", check=_check_keys,
         text="every row belongs to a known patient or sample"),
    Rule(id="V03", severity="W", check=_check_doubles,
         text="two ids may be one person"),
    Rule(id="V16", severity="E", check=_check_ranges,
         text="numbers are within their range"),
    Rule(id="V17", severity="W", check=_check_grade,
         text="the WHO grade agrees with Ki-67 and mitoses"),
    Rule(id="V18", severity="W", check=_check_differentiation,
         text="a well differentiated tumour is not coded as carcinoma"),
    Rule(id="V19", severity="W", check=_check_origin,
         text="origin and OncoTree code name the same tissue"),
    Rule(id="V25", severity="W", check=_check_origins_vary,
         text="more than one origin, and events in more than one, none without"),
)  # fmt: skip
