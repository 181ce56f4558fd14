"""Figures in a real browser: what is drawn, what is read off, what a keyboard reaches, with and without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import netgen as ng
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.swimmer import plot_swimmer
from netgen.report.oncoprint_files import build_oncoprint
from netgen.report.page.document import Section, render_document
from netgen.report.page.figure_steps import MOST, hover_times, probability_text, read_steps
from netgen.report.page.figures import beside, embed_km, embed_oncoprint, embed_swimmer
from netgen.report.page.markup import join
from netgen.report.page.svg import _draw

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from tests.report.page.browser import Browser, Page

pytestmark = pytest.mark.repeats

MONTH = 30.4375
READER = "#km-os .reader"
CELL = '#oncoprint [data-patient="P10"] .tip'


@pytest.fixture(scope="module")
def demo() -> ng.Cohort:
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def curves(demo: ng.Cohort) -> pd.DataFrame:
    found = ng.survival(demo).curves
    return found.loc[(found["endpoint"] == "os") & (found["grouping"] == "origin_group3")].reset_index(drop=True)


@pytest.fixture(scope="module")
def timeline(demo: ng.Cohort) -> pd.DataFrame:
    return ng.therapy(demo).timeline


@pytest.fixture(scope="module")
def report(
    demo: ng.Cohort, curves: pd.DataFrame, timeline: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The page with an oncoprint, two Kaplan-Meier figures and a swimmer."""
    body = join(
        [
            embed_oncoprint(build_oncoprint(demo), title="Oncoprint", description="Genes by patient.", key="oncoprint"),
            beside(
                [embed_km(curves, title=f"OS {k}", description="By origin.", key=f"km-os{k or ''}") for k in ("", 2)]
            ),
            embed_swimmer(timeline, title="Courses", description="A row per patient.", key="swimmer"),
        ]
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    page = render_document("Figures", [Section(id="figures", title="Figures", body=body)], run_id="r1")
    file.write_text(page, encoding="utf-8")
    return file


def read_out(page: Page) -> list[list[str]]:
    """Rows of what is read off the first Kaplan-Meier figure."""
    return page.evaluate(
        "[...document.querySelectorAll('#km-os .readout tr')].map(row => [...row.cells].map(cell => cell.textContent))"
    )


def expected(curves: pd.DataFrame, day: float) -> list[list[str]]:
    """The same, from the steps."""
    rows = [[f"{day / MONTH:.1f} months (day {round(day, 1):g})", "Survival (95 % CI)", "At risk"]]
    for group in dict.fromkeys(curves["group"]):
        read = read_steps(curves.loc[curves["group"] == group], np.array([day]))
        rows.append([group, probability_text(*(float(part[0]) for part in read[:3])), f"{read.n_risk[0]:.0f}"])
    return rows


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures__are_silent_ask_for_nothing_and_stay_on_white(browser: Browser, report: Path, scheme: str) -> None:
    with browser.page(report, scheme=scheme) as page:
        assert page.console == []
        assert page.requests == [report.resolve().as_uri()]
        colors = "[...document.querySelectorAll('.card')].map(card => getComputedStyle(card).backgroundColor)"
        assert set(page.evaluate(colors)) == {"rgb(255, 255, 255)"}
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_km__arrow_keys_read_every_step_as_the_tables_do(browser: Browser, report: Path, curves: pd.DataFrame) -> None:
    days = hover_times(curves, 72 * MONTH)
    assert len(days) <= MOST
    with browser.page(report) as page:
        page.focus(READER)
        assert read_out(page) == expected(curves, 0.0)
        for day in days[1:]:
            page.press("ArrowRight")
            assert read_out(page) == expected(curves, day)
        page.press("ArrowRight")  # it ends there
        assert read_out(page) == expected(curves, days[-1])


def test_km__reader_is_a_slider_that_says_what_is_read(browser: Browser, report: Path) -> None:
    with browser.page(report) as page:
        page.focus(READER)
        page.press("ArrowRight")
        names = ("role", "tabindex", "aria-label", "aria-valuemin", "aria-valuenow", "aria-valuetext")
        found = [page.evaluate(f"document.querySelector('{READER}').getAttribute('{name}')") for name in names]
        assert found[:5] == ["slider", "0", "OS : time", "0", "1"]
        (head, *rows) = read_out(page)
        assert found[5] == f"{head[0]}: " + "; ".join(f"{name} {read}, {risk} at risk" for name, read, risk in rows)
        assert page.evaluate(f"document.activeElement === document.querySelector('{READER}')")


def test_km__the_line_follows_the_pointer_to_the_nearest_time(
    browser: Browser, report: Path, curves: pd.DataFrame
) -> None:
    days = hover_times(curves, 72 * MONTH)
    with browser.page(report) as page:
        svg = "document.querySelector('#km-os .drawing > svg:not(.reader)')"
        places = page.evaluate(
            f"[...{svg}.querySelectorAll('text')].filter(text => ['12', '60'].includes(text.textContent))"
            ".map(text => Number(text.getAttribute('x')))"
        )
        wide = page.evaluate(f"{svg}.viewBox.baseVal.width")
        for share in (0.3, 0.45, 0.62, 0.8):
            page.move(READER, x=share, y=0.4)
            day = (12 + (share * wide - places[0]) / (places[1] - places[0]) * 48) * MONTH
            near = days[np.abs(days - day) < np.abs(days - day).min() + 4]  # within a pixel of the pointer
            assert read_out(page) in [expected(curves, one) for one in near]
            line = page.evaluate(f"document.querySelector('{READER} line').getBoundingClientRect().x")
            box = page.evaluate(f"(b => [b.x, b.width])(document.querySelector('{READER}').getBoundingClientRect())")
            assert abs((line - box[0]) / box[1] - share) < 0.03


def test_figures__without_a_script_the_numbers_are_in_a_table(browser: Browser, report: Path, demo: ng.Cohort) -> None:
    table = build_oncoprint(demo)
    per_patient = table.genes["gene"].nunique() + len(table.tracks) + table.burden
    with browser.page(report, scripts=False) as page:
        document = page.send("DOM.getDocument")["root"]["nodeId"]

        def count(selector: str) -> int:
            return len(page.send("DOM.querySelectorAll", nodeId=document, selector=selector)["nodeIds"])

        assert count(".reader, .readout, .tip-box") == 0
        assert count("#km-os details table tbody tr") == 3 * 7  # three groups, every twelve months
        assert count("#oncoprint .tip title") == 34 * per_patient


def test_tips__what_a_cell_shows_is_said_at_the_pointer(browser: Browser, report: Path, demo: ng.Cohort) -> None:
    found = demo.variants.merge(demo.samples[["sample_id", "patient_id"]], on="sample_id")
    (name,) = found.loc[(found["patient_id"] == "P10") & (found["gene"] == "MEN1"), "hgvsp_short"]
    with browser.page(report) as page:
        page.move(CELL)
        page.move(CELL, x=0.4)  # the first move scrolled the page, which hides a tip
        assert page.texts(".tip-box") == [f"P10, MEN1: {name} (truncating mutation)"]
        assert page.evaluate("getComputedStyle(document.querySelector('.tip-box')).display") == "block"
        page.press("Escape")
        assert page.evaluate("document.querySelector('.tip-box').hidden")
        page.move('#swimmer [data-patient="P01"] .tip')
        page.move('#swimmer [data-patient="P01"] .tip', x=0.9)
        assert page.texts(".tip-box")[0].startswith("P01: line 1 PRRT, months 2.1")
        page.move("h1")
        assert page.evaluate("document.querySelector('.tip-box').hidden")


def test_marks__a_click_on_a_cell_marks_the_patient_in_every_figure(browser: Browser, report: Path) -> None:
    with browser.page(report) as page:
        seen = "getComputedStyle(document.querySelector('#swimmer [data-patient=\"P10\"] > .mark')).stroke"
        assert page.evaluate(seen) == "none"
        page.click(CELL)
        assert page.evaluate(seen) == "rgb(179, 0, 60)"
        marked = "[...new Set([...document.querySelectorAll('.marked')].map(e => e.dataset.patient))]"
        assert page.evaluate(marked) == ["P10"]
        places = "[...document.querySelectorAll('.marked')].map(e => e.closest('figure').id)"
        assert set(page.evaluate(places)) == {"oncoprint", "swimmer"}
        assert (
            page.evaluate(f"getComputedStyle(document.querySelector('{CELL.replace(chr(39), chr(34))}')).fill")
            == "none"
        )
        page.click(CELL)
        assert page.evaluate(marked) == []


def picture(browser: Browser, svg: str, file: Path) -> np.ndarray:
    """What a browser draws of an SVG, on white."""
    from matplotlib.image import imread

    page_file = file.with_suffix(".html")
    page_file.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body>{svg}', encoding="utf-8")
    with browser.page(page_file, width=1100, height=1000) as page:
        page.evaluate("document.body.style.margin = 0")
        page.evaluate(
            "for (const [name, value] of [['width', 1000], ['height', '']])"
            " document.querySelector('svg').setAttribute(name, value)"
        )
        page.screenshot(file)
    return imread(file)[..., :3]


@pytest.mark.parametrize("name", ["oncoprint", "swimmer", "km"])
def test_embed__draws_what_matplotlib_drew(
    browser: Browser, demo: ng.Cohort, curves: pd.DataFrame, timeline: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    """Rounding, shared attributes and new ids change nothing: hatches, clips, markers, dashes and texts are there."""
    from netgen.plots.km import plot_km
    from netgen.report.figures import risk_table
    from netgen.report.page.svg import figure_svg

    figure = {
        "oncoprint": lambda: plot_oncoprint(build_oncoprint(demo)),
        "swimmer": lambda: plot_swimmer(timeline).figure,
        "km": lambda: plot_km(curves, risk_table(curves)).figure,
    }[name]()
    before = _draw(figure)
    first = picture(browser, before[before.index("<svg") :], tmp_path / "before.png")
    second = picture(browser, figure_svg(figure, title="x", description="y")[0], tmp_path / "after.png")
    assert first.shape == second.shape
    assert (first < 0.9).any(axis=2).mean() > 0.02  # there is something
    assert (np.abs(first - second).max(axis=2) > 0.35).mean() < 0.001
