"""Which endpoints a cohort can give, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netgen.clinical.attribution import is_palliative
from netgen.clinical.days import canonical
from netgen.clinical.disease_survival import are_causes_known
from netgen.clinical.endpoint_kinds import title_endpoint
from netgen.clinical.endpoint_spec import EndpointSpec
from netgen.clinical.responders import RESPONSE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def list_endpoints(tables: Mapping[str, pd.DataFrame]) -> list[EndpointSpec]:
    """Return what can be derived from the tables, with default choices, and what the source recorded.

    Parameters
    ----------
    tables
        Canonical tables.

    Returns
    -------
    list of EndpointSpec
        os and dss (from advanced disease, else from diagnosis), then pfs, ttp, ttnt, ttf, ttd, dot and dor by line,
        then recorded endpoints by name. An endpoint that can be derived and is recorded as well is listed twice,
        derived first.

    Notes
    -----
    os needs a follow-up with vital status and an origin; dss also the cause of at least 90 % of the deaths, and one
    death at least. pfs and ttp need any assessment or date of progression; ttnt a vital status; ttf, ttd and dot an end
    of a line, or one marked as ongoing; dor a response with its date.
    """
    found = _list_survival(tables)
    treatments = canonical(tables, "treatments")
    rows = is_palliative(treatments) & treatments["date_start"].notna().to_numpy(dtype=bool)
    lines = treatments[rows & treatments["line_number"].notna().to_numpy(dtype=bool)]
    kinds = _kinds_of_lines(tables, lines)
    for kind in kinds:
        found += [EndpointSpec(name=kind, origin=f"line:{int(k)}") for k in sorted(lines["line_number"].unique())]
    names = sorted({str(name) for name in canonical(tables, "recorded_endpoints")["endpoint"].dropna()})
    return found + [EndpointSpec(name=name, source="recorded") for name in names]


def tabulate_endpoints(specs: Sequence[EndpointSpec]) -> pd.DataFrame:
    """Return endpoints as a table for a reader.

    Parameters
    ----------
    specs
        As of ``list_endpoints``, with those of the study behind them.

    Returns
    -------
    DataFrame
        request (what to ask for), title, kind, origin, source, competing (another event competes).
    """
    rows = [
        {
            "request": spec.name if spec.source == "recorded" or spec.events else f"{spec.kind}@{spec.origin}",
            "title": title_endpoint(spec.kind, origin=spec.origin, deaths=spec.deaths, name=spec.name),
            "kind": spec.kind,
            "origin": spec.origin,
            "source": spec.source,
            "competing": spec.has_competing,
        }
        for spec in specs
    ]
    columns = {"request": "string", "title": "string", "kind": "string", "origin": "string", "source": "string"}
    names = [*columns, "competing"]
    return pd.DataFrame(rows, columns=names).astype({**columns, "competing": "bool"})


def _list_survival(tables: Mapping[str, pd.DataFrame]) -> list[EndpointSpec]:
    patients = canonical(tables, "patients")
    followed = patients["date_last_contact"].notna() | patients["date_death"].notna()
    followed &= patients["vital_status"].notna()
    synchronous = patients["synchronous_metastases"].fillna(value=False).astype(bool)
    starts = {
        "advanced": patients["date_advanced"].notna() | (synchronous & patients["date_diagnosis"].notna()),
        "dx": patients["date_diagnosis"].notna(),
    }
    origin = next((name for name, has in starts.items() if (followed & has).any()), None)
    if origin is None:
        return []
    dead = patients["date_death"].notna() & (patients["vital_status"] == "dead").fillna(value=False) & starts[origin]
    known = dead & patients["cause_of_death"].notna() & (patients["cause_of_death"] != "unknown").fillna(value=False)
    kinds = ["os", "dss"] if dead.any() and are_causes_known(int(known.sum()), int(dead.sum())) else ["os"]
    return [EndpointSpec(name=kind, origin=origin) for kind in kinds]


def _kinds_of_lines(tables: Mapping[str, pd.DataFrame], lines: pd.DataFrame) -> list[str]:
    """Which endpoints of a line the tables carry information about, in the order in which they are listed."""
    patients, assessments = canonical(tables, "patients"), canonical(tables, "assessments")
    seen = len(assessments) > 0 or lines["date_progression"].notna().any()
    followed = patients["vital_status"].notna() & (
        patients["date_last_contact"].notna() | patients["date_death"].notna()
    )
    ended = lines["date_end"].notna().any() or lines["ongoing"].fillna(value=False).any()
    responded = assessments["overall_response"].isin(RESPONSE).any()
    has = {
        "pfs": seen,
        "ttp": seen,
        "ttnt": followed.any(),
        "ttf": ended,
        "ttd": ended,
        "dot": ended,
        "dor": responded,
    }
    return [kind for kind, given in has.items() if given]
