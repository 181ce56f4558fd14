"""The main job on public cohorts, read in place: counts worked out from the files, log-rank statistics from R.

R: survival 3.5-3, ``survdiff(Surv(time, status) ~ gene)``; times of 0 set to 0.5, patients outside the MAF left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import netgen as ng
from netgen.errors import SchemaError
from netgen.study_of import QuickLook

pytestmark = pytest.mark.shared

EXAMPLE = Path(__file__).parents[2] / "examples" / "three_origins" / "study.toml"


def write_study(folder: Path, text: str, data: Path) -> Path:
    path = folder / "study.toml"
    path.write_text(text.replace("DATA", str(data)), encoding="utf-8")
    return path


def rows_of(result: ng.AssociationResult):
    return result.table.set_index("feature")


def test_laml__leaves_out_invalid_times_and_patients_outside_the_maf(shared):
    folder = shared / "data" / "tcga_laml_maftools"
    quick = QuickLook(
        variants=(folder / "tcga_laml.maf.gz",),
        clinical=folder / "tcga_laml_annot.tsv",
        assay="wes",
        time="days_to_last_followup",
        event="Overall_Survival_Status",
        unit="days",
    )
    result = ng.associate(ng.read_cohort(quick=quick), endpoints=["os"], model=False)
    rows = rows_of(result)
    # 200 patients, 12 times of -Inf; 7 patients are not in the MAF, one of them among the 12
    assert (result.plan["endpoints"]["os"]["n"], list(result.exclusions["reason"])) == (188, ["time_invalid"] * 12)
    assert set(rows["n_profiled"]) == {182}
    assert int((result.endpoints["time_days"] == 0.5).sum()) == 13
    # R: survdiff p-values; awk: carriers among the 182
    for gene, altered, p in (
        ("DNMT3A", 45, 6.876394e-04),
        ("TP53", 14, 6.780903e-06),
        ("FLT3", 49, 1.134237e-01),
        ("RUNX1", 15, 3.279660e-02),
    ):
        assert rows.loc[gene, "n_altered"] == altered
        assert rows.loc[gene, "p_logrank_asymptotic"] == pytest.approx(p, rel=1e-6)


def test_panet__reads_alleles_of_either_column_and_crossed_sample_ids(shared):
    cohort = ng.read_cohort(shared / "data" / "cbio_panet_arcnet_2017" / "panet_arcnet_2017")
    crossed = cohort.samples.set_index("patient_id")["sample_id"]
    assert "ICGC_0459" in crossed["ICGC_0489"]
    assert "ICGC_0489" in crossed["ICGC_0459"]
    assert len(cohort.variants) + int(cohort.variant_qc["n"].sum()) + len(cohort.germline) == 3097
    matrix = ng.build_matrix(cohort).to_frame()
    assert {gene: int(matrix[gene].sum()) for gene in ("MEN1", "DAXX", "ATRX", "PTEN", "SETD2")} == {
        "MEN1": 36,
        "DAXX": 22,
        "ATRX": 10,
        "PTEN": 7,
        "SETD2": 5,
    }
    # 17-Mar at 5:10413561 and 17-Sep at 7:35872496 are MARCHF6 and SEPTIN7 by position
    assert {"MARCHF6", "SEPTIN7"} <= set(cohort.variants["gene"])
    endpoint = ng.build_endpoint(cohort, "os")
    assert (len(endpoint.table), int(endpoint.table["event"].sum())) == (97, 15)
    assert list(endpoint.excluded["reason"]) == ["status_missing"]


def test_ampca__keeps_sequenced_patients_without_variants_as_wild_type(shared):
    cohort = ng.read_cohort(shared / "data" / "cbio_ampca_bcm_2016" / "ampca_bcm_2016")
    assert len(cohort.patients) == 160
    matrix = ng.build_matrix(cohort)
    silent = set(cohort.samples["sample_id"]) - set(cohort.variants["sample_id"])
    assert len(silent) == 8
    assert (matrix.to_frame()["TP53"].notna()).sum() == 160
    endpoint = ng.build_endpoint(cohort, "os")
    assert int(endpoint.table["event"].sum()) == 76


def test_metabric__is_refused_for_the_cut_row_and_the_inverted_status(shared):
    path = shared / "data" / "metabric_wide_truncated" / "METABRIC_RNA_Mutation.csv"
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(path)
    text = str(caught.value)
    assert "METABRIC_RNA_Mutation.csv:239: Need 693 fields as in the header, found 361" in text
    assert "overall_survival and death_from_cancer contradict each other in 237 of 237 rows" in text


FIREHOSE = """
[study]
id = "firehose"
[[source]]
kind = "tables"
assay = "wes"
variants = "DATA/tcga_thym/tcga_thym_firehose.maf"
[source.patients]
file = "DATA/tcga_thym/tcga_thym_firehose_clinical.tsv"
columns = { patient_id = "Tumor_Sample_Barcode" }
[source.endpoints.os]
time = ["days_to_death", "days_to_last_followup"]
event = "vital_status"
unit = "days"
"""
MC3 = """
[study]
id = "mc3"
[[source]]
kind = "tables"
assay = "wes"
genome = "GRCh37"
variants = "DATA/tcga_thym/tcga_thym_mc3.maf"
[source.patients]
file = "DATA/tcga_thym/tcga_thym_mc3_clinical.tsv"
columns = { patient_id = "Tumor_Sample_Barcode_min", sample_id = "Tumor_Sample_Barcode" }
[source.endpoints.os]
time = "CDR_OS.time"
event = "CDR_OS"
unit = "days"
"""


def test_thym__gives_the_same_gtf2i_carriers_in_both_encodings(shared, tmp_path):
    frames, outcomes = [], []
    for name, text in (("firehose", FIREHOSE), ("mc3", MC3)):
        (tmp_path / name).mkdir()
        cohort = ng.read_cohort(write_study(tmp_path / name, text, shared / "data"))
        frames.append(ng.build_matrix(cohort).to_frame()["GTF2I"])
        outcomes.append(ng.build_endpoint(cohort, "os").table.set_index("patient_id"))
    assert (len(frames[0]), len(frames[1])) == (119, 123)  # awk: rows of the clinical tables
    # the tables were frozen at different dates: 6 deaths against 9, and MC3 follows everybody at least as long
    assert [int(outcome["event"].sum()) for outcome in outcomes] == [6, 9]
    both = outcomes[0].join(outcomes[1], lsuffix="_firehose", rsuffix="_mc3", how="inner")
    assert len(both) == 118
    assert (both["time_days_firehose"] <= both["time_days_mc3"]).all()
    assert list(both.index[both["event_firehose"] != both["event_mc3"]]) == [
        "TCGA-3G-AB14",
        "TCGA-3G-AB19",
        "TCGA-ZB-A961",
    ]
    # MC3 calls more GTF2I; every Firehose carrier is one there, too, but TCGA-4V-A9QX, which has no GTF2I row in MC3
    first, second = (set(frame.index[(frame == 1).fillna(value=False)]) for frame in frames)
    assert (len(first), first - second) == (49, {"TCGA-4V-A9QX"})


def test_three_origins__merges_builds_units_status_codings_and_assays(shared, monkeypatch):
    monkeypatch.setenv("NETGEN_SHARED", str(shared))
    cohort = ng.read_cohort(EXAMPLE)
    result = ng.associate(cohort, model=False)
    rows = rows_of(result)
    # 97 + 288 + 122 patients with time and status; 15 + 28 + 9 deaths
    assert (result.plan["endpoints"]["os"]["n"], result.plan["endpoints"]["os"]["events"]) == (507, 52)
    by_origin = result.km.loc[result.km["grouping"] == "origin"].set_index("group")
    assert by_origin["n"].to_dict() == {"duodenopancreatic": 97, "lung": 288, "thymic": 122}
    assert by_origin["events"].to_dict() == {"duodenopancreatic": 15, "lung": 28, "thymic": 9}
    # MEN1: profiled in pancreas, the sequenced lung tumours (90 with follow-up) and thymus
    assert rows.loc["MEN1", "n_profiled"] == 97 + 90 + 122
    assert rows.loc["DAXX", "n_profiled"] == 97 + 122
    het = result.heterogeneity.loc[result.heterogeneity["feature"] == "MEN1"].set_index("origin")
    assert het.loc["lung", "n"] == 90
    assert result.table["status"].eq("tested").all()
