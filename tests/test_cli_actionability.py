"""The commands about levels of evidence, and levels as features, groups and tracks of the other commands."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from click.testing import CliRunner

from netgen.actionability.levels import RESEARCH_USE as SENTENCE
from netgen.cli import RESEARCH_USE, main
from netgen.report.write import list_files
from tests.study_files import write_files

TODAY = datetime.now(tz=UTC).date().isoformat()  # the commands go by the present day; old files are stale
GOOD = """\
netgen_rules: 1
name: mine
snapshot: 2026-11
reviewed_by: A. Reader
rules:
  - id: MINE-TP53
    gene: TP53
    alteration: {kind: any_mutation}
    scope: {include: [PANET]}
    therapy: [drug]
    direction: sensitivity
    level: N4
    source: [{type: paper, id: X}]
"""
BAD = GOOD.replace("include: [PANET]", "include: [PANETT]").replace("level: N4", "level: N1")
FORM = """\
    patient_id,origin,oncotree_code,panel,alterations,date_diagnosis,date_advanced,date_last_contact,vital_status
    P1,pancreatic,PANET,wes,BRAF p.V600E,2020-01-01,2020-02-01,2022-01-01,alive
    P2,pancreatic,PANET,wes,BRAF p.V600E,2020-01-01,2020-02-01,2022-02-01,alive
    P3,pancreatic,PANET,wes,TSC2 p.A3T,2020-01-01,2020-02-01,2022-03-01,alive
    P4,lung,LUCA,wes,none,2020-01-01,2020-02-01,2022-04-01,alive
    P5,lung,LUCA,wes,KRAS p.G12C,2020-01-01,2020-02-01,2022-05-01,alive
    P6,lung,LUCA,,,2020-01-01,2020-02-01,2022-05-01,alive
    """
STUDY = """\
[study]
sequencing_context = "research_retrospective"
[[source]]
kind = "sheet"
path = "form.csv"
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*args):
        return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)

    return invoke


@pytest.fixture
def study(tmp_path):
    """Six patients: N1 twice, nothing that counts twice, N3B, not sequenced."""
    return write_files(tmp_path / "study", {"form.csv": FORM, "study.toml": STUDY}) / "study.toml"


@pytest.fixture
def snapshot(tmp_path):
    """Return a function that writes files of one kind each as a knowledge snapshot."""

    def write(name, date=TODAY, **files):
        folder = tmp_path / name
        folder.mkdir()
        entries = []
        for kind, (file, text) in files.items():
            (folder / file).write_text(text, encoding="utf-8")
            entries.append(
                {"kind": kind, "path": file, "source": f"a source of {kind}", "version": "7", "date": date,
                 "licence": "CC0", "sha256": hashlib.sha256(text.encode()).hexdigest()}
            )  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps({"netgen_knowledge": 1, "files": entries}))
        return folder

    return write


def table(folder, name="actionability_by_origin.tsv"):
    return pd.read_csv(folder / name, sep="\t", keep_default_na=False, dtype=str)


def whole(folder, cutoff, grouping="origin_group3"):
    rows = table(folder)
    return rows[(rows["grouping"] == grouping) & (rows["cutoff"] == cutoff) & (rows["origin"] == "all")].iloc[0]


# ---------------------------------------------------------------- netgen actionability


def test_actionability__of_the_demo(run, tmp_path):
    result = run("actionability", "demo", "--out", "o")
    assert result.exit_code == 0
    assert "origin_group3        N4  none  actionable (N1 to N3B)" in result.stdout.splitlines()
    assert SENTENCE in result.stdout
    assert result.stdout.rstrip().endswith("Tables, figures and provenance are in o/.")
    assert "W_PANEL_MISMATCH: origin_group3:" in result.stderr
    assert {"actionability.tsv", "figures/levels_origin_group3.pdf"} <= set(list_files(tmp_path / "o"))
    assert whole(tmp_path / "o", "any")["status"] == "panel_mismatch"
    provenance = json.loads((tmp_path / "o" / "provenance.json").read_text())
    assert provenance["options"]["restrict"] is False


def test_actionability__restrict_by_and_seed(run, tmp_path):
    options = ("--restrict", "--by", "origin2,sex", "--seed", 5, "--no-figures", "--quiet", "--out", "o")
    result = run("actionability", "demo", *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    plan = json.loads((tmp_path / "o" / "analysis_plan.json").read_text())
    assert (plan["by"], plan["restrict"], plan["seed"]) == (["origin_group2", "sex"], True, 5)
    row = whole(tmp_path / "o", "any", "sex")
    # without TSC2, which panel B lacks, nobody has a level
    assert row[["restricted", "n_actionable", "n_markers", "status"]].tolist() == [
        "TRUE",
        "0",
        "10",
        "nobody_actionable",
    ]
    assert not [name for name in list_files(tmp_path / "o") if name.startswith("figures")]


def test_actionability__rules_of_the_user(run, tmp_path):
    (tmp_path / "mine.yaml").write_text(GOOD)
    result = run("actionability", "demo", "--rules", "mine.yaml", "--no-figures", "--out", "o")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 rules of mine, snapshot 2026-11")
    hits = table(tmp_path / "o", "actionability.tsv")
    assert set(hits["rule_id"]) == {"MINE-TP53"}
    # PANET with TP53 altered (DOMAIN appendix A), P22 by both alleles of one record
    assert hits.loc[hits["level"] == "N4", "patient_id"].tolist() == ["P22", "P22", "P23", "P28"]


def test_actionability__broken_rules_are_named_with_their_line_and_nothing_is_written(run, tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    result = run("actionability", "demo", "--rules", "bad.yaml", "--out", "o")
    assert (result.exit_code, result.stdout) == (1, "")
    head, *lines = result.stderr.splitlines()
    assert head == f"{len(lines)} problems must be mended before netgen can go on:"
    assert any(line.startswith("E_RULE: bad.yaml:6 [scope.include]: Rule MINE-TP53: ") for line in lines)
    assert all("MINE-TP53" in line for line in lines)
    assert not (tmp_path / "o").exists()


def test_actionability__knowledge_brings_its_rules(run, snapshot, tmp_path):
    folder = snapshot("kb", rules=("rules.yaml", GOOD))
    result = run("actionability", "demo", "--knowledge", folder, "--no-figures", "--out", "o")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 rules of mine, snapshot 2026-11")
    result = run("actionability", "demo", "--knowledge", tmp_path / "none", "--no-figures", "--out", "p")
    assert result.exit_code == 1
    assert "E_FILE_MISSING" in result.stderr
    assert not (tmp_path / "p").exists()


def test_actionability__rules_and_knowledge_of_the_study(run, study, snapshot, tmp_path):
    (study.parent / "mine.yaml").write_text(GOOD.replace("TP53", "BRAF"))
    study.write_text(STUDY + '[actionability]\nrules = "mine.yaml"\n')
    assert run("actionability", study, "--no-figures", "--out", "o").exit_code == 0
    assert set(table(tmp_path / "o", "actionability.tsv")["rule_id"]) == {"MINE-BRAF"}
    folder = snapshot("study/kb", rules=("rules.yaml", GOOD))
    study.write_text(STUDY + f'[actionability]\nknowledge = "{folder.name}"\n')
    assert run("actionability", study, "--no-figures", "--out", "p").exit_code == 0
    assert json.loads((tmp_path / "p" / "analysis_plan.json").read_text())["rules"]["n"] == 1


def test_actionability__an_unknown_tumour_type_stops_with_suggestions(run, study, tmp_path):
    path = study.parent / "form.csv"
    path.write_text(path.read_text().replace("P4,lung,LUCA", "P4,lung,LUCAX"))
    result = run("actionability", study, "--out", "o")
    assert result.exit_code == 1
    assert "E_ONCOTREE_UNKNOWN" in result.stderr
    assert "'LUCAX'. Nearest: LUCA (Lung Carcinoid)" in result.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("demo", "--by", "nope"), "E_CONFIG: groups need a patient column, found nope."),
        (("demo", "--by", ","), "E_CONFIG: a comparison needs groups, found no name."),
        (("demo", "--rules", "none.yaml"), "E_FILE_MISSING: none.yaml: There is no such file."),
        (("nothing.toml",), "E_FILE_MISSING: nothing.toml: a cohort is needed"),
    ],
)
def test_actionability__a_request_that_cannot_be_met_is_one_line_and_exit_1(run, tmp_path, args, message):
    result = run("actionability", *args, "--out", "o")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith(message)
    assert not (tmp_path / "o").exists()


def test_actionability__oncokb_is_asked_only_with_a_token(run, monkeypatch, tmp_path):
    monkeypatch.delenv("NETGEN_TEST_TOKEN", raising=False)
    result = run("actionability", "demo", "--oncokb-token-env", "NETGEN_TEST_TOKEN", "--out", "o")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("E_ONCOKB: ")  # what was given is not repeated: it may be the token itself
    assert "NETGEN_TEST_TOKEN" not in result.stderr
    assert not (tmp_path / "o").exists()


def test_actionability__misuse_and_a_folder_in_use(run, tmp_path):
    assert run("actionability").exit_code == 2
    assert run("actionability", "demo", "--seed", "-1").exit_code == 2
    write_files(tmp_path / "o", {"notes.txt": "mine"})
    result = run("actionability", "nothing.toml", "--out", "o")
    assert result.stderr.startswith("E_OUTPUT_EXISTS")
    assert run("actionability", "demo", "--out", "o", "--force", "--quiet", "--no-figures").exit_code == 0
    assert (tmp_path / "o" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("command", [("actionability",), ("rules",), ("rules", "check"), ("knowledge", "check")])
def test_help__is_there(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_help__of_actionability_has_the_research_use_sentence(run):
    assert RESEARCH_USE in " ".join(run("actionability", "--help").output.split())


# ---------------------------------------------------------------- netgen rules check


def test_rules_check__of_the_table_that_ships(run):
    result = run("rules", "check")
    assert result.exit_code == 0
    assert " rules of netgen starter list, snapshot 2026-11" in result.stdout.splitlines()[0]
    assert result.stdout.splitlines()[-1].startswith("0 errors, ")
    assert "W_RULE_UNVERIFIED: actionability_rules.yaml:" in result.stdout


def test_rules_check__of_a_table_without_fault(run, tmp_path):
    (tmp_path / "good.yaml").write_text(GOOD)
    result = run("rules", "check", "good.yaml")
    assert result.exit_code == 0
    assert result.stdout == "1 rules of mine, snapshot 2026-11\n0 errors, 0 warnings, 0 notes.\n"


def test_rules_check__of_a_broken_table_tells_everything(run, tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    result = run("rules", "check", "bad.yaml")
    assert result.exit_code == 1
    *lines, last = result.stdout.splitlines()
    assert last == f"{len(lines)} errors, 0 warnings, 0 notes."
    # the scope code, and what N1 needs: a source with its date, and an expiry
    assert [line.partition("[")[2].partition("]")[0] for line in lines] == ["scope.include", "source", "expires"]
    assert all(line.startswith("E_RULE: bad.yaml:6 ") and "Rule MINE-TP53: " in line for line in lines)
    assert "Did you mean PANET (Pancreatic Neuroendocrine Tumor)" in lines[0]


def test_rules_check__of_a_file_that_cannot_be_read(run, tmp_path):
    (tmp_path / "bad.yaml").write_text("rules: [")
    for name, code in (("bad.yaml", "E_FILE_FORMAT: bad.yaml:"), ("none.yaml", "E_FILE_MISSING: none.yaml")):
        result = run("rules", "check", name)
        assert result.exit_code == 1
        assert result.stdout.startswith(code)
        assert result.stdout.endswith("1 errors, 0 warnings, 0 notes.\n")


def test_rules_check__genes_against_a_snapshot(run, snapshot, tmp_path):
    (tmp_path / "good.yaml").write_text(GOOD.replace("gene: TP53", "gene: TP35"))
    assert run("rules", "check", "good.yaml").exit_code == 0
    result = run("rules", "check", "good.yaml", "--knowledge", snapshot("kb", genes=("genes.tsv", "symbol\nTP53\n")))
    assert result.exit_code == 1
    assert "found 'TP35'. Did you mean TP53?" in result.stdout


# ---------------------------------------------------------------- netgen knowledge check


def test_knowledge_check__of_a_snapshot_without_fault(run, snapshot):
    result = run(
        "knowledge", "check", snapshot("kb", rules=("r.yaml", GOOD), genes=("genes.tsv", "symbol\nTP53\nRB1\n"))
    )
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"rules: a source of rules 7, {TODAY}, CC0: 1 rules",
        f"genes: a source of genes 7, {TODAY}, CC0: 2 symbols",
        "0 errors, 0 warnings, 0 notes.",
    ]


def test_knowledge_check__of_a_snapshot_whose_file_was_changed(run, snapshot):
    folder = snapshot("kb", rules=("r.yaml", GOOD), genes=("genes.tsv", "symbol\nTP53\n"))
    (folder / "r.yaml").write_text(BAD)
    (folder / "genes.tsv").unlink()
    result = run("knowledge", "check", folder)
    assert result.exit_code == 1
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [
        "E_KNOWLEDGE", "E_FILE_MISSING", "2 errors, 0 warnings, 0 notes.",
    ]  # fmt: skip


def test_knowledge_check__looks_into_the_files(run, snapshot):
    files = {
        "rules": ("r.yaml", BAD),
        "civic": ("civic.tsv", "colour\nred\n"),
        "genes": ("genes.tsv", "symbol\nTP53\n"),
    }
    result = run("knowledge", "check", snapshot("kb", **files))
    assert result.exit_code == 1
    codes = [line.partition(":")[0] for line in result.stdout.splitlines()]
    assert codes == ["rules", "genes", "E_RULE", "E_RULE", "E_RULE", "E_FILE_FORMAT", "4 errors, 0 warnings, 0 notes."]


def test_knowledge_check__of_no_snapshot_and_of_an_old_one(run, snapshot, tmp_path):
    result = run("knowledge", "check", tmp_path / "none")
    assert result.exit_code == 1
    assert result.stdout.startswith("E_FILE_MISSING")
    stale = run("knowledge", "check", snapshot("old", "2019-01-01", genes=("genes.tsv", "symbol\nTP53\n")))
    assert stale.exit_code == 0
    assert stale.stdout.splitlines()[-1] == "0 errors, 1 warnings, 0 notes."
    assert run("knowledge", "check").exit_code == 2


# ---------------------------------------------------------------- levels in other commands


def test_associate__actionable_features(run, study, tmp_path):
    result = run("associate", study, "--features", "actionable", "--out", "o", "--no-figures", "--no-model")
    assert result.exit_code == 0
    rows = table(tmp_path / "o", "associations.tsv")
    rows = rows[rows["endpoint"] == "os"].set_index("feature")
    assert rows[["n_altered", "n_profiled"]].to_numpy().tolist() == [["2", "5"], ["1", "5"]]  # P6 was not sequenced
    assert rows.index.tolist() == ["BRAF", "KRAS"]
    assert set(rows["feature_type"]) == {"actionable"}


def test_associate__driver_features_of_the_demo(run, tmp_path):
    options = ("--features", "driver", "--no-figures", "--no-model", "--quiet", "--out", "o", "--endpoint", "os")
    assert run("associate", "demo", *options).exit_code == 0
    rows = table(tmp_path / "o", "associations.tsv").set_index("feature")
    assert rows.loc["TSC2", ["n_altered", "n_profiled"]].tolist() == ["9", "23"]
    assert rows.loc["ARID1A", ["n_altered", "n_profiled"]].tolist() == ["0", "27"]  # seven mutations without a rule


def test_associate__best_level_as_adjustment(run, tmp_path):
    options = ("--adjust", "best_level", "--no-figures", "--no-model", "--quiet", "--out", "o", "--endpoint", "os")
    assert run("associate", "demo", *options).exit_code == 0
    plan = json.loads((tmp_path / "o" / "analysis_plan.json").read_text())
    assert plan["requested"]["adjust"] == ["best_level"]


def test_survival__by_actionable_and_best_level(run, study):
    result = run("survival", "demo", "--by", "best_level", "--endpoint", "os", "--no-figures", "--out", "o")
    assert result.exit_code == 0
    assert "OS by best_level: 34 patients, 23 events" in result.stdout
    # TSC2 with an exact tumour type: P01 P04 P11 P17 P23 P26 P29 P34; all of them died but P26
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["N4", "8", "7"] in [row[:3] for row in rows]
    assert ["NX", "26", "16"] in [row[:3] for row in rows]
    options = ("--by", "actionable", "--endpoint", "os", "--no-figures", "--out", "p")
    shown = run("survival", study, *options)
    assert shown.exit_code == 0
    groups = [line.split()[:3] for line in shown.stdout.splitlines()]
    assert ["no", "2", "0"] in groups
    assert ["yes", "3", "0"] in groups


def test_describe__by_best_level(run, study, tmp_path):
    assert run("describe", study, "--by", "best_level", "--no-figures", "--quiet", "--out", "o").exit_code == 0
    counts = table(tmp_path / "o", "table1.tsv")
    assert {"N1", "N3B", "NX"} <= set(counts["group"])


@pytest.mark.parametrize(
    ("command", "more", "name"),
    [("therapy", ("--permutations", 200), "line_counts.tsv"), ("response", (), "response.tsv")],
)
def test_therapy_and_response__by_best_level(run, command, more, name, tmp_path):
    result = run(command, "demo", "--by", "best_level", *more, "--no-figures", "--quiet", "--out", "o")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "o" / name).read_text()
    assert "best_level" in text
    assert "N4" in text


def test_oncoprint__levels_as_tracks_and_features(run, study, tmp_path):
    options = ("--tracks", "best_level,actionable", "--features", "actionable", "--formats", "svg", "--out", "o")
    assert run("oncoprint", study, *options).exit_code == 0
    svg = (tmp_path / "o" / "oncoprint.svg").read_text()
    for text in ("Best level", "Actionable", "N1", "N3B", "NX", "yes"):
        assert f">{text}</text>" in svg, text
    assert "alteration with a level N1 to N3B" in svg
    genes = table(tmp_path / "o", "oncoprint_genes.tsv")
    everybody = genes[genes["origin"] == "all"].set_index("gene")
    assert everybody["label"].to_dict() == {"BRAF": "2/5 (40 %)*", "KRAS": "1/5 (20 %)*"}
