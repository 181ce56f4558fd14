"""The alteration matrix against literal tables and against its definition written as loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen import schema
from netgen.errors import AnalysisError, Findings
from netgen.genomics.matrix import REASONS, AlterationMatrix, build_alteration_matrix, frequencies
from tests.genomics.naive_matrix import GENES, call_frame, naive_matrix, studies, table


def cell(matrix: AlterationMatrix, patient: str, feature: str) -> tuple[int, str]:
    row, column = matrix.features.get_loc(feature), matrix.patients.get_loc(patient)
    return int(matrix.status[row, column]), REASONS[matrix.reason[row, column]]


def small_study(**tables: Any) -> dict[str, Any]:
    """Two patients on a panel of two genes; tables given by name replace the defaults."""
    study = {
        "samples": table(
            "samples",
            [
                {"sample_id": "A1", "patient_id": "A", "sample_class": "tumour"},
                {"sample_id": "B1", "patient_id": "B", "sample_class": "tumour"},
            ],
        ),
        "profiles": table("profiles", [{"sample_id": "A1", "mutations": "P"}, {"sample_id": "B1", "mutations": "P"}]),
        "panels": table("panels", [{"panel_id": "P", "genes_mode": "list"}]),
        "panel_genes": table("panel_genes", [{"panel_id": "P", "gene": "MEN1"}, {"panel_id": "P", "gene": "ATRX"}]),
        "variants": table("variants", [{"sample_id": "A1", "gene": "MEN1", "variant_class": "Nonsense_Mutation"}]),
    }
    return {**study, **tables}


# ---------------------------------------------------------------- the twin
@settings(max_examples=100)
@given(
    study=studies(),
    feature_type=st.sampled_from(["any_nonsyn", "lof", "driver", "hotspot", "altered"]),
    policy=st.sampled_from(["union", "primary", "metastasis", "earliest", "latest", "largest_panel"]),
    include_cfdna=st.booleans(),
)
def test_build_alteration_matrix__equals_its_definition(
    study: dict[str, Any], feature_type: str, policy: str, include_cfdna: bool
) -> None:
    tables = {**study, "calls": call_frame(study["calls"])}
    built = build_alteration_matrix(
        **tables, genes=GENES, feature_type=feature_type, policy=policy, include_cfdna=include_cfdna
    )
    expected = naive_matrix(study, feature_type=feature_type, policy=policy, include_cfdna=include_cfdna, genes=GENES)
    found = {(patient, gene): cell(built, patient, gene) for patient in built.patients for gene in built.features}
    assert found == expected


@settings(max_examples=25)
@given(study=studies(), feature_type=st.sampled_from(["any_nonsyn", "lof", "altered"]))
def test_build_alteration_matrix__has_a_reason_exactly_where_not_profiled(
    study: dict[str, Any], feature_type: str
) -> None:
    tables = {**study, "calls": call_frame(study["calls"])}
    built = build_alteration_matrix(**tables, feature_type=feature_type)
    assert ((built.reason > 0) == (built.status < 0)).all()
    assert set(np.unique(built.status)) <= {-1, 0, 1}


@settings(max_examples=25)
@given(study=studies(), feature_type=st.sampled_from(["any_nonsyn", "lof", "altered", "driver", "hotspot"]))
def test_build_alteration_matrix__has_a_row_behind_every_altered_cell(study: dict[str, Any], feature_type: str) -> None:
    tables = {**study, "calls": call_frame(study["calls"])}
    built = build_alteration_matrix(**tables, genes=GENES, feature_type=feature_type, pathways={"both": GENES[:2]})
    behind = set(zip(built.detail["patient_id"], built.detail["feature"], strict=True))
    row, column = np.nonzero(built.status == 1)
    assert behind == set(zip(built.patients[column], built.features[row], strict=True))


@settings(max_examples=25)
@given(study=studies(), feature_type=st.sampled_from(["any_nonsyn", "altered", "lof"]))
def test_build_alteration_matrix__lists_samples_that_differ(study: dict[str, Any], feature_type: str) -> None:
    tables = {**study, "calls": call_frame(study["calls"])}
    built = build_alteration_matrix(**tables, genes=GENES, feature_type=feature_type, include_cfdna=True)
    expected = set()
    for patient in built.patients:
        own = study["samples"][study["samples"]["patient_id"] == patient]
        alone = {}
        for sample in own.loc[own["sample_class"].fillna("tumour") != "normal", "sample_id"]:
            whole = study["samples"]
            relabelled = whole.assign(
                patient_id=whole["patient_id"].where(whole["sample_id"] != sample, "only").astype("string")
            )
            alone[sample] = naive_matrix(
                {**study, "samples": relabelled}, feature_type=feature_type, include_cfdna=True, genes=GENES
            )
        for gene in GENES:
            answers = {sample: status["only", gene][0] for sample, status in alone.items()}
            if {0, 1} <= set(answers.values()):
                expected |= {(patient, gene, sample, value) for sample, value in answers.items() if value >= 0}
    found = set(built.discordance.itertuples(index=False, name=None))
    assert found == expected


# ---------------------------------------------------------------- feature definitions (DOMAIN 1.4.2)
@pytest.mark.parametrize(
    ("row", "any_nonsyn", "lof"),
    [
        ({"gene": "MEN1", "variant_class": "Nonsense_Mutation"}, 1, 1),
        ({"gene": "MEN1", "variant_class": "Frame_Shift_Del", "flags": "lof_cterm"}, 1, 0),
        ({"gene": "MEN1", "variant_class": "Missense_Mutation"}, 1, 0),
        ({"gene": "MEN1", "variant_class": "Nonstop_Mutation"}, 1, 0),
        ({"gene": "MEN1", "variant_class": "Silent"}, 0, 0),
        ({"gene": "MEN1", "variant_class": "Splice_Region"}, 0, 0),
        ({"gene": "MEN1", "variant_class": "5'Flank"}, 0, 0),
        ({"gene": "TERT", "variant_class": "5'Flank"}, 1, 0),
        ({"gene": "MEN1", "variant_class": "Nonsense_Mutation", "mutation_status": "Germline"}, 0, 0),
    ],
)
def test_build_alteration_matrix__knows_the_classes(row: dict[str, str], any_nonsyn: int, lof: int) -> None:
    genes = [{"panel_id": "P", "gene": name} for name in ("MEN1", "TERT")]
    study = small_study(
        variants=table("variants", [{"sample_id": "A1", **row}]), panel_genes=table("panel_genes", genes)
    )
    for feature_type, expected in (("any_nonsyn", any_nonsyn), ("lof", lof)):
        built = build_alteration_matrix(**study, feature_type=feature_type)
        assert cell(built, "A", row["gene"]) == (expected, "")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"cbp_driver": "Putative_Driver"}, (1, "")),
        ({"cbp_driver": "Putative_Passenger"}, (0, "")),
        ({"oncogenic": "Likely Oncogenic"}, (1, "")),
        ({"oncogenic": "Unknown"}, (0, "")),
        ({}, (-1, "feature_not_carried")),
    ],
)
def test_build_alteration_matrix__needs_an_annotation_for_drivers(
    columns: dict[str, str], expected: tuple[int, str]
) -> None:
    row = {"sample_id": "A1", "gene": "MEN1", "variant_class": "Missense_Mutation", **columns}
    built = build_alteration_matrix(**small_study(variants=table("variants", [row])), feature_type="driver")
    assert cell(built, "A", "MEN1") == expected
    assert cell(built, "B", "MEN1") == (0, "")


def test_build_alteration_matrix__treats_hotspot_panels_as_partial() -> None:
    genes = table("panel_genes", [{"panel_id": "P", "gene": "MEN1", "partial": True}])
    row = {"sample_id": "A1", "gene": "MEN1", "variant_class": "Missense_Mutation", "hotspot": True}
    study = small_study(panel_genes=genes, variants=table("variants", [row]))
    assert cell(build_alteration_matrix(**study, feature_type="hotspot"), "B", "MEN1") == (0, "")
    for feature_type in ("any_nonsyn", "lof", "altered"):
        built = build_alteration_matrix(**study, genes=["MEN1"], feature_type=feature_type)
        assert cell(built, "B", "MEN1") == (-1, "partial_coverage")
    assert cell(build_alteration_matrix(**study, feature_type="any_nonsyn"), "A", "MEN1") == (1, "")


def test_build_alteration_matrix__names_the_data_types_it_used() -> None:
    study = small_study()
    assert build_alteration_matrix(**study, feature_type="altered").components == ("mutations",)
    both = study["profiles"].assign(cna=pd.Series(["P", pd.NA], dtype="string"))
    built = build_alteration_matrix(**{**study, "profiles": both}, feature_type="altered")
    assert built.components == ("mutations", "cna")
    assert cell(built, "B", "ATRX") == (-1, "profile_missing")
    assert build_alteration_matrix(**{**study, "profiles": both}).components == ("mutations",)


@pytest.mark.parametrize(
    ("value", "altered", "lof"),
    [(-2.0, 1, 1), (-1.5, 1, 1), (-1.0, 0, 0), (0.0, 0, 0), (1.0, 0, 0), (2.0, 1, 0), (None, -1, -1)],
)
def test_build_alteration_matrix__counts_only_deep_changes(value: float | None, altered: int, lof: int) -> None:
    study = small_study(
        profiles=table("profiles", [{"sample_id": one, "mutations": "P", "cna": "P"} for one in ("A1", "B1")]),
        copy_number=table("copy_number", [{"sample_id": "B1", "gene": "MEN1", "value": value}]),
    )
    for feature_type, expected in (("altered", altered), ("lof", lof)):
        built = build_alteration_matrix(**study, feature_type=feature_type)
        assert cell(built, "B", "MEN1") == (expected, "profile_missing" if expected < 0 else "")
        assert cell(built, "B", "ATRX") == (0, "")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"gene1": "MEN1", "gene2": "MEN1", "sv_class": "DELETION"}, {"MEN1"}),
        ({"gene1": "MEN1", "sv_class": "TRANSLOCATION"}, {"MEN1"}),
        ({"gene1": "MEN1", "gene2": "MEN1", "sv_class": "DUPLICATION"}, set()),
        ({"gene1": "MEN1", "gene2": "MEN1", "sv_class": "DELETION", "frame": "In_frame"}, set()),
        ({"gene1": "MEN1", "gene2": "ATRX", "sv_class": "FUSION"}, set()),
        ({"gene1": "MEN1", "gene2": "ATRX", "frame": "Out_of_frame"}, {"MEN1", "ATRX"}),
        ({"gene1": "MEN1", "gene2": "ATRX", "frame": "Frameshift", "status": "GERMLINE"}, set()),
    ],
)
def test_build_alteration_matrix__counts_disruptive_events_as_loss(row: dict[str, str], expected: set[str]) -> None:
    study = small_study(
        variants=schema.empty(schema.VARIANTS),
        profiles=table(
            "profiles", [{"sample_id": one, "mutations": "P", "structural_variants": "P"} for one in ("A1", "B1")]
        ),
        fusions=table("fusions", [{"sample_id": "A1", "status": "SOMATIC", **row}]),
    )
    built = build_alteration_matrix(**study, feature_type="lof")
    assert set(built.features[built.status[:, 0] == 1]) == expected


# ---------------------------------------------------------------- coverage
def test_build_alteration_matrix__keeps_patients_without_samples() -> None:
    built = build_alteration_matrix(**small_study(), patients=pd.Index(["A", "B", "Z"]))
    assert list(built.patients) == ["A", "B", "Z"]
    assert cell(built, "Z", "MEN1") == (-1, "not_sequenced")


def test_build_alteration_matrix__leaves_other_patients_out() -> None:
    built = build_alteration_matrix(**small_study(), patients=pd.Index(["B"]))
    assert list(built.patients) == ["B"]
    assert list(built.features) == ["ATRX", "MEN1"]
    assert (built.status == 0).all()


def test_build_alteration_matrix__covers_every_gene_with_an_exome() -> None:
    study = small_study(
        panels=table("panels", [{"panel_id": "P", "genes_mode": "all"}]), panel_genes=schema.empty(schema.PANEL_GENES)
    )
    built = build_alteration_matrix(**study)
    assert list(built.features) == ["MEN1"]
    assert built.status.tolist() == [[1, 0]]
    assert cell(build_alteration_matrix(**study, genes=["XYZ"]), "A", "XYZ") == (0, "")


def test_build_alteration_matrix__keeps_and_lists_variants_off_the_panel() -> None:
    row = {"sample_id": "A1", "gene": "TP53", "variant_class": "Missense_Mutation", "file": "a.maf", "row": 7}
    findings = Findings()
    built = build_alteration_matrix(**small_study(variants=table("variants", [row])), findings=findings)
    assert cell(built, "A", "TP53") == (1, "")
    assert cell(built, "B", "TP53") == (-1, "gene_not_on_panel")
    (finding,) = findings.items
    assert (finding.code, finding.value, finding.file, finding.row) == ("W_GENE_NOT_ON_PANEL", "TP53", "a.maf", 7)


def test_build_alteration_matrix__accepts_a_fusion_with_one_partner_on_the_panel() -> None:
    findings = Findings()
    study = small_study(
        variants=schema.empty(schema.VARIANTS),
        profiles=table("profiles", [{"sample_id": "A1", "mutations": "P", "structural_variants": "P"}]),
        fusions=table("fusions", [{"sample_id": "A1", "gene1": "MEN1", "gene2": "EML4", "status": "SOMATIC"}]),
    )
    built = build_alteration_matrix(**study, feature_type="altered", findings=findings)
    assert cell(built, "A", "EML4") == (1, "")
    assert len(findings) == 0
    assert list(built.detail["label"]) == ["MEN1::EML4", "MEN1::EML4"]


def test_build_alteration_matrix__reads_events_within_one_gene() -> None:
    findings = Findings()
    study = small_study(
        variants=schema.empty(schema.VARIANTS),
        profiles=table("profiles", [{"sample_id": "A1", "mutations": "P", "structural_variants": "P"}]),
        fusions=table(
            "fusions",
            [
                {"sample_id": "A1", "gene1": "MEN1", "gene2": "MEN1", "sv_class": "DELETION"},
                {"sample_id": "A1", "gene2": "ATRX", "sv_class": "TRANSLOCATION"},
            ],
        ),
    )
    built = build_alteration_matrix(**study, feature_type="lof", findings=findings)
    assert built.detail[["gene", "label"]].to_numpy().tolist() == [
        ["ATRX", "ATRX rearrangement"],
        ["MEN1", "MEN1-intragenic"],
    ]
    assert not findings.items


def test_build_alteration_matrix__refuses_a_panel_of_unknown_content() -> None:
    study = small_study(panels=schema.empty(schema.PANELS), panel_genes=schema.empty(schema.PANEL_GENES))
    with pytest.raises(AnalysisError, match="genes of panel P are not known"):
        build_alteration_matrix(**study)


def test_build_alteration_matrix__refuses_a_sample_with_two_profiles() -> None:
    twice = table("profiles", [{"sample_id": "A1", "mutations": "P"}, {"sample_id": "A1"}])
    with pytest.raises(AnalysisError, match="sample A1 more than once"):
        build_alteration_matrix(**small_study(profiles=twice))


def test_build_alteration_matrix__reports_variants_of_unknown_samples() -> None:
    rows = [{"sample_id": one, "gene": "MEN1", "variant_class": "Missense_Mutation"} for one in ("X2", "X1", "A1")]
    findings = Findings()
    build_alteration_matrix(**small_study(variants=table("variants", rows)), findings=findings)
    (finding,) = findings.items
    assert finding.code == "W_PATIENT_UNLINKED"
    assert finding.message.startswith("2 alteration(s) of 2 sample(s)")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"feature_type": "gain"}, "feature_type must be one of any_nonsyn"),
        ({"policy": "random"}, "policy must be one of union"),
        ({"pathway_na_policy": "lenient"}, "pathway_na_policy must be one of strict, majority"),
        ({"pathways": {"MEN1": ["ATRX"]}}, "must not have the name of a gene feature, found MEN1"),
        ({"pathways": {"none": []}}, "at least one gene, found none in none"),
    ],
)
def test_build_alteration_matrix__refuses_unknown_options(option: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        build_alteration_matrix(**small_study(), **option)


# ---------------------------------------------------------------- calls
def test_build_alteration_matrix__reads_ready_made_calls() -> None:
    calls = pd.DataFrame([[1, 0], [-1, -1]], index=["A1", "B1"], columns=["TP53", "RB1"], dtype="int8")
    study = small_study(profiles=schema.empty(schema.PROFILES), variants=schema.empty(schema.VARIANTS), calls=calls)
    built = build_alteration_matrix(**study, genes=["RB1", "TP53", "MEN1"])
    assert cell(built, "A", "TP53") == (1, "")
    assert cell(built, "A", "RB1") == (0, "")
    assert cell(built, "A", "MEN1") == (-1, "gene_not_on_panel")
    assert cell(built, "B", "TP53") == (-1, "not_sequenced")
    assert built.detail[["sample_id", "gene", "kind", "label"]].to_numpy().tolist() == [
        ["A1", "TP53", "call", "altered"]
    ]
    lof = build_alteration_matrix(**study, feature_type="lof")
    assert list(lof.features) == ["RB1", "TP53"]
    assert cell(lof, "A", "RB1") == (-1, "feature_not_carried")
    assert cell(lof, "A", "TP53") == (-1, "feature_not_carried")


# ---------------------------------------------------------------- collapse
def policy_study() -> dict[str, Any]:
    """One patient, three samples: an old primary on a small panel, two metastases; each alters another gene."""
    rows = [
        {"sample_id": "p", "sample_type": "primary", "date_collection": "2019-01-01", "oncotree_code": "PANET"},
        {"sample_id": "m1", "sample_type": "metastasis", "date_collection": "2018-01-01", "oncotree_code": "LUAD"},
        {"sample_id": "m2", "sample_type": "metastasis", "date_collection": "2021-01-01", "oncotree_code": "PANET"},
    ]
    genes = [("small", "G1"), ("big", "G1"), ("big", "G2"), ("big", "G3")]
    return {
        "samples": table("samples", [{**row, "patient_id": "A", "sample_class": "tumour"} for row in rows]),
        "profiles": table(
            "profiles",
            [{"sample_id": one, "mutations": panel} for one, panel in (("p", "small"), ("m1", "big"), ("m2", "big"))],
        ),
        "panels": table("panels", [{"panel_id": one, "genes_mode": "list"} for one in ("small", "big")]),
        "panel_genes": table("panel_genes", [{"panel_id": one, "gene": two} for one, two in genes]),
        "variants": table(
            "variants",
            [
                {"sample_id": "p", "gene": "G1", "variant_class": "Missense_Mutation"},
                {"sample_id": "m1", "gene": "G2", "variant_class": "Missense_Mutation"},
                {"sample_id": "m2", "gene": "G3", "variant_class": "Missense_Mutation"},
            ],
        ),
    }


@pytest.mark.parametrize(
    ("policy", "oncotree", "expected"),
    [
        ("union", None, [1, 1, 1]),
        ("primary", None, [1, -1, -1]),
        ("metastasis", None, [0, 1, 0]),
        ("metastasis", "PANET", [0, 0, 1]),
        ("earliest", None, [0, 1, 0]),
        ("earliest", "PANET", [1, -1, -1]),
        ("latest", None, [0, 0, 1]),
        ("largest_panel", None, [0, 1, 0]),
        ("largest_panel", "PANET", [0, 0, 1]),
    ],
)
def test_build_alteration_matrix__chooses_one_sample(policy: str, oncotree: str | None, expected: list[int]) -> None:
    codes = None if oncotree is None else pd.Series([oncotree], index=["A"], dtype="string")
    built = build_alteration_matrix(**policy_study(), policy=policy, oncotree=codes)
    assert built.status[:, 0].tolist() == expected


def test_build_alteration_matrix__prefers_a_sequenced_sample() -> None:
    study = policy_study()
    study["profiles"] = study["profiles"][study["profiles"]["sample_id"] == "m2"]
    assert build_alteration_matrix(**study, policy="primary", genes=["G1", "G3"]).status[:, 0].tolist() == [0, 1]


def test_build_alteration_matrix__lists_the_discordant_samples_whatever_the_policy() -> None:
    expected = [
        ("A", "G1", "m1", 0), ("A", "G1", "m2", 0), ("A", "G1", "p", 1),
        ("A", "G2", "m1", 1), ("A", "G2", "m2", 0),
        ("A", "G3", "m1", 0), ("A", "G3", "m2", 1),
    ]  # fmt: skip
    for policy in ("union", "primary"):
        found = build_alteration_matrix(**policy_study(), policy=policy).discordance
        assert list(found.itertuples(index=False, name=None)) == expected


def test_build_alteration_matrix__ignores_plasma_unless_asked() -> None:
    rows = [
        {"sample_id": "A1", "patient_id": "A", "sample_class": "tumour"},
        {"sample_id": "B1", "patient_id": "B", "sample_class": "cfdna"},
        {"sample_id": "C1", "patient_id": "C", "sample_class": "cfdna", "tumour_purity": 0.2},
    ]
    study = small_study(
        samples=table("samples", rows),
        profiles=table("profiles", [{"sample_id": one, "mutations": "P"} for one in ("A1", "B1", "C1")]),
        variants=table("variants", [{"sample_id": "B1", "gene": "MEN1", "variant_class": "Missense_Mutation"}]),
    )
    assert build_alteration_matrix(**study, genes=["MEN1"]).status.tolist() == [[0, -1, -1]]
    asked = build_alteration_matrix(**study, include_cfdna=True)
    assert cell(asked, "B", "MEN1") == (1, "")
    assert cell(asked, "B", "ATRX") == (-1, "cfdna_negative")
    assert cell(asked, "C", "ATRX") == (0, "")


# ---------------------------------------------------------------- pathways
def pathway_study() -> dict[str, Any]:
    genes = [("full", "G1"), ("full", "G2"), ("full", "G3"), ("half", "G1"), ("half", "G2")]
    panel_of = {"A": "full", "B": "half", "C": "half", "D": None}
    return {
        "samples": table("samples", [{"sample_id": f"{one}1", "patient_id": one} for one in panel_of]),
        "profiles": table(
            "profiles", [{"sample_id": f"{one}1", "mutations": panel} for one, panel in panel_of.items() if panel]
        ),
        "panels": table("panels", [{"panel_id": one, "genes_mode": "list"} for one in ("full", "half")]),
        "panel_genes": table("panel_genes", [{"panel_id": one, "gene": two} for one, two in genes]),
        "variants": table("variants", [{"sample_id": "C1", "gene": "G1", "variant_class": "Missense_Mutation"}]),
    }


def test_build_alteration_matrix__joins_pathway_members_by_kleene_or() -> None:
    built = build_alteration_matrix(**pathway_study(), pathways={"mTOR": ["G1", "G2", "G3"]}, genes=[])
    assert list(built.features) == ["mTOR"]
    assert [cell(built, one, "mTOR") for one in "ABCD"] == [
        (0, ""), (-1, "member_not_profiled"), (1, ""), (-1, "not_sequenced"),
    ]  # fmt: skip
    assert built.detail[["patient_id", "feature", "gene"]].to_numpy().tolist() == [["C", "mTOR", "G1"]]


def test_build_alteration_matrix__tells_when_a_majority_decided() -> None:
    findings = Findings()
    built = build_alteration_matrix(
        **pathway_study(), pathways={"mTOR": ["G1", "G2", "G3"]}, pathway_na_policy="majority", findings=findings
    )
    assert cell(built, "B", "mTOR") == (0, "")
    assert cell(built, "D", "mTOR") == (-1, "not_sequenced")
    assert [(one.code, one.value) for one in findings] == [("W_PATHWAY_MAJORITY", "mTOR")]
    assert list(built.features) == ["G1", "G2", "G3", "mTOR"]
    assert cell(built, "B", "G3") == (-1, "gene_not_on_panel")


# ---------------------------------------------------------------- what is made of it
def test_frequencies__divides_by_the_profiled() -> None:
    built = build_alteration_matrix(**pathway_study())
    found = frequencies(built).set_index("feature")
    assert found.loc["G1", ["n_profiled", "n_altered", "n_total"]].tolist() == [3, 1, 4]
    assert found.loc["G1", "fraction"] == pytest.approx(1 / 3)
    assert found.loc["G3", ["n_profiled", "n_altered", "n_total"]].tolist() == [1, 0, 4]


def test_frequencies__divides_by_the_profiled_of_each_group() -> None:
    built = build_alteration_matrix(**pathway_study(), genes=["G1", "G3"])
    groups = pd.Series({"A": "lung", "C": "lung", "B": "thymic"})
    found = frequencies(built, groups)
    assert found.drop(columns="fraction").to_numpy().tolist() == [
        ["G1", "lung", 2, 1, 2], ["G1", "thymic", 1, 0, 1], ["G1", "unknown", 0, 0, 1],
        ["G3", "lung", 1, 0, 2], ["G3", "thymic", 0, 0, 1], ["G3", "unknown", 0, 0, 1],
    ]  # fmt: skip
    assert found["fraction"].isna().tolist() == [False, False, True, False, True, True]


def test_to_frame__writes_missing_where_not_profiled() -> None:
    frame = build_alteration_matrix(**pathway_study(), genes=["G1", "G3"]).to_frame()
    expected = pd.DataFrame(
        {"G1": pd.array([0, 0, 1, pd.NA], dtype="Int8"), "G3": pd.array([0, pd.NA, pd.NA, pd.NA], dtype="Int8")},
        index=pd.Index(["A", "B", "C", "D"], dtype="string"),
    )
    pd.testing.assert_frame_equal(frame, expected, check_names=False)


def test_build_alteration_matrix__changes_its_hash_with_the_facts() -> None:
    study = small_study()
    first = build_alteration_matrix(**study)
    assert len(first.hash) == 64
    assert first.hash == build_alteration_matrix(**study).hash
    assert first.hash != build_alteration_matrix(**study, feature_type="lof").hash
    assert first.hash != build_alteration_matrix(**study, policy="primary").hash
    assert first.hash != build_alteration_matrix(**{**study, "variants": study["variants"].iloc[:0]}).hash
