"""The penalised Cox model as a scikit-learn estimator, with strata, delayed entry and unpenalised columns.

It works in pipelines, ``cross_val_score`` and ``GridSearchCV``. ``fit_penalised`` is for studies: it matches patients,
says who was left out, and compares the model with the clinical covariates. Predictions serve to judge a model; they are
never advice for a patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from netgen.association.breslow import breslow_hazard
from netgen.association.concordance import count_concordance
from netgen.association.coxnet import fit_coxnet
from netgen.association.estimator_input import ONE_STRATUM, find_factors, read_outcome, sort_rows
from netgen.association.penalised_cv import assign_folds, count_folds, cross_validate
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.coxnet import CoxnetPath
    from netgen.association.penalised_cv import CrossValidation
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]


class PenalisedCox(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Elastic-net Cox regression whose penalty is chosen by cross-validation.

    The outcome ``y`` is a structured array as scikit-survival makes it, of an event (True = it happened) and a time. A
    field ``entry`` holds the start of observation, a field ``strata`` labels with a baseline hazard of their own; both
    are split with ``y`` by scikit-learn. Nothing may be missing, but an entry (= observed from the origin).

    Parameters
    ----------
    alpha
        Mixing: 1 lasso, 0 ridge (``l1_ratio`` of scikit-survival).
    penalty
        ``1se`` or ``min``, chosen by cross-validation, or a number: that penalty, without cross-validation.
    lambdas
        Penalties to choose from; None = ``n_lambda`` values as in ``fit_coxnet``.
    n_lambda
        Number of penalties.
    lambda_min_ratio
        Smallest over largest penalty; None = as in ``fit_coxnet``.
    penalty_factor
        One multiplier of the penalty per column, rescaled as glmnet does; None = all 1.
    unpenalised
        Names or numbers of columns whose multiplier is 0.
    standardize
        Penalise coefficients per SD of the columns; ``coef_`` is per unit in any case.
    n_folds
        Folds of the cross-validation; None = a quarter of the events, 3 to 10.
    n_repeats
        Repeats of the cross-validation, at least 2.
    ties
        ``breslow``, as glmnet and scikit-survival, or ``efron``.
    tol
        Largest violation of the optimality conditions.
    random_state
        Seed of the folds: a number, a ``RandomState``, or None for one that is never the same.

    Attributes
    ----------
    coef_
        (p,) coefficients at the chosen penalty.
    offset_
        Linear predictor of the average patient, which ``predict`` subtracts.
    lambda_
        The chosen penalty.
    lambdas_, coef_path_
        (L,) penalties, decreasing, and (L, p) coefficients.
    lambda_min_, lambda_1se_
        The customary choices; None where ``penalty`` is a number.
    path_, cv_
        ``CoxnetPath``, and ``CrossValidation`` or None.
    baseline_
        stratum, time, n_at_risk, n_events, cumhaz: cumulative hazard of the average patient.
    last_time_
        Longest follow-up of each stratum.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Notes
    -----
    Minimised: -(1/n) l(b) + lambda sum_j v_j (alpha |b_j| + (1 - alpha)/2 b_j^2), as glmnet does. scikit-survival's
    ``CoxnetSurvivalAnalysis`` minimises the same, with ``alphas`` for lambda and ``l1_ratio`` for alpha; its
    ``normalize`` divides columns by their norm, which is sqrt(n) times their SD. Rows are sorted by content before
    folds are drawn, so their order does not matter.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 3))
    >>> time = np.ceil(100 * rng.exponential(np.exp(-X[:, 0])))
    >>> y = np.array([(True, t) for t in time], dtype=[("event", "?"), ("time", "f8")])
    >>> model = PenalisedCox(n_lambda=20, n_repeats=2).fit(X, y)
    >>> bool(model.coef_[0] > 0.5), bool(model.score(X, y) > 0.7)
    (True, True)
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        penalty: Literal["1se", "min"] | float = "1se",
        lambdas: ArrayLike | None = None,
        n_lambda: int = 100,
        lambda_min_ratio: float | None = None,
        penalty_factor: ArrayLike | None = None,
        unpenalised: Sequence[str | int] | None = None,
        standardize: bool = False,
        n_folds: int | None = None,
        n_repeats: int = 5,
        ties: Literal["breslow", "efron"] = "breslow",
        tol: float = 1e-7,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.alpha = alpha
        self.penalty = penalty
        self.lambdas = lambdas
        self.n_lambda = n_lambda
        self.lambda_min_ratio = lambda_min_ratio
        self.penalty_factor = penalty_factor
        self.unpenalised = unpenalised
        self.standardize = standardize
        self.n_folds = n_folds
        self.n_repeats = n_repeats
        self.ties = ties
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: NDArray[np.void], *, strata: ArrayLike | None = None) -> Self:
        """Fit the path, choose a penalty, and estimate the baseline hazard.

        Parameters
        ----------
        X
            (n, p) columns.
        y
            (n,) structured array: event, time, and ``entry`` and ``strata`` if need be.
        strata
            (n,) labels; None = the field of ``y``, else one stratum.

        Returns
        -------
        Self
            The estimator.

        Raises
        ------
        ValueError
            If an option or the data cannot be used.
        ArithmeticError
            If a fit does not converge.
        """
        if self.ties not in ("breslow", "efron"):
            raise ValueError(f"ties must be 'breslow' or 'efron', found {self.ties!r}")
        if not (self.penalty in ("1se", "min") if isinstance(self.penalty, str) else self.penalty > 0):
            raise ValueError(f"penalty must be '1se', 'min' or a number above 0, found {self.penalty!r}")
        matrix = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        risk, labels = read_outcome(y, strata, len(matrix))
        order = sort_rows(matrix, risk)
        matrix, labels = matrix[order], labels[order]
        risk = build_risk_sets(risk.time[order], risk.event[order], entry=risk.entry[order], strata=labels)
        self.path_ = self._fit_path(matrix, risk)
        self.cv_ = self._cross_validate(matrix, risk) if isinstance(self.penalty, str) else None
        self.lambdas_, self.coef_path_ = self.path_.lambdas, self.path_.coef
        self.lambda_min_ = None if self.cv_ is None else float(self.lambdas_[self.cv_.index_min])
        self.lambda_1se_ = None if self.cv_ is None else float(self.lambdas_[self.cv_.index_1se])
        chosen = 0
        if self.cv_ is not None:
            chosen = self.cv_.index_min if self.penalty == "min" else self.cv_.index_1se
        self.lambda_, self.coef_ = float(self.lambdas_[chosen]), self.coef_path_[chosen].copy()
        self.offset_ = float(matrix.mean(axis=0) @ self.coef_)
        self._fit_baseline(matrix @ self.coef_ - self.offset_, risk, labels)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return linear predictors: log hazard ratios to the average patient of the stratum's baseline.

        Parameters
        ----------
        X
            (n, p) columns.

        Returns
        -------
        NDArray[np.float64]
            (n,) larger means a larger hazard.
        """
        check_is_fitted(self)
        matrix = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(matrix @ self.coef_ - self.offset_)

    def score(self, X: ArrayLike, y: NDArray[np.void], *, strata: ArrayLike | None = None) -> float:
        """Return Harrell's C of the linear predictors, within strata and risk sets.

        Parameters
        ----------
        X
            (n, p) columns.
        y
            (n,) structured array, as in ``fit``.
        strata
            (n,) labels, as in ``fit``.

        Returns
        -------
        float
            0 to 1; NaN if no two patients can be compared.
        """
        eta = self.predict(X)
        return count_concordance(eta, read_outcome(y, strata, len(eta))[0]).value

    def predict_cumulative_hazard(
        self, X: ArrayLike, times: ArrayLike, *, strata: ArrayLike | None = None, entry: ArrayLike | None = None
    ) -> Floats:
        """Return cumulative hazards, from the baseline of the training patients.

        Parameters
        ----------
        X
            (n, p) columns.
        times
            (T,) times, in the unit of ``y``.
        strata
            (n,) labels; needed if the model has several strata.
        entry
            (n,) times up to which a patient is known to live; None = from the origin.

        Returns
        -------
        NDArray[np.float64]
            (n, T) hazards between ``entry`` and the times, 0 before; NaN after the longest follow-up of the stratum.

        Raises
        ------
        ValueError
            If strata are needed, have another length, or were not in the training data.
        """
        eta, at = self.predict(X), np.asarray(times, dtype=np.float64)
        labels = self._match_strata(strata, len(eta))
        since = np.zeros(len(eta)) if entry is None else np.asarray(entry, dtype=np.float64)
        hazard = np.empty((len(eta), len(at)))
        for label in np.unique(labels):
            rows = labels == label
            here = self.baseline_[self.baseline_["stratum"] == label]
            steps = np.concatenate([[0.0], here["cumhaz"].to_numpy()])
            reached, before = (
                steps[np.searchsorted(here["time"].to_numpy(), t, side="right")] for t in (at, since[rows])
            )
            hazard[rows] = np.maximum(reached - before[:, None], 0.0)
            hazard[np.ix_(rows, at > self.last_time_[label])] = np.nan
        return hazard * np.exp(eta)[:, None]

    def predict_survival_function(
        self, X: ArrayLike, times: ArrayLike, *, strata: ArrayLike | None = None, entry: ArrayLike | None = None
    ) -> Floats:
        """Return survival probabilities, given that a patient lives at ``entry``.

        Parameters
        ----------
        X, times, strata, entry
            As in ``predict_cumulative_hazard``.

        Returns
        -------
        NDArray[np.float64]
            (n, T) exp(-cumulative hazard). Where training patients entered late, probabilities are conditional on
            survival to the first entry.
        """
        return np.asarray(np.exp(-self.predict_cumulative_hazard(X, times, strata=strata, entry=entry)))

    def _fit_path(self, matrix: Floats, risk: RiskSets) -> CoxnetPath:
        """Fit all patients."""
        names = getattr(self, "feature_names_in_", None)
        return fit_coxnet(
            matrix,
            risk,
            alpha=self.alpha,
            lambdas=self.lambdas if isinstance(self.penalty, str) else [self.penalty],
            n_lambda=self.n_lambda,
            lambda_min_ratio=self.lambda_min_ratio,
            penalty_factor=find_factors(self.penalty_factor, self.unpenalised, names, matrix.shape[1]),
            standardize=self.standardize,
            ties=self.ties,
            tol=self.tol,
        )

    def _cross_validate(self, matrix: Floats, risk: RiskSets) -> CrossValidation:
        """Judge the penalties."""
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31 - 1)
        n_folds = self.n_folds or count_folds(int(risk.event.sum()))
        split = {"n_folds": n_folds, "n_repeats": self.n_repeats, "seed": int(seed)}
        folds = assign_folds(risk.stratum, risk.event, **split)
        return cross_validate(matrix, risk, folds, path=self.path_, standardize=self.standardize, tol=self.tol)

    def _fit_baseline(self, eta: Floats, risk: RiskSets, labels: NDArray[np.str_]) -> None:
        """Estimate the baseline hazards."""
        names = np.unique(labels)
        self.baseline_ = pd.DataFrame(
            {
                "stratum": pd.array(names[risk.slot_stratum], dtype="string"),
                "time": risk.slot_time,
                "n_at_risk": risk.n_at_risk.astype(int),
                "n_events": risk.n_events.astype(int),
                "cumhaz": breslow_hazard(eta, risk, ties=self.ties),
            }
        )
        self.last_time_ = {str(name): float(risk.time[labels == name].max()) for name in names}

    def _match_strata(self, strata: ArrayLike | None, n: int) -> NDArray[np.str_]:
        """Return known labels of n patients."""
        if strata is None and list(self.last_time_) != [ONE_STRATUM]:
            raise ValueError(f"the model has strata ({', '.join(self.last_time_)}); say which each patient is of")
        labels = np.full(n, ONE_STRATUM) if strata is None else np.asarray(strata).astype(str)
        unknown = sorted({str(label) for label in labels} - set(self.last_time_))
        if labels.shape != (n,) or unknown:
            raise ValueError(f"strata must hold {n} labels of the training data, found {len(labels)}: {unknown}")
        return labels

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401  # scikit-learn's own type
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
