"""What a scikit-learn estimator is given: structured outcomes, columns by name or number, rows in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

ONE_STRATUM = "all"


def read_outcome(y: Any, strata: ArrayLike | None, n: int) -> tuple[RiskSets, NDArray[np.str_]]:  # noqa: ANN401
    """Return the risk sets and the stratum labels of a structured outcome.

    Parameters
    ----------
    y
        (n,) structured array as of scikit-survival: a truth value (True = it happened), then a time; beside them
        ``entry`` (missing = observed from the origin) and ``strata``, if there are such fields.
    strata
        (n,) labels; None = the field of ``y``, else one stratum.
    n
        Number of rows expected.

    Returns
    -------
    tuple[RiskSets, NDArray[np.str_]]
        Rows as they came; labels as text.

    Raises
    ------
    ValueError
        If a field is missing or of the wrong kind, a length differs, a time is not finite, or an entry is not before
        its exit.
    """
    if y is None:
        raise ValueError("a Cox model requires y to be passed, but the target y is None")
    fields = getattr(getattr(y, "dtype", None), "names", None) or ()
    given = tuple(name for name in fields if name not in ("entry", "strata"))
    if len(given) != 2 or y.dtype[given[0]].kind != "b" or y.dtype[given[1]].kind not in "fiu":
        raise ValueError(
            "y must be a structured array of an event (True or False) and a time (number), with fields entry and "
            f"strata if need be, as scikit-survival's Surv.from_arrays makes it; found {getattr(y, 'dtype', type(y))}"
        )
    labels = strata if strata is not None else y["strata"] if "strata" in fields else np.full(len(y), ONE_STRATUM)
    labels = np.asarray(labels).astype(str)
    if y.shape != (n,) or labels.shape != (n,):
        raise ValueError(f"X, y and strata must have one row per patient: {n}, {len(y)} and {len(labels)}")
    entry = np.asarray(y["entry"], dtype=np.float64) if "entry" in fields else np.full(n, -np.inf)
    entry = np.where(np.isnan(entry), -np.inf, entry)
    return build_risk_sets(y[given[1]], y[given[0]], entry=entry, strata=labels), labels


def sort_rows(X: Floats, risk: RiskSets) -> NDArray[np.intp]:
    """Return an order of rows that depends on what is in them alone.

    Parameters
    ----------
    X
        (n, p) columns.
    risk
        Outcomes.

    Returns
    -------
    NDArray[np.intp]
        By time, event, entry, stratum and a mixture of the columns: patients who agree in all are alike.
    """
    mixture = X @ np.cos(np.arange(1, X.shape[1] + 1))
    return np.lexsort((mixture, risk.stratum, risk.entry, risk.event, risk.time))


def find_factors(
    penalty_factor: ArrayLike | None, unpenalised: Sequence[str | int] | None, names: Sequence[str] | None, p: int
) -> Floats:
    """Return the penalty factors of the columns.

    Parameters
    ----------
    penalty_factor
        (p,) multipliers; None = all 1.
    unpenalised
        Names or numbers of the columns whose factor is 0; None = none.
    names
        Names of the columns, if they have any.
    p
        Number of columns.

    Returns
    -------
    NDArray[np.float64]
        (p,) factors.

    Raises
    ------
    ValueError
        If the number of factors is wrong, or a column is not there.
    """
    factor = np.ones(p) if penalty_factor is None else np.array(penalty_factor, dtype=np.float64)
    if factor.shape != (p,):
        raise ValueError(f"penalty_factor must hold one number per column ({p}), found shape {factor.shape}")
    known = {str(name): j for j, name in enumerate(() if names is None else names)}
    for column in () if unpenalised is None else unpenalised:
        j = int(column) if isinstance(column, int | np.integer) else known.get(str(column), p)
        if not -p <= j < p:
            raise ValueError(f"unpenalised names a column that is not in X: {column!r}")
        factor[j] = 0.0
    return factor
