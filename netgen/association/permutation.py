"""The permutation log-rank test: exact where the relabelings can be counted, by random draws otherwise.

Under the hypothesis the altered are a random subset of the profiled patients of their stratum. The statistic is
U = observed - expected events of the altered = the sum of their null martingale residuals, so a relabeling is a choice
of residuals. The chi-square log-rank test is far too liberal when few patients are altered (Vandin et al. 2015); this
one keeps its level at any size, ties included.

Valid if altered status is independent of (entry, censoring, event) jointly; ``imbalance`` checks what can be checked.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.counts import coverage_patterns
from netgen.association.random_subsets import sequence_length, sum_prefixes
from netgen.association.subset_sums import TOLERANCE, Choices, build_choices, count_extreme, min_attainable_p
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets

MAX_EXACT: Final = 200_000_000
MAX_DRAWS: Final = 100_000
EXCEEDANCES: Final = 400
_BLOCK: Final = 2048  # draws between two looks at the stopping rule
_SUMS: Final = 1 << 24  # sums of relabelings held at a time


@dataclass(frozen=True, kw_only=True)
class PermutationTest:
    """One permutation log-rank test.

    Attributes
    ----------
    statistic
        U = observed - expected events of the altered.
    p
        Two-sided, from ``|U|``; NaN if nobody is profiled.
    method
        ``exact``, ``monte_carlo``, or ``""`` if nobody is profiled.
    n_permutations
        Relabelings counted (exact; strata in which labels cannot matter are not multiplied in) or drawn.
    mc_lo, mc_hi
        95 % interval of the exact p given the draws; NaN if exact.
    min_attainable_p
        The p of the most extreme relabeling: no result of this design can have a smaller one.
    """

    statistic: float
    p: float
    method: str
    n_permutations: int
    mc_lo: float
    mc_hi: float
    min_attainable_p: float


@dataclass(frozen=True, kw_only=True)
class PermutationScan:
    """Permutation log-rank tests of m genes; each attribute of ``PermutationTest`` as an array (m,)."""

    statistic: NDArray[np.float64]
    p: NDArray[np.float64]
    method: NDArray[np.str_]
    n_permutations: NDArray[np.int64]
    mc_lo: NDArray[np.float64]
    mc_hi: NDArray[np.float64]
    min_attainable_p: NDArray[np.float64]


def martingale_residuals(risk: RiskSets, profiled: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return events minus expected events of each patient, if hazards are equal within strata.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    profiled
        (n,) True for the patients to use; the others are in no risk set. None = all.

    Returns
    -------
    NDArray[np.float64]
        (n,) event - [L(exit) - L(entry)] with L the Nelson-Aalen estimate of the stratum (d/n at tied times, as
        Breslow); NaN where not profiled. They sum to 0 in each stratum.
    """
    used = np.ones(len(risk.time), dtype=bool) if profiled is None else profiled
    width = risk.n_slots + 1
    change = np.bincount(risk.start[used], minlength=width) - np.bincount(risk.stop[used], minlength=width)
    at_risk = np.cumsum(change)[:-1]
    events = np.bincount(risk.event_slot[used & risk.event], minlength=risk.n_slots)
    hazard = np.zeros(width)
    np.cumsum(events / np.maximum(at_risk, 1), out=hazard[1:])
    residuals = risk.event - (hazard[risk.stop] - hazard[risk.start])
    return np.where(used, residuals, np.nan)


def permutation_logrank(
    residuals: ArrayLike,
    altered: ArrayLike,
    stratum: ArrayLike | None = None,
    *,
    seed: int,
    max_exact: float = MAX_EXACT,
    max_draws: int = MAX_DRAWS,
    exceedances: int = EXCEEDANCES,
) -> PermutationTest:
    """Test one gene by permuting its labels within strata.

    Parameters
    ----------
    residuals
        (n,) null martingale residuals of the profiled patients, from ``martingale_residuals``.
    altered
        (n,) True if altered.
    stratum
        (n,) labels; None = one stratum.
    seed
        Of the draws, from ``provenance.derive_seed``; has no part in an exact test.
    max_exact
        Count exactly up to this many relabelings; beyond the default, drawing is cheaper (docs/decisions/0008).
    max_draws, exceedances
        Draw until this many draws, or until this many of them are as extreme as the data.

    Returns
    -------
    PermutationTest
        Does not depend on the order of the rows.

    Notes
    -----
    1. Exact: p = #{|U*| >= |U| - 1e-9} / N over the N relabelings.
    2. Monte Carlo (Besag & Clifford 1991): stopped at draw l by the h-th exceedance p = h / l, else
       p = (1 + b) / (1 + B) with b exceedances in B draws.
    3. The interval is exact, too: Clopper-Pearson for b in B, its inverse-binomial form when the draws were stopped.

    Witnesses: ``tests/reference/perm_exact``, full enumeration in ``tests/association/test_permutation.py``, DOMAIN B.

    References
    ----------
    Vandin F, Papoutsaki A, Raphael BJ, Upfal E. PLoS Comput Biol 11:e1004071 (2015).
    Besag J, Clifford P. Sequential Monte Carlo p-values. Biometrika 78:301-304 (1991).
    """
    r = np.asarray(residuals, dtype=np.float64)
    labels = np.asarray(altered, dtype=bool)
    if r.shape != labels.shape or not np.isfinite(r).all():
        raise ValueError("one finite residual per patient is needed: leave out who was not profiled")
    codes = np.zeros(len(r), dtype=np.intp) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    scan = _empty_scan(1)
    drawn = _count_pattern(scan, np.zeros(1, dtype=np.intp), (r, labels[None, :], codes), max_exact)
    _draw_until_stopped(scan, drawn, seed, (max_draws, exceedances))
    return PermutationTest(
        statistic=float(scan.statistic[0]),
        p=float(scan.p[0]),
        method=str(scan.method[0]),
        n_permutations=int(scan.n_permutations[0]),
        mc_lo=float(scan.mc_lo[0]),
        mc_hi=float(scan.mc_hi[0]),
        min_attainable_p=float(scan.min_attainable_p[0]),
    )


def scan_permutation(
    risk: RiskSets,
    genes: NDArray[np.int8],
    *,
    seed: int,
    max_exact: float = MAX_EXACT,
    max_draws: int = MAX_DRAWS,
    exceedances: int = EXCEEDANCES,
) -> PermutationScan:
    """Test every gene by permuting its labels within the strata of ``risk``.

    A patient who is not profiled for a gene (-1) is in none of its risk sets and gets none of its labels.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) status: 1 altered, 0 wild type, -1 not profiled.
    seed, max_exact, max_draws, exceedances
        As in ``permutation_logrank``.

    Returns
    -------
    PermutationScan
        In the order of ``genes``. The result of a gene does not depend on the other genes.

    Notes
    -----
    Genes with equally many profiled patients share the random draws, so their p-values are dependent through the draws:
    each is valid, but the draws do not follow the genes' joint distribution (that is ``max_t``).
    """
    patterns = coverage_patterns(genes)
    drawn: list[_Drawn] = []
    scan = _empty_scan(len(genes))
    for pattern in np.unique(patterns):
        rows = np.flatnonzero(patterns == pattern)
        profiled = genes[rows[0]] >= 0
        if not profiled.any():
            continue
        r = martingale_residuals(risk, profiled)[profiled]
        outcomes = r, genes[rows][:, profiled] == 1, risk.stratum[profiled]
        drawn += _count_pattern(scan, rows, outcomes, max_exact)
    size = max(1, _SUMS // (_BLOCK * risk.n_strata))
    for first in range(0, len(drawn), size):
        _draw_until_stopped(scan, drawn[first : first + size], seed, (max_draws, exceedances))
    return scan


def _empty_scan(m: int) -> PermutationScan:
    """Room for m genes: nothing profiled, no p."""
    return PermutationScan(
        statistic=np.full(m, np.nan),
        p=np.full(m, np.nan),
        method=np.full(m, "", dtype="U11"),
        n_permutations=np.zeros(m, dtype=np.int64),
        mc_lo=np.full(m, np.nan),
        mc_hi=np.full(m, np.nan),
        min_attainable_p=np.full(m, np.nan),
    )


class _Drawn(NamedTuple):
    """Genes ``rows`` that are tested by random draws: residuals by stratum, what a relabeling chooses of them."""

    rows: NDArray[np.intp]
    groups: list[NDArray[np.float64]]
    choices: Choices


def _count_pattern(
    scan: PermutationScan,
    rows: NDArray[np.intp],
    outcomes: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.intp]],
    max_exact: float,
) -> list[_Drawn]:
    """Test the genes ``rows`` of the scan exactly, or return what is to be drawn.

    ``outcomes``: residuals (n,), altered (genes, n) and stratum (n,) of the n patients profiled for these genes.
    """
    residuals, altered, stratum = outcomes
    order = np.lexsort((residuals, stratum))  # sums, and so results, do not depend on the order of the rows
    residuals, stratum, altered = residuals[order], stratum[order], altered[:, order]
    bounds = np.searchsorted(stratum, np.arange(int(stratum.max(initial=0)) + 2))
    groups = [residuals[a:b] for a, b in itertools.pairwise(bounds)]
    sizes = np.stack([altered[:, a:b].sum(axis=1) for a, b in itertools.pairwise(bounds)], axis=1)
    scan.statistic[rows] = [residuals[row].sum() for row in altered]
    designs, design = np.unique(sizes, axis=0, return_inverse=True)
    drawn: list[_Drawn] = []
    for k, n_altered in enumerate(designs):
        same = rows[design.ravel() == k]
        choices = build_choices(groups, n_altered.tolist())
        scan.min_attainable_p[same] = min_attainable_p(choices)
        if choices.log_count > math.log(max(max_exact, 1)) + 1e-6 or choices.count > max_exact:
            drawn.append(_Drawn(same, groups, choices))
            continue
        scan.method[same] = "exact"
        scan.n_permutations[same] = choices.count
        scan.p[same] = count_extreme(choices, np.abs(scan.statistic[same])) / choices.count
    return drawn


def _draw_until_stopped(scan: PermutationScan, drawn: list[_Drawn], seed: int, limits: tuple[int, int]) -> None:
    """Fill in the Monte-Carlo rows: all genes look at the same draws, each until its own stop."""
    if not drawn:
        return
    max_draws, wanted = limits
    hits = np.zeros(len(scan.p), dtype=np.int64)
    active = np.zeros(len(scan.p), dtype=bool)
    stopped = np.zeros(len(scan.p), dtype=bool)
    rows = np.concatenate([one.rows for one in drawn])
    active[rows] = True
    streams: dict[tuple[int, int, int], np.random.Generator] = {}
    done = 0
    while done < max_draws and active.any():
        drawn = [one._replace(rows=one.rows[active[one.rows]]) for one in drawn if active[one.rows].any()]
        block = min(_BLOCK, max_draws - done)
        for one, sums in zip(drawn, _draw_sums(drawn, streams, seed, block), strict=True):
            for row in one.rows:
                extreme = np.flatnonzero(np.abs(sums) >= abs(scan.statistic[row]) - TOLERANCE)
                missing = wanted - hits[row]
                if len(extreme) >= missing:
                    stopped[row], active[row] = True, False
                    scan.n_permutations[row] = done + extreme[missing - 1] + 1
                hits[row] += min(len(extreme), missing)
        done += block
    scan.n_permutations[rows[active[rows]]] = done
    scan.method[rows] = "monte_carlo"
    n, b = scan.n_permutations[rows], hits[rows]
    scan.p[rows] = np.where(stopped[rows], b / n, (1 + b) / (1 + n))
    scan.mc_lo[rows], scan.mc_hi[rows] = monte_carlo_interval(b, n, stopped=stopped[rows])


def monte_carlo_interval(
    hits: ArrayLike, draws: ArrayLike, *, stopped: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the exact interval of a p-value estimated by random draws.

    Parameters
    ----------
    hits
        (m,) draws as extreme as the data.
    draws
        (m,) all draws.
    stopped
        (m,) True if drawing ended with the last hit (number of hits fixed), False if the number of draws was fixed.
    level
        Confidence level.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64]]
        Lower and upper limits (m,): Clopper-Pearson, or its inverse-binomial form where ``stopped``.
    """
    from scipy.special import betaincinv

    b, n = np.asarray(hits, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    last_is_hit = np.asarray(stopped, dtype=bool)
    tail = (1 - level) / 2
    lower = np.where(b > 0, betaincinv(np.maximum(b, 1), n - b + 1, tail), 0.0)
    a = np.where(last_is_hit, b, b + 1)
    upper = np.where(n > b, betaincinv(a, np.maximum(n - b, 1), 1 - tail), 1.0)
    return lower, upper


def _draw_sums(
    drawn: list[_Drawn], streams: dict[tuple[int, int, int], np.random.Generator], seed: int, block: int
) -> Iterator[NDArray[np.float64]]:
    """Yield the sums (block,) of the same random relabelings for each design.

    The first k of a random sequence of distinct patients are a random subset of size k, so one sequence serves all
    genes. A sequence is made per stratum, number of patients and length, and the length follows from the gene's own
    count, so that a gene's draws depend on its counts and the seed alone.
    """
    wanted: dict[tuple[int, int, int], dict[int, tuple[NDArray[np.float64], set[int]]]] = {}
    for one in drawn:
        for s, k in zip(one.choices.stratum, one.choices.size, strict=True):
            values = one.groups[s]
            users = wanted.setdefault((s, len(values), sequence_length(k, len(values))), {})
            users.setdefault(id(values), (values, set()))[1].add(k)
    sums: dict[tuple[int, int], NDArray[np.float64]] = {}
    for (s, n, length), users in sorted(wanted.items()):
        rng = streams.setdefault(
            (s, n, length), np.random.default_rng(derive_seed(f"relabel:{s}:{length}", master=seed))
        )
        sums.update(sum_prefixes(rng, (n, length), users, block))
    for one in drawn:
        total = np.full(block, one.choices.offset)
        for s, k, values in zip(one.choices.stratum, one.choices.size, one.choices.values, strict=True):
            own = sums[id(one.groups[s]), k]
            total += own if values is one.groups[s] else -own
        yield total
