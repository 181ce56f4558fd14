"""Family-wise p-values of many genes by joint relabeling of patients (Westfall & Young): max-T and min-P.

Genes of one cohort are correlated: neighbours are lost together, hypermutated tumours alter many. A relabeling that
moves whole patients keeps these correlations, and the distribution of the largest statistic then gives p-values that
hold for the family, less strict than Bonferroni's.

Max-T compares standardised statistics. In small cohorts those of few altered patients are skewed: the largest of a
relabeling is nearly always that of a rare gene, and the others pay for it. Min-P ranks each gene among its own
relabelings first, and is what ``associate`` prints.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.counts import coverage_patterns
from netgen.association.permutation import martingale_residuals
from netgen.association.subset_sums import TOLERANCE
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

DRAWS: Final = 10_000
_DIGITS: Final = 9  # decimals to which residuals are compared where patients are put in order
_CELLS: Final = 1 << 22  # numbers in one array of a block: relabelings x patients, or relabelings x genes


def max_t(risk: RiskSets, genes: NDArray[np.int8], *, seed: int, n_draws: int = DRAWS) -> Floats:
    """Return single-step max-T p-values of a family of genes.

    A patient who is not profiled for a gene (-1) has no part in that gene's statistic, in the data or after relabeling.

    Parameters
    ----------
    risk
        Outcomes of n patients; relabeling stays within their strata.
    genes
        (m, n) status of all genes of the family: 1 altered, 0 wild type, -1 not profiled.
    seed
        Master seed of the relabelings.
    n_draws
        Random relabelings B; all of them are listed instead if there are not more than B.

    Returns
    -------
    NDArray[np.float64]
        (m,) p-values in the order of ``genes``; NaN where no relabeling changes the statistic: not part of the family.
        They depend on the family, not on the order of patients.

    Notes
    -----
    1. Statistic t = |U - E| / sd, U = sum of the null martingale residuals of the altered, taken among the patients
       profiled for the gene; E and sd are its exact mean and standard deviation over the relabelings. Genes altered in
       3 and in 300 patients are so made comparable.
    2. A relabeling is a random order of the patients of each stratum. The profiled patients of a gene exchange their
       outcomes by the order they have in it. So the relabelings of every gene are uniform, genes with the same coverage
       move together exactly, and genes of different panels as far as they share patients.
    3. p = #{max t* >= t - 1e-9} / N if all N relabelings are listed, else (1 + b) / (1 + B).

    Witness: complete enumeration in ``tests/association/test_max_t.py``.

    References
    ----------
    Westfall PH, Young SS. Resampling-Based Multiple Testing. Wiley (1993).
    """
    family = _prepare(risk, genes)
    t, p = family.t, np.full(len(genes), np.nan)
    if not len(family.movable):
        return p
    plan = _Plan(family, seed, n_draws)
    largest = np.zeros(plan.n)
    for part in plan.parts():
        np.maximum(largest, plan.statistics(part).max(axis=1), out=largest)
    hits = plan.n - np.searchsorted(np.sort(largest), t[family.movable] - TOLERANCE, side="left")
    p[family.movable] = plan.share(hits)
    return p


def min_p(risk: RiskSets, genes: NDArray[np.int8], *, seed: int, n_draws: int = DRAWS) -> Floats:
    """Return single-step min-P p-values of a family of genes: like ``max_t``, but every gene on its own scale.

    Parameters
    ----------
    risk, genes, seed, n_draws
        As in ``max_t``; the relabelings are the same.

    Returns
    -------
    NDArray[np.float64]
        (m,) p-values in the order of ``genes``; NaN where no relabeling changes the statistic.

    Notes
    -----
    p*_gb = share of the relabelings in which gene g has a statistic as large as in relabeling b; p_g the same of the
    data. Adjusted p = #{b: min_g p*_gb <= p_g} / N if all N are listed, else (1 + b) / (1 + B). Shares of two genes
    that tie exactly differ by chance in random relabelings: there p_g is taken three Monte-Carlo standard errors up.
    Witness: complete enumeration in ``tests/association/test_max_t.py``.

    References
    ----------
    Westfall PH, Young SS. Resampling-Based Multiple Testing. Wiley (1993). Ge Y, Dudoit S, Speed TP. Test 12:1-77
    (2003).
    """
    family = _prepare(risk, genes)
    p = np.full(len(genes), np.nan)
    if not len(family.movable):
        return p
    plan = _Plan(family, seed, n_draws)
    smallest = np.full(plan.n, np.inf)
    for part in plan.parts():
        for g, drawn in zip(part, plan.statistics(part).T, strict=True):
            values = np.sort(drawn)
            p[g] = plan.share(plan.n - np.searchsorted(values, family.t[g] - TOLERANCE, side="left"))
            above = plan.n - np.searchsorted(values, drawn - TOLERANCE, side="left")
            np.minimum(smallest, above / plan.n if plan.listed else (1 + above) / (1 + plan.n), out=smallest)
    own = p[family.movable]
    own += TOLERANCE if plan.listed else 3 * np.sqrt(own * (1 - own) / plan.n)
    p[family.movable] = plan.share(np.searchsorted(np.sort(smallest), own, side="right"))
    return p


class _Panel(NamedTuple):
    """Genes with the same profiled patients: these, by stratum, with their strata and residuals."""

    rows: Places
    people: Places
    stratum: Places
    residuals: Floats


class _Family(NamedTuple):
    """The genes of a family, patients in an order that does not depend on the one given, and the statistics."""

    altered: NDArray[np.bool_]
    stratum: Places
    panels: list[_Panel]
    t: Floats
    centre: Floats
    spread: Floats

    @property
    def movable(self) -> Places:
        """Genes that a relabeling can change."""
        return np.flatnonzero(~np.isnan(self.t))


def _prepare(risk: RiskSets, genes: NDArray[np.int8]) -> _Family:
    """Sort the genes by their profiled patients, the patients by what is known of them, and standardise."""
    if genes.ndim != 2 or genes.shape[1] != len(risk.time):
        raise ValueError(f"genes must have shape (m, {len(risk.time)}), one column per patient; got {genes.shape}")
    patterns = coverage_patterns(genes)
    panels = [np.flatnonzero(patterns == pattern) for pattern in np.unique(patterns)]
    residuals = [np.nan_to_num(martingale_residuals(risk, genes[rows[0]] >= 0)) for rows in panels]
    order, stratum = _arrange(risk.stratum, genes, residuals)
    genes = genes[:, order]
    made = []
    for rows, values in zip(panels, residuals, strict=True):
        people = np.flatnonzero(genes[rows[0]] >= 0)
        made.append(_Panel(rows, people, stratum[people], values[order][people]))
    return _Family(genes == 1, stratum, made, *_standardise(genes == 1, made))


def _arrange(stratum: Places, genes: NDArray[np.int8], residuals: list[Floats]) -> tuple[Places, Places]:
    """Order of the patients who are profiled for anything, and their strata, numbered by content.

    The random relabelings are then the same whatever patients and strata are called.
    """
    columns = np.vstack([np.round(values, _DIGITS) for values in residuals] + [genes])
    seen = np.flatnonzero((genes >= 0).any(axis=0))
    parts = []
    for label in np.unique(stratum[seen]):
        people = seen[stratum[seen] == label]
        people = people[np.lexsort(columns[:, people])]
        parts.append((columns[:, people].T.tolist(), people))
    parts.sort(key=lambda part: part[0])
    if not parts:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    sizes = [len(people) for _, people in parts]
    return np.concatenate([people for _, people in parts]), np.repeat(np.arange(len(parts)), sizes)


def _standardise(altered: NDArray[np.bool_], panels: list[_Panel]) -> tuple[Floats, Floats, Floats]:
    """Statistic, and mean and standard deviation of U over all relabelings: finite populations, stratum by stratum."""
    t, centre, spread = np.full(len(altered), np.nan), np.zeros(len(altered)), np.full(len(altered), np.inf)
    for panel in panels:
        if not len(panel.people):
            continue
        first = np.flatnonzero(np.diff(panel.stratum, prepend=-1))
        size = np.diff(np.append(first, len(panel.people)))
        mean = np.add.reduceat(panel.residuals, first) / size
        square = np.add.reduceat((panel.residuals - np.repeat(mean, size)) ** 2, first)
        mine = altered[np.ix_(panel.rows, panel.people)].astype(np.float64)
        k = np.add.reduceat(mine, first, axis=1)
        centre[panel.rows] = k @ mean
        deviation = np.sqrt(k * (size - k) / (size * np.maximum(size - 1, 1)) @ square)
        moves = deviation > TOLERANCE
        spread[panel.rows[moves]] = deviation[moves]
        t[panel.rows[moves]] = np.abs(mine @ panel.residuals - centre[panel.rows])[moves] / deviation[moves]
    return t, centre, spread


class _Plan:
    """The relabelings of a family: all of them, or random ones that are drawn again for every block of genes."""

    def __init__(self, family: _Family, seed: int, n_draws: int) -> None:
        sizes = np.unique(family.stratum, return_counts=True)[1]
        total = math.prod(math.factorial(int(size)) for size in sizes)
        self.family, self.listed = family, total <= n_draws
        self.n = total if self.listed else n_draws
        self.seed = derive_seed("max_t", master=seed)

    def parts(self) -> Iterator[Places]:
        """Yield blocks of genes whose statistics fit into memory together."""
        movable, width = self.family.movable, max(1, _CELLS // self.n)
        for first in range(0, len(movable), width):
            yield movable[first : first + width]

    def statistics(self, part: Places) -> Floats:
        """Return the statistics of some genes, (relabelings, genes)."""
        out, first = np.empty((self.n, len(part))), 0
        for keys in self._orders():
            last = first + len(keys)
            for panel in self.family.panels:
                columns = np.flatnonzero(np.isin(part, panel.rows))
                if not len(columns):
                    continue
                rows = part[columns]
                moved = np.argsort(keys[:, panel.people] + panel.stratum, axis=1)
                mine = self.family.altered[np.ix_(rows, panel.people)].astype(np.float64)
                u = panel.residuals[moved] @ mine.T
                out[first:last, columns] = np.abs(u - self.family.centre[rows]) / self.family.spread[rows]
            first = last
        return out

    def share(self, hits: Places) -> Floats:
        """Return the p-value of a number of relabelings at least as extreme."""
        return np.asarray(hits / self.n if self.listed else (1 + hits) / (1 + self.n))

    def _orders(self) -> Iterator[Floats]:
        """Yield blocks (b, n) of keys in [0, 1): patients of a stratum stand in the order of their keys."""
        n = len(self.family.stratum)
        step = max(1, min(_CELLS // n, self.n))
        if self.listed:
            ends = np.flatnonzero(np.diff(self.family.stratum)) + 1
            sizes = np.diff(np.concatenate([[0], ends, [n]]))
            every = itertools.product(*(itertools.permutations(range(int(size))) for size in sizes))
            for block in iter(lambda: list(itertools.islice(every, step)), []):
                yield np.array([list(itertools.chain.from_iterable(one)) for one in block]) / n
            return
        rng = np.random.default_rng(self.seed)
        for first in range(0, self.n, step):
            yield rng.random((min(step, self.n - first), n))
