"""Cause-specific hazard ratios of groups: every cause in turn, the others censored.

An effect on one cause cannot be read without the effect on the others: who is taken away by one cause is not there for
the other. So all causes are always estimated, side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.association.group_effects import Estimator, GroupEffects, estimate_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from netgen.association.counts import Ties


def estimate_causes(
    time: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    *,
    groups: Sequence[str],
    reference: str,
    estimator: Estimator,
    ties: Ties = "efron",
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> dict[int, GroupEffects]:
    """Estimate the cause-specific hazard ratios of every group against a reference, for every cause.

    Missing values are the caller's business: drop and count patients without a group before.

    Parameters
    ----------
    time
        (n,) days from the origin to the first event or censoring.
    cause
        (n,) 0 = censored, else the code of the event that came first.
    group
        (n,) labels.
    groups
        The labels in the order of the result, reference included.
    reference
        The group the others are compared with.
    estimator
        ``firth`` or ``cox``, the same for all causes.
    ties
        ``efron`` or ``breslow``.
    entry, strata
        (n,) as in ``riskset.build_risk_sets``.

    Returns
    -------
    dict
        Cause -> effects, in the order of the codes. A cause that nobody had is absent.

    Notes
    -----
    The hazard of cause c is estimated with the events of the other causes as censorings. That the causes are
    independent is not assumed: the ratio is one of observable hazards, not of risks (see ``fine_gray``).

    Witness: R ``coxph`` per cause, ``tests/reference/cox/cause_specific_cox.csv``; DOMAIN SC28.

    References
    ----------
    Prentice RL, et al. The analysis of failure times in the presence of competing risks. Biometrics 34:541-554 (1978).
    """
    code = np.asarray(cause, dtype=np.int64)
    return {
        int(c): estimate_effects(
            time,
            code == c,
            group,
            groups=groups,
            reference=reference,
            estimator=estimator,
            ties=ties,
            entry=entry,
            strata=strata,
        )
        for c in np.unique(code[code > 0])
    }
