"""The methods of a run, first half: patients, endpoints, delayed entry, gene status and how the cohort is described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from netgen.report.methods_endpoints import list_derived
from netgen.report.methods_words import Sentence, any_in, count, levels_of, listed, name_column, say
from netgen.schema import ORIGIN_GROUP2, ORIGIN_GROUP3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgen.cohort import Cohort
    from netgen.report.study_report import ReportResults

FEATURES: Final[dict[str, str]] = {
    "any_nonsyn": "carried a protein-changing somatic mutation or a TERT promoter mutation",
    "lof": "carried a somatic loss-of-function alteration: a nonsense, frameshift or splice-site mutation, among other"
    " classes that shorten the protein",
    "driver": "carried a somatic mutation that is annotated as a driver or oncogenic, or that a rule of actionability"
    " names",
    "hotspot": "carried a protein-changing somatic mutation at a known hot spot",
    "altered": "carried a protein-changing somatic mutation or a TERT promoter mutation",
    "actionable": "carried an alteration that a rule of actionability names at a counted level for the patient's"
    " tumour type",
}
# What copy number and structural variants add, where the study has them.
_BEYOND: Final[dict[tuple[str, str], str]] = {
    ("lof", "cna"): "a homozygous deletion",
    ("lof", "structural_variants"): "a structural variant that disrupts the gene",
    ("altered", "cna"): "an amplification or homozygous deletion",
    ("altered", "structural_variants"): "a structural variant",
}
POLICIES: Final[dict[str, str]] = {
    "union": "a patient counted as altered if any sample was",
    "primary": "the sample of the primary tumour was used where there was one",
    "metastasis": "the sample of a metastasis was used where there was one",
    "earliest": "the earliest sample was used",
    "latest": "the latest sample was used",
    "largest_panel": "the sample profiled with the largest panel was used",
}


def describe_patients(results: ReportResults) -> Iterator[Sentence]:
    """Yield who was analysed, by which criteria, and how many were left out.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        In the order of a methods section.
    """
    cohort = results.cohort
    until = f" (data cut-off {cohort.study.data_cutoff.isoformat()})" if cohort.study.data_cutoff else ""
    yield say(f"{count(len(cohort.patients), 'patient')}{_definition(cohort)} were analysed{until}".replace(
        "1 patient were", "1 patient was"))  # fmt: skip
    left: dict[str, int] = {}
    for step in cohort.flow.steps:
        for reason, n in step.excluded.items():
            left[reason] = left.get(reason, 0) + n
    if left:
        told = listed(f"{reason.replace('_', ' ')}, n = {n}" for reason, n in sorted(left.items()))
        yield say(f"Left out on the way from {cohort.flow.steps[0].n_in:,} rows read: {told}")
    yield from _describe_origins(cohort)
    yield from _describe_lines(cohort)


def _describe_origins(cohort: Cohort) -> Iterator[Sentence]:
    """Say what the sites of origin are, in three and in two groups, if more than one of them occurs."""
    found = set(levels_of(cohort.patients["origin_group3"]))
    if len(found) > 1:
        three = [name for name in dict.fromkeys(ORIGIN_GROUP3.values()) if name in found]
        two = dict.fromkeys(ORIGIN_GROUP2[name] for name in three)
        told = f", in two groups {listed(two)}" if len(two) > 1 else ""
        yield say(f"Sites of origin are {listed(three)}{told}")


def _definition(cohort: Cohort) -> str:
    asked = cohort.study.eligibility
    parts = []
    if asked.differentiation:
        parts.append(f"{listed(asked.differentiation).replace(' and ', ' or ')} differentiated tumours")
    if asked.ki67_above is not None:
        parts.append(f"a Ki-67 index above {asked.ki67_above:g}%")
    if asked.require_advanced:
        parts.append("advanced disease")
    if asked.origins:
        parts.append(f"a primary tumour of {listed(asked.origins).replace(' and ', ' or ')} origin")
    return f" with {listed(parts)}" if parts else ""


def _describe_lines(cohort: Cohort) -> Iterator[Sentence]:
    """Say how lines of treatment were derived, where they were derived from drugs."""
    treatments, rules = cohort.treatments, cohort.study.lines
    if "derivation_reason" not in treatments or not any_in(treatments, "derivation_reason"):
        return
    local = "advanced" if rules.local_as_line else "did not advance"
    yield say(
        "Lines of treatment were derived from records of drugs: drugs begun within"
        f" {rules.window} days of each other formed a regimen, a drug added later began a new line, and the"
        f" same regimen after more than {rules.gap} days or after progression counted as a new line;"
        f" local procedures {local} the line"
    )


def describe_gene_status(results: ReportResults) -> Iterator[Sentence]:
    """Yield what was sequenced, which variants counted, and what altered means.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        None if nobody was sequenced or no analysis used alterations.
    """
    plan = _gene_plan(results)
    if plan is None:
        return
    cohort = results.cohort
    yield from _describe_assays(cohort)
    yield from _describe_filters(cohort)
    feature, components = str(plan["feature_type"]), plan["components"]
    more = [text for (kind, data), text in _BEYOND.items() if kind == feature and data in components]
    yield say(f"A gene counted as altered if it {FEATURES[feature]}{''.join(f', or {text}' for text in more)}")
    if plan["pathways"]:
        told = listed(f"{name} ({', '.join(genes)})" for name, genes in plan["pathways"].items())
        yield say(f"A pathway counted as altered if any of its genes was: {told}")
    yield say(f"Samples were combined per patient: {POLICIES[str(plan['policy'])]}")
    yield say(
        "Genes not covered by a patient's assay were treated as missing, never as unaltered; every frequency has the"
        " patients profiled for the gene as its denominator"
    )
    tmb = results.description.tmb
    if len(tmb) and any_in(tmb, "tmb"):
        yield say(
            "The tumour mutational burden was the number of protein-changing somatic mutations per megabase of coding"
            " sequence covered, with exact Poisson limits",
            "garwood",
        )


def _gene_plan(results: ReportResults) -> dict[str, Any] | None:
    """Return the definition that was used: of the associations, else of the response analysis; None = of neither."""
    if results.association is not None:
        plan = results.association.plan
        return {**plan, "pathways": plan["requested"]["pathways"]}
    if results.response is not None and results.response.matrix_hash:
        asked = results.response.plan["requested"]
        carried = [name for name, frame in (("cna", results.cohort.copy_number),
                   ("structural_variants", results.cohort.fusions)) if len(frame)]  # fmt: skip
        return {"feature_type": asked["features"], "policy": asked["policy"], "pathways": asked["pathways"],
                "components": carried}  # fmt: skip
    return None


def _describe_assays(cohort: Cohort) -> Iterator[Sentence]:
    used = set(cohort.profiles[["mutations", "cna", "structural_variants"]].stack().dropna().astype(str))
    panels = cohort.panels.loc[cohort.panels["panel_id"].isin(used)].sort_values("panel_id")
    sizes = cohort.panel_genes.drop_duplicates(["panel_id", "gene"])["panel_id"].value_counts()
    names = []
    for row in panels.itertuples():
        genes = (
            "all protein-coding genes" if row.genes_mode == "all" else count(int(sizes.get(row.panel_id, 0)), "gene")
        )
        names.append(f"{row.panel_id} ({genes})")
    n = cohort.profiles[["mutations", "cna", "structural_variants"]].notna().any(axis=1).sum()
    if names:
        yield say(f"{count(int(n), 'sample')} had been profiled with {listed(names)}")
    builds = levels_of(cohort.variants["build"]) if len(cohort.variants) else []
    if builds:
        yield say(f"Variants are on genome build {listed(builds)}")
    if cohort.calls is not None:
        yield say("The status of genes was taken from a ready-made table")


def _describe_filters(cohort: Cohort) -> Iterator[Sentence]:
    """Say which variants did not count; only rules that had variants to look at."""
    if not len(cohort.variants) and not len(cohort.variant_qc):
        return
    read = cohort.study.read
    if read.filters == "pass":
        yield say("Variants that did not pass the filters of their caller were not used")
    tumour_only = int((cohort.samples["matched_normal"] == False).fillna(value=False).sum())  # noqa: E712  # three-valued
    if tumour_only:
        yield say(
            f"In {count(tumour_only, 'sample')} without a matched normal, variants with a population frequency of"
            f" {read.population_af:g} or more were taken for polymorphisms and not used"
        )
    minima = [
        text
        for text, value in (
            (f"{read.min_depth} reads", read.min_depth),
            (f"{read.min_alt_count} reads with the variant", read.min_alt_count),
            (f"a variant allele fraction of {read.min_vaf}", read.min_vaf),
        )
        if value is not None
    ]
    if minima:
        yield say(f"A variant needed at least {listed(minima)}")
    if len(cohort.germline):
        yield say("Germline variants did not count")


def describe_description(results: ReportResults) -> Iterator[Sentence]:
    """Yield how the cohort was described: Table 1, follow-up, selection.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        What was done.
    """
    found = results.description
    plan = found.plan
    if len(found.table1):
        by = f" by {name_column(str(plan['grouping']))}" if plan["groups"] else ""
        yield say(
            f"Characteristics are described{by}: numbers by median, quartiles and"
            " range, categories by counts and percentages of the patients with a value; missing values are counted in"
            " rows of their own"
        )
    if any_in(found.table1, "smd"):
        yield say("Groups were compared by the largest absolute standardised difference", "smd")
    if plan["tests"] and any_in(found.table1, "p"):
        yield say(
            "Characteristics were tested between groups by the Freeman-Halton test and the Kruskal-Wallis test by"
            " permutation, without adjustment for their number",
            "freeman_halton", "kruskal_wallis",
        )  # fmt: skip
    if len(found.followup):
        yield say(
            "Median follow-up was estimated by the reverse Kaplan-Meier method from the origin of overall survival",
            "reverse_km",
        )
    if len(found.selection):
        yield say(
            "Patients who were sequenced were compared with those who were not: baseline variables by exact or"
            " permutation tests with Holm's adjustment, overall survival from its origin in both",
            "holm",
        )
    if plan["mask_below"] is not None:
        yield say(f"Counts from 1 to {plan['mask_below'] - 1}, and what gives them away, were withheld")


def describe_missing(results: ReportResults) -> Iterator[Sentence]:
    """Yield what became of missing values in the analyses that were run.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        What was done.
    """
    dates = [name for name in results.cohort.patients.columns if str(name).endswith("_precision")]
    partial = sum(int(results.cohort.patients[name].isin(["month", "year"]).sum()) for name in dates)
    if partial:
        yield say(
            f"{count(partial, 'date')} of patients known only to the month or the year were set to the 15th of the"
            " month or 1 July, and moved into the interval that the patient's other dates allow"
        )
    derived = list_derived(results)
    wide = sum(int(table["flags"].fillna("").str.contains("partial_date").sum()) for table in derived.values())
    if wide:
        yield say(f"{count(wide, 'time')} that such dates leave uncertain by more than 31 days were kept and marked")
    if results.association is not None and results.association.plan["requested"]["adjust"]:
        lost = results.association.exclusions.loc[results.association.exclusions["step"] == "covariates"]
        yield say(
            "Outcomes and gene status were not imputed; patients without a value of a covariate were left out"
            f" ({count(lost['patient_id'].nunique(), 'patient')})"
        )
    elif derived or _gene_plan(results) is not None:
        yield say("Outcomes and gene status were not imputed")
