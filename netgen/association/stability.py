"""Stability selection by complementary pairs: what does a penalised Cox model select again and again.

The patients are split into two halves, many times, and the lasso selects in every half. What matters is in how many
halves a term is selected, for that bounds how many terms are selected by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.penalised_cv import assign_folds
from netgen.association.penalised_tables import list_records
from netgen.association.stability_halves import Halves, select_at, select_first
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.riskset import RiskSets
    from netgen.errors import Findings

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MIN_EVENTS_HALF: Final = 8  # fewer events in a half: W_STABILITY_UNRELIABLE
SEED_TASK: Final = "stability"  # name from which the seed of the halves is derived


@dataclass(frozen=True, kw_only=True)
class StabilitySelection:
    """How often each penalised term was selected, and what that bounds.

    Attributes
    ----------
    table
        One row per penalised term, most often selected first, then by name: term, probability (share of the halves
        that select it), probability_both (share of the pairs in which both halves select it), share_eligible (share of
        the halves with enough altered patients), selected, n_altered (NA if the column is not 0/1).
    settings
        Options as used, with n_terms, q_mean, expected_false_max, expected_false_max_unimodal (NaN where its
        conditions fail), min_events_half, n_halves_failed and why.
    reliable
        False if a half has fewer than 8 events.
    notes
        What a reader must know beside the numbers, one sentence each.
    """

    table: pd.DataFrame
    settings: dict[str, Any]
    reliable: bool
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the selection in types that JSON knows; missing is None.

        Returns
        -------
        dict[str, Any]
            Keys as the attributes, the table as a list of rows.
        """
        return {
            "table": list_records(self.table),
            "settings": {name: None if value != value else value for name, value in self.settings.items()},  # noqa: PLR0124
            "reliable": self.reliable,
            "notes": list(self.notes),
        }


def select_stably(
    X: ArrayLike,
    risk: RiskSets,
    *,
    terms: Sequence[str] | None = None,
    penalty_factor: ArrayLike | None = None,
    stratum_labels: ArrayLike | None = None,
    alpha: float = 1.0,
    n_pairs: int = 50,
    threshold: float = 0.75,
    q: int | None = None,
    lam: float | None = None,
    min_altered: int = 0,
    standardize: bool = False,
    ties: Ties = "breslow",
    threads: int = 1,
    seed: int,
    findings: Findings | None = None,
) -> StabilitySelection:
    """Return in what share of random half-samples each penalised term is selected.

    Nothing may be missing in ``X``. A half that cannot be fitted selects nothing; it is counted, with the reason.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``, sorted by patient: the halves depend on the order of rows.
    risk
        Risk sets of the n patients.
    terms
        Names of the columns; None = those of a DataFrame, else ``x1`` .. ``xp``.
    penalty_factor
        (p,) multipliers of the penalty, rescaled as in ``fit_coxnet``; 0 = always in the model, and not selected.
    stratum_labels
        (n,) labels, for example origins, to spread evenly over halves, together with events. None = the strata of
        ``risk``. Their names do not matter.
    alpha
        Mixing: 1 lasso; a ridge (0) selects nothing.
    n_pairs
        Complementary pairs B; there are 2 B halves.
    threshold
        Share of halves from which a term counts as selected; above 0.5.
    q
        Terms that a half may select. None = floor(sqrt((2 threshold - 1) p)) for p penalised terms, at least 1: at most
        one false selection is expected.
    lam
        The penalty of all halves, instead of ``q``.
    min_altered
        Penalised columns, which must be 0/1 then, with fewer ones or fewer zeros than this in a half are not selected
        there. 0 = all columns can be.
    standardize
        As in ``fit_coxnet``, by the half.
    ties
        As in ``fit_coxnet``.
    threads
        Workers; the result does not depend on it.
    seed
        Master seed; that of the halves is derived by ``SEED_TASK``.
    findings
        Collects W_STABILITY_UNRELIABLE; None = the notes alone tell it.

    Returns
    -------
    StabilitySelection
        Probabilities, bounds on the number of false selections, settings.

    Raises
    ------
    ValueError
        If alpha, threshold, q, lam or the names are not possible, both q and lam are given, nothing is penalised, or
        ``fit_coxnet`` finds fault with its arguments.

    Notes
    -----
    1. Halves: patients are dealt out within cells of label and event, so that a cell's halves differ by one at most.
    2. A half goes down its penalties until q terms are in the model, and selects these; if one step brings in more, it
       selects those of the step before. So no half selects more than q.
    3. Expected false selections E[V] <= q^2 / ((2 threshold - 1) p), q = mean number selected, over halves as drawn
       (Meinshausen & Buhlmann: noise terms exchangeable, selection not worse than guessing; Shah & Samworth, theorem
       1: no assumption, V = selected terms whose chance in one half is at most q/p). If the share of pairs that select
       such a term has a unimodal distribution, their theorem 2 about halves the bound.
    4. Witness: a loop over halves with ``fit_coxnet`` (``tests/association``).

    References
    ----------
    Meinshausen, Buhlmann, JRSS B 72:417, 2010; Shah, Samworth, JRSS B 75:55, 2013; Hofner, Boccuto, Goker, BMC
    Bioinformatics 16:144, 2015 (q from the threshold).
    """
    matrix = np.asarray(X, dtype=np.float64)
    names = _names(X, terms, matrix)
    factor = _factor(penalty_factor, matrix, risk)
    penalised = factor > 0
    q = _check(penalised, alpha, threshold, q, lam, n_pairs)
    halves = Halves(
        X=matrix,
        risk=risk,
        rows=draw_halves(risk.stratum if stratum_labels is None else stratum_labels, risk.event, n_pairs, seed),
        factor=factor * (len(factor) / factor.sum()),
        alpha=alpha,
        min_altered=min_altered,
        standardize=standardize,
        ties=ties,
        threads=threads,
    )
    chosen, failures = select_first(halves, q) if lam is None else select_at(halves, lam)
    table = _tabulate(halves, chosen, names, threshold)
    settings = {
        "n_pairs": n_pairs, "threshold": threshold, "alpha": alpha, "q": None if lam is not None else q, "lambda": lam,
        "min_altered": min_altered, "standardize": standardize, "ties": ties, "seed": seed, "seed_task": SEED_TASK,
        **_summarize(halves, chosen, failures, threshold),
    }  # fmt: skip
    return StabilitySelection(
        table=table,
        settings=settings,
        reliable=settings["min_events_half"] >= MIN_EVENTS_HALF,
        notes=tuple(_note(table, settings, findings)),
    )


def draw_halves(stratum: ArrayLike, event: ArrayLike, n_pairs: int, seed: int) -> Flags:
    """Return complementary random halves in which strata and events are spread evenly.

    Parameters
    ----------
    stratum
        (n,) labels; only who shares one matters.
    event
        (n,) True if the event happened.
    n_pairs
        Number of pairs.
    seed
        Master seed.

    Returns
    -------
    NDArray[np.bool_]
        (2 n_pairs, n) True for the patients of a half; halves 2 k and 2 k + 1 make a pair.
    """
    codes, _ = pd.factorize(np.asarray(stratum))  # numbered as they appear, whatever they are called
    folds = assign_folds(codes, event, n_folds=2, n_repeats=n_pairs, seed=derive_seed(SEED_TASK, master=seed))
    return np.stack([folds == 0, folds == 1], axis=1).reshape(2 * n_pairs, len(codes))


def bound_false(q: float, n_terms: int, threshold: float) -> float:
    """Return the bound of the expected number of false selections.

    Parameters
    ----------
    q
        Mean number of terms that a half selects.
    n_terms
        Terms that can be selected.
    threshold
        Share of halves from which a term counts as selected.

    Returns
    -------
    float
        q^2 / ((2 threshold - 1) n_terms); Meinshausen & Buhlmann, theorem 1.
    """
    return q * q / ((2 * threshold - 1) * n_terms)


def bound_false_unimodal(q: float, n_terms: int, threshold: float, n_pairs: int) -> float:
    """Return the bound of the expected number of false selections if selection proportions are unimodal.

    Parameters
    ----------
    q
        Mean number of terms that a half selects.
    n_terms
        Terms that can be selected.
    threshold
        Share of halves from which a term counts as selected.
    n_pairs
        Number of complementary pairs.

    Returns
    -------
    float
        Shah & Samworth, theorem 2 (their C(tau, B) times q^2 / n_terms); NaN where it does not hold: q above
        n_terms / sqrt(3), or a threshold too close to 1/2.
    """
    tau, theta = np.ceil(2 * n_pairs * threshold - 1e-9) / (2 * n_pairs), q / n_terms  # the next share that occurs
    lowest = max(0.5 + 1 / n_pairs - 1e-9, min(0.5 + theta**2, 0.5 + 1 / (2 * n_pairs) + 0.75 * theta**2))
    if theta > 1 / np.sqrt(3) or tau <= lowest:
        return float("nan")
    if tau <= 0.75:
        return float(q * theta / (2 * (2 * tau - 1 - 1 / (2 * n_pairs))))
    return float(q * theta * 4 * (1 - tau + 1 / (2 * n_pairs)) / (1 + 1 / n_pairs))


def _names(X: ArrayLike, terms: Sequence[str] | None, matrix: Floats) -> list[str]:
    """Names of the columns."""
    if matrix.ndim != 2:
        raise ValueError(f"X must have two axes, found shape {matrix.shape}")
    if terms is None:
        terms = [str(name) for name in X.columns] if isinstance(X, pd.DataFrame) else None
    names = [f"x{j + 1}" for j in range(matrix.shape[1])] if terms is None else list(terms)
    if len(names) != matrix.shape[1] or len(set(names)) != len(names):
        raise ValueError(f"terms must hold {matrix.shape[1]} different names, found {len(set(names))}")
    return names


def _factor(penalty_factor: ArrayLike | None, matrix: Floats, risk: RiskSets) -> Floats:
    """Penalty factors; every half would raise the same errors, if a column is in it."""
    if len(matrix) != len(risk.time) or not np.isfinite(matrix).all():
        raise ValueError(f"X must hold finite numbers, one row per patient ({len(risk.time)} x {matrix.shape[1]})")
    factor = np.ones(matrix.shape[1]) if penalty_factor is None else np.asarray(penalty_factor, dtype=np.float64)
    if factor.shape != (matrix.shape[1],) or not np.isfinite(factor).all() or (factor < 0).any():
        raise ValueError("penalty_factor must hold one finite number >= 0 per column")
    return factor


def _check(penalised: Flags, alpha: float, threshold: float, q: int | None, lam: float | None, n_pairs: int) -> int:
    """Return the number of terms a half may select, or raise ValueError."""
    n_terms = int(penalised.sum())
    if n_terms == 0:
        raise ValueError("nothing is penalised, so nothing can be selected")
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must be above 0 (a ridge selects nothing) and at most 1, found {alpha}")
    if not 0.5 < threshold <= 1:
        raise ValueError(f"threshold must be above 0.5 and at most 1, found {threshold}")
    if n_pairs < 1:
        raise ValueError(f"n_pairs must be at least 1, found {n_pairs}")
    if q is not None and lam is not None:
        raise ValueError("give q or lam, not both")
    if lam is not None and not lam > 0:
        raise ValueError(f"lam must be above 0, found {lam}")
    if q is not None and not 1 <= q <= n_terms:
        raise ValueError(f"q must be between 1 and the {n_terms} penalised terms, found {q}")
    return q or max(1, int(np.floor(np.sqrt((2 * threshold - 1) * n_terms) + 1e-9)))


def _tabulate(halves: Halves, chosen: Flags, names: list[str], threshold: float) -> pd.DataFrame:
    """Shares of halves and pairs of the penalised terms, most often selected first."""
    X, share = halves.X, chosen.mean(axis=0)
    n_altered = np.where(np.isin(X, (0, 1)).all(axis=0), X.sum(axis=0), np.nan)
    table = pd.DataFrame(
        {
            "term": pd.array(names, dtype="string"),
            "probability": share,
            "probability_both": (chosen[0::2] & chosen[1::2]).mean(axis=0),
            "share_eligible": halves.kept.mean(axis=0),
            "selected": share >= threshold - 1e-9,
            "n_altered": pd.array(n_altered, dtype="Float64").astype("Int64"),
        }
    )[halves.factor > 0]
    return table.sort_values(["probability", "term"], ascending=[False, True], ignore_index=True)


def _summarize(halves: Halves, chosen: Flags, failures: dict[int, str], threshold: float) -> dict[str, Any]:
    """Say how many terms a half selects, what that bounds, and how many events and failures there were."""
    q_mean, n_terms = float(chosen.sum(axis=1).mean()), int(np.count_nonzero(halves.factor))
    reasons = list(failures.values())
    return {
        "q_mean": q_mean,
        "n_terms": n_terms,
        "expected_false_max": bound_false(q_mean, n_terms, threshold),
        "expected_false_max_unimodal": bound_false_unimodal(q_mean, n_terms, threshold, len(chosen) // 2),
        "min_events_half": int((halves.rows & halves.risk.event).sum(axis=1).min()),
        "n_halves_failed": len(failures),
        "failures": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
    }


def _note(table: pd.DataFrame, settings: dict[str, Any], findings: Findings | None) -> list[str]:
    """Say what the bound is, and what makes the result doubtful."""
    p, threshold, bound = settings["n_terms"], settings["threshold"], settings["expected_false_max"]
    text = (
        f"A half selects {settings['q_mean']:.2f} of {p} terms on average; with the threshold {threshold:g} at most "
        f"{bound:.2f} terms are expected to be selected falsely."
    )
    notes = [text]
    if settings["min_events_half"] < MIN_EVENTS_HALF:
        text = (
            f"Half-samples have as few as {settings['min_events_half']} events, fewer than {MIN_EVENTS_HALF}: "
            "selection probabilities are unreliable."
        )
        notes.append(text)
        if findings is not None:
            findings.add("W_STABILITY_UNRELIABLE", text, fix="Choose an endpoint with more events.")
    rare = sorted(table.loc[table["share_eligible"] < threshold - 1e-9, "term"])
    if rare:
        notes.append(f"Altered too rarely in half-samples to reach the threshold: {', '.join(rare)}.")
    if settings["n_halves_failed"]:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in settings["failures"].items())
        notes.append(f"{settings['n_halves_failed']} halves could not be fitted and select nothing: {reasons}.")
    return notes
