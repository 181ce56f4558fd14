"""The same analyses with and without delayed entry, side by side: ``entry_comparison.tsv``.

Without delayed entry the time before sequencing counts as time at risk, although nobody could have died in it: survival
looks too good. With it, survival is right if entry is independent of it. Neither can be checked from the data alone, so
a reader is shown both (DOMAIN 2.10).
"""

from __future__ import annotations

from typing import Final

import pandas as pd

EVERYBODY: Final = "all"
SUFFIXES: Final = ("entry", "naive")  # with delayed entry, without
_FEATURE: Final = ("hr", "hr_lo", "hr_hi", "p_primary", "status")
_CURVE: Final = {"median": "median", "median_lo": "median_lo", "median_hi": "median_hi", "t0": "t0_conditional"}
_MEANING: Final = {
    "n": "patients; profiled for the feature",
    "events": "events among them",
    "median": "Kaplan-Meier median in days, in the row all; NA = not reached",
    "median_lo": "its lower 95 % limit",
    "median_hi": "its upper 95 % limit; NA = not reached",
    "t0": "day the median is conditional on; 0 = none",
    "hr": "hazard ratio, altered : unaltered",
    "hr_lo": "its lower 95 % limit",
    "hr_hi": "its upper 95 % limit",
    "p_primary": "the p-value of the family",
    "status": "tested, or why not",
}

# Columns of entry_comparison.tsv, in order, with their meaning. NA = not estimated.
ENTRY_COMPARISON_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "feature": "gene or pathway; all = everybody",
    **{f"{name}_entry": f"with delayed entry: {text}" for name, text in _MEANING.items()},
    **{f"{name}_naive": f"without: {text}" for name, text in _MEANING.items()},
    "hr_ratio": "hazard ratio with delayed entry / without",
}


def compare_entry(
    with_entry: pd.DataFrame,
    without: pd.DataFrame,
    *,
    km_with_entry: pd.DataFrame | None = None,
    km_without: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the results of both analyses of each feature, and the medians of everybody.

    A feature that only one analysis has keeps its row; what the other does not have is NA.

    Parameters
    ----------
    with_entry, without
        Rows of ``associations.tsv`` of the same endpoints, unique by endpoint and feature.
    km_with_entry, km_without
        Rows of ``km.tsv``; of these the grouping ``all`` gives the row ``all`` of each endpoint. None = no such row.

    Returns
    -------
    DataFrame
        ``ENTRY_COMPARISON_COLUMNS``: endpoints in sorted order, in each the row ``all`` and then the features in sorted
        order.

    Raises
    ------
    ValueError
        If a feature of an endpoint occurs twice in a table.
    """
    tables = zip(SUFFIXES, (with_entry, without), (km_with_entry, km_without), strict=True)
    sides = [_side(rows, km).add_suffix(f"_{suffix}") for suffix, rows, km in tables]
    both = sides[0].join(sides[1], how="outer").reset_index()
    both["hr_ratio"] = both["hr_entry"] / both["hr_naive"]
    both = both.sort_values(
        ["endpoint", "everybody", "feature"], ascending=[True, False, True], kind="stable", ignore_index=True
    )
    out = both.reindex(columns=list(ENTRY_COMPARISON_COLUMNS))
    text = dict.fromkeys(("endpoint", "feature", "status_entry", "status_naive"), "string")
    counts = dict.fromkeys((f"{name}_{suffix}" for name in ("n", "events") for suffix in SUFFIXES), "Int64")
    return out.astype({name: "float64" for name in out.columns if name not in text}).astype({**text, **counts})


def _side(rows: pd.DataFrame, km: pd.DataFrame | None) -> pd.DataFrame:
    """One analysis, indexed by endpoint, feature and whether the row is that of everybody."""
    keys = ["endpoint", "feature", "everybody"]
    features = rows[["endpoint", "feature", *_FEATURE]].assign(
        n=rows["n_profiled"], events=rows["events_altered"] + rows["events_unaltered"], everybody=False
    )
    parts = [features.astype({"endpoint": "string", "feature": "string", "status": "string"})]
    if km is not None:
        whole = km[km["grouping"] == EVERYBODY]
        curve = pd.DataFrame({name: whole[column] for name, column in _CURVE.items()}).astype("float64")
        head = whole[["endpoint", "n", "events"]].assign(feature=EVERYBODY, everybody=True)
        parts.append(head.join(curve).astype({"endpoint": "string", "feature": "string"}))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True).set_index(keys)
    if table.index.has_duplicates:
        endpoint, feature, _ = table.index[table.index.duplicated()][0]
        raise ValueError(f"every feature of an endpoint must have one row; {endpoint} {feature} has several")
    names = [*_MEANING]
    return table.reindex(columns=names)
