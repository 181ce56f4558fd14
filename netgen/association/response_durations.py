"""How long treatment and response last, by group: described, never tested.

Responders are known only after treatment began, and long treatments are the ones still ongoing: the median of the lines
that ended and the Kaplan-Meier median stand side by side (DOMAIN 2.6, 2.7).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.response_results import DURATION_COLUMNS
from netgen.clinical.duration import summarize_duration
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint, list_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from netgen.clinical.endpoints import Endpoint
    from netgen.errors import Findings

ALL = "all"


def describe_durations(
    tables: Mapping[str, pd.DataFrame],
    responses: pd.DataFrame,
    line: int,
    groups: Mapping[str, tuple[pd.Series, list[str]]],
    *,
    data_cutoff: date | None,
    findings: Findings,
) -> pd.DataFrame:
    """Return duration of treatment and of response of one line, of everybody and of each group.

    Parameters
    ----------
    tables
        Canonical tables.
    responses
        From ``best_responses``; the duration of response starts from its ``first_response_date``.
    line
        Line number.
    groups
        Name -> group of each patient (indexed by patient_id), and the groups in order.
    data_cutoff
        Administrative end of observation.
    findings
        Receives W_DOT_ONGOING and what the endpoints have to say.

    Returns
    -------
    DataFrame
        ``DURATION_COLUMNS``; no rows for an endpoint that the tables do not carry.
    """
    available = {(spec.kind, spec.origin) for spec in list_endpoints(tables)}
    started = set(responses.loc[responses["line_number"] == line, "patient_id"])
    rows: list[dict[str, Any]] = []
    for kind in ("dot", "dor"):
        if (kind, f"line:{line}") not in available:
            continue
        spec = EndpointSpec(name=kind, origin=f"line:{line}", entry_rule="none")
        endpoint = derive_endpoint(tables, spec, data_cutoff=data_cutoff, responses=responses, findings=findings)
        everybody = pd.Series(ALL, index=pd.Index(sorted(started), dtype="string"), dtype="string")
        for variable, (labels, order) in {ALL: (everybody, [ALL]), **groups}.items():
            ended = _ended(endpoint, None if variable == ALL else labels, findings) if kind == "dot" else {}
            rows += [
                {"endpoint": kind, "line": line, "variable": variable, "level": level}
                | _curve(endpoint, labels, level, started)
                | ended.get(level, {})
                for level in order
            ]
    return pd.DataFrame(rows, columns=list(DURATION_COLUMNS))


def _ended(endpoint: Endpoint, labels: pd.Series | None, findings: Findings) -> dict[str, dict[str, float]]:
    """Median and quartiles of the lines that ended, by group."""
    frame = summarize_duration(endpoint, labels, findings=findings)
    return {
        str(row["group"]): {f"{name}_ended": row[f"{name}_days"] for name in ("median", "q1", "q3")}
        for row in frame.to_dict("records")
    }


def _curve(endpoint: Endpoint, labels: pd.Series, level: str, started: set[str]) -> dict[str, Any]:
    """Give counts and the Kaplan-Meier median of a group."""
    members = started.intersection(labels.index[(labels == level).to_numpy(dtype=bool, na_value=False)])
    table = endpoint.table.loc[endpoint.table["patient_id"].isin(members)]
    event = table["event"].to_numpy(dtype=bool)
    out: dict[str, Any] = {"n": len(table), "n_ended": int(event.sum()), "n_ongoing": int((~event).sum())}
    out |= {"n_excluded": len(members) - len(table), "km_median": math.nan, "warnings": ""}
    if endpoint.name == "dot" and out["n_ongoing"]:
        out["warnings"] = "W_DOT_ONGOING"
    if len(table):
        median = survival_quantile(kaplan_meier(table["time_days"].to_numpy(dtype=np.float64), event))
        out |= {"km_median": median.estimate, "km_median_lo": median.lo, "km_median_hi": median.hi}
    return out
