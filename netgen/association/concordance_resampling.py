"""Harrell's C of many predictions, and of many weightings of the same predictions, without counting pairs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.concordance import count_concordance, differentiate_concordance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

_DIGITS: Final = 10  # linear predictors that agree to this many decimals are tied
_CELLS: Final = 2_000_000  # pairs x predictions, or events x patients, that are held at once
_FEW_PAIRS: Final = 40_000  # events x patients up to which the pairs of each prediction are compared one by one
_MANY_PAIRS: Final = 4_000_000  # events x patients beyond which limits come from the influence of each patient
_Z95: Final = 1.959963984540054


def concordance_values(etas: Floats, risk: RiskSets, weights: Floats | None = None) -> Floats:
    """Return Harrell's C of many linear predictors.

    Parameters
    ----------
    etas
        (B, n) linear predictors.
    risk
        Risk sets of the n patients.
    weights
        (B, n) patient weights; None = 1.

    Returns
    -------
    NDArray[np.float64]
        (B,) values as ``count_concordance`` gives them; NaN if no pair is comparable.
    """
    scores, out = np.round(etas, _DIGITS), np.empty(len(etas))
    w = np.ones(scores.shape) if weights is None else weights
    fails = np.flatnonzero(risk.event)
    if len(fails) * len(risk.time) > _FEW_PAIRS:
        pairs = zip(scores, w, strict=True)
        return np.array([count_concordance(score, risk, weights=weight).value for score, weight in pairs])
    row, second = np.nonzero(_comparable(risk, fails))
    first = fails[row]
    size = max(1, _CELLS // max(len(first), 1))
    for start in range(0, len(scores), size):
        score, weight = scores[start : start + size], w[start : start + size]
        both = weight[:, first] * weight[:, second]
        signs = np.sign(score[:, first] - score[:, second])
        with np.errstate(invalid="ignore"):
            out[start : start + size] = 0.5 + 0.5 * (both * signs).sum(axis=1) / both.sum(axis=1)
    return out


def bound_concordance(etas: Floats, risk: RiskSets, *, n_resamples: int, seed: int) -> tuple[Floats, Floats, str]:
    """Return 95 % limits of the C of given predictions, averaged over repeats, and of its gain over the last model.

    The predictions are taken as given: the limits tell how sure C is with these patients, not how the models would
    differ with others.

    Parameters
    ----------
    etas
        (R, M, n) linear predictors of M models, the last one being the comparator.
    risk
        Risk sets of the n patients.
    n_resamples
        Bootstrap resamples of the patients.
    seed
        Of the resamples.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64], str]
        (M, 2) limits of C and (M - 1, 2) of the gain, percentiles; with more than four million events x patients, from
        the infinitesimal jackknife. And which of both.

    Notes
    -----
    Witness: ``count_concordance`` of each resample (``tests/association/test_concordance_resampling.py``).
    """
    n = len(risk.time)
    if int(risk.event.sum()) * n > _MANY_PAIRS:
        both = [[differentiate_concordance(eta, risk) for eta in model] for model in etas.swapaxes(0, 1)]
        value = np.array([np.mean([one.value for one in model]) for model in both])
        influence = np.array([np.mean([one.influence for one in model], axis=0) for model in both])
        value, influence = (
            np.append(value, value[:-1] - value[-1]),
            np.vstack([influence, influence[:-1] - influence[-1]]),
        )
        reach = _Z95 * np.sqrt((influence**2).sum(axis=1))
        limits, how = np.stack([value - reach, value + reach], axis=1), "infinitesimal jackknife"
    else:
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples).astype(np.float64)
        values = resample_concordance(etas, risk, weights)
        values = np.hstack([values, values[:, :-1] - values[:, -1:]])
        limits = np.nanquantile(values, [0.025, 0.975], axis=0).T
        how = f"bootstrap of {n_resamples} resamples of the patients"
    return limits[: etas.shape[1]], limits[etas.shape[1] :], how


def resample_concordance(etas: Floats, risk: RiskSets, weights: Floats) -> Floats:
    """Return Harrell's C of M models, averaged over R repeats, under each weighting of the patients.

    Parameters
    ----------
    etas
        (R, M, n) linear predictors.
    risk
        Risk sets of the n patients.
    weights
        (B, n) patient weights.

    Returns
    -------
    NDArray[np.float64]
        (B, M); which pairs are comparable does not depend on the prediction, so the repeats share a denominator.
    """
    scores = np.round(etas, _DIGITS)
    total, above = np.zeros(len(weights)), np.zeros((len(weights), etas.shape[1]))
    for rows, comparable in _iter_comparable(risk):
        total += np.einsum("bd,bd->b", weights[:, rows], weights @ comparable.T)
        for m in range(etas.shape[1]):
            signs = np.mean([np.sign(score[rows, None] - score) for score in scores[:, m]], axis=0) * comparable
            above[:, m] += np.einsum("bd,bd->b", weights[:, rows], weights @ signs.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(0.5 + 0.5 * above / total[:, None])


def _iter_comparable(risk: RiskSets) -> Iterator[tuple[NDArray[np.intp], Floats]]:
    """Events in parts, and which patients each can be compared with."""
    fails = np.flatnonzero(risk.event)
    size = max(1, _CELLS // max(len(risk.time), 1))
    for first in range(0, len(fails), size):
        rows = fails[first : first + size]
        yield rows, _comparable(risk, rows).astype(np.float64)


def _comparable(risk: RiskSets, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(D, n) whether each patient is at risk at an event, and does not have it then."""
    slot = risk.event_slot[rows, None]
    return np.asarray((risk.start <= slot) & (slot < risk.stop) & ~(risk.event & (risk.event_slot == slot)))
