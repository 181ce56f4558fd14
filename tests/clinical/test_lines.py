"""Lines of therapy from drug records: one clinical situation per rule of DOMAIN 2.8, dates as day offsets."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.lines import derive_lines
from netgen.clinical.lines_rules import LineRules
from netgen.errors import AnalysisError, Findings
from tests.clinical.literal import make_tables, patient, scan

ADVANCED = 100


def derive(*drugs: tuple, person: dict | None = None, progressions: tuple = (), rules: LineRules | None = None):
    """Return the lines of one patient with offsets: drugs are (name, first day, last day, more columns)."""
    base = {
        "date_diagnosis": 0, "date_advanced": ADVANCED, "date_last_contact": 3000, "time_base": "offset",
    }  # fmt: skip
    rows = [
        {"patient_id": "P1", "drug": name, "date_start": start, "date_end": end, **(more[0] if more else {})}
        for name, start, end, *more in drugs
    ]
    tables = make_tables(
        patients=[patient(**(base | (person or {})))],
        drugs=rows,
        assessments=[scan(day, "PD") for day in progressions] or [scan(1, "SD", "other")],
    )
    findings = Findings()
    lines = derive_lines(tables["drugs"], tables["patients"], tables["assessments"], rules=rules, findings=findings)
    return lines, findings


def day(value: object) -> int | None:
    return None if pd.isna(value) else (value - pd.Timestamp(0)).days


def short(lines: pd.DataFrame, intent: str = "palliative") -> list[tuple]:
    own = lines[lines["intent"] == intent]
    return [
        (row.regimen, row.regimen_class, day(row.date_start), day(row.date_end)) for row in own.itertuples(index=False)
    ]


def flags(lines: pd.DataFrame, place: int = 0) -> set[str]:
    text = lines["derivation_flags"].iloc[place]
    return set() if pd.isna(text) else set(text.split(";"))


def test_l0__drugs_up_to_14_days_before_advanced_disease_are_palliative() -> None:
    lines, findings = derive(("everolimus", 86, 300))
    assert short(lines) == [("everolimus", "mtor_inhibitor", 86, 300)]
    assert not lines["curative"].any()
    assert not len(findings)


def test_l0__a_relapse_more_than_six_months_after_the_end_leaves_the_drug_curative() -> None:
    # advanced on day 400; 400 - 216 = 184 days after the end
    lines, findings = derive(("CAPTEM", 50, 216), ("everolimus", 410, None), person={"date_advanced": 400})
    assert short(lines) == [("everolimus", "mtor_inhibitor", 410, None)]
    assert short(lines, "adjuvant") == [("capecitabine+temozolomide", "chemo_alkylating", 50, 216)]
    assert lines["curative"].tolist() == [False, True]
    assert lines["line_number"].tolist() == [1, 2]
    assert lines["number_in_intent"].tolist() == [1, 1]
    assert "intent_assumed" in flags(lines, 1)
    assert not len(findings)


def test_l0__a_relapse_within_six_months_makes_the_drug_line_1() -> None:
    lines, findings = derive(("CAPTEM", 50, 217), ("everolimus", 410, None), person={"date_advanced": 400})
    assert short(lines) == [
        ("capecitabine+temozolomide", "chemo_alkylating", 50, 217),
        ("everolimus", "mtor_inhibitor", 410, None),
    ]
    assert "curative_reclassified" in flags(lines)
    assert lines["derivation_reason"].iloc[0].startswith("L0")
    [item] = list(findings)
    assert (item.code, item.patient_id) == ("W_CURATIVE_RECLASS", "P1")
    assert "day 50" in item.message  # an offset is never printed as a date


def test_l0__each_curative_line_is_judged_by_its_own_end() -> None:
    drugs = [("CAPTEM", 0, 60), ("FOLFOX", 90, 150)]
    lines, _ = derive(*drugs, person={"date_advanced": 244})
    assert short(lines) == [("fluorouracil+oxaliplatin", "chemo_other", 90, 150)]
    assert short(lines, "adjuvant") == [("capecitabine+temozolomide", "chemo_alkylating", 0, 60)]
    both, _ = derive(*drugs, person={"date_advanced": 243})
    assert len(short(both)) == 2


def test_l0__a_drug_without_end_is_known_until_its_start() -> None:
    lines, _ = derive(("CAPTEM", 50, None), person={"date_advanced": 234})
    assert lines["curative"].tolist() == [True]
    again, _ = derive(("CAPTEM", 50, None), person={"date_advanced": 233})
    assert again["curative"].tolist() == [False]


def test_l0__chemotherapy_before_surgery_is_neoadjuvant() -> None:
    lines, _ = derive(("CAPTEM", 0, 60), ("surgery", 80, 80), person={"date_advanced": 900})
    assert short(lines, "neoadjuvant") == [("capecitabine+temozolomide", "chemo_alkylating", 0, 60)]
    assert short(lines, "local_only") == [("surgery", "surgery", 80, 80)]


def test_l0__a_recorded_intent_wins_over_the_date() -> None:
    lines, _ = derive(("CAPTEM", 120, 200, {"intent": "adjuvant"}), ("everolimus", 20, 60, {"intent": "palliative"}))
    assert short(lines) == [("everolimus", "mtor_inhibitor", 20, 60)]
    assert short(lines, "adjuvant") == [("capecitabine+temozolomide", "chemo_alkylating", 120, 200)]


def test_l0__without_advanced_disease_all_is_palliative_and_said_so() -> None:
    lines, findings = derive(("everolimus", 5, 300), person={"date_advanced": None})
    assert short(lines) == [("everolimus", "mtor_inhibitor", 5, 300)]
    assert "advanced_unknown" in flags(lines)
    assert findings.codes() == {"W_ADVANCED_UNKNOWN"}


@pytest.mark.parametrize(("start", "n"), [(128, 1), (129, 2)])
def test_l1__drugs_of_the_first_28_days_are_one_regimen(start: int, n: int) -> None:
    lines, _ = derive(("capecitabine", 100, 200), ("temozolomide", start, 200))
    assert len(lines) == n


def test_l1__the_window_is_a_parameter() -> None:
    lines, _ = derive(("capecitabine", 100, 200), ("temozolomide", 150, 200), rules=LineRules(window=50))
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("before", "after", "n"),
    [
        ("cisplatin", "carboplatin", 1),
        ("carboplatin", "cisplatin", 1),
        ("capecitabine", "5-FU", 1),
        ("octreotide", "lanreotide", 1),
        ("bevacizumab", "bevacizumab-awwb", 1),
        ("cisplatin", "oxaliplatin", 2),
        ("everolimus", "sunitinib", 2),
        ("octreotide", "pasireotide", 2),
    ],
)
def test_l2__only_allowed_substitutions_stay_in_the_line(before: str, after: str, n: int) -> None:
    lines, _ = derive((before, 100, 200), (after, 210, 300))
    assert len(lines) == n
    assert ("substitution" in flags(lines)) == (n == 1 and "bevacizumab" not in before)


def test_l2__leucovorin_is_no_drug_of_a_line() -> None:
    lines, findings = derive(("FOLFOX", 100, 200), ("levoleucovorin", 160, 200))
    assert short(lines) == [("fluorouracil+oxaliplatin", "chemo_other", 100, 200)]
    assert findings.codes() == {"I_ROWS_IGNORED"}


@pytest.mark.parametrize(("pairs", "n"), [((), 2), ((("EP", "everolimus"),), 1)])
def test_l2__declared_maintenance_stays_in_the_line(pairs: tuple, n: int) -> None:
    lines, _ = derive(("EP", 100, 200), ("everolimus", 230, 400), rules=LineRules(maintenance=pairs))
    assert len(lines) == n
    assert lines["maintenance"].iloc[0] == (n == 1)
    assert day(lines["date_end"].iloc[0]) == (400 if n == 1 else 200)


def test_l2__a_drug_that_is_added_begins_a_line_with_the_drugs_that_go_on() -> None:
    lines, findings = derive(("everolimus", 100, 400), ("capecitabine", 200, 350))
    assert short(lines) == [
        ("everolimus", "mtor_inhibitor", 100, 199),
        ("capecitabine+everolimus", "chemo_other", 200, 400),
    ]
    assert "mixed_class" in flags(lines, 1)
    [item] = list(findings)
    assert item.code == "W_LINE_OVERLAP"


def test_l2__what_begins_on_one_day_is_one_line_whatever_went_before() -> None:
    lines, _ = derive(("TMZ", 100, 300), ("TMZ", 300, 320), ("thalidomide", 300, 320))
    assert short(lines)[1] == ("temozolomide+thalidomide", "chemo_alkylating", 300, 320)


def test_l3__dropping_a_drug_changes_nothing() -> None:
    lines, _ = derive(("cisplatin", 100, 150), ("etoposide", 100, 150), ("etoposide", 170, 260))
    assert short(lines) == [("cisplatin+etoposide", "chemo_platinum", 100, 260)]


def test_l3__cycles_of_the_line_before_do_not_begin_a_line_of_their_own() -> None:
    cycles = [("oxaliplatin", start, start) for start in range(100, 250, 14)]
    lines, _ = derive(*cycles, ("bevacizumab", 145, 400))
    assert [row[0] for row in short(lines)] == ["oxaliplatin", "bevacizumab+oxaliplatin"]


def test_l3__a_radioligand_goes_on_beside_an_added_drug() -> None:
    cycles = [("Lutathera", start, None) for start in (200, 256, 312)]
    lines, _ = derive(*cycles, ("everolimus", 270, 600))
    assert short(lines) == [
        ("177Lu-DOTATATE", "prrt", 200, 256),
        ("177Lu-DOTATATE+everolimus", "prrt", 270, 600),
    ]
    assert "continued" in flags(lines, 1)


def test_l4__records_without_end_are_administrations() -> None:
    given = [("oxaliplatin", start, None) for start in (100, 121, 242)]
    lines, _ = derive(*given)
    assert [row[2:] for row in short(lines)] == [(100, 121), (242, None)]  # 121 days after the last one


@pytest.mark.parametrize(("pause", "n"), [(120, 1), (121, 2)])
def test_l4__a_restart_after_the_gap_is_a_rechallenge(pause: int, n: int) -> None:
    lines, _ = derive(("CAPTEM", 100, 200), ("CAPTEM", 200 + pause, 500))
    assert len(lines) == n
    assert lines["rechallenge"].tolist() == [False, True][:n]


@pytest.mark.parametrize(("again", "seen", "n"), [(240, 210, 2), (240, 190, 2), (228, 210, 1), (240, 250, 1)])
def test_l4__a_restart_after_progression_is_a_line(again: int, seen: int, n: int) -> None:
    lines, _ = derive(("everolimus", 110, 200), ("everolimus", again, 500), progressions=(seen,))
    assert len(lines) == n


def test_l4__cycles_of_a_radioligand_are_one_line_even_after_progression() -> None:
    cycles = [("Lutathera", start, None) for start in (200, 256, 312, 368)]
    lines, _ = derive(*cycles, progressions=(280,))
    assert short(lines) == [("177Lu-DOTATATE", "prrt", 200, 368)]


def test_l4__a_regimen_of_long_ago_is_a_rechallenge() -> None:
    lines, _ = derive(("CAPTEM", 100, 200), ("everolimus", 210, 300), ("temozolomide", 310, 400))
    assert lines["rechallenge"].tolist() == [False, False, True]


def test_l5__an_ssa_alone_is_a_line_and_background_of_the_next() -> None:
    lines, _ = derive(("octreotide LAR", 100, 900), ("everolimus", 400, 700))
    assert short(lines) == [("octreotide", "ssa", 100, 399), ("everolimus", "mtor_inhibitor", 400, 700)]
    assert lines["background_ssa"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("status", "said", "n"),
    [("functional", None, 1), ("non_functional", None, 2), ("non_functional", True, 1), ("functional", False, 2)],
)
def test_l5__an_ssa_added_to_a_line_is_background_in_a_functional_tumour(status, said, n) -> None:
    ssa = ("lanreotide", 300, 600, {"background_ssa": said})
    lines, _ = derive(("everolimus", 110, 700), ssa, person={"functional_status": status})
    assert len(lines) == n


def test_l5__an_ssa_shortly_before_another_drug_is_no_line() -> None:
    lines, _ = derive(("lanreotide", 100, None), ("CAPTEM", 120, 300))
    assert short(lines) == [("capecitabine+temozolomide", "chemo_alkylating", 120, 300)]
    assert lines["background_ssa"].tolist() == [True]


def test_l5__an_ssa_marked_as_background_is_never_a_line() -> None:
    lines, _ = derive(("lanreotide", 100, 900, {"background_ssa": True}))
    assert not len(lines)


def test_l7__treatment_beyond_progression_is_one_line() -> None:
    lines, _ = derive(("everolimus", 110, 500), progressions=(200, 350))
    assert short(lines) == [("everolimus", "mtor_inhibitor", 110, 500)]


@pytest.mark.parametrize(
    ("drugs", "person", "ends", "inferred"),
    [
        ([("everolimus", 110, 300), ("CAPTEM", 310, 400)], {}, [300, 400], [False, False]),
        ([("everolimus", 110, 320), ("CAPTEM", 310, 400)], {}, [309, 400], [True, False]),
        ([("everolimus", 110, None), ("CAPTEM", 310, None)], {}, [309, None], [True, False]),
        ([("everolimus", 110, None)], {"vital_status": "dead", "date_death": 250}, [250], [True]),
    ],
)
def test_l8__a_line_ends_with_its_drugs_the_next_line_or_death(drugs, person, ends, inferred) -> None:
    lines, _ = derive(*drugs, person=person)
    assert [day(value) for value in lines["date_end"]] == ends
    assert ["end_inferred" in flags(lines, place) for place in range(len(lines))] == inferred


def test_l8__death_is_the_reason_and_ongoing_is_kept() -> None:
    dead, _ = derive(("everolimus", 110, None), person={"vital_status": "dead", "date_death": 250})
    assert dead["end_reason"].tolist() == ["death"]
    going, _ = derive(("everolimus", 110, None, {"ongoing": True}))
    assert going["ongoing"].tolist() == [True]
    stopped, _ = derive(("everolimus", 110, 300, {"end_reason": "toxicity"}))
    assert stopped["end_reason"].tolist() == ["toxicity"]


def test_unknown_drugs__are_reported_with_near_names_and_make_no_line() -> None:
    lines, findings = derive(("everolimus", 110, 500), ("everolimuss", 510, 600), ("qqq", 150, 160), ("qqq", 200, 210))
    assert short(lines) == [("everolimus", "mtor_inhibitor", 110, 500)]
    assert "unknown_drug" in flags(lines)
    told = {item.value: item for item in findings}
    assert set(told) == {"everolimuss", "qqq"}
    assert "everolimus" in told["everolimuss"].fix
    assert "2 records" in told["qqq"].message
    assert "Nearest" not in told["qqq"].fix


def test_unknown_drugs__a_class_given_by_the_source_counts() -> None:
    lines, findings = derive(("newdrug", 110, 500, {"drug_class": "tki_antiangiogenic"}))
    assert short(lines) == [("newdrug", "tki_antiangiogenic", 110, 500)]
    assert not len(findings)


def test_bad_rows__are_findings_and_make_no_line() -> None:
    lines, findings = derive(("everolimus", None, 500), ("CAPTEM", 300, 200))
    assert not len(lines)
    assert findings.codes() == {"W_EVENT_UNDATED", "E_DATE_ORDER"}


def test_line_rules__refuse_negative_days() -> None:
    with pytest.raises(AnalysisError, match="gap must be a number of days"):
        LineRules(gap=-1)
