"""NETPET classes from pairs of scans (DOMAIN 1.9): one clinical situation per row."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.netpet import derive_netpet
from netgen.schema import TABLES, conform, empty


def imaging(*rows):
    """Return an imaging table of (patient, date, modality, result, krenning, suv_max, netpet)."""
    names = ["patient_id", "date", "modality", "result", "krenning", "suv_max", "netpet"]
    frame = pd.DataFrame(rows, columns=names)
    return {"imaging": conform(frame.assign(date=pd.to_datetime(frame["date"])), TABLES["imaging"])}


@pytest.mark.parametrize(
    ("fdg", "receptor", "expected"),
    [("negative", "negative", "P0"), ("negative", "positive", "P1"), ("positive", "positive", "P2-P4"),
     ("positive", "negative", "P5")],
)  # fmt: skip
def test_netpet__of_a_pair(fdg, receptor, expected):
    found = derive_netpet(
        imaging(
            ("A", "2020-01-10", "FDG_PET", fdg, None, 30.0, None),
            ("A", "2020-02-10", "SSTR_PET", receptor, None, 5.0, None),
        )
    )
    assert found[["netpet", "source"]].to_numpy().tolist() == [[expected, "derived"]]


def test_netpet__a_pair_is_at_most_31_days_apart():
    rows = imaging(("A", "2020-01-10", "FDG_PET", "negative", None, None, None),
                   ("A", "2020-02-11", "SSTR_PET", "positive", None, None, None))  # fmt: skip
    assert len(derive_netpet(rows)) == 0


def test_netpet__a_reader_is_believed():
    rows = imaging(("A", "2020-01-10", "FDG_PET", "positive", None, 9.0, "P3"),
                   ("A", "2020-01-12", "SSTR_PET", "negative", None, None, None),
                   ("A", "2021-01-12", "SSTR_PET", "negative", None, None, "P5"))  # fmt: skip
    assert derive_netpet(rows)[["netpet", "source"]].to_numpy().tolist() == [["P3", "recorded"]]


@pytest.mark.parametrize(("krenning", "expected"), [(4, "P1"), (2, "P1"), (1, "P0"), (0, "P0")])
def test_netpet__krenning_stands_in_for_a_blank_result(krenning, expected):
    rows = imaging(("A", "2020-01-10", "FDG_PET", "negative", None, None, None),
                   ("A", "2020-01-12", "SSTR_PET", None, krenning, None, None))  # fmt: skip
    assert derive_netpet(rows)["netpet"].tolist() == [expected]


def test_netpet__equivocal_scans_and_uptake_values_decide_nothing():
    rows = imaging(("A", "2020-01-10", "FDG_PET", "equivocal", None, 30.0, None),
                   ("A", "2020-01-12", "SSTR_PET", "positive", None, 2.0, None),
                   ("B", "2020-01-10", "FDG_PET", None, None, 30.0, None),
                   ("B", "2020-01-12", "SSTR_PET", "positive", None, 2.0, None))  # fmt: skip
    assert len(derive_netpet(rows)) == 0


def test_netpet__takes_the_earliest_pair_with_the_nearest_partner():
    rows = imaging(("A", "2020-01-20", "SSTR_PET", "negative", None, None, None),
                   ("A", "2020-01-09", "SSTR_PET", "positive", None, None, None),
                   ("A", "2020-06-01", "FDG_PET", "positive", None, None, None),
                   ("A", "2020-06-01", "SSTR_PET", "negative", None, None, None),
                   ("A", "2020-01-10", "FDG_PET", "negative", None, None, None))  # fmt: skip
    found = derive_netpet(rows)
    assert found["netpet"].tolist() == ["P1"]
    assert found["date"].tolist() == [pd.Timestamp("2020-01-10")]


def test_netpet__of_no_imaging_is_an_empty_table():
    assert len(derive_netpet({"imaging": empty(TABLES["imaging"])})) == 0
    assert len(derive_netpet({})) == 0
