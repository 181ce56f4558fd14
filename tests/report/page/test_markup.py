"""Markup: whatever a text holds, a reader sees that text and the page holds no more elements than were asked for."""

from __future__ import annotations

import ast
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netgen.report.page
from netgen.report.page.markup import Markup, data_block, join, raw, tag, text

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{}</svg>'
HOSTILE = "<img src=x onerror=alert(1)>"


class _Reader(HTMLParser):
    """What a parser finds: elements with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


# \r is left out: a parser of HTML reads it as \n. So are the characters no page may hold.
TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff", include_characters="\n\t")
)


@given(TEXTS)
def test_tag__any_text_is_read_back_as_it_was(content: str) -> None:
    found = _Reader(tag("p", content, title=content, data_patient=content))
    assert found.elements == [("p", {"title": content, "data-patient": content})]
    assert found.text == content


def test_tag__escapes_what_could_become_an_element() -> None:
    assert tag("td", HOSTILE) == "<td>&lt;img src=x onerror=alert(1)&gt;</td>"
    assert tag("td", "a", title='"><script>') == '<td title="&quot;&gt;&lt;script&gt;">a</td>'


def test_tag__nests_markup_and_lists_and_leaves_out_none() -> None:
    made = tag("ul", [tag("li", "a & b"), None, [tag("li", tag("b", "c"))]], None)
    assert made == "<ul><li>a &amp; b</li><li><b>c</b></li></ul>"
    assert isinstance(made, Markup)


def test_tag__names_attributes_as_html_does() -> None:
    made = tag(
        "details", class_="wide", data_patient="P01", aria_label="x", open=True, hidden=False, id=None, tabindex=0
    )
    assert made == '<details class="wide" data-patient="P01" aria-label="x" open tabindex="0"></details>'


def test_tag__text_joined_outside_is_escaped_again() -> None:
    """Text that left the functions of the module is text: no string operation makes new markup."""
    bold = tag("b", "x")
    for lost in (bold + "<i>", "".join(["", *[bold] * 2]), f"{bold} {bold}", bold.replace("x", "<i>"), bold.lower()):
        assert not isinstance(lost, Markup)
        assert "&lt;b&gt;" in tag("p", lost)


def test_text__shows_control_characters_and_broken_surrogates_as_replacement() -> None:
    assert text("a\x00b\x1bc\ud800d\x85e\uffff") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"
    assert text("a\tb\nc") == "a\tb\nc"


def test_join__puts_an_escaped_separator_between_what_is_there() -> None:
    assert join(["a", None, tag("b", "c")], " < ") == "a &lt; <b>c</b>"


@pytest.mark.parametrize(
    "name", ["script", "style", "iframe", "object", "link", "form", "input", "svg", "IMG", "p onclick"]
)
def test_tag__refuses_elements_that_run_load_or_send(name: str) -> None:
    with pytest.raises(ValueError, match="the report has no element"):
        tag(name)


@pytest.mark.parametrize("name", ["onclick", "style", "srcdoc", "formaction", "a b", 'a"', "data_Patient"])
def test_tag__refuses_attributes_that_run_or_style(name: str) -> None:
    with pytest.raises(ValueError, match="the report has no attribute"):
        tag("p", **{name: "x"})


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JavaScript:x",
        "data:text/html,x",
        "http://x.org/",
        "//x.org",
        "/etc",
        "a b",
        "java\nscript:x",
        "",
    ],
)
def test_tag__refuses_links_to_other_schemes(target: str) -> None:
    with pytest.raises(ValueError, match="a link must lead to"):
        tag("a", "x", href=target)


@pytest.mark.parametrize("target", ["#flow", "tables/associations.tsv", "https://doi.org/10.1/x"])
def test_tag__links_within_the_page_beside_it_and_to_https(target: str) -> None:
    assert tag("a", "x", href=target) == f'<a href="{target}">x</a>'


def test_tag__refuses_images_from_elsewhere() -> None:
    with pytest.raises(ValueError, match="an image must be embedded"):
        tag("img", src="figures/x.png", alt="x")


@pytest.mark.parametrize("child", [1, 0.5, True, b"x", float("nan")])
def test_tag__refuses_numbers_so_that_they_are_formatted(child: object) -> None:
    with pytest.raises(TypeError, match="format it first"):
        tag("td", child)  # type: ignore[arg-type]


def test_tag__refuses_float_attributes() -> None:
    with pytest.raises(TypeError, match="attribute data-x must be text, got float: format it first"):
        tag("td", data_x=0.1)  # type: ignore[arg-type]


def test_tag__void_elements_have_no_children() -> None:
    assert tag("br") == "<br>"
    with pytest.raises(ValueError, match="<br> cannot have children"):
        tag("br", "x")


def test_raw__lets_a_drawing_through() -> None:
    drawing = SVG.format(
        '<defs><clipPath id="a"><path d="M0 0"/></clipPath></defs><g clip-path="url(#a)"/><use href="#a"/>'
    )
    assert raw(drawing) == drawing


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<script>alert(1)</script>", "element <script>"),
        ("<style>*{}</style>", "element <style>"),
        ("<foreignObject><p/></foreignObject>", "element <foreignObject>"),
        ('<a href="#x"/>', "element <a>"),
        ('<set attributeName="href" to="javascript:x"/>', "element <set>"),
        ('<g onclick="x()"/>', "no handler"),
        ('<g style="fill:red"/>', "no style attribute"),
        ('<use href="https://x.org/a.svg#b"/>', "must not load"),
        ('<image href="x.png"/>', "must not load"),
        ('<rect fill="url(https://x.org/a)"/>', "must not load"),
        (r'<rect fill="\75rl(https://x.org/a)"/>', "must not load"),
        ("<!-- c -->", "comment"),
        ("<title><![CDATA[<img src=x onerror=alert(1)>]]></title>", "CDATA"),
        ("<?xml-stylesheet href='x'?>", "XML declaration"),
        ("<g>", "not well-formed"),
        ("</svg><img/>", "not well-formed"),
        ("<g:script xmlns:g='http://www.w3.org/2000/svg'/>", "element <g:script>"),
    ],
)
def test_raw__refuses_drawings_that_do_more(content: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        raw(SVG.format(content))


def test_raw__refuses_html() -> None:
    with pytest.raises(ValueError, match="must start with <svg"):
        raw("<p>x</p>")


def test_raw__a_patient_id_may_look_like_a_reference() -> None:
    assert "url(x)" in raw(SVG.format('<g data-patient="url(x)\\"/>'))


def test_data_block__cannot_be_ended_by_its_content() -> None:
    values = {"id": "</script><script>alert(1)</script><!--", "n": [1, 2.5, None, True], "s": "\u2028&"}
    block = data_block(values, id="km", class_="figure-data")
    head, _, rest = block.partition(">")
    assert head == '<script type="application/json" id="km" class="figure-data"'
    assert rest.count("<") == 1
    assert json.loads(rest.removesuffix("</script>")) == values


def test_data_block__refuses_numbers_json_does_not_have() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        data_block([float("nan")])


def test_markup__is_made_in_one_module_only() -> None:
    """No module of the page makes markup of text by itself."""
    folder = Path(netgen.report.page.__file__).parent
    makers = set()
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and "Markup" in {
                getattr(node.func, "id", ""),
                getattr(node.func, "attr", ""),
            }:
                makers.add(file.name)
    assert makers == {"markup.py"}
