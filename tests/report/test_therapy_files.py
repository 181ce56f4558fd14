"""What ``netgen therapy`` writes and prints."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from netgen.association.therapy import therapy
from netgen.cohort import read_cohort
from netgen.errors import AnalysisError
from netgen.report.therapy_files import TABLES, draw_therapy, sequence_report, summarise_therapy, write_therapy
from tests.association.therapy_cases import small_cohort


@pytest.fixture(scope="module")
def demo():
    return read_cohort("demo")


@pytest.fixture(scope="module")
def found(demo):
    return therapy(demo, permutations=99)


def test_write_therapy__leaves_every_file(demo, found, tmp_path):
    out = tmp_path / "out"
    write_therapy(found, demo, out, command="netgen therapy demo")
    names = {path.name for path in out.iterdir()}
    assert {f"{name}.tsv" for name in TABLES} <= names
    assert {"permanova.json", "warnings.tsv", "analysis_plan.json", "provenance.json", "figures"} <= names
    drawn = {path.name for path in (out / "figures").iterdir()}
    assert drawn == {f"{name}.{kind}" for name in ("alluvial_origin_group3", "alluvial_origin_group2", "swimmer")
                     for kind in ("pdf", "png")}  # fmt: skip
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["command"] == "netgen therapy demo"
    assert provenance["options"]["margin"] == 0.2
    assert "W_NO_EQUIVALENCE" in provenance["warnings"]
    with pytest.raises(AnalysisError, match="not empty"):
        write_therapy(found, demo, out)


def test_write_therapy__tables_come_back_as_they_were(demo, found, tmp_path):
    write_therapy(found, demo, tmp_path / "out", figures=False)
    table = pd.read_csv(tmp_path / "out" / "algorithm_tables.tsv", sep="\t")
    assert table["p"].tolist() == found.algorithm_tables["p"].tolist()
    assert json.loads(table["table"].iloc[0]) == json.loads(found.algorithm_tables["table"].iloc[0])
    assert len(pd.read_csv(tmp_path / "out" / "algorithm_sequences.tsv", sep="\t")) == 34


def test_write_therapy__writes_the_same_bytes_again(demo, found, tmp_path):
    for name in ("one", "two"):
        write_therapy(found, demo, tmp_path / name)
    for path in sorted((tmp_path / "one").rglob("*")):
        if path.is_file() and path.name != "provenance.json":
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes(), path.name


def test_sequence_report__says_which_scale_is_whose(found):
    report = sequence_report(found)
    assert "adonis2" in report["scales"]["squared"]
    assert "dissassoc" in report["scales"]["unsquared"]
    assert len(report["tests"]) == 2 * 3 * 2
    assert set(report["tests"][0]["dispersion_means"]) == {"thymic", "lung", "duodenopancreatic"}


def test_draw_therapy__swimmer_takes_an_order(found, tmp_path):
    assert draw_therapy(found, tmp_path, order=["P03", "P01"])[-1] == "swimmer"


def test_summarise_therapy__gives_the_main_numbers(found):
    text = summarise_therapy(found)
    assert "By origin_group3: thymic 8, lung 12, duodenopancreatic 14" in text
    assert "Line 2 (secondary): 23 of 34 at risk received it; 9 died, 1 ongoing, 1 off treatment" in text
    assert "Freeman-Halton p = 0.59 (exact); Holm 1.00" in text
    assert text.index("difference -0.20") < text.index("Freeman-Halton p = 0.60")  # differences lead
    assert "merged into other: ssa" in text
    assert "mtor_inhibitor: duodenopancreatic 0/14, thoracic 4/20; difference -0.20 (-0.42 to 0.05)" in text
    assert "Lines received (1/2/3/4+): thymic 4/3/1/0; lung 4/5/3/0; duodenopancreatic 3/7/4/0" in text
    assert "hamming (sensitivity, tails none), squared as adonis2: F 0.868, R2 0.053" in text
    assert "nan" not in text


def test_write_therapy__of_a_cohort_without_scans_or_second_lines(tmp_path):
    treatments = """
        patient_id,line_number,regimen_class,date_start,date_end
        A,1,ssa,2020-01-31,2020-06-01
        C,1,prrt,2020-01-11,2020-06-01
    """
    cohort = small_cohort(tmp_path, treatments=treatments)
    result = therapy(cohort, permutations=19, max_line=2)
    write_therapy(result, cohort, tmp_path / "out")
    text = summarise_therapy(result)
    assert "Line 2 (secondary): 0 of 2 at risk received it" in text
    assert "Not tested: nobody." in text
    assert "PFS line 1: pfs from line 1 cannot be derived from the tables" in text


def test_write_therapy__of_one_line_draws_no_ways_between_lines(tmp_path):
    cohort = small_cohort(tmp_path)
    result = therapy(cohort, permutations=19, max_line=1)
    assert draw_therapy(result, tmp_path / "figures") == ["swimmer"]
