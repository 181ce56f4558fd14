"""Disease-specific survival (DOMAIN 2.1): death from the tumour; deaths from other causes compete."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.clinical.tte import censor_competing
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.tte import Outcome

KNOWN_PERCENT: Final = 90  # of the observed deaths; with fewer known causes there is no disease-specific survival


def are_causes_known(n_known: int, n_deaths: int) -> bool:
    """Tell whether enough causes of death are known for disease-specific survival.

    Parameters
    ----------
    n_known
        Deaths of known cause.
    n_deaths
        All deaths.

    Returns
    -------
    bool
        True for at least 90 %; whole numbers are compared, so that 9 of 10 is enough.
    """
    return 100 * n_known >= KNOWN_PERCENT * n_deaths


def split_causes(
    patients: pd.DataFrame, outcome: Outcome, kept: NDArray[np.bool_]
) -> tuple[Outcome, NDArray[np.bool_]]:
    """Return the outcome of overall survival split by cause of death, and whose cause is not known.

    Parameters
    ----------
    patients
        Canonical ``patients``, in the order of ``outcome``.
    outcome
        Of overall survival.
    kept
        (n,) patients with an outcome; only their deaths count for the 90 %.

    Returns
    -------
    outcome
        Deaths from the tumour have code 1, those from treatment or another cause code 2 (``censored_death_treatment``,
        ``censored_death_other``).
    unknown
        (n,) dead of an unknown cause: neither event nor competing event, to be left out.

    Raises
    ------
    AnalysisError
        E_ENDPOINT_UNAVAILABLE if the cause is known for fewer than 90 % of the deaths.
    """
    cause = patients["cause_of_death"].fillna("unknown").to_numpy(dtype=object)
    deaths = outcome.event & kept
    known = deaths & (cause != "unknown")
    n, of = int(known.sum()), int(deaths.sum())
    if not are_causes_known(n, of):
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            f"dss needs the cause of at least {KNOWN_PERCENT} % of the deaths,"
            f" found {n} of {of} ({100 * n / of:.0f} %).",
            fix="Complete cause_of_death, or use os.",
        )
    reason = np.where(outcome.event, "death_" + cause, outcome.reason)
    code = np.where(outcome.event & (cause != "tumour"), 2, outcome.competing)
    return censor_competing(replace(outcome, reason=reason, competing=code)), outcome.event & (cause == "unknown")
