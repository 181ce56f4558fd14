"""Lines of treatment: what holds for any drug records, and that the one-sheet form loses nothing of any lines."""

from __future__ import annotations

import itertools

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from netgen import schema
from netgen.clinical.files import as_raw_table
from netgen.clinical.lines import derive_lines
from netgen.clinical.lines_rules import LineRules
from netgen.clinical.onesheet import OneSheet, parse_one_sheet
from netgen.clinical.onesheet_wide import to_wide
from netgen.errors import Findings
from tests.clinical.literal import make_table, make_tables, patient, scan

DRUGS = ("lanreotide", "everolimus", "CAPTEM", "cisplatin", "carboplatin", "etoposide", "Lutathera", "TACE", "nonsense")


@st.composite
def histories(draw: st.DrawFn) -> dict:
    """Return patients with day offsets, drug records in any order and progressions."""
    people, drugs, scans = [], [], []
    for name in ("P1", "P2"):
        advanced = draw(st.none() | st.integers(0, 400))
        death = draw(st.none() | st.integers(1500, 3000))
        people.append(
            patient(
                name,
                date_diagnosis=0,
                date_advanced=advanced,
                date_last_contact=death or 3000,
                date_death=death,
                vital_status="alive" if death is None else "dead",
                time_base="offset",
                functional_status=draw(st.sampled_from(["functional", "unknown"])),
            )
        )
        for _ in range(draw(st.integers(0, 7))):
            start = draw(st.integers(0, 1400))
            length = draw(st.none() | st.integers(0, 300))
            end = None if length is None else start + length
            drugs.append(
                {"patient_id": name, "drug": draw(st.sampled_from(DRUGS)), "date_start": start, "date_end": end}
            )
        scans += [scan(draw(st.integers(1, 2000)), "PD", name) for _ in range(draw(st.integers(0, 3)))]
    drugs.append({"patient_id": "P3", "drug": "everolimus", "date_start": 10, "date_end": None})
    return {"patients": people, "drugs": draw(st.permutations(drugs)), "assessments": [*scans, scan(1, "SD", "P9")]}


def derive(rows: dict, rules: LineRules) -> pd.DataFrame:
    tables = make_tables(**rows)
    return derive_lines(tables["drugs"], tables["patients"], tables["assessments"], rules=rules, findings=Findings())


@given(histories(), st.integers(0, 60), st.integers(0, 200), st.booleans())
def test_lines__hold_what_lines_must(rows: dict, window: int, gap: int, local: bool) -> None:
    rules = LineRules(window=window, gap=gap, local_as_line=local)
    lines = derive(rows, rules)
    turned = derive({**rows, "drugs": rows["drugs"][::-1], "assessments": rows["assessments"][::-1]}, rules)
    pd.testing.assert_frame_equal(lines, turned)
    findings = Findings()
    schema.check_values(lines, schema.TREATMENTS, findings)
    assert not len(findings)
    for _, group in lines.groupby("patient_id"):
        assert group["line_number"].tolist() == list(range(1, len(group) + 1))
        for intent in ("palliative", "local_only"):
            own = group[group["intent"] == intent]
            assert own["number_in_intent"].tolist() == list(range(1, len(own) + 1))
        own = group[group["intent"] == "palliative"]
        assert own["line_number"].tolist() == list(range(1, len(own) + 1))
        starts, ends = own["date_start"].tolist(), own["date_end"].tolist()
        assert all(one < two for one, two in itertools.pairwise(starts))
        assert all(end < after for end, after in zip(ends, starts[1:], strict=False))
        assert all(pd.isna(end) or end >= start for start, end in zip(starts, ends, strict=True))
    assert (lines["intent"] != "local_only").all() or not local


@given(histories())
def test_lines__each_record_that_counts_begins_within_a_line(rows: dict) -> None:
    lines = derive(rows, LineRules())
    drugs = make_table("drugs", *rows["drugs"])
    for row in drugs[drugs["drug"].isin(["everolimus", "CAPTEM", "cisplatin", "Lutathera"])].itertuples(index=False):
        own = lines[(lines["patient_id"] == row.patient_id) & (lines["intent"] != "local_only")]
        assert (own["date_start"] <= row.date_start).any()
    events = (drugs["drug"] == "TACE").sum()
    assert (lines["intent"] == "local_only").sum() == events


def sometimes(values: tuple[str, ...]) -> st.SearchStrategy:
    return st.none() | st.sampled_from(values)


@st.composite
def treatments(draw: st.DrawFn) -> dict:
    """Return one patient with lines that fill any of the fields, in calendar dates or in day offsets."""
    offset = draw(st.booleans())

    def when(low: int, high: int) -> object:
        number = draw(st.integers(low, high))
        if offset:
            return number
        text = (pd.Timestamp("2018-01-01") + pd.Timedelta(days=number)).strftime("%Y-%m-%d")
        return text[: draw(st.sampled_from([4, 7, 10, 10]))]

    column = {item.name: item.values for item in schema.TREATMENTS.columns}
    rows = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        day = number * 1000
        ongoing = draw(st.booleans())
        rows.append({
            "patient_id": "P1",
            "line_number": number,
            "intent": draw(st.sampled_from(column["intent"])),
            "regimen": draw(sometimes(("CAPTEM", "177Lu-DOTATATE", "cisplatin+etoposide", "5-FU + x"))),
            "regimen_class": draw(sometimes(column["regimen_class"])),
            "date_start": when(day, day + 100),
            "date_end": None if ongoing or draw(st.booleans()) else when(day + 400, day + 500),
            "ongoing": True if ongoing else draw(st.none() | st.just(value=False)),
            "end_reason": draw(sometimes(column["end_reason"])),
            "best_response": draw(sometimes(column["best_response"])),
            "date_progression": draw(st.none() | st.just("x")) and when(day + 600, day + 700),
            "progression_type": draw(sometimes(column["progression_type"])),
        })  # fmt: skip
    ill = patient(time_base="offset" if offset else "calendar") | (
        {"date_diagnosis": 0, "date_advanced": 5, "date_last_contact": 9000} if offset else {}
    )
    return make_tables(patients=[ill], treatments=rows)


@given(treatments())
def test_one_sheet__lines_with_any_fields_come_back_unchanged(tables: dict) -> None:
    findings = Findings()
    again = parse_one_sheet(OneSheet(wide=as_raw_table(to_wide(tables), file="form.csv")), findings=findings)
    assert not findings.of("E")
    found, expected = again.tables["treatments"], tables["treatments"]
    pd.testing.assert_frame_equal(found[list(expected.columns)], expected)
    assert (again.tables["patients"]["time_base"] == tables["patients"]["time_base"]).all()
