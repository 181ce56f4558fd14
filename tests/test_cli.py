"""The command line: parse, one call, write, exit 0, 1 (the data or the request) or 2 (misuse)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import netgen
from netgen.cli import RESEARCH_USE, main
from netgen.errors import AnalysisError
from netgen.report.write import MARK, list_files
from tests.study_files import maf, write_files

# Twelve patients of two origins; nine die. A is altered in five, B in two, C was read in the first six only.
ROWS = [
    ("P01", "lung", 100, 1, 1, 0, 1), ("P02", "lung", 200, 1, 1, 0, 0), ("P03", "lung", 300, 1, 0, 1, 0),
    ("P04", "lung", 400, 0, 0, 0, 1), ("P05", "lung", 500, 1, 0, 0, 0), ("P06", "lung", 600, 0, 0, 0, 0),
    ("P07", "thymic", 90, 1, 1, 0, ""), ("P08", "thymic", 190, 1, 1, 0, ""), ("P09", "thymic", 290, 1, 1, 0, ""),
    ("P10", "thymic", 390, 1, 0, 1, ""), ("P11", "thymic", 490, 1, 0, 0, ""), ("P12", "thymic", 590, 0, 0, 0, ""),
]  # fmt: skip
STUDY = """
    [study]
    sequencing_context = "research_retrospective"
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    alterations = { file = "genes.csv", layout = "matrix" }
    [endpoints.os]
    time = "days"
    event = "dead"
    unit = "days"
    """


@pytest.fixture
def study(tmp_path):
    """Return a study.toml of twelve patients with a ready-made gene matrix."""
    patients = "".join(f"{name},{origin},{days},{dead}\n" for name, origin, days, dead, *_ in ROWS)
    genes = "".join(f"{name},{a},{b},{c}\n" for name, _, _, _, a, b, c in ROWS)
    files = {
        "study.toml": STUDY,
        "patients.csv": "patient_id,origin,days,dead\n" + patients,
        "genes.csv": "ID,AAA1,BBB2,CCC3\n" + genes,
    }
    return write_files(tmp_path / "study", files) / "study.toml"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the command line in an empty folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def invoke(*args):
        return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)

    return invoke


FAST = ("--no-figures", "--no-model")


def test_import__is_light():
    """A fresh interpreter that has imported the command line has loaded no numerical library."""
    heavy = {
        "numpy",
        "pandas",
        "scipy",
        "matplotlib",
        "pysam",
        "pyarrow",
        "lifelines",
        "sksurv",
        "statsmodels",
        "openpyxl",
    }
    code = f"import sys, netgen.cli; print(sorted({heavy!r} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("command", [(), ("associate",), ("oncoprint",), ("check",), ("init",), ("demo",)])
def test_help__is_there_for_everything(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert run(*command, "-h").output == result.output


def test_help__prints_the_research_use_sentence(run):
    for command in ((), ("associate",), ("oncoprint",)):
        assert RESEARCH_USE in " ".join(run(*command, "--help").output.split())


def test_version(run):
    result = run("--version")
    assert (result.exit_code, netgen.__version__ in result.output) == (0, True)


def test_associate__writes_results_and_prints_a_summary(run, study, tmp_path):
    result = run("associate", study, "--out", "out", *FAST)
    assert result.exit_code == 0
    assert "OS: 12 patients, 9 events" in result.stdout
    assert "AAA1" in result.stdout
    assert "W_SMALL" in result.stderr
    assert "associations.tsv" in list_files(tmp_path / "work" / "out")
    command = json.loads((tmp_path / "work" / "out" / "provenance.json").read_text())["command"]
    assert command.startswith("netgen")


def test_associate__json_is_all_that_stdout_holds(run, study):
    result = run("associate", study, "--out", "out", "--json", *FAST)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["out"], found["endpoints"]["os"]["n"], found["endpoints"]["os"]["features"]) == ("out", 12, 3)
    assert result.stderr == ""


def test_associate__quiet_and_verbose(run, study):
    quiet = run("associate", study, "--out", "out", "--quiet", *FAST)
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")
    verbose = run("associate", study, "--out", "out", "--force", "--verbose", *FAST)
    assert verbose.exit_code == 0
    assert "W_ENDPOINT_PRECOMPUTED" in verbose.stderr


def rows(folder):
    lines = [line.split("\t") for line in (folder / "associations.tsv").read_text().splitlines()]
    return {line[lines[0].index("feature")]: dict(zip(lines[0], line, strict=True)) for line in lines[1:]}


def test_associate__options_win_over_the_file(run, study, tmp_path):
    options = ("--genes", "aaa1,BBB2", "--min-altered", 2, "--strata", "none", "--seed", 5, "--features", "any_nonsyn")
    assert run("associate", study, "--out", "out", *options, *FAST).exit_code == 0
    found = rows(tmp_path / "work" / "out")
    assert list(found) == ["AAA1", "BBB2"]
    assert {row["strata"] for row in found.values()} == {"none"}
    assert found["BBB2"]["status"] == "tested"
    plan = json.loads((tmp_path / "work" / "out" / "analysis_plan.json").read_text())
    assert (plan["requested"]["seed"], plan["endpoints"]["os"]["min_altered"]) == (5, 2)


def test_associate__refuses_a_folder_in_use_before_it_reads_anything(run, tmp_path):
    write_files(tmp_path / "work" / "out", {"notes.txt": "mine"})
    result = run("associate", "no_such_study.toml", "--out", "out")
    assert result.exit_code == 1
    assert result.stderr.startswith("E_OUTPUT_EXISTS: the folder out is not empty.")
    assert (tmp_path / "work" / "out" / "notes.txt").read_text() == "mine"


def test_associate__force_replaces_its_own_results_only(run, study, tmp_path):
    assert run("associate", study, "--out", "out", *FAST).exit_code == 0
    (tmp_path / "work" / "out" / "notes.txt").write_text("mine")
    assert run("associate", study, "--out", "out", *FAST).exit_code == 1
    assert run("associate", study, "--out", "out", "--force", *FAST).exit_code == 0
    assert (tmp_path / "work" / "out" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("out", [".", ".."])
def test_associate__never_replaces_the_working_directory(run, study, out):
    result = run("associate", study, "--out", out, "--force", *FAST)
    assert result.exit_code == 1
    assert "E_OUTPUT_PATH" in result.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nothing.toml",), "E_FILE_MISSING: nothing.toml: a cohort is needed; nothing.toml does not exist."),
        (
            ("{study}", "--endpoint", "pfs"),
            "E_ENDPOINT_UNAVAILABLE: the endpoint 'pfs' needs dates or recorded columns",
        ),
        (("{study}", "--strata", "site"), "E_CONFIG: strata need a patient column; 'site' is not one."),
        (("{study}", "--adjust", "age"), "E_CONFIG: adjust needs a patient column; 'age' is not one."),
        (
            ("{study}", "--genes", "XYZ"),
            "E_GENE_UNKNOWN: none of the requested genes was sequenced in any patient: XYZ.",
        ),
    ],
)
def test_associate__a_request_that_cannot_be_met_is_one_line_and_exit_1(run, study, tmp_path, args, message):
    result = run("associate", *[arg.format(study=study) for arg in args], "--out", "out", *FAST)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith(message)
    assert result.stdout == ""
    assert not (tmp_path / "work" / "out").exists()


def test_associate__all_problems_of_the_data_are_listed(run, study):
    path = study.parent / "patients.csv"
    path.write_text(path.read_text().replace("P02,lung", "P 2,lung").replace("thymic,90,1", "thymus?,90,9"))
    result = run("associate", study, "--out", "out", *FAST)
    assert result.exit_code == 1
    head, *lines = result.stderr.splitlines()
    assert head == f"{len(lines)} problems must be mended before netgen can go on:"
    assert len(lines) >= 2
    assert all(line.startswith("E_") for line in lines)


@pytest.mark.parametrize(
    "args",
    [
        ("associate",),
        ("associate", "demo", "--variants", "a.maf", "--clinical", "b.csv"),
        ("associate", "demo", "--no-such-option"),
        ("associate", "demo", "--features", "everything"),
        ("associate", "demo", "--min-altered", "0"),
        ("associate", "demo", "--permutations", "0"),
        ("associate", "demo", "--threads", "0"),
        ("associate", "demo", "--landmark", "-5"),
        ("associate", "demo", "--status-map", "1"),
        ("check",),
        ("check", "demo", "--assay", "panel"),
        ("init",),
        ("nonsense",),
    ],
)
def test_misuse_is_exit_2(run, args, tmp_path):
    result = run(*args)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert list((tmp_path / "work").iterdir()) == []


CLINICAL = "patient,tumour,site,months,status\n" + "".join(
    f"P{i},T{i},lung,{10 + i},{'dead' if i % 2 else 'alive'}\n" for i in range(1, 9)
)
QUICK = (
    "--variants", "calls.maf", "--clinical", "clinical.csv", "--patient-id", "patient", "--sample-id", "tumour",
    "--time", "months", "--event", "status", "--unit", "months", "--entry-rule", "none",
)  # fmt: skip


def test_quick_look__without_an_assay_names_the_three_remedies(run, tmp_path):
    write_files(tmp_path / "work", {"calls.maf": maf(("T1", "TP53"), ("T2", "TP53")), "clinical.csv": CLINICAL})
    result = run("associate", *QUICK, "--out", "out", *FAST)
    assert result.exit_code == 1
    assert "E_NO_PANEL" in result.stderr
    assert all(remedy in result.stderr for remedy in ("--assay wes or wgs", "--panel FILE", "--assume-profiled"))
    assert not (tmp_path / "work" / "out").exists()


@pytest.mark.parametrize("remedy", [("--assay", "wes"), ("--panel", "panel.txt"), ("--assume-profiled",)])
def test_quick_look__each_remedy_works(run, tmp_path, remedy):
    calls = maf(*[(f"T{i}", "TP53") for i in (1, 2, 3)], *[(f"T{i}", "MEN1") for i in range(4, 9)])
    files = {"calls.maf": calls, "clinical.csv": CLINICAL, "panel.txt": "TP53\nMEN1\n"}
    write_files(tmp_path / "work", files)
    result = run("associate", *QUICK, *remedy, "--out", "out", *FAST)
    assert result.exit_code == 0, result.stderr
    found = rows(tmp_path / "work" / "out")
    assert (found["TP53"]["n_profiled"], found["TP53"]["n_altered"]) == ("8", "3")
    assert (found["MEN1"]["n_profiled"], found["MEN1"]["n_altered"]) == ("8", "5")


def test_quick_look__needs_both_files(run):
    result = run("associate", "--clinical", "c.csv", "--out", "out")
    assert (result.exit_code, "Add --variants FILE" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("option", "value"), [("--patient-id", "x"), ("--sample-id", "x"), ("--time", "x"), ("--event", "x"),
                          ("--unit", "days"), ("--clinical", "x.csv"), ("--variants", "x.maf")],
)  # fmt: skip
def test_quick_look__options_beside_a_cohort_are_misuse(run, study, option, value):
    result = run("check", study, option, value)
    assert (result.exit_code, f"found {option}." in result.stderr) == (2, True)


@pytest.mark.parametrize("remedy", [("--assay", "wes"), ("--panel", "panel.txt"), ("--assume-profiled",)])
def test_associate__a_study_folder_takes_the_remedies_too(run, tmp_path, remedy):
    """Eight exomes in a cBioPortal folder that does not say they are: TP53 in three of them, MEN1 in five."""
    patients = "PATIENT_ID\tOS_MONTHS\tOS_STATUS\n" + "".join(
        f"P{i}\t{10 + i}\t{'1:DECEASED' if i % 2 else '0:LIVING'}\n" for i in range(1, 9)
    )
    files = {
        "study/meta_study.txt": "cancer_study_identifier: s\n",
        "study/data_clinical_patient.txt": patients,
        "study/data_clinical_sample.txt": "PATIENT_ID\tSAMPLE_ID\n" + "".join(f"P{i}\tT{i}\n" for i in range(1, 9)),
        "study/data_mutations.txt": maf(*[(f"T{i}", "TP53" if i < 4 else "MEN1") for i in range(1, 9)]),
        "panel.txt": "TP53\nMEN1\n",
    }
    write_files(tmp_path / "work", files)
    assert "E_NO_PANEL" in run("associate", "study", "--entry-rule", "none", "--out", "out", *FAST).stderr
    result = run("associate", "study", *remedy, "--entry-rule", "none", "--out", "out", *FAST)
    assert result.exit_code == 0, result.stderr
    found = rows(tmp_path / "work" / "out")
    assert (found["TP53"]["n_profiled"], found["TP53"]["n_altered"]) == ("8", "3")
    assert (found["MEN1"]["n_profiled"], found["MEN1"]["n_altered"]) == ("8", "5")


def test_main__a_file_that_may_not_be_read_is_told(run, study, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "calls.maf")

    monkeypatch.setattr("netgen.cohort.read_cohort", refuse)
    result = run("associate", study, "--out", "out")
    assert (result.exit_code, result.stderr.startswith("E_FILE_MISSING: calls.maf: Permission denied.")) == (1, True)


@pytest.mark.parametrize("pair", ["dead", "=dead", " =dead"])
def test_check__a_status_map_needs_a_value_and_its_meaning(run, study, pair):
    result = run("check", study, "--status-map", pair)
    assert (result.exit_code, "is not VALUE=STATUS" in result.stderr) == (2, True)


def test_check__of_sound_data_is_exit_0(run, study):
    result = run("check", study)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("0 errors, ")


def test_check__lists_everything_and_exits_1(run, study, tmp_path):
    path = study.parent / "patients.csv"
    path.write_text(path.read_text().replace("P02,lung", "P 2,lung"))
    (study.parent / "genes.csv").write_text("ID,AAA1\nP01,1\nP03,what\n")
    result = run("check", study, "--out", "out")
    assert result.exit_code == 1
    errors = [line for line in result.stdout.splitlines() if line.startswith("E_")]
    assert {line.split(":")[0] for line in errors} == {"E_ID_SYNTAX", "E_VALUE"}
    assert result.stdout.splitlines()[-1].startswith("2 errors, ")
    assert set(list_files(tmp_path / "work" / "out")) == {"findings.json", "findings.tsv", MARK}
    again = run("check", study, "--json")
    assert again.exit_code == 1
    records = json.loads(again.stdout)
    assert records == json.loads((tmp_path / "work" / "out" / "findings.json").read_text())
    assert {record["code"] for record in records if record["severity"] == "E"} == {"E_ID_SYNTAX", "E_VALUE"}


def test_check__quiet_prints_errors_only(run, study):
    assert len(run("check", study, "--quiet").stdout.splitlines()) == 1


def test_check__a_cohort_that_is_not_there(run):
    result = run("check", "nothing.toml")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0].startswith("E_FILE_MISSING")


def test_check__refuses_a_folder_in_use_first(run, tmp_path):
    write_files(tmp_path / "work" / "out", {"x": "1"})
    result = run("check", "nothing.toml", "--out", "out")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "E_OUTPUT_EXISTS" in result.stderr


def test_init__writes_files_to_begin_with(run, tmp_path):
    result = run("init", "mine")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "mine/study.toml", "mine/template_empty.xlsx", "mine/template_filled.xlsx",
    ]  # fmt: skip
    assert all((tmp_path / "work" / name).is_file() for name in result.stdout.split())
    assert run("init", "mine").exit_code == 1
    assert run("init", "mine", "--force").exit_code == 0


def test_demo__writes_the_embedded_cohort(run, tmp_path):
    result = run("demo", "files")
    assert result.exit_code == 0
    assert "analyse them with: netgen associate files/study.toml" in result.stdout
    assert (tmp_path / "work" / "files" / "vcf" / "P01-T.vcf.gz").is_file()
    assert run("check", "files", "--quiet").exit_code == 0


def test_a_bug_keeps_its_traceback(run, monkeypatch):
    def fail(folder, *, force):  # noqa: ARG001  # as the real one
        raise ZeroDivisionError

    monkeypatch.setattr("netgen.report.starters.write_starter", fail)
    with pytest.raises(ZeroDivisionError):
        run("init", "mine")


def test_an_expected_failure_is_one_line(run, monkeypatch):
    def fail(folder, *, force):  # noqa: ARG001  # as the real one
        raise AnalysisError("E_CONFIG", "not like this.", fix="Like that.")

    monkeypatch.setattr("netgen.report.starters.write_starter", fail)
    result = run("init", "mine")
    assert (result.exit_code, result.stderr) == (1, "E_CONFIG: not like this. Like that.\n")


def test_check__a_status_map_takes_several_pairs(run, tmp_path):
    # SC01: the inverse of the usual coding, declared on the command line
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "patient_id,origin,vital_status,date_diagnosis,date_last_contact,date_death\n"
        "A,lung,1,2020-01-01,2021-01-01,2021-01-01\nB,lung,2,2020-01-01,2021-01-01,\n"
    )
    assert run("check", sheet, "--status-map", "1=dead,2=alive").exit_code == 0
    assert run("check", sheet, "--status-map", "1=alive,2=dead").exit_code == 1
