"""An endpoint in words: origin, events, censoring, new therapy and delayed entry, from the rules that were applied.

Only what was done is said: a rule that an endpoint does not have gives no sentence (DOMAIN 2, 5.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from netgen.clinical.endpoint_kinds import CUSTOM, LINE, title_endpoint
from netgen.derive import specify_endpoint
from netgen.study import AssociationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.clinical.endpoint_spec import EndpointSpec
    from netgen.cohort import Cohort

OF_PROGRESSION: Final = ("pfs", "ttp", "dor")
RECORDED: Final = "As the source recorded it; the rule behind it cannot be checked or changed."
SOURCES: Final = {
    "death": "death from any cause", "progression": "progression", "next_line": "the start of the next treatment line",
    "line_end": "the end of the line", "local_therapy": "the first local procedure",
    "sequencing": "the first sequencing report", "last_contact": "the last contact",
    "last_assessment": "the last assessment without progression", "origin": "the origin",
}  # fmt: skip
ORIGINS: Final = {
    "dx": "The date of diagnosis.",
    "advanced": "The date of advanced disease; where it is missing and metastases were synchronous, the diagnosis.",
    "sequencing": "The first sequencing report of a tumour sample.",
    "recorded": RECORDED,
}
COMPLETION: Final = {
    "event": " A planned completion counts as the event.",
    "censor": " A planned completion ends the time without event.",
    "exclude": " Patients who completed the line as planned are left out.",
}
NEW_THERAPY: Final = {
    "event": "A next line of treatment before any progression counts as the event, on its first day.",
    "ignore": "A next line of treatment before any progression is ignored: a later progression counts.",
}
TIME_ZERO: Final = {
    "half_day": "a time of 0 days counts as half a day",
    "exclude": "patients with a time of 0 days are left out",
    "keep": "a time of 0 days is kept",
}
IMPUTED: Final = "Dates known to the month or the year are imputed"
UNTREATED: Final = " Watch and wait and best supportive care are no treatment."


def list_specs(cohort: Cohort, requested: Mapping[str, Any]) -> dict[str, EndpointSpec]:
    """Return the endpoints of a run with every choice resolved.

    Parameters
    ----------
    cohort
        What it was run on.
    requested
        The settings of the run, ``plan["requested"]``.

    Returns
    -------
    dict
        Name as in the tables -> endpoint, in the order in which they were asked for.
    """
    settings = AssociationSettings(**requested)
    return {spec.name: spec for spec in (specify_endpoint(cohort, name, settings) for name in settings.endpoints)}


def title_of(spec: EndpointSpec) -> str:
    """Return the heading of an endpoint.

    Parameters
    ----------
    spec
        The endpoint.

    Returns
    -------
    str
        ``PFS_LINE2: Progression-free survival from line 2``.
    """
    title = title_endpoint(spec.kind, origin=spec.origin, deaths=spec.deaths, name=spec.name)
    return f"{spec.name.upper()}: {title}"


def define_endpoint(spec: EndpointSpec, cohort: Cohort) -> list[tuple[str, str]]:
    """Return the definition of an endpoint as terms and sentences.

    Parameters
    ----------
    spec
        The endpoint with every choice resolved.
    cohort
        For the data cut-off.

    Returns
    -------
    list of tuple
        Origin, Event, Censoring, then New therapy, Time and Dates as far as they apply.

    Notes
    -----
    The sentences follow DOMAIN 2.0-2.9. Witness: the outcome of a patient under each choice about new therapy, and each
    choice beside its opposite, in ``tests/report/page/test_section_endpoints.py``.
    """
    if spec.source == "recorded":
        rows = [("Origin", _origin(spec)), ("Event", RECORDED), ("Censoring", RECORDED), ("Time", _time(spec))]
        return [row for row in rows if row[1]]
    rows = [
        ("Origin", _origin(spec)),
        ("Event", _event(spec)),
        ("Censoring", _censoring(spec, _cutoff(cohort))),
        ("New therapy", _new_therapy(spec)),
        ("Time", _time(spec)),
        ("Dates", _dates(spec)),
    ]
    return [row for row in rows if row[1]]


def explain_entry(cohort: Cohort, spec: EndpointSpec, rule: str, *, genomic: bool, for_comparison: bool) -> str:
    """Return why patients enter late, or do not.

    Parameters
    ----------
    cohort
        Why and when patients were sequenced.
    spec
        With the entry rule that was asked for.
    rule
        The one that was applied: none, sequencing_report, sample_collection or custom.
    genomic
        The analysis rests on sequencing (genes), not on groups of the whole cohort.
    for_comparison
        The analysis without delayed entry was asked for beside the one with it (``report_both``).

    Returns
    -------
    str
        What it means and the reason, without a full stop.

    Notes
    -----
    The reasons are those of ``clinical.entry.decide_entry`` and, for groups of the whole cohort,
    ``association.group_survival``.
    """
    meaning = {
        "none": "patients count as at risk from the origin",
        "sequencing_report": "patients count as at risk only from the day of their sequencing report",
        "sample_collection": "patients count as at risk only from the day their sample was collected",
        "custom": "patients count as at risk only from the entry that was given for them",
    }[rule]
    if for_comparison and rule == "none":
        return f"{meaning}; shown for comparison, as the study asks for both"
    if spec.entry_rule != "auto":
        return f"{meaning}; entry_rule = {spec.entry_rule} was asked for"
    if rule == "sequencing_report":
        return f"{meaning}; all sequencing was clinical, so that patients had to survive until they were sequenced"
    if rule == "custom":
        return f"{meaning}; the source gives entry times with the endpoint"
    return f"{meaning}; {_why_none(cohort, spec, genomic=genomic)}"


def _why_none(cohort: Cohort, spec: EndpointSpec, *, genomic: bool) -> str:
    """Say which of the rules of ``auto`` led to no delayed entry."""
    if spec.origin == "sequencing":
        return "time starts with the sequencing report itself"
    sampled = cohort.patients["patient_id"].isin(cohort.samples["patient_id"])
    if not genomic and not sampled.all() and not cohort.recorded_endpoints["entry_days"].notna().any():
        return "the cohort also holds patients who were never sequenced, so that sequencing does not define it"
    tumour = cohort.samples.loc[~cohort.samples["sample_class"].isin(["normal", "cfdna"])]
    context = tumour["sequencing_context"].fillna("unknown")
    if len(context) and (context == "research_retrospective").all():
        return (
            "all sequencing was done in retrospect for research, irrespective of survival; the selection is then by"
            " available tissue"
        )
    return "nothing says when or why patients were sequenced"


def _origin(spec: EndpointSpec) -> str:
    line = LINE.fullmatch(spec.origin)
    if spec.kind == "dor" and spec.source == "derived":
        return f"The first complete or partial response during treatment line {spec.line}."
    if line:
        text = f"The first day of treatment line {line[1]}."
    else:
        text = ORIGINS.get(spec.origin, f"The date in the column {spec.origin.removeprefix('column:')}.")
    return text if spec.source == "derived" or text == RECORDED else f"As the source recorded it; by the study: {text}"


def _event(spec: EndpointSpec) -> str:
    if spec.kind == CUSTOM:
        return _custom_event(spec)
    progression = "progression" if spec.clinical_pd else "progression (one seen only clinically does not count)"
    new = ", or the start of the next line" if spec.new_therapy == "event" else ""
    late = _undated_progression(spec) if spec.kind in OF_PROGRESSION else ""
    ended = "The end of the line for any reason, or death."
    deaths = {"event": "The start of the next line of treatment, or death before it.",
              "competing": "The start of the next line of treatment; death before it competes."}  # fmt: skip
    return {
        "os": "Death from any cause.",
        "dss": "Death from the tumour; other deaths compete. Patients who died of an unknown cause are left out.",
        "pfs": f"The first of {progression} and death from any cause before the next line of treatment{new}.{late}",
        "dor": f"The first of {progression} and death from any cause before the next line of treatment{new}.{late}",
        "ttp": f"{progression.capitalize()}; death without it competes: it ends the time without event, and is counted"
               f" in the cumulative incidence.{late}",
        "ttnt": deaths[spec.deaths] + UNTREATED,
        "ttf": ended + COMPLETION[spec.completion],
        "ttd": ended + COMPLETION["event"],
        "dot": ended + COMPLETION["event"],
    }[spec.kind]  # fmt: skip


def _undated_progression(spec: EndpointSpec) -> str:
    """Say what becomes of a line that ended for progression without a date of it."""
    if spec.pd_date_from_end:
        return " A line that ended for progression without a date counts as progressed on its last day."
    return ""


def _custom_event(spec: EndpointSpec) -> str:
    text = f"The first of: {_list(spec.events)}." if len(spec.events) > 1 else f"{_capital(_list(spec.events))}."
    if spec.competing:
        text += f" What competes: {_list(spec.competing)}."
    if "progression" in (*spec.events, *spec.competing):
        text += "" if spec.clinical_pd else " A progression seen only clinically does not count."
        text += _undated_progression(spec)
    return text + (UNTREATED if "next_line" in (*spec.events, *spec.competing, *spec.stop_at) else "")


def _list(names: tuple[str, ...]) -> str:
    return "; ".join(_source(name) for name in names)


def _source(name: str) -> str:
    """Return a source of an endpoint of one's own in words."""
    kind, _, argument = name.partition(":")
    if kind == "line":
        return f"the start of treatment line {argument}"
    if kind == "column":
        return f"the date in the column {argument}"
    if argument:
        return f"death, cause {argument}"
    return SOURCES[kind]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cutoff(cohort: Cohort) -> str:
    """Return which data cut-off there is; blank = none."""
    days = [f"of {cohort.study.data_cutoff.isoformat()}"] if cohort.study.data_cutoff is not None else []
    if cohort.patients["date_data_cutoff"].notna().any():
        days.append("recorded for the patient")
    return f"the data cut-off {' or '.join(days)}" if days else ""


def _censoring(spec: EndpointSpec, cutoff: str) -> str:
    earlier = f", or at {cutoff} if that is earlier" if cutoff else ""
    if spec.kind == CUSTOM:
        names = spec.censor or ("last_contact",)
        stops = f" The observation ends with the first of: {_list(spec.stop_at)}." if spec.stop_at else ""
        return f"At {'the latest of: ' if len(names) > 1 else ''}{_list(names)}{earlier}.{stops}"
    if spec.kind not in OF_PROGRESSION:
        return f"At the last contact{earlier}."
    if spec.censor_at == "last_contact":
        text = f"At the last contact{earlier}."
    else:
        none = "" if spec.kind == "dor" else " Without any, at the start of the line."
        before = f" up to {cutoff}" if cutoff else ""
        text = f"At the last assessment without progression (CR, PR, SD or non-CR/non-PD){before}.{none}"
    if spec.censor_at_local:
        text += " A local procedure during the line ends the follow-up."
    if spec.assessment_interval_days is not None:
        text += (
            f" A progression more than {2 * spec.assessment_interval_days} days (two assessments) after the last"
            " assessment is censored at that assessment."
        )
    return text


def _new_therapy(spec: EndpointSpec) -> str:
    if spec.kind not in OF_PROGRESSION:
        return ""
    where = "at its start" if spec.censor_at == "last_contact" else "at the last assessment before it"
    censored = f"A next line of treatment before any progression ends the time without event, {where}."
    text = NEW_THERAPY.get(spec.new_therapy, censored)
    return text + UNTREATED


def _time(spec: EndpointSpec) -> str:
    both = "; the first and the last day both count" if spec.kind == "dot" and spec.source == "derived" else ""
    text = f"Days from the origin to the event or the censoring{both}; {TIME_ZERO[spec.time_zero]}."
    if spec.landmark is not None:
        text += f" Time restarts at day {spec.landmark}, for those who are still at risk then."
    return text


def _dates(spec: EndpointSpec) -> str:
    if spec.partial_dates == "exclude":
        return f"{IMPUTED}; times uncertain by more than 31 days are left out."
    if spec.partial_dates != "impute" and spec.origin == "dx":
        return f"{IMPUTED}; a diagnosis known to the year only gives no time."
    return f"{IMPUTED}."
