"""Hazard ratios of groups against a reference group, all in one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from netgen.association.cox_model import CoxFit, fit_cox
from netgen.association.firth_model import fit_firth
from netgen.association.proportional_hazards import proportional_hazards_test
from netgen.association.tails import chi2_p, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties

Estimator = Literal["firth", "cox"]

PH_EVENTS: Final = 10  # fewer events and proportional hazards cannot be tested (DOMAIN 3.9)


@dataclass(frozen=True, kw_only=True)
class GroupEffects:
    """Effects of k - 1 groups against the reference; NaN where there is no estimate.

    Attributes
    ----------
    groups, reference
        The compared groups in the order given, and the group they are compared with.
    estimator, ties
        How they were estimated.
    status
        Of the model: a status of ``cox_model`` or ``firth_model``; ok or converged means estimated.
    monotone
        The maximum-likelihood estimate of the model is infinite.
    beta, se, lo, hi
        (k - 1,) log hazard ratios, standard errors, 95 % limits: profile penalised likelihood (firth; NaN = open) or
        Wald (cox).
    p
        (k - 1,) penalised likelihood-ratio (firth) or likelihood-ratio tests (cox) of each coefficient.
    model_p, df
        The same test of all groups together.
    ph_p
        Grambsch-Therneau test of all groups together, Kaplan-Meier transform; NaN with fewer than 10 events.
    """

    groups: tuple[str, ...]
    reference: str
    estimator: Estimator
    ties: Ties
    status: str
    monotone: bool
    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    p: NDArray[np.float64]
    model_p: float
    df: int
    ph_p: float


def estimate_effects(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    groups: Sequence[str],
    reference: str,
    estimator: Estimator,
    ties: Ties = "efron",
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    level: float = 0.95,
) -> GroupEffects:
    """Estimate the hazard ratio of every group against a reference, in one model with an indicator per group.

    Missing values are the caller's business: drop and count patients without a group before.

    Parameters
    ----------
    time, event
        (n,) outcomes as in ``riskset.build_risk_sets``.
    group
        (n,) labels; every label is in ``groups``.
    groups
        The labels in the order of the result, reference included.
    reference
        The group the others are compared with.
    estimator
        ``firth`` (Firth-penalised) or ``cox``.
    ties
        ``efron`` or ``breslow``.
    entry, strata
        (n,) as in ``riskset.build_risk_sets``.
    level
        Of the confidence limits.

    Returns
    -------
    GroupEffects
        One entry per group other than the reference.
    """
    labels = np.asarray(group, dtype=str)
    others = tuple(name for name in groups if name != reference)
    x = np.column_stack([(labels == name).astype(np.float64) for name in others])
    outcome: dict[str, Any] = {
        "time": np.asarray(time),
        "event": np.asarray(event, dtype=bool),
        "entry": entry,
        "strata": strata,
    }
    cox = fit_cox(x, **outcome, ties=ties)
    common: dict[str, Any] = {
        "groups": others,
        "reference": reference,
        "estimator": estimator,
        "ties": ties,
        "monotone": cox.status == "monotone",
        "df": len(others),
        "ph_p": _ph(cox),
    }
    if estimator == "firth":
        firth = fit_firth(x, **outcome, ties=ties, level=level)
        numbers: dict[str, Any] = {"beta": firth.coef, "se": firth.se, "lo": firth.lo, "hi": firth.hi, "p": firth.p}
        return GroupEffects(status=firth.status, model_p=firth.model_p, **numbers, **common)
    half = normal_quantile(level) * cox.se
    numbers = {"beta": cox.coef, "se": cox.se, "lo": cox.coef - half, "hi": cox.coef + half}
    numbers["p"] = np.array([_drop_one(cox, x, j, outcome) for j in range(len(others))])
    return GroupEffects(status=cox.status, model_p=cox.lr_p, **numbers, **common)


def _drop_one(cox: CoxFit, x: NDArray[np.float64], j: int, outcome: dict[str, Any]) -> float:
    """Likelihood-ratio test of one indicator: its group has the hazard of the reference."""
    if cox.status not in {"converged", "monotone"}:
        return float("nan")
    if x.shape[1] == 1:
        return cox.lr_p
    rest = fit_cox(np.delete(x, j, axis=1), **outcome, ties=cox.ties)
    return float(chi2_p(2 * (cox.loglik - rest.loglik)))


def _ph(cox: CoxFit) -> float:
    if cox.events < PH_EVENTS or cox.status != "converged":
        return float("nan")
    test = proportional_hazards_test(cox, transform="km", terms=[list(range(len(cox.coef)))])
    return float(test.p[0])
