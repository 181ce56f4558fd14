"""What a cohort gives its oncoprint: order of rows, burden, tracks from scans and treatments, cells as an image."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from netgen.derive import annotate_cohort, build_matrix
from netgen.errors import AnalysisError
from netgen.plots.oncoprint_blocks import Block
from netgen.report import oncoprint_files
from netgen.report.oncoprint_cohort import burden_text, clinical_tracks, gene_levels, patient_burden
from netgen.report.page.figure_oncoprint import embed_oncoprint
from tests.demo_run import demo_cohort


def with_study(**settings):
    cohort = demo_cohort()
    association = dataclasses.replace(cohort.study.association, **settings)
    return dataclasses.replace(cohort, study=dataclasses.replace(cohort.study, association=association))


def with_sizes(*sizes):
    cohort = demo_cohort()
    return dataclasses.replace(cohort, panels=cohort.panels.assign(size_mb=list(sizes)))


PATHWAYS = {"Chromatin": ("DAXX", "MEN1", "ATRX"), "mTOR": ("TSC2", "PTEN")}


def rows(table):
    return table.genes.loc[table.genes["origin"] == "all", "gene"].tolist()


def test_build_oncoprint__rows_by_pathway():
    """DOMAIN appendix A: MEN1 14/34, ATRX 5/34, DAXX 2/23, TSC2 9/23, TP53 10/34, ARID1A 7/34, SETD2 3/34, RB1 2/34."""
    table = ng.build_oncoprint(with_study(pathways=PATHWAYS), order="pathway")
    assert rows(table) == ["MEN1", "ATRX", "DAXX", "TSC2", "TP53", "ARID1A", "SETD2", "RB1"]
    assert table.blocks == (Block("Chromatin", 3), Block("mTOR", 1), Block("Other genes", 4))
    named = ng.build_oncoprint(with_study(pathways=PATHWAYS), order="pathway", genes=["RB1", "DAXX", "mTOR", "MEN1"])
    assert rows(named) == ["MEN1", "DAXX", "mTOR", "RB1"]


def test_build_oncoprint__rows_by_pathway_need_pathways():
    with pytest.raises(AnalysisError, match=r"E_CONFIG.*need pathways"):
        ng.build_oncoprint(demo_cohort(), order="pathway")
    with pytest.raises(AnalysisError, match=r"E_CONFIG.*order must be one of"):
        ng.build_oncoprint(demo_cohort(), order="nonsense")


def test_build_oncoprint__rows_as_given_are_those_of_the_study():
    assert rows(ng.build_oncoprint(with_study(genes=("RB1", "MEN1")), order="given")) == ["RB1", "MEN1"]
    with pytest.raises(AnalysisError, match=r"E_CONFIG.*neither the request nor the study"):
        ng.build_oncoprint(demo_cohort(), order="given")


def test_build_oncoprint__named_genes_by_frequency():
    table = ng.build_oncoprint(demo_cohort(), genes=["RB1", "XYZ9", "MEN1"], order="frequency")
    assert rows(table) == ["MEN1", "RB1", "XYZ9"]


def test_build_oncoprint__rows_by_relevance_stand_under_their_best_level():
    """Recounted from the hits: the best level of sensitivity of each gene, context and resisted therapies aside."""
    hits = annotate_cohort(demo_cohort()).hits
    levels = ["N1", "N2", "N3A", "N3B", "N3C", "N4"]
    own = hits[(hits["direction"] == "sensitivity") & hits["level"].isin(levels)]
    best = {gene: min(part["level"], key=levels.index) for gene, part in own.groupby("gene")}
    found = gene_levels(demo_cohort())
    assert {gene: level for gene, level in found.items() if gene in best} == {
        gene: level for gene, level in best.items() if gene in found
    }
    table = ng.build_oncoprint(demo_cohort(), order="relevance")
    titles = np.repeat([block.title for block in table.blocks], [block.size for block in table.blocks])
    for gene, title in zip(rows(table), titles, strict=True):
        assert title == (f"Level {found[gene]}" if gene in found else "No level of evidence")
    assert titles[0].startswith("Level")
    assert titles[-1] == "No level of evidence"


def test_patient_burden__mutations_per_mb_of_the_panel_and_none_where_it_is_small():
    cohort = with_sizes(1.2, 0.5)
    table = patient_burden(cohort, build_matrix(cohort)).set_index("patient_id")
    panel = cohort.profiles.set_index("sample_id")["mutations"]
    owner = cohort.samples.set_index("sample_id")["patient_id"]
    silent = {"Silent", "Intron", "5'UTR", "3'UTR", "5'Flank", "3'Flank", "IGR", "RNA", "Splice_Region", "Unknown"}
    counted = cohort.variants[~cohort.variants["variant_class"].isin(silent)]["sample_id"].value_counts()
    for sample, patient in owner.items():
        row = table.loc[patient]
        if panel[sample] == "A":
            assert row["tmb"] == pytest.approx(counted.get(sample, 0) / 1.2)
        else:
            assert np.isnan(row["tmb"])
            assert row["status"] == "panel_small"


def test_patient_burden__of_several_samples_the_one_that_speaks():
    cohort = with_sizes(1.0, 1.0)
    own = cohort.samples["patient_id"] == "P10"
    samples = cohort.samples.assign(sample_type=cohort.samples["sample_type"].mask(own, "primary"))
    first = samples[own].iloc[[0]]
    second = first.assign(sample_id="P10-M", sample_type="metastasis")
    added = dataclasses.replace(
        cohort,
        samples=pd.concat([samples, second], ignore_index=True),
        profiles=pd.concat([cohort.profiles, cohort.profiles[cohort.profiles["sample_id"] == first["sample_id"].item()]
                            .assign(sample_id="P10-M")], ignore_index=True),
    )  # fmt: skip

    def burden(policy):
        settings = dataclasses.replace(added.study.association, policy=policy)
        table = patient_burden(added, build_matrix(added, settings)).set_index("patient_id")
        return table.loc["P10", "tmb"]

    whole = patient_burden(cohort, build_matrix(cohort)).set_index("patient_id").loc["P10", "tmb"]
    assert whole > 0
    assert burden("metastasis") == 0  # the second sample has no variant
    assert burden("primary") == burden("union") == whole


def test_build_oncoprint__burden_is_said_in_the_footer_with_the_size_of_the_panel():
    table = ng.build_oncoprint(with_sizes(1.2, 0.5))
    assert table.burden
    assert any("(1.2 Mb)" in text and "11 with a panel below 0.667 Mb" in text for text in table.footer)
    assert not ng.build_oncoprint(with_sizes(1.2, 0.5), burden=False).burden
    unknown = ng.build_oncoprint(demo_cohort())
    assert not unknown.burden
    assert "No TMB: 34 with a panel of unknown size." in unknown.footer


def test_burden_text__sizes_as_a_range():
    burden = pd.DataFrame({"size_mb": [0.9, 1.5, 0.3], "status": ["ok", "ok", "panel_small"]})
    assert "(0.9 to 1.5 Mb)" in burden_text(burden)[0]
    assert burden_text(burden.iloc[:0]) == []


def test_clinical_tracks__from_scans_treatments_and_responses():
    cohort = demo_cohort()
    tracks = clinical_tracks(cohort, ["fdg_pet", "class_line_1", "best_response", "sex", "os"])
    assert list(tracks.columns) == ["fdg_pet", "class_line_1", "best_response"]
    assert tracks.index.tolist() == sorted(cohort.patients["patient_id"])
    lines = cohort.treatments[(cohort.treatments["line_number"] == 1)].set_index("patient_id")["regimen_class"]
    assert tracks["class_line_1"].to_dict() == lines.to_dict()
    scans = cohort.imaging[cohort.imaging["modality"] == "FDG_PET"].dropna(subset=["result"]).set_index("patient_id")
    assert tracks["fdg_pet"].dropna().to_dict() == scans["result"].to_dict()
    assert set(tracks["best_response"].dropna()) <= {"CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE"}


def test_clinical_tracks__a_column_of_the_study_is_not_replaced():
    cohort = demo_cohort()
    own = cohort.patients.assign(best_response="PR")
    cohort = dataclasses.replace(cohort, patients=own)
    assert list(clinical_tracks(cohort, ["best_response"]).columns) == []
    table = ng.build_oncoprint(cohort, tracks=["best_response"])
    assert set(table.patients["best_response"]) == {"PR"}
    told = "Best response: to line 1, unconfirmed."
    assert told not in table.footer
    assert told in ng.build_oncoprint(demo_cohort(), tracks=["best_response"]).footer


def test_write_oncoprint__cells_become_an_image_in_the_pdf_of_many_patients(tmp_path, monkeypatch):
    monkeypatch.setattr(oncoprint_files, "MANY", 33)
    ng.write_oncoprint(demo_cohort(), tmp_path / "many", formats=["pdf", "svg"])
    options = json.loads((tmp_path / "many" / "provenance.json").read_text())["options"]
    assert options["rasterized"] == ["pdf"]
    assert b"/Subtype /Image" in (tmp_path / "many" / "oncoprint.pdf").read_bytes()
    assert "<image" not in (tmp_path / "many" / "oncoprint.svg").read_text()


@pytest.mark.parametrize(("switch", "image"), [("--rasterize", True), ("--vector", False)])
def test_command__rasterize_order_and_no_tmb(switch, image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args = ["oncoprint", "demo", "--out", "o", "--formats", "svg", "--order", "relevance", "--no-tmb", switch]
    result = CliRunner().invoke(main, args, catch_exceptions=False)
    assert result.exit_code == 0
    svg = (tmp_path / "o" / "oncoprint.svg").read_text()
    assert ("<image" in svg) == image
    assert "No level of evidence</text>" in svg
    assert "No TMB" not in svg
    assert json.loads((tmp_path / "o" / "provenance.json").read_text())["evidence"]


def test_embed_oncoprint__new_tracks_are_told_in_words():
    table = ng.build_oncoprint(demo_cohort(), tracks=["best_response", "vaf"])
    page = str(embed_oncoprint(table, title="t", description="d", key="k"))
    assert "Best response: " in page
    assert "Median VAF: 0." in page
