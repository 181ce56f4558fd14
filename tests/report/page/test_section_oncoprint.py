"""The oncoprint in the report: figure, what was counted, frequencies that agree with the associations."""

from __future__ import annotations

import dataclasses
import re

import pytest
from scipy.stats import binomtest

import netgen as ng
from netgen.report.page.section_oncoprint import render
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.hostile_names import GENE, GROUP, PATIENT, assert_harmless, renamed
from tests.report.page.section_reader import Shown, results
from tests.study_files import write_files

FORM = """\
    patient_id,origin,oncotree_code,panel,alterations
    P1,pancreatic,PANET,wes,BRAF p.V600E
    P2,lung,LUCA,wes,KRAS p.G12C
    P3,lung,LUCA,wes,none
    P4,lung,LUCA,,
    P5,thymic,TNET,wes,none
    """


@pytest.fixture(scope="module")
def table():
    return ng.build_oncoprint(demo_cohort())


@pytest.fixture(scope="module")
def page(table):
    return Shown(render(results(demo_cohort(), oncoprint=table, association=demo_result())))


def test_render_oncoprint__without_sequencing_there_is_no_section():
    assert render(results(demo_cohort())) is None


def test_render_oncoprint__frequencies_are_those_of_the_figure(page, table):
    rows = page.rows("oncoprint-frequencies")
    whole = table.genes.loc[table.genes["origin"] == "all"].set_index("gene")
    assert list(rows) == list(whole.index)
    for gene, cells in rows.items():
        assert cells["Altered/profiled (%)"] == whole.loc[gene, "label"]
        k, n, total = (int(whole.loc[gene, name]) for name in ("n_altered", "n_profiled", "n_total"))
        exact = binomtest(k, n).proportion_ci(method="exact")
        assert cells["%, 95 % limits"] == f"{100 * k / n:.1f} ({100 * exact.low:.1f} to {100 * exact.high:.1f})"
        assert cells["Not profiled"] == str(total - n)
        for origin in ("thymic", "lung", "duodenopancreatic"):
            own = table.genes.loc[(table.genes["origin"] == origin) & (table.genes["gene"] == gene), "label"]
            assert cells[origin] == own.item()


def test_render_oncoprint__counts_agree_with_the_associations_of_the_same_matrix(page, table):
    tested = demo_result().table.drop_duplicates("feature").set_index("feature")
    assert table.matrix_hash == demo_result().matrix_hash
    for gene, cells in page.rows("oncoprint-frequencies").items():
        n_altered, n_profiled = re.match(r"(\d+)/(\d+) ", cells["Altered/profiled (%)"]).groups()
        n_total = int(cells["Not profiled"]) + int(n_profiled)
        assert n_total == len(demo_cohort().patients)
        assert (int(n_altered), int(n_profiled)) == tuple(tested.loc[gene, ["n_altered", "n_profiled"]])


def test_render_oncoprint__says_whether_the_tests_used_the_same_matrix(table):
    same = "The alteration matrix is the one of the associations: counts are the same."
    assert same in Shown(render(results(demo_cohort(), oncoprint=table, association=demo_result()))).text
    other = dataclasses.replace(table, matrix_hash="0" * 64)
    said = Shown(render(results(demo_cohort(), oncoprint=other, association=demo_result()))).text
    assert same not in said
    assert "The associations were tested on another alteration matrix: counts may differ." in said
    assert "associations" not in Shown(render(results(demo_cohort(), oncoprint=table))).text


def test_render_oncoprint__says_what_was_counted_and_the_whole_hash(page, table):
    for sentence in table.footer:
        assert sentence in page.text
    assert any("protein-changing" in sentence for sentence in table.footer)
    assert table.matrix_hash in page.text


def test_render_oncoprint__patients_are_linked(page):
    assert set(page.patients) == {f"P{i:02}" for i in range(1, 35)}


def test_render_oncoprint__who_was_not_profiled_is_in_no_denominator(tmp_path):
    cohort = ng.read_cohort(write_files(tmp_path, {"form.csv": FORM}) / "form.csv")
    page = Shown(render(results(cohort, oncoprint=ng.build_oncoprint(cohort))))
    cells = page.rows("oncoprint-frequencies")["KRAS"]
    # P4 has no panel: 1 of 4 profiled (25 %), 1 of 2 in the lung, and the asterisk says that not all were profiled
    assert (cells["Altered/profiled (%)"], cells["Not profiled"]) == ("1/4 (25 %)*", "1")
    assert (cells["lung"], cells["thymic"]) == ("1/2 (50 %)*", "0/1 (0 %)")
    assert "2 genes in 5 patients, of whom 2 have an alteration of one of them." in page.text


def test_render_oncoprint__names_genes_that_nobody_was_profiled_for():
    table = ng.build_oncoprint(demo_cohort(), genes=["MEN1", "ALK"])
    page = Shown(render(results(demo_cohort(), oncoprint=table)))
    assert "Profiled in nobody: ALK." in page.paragraphs
    cells = page.rows("oncoprint-frequencies")["ALK"]
    assert (cells["Altered/profiled (%)"], cells["%, 95 % limits"]) == ("N/P", "\N{EN DASH}")


def test_render_oncoprint__hostile_names_are_text(table):
    evil = renamed(table, {"P05": PATIENT, "thymic": GROUP, "MEN1": GENE})
    section = render(results(demo_cohort(), oncoprint=evil))
    assert_harmless(section, PATIENT, GROUP, GENE)
    page = Shown(section)
    assert PATIENT in page.patients
    assert GENE in page.rows("oncoprint-frequencies")
    assert GROUP in page.tables["oncoprint-frequencies"][0]
