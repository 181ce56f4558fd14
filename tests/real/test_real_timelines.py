"""Drug records and timelines of public cohorts, read in place: counts worked out from the files with awk.

Simulated GENIE BPC: the class of the first line was worked out independently of the program, by an awk script that
takes the regimens started within 28 days of the first one and looks for the names of the drugs.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import netgen as ng
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.lines import derive_lines
from netgen.errors import Findings
from netgen.study import ReadSettings, SourceSpec, Study, TableSpec

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared


def days(values: pd.Series) -> list[int]:
    return [(value - pd.Timestamp(0)).days for value in values]


@pytest.fixture(scope="module")
def glioma(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ng.Cohort:
    """Return lgg_ucsf_2014 without its mutation file, which is no MAF."""
    folder = tmp_path_factory.mktemp("lgg_ucsf_2014")
    for path in (shared / "data" / "cbio_lgg_ucsf_2014_timelines").glob("data_[ct]*.txt"):
        shutil.copy(path, folder)
    return ng.read_cohort(folder)


def test_lgg__events_become_tables(glioma: ng.Cohort) -> None:
    # awk: 14 medical, 6 radiation, 51 operations and 3 biopsies, 30 progressions, 11 deaths
    assert len(glioma.patients) == 23
    assert glioma.treatments["intent"].value_counts().to_dict() == {"local_only": 57, "palliative": 13}
    assert glioma.treatments["regimen_class"].value_counts().to_dict() == {
        "surgery": 51, "radiotherapy": 6, "chemo_alkylating": 13,
    }  # fmt: skip
    assert glioma.assessments["overall_response"].tolist() == ["PD"] * 30
    assert glioma.imaging["modality"].tolist() == ["biopsy"] * 3
    assert int(glioma.patients["date_death"].notna().sum()) == 11
    assert int(glioma.samples["date_collection"].notna().sum()) == 60
    assert set(glioma.patients["time_base"]) == {"offset"}


def test_lgg__lines_of_therapy(glioma: ng.Cohort) -> None:
    lines = glioma.treatments[glioma.treatments["intent"] == "palliative"]
    first = lines[lines["line_number"] == 1]
    assert dict(zip(first["patient_id"], days(first["date_start"]), strict=True)) == {
        "P01": 611, "P04": 488, "P05": 562, "P06": 0, "P10": 0, "P11": 3038, "P17": 333, "P18": 0, "P21": 119,
        "P24": 2650,
    }  # fmt: skip
    assert set(first["regimen"]) == {"temozolomide"}
    # P01: TMZ 611-977, TMZ + accutane 977-1007, TMZ + thalidomide 1007-1038, CCNU + thalidomide 1160-1342
    own = lines[lines["patient_id"] == "P01"]
    assert list(zip(own["regimen"], days(own["date_start"]), days(own["date_end"]), strict=True)) == [
        ("temozolomide", 611, 1006),
        ("temozolomide+thalidomide", 1007, 1038),
        ("lomustine+thalidomide", 1160, 1342),
    ]
    # P04: TMZ 488-700 and, after progression on day 1065, again 1111-1279
    again = lines[lines["patient_id"] == "P04"]
    assert again["rechallenge"].tolist() == [False, True]
    assert "W_ADVANCED_UNKNOWN" in glioma.findings.codes()


def test_lgg__time_to_progression_of_line_1(glioma: ng.Cohort) -> None:
    spec = EndpointSpec(name="ttp", origin="line:1", entry_rule="none")
    table = derive_endpoint(glioma.clinical(), spec, findings=Findings()).table
    found = {row.patient_id: (row.time_days, row.event) for row in table.itertuples(index=False)}
    # first progression after the start: P01 1041, after the next line began on day 1007 and within 28 days of that, no:
    # 34 days, so it is not of line 1; P04 1065; P05 1668 (562 is the day of the start itself); P10 737 ...
    assert found["P04"] == (1065 - 488, True)
    assert found["P06"] == (1517, True)
    assert found["P10"] == (737, True)
    assert found["P11"] == (3870 - 3038, True)
    assert found["P17"] == (1186 - 333, True)
    assert found["P18"] == (2746, True)
    assert found["P21"] == (605 - 119, True)
    assert found["P24"] == (3001 - 2650, True)
    assert not found["P01"][1]


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("cbio_gct_msk_2016/gct_msk_2016", 180),
        ("cbio_odg_msk_2017/odg_msk_2017", 19),
        ("cbio_past_dkfz_2013/past_dkfz_heidelberg_2013", 96),
        ("mtb_cbioportal_templates", 0),
    ],
)
def test_folders_without_events__have_no_lines(shared: Path, name: str, n: int) -> None:
    cohort = ng.read_cohort(shared / "data" / name)
    assert len(cohort.patients) == n
    assert (len(cohort.treatments), len(cohort.assessments), len(cohort.imaging)) == (0, 0, 0)
    assert "W_FOLLOW_UP_INFERRED" not in cohort.findings.codes()


def genie_tables(shared: Path) -> Study:
    folder = shared / "data" / "genie_bpc_simulated_nsclc"
    drugs = {
        "patient_id": "record_id", "drug": "regimen_drugs", "date_start_day": "dx_reg_start_int",
        "date_end_day": "dx_reg_end_all_int",
    }  # fmt: skip
    tables = {
        "patients": TableSpec(file=folder / "ca_dx_index.tsv", columns={"patient_id": "record_id"}),
        "drugs": TableSpec(file=folder / "ca_drugs.tsv", columns=drugs, where={"redcap_ca_index": ["Yes"]}),
    }
    source = SourceSpec(kind="tables", tables=tables, assay="wes")
    return Study(id="genie", read=ReadSettings(on_duplicate="exclude"), sources=(source,))


def test_genie__lines_of_regimen_records(shared: Path) -> None:
    cohort = ng.read_cohort(genie_tables(shared))
    assert len(cohort.patients) == 193  # 200 patients, 7 with two index cancers left out
    lines = cohort.treatments
    first = lines[lines["line_number"] == 1]
    assert first["regimen_class"].value_counts().to_dict() == {
        "chemo_platinum": 108, "targeted_matched": 16, "trial_other": 8, "ici": 6, "chemo_other": 4,
        "tki_antiangiogenic": 1,
    }  # fmt: skip
    assert "W_DRUG_UNKNOWN" not in cohort.findings.codes()
    assert len(lines) == 377  # 405 regimens: see test_genie__lines_agree_with_a_loop for every patient


def test_genie__lines_agree_with_a_loop(shared: Path) -> None:
    """A loop over patients with single-drug equality of names: starts of lines are the same."""
    path = shared / "data" / "genie_bpc_simulated_nsclc" / "ca_drugs.tsv"
    table = pd.read_csv(path, sep="\t")
    table = table[table["redcap_ca_index"] == "Yes"]
    expected = {name: _naive_starts(group) for name, group in table.groupby("record_id")}
    lines = ng.read_cohort(genie_tables(shared)).treatments
    found = {name: days(group["date_start"]) for name, group in lines.groupby("patient_id")}
    assert found == expected


def _naive_starts(regimens: pd.DataFrame) -> list[int]:
    same = {"Carboplatin": "platin", "Cisplatin": "platin", "Capecitabine": "fp", "Fluorouracil": "fp"}
    rows = []
    for _, row in regimens.iterrows():
        for drug in row["regimen_drugs"].split(", "):
            last = float("inf") if pd.isna(row["dx_reg_end_all_int"]) else row["dx_reg_end_all_int"]
            rows.append([row["dx_reg_start_int"], same.get(drug, drug), last])
    latest = {key: max(start for start, other, _ in rows if other == key) for _, key, _ in rows}
    rows = [[start, key, start if last == float("inf") and start < latest[key] else last] for start, key, last in rows]
    starts: list[int] = []
    members: dict[str, list[float]] = {}
    before: dict[str, float] = {}
    for start in sorted({row[0] for row in rows}):
        today = [row for row in rows if row[0] == start]
        end = max((last for ends in members.values() for last in ends), default=None)
        new = [
            row for row in today
            if (row[1] not in members and start - starts[-1] > 28 and start - before.get(row[1], -1e9) > 28
                if starts else True)
            or (row[1] in members and end is not None and start - end > 120)
        ]  # fmt: skip
        if new:
            goes_on = {key: [last for last in ends if last != float("inf") and last > start + 28]
                       for key, ends in members.items()}  # fmt: skip
            before = {key: max(s for s, other, _ in rows if other == key and s < start) for key in members}
            starts.append(int(start))
            members = {key: ends for key, ends in goes_on.items() if ends}
            for _, key, last in today:
                members.setdefault(key, []).append(last)
        else:
            for _, key, last in today:
                members.setdefault(key, []).append(last)
    return starts


def test_genie__curative_and_palliative_by_the_first_metastasis(shared: Path) -> None:
    """With the day of the first metastasis as advanced disease, lines before it are curative or reclassified."""
    folder = shared / "data" / "genie_bpc_simulated_nsclc"
    cohort = ng.read_cohort(genie_tables(shared))
    cancers = pd.read_csv(folder / "ca_dx_index.tsv", sep="\t").drop_duplicates("record_id", keep=False)
    offset = pd.to_timedelta(cancers.set_index("record_id")["dx_to_dmets_days"], unit="D")
    day = cohort.patients["patient_id"].map(offset)
    patients = cohort.patients.assign(date_advanced=pd.Timestamp(0) + day, time_base="offset")
    patients["date_advanced_precision"] = patients["date_advanced_precision"].mask(day.notna(), "day")
    drugs = pd.read_csv(folder / "ca_drugs.tsv", sep="\t")
    drugs = drugs[(drugs["redcap_ca_index"] == "Yes") & drugs["record_id"].isin(patients["patient_id"])]
    table = pd.DataFrame({
        "patient_id": drugs["record_id"],
        "drug": drugs["regimen_drugs"],
        "date_start": pd.Timestamp(0) + pd.to_timedelta(drugs["dx_reg_start_int"], unit="D"),
        "date_end": pd.Timestamp(0) + pd.to_timedelta(drugs["dx_reg_end_all_int"], unit="D"),
    })  # fmt: skip
    lines = derive_lines(table, patients, findings=Findings())
    advanced = lines["patient_id"].map(patients.set_index("patient_id")["date_advanced"])
    start, end = lines["date_start"], lines["date_end"]
    curative = lines["curative"].fillna(value=False).astype(bool)
    # every curative line began more than 14 days before advanced disease and ended more than 183 days before it
    assert curative.any()
    assert (start[curative] < advanced[curative] - pd.Timedelta(days=14)).all()
    moved = lines["derivation_flags"].str.contains("curative_reclassified").fillna(value=False).astype(bool)
    assert moved.any()
    late = ~curative & ~moved & advanced.notna()
    assert (start[late] >= advanced[late] - pd.Timedelta(days=14)).all()
    ended = curative & end.notna()
    assert (end[ended] + pd.Timedelta(days=183) < advanced[ended]).all()
