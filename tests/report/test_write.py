"""Results appear whole or not at all, nobody's files are lost, and the same table gives the same bytes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from netgen.errors import AnalysisError
from netgen.report.write import (
    MARK,
    check_target,
    file_name,
    format_column,
    list_files,
    output_folder,
    plain,
    write_json,
    write_table,
)


def write(target, *, force=False, **files):
    with output_folder(target, force=force) as folder:
        for name, text in files.items():
            (folder / name).write_text(text)


def read(folder):
    return {name: (folder / name).read_text() for name in list_files(folder) if name != MARK}


def test_output_folder__appears_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "out"
    with output_folder(target) as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "a").write_text("1")
        assert folder.parent == target.parent
        assert not target.exists()
    assert read(target) == {"sub/a": "1"}
    assert list(target.parent.iterdir()) == [target]


def test_output_folder__an_empty_folder_is_as_good_as_none(tmp_path):
    write(tmp_path / "out" / "x", a="1")
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", a="1")
    assert read(tmp_path / "empty") == {"a": "1"}


def test_output_folder__refuses_a_folder_that_holds_something(tmp_path):
    write(tmp_path / "out", a="1")
    with pytest.raises(AnalysisError, match=r"E_OUTPUT_EXISTS: the folder .*out is not empty\. .*add --force"):
        write(tmp_path / "out", a="2")
    assert read(tmp_path / "out") == {"a": "1"}


def test_output_folder__replaces_results_on_request(tmp_path):
    write(tmp_path / "out", a="1", b="1")
    write(tmp_path / "out", force=True, a="2", c="2")
    assert read(tmp_path / "out") == {"a": "2", "c": "2"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_output_folder__keeps_what_others_put_there(tmp_path):
    write(tmp_path / "out", a="1", b="1")
    (tmp_path / "out" / "notes").mkdir()
    (tmp_path / "out" / "notes" / "mine.txt").write_text("keep")
    (tmp_path / "out" / "c").write_text("mine, replaced by a result of the same name")
    write(tmp_path / "out", force=True, a="2", c="2")
    assert read(tmp_path / "out") == {"a": "2", "c": "2", "notes/mine.txt": "keep"}
    write(tmp_path / "out", force=True, a="3")
    assert read(tmp_path / "out") == {"a": "3", "notes/mine.txt": "keep"}


def test_output_folder__a_folder_of_somebody_else_loses_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "patients.csv").write_text("precious")
    write(tmp_path / "data", force=True, a="1")
    assert read(tmp_path / "data") == {"a": "1", "patients.csv": "precious"}


@pytest.mark.parametrize("before", [{}, {"a": "1"}])
def test_output_folder__a_failure_leaves_what_was_there(tmp_path, before):
    target = tmp_path / "out"
    if before:
        write(target, **before)

    def fail():
        with output_folder(target, force=True) as folder:
            (folder / "a").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert target.exists() == bool(before)
    assert not before or read(target) == before
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if before else [])


def test_output_folder__a_failed_exchange_puts_the_old_folder_back(tmp_path, monkeypatch):
    write(tmp_path / "out", a="1")
    rename = Path.rename

    def failing(self, target):
        if self.name.startswith(".out-") and Path(target).name == "out" and "-old-" not in str(self):
            raise OSError("disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk is gone"):
        write(tmp_path / "out", force=True, a="2")
    monkeypatch.undo()
    assert read(tmp_path / "out") == {"a": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_output_folder__through_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", a="1")
    assert read(tmp_path / "real") == {"a": "1"}
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["file", "file/below/it"])
def test_check_target__a_file_is_no_folder(tmp_path, name, force):
    (tmp_path / "file").touch()
    with pytest.raises(AnalysisError, match=r"E_OUTPUT_PATH: the output must be a folder; .*file is a file"):
        check_target(tmp_path / name, force=force)


def test_check_target__a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("netgen.report.write.os.access", lambda path, mode: False)  # noqa: ARG005
    with pytest.raises(AnalysisError, match=r"E_OUTPUT_PATH: nothing can be written to"):
        check_target(tmp_path / "out", force=True)


def test_check_target__a_folder_beside_which_nothing_can_be_written(tmp_path, monkeypatch):
    """A finished folder takes the place of the old one: being allowed to write into the old one is not enough."""
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("netgen.report.write.os.access", lambda path, mode: path != tmp_path)  # noqa: ARG005
    with pytest.raises(AnalysisError, match=rf"E_OUTPUT_PATH: nothing can be written to {tmp_path}\."):
        check_target(tmp_path / "out", force=True)


def test_output_folder__a_place_that_takes_nothing(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netgen.report.write.tempfile.mkdtemp", full)
    with pytest.raises(AnalysisError, match=r"E_OUTPUT_PATH: nothing can be written to .*: No space left on device"):
        write(tmp_path / "out")


@pytest.mark.parametrize("place", [".", "..", "../here"])
def test_check_target__never_the_working_directory_or_what_holds_it(tmp_path, monkeypatch, place):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(AnalysisError, match=r"E_OUTPUT_PATH: results need a folder of their own"):
        check_target(Path(place), force=True)
    check_target(Path("out"), force=False)


@pytest.mark.parametrize(
    ("text", "name"),
    [("km_os_TP53", "km_os_TP53"), ("PI3K/mTOR", "PI3K_mTOR"), ("../x", "_._x"), ("HLA-A", "HLA-A"),
     ("a b\tc", "a_b_c"), (".hidden", "_hidden")],
)  # fmt: skip
def test_file_name__stays_in_its_folder(text, name):
    assert file_name(text) == name


FRAME = pd.DataFrame(
    {
        "text": pd.array(["a", None, "b c"], dtype="string"),
        "whole": pd.array([1, None, -3], dtype="Int64"),
        "decimal": [0.1, np.nan, 1e-300],
        "truth": pd.array([True, None, False], dtype="boolean"),
        "plain_truth": [True, False, True],
        "day": pd.to_datetime(["2020-01-31", None, "1999-12-01"]),
        "days": [2.0, 0.5, np.nan],
        "mixed": [1, "x", None],
    }
)


def test_write_table__literal(tmp_path):
    write_table(FRAME, tmp_path / "sub" / "t.tsv")
    assert (tmp_path / "sub" / "t.tsv").read_text(encoding="utf-8") == (
        "text\twhole\tdecimal\ttruth\tplain_truth\tday\tdays\tmixed\n"
        "a\t1\t0.1\tTRUE\tTRUE\t2020-01-31\t2\t1\n"
        "NA\tNA\tNA\tNA\tFALSE\tNA\t0.5\tx\n"
        "b c\t-3\t1e-300\tFALSE\tTRUE\t1999-12-01\tNA\tNA\n"
    )


def test_write_table__of_no_rows_has_its_header(tmp_path):
    write_table(FRAME.iloc[:0], tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text() == "text\twhole\tdecimal\ttruth\tplain_truth\tday\tdays\tmixed\n"


def test_write_table__decimals_come_back_as_they_were(tmp_path):
    values = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    write_table(pd.DataFrame({"x": values}), tmp_path / "t.tsv")
    back = [float(line) for line in (tmp_path / "t.tsv").read_text().splitlines()[1:]]
    assert back == values.tolist()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1e15, "1000000000000000.0"), (999999999999999.0, "999999999999999"), (2.5, "2.5"),
     (float("inf"), "inf"), (0.012012987012987014, "0.012012987012987014")],
)  # fmt: skip
def test_format_column__numbers(value, text):
    assert format_column(pd.Series([value], dtype="float64")).tolist() == [text]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-cmd|calc", "'-cmd|calc"),
        ("@import", "'@import"),
        ("\t=1+1", " =1+1"),
        ("\r=1", " =1"),
        ("-1.5", "-1.5"),
        ("+3", "+3"),
        ("-", "-"),
        ("=", "="),
        ("a=b", "a=b"),
        ("line\nbreak\tand tab", "line break and tab"),
        ('say "no"', 'say "no"'),
        ("", ""),
    ],
)
def test_write_table__cells_are_text_and_not_formulas(tmp_path, cell, text):
    write_table(pd.DataFrame({"x": pd.array([cell, "end"], dtype="string")}), tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text() == f"x\n{text}\nend\n"


def test_write_table__bytes_depend_on_the_values_alone(tmp_path):
    write_table(FRAME, tmp_path / "a.tsv")
    other = FRAME.set_axis(["z", "y", "x"]).astype({"decimal": "Float64", "days": "Float64", "plain_truth": "boolean"})
    write_table(other, tmp_path / "b.tsv")
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_plain__is_what_json_knows():
    value = {
        1: (np.int64(3), np.float64(0.5), np.bool_(True), None, pd.NA, pd.NaT, float("nan"), float("-inf")),
        "path": Path("a/b"),
        "day": date(2020, 1, 31),
        "array": np.array([[1.0, np.nan]]),
        "index": pd.Index(["x"]),
        "set": {"b", "a"},
        "text": "x",
    }
    assert plain(value) == {
        "1": [3, 0.5, True, None, None, None, None, None],
        "path": "a/b",
        "day": "2020-01-31",
        "array": [[1.0, None]],
        "index": ["x"],
        "set": ["a", "b"],
        "text": "x",
    }


def test_write_json__is_sorted_and_strict(tmp_path):
    write_json({"b": float("nan"), "a": [1, True]}, tmp_path / "sub" / "x.json")
    text = (tmp_path / "sub" / "x.json").read_text()
    assert text == '{\n  "a": [\n    1,\n    true\n  ],\n  "b": null\n}\n'
    assert json.loads(text) == {"a": [1, True], "b": None}
