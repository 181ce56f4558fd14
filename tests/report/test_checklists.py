"""Reporting checklists: every item is there, what was run answers, and nothing is invented."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import netgen as ng
from netgen.data import load_table, load_yaml
from netgen.report.checklists import (
    CHECKLIST_COLUMNS,
    FILE,
    TO_COMPLETE,
    choose_checklists,
    fill_checklists,
    list_facts,
)
from tests.demo_run import demo_cohort, demo_result
from tests.report.report_cases import assemble, changed, demo_report, entry_report, model_report, with_study


def split(ids):
    return ids.split()


# The numbers of the items as the statements print them: REMARK 20, STROBE (cohort) 22, STROBE-ME 17, TRIPOD 2015 22.
REMARK = [str(number) for number in range(1, 21)]
STROBE = split(
    "1a 1b 2 3 4 5 6a 6b 7 8 9 10 11 12a 12b 12c 12d 12e 13a 13b 13c 14a 14b 14c 15 16a 16b 16c 17 18 19 20 21 22"
)
STROBE_ME = split(
    "ME-1 ME-2 ME-3 ME-4 ME-4.1 ME-4.2 ME-4.3 ME-4.4 ME-6 ME-8 ME-12 ME-12.1 ME-13 ME-14 ME-19 ME-20 ME-22"
)
TRIPOD = split(
    "1 2 3a 3b 4a 4b 5a 5b 5c 6a 6b 7a 7b 8 9 10a 10b 10c 10d 10e 11 12 13a 13b 13c 14a 14b 15a 15b 16 17 18 19a 19b"
    " 20 21 22"
)
# Modes of REMARK by DOMAIN 5.1; auto/partial and auto/manual there are partial here.
REMARK_MODES = {
    **dict.fromkeys(("7", "8", "9", "10", "11", "12", "13", "15", "18"), "auto"),
    **dict.fromkeys(("1", "2", "3", "5", "19"), "partial"),
    "20": "manual",
}
TRIPOD_ANSWERED = split("4b 5a 5b 5c 6a 7a 8 9 10a 10b 10c 10d 13a 13b 14a 14b 15a 16 18")


def bare_report():
    return assemble(demo_cohort())


def rows(results, name):
    found = fill_checklists(results, [name])
    return {row.item: row for row in found.itertuples()}


@pytest.mark.parametrize(
    ("name", "items"),
    [("remark", REMARK), ("strobe", STROBE), ("strobe-me", STROBE_ME), ("tripod", TRIPOD)],
    ids=["remark", "strobe", "strobe-me", "tripod"],
)
@pytest.mark.parametrize(
    "results", [demo_report, model_report, lambda: assemble(demo_cohort())], ids=["demo", "model", "bare"]
)
def test_checklists__hold_every_item_of_the_statement_whatever_was_run(name, items, results):
    assert list(rows(results(), name)) == items


def test_checklists__have_the_declared_columns_and_known_modes():
    filled = fill_checklists(demo_report())
    assert list(filled.columns) == list(CHECKLIST_COLUMNS)
    assert set(filled["mode"]) == {"auto", "partial", "manual"}
    assert filled.notna().all(axis=None)


@pytest.mark.parametrize("results", [demo_report, model_report, entry_report, bare_report])
def test_checklists__mode_and_text_agree(results):
    filled = fill_checklists(results(), load_yaml(FILE))
    auto, partial, manual = (filled.loc[filled["mode"] == mode, "text"] for mode in ("auto", "partial", "manual"))
    assert (manual == TO_COMPLETE).all()
    assert not auto.str.contains(TO_COMPLETE).any()
    assert partial.str.contains(f".{TO_COMPLETE}: ", regex=True).all()
    assert not partial.str.startswith(TO_COMPLETE).any()
    assert not filled["text"].str.contains(r"\b(?:nan|None|NaN|NA)\b").any()


def test_checklists__remark_is_answered_as_specified():
    found = rows(demo_report(), "remark")
    assert {item: found[item].mode for item in REMARK_MODES} == REMARK_MODES
    assert "No feature was pre-specified" in found["1"].text
    assert "34 patients" in found["2"].text
    assert "alkylating (13)" in found["3"].text
    assert "primary (20) and metastasis (14)" in found["4"].text
    assert "A (20 genes) and B (18 genes)" in found["5"].text
    assert "Diagnoses from 2016-10-04 to 2024-02-02" in found["6"].text
    assert "OS: 23 events in 34 patients; PFS: 31 events in 34 patients" in found["12"].text
    assert "ATRX HR 6.61 (1.90 to 22.98), p = 0.012" in found["15"].text


def test_checklists__multivariable_items_wait_for_covariates():
    plain = rows(demo_report(), "remark")
    assert (plain["16"].mode, plain["17"].text) == ("manual", TO_COMPLETE)
    found = ng.associate(demo_cohort(), endpoints=["os"], model=False, adjust=["ki67_pct"])
    adjusted = rows(assemble(demo_cohort(), association=found), "remark")
    assert adjusted["16"].mode == "auto"
    assert "OS, adjusted for Ki-67 index: " in adjusted["17"].text
    assert adjusted["15"].mode == "manual"


def test_checklists__tripod_only_if_a_model_was_fitted():
    assert "tripod" not in choose_checklists(demo_report())
    assert choose_checklists(model_report()) == ["remark", "strobe", "strobe-me", "tripod", "esmo-grow"]
    assert "tripod" not in set(fill_checklists(demo_report())["checklist"])


def test_checklists__tripod_is_answered_as_specified():
    found = rows(model_report(), "tripod")
    model = model_report().association.models["os"]
    unanswered = {item for item in TRIPOD_ANSWERED if found[item].mode == "manual"}
    assert unanswered == {"14b"}  # the associations are adjusted
    assert f"{model.n} patients, {model.n_events} events" in found["14a"].text
    assert model.verdict.rstrip(".") in found["16"].text
    assert "beside Ki-67 index without penalty" in found["10b"].text
    assert "Harrell's C" in found["10d"].text


def test_checklists__of_a_cohort_without_genes_there_are_no_marker_checklists():
    assert choose_checklists(changed(demo_report(), association=None)) == ["strobe", "esmo-grow"]


def test_checklists__bare_cohort_claims_no_method_and_no_result():
    filled = fill_checklists(assemble(demo_cohort()), ["strobe"]).set_index("item")
    for item in ("7", "12a", "12b", "12e", "15", "16a", "16b", "17", "19"):
        assert filled.loc[item, "mode"] == "manual"
    assert filled.loc["14a", "mode"] == "auto"


def test_checklists__delayed_entry_is_told_where_it_was_applied():
    late = rows(entry_report(), "esmo-grow")["immortal time"].text
    assert "left-truncated" in late
    assert "truncat" not in rows(demo_report(), "esmo-grow")["immortal time"].text


def test_checklists__day_offsets_have_no_calendar():
    cohort = demo_cohort()
    patients = cohort.patients.assign(time_base=pd.array(["offset"] * len(cohort.patients), dtype="string"))
    study = dataclasses.replace(cohort.study, data_cutoff=None)
    offset = changed(demo_report(), cohort=dataclasses.replace(cohort, patients=patients, study=study))
    assert "Diagnoses" not in rows(offset, "strobe")["5"].text


def test_checklists__numbers_are_those_of_the_tables():
    table = demo_result().table
    tested = table.loc[(table["endpoint"] == "os") & (table["status"] == "tested")]
    text = rows(demo_report(), "remark")["9"].text
    assert f"between {tested['mdhr_80'].min():.2f} and {tested['mdhr_80'].max():.2f}" in text
    frequencies = demo_result().frequencies
    whole = frequencies.loc[(frequencies["origin"] == "all") & (frequencies["n_altered"] > 0)]
    text = rows(demo_report(), "strobe-me")["ME-14"].text
    for row in whole.itertuples():
        assert f"{row.feature} {row.n_altered}/{row.n_profiled}" in text


def test_checklists__declarations_name_facts_and_references_that_exist():
    facts, references = set(list_facts()), set(load_table("references.tsv")["key"])
    for name, about in load_yaml(FILE).items():
        assert about["reference"] in references, name
        assert set(about) == {"title", "about", "reference", "needs", "items"}
        ids = [item["id"] for item in about["items"]]
        assert len(ids) == len(set(ids))
        for item in about["items"]:
            assert set(item.get("facts", ())) <= facts, item
            assert item["mode"] in {"auto", "partial", "manual"}
            assert ("facts" in item) == (item["mode"] != "manual"), item
            assert ("rest" in item) == (item["mode"] == "partial"), item
    used = {fact for about in load_yaml(FILE).values() for item in about["items"] for fact in item.get("facts", ())}
    assert used == facts


def test_checklists__unknown_names_are_refused():
    with pytest.raises(KeyError, match="consort"):
        fill_checklists(demo_report(), ["consort"])


def test_checklists__text_of_the_user_stays_text():
    hostile = "<script>alert(1)</script>"
    found = rows(with_study(demo_report(), title=hostile), "remark")
    assert found["1"].text.startswith(f"{hostile}: ")
