"""Alkylating drugs before a specimen: one clinical situation per row, dates worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.alkylators import is_alkylating, prior_alkylator
from netgen.actionability.drug_names import class_of, find_drug_names


def specimens(**columns):
    frame = pd.DataFrame([{"sample_id": "S", "patient_id": "P", **columns}])
    dates = [name for name in ("date_collection", "date_sequencing_report") if name in columns]
    return schema.conform(frame.astype(dict.fromkeys(dates, "datetime64[ns]")), schema.SAMPLES)


def line(patient_id="P", **columns):
    row = {"patient_id": patient_id, "line_number": 1, "regimen": "CAPTEM", "date_start": "2020-01-01", **columns}
    return pd.DataFrame([row]).astype({"date_start": "datetime64[ns]"})


def lines(*rows):
    return schema.conform(pd.concat(rows, ignore_index=True), schema.TREATMENTS)


@pytest.mark.parametrize(
    ("regimen", "regimen_class", "expected"),
    [
        ("temozolomide", None, True),
        ("CAPTEM", None, True),
        ("cape-tem x 6 cycles, CAPTEM", None, True),
        ("capecitabine+temozolomide", "chemo_alkylating", True),
        ("TMZ 200 mg/m2", None, True),
        ("Temodal + bevacizumab", None, True),
        ("dacarbazine", None, True),
        ("DTIC/5-FU", None, True),
        ("STZ-5FU", None, True),
        ("streptozotocin and fluorouracil", None, True),
        ("CVD", None, True),
        (None, "chemo_alkylating", True),
        # the class is platinum, but temozolomide was given
        ("cisplatin+temozolomide", "chemo_platinum", True),
        ("everolimus", "mtor_inhibitor", False),
        ("FOLFOX", "chemo_other", False),
        ("carboplatin+etoposide", "chemo_platinum", False),
        # an acronym of three letters within a sentence is a word like any other
        ("octreotide, good TIP of the colleague", "ssa", False),
        ("177Lu-DOTATATE", "prrt", False),
        (None, None, False),
        ("", None, False),
    ],
)
def test_is_alkylating__by_any_name_or_class(regimen, regimen_class, expected):
    given = lines(line(regimen=regimen, regimen_class=regimen_class))
    assert is_alkylating(given).tolist() == [expected]


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ("CAPTEM", {"capecitabine", "temozolomide"}),
        ("177Lu-DOTATATE 7.4 GBq + Sandostatin LAR", {"177Lu-DOTATATE", "octreotide"}),
        ("lutetium Lu 177 dotatate", {"177Lu-DOTATATE"}),
        ("EP", {"cisplatin", "etoposide"}),
        ("sunitinib malate 37.5 mg", {"sunitinib"}),
        ("something new", set()),
        ("", set()),
    ],
)
def test_find_drug_names__reads_names_acronyms_and_doses(text, drugs):
    found = find_drug_names(text)
    assert found >= drugs
    assert not {class_of(name) for name in found} - {class_of(name) for name in drugs}


@pytest.mark.parametrize(
    ("sample", "start", "expected"),
    [
        # 2020-01-31 is 30 days after 2020-01-01
        ({"date_collection": "2020-01-31"}, {}, True),
        ({"date_collection": "2020-01-30"}, {}, False),
        ({"date_collection": "2020-01-01"}, {}, False),
        ({"date_collection": "2019-06-01"}, {}, False),
        # collection counts, not the report; the report where there is no collection
        ({"date_collection": "2019-12-01", "date_sequencing_report": "2020-06-01"}, {}, False),
        ({"date_sequencing_report": "2020-06-01"}, {}, True),
        ({"date_sequencing_report": "2019-12-01"}, {}, False),
        # order unknown
        ({}, {}, None),
        ({"date_collection": "2020-06-01"}, {"date_start": None}, None),
        # months and years: 2020-01 may be the 1st or the 31st
        ({"date_collection": "2020-02-20"}, {"date_start": "2020-01-15", "date_start_precision": "month"}, None),
        ({"date_collection": "2020-03-01"}, {"date_start": "2020-01-15", "date_start_precision": "month"}, True),
        ({"date_collection": "2020-01-15"}, {"date_start": "2020-01-15", "date_start_precision": "month"}, False),
        ({"date_collection": "2020-07-01", "date_collection_precision": "year"}, {}, None),
        ({"date_collection": "2021-07-01", "date_collection_precision": "year"}, {}, True),
        ({"date_collection": "2019-07-01", "date_collection_precision": "year"}, {}, False),
        # whatever the intent
        ({"date_collection": "2021-01-01"}, {"intent": "neoadjuvant"}, True),
        ({"date_collection": "2021-01-01"}, {"regimen": "everolimus"}, False),
    ],
)
def test_prior_alkylator__needs_thirty_days_between(sample, start, expected):
    found = prior_alkylator(specimens(**sample), lines(line(**start)))
    assert found.dtype == "boolean"
    assert found.tolist() == [pd.NA if expected is None else expected]


def test_prior_alkylator__one_sure_line_is_enough_among_undated_ones():
    given = lines(line(date_start=None), line(line_number=2, date_start="2019-01-01"))
    assert prior_alkylator(specimens(date_collection="2020-01-01"), given).tolist() == [True]


def test_prior_alkylator__is_unknown_without_any_line_and_false_without_one_of_the_patient():
    taken = specimens(date_collection="2021-01-01")
    assert prior_alkylator(taken, schema.empty(schema.TREATMENTS)).isna().all()
    assert prior_alkylator(taken, lines(line(patient_id="Q"))).tolist() == [False]


def test_prior_alkylator__keeps_the_index_and_meets_on_patients():
    taken = pd.concat([
        specimens(sample_id="A", patient_id="P1", date_collection="2021-01-01"),
        specimens(sample_id="B", patient_id="P2", date_collection="2021-01-01"),
        specimens(sample_id="C", patient_id="P1", date_collection="2019-01-01"),
    ]).set_axis(["x", "y", "z"])  # fmt: skip
    given = lines(line(patient_id="P1"), line(patient_id="P2", regimen="octreotide"))
    found = prior_alkylator(taken, given)
    assert found.to_dict() == {"x": True, "y": False, "z": False}
    assert prior_alkylator(taken.iloc[::-1], given.iloc[::-1]).to_dict() == found.to_dict()


def test_prior_alkylator__works_on_offsets_as_on_dates():
    taken = specimens(date_collection="1970-06-01")
    assert prior_alkylator(taken, lines(line(date_start="1970-03-01"))).tolist() == [True]


def test_prior_alkylator__of_no_specimen_is_empty():
    assert prior_alkylator(specimens().iloc[:0], lines(line())).empty
