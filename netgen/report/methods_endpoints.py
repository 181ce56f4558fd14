"""The methods of a run: endpoints, delayed entry and landmarks, as they were applied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from netgen.clinical.endpoint_kinds import title_endpoint
from netgen.report.methods_words import Sentence, any_in, count, listed, say
from netgen.report.page.endpoint_words import define_endpoint, list_specs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from netgen.clinical.endpoint_spec import EndpointSpec
    from netgen.cohort import Cohort
    from netgen.report.study_report import ReportResults

_ZERO: Final[dict[str, str]] = {"half_day": "set to half a day", "keep": "kept"}
_ENTRY: Final[dict[str, str]] = {
    "sequencing_report": "Because patients had to survive until sequencing, risk sets{of} were left-truncated at the"
    " sequencing report date",
    "sample_collection": "Because patients had to survive until their sample was taken, risk sets{of} were"
    " left-truncated at the date of sample collection",
    "custom": "Risk sets{of} were left-truncated at the entry times that the study gives",
}


def name_endpoint(name: str) -> str:
    """Return the name of an endpoint as it stands in a sentence.

    Parameters
    ----------
    name
        ``os``, ``pfs_line2`` ...

    Returns
    -------
    str
        ``OS``, ``PFS (line 2)``; a name of the user's with its own letters in capitals.
    """
    found = re.fullmatch(r"(.+)_line(\d+)", name)
    return f"{found[1].upper()} (line {found[2]})" if found else name.upper()


def name_endpoints(names: Iterable[str]) -> str:
    """Return several endpoints as they stand in a sentence.

    Parameters
    ----------
    names
        ``os``, ``pfs_line2`` ...

    Returns
    -------
    str
        ``OS and PFS (line 2)``.
    """
    return listed(name_endpoint(name) for name in names)


def list_derived(results: ReportResults) -> dict[str, pd.DataFrame]:
    """Return the outcomes behind the survival analyses, once per endpoint.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    dict
        Name -> ``Endpoint.table`` of the associations, else of the comparison of groups.
    """
    out: dict[str, pd.DataFrame] = {}
    for found in (results.association, results.survival):
        if found is not None:
            for name, table in found.endpoints.groupby("endpoint", sort=False):
                out.setdefault(str(name), table)
    return out


def describe_endpoints(results: ReportResults) -> Iterator[Sentence]:
    """Yield the definition of every endpoint that was analysed.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        What was counted, from when, and when patients without event were censored.

    Notes
    -----
    The definitions are those of ``page.endpoint_words``, which follow DOMAIN 2.
    """
    derived = list_derived(results)
    for name, spec in _specs(results).items():
        if name in derived:
            yield from _define(name, spec, results.cohort)
            yield from _zero(name, spec, derived[name])
    if derived:
        yield say("Times were computed in whole days; months are days / 30.4375")


def _specs(results: ReportResults) -> dict[str, EndpointSpec]:
    out: dict[str, EndpointSpec] = {}
    for found in (results.association, results.survival):
        if found is not None:
            out = {**list_specs(results.cohort, found.plan["requested"]), **out}
    return dict(sorted(out.items()))


def _define(name: str, spec: EndpointSpec, cohort: Cohort) -> Iterator[Sentence]:
    """Turn terms and definitions into sentences."""
    title = title_endpoint(spec.kind, deaths=spec.deaths, name=spec.name)
    head = f"{title[:1].upper()}{title[1:]} ({name_endpoint(name)})" if title.lower() != name else name_endpoint(name)
    if spec.source == "recorded":
        yield say(f"{head} was taken as the source recorded it, whose definition could not be checked")
        return
    terms = dict(define_endpoint(spec, cohort))
    origin, event = (_phrase(terms[term]) for term in ("Origin", "Event"))
    start, aside, rest = origin.partition("; where ")
    yield say(f"{head} was counted from {start}{f' (where {rest})' if aside else ''} to {event}")
    censoring = _phrase(terms["Censoring"]).replace(". Without any, at", ", or without any at")
    yield say(f"Patients without event were censored {censoring}")
    if "New therapy" in terms:
        yield say(terms["New therapy"])


def _phrase(sentence: str) -> str:
    """Return a sentence as part of another one."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def _zero(name: str, spec: EndpointSpec, table: pd.DataFrame) -> Iterator[Sentence]:
    n = int(table["flags"].fillna("").str.split(";").map(lambda flags: "time_zero" in flags).sum())
    if n and spec.time_zero in _ZERO:
        were = "was" if n == 1 else "were"
        yield say(f"{count(n, 'time')} of 0 days of {name_endpoint(name)} {were} {_ZERO[spec.time_zero]}")


def describe_entry(results: ReportResults) -> Iterator[Sentence]:
    """Yield how delayed entry was decided, and what was done about it.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Without delayed entry anywhere, one sentence.
    """
    rules = _rules(results)
    late = {name: rule for name, rule in rules.items() if rule != "none"}
    whole = _whole(results, late)
    for rule, text in _ENTRY.items():
        names = [name for name, used in late.items() if used == rule]
        if names:
            of = f" of {name_endpoints(names)}" if len(names) < len(rules) or whole else ""
            yield say(text.format(of=of), "left_entry")
    if late:
        yield from _late(results)
    plain = [name for name in rules if name not in late]
    if plain:
        yield _no_entry(results, plain if late else [])
    elif whole:
        yield say(f"{whole} had no delayed entry, because the whole cohort is not defined by having been sequenced")
    landmarks = {found.plan["requested"]["landmark"] for found in (results.association, results.survival) if found}
    for day in sorted(item for item in landmarks if item is not None):
        yield say(
            f"Time was restarted at a landmark of {day:g} days; patients with less follow-up, or who entered later,"
            " were left out"
        )


def _rules(results: ReportResults) -> dict[str, str]:
    """Return endpoint -> entry rule: of the associations, else of the comparison of groups."""
    if results.association is not None:
        return {name: str(plan["entry_rule"]) for name, plan in results.association.plan["endpoints"].items()}
    return _compared(results)


def _compared(results: ReportResults) -> dict[str, str]:
    """Return endpoint -> entry rule of the comparison of groups; the one with delayed entry if there are both."""
    out: dict[str, str] = {}
    for item in [] if results.survival is None else results.survival.plan["comparisons"]:
        if out.get(item["endpoint"], "none") == "none":
            out[item["endpoint"]] = str(item["entry_rule"])
    return out


def _whole(results: ReportResults, late: Mapping[str, str]) -> str:
    """Name the comparison of groups if it has no delayed entry where the associations have one."""
    compared = _compared(results)
    return "Comparisons between groups of all patients" if any(compared.get(name) == "none" for name in late) else ""


def _no_entry(results: ReportResults, names: list[str]) -> Sentence:
    """Say that there is none, and the reason if the data or the study give one."""
    to = f" to {name_endpoints(names)}" if names else ""
    asked = {found.plan["requested"]["entry_rule"] for found in (results.association, results.survival) if found}
    tumour = results.cohort.samples.loc[~results.cohort.samples["sample_class"].isin(["normal", "cfdna"])]
    research = (tumour["sequencing_context"] == "research_retrospective").fillna(value=False)
    if asked == {"none"}:
        return say(f"No delayed entry was applied{to}, as the plan of the study states")
    if len(research) and research.all():
        return say(f"Sequencing was performed retrospectively on archived tissue; no delayed entry was applied{to}")
    if any(item.code == "W_ENTRY_UNKNOWN" for item in _findings(results)):
        return say(f"No delayed entry was applied{to}: when and why patients were sequenced is not known")
    return say(f"No delayed entry was applied{to}")


def _findings(results: ReportResults) -> Iterator[Any]:
    for found in (results.association, results.survival):
        yield from [] if found is None else found.findings


def _late(results: ReportResults) -> Iterator[Sentence]:
    """Say what delayed entry led to: who was left out, conditional curves, the check, both analyses."""
    found = results.association if results.association is not None else results.survival
    if found is None:
        return
    gone = found.exclusions.loc[found.exclusions["reason"] == "entry_after_exit"]
    if len(gone):
        yield say(f"{count(gone['patient_id'].nunique(), 'patient')} who would have entered on or after the end of"
                  " follow-up could not be analysed")  # fmt: skip
    if (found.km["t0_conditional"] > 0).any():
        yield say(
            "Where an event happened while few patients were at risk (fewer than 3 or 10%), survival curves, medians"
            " and restricted means are conditional on survival to the first day from which more were"
        )
    if results.association is None:
        return
    check = results.association.truncation
    if any_in(check, "tau", "entry_hr_per_month"):
        yield say(
            "Whether survival depends on the time of entry was examined by the conditional Kendall's tau and by the"
            " hazard ratio per month of later entry",
            "conditional_tau",
        )
    if len(results.association.entry_comparison):
        yield say("All analyses were repeated without delayed entry and both are reported")
