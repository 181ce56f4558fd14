"""Mean number of lines begun: by hand, by loops, and the standard error by leaving out one patient after the other."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.mean_cumulative import mean_cumulative


def cohort(seed, n=60):
    rng = np.random.default_rng(seed)
    end = rng.integers(20, 200, n).astype(float)
    dead = rng.random(n) < 0.6
    events = [(i, day) for i in range(n) for day in rng.integers(1, 201, 4) if day <= end[i]]
    return [i for i, _ in events], [float(day) for _, day in events], end, dead


def loop(_patient, start, end, dead, time, *, while_alive):
    """Return the estimate at one time, day by day."""
    mean, survival = 0.0, 1.0
    for day in sorted({*start, *(e for e, d in zip(end, dead, strict=True) if d)}):
        if day > time:
            break
        at_risk = sum(e >= day for e in end)
        mean += survival * sum(s == day for s in start) / at_risk
        if not while_alive:
            survival *= 1 - sum(d and e == day for e, d in zip(end, dead, strict=True)) / at_risk
    return mean


def test_mean_cumulative__by_hand():
    # A starts lines on days 1 and 5, dies on 6; B starts on 2, dies on 3; C starts on 4, followed to 10.
    patient, start, end, dead = [0, 0, 1, 2], [1, 5, 2, 4], [6, 3, 10], [True, True, False]
    found = mean_cumulative(patient, start, end, dead, [0, 3, 4, 6, 11])
    # 1/3 + 1/3, then S = 2/3: + 2/3 * 1/2 on day 4, + 2/3 * 1/2 on day 5
    assert found.mean[:4] == pytest.approx([0, 2 / 3, 1, 4 / 3])
    assert np.isnan(found.mean[4])
    assert found.n_risk.tolist() == [3, 3, 2, 2, 0]
    alive = mean_cumulative(patient, start, end, dead, [6], while_alive=True)
    assert alive.mean[0] == pytest.approx(2 / 3 + 1 / 2 + 1 / 2)


def test_mean_cumulative__without_censoring_is_the_plain_mean():
    patient, start, end, dead = [0, 0, 1, 2], [1, 5, 2, 4], [6, 3, 10], [True, True, True]
    found = mean_cumulative(patient, start, end, dead, [20])
    assert found.mean[0] == pytest.approx(4 / 3)
    assert found.std_err[0] == pytest.approx(np.std([2, 1, 1]) / np.sqrt(3))


@pytest.mark.parametrize("while_alive", [True, False])
def test_mean_cumulative__agrees_with_loops(while_alive):
    data = cohort(1)
    times = [15, 60, 120, 180]
    found = mean_cumulative(*data, times, while_alive=while_alive)
    assert found.mean == pytest.approx([loop(*data, time, while_alive=while_alive) for time in times])


@pytest.mark.parametrize("while_alive", [True, False])
def test_mean_cumulative__standard_error_agrees_with_the_jackknife(while_alive):
    patient, start, end, dead = cohort(2)
    n = len(end)
    left_out = []
    for gone in range(n):
        keep = [i != gone for i in range(n)]
        rows = [(i - (i > gone), s) for i, s in zip(patient, start, strict=True) if i != gone]
        part = ([i for i, _ in rows], [s for _, s in rows], end[keep], dead[keep])
        left_out.append(loop(*part, 120, while_alive=while_alive))
    jackknife = np.sqrt((n - 1) / n * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    found = mean_cumulative(patient, start, end, dead, [120], while_alive=while_alive)
    assert found.std_err[0] == pytest.approx(jackknife, rel=0.05)
    assert found.lo[0] < found.mean[0] < found.hi[0]


def test_mean_cumulative__of_nobody_is_not_known():
    found = mean_cumulative([], [], [], [], [10])
    assert np.isnan(found.mean[0])
    assert found.n_risk[0] == 0


def test_mean_cumulative__refuses_a_line_after_the_end():
    with pytest.raises(ValueError, match="within the observation"):
        mean_cumulative([0], [9], [8], [False], [1])
