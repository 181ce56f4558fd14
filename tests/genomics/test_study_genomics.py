"""Whole study folders: from files to the matrix. Counts were taken from the files with awk, grep and sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen import schema
from netgen.errors import Findings, InputError
from netgen.genomics.matrix import REASONS, AlterationMatrix, build_alteration_matrix, frequencies
from netgen.genomics.panels import whole_panel
from netgen.genomics.study_genomics import StudyGenomics, read_study_genomics

if TYPE_CHECKING:
    from pathlib import Path


def build(study: StudyGenomics, **options: object) -> AlterationMatrix:
    clinical = pd.read_csv(study.folder.of("clinical_sample")[0].path, sep="\t", comment="#", dtype="string")
    samples = clinical.rename(columns=str.lower)[["sample_id", "patient_id"]]
    return build_alteration_matrix(
        samples=schema.conform(samples, schema.SAMPLES),
        profiles=study.coverage.profiles,
        panels=study.coverage.panels,
        panel_genes=study.coverage.panel_genes,
        variants=study.variants,
        copy_number=study.copy_number,
        fusions=study.fusions,
        **options,  # type: ignore[arg-type]
    )


def counts(matrix: AlterationMatrix, gene: str) -> tuple[int, int, int]:
    row = frequencies(matrix).set_index("feature").loc[gene]
    return int(row["n_altered"]), int(row["n_profiled"]), int(row["n_total"])


@pytest.mark.shared
def test_read_study_genomics__masks_panels_at_scale(shared: Path) -> None:
    """860 patients, 599 of them with a sample on IMPACT410; INHA and BIRC3 are not on IMPACT341."""
    findings = Findings()
    study = read_study_genomics(shared / "data" / "cbio_lung_msk_2017" / "lung_msk_2017", findings=findings)
    assert not findings.of("E")
    panels = study.coverage.profiles["mutations"].value_counts()
    assert panels.to_dict() == {"IMPACT410": 623, "IMPACT341": 292}
    matrix = build(study)
    assert counts(matrix, "TP53") == (461, 860, 860)
    assert counts(matrix, "EGFR") == (244, 860, 860)
    assert counts(matrix, "KRAS") == (236, 860, 860)
    assert counts(matrix, "STK11") == (151, 860, 860)
    assert counts(matrix, "INHA") == (10, 599, 860)
    assert counts(matrix, "BIRC3") == (4, 599, 860)
    reasons = matrix.reason[matrix.features.get_loc("INHA")]
    assert {REASONS[code] for code in reasons[reasons > 0]} == {"gene_not_on_panel"}


@pytest.mark.shared
def test_read_study_genomics__collapses_samples_of_a_small_study(shared: Path) -> None:
    """19 patients, 22 samples: IDH1 in 16 samples of 13 patients, TERT promoter in 21 samples of 18 patients."""
    study = read_study_genomics(shared / "data" / "cbio_odg_msk_2017" / "odg_msk_2017", findings=Findings())
    matrix = build(study)
    assert counts(matrix, "IDH1") == (13, 19, 19)
    assert counts(matrix, "TERT") == (18, 19, 19)
    assert counts(matrix, "AGO2")[1] == 1  # only on IMPACT468, which one sample has
    latest = build(study, policy="largest_panel")
    assert counts(latest, "AGO2")[1] == 1


@pytest.mark.shared
def test_read_study_genomics__knows_the_net_cohort(shared: Path) -> None:
    folder = shared / "data" / "cbio_panet_arcnet_2017" / "panet_arcnet_2017"
    findings = Findings()
    study = read_study_genomics(folder, findings=findings)
    assert "W_PROFILE_FROM_CASE_LIST" in findings.codes()
    matrix = build(study)
    for gene, altered in (("MEN1", 36), ("DAXX", 22), ("ATRX", 10)):
        assert counts(matrix, gene) == (altered, 98, 98)
    declared = Findings()
    whole = read_study_genomics(folder, findings=declared, declared=whole_panel("wgs"))
    assert "W_PROFILE_FROM_CASE_LIST" not in declared.codes()
    assert counts(build(whole, genes=["MEN1", "VHL", "NOTHING"]), "NOTHING") == (0, 98, 98)
    assert build(study, genes=["NOTHING"]).status.max() == -1


@pytest.mark.shared
def test_read_study_genomics__reads_every_kind_of_file(shared: Path) -> None:
    findings = Findings()
    study = read_study_genomics(shared / "data" / "cbio_study_es_0" / "study_es_0", findings=findings)
    assert not findings.of("E")
    profiles = study.coverage.profiles.set_index("sample_id")
    assert profiles.loc["TCGA-A1-A0SB-02", ["mutations", "cna"]].fillna("").tolist() == ["TESTPANEL2", ""]
    assert profiles.loc["TEST_SAMPLE_1"].isna().all()  # NA in the matrix, although a case list names it
    assert profiles.loc["TCGA-A1-A0SK-01", "mutations"] == "genes_of_mutations"  # not in the matrix, in the list
    assert (profiles["structural_variants"].dropna() == "TESTPANEL1").all()
    matrix = build(study)
    row = matrix.features.get_loc("FGFR3")
    covered = set(matrix.patients[matrix.status[row] == 0])
    assert covered == {"TCGA-A1-A0SB", "TEST_PATIENT_14", "TEST_PATIENT_15"}  # TESTPANEL2 alone lists FGFR3


def test_read_study_genomics__refuses_a_folder_without_a_study(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_FORMAT"):
        read_study_genomics(tmp_path, findings=Findings())


def test_read_study_genomics__profiles_nobody_for_absent_files(tmp_path: Path) -> None:
    """A matrix names panels for copy number, but there is no copy-number file: no row means nothing."""
    (tmp_path / "data_gene_panel_matrix.txt").write_text("SAMPLE_ID\tmutations\tgistic\nS1\tWES\tWES\n")
    study = read_study_genomics(tmp_path, findings=Findings())
    assert (study.copy_number, study.fusions, len(study.variants)) == (None, None, 0)
    assert study.coverage.profiles.drop(columns="sample_id").isna().all(axis=None)
    header = "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\n"
    (tmp_path / "data_mutations.txt").write_text(header + "TP53\tMissense_Mutation\tS1\tp.R175H\n")
    study = read_study_genomics(tmp_path, findings=Findings())
    cells = study.coverage.profiles[["sample_id", "mutations", "cna", "structural_variants"]]
    assert cells.fillna("").to_numpy().tolist() == [["S1", "WES", "", ""]]
