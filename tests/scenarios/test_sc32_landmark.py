"""SC32: survival from a landmark of 90 days; who did not reach it is left out and counted, and time restarts."""

from __future__ import annotations

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.linear import build_linear, read_linear


def test_sc32_time_restarts_at_the_landmark(reference):
    golden = read_linear(reference).set_index("patient_id").sort_index()
    spec = EndpointSpec(name="os", landmark=90)
    endpoint = derive_endpoint(build_linear(golden.reset_index()), spec, findings=Findings())
    reached = golden[golden["os_days"] > 90]
    assert endpoint.table["patient_id"].tolist() == reached.index.tolist()
    assert endpoint.table["time_days"].tolist() == (reached["os_days"] - 90).tolist()
    assert endpoint.table["event"].tolist() == (reached["os_event"] == 1).tolist()
    # P02 died on day 90, P23 on day 43
    assert endpoint.excluded.to_numpy().tolist() == [["P02", "os", "before_landmark"], ["P23", "os", "before_landmark"]]
