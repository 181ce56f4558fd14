"""The methods in the page: the sentences of methods.md, linked to their references, user text as text."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from netgen.report.methods import compose_methods, number_references
from netgen.report.page.document import render_document
from netgen.report.page.section_methods import render
from tests.demo_run import demo_cohort
from tests.report.page.section_reader import Shown
from tests.report.report_cases import assemble, demo_report, entry_report, model_report


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r" \[[\d, ]+\]", "", text)).strip()


@pytest.mark.parametrize("results", [demo_report, entry_report, model_report], ids=["demo", "entry", "model"])
def test_section_methods__shows_every_sentence(results):
    shown = plain(Shown(render(results())).text)
    for part in compose_methods(results()):
        for sentence in part.sentences:
            assert plain(sentence.text) in shown


def test_section_methods__headings_are_those_of_the_paragraphs():
    shown = Shown(render(demo_report()))
    assert shown.headings == [*(part.title for part in compose_methods(demo_report())), "References"]


def test_section_methods__every_mark_leads_to_a_reference_with_its_doi():
    body = render(demo_report()).body
    marks = set(re.findall(r'href="#reference-(\d+)"', body))
    works = re.findall(r'<li id="reference-(\d+)">(.*?)</li>', body)
    assert marks == {number for number, _ in works}
    assert len(works) == len(number_references(compose_methods(demo_report())))
    doi = "10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"
    assert f"doi:{html.escape(doi)}" in body
    assert 'href="https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I"' in body


def test_section_methods__without_delayed_entry_the_word_truncation_does_not_occur():
    assert "truncat" not in render(demo_report()).body.lower()
    assert "left-truncated" in render(entry_report()).body


def test_section_methods__user_text_is_escaped():
    cohort = demo_cohort()
    panels = cohort.panels.assign(panel_id=cohort.panels["panel_id"].replace("A", "<img src=x onerror=alert(1)>"))
    profiles = cohort.profiles.replace("A", "<img src=x onerror=alert(1)>")
    hostile = dataclasses.replace(demo_report(), cohort=dataclasses.replace(cohort, panels=panels, profiles=profiles))
    body = render(hostile).body
    assert "<img" not in body
    assert "&lt;img src=x onerror=alert(1)&gt;" in body


def test_section_methods__stands_in_a_document():
    page = render_document("Demo", [render(assemble(demo_cohort()))], run_id="abc")
    assert 'id="methods"' in page
