"""Ki-67 text: a literal table of entries (DOMAIN 1.14)."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.ki67 import classify_ki67, parse_ki67
from netgen.errors import Findings
from tests.clinical.make_cells import cells

NAN = None


def parsed(text: str | None) -> tuple[float | None, ...]:
    row = parse_ki67(cells(text, "5"), findings=Findings()).iloc[0]
    return tuple(None if pd.isna(row[name]) else row[name] for name in ("ki67_pct", "ki67_low", "ki67_high"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25", (25, 25, 25)),
        ("25%", (25, 25, 25)),
        ("25,5 %", (25.5, 25.5, 25.5)),
        ("0.5", (0.5, 0.5, 0.5)),
        ("20-25", (22.5, 20, 25)),
        ("20\u201325%", (22.5, 20, 25)),
        ("20 % - 25 %", (22.5, 20, 25)),
        ("20 to 25", (22.5, 20, 25)),
        (">20", (NAN, 20, 100)),
        ("> 20 %", (NAN, 20, 100)),
        (">=20", (NAN, 20, 100)),
        ("\u226520", (NAN, 20, 100)),
        ("<=20", (NAN, 0, 20)),
        ("<1", (NAN, 0, 1)),
        ("\u2264 3 %", (NAN, 0, 3)),
        ("NA", (NAN, NAN, NAN)),
        ("unknown", (NAN, NAN, NAN)),
        (None, (NAN, NAN, NAN)),
    ],
)
def test_parse_ki67__entries(text: str | None, expected: tuple[float | None, ...]) -> None:
    assert parsed(text) == expected


def test_parse_ki67__keeps_the_text() -> None:
    table = parse_ki67(cells("> 20 %", "NA"), findings=Findings())
    assert table["ki67_text"].tolist() == ["> 20 %", pd.NA]
    assert table["ki67_text"].dtype == "string"


@pytest.mark.parametrize("text", ["250", "25-200", ">120", "25-20"])
def test_parse_ki67__out_of_range_is_one_error(text: str) -> None:
    findings = Findings()
    table = parse_ki67(cells(text), findings=findings)
    assert table[["ki67_pct", "ki67_low", "ki67_high"]].isna().to_numpy().all()
    assert [(item.code, item.rule, item.value) for item in findings] == [("E_RANGE", "V16", text)]


@pytest.mark.parametrize("text", ["~25", "high", "25 cells", "-5"])
def test_parse_ki67__other_text_is_reported(text: str) -> None:
    findings = Findings()
    assert parse_ki67(cells(text), findings=findings)["ki67_pct"].isna().all()
    assert [(item.code, item.row) for item in findings] == [("E_VALUE", 2)]


@pytest.mark.parametrize("text", ["2024-05-03", "3-May", "May-03"])
def test_parse_ki67__a_range_that_became_a_date_is_named(text: str) -> None:
    findings = Findings()
    parse_ki67(cells(text), findings=findings)
    [item] = findings
    assert "turned into a date" in item.fix


def test_parse_ki67__values_that_look_like_fractions_are_doubted_not_converted() -> None:
    findings = Findings()
    table = parse_ki67(cells("0.25", "0.3", "0.02", name="ki67"), findings=findings)
    assert table["ki67_pct"].tolist() == [0.25, 0.3, 0.02]
    assert [item.code for item in findings] == ["W_UNIT"]
    findings = Findings()
    parse_ki67(cells("0.25", "30", "0.02"), findings=findings)
    assert not len(findings)


@pytest.mark.parametrize(
    ("text", "threshold", "expected"),
    [
        (">=20", 20, "borderline"),
        (">19", 20, "borderline"),
        (">20", 20, "eligible"),
        (">30", 20, "eligible"),
        ("20.5-30", 20, "eligible"),
        ("<20", 20, "ineligible"),
        ("<25", 20, "borderline"),
        (">55", 55, "eligible"),
    ],
)
def test_classify_ki67__bounds(text: str, threshold: float, expected: str) -> None:
    table = parse_ki67(cells(text), findings=Findings())
    assert classify_ki67(table, threshold=threshold).tolist() == [expected]
