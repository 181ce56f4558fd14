"""Actionability by origin and by marker: denominators, the guard against different panels, and the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from netgen.actionability.matching import HIT_COLUMNS
from netgen.association.actionability_by_origin import KEEP, ORIGIN_COLUMNS, ORIGIN_STATUSES, distribute
from netgen.association.actionable_by_marker import MARKER_ORIGIN_COLUMNS, distribute_markers
from netgen.association.actionable_coverage import REASONS, MarkerCoverage
from netgen.association.actionable_markers import NO_LEVEL

MARKERS = ("BRAF hot spots", "KRAS hot spots", "RET fusion", "TMB")
GENES = ("BRAF", "KRAS", "RET", "")
NOT_ON_PANEL, NOT_SEQUENCED = REASONS.index("gene_not_on_panel"), REASONS.index("not_sequenced")


def cohort(**sizes: int) -> pd.DataFrame:
    """Patients named after their origin: ``lung00``, ``lung01`` ..."""
    labels = [(f"{origin}{i:02}", origin) for origin, size in sizes.items() for i in range(size)]
    frame = pd.DataFrame(labels, columns=["patient_id", "origin_group3"], dtype="string").set_index("patient_id")
    return frame.assign(origin_group3=frame["origin_group3"].replace("unknown", pd.NA))


def coverage(patients: pd.DataFrame, levels: dict[str, int] | None = None, **missing: list[str]) -> MarkerCoverage:
    """Everything covered at level N1, but the patients named per gene (``RET=[...]``; ``all_=`` = not sequenced)."""
    ids = pd.Index(sorted(patients.index), dtype="string")
    reason = np.zeros((4, len(ids)), dtype=np.uint8)
    for gene, who in missing.items():
        if gene == "all_":
            reason[:, ids.isin(who)] = NOT_SEQUENCED
        else:
            reason[("TMB" if gene == "TMB" else gene) == np.array(["BRAF", "KRAS", "RET", "TMB"]), :] += np.uint8(
                NOT_ON_PANEL
            ) * ids.isin(who).astype(np.uint8)
    level = np.zeros((4, len(ids)), dtype=np.int8)
    for marker, rank in (levels or {}).items():
        level[MARKERS.index(marker)] = rank
    rules = [f"R-{marker}" for marker in MARKERS]
    markers = pd.DataFrame(
        {"marker": MARKERS, "gene": GENES, "needs": ["hotspot", "hotspot", "fusion", "threshold"], "rules": rules},
        dtype="string",
    ).assign(resistance=[True, False, False, False])
    named = pd.DataFrame({"rule_id": rules, "gene": GENES, "marker": MARKERS}, dtype="string")
    pairs = pd.concat([named, named[named["gene"] != ""].assign(gene="")], ignore_index=True)
    return MarkerCoverage(markers=markers, pairs=pairs, patients=ids, covered=reason == 0, reason=reason, level=level)


def hits(*rows: tuple[str, str, str], **more: Any) -> pd.DataFrame:
    """Patient, marker and level of each hit."""
    records = [
        {"alteration_id": i, "patient_id": patient, "sample_id": f"S-{patient}", "gene": marker.split(" ")[0],
         "alteration": marker, "rule_id": f"R-{marker}", "specificity": 100, "scope_match": "in_scope",
         "therapy": f"drug{i}", "direction": "resistance" if level.startswith("NR") else "sensitivity", "level": level,
         "flags": ""} | more
        for i, (patient, marker, level) in enumerate(rows)
    ]  # fmt: skip
    frame = pd.DataFrame(records, columns=list(HIT_COLUMNS))
    number = {"alteration_id": "Int64", "specificity": "Int64", "row": "Int64", "vaf": "float64"}
    return frame.astype({name: number.get(name, "string") for name in HIT_COLUMNS})


def rows_of(table: pd.DataFrame, cutoff: str = "N3B", analysis: str = "main") -> pd.DataFrame:
    return table.loc[(table["cutoff"] == cutoff) & (table["analysis"] == analysis)].set_index("origin")


def by_origin(found: pd.DataFrame, patients: pd.DataFrame, cover: MarkerCoverage, **more: Any) -> pd.DataFrame:
    return distribute(found, patients, cover, by=["origin_group3"], **more)


def test_distribute__has_its_columns_and_a_row_per_origin_and_cutoff() -> None:
    patients = cohort(lung=4, thymic=5, unknown=2)
    table = by_origin(hits(("lung00", "RET fusion", "N1")), patients, coverage(patients))
    assert list(table) == list(ORIGIN_COLUMNS)
    assert table["cutoff"].drop_duplicates().tolist() == ["N1", "N3A", "N3B", "any", "resistance"]
    assert set(table["status"]) <= set(ORIGIN_STATUSES)
    rows = rows_of(table)
    assert rows.index.tolist() == ["thymic", "lung", "unknown", "all"]
    assert rows["n_profiled"].tolist() == [5, 4, 2, 11]
    assert rows.loc["unknown", "status"] == "origin_unknown"
    assert rows.loc["all", "left_out"] == "unknown"
    assert rows.loc["all", "p"] == pytest.approx(4 / 9)  # the one is of the 4, not of the 5


def test_distribute__cutoffs_are_nested_and_case_series_are_shown_only_under_any() -> None:
    patients = cohort(lung=6, thymic=6)
    found = hits(
        ("lung00", "RET fusion", "N1"), ("lung01", "RET fusion", "N3A"), ("lung02", "TMB", "N3B"),
        ("lung03", "BRAF hot spots", "N3C"), ("lung04", "BRAF hot spots", "N4"), ("lung05", "TMB", "NX"),
    )  # fmt: skip
    table = by_origin(found, patients, coverage(patients))
    assert [rows_of(table, cutoff).loc["lung", "n_actionable"] for cutoff in ("N1", "N3A", "N3B", "any")] == [
        1,
        2,
        3,
        5,
    ]


def test_distribute__a_marker_that_can_give_no_such_level_is_in_no_denominator() -> None:
    patients = cohort(lung=3, thymic=3)
    cover = coverage(
        patients,
        levels={"BRAF hot spots": 5, "KRAS hot spots": NO_LEVEL, "RET fusion": 3, "TMB": 2},
        TMB=["lung00", "lung01"],
    )
    table = by_origin(hits(("lung02", "TMB", "N3A")), patients, cover)
    assert [rows_of(table, cutoff)["n_profiled"].tolist() for cutoff in ("N1", "N3A", "N3B", "any")] == [
        [0, 0, 0], [3, 1, 4], [3, 3, 6], [3, 3, 6],
    ]  # fmt: skip
    assert rows_of(table, "N1").loc["all", "status"] == "not_profiled"
    assert rows_of(table, "any").loc["all", "n_markers"] == 3


def test_distribute__a_single_origin_has_nothing_to_mismatch() -> None:
    patients = cohort(lung=6)
    test = rows_of(by_origin(hits(("lung01", "TMB", "N1")), patients, coverage(patients, RET=["lung00"]))).loc["all"]
    assert (test["status"], test["uneven_markers"], test["warnings"]) == ("too_few_origins", "RET fusion", "")


def test_distribute__one_patient_who_was_looked_at_for_less_stops_the_test() -> None:
    patients = cohort(lung=6, thymic=6)
    cover = coverage(patients, RET=["lung00"])
    found = hits(("thymic00", "RET fusion", "N1"), ("thymic01", "RET fusion", "N1"))
    test = rows_of(by_origin(found, patients, cover)).loc["all"]
    assert (test["status"], test["uneven_markers"], test["warnings"]) == (
        "panel_mismatch",
        "RET fusion",
        "W_PANEL_MISMATCH",
    )
    assert pd.isna(test["p"])
    rows = rows_of(by_origin(found, patients, cover, restrict=True))
    assert rows[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[2, 6], [0, 5], [2, 11]]  # 5 of 6 are enough
    assert rows.loc["all", "p"] == pytest.approx(fisher_exact([[2, 4], [0, 5]]).pvalue, rel=1e-9)
    assert rows.loc["all", "restricted"]


def test_distribute__a_marker_that_would_cost_too_many_patients_is_not_common() -> None:
    patients = cohort(lung=5, thymic=5)
    cover = coverage(patients, RET=["lung00", "lung01"], TMB=["lung02"])
    assert 3 / 5 < KEEP <= 4 / 5
    found = hits(("lung03", "RET fusion", "N1"), ("lung04", "TMB", "N1"), ("lung02", "BRAF hot spots", "N1"))
    rows = rows_of(by_origin(found, patients, cover, restrict=True))
    assert rows[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[0, 5], [1, 4], [1, 9]]
    assert rows.loc["all", "n_markers"] == 3
    less = rows_of(by_origin(found, patients, cover, restrict=True, keep=0.4))
    assert less[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[0, 5], [2, 2], [2, 7]]


def test_distribute__without_any_common_marker_there_is_no_test() -> None:
    patients = cohort(lung=4, thymic=4)
    lung, thymic = ([one for one in patients.index if one.startswith(name)] for name in ("lung", "thymic"))
    cover = coverage(patients, BRAF=lung, KRAS=lung, RET=thymic, TMB=thymic)
    rows = rows_of(by_origin(hits(("lung00", "RET fusion", "N1")), patients, cover, restrict=True))
    assert rows.loc["all", "status"] == "no_common_marker"
    assert rows["n_profiled"].tolist() == [0, 0, 0]
    assert rows["proportion"].isna().all()


def test_distribute__an_origin_that_nobody_sequenced_is_left_out_without_stopping_the_others() -> None:
    patients = cohort(lung=6, thymic=6, duodenopancreatic=3)
    cover = coverage(patients, all_=[f"duodenopancreatic{i:02}" for i in range(3)])
    rows = rows_of(
        by_origin(hits(("lung00", "TMB", "N1"), ("lung01", "TMB", "N1"), ("lung02", "TMB", "N1")), patients, cover)
    )
    assert rows.loc["duodenopancreatic", "status"] == "not_sequenced"
    assert (rows.loc["all", "status"], rows.loc["all", "left_out"]) == ("untestable_discrete", "duodenopancreatic")
    assert rows.loc["all", "p"] == pytest.approx(fisher_exact([[3, 3], [0, 6]]).pvalue, rel=1e-9)
    assert rows.loc["all", "min_attainable_p"] > 0.05
    assert "W_PANEL_MISMATCH" not in rows.loc["all", "warnings"]


def test_distribute__an_origin_covered_in_few_of_its_tested_patients_is_not_compared() -> None:
    patients = cohort(lung=5, thymic=5, duodenopancreatic=5)
    few = {gene: [f"thymic{i:02}" for i in range(3)] for gene in ("BRAF", "KRAS", "RET", "TMB")}
    found = hits(("lung00", "TMB", "N1"), ("thymic04", "TMB", "N1"))
    rows = rows_of(by_origin(found, patients, coverage(patients, **few)))
    assert (rows.loc["thymic", "status"], rows.loc["thymic", "warnings"]) == ("low_coverage", "W_LOW_COVERAGE")
    assert rows.loc["all", "status"] == "panel_mismatch"
    restricted = rows_of(by_origin(found, patients, coverage(patients, **few), restrict=True))
    assert restricted.loc["all", "left_out"] == "thymic"
    assert restricted.loc["all", "n_origins"] == 2


def test_distribute__a_finding_beyond_the_panel_is_counted_but_not_compared() -> None:
    patients = cohort(lung=4, thymic=4)
    cover = coverage(patients, RET=list(patients.index))
    found = hits(("lung00", "RET fusion", "N1"), ("lung01", "TMB", "N1"))
    rows = rows_of(by_origin(found, patients, cover))
    assert rows["n_actionable"].tolist() == [0, 2, 2]
    assert (rows.loc["all", "status"], rows.loc["all", "uneven_markers"]) == ("panel_mismatch", "RET fusion")
    assert rows_of(by_origin(found, patients, cover, restrict=True))["n_actionable"].tolist() == [0, 1, 1]


def test_distribute__says_why_there_is_nothing_to_test() -> None:
    patients = cohort(lung=3, thymic=3)
    cover = coverage(patients)
    assert rows_of(by_origin(hits(), patients, cover)).loc["all", "status"] == "nobody_actionable"
    everyone = hits(*((one, "TMB", "N1") for one in patients.index))
    assert rows_of(by_origin(everyone, patients, cover)).loc["all", "status"] == "everybody_actionable"
    alone = cohort(lung=3, unknown=2)
    assert rows_of(by_origin(hits(), alone, coverage(alone))).loc["all", "status"] == "too_few_origins"
    nobody = coverage(patients, all_=list(patients.index))
    assert rows_of(by_origin(hits(), patients, nobody)).loc["all", "status"] == "not_profiled"


def test_distribute__induced_burdens_do_not_count_in_a_row_of_their_own() -> None:
    patients = cohort(lung=8, thymic=8)
    plain = hits(("lung00", "BRAF hot spots", "N1"), ("thymic00", "TMB", "N1"))
    induced = hits(("lung01", "TMB", "N1"), ("lung00", "TMB", "N1"), flags="tumour_only;therapy_induced_TMB")
    table = by_origin(pd.concat([plain, induced], ignore_index=True), patients, coverage(patients))
    assert rows_of(table).loc[["thymic", "lung"], "n_actionable"].tolist() == [1, 2]
    without = rows_of(table, analysis="without_therapy_induced_TMB")
    assert without[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[1, 8], [1, 8], [2, 16]]
    assert set(by_origin(plain, patients, coverage(patients))["analysis"]) == {"main"}


def test_distribute__resistance_is_described_apart() -> None:
    patients = cohort(lung=4, thymic=4)
    found = hits(("lung00", "BRAF hot spots", "NR1"), ("lung01", "BRAF hot spots", "N1"))
    table = by_origin(found, patients, coverage(patients, BRAF=["thymic00"]))
    rows = rows_of(table, "resistance")
    assert rows[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[0, 3], [1, 4], [1, 7]]
    assert set(rows["status"]) == {"described"}
    assert rows["p"].isna().all()
    assert rows_of(table)["n_actionable"].tolist() == [0, 1, 1]


def test_distribute__says_that_a_large_p_is_no_evidence_of_similarity() -> None:
    patients = cohort(lung=12, thymic=12)
    found = hits(*((f"{origin}{i:02}", "TMB", "N1") for origin in ("lung", "thymic") for i in range(5)))
    test = rows_of(by_origin(found, patients, coverage(patients))).loc["all"]
    assert (test["status"], test["warnings"]) == ("tested", "W_NO_EQUIVALENCE")


def test_distribute__depends_on_no_order() -> None:
    patients = cohort(lung=9, thymic=7, duodenopancreatic=8)
    cover = coverage(patients, RET=["lung00"], TMB=["thymic03", "lung01"])
    found = hits(*((one, MARKERS[i % 4], "N1") for i, one in enumerate(patients.index[::3])))
    for restrict in (False, True):
        table = by_origin(found, patients, cover, restrict=restrict)
        again = by_origin(found.sample(frac=1, random_state=2), patients.iloc[::-1], cover, restrict=restrict)
        pd.testing.assert_frame_equal(table, again)


def test_distribute__refuses_what_it_cannot_place() -> None:
    patients = cohort(lung=3, thymic=3)
    with pytest.raises(ValueError, match="no column 'site'"):
        distribute(hits(), patients, coverage(patients), by=["site"])
    with pytest.raises(ValueError, match="no marker of rule R-ALK fusion for 'ALK'"):
        by_origin(hits(("lung00", "ALK fusion", "N1")), patients, coverage(patients))


def test_distribute__finds_the_marker_of_a_fusion_named_by_its_partner() -> None:
    patients = cohort(lung=3, thymic=3)
    found = hits(("lung00", "RET fusion", "N1"), gene="KIF5B")
    assert rows_of(by_origin(found, patients, coverage(patients)))["n_actionable"].tolist() == [0, 1, 1]


def test_distribute_markers__has_one_denominator_per_marker() -> None:
    patients = cohort(lung=6, thymic=6)
    cover = coverage(patients, levels={"KRAS hot spots": 5}, RET=["lung00", "lung01"])
    found = hits(
        ("thymic00", "RET fusion", "N1"), ("thymic01", "RET fusion", "N1"), ("thymic02", "RET fusion", "N3B"),
        ("lung00", "RET fusion", "N2"), ("lung02", "RET fusion", "N4"), ("lung03", "KRAS hot spots", "N4"),
    )  # fmt: skip
    table = distribute_markers(found, patients, cover, by=["origin_group3"])
    assert list(table) == list(MARKER_ORIGIN_COLUMNS)
    assert table["marker"].drop_duplicates().tolist() == ["BRAF hot spots", "RET fusion", "TMB"]
    rows = table[table["marker"] == "RET fusion"].set_index("origin")
    assert rows.index.tolist() == ["lung", "thymic", "all"]
    assert rows[["n_actionable", "n_profiled", "n_not_covered", "n_off_panel"]].to_numpy().tolist() == [
        [0, 4, 2, 1], [3, 6, 0, 0], [3, 10, 2, 1],
    ]  # fmt: skip
    assert rows["reasons"].tolist() == ["gene_not_on_panel 2", "", "gene_not_on_panel 2"]
    assert rows.loc["all", "p"] == pytest.approx(fisher_exact([[0, 4], [3, 3]]).pvalue, rel=1e-9)
    assert (rows.loc["all", "gene"], rows.loc["all", "needs"]) == ("RET", "fusion")
    assert rows.loc["all", "proportion"] == pytest.approx(3 / 10)


def test_distribute_markers__an_origin_without_the_marker_is_named_and_not_compared() -> None:
    patients = cohort(lung=6, thymic=6, duodenopancreatic=6)
    cover = coverage(patients, RET=[f"thymic{i:02}" for i in range(6)])
    found = hits(*((f"lung{i:02}", "RET fusion", "N1") for i in range(3)), ("duodenopancreatic00", "RET fusion", "N1"))
    table = (
        distribute_markers(found, patients, cover, by=["origin_group3"])
        .query("marker == 'RET fusion'")
        .set_index("origin")
    )
    assert table.loc["thymic", "status"] == "not_profiled"
    assert (table.loc["all", "left_out"], table.loc["all", "warnings"]) == ("thymic", "W_PANEL_MISMATCH")


def test_distribute_markers__of_no_rules_is_empty() -> None:
    patients = cohort(lung=2)
    cover = coverage(patients, levels=dict.fromkeys(MARKERS, NO_LEVEL))
    table = distribute_markers(hits(), patients, cover, by=["origin_group3"])
    assert list(table) == list(MARKER_ORIGIN_COLUMNS)
    assert table.empty
