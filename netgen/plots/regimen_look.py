"""One look per class of treatment, the same in every figure: a colour, a hatching, a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.plots.style import GREY, PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from matplotlib.patches import Patch

BLUE, RED, GREEN, PINK, ORANGE, SKY, YELLOW, _ = PALETTE
PURPLE: Final = "#5D3A9B"  # black is for markers


class Look(NamedTuple):
    """Colour, hatching (drawn in white, or black on light colours), name, and abbreviation where there is no room."""

    color: str
    hatch: str
    name: str
    short: str

    @property
    def ink(self) -> str:
        """Return black or white, whichever is read more easily on the colour."""
        red, green, blue = (int(self.color[i : i + 2], 16) for i in (1, 3, 5))
        return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#FFFFFF"


EDGE: Final = "#7F7F7F"
THIN: Final = 0.45  # points, of hatching

# Classes in the order of legends; colours that occur twice differ in their hatching.
LOOKS: Final[dict[str, Look]] = {
    "ssa": Look(SKY, "", "SSA", "SSA"),
    "prrt": Look(ORANGE, "///", "PRRT", "PRRT"),
    "chemo_alkylating": Look(BLUE, "", "alkylating", "ALK"),
    "chemo_platinum": Look(RED, "\\\\\\", "platinum", "PLAT"),
    "chemo_other": Look(RED, "...", "other chemo", "CTX"),
    "mtor_inhibitor": Look(GREEN, "---", "mTOR", "mTOR"),
    "tki_antiangiogenic": Look(PINK, "xxx", "TKI", "TKI"),
    "ici": Look(YELLOW, "", "ICI", "ICI"),
    "targeted_matched": Look(PURPLE, "", "matched", "MAT"),
    "locoregional_liver": Look(SKY, "...", "liver-directed", "LIV"),
    "surgery": Look(YELLOW, "///", "surgery", "SURG"),
    "radiotherapy": Look(YELLOW, "...", "radiotherapy", "RT"),
    "trial_other": Look(PINK, "", "trial", "TRIAL"),
    "watch_and_wait": Look(GREEN, "", "watch and wait", "WW"),
    "best_supportive_care": Look(BLUE, "...", "supportive", "BSC"),
    "other": Look("#A6A6A6", "///", "other", "other"),
    "unknown": Look("#A6A6A6", "...", "unknown", "unk."),
    "ongoing": Look("#DCDCDC", "", "ongoing", "ong."),
    "off_therapy": Look("#F2F2F2", "", "off therapy", "off"),
    "lost": Look("#F2F2F2", "...", "lost", "lost"),
    "unrecorded": Look("#F2F2F2", "xxx", "unrecorded", "unr."),
    "dead": Look("#4D4D4D", "", "dead", "dead"),
}


def look_of(name: str) -> Look:
    """Return the look of a class or of an end state; a name of one's own looks like ``other``.

    Parameters
    ----------
    name
        A class of ``schema.REGIMEN_CLASSES``, ``other``, ``unknown``, or why there is no further line.

    Returns
    -------
    Look
        With the name itself and its first letters if it is not known.
    """
    return LOOKS.get(name, Look(GREY, "|||", name.replace("_", " "), name[:4]))


def in_order(names: Iterable[str]) -> list[str]:
    """Return names in the order of legends: classes, names of one's own, end states.

    Parameters
    ----------
    names
        Classes and end states, in any order.

    Returns
    -------
    list of str
        Each once.
    """
    place = {name: i for i, name in enumerate(LOOKS)}
    own = place["ongoing"] - 0.5
    return sorted(set(names), key=lambda name: (place.get(name, own), name))


def thin_hatching() -> AbstractContextManager[None]:
    """Return a context in which patches are hatched in thin lines; matplotlib before 3.10 does not heed it."""
    import matplotlib as mpl

    return mpl.rc_context({"hatch.linewidth": THIN})


def legend_handles(names: Iterable[str], *, short: bool = False) -> list[Patch]:
    """Return one entry of a legend per class or end state; call it inside ``style.styled`` and ``thin_hatching``.

    Parameters
    ----------
    names
        Classes and end states.
    short
        Give the abbreviation beside the name.

    Returns
    -------
    list of Patch
        In the order of legends, each with its label.
    """
    from matplotlib.patches import Patch

    out = []
    for look in map(look_of, in_order(names)):
        label = f"{look.name} ({look.short})" if short and look.short != look.name else look.name
        edge = look.ink if look.hatch else EDGE
        out.append(Patch(facecolor=look.color, edgecolor=edge, hatch=look.hatch, lw=0.2, label=label))
    return out


def hatched(patch: Patch, look: Look) -> Patch:
    """Make a patch the hatching that lies on a filled one: no face, no border.

    Parameters
    ----------
    patch
        A patch of the same shape.
    look
        The look of the class.

    Returns
    -------
    Patch
        The given one.
    """
    patch.set(facecolor="none", edgecolor=look.ink, linewidth=0, hatch=look.hatch)
    return patch
