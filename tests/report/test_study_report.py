"""``netgen report`` as a whole: what is written and when not, what is missing, same output for the same input."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from netgen.errors import AnalysisError
from netgen.report import study_report
from netgen.report.methods import write_methods
from netgen.report.study_report import SECTIONS, gather_results, render_report, write_report
from netgen.report.write import MARK, list_files
from tests.linear_study import read_linear, write_linear
from tests.report.number_proof import unproven
from tests.report.page_reader import PageReader
from tests.report.report_cases import entry_report
from tests.report.report_studies import FOLDERS, IMAGE, SMALL, copy_demo, report
from tests.study_files import maf, write_files

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.repeats


@pytest.fixture(scope="module")
def plain(reference, tmp_path_factory):
    """Study with recorded endpoints and genes: no treatment, no dates."""
    return write_linear(tmp_path_factory.mktemp("plain"), read_linear(reference), extra=SMALL)


def contents(folder, *, without=()):
    """Every file of a folder, but for records of runs."""
    names = [name for name in list_files(folder) if Path(name).name != "provenance.json" and name not in without]
    return {name: (folder / name).read_bytes() for name in names}


# ---- what is written ----


def test_report__writes_page_methods_workbook_tables_and_record(demo_report):
    names = set(list_files(demo_report))
    assert {"report.html", "methods.md", "tables.xlsx", "provenance.json", MARK} <= names
    assert {name.partition("/")[0] for name in names if "/" in name} == set(FOLDERS)
    assert {name for name in names if name.endswith((".pdf", ".png"))} == set()
    record = json.loads((demo_report / "provenance.json").read_text())
    assert record["skipped"] == {}
    assert record["options"] == {"endpoints": ["os", "pfs"]}


def test_report__has_all_sections_of_the_demo_but_delayed_entry(demo_page):
    sections = [given["id"] for name, given in demo_page.elements if name == "section"]
    assert sections == [name for name in SECTIONS if name != "entry"]
    links = [given["href"] for name, given in demo_page.elements if name == "a" and given["href"].startswith("#")]
    ids = {given["id"] for _, given in demo_page.elements if "id" in given}
    assert {link[1:] for link in links} <= ids
    assert [link for link in links if link[1:] in SECTIONS] == [f"#{name}" for name in sections]


def test_report__every_file_it_names_is_there(demo_report, demo_page):
    links = {given["href"] for name, given in demo_page.elements if name == "a"}
    named = {link for link in links if not link.startswith(("#", "https://"))}
    assert len(named) > 30
    assert {link for link in named if not (demo_report / link).is_file()} == set()


def test_report__of_the_demo_is_a_file_that_can_be_mailed(demo_report):
    assert (demo_report / "report.html").stat().st_size < 5_000_000


def test_report__says_what_the_data_are_and_what_it_is_not_for(demo_page):
    assert "SYNTHETIC: 34 invented patients" in demo_page.text
    assert (
        demo_page.text.count("Research use only. netgen is not a medical device and not a clinical decision tool.") == 2
    )


# ---- on the command line ----


def run(*args):
    return CliRunner().invoke(main, ["report", *map(str, args), "--no-figures"])


def test_command__replaces_only_its_own_files_and_only_if_told(plain, tmp_path):
    out = tmp_path / "out"
    first = run(plain, "--out", out)
    assert first.exit_code == 0, first.output
    assert f"Open {out / 'report.html'}" in first.output
    assert "No therapy: a comparison of treatment needs lines with a start" in first.output
    before = contents(out)
    (out / "notes.txt").write_text("mine")
    (out / "report.html").write_text("spoilt")

    refused = run(plain, "--out", out)
    assert refused.exit_code == 1
    assert "E_OUTPUT_EXISTS" in refused.output
    assert (out / "report.html").read_text() == "spoilt"

    again = run(plain, "--out", out, "--force", "--quiet")
    assert again.exit_code == 0, again.output
    assert (out / "notes.txt").read_text() == "mine"
    assert contents(out, without=("notes.txt",)) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_command__stops_where_delayed_entry_has_to_be_decided(tmp_path):
    study = copy_demo(tmp_path / "study")
    samples = (tmp_path / "study" / "samples.csv").read_text().splitlines(keepends=True)
    some = [line.replace("research_retrospective", "clinical") for line in samples[:9]]
    (tmp_path / "study" / "samples.csv").write_text("".join([*some, *samples[9:]]))
    study.write_text(re.sub("sequencing_context.*", "", study.read_text()))
    result = run(study, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "E_ENTRY_UNDECIDED" in result.output
    assert not (tmp_path / "out").exists()


def test_command__refuses_ids_that_are_none(tmp_path, reference):
    table = read_linear(reference)
    study = write_linear(tmp_path, table.replace({"patient_id": {"P01": IMAGE}}), extra=SMALL)
    result = run(study, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "E_ID_SYNTAX" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("there", [False, True])
def test_write_report__that_fails_leaves_what_was_there(plain, tmp_path, monkeypatch, there):
    def fail(*_args, **_kwargs):
        raise OSError("the disk is full")

    out = tmp_path / "out"
    results = dataclasses.replace(
        gather_results(ng.read_cohort(plain)), association=None, survival=None, actionability=None, oncoprint=None
    )
    if there:
        out.mkdir()
        (out / "old.txt").write_text("old")
    monkeypatch.setattr("netgen.report.xlsx.write_workbook", fail)
    with pytest.raises(OSError, match="the disk is full"):
        write_report(results, out, force=True, figures=False)
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if there else [])
    assert not there or list_files(out) == ["old.txt"]


def test_write_report__refuses_before_it_writes(plain, tmp_path):
    (tmp_path / "old.txt").write_text("old")
    results = gather_results(ng.read_cohort(plain))
    with pytest.raises(AnalysisError, match="not empty"):
        write_report(results, tmp_path, figures=False)
    assert list_files(tmp_path) == ["old.txt"]


# ---- what a study does not have ----


def without_genes(folder, table):
    """The golden cohort, nobody sequenced."""
    text = write_linear(folder, table, extra=SMALL).read_text(encoding="utf-8")
    (folder / "study.toml").write_text(re.sub(r"alterations = .*\n", "", text))
    return folder / "study.toml"


def without_dates(folder, table):
    """The golden cohort without any time or date."""
    text = write_linear(folder, table).read_text(encoding="utf-8")
    study = folder / "study.toml"
    study.write_text(text.partition("[endpoints")[0])
    table[["patient_id", "origin", "ki67_pct"]].to_csv(folder / "patients.csv", index=False)
    return study


def broken_genes(folder, table):
    """The golden cohort with calls, but no word on what was sequenced."""
    text = without_genes(folder, table).read_text(encoding="utf-8")
    (folder / "study.toml").write_text(
        text.replace('"patients.csv"\n', '"patients.csv"\nvariants = "calls.maf"\n')
        + '[read]\nsequencing = "optional"\n'
    )
    write_files(folder, {"calls.maf": maf(("P01", "TP53"))})
    return folder / "study.toml"


NOBODY = "Nobody was sequenced."
NO_LINES = {
    "therapy": "a comparison of treatment needs lines with a start; the study has none.",
    "response": "response needs lines of treatment with their start; nobody has one.",
}
NO_DATES = "the endpoint 'os' needs dates or recorded columns; the study has neither."
CASES = {
    "no treatment": (lambda folder, table: write_linear(folder, table, extra=SMALL), {}),
    "no genes": (without_genes, dict.fromkeys(("associations", "oncoprint", "actionability"), NOBODY)),
    "no dates": (
        without_dates,
        {"endpoint os": NO_DATES, **dict.fromkeys(("associations", "survival"), "No endpoint can be derived.")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_report__tells_what_it_does_not_have_and_why(reference, tmp_path, case):
    build, missing = CASES[case]
    results = gather_results(ng.read_cohort(build(tmp_path, read_linear(reference))))
    expected = {**missing, **NO_LINES}
    assert results.skipped == expected
    html = render_report(results)
    listed = html.partition("Not in this report</h3>")[2].partition("</ul>")[0]
    items = re.findall(r"<li><b>(.*?)</b>: (.*?)</li>", listed)
    assert {unescape(name): unescape(reason) for name, reason in items} == expected
    shown = [given["id"] for name, given in PageReader(html).elements if name == "section"]
    gone = {"endpoint os": ("endpoints",), "associations": ("associations", "heterogeneity", "model")}
    absent = {section for name in expected for section in gone.get(name, (name,))} | {"entry"}
    absent |= {"model"}  # not asked for
    absent |= {"heterogeneity"} if "associations" in expected else set()
    assert shown == [name for name in SECTIONS if name not in absent]


def test_report__tells_why_sequencing_could_not_be_read(reference, tmp_path):
    cohort = ng.read_cohort(broken_genes(tmp_path, read_linear(reference)))
    reasons = gather_results(cohort).skipped
    (unread,) = {reasons[name] for name in ("associations", "oncoprint", "actionability")}
    assert "read without sequencing" in unread


# ---- delayed entry ----


def test_truncation__is_not_spoken_of_without_delayed_entry(demo_report, demo_page):
    assert "truncat" not in (demo_report / "methods.md").read_text(encoding="utf-8").lower()
    classes = re.sub(r"truncating[ _](mutation|without[ _]rule)", "", demo_page.text.lower())
    titles = " ".join(str(given.get("title", "")) for _, given in demo_page.elements).lower()
    assert "truncat" not in classes
    assert "truncat" not in titles.replace("truncating_without_rule", "")


def test_truncation__is_spoken_of_with_delayed_entry(tmp_path):
    results = entry_report('entry_rule = "sequencing_report"\n    report_both = true')
    assert "truncat" in write_methods(results)
    write_report(results, tmp_path / "out", figures=False)
    page = PageReader((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "truncat" in page.text
    shown = [table for table in page.tables if table.section in {"associations", "entry"} and table.source]
    assert {table.section for table in shown} == {"associations", "entry"}
    assert [(table.id, *fault) for table in shown for fault in unproven(table, tmp_path / "out")] == []


# ---- same input, same bytes ----

AGAIN = """
import sys
from pathlib import Path
import netgen as ng
from netgen.report.study_report import gather_results, write_report

results = gather_results(ng.read_cohort(sys.argv[1]), threads=4, command=sys.argv[3])
write_report(results, Path(sys.argv[2]), figures=False)
"""


def test_same_input__same_bytes_in_another_process_with_four_threads(demo_study, demo_report, tmp_path):
    environment = {**os.environ, "PYTHONHASHSEED": "4", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", AGAIN, str(demo_study), str(tmp_path / "again"), "netgen report demo"]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    one, two = contents(demo_report), contents(tmp_path / "again")
    assert {"report.html", "methods.md", "tables.xlsx", "associations/associations.tsv"} <= set(one)
    assert set(one) == set(two)
    assert [name for name in one if one[name] != two[name]] == []


def test_same_input__rows_in_another_order_change_no_table(demo_report, tmp_path, monkeypatch):
    monkeypatch.setattr(study_report, "render_report", lambda results: results.run_id)  # it shows checksums of files
    mixed, known = (
        {name: content.replace(run_id(folder).encode(), b"run") for name, content in contents(folder).items()}
        for folder in (report(copy_demo(tmp_path / "mixed", seed=3), tmp_path / "out"), demo_report)
    )
    tables = [name for name in known if name.endswith((".tsv", ".json", ".xlsx", ".md"))]
    assert len(tables) > 70
    assert [name for name in tables if known[name] != mixed[name] and not name.endswith("warnings.tsv")] == []
    for name in (name for name in tables if name.endswith("warnings.tsv")):  # rows of files
        assert _warned(demo_report / name) == _warned(tmp_path / "out" / name), name


def run_id(folder):
    """A hash of checksums, among others."""
    return json.loads((folder / "provenance.json").read_text())["run_id"]


def _warned(path):
    return sorted(map(str, pd.read_csv(path, sep="\t").drop(columns="row").to_numpy().tolist()))


def test_same_input__another_setting_is_another_run(demo_study):
    cohort = ng.read_cohort(demo_study)
    other = dataclasses.replace(cohort.study, title="Another")
    ids = {study_report._identify(one) for one in (cohort, cohort, dataclasses.replace(cohort, study=other))}
    assert len(ids) == 2


# ---- SC30 on the whole report ----


def test_sc30_report__nobody_is_lost_on_the_way(demo_report):
    flows = sorted(demo_report.glob("*/flow.json"))
    assert len(flows) == 4
    for path in flows:
        steps = {step["name"]: step for step in json.loads(path.read_text())["steps"]}
        for step in steps.values():
            assert step["n_in"] == step["n_out"] + sum(step["excluded"].values()), path
            assert not step["after"] or steps[step["after"]]["n_out"] == step["n_in"], path
        assert steps["screened"]["n_in"] == 34


def test_sc30_report__every_feature_has_one_status(demo_report, demo_page):
    rows = pd.read_csv(demo_report / "associations" / "associations.tsv", sep="\t")
    for endpoint, own in rows.groupby("endpoint"):
        assert own["feature"].is_unique
        assert own["status"].value_counts().sum() == own["feature"].nunique() == 20
        shown = [
            line[0]
            for kind in ("exploratory", "untested")
            for table in demo_page.tables
            if table.id == f"associations-{endpoint}-{kind}"
            for line in table.rows
        ]
        assert sorted(shown) == sorted(own["feature"])


def test_sc30_report__one_matrix_behind_everything(demo_report, demo_page):
    hashes = set()
    for folder in ("associations", "oncoprint"):
        hashes.add(json.loads((demo_report / folder / "provenance.json").read_text())["matrix_hash"])
    (matrix,) = hashes
    assert demo_page.text.count(matrix) >= 2  # below the oncoprint, and in the provenance
    shares = pd.read_csv(demo_report / "oncoprint" / "oncoprint_genes.tsv", sep="\t").query("origin == 'all'")
    tested = pd.read_csv(demo_report / "associations" / "associations.tsv", sep="\t").query("endpoint == 'os'")
    both = shares.merge(tested, left_on="gene", right_on="feature", validate="1:1")
    assert len(both) == len(shares) > 0
    assert (both["n_altered_x"] == both["n_altered_y"]).all()
    assert (both["n_profiled_x"] == both["n_profiled_y"]).all()
