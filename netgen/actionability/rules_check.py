"""Whether the rules of a table make sense: everything that is wrong with any of them, told in one pass.

What a rule claims decides what it must show. Levels N1 to N3A say that a drug is approved, recommended or proven for
an alteration: they need a source that was looked up, with its date, a reviewer, and a date after which somebody looks
again. A rule past that date is still used, with a warning.
"""

from __future__ import annotations

import difflib
import re
from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Final

from netgen.actionability.levels import LEVELS, NO_THERAPY, RANK, SENSITIVITY
from netgen.actionability.rules import (
    AGNOSTIC,
    DIRECTIONS,
    FAMILY,
    FUNCTIONAL,
    GRADES,
    ORIGINS,
    report_rule,
)
from netgen.actionability.rules_check_alteration import RuleCheck, check_alteration, one_of
from netgen.knowledge.oncotree import resolve_code, suggest_codes

if TYPE_CHECKING:
    from collections.abc import Collection

    from netgen.actionability.rules import Rule, RuleTable
    from netgen.errors import Findings
    from netgen.knowledge.oncotree import OncoTree

PROVEN: Final = ("N1", "N2", "N3A")
_BEST_OUT_OF_SCOPE: Final = "N3B"
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def check_rules(
    table: RuleTable, *, tree: OncoTree, known_genes: Collection[str] | None, today: date, findings: Findings
) -> None:
    """Check every rule of a table; the findings say what is wrong.

    Parameters
    ----------
    table
        As read by ``read_rules``.
    tree
        Tumour types; a scope code must be one of them or ``SOLID``.
    known_genes
        Current symbols; None = genes are not checked.
    today
        Day by which a rule is past its expiry.
    findings
        Collects E_RULE, W_RULE_STALE and W_RULE_UNVERIFIED, each with file, line, rule, key and value.

    Notes
    -----
    1. Ids are unique; gene, scope, direction, level, source, snapshot and reviewer are there (DOMAIN 4.3).
    2. The alteration has the keys its kind needs, and no others.
    3. A level fits its direction. Out of scope it is N3B at best, and never better than in scope.
    4. Diagnostic and prognostic rules name no therapy; others name one, unless the level is NX.
    5. N1, N2 and N3A need a verified source with a date, and an expiry after the snapshot. A source that was not
       looked up gives W_RULE_UNVERIFIED.
    6. Dates are YYYY-MM-DD; a month or a year stands for the whole of it. No source is younger than the snapshot.

    Witnesses in ``tests/actionability/test_rules_check.py``.
    """
    if not table.rules:
        report_rule(
            findings,
            rule="",
            key="rules",
            needed="at least one rule",
            found="",
            fix="Add one.",
            file=table.name,
            line=None,
        )
    _check_ids(table, findings)
    for rule in table.rules:
        check = RuleCheck(rule, findings)
        check_alteration(check)
        _check_genes(check, known_genes)
        _check_scope(check, tree)
        _check_qualifiers(check)
        _check_level(check)
        _check_sources(check)
        _check_dates(check, today)


def _check_ids(table: RuleTable, findings: Findings) -> None:
    first: dict[str, Rule] = {}
    for rule in table.rules:
        check = RuleCheck(rule, findings)
        if not re.fullmatch(r"[A-Za-z0-9._-]+", rule.id):
            check.error("id", "a name of letters, digits, '.', '_' and '-'", rule.id, "Give the rule a name.")
        elif rule.id in first:
            where = first[rule.id].line
            needed = "to be unique" if where is None else f"to be unique; the rule on line {where} has it too"
            check.error("id", needed, rule.id, "Rename one of the two.")
        first.setdefault(rule.id, rule)


def _check_genes(check: RuleCheck, known_genes: Collection[str] | None) -> None:
    rule = check.rule
    if not rule.genes and FAMILY.get(rule.alteration.kind, "biomarker") != "biomarker":
        check.error("gene", f"a gene for the kind {rule.alteration.kind}", "", "Write its current symbol.")
    if known_genes is None:
        return
    for key, genes in (("gene", rule.genes), ("alteration.partners", rule.alteration.partners)):
        for gene in genes:
            if gene not in known_genes:
                alike = [name for name in known_genes if name[:1] == gene[:1].upper()]
                near = difflib.get_close_matches(gene.upper(), alike, n=1, cutoff=0.75)
                hint = f"Did you mean {near[0]}?" if near else "Write the current symbol."
                check.error(key, "current gene symbols", gene, hint)


def _check_scope(check: RuleCheck, tree: OncoTree) -> None:
    rule = check.rule
    if not rule.include:
        check.error("scope.include", "an OncoTree code, or SOLID", "", "Say for which tumours the rule holds.")
    for key, codes in (("scope.include", rule.include), ("scope.exclude", rule.exclude)):
        for code in codes:
            if code in tree or (code == AGNOSTIC and key == "scope.include"):
                continue
            check.error(key, "OncoTree codes", code, _nearest_codes(tree, code))
    for code in sorted(set(rule.include) & set(rule.exclude)):
        check.error("scope.exclude", "codes that are not included", code, "Take the code out of one of the two.")


def _nearest_codes(tree: OncoTree, text: str) -> str:
    current = resolve_code(tree, text)
    if current is not None:
        return f"Write {current}."
    near = suggest_codes(tree, text)
    hint = f"Did you mean {', '.join(near)}?" if near else "Look the code up in OncoTree."
    return hint if tree.complete else f"{hint} The complete tree is read from a knowledge snapshot."


def _check_qualifiers(check: RuleCheck) -> None:
    rule = check.rule
    one_of(check, "origin", [rule.origin], ORIGINS)
    one_of(check, "qualifiers.who_grade", rule.qualifiers.get("who_grade", ()), GRADES)
    one_of(check, "qualifiers.functional", [rule.qualifiers.get("functional", "any")], FUNCTIONAL)
    low, high = rule.qualifiers.get("ki67_min"), rule.qualifiers.get("ki67_max")
    for key, value in (("ki67_min", low), ("ki67_max", high)):
        if value is not None and not 0 <= value <= 100:
            check.error(f"qualifiers.{key}", "a percentage from 0 to 100", value, "Write the Ki-67 in per cent.")
    if low is not None and high is not None and low > high:
        check.error("qualifiers.ki67_max", f"at least ki67_min, {low:g}", f"{high:g}", "Exchange the two.")
    if (line := rule.qualifiers.get("line_min")) is not None and line < 1:
        check.error("qualifiers.line_min", "1 or more", line, "Lines of treatment count from 1.")


def _check_level(check: RuleCheck) -> None:
    rule = check.rule
    one_of(check, "direction", [rule.direction], DIRECTIONS)
    one_of(check, "level", [rule.level], LEVELS)
    one_of(check, "level_out_of_scope", [rule.level_out_of_scope], LEVELS)
    if rule.direction not in DIRECTIONS or rule.level not in LEVELS:
        return
    fitting = DIRECTIONS[rule.direction]
    if rule.level not in fitting:
        fix = "Correct the level or the direction."
        check.error("level", f"one of {', '.join(fitting)} for direction {rule.direction}", rule.level, fix)
    _check_level_out_of_scope(check, fitting)
    without = rule.level in NO_THERAPY or rule.direction == "predisposition"
    if not rule.therapy and not without:
        check.error("therapy", f"a therapy at level {rule.level}", "", "Name it, or use NDx, NPx or NX.")
    if rule.therapy and rule.level in ("NDx", "NPx"):
        found = "; ".join(rule.therapy)
        check.error("therapy", f"to be empty at level {rule.level}", found, "Take it out, or write a rule of its own.")


def _check_level_out_of_scope(check: RuleCheck, fitting: tuple[str, ...]) -> None:
    rule, out = check.rule, check.rule.level_out_of_scope
    best = _BEST_OUT_OF_SCOPE
    if out in SENSITIVITY and RANK[out] < RANK[best]:
        check.error("level_out_of_scope", f"{best} at best", out, "Evidence of another tumour type is N3B at best.")
    elif out in LEVELS and (out not in fitting or RANK[out] < RANK[rule.level]):
        needed = f"a level of direction {rule.direction}, not better than {rule.level} in scope"
        check.error("level_out_of_scope", needed, out, "Write NX if the evidence does not travel.")


def _check_sources(check: RuleCheck) -> None:
    rule = check.rule
    if not rule.sources:
        check.error("source", "at least one source", "", "Say where the fact stands: type, id, date.")
    for source in rule.sources:
        if not source.type or not source.id:
            found = source.id or source.type or source.url
            check.error("source", "a type and an id", found, "Write both.")
    if not rule.reviewed_by:
        check.error("reviewed_by", "the name of a reviewer", "", "Write it in the rule or at the top of the file.")
    proven = any(source.verified and source.date for source in rule.sources)
    if rule.level in PROVEN and not proven and "source.verified" not in rule.unread:
        found = "; ".join(f"{source.type}:{source.id}" for source in rule.sources)
        fix = "Look the fact up and add its source with the date, or lower the level."
        check.error("source", f"one that was looked up, with its date, at level {rule.level}", found, fix)
    unverified = [f"{source.type}:{source.id}" for source in rule.sources if not source.verified]
    if unverified and "source.verified" not in rule.unread:
        check.findings.add(
            "W_RULE_UNVERIFIED",
            f"Rule {rule.id}: a source was not looked up: {', '.join(unverified)}.",
            fix="Look it up, correct the rule and write verified: true.",
            file=rule.file,
            row=rule.line,
            column="source.verified",
            value="false",
        )


def _check_dates(check: RuleCheck, today: date) -> None:
    rule = check.rule
    snapshot, expires = _days(check, "snapshot", rule.snapshot), _days(check, "expires", rule.expires)
    for source in rule.sources:
        dated = _days(check, "source.date", source.date)
        if dated and snapshot and dated[0] > snapshot[1]:
            needed = f"to be no later than the snapshot, {rule.snapshot}"
            check.error("source.date", needed, source.date, "Correct the date, or date the snapshot anew.")
    if not rule.snapshot:
        check.error("snapshot", "a date", "", "Write the day on which the rule was looked at.")
    if not rule.expires and rule.level in PROVEN:
        check.error("expires", f"a date at level {rule.level}", "", "Say when the rule must be looked at again.")
    if snapshot and expires and expires[1] <= snapshot[1]:
        needed = f"to lie after the snapshot, {rule.snapshot}"
        check.error("expires", needed, rule.expires, "Exchange the two dates or correct one.")
    elif expires and today > expires[1]:
        check.findings.add(
            "W_RULE_STALE",
            f"Rule {rule.id} is used past its expiry, {rule.expires}.",
            fix="Look at its sources again and date it anew.",
            file=rule.file,
            row=rule.line,
            column="expires",
            value=rule.expires,
        )


def _days(check: RuleCheck, key: str, text: str) -> tuple[date, date] | None:
    """Return the first and the last day that an ISO date of any precision covers; None if there is none."""
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        year, month, day = (
            (None if part is None else int(part) for part in found.groups()) if found else (0, None, None)
        )
        first = date(year or 0, 1 if month is None else month, 1 if day is None else day)
        month = 12 if month is None else month
        return first, first.replace(month=month, day=monthrange(first.year, month)[1] if day is None else day)
    except ValueError:
        check.error(key, "a date, YYYY-MM-DD or YYYY-MM", text, "Write the date in that form.")
        return None
