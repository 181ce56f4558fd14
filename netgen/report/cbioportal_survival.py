"""Endpoints as cBioPortal has them: a pair of columns ``X_STATUS`` and ``X_MONTHS`` for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.endpoints import list_endpoints
from netgen.clinical.units import DAYS_PER
from netgen.derive import build_endpoint
from netgen.errors import Findings
from netgen.report.cbioportal_text import Attribute, attribute_name

if TYPE_CHECKING:
    from netgen.cohort import Cohort

# Endpoint -> what cBioPortal calls no event and event.
_LABELS: Final[dict[str, tuple[str, str]]] = {
    "os": ("0:LIVING", "1:DECEASED"),
    "dfs": ("0:DiseaseFree", "1:Recurred/Progressed"),
    "pfs": ("0:CENSORED", "1:PROGRESSION"),
    "dss": ("0:ALIVE OR DEAD TUMOR FREE", "1:DEAD WITH TUMOR"),
}
_OTHER: Final = ("0:CENSORED", "1:EVENT")


def survival_attributes(cohort: Cohort, patients: pd.Series) -> list[Attribute]:
    """Return the pairs of columns of every endpoint of a cohort, overall survival first.

    Parameters
    ----------
    cohort
        The cohort.
    patients
        patient_id of every row.

    Returns
    -------
    list of Attribute
        Recorded endpoints as the source gave them, incomplete rows included; those that only dates give, derived
        without delayed entry. Months are days / 30.4375, or the source's own number if that is what it was in.
    """
    tables = {**_derived(cohort), **_recorded(cohort)}
    out = []
    for name in sorted(tables, key=lambda one: (one != "os", one)):
        table = tables[name].reindex(pd.Index(patients))
        title, (none, event) = attribute_name(name), _LABELS.get(name, _OTHER)
        status = table["event"].astype("boolean").map({True: event, False: none}).astype("string")
        months = _months(table["time_days"].astype("float64"), table["time_text"].astype("string"))
        out.append(Attribute(name=f"{title}_STATUS", description=f"{name}: status", values=_aligned(status)))
        out.append(Attribute(name=f"{title}_MONTHS", description=f"{name}: time in months", values=_aligned(months)))
    return out


def _aligned(values: pd.Series) -> pd.Series:
    return values.reset_index(drop=True)


def _recorded(cohort: Cohort) -> dict[str, pd.DataFrame]:
    table = cohort.recorded_endpoints
    return {
        str(name): rows.drop_duplicates("patient_id").set_index("patient_id")[["time_days", "event", "time_text"]]
        for name, rows in table.groupby("endpoint")
    }


def _derived(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Return what dates give, endpoints of lines behind the first with the number of the line in their name."""
    settings = replace(cohort.study.association, entry_rule="none", landmark=None)
    found = {}
    for spec in list_endpoints(cohort.clinical()):
        if spec.source == "recorded":
            continue
        line = spec.origin.removeprefix("line:") if spec.origin.startswith("line:") else ""
        request = f"{spec.name}@line:{line}" if line else spec.name
        table = build_endpoint(cohort, request, settings, findings=Findings()).table.set_index("patient_id")
        name = spec.name if line in {"", "1"} else f"{spec.name}_line{line}"
        found[name] = table[["time_days", "event"]].assign(time_text="")
    return found


def _months(days: pd.Series, written: pd.Series) -> pd.Series:
    """Return months that are read back as the same number of days."""
    own = pd.to_numeric(written, errors="coerce").astype("float64")
    same = np.rint(own * DAYS_PER["months"]) == days
    return own.where(same, (days / DAYS_PER["months"]).round(4))
