"""Clinical commands of cohorts without usable sequencing, without follow-up, and with a ready-made gene table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netgen as ng
from netgen.association.group_survival import survival
from netgen.association.response import response
from netgen.association.therapy import therapy
from netgen.errors import AnalysisError, SchemaError
from tests.clinical.test_endpoints_as_written import as_study, read_tables

if TYPE_CHECKING:
    from pathlib import Path

NOT_A_MAF = "Gene\tProtein\nTP53\tR175H\n"


@pytest.fixture
def unusable(tmp_path: Path) -> Path:
    study = as_study(tmp_path, read_tables())
    text = study.read_text(encoding="utf-8").replace(
        'alterations = { file = "genes.csv", layout = "matrix" }', 'variants = "calls.txt"'
    )
    study.write_text(text, encoding="utf-8")
    (tmp_path / "calls.txt").write_text(NOT_A_MAF, encoding="utf-8")
    return study


def test_required__refuses_a_cohort_with_unusable_variants(unusable):
    with pytest.raises(SchemaError, match="A MAF needs the sample"):
        ng.read_cohort(unusable)


def test_optional__goes_on_without_genes_and_says_so(unusable):
    cohort = ng.read_cohort(unusable, sequencing="optional")
    told = [item for item in cohort.findings if item.code == "W_SEQUENCING_LEFT_OUT"]
    assert ["E_FILE_FORMAT" in item.message for item in told] == [True]
    assert (len(cohort.patients), len(cohort.variants), len(cohort.profiles)) == (34, 0, 0)
    tests = survival(cohort, by="origin_group2", endpoints=["os"], permutations=99).group_tests
    assert tests["chi2"].iloc[0] == pytest.approx(0.236817, abs=1e-6)  # as in the golden tables
    for ask in (lambda: survival(cohort, by="TP53"), lambda: response(cohort, genes=["TP53"])):
        with pytest.raises(AnalysisError, match="TP53 cannot be judged"):
            ask()


def test_optional__keeps_sequencing_that_can_be_read(tmp_path):
    cohort = ng.read_cohort(as_study(tmp_path, read_tables()), sequencing="optional")
    assert cohort.calls is not None
    assert "W_SEQUENCING_LEFT_OUT" not in cohort.findings.codes()


def test_response__tests_the_genes_of_a_ready_made_table(tmp_path):
    cohort = ng.read_cohort(as_study(tmp_path, read_tables()))
    assert len(cohort.profiles) == 0  # only the table says who was sequenced
    found = response(cohort)
    assert set(found.table.loc[found.table["kind"] == "feature", "level"]) == {"MEN1"}


def test_therapy__without_follow_up_gives_no_rates_over_time(tmp_path):
    tables = read_tables()
    gone = ["date_last_contact", "date_death", "vital_status", "cause_of_death"]
    study = as_study(tmp_path, {**tables, "patients": tables["patients"].drop(columns=gone)})
    found = therapy(ng.read_cohort(study), by="origin_group3", permutations=99)
    assert (found.exposure["n"].max(), found.line_starts["n"].max()) == (0, 0)
    assert "34 patients with lines of treatment, but without" in str(
        next(item for item in found.findings if item.code == "W_NO_FOLLOW_UP")
    )
    assert found.timeline["end_days"].dropna().lt(float("inf")).all()


def test_groups__nobody_has_a_value(tmp_path):
    tables = read_tables()
    study = as_study(tmp_path, {**tables, "patients": tables["patients"].assign(origin="other")})
    cohort = ng.read_cohort(study)
    for ask in (lambda: survival(cohort), lambda: therapy(cohort)):
        with pytest.raises(AnalysisError, match="groups of origin_group3 cannot be formed"):
            ask()
