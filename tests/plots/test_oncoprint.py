"""Oncoprint: artists first, recomputed from the tables; then one image of the demo cohort."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

import matplotlib.colors as mcolors
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

import netgen as ng
from netgen.errors import AnalysisError
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_glyphs import PALETTES, Rectangles, add_rectangles, first_class, glyphs_of
from netgen.plots.oncoprint_order import SOMATIC
from netgen.plots.oncoprint_table import tabulate_oncoprint
from netgen.plots.oncoprint_tracks import make_tracks, shade, track_name
from netgen.plots.style import MM, POINT, save_figure
from tests.demo_run import demo_cohort
from tests.plots.oncoprint_cases import make_matrix, make_patients

IDS = "P1 P2 P3 P4 P5 P6"
CELLS = {"MEN1": "T AM . MM F ?", "ATRX": ". D . M . ?"}
ORIGINS = "lung lung lung thymic thymic thymic"


@pytest.fixture
def table():
    return tabulate_oncoprint(make_matrix(CELLS, IDS), make_patients(IDS, ORIGINS, sex=list("MFMFMF")), tracks=["sex"])


def axes_of(fig, label):
    return next(axes for axes in fig.axes if axes.get_label() == label)


def boxes(axes, name):
    """Rectangles of a class as rows of left, right, top, bottom in data units, whichever way they were drawn."""
    found = [
        child.get_path().vertices.reshape(-1, 5, 2)
        for child in axes.get_children()
        if isinstance(child, PathPatch) and child.get_label() == name
    ]
    if not found:
        return np.empty((0, 4))
    points = np.concatenate(found)
    low, high = points.min(axis=1), points.max(axis=1)
    return np.column_stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]])


def texts(fig):
    return [text.get_text() for text in axes_of(fig, "page").texts]


def center(table, fig, patient):
    """Middle of a patient's column in data units of the cells, from the background of the first row."""
    position = table.patients["patient_id"].tolist().index(patient)
    back = np.concatenate([boxes(axes_of(fig, "cells"), name) for name in ("wild type", "not profiled")])
    first = back[back[:, 2] < 1]
    return np.sort(first[:, :2].mean(axis=1))[position]


def test_plot_oncoprint__one_glyph_per_alteration(table):
    cells = axes_of(plot_oncoprint(table), "cells")
    expected = {"truncating": 1, "amplification": 1, "missense": 4, "fusion": 1, "homozygous_deletion": 1,
                "wild type": 10, "not profiled": 2, "splice": 0}  # fmt: skip
    assert {name: len(boxes(cells, name)) for name in expected} == expected


def test_plot_oncoprint__glyphs_stand_in_their_cells_with_their_height(table):
    fig = plot_oncoprint(table)
    cells = axes_of(fig, "cells")
    back = boxes(cells, "wild type")[0]
    full = back[3] - back[2]
    for name, patient, row, share in (
        ("amplification", "P2", 0, 1.0),
        ("homozygous_deletion", "P2", 1, 1.0),
        ("fusion", "P5", 0, 0.6),
        ("truncating", "P1", 0, 1 / 3),
    ):
        left, right, top, bottom = boxes(cells, name)[0]
        assert (left + right) / 2 == pytest.approx(center(table, fig, patient))
        assert (top + bottom) / 2 == pytest.approx(row + 0.5)
        assert (bottom - top) / full == pytest.approx(share)


def test_plot_oncoprint__origins_are_apart_in_the_declared_order(table):
    fig = plot_oncoprint(table)
    assert table.patients["group"].tolist() == ["thymic"] * 3 + ["lung"] * 3
    middles = [center(table, fig, name) for name in table.patients["patient_id"]]
    steps = np.diff(middles)
    assert np.delete(steps, 2) == pytest.approx(1)
    assert steps[2] > 1.2
    assert {"thymic (n = 3)", "lung (n = 3)"} <= set(texts(fig))


def test_plot_oncoprint__numbers_are_those_of_the_table(table):
    found = texts(plot_oncoprint(table))
    assert "4/5 (80 %)" in found
    assert "2/5 (40 %)" in found
    assert found.count("*") == 2
    assert {"MEN1", "ATRX", "all", "67 %", "33 %", "100 %", "50 %"} <= set(found)


def test_plot_oncoprint__legend_of_what_occurs_in_the_stated_order(table):
    found = texts(plot_oncoprint(table))
    order = ["Truncating mutation", "Missense mutation", "Structural variant", "Amplification", "Deep deletion",
             "No alteration", "Not profiled"]  # fmt: skip
    assert [text for text in found if text in order] == order
    assert not {"Splice mutation", "Promoter mutation", "Germline variant", "NA"} & set(found)


def test_plot_oncoprint__bars_count_a_gene_of_a_patient_once(table):
    fig = plot_oncoprint(table)
    side = np.concatenate([boxes(axes_of(fig, "side"), name) for name in SOMATIC])
    rows = np.floor(side[:, 2]).astype(int)
    assert np.bincount(rows, weights=side[:, 1] - side[:, 0]).tolist() == [4, 2]
    top = np.concatenate([boxes(axes_of(fig, "top"), name) for name in SOMATIC])
    heights = dict.fromkeys(IDS.split(), 0.0)
    for name in heights:
        x = center(table, fig, name)
        heights[name] = float(sum(box[3] - box[2] for box in top if box[0] <= x <= box[1]))
    assert heights == {"P1": 1, "P2": 2, "P3": 0, "P4": 2, "P5": 1, "P6": 0}


def test_plot_oncoprint__tracks_stand_under_their_patients():
    os = pd.DataFrame(
        {"patient_id": IDS.split(), "time_days": [10, 20, 40, np.nan, 5, 30], "event": [True] + [False] * 5}
    )
    patients = make_patients(IDS, sex=["m", "f", "m", "f", None, "f"], ki67_pct=[1.0, 2, 3, 4, 5, np.nan])
    table = tabulate_oncoprint(
        make_matrix(CELLS, IDS), patients, tracks=["sex", "ki67_pct", "os"], endpoints={"os": os}
    )  # fmt: skip
    fig = plot_oncoprint(table)
    tracks = axes_of(fig, "tracks")
    assert len(boxes(tracks, "sex")) == 6
    bars = boxes(tracks, "os")
    heights = {name: [] for name in IDS.split()}
    for name in heights:
        x = center(table, fig, name)
        heights[name] = [box[3] - box[2] for box in bars if box[0] <= x <= box[1]]
    longest = max(heights["P3"])
    assert max(heights["P2"]) / longest == pytest.approx(0.5)
    assert len(heights["P1"]) == 2  # bar and dark end
    assert [len(heights[name]) for name in ("P2", "P3", "P4")] == [1, 1, 1]
    assert max(heights["P4"]) < 0.1 * longest  # the dash of a missing value
    assert {"Sex", "Ki-67 (%)", "OS (months)", "NA", "1 \N{EN DASH} 5", "dark end: event"} <= set(texts(fig))


@pytest.mark.parametrize(("width", "mm"), [("double", 183), ("single", 89), (140, 140)])
def test_plot_oncoprint__width(table, width, mm):
    assert plot_oncoprint(table, width=width).get_size_inches()[0] == pytest.approx(mm * MM)


def test_plot_oncoprint__refuses_unknown_width_palette_and_too_little_room(table):
    with pytest.raises(AnalysisError, match="width must be single, double or"):
        plot_oncoprint(table, width="triple")
    with pytest.raises(AnalysisError, match="colorblind, cbioportal"):
        plot_oncoprint(table, palette="rainbow")
    with pytest.raises(AnalysisError, match=r"need a width of at least \d+ mm, found 30 mm"):
        plot_oncoprint(table, width=30)


@pytest.mark.parametrize("width", ["single", "double"])
def test_plot_oncoprint__no_text_overlaps_or_leaves_the_page(width):
    origins = "duodenopancreatic lung lung thymic thymic thymic"
    patients = make_patients(IDS, origins, sex=list("MFMFMF"), who_grade=["G1", "G2", "G3", "G1", "G2", "G3"])
    table = tabulate_oncoprint(make_matrix(CELLS, IDS), patients, tracks=["sex", "who_grade"])
    fig = plot_oncoprint(table, width=width)
    renderer = FigureCanvasAgg(fig).get_renderer()
    found = [text for axes in fig.axes for text in axes.texts if text.get_text()]
    extents = [text.get_window_extent(renderer) for text in found]
    page = fig.bbox
    for text, box in zip(found, extents, strict=True):
        assert box.x0 >= page.x0 - 0.5, text
        assert box.x1 <= page.x1 + 0.5, text
        assert box.y0 >= page.y0 - 0.5, text
        assert box.y1 <= page.y1 + 0.5, text
    for i, one in enumerate(extents):
        for j in range(i):
            other = extents[j]
            wide = min(one.x1, other.x1) - max(one.x0, other.x0)
            high = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert wide < 1 or high < 2, (found[i], found[j])


@pytest.mark.parametrize(
    ("cells", "ids"),
    [({"A": "M"}, "P1"), ({"A": ". ."}, "P1 P2"), ({"A": "?"}, "P1"), ({"A": "M M", "B": ". ?"}, "P1 P2"),
     ({f"G{k:02d}": "M ." for k in range(80)}, "P1 P2")],
)  # fmt: skip
def test_plot_oncoprint__any_size_can_be_written(cells, ids, tmp_path):
    os = pd.DataFrame({"patient_id": ids.split(), "time_days": 0.0, "event": False})
    table = tabulate_oncoprint(
        make_matrix(cells, ids), make_patients(ids, ki67_pct=[np.nan] * len(ids.split())), top=100,
        tracks=["ki67_pct", "os"], endpoints={"os": os},
    )  # fmt: skip
    files = save_figure(plot_oncoprint(table), tmp_path / "o")
    assert all(path.stat().st_size > 1000 for path in files)


def test_plot_oncoprint__same_bytes_and_editable_text(table, tmp_path):
    for folder in ("a", "b"):
        save_figure(plot_oncoprint(table), tmp_path / folder / "o")
    for name in ("o.pdf", "o.svg", "o.png"):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("a", "b"))
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()
    svg = (tmp_path / "a" / "o.svg").read_text()
    assert re.search(r"<text[^>]*>MEN1</text>", svg)
    assert "<image" not in svg
    pdf = (tmp_path / "a" / "o.pdf").read_bytes()
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf


def test_plot_oncoprint__rasterize_draws_the_cells_as_an_image_and_keeps_text(table, tmp_path):
    save_figure(plot_oncoprint(table, rasterize=True), tmp_path / "o", ["svg"])
    svg = (tmp_path / "o.svg").read_text()
    assert "<image" in svg
    assert "MEN1</text>" in svg


def test_plot_oncoprint__painted_area_is_the_frequency_at_20000_patients():
    """A 3 % gene must not look altered in everybody, as sub-pixel cells of a minimum width would make it look."""
    n = 20_000
    frame = pd.DataFrame(
        {
            "gene": "A",
            "patient_id": [f"P{k}" for k in range(n)],
            "origin": "unknown",
            "position": np.arange(n),
            "status": np.where(np.arange(n) % 33 == 0, "altered", "wild type"),
            "reason": "",
            "classes": np.where(np.arange(n) % 33 == 0, "amplification", ""),
        }
    ).astype({"status": "string", "classes": "string", "gene": "string"})
    k = int((frame["status"] == "altered").sum())
    genes = pd.DataFrame({"gene": ["A"], "origin": ["all"], "n_altered": [k], "n_profiled": [n], "label": ["x"]})
    base = tabulate_oncoprint(make_matrix({"A": "M"}, "P1"), make_patients("P1"))
    table = type(base)(**{**vars(base), "cells": frame, "genes": genes, "patients": frame[["patient_id", "origin"]]})
    fig = plot_oncoprint(table)
    cells = axes_of(fig, "cells")
    red, grey = boxes(cells, "amplification"), boxes(cells, "wild type")
    assert len(grey) == 1  # merged into one run
    assert (red[:, 1] - red[:, 0]).sum() / (grey[:, 1] - grey[:, 0]).sum() == pytest.approx(k / n)
    fig.set_dpi(200)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())[..., :3].astype(float)
    box = cells.get_window_extent(canvas.get_renderer())
    middle = image.shape[0] - int((box.y0 + box.y1) / 2)
    strip = image[middle - 2 : middle + 2, int(box.x0) + 3 : int(box.x1) - 3]
    colors = [np.array(mcolors.to_rgb(PALETTES["colorblind"][name])) * 255 for name in ("wild type", "amplification")]
    painted = (colors[0][2] - strip[..., 2].mean()) / (colors[0][2] - colors[1][2])
    assert painted == pytest.approx(k / n, rel=0.15)


def test_glyphs_of__several_mutations_are_separate_bands_within_the_cell():
    bands = [glyph for glyph in glyphs_of("truncating;missense;missense", "altered") if glyph.name != "wild type"]
    assert [glyph.name for glyph in bands] == ["truncating", "missense", "missense"]
    assert all(one.bottom < two.top for one, two in pairwise(bands))
    many = glyphs_of(";".join(["missense"] * 20), "altered")[1:]
    assert len(many) == 20
    assert all(0 < one.top < one.bottom < 1 for one in many)
    assert all(one.bottom < two.top for one, two in pairwise(many))


def test_glyphs_of__mutation_on_amplification_keeps_both():
    names = [glyph.name for glyph in glyphs_of("missense;amplification", "altered")]
    assert names == ["wild type", "amplification", "missense"]


def test_glyphs_of__germline_stripe_of_eight_per_cent():
    stripe = glyphs_of("germline", "wild type")[-1]
    assert (stripe.name, stripe.top, stripe.bottom) == ("germline", 0.46, 0.54)
    assert first_class("germline", "wild type") == ""


def test_glyphs_of__alteration_without_detail_is_seen():
    assert [glyph.name for glyph in glyphs_of("", "altered")] == ["wild type", "other"]
    assert first_class("", "altered") == "other"


def test_first_class__order_of_the_legend():
    assert first_class("missense;truncating;amplification", "altered") == "truncating"
    assert first_class("germline;amplification", "altered") == "amplification"


def test_add_rectangles__leaves_the_limits_alone():
    axes = Figure().subplots()
    axes.set_xlim(0, 1)
    one = np.array([5.0])
    add_rectangles(axes, Rectangles(one, one + 1, one, one + 1), "red", name="x")
    assert axes.get_xlim() == (0, 1)


def tracks_of(column, values):
    ids = " ".join(f"P{k:02d}" for k in range(len(values)))
    matrix = make_matrix({"A": " ".join("." * len(values))}, ids)
    (track,) = make_tracks(tabulate_oncoprint(matrix, make_patients(ids, **{column: values}), tracks=[column]))
    return track


def test_make_tracks__many_categories_are_lumped():
    track = tracks_of("histology_group", [f"type{k}" for k in range(12)] + ["type11"])
    assert [text for text, _ in track.entries][-1] == "5 others"
    assert "type11" in [text for text, _ in track.entries]
    assert sum(len(layer.position) for layer in track.layers) == 13


def test_make_tracks__truth_and_constant_numbers():
    assert [text for text, _ in tracks_of("necrosis", pd.array([True, False, None], dtype="boolean")).entries] == [
        "no",
        "yes",
        "NA",
    ]
    assert tracks_of("ki67_pct", [3.0, 3.0]).ramp[2:] == ("3", "3")


def test_make_tracks__event_at_time_zero_is_seen():
    os = pd.DataFrame({"patient_id": ["P1", "P2"], "time_days": [0.0, 300.0], "event": [True, True]})
    table = tabulate_oncoprint(
        make_matrix({"A": "M ."}, "P1 P2"), make_patients("P1 P2"), tracks=["os"], endpoints={"os": os}
    )  # fmt: skip
    tick = make_tracks(table)[0].layers[1]
    assert tick.position.tolist() == [0, 1]
    assert (tick.bottom - tick.top).min() > 0.05
    assert (tick.top.tolist()[1], tick.bottom.tolist()[0]) == (0, 1)


def test_track_name():
    assert track_name("metastatic_sites") == "Metastatic sites"
    assert track_name("ki67_pct") == "Ki-67 (%)"


def test_shade():
    assert [shade(("#000000", "#FFFFFF"), part) for part in (0, 0.2, 1)] == ["#000000", "#333333", "#FFFFFF"]


@pytest.mark.mpl_image_compare(filename="oncoprint.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_oncoprint__image():
    return plot_oncoprint(ng.build_oncoprint(demo_cohort()), title="Synthetic cohort of 34 patients")


def test_plot_oncoprint__page_is_in_points(table):
    fig = plot_oncoprint(table)
    assert axes_of(fig, "page").get_xlim()[1] == pytest.approx(fig.get_size_inches()[0] / POINT)
