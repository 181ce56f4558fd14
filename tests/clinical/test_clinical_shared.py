"""The clinical readers on public files as they are. Every number was counted in the files with awk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen import schema
from netgen.clinical.cbioportal_clinical import find_clinical_files, read_cbioportal_clinical
from netgen.clinical.cells import drop_nulls
from netgen.clinical.files import RawTable, read_text_table
from netgen.clinical.recorded_endpoints import RecordedSpec, parse_recorded_endpoints
from netgen.errors import Findings, InputError
from tests.clinical.parsing import parse_patients, parse_samples

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared


def read(path: Path, **options: object) -> tuple[RawTable, Findings]:
    findings = Findings()
    return read_text_table(path, findings=findings, **options), findings


def errors(findings: Findings) -> list[tuple[str, int | None]]:
    return [(item.code, item.row) for item in findings if item.severity == "E"]


# ------------------------------------------------------------------ clinical_encoding_quirks

SAMPLE = "__tmb_output_data_clinical_sample.txt"


def test_quirks__carriage_returns_alone_end_lines(shared: Path) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks" / f"all_stjude_2013{SAMPLE}")
    assert raw.header_line == 5
    assert raw.frame.shape == (43, 9)
    assert raw.rows.tolist() == list(range(6, 49))
    assert raw.frame.loc[0, ["PATIENT_ID", "SAMPLE_ID", "DNA_INDEX"]].tolist() == ["SJHYPO001", "SJHYPO001-D", "0.52"]
    assert errors(findings) == [("E_ROW_TRUNCATED", 49)]  # the appended column name fell into the last row
    assert "found 10" in findings.items[-1].message


def test_quirks__carriage_returns_inside_lines_vanish(shared: Path) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks" / f"angs_painter_2020{SAMPLE}")
    assert raw.frame.shape == (83, 13)
    assert raw.rows.tolist() == list(range(6, 89))
    assert raw.frame.loc[0, ["BX_NUCLEAR_GRADE", "TMB_NONSYNONYMOUS"]].tolist() == ["HIGH", "1.96666666667"]
    assert "88 carriage returns" in findings.items[0].message
    assert not errors(findings)


@pytest.mark.parametrize(
    ("study", "n_rows", "n_columns", "n_stripped", "label"),
    [
        ("blca_plasmacytoid_mskcc_2016", 34, 18, 33, "Plasmacytoid/Signet Ring Cell Bladder Carcinoma"),
        ("kirc_bgi", 98, 7, 98, "Chromophobe Renal Cell Carcinoma"),
    ],
)
def test_quirks__no_break_spaces_are_stripped(
    shared: Path, study: str, n_rows: int, n_columns: int, n_stripped: int, label: str
) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks" / f"{study}{SAMPLE}")
    assert raw.frame.shape == (n_rows, n_columns)
    assert raw.frame.loc[0, "CANCER_TYPE_DETAILED"] == label
    assert not raw.frame["CANCER_TYPE_DETAILED"].str.contains("\u00a0").any()
    [item] = [item for item in findings if item.column == "CANCER_TYPE_DETAILED"]
    assert (item.code, item.message) == ("I_STRIP", f"Blanks around {n_stripped} values were removed.")


def test_quirks__double_encoded_text_stays_as_it_is(shared: Path) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks" / f"summit_2018{SAMPLE}")
    assert raw.frame.shape == (141, 27)
    place = raw.rows[raw.rows == 9].index[0]
    assert raw.frame.iloc[place, 19].startswith("qPCR-Fundaci\u00c3_n Jim\u00c3\u00a9nez")
    assert not errors(findings)


def test_quirks__blank_line_before_the_header(shared: Path) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks/coad_cptac_2019__data_clinical_patient.txt")
    assert (raw.header_line, raw.frame.shape, len(raw.comments)) == (6, (110, 17), 4)
    assert raw.rows.iloc[0] == 7
    table = parse_patients(raw, findings=findings)
    assert table["vital_status"].value_counts(dropna=False).to_dict() == {"alive": 94, "dead": 8, pd.NA: 8}
    assert not errors(findings)


def test_quirks__rows_with_a_missing_cell_are_named(shared: Path) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks/schw_ctf_synodos_2025__data_clinical_patient.txt")
    assert list(raw.frame.columns) == ["DIAGNOSIS", "PATIENT_ID", "SEX"]
    assert len(raw.frame) == 28
    assert errors(findings) == [("E_ROW_TRUNCATED", 16), ("E_ROW_TRUNCATED", 21)]
    assert "Need 3 fields as in the header, found 2" in findings.items[0].message


@pytest.mark.parametrize(("name", "shape"), [("data_clinical_sample", (52, 6)), ("data_gene_panel_matrix", (52, 2))])
def test_quirks__a_trailing_tab_is_forgiven(shared: Path, name: str, shape: tuple[int, int]) -> None:
    raw, findings = read(shared / "data/clinical_encoding_quirks" / f"schw_ctf_synodos_2025__{name}.txt")
    assert raw.frame.shape == shape
    assert not errors(findings)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("brca_dldccc_2022__owner_lock_data_gene_panel_matrix.txt", "lock file of an open spreadsheet"),
        ("git_lfs_pointer__data_clinical_patient.txt", "Git-LFS pointer"),
    ],
)
def test_quirks__what_is_no_table_is_refused(shared: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(shared / "data/clinical_encoding_quirks" / name)


# ------------------------------------------------------------------ single tables


def test_metabric__cut_row_is_named_and_inverted_coding_found(shared: Path) -> None:
    raw, findings = read(shared / "data/metabric_wide_truncated/METABRIC_RNA_Mutation.csv")
    assert raw.frame.shape == (237, 693)
    [item] = findings
    assert (item.code, item.row) == ("E_ROW_TRUNCATED", 239)
    assert "Need 693 fields as in the header, found 361. The file ends in the middle" in item.message
    findings = Findings()
    parse_recorded_endpoints(raw, patient_ids=raw.frame["patient_id"], findings=findings)
    [item] = findings.of("E")
    assert (item.code, item.column) == ("E_STATUS_INVERTED", "death_from_cancer")
    assert "in 237 of 237 rows" in item.message
    spec = RecordedSpec(
        name="os",
        time=("overall_survival_months",),
        event="overall_survival",
        status_map={"1": "alive", "0": "dead"},
        check_against="death_from_cancer",
    )
    findings = Findings()
    table = parse_recorded_endpoints(raw, patient_ids=raw.frame["patient_id"], specs=[spec], findings=findings)
    assert not findings.of("E")
    assert table["event"].sum() == 67 + 36


def test_lung_nen__workbook_with_two_level_header(shared: Path) -> None:
    folder = shared / "data/lung_nen_iarc"
    with pytest.raises(InputError, match=r"looks like a title.*header_row = 3"):
        read(folder / "lungNENomics_Supplementary_Table_S1.xlsx")
    raw, findings = read(folder / "lungNENomics_Supplementary_Table_S1.xlsx", sheet="Table S1", header_row=3)
    assert raw.frame.shape == (477, 60)
    assert raw.rows.tolist() == list(range(5, 482))
    assert list(raw.frame.columns[:3]) == ["sample id", "manuscript id", "cohort LNET"]
    assert not len(findings)
    text, _ = read(folder / "lungNENomics_S1_clinical.tsv")
    assert list(text.frame.columns) == list(raw.frame.columns)
    same = raw.frame.fillna("").apply(lambda column: column.str.casefold())
    pd.testing.assert_frame_equal(same, text.frame.fillna("").apply(lambda column: column.str.casefold()))


def test_lung_nen__named_endpoints(shared: Path) -> None:
    raw, _ = read(
        shared / "data/lung_nen_iarc/lungNENomics_Supplementary_Table_S1.xlsx", sheet="Table S1", header_row=3
    )
    specs = [
        RecordedSpec(name="os", time=("overall survival months",), event="census status"),
        RecordedSpec(name="efs", time=("event free survival months",), event="event free survival census status"),
    ]
    findings = Findings()
    table = parse_recorded_endpoints(raw, patient_ids=raw.frame["sample id"], specs=specs, findings=findings)
    assert not findings.of("E")
    os = table[table["endpoint"] == "os"]
    complete = os[os["time_days"].notna() & os["event"].notna()]
    assert (len(complete), complete["event"].sum(), (complete["time_days"] == 0).sum()) == (352, 72, 39)
    efs = table[table["endpoint"] == "efs"]
    assert (efs["event"].sum(), efs["event"].notna().sum()) == (24, 141)


def test_lung_nen__wrong_declared_dimension(shared: Path) -> None:
    raw, _ = read(shared / "data/lung_nen_iarc/lungNENomics_gistic_table.xlsx")
    assert raw.frame.shape == (102, 9)
    assert raw.frame.iloc[-1, 0] == "S02334"


def test_tcga_thym__cdr_columns(shared: Path) -> None:
    raw, findings = read(shared / "data/tcga_thym/tcga_thym_mc3_clinical.tsv")
    assert not errors(findings)
    ids = raw.frame["Tumor_Sample_Barcode_min"]
    table = parse_recorded_endpoints(raw, patient_ids=ids, findings=findings)
    assert sorted(table["endpoint"].unique()) == ["dss", "os", "pfi"]
    os, pfi = (table[table["endpoint"] == name] for name in ("os", "pfi"))
    assert (len(os), os["event"].sum(), os["time_days"].notna().sum(), pfi["event"].sum()) == (123, 9, 122, 22)
    assert os.loc[os["time_days"].isna(), "row"].tolist() == [37]
    mapping = {"patient_id": "Tumor_Sample_Barcode_min"}
    patients = parse_patients(raw, mapping=mapping, findings=findings)
    assert "patient_id_original" in patients.columns
    assert patients["time_base"].unique().tolist() == ["offset"]
    assert (patients["date_diagnosis"].dropna() == pd.Timestamp("1970-01-01")).all()
    assert not errors(findings)


def test_tcga_thym__firehose_times_are_coalesced(shared: Path) -> None:
    raw, findings = read(shared / "data/tcga_thym/tcga_thym_firehose_clinical.tsv")
    spec = RecordedSpec(name="os", time=("days_to_death", "days_to_last_followup"), event="vital_status")
    table = parse_recorded_endpoints(
        raw, patient_ids=raw.frame["Tumor_Sample_Barcode"], specs=[spec], findings=findings
    )
    assert (len(table), table["event"].sum(), table["time_days"].notna().sum()) == (119, 6, 6 + 112)
    assert not errors(findings)


def test_tcga_laml__infinite_and_zero_times(shared: Path) -> None:
    raw, findings = read(shared / "data/tcga_laml_maftools/tcga_laml_annot.tsv")
    spec = RecordedSpec(name="os", time=("days_to_last_followup",), event="Overall_Survival_Status")
    ids = raw.frame["Tumor_Sample_Barcode"]
    table = parse_recorded_endpoints(raw, patient_ids=ids, specs=[spec], findings=findings)
    assert (len(table), table["event"].sum()) == (200, 133)
    assert (table["time_days"] == 0).sum() == 13
    assert (table["time_text"] == "-Inf").sum() == 12
    assert table.loc[table["time_text"] == "-Inf", "time_days"].isna().all()
    [item] = [item for item in findings if item.code == "W_TIME_INVALID" and item.value == "-Inf"]
    assert "in 12 rows" in item.message


def test_genie__two_cancers_of_a_patient_with_two_times_are_a_conflict(shared: Path) -> None:
    raw, findings = read(shared / "data/genie_bpc_simulated_nsclc/ca_dx_index.tsv")
    table = parse_recorded_endpoints(raw, patient_ids=raw.frame["record_id"], findings=findings)
    assert {"os_dx", "os_adv", "pfs_i_adv", "pfs_m_adv", "pfs_i_or_m_adv", "pfs_i_and_m_adv"} == set(table["endpoint"])
    assert "E_DUP_CONFLICT" in findings.codes()
    dx = drop_nulls(raw.frame["tt_os_dx_days"]).astype(float)
    first = raw.frame["record_id"].drop_duplicates().index
    os = table[table["endpoint"] == "os_dx"].set_index("patient_id")["time_days"]
    expected = pd.Series(dx[first].to_numpy(), index=raw.frame.loc[first, "record_id"].to_numpy())
    assert (os.sort_index().to_numpy() == expected.sort_index().to_numpy()).all()


# ------------------------------------------------------------------ cBioPortal studies

# file, line of the header, rows, columns with a name
CBIO_FILES = [
    ("cbio_ampca_bcm_2016/ampca_bcm_2016/data_clinical_patient.txt", 5, 160, 8),
    ("cbio_ampca_bcm_2016/ampca_bcm_2016/data_clinical_sample.txt", 5, 160, 13),
    ("cbio_gct_msk_2016/gct_msk_2016/data_clinical_patient.txt", 5, 180, 25),
    ("cbio_gct_msk_2016/gct_msk_2016/data_clinical_sample.txt", 5, 180, 14),
    ("cbio_lung_msk_2017/lung_msk_2017/data_clinical_patient.txt", 5, 860, 11),
    ("cbio_lung_msk_2017/lung_msk_2017/data_clinical_sample.txt", 5, 915, 20),
    ("cbio_odg_msk_2017/odg_msk_2017/data_clinical_patient.txt", 5, 19, 12),
    ("cbio_odg_msk_2017/odg_msk_2017/data_clinical_sample.txt", 5, 22, 9),
    ("cbio_panet_arcnet_2017/panet_arcnet_2017/data_clinical_patient.txt", 5, 98, 18),
    ("cbio_panet_arcnet_2017/panet_arcnet_2017/data_clinical_sample.txt", 5, 98, 12),
    ("cbio_past_dkfz_2013/past_dkfz_heidelberg_2013/data_clinical_patient.txt", 5, 96, 7),
    ("cbio_past_dkfz_2013/past_dkfz_heidelberg_2013/data_clinical_sample.txt", 5, 96, 11),
    ("cbio_skcm_ucla_2016/skcm_ucla_2016/data_clinical_patient.txt", 5, 38, 11),
    ("cbio_skcm_ucla_2016/skcm_ucla_2016/data_clinical_sample.txt", 5, 39, 7),
    ("cbio_small_quirky/acbc_mskcc_2015/data_clinical_patient.txt", 5, 12, 15),
    ("cbio_small_quirky/acbc_mskcc_2015/data_clinical_sample.txt", 5, 12, 22),
    ("cbio_small_quirky/nsclc_unito_2016/data_clinical_sample.txt", 5, 41, 3),
    ("cbio_small_quirky/pact_jhu_2011/data_clinical_patient.txt", 5, 32, 7),
    ("cbio_small_quirky/pact_jhu_2011/data_clinical_sample.txt", 5, 32, 8),
    ("cbio_small_quirky/stad_utokyo/data_clinical_patient.txt", 5, 30, 9),
    ("cbio_small_quirky/stad_utokyo/data_clinical_sample.txt", 5, 30, 7),
    ("cbio_study_es_0/study_es_0/data_clinical_patients.txt", 5, 841, 5),
    ("cbio_study_es_0/study_es_0/data_clinical_samples.txt", 5, 845, 3),
    ("cbio_lgg_ucsf_2014_timelines/data_clinical_patient.txt", 5, 23, 5),
    ("cbio_lgg_ucsf_2014_timelines/data_clinical_sample.txt", 5, 61, 14),
    ("puma_biliary_summit/data_clinical_patient.txt", 5, 25, 12),
    ("puma_biliary_summit/data_clinical_sample.txt", 5, 54, 28),
    ("mtb_cbioportal_templates/data_clinical_patient.txt", 5, 0, 16),
    ("mtb_cbioportal_templates/data_clinical_sample.txt", 5, 0, 6),
]


@pytest.mark.parametrize(("name", "header", "n_rows", "n_columns"), CBIO_FILES)
def test_cbio__every_clinical_file_is_read_whole(
    shared: Path, name: str, header: int, n_rows: int, n_columns: int
) -> None:
    raw, findings = read(shared / "data" / name)
    assert (raw.header_line, *raw.frame.shape) == (header, n_rows, n_columns)
    assert raw.rows.tolist() == list(range(header + 1, header + 1 + n_rows))
    lines = (shared / "data" / name).read_text(encoding="utf-8").split("\n")[header : header + n_rows]
    cells = [[cell.replace("\u00a0", " ").strip() for cell in line.split("\t")][:n_columns] for line in lines]
    assert raw.frame.fillna("").to_numpy().tolist() == cells
    parse = parse_patients if "patient" in name.rsplit("/", 1)[1] else parse_samples
    table = parse(raw, findings=findings)
    assert len(table) == n_rows
    allowed = {"E_VALUE"} if name == "puma_biliary_summit/data_clinical_sample.txt" else set()
    assert {code for code, _ in errors(findings)} == allowed  # a SAMPLE_CLASS of other words


# study, patients, samples, alive, dead, unknown, endpoint, complete rows, events
CBIO_STUDIES = [
    ("cbio_ampca_bcm_2016/ampca_bcm_2016", 160, 160, 83, 76, 1, "os", 159, 76),
    ("cbio_gct_msk_2016/gct_msk_2016", 180, 180, 161, 19, 0, "dfs", 149, None),
    ("cbio_odg_msk_2017/odg_msk_2017", 19, 22, 14, 5, 0, "os", 19, 5),
    ("cbio_panet_arcnet_2017/panet_arcnet_2017", 98, 98, 82, 15, 1, "os", 97, 15),
    ("cbio_skcm_ucla_2016/skcm_ucla_2016", 38, 39, 19, 19, 0, "os", 37, None),
    ("cbio_study_es_0/study_es_0", 841, 845, 721, 87, 0, "os", 808, 87),
    ("cbio_lgg_ucsf_2014_timelines", 23, 61, 8, 14, 0, "os", 22, 14),
    ("puma_biliary_summit", 25, 54, 1, 3, 21, "os", 25, 3),
]


@pytest.mark.parametrize(
    ("study", "n_patients", "n_samples", "alive", "dead", "unknown", "endpoint", "complete", "events"), CBIO_STUDIES
)
def test_cbio__studies(
    shared: Path,
    study: str,
    n_patients: int,
    n_samples: int,
    alive: int,
    dead: int,
    unknown: int,
    endpoint: str,
    complete: int,
    events: int | None,
) -> None:
    findings = Findings()
    found = read_cbioportal_clinical(shared / "data" / study, findings=findings)
    assert not errors(findings)
    assert (len(found.patients), len(found.samples)) == (n_patients, n_samples)
    counts = found.patients["vital_status"].value_counts().to_dict()
    assert (counts.get("alive", 0), counts.get("dead", 0), counts.get("unknown", 0)) == (alive, dead, unknown)
    rows = found.recorded_endpoints[found.recorded_endpoints["endpoint"] == endpoint]
    usable = rows[rows["time_days"].notna() & rows["event"].notna()]
    assert len(usable) == complete
    assert events is None or rows["event"].sum() == events
    assert found.samples["sample_class"].notna().all()
    for name in ("patients", "samples", "biomarkers", "recorded_endpoints"):
        table = getattr(found, name)
        assert table.dtypes.to_dict() == schema.conform(table, schema.TABLES[name]).dtypes.to_dict()


def test_cbio__patient_facts_of_the_sample_file_are_lifted(shared: Path) -> None:
    findings = Findings()
    found = read_cbioportal_clinical(shared / "data/cbio_panet_arcnet_2017/panet_arcnet_2017", findings=findings)
    assert found.patients["who_grade"].value_counts().to_dict() == {"G2": 57, "G1": 36, "G3": 5}
    assert found.patients["sex"].value_counts().to_dict() == {"male": 63, "female": 35}
    assert found.patients["oncotree_code"].unique().tolist() == ["PANET"]


def test_cbio__samples_that_disagree_lift_nothing(shared: Path) -> None:
    findings = Findings()
    found = read_cbioportal_clinical(shared / "data/cbio_lung_msk_2017/lung_msk_2017", findings=findings)
    [item] = [item for item in findings if item.code == "W_VALUE"]
    assert item.column == "STAGE_AT_DIAGNOSIS"
    row = found.patients.set_index("patient_id").loc["P-0004361"]
    assert pd.isna(row["stage_at_diagnosis"])
    assert found.samples.groupby("patient_id").size().gt(1).sum() == 54
    assert found.patients["vital_status"].value_counts().to_dict() == {"alive": 612 + 1 + 3 + 5, "dead": 232 + 7}


def test_cbio__a_study_without_patient_file_has_the_patients_of_its_samples(shared: Path) -> None:
    findings = Findings()
    folder = shared / "data/cbio_small_quirky/nsclc_unito_2016"
    assert sorted(find_clinical_files(folder, findings=findings)) == ["samples"]
    found = read_cbioportal_clinical(folder, findings=findings)
    assert found.patients["patient_id"].tolist() == found.samples["patient_id"].tolist()
    assert found.patients["oncotree_code"].unique().tolist() == ["NSCLC"]
    assert found.recorded_endpoints.empty
    assert not errors(findings)


def test_cbio__an_incomplete_endpoint_is_refused_clearly(shared: Path) -> None:
    findings = Findings()
    found = read_cbioportal_clinical(shared / "data/cbio_past_dkfz_2013/past_dkfz_heidelberg_2013", findings=findings)
    assert found.recorded_endpoints["endpoint"].unique().tolist() == ["dfs"]
    [item] = [item for item in findings if item.code == "W_ENDPOINT_INCOMPLETE" and item.column == "OS_MONTHS"]
    assert "os has no status column beside OS_MONTHS" in item.message
    assert found.patients["vital_status"].value_counts().to_dict() == {"alive": 95, "dead": 1}


def test_mtb_templates__empty_tables_and_timelines(shared: Path) -> None:
    folder = shared / "data/mtb_cbioportal_templates"
    findings = Findings()
    found = read_cbioportal_clinical(folder, findings=findings)
    assert found.patients.empty
    assert found.samples.empty
    assert not errors(findings)
    for path in sorted(folder.glob("data_timeline_*.txt")):
        raw, findings = read(path)
        assert raw.frame.empty
        assert list(raw.frame.columns) == path.read_text().strip("\n").split("\t")
        assert not len(findings)


def test_broken_study__unpaired_quotes_are_text_and_paired_ones_are_not(shared: Path) -> None:
    findings = Findings()
    found = read_cbioportal_clinical(shared / "data/cbio_broken_study_files/study_quotes", findings=findings)
    assert errors(findings) == [("E_ID_SYNTAX", 12)]
    assert "TCGA-BH-A0HW" in found.patients["patient_id"].tolist()
    assert "TCGA-AR-A1AR-01" in found.samples["sample_id"].tolist()
    assert len(found.patients) == 825
    os = found.recorded_endpoints[found.recorded_endpoints["endpoint"] == "os"].set_index("patient_id")
    assert os.loc["TCGA-A7-A13D", "time_days"] == 267  # "8.77" months
    assert pd.isna(os.loc["TCGA-A7-A0DA", "time_days"])  # "12.25 without its second quote
