"""Figures within the page: what they say, where the places of patients are, and that nothing of them can do harm."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.genomics.matrix import AlterationMatrix
from netgen.plots.forest import plot_forest
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_layout import plan_layout
from netgen.plots.oncoprint_table import OncoprintTable, tabulate_oncoprint
from netgen.plots.oncoprint_tracks import make_tracks
from netgen.plots.style import new_figure, styled
from netgen.plots.swimmer import plot_swimmer
from netgen.report.page import figure_oncoprint, figure_steps
from netgen.report.page.figure_card import scale_of
from netgen.report.page.figure_oncoprint import alteration_text, oncoprint_marks
from netgen.report.page.figure_patients import course_text
from netgen.report.page.figure_steps import hover_times, read_steps
from netgen.report.page.figures import (
    beside,
    embed,
    embed_incidence,
    embed_km,
    embed_oncoprint,
    embed_swimmer,
    embed_waterfall,
    probability_text,
)

HOSTILE = "</title><script>alert(1)</script> & \"'<b>$"
MONTH = 30.4375
TO = "\N{EN DASH}"


class Reader(HTMLParser):
    """What a browser would find: elements with attributes, and the text of data blocks."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[str] = []
        self._within = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._within:
            self.blocks.append(data)


def drawing(markup: str) -> ET.Element:
    """The SVG of a figure."""
    return ET.fromstring(re.search(r"<svg.*?</svg>", markup, re.DOTALL)[0])


def data_of(markup: str) -> dict:
    (block,) = Reader(markup).blocks
    return json.loads(block)


def tips(markup: str) -> list[str]:
    return [tip.find("title").text for tip in drawing(markup).iter("rect") if tip.get("class") == "tip"]


def steps(group: str = "altered", **columns: list[float]) -> pd.DataFrame:
    """Four patients: an event at 30, one censored at 60, an event at 90, one censored at 120 days."""
    rows = {
        "time_days": [0.0, 30.0, 60.0, 90.0, 120.0], "survival": [1, 0.75, 0.75, 0.375, 0.375],
        "lo": [1, 0.128, 0.128, 0.011, 0.011], "hi": [1, 0.961, 0.961, 0.808, 0.808],
        "n_risk": [4.0, 4, 3, 2, 1], "n_event": [0, 1, 0, 1, 0], "n_censor": [0, 0, 1, 0, 1],
    }  # fmt: skip
    return pd.DataFrame({"group": group, **rows, **columns})


def place_of(data: dict, day: float) -> int:
    """The place of the line at a day."""
    days = [float(re.search(r"day ([\d.]+)", time)[1]) for time in data["time"]]
    place = int(np.argmin(np.abs(np.array(days) - day)))
    assert abs(days[place] - day) < 0.06
    return place


def read_at(data: dict, curve: int, place: int) -> tuple[str, str]:
    """What the script would say: the last entry at or before a place."""
    own = data["curves"][curve]
    return tuple([entry for entry in own[name] if entry[0] <= place][-1][1] for name in ("read", "risk"))


# ---------------------------------------------------------------- any figure


def hostile_figure() -> str:
    frame = pd.DataFrame(
        {"feature": ["MEN1", HOSTILE], "level": 0, "n_altered": 5, "n_profiled": 30, "events_altered": 3,
         "hr": [2.0, 0.5], "hr_lo": [1.0, 0.2], "hr_hi": [4.0, 1.1], "p": 0.03, "q": 0.06, "status": "tested",
         "note": ""}
    )  # fmt: skip
    return embed(plot_forest(frame), title=HOSTILE, description=HOSTILE, note=HOSTILE)


def test_embed__names_and_describes_the_drawing_and_keeps_text_as_text() -> None:
    svg = drawing(hostile_figure())
    texts = {node.get("id"): node.text for node in svg if node.tag in {"title", "desc"}}
    assert svg.get("role") == "img"
    assert texts[svg.get("aria-labelledby")] == HOSTILE
    assert texts[svg.get("aria-describedby")] == HOSTILE
    written = [node.text for node in svg.iter("text")]
    assert "MEN1" in written
    assert HOSTILE in written
    assert "DejaVu Sans" in svg.get("font-family")
    assert svg.get("font-family").endswith("sans-serif")


def test_embed__has_nothing_that_runs_loads_or_is_stopped_by_the_policy() -> None:
    found = Reader(hostile_figure()).elements
    assert {name for name, _ in found}.isdisjoint({"script", "style", "metadata", "link", "a", "b", "foreignobject"})
    for _, attributes in found:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "xlink:href"}]
        assert (attributes.get("href") or "#").startswith("#")


def test_embed__rounds_every_coordinate_and_drops_what_matplotlib_says_of_itself() -> None:
    markup = hostile_figure()
    numbers = [
        number
        for node in drawing(markup).iter()
        for name, value in node.attrib.items()
        if name in {"d", "x", "y", "width", "height", "transform", "viewBox", "stroke-width", "opacity"}
        for number in re.findall(r"\.(\d+)", value)
    ]
    assert len(numbers) > 50
    assert max(map(len, numbers)) == 2
    assert "matplotlib" not in markup
    assert "Netgen Sans" not in markup


def test_embed__ids_are_referred_to_resolve_and_differ_between_figures() -> None:
    one, two = embed_km(steps(), title="A", description="a"), embed_km(steps(), title="B", description="b")
    for markup in (one, two):
        found = [attributes for _, attributes in Reader(markup).elements]
        ids = {attributes["id"] for attributes in found if "id" in attributes}
        wanted = {
            name
            for attributes in found
            for value in attributes.values()
            for name in re.findall(r"url\(#([^)]+)\)", value or "")
        }
        wanted |= {attributes["href"][1:] for attributes in found if "href" in attributes}
        assert wanted
        assert wanted <= ids
        assert all(name.startswith(found[0]["id"]) for name in ids)
    assert max(Counter(re.findall(r' id="([^"]+)"', one + two)).values()) == 1


def test_embed__same_figure_same_bytes_and_a_key_names_it() -> None:
    assert embed_km(steps(), title="A", description="a") == embed_km(steps(), title="A", description="a")
    markup = embed_km(steps(), title="A", description="a", key="os-by-men1")
    assert Reader(markup).elements[0] == ("figure", {"id": "os-by-men1", "class": "figure steps"})
    assert 'id="os-by-men1-title"' in markup


def test_embed__a_hatch_still_points_to_its_pattern() -> None:
    from matplotlib.patches import Rectangle

    with styled():
        figure = new_figure("single", 30)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.add_patch(Rectangle((0.1, 0.1), 0.5, 0.5, fc="none", hatch="///", lw=0))
    svg = drawing(embed(figure, title="x", description="y"))
    patterns = [node.get("id") for node in svg.iter("pattern")]
    assert [node.get("fill") for node in svg.iter("path") if "url" in node.get("fill", "")] == [f"url(#{patterns[0]})"]


def test_embed__understands_the_font_property_of_older_matplotlib() -> None:
    from netgen.report.page.svg import _presentation

    style = "font: italic 700 5.04px 'Netgen Sans', sans-serif; text-anchor: middle; fill: #aabbcc"
    expected = {
        "font-style": "italic",
        "font-weight": "700",
        "font-size": "5.04px",
        "text-anchor": "middle",
        "fill": "#abc",
    }
    assert _presentation(style, {}, 2) == expected


def test_embed__markers_say_once_what_they_share_and_stand_once_in_a_place() -> None:
    with styled():
        figure = new_figure("single", 30)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.plot(
            [0.5, 0.5, 0.5000001, 0.7], [0.5, 0.5, 0.5, 0.5], ls="none", marker="|", color="#0072B2", clip_on=False
        )
    svg = drawing(embed(figure, title="x", description="y"))
    (group,) = [node for node in svg.iter("g") if node.get("stroke") == "#0072b2" and node.find("use") is not None]
    assert [sorted(node.attrib) for node in group.iter("use")] == [["href", "x", "y"]] * 2


def test_embed__table_is_folded_and_figures_stand_beside_each_other() -> None:
    markup = embed(new_figure(), title="x", description="y", table=beside([]), note="Mind this.")
    assert [name for name, _ in Reader(markup).elements if name in {"details", "summary"}] == ["details", "summary"]
    assert '<p class="note">Mind this.</p>' in markup
    assert 'class="figures"' in markup


# ---------------------------------------------------------------- curves


@pytest.mark.parametrize(
    ("day", "survival", "n_risk"),
    [(0, 1, 4), (29, 1, 4), (30, 0.75, 4), (31, 0.75, 3), (60, 0.75, 3), (61, 0.75, 2), (90, 0.375, 2), (120, 0.375, 1),
     (121, 0.375, 0)],
)  # fmt: skip
def test_read_steps__value_just_after_and_patients_just_before_a_time(day: float, survival: float, n_risk: int) -> None:
    read = read_steps(steps(), np.array([day], dtype=float))
    assert (read.value[0], read.n_risk[0]) == (survival, n_risk)


def test_read_steps__says_nothing_before_the_time_a_curve_is_conditional_on() -> None:
    read = read_steps(steps().assign(time_days=[45.0, 50, 60, 90, 120]), np.array([44.0, 45.0]))
    assert np.isnan(read.value).tolist() == [True, False]
    assert np.isnan(read.lo).tolist() == [True, False]


def test_embed_km__reads_what_km_tsv_says_at_its_horizons() -> None:
    result = ng.survival(ng.read_cohort("demo"))
    seen = 0
    for (endpoint, grouping), own in result.curves.groupby(["endpoint", "grouping"]):
        data = data_of(embed_km(own, title="x", description="y"))
        rows = result.km.loc[(result.km["endpoint"] == endpoint) & (result.km["grouping"] == grouping)]
        for number, curve in enumerate(data["curves"]):
            row = rows.loc[rows["group"] == curve["name"]].iloc[0]
            for months in (12, 24, 36):
                if months * MONTH > own["time_days"].max():
                    continue  # the axis ends before
                words, risk = read_at(data, number, place_of(data, months * MONTH))
                limits = [row[f"{name}_{months}m"] for name in ("s_lo", "s_hi")]
                shown = TO if pd.isna(limits).all() else TO.join(f"{limit:.2f}" for limit in limits)
                assert words == f"{row[f's_{months}m']:.2f} ({shown})"
                assert risk == f"{row[f'n_risk_{months}m']}"
                seen += 1
    assert seen > 25


def test_embed_km__data_are_the_curves_of_a_naive_reading() -> None:
    both = pd.concat([steps("altered"), steps("wild type", survival=[1, 0.9, 0.9, 0.8, 0.8])], ignore_index=True)
    data = data_of(embed_km(both, title="x", description="y"))
    days = sorted({0, 30, 60, 90, 120} | {round(k * MONTH, 4) for k in range(4)})
    assert data["time"] == [f"{day / MONTH:.1f} months (day {round(day, 1):g})" for day in days]
    assert [curve["name"] for curve in data["curves"]] == ["altered", "wild type"]
    for number, curve in enumerate((steps("altered"), steps("", survival=[1, 0.9, 0.9, 0.8, 0.8]))):
        for place, day in enumerate(days):
            before = [row for row in curve.to_dict("records") if row["time_days"] <= day][-1]
            after = [row["n_risk"] for row in curve.to_dict("records") if row["time_days"] >= day]
            words = f"{before['survival']:.2f} ({before['lo']:.2f}\N{EN DASH}{before['hi']:.2f})"
            assert read_at(data, number, place) == (words, f"{after[0]:.0f}")


def test_embed_km__places_of_the_line_are_those_of_the_axes() -> None:
    markup = embed_km(steps(), title="x", description="y")
    data, svg = data_of(markup), drawing(markup)
    assert [0, 0, *data["page"]] == pytest.approx([float(value) for value in svg.get("viewBox").split()])
    labels = {node.text: float(node.get("x")) for node in svg.iter("text")}
    for month in (2, 3):  # tick labels stand below their ticks; 0 and 1 are labels of both axes
        assert data["x"][place_of(data, month * MONTH)] == pytest.approx(labels[f"{month}"], abs=0.06)
    ticks = {node.text: float(node.get("y")) for node in svg.iter("text")}
    (top,) = {entry[2] for entry in data["curves"][0]["read"] if entry[1].startswith("1.00")}
    low = next(entry[2] for entry in data["curves"][0]["read"] if entry[1].startswith("0.38"))
    assert (low - top) / (ticks["0.25"] - ticks["0.75"]) == pytest.approx(0.625 / 0.5, abs=0.01)
    assert data["box"][0] < top < low < data["box"][1]


def test_embed_km__table_has_the_numbers_below_the_curves() -> None:
    markup = embed_km(steps(), title="x", description="y")
    cells = [re.findall(r"<t[hd][^>]*>([^<]*)", row) for row in re.findall(r"<tr>(.*?)</tr>", markup)]
    assert cells == [
        ["Group", "Months", "At risk", "Events so far", "Survival (95 % CI)"],
        ["altered", "0.0", "4", "0", "1.00 (1.00\N{EN DASH}1.00)"],
        ["altered", "1.0", "3", "1", "0.75 (0.13\N{EN DASH}0.96)"],
        ["altered", "2.0", "2", "1", "0.75 (0.13\N{EN DASH}0.96)"],
        ["altered", "3.0", "1", "2", "0.38 (0.01\N{EN DASH}0.81)"],
    ]


def test_embed_km__a_hostile_group_stays_text() -> None:
    markup = embed_km(steps(HOSTILE), title="x", description="y")
    assert [name for name, _ in Reader(markup).elements if name in {"script", "b"}] == ["script"]
    assert data_of(markup)["curves"][0]["name"] == HOSTILE


def test_embed_km__many_steps_give_a_bounded_figure() -> None:
    n = 5000
    time = np.arange(1, n + 1, dtype=float)
    many = pd.DataFrame(
        {"group": "all", "time_days": time, "survival": 1 - time / (2 * n), "lo": 0.4, "hi": 0.9,
         "n_risk": n - time + 1, "n_event": 0.5, "n_censor": 0.5}
    )  # fmt: skip
    markup = embed_km(many, title="x", description="y")
    data = data_of(markup)
    assert len(data["x"]) <= figure_steps.MOST + n / MONTH + 1
    assert len(markup) < 150_000
    assert data["time"][place_of(data, 60 * MONTH)] == "60.0 months (day 1826.2)"  # months stay
    assert read_at(data, 0, place_of(data, 60 * MONTH))[0].startswith(f"{1 - 1826 / (2 * n):.2f}")


def test_hover_times__months_alone_where_they_fill_the_axis() -> None:
    days = hover_times(pd.DataFrame({"time_days": np.arange(0.0, 20_000.0)}), 20_000.0)
    assert len(days) <= figure_steps.MOST
    assert days[0] == 0
    assert days[-1] == 20_000


def test_embed_incidence__reads_each_cause_of_each_group() -> None:
    rows = [
        steps(group).assign(incidence=1 - steps()["survival"] / k, cause=k, cause_name=cause)
        for group in ("lung", "pancreas")
        for k, cause in ((1, "progression"), (2, "death"))
    ]
    markup = embed_incidence(pd.concat(rows, ignore_index=True), title="x", description="y")
    data = data_of(markup)
    assert [curve["name"] for curve in data["curves"]] == [
        "lung, progression", "lung, death", "pancreas, progression", "pancreas, death",
    ]  # fmt: skip
    assert data["value"] == "Incidence"
    assert read_at(data, 0, place_of(data, 90))[0].startswith("0.62")  # 1 - 0.375
    assert read_at(data, 1, place_of(data, 90))[0].startswith("0.81")  # 1 - 0.375 / 2
    assert len({curve["color"] for curve in data["curves"]}) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.5, 0.25, 0.75), f"0.50 (0.25{TO}0.75)"),
        ((0.0, np.nan, np.nan), f"0.00 ({TO})"),
        ((np.nan, np.nan, np.nan), TO),
    ],
)
def test_probability_text__en_dashes_for_what_is_not_known(values: tuple[float, float, float], expected: str) -> None:
    assert probability_text(*values) == expected


# ---------------------------------------------------------------- oncoprint


def make_four(**extra: object) -> OncoprintTable:
    """DOMAIN SC03: D was sequenced with a panel that lacks ATRX; C has a silent variant only."""
    detail = pd.DataFrame(
        [("A", "TP53", "Missense_Mutation", "p.R175H"), ("A", "ATRX", "Frame_Shift_Del", "p.K1033fs")],
        columns=["patient_id", "feature", "variant_class", "label"],
    )
    detail = detail.assign(gene=detail["feature"], kind="mutation", sample_id="").astype("string")
    matrix = AlterationMatrix(
        status=np.array([[1, 0, 0, -1], [1, 0, 0, 0]], dtype=np.int8),
        reason=np.array([[0, 0, 0, 2], [0, 0, 0, 0]], dtype=np.uint8),
        patients=pd.Index(list("ABCD"), dtype="string"),
        features=pd.Index(["ATRX", "TP53"], dtype="string"),
        feature_type="any_nonsyn",
        policy="union",
        components=("mutations",),
        detail=detail,
        discordance=pd.DataFrame(),
        hash="0" * 64,
    )
    patients = pd.DataFrame({"patient_id": list("ABCD"), "sex": ["female", "male", None, "male"]}).astype("string")
    endpoint = pd.DataFrame({"patient_id": ["A", "B"], "time_days": [365.25, 61.0], "event": [True, False]})
    germline = pd.DataFrame({"patient_id": ["B"], "gene": ["TP53"], "label": ["p.R337H"]}).astype("string")
    return tabulate_oncoprint(
        matrix, patients.assign(age=[50, 61, 70, pd.NA]).astype({"age": "Int64"}), tracks=["sex", "age", "os"],
        endpoints={"os": endpoint}, germline=germline, **extra,
    )  # fmt: skip


@pytest.fixture(scope="module")
def four() -> OncoprintTable:
    return make_four()


def test_embed_oncoprint__every_cell_and_track_says_patient_and_content(four: OncoprintTable) -> None:
    said = tips(embed_oncoprint(four, title="x", description="y"))
    assert len(said) == 4 * 2 + 4 * 3
    assert {one for one in said if "ATRX" in one or "TP53" in one} == {
        "A, ATRX: p.K1033fs (truncating mutation)",
        "A, TP53: p.R175H (missense mutation)",
        "B, ATRX: no alteration",
        "B, TP53: no alteration; p.R337H (germline variant)",
        "C, ATRX: no alteration",
        "C, TP53: no alteration",
        "D, ATRX: not profiled (gene not on panel)",
        "D, TP53: no alteration",
    }
    assert {one for one in said if one.startswith(("A", "C")) and "ATRX" not in one and "TP53" not in one} == {
        "A, Sex: female", "A, Age: 50", "A, OS: 12.0 months, event",
        "C, Sex: not known", "C, Age: 70", "C, OS: not known",
    }  # fmt: skip
    assert "B, OS: 2.0 months, censored" in said


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"labels": "AMP", "classes": "amplification", "status": "altered"}, "AMP (amplification)"),
        ({"labels": "amplification", "classes": "amplification", "status": "altered"}, "amplification"),
        ({"labels": "homozygous_deletion", "classes": "homozygous_deletion", "status": "altered"}, "deep deletion"),
        ({"labels": "p.A1B;p.C2*", "classes": "missense;truncating", "status": "altered"},
         "p.A1B (missense mutation); p.C2* (truncating mutation)"),
        ({"labels": "", "classes": "", "status": "altered"}, "altered"),
        ({"labels": "", "classes": "", "status": "not profiled"}, "not profiled"),
    ],
)  # fmt: skip
def test_alteration_text__each_alteration_once_with_its_class(row: dict[str, str], expected: str) -> None:
    assert alteration_text({"reason": "", **row}) == expected


def test_embed_oncoprint__columns_are_linked_in_their_order_and_the_table_tells_the_same(four: OncoprintTable) -> None:
    markup = embed_oncoprint(four, title="x", description="y", key="onco")
    columns = [node for node in drawing(markup).iter("g") if "data-patient" in node.attrib]
    assert [column.get("data-patient") for column in columns] == four.patients["patient_id"].tolist()
    assert [column[0].get("class") for column in columns] == ["mark"] * 4
    edges = [float(column[0].get("x")) for column in columns]
    assert edges == sorted(edges)
    rows = re.findall(r'<tr data-patient="(.)">(.*?)</tr>', markup)
    assert [patient for patient, _ in rows] == ["A", "A", "B"]
    assert "p.K1033fs (truncating mutation)" in rows[0][1]


@pytest.mark.parametrize("blocks", [None, {"Cell cycle": ["TP53"], "Chromatin": ["ATRX"]}])
def test_embed_oncoprint__marks_cover_the_glyphs_they_speak_of(blocks: dict[str, list[str]] | None) -> None:
    table = make_four(blocks=blocks, burden=pd.DataFrame({"patient_id": ["A", "B"], "tmb": [1.25, 4.0]}))
    figure = plot_oncoprint(table)
    layout = plan_layout(table, make_tracks(table), 183.0)
    marks = oncoprint_marks(table, figure, layout)
    scale, high = 72 / figure.dpi, figure.get_size_inches()[1] * 72
    for label, gene in (("truncating", "ATRX"), ("missense", "TP53")):
        (cells,) = [ax for ax in figure.axes if ax.get_label() == "cells"]
        (patch,) = [one for one in cells.artists + cells.patches if one.get_label() == label]
        shown = patch.get_path().transformed(patch.get_transform()).get_extents()
        (box,) = [box for mark in marks for box, words in mark.tips if words.startswith(f"A, {gene}")]
        assert box.x == pytest.approx(shown.x0 * scale, abs=0.02)
        assert box.x + box.width == pytest.approx(shown.x1 * scale, abs=0.02)
        assert box.y < high - shown.y1 * scale < high - shown.y0 * scale < box.y + box.height
    said = [words for mark in marks for _, words in mark.tips if "per Mb" in words]
    assert said[:2] == ["A, mutations per Mb: 1.25", "B, mutations per Mb: 4"]


def test_embed_oncoprint__large_ones_speak_of_alterations_only(
    four: OncoprintTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_oncoprint, "MOST", 4)
    said = [one for one in tips(embed_oncoprint(four, title="x", description="y")) if "ATRX" in one or "TP53" in one]
    assert said == ["A, ATRX: p.K1033fs (truncating mutation)", "A, TP53: p.R175H (missense mutation)"]
    monkeypatch.setattr(figure_oncoprint, "MOST", 1)
    markup = embed_oncoprint(four, title="x", description="y")
    assert tips(markup) == []
    assert not [node for node in drawing(markup).iter("g") if "data-patient" in node.attrib]
    monkeypatch.setattr(figure_oncoprint, "MANY", 1)
    image = next(drawing(embed_oncoprint(four, title="x", description="y")).iter("image"))
    assert image.get("href").startswith("data:image/png;base64,")


# ---------------------------------------------------------------- swimmer and waterfall


TIMELINE = pd.DataFrame(
    [
        ("P1", "bar", 1, "ssa", 0.0, 365.25, None),
        ("P1", "bar", 2, "prrt", 400.0, 487.0, None),
        ("P1", "response", 1, None, 91.3125, np.nan, "PR"),
        ("P1", "response", 1, None, 152.2, np.nan, "SD"),
        ("P1", "progression", 1, None, 365.25, np.nan, None),
        ("P1", "death", None, None, 730.5, np.nan, None),
        ("P<2", "bar", 1, "chemo_platinum", 30.4375, 60.875, None),
        ("P<2", "followed", None, None, 300.0, np.nan, None),
        ("P3", "followed", None, None, 10.0, np.nan, None),
    ],
    columns=["patient_id", "kind", "line", "regimen_class", "start_days", "end_days", "label"],
)  # fmt: skip


def test_course_text__tells_lines_then_events_in_order_of_time() -> None:
    assert course_text(TIMELINE.loc[TIMELINE["patient_id"] == "P1"]) == (
        "line 1 SSA, months 0.0\N{EN DASH}12.0; line 2 PRRT, months 13.1\N{EN DASH}16.0; partial response at month 3.0;"
        " progression at month 12.0; death at month 24.0"
    )
    assert course_text(TIMELINE.iloc[:0]) == "no treatment and no event recorded"


def test_embed_swimmer__rows_are_linked_in_the_order_drawn() -> None:
    groups = pd.Series({"P1": "lung", "P<2": "pancreas"})
    markup = embed_swimmer(TIMELINE, title="x", description="y", groups=groups, group_order=["pancreas", "lung"])
    rows = [node for node in drawing(markup).iter("g") if "data-patient" in node.attrib]
    assert [row.get("data-patient") for row in rows] == ["P<2", "P1", "P3"]
    assert tips(markup)[0] == "P<2 (pancreas): line 1 platinum, months 1.0\N{EN DASH}2.0; last contact at month 9.9"
    assert tips(markup)[2] == "P3: last contact at month 0.3"
    told = re.findall(r'<tr data-patient="([^"]+)">(.*?)</tr>', markup)
    assert [patient for patient, _ in told] == ["P&lt;2", "P1", "P3"]
    assert "last contact at month 0.3" in told[2][1]


def test_embed_swimmer__rows_cover_their_bars() -> None:
    axes = plot_swimmer(TIMELINE, order=["P3", "P1", "P<2"])
    markup = embed_swimmer(TIMELINE, title="x", description="y", order=["P3", "P1", "unknown", "P<2"])
    boxes = {row.get("data-patient"): row[0] for row in drawing(markup).iter("g") if "data-patient" in row.attrib}
    figure = axes.figure
    scale, high = 72 / figure.dpi, figure.get_size_inches()[1] * 72
    for patient, line in (("P1", 1), ("P1", 2), ("P<2", 1)):
        (bar,) = [one for one in axes.patches if one.get_label() == f"_bar {patient} {float(line)}"]
        shown, box = bar.get_window_extent(), boxes[patient]
        top, bottom = float(box.get("y")), float(box.get("y")) + float(box.get("height"))
        assert top < high - shown.y1 * scale < high - shown.y0 * scale < bottom
        assert float(box.get("width")) >= shown.x1 * scale
        assert bottom - top == pytest.approx((shown.y1 - shown.y0) * scale / 0.72, abs=0.02)


def test_embed_swimmer__says_how_many_patients_are_not_shown() -> None:
    markup = embed_swimmer(TIMELINE, title="Courses", description="y", most=2)
    assert "<figcaption>Courses: the first 2 of 3 patients</figcaption>" in markup
    assert len(tips(markup)) == 2


def test_embed_waterfall__bars_are_linked_from_growth_to_shrinkage() -> None:
    sizes = pd.DataFrame(
        {"patient_id": ["B", "A", "C", "D"], "best_change_pct": [-40.0, 25.4, np.nan, -40.0],
         "bor": ["PR", "PD", "NE", None], "new_lesion": pd.array([False, True, False, None], dtype="boolean")}
    )  # fmt: skip
    markup = embed_waterfall(sizes, title="x", description="y", plot_note="1 patient is not shown")
    assert tips(markup) == [
        "A: +25 %, best response: progression, new lesion",
        "B: -40 %, best response: partial response",
        "D: -40 %, best response: not evaluable",
    ]
    bars = [node for node in drawing(markup).iter("rect") if node.get("class") == "mark"]
    assert [float(bar.get("x")) for bar in bars] == sorted(float(bar.get("x")) for bar in bars)
    assert "1 patient is not shown" in [node.text for node in drawing(markup).iter("text")]


def test_scale_of__agrees_with_the_transform_of_matplotlib() -> None:
    with styled():
        figure = new_figure("double", 80)
        axes = figure.add_axes((0.13, 0.2, 0.7, 0.6))
    axes.set_xlim(-3, 900)
    axes.set_ylim(12, -1)
    scale = scale_of(axes)
    for x, y in ((-3, 12), (0, 0), (451.5, 5.5), (900, -1)):
        across, up = axes.transData.transform((x, y)) * 72 / figure.dpi
        assert float(scale.across([x])[0]) == pytest.approx(across)
        assert float(scale.down([y])[0]) == pytest.approx(80 / 25.4 * 72 - up)
