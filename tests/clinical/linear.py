"""The golden cohort as canonical tables: 34 synthetic patients with dates from which the golden outcomes follow.

Advanced disease is on 2018-01-01 for everyone, diagnosis on a different day before. A progression is an assessment PD
on its date and the line's ``date_progression``; a death is ``date_death``; a censored patient has a last assessment SD
on the censoring date. Later lines start between the end of the first progression-free time and the end of follow-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netgen.schema import ASSESSMENTS, PATIENTS, SAMPLES, TREATMENTS, conform

if TYPE_CHECKING:
    from pathlib import Path

DAY_0 = pd.Timestamp("2018-01-01")
CLASSES = {
    "ALKYL": "chemo_alkylating",
    "MTORI": "mtor_inhibitor",
    "PLAT": "chemo_platinum",
    "PRRT": "prrt",
    "SSA": "ssa",
    "TKI": "tki_antiangiogenic",
}
GENES = ("MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1")


def read_linear(reference: Path) -> pd.DataFrame:
    """Return the golden cohort as it is in the file."""
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv", keep_default_na=False, na_values=["NA"])


def build_linear(frame: pd.DataFrame, *, sequencing_context: str | None = "research_retrospective") -> dict:
    """Return canonical patients, samples, treatments and assessments of the golden cohort."""
    days = {name: pd.to_timedelta(frame[name], unit="D") for name in ("os_days", "l1_day", "pfs_days", "seq_day")}
    end, line_1 = DAY_0 + days["os_days"], DAY_0 + days["l1_day"]
    dead, progressed = frame["os_event"] == 1, frame["pfs_type"] == 1
    patients = pd.DataFrame(
        {
            "patient_id": frame["patient_id"],
            "sex": frame["sex"].map({"F": "female", "M": "male"}),
            "age_at_diagnosis": frame["age"].astype(float),
            "origin": frame["origin"],
            "differentiation": "well",
            "ki67_pct": frame["ki67_pct"].astype(float),
            "date_diagnosis": DAY_0 - pd.to_timedelta(range(1, len(frame) + 1), unit="D"),
            "date_advanced": DAY_0,
            "date_last_contact": end,
            "vital_status": dead.map({True: "dead", False: "alive"}),
            "date_death": end.where(dead),
            "time_base": "calendar",
        }
    )
    samples = pd.DataFrame(
        {
            "sample_id": frame["patient_id"] + "-T",
            "patient_id": frame["patient_id"],
            "sample_class": "tumour",
            "date_sequencing_report": DAY_0 + days["seq_day"],
            "sequencing_context": sequencing_context,
            "panel_id": frame["panel"],
        }
    )
    pfs_end = line_1 + days["pfs_days"]
    assessments = pd.DataFrame(
        {
            "patient_id": frame["patient_id"],
            "date": pfs_end,
            "line_number": 1,
            "criteria": "RECIST1.1",
            "overall_response": frame["pfs_type"].map({0: "SD", 1: "PD"}),
            "modality": "CT",
        }
    )[frame["pfs_type"] != 2]
    tables = {
        "patients": conform(patients, PATIENTS),
        "samples": conform(samples, SAMPLES),
        "treatments": conform(_lines(frame, line_1, pfs_end.where(progressed), pfs_end, end), TREATMENTS),
        "assessments": conform(assessments, ASSESSMENTS),
    }
    for table in tables.values():
        for name in table.columns:
            if f"{name}_precision" in table.columns:
                table[f"{name}_precision"] = table[f"{name}_precision"].mask(table[name].notna(), "day")
    return tables


def _lines(frame, line_1, progression, pfs_end, end):
    room = end - pfs_end
    starts = {1: line_1, 2: pfs_end + (room // 3).dt.floor("D"), 3: pfs_end + (room * 2 // 3).dt.floor("D")}
    lines = [
        pd.DataFrame(
            {
                "patient_id": frame["patient_id"],
                "line_number": number,
                "intent": "palliative",
                "regimen": frame[f"l{number}"],
                "regimen_class": frame[f"l{number}"].map(CLASSES),
                "date_start": start,
                "date_progression": progression if number == 1 else pd.NaT,
                "progression_type": progression.notna().map({True: "radiological"}) if number == 1 else None,
            }
        )[frame[f"l{number}"] != "none"]
        for number, start in starts.items()
    ]
    return pd.concat([line.astype({"date_progression": "datetime64[ns]"}) for line in lines], ignore_index=True)
