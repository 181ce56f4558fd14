"""Dependence of survival on entry: pairs one by one, R ``concordance`` and ``coxph``, and what a reader is told."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from netgen.association.conditional_tau import bootstrap_se, count_below, count_pairs
from netgen.association.cox_model import fit_cox
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.truncation import (
    BOOTSTRAP_PATIENTS,
    TRUNCATION_COLUMNS,
    check_truncation,
    tabulate_truncation,
    warn_dependent,
)
from netgen.errors import Findings
from tests.association.linear_set import read_linear


@pytest.fixture(scope="module")
def golden(reference):
    table = read_linear(reference)
    return {
        "time": table["os_days"].to_numpy(float),
        "event": table["os_event"].to_numpy() == 1,
        "entry": table["seq_day"].to_numpy(float),
    }


def pairs_one_by_one(time, event, entry, strata):
    """(pairs, score) of every patient, from the definition."""
    n = len(time)
    pairs, score = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    for i in range(n):
        for j in range(i + 1, n):
            if strata[i] != strata[j] or not max(entry[i], entry[j]) < min(time[i], time[j]):
                continue
            first, last = sorted((i, j), key=lambda who: (time[who], not event[who]))
            if not event[first]:
                continue
            tied = time[i] == time[j] and event[i] and event[j]
            sign = 0 if tied else int(np.sign(entry[last] - entry[first]))
            pairs[[i, j]] += 1
            score[[i, j]] += sign
    return pairs, score


def random_cohort(rng, n, *, days=12):
    entry = rng.integers(0, days, n).astype(float)
    return {"time": entry + rng.integers(1, days, n), "event": rng.random(n) < 0.6, "entry": entry}


def independent_cohort(rng, n):
    """Entry and survival drawn independently; who does not live to enter is never seen."""
    entry, survival = np.ceil(rng.exponential(150, 5 * n)), np.ceil(rng.exponential(900, 5 * n))
    seen = np.flatnonzero(entry < survival)[:n]
    entry, survival = entry[seen], survival[seen]
    censoring = entry + np.ceil(rng.exponential(1500, n))
    return {"time": np.minimum(survival, censoring), "event": survival <= censoring, "entry": entry}


def informative_cohort(rng, n):
    """Everybody is sequenced some days before death."""
    survival = np.ceil(rng.exponential(900, n)) + 60
    return {"time": survival, "event": np.ones(n, dtype=bool), "entry": survival - rng.integers(20, 60, n)}


def test_check_truncation__golden_cohort(golden):
    """DOMAIN, SC31; the coefficient and its standard error with all digits from R 4.2.2, survival 3.5-3."""
    check = check_truncation(**golden, seed=1)
    pairs = count_pairs(**golden)
    assert (pairs.total, pairs.n_pairs) == (-71, 295)
    assert (check.tau, check.n_pairs) == (pytest.approx(-71 / 295, abs=1e-12), 295)
    assert (check.entry_coef, check.entry_se) == pytest.approx((0.0969300918166, 0.0542717978304), rel=1e-9)
    assert check.entry_p == pytest.approx(0.0740972864586, rel=1e-8)
    assert (check.n, check.n_late, check.n_without_entry, check.n_bootstrap) == (34, 34, 0, 1000)
    assert check.dependent
    assert check.note == ""


@pytest.mark.parametrize(
    ("strata", "concordant", "discordant", "tied", "coef", "se"),
    [
        (None, 1000, 2182, 3919 + 17 + 22, -0.0273511183548, 0.0599232835738),
        ("celltype", 273, 577, 1011 + 5 + 6, -0.0101104051594, 0.0641393970633),
    ],
)
def test_check_truncation__pairs_and_slope_equal_r(reference, strata, concordant, discordant, tied, coef, se):
    """R 4.2.2, survival 3.5-3: ``concordance(Surv(entry, time, status) ~ entry)`` and ``coxph`` of entry / 30.4375."""
    table = pd.read_csv(reference / "inputs" / "veteran_lt.csv")
    check = check_truncation(
        table["time"],
        table["status"] == 1,
        table["entry"],
        strata=None if strata is None else table[strata],
        seed=1,
        n_bootstrap=0,
    )
    assert check.n_pairs == concordant + discordant + tied
    assert check.tau == pytest.approx((concordant - discordant) / (concordant + discordant + tied), abs=1e-12)
    assert (check.entry_coef, check.entry_se) == pytest.approx((coef, se), rel=1e-7)
    assert check.n_late == (table["entry"] > 0).sum()


def test_count_pairs__equals_pairs_one_by_one():
    rng = np.random.default_rng(5)
    for _ in range(150):
        n = int(rng.integers(1, 25))
        cohort, strata = random_cohort(rng, n), rng.integers(0, 3, n)
        for labels in (strata, np.zeros(n)):
            found = count_pairs(**cohort, strata=labels)
            pairs, score = pairs_one_by_one(*cohort.values(), labels)
            assert found.pairs.tolist() == pairs.tolist()
            assert found.score.tolist() == score.tolist()
            assert (found.n_pairs, found.total) == (pairs.sum() / 2, score.sum() / 2)


def test_count_below__equals_counting():
    rng = np.random.default_rng(6)
    for n in (0, 1, 7, 40):
        x, y = rng.integers(0, 9, n), rng.integers(0, 16, n)
        at_x, at_y = rng.integers(0, 12, 30), rng.integers(0, 18, 30)
        expected = [int(((x < a) & (y < b)).sum()) for a, b in zip(at_x, at_y, strict=True)]
        assert count_below(x, y, at_x, at_y).tolist() == expected


def test_bootstrap_se__equals_resampling_the_pairs(golden):
    """Another generator and the definition: 2,000 resamples without the pairs of a patient with a copy of itself."""
    rng = np.random.default_rng(123)
    n = len(golden["time"])
    comparable, sign = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j:
                both = [values[[i, j]] for values in golden.values()]
                (pairs, _), (score, _) = pairs_one_by_one(*both, [0, 0])
                comparable[i, j], sign[i, j] = pairs, score
    draws = rng.integers(0, n, (2000, n))
    taus = [sign[np.ix_(rows, rows)].sum() / comparable[np.ix_(rows, rows)].sum() for rows in draws]
    se, used = bootstrap_se(**golden, seed=9, draws=2000)
    assert used == 2000
    assert se == pytest.approx(np.std(taus), rel=0.06)  # each has a relative error of 1/sqrt(4000) = 0.016


def test_jackknife_se__is_what_the_bootstrap_comes_to():
    cohort = independent_cohort(np.random.default_rng(8), 800)
    se, _ = bootstrap_se(**cohort, seed=3, draws=2000)
    assert count_pairs(**cohort).jackknife_se == pytest.approx(se, rel=0.06)


def test_jackknife_se__is_the_root_of_the_squared_derivatives():
    """Give each patient a little more weight and see how tau changes."""
    cohort = random_cohort(np.random.default_rng(4), 20)
    n, step, derivatives = 20, 1e-6, []
    pairs = np.zeros((n, n, 2))
    for i in range(n):
        for j in range(n):
            if i != j:
                both = [values[[i, j]] for values in cohort.values()]
                pairs[i, j] = [values[0] for values in pairs_one_by_one(*both, [0, 0])]
    for i in range(n):
        weight = 1 + step * (np.arange(n) == i)
        comparable, score = np.einsum("ijk,i,j->k", pairs, weight, weight)
        derivatives.append((score / comparable - count_pairs(**cohort).tau) / step)
    expected = math.sqrt((np.array(derivatives) ** 2).sum())
    assert count_pairs(**cohort).jackknife_se == pytest.approx(expected, rel=1e-4)


def test_check_truncation__does_not_depend_on_row_order(golden, reference):
    origin = read_linear(reference)["origin"].to_numpy(dtype=str)
    order = np.random.default_rng(2).permutation(34)
    shuffled = {name: values[order] for name, values in golden.items()}
    assert check_truncation(**shuffled, seed=7) == check_truncation(**golden, seed=7)
    again = check_truncation(**shuffled, strata=origin[order], seed=7)
    assert again == check_truncation(**golden, strata=origin, seed=7)


def test_check_truncation__unit_of_time_is_no_matter(golden):
    days = check_truncation(**golden, seed=7)
    doubled = check_truncation(golden["time"] * 2, golden["event"], golden["entry"] * 2, seed=7)
    assert (doubled.tau, doubled.tau_p) == (days.tau, days.tau_p)
    assert doubled.entry_coef == pytest.approx(days.entry_coef / 2)
    assert doubled.entry_p == pytest.approx(days.entry_p)


def test_check_truncation__large_cohorts_take_the_jackknife():
    cohort = independent_cohort(np.random.default_rng(3), BOOTSTRAP_PATIENTS + 1)
    check = check_truncation(**cohort, seed=1)
    assert (check.n, check.n_bootstrap) == (BOOTSTRAP_PATIENTS + 1, 0)
    assert check.tau_se == pytest.approx(count_pairs(**cohort).jackknife_se, rel=1e-12)


def test_check_truncation__keeps_its_level_where_entry_is_independent():
    """Of 100 cohorts of 34 patients about 10 have p < 0.1; 2 to 19 with probability 0.998."""
    checks = [check_truncation(**independent_cohort(np.random.default_rng(s), 34), seed=s) for s in range(100)]
    assert 2 <= sum(check.tau_p < 0.1 for check in checks) <= 19
    assert 2 <= sum(check.entry_p < 0.1 for check in checks) <= 19


def test_check_truncation__sequencing_before_death_is_seen():
    check = check_truncation(**informative_cohort(np.random.default_rng(1), 60), seed=1)
    assert check.dependent
    assert check.tau > 0.2  # who is sequenced later has lived longer: neither is independent of the other
    findings = Findings()
    warn_dependent("os", check, findings=findings)
    [item] = list(findings)
    assert item.code == "W_DEPENDENT_TRUNCATION"
    assert "enter later live longer" in item.message


@pytest.mark.parametrize("name", ["tau_p", "entry_p"])
def test_check_truncation__either_p_is_enough(name):
    """Cohorts drawn until tau is small and just one of the two p-values is below 0.1."""
    other = {"tau_p": "entry_p", "entry_p": "tau_p"}[name]
    for seed in range(400):
        check = check_truncation(**independent_cohort(np.random.default_rng(seed), 80), seed=1, n_bootstrap=100)
        if abs(check.tau) <= 0.2 and getattr(check, name) < 0.1 <= getattr(check, other):
            assert check.dependent
            return
    pytest.fail("no cohort in which only one of the two tests is below 0.1")


def test_check_truncation__who_has_no_entry_time_has_no_part(golden):
    more = {
        name: np.append(values, extra)
        for (name, values), extra in zip(golden.items(), (5.0, True, -np.inf), strict=True)
    }
    check, alone = check_truncation(**more, seed=1), check_truncation(**golden, seed=1)
    assert (check.n, check.n_without_entry) == (34, 1)
    assert check.note == "1 without an entry time left out"
    assert dataclasses.replace(check, n_without_entry=0, note="") == alone


def test_check_truncation__nobody_late():
    check = check_truncation([5.0, 6, 7, 8], [True] * 4, [0.0] * 4, seed=1)
    assert (check.n_late, check.tau, check.dependent) == (0, 0, False)
    assert np.isnan([check.tau_p, check.entry_coef, check.entry_p]).all()
    assert "no hazard ratio" in check.note


@pytest.mark.parametrize(("n", "event"), [(0, True), (1, True), (5, False)])
def test_check_truncation__without_pairs_there_is_no_tau(n, event):
    check = check_truncation(np.arange(n) + 10.0, [event] * n, np.arange(n) * 1.0, seed=1)
    assert (check.n, check.n_pairs, check.dependent) == (n, 0, False)
    assert np.isnan([check.tau, check.tau_se, check.tau_lo, check.tau_p, check.entry_p]).all()
    assert "no tau" in check.note
    findings = Findings()
    warn_dependent("os", check, findings=findings)
    assert list(findings) == []


@pytest.mark.parametrize(("time", "entry"), [([np.nan, 5], [0, 0]), ([4, 5], [np.nan, 0]), ([4, 5], [4, 0])])
def test_check_truncation__refuses_what_is_in_no_risk_set(time, entry):
    with pytest.raises(ValueError, match="every entry before its exit"):
        check_truncation(time, [True, True], entry, seed=1)


def test_tabulate_truncation__one_row(golden):
    check = check_truncation(**golden, seed=1)
    row = tabulate_truncation("os", check)
    assert list(row.columns) == list(TRUNCATION_COLUMNS)
    assert len(row) == 1
    item = row.iloc[0]
    assert item["entry_hr_per_month"] == pytest.approx(math.exp(0.0969300918))
    # Wald limits from R: coefficient -+ 1.959964 standard errors
    limits = [math.exp(0.0969300918 + z * 1.959963985 * 0.0542717978) for z in (-1, 1)]
    assert item[["entry_lo", "entry_hi"]].tolist() == pytest.approx(limits)
    assert item["tau_hi"] - item["tau"] == pytest.approx(1.959963985 * check.tau_se)
    assert (item["endpoint"], item["n"], item["n_pairs"], bool(item["dependent"])) == ("os", 34, 295, True)


def test_warn_dependent__says_what_was_found(golden):
    findings = Findings()
    warn_dependent("os", check_truncation(**golden, seed=1), findings=findings)
    [item] = list(findings)
    assert item.code == "W_DEPENDENT_TRUNCATION"
    assert "os: patients who enter later live shorter" in item.message
    assert "tau -0.241 in 295 pairs" in item.message
    assert "1.102, p = 0.0741" in item.message


@pytest.mark.shared
def test_real_input__naive_and_entry_adjusted_survival_of_simulated_genie_bpc(shared):
    """207 index cancers of the simulated GENIE BPC NSCLC data, overall survival from diagnosis, entry at the report.

    R 4.2.2, survival 3.5-3: ``survfit`` (log-log), ``coxph`` of stage IV and of the entry time, ``concordance``.
    """
    folder = shared / "data" / "genie_bpc_simulated_nsclc"
    keys = ["record_id", "ca_seq"]
    cancers = pd.read_csv(folder / "ca_dx_index.tsv", sep="\t", low_memory=False)
    reports = pd.read_csv(folder / "cpt.tsv", sep="\t", low_memory=False)
    entry = reports.groupby(keys)["dx_cpt_rep_days"].min().clip(lower=0).rename("entry").reset_index()
    table = cancers.merge(entry, on=keys)
    time, event = table["tt_os_dx_days"].to_numpy(float), table["os_dx_status"].to_numpy() == 1
    start, stage = table["entry"].to_numpy(float), (table["stage_dx_iv"] == "Stage IV").to_numpy(float)
    seen = start < time
    assert (len(table), int(event.sum()), int((~seen).sum()), int(event[~seen].sum())) == (207, 93, 11, 6)
    assert survival_quantile(kaplan_meier(time, event)) == (1731, 1272, 2299)
    late = kaplan_meier(time[seen], event[seen], entry=start[seen])
    assert survival_quantile(late) == (1231, 924, 1551)
    naive = fit_cox(stage, time, event)
    adjusted = fit_cox(stage[seen], time[seen], event[seen], entry=start[seen])
    assert (naive.coef[0], naive.se[0]) == pytest.approx((0.774108945032, 0.219258749609), abs=1e-8)
    assert (adjusted.coef[0], adjusted.se[0]) == pytest.approx((0.906190691212, 0.227922674785), abs=1e-8)
    check = check_truncation(time[seen], event[seen], start[seen], seed=1)
    assert check.tau == pytest.approx((2621 - 5025) / (2621 + 5025 + 23), abs=1e-12)
    assert (check.entry_coef, check.entry_p) == pytest.approx((0.054777885, 1.5153442e-05), rel=1e-6)
    assert check.dependent
