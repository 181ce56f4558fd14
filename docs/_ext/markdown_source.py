"""Markdown pages for Sphinx: CommonMark with tables, read by markdown-it-py, written as docutils nodes.

The pages stay plain Markdown that any viewer shows. What this parser does not know is an error, with page and line: no
HTML but comments, no image from the web or without a description, no link to a missing page or heading. Three rules
are ours:

1. The first heading is the title of the page. Later headings of its level open parts below it.
2. Headings have the anchors that GitHub gives them, so that ``page.md#heading`` works in both places.
3. On a page called index or README, a list whose items all begin with a link to a page is also the table of contents.
"""

# ruff: noqa: INP001  # an extension that Sphinx loads from this folder, no package
from __future__ import annotations

import posixpath
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from docutils import nodes
from markdown_it import MarkdownIt
from markdown_it.common.html_blocks import block_names
from markdown_it.tree import SyntaxTreeNode
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.parsers import Parser
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

CONTENTS: Final = ("index", "README")  # pages whose lists of links are tables of contents
SUFFIXES: Final = (".md", ".rst")
COMMENT: Final = re.compile(r"\s*<!--.*-->\s*", re.DOTALL)
PLACEHOLDER: Final = re.compile(r"<([a-z_]+)>")
HTML: Final = (
    "a",
    "abbr",
    "b",
    "br",
    "code",
    "em",
    "i",
    "img",
    "kbd",
    "mark",
    "q",
    "s",
    "span",
    "strong",
    "sub",
    "sup",
)
WEB: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
XREF: Final = "markdown"  # reference type of links between pages
LOGGER = logging.getLogger(__name__)


class MarkdownError(ValueError):
    """A page holds something that the site cannot show."""


@dataclass(kw_only=True)
class Page:
    """A page while it is read: its name without suffix, anchors given so far, and whether it has parts."""

    name: str
    anchors: dict[str, int] = field(default_factory=dict)
    parts: bool = False

    def fail(self, node: SyntaxTreeNode, text: str) -> MarkdownError:
        """Return an error that names page and line."""
        return MarkdownError(f"{self.name}.md:{line_of(node)}: {text}")


def line_of(node: SyntaxTreeNode) -> int:
    """Return the line of a node, counted from 1; parts of a line have the line of their block."""
    here: SyntaxTreeNode | None = node
    while here is not None and here.parent is not None and here.map is None:
        here = here.parent
    return here.map[0] + 1 if here is not None and here.map else 1


def parse_markdown(text: str) -> SyntaxTreeNode:
    """Return the syntax tree of a page."""
    return SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))


def render_page(text: str, name: str) -> list[nodes.Node]:
    """Return the comments before the title and the section of a page, named as from the top: ``howto/associate``."""
    page = Page(name=name)
    top = nodes.container()
    open_sections: list[tuple[int, nodes.Element]] = [(0, top)]
    for node in parse_markdown(text).children:
        if node.type == "heading":
            _open_section(node, page, open_sections)
            continue
        here = open_sections[-1][1]
        made = _block(node, page)
        if here is top and not all(isinstance(item, nodes.comment) for item in made):
            raise page.fail(node, "a page begins with its title")
        here += made
        if node.type == "bullet_list":
            here += _contents(node, page, open_sections)
    if len(open_sections) == 1:
        raise MarkdownError(f"{name}.md:1: a page needs a title")
    return list(top.children)


def _open_section(node: SyntaxTreeNode, page: Page, open_sections: list[tuple[int, nodes.Element]]) -> None:
    """Begin a section under the nearest heading of a higher level."""
    level = int(node.tag[1:])
    if len(open_sections) == 1:
        if level != 1:
            raise page.fail(node, f"the title needs one #, found {level}")
    elif open_sections[1][0] == 1 and level == 1:
        level, page.parts = 2, True
    elif page.parts:  # headings below a part move down with it
        level += 1
    while open_sections[-1][0] >= level:
        open_sections.pop()
    if level != open_sections[-1][0] + 1:
        raise page.fail(node, f"a heading of level {level} follows one of level {open_sections[-1][0]}")
    section = nodes.section(ids=[_anchor(_plain(node), page)])
    section += nodes.title("", "", *_inline(node.children, page))
    section.line = line_of(node)
    open_sections[-1][1].append(section)
    open_sections.append((level, section))


def _anchor(heading: str, page: Page) -> str:
    """Return the anchor that GitHub gives a heading; a repeated one is numbered."""
    slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") or "section"
    count = page.anchors.get(slug, 0)
    page.anchors[slug] = count + 1
    return f"{slug}-{count}" if count else slug


def _plain(node: SyntaxTreeNode) -> str:
    """Return the text below a node without its marks."""
    if node.type in {"text", "code_inline"}:
        return node.content
    return "".join(_plain(child) for child in node.children) if node.type != "softbreak" else " "


def _contents(node: SyntaxTreeNode, page: Page, open_sections: Sequence[tuple[int, nodes.Element]]) -> list[nodes.Node]:
    """Return a hidden table of contents for a list of links on an index page."""
    if posixpath.basename(page.name) not in CONTENTS:
        return []
    firsts = [_first_link(item) for item in node.children]
    targets = [_target(str(link.attrs["href"]), page, link) for link in firsts if link is not None]
    pages = [target for target, _ in targets if target]
    if len(pages) != len(firsts):
        return []
    section = open_sections[-1][1]
    heading = section[0].astext() if len(open_sections) > 2 else None
    tree = addnodes.toctree(
        parent=page.name, entries=[(None, target) for target in pages], includefiles=pages, maxdepth=-1,
        caption=heading, rawcaption=heading, rawentries=[], glob=False, hidden=True, includehidden=False, numbered=0,
        titlesonly=True,
    )  # fmt: skip
    tree.line = line_of(node)
    wrapper = nodes.compound(classes=["toctree-wrapper"])
    wrapper += tree
    return [wrapper]


def _first_link(item: SyntaxTreeNode) -> SyntaxTreeNode | None:
    here = item
    while here.children:
        here = here.children[0]
        if here.type == "link":
            return here
    return None


# ------------------------------------------------------------------ blocks


def _block(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    if node.type not in BLOCKS:
        raise page.fail(node, f"{node.type} is not known: {node.content[:60]!r}")
    made = BLOCKS[node.type](node, page)
    for item in made:
        if isinstance(item, nodes.Element):
            item.line = line_of(node)
    return made


def _paragraph(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    return [nodes.paragraph("", "", *_inline(node.children, page))]


def _fence(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    """Return highlighted code; the first word of the info line is the language."""
    words = node.info.split() if node.type == "fence" else []
    language = words[0] if words else "text"
    try:
        get_lexer_by_name(language)
    except ClassNotFound as error:
        raise page.fail(node, f"no highlighting for {language!r}") from error
    code = node.content.rstrip("\n")
    return [nodes.literal_block(code, code, language=language)]


def _bullets(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    return [nodes.bullet_list("", *_items(node, page), bullet=node.markup)]


def _numbers(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    start = int(node.attrs.get("start", 1))
    made = nodes.enumerated_list("", *_items(node, page), enumtype="arabic", prefix="", suffix=".")
    if start != 1:
        made["start"] = start
    return [made]


def _items(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    return [
        nodes.list_item("", *(made for part in item.children for made in _block(part, page))) for item in node.children
    ]


def _comment(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    if not COMMENT.fullmatch(node.content):
        raise page.fail(node, f"no HTML but comments: {node.content[:60]!r}")
    return [nodes.comment("", node.content.strip()[4:-3].strip())]


def _table(node: SyntaxTreeNode, page: Page) -> list[nodes.Node]:
    head, *body = node.children
    columns = len(head.children[0].children)
    group = nodes.tgroup(cols=columns)
    group += [nodes.colspec(colwidth=1) for _ in range(columns)]
    group += nodes.thead("", *(_row(row, page) for row in head.children))
    group += nodes.tbody("", *(_row(row, page) for part in body for row in part.children))
    return [nodes.table("", group, classes=["colwidths-auto"])]


def _row(row: SyntaxTreeNode, page: Page) -> nodes.row:
    made = nodes.row()
    for cell in row.children:
        side = str(cell.attrs.get("style", "")).removeprefix("text-align:")
        entry = nodes.entry(classes=[f"text-{side}"] if side else [])
        entry += nodes.paragraph("", "", *_inline(cell.children, page))
        made += entry
    return made


BLOCKS: Final[dict[str, Callable[[SyntaxTreeNode, Page], list[nodes.Node]]]] = {
    "paragraph": _paragraph,
    "fence": _fence,
    "code_block": _fence,
    "bullet_list": _bullets,
    "ordered_list": _numbers,
    "html_block": _comment,
    "table": _table,
}


# ------------------------------------------------------------------ inside a line


def _inline(items: Iterable[SyntaxTreeNode], page: Page) -> list[nodes.Node]:
    made: list[nodes.Node] = []
    for node in items:
        if node.type == "inline":
            made += _inline(node.children, page)
        elif node.type == "html_inline" and _is_placeholder(node.content):
            made.append(nodes.Text(node.content))
        elif node.type in SPANS:
            made.append(SPANS[node.type](node, page))
        else:
            raise page.fail(node, f"{node.type} is not known: {node.content[:60]!r}")
    return made


def _is_placeholder(text: str) -> bool:
    """Return whether a word in angle brackets, such as <days>, is no HTML."""
    found = PLACEHOLDER.fullmatch(text)
    return found is not None and found.group(1) not in {*block_names, *HTML}


def _code(node: SyntaxTreeNode, page: Page) -> nodes.Node:  # noqa: ARG001  # one signature for all
    return nodes.literal("", node.content, classes=["docutils"])


def _link(node: SyntaxTreeNode, page: Page) -> nodes.Node:
    href, words = str(node.attrs["href"]), _inline(node.children, page)
    if WEB.match(href):
        return nodes.reference("", "", *words, refuri=href, internal=False)
    target, anchor = _target(href, page, node)
    if not target:
        raise page.fail(node, f"a link leads to a page (.md), a heading or the web, found {href!r}")
    made = addnodes.pending_xref(
        "", refdomain="", reftype=XREF, reftarget=target, refanchor=anchor, refdoc=page.name, refexplicit=True
    )
    made.line = line_of(node)
    made += nodes.inline("", "", *words)
    return made


def _target(href: str, page: Page, node: SyntaxTreeNode) -> tuple[str, str]:
    """Return page and anchor of a link within the site; no page if it leads elsewhere."""
    path, _, anchor = urllib.parse.unquote(href).partition("#")
    if not path:
        return page.name, anchor
    stem, suffix = posixpath.splitext(path)
    if WEB.match(href) or suffix not in SUFFIXES:
        return "", ""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), stem))
    if target.startswith(("..", "/")):
        raise page.fail(node, f"{href!r} leads out of the site")
    return target, anchor


def _image(node: SyntaxTreeNode, page: Page) -> nodes.Node:
    source = urllib.parse.unquote(str(node.attrs["src"]))
    if WEB.match(source) or source.startswith("//"):
        raise page.fail(node, f"an image is a file of the site, found {source!r}")
    words = _plain(node)
    if not words.strip():
        raise page.fail(node, f"image {source!r} needs a description")
    return nodes.image(uri=source, alt=words)


SPANS: Final[dict[str, Callable[[SyntaxTreeNode, Page], nodes.Node]]] = {
    "text": lambda node, _page: nodes.Text(node.content),
    "softbreak": lambda _node, _page: nodes.Text("\n"),
    "em": lambda node, page: nodes.emphasis("", "", *_inline(node.children, page)),
    "strong": lambda node, page: nodes.strong("", "", *_inline(node.children, page)),
    "code_inline": _code,
    "link": _link,
    "image": _image,
}


# ------------------------------------------------------------------ Sphinx


class MarkdownParser(Parser):
    """The parser that Sphinx calls for each ``.md`` file."""

    supported = ("markdown", "md")

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill a document from the text of a page."""
        self.setup_parse(inputstring, document)
        env: BuildEnvironment = document.settings.env
        try:
            document += render_page(inputstring, env.docname)
        except MarkdownError as error:  # told like every other fault of a page, so that all pages are read
            LOGGER.error("%s", error)  # noqa: TRY400  # the traceback is that of this parser
        for section in document.findall(nodes.section):
            document.set_id(section)
        for node in document.findall(nodes.Element):
            node.source = document["source"]
        self.finish_parse()


def resolve_link(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Turn a link between pages into a reference; a missing page or heading is a warning."""
    if node["reftype"] != XREF:
        return None
    target, anchor = node["reftarget"], node["refanchor"]
    if target not in env.found_docs:
        LOGGER.warning("no page %r", target, location=node)
        return content
    if anchor and not any(anchor in part["ids"] for part in env.get_doctree(target).findall(nodes.Element)):
        LOGGER.warning("page %r has no heading %r", target, anchor, location=node)
        return content
    return make_refnode(app.builder, node["refdoc"], target, anchor, content)


def check_contents(app: Sphinx, tree: nodes.document) -> None:
    """Warn of pages in a table of contents that do not exist."""
    for toc in tree.findall(addnodes.toctree):
        for _, target in toc["entries"]:
            if target not in app.env.found_docs:
                LOGGER.warning("no page %r for the table of contents", target, location=toc)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parser."""
    app.add_source_suffix(".md", "markdown")
    app.add_source_parser(MarkdownParser)
    app.connect("missing-reference", resolve_link)
    app.connect("doctree-read", check_contents)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
