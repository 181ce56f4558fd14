"""How many lines did patients receive: the Kruskal-Wallis test, exactly where the relabelings can be counted.

Numbers of lines have few values, so that the chi-square approximation of the test is poor and all relabelings of small
groups can be counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.permutation import monte_carlo_interval
from netgen.association.tails import chi2_p
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

DRAWS: Final = 100_000
MAX_STEPS: Final = 200_000  # of an exact test: about a second
TIED: Final = 1e-9  # relative: statistics this close are equal
_BLOCK: Final = 20_000  # relabelings drawn in one go

State = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class KruskalWallis:
    """Comparison of the location of k groups.

    Attributes
    ----------
    chi2, df, p_asymptotic
        Statistic corrected for ties, and its chi-square p; NaN if all values are equal or there is one group.
    p
        Share of the relabelings with a statistic as large or larger.
    method
        exact, monte_carlo or none.
    n_draws
        Relabelings drawn; 0 unless ``monte_carlo``.
    mc_lo, mc_hi
        95 % interval of a Monte-Carlo p; NaN otherwise.
    """

    chi2: float
    df: int
    p_asymptotic: float
    p: float
    method: str
    n_draws: int
    mc_lo: float
    mc_hi: float


class _TooManySteps(Exception):  # noqa: N818  # a signal to draw instead, not a failure
    """The exact test would take too long."""


def kruskal_wallis(
    values: ArrayLike, groups: ArrayLike, *, seed: int, draws: int = DRAWS, max_steps: int = MAX_STEPS
) -> KruskalWallis:
    """Compare numbers between groups by their ranks.

    Parameters
    ----------
    values
        (n,) numbers, such as lines received; finite.
    groups
        (n,) labels.
    seed
        Of the draws.
    draws
        Relabelings drawn where they cannot be counted.
    max_steps
        Ways to deal out equal values that the exact test may look at; beyond, relabelings are drawn.

    Returns
    -------
    KruskalWallis
        Does not depend on the order of patients.

    Raises
    ------
    ValueError
        If a value is missing.

    Notes
    -----
    H = (12 / (n (n + 1)) sum R_g^2 / n_g - 3 (n + 1)) / (1 - sum (t^3 - t) / (n^3 - n)), t = patients of equal value.
    Exact: the values are dealt out to the groups one after the other; ways that lead to the same rank sums are added.
    Witness: R ``kruskal.test``, DOMAIN SC21; all relabelings in ``tests/association/test_line_counts.py``.

    References
    ----------
    Kruskal WH, Wallis WA. Use of ranks in one-criterion variance analysis. J Am Stat Assoc 47:583-621 (1952).
    """
    x = np.asarray(values, dtype=np.float64)
    labels = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1].ravel()
    if x.shape != labels.shape or not np.isfinite(x).all():
        raise ValueError("one finite number per patient is needed")
    _, level, ties = np.unique(x, return_inverse=True, return_counts=True)
    sizes = np.bincount(labels) if len(labels) else np.zeros(0, dtype=np.intp)
    if len(sizes) < 2 or len(ties) < 2:
        nan = math.nan
        return KruskalWallis(
            chi2=nan, df=max(len(sizes) - 1, 0), p_asymptotic=nan, p=nan, method="none", n_draws=0, mc_lo=nan, mc_hi=nan
        )
    doubled = 2 * np.cumsum(ties) - ties + 1  # twice the midrank of each value, a whole number
    sums = np.bincount(labels, weights=doubled[level])
    score = float((sums**2 / sizes).sum())
    chi2 = _statistic(score, ties)
    found = KruskalWallis(
        chi2=chi2, df=len(sizes) - 1, p_asymptotic=float(chi2_p(chi2, len(sizes) - 1)), p=math.nan, method="exact",
        n_draws=0, mc_lo=math.nan, mc_hi=math.nan,
    )  # fmt: skip
    order = np.lexsort((sums, sizes))  # groups in an order of their own, whatever they are called
    try:
        return replace(found, p=_exact(doubled, ties, sizes[order], score, max_steps))
    except _TooManySteps:
        hits = _draw(doubled, ties, sizes[order], score, seed, draws)
    lo, hi = (float(end[0]) for end in monte_carlo_interval([hits], [draws], stopped=[False]))
    return replace(found, p=(1 + hits) / (1 + draws), method="monte_carlo", n_draws=draws, mc_lo=lo, mc_hi=hi)


def _statistic(score: float, ties: NDArray[np.intp]) -> float:
    """H from the sum of squared doubled rank sums over group sizes."""
    n = float(ties.sum())
    raw = 12 / (n * (n + 1)) * score / 4 - 3 * (n + 1)
    return float(raw / (1 - float((ties.astype(np.float64) ** 3 - ties).sum()) / (n**3 - n)))


def _exact(
    doubled: NDArray[np.intp], ties: NDArray[np.intp], sizes: NDArray[np.intp], score: float, max_steps: int
) -> float:
    """Share of the relabelings with a score at least as large."""
    ways: dict[State, float] = {(tuple(sizes.tolist()), (0,) * len(sizes)): 1.0}
    steps = 0
    for rank, many in zip(doubled.tolist(), ties.tolist(), strict=True):
        after: dict[State, float] = {}
        for (room, sums), weight in ways.items():
            for dealt, times in _deals(many, room):
                key = (
                    tuple(a - b for a, b in zip(room, dealt, strict=True)),
                    tuple(a + b * rank for a, b in zip(sums, dealt, strict=True)),
                )
                after[key] = after.get(key, 0.0) + weight * times
                steps += 1
                if steps > max_steps:
                    raise _TooManySteps
        total = sum(after.values())
        ways = {key: weight / total for key, weight in after.items()}
    scores = np.array([sum(s * s / n for s, n in zip(sums, sizes.tolist(), strict=True)) for _, sums in ways])
    weights = np.array(list(ways.values()))
    return min(float(weights[scores >= score * (1 - TIED)].sum() / weights.sum()), 1.0)


def _deals(many: int, room: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], float]]:
    """All ways to share equal patients between groups with room, and how many orders of the patients give each."""
    if len(room) == 1:
        if many <= room[0]:
            yield (many,), 1.0
        return
    for first in range(max(0, many - sum(room[1:])), min(many, room[0]) + 1):
        share = math.comb(many, first)
        for rest, times in _deals(many - first, room[1:]):
            yield (first, *rest), share * times


def _draw(
    doubled: NDArray[np.intp], ties: NDArray[np.intp], sizes: NDArray[np.intp], score: float, seed: int, draws: int
) -> int:
    """Count draws with a score at least as large: each value is dealt out to the groups at random."""
    rng = np.random.default_rng(derive_seed("kruskal_wallis", master=seed))
    hits = 0
    for start in range(0, draws, _BLOCK):
        rows = min(_BLOCK, draws - start)
        room, sums = np.tile(sizes, (rows, 1)), np.zeros((rows, len(sizes)))
        for rank, many in zip(doubled.tolist(), ties.tolist(), strict=True):
            wanted = np.full(rows, many)
            for i in range(len(sizes) - 1):
                cell = rng.hypergeometric(room[:, i], room[:, i + 1 :].sum(axis=1), wanted)
                room[:, i] -= cell
                wanted -= cell
                sums[:, i] += rank * cell
            room[:, -1] -= wanted
            sums[:, -1] += rank * wanted
        hits += int(((sums**2 / sizes).sum(axis=1) >= score * (1 - TIED)).sum())
    return hits
