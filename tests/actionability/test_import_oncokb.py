"""Columns of the OncoKB annotator: what they say, and whose tumour type they may be about."""

from __future__ import annotations

import pandas as pd
import pytest

import netgen as ng
from netgen import schema
from netgen.actionability.import_oncokb import (
    direction_of,
    is_guarded,
    read_oncokb_columns,
    resolve_types,
)
from netgen.actionability.imported import IMPORTED_COLUMNS
from netgen.errors import Findings
from netgen.genomics.maf import read_maf
from netgen.genomics.maf_columns import oncokb_columns
from netgen.knowledge.oncotree import load_oncotree
from tests.study_files import maf, panel, write_files

TREE = load_oncotree()
BRAF = {"gene": "BRAF", "variant_class": "Missense_Mutation", "hgvsp_short": "p.V600E"}


def variants(*rows, **shared):
    """Lay rows (dicts over BRAF in sample S1) out as a variants table."""
    frame = pd.DataFrame([{"sample_id": "S1", **BRAF, **shared, **row} for row in rows])
    extra = {name: frame[name].astype("string") for name in frame.columns if name not in schema.VARIANTS.names}
    return schema.conform(frame.assign(**extra), schema.VARIANTS)


def cohort(code="LUAD", sample_code=None):
    """Return samples and patients: one patient P1 with one sample S1."""
    samples = pd.DataFrame({"sample_id": ["S1"], "patient_id": ["P1"], "oncotree_code": [sample_code]})
    patients = pd.DataFrame({"patient_id": ["P1"], "oncotree_code": [code]})
    return (
        schema.conform(samples, schema.SAMPLES),
        schema.conform(patients, schema.PATIENTS).set_index("patient_id"),
    )


def read(table, code="LUAD", sample_code=None):
    return read_oncokb_columns(table, *cohort(code, sample_code), TREE)


def one(table, code="LUAD", sample_code=None):
    rows = read(table, code, sample_code)
    assert len(rows) == 1
    return rows.iloc[0].to_dict()


def test_read_oncokb_columns__one_row_per_variant_and_filled_level():
    table = variants(
        {
            "LEVEL_1": "Dabrafenib+Trametinib,Encorafenib+Binimetinib",
            "LEVEL_3B": "Vemurafenib",
            "LEVEL_R1": "[NOT SPECIFIED]",
            "LEVEL_Dx2": "HCL",
            "LEVEL_Px1": "AML",
            "HIGHEST_LEVEL": "LEVEL_1",
            "HIGHEST_DX_LEVEL": "LEVEL_Dx2",
            "HIGHEST_PX_LEVEL": "LEVEL_Px1",
            "TX_CITATIONS": "27283860;35026411",
            "DX_CITATIONS": "21663470",
        },
        {"gene": "TP53", "hgvsp_short": "p.R273C", "LEVEL_1": None},
    )
    rows = read(table)
    columns = ["imported_level", "imported_therapy", "imported_direction", "imported_citation"]
    assert rows[columns].to_numpy().tolist() == [
        ["LEVEL_1", "Dabrafenib + Trametinib; Encorafenib + Binimetinib", "sensitivity", "27283860;35026411"],
        ["LEVEL_3B", "Vemurafenib", "sensitivity", "27283860;35026411"],
        ["LEVEL_R1", "", "resistance", "27283860;35026411"],
        ["LEVEL_Dx2", "", "diagnostic", "21663470"],
        ["LEVEL_Px1", "", "prognostic", ""],
    ]
    assert list(rows.columns) == list(IMPORTED_COLUMNS)
    assert set(rows["gene"]) == {"BRAF"}
    assert set(rows["alteration"]) == {"p.V600E"}
    assert set(rows["patient_id"]) == {"P1"}
    assert set(rows["imported_licence"]) == {"OncoKB terms of use"}
    assert set(rows["imported_version"]) == {"not stated"}
    assert rows["imported_id"].tolist()[0] == "BRAF p.V600E LEVEL_1"
    assert set(rows.dtypes.astype(str)) == {"string"}


@pytest.mark.parametrize("name", ["LEVEL_3A", "level_3a", "Level 3A"])
def test_read_oncokb_columns__spelling_of_the_column_does_not_matter(name):
    assert one(variants({name: "Sotorasib"}))["imported_level"] == "LEVEL_3A"


def test_read_oncokb_columns__two_spellings_of_one_column_are_one_column():
    table = variants(
        {"LEVEL_1": "Alectinib", "level_1": None}, {"gene": "ALK", "LEVEL_1": None, "level_1": "Lorlatinib"}
    )
    rows = read(table)
    assert dict(zip(rows["gene"], rows["imported_therapy"], strict=True)) == {"BRAF": "Alectinib", "ALK": "Lorlatinib"}


def test_read_oncokb_columns__former_levels_are_kept_verbatim():
    assert one(variants({"LEVEL_2A": "Imatinib"}))["imported_level"] == "LEVEL_2A"


def test_read_oncokb_columns__highest_level_stands_in_where_there_are_no_levels():
    row = one(variants({"HIGHEST_LEVEL": "LEVEL_R2"}))
    assert (row["imported_level"], row["imported_therapy"], row["imported_direction"]) == ("LEVEL_R2", "", "resistance")


def test_read_oncokb_columns__highest_levels_of_both_directions_are_two_rows():
    table = variants({
        "HIGHEST_LEVEL": "LEVEL_R1", "HIGHEST_SENSITIVE_LEVEL": "LEVEL_3B", "HIGHEST_RESISTANCE_LEVEL": "LEVEL_R1",
    })  # fmt: skip
    assert read(table)["imported_level"].tolist() == ["LEVEL_3B", "LEVEL_R1"]


def test_read_oncokb_columns__highest_level_counts_per_variant_and_kind():
    table = variants(
        {"LEVEL_4": "Trametinib", "HIGHEST_LEVEL": "LEVEL_4", "HIGHEST_DX_LEVEL": "LEVEL_Dx1"},
        {"gene": "KRAS", "hgvsp_short": "p.G12C", "HIGHEST_LEVEL": "LEVEL_1"},
    )
    rows = read(table)
    assert rows[["gene", "imported_level", "imported_therapy"]].to_numpy().tolist() == [
        ["BRAF", "LEVEL_4", "Trametinib"],
        ["BRAF", "LEVEL_Dx1", ""],
        ["KRAS", "LEVEL_1", ""],
    ]


@pytest.mark.parametrize("name", ["ONCOTREE_CODE", "TUMOR_TYPE", "CANCER_TYPE"])
@pytest.mark.parametrize(
    ("stated", "scope", "codes"),
    [
        ("LUAD", "in_scope", "LUAD"),
        ("Lung Adenocarcinoma", "in_scope", "LUAD"),
        ("NSCLC", "uncertain", "NSCLC"),  # the annotator was told something wider
        ("LUNG", "uncertain", "LUNG"),
        ("MEL", "out_of_scope", "MEL"),
        ("BLAH", "uncertain", "?"),
        (None, "uncertain", "?"),
    ],
)
def test_read_oncokb_columns__scope_is_that_of_the_stated_tumour_type(name, stated, scope, codes):
    row = one(variants({"LEVEL_1": "Osimertinib", name: stated}))
    assert (row["imported_scope_match"], row["imported_oncotree"]) == (scope, codes)
    assert row["imported_disease"] == (stated or "")


def test_read_oncokb_columns__without_a_stated_type_every_scope_is_uncertain():
    row = one(variants({"LEVEL_1": "Osimertinib"}))
    assert (row["imported_scope_match"], row["imported_disease"], row["imported_oncotree"]) == ("uncertain", "", "?")


@pytest.mark.parametrize(
    "code", ["LUCA", "ALUCA", "LUNE", "LNET", "SCLC", "TNET", "PANET", "PANEC", "SBWDNET", "NETNOS"]
)
@pytest.mark.parametrize("stated", ["same", "NSCLC", "MEL", None])
def test_read_oncokb_columns__neuroendocrine_patient_is_always_uncertain(code, stated):
    stated = code if stated == "same" else stated
    row = one(variants({"LEVEL_1": "Osimertinib", "ONCOTREE_CODE": stated}), code=code)
    assert row["imported_scope_match"] == "uncertain"
    assert row["imported_disease"] == (f"{stated} (annotator_scope)" if stated else "annotator_scope")


@pytest.mark.parametrize("code", ["LUNG", "PANCREAS", "THYMUS", "BOWEL"])
def test_read_oncokb_columns__code_that_may_be_neuroendocrine_is_uncertain(code):
    row = one(variants({"LEVEL_1": "Osimertinib", "ONCOTREE_CODE": code}), code=code)
    assert row["imported_scope_match"] == "uncertain"
    assert row["imported_disease"] == f"{code} (annotator_scope)"


def test_read_oncokb_columns__unknown_patient_type_is_uncertain_without_flag():
    row = one(variants({"LEVEL_1": "Osimertinib", "ONCOTREE_CODE": "LUAD"}), code=None)
    assert (row["imported_scope_match"], row["imported_disease"]) == ("uncertain", "LUAD")


def test_read_oncokb_columns__code_of_the_sample_goes_first():
    table = variants({"LEVEL_1": "Osimertinib", "ONCOTREE_CODE": "LUAD"})
    assert one(table, code="LUAD", sample_code="ALUCA")["imported_scope_match"] == "uncertain"
    assert one(table, code="ALUCA", sample_code="LUAD")["imported_scope_match"] == "in_scope"


@pytest.mark.parametrize(
    ("cell", "scope", "codes"),
    [
        ("NSCLC", "in_scope", "NSCLC"),
        ("MEL,Non-Small Cell Lung Cancer", "in_scope", "MEL;NSCLC"),
        ("MEL", "out_of_scope", "MEL"),
        ("All Solid Tumors", "agnostic", "SOLID"),
    ],
)
def test_read_oncokb_columns__diagnostic_levels_name_their_disease(cell, scope, codes):
    row = one(variants({"LEVEL_Dx1": cell, "ONCOTREE_CODE": "LUAD"}))
    assert (row["imported_scope_match"], row["imported_oncotree"], row["imported_disease"]) == (scope, codes, cell)


def test_read_oncokb_columns__diagnostic_level_of_a_neuroendocrine_patient_is_uncertain():
    row = one(variants({"LEVEL_Dx1": "PANET"}), code="PANET")
    assert (row["imported_scope_match"], row["imported_disease"]) == ("uncertain", "PANET (annotator_scope)")


def test_read_oncokb_columns__names_alterations_as_the_alterations_table_does():
    table = variants(
        {"hgvsp_short": "p.Val600Glu", "LEVEL_1": "x"},
        {"gene": "TERT", "variant_class": "5'Flank", "hgvsp_short": None, "hgvsc": "c.-124C>T", "LEVEL_Px1": "DIFG"},
        {"gene": "KIT", "variant_class": "Intron", "hgvsp_short": None, "LEVEL_4": "x"},
    )
    rows = read(table)
    assert dict(zip(rows["gene"], rows["alteration"], strict=True)) == {
        "BRAF": "p.V600E", "TERT": "c.-124C>T", "KIT": "Intron",
    }  # fmt: skip


def test_read_oncokb_columns__no_columns_no_rows():
    for table in (variants({}), variants({"ONCOTREE_CODE": "LUAD", "CITATIONS": "1"}), schema.empty(schema.VARIANTS)):
        rows = read(table)
        assert len(rows) == 0
        assert list(rows.columns) == list(IMPORTED_COLUMNS)
        assert set(rows.dtypes.astype(str)) == {"string"}


def test_read_oncokb_columns__sample_without_a_patient_is_left_out():
    assert len(read(variants({"sample_id": "S9", "LEVEL_1": "x"}, {"LEVEL_1": "y"}))) == 1


def test_read_oncokb_columns__order_of_rows_does_not_matter_and_input_is_not_changed():
    table = variants(
        {"LEVEL_1": "A", "LEVEL_R1": "B"},
        {"gene": "KRAS", "hgvsp_short": "p.G12C", "LEVEL_4": "C"},
        {"gene": "ALK", "hgvsp_short": "p.F1174L", "LEVEL_2": "D"},
    )
    before = table.copy()
    rows = read(table)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(read(table.iloc[::-1]), rows)
    assert rows["gene"].tolist() == ["ALK", "BRAF", "BRAF", "KRAS"]


def test_direction_of__by_the_letter_behind_the_level():
    assert [direction_of(level) for level in ("LEVEL_1", "LEVEL_3A", "LEVEL_R2", "LEVEL_Dx1", "LEVEL_Px3")] == [
        "sensitivity", "sensitivity", "resistance", "diagnostic", "prognostic",
    ]  # fmt: skip


def test_is_guarded__neuroendocrine_or_too_broad():
    guarded = {code: is_guarded(TREE, code) for code in ("ALUCA", "LUNG", "NSCLC", "LUAD", "PAAD", "TET", "", "BLAH")}
    assert [code for code, value in guarded.items() if value] == ["ALUCA", "LUNG"]


def test_resolve_types__says_what_does_not_resolve():
    assert resolve_types(TREE, ["LUAD", "nothing known", "All Solid Tumors"]) == ("?", "LUAD", "SOLID")
    assert resolve_types(TREE, []) == ()


# ------------------------------------------------------------------------- the way of the columns from a file
HEADER = [
    "GENE_IN_ONCOKB", "MUTATION_EFFECT", "ONCOGENIC", "LEVEL_1", "LEVEL_3B", "LEVEL_Dx1", "HIGHEST_LEVEL",
    "TX_CITATIONS", "LEVEL_Px1", "HIGHEST_DX_LEVEL", "CANCER_TYPE",
]  # fmt: skip


def annotated(text, cells, header=HEADER):
    """Append the annotator's columns to a MAF of one row."""
    head, row = text.splitlines()
    return f"{head}\t" + "\t".join(header) + f"\n{row}\t" + "\t".join(cells) + "\n"


def test_oncokb_columns__levels_bring_citations_and_tumour_type_along():
    assert oncokb_columns(["Hugo_Symbol", *HEADER]) == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert oncokb_columns(["Hugo_Symbol", "CANCER_TYPE", "CITATIONS", "MUTATION_EFFECT"]) == [3]


def test_read_oncokb_columns__reads_what_the_annotator_wrote(tmp_path):
    cells = [
        "True",
        "Likely Loss-of-function",
        "Likely Oncogenic",
        "A+B",
        "",
        "PANET",
        "LEVEL_1",
        "1;2",
        "",
        "",
        "LUAD",
    ]
    path = tmp_path / "one.maf"
    path.write_text(annotated(maf(("S1", "TP53")), cells))
    found = read_maf(path, findings=Findings()).variants
    assert found["oncogenic"].tolist() == ["Likely Oncogenic"]
    rows = read(found)
    assert rows[
        ["imported_level", "imported_therapy", "imported_scope_match", "imported_citation"]
    ].to_numpy().tolist() == [
        ["LEVEL_1", "A + B", "in_scope", "1;2"],
        ["LEVEL_Dx1", "", "out_of_scope", ""],
    ]


def test_read_cohort__keeps_the_columns_of_the_annotator_through_joining_and_filters(tmp_path):
    files = {
        "patients.csv": "patient_id,origin,oncotree_code,date_diagnosis,date_last_contact,vital_status\n"
        "P1,lung,ALUCA,2020-01-01,2021-01-01,alive\nP2,pancreatic,PANET,2020-01-01,2021-01-01,alive\n",
        "a.maf": annotated(maf(("P1", "TP53")), ["A+B", "Oncogenic"], ["LEVEL_1", "ONCOGENIC"]),
        "b.maf": maf(("P2", "MEN1")),
        "genes.txt": panel("small", "TP53", "MEN1"),
        "study.toml": """
            [study]
            sequencing_context = "research_retrospective"
            [[source]]
            kind = "tables"
            patients = "patients.csv"
            variants = ["a.maf", "b.maf"]
            panel = "genes.txt"
            assume_profiled = true
            """,
    }
    cohort = ng.read_cohort(write_files(tmp_path, files) / "study.toml")
    assert dict(zip(cohort.variants["gene"], cohort.variants["LEVEL_1"], strict=True)) == {"TP53": "A+B", "MEN1": pd.NA}
    rows = read_oncokb_columns(cohort.variants, cohort.samples, cohort.patients.set_index("patient_id"), TREE)
    assert rows[["patient_id", "imported_level", "imported_scope_match", "imported_disease"]].to_numpy().tolist() == [
        ["P1", "LEVEL_1", "uncertain", "annotator_scope"]
    ]
