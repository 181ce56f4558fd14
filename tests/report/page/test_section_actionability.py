"""Actionability in the report: shares with exact limits, why origins are not compared, what is never counted."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pandas as pd
import pytest
from scipy.stats import binomtest

import netgen as ng
from netgen.actionability.levels import RESEARCH_USE
from netgen.association.actionability import assess_actionability
from netgen.association.actionable_context import is_context
from netgen.report.page.actionability_tables import split_hits
from netgen.report.page.section_actionability import render
from netgen.report.summary import p_text
from tests.demo_run import demo_cohort
from tests.report.page.hostile_names import GENE, GROUP, PATIENT, assert_harmless, renamed
from tests.report.page.section_reader import Shown, results
from tests.study_files import write_files

DASH = "\N{EN DASH}"
FORM = """\
    patient_id,origin,oncotree_code,panel,alterations
    P1,pancreatic,PANET,wes,BRAF p.V600E
    P2,lung,LUCA,wes,KRAS p.G12C
    P3,lung,LUCA,wes,none
    P4,lung,LUCA,,
    P5,thymic,TNET,wes,none
    """
CIVIC = {
    "molecular_profile": "TP53 Mutation", "disease": "Pancreatic Neuroendocrine Tumor", "therapies": "<i>Drug",
    "evidence_type": "Predictive", "evidence_direction": "Supports", "evidence_level": "C",
    "significance": "Resistance", "citation": "Doe et al., 2020", "evidence_status": "accepted", "evidence_id": "7",
    "variant_origin": "Somatic",
}  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return assess_actionability(demo_cohort())


@pytest.fixture(scope="module")
def page(found):
    return Shown(render(results(demo_cohort(), actionability=found)))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Five patients of three origins: N1, N3B, nothing found, not sequenced, nothing found."""
    return ng.read_cohort(write_files(tmp_path_factory.mktemp("few"), {"form.csv": FORM}) / "form.csv")


@pytest.fixture(scope="module")
def few_page(few):
    return Shown(render(results(few, actionability=assess_actionability(few))))


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


def own(frame, **wanted):
    for name, value in wanted.items():
        frame = frame.loc[frame[name] == value]
    return frame


def lines_of(page, id_):
    head, *lines = page.tables[id_]
    return [dict(zip(head, line, strict=True)) for line in lines]


def share(row):
    if not row["n_profiled"]:
        return "nobody profiled"
    limits = f"({100 * row['cp_lo']:.1f} to {100 * row['cp_hi']:.1f})"
    return f"{row['n_actionable']}/{row['n_profiled']}, {100 * row['proportion']:.1f} % {limits}"


# ---------------------------------------------------------------- by origin


def test_render_actionability__without_sequencing_there_is_no_section():
    assert render(results(demo_cohort())) is None


def test_render_actionability__research_use_stands_first_and_with_every_table_of_levels(page):
    assert page.paragraphs[0] == RESEARCH_USE
    tables = [name for name in page.tables if "coverage" not in name and "vus" not in name and "lines" not in name]
    levels = [name for name in tables if name not in {"actionability-counts-1", "actionability-counts-2",
                                                      "actionability-context"}]  # fmt: skip
    assert page.text.count(RESEARCH_USE) == len(levels) + 1


def test_render_actionability__shares_of_origins_by_hand(few_page):
    rows = few_page.rows("actionability-origins-1")
    counted = rows["N1 to N3B (actionable)"]
    # 1 of 2 profiled lung patients: limits solve p^2 = 0.025; 1 of 1: 0.025; 0 of 1: 0.975
    assert counted["lung, n = 3"] == "1/2, 50.0 % (1.3 to 98.7)"
    assert counted["duodenopancreatic, n = 1"] == "1/1, 100.0 % (2.5 to 100.0)"
    assert counted["thymic, n = 1"] == "0/1, 0.0 % (0.0 to 97.5)"
    assert counted["all, n = 5"] == "2/4, 50.0 % (6.8 to 93.2)"
    assert rows["N1"]["lung, n = 3"] == "0/2, 0.0 % (0.0 to 84.2)"
    assert list(rows) == [
        "N1",
        "N1 to N3A",
        "N1 to N3B (actionable)",
        "N1 to N4 (shown only)",
        "NR1 and NR2 (resistance)",
    ]


def test_render_actionability__shares_and_tests_are_those_of_the_table(few, few_page):
    result = assess_actionability(few)
    cutoffs = {"N1": "N1", "N1 to N3A": "N3A", "N1 to N3B (actionable)": "N3B", "N1 to N4 (shown only)": "any"}
    for number, grouping in enumerate(("origin_group3", "origin_group2"), start=1):
        rows = few_page.rows(f"actionability-origins-{number}")
        for name, cutoff in cutoffs.items():
            for row in own(result.by_origin, grouping=grouping, cutoff=cutoff).to_dict("records"):
                assert rows[name][f"{row['origin']}, n = {row['n_total']}"] == share(row)
                if row["origin"] == "all":
                    assert rows[name]["p"] == p_text(row["p"])
                    discrete = "no arrangement of the data could reach the significance level"
                    assert f"p = {p_text(row['p'])} (Freeman-Halton, exact; {discrete})." in few_page.text


def test_render_actionability__origins_looked_at_for_different_things_are_not_compared(page):
    cells = page.rows("actionability-origins-1")["N1 to N4 (shown only)"]
    assert cells["p"] == DASH
    assert (
        "N1 to N4 (shown only): Not compared (markers are covered in some origins or patients only: compared only on"
        " common markers). Covered in some only: TSC2 mutations."
    ) in page.text
    assert cells["Warnings"].startswith("W_PANEL_MISMATCH")
    nobody = page.rows("actionability-origins-1")["N1 to N3B (actionable)"]
    assert (
        "N1, N1 to N3A, N1 to N3B (actionable): Not compared (nobody in the origins compared has such an alteration)."
    ) in page.text
    assert nobody["thymic, n = 8"] == "0/8, 0.0 % (0.0 to 36.9)"  # 1 - 0.025^(1/8)


def test_render_actionability__a_comparison_is_shown_as_in_sc23(found):
    table = found.by_origin.copy()
    place = (table["grouping"] == "origin_group3") & (table["cutoff"] == "N3B")
    counts = {"thymic": (2, 8), "lung": (3, 12), "duodenopancreatic": (6, 14), "all": (11, 34)}
    for origin, (count, n) in counts.items():
        row, exact = place & (table["origin"] == origin), binomtest(count, n).proportion_ci(method="exact")
        table.loc[row, "n_actionable"] = count
        table.loc[row, ["proportion", "cp_lo", "cp_hi"]] = [count / n, exact.low, exact.high]
    whole = place & (table["origin"] == "all")
    table.loc[whole, ["status", "p_method", "warnings"]] = ["tested", "exact", "W_NO_EQUIVALENCE"]
    table.loc[whole, "p"] = 0.642226
    page = Shown(render(results(demo_cohort(), actionability=dataclasses.replace(found, by_origin=table))))
    cells = page.rows("actionability-origins-1")["N1 to N3B (actionable)"]
    assert cells["thymic, n = 8"] == "2/8, 25.0 % (3.2 to 65.1)"  # DOMAIN SC23
    assert cells["lung, n = 12"] == "3/12, 25.0 % (5.5 to 57.2)"
    assert cells["duodenopancreatic, n = 14"] == "6/14, 42.9 % (17.7 to 71.1)"
    assert cells["p"] == "0.64"
    assert cells["Warnings"].startswith("W_NO_EQUIVALENCE")
    assert "N1 to N3B (actionable): p = 0.64 (Freeman-Halton, exact)." in page.text


def test_render_actionability__restricted_to_common_markers_it_may_find_nobody():
    found = assess_actionability(demo_cohort(), restrict=True)
    row = own(found.by_origin, grouping="origin_group3", cutoff="any", origin="all").iloc[0]
    page = Shown(render(results(demo_cohort(), actionability=found)))
    assert (
        "N1 to N4 (shown only): Not compared (nobody in the origins compared has such an alteration). Markers that not"
        " all have in common do not count: TSC2 mutations."
    ) in page.text
    assert row["status"] == "nobody_actionable"


def test_render_actionability__figures_have_their_numbers(page, found):
    ids = {given["id"] for _, given in page.elements if "id" in given}
    assert {"actionability-levels-1", "actionability-levels-2"} <= ids
    for number, grouping in enumerate(("origin_group3", "origin_group2"), start=1):
        rows = page.rows(f"actionability-counts-{number}")
        for row in own(found.levels, grouping=grouping).to_dict("records"):
            assert rows[row["level"].replace("_", " ")][row["group"]] == str(row["n"])


# ---------------------------------------------------------------- patients and hits


def test_render_actionability__every_patient_has_a_row_linked_to_it(few_page):
    rows = few_page.rows("actionability-patients")
    assert {name: cells["Best level"] for name, cells in rows.items()} == {
        "P1": "N1", "P2": "N3B", "P3": "NX", "P4": "not profiled", "P5": "NX",
    }  # fmt: skip
    assert [cells["Actionable"] for cells in rows.values()] == ["yes", "yes", "no", DASH, "no"]
    assert rows["P1"]["Evidence is"] == "any solid tumour"
    assert rows["P2"]["Evidence is"] == "another tumour type"
    assert set(few_page.patients) == {"P1", "P2", "P3", "P4", "P5"}


def test_render_actionability__hits_at_counted_levels_name_rule_source_and_date(few_page):
    lines = lines_of(few_page, "actionability-hits")
    assert [(line["Patient"], line["Level"]) for line in lines] == [("P1", "N1"), ("P2", "N3B"), ("P2", "N3B")]
    for line in lines:
        assert line["Rule"].startswith("NG-")
        assert line["Sources"] not in {"", DASH}
        assert line["Snapshot"] == "2026-11"
        assert "OncoKB ~" in line["Approximately"]
    assert few_page.rows("actionability-markers-1")["BRAF hot spots"]["all, n = 5"] == "1/4, 25.0 % (0.6 to 80.6)"
    assert few_page.rows("actionability-markers-1")["BRAF hot spots"]["Not covered"] == "1"


def test_split_hits__every_level_is_in_one_part_and_drugs_of_any_genotype_do_not_count(found):
    parts = split_hits(found.hits)
    assert sum(map(len, parts.values())) == int((found.hits["level"] != "NX").sum())
    assert len(parts["counted"]) == 0
    assert len(parts["context"]) == int(is_context(found.hits).sum()) > 0
    assert set(parts["context"]["level"]) >= {"N3B"}
    assert set(parts["other"]["level"]) == {"N4", "NDx", "NPx"}  # TSC2; TP53 and others; ATRX in PANET


def test_split_hits__resistance_takes_sensitivity_back(found):
    one = found.hits.head(1).assign(
        gene="KIT", kind="hotspot", therapy="drug", level="N1", scope_match="in_scope", direction="sensitivity"
    )
    against = one.assign(level="NR1", direction="resistance")
    parts = split_hits(pd.concat([one, against], ignore_index=True))
    assert {name: len(part) for name, part in parts.items()} == {
        "counted": 0, "resistance": 1, "context": 0, "other": 1,
    }  # fmt: skip
    assert len(split_hits(one.reset_index(drop=True))["counted"]) == 1


def test_render_actionability__a_cohort_without_counted_levels_says_so(page):
    assert "No alteration is at a counted level." in page.paragraphs
    assert "No marker was found at a counted level (N1 to N3B)." in page.paragraphs
    assert "No alteration with evidence of resistance was found." in page.paragraphs
    assert "Actionable (N1 to N3B): 0/34, 0.0 % (0.0 to 10.3) of the profiled patients." in page.text


def test_render_actionability__resistance_stands_apart(found):
    hit = found.hits.head(1).assign(level="NR2", direction="resistance", therapy="sotorasib", gene="KRAS")
    page = Shown(render(results(demo_cohort(), actionability=dataclasses.replace(found, hits=hit))))
    assert lines_of(page, "actionability-resistance")[0]["Level"] == "NR2"
    assert "actionability-hits" not in page.tables


# ---------------------------------------------------------------- what was not looked for, and what is never counted


def test_render_actionability__targets_not_covered_are_told_with_reasons(page, found):
    rows = page.rows("actionability-coverage")
    table = own(found.coverage, group="all").set_index("marker")
    table = table.loc[(table["best_level"] != "NX") & (table["n_not_covered"] > 0)]
    assert set(rows) == set(table.index)
    for name, cells in rows.items():
        assert cells["Not covered"] == str(table.loc[name, "n_not_covered"])
        assert cells["Covered"] == str(table.loc[name, "n_profiled"])
    assert rows["ALK fusion"]["Why not"] == "profile missing: 34"


def test_render_actionability__unknown_variants_are_listed_and_not_counted(page, found):
    lines = lines_of(page, "actionability-vus")
    assert len(lines) == len(found.vus)
    assert [line["Patient"] for line in lines] == found.vus["patient_id"].tolist()
    assert lines[0]["Allele fraction, %"] == f"{100 * found.vus['vaf'].iloc[0]:.1f}"
    assert f"no rule could be applied: {len(found.vus)}, none of them counted." in page.text


def test_render_actionability__imported_assertions_stand_apart_with_their_label(page, imported):
    assert "Imported assertions, not counted" not in page.headings
    section = render(results(demo_cohort(), actionability=imported))
    shown = Shown(section)
    assert "Imported assertions, not counted" in shown.headings
    lines = lines_of(shown, "actionability-imported")
    assert len(lines) == len(imported.imported)
    assert {(x["Source"], x["Version"], x["Licence"], x["Id"]) for x in lines} == {("CIViC", "2026-06", "CC0", "EID7")}
    assert {x["Therapies named"] for x in lines} == {"<i>Drug"}
    assert "<i>Drug" not in section.body
    assert "They are not rules of netgen, are in none of the counts above" in shown.text
    assert "CIViC 2026-06 (2026-06-01), licence CC0: 1 assertions read, 0 rejected" in shown.text
    for name in ("actionability-origins-1", "actionability-patients"):
        assert shown.tables[name] == page.tables[name]


def test_render_actionability__drugs_of_any_genotype_are_a_list_of_their_own(page, found):
    assert "Drugs used irrespective of the genotype" in page.headings
    lines = page.rows("actionability-lines")
    table = found.lines.groupby("regimen")["patient_id"].agg(["size", "nunique"])
    for regimen, cells in lines.items():
        assert (cells["Lines"], cells["Patients"]) == tuple(map(str, table.loc[regimen]))
    assert len(lines) == len(table)
    hits = lines_of(page, "actionability-context-hits")
    assert {line["Therapy of the rule"] for line in hits} == {"177Lu-DOTATATE"}
    drugs = lines_of(page, "actionability-context")
    assert {line["Source"] for line in drugs if line["Drug"] == "dacarbazine"} == {"not looked up"}


def test_render_actionability__nobody_profiled_is_said(tmp_path):
    files = {
        "patients.csv": "patient_id,origin,oncotree_code\nP1,lung,LUCA\nP2,thymic,TNET\n",
        "study.toml": '[[source]]\nkind = "tables"\npatients = "patients.csv"\n',
    }
    cohort = ng.read_cohort(write_files(tmp_path, files) / "study.toml")
    page = Shown(render(results(cohort, actionability=assess_actionability(cohort))))
    assert "Nobody was profiled." in page.text
    assert page.rows("actionability-origins-1")["N1"]["lung, n = 1"] == "nobody profiled"


def test_render_actionability__hostile_names_are_text(found):
    evil = renamed(found, {"P04": PATIENT, "thymic": GROUP, "TSC2": GENE, "everolimus": "<script>alert(4)</script>"})
    section = render(results(demo_cohort(), actionability=evil))
    assert_harmless(section, PATIENT, GROUP, GENE, "<script>alert(4)</script>")
    page = Shown(section)
    assert page.rows("actionability-patients")[PATIENT]["Gene"] == GENE
    assert PATIENT in page.patients
