"""The tables of a study as integer codes on (sample, gene), and the scores read from them.

Coverage gives every cell a score (``kleene``); three sparse sources overrule it: hits (altered), unclear cells (not
known although covered), and ready-made calls. ``score_pairs`` says what one sample says about one gene; ``fill_scores``
writes the maximum over the samples of each patient into a dense array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.kleene import ALTERED, REASON, WILD_TYPE, group_patients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.genomics.kleene import Coverage

_BLOCK: Final = 256  # genes filled at a time, to keep temporary arrays small


@dataclass(frozen=True, kw_only=True)
class Calls:
    """A ready-made matrix: status per sample and gene.

    Attributes
    ----------
    values
        (n_called, n_called_genes) int8: 1 altered, 0 wild type, -1 not profiled.
    row_of_sample, column_of_gene
        (n_samples,) and (n_genes,) place in ``values``, -1 = not in it.
    carried
        False if the feature type is one that a plain call cannot decide (lof, driver, hotspot).
    """

    values: NDArray[np.int8]
    row_of_sample: NDArray[np.intp]
    column_of_gene: NDArray[np.intp]
    carried: bool

    def scores(self, values: NDArray[np.int8], blind: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return the score of each call; a negative of a ``blind`` sample (broadcast against it) says nothing."""
        lost = REASON["feature_not_carried"]
        table = np.array([0, WILD_TYPE, ALTERED] if self.carried else [0, lost, lost], dtype=np.uint8)
        out = table[values + 1]
        if self.carried and blind.any():
            out = np.where((values == 0) & blind, np.uint8(REASON["cfdna_negative"]), out)
        return out

    def answered(self) -> NDArray[np.bool_]:
        """Return which samples of the analysis have a call for at least one gene."""
        rows = (self.values >= 0).any(axis=1) if self.values.size else np.zeros(len(self.values), dtype=bool)
        return np.append(rows, [False])[self.row_of_sample]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Everything that is known about n samples and m genes, as codes.

    Attributes
    ----------
    samples, patients, genes
        What the codes mean.
    patient, chosen, blind
        (n,) code of the patient; whether the sample speaks for it; whether its negatives say nothing (cfDNA).
    coverage
        What coverage alone says.
    hit
        Sorted distinct keys ``sample * m + gene`` of altered cells.
    unclear, unclear_score
        Sorted distinct keys of unclear cells and their scores.
    calls
        Ready-made matrix, or None.
    """

    samples: pd.Index
    patients: pd.Index
    genes: pd.Index
    patient: NDArray[np.intp]
    chosen: NDArray[np.bool_]
    blind: NDArray[np.bool_]
    coverage: Coverage
    hit: NDArray[np.int64]
    unclear: NDArray[np.int64]
    unclear_score: NDArray[np.uint8]
    calls: Calls | None

    @property
    def n_genes(self) -> int:
        """Number of genes, the base of the keys."""
        return len(self.genes)


def encode(values: pd.Series, index: pd.Index) -> NDArray[np.intp]:
    """Return the place of each value in ``index``, -1 if it is missing or not there.

    Parameters
    ----------
    values
        (n,) texts.
    index
        Distinct texts.

    Returns
    -------
    ndarray
        (n,) places.
    """
    codes, levels = pd.factorize(values)
    places = np.append(index.get_indexer(pd.Index(levels, dtype="string")), -1).astype(np.intp)
    return np.take(places, codes)


def code_calls(calls: pd.DataFrame, *, samples: pd.Index, genes: pd.Index, carried: bool) -> Calls:
    """Return a ready-made matrix as codes; samples and genes that are not asked for are left out.

    Parameters
    ----------
    calls
        Samples (index) x genes (columns): 1 altered, 0 wild type, -1 not profiled.
    samples, genes
        Axes of the analysis.
    carried
        See :class:`Calls`.

    Returns
    -------
    Calls
        The same facts on the axes of the analysis.
    """
    rows, columns = calls.index.get_indexer(samples), calls.columns.get_indexer(genes)
    return Calls(
        values=calls.to_numpy(dtype=np.int8, copy=False),
        row_of_sample=np.asarray(rows, dtype=np.intp),
        column_of_gene=np.asarray(columns, dtype=np.intp),
        carried=carried,
    )


def code_pairs(
    frame: pd.DataFrame, *, samples: pd.Index, genes: pd.Index
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the sorted distinct keys of the rows that are on both axes, and the first row of each key.

    Parameters
    ----------
    frame
        ``sample_id, gene``.
    samples, genes
        Axes of the analysis.

    Returns
    -------
    tuple
        Keys ``sample * n_genes + gene`` and row numbers.
    """
    sample, gene = encode(frame["sample_id"], samples), encode(frame["gene"], genes)
    there = np.flatnonzero((sample >= 0) & (gene >= 0))
    keys, first = np.unique(sample[there].astype(np.int64) * len(genes) + gene[there], return_index=True)
    return keys.astype(np.int64), there[first]


def score_pairs(cells: Cells, sample: NDArray[np.intp], gene: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return what each sample says about each gene.

    Parameters
    ----------
    cells
        The coded study.
    sample, gene
        (k,) codes.

    Returns
    -------
    ndarray
        (k,) scores.
    """
    score = cells.coverage.scores[cells.coverage.combination[sample], gene]
    key = sample.astype(np.int64) * cells.n_genes + gene
    if len(cells.unclear):
        place = np.minimum(np.searchsorted(cells.unclear, key), len(cells.unclear) - 1)
        unclear = (cells.unclear[place] == key) & (score == WILD_TYPE)
        score = np.where(unclear, cells.unclear_score[place], score)
    if cells.calls is not None:
        row, column = cells.calls.row_of_sample[sample], cells.calls.column_of_gene[gene]
        there = np.flatnonzero((row >= 0) & (column >= 0))
        called = cells.calls.scores(cells.calls.values[row[there], column[there]], cells.blind[sample[there]])
        score[there] = np.maximum(score[there], called)
    if len(cells.hit):
        place = np.minimum(np.searchsorted(cells.hit, key), len(cells.hit) - 1)
        score = np.where(cells.hit[place] == key, np.uint8(ALTERED), score)
    return score


def fill_scores(cells: Cells) -> NDArray[np.uint8]:
    """Return the score of every gene in every patient: the maximum over the samples that speak.

    Parameters
    ----------
    cells
        The coded study.

    Returns
    -------
    ndarray
        (n_genes, n_patients) scores.
    """
    chosen = np.flatnonzero(cells.chosen)
    table, group = group_patients(
        cells.coverage.combination[chosen],
        cells.patient[chosen],
        cells.coverage.scores,
        n_patients=len(cells.patients),
    )
    dense = np.take(np.ascontiguousarray(table.T), group, axis=1)
    if cells.calls is not None:
        _fill_calls(dense, cells, cells.calls)
    sample, gene = _split(cells.unclear, cells)
    if len(sample):
        patient, gene = _distinct(cells.patient[sample], gene, cells.n_genes)
        dense[gene, patient] = _collapse(cells, patient, gene)
    sample, gene = _split(cells.hit, cells)
    dense[gene, cells.patient[sample]] = ALTERED
    return dense


def pair_samples(
    cells: Cells, patient: NDArray[np.intp], *, chosen_only: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, for each entry of ``patient``, all its samples: positions in ``patient`` and sample codes.

    Parameters
    ----------
    cells
        The coded study.
    patient
        (k,) patient codes; may repeat.
    chosen_only
        Only samples that speak for the patient.

    Returns
    -------
    tuple
        Two arrays of one length; the positions ascend.
    """
    pool = np.flatnonzero(cells.chosen) if chosen_only else np.arange(len(cells.patient))
    pool = pool[np.argsort(cells.patient[pool], kind="stable")]
    owner = cells.patient[pool]
    first, last = np.searchsorted(owner, patient, "left"), np.searchsorted(owner, patient, "right")
    count = last - first
    position = np.repeat(np.arange(len(patient)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return position, pool[np.repeat(first, count) + within]


def _split(keys: NDArray[np.int64], cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return sample and gene of the keys whose sample speaks."""
    sample, gene = (keys // cells.n_genes).astype(np.intp), (keys % cells.n_genes).astype(np.intp)
    speaks = cells.chosen[sample]
    return sample[speaks], gene[speaks]


def _distinct(
    first: NDArray[np.intp], second: NDArray[np.intp], n_second: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    keys = np.unique(first.astype(np.int64) * n_second + second)
    return (keys // n_second).astype(np.intp), (keys % n_second).astype(np.intp)


def _collapse(cells: Cells, patient: NDArray[np.intp], gene: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return the maximum over the speaking samples of each (patient, gene); each has at least one."""
    position, sample = pair_samples(cells, patient, chosen_only=True)
    score = score_pairs(cells, sample, gene[position])
    return np.maximum.reduceat(score, np.flatnonzero(np.r_[True, position[1:] != position[:-1]]))


def _fill_calls(dense: NDArray[np.uint8], cells: Cells, calls: Calls) -> None:
    """Raise ``dense`` to the ready-made calls, one sample of each patient at a time."""
    genes = np.flatnonzero(calls.column_of_gene >= 0)
    todo = np.flatnonzero(cells.chosen & (calls.row_of_sample >= 0))
    while len(todo):
        patient, first = np.unique(cells.patient[todo], return_index=True)
        sample = todo[first]
        rows, blind = calls.row_of_sample[sample], cells.blind[sample]
        for start in range(0, len(genes), _BLOCK):
            block = genes[start : start + _BLOCK]
            values = calls.values[np.ix_(rows, calls.column_of_gene[block])].T
            where = np.ix_(block, patient)
            dense[where] = np.maximum(dense[where], calls.scores(values, blind))
        todo = np.delete(todo, first)
