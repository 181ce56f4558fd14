"""A matplotlib figure as an SVG element within a page: text is text, nothing is loaded, no id meets another.

A page that lets the browser run and style only what it knows by its hash has no use for ``style`` attributes: they are
written as presentation attributes, which no policy stops. The white background stays, so that a figure looks the same
on a dark page. Metadata, comments and ids that nothing refers to go; numbers are rounded.
"""

from __future__ import annotations

import hashlib
import io
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final

from netgen.plots.style import NORMAL, styled
from netgen.report.page.markup import raw, text
from netgen.report.page.svg_path import compact_path, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.figure import Figure

    from netgen.report.page.markup import Markup

# Verdana and Geneva have the widths of DejaVu Sans, with which the figures are laid out.
FONTS: Final = "'DejaVu Sans',Verdana,Geneva,sans-serif"
SCALE: Final = 1.8  # CSS pixels per point: type of 6 points is read on a screen as 11 pixels
DIGITS: Final = 2
DROPPED: Final = frozenset({"metadata", "style", "title", "desc"})
_PRESENTATION: Final = (
    "fill fill-opacity fill-rule font-size font-stretch font-style font-variant font-weight image-rendering opacity"
    " stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin"
    " stroke-miterlimit stroke-opacity stroke-width text-anchor"
)
PRESENTATION: Final = frozenset(_PRESENTATION.split())
# Written once, on the root; what an element says of itself is left out where it says the same.
DEFAULTS: Final = {"font-size": f"{NORMAL:g}px", "text-anchor": "start"}
ROOT: Final = {"font-family": FONTS, "stroke-linejoin": "round", "stroke-linecap": "butt", **DEFAULTS}
_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# matplotlib before 3.10 writes one property: font: 700 6px 'A', 'B'
_FONT: Final = re.compile(r"(?P<before>(?:[a-z0-9-]+ )*)(?P<size>[\d.]+px)")
_NUMBER: Final = re.compile(r"-?\d*\.\d+(?:[eE][-+]?\d+)?|-?\d+(?:[eE][-+]?\d+)?")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_UPRIGHT: Final = re.compile(r"rotate\(-?0(?: [^)]*)?\)")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no XML
_TWICE: Final = re.compile(r"#([0-9a-f])\1([0-9a-f])\2([0-9a-f])\3")


def figure_svg(
    figure: Figure,
    *,
    title: str,
    description: str,
    key: str = "",
    overlay: Iterable[ET.Element] = (),
    digits: int = DIGITS,
) -> tuple[Markup, str]:
    """Return a figure as inline SVG, and the beginning of its ids.

    Parameters
    ----------
    figure
        Any figure of ``netgen.plots``.
    title, description
        What a screen reader says of it: its name, and what is to be seen.
    key
        Beginning of all ids; from the title and the drawing if blank. The same figure twice in a page needs two keys.
    overlay
        Elements on top of the drawing, in its units (points, y from above), made by ``shape``.
    digits
        Decimals of coordinates, in points.

    Returns
    -------
    tuple
        An ``<svg>`` element with ``role="img"``, ``<title>`` and ``<desc>``, and the key.
    """
    source = _draw(figure)
    key = key or "f" + hashlib.sha256(f"{title}\n{source}".encode()).hexdigest()[:7]
    drawn = ET.fromstring(source)  # noqa: S314  # written by matplotlib a line ago
    wide, high = (float(value) for value in drawn.attrib["viewBox"].split()[2:])
    root = shape("svg", viewBox=f"0 0 {number(wide, digits)} {number(high, digits)}")
    root.attrib |= {"width": str(round(wide * SCALE)), "height": str(round(high * SCALE)), "role": "img"}
    root.attrib |= {"aria-labelledby": f"{key}-title", "aria-describedby": f"{key}-desc", **ROOT}
    root.append(shape("title", title, id=f"{key}-title"))
    root.append(shape("desc", description, id=f"{key}-desc"))
    names = {name: f"{key}-{place}" for place, name in enumerate(_referred(drawn), start=1)}
    for child in drawn:
        root.extend(_clean(child, names, digits))
    root.extend(overlay)
    return raw("".join(_write(root))), key


def shape(name: str, content: str = "", **attributes: str) -> ET.Element:
    """Return an SVG element; everything in it is escaped when the drawing is written.

    Parameters
    ----------
    name
        Name of the element.
    content
        Text in it.
    **attributes
        ``class_`` is ``class``, ``data_patient`` is ``data-patient``; ``viewBox`` keeps its letters.

    Returns
    -------
    Element
        Without children.
    """
    made = ET.Element(name, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()})
    made.text = content or None
    return made


def _draw(figure: Figure) -> str:
    """Return what matplotlib writes, without dates and names."""
    file = io.BytesIO()
    with styled():
        figure.savefig(file, format="svg", metadata=_METADATA)
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", file.getvalue().decode("utf-8"))


def _referred(root: ET.Element) -> list[str]:
    """Return the ids that something refers to, in order of appearance."""
    values = [value for node in root.iter() for value in node.attrib.values()]
    wanted = {name for value in values for name in _REFERENCE.findall(value)}
    wanted |= {value[1:] for value in values if value.startswith("#")}
    return [node.attrib["id"] for node in root.iter() if node.attrib.get("id") in wanted]


def _clean(node: ET.Element, names: Mapping[str, str], digits: int) -> list[ET.Element]:
    """Return an element as the page has it; a group that says nothing is its children."""
    name = node.tag.rpartition("}")[2]
    if name in DROPPED:
        return []
    children = [part for child in node for part in _clean(child, names, digits)]
    attributes = _attributes(node, names, digits)
    if name in {"g", "defs"} and not children:
        return []
    made = ET.Element(name, attributes)
    if name in {"text", "tspan"}:
        made.text = node.text
    made.extend(_share(made, children) if name == "g" else children)
    return list(made) if name == "g" and not made.attrib else [made]


def _share(group: ET.Element, children: list[ET.Element]) -> list[ET.Element]:
    """Say once, on their group, what all markers say; leave out those that rounding put on top of the same one."""
    if len(children) < 2 or any(child.tag != "use" or "opacity" in child.attrib for child in children):
        return children
    seen = {tuple(child.attrib.items()): child for child in children}
    first, *others = (child.attrib for child in seen.values())
    common = {name for name in first if name in PRESENTATION and all(one.get(name) == first[name] for one in others)}
    for name in sorted(common - set(group.attrib)):
        group.set(name, first[name])
        for child in seen.values():
            del child.attrib[name]
    return list(seen.values())


def _attributes(node: ET.Element, names: Mapping[str, str], digits: int) -> dict[str, str]:
    out: dict[str, str] = {}
    for long, value in node.attrib.items():
        name = long.rpartition("}")[2]
        if name == "style":
            words = _presentation(value, names, max(digits, DIGITS))
            out |= {key: word for key, word in words.items() if DEFAULTS.get(key) != word}
        elif name == "d":
            out["d"] = compact_path(value, digits)
        elif name == "id":
            out |= {"id": names[value]} if value in names else {}
        elif name == "href":
            out["href"] = f"#{names[value[1:]]}" if value.startswith("#") else "".join(value.split())
        elif link := _REFERENCE.fullmatch(value):
            out[name] = f"url(#{names[link[1]]})"
        elif name == "transform":
            shown = _UPRIGHT.sub("", value).strip()
            out |= {"transform": _round(shown, digits)} if shown else {}
        else:
            out[name] = _round(value, digits) if name in {"x", "y", "width", "height"} else value
    return out


def _presentation(style: str, names: Mapping[str, str], digits: int) -> dict[str, str]:
    """Return a style as attributes; what is none (matplotlib may learn new words) stays a style."""
    out: dict[str, str] = {}
    rest = []
    for item in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (part.strip() for part in item.partition(":"))
        if name == "font-family":
            continue  # the fonts of the page are on the root
        if name == "font" and (match := _FONT.match(value)):
            out |= _font_words(match["before"].split())
            out["font-size"] = match["size"]
        elif name == "clip-path" or name not in PRESENTATION:
            rest.append(item)
        elif value.startswith("#"):
            out[name] = _TWICE.sub(r"#\1\2\3", value)
        else:
            link = _REFERENCE.fullmatch(value)
            out[name] = f"url(#{names[link[1]]})" if link else _round(value, digits)
    return out | ({"style": "; ".join(rest)} if rest else {})


def _font_words(words: list[str]) -> dict[str, str]:
    """Return what stands before the size in a ``font`` property."""
    out = {}
    for word in words:
        if word in {"italic", "oblique"}:
            out["font-style"] = word
        elif word.isdigit() or word in {"bold", "bolder", "lighter"}:
            out["font-weight"] = word
    return out


def _round(value: str, digits: int) -> str:
    """Round every number in a value."""
    return _NUMBER.sub(lambda match: number(float(match[0]), digits), value)


def _write(node: ET.Element) -> Iterable[str]:
    """Give the parts of an element as text, escaped."""
    head = " ".join([node.tag, *(f'{name}="{text(value)}"' for name, value in node.attrib.items())])
    if not len(node) and not node.text:
        yield f"<{head}/>"
        return
    yield f"<{head}>{text(node.text or '')}"
    for child in node:
        yield from _write(child)
    yield f"</{node.tag}>"
