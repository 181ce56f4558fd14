"""Checklists in the page: a table per checklist with every item, and what is left to do in bold."""

from __future__ import annotations

import pytest

from netgen.report.checklists import TO_COMPLETE, fill_checklists
from netgen.report.page.document import render_document
from netgen.report.page.section_checklists import render
from tests.demo_run import demo_cohort
from tests.report.page.section_reader import Shown
from tests.report.report_cases import assemble, changed, demo_report, entry_report, model_report, with_study


@pytest.mark.parametrize("results", [demo_report, entry_report, model_report], ids=["demo", "entry", "model"])
def test_section_checklists__every_item_is_shown_with_its_answer(results):
    shown = Shown(render(results()))
    for name, own in fill_checklists(results()).groupby("checklist", sort=False):
        table = shown.rows(f"checklist-{name}")
        assert list(table) == own["item"].tolist()
        for row in own.itertuples():
            assert table[row.item]["Text"] == row.text
            assert table[row.item]["Mode"] == row.mode
            assert table[row.item]["Asks"] == row.asks


def test_section_checklists__tripod_is_there_only_with_a_model():
    assert "checklist-tripod" not in Shown(render(demo_report())).tables
    assert "checklist-tripod" in Shown(render(model_report())).tables


def test_section_checklists__what_is_left_to_do_is_bold():
    filled = fill_checklists(demo_report())
    body = render(demo_report()).body
    assert body.count(f"<strong>{TO_COMPLETE}</strong>") == int((filled["mode"] != "auto").sum())


def test_section_checklists__each_checklist_is_cited():
    body = render(model_report()).body
    for doi in (
        "10.1371/journal.pmed.1001216",
        "10.1371/journal.pmed.0040296",
        "10.1371/journal.pmed.1001117",
        "10.7326/M14-0697",
        "10.1016/j.esmorw.2023.10.001",
    ):
        assert f'href="https://doi.org/{doi}"' in body


def test_section_checklists__esmo_grow_is_not_called_complete():
    text = Shown(render(demo_report())).text
    assert "35 recommendations" in text
    assert "Complete the full checklist" in text


def test_section_checklists__user_text_is_escaped_and_the_page_holds():
    hostile = with_study(demo_report(), title='<img src=x onerror="alert(1)">')
    section = render(hostile)
    assert "<img" not in section.body
    assert 'id="checklist-remark"' in render_document("Demo", [section], run_id="abc")


def test_section_checklists__of_a_bare_cohort_strobe_remains():
    shown = Shown(render(assemble(demo_cohort())))
    assert list(shown.tables) == ["checklist-strobe", "checklist-esmo-grow"]
    assert list(Shown(render(changed(demo_report(), association=None))).tables) == list(shown.tables)
