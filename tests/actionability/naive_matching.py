"""Matching of rules by its definition: a loop over alterations and rules. Also builders of small tables and rules."""

from __future__ import annotations

from typing import Any

import pandas as pd

from netgen.actionability.alterations import conform_alterations
from netgen.actionability.guards import TUMOUR_SUPPRESSORS
from netgen.actionability.protein_changes import parse_protein_change
from netgen.actionability.rules import FAMILY, SPECIFICITY, AlterationSpec, Rule, RuleSource
from netgen.actionability.scope import check_qualifiers, match_scope

TRUNCATING = ("nonsense", "frameshift", "splice", "start_loss")
PROTEIN = ("missense", "nonsense", "frameshift", "inframe_del", "inframe_ins", "delins", "start_loss", "stop_loss")


def mutation(gene: str, change: str = "", **cells: Any) -> dict[str, Any]:
    """Return a small variant; type, residues and loss of function by its change."""
    parsed = parse_protein_change(change)
    facts = {} if parsed is None else {
        "change": parsed.change, "ref_aa": parsed.ref_aa, "first_aa": parsed.first_aa, "last_aa": parsed.last_aa,
        "change_type": parsed.change_type, "lof": parsed.change_type in TRUNCATING, "exon_skip": False,
    }  # fmt: skip
    return {"gene": gene, "kind": "mutation", "alteration": f"p.{change}", "origin": "somatic", **facts, **cells}


def fusion(gene: str, partner: str, **cells: Any) -> dict[str, Any]:
    """Return one gene's row of a fusion, of unknown place and frame."""
    named = {"alteration": f"{partner}::{gene}", "origin": "somatic", "place": "unknown", "frame": "unknown"}
    return {"gene": gene, "partner": partner, "kind": "fusion", **named, **cells}


def biomarker(marker: str, result: str = "", value: float | None = None, **cells: Any) -> dict[str, Any]:
    """Return a measured biomarker."""
    named = {"gene": marker, "kind": "biomarker", "alteration": marker, "origin": "unknown", "marker": marker}
    return {**named, "result": result, "value": value, **cells}


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a table of alterations, numbered from 0; patient P1, sample S1 unless a row says otherwise."""
    cells = [
        {"patient_id": "P1", "sample_id": "S1", "alteration_id": n, "event": n, **row} for n, row in enumerate(rows)
    ]
    frame = pd.DataFrame(cells)
    out = conform_alterations(frame)
    return out.assign(oncotree_code=frame["oncotree_code"].astype("string")) if "oncotree_code" in frame else out


def patients(code: str | None = "PANET", patient_id: str = "P1", **cells: Any) -> pd.DataFrame:
    """Return a table of one patient, by ``patient_id``."""
    out = pd.DataFrame(
        {"oncotree_code": [code], **{name: [value] for name, value in cells.items()}}, index=[patient_id]
    )
    return out.astype({"oncotree_code": "string"}).rename_axis("patient_id")


def rule(name: str, gene: str | tuple[str, ...], kind: str, **cells: Any) -> Rule:
    """Return a rule: agnostic, sensitivity at N1 to the drug ``x``, unless said otherwise."""
    spec = {key: cells.pop(key) for key in list(cells) if key in AlterationSpec.__dataclass_fields__}
    usual = {
        "genes": (gene,) if isinstance(gene, str) else gene, "include": ("SOLID",), "therapy": ("x",), "level": "N1",
        "direction": "sensitivity", "sources": (RuleSource(type="label", id="L1", date="2024-05-01"),),
    }  # fmt: skip
    return Rule(id=name, alteration=AlterationSpec(kind=kind, **spec), **{**usual, **cells})


def naive_hits(
    alterations: pd.DataFrame, people: pd.DataFrame, rules: list[Rule], tree: Any, *, precedence: bool
) -> set[tuple[Any, ...]]:
    """Return (alteration_id, rule, therapy, scope, level) of every hit, pair by pair."""
    out = set()
    for row in alterations.to_dict("records"):
        person = people.loc[row["patient_id"]].to_dict() if row["patient_id"] in people.index else {}
        code = row["oncotree_code"] if pd.notna(row.get("oncotree_code", pd.NA)) else person.get("oncotree_code")
        found = [hit for one in rules for hit in _pair(row, person, code, one, tree)]
        for hit in found:
            if not precedence or _holds(hit, found):
                out.add((row["alteration_id"], hit["rule"].id, hit["therapy"], hit["scope"], hit["level"]))
    return out


def _pair(row: dict[str, Any], person: dict[str, Any], code: Any, one: Rule, tree: Any) -> list[dict[str, Any]]:
    """Return what one rule says of one alteration, per therapy."""
    if not is_about(one, row):
        return []
    germline = row["origin"] == "germline"
    withheld = one.origin == "germline" and not germline
    if one.origin == "somatic" and germline:
        return []
    scope = match_scope(tree, code, one.include, one.exclude) if isinstance(code, str) else "uncertain"
    met, told = check_qualifiers(one, {**person, "biallelic": row["biallelic"]})
    if met is False and "qualifier_unmet:biallelic" in told:
        return []
    if met is not True and scope in {"in_scope", "agnostic"}:
        scope = "uncertain" if met is None else "out_of_scope"
    level = {"in_scope": one.level, "agnostic": one.level, "out_of_scope": one.level_out_of_scope}.get(scope, "NX")
    scope = "out_of_scope" if scope == "excluded" else scope
    if withheld:
        gone = scope == "out_of_scope" and level == "NX"
        return [] if gone else [{"rule": one, "therapy": "", "scope": scope, "level": "NX"}]
    return [{"rule": one, "therapy": drug, "scope": scope, "level": level} for drug in one.therapy or ("",)]


def is_about(one: Rule, row: dict[str, Any]) -> bool:  # noqa: PLR0911 - a definition, case by case
    """Tell whether a rule is about an alteration, by the kind of the rule."""
    spec, kind = one.alteration, one.alteration.kind
    if FAMILY[kind] == "biomarker":
        if row["kind"] != "biomarker" or row["marker"] != spec.marker:
            return False
        return bool(row["value"] >= spec.at_least) if kind == "biomarker_threshold" else row["result"] in spec.results
    if row["gene"] not in one.genes or row["kind"] == "biomarker":
        return False
    if kind in {"amplification", "homdel"}:
        return bool(row["kind"] == kind)
    if kind == "fusion":
        return _is_fusion(spec, row)
    lost = _loses_function(row)
    if kind == "lof":
        return lost
    if kind == "biallelic_lof":
        return lost and (row["kind"] == "homdel" or row["biallelic"] in {"yes", "probable"})
    if kind == "any_oncogenic":
        suppressor = row["gene"] in TUMOUR_SUPPRESSORS and lost
        vouched = (
            row["function"] != "" or row["hotspot"] is True or row["oncogenic"] in {"Oncogenic", "Likely Oncogenic"}
        )
        return suppressor or (row["kind"] == "mutation" and vouched)
    return row["kind"] == "mutation" and _is_mutation(spec, row, lost)


def _is_mutation(spec: AlterationSpec, row: dict[str, Any], lost: bool) -> bool:  # noqa: PLR0911 - as above
    if spec.kind == "exact_hgvsp":
        return row["change"] in spec.changes
    if spec.kind == "exact_genomic":
        return row["genomic"] in spec.changes
    if spec.kind == "codon":
        return row["change_type"] in {"missense", "delins"} and f"{row['ref_aa']}{row['first_aa']}" in spec.codons
    if spec.kind == "functional_class":
        return lost if spec.function == "inactivating" else bool(row["function"] == spec.function)
    altering = row["change_type"] in PROTEIN or row["variant_class"] == "Splice_Site" or row["exon_skip"] is True
    if spec.kind == "any_mutation":
        return altering
    if spec.kind == "splice_event":
        site = row["change_type"] == "splice" and row["variant_class"] != "Splice_Region" and row["exon_skip"] is False
        return (row["exon_skip"] is True or site) and row["exon"] == spec.exon
    of_type = row["change_type"] in spec.change_types if spec.change_types else altering
    if spec.kind == "exon_class" and not pd.isna(row["exon"]):
        return of_type and bool(row["exon"] == spec.exon)
    if spec.first is None or spec.last is None or pd.isna(row["first_aa"]):
        return False
    return of_type and bool(spec.first <= row["first_aa"]) and bool(row["last_aa"] <= spec.last)


def _is_fusion(spec: AlterationSpec, row: dict[str, Any]) -> bool:
    if row["kind"] != "fusion" or (spec.partners and row["partner"] not in spec.partners):
        return False
    if not spec.partners and row["partner"] == row["gene"]:
        return False
    wrong_side = spec.place != "any" and row["place"] not in {spec.place, "unknown"}
    return not wrong_side and not (spec.frame != "any" and row["frame"] == "out_of_frame")


def _loses_function(row: dict[str, Any]) -> bool:
    if row["kind"] == "homdel" or row["function"] == "inactivating":
        return True
    doubtful = row["change_type"] in {"missense", "inframe_del", "inframe_ins", "delins", "stop_loss"}
    return bool(row["lof"]) and not doubtful and "vus" not in row["flags"].split(";")


def _holds(hit: dict[str, Any], found: list[dict[str, Any]]) -> bool:
    """Tell whether a hit stands among those of its alteration."""
    if hit["therapy"] == "":
        return True
    kind = hit["rule"].alteration.kind
    rivals = [
        one for one in found
        if one["therapy"] == hit["therapy"] and FAMILY[one["rule"].alteration.kind] == FAMILY[kind]
        and one["scope"] != "uncertain"
    ]  # fmt: skip
    if any(one["scope"] == "in_scope" and _refuses(one) for one in rivals):
        rivals = [one for one in rivals if one["scope"] == "in_scope"]
        if hit["scope"] not in {"in_scope", "uncertain"}:
            return False
    return all(SPECIFICITY[one["rule"].alteration.kind] <= SPECIFICITY[kind] for one in rivals)


def _refuses(hit: dict[str, Any]) -> bool:
    return hit["level"] == "NX" or (hit["rule"].direction == "resistance" and hit["level"] in {"NR1", "NR2"})
