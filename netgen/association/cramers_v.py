"""How strong is the association of rows and columns of a table: Cramer's V, and which cells carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DRAWS: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class CramersV:
    """Association of rows and columns; NaN where fewer than two rows or columns are filled.

    Attributes
    ----------
    x2, df
        Pearson's statistic without continuity correction, and its degrees of freedom.
    v, v_lo, v_hi
        Cramer's V with bootstrap limits. V of independent rows and columns is above 0 in a small table: read the
        corrected one.
    v_bc, v_bc_lo, v_bc_hi
        Bias-corrected V (Bergsma 2013) with bootstrap limits.
    draws
        Bootstrap tables.
    """

    x2: float
    df: int
    v: float
    v_lo: float
    v_hi: float
    v_bc: float
    v_bc_lo: float
    v_bc_hi: float
    draws: int


def cramers_v(table: ArrayLike, *, seed: int, draws: int = DRAWS, level: float = 0.95) -> CramersV:
    """Return Cramer's V with percentile limits of a bootstrap within rows.

    Parameters
    ----------
    table
        (r, c) counts; a row is a group of patients. Empty rows and columns say nothing.
    seed
        Of the bootstrap.
    draws
        Tables drawn; the patients of a row are drawn with replacement among themselves.
    level
        Coverage of the limits.

    Returns
    -------
    CramersV
        Everything NaN without two filled rows and columns.

    Notes
    -----
    1. V = sqrt(phi2 / min(r - 1, c - 1)), phi2 = X2 / n. Corrected: phi2 - b, not below 0, with b = (r - 1)(c - 1)/
       (n - 1), over min(r', c') - 1 with r' = r - (r - 1)^2/(n - 1), c' likewise.
    2. A drawn table has a phi2 that is too large by b on average, once more than the table it is drawn from: plain
       percentiles lie above the estimate, sometimes altogether. So b is taken off the drawn phi2 for the lower limit;
       the upper limit is the plain percentile. The interval holds the estimate and errs on the wide side.

    Witness: DOMAIN SC21, R ``chisq.test``; coverage of the limits in ``tests/association/test_cramers_v.py``.

    References
    ----------
    Bergsma W. A bias-correction for Cramer's V and Tschuprow's T. J Korean Stat Soc 42:323-328 (2013).
    """
    counts = _filled(table)
    if min(counts.shape) < 2:
        nan = math.nan
        return CramersV(x2=nan, df=0, v=nan, v_lo=nan, v_hi=nan, v_bc=nan, v_bc_lo=nan, v_bc_hi=nan, draws=0)
    x2, v, v_bc = (float(part[0]) for part in _measures(counts[None]))
    rng = np.random.default_rng(derive_seed("cramers_v", master=seed))
    rows = [rng.multinomial(int(row.sum()), row / row.sum(), size=draws) for row in counts]
    tables = np.stack(rows, axis=1).astype(np.float64)
    tail = (1 - level) / 2
    low, high = (tuple(_quantile(part, q) for part in _measures(tables, drawn=off)[1:])
                 for off, q in ((True, tail), (False, 1 - tail)))  # fmt: skip
    (v_lo, bc_lo), (v_hi, bc_hi) = low, high
    return CramersV(
        x2=x2, df=(counts.shape[0] - 1) * (counts.shape[1] - 1), v=v, v_lo=v_lo, v_hi=v_hi,
        v_bc=v_bc, v_bc_lo=bc_lo, v_bc_hi=bc_hi, draws=draws,
    )  # fmt: skip


def adjusted_residuals(table: ArrayLike) -> NDArray[np.float64]:
    """Return the adjusted residual of every cell: standard normal in a large table of independent rows and columns.

    Parameters
    ----------
    table
        (r, c) counts.

    Returns
    -------
    NDArray[np.float64]
        (r, c); NaN in empty rows and columns and where a row or column holds everything.

    Notes
    -----
    (observed - expected) / sqrt(expected (1 - row/n)(1 - column/n)); R ``chisq.test()$stdres``.
    """
    counts = np.asarray(table, dtype=np.float64)
    n = counts.sum()
    row, column = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = row * column / n
        out = (counts - expected) / np.sqrt(expected * (1 - row / n) * (1 - column / n))
    return np.asarray(np.where(np.isfinite(out), out, np.nan))


def _filled(table: ArrayLike) -> NDArray[np.float64]:
    counts = np.asarray(table, dtype=np.float64)
    return np.asarray(counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0])


def _measures(
    counts: NDArray[np.float64], *, drawn: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """X2, V and corrected V of many tables (b, r, c); NaN where a drawn table has one column."""
    n = counts.sum(axis=(1, 2))
    row, column = counts.sum(axis=2, keepdims=True), counts.sum(axis=1, keepdims=True)
    expected = row * column / n[:, None, None]
    parts = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(counts), where=expected > 0)
    x2 = parts.sum(axis=(1, 2))
    r = np.full(len(n), float(counts.shape[1]))
    c = (column[:, 0] > 0).sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = (r - 1) * (c - 1) / (n - 1)
        phi2 = x2 / n - (bias if drawn else 0)
        v = np.sqrt(np.maximum(phi2, 0) / (np.minimum(r, c) - 1))
        width = np.minimum(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
        v_bc = np.sqrt(np.maximum(phi2 - bias, 0) / width)
    known = (c > 1) & (width > 0)
    return x2, np.where(c > 1, v, np.nan), np.where(known, np.minimum(v_bc, 1), np.nan)


def _quantile(values: NDArray[np.float64], q: float) -> float:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, q)) if len(known) else math.nan
