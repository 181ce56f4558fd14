"""The elements of a Foundation Medicine report (``ResultsReport`` with its ``variant-report``), and nothing else of it.

Only the ``variant-report`` is looked at. The rest of the document holds names, dates of birth and record numbers of
patients, and is not kept even for a moment: the parser hands elements over one by one, and those outside are passed by.
Text between tags is not read at all.

The parser is expat, with its dangers off: a document type or an entity declaration is refused where it stands, so that
nothing is expanded or fetched; what is larger than ``LIMIT`` is not parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

from netgen.errors import InputError
from netgen.genomics.textfile import read_lines

if TYPE_CHECKING:
    from pathlib import Path

LIMIT: Final = 64 << 20  # real reports carry a PDF and reach some megabytes
_REPORT: Final = "variant-report"
_ROOTS: Final = frozenset({"ResultsReport", "variant-report", "variant-reports"})


class Element(NamedTuple):
    """One element of the variant report.

    Attributes
    ----------
    name, parent
        Names without namespace.
    row
        Line of the file.
    attributes
        Name -> value, trimmed.
    """

    name: str
    parent: str
    row: int
    attributes: dict[str, str]


class _RefusedError(Exception):
    """Why a document is not parsed further."""


class _Collector:
    """Gathers the elements of variant reports."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.elements: list[Element] = []
        self._path: list[str] = []
        self._parser = parser

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if not self._path and name not in _ROOTS:
            raise _RefusedError(f"the document is a {name[:40]}, not a ResultsReport")
        if name == _REPORT or _REPORT in self._path:
            values = {key.rpartition(" ")[2]: value.strip() for key, value in attributes.items()}
            parent = self._path[-1] if self._path else ""
            self.elements.append(Element(name, parent, self._parser.CurrentLineNumber, values))
        self._path.append(name)

    def end(self, _tag: str) -> None:
        self._path.pop()


def read_report(path: Path) -> list[Element]:
    """Return the elements of the variant report of a file, in order; the report itself is the first.

    Parameters
    ----------
    path
        XML file, plain or gzip, at most ``LIMIT`` bytes.

    Returns
    -------
    list of Element
        What stands outside of the variant report is not among them.

    Raises
    ------
    InputError
        If the file is too large, not well formed, of another kind, declares a document type or entities, or has none
        or several variant reports (E_FILE_FORMAT).
    """
    text = "\n".join(read_lines(path, limit=LIMIT))
    parser = expat.ParserCreate(namespace_separator=" ")
    collector = _Collector(parser)
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = _refuse_declaration
    try:
        parser.Parse(text, True)  # noqa: FBT003 -- expat takes it by position
    except expat.ExpatError as error:
        raise _unusable(path, f"well-formed XML, found {expat.ErrorString(error.code)}", error.lineno) from error
    except _RefusedError as error:
        raise _unusable(path, f"a plain report, found that {error}", parser.CurrentLineNumber) from error
    n_reports = sum(element.name == _REPORT for element in collector.elements)
    if n_reports != 1:
        raise _unusable(path, f"one variant-report, found {n_reports}", None)
    return collector.elements


def _refuse_declaration(*_declaration: object) -> None:
    raise _RefusedError("it declares a document type or an entity")


def _unusable(path: Path, needed: str, row: int | None) -> InputError:
    return InputError(
        "E_FILE_FORMAT",
        f"A Foundation Medicine report needs {needed}.",
        fix="Give the XML file as the laboratory sent it.",
        file=str(path),
        row=row,
    )
