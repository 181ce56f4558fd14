"""Whether the alteration of a rule has the keys its kind needs, in the spelling that is matched, and no others."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.actionability.biomarker_words import MARKERS
from netgen.actionability.rules import (
    CHANGE_TYPES,
    FRAMES,
    FUNCTIONS,
    KIND,
    PLACES,
    AlterationSpec,
    Rule,
    report_rule,
)
from netgen.genomics.protein import normalize_protein_change

if TYPE_CHECKING:
    from collections.abc import Collection

    from netgen.errors import Findings

_GENOMIC: Final = re.compile(r"GRCh3[78]:(?:[1-9]|1\d|2[0-2]|X|Y|MT):[1-9]\d*:[ACGT]+:[ACGT]+")
_CODON: Final = re.compile(r"[A-Z][1-9]\d*")


class RuleCheck(NamedTuple):
    """One rule and where to tell what is wrong with it; keys that could not be read were told already."""

    rule: Rule
    findings: Findings

    def error(self, key: str, needed: str, found: object, fix: str) -> None:
        """Add E_RULE for a key, unless the reader did."""
        if key in self.rule.unread or key.partition(".")[0] in self.rule.unread:
            return
        report_rule(
            self.findings,
            rule=self.rule.id or f"on line {self.rule.line}",
            key=key,
            needed=needed,
            found=found,
            fix=fix,
            file=self.rule.file,
            line=self.rule.line,
        )


def one_of(check: RuleCheck, key: str, values: Collection[str], valid: Collection[str]) -> None:
    """Report the values of a key that are not in its vocabulary.

    Parameters
    ----------
    check
        The rule.
    key
        One of ``RULE_KEYS``.
    values
        What the rule has.
    valid
        The vocabulary.
    """
    for value in values:
        if value not in valid:
            near = [word for word in valid if word.casefold() == value.casefold()]
            fix = f"Write {near[0]}." if near else "Choose one of these."
            check.error(key, f"to be one of {', '.join(valid)}", value, fix)


def check_alteration(check: RuleCheck) -> None:
    """Report what is missing, superfluous or misspelt in the alteration of a rule.

    Parameters
    ----------
    check
        The rule.
    """
    spec = check.rule.alteration
    one_of(check, "alteration.kind", [spec.kind], KIND)
    if spec.kind in KIND:
        _check_keys(check, spec)
    one_of(check, "alteration.change_types", spec.change_types, CHANGE_TYPES)
    one_of(check, "alteration.place", [spec.place], PLACES)
    one_of(check, "alteration.frame", [spec.frame], FRAMES)
    if spec.function:
        one_of(check, "alteration.function", [spec.function], FUNCTIONS)
    if spec.marker:
        one_of(check, "alteration.marker", [spec.marker], MARKERS)
    if spec.marker in MARKERS:
        one_of(check, "alteration.results", spec.results, MARKERS[spec.marker].results)
    _check_changes(check, spec)
    _check_positions(check, spec)


def _check_keys(check: RuleCheck, spec: AlterationSpec) -> None:
    kind = KIND[spec.kind]
    for part in fields(spec):
        key, value = f"alteration.{part.name}", getattr(spec, part.name)
        stated = part.name != "kind" and value != part.default
        if part.name in kind.needs and not stated:
            check.error(key, f"a value for the kind {spec.kind}", "", "Add it, or choose another kind.")
        elif stated and part.name not in (*kind.needs, *kind.may):
            found = "; ".join(value) if isinstance(value, tuple) else value
            takes = ", ".join((*kind.needs, *kind.may)) or "no key but the kind"
            check.error(key, f"another kind than {spec.kind}, which takes {takes}", found, "Take it out.")


def _check_changes(check: RuleCheck, spec: AlterationSpec) -> None:
    for change in spec.changes:
        if spec.kind == "exact_genomic" and not _GENOMIC.fullmatch(change):
            fix = "Write for example GRCh38:7:140753336:A:T."
            check.error("alteration.changes", "build:chromosome:position:ref:alt", change, fix)
        elif spec.kind == "exact_hgvsp" and (right := normalize_protein_change(change)) != f"p.{change}":
            fix = "Write for example V600E." if right is None else f"Write {right.removeprefix('p.')}."
            check.error("alteration.changes", "protein changes in one-letter form without p.", change, fix)
    for codon in spec.codons:
        if not _CODON.fullmatch(codon):
            check.error("alteration.codons", "residue and number", codon, "Write for example V600.")


def _check_positions(check: RuleCheck, spec: AlterationSpec) -> None:
    for name in ("first", "last", "exon"):
        value = getattr(spec, name)
        if value is not None and value < 1:
            check.error(f"alteration.{name}", "1 or more", value, "Residues and exons count from 1.")
    if (spec.first is None) != (spec.last is None) and "first" not in KIND.get(spec.kind, KIND["lof"]).needs:
        check.error("alteration.last", "first and last together", "one of them", "Add the other one.")
    if spec.first is not None and spec.last is not None and spec.first > spec.last:
        check.error("alteration.last", f"at least first, {spec.first}", spec.last, "Exchange the two.")
    if spec.at_least is not None and spec.at_least <= 0:
        check.error("alteration.at_least", "a value above 0", spec.at_least, "Write the lowest value that counts.")
