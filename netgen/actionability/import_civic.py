"""Evidence and assertions of CIViC: the tables of its releases, and its GKS / VA-Spec JSON (``import_gks``).

The tables (civicdb.org/releases; nightly and monthly, all or accepted only):

- ``ClinicalEvidenceSummaries``: molecular_profile, disease, therapies, therapy_interaction_type, evidence_type,
  evidence_direction, evidence_level, significance, evidence_id, evidence_status, variant_origin ...
- ``AssertionSummaries``: the same with assertion_type, assertion_direction, amp_category, assertion_id; no origin.
- Releases before 2023 have gene and variant instead of the profile, drugs, drug_interaction_type and
  clinical_significance.

Tables of features, variants and molecular profiles hold no evidence and are refused. Evidence *against* a statement is
not evidence for its opposite and is listed, not applied; so are functional and oncogenic evidence, and side effects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.actionability.diseases import UNRESOLVED, resolve_disease
from netgen.actionability.import_files import is_json, is_misshapen, read_json, read_rows, refuse
from netgen.actionability.import_gks import list_gks, read_gks
from netgen.actionability.import_specs import merge
from netgen.actionability.import_text import read_profile
from netgen.actionability.imported import Statement, UnrepresentableError, build_table, read_statements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.actionability.imported import ImportedTable
    from netgen.knowledge.oncotree import OncoTree
    from netgen.knowledge.snapshot import SnapshotFile

# Type and significance, folded -> direction; in capitals with underscores in releases after 2022.
_DIRECTIONS: Final[dict[tuple[str, str], str]] = {
    ("predictive", "sensitivity/response"): "sensitivity",
    ("predictive", "sensitivityresponse"): "sensitivity",
    ("predictive", "resistance"): "resistance",
    ("predictive", "reduced sensitivity"): "reduced",
    ("diagnostic", "positive"): "diagnostic",
    ("prognostic", "better outcome"): "prognostic_good",
    ("prognostic", "poor outcome"): "prognostic_poor",
    ("predisposing", "predisposition"): "predisposition",
    ("predisposing", "pathogenic"): "predisposition",
    ("predisposing", "likely pathogenic"): "predisposition",
}
_ORIGINS: Final = {
    "somatic": "somatic",
    "germline": "germline",
    "rare germline": "germline",
    "common germline": "germline",
}
_NEW: Final = ("molecular_profile", "disease", "therapies", "significance")
_OLD: Final = ("gene", "variant", "disease", "drugs", "clinical_significance")
_RENAMED: Final = {
    "drugs": "therapies",
    "drug_interaction_type": "therapy_interaction_type",
    "clinical_significance": "significance",
}


def import_civic(file: SnapshotFile, tree: OncoTree) -> ImportedTable:
    """Return the evidence items and assertions of CIViC.

    Parameters
    ----------
    file
        A table of a release, or GKS / VA-Spec JSON.
    tree
        OncoTree.

    Returns
    -------
    ImportedTable
        Records are named as CIViC does: ``EID2997``, ``AID6``. Rows are lines of the table, or places in the document,
        where the evidence of an assertion follows it and an item met again is not counted again.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING), or is neither (E_FILE_FORMAT).
    """
    if is_json(file.path):
        items = [(name, (row,), item) for row, (name, item) in enumerate(list_gks(read_json(file.path), file.path), 1)]
        statements, rejected = read_statements(items, lambda name, rows, item: [read_gks(name, rows, item, tree)])
        return build_table(file, statements, rejected, records=len(items))
    rows = read_rows(file.path, ("disease",))
    names = set(rows[0][1]) if rows else set()
    kind = next((kind for kind in ("evidence", "assertion") if f"{kind}_id" in names), "")
    if not kind or not (names.issuperset(_NEW) or names.issuperset(_OLD)):
        refuse(
            file.path, f"Evidence or assertion summaries of CIViC are needed, found {', '.join(sorted(names))[:300]}."
        )
    items = [
        (_name(kind, row), (line,), {_RENAMED.get(key, key): value for key, value in row.items()}) for line, row in rows
    ]
    statements, rejected = read_statements(
        items, lambda name, lines, row: [_read(name, lines, row, kind=kind, tree=tree)]
    )
    return build_table(file, statements, rejected, records=len(items))


def _name(kind: str, row: Mapping[str, str]) -> str:
    return ("EID" if kind == "evidence" else "AID") + row.get(f"{kind}_id", "")


def _read(name: str, lines: tuple[int, ...], row: dict[str, str], *, kind: str, tree: OncoTree) -> Statement:
    """Read a row of a release."""
    profile = row.get("molecular_profile") or f"{row.get('gene', '')} {row.get('variant', '')}".strip()
    if is_misshapen(row):
        raise UnrepresentableError("incomplete", profile)
    if row.get("evidence_status", "accepted").casefold() not in ("", "accepted"):
        raise UnrepresentableError("not_accepted", f"{profile}: {row['evidence_status']}")
    direction = _direction(profile, row.get(f"{kind}_type", ""), row["significance"], row.get(f"{kind}_direction", ""))
    origin = _ORIGINS.get(row.get("variant_origin", "").casefold().replace("_", " "), "either")
    disease = row["disease"]
    cited = row.get("citation", "")
    pubmed = row.get("citation_id", "") if row.get("source_type", "").casefold() == "pubmed" else ""
    return Statement(
        id=name, rows=lines, parts=tuple(merge(part) for part in read_profile(profile, origin)), disease=disease,
        include=resolve_disease(tree, disease) or (UNRESOLVED,),
        therapy=_therapy(row["therapies"], row.get("therapy_interaction_type", "")), direction=direction,
        native_direction=row["significance"], native_level=row.get("evidence_level") or row.get("amp_category", ""),
        condition=row.get("phenotypes", ""), citation=f"{cited} (PMID:{pubmed})" if cited and pubmed else cited,
        url=row.get(f"{kind}_civic_url", ""), date=row.get("last_review_date", "")[:10],
    )  # fmt: skip


def _direction(profile: str, kind: str, significance: str, support: str) -> str:
    """Return netgen's direction of a type and significance of CIViC."""
    meaning = significance.casefold().replace("_", " ")
    if meaning == "adverse response":
        raise UnrepresentableError("toxicity", f"{profile}: {significance}")
    direction = _DIRECTIONS.get((kind.casefold(), meaning))
    if direction is None:
        raise UnrepresentableError("no_direction", f"{profile}: {kind} {significance}")
    if support.casefold() != "supports":
        raise UnrepresentableError("disputed", f"{profile}: {significance}, {support.replace('_', ' ').lower()}")
    return direction


def _therapy(names: str, interaction: str) -> tuple[str, ...]:
    """Return drugs: a combination or a sequence as one, substitutes each."""
    drugs = [name.strip() for name in names.split(",") if name.strip()]
    if interaction.casefold() == "combination":
        return (" + ".join(drugs),) if drugs else ()
    if interaction.casefold() == "sequential":
        return (" then ".join(drugs),) if drugs else ()
    return tuple(drugs)
