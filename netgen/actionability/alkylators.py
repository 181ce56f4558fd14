"""Whether an alkylating drug was given before a specimen was taken: such drugs raise the mutational burden.

Temozolomide and its relatives leave mutations of their own, so a high burden after them is not the tumour's own doing.
Names of drugs come from the drug dictionary that ships (``netgen/data/drug_classes.tsv``); the class of a line alone
does not do, for that of temozolomide with cisplatin is platinum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.drug_names import class_of, find_drug_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALKYLATING: Final = "chemo_alkylating"
LEAD_DAYS: Final = 30  # a line that starts later than this before the specimen cannot have left mutations yet


def is_alkylating(lines: pd.DataFrame) -> pd.Series:
    """Tell for each line of treatment whether an alkylating drug was part of it.

    Parameters
    ----------
    lines
        ``schema.TREATMENTS``: regimen, regimen_class. All intents count.

    Returns
    -------
    Series
        "bool" by the index of ``lines``: the class is chemo_alkylating, or the regimen names such a drug by any name of
        the dictionary (``CAPTEM``, ``TMZ``, ``STZ/5-FU``).
    """
    texts = lines["regimen"].fillna("").astype("string")
    named = {text: any(class_of(drug) == ALKYLATING for drug in find_drug_names(text)) for text in texts.unique()}
    by_class = (lines["regimen_class"] == ALKYLATING).fillna(value=False).astype(bool)
    return texts.map(named).astype(bool) | by_class


def prior_alkylator(specimens: pd.DataFrame, lines: pd.DataFrame) -> pd.Series:
    """Tell for each specimen whether an alkylating line had started at least 30 days before it.

    Parameters
    ----------
    specimens
        patient_id, date_collection, date_sequencing_report, with ``_precision`` where it is not the day. The date of
        collection counts; where it is missing, that of the report.
    lines
        ``schema.TREATMENTS``; without a single row nothing is known of the treatment.

    Returns
    -------
    Series
        "boolean" by the index of ``specimens``: missing where the order cannot be told, because a date is missing or
        only its month or year is known.

    Notes
    -----
    The sample's ``prior_alkylator`` of DOMAIN 1.2, the caveat of DOMAIN 4.6. A patient without an alkylating line has
    False.
    """
    if lines.empty:
        return pd.Series(pd.NA, index=specimens.index, dtype="boolean")
    given = lines.loc[is_alkylating(lines).to_numpy()]
    first, last = _limits(given, "date_start")
    doses = pd.DataFrame({"patient_id": given["patient_id"].array, "first": first, "last": last})
    taken = _taken(specimens)
    pairs = taken.merge(doses, on="patient_id")
    lead = pd.Timedelta(days=LEAD_DAYS)
    before = (pairs["last"] <= pairs["earliest"] - lead).groupby(pairs["place"]).any()
    after = (pairs["first"] > pairs["latest"] - lead).groupby(pairs["place"]).all()
    out = pd.Series(data=False, index=taken["place"], dtype="boolean")
    out[before.index] = pd.arrays.BooleanArray(before.to_numpy(dtype=bool), mask=~(before | after).to_numpy(dtype=bool))
    return pd.Series(out.array, index=specimens.index, dtype="boolean")


def _taken(specimens: pd.DataFrame) -> pd.DataFrame:
    """Return place, patient_id and the earliest and latest day on which each specimen may have been taken."""
    earliest, latest = _limits(specimens, "date_collection")
    known = ~np.isnat(earliest)
    reported = _limits(specimens, "date_sequencing_report")
    return pd.DataFrame({
        "place": np.arange(len(specimens)),
        "patient_id": specimens["patient_id"].array,
        "earliest": np.where(known, earliest, reported[0]),
        "latest": np.where(known, latest, reported[1]),
    })  # fmt: skip


def _limits(frame: pd.DataFrame, column: str) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Return the first and last day that dates may mean, by their precision."""
    dates = frame[column].to_numpy(dtype="datetime64[ns]").astype("datetime64[D]")
    companion = f"{column}_precision"
    missing = pd.Series(pd.NA, index=frame.index, dtype="string")
    precision = (frame[companion] if companion in frame.columns else missing).fillna("day")
    first, last = dates.copy(), dates.copy()
    for unit, code in (("month", "M"), ("year", "Y")):
        rough = (precision == unit).to_numpy(dtype=bool)
        start = dates[rough].astype(f"datetime64[{code}]")
        first[rough] = start.astype("datetime64[D]")
        last[rough] = (start + 1).astype("datetime64[D]") - 1
    return first.astype("datetime64[ns]"), last.astype("datetime64[ns]")
