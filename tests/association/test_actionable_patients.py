"""Best level per patient: which hit decides, what resistance takes away, who has no level at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from netgen.actionability.levels import COUNTED, SENSITIVITY
from netgen.actionability.matching import HIT_COLUMNS
from netgen.association.actionable_patients import (
    LEVEL_COUNT_COLUMNS,
    PATIENT_LEVEL_COLUMNS,
    count_levels,
    summarize_patients,
    therapeutic_hits,
)

PATIENTS = pd.DataFrame(
    {"origin_group3": ["thymic", "lung", "lung", None], "oncotree_code": ["TNET", "LUCA", "ALUCA", "PANET"]},
    index=pd.Index(["P1", "P2", "P3", "P4"], name="patient_id"),
    dtype="string",
)
EVERYBODY = pd.Series([True] * 4, index=PATIENTS.index)


def hit(patient: str, level: str, therapy: str = "drug", **more: Any) -> dict[str, Any]:
    return {
        "alteration_id": 0, "patient_id": patient, "sample_id": f"S-{patient}", "gene": "KRAS", "alteration": "p.G12C",
        "rule_id": "R1", "specificity": 100, "scope_match": "in_scope", "therapy": therapy, "direction": "sensitivity",
        "level": level, "flags": "",
    } | more  # fmt: skip


def hits(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(HIT_COLUMNS))
    number = {"alteration_id": "Int64", "specificity": "Int64", "row": "Int64", "vaf": "float64"}
    return frame.astype({name: number.get(name, "string") for name in HIT_COLUMNS})


def summary(*rows: dict[str, Any], profiled: pd.Series = EVERYBODY) -> pd.DataFrame:
    return summarize_patients(hits(*rows), PATIENTS, profiled).set_index("patient_id")


def test_summarize_patients__takes_the_best_of_all_alterations() -> None:
    found = summary(
        hit("P1", "N3B"), hit("P1", "N1", "a", gene="RET", alteration="RET fusion", rule_id="R2"),
        hit("P1", "N1", "b", gene="RET", alteration="RET fusion", rule_id="R3"), hit("P2", "N4"),
    )  # fmt: skip
    assert found["best_level"].tolist() == ["N1", "N4", "NX", "NX"]
    assert found["best_counted"].fillna("-").tolist() == ["N1", "-", "-", "-"]
    assert found["actionable"].tolist() == [True, False, False, False]
    first = found.loc["P1"]
    assert (first["best_gene"], first["best_alteration"]) == ("RET", "RET fusion")
    assert (first["best_rules"], first["best_therapy"]) == ("R2;R3", "a;b")
    assert (first["n_hits"], first["n_actionable"]) == (3, 2)
    assert found["oncotree_code"].tolist() == PATIENTS["oncotree_code"].tolist()


def test_summarize_patients__has_its_columns_and_no_level_for_who_was_not_profiled() -> None:
    table = summarize_patients(hits(), PATIENTS.drop(columns="oncotree_code"), EVERYBODY & (EVERYBODY.index != "P3"))
    assert list(table) == list(PATIENT_LEVEL_COLUMNS)
    found = table.set_index("patient_id")
    assert found["best_level"].fillna("-").tolist() == ["NX", "NX", "-", "NX"]
    assert found["actionable"].isna().tolist() == [False, False, True, False]
    assert found["oncotree_code"].isna().all()
    assert found["n_hits"].tolist() == [0, 0, 0, 0]


def test_summarize_patients__a_finding_beyond_the_panel_counts_as_profiled() -> None:
    found = summary(hit("P1", "N3A"), hit("P2", "N4"), profiled=~EVERYBODY)
    assert found["actionable"].fillna(False).tolist() == [True, False, False, False]
    assert found["actionable"].isna().tolist() == [False, True, True, True]
    assert found["best_level"].fillna("-").tolist() == ["N3A", "N4", "-", "-"]


def test_summarize_patients__resistance_takes_the_therapy_away_and_leaves_the_others() -> None:
    """SC22: NTRK3 fusion with G623R."""
    fusion = {"gene": "NTRK3", "alteration": "ETV6::NTRK3"}
    found = summary(
        hit("P1", "N1", "larotrectinib", **fusion, rule_id="R3"),
        hit("P1", "N1", "entrectinib", **fusion, rule_id="R4"),
        hit("P1", "N1", "repotrectinib", **fusion, rule_id="R5"),
        hit("P1", "NR2", "Larotrectinib", gene="NTRK3", alteration="p.G623R", direction="resistance", sample_id="S2"),
        hit("P1", "NR2", "entrectinib", gene="NTRK3", alteration="p.G623R", direction="resistance"),
    ).loc["P1"]  # fmt: skip
    assert (found["best_level"], found["best_therapy"], found["best_rules"]) == ("N1", "repotrectinib", "R5")
    assert found["resistance"] == "Larotrectinib NR2;entrectinib NR2"


def test_summarize_patients__resistance_to_the_only_therapy_leaves_no_level() -> None:
    found = summary(hit("P1", "N1", "a"), hit("P1", "NR1", "a", direction="resistance"), hit("P2", "N1", "a"))
    assert found["best_level"].tolist() == ["NX", "N1", "NX", "NX"]
    assert found["actionable"].tolist() == [False, True, False, False]


def test_summarize_patients__uncertain_scope_and_other_directions_give_no_level() -> None:
    found = summary(
        hit("P1", "N1", scope_match="uncertain"), hit("P2", "NDx", "", direction="diagnostic"),
        hit("P3", "N4", direction="reduced"), hit("P4", "NX"),
    )  # fmt: skip
    assert found["best_level"].tolist() == ["NX"] * 4
    assert found["other_levels"].tolist() == ["", "NDx", "", ""]
    assert found["n_hits"].tolist() == [1, 1, 1, 1]


def test_summarize_patients__evidence_in_scope_goes_before_agnostic_and_then_specificity_decides() -> None:
    found = summary(
        hit("P1", "N1", gene="AAA", scope_match="agnostic"), hit("P1", "N1", gene="ZZZ", specificity=50),
        hit("P2", "N1", gene="AAA", specificity=50), hit("P2", "N1", gene="ZZZ", specificity=80),
    )  # fmt: skip
    assert found["best_gene"].fillna("-").tolist() == ["ZZZ", "ZZZ", "-", "-"]
    assert found["best_scope"].fillna("-").tolist() == ["in_scope", "in_scope", "-", "-"]


def test_summarize_patients__says_whose_level_rests_on_an_induced_burden() -> None:
    induced = {"gene": "TMB", "alteration": "TMB 14", "flags": "therapy_induced_TMB;tumour_only"}
    found = summary(
        hit("P1", "N1", **induced),
        hit("P2", "N1", **induced),
        hit("P2", "N1"),
        hit("P3", "N1", **induced),
        hit("P3", "N3B"),
    )
    assert found["rests_on_induced_tmb"].tolist() == [True, False, True, False]
    assert found.loc["P1", "flags"] == "therapy_induced_TMB;tumour_only"


def test_summarize_patients__receptors_on_imaging_make_nobody_actionable() -> None:
    """DOMAIN 4.7: 177Lu-DOTATATE is imaging-selected; MGMT for temozolomide is a rule of a target."""
    scan = {"gene": "SSTR2", "alteration": "SSTR-PET positive", "kind": "expression"}
    found = summary(
        hit("P1", "N1", "177Lu-DOTATATE", **scan), hit("P2", "N3B", "177Lu-DOTATATE", **scan), hit("P2", "N4"),
        hit("P3", "N3A", "temozolomide", gene="MGMT", alteration="MGMT deficient", kind="expression"),
        hit("P4", "N4", "everolimus", gene="TSC2", alteration="p.Q1503*", kind="lof"),
    )  # fmt: skip
    assert found["best_level"].tolist() == ["NX", "N4", "N3A", "N4"]
    assert found["actionable"].tolist() == [False, False, True, False]
    assert found["context"].tolist() == ["177Lu-DOTATATE N1", "177Lu-DOTATATE N3B", "", ""]
    assert found["n_hits"].tolist() == [1, 2, 1, 1]


def test_summarize_patients__counts_one_alteration_seen_in_two_samples_once() -> None:
    found = summary(hit("P1", "N1"), hit("P1", "N1", sample_id="S2", alteration_id=1)).loc["P1"]
    assert (found["n_hits"], found["n_actionable"]) == (1, 1)


def test_summarize_patients__who_is_not_named_as_profiled_is_not() -> None:
    found = summary(hit("P1", "N1"), profiled=EVERYBODY[:2])
    assert found["actionable"].isna().tolist() == [False, False, True, True]


def test_summarize_patients__passes_over_patients_that_are_not_asked_for() -> None:
    assert len(summary(hit("P9", "N1"))) == 4


def test_summarize_patients__does_not_depend_on_the_order_of_rows() -> None:
    frame = _random_hits(np.random.default_rng(3), 60)
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        summarize_patients(frame, PATIENTS, EVERYBODY), summarize_patients(shuffled, PATIENTS.iloc[::-1], EVERYBODY)
    )


def test_summarize_patients__equals_loops_over_hits() -> None:
    rng = np.random.default_rng(8)
    for _ in range(40):
        frame = _random_hits(rng, int(rng.integers(0, 25)))
        found = summarize_patients(frame, PATIENTS, EVERYBODY).set_index("patient_id")
        rows = frame.to_dict("records")
        for patient in PATIENTS.index:
            own = [row for row in rows if row["patient_id"] == patient]
            lost = {
                row["therapy"] for row in own if row["level"] in ("NR1", "NR2") and row["direction"] == "resistance"
            }
            levels = [
                row["level"] for row in own
                if row["direction"] == "sensitivity" and row["scope_match"] != "uncertain"
                and row["level"] in SENSITIVITY and row["therapy"] not in lost
            ]  # fmt: skip
            best = min(levels, key=SENSITIVITY.index, default="NX")
            assert found.loc[patient, "best_level"] == best
            assert found.loc[patient, "actionable"] == (best in COUNTED)


def _random_hits(rng: np.random.Generator, n: int) -> pd.DataFrame:
    rows = []
    for i in range(n):
        resists = rng.random() < 0.2
        level = str(rng.choice(["NR1", "NR2"])) if resists else str(rng.choice([*SENSITIVITY, "NX", "NDx"]))
        rows.append(
            hit(
                f"P{rng.integers(1, 6)}", level, str(rng.choice(["a", "b", "c"])), alteration_id=i,
                gene=str(rng.choice(["X", "Y"])), scope_match=str(rng.choice(["in_scope", "agnostic", "out_of_scope"])),
                direction="resistance" if resists else str(rng.choice(["sensitivity", "sensitivity", "diagnostic"])),
                rule_id=f"R{rng.integers(4)}", specificity=int(rng.choice([100, 50])),
            )
        )  # fmt: skip
        if not resists and rng.random() < 0.2:
            rows[-1] |= {"scope_match": "uncertain"}
    return hits(*rows)


def test_therapeutic_hits__ranks_levels_and_keeps_what_counts() -> None:
    frame = hits(hit("P1", "N3B"), hit("P1", "N4"), hit("P1", "NX"), hit("P1", "NDx", direction="diagnostic"))
    assert therapeutic_hits(frame)["rank"].tolist() == [3, 5]


def test_count_levels__gives_every_level_of_every_group() -> None:
    levels = summarize_patients(hits(hit("P2", "N1"), hit("P3", "N4")), PATIENTS, EVERYBODY & (EVERYBODY.index != "P1"))
    table = count_levels(levels, PATIENTS, "origin_group3")
    assert list(table) == list(LEVEL_COUNT_COLUMNS)
    assert table["group"].drop_duplicates().tolist() == ["thymic", "lung", "unknown"]
    assert table["level"].iloc[:8].tolist() == [*SENSITIVITY, "none", "not_profiled"]
    n = table.pivot_table(index="group", columns="level", values="n", aggfunc="sum")
    assert n.loc["lung", ["N1", "N4", "none", "not_profiled"]].tolist() == [1, 1, 0, 0]
    assert n.loc["thymic", "not_profiled"] == n.loc["unknown", "none"] == 1
    lung = table[(table["group"] == "lung") & (table["level"] == "N1")].iloc[0]
    assert (lung["n_total"], lung["n_profiled"], lung["percent"]) == (2, 2, 50)
    assert table.loc[(table["group"] == "thymic") | (table["level"] == "not_profiled"), "percent"].isna().all()


def test_count_levels__refuses_a_column_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no column 'site'"):
        count_levels(summarize_patients(hits(), PATIENTS, EVERYBODY), PATIENTS, "site")
