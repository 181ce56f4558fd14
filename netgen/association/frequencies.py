"""How often is each gene altered in each origin, and do the origins differ? Exact limits and tests.

Only patients who were profiled count. An origin in which a gene was hardly ever sequenced has no frequency worth
comparing: it is listed, left out of the test and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.analysis_set import UNKNOWN
from netgen.association.freeman_halton import FreemanHalton, freeman_halton
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.plan import ALPHA, MIN_ALTERED_SMALL
from netgen.association.proportions import clopper_pearson, wilson
from netgen.provenance import MASTER_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

MIN_COVERAGE: Final = 0.5  # share of an origin's patients that must be profiled for its frequency to be compared
MAX_TABLES: Final = 3e6  # numbers handled in one exact test: a tenth of a second, for there is a test per feature
ALL: Final = "all"

# Columns of the table of frequencies, in order, with their meaning. The row with origin = all holds the test.
FREQUENCY_COLUMNS: Final[dict[str, str]] = {
    "feature": "gene or pathway",
    "origin": "origin, or all: everybody, and the test across the origins that can be compared",
    "n_total": "patients of the origin",
    "n_profiled": "of these profiled for the feature: the denominator",
    "n_altered": "altered",
    "frequency": "n_altered / n_profiled; NA if nobody was profiled",
    "cp_lo": "lower 95 % limit of the frequency, Clopper-Pearson",
    "cp_hi": "upper 95 % limit",
    "wilson_lo": "lower 95 % limit of the frequency, Wilson",
    "wilson_hi": "upper 95 % limit",
    "compared": "the origin is part of the test; in the row all: there is a test",
    "n_origins": "origins compared",
    "p": "Freeman-Halton p of equal frequencies in the origins compared",
    "p_method": "exact or monte_carlo",
    "n_draws": "tables drawn; 0 if exact",
    "mc_lo": "95 % interval of a Monte-Carlo p",
    "mc_hi": "its upper end",
    "min_attainable_p": "the smallest p these margins allow; NA for a Monte-Carlo p",
    "q_bh": "Benjamini-Hochberg within the family",
    "m_family": "tests in the family",
    "left_out": "origins left out of the test, joined by ;",
    "status": "tested, or why not; of an origin: compared, or why not",
    "warnings": "codes joined by ;",
}

FREQUENCY_STATUSES: Final[dict[str, str]] = {
    "tested": "tested, member of the family",
    "compared": "the origin is part of the test",
    "not_profiled": "no patient was profiled",
    "low_coverage": "fewer than half of the origin's patients were profiled: not comparable",
    "origin_unknown": "patients without a known origin",
    "too_few_origins": "fewer than two origins can be compared",
    "too_few_altered": "fewer altered patients than min_altered in the origins compared",
    "too_few_unaltered": "fewer unaltered patients than min_altered in the origins compared",
    "untestable_discrete": "no arrangement of the data could reach the significance level",
}


@dataclass(frozen=True, kw_only=True)
class GroupFrequencies:
    """Counts of m features in g groups.

    Attributes
    ----------
    groups
        (g,) labels, sorted.
    n_total
        (g,) patients.
    n_profiled, n_altered
        (m, g) profiled, and altered among them.
    """

    groups: NDArray[np.str_]
    n_total: NDArray[np.int64]
    n_profiled: NDArray[np.int64]
    n_altered: NDArray[np.int64]


def count_frequencies(genes: NDArray[np.int8], groups: ArrayLike) -> GroupFrequencies:
    """Return how many patients of each group are profiled and altered for each feature.

    Parameters
    ----------
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    groups
        (n,) labels.

    Returns
    -------
    GroupFrequencies
        Groups sorted by label.

    Raises
    ------
    ValueError
        If there is not one label per patient.
    """
    labels = np.asarray(groups, dtype=str)
    if labels.shape != (genes.shape[1],):
        raise ValueError("need one group label per patient")
    names, code = np.unique(labels, return_inverse=True)
    member = [np.flatnonzero(code == g) for g in range(len(names))]
    profiled = np.column_stack([(genes[:, rows] >= 0).sum(axis=1) for rows in member])
    altered = np.column_stack([(genes[:, rows] == 1).sum(axis=1) for rows in member])
    n_total = np.array([len(rows) for rows in member], dtype=np.int64)
    return GroupFrequencies(groups=names, n_total=n_total, n_profiled=profiled, n_altered=altered)


def compare_frequencies(
    genes: NDArray[np.int8],
    origin: ArrayLike,
    features: Sequence[str] | pd.Index,
    *,
    min_altered: int = MIN_ALTERED_SMALL,
    min_coverage: float = MIN_COVERAGE,
    alpha: float = ALPHA,
    level: float = 0.95,
    seed: int = MASTER_SEED,
) -> pd.DataFrame:
    """Return the frequency of each feature in each origin and test whether the origins differ.

    A patient who is not profiled for a feature is in no denominator of that feature.

    Parameters
    ----------
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    origin
        (n,) labels; patients of the origin ``unknown`` are listed and not compared.
    features
        (m,) names.
    min_altered
        Smallest number of altered and of unaltered patients in the origins compared.
    min_coverage
        An origin in which a smaller share of the patients, or nobody, is profiled for a feature is not compared.
    alpha
        A feature that cannot reach this p is not tested and does not count in the family.
    level
        Of the confidence limits.
    seed
        Master seed of Monte-Carlo tests.

    Returns
    -------
    pandas.DataFrame
        ``FREQUENCY_COLUMNS``; per feature, sorted by name, one row per origin, sorted, and the row ``all``. There,
        ``W_PANEL_MISMATCH`` says that an origin was left out because it was not profiled for the feature.

    Raises
    ------
    ValueError
        If the shapes do not fit or a name occurs twice.

    Notes
    -----
    The panel guard: origins profiled with different panels are only compared on what both panels hold (DOMAIN 3.14). An
    origin in which at least half of the patients are profiled is compared on these; whether they are like the others
    of their origin is for the reader to judge from ``n_total`` and ``n_profiled``. Witness: DOMAIN SC23, R
    ``fisher.test`` and ``binom.test``.
    """
    names = np.asarray(features, dtype=str)
    if genes.shape[0] != len(names) or len(np.unique(names)) != len(names):
        raise ValueError("need one different name per row of genes")
    order = np.argsort(names, kind="stable")
    counts = count_frequencies(genes[order], origin)
    origins = _origin_status(counts, min_coverage)
    compared = origins == "compared"
    status = _feature_status(counts, compared, min_altered)
    tests = _tests(counts, compared, status == "tested", seed)
    for i, test in tests.items():
        if test.min_attainable_p > alpha:
            status[i] = "untestable_discrete"
    rows = _origin_rows(names[order], counts, origins)
    summary = _summary_rows(names[order], counts, origins, status, tests)
    table = pd.concat([rows, summary], ignore_index=True).astype(_TYPES)
    shares = [
        make(table["n_altered"].to_numpy(dtype=np.int64), table["n_profiled"].to_numpy(dtype=np.int64), level=level)
        for make in (clopper_pearson, wilson)
    ]
    table["frequency"] = shares[0].estimate
    for name, share in zip(("cp", "wilson"), shares, strict=True):
        table[f"{name}_lo"], table[f"{name}_hi"] = share.lo, share.hi
    place = np.concatenate([np.repeat(np.arange(len(order)), len(counts.groups)), np.arange(len(order))])
    return table.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)[list(FREQUENCY_COLUMNS)]


_TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(["feature", "origin", "p_method", "left_out", "status", "warnings"], "string"),
    **dict.fromkeys(["n_total", "n_profiled", "n_altered", "n_origins", "n_draws", "m_family"], "Int64"),
    **dict.fromkeys(["p", "mc_lo", "mc_hi", "min_attainable_p", "q_bh"], "float64"),
    "compared": "boolean",
}


def _origin_status(counts: GroupFrequencies, min_coverage: float) -> NDArray[np.str_]:
    """(m, g) ``compared``, or why an origin cannot be."""
    rules = [
        ("origin_unknown", np.broadcast_to(counts.groups == UNKNOWN, counts.n_profiled.shape)),
        ("not_profiled", counts.n_profiled == 0),
        ("low_coverage", counts.n_profiled < min_coverage * counts.n_total),
    ]
    return np.select([rule for _, rule in rules], [name for name, _ in rules], default="compared")


def _feature_status(counts: GroupFrequencies, compared: NDArray[np.bool_], min_altered: int) -> NDArray[np.str_]:
    """(m,) ``tested`` or the first rule that forbids a test."""
    altered, profiled = ((part * compared).sum(axis=1) for part in (counts.n_altered, counts.n_profiled))
    rules = [
        ("not_profiled", counts.n_profiled.sum(axis=1) == 0),
        ("too_few_origins", compared.sum(axis=1) < 2),
        ("too_few_altered", altered < min_altered),
        ("too_few_unaltered", profiled - altered < min_altered),
    ]
    status = np.select([rule for _, rule in rules], [name for name, _ in rules], default="tested")
    return status.astype(f"U{max(map(len, FREQUENCY_STATUSES))}")


def _tests(
    counts: GroupFrequencies, compared: NDArray[np.bool_], wanted: NDArray[np.bool_], seed: int
) -> dict[int, FreemanHalton]:
    """Test per feature; features with the same counts, in whatever origins, share one."""
    known: dict[tuple[tuple[int, int], ...], FreemanHalton] = {}
    tests: dict[int, FreemanHalton] = {}
    for i in np.flatnonzero(wanted).tolist():
        use = compared[i]
        altered, profiled = counts.n_altered[i, use], counts.n_profiled[i, use]
        key = tuple(sorted(zip(altered.tolist(), profiled.tolist(), strict=True)))
        if key not in known:
            known[key] = freeman_halton([altered, profiled - altered], seed=seed, max_tables=MAX_TABLES)
        tests[i] = known[key]
    return tests


def _origin_rows(names: NDArray[np.str_], counts: GroupFrequencies, origins: NDArray[np.str_]) -> pd.DataFrame:
    """One row per feature and origin."""
    m, g = origins.shape
    return pd.DataFrame(
        {
            "feature": np.repeat(names, g),
            "origin": np.tile(counts.groups, m),
            "n_total": np.tile(counts.n_total, m),
            "n_profiled": counts.n_profiled.ravel(),
            "n_altered": counts.n_altered.ravel(),
            "compared": (origins == "compared").ravel(),
            "status": origins.ravel(),
            "warnings": "",
        }
    )


def _summary_rows(
    names: NDArray[np.str_],
    counts: GroupFrequencies,
    origins: NDArray[np.str_],
    status: NDArray[np.str_],
    tests: dict[int, FreemanHalton],
) -> pd.DataFrame:
    """One row per feature with its test."""
    shown = [tests.get(i) for i in range(len(names))]
    mismatch = np.isin(origins, ["not_profiled", "low_coverage"]).any(axis=1) & (counts.n_profiled.sum(axis=1) > 0)
    frame = pd.DataFrame(
        {
            "feature": names,
            "origin": ALL,
            "n_total": counts.n_total.sum(),
            "n_profiled": counts.n_profiled.sum(axis=1),
            "n_altered": counts.n_altered.sum(axis=1),
            "compared": [test is not None for test in shown],
            "n_origins": (origins == "compared").sum(axis=1),
            "p_method": pd.array([None if test is None else test.method for test in shown], dtype="string"),
            "n_draws": pd.array([None if test is None else test.n_draws for test in shown], dtype="Int64"),
            **{
                name: np.array([np.nan if test is None else getattr(test, name) for test in shown], dtype=np.float64)
                for name in ("p", "mc_lo", "mc_hi", "min_attainable_p")
            },
            "left_out": [";".join(counts.groups[row != "compared"]) for row in origins],
            "status": status,
            "warnings": np.where(mismatch, "W_PANEL_MISMATCH", ""),
        }
    )
    tested = frame["status"] == "tested"
    frame["q_bh"] = adjust_pvalues(frame["p"].where(tested).to_numpy(dtype=np.float64))
    frame["m_family"] = int(tested.sum())
    return frame
