"""Regimens of 143 simulated GENIE BPC patients: survival and time to next treatment agree with the file's own columns.

``tt_os_g_days`` and ``ttnt_ca_seq_days`` were computed by the GENIE BPC pipeline from the same dates; its next
treatment counts death as the event, as ours does by default.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from netgen.schema import PATIENTS, TREATMENTS, conform

pytestmark = pytest.mark.shared


def to_date(days: pd.Series) -> pd.Series:
    return pd.Timestamp(0) + pd.to_timedelta(days, unit="D")


@pytest.fixture(scope="module")
def regimens(shared) -> pd.DataFrame:
    """Regimens of the first index cancer of each patient, numbered from 1."""
    table = pd.read_csv(shared / "data" / "genie_bpc_simulated_nsclc" / "ca_drugs.tsv", sep="\t")
    table = table[(table["redcap_ca_index"] == "Yes") & table["dx_reg_start_int"].notna()]
    table = table[table["ca_seq"] == table.groupby("record_id")["ca_seq"].transform("min")]
    number = table.groupby("record_id")["regimen_number_within_cancer"].rank(method="first")
    return table.assign(line=number.astype(int), last=table["dx_reg_start_int"] + table["tt_os_g_days"])


def build(regimens: pd.DataFrame) -> dict:
    people = regimens.groupby("record_id").agg(last=("last", "max"), dead=("os_g_status", "max")).reset_index()
    last, dead = to_date(people["last"]), people["dead"] == 1
    patients = {
        "patient_id": people["record_id"], "date_diagnosis": pd.Timestamp(0), "date_last_contact": last,
        "vital_status": np.where(dead, "dead", "alive"), "date_death": last.where(dead), "time_base": "offset",
    }  # fmt: skip
    treatments = {
        "patient_id": regimens["record_id"], "line_number": regimens["line"], "intent": "palliative",
        "regimen_class": "trial_other", "date_start": to_date(regimens["dx_reg_start_int"]),
        "date_end": to_date(regimens["dx_reg_end_all_int"]),
    }  # fmt: skip
    return {
        "patients": conform(pd.DataFrame(patients), PATIENTS),
        "treatments": conform(pd.DataFrame(treatments), TREATMENTS),
    }


@pytest.mark.parametrize(
    ("name", "time", "status"),
    [("os", "tt_os_g_days", "os_g_status"), ("ttnt", "ttnt_ca_seq_days", "ttnt_ca_seq_status")],
)
@pytest.mark.parametrize(("line", "n"), [(1, 143), (2, 97), (3, 71)])
def test_genie__times_are_those_of_its_own_columns(regimens, name, time, status, line, n):
    spec = EndpointSpec(name=name, origin=f"line:{line}", entry_rule="none", time_zero="keep")
    endpoint = derive_endpoint(build(regimens), spec, findings=Findings())
    own = regimens[regimens["line"] == line].sort_values("record_id")
    assert endpoint.table["patient_id"].tolist() == own["record_id"].tolist()
    assert len(endpoint.table) == n
    assert len(endpoint.excluded) == 143 - n
    assert endpoint.table["time_days"].tolist() == own[time].tolist()
    assert endpoint.table["event"].tolist() == (own[status] == 1).tolist()
