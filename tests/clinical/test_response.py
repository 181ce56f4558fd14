"""Best overall response: windows, sources, confirmation against a loop, tumour sizes (DOMAIN 2.7)."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.response import BEST_RESPONSE_COLUMNS, best_responses
from netgen.clinical.response_column import read_response_column
from netgen.clinical.response_rules import best_response, confirmed_response
from netgen.clinical.tumour_size import SIZE_COLUMNS, best_changes
from netgen.errors import AnalysisError, Findings
from tests.clinical.literal import line, make_table, make_tables, patient, scan

START = 1000
ILL = {"date_diagnosis": 0, "date_advanced": 500, "date_last_contact": 3000, "time_base": "offset"}


def _tables(*scans: dict, lines: list | None = None, patients: list | None = None) -> dict:
    """One patient, line 1 from day 1000 on unless lines are given."""
    return make_tables(
        patients=patients or [patient(**ILL)], treatments=lines or [line(1, start=START)], assessments=list(scans)
    )


def _bor(*scans: dict, lines: list | None = None, patients: list | None = None, **choices: object) -> pd.Series:
    tables = _tables(*scans, lines=lines, patients=patients)
    return best_responses(tables, lines=[1], findings=choices.pop("findings", Findings()), **choices).iloc[0]


def _naive_confirmed(days: list, words: list) -> str:
    """Return the rule of DOMAIN 2.7 by trying all pairs."""
    pairs = [(i, j) for i in range(len(days)) for j in range(i + 1, len(days)) if days[j] - days[i] >= 28]

    def holds(i: int, j: int, kind: str) -> bool:
        middle, ends = words[i + 1 : j], ("CR",) if kind == "CR" else ("CR", "PR")
        allowed = {"CR", "NE"} if kind == "CR" else {"CR", "PR", "NE"}
        window = words[i : j + 1]
        turned = any(window[a] == "CR" and "PR" in window[a:] for a in range(len(window)))
        return (
            words[i] == kind and words[j] in ends and set(middle) <= allowed and middle.count("NE") <= 1 and not turned
        )

    for kind in ("CR", "PR"):
        if any(holds(i, j, kind) for i, j in pairs):
            return kind
    if any(word in ("CR", "PR", "SD") and day >= 42 for day, word in zip(days, words, strict=True)):
        return "SD"
    if any(word == "NON_CR_NON_PD" and day >= 42 for day, word in zip(days, words, strict=True)):
        return "NON_CR_NON_PD"
    return "PD" if "PD" in words else "NE"


def test_confirmed_response__agrees_with_all_pairs_in_random_sequences() -> None:
    rng = random.Random(20260101)
    seen = set()
    for _ in range(3000):
        n = rng.randint(0, 6)
        days = sorted(rng.sample(range(1, 200), n))
        words = [rng.choice(["CR", "PR", "PR", "SD", "NON_CR_NON_PD", "NE"]) for _ in days]
        if words and rng.random() < 0.4:
            words[-1] = "PD"
        found = confirmed_response(days, words)[0]
        assert found == _naive_confirmed(days, words), (days, words)
        seen.add(found)
    assert seen == {"CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE"}


@pytest.mark.parametrize(
    ("days", "words", "plain", "strict"),
    [
        ([40, 67], ["PR", "PR"], "PR", "SD"),  # 27 days apart; the second is stable disease on day 67
        ([10, 37], ["PR", "PR"], "PR", "NE"),
        ([10, 38], ["PR", "PR"], "PR", "PR"),
        ([50, 60, 70, 90], ["PR", "NE", "NE", "PR"], "PR", "SD"),
        ([50, 90], ["PR", "CR"], "CR", "PR"),
        ([50, 80, 120], ["CR", "NE", "CR"], "CR", "CR"),
        ([50, 60, 90], ["CR", "PR", "CR"], "CR", "PR"),  # the partial response is confirmed
        ([50, 60, 80], ["CR", "PR", "CR"], "CR", "SD"),
        ([41], ["SD"], "NE", "NE"),
        ([42], ["SD"], "SD", "SD"),
        ([30, 50], ["SD", "NON_CR_NON_PD"], "NON_CR_NON_PD", "NON_CR_NON_PD"),
        ([20], ["NE"], "NE", "NE"),
    ],
)
def test_best_response__by_hand(days: list, words: list, plain: str, strict: str) -> None:
    assert best_response(days, words) == plain
    assert confirmed_response(days, words)[0] == strict


def test_confirmed_response__accepts_stable_disease_in_between_only_when_asked() -> None:
    days, words = [50, 80, 110], ["PR", "SD", "PR"]
    assert confirmed_response(days, words) == ("SD", None)
    assert confirmed_response(days, words, accept_sd=True) == ("PR", 50)


def test_confirmed_response__begins_with_the_first_response_that_was_confirmed() -> None:
    assert confirmed_response([50, 100, 140], ["PR", "CR", "CR"]) == ("CR", 50)
    assert confirmed_response([50, 60, 100, 140], ["PR", "SD", "CR", "CR"]) == ("CR", 100)


def test_best_responses__counts_the_progression_itself_and_nothing_after_it() -> None:
    found = _bor(scan(START + 50, "PD"), scan(START + 90, "PR"))
    assert (found["bor"], found["n_assessments"], found["window_end_reason"]) == ("PD", 1, "progression")


def test_best_responses__counts_nothing_after_a_recorded_progression() -> None:
    treated = [line(1, start=START, date_progression=START + 60, progression_type="radiological")]
    assert _bor(scan(START + 30, "SD"), scan(START + 90, "PR"), lines=treated)["bor"] == "NE"
    assert _bor(scan(START + 50, "PR"), scan(START + 200, "CR"), lines=treated)["bor"] == "PR"


def test_best_responses__ends_with_the_cutoff_of_the_patient_and_of_the_study() -> None:
    late = scan(START + 100, "PR")
    ill = [patient(**ILL, date_data_cutoff=START + 99)]
    assert _bor(late, patients=ill)[["bor", "window_end_reason"]].tolist() == ["NE", "cutoff"]
    dated = make_tables(patients=[patient()], treatments=[line()], assessments=[scan("2020-06-01", "PR")])
    by_day = [
        best_responses(dated, cutoff=day, findings=Findings())["bor"].tolist()
        for day in (date(2020, 5, 31), date(2020, 6, 1), date(2020, 2, 1))
    ]
    assert by_day == [["NE"], ["PR"], []]  # a line that began after the cut-off has not begun


def test_best_responses__dates_a_progression_just_after_the_next_start_at_that_start() -> None:
    lines = [line(1, start=START), line(2, start=START + 50)]
    assert _bor(scan(START + 60, "PD", line_number=1), lines=lines)["bor"] == "PD"
    assert _bor(scan(START + 90, "PD", line_number=1), lines=lines)["bor"] == "NE"


def test_best_responses__takes_the_worse_of_two_on_a_day() -> None:
    findings = Findings()
    assert _bor(scan(START + 60, "PR"), scan(START + 60, "SD"), findings=findings)["bor"] == "SD"
    assert findings.codes() == {"W_ASSESS_DUP"}


def test_best_responses__takes_the_recorded_response_where_there_is_no_assessment() -> None:
    found = _bor(lines=[line(1, start=START, best_response="PR")])
    assert found[["bor", "bor_confirmed", "source", "flags"]].tolist() == [
        "PR", "PR", "recorded", "confirmation_unknown",
    ]  # fmt: skip
    assert pd.isna(found["first_response_date"])


@pytest.mark.parametrize("word", ["ND", None])
def test_best_responses__without_assessment_or_recorded_response_nobody_responded(word: str | None) -> None:
    found = _bor(scan(START + 60, "ND"), lines=[line(1, start=START, best_response=word)])
    assert found[["bor", "source", "flags"]].tolist() == ["NE", "none", "no_assessment"]


def test_best_responses__the_assessments_win_over_another_recorded_response() -> None:
    findings = Findings()
    found = _bor(scan(START + 60, "SD"), lines=[line(1, start=START, best_response="PR")], findings=findings)
    assert found[["bor", "source", "flags"]].tolist() == ["SD", "assessments", "bor_conflict"]
    assert findings.codes() == {"W_BOR_CONFLICT"}
    assert "P1 line 1" in next(iter(findings)).message


def test_best_responses__baseline_and_other_lines_do_not_count() -> None:
    lines = [line(1, start=START), line(2, start=START + 100)]
    scans = [scan(START, "CR", is_baseline=True), scan(START + 150, "PR"), scan(START - 50, "CR")]
    tables = _tables(*scans, lines=lines)
    assert best_responses(tables, findings=Findings())["bor"].tolist() == ["NE", "PR"]


def test_best_responses__declares_its_columns_and_ignores_the_order_of_rows() -> None:
    ill = [patient(name, **ILL) for name in ("B", "A", "C")]
    lines = [line(k, name, START + 300 * k) for name in ("A", "B", "C") for k in (1, 2)]
    scans = [scan(START + 300 * k + 60, word, name) for k, name, word in [(1, "A", "PR"), (2, "C", "CR")]]
    rows = {"patients": ill, "treatments": lines, "assessments": scans}
    forth = best_responses(make_tables(**rows), findings=Findings())
    back = best_responses(make_tables(**{name: part[::-1] for name, part in rows.items()}), findings=Findings())
    pd.testing.assert_frame_equal(forth, back)
    assert list(forth.columns) == list(BEST_RESPONSE_COLUMNS)
    assert forth[["line_number", "patient_id", "bor"]].to_numpy().tolist() == [
        [1, "A", "PR"], [1, "B", "NE"], [1, "C", "NE"], [2, "A", "NE"], [2, "B", "NE"], [2, "C", "CR"],
    ]  # fmt: skip


def test_best_responses__of_a_study_without_lines_is_empty() -> None:
    found = best_responses(make_tables(patients=[patient()]), findings=Findings())
    assert found.shape == (0, len(BEST_RESPONSE_COLUMNS))


def test_derive_dor__starts_from_the_response_in_use() -> None:
    """SC17 g: 50 CR, 85 CR, 120 PD lasts 70 days; with a response that is confirmed only later, fewer."""
    spec = EndpointSpec(name="dor", origin="line:1", entry_rule="none")
    scans = [scan(START + 50, "CR"), scan(START + 85, "CR"), scan(START + 120, "PD")]
    later = [scan(START + 50, "PR"), scan(START + 70, "SD"), scan(START + 80, "PR"), scan(START + 110, "PR")]
    lasts = []
    for rows, confirmed in ((scans, False), (scans, True), ([*later, scans[2]], False), ([*later, scans[2]], True)):
        tables = _tables(*rows)
        responses = best_responses(tables, confirmed=confirmed, findings=Findings())
        lasts += derive_endpoint(tables, spec, responses=responses, findings=Findings()).table["time_days"].tolist()
    assert lasts == [70, 70, 70, 40]


def _changes(*scans: dict, lines: list | None = None) -> pd.DataFrame:
    tables = _tables(*scans, lines=lines)
    return best_changes(tables, best_responses(tables, findings=Findings()))


def test_best_changes__is_the_largest_shrinkage_from_the_last_size_before_the_line() -> None:
    found = _changes(
        scan(START - 90, "ND", sum_diameters_mm=200),
        scan(START - 10, "ND", sum_diameters_mm=100, is_baseline=True),
        scan(START + 60, "PR", sum_diameters_mm=60),
        scan(START + 120, "SD", sum_diameters_mm=80),
        scan(START + 180, "PD", sum_diameters_mm=130, new_lesion=True),
        scan(START + 240, "PR", sum_diameters_mm=10),
    )
    row = found.iloc[0]
    assert list(found.columns) == list(SIZE_COLUMNS)
    assert row[["baseline_mm", "baseline_day", "best_mm", "best_day", "best_change_pct"]].tolist() == [
        100, -10, 60, 60, -40,
    ]  # fmt: skip
    assert bool(row["new_lesion"])
    assert row["status"] == "measured"


def test_best_changes__is_the_smallest_growth_where_nothing_shrinks() -> None:
    found = _changes(
        scan(START, "ND", sum_diameters_mm=50, is_baseline=True), scan(START + 40, "PD", sum_diameters_mm=75)
    )
    assert found.loc[0, "best_change_pct"] == 50


def test_best_changes__a_later_line_starts_from_the_last_size_of_the_line_before() -> None:
    lines = [line(1, start=START), line(2, start=START + 100)]
    found = _changes(
        scan(START - 5, "ND", sum_diameters_mm=100), scan(START + 95, "PD", sum_diameters_mm=150),
        scan(START + 160, "PR", sum_diameters_mm=75), lines=lines,
    )  # fmt: skip
    assert found["best_change_pct"].tolist() == [50, -50]
    assert found["baseline_day"].tolist() == [-5, -5]


@pytest.mark.parametrize(
    ("scans", "status"),
    [
        ([scan(START + 40, "PR", sum_diameters_mm=10)], "no_baseline"),
        ([scan(START - 4, "ND", sum_diameters_mm=10), scan(START + 40, "PR")], "not_measured"),
        ([scan(START - 4, "ND", sum_diameters_mm=0), scan(START + 40, "PD", sum_diameters_mm=9)], "baseline_zero"),
        ([], "no_baseline"),
    ],
)
def test_best_changes__says_why_there_is_no_percentage(scans: list, status: str) -> None:
    found = _changes(*scans)
    assert found["status"].tolist() == [status]
    assert found["best_change_pct"].isna().all()


def test_read_response_column__understands_words_and_counts_who_has_none() -> None:
    words = [
        "Complete Response",
        "Partial response",
        "PD",
        "Progressive Disease",
        "",
        "nonsense",
        "Not evaluable",
        "SD",
    ]
    ill = make_table("patients", *[patient(f"P{i}") for i in range(len(words))])
    findings = Findings()
    found, left = read_response_column(ill.assign(RECIST_RESPONSE=words), "recist_response", findings=findings)
    assert found["bor"].tolist() == ["CR", "PR", "PD", "PD", "NE", "SD"]
    assert set(found["source"]) == {"recorded"}
    assert left.to_numpy().tolist() == [["P4", "response_missing"], ["P5", "response_unreadable"]]
    assert findings.codes() == {"W_VALUE"}


def test_read_response_column__names_the_columns_that_look_like_one() -> None:
    ill = make_table("patients", patient()).assign(BEST_RESPONSE="CR")
    with pytest.raises(AnalysisError, match="Use BEST_RESPONSE"):
        read_response_column(ill, "answer", findings=Findings())
    with pytest.raises(AnalysisError, match="no cell of 'sex' is a response"):
        read_response_column(ill, "sex", findings=Findings())
