"""The whole report in a real browser, from a file, cut off from any network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.report.page.test_page_browser import CONTRAST
from tests.report.report_studies import FORMULA, HARM, IMAGE, QUOTES, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.report.page.browser import Browser, Page
    from tests.report.page_reader import PageReader

pytestmark = pytest.mark.repeats

GENES = "#associations-os-exploratory"
FIGURE = "#survival-1-km"  # overall survival by origin, three groups
CELL = '#oncoprint-figure [data-patient="P09"] .tip'


@pytest.fixture(scope="module")
def file(demo_report: Path) -> Path:
    return demo_report / "report.html"


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    with browser.page(file) as opened:
        yield opened


def column(page: Page, table: str, place: int) -> list[str]:
    return page.texts(f"{table} tbody tr > :nth-child({place})")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report__is_silent_asks_for_nothing_and_is_read_in_both_themes(
    browser: Browser, file: Path, scheme: str
) -> None:
    with browser.page(file, scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.evaluate("scrollTo(0, 1e7)")
        page.settle()
        assert page.console == []
        assert page.requests == [file.resolve().as_uri()]
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        found = page.evaluate(CONTRAST)
        assert found["weak"] == []
        assert found["seen"] > 5000
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        grounds = "[...document.querySelectorAll('.card')].map(card => getComputedStyle(card).backgroundColor)"
        assert set(page.evaluate(grounds)) == {"rgb(255, 255, 255)"}


def test_report__does_not_scroll_sideways_on_a_phone(browser: Browser, file: Path) -> None:
    with browser.page(file, width=360, height=700) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_report__every_figure_is_told_to_who_cannot_see_it(page: Page) -> None:
    drawings = page.evaluate(
        "[...document.querySelectorAll('figure svg[role=img]')].map(svg =>"
        " ['aria-labelledby', 'aria-describedby'].map(name =>"
        " document.getElementById(svg.getAttribute(name)).textContent.trim()))"
    )
    assert len(drawings) > 20
    assert all(len(title) > 3 and len(description) > 10 for title, description in drawings)
    bare = "document.querySelectorAll('svg:not([role=img]):not([role=slider]):not([aria-hidden])').length"
    assert page.evaluate(bare) == 0


def test_sorting__by_click_and_by_keyboard(page: Page, demo_report: Path) -> None:
    rows = pd.read_csv(demo_report / "associations" / "associations.tsv", sep="\t")
    tested = rows.query("endpoint == 'os' and status == 'tested'")
    written = column(page, GENES, 1)
    page.click(f"{GENES} thead th:nth-child(4) button")  # hazard ratio, sorted by its value and not by its text
    assert column(page, GENES, 1) == list(tested.sort_values("hr")["feature"])
    page.focus(f"{GENES} thead th:nth-child(4) button")
    page.press("Enter")
    assert column(page, GENES, 1) == list(tested.sort_values("hr", ascending=False)["feature"])
    page.press(" ")
    assert column(page, GENES, 1) == written
    page.press("Tab")
    page.press("Enter")
    heading = f"document.querySelector('{GENES} thead th:nth-child(5)').getAttribute('aria-sort')"
    assert page.evaluate(heading) == "ascending"
    assert column(page, GENES, 1) == list(tested.sort_values("p_primary")["feature"])
    assert page.console == []


def test_filter__finds_the_rows_of_a_gene(page: Page, demo_report: Path) -> None:
    cells = pd.read_csv(demo_report / "oncoprint" / "oncoprint.tsv", sep="\t")
    carriers = cells.loc[(cells["gene"] == "DAXX") & cells["classes"].notna(), "patient_id"]
    table = "#oncoprint-figure-alterations"
    page.evaluate(f"document.querySelector('{table}').closest('details').open = true")
    page.focus(f"{table} input")
    page.write("daxx")
    assert sorted(page.texts(f"{table} tbody tr:not([hidden]) > :first-child")) == sorted(carriers)


@pytest.mark.parametrize("months", [12, 24, 36])
def test_km__reads_off_what_the_table_holds(page: Page, demo_report: Path, months: int) -> None:
    rows = pd.read_csv(demo_report / "survival" / "km.tsv", sep="\t")
    known = rows.query("endpoint == 'os' and grouping == 'origin_group3'").set_index("group")
    place = page.evaluate(
        f"(data => data.x[data.time.findIndex(t => t.startsWith('{months}.0 months'))] / data.page[0])"
        f"(JSON.parse(document.querySelector('{FIGURE}-data').textContent))"
    )
    page.move(f"{FIGURE} .reader", x=place)
    page.move(f"{FIGURE} .reader", x=place)  # the first move scrolled the page
    head, *lines = page.evaluate(
        f"[...document.querySelectorAll('{FIGURE} .readout tr')].map(row => [...row.cells].map(c => c.textContent))"
    )
    assert head[0].startswith(f"{months}.0 months (day ")
    assert [line[0] for line in lines] == ["thymic", "lung", "duodenopancreatic"]
    for name, survival, risk in lines:
        row = known.loc[name]
        shown = [float(part) for part in re.findall(r"\d+\.\d+", survival)]
        expected = row[[f"s_{months}m", f"s_lo_{months}m", f"s_hi_{months}m"]].dropna().astype(float)
        assert shown == pytest.approx(list(expected), abs=0.00501)
        assert int(risk) == row[f"n_risk_{months}m"]


def test_oncoprint__a_cell_says_what_it_shows(page: Page, demo_report: Path) -> None:
    cells = pd.read_csv(demo_report / "oncoprint" / "oncoprint.tsv", sep="\t", keep_default_na=False)
    own = cells.loc[cells["patient_id"] == "P10"].reset_index(drop=True)
    words = {"truncating": "truncating mutation", "missense": "missense mutation"}
    for place, row in own.iterrows():
        spot = f'#oncoprint-figure [data-patient="P10"] .tip:nth-child({place + 1})'
        page.move(spot)
        page.move(spot, x=0.4)  # the first move scrolled the page, which hides a tip
        (said,) = page.texts(".tip-box")
        told = f"{row['labels']} ({words.get(row['classes'], '')})" if row["status"] == "altered" else ""
        silent = {"wild type": "no alteration", "not profiled": "not profiled"}
        assert said.startswith(f"P10, {row['gene']}: {told or silent[row['status']]}")


def test_marks__a_patient_is_marked_in_every_figure_and_table(page: Page) -> None:
    page.click("#actionability-patients tbody tr[data-patient='P09'] button.patient")
    assert page.texts(".marks button") == ["P09 \N{MULTIPLICATION SIGN}"]
    places = page.evaluate(
        "[...document.querySelectorAll('.marked')].map(e =>"
        " [e.dataset.patient, e.closest('figure, .table').id, e.closest('section').id])"
    )
    assert {patient for patient, _, _ in places} == {"P09"}
    assert {"oncoprint-figure", "therapy-swimmer", "response-1-waterfall", "actionability-patients"} <= {
        where for _, where, _ in places
    }
    assert {"oncoprint", "therapy", "response", "actionability", "associations"} <= {name for _, _, name in places}
    drawn = "getComputedStyle(document.querySelector('#therapy-swimmer [data-patient=\"P09\"] > .mark')).stroke"
    assert page.evaluate(drawn) != "none"
    page.click(CELL)
    assert page.evaluate("document.querySelectorAll('.marked').length") == 0
    assert page.evaluate(drawn) == "none"


def test_without_scripts__everything_can_be_read(browser: Browser, file: Path, demo_page: PageReader) -> None:
    with browser.page(file, scripts=False) as page:
        assert (
            page.evaluate("document.querySelectorAll('button, input, output, .reader, .tip-box, .marks').length") == 0
        )
        assert page.evaluate("[...document.querySelectorAll('[hidden]')].length") == 0
        shown = page.evaluate(
            "[...document.querySelectorAll('table')].map(table =>"
            " [...table.rows].map(row => [...row.cells].map(cell => cell.textContent)))"
        )
        read = [[table.headings, *table.rows] for table in demo_page.tables]
        assert [[[" ".join(cell.split()) for cell in row] for row in table] for table in shown] == [
            [[" ".join(cell.replace("\n", " ").split()) for cell in row] for row in table] for table in _unbroken(read)
        ]
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        unseen = "[...document.querySelectorAll('main p, main td, main th, main dd, main li')]"
        assert page.evaluate(f"{unseen}.filter(e => e.textContent.trim() && !e.checkVisibility()).length") == 0
        assert page.console == []
        assert page.requests == [file.resolve().as_uri()]


def _unbroken(tables: list[list[list[str]]]) -> list[list[list[str]]]:
    """Line breaks in headings are blanks to the reader and nothing to a browser."""
    return [[[re.sub(r"(\w) (n = \d+)$", r"\1\2", cell) for cell in row] for row in table] for table in tables]


def test_hostile__nothing_is_run_or_asked_for(browser: Browser, hostile_report: Path) -> None:
    file = hostile_report / "report.html"
    with browser.page(file) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.move("#associations-os-exploratory tbody tr > :first-child")
        page.click("#associations-os-exploratory thead th:nth-child(1) button")
        page.move("#oncoprint-figure .tip")
        page.move("#oncoprint-figure .tip", x=0.4)
        assert page.texts(".tip-box")[0] != ""
        assert page.evaluate("document.images.length") == 0
        assert page.evaluate("document.querySelectorAll('script:not([type])').length") == 1
        assert page.evaluate("document.title") == f"{IMAGE}{QUOTES}"
        assert page.texts("h1") == [f"{IMAGE}{QUOTES}"]
        assert page.texts("header .label") == [f"{SCRIPT}{FORMULA}"]
        assert {harm.upper() for harm in HARM} <= set(column(page, GENES, 1))
        for harm in HARM:
            assert harm.upper() in page.evaluate("document.querySelector('#oncoprint-figure svg').textContent")
        assert page.console == []
        assert page.requests == [file.resolve().as_uri()]
