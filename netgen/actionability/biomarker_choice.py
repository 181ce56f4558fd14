"""Which of several results of one marker holds for a patient.

A marker is measured again, on another sample, or by another method, and the results may differ. Nothing is averaged:
the latest result holds, else the one of a sample before one of the patient, else none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.biomarker_words import INDETERMINATE, MMR_PROTEINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

# test: how it was measured, where a marker has several; sample_id: missing = of the patient; result: indeterminate = no
# result that can be used; size_mb: of the panel behind a burden, as stated with it; tier: a source is asked only if no
# source before it has a result.
MEASURED_DTYPES: Final[dict[str, str]] = {
    **dict.fromkeys(("patient_id", "sample_id", "marker", "test", "result", "flags", "file"), "string"),
    "date": "datetime64[ns]",
    "value": "float64",
    "size_mb": "float64",
    "row": "Int64",
    "tier": "int64",
}
CONFLICT: Final = "biomarker_conflict"
SUPERSEDED: Final = "earlier_result_differs"
LESS_SPECIFIC: Final = "other_result_differs"
METHODS_DIFFER: Final = "methods_differ"
_KEYS: Final = ["patient_id", "test"]


def choose_results(measured: pd.DataFrame, *, findings: Findings) -> pd.DataFrame:
    """Return one row per patient and marker.

    Parameters
    ----------
    measured
        ``MEASURED_DTYPES``, and ``sampled``: when the sample was taken.
    findings
        Receives W_BIOMARKER_CONFLICT per patient and test whose results cannot be reconciled.

    Returns
    -------
    DataFrame
        Rows of ``measured``, sorted by patient and marker; a conflict has ``indeterminate`` and no value.

    Notes
    -----
    1. Per test: results that can be used come before indeterminate ones, then the lowest tier counts alone.
    2. Results that agree: the latest, of a sample, with a number.
    3. Results that differ: the latest if all are dated (by result, or else all by sample), flag
       ``earlier_result_differs``; else those of samples if they agree, flag ``other_result_differs``; else none: flag
       ``biomarker_conflict``. Numbers without a verdict do not conflict.
    4. Tests of one marker (MGMT by immunohistochemistry and methylation; proteins of mismatch repair): deficient by any
       is deficient, flag ``methods_differ`` if another says proficient. One retained protein proves nothing, four do.
    """
    usable = (measured["result"] != INDETERMINATE).to_numpy(dtype=bool)
    rows = measured.assign(rank=measured["tier"] + 10 * ~usable, place=range(len(measured)))
    rows = rows[(rows["rank"] == rows.groupby(_KEYS)["rank"].transform("min")).to_numpy(dtype=bool)]
    rows = rows.assign(has_value=rows["value"].notna(), has_sample=rows["sample_id"].notna()).sort_values(
        ["patient_id", "test", "date", "sampled", "has_sample", "has_value", "sample_id", "place"],
        ascending=[True, True, False, False, False, False, True, True],
        kind="stable",
    )
    out = _join_tests(_settle(rows, findings))
    return out[list(measured.columns)].reset_index(drop=True).astype(MEASURED_DTYPES)


def _settle(rows: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return one row per patient and test; rows are sorted, best first."""
    same = [rows[key] for key in _KEYS]
    dated = rows["date"].notna().groupby(same).transform("all")
    when = rows["date"].where(dated, rows["sampled"])
    known = when.notna().groupby(same).transform("all")
    latest = rows[(~known | (when == when.groupby(same).transform("max"))).to_numpy(dtype=bool)]
    of_samples = latest[latest["has_sample"].to_numpy(dtype=bool)]
    steps = {"": rows[~_varies(rows)], SUPERSEDED: latest[~_varies(latest)],
             LESS_SPECIFIC: of_samples[~_varies(of_samples)], CONFLICT: rows}  # fmt: skip
    step = pd.Series(pd.NA, index=rows.index, dtype="string")
    for name, part in steps.items():
        step = step.fillna(pd.Series(name, index=part.index, dtype="string"))
    order = step.map({name: place for place, name in enumerate(steps)})
    best = rows.assign(step=step, order=order)[(order == order.groupby(same).transform("min")).to_numpy(dtype=bool)]
    out = best.drop_duplicates(_KEYS)
    void = out["step"] == CONFLICT
    _report(out[void.to_numpy(dtype=bool)], rows, findings)
    flags = _join_flags(out["flags"], out["step"])
    return out.assign(flags=flags, result=out["result"].mask(void, INDETERMINATE), value=out["value"].mask(void))


def _varies(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows are of a patient and test with several different results among these rows."""
    return np.asarray(rows.groupby(_KEYS)["result"].transform("nunique") > 1, dtype=bool)


def _report(none: pd.DataFrame, rows: pd.DataFrame, findings: Findings) -> None:
    """Tell of each patient and test without a result that holds."""
    of_these = rows.merge(none[_KEYS], on=_KEYS)
    results = of_these.groupby(_KEYS)["result"].agg(lambda found: ", ".join(sorted(set(found))))
    for patient_id, test in none[_KEYS].itertuples(index=False, name=None):
        findings.add(
            "W_BIOMARKER_CONFLICT",
            f"Results of {test} differ and no date or sample decides: {results[patient_id, test]}; none was used.",
            fix="Give the dates of the results, or the one that holds.",
            column="biomarker",
            value=test,
            patient_id=patient_id,
        )


def _join_tests(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per patient and marker, in order: deficient by any test, else proficient, else indeterminate."""
    groups = [rows["patient_id"], rows["marker"]]
    several = rows["marker"].isin(["MGMT", "MMR"])
    lost, kept = rows["result"].isin(["deficient", "loss"]) & several, (rows["result"] == "proficient") & several
    whole = rows["result"].eq("retained").groupby(groups).transform("sum") == len(MMR_PROTEINS)
    any_lost, any_kept = (mask.groupby(groups).transform("any") for mask in (lost, kept))
    said = np.select([lost, kept | whole], ["deficient", "proficient"], INDETERMINATE)
    differ = pd.Series(np.where(lost & any_lost & any_kept, METHODS_DIFFER, ""), index=rows.index)
    joined = rows.assign(
        result=rows["result"].mask(several, pd.Series(said, index=rows.index)),
        flags=_join_flags(rows["flags"], differ),
        rank=np.select([lost, kept], [0, 1], 2),
    )
    return joined.sort_values(["patient_id", "marker", "rank", "test"], kind="stable").drop_duplicates(
        ["patient_id", "marker"]
    )


def _join_flags(flags: pd.Series, added: pd.Series) -> pd.Series:
    return (flags + ";" + added).str.strip(";")
