"""Counts of the altered at every event time, all genes at once.

The partial likelihood, the log-rank test and Firth's penalty of a binary gene depend on four numbers per event slot:
altered at risk, all at risk, altered events, all events. ``iter_gene_counts`` gives them for blocks of genes, so that
memory stays bounded; ``tie_terms`` turns them into the terms of the Breslow or Efron likelihood. Only profiled patients
count (STATISTICS 1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

Ties = Literal["efron", "breslow"]

BLOCK_BYTES: Final = 1 << 21  # of one (genes, events) array: smaller blocks cost calls, larger ones cache misses
SHARED_GENES: Final = 8  # coverage patterns of fewer genes are pooled into blocks with totals per gene


class Pairs(NamedTuple):
    """Cells of a block of genes, in gene order: gene and patient of each.

    The cells of gene g are ``first[g] .. first[g + 1] - 1``.
    """

    gene: NDArray[np.intp]
    patient: NDArray[np.intp]
    first: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts of the profiled, altered or not: r = 1 row if the genes of a block share their profiled patients, else m.

    Attributes
    ----------
    n, d
        (r, K) profiled at risk, profiled events.
    patients
        (r,) profiled patients, whether ever at risk or not.
    """

    n: NDArray[np.float64]
    d: NDArray[np.float64]
    patients: NDArray[np.intp]

    @cached_property
    def efron(self) -> EfronTerms:
        """Terms of the Efron likelihood: the first of every slot with a death, then the second, third, ..."""
        most = self.d.max(axis=0, initial=0.0).astype(np.intp)
        more = np.maximum(most - 1, 0)
        used, later = np.flatnonzero(most), np.repeat(np.arange(len(most)), more)
        nth = 1 + np.arange(len(later)) - np.repeat(np.cumsum(more) - more, more)
        slot, number = np.append(used, later), np.append(np.zeros(len(used)), nth)
        weight = (number < self.d[:, slot]).astype(np.float64)
        total = np.where(weight > 0, self.n[:, slot] - number, 1.0)
        return EfronTerms(used, later, nth / np.maximum(self.d[:, later], 1.0), total, weight)


class EfronTerms(NamedTuple):
    """Slots of first terms (T - L,) and of later ones (L,), share l/d (r, L) of the latter; total, weight (r, T)."""

    used: NDArray[np.intp]
    later: NDArray[np.intp]
    lost: NDArray[np.float64]
    total: NDArray[np.float64]
    weight: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GeneCounts:
    """Counts of m genes in the K slots of a ``RiskSets``.

    Attributes
    ----------
    risk
        The outcomes.
    rows
        (m,) rows of the gene matrix this block holds.
    cells
        The altered cells of the block.
    totals
        Counts of the profiled.
    altered
        (m,) altered patients, whether ever at risk or not.
    """

    risk: RiskSets
    rows: NDArray[np.intp]
    cells: Pairs
    totals: Totals
    altered: NDArray[np.intp]

    @property
    def n_total(self) -> NDArray[np.float64]:
        """(1 or m, K) profiled at risk."""
        return self.totals.n

    @property
    def d_total(self) -> NDArray[np.float64]:
        """(1 or m, K) profiled events."""
        return self.totals.d

    @property
    def patients(self) -> NDArray[np.intp]:
        """(m,) profiled patients, whether ever at risk or not."""
        return np.broadcast_to(self.totals.patients, self.altered.shape)

    @cached_property
    def n_altered(self) -> NDArray[np.intp]:
        """(m, K) altered patients at risk in each slot."""
        return at_risk_counts(self.risk, self.cells.gene, self.cells.patient, len(self.rows))

    @cached_property
    def _dead(self) -> NDArray[np.intp]:
        """Cells of altered patients with the event."""
        return np.flatnonzero(np.take(self.risk.event, self.cells.patient))

    @property
    def deaths(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Gene and slot of every event of an altered patient, in gene order."""
        return self.cells.gene[self._dead], self.risk.event_slot[self.cells.patient[self._dead]]

    @cached_property
    def d_altered(self) -> NDArray[np.intp]:
        """(m, K) altered events in each slot."""
        return _count_deaths(self.risk, self.cells, self._dead, len(self.rows))

    @cached_property
    def events_altered(self) -> NDArray[np.float64]:
        """(m,) altered events."""
        return np.diff(np.searchsorted(self._dead, self.cells.first)).astype(np.float64)

    @property
    def events(self) -> NDArray[np.float64]:
        """(m,) events of the profiled."""
        return np.broadcast_to(self.d_total.sum(axis=1), len(self.rows))


@dataclass(frozen=True, kw_only=True)
class TieTerms:
    """Terms of the log partial likelihood of m binary genes: ``D b - sum(weight log(total + altered (exp(b) - 1)))``.

    Attributes
    ----------
    altered
        (m, T) altered at risk, tied deaths partly removed if Efron; 0 where the weight is 0.
    total
        (1, T) or (m, T) all at risk, likewise; 1 where the weight is 0, so that it can always divide.
    weight
        (1, T) or (m, T) deaths a term stands for; 0 = the gene does not have this term.
    """

    altered: NDArray[np.float64]
    total: NDArray[np.float64]
    weight: NDArray[np.float64]


def iter_gene_counts(
    risk: RiskSets, genes: NDArray[np.int8], *, block_bytes: int = BLOCK_BYTES
) -> Iterator[GeneCounts]:
    """Yield the event-slot counts of all genes, a block of genes at a time.

    A patient who is not profiled for a gene (-1) is in none of that gene's counts.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) gene-major status: 1 altered, 0 wild type, -1 not profiled; columns in the row order of ``risk``.
    block_bytes
        Size one (genes, events) array of a block may have.

    Yields
    ------
    GeneCounts
        Each gene is in exactly one block; genes with the same profiled patients are put together, so blocks follow the
        coverage, not the row order: place results by ``rows``.

    Raises
    ------
    ValueError
        If ``genes`` does not have one column per patient.
    """
    if genes.ndim != 2 or genes.shape[1] != len(risk.time):
        raise ValueError(f"genes must have shape (m, {len(risk.time)}), one column per patient; got {genes.shape}")
    size = max(1, block_bytes // (8 * (int(risk.n_events.sum()) + 1)))
    pattern = coverage_patterns(genes)
    members = np.bincount(pattern, minlength=1)
    pattern = np.where((members[pattern] >= SHARED_GENES) | (pattern == 0), pattern, len(members))
    order = np.argsort(pattern, kind="stable")
    bounds = np.flatnonzero(np.diff(pattern[order])) + 1
    for group in np.split(order, bounds):
        shared = len(group) > 0 and pattern[group[0]] < len(members)
        totals = _count_totals(risk, genes[group[:1]]) if shared else None
        for first in range(0, len(group), size):
            yield _count_block(risk, genes, group[first : first + size], totals)


def coverage_patterns(genes: NDArray[np.int8]) -> NDArray[np.intp]:
    """Return a code per gene that is equal for genes with the same profiled patients.

    Parameters
    ----------
    genes
        (m, n) status; -1 = not profiled.

    Returns
    -------
    NDArray[np.intp]
        (m,) 0 = every patient is profiled, then 1, 2, ... (not necessarily all used, order without meaning).
    """
    code = np.zeros(len(genes), dtype=np.intp)
    if genes.size == 0:
        return code
    gaps = np.flatnonzero(genes.min(axis=1) < 0)
    if len(gaps):
        packed = np.concatenate(
            [np.packbits(genes[rows] < 0, axis=1) for rows in np.array_split(gaps, 1 + len(gaps) // 512)]
        )
        keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
        code[gaps] = 1 + np.unique(keys, return_inverse=True)[1]
    return code


def tie_terms(counts: GeneCounts, ties: Ties = "efron") -> TieTerms:
    """Return the terms of the partial likelihood: one per slot (Breslow) or one per death (Efron).

    Parameters
    ----------
    counts
        A block of ``iter_gene_counts``.
    ties
        ``efron`` or ``breslow``.

    Returns
    -------
    TieTerms
        Slots without a profiled event have no term, or one of weight 0.

    Notes
    -----
    Efron: the l-th of d tied deaths (l = 0 .. d-1) sees the risk set less l/d of the deaths, n - l and n1 - (l/d) d1.
    """
    if ties == "breslow":
        used = counts.d_total > 0
        at_risk = (counts.n_altered * used).astype(np.float64)
        return TieTerms(altered=at_risk, total=np.where(used, counts.n_total, 1.0), weight=counts.d_total)
    if ties != "efron":
        raise ValueError(f"ties must be 'efron' or 'breslow', got {ties!r}")
    terms, n_altered = counts.totals.efron, counts.n_altered
    first = len(terms.used)
    altered = np.empty((len(counts.rows), first + len(terms.later)), dtype=np.float64)
    altered[:, :first] = n_altered if first == counts.risk.n_slots else n_altered[:, terms.used]
    if len(terms.later):
        gone = np.take(counts.d_altered, terms.later, axis=1) * terms.lost
        np.subtract(np.take(n_altered, terms.later, axis=1), gone, out=altered[:, first:])
    if len(terms.weight) > 1:
        altered *= terms.weight
    return TieTerms(altered=altered, total=terms.total, weight=terms.weight)


def at_risk_counts(
    risk: RiskSets, group: NDArray[np.intp], patient: NDArray[np.intp], n_groups: int
) -> NDArray[np.intp]:
    """Count, per group and slot, the (group, patient) pairs at risk.

    Parameters
    ----------
    risk
        Outcomes.
    group
        Group 0 .. n_groups-1 of each pair.
    patient
        Row of ``risk`` of each pair.
    n_groups
        Number of groups.

    Returns
    -------
    NDArray[np.intp]
        (n_groups, K).
    """
    width = risk.n_slots + 1
    place = group * width
    first = place + np.take(risk.start, patient) if risk.start.any() else place
    change = np.bincount(first, minlength=n_groups * width)
    place += np.take(risk.stop, patient)
    change -= np.bincount(place, minlength=n_groups * width)
    np.cumsum(change, out=change)  # every group sums to 0, so one running sum serves them all
    return change.reshape(n_groups, width)[:, :-1]


def _count_block(risk: RiskSets, genes: NDArray[np.int8], rows: NDArray[np.intp], totals: Totals | None) -> GeneCounts:
    """Count one block; ``totals`` if its genes share their profiled patients."""
    whole = rows[-1] - rows[0] + 1 == len(rows)  # rows ascend, so this is a slice and no copy
    block = genes[rows[0] : rows[-1] + 1] if whole else genes[rows]
    cells = _pairs(block == 1)
    totals = _count_totals(risk, block) if totals is None else totals
    return GeneCounts(risk=risk, rows=rows, cells=cells, totals=totals, altered=np.diff(cells.first))


def _count_totals(risk: RiskSets, genes: NDArray[np.int8]) -> Totals:
    """Count the profiled patients of each row of genes."""
    missing = _pairs(genes < 0)
    return Totals(
        n=risk.n_at_risk - at_risk_counts(risk, missing.gene, missing.patient, len(genes)),
        d=risk.n_events - _count_deaths(risk, missing, np.flatnonzero(risk.event[missing.patient]), len(genes)),
        patients=genes.shape[1] - np.diff(missing.first),
    )


def _pairs(hit: NDArray[np.bool_]) -> Pairs:
    """(gene, patient) of the True cells, in gene order."""
    m, n = hit.shape
    flat = np.flatnonzero(hit)
    first = np.searchsorted(flat, np.arange(m + 1) * n)
    gene = np.repeat(np.arange(m), np.diff(first))
    return Pairs(gene, flat - gene * n, first)


def _count_deaths(risk: RiskSets, pairs: Pairs, dead: NDArray[np.intp], n_groups: int) -> NDArray[np.intp]:
    """(n_groups, K) events of the pairs ``dead`` in each slot."""
    place = pairs.gene[dead] * risk.n_slots
    place += risk.event_slot[pairs.patient[dead]]
    return np.bincount(place, minlength=n_groups * risk.n_slots).reshape(n_groups, risk.n_slots)
