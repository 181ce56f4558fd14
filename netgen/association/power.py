"""What a study of this size could have seen: Schoenfeld's formula for the log-rank test.

Power is a matter of the design (events, share of altered patients), never of the observed effect: there is no post-hoc
power here.
"""

from __future__ import annotations

import math
from typing import Final

from netgen.association.tails import normal_quantile

ALPHA: Final = 0.05
POWER: Final = 0.80


def events_needed(hr: float, fraction: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the number of events at which a hazard ratio is found with the given power; round it up.

    Parameters
    ----------
    hr
        Hazard ratio altered : unaltered.
    fraction
        Share of altered patients.
    alpha
        Two-sided level.
    power
        Probability of p < alpha.

    Returns
    -------
    float
        D = (z_{1-alpha/2} + z_power)^2 / (fraction (1 - fraction) log(hr)^2); infinite if hr is 1 or all patients are
        alike.

    References
    ----------
    Schoenfeld DA. Sample-size formula for the proportional-hazards regression model. Biometrics 39:499-503 (1983).
    """
    information = fraction * (1 - fraction) * math.log(hr) ** 2
    return _z_sum(alpha, power) ** 2 / information if information > 0 else math.inf


def minimal_detectable_hr(events: float, fraction: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the smallest hazard ratio above 1 that is found with the given power (below 1: its inverse).

    Parameters
    ----------
    events
        Number of events.
    fraction
        Share of altered patients.
    alpha
        Two-sided level; alpha / m for a family of m tests.
    power
        Probability of p < alpha.

    Returns
    -------
    float
        exp((z_{1-alpha/2} + z_power) / sqrt(events fraction (1 - fraction))); NaN without events or without two groups.
    """
    information = events * fraction * (1 - fraction)
    if not information > 0:
        return math.nan
    exponent = _z_sum(alpha, power) / math.sqrt(information)
    return math.exp(exponent) if exponent < math.log(1e300) else math.inf


def detection_power(hr: float, events: float, fraction: float, *, alpha: float = ALPHA) -> float:
    """Return the probability that a hazard ratio is found.

    Parameters
    ----------
    hr
        Hazard ratio altered : unaltered.
    events
        Number of events.
    fraction
        Share of altered patients.
    alpha
        Two-sided level.

    Returns
    -------
    float
        Phi(|log hr| sqrt(events fraction (1 - fraction)) - z_{1-alpha/2}); a wrong direction does not count.
    """
    from scipy.special import ndtr

    shift = abs(math.log(hr)) * math.sqrt(events * fraction * (1 - fraction))
    return float(ndtr(shift - normal_quantile(1 - alpha)))


def power_sentence(events: int, fraction: float, *, alpha: float = ALPHA) -> str:
    """Return the sentence that stands beside every p-value above alpha.

    Parameters
    ----------
    events
        Number of events.
    fraction
        Share of altered patients.
    alpha
        Two-sided level.

    Returns
    -------
    str
        What had 80 % power, and that smaller effects cannot be excluded.
    """
    hr = minimal_detectable_hr(events, fraction, alpha=alpha)
    if not math.isfinite(hr):
        return f"With {events} events and an altered fraction of {fraction:.2f}, no effect can be excluded."
    return (
        f"With {events} events and an altered fraction of {fraction:.2f}, only hazard ratios above {hr:.2f} "
        f"(or below {1 / hr:.2f}) had 80 % power; smaller effects cannot be excluded."
    )


def _z_sum(alpha: float, power: float) -> float:
    """Sum of the normal quantiles of 1 - alpha/2 and of the power."""
    return normal_quantile(1 - alpha) + normal_quantile(2 * power - 1)
