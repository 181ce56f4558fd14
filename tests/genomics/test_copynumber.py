"""Discrete copy-number files: every form of the real sets with counts worked out by awk, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.copynumber import read_copy_number, read_copy_number_file

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def write(folder: Path, text: str, name: str = "cna.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def values(table: pd.DataFrame) -> dict[str, int]:
    """Count values, "NA" for missing ones."""
    counts = table["value"].astype("string").fillna("NA").value_counts()
    return {str(value): int(count) for value, count in counts.items()}


# ---------------------------------------------------------------- forms
def test_read_copy_number__takes_gene_columns_in_any_order_and_leaves_cytobands_out(tmp_path: Path) -> None:
    path = write(tmp_path, "Cytoband\tEntrez_Gene_Id\tHugo_Symbol\tS2\tS1\n17p13\t7157\tTP53\t-1.5\t2.0\n")
    found = read_copy_number(path, findings=Findings())
    assert found.samples == ("S1", "S2")
    assert found.table[["sample_id", "gene", "value", "row"]].to_numpy().tolist() == [
        ["S1", "TP53", 2.0, 2], ["S2", "TP53", -1.5, 2],
    ]  # fmt: skip
    assert found.table["method"].tolist() == ["discrete", "discrete"]
    assert set(found.table["file"]) == {str(path)}


def test_read_copy_number__reads_gistic(tmp_path: Path) -> None:
    text = "Gene Symbol\tLocus ID\tCytoband\tS1\tS2\nTP53\t7157\t17p13.1\t-2\t0\nRB1|ENSG00000139687.9\t-1\t13q\t0\t2\n"
    found = read_copy_number(write(tmp_path, text), findings=Findings())
    assert found.samples == ("S1", "S2")
    assert found.table[["sample_id", "gene", "value"]].to_numpy().tolist() == [["S1", "TP53", -2.0], ["S2", "RB1", 2.0]]


def test_read_copy_number__reads_the_answer_of_the_api(tmp_path: Path) -> None:
    text = "hugoGeneSymbol\tentrezGeneId\tmolecularProfileId\tsampleId\tpatientId\talteration\nAR\t367\tx\tS1\tP1\t2\n"
    found = read_copy_number(write(tmp_path, text), findings=Findings())
    assert (found.kind, found.samples, found.genes) == ("copy_number_long", ("S1",), ("AR",))


def test_read_copy_number__blank_and_na_are_not_profiled(tmp_path: Path) -> None:
    path = write(tmp_path, "Hugo_Symbol\tS1\tS2\tS3\tS4\nTP53\t\tNA\t[Not Available]\t0\n")
    found = read_copy_number(path, findings=Findings())
    assert found.table["sample_id"].tolist() == ["S1", "S2", "S3"]
    assert found.table["value"].isna().all()


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("-1", "-2", "-2.0"),
        ("2", "0", "2.0"),
        ("NA", "1", "1.0"),
        ("-2", "2", "NA"),
        ("-1.5", "2", "NA"),
        ("1", "-2", "-2.0"),
    ],
)
def test_read_copy_number__several_rows_of_a_gene(tmp_path: Path, first: str, second: str, kept: str) -> None:
    """KMT2D under its old and its new name."""
    text = f"Hugo_Symbol\tS1\nMLL2\t{first}\nKMT2D\t{second}\n"
    findings = Findings()
    assert values(read_copy_number(write(tmp_path, text), findings=findings).table) == {kept: 1}
    assert "W_DUP_IDENTICAL" in findings.codes()
    assert ("W_GENE_CONFLICT" in findings.codes()) == (first != "NA")


def test_read_copy_number__a_sample_with_two_columns_is_an_error(tmp_path: Path) -> None:
    findings = Findings()
    read_copy_number(write(tmp_path, "Hugo_Symbol\tS1\tS1\nTP53\t0\t-2\n"), findings=findings)
    assert [(one.code, one.row, one.column) for one in findings if one.severity == "E"] == [("E_DUP_CONFLICT", 1, "S1")]


# ---------------------------------------------------------------- refused
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("TP53\t-0.55\t0.01\nRB1\t0.0\t1.28", "continuous values such as -0.55"),
        ("TP53\t2\t2\nRB1\t2\t7", "total copy numbers up to 7, 2 being normal"),
    ],
)
def test_read_copy_number__refuses_other_scales(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_copy_number(write(tmp_path, f"Hugo_Symbol\tS1\tS2\n{rows}\n"), findings=Findings())


def test_read_copy_number__many_bad_cells_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"G{number}\t7\t0\t0\t0\n" for number in range(25))
    findings = Findings()
    read_copy_number(write(tmp_path, f"Hugo_Symbol\tS1\tS2\tS3\tS4\n{rows}"), findings=findings)
    bad = [one for one in findings if one.code == "E_RANGE"]
    assert [(one.row, one.column, one.value) for one in bad[:2]] == [(2, "S1", "7"), (3, "S1", "7")]
    assert (len(bad), bad[-1].message[:9]) == (21, "5 further")


def test_read_copy_number__an_unknown_gene_id_alone_is_reported(tmp_path: Path) -> None:
    findings = Findings()
    read_copy_number(write(tmp_path, "Entrez_Gene_Id\tS1\n672\t-2\n999999999\t2\n"), findings=findings)
    unresolved = [one for one in findings if one.code == "W_GENE_UNRESOLVED"]
    assert [(one.row, one.value) for one in unresolved] == [(3, "999999999")]


def test_read_copy_number__a_number_too_long_is_no_gene_id(tmp_path: Path) -> None:
    path = write(tmp_path, f"Hugo_Symbol\tEntrez_Gene_Id\tS1\nTP53\t{'9' * 30}\t-2\n")
    assert read_copy_number(path, findings=Findings()).genes == ("TP53",)


def test_read_copy_number_file__names_the_only_sample(tmp_path: Path) -> None:
    path = write(tmp_path, "Hugo_Symbol\ttumour\nTP53\t-2\nRB1\t0\n")
    found = read_copy_number_file(path, findings=Findings(), sample_id="P1-T")
    assert (found.kind, found.samples, found.n_records) == ("copy_number_wide", ("P1-T",), 2)
    assert found.profiled == {"cna": ("P1-T",)}
    assert found.copy_number["sample_id"].tolist() == ["P1-T"]
    with pytest.raises(InputError, match="it holds 2"):
        read_copy_number_file(write(tmp_path, "Gene\tA\tB\nTP53\t0\t0\n"), findings=Findings(), sample_id="P1-T")


# ---------------------------------------------------------------- real files
BROKEN = "cbio_broken_study_files"
# By awk over the cells: rows of one gene merged by hand (AMER1, CDKN2A, KMT2A, KMT2C, KMT2D under old and new names),
# the row MLL4 (two genes) left out. Path, samples, genes, values other than 0, codes of findings.
REAL = [
    # -2: 545 of which CDKN2A three times 87, 86, 86 = 87 samples; MLL4 and the old names are six genes less.
    ("cbio_lung_msk_2017/lung_msk_2017/data_CNA.txt", 915, 509, {"2.0": 1310, "-2.0": 373, "-1.5": 46, "NA": 36600},
     "I_ROWS_IGNORED I_SYMBOL_RENAMED W_ALIAS_AMBIGUOUS W_DUP_IDENTICAL W_GENE_CONFLICT"),
    ("cbio_odg_msk_2017/odg_msk_2017/data_CNA.txt", 22, 476, {"2.0": 18, "-2.0": 24, "-1.5": 2, "NA": 737},
     "I_ROWS_IGNORED I_SYMBOL_RENAMED W_ALIAS_AMBIGUOUS W_DUP_IDENTICAL"),
    # Two rows of CDKN2A have 17 NA each where the third is known.
    ("cbio_gct_msk_2016/gct_msk_2016/data_CNA.txt", 180, 461, {"2.0": 352, "-2.0": 53, "NA": 11557 - 34},
     "I_SYMBOL_RENAMED W_DUP_IDENTICAL"),
    ("cbio_small_quirky/acbc_mskcc_2015/data_CNA.txt", 12, 1849, {"2.0": 2280, "-2.0": 2707}, "I_SYMBOL_RENAMED"),
    ("cbio_study_es_0/study_es_0/data_cna_discrete.txt", 788, 8,
     {"2.0": 49, "1.0": 189, "-1.0": 1491, "-2.0": 14}, ""),
    ("genie_bpc_simulated_nsclc/cna.tsv", 194, 605,
     {"2.0": 197, "1.0": 1152, "-1.0": 1150, "-1.5": 2, "-2.0": 42, "NA": 55900}, "I_SYMBOL_RENAMED W_DUP_IDENTICAL"),
    ("gnomer_cbioportal_api/cna.tsv", 108, 189, {"2.0": 251, "-2.0": 224}, ""),
    ("puma_biliary_summit/data_CNA.tsv", 8, 140, {"2.0": 71, "-2.0": 133}, "I_SYMBOL_RENAMED"),
    ("maf_oddities/oncokb_annotator/example_cna.txt", 2, 3, {"2.0": 4, "1.0": 1, "-2.0": 1},
     "W_DUP_IDENTICAL W_GENE_CONFLICT"),
    ("maf_oddities/oncokb_annotator/example_individual_cna.txt", 2, 3, {"2.0": 4, "1.0": 1, "-2.0": 1},
     "E_RANGE W_DUP_IDENTICAL W_GENE_CONFLICT"),
    (f"{BROKEN}/data_cna_blank_heading.txt", 5, 7, {"2.0": 7, "-1.0": 14, "NA": 1}, "E_COLUMN_MISSING"),
    (f"{BROKEN}/data_cna_cytoband.txt", 5, 8, {"2.0": 8, "-1.0": 15, "-1.5": 1, "NA": 1}, ""),
    (f"{BROKEN}/data_cna_genecol_presence_both_invalid_couple.txt", 5, 7, {"2.0": 7, "-1.0": 14}, ""),
    (f"{BROKEN}/data_cna_genecol_presence_both_invalid_hugo.txt", 5, 7, {"2.0": 7, "-1.0": 14}, ""),
    (f"{BROKEN}/data_cna_genecol_presence_both_invalid_hugo_integer.txt", 5, 8, {"2.0": 8, "-1.0": 16},
     "E_GENE_EXCEL_DATE I_ROWS_IGNORED"),
    (f"{BROKEN}/data_cna_genecol_presence_entrez_only_invalid.txt", 5, 0, {}, "I_ROWS_IGNORED W_GENE_UNRESOLVED"),
    (f"{BROKEN}/data_cna_genecol_presence_hugo_only.txt", 5, 7, {"2.0": 7, "-1.0": 14}, ""),
    (f"{BROKEN}/data_cna_long_duplicated_entrez.txt", 5, 7, {"2.0": 7, "-1.0": 14}, "I_ROWS_IGNORED W_GENE_UNRESOLVED"),
    # ACAP3 of the first sample is 0 and -1.
    (f"{BROKEN}/data_cna_long_duplicated_gene.txt", 5, 7, {"2.0": 7, "-1.0": 14}, "W_DUP_IDENTICAL W_GENE_CONFLICT"),
    (f"{BROKEN}/data_cna_long_genecol_no_custom_driver.txt", 5, 7, {"2.0": 7, "-1.0": 14}, ""),
    (f"{BROKEN}/data_cna_long_genecol_presence_all.txt", 5, 7, {"2.0": 7, "-1.0": 13, "NA": 2}, ""),
    (f"{BROKEN}/data_cna_long_genecol_presence_entrez_only.txt", 5, 0, {}, "I_ROWS_IGNORED W_GENE_UNRESOLVED"),
    (f"{BROKEN}/data_cna_long_genecol_presence_hugo_only.txt", 5, 7, {"2.0": 7, "-1.0": 14}, ""),
    # ATAD3B, 1.5 and 3 are no values; N/A and [Not Available] are missing.
    (f"{BROKEN}/data_cna_long_invalid_values.txt", 5, 7, {"2.0": 6, "-1.0": 12, "NA": 5}, "E_RANGE"),
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(("file", "n_samples", "n_genes", "counts", "codes"), REAL, ids=[one[0] for one in REAL])
def test_read_copy_number__real_files(
    shared: Path, file: str, n_samples: int, n_genes: int, counts: dict[str, int], codes: str
) -> None:
    findings = Findings()
    found = read_copy_number(shared / "data" / file, findings=findings)
    assert (len(found.samples), len(found.genes)) == (n_samples, n_genes)
    assert values(found.table) == counts
    assert " ".join(sorted(findings.codes())) == codes


@pytest.mark.shared
def test_read_copy_number__names_the_place_of_each_bad_value(shared: Path) -> None:
    findings = Findings()
    read_copy_number(shared / "data" / BROKEN / "data_cna_long_invalid_values.txt", findings=findings)
    assert [(one.row, one.column, one.value) for one in findings] == [
        (12, "Value", "ATAD3B"), (24, "Value", "1.5"), (33, "Value", "3"),
    ]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("cbio_study_es_0/study_es_0/data_cna_log2.txt", "continuous values"),
        (f"{BROKEN}/data_cna_genecol_presence_neither.txt", "needs Hugo_Symbol or Entrez_Gene_Id"),
        (f"{BROKEN}/data_cna_long_genecol_presence_neither_genic.txt", "needs Hugo_Symbol or Entrez_Gene_Id"),
        (f"{BROKEN}/data_cna_long_genecol_no_value.txt", "needs a column Value"),
        ("cbio_study_es_0/study_es_0/data_gistic_genes_amp.txt", "needs Hugo_Symbol or Entrez_Gene_Id"),
        ("tcga_laml_maftools/scores.gistic", "needs Hugo_Symbol or Entrez_Gene_Id"),
    ],
)
def test_read_copy_number__refuses_real_files_of_another_kind(shared: Path, file: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_copy_number(shared / "data" / file, findings=Findings())
