"""The calibration study: its default is that of the program, its rates are those of a loop over public functions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.calibration.measure import measure
from benchmarks.calibration.page import write_page
from benchmarks.calibration.scenarios import SCENARIOS, simulate
from benchmarks.calibration.study import Cell, is_above, is_below, list_cells, run_cell, summarise
from netgen.association.analysis_set import AnalysisSet
from netgen.association.cox_model import fit_cox
from netgen.association.family import analyse_family
from netgen.association.firth_model import fit_firth
from netgen.association.logrank import logrank_test
from netgen.association.permutation import martingale_residuals, permutation_logrank
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed
from netgen.study import AssociationSettings

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def cohorts(batch):
    """Arrays of each cohort of a batch: time, event, entry or None, stratum, altered."""
    for s in range(len(batch.genes)):
        use = slice(s * batch.n, (s + 1) * batch.n)
        entry = batch.risk.entry[use] if batch.delayed else None
        yield batch.risk.time[use], batch.risk.event[use], entry, batch.risk.stratum[use], batch.genes[s, use] == 1


def as_analysis(time, event, entry, stratum, altered):
    several = len(np.unique(stratum)) > 1
    return AnalysisSet(
        patient_id=pd.Index([f"P{i:04d}" for i in range(len(time))], dtype="string"),
        time=time,
        event=event,
        entry=entry,
        strata=stratum.astype(str) if several else None,
        strata_name="site" if several else "none",
        origin=None,
        covariates=None,
        genes=altered[None, :].astype(np.int8),
        features=pd.Index(["G1"], dtype="string"),
        feature_type="altered",
        endpoint="os",
        line=None,
        origin_time="dx",
        entry_rule="none" if entry is None else "custom",
        excluded=pd.DataFrame({"patient_id": [], "endpoint": [], "reason": []}, dtype="string"),
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_simulate__cohorts_are_as_designed(scenario):
    batch = simulate(scenario, n=20, n_altered=4, log_hr=0.0, n_sets=3, rng=np.random.default_rng(1))
    assert batch.genes.shape == (3, 60)
    assert ((batch.genes == 1).sum(axis=1) == 4).all()
    assert ((batch.genes >= 0).sum(axis=1) == 20).all()
    assert (batch.risk.entry < batch.risk.time).all()
    assert batch.delayed == np.isfinite(batch.risk.entry).any()
    assert batch.risk.n_strata == (9 if scenario.strata else 3)
    assert scenario.fair == (scenario.name in {"plain", "ties", "entry", "strata", "all"})


def test_simulate__hazard_ratio_is_that_asked_for():
    """2,000 altered of 4,000: the standard error of the log hazard ratio is about 0.04."""
    batch = simulate(BY_NAME["all"], n=4000, n_altered=2000, log_hr=1.0, n_sets=1, rng=np.random.default_rng(2))
    (time, event, entry, stratum, altered) = next(cohorts(batch))
    fit = fit_cox(altered[:, None].astype(float), time, event, entry=entry, strata=stratum)
    assert fit.coef[0] == pytest.approx(1.0, abs=4 * fit.se[0])


@pytest.mark.parametrize(
    ("scenario", "n", "n_altered", "hr"),
    [("all", 34, 5, 4), ("censored later", 34, 3, 1), ("entering later", 34, 10, 1), ("strata", 130, 8, 3),
     ("plain", 130, 40, 2), ("entry", 160, 20, 4)],
)  # fmt: skip
def test_measure__default_is_what_the_program_prints(scenario, n, n_altered, hr):
    for number in range(2):
        rng = np.random.default_rng(derive_seed(f"{scenario}:{n}:{number}"))
        batch = simulate(BY_NAME[scenario], n=n, n_altered=n_altered, log_hr=np.log(hr), n_sets=1, rng=rng)
        settings = AssociationSettings(permutations=500)
        seed = derive_seed("permutation:os", master=settings.seed)
        ours = measure(batch, seed=seed, max_draws=500).iloc[0]
        family = analyse_family(as_analysis(*next(cohorts(batch))), settings)
        row = family.rows.iloc[0]
        assert (family.plan.mode, row["estimator"]) == (ours["mode"], ours["estimator"])
        assert (row["status"] == "tested") == ours["tested"]
        if not ours["tested"]:
            continue
        assert row["p_primary"] == pytest.approx(ours["p_default"], abs=1e-12)
        assert row["p_logrank_asymptotic"] == pytest.approx(ours["p_logrank"], abs=1e-12)
        limits = np.log([row["hr"], row["hr_lo"], row["hr_hi"]])
        np.testing.assert_allclose(limits, ours[["coef_default", "lo_default", "hi_default"]].astype(float), atol=1e-9)
        assert {"exact": "permutation", "monte_carlo": "permutation"}.get(row["p_method"], row["p_method"]) == ours[
            "p_method"
        ]
        assert ("W_CENSORING_IMBALANCE" in row["warnings"]) == ours["warned"]


def test_summarise__rejections_are_those_of_a_loop_over_cohorts():
    cell = Cell(scenario=BY_NAME["all"], n=34, n_altered=10, hr=4.0, n_sets=30)
    table = run_cell(cell)
    rates = summarise(cell, table)
    name = "calibration:all:34:10:4"
    batches = []
    for first, n_sets in ((0, 25), (25, 5)):
        rng = np.random.default_rng(derive_seed(f"{name}:{first}"))
        batches.append(simulate(cell.scenario, n=34, n_altered=10, log_hr=np.log(4), n_sets=n_sets, rng=rng))
    count = dict.fromkeys(["logrank", "lr", "wald", "permutation", "firth", "covered"], 0)
    for time, event, entry, stratum, altered in (cohort for batch in batches for cohort in cohorts(batch)):
        x = altered[:, None].astype(float)
        cox = fit_cox(x, time, event, entry=entry, strata=stratum)
        firth = fit_firth(x, time, event, entry=entry, strata=stratum)
        residuals = martingale_residuals(build_risk_sets(time, event, entry=entry, strata=stratum))
        count["logrank"] += logrank_test(time, event, altered, entry=entry, strata=stratum).p <= 0.05
        count["lr"] += cox.lr_p <= 0.05
        count["wald"] += cox.wald_p <= 0.05
        count["permutation"] += permutation_logrank(residuals, altered, stratum, seed=1).p <= 0.05
        count["firth"] += firth.p[0] <= 0.05
        count["covered"] += firth.lo[0] <= np.log(4) <= firth.hi[0]
    assert rates["tested"] == 30
    assert 0 < count["permutation"] < 30
    for method in ("logrank", "lr", "wald", "permutation", "firth"):
        assert rates[f"rate_{method}_0.05"] * 30 == pytest.approx(count[method])
    assert rates["cover_firth"] * 30 == pytest.approx(count["covered"])
    assert rates["rate_default_0.05"] == rates["rate_permutation_0.05"]


def test_summarise__by_hand():
    """Four cohorts, one not tested; an infinite estimate leaves the Wald coverage and moves the median."""
    table = pd.DataFrame(
        {
            "tested": [True, True, True, False],
            "mode": "small",
            "p_method": "permutation",
            "warned": [True, False, False, False],
            "events_altered": [1, 2, 3, 4],
            "events_unaltered": 10,
            **{f"p_{name}": [0.05, 0.004, 0.5, 0.0] for name in ("default", "permutation", "logrank", "lr", "firth")},
            "p_wald": [0.05, np.nan, 0.5, 0.0],
            **{f"coef_{name}": [0.5, 2.0, -0.5, 9.0] for name in ("default", "firth")},
            **{f"lo_{name}": [0.1, 0.5, -1.0, 8.0] for name in ("default", "firth")},
            **{f"hi_{name}": [1.0, np.inf, 1.0, 9.5] for name in ("default", "firth")},
            "coef_cox": [0.5, np.inf, -0.5, 9.0],
            "lo_cox": [-0.1, np.nan, -1.0, 8.0],
            "hi_cox": [1.0, np.nan, 1.0, 9.5],
        }
    )
    cell = Cell(scenario=BY_NAME["plain"], n=34, n_altered=5, hr=1.0, n_sets=4)
    rates = summarise(cell, table)
    assert (rates["sets"], rates["tested"], rates["events"]) == (4, 3, 12.5)
    assert (rates["rate_default_0.05"], rates["rate_default_0.01"]) == pytest.approx((2 / 3, 1 / 3))
    assert rates["rate_wald_0.05"] == pytest.approx(1 / 3)
    assert (rates["cover_firth"], rates["cover_cox"], rates["n_cover_cox"]) == pytest.approx((1 / 3, 1.0, 2))
    assert (rates["bias_firth"], rates["bias_cox"], rates["infinite"]) == pytest.approx((0.5, 0.5, 1 / 3))
    assert (rates["warned"], rates["calm"], rates["rate_calm_0.05"]) == pytest.approx((1 / 3, 2, 0.5))


def test_is_above__binomial_by_hand():
    """P(X >= 8 of 10 at 0.1) = 3.7e-7; P(X >= 2) = 0.26; P(X = 0 of 100 at 0.1) = 2.7e-5."""
    assert is_above(0.8, 10, 0.1)
    assert not is_above(0.2, 10, 0.1)
    assert is_below(0.0, 100, 0.1)
    assert not is_below(0.08, 100, 0.1)


def test_list_cells__every_scenario_at_every_size():
    cells = list_cells(scale=0.01)
    assert {(cell.scenario.name, cell.n) for cell in cells} == {(s.name, n) for s in SCENARIOS for n in (34, 100, 1000)}
    assert min(cell.n_sets for cell in cells) == 20
    assert all(cell.n_sets >= 2000 for cell in list_cells() if cell.n == 34 and cell.hr == 1)


def test_write_page__reads_the_rates(tmp_path):
    """A default far above its level and an interval that does not cover are said, with the reason."""
    cells = [
        Cell(scenario=BY_NAME[name], n=34, n_altered=5, hr=hr, n_sets=20)
        for name in ("plain", "censored later")
        for hr in (1.0, 2.0)
    ]
    rates = pd.DataFrame([summarise(cell, run_cell(cell)) for cell in cells])
    rates.loc[2, ["tested", "rate_default_0.05"]] = [1000, 0.2]
    rates.loc[1, ["cover_firth", "n_cover_firth"]] = [0.5, 1000]
    write_page(rates, tmp_path / "calibration.md", seed=1)
    text = (tmp_path / "calibration.md").read_text()
    assert "**Above nominal beyond Monte-Carlo error**: altered followed longer, 5 of 34 altered (0.200" in text
    assert "relabelings are equally likely only if" in text
    assert "whole days, one stratum, 5 of 34 altered: 0.5" in text
    assert text.count("| 34 | whole days, one stratum | 5 | 2 |") == 2
