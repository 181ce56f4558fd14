"""Apply rules to alterations: each alteration, rule and therapy with its level for the patient's own tumour type.

The steps are those of DOMAIN 4.4: candidates by gene and kind (``kinds``), what may be believed of a variant
(``guards``), scope and qualifiers (``scope``), then which rule holds (``precedence``). Everything is done on distinct
signatures, rules and tumour types, and joined back to the rows at the end.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.actionability.biomarkers import ORDER_UNKNOWN, THERAPY_INDUCED
from netgen.actionability.guards import GERMLINE_SUGGESTED, check_origin, list_vus
from netgen.actionability.kinds import match_alterations
from netgen.actionability.levels import APPROXIMATE, FRAMEWORKS, RANK, approximate
from netgen.actionability.precedence import SCOPE_RANK, add_flag, flag_resistance, keep_most_specific
from netgen.actionability.rules import SPECIFICITY
from netgen.actionability.scope import PRINTED, check_qualifiers, match_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Sequence

    from numpy.typing import NDArray

    from netgen.actionability.rules import Rule
    from netgen.knowledge.oncotree import OncoTree

__all__ = ["HIT_COLUMNS", "list_vus", "match_rules"]

HIT_COLUMNS: Final = (
    "alteration_id", "patient_id", "sample_id", "oncotree_code", "gene", "alteration", "vaf", "origin", "rule_id",
    "row", "kind", "specificity", "scope_match", "therapy", "direction", "level", "level_in_scope", "native_oncokb",
    "native_escat", "native_fda", "approx_oncokb", "approx_escat", "approx_amp", "approx_civic", "sources", "snapshot",
    "note", "flags",
)  # fmt: skip
_NATIVE: Final = ("oncokb", "escat", "fda")
_DTYPES: Final = {"alteration_id": "int64", "row": "Int64", "specificity": "int64", "vaf": "float64"}
# Qualifiers of the alteration: unmet, the rule is about something else. The others belong to the tumour, as scope does.
_OF_ALTERATION: Final = frozenset({"qualifier_unmet:biallelic", "qualifier_unmet:prior_alkylator"})
_ASKED: Final = ("who_grade", "ki67_pct", "ki67_low", "ki67_high", "functional_status", "prior_alkylator")


def match_rules(
    alterations: pd.DataFrame, patients: pd.DataFrame, rules: Sequence[Rule], tree: OncoTree, *, precedence: bool = True
) -> pd.DataFrame:
    """Return what the rules say about the alterations, at the level that holds in the patient's tumour type.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``, biomarkers among them; ``alteration_id`` unique. An ``oncotree_code`` here
        is that of the sample and goes before the patient's.
    patients
        Indexed by ``patient_id``: ``oncotree_code``, and what qualifiers ask for (who_grade, ki67_pct, ...). A patient
        who is not there, or has no tumour type, is uncertain for every rule.
    rules
        In any order.
    tree
        OncoTree.
    precedence
        False keeps every rule that matches, also those that a more specific one overrides.

    Returns
    -------
    DataFrame
        ``HIT_COLUMNS``, one row per alteration, rule and therapy (the empty text for none), sorted. ``scope_match`` is
        in_scope, agnostic, out_of_scope or uncertain. ``level_in_scope`` is the level the rule has where it holds.

    Raises
    ------
    ValueError
        If two alterations have one ``alteration_id``, or ``patients`` has one patient twice.

    Notes
    -----
    1. Scope: out of scope a rule has its ``level_out_of_scope``; in an excluded type NX, flag ``scope_excluded``; for a
       type that is missing or too broad NX, ``uncertain``, flag ``tumour_type_missing`` or ``tumour_type_too_broad``.
    2. Qualifiers of the tumour (grade, Ki-67, function) count as scope; an unknown one makes it uncertain. Those of the
       alteration (biallelic, prior alkylator) must be met: else no hit.
    3. A germline rule without a germline call is withheld: NX, no therapy, flag ``germline_confirmation_suggested``,
       which every hit of the alteration gets. Out of scope and without evidence there, it is left out.
    4. Precedence and resistance: ``precedence``.

    Witnesses: SC22; a loop over all pairs in ``tests/actionability/test_matching_properties.py``.
    """
    _check_keys(alterations, patients)
    pairs = match_alterations(alterations, rules)
    facts = _facts(alterations, patients, pairs["position"].to_numpy(dtype=np.int64))
    pairs = pd.concat([pairs, facts], axis=1)
    pairs = _apply_origin(pairs, rules)
    pairs = _apply_scope(pairs, rules, tree)
    pairs = _apply_qualifiers(pairs, rules, patients)
    pairs = _apply_level(pairs, rules)
    hits = _describe(_per_therapy(pairs, rules), rules)
    hits = flag_resistance(keep_most_specific(hits) if precedence else hits)
    return _sort(hits)


def _check_keys(alterations: pd.DataFrame, patients: pd.DataFrame) -> None:
    for name, keys in (("alteration_id", alterations["alteration_id"]), ("patient_id", patients.index.to_series())):
        twice = keys[keys.duplicated()]
        if len(twice):
            raise ValueError(f"{name} must be unique; {twice.iloc[0]} and {len(twice) - 1} more stand twice.")


def _facts(alterations: pd.DataFrame, patients: pd.DataFrame, position: NDArray[np.int64]) -> pd.DataFrame:
    """Return what the hits show of their alterations, with the tumour type of the sample or else the patient."""
    rows = alterations.iloc[position].reset_index(drop=True)
    names = ["alteration_id", "patient_id", "sample_id", "gene", "alteration", "vaf", "origin", "biallelic", "marker"]
    out = rows[names].assign(alteration_flags=_text(rows["flags"]))
    code = out["patient_id"].map(patients["oncotree_code"]).astype("string")
    if "oncotree_code" in rows:
        code = rows["oncotree_code"].astype("string").fillna(code)
    return out.assign(oncotree_code=code.fillna("").str.strip(), origin=_text(out["origin"]))


def _apply_origin(pairs: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Leave out pairs whose origins disagree; mark those that a germline call would complete."""
    wanted = _of_rules(pairs, rules, lambda rule: rule.origin)
    agrees, suggested = check_origin(wanted, pairs["origin"].to_numpy(dtype=object))
    return pairs.assign(withheld=suggested)[agrees | suggested].reset_index(drop=True)


def _apply_scope(pairs: pd.DataFrame, rules: Sequence[Rule], tree: OncoTree) -> pd.DataFrame:
    """Add ``scope_match``, once per scope and tumour type; ``excluded`` is out of scope with a flag."""
    places, scopes = _distinct([(rule.include, rule.exclude) for rule in rules])
    codes, names = pd.factorize(pairs["oncotree_code"], sort=True)
    key = places[pairs["rule"].to_numpy(dtype=np.int64)] * max(len(names), 1) + codes
    distinct, back = np.unique(key, return_inverse=True)
    found = []
    for one in distinct:
        (include, exclude), code = scopes[one // len(names)], names[one % len(names)]
        found.append(match_scope(tree, code, include, exclude) if code else "missing")
    match = np.array(found, dtype=object)[back] if found else np.empty(0, dtype=object)
    flags = pairs["flags"]
    for kind, flag in (
        ("missing", "tumour_type_missing"),
        ("uncertain", "tumour_type_too_broad"),
        ("excluded", "scope_excluded"),
    ):
        flags = add_flag(flags, match == kind, flag)
    shown = pd.Series(match, dtype="string").replace({"missing": "uncertain", "excluded": "out_of_scope"})
    return pairs.assign(scope_match=shown, excluded=match == "excluded", flags=flags)


def _apply_qualifiers(pairs: pd.DataFrame, rules: Sequence[Rule], patients: pd.DataFrame) -> pd.DataFrame:
    """Weigh the qualifiers of the rules that have any, once for all who are alike in what is asked."""
    asked = np.flatnonzero(_of_rules(pairs, rules, lambda rule: bool(rule.qualifiers)).astype(bool))
    scope, flags = (pairs[name].to_numpy(dtype=object).copy() for name in ("scope_match", "flags"))
    dropped = np.zeros(len(pairs), dtype=bool)
    weighed = [not rule.qualifiers.keys() <= {*PRINTED} for rule in rules]
    known: dict[Hashable, tuple[bool | None, list[str]]] = {}
    facts = _qualified(pairs.iloc[asked], patients)
    for at, place, fact in zip(asked, pairs["rule"].to_numpy()[asked], facts, strict=True):
        key = (place, fact) if weighed[place] else place
        if key not in known:
            known[key] = check_qualifiers(rules[place], dict(fact))
        met, told = known[key]
        flags[at] = _join_flags(flags[at], *told)
        dropped[at] = met is False and not _OF_ALTERATION.isdisjoint(told)
        if met is not True and scope[at] in {"in_scope", "agnostic"}:
            scope[at] = "uncertain" if met is None else "out_of_scope"
    out = pairs.assign(scope_match=pd.Series(scope, dtype="string"), flags=pd.Series(flags, dtype="string"))
    return out[~dropped].reset_index(drop=True)


def _qualified(pairs: pd.DataFrame, patients: pd.DataFrame) -> list[tuple[tuple[str, Any], ...]]:
    """Return what qualifiers can ask, as names with values: of the patient and of the alteration.

    A mutational burden tells itself whether an alkylating drug came before it (``biomarkers``).
    """
    names = [name for name in _ASKED if name in patients.columns]
    own = patients[names].reindex(pairs["patient_id"])
    columns = {name: own[name].astype(object).where(own[name].notna(), None).to_list() for name in names}
    columns["biallelic"] = pairs["biallelic"].to_list()
    before = columns.get("prior_alkylator", [None] * len(pairs))
    told = zip(pairs["marker"].eq("TMB"), pairs["alteration_flags"].str.split(";"), before, strict=True)
    columns["prior_alkylator"] = [
        _after_alkylator(flags, otherwise=before) if burden else before for burden, flags, before in told
    ]
    return [tuple(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _after_alkylator(flags: Collection[str], *, otherwise: bool | None) -> bool | None:
    if THERAPY_INDUCED in flags:
        return True
    return otherwise if ORDER_UNKNOWN in flags else False


def _apply_level(pairs: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Add the level in this tumour; withheld germline rules have none, and where they would have none, go."""
    inside = _of_rules(pairs, rules, lambda rule: rule.level)
    outside = _of_rules(pairs, rules, lambda rule: rule.level_out_of_scope)
    scope = pairs["scope_match"]
    applies = scope.isin(["in_scope", "agnostic"]).to_numpy(dtype=bool)
    travels = (scope == "out_of_scope").to_numpy(dtype=bool) & ~pairs["excluded"].to_numpy(dtype=bool)
    level = np.where(applies, inside, np.where(travels, outside, "NX"))
    withheld = pairs["withheld"].to_numpy(dtype=bool)
    pointless = withheld & (scope == "out_of_scope").to_numpy(dtype=bool) & (level == "NX")
    out: pd.DataFrame = pairs.assign(level=np.where(withheld, "NX", level), level_in_scope=inside)[~pointless]
    suggested = out["alteration_id"].isin(out.loc[out["withheld"], "alteration_id"]).to_numpy(dtype=bool)
    return out.assign(flags=add_flag(out["flags"], suggested, GERMLINE_SUGGESTED)).reset_index(drop=True)


def _per_therapy(pairs: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Repeat a pair for each therapy of its rule; a rule without therapy, or a withheld one, has one row."""
    rule = pairs["rule"].to_numpy(dtype=np.int64)
    withheld = pairs["withheld"].to_numpy(dtype=bool)
    listed = [("",) if held else rules[place].therapy or ("",) for place, held in zip(rule, withheld, strict=True)]
    out = pairs.loc[np.repeat(pairs.index.to_numpy(), [len(item) for item in listed])].reset_index(drop=True)
    return out.assign(therapy=pd.Series([name for item in listed for name in item], dtype="string"))


def _describe(pairs: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Add what a rule says of itself and the levels of other frameworks."""
    own: dict[str, Callable[[Rule], Any]] = {
        "rule_id": lambda rule: rule.id,
        "row": lambda rule: pd.NA if rule.row is None else rule.row,
        "kind": lambda rule: rule.alteration.kind,
        "specificity": lambda rule: SPECIFICITY[rule.alteration.kind],
        "direction": lambda rule: rule.direction,
        "sources": _cite,
        "snapshot": lambda rule: rule.snapshot,
        "note": lambda rule: rule.note,
    }
    columns = {name: _of_rules(pairs, rules, value) for name, value in own.items()}
    for name in _NATIVE:
        columns[f"native_{name}"] = _of_rules(pairs, rules, partial(_native, framework=name))
    unverified = _of_rules(pairs, rules, lambda rule: not any(item.verified for item in rule.sources)).astype(bool)
    agnostic = (pairs["scope_match"] == "agnostic").to_numpy(dtype=bool)
    for name in FRAMEWORKS:
        plain, general = (
            {level: approximate(level, name, agnostic=any_) for level in APPROXIMATE} for any_ in (False, True)
        )
        columns[f"approx_{name}"] = np.where(agnostic, pairs["level"].map(general), pairs["level"].map(plain))
    out = pairs.assign(**columns)
    joined = [_join_flags(*both) for both in zip(out["flags"], out["alteration_flags"], strict=True)]
    out["flags"] = add_flag(pd.Series(joined, index=out.index, dtype="string"), unverified, "source_unverified")
    return out.astype({name: _DTYPES.get(name, "string") for name in HIT_COLUMNS})[list(HIT_COLUMNS)]


def _native(rule: Rule, *, framework: str) -> str:
    return rule.native.get(framework) or ""


def _cite(rule: Rule) -> str:
    """Return the sources of a rule as ``type:id (date)``, joined by "; "."""
    dated = (f"{item.type}:{item.id}" + (f" ({item.date})" if item.date else "") for item in rule.sources)
    return "; ".join(dated)


def _sort(hits: pd.DataFrame) -> pd.DataFrame:
    """Order by patient, sample and alteration; within one, best level and scope first."""
    keyed = hits.assign(_level=hits["level"].map(RANK), _scope=hits["scope_match"].map(SCOPE_RANK))
    order = ["patient_id", "sample_id", "gene", "alteration", "alteration_id", "_level", "_scope", "rule_id", "therapy"]
    return keyed.sort_values(order, kind="stable")[list(HIT_COLUMNS)].reset_index(drop=True)


def _of_rules(pairs: pd.DataFrame, rules: Sequence[Rule], value: Callable[[Rule], Any]) -> NDArray[Any]:
    """Return a property of the rule of each pair."""
    own = np.empty(len(rules), dtype=object)
    for place, rule in enumerate(rules):
        own[place] = value(rule)
    return np.asarray(own[pairs["rule"].to_numpy(dtype=np.int64)])


def _distinct(items: Sequence[Hashable]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return the number of each item among the distinct ones, and those."""
    number: dict[Hashable, int] = {}
    places = [number.setdefault(item, len(number)) for item in items]
    return np.array(places, dtype=np.int64), list(number)


def _text(column: pd.Series) -> pd.Series:
    return column.astype("string").fillna("")


def _join_flags(*flags: str) -> str:
    return ";".join(sorted({item for text in flags for item in text.split(";")} - {""}))
