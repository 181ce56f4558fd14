"""Influential patients against R ``residuals(coxph)`` and against refits one at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox_model import fit_cox
from netgen.association.firth import scan_firth
from netgen.association.firth_model import fit_firth
from netgen.association.influence import INFLUENCE_COLUMNS, dfbeta_residuals, find_influential
from netgen.association.riskset import build_risk_sets
from tests.association.arrays import array_set
from tests.association.golden_models import close, read_input

GENES = ["MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "DAXX", "RB1"]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("weighted", [False, True])
def test_dfbeta_residuals__with_strata_entry_and_weights_equal_coxph(reference, ties, weighted):
    expected = pd.read_csv(reference / "cox" / "dfbeta.csv").query("ties == @ties and weighted == @weighted")
    table = read_input(reference, "veteran_lt")
    fit = fit_cox(
        table[["trt", "karno"]],
        table["time"],
        table["status"],
        entry=table["entry"],
        strata=table["celltype"],
        weights=1 + (np.arange(1, len(table) + 1) % 4) / 2 if weighted else None,
        ties=ties,
    )
    found, rows = dfbeta_residuals(fit), expected["row"] - 1
    assert len(rows) == 46
    np.testing.assert_allclose(found.dfbeta[rows], expected[["dfbeta_trt", "dfbeta_karno"]], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found.dfbetas[rows], expected[["dfbetas_trt", "dfbetas_karno"]], rtol=1e-7, atol=1e-10)


def test_dfbeta_residuals__of_a_monotone_model_are_missing():
    assert np.isnan(dfbeta_residuals(fit_cox([1.0, 0.0], [1, 2], [1, 0])).dfbeta).all()


def linear(reference, **changes):
    """Return (table, analysis set with strata) of the golden cohort."""
    table = read_input(reference, "linear_syn34")
    columns = {"strata": table["origin"], "patients": table["patient_id"]} | changes
    return table, array_set(table["os_days"], table["os_event"], table[GENES], **columns)


def refit(table, gene, ties, entry):
    """Return log HR, limits and SE of the Firth model of the patients given, who are profiled."""
    risk = build_risk_sets(table["os_days"], table["os_event"], entry=entry, strata=table["origin"])
    scan = scan_firth(risk, table[[gene]].to_numpy().T.astype(np.int8), ties=ties)
    return scan.coef[0], scan.lo[0], scan.hi[0], scan.se[0]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("late", [False, True])
def test_find_influential__equals_refits_without_each_patient(reference, ties, late):
    table = read_input(reference, "linear_syn34")
    _, analysis = linear(reference, entry=table["seq_day"] if late else None)
    found = find_influential(analysis, GENES, ties=ties, at_most=100)
    assert tuple(found.columns) == tuple(INFLUENCE_COLUMNS)
    assert set(found["method"]) == {"refit"}
    for gene in GENES:
        people = table.dropna(subset=[gene]).set_index("patient_id")
        entry = people["seq_day"] if late else None
        beta, lo, hi, se = refit(people, gene, ties, entry)
        rows, listed = found[found["feature"] == gene].set_index("patient_id"), {}
        for patient in people.index:
            others = people.drop(index=patient)
            without = refit(others, gene, ties, None if entry is None else entry.drop(index=patient))
            if np.isnan(without[0]):
                listed[patient] = (np.nan, np.nan, None)
                continue
            moved = np.sign(without[0]) != np.sign(beta) or (without[1] > 0 or without[2] < 0) != (lo > 0 or hi < 0)
            listed[patient] = (beta - without[0], np.exp(without[0]), moved)
        size = {patient: np.inf if values[2] is None else abs(values[0]) / se for patient, values in listed.items()}
        top = {patient for patient in size if np.isclose(size[patient], max(size.values()))}
        must = {p for p in size if np.isfinite(size[p]) and (size[p] > 2 / np.sqrt(len(people)) or listed[p][2])}
        must |= {p for p in size if size[p] == np.inf}
        assert must <= set(rows.index) <= must | top
        assert rows.index[0] in top
        for patient, row in rows.iterrows():
            close([row["dfbeta"], row["hr_without"]], listed[patient][:2], 1e-7)
            close(row["dfbetas"], listed[patient][0] / se, 1e-7)
            assert pd.isna(row["flips"]) if listed[patient][2] is None else row["flips"] == listed[patient][2]
            assert row["altered"] == (people.loc[patient, gene] == 1)
            assert row["event"] == (people.loc[patient, "os_event"] == 1)
            assert row["time_days"] == people.loc[patient, "os_days"]
        assert rows["dfbetas"].abs().fillna(np.inf).round(9).is_monotonic_decreasing


def test_find_influential__one_step_is_the_score_residual_times_the_variance(reference):
    table, analysis = linear(reference)
    found = find_influential(analysis, ["TP53"], estimator="cox", at_most=100).set_index("patient_id")
    assert set(found["method"]) == {"one_step"}
    fit = fit_cox(table["TP53"], table["os_days"], table["os_event"], strata=table["origin"])
    columns = {name: values[:, 0] for name, values in dfbeta_residuals(fit)._asdict().items()}
    expected = pd.DataFrame(columns, index=table["patient_id"])
    expected = expected[expected["dfbetas"].abs() > 2 / np.sqrt(34)]
    assert set(found.index) == set(expected.index)
    close(found["dfbeta"], expected.loc[found.index, "dfbeta"], 1e-8)
    close(found["hr_without"], np.exp(fit.coef[0] - expected.loc[found.index, "dfbeta"]), 1e-8)


def test_find_influential__one_step_approximates_the_refit_in_a_larger_cohort(reference):
    table = read_input(reference, "simA3")
    analysis = array_set(
        table["time"], table["event"], table[["G001", "G003"]], entry=table["entry"], strata=table["origin"]
    )
    exact, step = (find_influential(analysis, ["G001", "G003"], refit=way, at_most=10) for way in (True, False))
    both = exact.merge(step, on=["feature", "patient_id"], suffixes=("", "_step"))
    assert len(both) >= 16
    np.testing.assert_allclose(both["dfbeta_step"], both["dfbeta"], rtol=0.2)


def test_find_influential__with_covariates_refits_those_who_lead(reference):
    table = read_input(reference, "linear_syn34")
    covariates = pd.DataFrame({"ki67": table["ki67_pct"] / 10})
    _, analysis = linear(reference, covariates=covariates)
    found = find_influential(analysis, ["TP53"]).set_index("patient_id")
    use = (table["patient_id"] != found.index[0]).to_numpy()
    x = np.column_stack([table["TP53"], covariates["ki67"]])
    outcome = {"time": table["os_days"], "event": table["os_event"], "strata": table["origin"]}
    full = fit_firth(x, **outcome)
    without = fit_firth(x[use], **{name: values[use] for name, values in outcome.items()})
    assert found["method"].iloc[0] == "refit"
    close(found["dfbeta"].iloc[0], full.coef[0] - without.coef[0], 1e-7)
    close(found["dfbetas"].iloc[0], (full.coef[0] - without.coef[0]) / full.se[0], 1e-7)


def test_find_influential__the_patient_without_whom_there_is_no_estimate_comes_first():
    """The only altered patient who is under observation when somebody dies."""
    genes = pd.DataFrame({"TP53": [1, 0, 0, 0, 0, 1]})
    found = find_influential(array_set([5, 3, 6, 7, 8, 1], [1, 1, 1, 0, 1, 0], genes), ["TP53"])
    first = found.iloc[0]
    assert first["patient_id"] == "P00000"
    assert pd.isna([first["dfbeta"], first["dfbetas"], first["hr_without"], first["flips"]]).all()
    assert "P00005" not in found["patient_id"].tolist()  # left before the first event


def test_find_influential__one_patient_who_carries_the_finding_is_found():
    """Twenty patients, three carriers; one carrier dies on the first day, the others live like everybody else."""
    time, event = np.arange(1, 21), np.tile([1, 1, 0, 1], 5)
    genes = pd.DataFrame({"TP53": np.isin(time, [1, 10, 12]).astype(int)})
    found = find_influential(array_set(time, event, genes), ["TP53"])
    assert found["patient_id"].iloc[0] == "P00000"
    assert found["dfbeta"].iloc[0] > 0.3


def test_find_influential__does_not_depend_on_row_order_or_labels(reference):
    table, analysis = linear(reference)
    order = np.random.default_rng(1).permutation(len(table))
    moved = table.iloc[order]
    renamed = moved["origin"].map({"thymic": "a", "lung": "b", "duodenopancreatic": "c"})
    other = array_set(
        moved["os_days"], moved["os_event"], moved[GENES[::-1]], strata=renamed, patients=moved["patient_id"]
    )
    pd.testing.assert_frame_equal(find_influential(analysis, GENES), find_influential(other, GENES[::-1]), rtol=1e-7)


def test_find_influential__a_feature_without_an_estimate_has_no_row(reference):
    table, _ = linear(reference)
    analysis = array_set(table["os_days"], np.zeros(34), table[GENES])
    found = find_influential(analysis, ["TP53"])
    assert found.empty
    assert tuple(found.columns) == tuple(INFLUENCE_COLUMNS)


def test_find_influential__lists_no_more_than_asked_for(reference):
    _, analysis = linear(reference)
    assert find_influential(analysis, ["TP53"], at_most=1)["patient_id"].tolist() == ["P06"]


def test_find_influential__names_an_unknown_feature(reference):
    with pytest.raises(ValueError, match="it has no KRAS"):
        find_influential(linear(reference)[1], ["KRAS", "TP53"])
