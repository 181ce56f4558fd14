"""Lollipop figure: positions and counts worked out by hand."""

from __future__ import annotations

from importlib import resources

import pandas as pd
import pytest

from netgen.derive import build_matrix
from netgen.plots.lollipop import COLUMNS, plot_lollipop, tabulate_lollipop
from netgen.plots.style import save_figure
from tests.demo_run import demo_cohort

LENGTHS = pd.DataFrame({"gene": ["TP53"], "aa": [393]})
DETAIL = pd.DataFrame(
    [
        ("P1", "S1", "TP53", "mutation", "Missense_Mutation", "p.R248W"),
        ("P1", "S2", "TP53", "mutation", "Missense_Mutation", "p.R248W"),
        ("P2", "S3", "TP53", "mutation", "Missense_Mutation", "p.R248W"),
        ("P3", "S4", "TP53", "mutation", "Missense_Mutation", "p.R248Q"),
        ("P4", "S5", "TP53", "mutation", "Nonsense_Mutation", "p.R248*"),
        ("P4", "S5", "TP53", "mutation", "Splice_Site", "c.783-1G>A"),
        ("P5", "S6", "TP53", "mutation", "Missense_Mutation", "Missense_Mutation"),
        ("P6", "S7", "TP53", "mutation", "Nonsense_Mutation", "p.Q500*"),
        ("P6", "S7", "TP53", "homozygous_deletion", None, "deletion"),
        ("P7", "S8", "MEN1", "mutation", "Missense_Mutation", "p.A1T"),
    ],
    columns=["patient_id", "sample_id", "gene", "kind", "variant_class", "label"],
)


def test_tabulate_lollipop__patients_per_residue_and_class():
    changes, length, left_out = tabulate_lollipop(DETAIL, "TP53", LENGTHS)
    assert list(changes.columns) == list(COLUMNS)
    assert changes.to_numpy().tolist() == [
        [248, "p.R248W/Q", "missense", 3],
        [248, "p.R248*", "truncating", 1],
        [261, "c.783-1G>A", "splice", 1],  # 783 / 3
    ]
    assert length == 393
    assert left_out == {"no position": 1, "beyond residue 393": 1}


def test_tabulate_lollipop__more_than_three_changes_are_counted():
    rows = pd.concat([DETAIL.iloc[[0]].assign(label=f"p.R248{one}", patient_id=one) for one in "WQLGP"])
    changes, _, _ = tabulate_lollipop(rows, "TP53", LENGTHS)
    assert changes["label"].tolist() == ["p.R248G/L/P+2"]


def test_tabulate_lollipop__needs_the_length():
    with pytest.raises(ValueError, match="length of the protein of MEN1"):
        tabulate_lollipop(DETAIL, "MEN1", LENGTHS)


def changes_of():
    return tabulate_lollipop(DETAIL, "TP53", LENGTHS)[0]


def test_plot_lollipop__marks_stand_at_their_residue_as_high_as_their_patients():
    axes = plot_lollipop(changes_of(), 393)
    found = {one.get_label(): one.get_offsets().tolist() for one in axes.collections if one.get_label()[0] != "_"}
    assert found == {"missense": [[248, 3]], "truncating": [[248, 1]], "splice": [[261, 1]]}
    sticks = next(one for one in axes.collections if one.get_label().startswith("_"))
    assert sorted(path.vertices[1].tolist() for path in sticks.get_paths()) == [[248, 1], [248, 3], [261, 1]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "Truncating mutation", "Splice mutation", "Missense mutation",
    ]  # fmt: skip


def test_plot_lollipop__names_of_changes_and_domains():
    domains = pd.DataFrame({"name": ["DNA-binding", "a name too long for its domain"], "start": [102, 323],
                            "end": [292, 326]})  # fmt: skip
    axes = plot_lollipop(changes_of(), 393, domains=domains, note="1 without position")
    texts = [text.get_text() for text in axes.texts]
    assert {"R248W/Q", "R248*", "DNA-binding", "1 without position"} <= set(texts)
    assert "a name too long for its domain" not in texts
    box = next(patch for patch in axes.patches if patch.get_label() == "DNA-binding")
    assert (box.get_x(), box.get_width()) == (102, 190)
    assert axes.get_xticks().tolist() == [1, 50, 100, 150, 200, 250, 300, 350, 393]


def test_plot_lollipop__nothing_to_draw_is_the_bare_protein():
    axes = plot_lollipop(changes_of().iloc[:0], 393)
    assert [patch.get_label() for patch in axes.patches] == ["protein"]
    assert axes.get_legend() is None


@pytest.mark.parametrize(
    ("wrong", "text"),
    [({"position": 400}, "between 1 and 393, found 400"), ({"class": "odd"}, "found odd")],
)
def test_plot_lollipop__refuses_what_cannot_be_drawn(wrong, text):
    with pytest.raises(ValueError, match=text):
        plot_lollipop(changes_of().assign(**wrong), 393)
    with pytest.raises(ValueError, match="found no n"):
        plot_lollipop(changes_of().drop(columns="n"), 393)


def test_plot_lollipop__same_bytes_each_time(tmp_path):
    one, two = (save_figure(plot_lollipop(changes_of(), 393).figure, tmp_path / name, ["pdf"]) for name in ("a", "b"))
    assert one[0].read_bytes() == two[0].read_bytes()


@pytest.mark.mpl_image_compare(filename="lollipop.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_lollipop__image():
    with resources.as_file(resources.files("netgen.data") / "demo_genes.tsv") as path:
        lengths = pd.read_csv(path, sep="\t", comment="#")
    changes, length, _ = tabulate_lollipop(build_matrix(demo_cohort()).detail, "MEN1", lengths)
    return plot_lollipop(changes, length, title="MEN1: protein changes").figure
