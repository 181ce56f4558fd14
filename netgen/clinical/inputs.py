"""What every derivation of an endpoint reads, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.endpoint_spec import EndpointSpec
    from netgen.clinical.overall_survival import Survival
    from netgen.errors import Findings


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What every derivation reads.

    Attributes
    ----------
    tables
        Canonical tables.
    patients
        Canonical ``patients``, unique and sorted by ``patient_id``.
    ids
        Their ids.
    spec
        The choices.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.
    survival
        Life and death.
    responses
        Best overall responses with ``first_response_date``, for the duration of response; None = from assessments.
    findings
        The collector.
    """

    tables: Mapping[str, pd.DataFrame]
    patients: pd.DataFrame
    ids: pd.Index
    spec: EndpointSpec
    cutoff: NDArray[np.float64]
    survival: Survival
    responses: pd.DataFrame | None = None
    findings: Findings
