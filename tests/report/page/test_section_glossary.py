"""The glossary explains the words, codes and statuses that occur, all of them and no others."""

from __future__ import annotations

import dataclasses

import pytest

from netgen.association.results import STATUSES
from netgen.data import load_table
from netgen.errors import CODES, Findings
from netgen.report.glossary import _conditions, list_codes, list_statuses, list_terms
from netgen.report.page.section_glossary import render
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.section_reader import Shown
from tests.report.report_cases import assemble, changed, demo_report, entry_report, model_report


def terms(results):
    return set(list_terms(results)["term"])


def test_glossary__every_condition_of_the_table_is_known_and_used():
    assert set(load_table("glossary.tsv")["when"]) == set(_conditions(demo_report()))
    assert load_table("glossary.tsv")["term"].is_unique


@pytest.mark.parametrize(
    ("results", "present", "absent"),
    [
        (demo_report, {"permutation test", "Firth estimate", "PERMANOVA", "ORR, DCR", "in scope", "hazard ratio (HR)"},
         {"delayed entry (left truncation)", "competing event", "1-SE rule", "landmark"}),
        (entry_report, {"delayed entry (left truncation)", "t0 (conditional curve)", "permutation test"},
         {"PERMANOVA", "ORR, DCR", "in scope", "1-SE rule"}),
        (model_report, {"1-SE rule", "optimism, nested cross-validation", "stability selection"},
         {"delayed entry (left truncation)", "PERMANOVA"}),
        (lambda: assemble(demo_cohort()), {"origin", "reverse Kaplan-Meier", "standardised difference"},
         {"hazard ratio (HR)", "permutation test", "feature", "q-value (BH)"}),
    ],
    ids=["demo", "entry", "model", "bare"],
)  # fmt: skip
def test_glossary__words_are_those_that_a_run_needs(results, present, absent):
    assert present <= terms(results())
    assert not absent & terms(results())


def test_glossary__codes_are_those_of_findings_and_of_rows():
    codes = list_codes(demo_report())
    rows = {code for text in demo_result().table["warnings"].dropna() for code in text.split(";") if code}
    said = {item.code for item in demo_result().findings}
    assert rows | said <= set(codes["code"])
    assert "W_MONOTONE" in rows
    assert codes["meaning"].tolist() == [CODES[code] for code in codes["code"]]
    assert codes["code"].tolist() == sorted(codes["code"], key=lambda code: ("EWI".index(code[0]), code))


def test_glossary__a_code_beyond_the_run_is_not_explained():
    assert "W_DEPENDENT_TRUNCATION" not in set(list_codes(demo_report())["code"])
    assert "W_DEPENDENT_TRUNCATION" in set(list_codes(entry_report())["code"])
    silent = dataclasses.replace(demo_cohort(), findings=Findings())
    bare = changed(assemble(demo_cohort()), cohort=silent)
    quiet = dataclasses.replace(bare.description, findings=Findings())
    assert not {"I_STATUS_ASSUMED_SOMATIC"} & set(list_codes(changed(bare, description=quiet))["code"])


def test_glossary__statuses_are_those_of_rows():
    found = list_statuses(demo_report()).set_index("status")["meaning"]
    assert found["too_few_altered"] == STATUSES["too_few_altered"]
    assert set(demo_result().table["status"]) <= set(found.index)
    assert "untestable_discrete" not in found.index
    assert not len(list_statuses(assemble(demo_cohort())))


def test_section_glossary__shows_terms_with_their_meaning():
    shown = Shown(render(demo_report()))
    assert shown.headings[0] == "Words"
    told = dict(shown.terms)
    for term, meaning in list_terms(demo_report()).itertuples(index=False):
        assert told[term].lower().rstrip(".") == meaning.lower().rstrip(".")
    for code, meaning in list_codes(demo_report()).itertuples(index=False):
        assert told[code].lower().rstrip(".") == meaning.lower().rstrip(".")


def test_section_glossary__codes_can_be_linked_to():
    body = render(demo_report()).body
    assert '<dt id="glossary-w-monotone">' in body


def test_section_glossary__without_delayed_entry_the_word_truncation_does_not_occur():
    assert "truncat" not in render(demo_report()).body.lower()
