"""Did it happen? Status columns in the codings people use, decoded by the exact rules of DOMAIN 1.11.

In this order: a declared ``status_map``; the prefix of cBioPortal (``1:DECEASED``: the label is ignored); the words of
``value_map.yaml``; numbers. Numbers are decided for the whole column:

- a column named CNSR (CDISC ADTTE) is inverse: 0 = event, a positive whole number = censored;
- {0, 1}: 1 = dead;
- {1, 2}: 2 = dead if every row with 2 has a date of death and no row with 1 has one, else ``E_STATUS_AMBIGUOUS``;
- anything else, and numbers in a column named after censoring, must be declared.

A blank status is missing, never "alive". ``lost`` and ``unknown`` are words: unknown vital status, no event, and
``W_VITAL_UNKNOWN``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.clinical.cells import NULLS, as_text, by_word, flag_words, fold, fold_name, report, report_once, vocabulary
from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from netgen.clinical.cells import Cells
    from netgen.errors import Findings

State = Literal["yes", "no", "unknown", "other_death"] | None

_PREFIX: Final = re.compile(r"([01])\s*:")
_WHOLE: Final = re.compile(r"([-+]?\d+)(?:\.0+)?")
_DEATH_NAMES: Final = frozenset({"dead", "death", "deceased"})
_DISEASE_SPECIFIC: Final = frozenset({"dss", "css"})
_DECLARED: Final[dict[str, State]] = {
    **dict.fromkeys(("dead", "deceased", "event", "yes", "true", "1"), "yes"),
    **dict.fromkeys(("alive", "living", "none", "censored", "no event", "no", "false", "0"), "no"),
    "unknown": "unknown",
}


def read_status_map(text: str) -> dict[str, str]:
    """Return the mapping that ``1=dead,2=alive`` spells.

    Parameters
    ----------
    text
        Pairs ``value=meaning`` separated by commas.

    Returns
    -------
    dict
        Value of the file -> dead, alive, event, none or unknown.

    Raises
    ------
    InputError
        If a pair has no ``=`` or a meaning is not one of these.
    """
    pairs = [pair.split("=", 1) for pair in text.split(",") if pair.strip()]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise InputError("E_CONFIG", f"Need a status map such as 1=dead,2=alive, got {text!r}.")
    mapping = {pair[0].strip(): pair[1].strip() for pair in pairs}
    _declared(mapping)
    return mapping


def _declared(status_map: Mapping[str, str] | None) -> dict[str, State]:
    """Return folded words of a declared map with what they mean."""
    out: dict[str, State] = {}
    for word, meaning in (status_map or {}).items():
        state = _DECLARED.get(fold(str(meaning)))
        if state is None:
            raise InputError(
                "E_CONFIG",
                f"A status map needs dead, alive, event, none or unknown as meaning, got {meaning!r}.",
                fix="For example status_map = { 1 = 'dead', 2 = 'alive' }.",
            )
        out[_key(str(word))] = state
    return out


def _key(word: str) -> str:
    match = _WHOLE.fullmatch(word.strip())
    return str(int(match[1])) if match else fold(word)


def decode_vital_status(
    cells: Cells,
    *,
    findings: Findings,
    has_death_date: NDArray[np.bool_] | None = None,
    status_map: Mapping[str, str] | None = None,
) -> pd.Series:
    """Return alive, dead or unknown; a blank status is missing.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives ``E_STATUS_AMBIGUOUS``, ``E_STATUS_INVERTED``, ``E_VALUE``, ``W_STATUS_SUSPECT``, ``W_VITAL_UNKNOWN``,
        ``I_STATUS_RESOLVED``.
    has_death_date
        (n,) whether the row has a date of death; None = the table has no such column.
    status_map
        Value of the column -> dead, alive or unknown, as the user declares it.

    Returns
    -------
    pandas.Series
        dtype "string".
    """
    words = _vital_words(disease_specific=False)
    if _DEATH_NAMES & set(fold_name(cells.name).split("_")):
        words |= {word: "yes" if value == "true" else "no" for word, value in vocabulary("truth").items()}
    states = _decode(cells, words, findings=findings, has_death_date=has_death_date, status_map=status_map)
    names = {"yes": "dead", "no": "alive", "unknown": "unknown"}
    return as_text([names.get(str(state), pd.NA) for state in states], cells.text.index)


def decode_events(
    cells: Cells,
    *,
    findings: Findings,
    has_death_date: NDArray[np.bool_] | None = None,
    status_map: Mapping[str, str] | None = None,
    endpoint: str = "",
) -> pd.Series:
    """Return whether the event of an endpoint happened; a blank status is missing, never censored.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives what :func:`decode_vital_status` reports.
    has_death_date
        (n,) whether the row has a date of death; None = not known.
    status_map
        Value of the column -> event, none or unknown (also dead, alive), as the user declares it.
    endpoint
        Name of the endpoint. For ``dss`` and ``css`` a death of another cause is no event and one of unknown cause is
        missing.

    Returns
    -------
    pandas.Series
        boolean, True = it happened.
    """
    words = _vital_words(disease_specific=endpoint.casefold() in _DISEASE_SPECIFIC)
    words |= _event_words()
    states = _decode(cells, words, findings=findings, has_death_date=has_death_date, status_map=status_map)
    truth = {"yes": True, "no": False, "unknown": False}
    values = [truth.get(str(state), pd.NA) for state in states]
    return pd.Series(pd.array(values, dtype="boolean"), index=cells.text.index)


def is_status_column(cells: Cells) -> bool:
    """Tell whether every value of a column is a status without declaration: a word, a prefix, 0, 1 or a null token.

    Parameters
    ----------
    cells
        The column.

    Returns
    -------
    bool
        False also for a column without values.
    """
    words = _vital_words(disease_specific=False) | dict.fromkeys(vocabulary("event_status"), "yes")
    known = by_word(
        cells.text,
        lambda word: None if word.casefold() in NULLS else _key(word) in words or bool(_status_code(word)),
    )
    flags = [flag for flag in known if flag is not None]
    return bool(flags) and all(flags)


def _status_code(word: str) -> bool:
    return bool(_PREFIX.match(word)) or _key(word) in {"0", "1"}


def _vital_words(*, disease_specific: bool) -> dict[str, State]:
    """Return the words of vital status with what they mean for a death as event."""
    other: State = "no" if disease_specific else "yes"
    unknown_cause: State = "other_death" if disease_specific else "yes"
    meaning: dict[str, State] = {
        "alive": "no",
        "dead": "yes",
        "dead_of_disease": "yes",
        "dead_of_other": other,
        "dead_of_unknown": unknown_cause,
        "unknown": "unknown",
    }
    return {word: meaning[value] for word, value in vocabulary("vital_status").items()}


def _event_words() -> dict[str, State]:
    """Return the words of endpoint statuses with what they mean."""
    return {word: "yes" if value == "event" else "no" for word, value in vocabulary("event_status").items()}


def _decode(
    cells: Cells,
    words: Mapping[str, State],
    *,
    findings: Findings,
    has_death_date: NDArray[np.bool_] | None,
    status_map: Mapping[str, str] | None,
) -> NDArray[np.object_]:
    """Return yes, no, unknown, other_death or None for every cell."""
    declared = _declared(status_map)
    keys = by_word(cells.text, _key)
    texts = by_word(cells.text, lambda word: word)
    missing = flag_words(cells.text, lambda word: word.casefold() in NULLS and _key(word) not in declared, missing=True)
    states = np.full(len(keys), None, dtype=object)
    numeric = np.zeros(len(keys), dtype=bool)
    for place in np.flatnonzero(~missing):
        key, prefix = keys[place], _PREFIX.match(texts[place])
        if declared and key in declared:
            states[place] = declared[key]
        elif prefix:
            states[place] = "yes" if prefix[1] == "1" else "no"
        elif not declared and _WHOLE.fullmatch(key):
            numeric[place] = True
        else:
            states[place] = words.get(key)
    if _is_censoring(cells.name) and not declared:
        _refuse(cells, ~missing, findings, "a column about censoring")
        return np.full(len(keys), None, dtype=object)
    strange = ~missing & ~numeric & np.array([state is None for state in states], dtype=bool)
    report(
        cells,
        strange,
        findings,
        code="E_VALUE",
        need="a status such as 1:DECEASED, alive or 0",
        fix="Correct it, or declare the coding: status_map.",
    )
    if numeric.any():
        codes = np.array([int(key) if use else -99 for key, use in zip(keys, numeric, strict=True)])
        states = _decode_numbers(cells, states, codes, numeric, has_death_date, findings)
    _report_unknown(cells, states, findings)
    return states


def _is_censoring(name: str) -> bool:
    return any(part.startswith("censor") for part in fold_name(name).split("_"))


def _decode_numbers(
    cells: Cells,
    states: NDArray[np.object_],
    codes: NDArray[np.int64],
    numeric: NDArray[np.bool_],
    has_death_date: NDArray[np.bool_] | None,
    findings: Findings,
) -> NDArray[np.object_]:
    """Decide the numeric coding of a column and fill it in."""
    found = set(codes[numeric].tolist())
    out = states.copy()
    if "cnsr" in fold_name(cells.name).split("_"):
        if min(found) < 0:
            _refuse(cells, numeric & (codes < 0), findings, "a negative code in a CNSR column")
            return out
        out[numeric] = np.where(codes[numeric] == 0, "yes", "no")
    elif found <= {0, 1}:
        out[numeric] = np.where(codes[numeric] == 1, "yes", "no")
        if has_death_date is not None:
            _compare_with_dates(cells, codes == 1, numeric, has_death_date, findings)
    elif found <= {1, 2} and has_death_date is not None and _twos_are_dead(codes, numeric, has_death_date):
        out[numeric] = np.where(codes[numeric] == 2, "yes", "no")
        message = "Coding 1, 2: 2 means dead, because the rows with 2, and no others, have a date of death ({n} rows)."
        report_once(cells, numeric & (codes == 2), findings, code="I_STATUS_RESOLVED", message=message)
    else:
        listing = ", ".join(str(code) for code in sorted(found)[:6])
        _refuse(cells, numeric, findings, f"the codes {listing}")
    return out


def _twos_are_dead(codes: NDArray[np.int64], numeric: NDArray[np.bool_], has_date: NDArray[np.bool_]) -> bool:
    two, one = numeric & (codes == 2), numeric & (codes == 1)
    return bool(two.any() and has_date[two].all() and not has_date[one].any())


def _refuse(cells: Cells, rows: NDArray[np.bool_], findings: Findings, found: str) -> None:
    """Report a coding that nothing resolves."""
    report_once(
        cells,
        rows,
        findings,
        code="E_STATUS_AMBIGUOUS",
        message=f"Need a status whose coding is clear, found {found} in {{n}} rows.",
        fix="Declare what the values mean, for example status_map = { 1 = 'alive', 2 = 'dead' }.",
    )


def _compare_with_dates(
    cells: Cells,
    dead: NDArray[np.bool_],
    rows: NDArray[np.bool_],
    has_date: NDArray[np.bool_],
    findings: Findings,
) -> None:
    """Compare a 0/1 coding with the dates of death."""
    zero = rows & ~dead
    inverse = zero.any() and (rows & dead).any() and has_date[zero].all() and not has_date[rows & dead].any()
    if inverse:
        report_once(
            cells,
            zero,
            findings,
            code="E_STATUS_INVERTED",
            message="Every row coded 0 has a date of death ({n} rows), no row coded 1 has one: 0 seems to mean dead.",
            fix="Declare it: status_map = { 0 = 'dead', 1 = 'alive' }.",
        )
    elif (dead[rows] != has_date[rows]).mean() > 0.5:
        report_once(
            cells,
            rows & (dead != has_date),
            findings,
            code="W_STATUS_SUSPECT",
            message="1 was read as dead, which disagrees with the dates of death in {n} rows.",
            fix="Check the coding; declare it with status_map.",
        )


def _report_unknown(cells: Cells, states: NDArray[np.object_], findings: Findings) -> None:
    report_once(
        cells,
        (states == "unknown").astype(bool),
        findings,
        code="W_VITAL_UNKNOWN",
        message="The status is lost or unknown in {n} rows: censored at the last contact.",
    )


def check_status_against(events: pd.Series, other: Cells, *, name: str, findings: Findings) -> int:
    """Compare a decoded status with a text column about the same event; return the number of contradictions.

    Only words and prefixes of the second column count, never its numbers. METABRIC codes 1 = living; only its text
    column shows it.

    Parameters
    ----------
    events
        boolean, True = it happened; missing rows are not compared.
    other
        Column of text on the same rows.
    name
        Name of the decoded column, for the message.
    findings
        Receives ``E_STATUS_INVERTED`` if more than half of the compared rows contradict, ``W_STATUS_SUSPECT`` if
        fewer do.

    Returns
    -------
    int
        Rows in which one column says yes and the other no.
    """
    words = _vital_words(disease_specific=False)
    words |= _event_words()

    def translate(word: str) -> State:
        prefix = _PREFIX.match(word)
        return words.get(fold(word)) if prefix is None else "yes" if prefix[1] == "1" else "no"

    states = by_word(other.text, translate)
    said = flag_words(other.text, lambda word: translate(word) in {"yes", "no"})
    both = said & events.notna().to_numpy()
    happened = events.fillna(value=False).to_numpy(dtype=bool)
    wrong = both & (happened != (states == "yes").astype(bool))
    n_wrong, n_both = int(wrong.sum()), int(both.sum())
    if n_wrong:
        inverted = 2 * n_wrong > n_both
        fix = "Declare the coding, for example status_map = { 0 = 'dead', 1 = 'alive' }." if inverted else "Check them."
        report_once(
            other,
            wrong,
            findings,
            code="E_STATUS_INVERTED" if inverted else "W_STATUS_SUSPECT",
            message=f"{name} and {other.name} contradict each other in {{n}} of {n_both} rows.",
            fix=fix,
        )
    return n_wrong
