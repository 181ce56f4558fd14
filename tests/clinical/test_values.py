"""Numbers, truth values, categories, lists and times from text: literal tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen import schema
from netgen.clinical.cells import NULLS, drop_nulls, fold, fold_name, is_null, read_cells, vocabulary
from netgen.clinical.kinds import parse_by_kind
from netgen.clinical.units import decide_unit, find_unit
from netgen.clinical.values import (
    number_text,
    parse_booleans,
    parse_categories,
    parse_fractions,
    parse_integers,
    parse_lists,
    parse_numbers,
    parse_text,
    parse_times,
)
from netgen.data import load_yaml
from netgen.errors import Findings
from tests.clinical.make_cells import cells, raw_table, values


def numbers(*texts: str | None, **options: object) -> tuple[list[object], Findings]:
    findings = Findings()
    comma = bool(options.pop("decimal_comma", False))
    return values(parse_numbers(cells(*texts, decimal_comma=comma), findings=findings, **options)), findings


# ------------------------------------------------------------------ null tokens


@pytest.mark.parametrize(
    "token",
    ["", "NA", "n/a", "NaN", "NULL", "None", ".", "-", "?", "[Not Available]", "[not applicable]", "[Pending]",
     "[Discrepancy]", "[Completed]", "[Null]", " NA "],
)  # fmt: skip
def test_is_null__the_tokens_of_the_specification(token: str) -> None:
    assert is_null(cells(token, "x").text).tolist() == [True, False]


def test_is_null__unknown_is_null_for_numbers_only() -> None:
    assert is_null(cells("unknown", None).text).tolist() == [False, True]
    assert is_null(cells("Unknown", "UNK", "7").text, unknown=True).tolist() == [True, True, False]


def test_drop_nulls__keeps_words_that_mean_something() -> None:
    assert values(drop_nulls(cells("none", "NA", "-", " x ").text, keep=frozenset({"none", "-"}))) == [
        "none", None, "-", "x",
    ]  # fmt: skip


def test_read_cells__coalesces_past_null_tokens() -> None:
    raw = raw_table(death=["[Not Applicable]", "12", None], contact=["365", "9", "NA"])
    column = read_cells(raw, ["death", "contact"])
    assert values(column.text) == ["365", "12", "NA"]
    assert column.name == "death/contact"


# ------------------------------------------------------------------ numbers


def test_parse_numbers__plain() -> None:
    found, findings = numbers("180.0", "-3", "+2.5", "1e3", ".5", "7.", None, "NA", "unknown", "\u22122")
    assert found == [180.0, -3.0, 2.5, 1000.0, 0.5, 7.0, None, None, None, -2.0]
    assert not len(findings)


def test_parse_numbers__decimal_comma() -> None:
    found, findings = numbers("25,5", "1.234,5", "0,125", "1,234.5", "1.234.567")
    assert found == [25.5, 1234.5, 0.125, 1234.5, 1234567.0]
    assert not len(findings)


def test_parse_numbers__a_comma_before_three_digits_is_not_guessed() -> None:
    found, findings = numbers("1,234", "12")
    assert found == [None, 12.0]
    [item] = findings
    assert (item.code, item.row, item.value) == ("E_VALUE", 2, "1,234")
    assert "two ways" in item.fix


@pytest.mark.parametrize(("others", "comma"), [(("2,5",), False), ((), True)])
def test_parse_numbers__another_value_or_the_file_settles_the_comma(others: tuple[str, ...], comma: bool) -> None:
    found, findings = numbers("1,234", *others, decimal_comma=comma)
    assert found[0] == 1.234
    assert not len(findings)


def test_parse_numbers__a_point_before_three_digits_is_doubtful_where_commas_are_decimal() -> None:
    found, findings = numbers("1.234", "2,5")
    assert found == [None, 2.5]
    assert [item.value for item in findings] == ["1.234"]


def test_parse_numbers__text_and_infinity_are_reported_with_their_line() -> None:
    found, findings = numbers("5", "about 5", "-Inf", ">3")
    assert found == [5.0, None, None, None]
    assert [(item.code, item.row, item.column) for item in findings] == [
        ("E_VALUE", 3, "column"), ("E_VALUE", 4, "column"), ("E_VALUE", 5, "column"),
    ]  # fmt: skip
    assert next(iter(findings)).message == "Need a number, found 'about 5'."


def test_parse_numbers__percent_signs_only_where_allowed() -> None:
    assert numbers("45 %", "45%", percent=True)[0] == [45.0, 45.0]
    found, findings = numbers("45%")
    assert found == [None]
    assert findings.codes() == {"E_VALUE"}


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_number_text__parsing_it_gives_the_number_back(value: float) -> None:
    found, _ = numbers(number_text(value), "0.5")
    assert found[0] == value


def test_number_text__whole_numbers_have_no_point() -> None:
    assert [number_text(value) for value in (12.0, 0.5, 1 / 3, -4)] == ["12", "0.5", "0.3333333333333333", "-4"]


def test_parse_integers__accepts_a_zero_fraction_only() -> None:
    findings = Findings()
    assert values(parse_integers(cells("2", "2.0", "2.5", "NA"), findings=findings)) == [2, 2, None, None]
    assert [(item.code, item.row) for item in findings] == [("E_VALUE", 4)]


# ------------------------------------------------------------------ truth values, categories, lists


def test_parse_booleans__words_of_the_column_come_first() -> None:
    findings = Findings()
    found = parse_booleans(cells("Matched", "unmatched", "yes", "0", "NA"), column="matched_normal", findings=findings)
    assert values(found) == [True, False, True, False, None]
    assert found.dtype == "boolean"
    assert not len(findings)


def test_parse_booleans__unknown_is_missing_and_other_words_are_reported() -> None:
    findings = Findings()
    assert values(parse_booleans(cells("unknown", "maybe"), column="necrosis", findings=findings)) == [None, None]
    assert [(item.code, item.row, item.value) for item in findings] == [("E_VALUE", 3, "maybe")]


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("sex", "FEMALE", "female"),
        ("sex", "M", "male"),
        ("sex", "Unknown", "unknown"),
        ("sex", "[Not Available]", None),
        ("origin", "Pancreas", "pancreatic"),
        ("origin", "Lung", "lung"),
        ("differentiation", "Poor Diff", "poor"),
        ("who_grade", "2", "G2"),
        ("who_grade", "unknown", None),
        ("carcinoid_type", "NA", "na"),
        ("carcinoid_type", "Typical carcinoid", "typical"),
        ("hereditary_syndrome", "none", "none"),
        ("hereditary_syndrome", "No", "none"),
        ("hereditary_syndrome", "MEN-1", "MEN1"),
        ("functional_status", "Non-functioning", "non_functional"),
        ("smoking", "Ex-smoker ", "former"),
        ("smoking", "Stopped Smoking", "former"),
        ("cause_of_death", "DOC", "other"),
    ],
)
def test_parse_categories__patient_words(column: str, text: str, expected: str | None) -> None:
    findings = Findings()
    found = parse_categories(cells(text), column=schema.PATIENTS.column(column), findings=findings)
    assert values(found) == [expected]
    assert not len(findings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Complete Response", "CR"),
        ("Complete Response (CR)", "CR"),
        ("CR", "CR"),
        ("Partial Response (PR)", "PR"),
        ("Stable Disease (SD)", "SD"),
        ("SD", "SD"),
        ("Progressive Disease", "PD"),
        ("Progression of Disease (POD)", "PD"),
        ("POD", "PD"),
        ("NE", "NE"),
        ("ND", "ND"),
        ("Non-CR/Non-PD", "NON_CR_NON_PD"),
        ("NA", None),
    ],
)
def test_parse_categories__responses(text: str, expected: str | None) -> None:
    for name, table in (("best_response", schema.TREATMENTS), ("overall_response", schema.ASSESSMENTS)):
        found = parse_categories(cells(text), column=table.column(name), findings=Findings())
        assert values(found) == [expected]


def test_parse_categories__an_unknown_word_stays_for_the_check_or_is_missing_with_a_warning() -> None:
    column = schema.PATIENTS.column("sex")
    findings = Findings()
    assert values(parse_categories(cells("Femle"), column=column, findings=findings)) == ["Femle"]
    assert not len(findings)
    found = parse_categories(cells("Femle", "x", "Femle"), column=column, findings=findings, code="W_VALUE")
    assert values(found) == [None, None, None]
    assert [(item.code, item.row, item.value) for item in findings] == [
        ("W_VALUE", 2, "Femle"), ("W_VALUE", 3, "x"),
    ]  # fmt: skip
    assert "in 2 rows" in next(iter(findings)).message


def test_value_map__every_value_is_one_of_the_schema() -> None:
    declared: dict[str, set[str]] = {}
    for table in schema.TABLES.values():
        for column in table.columns:
            if column.values:
                declared.setdefault(column.name, set()).update(column.values)
    for name, groups in load_yaml("value_map.yaml").items():
        if name in declared and name != "vital_status":
            assert set(groups) <= declared[name], name


def test_value_map__no_word_means_two_things() -> None:
    for name, groups in load_yaml("value_map.yaml").items():
        if name == "still_ongoing":  # a list of words, not a vocabulary
            continue
        homes: dict[str, set[str]] = {}
        for value, words in groups.items():
            for word in [value, *words]:
                homes.setdefault(fold(word), set()).add(value)
        assert {word: where for word, where in homes.items() if len(where) > 1} == {}, name
        assert vocabulary(name).keys() == homes.keys()


def test_parse_lists__mixed_separators_and_synonyms() -> None:
    found = parse_lists(cells("Liver; bones,LN", "liver;hepatic", "NA", "skin"), column="metastatic_sites")
    assert values(found) == ["liver;bone;lymph_node", "liver", None, "skin"]


def test_parse_text__names_of_biomarkers_become_ours() -> None:
    assert values(parse_text(cells("TMB (nonsynonymous)", "cga", "Ki-67 clone", "."), column="biomarker")) == [
        "TMB", "CGA", "Ki-67 clone", None,
    ]  # fmt: skip
    assert values(parse_text(cells("cga"), column="institution")) == ["cga"]


def test_parse_fractions__percentages_are_divided_once() -> None:
    findings = Findings()
    found = parse_fractions(cells("0.4", "45%", "60", "1", "150", "NA"), findings=findings)
    assert values(found) == [0.4, 0.45, 0.6, 1.0, 150.0, None]
    assert [(item.code, item.row, item.value) for item in findings] == [("W_UNIT", 4, "60")]


def test_parse_fractions__a_declared_unit_needs_no_warning() -> None:
    findings = Findings()
    assert values(parse_fractions(cells("0.5", "60"), findings=findings, unit="percent")) == [0.005, 0.6]
    assert not len(findings)


# ------------------------------------------------------------------ times


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("OS_MONTHS", "months"),
        ("Overall Survival (Months)", "months"),
        ("tt_os_dx_mos", "months"),
        ("FOLLOWUP_YEARS", "years"),
        ("days_to_last_followup", "days"),
        ("DaysToDeath", "days"),
        ("time_weeks", "weeks"),
        ("time", None),
        ("OS.time", None),
        ("days_or_months", None),
        ("mode", None),
    ],
)
def test_find_unit__from_the_name(name: str, unit: str | None) -> None:
    assert find_unit(name) == unit


def test_decide_unit__unlabelled_times_are_an_error() -> None:
    findings = Findings()
    assert decide_unit(cells("1", name="time"), unit=None, findings=findings) is None
    [item] = findings
    assert (item.code, item.column) == ("E_TIME_UNIT", "time")
    assert decide_unit(cells("1", name="time"), unit="Months", findings=findings) == "months"
    assert decide_unit(cells("1", name="time"), unit="parsecs", findings=findings) is None
    assert "parsecs" in list(findings)[1].message


@pytest.mark.parametrize(
    ("unit", "text", "days"),
    [
        ("months", "12", 365.0),  # 365.25
        ("months", "8", 244.0),  # 243.5, the even one
        ("months", "24", 730.0),  # 730.5, the even one
        ("months", "73.8", 2246.0),  # 2246.2875
        ("years", "2", 730.0),  # 730.5
        ("years", "8", 2922.0),
        ("weeks", "3", 21.0),
        ("days", "180.0", 180.0),
        ("days", "0", 0.0),
    ],
)
def test_parse_times__days_by_hand(unit: str, text: str, days: float) -> None:
    assert values(parse_times(cells(text), unit=unit, findings=Findings())) == [days]


@given(st.integers(min_value=0, max_value=20_000))
def test_parse_times__months_with_two_decimals_give_whole_days_back(days: int) -> None:
    text = f"{days / 30.4375:.2f}"
    assert values(parse_times(cells(text), unit="months", findings=Findings())) == [float(days)]


def test_parse_times__invalid_times_are_missing_and_counted() -> None:
    findings = Findings()
    found = parse_times(cells("-Inf", "5", "-3", "soon", "[Not Available]", None), unit="days", findings=findings)
    assert values(found) == [None, 5.0, None, None, None, None]
    [item] = findings
    assert (item.code, item.row, item.value) == ("W_TIME_INVALID", 2, "-Inf")
    assert "in 3 rows" in item.message


def test_parse_by_kind__ages_in_days_if_the_user_says_so() -> None:
    column = schema.PATIENTS.column("age_at_diagnosis")
    found = parse_by_kind(
        cells("18262.5", "NA"), column=column, findings=Findings(), code="E_VALUE", units={"age_at_diagnosis": "days"}
    )
    assert found.iloc[0] == 50.0
    assert math.isnan(found.iloc[1])


def test_parse_by_kind__types_are_those_of_the_schema() -> None:
    for table in (schema.PATIENTS, schema.SAMPLES, schema.TREATMENTS, schema.BIOMARKERS):
        for column in table.columns:
            if column.kind != "date":
                found = parse_by_kind(cells("NA", None), column=column, findings=Findings(), code="E_VALUE", units={})
                assert found.isna().all() or column.name == "carcinoid_type", column.name
                assert found.dtype == schema.DTYPES[column.kind], column.name


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("PATIENT_ID", "patient_id"),
        ("patientId", "patient_id"),
        ("Patient ID ", "patient_id"),
        ("Patient's Vital Status", "patients_vital_status"),
        ("Ki-67 (%)", "ki_67"),
        ("OS.time", "os_time"),
    ],
)
def test_fold_name__case_and_punctuation_do_not_count(name: str, folded: str) -> None:
    assert fold_name(name) == folded


def test_nulls__are_lower_case() -> None:
    assert all(token == token.casefold() for token in NULLS)
    assert np.all(is_null(cells(*sorted(NULLS)).text))
