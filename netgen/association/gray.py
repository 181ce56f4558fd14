"""Gray's test of the cumulative incidence of one cause in k groups.

The log-rank test of one cause compares cause-specific hazards and censors the other cause. Gray's test compares the
incidences themselves: who had another event stays, in effect, at risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netgen.association.logrank import quadratic_form
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class GrayTest:
    """Comparison of the cumulative incidence of one cause between k groups.

    Attributes
    ----------
    groups
        Labels, sorted.
    cause
        Code of the cause.
    n, events
        (k,) patients and events of the cause.
    score
        (k,) weighted sum of observed minus expected events; over the groups it adds up to 0.
    variance
        (k, k) covariance of the score.
    chi2, df, p
        Test; ``df`` is the rank of ``variance``. With ``df`` 0 nothing can be tested: chi2 and p are NaN.
    """

    groups: tuple[object, ...]
    cause: int
    n: NDArray[np.intp]
    events: NDArray[np.intp]
    score: NDArray[np.float64]
    variance: NDArray[np.float64]
    chi2: float
    df: int
    p: float


def gray_test(
    time: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    *,
    of: int = 1,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> GrayTest:
    """Compare the cumulative incidence of one cause between k groups.

    Missing values are the caller's business: drop and count patients without a group before.

    Parameters
    ----------
    time
        (n,) days from the origin to the first event or censoring.
    cause
        (n,) 0 = censored, else the code of the event that came first.
    group
        (n,) labels.
    of
        The cause that is compared; all others compete with it.
    strata
        (n,) labels; scores and variances are added up over strata. None = one stratum.
    rho
        Weight (1 - F(t-))^rho, F the pooled incidence; 0 weighs all times alike.

    Returns
    -------
    GrayTest
        Quadratic form of the scores with a generalised inverse of their variance.

    Raises
    ------
    ValueError
        If a time is not finite.

    Warnings
    --------
    There is no delayed entry here: the variance has been worked out for right-censored data only.

    Notes
    -----
    Within a stratum, Y patients of group g are at risk just before t, S is the product-limit estimate of no event of
    any cause, F the incidence of the cause. With h = Y / S(t-) and R = h (1 - F(t-)) the score of group g is the sum
    over t of d_g - R_g d / sum(R). Under equal incidences dF(t) = d / sum(h) is common to the groups, and the score is
    a sum of independent martingales of the groups and causes, whose variances are added up (Gray 1988, section 3).

    Equals ``cmprsk::cuminc``, strata and ``rho`` included; see ``tests/reference/gray``.

    References
    ----------
    Gray RJ. A class of K-sample tests for comparing the cumulative incidence of a competing risk. Ann Stat
    16:1141-1154 (1988).
    """
    t, k = np.asarray(time, dtype=np.float64), np.asarray(cause, dtype=np.int64)
    if not np.isfinite(t).all():
        raise ValueError("times must be finite numbers")
    kind = np.where(k == of, 1, np.where(k > 0, 2, 0))
    labels, code = np.unique(np.asarray(group), return_inverse=True)
    stratum = np.zeros(len(t), dtype=np.intp) if strata is None else np.unique(strata, return_inverse=True)[1]
    score, variance = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    for s in range(int(stratum.max(initial=-1)) + 1):
        own = stratum == s
        parts = _score(_tabulate(t[own], kind[own], code[own], len(labels)), rho)
        score, variance = score + parts[0], variance + parts[1]
    chi2, df = quadratic_form(score, variance)
    return GrayTest(
        groups=tuple(labels.tolist()),
        cause=of,
        n=np.bincount(code, minlength=len(labels)),
        events=np.bincount(code[kind == 1], minlength=len(labels)),
        score=score,
        variance=variance,
        chi2=chi2,
        df=df,
        p=float(chi2_p(chi2, df)),
    )


class _Table(NamedTuple):
    """At every event time (k, T): at risk, events of the cause and of the others; survival before and after, F before.

    ``pooled`` is (T + 1,) the incidence common to the groups under the hypothesis, from 0 on; ``h`` is Y / S(t-).
    """

    n: NDArray[np.float64]
    own: NDArray[np.float64]
    other: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    incidence: NDArray[np.float64]
    h: NDArray[np.float64]
    pooled: NDArray[np.float64]


def _tabulate(time: NDArray[np.float64], kind: NDArray[np.int64], code: NDArray[np.intp], n_groups: int) -> _Table:
    """Count one stratum at its event times."""
    times = np.unique(time[kind > 0])
    n, own, other = (np.zeros((n_groups, len(times))) for _ in range(3))
    for g in range(n_groups):
        mine = np.sort(time[code == g])
        n[g] = len(mine) - np.searchsorted(mine, times, side="left")
        for events, which in ((own, 1), (other, 2)):
            slots = np.searchsorted(times, time[(code == g) & (kind == which)])
            events[g] = np.bincount(slots, minlength=len(times))
    at_risk = np.maximum(n, 1)
    after: NDArray[np.float64] = np.cumprod(1 - (own + other) / at_risk, axis=1, dtype=np.float64)
    after[after < 1e-14] = 0.0  # nobody is left
    before = np.column_stack([np.ones(n_groups), after])[:, :-1]
    incidence = np.cumsum(before * own / at_risk, axis=1)
    h = np.divide(n, before, out=np.zeros_like(n), where=n > 0)
    return _Table(
        n=n, own=own, other=other, before=before, after=after, h=h,
        incidence=np.column_stack([np.zeros(n_groups), incidence])[:, :-1],
        pooled=np.append(0.0, np.cumsum(own.sum(axis=0) / h.sum(axis=0))),
    )  # fmt: skip


def _score(table: _Table, rho: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score (k,) and its variance (k, k) in one stratum.

    An event of group g at t moves the score of group i by a = w h_i (1{i = g} - h_g / sum h) at once, and by c(t), what
    is still to come of a dF / (1 - F), through the survival of its group.
    """
    k, n_times = table.n.shape
    total, weight = table.h.sum(axis=0), (1 - table.pooled[:-1]) ** rho
    share = table.h * (1 - table.incidence)
    expected = share * (table.own.sum(axis=0) / share.sum(axis=0))
    score = (weight * (table.own - expected)).sum(axis=1)
    a = (np.eye(k)[:, :, None] - table.h / total) * (weight * table.h)[:, None, :]
    steps = a * (table.own.sum(axis=0) / (total * (1 - table.pooled[:-1])))
    to_come = steps.sum(axis=2, keepdims=True) - np.cumsum(steps, axis=2)
    lives = table.after > 0
    ratio = np.divide(1 - table.pooled[1:], table.after, out=np.zeros((k, n_times)), where=lives)
    of_own, of_other = _spread(table, total)
    first = a + (1 - ratio) * to_come
    second = ratio * to_come
    variance = np.einsum("igt,jgt,gt->ij", first, first, of_own)
    variance += np.einsum("igt,jgt,gt->ij", second, second, np.where(lives, of_other, 0.0))
    return score, variance


def _spread(table: _Table, total: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variance (k, T) of the steps of both kinds of event, with corrections for ties as in the hypergeometric law."""
    present, d = table.n > 0, table.own.sum(axis=0)
    tied = 1 - np.divide(d - 1, total * table.before - 1, out=np.zeros_like(table.n), where=present & (d > 1))
    own = np.divide(tied * table.before * d, total * table.n, out=np.zeros_like(table.n), where=present)
    tied = 1 - np.divide(table.other - 1, table.n - 1, out=np.zeros_like(table.n), where=table.other > 1)
    other = np.divide(tied * table.before**2 * table.other, table.n**2, out=np.zeros_like(table.n), where=present)
    return own, other
