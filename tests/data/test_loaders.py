"""Loaders of bundled files: types, comments, fresh copies, and what is refused."""

from __future__ import annotations

import gzip
import re

import pytest

import netgen.data
from netgen import study_rules
from netgen.data import demo_folder, init_folder, load_table, load_yaml
from netgen.data.demo_vcf import bgzip
from netgen.errors import AnalysisError
from netgen.report.starters import write_demo
from netgen.study_file import read_study


@pytest.fixture
def bundled(monkeypatch, tmp_path):
    """Point the loaders at a folder of this test; their memory is not shared with other tests."""
    monkeypatch.setattr(netgen.data, "files", lambda _package: tmp_path)
    for loader in (netgen.data._yaml, netgen.data._table):
        loader.cache_clear()
    yield tmp_path
    for loader in (netgen.data._yaml, netgen.data._table):
        loader.cache_clear()


def test_load_table__keeps_text_and_blanks(bundled):
    (bundled / "t.tsv").write_text("# source\n# licence\ngene\tother\nNA\t\n007\tx\n", encoding="utf-8")
    table = load_table("t.tsv")
    assert table.to_dict("list") == {"gene": ["NA", "007"], "other": ["", "x"]}
    assert [str(kind) for kind in table.dtypes] == ["string", "string"]


def test_load_table__hands_out_copies(bundled):
    (bundled / "t.tsv").write_text("gene\nTP53\n", encoding="utf-8")
    mine = load_table("t.tsv")
    mine["gene"] = "changed"
    assert load_table("t.tsv")["gene"].tolist() == ["TP53"]


def test_load_table__refuses_a_ragged_file(bundled):
    (bundled / "t.tsv").write_text("a\tb\n1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"t\.tsv: 1 fields where the header has 2"):
        load_table("t.tsv")


def test_load_yaml__hands_out_copies(bundled):
    (bundled / "y.yaml").write_text("a: [1, 2]\n", encoding="utf-8")
    load_yaml("y.yaml")["a"].append(3)
    assert load_yaml("y.yaml") == {"a": [1, 2]}


def test_load_yaml__refuses_a_list(bundled):
    (bundled / "y.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(TypeError, match="mapping at the top, found list"):
        load_yaml("y.yaml")


@pytest.mark.parametrize("loader", [load_yaml, load_table])
def test_loaders__name_a_missing_file(loader):
    with pytest.raises(FileNotFoundError, match=r"netgen/data/absent\.x is not part"):
        loader("absent.x")


def test_write_demo__writes_every_file(tmp_path):
    written = write_demo(tmp_path / "new")
    kept = sorted(str(path.relative_to(demo_folder())) for path in demo_folder().rglob("*") if path.is_file())
    assert written == kept
    assert (tmp_path / "new" / "study.toml").read_bytes() == (demo_folder() / "study.toml").read_bytes()


def test_write_demo__refuses_a_folder_with_files(tmp_path):
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_bgzip__is_read_by_gzip_over_several_blocks(tmp_path):
    data = bytes(range(256)) * 600
    (tmp_path / "x.gz").write_bytes(bgzip(data))
    assert gzip.decompress((tmp_path / "x.gz").read_bytes()) == data


def test_init_template__is_a_valid_study():
    study = read_study(init_folder() / "study.toml")
    assert list(study.endpoints) == ["os", "pfs"]
    assert study.association == read_study(demo_folder() / "study.toml").association


def test_init_template__explains_every_key():
    text = (init_folder() / "study.toml").read_text(encoding="utf-8")
    sections = ("STUDY", "TABLE", "ALTERATIONS", "ENDPOINT", "SOURCE", "READ", "ELIGIBILITY", "ASSOCIATION", "LINES")
    keys = {key for section in sections for key in getattr(study_rules, section)}
    assert len(keys) > 50
    assert [key for key in sorted(keys - {"endpoints"}) if not re.search(rf"\b{key}\b.*=", text)] == []
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            assert "#" in line, line
