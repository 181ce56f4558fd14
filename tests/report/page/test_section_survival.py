"""Survival by group in the report: curves, tests, hazard ratios, restricted means, competing risks."""

from __future__ import annotations

import dataclasses
import re

import pandas as pd
import pytest

import netgen as ng
from netgen.association.competing import READING
from netgen.association.group_survival import survival
from netgen.errors import CODES, Findings
from netgen.report.page.figures import probability_text
from netgen.report.page.section_survival import render
from netgen.report.summary import months, p_text, ratio
from tests.report.page.section_reader import Shown, results

EVIL = "</svg><script>alert(1)</script>"
DASH = "\N{EN DASH}"


@pytest.fixture(scope="module")
def cohort():
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def found(cohort):
    return survival(cohort, endpoints=["os", "ttp"], permutations=300)


@pytest.fixture(scope="module")
def page(cohort, found):
    return Shown(render(results(cohort, survival=found)))


def own(frame, endpoint, grouping):
    return frame.loc[(frame["endpoint"] == endpoint) & (frame["grouping"] == grouping)]


def test_render_survival__comparisons_stand_in_the_order_of_the_plan(page):
    assert page.headings == [
        "OS: Overall survival from advanced disease",
        "By origin, three groups; no delayed entry",
        "By origin, two groups; no delayed entry",
        "TTP: Time to progression from line 1",
        "By origin, three groups; no delayed entry",
        "By origin, two groups; no delayed entry",
    ]
    ids = [given["id"] for _, given in page.elements if str(given.get("id", "")).startswith("survival-")]
    assert [name for name in ids if name.endswith(("-km", "-groups", "-effects", "-incidence", "-causes"))] == [
        "survival-1-km", "survival-1-groups", "survival-1-effects",
        "survival-2-km", "survival-2-groups", "survival-2-effects",
        "survival-3-km", "survival-3-groups", "survival-3-effects", "survival-3-incidence", "survival-3-causes",
        "survival-4-km", "survival-4-groups", "survival-4-effects", "survival-4-incidence", "survival-4-causes",
    ]  # fmt: skip


def test_render_survival__groups_are_those_of_km_with_everybody_first(page, found):
    rows = page.rows("survival-1-groups")
    assert list(rows) == ["All", "thymic", "lung", "duodenopancreatic"]
    km = pd.concat([own(found.km, "os", "all"), own(found.km, "os", "origin_group3")]).set_index("group")
    for name, cells in rows.items():
        row = km.loc["all" if name == "All" else name]
        assert (cells["n"], cells["Events"]) == (str(row["n"]), str(row["events"]))
        limits = f"({months(row['median_lo'])} to {months(row['median_hi'])})"
        assert cells["Median, months (95 % CI)"] == f"{months(row['median'])} {limits}"
        for month in (12, 24, 36):
            text = probability_text(*(row[f"{part}_{month}m"] for part in ("s", "s_lo", "s_hi")))
            assert cells[f"At {month} months (95 % CI)"] == text
        seen = f"{months(row['followup_median'])} ({months(row['followup_lo'])} to {months(row['followup_hi'])})"
        assert cells["Follow-up, months (95 % CI)"] == seen
    assert rows["lung"]["Median, months (95 % CI)"] == "35.2 (4.8 to NR)"  # DOMAIN B: 1071 (146 to not reached) days


def test_render_survival__differences_are_those_of_group_tests(page, found):
    for number, (endpoint, grouping) in enumerate(
        [("os", "origin_group3"), ("os", "origin_group2"), ("ttp", "origin_group3"), ("ttp", "origin_group2")], start=1
    ):
        tests = own(found.group_tests, endpoint, grouping).set_index("group")
        rows = page.rows(f"survival-{number}-effects")
        assert list(rows) == list(tests.index)
        for group, cells in rows.items():
            row = tests.loc[group]
            counts = f"{row['events_group']}/{row['n_group']}, {row['events_reference']}/{row['n_reference']}"
            assert cells["Events/n, group and reference"] == counts
            assert cells["HR (95 % CI)"] == f"{ratio(row['hr'])} ({ratio(row['hr_lo'])} to {ratio(row['hr_hi'])})"
            assert cells["p (HR)"] == p_text(row["p_hr"])
            limits = f"({months(row['rmst_diff_lo'])} to {months(row['rmst_diff_hi'])})"
            assert cells["RMST difference, months (95 % CI)"] == f"{months(row['rmst_diff'])} {limits}"
            assert cells["Detectable HR"] == ratio(row["mdhr_80"])


def test_render_survival__each_row_has_its_warnings_with_their_sentence(page, found):
    tests = own(found.group_tests, "os", "origin_group3").set_index("group")
    for group, cells in page.rows("survival-1-effects").items():
        codes = tests.loc[group, "warnings"].split(";")
        assert re.findall(r"W_[A-Z_]+", cells["Warnings"]) == codes
        assert "W_NO_EQUIVALENCE" in codes
        assert tests.loc[group, "reading"] in cells["Warnings"]
        assert CODES["W_NO_EQUIVALENCE"] not in cells["Warnings"]  # said with the interval instead
        assert CODES["W_SMALL"] in cells["Warnings"]


def test_render_survival__a_test_is_told_with_method_statistic_and_interval(page, found):
    row = own(found.group_tests, "os", "origin_group3").iloc[0]
    said = next(
        text for text in page.paragraphs if text.startswith("Monte-Carlo permutation log-rank test of 3 groups")
    )
    assert f"p = {p_text(row['p_primary'])} (95 % interval {p_text(row['mc_lo'])} to {p_text(row['mc_hi'])})" in said
    assert f"Log-rank chi-square {ratio(row['chi2'])}, 2 df, asymptotic p = {p_text(row['p_asymptotic'])}" in said
    assert "chi-square 6.44, 2 df" in said  # DOMAIN B
    assert f"Proportional hazards: p = {p_text(row['ph_p'])}" in said
    assert said.endswith("Hazard ratios: Firth, Efron ties.")
    assert "stratified" not in said
    assert (
        f"Restricted means (RMST) to {months(row['rmst_tau'])} months; their limits are approximate." in page.paragraphs
    )


def test_render_survival__findings_of_a_comparison_stand_below_it(cohort, found):
    body = render(results(cohort, survival=found)).body
    first, second = (body.index(f"os by origin_group{k}: n = 34, 23 events: exploratory") for k in (3, 2))
    assert body.index('id="survival-1-effects"') < first < body.index('id="survival-2-km"') < second


def test_render_survival__both_causes_stand_side_by_side(page, found):
    rows = page.tables["survival-4-causes"]
    table = pd.concat([own(found.competing, "ttp", "all"), own(found.competing, "ttp", "origin_group2")])
    keys = table.drop_duplicates(["group", "cause"])
    assert [(row[0], row[1]) for row in rows[1:]] == [
        ("All" if group == "all" else group, cause)
        for group, cause in keys[["group", "cause_name"]].itertuples(index=False)
    ]
    head = rows[0]
    for row, (_, first) in zip(rows[1:], keys.iterrows(), strict=True):
        same = table.loc[(table["group"] == first["group"]) & (table["cause"] == first["cause"])]
        cells = dict(zip(head, row, strict=True))
        for _, at in same.iterrows():
            shown = cells[f"Incidence at {months(at['horizon_days'])} months (95 % CI)"]
            assert shown == probability_text(at["cif"], at["cif_lo"], at["cif_hi"])
        if pd.notna(first["cs_hr"]):
            limits = f"({ratio(first['cs_hr_lo'])} to {ratio(first['cs_hr_hi'])})"
            assert cells["Cause-specific HR (95 % CI)"] == f"{ratio(first['cs_hr'])} {limits}"
    death = dict(zip(head, rows[-1], strict=True))
    assert death["Subdistribution HR (95 % CI)"] == "none: too few events"  # two deaths only
    assert death["Gray p"] == p_text(keys.iloc[-1]["gray_p"])
    assert READING in page.paragraphs
    assert dict(zip(head, rows[3], strict=True))["Cause-specific HR (95 % CI)"] == "reference"


def test_render_survival__kaplan_meier_of_a_competing_endpoint_is_not_called_survival(cohort, found):
    body = render(results(cohort, survival=found)).body
    first, second = body.index('id="survival-1-km"'), body.index('id="survival-3-km"')
    assert "Survival probability" in body[first:second]
    assert "Survival probability" not in body[second:]
    assert "Without event, competing events censored" in body[second:]


def test_render_survival__opposite_directions_are_explained(cohort, found):
    text = f"{READING} They point in opposite directions: two questions."
    rows = (found.competing["group"] == "thymic") & (found.competing["cause"] == 1)
    table = found.competing.assign(interpretation=found.competing["interpretation"].mask(rows, text))
    page = Shown(render(results(cohort, survival=dataclasses.replace(found, competing=table))))
    assert "thymic: They point in opposite directions: two questions." in page.paragraphs


def test_render_survival__figures_tell_their_medians(page, found):
    said = [text for text in page.text.split("Kaplan-Meier curves with limits") if "Medians in months" in text]
    medians = own(found.km, "os", "origin_group3")
    for _, row in medians.iterrows():
        assert f"{row['group']} {months(row['median'])}" in said[0]
    assert "At risk (events)" in page.text


def test_render_survival__without_a_comparison_there_is_no_section(cohort, found):
    assert render(results(cohort)) is None
    assert render(results(cohort, survival=dataclasses.replace(found, plan={**found.plan, "comparisons": []}))) is None


def test_render_survival__what_was_not_tested_says_why(cohort):
    arms = pd.Series(["x"] * 32 + ["y"] * 2, dtype="string", index=cohort.patients.index)
    two = dataclasses.replace(cohort, patients=cohort.patients.assign(arm=arms))
    found = survival(two, by=["arm", "origin2"], endpoints=["os"], permutations=100)
    page = Shown(render(results(two, survival=found)))
    reason = "fewer than two groups of at least 3 patients"
    assert f"Not tested: {reason}." in page.paragraphs
    rows = page.rows("survival-1-effects")
    deaths = own(found.km, "os", "arm").set_index("group")["events"]
    for group, n in (("x", 32), ("y", 2)):
        assert rows[group]["HR (95 % CI)"] == f"not tested: {reason}"
        assert rows[group]["Events/n, group and reference"] == f"{deaths[group]}/{n}"
        assert rows[group]["p (HR)"] == rows[group]["Detectable HR"] == DASH
    assert rows["y"]["Warnings"] == f"W_SMALL {CODES['W_SMALL']}"
    assert "not tested" not in page.rows("survival-2-effects")["duodenopancreatic"]["HR (95 % CI)"]


def test_render_survival__delayed_entry_and_its_conditions_are_told(cohort):
    found = survival(cohort, endpoints=["os"], entry_rule="sequencing_report", report_both=True, permutations=100)
    page = Shown(render(results(cohort, survival=found)))
    assert page.headings[1:3] == [
        "By origin, three groups; delayed entry at the sequencing report", "By origin, three groups; no delayed entry",
    ]  # fmt: skip
    late = found.km.loc[(found.km["entry_rule"] != "none") & (found.km["grouping"] != "all")]
    for _, row in late.iterrows():
        if row["t0_conditional"] > 0:
            text = f"{row['group']}: the curve holds for those who reached {months(row['t0_conditional'])} months"
            assert any(said.startswith(text) for said in page.paragraphs)
    assert (late["t0_conditional"] > 0).any()
    tests = found.group_tests.loc[found.group_tests["entry_rule"] != "none"]
    start = tests["rmst_t0"].iloc[0]
    assert any(f", from {months(start)} months on" in text for text in page.paragraphs)


def test_render_survival__a_small_sample_says_what_p_was_possible(cohort, found):
    least = found.group_tests["min_attainable_p"].mask(found.group_tests["grouping"] == "origin_group2", 0.25)
    page = Shown(render(results(cohort, survival=dataclasses.replace(
        found, group_tests=found.group_tests.assign(min_attainable_p=least)))))  # fmt: skip
    said = [text for text in page.paragraphs if "no p below 0.25 was possible" in text]
    assert len(said) == 2
    assert all("of 2 groups" in text for text in said)


def test_render_survival__hostile_groups_stay_text(cohort):
    evil = dataclasses.replace(
        cohort, patients=cohort.patients.assign(arm=cohort.patients["sex"].map({"female": EVIL, "male": 'a"&<b'}))
    )
    found = survival(evil, by="arm", endpoints=["ttp"], permutations=100)
    section = render(results(evil, survival=found))
    assert "<script>alert" not in section.body
    assert {row[0] for row in Shown(section).tables["survival-1-groups"][1:]} == {"All", EVIL, 'a"&<b'}


def test_render_survival__words_never_claim_that_groups_are_alike(page):
    assert not re.search(r"no difference|are (similar|alike|equal)|equivalent", page.text.lower())


def test_render_survival__without_findings_there_is_no_list(cohort, found):
    body = render(results(cohort, survival=dataclasses.replace(found, findings=Findings()))).body
    assert 'class="caveats"' not in body
