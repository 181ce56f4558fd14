"""Drugs used irrespective of genotype: the facts of DOMAIN 4.7, and that none of them can become a level."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.context_drugs import APPROVED_CLASSES, CONTEXT_COLUMNS, annotate_lines, list_context
from netgen.actionability.drug_names import find_drug_names
from netgen.actionability.levels import LEVELS
from netgen.actionability.scope import match_scope
from netgen.data import load_table
from netgen.knowledge.oncotree import load_oncotree


def lines(*regimens):
    return schema.conform(
        pd.DataFrame({"patient_id": "P", "line_number": range(1, len(regimens) + 1), "regimen": regimens}),
        schema.TREATMENTS,
    )


@pytest.mark.parametrize(
    ("drug", "code", "date"),
    [
        ("everolimus", "PANET", "2011-05-05"),
        ("everolimus", "LUCA", "2016-02-26"),
        ("everolimus", "SBWDNET", "2016-02-26"),
        ("sunitinib", "PANET", "2011-05-20"),
        ("cabozantinib", "PANET", "2025-03-26"),
        ("cabozantinib", "ALUCA", "2025-03-26"),
        ("177Lu-DOTATATE", "PANET", "2018-01-26"),
        ("lanreotide", "SBWDNET", "2014-12-16"),
        ("belzutifan", "PHC", "2025-05-14"),
    ],
)
def test_list_context__states_what_was_approved_when(drug, code, date):
    table = list_context()
    tree = load_oncotree()
    rows = table[(table["drug"] == drug) & table["agency"].eq("FDA")]
    within = [
        match_scope(tree, code, scope.split(";"), [item for item in exclude.split(";") if item]) == "in_scope"
        for scope, exclude in zip(rows["scope"], rows["exclude"], strict=True)
    ]
    assert rows.loc[within, "date"].tolist() == [date]
    assert rows.loc[within, "verified"].all()


@pytest.mark.parametrize(
    ("drug", "code"),
    [("sunitinib", "LUCA"), ("everolimus", "TNET"), ("everolimus", "SCLC"), ("177Lu-DOTATATE", "LUCA"),
     ("belzutifan", "PANET"), ("cabozantinib", "SCLC"), ("cabozantinib", "HGNEC")],
)  # fmt: skip
def test_list_context__claims_no_approval_for_another_origin(drug, code):
    table = list_context()
    tree = load_oncotree()
    for row in table[(table["drug"] == drug) & (table["agency"] != "")].itertuples():
        assert match_scope(tree, code, row.scope.split(";"), row.exclude.split(";")) in {"out_of_scope", "excluded"}


def test_list_context__every_row_is_complete_and_resolves():
    table = list_context()
    tree = load_oncotree()
    assert list(table.columns) == list(CONTEXT_COLUMNS)
    assert not table.duplicated(["drug", "scope"]).any()
    dictionary = set(load_table("drug_classes.tsv")["name"])
    for row in table.itertuples():
        assert set(row.drug.split("+")) <= dictionary
        assert row.approved_class in APPROVED_CLASSES
        assert row.setting
        assert all(code in tree for code in row.scope.split(";"))
        assert all(code in tree for code in row.exclude.split(";") if code)
        assert re.fullmatch(r"(\d{4}(-\d{2}(-\d{2})?)?)?", row.date)
        if row.verified:
            assert row.source
            assert row.url.startswith("http")
        if row.approved_class != "established":
            assert row.agency
            assert row.verified


def test_list_context__has_no_level_of_evidence():
    assert not set(APPROVED_CLASSES) & set(LEVELS)
    assert "level" not in " ".join(CONTEXT_COLUMNS)


def test_list_context__gives_a_copy():
    table = list_context()
    table.loc[0, "drug"] = "changed"
    assert "changed" not in set(list_context()["drug"])


@pytest.mark.parametrize(
    ("regimen", "expected"),
    [
        ("everolimus", "approved"),
        ("Afinitor 10 mg", "approved"),
        ("everolimus+octreotide", "approved"),
        ("octreotide LAR", "approved"),
        ("PRRT", "established"),
        ("CAPTEM", "established"),
        ("capecitabine + temozolomide", "established"),
        ("capecitabine", ""),
        ("carboplatin + etoposide", "established"),
        ("etoposide", ""),
        ("cabozantinib, investigational drug", "approved"),
        ("belzutifan", "other_tumour"),
        ("pembrolizumab", ""),
        ("larotrectinib", ""),
        (None, ""),
    ],
)
def test_annotate_lines__takes_the_best_class_of_the_drugs(regimen, expected):
    found = annotate_lines(lines(regimen))
    assert found.tolist() == [expected]
    assert found.name == "approved_class"
    assert found.dtype == "string"


def test_annotate_lines__keeps_the_index_of_the_lines():
    given = lines("everolimus", "pembrolizumab", "everolimus").set_axis([7, 3, 5])
    assert annotate_lines(given).to_dict() == {7: "approved", 3: "", 5: "approved"}
    assert annotate_lines(given.iloc[:0]).empty


def test_annotate_lines__needs_every_drug_of_a_combination():
    assert find_drug_names("temozolomide") == {"temozolomide"}
    assert annotate_lines(lines("cisplatin")).tolist() == [""]
    assert annotate_lines(lines("cisplatin+etoposide")).tolist() == ["established"]
