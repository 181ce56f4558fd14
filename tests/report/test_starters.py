"""What ``netgen init`` and ``netgen demo`` write can be read at once."""

from __future__ import annotations

import pytest

import netgen as ng
from netgen.data import demo_folder
from netgen.errors import AnalysisError
from netgen.report.starters import write_demo, write_starter
from netgen.report.write import MARK, list_files
from netgen.study_file import read_study


def test_write_starter__gives_a_study_and_two_spreadsheets(tmp_path):
    names = write_starter(tmp_path / "mine")
    assert names == ["study.toml", "template_empty.xlsx", "template_filled.xlsx"]
    assert sorted([*names, MARK]) == list_files(tmp_path / "mine")
    assert read_study(tmp_path / "mine" / "study.toml").id == "my_study"


def test_write_starter__the_filled_template_is_a_cohort(tmp_path):
    write_starter(tmp_path / "mine")
    cohort = ng.read_cohort(tmp_path / "mine" / "template_filled.xlsx")
    assert len(cohort.patients) > 0
    assert cohort.findings.of("E") == []
    assert len(ng.build_matrix(cohort).features) > 0


def test_write_starter__does_not_overwrite(tmp_path):
    write_starter(tmp_path / "mine")
    (tmp_path / "mine" / "study.toml").write_text("mine")
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_starter(tmp_path / "mine")
    assert (tmp_path / "mine" / "study.toml").read_text() == "mine"


def test_write_demo__gives_the_files_of_the_embedded_cohort(tmp_path):
    names = write_demo(tmp_path / "demo")
    embedded = sorted(str(path.relative_to(demo_folder())) for path in demo_folder().rglob("*") if path.is_file())
    assert names == [name for name in embedded if not name.endswith(".py") and "__pycache__" not in name]
    assert "vcf/P01-T.vcf.gz" in names
    for name in names:
        assert (tmp_path / "demo" / name).read_bytes() == (demo_folder() / name).read_bytes()
