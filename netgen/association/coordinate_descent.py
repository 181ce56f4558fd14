"""Elastic-net Cox fits by coordinate descent, compiled: for what would keep NumPy busy for seconds.

Importing this module imports numba, and the first fit on a machine waits some seconds for the compiler: import it
where a large job is about to start (``coxnet_path.py`` does). NumPy's likelihood judges every fit made here afterwards.
The functions of this file are single-threaded and use no fast mathematics: runs repeat to the last digit.

Notes
-----
Simon, Friedman, Hastie, Tibshirani (J Stat Softw 39(5), 2011): a second-order model with a diagonal for the second
derivatives of the linear predictors, minimised one coefficient at a time; steps that do not go down are halved. The
diagonal is that of expected events, and each stratum has a free intercept. The model is then never flatter than the
likelihood, whose second derivatives are this diagonal less those of the means of the risk sets, and diverges nowhere.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from netgen.association.breslow import Layout
    from netgen.association.coxnet_columns import Columns

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

_SLOW: Final = 0.9  # a step that leaves more of the distance from optimality renews the second derivatives
_HALVINGS: Final = 40  # of a step
_BACK, _ON = -0.5, 4.0  # least and most of the last change that a step is prolonged by
_NOISE: Final = 1e-13  # relative: rounding of the objective
_LEAST: Final = 1e-10  # relative: second derivatives of a patient in the model, which must not vanish
_LITTLE: Final = 0.1  # of the wanted accuracy: smaller steps of a coefficient are left out
_FLAT: Final = 1e-12  # relative curvature from which a column is constant within strata


class Cohort(NamedTuple):
    """Columns and patients as the kernel reads them: contiguous float64 and int32.

    Column j has the values ``value[first[j]:first[j + 1]]`` at the places ``place[...]``, else 0; ``ones[j]``: all
    values are 1; ``unit[j]`` is what the column is divided by before it is penalised. A column of two values, centred
    or not, is held as 1 at the places of the larger one, in units of their difference. Places are ordered by exit:
    ``exits[k]:exits[k + 1]`` leave after slot k; ``late[late_first[k]:late_first[k + 1]]`` enter after slot k.
    ``start`` is the first slot of each place, ``block`` its stratum, ``edges`` are the first slots of the strata;
    ``weight`` and ``event`` are as in ``Layout``; slot k has ``d[k]`` weighted events in ``terms[k]`` terms.
    """

    first: NDArray[np.int64]
    place: NDArray[np.uint32]
    value: Floats
    ones: NDArray[np.bool_]
    unit: Floats
    exits: Ints
    late: Ints
    late_first: Ints
    start: Ints
    block: Ints
    edges: Ints
    weight: Floats
    event: Floats
    d: Floats
    terms: Ints
    total: float


def _jit(function: Callable[..., Any], *, forceinline: bool = False) -> Callable[..., Any]:
    """Compile at the first call; keep the code on disk if there is a place for it."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": forceinline}
    compiled: Callable[..., Any]
    try:
        compiled = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder that may be written to
        compiled = numba.njit(**options)(function)
    return compiled


_inline = partial(_jit, forceinline=True)  # where the arguments would take as long as the work


def gather_cohort(columns: Columns, layout: Layout) -> Cohort:
    """Return columns and one weighting of patients as the kernel reads them.

    Parameters
    ----------
    columns
        (p, m) columns; what is taken off them does not matter to the likelihood and is ignored.
    layout
        Patients, without an axis of weightings.

    Returns
    -------
    Cohort
        Contiguous arrays.
    """
    entries = [_find_entries(place, value, len(layout.rows)) for place, value in _iter_columns(columns)]
    place, value = (np.concatenate([[], *(entry[k] for entry in entries)]) for k in (0, 1))
    first = np.append(0, np.cumsum([len(entry[0]) for entry in entries], dtype=np.int64))
    other = np.append(0, np.cumsum(value != 1.0))
    start = layout.start - layout.row_block
    n_events = np.add.reduceat(layout.event > 0, layout.exits, dtype=np.int32)
    arrays = {
        "exits": np.append(layout.exits, len(start)),
        "late": layout.late,
        "late_first": np.searchsorted(start[layout.late] - 1, np.arange(len(layout.exits) + 1)),
        "start": start,
        "block": layout.row_block,
        "edges": [*(a for a, _ in layout.blocks), len(layout.exits)],
        "terms": n_events if layout.tied is not None else np.minimum(n_events, 1),
    }
    return Cohort(
        first=first,
        place=np.asarray(place, dtype=np.uint32),
        value=np.asarray(value, dtype=np.float64),
        ones=other[first[1:]] == other[first[:-1]],
        unit=columns.scale / np.array([entry[2] for entry in entries]),
        weight=np.ascontiguousarray(layout.weight),
        event=np.ascontiguousarray(layout.event),
        d=np.add.reduceat(layout.event, layout.exits),
        total=float(layout.total),
        **{name: np.ascontiguousarray(array, dtype=np.int32) for name, array in arrays.items()},
    )


def _iter_columns(columns: Columns) -> Iterator[tuple[NDArray[Any], Floats]]:
    """Places and values of each column that are stored."""
    values = columns.values
    if isinstance(values, np.ndarray):
        everywhere = np.arange(values.shape[1])
        yield from ((everywhere, row) for row in values)
    else:
        yield from (
            (values.indices[a:b], values.data[a:b]) for a, b in zip(values.indptr[:-1], values.indptr[1:], strict=True)
        )


def _find_entries(place: NDArray[Any], value: Floats, m: int) -> tuple[NDArray[Any], Floats, float]:
    """Return places and values that differ from the rest of a column, and the unit of these values."""
    low, high = (value.min(), value.max()) if 0 < len(value) == m else (0.0, value.max(initial=0.0))
    upper = value == high
    if high > low and (upper | (value == low)).all():
        return place[upper], np.ones(int(upper.sum())), float(high - low)
    stored = value != 0
    return place[stored], value[stored], 1.0


@_inline
def sum_column(cohort: Cohort, j: int, r: Floats) -> float:
    """Return the sum over patients of column j times r; four sums at a time, for additions wait for each other."""
    place = cohort.place[cohort.first[j] : cohort.first[j + 1]]
    s0 = s1 = s2 = s3 = 0.0
    whole = len(place) // 4 * 4
    if cohort.ones[j]:
        for i in range(0, whole, 4):
            s0 += r[place[i]]
            s1 += r[place[i + 1]]
            s2 += r[place[i + 2]]
            s3 += r[place[i + 3]]
        for k in place[whole:]:
            s0 += r[k]
    else:
        value = cohort.value[cohort.first[j] : cohort.first[j + 1]]
        for i in range(0, whole, 4):
            s0 += value[i] * r[place[i]]
            s1 += value[i + 1] * r[place[i + 1]]
            s2 += value[i + 2] * r[place[i + 2]]
            s3 += value[i + 3] * r[place[i + 3]]
        for i in range(whole, len(place)):
            s0 += value[i] * r[place[i]]
    return (s0 + s1) + (s2 + s3)


@_inline
def add_column(cohort: Cohort, j: int, by: float, w: Floats, r: Floats) -> None:
    """Add a multiple of column j times w to r."""
    place = cohort.place[cohort.first[j] : cohort.first[j + 1]]
    if cohort.ones[j]:
        for k in place:
            r[k] += by * w[k]
    else:
        value = cohort.value[cohort.first[j] : cohort.first[j + 1]]
        for i in range(len(place)):
            r[place[i]] += by * value[i] * w[place[i]]


@_jit
def evaluate(  # noqa: C901, PLR0912 - one pass over strata, slots and patients
    cohort: Cohort, eta: Floats, residual: Floats, curvature: Floats
) -> float:
    """Return the log partial likelihood; write martingale residuals and expected events, as ``evaluate_likelihood``."""
    loglik = 0.0
    n_slots = len(cohort.d)
    at_risk, hazard, lost = np.empty(n_slots), np.empty(n_slots), np.empty(n_slots)
    for s in range(len(cohort.edges) - 1):
        low, high = cohort.edges[s], cohort.edges[s + 1]
        places = range(cohort.exits[low], cohort.exits[high])
        top = -np.inf
        for i in places:
            top = max(top, eta[i])
        for i in places:
            curvature[i] = cohort.weight[i] * np.exp(eta[i] - top)
            loglik += cohort.event[i] * (eta[i] - top)
        total = rest = 0.0  # Neumaier: a small risk set is the rest of a long sum
        for k in range(high - 1, low - 1, -1):
            leaving = cohort.exits[k + 1] - cohort.exits[k]
            for n in range(leaving + cohort.late_first[k + 1] - cohort.late_first[k]):
                if n < leaving:
                    x = curvature[cohort.exits[k] + n]
                else:
                    x = -curvature[cohort.late[cohort.late_first[k] + n - leaving]]
                more = total + x
                rest += (total - more) + x if abs(total) >= abs(x) else (x - more) + total
                total = more
            at_risk[k] = total + rest
        reached = 0.0
        for k in range(low, high):
            lost[k], tied = 0.0, 0.0
            if cohort.terms[k] > 1:
                for i in range(cohort.exits[k], cohort.exits[k + 1]):
                    tied += curvature[i] if cohort.event[i] > 0 else 0.0
            for n in range(cohort.terms[k]):  # one term, or Efron's
                share = n / cohort.terms[k]
                risk, d = at_risk[k] - share * tied, cohort.d[k] / cohort.terms[k]
                loglik -= d * np.log(risk)
                reached += d / risk
                lost[k] += share * d / risk
            hazard[k] = reached
            for i in range(cohort.exits[k], cohort.exits[k + 1]):
                exposure = reached if cohort.start[i] == low else reached - hazard[cohort.start[i] - 1]
                if cohort.event[i] > 0:
                    exposure -= lost[k]
                curvature[i] *= exposure
                residual[i] = cohort.event[i] - curvature[i]
    return loglik


@_inline
def miss(slope: float, b: float, l1: float) -> float:
    """Return how far a coefficient is from optimal."""
    return abs(slope + np.copysign(l1, b)) if b != 0.0 else max(abs(slope) - l1, 0.0)


@_jit
def objective(cohort: Cohort, columns: Ints, b: Floats, loglik: float, l1: Floats, l2: Floats) -> float:
    """Return what is minimised."""
    value = -loglik / cohort.total
    for j in columns:
        value += l1[j] * abs(b[j]) + l2[j] * b[j] * b[j] / 2
    return value


@_jit
def prolong(columns: Ints, b: Floats, change: Floats, back: Floats, past: Floats, scale: Floats) -> float:
    """Go on from b by a multiple of what it has come since the step before; return the multiple, 0 if a sign changes.

    Steps of a model that is too steep shrink geometrically: Anderson's acceleration with one step of memory.
    """
    up = down = 0.0
    for j in columns:
        up += scale[j] * change[j] * (change[j] - past[j])
        down += scale[j] * (change[j] - past[j]) ** 2
    by = min(max(-up / down, _BACK), _ON) if down > 0.0 else 0.0
    for j in columns:
        if (b[j] + by * (b[j] - back[j])) * b[j] < 0.0 or (b[j] == 0.0) != (back[j] == 0.0):
            return 0.0
    for j in columns:
        b[j] += by * (b[j] - back[j])
    return by


@_jit
def bend(cohort: Cohort, j: int, w: Floats, sums: Floats, means: Floats) -> float:
    """Return the second derivative of the model for coefficient j, 0 if the column is constant within strata.

    The column's weighted sum in each stratum is written to ``means``.
    """
    n_blocks = len(sums)
    for s in range(n_blocks):
        means[j, s] = 0.0
    square = 0.0
    if n_blocks == 1 and cohort.ones[j]:
        square = means[j, 0] = sum_column(cohort, j, w)
    else:
        for i in range(cohort.first[j], cohort.first[j + 1]):
            k, x = cohort.place[i], cohort.value[i]
            means[j, cohort.block[k]] += w[k] * x
            square += w[k] * x * x
    rest = square
    for s in range(n_blocks):
        rest -= means[j, s] * means[j, s] / sums[s]
    return rest / cohort.total if rest > _FLAT * square else 0.0


@_jit
def sweep(
    cohort: Cohort,
    columns: Ints,
    b: Floats,
    r: Floats,
    w: Floats,
    means: Floats,
    bent: Floats,
    sums: Floats,
    drift: Floats,
    l1: Floats,
    l2: Floats,
    tol: float,
) -> None:
    """Minimise the model over one coefficient after the other.

    ``r`` are the model's residuals up to the intercepts: those of stratum s are r + w * drift[s].
    """
    for j in columns:
        if bent[j] == 0.0:
            continue
        g = -sum_column(cohort, j, r)
        for s in range(len(drift)):
            g -= drift[s] * means[j, s]
        g /= cohort.total
        square = bent[j]
        if l1[j] + l2[j] == 0.0 and abs(g) <= tol and square <= 10.0 * tol:
            continue  # a separating column: see find_still
        target = square * b[j] - g
        size = abs(target) - l1[j]
        new = 0.0 if size <= 0 else np.copysign(size, target) / (square + l2[j])
        step = new - b[j]
        if abs(step) * (square + l2[j]) <= _LITTLE * tol * cohort.unit[j] and (new != 0.0 or step == 0.0):
            continue
        b[j] = new
        for s in range(len(drift)):
            drift[s] += step * means[j, s] / sums[s]
        add_column(cohort, j, -step, w, r)


@_jit
def admit(cohort: Cohort, working: Ints, b: Floats, residual: Floats, gradient: Floats, l1: Floats, tol: float) -> Ints:
    """Return the working set with the columns outside that violate optimality; the gradient is brought up to date."""
    joins = np.zeros(len(b), np.bool_)
    joins[working] = True
    for j in range(len(b)):
        if not joins[j]:
            gradient[j] = -sum_column(cohort, j, residual) / cohort.total
            joins[j] = miss(gradient[j], 0.0, l1[j]) > tol * cohort.unit[j]
    return np.flatnonzero(joins).astype(np.int32)


@_jit
def fit_penalty(  # noqa: C901 - the whole descent: a call per part would copy its arrays
    cohort: Cohort, b: Floats, gradient: Floats, l1: Floats, l2: Floats, screen: Floats, tol: float, max_steps: int
) -> int:
    """Minimise for one penalty from b, which is brought up to date as the gradient is; return the steps, or -1.

    ``screen`` is the slope from which a column is in the working set (the sequential strong rule); violators join.
    """
    p, m, n_blocks = len(b), len(cohort.weight), len(cohort.edges) - 1
    eta, residual, curvature = np.zeros(m), np.empty(m), np.empty(m)
    w, sums, means, bent = np.empty(m), np.empty(n_blocks), np.empty((p, n_blocks)), np.empty(p)
    working: Ints = np.flatnonzero((b != 0) | (np.abs(gradient) >= screen)).astype(np.int32)
    w[:] = 1.0
    for j in np.flatnonzero(b):
        add_column(cohort, j, b[j], w, eta)
    loglik = evaluate(cohort, eta, residual, curvature)
    last, past_b, past_step, past_eta = 0.0, b, b, eta  # last = 0: renew the second derivatives, forget the past
    for turn in range(max_steps):
        gap = 0.0
        for j in working:
            gradient[j] = -sum_column(cohort, j, residual) / cohort.total
            gap = max(gap, miss(gradient[j] + l2[j] * b[j], b[j], l1[j]) / cohort.unit[j])
        if gap <= tol:
            more = admit(cohort, working, b, residual, gradient, l1, tol)
            if len(more) == len(working):
                return turn
            working, last = more, 0.0
            continue
        if gap > _SLOW * last:
            w[:] = np.maximum(curvature, _LEAST * cohort.total / m)
            sums[:] = 0.0
            for i in range(m):
                sums[cohort.block[i]] += w[i]
            for j in working:
                bent[j] = bend(cohort, j, w, sums, means)
        old, r, drift = b.copy(), residual.copy(), np.zeros(n_blocks)
        before = objective(cohort, working, b, loglik, l1, l2)
        sweep(cohort, working, b, r, w, means, bent, sums, drift, l1, l2, tol)
        sweep(cohort, working[b[working] != 0], b, r, w, means, bent, sums, drift, l1, l2, tol)
        move = (residual - r) / w
        reached, step, there = b.copy(), b - old, eta + move
        if last > 0.0:
            move += prolong(working, b, step, past_b, past_step, bent) * (there - past_eta)
        last, past_b, past_step, past_eta = gap, reached, step, there
        for _ in range(_HALVINGS):
            loglik = evaluate(cohort, eta + move, residual, curvature)
            now = objective(cohort, working, b, loglik, l1, l2)
            if np.isfinite(now) and now <= before + _NOISE * (1.0 + abs(before)):
                break
            move /= 2
            b[working] = (b[working] + old[working]) / 2
            last = 0.0
        eta += move
    return -1
