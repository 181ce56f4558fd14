"""Endpoints: what each one counted, in words, from the rules that were applied, and what it came to (DOMAIN 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.group_survival import EVERYBODY
from netgen.report.page.document import Section
from netgen.report.page.endpoint_words import define_endpoint, explain_entry, list_specs, title_of
from netgen.report.page.figures import embed_km
from netgen.report.page.markup import Markup, join, tag
from netgen.report.page.tables import render_table
from netgen.report.summary import months
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from netgen.association.survival_results import SurvivalResult
    from netgen.clinical.endpoint_spec import EndpointSpec
    from netgen.errors import Finding
    from netgen.report.study_report import ReportResults

COMPARED: Final = "whole cohort"
GENES: Final = "gene tests"

# Columns of the summary, with their meaning.
SUMMARY_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "the endpoint",
    "analysis": "whole cohort: groups that do not rest on sequencing; gene tests: the analysis of alterations",
    "entry": "from when patients count as at risk",
    "n": "patients with follow-up",
    "events": "patients with the event",
    "left_out": "patients without a usable time, by reason in the list below",
    "median_text": "Kaplan-Meier median, months, with 95 % limits; NR = not reached",
    "followup_text": "median follow-up, months, by the reverse Kaplan-Meier estimate, with 95 % limits",
    "flagged": "patients whose time rests on something a reader should know; see the flags below",
    "warnings": "what a reader must know",
}
SUMMARY_LABELS: Final[dict[str, str]] = {
    "endpoint": "Endpoint", "analysis": "Analysis", "entry": "Delayed entry", "n": "n", "events": "Events",
    "left_out": "Left out", "median_text": "Median, months (95 % CI)",
    "followup_text": "Follow-up, months (95 % CI)", "flagged": "Flagged", "warnings": "Warnings",
}  # fmt: skip
FLAG_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "the endpoint",
    "flag": "code in the column flags of endpoints.tsv",
    "meaning": "what it says",
    "n": "patients with the flag",
    "warnings": "the warning that belongs to it",
}
FLAG_LABELS: Final = {
    "endpoint": "Endpoint", "flag": "Flag", "meaning": "Meaning", "n": "n", "warnings": "Warnings",
}  # fmt: skip
FLAGS: Final[dict[str, str]] = {
    "advanced_from_diagnosis": "no date of advanced disease; metastases were synchronous, so the diagnosis was taken",
    "vital_unknown": "vital status unknown; censored at the last contact",
    "death_date_missing": "died without a date of death",
    "time_zero": "the event or the censoring fell on the day of the origin",
    "partial_date": "a date is not known to the day: the possible times differ by more than 31 days",
    "not_sequenced": "never sequenced; at risk from the origin",
    "pd_conflict": "the recorded and the assessed progression differ by more than 28 days; the earlier was taken",
    "pd_at_next_line": "progression seen up to 28 days after the next line began; dated at its start",
    "pd_after_next_line": "progression seen later than 28 days after the next line began; not counted for this line",
    "pd_date_missing": "the line ended for progression without a date of it",
    "missed_assessments": "a progression after two missed assessments was censored",
    "late_death": "death without progression long after the last assessment or the end of the line",
    "local_therapy": "a local procedure took place during the follow-up",
    "planned_completion": "the line ended as planned",
    "line_end_unknown": "the end of the line was inferred, contradicted or not given",
}
FLAG_WARNINGS: Final = {
    "vital_unknown": "W_VITAL_UNKNOWN", "death_date_missing": "W_DEATH_DATE_MISSING", "time_zero": "W_TIME_ZERO",
    "pd_conflict": "W_PD_CONFLICT", "pd_date_missing": "W_PD_DATE_MISSING",
    "pd_after_next_line": "W_PD_AFTER_NEXT_LINE", "line_end_unknown": "W_LINE_END_UNKNOWN",
}  # fmt: skip
PATIENT_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "the patient",
    "endpoint": "the endpoint",
    "time_days": "months from the origin to the event or the censoring",
    "event": "whether the event happened",
    "end_reason": "the rule that decided",
    "flags": "what a reader should know of it",
}
PATIENT_LABELS: Final = {
    "patient_id": "Patient", "endpoint": "Endpoint", "time_days": "Time, months", "event": "Event",
    "end_reason": "What decided", "flags": "Flags",
}  # fmt: skip
ENTRY: Final = {
    "none": "none", "sequencing_report": "at the sequencing report", "sample_collection": "at the sample collection",
    "custom": "as recorded",
}  # fmt: skip
# Words of the rules that decide; a censoring has "censored" before them.
DECIDED: Final = {
    "pd_radiological": "progression, radiological", "pd_clinical": "progression, clinical",
    "pd_recorded": "progression, as recorded", "pd_line_end": "progression, dated at the end of the line",
    "new_therapy": "next line of treatment", "next_line": "next line of treatment", "cutoff": "data cut-off",
    "recorded_event": "event, as recorded", "recorded_censoring": "censored, as recorded",
}  # fmt: skip
# Reasons that exist only where patients enter late.
OF_ENTRY: Final = ("entry_after_exit", "entry_date_missing", "entry_after_landmark")
# Warnings about deaths and vital status name no endpoint, those about entry the endpoint without delayed entry.
OF_DEATHS: Final = ("W_VITAL_UNKNOWN", "W_DEATH_DATE_MISSING")
OF_NO_ENTRY: Final = ("W_ENTRY_UNKNOWN", "W_ENTRY_NOT_USED")


def render(results: ReportResults) -> Section | None:
    """Return the section, or nothing if no endpoint could be derived.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        A summary of all endpoints, each one in words, and the flagged patients.
    """
    found = results.survival
    if found is None:
        return None
    specs = list_specs(results.cohort, found.plan["requested"])
    whole = found.km.loc[found.km["grouping"] == EVERYBODY]
    keys = [(specs[str(row.endpoint)], str(row.entry_rule)) for row in whole.itertuples()]
    genes = _gene_rows(results, specs, found)
    rows = pd.DataFrame([_summarise(results, *key) for key in keys] + genes)
    shown = [name for name in SUMMARY_COLUMNS if name != "analysis" or genes]
    summary = rows[[*shown, "median", "followup"]].astype(dict.fromkeys(("left_out", "flagged"), "Int64"))
    labels = {name: SUMMARY_LABELS[name] for name in shown}
    body = [
        render_table(
            summary, columns=SUMMARY_COLUMNS, labels=labels, caption="Patients, events and follow-up",
            id="endpoint-summary", sort={"median_text": "median", "followup_text": "followup"},
            warnings_column="warnings",
            source="survival/km.tsv",
        ),
        *(_define(results, spec, [rule for own, rule in keys if own is spec]) for spec in specs.values()),
        _flagged(found),
    ]  # fmt: skip
    note = "Definitions are worded from the rules that were applied; every patient's time is in endpoints.tsv."
    return Section(id="endpoints", title="Endpoints and follow-up", body=join(body), note=note)


def _summarise(results: ReportResults, spec: EndpointSpec, rule: str) -> dict[str, Any]:
    """One row of the summary: an endpoint of everybody under one entry rule."""
    found = results.survival
    assert found is not None
    km, followup = (_pick(frame, spec.name, rule) for frame in (found.km, found.followup))
    times = found.endpoints.loc[(found.endpoints["endpoint"] == spec.name) & (found.endpoints["entry_rule"] == rule)]
    warnings = dict.fromkeys(item.code for item in _warnings(found, spec, [rule]))
    return {
        "endpoint": spec.name.upper(),
        "analysis": COMPARED,
        "entry": ENTRY[rule],
        "left_out": len(_left_out(found, spec.name, rule)),
        "flagged": int((times["flags"].fillna("") != "").sum()),
        "warnings": ";".join(warnings),
        **_numbers(km, followup["median"], followup["median_lo"], followup["median_hi"]),
    }


def _numbers(km: pd.Series, *followup: float) -> dict[str, Any]:
    """Write counts, median and median follow-up, as numbers and as printed."""
    return {
        "n": int(km["n"]),
        "events": int(km["events"]),
        "median": km["median"],
        "median_text": _months_ci(km["median"], km["median_lo"], km["median_hi"]),
        "followup": followup[0],
        "followup_text": _months_ci(*followup),
    }


def _gene_rows(results: ReportResults, specs: dict[str, EndpointSpec], found: SurvivalResult) -> list[dict[str, Any]]:
    """Rows of the gene tests, where their patients enter otherwise than those of the whole cohort."""
    if results.association is None:
        return []
    rows = []
    for name, plan in results.association.plan["endpoints"].items():
        rule = plan["entry_rule"]
        known = set(found.km.loc[found.km["endpoint"] == name, "entry_rule"])
        if name in specs and rule not in known:
            km = _pick(results.association.km, name, rule)
            followup = (km["followup_median"], km["followup_lo"], km["followup_hi"])
            rows.append(
                {"endpoint": name.upper(), "analysis": GENES, "entry": ENTRY[rule], "left_out": pd.NA,
                 "flagged": pd.NA, "warnings": "", **_numbers(km, *followup)}
            )  # fmt: skip
    return rows


def _pick(frame: pd.DataFrame, endpoint: str, rule: str) -> pd.Series:
    """Return the row of everybody."""
    mask = (frame["grouping"] == EVERYBODY) & (frame["endpoint"] == endpoint) & (frame["entry_rule"] == rule)
    return frame.loc[mask].iloc[0]


def _months_ci(value: float, lo: float, hi: float) -> str:
    return f"{months(value)} ({months(lo)} to {months(hi)})"


def _between(lo: float, hi: float) -> str:
    return "nobody was censored" if math.isnan(lo) else f"{months(lo)} to {months(hi)} months"


def _left_out(found: SurvivalResult, endpoint: str, rule: str) -> pd.Series:
    """Reason of each patient without a usable time; late entry leaves nobody out where there is none."""
    rows = found.exclusions
    rows = rows.loc[(rows["endpoint"] == endpoint) & (rows["grouping"] == EVERYBODY) & (rows["step"] == "follow-up")]
    late = rows["reason"].isin(OF_ENTRY)
    rows = rows.loc[~late] if rule == "none" else rows.assign(late=~late).sort_values("late", kind="stable")
    return rows.drop_duplicates("patient_id").set_index("patient_id")["reason"]


def _warnings(found: SurvivalResult, spec: EndpointSpec, rules: list[str]) -> list[Finding]:
    """Warnings that concern an endpoint, in the order in which they were met."""
    own = (f"{spec.name} from ", f"{spec.name} is taken", f"flow of {spec.name}:")
    general = (*(OF_DEATHS if spec.kind in ("os", "dss") else ()), *(OF_NO_ENTRY if "none" in rules else ()))
    return [item for item in found.findings.of("W") if item.message.startswith(own) or item.code in general]


def _define(results: ReportResults, spec: EndpointSpec, rules: list[str]) -> Markup:
    """One endpoint: heading, definition in words, what decided, who was left out."""
    found, cohort = results.survival, results.cohort
    assert found is not None
    rows = define_endpoint(spec, cohort)
    both = found.plan["requested"]["report_both"] and len(rules) > 1
    for rule in rules:
        reason = explain_entry(cohort, spec, rule, genomic=False, for_comparison=both)
        rows.append(("Delayed entry", f"{ENTRY[rule].capitalize()}: {reason}."))
    tests = results.association.plan["endpoints"].get(spec.name) if results.association is not None else None
    if tests is not None and tests["entry_rule"] not in rules:
        reason = explain_entry(cohort, spec, tests["entry_rule"], genomic=True, for_comparison=False)
        rows.append(("Delayed entry, gene tests", f"{ENTRY[tests['entry_rule']].capitalize()}: {reason}."))
    for rule in rules:
        rows += _happened(found, spec, rule, "" if len(rules) == 1 else f" (delayed entry: {ENTRY[rule]})")
    listed = [tag("li", tag("code", item.code), f" {item.message} {item.fix}".rstrip())
              for item in _warnings(found, spec, rules)]  # fmt: skip
    return join(
        [
            tag("h3", title_of(spec), id=f"endpoint-{spec.name}"),
            tag("dl", [join([tag("dt", term), tag("dd", text)]) for term, text in rows], class_="definition"),
            tag("ul", listed, class_="caveats") if listed else None,
            *([] if found.plan["comparisons"] else [_curve(found, spec, rule) for rule in rules]),
        ]
    )


def _curve(found: SurvivalResult, spec: EndpointSpec, rule: str) -> Markup:
    """Return the curve of everybody, where no section of groups shows one."""
    own = found.curves.loc[(found.curves["endpoint"] == spec.name) & (found.curves["entry_rule"] == rule)]
    return embed_km(
        own.reset_index(drop=True),
        title=f"{spec.name.upper()} of all patients",
        description="Kaplan-Meier curve of everybody with follow-up, with limits and numbers at risk.",
        key=f"endpoint-{spec.name}-{rule.replace('_', '-')}",
    )


def _happened(found: SurvivalResult, spec: EndpointSpec, rule: str, late: str) -> list[tuple[str, str]]:
    """Return how long the censored were followed, what decided, and who was left out, as terms and texts."""
    seen = _pick(found.followup, spec.name, rule)
    times = found.endpoints.loc[(found.endpoints["endpoint"] == spec.name) & (found.endpoints["entry_rule"] == rule)]
    return [
        (f"Follow-up of the censored{late}", _between(seen["shortest"], seen["longest"])),
        (f"What decided{late}", _count(times["end_reason"].map(_decided))),
        (f"Left out{late}", _count(_left_out(found, spec.name, rule).map(words))),
    ]


def _decided(reason: str) -> str:
    """Return the rule that decided, in words."""
    bare = reason.removeprefix("censored_")
    text = DECIDED.get(bare, words(bare))
    if bare.startswith("stop_"):
        text = f"end of the line, {words(bare.removeprefix('stop_'))}"
    return text if bare == reason else f"censored, {text}"


def _count(codes: pd.Series) -> str:
    """List codes with their counts, the most frequent first."""
    counts = codes.value_counts().rename_axis("code").reset_index(name="n")
    counts = counts.sort_values(["n", "code"], ascending=[False, True], kind="stable")
    return "; ".join(f"{row.code}: {row.n}" for row in counts.itertuples()) or "nobody"


def _flagged(found: SurvivalResult) -> Markup:
    """List flags with their meaning and counts, and on demand the patients."""
    times = found.endpoints.loc[found.endpoints["flags"].fillna("") != ""]
    times = times.drop_duplicates(["endpoint", "patient_id", "flags"])
    if len(times) == 0:
        return join([tag("h3", "Flagged patients"), tag("p", "No time is flagged.")])
    said = found.findings.codes()
    each = (
        times.assign(flag=times["flags"].str.split(";"))
        .explode("flag")
        .drop_duplicates(["endpoint", "patient_id", "flag"])
    )
    rows = []
    for (name, flag), own in each.groupby(["endpoint", "flag"], sort=False):
        code = FLAG_WARNINGS.get(str(flag), "")
        rows.append({"endpoint": str(name).upper(), "flag": flag, "meaning": FLAGS.get(str(flag), words(str(flag))),
                     "n": len(own), "warnings": code if code in said else ""})  # fmt: skip
    columns = list(PATIENT_COLUMNS)
    listed = times.sort_values(["patient_id", "endpoint"], kind="stable")[columns]
    listed = listed.assign(
        endpoint=listed["endpoint"].str.upper(), end_reason=listed["end_reason"].map(_decided),
        event=listed["event"].map({True: "yes", False: "no"}), flags=listed["flags"].str.replace(";", ", "),
    )  # fmt: skip
    return join(
        [
            tag("h3", "Flagged patients"),
            render_table(
                pd.DataFrame(rows), columns=FLAG_COLUMNS, caption="Flags of times", id="endpoint-flags",
                labels=FLAG_LABELS, warnings_column="warnings",
            ),
            tag(
                "details",
                tag("summary", "The flagged patients"),
                render_table(
                    listed, columns=PATIENT_COLUMNS, caption="Flagged patients", id="endpoint-flagged",
                    labels=PATIENT_LABELS, formats={"time_days": months}, row_patient="patient_id",
                    source="survival/endpoints.tsv",
                ),
            ),
        ]
    )  # fmt: skip
