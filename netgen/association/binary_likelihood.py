"""The partial likelihood of a binary covariate, for a block of genes at once.

With x = share of the altered among those at risk at a death, a gene's log likelihood relative to the one at 0 is
D b - sum(w log(1 + x (e^b - 1))), and every derivative is a cumulant of a 0/1 variable with mean
p = x e^b / (1 + x (e^b - 1)): four sums of powers of p give score, information and two derivatives more. Cox and Firth
models of single genes (``cox.py``, ``firth.py``) are fitted from these sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.counts import tie_terms
from netgen.association.running_sums import row_dots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import GeneCounts, Ties

FULL: Final = 1 - 1e-9  # share above which everybody at risk is altered: tied deaths are taken off in fractions


class Cumulants(NamedTuple):
    """Score D - sum p, and the sums of the second (information), third and fourth cumulant, each (m,)."""

    score: NDArray[np.float64]
    information: NDArray[np.float64]
    third: NDArray[np.float64]
    fourth: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BinaryLikelihood:
    """Log partial likelihoods of m genes.

    Attributes
    ----------
    share
        (m, T) altered share x of those at risk in each term. Terms in which everybody at risk is altered do not depend
        on the coefficient: they have share 0 and their deaths are not in ``observed``.
    weight
        (T,) or (m, T) deaths a term stands for; None = 1 each.
    observed
        (m,) deaths D of the altered beside wild type.
    scratch
        (2, m or more, T) room for intermediate results: fresh memory costs more than the arithmetic.
    """

    share: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    observed: NDArray[np.float64]
    scratch: NDArray[np.float64]

    def rows(self, keep: NDArray[np.bool_]) -> BinaryLikelihood:
        """Return some of the genes.

        Parameters
        ----------
        keep
            (m,) True = keep.

        Returns
        -------
        BinaryLikelihood
            In the same order.
        """
        if keep.all():
            return self
        weight = self.weight[keep] if self.weight is not None and self.weight.ndim == 2 else self.weight
        return BinaryLikelihood(
            share=self.share[keep], weight=weight, observed=self.observed[keep], scratch=self.scratch
        )

    def cumulants(self, coef: NDArray[np.float64]) -> Cumulants:
        """Return score, information and two derivatives more.

        Parameters
        ----------
        coef
            (m,) log hazard ratios b.

        Returns
        -------
        Cumulants
            At b.
        """
        p = self._relative(coef)
        np.divide(self.share, p, out=p)
        return self._sum_powers(p, np.exp(coef))

    def _relative(self, coef: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 + x (e^b - 1), the hazard at risk relative to the one at b = 0; overwritten by the next call."""
        r = np.multiply(self.share, np.expm1(coef)[:, None], out=self.scratch[0, : len(coef)])
        r += 1.0
        return r

    def cumulants_at_zero(self) -> Cumulants:
        """Return the same at b = 0.

        Returns
        -------
        Cumulants
            At 0.
        """
        return self._sum_powers(self.share, np.ones(1))

    def deaths_beside_altered(self) -> NDArray[np.float64]:
        """Return the deaths at which altered and wild type are at risk together.

        Returns
        -------
        NDArray[np.float64]
            (m,).
        """
        beside = self.share > 0
        if self.weight is None:
            return np.asarray(np.count_nonzero(beside, axis=1), dtype=np.float64)
        return np.asarray((beside * self.weight).sum(axis=1))

    def _sum_powers(self, p: NDArray[np.float64], ratio: NDArray[np.float64]) -> Cumulants:
        """Cumulants from the sums of the powers of ``ratio`` p."""
        q, ones = self.scratch[1, : len(p)], np.ones(p.shape[1])
        if self.weight is None:
            s1, s2 = p @ ones, row_dots(p, p)
            np.multiply(p, p, out=q)
            s3, s4 = row_dots(q, p), row_dots(q, q)
        else:
            np.multiply(p, self.weight, out=q)
            s1, s2 = q @ ones, row_dots(q, p)
            q *= p
            square = p * p
            s3, s4 = row_dots(q, p), row_dots(q, square)
        s1, s2, s3, s4 = s1 * ratio, s2 * ratio**2, s3 * ratio**3, s4 * ratio**4
        information, skew = s1 - s2, s2 - s3
        return Cumulants(self.observed - s1, information, information - 2 * skew, information - 6 * (skew - s3 + s4))

    def rise(self, coef: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log likelihood relative to the one at 0.

        Parameters
        ----------
        coef
            (m,) log hazard ratios b.

        Returns
        -------
        NDArray[np.float64]
            (m,) D b - sum(w log(1 + x (e^b - 1))); terms of weight 1 are multiplied before the logarithm.
        """
        r = self._relative(coef)
        if self.weight is not None:
            np.log(r, out=r)
            return self.observed * coef - (row_dots(r, self.weight) if self.weight.ndim == 2 else r @ self.weight)
        factors, largest = 1, np.abs(coef).max(initial=0.0)
        while r.shape[1] > 16 and 3 * factors * largest < 600:  # a product of factors within exp(+-largest) is finite
            half = r.shape[1] // 2
            if r.shape[1] % 2:
                r[:, 0] *= r[:, -1]
            r[:, :half] *= r[:, half : 2 * half]
            r = r[:, :half]
            factors *= 3
        return np.asarray(self.observed * coef - np.log(r).sum(axis=1))


class Block(NamedTuple):
    """The likelihoods of a block of genes, and what their terms say before any fit.

    ``null`` (1 or m,): unpenalised log likelihood at 0. ``alone`` (m,): deaths while only altered are at risk.
    """

    likelihood: BinaryLikelihood
    null: NDArray[np.float64]
    alone: NDArray[np.float64]


def build_likelihood(counts: GeneCounts, ties: Ties) -> Block:
    """Return the likelihoods of a block of genes.

    Parameters
    ----------
    counts
        A block of ``counts.iter_gene_counts``.
    ties
        ``efron`` or ``breslow``.

    Returns
    -------
    Block
        One likelihood per gene of the block, whether it has a finite maximum or not.
    """
    terms = tie_terms(counts, ties)
    null = -row_dots(terms.weight, np.log(terms.total))
    share = np.divide(terms.altered, terms.total, out=terms.altered)
    shared = len(terms.weight) == 1
    weight = None if shared and (terms.weight == 1).all() else terms.weight[0] if shared else terms.weight
    alone = np.zeros(len(share))
    full = share > FULL
    if full.any():
        alone = (full if weight is None else full * weight).sum(axis=1)
        share[full] = 0.0
    return Block(
        BinaryLikelihood(
            share=share,
            weight=weight,
            observed=counts.events_altered - alone,
            scratch=np.empty((2, *share.shape)),
        ),
        null,
        alone,
    )


def find_step(at: Cumulants, longest: float) -> NDArray[np.float64]:
    """Return the step to the root of the score, from its value and three derivatives.

    Parameters
    ----------
    at
        Where the step begins.
    longest
        Largest step.

    Returns
    -------
    NDArray[np.float64]
        (m,) root of ``score - information s - third s^2 / 2 - fourth s^3 / 6`` near Newton's step.

    Notes
    -----
    Cumulants of a 0/1 variable are not larger than a few times its variance, so the error of a short step s is of the
    order of s^4 / 24.
    """
    step = np.clip(at.score / at.information, -longest, longest)
    for _ in range(2):
        rest = at.score - step * (at.information + step * (at.third / 2 + step * at.fourth / 6))
        slope = at.information + step * (at.third + step * at.fourth / 2)
        step = step + rest / np.maximum(slope, at.information / 2)
    return np.clip(step, -longest, longest)
