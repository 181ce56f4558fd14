"""NETPET class of a patient from a pair of FDG and somatostatin-receptor scans (DOMAIN 1.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import canonical, to_days

if TYPE_CHECKING:
    from collections.abc import Mapping

PAIR_DAYS: Final = 31
UPTAKE: Final = 2  # Krenning score of a positive scan
DUAL: Final = "P2-P4"  # both positive: which of the three needs a reader
# FDG result, receptor result -> class
CLASSES: Final[dict[tuple[str, str], str]] = {
    ("negative", "negative"): "P0",
    ("negative", "positive"): "P1",
    ("positive", "positive"): DUAL,
    ("positive", "negative"): "P5",
}
NETPET_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "date": "FDG scan, or the scan whose class a reader recorded",
    "netpet": "P0 to P5; P2-P4 where both scans are positive and no reader compared them",
    "source": "recorded (by a reader) or derived (from the results of both scans)",
}


def derive_netpet(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one NETPET class per patient who has one.

    Scans without a result (positive or negative) are in no pair. P2, P3 and P4 are never told apart from uptake values.

    Parameters
    ----------
    tables
        Canonical tables; ``imaging`` is read.

    Returns
    -------
    DataFrame
        ``NETPET_COLUMNS``, one row per patient, sorted.

    Notes
    -----
    1. A class that a reader recorded counts, the earliest one.
    2. Else the earliest pair at most 31 days apart; of several partners the nearest, then the earlier.
    3. A receptor scan without a result is positive with a Krenning score of 2 to 4, negative with 0 or 1.

    References
    ----------
    Chan DLH et al. Theranostics 7:1149-1158 (2017), the NETPET grade.
    """
    imaging = canonical(tables, "imaging")
    imaging = imaging.assign(day=to_days(imaging["date"]), outcome=_outcome(imaging))
    read = imaging.loc[imaging["netpet"].notna()].sort_values(["patient_id", "day", "netpet"], kind="stable")
    recorded = read.drop_duplicates("patient_id")[["patient_id", "date", "netpet"]].assign(source="recorded")
    derived = _pairs(imaging)
    derived = derived.loc[~derived["patient_id"].isin(recorded["patient_id"])]
    out = pd.concat([part for part in (recorded, derived) if len(part)] or [recorded], ignore_index=True)
    out = out.sort_values("patient_id", kind="stable", ignore_index=True)[list(NETPET_COLUMNS)]
    return out.astype({"patient_id": "string", "netpet": "string", "source": "string"})


def _outcome(imaging: pd.DataFrame) -> pd.Series:
    """Return the result of a scan; a Krenning score stands in for a blank one of a receptor scan."""
    score = imaging["krenning"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    scored = np.where(score >= UPTAKE, "positive", "negative")
    receptor = imaging["modality"].isin(["SSTR_PET", "octreoscan"]).to_numpy(dtype=bool)
    instead = pd.Series(scored, index=imaging.index, dtype="string").mask(np.isnan(score) | ~receptor)
    return imaging["result"].fillna(instead)


def _pairs(imaging: pd.DataFrame) -> pd.DataFrame:
    """Earliest pair of scans with results of each patient."""
    known = imaging.loc[imaging["outcome"].isin(["positive", "negative"]) & imaging["day"].notna()]
    keep = ["patient_id", "date", "day", "outcome"]
    fdg = known.loc[known["modality"] == "FDG_PET", keep]
    receptor = known.loc[known["modality"] == "SSTR_PET", keep]
    both = fdg.merge(receptor, on="patient_id", suffixes=("", "_receptor"))
    both = both.assign(apart=(both["day"] - both["day_receptor"]).abs())
    both = both.loc[both["apart"] <= PAIR_DAYS]
    order = ["patient_id", "day", "apart", "day_receptor", "outcome", "outcome_receptor"]
    first = both.sort_values(order, kind="stable").drop_duplicates("patient_id")
    classes = [CLASSES[pair] for pair in zip(first["outcome"], first["outcome_receptor"], strict=True)]
    return pd.DataFrame(
        {
            "patient_id": first["patient_id"],
            "date": first["date"],
            "netpet": pd.Series(classes, index=first.index, dtype="string"),
        }
    ).assign(source="derived")
