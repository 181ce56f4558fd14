"""An endpoint at the extremes that its partial dates allow (DOMAIN 1.13, partial-date policy ``bounds``)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from netgen.clinical.endpoints import Endpoint


def at_bound(endpoint: Endpoint, bound: Literal["min", "max"]) -> Endpoint:
    """Return the endpoint with every time at the shortest, or at the longest, that its dates allow.

    A sensitivity analysis runs once on each and reports the range of its results; who has exact dates only is the same
    in both.

    Parameters
    ----------
    endpoint
        As derived.
    bound
        min or max.

    Returns
    -------
    Endpoint
        ``time_days`` is ``time_min`` or ``time_max``; a time of 0 becomes half a day unless it was 0 before. Dates and
        entry stay as imputed, the flag ``at_min`` or ``at_max`` marks times that changed. Who would then enter on or
        after the exit is left out, ``entry_after_exit``.

    Examples
    --------
    >>> from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
    >>> from netgen.errors import Findings
    >>> at_bound(derive_endpoint({}, EndpointSpec(name="os"), findings=Findings()), "min").name
    'os'
    """
    table = endpoint.table
    time = table[f"time_{bound}"]
    time = time.mask((time == 0) & (table["time_days"] > 0), 0.5)
    flags = table["flags"].mask(time != table["time_days"], (table["flags"] + f";at_{bound}").str.lstrip(";"))
    moved = table.assign(time_days=time, flags=flags)
    late = (moved["entry_days"] >= moved["time_days"]).to_numpy(dtype=bool)
    gone = moved.loc[late, ["patient_id", "endpoint"]].assign(reason=pd.Series("entry_after_exit", dtype="string"))
    gone = gone.assign(reason=gone["reason"].fillna("entry_after_exit"))
    excluded = pd.concat([endpoint.excluded, gone], ignore_index=True).sort_values("patient_id", kind="stable")
    return replace(endpoint, table=moved[~late].reset_index(drop=True), excluded=excluded.reset_index(drop=True))
