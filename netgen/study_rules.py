"""The keys of ``study.toml``, declared once: what each may hold, and how a wrong one is told.

``study`` reads the file by these rules; options of the library are checked by the same ones.
"""

from __future__ import annotations

import difflib
import math
import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FEATURES: Final = ("any_nonsyn", "lof", "driver", "hotspot", "altered", "actionable")
POLICIES: Final = ("union", "primary", "metastasis", "earliest", "latest", "largest_panel")
ENTRY_RULES: Final = ("auto", "none", "sequencing_report", "sample_collection", "custom")
KINDS: Final = ("tables", "cbioportal", "sheet", "files")
ASSAYS: Final = ("wes", "wgs")
UNITS: Final = ("days", "months", "years")
GENOMES: Final = ("GRCh37", "GRCh38")
SHOWN: Final = 60  # characters of a wrong value in a message
TABLE_KEYS: Final = ("patients", "samples", "treatments", "drugs", "assessments", "imaging", "biomarkers")


class Rule(NamedTuple):
    """What a key may hold: types, a closed vocabulary, types of the items of a list or table, a range.

    For a list ``low`` is the number of items it needs; infinity is in no range.
    """

    types: tuple[type, ...]
    values: tuple[str, ...] = ()
    items: tuple[type, ...] = ()
    low: float | None = None
    high: float | None = None


_TEXT: Final = Rule((str,))
_TEXTS: Final = Rule((list,), items=(str,))
_TEXT_OR_TEXTS: Final = Rule((str, list), items=(str,))
_SOME_TEXTS: Final = Rule((list,), items=(str,), low=1)
_NAMES: Final = Rule((dict,), items=(str,))
_NAMES_OR_LISTS: Final = Rule((dict,), items=(str, list))
_VALUES: Final = Rule((dict,), items=(str, int, float, bool))
_TABLE_OF_TABLES: Final = Rule((dict,), items=(dict,))
_BOOL: Final = Rule((bool,))
_COUNT: Final = Rule((int,), low=1)
_SHARE: Final = Rule((int, float), low=0, high=1)
_SHEET: Final = Rule((str, int))
_TABLE_OR_FILE: Final = Rule((str, dict))
_WORDS: Final[dict[type, str]] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "a table",
    date: "a date",
}  # fmt: skip


def _one_of(values: tuple[str, ...]) -> Rule:
    return Rule((str,), values)


STUDY: Final[dict[str, Rule]] = {
    "id": _TEXT, "title": _TEXT, "genome": _one_of(GENOMES), "data_cutoff": Rule((date, str)),
    "sequencing_context": _one_of(("clinical", "research_retrospective", "unknown")), "label": _TEXT,
}  # fmt: skip
TABLE: Final[dict[str, Rule]] = {
    "file": _TEXT, "sheet": _SHEET, "header_row": _COUNT, "columns": _NAMES_OR_LISTS,
    "where": Rule((dict,), items=(str, int, float, bool, list)), "where_present": _TEXTS,
}  # fmt: skip
ALTERATIONS: Final[dict[str, Rule]] = {
    "file": _TEXT, "layout": _one_of(("matrix", "carriers")), "sheet": _SHEET, "header_row": _COUNT,
    "id_column": _TEXT, "gene_column": _TEXT, "profiled": _TEXT, "genes": _TEXTS,
}  # fmt: skip
ENDPOINT: Final[dict[str, Rule]] = {
    "time": _TEXT_OR_TEXTS._replace(low=1), "event": _TEXT, "unit": _one_of(UNITS), "entry": _TEXT,
    "status_map": _NAMES, "check_against": _TEXT, "origin": _TEXT,
    "new_therapy": _one_of(("censor", "event", "ignore")),
    "censor_at": _one_of(("assessment", "last_contact")), "clinical_pd": _BOOL,
    "time_zero": _one_of(("half_day", "exclude", "keep")),
    "kind": _TEXT, "events": _SOME_TEXTS, "competing": _TEXTS, "censor": _SOME_TEXTS, "stop_at": _TEXTS,
    "deaths": _one_of(("event", "competing")), "completion": _one_of(("event", "censor", "exclude")),
    "censor_at_local": _BOOL, "pd_date_from_end": _BOOL, "max_death_gap_days": Rule((int,), low=0),
    "assessment_interval_days": _COUNT, "partial_dates": _one_of(("auto", "impute", "exclude", "bounds")),
}  # fmt: skip
SOURCE: Final[dict[str, Rule]] = {
    "kind": _one_of(KINDS), "path": _TEXT, "namespace": _TEXT, "set": _VALUES, "variants": _TEXT_OR_TEXTS,
    "alterations": Rule((dict,)), "panel": _TEXT, "panels": _TEXTS, "assay": _one_of(ASSAYS), "assume_profiled": _BOOL,
    "genome": _one_of(GENOMES), "endpoints": _TABLE_OF_TABLES, **dict.fromkeys(TABLE_KEYS, _TABLE_OR_FILE),
}  # fmt: skip
READ: Final[dict[str, Rule]] = {
    "date_order": _one_of(("dmy", "mdy")), "status_map": _NAMES, "on_duplicate": _one_of(("error", "exclude")),
    "skip_invalid": _BOOL, "excel_dates": _one_of(("error", "unresolved")), "filters": _one_of(("pass", "any")),
    "population_af": _SHARE, "min_depth": _COUNT, "min_alt_count": _COUNT, "min_vaf": _SHARE,
    "sequencing": _one_of(("required", "optional")),
}  # fmt: skip
ELIGIBILITY: Final[dict[str, Rule]] = {
    "ki67_above": Rule((int, float), low=0, high=100), "differentiation": _TEXTS, "origins": _TEXTS,
    "require_advanced": _BOOL,
}  # fmt: skip
ASSOCIATION: Final[dict[str, Rule]] = {
    "endpoints": _SOME_TEXTS, "features": _one_of(FEATURES), "policy": _one_of(POLICIES), "strata": _TEXT,
    "adjust": _TEXTS, "genes": _TEXTS, "pathways": _NAMES_OR_LISTS, "prespecified": _TEXTS, "min_altered": _COUNT,
    "entry_rule": _one_of(ENTRY_RULES), "report_both": _BOOL, "permutations": _COUNT,
    "landmark": Rule((int, float), low=1), "model": _BOOL, "alpha": _SHARE, "adaptive": _BOOL, "min_profiled": _SHARE,
    "bootstrap": Rule((int,), low=0), "ties": _one_of(("efron", "breslow")),
    "mode": _one_of(("auto", "small", "large")), "seed": Rule((int,), low=0),
}  # fmt: skip
LINES: Final[dict[str, Rule]] = {
    "window": _COUNT, "gap": _COUNT, "local_as_line": _BOOL, "maintenance": _TEXTS, "drugs": _TEXT,
}  # fmt: skip
ACTIONABILITY: Final[dict[str, Rule]] = {"rules": _TEXT, "knowledge": _TEXT}
REFERENCE: Final[dict[str, Rule]] = {"fasta": _TEXT, "gff": _TEXT, "transcripts": _TEXTS}
TOP: Final[dict[str, Rule]] = {
    "study": Rule((dict,)), "source": Rule((list,), items=(dict,)), "endpoints": _TABLE_OF_TABLES,
    "read": Rule((dict,)), "eligibility": Rule((dict,)), "association": Rule((dict,)), "lines": Rule((dict,)),
    "actionability": Rule((dict,)), "reference": Rule((dict,)),
}  # fmt: skip
# What a source of each kind has of its own; another kind does not read it.
OWN_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "tables": ("variants", "alterations", *TABLE_KEYS),
    "files": ("variants",),
    "cbioportal": ("path",),
    "sheet": ("path",),
}


def is_name(text: str) -> bool:
    """Tell whether a text can name an endpoint, and so a column and a file.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    bool
        True for letters, digits, ``_`` and ``-``.
    """
    return re.fullmatch(r"[A-Za-z0-9_-]+", text) is not None


def check_setting(key: str, value: object, rules: Mapping[str, Rule]) -> tuple[str, str] | None:
    """Return what is wrong with one setting and what to do, or None.

    Parameters
    ----------
    key, value
        The setting.
    rules
        The keys there are.

    Returns
    -------
    tuple of str or None
        Message without full stop, and remedy.
    """
    if key not in rules:
        return f"unknown key {key!r}", _nearest(key, rules) or f"Valid keys: {', '.join(rules)}."
    rule = rules[key]
    if not _is_of(value, rule.types):
        return f"{key} must be {_words(rule.types)}, found {_show(value)}", "Change the value."
    problem = _check_items(key, value, rule.items) if rule.items else None
    if problem is not None:
        return problem
    if rule.values and value not in rule.values:
        return f"{key} must be one of {', '.join(rule.values)}, found {value!r}", (
            _nearest(str(value), rule.values) or "Use one of them."
        )
    return _check_range(key, value, rule)


def _nearest(text: str, names: Iterable[str]) -> str:
    """Ask for the name that is most like a text, whatever its case; blank if none is."""
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(text.casefold(), folded, n=1, cutoff=0.5)
    return f"Did you mean {folded[near[0]]}?" if near else ""


def _check_items(key: str, value: object, types: tuple[type, ...]) -> tuple[str, str] | None:
    """Look at the items of a list or table, and at the items of the lists among them."""
    scalars = tuple(kind for kind in types if kind is not list)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if not _is_of(item, types):
            return f"{key} must hold {_words(types)}, found {_show(item)}", "Change the item."
        if item == []:
            return f"{key} must not hold an empty list", "Name something, or remove it."
        if isinstance(item, list) and not all(_is_of(one, scalars) for one in item):
            return f"{key} must hold lists of {_words(scalars)}, found {_show(item)}", "Change the item."
    return None


def _check_range(key: str, value: object, rule: Rule) -> tuple[str, str] | None:
    if isinstance(value, list) and rule.low is not None and len(value) < rule.low:
        return f"{key} must name at least {rule.low:g}, found none", "Name one, or remove the key."
    if not isinstance(value, int | float) or rule.low is None:
        return None
    if rule.low <= value < math.inf and (rule.high is None or value <= rule.high):
        return None
    needs = f"at least {rule.low:g}" if rule.high is None else f"between {rule.low:g} and {rule.high:g}"
    return f"{key} must be {needs}, found {value!r}", "Change the value."


def _is_of(value: object, types: tuple[type, ...]) -> bool:
    """Tell whether a value has one of the types; true and false are not numbers."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _words(types: tuple[type, ...]) -> str:
    return " or ".join(_WORDS[item] for item in types if not (item is int and float in types))


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
