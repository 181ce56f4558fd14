"""What netgen's default and the asymptotic tests say of each simulated cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.cox import scan_cox
from netgen.association.estimates import REFINE_EVENTS, REFINE_P
from netgen.association.firth import scan_firth
from netgen.association.groups import GroupCounts, decide_status
from netgen.association.imbalance import check_imbalance
from netgen.association.logrank import scan_logrank
from netgen.association.permutation import MAX_DRAWS, MAX_EXACT, scan_permutation
from netgen.association.plan import ALPHA, SPARSE_EVENTS, choose_estimator, choose_min_altered, choose_mode
from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from benchmarks.calibration.scenarios import Batch

METHODS: Final = ("default", "permutation", "logrank", "wald", "lr", "firth")
ESTIMATES: Final = ("default", "firth", "cox")


def measure(batch: Batch, *, seed: int, max_exact: float = MAX_EXACT, max_draws: int = MAX_DRAWS) -> pd.DataFrame:
    """Return one row per cohort: p-values of ``METHODS``, estimates with limits, what the default was.

    Parameters
    ----------
    batch
        Cohorts.
    seed
        Of the permutations that are drawn.
    max_exact, max_draws
        As in ``scan_permutation``.

    Returns
    -------
    pd.DataFrame
        ``p_<method>``; ``coef_``, ``lo_`` and ``hi_<estimate>`` (log hazard ratio; an open limit is infinite, an
        infinite maximum-likelihood estimate too, its limits are missing); ``mode``, ``estimator``, ``p_method``;
        ``tested`` (a row of ``associations.tsv`` with a p-value); ``warned`` (W_CENSORING_IMBALANCE).

    Notes
    -----
    The default repeats the policy of ``family.plan_family`` and ``estimates.estimate_features`` for a family of one
    gene, on numbers that all cohorts get at once; ``tests/benchmarks`` compares it with these functions.
    """
    risk, genes = batch.risk, batch.genes
    cox, firth, logrank = scan_cox(risk, genes), scan_firth(risk, genes), scan_logrank(risk, genes)
    permuted = scan_permutation(risk, genes, seed=seed, max_exact=max_exact, max_draws=max_draws)
    half = normal_quantile(0.95) * cox.se
    table = pd.DataFrame(
        {
            "events_altered": cox.events_altered,
            "events_unaltered": cox.events - cox.events_altered,
            "mle_status": cox.status,
            "min_attainable_p": permuted.min_attainable_p,
            "p_permutation": permuted.p,
            "p_logrank": logrank.p,
            "p_wald": cox.wald_p,
            "p_lr": cox.lr_p,
            "p_firth": firth.p,
            "coef_cox": np.select(
                [cox.status == "monotone_plus", cox.status == "monotone_minus"], [np.inf, -np.inf], cox.coef
            ),
            "lo_cox": cox.coef - half,
            "hi_cox": cox.coef + half,
            "coef_firth": firth.coef,
            "lo_firth": np.where(firth.open_limit & np.isnan(firth.lo), -np.inf, firth.lo),
            "hi_firth": np.where(firth.open_limit & np.isnan(firth.hi), np.inf, firth.hi),
        }
    )
    table = pd.concat([table, pd.DataFrame([_default(row, batch.n) for row in table.itertuples(index=False)])], axis=1)
    table["tested"] &= _may_be_tested(batch, table)
    table["warned"] = _warned(batch, table)
    return table


def _default(row: object, n: int) -> dict[str, object]:
    """Estimator, p and limits that the policy takes for one cohort."""
    altered, unaltered = int(row.events_altered), int(row.events_unaltered)
    mode = choose_mode(n, altered + unaltered)
    estimator, p_method = choose_estimator(mode, np.array([altered]), np.array([unaltered]), adjusted=False)
    sparse = min(altered, unaltered) < SPARSE_EVENTS or (row.p_firth < REFINE_P and altered < REFINE_EVENTS)
    permute = p_method == "permutation" or (p_method == "permutation_or_penalised_lr" and sparse)
    p = row.p_permutation if permute else row.p_lr if estimator == "cox" else row.p_firth
    return {
        "mode": mode,
        "estimator": estimator,
        "p_method": "permutation" if permute else "lr" if estimator == "cox" else "penalised_lr",
        "tested": not (permute and row.min_attainable_p > ALPHA) and row.mle_status != "not_informative",
        "p_default": p,
        **{f"{name}_default": getattr(row, f"{name}_{estimator}") for name in ("coef", "lo", "hi")},
    }


def _may_be_tested(batch: Batch, table: pd.DataFrame) -> np.ndarray:
    """Whether the minimum rules allow a test."""
    n_altered = (batch.genes == 1).sum(axis=1)
    n_profiled = np.full(len(table), batch.n)
    years = np.zeros(len(table))  # have no part in the rules
    counts = GroupCounts(
        n_profiled=n_profiled,
        n_altered=n_altered,
        events_altered=table["events_altered"].to_numpy(),
        events_unaltered=table["events_unaltered"].to_numpy(),
        years_altered=years,
        years_unaltered=years,
    )
    least = {mode: decide_status(counts, choose_min_altered(mode, batch.n)) == "tested" for mode in ("small", "large")}
    return np.where(table["mode"] == "small", least["small"], least["large"])


def _warned(batch: Batch, table: pd.DataFrame) -> np.ndarray:
    """Whether the row of ``associations.tsv`` would bear W_CENSORING_IMBALANCE (``family._imbalanced``)."""
    risk, out = batch.risk, np.zeros(len(table), dtype=bool)
    permuted = table["p_method"] == "permutation"
    wanted = table["tested"] & (permuted | batch.delayed)
    wanted &= (table["mode"] == "small") | (table["p_default"] < ALPHA)
    for s in np.flatnonzero(wanted):
        use = slice(s * batch.n, (s + 1) * batch.n)
        found = check_imbalance(
            risk.time[use],
            risk.event[use],
            batch.genes[s, use] == 1,
            entry=risk.entry[use] if batch.delayed else None,
            strata=risk.stratum[use],
        )
        out[s] = found.imbalanced if permuted[s] else found.p_entry < 0.1
    return out
