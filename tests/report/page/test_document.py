"""The page around the sections: what it lets in, what it says where."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

import pytest

from netgen.report.page.document import Section, render_document
from netgen.report.page.markup import tag
from netgen.research_use import RESEARCH_USE

SECTIONS = [
    Section(id="flow", title="Flow of patients", body=tag("p", "34 patients."), note="Counts add up."),
    Section(id="survival", title="Survival <all>", body=tag("p", "21 deaths.", id="deaths")),
]
ASSETS = sorted(
    (item.name, item.read_text(encoding="utf-8")) for item in files("netgen.data").joinpath("report").iterdir()
)


def _page(**settings: object) -> str:
    return render_document("Three <origins>", SECTIONS, **{"run_id": "20240601-ab12", **settings})


def _one(pattern: str, page: str) -> str:
    found = re.findall(pattern, page, re.DOTALL)
    assert len(found) == 1, pattern
    return found[0]


def test_render_document__policy_names_the_hashes_of_the_style_and_the_script() -> None:
    page = _page()
    policy = _one(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for element in ("style", "script"):
        content = _one(rf"<{element}>(.*?)</{element}>", page)
        digest = base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode()
        assert rules[f"{element}-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_render_document__policy_stands_before_what_it_governs() -> None:
    page = _page()
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script>")


def test_render_document__holds_every_style_and_script_that_ships() -> None:
    page = _page()
    names = [name for name, _ in ASSETS]
    assert {"report.css", "report.js"} <= set(names)
    for _, content in ASSETS:
        assert content.strip() in page


def test_render_document__loads_nothing() -> None:
    page = _page()
    markup = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    assert "<script" not in markup
    assert re.findall(r'\ssrc="', markup) == []
    assert set(re.findall(r'href="([^"]*)"', markup)) == {"data:,", "#main", "#flow", "#survival"}


def test_assets__load_nothing_and_never_read_text_as_html() -> None:
    styles = ["@import", "url(", "expression("]
    reading = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser"]
    asking = ["fetch(", "import(", "XMLHttpRequest", "WebSocket", "sendBeacon", "localStorage", "document.cookie"]
    forbidden = {".css": styles, ".js": [*reading, *asking, 'setAttribute("style"']}
    for name, content in ASSETS:
        assert [word for word in forbidden[name[name.index(".") :]] if word in content] == [], name
        # the name of the SVG namespace is an address that nothing asks for
        assert "http" not in content.replace("http://www.w3.org/2000/svg", ""), name


def test_assets__both_ways_to_the_dark_theme_have_the_same_colours() -> None:
    css = dict(ASSETS)["report.css"]
    system = _one(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', css)
    chosen = _one(r':root\[data-theme="dark"\] \{(.*?)\}', css)
    light = _one(r"^:root \{(.*?)\}", css.partition("*/")[2].strip())
    assert system.split() == chosen.split()
    named = re.compile(r"(--[a-z-]+): #")
    assert set(named.findall(chosen)) == set(named.findall(light))


def test_render_document__numbers_the_sections_and_lists_them_in_the_contents() -> None:
    page = _page()
    contents = _one(r'<nav class="contents".*?</nav>', page)
    assert re.findall(r'<a href="#([a-z]+)"><span class="number">(\d)</span> ([^<]*)</a>', contents) == [
        ("flow", "1", "Flow of patients"),
        ("survival", "2", "Survival &lt;all&gt;"),
    ]
    assert re.findall(r'<section id="([a-z]+)"', page) == ["flow", "survival"]
    assert '<h2 id="survival-title"><span class="number">2</span> Survival &lt;all&gt;</h2>' in page
    assert '<p class="note">Counts add up.</p>' in page


def test_render_document__says_what_is_not_there_and_why() -> None:
    assert "Not in this report" not in _page()
    page = _page(absent={"Therapy": "no table of <lines>"})
    assert "<h3>Not in this report</h3>" in page
    assert "<li><b>Therapy</b>: no table of &lt;lines&gt;</li>" in page


def test_render_document__header_has_title_date_run_and_the_limits_of_use() -> None:
    page = _page(
        date="data cut-off 2024-06-30", label="Synthetic data", subtitle="34 patients", facts={"Patients": "34"}
    )
    header = _one(r'<header class="title">.*?</header>', page)
    assert "<h1>Three &lt;origins&gt;</h1>" in header
    assert "<title>Three &lt;origins&gt;</title>" in page
    for name, value in (("Date", "data cut-off 2024-06-30"), ("Run", "20240601-ab12"), ("Patients", "34")):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in header
    assert '<p class="label">Synthetic data</p>' in header
    assert header.count(RESEARCH_USE) == 1
    assert RESEARCH_USE in _one(r"<footer>.*?</footer>", page)


def test_render_document__leaves_out_what_is_blank() -> None:
    page = _page()
    assert "<dt>Date</dt>" not in page
    assert 'class="label"' not in page.partition("</style>")[2]


@pytest.mark.parametrize(
    ("theme", "root"), [("auto", '<html lang="en">'), ("dark", '<html lang="en" data-theme="dark">')]
)
def test_render_document__theme_follows_the_system_unless_one_is_asked_for(theme: str, root: str) -> None:
    assert root in _page(theme=theme)


def test_render_document__same_arguments_give_the_same_bytes() -> None:
    assert _page() == _page()


def test_render_document__refuses_an_id_used_twice() -> None:
    twice = Section(id="deaths", title="Deaths", body=tag("p", "x"))
    with pytest.raises(ValueError, match="used once, found twice: deaths"):
        render_document("x", [*SECTIONS, twice], run_id="r")


@pytest.mark.parametrize("name", ["Flow", "1flow", "flow of", "", 'x"'])
def test_render_document__refuses_an_id_that_is_no_anchor(name: str) -> None:
    with pytest.raises(ValueError, match="the id of a section must be"):
        render_document("x", [Section(id=name, title="x", body=tag("p", "x"))], run_id="r")
