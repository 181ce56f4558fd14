"""The methods text says what was run and nothing else; every option that changes a number changes a sentence."""

from __future__ import annotations

import dataclasses
import re

import pandas as pd
import pytest

import netgen as ng
from netgen import __version__
from netgen.association.group_survival import survival
from netgen.association.response import response
from netgen.association.therapy import therapy
from netgen.data import load_table
from netgen.report.methods import compose_methods, escape_markdown, list_references, number_references, write_methods
from netgen.report.methods_words import Sentence, count, listed, name_column, name_line, share
from netgen.study import EndpointRequest
from tests.demo_run import demo_cohort, demo_result
from tests.report.report_cases import assemble, changed, demo_report, entry_report, model_report, with_study


def paragraphs(results):
    return {item.title: " ".join(sentence.text for sentence in item.sentences) for item in compose_methods(results)}


def associated(**options):
    options = {"endpoints": ["os"], "model": False, **options}
    return assemble(demo_cohort(), association=ng.associate(demo_cohort(), **options))


def test_methods__demo_names_patients_definitions_tests_and_version():
    text = write_methods(demo_report())
    for clause in (
        "34 patients were analysed (data cut-off 2025-06-30)",
        "to death from any cause",
        "Sequencing was performed retrospectively on archived tissue; no delayed entry was applied",
        "a patient counted as altered if any sample was",
        "treated as missing, never as unaltered",
        "two-sided exact permutation log-rank tests, stratified by site of origin",
        "Firth-penalised Cox estimates (Efron's handling of ties) with profile penalised-likelihood 95% confidence",
        "in fewer than 3 patients were not tested (DAXX and RB1; 12 features altered in nobody)",
        "Benjamini-Hochberg q-values are reported for the exploratory family (6 tests)",
        f"netgen {__version__}, seed 20260101",
        "Research use only.",
    ):
        assert clause in text


def test_methods__without_delayed_entry_the_word_truncation_does_not_occur():
    for results in (demo_report(), model_report(), associated(features="lof"), associated(entry_rule="none")):
        assert "truncat" not in write_methods(results).lower()


def test_methods__with_delayed_entry_say_why_how_and_what_was_checked():
    text = paragraphs(entry_report())["Endpoints"]
    assert (
        "Because patients had to survive until sequencing, risk sets were left-truncated at the sequencing report"
        in text
    )
    assert "conditional Kendall's tau" in text
    assert "conditional on survival to the first day" in text
    assert "no delayed entry was applied" not in text
    assert "repeated without delayed entry" not in text


def test_methods__report_both_entry_analyses_only_if_both_were_run():
    both = entry_report('entry_rule = "sequencing_report"\nreport_both = true')
    assert "repeated without delayed entry and both are reported" in paragraphs(both)["Endpoints"]


def test_methods__a_stated_rule_of_no_entry_is_said_to_be_stated():
    text = paragraphs(entry_report('entry_rule = "none"'))["Endpoints"]
    assert "No delayed entry was applied, as the plan of the study states" in text


@pytest.mark.parametrize(
    ("options", "present", "absent"),
    [
        ({"strata": "none"}, [], ["stratified by site of origin"]),
        ({"ties": "breslow"}, ["Breslow's handling of ties"], ["Efron"]),
        ({"min_altered": 6}, ["in fewer than 6 patients were not tested"], []),
        ({"prespecified": ["ATRX", "MEN1"]}, ["pre-specified family (2 tests: ATRX and MEN1)", "(4 tests)"], []),
        ({"policy": "primary"}, ["the sample of the primary tumour was used"], ["if any sample was"]),
        ({"features": "lof"}, ["loss-of-function"], ["TERT promoter"]),
        ({"adjust": ["ki67_pct"]}, ["adjusted for Ki-67 index", "Firth-penalised Cox model"], ["permutation"]),
        ({"mode": "large"}, ["Efron"], ["Methods for small samples", "one estimator"]),
        ({"landmark": 90}, ["restarted at a landmark of 90 days"], []),
        ({"pathways": {"mTOR": ("PTEN", "TSC2")}}, ["A pathway counted as altered", "mTOR (PTEN, TSC2)"], []),
        ({"endpoints": ["pfs"]}, ["Progression-free survival (PFS)"], ["Overall survival (OS)", "across the"]),
        ({"permutations": 50, "endpoints": ["os"]}, ["permutation log-rank"], []),
        ({"seed": 7}, ["seeds 7 and 20260101"], []),
        ({"genes": ["VHL"]}, [], ["log-rank tests", "Hazard ratios", "q-values", "E-values", "Proportional hazards"]),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)  # fmt: skip
def test_methods__sentences_change_with_the_options(options, present, absent):
    text = " ".join(paragraphs(associated(**options)).values())
    for clause in present:
        assert clause in text
    for clause in absent:
        assert clause not in text


def test_methods__endpoints_with_different_plans_are_told_apart():
    found = demo_result()
    plan = {**found.plan, "endpoints": {**found.plan["endpoints"]}}
    plan["endpoints"]["pfs"] = {**plan["endpoints"]["pfs"], "strata": "none"}
    text = paragraphs(changed(demo_report(), association=dataclasses.replace(found, plan=plan)))
    tests = text["Associations with outcome"]
    assert "with outcome for OS were tested with two-sided exact permutation log-rank tests, stratified by" in tests
    assert "with outcome for PFS were tested with two-sided exact permutation log-rank tests." in tests
    assert "Proportional hazards were tested by" in tests


def test_methods__a_column_without_values_gives_no_sentence():
    found = demo_result()
    clauses = {
        "ph_p": "Grambsch", "rmst_diff": "restricted mean", "het_p": "Heterogeneity", "mdhr_80": "80% power",
        "evalue": "E-values", "p_minp": "min-P",
    }  # fmt: skip
    for column, clause in clauses.items():
        only = changed(demo_report(), survival=None)
        assert clause in paragraphs(only)["Associations with outcome"]
        bare = dataclasses.replace(found, table=found.table.assign(**{column: float("nan")}))
        assert clause not in paragraphs(changed(only, association=bare))["Associations with outcome"]


@pytest.mark.parametrize(
    ("missing", "title"),
    [
        ("association", "Associations with outcome"),
        ("survival", "Comparison of groups"),
        ("therapy", "Therapeutic algorithms"),
        ("response", "Response"),
        ("actionability", "Actionability"),
    ],
)
def test_methods__an_analysis_that_was_not_run_has_no_paragraph(missing, title):
    assert title in paragraphs(demo_report())
    assert title not in paragraphs(changed(demo_report(), **{missing: None}))


def test_methods__of_a_bare_cohort_only_patients_and_software_are_told():
    bare = assemble(demo_cohort())
    assert list(paragraphs(bare)) == ["Patients", "Software"]
    assert "Endpoints" not in paragraphs(bare)


def test_methods__the_model_is_told_only_if_one_was_fitted():
    assert "Penalised model" not in paragraphs(demo_report())
    text = paragraphs(model_report())["Penalised model"]
    assert "A lasso Cox model of all alterations was fitted for OS, beside Ki-67 index without penalty" in text
    assert "5-fold cross-validation repeated 20 times" in text
    assert "2 bootstrap resamples" in text
    assert "covariates scaled to unit variance" in text
    assert "Stability selection used 50 complementary pairs" in text
    assert (
        "Uno" not in text
        or model_report()
        .association.models["os"]
        .performance.query("status == 'ok' and metric.str.startswith('uno')", engine="python")
        .shape[0]
    )


def test_methods__sources_of_the_model_follow_its_settings():
    found = model_report().association
    model = found.models["os"]
    settings = {**model.settings, "alpha": 0.0, "alpha_requested": 1.0, "bootstrap": 0, "n_outer_repeats": 0}
    other = dataclasses.replace(model, settings=settings, stability=None)
    text = paragraphs(changed(model_report(), association=dataclasses.replace(found, models={"os": other})))
    assert "ridge Cox model of all alterations (ridge because few events allow no selection)" in text["Penalised model"]
    assert "bootstrap" not in text["Penalised model"]
    assert "Stability" not in text["Penalised model"]


def test_methods__response_follows_its_options():
    plain, other = (
        paragraphs(assemble(demo_cohort(), response=response(demo_cohort(), **options)))["Response"]
        for options in ({}, {"confirmed": True, "denominator": "evaluable", "lines": ["all"], "confirm_days": 35})
    )
    assert "without confirmation" in plain
    assert "all patients who started the line" in plain
    assert "permuted the labels of patients" not in plain
    assert "confirmed after at least 35 days" in other
    assert "patients with an evaluable response" in other
    assert "permuted the labels of patients" in other


def test_methods__therapy_and_groups_follow_their_options():
    cohort = demo_cohort()
    found = therapy(cohort, by="sex", margin=0.1, permutations=49, max_line=2)
    text = paragraphs(assemble(cohort, therapy=found))["Therapeutic algorithms"]
    assert "by sex, line by line up to line 2" in text
    assert "margin of 10 percentage points" in text
    assert "(49 permutations)" in text
    groups = survival(cohort, by="ki67_pct:40", endpoints=["ttp"], strata="sex", permutations=99)
    text = paragraphs(assemble(cohort, survival=groups))
    assert "by Ki-67 index (cut at 40)" in text["Comparison of groups"]
    assert "stratified by sex" in text["Comparison of groups"]
    assert "Aalen-Johansen" in text["Comparison of groups"]
    assert "death without it competes" in text["Endpoints"]
    assert "Aalen-Johansen" not in paragraphs(changed(demo_report(), therapy=None))["Comparison of groups"]


def test_methods__eligibility_and_exclusions_are_told():
    asked = dataclasses.replace(
        demo_cohort().study.eligibility, ki67_above=20.0, differentiation=("well",), require_advanced=True
    )
    text = paragraphs(with_study(demo_report(), eligibility=asked))["Patients"]
    assert "34 patients with well differentiated tumours, a Ki-67 index above 20% and advanced disease were" in text
    assert "Left out" not in text


@pytest.mark.parametrize(
    ("request_", "clause"),
    [
        ({"new_therapy": "event"}, "counts as the event, on its first day"),
        ({"censor_at": "last_contact"}, "censored at the last contact"),
        ({"clinical_pd": False}, "one seen only clinically does not count"),
        ({"assessment_interval_days": 90}, "180 days (two assessments)"),
    ],
)
def test_methods__choices_of_an_endpoint_change_its_definition(request_, clause):
    assert clause not in paragraphs(demo_report())["Endpoints"].split("(PFS)")[1]
    endpoints = {**demo_cohort().study.endpoints, "pfs": EndpointRequest(name="pfs", origin="line:1", **request_)}
    text = paragraphs(with_study(demo_report(), endpoints=endpoints))["Endpoints"]
    assert clause in text.split("(PFS)")[1]


def test_methods__a_recorded_endpoint_is_said_to_be_recorded():
    assert "(OS) was taken as the source recorded it" in paragraphs(entry_report())["Endpoints"]


def test_methods__partial_dates_are_told_with_their_number():
    cohort = demo_cohort()
    patients = cohort.patients.assign(
        date_death_precision=cohort.patients["date_death_precision"].replace("day", "month")
    )
    n = int((patients["date_death_precision"] == "month").sum())
    other = changed(demo_report(), cohort=dataclasses.replace(cohort, patients=patients))
    assert f"{n} dates of patients known only to the month" in paragraphs(other)["Missing data"]
    assert "known only to the month" not in paragraphs(demo_report())["Missing data"]


def test_methods__user_text_cannot_become_markup():
    hostile = "<img src=x onerror=alert(1)> [link](http://x) *bold*\n# head"
    text = write_methods(with_study(demo_report(), title=hostile, label=hostile))
    assert "<img" not in text.replace("\\<img", "")
    assert "\n# head" not in text
    assert r"\[link\](http://x)" in text


def test_escape_markdown__marks_every_special_character():
    assert escape_markdown("a_b*c`d|e~f#g&h\\i") == r"a\_b\*c\`d\|e\~f\#g\&h\\i"


def test_methods__citations_are_numbered_in_order_and_each_reference_is_cited():
    text = write_methods(demo_report())
    body, references = text.split("## References")
    cited = [int(number) for marks in re.findall(r"(?<!\\)\[([\d, ]+)\]", body) for number in marks.split(", ")]
    firsts = list(dict.fromkeys(cited))
    listed_numbers = [int(number) for number in re.findall(r"^(\d+)\. ", references, flags=re.MULTILINE)]
    assert listed_numbers == list(range(1, len(listed_numbers) + 1))
    assert sorted(firsts) == listed_numbers
    assert firsts[0] == 1


def test_methods__references_are_those_of_methods_that_were_used():
    without = number_references(
        compose_methods(changed(demo_report(), therapy=None, response=None, actionability=None))
    )
    assert {"kaplan_meier", "firth_cox", "bh"} <= set(without)
    assert not {"permanova", "recist", "oncotree", "lasso", "left_entry", "conditional_tau"} & set(without)
    assert {"left_entry", "conditional_tau"} <= set(number_references(compose_methods(entry_report())))
    assert {"lasso", "pooled_cv", "optimism"} <= set(number_references(compose_methods(model_report())))


def test_references__have_unique_keys_and_well_formed_dois():
    table = load_table("references.tsv")
    assert table["key"].is_unique
    known = table.loc[table["doi"] != "", "doi"]
    assert known.is_unique
    assert known.str.fullmatch(r"10\.\d{4,9}/\S+").all()
    assert table["citation"].str.contains(r"\(\d{4}\)$").all()
    with pytest.raises(KeyError):
        list_references(["no_such_work"])


def test_methods__same_run_same_text():
    assert write_methods(demo_report()) == write_methods(demo_report())


def test_share__says_once_what_is_true_of_all_and_keeps_the_order():
    def sentences(*texts):
        return [Sentence(text=f"{text}.") for text in texts]

    told = share(
        {"os": sentences("A{names}", "B{names}", "D{names}"), "pfs": sentences("A{names}", "C{names}", "D{names}")},
        lambda names: " and ".join(names).upper(),
    )
    assert [sentence.text for sentence in told] == ["A.", "B for OS.", "C for PFS.", "D."]


def test_words__lists_counts_and_names():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed([str(n) for n in range(22)], most=20) == ", ".join(map(str, range(20))) + " and 2 more"
    assert (count(1, "date"), count(1200, "date")) == ("1 date", "1,200 dates")
    assert name_column("ki67_pct:20,55") == "Ki-67 index (cut at 20 and 55)"
    assert name_column("TP53") == "TP53"
    assert (name_line(2), name_line(7)) == ("second-line", "line-7")


def test_methods__columns_of_the_user_stay_text():
    frame = pd.DataFrame({"x": ["<b>"]})
    assert name_column(str(frame["x"].iloc[0])) == "<b>"


def test_methods__groups_of_all_patients_are_told_apart_from_sequenced_ones():
    late = entry_report()
    plan = {
        **survival(demo_cohort(), endpoints=["os"], permutations=9).plan,
        "requested": late.association.plan["requested"],
    }
    groups = dataclasses.replace(survival(demo_cohort(), endpoints=["os"], permutations=9), plan=plan)
    text = paragraphs(changed(late, survival=groups))["Endpoints"]
    assert "risk sets of OS were left-truncated" in text
    assert "Comparisons between groups of all patients had no delayed entry" in text


def test_methods__many_features_are_counted_and_not_listed():
    found = demo_result()
    rare = found.table.loc[found.table["feature"] == "DAXX"]
    many = [rare.assign(feature=f"GENE{number}") for number in range(30)]
    other = dataclasses.replace(found, table=pd.concat([found.table, *many], ignore_index=True))
    text = paragraphs(changed(demo_report(), association=other))["Associations with outcome"]
    assert "were not tested (32 features, listed in skipped.tsv; 12 features altered in nobody)" in text
    assert "GENE1" not in text


def test_methods__lines_derived_from_drugs_are_told_with_their_rules():
    cohort = demo_cohort()
    treatments = cohort.treatments.assign(derivation_reason="L1")
    derived = changed(demo_report(), cohort=dataclasses.replace(cohort, treatments=treatments))
    assert "drugs begun within 28 days of each other formed a regimen" in paragraphs(derived)["Patients"]
    assert "after more than 120 days" in paragraphs(derived)["Patients"]
    assert "derived from records of drugs" not in paragraphs(demo_report())["Patients"]


def test_methods__who_was_left_out_on_reading_is_counted_by_reason():
    asked = dataclasses.replace(demo_cohort().study, eligibility=dataclasses.replace(
        demo_cohort().study.eligibility, ki67_above=50.0))  # fmt: skip
    cohort = ng.read_cohort(asked)
    text = paragraphs(assemble(cohort))["Patients"]
    n = int((demo_cohort().patients["ki67_pct"] <= 50).sum())
    assert f"{34 - n} patients with a Ki-67 index above 50% were analysed" in text
    assert f"Left out on the way from 34 rows read: ki67 not above, n = {n}." in text
