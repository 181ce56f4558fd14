"""Conditional Kendall's tau of entry and survival: whether patients who enter later live longer or shorter.

Only some pairs can tell: both patients must be at risk together when the first of the two has the event. Among those,
entry and survival either go the same way (the one who entered later lives longer) or opposite ways. Counting pairs one
by one takes n^2 steps; here every patient's pairs are counted by ranks in n log n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BLOCK: Final = 1 << 22  # numbers of a bootstrap block


@dataclass(frozen=True, kw_only=True)
class PairSums:
    """Comparable pairs, patient by patient.

    Attributes
    ----------
    pairs
        (n,) comparable pairs the patient is part of.
    score
        (n,) concordant minus discordant pairs among them.
    n_pairs, total
        Comparable pairs, and concordant minus discordant ones, of everybody.
    """

    pairs: NDArray[np.int64]
    score: NDArray[np.int64]
    n_pairs: int
    total: int

    @property
    def tau(self) -> float:
        """Conditional Kendall's tau, -1 .. 1; NaN if no pair is comparable."""
        return self.total / self.n_pairs if self.n_pairs else float("nan")

    @property
    def jackknife_se(self) -> float:
        """Infinitesimal-jackknife standard error of tau: what the bootstrap comes to with many draws and patients."""
        if not self.n_pairs:
            return float("nan")
        return float(np.sqrt(((self.score - self.tau * self.pairs) ** 2).sum()) / self.n_pairs)


def count_pairs(time: ArrayLike, event: ArrayLike, entry: ArrayLike, *, strata: ArrayLike | None = None) -> PairSums:
    """Count the comparable pairs of every patient.

    All values must be finite, and every entry before its exit.

    Parameters
    ----------
    time
        (n,) days to the event or censoring.
    event
        (n,) True if the event happened.
    entry
        (n,) days to the start of observation.
    strata
        (n,) labels: only patients of one stratum are compared; None = all.

    Returns
    -------
    PairSums
        In the order of the rows.

    Notes
    -----
    1. A pair is comparable if the later entry is before the earlier exit, and the earlier exit is an event. A patient
       censored on the day of another's event lives longer; two events of one day are comparable and tied.
    2. Concordant: the one who entered later lives longer. Ties of entry or of events count in the denominator only.

    Witness: pair by pair in ``tests/association/test_truncation.py``; R ``survival::concordance`` with entry as the
    predictor counts the same pairs.

    References
    ----------
    Martin EC, Betensky RA. J Am Stat Assoc 2005;100:484-492.
    """
    t, d, e = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool), np.asarray(entry, dtype=np.float64)
    labels = np.zeros(len(t), dtype=np.intp) if strata is None else np.unique(strata, return_inverse=True)[1]
    pairs, score = np.zeros(len(t), dtype=np.int64), np.zeros(len(t), dtype=np.int64)
    for label in range(int(labels.max(initial=-1)) + 1):
        rows = np.flatnonzero(labels == label)
        pairs[rows], score[rows] = _count_stratum(t[rows], d[rows], e[rows])
    return PairSums(pairs=pairs, score=score, n_pairs=int(pairs.sum()) // 2, total=int(score.sum()) // 2)


def _count_stratum(
    time: NDArray[np.float64], event: NDArray[np.bool_], entry: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs and score of every patient of one stratum.

    Exits are keyed 2 r for an event and 2 r + 1 for a censoring on the r-th distinct day, so that the key tells who of
    two leaves first. Whoever entered before somebody else did was there when that one had the event, unless gone.
    """
    days, day = np.unique(time, return_inverse=True)
    key = 2 * day + ~event
    rank = np.unique(entry, return_inverse=True)[1]
    start = np.searchsorted(days, entry, side="right")  # first day at risk
    keys = np.sort(key)
    dead = np.flatnonzero(event)
    # the patient has the event first, and somebody else leaves later
    left = np.searchsorted(keys, key[dead], side="right")
    later = np.searchsorted(np.sort(start), day[dead], side="right") - left
    ranks = np.sort(rank)
    earlier = np.searchsorted(ranks, rank[dead], side="left") - count_below(key, rank, key[dead] + 1, rank[dead])
    not_after = np.searchsorted(ranks, rank[dead], side="right") - count_below(key, rank, key[dead] + 1, rank[dead] + 1)
    same_day = left - np.searchsorted(keys, key[dead], side="left") - 1
    # somebody else has the event first, while the patient is at risk and leaves later
    first_gone = np.searchsorted(np.sort(key[dead]), key, side="left")
    first = first_gone - np.searchsorted(np.sort(day[dead]), start, side="left")
    not_before = first_gone - count_below(key[dead], rank[dead], key, rank)
    entered_later = first_gone - count_below(key[dead], rank[dead], key, rank + 1)
    pairs, score = first, (first - not_before) - entered_later
    pairs[dead] += later + same_day
    score[dead] += (later - not_after) - earlier
    return pairs, score


def count_below(
    x: NDArray[np.intp], y: NDArray[np.intp], at_x: NDArray[np.intp], at_y: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Count, for each query, the points that are below it in both coordinates.

    Parameters
    ----------
    x, y
        (n,) points, whole numbers >= 0.
    at_x, at_y
        (m,) queries.

    Returns
    -------
    NDArray[np.intp]
        (m,) points with x < at_x and y < at_y.

    Notes
    -----
    A wavelet matrix: points in the order of x are split by the bits of y, the highest first; each query follows the
    bits of ``at_y`` and collects, at every 1, the points with a 0 there. One pass over points and queries per bit.
    """
    rest = y[np.argsort(x, kind="stable")]
    lo, hi = np.zeros(len(at_x), dtype=np.intp), np.searchsorted(np.sort(x), at_x, side="left")
    found = np.zeros(len(at_x), dtype=np.intp)
    for bit in range(int(max(y.max(initial=0), at_y.max(initial=0))).bit_length() - 1, -1, -1):
        one = (rest >> bit & 1).astype(bool)
        zeros = np.append(0, np.cumsum(~one))
        zero_lo, zero_hi = zeros[lo], zeros[hi]
        up = (at_y >> bit & 1).astype(bool)
        found += np.where(up, zero_hi - zero_lo, 0)
        lo = np.where(up, zeros[-1] + lo - zero_lo, zero_lo)
        hi = np.where(up, zeros[-1] + hi - zero_hi, zero_hi)
        rest = np.concatenate([rest[~one], rest[one]])
    return found


def bootstrap_se(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    seed: int,
    draws: int,
) -> tuple[float, int]:
    """Return the standard error of tau over resamples of the patients.

    Parameters
    ----------
    time, event, entry, strata
        As for ``count_pairs``. Patients are resampled within strata.
    seed
        Of the draws; the result does not depend on the order of the rows.
    draws
        Resamples.

    Returns
    -------
    tuple
        The standard error (NaN with fewer than two usable resamples), and the resamples with a comparable pair.

    Notes
    -----
    Copies of one patient are not a pair: they would only pull tau towards 0. All sums are whole numbers below 2^24, so
    that single precision is exact and the order of adding does not matter. Takes n^2 memory.
    """
    t, d, e = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool), np.asarray(entry, dtype=np.float64)
    labels = np.zeros(len(t), dtype=np.intp) if strata is None else np.unique(strata, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    total, pairs = np.zeros(draws), np.zeros(draws)
    for label in range(int(labels.max(initial=-1)) + 1):
        rows = np.flatnonzero(labels == label)
        rows = rows[np.lexsort((e[rows], d[rows], t[rows]))]
        comparable, sign = _pair_matrices(t[rows], d[rows], e[rows])
        step = max(1, BLOCK // len(rows))
        for first in range(0, draws, step):
            size = min(step, draws - first)
            weight = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=size).astype(np.float32)
            block = slice(first, first + size)
            total[block] += np.einsum("bi,bi->b", weight @ sign, weight, dtype=np.float64)
            pairs[block] += np.einsum("bi,bi->b", weight @ comparable, weight, dtype=np.float64)
    use = pairs > 0
    if use.sum() < 2:
        return float("nan"), int(use.sum())
    return float(np.std(total[use] / pairs[use], ddof=1)), int(use.sum())


def _pair_matrices(
    time: NDArray[np.float64], event: NDArray[np.bool_], entry: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, n) 1 where a pair is comparable, and +1 concordant / -1 discordant; symmetric, diagonal 0."""
    key = 2 * np.unique(time, return_inverse=True)[1] + ~event
    at_risk = entry[None, :] < time[:, None]
    first = event[:, None] & (key[:, None] < key[None, :]) & at_risk  # row leaves first, by an event
    tied = event[:, None] & (key[:, None] == key[None, :])
    np.fill_diagonal(tied, val=False)
    sign = first * np.sign(entry[None, :] - entry[:, None])
    return (first | first.T | tied).astype(np.float32), (sign + sign.T).astype(np.float32)
