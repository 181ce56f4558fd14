"""Response in the report: rates with limits by line, group and alteration, durations, figures."""

from __future__ import annotations

import pytest

import netgen as ng
from netgen.association.response import response
from netgen.report.page.section_response import render
from netgen.report.summary import months, p_text, ratio
from netgen.report.table_one_html import words
from tests.association.therapy_cases import small_cohort
from tests.demo_run import demo_cohort
from tests.report.page.hostile_names import GENE, GROUP, PATIENT, assert_harmless, renamed
from tests.report.page.section_reader import Shown, results
from tests.study_files import write_files

DASH = "\N{EN DASH}"
RECORDED = """\
    patient_id,origin,panel,alterations,best_reply
    A,pancreatic,wes,MEN1 p.R460*,PR
    B,pancreatic,wes,MEN1 p.R460*,SD
    C,lung,wes,none,PD
    D,lung,wes,none,CR
    """


@pytest.fixture(scope="module")
def found():
    return response(demo_cohort(), lines=(1, 2, "all"))


@pytest.fixture(scope="module")
def page(found):
    return Shown(render(results(demo_cohort(), response=found)))


def own(frame, **wanted):
    for name, value in wanted.items():
        frame = frame.loc[frame[name] == value]
    return frame


def lines_of(page, id_):
    head, *lines = page.tables[id_]
    return [dict(zip(head, line, strict=True)) for line in lines]


def share(row, *, limits=True, part=("a", "b"), rate="rate"):
    n = row[part[0]] + row[part[1]]
    text = f"{row[part[0]]}/{n}, {100 * row[rate]:.1f} %"
    return f"{text} ({100 * row['cp_lo']:.1f} to {100 * row['cp_hi']:.1f})" if limits else text


def points(value):
    shown = f"{100 * value:.1f}"
    return shown.lstrip("-") if float(shown) == 0 else shown if value < 0 else f"+{shown}"


# ---------------------------------------------------------------- rates


def test_render_response__without_lines_there_is_no_section():
    assert render(results(demo_cohort())) is None


def test_render_response__rates_of_line_1_are_those_of_sc27(page):
    assert "34 patients; ORR 5/34, 14.7 % (5.0 to 31.1); DCR 22/34, 64.7 % (46.5 to 80.3)." in page.paragraphs
    first = lines_of(page, "response-1-rates")[0]
    assert (first["Outcome"], first["Denominator"]) == ("ORR", "all who started")
    assert first["Rate, % (Wilson limits)"] == "14.7 (6.4 to 30.1)"  # DOMAIN SC27: 6.45 and 30.13
    by_origin = page.rows("response-1-by-1")
    counts = [by_origin[name]["ORR"].partition(",")[0] for name in ("thymic", "lung", "duodenopancreatic")]
    assert counts == ["3/8", "0/12", "2/14"]
    tests = {(line["Groups"], line["Outcome"]): line for line in lines_of(page, "response-1-tests")}
    assert tests["origin, three groups", "ORR"]["p"] == "0.063"  # DOMAIN SC27: 0.062611
    assert tests["origin, three groups", "ORR"]["Test"] == "Freeman-Halton exact"


def test_render_response__every_line_asked_for_has_its_parts_in_order(page):
    assert page.headings == [
        "Line 1", "By origin, three groups", "By origin, two groups", "By regimen class", "Comparison of groups",
        "Alterations", "Alterations within classes of treatment", "Durations",
        "Line 2", "By origin, three groups", "By origin, two groups", "By regimen class", "Comparison of groups",
        "Alterations", "Alterations within classes of treatment", "Durations",
        "All lines", "By origin, three groups", "By origin, two groups", "By regimen class", "Comparison of groups",
        "Alterations",
    ]  # fmt: skip


def test_render_response__rates_of_groups_are_those_of_the_table(page, found):
    for line in ("1", "2", "all"):
        for number, grouping in enumerate(found.plan["by"], start=1):
            for denominator, end in (("started", ""), ("evaluable", "-sensitivity")):
                rows = page.rows(f"response-{line}-by-{number}{end}")
                table = own(found.table, line=line, kind="group", variable=grouping, denominator=denominator)
                assert len(rows) == table["level"].nunique()
                for row in table.to_dict("records"):
                    text = rows[words(row["level"])][row["metric"]]
                    assert text.startswith(share(row, limits=False))
                    if row["cp_lo"] == row["cp_lo"]:
                        assert text == share(row)


def test_render_response__the_sensitivity_denominator_is_labelled(page):
    labelled = [line for line in lines_of(page, "response-1-rates") if "sensitivity" in line["Denominator"]]
    assert [line["Outcome"] for line in labelled] == ["ORR", "DCR"]
    assert "Lines by what it rests on: assessments 58, a recorded best response 7." in page.text
    assert "who was not evaluable or not assessed is no responder" in page.text
    assert "The same rates, evaluable only (sensitivity)" in page.text


def test_render_response__all_lines_say_that_the_patient_is_the_cluster(page, found):
    whole = own(found.table, line="all", kind="all", metric="ORR", denominator="started").iloc[0]
    assert (whole["n"], whole["n_patients"]) == (65, 34)
    text = next(text for text in page.paragraphs if text.startswith("65 lines of 34 patients; ORR"))
    assert "labels are permuted between patients" in text


def test_render_response__comparisons_show_the_difference_before_p(page, found):
    head = page.tables["response-1-tests"][0]
    assert head.index("Difference, points (95 % limits)") < head.index("p")
    for line in ("1", "2", "all"):
        table = own(found.table, line=line, kind="test", denominator="started")
        for shown, row in zip(lines_of(page, f"response-{line}-tests"), table.to_dict("records"), strict=True):
            assert shown["Groups"] == words(row["variable"])
            if row["status"] != "tested":
                assert shown["Test"].startswith("Not tested: ")
                assert shown["p"] == DASH
                continue
            assert shown["p"] == p_text(row["p_primary"])
            if row["diff_lo"] == row["diff_lo"]:
                limits = f"({points(row['diff_lo'])} to {points(row['diff_hi'])})"
                assert shown["Difference, points (95 % limits)"] == f"{points(row['diff'])} {limits}"
            if row["warnings"]:
                assert shown["Warnings"] == f"W_NO_EQUIVALENCE {row['reading']}"
            else:
                assert shown["Warnings"] == ""


# ---------------------------------------------------------------- alterations


def test_render_response__alterations_of_sc27(page):
    cells = page.rows("response-1-orr")["TP53"]
    assert (cells["Altered"], cells["Not altered"]) == ("2/10, 20.0 %", "3/24, 12.5 %")
    # DOMAIN SC27 has R's 18.1846, which stops 1e-4 before the limit (tests/association/test_exact_tables.py)
    assert cells["Odds ratio (95 % limits)"] == "1.72 (0.12 to 18.19)"
    assert cells["p"] == "0.62"
    separated = page.rows("response-1-orr")["SETD2"]
    assert separated["Altered"] == "0/3, 0.0 %"
    assert separated["Odds ratio (95 % limits)"].startswith("Firth 0.69 (")  # exp(-0.373513)


def test_render_response__tested_alterations_are_those_of_the_table(page, found):
    for line in ("1", "2"):
        for metric in ("ORR", "DCR"):
            table = own(found.table, line=line, kind="feature", metric=metric, status="tested")
            table = table.sort_values(["p_primary", "level"])
            if not len(table):
                assert f"response-{line}-{metric.lower()}" not in page.tables
                continue
            rows = page.rows(f"response-{line}-{metric.lower()}")
            assert list(rows) == table["level"].tolist()
            for row in table.to_dict("records"):
                cells = rows[row["level"]]
                assert cells["Not altered"] == share(row, limits=False, part=("c", "d"), rate="rate_ref")
                assert (cells["p"], cells["q (BH)"]) == (p_text(row["p_primary"]), p_text(row["q_bh"]))
                if row["or_status"] == "ok":
                    text = f"{ratio(row['or'])} ({ratio(row['or_lo'])} to {ratio(row['or_hi'])})"
                else:
                    text = f"Firth {ratio(row['firth_or'])} ({ratio(row['firth_lo'])} to {ratio(row['firth_hi'])})"
                assert cells["Odds ratio (95 % limits)"] == text
                assert cells["Warnings"].endswith(row["reading"])


def test_render_response__further_tests_and_ordered_responses_are_shown(page, found):
    further = {(line["Alteration"], line["Outcome"]): line for line in lines_of(page, "response-1-further")}
    row = own(found.table, line="1", kind="feature", metric="DCR", level="ATRX").iloc[0]
    cells = further["ATRX", "DCR"]
    assert cells["p within strata"] == p_text(row["p_stratified"])
    assert cells["p (Holm)"] == p_text(row["p_holm"])
    assert cells["Odds ratio within strata (exact limits)"].startswith(f"{ratio(row['or_stratified'])} (")
    ordered = page.rows("response-1-bor")["TP53"]
    row = own(found.table, line="1", kind="feature", metric="BOR", level="TP53").iloc[0]
    assert ordered["Probability of the better response, %"] == f"{100 * row['superiority']:.1f}"
    assert ordered["p"] == p_text(row["p_primary"])


def test_render_response__what_was_not_tested_says_why(page, found):
    rows = page.rows("response-1-untested")
    table = own(found.table, line="1", kind="feature")
    others = table.loc[table["status"] != "tested"]
    assert set(rows) == set(others["level"])
    assert rows["DAXX"]["Why not"] == "fewer altered patients than min_altered"
    assert (rows["DAXX"]["Altered"], rows["DAXX"]["Profiled"]) == ("2", "23")
    assert rows["DAXX"]["Outcomes"] == "ORR, DCR, BOR"


def test_render_response__classes_are_tested_with_enough_patients_only(page, found):
    table = found.by_class.loc[(found.by_class["line"].astype(str) == "1") & (found.by_class["status"] == "tested")]
    shown = lines_of(page, "response-1-classes")
    assert len(shown) == len(table)
    for line, row in zip(shown, table.to_dict("records"), strict=True):
        assert (line["Alteration"], line["Class"]) == (row["feature"], words(row["regimen_class"]))
        assert line["p"] == p_text(row["p_fisher"])
        assert min(row["a"] + row["b"], row["c"] + row["d"]) >= 5
    assert "at least 5 altered and 5 unaltered patients who received it: 3 of 5 alterations" in page.text


# ---------------------------------------------------------------- durations, figures, patients


def test_render_response__durations_show_both_medians(page, found):
    table = found.durations.loc[found.durations["line"].astype(str) == "1"]
    shown = lines_of(page, "response-1-durations")
    for line, row in zip(shown, table.to_dict("records"), strict=True):
        assert (line["n"], line["Ended"], line["Ongoing"]) == tuple(str(row[x]) for x in ("n", "n_ended", "n_ongoing"))
        if row["n"]:
            text = f"{months(row['km_median'])} ({months(row['km_median_lo'])} to {months(row['km_median_hi'])})"
            assert line["Kaplan-Meier median, months (95 % limits)"] == text
        if row["endpoint"] == "dot" and row["n_ended"]:
            ended = line["Median of those ended, months (quartiles)"]
            assert ended.startswith(f"{months(row['median_ended'])} ({months(row['q1_ended'])} to ")
        assert ("W_DOT_ONGOING" in line["Warnings"]) == ("W_DOT_ONGOING" in row["warnings"])
    assert "groups are not tested" in page.text


def test_render_response__figures_are_there_with_a_description(page):
    ids = {given["id"] for _, given in page.elements if "id" in given}
    assert {f"response-{line}-bars-{number}" for line in (1, 2) for number in (1, 2, 3)} <= ids
    assert {"response-1-waterfall", "response-2-waterfall"} <= ids
    assert "response-all-bars-1" not in ids
    assert "thymic: partial response 3, stable disease 1, progression 2, not evaluable 2" in page.text


def test_render_response__patients_are_linked_and_their_changes_shown(page, found):
    shown = {(line["Patient"], line["Line"]): line for line in lines_of(page, "response-patients")}
    assert len(shown) == len(found.responses) == 65
    row = own(found.sizes, patient_id="P01", line_number=1).iloc[0]
    assert shown["P01", "1"]["Best change, %"] == f"{row['best_change_pct']:.1f}" == "-48.7"
    assert shown["P02", "1"]["Best change, %"] == DASH
    assert shown["P01", "1"]["First response"] == "2022-02-17"
    assert set(page.patients) == {f"P{i:02}" for i in range(1, 35)}


def test_render_response__warnings_about_a_line_stand_below_its_heading(page, found):
    said = [item.message for item in found.findings.of("W") if item.message.startswith("response, line 2")]
    assert said
    for message in said:
        assert message.rstrip(".") in page.text


# ---------------------------------------------------------------- other studies


def test_render_response__a_recorded_column_has_no_lines_and_no_durations(tmp_path):
    cohort = ng.read_cohort(write_files(tmp_path, {"form.csv": RECORDED}) / "form.csv")
    found = response(cohort, column="best_reply", by="origin_group2")
    page = Shown(render(results(cohort, response=found)))
    assert "Best responses are as recorded in the column best_reply." in page.text
    assert "4 patients; ORR 2/4, 50.0 % (6.8 to 93.2); DCR 3/4, 75.0 % (19.4 to 99.4)." in page.paragraphs
    assert "Durations" not in page.headings
    assert not any(str(given.get("id", "")).endswith("waterfall") for _, given in page.elements)


def test_render_response__a_study_without_sequencing_shows_rates_only(tmp_path):
    cohort = small_cohort(tmp_path)
    page = Shown(render(results(cohort, response=response(cohort))))
    assert "Alterations" not in page.headings
    assert "5 patients; ORR 0/5, 0.0 % (0.0 to 52.2); DCR 0/5, 0.0 % (0.0 to 52.2)." in page.paragraphs  # 1 - .025**.2
    for line in lines_of(page, "response-1-tests"):
        assert line["Test"].startswith("Not tested: ")


def test_render_response__hostile_names_are_text(found):
    evil = renamed(found, {"P05": PATIENT, "thymic": GROUP, "TP53": GENE})
    section = render(results(demo_cohort(), response=evil))
    assert_harmless(section, PATIENT, GROUP, GENE)
    page = Shown(section)
    assert PATIENT in page.patients
    assert GROUP in page.rows("response-1-by-1")
    assert GENE in page.rows("response-1-orr")
