"""What ``netgen describe`` leaves behind: files, one HTML table that is safe to open, and the text for the terminal."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

import netgen as ng
from netgen.association.describe import describe_cohort
from netgen.association.describe_results import MISSINGNESS_COLUMNS, SELECTION_COLUMNS, TABLE1_COLUMNS
from netgen.errors import AnalysisError
from netgen.report.describe_files import draw_flow, flow_labels, summarise_describe, write_describe
from netgen.report.table_one_html import render_table_one
from tests.study_files import write_files

ALWAYS = {
    "table1.tsv", "table1.html", "missingness.tsv", "followup.tsv", "selection.tsv", "flow.json", "warnings.tsv",
    "provenance.json",
}  # fmt: skip
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Cells of the table, and every tag and attribute."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.attributes, self.open, self.text = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"th", "td"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in {"th", "td"}:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def cohort():
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def result(cohort):
    return describe_cohort(cohort, tests=True, permutations=500)


@pytest.fixture(scope="module")
def masked(cohort):
    return describe_cohort(cohort, mask_below=5)


def test_write_describe__writes_every_file(cohort, result, tmp_path):
    write_describe(result, cohort, tmp_path / "out", command="netgen describe demo")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names - {".netgen"} == {*ALWAYS, "exclusions.tsv", "tmb.tsv", "flow.svg", "flow.pdf", "flow.png"}
    for name, columns in (
        ("table1", TABLE1_COLUMNS),
        ("missingness", MISSINGNESS_COLUMNS),
        ("selection", SELECTION_COLUMNS),
    ):
        assert pd.read_csv(tmp_path / "out" / f"{name}.tsv", sep="\t").columns.tolist() == list(columns)
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert provenance["command"] == "netgen describe demo"
    assert provenance["options"]["grouping"] == "origin_group3"
    steps = json.loads((tmp_path / "out" / "flow.json").read_text())["steps"]
    by_name = {step["name"]: step for step in steps}
    for step in steps:  # parent = children + exclusions
        assert step["n_in"] == step["n_out"] + sum(step["excluded"].values())
        assert step["after"] is None or step["n_in"] == by_name[step["after"]]["n_out"]


def test_write_describe__is_the_same_bytes_twice(cohort, result, tmp_path):
    again = describe_cohort(cohort, tests=True, permutations=500)
    for name, item in (("a", result), ("b", again)):
        write_describe(item, cohort, tmp_path / name)
    for path in sorted((tmp_path / "a").iterdir()):
        if path.name != "provenance.json":
            assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_write_describe__refuses_a_folder_that_holds_something(cohort, result, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_describe(result, cohort, tmp_path)


def test_write_describe__masked_names_no_patient_and_no_small_count(cohort, masked, tmp_path):
    write_describe(masked, cohort, tmp_path / "out", figures=False)
    names = {path.name for path in (tmp_path / "out").iterdir()} - {".netgen"}
    assert names == ALWAYS
    patient = re.compile(r"\bP(0[1-9]|[12][0-9]|3[0-4])\b")
    for name in names:
        assert not patient.search((tmp_path / "out" / name).read_text()), name
    table = pd.read_csv(tmp_path / "out" / "table1.tsv", sep="\t")
    assert not table["n"].between(1, 4).any()
    assert table["text"].eq("<5").any()
    assert not table["text"].str.match(r"[1-4]( \(|$)", na=False).loc[table["kind"] == "category"].any()
    assert "Counts from 1 to 4 are printed as <5" in Page((tmp_path / "out" / "table1.html").read_text()).text


def test_table1_html__is_one_table_with_the_cells_of_the_tsv(result):
    page = Page(render_table_one(result, title="Demo"))
    assert page.tags.count("table") == 1
    head, *rows = page.rows
    assert head == [
        "Characteristic",
        "thymicn = 8",
        "lungn = 12",
        "duodenopancreaticn = 14",
        "Alln = 34",
        "Difference",
        "p",
    ]
    assert {len(row) for row in rows} == {7}
    cells = [row[1:5] for row in rows if any(row[1:5])]
    texts = result.table1[result.table1["variable"] != "patients"]
    wanted = texts.groupby(["variable", "level"], sort=False)["text"].agg(list)
    assert sorted(cells) == sorted(wanted.tolist())
    assert ["female", "6 (75.0)", "7 (58.3)", "5 (35.7)", "18 (52.9)"] in [row[:5] for row in rows]
    assert ["Sex", "0.86", "0.26"] in [[row[0], *row[5:]] for row in rows]
    assert "the percentage is of patients with a known value" in page.text
    assert "Research use only" in page.text


def test_table1_html__asks_for_nothing_and_runs_nothing(result):
    text = render_table_one(result, title="Demo")
    page = Page(text)
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert not {"src", "href", "onclick", "onload", "onerror"} & set(page.attributes)
    assert "default-src 'none'" in text
    assert "http://" not in text.replace("http-equiv", "")


def test_table1_html__without_tests_has_no_p_and_says_nothing_of_them(cohort):
    page = Page(render_table_one(describe_cohort(cohort), title=""))
    assert page.rows[0][-1] == "Difference"
    assert "Freeman-Halton" not in page.text


def test_table1_html__escapes_what_comes_from_the_data(tmp_path):
    bad = "<script>alert(1)</script>&"
    write_files(
        tmp_path,
        {
            "patients.csv": f'patient_id,origin,stage_at_diagnosis,"<b>x"\nA,lung,"{bad}",1\nB,lung,II,"<img src=x>"\n',
            "study.toml": '[study]\ntitle = "<i>t</i>"\n[[source]]\nkind = "tables"\n'
            'patients = "patients.csv"\nassay = "wes"\n',
        },
    )
    cohort = ng.read_cohort(tmp_path / "study.toml")
    extra = next(name for name in cohort.patients.columns if "<b>" in name)
    found = describe_cohort(cohort, extra=[extra])
    page = Page(render_table_one(found, title=cohort.study.title))
    assert not {"script", "i", "b", "img"} & set(page.tags)
    heads = [row[0] for row in page.rows]
    assert bad in heads
    assert extra in heads
    assert "<i>t</i>" in page.text


def test_summarise_describe__is_short_lines_without_forbidden_words(result):
    text = summarise_describe(result)
    assert max(map(len, text.splitlines())) <= 125
    assert not re.search(r"no difference|\bsimilar\b", text.lower())
    assert "all: 47.2 (26.8 to 64.1); 11 alive, followed 16.4 to 77.4" in text
    assert re.search(r"^patients +8 +12 +14 +34$", text, re.MULTILINE)
    assert "not compared (everybody was sequenced)" in text


def test_summarise_describe__masked_keeps_what_is_withheld(masked):
    text = summarise_describe(masked)
    assert "screened: 30+" in text
    assert re.search(r"Sex: female +withheld", text)
    assert "alive, followed" not in text


def test_draw_flow__writes_vector_and_pixels(result, tmp_path):
    assert draw_flow(result, tmp_path) == ["flow"]
    assert {path.name for path in tmp_path.iterdir()} == {"flow.svg", "flow.pdf", "flow.png"}
    assert "OS: with follow-up" in (tmp_path / "flow.svg").read_text()


def test_flow_labels__are_words():
    boxes = pd.DataFrame(
        {"step": ["eligible", "os: analysed"], "after": ["", "eligible"], "reason": ["", "ki67_missing"],
         "n": [5, 1], "text": ["5", "1"]}
    ).astype({"step": "string", "after": "string", "reason": "string"})  # fmt: skip
    labels = flow_labels(boxes)
    assert labels["step"].tolist() == ["eligible", "OS: analysed"]
    assert labels["reason"].tolist() == ["", "ki67 missing"]
