"""What an endpoint is: the choices of DOMAIN 2 that decide its numbers, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal

from netgen.clinical.endpoint_kinds import CUSTOM, KINDS, LINE
from netgen.clinical.source_names import check_source_names
from netgen.errors import AnalysisError

_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "source": ("derived", "recorded"),
    "new_therapy": ("censor", "event", "ignore"),
    "censor_at": ("assessment", "last_contact"),
    "deaths": ("event", "competing"),
    "completion": ("event", "censor", "exclude"),
    "time_zero": ("half_day", "exclude", "keep"),
    "entry_rule": ("auto", "none", "sequencing_report", "sample_collection", "custom"),
    "partial_dates": ("auto", "impute", "exclude", "bounds"),
}
_LISTS: Final = ("events", "competing", "censor", "stop_at")


@dataclass(frozen=True, kw_only=True)
class EndpointSpec:
    """What an endpoint is: the choices of DOMAIN 2 that decide its numbers.

    Attributes
    ----------
    name
        Of the result; without ``kind`` also what is derived: os, dss, pfs, ttp, ttnt, ttf, ttd, dot, dor, the name of
        a recorded endpoint, or any name with ``events``.
    kind
        One of ``netgen.clinical.endpoint_kinds.KINDS``, or custom. Blank: custom with ``events``, else the name.
    origin
        dx, advanced, line:k, sequencing or ``column:NAME``, a date column of ``patients`` (the prefix may be left out).
        Blank: advanced for os, dss and custom ones, line:1 for endpoints of a line, recorded for recorded endpoints,
        whose time then runs from day 0 of the timeline.
    source
        derived from dates, or recorded: taken as the source gives it.
    events, competing
        Custom: what counts and what competes, as named by ``netgen.clinical.source_names``; the earliest date decides.
    censor
        Custom: until when a patient is known without event; the latest date decides. Blank: last_contact.
    stop_at
        Custom: what ends the observation; the earliest date decides, nothing after that day counts.
    new_therapy
        A new line before any progression: censor, event or ignore (2.2).
    clinical_pd
        A progression seen only clinically counts.
    censor_at
        PFS without event ends at the last adequate assessment, or at last_contact (real-world).
    censor_at_local
        A local procedure during the line ends the follow-up for progression (2.8 L6); otherwise it is a flag.
    deaths
        ttnt: death before the next line is the event, or competing (2.5).
    completion
        ttf: a planned end (``end_reason`` completion) is the event, censored, or the patient is left out (2.5).
    time_zero
        half_day, exclude or keep a time of 0 (2.9).
    max_death_gap_days
        A death without progression longer after the last assessment is flagged ``late_death``.
    assessment_interval_days
        Censor progressions after two missed assessments of this interval; None = no schedule.
    entry_rule
        auto, none, sequencing_report, sample_collection, or custom (the recorded entry, or ``entry_column``).
    entry_column
        Date column of ``patients`` for custom entry of a derived endpoint.
    landmark
        Restart time at this day for those still at risk; None = no landmark.
    pd_date_from_end
        A line that ended for progression without a date progressed on its last day (V14).
    partial_dates
        auto: impute, but no survival from a diagnosis known only to the year. impute: that as well. exclude: leave out
        times uncertain by more than 31 days. bounds: as auto, to be analysed again at both extremes (``at_bound``).

    Raises
    ------
    AnalysisError
        E_CONFIG for a value that is not one of the permitted ones.
    """

    name: str
    kind: str = ""
    origin: str = ""
    source: Literal["derived", "recorded"] = "derived"
    events: tuple[str, ...] = ()
    competing: tuple[str, ...] = ()
    censor: tuple[str, ...] = ()
    stop_at: tuple[str, ...] = ()
    new_therapy: Literal["censor", "event", "ignore"] = "censor"
    clinical_pd: bool = True
    censor_at: Literal["assessment", "last_contact"] = "assessment"
    censor_at_local: bool = False
    deaths: Literal["event", "competing"] = "event"
    completion: Literal["event", "censor", "exclude"] = "event"
    time_zero: Literal["half_day", "exclude", "keep"] = "half_day"
    max_death_gap_days: int = 183
    assessment_interval_days: int | None = None
    entry_rule: Literal["auto", "none", "sequencing_report", "sample_collection", "custom"] = "auto"
    entry_column: str = ""
    landmark: int | None = None
    pd_date_from_end: bool = False
    partial_dates: Literal["auto", "impute", "exclude", "bounds"] = "auto"

    def __post_init__(self) -> None:
        for name in _LISTS:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.kind:
            object.__setattr__(self, "kind", CUSTOM if self.events and self.source == "derived" else self.name)
        if not self.origin:
            default = KINDS[self.kind].origin if self.kind in KINDS else "advanced"
            object.__setattr__(self, "origin", "recorded" if self.source == "recorded" else default)
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _CHOICES and value not in _CHOICES[item.name]:
                allowed = ", ".join(_CHOICES[item.name])
                raise AnalysisError("E_CONFIG", f"{item.name} must be one of {allowed}, found {value!r}.")
        for name in ("max_death_gap_days", "assessment_interval_days", "landmark"):
            value = getattr(self, name)
            if value is not None and value < (0 if name == "max_death_gap_days" else 1):
                raise AnalysisError("E_CONFIG", f"{name} must be a positive number of days, found {value}.")
        _check_kind(self)

    @property
    def line(self) -> int | None:
        """Line number of an origin ``line:k``, else None."""
        match = LINE.fullmatch(self.origin)
        return int(match[1]) if match else None

    @property
    def has_competing(self) -> bool:
        """True if another event competes: the table then holds the codes 0, 1 and 2."""
        if self.source == "recorded":
            return False
        if self.kind == CUSTOM:
            return bool(self.competing)
        return self.deaths == "competing" if self.kind == "ttnt" else self.kind in KINDS and KINDS[self.kind].competing


def _check_kind(spec: EndpointSpec) -> None:
    """Refuse choices that contradict the kind of endpoint."""
    if spec.source == "recorded":
        return
    kind, given = spec.kind, [name for name in _LISTS if getattr(spec, name)]
    if kind == CUSTOM:
        if not spec.events:
            raise AnalysisError(
                "E_CONFIG", f"{spec.name} must name its events, found none.", fix='Write events = ["death"].'
            )
        if spec.name in KINDS:
            raise AnalysisError(
                "E_CONFIG",
                f"{spec.name} is defined already and cannot be given other events.",
                fix="Choose another name.",
            )
        check_source_names(spec)
        return
    if given:
        raise AnalysisError(
            "E_CONFIG", f"{', '.join(given)} belong to an endpoint of one's own, found in {kind}.", fix="Remove them."
        )
    if kind in KINDS and KINDS[kind].of_line and spec.line is None:
        raise AnalysisError(
            "E_CONFIG",
            f"{kind} must start with a line of treatment, found origin {spec.origin!r}.",
            fix='Use origin = "line:1".',
        )
    if kind == "ttp" and spec.new_therapy == "event":
        raise AnalysisError(
            "E_CONFIG", "ttp counts progression only, found new_therapy = 'event'.", fix="Use pfs or ttnt."
        )
    if kind == "ttd" and spec.completion != "event":
        raise AnalysisError(
            "E_CONFIG", f"ttd counts every end of a line, found completion = {spec.completion!r}.", fix="Use ttf."
        )
