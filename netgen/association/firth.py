"""Firth-penalised Cox models of one binary covariate, for all genes at once.

The log partial likelihood plus half the log information has a finite maximum wherever altered and wild type are at risk
together, also when only one of the groups has events. It is a function of the same event-time counts as the plain
likelihood (``cox.py``), so a block of genes is fitted by one Newton iteration on arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from netgen.association.binary_likelihood import BinaryLikelihood, build_likelihood
from netgen.association.counts import Ties, iter_gene_counts
from netgen.association.cox import MONOTONE_MINUS, MONOTONE_PLUS, OK, STATUSES, classify
from netgen.association.firth_model import fit_firth
from netgen.association.tails import chi2_p, normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

LAST_STEP: Final = 1e-6  # a Newton step below this is the last: the error after it is of the order of its square
MAX_STEP: Final = 2.0
MAX_LOG_HR: Final = 50.0  # a limit beyond is open
MAX_ITERATIONS: Final = 100
_ESTIMATED: Final = (OK, MONOTONE_PLUS, MONOTONE_MINUS)
_VALUES: Final = ("coef", "se", "lo", "hi", "plr_chi2", "pen_loglik", "pen_loglik_null")


@dataclass(frozen=True, kw_only=True)
class FirthScan:
    """Firth results of m genes, in the row order of the gene matrix.

    Attributes
    ----------
    ties, level
        Handling of ties, confidence level.
    status
        (m,) text, one of ``cox.STATUSES``: numbers exist where it is ``ok``, ``monotone_plus`` or ``monotone_minus``
        (the last two: the maximum-likelihood HR is infinite or 0), else they are NaN.
    n, n_altered, events, events_altered
        (m,) patients profiled, altered among them, their events.
    coef, se
        (m,) log hazard ratio altered : wild type; standard error from the unpenalised information there.
    lo, hi
        (m,) limits by profile penalised likelihood, log scale; NaN where the limit is open (``open_limit``).
    plr_chi2, p
        (m,) penalised likelihood-ratio test of no effect, 1 df.
    pen_loglik, pen_loglik_null
        (m,) penalised log partial likelihood at ``coef`` and at 0.
    """

    ties: Ties
    level: float
    status: NDArray[np.str_]
    n: NDArray[np.intp]
    n_altered: NDArray[np.intp]
    events: NDArray[np.intp]
    events_altered: NDArray[np.intp]
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    plr_chi2: NDArray[np.float64]
    p: NDArray[np.float64]
    pen_loglik: NDArray[np.float64]
    pen_loglik_null: NDArray[np.float64]

    @property
    def hr(self) -> NDArray[np.float64]:
        """Hazard ratios."""
        return np.exp(self.coef)

    @property
    def hr_lo(self) -> NDArray[np.float64]:
        """Lower limits of the hazard ratios."""
        return np.exp(self.lo)

    @property
    def hr_hi(self) -> NDArray[np.float64]:
        """Upper limits of the hazard ratios."""
        return np.exp(self.hi)

    @property
    def open_limit(self) -> NDArray[np.bool_]:
        """True where there is an estimate but one of its limits is open."""
        return ~np.isnan(self.coef) & (np.isnan(self.lo) | np.isnan(self.hi))


def scan_firth(
    risk: RiskSets, genes: NDArray[np.int8], *, ties: Ties = "efron", level: float = 0.95, limits: bool = True
) -> FirthScan:
    """Fit a Firth-penalised Cox model with one binary covariate to every gene.

    Patients who are not profiled for a gene (-1) are left out of that gene's risk sets. Strata and delayed entry are
    those of ``risk``: likelihoods and informations of the strata add up.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) gene-major status: 1 altered, 0 wild type, -1 not profiled; columns in the row order of ``risk``.
    ties
        ``efron`` or ``breslow``; the penalty uses the information of the same likelihood.
    level
        Of the confidence limits.
    limits
        False leaves the limits NaN, for a third of the time.

    Returns
    -------
    FirthScan
        One entry per gene; no gene is dropped.

    Notes
    -----
    With q = altered share of the hazard at a death, score U = D - sum q, information I = sum q(1-q) and
    J = sum q(1-q)(1-2q): the estimate solves U + J / 2I = 0 by Newton steps, halved into the interval known to hold the
    root. The limits solve 2 [l*(estimate) - l*(b)] = chi2 by Newton steps on the signed root of the left side, which is
    almost a straight line in b.

    Witnesses: ``tests/reference/firth`` and ``genes`` (R, coxphf), DOMAIN Appendix B, SC13, SC14.

    References
    ----------
    Heinze G, Schemper M. A solution to the problem of monotone likelihood in Cox regression. Biometrics 57:114-119
    (2001).
    """
    m = len(genes)
    count: dict[str, Any] = {
        name: np.zeros(m, dtype=np.intp) for name in ("n", "n_altered", "events", "events_altered")
    }
    value: dict[str, Any] = {name: np.full(m, np.nan) for name in _VALUES}
    code = np.zeros(m, dtype=np.intp)
    root = normal_quantile(level) if limits else None
    for block in iter_gene_counts(risk, genes):
        rows = block.rows
        count["n"][rows], count["n_altered"][rows] = block.patients, block.altered
        count["events"][rows], count["events_altered"][rows] = block.events, block.events_altered
        terms = build_likelihood(block, ties)
        code[rows] = classify(block, terms)
        wanted = np.isin(code[rows], _ESTIMATED)
        constant = np.broadcast_to(terms.null, len(rows))[wanted]
        for name, numbers in _fit_block(_Penalised(terms.likelihood.rows(wanted)), constant, root).items():
            value[name][rows[wanted]] = numbers
    return FirthScan(
        ties=ties, level=level, status=np.array(STATUSES)[code], **count, **value, p=chi2_p(value["plr_chi2"])
    )


def scan_firth_adjusted(
    risk: RiskSets, genes: NDArray[np.int8], design: NDArray[np.float64], *, ties: Ties = "efron", level: float = 0.95
) -> FirthScan:
    """Fit a Firth-penalised Cox model with the same covariates beside each gene.

    Patients who are not profiled for a gene (-1) are left out of that gene's model.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) status: 1 altered, 0 wild type, -1 not profiled.
    design
        (n, c) covariates without missing values; categories as 0/1 columns.
    ties, level
        As in ``scan_firth``.

    Returns
    -------
    FirthScan
        Numbers of the gene's coefficient, by ``firth_model.fit_firth``. ``status`` describes the gene by itself; where
        its model has no fit it is ``singular`` or ``not_converged``. ``pen_loglik_null``: the gene's coefficient is 0.
    """
    scan = scan_firth(risk, genes, ties=ties, level=level, limits=False)
    status = scan.status.copy()
    value: dict[str, Any] = {name: np.full(len(genes), np.nan) for name in _VALUES}
    for row in np.flatnonzero(np.isin(status, [STATUSES[code] for code in _ESTIMATED])):
        use = genes[row] >= 0
        fit = fit_firth(
            np.column_stack([genes[row, use] == 1, design[use]]),
            risk.time[use],
            risk.event[use],
            entry=risk.entry[use],
            strata=risk.stratum[use],
            ties=ties,
            level=level,
            profile=[0],
        )
        if fit.status != "ok":
            status[row] = fit.status
        for name in ("coef", "se", "lo", "hi", "plr_chi2"):
            value[name][row] = getattr(fit, name)[0]
        value["pen_loglik"][row] = fit.pen_loglik
        value["pen_loglik_null"][row] = fit.pen_loglik - fit.plr_chi2[0] / 2
    return replace(scan, status=status, **value, p=chi2_p(value["plr_chi2"]))


class _Penalised(NamedTuple):
    """Penalised likelihoods of m genes."""

    plain: BinaryLikelihood

    def rows(self, keep: NDArray[np.bool_]) -> _Penalised:
        """Keep some genes."""
        return _Penalised(self.plain.rows(keep))

    def slopes(self, b: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Penalised score and its derivative, unpenalised information and its derivative at b (m,)."""
        at = self.plain.cumulants(b)
        skew = at.third / at.information
        slope = (at.fourth / at.information - skew**2) / 2 - at.information
        return at.score + skew / 2, slope, at.information, at.third

    def value(self, b: NDArray[np.float64], information: NDArray[np.float64]) -> NDArray[np.float64]:
        """Penalised log likelihood at b (m,) relative to the unpenalised one at 0."""
        return np.asarray(self.plain.rise(b) + np.log(information) / 2)


def fit_common(risk: RiskSets, genes: NDArray[np.int8], *, ties: Ties = "efron") -> tuple[float, float]:
    """Return the one coefficient that fits all rows best, and the sum of their penalised log likelihoods there.

    Each row keeps its own likelihood and its own penalty: this is a model with one coefficient per row, all of them
    restricted to be equal. Rows that say nothing about the coefficient are passed over.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) status: 1 altered, 0 wild type, -1 not profiled.
    ties
        ``efron`` or ``breslow``.

    Returns
    -------
    tuple[float, float]
        Coefficient and maximum; NaN if no row says anything.
    """
    parts = []
    for block in iter_gene_counts(risk, genes):
        terms = build_likelihood(block, ties)
        wanted = np.isin(classify(block, terms), _ESTIMATED)
        if wanted.any():
            parts.append((_Penalised(terms.likelihood.rows(wanted)), np.broadcast_to(terms.null, len(wanted))[wanted]))
    if not parts:
        return float("nan"), float("nan")
    b, low, high = 0.0, -MAX_LOG_HR, MAX_LOG_HR
    for _ in range(MAX_ITERATIONS):
        slopes = [model.slopes(np.full(len(constant), b)) for model, constant in parts]
        score, slope = (float(sum(part[k].sum() for part in slopes)) for k in (0, 1))
        low, high = (b, high) if score > 0 else (low, b)
        step = -score / slope if slope < 0 else np.inf
        if abs(step) < LAST_STEP:
            value = sum(
                (model.value(np.full(len(constant), b), part[2]) + constant).sum()
                for (model, constant), part in zip(parts, slopes, strict=True)
            )
            return b + step, float(value) + score * step / 2
        b = b + step if low < b + step < high else (low + high) / 2
    raise ArithmeticError("the penalised likelihood of a common coefficient could not be maximised")


def _fit_block(model: _Penalised, constant: NDArray[np.float64], root: float | None) -> dict[str, NDArray[np.float64]]:
    """Estimates of some genes of a block.

    ``constant`` (m,) unpenalised log likelihood at 0; ``root`` = square root of the chi-square quantile of the limits.
    """
    if len(constant) == 0:
        return {}
    null = np.log(model.plain.cumulants_at_zero().information) / 2
    coef, information = _maximise(model)
    top = model.value(coef, information)
    out = {"coef": coef, "se": 1 / np.sqrt(information), "plr_chi2": np.maximum(2 * (top - null), 0.0)}
    out |= {"pen_loglik": top + constant, "pen_loglik_null": null + constant}
    if root is not None:
        out |= {name: _limit(model, coef, out["se"], top, side * root) for name, side in (("lo", -1.0), ("hi", 1.0))}
    return out


def _start(model: _Penalised) -> NDArray[np.float64]:
    """Log of the observed to expected odds of being altered among the deaths, half a death added to each group."""
    observed, weight = model.plain.observed, model.plain.weight
    share = model.plain.share if weight is None else model.plain.share * weight
    expected = share.sum(axis=1)
    events = share.shape[1] if weight is None else weight.sum(axis=-1)
    odds = (observed + 0.5) / (events - observed + 0.5)
    start = np.log(odds * (events - expected + 0.5) / (expected + 0.5))
    return np.asarray(np.clip(start, -5, 5))


def _maximise(model: _Penalised) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Root of the penalised score of each gene, and the information there; rows leave once they have converged."""
    coef, information = _start(model), np.full(len(model.plain.observed), np.nan)
    low, high = coef - MAX_LOG_HR, coef + MAX_LOG_HR
    active = np.arange(len(coef))
    for _ in range(MAX_ITERATIONS):
        if len(active) == 0:
            return coef, information
        b = coef[active]
        score, slope, info, change = model.slopes(b)
        low[active], high[active] = np.where(score > 0, b, low[active]), np.where(score < 0, b, high[active])
        step = np.where(slope < 0, np.clip(-score / slope, -MAX_STEP, MAX_STEP), np.sign(score) * MAX_STEP)
        moving = np.abs(step) > LAST_STEP
        inside = ~moving | ((b + step > low[active]) & (b + step < high[active]))
        coef[active] = np.where(inside, b + step, (low[active] + high[active]) / 2)
        information[active] = info + change * step
        active, model = active[moving], model.rows(moving)
    raise ArithmeticError("the penalised likelihood of a gene could not be maximised")


def _limit(
    model: _Penalised, coef: NDArray[np.float64], se: NDArray[np.float64], top: NDArray[np.float64], root: float
) -> NDArray[np.float64]:
    """Limit of each gene on the side of the sign of ``root``: where the signed root of 2 [top - l*(b)] equals it."""
    side, target = np.sign(root), abs(root)
    limit = coef + root * se
    near, far = coef.copy(), coef + side * MAX_LOG_HR
    active = np.arange(len(coef))
    for _ in range(MAX_ITERATIONS):
        if len(active) == 0:
            return limit
        b = limit[active]
        score, _, information, _ = model.slopes(b)
        drop = np.sqrt(np.maximum(2 * (top[active] - model.value(b, information)), 0.0))
        short = drop < target
        near[active], far[active] = np.where(short, b, near[active]), np.where(short, far[active], b)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = side * (target - drop) * drop / np.abs(score)
        moving = ~(np.abs(step) <= LAST_STEP)
        inside = ~moving | ((side * (b + step - near[active]) > 0) & (side * (far[active] - b - step) > 0))
        limit[active] = np.where(inside, b + step, (near[active] + far[active]) / 2)
        gone = moving & (np.abs(far[active] - near[active]) < LAST_STEP)
        limit[active[gone]] = np.nan
        active, model = active[moving & ~gone], model.rows(moving & ~gone)
    raise ArithmeticError("a limit of the profile penalised likelihood could not be found")
