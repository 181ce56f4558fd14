"""Groups that are decided after time zero must not be compared from time zero (DOMAIN 2.10).

Who responds, receives a drug or has a second biopsy had to live until then: comparing survival by it from the origin
gives that time away for free. Such a variable needs a landmark (or a time-dependent covariate).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from netgen.clinical.endpoint_kinds import LINE
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Why a variable is known only later -> what its name looks like, in lower case and without the name of its table.
LATER: Final[dict[str, tuple[str, ...]]] = {
    "the response is known only after treatment began": (
        "response", "response_status", "response_group", "response_to_*", "*best_response*", "*overall_response*",
        "*objective_response*", "*tumo*r_response*", "*treatment_response*", "*recist*response*", "*clinical_response*",
        "*complete_response*", "*partial_response*", "*responder*", "bor", "bor[0-9]", "bor_*", "*_bor", "orr", "dcr",
        "*disease_control*",
    ),
    "progression happens after the origin": (
        "*progress*", "*relapse*", "*recurrence*", "*_recurred", "pd", "pd_date*", "early_pd",
    ),
    "who lives longer has more time to receive it": (
        "ever[_:]*", "*_ever", "received[_:]*", "*_received", "exposed", "exposed[_:]*", "*_exposed", "*_exposure",
        "had[_:]*", "got[_:]*", "never_received*", "never_exposed*",
    ),
    "who lives longer has time for more lines": (
        "*n_lines", "lines", "*_lines", "line_number", "line_count", "last_line*", "max_line*", "sequence",
        "*treatment_sequence", "*algorithm", "*pathway_of_care",
    ),
    "it is decided during treatment": (
        "maintenance*", "rechallenge*", "n_cycles", "cycles", "completed*", "*_completed", "duration", "duration_of_*",
        "*treatment_duration*", "*discontinu*", "dot", "ttf", "ttd", "ongoing", "end_reason", "date_end", "*toxicity*",
        "dose_*",
    ),
    "a later sample exists only for who lived to give it": (
        "*second_biops*", "*rebiops*", "*re_biops*", "*repeat_biops*", "*later_biops*", "second_sample*",
        "repeat_sample*", "later_sample*", "second_specimen*", "n_samples", "n_biopsies", "*number_of_samples",
        "*number_of_biopsies", "acquired_*", "ki67_change*", "ki67_escalation*", "ki67_second*", "ki67_last*",
    ),
    "it is an outcome": (
        "vital_status", "dead", "death*", "deceased", "alive", "cause_of_death", "date_death*", "date_last_contact*",
        "*survival*", "*survivor*", "os", "os_*", "dss", "dss_*", "pfs", "pfs_*", "ttp", "ttp_*", "ttnt", "ttnt_*",
        "dor", "dor_*", "follow_up*", "followup*",
    ),
}  # fmt: skip
EARLIER: Final = ("prior_*", "previous_*", "baseline_*", "*_at_baseline", "*_at_diagnosis")  # as it stood at the origin
_WHAT: Final = r"(?P<what>(?:regimen_)?class|regimen|drug|treatment|best_response|response|bor|intent)"
_LINE_NUMBER: Final = r"(?:line|l)[ _:]*(?P<line>[0-9]+)"
_OF_LINE: Final = (re.compile(rf"{_WHAT}[ _:@]*{_LINE_NUMBER}"), re.compile(rf"{_LINE_NUMBER}(?:[ _:@]*{_WHAT})?"))
_BARE_CLASS: Final = ("regimen_class", "regimen", "class", "treatments.regimen_class", "treatments.regimen")


def explain_later(variable: str, *, origin: str) -> str:
    """Return why a grouping variable is decided after time zero, or "" if it is not.

    Parameters
    ----------
    variable
        Name of the variable, with or without the name of its table before a dot.
    origin
        Where time starts: dx, advanced, line:k, sequencing, ``column:NAME`` ...

    Returns
    -------
    str
        Half a sentence. A name that says nothing of the kind is taken for a baseline variable: nobody but the user
        knows what an extra column holds.

    Notes
    -----
    From ``line:k`` the class of a line up to k is known, and so is the response to a line before k. A bare
    ``regimen_class`` then means that of line k.

    Examples
    --------
    >>> explain_later("sex", origin="advanced")
    ''
    >>> explain_later("best_response", origin="line:1")
    'the response is known only after treatment began'
    >>> explain_later("regimen_class", origin="line:1")
    ''
    """
    text = re.sub(r"[ -]+", "_", variable.strip().lower())
    start = LINE.fullmatch(origin)
    at = int(start[1]) if start else 0
    if text in _BARE_CLASS:
        return "" if at else "treatment begins after the origin"
    name = text.rpartition(".")[2]
    for pattern in _OF_LINE:
        found = pattern.fullmatch(name)
        if found:
            line, response = int(found["line"]), found["what"] in ("best_response", "response", "bor")
            if line < at or (line == at and not response):
                return ""
            return next(iter(LATER)) if response else f"line {line} begins after the origin"
    if any(fnmatchcase(name, pattern) for pattern in EARLIER):
        return ""
    if text.startswith(("assessments.", "treatments.")):
        return "it is observed after the origin"
    return next((why for why, names in LATER.items() if any(fnmatchcase(name, pattern) for pattern in names)), "")


def check_immortal_time(variable: str, *, origin: str, landmark: float | None) -> None:
    """Refuse to compare groups from time zero that are decided after it.

    Parameters
    ----------
    variable
        Name of the grouping variable.
    origin
        Where time starts.
    landmark
        Day on which time restarts; None = none. The caller takes the variable as it stood on that day.

    Raises
    ------
    AnalysisError
        E_IMMORTAL_TIME with the reason and the remedy.

    Notes
    -----
    Witness: scenario SC32.
    """
    why = "" if landmark is not None else explain_later(variable, origin=origin)
    if why:
        raise AnalysisError(
            "E_IMMORTAL_TIME",
            f"{variable} cannot form groups from {origin}: {why}.",
            fix="Set a landmark, for example 90 days: time restarts there for those who reach it.",
        )


def select_baseline(variables: Sequence[str], *, origin: str) -> list[str]:
    """Return the variables that may form groups from time zero.

    Parameters
    ----------
    variables
        Names of variables.
    origin
        Where time starts.

    Returns
    -------
    list of str
        In the given order.
    """
    return [name for name in variables if not explain_later(name, origin=origin)]
