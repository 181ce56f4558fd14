"""The alteration matrix from its definition (DOMAIN 1.12), cell by cell, and small random studies to try it on."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from netgen import schema

NONSYN = {
    "Frame_Shift_Del", "Frame_Shift_Ins", "Splice_Site", "Translation_Start_Site", "Nonsense_Mutation",
    "Nonstop_Mutation", "In_Frame_Del", "In_Frame_Ins", "Missense_Mutation",
}  # fmt: skip
TRUNC = {"Frame_Shift_Del", "Frame_Shift_Ins", "Splice_Site", "Translation_Start_Site", "Nonsense_Mutation"}
GENES = ["ATRX", "MEN1", "TERT"]
ORDER = [
    "not_sequenced", "gene_not_on_panel", "partial_coverage", "profile_missing", "member_not_profiled",
    "feature_not_carried", "cfdna_negative",
]  # fmt: skip


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return literal rows as a table of the schema."""
    return schema.conform(pd.DataFrame(rows), schema.TABLES[name])


def records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return rows as dicts with None for missing."""
    if frame is None:
        return []
    return [{key: None if pd.isna(value) else value for key, value in row.items()} for row in frame.to_dict("records")]


def naive_matrix(
    study: dict[str, Any], *, feature_type: str, policy: str = "union", include_cfdna: bool = False, genes: list[str]
) -> dict[tuple[str, str], tuple[int, str]]:
    """Return (patient, gene) -> (status, reason)."""
    patients = sorted({row["patient_id"] for row in records(study["samples"])})
    parts = components(study, feature_type, include_cfdna=include_cfdna)
    out = {}
    for patient in patients:
        own = [row for row in speaking(study, include_cfdna=include_cfdna) if row["patient_id"] == patient]
        if policy != "union" and own:
            own = [min(own, key=lambda row: choice_key(study, row, policy, parts))]
        for gene in genes:
            answers = [sample_status(study, row, gene, feature_type, parts) for row in own]
            out[patient, gene] = collapse(answers)
    return out


def collapse(answers: list[tuple[int, str]]) -> tuple[int, str]:
    if not answers:
        return -1, "not_sequenced"
    if any(status == 1 for status, _ in answers):
        return 1, ""
    if any(status == 0 for status, _ in answers):
        return 0, ""
    return -1, max((reason for _, reason in answers), key=ORDER.index)


def speaking(study: dict[str, Any], *, include_cfdna: bool) -> list[dict[str, Any]]:
    out = []
    for row in records(study["samples"]):
        if row["sample_class"] == "normal" or (row["sample_class"] == "cfdna" and not include_cfdna):
            continue
        out.append(row)
    return out


def components(study: dict[str, Any], feature_type: str, *, include_cfdna: bool) -> list[str]:
    parts = ["mutations"]
    ids = {row["sample_id"] for row in speaking(study, include_cfdna=include_cfdna)}
    for name, key in (("cna", "copy_number"), ("structural_variants", "fusions")):
        if feature_type not in {"lof", "altered"}:
            continue
        in_profile = any(row[name] for row in records(study["profiles"]) if row["sample_id"] in ids)
        in_rows = any(row["sample_id"] in ids for row in records(study[key]))
        if in_profile or in_rows:
            parts.append(name)
    return parts


def panel_of(study: dict[str, Any], sample: str, data_type: str) -> str | None:
    for row in records(study["profiles"]):
        if row["sample_id"] == sample:
            return row[data_type]
    return None


def coverage(study: dict[str, Any], sample: str, gene: str, data_type: str) -> str:
    """Return full, partial, none, or missing."""
    panel = panel_of(study, sample, data_type)
    if panel is None:
        return "missing"
    for row in records(study["panels"]):
        if row["panel_id"] == panel and row["genes_mode"] == "all":
            return "full"
    found = "none"
    for row in records(study["panel_genes"]):
        if row["panel_id"] == panel and row["gene"] == gene and row["profile"] in {None, data_type}:
            if not row["partial"]:
                return "full"
            found = "partial"
    return found


def mutation_answer(row: dict[str, Any], feature_type: str) -> bool:
    altering = row["variant_class"] in NONSYN or (row["variant_class"] == "5'Flank" and row["gene"] == "TERT")
    if (row["mutation_status"] or "").lower() == "germline":
        return False
    if feature_type == "lof":
        return row["variant_class"] in TRUNC and "lof_cterm" not in (row["flags"] or "")
    if feature_type == "driver":
        return row["cbp_driver"] == "Putative_Driver" or row["oncogenic"] in {"Oncogenic", "Likely Oncogenic"}
    if feature_type == "hotspot":
        return altering and row["hotspot"] is True
    return altering


def fusion_breaks(row: dict[str, Any]) -> bool:
    if row["frame"] in {"Out_of_frame", "Frameshift"}:
        return True
    one_gene = row["gene1"] is None or row["gene2"] is None or row["gene1"] == row["gene2"]
    return one_gene and row["frame"] != "In_frame" and row["sv_class"] != "DUPLICATION"


def altered_rows(study: dict[str, Any], sample: str, gene: str, feature_type: str, parts: list[str]) -> bool:
    def here(name: str) -> list[dict[str, Any]]:
        return [row for row in records(study[name]) if row["sample_id"] == sample]

    found = [mutation_answer(row, feature_type) for row in here("variants") if row["gene"] == gene]
    if "cna" in parts:
        wanted = {-2, -1.5, 2} if feature_type == "altered" else {-2, -1.5}
        found += [row["value"] in wanted for row in here("copy_number") if row["gene"] == gene]
    if "structural_variants" in parts:
        found += [
            row["status"] != "GERMLINE" and (feature_type == "altered" or fusion_breaks(row))
            for row in here("fusions")
            if gene in {row["gene1"], row["gene2"]}
        ]
    return any(found)


def coverage_answer(
    study: dict[str, Any], sample: str, gene: str, feature_type: str, parts: list[str]
) -> tuple[int, str]:
    """Return what a sample without a qualifying alteration is, calls aside."""
    kinds = [coverage(study, sample, gene, part) for part in parts]
    called = any(value >= 0 for (owner, _), value in study["calls"].items() if owner == sample)
    if all(coverage(study, sample, gene, part) == "missing" for part in ("mutations", "cna", "structural_variants")):
        return -1, "gene_not_on_panel" if called else "not_sequenced"
    for kind in kinds:
        if kind == "missing":
            return -1, "profile_missing"
        if kind == "none":
            return -1, "gene_not_on_panel"
        if kind == "partial" and feature_type != "hotspot":
            return -1, "partial_coverage"
    return 0, ""


def unclear_reason(study: dict[str, Any], sample: str, gene: str, feature_type: str, parts: list[str]) -> str:
    if "cna" in parts:
        for row in records(study["copy_number"]):
            if row["sample_id"] == sample and row["gene"] == gene and row["value"] is None:
                return "profile_missing"
    rows = records(study["variants"])
    mine = [row for row in rows if row["sample_id"] == sample and row["gene"] == gene]
    mine = [row for row in mine if mutation_answer(row, "any_nonsyn")]
    if feature_type == "driver" and not any(row["cbp_driver"] or row["oncogenic"] for row in rows) and mine:
        return "feature_not_carried"
    marks = [row["hotspot"] for row in rows]
    if feature_type == "hotspot" and False in marks and any(row["hotspot"] is None for row in mine):
        return "feature_not_carried"
    return ""


def sample_status(
    study: dict[str, Any], row: dict[str, Any], gene: str, feature_type: str, parts: list[str]
) -> tuple[int, str]:
    sample = row["sample_id"]
    call = study["calls"].get((sample, gene), -1)
    decides = feature_type in {"any_nonsyn", "altered"}
    if altered_rows(study, sample, gene, feature_type, parts) or (decides and call == 1):
        return 1, ""
    status, reason = coverage_answer(study, sample, gene, feature_type, parts)
    blind = row["sample_class"] == "cfdna" and row["tumour_purity"] is None
    if status == 0 and blind:
        status, reason = -1, "cfdna_negative"
    unclear = unclear_reason(study, sample, gene, feature_type, parts)
    if status == 0 and unclear:
        status, reason = -1, unclear
    answers = [(status, reason)]
    if call >= 0 and not decides:
        answers.append((-1, "feature_not_carried"))
    elif call == 0:
        answers.append((-1, "cfdna_negative") if blind else (0, ""))
    return collapse(answers)


def choice_key(study: dict[str, Any], row: dict[str, Any], policy: str, parts: list[str]) -> tuple[Any, ...]:
    sample = row["sample_id"]
    called = any(value >= 0 for (owner, _), value in study["calls"].items() if owner == sample)
    profiled = called or any(panel_of(study, sample, part) for part in parts)
    order = ["primary", "local_recurrence", "unknown", "metastasis"]
    if policy == "metastasis":
        order = ["metastasis", "local_recurrence", "unknown", "primary"]
    lesion = order.index(row["sample_type"] or "unknown")
    date = row["date_collection"]
    day = math.inf if date is None else date.toordinal() * (-1 if policy == "latest" else 1)
    size = -panel_size(study, panel_of(study, sample, "mutations"))
    middle = {
        "earliest": (day, lesion, size),
        "latest": (day, lesion, size),
        "largest_panel": (size, lesion, day),
    }.get(policy, (lesion, day, size))
    return (not profiled, *middle, sample)


def panel_size(study: dict[str, Any], panel: str | None) -> float:
    if panel is None:
        return 0
    if any(row["panel_id"] == panel and row["genes_mode"] == "all" for row in records(study["panels"])):
        return math.inf
    return len({row["gene"] for row in records(study["panel_genes"]) if row["panel_id"] == panel})


# ---------------------------------------------------------------- random studies
PANEL_IDS = ["P1", "P2", "hot", "wes"]


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a study of one to three patients with up to three samples each, three genes, four panels."""
    owners = draw(st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=6))
    ids = [f"{owner}{place}" for place, owner in enumerate(owners)]
    sample_rows = [
        {
            "sample_id": name,
            "patient_id": owner,
            "sample_class": draw(st.sampled_from(["tumour", "tumour", "tumour", None, "cfdna", "normal"])),
            "sample_type": draw(st.sampled_from(["primary", "metastasis", "local_recurrence", "unknown", None])),
            "date_collection": draw(st.sampled_from([pd.NaT, pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")])),
            "tumour_purity": draw(st.sampled_from([None, 0.3])),
        }
        for name, owner in zip(ids, owners, strict=True)
    ]
    maybe_panel = st.sampled_from([None, *PANEL_IDS])
    profile_rows = [
        {"sample_id": name, **{part: draw(maybe_panel) for part in ("mutations", "cna", "structural_variants")}}
        for name in draw(st.lists(st.sampled_from(ids), unique=True))
    ]
    a_sample, a_gene = st.sampled_from(ids), st.sampled_from(GENES)
    annotated = draw(st.booleans())
    variant_rows = [
        {
            "sample_id": draw(a_sample),
            "gene": draw(a_gene),
            "variant_class": draw(
                st.sampled_from(["Missense_Mutation", "Nonsense_Mutation", "Silent", "5'Flank", "Splice_Site"])
            ),
            "mutation_status": draw(st.sampled_from([None, "Somatic", "GERMLINE"])),
            "flags": draw(st.sampled_from([None, "lof_cterm", "possible_germline;lof_cterm"])),
            "cbp_driver": draw(st.sampled_from(["Putative_Driver", "Putative_Passenger"])) if annotated else None,
            "oncogenic": draw(st.sampled_from([None, "Oncogenic", "Likely Oncogenic", "Unknown"]))
            if annotated
            else None,
            "hotspot": draw(st.sampled_from([True, False, None])) if place else draw(st.booleans()),  # one is known
            "row": place,
        }
        for place in range(draw(st.integers(0, 5)))
    ]
    cna_keys = draw(st.lists(st.tuples(a_sample, a_gene), unique=True, max_size=4))
    cna_rows = [
        {"sample_id": one, "gene": two, "value": draw(st.sampled_from([-2.0, -1.5, -1.0, 0.0, 1.0, 2.0, None]))}
        for one, two in cna_keys
    ]
    fusion_rows = [
        {
            "sample_id": draw(a_sample),
            "gene1": draw(a_gene),
            "gene2": draw(st.sampled_from([*GENES, None])),
            "sv_class": draw(st.sampled_from(["DELETION", "DUPLICATION", "FUSION", None])),
            "status": draw(st.sampled_from(["SOMATIC", "GERMLINE", None])),
            "frame": draw(st.sampled_from(["In_frame", "Out_of_frame", "Frameshift", "Unknown", None])),
        }
        for _ in range(draw(st.integers(0, 3)))
    ]
    calls = draw(st.dictionaries(st.tuples(a_sample, a_gene), st.sampled_from([-1, 0, 1]), max_size=4))
    return {
        "samples": table("samples", sample_rows),
        "profiles": table("profiles", profile_rows),
        **fixed_panels(),
        "variants": table("variants", variant_rows),
        "copy_number": table("copy_number", cna_rows) if cna_rows else None,
        "fusions": table("fusions", fusion_rows) if fusion_rows else None,
        "calls": calls,
    }


def fixed_panels() -> dict[str, pd.DataFrame]:
    """P1 lists two genes, P2 one of them for mutations alone, hot covers hot spots, wes everything."""
    modes = {"P1": "list", "P2": "list", "hot": "list", "wes": "all"}
    genes = [
        {"panel_id": "P1", "gene": "ATRX"},
        {"panel_id": "P1", "gene": "MEN1"},
        {"panel_id": "P2", "gene": "ATRX", "profile": "mutations"},
        {"panel_id": "P2", "gene": "TERT", "profile": "cna"},
        {"panel_id": "hot", "gene": "ATRX", "partial": True},
        {"panel_id": "hot", "gene": "TERT", "partial": True},
        {"panel_id": "hot", "gene": "TERT", "partial": False},
    ]
    return {
        "panels": table("panels", [{"panel_id": one, "genes_mode": mode} for one, mode in modes.items()]),
        "panel_genes": table("panel_genes", genes),
    }


def call_frame(calls: dict[tuple[str, str], int]) -> pd.DataFrame | None:
    """Return calls as samples x genes, int8."""
    if not calls:
        return None
    rows = sorted({one for one, _ in calls})
    columns = sorted({two for _, two in calls})
    values = [[calls.get((one, two), -1) for two in columns] for one in rows]
    return pd.DataFrame(values, index=pd.Index(rows, dtype="string"), columns=columns, dtype="int8")
