"""A report read back from its HTML: tables with their source, and what is said around them, section by section."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "col", "hr", "img", "link", "meta", "wbr"})
SAID = frozenset({"p", "li", "dd", "figcaption"})


@dataclass
class ShownTable:
    """A table: caption, headings, rows of texts, what each cell is sorted by (None = its text), the file it names.

    A plain table stands below a figure: it has its ``id`` and its caption.
    """

    id: str
    section: str
    kind: str
    caption: str = ""
    source: str = ""
    headings: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    keys: list[list[str | None]] = field(default_factory=list)


class PageReader(HTMLParser):
    """``tables``; ``said``: (section, text) of paragraphs and items beside tables; ``elements``: (name, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[ShownTable] = []
        self.said: list[tuple[str, str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.section = self.text = ""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._table: ShownTable | None = None
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag in VOID:
            self.handle_data(" ")
            return
        self._open.append((tag, given))
        if tag == "section":
            self.section = given["id"]
        elif tag == "table" and given.get("class") != "readout":
            box = "figure" if given["class"] == "plain" else "div"
            id_ = next(a["id"] for name, a in reversed(self._open) if name == box and a.get("id"))
            caption = self.said[-1][1] if box == "figure" else ""
            self._table = ShownTable(id=id_, section=self.section, kind=given["class"], caption=caption)
            self.tables.append(self._table)
        elif tag == "a" and self._in_class("rows") and self.tables:
            self.tables[-1].source = given["href"]
        self._begin(tag, given)

    def _begin(self, tag, given):
        """Make room for the text of a cell or of a paragraph."""
        if self._table is not None and tag == "tr":
            self._table.rows.append([])
            self._table.keys.append([])
        elif self._table is not None and tag in {"td", "th"}:
            self._table.rows[-1].append("")
            self._table.keys[-1].append(given.get("data-sort"))
        elif self._table is None and tag in SAID:
            self.said.append((self.section, ""))

    def handle_endtag(self, tag):
        name, _ = self._open.pop()
        assert name == tag, (name, tag)
        if tag == "table" and self._table is not None:
            self._table.headings, *self._table.rows = self._table.rows
            self._table.keys.pop(0)
            self._table = None

    def handle_data(self, data):
        names = [name for name, _ in self._open]
        if not {"style", "script", "svg", "title"}.isdisjoint(names):
            return
        self.text += data
        if self._table is not None and not {"td", "th"}.isdisjoint(names):
            self._table.rows[-1][-1] += data
        elif self._table is not None and "caption" in names:
            self._table.caption += data
        elif self._table is None and not SAID.isdisjoint(names) and not self._in_class("rows"):
            self.said[-1] = (self.section, self.said[-1][1] + data)

    def _in_class(self, name):
        return any(given.get("class") == name for _, given in self._open)
