"""Overall survival (DOMAIN 2.1): death from any cause; censored when last known alive or at the cut-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.days import Dated, exact, read_dates
from netgen.clinical.tte import Outcome, Source, decide_outcome

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Survival:
    """What is known about life and death of n patients.

    Attributes
    ----------
    death
        Date of death of the dead; NaN for everyone else.
    contact
        Last date known alive.
    contradiction
        A date of death without the status dead.
    undated
        Dead without a date of death.
    unknown
        Vital status is the word unknown: censored at the last contact.
    blank
        No vital status at all: nothing is assumed.
    """

    death: Dated
    contact: Dated
    contradiction: NDArray[np.bool_]
    undated: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    blank: NDArray[np.bool_]


def find_survival(patients: pd.DataFrame) -> Survival:
    """Return life and death of each row of canonical ``patients``; death is never inferred from silence.

    Parameters
    ----------
    patients
        Canonical ``patients``.

    Returns
    -------
    Survival
        In the order of the rows.
    """
    status = patients["vital_status"].fillna("").to_numpy(dtype=object)
    death = read_dates(patients, "date_death")
    dead, dated = status == "dead", ~np.isnan(death.day)
    return Survival(
        death=death.only(dead),
        contact=read_dates(patients, "date_last_contact"),
        contradiction=dated & ~dead,
        undated=dead & ~dated,
        unknown=status == "unknown",
        blank=status == "",
    )


def find_survival_end(survival: Survival, cutoff: NDArray[np.float64]) -> Outcome:
    """Return the end of observation for overall survival.

    Parameters
    ----------
    survival
        Life and death.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    Outcome
        ``end_reason`` death, censored_last_contact or censored_cutoff.

    Notes
    -----
    Sources of events: ``death``. Sources of censoring: ``censored_last_contact``; ``censored_cutoff`` where the patient
    is known to have been alive after the cut-off (a later contact or a later death).
    """
    death, contact = survival.death, survival.contact
    beyond = (contact.day > cutoff) | (death.day > cutoff)
    events = (Source(reason="death", dated=death, competing=1),)
    censors = (
        Source(reason="censored_last_contact", dated=contact),
        Source(reason="censored_cutoff", dated=exact(cutoff).only(beyond)),
    )
    return decide_outcome(events, censors, cutoff=cutoff)
