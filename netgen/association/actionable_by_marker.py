"""How often is each marker actionable in each origin? One denominator per marker: who was covered for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.levels import COUNTED, SENSITIVITY
from netgen.association.actionability_by_origin import GROUPINGS
from netgen.association.actionable_comparison import rank_hits
from netgen.association.actionable_coverage import ALL, count_reasons
from netgen.association.actionable_markers import MARKER_COLUMNS
from netgen.association.actionable_origins import group_origins
from netgen.association.frequencies import FREQUENCY_COLUMNS, FREQUENCY_STATUSES, compare_frequencies
from netgen.provenance import MASTER_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.association.actionable_coverage import MarkerCoverage

# Columns of actionability_by_marker.tsv; the row with origin = all holds the test.
MARKER_ORIGIN_COLUMNS: Final[dict[str, str]] = {
    "grouping": "column that holds the origin",
    "marker": MARKER_COLUMNS["marker"],
    "gene": MARKER_COLUMNS["gene"],
    "needs": MARKER_COLUMNS["needs"],
    "origin": "origin, or all: everybody, and the test across the origins that can be compared",
    "n_total": "patients of the origin",
    "n_profiled": "of these covered for the marker: the denominator",
    "n_not_covered": "the others: target not covered",
    "reasons": "why not, with the number of patients, joined by ;",
    "n_off_panel": "findings in patients whose assays do not cover the marker: listed here, in no proportion",
    "n_actionable": "covered patients with a finding at a counted level",
    "proportion": "n_actionable / n_profiled; NA if nobody was profiled",
    **{name: FREQUENCY_COLUMNS[name] for name in list(FREQUENCY_COLUMNS)[list(FREQUENCY_COLUMNS).index("cp_lo"):]},
}  # fmt: skip
MARKER_ORIGIN_STATUSES: Final = FREQUENCY_STATUSES


def distribute_markers(
    hits: pd.DataFrame,
    patients: pd.DataFrame,
    coverage: MarkerCoverage,
    *,
    by: Sequence[str] = GROUPINGS,
    worst: str = COUNTED[-1],
    level: float = 0.95,
    seed: int = MASTER_SEED,
) -> pd.DataFrame:
    """Return, per marker, how many covered patients of each origin have an actionable finding, and test the difference.

    A patient in whom a marker was not covered is in no denominator of that marker.

    Parameters
    ----------
    hits
        ``actionability.matching.HIT_COLUMNS`` of the rules that ``coverage`` was made for.
    patients
        Indexed by ``patient_id``, with the columns of ``by``.
    coverage
        Of ``actionable_coverage.cover_markers``.
    by
        Columns that hold the origin.
    worst
        The worst level that counts as a finding.
    level
        Of the confidence limits.
    seed
        Master seed of Monte-Carlo tests.

    Returns
    -------
    DataFrame
        ``MARKER_ORIGIN_COLUMNS``, for markers that could give a patient of the cohort such a level; per grouping and
        marker, sorted, one row per origin, sorted, and the row ``all``.

    Raises
    ------
    ValueError
        If a grouping is not a column, or a hit belongs to a rule that coverage does not know.

    Notes
    -----
    A finding beyond the panel has no denominator: where only positives are reported, everybody would be positive. It
    counts for its patient (``summarize_patients``) and is listed here. Tests, their family and the guard against
    origins that were not covered are those of ``frequencies.compare_frequencies``.
    """
    limit = SENSITIVITY.index(worst)
    shown = np.flatnonzero((coverage.level <= limit).any(axis=1))
    found = rank_hits(hits, coverage)[shown] <= limit
    covered, reason = coverage.covered[shown], coverage.reason[shown]
    status = np.where(covered, found, -1).astype(np.int8)
    beyond = found & ~covered
    markers = coverage.markers.iloc[shown]
    parts = []
    for grouping in by if len(shown) else ():
        origins = group_origins(patients, grouping, coverage.patients)
        label = np.asarray(origins.names, dtype=str)[origins.code]
        table = compare_frequencies(status, label, markers["marker"].tolist(), level=level, seed=seed)
        row = pd.Index(markers["marker"]).get_indexer(pd.Index(table["feature"]))
        inside = [np.ones(len(label), dtype=bool) if name == ALL else label == name for name in table["origin"]]
        parts.append(
            table.assign(
                grouping=grouping,
                gene=markers["gene"].iloc[row].to_numpy(),
                needs=markers["needs"].iloc[row].to_numpy(),
                n_not_covered=table["n_total"] - table["n_profiled"],
                reasons=[count_reasons(reason[i, mask]) for i, mask in zip(row, inside, strict=True)],
                n_off_panel=[int((beyond[i] & mask).sum()) for i, mask in zip(row, inside, strict=True)],
            )
        )
    names = {"feature": "marker", "n_altered": "n_actionable", "frequency": "proportion"}
    out = pd.concat(parts, ignore_index=True).rename(columns=names) if parts else pd.DataFrame()
    text = dict.fromkeys(("grouping", "marker", "gene", "needs", "reasons"), "string")
    types = text | dict.fromkeys(("n_not_covered", "n_off_panel"), "Int64")
    return out.reindex(columns=list(MARKER_ORIGIN_COLUMNS)).astype(types)
