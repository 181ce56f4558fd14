"""Study folders of cBioPortal: files by content, panel matrix, case lists, copy number, structural variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.cbioportal import find_study_files, locate_study, read_case_lists, read_gene_panel_matrix
from netgen.genomics.copynumber import read_copy_number
from netgen.genomics.fusions import partner_of, read_legacy_fusions, read_structural_variants
from netgen.genomics.panel_files import find_panels_beside
from netgen.genomics.study_genomics import read_study_genomics
from tests.study_files import maf

MAF = maf(("S1", "TP53"), ("S2", "TP53"))


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def rows(frame: object, *columns: str) -> list[list[object]]:
    picked = frame[list(columns)]  # type: ignore[index]
    return picked.astype(object).where(picked.notna(), None).to_numpy().tolist()


# ---------------------------------------------------------------- files
def test_find_study_files__goes_by_the_content_of_meta_files(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "meta_study.txt": "type_of_cancer: panet\ncancer_study_identifier: s1\nreference_genome: hg19\n",
            "meta_x.txt": "cancer_study_identifier: s1\ngenetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\n"
            "stable_id: mutations\ndata_filename: odd name.tsv\ngene_panel: P1\n",
            "odd name.tsv": "Hugo_Symbol\n",
            "meta_seg.txt": "cancer_study_identifier: s1\ngenetic_alteration_type: COPY_NUMBER_ALTERATION\n"
            "datatype: SEG\ndata_filename: nowhere.seg\n",
            "data_CNA.txt": "Hugo_Symbol\tS1\nTP53\t0\n",
            "panel.txt": "stable_id: P1\ndescription: d\ngene_list: TP53\n",
            "case_lists/cases_all.txt": "stable_id: s1_all\ncase_list_ids: S1\n",
            "~$data_sv.txt": "lock",
            "._data_sv.txt": "debris",
        },
    )
    findings = Findings()
    study = find_study_files(folder, findings=findings)
    assert [(one.kind, one.path.name) for one in study.files] == [
        ("cna", "data_CNA.txt"),
        ("mutations", "odd name.tsv"),
    ]
    assert study.meta["reference_genome"] == "hg19"
    assert study.gene_panels() == {"mutations": "P1"}
    assert study.stable_ids() == {"mutations": "mutations"}
    assert [one.name for one in study.panels] == ["panel.txt"]
    assert [one.name for one in study.case_lists] == ["cases_all.txt"]
    [note] = findings.items
    assert note.code == "I_FILE_IGNORED"
    assert "nowhere.seg (COPY_NUMBER_ALTERATION SEG), ~$data_sv.txt (lock file of a spreadsheet)" in note.message


def test_find_study_files__reports_every_broken_reference(tmp_path: Path) -> None:
    meta = "genetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\ndata_filename: {}\n"
    folder = write(
        tmp_path / "study",
        {
            "meta_a.txt": meta.format("absent.txt"),
            "meta_b.txt": meta.format("../outside.txt"),
            "data_sv.txt": "Sample_Id\n",
        },
    )
    (tmp_path / "outside.txt").write_text("secret")
    findings = Findings()
    find_study_files(folder, findings=findings)
    assert [(one.code, Path(one.file).name) for one in findings] == [
        ("E_FILE_MISSING", "meta_a.txt"),
        ("E_FILE_FORMAT", "meta_b.txt"),
    ]


def test_find_study_files__names_all_git_lfs_pointers_at_once(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
    write(tmp_path, {"data_sv.txt": pointer, "data_CNA.txt": "Hugo_Symbol\tS1\n", "data_clinical_sample.txt": pointer})
    with pytest.raises(InputError, match=r"pointers in place of data_clinical_sample\.txt, data_sv\.txt") as caught:
        find_study_files(tmp_path, findings=Findings())
    assert "git lfs pull" in caught.value.finding.fix


def test_find_study_files__knows_deprecated_names_and_passes_over_continuous_copy_number(tmp_path: Path) -> None:
    names = ["data_mutations_extended.txt", "data_CNA.txt", "data_log2CNA.txt", "data_linear_CNA.txt",
             "data_fusions.txt", "data_gene_matrix.txt", "data_bcr_clinical_data_patient.txt",
             "data_bcr_clinical_data_sample.txt", "data_timeline_treatment.txt"]  # fmt: skip
    write(tmp_path, dict.fromkeys(names, "x\n"))
    findings = Findings()
    assert [(one.kind, one.path.name) for one in find_study_files(tmp_path, findings=findings).files] == [
        ("clinical_patient", "data_bcr_clinical_data_patient.txt"),
        ("clinical_sample", "data_bcr_clinical_data_sample.txt"),
        ("cna", "data_CNA.txt"),
        ("legacy_fusions", "data_fusions.txt"),
        ("mutations", "data_mutations_extended.txt"),
        ("panel_matrix", "data_gene_matrix.txt"),
        ("timeline", "data_timeline_treatment.txt"),
    ]
    [note] = findings.items
    assert "data_linear_CNA.txt (log2 or linear copy number), data_log2CNA.txt" in note.message


def test_find_study_files__a_meta_file_wins_over_a_name(tmp_path: Path) -> None:
    """data_CNA.txt is log2 here, and data_x.txt is the discrete file; both names would say otherwise."""
    meta = "genetic_alteration_type: COPY_NUMBER_ALTERATION\ndatatype: {}\ndata_filename: {}\n"
    files = {"data_CNA.txt": "x\n", "data_x.txt": "x\n", "META_b.txt": meta.format("LOG2-VALUE", "data_CNA.txt")}
    write(tmp_path, files)
    with pytest.raises(InputError, match="found none"):
        find_study_files(tmp_path, findings=Findings())
    write(tmp_path, {"meta_a.txt": meta.format("DISCRETE", "data_x.txt")})
    found = find_study_files(tmp_path, findings=Findings()).files
    assert [(one.kind, one.path.name) for one in found] == [("cna", "data_x.txt")]


def test_find_study_files__reads_a_file_that_two_meta_files_name_once(tmp_path: Path) -> None:
    meta = "genetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\ndata_filename: {}\n"
    write(tmp_path, {"meta_a.txt": meta.format("m.txt"), "meta_b.txt": meta.format("m.txt"),
                     "meta_c.txt": meta.format("n.txt"), "m.txt": "x\n", "n.txt": "x\n"})  # fmt: skip
    findings = Findings()
    assert [one.path.name for one in find_study_files(tmp_path, findings=findings).files] == ["m.txt", "n.txt"]
    assert [(one.code, one.value) for one in findings] == [("W_DUP_IDENTICAL", "m.txt")]


def test_find_study_files__two_patient_files_are_an_error(tmp_path: Path) -> None:
    meta = "genetic_alteration_type: CLINICAL\ndatatype: PATIENT_ATTRIBUTES\ndata_filename: {}\n"
    write(tmp_path, {"meta_a.txt": meta.format("a.txt"), "meta_b.txt": meta.format("b.txt"), "a.txt": "x\n",
                     "b.txt": "x\n"})  # fmt: skip
    findings = Findings()
    find_study_files(tmp_path, findings=findings)
    assert [(one.code, "a.txt, b.txt" in one.message) for one in findings] == [("E_DUP_CONFLICT", True)]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("PATIENT_ID\tSAMPLE_ID", "clinical_sample"),
        ("PATIENT_ID\tAGE", "clinical_patient"),
        ("PATIENT_ID\tSTART_DATE\tEVENT_TYPE\tSAMPLE_ID", "timeline"),
    ],
)
def test_find_study_files__a_clinical_file_of_old_type_goes_by_its_header(
    tmp_path: Path, header: str, kind: str
) -> None:
    meta = "genetic_alteration_type: CLINICAL\ndatatype: FREE-FORM\ndata_filename: x.txt\n"
    write(tmp_path, {"meta_x.txt": meta, "x.txt": f"#a\n\n{header}\n"})
    findings = Findings()
    assert [one.kind for one in find_study_files(tmp_path, findings=findings).files] == [kind]
    assert [(one.code, one.value) for one in findings] == [("I_FILE_ROLE", "FREE-FORM")]


def test_find_study_files__a_type_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    meta = "genetic_alteration_type: {}\ndatatype: MAF\ndata_filename: m.txt\nfree text without a key\n"
    write(tmp_path, {"meta_a.txt": meta.format("MUTATION_EXTENED"), "m.txt": "x\n", "data_sv.txt": "x\n"})
    findings = Findings()
    find_study_files(tmp_path, findings=findings)
    assert [(one.code, one.value) for one in findings] == [("W_VALUE", "MUTATION_EXTENED")]


def test_locate_study__goes_into_a_folder_that_holds_one_study(tmp_path: Path) -> None:
    write(tmp_path, {"one/meta_study.txt": "x: y\n", "notes/readme.txt": "x", "LICENSE": "x"})
    assert locate_study(tmp_path) == tmp_path / "one"
    assert locate_study(tmp_path / "one") == tmp_path / "one"
    write(tmp_path, {"two/data_CNA.txt": "x\n"})
    assert locate_study(tmp_path) == tmp_path
    with pytest.raises(InputError, match="found 2 study folders: one, two"):
        find_study_files(tmp_path, findings=Findings())


def test_find_panels_beside__looks_in_the_study_before_it_looks_above(tmp_path: Path) -> None:
    panel = "stable_id: {}\ndescription: {}\ngene_list: TP53\n"
    write(
        tmp_path,
        {
            "study/gene_panels/a.txt": panel.format("P1", "inside"),
            "gene_panels/b.txt": panel.format("P1", "above"),
            "gene_panels/c.txt": panel.format("P2", "above"),
            "gene_panels/d.txt": panel.format("P3", "not asked for"),
            "data_gene_panel_P4.txt": panel.format("P4", "beside"),
        },
    )
    found = find_panels_beside(tmp_path / "study", {"P1", "P2", "P4", "P9"})
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "study/gene_panels/a.txt", "gene_panels/c.txt", "data_gene_panel_P4.txt",
    ]  # fmt: skip
    assert find_panels_beside(tmp_path / "study", set()) == []


def test_read_study_genomics__finds_panels_beside_the_study_and_joins_matrices(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "study",
        {
            "data_mutations.txt": MAF,
            "data_gene_matrix.txt": "SAMPLE_ID\tmutations\nS1\tP1\n",
            "data_gene_panel_matrix.txt": "SAMPLE_ID\tmutations\nS2\tP2\nS1\tP2\n",
            "data_gene_panel_P2.txt": "stable_id: P2\ndescription: d\ngene_list: TP53\n",
        },
    )
    write(tmp_path / "gene_panels", {"P1.txt": "stable_id: P1\ndescription: d\ngene_list: TP53\tRB1\n"})
    findings = Findings()
    study = read_study_genomics(folder, findings=findings)
    assert rows(study.coverage.profiles, "sample_id", "mutations") == [["S1", "P1"], ["S2", "P2"]]
    assert rows(study.coverage.panel_genes, "panel_id", "gene") == [["P1", "RB1"], ["P1", "TP53"], ["P2", "TP53"]]
    assert not findings.of("E")


def test_find_study_files__refuses_other_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        find_study_files(tmp_path / "absent", findings=Findings())
    write(tmp_path, {"notes.txt": "hello"})
    with pytest.raises(InputError, match="meta_\\* and data_\\* files, found none"):
        find_study_files(tmp_path, findings=Findings())


# ---------------------------------------------------------------- panel matrix, case lists
def test_read_gene_panel_matrix__names_the_data_types(tmp_path: Path) -> None:
    text = "SSAMPLE_ID\tmy_study_mutations\tgistic\tmethylation\nS2\tP1\tNA\tx\nS1\t \tP2\tx\n\n"
    write(tmp_path, {"m.txt": text})
    findings = Findings()
    matrix = read_gene_panel_matrix(tmp_path / "m.txt", findings=findings, stable_ids={"mutations": "mutations"})
    assert rows(matrix, "sample_id", "mutations", "cna") == [["S1", None, "P2"], ["S2", "P1", None]]
    assert [one.code for one in findings] == ["I_ROWS_IGNORED"]
    assert "methylation" in findings.items[0].message


def test_read_gene_panel_matrix__reports_repeated_and_short_rows(tmp_path: Path) -> None:
    text = "SAMPLE_ID\tmutations\tsv\nS1\tP1\tP1\nS1\tP1\tP1\nS1\tP2\tP1\nS2\tP1\n"
    write(tmp_path, {"m.txt": text})
    findings = Findings()
    matrix = read_gene_panel_matrix(tmp_path / "m.txt", findings=findings)
    assert rows(matrix, "sample_id", "mutations", "structural_variants") == [["S1", "P1", "P1"]]
    assert [(one.code, one.row) for one in findings] == [
        ("W_DUP_IDENTICAL", 3),
        ("E_DUP_CONFLICT", 4),
        ("E_ROW_TRUNCATED", 5),
    ]


def test_read_gene_panel_matrix__refuses_other_tables(tmp_path: Path) -> None:
    write(tmp_path, {"m.txt": "PATIENT_ID\tAGE\nP\t3\n"})
    with pytest.raises(InputError, match="needs SAMPLE_ID and a column of a profile"):
        read_gene_panel_matrix(tmp_path / "m.txt", findings=Findings())


def test_read_case_lists__goes_by_stable_id_or_category(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "a.txt": "stable_id: s_sequenced\ncase_list_ids: S1\tS2\n",
            "b.txt": 'stable_id: s_other\ncase_list_category: all_cases_with_sv_data\ncase_list_ids: S3 "S4"\n',
            "c.txt": "stable_id: s_cnaseq\ncase_list_ids: S1\n",
            "d.txt": "stable_id: s_all\ncase_list_ids: S1\tS2\tS9\n",
        },
    )
    findings = Findings()
    lists = read_case_lists(sorted(folder.iterdir()), findings=findings)
    assert lists == {"mutations": {"S1", "S2"}, "structural_variants": {"S3", "S4"}, "cna": {"S1"}}
    assert [(one.code, one.value) for one in findings] == [("I_STRIP", '"S4"')]


# ---------------------------------------------------------------- copy number
def test_read_copy_number__reads_the_wide_form(tmp_path: Path) -> None:
    text = (
        "Hugo_Symbol\tEntrez_Gene_Id\tCytoband\tS1\tS2\tS3\nTP53\t7157\t17p13\t-2\t0\tNA\nPARK2\t\t6q\t0\t2.0\t-1.5\n"
    )
    write(tmp_path, {"c.txt": text})
    found = read_copy_number(tmp_path / "c.txt", findings=Findings())
    assert rows(found.table, "sample_id", "gene", "value") == [
        ["S1", "TP53", -2.0], ["S2", "PRKN", 2.0], ["S3", "PRKN", -1.5], ["S3", "TP53", None],
    ]  # fmt: skip
    assert (found.samples, found.genes) == (("S1", "S2", "S3"), ("PRKN", "TP53"))


def test_read_copy_number__reads_the_long_form(tmp_path: Path) -> None:
    text = "Hugo_Symbol\tEntrez_Gene_Id\tSample_Id\tValue\nTP53\t\tS1\t-2\nTP53\t\tS2\t0\n\t672\tS1\t\n"
    write(tmp_path, {"c.txt": text, "d.txt": "Samples\tGene\tCNA\nS1\tMET\tAMP\nS2\tRB1\tDeepDel\n"})
    found = read_copy_number(tmp_path / "c.txt", findings=Findings())
    assert rows(found.table, "sample_id", "gene", "value") == [["S1", "BRCA1", None], ["S1", "TP53", -2.0]]
    assert (found.samples, found.genes) == (("S1", "S2"), ("BRCA1", "TP53"))
    words = read_copy_number(tmp_path / "d.txt", findings=Findings())
    assert rows(words.table, "sample_id", "gene", "value") == [["S1", "MET", 2.0], ["S2", "RB1", -2.0]]


def test_read_copy_number__reports_bad_values_and_rows(tmp_path: Path) -> None:
    write(tmp_path, {"c.txt": "Hugo_Symbol\tS1\tS2\nTP53\t3\t0\nRB1\t0\n\t2\t2\n"})
    findings = Findings()
    found = read_copy_number(tmp_path / "c.txt", findings=findings)
    assert rows(found.table, "sample_id", "gene", "value") == [["S1", "TP53", None]]
    assert [(one.code, one.row, one.column) for one in findings] == [
        ("E_ROW_TRUNCATED", 3, ""),
        ("I_ROWS_IGNORED", None, ""),
        ("E_RANGE", 2, "S1"),
    ]


def test_read_copy_number__lets_a_known_value_win_over_a_missing_one(tmp_path: Path) -> None:
    """One gene under two names: 0 and missing is 0, -2 and missing is -2, missing twice is missing."""
    text = "Hugo_Symbol\tS1\tS2\tS3\nMLL2\t0\t-2\tNA\nKMT2D\tNA\tNA\tNA\n"
    write(tmp_path, {"c.txt": text})
    findings = Findings()
    found = read_copy_number(tmp_path / "c.txt", findings=findings)
    assert rows(found.table, "sample_id", "gene", "value") == [["S2", "KMT2D", -2.0], ["S3", "KMT2D", None]]
    assert "W_GENE_CONFLICT" not in findings.codes()


def test_read_copy_number__keeps_the_more_extreme_of_two_rows(tmp_path: Path) -> None:
    write(tmp_path, {"c.txt": "Hugo_Symbol\tS1\tS2\nMLL2\t-1\t2\nKMT2D\t-2\t2\n"})
    findings = Findings()
    found = read_copy_number(tmp_path / "c.txt", findings=findings)
    assert rows(found.table, "sample_id", "gene", "value") == [["S1", "KMT2D", -2.0], ["S2", "KMT2D", 2.0]]
    assert "W_GENE_CONFLICT" in findings.codes()


@pytest.mark.parametrize("header", ["S1\tS2\n0\t1\n", "Hugo_Symbol\tEntrez_Gene_Id\nTP53\t1\n"])
def test_read_copy_number__refuses_tables_without_genes_or_samples(tmp_path: Path, header: str) -> None:
    write(tmp_path, {"c.txt": header})
    with pytest.raises(InputError, match="needs Hugo_Symbol or Entrez_Gene_Id and samples"):
        read_copy_number(tmp_path / "c.txt", findings=Findings())


# ---------------------------------------------------------------- structural variants
def test_read_structural_variants__reads_genes_class_and_frame(tmp_path: Path) -> None:
    header = "Sample_Id\tSite1_Hugo_Symbol\tSite1_Entrez_Gene_Id\tSite2_Hugo_Symbol\tSite2_Effect_On_Frame\tClass"
    header += "\tSV_Status\tEvent_Info"
    body = [
        "S1\tEML4\t\tALK\tIn-frame\tINVERSION\tSOMATIC\tx",
        "S2\tMEN1\t\tMEN1\tFrameshift\t\tgermline\tMEN1 deletion",
        "S3\tPARK2\t\t\tOut of frame\tweird\t\t",
        "S4\t\t\t\t\t\t\tnothing",
    ]
    write(tmp_path, {"sv.txt": "\n".join([header, *body])})
    findings = Findings()
    found = read_structural_variants(tmp_path / "sv.txt", findings=findings)
    assert rows(found, "sample_id", "gene1", "gene2", "sv_class", "status", "frame", "row") == [
        ["S1", "EML4", "ALK", "INVERSION", "SOMATIC", "In_frame", 2],
        ["S2", "MEN1", "MEN1", "DELETION", "GERMLINE", "Frameshift", 3],
        ["S3", "PRKN", None, "UNKNOWN", "SOMATIC", "Out_of_frame", 4],
    ]
    assert {"I_SYMBOL_RENAMED", "I_ROWS_IGNORED"} <= findings.codes()
    assert not findings.of("E")


def test_read_structural_variants__needs_its_columns(tmp_path: Path) -> None:
    write(tmp_path, {"sv.txt": "Sample_Id\tSite1_Hugo_Symbol\nS1\tALK\n"})
    with pytest.raises(InputError, match="Columns site2_hugo_symbol are needed"):
        read_structural_variants(tmp_path / "sv.txt", findings=Findings())


@pytest.mark.parametrize(
    ("gene", "name", "partner"),
    [
        ("ALK", "EML4-ALK fusion", "EML4"),
        ("EML4", "EML4-ALK fusion", "ALK"),
        ("BRAF", "KIAA1549:BRAF", "KIAA1549"),
        ("MYB", "MYB-NFIB Fusion", "NFIB"),
        ("HLA-A", "HLA-A::MYB", "MYB"),
        ("RET", "CCDC6/RET", "CCDC6"),
        ("MLL2", "MLL2-intragenic", "MLL2"),
        ("CBL", "CBL Deletion of 1 exon: in frame", "CBL"),
        ("TP53", "unrelated", None),
    ],
)
def test_partner_of__reads_the_name_of_a_fusion(gene: str, name: str, partner: str | None) -> None:
    assert partner_of(gene, name) == partner


def test_read_legacy_fusions__joins_the_rows_of_both_genes(tmp_path: Path) -> None:
    text = (
        "Hugo_Symbol\tEntrez_Gene_Id\tCenter\tTumor_Sample_Barcode\tFusion\tDNA_support\tRNA_support\tMethod\tFrame\n"
        "ALK\t\tX\tS1\tALK-EML4 fusion\tyes\tno\tNA\tin frame\n"
        "EML4\t\tX\tS1\tALK-EML4 fusion\tyes\tno\tNA\tin frame\n"
        "MLL2\t\tX\tS2\tMLL2-intragenic\tyes\tno\tNA\tunknown\n"
        "CBL\t\tX\tS3\tCBL Deletion of 1 exon: in frame\tyes\tno\tNA\tunknown\n"
    )
    write(tmp_path, {"f.txt": text})
    found = read_legacy_fusions(tmp_path / "f.txt", findings=Findings())
    assert rows(found, "sample_id", "gene1", "gene2", "sv_class", "frame") == [
        ["S1", "ALK", "EML4", "FUSION", "In_frame"],
        ["S2", "KMT2D", "KMT2D", "UNKNOWN", "Unknown"],
        ["S3", "CBL", "CBL", "DELETION", "In_frame"],
    ]


# ---------------------------------------------------------------- real studies
@pytest.mark.shared
def test_find_study_files__knows_the_reference_study(shared: Path) -> None:
    findings = Findings()
    study = find_study_files(shared / "data" / "cbio_study_es_0" / "study_es_0", findings=findings)
    [note] = findings.items  # grep: 13 meta files of kinds that are not read
    assert note.code == "I_FILE_IGNORED"
    assert note.message.startswith("13 file(s)")
    assert "data_cna_log2.txt (COPY_NUMBER_ALTERATION LOG2-VALUE)" in note.message
    findings = Findings()
    assert [(one.kind, one.path.name) for one in study.files] == [
        ("clinical_patient", "data_clinical_patients.txt"),
        ("clinical_sample", "data_clinical_samples.txt"),
        ("cna", "data_cna_discrete.txt"),
        ("mutations", "data_mutations_extended.maf"),
        ("panel_matrix", "data_gene_panel_matrix.txt"),
        ("structural_variants", "data_structural_variants.txt"),
    ]
    assert study.gene_panels() == {"structural_variants": "TESTPANEL1"}
    matrix = read_gene_panel_matrix(study.of("panel_matrix")[0].path, findings=findings, stable_ids=study.stable_ids())
    assert len(matrix) == 20
    assert matrix.notna().sum().to_dict() == {"sample_id": 20, "mutations": 12, "cna": 10}
    lists = read_case_lists(study.case_lists, findings=findings)
    assert {name: len(samples) for name, samples in lists.items()} == {"mutations": 31, "cna": 788}
    copy_number = read_copy_number(study.of("cna")[0].path, findings=findings)
    assert copy_number.table["value"].value_counts().to_dict() == {-1.0: 1491, 1.0: 189, 2.0: 49, -2.0: 14}
    assert (len(copy_number.samples), len(copy_number.genes)) == (788, 8)
    assert len(read_structural_variants(study.of("structural_variants")[0].path, findings=findings)) == 48


@pytest.mark.shared
def test_read_copy_number__reads_a_real_wide_file(shared: Path) -> None:
    """By grep: 26 cells are -2, 18 are 2, 2 are -1.5, 803 NA.

    MLL4 may mean two genes: its 11 NA go. AMER1, CDKN2A, KMT2A, KMT2C and KMT2D have rows under two or three names, one
    of them NA in 11 samples where the others are known; CDKN2A is -2 twice in the same two samples.
    """
    path = shared / "data" / "cbio_odg_msk_2017" / "odg_msk_2017" / "data_CNA.txt"
    findings = Findings()
    found = read_copy_number(path, findings=findings)
    value = found.table["value"]
    assert [(value == one).sum() for one in (-2, 2, -1.5)] == [24, 18, 2]
    assert value.isna().sum() == 803 - 11 - 5 * 11
    assert "W_GENE_CONFLICT" not in findings.codes()
    assert len(found.samples) == 22


@pytest.mark.shared
def test_read_gene_panel_matrix__finds_conflicting_rows_of_a_fixture(shared: Path) -> None:
    findings = Findings()
    path = shared / "data" / "cbio_broken_study_files" / "data_gene_matrix_duplicate_sample.txt"
    matrix = read_gene_panel_matrix(path, findings=findings)
    assert rows(matrix, "sample_id", "mutations", "cna") == [
        ["TCGA-A1-A0SB-01", "TESTPANEL2", "TESTPANEL1"],
        ["TCGA-A1-A0SD-01", None, "TESTPANEL1"],
    ]
    assert [(one.code, one.row) for one in findings] == [("W_DUP_IDENTICAL", 4)]


@pytest.mark.shared
def test_read_lines__refuses_debris_in_words(shared: Path) -> None:
    folder = shared / "data" / "clinical_encoding_quirks"
    with pytest.raises(InputError, match="binary data"):
        read_gene_panel_matrix(folder / "brca_dldccc_2022__owner_lock_data_gene_panel_matrix.txt", findings=Findings())
    with pytest.raises(InputError, match="git lfs pull"):
        read_gene_panel_matrix(folder / "git_lfs_pointer__data_clinical_patient.txt", findings=Findings())
