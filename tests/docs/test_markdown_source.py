"""The source parser of the documentation: Markdown in, docutils nodes out, and what it does not know is an error."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from docutils import nodes
from sphinx import addnodes
from sphinx.cmd.build import build_main

from docs._ext.markdown_source import MarkdownError, render_page

EXTENSION = Path(__file__).parents[2] / "docs" / "_ext"
CONF = f"""\
import sys
sys.path.insert(0, {str(EXTENSION)!r})
project = "trial"
extensions = ["markdown_source"]
html_theme = "basic"
"""


def render(text: str, name: str = "page") -> nodes.container:
    top = nodes.container()
    top += render_page(text, name)
    return top


def build(folder: Path, pages: dict[str, str]) -> tuple[int, Path]:
    """Build a site of its own with warnings as errors."""
    (folder / "conf.py").write_text(CONF)
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Sphinx itself
        status = build_main(["-W", "--keep-going", "-q", "-b", "html", str(folder), str(folder / "out")])
    return status, folder / "out"


def test_render_page__nests_sections_by_level() -> None:
    page = render("# A\n\none\n\n## B\n\ntwo\n\n### C\n\n## D\n")
    (top,) = page.children
    assert [part[0].astext() for part in top.findall(nodes.section)] == ["A", "B", "C", "D"]
    assert [part[0].astext() for part in top.children if isinstance(part, nodes.section)] == ["B", "D"]


def test_render_page__later_titles_open_parts_and_move_what_is_below_them() -> None:
    page = render("# Results\n\n# associate\n\n## a.tsv\n\n# therapy\n\n## b.tsv\n")
    (top,) = page.children
    parts = [part for part in top.children if isinstance(part, nodes.section)]
    assert [part[0].astext() for part in parts] == ["associate", "therapy"]
    assert [part[1][0].astext() for part in parts] == ["a.tsv", "b.tsv"]


def test_render_page__anchors_are_those_of_github() -> None:
    page = render("# A title\n\n## `netgen check`: what?\n\n## Same\n\n## Same\n")
    ids = [part["ids"] for part in page.findall(nodes.section)]
    assert ids == [["a-title"], ["netgen-check-what"], ["same"], ["same-1"]]


def test_render_page__marks_within_a_line() -> None:
    (paragraph,) = render("# T\n\nan *odd*, **strong** `x < y` &lt;\nline\n").findall(nodes.paragraph)
    assert paragraph.astext() == "an odd, strong x < y <\nline"
    assert [type(item) for item in paragraph.children if not isinstance(item, nodes.Text)] == [
        nodes.emphasis,
        nodes.strong,
        nodes.literal,
    ]


def test_render_page__code_keeps_its_language_and_its_lines() -> None:
    first, second = render("# T\n\n```toml needs=x\na = 1\n\nb = 2\n```\n\n    plain\n").findall(nodes.literal_block)
    assert (first["language"], first.astext()) == ("toml", "a = 1\n\nb = 2")
    assert (second["language"], second.astext()) == ("text", "plain")


def test_render_page__lists_hold_lists_and_start_where_they_say() -> None:
    page = render("# T\n\n3. three\n4. four\n   - inner\n")
    (numbers,) = page.findall(nodes.enumerated_list)
    assert numbers["start"] == 3
    assert len(numbers.children) == 2
    (inner,) = numbers.children[1].findall(nodes.bullet_list)
    assert inner.astext() == "inner"


def test_render_page__tables_keep_cells_in_place() -> None:
    (table,) = render("# T\n\n| a | `b` |\n|---|--:|\n| 1 \\| 2 | x |\n|  | y |\n").findall(nodes.table)
    rows = [[cell.astext() for cell in row.children] for row in table.findall(nodes.row)]
    assert rows == [["a", "b"], ["1 | 2", "x"], ["", "y"]]
    assert len(list(table.findall(nodes.thead))) == 1
    assert [cell["classes"] for cell in next(iter(table.findall(nodes.tbody)))[0].children] == [[], ["text-right"]]


def test_render_page__links_lead_to_pages_headings_and_the_web() -> None:
    page = render(
        "# T\n\n[up](../index.md) [at](other.md#some-part) [here](#t) [web](https://example.org/a)\n", "howto/x"
    )
    targets = [(link["reftarget"], link["refanchor"]) for link in page.findall(addnodes.pending_xref)]
    assert targets == [("index", ""), ("howto/other", "some-part"), ("howto/x", "t")]
    (web,) = page.findall(nodes.reference)
    assert web["refuri"] == "https://example.org/a"


def test_render_page__a_word_in_angle_brackets_is_text() -> None:
    assert "landmark:<days>" in render("# T\n\nall, or landmark:<days>\n").astext()


def test_render_page__comments_are_kept_out_of_the_text() -> None:
    page = render("# T\n\n<!-- made by a machine -->\n\ntext\n")
    assert [item.astext() for item in page.findall(nodes.comment)] == ["made by a machine"]


def test_render_page__a_list_of_pages_on_an_index_is_its_contents() -> None:
    text = "# T\n\n## Learn\n\n- [A](a.md): first\n- [B](how/README.md)\n\ntext\n\n- plain\n- [C](c.md)\n"
    (tree,) = render(text, "index").findall(addnodes.toctree)
    assert [target for _, target in tree["entries"]] == ["a", "how/README"]
    assert tree["caption"] == "Learn"
    assert not list(render(text, "page").findall(addnodes.toctree))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain\n", "page.md:1: a page begins with its title"),
        ("## Second\n", "page.md:1: the title needs one #, found 2"),
        ("", "page.md:1: a page needs a title"),
        ("# T\n\n### Deep\n", "page.md:3: a heading of level 3 follows one of level 1"),
        ("# T\n\n<div>x</div>\n", "page.md:3: no HTML but comments"),
        ("# T\n\nan <b>odd</b> word\n", "page.md:3: html_inline is not known: '<b>'"),
        ("# T\n\n---\n", "page.md:3: hr is not known"),
        ("# T\n\nx  \ny\n", "page.md:3: hardbreak is not known"),
        ("# T\n\n```klingon\nx\n```\n", "page.md:3: no highlighting for 'klingon'"),
        ("# T\n\n![x](https://example.org/x.png)\n", "an image is a file of the site"),
        ("# T\n\n![x](//example.org/x.png)\n", "an image is a file of the site"),
        ("# T\n\n![](x.png)\n", "image 'x.png' needs a description"),
        ("# T\n\n[x](../README.md)\n", "leads out of the site"),
        ("# T\n\n[x](data.csv)\n", "a link leads to a page"),
    ],
)
def test_render_page__refuses_what_it_does_not_know(text: str, message: str) -> None:
    with pytest.raises(MarkdownError, match=message.replace("(", r"\(")):
        render(text)


def test_build__pages_link_to_each_other(tmp_path: Path) -> None:
    pages = {
        "index.md": "# Start\n\n- [One](sub/one.md): the first\n",
        "sub/one.md": "# One\n\nback to [the start](../index.md) or [below](#the-end).\n\n## The end\n\n`x`\n",
    }
    status, out = build(tmp_path, pages)
    assert status == 0
    html = (out / "sub" / "one.html").read_text()
    assert 'href="../index.html"' in html
    assert 'href="#the-end"' in html
    assert 'id="the-end"' in html
    assert 'href="sub/one.html"' in (out / "index.html").read_text()


@pytest.mark.parametrize(
    "one",
    [
        "# One\n\n[gone](none.md)\n",
        "# One\n\n[gone](index.md#nowhere)\n",
        "# One\n\n![a picture](none.png)\n",
        "# One\n\n<div>x</div>\n",
        "# One\n\n```toml\nthis is = = not toml\n```\n",
    ],
)
def test_build__a_fault_of_a_page_fails_the_build(tmp_path: Path, one: str) -> None:
    status, _ = build(tmp_path, {"index.md": "# Start\n\n- [One](one.md)\n", "one.md": one})
    assert status != 0


def test_build__a_page_that_no_contents_name_fails_the_build(tmp_path: Path) -> None:
    status, _ = build(tmp_path, {"index.md": "# Start\n", "lost.md": "# Lost\n"})
    assert status != 0
