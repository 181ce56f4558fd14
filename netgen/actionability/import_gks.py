"""Statements in the GA4GH GKS / VA-Spec JSON form, as CIViC publishes them.

A statement has a proposition (subject variant, gene, predicate, therapy, condition, allele origin), a direction and a
strength or classification; the evidence lines of an assertion hold further statements, which are records of their own.
The variant is read from its protein expression (``hgvs.p``) if it is defined by one allele, else from its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from netgen.actionability.diseases import UNRESOLVED, resolve_disease
from netgen.actionability.import_files import objects, refuse
from netgen.actionability.import_specs import exact_change, merge, one_gene
from netgen.actionability.import_text import read_profile
from netgen.actionability.imported import Statement, UnrepresentableError
from netgen.actionability.protein_changes import parse_protein_change
from netgen.actionability.rules import AlterationSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgen.actionability.imported import Alternative
    from netgen.knowledge.oncotree import OncoTree

    Record = Mapping[str, Any]

_DIRECTIONS: Final = {
    "predictsSensitivityTo": "sensitivity",
    "predictsResistanceTo": "resistance",
    "predictsReducedSensitivityTo": "reduced",
    "isDiagnosticInclusionCriterionFor": "diagnostic",
    "associatedWithBetterOutcomeFor": "prognostic_good",
    "associatedWithWorseOutcomeFor": "prognostic_poor",
    "isCausalFor": "predisposition",
}
_ORIGINS: Final = {"somatic": "somatic", "germline": "germline"}
_PREFIXES: Final = {"civic.aid:": "AID", "civic.eid:": "EID"}
_BASES: Final = frozenset("ACGT")
_DEPTH: Final = 4  # assertions hold evidence, which holds none


def list_gks(content: object, path: Path) -> list[tuple[str, Record]]:
    """Return the statements of a document, evidence after its assertion, each id once.

    Parameters
    ----------
    content
        A list of statements, or an object that holds one or is one.
    path
        The file, for messages.

    Returns
    -------
    list of tuple
        Name (``AID6``, ``EID2997``, else the id as written) and statement.

    Raises
    ------
    InputError
        If the document holds no statement (E_FILE_FORMAT).
    """
    if isinstance(content, dict):
        listed = [item for value in content.values() for item in objects(value)]
        content = [content] if content.get("type") == "Statement" else listed
    found: dict[str, Record] = {}
    for item in objects(content):
        for statement in _walk(item, _DEPTH):
            found.setdefault(str(statement.get("id") or f"statement {len(found) + 1}"), statement)
    if not found:
        refuse(path, 'Statements of GKS / VA-Spec are needed (objects of type "Statement"), found none.')
    return [(_name(one), statement) for one, statement in found.items()]


def read_gks(name: str, rows: tuple[int, ...], item: Record, tree: OncoTree) -> Statement:
    """Return a statement of the GKS form in netgen's terms.

    Parameters
    ----------
    name, rows
        Name and place of the record.
    item
        The statement.
    tree
        OncoTree.

    Returns
    -------
    Statement
        Its level is the AMP category of an assertion, or the level of an evidence item.

    Raises
    ------
    UnrepresentableError
        If it disputes its proposition, has a predicate without a direction, or its variant cannot be read.
    """
    proposition = _part(item, "proposition")
    variant = _part(proposition, "subjectVariant")
    profile = str(variant.get("name", ""))
    predicate = str(proposition.get("predicate", ""))
    if predicate not in _DIRECTIONS:
        raise UnrepresentableError("no_direction", f"{profile}: {predicate}")
    if item.get("direction") != "supports":
        raise UnrepresentableError("disputed", f"{profile}: {predicate}, {item.get('direction')}")
    origin = _ORIGINS.get(str(_part(proposition, "alleleOriginQualifier").get("name", "")), "either")
    gene = str(_part(proposition, "geneContextQualifier").get("name", ""))
    disease = str((_part(proposition, "conditionQualifier") or _part(proposition, "objectCondition")).get("name", ""))
    source: Record = next(iter(objects(item.get("reportedIn"))), {})
    pubmed = source.get("pmid")
    return Statement(
        id=name, rows=rows, parts=_read_variant(variant, gene, origin), disease=disease,
        include=resolve_disease(tree, disease) or (UNRESOLVED,), therapy=_therapy(proposition),
        direction=_DIRECTIONS[predicate], native_direction=predicate, native_level=_level(item),
        citation=f"{source.get('name', '')} (PMID:{pubmed})" if pubmed else str(source.get("name", "")),
        url=f"https://civicdb.org/links/{'assertions' if name.startswith('AID') else 'evidence'}/{name[3:]}"
        if name[:3] in _PREFIXES.values() else "",
    )  # fmt: skip


def _walk(item: Record, depth: int) -> Iterator[Record]:
    if depth == 0 or item.get("type") != "Statement":
        return
    yield item
    for line in objects(item.get("hasEvidenceLines")):
        for evidence in objects(line.get("hasEvidenceItems")):
            yield from _walk(evidence, depth - 1)


def _name(text: str) -> str:
    for prefix, short in _PREFIXES.items():
        if text.startswith(prefix):
            return short + text.removeprefix(prefix)
    return text


def _part(item: Record, key: str) -> Record:
    found = item.get(key)
    return found if isinstance(found, dict) else {}


def _read_variant(variant: Record, gene: str, origin: str) -> tuple[tuple[Alternative, ...], ...]:
    """Read one allele by its protein change and coordinates, anything else by its name."""
    alleles = [_part(one, "allele") for one in objects(variant.get("constraints"))]
    changes = {
        parsed.change
        for allele in alleles
        for one in objects(allele.get("expressions"))
        if one.get("syntax") == "hgvs.p" and (parsed := parse_protein_change(str(one.get("value")))) is not None
    }
    if len(alleles) == 1 and len(changes) == 1 and gene:
        parts: tuple[tuple[Alternative, ...], ...] = ((exact_change(gene, changes.pop(), origin),),)
    else:
        parts = tuple(merge(part) for part in read_profile(str(variant.get("name", "")), origin))
    if [[one.alteration.kind for one in part] for part in parts] == [["exact_hgvsp"]]:
        return ((*parts[0], *_genomic(variant, parts[0][0].genes[0], origin)),)
    return parts


def _genomic(variant: Record, gene: str, origin: str) -> list[Alternative]:
    """Return the representative substitution of one base."""
    for extension in objects(variant.get("extensions")):
        value = extension.get("value")
        if extension.get("name") == "CIViC representative coordinate" and isinstance(value, dict):
            ref, alt = str(value.get("reference_bases", "")), str(value.get("variant_bases", ""))
            if ref in _BASES and alt in _BASES and value.get("start") == value.get("stop"):
                place = (value.get("reference_build"), value.get("chromosome"), value.get("start"), ref, alt)
                spec = AlterationSpec(kind="exact_genomic", changes=(":".join(map(str, place)),))
                return [one_gene(gene, origin, spec)]
    return []


def _therapy(proposition: Record) -> tuple[str, ...]:
    """Return the drug, the combination, or the substitutes."""
    item = _part(proposition, "objectTherapeutic")
    names = [str(one.get("name", "")) for one in objects(item.get("therapies"))]
    if not names:
        return (str(item["name"]),) if item.get("name") else ()
    extensions = {one.get("name"): one.get("value") for one in objects(item.get("extensions"))}
    how = str(extensions.get("civic_therapy_interaction_type") or _part(item, "groupType").get("name") or "")
    how = how or {"AND": "combination", "OR": "substitutes"}.get(str(item.get("membershipOperator")), "")
    return tuple(names) if "substitut" in how.casefold() else (" + ".join(sorted(names)),)


def _level(item: Record) -> str:
    """Return the AMP category, else CIViC's level of evidence, else what the statement calls its strength."""
    classification = _part(item, "classification")
    for extension in objects(classification.get("extensions")):
        if str(extension.get("value", "")).startswith("TIER"):
            return str(extension["value"])
    strength = _part(item, "strength")
    for mapping in objects(strength.get("mappings")):
        if str(_part(mapping, "coding").get("id", "")).startswith("civic.evidence_level:"):
            return str(mapping["coding"]["code"])
    return str(classification.get("primaryCode") or strength.get("name") or "")
