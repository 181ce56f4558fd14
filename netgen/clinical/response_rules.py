"""Best overall response of one sequence of assessments, with and without confirmation (DOMAIN 2.7).

Each function reads the assessments of one patient and line, in order of date and without two on a day, from the start
of the line up to the first progression, the next line or the cut-off, whichever comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

RESPONSE: Final = ("CR", "PR")
CONTROL: Final = ("CR", "PR", "SD", "NON_CR_NON_PD")
CONFIRM_DAYS: Final = 28
SD_MIN_DAYS: Final = 42
MAX_NE: Final = 1  # assessments that say nothing between a response and its confirmation


def best_response(days: Sequence[float], responses: Sequence[str], *, sd_min_days: int = SD_MIN_DAYS) -> str:
    """Return the best response without confirmation.

    Parameters
    ----------
    days
        Days since the start of the line, increasing.
    responses
        CR, PR, SD, NON_CR_NON_PD, PD, NE or ND.
    sd_min_days
        Stable disease counts from this day on.

    Returns
    -------
    str
        CR, PR, SD, NON_CR_NON_PD, PD or NE.

    Examples
    --------
    >>> best_response([50, 100], ["SD", "PR"])
    'PR'
    >>> best_response([30], ["SD"])
    'NE'
    """
    for response in RESPONSE:
        if response in responses:
            return response
    return _without_response(days, responses, sd_min_days)


def confirmed_response(
    days: Sequence[float],
    responses: Sequence[str],
    *,
    confirm_days: int = CONFIRM_DAYS,
    sd_min_days: int = SD_MIN_DAYS,
    accept_sd: bool = False,
) -> tuple[str, float | None]:
    """Return the best response with confirmation, and the day of the first response that was confirmed.

    Parameters
    ----------
    days, responses
        As for ``best_response``.
    confirm_days
        Days from a response to the one that confirms it.
    sd_min_days
        Stable disease counts from this day on.
    accept_sd
        A stable disease between a partial response and its confirmation is accepted.

    Returns
    -------
    tuple
        CR, PR, SD, NON_CR_NON_PD, PD or NE; the day, None without a confirmed response.

    Notes
    -----
    1. A complete response is confirmed by a later one, a partial by a later partial or complete one; between them lie
       only responses, of which a partial one is no confirmation of a complete one, and at most one NE.
    2. A partial response behind a complete one confirms nothing: by RECIST it is a progression.
    3. What is not confirmed is stable disease from ``sd_min_days`` on; before, progression if that follows, else NE.

    Examples
    --------
    >>> confirmed_response([56, 112], ["PR", "PR"])
    ('PR', 56)
    >>> confirmed_response([50, 80], ["CR", "PR"])
    ('SD', None)
    """
    found = {
        kind: [
            days[i]
            for i, response in enumerate(responses)
            if response == kind and _is_confirmed(days, responses, i, confirm_days, accept_sd=accept_sd)
        ]
        for kind in RESPONSE
    }
    first = min((min(part) for part in found.values() if part), default=None)
    for kind in RESPONSE:
        if found[kind]:
            return kind, first
    weaker = ["SD" if response in RESPONSE else response for response in responses]
    return _without_response(days, weaker, sd_min_days), None


def has_partial_after_complete(responses: Sequence[str]) -> bool:
    """Tell whether a partial response follows a complete one.

    Parameters
    ----------
    responses
        In order of date.

    Returns
    -------
    bool
        True if one does (W_RESP_PR_AFTER_CR).
    """
    return "CR" in responses and "PR" in list(responses)[list(responses).index("CR") :]


def _without_response(days: Sequence[float], responses: Sequence[str], sd_min_days: int) -> str:
    for stable in ("SD", "NON_CR_NON_PD"):
        if any(response == stable and day >= sd_min_days for day, response in zip(days, responses, strict=True)):
            return stable
    return "PD" if "PD" in responses else "NE"


def _is_confirmed(
    days: Sequence[float], responses: Sequence[str], i: int, confirm_days: int, *, accept_sd: bool
) -> bool:
    """Tell whether a later assessment confirms the response of place i."""
    complete = responses[i] == "CR"
    between = {"CR", "NE", "ND"} if complete else {"CR", "PR", "NE", "ND", *(["SD"] if accept_sd else [])}
    for j in range(i + 1, len(responses)):
        if days[j] - days[i] >= confirm_days and responses[j] in (("CR",) if complete else RESPONSE):
            window = responses[i : j + 1]
            silent = sum(response in ("NE", "ND") for response in window)
            return silent <= MAX_NE and not has_partial_after_complete(window)
        if responses[j] not in between:
            return False
    return False
