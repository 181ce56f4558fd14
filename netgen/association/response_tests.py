"""Rates of response and their comparison: one table, one per stratum, ordered responses, lines within patients."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.exact_tables import exact_odds_ratio, zelen_test
from netgen.association.firth_logistic import firth_odds_ratio
from netgen.association.permutation import monte_carlo_interval, permutation_logrank
from netgen.association.permutation_groups import permutation_groups
from netgen.association.proportions import clopper_pearson, newcombe, wilson
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.permutation import PermutationTest

# Worse to better; stable disease without measurable lesions ranks with stable disease. NE has no rank.
RANKS: Final[dict[str, int]] = {"PD": 0, "NON_CR_NON_PD": 1, "SD": 1, "PR": 2, "CR": 3}
MAX_ARRANGEMENTS: Final = 2e6  # of an exact ordered test
DRAWS: Final = 100_000
SAME: Final = 1e-9
MOST_COUNTED: Final = 36.0  # log of the largest number of relabelings that is given: beyond, doubles are not exact
LEVEL: Final = 0.95


@lru_cache(maxsize=1 << 16)
def describe_rate(x: int, n: int, *, suffix: str = "") -> dict[str, float]:
    """Return a rate with Clopper-Pearson and Wilson limits.

    Parameters
    ----------
    x, n
        How many of how many.
    suffix
        Behind the names of the result.

    Returns
    -------
    dict
        rate, cp_lo, cp_hi, wilson_lo, wilson_hi; NaN where n is 0. Not to be changed.
    """
    exact, score = clopper_pearson(x, n, level=LEVEL), wilson(x, n, level=LEVEL)
    values = (exact.estimate, exact.lo, exact.hi, score.lo, score.hi)
    names = ("rate", "cp_lo", "cp_hi", "wilson_lo", "wilson_hi")
    return {name + suffix: float(value) for name, value in zip(names, values, strict=True)}


def describe_cluster_rate(x: ArrayLike, n: ArrayLike, *, suffix: str = "") -> dict[str, float]:
    """Return the rate over all lines, with exact limits for the number of independent lines these are worth.

    Parameters
    ----------
    x, n
        (g,) lines with the outcome, and lines, of each patient.
    suffix
        Behind the names of the result.

    Returns
    -------
    dict
        rate, cp_lo, cp_hi; wilson_lo and wilson_hi are NaN: they have no such form.

    Notes
    -----
    Design effect = variance of the ratio estimate over patients / binomial variance, at least 1; effective number of
    lines = lines / design effect, times (t of lines - 1 df / t of patients - 1 df) squared; where the rate is 0 or 1,
    the number of patients. Then Clopper-Pearson with these numbers.

    References
    ----------
    Korn EL, Graubard BI. Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data. Survey Methodology 24:193-201 (1998).
    """
    from scipy.special import betaincinv, stdtrit

    success, size = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    total, groups, tail = float(size.sum()), int((size > 0).sum()), (1 - LEVEL) / 2
    rate = float(success.sum() / total) if total else math.nan
    lo, hi = math.nan, math.nan
    if groups >= 2:
        worth = float(groups)
        if 0 < rate < 1:
            spread = groups / (groups - 1) * float(((success - rate * size) ** 2).sum()) / total**2
            effect = max(spread / (rate * (1 - rate) / total), 1.0)
            worth = total / effect * float(stdtrit(total - 1, 1 - tail) / stdtrit(groups - 1, 1 - tail)) ** 2
        count = rate * worth
        lo = float(betaincinv(count, worth - count + 1, tail)) if rate > 0 else 0.0
        hi = float(betaincinv(count + 1, worth - count, 1 - tail)) if rate < 1 else 1.0
    values = {"rate": rate, "cp_lo": lo, "cp_hi": hi, "wilson_lo": math.nan, "wilson_hi": math.nan}
    return {name + suffix: value for name, value in values.items()}


@lru_cache(maxsize=1 << 16)
def compare_two(a: int, b: int, c: int, d: int) -> dict[str, float | str]:
    """Return all that is said about one 2 x 2 table.

    Parameters
    ----------
    a, b
        First group, with and without the outcome.
    c, d
        Second group, with and without the outcome.

    Returns
    -------
    dict
        diff (first minus second) with Newcombe limits; ``or`` with exact limits, NaN where the margins make it 0 or
        infinite (``or_status`` separated) or leave one table (not_informative), a limit NaN where it is open;
        p_fisher, mid_p, min_attainable_p; firth_or with profile limits and p_firth. Not to be changed.

    Notes
    -----
    Witness: DOMAIN SC27.
    """
    exact = exact_odds_ratio([[a, b], [c, d]], level=LEVEL)
    fit, risk = firth_odds_ratio(a, b, c, d, level=LEVEL), newcombe(a, a + b, c, c + d, level=LEVEL)
    informative = exact.n_informative > 0
    beta, lo, hi = (float(np.exp(part[0])) for part in (fit.coef, fit.lo, fit.hi))
    filled = informative and fit.status == "ok"
    return {
        "diff": float(risk.estimate),
        "diff_lo": float(risk.lo),
        "diff_hi": float(risk.hi),
        **_ratio(exact.odds_ratio, exact.lo, exact.hi, ""),
        "or_status": "separated" if exact.separated else "ok" if informative else "not_informative",
        "p_fisher": exact.p,
        "mid_p": exact.mid_p,
        "min_attainable_p": exact.min_attainable_p,
        "firth_or": beta if filled else math.nan,
        "firth_lo": lo if filled else math.nan,
        "firth_hi": hi if filled else math.nan,
        "p_firth": float(fit.p[0]) if filled else math.nan,
    }


@lru_cache(maxsize=1 << 16)
def compare_strata(tables: tuple[tuple[int, int, int, int], ...]) -> dict[str, float | int]:
    """Return the exact conditional analysis of one 2 x 2 table per stratum.

    Parameters
    ----------
    tables
        (a, b, c, d) of each stratum, as for ``compare_two``.

    Returns
    -------
    dict
        or_stratified with limits, p_stratified, n_strata_informative, and het_p: Zelen's test that the strata share
        one odds ratio, NaN with fewer than two informative strata. Not to be changed.
    """
    cells = [[[a, b], [c, d]] for a, b, c, d in tables]
    exact, zelen = exact_odds_ratio(cells, level=LEVEL), zelen_test(cells)
    return {
        **_ratio(exact.odds_ratio, exact.lo, exact.hi, "_stratified"),
        "p_stratified": exact.p,
        "n_strata_informative": exact.n_informative,
        "het_p": zelen.p,
    }


def _ratio(value: float, lo: float, hi: float, suffix: str) -> dict[str, float]:
    """Odds ratio and limits; 0 and infinity are no numbers to print."""
    values = {f"or{suffix}": value, f"or{suffix}_lo": lo, f"or{suffix}_hi": hi}
    return {name: number if 0 < number < math.inf else math.nan for name, number in values.items()}


def rank_responses(bor: ArrayLike) -> NDArray[np.int64]:
    """Return the rank of each best response.

    Parameters
    ----------
    bor
        (n,) best overall responses.

    Returns
    -------
    array
        (n,) 0 progression to 3 complete response; -1 not evaluable.
    """
    return np.array([RANKS.get(str(word), -1) for word in np.asarray(bor, dtype=object)], dtype=np.int64)


def compare_ordered(first: ArrayLike, second: ArrayLike, *, seed: int) -> dict[str, float | str | int]:
    """Compare two groups by an ordered outcome: permutation tests of Wilcoxon's and of the trend statistic.

    Parameters
    ----------
    first, second
        (k,) patients of either group in each category, worse to better.
    seed
        Of the draws, where the arrangements are too many to count.

    Returns
    -------
    dict
        superiority: probability that a patient of the first group does better than one of the second, ties half;
        p_wilcoxon (midranks), p_trend (Cochran-Armitage, equally spaced categories), p_method, n_permutations (0: too
        many to give), mc_lo and mc_hi of p_wilcoxon, and its min_attainable_p (NaN unless exact). p is NaN if a group
        or all but one category is empty.

    Notes
    -----
    p = share of the ways to label as many patients whose statistic is as far from its expectation as the observed one.
    Witness: all relabelings in ``tests/association/test_response_tests.py``.
    """
    return dict(_compare_ordered(tuple(np.asarray(first).tolist()), tuple(np.asarray(second).tolist()), seed))


@lru_cache(maxsize=1 << 16)
def _compare_ordered(first: tuple[int, ...], second: tuple[int, ...], seed: int) -> dict[str, float | str | int]:
    mine, other = np.array(first, dtype=np.int64), np.array(second, dtype=np.int64)
    both, m, rest = mine + other, int(mine.sum()), int(other.sum())
    out: dict[str, float | str | int] = dict.fromkeys(
        ("superiority", "p_wilcoxon", "p_trend", "mc_lo", "mc_hi", "min_attainable_p"), math.nan
    )
    out |= {"p_method": "", "n_permutations": 0}
    if m and rest:
        below = np.cumsum(other) - other
        out["superiority"] = float(mine @ (below + other / 2)) / (m * rest)
    if not m or not rest or (both > 0).sum() < 2:
        return out
    scores = np.vstack([np.cumsum(both) - both + (both + 1) / 2, np.arange(len(both))]).astype(np.float64)
    scores -= (scores @ both / both.sum())[:, None]
    kept = both > 0
    if float(np.prod(np.minimum(both[kept], m)[:-1] + 1.0)) <= MAX_ARRANGEMENTS:
        return out | _count_arrangements(mine[kept], both[kept], scores[:, kept])
    return out | _draw_arrangements(mine[kept], both[kept], scores[:, kept], seed)


def _count_arrangements(
    mine: NDArray[np.int64], both: NDArray[np.int64], scores: NDArray[np.float64]
) -> dict[str, float | str | int]:
    """Test by all ways to share the labels among the categories."""
    from scipy.special import gammaln

    m = int(mine.sum())
    grid = np.indices(tuple(int(min(size, m)) + 1 for size in both[:-1])).reshape(len(both) - 1, -1)
    last = m - grid.sum(axis=0)
    possible = (last >= 0) & (last <= both[-1])
    cells = np.vstack([grid[:, possible], last[possible]])
    logs = (gammaln(both + 1)[:, None] - gammaln(cells + 1) - gammaln(both[:, None] - cells + 1)).sum(axis=0)
    weight = np.exp(logs - logs.max())
    far = np.abs(scores @ cells)
    reached = far >= np.abs(scores @ mine)[:, None] - SAME * np.abs(scores).max(axis=1, keepdims=True)
    p = reached @ weight / weight.sum()
    ways = float(gammaln(both.sum() + 1) - gammaln(m + 1) - gammaln(both.sum() - m + 1))
    most = far[0] >= far[0].max() - SAME * np.abs(scores[0]).max()
    return {
        "p_wilcoxon": min(float(p[0]), 1.0),
        "p_trend": min(float(p[1]), 1.0),
        "p_method": "exact",
        "n_permutations": round(math.exp(ways)) if ways < MOST_COUNTED else 0,
        "min_attainable_p": float(most @ weight / weight.sum()),
    }  # fmt: skip


def _draw_arrangements(
    mine: NDArray[np.int64], both: NDArray[np.int64], scores: NDArray[np.float64], seed: int
) -> dict[str, float | str | int]:
    """Test by random ways to share the labels among the categories."""
    rng = np.random.default_rng(derive_seed("response:ordered", master=seed))
    cells = rng.multivariate_hypergeometric(both, int(mine.sum()), size=DRAWS, method="marginals")
    bound = np.abs(scores @ mine) - SAME * np.abs(scores).max(axis=1)
    hits = (np.abs(cells @ scores.T) >= bound).sum(axis=0)
    lo, hi = monte_carlo_interval([int(hits[0])], [DRAWS], stopped=[False])
    return {
        "p_wilcoxon": (1 + int(hits[0])) / (1 + DRAWS),
        "p_trend": (1 + int(hits[1])) / (1 + DRAWS),
        "p_method": "monte_carlo",
        "n_permutations": DRAWS,
        "mc_lo": float(lo[0]),
        "mc_hi": float(hi[0]),
    }


def compare_clustered(
    x: ArrayLike, n: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None, *, seed: int
) -> PermutationTest:
    """Compare rates over several lines per patient by permuting the labels of patients.

    Parameters
    ----------
    x, n
        (g,) lines with the outcome, and lines, of each patient.
    group
        (g,) label of each patient; all lines of a patient have it.
    strata
        (g,) labels within which is permuted; None = one stratum.
    seed
        Of the draws.

    Returns
    -------
    PermutationTest
        Of the excess over the rate of the stratum, summed over the patients of a group: as ``permutation_logrank`` for
        two groups, as ``permutation_groups`` for more.
    """
    success, size = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    code = np.zeros(len(size), dtype=np.intp) if strata is None else np.unique(strata, return_inverse=True)[1]
    total, hits = np.bincount(code, weights=size), np.bincount(code, weights=success)
    excess = success - (hits / np.maximum(total, 1))[code] * size
    names = np.unique(group)
    if len(names) == 2:
        return permutation_logrank(excess, np.asarray(group) == names[1], code, seed=seed)
    return permutation_groups(excess, group, code, seed=seed)
