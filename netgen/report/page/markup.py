"""HTML that cannot be broken by a patient id: the only place of the report where markup is made.

Text is escaped where it enters; a ``Markup`` is text that has been through here. Elements and attributes are closed
lists: nothing that runs (``script``, ``on...``), nothing that loads (``link``, ``iframe``, another host), no style
attribute. Styles are classes of ``netgen/data/report/report.css``. The page's own style and script are put in by
``netgen.report.page.document``, which also tells the browser, by their hashes, to run nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final
from xml.parsers import expat


class Markup(str):
    """Text that is HTML already. Made by the functions of this module only."""

    __slots__ = ()


Child = str | None | Iterable["Child"]
Attribute = str | int | None  # bool is an int: True = an attribute without value, False = none

_ELEMENTS: Final = (
    "a abbr article aside b bdi blockquote br button caption cite code col colgroup dd details dfn div dl dt em"
    " figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img kbd li main nav ol p pre q s samp section small span"
    " strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr"
)
# Those in which a browser would load or run something are not here.
_SVG_ELEMENTS: Final = (
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs clipPath use symbol marker pattern"
    " linearGradient radialGradient stop image mask"
)
ELEMENTS: Final = frozenset(_ELEMENTS.split())
SVG_ELEMENTS: Final = frozenset(_SVG_ELEMENTS.split())
VOID: Final = frozenset({"br", "col", "hr", "img", "wbr"})
EMBEDDED: Final = ("#", "data:image/png;base64,", "data:image/jpeg;base64,")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LINK: Final = re.compile(r"#[^\s]+|https://[^\s]+|(?![a-zA-Z][a-zA-Z0-9+.-]*:|//|/)[^\s\\]+")
_URL: Final = re.compile(r"url\s*\(\s*['\"]?(?!#)|@import|expression\s*\(|\\", re.IGNORECASE)
# Not characters of a text: control codes other than tab and line ends, halves of surrogate pairs, non-characters.
_STRAY: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def tag(name: str, *children: Child, **attributes: Attribute) -> Markup:
    """Return an element; every child that is not markup already is escaped.

    Parameters
    ----------
    name
        One of ``ELEMENTS``.
    *children
        Text (escaped), markup (as it is), None (left out), or an iterable of these. Numbers are formatted first, by
        the formatters of the report.
    **attributes
        ``class_="wide"`` is ``class``, ``data_patient="P01"`` is ``data-patient``; the value is escaped. True writes
        the name alone; None and False leave the attribute out.

    Returns
    -------
    Markup
        The element.

    Raises
    ------
    ValueError
        If the element, an attribute or the target of a link is not allowed, or a void element has children.
    TypeError
        If a child or a value is neither text nor one of the above.
    """
    if name not in ELEMENTS:
        raise ValueError(f"the report has no element <{name}>; it has {', '.join(sorted(ELEMENTS))}")
    head = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        if children:
            raise ValueError(f"<{name}> cannot have children")
        return Markup(f"<{head}>")
    return Markup(f"<{head}>{join(children)}</{name}>")


def text(value: str) -> Markup:
    """Return text as markup: escaped, and without characters that no page may hold.

    Parameters
    ----------
    value
        Any text, hostile or not; a markup is returned as it is.

    Returns
    -------
    Markup
        The same text to a reader; control characters and broken surrogates are shown as U+FFFD.

    Raises
    ------
    TypeError
        If the value is not text.
    """
    if isinstance(value, Markup):
        return value
    if not isinstance(value, str):
        raise TypeError(f"text is needed, got {type(value).__name__}: format it first")
    return Markup(escape(_STRAY.sub("\N{REPLACEMENT CHARACTER}", value)))


def join(children: Iterable[Child], separator: str = "") -> Markup:
    """Return children one after the other, without an element around them.

    Parameters
    ----------
    children
        As in ``tag``.
    separator
        Text between those that are not None; escaped.

    Returns
    -------
    Markup
        Their markup.

    Raises
    ------
    TypeError
        If a child is neither text, None nor an iterable of these.
    """
    return Markup(text(separator).join(_child(child) for child in children if child is not None))


def raw(svg: str) -> Markup:
    """Return a drawing as markup after checking that it only draws.

    Parameters
    ----------
    svg
        One ``<svg>`` element, without XML declaration, DOCTYPE, comments and CDATA.

    Returns
    -------
    Markup
        The same text.

    Raises
    ------
    ValueError
        If it is not well-formed XML, has an element outside ``SVG_ELEMENTS``, a handler (``on...``), a ``style``
        attribute, or a reference to anything but a part of the same page or embedded PNG or JPEG data.

    Notes
    -----
    The policy of the page lets no ``style`` attribute and no ``<style>`` through, so there is none. A browser reads
    HTML inside an SVG ``<title>``, where CDATA and comments end differently from XML: hence none of them.
    """
    if "<!" in svg or "<?" in svg:
        raise ValueError("a drawing must have no XML declaration, DOCTYPE, comment or CDATA section")
    if not svg.startswith("<svg") or _STRAY.search(svg):
        raise ValueError("a drawing must start with <svg and have no control characters")
    parser = expat.ParserCreate()
    parser.StartElementHandler = _check_drawn
    try:
        parser.Parse(svg, True)  # noqa: FBT003  # expat takes no keyword
    except expat.ExpatError as error:
        raise ValueError(f"a drawing is not well-formed: {error}") from error
    return Markup(svg)


def data_block(values: Any, *, id: str | None = None, class_: str | None = None) -> Markup:  # noqa: A002, ANN401
    """Return values as JSON that the script of the page may read and the browser does not run.

    Parameters
    ----------
    values
        Lists, dictionaries with text keys, text, numbers, booleans, None. NaN is not JSON.
    id
        The id of the block.
    class_
        Its class.

    Returns
    -------
    Markup
        A ``<script type="application/json">`` element; no text in it can end it.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    body = json.dumps(values, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        body = body.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json"{_attribute("id", id)}{_attribute("class", class_)}>{body}</script>')


def _child(child: Child) -> Markup:
    if child is None:
        return Markup("")
    if isinstance(child, str):
        return text(child)
    if not isinstance(child, Iterable):
        raise TypeError(f"a child must be text or markup, got {type(child).__name__}: format it first")
    return join(child)


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if not _NAME.fullmatch(name) or name.startswith("on") or name in {"style", "srcset", "srcdoc", "formaction"}:
        raise ValueError(f"the report has no attribute {name!r}")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    if not isinstance(value, (str, int)):
        raise TypeError(f"attribute {name} must be text, got {type(value).__name__}: format it first")
    if name == "href" and not _LINK.fullmatch(str(value)):
        raise ValueError(f"a link must lead to a part of the page, a file beside it or https, got {str(value)!r}")
    if name == "src" and not str(value).startswith(EMBEDDED[1:]):
        raise ValueError("an image must be embedded as PNG or JPEG data")
    return f' {name}="{text(str(value))}"'


def _check_drawn(name: str, attributes: dict[str, str]) -> None:
    if name not in SVG_ELEMENTS:
        raise ValueError(f"a drawing must not have an element <{name}>")
    for key, value in attributes.items():
        local = key.rpartition(":")[2].lower()
        if local.startswith("on") or local in {"style", "base"}:
            raise ValueError(f"a drawing must have no handler and no style attribute: {key} of <{name}>")
        loads = local in {"href", "src"} and not value.startswith(EMBEDDED)
        paints = local not in {"id", "class", "d"} and not local.startswith(("data-", "aria-"))
        if loads or (paints and _URL.search(value)):
            raise ValueError(f"a drawing must not load anything: {key} of <{name}> is {value[:40]!r}")
