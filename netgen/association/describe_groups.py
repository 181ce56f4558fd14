"""What stands beside each feature's test: medians, survival at one and two years, RMST, proportional hazards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.cox_model import fit_cox
from netgen.association.group_curves import (
    HORIZONS,
    Outcomes,
    condition_on,
    conditional_start,
    group_curve,
    outcomes_of,
    survival_since,
)
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.proportional_hazards import proportional_hazards_test
from netgen.association.rmst import default_tau, rmst_difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.counts import Ties

PH_EVENTS: Final = 10  # fewer events and proportional hazards cannot be tested
MIN_GROUP: Final = 2  # RMST needs two at risk

COLUMNS: Final = (
    *(f"median_{group}{end}" for group in ("altered", "unaltered") for end in ("", "_lo", "_hi")),
    "t0_altered", "t0_unaltered",
    *(f"km_{months}m_{group}" for months in (12, 24) for group in ("altered", "unaltered")),
    "ph_p", "rmst_tau", "rmst_t0", "rmst_diff", "rmst_diff_lo", "rmst_diff_hi",
)  # fmt: skip


def describe_features(
    analysis: AnalysisSet,
    rows: NDArray[np.intp],
    *,
    tested: NDArray[np.bool_],
    ties: Ties = "efron",
    threads: int = 1,
) -> pd.DataFrame:
    """Return medians, survival at 12 and 24 months, RMST difference and PH p of the given features.

    Patients who are not profiled for a feature have no part in it. Times are days; a median that was not reached and
    anything that cannot be computed is NaN.

    Parameters
    ----------
    analysis
        Outcomes and genes.
    rows
        Features, as positions.
    tested
        (m,) True for the features whose effect is estimated; the others get medians and survival only.
    ties
        ``efron`` or ``breslow``, in the Cox model whose hazards are tested.
    threads
        Workers; the result does not depend on it.

    Returns
    -------
    DataFrame
        ``COLUMNS``, indexed by the positions.

    Notes
    -----
    Medians and survival of a group hold from its ``t0`` on (0 = unconditional), as in ``group_curve``.

    RMST: altered minus unaltered up to ``default_tau``, normal limits (approximate in small cohorts). With delayed
    entry it is the mean of the days lived between t0 and tau by those who reached t0, the first day from which both
    groups have enough patients at risk (DOMAIN 2.10, 3.9); ``rmst_t0`` is that day, 0 without delayed entry. PH:
    Grambsch-Therneau score test, Kaplan-Meier transform, in the stratified Cox model of the feature; NaN with fewer
    than 10 events or a monotone likelihood.
    """
    describe = partial(_describe, analysis, tested, ties)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            values = list(pool.map(describe, rows))
    else:
        values = [describe(row) for row in rows]
    return pd.DataFrame(values, index=rows, columns=list(COLUMNS), dtype="float64")


def _describe(analysis: AnalysisSet, tested: NDArray[np.bool_], ties: Ties, row: int) -> dict[str, float]:
    status = analysis.genes[row]
    groups = {"altered": outcomes_of(analysis, status == 1), "unaltered": outcomes_of(analysis, status == 0)}
    out: dict[str, float] = {}
    for name, outcomes in groups.items():
        if len(outcomes.time) == 0:
            continue
        curve, start = group_curve(outcomes)
        median = survival_quantile(curve)
        out |= {f"median_{name}": median.estimate, f"median_{name}_lo": median.lo, f"median_{name}_hi": median.hi}
        out[f"t0_{name}"] = start
        at = survival_since(curve, start, [HORIZONS[12], HORIZONS[24]]).survival
        out |= {f"km_12m_{name}": at[0], f"km_24m_{name}": at[1]}
    if tested[row]:
        out["ph_p"] = _ph(analysis, row, ties)
        out |= _rmst(groups["altered"], groups["unaltered"])
    return out


def _rmst(altered: Outcomes, unaltered: Outcomes) -> dict[str, float]:
    """Compare restricted means from a common day on; nothing if a group has too few patients at risk."""
    start = float(np.max([conditional_start(altered), conditional_start(unaltered)]))  # NaN if one of them is
    pair = [condition_on(part, start) for part in (altered, unaltered)]
    if np.isnan(start) or min(len(part.time) for part in pair) < MIN_GROUP:
        return {}
    entries = [np.full(len(part.time), -np.inf) if part.entry is None else part.entry for part in pair]
    tau = default_tau([part.time for part in pair], entries=entries)
    if not tau > start:
        return {}
    group, reference = (kaplan_meier(part.time, part.event, entry=part.entry) for part in pair)
    difference = rmst_difference(group, reference, tau, start=start)
    return {
        "rmst_tau": tau,
        "rmst_t0": start,
        "rmst_diff": difference.difference,
        "rmst_diff_lo": difference.difference_lo,
        "rmst_diff_hi": difference.difference_hi,
    }


def _ph(analysis: AnalysisSet, row: int, ties: Ties) -> float:
    use = analysis.genes[row] >= 0
    altered = (analysis.genes[row, use] == 1).astype(np.float64)
    if analysis.event[use].sum() < PH_EVENTS or altered.min(initial=1) == altered.max(initial=0):
        return float("nan")
    outcomes = outcomes_of(analysis, use)
    strata = None if analysis.stratum is None else analysis.stratum[use]
    fit = fit_cox(altered[:, None], outcomes.time, outcomes.event, entry=outcomes.entry, strata=strata, ties=ties)
    if fit.status != "converged":
        return float("nan")
    return float(proportional_hazards_test(fit, transform="km").p[0])
