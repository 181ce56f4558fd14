"""The page in a real browser: it asks for nothing, complains about nothing, and does what its buttons say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.report.page.document import Section, render_document
from netgen.report.page.markup import join, raw, tag
from netgen.report.page.tables import render_table
from netgen.report.summary import p_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.report.page.browser import Browser, Page

pytestmark = pytest.mark.repeats

HOSTILE = "<img src=x onerror=alert(1)>"
PATIENTS = ["P2", "P10", HOSTILE, "P1", "p3", "P4", "P5", "P6", "P7", "P8"]
DAYS = [300, 8, None, 25, 100, 9, 1000, 400, 500, 600]
P_VALUES = [0.04, 0.5, float("nan"), 1e-12]
# Text nodes whose colour is less than 4.5 : 1 against the nearest opaque background (WCAG 2.2, 1.4.3).
CONTRAST = """(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const weak = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, svg")) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const [a, b] = [light(style.color), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const said = walker.currentNode.data.trim();
    if (ratio < 4.5 || style.opacity !== "1") weak.push([said, style.color, ground(element), ratio]);
  }
  return { seen, weak };
})()"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two tables with patients, one with results, and a drawing."""
    people = pd.DataFrame(
        {
            "patient_id": pd.array(PATIENTS, dtype="string"),
            "origin": pd.array(["lung", "thymus", HOSTILE, None, *["lung"] * 6], dtype="string"),
            "time_days": pd.array(DAYS, dtype="Int64"),
        }
    )
    results = pd.DataFrame(
        {
            "feature": pd.array(["MEN1", "DAXX", "TP53", "ATRX"], dtype="string"),
            "p": P_VALUES,
            "warnings": pd.array(["W_SMALL", "", "W_NON_PH;W_SMALL", ""], dtype="string"),
        }
    )
    first = render_table(
        people,
        columns={"time_days": "days at risk"},
        caption=f"Patients {HOSTILE}",
        id="first",
        row_patient="patient_id",
    )
    second = render_table(
        people.iloc[::-1, :2],
        columns=None,
        caption="Excluded",
        id="second",
        row_patient="patient_id",
        source="tables/e.tsv",
    )
    numbers = render_table(
        results, columns=None, caption="Genes", id="genes", formats={"p": p_text}, warnings_column="warnings"
    )
    drawing = raw(
        '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="20" id="drawing" role="img">'
        '<title>Columns</title><g data-patient="P10"><rect width="20" height="20" fill="#0072B2"/></g></svg>'
    )
    long = tag("p", "A sentence of the methods. " * 200)
    sections = [
        Section(id="flow", title=f"Flow {HOSTILE}", body=join([first, drawing]), note=HOSTILE),
        Section(id="genes-of", title="Genes", body=join([numbers, tag("p", "A caveat.", class_="caveat"), second])),
        Section(id="methods", title="Methods", body=join([long, long])),
    ]
    page = render_document(
        f"Study {HOSTILE}", sections, run_id="r1", label="Synthetic", date="2024", absent={"Therapy": HOSTILE}
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page, encoding="utf-8", newline="\n")
    return file


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    with browser.page(report) as opened:
        yield opened


def _rows(page: Page, table: str, column: int = 1) -> list[str]:
    """What a column shows, in the rows that are not hidden."""
    return page.texts(f"#{table} tbody tr:not([hidden]) > :nth-child({column})")


def _marked(page: Page) -> list[tuple[str, str]]:
    """Where marks are: element and patient."""
    found = page.evaluate(
        "[...document.querySelectorAll('.marked')].map(e => [e.tagName, e.getAttribute('data-patient')])"
    )
    return [tuple(item) for item in found]


def test_page__asks_for_nothing_but_itself_and_complains_about_nothing(page: Page, report: Path) -> None:
    page.click("#first thead button")
    page.click("#first tbody tr button")
    page.evaluate("scrollTo(0, 1e6)")
    page.settle()
    assert page.requests == [report.as_uri()]
    assert page.console == []


def test_page__shows_a_hostile_id_as_text_everywhere(page: Page) -> None:
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("document.title") == f"Study {HOSTILE}"
    assert page.texts("h1") == [f"Study {HOSTILE}"]
    assert page.texts("#flow > h2") == [f"1 Flow {HOSTILE}"]
    assert page.texts(".contents ol a")[0] == f"1 Flow {HOSTILE}"
    assert page.texts(".absent li") == [f"Therapy: {HOSTILE}"]
    assert page.texts("#first caption") == [f"Patients {HOSTILE}"]
    page.click("#first tbody tr:nth-child(3) button")
    assert page.texts(".marks button") == [f"{HOSTILE} ×"]  # noqa: RUF001  # the sign on the button
    assert page.evaluate("document.images.length") == 0
    assert page.console == []


def test_page__markup_that_slipped_in_would_not_run(page: Page) -> None:
    """The policy, not only the escaping: a handler, a script and a picture from elsewhere are stopped."""
    page.evaluate("window.hit = []")
    with pytest.raises(RuntimeError, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")
    page.evaluate(
        "{ const image = document.createElement('img'); image.setAttribute('src', 'https://example.org/x.png');"
        " document.body.append(image); const style = document.createElement('style');"
        " style.append('body { color: rgb(1, 2, 3) }'); document.body.append(style); }"
    )
    page.settle()
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(1, 2, 3)"
    assert any("violates the following Content Security Policy" in said and "img-src" in said for said in page.console)
    assert any("style-src" in said for said in page.console)


def test_sorting__a_click_sorts_up_then_down_then_as_written(page: Page) -> None:
    button = "#first thead th:nth-child(3) button"
    known = ["8", "9", "25", "100", "300", "400", "500", "600", "1000"]
    heading = "document.querySelector('#first thead th:nth-child(3)').getAttribute('aria-sort')"
    assert page.evaluate(heading) == "none"
    page.click(button)
    assert (_rows(page, "first", 3), page.evaluate(heading)) == ([*known, "–"], "ascending")  # noqa: RUF001
    page.click(button)
    assert (_rows(page, "first", 3), page.evaluate(heading)) == ([*known[::-1], "–"], "descending")  # noqa: RUF001
    page.click(button)
    assert (_rows(page, "first"), page.evaluate(heading)) == (PATIENTS, "none")


def test_sorting__numbers_within_text_count_as_numbers(page: Page) -> None:
    page.click("#first thead th:nth-child(1) button")
    assert _rows(page, "first") == [HOSTILE, "P1", "P2", "p3", "P4", "P5", "P6", "P7", "P8", "P10"]


def test_sorting__formatted_numbers_are_sorted_by_their_value(page: Page) -> None:
    page.click("#genes thead th:nth-child(2) button")
    assert _rows(page, "genes", 2) == ["1e-12", "0.04", "0.50", "–"]  # noqa: RUF001


@pytest.mark.parametrize("key", ["Enter", " "])
def test_sorting__works_by_keyboard_and_shows_the_focus(page: Page, key: str) -> None:
    page.focus("#genes thead th:nth-child(1) button")
    page.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "p"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press(key)
    assert _rows(page, "genes") == ["ATRX", "MEN1", "DAXX", "TP53"]


def test_filter__keeps_rows_that_hold_all_words(page: Page) -> None:
    page.focus("#first input")
    page.write("LUNG p")
    assert _rows(page, "first") == ["P2", "p3", "P4", "P5", "P6", "P7", "P8"]
    assert page.texts("#first output") == ["7 of 10 rows"]
    page.write("5")
    assert _rows(page, "first") == ["P5"]
    page.evaluate(
        "{ const i = document.querySelector('#first input'); i.value = ''; i.dispatchEvent(new Event('input')); }"
    )
    assert _rows(page, "first") == PATIENTS
    assert page.texts("#first output") == [""]


def test_filter__has_a_name_and_is_not_added_to_short_tables(page: Page) -> None:
    assert page.evaluate("document.querySelector('#first input').labels[0].textContent") == "Filter rows"
    assert page.evaluate("document.querySelectorAll('#genes input').length") == 0


def test_marking__a_click_marks_the_patient_in_tables_and_drawings(page: Page) -> None:
    page.click("#first tbody tr:nth-child(2) td")
    assert _marked(page) == [("TR", "P10"), ("g", "P10"), ("TR", "P10")]
    page.click("#drawing rect")
    assert _marked(page) == []
    assert page.evaluate("document.querySelector('.marks').hidden") is True


def test_marking__by_keyboard_tells_its_state_and_can_be_cleared(page: Page) -> None:
    page.focus("#second tbody tr:nth-child(4) button")
    page.press("Enter")
    assert _marked(page) == [("TR", "P5"), ("TR", "P5")]
    pressed = "[...document.querySelectorAll('tr.marked button')].map(b => b.getAttribute('aria-pressed'))"
    assert page.evaluate(pressed) == ["true", "true"]
    page.press("Tab")
    page.press(" ")
    assert len(_marked(page)) == 4
    page.click(".marks button:last-child")
    assert _marked(page) == []


def test_marking__survives_sorting(page: Page) -> None:
    page.click("#first tbody tr:nth-child(2) button")
    page.click("#first thead th:nth-child(3) button")
    assert page.texts("#first tr.marked th") == ["P10"]


def test_without_scripts__everything_is_there_and_nothing_that_does_nothing(browser: Browser, report: Path) -> None:
    with browser.page(report) as running, browser.page(report, scripts=False) as still:
        for table in ("first", "second", "genes"):
            assert still.texts(f"#{table} table tr > *") == running.texts(f"#{table} table tr > *")
        assert still.evaluate("document.querySelectorAll('button, input, output, .marks').length") == 0
        assert running.evaluate("document.querySelectorAll('button').length") > 0
        assert still.texts(".contents ol a") == running.texts(".contents ol a")
        still.click("#first summary")
        assert still.evaluate("document.querySelector('#first details').open") is True
        assert still.console == []
        assert still.requests == [report.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast__of_all_text_is_at_least_four_and_a_half(browser: Browser, report: Path, scheme: str) -> None:
    with browser.page(report, scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.focus("#first input")
        page.write("p")
        page.click("#first tbody tr:nth-child(2) td")
        found = page.evaluate(CONTRAST)
        assert found["weak"] == []
        assert found["seen"] > 80
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_contrast__the_measure_finds_pale_text(page: Page) -> None:
    page.evaluate("document.querySelector('h1').style.color = 'rgb(150, 150, 150)'")
    assert [item[0] for item in page.evaluate(CONTRAST)["weak"]] == [f"Study {HOSTILE}"]


def test_print__is_dark_on_white_with_nothing_to_press_or_scroll(browser: Browser, report: Path) -> None:
    with browser.page(report, scheme="dark", media="print") as page:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate(CONTRAST)["weak"] == []
        assert _displays(page, ".tools label, .skip, .marks") == {"none"}
        assert (
            page.evaluate("[...document.querySelectorAll('.scroll')].map(e => getComputedStyle(e).overflowY)")
            == ["visible"] * 3
        )
        assert page.pdf().startswith(b"%PDF-")


def _displays(page: Page, selector: str) -> set[Any]:
    return set(page.evaluate(f"[...document.querySelectorAll('{selector}')].map(e => getComputedStyle(e).display)"))


def test_narrow__the_page_does_not_scroll_sideways(browser: Browser, report: Path) -> None:
    with browser.page(report, width=360, height=700) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_wide__contents_stay_in_view_and_say_where_one_is(browser: Browser, report: Path) -> None:
    with browser.page(report, width=1360, height=700) as page:
        current = "document.querySelector('.contents [aria-current]').getAttribute('href')"
        assert page.evaluate(current) == "#flow"
        page.click(".contents ol li:nth-child(3) a")
        page.settle()
        assert page.evaluate(current) == "#methods"
        top = page.evaluate("document.querySelector('.contents').getBoundingClientRect().top")
        assert top == pytest.approx(0, abs=1)
        left, right = page.evaluate(
            "['.contents', 'main'].map(s => document.querySelector(s).getBoundingClientRect().left)"
        )
        assert left < right
