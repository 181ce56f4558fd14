"""SC24, structural variants: a study folder with data_sv or data_fusions, and who was profiled for them (DOMAIN 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.errors import Findings
from netgen.genomics.matrix import AlterationMatrix, build_alteration_matrix
from netgen.genomics.study_genomics import StudyGenomics, read_study_genomics
from tests.genomics.naive_matrix import table

if TYPE_CHECKING:
    from pathlib import Path

META = "cancer_study_identifier: s\ngenetic_alteration_type: {}\ndatatype: {}\nstable_id: {}\ndata_filename: {}\n"
MAF = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\nMEN1\tNonsense_Mutation\tS1\tp.R460*\n"
SV = (
    "Sample_Id\tSV_Status\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\tSite2_Effect_On_Frame\tClass\tEvent_Info\n"
    "S1\tSOMATIC\tTACC3\tFGFR3\tIn-frame\tTRANSLOCATION\tProtein fusion: in frame (FGFR3-TACC3)\n"
    "S2\tSOMATIC\tMEN1\tMEN1\tNA\tDELETION\tDeletion of 2 exons: out of frame\n"
    "S3\tGERMLINE\tMEN1\tMEN1\tNA\tDELETION\tMEN1-intragenic"
)
LEGACY = (
    "Hugo_Symbol\tEntrez_Gene_Id\tCenter\tTumor_Sample_Barcode\tFusion\tDNA_support\tRNA_support\tMethod\tFrame\n"
    "FGFR3\t2261\tX\tS1\tProtein fusion: in frame (FGFR3-TACC3)\tyes\tno\tNA\tin frame\n"
    "TACC3\t10460\tX\tS1\tProtein fusion: in frame (FGFR3-TACC3)\tyes\tno\tNA\tin frame\n"
    "MEN1\t4221\tX\tS2\tMEN1-intragenic\tyes\tno\tNA\tunknown"
)
SAMPLES = ("S1", "S2", "S3", "S4", "S5")


def read(folder: Path, fusions: dict[str, str], findings: Findings) -> StudyGenomics:
    files = {
        "meta_study.txt": "type_of_cancer: panet\ncancer_study_identifier: s\nname: x\n",
        "meta_mutations.txt": META.format("MUTATION_EXTENDED", "MAF", "mutations", "data_mutations.txt"),
        "data_mutations.txt": MAF,
        "meta_matrix.txt": META.format("GENE_PANEL_MATRIX", "GENE_PANEL_MATRIX", "", "data_gene_panel_matrix.txt"),
        "data_gene_panel_P1.txt": "stable_id: P1\ndescription: x\ngene_list: MEN1\tFGFR3\tTACC3\n",
        **fusions,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return read_study_genomics(folder, findings=findings)


def build(study: StudyGenomics, feature_type: str) -> AlterationMatrix:
    return build_alteration_matrix(
        samples=table("samples", [{"sample_id": one, "patient_id": f"P{one[1]}"} for one in SAMPLES]),
        profiles=study.coverage.profiles,
        panels=study.coverage.panels,
        panel_genes=study.coverage.panel_genes,
        variants=study.variants,
        fusions=study.fusions,
        genes=["FGFR3", "MEN1"],
        feature_type=feature_type,
    )


def test_sc24_structural_variants_of_data_sv(tmp_path: Path) -> None:
    """S4 was profiled without findings, S5 not for structural variants (NA in the matrix).

    The germline deletion of S3 is no somatic event. MEN1 of S2 lost its frame: loss of function; the fusion of S1 kept
    it, so FGFR3 is altered and not lost. The order of columns does not say that FGFR3 is the five-prime partner; the
    text does.
    """
    findings = Findings()
    study = read(
        tmp_path,
        {
            "meta_sv.txt": META.format("STRUCTURAL_VARIANT", "SV", "structural_variants", "data_sv.txt"),
            "data_sv.txt": SV,
            "data_gene_panel_matrix.txt": "SAMPLE_ID\tmutations\tstructural_variants\n"
            "S1\tP1\tP1\nS2\tP1\tP1\nS3\tP1\tP1\nS4\tP1\tP1\nS5\tP1\tNA\n",
        },
        findings,
    )
    assert not findings.of("E")
    assert study.fusions is not None
    assert study.fusions["notation"].fillna("").tolist() == ["FGFR3::TACC3", "", ""]
    altered = build(study, "altered")
    assert altered.status.tolist() == [[1, 0, 0, 0, -1], [1, 1, 0, 0, -1]]
    assert build(study, "lof").status.tolist() == [[0, 0, 0, 0, -1], [1, 1, 0, 0, -1]]
    fused = altered.detail[altered.detail["kind"] == "fusion"]
    assert fused[["patient_id", "gene", "variant_class"]].to_numpy().tolist() == [
        ["P1", "FGFR3", "TRANSLOCATION"],
        ["P2", "MEN1", "DELETION"],
    ]


def test_sc24_structural_variants_of_data_fusions(tmp_path: Path) -> None:
    """The two rows of a fusion are one event; the assay is that of the mutations."""
    findings = Findings()
    study = read(
        tmp_path,
        {
            "meta_fusions.txt": META.format("FUSION", "FUSION", "fusion", "data_fusions.txt"),
            "data_fusions.txt": LEGACY,
            "data_gene_panel_matrix.txt": "SAMPLE_ID\tmutations\nS1\tP1\nS2\tP1\nS3\tP1\nS4\tP1\nS5\tNA\n",
        },
        findings,
    )
    assert not findings.of("E")
    assert study.fusions is not None
    assert study.fusions[["sample_id", "gene1", "gene2", "frame"]].to_numpy().tolist() == [
        ["S1", "FGFR3", "TACC3", "In_frame"],
        ["S2", "MEN1", "MEN1", "Unknown"],
    ]
    assert build(study, "altered").status.tolist() == [[1, 0, 0, 0, -1], [1, 1, 0, 0, -1]]
