"""SC24, genomic half: a study folder with a panel matrix, a case list and a TERT promoter variant (DOMAIN 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.errors import Findings
from netgen.genomics.matrix import REASONS, AlterationMatrix, build_alteration_matrix
from netgen.genomics.study_genomics import StudyGenomics, read_study_genomics
from tests.genomics.naive_matrix import table

if TYPE_CHECKING:
    from pathlib import Path

MAF_HEADER = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\tChromosome\tStart_Position"
MAF_HEADER += "\tEnd_Position\tReference_Allele\tTumor_Seq_Allele1\tTumor_Seq_Allele2\tMutation_Status\n"
MAF_ROWS = [
    "TERT\t5'Flank\tS1\t\t5\t1295228\t1295228\tG\tG\tA\tSOMATIC",
    "MEN1\tNonsense_Mutation\tS2\tp.R460*\t11\t64572018\t64572018\tG\tG\tA\tSOMATIC",
]
META = "cancer_study_identifier: s\ngenetic_alteration_type: {}\ndatatype: {}\nstable_id: {}\ndata_filename: {}\n"
FILES = {
    "meta_study.txt": "type_of_cancer: panet\ncancer_study_identifier: s\nname: x\nreference_genome: hg19\n",
    "meta_mutations.txt": META.format("MUTATION_EXTENDED", "MAF", "mutations", "data_mutations.txt"),
    "data_mutations.txt": MAF_HEADER + "\n".join(MAF_ROWS) + "\n",
    "meta_cna.txt": META.format("COPY_NUMBER_ALTERATION", "DISCRETE", "gistic", "data_cna.txt"),
    "data_cna.txt": "Hugo_Symbol\tS1\tS2\nMEN1\t-2\t0\nTERT\t0\t0\n",
    "meta_matrix.txt": META.format("GENE_PANEL_MATRIX", "GENE_PANEL_MATRIX", "", "data_gene_panel_matrix.txt"),
    "data_gene_panel_matrix.txt": "SAMPLE_ID\tmutations\tgistic\nS1\tP1\tP1\nS2\tP1\tNA\nS4\tNA\tNA\n",
    "data_gene_panel_P1.txt": "stable_id: P1\ndescription: x\ngene_list: MEN1\tTERT\tDAXX\n",
    "case_lists/cases_sequenced.txt": "stable_id: s_sequenced\ncase_list_ids: S1\tS2\tS3\n",
}


def read(folder: Path, findings: Findings) -> StudyGenomics:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return read_study_genomics(folder, findings=findings)


def build(study: StudyGenomics, feature_type: str) -> AlterationMatrix:
    return build_alteration_matrix(
        samples=table("samples", [{"sample_id": f"S{one}", "patient_id": f"P{one}"} for one in range(1, 6)]),
        profiles=study.coverage.profiles,
        panels=study.coverage.panels,
        panel_genes=study.coverage.panel_genes,
        variants=study.variants,
        copy_number=study.copy_number,
        genes=["MEN1", "TERT"],
        feature_type=feature_type,
    )


def test_sc24_genomic_mutations(tmp_path: Path) -> None:
    """TERT promoter counts; S3 was sequenced without findings; S4 and S5 were not sequenced."""
    findings = Findings()
    matrix = build(read(tmp_path, findings), "any_nonsyn")
    assert findings.codes() == {"W_PROFILE_FROM_CASE_LIST"}
    assert matrix.status.tolist() == [[0, 1, 0, -1, -1], [1, 0, 0, -1, -1]]
    assert {REASONS[code] for code in matrix.reason[:, 3:].ravel()} == {"not_sequenced"}
    assert matrix.detail[["patient_id", "gene", "variant_class"]].to_numpy().tolist() == [
        ["P1", "TERT", "5'Flank"],
        ["P2", "MEN1", "Nonsense_Mutation"],
    ]


def test_sc24_genomic_one_profile_missing(tmp_path: Path) -> None:
    """S2 has no copy number (NA in the matrix): MEN1 is altered by mutation, TERT is not profiled."""
    matrix = build(read(tmp_path, Findings()), "altered")
    assert matrix.components == ("mutations", "cna")
    assert matrix.status[:, :3].tolist() == [[1, 1, -1], [1, -1, -1]]
    assert REASONS[matrix.reason[1, 1]] == "profile_missing"


def test_sc24_genomic_build_of_the_study(tmp_path: Path) -> None:
    assert read(tmp_path, Findings()).variants["build"].tolist() == ["GRCh37", "GRCh37"]
