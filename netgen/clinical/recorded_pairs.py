"""Which columns of a table are ready-made endpoints: a time and a status that belong together.

Pairs ``X_STATUS`` / ``X_MONTHS`` (cBioPortal; also ``_DAYS``, ``_YEARS``), ``tt_X_days`` / ``X_status`` (GENIE BPC)
and ``X`` / ``X.time`` (TCGA-CDR, days by its convention), with any prefix. A pair with a name that is no known
endpoint counts only if every value of its status column is a status, so that ``SMOKING_STATUS`` and ``SMOKING_YEARS``
are none.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from netgen.clinical.cells import fold_name, read_cells
from netgen.clinical.status import is_status_column
from netgen.clinical.units import find_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from netgen.clinical.files import RawTable
    from netgen.errors import Findings

# Endpoint -> other spellings of its columns' stem.
KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "os": ("overall_survival",),
    "pfs": ("progression_free_survival", "progress_free_survival", "progression_free"),
    "dfs": ("disease_free_survival", "disease_free"),
    "dss": ("disease_specific_survival",),
    "css": ("cancer_specific_survival",),
    "efs": ("event_free_survival", "event_free"),
    "rfs": ("relapse_free_survival", "recurrence_free_survival", "relapse_free", "recurrence_free"),
    "mfs": ("metastasis_free_survival", "dmfs"),
    "ttp": ("time_to_progression",),
    "pfi": ("progression_free_interval",),
    "dfi": ("disease_free_interval",),
    "ttnt": (),
    "ttf": (),
}
_NAMES: Final = {word: name for name, words in KNOWN.items() for word in (name, *words)}
_TIME: Final = re.compile(r"(?:tt_)?(.+)_(months?|mos?|mths?|days?|weeks?|years?|yrs?|time)")
_STATUS: Final = ("{}_status", "{}_event", "{}_cnsr", "event_{}", "{}")
_PREFERENCE: Final = ("days", "months", "weeks", "years", None)
# Columns of words about life and death that a coded overall survival is compared with.
_WITNESSES: Final = frozenset({
    "vital_status", "os_status", "death_from_cancer", "patients_vital_status", "census_status", "survival_status",
    "overall_survival_status", "cdr_vital_status",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RecordedSpec:
    """Where one ready-made endpoint stands.

    Attributes
    ----------
    name
        Endpoint, in lower case.
    time
        Column of times; of several, the first value that is not null counts.
    event
        Column of the status.
    unit
        days, weeks, months or years; None = stated by the column name.
    entry
        Column of the delayed entry, same unit and origin.
    status_map
        Value of the status column -> event, none or unknown (dead, alive).
    check_against
        Column of words about the same event.
    """

    name: str
    time: tuple[str, ...]
    event: str
    unit: str | None = None
    entry: str | None = None
    status_map: Mapping[str, str] = field(default_factory=dict)
    check_against: str | None = None


def find_recorded_endpoints(raw: RawTable, *, findings: Findings, named: Collection[str] = ()) -> list[RecordedSpec]:
    """Return the endpoints that a table holds ready-made.

    Parameters
    ----------
    raw
        The table.
    findings
        Receives ``W_ENDPOINT_INCOMPLETE`` for a known endpoint with a time but no status column, or the reverse.
    named
        Endpoints whose columns the user names: half a pair of another name is nothing to report.

    Returns
    -------
    list of RecordedSpec
        Sorted by name. Of times in several units the finest counts.
    """
    columns: dict[str, str] = {}
    for name in map(str, raw.frame.columns):
        columns.setdefault(fold_name(name), name)
    times = _time_columns(columns)
    specs = []
    for stem, by_unit in sorted(times.items()):
        event = next((columns[form.format(stem)] for form in _STATUS if form.format(stem) in columns), None)
        known = _known_name(stem) is not None
        if event is None and known and _NAMES.get(stem, stem) not in named:
            _report_half(raw, stem, next(iter(by_unit.values())), "status", findings)
        if event is None or not (known or is_status_column(read_cells(raw, [event]))):
            continue
        unit = next(unit for unit in _PREFERENCE if unit in by_unit)
        is_cdr = unit is None and by_unit[unit].casefold().endswith(".time")
        if unit is not None or is_cdr or known:
            specs.append(RecordedSpec(name=stem, time=(by_unit[unit],), event=event, unit="days" if is_cdr else unit))
    for folded, name in columns.items():
        stem = folded.removesuffix("_status").removesuffix("_event")
        if stem != folded and stem in _NAMES and stem not in times and _NAMES[stem] not in named:
            _report_half(raw, stem, name, "time", findings)
    return _short_names(specs)


def find_witness(raw: RawTable, spec: RecordedSpec) -> list[str]:
    """Return the columns of words that a recorded overall survival should agree with.

    Parameters
    ----------
    raw
        The table.
    spec
        The endpoint; only overall survival has witnesses of its own accord.

    Returns
    -------
    list of str
        The column of ``check_against`` if there is one.
    """
    if spec.check_against:
        return [spec.check_against]
    if spec.name != "os":
        return []
    return [str(name) for name in raw.frame.columns if fold_name(str(name)) in _WITNESSES and name != spec.event]


def _time_columns(columns: Mapping[str, str]) -> dict[str, dict[str | None, str]]:
    """Return stem -> unit (None = not stated) -> column."""
    out: dict[str, dict[str | None, str]] = {}
    for folded, name in columns.items():
        match = _TIME.fullmatch(folded)
        if match:
            unit = None if match[2] == "time" else find_unit(match[2])
            out.setdefault(match[1], {}).setdefault(unit, name)
    return out


def _known_name(stem: str) -> str | None:
    """Return the known endpoint that a stem means, with any prefix in front of it."""
    return next((name for word, name in _NAMES.items() if stem == word or stem.endswith(f"_{word}")), None)


def _short_names(specs: list[RecordedSpec]) -> list[RecordedSpec]:
    """Give each endpoint its known name where only one pair claims it."""
    exact = {_NAMES[spec.name] for spec in specs if spec.name in _NAMES}
    claims = Counter(_known_name(spec.name) for spec in specs)
    out = []
    for spec in specs:
        short = _known_name(spec.name)
        own = spec.name in _NAMES or (short not in exact and claims[short] == 1)
        name = short if short is not None and own and (claims[short] == 1 or spec.name in _NAMES) else spec.name
        out.append(RecordedSpec(name=name, time=spec.time, event=spec.event, unit=spec.unit))
    taken = Counter(spec.name for spec in out)
    if max(taken.values(), default=0) > 1:  # os and overall_survival side by side: each keeps its own name
        out = [old if taken[new.name] > 1 else new for old, new in zip(specs, out, strict=True)]
    return sorted(out, key=lambda spec: spec.name)


def _report_half(raw: RawTable, stem: str, column: str, missing: str, findings: Findings) -> None:
    name = _NAMES.get(stem, stem)
    key = "event" if missing == "status" else "time"
    findings.add(
        "W_ENDPOINT_INCOMPLETE",
        f"{name} has no {missing} column beside {column}: it cannot be used.",
        fix=f"If another column holds it, name it: [endpoints.{name}] {key} = ...",
        file=raw.file,
        column=column,
        value=name,
    )
