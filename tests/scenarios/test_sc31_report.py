"""SC31, last sentence: what the report of a small, informatively truncated cohort contains.

Files in, page out: W_SMALL, the table of minimal detectable hazard ratios, the research-use sentence, and both entry
analyses because the study asks for them.
"""

from __future__ import annotations

import re
from html import unescape

import pytest

import netgen as ng
from netgen.report.study_report import gather_results, render_report
from tests.linear_study import GENES, read_linear
from tests.study_files import write_files

pytestmark = pytest.mark.repeats

RESEARCH_USE = (  # DOMAIN 0
    "Research use only. netgen is not a medical device and not a clinical decision tool. "
    "No output may be used to select, start or stop treatment."
)
STUDY = """
    [study]
    title = "Golden cohort"
    sequencing_context = "{context}"
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    alterations = {{ file = "genes.csv", layout = "matrix" }}
    [endpoints.os]
    time = "os_days"
    event = "os_event"
    {entry}
    unit = "days"
    [association]
    endpoints = ["os"]
    model = false
    {settings}
    """


def report(reference, folder, *, context, entry="", settings=""):
    table = read_linear(reference)
    columns = ["patient_id", "origin", "ki67_pct", "os_days", "os_event", "seq_day"]
    files = {
        "study.toml": STUDY.format(context=context, entry=entry, settings=settings),
        "patients.csv": table[columns].to_csv(index=False),
        "genes.csv": table[["patient_id", *GENES]].astype(dict.fromkeys(GENES, "Int64")).to_csv(index=False),
    }
    cohort = ng.read_cohort(write_files(folder, files) / "study.toml")
    return render_report(gather_results(cohort))


@pytest.fixture(scope="module")
def page(reference, tmp_path_factory):
    return report(
        reference, tmp_path_factory.mktemp("late"), context="clinical", entry='entry = "seq_day"',
        settings='entry_rule = "sequencing_report"\n    report_both = true',
    )  # fmt: skip


def rows_of(page, name):
    """Rows of a table by their first cell, each a mapping from heading to text."""
    table = page.partition(f'id="{name}"')[2].partition("</table>")[0]
    lines = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]
    head, *lines = [[unescape(re.sub(r"<[^>]*>", "", cell)) for cell in line] for line in lines]
    return {line[0]: dict(zip(head, line, strict=True)) for line in lines}


def text_of(page):
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)))


def test_sc31_report_says_that_the_cohort_is_small(page):
    text = "W_SMALL n = 34, 23 events: exploratory; estimates are imprecise and biased away from 1 by selection."
    assert text in text_of(page)


def test_sc31_report_has_the_minimal_detectable_hazard_ratios(page):
    """DOMAIN 3.15: 23 events, 10 of 34 altered -> 3.60, at alpha / 6 -> 4.92; 5 of 34 -> 5.20; 14 of 34 -> 3.28."""
    shown = rows_of(page, "associations-os-power")
    assert [shown[gene]["HR with 80 % power"] for gene in ("TP53", "ATRX", "MEN1")] == ["3.60", "5.20", "3.28"]
    assert shown["TP53"]["at alpha / m"] == "4.92"
    assert "smaller effects cannot be excluded" in shown["TP53"]["Reading"]


def test_sc31_report_is_for_research_only(page):
    assert text_of(page).count(RESEARCH_USE) >= 1


def test_sc31_report_shows_both_entry_analyses(page):
    """Appendix B, without delayed entry: ATRX p 0.012012987 within origins, whole cohort 682 (453, 1071) days."""
    shown = rows_of(page, "entry-both-os")
    assert set(shown) == {"MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2"}
    assert shown["ATRX"]["Without: p"] == "0.012"
    assert shown["ATRX"]["With: p"] != shown["ATRX"]["Without: p"]
    assert shown["TP53"]["With: HR (95 % CI)"] != shown["TP53"]["Without: HR (95 % CI)"]
    medians = rows_of(page, "entry-medians")
    assert medians["OS"]["Median, months (95 % CI)"] == "22.4 (14.9 to 35.2)"  # the last of the two rows: without


def test_sc31_report_says_that_entry_and_survival_depend(page):
    """tau -71/295 = -0.240678; entry-time Cox p 0.0741."""
    row = rows_of(page, "entry-dependence")["OS"]
    assert row["Conditional Kendall tau (95 % CI)"].startswith("-0.24 (")
    assert (row["Comparable pairs"], row["p of HR"], row["Dependent"]) == ("295", "0.074", "yes")
    assert "W_DEPENDENT_TRUNCATION os: patients who enter later live shorter" in text_of(page)


def test_sc31_report_refuses_the_unconditional_curve(page):
    """The fourth patient comes under observation on day 71: 2.3 months."""
    assert "The curve is conditional on survival to 2.3 months: 33 patients, 22 events" in text_of(page)
    assert "The unconditional curve is not shown." in text_of(page)


def test_sc31_report_without_delayed_entry_has_no_word_of_it(reference, tmp_path):
    page = report(reference, tmp_path, context="research_retrospective")
    assert 'id="entry-title"' not in page
    assert "truncat" not in text_of(page).lower()
