"""Duration of treatment in words of description: median and quartiles of the lines that ended (DOMAIN 2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.clinical.rows import counted, warn_once

if TYPE_CHECKING:
    from netgen.clinical.endpoints import Endpoint
    from netgen.errors import Findings

DURATION_COLUMNS: Final[dict[str, str]] = {
    "group": "level of the grouping, or all",
    "n": "lines that started",
    "n_ended": "lines that ended; only these are described",
    "n_ongoing": "lines without end: censored in a Kaplan-Meier estimate, left out here",
    "median_days": "median duration of the ended lines, first and last day counted",
    "q1_days": "first quartile",
    "q3_days": "third quartile",
}


def summarize_duration(endpoint: Endpoint, groups: pd.Series | None = None, *, findings: Findings) -> pd.DataFrame:
    """Return the descriptive duration of treatment, to be shown beside the Kaplan-Meier median.

    Long treatments are the ones still ongoing, so that the median of the ended ones is too short (W_DOT_ONGOING).

    Parameters
    ----------
    endpoint
        Kind dot.
    groups
        Group of each patient, indexed by ``patient_id``; a missing group is left out. None = everyone.
    findings
        Receives W_DOT_ONGOING with the count.

    Returns
    -------
    DataFrame
        Columns of ``DURATION_COLUMNS``: everyone first, then groups in sorted order. Quartiles are type 7 (linear), NaN
        where no line ended.
    """
    table = endpoint.table
    parts = [("all", table)]
    if groups is not None:
        labels = table["patient_id"].map(groups)
        parts += [(str(name), table[(labels == name).to_numpy(dtype=bool, na_value=False)])
                  for name in sorted(labels.dropna().unique())]  # fmt: skip
    rows = []
    for name, part in parts:
        ended = part.loc[part["event"], "time_days"]
        low, middle, high = (float(ended.quantile(share)) for share in (0.25, 0.5, 0.75))
        rows.append((name, len(part), len(ended), len(part) - len(ended), middle, low, high))
    ongoing = int((~table["event"]).sum())
    if ongoing:
        warn_once(
            findings,
            "W_DOT_ONGOING",
            f"{endpoint.name} from {endpoint.origin}: {counted(ongoing, 'line')} of {len(table)} without end left out"
            " of the descriptive median, which is therefore too short.",
            fix="Read the Kaplan-Meier median beside it.",
        )
    return pd.DataFrame(rows, columns=list(DURATION_COLUMNS))
