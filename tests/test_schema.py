"""Tables get their declared columns and types; every cell outside its declaration is reported, none is changed."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen import schema
from netgen.errors import Findings


def test_tables__declare_their_key_and_each_column_once():
    for table in schema.TABLES.values():
        assert set(table.key) <= set(table.names)
        assert len(set(table.names)) == len(table.names)
        for column in table.columns:
            assert column.meaning
            assert column.kind in schema.DTYPES
            assert not column.values or column.kind in {"str", "list"}
            assert all(table.column(name).required for name in table.key if table.name != "panel_genes")


def test_column__is_found_by_name():
    assert schema.PATIENTS.column("ki67_pct").high == 100
    with pytest.raises(KeyError, match="ki67"):
        schema.PATIENTS.column("ki67")


def test_origin_groups__cover_the_same_origins():
    assert set(schema.ORIGIN_GROUP3) == set(schema.ORIGIN_GROUP2)
    assert set(schema.ORIGIN_GROUP3.values()) == {"thymic", "lung", "duodenopancreatic"}
    assert set(schema.ORIGIN_GROUP2.values()) == {"thoracic", "duodenopancreatic"}
    origins = set(schema.PATIENTS.column("origin").values)
    assert origins - set(schema.ORIGIN_GROUP3) == {"other", "unknown"}


@pytest.mark.parametrize("name", list(schema.TABLES))
def test_empty__has_every_column_in_its_type_and_a_precision_beside_each_date(name):
    table = schema.TABLES[name]
    frame = schema.empty(table)
    assert len(frame) == 0
    for column in table.columns:
        assert frame[column.name].dtype == schema.DTYPES[column.kind]
        if column.kind == "date":
            place = list(frame.columns).index(column.name)
            assert frame.columns[place + 1] == f"{column.name}_precision"
            assert frame[f"{column.name}_precision"].dtype == "string"


def test_conform__adds_orders_and_casts_and_keeps_extra_columns_behind():
    given = pd.DataFrame({"note": ["a"], "value": [1], "gene": ["TP53"], "sample_id": ["S1"]}, index=[7])
    frame = schema.conform(given, schema.COPY_NUMBER)
    assert list(frame.columns) == [*schema.COPY_NUMBER.names, "note"]
    assert list(frame.columns)[:3] == ["sample_id", "gene", "value"]
    assert list(frame.index) == [0]
    assert (frame["value"].dtype, frame["gene"].dtype) == ("float64", "string")
    assert list(given.columns) == ["note", "value", "gene", "sample_id"]
    again = schema.conform(frame, schema.COPY_NUMBER)
    pd.testing.assert_frame_equal(again, frame)


def test_conform__missing_values_are_those_of_the_type():
    frame = schema.conform(pd.DataFrame({"patient_id": ["P1"]}), schema.PATIENTS)
    assert frame["sex"].isna().all()
    assert frame["ecog_ps"].dtype == "Int64"
    assert frame["necrosis"].dtype == "boolean"
    assert frame["date_death"].iloc[0] is pd.NaT
    assert frame["ki67_pct"].dtype == "float64"


def test_conform__does_not_parse():
    with pytest.raises(ValueError, match="abc"):
        schema.conform(pd.DataFrame({"value": ["abc"]}), schema.COPY_NUMBER)


def check(table, rows=None, **columns):
    findings = Findings()
    frame = schema.conform(pd.DataFrame(columns), table)
    before = frame.copy()
    schema.check_values(frame, table, findings, file="x.csv", rows=rows)
    pd.testing.assert_frame_equal(frame, before)
    return list(findings)


def test_check_values__accepts_the_ends_of_a_range_and_missing_cells():
    assert check(schema.PATIENTS, patient_id=["P1", "P2", "P3"], ki67_pct=[0.0, 100.0, None]) == []


@pytest.mark.parametrize(
    ("column", "value", "code", "message"),
    [
        ("ki67_pct", 100.5, "E_RANGE", "ki67_pct must be between 0 and 100, found 100.5."),
        ("ki67_pct", -1.0, "E_RANGE", "ki67_pct must be between 0 and 100, found -1.0."),
        ("ecog_ps", 5, "E_RANGE", "ecog_ps must be between 0 and 4, found 5."),
        ("mitotic_count_2mm2", -1.0, "E_RANGE", "mitotic_count_2mm2 must be at least 0, found -1.0."),
        (
            "differentiation",
            "good",
            "E_VALUE",
            "differentiation must be one of well, poor, mixed, unknown, found good.",
        ),
    ],
)
def test_check_values__says_what_a_column_may_hold(column, value, code, message):
    (found,) = check(schema.PATIENTS, patient_id=["P1", "P2"], **{column: [None, value]})
    assert (found.code, found.message, found.file, found.row, found.column) == (code, message, "x.csv", 2, column)
    assert found.value == str(value)
    assert found.rule == ("V16" if code == "E_RANGE" else "")


def test_check_values__names_the_line_of_the_file_where_it_is_known():
    lines = pd.Series([5, 9, pd.NA], dtype="Int64")
    found = check(schema.PATIENTS, rows=lines, patient_id=["P1", "P2", "P3"], ki67_pct=[999.0, 999.0, 999.0])
    assert [item.row for item in found] == [5, 9, 3]


def test_check_values__a_required_cell_must_be_filled():
    found = check(schema.TREATMENTS, patient_id=["P1", None], line_number=[None, 0], date_start=["2020-01-01"] * 2)
    assert [(item.code, item.message, item.row, item.value) for item in found] == [
        ("E_VALUE", "patient_id is required, found nothing.", 2, ""),
        ("E_VALUE", "line_number must be at least 1, found nothing.", 1, ""),
        ("E_RANGE", "line_number must be at least 1, found 0.", 2, "0"),
    ]
