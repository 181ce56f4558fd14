"""The summary on the terminal and its machine-readable twin say what the tables say."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import netgen as ng
from netgen.report.summary import months, p_text, ratio, render_association, summarize_association
from tests.demo_run import demo_cohort, demo_result

OUT = Path("results")


@pytest.fixture(scope="module")
def text():
    return render_association(demo_result(), demo_cohort(), OUT)


@pytest.fixture(scope="module")
def nothing_tested():
    return ng.associate(demo_cohort(), endpoints=["os"], min_altered=20, model=False)


@pytest.mark.parametrize(("days", "shown"), [(682.0, "22.4"), (0.5, "0.0"), (30.4375, "1.0"), (float("nan"), "NR")])
def test_months__one_decimal_or_not_reached(days, shown):
    assert months(days) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1.00"),
        (6.6116, "6.61"),
        (0.0572, "0.06"),
        (0.000434, "0.00043"),
        (99.994, "99.99"),
        (451.2, "451"),
        (9999.0, "9999"),
        (123_456.0, "1.2e+05"),
        (float("nan"), "open"),
    ],
)
def test_ratio__has_a_sensible_number_of_digits(value, shown):
    assert ratio(value) == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.012012987, "0.012"), (0.18445767, "0.18"), (0.000167112, "0.00017"), (0.0949, "0.095"), (0.0951, "0.10"),
     (1.0, "1.00"), (1e-12, "1e-12"), (0.0, "<1e-300"), (float("nan"), "-")],
)  # fmt: skip
def test_p_text__never_shows_0(p, shown):
    assert p_text(p) == shown


def test_render_association__says_what_was_analysed(text):
    lines = text.splitlines()
    assert lines[0] == "Demo cohort: 34 patients, 34 samples"
    assert lines[1] == "Note: SYNTHETIC: 34 invented patients."
    assert (
        "OS: 34 patients, 23 events, median 22.4 months (14.9-35.2); no delayed entry; strata: origin_group3"
    ) in lines
    assert any(line.startswith("PFS: 34 patients, 31 events, median 6.9 months") for line in lines)
    assert lines[-1] == "Tables, figures, plan and provenance are in results/ (start with associations.tsv)."


def test_render_association__lists_the_tests_by_p(text):
    overall = text.split("PFS:")[0].splitlines()
    rows = [line.split() for line in overall if (line.startswith("  ") and "/34" in line) or "/23" in line]
    assert [row[0] for row in rows] == ["SETD2", "ATRX", "TSC2", "TP53", "MEN1", "ARID1A"]
    assert rows[1][:3] == ["ATRX", "5/34", "5/18"]
    assert "0.012" in rows[1]
    assert "W_MONOTONE W_CENSORING_IMBALANCE" in next(line for line in overall if "SETD2" in line)


def test_render_association__says_how(text):
    assert "  p: exact permutation log-rank; HR: Firth-penalised; 6 tests in the family." in text
    assert "only hazard ratios above 3.28 (or below 0.31) had 80 % power; smaller effects cannot be excluded." in text
    assert "  Not tested: 14 too_few_altered" in text


def test_render_association__never_claims_equality(text):
    assert "no difference" not in text
    assert "similar" not in text


def test_render_association__nothing_could_be_tested(nothing_tested):
    text = render_association(nothing_tested, demo_cohort(), OUT)
    assert "  No feature could be tested." in text
    assert "  Not tested: 20 too_few_altered" in text
    assert "PFS" not in text


def test_summarize_association__is_json(nothing_tested):
    found = json.loads(json.dumps(summarize_association(demo_result(), OUT), allow_nan=False))
    assert (found["out"], found["matrix_hash"]) == ("results", demo_result().matrix_hash)
    assert found["warnings"] == {"W_SMALL": 2}
    overall = found["endpoints"]["os"]
    assert (overall["n"], overall["events"], overall["mode"], overall["features"], overall["tested"]) == (
        34, 23, "small", 20, 6,
    )  # fmt: skip
    rows = {row["feature"]: row for row in overall["rows"]}
    assert rows["ATRX"]["p_primary"] == pytest.approx(0.012012987, abs=1e-9)
    assert (rows["ATRX"]["n_altered"], rows["ATRX"]["n_profiled"], rows["ATRX"]["p_method"]) == (5, 34, "exact")
    assert rows["SETD2"]["het_p"] is None  # one origin only has both groups at risk at a death
    assert all(math.isfinite(row["hr"]) for row in overall["rows"])
    empty = json.loads(json.dumps(summarize_association(nothing_tested, OUT), allow_nan=False))
    assert (empty["endpoints"]["os"]["tested"], empty["endpoints"]["os"]["rows"]) == (0, [])
