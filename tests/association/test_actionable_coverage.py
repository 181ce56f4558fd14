"""Coverage of markers: what was looked for in whom, and why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.alterations import ALTERATION_COLUMNS
from netgen.actionability.matching import match_rules
from netgen.actionability.rules import AlterationSpec, Rule
from netgen.association.actionable_coverage import (
    COVERAGE_COLUMNS,
    REASONS,
    MarkerCoverage,
    cover_markers,
    find_profiled,
    summarize_coverage,
)
from netgen.association.actionable_markers import (
    MARKER_COLUMNS,
    NO_LEVEL,
    RULE_MARKER_COLUMNS,
    list_markers,
    rank_levels,
)
from netgen.errors import AnalysisError
from netgen.knowledge.oncotree import load_oncotree
from tests.actionability.naive_matching import mutation
from tests.actionability.naive_matching import table as alterations_of

TREE = load_oncotree()


def rule(name: str, genes: tuple[str, ...], kind: str, **more: Any) -> Rule:
    fields = {"direction": "sensitivity", "level": "N1", "include": ("SOLID",), "therapy": ("drug",)} | {
        key: more.pop(key) for key in list(more) if key in Rule.__dataclass_fields__
    }
    return Rule(id=name, genes=genes, alteration=AlterationSpec(kind=kind, **more), **fields)


RULES = (
    rule("exact", ("BRAF",), "exact_hgvsp", changes=("V600E",)),
    rule("class", ("BRAF", "EGFR"), "functional_class", function="activating", level="N4"),
    rule("exon", ("MET",), "splice_event", exon=14, include=("NSCLC",), level_out_of_scope="N3B"),
    rule("germline", ("VHL",), "any_oncogenic", origin="germline", include=("PANET",)),
    rule("amp", ("ERBB2",), "amplification", level="N3A"),
    rule("del", ("CDKN2A",), "homdel", level="N4"),
    rule("fusion", ("RET",), "fusion"),
    rule("tmb", (), "biomarker_threshold", marker="TMB", at_least=10.0),
    rule("msi", (), "biomarker_status", marker="MSI", results=("MSI-H",)),
    rule("resists", ("EGFR",), "codon", codons=("T790",), direction="resistance", level="NR1"),
)
GENES = ("BRAF", "CDKN2A", "EGFR", "ERBB2", "MET", "RET", "VHL")


def biomarkers(*rows: tuple[str, str, str, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["patient_id", "marker", "result", "value"]).assign(kind="biomarker")
    text = dict.fromkeys(("patient_id", "marker", "result", "kind"), "string")
    return frame.reindex(columns=list(ALTERATION_COLUMNS)).astype(text | {"value": "float64"})


def cover(
    samples: list[dict[str, Any]],
    panels: dict[str, dict[str, Any]],
    measured: pd.DataFrame | None = None,
    *,
    codes: dict[str, str] | None = None,
    **more: Any,
) -> MarkerCoverage:
    """Coverage of a study: samples name the panel of each data type, panels their genes (``GENE*``: hot spots)."""
    frame = pd.DataFrame(samples)
    ids = sorted(set(frame["patient_id"]) | set(codes or {}))
    listed = [
        {"panel_id": name, "gene": gene.rstrip("*"), "partial": gene.endswith("*")}
        for name, panel in panels.items()
        for gene in panel.get("genes", ())
    ]
    facts = pd.DataFrame(
        [{"panel_id": name, "assay_type": panel.get("assay_type"), "genes_mode": panel.get("mode", "list")}
         for name, panel in panels.items()]
    )  # fmt: skip
    profiled = frame.reindex(columns=["sample_id", "mutations", "cna", "structural_variants"])
    profiled = profiled[profiled.drop(columns="sample_id").notna().any(axis=1)]
    return cover_markers(
        RULES,
        TREE,
        pd.DataFrame({"oncotree_code": [(codes or {}).get(one, "PANET") for one in ids]}, index=ids, dtype="string"),
        samples=schema.conform(frame, schema.SAMPLES),
        profiles=schema.conform(profiled, schema.PROFILES),
        panels=schema.conform(facts, schema.PANELS),
        panel_genes=schema.conform(pd.DataFrame(listed), schema.PANEL_GENES),
        biomarkers=biomarkers() if measured is None else measured,
        **more,
    )


def status(coverage: MarkerCoverage, patient: str) -> dict[str, str]:
    """Reason of each marker, ``covered`` if it is."""
    at = coverage.patients.get_loc(patient)
    words = [REASONS[code] or "covered" for code in coverage.reason[:, at]]
    assert coverage.covered[:, at].tolist() == [word == "covered" for word in words]
    return dict(zip(coverage.markers["marker"], words, strict=True))


def sample(patient: str, mutations: str | None = None, **more: Any) -> dict[str, Any]:
    return {"sample_id": more.pop("sample_id", f"S-{patient}"), "patient_id": patient, "mutations": mutations} | more


FULL = {"genes": GENES}


def test_list_markers__splits_genes_by_what_has_to_be_measured() -> None:
    markers, pairs = list_markers(RULES)
    assert markers.set_index("marker")["needs"].to_dict() == {
        "BRAF hot spots": "hotspot", "BRAF mutations": "mutation", "CDKN2A homozygous deletion": "homdel",
        "EGFR hot spots": "hotspot", "EGFR mutations": "mutation", "ERBB2 amplification": "amplification",
        "MET splicing": "splice", "MSI": "biomarker", "RET fusion": "fusion", "TMB": "threshold",
        "VHL germline mutations": "germline",
    }  # fmt: skip
    assert markers.loc[markers["resistance"], "marker"].tolist() == ["EGFR hot spots"]
    assert list(markers) == list(MARKER_COLUMNS)
    assert list(pairs) == list(RULE_MARKER_COLUMNS)
    both = pairs[pairs["rule_id"] == "class"]
    assert both[["gene", "marker"]].to_numpy().tolist() == [["BRAF", "BRAF mutations"], ["EGFR", "EGFR mutations"]]


def test_cover_markers__a_mutation_panel_covers_neither_copy_number_nor_fusions() -> None:
    found = status(cover([sample("P1", "A")], {"A": FULL}), "P1")
    assert found == {
        "BRAF hot spots": "covered", "BRAF mutations": "covered", "CDKN2A homozygous deletion": "profile_missing",
        "EGFR hot spots": "covered", "EGFR mutations": "covered", "ERBB2 amplification": "profile_missing",
        "MET splicing": "covered", "MSI": "not_measured", "RET fusion": "profile_missing", "TMB": "not_measured",
        "VHL germline mutations": "germline_not_tested",
    }  # fmt: skip


def test_cover_markers__hot_spots_of_a_gene_cover_rules_of_hot_spots_only() -> None:
    found = status(cover([sample("P1", "A")], {"A": {"genes": ("BRAF*", "MET*")}}), "P1")
    assert found["BRAF hot spots"] == "covered"
    assert found["BRAF mutations"] == found["MET splicing"] == "partial_coverage"
    assert found["EGFR hot spots"] == "gene_not_on_panel"


def test_cover_markers__an_rna_panel_covers_fusions_and_splicing_but_no_mutations() -> None:
    panels = {"RNA": {"genes": ("RET", "MET", "BRAF"), "assay_type": "rna_fusion"}, "A": {"genes": ("BRAF",)}}
    for column in ("mutations", "structural_variants"):
        found = status(cover([sample("P1", **{column: "RNA"})], panels), "P1")
        assert found["RET fusion"] == found["MET splicing"] == "covered"
        assert found["BRAF hot spots"] == "profile_missing"
    both = status(cover([sample("P1", "A", structural_variants="RNA")], panels), "P1")
    assert both["RET fusion"] == both["MET splicing"] == both["BRAF mutations"] == "covered"


def test_cover_markers__a_fusion_panel_of_dna_says_nothing_about_splicing() -> None:
    found = status(cover([sample("P1", structural_variants="SV")], {"SV": FULL}), "P1")
    assert (found["RET fusion"], found["MET splicing"]) == ("covered", "profile_missing")


def test_cover_markers__the_reason_of_a_fusion_is_that_of_the_panel_that_was_used() -> None:
    found = status(cover([sample("P1", structural_variants="SV")], {"SV": {"genes": ("BRAF",)}}), "P1")
    assert found["RET fusion"] == "gene_not_on_panel"


def test_cover_markers__whole_exomes_cover_every_gene() -> None:
    found = status(cover([sample("P1", "WES")], {"WES": {"mode": "all", "assay_type": "wes", "genes": ("X",)}}), "P1")
    assert found["BRAF mutations"] == found["EGFR mutations"] == "covered"


def test_cover_markers__one_covered_sample_is_enough() -> None:
    rows = [sample("P1", "A"), sample("P1", "B", sample_id="S2")]
    found = status(cover(rows, {"A": {"genes": ("BRAF",)}, "B": {"genes": ("EGFR",)}}), "P1")
    assert found["BRAF mutations"] == found["EGFR mutations"] == "covered"


def test_cover_markers__germline_needs_a_normal_sample_or_a_declared_test() -> None:
    rows = [
        sample("P1", "A"), sample("P1", "A", sample_id="N1", sample_class="normal"), sample("P2", "A"),
        sample("P3", "A"), sample("P4"),
    ]  # fmt: skip
    coverage = cover(rows, {"A": FULL}, germline_tested=["P2", "P4"])
    found = [status(coverage, patient)["VHL germline mutations"] for patient in ("P1", "P2", "P3", "P4")]
    assert found == ["covered", "covered", "germline_not_tested", "germline_not_tested"]


def test_cover_markers__a_normal_sample_does_not_cover_the_tumour() -> None:
    found = status(cover([sample("P1", "A", sample_class="normal")], {"A": FULL}), "P1")
    assert (found["BRAF mutations"], found["VHL germline mutations"]) == ("not_sequenced", "covered")


def test_cover_markers__cell_free_dna_counts_on_request_and_with_a_known_tumour_fraction() -> None:
    rows = [sample("P1", "A", sample_class="cfdna"), sample("P2", "A", sample_class="cfdna", tumour_purity=0.2)]
    without, with_it = cover(rows, {"A": FULL}), cover(rows, {"A": FULL}, include_cfdna=True)
    assert [status(without, patient)["BRAF mutations"] for patient in ("P1", "P2")] == ["not_sequenced"] * 2
    assert [status(with_it, patient)["BRAF mutations"] for patient in ("P1", "P2")] == ["cfdna_negative", "covered"]


def test_cover_markers__a_biomarker_needs_a_result_and_a_threshold_takes_a_value() -> None:
    measured = biomarkers(
        ("P1", "TMB", "low", 3.0), ("P2", "TMB", "indeterminate", None), ("P3", "TMB", "", 12.0),
        ("P1", "MSI", "MSS", None), ("P2", "MSI", "indeterminate", 7.0), ("P3", "PDL1", "positive", None),
        ("P9", "MSI", "MSS", None),
    )  # fmt: skip
    coverage = cover([sample(one) for one in ("P1", "P2", "P3")], {"A": FULL}, measured)
    found = {patient: status(coverage, patient) for patient in ("P1", "P2", "P3")}
    assert [found[patient]["TMB"] for patient in found] == ["covered", "inconclusive", "covered"]
    assert [found[patient]["MSI"] for patient in found] == ["covered", "inconclusive", "not_measured"]


def found_in(*rows: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Alterations, and what the rules say of them."""
    altered = alterations_of(*rows)
    people = pd.DataFrame({"oncotree_code": ["PANET"] * 3}, index=["P1", "P2", "P3"], dtype="string")
    return {"alterations": altered, "hits": match_rules(altered, people, RULES, TREE)}


def unnamed(gene: str, patient: str = "P1", **cells: Any) -> dict[str, Any]:
    """Return a missense mutation of which the file says the gene and the class."""
    facts = {"variant_class": "Missense_Mutation", "change_type": "missense", "alteration": "Missense_Mutation 7:1"}
    return mutation(gene, "", patient_id=patient, **{**facts, **cells})


def test_cover_markers__a_mutation_that_is_not_named_leaves_its_gene_open() -> None:
    rows = [sample("P1", "A"), sample("P2", "A"), sample("P3", "B")]
    facts = found_in(unnamed("BRAF"), unnamed("MET"), unnamed("BRAF", "P3"), mutation("BRAF", "G466V", patient_id="P2"))
    coverage = cover(rows, {"A": FULL, "B": {"genes": ("EGFR",)}}, **facts)
    first, second, third = (status(coverage, patient) for patient in ("P1", "P2", "P3"))
    for marker in ("BRAF hot spots", "BRAF mutations", "MET splicing"):
        assert (first[marker], second[marker]) == ("change_not_stated", "covered")
    assert first["EGFR hot spots"] == first["EGFR mutations"] == "covered"
    assert first["VHL germline mutations"] == "germline_not_tested"
    assert third["BRAF hot spots"] == "gene_not_on_panel"  # the panel comes first
    table = summarize_coverage(coverage).set_index("marker")
    assert table.loc["BRAF hot spots", "reasons"] == "gene_not_on_panel 1;change_not_stated 1"


def test_cover_markers__a_finding_closes_its_own_marker_only() -> None:
    facts = found_in(unnamed("BRAF"), mutation("BRAF", "V600E"))
    assert set(facts["hits"]["rule_id"]) == {"exact"}
    found = status(cover([sample("P1", "A")], {"A": FULL}, **facts), "P1")
    assert (found["BRAF hot spots"], found["BRAF mutations"]) == ("covered", "change_not_stated")


@pytest.mark.parametrize(
    "row",
    [
        unnamed("BRAF", variant_class="Nonsense_Mutation", change_type="nonsense"),
        unnamed("BRAF", variant_class="Splice_Site", change_type="splice", exon_skip=False),
        unnamed("BRAF", variant_class="In_Frame_Del", change_type="inframe_del", exon=15),
        unnamed("BRAF", first_aa=600, last_aa=600, change_type="other"),
        unnamed("BRAF", variant_class="Intron", change_type="other"),
        unnamed("BRAF", origin="germline"),
    ],
)
def test_cover_markers__what_says_enough_leaves_nothing_open(row: dict[str, Any]) -> None:
    found = status(cover([sample("P1", "A")], {"A": FULL}, **found_in(row)), "P1")
    assert found["BRAF hot spots"] == found["BRAF mutations"] == "covered"


def test_cover_markers__an_unnamed_germline_mutation_leaves_the_germline_open() -> None:
    rows = [sample("P1", "A"), sample("P1", "A", sample_id="N1", sample_class="normal")]
    for origin, expected in (
        ("germline", "change_not_stated"),
        ("unknown", "change_not_stated"),
        ("somatic", "covered"),
    ):
        found = status(cover(rows, {"A": FULL}, **found_in(unnamed("VHL", origin=origin))), "P1")
        assert found["VHL germline mutations"] == expected


def test_find_profiled__nobody_is_negative_for_what_is_not_named() -> None:
    facts = found_in(*(unnamed(gene) for gene in ("BRAF", "EGFR", "MET")))
    coverage = cover([sample("P1", "A"), sample("P2", "A")], {"A": {"genes": ("BRAF", "EGFR", "MET")}}, **facts)
    assert find_profiled(coverage).tolist() == [False, True]


def test_cover_markers__a_ready_made_call_does_not_say_how_a_gene_is_altered() -> None:
    calls = pd.DataFrame({"BRAF": [1, 0, -1], "ERBB2": [1, 1, -1]}, index=["S-P1", "S-P2", "S-P3"], dtype="int8")
    rows = [sample("P1"), sample("P2", "A"), sample("P3"), sample("P4")]
    coverage = cover(rows, {"A": {"genes": ("BRAF",)}}, calls=calls)
    first, second, third, fourth = (status(coverage, f"P{n}") for n in (1, 2, 3, 4))
    assert first["BRAF hot spots"] == first["BRAF mutations"] == "feature_not_carried"
    assert first["ERBB2 amplification"] == second["ERBB2 amplification"] == "feature_not_carried"
    assert second["BRAF hot spots"] == "covered"  # by its panel
    assert first["EGFR hot spots"] == third["BRAF hot spots"] == "gene_not_on_panel"
    assert first["VHL germline mutations"] == "germline_not_tested"
    assert first["TMB"] == "not_measured"
    assert fourth["BRAF hot spots"] == "not_sequenced"


def test_cover_markers__levels_are_those_the_tumour_type_can_reach() -> None:
    codes = {"P1": "PANET", "P2": "LUAD", "P3": "LUCA", "P4": "LUNG"}
    rows = [sample(patient, "A") for patient in codes]
    coverage = cover([*rows, sample("P3", "A", sample_id="S3b", oncotree_code="LUAD")], {"A": FULL}, codes=codes)
    level = pd.DataFrame(coverage.level, index=coverage.markers["marker"], columns=list(coverage.patients))
    assert level.loc["MET splicing"].tolist() == [3, 0, 0, NO_LEVEL]  # N3B outside, N1 within, too broad: none
    assert level.loc["VHL germline mutations"].tolist() == [0, NO_LEVEL, NO_LEVEL, NO_LEVEL]
    assert level.loc["BRAF hot spots"].tolist() == [0, 0, 0, 0]
    assert level.loc["EGFR hot spots"].tolist() == [NO_LEVEL] * 4  # resistance gives no level
    assert level.loc["CDKN2A homozygous deletion"].tolist() == [5, 5, 5, 5]


def test_rank_levels__a_drug_used_whatever_the_genotype_gives_no_level() -> None:
    rules = (
        rule("sstr", ("SSTR2",), "expression", marker="SSTR", results=("positive",), therapy=("177Lu-DOTATATE",)),
        rule("mgmt", ("MGMT",), "expression", marker="MGMT", results=("deficient",), therapy=("temozolomide",)),
        rule("vhl", ("VHL",), "lof", therapy=("belzutifan",)),
        rule("tsc", ("TSC2",), "lof", therapy=("everolimus",), level="N4"),
    )
    markers, pairs = list_markers(rules)
    ranks = rank_levels(rules, TREE, ["PANET"], markers, pairs)[:, 0]
    assert dict(zip(markers["marker"], ranks.tolist(), strict=True)) == {
        "MGMT": 0, "SSTR": NO_LEVEL, "TSC2 mutations": 5, "VHL mutations": 0,
    }  # fmt: skip


def test_cover_markers__a_tumour_type_that_is_not_known_has_no_levels() -> None:
    coverage = cover([sample("P1", "A")], {"A": FULL}, codes={"P1": ""})
    assert (coverage.level == NO_LEVEL).all()
    assert not find_profiled(coverage)["P1"]


def test_cover_markers__a_panel_of_unknown_content_is_refused() -> None:
    with pytest.raises(AnalysisError, match="genes of panel Z are not known"):
        cover([sample("P1", "Z")], {"A": FULL})


def test_find_profiled__needs_a_marker_that_matters_at_the_level() -> None:
    rows = [sample("P1", "A"), sample("P2", "B"), sample("P3", "C"), sample("P4")]
    coverage = cover(rows, {"A": {"genes": ("BRAF",)}, "B": {"genes": ("MET",)}, "C": {"genes": ("VHL",)}})
    assert find_profiled(coverage).tolist() == [True, True, False, False]
    assert find_profiled(coverage, "N1").tolist() == [True, False, False, False]


def test_summarize_coverage__counts_reasons_by_group() -> None:
    rows = [sample("P1", "A"), sample("P2", "B"), sample("P3"), sample("P4", "A")]
    coverage = cover(rows, {"A": {"genes": ("BRAF",)}, "B": {"genes": ("EGFR",)}})
    groups = pd.Series({"P1": "lung", "P2": "lung", "P3": "thymic"}, dtype="string")
    table = summarize_coverage(coverage, groups)
    assert list(table) == list(COVERAGE_COLUMNS)
    braf = table[table["marker"] == "BRAF hot spots"].set_index("group")
    assert braf.index.tolist() == ["lung", "thymic", "all"]
    assert braf["n_profiled"].tolist() == [1, 0, 2]
    assert braf["n_not_covered"].tolist() == [1, 1, 2]
    assert braf.loc["all", "reasons"] == "not_sequenced 1;gene_not_on_panel 1"
    assert braf.loc["all", "text"] == "BRAF hot spots not covered in 2 of 4 patients"
    assert braf.loc["all", "best_level"] == "N1"
    assert len(summarize_coverage(coverage)) == len(coverage.markers)


def test_cover_markers__equals_loops_over_patients_samples_and_panels() -> None:
    rng = np.random.default_rng(5)
    for _ in range(25):
        panels = {name: _draw_panel(rng, name) for name in "ABR"}
        rows = [_draw_sample(rng, i, panels) for i in range(9)]
        coverage = cover(rows, panels)
        for i, marker in enumerate(coverage.markers.itertuples()):
            naive = [
                _is_covered(str(marker.needs), str(marker.gene), patient, rows, panels) for patient in coverage.patients
            ]
            assert coverage.covered[i].tolist() == naive, marker


def _draw_panel(rng: np.random.Generator, name: str) -> dict[str, Any]:
    genes = tuple(gene + "*" * int(rng.random() < 0.3) for gene in GENES if rng.random() < 0.6)
    return {"genes": genes or ("X",), "assay_type": "rna_fusion" if name == "R" else "panel"}


def _draw_sample(rng: np.random.Generator, i: int, panels: dict[str, Any]) -> dict[str, Any]:
    behind = {name: rng.choice([None, *panels]) for name in ("mutations", "cna", "structural_variants")}
    kind = str(rng.choice(["tumour", "normal", "cfdna"], p=[0.7, 0.2, 0.1]))
    return sample(f"P{rng.integers(6)}", sample_id=f"S{i}", sample_class=kind, **behind)


def _is_covered(
    need: str, gene: str, patient: str, rows: list[dict[str, Any]], panels: dict[str, dict[str, Any]]
) -> bool:
    def holds(panel: str | None, *, rna: bool, partial: bool = False) -> bool:
        if panel is None or (panels[panel]["assay_type"] == "rna_fusion") != rna:
            return False
        return gene in panels[panel]["genes"] or (partial and f"{gene}*" in panels[panel]["genes"])

    wanted = "normal" if need == "germline" else "tumour"
    for row in rows:
        if row["patient_id"] != patient or row["sample_class"] != wanted:
            continue
        behind = [row[name] for name in ("structural_variants", "mutations", "cna")]
        rna = [panel for panel in behind if panel is not None and panels[panel]["assay_type"] == "rna_fusion"][:1]
        by_rna = any(holds(panel, rna=True) for panel in rna)
        if need in ("hotspot", "mutation", "germline", "splice"):
            if holds(row["mutations"], rna=False, partial=need == "hotspot") or (need == "splice" and by_rna):
                return True
        elif need in ("amplification", "homdel"):
            if holds(row["cna"], rna=False):
                return True
        elif need == "fusion" and (holds(row["structural_variants"], rna=False) or by_rna):
            return True
    return False
