"""The Molecular Oncology Almanac: the released flat list, or the tables of the newer, normalised form.

- The list: one assertion per entry, ``assertion_id``; sensitivity, resistance and prognosis as 1 and 0. A sensitivity
  of 0 ("does not confer") is ``reduced``.
- The normalised form: the manifest names ``statements.json``, kind ``moalmanac``, and the propositions, biomarkers,
  diseases, genes, therapies, therapy groups, documents, agents, strengths and urls beside it, kind ``moalmanac_part``,
  each with its checksum. Biomarkers of a proposition are all needed; a therapy group is a combination.

The OncoTree term of an assertion goes before its code, since codes change their meaning between versions (TGCT). Where
the disease and its term lie in different tissues, the disease is unresolved. Prose is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from netgen.actionability.diseases import UNRESOLVED, resolve_disease
from netgen.actionability.import_files import objects, read_json, refuse
from netgen.actionability.import_moalmanac_features import describe, read_feature
from netgen.actionability.import_specs import merge
from netgen.actionability.imported import Statement, UnrepresentableError, build_table, read_statements
from netgen.actionability.rules import AGNOSTIC
from netgen.errors import InputError
from netgen.knowledge.oncotree import resolve_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.actionability.imported import ImportedTable
    from netgen.knowledge.oncotree import OncoTree
    from netgen.knowledge.snapshot import SnapshotFile

    Record = Mapping[str, Any]
    Tables = Mapping[str, Mapping[str, Record]]

PARTS: Final = (
    "propositions", "biomarkers", "diseases", "genes", "therapies", "therapy_groups", "documents", "agents",
    "strengths", "urls",
)  # fmt: skip
"""Tables beside ``statements.json``."""
PART_KIND: Final = "moalmanac_part"
# Key and value -> direction.
_EFFECTS: Final[tuple[tuple[str, str, str], ...]] = (
    ("therapy_sensitivity", "1", "sensitivity"),
    ("therapy_sensitivity", "0", "reduced"),
    ("therapy_resistance", "1", "resistance"),
    ("favorable_prognosis", "1", "prognostic_good"),
    ("favorable_prognosis", "0", "prognostic_poor"),
    ("diagnostic", "1", "diagnostic"),
)
_PREDICATES: Final = {
    "predictSensitivityTo": "sensitivity",
    "predictResistanceTo": "resistance",
    "predictReducedSensitivityTo": "reduced",
}


def import_moalmanac(file: SnapshotFile, tree: OncoTree, parts: Sequence[SnapshotFile] = ()) -> ImportedTable:
    """Return the assertions of the Molecular Oncology Almanac.

    Parameters
    ----------
    file
        The released list, or ``statements.json`` of the normalised form.
    tree
        OncoTree.
    parts
        Files of the kind ``moalmanac_part`` of the same snapshot; those in the folder of ``file`` are read.

    Returns
    -------
    ImportedTable
        Records are named ``MOA:`` and the assertion, or ``MOA:statement:`` and the statement. Rows are places in the
        list, from 1.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING), or is neither form (E_FILE_FORMAT), or if a table of the normalised
        form is not in the manifest (E_KNOWLEDGE).
    """
    path = file.path
    content = read_json(path)
    listed = objects(content)
    if not listed or content != listed:
        refuse(path, "A list of assertions or statements of the Molecular Oncology Almanac is needed.")
    if all("feature_type" in item and "assertion_id" in item for item in listed):
        items = [(f"MOA:{item['assertion_id']}", (row,), item) for row, item in enumerate(listed, start=1)]
        statements, rejected = read_statements(items, lambda name, rows, item: [_read_flat(name, rows, item, tree)])
    elif all("proposition_id" in item and "id" in item for item in listed):
        tables = _read_parts(path, parts)
        items = [(f"MOA:statement:{item['id']}", (row,), item) for row, item in enumerate(listed, start=1)]
        statements, rejected = read_statements(
            items, lambda name, rows, item: [_read_normalised(name, rows, item, tables, tree)]
        )
    else:
        refuse(path, f"Entries with feature_type or proposition_id are needed, found {', '.join(listed[0])[:200]}.")
    return build_table(file, statements, rejected, records=len(listed))


def _read_flat(name: str, rows: tuple[int, ...], item: Record, tree: OncoTree) -> Statement:
    """Read an entry of the released list."""
    if item.get("_deprecated"):
        raise UnrepresentableError("deprecated", describe(item))
    effects = [(key, direction) for key, value, direction in _EFFECTS if str(item.get(key, "")) == value]
    if len(effects) > 1:
        raise UnrepresentableError("ambiguous", describe(item))
    part = merge(read_feature(item))
    if not effects:
        toxic = str(item.get("adverse_event_risk") or "") not in ("", "None", "0")
        raise UnrepresentableError("toxicity" if toxic else "no_direction", describe(item))
    key, direction = effects[0]
    texts = {field: str(item.get(field) or "").strip() for field in ("disease", "oncotree_term", "oncotree_code")}
    therapy = str(item.get("therapy_name") or "").strip()
    return Statement(
        id=name, rows=rows, parts=(part,), disease=texts["disease"] or texts["oncotree_term"],
        include=_place(tree, texts["disease"], texts["oncotree_term"], texts["oncotree_code"]),
        therapy=(therapy,) if therapy and direction in ("sensitivity", "resistance", "reduced") else (),
        direction=direction, native_direction=f"{key} {item[key]}",
        native_level=str(item.get("predictive_implication") or ""), condition=str(item.get("context") or ""),
        citation=str(item.get("citation") or ""), url=str(item.get("url") or ""),
        date=str(item.get("last_updated") or ""),
    )  # fmt: skip


def _place(tree: OncoTree, disease: str, term: str, code: str) -> tuple[str, ...]:
    """Return the OncoTree codes of an assertion; ``?`` if it has none, or contradicts itself."""
    meant = resolve_disease(tree, term)
    if not meant and code:
        current = resolve_code(tree, code)
        meant = (current,) if current else ()
    named = resolve_disease(tree, disease)
    if disease and AGNOSTIC in meant and AGNOSTIC not in named:  # "Liver Metastases" are not any solid tumour
        return (UNRESOLVED,)
    if meant and named and not _tissues(tree, meant) & _tissues(tree, named):
        return (UNRESOLVED,)
    return meant or named or (UNRESOLVED,)


def _tissues(tree: OncoTree, codes: tuple[str, ...]) -> set[str]:
    """Return the tissues of codes; a code that a partial tree lacks is a tissue of its own."""
    return {tree.lineage(code)[-1] if code in tree else code for code in codes}


def _read_parts(path: Path, parts: Sequence[SnapshotFile]) -> Tables:
    """Return the tables beside ``statements.json``, by id; only what the manifest lists is read."""
    listed_paths = {part.path for part in parts}
    wanted = {name: path.with_name(f"{name}.json") for name in PARTS}
    missing = [beside.name for beside in wanted.values() if beside not in listed_paths]
    if missing:
        raise InputError(
            "E_KNOWLEDGE", f"The tables beside {path.name} are needed in the manifest, found no {', '.join(missing)}.",
            fix=f"List each with its checksum, kind {PART_KIND}, or give the released list of MOAlmanac.",
            file=str(path),
        )  # fmt: skip
    found: dict[str, dict[str, Record]] = {}
    for name, beside in wanted.items():
        content = read_json(beside)
        listed = objects(content)
        if content != listed or not all("id" in item for item in listed):
            refuse(beside, "A list of entries with an id is needed.")
        found[name] = {str(item["id"]): item for item in listed}
    return found


def _read_normalised(name: str, rows: tuple[int, ...], item: Record, parts: Tables, tree: OncoTree) -> Statement:
    """Read a statement of the normalised form."""
    proposition = _look_up(parts, "propositions", item.get("proposition_id"))
    document = _look_up(parts, "documents", _first(item.get("reportedIn")))
    if item.get("direction") != "supports":
        raise UnrepresentableError("disputed", f"direction {item.get('direction')}")
    if document.get("status") == "Deprecated":
        raise UnrepresentableError("deprecated", str(document.get("id")))
    direction = _PREDICATES.get(str(proposition.get("predicate")))
    if direction is None:
        raise UnrepresentableError("no_direction", str(proposition.get("predicate")))
    disease = _look_up(parts, "diseases", proposition.get("conditionQualifier_id"))
    coding = str(disease.get("primary_coding_id") or "")
    agent, strength = (
        _name(_look_up(parts, table, source.get(key)))
        for table, source, key in (("agents", document, "agent_id"), ("strengths", item, "strength_id"))
    )
    address = parts["urls"].get(_first(document.get("urls")), {})
    biomarkers = [_look_up(parts, "biomarkers", one) for one in _several(proposition.get("biomarkers")) or [""]]
    return Statement(
        id=name, rows=rows, parts=tuple(merge(read_feature(_flatten(one, parts))) for one in biomarkers),
        disease=_name(disease),
        include=_place(tree, "", _name(disease), coding.removeprefix("oncotree:") if ":" in coding else ""),
        therapy=_therapy(proposition, parts), direction=direction, native_direction=str(proposition.get("predicate")),
        native_level=f"{strength} ({agent})", citation=str(document.get("name") or ""),
        url=str(address.get("url") or ""), date=str(document.get("publication_date") or ""),
    )  # fmt: skip


def _look_up(parts: Tables, table: str, key: object) -> Record:
    found = parts[table].get(str(key))
    if found is None:
        raise UnrepresentableError("incomplete", f"{table} {key}")
    return found


def _flatten(biomarker: Record, parts: Tables) -> Record:
    """Return a biomarker with the keys of the released list."""
    out = {str(entry.get("name")): entry.get("value") for entry in objects(biomarker.get("extensions"))}
    out["feature_type"], out["name"] = out.get("biomarker_type"), biomarker.get("name")
    genes = [_name(_look_up(parts, "genes", one)) for one in _several(biomarker.get("genes"))]
    return {**out, **dict(zip(("gene1", "gene2"), genes, strict=False)), "gene": genes[0] if len(genes) == 1 else ""}


def _therapy(proposition: Record, parts: Tables) -> tuple[str, ...]:
    """Return the drug, or the combination of a group."""
    group = proposition.get("therapy_group_id")
    if group is None:
        return (_name(_look_up(parts, "therapies", proposition.get("therapy_id"))),)
    members = _look_up(parts, "therapy_groups", group)
    names = [_name(_look_up(parts, "therapies", one)) for one in _several(members.get("therapies"))]
    return (" + ".join(names),) if members.get("membershipOperator") == "AND" else tuple(names)


def _name(item: Record) -> str:
    return str(item.get("name") or "")


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: object) -> str:
    return str(next(iter(_several(value)), ""))
