"""Assertions imported from other sources of knowledge: one form for all, and which patients they are about.

An import is shown beside the rules in columns of its own and never counts: it has no netgen level. A *record* of a
source (an evidence item, an assertion, a row of a table) becomes one :class:`Statement`. A statement needs all its
*parts*, each of which is met by any of its alternatives; each alternative is a
:class:`~netgen.actionability.rules.Rule`, so that the matching is that of the rules. A record that cannot be put so is
listed with the reason and applied to nobody.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.actionability.diseases import UNRESOLVED, match_disease, resolve_disease
from netgen.actionability.guards import check_origin
from netgen.actionability.kinds import match_alterations
from netgen.actionability.rules import Rule, RuleSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from netgen.actionability.rules import AlterationSpec
    from netgen.knowledge.oncotree import OncoTree
    from netgen.knowledge.snapshot import SnapshotFile

__all__ = ["IMPORTED_COLUMNS", "REASONS", "ImportedTable", "match_imported", "resolve_disease"]

IMPORTED_COLUMNS: Final = (
    "patient_id", "sample_id", "gene", "alteration", "imported_source", "imported_version", "imported_licence",
    "imported_id", "imported_disease", "imported_oncotree", "imported_scope_match", "imported_therapy",
    "imported_direction", "imported_level", "imported_citation",
)  # fmt: skip
# Why a record is not applied.
REASONS: Final[dict[str, str]] = {
    "absence": "it asks for the absence of an alteration, which no alteration of a patient can show",
    "ambiguous": "its text can be read in more than one way",
    "deprecated": "the source has withdrawn it",
    "disputed": "the evidence is against the assertion",
    "experiment": "it is about an experiment, not an alteration of a tumour",
    "expression": "expression, methylation or loss that netgen does not read as a biomarker",
    "genome_wide": "a chromosome arm, a signature or ploidy, not an alteration of a gene",
    "incomplete": "a part of the record is missing",
    "no_direction": "it says nothing of response, diagnosis, prognosis or predisposition",
    "not_accepted": "the source has not accepted it",
    "threshold": "the value at which the biomarker counts is not stated in a unit that netgen reads",
    "toxicity": "it is about side effects",
    "unread": "the alteration cannot be read with certainty",
}
_DETAILS: Final = (
    "record", "part", "parts", "rows", "disease", "oncotree", "therapy", "direction", "native_direction",
    "native_level", "condition", "citation", "url", "left_out",
)  # fmt: skip
_REJECTED: Final = ("id", "row", "reason", "text")


class Alternative(NamedTuple):
    """One way to meet a part of a statement."""

    genes: tuple[str, ...]
    alteration: AlterationSpec
    origin: str = "somatic"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One record of a source in netgen's terms.

    Attributes
    ----------
    id
        Name of the record, unique in the source.
    rows
        Where it stands: lines of a table, or places in a list, from 1.
    parts
        Each is needed; each is met by any of its alternatives.
    disease, include
        The disease as written, and its OncoTree codes (``SOLID``, or ``?``).
    therapy
        Drugs or combinations ("A + B"), any of them.
    direction, native_direction, native_level
        Direction in netgen's terms and in the source's own, and the source's level.
    condition, citation, url, date
        Printed, never evaluated.
    left_out
        Alternatives that could not be read, as written.
    """

    id: str
    rows: tuple[int, ...]
    parts: tuple[tuple[Alternative, ...], ...]
    disease: str
    include: tuple[str, ...]
    therapy: tuple[str, ...]
    direction: str
    native_direction: str
    native_level: str
    condition: str = ""
    citation: str = ""
    url: str = ""
    date: str = ""
    left_out: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportedTable:
    """What one file of a knowledge snapshot says.

    Attributes
    ----------
    source, version, date, licence
        As the manifest of the snapshot states them.
    rules
        One per alternative of a statement, level NX.
    details
        Index ``rule_id``; what the source says: the record, which of how many parts the rule is of, its rows (";"
        joined), disease and OncoTree codes, therapy, direction, level, citation, and what was left out of the record.
    rejected
        One row per row of the source that is not represented: id, row, reason (a key of ``REASONS``), text as written.
    records
        Rows of the source; each is in ``details`` or in ``rejected``.
    """

    source: str
    version: str
    date: str
    licence: str
    rules: tuple[Rule, ...]
    details: pd.DataFrame
    rejected: pd.DataFrame
    records: int


class UnrepresentableError(Exception):
    """Why a record cannot be a statement: a key of ``REASONS``, and the text in question."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason, self.text = reason, text


def read_statements(
    records: Iterable[tuple[str, tuple[int, ...], Any]],
    read: Callable[[str, tuple[int, ...], Any], Sequence[Statement]],
) -> tuple[list[Statement], pd.DataFrame]:
    """Return the statements of records, and what could not be read.

    Parameters
    ----------
    records
        Name, rows and content of each record.
    read
        Makes statements of a record, or raises ``UnrepresentableError``.

    Returns
    -------
    tuple
        Statements in the order of the records, and the ``rejected`` table of :class:`ImportedTable`.
    """
    statements: list[Statement] = []
    rejected: list[tuple[str, int, str, str]] = []
    for name, rows, content in records:
        try:
            statements.extend(read(name, rows, content))
        except UnrepresentableError as error:
            if error.reason not in REASONS:
                raise KeyError(f"unknown reason {error.reason!r}: add it to REASONS") from error
            rejected.extend((name, row, error.reason, error.text) for row in rows)
    table = pd.DataFrame(rejected, columns=list(_REJECTED))
    return statements, table.astype({name: "Int64" if name == "row" else "string" for name in _REJECTED})


def build_table(
    file: SnapshotFile, statements: Sequence[Statement], rejected: pd.DataFrame, *, records: int
) -> ImportedTable:
    """Return an imported table of statements.

    Parameters
    ----------
    file
        The file they come from.
    statements
        Statements, in the order of the source.
    rejected
        What could not be read.
    records
        Rows of the source.

    Returns
    -------
    ImportedTable
        Rules are named by their record, with ``/2`` and so on from the second alternative. A name of a record that
        occurs again gets ``#2``.
    """
    rules: list[Rule] = []
    details: list[tuple[Any, ...]] = []
    seen: Counter[str] = Counter()
    for one_statement in statements:
        seen[one_statement.id] += 1
        again = f"#{seen[one_statement.id]}" if seen[one_statement.id] > 1 else ""
        item = replace(one_statement, id=f"{one_statement.id}{again}")
        listed = [(place, one) for place, part in enumerate(item.parts, start=1) for one in part]
        for number, (place, one) in enumerate(listed, start=1):
            rules.append(_rule(file, item, one, item.id if number == 1 else f"{item.id}/{number}"))
            details.append(_detail(item, place))
    index = pd.Index([rule.id for rule in rules], dtype="string", name="rule_id")
    table = pd.DataFrame(details, columns=list(_DETAILS), index=index)
    return ImportedTable(
        source=file.source, version=file.version, date=file.date, licence=file.licence, rules=tuple(rules),
        details=table.astype({name: "int64" if name in ("part", "parts") else "string" for name in _DETAILS}),
        rejected=rejected, records=records,
    )  # fmt: skip


def match_imported(
    alterations: pd.DataFrame, patients: pd.DataFrame, table: ImportedTable, tree: OncoTree
) -> pd.DataFrame:
    """Return what an import says about alterations.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``, biomarkers among them. An ``oncotree_code`` here is that of the sample and
        goes before the patient's.
    patients
        Indexed by ``patient_id``, with ``oncotree_code``. A missing one is uncertain for every disease.
    table
        The import.
    tree
        OncoTree.

    Returns
    -------
    DataFrame
        ``IMPORTED_COLUMNS``, one row per alteration and record, sorted. ``imported_scope_match`` is ``in_scope``,
        ``agnostic``, ``out_of_scope`` or ``uncertain`` (:func:`~netgen.actionability.diseases.match_disease`).

    Notes
    -----
    1. Every rule that matches is shown: imports do not compete with each other or with netgen's rules.
    2. A rule for the germline needs a germline call; a somatic rule any other.
    3. A record of several parts needs all of them in one sample; biomarkers that name no sample count for every sample
       of the patient.

    Witness: ``tests/actionability/test_imported.py``.
    """
    distinct, numbers = _distinct(table.rules)
    pairs = match_alterations(alterations, distinct)
    origin = alterations["origin"].fillna("").to_numpy(dtype=object)[pairs["position"].to_numpy()]
    wanted = np.array([rule.origin for rule in distinct], dtype=object)[pairs["rule"].to_numpy()]
    pairs = pairs[check_origin(wanted, origin)[0]]
    own = table.details.reset_index().assign(rule=numbers, place=range(len(table.rules)))
    own["include"] = [rule.include for rule in table.rules]
    hits = pairs[["position", "rule"]].merge(own, on="rule", how="inner")
    hits = hits.sort_values(["position", "place"], kind="stable").drop_duplicates(["position", "record", "part"])
    columns = ["patient_id", "sample_id", "gene", "alteration"]
    rows = alterations.iloc[hits["position"].to_numpy(dtype=np.int64)].reset_index(drop=True)
    hits = pd.concat([hits.reset_index(drop=True), rows[columns].astype("string")], axis=1)
    codes = _codes(rows, patients)
    hits["imported_scope_match"] = _scopes(codes, hits["include"], tree)
    hits = _keep_complete(hits).drop_duplicates(["position", "record"])
    return _present(hits, table)


def _rule(file: SnapshotFile, item: Statement, one: Alternative, name: str) -> Rule:
    return Rule(
        id=name, row=item.rows[0], genes=one.genes, alteration=one.alteration, origin=one.origin, include=item.include,
        therapy=item.therapy, direction=item.direction, level="NX", note=item.condition, snapshot=file.date,
        sources=(RuleSource(type=file.kind, id=item.id, date=item.date, url=item.url),), file=file.path.name,
        line=item.rows[0],
    )  # fmt: skip


def _detail(item: Statement, place: int) -> tuple[Any, ...]:
    include = ";".join(item.include or (UNRESOLVED,))
    return (
        item.id, place, len(item.parts), ";".join(map(str, item.rows)), item.disease, include, "; ".join(item.therapy),
        item.direction, item.native_direction, item.native_level, item.condition, item.citation, item.url,
        item.left_out,
    )  # fmt: skip


def _distinct(rules: Sequence[Rule]) -> tuple[list[Rule], list[int]]:
    """Return the rules that differ in what they match, and for each rule the number of its own."""
    number: dict[Any, int] = {}
    numbers = [number.setdefault((rule.genes, rule.alteration, rule.origin), len(number)) for rule in rules]
    first = dict(zip(reversed(numbers), reversed(rules), strict=True))
    return [replace(first[place], include=(), therapy=()) for place in range(len(number))], numbers


def _codes(rows: pd.DataFrame, patients: pd.DataFrame) -> pd.Series:
    """Return the tumour type of each row: that of its sample, else of its patient, "" for none."""
    code = rows["patient_id"].map(patients["oncotree_code"]).astype("string")
    if "oncotree_code" in rows:
        code = rows["oncotree_code"].astype("string").fillna(code)
    return code.fillna("").str.strip()


def _scopes(codes: pd.Series, includes: pd.Series, tree: OncoTree) -> pd.Series:
    """Return the scope of each row, worked out once per tumour type and disease."""
    keys = list(zip(codes, includes, strict=True))
    known = {key: match_disease(tree, key[0], key[1] or (UNRESOLVED,)) for key in dict.fromkeys(keys)}
    return pd.Series([known[key] for key in keys], dtype="string", index=includes.index)


def _keep_complete(hits: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows of records of which the sample lacks a part; "" is the sample of what names none."""
    several = hits[hits["parts"] > 1]
    keys = list(zip(several["patient_id"], several["record"], strict=True))
    samples = several["sample_id"].fillna("").tolist()
    met: dict[tuple[str, str], dict[str, set[int]]] = {}
    for key, sample, part in zip(keys, samples, several["part"], strict=True):
        met.setdefault(key, {}).setdefault(sample, set()).add(part)

    def is_complete(key: tuple[str, str], sample: str, parts: int) -> bool:
        shared = met[key].get("", set())
        return any(len(met[key][one] | shared) == parts for one in ([sample] if sample else met[key]))

    keep = [is_complete(*item) for item in zip(keys, samples, several["parts"], strict=True)]
    return hits.drop(index=several.index[~np.array(keep, dtype=bool)])


def _present(hits: pd.DataFrame, table: ImportedTable) -> pd.DataFrame:
    out = hits.assign(
        imported_source=table.source, imported_version=table.version, imported_licence=table.licence,
        imported_id=hits["record"], imported_disease=hits["disease"], imported_oncotree=hits["oncotree"],
        imported_therapy=hits["therapy"], imported_direction=hits["direction"], imported_level=hits["native_level"],
        imported_citation=hits["citation"],
    )  # fmt: skip
    order = ["patient_id", "sample_id", "gene", "alteration", "place"]
    out = out.sort_values(order, kind="stable")[list(IMPORTED_COLUMNS)]
    return out.astype(dict.fromkeys(IMPORTED_COLUMNS, "string")).reset_index(drop=True)
