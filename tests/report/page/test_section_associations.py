"""Associations in the report: tests with their warnings, what had power, what was not tested, what may bias."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.errors import CODES
from netgen.report.page.bias import state_biases
from netgen.report.page.section_associations import render
from netgen.report.summary import months, p_text, ratio
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.association_run import EVIL, elements, rename
from tests.report.page.section_reader import Shown, results

POWER = (  # DOMAIN 3.15, with the numbers of TP53 there; Schoenfeld's formula by hand
    "With 23 events and an altered fraction of 0.29, only hazard ratios above 3.60 (or below 0.28) had 80 % power; "
    "smaller effects cannot be excluded."
)


def show(result, cohort=None):
    return Shown(render(results(cohort or demo_cohort(), association=result)))


@pytest.fixture(scope="module")
def page():
    return show(demo_result())


@pytest.fixture(scope="module")
def section():
    return render(results(demo_cohort(), association=demo_result()))


@pytest.fixture(scope="module")
def nothing_tested():
    return show(ng.associate(demo_cohort(), endpoints=["os"], min_altered=20, model=False))


def rows_of(endpoint):
    rows = demo_result().table
    return rows[(rows["endpoint"] == endpoint) & (rows["status"] == "tested")].set_index("feature")


def test_render_associations__nothing_without_an_analysis():
    assert render(results(demo_cohort())) is None


def test_render_associations__one_part_per_endpoint(page):
    assert [name for name in page.headings if ":" in name and "against" not in name] == [
        "OS: Overall survival from advanced disease",
        "PFS: Progression-free survival from line 1",
    ]


def test_render_associations__golden_row_of_atrx(page):
    """Counts and exact p: DOMAIN Appendix B (stratified by origin 0.012012987); limits: golden Firth profile."""
    row = page.rows("associations-os-exploratory")["ATRX"]
    assert (row["Altered"], row["Events alt/wt"], row["p"]) == ("5/34", "5/18", "0.012")
    assert row["HR (95 % CI)"] == "6.61 (1.90 to 22.98)"


@pytest.mark.parametrize("endpoint", ["os", "pfs"])
def test_render_associations__numbers_are_those_of_the_table(page, endpoint):
    shown, rows = page.rows(f"associations-{endpoint}-exploratory"), rows_of(endpoint)
    assert list(shown) == list(rows.sort_values("p_primary").index)
    for feature, row in rows.iterrows():
        cells = shown[feature]
        assert cells["Altered"] == f"{row['n_altered']}/{row['n_profiled']}"
        assert cells["Events alt/wt"] == f"{row['events_altered']}/{row['events_unaltered']}"
        assert cells["HR (95 % CI)"] == f"{ratio(row['hr'])} ({ratio(row['hr_lo'])} to {ratio(row['hr_hi'])})"
        named = {"p": "p_primary", "q (BH)": "q_bh", "p (Holm)": "p_holm"}
        assert {head: cells[head] for head in named} == {head: p_text(row[name]) for head, name in named.items()}


def test_render_associations__columns_are_sorted_by_the_full_numbers(section):
    for feature in ("ATRX", "TP53"):
        for name in ("hr", "p_primary", "q_bh", "p_holm"):
            assert f'data-sort="{float(rows_of("os").loc[feature, name])}"' in section.body


def test_render_associations__warnings_stand_in_their_row_with_their_sentence(page):
    shown = page.rows("associations-os-exploratory")
    for feature, codes in rows_of("os")["warnings"].items():
        cell = shown[feature]["Warnings"]
        assert all(f"{code} {CODES[code]}" in cell for code in codes.split(";") if code)
        assert bool(cell) == bool(codes)
    assert "W_MONOTONE" in shown["SETD2"]["Warnings"]


def test_render_associations__a_table_without_warnings_has_no_column_for_them():
    result = demo_result()
    silent = dataclasses.replace(
        result, table=result.table.assign(warnings=pd.array([""] * len(result.table), "string"))
    )
    head = show(silent).tables["associations-os-exploratory"][0]
    assert head == ["Feature", "Altered", "Events alt/wt", "HR (95 % CI)", "p", "q (BH)", "p (Holm)"]


def test_render_associations__says_that_the_cohort_is_small(page):
    # DOMAIN 3.19
    assert (
        "W_SMALL n = 34, 23 events: exploratory; estimates are imprecise and biased away from 1 by selection."
    ) in page.text


def test_render_associations__says_what_was_analysed_and_how(page):
    said = " ".join(page.paragraphs)
    assert "34 patients, 23 events; median 22.4 months (95 % CI 14.9 to 35.2)." in said
    assert "No delayed entry; stratified by origin, three groups." in said
    assert "p by exact permutation log-rank test." in said
    assert (
        "Hazard ratios (altered : unaltered) by Firth-penalised Cox with profile penalised-likelihood 95 % limits."
        in said
    )
    assert (
        "Altered means any non-synonymous alteration, from mutations, altered in any of the patient's samples." in said
    )


def test_render_associations__minimal_detectable_hazard_ratios(page):
    """DOMAIN 3.15: n = 34, D = 23; p = 0.147 -> 5.20, 0.29 -> 3.60 (4.92 at alpha / 6), 0.41 -> 3.28."""
    shown = page.rows("associations-os-power")
    assert [shown[gene]["HR with 80 % power"] for gene in ("ATRX", "TP53", "MEN1")] == ["5.20", "3.60", "3.28"]
    assert [shown[gene]["Altered fraction"] for gene in ("ATRX", "TP53", "MEN1")] == ["0.15", "0.29", "0.41"]
    assert (shown["TP53"]["or below"], shown["TP53"]["at alpha / m"]) == ("0.28", "4.92")
    assert shown["TSC2"]["Events"] == "19"  # 11 patients are not profiled for it


def test_render_associations__beside_a_p_above_alpha_stands_what_cannot_be_excluded(page):
    shown = page.rows("associations-os-power")
    row = rows_of("os").loc["TP53"]
    limits = f"(95 % CI {ratio(row['hr_lo'])} to {ratio(row['hr_hi'])})"
    assert shown["TP53"]["Reading"] == (
        f"{POWER} Absence of a significant difference is not evidence of similarity {limits}."
    )
    silent = {gene for gene, cells in shown.items() if cells["Reading"] == "\N{EN DASH}"}
    assert silent == set(rows_of("os").index[rows_of("os")["p_primary"] <= 0.05]) == {"ATRX", "SETD2"}


def test_render_associations__never_claims_equality(page):
    assert "no difference" not in page.text
    assert "no association" not in page.text


def test_render_associations__first_curves_are_open_and_the_rest_folded(page, section):
    figures = [given["class"] for given in elements(page, "figure")]
    assert len(figures) == 2 * (1 + 6)  # per endpoint a forest and the six tested features
    before, _, after = section.body.partition("3 more Kaplan-Meier curves")
    assert [f"OS by {gene}<" in before for gene in ("SETD2", "ATRX", "TSC2", "TP53", "MEN1")] == [True] * 3 + [
        False
    ] * 2
    folded = after.partition("</figure></details>")[0]
    assert all(f"OS by {gene}<" in folded for gene in ("TP53", "MEN1", "ARID1A"))


def test_render_associations__survival_of_the_groups(page):
    row, shown = rows_of("os").loc["ATRX"], page.rows("associations-os-survival")["ATRX"]
    assert shown["Median altered, months"] == f"{months(218)} ({months(111)} to NR)"  # DOMAIN Appendix B: 218
    assert shown["Survival at 12 months alt/wt"] == f"{ratio(row['km_12m_altered'])} / {ratio(row['km_12m_unaltered'])}"
    limits = f"({months(row['rmst_diff_lo'])} to {months(row['rmst_diff_hi'])})"
    assert shown["RMST difference, months"] == f"{months(row['rmst_diff'])} {limits}"
    assert shown["PH p"] == p_text(row["ph_p"])
    assert page.rows("associations-os-survival")["SETD2"]["PH p"] == "\N{EN DASH}"


def test_render_associations__tests_in_detail(page):
    row, shown = rows_of("os").loc["ATRX"], page.rows("associations-os-methods")["ATRX"]
    assert (shown["Test"], shown["Relabelings"]) == ("exact permutation log-rank", "24640")
    named = {"Log-rank p": "p_logrank_asymptotic", "Firth p": "p_firth_plr", "q (BY)": "q_by", "p (min-P)": "p_minp",
             "Smallest attainable p": "min_attainable_p"}  # fmt: skip
    assert {head: shown[head] for head in named} == {head: p_text(row[name]) for head, name in named.items()}
    assert (shown["E-value"], shown["of the limit"]) == (ratio(row["evalue"]), ratio(row["evalue_ci"]))
    assert shown["95 % interval of p"] == "\N{EN DASH}"  # counted, not drawn


def test_render_associations__influential_patients_are_those_that_change_the_reading(page):
    rows = demo_result().influence
    flips = rows[(rows["endpoint"] == "pfs") & rows["flips"]]
    lines = page.tables["associations-pfs-influence"][1:]
    assert [line[:2] for line in lines] == flips[["feature", "patient_id"]].to_numpy().tolist()
    assert len(lines) > 0
    assert set(flips["patient_id"]) <= set(page.patients)


def test_render_associations__no_influential_patient():
    result = demo_result()
    calm = dataclasses.replace(result, influence=result.influence.assign(flips=False))
    assert "No single patient changes the direction of an effect" in show(calm).text


def test_render_associations__lists_what_was_not_tested(page):
    skipped = demo_result().skipped
    own = skipped[(skipped["endpoint"] == "os") & (skipped["kind"] == "feature")]
    shown = page.rows("associations-os-untested")
    assert set(shown) == set(own["item"])
    assert (shown["DAXX"]["Altered"], shown["DAXX"]["Events alt/wt"]) == ("2/23", "2/17")
    assert shown["DAXX"]["Why not"] == "fewer altered patients than min_altered"
    assert "14: fewer altered patients than min_altered (too_few_altered)" in page.text
    assert (
        "A feature is tested if at least 3 patients are altered and as many are not (min_altered)." in page.paragraphs
    )


def test_render_associations__nothing_could_be_tested(nothing_tested):
    assert "No feature could be tested." in nothing_tested.paragraphs
    assert elements(nothing_tested, "figure") == []
    assert set(nothing_tested.tables) == {"associations-os-untested"}
    assert "W_NO_TESTABLE_FEATURE" in nothing_tested.text
    assert "20: fewer altered patients than min_altered" in nothing_tested.text


def test_render_associations__prespecified_features_come_first_in_a_family_of_their_own():
    result = ng.associate(
        demo_cohort(), endpoints=["os"], prespecified=["TP53"], genes=["ATRX", "MEN1", "TP53"], model=False
    )
    shown = show(result)
    assert [name for name in shown.tables if name.endswith(("prespecified", "exploratory"))] == [
        "associations-os-prespecified", "associations-os-exploratory",
    ]  # fmt: skip
    assert list(shown.rows("associations-os-prespecified")) == ["TP53"]
    assert set(shown.rows("associations-os-exploratory")) == {"ATRX", "MEN1"}
    assert "Holm's p is the one to read; 1 test in the family" in shown.text
    assert "2 tests in the family" in shown.text
    assert "Multiplicity: 3 tests in 2 families." in shown.text


def test_render_associations__says_the_day_of_a_landmark():
    shown = show(ng.associate(demo_cohort(), endpoints=["os"], landmark=90, model=False))
    assert "Only patients still at risk on day 90 are analysed, from that day on." in " ".join(shown.paragraphs)


def test_render_associations__a_curve_that_begins_late_says_when():
    result = ng.associate(demo_cohort(), endpoints=["os"], entry_rule="sequencing_report", model=False)
    shown = show(result)
    km = result.km.set_index(["grouping", "group"]).loc[("all", "all")]
    assert km["t0_conditional"] > 0
    said = " ".join(shown.paragraphs)
    assert (
        f"conditional on survival to {months(km['t0_conditional'])} months. At risk from the sequencing report;" in said
    )
    late = result.table[(result.table["status"] == "tested") & (result.table["t0_unaltered"] > 0)]
    cell = shown.rows("associations-os-survival")[late["feature"].iloc[0]]["Median wild type, months"]
    assert cell.endswith(f"given survival to {months(late['t0_unaltered'].iloc[0])} months")


def test_render_associations__names_are_text_whatever_they_hold():
    shown = show(rename(demo_result(), {"ATRX": EVIL}))
    assert elements(shown, "img") == []
    assert not [name for _, given in shown.elements for name in given if name.startswith("on")]
    assert EVIL in shown.rows("associations-os-exploratory")
    assert f"OS by {EVIL}" in shown.text


def test_render_associations__long_names_leave_room_for_the_forest():
    name = "A pathway with a name that is much longer than any column of a forest plot can be"
    shown = show(rename(demo_result(), {"ATRX": name}))
    assert name in shown.rows("associations-os-exploratory")
    assert f"{name[:37]}..." in shown.text


def test_render_associations__nothing_is_said_of_delayed_entry_that_is_not_there(section):
    assert "truncat" not in section.body.lower()


def test_state_biases__says_what_applies_to_the_demo_cohort():
    said = state_biases(demo_result(), demo_cohort())
    assert [text.partition(":")[0] for text in said] == [
        "Selection by tissue", "Immortal time", "Confounding by indication", "Treatment era", "Multiplicity", "Centres",
    ]  # fmt: skip
    years = demo_cohort().patients["date_diagnosis"].dt.year
    assert f"years of diagnosis range from {years.min()} to {years.max()}" in said[3]
    assert "12 tests in 2 families" in said[4]
    assert "nothing adjusts across endpoints" in said[4]
    assert "from 3 institutions" in said[5]


def test_state_biases__without_treatment_dates_and_institutions():
    cohort = demo_cohort()
    blank = {"date_diagnosis": pd.NaT, "date_advanced": pd.NaT, "institution": pd.NA}
    cohort = dataclasses.replace(
        cohort, patients=cohort.patients.assign(**blank).astype({"date_diagnosis": "datetime64[ns]"}),
        treatments=cohort.treatments.head(0),
    )  # fmt: skip
    only_os = ng.associate(demo_cohort(), endpoints=["os"], genes=["TP53"], model=False)
    said = state_biases(only_os, cohort)
    assert [text.partition(":")[0] for text in said] == [
        "Selection by tissue", "Immortal time", "Treatment era", "Single centre",
    ]  # fmt: skip
    assert "no calendar dates are known" in said[2]
    assert "institutions are not recorded" in said[3]


def test_state_biases__one_year_and_one_institution():
    cohort = demo_cohort()
    one = cohort.patients.assign(date_diagnosis=pd.Timestamp("2020-05-01"), institution="A")
    said = state_biases(demo_result(), dataclasses.replace(cohort, patients=one))
    assert not [text for text in said if text.startswith("Treatment era")]
    assert said[-1] == "Single centre: all patients come from one institution; others may select and treat otherwise."


def test_state_biases__offsets_are_no_calendar_dates():
    cohort = demo_cohort()
    offset = cohort.patients.assign(time_base="offset")
    said = state_biases(demo_result(), dataclasses.replace(cohort, patients=offset))
    assert [text for text in said if text.startswith("Treatment era: calendar years are not known")]


def test_state_biases__immortal_time_depends_on_the_entry_rule():
    late = ng.associate(demo_cohort(), endpoints=["os"], genes=["TP53"], entry_rule="sequencing_report", model=False)
    [said] = [text for text in state_biases(late, demo_cohort()) if text.startswith("Immortal time")]
    assert "had to survive until they were sequenced" in said
    [said] = [text for text in state_biases(demo_result(), demo_cohort()) if text.startswith("Immortal time")]
    assert "everybody counts as at risk from the origin" in said


def test_state_biases__discreteness_is_said_of_permutation_tests_only():
    adjusted = ng.associate(demo_cohort(), endpoints=["os"], adjust=["ki67_pct"], model=False)
    assert set(adjusted.table["p_method"].dropna()) == {"penalised_lr"}
    said = " ".join(state_biases(adjusted, demo_cohort()))
    assert "discrete" not in said
    assert "No clinical covariate was adjusted for." not in said
    assert np.isfinite(adjusted.table["p_primary"]).any()
