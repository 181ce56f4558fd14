"""SC23: how often actionable alterations are found in each origin, and when origins must not be compared."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.alterations import gather_alterations
from netgen.actionability.matching import match_rules
from netgen.actionability.rules import AlterationSpec, Rule
from netgen.association.actionability_by_origin import distribute
from netgen.association.actionable_coverage import MarkerCoverage, cover_markers, find_profiled
from netgen.association.actionable_patients import summarize_patients
from netgen.errors import Findings
from netgen.knowledge.oncotree import load_oncotree

TREE = load_oncotree()
SIZES = {"thymic": (8, "TNET"), "lung": (12, "LUCA"), "duodenopancreatic": (14, "PANET")}
# Patients with an actionable alteration: 2 of 8, 3 of 12, 6 of 14. TP53 is no target.
CHANGES = {
    "thymic": [("BRAF", "V600E"), ("KRAS", "G12C"), ("TP53", "R175H")],
    "lung": [("KRAS", "G12C"), ("KRAS", "G12C"), ("BRAF", "V600E"), ("TP53", "R175H")],
    "duodenopancreatic": [("BRAF", "V600E")] * 4 + [("KRAS", "G12C")] * 2 + [("TP53", "R175H")] * 2,
}
RULES = (
    Rule(
        id="BRAF-V600E", genes=("BRAF",), alteration=AlterationSpec(kind="exact_hgvsp", changes=("V600E",)),
        include=("SOLID",), therapy=("dabrafenib+trametinib",), direction="sensitivity", level="N1",
    ),
    Rule(
        id="KRAS-G12C", genes=("KRAS",), alteration=AlterationSpec(kind="exact_hgvsp", changes=("G12C",)),
        include=("NSCLC",), therapy=("sotorasib",), direction="sensitivity", level="N1", level_out_of_scope="N3B",
    ),
)  # fmt: skip
PANELS = {"A": ("BRAF", "KRAS", "TP53"), "B": ("MEN1", "TP53"), "C": ("BRAF", "TP53")}


def _study(**panel: str) -> tuple[pd.DataFrame, pd.DataFrame, MarkerCoverage]:
    """Hits, patients and coverage, given the panel of each origin; variants of genes beyond the panel are not seen."""
    rows: list[dict[str, Any]] = []
    variants: list[dict[str, Any]] = []
    for origin, (size, code) in SIZES.items():
        for i in range(size):
            rows.append({"patient_id": f"{origin}-{i:02}", "origin_group3": origin, "oncotree_code": code})
            gene, change = (CHANGES[origin][i : i + 1] or [("TP53", "")])[0]
            if change and gene in PANELS[panel.get(origin, "A")]:
                variants.append(
                    {"sample_id": f"S-{origin}-{i:02}", "gene": gene, "variant_class": "Missense_Mutation",
                     "hgvsp_short": f"p.{change}"}
                )  # fmt: skip
    patients = pd.DataFrame(rows)
    samples = schema.conform(
        pd.DataFrame({"sample_id": "S-" + patients["patient_id"], "patient_id": patients["patient_id"]}), schema.SAMPLES
    )
    profiles = schema.conform(
        pd.DataFrame(
            {"sample_id": samples["sample_id"], "mutations": patients["origin_group3"].map(lambda o: panel.get(o, "A"))}
        ),
        schema.PROFILES,
    )
    genes = pd.DataFrame([(name, gene) for name, own in PANELS.items() for gene in own], columns=["panel_id", "gene"])
    table = schema.conform(pd.DataFrame(variants), schema.VARIANTS)
    alterations = gather_alterations(samples, table, None, None, None, findings=Findings())
    known = patients.set_index("patient_id")
    coverage = cover_markers(
        RULES, TREE, known, samples=samples, profiles=profiles,
        panels=schema.conform(pd.DataFrame({"panel_id": list(PANELS)}), schema.PANELS),
        panel_genes=schema.conform(genes, schema.PANEL_GENES), biomarkers=alterations.iloc[:0],
    )  # fmt: skip
    return match_rules(alterations, known, RULES, TREE), known, coverage


def _rows(table: pd.DataFrame, cutoff: str) -> pd.DataFrame:
    return table.loc[(table["grouping"] == "origin_group3") & (table["cutoff"] == cutoff)].set_index("origin")


def test_sc23_actionability_by_origin() -> None:
    table = distribute(*_study(), by=["origin_group3"])
    rows = _rows(table, "N3B")
    assert rows[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[2, 8], [3, 12], [6, 14], [11, 34]]
    assert rows.index.tolist() == ["thymic", "lung", "duodenopancreatic", "all"]
    percent = (100 * rows[["cp_lo", "cp_hi", "wilson_lo", "wilson_hi"]].iloc[:3]).to_numpy().tolist()
    expected = [[3.2, 65.1, 7.1, 59.1], [5.5, 57.2, 8.9, 53.2], [17.7, 71.1, 21.4, 67.4]]
    assert percent == [pytest.approx(row, abs=0.05) for row in expected]
    test = rows.loc["all"]
    assert test["p"] == pytest.approx(0.642226, abs=5e-7)
    assert (test["status"], test["p_method"], test["n_origins"], test["left_out"]) == ("tested", "exact", 3, "")
    assert "W_PANEL_MISMATCH" not in test["warnings"]


def test_sc23_cutoffs_count_what_the_level_allows() -> None:
    hits, patients, coverage = _study()
    table = distribute(hits, patients, coverage, by=["origin_group3"])
    assert _rows(table, "N1")["n_actionable"].tolist() == [1, 1, 4, 6]
    assert _rows(table, "N1").loc["all", "n_markers"] == 1  # KRAS can never be N1 outside lung adenocarcinoma
    assert _rows(table, "any")["n_actionable"].tolist() == [2, 3, 6, 11]
    levels = summarize_patients(hits, patients, find_profiled(coverage))["best_level"].value_counts()
    assert levels.to_dict() == {"N1": 6, "N3B": 5, "NX": 23}


def test_sc23_panel_without_the_marker_genes_is_not_compared() -> None:
    table = distribute(*_study(thymic="B"), by=["origin_group3"])
    rows = _rows(table, "N3B")
    assert rows["n_profiled"].tolist() == [0, 12, 14, 26]
    assert rows.loc["thymic", "status"] == "no_marker"
    test = rows.loc["all"]
    assert pd.isna(test["p"])
    assert (test["status"], test["compared"], test["warnings"]) == ("panel_mismatch", False, "W_PANEL_MISMATCH")


def test_sc23_restricted_comparison_leaves_the_origin_without_markers_out() -> None:
    rows = _rows(distribute(*_study(thymic="B"), by=["origin_group3"], restrict=True), "N3B")
    test = rows.loc["all"]
    # Fisher's exact test of 3/12 against 6/14, as sum over the hypergeometric distribution
    from scipy.stats import fisher_exact

    assert test["p"] == pytest.approx(fisher_exact([[3, 9], [6, 8]]).pvalue, rel=1e-9)
    assert (test["left_out"], test["n_origins"]) == ("thymic", 2)
    assert "W_PANEL_MISMATCH" in test["warnings"]


def test_sc23_restricted_to_the_markers_that_all_panels_hold() -> None:
    study = _study(thymic="C")
    refused = _rows(distribute(*study, by=["origin_group3"]), "N3B").loc["all"]
    assert (refused["status"], refused["uneven_markers"]) == ("panel_mismatch", "KRAS hot spots")
    rows = _rows(distribute(*study, by=["origin_group3"], restrict=True), "N3B")
    # BRAF alone: 1 of 8, 1 of 12, 4 of 14. KRAS findings of the larger panel do not count.
    assert rows[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[1, 8], [1, 12], [4, 14], [6, 34]]
    assert rows.loc["all", "n_markers"] == 1
    assert rows.loc["all", "p"] == pytest.approx(_freeman_halton([1, 1, 4], [8, 12, 14]), rel=1e-9)


def _freeman_halton(found: list[int], sizes: list[int]) -> float:
    """Sum over all tables with the margins that are as likely as the observed one or less."""
    from itertools import product
    from math import comb, prod

    total = sum(found)
    tables = [one for one in product(*(range(size + 1) for size in sizes)) if sum(one) == total]
    weight = {one: prod(comb(size, x) for size, x in zip(sizes, one, strict=True)) for one in tables}
    bound = weight[tuple(found)] * (1 + 1e-7)
    return sum(value for value in weight.values() if value <= bound) / sum(weight.values())
