"""The Freeman-Halton test: Fisher's exact test of tables with any number of rows and columns.

Tables with the observed margins are not listed one by one. The columns are split in two halves; for every way to share
the rows between the halves, the log weights of the left half tables and of the right ones are kept as two sorted lists,
equal weights merged, so that the pairs with a sum below a bound are counted by binary search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.permutation import monte_carlo_interval
from netgen.association.tails import SMALLEST_P
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

TIED: Final = 1e-7  # tables whose probabilities differ by less than this fraction are equally likely, as in R
SAME: Final = 1e-10  # log weights that differ by less are one
MAX_TABLES: Final = 1e8  # numbers handled in an exact test: a few seconds
MAX_LISTED: Final = 5e6  # arrangements listed one by one
DRAWS: Final = 100_000
_BLOCK: Final = 20_000  # tables drawn in one go
_OVERHEAD: Final = 1_000  # numbers that could be handled in the time a group of them costs beside

Weights = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


@dataclass(frozen=True, kw_only=True)
class FreemanHalton:
    """Test that rows and columns of a table are independent.

    Attributes
    ----------
    p
        Share of the tables with the same margins that are as likely as the observed one, or less; NaN (``method`` is
        ``none``) if fewer than two rows or columns are left.
    method
        exact, monte_carlo or none.
    n_draws
        Tables drawn; 0 unless ``monte_carlo``.
    mc_lo, mc_hi
        95 % interval of a Monte-Carlo p; NaN otherwise.
    min_attainable_p
        p of the least likely table; NaN unless ``exact``.
    n
        Sum of the table.
    dropped_rows, dropped_columns
        Places of the empty rows and columns that were left out.
    seed
        Of the draws.
    """

    p: float
    method: str
    n_draws: int
    mc_lo: float
    mc_hi: float
    min_attainable_p: float
    n: int
    dropped_rows: tuple[int, ...]
    dropped_columns: tuple[int, ...]
    seed: int


class _TooManyTables(Exception):  # noqa: N818  # a signal to draw instead, not a failure
    """The exact test would take more than the permitted number of weights."""


def freeman_halton(table: ArrayLike, *, seed: int, max_tables: float = MAX_TABLES, draws: int = DRAWS) -> FreemanHalton:
    """Test the independence of rows and columns, exactly where that is affordable.

    Parameters
    ----------
    table
        (r, c) counts. Empty rows and columns are left out and named.
    seed
        Of the draws, from ``provenance.derive_seed``; has no part in an exact test.
    max_tables
        Numbers that an exact test may handle; beyond, tables are drawn. The default reaches every table of up to 60
        patients and 24 cells, and many larger ones.
    draws
        Random tables.

    Returns
    -------
    FreemanHalton
        Does not depend on the order of rows or columns, nor on which is which.

    Raises
    ------
    ValueError
        If the table does not hold whole numbers >= 0 in two dimensions.

    Notes
    -----
    1. A table has probability prod(row sums!) prod(column sums!) / (n! prod(cells!)). p = sum of those <= that of the
       observed table, times 1 + 1e-7.
    2. Monte-Carlo: p = (1 + b) / (1 + draws), b of the drawn tables as likely as the observed one or less.

    Witness: R ``fisher.test`` (``tests/reference/fisher``), DOMAIN SC21, SC23, SC27.

    References
    ----------
    Freeman GH, Halton JH. Note on an exact treatment of contingency, goodness of fit and other problems of
    significance. Biometrika 38:141-149 (1951). Pagano M, Halvorsen KT. An algorithm for finding the exact significance
    levels of r x c contingency tables. J Am Stat Assoc 76:931-934 (1981).
    """
    given = np.asarray(table, dtype=np.float64)
    if given.ndim != 2 or not ((given >= 0) & (given == np.round(given))).all():
        raise ValueError("a table needs two dimensions and whole numbers >= 0")
    counts = given.astype(np.int64)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    untested = FreemanHalton(
        p=math.nan,
        method="none",
        n_draws=0,
        mc_lo=math.nan,
        mc_hi=math.nan,
        min_attainable_p=math.nan,
        n=int(counts.sum()),
        dropped_rows=tuple(np.flatnonzero(rows == 0).tolist()),
        dropped_columns=tuple(np.flatnonzero(columns == 0).tolist()),
        seed=seed,
    )
    few, many = sorted((np.sort(rows[rows > 0])[::-1], np.sort(columns[columns > 0])[::-1]), key=_shape)
    if len(few) < 2:
        return untested
    observed = -float(_log_factorials(untested.n)[counts].sum())
    try:
        p, least = _exact(few, many, observed, max_tables)
    except _TooManyTables:
        p, lo, hi = _draw(few, many, observed, seed, draws)
        return replace(untested, p=p, method="monte_carlo", n_draws=draws, mc_lo=lo, mc_hi=hi)
    return replace(untested, p=p, method="exact", min_attainable_p=least)


def list_totals(
    parts: Sequence[NDArray[np.float64]], total: int, *, most: float = MAX_LISTED
) -> NDArray[np.float64] | None:
    """Return the log weights of all ways to choose one number from each part so that they add up to a total.

    Parameters
    ----------
    parts
        Log weights of choosing 0, 1, 2 ... from each part.
    total
        What the numbers must add up to.
    most
        Give up beyond this many arrangements.

    Returns
    -------
    NDArray[np.float64] or None
        Sums of the log weights, in no particular order; None if they are too many to list.
    """
    ordered = sorted(parts, key=len)
    if math.prod(len(part) for part in ordered[:-1]) > most:
        return None
    used, weight = np.zeros(1, dtype=np.int64), np.zeros(1)
    capacity = sum(len(part) - 1 for part in ordered)
    for part in ordered[:-1]:
        capacity -= len(part) - 1
        used = np.add.outer(used, np.arange(len(part))).ravel()
        weight = np.add.outer(weight, part).ravel()
        possible = (used <= total) & (used + capacity >= total)
        used, weight = used[possible], weight[possible]
    return np.asarray(weight + ordered[-1][total - used])


def share_below(weights: NDArray[np.float64], bound: float) -> float:
    """Return the share of the arrangements whose log weight is at most a bound, ties included.

    Parameters
    ----------
    weights
        Log weights of all arrangements.
    bound
        Log weight of the observed one.

    Returns
    -------
    float
        In (0, 1].
    """
    relative = np.exp(weights - weights.max())
    return min(max(float(relative[weights <= bound + TIED].sum() / relative.sum()), SMALLEST_P), 1.0)


def _shape(margin: NDArray[np.int64]) -> tuple[int, ...]:
    """Short margins first; equally long ones in an order of their own."""
    return (len(margin), *margin.tolist())


def _log_factorials(n: int) -> NDArray[np.float64]:
    """Logarithms of 0! ... n!."""
    return np.concatenate([np.zeros(1), np.cumsum(np.log(np.arange(1, n + 1)))])


def _exact(few: NDArray[np.int64], many: NDArray[np.int64], observed: float, max_tables: float) -> tuple[float, float]:
    """P-values of the observed and of the least likely table; ``few``, ``many`` are the margins, largest first."""
    log_factorial = _log_factorials(int(few.sum()))
    if len(few) == 2:
        cells = [np.arange(min(c, int(few[1])) + 1) for c in many.tolist()]
        parts = [-log_factorial[x] - log_factorial[c - x] for c, x in zip(many.tolist(), cells, strict=True)]
        weights = list_totals(parts, int(few[1]), most=min(MAX_LISTED, max_tables))
        if weights is not None:
            return share_below(weights, observed), share_below(weights, float(weights.min()))
        if len(many) < 4:  # halves of one and two columns are as many numbers again
            raise _TooManyTables
    left, right = _halves(many)
    budget = [max_tables]
    memo: dict[tuple[tuple[int, ...], tuple[int, ...]], Weights] = {}
    shares = _fills(few, sum(left), budget)
    pairs, times = np.unique(
        np.hstack([np.sort(shares, axis=1), np.sort(few - shares, axis=1)]), axis=0, return_counts=True
    )
    lists = [
        (
            _weights(tuple(pair[: len(few)]), left, memo, log_factorial, budget),
            _weights(tuple(pair[len(few) :]), right, memo, log_factorial, budget),
            count,
        )
        for pair, count in zip(pairs.tolist(), times.tolist(), strict=True)
    ]
    least = min(float(a[0][0] + b[0][0]) for a, b, _ in lists)
    shift = max(float(a[0][-1] + b[0][-1]) for a, b, _ in lists)
    everything = _below(lists, math.inf, shift)
    p, smallest = (_below(lists, bound + TIED, shift) / everything for bound in (observed, least))
    return min(max(p, SMALLEST_P), 1.0), min(max(smallest, SMALLEST_P), 1.0)


def _halves(columns: NDArray[np.int64]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Columns, largest first, dealt out so that the halves are alike."""
    left: list[int] = []
    right: list[int] = []
    for column in columns.tolist():
        (left if sum(left) <= sum(right) else right).append(column)
    return tuple(left), tuple(right)


def _fills(capacity: NDArray[np.int64], total: int, budget: list[float]) -> NDArray[np.int64]:
    """All vectors (k, r) of whole numbers from 0 to the capacity (r,) that add up to a total."""
    _spend(budget, math.prod(int(c) + 1 for c in capacity[:-1]))
    grid = np.indices(tuple(int(c) + 1 for c in capacity[:-1])).reshape(len(capacity) - 1, -1).T
    last = total - grid.sum(axis=1)
    possible = (last >= 0) & (last <= capacity[-1])
    return np.column_stack([grid[possible], last[possible]])


def _weights(
    state: tuple[int, ...],
    columns: tuple[int, ...],
    memo: dict[tuple[tuple[int, ...], tuple[int, ...]], Weights],
    log_factorial: NDArray[np.float64],
    budget: list[float],
) -> Weights:
    """Log weights, sorted, and how many tables have each: tables with row sums ``state`` (sorted) and the columns."""
    if len(columns) == 1:
        return np.array([-log_factorial[list(state)].sum()]), np.ones(1)
    if (state, columns) in memo:
        return memo[state, columns]
    last = _fills(np.array(state), columns[-1], budget)
    rests, group = np.unique(np.sort(np.array(state) - last, axis=1), axis=0, return_inverse=True)
    weight = -log_factorial[last].sum(axis=1)
    values, counts = [], []
    for g, rest in enumerate(rests.tolist()):
        before, number = _weights(tuple(rest), columns[:-1], memo, log_factorial, budget)
        own, times = _merge(weight[group.ravel() == g], None)
        values.append(np.add.outer(before, own).ravel())
        counts.append(np.multiply.outer(number, times).ravel())
        _spend(budget, len(values[-1]) + _OVERHEAD)
    memo[state, columns] = _merge(np.concatenate(values), np.concatenate(counts))
    return memo[state, columns]


def _spend(budget: list[float], cost: float) -> None:
    budget[0] -= cost
    if budget[0] < 0:
        raise _TooManyTables


def _merge(values: NDArray[np.float64], counts: NDArray[np.float64] | None) -> Weights:
    """Equal log weights once, sorted, with their numbers."""
    _, first, back = np.unique(np.rint(values / SAME), return_index=True, return_inverse=True)
    return values[first], np.bincount(back.ravel(), weights=counts, minlength=len(first)).astype(np.float64)


def _below(lists: list[tuple[Weights, Weights, int]], bound: float, shift: float) -> float:
    """Sum of the weights, divided by exp(shift), of all tables whose log weight is at most a bound."""
    total = 0.0
    for (left, n_left), (right, n_right), times in lists:
        running = np.concatenate([np.zeros(1), np.cumsum(n_right * np.exp(right - right[-1]))])
        reach = np.searchsorted(right, bound - left, side="right")
        total += times * float((n_left * np.exp(left + (right[-1] - shift))) @ running[reach])
    return total


def _draw(
    few: NDArray[np.int64], many: NDArray[np.int64], observed: float, seed: int, draws: int
) -> tuple[float, float, float]:
    """Monte-Carlo p and its limits, from random tables with the margins."""
    rng = np.random.default_rng(derive_seed("freeman_halton", master=seed))
    log_factorial = _log_factorials(int(few.sum()))
    hits = 0
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        rest, weight = np.tile(few, (size, 1)), np.zeros(size)
        for column in many[1:]:
            wanted = np.full(size, column)
            for i in range(len(few) - 1):
                cell = rng.hypergeometric(rest[:, i], rest[:, i + 1 :].sum(axis=1), wanted)
                rest[:, i] -= cell
                wanted -= cell
                weight -= log_factorial[cell]
            rest[:, -1] -= wanted
            weight -= log_factorial[wanted]
        weight -= log_factorial[rest].sum(axis=1)
        hits += int((weight <= observed + TIED).sum())
    lo, hi = monte_carlo_interval([hits], [draws], stopped=[False])
    return (1 + hits) / (1 + draws), float(lo[0]), float(hi[0])
