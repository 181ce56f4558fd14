"""E-values: how strong an unmeasured confounder would have to be to explain an association away."""

from __future__ import annotations

import math


def evalue(hr: float, *, rare: bool = False) -> float:
    """Return the E-value of a hazard ratio.

    Parameters
    ----------
    hr
        Hazard ratio; NaN gives NaN.
    rare
        True if fewer than 15 % of the patients have the event: the hazard ratio is taken as the risk ratio.

    Returns
    -------
    float
        RR + sqrt(RR (RR - 1)), RR the risk ratio or, below 1, its inverse: the smallest risk ratio that a confounder
        must have with both the alteration and the outcome.

    Notes
    -----
    For common outcomes RR = (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)).

    References
    ----------
    VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing the E-value. Ann Intern Med
    167:268-274 (2017).
    """
    if math.isnan(hr):
        return math.nan
    ratio = max(hr, 1 / hr)  # the risk ratio of 1/HR is 1 / that of HR
    if not rare:
        ratio = (1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio))
    return ratio + math.sqrt(ratio * (ratio - 1))


def evalue_limit(lo: float, hi: float, *, rare: bool = False) -> float:
    """Return the E-value of the confidence limit nearest 1.

    Parameters
    ----------
    lo, hi
        Limits of the hazard ratio; NaN = open.
    rare
        As in ``evalue``.

    Returns
    -------
    float
        1 if the interval contains 1; NaN if both limits are missing.
    """
    if math.isnan(lo) and math.isnan(hi):
        return math.nan
    if lo > 1:
        return evalue(lo, rare=rare)
    if hi < 1:
        return evalue(hi, rare=rare)
    return 1.0
