"""Optimism of a penalised model: how much better it looks in the patients it was made of than in others.

Harrell's bootstrap. Every step is repeated in each resample of the patients; what the new model loses between the
resample and all patients is the optimism, and is taken off the apparent value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.calibration import fit_slopes
from netgen.association.concordance_resampling import concordance_values
from netgen.association.resampled_models import MODELS, repeat_models
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.resampled_models import Recipe

    Floats = NDArray[np.float64]

SEED_TASK: Final = "penalised_bootstrap:{b}"
MIN_USABLE: Final = 0.5  # share of the resamples that must give a value


class Corrected(NamedTuple):
    """A value less its optimism, with 95 % limits; and how many resamples gave a value, in words."""

    value: float
    lo: float
    hi: float
    optimism: float
    note: str


class Bootstrap(NamedTuple):
    """Values of the models made of each resample, in the resample and in all patients: (B, 3) by ``MODELS``."""

    c_resample: Floats
    c_all: Floats
    slope_resample: Floats
    slope_all: Floats


def draw_resamples(n: int, n_resamples: int, seed: int) -> tuple[Floats, list[int]]:
    """Return how often each patient is drawn in each resample, and the seeds of the folds.

    Parameters
    ----------
    n
        Patients.
    n_resamples
        Resamples.
    seed
        Master seed; each resample uses its own, derived by ``SEED_TASK``.

    Returns
    -------
    tuple[NDArray[np.float64], list[int]]
        (B, n) whole numbers with sum n; (B,) seeds.
    """
    seeds = [derive_seed(SEED_TASK.format(b=b), master=seed) for b in range(n_resamples)]
    draws = [np.bincount(np.random.default_rng(s).integers(0, n, n), minlength=n) for s in seeds]
    return np.array(draws, dtype=np.float64).reshape(n_resamples, n), seeds


def bootstrap_models(recipe: Recipe, *, n_resamples: int, seed: int) -> Bootstrap:
    """Return concordance and calibration slope of the models made of resampled patients.

    Parameters
    ----------
    recipe
        How a model is made: variance filter, cross-validation, choice of both penalties.
    n_resamples
        Resamples.
    seed
        Master seed.

    Returns
    -------
    Bootstrap
        NaN where a resample cannot be fitted, and slopes of models without any effect.

    Notes
    -----
    1. Patients are drawn with replacement from all patients, whatever their stratum and outcome.
    2. A patient drawn twice is a weight of 2. Copies are never a comparable pair, so they add no ties to C.
    3. Genes that the data of all patients rule out stay out; that rule does not look at outcomes.
    4. Witness: a naive loop on duplicated rows (``tests/association/test_optimism.py``).
    """
    weights, seeds = draw_resamples(len(recipe.X), n_resamples, seed)
    found = repeat_models(recipe, weights, seeds)
    out = Bootstrap(*np.full((4, n_resamples, len(MODELS)), np.nan))
    centred, use = recipe.X - recipe.X.mean(axis=0), found.usable
    for m in range(len(MODELS)):
        eta = found.coef[use, m] @ centred.T
        out.c_resample[use, m] = concordance_values(eta, recipe.risk, weights[use])
        out.c_all[use, m] = concordance_values(eta, recipe.risk)
        out.slope_resample[use, m] = fit_slopes(eta, recipe.risk, weights[use])
        out.slope_all[use, m] = fit_slopes(eta, recipe.risk)
    return out


def correct_optimism(apparent: float, resample: Floats, everybody: Floats, *, ratio: bool = False) -> Corrected:
    """Return a value less its optimism.

    Parameters
    ----------
    apparent
        Value of the model in the patients it was made of.
    resample
        (B,) values of the models made of resamples, each in its resample.
    everybody
        (B,) values of the same models in all patients.
    ratio
        The values are calibration slopes: a linear predictor close to 0 has any slope, so the optimism is a median
        instead of a mean, and the limits are percentiles of the apparent value less what each resample loses.

    Returns
    -------
    Corrected
        NaN if fewer than half of the resamples, or none, give a value. The limits are the 2.5 and 97.5 percentiles of
        ``resample``, moved so that its mean is the corrected value: copies of patients make resamples look better than
        the patients themselves, and that is not a part of the uncertainty. They do not know that other patients would
        have led to other choices, and are too narrow for a difference of two models: in simulated
        cohorts without any effect the lower limit of a gain was above 0 far too often. Gains have limits from nested
        predictions.

    References
    ----------
    Harrell, Lee, Mark, Stat Med 15:361, 1996; Noma et al., Stat Med 40:5691, 2021 (limits moved by the optimism).
    """
    found = np.isfinite(resample) & np.isfinite(everybody)
    n_used = int(found.sum())
    if not n_used or n_used < MIN_USABLE * len(found) or not np.isfinite(apparent):
        note = f"not_available: {n_used} of {len(found)} bootstrap resamples give a value"
        return Corrected(np.nan, np.nan, np.nan, np.nan, note)
    loss = (resample - everybody)[found]
    optimism = float(np.median(loss) if ratio else loss.mean())
    spread = -loss if ratio else resample[found] - resample[found].mean() - optimism
    lo, hi = apparent + np.quantile(spread, [0.025, 0.975])
    note = f"apparent less optimism {optimism:.4f}; {n_used} of {len(found)} bootstrap resamples"
    return Corrected(apparent - optimism, float(lo), float(hi), optimism, note)
