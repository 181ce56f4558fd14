"""Facts of a run that answer items of reporting checklists: who, what, when and how.

``FACTS`` maps the names used in ``netgen/data/checklists.yaml`` to functions that return one or two sentences; blank =
the run says nothing about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import __version__
from netgen.association.describe_results import ALL, HEADER
from netgen.genomics.tmb import HIGH
from netgen.report.methods import compose_methods
from netgen.report.methods_cohort import describe_gene_status
from netgen.report.methods_endpoints import list_derived, name_endpoint
from netgen.report.methods_words import count, levels_of, listed, name_column
from netgen.report.summary import months
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgen.report.study_report import ReportResults

MOST: Final = 12  # categories or variables that are named


def _paragraph(results: ReportResults, title: str, *, holding: str = "") -> str:
    """Return a paragraph of the methods; with ``holding`` only its sentences that have the word."""
    for item in compose_methods(results):
        if item.title == title:
            return " ".join(sentence.text for sentence in item.sentences if holding in sentence.text)
    return ""


def _counted(values: pd.Series) -> str:
    """Return each level with its number, the most frequent first; missing ones last."""
    found = values.dropna().astype("string").value_counts()
    ordered = sorted(found.items(), key=lambda item: (-int(item[1]), str(item[0])))
    told = [f"{words(str(level))} ({n})" for level, n in ordered]
    missing = int(values.isna().sum())
    return listed([*told[:MOST], *([f"not recorded ({missing})"] if missing else [])]) if told else ""


def _objectives(results: ReportResults) -> str:
    """Return the title, and which features were fixed beforehand."""
    found = results.association
    if found is None:
        return ""
    fixed = found.plan["requested"]["prespecified"]
    told = f"Pre-specified: {listed(fixed)}; all others are exploratory." if fixed else (
        "No feature was pre-specified: all associations are exploratory.")  # fmt: skip
    title = results.cohort.study.title
    return f"{title}: {told}" if title else told


def _eligibility(results: ReportResults) -> str:
    """Return who was analysed and who was left out."""
    return _paragraph(results, "Patients").partition(" Sites of origin")[0].partition(" Characteristics are")[0]


def _accrual(results: ReportResults) -> str:
    """Return the period of diagnosis and the data cut-off; day offsets have no calendar."""
    patients = results.cohort.patients
    calendar = patients.loc[patients["time_base"].fillna("calendar") == "calendar", "date_diagnosis"].dropna()
    cutoff = results.cohort.study.data_cutoff
    told = []
    if len(calendar):
        told.append(f"Diagnoses from {calendar.min().date().isoformat()} to {calendar.max().date().isoformat()}")
    if cutoff:
        told.append(f"data cut-off {cutoff.isoformat()}")
    text = ", ".join(told)
    return f"{text[:1].upper()}{text[1:]}." if told else ""


def _follow_up(results: ReportResults) -> str:
    """Return median follow-up and the range of those without event."""
    rows = results.description.followup
    whole = rows.loc[rows["group"] == ALL]
    if not len(whole):
        return ""
    row = whole.iloc[0]
    median, lo, hi = (months(row[name]) for name in ("median", "median_lo", "median_hi"))
    text = f"Median follow-up {median} months (95% CI {lo} to {hi}, reverse Kaplan-Meier)"
    if pd.notna(row["shortest"]):
        text += f"; range of those censored {months(row['shortest'])} to {months(row['longest'])} months"
    return f"{text}."


def _treatments(results: ReportResults) -> str:
    """Return the classes of first-line treatment."""
    table = results.cohort.treatments
    first = table.loc[(table["line_number"] == 1).fillna(value=False)].drop_duplicates("patient_id")
    told = _counted(first["regimen_class"])
    return f"First-line treatment of {count(len(first), 'patient')}: {told}." if told else ""


def _specimens(results: ReportResults) -> str:
    """Return material, lesion, preservation and purity of the tumour samples."""
    samples = results.cohort.samples
    tumour = samples.loc[~samples["sample_class"].isin(["normal"])]
    if not len(tumour):
        return ""
    parts = [
        f"{label}: {told}"
        for label, told in (
            ("lesion", _counted(tumour["sample_type"])),
            ("preservation", _counted(tumour["specimen_type"])),
        )
        if told
    ]
    purity = tumour["tumour_purity"].dropna()
    if len(purity):
        parts.append(f"median tumour purity {100 * purity.median():.0f}% ({len(purity)} with a value)")
    return f"{count(len(tumour), 'sample')}" + (f"; {'; '.join(parts)}." if parts else ".")


def _assay(results: ReportResults) -> str:
    """Return assays, genome build and filters."""
    text = " ".join(item.text for item in describe_gene_status(results))
    return text.partition(" A gene counted as altered")[0] if "profiled with" in text else ""


def _marker(results: ReportResults) -> str:
    """Return what altered means, and the cut-off of the mutational burden if it was computed."""
    text = " ".join(item.text for item in describe_gene_status(results))
    place = text.find("A gene counted as altered")
    if place < 0:
        return ""
    tmb = results.description.tmb
    high = f" A burden of {HIGH:g} mutations per megabase or more is called high." if len(tmb) and (
        tmb["tmb_high"].notna().any()) else ""  # fmt: skip
    return text[place:] + high


def _strata(results: ReportResults) -> str:
    """Return what stratified, and what was adjusted for."""
    if results.association is None:
        return ""
    plans = results.association.plan["endpoints"].values()
    by = sorted({str(plan["strata"]) for plan in plans} - {"none"})
    adjust = results.association.plan["requested"]["adjust"]
    within = f"stratified by {listed(map(name_column, by))}" if by else "not stratified"
    beside = f"adjusted for {listed(map(name_column, adjust))}" if adjust else "not adjusted for covariates"
    return f"Tests and hazard ratios are {within} and {beside}."


def _endpoints(results: ReportResults) -> str:
    """Return the definitions of the endpoints, delayed entry included."""
    return _paragraph(results, "Endpoints")


def _censoring(results: ReportResults) -> str:
    """Return when patients without event were censored."""
    return _paragraph(results, "Endpoints", holding="censored")


def _entry(results: ReportResults) -> str:
    """Return what was done about delayed entry."""
    text = _paragraph(results, "Endpoints")
    kept = [part for part in text.split(". ") if "delayed entry" in part or "truncated" in part or "landmark" in part]
    return f"{'. '.join(part.rstrip('.') for part in kept)}." if kept else ""


def _methods(results: ReportResults) -> str:
    """Name the paragraphs of the methods, which hold all of it."""
    titles = [item.title for item in compose_methods(results) if item.title not in ("Patients", "Software")]
    return f"Section Methods: {listed(titles)}." if titles else ""


def _missing(results: ReportResults) -> str:
    """Return how missing values were dealt with."""
    return _paragraph(results, "Missing data")


def _flow(results: ReportResults) -> str:
    """Return the number of patients at every step."""
    boxes = results.description.boxes
    steps = boxes.loc[boxes["reason"] == ""]
    return f"{'; '.join(f'{row.step}: {row.text}' for row in steps.itertuples())}." if len(steps) else ""


def _reasons(results: ReportResults) -> str:
    """Return why patients were left out."""
    boxes = results.description.boxes
    left = boxes.loc[boxes["reason"] != ""]
    told = [f"{words(str(row.reason))} ({row.step}): {row.text}" for row in left.itertuples()]
    return f"{'; '.join(told)}." if told else "Nobody was left out." if len(boxes) else ""


def _diagram(results: ReportResults) -> str:
    """Say where the flow diagram is."""
    return "Section Flow of patients." if len(results.description.boxes) else ""


def _events(results: ReportResults) -> str:
    """Return patients and events of every endpoint."""
    told = [
        f"{name_endpoint(name)}: {int(table['event'].sum())} events in {count(len(table), 'patient')}"
        for name, table in list_derived(results).items()
    ]
    return f"{'; '.join(told)}." if told else ""


def _description(results: ReportResults) -> str:
    """Say what Table 1 describes and what was not recorded."""
    table = results.description.table1
    variables = list(dict.fromkeys(table["label"][table["variable"] != HEADER]))
    if not variables:
        return ""
    labels = dict(zip(table["variable"], table["label"], strict=True))
    known = results.description.missingness
    labels |= dict(zip(known["variable"], known["label"], strict=True))
    blank = [str(labels.get(name, words(name))) for name in results.description.plan["not_recorded"]]
    by = f" by {name_column(results.description.plan['grouping'])}" if results.description.plan["groups"] else ""
    text = f"Table 1: {count(len(variables), 'variable')}{by}"
    return f"{text}; not recorded: {listed(blank)}." if blank else f"{text}."


def _missingness(results: ReportResults) -> str:
    """Return the variables with most missing values."""
    table = results.description.missingness
    whole = table.loc[(table["group"] == ALL) & (table["n_missing"] > 0)].sort_values(
        ["n_missing", "label"], ascending=[False, True]
    )
    if not len(table):
        return ""
    if not len(whole):
        return "No value is missing."
    told = [f"{row.label} {row.n_missing} of {row.n_group}" for row in whole.itertuples()]
    return f"Patients without a value: {listed(told, most=MOST)}."


def _categories(results: ReportResults) -> str:
    """Return the cut points that were used; blank if no number was cut."""
    found = (results.survival, results.therapy, results.response)
    cuts = [name for item in found if item is not None for name in item.plan["by"] if ":" in name]
    return f"Cut points: {listed(dict.fromkeys(map(name_column, cuts)))}." if cuts else ""


def _sources(results: ReportResults) -> str:
    """Return which kinds of files were read, with their rows."""
    table = pd.DataFrame([(item.role, item.n_rows) for item in results.cohort.inputs], columns=["role", "n"])
    if not len(table):
        return ""
    told = [
        f"{role}: {count(len(own), 'file')}, {count(int(own['n'].sum()), 'row')}"
        for role, own in table.groupby("role", sort=True)
    ]
    return f"{'; '.join(told)} (section Provenance, with checksums)."


def _centres(results: ReportResults) -> str:
    """Return the number of institutions."""
    known = levels_of(results.cohort.patients["institution"])
    return f"{count(len(known), 'institution')}." if known else ""


def _line_rules(results: ReportResults) -> str:
    """Return how lines of treatment came about."""
    derived = _paragraph(results, "Patients", holding="Lines of treatment were derived")
    if derived:
        return derived
    return "Lines of treatment are those of the source." if len(results.cohort.treatments) else ""


def _response(results: ReportResults) -> str:
    """Return how response was derived."""
    return _paragraph(results, "Response", holding="Best")


def _profiled(results: ReportResults) -> str:
    """Return how many patients were not profiled for anything."""
    n = len(results.cohort.patients)
    table = results.cohort.profiles[["sample_id"]].assign(
        known=results.cohort.profiles[["mutations", "cna", "structural_variants"]].notna().any(axis=1)
    )
    seen = table.loc[table["known"]].merge(results.cohort.samples[["sample_id", "patient_id"]], on="sample_id")
    if results.cohort.calls is not None and not len(seen):
        return ""
    k = seen["patient_id"].nunique()
    return f"{k} of {count(n, 'patient')} were profiled with a known assay."


def _provenance(results: ReportResults) -> str:
    """Return version, run and where the rest is written."""
    return f"netgen {__version__}, run {results.run_id}; inputs with checksums, options and seeds in provenance.json."


FACTS: Final[dict[str, Callable[[ReportResults], str]]] = {
    fact.__name__.removeprefix("_"): fact
    for fact in (
        _objectives, _eligibility, _accrual, _follow_up, _treatments, _specimens, _assay, _marker, _strata,
        _endpoints, _censoring, _entry, _methods, _missing, _flow, _reasons, _diagram, _events, _description,
        _missingness, _categories, _sources, _centres, _line_rules, _response, _profiled, _provenance,
    )
}  # fmt: skip
