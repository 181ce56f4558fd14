"""The methods of a run: associations of alterations with outcomes, and what was examined around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.association.gene_treatment import MIN_EXPOSED
from netgen.association.plan import SMALL_EVENTS, SMALL_N
from netgen.association.results import STATUSES
from netgen.report.methods_endpoints import name_endpoints
from netgen.report.methods_words import MOST_NAMES, Sentence, any_in, count, listed, name_column, say, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from netgen.association.results import AssociationResult
    from netgen.report.study_report import ReportResults

PERMUTED: Final = ("exact", "monte_carlo")
_Plan = dict[str, Any]


def describe_survival_estimate(results: ReportResults) -> Iterator[Sentence]:
    """Yield how survival was estimated, if a curve was.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        One.
    """
    if any(found is not None and len(found.km) for found in (results.association, results.survival)):
        yield say(
            "Survival was estimated by the Kaplan-Meier method with complementary log-log 95% confidence limits,"
            " medians by inversion of these limits",
            "kaplan_meier", "brookmeyer_crowley",
        )  # fmt: skip


def describe_associations(results: ReportResults) -> Iterator[Sentence]:
    """Yield how alterations were tested against outcomes; endpoints with the same plan share their sentences.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Only of what was computed: nothing is said of tests, estimates or adjustments that no row has.
    """
    found = results.association
    if found is None:
        return
    automatic = found.plan["requested"]["mode"] == "auto"
    parts = {
        name: ({**plan, "automatic": automatic}, found.table.loc[found.table["endpoint"] == name])
        for name, plan in found.plan["endpoints"].items()
    }
    texts = {name: [item for write in _WRITERS for item in write(*part)] for name, part in parts.items()}
    yield from share(texts, name_endpoints)
    if found.plan["families"] > 1 and any_in(found.table, "q_bh"):
        yield say(f"No adjustment was made across the {found.plan['families']} endpoints")


def _tested(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["status"] == "tested"]


def _mode(plan: _Plan, rows: pd.DataFrame) -> Iterator[Sentence]:
    if plan["automatic"] and plan["mode"] == "small" and len(_tested(rows)):
        yield say(
            f"Methods for small samples were used{{names}}, as the plan foresees for fewer than {SMALL_N} patients or"
            f" {SMALL_EVENTS} events; one estimator and one kind of test served all features"
        )


def _tests(plan: _Plan, rows: pd.DataFrame) -> Iterator[Sentence]:
    tested = _tested(rows)
    methods = set(tested["p_method"].dropna())
    told: list[str] = []
    cites: list[str] = []
    for wanted, text, keys in (
        (methods & set(PERMUTED), _permutation(tested, plan["permutations"]), ("permutation_logrank",)),
        (methods & {"lr"}, "likelihood-ratio tests of Cox models", ("cox",)),
        (methods & {"penalised_lr"}, "likelihood-ratio tests of the Firth-penalised Cox model", ("firth_cox",)),
    ):
        if wanted:
            told.append(text)
            cites += keys
    if not told:
        return
    within = "" if plan["strata"] == "none" else f", stratified by {name_column(plan['strata'])}"
    adjust = f", adjusted for {listed(map(name_column, plan['adjust']))}" if plan["adjust"] else ""
    yield say(f"Associations with outcome{{names}} were tested with {listed(told)}{within}{adjust}", *cites)
    if methods & set(PERMUTED):
        which = (
            "every permutation test" if plan["mode"] == "small" else f"permutation tests with p below {plan['alpha']:g}"
        )
        entry = " and the time of entry" if plan["entry_rule"] != "none" else ""
        yield say(
            f"For {which}{{names}}, altered and unaltered patients were compared in the pattern of censoring{entry}, on"
            " which the validity of the test rests"
        )


def _permutation(tested: pd.DataFrame, most: int) -> str:
    kinds = set(tested["p_method"].dropna())
    if "monte_carlo" not in kinds:
        return "two-sided exact permutation log-rank tests"
    drawn = f"two-sided Monte-Carlo permutation log-rank tests (B = at most {most:,} relabellings)"
    return f"{drawn}, exact ones where all relabellings could be counted" if "exact" in kinds else drawn


def _effects(plan: _Plan, rows: pd.DataFrame) -> Iterator[Sentence]:
    if not any_in(_tested(rows), "hr"):
        return
    ties = str(plan["ties"])
    if plan["estimator"] == "firth":
        yield say(
            f"Hazard ratios{{names}} are Firth-penalised Cox estimates ({ties.capitalize()}'s handling of ties) with"
            " profile penalised-likelihood 95% confidence intervals",
            "firth", "firth_cox", ties,
        )  # fmt: skip
    else:
        yield say(f"Hazard ratios{{names}} are {ties.capitalize()} Cox estimates with Wald 95% confidence intervals",
                  "cox", ties)  # fmt: skip


def _untested(plan: _Plan, rows: pd.DataFrame) -> Iterator[Sentence]:
    by = {str(status): own for status, own in rows.groupby("status", sort=True)}
    rare = [own for status, own in by.items() if status in ("too_few_altered", "too_few_unaltered", "all_altered")]
    if rare:
        features = sorted(str(name) for own in rare for name in own.loc[own["n_altered"] > 0, "feature"])
        nobody = sum(int((own["n_altered"] == 0).sum()) for own in rare)
        told = [*([_few(features)] if features else []),
                *([f"{count(nobody, 'feature')} altered in nobody"] if nobody else [])]  # fmt: skip
        yield say(
            f"Features altered, or unaltered, in fewer than {plan['min_altered']} patients were not tested{{names}}"
            f" ({'; '.join(told)})"
        )
    if "untestable_discrete" in by:
        yield say(
            f"Features for which no arrangement of the data could have reached p = {plan['alpha']:g} were not tested"
            f" and are in no family{{names}} ({_few(sorted(by['untestable_discrete']['feature']))})",
            "tarone",
        )
    for status in ("not_profiled", "no_events", "too_few_events", "degenerate"):
        if status in by:
            yield say(f"{count(len(by[status]), 'feature')} could not be tested{{names}}: {STATUSES[status]}")


def _few(features: list[str]) -> str:
    """Name some features; many are in a table."""
    many = f"{count(len(features), 'feature')}, listed in skipped.tsv"
    return listed(features) if len(features) <= MOST_NAMES else many


def _adjustment(_plan: _Plan, rows: pd.DataFrame) -> Iterator[Sentence]:
    tested = _tested(rows)
    for family, text, cites in (
        ("exploratory", "Benjamini-Hochberg q-values are reported for the exploratory family", ("bh",)),
        ("prespecified", "Holm's adjustment is the one to read for the pre-specified family", ("holm",)),
    ):
        own = tested.loc[tested["family"] == family]
        if any_in(own, "q_bh"):
            listed_too = ", beside those of Benjamini and Yekutieli and Holm's p" if family == "exploratory" else ""
            more = ("by", "holm") if family == "exploratory" else ()
            features = f": {listed(sorted(own['feature']))}" if family == "prespecified" else ""
            m = int(own["m_family"].iloc[0])
            yield say(f"{text}{{names}} ({count(m, 'test')}{features}){listed_too}", *cites, *more)
    if any_in(tested, "p_minp"):
        yield say(
            "Family-wise p-values by joint relabelling of patients (min-P) stand beside them{names}", "westfall_young"
        )


def _diagnostics(plan: _Plan, rows: pd.DataFrame) -> Iterator[Sentence]:
    if any_in(rows, "ph_p"):
        yield say("Proportional hazards were tested{names} by the method of Grambsch and Therneau", "grambsch")
    if any_in(rows, "rmst_diff"):
        yield say(
            "Differences of restricted mean survival times are given{names} up to the horizon that both groups carry"
            " (at least 2 patients or 10% at risk, whole months); their limits are approximate in small samples",
            "rmst",
        )
    if any_in(rows, "het_p"):
        kind = "penalised likelihood-ratio" if plan["estimator"] == "firth" else "likelihood-ratio"
        yield say(
            f"Heterogeneity across sites of origin{{names}} was examined by estimates within each site, a {kind}"
            " interaction test, Cochran's Q and I2",
            "cochran", "higgins",
        )  # fmt: skip
    if any_in(rows, "mdhr_80"):
        yield say(
            "For every test{names} the smallest hazard ratio that had 80% power is given (Schoenfeld's formula); no"
            " power was computed from observed effects",
            "schoenfeld",
        )
    if any_in(rows, "evalue"):
        yield say(
            "E-values of hazard ratios{names} measure how strong unmeasured confounding would have to be", "evalue"
        )


_WRITERS: Final = (_mode, _tests, _effects, _untested, _adjustment, _diagnostics)


def describe_beyond(results: ReportResults) -> Iterator[Sentence]:
    """Yield what was examined beside one gene and its outcome.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Pairs of genes, frequencies across origins, treatment classes, influence, discordant samples.
    """
    found = results.association
    if found is None:
        return
    yield from _pairs(found)
    if (found.frequencies["status"] == "tested").any():
        yield say(
            "Frequencies of alterations were compared between sites of origin by the Freeman-Halton test, with"
            " Clopper-Pearson and Wilson limits; sites in which fewer than half of the patients were profiled for a"
            " gene were not compared",
            "freeman_halton", "clopper_pearson", "wilson",
        )  # fmt: skip
    if any_in(found.gene_treatment, "interaction_p"):
        yield say(
            "Interactions of alteration and class of treatment were tested by penalised likelihood ratio where at least"
            f" {MIN_EXPOSED} altered and {MIN_EXPOSED} unaltered patients had received a class",
            "firth_cox",
        )
    if len(found.influence):
        yield say("Each patient was left out in turn to find those on whom a hazard ratio rests")
    if len(found.discordance):
        n = found.discordance["patient_id"].nunique()
        yield say(f"Samples of {count(n, 'patient')} differed in the status of a gene and are listed")


def _pairs(found: AssociationResult) -> Iterator[Sentence]:
    tested = found.cooccurrence.loc[found.cooccurrence["status"] == "tested"]
    if not len(tested):
        return
    strata = str(tested["strata"].iloc[0])
    within = "" if strata == "none" else f" within strata of {name_column(strata)}"
    pairs = int(np.asarray(tested["m_family"].dropna()).max())
    yield say(
        f"Co-occurrence and mutual exclusivity of alterations were tested by exact tests{within} in the patients"
        f" profiled for both genes, with Benjamini-Hochberg adjustment ({count(pairs, 'pair')})",
        "exact_tables", "bh",
    )  # fmt: skip
