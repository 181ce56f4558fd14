"""Cumulative incidence against R ``survfit``, against loops over patients, and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cumulative_incidence import cumulative_incidence, incidence_at
from netgen.association.km import kaplan_meier

CAUSES = {"event": 0, "competing": 1}


def outcomes(reference, name, group, *, late):
    """Return time, cause and entry of one group of a reference input."""
    if name.startswith("pbc"):
        table = pd.read_csv(reference / "inputs" / "pbc_trial.csv")
        column = name.split(".")[1]
        rows = table[column].astype(str) == group[len("x=") + 1 :]
        return table.loc[rows, "time"], table.loc[rows, "status"], None
    table = pd.read_csv(reference / "inputs" / "simA2.csv")
    rows = table[table["origin"] == group.removeprefix("x=")]
    return rows["time"], rows["comp"], rows["entry"] if late else None


def test_cumulative_incidence__equals_survfit(reference):
    expected = pd.read_csv(reference / "aalen_johansen" / "aalen_johansen.csv")
    seen = 0
    for (name, late, conf_type, group), rows in expected.groupby(["id", "left_truncated", "conf_type", "group"]):
        time, cause, entry = outcomes(reference, name, group, late=late)
        curve = cumulative_incidence(time, cause, entry=entry, conf_type=conf_type)
        for state, own in rows.groupby("state"):
            if CAUSES[state] >= len(curve.cause):
                assert (own["cif"] == 0).all()
                continue
            at = incidence_at(curve, own["time"])
            assert at.incidence[CAUSES[state]] == pytest.approx(own["cif"].to_numpy(), abs=1e-10)
            assert at.std_err[CAUSES[state]] == pytest.approx(own["std_err"].to_numpy(), abs=1e-10)
            some = own["cif"].to_numpy() > 0
            for found, column in ((at.lo, "lower95"), (at.hi, "upper95")):
                assert found[CAUSES[state]][some] == pytest.approx(own[column].to_numpy()[some], abs=1e-10)
                assert np.isnan(found[CAUSES[state]][~some]).all()
        seen += len(rows)
    assert seen == 264


def naive_incidence(time, cause, entry, which, at):
    """Add up, over the event times, the chance to get there times the chance to have the event then."""
    total, survival = 0.0, 1.0
    for t in sorted({x for x, k in zip(time, cause, strict=True) if k > 0 and x <= at}):
        risk = [i for i in range(len(time)) if entry[i] < t <= time[i]]
        events = [cause[i] for i in risk if time[i] == t and cause[i] > 0]
        total += survival * events.count(which) / len(risk)
        survival *= 1 - len(events) / len(risk)
    return total


def naive_variance(time, cause, entry, which, at, step=1e-5):
    """Squared derivative of the incidence with respect to each patient's weight, by central differences."""

    def weighted(weights):
        total, survival = 0.0, 1.0
        for t in sorted({x for x, k in zip(time, cause, strict=True) if k > 0 and x <= at}):
            risk = [i for i in range(len(time)) if entry[i] < t <= time[i]]
            n = sum(weights[i] for i in risk)
            dead = [i for i in risk if time[i] == t and cause[i] > 0]
            total += survival * sum(weights[i] for i in dead if cause[i] == which) / n
            survival *= 1 - sum(weights[i] for i in dead) / n
        return total

    influence = []
    for i in range(len(time)):
        up, down = [1.0] * len(time), [1.0] * len(time)
        up[i], down[i] = 1 + step, 1 - step
        influence.append((weighted(up) - weighted(down)) / (2 * step))
    return sum(value**2 for value in influence)


@pytest.mark.parametrize("late", [False, True])
def test_cumulative_incidence__equals_loops(late):
    rng = np.random.default_rng(16)
    for _ in range(5):
        n = 14
        time = rng.integers(4, 12, n).astype(float)
        cause = rng.integers(0, 4, n)
        entry = rng.integers(0, 4, n).astype(float) if late else np.full(n, -np.inf)
        curve = cumulative_incidence(time, cause, entry=entry if late else None)
        assert curve.cause.tolist() == sorted(set(cause) - {0})
        for at in (0, 4, 7, 9.5, 20):
            found = incidence_at(curve, [at])
            for row, which in enumerate(curve.cause):
                wanted = naive_incidence(time, cause, entry, which, at)
                assert found.incidence[row, 0] == pytest.approx(wanted, abs=1e-12)
                variance = naive_variance(time, cause, entry, which, at)
                assert found.std_err[row, 0] ** 2 == pytest.approx(variance, abs=1e-8)


@pytest.mark.parametrize("late", [False, True])
def test_cumulative_incidence__incidences_and_survival_add_up_to_1(reference, late):
    table = pd.read_csv(reference / "inputs" / "simA2.csv")
    curve = cumulative_incidence(table["time"], table["comp"], entry=table["entry"] if late else None)
    assert curve.incidence.sum(axis=0) + curve.survival == pytest.approx(1, abs=1e-12)
    km = kaplan_meier(table["time"], table["comp"] > 0, entry=table["entry"] if late else None)
    assert curve.survival == pytest.approx(km.survival[km.n_event > 0], abs=1e-12)


def test_cumulative_incidence__of_one_cause_is_1_minus_kaplan_meier(reference):
    table = pd.read_csv(reference / "inputs" / "veteran.csv")
    curve = cumulative_incidence(table["time"], table["status"])
    km = kaplan_meier(table["time"], table["status"])
    use = km.n_event > 0
    assert curve.incidence[0] == pytest.approx(1 - km.survival[use], abs=1e-12)
    ends = km.survival[use] > 0
    assert curve.std_err[0][ends] == pytest.approx(km.std_err[use][ends], abs=1e-12)


def test_cumulative_incidence__does_not_depend_on_the_order_of_rows(reference):
    table = pd.read_csv(reference / "inputs" / "simA2.csv")
    shuffled = table.sample(frac=1, random_state=1)
    one, two = (cumulative_incidence(rows["time"], rows["comp"], entry=rows["entry"]) for rows in (table, shuffled))
    assert two.incidence == pytest.approx(one.incidence, abs=1e-14)
    assert two.std_err == pytest.approx(one.std_err, abs=1e-14)


def test_cumulative_incidence__nobody_fails():
    curve = cumulative_incidence([3, 5], [0, 0])
    assert (curve.cause.size, curve.time.size, curve.n) == (0, 0, 2)
    assert incidence_at(curve, [1, 9]).incidence.shape == (0, 2)


@pytest.mark.parametrize(
    ("time", "entry", "message"),
    [([1.0, np.inf], None, "must be finite"), ([1.0, 2.0], [0.0, np.nan], "must be finite"),
     ([1.0, 2.0], [0.0, 2.0], "every entry must be before its exit")],
)  # fmt: skip
def test_cumulative_incidence__refuses_what_it_cannot_use(time, entry, message):
    with pytest.raises(ValueError, match=message):
        cumulative_incidence(time, [1, 0], entry=entry)


def test_cumulative_incidence__knows_three_kinds_of_limits():
    with pytest.raises(ValueError, match="conf_type must be log-log, log or plain, got 'arcsin'"):
        cumulative_incidence([1, 2], [1, 0], conf_type="arcsin")
