"""The rules that make lines of treatment of drug records, for one patient (DOMAIN 2.8, L1-L5 and L7).

All times are day numbers. What the rules need of the patient is in :class:`Patient`; tables are read and written in
``lines``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from netgen.clinical.rows import counted
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from netgen.clinical.regimens import Drug

EARLY_DAYS: Final = 14  # L0: a drug up to two weeks before the date of advanced disease is for advanced disease
RELAPSE_DAYS: Final = 183  # L0: six months
# L4: longest planned pause of a class; a longer one after progression is a restart. Others: the window.
CYCLE_DAYS: Final[dict[str, int]] = {"prrt": 112}


@dataclass(frozen=True, kw_only=True)
class LineRules:
    """Parameters of the derivation.

    Attributes
    ----------
    window
        Drugs started within these days of the start of a line belong to its regimen.
    gap
        A regimen restarted after more than these days without it is a new line.
    local_as_line
        Local procedures are lines, not events beside them.
    maintenance
        Pairs of induction and maintenance, as drugs or regimens: the second does not begin a new line after the first.

    Raises
    ------
    AnalysisError
        E_CONFIG for a negative number of days.
    """

    window: int = 28
    gap: int = 120
    local_as_line: bool = False
    maintenance: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in ("window", "gap"):
            if getattr(self, name) < 0:
                raise AnalysisError(
                    "E_CONFIG",
                    f"{name} must be a number of days from 0, found {getattr(self, name)}.",
                    fix="Change it.",
                )


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One period of one drug.

    ``end`` is +inf where it is not known; ``row`` is the position in the table of drugs; ``background`` is what the
    table says about an SSA, None = nothing.
    """

    drug: Drug
    start: float
    end: float
    row: int
    intent: str = ""
    background: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What the rules need of one patient.

    ``progressions`` are sorted days of documented progression; ``maintenance`` holds pairs of sets of drug keys.
    """

    progressions: tuple[float, ...] = ()
    functional: bool = False
    maintenance: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()


@dataclass(kw_only=True)
class Line:
    """A line that is being built.

    ``regimen`` maps the key of a drug to the drug; ``carried`` are records of the line before that go on in this one,
    ``background`` those of an SSA beside it, ``recent`` the last starts of the drugs of the line before.
    """

    start: float
    doses: list[Dose]
    regimen: dict[str, Drug]
    reasons: list[str]
    flags: set[str] = field(default_factory=set)
    carried: list[Dose] = field(default_factory=list)
    background: list[Dose] = field(default_factory=list)
    recent: dict[str, float] = field(default_factory=dict)

    @property
    def last(self) -> float:
        """Last day of its drugs as recorded; +inf if one has no end."""
        return max(dose.end for dose in (*self.doses, *self.carried))

    @property
    def classes(self) -> list[str]:
        """Classes of its drugs."""
        return [drug.drug_class for drug in self.regimen.values()]


def group_lines(doses: Sequence[Dose], patient: Patient, rules: LineRules, *, first: str = "") -> list[Line]:
    """Return the lines of one patient.

    Parameters
    ----------
    doses
        Records that can define lines, in any order.
    patient
        Progressions and what else decides.
    rules
        Parameters.
    first
        Reason of the first line; blank = the usual one.

    Returns
    -------
    list of Line
        In order of their starts, which increase.

    Notes
    -----
    L1: a line starts with the first drug, drugs within the window belong to it. L2: a drug added later starts a new
    line unless it replaces one of its group, is background SSA, or is the declared maintenance. L3: dropping a drug
    changes nothing. L4: the same drugs after a gap, or after progression and a pause longer than planned, are a new
    line. L5: see ``is_background``. L7: progression alone changes nothing.
    """
    ordered = sorted(doses, key=lambda dose: (dose.start, dose.drug.name, dose.end, dose.row))
    lines: list[Line] = []
    waiting: list[Dose] = []
    for dose in ordered:
        current = lines[-1] if lines else None
        if is_background(dose, ordered, current, patient, rules):
            (waiting if current is None else current.background).append(dose)
        elif current is None:
            reason = first or f"L1: {dose.drug.name} is the first drug"
            lines.append(Line(start=dose.start, doses=[dose], regimen={dose.drug.key: dose.drug}, reasons=[reason]))
        else:
            step, reason = _decide(dose, current, patient, rules)
            if step == "new":
                lines.append(_open_line(dose, current, reason, rules))
            else:
                _extend(current, dose, reason, step)
    if lines:
        lines[0].background += [dose for dose in waiting if dose.end >= lines[0].start]
    _flag_rechallenge(lines)
    return lines


def is_background(
    dose: Dose, doses: Collection[Dose], current: Line | None, patient: Patient, rules: LineRules
) -> bool:
    """Tell whether an SSA is given for the syndrome beside another class, and so never a line (L5).

    Parameters
    ----------
    dose
        The record.
    doses
        All records of the patient.
    current
        The line before it; None = there is none.
    patient
        Whether the tumour is functional.
    rules
        The window.

    Returns
    -------
    bool
        What the table says, if it says so. Else True where another class is given at the time and the tumour is
        functional or the patient had an SSA before (it is continued), or where another class follows within the window
        and the SSA goes on beyond its start.
    """
    if dose.drug.drug_class != "ssa" or dose.background is not None:
        return bool(dose.background)
    others = [one for one in doses if one.drug.drug_class != "ssa"]
    if patient.functional and any(one.start == dose.start for one in others):
        return True
    if any(dose.start < one.start <= dose.start + rules.window and dose.end > one.start for one in others):
        return True
    running = current is not None and current.last >= dose.start and set(current.classes) != {"ssa"}
    had_before = any(one.drug.drug_class == "ssa" and one.start < dose.start for one in doses)
    return running and (patient.functional or had_before)


def _decide(dose: Dose, line: Line, patient: Patient, rules: LineRules) -> tuple[str, str]:
    """Return what a record is to a line (new, same, maintenance, continued) and why, as far as it need be said."""
    name, key = dose.drug.name, dose.drug.key
    planned = max(CYCLE_DAYS.get(group, rules.window) for group in (*line.classes, dose.drug.drug_class))
    if key in line.regimen:
        reason = _restart(dose, line, patient, rules.gap, planned)
        if reason:
            return "new", reason
        known = line.regimen[key].name
        return "same", "" if known == name else f"L2: {name} replaces {known}"
    if dose.start - line.start <= rules.window:
        return "same", ""
    if dose.start - line.recent.get(key, -math.inf) <= planned:
        return "continued", f"L3: {name} of the line before goes on"
    if _is_maintenance(dose, line, patient, rules):
        return "maintenance", f"L2: {name} is the declared maintenance"
    return "new", f"L2: {name} begins {counted(int(dose.start - line.start), 'day')} after the line"


def _restart(dose: Dose, line: Line, patient: Patient, gap: int, planned: int) -> str:
    """Return why a drug of the regimen is given anew (L4); blank if it only goes on."""
    pause = dose.start - line.last
    if pause > gap:
        return f"L4: {dose.drug.name} again after {counted(int(pause), 'day')} without it"
    if pause > planned and any(line.start < day <= dose.start for day in patient.progressions):
        return f"L4: {dose.drug.name} again after progression and {counted(int(pause), 'day')} without it"
    return ""


def _is_maintenance(dose: Dose, line: Line, patient: Patient, rules: LineRules) -> bool:
    """Tell whether the drug is the declared maintenance of the regimen, begun without a gap."""
    given = frozenset(line.regimen)
    soon = dose.start - line.last <= rules.gap
    return soon and any(before <= given and dose.drug.key in after for before, after in patient.maintenance)


def _extend(line: Line, dose: Dose, reason: str, step: str) -> None:
    """Add a record to a line, and its drug to the regimen if it is new there."""
    line.doses.append(dose)
    line.regimen.setdefault(dose.drug.key, dose.drug)
    if reason and reason not in line.reasons:
        line.reasons.append(reason)
        line.flags.add("substitution" if step == "same" else step)


def _open_line(dose: Dose, before: Line, reason: str, rules: LineRules) -> Line:
    """Begin a line: with what begins on its day, and what goes on for longer than the window (an SSA beside it)."""
    start = dose.start
    same_day = [one for one in before.doses if one.start == start]
    before.doses = [one for one in before.doses if one.start < start]
    own = [*same_day, dose]
    line = Line(start=start, doses=own, regimen={one.drug.key: one.drug for one in own}, reasons=[reason])
    for one in (*before.doses, *before.carried):
        line.recent[one.drug.key] = max(line.recent.get(one.drug.key, -math.inf), one.start)
        if one.drug.key in {mine.drug.key for mine in own}:
            continue
        if one.drug.drug_class == "ssa" and one.end > start + rules.window and dose.drug.drug_class != "ssa":
            line.background.append(one)
        elif math.isfinite(one.end) and one.end > start + rules.window:
            line.carried.append(one)
            line.regimen.setdefault(one.drug.key, one.drug)
    line.background += [one for one in before.background if one.end > start]
    return line


def _flag_rechallenge(lines: Sequence[Line]) -> None:
    """Flag lines whose drugs all belong to one line before them (L4)."""
    for place, line in enumerate(lines):
        if any(set(line.regimen) <= set(other.regimen) for other in lines[:place]):
            line.flags.add("rechallenge")


def is_relapse(line: Line, days: Sequence[float]) -> bool:
    """Tell whether the tumour progressed during a curative line or within six months of its end (L0).

    Parameters
    ----------
    line
        A curative line; a drug without end is known to be given until its last start.
    days
        Days of progression, that of advanced disease included.

    Returns
    -------
    bool
        True if the line counts as palliative.
    """
    end = max(dose.end if math.isfinite(dose.end) else dose.start for dose in (*line.doses, *line.carried))
    return any(line.start < day <= end + RELAPSE_DAYS for day in days)
