"""Paths of a drawing in few characters: rounded once, then written relative to the point before."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(r"[MLQCZz]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PAIRS: Final = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}
_JOINT: Final = re.compile(r" (?=-)")


class _Segment(NamedTuple):
    """One command and its points in whole units of the last decimal."""

    command: str
    points: tuple[tuple[int, int], ...]


def compact_path(path: str, digits: int) -> str:
    """Return path data that draw the same and take a fraction of the characters.

    Parameters
    ----------
    path
        Absolute commands M, L, Q, C and Z, as matplotlib writes them.
    digits
        Decimals that are kept. Points are rounded, steps between them are differences of rounded points: no error adds
        up along the path.

    Returns
    -------
    str
        Relative commands; lines along an axis are ``h`` and ``v``, and two in the same direction are one. A line that
        rounding makes nothing is left out, unless it is all there is after a move.

    Raises
    ------
    ValueError
        If there is any other command, or a command lacks numbers.
    """
    out: list[str] = []
    here = start = (0, 0)
    for segment in _merge(_segments(path, digits)):
        if segment.command == "Z":
            out.append("z")
            here = start
            continue
        steps = [(x - here[0], y - here[1]) for x, y in segment.points]
        out.append(_write(segment.command, steps, digits))
        here = segment.points[-1]
        if segment.command == "M":
            start = here
    return "".join(out)


def number(value: float, digits: int) -> str:
    """Return a number as short as it can be written.

    Parameters
    ----------
    value
        Any finite number.
    digits
        Decimals that are kept.

    Returns
    -------
    str
        Without trailing zeros, without the zero before the point, without minus zero.
    """
    return _short(round(value * 10**digits), digits)


def _segments(path: str, digits: int) -> list[_Segment]:
    if _TOKEN.sub("", path).replace(",", "").strip():
        raise ValueError(f"a path may have the commands M, L, Q, C and Z, found {path[:60]!r}")
    tokens = _TOKEN.findall(path)
    out, place = [], 0
    while place < len(tokens):
        command = tokens[place].upper()
        stop = place + 1 + 2 * _PAIRS.get(command, -1)
        numbers = tokens[place + 1 : stop]
        if command not in _PAIRS or len(numbers) < stop - place - 1 or any(map(str.isalpha, numbers)):
            raise ValueError(f"each command of a path needs its numbers, found {path[:60]!r}")
        whole = [round(float(token) * 10**digits) for token in numbers]
        out.append(_Segment(command, tuple(zip(whole[::2], whole[1::2], strict=True))))
        place = stop
    return out


def _merge(segments: list[_Segment]) -> list[_Segment]:
    """Leave out lines of no length, and join lines that go on in the same direction along an axis."""
    out: list[_Segment] = []
    for segment in segments:
        if segment.command != "L" or not out or out[-1].command not in "ML":
            out.append(segment)
            continue
        (x, y), (x0, y0) = segment.points[0], out[-1].points[0]
        if (x, y) == (x0, y0) and out[-1].command == "L":
            continue
        if out[-1].command == "L" and len(out) > 1 and out[-2].command in "ML":
            (x1, y1) = out[-2].points[0]
            onward = (x0 - x1) * (x - x0) + (y0 - y1) * (y - y0) > 0
            if (onward and (x == x0 == x1 or y == y0 == y1)) or (x0, y0) == (x1, y1):
                out[-1] = segment
                continue
        out.append(segment)
    return out


def _write(command: str, steps: list[tuple[int, int]], digits: int) -> str:
    (dx, dy) = steps[-1]
    if command == "L" and dy == 0:
        return "h" + _short(dx, digits)
    if command == "L" and dx == 0:
        return "v" + _short(dy, digits)
    values = " ".join(_short(value, digits) for step in steps for value in step)
    return command.lower() + _JOINT.sub("", values)


def _short(units: int, digits: int) -> str:
    sign, text = "-" if units < 0 else "", str(abs(units)).rjust(digits + 1, "0")
    whole, rest = (text[:-digits], text[-digits:].rstrip("0")) if digits else (text, "")
    if not rest:
        return sign + whole
    return f"{sign}{whole if whole != '0' else ''}.{rest}"
