"""Across origins in the report: effects and their low power, frequencies, genes altered together, treatment classes."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from netgen.association.frequencies import FREQUENCY_COLUMNS
from netgen.report.page.section_heterogeneity import render
from netgen.report.summary import p_text, ratio
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.association_run import EVIL, elements, rename
from tests.report.page.section_reader import Shown, results

LOW_POWER = "Q and I2 have almost no power; a non-significant test is not evidence that effects are equal."


def show(result):
    return Shown(render(results(demo_cohort(), association=result)))


@pytest.fixture(scope="module")
def page():
    return show(demo_result())


def empty(*names):
    """The result of the demo cohort without the rows of some tables."""
    return dataclasses.replace(demo_result(), **{name: getattr(demo_result(), name).head(0) for name in names})


def test_render_heterogeneity__nothing_without_an_analysis_or_rows():
    assert render(results(demo_cohort())) is None
    assert render(results(demo_cohort(), association=empty("heterogeneity", "frequencies", "cooccurrence",
                                                           "gene_treatment"))) is None  # fmt: skip


def test_render_heterogeneity__parts(page):
    assert page.headings == [
        "Effects across origins: OS", "Effects across origins: PFS", "Frequencies across origins",
        "Genes altered together", "Genes and treatment",
    ]  # fmt: skip


def test_render_heterogeneity__tp53_is_the_golden_one(page):
    """DOMAIN 3.8: Firth Q = 3.70, p = 0.157; interaction p = 0.023."""
    shown = page.rows("heterogeneity-os-tests")["TP53"]
    assert (shown["Interaction p"], shown["Q"], shown["df"], shown["Q p"]) == ("0.023", "3.70", "2", "0.16")
    assert shown["Origins with an estimate"] == "3"


@pytest.mark.parametrize("endpoint", ["os", "pfs"])
def test_render_heterogeneity__tests_are_those_of_the_table(page, endpoint):
    rows = demo_result().heterogeneity
    rows = rows[(rows["endpoint"] == endpoint) & (rows["origin"] == "all")].set_index("feature")
    shown = page.rows(f"heterogeneity-{endpoint}-tests")
    assert set(shown) == set(rows.index)
    for feature, row in rows.dropna(subset=["p"]).iterrows():
        cells = shown[feature]
        assert (cells["Interaction p"], cells["Q p"]) == (p_text(row["p"]), p_text(row["Q_p"]))
        assert (cells["Q"], cells["I2"]) == (ratio(row["Q"]), ratio(row["I2"]))


def test_render_heterogeneity__an_untestable_feature_has_dashes(page):
    cells = page.rows("heterogeneity-os-tests")["SETD2"]  # altered in one origin only
    assert (cells["Origins with an estimate"], cells["Interaction p"], cells["Q"]) == ("1", *["\N{EN DASH}"] * 2)


def test_render_heterogeneity__low_power_is_said_for_each_endpoint(page):
    assert sum(LOW_POWER in text for text in page.paragraphs) == 2


def test_render_heterogeneity__low_power_is_not_said_of_many_origins():
    rows = demo_result().heterogeneity
    wide = rows.assign(estimable=rows["estimable"].where(rows["origin"] == "all", other=True))
    many = rows[rows["origin"] == "lung"].assign(origin="rectal", estimable=True)
    result = dataclasses.replace(demo_result(), heterogeneity=pd.concat([wide, many]))
    assert LOW_POWER not in show(result).text


def test_render_heterogeneity__effects_within_origins(page):
    rows = demo_result().heterogeneity
    own = rows[(rows["endpoint"] == "os") & (rows["origin"] != "all")]
    head, *lines = page.tables["heterogeneity-os-origins"]
    shown = {tuple(line[:2]): dict(zip(head, line, strict=True)) for line in lines}
    assert set(shown) == set(zip(own["feature"], own["origin"], strict=True))
    for row in own.itertuples():
        cells = shown[row.feature, row.origin]
        assert cells["Altered"] == f"{row.n_altered}/{row.n}"
        assert cells["Events alt/wt"] == f"{row.events_altered}/{row.events_unaltered}"
        if row.estimable:
            assert cells["HR (95 % CI)"] == f"{ratio(row.hr)} ({ratio(row.hr_lo)} to {ratio(row.hr_hi)})"
    assert shown["TP53", "lung"]["Note"] == "maximum-likelihood HR infinite: Firth estimate"
    assert shown["SETD2", "thymic"]["Note"] == "nobody is altered"
    assert "Effects within one origin are exploratory and not adjusted" in page.text


def test_render_heterogeneity__frequencies_by_origin(page):
    """Counted by hand: TSC2 and DAXX are on panel A only, 23 patients."""
    shown = page.rows("frequencies-table")
    assert shown["TSC2"]["everybody"] == "9/23 (39.1 %)"
    assert [shown["SETD2"][name] for name in ("duodenopancreatic", "lung", "thymic")] == [
        "0/14 (0.0 %)", "3/12 (25.0 %)", "0/8 (0.0 %)",
    ]  # fmt: skip
    assert shown["DAXX"]["Note"] == "too few altered"
    assert "Altered in nobody: 12 of 20 features." in page.paragraphs


def test_render_heterogeneity__frequencies_are_those_of_the_table(page):
    rows = demo_result().frequencies
    tests = rows[(rows["origin"] == "all") & (rows["n_altered"] > 0)].set_index("feature")
    shown = page.rows("frequencies-table")
    assert set(shown) == set(tests.index)
    for feature, row in tests[tests["status"] == "tested"].iterrows():
        assert (shown[feature]["p"], shown[feature]["q (BH)"]) == (p_text(row["p"]), p_text(row["q_bh"]))
    head, *lines = page.tables["frequencies-limits"]
    limits = {tuple(line[:2]): dict(zip(head, line, strict=True)) for line in lines}
    for row in rows[rows["n_altered"] > 0].itertuples():
        cells = limits[row.feature, "everybody" if row.origin == "all" else row.origin]
        exact = f"{100 * row.frequency:.1f} ({100 * row.cp_lo:.1f} to {100 * row.cp_hi:.1f})"
        assert (cells["Altered"], cells["Per cent (Clopper-Pearson)"]) == (f"{row.n_altered}/{row.n_profiled}", exact)
        assert cells["Per cent (Wilson)"].endswith(f"({100 * row.wilson_lo:.1f} to {100 * row.wilson_hi:.1f})")


def test_render_heterogeneity__warnings_of_frequencies_stand_beside_them():
    rows = demo_result().frequencies
    marked = (rows["feature"] == "TSC2") & (rows["origin"] == "all")
    result = dataclasses.replace(
        demo_result(), frequencies=rows.assign(warnings=rows["warnings"].mask(marked, "W_PANEL_MISMATCH"))
    )
    cell = show(result).rows("frequencies-table")["TSC2"]["Warnings"]
    assert cell == "W_PANEL_MISMATCH groups were profiled with different panels"
    assert list(FREQUENCY_COLUMNS)[-1] == "warnings"


def test_render_heterogeneity__tested_pairs_by_p(page):
    rows = demo_result().cooccurrence
    own = rows[rows["status"] == "tested"].set_index(["gene_a", "gene_b"])
    shown = page.rows("cooccurrence-table")
    assert [name.split(" and ") for name in shown] == [
        list(key) for key in own.sort_values(["p_primary", "gene_a", "gene_b"]).index
    ]
    row, cells = own.loc[("ATRX", "TSC2")], shown["ATRX and TSC2"]
    four = f"{row['both']}/{row['a_only']}/{row['b_only']}/{row['neither']}"
    assert cells["Both/first only/second only/neither"] == four == "3/1/6/13"
    assert (cells["p"], cells["q (BH)"]) == (p_text(row["p_primary"]), p_text(row["q_bh"]))
    assert (cells["Both expected"], cells["log2 OR"]) == (ratio(row["expected_both"]), ratio(row["log2_or"]))
    assert shown["SETD2 and TP53"]["log2 OR"] == "-1.77"
    assert f"{len(own)} tests in the family" in page.text


def test_render_heterogeneity__pairs_that_were_not_tested_are_counted(page):
    """ARID1A and SETD2 share no stratum in which both vary; DAXX and RB1 have two altered patients each."""
    assert "1 pair: no arrangement of the data could reach the significance level." in page.text
    assert demo_result().cooccurrence["status"].value_counts()["untestable_discrete"] == 1


def test_render_heterogeneity__pooling_is_warned_of_where_pairs_are_stratified(page):
    pooled = dataclasses.replace(demo_result(), cooccurrence=demo_result().cooccurrence.assign(strata="none"))
    sentence = "pooled, genes of one origin look like partners"
    assert sentence in page.text
    assert sentence not in show(pooled).text


def test_render_heterogeneity__treatment_classes(page):
    rows = demo_result().gene_treatment
    tested = rows[rows["status"] == "tested"]
    lines = page.tables["gene-treatment-pfs"][1:]
    assert [(line[0], line[2]) for line in lines] == [
        (row.feature, f"{row.n_altered}/{row.n_exposed}") for row in tested.itertuples()
    ]
    assert "An effect in one class and none in another is no evidence of a difference" in page.text
    n = int((rows["status"] == "too_few_exposed").sum())
    why = "fewer than 5 altered or fewer than 5 unaltered patients received the class"
    assert f"PFS: {n} not tested: {why}." in page.text


def test_render_heterogeneity__no_class_could_be_tested():
    rows = demo_result().gene_treatment
    result = dataclasses.replace(demo_result(), gene_treatment=rows[rows["status"] != "tested"])
    assert "No class was given to enough altered and unaltered patients." in show(result).paragraphs


def test_render_heterogeneity__effects_within_classes_and_their_interaction():
    rows = demo_result().gene_treatment
    one = rows[(rows["feature"] == "MEN1") & rows["regimen_class"].isin(["chemo_alkylating", "all"])].assign(
        status="tested", hr=2.5, hr_lo=0.8, hr_hi=float("nan"), p=0.12, interaction_p=0.034, q_bh=0.2
    )
    head, *lines = show(dataclasses.replace(demo_result(), gene_treatment=one)).tables["gene-treatment-pfs"]
    cells = dict(zip(head, lines[0], strict=True))
    assert (cells["Class"], cells["HR (95 % CI)"]) == ("chemotherapy, alkylating", "2.50 (0.80 to open)")
    assert (cells["p"], cells["Interaction p"], cells["q (BH)"]) == ("0.12", "0.034", "0.20")


def test_render_heterogeneity__names_are_text_whatever_they_hold():
    shown = show(rename(demo_result(), {"ATRX": EVIL, "lung": "<b>lung</b>"}))
    assert elements(shown, "img") == elements(shown, "b") == []
    assert EVIL in shown.rows("frequencies-table")
    assert "<b>lung</b>" in shown.tables["frequencies-table"][0]
    assert f"{EVIL} and TSC2" in shown.rows("cooccurrence-table")
