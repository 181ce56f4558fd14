"""From tables of text to tables of the schema: literal inputs, literal outputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen import schema
from netgen.clinical.identifiers import parse_identifiers, resolve_duplicates
from netgen.clinical.table_parser import ParsedTable, ParseOptions, parse_table
from netgen.errors import Findings
from tests.clinical.make_cells import cells, raw_table, values
from tests.clinical.parsing import (
    parse_assessments,
    parse_biomarkers,
    parse_imaging,
    parse_patients,
    parse_samples,
    parse_treatments,
)


def patients(**columns: list[str | None]) -> tuple[pd.DataFrame, Findings]:
    findings = Findings()
    return parse_patients(raw_table(**columns), findings=findings), findings


def parse(options: ParseOptions, **columns: list[str | None]) -> tuple[ParsedTable, Findings]:
    findings = Findings()
    return parse_table(raw_table(**columns), schema.PATIENTS, options=options, findings=findings), findings


def places(findings: Findings) -> list[tuple[str, int | None, str]]:
    return [(item.code, item.row, item.column) for item in findings]


# ------------------------------------------------------------------ the shape of a table


def test_parse_patients__one_row_in_full() -> None:
    table, findings = patients(
        patient_id=["P1"], sex=["F"], age_at_diagnosis=["58,5"], origin=["Pancreas"], ki67_pct=["20-25"],
        date_diagnosis=["2020-02-11"], date_advanced=["2020-03"], date_last_contact=["2022-05-02"],
        vital_status=["dead"], date_death=["2022"], ecog_ps=["1"], metastatic_sites=["liver, bone"],
        synchronous_metastases=["no"], centre_code=["7"],
    )  # fmt: skip
    row = table.iloc[0]
    assert (row["patient_id"], row["sex"], row["age_at_diagnosis"], row["origin"]) == (
        "P1",
        "female",
        58.5,
        "pancreatic",
    )
    assert (row["ki67_pct"], row["ki67_low"], row["ki67_high"], row["ki67_text"]) == (22.5, 20, 25, "20-25")
    assert row["date_advanced"] == pd.Timestamp("2020-03-15")
    assert row["date_advanced_precision"] == "month"
    assert row["date_death"] == pd.Timestamp("2022-07-01")
    assert (row["date_death_precision"], row["date_diagnosis_precision"]) == ("year", "day")
    assert (row["vital_status"], row["ecog_ps"], row["metastatic_sites"]) == ("dead", 1, "liver;bone")
    assert row["synchronous_metastases"] == False  # noqa: E712  a pandas truth value
    assert row["time_base"] == "calendar"
    assert row["centre_code"] == "7"
    assert (row["file"], row["row"]) == ("file.csv", 2)
    assert not len(findings)


def test_parse_patients__columns_and_types_are_those_of_the_schema() -> None:
    table, _ = patients(patient_id=["P1"], notes=["a"])
    expected = schema.conform(table, schema.PATIENTS)
    assert list(table.columns) == list(expected.columns)
    assert table.dtypes.to_dict() == expected.dtypes.to_dict()
    assert list(table.columns[-3:]) == ["notes", "file", "row"]
    assert table["notes"].dtype == "string"


def test_parse_patients__an_empty_table_is_a_table() -> None:
    table, findings = patients(PATIENT_ID=[], BIRTHDATE=[], SEX=[])
    assert len(table) == 0
    assert findings.codes() == {"I_COLUMN_MAPPED"}


@pytest.mark.parametrize("name", ["treatments", "assessments", "imaging", "biomarkers", "samples"])
def test_parse_table__missing_required_columns_are_named(name: str) -> None:
    findings = Findings()
    parse_table(raw_table(notes=["a"]), schema.TABLES[name], findings=findings)
    required = [column.name for column in schema.TABLES[name].columns if column.required]
    assert [item.column for item in findings if item.code == "E_COLUMN_MISSING"] == required
    assert {item.code for item in findings} == {"E_COLUMN_MISSING"}


def test_parse_patients__extra_columns_keep_words_and_lose_null_tokens() -> None:
    table, _ = patients(patient_id=["P1", "P2", "P3"], alterations=["none", "NA", None], grp=["-", "A ", "[Null]"])
    assert values(table["alterations"]) == ["none", None, None]
    assert values(table["grp"]) == ["-", "A", None]


# ------------------------------------------------------------------ identifiers


def test_parse_identifiers__numbers_stay_text() -> None:
    findings = Findings()
    assert values(parse_identifiers(cells("007", "7", " P.1_a-b "), findings=findings)) == ["007", "7", "P.1_a-b"]
    assert places(findings) == [("I_STRIP", 4, "column")]


def test_parse_identifiers__other_characters_are_refused() -> None:
    findings = Findings()
    parse_identifiers(cells("P 1", "P1", "Müller", "a/b", "NA"), findings=findings)
    assert places(findings) == [
        ("E_ID_SYNTAX", 2, "column"),
        ("E_ID_SYNTAX", 4, "column"),
        ("E_ID_SYNTAX", 5, "column"),
    ]


def test_parse_identifiers__ids_that_differ_in_case_are_two() -> None:
    findings = Findings()
    assert values(parse_identifiers(cells("p1", "P1", "P2", "P1"), findings=findings)) == ["p1", "P1", "P2", "P1"]
    [item] = findings
    assert item.code == "W_ID_CASE"
    assert "P1 and p1" in item.message


def test_parse_patients__a_row_without_id_is_an_error() -> None:
    _, findings = patients(patient_id=["P1", "NA"], sex=["f", "m"])
    assert places(findings) == [("E_VALUE", 3, "patient_id")]


# ------------------------------------------------------------------ values


def test_parse_patients__every_bad_value_is_reported_once_with_the_name_of_its_column() -> None:
    _, findings = patients(
        patient_id=["P1", "P2", "P3", "P4"],
        Sex=["f", "Femle", "m", None],
        age_at_diagnosis=["50", "old", "130", "61"],
        ecog_ps=["1", "5", "2", "1.5"],
        ki67_pct=["250", "20", "30", "x"],
        date_diagnosis=["2020-01-01", "03/04/2020", "2020-13-01", "20-01-01"],
    )
    assert sorted(places(findings)) == [
        ("E_DATE_AMBIGUOUS", 3, "date_diagnosis"),
        ("E_DATE_SYNTAX", 4, "date_diagnosis"),
        ("E_DATE_TWO_DIGIT", 5, "date_diagnosis"),
        ("E_RANGE", 2, "ki67_pct"),
        ("E_RANGE", 3, "ecog_ps"),
        ("E_RANGE", 4, "age_at_diagnosis"),
        ("E_VALUE", 3, "Sex"),
        ("E_VALUE", 3, "age_at_diagnosis"),
        ("E_VALUE", 5, "ecog_ps"),
        ("E_VALUE", 5, "ki67_pct"),
        ("I_COLUMN_MAPPED", None, "Sex"),
    ]


def test_parse_patients__a_column_we_took_by_synonym_may_mean_something_else() -> None:
    table, findings = patients(patient_id=["P1", "P2"], TUMOR_SITE=["Lung", "Sigmoid Colon"], AGE=["50", ">89"])
    assert values(table["origin"]) == ["lung", None]
    assert values(table["age_at_diagnosis"]) == [50.0, None]
    assert values(table["TUMOR_SITE"]) == ["Lung", "Sigmoid Colon"]
    assert values(table["AGE"]) == ["50", ">89"]
    warned = [item for item in findings if item.code == "W_VALUE"]
    assert sorted((item.column, item.value) for item in warned) == [("AGE", ">89"), ("TUMOR_SITE", "Sigmoid Colon")]


def test_parse_table__a_foreign_table_is_read_leniently_under_our_names_too() -> None:
    parsed, findings = parse(ParseOptions(foreign=True), patient_id=["P1"], SMOKING=["sometimes"])
    assert values(parsed.table["smoking"]) == [None]
    assert "W_VALUE" in findings.codes()
    _, findings = parse(ParseOptions(), patient_id=["P1"], SMOKING=["sometimes"])
    assert "E_VALUE" in findings.codes()


def test_parse_table__constants_write_over_what_the_source_says() -> None:
    options = ParseOptions(constants={"origin": "Pancreas", "oncotree_code": "PANET", "date_data_cutoff": "2024-01-31"})
    parsed, findings = parse(options, patient_id=["P1", "P2"], oncotree_code=["LUCA", "PANET"])
    assert values(parsed.table["origin"]) == ["pancreatic", "pancreatic"]
    assert values(parsed.table["oncotree_code"]) == ["PANET", "PANET"]
    assert parsed.table["date_data_cutoff"].tolist() == [pd.Timestamp("2024-01-31")] * 2
    assert places(findings) == [("I_COLUMN_MAPPED", 2, "oncotree_code")]


def test_parse_table__ages_in_days_only_for_gdc() -> None:
    parsed, findings = parse(ParseOptions(source="gdc"), patient_id=["P1", "P2"], age_at_diagnosis=["18262.5", "60"])
    assert parsed.table["age_at_diagnosis"].tolist() == [50.0, 60.0]
    assert places(findings) == [("W_UNIT", 2, "age_at_diagnosis")]
    _, findings = parse(ParseOptions(), patient_id=["P1"], age_at_diagnosis=["18262.5"])
    assert places(findings) == [("E_RANGE", 2, "age_at_diagnosis")]


def test_parse_patients__age_follows_from_the_date_of_birth_where_it_is_not_given() -> None:
    table, findings = patients(
        patient_id=["P1", "P2", "P3"],
        birth_date=["1960-01-01", "1960-01-01", None],
        date_diagnosis=["2020-01-01", "2020-01-01", "2020-01-01"],
        age_at_diagnosis=[None, "61", None],
    )
    assert [None if pd.isna(age) else round(age, 4) for age in table["age_at_diagnosis"]] == [
        60.0,
        61.0,
        None,
    ]  # 21915 days
    assert findings.codes() == {"W_PHI"}


def test_parse_table__date_order_is_declared_for_the_table() -> None:
    parsed, findings = parse(ParseOptions(date_order="dmy"), patient_id=["P1"], date_diagnosis=["03/04/2021"])
    assert parsed.table["date_diagnosis"].tolist() == [pd.Timestamp("2021-04-03")]
    assert not len(findings)


def test_parse_patients__a_status_is_never_guessed_from_silence() -> None:
    table, findings = patients(patient_id=["P1", "P2"], date_death=["2020-01-01", None])
    assert values(table["vital_status"]) == [None, None]
    assert not len(findings)


def test_parse_patients__ki67_bounds_of_their_own_columns_count() -> None:
    table, _ = patients(patient_id=["P1", "P2"], ki67_low=["21", None], ki67_high=["30", None], ki67_pct=[None, "40"])
    assert values(table["ki67_low"]) == [21.0, 40.0]
    assert values(table["ki67_high"]) == [30.0, 40.0]
    assert values(table["ki67_pct"]) == [None, 40.0]


# ------------------------------------------------------------------ day offsets


def test_parse_patients__day_offsets_are_dates_after_1970() -> None:
    table, findings = patients(patient_id=["P1", "P2"], date_diagnosis_day=["0", "0"], death_day=["512", "NA"])
    assert table["date_death"].tolist() == [pd.Timestamp("1971-05-28"), pd.NaT]
    assert (table["date_death"].iloc[0] - table["date_diagnosis"].iloc[0]).days == 512
    assert values(table["date_death_precision"]) == ["day", None]
    assert values(table["time_base"]) == ["offset", "offset"]
    assert findings.codes() == {"I_COLUMN_MAPPED"}


def test_parse_patients__a_study_may_hold_both_forms_but_a_patient_may_not() -> None:
    table, findings = patients(
        patient_id=["P1", "P2", "P3"],
        date_diagnosis=["2020-01-01", None, "2021-01-01"],
        date_diagnosis_day=[None, "0", None],
        date_last_contact_day=[None, "90", "120"],
    )
    assert values(table["time_base"]) == ["calendar", "offset", "offset"]
    [item] = [item for item in findings if item.code == "E_TIME_MIXED"]
    assert (item.row, item.patient_id) == (4, "P3")


def test_parse_table__offsets_in_months_are_days() -> None:
    parsed, _ = parse(ParseOptions(units={"date_death_day": "months"}), patient_id=["P1"], date_death_day=["12"])
    assert (parsed.table["date_death"].iloc[0] - pd.Timestamp("1970-01-01")).days == 365


def test_parse_treatments__offsets_are_marked() -> None:
    raw = raw_table(patient_id=["P1"], line_number=["1"], start_day=["40"], end_day=["-Inf"])
    findings = Findings()
    table = parse_treatments(raw, findings=findings)
    assert table["date_start"].tolist() == [pd.Timestamp("1970-02-10")]
    assert values(table["time_base"]) == ["offset"]
    assert [item.code for item in findings if item.severity != "I"] == ["W_TIME_INVALID"]


# ------------------------------------------------------------------ the other tables


def test_parse_treatments__ongoing_may_stand_in_place_of_an_end() -> None:
    raw = raw_table(
        patient_id=["P1", "P1", "P2"],
        line=["1", "2", "1"],
        regimen=["CAPTEM", "177Lu-DOTATATE", "everolimus"],
        regimen_class=["chemo_alkylating", "PRRT", "mTOR inhibitor"],
        start_date=["2020-01-01", "2021-01-01", "2020-05-05"],
        end_date=["2020-06-01", "ongoing", "Still on treatment"],
        best_response=["Partial Response", "SD", "NE"],
    )
    findings = Findings()
    table = parse_treatments(raw, findings=findings)
    assert values(table["line_number"]) == [1, 2, 1]
    assert values(table["regimen_class"]) == ["chemo_alkylating", "prrt", "mtor_inhibitor"]
    assert values(table["ongoing"]) == [None, True, True]
    assert values(table["date_end"]) == [pd.Timestamp("2020-06-01"), None, None]
    assert values(table["best_response"]) == ["PR", "SD", "NE"]
    assert not [item for item in findings if item.severity != "I"]


def test_parse_treatments__two_rows_of_one_line_that_differ_are_a_conflict() -> None:
    raw = raw_table(patient_id=["P1", "P1"], line_number=["1", "1"], date_start=["2020-01-01", "2020-02-01"])
    findings = Findings()
    parse_treatments(raw, findings=findings)
    [item] = findings
    assert (item.code, item.value, item.column) == ("E_DUP_CONFLICT", "P1 1", "date_start")


def test_parse_samples__purity_and_build() -> None:
    raw = raw_table(
        SAMPLE_ID=["S1", "S2"], PATIENT_ID=["P1", "P1"], TUMOR_PURITY=["60", "0.4"], NCBI_Build=["hg19", "GRCh38"],
        SOMATIC_STATUS=["Matched", "Unmatched"], SAMPLE_TYPE=["Primary", "Metastasis"],
    )  # fmt: skip
    findings = Findings()
    table = parse_samples(raw, findings=findings)
    assert values(table["tumour_purity"]) == [0.6, 0.4]
    assert values(table["genome_build"]) == ["GRCh37", "GRCh38"]
    assert values(table["matched_normal"]) == [True, False]
    assert values(table["sample_type"]) == ["primary", "metastasis"]
    assert [item.code for item in findings if item.severity == "W"] == ["W_UNIT"]


def test_parse_samples__one_sample_of_two_patients_is_rule_v26() -> None:
    findings = Findings()
    parse_samples(raw_table(sample_id=["S1", "S1"], patient_id=["P1", "P2"]), findings=findings)
    [item] = findings
    assert (item.code, item.rule, item.column) == ("E_DUP_CONFLICT", "V26", "patient_id")


def test_parse_assessments__responses_of_mcode() -> None:
    raw = raw_table(
        patient_id=["P1"] * 4,
        date=["2020-01-01"] * 4,
        overall_response=["improved", "Stable", "worsened", "undetermined"],
    )
    findings = Findings()
    table = parse_assessments(raw, findings=findings)
    assert values(table["overall_response"]) == ["PR", "SD", "PD", "NE"]
    assert len(table) == 4
    assert not len(findings)


def test_parse_imaging__a_missing_date_is_an_error_unless_it_is_optional() -> None:
    raw = raw_table(
        patient_id=["P1", "P2"], modality=["FDG PET", "dotatate"], result=["pos", "Negative"], date=[None, "2020"]
    )
    findings = Findings()
    table = parse_imaging(raw, findings=findings)
    assert values(table["modality"]) == ["FDG_PET", "SSTR_PET"]
    assert values(table["result"]) == ["positive", "negative"]
    assert places(findings) == [("E_VALUE", 2, "date")]
    findings = Findings()
    parse_imaging(raw, options=ParseOptions(optional=frozenset({"date"})), findings=findings)
    assert not len(findings)


def test_parse_biomarkers__results_of_msi_and_mmr_in_our_words() -> None:
    raw = raw_table(
        patient_id=["P1"] * 4,
        biomarker=["MSI", "mismatch repair", "tmb", "SSTR2"],
        result=["Instable", "dMMR", None, "Indeterminate"],
        value=[None, None, "9,8", None],
    )
    findings = Findings()
    table = parse_biomarkers(raw, findings=findings)
    assert values(table["biomarker"]) == ["MSI", "MMR_IHC", "TMB", "SSTR2_IHC"]
    assert values(table["result"]) == ["MSI-H", "deficient", None, "Indeterminate"]
    assert values(table["value"]) == [None, None, 9.8, None]
    assert not len(findings)


# ------------------------------------------------------------------ duplicates


def test_resolve_duplicates__gaps_are_filled_from_the_other_row() -> None:
    table, findings = patients(
        patient_id=["P1", "P2", "P1"], sex=["f", "m", None], date_death=[None, None, "2020-01-01"]
    )
    assert values(table["patient_id"]) == ["P1", "P2"]
    assert values(table["sex"]) == ["female", "male"]
    assert table["date_death"].tolist() == [pd.Timestamp("2020-01-01"), pd.NaT]
    assert values(table["row"]) == [2, 3]
    [item] = findings
    assert (item.code, item.row, item.rule) == ("W_DUP_IDENTICAL", 4, "V02")


def test_resolve_duplicates__extra_columns_count_too() -> None:
    _, findings = patients(patient_id=["P1", "P1"], sex=["f", "f"], notes=["a", "b"])
    [item] = findings
    assert (item.code, item.column) == ("E_DUP_CONFLICT", "notes")


def test_resolve_duplicates__rows_without_key_stay() -> None:
    frame = pd.DataFrame(
        {"patient_id": pd.array([None, None], dtype="string"), "sex": pd.array(["m", "f"], dtype="string")}
    )
    resolved = resolve_duplicates(frame, schema.PATIENTS, findings=Findings())
    assert len(resolved.table) == 2
    assert resolved.kept.tolist() == [0, 1]
    assert resolved.excluded.empty


def test_parse_table__says_where_every_row_went() -> None:
    parsed, _ = parse(
        ParseOptions(on_duplicate="exclude"),
        patient_id=["P1", "P2", "P2", "P3", "P3"],
        sex=["f", "f", "m", "m", "m"],
    )
    assert values(parsed.table["patient_id"]) == ["P1", "P3"]
    assert parsed.kept.tolist() == [0, 3]
    assert values(parsed.ids) == ["P1", "P2", "P2", "P3", "P3"]
    assert parsed.excluded.to_dict("records") == [{"patient_id": "P2", "reason": "duplicate_conflict"}]


def test_parse_table__row_order_of_the_input_changes_nothing_but_the_order() -> None:
    columns = {
        "patient_id": ["P1", "P2", "P3", "P2"],
        "sex": ["f", "m", None, "m"],
        "OS_STATUS": ["1:DECEASED", "0:LIVING", "lost", "0:LIVING"],
        "ki67": ["25,5", ">20", "20-25", ">20"],
    }
    table, _ = patients(**columns)
    order = [2, 3, 0, 1]
    shuffled, _ = patients(**{name: [column[i] for i in order] for name, column in columns.items()})
    drop = ["row"]
    expected = table.drop(columns=drop).sort_values("patient_id", ignore_index=True)
    found = shuffled.drop(columns=drop).sort_values("patient_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, expected)


def test_parse_table__large_tables_keep_every_row() -> None:
    n = 5_000
    rng = np.random.default_rng(1)
    ages = rng.integers(20, 90, n)
    table, findings = patients(
        patient_id=[f"P{i:05d}" for i in range(n)],
        age_at_diagnosis=[str(age) for age in ages],
        sex=["f", "m"] * (n // 2),
    )
    assert table["age_at_diagnosis"].tolist() == ages.astype(float).tolist()
    assert table["row"].tolist() == list(range(2, n + 2))
    assert not len(findings)
