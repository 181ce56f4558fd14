"""SC27: response rates of the golden cohort, by origin and by alteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import netgen as ng
from netgen.association.response import response

if TYPE_CHECKING:
    import pandas as pd

    from netgen.association.response_results import ResponseResult

# R's fisher.test solves for the conditional odds ratio and its limits to about 1e-4 only; ours are solved exactly.
OF_R = 1e-4


@pytest.fixture(scope="module")
def found() -> ResponseResult:
    return response(ng.read_cohort("demo"))


def _row(found: ResponseResult, **wanted: str) -> pd.Series:
    table = found.table
    for name, value in wanted.items():
        table = table.loc[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_sc27_response_by_origin(found: ResponseResult) -> None:
    cells = {
        level: _row(found, metric="ORR", denominator="started", kind="group", level=level)[["a", "b"]].tolist()
        for level in ("thymic", "lung")
    }
    last = _row(found, metric="ORR", denominator="started", variable="origin_group3", level="duodenopancreatic")
    assert cells == {"thymic": [3, 5], "lung": [0, 12]}
    assert last[["a", "b"]].tolist() == [2, 12]
    test = _row(found, metric="ORR", denominator="started", kind="test", variable="origin_group3")
    assert test["p_primary"] == pytest.approx(0.062611, abs=5e-7)
    assert test["p_method"] == "freeman_halton_exact"


def test_sc27_response_and_control_of_everybody(found: ResponseResult) -> None:
    orr = _row(found, metric="ORR", denominator="started", kind="all")
    assert orr[["a", "n"]].tolist() == [5, 34]
    assert orr[["cp_lo", "cp_hi"]].tolist() == pytest.approx([0.0495, 0.3106], abs=5e-5)
    assert orr[["wilson_lo", "wilson_hi"]].tolist() == pytest.approx([0.0645, 0.3013], abs=5e-5)
    dcr = _row(found, metric="DCR", denominator="started", kind="all")
    assert dcr[["a", "n"]].tolist() == [22, 34]
    assert dcr[["cp_lo", "cp_hi"]].tolist() == pytest.approx([0.465, 0.803], abs=5e-4)


def test_sc27_tp53_and_response(found: ResponseResult) -> None:
    row = _row(found, metric="ORR", kind="feature", level="TP53")
    assert row[["a", "b", "c", "d"]].tolist() == [2, 8, 3, 21]
    assert row["p_fisher"] == pytest.approx(0.618121, abs=5e-7)
    assert row[["or", "or_lo", "or_hi"]].tolist() == pytest.approx([1.719089, 0.122244, 18.184630], rel=OF_R)
    assert row["firth_or"] == pytest.approx(1.806723, abs=5e-7)
    assert row["p_firth"] == pytest.approx(0.526514, abs=5e-7)


def test_sc27_setd2_and_response(found: ResponseResult) -> None:
    row = _row(found, metric="ORR", kind="feature", level="SETD2")
    assert row[["a", "b", "c", "d"]].tolist() == [0, 3, 5, 26]
    assert row["p_fisher"] == pytest.approx(1, abs=1e-12)
    assert row["mid_p"] == pytest.approx(0.694686, abs=5e-7)
    assert np.log(row["firth_or"]) == pytest.approx(-0.373513, abs=1e-6)
    assert row["or_status"] == "separated"
    assert row[["or", "or_lo"]].isna().all()
