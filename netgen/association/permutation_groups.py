"""The permutation log-rank test of k groups, such as origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.association.permutation import (
    EXCEEDANCES,
    MAX_DRAWS,
    PermutationTest,
    monte_carlo_interval,
    permutation_logrank,
)
from netgen.association.subset_sums import TOLERANCE
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 2048  # draws between two looks at the stopping rule
_CELLS = 1 << 20  # random numbers held at a time


def permutation_groups(
    residuals: ArrayLike,
    group: ArrayLike,
    stratum: ArrayLike | None = None,
    *,
    seed: int,
    max_draws: int = MAX_DRAWS,
    exceedances: int = EXCEEDANCES,
) -> PermutationTest:
    """Test whether k groups differ by permuting their labels within strata.

    Parameters
    ----------
    residuals
        (n,) null martingale residuals, from ``permutation.martingale_residuals``.
    group
        (n,) labels; names and order of the groups have no part in the result.
    stratum
        (n,) labels; None = one stratum.
    seed
        Of the draws, from ``provenance.derive_seed``.
    max_draws, exceedances
        As in ``permutation.permutation_logrank``.

    Returns
    -------
    PermutationTest
        ``statistic`` is U' V^- U, U = observed - expected events per group and V its covariance over all relabelings.
        Two groups are tested as ``permutation_logrank`` does, exactly where possible; ``min_attainable_p`` is NaN for
        more than two.

    Notes
    -----
    V = sum over strata of s2 (diag(n_g) - n_g n_h / n), s2 = sum of squared residuals / (n - 1). Witness: the variance
    and the test over all relabelings in ``tests/association/test_permutation_groups.py``.
    """
    r, labels = np.asarray(residuals, dtype=np.float64), np.unique(group, return_inverse=True)[1]
    if r.shape != labels.shape or not np.isfinite(r).all():
        raise ValueError("one finite residual per patient is needed: leave out who has no group")
    codes = np.zeros(len(r), dtype=np.intp) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    order = np.lexsort((r, codes))
    r, labels, codes = r[order], labels[order], codes[order]
    sizes = np.zeros((int(codes.max(initial=0)) + 1, int(labels.max(initial=0)) + 1), dtype=np.intp)
    np.add.at(sizes, (codes, labels), 1)
    u = np.bincount(labels, weights=r, minlength=sizes.shape[1])
    parts = [r[codes == s] for s in range(len(sizes))]
    root = _root_of_inverse(parts, sizes)
    observed = float(((u @ root) ** 2).sum())
    if sizes.shape[1] <= 2 or root.shape[1] == 0:
        two = permutation_logrank(r, labels == 0, codes, seed=seed, max_draws=max_draws, exceedances=exceedances)
        return PermutationTest(**{**vars(two), "statistic": observed})
    named = np.lexsort((u, *sizes))  # groups in an order of their own, whatever they are called
    hits, draws = _count(parts, sizes[:, named], root[named], observed, seed, (max_draws, exceedances))
    stopped = hits == exceedances
    lo, hi = monte_carlo_interval([hits], [draws], stopped=[stopped])
    return PermutationTest(
        statistic=observed,
        p=hits / draws if stopped else (1 + hits) / (1 + draws),
        method="monte_carlo",
        n_permutations=draws,
        mc_lo=float(lo[0]),
        mc_hi=float(hi[0]),
        min_attainable_p=float("nan"),
    )


def _root_of_inverse(parts: list[NDArray[np.float64]], sizes: NDArray[np.intp]) -> NDArray[np.float64]:
    """(k, rank) F with F F' = V^-, the inverse covariance of U over all relabelings."""
    k = sizes.shape[1]
    variance = np.zeros((k, k))
    for r, n in zip(parts, sizes, strict=True):
        if len(r) > 1:
            spread = ((r - r.mean()) ** 2).sum() / (len(r) - 1)
            variance += spread * (np.diag(n) - np.outer(n, n) / len(r))
    values, vectors = np.linalg.eigh(variance)
    kept = values > 1e-10 * max(1.0, values.max(initial=0.0))
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _count(
    parts: list[NDArray[np.float64]],
    sizes: NDArray[np.intp],
    root: NDArray[np.float64],
    observed: float,
    seed: int,
    limits: tuple[int, int],
) -> tuple[int, int]:
    """Draws at least as extreme as the data, and all draws, up to the limits (draws, exceedances)."""
    max_draws, wanted = limits
    streams = [np.random.default_rng(derive_seed(f"groups:{s}", master=seed)) for s in range(len(parts))]
    step = max(1, min(_BLOCK, _CELLS // max(len(r) for r in parts)))
    hits = done = 0
    while done < max_draws:
        rows = min(step, max_draws - done)
        u = np.zeros((rows, sizes.shape[1]))
        for rng, r, n in zip(streams, parts, sizes, strict=True):
            running = np.zeros((rows, len(r) + 1))
            np.cumsum(rng.permuted(np.broadcast_to(r, (rows, len(r))), axis=1), axis=1, out=running[:, 1:])
            u += np.diff(running[:, np.concatenate([[0], np.cumsum(n)])], axis=1)
        extreme = np.flatnonzero(((u @ root) ** 2).sum(axis=1) >= observed - TOLERANCE)
        if hits + len(extreme) >= wanted:
            return wanted, done + int(extreme[wanted - hits - 1]) + 1
        hits, done = hits + len(extreme), done + rows
    return hits, done
