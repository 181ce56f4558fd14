"""Random subsets of the patients of a stratum, for many genes at once.

The first k of a random sequence of distinct patients are a random subset of size k, so one sequence serves every k and
all genes with equally many patients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELLS: Final = 1 << 20  # random numbers held at a time


def sequence_length(size: int, n: int) -> int:
    """Return the length of the sequence that serves subsets of a size: a power of two if repeats are rare, else all n.

    Parameters
    ----------
    size
        Of the subset, at least 1.
    n
        Patients.

    Returns
    -------
    int
        At least ``size``; depends on nothing else, so that a gene's draws do not depend on other genes.
    """
    length = 1 << (size - 1).bit_length()
    return length if length * length <= n else n


def sum_prefixes(
    rng: np.random.Generator,
    shape: tuple[int, int],
    users: dict[int, tuple[NDArray[np.float64], set[int]]],
    block: int,
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return sums of the first k of a random sequence of distinct places, for every user of the sequence.

    Parameters
    ----------
    rng
        Advanced by ``block`` sequences.
    shape
        Places n, and the length of the sequence.
    users
        By any key: values (n,) of the places, and the sizes k wanted.
    block
        Sequences.

    Returns
    -------
    dict[tuple[int, int], NDArray[np.float64]]
        By key and k: (block,) sums.
    """
    n, length = shape
    most = max(max(sizes) for _, sizes in users.values())
    out = {(user, k): np.empty(block) for user, (_, sizes) in users.items() for k in sizes}
    step = max(1, _CELLS // length)
    for first in range(0, block, step):
        rows = min(step, block - first)
        if length < n:
            index = _distinct(rng, n, (rows, length))
        else:
            index = rng.permuted(np.broadcast_to(np.arange(n), (rows, n)), axis=1)[:, :most]
        for user, (values, sizes) in users.items():
            columns = sorted(sizes)
            if len(columns) == 1:
                out[user, columns[0]][first : first + rows] = np.take(values, index[:, : columns[0]]).sum(axis=1)
                continue
            running = np.cumsum(np.take(values, index[:, : columns[-1]]), axis=1)
            for k in columns:
                out[user, k][first : first + rows] = running[:, k - 1]
    return out


def _distinct(rng: np.random.Generator, n: int, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Rows of distinct integers below n; rows with a repeat are drawn again."""
    index = rng.integers(n, size=shape)
    again = np.arange(shape[0])
    while len(again):
        ordered = np.sort(index[again], axis=1)
        again = again[(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
        index[again] = rng.integers(n, size=(len(again), shape[1]))
    return index
