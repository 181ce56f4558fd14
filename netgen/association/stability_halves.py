"""What the lasso selects in each of many half-samples.

All halves go down the same penalties together, some penalties at a time, and leave once they have selected.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.coxnet import fit_coxnet
from netgen.association.coxnet_folds import fit_folds
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties
    from netgen.association.coxnet import CoxnetPath
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Flags = NDArray[np.bool_]

N_LAMBDA: Final = 100  # penalties, log-spaced
MIN_RATIO: Final = 0.01  # smallest over largest penalty
NO_EVENT: Final = "no event"
NOT_CONVERGED: Final = "the fit did not converge"
_TOL: Final = 1e-7
_BLOCK: Final = 10  # penalties that are fitted before it is asked which halves are done


@dataclass(frozen=True, kw_only=True)
class Halves:
    """Half-samples of n patients, and the model that is fitted to each.

    Attributes
    ----------
    X
        (n, p) columns.
    risk
        Risk sets of the n patients.
    rows
        (H, n) patients of each half.
    factor
        (p,) penalty factors as applied; 0 = unpenalised.
    alpha, standardize, ties, threads
        As in ``fit_coxnet``.
    min_altered
        Fewest ones, and fewest zeros, of a penalised column in a half.
    """

    X: Floats
    risk: RiskSets
    rows: Flags
    factor: Floats
    alpha: float
    min_altered: int
    standardize: bool
    ties: Ties
    threads: int

    @cached_property
    def kept(self) -> Flags:
        """(H, p) columns that each half may use."""
        altered = self.rows @ self.X
        rarer = np.minimum(altered, self.rows.sum(axis=1)[:, None] - altered)
        return np.asarray((self.min_altered == 0) | (self.factor == 0) | (rarer >= self.min_altered))


def select_first(halves: Halves, q: int) -> tuple[Flags, dict[int, str]]:
    """Return the first q penalised columns that enter the model of each half.

    Parameters
    ----------
    halves
        Half-samples.
    q
        Most columns that a half may select.

    Returns
    -------
    tuple[NDArray[np.bool_], dict[int, str]]
        (H, p) what is selected; halves that could not be fitted, which select nothing, with the reason.

    Notes
    -----
    ``N_LAMBDA`` penalties, from the largest ``lambda_max`` of all halves down to ``MIN_RATIO`` of it. A half stops at
    the first penalty with q columns or more; if it has more, those of the penalty before count.
    """
    failures: dict[int, str] = {}
    top = _largest_penalty(halves, failures)
    chosen = np.zeros(halves.kept.shape, dtype=bool)
    todo = np.setdiff1d(np.arange(len(chosen)), list(failures))
    if top == 0:
        return chosen, failures
    lambdas = top * MIN_RATIO ** np.linspace(0, 1, N_LAMBDA)
    for first in range(0, N_LAMBDA, _BLOCK):
        fits = _fit(halves, todo, lambdas[first : first + _BLOCK], failures)
        for h, coef in fits.items():
            support = (coef != 0) & (halves.factor > 0)
            size = support.sum(axis=1)
            chosen[h] = _first_with(support, size, q, before=chosen[h])
            if size.max() >= q:
                todo = todo[todo != h]
        chosen[list(failures)] = False
        todo = np.setdiff1d(todo, list(failures))
        if not len(todo):
            break
    return chosen, failures


def select_at(halves: Halves, lam: float) -> tuple[Flags, dict[int, str]]:
    """Return the penalised columns that are in the model of each half at one penalty.

    Parameters
    ----------
    halves
        Half-samples.
    lam
        The penalty.

    Returns
    -------
    tuple[NDArray[np.bool_], dict[int, str]]
        As ``select_first``.
    """
    with_event = (halves.rows & halves.risk.event).any(axis=1)
    failures = dict.fromkeys(np.flatnonzero(~with_event).tolist(), NO_EVENT)
    chosen = np.zeros(halves.kept.shape, dtype=bool)
    for h, coef in _fit(halves, np.flatnonzero(with_event), np.array([lam]), failures).items():
        chosen[h] = (coef[0] != 0) & (halves.factor > 0)
    return chosen, failures


def _first_with(support: Flags, size: Rows, q: int, *, before: Flags) -> Flags:
    """Columns at the first penalty with q of them; at the one before, if there are more; at the last, if fewer."""
    reached = np.flatnonzero(size >= q)
    at = reached[0] if len(reached) else len(size) - 1
    if size[at] > q:
        at -= 1
    return before if at < 0 else np.asarray(support[at], dtype=bool)


def _largest_penalty(halves: Halves, failures: dict[int, str]) -> float:
    """Largest penalty at which a half selects something."""
    tops = [0.0]
    for h, rows in enumerate(halves.rows):
        if not halves.risk.event[rows].any():
            failures[h] = NO_EVENT
            continue
        try:
            tops.append(_fit_one(halves, h, np.empty(0)).lambda_max)
        except ArithmeticError:
            failures[h] = NOT_CONVERGED
    return max(tops)


def _fit(halves: Halves, which: Rows, lambdas: Floats, failures: dict[int, str]) -> dict[int, Floats]:
    """Coefficients (L, p) of some halves; failures are noted."""
    if not len(which):
        return {}
    try:
        coefs = fit_folds(
            halves.X,
            halves.risk,
            halves.rows[which],
            lambdas=lambdas,
            alpha=halves.alpha,
            penalty_factor=halves.factor,
            kept=halves.kept[which],
            standardize=halves.standardize,
            ties=halves.ties,
            tol=_TOL,
            threads=halves.threads,
        )
    except ArithmeticError:  # one of them: find out which
        return _fit_each(halves, which, lambdas, failures)
    return dict(zip(which.tolist(), coefs[:, :-1], strict=True))


def _fit_each(halves: Halves, which: Rows, lambdas: Floats, failures: dict[int, str]) -> dict[int, Floats]:
    """Fit halves one after the other."""
    fits = {}
    for h in which.tolist():
        coef = np.zeros((len(lambdas), halves.X.shape[1]))
        try:
            coef[:, halves.kept[h]] = _fit_one(halves, h, lambdas).coef
        except ArithmeticError:
            failures[h] = NOT_CONVERGED
            continue
        fits[h] = coef
    return fits


def _fit_one(halves: Halves, h: int, lambdas: Floats) -> CoxnetPath:
    """Path of one half on the columns that it may use."""
    rows, keep, risk = halves.rows[h], halves.kept[h], halves.risk
    return fit_coxnet(
        halves.X[np.ix_(rows, keep)],
        build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows]),
        alpha=halves.alpha,
        lambdas=lambdas,
        penalty_factor=halves.factor[keep],
        rescale_penalty_factors=False,
        standardize=halves.standardize,
        ties=halves.ties,
        tol=_TOL,
    )
