"""What of the R reference tables no other test reads: derived columns, and that the copies are the tables."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.cox_model import fit_cox
from netgen.association.cox_residuals import deviance_residuals
from netgen.association.cumulative_incidence import cumulative_incidence, incidence_at
from netgen.association.firth import scan_firth
from netgen.association.logrank import scan_logrank
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.permutation import martingale_residuals
from netgen.association.profile_likelihood import profile_intervals
from netgen.association.riskset import build_risk_sets
from tests.association.golden_models import MODELS, close, complete_cases, fit_reference_model, read_input
from tests.association.test_cox_scan import GENE_SETS, gene_set
from tests.association.test_km import curves

if TYPE_CHECKING:
    from pathlib import Path


def test_cox_table__p_values_hazard_ratios_and_aic_follow_from_the_fit(reference):
    expected, seen = pd.read_csv(reference / "cox" / "cox.csv"), 0
    for (name, ties), rows in expected.groupby(["id", "ties"]):
        fit = fit_reference_model(reference, name, ties)
        se = fit.robust_se if MODELS[name].cluster is not None else fit.se
        half = stats.norm.ppf(0.975) * se
        for column, found in (
            ("p", 2 * stats.norm.sf(np.abs(fit.coef / se))),
            ("hr", np.exp(fit.coef)),
            ("hr_lower95", np.exp(fit.coef - half)),
            ("hr_upper95", np.exp(fit.coef + half)),
            ("aic", 2 * fit.df - 2 * fit.loglik),
        ):
            close(np.broadcast_to(found, len(rows)), rows[column], 1e-9)
        seen += len(rows)
    assert seen == 52


def test_cox_residual_table__deviance_residuals_and_linear_predictors_equal_coxph(reference):
    expected, seen = pd.read_csv(reference / "cox" / "cox_residuals.csv"), 0
    for (name, ties), rows in expected.groupby(["id", "ties"]):
        fit, at = fit_reference_model(reference, name, ties), rows["row"] - 1
        deviance = deviance_residuals(fit.martingale, fit.risk.event)
        close(fit.martingale[at], rows["martingale"], 1e-9)
        close(deviance[at], rows["deviance"], 1e-9)
        assert (np.sign(deviance) == np.sign(fit.martingale)).all()
        predictor = fit.x @ fit.coef  # R centres 0/1 columns at 0 and others at their mean: one constant per model
        close(predictor[at] - predictor[at].mean(), rows["lp"] - rows["lp"].mean(), 1e-9)
        seen += len(rows)
    assert seen == 24


def test_profile_table__every_row_is_compared(reference):
    expected, seen = pd.read_csv(reference / "cox" / "cox_profile_ci.csv"), 0
    for (name, ties), rows in expected.groupby(["id", "ties"]):
        fit = fit_reference_model(reference, name, ties)
        assert rows["term"].tolist() == list(fit.names)
        close(fit.coef, rows["coef"], 1e-9)
        close(profile_intervals(fit).hi, rows["pl_upper95"], 1e-8)
        seen += len(rows)
    assert seen == 15


@pytest.mark.parametrize("weights", [0.5, 2.0])
def test_profile_intervals__equal_the_likelihood_drop_by_refits_with_weights_entry_and_strata(reference, weights):
    """At the limits twice the log likelihood, written as loops, has fallen by the quantile."""
    table = complete_cases(reference, "veteran.3.lt")
    w = weights + (np.arange(len(table)) % 3) / 2
    fit = fit_cox(
        table[["trt"]], table["time"], table["status"], entry=table["entry"], strata=table["celltype"], weights=w
    )
    found = profile_intervals(fit)

    def loglik(b: float) -> float:  # Efron with weights as coxph: the mean weight of the tied deaths
        total = 0.0
        for s in table["celltype"].unique():
            own = (table["celltype"] == s).to_numpy()
            for t in table.loc[own & (table["status"] == 1), "time"].unique():
                risk = own & (table["entry"] < t).to_numpy() & (table["time"] >= t).to_numpy()
                dead = risk & (table["time"] == t).to_numpy() & (table["status"] == 1).to_numpy()
                hazard = w * np.exp(b * table["trt"].to_numpy())
                total += (w[dead] * b * table["trt"].to_numpy()[dead]).sum()
                d = dead.sum()
                for nth in range(d):
                    total -= w[dead].mean() * math.log(hazard[risk].sum() - nth / d * hazard[dead].sum())
        return total

    assert fit.loglik == pytest.approx(loglik(fit.coef[0]), abs=1e-8)
    for limit in (found.lo[0], found.hi[0]):
        assert 2 * (fit.loglik - loglik(limit)) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-7)


@pytest.mark.parametrize("gene", ["SETD2", "ZCENS_ONLY"])
def test_separation__with_strata_and_delayed_entry_keeps_the_tests_of_coxph(reference, gene):
    """R's log likelihood creeps up to the supremum; the null and the score test it knows exactly."""
    expected = pd.read_csv(reference / "cox" / "monotone.csv").set_index("id").loc[gene]
    linear = gene == "SETD2"
    table = read_input(reference, "linear_syn34" if linear else "simA2").dropna(subset=[gene])
    time, event, entry = ("os_days", "os_event", "seq_day") if linear else ("time", "event", "entry")
    outcome = {"entry": table[entry], "strata": table["origin"]}
    fit = fit_cox(table[gene], table[time], table[event], **outcome)
    scan = scan_cox(build_risk_sets(table[time], table[event], **outcome), table[[gene]].to_numpy().T.astype(np.int8))
    assert fit.status == "monotone"
    assert scan.status[0] == "monotone_minus"
    for found in (fit.loglik_null, scan.loglik_null[0]):
        close(found, expected["loglik0"], 1e-10)
    for found in (fit.loglik, scan.loglik[0]):
        close(found, expected["loglik1"], 1e-7)
    for found in (fit.score_chi2, scan.score_chi2[0]):
        close(found, expected["score_chisq"], 1e-9)
    assert np.isnan([fit.coef[0], fit.wald_p, scan.coef[0], scan.se[0]]).all()


def test_cause_specific_table__is_cox_with_the_other_cause_censored(reference):
    expected, seen = pd.read_csv(reference / "cox" / "cause_specific_cox.csv"), 0
    for (name, late), rows in expected.groupby(["id", "left_truncated"]):
        table = read_input(reference, "pbc_trial" if name.startswith("pbc") else "simA2")
        table = table.dropna(subset=rows["term"].tolist())
        cause = table["status" if name.startswith("pbc") else "comp"]
        fit = fit_cox(table[rows["term"]], table["time"], cause == 1, entry=table["entry"] if late else None)
        close(fit.coef, rows["coef"], 1e-9)
        close(fit.se, rows["se"], 1e-9)
        close(2 * stats.norm.sf(np.abs(fit.coef / fit.se)), rows["p"], 1e-9)
        seen += len(rows)
    assert seen == 12


def fine_gray_rows(time, cause) -> pd.DataFrame:
    """Patients with a competing event stay at risk, with the chance that they would not have been censored yet.

    One row per patient and, behind a competing event, per later event time: patient, start, stop, event, weight.
    """
    time, cause = np.asarray(time, dtype=float), np.asarray(cause)
    left = np.unique(time[cause == 0])  # censorings, after the events of the same day
    risk = np.array([(time > u).sum() + ((time == u) & (cause == 0)).sum() for u in left])
    lost = np.array([((time == u) & (cause == 0)).sum() for u in left])
    steps = np.append(1.0, np.cumprod(1 - lost / risk))

    def uncensored(t):
        return steps[np.searchsorted(left, t, side="left")]

    events = np.unique(time[cause == 1])
    parts = [
        pd.DataFrame({"patient": range(len(time)), "start": 0.0, "stop": time, "event": cause == 1, "weight": 1.0})
    ]
    for i in np.flatnonzero(cause == 2):
        later = events[events > time[i]]
        start = np.append(time[i], later)[: len(later)]
        weight = uncensored(later) / uncensored(time[i])
        parts.append(pd.DataFrame({"patient": i, "start": start, "stop": later, "event": False, "weight": weight}))
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return rows[rows["weight"] > 0]


def test_fine_gray_table__is_a_weighted_cox_model_of_start_stop_rows_with_clusters(reference):
    """The rows with delayed entry need truncation weights too, which nothing here computes."""
    expected, seen = pd.read_csv(reference / "cox" / "finegray_coxph.csv").query("not left_truncated"), 0
    for name, rows in expected.groupby("id"):
        table = read_input(reference, "pbc_trial" if name.startswith("pbc") else "simA2")
        table = table.dropna(subset=rows["term"].tolist()).reset_index(drop=True)
        long = fine_gray_rows(table["time"], table["status" if name.startswith("pbc") else "comp"])
        fit = fit_cox(
            table.loc[long["patient"], rows["term"]],
            long["stop"],
            long["event"],
            entry=long["start"],
            weights=long["weight"],
            cluster=long["patient"],
            ties="breslow",
        )
        close(fit.coef, rows["coef"], 1e-9)
        close(fit.se, rows["se"], 1e-9)
        close(fit.robust_se, rows["robust_se"], 1e-9)
        seen += len(rows)
    assert seen == 9


def test_cuminc_table__estimates_equal_cumulative_incidence(reference):
    """The variance of cmprsk is another estimator by design and is not compared."""
    expected, seen = pd.read_csv(reference / "aalen_johansen" / "cuminc.csv"), 0
    for (name, curve), rows in expected.groupby(["id", "curve"]):
        group, state = curve.split()
        if name == "simA2":
            table = read_input(reference, "simA2")
            table = table[table["origin"] == group]
            cause = table["comp"]
        else:
            table = read_input(reference, "pbc_trial")
            table = table[table[name.removeprefix("pbc.")].astype(str) == group[1:]]  # s1 = stage 1, t2 = treatment 2
            cause = table["status"]
        found = cumulative_incidence(table["time"], cause)
        at = incidence_at(found, rows["time"]).incidence
        known = rows["est"].notna().to_numpy()  # cmprsk stops at the end of follow-up
        ours = at[int(state) - 1] if int(state) <= len(at) else np.zeros(len(rows))
        close(ours[known], rows["est"][known], 1e-12)
        seen += len(rows)
    assert seen == 64


@pytest.mark.parametrize("name", GENE_SETS)
def test_gene_table__adjusted_p_values_equal_r(reference, name):
    """Each p column of ours, adjusted over the genes that have it, against R's columns of adjusted p-values."""
    rows, table, genes, entry = gene_set(reference, name)
    plain, strata = (
        build_risk_sets(table["time"], table["event"], entry=entry, strata=labels) for labels in (None, table["origin"])
    )
    covariates = table[["age"] if name == "simA1" else ["age", "sex", "stage"]].to_numpy(dtype=float)
    found = {"logrank_bh": scan_logrank(plain, genes).p, "logrank_strat_bh": scan_logrank(strata, genes).p}
    for tag, scan in (
        ("uni_efron", scan_cox(plain, genes)),
        ("uni_breslow", scan_cox(plain, genes, ties="breslow")),
        ("strat_efron", scan_cox(strata, genes)),
        ("adj_efron", scan_cox_adjusted(strata, genes, covariates)),
    ):
        found |= {f"{tag}_{test}_bh": getattr(scan, f"{test}_p") for test in ("wald", "lr", "score")}
    found |= {f"firth_{ties}_plr_bh": scan_firth(plain, genes, ties=ties).p for ties in ("efron", "breslow")}
    assert set(found) == {column for column in rows.columns if column.endswith("_bh")}
    for column, p in found.items():
        np.testing.assert_allclose(adjust_pvalues(p, method="bh"), rows[column], rtol=1e-7, atol=2e-8, err_msg=column)


def test_curve_table__cumulative_hazards_are_sums_over_the_curve(reference):
    seen = 0
    for rows, km in curves(reference, "km_curve"):
        close(np.cumsum(km.n_event / km.n_risk), rows["cumhaz"], 1e-12)
        close(np.sqrt(np.cumsum(km.n_event / km.n_risk**2)), rows["std_chaz"], 1e-12)
        some = km.survival > 0
        close(km.std_err[some] / km.survival[some], rows["std_err_log"][some], 1e-12)
        seen += len(rows)
    assert seen == 1614


def test_logrank_table__under_delayed_entry_is_the_score_test_of_the_exact_partial_likelihood(reference):
    table = pd.read_csv(reference / "logrank" / "logrank.csv").dropna(subset="coxph_exact_score")
    assert len(table) == 10
    close(table["chisq"], table["coxph_exact_score"], 1e-9)  # test_logrank compares ours with chisq


def test_permutation_table__one_sided_shares_and_variance_follow_from_the_residuals(reference):
    expected = pd.read_csv(reference / "perm_exact" / "perm_exact.csv")
    table = read_input(reference, "simA1")
    residuals = martingale_residuals(build_risk_sets(table["time"], table["event"] == 1))
    n = len(residuals)
    for m, rows in expected.groupby("m"):
        variance = (residuals**2).sum() / (n - 1) * m * (1 - m / n)  # residuals sum to 0
        close(np.full(len(rows), variance), rows["perm_var"], 1e-9)
        if math.comb(n, m) > 50_000:
            continue  # larger listings say nothing new
        sums = np.array([residuals[list(chosen)].sum() for chosen in itertools.combinations(range(n), m)])
        for row in rows.to_dict("records"):
            assert (sums >= row["U"] - 1e-9).mean() == pytest.approx(row["p_greater"], abs=1e-9)
            assert (sums <= row["U"] + 1e-9).mean() == pytest.approx(row["p_less"], abs=1e-9)


@pytest.mark.shared
def test_reference_tables__are_the_tables_that_r_wrote(reference: Path, shared: Path):
    """A copy that has been edited would test the program against itself."""
    names = {path.name: path for path in sorted((shared / "golden" / "expected").glob("*.csv"))}
    copies = [path for path in sorted(reference.glob("*/*.csv")) if path.name in names]
    assert len(copies) >= 18
    for copy in copies:
        original = names[copy.name].read_bytes()
        if copy.name == "firth.csv":  # without the rows of a data set that may not be copied
            original = b"".join(line for line in original.splitlines(keepends=True) if not line.startswith(b'"breast"'))
        assert copy.read_bytes() == original, copy.name
    for copy in sorted((reference / "inputs").glob("*.csv")):
        source = shared / "golden" / ("" if copy.name == "linear_syn34.csv" else "inputs") / copy.name
        assert copy.read_bytes() == source.read_bytes(), copy.name
