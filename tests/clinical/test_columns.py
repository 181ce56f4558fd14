"""Which source column becomes which of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netgen import schema
from netgen.clinical.cells import fold_name
from netgen.clinical.columns import map_columns
from netgen.data import load_yaml
from netgen.errors import Findings
from tests.clinical.make_cells import raw_table

if TYPE_CHECKING:
    from netgen.clinical.files import RawTable


def mapped(
    raw: RawTable, table: schema.Table = schema.PATIENTS, **options: object
) -> tuple[dict[str, tuple[str, ...]], dict[str, str], Findings]:
    findings = Findings()
    columns = map_columns(raw, table, findings=findings, **options)
    return dict(columns.sources), dict(columns.extra), findings


def codes(findings: Findings) -> list[str]:
    return [item.code for item in findings]


def test_map_columns__our_names_need_no_word() -> None:
    sources, extra, findings = mapped(raw_table(patient_id=["P1"], sex=["f"]))
    assert sources == {"patient_id": ("patient_id",), "sex": ("sex",)}
    assert extra == {}
    assert not len(findings)


def test_map_columns__case_and_punctuation_are_logged() -> None:
    sources, _, findings = mapped(raw_table(**{"PATIENT_ID": ["P1"], "Date of Death": [None], "patientSex": ["f"]}))
    assert sources == {"patient_id": ("PATIENT_ID",), "date_death": ("Date of Death",)}
    assert codes(findings) == ["I_COLUMN_MAPPED", "I_COLUMN_MAPPED"]
    assert findings.items[0].message == "PATIENT_ID is read as patient_id."


@pytest.mark.parametrize(
    ("table", "source", "target"),
    [
        ("patients", "GENDER", "sex"),
        ("patients", "AGE", "age_at_diagnosis"),
        ("patients", "Diagnosis Age", "age_at_diagnosis"),
        ("patients", "OS_STATUS", "vital_status"),
        ("patients", "TUMOR_SITE", "origin"),
        ("patients", "days_to_death", "date_death_day"),
        ("patients", "days_to_last_followup", "date_last_contact_day"),
        ("patients", "diagnosis_day", "date_diagnosis_day"),
        ("patients", "record_id", "patient_id"),
        ("patients", "patientId", "patient_id"),
        ("patients", "Ki-67 (%)", "ki67_pct"),
        ("samples", "Tumor_Sample_Barcode", "sample_id"),
        ("samples", "TUMOR_PURITY", "tumour_purity"),
        ("samples", "GENE_PANEL", "panel_id"),
        ("samples", "dx_cpt_rep_days", "date_sequencing_report_day"),
        ("treatments", "start_day", "date_start_day"),
        ("treatments", "Best Overall Response (BOR)", "best_response"),
        ("assessments", "day", "date_day"),
        ("imaging", "SUVmax", "suv_max"),
        ("biomarkers", "TEST", "biomarker"),
    ],
)
def test_map_columns__bundled_synonyms(table: str, source: str, target: str) -> None:
    sources, _, findings = mapped(raw_table(**{source: ["1"]}), schema.TABLES[table])
    assert sources == {target: (source,)}
    assert codes(findings) == ["I_COLUMN_MAPPED"]


def test_map_columns__the_user_wins_and_our_name_moves_aside() -> None:
    raw = raw_table(patient_id=["A"], barcode=["TCGA-A"], SEX=["f"])
    sources, extra, findings = mapped(raw, mapping={"patient_id": "barcode"})
    assert sources == {"patient_id": ("barcode",), "sex": ("SEX",)}
    assert extra == {"patient_id": "patient_id_original"}
    assert codes(findings) == ["I_COLUMN_MAPPED", "I_COLUMN_MAPPED"]


def test_map_columns__our_name_wins_over_a_synonym() -> None:
    sources, extra, _ = mapped(raw_table(VITAL_STATUS=["AWD"], OS_STATUS=["LIVING"]))
    assert sources == {"vital_status": ("VITAL_STATUS",)}
    assert extra == {"OS_STATUS": "OS_STATUS"}


def test_map_columns__two_synonyms_that_differ_are_a_clash() -> None:
    _, _, findings = mapped(raw_table(gender=["f"], geschlecht=["m"]))
    clash = [item for item in findings if item.code == "E_COLUMN_CLASH"]
    assert [item.column for item in clash] == ["geschlecht"]
    assert "gender, geschlecht" in clash[0].message
    assert "sex = 'gender'" in clash[0].fix


def test_map_columns__two_synonyms_with_the_same_content_are_none() -> None:
    sources, extra, findings = mapped(raw_table(gender=["f"], geschlecht=["f"]))
    assert sources == {"sex": ("gender",)}
    assert extra == {"geschlecht": "geschlecht"}
    assert codes(findings) == ["I_COLUMN_MAPPED"]


def test_map_columns__a_repeated_header_is_a_clash_where_it_is_used() -> None:
    from dataclasses import replace

    raw = replace(
        raw_table(sex=["f"], sex_2=["m"], IMPACT=["a"], IMPACT_2=["b"]), repeated=frozenset({"sex", "IMPACT"})
    )
    _, extra, findings = mapped(raw)
    assert codes(findings) == ["E_COLUMN_CLASH"]
    assert {"IMPACT", "IMPACT_2"} <= extra.keys()
    _, _, findings = mapped(raw, mapping={"sex": "sex"})
    assert "E_COLUMN_CLASH" in codes(findings)


def test_map_columns__a_list_is_coalesced() -> None:
    raw = raw_table(days_to_death=["1"], days_to_last_followup=["2"])
    sources, _, _ = mapped(raw, mapping={"date_last_contact_day": ["days_to_death", "days_to_last_followup"]})
    assert sources["date_last_contact_day"] == ("days_to_death", "days_to_last_followup")


def test_map_columns__a_named_column_that_does_not_exist_is_an_error_with_the_nearest() -> None:
    sources, _, findings = mapped(raw_table(patient_id=["P1"], Geschlcht=["m"]), mapping={"sex": "Geschlecht"})
    assert "sex" not in sources
    [item] = findings
    assert (item.code, item.column) == ("E_COLUMN_MISSING", "Geschlecht")
    assert item.fix == "Nearest: Geschlcht."


def test_map_columns__a_named_column_is_found_whatever_its_case() -> None:
    sources, _, _ = mapped(raw_table(**{"Pat ID ": ["P1"]}), mapping={"patient_id": "pat_id"})
    assert sources == {"patient_id": ("Pat ID ",)}


def test_map_columns__other_names_rename_extra_columns() -> None:
    raw = raw_table(patient_id=["P1"], follow_up=["5"], grp=["a"])
    _, extra, findings = mapped(raw, mapping={"time": "follow_up"})
    assert extra == {"follow_up": "time", "grp": "grp"}
    assert not len(findings)


def test_map_columns__a_misspelt_target_is_not_an_extra_column() -> None:
    _, _, findings = mapped(raw_table(patient_id=["P1"], dod=["2020"]), mapping={"date_deth": "dod"})
    [item] = findings
    assert item.code == "E_CONFIG"
    assert "'date_death'" in item.fix


def test_map_columns__extra_columns_never_take_a_name_of_ours() -> None:
    raw = raw_table(patient_id=["P1"], file=["x"], row=["1"], date_death_precision=["day"])
    _, extra, _ = mapped(raw)
    assert extra == {
        "file": "file_original", "row": "row_original", "date_death_precision": "date_death_precision_original",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["Patient Name", "surname", "Last Name", "DOB", "birth_date", "Geburtsdatum", "MRN", "Medical Record Number",
     "email", "Post code", "initials"],
)  # fmt: skip
def test_map_columns__identities_are_flagged_without_their_content(name: str) -> None:
    _, _, findings = mapped(raw_table(**{"patient_id": ["P1"], name: ["Maria Rossi"]}))
    phi = [item for item in findings if item.code == "W_PHI"]
    assert [item.column for item in phi] == [name]
    assert "Rossi" not in str(phi[0]) + phi[0].value


@pytest.mark.parametrize("name", ["Sample Display Name", "gene_name", "birth_year", "days_to_birth", "panel", "notes"])
def test_map_columns__ordinary_columns_are_no_identities(name: str) -> None:
    _, _, findings = mapped(raw_table(**{"patient_id": ["P1"], name: ["5"]}))
    assert "W_PHI" not in codes(findings)


def test_map_columns__an_empty_identity_column_is_not_flagged() -> None:
    _, _, findings = mapped(raw_table(patient_id=["P1"], surname=[None]))
    assert not len(findings)


def test_column_map__targets_are_declared_and_no_name_means_two() -> None:
    for name, targets in load_yaml("column_map.yaml").items():
        table = schema.TABLES[name]
        dates = {f"{column.name}_day" for column in table.columns if column.kind == "date"}
        assert set(targets) <= set(table.names) | dates, name
        homes: dict[str, str] = {}
        for target, words in targets.items():
            for word in words:
                folded = fold_name(word)
                assert homes.setdefault(folded, target) == target, (name, word)
                assert folded not in set(table.names) | dates or folded == target, (name, word)
