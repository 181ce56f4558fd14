"""The golden cohort as a study on disk: recorded endpoints in one table, a ready-made gene matrix in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tests.study_files import write_files

if TYPE_CHECKING:
    from pathlib import Path

GENES = ["MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1"]
DAYS_PER_MONTH = 30.4375


def read_linear(reference: Path) -> pd.DataFrame:
    """Return the golden cohort as it is in the file."""
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def write_linear(folder: Path, table: pd.DataFrame, *, unit: str = "days", extra: str = "") -> Path:
    """Write the study and return its ``study.toml``; months have two decimals."""
    times = table[["os_days", "pfs_days"]]
    if unit == "months":
        times = (times / DAYS_PER_MONTH).round(2)
    patients = table[["patient_id", "origin", "ki67_pct"]].assign(
        os_time=times["os_days"],
        os_event=table["os_event"],
        pfs_time=times["pfs_days"],
        pfs_event=table["pfs_type"] > 0,
    )
    genes = table[["patient_id", *[gene for gene in GENES if gene in table]]].astype(dict.fromkeys(GENES, "Int64"))
    endpoints = "".join(
        f'[endpoints.{name}]\ntime = "{name}_time"\nevent = "{name}_event"\nunit = "{unit}"\n' for name in ("os", "pfs")
    )
    files = {
        "patients.csv": patients.astype({"pfs_event": int}).to_csv(index=False),
        "genes.csv": genes.to_csv(index=False),
        "study.toml": (
            '[study]\nsequencing_context = "research_retrospective"\n[[source]]\nkind = "tables"\n'
            'patients = "patients.csv"\nalterations = { file = "genes.csv", layout = "matrix" }\n' + endpoints + extra
        ),
    }
    return write_files(folder, files) / "study.toml"
