"""What a rule of actionability is: its parts, its vocabularies, and every key a rule file may hold.

A rule says: *this alteration of this gene, in tumours of this scope, has this meaning, by these sources*. ``RULE_KEYS``
declares the keys once; the reader, the checks and the reference page all use that table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.errors import Findings

SHOWN: Final = 60  # characters of a wrong value in a message
AGNOSTIC: Final = "SOLID"  # scope code for everything but the MYELOID and LYMPH subtrees; not a node of OncoTree


class Kind(NamedTuple):
    """A kind of alteration: who it competes with, how specific it is, which keys it needs and which it may have."""

    meaning: str
    family: str
    specificity: int
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


_RANGE: Final = ("first", "last")
KIND: Final[dict[str, Kind]] = {
    "exact_hgvsp": Kind("one protein change", "mutation", 100, ("changes",)),
    "exact_genomic": Kind("one change of the genome", "mutation", 100, ("changes",)),
    "splice_event": Kind("loss of one exon by a splice change", "mutation", 100, ("exon",), _RANGE),
    "codon": Kind("another residue at a codon", "mutation", 80, ("codons",), ("change_types",)),
    "codon_range": Kind("changes within a range of residues", "mutation", 70, _RANGE, ("change_types",)),
    "exon_class": Kind("changes of a type within an exon", "mutation", 70, ("exon",), ("change_types", *_RANGE)),
    "domain": Kind("changes within a protein domain", "mutation", 65, _RANGE, ("change_types",)),
    "functional_class": Kind("changes whose effect is curated", "mutation", 60, ("function",)),
    "biallelic_lof": Kind("loss of function of both alleles", "mutation", 55),
    "lof": Kind("loss of function", "mutation", 50),
    "any_oncogenic": Kind("any change known to be oncogenic", "mutation", 40),
    "any_mutation": Kind("any change of the protein", "mutation", 10),
    "amplification": Kind("high-level amplification", "amplification", 50),
    "homdel": Kind("homozygous deletion", "homdel", 50),
    "fusion": Kind("fusion of the gene", "fusion", 50, (), ("partners", "place", "frame")),
    "expression": Kind("expression, by immunohistochemistry or imaging", "biomarker", 50, ("marker", "results")),
    "biomarker_threshold": Kind("measured value at or above a limit", "biomarker", 50, ("marker", "at_least")),
    "biomarker_status": Kind("reported status", "biomarker", 50, ("marker", "results")),
}
KINDS: Final = tuple(KIND)
SPECIFICITY: Final[Mapping[str, int]] = MappingProxyType({name: kind.specificity for name, kind in KIND.items()})
FAMILY: Final[Mapping[str, str]] = MappingProxyType({name: kind.family for name, kind in KIND.items()})

CHANGE_TYPES: Final = (
    "missense", "nonsense", "frameshift", "inframe_del", "inframe_ins", "delins", "splice", "start_loss", "stop_loss",
    "promoter", "silent", "other",
)  # fmt: skip
FUNCTIONS: Final = ("activating", "inactivating")
PLACES: Final = ("any", "five_prime", "three_prime")
FRAMES: Final = ("any", "in_frame_or_unknown")
ORIGINS: Final = ("somatic", "germline", "either")
GRADES: Final = ("G1", "G2", "G3", "NEC")
FUNCTIONAL: Final = ("any", "functional", "non_functional")
# direction -> the levels it can have
DIRECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "sensitivity": ("N1", "N2", "N3A", "N3B", "N3C", "N4", "NX"),
    "resistance": ("NR1", "NR2", "NX"),
    "reduced": ("NR1", "NR2", "N3C", "N4", "NX"),
    "diagnostic": ("NDx", "NX"),
    "prognostic_poor": ("NPx", "NX"),
    "prognostic_good": ("NPx", "NX"),
    "predisposition": ("NDx", "NX"),
    "context_dependent": ("NPx", "NDx", "N3C", "N4", "NX"),
}

FILE_KEYS: Final[dict[str, str]] = {
    "netgen_rules": "version of the format: 1",
    "name": "name of the table",
    "snapshot": "date of the table, for rules that state none",
    "reviewed_by": "reviewer, for rules that name none",
    "expires": "date after which rules that state none must be looked at again",
    "note": "free text",
    "rules": "the rules",
}
# Dotted keys: nested in YAML, column names in a tab-separated file. Lists are joined by ";" there.
RULE_KEYS: Final[dict[str, str]] = {
    "id": "stable name of the rule, unique within the table",
    "row": "number of the rule's row in the list it was written from",
    "gene": "current symbol, or several: any of them",
    "alteration.kind": "one of the kinds of alteration; it decides which of the next keys are needed",
    "alteration.changes": 'protein changes ("V600E") or genomic ones ("GRCh38:7:140753336:A:T"): any of them',
    "alteration.codons": 'residue and number ("V600"): any of them',
    "alteration.first": "first residue of a range, inclusive",
    "alteration.last": "last residue of a range, inclusive",
    "alteration.exon": "number of the exon; first and last may give its residues, for changes that state no exon",
    "alteration.change_types": "types of change that match; without it, missense and delins of a codon, else any",
    "alteration.function": "activating or inactivating, as curated",
    "alteration.partners": "partners of a fusion; without it, any",
    "alteration.place": "where the gene must stand in a fusion, if that is known: any, five_prime, three_prime",
    "alteration.frame": "frame a fusion must have: any, in_frame_or_unknown",
    "alteration.marker": "a marker of netgen/actionability/biomarker_words.py",
    "alteration.results": "results of a biomarker that match: any of them",
    "alteration.at_least": "lowest value of a biomarker that matches, inclusive",
    "origin": "somatic, germline or either",
    "qualifiers.who_grade": "WHO grades for which the rule holds",
    "qualifiers.ki67_min": "lowest Ki-67, in per cent, inclusive",
    "qualifiers.ki67_max": "highest Ki-67, in per cent, inclusive",
    "qualifiers.functional": "any, functional or non_functional tumour",
    "qualifiers.line_min": "first line of treatment for which the rule holds; printed, never taken as met",
    "qualifiers.biallelic": "whether both alleles must be lost",
    "qualifiers.prior_alkylator": "whether an alkylating drug must have been given before the sample",
    "qualifiers.condition": "a condition in words; printed, never taken as met",
    "scope.include": "OncoTree codes for which the rule holds, with all below them; SOLID = any solid tumour",
    "scope.exclude": "OncoTree codes for which it does not, with all below them",
    "therapy": "drugs or combinations, each of which the rule is about; none for a diagnostic or prognostic rule",
    "direction": "what the alteration means",
    "level": "level of evidence in scope",
    "level_out_of_scope": "level in another tumour type, at best N3B; without it, NX",
    "native.oncokb": "level that a source states in the terms of OncoKB",
    "native.escat": "level that a source states in the terms of ESCAT",
    "native.fda": "kind of approval: accelerated, full",
    "source.type": "kind of source, one word",
    "source.id": "identifier within that kind",
    "source.date": "date of the source",
    "source.url": "address",
    "source.verified": "whether the source was looked up; without it, true",
    "note": "free text",
    "snapshot": "date of the rule; without it, that of the table",
    "reviewed_by": "reviewer; without it, that of the table",
    "expires": "date after which the rule must be looked at again; without it, that of the table",
}


@dataclass(frozen=True, kw_only=True)
class AlterationSpec:
    """Which alterations a rule is about; ``KIND`` says which fields a kind uses."""

    kind: str
    changes: tuple[str, ...] = ()
    codons: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    exon: int | None = None
    change_types: tuple[str, ...] = ()
    function: str = ""
    partners: tuple[str, ...] = ()
    place: str = "any"
    frame: str = "any"
    marker: str = ""
    results: tuple[str, ...] = ()
    at_least: float | None = None


@dataclass(frozen=True, kw_only=True)
class RuleSource:
    """Where a fact stands: kind and identifier of the source, ISO date (perhaps only year or month), address."""

    type: str
    id: str
    date: str = ""
    url: str = ""
    verified: bool = True


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, as read.

    ``row`` is the number of the rule in the list it was written from; ``file`` and ``line`` say where it stands.
    ``unread`` names keys whose value could not be read: told by the reader, left at their default here.
    """

    id: str
    row: int | None = None
    genes: tuple[str, ...] = ()
    alteration: AlterationSpec
    origin: str = "somatic"
    qualifiers: Mapping[str, Any] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    therapy: tuple[str, ...] = ()
    direction: str
    level: str
    level_out_of_scope: str = "NX"
    native: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[RuleSource, ...] = ()
    note: str = ""
    snapshot: str = ""
    reviewed_by: str = ""
    expires: str = ""
    file: str = ""
    line: int | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RuleTable:
    """The rules of one file, in its order, with the date of the table and the SHA-256 of the file's bytes."""

    rules: tuple[Rule, ...]
    name: str
    snapshot: str
    sha256: str


def report_rule(
    findings: Findings, *, rule: str, key: str, needed: str, found: object, fix: str, file: str, line: int | None
) -> None:
    """Add E_RULE: what a key of a rule needs, what was found, and what to do.

    Parameters
    ----------
    findings
        Collects it.
    rule
        Name of the rule; the empty text for the table as a whole.
    key
        One of ``RULE_KEYS`` or ``FILE_KEYS``.
    needed
        What stands after "needs" in the message.
    found
        The value as written; None or an empty text reads as "nothing".
    fix
        What to do.
    file, line
        Where it stands; lines count from 1.
    """
    shown = "" if found is None else str(found)
    shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
    head = f"Rule {rule}: " if rule else ""
    findings.add(
        "E_RULE",
        f"{head}{key} needs {needed}; found {repr(shown) if shown else 'nothing'}.",
        fix=fix,
        file=file,
        row=line,
        column=key,
        value=shown,
    )
