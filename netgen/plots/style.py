"""One look for all figures: journal widths, small editable type, a palette safe for colour blindness, the same bytes.

Figures are made with matplotlib's objects, never with pyplot: nothing is kept open and no window appears. The font
comes with the package, so that the same figure is the same file on every machine: the characters of DejaVu Sans that
figures use, which embed much faster than the whole (``netgen.plots.make_fonts``). Other characters are drawn in DejaVu
Sans, which comes with matplotlib. ``styled`` takes another font where a journal asks for it. Letters are drawn
unhinted, so that PNG and PDF have the same spacing.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import netgen.data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Width = Literal["single", "double"]

WIDTHS_MM: Final[dict[str, float]] = {"single": 89.0, "double": 183.0}
MM: Final = 1 / 25.4  # inches
POINT: Final = 1 / 72  # inches
FONT: Final = "Netgen Sans"
FALLBACK: Final = "DejaVu Sans"
# Style -> file in netgen/data/fonts.
FONT_FILES: Final = {style: f"NetgenSans-{style}.ttf" for style in ("Regular", "Bold", "Oblique", "BoldOblique")}
SMALL, NORMAL, LARGE = 5.0, 6.0, 7.0  # points
# Okabe and Ito: told apart with any colour vision; black last because text is black.
PALETTE: Final[tuple[str, ...]] = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000",
)  # fmt: skip
GREY: Final = "#6E6E6E"
# Lines differ in dashes as well as in colour; round dots are kept for the thin tail of a curve.
DASHES: Final[tuple[Any, ...]] = ("solid", (0, (5, 1.6)), (0, (6, 1.4, 1.2, 1.4)), (0, (3, 1, 1, 1, 1, 1)))
DOTTED: Final = (0, (1, 1.8))
DAYS_PER: Final[dict[str, float]] = {"days": 1.0, "months": 30.4375, "years": 365.25}

# Text stays text: TrueType in PDF and PS, <text> in SVG. The salt makes the ids in SVG repeatable.
RC: Final[dict[str, Any]] = {
    "axes.labelsize": NORMAL,
    "axes.linewidth": 0.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": LARGE,
    "axes.titleweight": "bold",
    "figure.dpi": 100,
    "font.sans-serif": [FALLBACK],
    "font.size": NORMAL,
    "legend.fontsize": NORMAL,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "mathtext.default": "regular",
    "patch.linewidth": 0.5,
    "path.simplify": False,
    "pdf.compression": 6,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "savefig.dpi": 300,
    "svg.fonttype": "none",
    "svg.hashsalt": "netgen",
    "text.hinting": "none",
    "text.parse_math": False,  # a $ in a name is a $
    "xtick.labelsize": NORMAL,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.5,
    "ytick.labelsize": NORMAL,
    "ytick.major.size": 2.5,
    "ytick.major.width": 0.5,
}
METADATA: Final[dict[str, dict[str, str | None]]] = {
    "pdf": {"Creator": "netgen", "Producer": None, "CreationDate": None},
    "svg": {"Creator": "netgen", "Date": None},
    "png": {"Software": None},
}
# Level 3 of zlib takes two thirds of the time of level 6 and a tenth more space; the pixels are the same.
SAVING: Final[dict[str, dict[str, Any]]] = {"png": {"pil_kwargs": {"compress_level": 1}}}


@contextmanager
def styled(font: str = FONT) -> Iterator[None]:
    """Apply the look while artists are made or a figure is written.

    Parameters
    ----------
    font
        Font family; for characters it lacks, the font of the package and then DejaVu Sans.

    Yields
    ------
    None
        Nothing; the settings of the caller come back afterwards.
    """
    import matplotlib as mpl

    _add_fonts()
    settings: dict[Any, Any] = {**RC, "font.family": list(dict.fromkeys([font, FONT, "sans-serif"]))}
    with mpl.rc_context(settings):
        yield


def new_figure(width: Width = "single", height_mm: float = 70.0) -> Figure:
    """Return an empty figure of a journal width, not known to pyplot.

    Parameters
    ----------
    width
        ``single`` (89 mm) or ``double`` (183 mm).
    height_mm
        Height in mm; journals rarely take more than 170.

    Returns
    -------
    Figure
        Without axes.
    """
    from matplotlib.figure import Figure

    with styled():
        return Figure(figsize=(WIDTHS_MM[width] * MM, height_mm * MM), facecolor="white")


def framed(
    ax: Axes | None, width: Width, title: str, *, body: float = 48.0, left: float = 12.0, above: float = 0.0
) -> Axes:
    """Return axes with room for ticks, labels and a title; call it inside ``styled``.

    Parameters
    ----------
    ax
        Axes that are given, or None to make a figure with one.
    width
        Width of the figure that is made.
    title
        Heading, left-aligned; blank = none.
    body, left, above
        Height of the axes, room left of them and between them and the title, mm.

    Returns
    -------
    Axes
        The given axes, or new ones.
    """
    if ax is None:
        height = body + above + (7.0 if title else 3.0) + 10.0
        fig = new_figure(width, height)
        whole = WIDTHS_MM[width]
        ax = fig.add_axes((left / whole, 10.0 / height, (whole - left - 12.0) / whole, body / height))
    if title:
        ax.set_title(title, loc="left", pad=4 + above * MM / POINT)
    return ax


def save_figure(fig: Figure, path_stem: Path, formats: Sequence[str] = ("pdf", "svg", "png")) -> list[Path]:
    """Write a figure, the same bytes for the same figure: no date, no random ids.

    Parameters
    ----------
    fig
        The figure.
    path_stem
        Path without extension; its folder is created.
    formats
        Any of pdf, svg, png.

    Returns
    -------
    list of Path
        The files, in the order of ``formats``.

    Raises
    ------
    ValueError
        If a format is not known.
    """
    unknown = sorted(set(formats) - set(METADATA))
    if unknown:
        raise ValueError(f"Figures are written as {', '.join(sorted(METADATA))}, found {', '.join(unknown)}.")
    stem = Path(path_stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    written = []
    with styled():
        for name in formats:
            path = stem.with_name(f"{stem.name}.{name}")
            fig.savefig(path, format=name, metadata=METADATA[name], **SAVING.get(name, {}))
            written.append(path)
    return written


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = NORMAL, weight: str = "normal") -> float:
    """Return the width of a line of text in the default font.

    Parameters
    ----------
    text
        One line.
    size
        Font size in points.
    weight
        ``normal`` or ``bold``.

    Returns
    -------
    float
        Width in points.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    if not text.strip():
        return 0.0
    _add_fonts()
    properties = FontProperties(family=[FONT, FALLBACK], size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return float(width)


@cache
def _add_fonts() -> None:
    """Make the fonts of the package known to matplotlib, once per process; no other font bears their name."""
    from matplotlib.font_manager import fontManager

    for name in FONT_FILES.values():
        fontManager.addfont(Path(netgen.data.__file__).parent / "fonts" / name)


def format_p(value: float) -> str:
    """Return a p- or q-value as journals print it.

    Parameters
    ----------
    value
        Between 0 and 1, or NaN.

    Returns
    -------
    str
        Three decimals, ``<0.001`` below, an en dash where there is none.
    """
    if math.isnan(value):
        return "\N{EN DASH}"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
