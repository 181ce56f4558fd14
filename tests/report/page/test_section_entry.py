"""Delayed entry in the report: the decision, the check of its assumption, both analyses side by side - or nothing."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import netgen as ng
from netgen.report.page.section_entry import render
from netgen.report.summary import months, p_text, ratio
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.association_run import EVIL, elements, rename
from tests.report.page.section_reader import Shown, results

OPTIONS = {"entry_rule": "sequencing_report", "genes": ["ATRX", "TP53", "RB1"], "model": False}


@pytest.fixture(scope="module")
def late():
    return ng.associate(demo_cohort(), endpoints=["os"], report_both=True, **OPTIONS)


@pytest.fixture(scope="module")
def page(late):
    return show(late)


def show(result, cohort=None):
    return Shown(render(results(cohort or demo_cohort(), association=result)))


def test_render_entry__nothing_without_an_analysis_or_without_delayed_entry():
    assert render(results(demo_cohort())) is None
    assert {plan["entry_rule"] for plan in demo_result().plan["endpoints"].values()} == {"none"}
    assert render(results(demo_cohort(), association=demo_result())) is None


def test_render_entry__says_what_was_decided_and_by_whom(page):
    said = " ".join(page.paragraphs)
    assert "OS: patients count as at risk from the sequencing report on, or from the origin if it is later." in said
    assert "The study states the rule (entry_rule = sequencing_report)" in said
    assert "risk sets are left-truncated" in said


def test_render_entry__says_when_the_samples_decided(late):
    requested = late.plan["requested"] | {"entry_rule": "auto"}
    cohort = demo_cohort()
    clinical = dataclasses.replace(cohort, study=dataclasses.replace(cohort.study, sequencing_context="clinical"))
    shown = show(dataclasses.replace(late, plan=dict(late.plan) | {"requested": requested}), clinical)
    expected = "The rule follows from the samples (entry_rule = auto); sequencing was part of clinical care."
    assert expected in " ".join(shown.paragraphs)


def test_render_entry__endpoints_without_delayed_entry_are_named(late):
    plans = dict(late.plan["endpoints"])
    plans["pfs"] = plans["os"] | {"endpoint": "pfs", "entry_rule": "none"}
    shown = show(dataclasses.replace(late, plan=dict(late.plan) | {"endpoints": plans}))
    assert "PFS: no delayed entry." in " ".join(shown.paragraphs)


def test_render_entry__dependence_is_that_of_the_table(late, page):
    [row] = late.truncation.to_dict("records")
    cells = page.rows("entry-dependence")["OS"]
    assert [cells[name] for name in ("Patients", "Enter late", "Comparable pairs")] == [
        str(row[name]) for name in ("n", "n_late", "n_pairs")
    ]
    tau = f"{row['tau']:.2f} ({row['tau_lo']:.2f} to {row['tau_hi']:.2f})"
    assert cells["Conditional Kendall tau (95 % CI)"] == tau
    hazard = f"{ratio(row['entry_hr_per_month'])} ({ratio(row['entry_lo'])} to {ratio(row['entry_hi'])})"
    assert cells["HR per month of later entry (95 % CI)"] == hazard
    assert (cells["p of tau"], cells["p of HR"]) == (p_text(row["tau_p"]), p_text(row["entry_p"]))
    assert cells["Dependent"] == ("yes" if row["dependent"] else "no")


def test_render_entry__warnings_stand_above_with_their_numbers(late, page):
    [item] = [item for item in late.findings if item.code == "W_DEPENDENT_TRUNCATION"]
    assert f"W_DEPENDENT_TRUNCATION {item.message}" in page.text
    quiet = dataclasses.replace(late, findings=type(late.findings)())
    assert "W_DEPENDENT_TRUNCATION" not in show(quiet).text


def test_render_entry__a_conditional_curve_says_from_when(late, page):
    row = late.km.set_index("grouping").loc["all"]
    assert row["t0_conditional"] > 0
    said = (
        f"conditional on survival to {months(row['t0_conditional'])} months: {row['n_curve']} patients, "
        f"{row['events_curve']} events, median {months(row['median'])} months"
    )
    assert said in page.text
    assert "The unconditional curve is not shown." in page.text


def test_render_entry__a_whole_curve_needs_no_words(late):
    whole = dataclasses.replace(late, km=late.km.assign(t0_conditional=0.0))
    assert "unconditional" not in show(whole).text


def test_render_entry__both_analyses_side_by_side(late, page):
    rows = late.entry_comparison.set_index("feature")
    shown = page.rows("entry-both-os")
    assert set(shown) == {"ATRX", "TP53"}  # RB1: two altered, tested in neither
    for feature, cells in shown.items():
        row = rows.loc[feature]
        for side, name in (("entry", "With"), ("naive", "Without")):
            hr, lo, hi = (ratio(row[f"{part}_{side}"]) for part in ("hr", "hr_lo", "hr_hi"))
            assert cells[f"{name}: HR (95 % CI)"] == f"{hr} ({lo} to {hi})"
            assert cells[f"{name}: p"] == p_text(row[f"p_primary_{side}"])
        assert cells["HR with / without"] == ratio(row["hr_ratio"])
        assert cells["Patients"] == f"{row['n_entry']}/{row['n_naive']}"


def test_render_entry__medians_of_everybody_by_either_analysis(late, page):
    row = late.entry_comparison.set_index("feature").loc["all"]
    head, *lines = page.tables["entry-medians"]
    shown = {line[1]: dict(zip(head, line, strict=True)) for line in lines}
    assert shown["without"]["Median, months (95 % CI)"] == "22.4 (14.9 to 35.2)"  # DOMAIN Appendix B: 682 (453, 1071)
    assert shown["without"]["Given survival to, months"] == "\N{EN DASH}"
    assert shown["with delayed entry"]["Given survival to, months"] == months(row["t0_entry"])
    assert shown["with delayed entry"]["Median, months (95 % CI)"].startswith(months(row["median_entry"]))


def test_render_entry__a_feature_that_one_analysis_does_not_test_says_why(late):
    rows = late.entry_comparison
    own = (rows["feature"] == "TP53").to_numpy()
    changed = rows.assign(
        status_entry=rows["status_entry"].mask(own, "degenerate"), hr_entry=rows["hr_entry"].mask(own),
        p_primary_entry=rows["p_primary_entry"].mask(own),
    )  # fmt: skip
    cells = show(dataclasses.replace(late, entry_comparison=changed)).rows("entry-both-os")["TP53"]
    assert cells["Note"] == "with: no event time has both groups at risk"
    assert (cells["With: HR (95 % CI)"], cells["With: p"]) == ("\N{EN DASH}", "\N{EN DASH}")


def test_render_entry__without_the_request_there_is_one_analysis():
    shown = show(ng.associate(demo_cohort(), endpoints=["os"], **OPTIONS))
    assert "entry-both-os" not in shown.tables
    assert "The analysis without delayed entry was not asked for (report_both = true shows both)." in shown.paragraphs


def test_render_entry__names_are_text_whatever_they_hold(late):
    shown = show(rename(late, {"ATRX": EVIL}))
    assert elements(shown, "img") == []
    assert EVIL in shown.rows("entry-both-os")


def test_render_entry__a_check_without_numbers_has_dashes(late):
    blank = late.truncation.assign(tau=float("nan"), tau_lo=float("nan"), tau_hi=float("nan"), tau_p=float("nan"),
                                   dependent=pd.array([False], dtype="boolean"), note="no comparable pair")  # fmt: skip
    cells = show(dataclasses.replace(late, truncation=blank)).rows("entry-dependence")["OS"]
    assert (cells["Conditional Kendall tau (95 % CI)"], cells["p of tau"]) == ("\N{EN DASH}", "\N{EN DASH}")
    assert (cells["Dependent"], cells["Note"]) == ("no", "no comparable pair")
