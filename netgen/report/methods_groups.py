"""The methods of a run: comparisons of groups, therapeutic algorithms, response and actionability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.association.actionability_by_origin import MAIN
from netgen.association.plan import SMALL_EVENTS, SMALL_N
from netgen.report.methods_endpoints import name_endpoint
from netgen.report.methods_words import Sentence, any_in, count, levels_of, listed, name_column, name_line, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgen.association.response_results import ResponseResult
    from netgen.association.survival_results import SurvivalResult
    from netgen.association.therapy import TherapyResult
    from netgen.report.study_report import ReportResults

PERCENT: Final = 100


def describe_groups(results: ReportResults) -> Iterator[Sentence]:
    """Yield how endpoints were compared between groups of patients.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Only of what was computed.
    """
    found = results.survival
    if found is None or not len(found.group_tests):
        return
    tested = found.group_tests.loc[found.group_tests["status"] == "tested"]
    names = listed(name_endpoint(name) for name in dict.fromkeys(found.group_tests["endpoint"]))
    by = listed(name_column(name) for name in found.plan["by"])
    if not len(tested):
        yield say(f"{names} are described by {by}; no groups were large enough to be tested")
        return
    strata = found.plan["strata"]
    within = "" if strata == "none" else f", stratified by {name_column(strata)}"
    yield say(f"{names} were compared between groups by {by} with {_kinds(found)}{within}", *_kind_cites(found))
    estimators = levels_of(tested["estimator"])
    told = [text for name, text in (
        ("firth", "Firth-penalised Cox models with profile penalised-likelihood"),
        ("cox", "Cox models with Wald")) if name in estimators]  # fmt: skip
    if told:
        ties = levels_of(tested["ties"])
        yield say(
            f"Hazard ratios of the groups against a reference come from {' or '.join(told)} 95% confidence intervals",
            *(["firth_cox"] if "firth" in estimators else ["cox"]), *ties,
        )  # fmt: skip
    yield from _group_extras(found)
    yield say("No adjustment for multiple comparisons was made between groupings and endpoints")


def _kinds(found: SurvivalResult) -> str:
    tested = found.group_tests.loc[found.group_tests["status"] == "tested"]
    told = []
    if (tested["perm_method"] == "exact").any():
        told.append("exact permutation log-rank tests")
    if (tested["perm_method"] == "monte_carlo").any():
        most = found.plan["requested"]["permutations"]
        told.append(f"Monte-Carlo permutation log-rank tests (B = at most {most:,} relabellings)")
    if (tested["p_method"] == "lr").any():
        told.append("likelihood-ratio tests of Cox models")
    return listed(told)


def _kind_cites(found: SurvivalResult) -> list[str]:
    permuted = any_in(found.group_tests, "p_perm")
    return [*(["permutation_logrank"] if permuted else []),
            *(["cox"] if (found.group_tests["p_method"] == "lr").any() else [])]  # fmt: skip


def _group_extras(found: SurvivalResult) -> Iterator[Sentence]:
    rows = found.group_tests
    small = any(item["mode"] == "small" for item in found.plan["comparisons"])
    if small and found.plan["requested"]["mode"] == "auto":
        yield say(f"Methods for small samples were used, as the plan foresees for fewer than {SMALL_N} patients or"
                  f" {SMALL_EVENTS} events")  # fmt: skip
    if any_in(rows, "ph_p"):
        yield say("Proportional hazards of the groups were tested by the method of Grambsch and Therneau", "grambsch")
    if any_in(rows, "rmst_diff"):
        yield say("Restricted mean survival times were compared up to a common horizon", "rmst")
    if any_in(rows, "mdhr_80"):
        yield say("The smallest hazard ratio that had 80% power is given for every comparison", "schoenfeld")
    if len(found.competing):
        yield from _competing(found)


def _competing(found: SurvivalResult) -> Iterator[Sentence]:
    rows = found.competing
    names = listed(name_endpoint(name) for name in dict.fromkeys(rows["endpoint"]))
    yield say(f"For {names}, where a second kind of event competes, cumulative incidences are Aalen-Johansen estimates",
              "aalen_johansen")  # fmt: skip
    if any_in(rows, "gray_p"):
        yield say("Cumulative incidences were compared by Gray's test", "gray")
    if any_in(rows, "cs_hr"):
        yield say("Cause-specific hazard ratios are given for each kind of event")
    if any_in(rows, "sd_hr"):
        yield say("Subdistribution hazard ratios come from Fine-Gray models", "fine_gray")


def describe_therapy(results: ReportResults) -> Iterator[Sentence]:
    """Yield how therapeutic algorithms were compared.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Only of what was computed.
    """
    found = results.therapy
    if found is None:
        return
    yield from _classes(found)
    yield from _differences(found)
    if len(found.exposure):
        yield say(
            "Exposure to a class is the cumulative incidence of its first use after advanced disease, death competing",
            "aalen_johansen",
        )
    if any_in(found.line_counts, "kw_p"):
        yield say("Numbers of lines were compared by the Kruskal-Wallis test by permutation", "kruskal_wallis")
    if len(found.line_starts):
        yield say("The mean number of lines begun by a fixed time accounts for follow-up", "mean_cumulative")
    yield from _sequences(found)
    if any_in(found.line_endpoints, "p_perm", "p_asymptotic"):
        kinds = listed(name_endpoint(name) for name in dict.fromkeys(found.line_endpoints["endpoint"]))
        yield say(f"{kinds} of each line were compared by log-rank tests, by permutation where samples were small",
                  "permutation_logrank")  # fmt: skip
    if any_in(found.transition_tests, "p"):
        least = found.plan["transition_min_n"]
        yield say(f"Transitions from one line to the next were tested where at least {least} patients made them",
                  "freeman_halton")  # fmt: skip


def _classes(found: TherapyResult) -> Iterator[Sentence]:
    """Say how classes of treatment were compared, line by line."""
    by = listed(name_column(name) for name in found.plan["by"])
    if any_in(found.algorithm_tables, "p"):
        draws = found.algorithm_tables.loc[found.algorithm_tables["p_method"] == "monte_carlo", "n_draws"]
        how = f" (exact, or by up to {int(draws.max()):,} random tables)" if len(draws) else " (exact)"
        yield say(
            f"Classes of treatment were compared by {by}, line by line up to line {found.plan['max_line']}, with the"
            f" Freeman-Halton test{how} and Holm's adjustment across the lines of a grouping",
            "freeman_halton", "holm",
        )  # fmt: skip
        rare = str(found.plan["merge_rule"])
        yield say(f"{rare[:1].upper()}{rare[1:]}; the class of first-line treatment is the primary comparison")
    if any_in(found.algorithm_tables, "v_bc"):
        yield say("The strength of the association is Cramer's V with bias correction", "cramers_v")


def _differences(found: TherapyResult) -> Iterator[Sentence]:
    if any_in(found.algorithm_differences, "difference"):
        yield say("Differences of proportions between two groups have Newcombe's hybrid-score limits", "newcombe")
    if any_in(found.algorithm_differences, "p_tost"):
        yield say(
            "They were read for equivalence: 90% limits and two one-sided tests against a margin of"
            f" {PERCENT * found.plan['margin']:g} percentage points",
            "tost",
        )


def _sequences(found: TherapyResult) -> Iterator[Sentence]:
    tested = found.sequence_tests.loc[found.sequence_tests["status"] == "tested"]
    if not len(tested):
        return
    names = {"hamming": "Hamming", "optimal_matching": "optimal-matching"}
    others = [text for name, text in names.items() if (tested["distance"] == name).any()]
    beside = f", with {listed(others)} distances as sensitivity analyses" if others else ""
    yield say(
        "Whole sequences of treatment were compared by permutational multivariate analysis of variance of the mean"
        f" mismatch over lines known in both patients ({found.plan['permutations']:,} permutations){beside}",
        "permanova", "sequences",
    )  # fmt: skip
    if any_in(tested, "dispersion_p"):
        yield say("Homogeneity of the dispersion of sequences was tested beside it", "dispersion")


def describe_response(results: ReportResults) -> Iterator[Sentence]:
    """Yield how response was derived and compared.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Only of what was computed.
    """
    found = results.response
    if found is None or not len(found.table):
        return
    yield from _best_response(results, found)
    plan = found.plan
    started = (
        "all patients who started the line"
        if plan["denominator"] == "started"
        else "patients with an evaluable response"
    )
    yield say(
        f"Response and disease control rates have {started} as denominator, with Clopper-Pearson and Wilson limits",
        "clopper_pearson", "wilson",
    )  # fmt: skip
    yield from _response_tests(found)
    if any_in(found.by_class, "interaction_p"):
        yield say(
            "Whether classes of treatment share one odds ratio was tested exactly where at least"
            f" {plan['min_exposed']} altered and {plan['min_exposed']} unaltered patients had received a class",
            "zelen",
        )
    if len(found.durations):
        yield say("Durations of treatment and response are described, with ongoing ones censored, and not tested")


def _best_response(results: ReportResults, found: ResponseResult) -> Iterator[Sentence]:
    plan = found.plan
    lines = listed("all lines" if line == "all" else f"{name_line(int(line))} treatment" for line in plan["lines"])
    if plan["column"] is not None:
        yield say(f"Best response was taken from the column {plan['column']}")
        return
    sources = plan["sources"]
    criteria = levels_of(results.cohort.assessments["criteria"]) if sources.get("assessments") else []
    by = f" by {listed(name.replace('RECIST1.1', 'RECIST 1.1') for name in criteria)}" if criteria else ""
    told = [
        *([f"derived from assessments{by}"] if sources.get("assessments") else []),
        *(["taken as recorded"] if sources.get("recorded") else []),
    ]
    where = " where there were none" if len(told) == 2 else ""
    confirmed = f"confirmed after at least {plan['confirm_days']} days" if plan["confirmed"] else "without confirmation"
    yield say(
        f"Best overall response to {lines} was {' or '.join(told)}{where}, {confirmed}; stable disease needed"
        f" {plan['sd_min_days']} days from the start of the line",
        *(["recist"] if "RECIST1.1" in criteria else []),
    )


def _response_tests(found: ResponseResult) -> Iterator[Sentence]:
    table = found.table
    groups = table.loc[(table["kind"] == "test") & table["p_primary"].notna()]
    if len(groups):
        by = listed(name_column(name) for name in dict.fromkeys(groups["variable"]))
        yield say(f"Groups by {by} were compared by Fisher's or the Freeman-Halton test", "fisher", "freeman_halton")
    features = table.loc[(table["kind"] == "feature") & (table["status"] == "tested")]
    if not len(features):
        return
    yield from _feature_tests(found)
    if any_in(features, "q_bh"):
        yield say("Benjamini-Hochberg adjustment was applied within each line and measure of response", "bh")


def _feature_tests(found: ResponseResult) -> Iterator[Sentence]:
    table = found.table
    features = table.loc[(table["kind"] == "feature") & (table["status"] == "tested")]
    methods = set(features["p_method"].dropna())
    if "fisher" in methods:
        yield say("Alterations were tested against response by Fisher's exact test", "fisher")
    if any_in(features, "or"):
        yield say("Odds ratios are conditional maximum-likelihood estimates with exact limits", "exact_tables")
    if any_in(features, "firth_or"):
        yield say("Firth-penalised odds ratios with profile limits stand beside them", "firth_logistic")
    if any_in(features, "diff"):
        yield say("Differences of rates have Newcombe's limits", "newcombe")
    strata = [name for name in levels_of(features["strata"]) if name != "none"]
    if strata and any_in(features, "p_stratified"):
        yield say(f"Exact tests within strata of {listed(map(name_column, strata))} are reported, too", "exact_tables")
    if any(str(name).startswith("wilcoxon") for name in methods):
        yield say("Ordered best response was compared by permutation tests of Wilcoxon's statistic")
    if any(str(name).startswith("cluster") for name in methods):
        yield say("Analyses of several lines permuted the labels of patients, never of lines")


def describe_actionability(results: ReportResults) -> Iterator[Sentence]:
    """Yield how levels of evidence were assigned and compared.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        Only of what was computed.
    """
    found = results.actionability
    if found is None:
        return
    rules, tree = found.plan["rules"], found.plan["oncotree"]
    yield say(
        f"Alterations were given levels of evidence by {count(rules['n'], 'rule')} of the {rules['name']} (snapshot"
        f" {rules['snapshot']}); a rule holds for a tumour if its type descends from the type of the rule in OncoTree"
        f" ({tree['version']})",
        "oncotree",
    )
    for item in found.plan["imports"]:
        yield say(f"Assertions of {item['source']} ({item['version']}) are shown beside them and never counted")
    yield say(
        "A patient counted as actionable with at least one alteration at level N1 to N3B, of the patients in whom such"
        " markers were looked for; drugs used whatever the genotype did not count",
    )
    main = found.by_origin.loc[found.by_origin["analysis"] == MAIN]
    yield say("Proportions have Clopper-Pearson and Wilson limits", "clopper_pearson", "wilson")
    if any_in(main, "p"):
        by = listed(name_column(name) for name in found.plan["by"])
        panels = " on the markers looked for in all of them" if found.plan["restrict"] else ""
        yield say(f"They were compared by {by}{panels} with the Freeman-Halton test", "freeman_halton")
