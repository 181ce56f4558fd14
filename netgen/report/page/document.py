"""The page around the sections: policy, contents, header, footer, and the style and script that ship with netgen.

The page is one file. Its policy forbids every request and everything that runs, but for the style and the script put in
here, which the browser knows by their SHA-256: markup that slipped in by a patient id could neither run nor load
anything. Style and script are all ``*.css`` and ``*.js`` of ``netgen/data/report``, in the order of their names.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

from netgen.report.page.markup import Markup, join, tag, text
from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Theme = Literal["auto", "light", "dark"]

_ID: Final = re.compile(r"[a-z][a-z0-9-]*")
_IDS: Final = re.compile(r'<[a-zA-Z][^<>]*? id="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report with its own heading and line in the contents.

    ``id`` is the anchor (``[a-z][a-z0-9-]*``, unique in the page), ``title`` the heading without a number, ``body``
    what stands below it (sub-headings are ``h3``), ``note`` one sentence under the heading, shown as text.
    """

    id: str
    title: str
    body: Markup
    note: str = ""


def render_document(
    title: str,
    sections: Sequence[Section],
    *,
    run_id: str,
    label: str = "",
    theme: Theme = "auto",
    date: str = "",
    subtitle: str = "",
    facts: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
) -> str:
    """Return the report as one page of HTML that opens offline.

    Parameters
    ----------
    title
        Of the study; the heading of the page.
    sections
        What the page tells, in this order. They are numbered from 1.
    run_id
        Of the run, as in ``provenance.json``.
    label
        What a reader must know of the data before anything else, for example that they are synthetic; "" = nothing.
    theme
        ``auto`` follows the reader's system; print is always light.
    date
        As it is to be read, for example ``data cut-off 2024-06-30``; "" = none.
    subtitle
        A sentence under the title; "" = none.
    facts
        More lines for the header: name -> value, for example the number of patients.
    absent
        Analyses the report does not have: title -> why. Listed at the end of the contents.

    Returns
    -------
    str
        The file; the same for the same arguments.

    Raises
    ------
    ValueError
        If an id is not an anchor or is used twice in the page, in sections or within them.
    """
    for section in sections:
        if not _ID.fullmatch(section.id):
            raise ValueError(f"the id of a section must be lower-case letters, digits and hyphens, got {section.id!r}")
    known = {"Date": date, "Run": run_id, **(facts or {})}
    body = join(
        [
            tag("a", "Skip to the results", class_="skip", href="#main"),
            _header(title, subtitle, label, {name: value for name, value in known.items() if value}),
            tag(
                "div",
                _contents(sections, absent or {}),
                tag("main", [_section(number, item) for number, item in enumerate(sections, 1)], id="main"),
                class_="page",
            ),
            _footer(run_id),
        ],
        "\n",
    )
    _check_ids(body)
    return _shell(title, body, theme)


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy of a page with one inline style and one inline script.

    Parameters
    ----------
    style
        The text of the style element.
    script
        The text of the script element.

    Returns
    -------
    str
        Nothing is loaded, nothing is sent, and nothing but these two is applied or run.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ]
    )


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")


@cache
def _assets(ending: str) -> str:
    """Return the files of netgen/data/report with this ending, joined."""
    folder = files("netgen.data").joinpath("report")
    found = sorted((item for item in folder.iterdir() if item.name.endswith(ending)), key=lambda item: item.name)
    if not found:
        raise FileNotFoundError(f"netgen/data/report has no *{ending} in this installation")
    content = "\n".join(item.read_text(encoding="utf-8").replace("\r\n", "\n").strip() for item in found)
    if re.search(r"</(style|script)|<!--", content, re.IGNORECASE):
        raise ValueError(f"netgen/data/report/*{ending} must not hold what ends its element")
    return f"\n{content}\n"


def _shell(title: str, body: Markup, theme: Theme) -> str:
    style, script = _assets(".css"), _assets(".js")
    choice = "" if theme == "auto" else f' data-theme="{theme}"'
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="en"{choice}>',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, script)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<link rel="icon" href="data:,">',
        f"<title>{text(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        body,
        f"<script>{script}</script>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines)


def _header(title: str, subtitle: str, label: str, facts: Mapping[str, str]) -> Markup:
    return tag(
        "header",
        tag("p", "netgen report", class_="kicker"),
        tag("h1", title),
        tag("p", subtitle, class_="subtitle") if subtitle else None,
        tag("p", label, class_="label") if label else None,
        tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()], class_="facts"),
        tag("p", RESEARCH_USE, class_="use"),
        class_="title",
    )


def _contents(sections: Sequence[Section], absent: Mapping[str, str]) -> Markup:
    lines = [
        tag("li", tag("a", tag("span", f"{number}", class_="number"), " ", item.title, href=f"#{item.id}"))
        for number, item in enumerate(sections, 1)
    ]
    missing = [tag("li", tag("b", name), f": {reason}") for name, reason in absent.items()]
    return tag(
        "nav",
        tag("h2", "Contents", id="contents"),
        tag("ol", lines),
        [tag("h3", "Not in this report"), tag("ul", missing, class_="absent")] if missing else None,
        class_="contents",
        aria_labelledby="contents",
    )


def _section(number: int, section: Section) -> Markup:
    heading = f"{section.id}-title"
    return tag(
        "section",
        tag("h2", tag("span", f"{number}", class_="number"), " ", section.title, id=heading),
        tag("p", section.note, class_="note") if section.note else None,
        section.body,
        id=section.id,
        aria_labelledby=heading,
    )


def _footer(run_id: str) -> Markup:
    return tag("footer", tag("p", RESEARCH_USE), tag("p", f"Run {run_id}.") if run_id else None)


def _check_ids(body: Markup) -> None:
    twice = sorted(name for name, count in Counter(_IDS.findall(body)).items() if count > 1)
    if twice:
        raise ValueError(f"each id of a page must be used once, found twice: {', '.join(twice)}")
