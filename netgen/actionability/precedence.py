"""Which of several hits for one alteration and one therapy holds, and what resistance does to a therapy (DOMAIN 4.4).

Hits without a therapy (diagnostic, prognostic, no evidence) do not compete: they are statements of their own. Hits
whose scope is uncertain are no matches; they neither override nor are they evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.levels import RANK, RESISTANCE
from netgen.actionability.rules import FAMILY

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESISTANCE_FLAG: Final = "resistance_cooccurrence"
SCOPE_RANK: Final = {"in_scope": 0, "agnostic": 1, "out_of_scope": 2, "uncertain": 3}
THERAPY_COLUMNS: Final = (
    "patient_id", "therapy", "level", "direction", "alteration_id", "gene", "alteration", "rule_id", "resistance",
)  # fmt: skip


def keep_most_specific(hits: pd.DataFrame) -> pd.DataFrame:
    """Return the hits that hold where rules compete for one alteration and one therapy.

    Parameters
    ----------
    hits
        ``matching.HIT_COLUMNS`` for any number of alterations, in any order; the columns alteration_id, rule_id, kind,
        specificity, scope_match, therapy, direction, level and flags are read.

    Returns
    -------
    DataFrame
        The hits that hold, in their order. One that overrode others has the flag ``overrides:RULE_ID`` for each.

    Notes
    -----
    Among the hits of one alteration, one therapy (whatever its case) and one family of kinds (``rules.FAMILY``):

    1. An explicit exclusion - in scope, level NX or resistance - removes what is agnostic or out of scope, however
       specific (step 5).
    2. Of the rest, the highest specificity stays, even if its level is worse (step 4).
    3. Of equal specificity, all stay: an approval elsewhere and a case series here are both worth reading (SC22, ALK).

    Hits without therapy all stay; hits with uncertain scope override nothing. Witness: ``tests/actionability/
    test_precedence.py``, and a loop in ``test_matching_properties.py``.
    """
    group = _compete(hits)
    certain = (hits["scope_match"] != "uncertain").to_numpy(dtype=bool)
    in_scope = (hits["scope_match"] == "in_scope").to_numpy(dtype=bool)
    refuses = in_scope & (hits["level"].eq("NX").to_numpy(dtype=bool) | _resists(hits))
    contested = group >= 0
    excluded = contested & _any_of(refuses, group) & certain & ~in_scope
    score = hits["specificity"].to_numpy(dtype=np.int64)
    best = _max_of(np.where(certain & ~excluded, score, -1), group)
    lost = contested & (excluded | (score < best))
    return _name_overridden(hits, lost=lost, group=group)


def flag_resistance(hits: pd.DataFrame) -> pd.DataFrame:
    """Return hits with a flag where one patient has sensitivity and resistance to one therapy.

    Parameters
    ----------
    hits
        ``matching.HIT_COLUMNS``.

    Returns
    -------
    DataFrame
        The same hits; ``resistance_cooccurrence`` among the flags of both sides. Resistance counts at a level of
        ``levels.RESISTANCE``, sensitivity at any level but NX. Samples of a patient are taken together: a tumour that
        became resistant was sampled twice.
    """
    group = _patient_and_therapy(hits)
    resists = _resists(hits)
    responds = (hits["direction"].eq("sensitivity") & hits["level"].ne("NX")).to_numpy(dtype=bool)
    both = (group >= 0) & _any_of(resists, group) & _any_of(responds, group) & (resists | responds)
    return hits.assign(flags=add_flag(hits["flags"], both, RESISTANCE_FLAG))


def summarize_therapies(hits: pd.DataFrame) -> pd.DataFrame:
    """Return the level of each therapy for each patient, where resistance goes before sensitivity.

    Parameters
    ----------
    hits
        ``matching.HIT_COLUMNS``.

    Returns
    -------
    DataFrame
        ``THERAPY_COLUMNS``, one row per patient and therapy, sorted: level and rule of the hit that decides, and
        whether that is ``resistance``. A therapy with no hit for sensitivity or resistance has no row.

    Notes
    -----
    The first in this order decides: resistance, better level, better scope (in scope, agnostic, out of scope), higher
    specificity, rule id, alteration id (DOMAIN 4.4 step 8).
    """
    listed = hits["therapy"].ne("") & hits["direction"].isin(["sensitivity", "resistance"])
    rows = hits[listed.to_numpy(dtype=bool)]
    ranks = rows.assign(
        resistance=_resists(rows),
        key=rows["therapy"].str.strip().str.casefold(),
        last=~_resists(rows),
        level_rank=rows["level"].map(RANK),
        scope_rank=rows["scope_match"].map(SCOPE_RANK),
        general=-rows["specificity"].astype("int64"),
    )
    order = ["patient_id", "key", "last", "level_rank", "scope_rank", "general", "rule_id", "alteration_id"]
    first = ranks.sort_values(order, kind="stable").drop_duplicates(["patient_id", "key"])
    return first[list(THERAPY_COLUMNS)].reset_index(drop=True)


def add_flag(flags: pd.Series, where: NDArray[np.bool_], name: str) -> pd.Series:
    """Return flags with one more where a condition holds.

    Parameters
    ----------
    flags
        Flags joined by ";"; the empty text for none.
    where
        Rows that get the flag, shape (rows,).
    name
        The flag, without ";".

    Returns
    -------
    Series of "string"
        Same index; a row that has the flag already is not changed.
    """
    out = flags.astype("string").to_numpy(dtype=object).copy()
    for row in np.flatnonzero(where):
        present = out[row].split(";") if out[row] else []
        out[row] = ";".join(sorted({*present, name}))
    return pd.Series(out, index=flags.index, dtype="string")


def _compete(hits: pd.DataFrame) -> NDArray[np.int64]:
    """Return the number of the competition each hit takes part in, -1 for a hit without therapy."""
    therapy = hits["therapy"].str.strip().str.casefold()
    return _number(hits["alteration_id"], therapy, hits["kind"].map(FAMILY), skip=therapy == "")


def _patient_and_therapy(hits: pd.DataFrame) -> NDArray[np.int64]:
    therapy = hits["therapy"].str.strip().str.casefold()
    return _number(hits["patient_id"], therapy, skip=therapy == "")


def _number(*keys: pd.Series, skip: pd.Series) -> NDArray[np.int64]:
    frame = pd.DataFrame({str(place): key.to_numpy() for place, key in enumerate(keys)})
    group = frame.groupby(list(frame.columns), sort=False, dropna=False).ngroup().to_numpy(dtype=np.int64)
    return np.where(skip.to_numpy(dtype=bool), -1, group)


def _any_of(holds: NDArray[np.bool_], group: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return per hit whether one of its group holds; the group -1 is no group."""
    seen = np.zeros(group.max(initial=-1) + 2, dtype=bool)
    seen[group[holds & (group >= 0)]] = True
    return seen[group]


def _max_of(score: NDArray[np.int64], group: NDArray[np.int64]) -> NDArray[np.int64]:
    best = np.full(group.max(initial=-1) + 2, -1, dtype=np.int64)
    np.maximum.at(best, group, score)
    return best[group]


def _name_overridden(hits: pd.DataFrame, *, lost: NDArray[np.bool_], group: NDArray[np.int64]) -> pd.DataFrame:
    """Leave lost hits out and name them in the flags of the winners of their competition."""
    kept = hits[~lost]
    if not lost.any():
        return kept
    losers = (
        pd.Series(hits["rule_id"].to_numpy(dtype=object)[lost]).groupby(group[lost]).agg(lambda ids: sorted({*ids}))
    )
    winners = (hits["scope_match"] != "uncertain").to_numpy(dtype=bool)[~lost]
    flags = kept["flags"].to_numpy(dtype=object).copy()
    for row, number in enumerate(group[~lost]):
        if winners[row] and number in losers.index:
            names = {f"overrides:{rule_id}" for rule_id in losers[number]}
            flags[row] = ";".join(sorted({*flags[row].split(";"), *names} - {""}))
    return kept.assign(flags=pd.Series(flags, index=kept.index, dtype="string"))


def _resists(hits: pd.DataFrame) -> NDArray[np.bool_]:
    return (hits["direction"].eq("resistance") & hits["level"].isin(RESISTANCE)).to_numpy(dtype=bool)
