"""Which genes are altered together more often, or less often, than expected? Exact tests of all pairs.

A pair is counted in the patients profiled for both genes. Origins differ in what is altered, and pooling them makes
genes of one origin look like partners: the primary test keeps both genes' frequencies fixed within each stratum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.exact_tables import TableScan, scan_tables
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.plan import ALPHA, MIN_ALTERED_SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

MIN_JOINT: Final = 6  # fewer patients in all are shown and not tested (DOMAIN 3.20)
LOW_COVERAGE: Final = 0.5

# Columns of the table of pairs, in order, with their meaning. NA = not tested, see status.
COOCCURRENCE_COLUMNS: Final[dict[str, str]] = {
    "gene_a": "first gene of the pair, in sorted order",
    "gene_b": "second gene",
    "n_total": "patients of the analysis set",
    "n_profiled": "of these profiled for both genes: every count of the row is among them",
    "both": "altered in both genes",
    "a_only": "altered in gene_a only",
    "b_only": "altered in gene_b only",
    "neither": "altered in neither",
    "expected_both": "expected number altered in both, if the genes are independent within strata",
    "log2_or": "log2 odds ratio of the four counts, 0.5 added to each (Haldane-Anscombe); not adjusted for strata",
    "direction": "cooccurring or exclusive: both against expected_both; none if they are equal",
    "p_primary": "two-sided exact p within strata, given each gene's frequency in each stratum",
    "p_cooccurring": "one-sided exact p within strata: so many altered in both, or more",
    "p_exclusive": "one-sided exact p within strata: so few altered in both, or fewer",
    "p_fisher": "two-sided Fisher exact p, strata ignored",
    "p_fisher_cooccurring": "one-sided, strata ignored",
    "p_fisher_exclusive": "one-sided, strata ignored",
    "min_attainable_p": "the smallest p_primary that these frequencies allow",
    "strata": "variable that stratifies, or none",
    "n_strata_informative": "strata in which the frequencies leave room for more than one outcome",
    "q_bh": "Benjamini-Hochberg of p_primary within the family",
    "m_family": "tests in the family",
    "status": "tested, or why not",
    "warnings": "codes joined by ;",
}

COOCCURRENCE_STATUSES: Final[dict[str, str]] = {
    "tested": "tested, member of the family",
    "too_few_jointly_profiled": "fewer patients than min_joint are profiled for both genes",
    "too_few_altered": "one of the genes has fewer than min_altered altered among the patients profiled for both",
    "too_few_unaltered": "one of the genes has fewer than min_altered unaltered among them",
    "untestable_discrete": "no arrangement of the data could reach the significance level",
}


@dataclass(frozen=True, kw_only=True)
class PairCounts:
    """Counts of m x m ordered pairs of genes in k strata, each (k, m, m), among patients profiled for both genes.

    Attributes
    ----------
    n
        Patients profiled for both.
    both
        Altered in both.
    first
        Altered in the gene of the row, whatever the other; its transpose is that of the gene of the column.
    """

    n: NDArray[np.int64]
    both: NDArray[np.int64]
    first: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cooccurrence:
    """Tests of all pairs.

    Attributes
    ----------
    table
        One row per pair of genes with enough altered patients, ``COOCCURRENCE_COLUMNS``.
    skipped
        gene, n_profiled, n_altered, reason: genes that are in no pair.
    """

    table: pd.DataFrame
    skipped: pd.DataFrame


def count_pairs(genes: NDArray[np.int8], stratum: ArrayLike | None = None) -> PairCounts:
    """Return the counts behind the 2 x 2 table of every pair of genes, by matrix products.

    Parameters
    ----------
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    stratum
        (n,) labels; None = one stratum.

    Returns
    -------
    PairCounts
        Strata in sorted order.
    """
    code = np.zeros(genes.shape[1], dtype=np.intp) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    k, m = int(code.max(initial=0)) + 1, len(genes)
    n, both, first = (np.empty((k, m, m), dtype=np.int64) for _ in range(3))
    for s in range(k):
        part = genes[:, code == s]
        altered, profiled = (part == 1).astype(np.float64), (part >= 0).astype(np.float64)  # whole numbers to 2^53
        n[s], both[s], first[s] = profiled @ profiled.T, altered @ altered.T, altered @ profiled.T
    return PairCounts(n=n, both=both, first=first)


def scan_cooccurrence(
    genes: NDArray[np.int8],
    features: Sequence[str] | pd.Index,
    *,
    strata: ArrayLike | None = None,
    strata_name: str = "none",
    min_altered: int = MIN_ALTERED_SMALL,
    min_joint: int = MIN_JOINT,
    alpha: float = ALPHA,
) -> Cooccurrence:
    """Test every pair of genes for co-occurrence and mutual exclusivity.

    A patient who is not profiled for one gene of a pair has no part in that pair, and is not wild type.

    Parameters
    ----------
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    features
        (m,) names.
    strata
        (n,) labels, such as origins; None = one stratum.
    strata_name
        What they are.
    min_altered
        Smallest number of altered and of unaltered patients of each gene, among those profiled for both.
    min_joint
        Smallest number of patients profiled for both.
    alpha
        A pair that cannot reach this p is not tested and does not count in the family.

    Returns
    -------
    Cooccurrence
        Pairs sorted by name. The family is all pairs with status ``tested``.

    Raises
    ------
    ValueError
        If the shapes do not fit or a name occurs twice.

    Warnings
    --------
    Genes that lie close together are lost and gained together, and a patient with a high mutation burden has more of
    everything: both look like co-occurrence. Neither is adjusted for here.

    Notes
    -----
    1. ``p_primary`` permutes the labels of one gene within strata, counted in full: the number altered in both is a sum
       of hypergeometric numbers. Two-sided: outcomes as likely as the observed one, or less.
    2. Witness: R ``fisher.test`` and ``mantelhaen.test(exact = TRUE)``, ``tests/reference/fisher``.

    References
    ----------
    Agresti A. A survey of exact inference for contingency tables. Stat Sci 7:131-153 (1992).
    """
    names = np.asarray(features, dtype=str)
    if genes.shape[0] != len(names) or len(np.unique(names)) != len(names):
        raise ValueError("need one different name per row of genes")
    if strata is not None and len(np.asarray(strata)) != genes.shape[1]:
        raise ValueError("need one stratum label per patient")
    order = np.argsort(names, kind="stable")
    altered, profiled = (genes == 1).sum(axis=1)[order], (genes >= 0).sum(axis=1)[order]
    paired = altered >= min_altered
    kept = order[paired]
    counts = count_pairs(genes[kept], strata)
    a, b = np.triu_indices(len(kept), k=1)
    table = _counts(counts, a, b, genes.shape[1])
    table.insert(0, "gene_a", pd.array(names[kept][a], dtype="string"))
    table.insert(1, "gene_b", pd.array(names[kept][b], dtype="string"))
    status = _status(table, min_altered, min_joint)
    table = table.assign(**_tests(counts, a, b, status, alpha), strata=strata_name if strata is not None else "none")
    table["q_bh"] = adjust_pvalues(table["p_primary"].where(status == "tested").to_numpy(dtype=np.float64))
    table["m_family"] = pd.array(np.full(len(table), (status == "tested").sum()), dtype="Int64")
    low = table["n_profiled"] < LOW_COVERAGE * table["n_total"]
    table["warnings"] = np.where(low, "W_LOW_COVERAGE", "")
    table["status"] = status
    text = ["direction", "strata", "status", "warnings"]
    table = table.astype(dict.fromkeys(text, "string"))[list(COOCCURRENCE_COLUMNS)]
    return Cooccurrence(table=table, skipped=_skipped(names[order], altered, profiled, paired))


def _counts(counts: PairCounts, a: NDArray[np.intp], b: NDArray[np.intp], n_total: int) -> pd.DataFrame:
    """Count columns of the pairs, summed over strata."""
    n, both, first = (part.sum(axis=0) for part in (counts.n, counts.both, counts.first))
    whole = {
        "n_total": np.full(len(a), n_total),
        "n_profiled": n[a, b],
        "both": both[a, b],
        "a_only": first[a, b] - both[a, b],
        "b_only": first[b, a] - both[a, b],
        "neither": n[a, b] - first[a, b] - first[b, a] + both[a, b],
    }
    frame = pd.DataFrame({name: pd.array(values, dtype="Int64") for name, values in whole.items()})
    in_strata = counts.first[:, a, b] * counts.first[:, b, a] / np.maximum(counts.n[:, a, b], 1)
    frame["expected_both"] = in_strata.sum(axis=0)
    cells = {name: whole[name] + 0.5 for name in ("both", "a_only", "b_only", "neither")}
    frame["log2_or"] = np.log2(cells["both"] * cells["neither"] / (cells["a_only"] * cells["b_only"]))
    return frame


def _status(table: pd.DataFrame, min_altered: int, min_joint: int) -> NDArray[np.str_]:
    """Return ``tested`` or the first rule that forbids a test, per pair."""
    whole = {name: table[name].to_numpy(dtype=np.int64) for name in ("n_profiled", "both", "a_only", "b_only")}
    altered = whole["both"] + np.minimum(whole["a_only"], whole["b_only"])
    most = whole["both"] + np.maximum(whole["a_only"], whole["b_only"])
    rules = [
        ("too_few_jointly_profiled", whole["n_profiled"] < min_joint),
        ("too_few_altered", altered < min_altered),
        ("too_few_unaltered", whole["n_profiled"] - most < min_altered),
    ]
    status = np.select([rule for _, rule in rules], [name for name, _ in rules], default="tested")
    return status.astype(f"U{max(map(len, COOCCURRENCE_STATUSES))}")


def _tests(
    counts: PairCounts, a: NDArray[np.intp], b: NDArray[np.intp], status: NDArray[np.str_], alpha: float
) -> dict[str, Any]:
    """Columns of the tests; marks in ``status`` the pairs that cannot reach alpha."""
    rows = np.flatnonzero(status == "tested")
    a, b = a[rows], b[rows]
    cells = [part.T for part in (counts.both[:, a, b], counts.n[:, a, b], counts.first[:, a, b], counts.first[:, b, a])]
    within = scan_tables(*cells)
    pooled = scan_tables(*(part.sum(axis=1) for part in cells)) if cells[0].shape[1] > 1 else within
    status[rows[within.min_attainable_p > alpha]] = "untestable_discrete"
    informative = np.full(len(status), -1)
    informative[rows] = within.n_informative
    direction = pd.Series(pd.NA, index=range(len(status)), dtype="string")
    direction.iloc[rows] = _direction(within)
    values = {
        "p_primary": within.p,
        "p_cooccurring": within.p_greater,
        "p_exclusive": within.p_less,
        "p_fisher": pooled.p,
        "p_fisher_cooccurring": pooled.p_greater,
        "p_fisher_exclusive": pooled.p_less,
        "min_attainable_p": within.min_attainable_p,
    }
    out: dict[str, Any] = {name: np.full(len(status), np.nan) for name in values}
    for name, column in values.items():
        out[name][rows] = column
    return out | {
        "direction": direction,
        "n_strata_informative": pd.arrays.IntegerArray(np.maximum(informative, 0), informative < 0),
    }


def _direction(tests: TableScan) -> NDArray[np.str_]:
    """Tell in which direction the observed number differs from the expected one."""
    excess = tests.observed - tests.expected
    return np.where(excess > 1e-9, "cooccurring", np.where(excess < -1e-9, "exclusive", "none"))


def _skipped(
    names: NDArray[np.str_], altered: NDArray[np.int64], profiled: NDArray[np.int64], paired: NDArray[np.bool_]
) -> pd.DataFrame:
    """Genes that are in no pair."""
    reason = np.where(profiled == 0, "not_profiled", "too_few_altered")[~paired]
    return pd.DataFrame(
        {
            "gene": pd.array(names[~paired], dtype="string"),
            "n_profiled": pd.array(profiled[~paired], dtype="Int64"),
            "n_altered": pd.array(altered[~paired], dtype="Int64"),
            "reason": pd.array(reason, dtype="string"),
        }
    )
