"""SC32: survival by best response is refused from time zero, and given from a landmark of 90 days.

Who did not reach the landmark is left out and counted, and time restarts.
"""

from __future__ import annotations

import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.immortal_time import check_immortal_time
from netgen.errors import AnalysisError, Findings
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


def test_sc32_groups_of_response_are_refused_without_a_landmark():
    with pytest.raises(AnalysisError, match="best_response cannot form groups from advanced") as caught:
        check_immortal_time("best_response", origin="advanced", landmark=None)
    assert caught.value.finding.code == "E_IMMORTAL_TIME"
    check_immortal_time("best_response", origin="advanced", landmark=90)
    check_immortal_time("origin_group3", origin="advanced", landmark=None)
