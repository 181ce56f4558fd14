"""Alteration by treatment class: the same as heterogeneity across origins, with its minimum counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.firth import scan_firth
from netgen.association.gene_treatment import (
    GENE_TREATMENT_COLUMNS,
    GENE_TREATMENT_STATUSES,
    check_exposure,
    scan_gene_treatment,
)
from netgen.association.heterogeneity import heterogeneity
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.riskset import build_risk_sets
from netgen.errors import AnalysisError

N = 150
LINE = {"origin_time": "line:1", "line": 1}


@pytest.fixture(scope="module")
def cohort() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(12)
    return {
        "time": rng.integers(20, 900, N).astype(float),
        "event": rng.random(N) < 0.7,
        "genes": (rng.random((3, N)) < 0.35).astype(np.int8),
        "regimen_class": rng.choice(["ssa", "prrt", "chemo_alkylating", "ici"], N, p=[0.35, 0.3, 0.3, 0.05]),
        "entry": rng.integers(0, 19, N).astype(float),
        "origin": rng.choice(["lung", "pancreas"], N),
    }


def run(cohort: dict[str, np.ndarray], **settings) -> pd.DataFrame:
    names = ("time", "event", "genes", "regimen_class")
    return scan_gene_treatment(*(cohort[name] for name in names), ["B", "A", "C"], **{**LINE, **settings})


def test_scan_gene_treatment__equals_heterogeneity_with_classes_for_origins(cohort: dict[str, np.ndarray]) -> None:
    table = run(cohort, entry=cohort["entry"])
    assert list(table.columns) == list(GENE_TREATMENT_COLUMNS)
    assert set(table["status"]) <= set(GENE_TREATMENT_STATUSES)
    for name, gene in zip(["B", "A", "C"], cohort["genes"], strict=True):
        rows = table[table["feature"] == name].set_index("regimen_class")
        tested = rows.index[(rows["status"] == "tested") & (rows.index != "all")]
        use = np.isin(cohort["regimen_class"], tested)
        same = heterogeneity(
            cohort["time"][use],
            cohort["event"][use],
            gene[use],
            cohort["regimen_class"][use],
            entry=cohort["entry"][use],
        )
        for row in same.table.to_dict("records"):
            own = rows.loc[row["origin"]]
            assert (own["hr"], own["hr_lo"], own["hr_hi"]) == pytest.approx((row["hr"], row["hr_lo"], row["hr_hi"]))
            assert (own["n_exposed"], own["n_altered"]) == (row["n"], row["n_altered"])
            assert own["events_altered"] == row["events_altered"]
        summary = rows.loc["all"]
        assert (summary["df"], summary["n_classes"]) == (len(tested) - 1, len(tested))
        assert (summary["PLR_int"], summary["interaction_p"]) == pytest.approx((same.lr_chi2, same.p))


def test_scan_gene_treatment__strata_are_compared_within(cohort: dict[str, np.ndarray]) -> None:
    table = run(cohort, strata=cohort["origin"], strata_name="origin").set_index(["feature", "regimen_class"])
    for label in ("ssa", "prrt"):
        part = cohort["regimen_class"] == label
        risk = build_risk_sets(cohort["time"][part], cohort["event"][part], strata=cohort["origin"][part])
        fit = scan_firth(risk, cohort["genes"][:, part])
        for g, name in enumerate(["B", "A", "C"]):
            row = table.loc[name, label]
            assert (row["hr"], row["p"], row["strata"]) == (pytest.approx(fit.hr[g]), pytest.approx(fit.p[g]), "origin")


def test_scan_gene_treatment__a_class_with_few_exposed_is_listed_and_not_tested(cohort: dict[str, np.ndarray]) -> None:
    table = run(cohort)
    rare = table[table["regimen_class"] == "ici"]
    assert (rare["status"] == "too_few_exposed").all()
    assert rare[["hr", "hr_lo", "hr_hi", "p"]].isna().all().all()
    assert (rare["n_exposed"] == (cohort["regimen_class"] == "ici").sum()).all()
    gene = np.zeros((1, 20), dtype=np.int8)
    gene[0, [0, 1, 2, 3, 4, 10, 11, 12, 13]] = 1  # five altered with a, four with b
    one = scan_gene_treatment(np.arange(1.0, 21), np.ones(20, bool), gene, ["a"] * 10 + ["b"] * 10, ["G"], **LINE)
    assert one["status"].tolist() == ["tested", "too_few_exposed", "too_few_classes"]
    assert one["interaction_p"].isna().all()
    assert one["m_family"].tolist() == [pd.NA, pd.NA, 0]


def test_scan_gene_treatment__says_why_a_class_has_no_estimate(cohort: dict[str, np.ndarray]) -> None:
    event = cohort["event"] & (cohort["regimen_class"] != "prrt")
    label = np.where(cohort["regimen_class"] == "ici", "unknown", cohort["regimen_class"])
    table = run({**cohort, "event": event, "regimen_class": label}).set_index(["feature", "regimen_class"])
    assert table.loc[("A", "prrt"), "status"] == "no_events"
    assert table.loc[("A", "unknown"), "status"] == "class_unknown"
    assert table.loc[("A", "all"), ["n_classes", "df"]].tolist() == [2, 1]


def test_scan_gene_treatment__interactions_form_the_family(cohort: dict[str, np.ndarray]) -> None:
    table = run(cohort)
    tests = table[table["regimen_class"] == "all"]
    assert tests["feature"].tolist() == ["A", "B", "C"]
    np.testing.assert_allclose(tests["q_bh"], adjust_pvalues(tests["interaction_p"]))
    assert tests["m_family"].tolist() == [3, 3, 3]
    assert table.loc[table["regimen_class"] != "all", ["q_bh", "m_family"]].isna().all().all()


def test_scan_gene_treatment__a_patient_who_is_not_profiled_has_no_part(cohort: dict[str, np.ndarray]) -> None:
    less = {name: values[..., 10:] for name, values in cohort.items()}
    unprofiled = cohort["genes"].copy()
    unprofiled[:, :10] = -1
    pd.testing.assert_frame_equal(run({**cohort, "genes": unprofiled}), run(less))


def test_scan_gene_treatment__order_and_unit_of_time_change_nothing(cohort: dict[str, np.ndarray]) -> None:
    order = np.random.default_rng(1).permutation(N)
    other = {name: values[..., order] for name, values in cohort.items()}
    pd.testing.assert_frame_equal(run(cohort), run({**other, "time": other["time"] / 7}), rtol=1e-8)


@pytest.mark.parametrize("origin_time", ["advanced", "dx", "recorded", "line:1"])
def test_scan_gene_treatment__refuses_a_clock_that_starts_before_the_line(
    cohort: dict[str, np.ndarray], origin_time: str
) -> None:
    with pytest.raises(AnalysisError, match=r"E_IMMORTAL_TIME: the class of line 2 is known at the start of that line"):
        run(cohort, origin_time=origin_time, line=2)


def test_check_exposure__a_later_line_knows_the_earlier_class() -> None:
    check_exposure("line:2", 1)


def test_scan_gene_treatment__refuses_what_does_not_fit(cohort: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="one different name per row of genes, and one class per patient"):
        run({**cohort, "regimen_class": cohort["regimen_class"][1:]})


def test_scan_gene_treatment__no_gene_gives_an_empty_table(cohort: dict[str, np.ndarray]) -> None:
    table = scan_gene_treatment(
        cohort["time"], cohort["event"], cohort["genes"][:0], cohort["regimen_class"], [], **LINE
    )
    assert list(table.columns) == list(GENE_TREATMENT_COLUMNS)
    assert len(table) == 0
