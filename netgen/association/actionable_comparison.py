"""On which markers, and in which patients, origins can be compared for actionability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.actionable_coverage import REASONS, UNTESTED
from netgen.association.actionable_markers import NO_LEVEL
from netgen.association.actionable_patients import therapeutic_hits
from netgen.association.analysis_set import UNKNOWN
from netgen.association.frequencies import MIN_COVERAGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.actionable_coverage import MarkerCoverage
    from netgen.association.actionable_origins import Origins

_UNTESTED: Final = [REASONS.index(name) for name in UNTESTED]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Patients and markers of one comparison.

    Attributes
    ----------
    profiled, actionable
        (n,) in the denominator, and in the numerator.
    markers
        Markers counted on.
    uneven
        Markers that were not covered in all profiled patients of the origins compared.
    mismatch
        The origins were not all looked at for the same.
    status
        Of each origin: ``compared``, or why not.
    anybody
        Somebody was covered for a marker, before any restriction.
    n_tested
        Known origins in which something was tested.
    """

    profiled: NDArray[np.bool_]
    actionable: NDArray[np.bool_]
    markers: tuple[str, ...]
    uneven: tuple[str, ...]
    mismatch: bool
    status: tuple[str, ...]
    anybody: bool
    n_tested: int


def rank_hits(hits: pd.DataFrame, coverage: MarkerCoverage) -> NDArray[np.int8]:
    """Return the best therapeutic level that was found by each marker in each patient.

    Parameters
    ----------
    hits
        ``actionability.matching.HIT_COLUMNS``.
    coverage
        Of the same rules.

    Returns
    -------
    NDArray[np.int8]
        (m, n) place in ``levels.SENSITIVITY``, or ``actionable_markers.NO_LEVEL``.

    Raises
    ------
    ValueError
        If a hit belongs to a rule that coverage does not know.
    """
    giving = therapeutic_hits(hits[hits["patient_id"].isin(coverage.patients)])
    out = np.full(coverage.covered.shape, NO_LEVEL, dtype=np.int8)
    marker, patient = _places(giving, coverage)
    np.minimum.at(out, (marker, patient), giving["rank"].to_numpy(dtype=np.int8))
    return out


def choose_markers(
    coverage: MarkerCoverage,
    rank: NDArray[np.int8],
    origins: Origins,
    *,
    worst: int,
    restrict: bool,
    keep: float,
) -> Choice:
    """Return who is counted at a cut-off, on which markers, and whether the origins can be compared.

    Parameters
    ----------
    coverage
        What was looked for in whom.
    rank
        (m, n) best level found, of ``rank_hits``.
    origins
        Of the same patients.
    worst
        Place in ``levels.SENSITIVITY`` of the worst level that counts.
    restrict
        Count on common markers only.
    keep
        Share of the profiled patients of every origin who must be covered for all common markers.

    Returns
    -------
    Choice
        Without ``restrict`` the counts are on all markers, whether the origins can be compared or not.

    Notes
    -----
    The rules are those of ``actionability_by_origin.distribute``.
    """
    relevant, hit = coverage.level <= worst, rank <= worst
    usable = coverage.covered & relevant
    enough = coverage.covered | ~relevant
    profiled = np.asarray((usable | hit).any(axis=0))
    tested = np.asarray(~np.isin(coverage.reason, _UNTESTED).all(axis=0) | profiled)
    status = _judge(origins, profiled, tested)
    compared = np.array([one == "compared" for one in status], dtype=bool)
    inside = profiled & compared[origins.code]
    studied = usable.any(axis=1)
    uneven = (studied & ~enough[:, inside].all(axis=1)) | (hit & ~coverage.covered)[:, inside].any(axis=1)
    other_panel = np.isin(status, ["no_marker", "low_coverage"])
    used, counted = np.asarray(studied), profiled
    if restrict:
        used = _find_common(enough, used, origins.code, inside, keep)
        counted = np.asarray(enough[used].all(axis=0) & usable[used].any(axis=0))
    found = (hit & coverage.covered)[used] if restrict else hit
    names = coverage.markers["marker"].to_numpy(dtype=str)
    return Choice(
        profiled=counted,
        actionable=np.asarray(counted & found.any(axis=0)),
        markers=tuple(names[used].tolist()),
        uneven=tuple(names[uneven].tolist()),
        mismatch=bool(uneven.any() or (other_panel.any() and compared.any())),
        status=status,
        anybody=bool(profiled.any()),
        n_tested=int((compared | other_panel).sum()),
    )


def _places(hits: pd.DataFrame, coverage: MarkerCoverage) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Marker and patient of each hit."""
    names = pd.Index(coverage.markers["marker"])
    pairs = coverage.pairs
    keys = pd.MultiIndex.from_frame(pairs[["rule_id", "gene"]])
    exact = keys.get_indexer(pd.MultiIndex.from_arrays([hits["rule_id"], hits["gene"]]))
    general = keys.get_indexer(
        pd.MultiIndex.from_arrays([hits["rule_id"], pd.Series("", index=hits.index, dtype="string")])
    )
    found = np.where(exact >= 0, exact, general)
    if (found < 0).any():
        lost = hits.loc[found < 0, ["rule_id", "gene"]].iloc[0]
        raise ValueError(
            f"coverage knows no marker of rule {lost['rule_id']} for {lost['gene']!r}: use the same rules."
        )
    marker = names.get_indexer(pd.Index(pairs["marker"].iloc[found]))
    return marker, coverage.patients.get_indexer(pd.Index(hits["patient_id"]))


def _judge(origins: Origins, profiled: NDArray[np.bool_], tested: NDArray[np.bool_]) -> tuple[str, ...]:
    """Status of each origin by how many of its tested patients are profiled."""
    n_profiled, n_tested = origins.count(profiled), origins.count(tested)
    rules = [
        ("origin_unknown", np.array([name == UNKNOWN for name in origins.names], dtype=bool)),
        ("not_sequenced", n_tested == 0),
        ("no_marker", n_profiled == 0),
        ("low_coverage", n_profiled < MIN_COVERAGE * n_tested),
    ]
    return tuple(np.select([rule for _, rule in rules], [name for name, _ in rules], default="compared").tolist())


def _find_common(
    enough: NDArray[np.bool_],
    studied: NDArray[np.bool_],
    code: NDArray[np.intp],
    inside: NDArray[np.bool_],
    keep: float,
) -> NDArray[np.bool_]:
    """(m,) markers that leave enough patients of every origin covered for all of them, best covered first."""
    origins = [np.flatnonzero(inside & (code == one)) for one in np.unique(code[inside])]
    common = np.zeros(len(studied), dtype=bool)
    if not origins:
        return common
    share = np.min([enough[:, rows].mean(axis=1) for rows in origins], axis=0)
    candidates = np.flatnonzero(studied)
    alive = inside.copy()
    for row in candidates[np.argsort(-share[candidates], kind="stable")]:
        left = alive & enough[row]
        if all(left[rows].sum() >= keep * len(rows) for rows in origins):
            common[row], alive = True, left
    return common
