"""Which endpoints there are, declared once: what each starts with, what it counts, and how a request names it.

A request is a name, or a name and where time starts: ``pfs``, ``pfs@line:2``, ``os@dx``, ``os@column:date_surgery``.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from netgen.errors import AnalysisError

LINE: Final = re.compile(r"line:([1-9][0-9]*)")
CUSTOM: Final = "custom"


class Kind(NamedTuple):
    """A built-in endpoint: default origin, title, what is counted, and whether another event competes with it."""

    origin: str
    title: str
    meaning: str
    competing: bool = False

    @property
    def of_line(self) -> bool:
        """True if time starts with a line of treatment."""
        return self.origin.startswith("line:")


KINDS: Final[dict[str, Kind]] = {
    "os": Kind("advanced", "Overall survival", "death from any cause"),
    "dss": Kind("advanced", "Disease-specific survival", "death from the tumour; other deaths compete", competing=True),
    "pfs": Kind("line:1", "Progression-free survival", "progression, or death before the next line"),
    "ttp": Kind("line:1", "Time to progression", "progression; death without it competes", competing=True),
    "ttnt": Kind("line:1", "Time to next treatment", "start of the next line, or death"),
    "ttf": Kind("line:1", "Time to treatment failure", "end of the line for any reason"),
    "ttd": Kind("line:1", "Time to treatment discontinuation", "end of the line for any reason, completion included"),
    "dot": Kind("line:1", "Duration of treatment", "end of the line; first and last day both count"),
    "dor": Kind("line:1", "Duration of response", "progression or death of responders, from the first response"),
}  # fmt: skip


class Request(NamedTuple):
    """A request taken apart: name of the result (letters, digits, ``_``, ``-``), kind, origin ("" = default)."""

    name: str
    kind: str
    origin: str


def parse_request(text: str) -> Request:
    """Return name, kind and origin of a request such as ``pfs@line:2``.

    Parameters
    ----------
    text
        The request; case does not matter before ``@``.

    Returns
    -------
    Request
        ``pfs@line:2`` is named ``pfs_line2``, so that two lines can stand side by side and in file names.

    Raises
    ------
    AnalysisError
        E_CONFIG if there is nothing before or behind ``@``.

    Examples
    --------
    >>> parse_request("pfs@line:2")
    Request(name='pfs_line2', kind='pfs', origin='line:2')
    >>> parse_request("OS")
    Request(name='os', kind='os', origin='')
    """
    kind, at, origin = text.partition("@")
    kind = kind.strip().lower()
    origin = origin.strip()
    if not kind or (at and not origin):
        raise AnalysisError(
            "E_CONFIG", f"an endpoint is requested as name or name@origin, found {text!r}.", fix="Write pfs@line:2."
        )
    if not at:
        return Request(kind, kind, "")
    tail = origin.removeprefix("column:").replace(":", "")
    return Request(f"{kind}_{re.sub(r'[^A-Za-z0-9_-]', '_', tail)}", kind, origin)


def title_endpoint(kind: str, *, origin: str = "", deaths: str = "event", name: str = "") -> str:
    """Return an endpoint in words for a heading or a caption.

    Parameters
    ----------
    kind
        One of ``KINDS``; anything else is shown by its name.
    origin
        Where time starts; blank is left out.
    deaths
        For ttnt: death counts as the event (TTNT-D) or competes (TTNT).
    name
        Name of a custom or recorded endpoint.

    Returns
    -------
    str
        ``Time to next treatment or death (TTNT-D) from line 2``.
    """
    start = {"": "", "dx": " from diagnosis", "advanced": " from advanced disease", "recorded": "",
             "sequencing": " from the sequencing report"}.get(origin)  # fmt: skip
    if start is None:
        line = LINE.fullmatch(origin)
        start = f" from line {line[1]}" if line else f" from {origin.removeprefix('column:')}"
    if kind == "ttnt":
        return ("Time to next treatment or death (TTNT-D)" if deaths == "event" else "Time to next treatment") + start
    if kind == "dor":
        return KINDS[kind].title + start.replace("from", "in")
    return (KINDS[kind].title if kind in KINDS else name or kind) + start
