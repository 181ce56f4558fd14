"""Exact tests and odds ratios of 2 x 2 tables, one or one per stratum, and of many such sets at once.

Given the margins of a 2 x 2 table, its first cell has a hypergeometric distribution; with an odds ratio of exp(b), cell
s gets the extra weight exp(b s). Over strata the first cells add up, so their sum has the convolution of these
distributions. Everything here is read off that one distribution; a single table is a set of one stratum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.freeman_halton import TIED, list_totals, share_below
from netgen.association.tails import SMALLEST_P

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

_CELLS: Final = 1 << 16  # probabilities held at a time: a block stays in the cache


@dataclass(frozen=True, kw_only=True)
class TableScan:
    """Exact tests of g sets of tables, each (g,).

    Attributes
    ----------
    observed, expected
        First cells summed over strata, and their expectation if the odds ratio is 1.
    p
        Two-sided: share of the tables that are as likely as the observed one, or less. NaN in a set without an
        informative stratum.
    p_greater, p_less
        One-sided: a sum as large, or as small.
    mid_p
        Two-sided, tables exactly as likely as the observed one counted half.
    min_attainable_p
        Two-sided p of the least likely table with these margins; 1 in a set without an informative stratum.
    n_informative
        Strata in which the margins leave more than one table.
    """

    observed: NDArray[np.int64]
    expected: NDArray[np.float64]
    p: NDArray[np.float64]
    p_greater: NDArray[np.float64]
    p_less: NDArray[np.float64]
    mid_p: NDArray[np.float64]
    min_attainable_p: NDArray[np.float64]
    n_informative: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ExactOddsRatio:
    """Conditional analysis of one 2 x 2 table, or of one per stratum with a common odds ratio.

    Attributes
    ----------
    odds_ratio, lo, hi
        Conditional maximum-likelihood estimate and exact limits. At the end of what the margins allow the estimate is 0
        or infinite (``separated``) and its limit on that side is open: 0 or infinite. NaN without informative stratum.
    level
        Of the limits; half of the rest lies on each side.
    separated
        True if the maximum-likelihood estimate is not a number to print.
    p, p_greater, p_less, mid_p, min_attainable_p
        As in ``TableScan``; the null hypothesis is a common odds ratio of 1.
    n_strata, n_informative
        Tables given, and those whose margins leave more than one table; the others say nothing and are passed over.
    """

    odds_ratio: float
    lo: float
    hi: float
    level: float
    separated: bool
    p: float
    p_greater: float
    p_less: float
    mid_p: float
    min_attainable_p: float
    n_strata: int
    n_informative: int


@dataclass(frozen=True, kw_only=True)
class Homogeneity:
    """Zelen's exact test that the strata share one odds ratio.

    Attributes
    ----------
    p
        NaN with fewer than two informative strata, or more than ``freeman_halton.MAX_LISTED`` arrangements.
    n_informative
        Strata whose margins leave more than one table.
    n_tables
        Arrangements listed.
    """

    p: float
    n_informative: int
    n_tables: int


def sum_distribution(
    size: ArrayLike, row: ArrayLike, column: ArrayLike, *, log_odds: float = 0.0
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the distribution of the sum of the first cells over strata, given the margins.

    Parameters
    ----------
    size
        (g, k) patients in each of the k strata of g sets of tables.
    row, column
        (g, k) margins of the first cell.
    log_odds
        Common log odds ratio.

    Returns
    -------
    tuple
        (g,) first sum, and (g, L) probabilities of it, the next, ...; every sum left out has probability 0, either
        because the margins forbid it or because it is below the smallest number of the machine.

    Notes
    -----
    Every probability is a sum of positive terms and keeps its relative precision, down to 1e-300.
    """
    n, r, c = (np.asarray(part, dtype=np.float64) for part in (size, row, column))
    low, pmf = _trim(*_stratum(n[:, 0], r[:, 0], c[:, 0], log_odds))
    for s in range(1, n.shape[1]):
        more, other = _trim(*_stratum(n[:, s], r[:, s], c[:, s], log_odds))
        low, pmf = _trim(low + more, _convolve(pmf, other))
    return low.astype(np.int64), pmf


def scan_tables(count: ArrayLike, size: ArrayLike, row: ArrayLike, column: ArrayLike) -> TableScan:
    """Test the association in many sets of 2 x 2 tables at once, exactly and within strata.

    Parameters
    ----------
    count
        (g, k) first cells of the tables of k strata, or (g,) without strata.
    size
        Patients of each table, same shape. A stratum of 0 patients says nothing.
    row, column
        Margins of the first cell, same shape: altered for A and altered for B, say.

    Returns
    -------
    TableScan
        In the order given. Sets with equal margins are computed once.

    Raises
    ------
    ValueError
        If a table has a negative cell.

    Notes
    -----
    This is the permutation test within strata, counted in full. Witness: R ``fisher.test`` and
    ``mantelhaen.test(exact = TRUE)``, through ``tests/reference/fisher``.
    """
    x, n, r, c = (np.atleast_1d(np.asarray(part, dtype=np.int64)) for part in (count, size, row, column))
    x, n, r, c = (part[:, None] if part.ndim == 1 else part for part in (x, n, r, c))
    if (np.minimum(np.minimum(x, r - x), np.minimum(c - x, n - r - c + x)) < 0).any():
        raise ValueError("cells of a table cannot be negative")
    low, high = np.maximum(0, r + c - n), np.minimum(r, c)
    total = x.sum(axis=1)
    keys, first, back = np.unique(
        np.column_stack([n, *np.sort([r, c], axis=0), total]), axis=0, return_index=True, return_inverse=True
    )
    width = (high - low).sum(axis=1)[first] + 1
    out = {name: np.empty(len(keys)) for name in ("p", "p_greater", "p_less", "mid_p", "min_attainable_p", "expected")}
    order = np.argsort(width, kind="stable")
    for rows in _blocks(order, width):
        chosen = first[rows]
        for name, values in _test(total[chosen], n[chosen], r[chosen], c[chosen]).items():
            out[name][rows] = values
    for name in ("p", "p_greater", "p_less", "mid_p"):
        out[name] = np.where(width > 1, np.maximum(out[name], SMALLEST_P), np.nan)
    results = {name: values[back.ravel()] for name, values in out.items()}
    return TableScan(observed=total, n_informative=(high > low).sum(axis=1), **results)


def exact_odds_ratio(tables: ArrayLike, *, level: float = 0.95) -> ExactOddsRatio:
    """Return Fisher's exact test and the conditional odds ratio with exact limits.

    Parameters
    ----------
    tables
        (2, 2) counts [[a, b], [c, d]], or (k, 2, 2), one table per stratum. The odds ratio is a d / b c.
    level
        Of the limits.

    Returns
    -------
    ExactOddsRatio
        A table with an empty row or column has no p and no odds ratio.

    Raises
    ------
    ValueError
        If the tables are not 2 x 2 tables of whole numbers >= 0, or the level is not between 0 and 1.

    Notes
    -----
    1. Two-sided p: sum of the probabilities <= that of the observed table, times 1 + 1e-7.
    2. The estimate solves E(S; odds ratio) = observed; limits solve P(S >= observed) and P(S <= observed) = half of
       1 - level. They come from another principle than the two-sided p: one can exclude 1 where the other does not.

    Witness: R ``fisher.test``, ``mantelhaen.test(exact = TRUE)``; DOMAIN SC27.

    References
    ----------
    Fisher RA. Statistical Methods for Research Workers, 5th ed. (1934).
    Mehta CR, Patel NR, Gray R. Computing an exact confidence interval for the common odds ratio in several 2 by 2
    contingency tables. J Am Stat Assoc 80:969-973 (1985).
    """
    t = _check_tables(tables)
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    a, size, row, column = t[:, 0, 0], t.sum(axis=(1, 2)), t[:, 0].sum(axis=1), t[:, :, 0].sum(axis=1)
    tests = scan_tables(a[None], size[None], row[None], column[None])
    low, high = int(np.maximum(0, row + column - size).sum()), int(np.minimum(row, column).sum())
    x, tail = int(a.sum()), (1 - level) / 2

    def at(log_odds: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        first, pmf = sum_distribution(size[None], row[None], column[None], log_odds=log_odds)
        return first + np.arange(pmf.shape[1]) - x, pmf[0]

    def excess(log_odds: float) -> float:
        above, pmf = at(log_odds)
        return float(pmf @ above)

    def upper(log_odds: float) -> float:
        above, pmf = at(log_odds)
        return float(pmf[above >= 0].sum()) - tail

    def lower(log_odds: float) -> float:
        above, pmf = at(log_odds)
        return tail - float(pmf[above <= 0].sum())

    if low == high:
        estimate = lo = hi = math.nan
    else:
        estimate = 0.0 if x == low else math.inf if x == high else _root(excess)
        lo = 0.0 if x == low else _root(upper)
        hi = math.inf if x == high else _root(lower)
    names = ("p", "p_greater", "p_less", "mid_p", "min_attainable_p")
    return ExactOddsRatio(
        odds_ratio=estimate,
        lo=lo,
        hi=hi,
        level=level,
        separated=low < high and x in {low, high},
        n_strata=len(t),
        n_informative=int(tests.n_informative[0]),
        **{name: float(getattr(tests, name)[0]) for name in names},
    )


def zelen_test(tables: ArrayLike) -> Homogeneity:
    """Test whether 2 x 2 tables of several strata have the same odds ratio, exactly.

    Parameters
    ----------
    tables
        (k, 2, 2) counts, one table per stratum.

    Returns
    -------
    Homogeneity
        A large p is no evidence that the odds ratios are equal: with few patients the test has almost no power.

    Raises
    ------
    ValueError
        If the tables are not 2 x 2 tables of whole numbers >= 0.

    Notes
    -----
    Given the margins of all strata and the sum of the first cells, the arrangements have probabilities that do not
    depend on a common odds ratio. p = share of the arrangements as likely as the observed one, or less. Witness: all
    arrangements in a loop, ``tests/association/test_exact_tables.py``.

    References
    ----------
    Zelen M. The analysis of several 2 x 2 contingency tables. Biometrika 58:129-137 (1971).
    """
    t = _check_tables(tables)
    size, row, column = t.sum(axis=(1, 2)), t[:, 0].sum(axis=1), t[:, :, 0].sum(axis=1)
    low, high = np.maximum(0, row + column - size), np.minimum(row, column)
    kept = np.flatnonzero(high > low)
    if len(kept) < 2:
        return Homogeneity(p=math.nan, n_informative=len(kept), n_tables=len(kept))
    n, r, c = (part.astype(np.float64) for part in (size, row, column))
    with np.errstate(divide="ignore"):
        parts = [np.log(_stratum(n[[s]], r[[s]], c[[s]], 0.0)[1][0]) for s in kept]
    steps = t[kept, 0, 0] - low[kept]
    weights = list_totals(parts, int(steps.sum()))
    if weights is None:
        return Homogeneity(p=math.nan, n_informative=len(kept), n_tables=0)
    observed = float(sum(part[step] for part, step in zip(parts, steps, strict=True)))
    return Homogeneity(p=share_below(weights, observed), n_informative=len(kept), n_tables=len(weights))


def _check_tables(tables: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(tables, dtype=np.float64)
    t = given[None] if given.ndim == 2 else given
    if t.ndim != 3 or t.shape[1:] != (2, 2) or not ((t >= 0) & (t == np.round(t))).all():
        raise ValueError("need one 2 x 2 table of whole numbers >= 0, or one per stratum")
    return t.astype(np.int64)


def _blocks(order: NDArray[np.intp], width: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Group sets of similar width, so that little of a block is padding."""
    blocks, start = [], 0
    while start < len(order):
        stop = start + max(1, _CELLS // int(width[order[start]]))
        stop = min(stop, int(np.searchsorted(width[order], 1.25 * width[order[start]] + 4)))
        blocks.append(order[start : max(stop, start + 1)])
        start = max(stop, start + 1)
    return blocks


def _stratum(
    size: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64], log_odds: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest first cell (g,) and the probabilities (g, L) of it, the next ... in one stratum."""
    low, high = np.maximum(0, row + column - size)[:, None], np.minimum(row, column)[:, None]
    s = low + np.arange(int((high - low).max(initial=0)))
    row, column, size = row[:, None], column[:, None], size[:, None]
    inside = s < high
    up, down = (
        np.where(inside, (row - s) * (column - s), 1),
        np.where(inside, (s + 1) * (size - row - column + s + 1), 1),
    )
    steps = np.where(inside, np.log(up / down) + log_odds, -np.inf)
    logs = np.concatenate([np.zeros((len(low), 1)), np.cumsum(steps, axis=1)], axis=1)
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return low[:, 0], weight / weight.sum(axis=1, keepdims=True)


def _trim(low: NDArray[np.float64], pmf: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leave out leading and trailing sums that have probability 0 in all sets."""
    used = np.flatnonzero(pmf.any(axis=0))
    return low + used[0], pmf[:, used[0] : used[-1] + 1]


def _convolve(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distributions (g, L) of the sums of two independent numbers."""
    long, short = (a, b) if a.shape[1] >= b.shape[1] else (b, a)
    out = np.zeros((len(a), a.shape[1] + b.shape[1] - 1))
    for j in range(short.shape[1]):
        out[:, j : j + long.shape[1]] += short[:, j, None] * long
    return out


def _test(
    total: NDArray[np.int64], size: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Return the tests of one block of sets."""
    low, pmf = sum_distribution(size, row, column)
    place = np.arange(pmf.shape[1])
    at = (total - low)[:, None]
    observed = np.where(place == at, pmf, 0).sum(axis=1, keepdims=True)
    least = np.maximum(0, row + column - size).sum(axis=1)
    most = np.minimum(row, column).sum(axis=1)
    possible = place <= (most - low)[:, None]
    complete = (low == least) & (most - low < pmf.shape[1])  # no possible sum was left out
    rarest = np.where(complete, np.where(possible, pmf, np.inf).min(axis=1), 0.0)[:, None]
    below = pmf < observed * (1 - TIED)
    p = np.where(pmf <= observed * (1 + TIED), pmf, 0).sum(axis=1)
    return {
        "p": np.minimum(p, 1.0),
        "p_greater": np.minimum(np.where(place >= at, pmf, 0).sum(axis=1), 1.0),
        "p_less": np.minimum(np.where(place <= at, pmf, 0).sum(axis=1), 1.0),
        "mid_p": (p + np.where(below, pmf, 0).sum(axis=1)) / 2,
        "min_attainable_p": np.clip(np.where(pmf <= rarest * (1 + TIED), pmf, 0).sum(axis=1), SMALLEST_P, 1.0),
        "expected": low + pmf @ place,
    }


def _root(rises: Callable[[float], float]) -> float:
    """Odds ratio at which a function of the log odds ratio, rising from below 0 to above 0, is 0."""
    from scipy.optimize import brentq

    low, high = -1.0, 1.0
    while rises(low) > 0:
        low *= 2
    while rises(high) < 0:
        high *= 2
    return math.exp(float(brentq(rises, low, high, xtol=1e-13, rtol=1e-14)))
