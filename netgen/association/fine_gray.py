"""The Fine-Gray model: hazard ratios of the subdistribution, that is, of the cumulative incidence of one cause.

A patient who had another event stays in the risk set of the cause with a weight that falls as censoring would have
taken him out (IPCW). The weights factorise into one number per patient and one per event time, so the sums over risk
sets are running sums and no table of patient-intervals is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from netgen.association.tails import normal_p

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Weights = Literal["cmprsk", "survival"]

STATUSES: Final[dict[str, str]] = {
    "ok": "estimated",
    "no_events": "no event of the cause",
    "singular": "a covariate is constant among those at risk, or a combination of others",
    "not_converged": "the likelihood has no finite maximum",
    "risk_set_empty": "with delayed entry, at some time nobody had been at risk before: the weights do not exist",
}
MAX_ITERATIONS: Final = 50
CONVERGED: Final = 1e-9  # of the score, covariates scaled
MAX_STEP: Final = 2.0
SEPARATED: Final = 12.0  # a log hazard ratio between the extremes of a covariate beyond this is infinite


@dataclass(frozen=True, kw_only=True)
class FineGrayFit:
    """A fitted model of p covariates; NaN where ``status`` is not ``ok``.

    Attributes
    ----------
    status
        One of ``STATUSES``.
    weights
        Convention of the weights.
    n, events
        Patients and events of the cause.
    coef, se
        (p,) log subdistribution hazard ratios per unit and sandwich standard errors.
    covariance
        (p, p) sandwich covariance.
    p
        (p,) Wald tests.
    loglik_null, loglik
        Weighted log partial likelihood at 0 and at the estimate.
    """

    status: str
    weights: Weights
    n: int
    events: int
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    covariance: NDArray[np.float64]
    p: NDArray[np.float64]
    loglik_null: float
    loglik: float


def fit_fine_gray(
    x: ArrayLike,
    time: ArrayLike,
    cause: ArrayLike,
    *,
    of: int = 1,
    entry: ArrayLike | None = None,
    weights: Weights | None = None,
) -> FineGrayFit:
    """Fit a Fine-Gray model of one cause; tied events as Breslow.

    Missing values are the caller's business: use complete cases and count the others.

    Parameters
    ----------
    x
        (n, p) or (n,) covariates.
    time
        (n,) days from the origin to the first event or censoring.
    cause
        (n,) 0 = censored, else the code of the event that came first.
    of
        The cause that is modelled; all others compete with it.
    entry
        (n,) days to the start of observation; None = observed from the origin. At risk at t when entry < t <= time.
    weights
        ``cmprsk``: censorings come before events of the same day, and the standard error knows that the weights are
        estimated; not for delayed entry. ``survival``: events come first, the weights are taken as known. None =
        ``cmprsk``, with delayed entry ``survival``.

    Returns
    -------
    FineGrayFit
        Estimates and status; a model that cannot be estimated is a result with a status, not an exception.

    Raises
    ------
    ValueError
        If a value is not finite, an entry is not before its exit, or ``cmprsk`` is asked for with delayed entry.

    Notes
    -----
    1. Who had another event at s weighs G(t-) H(t-) / G(s-) H(s-) at t > s: G = probability of not being censored by t,
       H = probability of having entered by t, both product-limit estimates, H in reverse time (Geskus 2011).
    2. Newton steps on the weighted Breslow partial likelihood.
    3. Variance A^-1 B A^-1, A the information, B the sum of the squared score residuals of the patients: those of the
       weighted model, and for ``cmprsk`` those of the censoring estimate as well (Fine & Gray 1999, section 4).

    Equals ``cmprsk::crr``, and ``survival::finegray`` followed by ``coxph(ties = "breslow")`` with one cluster per
    patient; see ``tests/reference/crr`` and ``finegray``.

    References
    ----------
    Fine JP, Gray RJ. J Am Stat Assoc 94:496-509 (1999). Geskus RB. Biometrics 67:39-49 (2011).
    """
    chosen: Weights = weights or ("cmprsk" if entry is None else "survival")
    z, scale, t, kind, e = _prepare(x, time, cause, of, entry)
    if entry is not None and chosen == "cmprsk":
        raise ValueError("the weights of cmprsk are not defined with delayed entry; use survival")
    n_events = int((kind == 1).sum())
    if n_events == 0:
        return _no_fit("no_events", chosen, len(t), n_events, len(scale))
    if not (scale > 0).all():
        return _no_fit("singular", chosen, len(t), n_events, len(scale))
    chance = _chance_of_being_seen(t, kind, e, events_first=chosen == "survival")
    if not (chance.own[kind == 2] > 0).all():
        return _no_fit("risk_set_empty", chosen, len(t), n_events, len(scale))
    sample = _Sample(z=z, time=t, kind=kind, entry=e, chance=chance, slots=np.unique(t[kind == 1]))
    found = _maximise(sample)
    if isinstance(found, str):
        return _no_fit(found, chosen, len(t), n_events, len(scale))
    coef, here, null = found
    residuals = _score_residuals(sample, coef, here)
    if chosen == "cmprsk":
        residuals = residuals + _censoring_residuals(sample, coef, here)
    bread = np.linalg.inv(here.information)
    covariance = (bread @ (residuals.T @ residuals) @ bread) / np.outer(scale, scale)
    se = np.sqrt(np.diag(covariance))
    return FineGrayFit(
        status="ok", weights=chosen, n=len(t), events=n_events, coef=coef / scale, se=se, covariance=covariance,
        p=normal_p(coef / scale / se), loglik_null=null, loglik=here.loglik,
    )  # fmt: skip


def _prepare(
    x: ArrayLike, time: ArrayLike, cause: ArrayLike, of: int, entry: ArrayLike | None
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64] | None
]:
    """Return standardised covariates and their scale, times, 0 censored / 1 event / 2 competing, entries."""
    covariates, t = np.asarray(x, dtype=np.float64), np.asarray(time, dtype=np.float64)
    covariates = covariates[:, None] if covariates.ndim == 1 else covariates
    k = np.asarray(cause, dtype=np.int64)
    e = None if entry is None else np.asarray(entry, dtype=np.float64)
    if not np.isfinite(covariates).all() or not np.isfinite(t).all():
        raise ValueError("covariates and times must be finite numbers; use complete cases and count the others")
    if e is not None and not (e < t).all():
        raise ValueError("every entry must be before its exit; leave the others out and count them")
    centred = covariates - covariates.mean(axis=0)
    scale = np.where(np.ptp(covariates, axis=0) > 0, centred.std(axis=0), 0.0)
    z = centred / np.where(scale > 0, scale, 1)
    return z, scale, t, np.where(k == of, 1, np.where(k > 0, 2, 0)), e


class _Chance(NamedTuple):
    """G H just before each patient's own exit (n,) and just before each event time of the cause (T,)."""

    own: NDArray[np.float64]
    slot: NDArray[np.float64]


def _chance_of_being_seen(
    time: NDArray[np.float64], kind: NDArray[np.int64], entry: NDArray[np.float64] | None, *, events_first: bool
) -> _Chance:
    """Product-limit estimates of not being censored before t and, with delayed entry, of having entered before t."""
    start = np.full(len(time), -np.inf) if entry is None else entry
    lost = np.unique(time[kind == 0])
    n_lost = np.bincount(np.searchsorted(lost, time[kind == 0]), minlength=len(lost))
    at_risk = np.searchsorted(np.sort(start), lost, side="left") - np.searchsorted(np.sort(time), lost, side="left")
    if events_first:
        dead = np.sort(time[kind > 0])
        at_risk = at_risk - (np.searchsorted(dead, lost, side="right") - np.searchsorted(dead, lost, side="left"))
    stays = np.append(1.0, np.cumprod(1 - n_lost / np.maximum(at_risk, 1)))
    slots = np.unique(time[kind == 1])
    own, slot = (stays[np.searchsorted(lost, at, side="left")] for at in (time, slots))
    if entry is not None:
        came, n_came = np.unique(start, return_counts=True)
        inside = np.searchsorted(np.sort(start), came, side="right") - np.searchsorted(
            np.sort(time), came, side="right"
        )
        later = np.append(np.cumprod((1 - n_came / np.maximum(inside, 1))[::-1])[::-1], 1.0)
        own = own * later[np.searchsorted(came, time, side="left")]
        slot = slot * later[np.searchsorted(came, slots, side="left")]
    return _Chance(own, slot)


class _Sample(NamedTuple):
    """Patients as arrays, and the distinct event times of the cause."""

    z: NDArray[np.float64]
    time: NDArray[np.float64]
    kind: NDArray[np.int64]
    entry: NDArray[np.float64] | None
    chance: _Chance
    slots: NDArray[np.float64]

    @property
    def first(self) -> NDArray[np.intp]:
        """First slot in which a patient is at risk."""
        start = np.full(len(self.time), -np.inf) if self.entry is None else self.entry
        return np.asarray(np.searchsorted(self.slots, start, side="right"))

    @property
    def past(self) -> NDArray[np.intp]:
        """One past the last slot up to a patient's exit."""
        return np.asarray(np.searchsorted(self.slots, self.time, side="right"))

    @property
    def events(self) -> NDArray[np.float64]:
        """Events of the cause per slot."""
        return np.bincount(self.past[self.kind == 1] - 1, minlength=len(self.slots)).astype(np.float64)


class _Point(NamedTuple):
    """The likelihood at b: value, score (p,), information (p, p); per slot the hazard (T,) and mean of z (T, p)."""

    loglik: float
    score: NDArray[np.float64]
    information: NDArray[np.float64]
    hazard: NDArray[np.float64]
    mean: NDArray[np.float64]


def _evaluate(sample: _Sample, b: NDArray[np.float64]) -> _Point:
    eta = sample.z @ b
    shift = float(eta.max())
    risk = np.exp(eta - shift)
    p, d = sample.z.shape[1], sample.events
    products = (sample.z[:, :, None] * sample.z[:, None, :]).reshape(len(risk), p * p)
    columns = np.column_stack([np.ones(len(risk)), sample.z, products]) * risk[:, None]
    sums = _risk_sums(sample, columns)
    mean = sums[:, 1 : p + 1] / sums[:, :1]
    second = (sums[:, p + 1 :] / sums[:, :1]).reshape(-1, p, p)
    own = sample.kind == 1
    return _Point(
        loglik=float(eta[own].sum() - d @ (np.log(sums[:, 0]) + shift)),
        score=sample.z[own].sum(axis=0) - d @ mean,
        information=np.einsum("t,tij->ij", d, second - mean[:, :, None] * mean[:, None, :]),
        hazard=d / sums[:, 0] * np.exp(-shift),
        mean=mean,
    )


def _risk_sums(sample: _Sample, columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, c) weighted sums over the risk set of every slot."""
    n_slots, first, past = len(sample.slots), sample.first, sample.past
    change = np.zeros((n_slots + 1, columns.shape[1]))
    np.add.at(change, first, columns)
    np.subtract.at(change, past, columns)
    other = sample.kind == 2
    later = np.zeros((n_slots + 1, columns.shape[1]))
    np.add.at(later, past[other], columns[other] / sample.chance.own[other, None])
    return np.asarray(np.cumsum(change, axis=0)[:-1] + np.cumsum(later, axis=0)[:-1] * sample.chance.slot[:, None])


def _maximise(sample: _Sample) -> tuple[NDArray[np.float64], _Point, float] | str:
    """Estimate, likelihood there and log likelihood at 0; or the status that says why there is none."""
    b = np.zeros(sample.z.shape[1])
    here = _evaluate(sample, b)
    null = here.loglik
    reach = np.ptp(sample.z, axis=0)
    for _ in range(MAX_ITERATIONS):
        values = np.linalg.eigvalsh(here.information)
        if values[0] <= 1e-10 * max(values[-1], 1e-10 * len(sample.time)):
            return "singular" if not b.any() else "not_converged"
        step = np.linalg.solve(here.information, here.score)
        step *= min(1.0, MAX_STEP / np.abs(step).max()) if step.any() else 1.0
        ahead = _evaluate(sample, b + step)
        while ahead.loglik < here.loglik - 1e-12 * (1 + abs(here.loglik)) and np.abs(step).max() > 1e-12:
            step /= 2
            ahead = _evaluate(sample, b + step)
        b, here = b + step, ahead
        if (np.abs(b) * reach > SEPARATED).any():
            return "not_converged"
        if np.abs(here.score).max() < CONVERGED or np.abs(step).max() < 1e-12:
            return b, here, null
    return "not_converged"


def _score_residuals(sample: _Sample, b: NDArray[np.float64], here: _Point) -> NDArray[np.float64]:
    """(n, p) integral of (z - mean) w dM of every patient."""
    hazard, moved = (np.concatenate([np.zeros((1, v.shape[1])), np.cumsum(v, axis=0)]) for v in _steps(here, 1.0))
    risk = np.exp(sample.z @ b)[:, None]
    first, past, own, other = sample.first, sample.past, sample.kind == 1, sample.kind == 2
    out = -risk * (sample.z * (hazard[past] - hazard[first]) - (moved[past] - moved[first]))
    out[own] += sample.z[own] - here.mean[past[own] - 1]
    later, later_moved = _still_to_come(sample, here)
    at = past[other]
    weight = risk[other] / sample.chance.own[other, None]
    out[other] -= weight * (sample.z[other] * later[at] - later_moved[at])
    return np.asarray(out)


def _censoring_residuals(sample: _Sample, b: NDArray[np.float64], here: _Point) -> NDArray[np.float64]:
    """(n, p) what the estimate of the censoring distribution adds to the score residuals; no delayed entry."""
    lost, n_lost = np.unique(sample.time[sample.kind == 0], return_counts=True)
    at_risk = len(sample.time) - np.searchsorted(np.sort(sample.time), lost, side="left")
    later, later_moved = _still_to_come(sample, here)
    other = np.flatnonzero(sample.kind == 2)
    other = other[np.argsort(sample.time[other], kind="stable")]
    weight = np.exp(sample.z[other] @ b)[:, None] / sample.chance.own[other, None]
    size, pull = (
        np.concatenate([np.zeros((1, v.shape[1])), np.cumsum(v, axis=0)]) for v in (weight, weight * sample.z[other])
    )
    before = np.searchsorted(sample.time[other], lost, side="left")
    upcoming = np.searchsorted(sample.slots, lost, side="left")
    q = (pull[before] * later[upcoming] - size[before] * later_moved[upcoming]) / at_risk[:, None]
    mean = np.concatenate([np.zeros((1, q.shape[1])), np.cumsum(q * (n_lost / at_risk)[:, None], axis=0)])
    out = -mean[np.searchsorted(lost, sample.time, side="right")]
    gone = sample.kind == 0
    out[gone] += q[np.searchsorted(lost, sample.time[gone])]
    return out


def _steps(here: _Point, weight: NDArray[np.float64] | float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per slot the hazard (T, 1) and hazard times mean (T, p), weighted."""
    hazard = (here.hazard * weight)[:, None]
    return hazard, hazard * here.mean


def _still_to_come(sample: _Sample, here: _Point) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum the weighted steps from each slot on: (T + 1, 1) and (T + 1, p)."""
    parts = _steps(here, sample.chance.slot)
    first, second = (np.concatenate([np.cumsum(v[::-1], axis=0)[::-1], np.zeros((1, v.shape[1]))]) for v in parts)
    return first, second


def _no_fit(status: str, weights: Weights, n: int, events: int, p: int) -> FineGrayFit:
    none = np.full(p, np.nan)
    return FineGrayFit(
        status=status, weights=weights, n=n, events=events, coef=none, se=none, covariance=np.full((p, p), np.nan),
        p=none, loglik_null=np.nan, loglik=np.nan,
    )  # fmt: skip
