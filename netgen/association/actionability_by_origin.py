"""How often is an actionable alteration found in each origin, and do the origins differ? Exact limits and tests.

Denominators are the patients in whom the markers were looked for. Origins in which different things were looked for are
not compared: fewer findings may only mean a smaller panel. On request they are compared on what all of them share.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.actionability.levels import RESISTANCE, SENSITIVITY
from netgen.association.actionable_comparison import choose_markers, rank_hits
from netgen.association.actionable_origins import group_origins
from netgen.association.actionable_patients import is_induced
from netgen.association.freeman_halton import FreemanHalton, freeman_halton
from netgen.association.frequencies import MAX_TABLES, MIN_COVERAGE
from netgen.association.plan import ALPHA
from netgen.association.proportions import clopper_pearson, wilson
from netgen.provenance import MASTER_SEED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netgen.association.actionable_comparison import Choice
    from netgen.association.actionable_coverage import MarkerCoverage
    from netgen.association.actionable_origins import Origins

ALL: Final = "all"
GROUPINGS: Final = ("origin_group3", "origin_group2")
# Name of a cut-off -> the worst level it takes in.
CUTOFFS: Final[dict[str, str]] = {"N1": "N1", "N3A": "N3A", "N3B": "N3B", "any": "N4"}
RESISTANCE_ROW: Final = "resistance"
MAIN: Final = "main"
WITHOUT_INDUCED: Final = "without_therapy_induced_TMB"
KEEP: Final = 0.8  # share of an origin's profiled patients that a comparison on common markers must keep

# Columns of actionability_by_origin.tsv, in order, with their meaning. The row with origin = all holds the test.
ORIGIN_COLUMNS: Final[dict[str, str]] = {
    "grouping": "column that holds the origin",
    "cutoff": "levels that count: N1; N3A: N1 to N3A; N3B: N1 to N3B, actionable as a rule; any: N1 to N4, shown but"
    " not called actionable; resistance: NR1, NR2",
    "analysis": "main, or without_therapy_induced_TMB: mutational burdens that treatment may have induced do not count",
    "origin": "origin, or all: everybody, and the test across the origins compared",
    "n_total": "patients of the origin",
    "n_profiled": "of these covered for the markers: the denominator",
    "n_actionable": "with at least one alteration at a level that counts",
    "proportion": "n_actionable / n_profiled; NA if nobody was profiled",
    "cp_lo": "lower 95 % limit of the proportion, Clopper-Pearson",
    "cp_hi": "upper 95 % limit",
    "wilson_lo": "lower 95 % limit of the proportion, Wilson",
    "wilson_hi": "upper 95 % limit",
    "compared": "the origin is part of the test; in the row all: there is a test",
    "n_origins": "origins compared",
    "p": "Freeman-Halton p of equal proportions in the origins compared; not adjusted, the cut-offs are nested",
    "p_method": "exact or monte_carlo",
    "n_draws": "tables drawn; 0 if exact",
    "mc_lo": "95 % interval of a Monte-Carlo p",
    "mc_hi": "its upper end",
    "min_attainable_p": "the smallest p these margins allow; NA for a Monte-Carlo p",
    "restricted": "the count is on the markers that all origins compared have in common",
    "n_markers": "markers counted on: those that could give such a level and were covered in somebody",
    "uneven_markers": "markers covered in some of the profiled patients only; left out if restricted; joined by ;",
    "left_out": "origins left out of the test, joined by ;",
    "status": "tested, or why not; of an origin: compared, or why not",
    "warnings": "codes joined by ;",
}
ORIGIN_STATUSES: Final[dict[str, str]] = {
    "tested": "tested",
    "described": "a proportion, nothing is compared",
    "compared": "the origin is part of the test",
    "not_profiled": "nobody was covered for a marker that could give such a level",
    "panel_mismatch": "markers are covered in some origins or patients only: compared only on common markers",
    "no_common_marker": "no marker is covered in all origins",
    "origin_unknown": "patients without a known origin",
    "not_sequenced": "nobody of the origin was tested for anything",
    "no_marker": "patients were tested, but for no marker that could give such a level",
    "low_coverage": "fewer than half of the tested patients were covered for such a marker",
    "too_few_origins": "fewer than two origins can be compared",
    "nobody_actionable": "nobody in the origins compared has such an alteration",
    "everybody_actionable": "everybody in the origins compared has one",
    "untestable_discrete": "no arrangement of the data could reach the significance level",
}
_TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ["grouping", "cutoff", "analysis", "origin", "p_method", "uneven_markers", "left_out", "status", "warnings"],
        "string",
    ),
    **dict.fromkeys(["n_total", "n_profiled", "n_actionable", "n_origins", "n_draws", "n_markers"], "Int64"),
    **dict.fromkeys(["p", "mc_lo", "mc_hi", "min_attainable_p"], "float64"),
    **dict.fromkeys(["compared", "restricted"], "boolean"),
}


def distribute(
    hits: pd.DataFrame,
    patients: pd.DataFrame,
    coverage: MarkerCoverage,
    *,
    by: Sequence[str] = GROUPINGS,
    restrict: bool = False,
    keep: float = KEEP,
    level: float = 0.95,
    alpha: float = ALPHA,
    seed: int = MASTER_SEED,
) -> pd.DataFrame:
    """Return how many profiled patients of each origin have an actionable alteration, by cut-off, and test them.

    A patient in whom no marker was covered is in no denominator.

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
    restrict
        Count on the markers that the origins have in common, and compare them on these.
    keep
        With ``restrict``: share of the profiled patients of every origin who must be covered for all common markers.
    level
        Of the confidence limits.
    alpha
        A table that cannot reach this p is ``untestable_discrete``.
    seed
        Master seed of Monte-Carlo tests.

    Returns
    -------
    DataFrame
        ``ORIGIN_COLUMNS``: per grouping, analysis and cut-off one row per origin and the row ``all``.

    Raises
    ------
    ValueError
        If a grouping is not a column, or a hit belongs to a rule that coverage does not know.

    Notes
    -----
    1. A marker matters at a cut-off if a rule could give the patient's own tumour type such a level
       (``MarkerCoverage.level``). A patient is profiled if one such marker is covered, or a hit was found.
    2. The guard: an origin is compared only if at least half of its tested patients are profiled, and there is a test
       only if every marker that was covered in somebody is covered in all profiled patients for whom it matters.
       Otherwise ``panel_mismatch``, W_PANEL_MISMATCH and no p (DOMAIN 3.14).
    3. ``restrict``: markers join the common set in the order of their coverage in the worst covered origin (then by
       name) while ``keep`` of the profiled patients of every origin stay covered for all of them. Counts and
       denominators are on that set and on those patients; findings of other markers do not count. Origins without any
       marker are left out and named.
    4. Drugs used whatever the genotype do not count (``actionable_context``, DOMAIN 4.7).
    5. Resistance is described in a row of its own, among the patients covered for a marker of a resistance rule.
    6. Rows without induced mutational burdens are there if a hit has that flag. The patient stays in the denominator.

    Witness: DOMAIN SC23; R ``fisher.test`` and ``binom.test`` through ``freeman_halton`` and ``proportions``.
    """
    ranks = {MAIN: rank_hits(hits, coverage)}
    induced = is_induced(hits)
    if (induced & (hits["direction"] == "sensitivity").to_numpy(dtype=bool)).any():
        ranks[WITHOUT_INDUCED] = rank_hits(hits[~induced], coverage)
    parts = []
    for grouping in by:
        origins = group_origins(patients, grouping, coverage.patients)
        for analysis, rank in ranks.items():
            for cutoff, worst in CUTOFFS.items():
                choice = choose_markers(
                    coverage, rank, origins, worst=SENSITIVITY.index(worst), restrict=restrict, keep=keep
                )
                head = {"grouping": grouping, "cutoff": cutoff, "analysis": analysis}
                parts.append(_compare(origins, choice, restrict=restrict, alpha=alpha, seed=seed).assign(**head))
        head = {"grouping": grouping, "cutoff": RESISTANCE_ROW, "analysis": MAIN}
        parts.append(_describe_resistance(hits, coverage, origins).assign(**head))
    table = pd.concat([part.reindex(columns=list(_TYPES)).astype(_TYPES) for part in parts], ignore_index=True)
    return _add_limits(table, level)[list(ORIGIN_COLUMNS)]


def _compare(origins: Origins, choice: Choice, *, restrict: bool, alpha: float, seed: int) -> pd.DataFrame:
    """Rows of one cut-off: the origins, and everybody with the test."""
    profiled, actionable = origins.count(choice.profiled), origins.count(choice.actionable)
    status = np.array(choice.status, dtype=object)
    compared = status == "compared"
    summary, test = _test(actionable[compared], profiled[compared], choice, restrict=restrict, alpha=alpha, seed=seed)
    total = origins.count(np.ones(len(origins.code), dtype=bool))
    few = profiled < MIN_COVERAGE * total
    shared = {"restricted": restrict, "n_markers": len(choice.markers)}
    rows = [
        {"origin": name, "n_total": total[i], "n_profiled": profiled[i], "n_actionable": actionable[i],
         "compared": bool(compared[i]) and test is not None, "status": status[i],
         "warnings": "W_LOW_COVERAGE" if few[i] else ""} | shared
        for i, name in enumerate(origins.names)
    ]  # fmt: skip
    warnings = ["W_PANEL_MISMATCH"] if choice.mismatch and choice.n_tested > 1 else []
    if test is not None and test.p > alpha:
        warnings.append("W_NO_EQUIVALENCE")
    left_out = [name for name, one in zip(origins.names, status, strict=True) if one != "compared"]
    whole: dict[str, Any] = {
        "origin": ALL, "n_total": len(origins.code), "n_profiled": profiled.sum(), "n_actionable": actionable.sum(),
        "compared": test is not None, "n_origins": int(compared.sum()), "uneven_markers": ";".join(choice.uneven),
        "left_out": ";".join(left_out), "status": summary, "warnings": ";".join(warnings),
    }  # fmt: skip
    names = ("p", "n_draws", "mc_lo", "mc_hi", "min_attainable_p")
    outcome = {} if test is None else {"p_method": test.method} | {name: getattr(test, name) for name in names}
    return pd.DataFrame([*rows, whole | shared | outcome])


def _test(
    actionable: NDArray[np.int64],
    profiled: NDArray[np.int64],
    choice: Choice,
    *,
    restrict: bool,
    alpha: float,
    seed: int,
) -> tuple[str, FreemanHalton | None]:
    """Status of the comparison, and the test if there is one."""
    rules = [
        ("not_profiled", not choice.anybody),
        ("too_few_origins", choice.n_tested < 2),
        ("panel_mismatch", choice.mismatch and not restrict),
        ("too_few_origins", len(profiled) < 2),
        ("no_common_marker", not choice.markers),
        ("nobody_actionable", actionable.sum() == 0),
        ("everybody_actionable", actionable.sum() == profiled.sum()),
    ]
    for name, holds in rules:
        if holds:
            return name, None
    test = _compare_counts(tuple(actionable.tolist()), tuple(profiled.tolist()), seed)
    return ("untestable_discrete" if test.min_attainable_p > alpha else "tested"), test


@lru_cache(maxsize=256)
def _compare_counts(actionable: tuple[int, ...], profiled: tuple[int, ...], seed: int) -> FreemanHalton:
    """Test equal proportions; nested cut-offs often have the same counts."""
    table = [actionable, tuple(n - x for x, n in zip(actionable, profiled, strict=True))]
    return freeman_halton(table, seed=seed, max_tables=MAX_TABLES)


def _describe_resistance(hits: pd.DataFrame, coverage: MarkerCoverage, origins: Origins) -> pd.DataFrame:
    """Rows of resistance: found among the patients who were covered for a resistance rule."""
    markers = coverage.markers["resistance"].to_numpy(dtype=bool)
    found = (hits["direction"].eq("resistance") & hits["level"].isin(RESISTANCE)).to_numpy(dtype=bool)
    resistant = coverage.patients.isin(hits.loc[found, "patient_id"])
    profiled = coverage.covered[markers].any(axis=0) | resistant
    masks = [*(origins.code == i for i in range(len(origins.names))), np.ones(len(origins.code), dtype=bool)]
    return pd.DataFrame(
        {
            "origin": [*origins.names, ALL],
            "n_total": [int(mask.sum()) for mask in masks],
            "n_profiled": [int((mask & profiled).sum()) for mask in masks],
            "n_actionable": [int((mask & resistant).sum()) for mask in masks],
            "compared": False,
            "restricted": False,
            "n_markers": int((coverage.covered[markers].any(axis=1)).sum()),
            "status": "described",
            "warnings": "",
        }
    )


def _add_limits(table: pd.DataFrame, level: float) -> pd.DataFrame:
    count, n = (table[name].to_numpy(dtype=np.int64) for name in ("n_actionable", "n_profiled"))
    shares: Mapping[str, Any] = {"cp": clopper_pearson(count, n, level=level), "wilson": wilson(count, n, level=level)}
    limits = {f"{name}_{end}": getattr(share, end) for name, share in shares.items() for end in ("lo", "hi")}
    return table.assign(proportion=shares["cp"].estimate, **limits)
