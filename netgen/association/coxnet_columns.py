"""Columns of a penalised Cox model, centred and scaled without being written out.

Alterations are 0/1 and rare. A column keeps its non-zero values, and its mean is taken off the products: a gradient of
all columns costs what the altered patients cost. Few data, or few zeros: an ordinary array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

_SMALL: Final = 100_000  # cells up to which an array is as fast as anything
_DENSE: Final = 0.25  # share of non-zero values from which zeros are worth storing
_HALF: Final = 0.5
_LARGE: Final = 20_000_000  # cells from which memory decides: only zeros in the minority are worth storing
_BLOCK: Final = 4_000_000  # cells that are written out at a time
_SPARSE_GRAM: Final = 200  # a sparse product of products costs this times a dense one, per multiplication


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Columns (p, m) of a model: (values - offset) / scale.

    Attributes
    ----------
    values
        (p, m) array, or scipy CSR array.
    offset, scale
        (p,) what is taken off each column, and what it is then divided by.
    """

    values: Any  # scipy's arrays have no types
    offset: Floats
    scale: Floats


def hold_columns(matrix: NDArray[Any], rows: Rows, mean: Floats, scale: Floats, use: NDArray[np.bool_]) -> Columns:
    """Return columns of some rows of a matrix, sparse where that is faster.

    Parameters
    ----------
    matrix
        (n, p) numbers of any type.
    rows
        (m,) rows to hold, in this order.
    mean, scale
        (p,) centre and unit of each column.
    use
        (p,) False = the column is held as 0.

    Returns
    -------
    Columns
        Columns with many non-zero values are centred before they are stored.
    """
    shape = (matrix.shape[1], len(rows))
    counts = (np.count_nonzero(matrix[part], axis=0) for part in _parts(*matrix.shape))
    filled = sum(counts, start=np.zeros(shape[0])) / max(len(matrix), 1)
    cells = shape[0] * shape[1]
    limit = _DENSE if cells <= _LARGE else _HALF
    dense = cells <= _SMALL or bool(np.where(filled > limit, 1.0, filled).mean() > limit)
    offset = np.where(use & ~dense & (filled <= limit), mean, 0.0)
    whole, parts = np.empty(shape if dense else (0, 0)), []
    for part in _parts(*shape):
        block = np.subtract(matrix[rows, part].T, (mean - offset)[part, None], out=whole[part] if dense else None)
        block[~use[part]] = 0.0
        if not dense:
            parts.append(_sparse(block))
    return Columns(values=_stack(parts) if parts else whole, offset=offset, scale=scale)


def take(columns: Columns, which: Rows) -> Columns:
    """Return some of the columns.

    Parameters
    ----------
    columns
        Columns.
    which
        Numbers of the columns to keep.

    Returns
    -------
    Columns
        In the order of ``which``.
    """
    return Columns(values=columns.values[which], offset=columns.offset[which], scale=columns.scale[which])


def project(columns: Columns, patients: Floats) -> Floats:
    """Return the sums over patients of each column times a value per patient.

    Parameters
    ----------
    columns
        (p, m) columns.
    patients
        (B, m) values.

    Returns
    -------
    NDArray[np.float64]
        (B, p).
    """
    if isinstance(columns.values, np.ndarray):
        sums = patients @ columns.values.T
    else:
        sums = np.ascontiguousarray((columns.values @ np.ascontiguousarray(patients.T)).T)
        sums -= patients.sum(axis=1)[:, None] * columns.offset
    return np.asarray(sums / columns.scale)


def combine(columns: Columns, coef: Floats) -> Floats:
    """Return the linear predictors of patients.

    Parameters
    ----------
    columns
        (p, m) columns.
    coef
        (B, p) coefficients.

    Returns
    -------
    NDArray[np.float64]
        (B, m).
    """
    b = coef / columns.scale
    if isinstance(columns.values, np.ndarray):
        return np.asarray(b @ columns.values)
    eta = np.ascontiguousarray((columns.values.T @ np.ascontiguousarray(b.T)).T)
    eta -= (b @ columns.offset)[:, None]
    return eta


def iter_blocks(columns: Columns) -> Iterator[tuple[slice, Floats]]:
    """Yield the columns written out, so many at a time that they take little memory.

    Parameters
    ----------
    columns
        (p, m) columns.

    Yields
    ------
    tuple[slice, NDArray[np.float64]]
        Which columns, and their values.
    """
    for part in _parts(*columns.values.shape):
        block = columns.values[part]
        block = block if isinstance(block, np.ndarray) else block.toarray()
        yield part, (block - columns.offset[part, None]) / columns.scale[part, None]


def cross(left: Columns, right: Columns, curvature: Floats) -> Floats:
    """Return the weighted products of columns, summed over patients.

    Parameters
    ----------
    left, right
        (a, m) and (b, m) columns of the same patients.
    curvature
        (m,) non-negative weights.

    Returns
    -------
    NDArray[np.float64]
        (a, b).
    """
    if _is_sparse(left) and _is_sparse(right):
        product = np.asarray((left.values.multiply(curvature).tocsr() @ right.values.T.tocsr()).toarray())
        a, b = left.values @ curvature, right.values @ curvature
        product -= np.outer(left.offset, b) + np.outer(a - left.offset * curvature.sum(), right.offset)
        return product / (left.scale[:, None] * right.scale)
    root = np.sqrt(curvature)
    product = np.zeros((left.values.shape[0], right.values.shape[0]))
    for part in _parts(left.values.shape[1], max(left.values.shape[0], right.values.shape[0])):
        here = _write(left, part) * root[part]
        product += here @ (here if left is right else _write(right, part) * root[part]).T
    return product


def _is_sparse(columns: Columns) -> bool:
    """Say whether products of products are cheaper by the non-zero values alone."""
    if isinstance(columns.values, np.ndarray):
        return False
    p, m = columns.values.shape
    per_patient = np.bincount(columns.values.indices, minlength=m).astype(np.float64)
    return bool(_SPARSE_GRAM * (per_patient @ per_patient) < p * p * m)


def _write(columns: Columns, part: slice) -> Floats:
    """Columns of some patients, written out."""
    whole = part.start == 0 and part.stop >= columns.values.shape[1]
    block = columns.values if whole else columns.values[:, part]
    block = block if isinstance(block, np.ndarray) else block.toarray()
    return np.asarray((block - columns.offset[:, None]) / columns.scale[:, None])


def _parts(count: int, size: int) -> Iterator[slice]:
    """Slices of ``count`` things of ``size`` cells each, of about the size of a block."""
    step = max(1, _BLOCK // max(size, 1))
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


def _sparse(block: Floats) -> csr_array:
    """Keep the non-zero values of a block."""
    from scipy import sparse

    return sparse.csr_array(block)


def _stack(parts: list[Any]) -> csr_array:
    """Blocks on top of each other."""
    from scipy.sparse import vstack

    whole: csr_array = vstack(parts, format="csr")
    return whole
