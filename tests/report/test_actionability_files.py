"""What ``netgen actionability`` leaves behind: files, columns that are explained, figures, and the text it prints."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

import netgen as ng
from netgen.actionability.levels import RESEARCH_USE
from netgen.association.actionability import assess_actionability
from netgen.errors import AnalysisError
from netgen.report import actionability_files
from netgen.report.actionability_files import TABLES, draw_levels, summarise_actionability, write_actionability
from netgen.report.reference import RESULTS
from netgen.report.write import MARK, list_files
from tests.demo_run import demo_cohort
from tests.study_files import write_files

MEANINGS = RESULTS["actionability"]
FIGURES = {f"figures/levels_{name}.{kind}" for name in ("origin_group2", "origin_group3") for kind in ("pdf", "png")}
ALWAYS = {
    "actionability.tsv", "actionability_patients.tsv", "actionability_by_origin.tsv", "actionability_by_marker.tsv",
    "targets_covered.tsv", "levels_by_origin.tsv", "drugs_irrespective_of_genotype.tsv", "warnings.tsv",
    "analysis_plan.json", "provenance.json", MARK,
}  # fmt: skip
FOUND = {"variants_of_unknown_significance.tsv", "lines_irrespective_of_genotype.tsv"}
FORM = """\
    patient_id,origin,oncotree_code,panel,alterations
    P1,pancreatic,PANET,wes,BRAF p.V600E
    P2,lung,LUCA,wes,KRAS p.G12C
    P3,lung,LUCA,wes,none
    P4,lung,LUCA,,
    P5,thymic,TNET,wes,none
    """
CIVIC = {
    "molecular_profile": "TP53 Mutation", "disease": "Pancreatic Neuroendocrine Tumor", "therapies": "Drug",
    "evidence_type": "Predictive", "evidence_direction": "Supports", "evidence_level": "C",
    "significance": "Resistance", "citation": "Doe et al., 2020", "evidence_status": "accepted", "evidence_id": "7",
    "variant_origin": "Somatic",
}  # fmt: skip


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, sep="\t", keep_default_na=False, dtype=str)


@pytest.fixture(scope="module")
def result():
    return assess_actionability(demo_cohort())


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    """The files of the demo, with figures."""
    out = tmp_path_factory.mktemp("demo") / "out"
    write_actionability(result, demo_cohort(), out, command="netgen actionability demo")
    return out


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Five patients of three origins: N1, N3B, nothing found, not sequenced, nothing found."""
    return ng.read_cohort(write_files(tmp_path_factory.mktemp("few"), {"form.csv": FORM}) / "form.csv")


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """The demo with a snapshot that holds one evidence item of CIViC."""
    folder = tmp_path_factory.mktemp("kb")
    text = "\t".join(CIVIC) + "\n" + "\t".join(CIVIC.values()) + "\n"
    entry = {
        "kind": "civic", "path": "civic.tsv", "source": "CIViC", "version": "2026-06", "date": "2026-06-01",
        "licence": "CC0", "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip
    (folder / "civic.tsv").write_text(text, encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"netgen_knowledge": 1, "files": [entry]}), encoding="utf-8")
    return assess_actionability(demo_cohort(), knowledge=folder)


# ---------------------------------------------------------------- files and columns


def test_write_actionability__writes_every_file(folder):
    assert set(list_files(folder)) == ALWAYS | FOUND | FIGURES
    assert (folder / MARK).read_text().split() == sorted(set(list_files(folder)) - {MARK})


def test_write_actionability__tables_without_rows_are_left_out(few, tmp_path):
    write_actionability(assess_actionability(few), few, tmp_path / "out", figures=False)
    assert set(list_files(tmp_path / "out")) == ALWAYS


def test_write_actionability__every_column_has_a_meaning_and_the_order_of_the_page(folder, imported, tmp_path):
    write_actionability(imported, demo_cohort(), tmp_path / "out", figures=False)
    written = {path.name for path in (tmp_path / "out").glob("*.tsv")} - {"warnings.tsv"}  # findings: docs, messages
    assert written == {name for name in MEANINGS if name.endswith(".tsv")}
    assert written == {*TABLES.values(), "drugs_irrespective_of_genotype.tsv"}
    for name in sorted(written):
        assert list(table(tmp_path / "out", name)) == list(MEANINGS[name]), name
        assert all(MEANINGS[name].values()), name
    statuses = {*table(folder, "actionability_by_origin.tsv")["status"]}
    assert statuses <= MEANINGS["actionability_by_origin.tsv: statuses"].keys()


def test_write_actionability__every_level_says_that_it_is_for_research_only(folder, imported, tmp_path):
    write_actionability(imported, demo_cohort(), tmp_path / "out", figures=False)
    for name in ("actionability.tsv", "imported_assertions.tsv"):
        rows = table(tmp_path / "out", name)
        assert len(rows) > 0
        assert set(rows["research_use"]) == {RESEARCH_USE}
    assert json.loads((folder / "analysis_plan.json").read_text())["research_use"] == RESEARCH_USE


def test_write_actionability__a_row_of_a_level_has_rule_source_and_date(folder):
    rows = table(folder, "actionability.tsv")
    for name in ("rule_id", "sources", "snapshot", "scope_match", "direction", "level"):
        assert (rows[name] != "").all(), name
    tsc2 = rows[(rows["rule_id"] == "NG-TSC-EVE") & (rows["patient_id"] == "P23")].iloc[0]
    shown = tsc2[["gene", "kind", "scope_match", "therapy", "level", "approx_oncokb", "snapshot"]]
    assert shown.tolist() == ["TSC2", "lof", "in_scope", "everolimus", "N4", "~4", "2026-11"]


def test_write_actionability__tables_hold_the_result(result, folder):
    patients = table(folder, "actionability_patients.tsv")
    assert patients["patient_id"].tolist() == [f"P{i:02}" for i in range(1, 35)]
    assert patients["best_level"].value_counts().to_dict() == {"NX": 26, "N4": 8}
    assert set(patients["actionable"]) == {"FALSE"}
    assert set(patients["best_counted"]) == {"NA"}
    origins = table(folder, "actionability_by_origin.tsv")
    thymic = origins[(origins["grouping"] == "origin_group3") & (origins["cutoff"] == "N3B")].iloc[0]
    assert thymic[["origin", "n_actionable", "n_profiled", "proportion", "cp_lo", "status"]].tolist() == [
        "thymic", "0", "8", "0", "0", "compared",
    ]  # fmt: skip
    assert float(thymic["cp_hi"]) == pytest.approx(1 - 0.025 ** (1 / 8), rel=1e-12)
    assert len(table(folder, "actionability.tsv")) == len(result.hits)


def test_write_actionability__who_was_not_looked_for_is_na(few, tmp_path):
    write_actionability(assess_actionability(few), few, tmp_path / "out", figures=False)
    patients = table(tmp_path / "out", "actionability_patients.tsv").set_index("patient_id")
    assert patients["best_level"].tolist() == ["N1", "N3B", "NX", "NA", "NX"]
    assert patients["actionable"].tolist() == ["TRUE", "TRUE", "FALSE", "NA", "FALSE"]


def test_write_actionability__imports_stand_in_a_file_of_their_own(result, imported, tmp_path):
    write_actionability(imported, demo_cohort(), tmp_path / "out", figures=False)
    rows = table(tmp_path / "out", "imported_assertions.tsv")
    assert set(rows["imported_id"]) == {"EID7"}
    assert set(rows["imported_source"] + rows["imported_version"] + rows["imported_licence"]) == {"CIViC2026-06CC0"}
    within = rows[rows["imported_scope_match"] == "in_scope"]
    assert set(within["patient_id"]) == {"P22", "P23", "P28"}  # PANET with TP53 altered
    for name in ("hits", "patients", "by_origin"):
        pd.testing.assert_frame_equal(getattr(imported, name), getattr(result, name))
    plan = json.loads((tmp_path / "out" / "analysis_plan.json").read_text())
    assert plan["imports"] == [
        {"source": "CIViC", "version": "2026-06", "date": "2026-06-01", "licence": "CC0", "n": 1, "n_rejected": 0}
    ]


def test_write_actionability__warnings_and_provenance(folder):
    warnings = table(folder, "warnings.tsv")
    assert set(warnings["severity"]) == {"W"}
    assert {"W_ONCOTREE_DUODENUM", "W_PANEL_MISMATCH"} <= set(warnings["code"])
    found = json.loads((folder / "provenance.json").read_text())
    assert found["command"] == "netgen actionability demo"
    assert found["options"]["by"] == ["origin_group3", "origin_group2"]
    assert found["options"]["rules"]["name"] == "netgen starter list"
    assert found["seed"] == demo_cohort().study.association.seed
    assert found["warnings"] == sorted(set(warnings["code"]))
    assert len(found["inputs"]) == len(demo_cohort().inputs)


# ---------------------------------------------------------------- figures


def test_write_actionability__figures_are_drawn(folder):
    heads = {"pdf": b"%PDF-", "png": b"\x89PNG"}
    for name in FIGURES:
        data = (folder / name).read_bytes()
        assert data.startswith(heads[name[-3:]])
        assert len(data) > 5000


def test_draw_levels__one_figure_per_grouping(tmp_path):
    found = assess_actionability(demo_cohort(), by=["sex"])
    assert draw_levels(found, tmp_path) == ["levels_sex"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["levels_sex.pdf", "levels_sex.png"]


def test_draw_levels__nobody_profiled_is_a_figure_too(tmp_path):
    files = {
        "patients.csv": "patient_id,origin,oncotree_code\nP1,lung,LUCA\nP2,thymic,TNET\n",
        "study.toml": '[[source]]\nkind = "tables"\npatients = "patients.csv"\n',
    }
    found = assess_actionability(ng.read_cohort(write_files(tmp_path / "study", files) / "study.toml"), by=["origin3"])
    assert draw_levels(found, tmp_path / "figures") == ["levels_origin_group3"]
    assert "not profiled" in summarise_actionability(found)


# ---------------------------------------------------------------- all or nothing


def test_write_actionability__refuses_a_folder_in_use_unless_forced(result, few, tmp_path):
    out = tmp_path / "out"
    write_actionability(result, demo_cohort(), out, figures=False)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_actionability(assess_actionability(few), few, out, figures=False)
    assert len(table(out, "actionability_patients.tsv")) == 34
    write_actionability(assess_actionability(few), few, out, figures=False, force=True)
    assert set(list_files(out)) == {*ALWAYS, "notes.txt"}  # the tables of the demo that are not written now are gone
    assert len(table(out, "actionability_patients.tsv")) == 5


@pytest.mark.parametrize("before", [True, False])
def test_write_actionability__nothing_is_left_of_a_run_that_fails(before, result, tmp_path, monkeypatch):
    out = tmp_path / "out"
    if before:
        write_actionability(result, demo_cohort(), out, figures=False)
    kept = {name: (out / name).read_bytes() for name in list_files(out)} if before else {}

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(actionability_files, "draw_levels", fail)
    with pytest.raises(OSError, match="no space"):
        write_actionability(result, demo_cohort(), out, force=True)
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if before else [])
    assert {name: (out / name).read_bytes() for name in list_files(out)} == kept if before else not out.exists()


def test_write_actionability__same_bytes_again(folder, tmp_path):
    write_actionability(assess_actionability(demo_cohort()), demo_cohort(), tmp_path / "out")
    names = [name for name in list_files(folder) if name.endswith((".tsv", ".png"))] + ["analysis_plan.json"]
    assert len(names) == len(ALWAYS | FOUND) - 2 + 2  # all but the mark and the provenance, with two figures
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes(), name


# ---------------------------------------------------------------- the summary


def test_summarise_actionability__of_the_demo(result):
    lines = summarise_actionability(result).splitlines()
    n = len((Path(ng.__file__).parent / "data" / "actionability_rules.yaml").read_text().split("\n  - id: ")) - 1
    assert lines[0] == f"{n} rules of netgen starter list, snapshot 2026-11; OncoTree oncotree_2025_10_03"
    place = lines.index("origin_group3        N4  none  actionable (N1 to N3B)")
    assert lines[place + 1 : place + 5] == [
        "thymic                2     6  0/8 = 0.0 % (0.0-36.9)",
        "lung                  2    10  0/12 = 0.0 % (0.0-26.5)",
        "duodenopancreatic     4    10  0/14 = 0.0 % (0.0-23.2)",
        "all                not compared: nobody actionable",
    ]
    text = " ".join(" ".join(lines).split())
    assert "No marker at a counted level (N1 to N3B)." in lines
    assert "Never counted, used whatever the genotype: 177Lu-DOTATATE N1 in" in text
    assert "Not covered in anybody: AKT1 hot spots, ALK fusion," in text
    assert "Not covered in some patients: TSC2 mutations in 11." in lines
    assert "9 variants of unknown significance in 8 patients: no rule, none counted." in lines
    assert lines[-1] == RESEARCH_USE
    assert max(map(len, lines)) <= 110


def test_summarise_actionability__of_five_patients(few):
    lines = summarise_actionability(assess_actionability(few)).splitlines()
    # exact limits of 1/4: 1 - 0.975 ** (1/4) = 0.6 %; 80.6 %. Of 1/1: 2.5 %. Of 1/2: 1.3 to 98.7 %. Of 0/1: 97.5 %.
    place = lines.index("origin_group3        N1   N3B  none  not_profiled  actionable (N1 to N3B)")
    assert lines[place + 1 : place + 4] == [
        "thymic                0     0     1             0  0/1 = 0.0 % (0.0-97.5)",
        "lung                  0     1     1             1  1/2 = 50.0 % (1.3-98.7)",
        "duodenopancreatic     1     0     0             0  1/1 = 100.0 % (2.5-100.0)",
    ]
    place = lines.index("Markers at a counted level (N1 to N3B), of the patients looked at for each:")
    assert lines[place + 1 : place + 3] == [
        "  BRAF hot spots: 1/4 = 25.0 % (0.6-80.6)", "  KRAS hot spots: 1/4 = 25.0 % (0.6-80.6)",
    ]  # fmt: skip


def test_summarise_actionability__names_the_imports_as_not_counted(imported):
    assert "  beside them CIViC 2026-06: 1 assertions, not counted" in summarise_actionability(imported).splitlines()


def test_summarise_actionability__says_why_groups_are_not_compared(few):
    # thoracic 1/3, duodenopancreatic 1/1: the two tables with these margins are equally likely, p = 1 whatever is found
    found = assess_actionability(few, by=["origin2"])
    row = found.by_origin[(found.by_origin["cutoff"] == "N3B") & (found.by_origin["origin"] == "all")].iloc[0]
    assert row["min_attainable_p"] == pytest.approx(1.0)
    assert "all                not compared: untestable discrete" in summarise_actionability(found).splitlines()


def test_summarise_actionability__gives_the_p_of_groups_that_are_compared(tmp_path):
    lung = "".join(f"L{i},lung,LUCA,wes,KRAS p.G12C\n" for i in range(6))
    pancreas = "".join(f"P{i},pancreatic,PANET,wes,none\n" for i in range(6))
    files = {"form.csv": "patient_id,origin,oncotree_code,panel,alterations\n" + lung + pancreas}
    found = assess_actionability(ng.read_cohort(write_files(tmp_path, files) / "form.csv"), by=["origin2"])
    # 6/6 against 0/6: two of the 924 ways to choose 6 of 12
    row = found.by_origin[(found.by_origin["cutoff"] == "N3B") & (found.by_origin["origin"] == "all")].iloc[0]
    assert row["p"] == pytest.approx(2 / 924, rel=1e-9)
    assert "all                Freeman-Halton p = 0.0022" in summarise_actionability(found).splitlines()
