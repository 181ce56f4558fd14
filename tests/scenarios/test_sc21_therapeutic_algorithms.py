"""DOMAIN SC21: therapeutic algorithms of the golden cohort across origins, every number of the scenario."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from netgen.association.cramers_v import cramers_v
from netgen.association.freeman_halton import freeman_halton
from netgen.association.line_history import build_history
from netgen.association.sequences import hamming, optimal_matching
from netgen.association.therapy import therapy
from netgen.cohort import read_cohort
from netgen.report.therapy_files import summarise_therapy, write_therapy

FORBIDDEN = re.compile(r"\bno difference\b|\bsimilar\b", re.IGNORECASE)
# class -> patients thymic / lung / duodenopancreatic
LINE1 = {
    "chemo_alkylating": [4, 2, 7], "mtor_inhibitor": [1, 3, 0], "chemo_platinum": [2, 3, 3], "prrt": [1, 1, 1],
    "ssa": [0, 2, 2], "tki_antiangiogenic": [0, 1, 1],
}  # fmt: skip


@pytest.fixture(scope="module")
def cohort():
    return read_cohort("demo")


@pytest.fixture(scope="module")
def found(cohort):
    return therapy(cohort)


def table_of(found, grouping):
    return found.algorithm_tables.loc[found.algorithm_tables["grouping"] == grouping].set_index("line")


def distances_of(found):
    return found.sequence_tests.set_index(["grouping", "distance", "scale"])


def test_sc21_i_a_table_of_three_origins():
    table = [[5, 1, 2], [1, 6, 5], [0, 3, 9]]
    strength = cramers_v(table, seed=1)
    assert freeman_halton(table, seed=1).p == pytest.approx(0.00706910, abs=1e-8)
    assert strength.x2 == pytest.approx(16.177778, abs=1e-6)
    assert strength.v == pytest.approx(0.502770, abs=1e-6)
    assert strength.v_bc == pytest.approx(0.448604, abs=1e-6)


def test_sc21_ii_classes_by_line(found):
    rows = table_of(found, "origin_group3")
    counts = json.loads(rows.loc[1, "table"])
    origins = ["thymic", "lung", "duodenopancreatic"]
    assert {name: [counts[origin][name] for origin in origins] for name in counts["lung"]} == LINE1
    assert rows["n"].tolist() == [34, 23, 8]
    assert rows["p"].tolist() == pytest.approx([0.592366, 0.216114, 1.0], abs=1e-6)
    assert rows["p_holm"].tolist() == pytest.approx([1.0, 0.648342, 1.0], abs=1e-6)
    assert rows["p_method"].tolist() == ["exact"] * 3
    assert rows.loc[1, "v"] == pytest.approx(0.338727, abs=1e-6)
    assert rows.loc[1, "v_bc"] == 0


def test_sc21_ii_two_groups(found):
    assert table_of(found, "origin_group2").loc[1, "p"] == pytest.approx(0.597660, abs=1e-6)
    first = found.algorithm_differences.loc[found.algorithm_differences["line"] == 1].set_index("regimen_class")
    row = first.loc["mtor_inhibitor"]
    assert (row["group"], row["reference"]) == ("duodenopancreatic", "thoracic")
    assert row[["count", "n", "count_reference", "n_reference"]].tolist() == [0, 14, 4, 20]
    assert row["p_fisher"] == pytest.approx(0.126057, abs=1e-6)
    assert row[["difference", "lo", "hi"]].tolist() == pytest.approx([-0.20, -0.416, 0.046], abs=5e-4)
    row = first.loc["chemo_alkylating"]
    assert row[["count", "n", "count_reference", "n_reference"]].tolist() == [7, 14, 6, 20]
    assert row[["difference", "lo", "hi"]].tolist() == pytest.approx([0.20, -0.119, 0.479], abs=5e-4)


@pytest.mark.parametrize(
    ("distance", "scale", "f", "r2", "p"),
    [
        ("hamming", "squared", 0.868249, 0.053045, 0.57),
        ("hamming", "unsquared", 0.884765, 0.053999, None),
        ("optimal_matching", "squared", 0.344973, 0.021772, 0.87),
        ("optimal_matching", "unsquared", 0.564022, 0.035111, None),
    ],
)
def test_sc21_iii_permanova(found, distance, scale, f, r2, p):
    row = distances_of(found).loc[("origin_group3", distance, scale)]
    assert row["f"] == pytest.approx(f, abs=1e-6)
    assert row["r2"] == pytest.approx(r2, abs=1e-6)
    assert row["permutations"] == 9999
    if p is not None:
        assert row["p"] == pytest.approx(p, abs=0.02)


def test_sc21_iii_distances_of_the_first_patients(cohort):
    states = build_history(cohort).states(3, padded=True)
    codes = np.unique(states, return_inverse=True)[1].reshape(states.shape)
    apart, edits = hamming(codes), optimal_matching(codes)
    assert (apart[0, 1], apart[0, 2], apart[2, 3]) == (1, 2, 1)
    assert edits[1, 2] == 4


def test_sc21_iv_number_of_lines(found):
    rows = found.line_counts.loc[found.line_counts["grouping"] == "origin_group3"].set_index("group")
    assert rows.loc["thymic", ["n_1", "n_2", "n_3"]].tolist() == [4, 3, 1]
    assert rows.loc["lung", ["n_1", "n_2", "n_3"]].tolist() == [4, 5, 3]
    assert rows.loc["duodenopancreatic", ["n_1", "n_2", "n_3"]].tolist() == [3, 7, 4]
    assert rows["kw_chi2"].tolist() == pytest.approx([1.830389] * 3, abs=1e-6)
    assert (rows["warnings"] == "W_LINES_SURVIVAL").all()


def test_sc21_no_equivalence_is_printed_and_no_text_claims_it(found, cohort, tmp_path):
    assert (table_of(found, "origin_group3")["warnings"] == "W_NO_EQUIVALENCE").all()
    text = summarise_therapy(found)
    assert "Absence of a significant difference is not evidence of similarity" in text
    write_therapy(found, cohort, tmp_path / "out", figures=False)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) > 20
    for words in (text, *(path.read_text(encoding="utf-8") for path in written)):
        assert not FORBIDDEN.search(words)
    assert "W_NO_EQUIVALENCE" in (tmp_path / "out" / "warnings.tsv").read_text(encoding="utf-8")


def test_sc21_reach_adds_up(found):
    # P15, P19, P30 are off therapy and alive; eight treatments are ongoing (appendix A, last lines of the living).
    reach = found.algorithm_reach.loc[found.algorithm_reach["grouping"] == "origin_group3"]
    absent = reach[["n_dead", "n_ongoing", "n_off_therapy", "n_lost", "n_unrecorded"]].sum(axis=1)
    assert (reach["n_at_risk"] == reach["n_received"] + absent).all()
    assert reach.groupby("line")["n_at_risk"].sum().tolist() == [34, 34, 23]
    assert reach.groupby("line")["n_received"].sum().tolist() == [34, 23, 8]
