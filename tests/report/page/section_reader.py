"""What a section shows, read back from its HTML: tables by id, terms with their texts, paragraphs, patients."""

from __future__ import annotations

from html.parser import HTMLParser

from netgen.report.study_report import ReportResults

VOID = {"br", "col", "hr", "img", "wbr"}


class Shown(HTMLParser):
    """Text of a section. ``tables`` maps the id of a table to its rows, ``terms`` holds (term, text)."""

    def __init__(self, section):
        super().__init__()
        self.tables, self.terms, self.headings, self.paragraphs, self.patients = {}, [], [], [], []
        self.elements, self.open, self._cells, self._id = [], [], None, ""
        self.text = ""
        self.feed(section.body)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag in VOID:
            self.text += " "
            self._write(" ")
            return
        self.open.append((tag, given))
        if given.get("class") == "table":
            self._id = given.get("id", "")
        if tag == "tr" and self._id:
            self.tables.setdefault(self._id, []).append([])
        if tag in {"th", "td"} and self._id:
            self.tables[self._id][-1].append("")
        if "data-patient" in given:
            self.patients.append(given["data-patient"])
        if tag in {"h3", "h4"}:
            self.headings.append("")
        if tag == "p":
            self.paragraphs.append("")
        if tag in {"dt", "dd"} and self._inside("dl", "definition"):
            self.terms = [*self.terms, ["", ""]] if tag == "dt" else self.terms

    def handle_endtag(self, tag):
        name, _ = self.open.pop()
        assert name == tag
        if name == "table":
            self._id = ""

    def handle_data(self, data):
        self.text += data
        self._write(data)

    def _inside(self, tag, class_=None):
        return any(name == tag and class_ in (None, given.get("class")) for name, given in self.open)

    def _write(self, data):
        names = [name for name, _ in self.open]
        if self._id and ("th" in names or "td" in names):
            self.tables[self._id][-1][-1] += data
        if "h3" in names or "h4" in names:
            self.headings[-1] += data
        if "p" in names:
            self.paragraphs[-1] += data
        if self._inside("dl", "definition") and "dt" in names:
            self.terms[-1][0] += data
        if self._inside("dl", "definition") and "dd" in names:
            self.terms[-1][1] += data

    def rows(self, id_):
        """Rows of a table by its first cell, each a mapping from heading to text."""
        head, *lines = self.tables[id_]
        return {line[0]: dict(zip(head, line, strict=True)) for line in lines}


def results(cohort, description=None, **found):
    """Return what a report shows, with nothing but what is given."""
    none = dict.fromkeys(("association", "survival", "therapy", "response", "actionability", "oncoprint"))
    return ReportResults(
        cohort=cohort, description=description, **{**none, **found}, skipped={}, run_id="0123456789ab", command=""
    )  # fmt: skip
