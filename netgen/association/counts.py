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

BLOCK_BYTES: Final = 1 << 20  # of one (genes, events) array: a block stays in the cache of one core
SHARED_GENES: Final = 8  # coverage patterns of fewer genes are pooled into blocks with totals per gene


class Pairs(NamedTuple):
    """Cells of a block of genes, in gene order: gene and patient of each.

    The cells of gene g are ``first[g] .. first[g + 1] - 1``.
    """

    gene: NDArray[np.intp]
    patient: NDArray[np.intp]
    first: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class GeneCounts:
    """Counts of m genes in the K slots of a ``RiskSets``; every count is a whole number stored as float.

    Attributes
    ----------
    risk
        The outcomes.
    rows
        (m,) rows of the gene matrix this block holds.
    cells
        The altered cells of the block.
    n_altered
        (m, K) altered patients at risk.
    n_total, d_total
        (1, K) if the genes of the block share their profiled patients, else (m, K): profiled at risk, profiled events.
    patients, altered
        (m,) profiled patients, and altered among them, whether ever at risk or not.
    """

    risk: RiskSets
    rows: NDArray[np.intp]
    cells: Pairs
    n_altered: NDArray[np.float64]
    n_total: NDArray[np.float64]
    d_total: NDArray[np.float64]
    patients: NDArray[np.intp]
    altered: NDArray[np.intp]

    @cached_property
    def deaths(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Gene and slot of every event of an altered patient, in gene order."""
        return _deaths(self.risk, self.cells)

    @cached_property
    def d_altered(self) -> NDArray[np.float64]:
        """(m, K) altered events in each slot."""
        m, n_slots = self.n_altered.shape
        gene, slot = self.deaths
        return np.bincount(gene * n_slots + slot, minlength=m * n_slots).reshape(m, n_slots).astype(np.float64)

    @cached_property
    def events_altered(self) -> NDArray[np.float64]:
        """(m,) altered events."""
        seen = np.append(0, np.cumsum(self.risk.event[self.cells.patient]))
        return np.diff(seen[self.cells.first]).astype(np.float64)

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
        for first in range(0, len(group), size):
            yield _count_block(risk, genes, group[first : first + size], shared=shared)


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
        altered = counts.n_altered if used.all() else counts.n_altered * used
        return TieTerms(altered=altered, total=np.where(used, counts.n_total, 1.0), weight=counts.d_total)
    if ties != "efron":
        raise ValueError(f"ties must be 'efron' or 'breslow', got {ties!r}")
    most = counts.d_total.max(axis=0, initial=0.0).astype(np.intp)
    slot = np.repeat(np.arange(len(most)), most)
    first = np.cumsum(most) - most
    nth = np.arange(len(slot)) - first[slot]
    deaths = counts.d_total[:, slot]
    weight = (nth < deaths).astype(np.float64)
    altered = counts.n_altered[:, slot]
    later = np.flatnonzero(nth)
    if 4 * len(later) > len(slot):
        gone = counts.d_altered[:, slot]
        gone *= nth / np.maximum(deaths, 1.0)
        altered -= gone
    elif len(later):
        altered[:, later] -= nth[later] / np.maximum(deaths[:, later], 1.0) * counts.d_altered[:, slot[later]]
    if len(weight) > 1:
        altered *= weight
    return TieTerms(altered=altered, total=np.where(weight > 0, counts.n_total[:, slot] - nth, 1.0), weight=weight)


def at_risk_counts(
    risk: RiskSets, group: NDArray[np.intp], patient: NDArray[np.intp], n_groups: int
) -> NDArray[np.float64]:
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
    NDArray[np.float64]
        (n_groups, K) whole numbers.
    """
    width = risk.n_slots + 1
    base = group * width
    first = base + risk.start[patient] if risk.start.any() else base
    change = np.bincount(first, minlength=n_groups * width)
    change -= np.bincount(base + risk.stop[patient], minlength=n_groups * width)
    np.cumsum(change, out=change)  # every group sums to 0, so one running sum serves them all
    return change.reshape(n_groups, width)[:, :-1].astype(np.float64)


def _count_block(risk: RiskSets, genes: NDArray[np.int8], rows: NDArray[np.intp], *, shared: bool) -> GeneCounts:
    """Count one block; with ``shared`` the first gene's gaps stand for all."""
    whole = rows[-1] - rows[0] + 1 == len(rows)  # rows ascend, so this is a slice and no copy
    block = genes[rows[0] : rows[-1] + 1] if whole else genes[rows]
    m, n = block.shape
    altered = _pairs(block == 1)
    missing = _pairs((block[:1] if shared else block) < 0)
    groups = 1 if shared else m
    gone_gene, gone_slot = _deaths(risk, missing)
    gone = np.bincount(gone_gene * risk.n_slots + gone_slot, minlength=groups * risk.n_slots)
    return GeneCounts(
        risk=risk,
        rows=rows,
        cells=altered,
        n_altered=at_risk_counts(risk, altered.gene, altered.patient, m),
        n_total=risk.n_at_risk - at_risk_counts(risk, missing.gene, missing.patient, groups),
        d_total=risk.n_events - gone.reshape(groups, risk.n_slots),
        patients=np.broadcast_to(n - np.diff(missing.first), (m,)),
        altered=np.diff(altered.first),
    )


def _pairs(hit: NDArray[np.bool_]) -> Pairs:
    """(gene, patient) of the True cells, in gene order."""
    m, n = hit.shape
    flat = np.flatnonzero(hit)
    first = np.searchsorted(flat, np.arange(m + 1) * n)
    gene = np.repeat(np.arange(m), np.diff(first))
    return Pairs(gene, flat - gene * n, first)


def _deaths(risk: RiskSets, pairs: Pairs) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(gene, slot) of the pairs with the event."""
    dead = risk.event[pairs.patient]
    return pairs.gene[dead], risk.event_slot[pairs.patient[dead]]
