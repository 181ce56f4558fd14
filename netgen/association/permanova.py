"""Do groups differ in where they lie or in how far they spread: permutation tests of a distance matrix.

PERMANOVA compares the distances within groups with all distances. It reacts to a difference in spread as well as to
one in location, so that the spread is tested beside it (``dispersion_test``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

PERMUTATIONS: Final = 9_999
TOLERANCE: Final = 1e-10  # relative: permutations this close to the data count as equally extreme
_CELLS: Final = 1 << 22  # numbers held at a time


@dataclass(frozen=True, kw_only=True)
class GroupDistanceTest:
    """One permutation test; NaN with a ``status`` other than ``tested``.

    Attributes
    ----------
    n
        Patients.
    groups, sizes
        Groups in sorted order, and their patients.
    f
        Pseudo-F of the test; infinite if nothing varies within groups.
    r2
        Share of the variation that lies between groups.
    p
        (1 + permutations at least as extreme) / (1 + permutations).
    permutations
        Relabelings drawn.
    means
        Of ``dispersion_test``: mean distance to the centroid per group; empty otherwise.
    status
        tested, one_group, too_few (no more patients than groups) or constant (all distances are 0).
    """

    n: int
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    f: float
    r2: float
    p: float
    permutations: int
    means: tuple[float, ...]
    status: str


def permanova(
    distance: ArrayLike, groups: ArrayLike, *, seed: int, squared: bool = True, permutations: int = PERMUTATIONS
) -> GroupDistanceTest:
    """Compare groups by the distances between patients.

    Parameters
    ----------
    distance
        (n, n) symmetric distances, 0 on the diagonal.
    groups
        (n,) labels.
    seed
        Of the permutations.
    squared
        Sums of squared distances, as ``vegan::adonis2``; else of the distances themselves, as ``TraMineR::dissassoc``.
    permutations
        Relabelings drawn.

    Returns
    -------
    GroupDistanceTest
        ``means`` is empty.

    Raises
    ------
    ValueError
        If a distance is missing, negative or not symmetric.

    Notes
    -----
    SST = sum over pairs of d^2 / n, SSW = sum over groups of the same within the group; F = ((SST - SSW)/(g - 1)) /
    (SSW/(n - g)), R2 = 1 - SSW/SST. Witness: DOMAIN SC21; loops in ``tests/association/test_permanova.py``.

    References
    ----------
    Anderson MJ. A new method for non-parametric multivariate analysis of variance. Austral Ecol 26:32-46 (2001).
    Studer M et al. Discrepancy analysis of state sequences. Sociol Methods Res 40:471-510 (2011).
    """
    power, labels, names = _check(distance, groups, squared=squared)
    n, g = len(labels), len(names)
    total = float(power.sum()) / 2 / max(n, 1)
    untested = _untested(names, labels, status=_status(n, g, total))
    if untested.status != "tested":
        return untested
    between, starts, order = _merge_same(power)
    labels = labels[order]
    within = float(_within(between, starts, labels[:, None], g)[0])
    rng = np.random.default_rng(derive_seed("permanova", master=seed))
    hits = 0
    for block in _relabelings(rng, labels, permutations):
        hits += int((_within(between, starts, block, g) <= within + TOLERANCE * total).sum())
    return GroupDistanceTest(
        n=n, groups=names, sizes=untested.sizes, f=_ratio((total - within) / (g - 1), within / (n - g)),
        r2=1 - within / total, p=(1 + hits) / (1 + permutations), permutations=permutations, means=(), status="tested",
    )  # fmt: skip


def dispersion_test(
    distance: ArrayLike, groups: ArrayLike, *, seed: int, permutations: int = PERMUTATIONS
) -> GroupDistanceTest:
    """Test whether groups spread equally far around their centroids.

    Parameters
    ----------
    distance
        (n, n) symmetric distances, 0 on the diagonal.
    groups
        (n,) labels.
    seed
        Of the permutations.
    permutations
        Of the residuals.

    Returns
    -------
    GroupDistanceTest
        ``f`` is that of an analysis of variance of the distances to the centroids; ``means`` their means.

    Raises
    ------
    ValueError
        As for ``permanova``.

    Notes
    -----
    1. Squared distance to the centroid of the group: mean over the group of d_ij^2, minus the sum over the pairs of the
       group of d_jk^2 / n_g^2; its absolute value, as in ``vegan::betadisper(type = "centroid")``.
    2. The residuals of the analysis of variance are permuted over all patients.

    Witness: principal coordinates in ``tests/association/test_permanova.py``.

    References
    ----------
    Anderson MJ. Distance-based tests for homogeneity of multivariate dispersions. Biometrics 62:245-253 (2006).
    """
    power, labels, names = _check(distance, groups, squared=True)
    n, g = len(labels), len(names)
    spread = _to_centroid(power, labels, g)
    sizes = np.bincount(labels, minlength=g)
    means = np.bincount(labels, weights=spread, minlength=g) / np.maximum(sizes, 1)
    residual = spread - means[labels]
    total = float(((spread - spread.mean()) ** 2).sum()) if n else 0.0
    scale = float((spread**2).sum())
    untested = _untested(names, labels, status=_status(n, g, total if total > TOLERANCE * scale else 0.0))
    if untested.status != "tested":
        return untested
    observed = float(_anova_f(spread[None], labels[None], g)[0])
    rng = np.random.default_rng(derive_seed("dispersion", master=seed))
    hits = 0
    for block in _relabelings(rng, np.arange(n), permutations):
        f = _anova_f(residual[block.T], np.broadcast_to(labels, block.T.shape), g)
        hits += int((f >= observed * (1 - TOLERANCE)).sum())
    within = float((residual**2).sum())
    return GroupDistanceTest(
        n=n, groups=names, sizes=untested.sizes, f=observed, r2=1 - within / total, p=(1 + hits) / (1 + permutations),
        permutations=permutations, means=tuple(means.tolist()), status="tested",
    )  # fmt: skip


def _check(
    distance: ArrayLike, groups: ArrayLike, *, squared: bool
) -> tuple[NDArray[np.float64], NDArray[np.intp], tuple[str, ...]]:
    d = np.asarray(distance, dtype=np.float64)
    names, labels = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if d.shape != (len(labels), len(labels)):
        raise ValueError(f"need one label per row of the distances, got {len(labels)} labels for {d.shape}")
    if not (np.isfinite(d).all() and (d >= 0).all() and np.allclose(d, d.T) and (np.diag(d) == 0).all()):
        raise ValueError("distances must be finite, not negative and symmetric, with 0 on the diagonal")
    return d**2 if squared else d, labels.ravel(), tuple(str(name) for name in names)


def _status(n: int, g: int, total: float) -> str:
    if g < 2:
        return "one_group"
    if n <= g:
        return "too_few"
    return "tested" if total > 0 else "constant"


def _untested(names: tuple[str, ...], labels: NDArray[np.intp], status: str) -> GroupDistanceTest:
    return GroupDistanceTest(
        n=len(labels), groups=names, sizes=tuple(np.bincount(labels, minlength=len(names)).tolist()), f=math.nan,
        r2=math.nan, p=math.nan, permutations=0, means=(), status=status,
    )  # fmt: skip


def _relabelings(rng: np.random.Generator, labels: NDArray[np.intp], permutations: int) -> Iterator[NDArray[np.intp]]:
    """Permuted labels, one column per permutation, in blocks."""
    step = max(1, _CELLS // max(len(labels), 1))
    for start in range(0, permutations, step):
        rows = min(step, permutations - start)
        yield rng.permuted(np.broadcast_to(labels, (rows, len(labels))), axis=1).T


def _merge_same(power: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Return distances between distinct patients, where each begins in the order of patients, and that order.

    Patients with the same row are the same: they are counted instead of compared.
    """
    _, first, place = np.unique(power, axis=0, return_index=True, return_inverse=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(first)))
    return power[np.ix_(first, first)], starts, order


def _within(
    between: NDArray[np.float64], starts: NDArray[np.intp], labels: NDArray[np.intp], g: int
) -> NDArray[np.float64]:
    """Sum over groups of the distances within the group, over its size; labels (n, b)."""
    out = np.zeros(labels.shape[1])
    for group in range(g):
        count = np.add.reduceat((labels == group).astype(np.float64), starts, axis=0)
        out += (count * (between @ count)).sum(axis=0) / 2 / count.sum(axis=0)
    return out


def _to_centroid(power: NDArray[np.float64], labels: NDArray[np.intp], g: int) -> NDArray[np.float64]:
    """Distance of each patient to the centroid of the own group."""
    out = np.zeros(len(labels))
    for group in range(g):
        own = np.flatnonzero(labels == group)
        block = power[np.ix_(own, own)]
        out[own] = np.sqrt(np.abs(block.mean(axis=1) - block.sum() / 2 / len(own) ** 2))
    return out


def _anova_f(values: NDArray[np.float64], labels: NDArray[np.intp], g: int) -> NDArray[np.float64]:
    """F of an analysis of variance, per row of values (b, n)."""
    n = values.shape[1]
    grand = values.mean(axis=1)
    between = np.zeros(len(values))
    for group in range(g):
        member = labels == group
        size = member.sum(axis=1)
        between += size * ((values * member).sum(axis=1) / np.maximum(size, 1) - grand) ** 2
    total = ((values - grand[:, None]) ** 2).sum(axis=1)
    within = np.maximum(total - between, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((between / (g - 1)) / (within / (n - g)))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.inf
