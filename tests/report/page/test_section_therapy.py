"""Therapeutic algorithms in the report: the primary endpoint first, differences before p, numbers of the tables."""

from __future__ import annotations

import dataclasses
import json
import re

import pandas as pd
import pytest

from netgen.association.therapy import SURVIVAL_TEXT, therapy
from netgen.report.oncoprint_files import build_oncoprint
from netgen.report.page.document import render_document
from netgen.report.page.section_oncoprint import render as render_oncoprint
from netgen.report.page.section_therapy import render
from netgen.report.summary import months, p_text
from netgen.report.table_one_html import words
from tests.association.therapy_cases import small_cohort
from tests.demo_run import demo_cohort
from tests.report.page.hostile_names import GROUP, PATIENT, assert_harmless, renamed
from tests.report.page.section_reader import Shown, results

DASH = "\N{EN DASH}"
GROUPINGS = ("origin_group3", "origin_group2")


@pytest.fixture(scope="module")
def found():
    return therapy(demo_cohort(), permutations=199)


@pytest.fixture(scope="module")
def section(found):
    return render(results(demo_cohort(), therapy=found))


@pytest.fixture(scope="module")
def page(section):
    return Shown(section)


def points(value):
    shown = f"{100 * value:.1f}"
    return shown.lstrip("-") if float(shown) == 0 else shown if value < 0 else f"+{shown}"


def percent(row, count, n, value="proportion"):
    limits = f"({100 * row['lo']:.1f} to {100 * row['hi']:.1f})"
    return f"{row[count]:.0f}/{row[n]:.0f}, {100 * row[value]:.1f} % {limits}"


def own(frame, **wanted):
    for name, value in wanted.items():
        frame = frame.loc[frame[name] == value]
    return frame


def lines_of(page, id_):
    """Rows of a table as mappings, also where several begin alike."""
    head, *lines = page.tables[id_]
    return [dict(zip(head, line, strict=True)) for line in lines]


def cell(line, group):
    """The cell of a group, whose heading may go on with its size."""
    return next(text for head, text in line.items() if head == group or head.startswith(f"{group}, n ="))


# ---------------------------------------------------------------- the primary endpoint


def test_render_therapy__without_lines_there_is_no_section():
    assert render(results(demo_cohort())) is None


def test_render_therapy__the_primary_endpoint_comes_first(page):
    assert page.headings[:3] == [
        "Primary endpoint: class of first-line treatment",
        "Line 1 by origin, three groups",
        "Line 1 by origin, two groups",
    ]
    later = [name for name in page.headings if not name.startswith("Line ")]
    assert later == [
        "Primary endpoint: class of first-line treatment", "Class of treatment at later lines",
        "Who received each line", "Whole sequence of treatment", "From line to line", "Exposure to each class",
        "Number of lines", "Times by line", "Courses of the patients", "Diagnostic pathway",
        "Evolution of the disease",
    ]  # fmt: skip


def test_render_therapy__first_lines_are_those_of_sc21(page):
    rows = page.rows("therapy-classes-1-1")
    counts = {
        name: [cell(line, group).partition(",")[0] for group in ("thymic", "lung", "duodenopancreatic")]
        for name, line in rows.items()
    }
    assert counts["chemotherapy, alkylating"] == ["4/8", "2/12", "7/14"]  # DOMAIN SC21 (ii)
    assert counts["mTOR inhibitor"] == ["1/8", "3/12", "0/14"]
    assert counts["chemotherapy, platinum"] == ["2/8", "3/12", "3/14"]
    assert counts["PRRT"] == ["1/8", "1/12", "1/14"]


def test_render_therapy__class_tables_are_those_of_the_result(page, found):
    for number, grouping in enumerate(GROUPINGS, start=1):
        for line in (1, 2, 3):
            rows = page.rows(f"therapy-classes-{line}-{number}")
            table = own(found.algorithm_classes, grouping=grouping, line=line)
            assert list(rows) == [words(name) for name in dict.fromkeys(table["regimen_class"])]
            for row in table.to_dict("records"):
                shown = cell(rows[words(row["regimen_class"])], words(row["group"]))
                assert shown == percent(row, "count", "n"), row
            residuals = page.rows(f"therapy-residuals-{line}-{number}")
            for row in table.loc[table["residual"].notna()].to_dict("records"):
                shown = cell(residuals[words(row["regimen_class"])], words(row["group"]))
                assert shown == f"{row['residual']:.2f}"


def test_render_therapy__differences_and_their_reading_stand_before_p(page, found):
    assert page.tables["therapy-differences-1-2"][0][3:] == [
        "Difference, points (95 % limits)", "90 % limits, points", "Equivalence reading", "Detectable, points",
        "p (equivalence)", "p (difference)",
    ]  # fmt: skip
    for line in (1, 2, 3):
        rows = page.rows(f"therapy-differences-{line}-2")
        table = own(found.algorithm_differences, line=line)
        assert len(rows) == len(table)
        for row in table.to_dict("records"):
            cells = rows[words(row["regimen_class"])]
            limits = f"({points(row['lo'])} to {points(row['hi'])})"
            assert cells["Difference, points (95 % limits)"] == f"{points(row['difference'])} {limits}"
            ninety = f"{points(row['equivalence_lo'])} to {points(row['equivalence_hi'])}"
            assert cells["90 % limits, points"] == ninety
            inside = row["equivalence_lo"] > -0.2 and row["equivalence_hi"] < 0.2
            reading = "equivalent within the margin" if inside else "equivalence is not shown"
            assert cells["Equivalence reading"] == reading
            assert cells["p (equivalence)"] == p_text(row["p_tost"])
            assert cells["p (difference)"] == p_text(row["p_fisher"])
            assert cells["duodenopancreatic"] == f"{row['count']}/{row['n']}"
            assert cells["thoracic"] == f"{row['count_reference']}/{row['n_reference']}"


def test_render_therapy__both_readings_of_equivalence_occur(page):
    readings = {cells["Equivalence reading"] for cells in page.rows("therapy-differences-1-2").values()}
    assert readings == {"equivalent within the margin", "equivalence is not shown"}


def test_render_therapy__the_test_follows_the_tables_and_says_size_before_p(section, page, found):
    row = own(found.algorithm_tables, grouping="origin_group2", line=1).iloc[0]
    text = (
        f"Size of the difference: Cramer's V {row['v']:.2f} ({row['v_lo']:.2f} to {row['v_hi']:.2f}), bias-corrected"
        f" {row['v_bc']:.2f} ({row['v_bc_lo']:.2f} to {row['v_bc_hi']:.2f}). Freeman-Halton test: p ="
        f" {p_text(row['p'])} (exact); across the lines p = {p_text(row['p_holm'])} (Holm)."
    )
    assert text in page.paragraphs
    place = section.body.index(f"p = {p_text(row['p'])} (exact)")
    assert section.body.index('id="therapy-classes-1-2"') < section.body.index('id="therapy-differences-1-2"') < place


def test_render_therapy__a_p_above_the_level_is_followed_by_its_warning(page, found):
    for row in found.algorithm_tables.to_dict("records"):
        assert row["warnings"] == "W_NO_EQUIVALENCE"
        assert f"W_NO_EQUIVALENCE {row['reading']}" in page.paragraphs
    clear = found.algorithm_tables.assign(p=0.01, warnings="", reading="")
    shown = Shown(render(results(demo_cohort(), therapy=dataclasses.replace(found, algorithm_tables=clear))))
    assert not [text for text in shown.paragraphs if text.startswith("W_NO_EQUIVALENCE")]
    assert any("Freeman-Halton test: p = 0.01 (exact)" in text for text in shown.paragraphs)


def test_render_therapy__who_did_not_receive_a_line_is_counted_by_reason(page, found):
    row = own(found.algorithm_tables, grouping="origin_group3", line=2).iloc[0]
    absent = f"{row['n_dead']} dead, {row['n_ongoing']} ongoing, {row['n_off_therapy']} off therapy"
    said = f"{row['n']} of {row['n_at_risk']} patients at risk of line 2 received it; the others: {absent}."
    assert any(text.startswith(said) for text in page.paragraphs)
    shown = lines_of(page, "therapy-reach-1")
    table = own(found.algorithm_reach, grouping="origin_group3")
    assert len(shown) == len(table) == 9
    for line, row in zip(shown, table.to_dict("records"), strict=True):
        assert (line["Group"], line["Line"]) == (row["group"], str(row["line"]))
        counts = [line[name] for name in ("Could receive it", "Received it", "Died", "Line before ongoing", "Lost")]
        names = ("n_at_risk", "n_received", "n_dead", "n_ongoing", "n_lost")
        assert counts == [str(row[name]) for name in names]


def test_render_therapy__a_line_that_cannot_be_tested_says_why(tmp_path):
    found = therapy(small_cohort(tmp_path), permutations=19)
    row = own(found.algorithm_tables, grouping="origin_group3", line=2).iloc[0]
    assert row["status"] != "tested"
    page = Shown(render(results(demo_cohort(), therapy=found)))
    assert any(text.startswith("Not tested: ") for text in page.paragraphs)
    assert any("Counted as other, fewer than 2 patients in all:" in text for text in page.paragraphs)
    assert any("The class of 1 is not recorded." in text for text in page.paragraphs)


def test_render_therapy__never_claims_that_groups_are_alike(page):
    assert not re.search(r"\bno difference\b|\bsimilar\b", page.text)  # DOMAIN SC21


# ---------------------------------------------------------------- whole courses


def test_render_therapy__sequence_tests_are_those_of_permanova(page, found):
    shown = lines_of(page, "therapy-permanova")
    assert len(shown) == len(found.sequence_tests) == 12
    assert shown[0]["Role"] == "primary"
    for line, row in zip(shown, found.sequence_tests.to_dict("records"), strict=True):
        assert line["Groups"] == words(row["grouping"])
        assert line["Pseudo-F"] == f"{row['f']:.2f}"
        assert line["R2, %"] == f"{100 * row['r2']:.1f}"
        assert (line["p"], line["p (dispersion)"]) == (p_text(row["p"]), p_text(row["dispersion_p"]))
        assert ("absent lines as a state" in line["Distance"]) == (row["tails"] == "none")
        assert row["reading"] in line["Warnings"]


def test_render_therapy__every_patient_has_a_sequence_and_a_row_in_the_figure(page):
    rows = page.rows("therapy-sequences")
    assert list(rows) == [f"P{i:02}" for i in range(1, 35)]
    assert rows["P03"]["Sequence"] == "chemotherapy, platinum → PRRT → none"
    assert rows["P03"]["No further line because"] == "dead"
    assert page.patients.count("P03") >= 2  # the table and the swimmer


def test_render_therapy__alluvial_figures_have_their_transitions_as_a_table(page, found):
    for number, grouping in enumerate(GROUPINGS, start=1):
        assert any(given.get("id") == f"therapy-alluvial-{number}" for _, given in page.elements)
        shown = {
            (x["Line"], x["Class"], x["What followed"]): x for x in lines_of(page, f"therapy-transitions-{number}")
        }
        table = own(found.transitions, grouping=grouping)
        for row in table.to_dict("records"):
            line = shown[str(row["from_line"]), words(row["from_class"]), words(row["to"])]
            share = f"{row['count']}/{row['n_from']}, {100 * row['proportion']:.1f} %"
            assert cell(line, words(row["group"])) == share
    assert "A transition is tested only where at least 20 patients made it: 0 of 24." in page.paragraphs


def test_render_therapy__exposure_is_a_cumulative_incidence(page, found):
    table = pd.concat([own(found.exposure, grouping="all"), own(found.exposure, grouping="origin_group3")])
    shown = {(line["Class"], line["Months"]): line for line in lines_of(page, "therapy-exposure-1")}
    for row in table.to_dict("records"):
        line = shown[words(row["regimen_class"]), str(row["horizon_months"])]
        text = cell(line, "All patients" if row["grouping"] == "all" else row["group"])
        limits = f" ({100 * row['cif_lo']:.1f} to {100 * row['cif_hi']:.1f})" if pd.notna(row["cif_lo"]) else ""
        assert text == (DASH if pd.isna(row["cif"]) else f"{100 * row['cif']:.1f}{limits}")


def test_render_therapy__numbers_of_lines_carry_their_warning_and_the_means_beside(page, found):
    assert f"W_LINES_SURVIVAL {SURVIVAL_TEXT}" in page.paragraphs
    for line, row in zip(lines_of(page, "therapy-line-counts"), found.line_counts.to_dict("records"), strict=True):
        assert [line[name] for name in ("0", "1", "2", "3", "4 or more")] == [
            str(row[name]) for name in ("n_0", "n_1", "n_2", "n_3", "n_4plus")
        ]
        assert line["p"] == p_text(row["kw_p"])
        assert "W_LINES_SURVIVAL" in line["Warnings"]
    assert lines_of(page, "therapy-line-counts")[0]["Median (quartiles)"] == "1.5 (1 to 2)"  # 4 x 1, 3 x 2, 1 x 3
    starts = own(found.line_starts, grouping="origin_group2", estimate="all_patients", horizon_months=24)
    line = next(
        x for x in lines_of(page, "therapy-starts-2") if x["Months"] == "24" and x["Estimate"].startswith("all")
    )
    for row in starts.to_dict("records"):
        assert cell(line, row["group"]) == f"{row['mean']:.2f} ({row['lo']:.2f} to {row['hi']:.2f})"


def test_render_therapy__times_by_line_are_in_months(page, found):
    shown = {(line["Time"], line["Line"]): line for line in lines_of(page, "therapy-times-1")}
    assert list(dict.fromkeys(name for name, _ in shown)) == ["PFS", "TTF", "TTNT"]
    for row in own(found.line_endpoints, grouping="origin_group3").to_dict("records"):
        line = shown[row["endpoint"].upper(), str(row["line"])]
        limits = f"({months(row['median_lo'])} to {months(row['median_hi'])})"
        assert cell(line, row["group"]) == f"{row['events']:.0f}/{row['n']}, {months(row['median'])} {limits}"
        if row["status"] == "tested":
            assert line["p"] == p_text(row["p_perm"])
        else:
            assert (line["p"], line["Log-rank test"]) == (DASH, "fewer than 5 events in all")


def test_render_therapy__pathway_and_evolution_are_those_of_the_tables(page, found):
    shown = {(line["Step"], line["Level"]): line for line in lines_of(page, "therapy-pathway-2")}
    for row in own(found.pathway, grouping="origin_group2", item="fdg_positive").to_dict("records"):
        line = shown["FDG-PET positive", "yes"]
        assert cell(line, row["group"]) == percent(row, "count", "n")
        assert (line["p"], line["Test"]) == (p_text(row["p"]), "Freeman-Halton, exact")
    assert shown["sequenced", "yes"]["Test"] == "the same in everybody"
    times = page.rows("therapy-pathway-times-1")
    row = own(found.pathway_times, grouping="origin_group3", endpoint="advanced_to_line1", group="lung").iloc[0]
    text = f"{row['events']:.0f}/{row['n']}, {months(row['median'])}"
    assert times["advanced disease to line 1"]["lung"].startswith(text)
    lesions = [line for line in lines_of(page, "therapy-evolution-1") if line["What changed"].startswith("new lesion")]
    row = own(found.evolution, grouping="origin_group3", item="new_lesion", line=1, group="thymic").iloc[0]
    assert lesions[0]["thymic"] == percent(row, "count", "n", "value")


def test_render_therapy__what_is_not_known_says_why(page):
    said = "median change of Ki-67, points: no Ki-67 of two samples of one patient: needs a column ki67_pct in samples"
    assert said in page.text
    lesions = (
        "new lesion during the line: patients assessed during the line; the sites of new lesions are not recorded."
    )
    assert lesions in page.text
    assert "therapy-ki67-pairs" not in page.tables


def test_render_therapy__patients_without_a_group_have_a_sequence_and_no_group(found):
    table = found.algorithm_sequences.copy()
    table.loc[table["patient_id"] == "P03", ["origin_group3", "absent"]] = pd.NA
    given = dataclasses.replace(found, algorithm_sequences=table)
    cells = Shown(render(results(demo_cohort(), therapy=given))).rows("therapy-sequences")["P03"]
    assert (cells["Origin, three groups"], cells["Origin, two groups"]) == (DASH, "thoracic")


def test_render_therapy__paired_ki67_and_grades_are_shown(found):
    pair = {"patient_id": "P01", "kind": "primary_metastasis", "ki67_first": 12.0, "ki67_last": 40.5, "change": 28.5,
            "days": 609.0, "grade_first": "G2", "grade_last": "G3"}  # fmt: skip
    step = {"grade_first": "G2", "grade_last": "G3"}
    groups = [("all", "all", 3), ("origin_group3", "lung", 2), ("origin_group2", "thoracic", 2)]
    migration = pd.DataFrame([{"grouping": a, "group": b, **step, "count": n} for a, b, n in groups])
    given = dataclasses.replace(found, ki67_pairs=pd.DataFrame([pair]), grade_migration=migration)
    page = Shown(render(results(demo_cohort(), therapy=given)))
    cells = page.rows("therapy-ki67-pairs")["P01"]
    assert [cells[name] for name in ("First Ki-67, %", "Last Ki-67, %", "Change, points", "Months between")] == [
        "12", "40.5", "28.5", "20.0",
    ]  # fmt: skip
    line = page.rows("therapy-migration-1")["G2"]
    assert (line["Last grade"], line["All patients"], line["lung"]) == ("G3", "3", "2")


# ---------------------------------------------------------------- hostile names


def test_render_therapy__hostile_names_are_text(found):
    evil = renamed(found, {"P05": PATIENT, "thymic": GROUP, "origin_group3": "<script>"})
    assert json.dumps(list(evil.plan["by"])) == '["<script>", "origin_group2"]'
    evil = dataclasses.replace(
        evil, algorithm_sequences=evil.algorithm_sequences.rename(columns={"origin_group3": "<script>"})
    )
    section = render(results(demo_cohort(), therapy=evil))
    assert_harmless(section, PATIENT, GROUP)
    page = Shown(section)
    assert PATIENT in page.patients
    assert any(head.startswith(GROUP) for head in page.tables["therapy-classes-1-1"][0])


def test_render_therapy__a_group_called_all_is_not_everybody(found):
    page = Shown(render(results(demo_cohort(), therapy=renamed(found, {"lung": "all"}))))
    assert page.tables["therapy-exposure-1"][0] == [
        "Class", "Months", "All patients", "thymic", "all", "duodenopancreatic",
    ]  # fmt: skip
    line = lines_of(page, "therapy-exposure-1")[0]
    row = own(found.exposure, grouping="origin_group3", group="lung", horizon_months=12).iloc[0]
    assert line["all"].startswith(f"{100 * row['cif']:.1f} (")
    assert line["all"] != line["All patients"]


# ---------------------------------------------------------------- in a browser


def test_sections_of_patients__open_without_complaint_and_link_a_patient(found, browser, tmp_path):
    evil = renamed(found, {"P05": PATIENT})
    table = renamed(build_oncoprint(demo_cohort()), {"P05": PATIENT})
    given = results(demo_cohort(), therapy=evil, oncoprint=table)
    file = tmp_path / "report.html"
    sections = [render_oncoprint(given), render(given)]
    file.write_text(render_document("Patients", sections, run_id="0123456789ab"), encoding="utf-8")
    with browser.page(file) as shown:
        assert shown.console == []
        assert shown.requests == [file.resolve().as_uri()]
        own = f"[data-patient={json.dumps(PATIENT)}]"
        shown.evaluate(f"document.querySelector({json.dumps(f'#therapy-swimmer {own}')}).dispatchEvent("
                       "new MouseEvent('click', {bubbles: true}))")  # fmt: skip
        marked = f"{own}.marked"
        for figure in ("therapy-swimmer", "oncoprint-figure", "therapy-sequences"):
            assert shown.evaluate(f"document.querySelectorAll({json.dumps(f'#{figure} {marked}')}).length") >= 1
        assert shown.evaluate("document.querySelectorAll('img').length") == 0
