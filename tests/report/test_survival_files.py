"""What ``netgen survival`` leaves behind: files, figures, provenance, and the text for the terminal."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import netgen as ng
from netgen.association.group_survival import survival
from netgen.errors import AnalysisError
from netgen.report.survival_files import draw_survival, summarise_survival, write_survival


@pytest.fixture(scope="module")
def cohort():
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def result(cohort):
    return survival(cohort, by=["origin2", "TP53"], endpoints=["os", "ttp"], permutations=500)


def test_write_survival__writes_every_table_plan_and_provenance(cohort, result, tmp_path):
    write_survival(result, cohort, tmp_path / "out", figures=False, command="netgen survival demo")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names - {".netgen"} == {
        "group_tests.tsv", "km.tsv", "followup.tsv", "competing.tsv", "incidence.tsv", "endpoints.tsv",
        "exclusions.tsv", "warnings.tsv", "flow.json", "analysis_plan.json", "provenance.json",
    }  # fmt: skip
    tests = pd.read_csv(tmp_path / "out" / "group_tests.tsv", sep="\t")
    assert tests[["endpoint", "grouping"]].to_numpy().tolist() == [
        ["os", "origin_group2"], ["os", "TP53"], ["ttp", "origin_group2"], ["ttp", "TP53"],
    ]  # fmt: skip
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert (provenance["command"], provenance["seed"]) == ("netgen survival demo", 20260101)
    warnings = pd.read_csv(tmp_path / "out" / "warnings.tsv", sep="\t")
    sentence = warnings.loc[warnings["code"] == "W_NO_EQUIVALENCE", "message"]
    assert sentence.str.startswith("Absence of a significant difference is not evidence of similarity (95 % CI").all()


def test_write_survival__is_the_same_bytes_twice(cohort, result, tmp_path):
    again = survival(cohort, by=["origin2", "TP53"], endpoints=["os", "ttp"], permutations=500)
    for name, item in (("a", result), ("b", again)):
        write_survival(item, cohort, tmp_path / name, figures=False)
    for path in sorted((tmp_path / "a").glob("*.tsv")):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_write_survival__without_a_competing_event_has_no_competing_tables(cohort, tmp_path):
    write_survival(
        survival(cohort, by="sex", endpoints=["os"], permutations=100), cohort, tmp_path / "out", figures=False
    )
    assert not (tmp_path / "out" / "competing.tsv").exists()


def test_write_survival__refuses_a_folder_that_holds_something(cohort, result, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_survival(result, cohort, tmp_path)


def test_draw_survival__draws_every_comparison(cohort, tmp_path):
    found = survival(cohort, by="TP53", endpoints=["ttp"], permutations=100)
    assert draw_survival(found, tmp_path) == ["km_ttp_TP53", "incidence_ttp_all", "incidence_ttp_TP53"]
    assert {path.suffix for path in tmp_path.iterdir()} == {".pdf", ".png"}


def test_summarise_survival__is_short_lines_without_forbidden_words(result):
    text = summarise_survival(result)
    assert max(map(len, text.splitlines())) <= 125
    assert not re.search(r"no difference|\bsimilar\b", text.lower())
    assert "OS by TP53: 34 patients, 23 events; no delayed entry" in text
    assert "Absence of a significant difference is not evidence of similarity" in " ".join(text.split())
    assert "reference" in text


def test_summarise_survival__says_why_nothing_was_tested(cohort):
    text = summarise_survival(survival(cohort, by="DAXX", endpoints=["os"], permutations=100))
    assert "Not tested: one_group." in text
