"""Every number that the report shows is one of the tables beside it, or follows from them."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from netgen.report.study_report import SHEETS
from tests.report.number_proof import FOLDERS, is_shown, numbers, read_rows, unproven, untold

pytestmark = pytest.mark.repeats

# Tables that name no file, and where their numbers are.
NAMELESS = {
    "table1-main": "description/table1.tsv",
    "endpoint-summary": "survival/km.tsv",
    "therapy-swimmer-courses": "therapy/timeline.tsv",
    "model-os-lost": "associations/associations.tsv",
    "model-pfs-lost": "associations/associations.tsv",
}
# Limits of a method within a text: no results.
LIMITS = {"fewer than 5 events in all": ["5"], "Fewer than 100 events": ["100"], "risen by 10 points or more": ["10"]}
# What is counted, and proven by counting.
COUNTED = ("genes in 34 patients", "years of diagnosis range", "not tested: fewer than 5 altered")


def test_numbers__of_every_table_stand_in_the_file_it_names(demo_report, demo_page):
    found, faults = 0, []
    for table in demo_page.tables:
        source = table.source or NAMELESS.get(table.id, "")
        if source:
            found += sum(len(numbers(cell)) for line in table.rows for cell in line)
            faults += [(table.id, *fault) for fault in unproven(table, demo_report, source)]
    assert found > 7000
    assert [fault for fault in faults if not (fault[0].startswith("therapy-times") and fault[3] == "5")] == []


def test_numbers__every_table_has_a_file_or_is_proven_otherwise(demo_page):
    elsewhere = {table.id for table in demo_page.tables if not table.source and table.kind != "plain"} - set(NAMELESS)
    assert {name for name in elsewhere if not name.startswith(("checklist-", "provenance-"))} == set()


def test_numbers__a_changed_digit_is_noticed(demo_report, demo_page):
    """Most changes of a last decimal are no number of the same rows; a check that lets more pass proves little."""
    rng, changed, noticed = random.Random(5), 0, 0
    for table in demo_page.tables:
        if not table.source:
            continue
        for line in table.rows[::3]:
            for place, cell in enumerate(line):
                decimals = [one for one in re.finditer(r"(?<![\w.])\d+\.\d+(?![\w.])", cell) if one[0] in numbers(cell)]
                if not decimals or "W_" in cell or len(cell) > 40:
                    continue
                end = rng.choice(decimals).end()
                other = str((int(cell[end - 1]) + rng.randint(1, 9)) % 10)
                cells = [*line[:place], cell[: end - 1] + other + cell[end:], *line[place + 1 :]]
                fake = dataclasses.replace(table, rows=[cells], keys=[[None] * len(cells)])
                changed += 1
                noticed += bool(unproven(fake, demo_report))
    assert changed > 400
    assert noticed > 0.8 * changed


def test_numbers__in_sentences_stand_together_in_one_row(demo_report, demo_page):
    found, faults = 0, []
    for section, text in demo_page.said:
        if section in FOLDERS:
            found += bool(numbers(text))
            known = [number for limit, values in LIMITS.items() if limit in text for number in values]
            faults += [(text, number) for number in untold(section, text, demo_report) if number not in known]
    assert found > 140
    assert [fault for fault in faults if not any(words in fault[0] for words in COUNTED)] == []


def test_numbers__that_are_counts_of_rows(demo_report, demo_study, demo_page):
    cells = pd.read_csv(demo_report / "oncoprint" / "oncoprint.tsv", sep="\t")
    altered = cells.loc[cells["status"] == "altered", "patient_id"].nunique()
    size = f"{cells['gene'].nunique()} genes in {cells['patient_id'].nunique()} patients, of whom {altered} have"
    assert size in demo_page.text
    years = pd.read_csv(demo_study.parent / "patients.csv")["date_diagnosis"].str[:4]
    assert f"years of diagnosis range from {years.min()} to {years.max()};" in demo_page.text
    classes = pd.read_csv(demo_report / "associations" / "gene_treatment.tsv", sep="\t").query("endpoint == 'pfs'")
    few = (classes["status"] == "too_few_exposed").sum()
    assert f"PFS: {few} not tested: fewer than 5 altered or fewer than 5 unaltered patients" in demo_page.text
    warned = pd.concat(pd.read_csv(file, sep="\t") for file in demo_report.glob("*/warnings.tsv"))
    whole = warned.loc[warned["item"].isna()]  # others stand beside a row of a table
    distinct = whole.drop_duplicates(["code", "file", "row", "column", "value", "patient_id", "message"])
    (table,) = [table for table in demo_page.tables if table.id == "provenance-warnings"]
    told = {line[0]: int(line[1]) for line in table.rows}
    assert {code: n for code, n in told.items() if n} == distinct["code"].value_counts().to_dict()
    beside = warned.loc[warned["item"].notna(), "code"]
    assert {line[0] for line in table.rows if int(line[2])} >= set(beside) - {code for code, n in told.items() if n}


def test_numbers__of_associations_stand_in_their_columns(demo_report, demo_page):
    """The main table, column by column: rounding of p-values and ratios as a journal wants it."""
    rows = pd.read_csv(demo_report / "associations" / "associations.tsv", sep="\t").set_index(["endpoint", "feature"])
    for name in ("os", "pfs"):
        (table,) = [table for table in demo_page.tables if table.id == f"associations-{name}-exploratory"]
        assert table.headings[:7] == ["Feature", "Altered", "Events alt/wt", "HR (95 % CI)", "p", "q (BH)", "p (Holm)"]
        assert {line[0] for line in table.rows} == set(rows.query("status == 'tested'").loc[name].index)
        for line in table.rows:
            row = rows.loc[name, line[0]]
            assert line[1] == f"{row['n_altered']}/{row['n_profiled']}"
            assert line[2] == f"{row['events_altered']}/{row['events_unaltered']}"
            shown = [float(number) for number in re.findall(r"[\d.e+-]+", line[3])]
            np.testing.assert_allclose(shown, row[["hr", "hr_lo", "hr_hi"]].astype(float), rtol=0.05, atol=0.0051)
            for cell, column in zip(line[4:7], ("p_primary", "q_bh", "p_holm"), strict=True):
                assert float(cell) == pytest.approx(row[column], rel=0.051)
                assert 0 < float(cell) <= 1


def test_numbers__of_methods_and_checklists_stand_somewhere_in_the_results(demo_report, demo_page):
    rows = [row for path in demo_report.rglob("*.*") if path.suffix in {".tsv", ".json"} for row in read_rows(path)]
    methods = (demo_report / "methods.md").read_text(encoding="utf-8").partition("## References")[0]
    cited = re.sub(r"\[\d+(?:[-, ]+\d+)*\]", "", methods)
    texts = [
        *cited.splitlines(),
        *(line[-1] for table in demo_page.tables if "checklist" in table.id for line in table.rows),
    ]
    found = {(number, text) for text in texts for number in numbers(text)}
    assert len(found) > 150
    known = frozenset(value for row in rows for value in row.values) | {30.4375}  # days per month
    told = frozenset(number for row in rows for number in row.told)
    faults = [item for item in found if item[0] not in told and not is_shown(item[0], known, item[1])]
    assert faults == []


# ---- figures ----


def naive_km(days, events, at):
    """Survival, its log-log limits, patients at risk and events so far, from the definition."""
    survival, greenwood = 1.0, 0.0
    for day in sorted(set(days[events & (days <= at)])):
        risk, died = (days >= day).sum(), (events & (days == day)).sum()
        survival *= 1 - died / risk
        greenwood += died / (risk * (risk - died)) if risk > died else np.inf
    limits = (np.nan, np.nan)
    if 0 < survival < 1:
        wide = 1.959963984540054 * np.sqrt(greenwood) / np.log(survival)
        limits = (survival ** np.exp(-wide), survival ** np.exp(wide))
    elif survival == 1 and not (days < at).any() and at not in days:
        limits = (1.0, 1.0)  # nothing has happened yet
    return survival, *sorted(limits), (days >= at).sum(), (events & (days <= at)).sum()


def read_probability(text):
    """Numbers of ``0.50 (0.15 - 0.77)``, what is missing as NaN."""
    found = re.fullmatch(r"([\d.]+) \(([\d.]*)\N{EN DASH}([\d.]*)\)", text)
    return [float(part or "nan") for part in found.groups()]


def groups_of(folder, caption):
    """Endpoint, and the patients of each curve of a figure named ``OS by TP53`` or ``PFS by origin, two groups``."""
    endpoint, _, factor = caption.partition(" by ")
    if factor.startswith("origin"):
        column = "origin_group3" if "three" in factor else "origin_group2"
        table = pd.read_csv(folder / "therapy" / "algorithm_sequences.tsv", sep="\t")
        return endpoint.lower(), {name: set(rows["patient_id"]) for name, rows in table.groupby(column)}
    cells = pd.read_csv(folder / "oncoprint" / "oncoprint.tsv", sep="\t")
    own = cells.loc[cells["gene"] == factor]
    names = ("altered", "wild type")
    return endpoint.lower(), {name: set(own.loc[own["status"] == name, "patient_id"]) for name in names}


def follow_up(folder, endpoint, patients):
    rows = pd.read_csv(folder / "associations" / "endpoints.tsv", sep="\t")
    own = rows.loc[(rows["endpoint"] == endpoint) & rows["patient_id"].isin(patients)]
    assert own["entry_days"].isna().all()
    return own["time_days"].to_numpy(float), own["event"].to_numpy(bool)


def test_numbers__below_every_curve_follow_from_the_times_of_the_patients(demo_report, demo_page):
    figures = [table for table in demo_page.tables if table.kind == "plain"]
    assert len(figures) == 16
    for table in figures:
        endpoint, groups = groups_of(demo_report, table.caption)
        assert [line[0] for line in table.rows if line[1] == "0.0"] == list(groups) or "origin" in table.caption
        assert {line[0] for line in table.rows} == set(groups)
        for name, months, risk, events, survival in table.rows:
            expected = naive_km(*follow_up(demo_report, endpoint, groups[name]), float(months) * 30.4375)
            assert (int(risk), int(events)) == expected[3:], (table.caption, name, months)
            np.testing.assert_allclose(read_probability(survival), expected[:3], atol=0.0050001, err_msg=table.caption)


def test_numbers__read_off_every_curve_follow_from_the_times_of_the_patients(demo_report, demo_page):
    html = (demo_report / "report.html").read_text(encoding="utf-8")
    read = 0
    for table in (table for table in demo_page.tables if table.kind == "plain"):
        endpoint, groups = groups_of(demo_report, table.caption)
        data = json.loads(re.search(rf'<script type="application/json" id="{table.id}-data">(.*?)</script>', html)[1])
        days = [float(re.search(r"\(day (.*)\)", text)[1]) for text in data["time"]]
        for curve in data["curves"]:
            times = follow_up(demo_report, endpoint, groups[curve["name"]])
            for place, day in list(enumerate(days))[::4]:
                ((_, text, _), (_, risk)) = (
                    [item for item in curve[key] if item[0] <= place][-1] for key in ("read", "risk")
                )
                expected = naive_km(*times, day)
                assert int(risk) == pytest.approx(expected[3], abs=0), (table.caption, day)
                np.testing.assert_allclose(read_probability(text), expected[:3], atol=0.0050001)
                read += 1
    assert read > 400


# ---- the workbook ----


def test_workbook__holds_the_tables_as_they_are_in_the_files(demo_report):
    from openpyxl import load_workbook

    book = load_workbook(demo_report / "tables.xlsx")
    folders = {"association": "associations"}
    assert set(SHEETS) - {"competing"} <= set(book.sheetnames)  # nothing competes with the endpoints of the demo
    for sheet, (analysis, _, _, file) in SHEETS.items():
        if sheet not in book.sheetnames:
            continue
        name = folders.get(analysis, analysis)
        lines = (demo_report / name / file).read_text(encoding="utf-8").splitlines()
        written = [line.split("\t") for line in lines]
        cells = [[_text(cell) for cell in row] for row in book[sheet].iter_rows(values_only=True)]
        assert len(cells) == len(written), sheet
        for own, other in zip(cells, written, strict=True):
            close = [pytest.approx(cell, rel=1e-14) if isinstance(cell, float) else cell for cell in own]
            assert close == [_number(cell) for cell in other], sheet  # a spreadsheet has 15 digits
    said = [cell for row in book[book.sheetnames[-1]].iter_rows(values_only=True) for cell in row]
    assert any(str(cell).startswith("Research use only") for cell in said)


def _text(value):
    if value is None:
        return "NA"
    return _number({True: "TRUE", False: "FALSE"}.get(value, value) if isinstance(value, bool) else value)


def _number(text):
    """Compare numbers as numbers; a blank cell and NA are one."""
    try:
        return float(text)
    except ValueError:
        return str(text)[:10] if re.fullmatch(r"\d{4}-\d\d-\d\d( 00:00:00)?", str(text)) else str(text) or "NA"


# ---- drawings ----


def drawn(folder, figure):
    """The texts in a drawing, in their order."""
    html = (folder / "report.html").read_text(encoding="utf-8")
    svg = html.partition(f'<figure id="{figure}"')[2].partition("<svg")[2].partition("</svg>")[0]
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_drawings__numbers_at_risk_are_those_of_the_table_below(demo_report, demo_page):
    for table in (table for table in demo_page.tables if table.kind == "plain"):
        texts = drawn(demo_report, table.id)
        at_risk = [text for text in texts if re.fullmatch(r"\d+ \(\d+\)", text)]
        assert at_risk == [f"{line[2]} ({line[3]})" for line in table.rows], table.caption


def test_drawings__medians_are_those_of_the_tables(demo_report, demo_page):
    medians = pd.read_csv(demo_report / "survival" / "km.tsv", sep="\t").set_index(["endpoint", "grouping", "group"])
    for table in (table for table in demo_page.tables if table.kind == "plain" and table.section == "survival"):
        endpoint, groups = groups_of(demo_report, table.caption)
        grouping = "origin_group3" if "thymic" in groups else "origin_group2"
        texts = "\n".join(drawn(demo_report, table.id))
        told = dict(re.findall(r"(\w+) \(median ([\d.]+) months\)", texts))
        assert set(told) == set(groups)
        for name, value in told.items():
            assert float(value) == pytest.approx(
                medians.loc[(endpoint, grouping, name), "median"] / 30.4375, abs=0.0501
            )


def test_drawings__percentages_of_the_oncoprint_are_altered_of_profiled(demo_report):
    genes = pd.read_csv(demo_report / "oncoprint" / "oncoprint_genes.tsv", sep="\t").set_index(["gene", "origin"])
    texts = [text for text in drawn(demo_report, "oncoprint-figure") if text != "*"]
    for gene, own in genes.groupby("gene", sort=False):
        place = texts.index(gene)
        whole = own.loc[(gene, "all")]
        counts = re.fullmatch(r"(\d+)/(\d+) \((\d+) %\)", texts[place + 1]).groups()
        assert counts[:2] == (str(whole["n_altered"]), str(whole["n_profiled"]))
        shown = [counts[2], *(text.removesuffix(" %") for text in texts[place + 2 : place + 5])]
        rows = [own.loc[(gene, origin)] for origin in ("all", "thymic", "lung", "duodenopancreatic")]
        exact = [100 * row["n_altered"] / row["n_profiled"] for row in rows]
        np.testing.assert_allclose([float(text) for text in shown], exact, atol=0.500001)


@pytest.mark.parametrize("endpoint", ["os", "pfs"])
def test_drawings__numbers_beside_the_forest_are_those_of_the_files(demo_report, demo_page, endpoint):
    titles = [given["id"] for name, given in demo_page.elements if "forest" in str(given.get("class")).split()]
    texts = drawn(demo_report, titles[["os", "pfs"].index(endpoint)])
    first = texts.index("Feature") + 1
    names = [text.rstrip("\N{DAGGER}") for text in texts[first : texts.index("Altered/profiled")]]
    starts = [texts.index(head) + 1 for head in ("Altered/profiled", "Events if altered", "HR (95% CI)", "p", "q (BH)")]
    files = [demo_report / "associations" / f"{name}.tsv" for name in ("associations", "heterogeneity")]
    feature = ""
    for place, name in enumerate(names):
        origin = name in {"thymic", "lung", "duodenopancreatic"}
        feature = feature if origin else name
        wanted = {endpoint, feature, name}
        rows = [row for row in read_rows(files[origin]) if wanted <= row.cells]
        assert rows
        for start in starts:
            shown = texts[start + place].replace("\N{EN DASH}", " ")
            for number in re.findall(r"(?<![<>\d.])\d+(?:\.\d+)?", shown):
                assert any(row.shows(number, "") for row in rows), (feature, name, shown)
