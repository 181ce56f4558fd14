"""Every endpoint against plain loops over patients, and what must always hold.

The loops follow the text of DOMAIN 2.1-2.7 and 2.9 with day numbers, one patient at a time.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.cumulative_incidence import cumulative_incidence, incidence_at
from netgen.association.km import kaplan_meier, survival_at
from netgen.clinical.bounds import at_bound
from netgen.clinical.clamp import clamp_dates
from netgen.clinical.endpoint_kinds import KINDS
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.flow import add_step, start_flow
from netgen.errors import Findings
from tests.clinical.literal import make_tables

DAY_0 = date(2020, 1, 1)
ADEQUATE = ("CR", "PR", "SD", "NON_CR_NON_PD")
RELAPSE = {
    "name": "mine", "origin": "line:1", "events": ["progression"], "competing": ["death"], "stop_at": ["next_line"],
    "censor": ["last_assessment", "last_contact", "origin"],
}  # fmt: skip
ALL = st.sampled_from(
    [
        *({"name": name} for name in KINDS),
        {"name": "ttnt", "deaths": "competing"},
        {"name": "os", "landmark": 90},
        RELAPSE,
    ]
)


def day(n: int | None) -> str | None:
    return None if n is None else (DAY_0 + timedelta(days=n)).isoformat()


# ------------------------------------------------------------------------------------------------ the loops


def naive_os(person, cutoff):
    """Time, event and reason of one patient from advanced disease; None = no outcome."""
    begin = person["advanced"]
    if person["status"] == "dead":
        if person["death"] is None:
            return None
        if cutoff is None or person["death"] <= cutoff:
            return person["death"] - begin, True, "death"
        return cutoff - begin, False, "censored_cutoff"
    if cutoff is not None and person["contact"] > cutoff:
        return cutoff - begin, False, "censored_cutoff"
    return person["contact"] - begin, False, "censored_last_contact"


def owner(person, date_):
    """Line of an assessment that names none: the latest start before it."""
    started = [k for k, start in enumerate(person["starts"], 1) if start < date_]
    return started[-1] if started else None


def progression_date(person, k, policy):
    """Date and kind of the first progression of line k, or None."""
    start = person["starts"][k - 1]
    stop = person["starts"][k] if len(person["starts"]) > k else None
    scans = []
    for date_, response, line in person["scans"]:
        of = line if line is not None else owner(person, date_)
        counts = of is not None and (of >= k if policy == "ignore" else of == k)
        if counts and response == "PD" and date_ >= start:
            scans.append(date_)
    charts = []
    for number, (recorded, kind) in enumerate(person["recorded"], 1):
        counts = number >= k if policy == "ignore" else number == k
        if counts and recorded is not None and kind != "biochemical" and recorded > person["starts"][number - 1]:
            charts.append((recorded, kind))
    scan = min(scans) if scans else None
    chart = min(charts, key=lambda item: item[0]) if charts else None
    both = scan is not None and chart is not None
    near = both and abs(scan - chart[0]) <= 28

    def kept(date_):
        if date_ is None or policy == "ignore" or stop is None or date_ <= stop:
            return date_
        return stop if date_ <= stop + 28 else None

    scan_day, chart_day = kept(scan), kept(None if chart is None else chart[0])
    if scan_day is not None and (chart_day is None or near or scan_day <= chart_day):
        return scan_day, "pd_radiological"
    if chart_day is not None:
        return chart_day, {"radiological": "pd_radiological", "clinical": "pd_clinical"}.get(chart[1], "pd_recorded")
    return None


def naive_pfs(person, k, policy, cutoff):
    """Time, event and reason of one patient from the start of line k; None = line not started or after the cut-off."""
    if len(person["starts"]) < k:
        return None
    start = person["starts"][k - 1]
    stop = person["starts"][k] if len(person["starts"]) > k else None
    if cutoff is not None and start > cutoff:
        return None
    events = []
    progression = progression_date(person, k, policy)
    if progression is not None:
        events.append(progression)
    death = person["death"] if person["status"] == "dead" else None
    if death is not None and death >= start and (stop is None or death < stop):
        events.append((death, "death"))
    if policy == "event" and stop is not None:
        events.append((stop, "new_therapy"))
    events = [item for item in events if cutoff is None or item[0] <= cutoff]
    if events:
        when, why = min(events, key=lambda item: item[0])
        return when - start, True, why
    seen_stop = stop is not None and policy != "ignore" and (cutoff is None or stop <= cutoff)
    good = []
    for date_, response, line in person["scans"]:
        of = line if line is not None else owner(person, date_)
        counts = of is not None and (of >= k if policy == "ignore" else of == k)
        in_time = date_ >= start and not (seen_stop and date_ > stop) and (cutoff is None or date_ <= cutoff)
        if counts and in_time and response in ADEQUATE:
            good.append(date_)
    if good:
        return max(good) - start, False, "censored_new_therapy" if seen_stop else "censored_last_assessment"
    return 0, False, "censored_no_assessment"


def naive_ttp(person, k, policy, cutoff):
    """As progression-free survival, but a death is a censoring that competes."""
    found = naive_pfs(person, k, policy, cutoff)
    if found is not None and found[2] == "death":
        return found[0], False, "censored_death"
    return found


def known_alive(person, start, cutoff):
    """Latest day on which the patient is known alive, not before the start, and what it is."""
    contact = max(person["contact"], start)
    later = max(contact, person["death"] if person["status"] == "dead" and person["death"] is not None else contact)
    if cutoff is not None and later > cutoff:
        return cutoff, "censored_cutoff"
    return contact, "censored_last_contact"


def first_of(events, person, start, cutoff):
    """Time, event and reason: the earliest event up to the cut-off (ties as listed), else the last day known alive."""
    seen = [item for item in events if item[0] is not None and (cutoff is None or item[0] <= cutoff)]
    if seen:
        when, why = min(seen, key=lambda item: item[0])
        return when - start, True, why
    when, why = known_alive(person, start, cutoff)
    return when - start, False, why


def line_of(person, k, cutoff):
    """Start of line k, of the next one, and the death behind it; None = not started before the cut-off."""
    if len(person["starts"]) < k or (cutoff is not None and person["starts"][k - 1] > cutoff):
        return None
    start = person["starts"][k - 1]
    stop = person["starts"][k] if len(person["starts"]) > k else None
    death = person["death"] if person["status"] == "dead" else None
    return start, stop, None if death is None or death < start else death


def naive_ttnt(person, k, cutoff):
    found = line_of(person, k, cutoff)
    if found is None:
        return None
    start, stop, death = found
    return first_of([(stop, "next_line"), (death, "death")], person, start, cutoff)


def naive_end(person, k, cutoff):
    """The recorded end, unless the line is ongoing; else the day before the next line; or death."""
    found = line_of(person, k, cutoff)
    if found is None:
        return None
    start, stop, death = found
    end, ongoing, why = person["ends"][k - 1]
    if end is None or ongoing:
        end = None if stop is None else max(stop - 1, start)
    return first_of([(end, f"stop_{why}"), (death, "death")], person, start, cutoff)


def naive_dor(person, k, cutoff):
    found = naive_pfs(person, k, "censor", cutoff)
    if found is None:
        return None
    start = person["starts"][k - 1]
    limits = [cutoff, person["starts"][k] if len(person["starts"]) > k else None]
    progression = progression_date(person, k, "censor")
    limits.append(None if progression is None else progression[0])
    responses = []
    for date_, response, line in person["scans"]:
        of = line if line is not None else owner(person, date_)
        in_time = date_ >= start and all(limit is None or date_ <= limit for limit in limits)
        if of == k and in_time and response in ("CR", "PR"):
            responses.append(date_)
    return (found[0] - (min(responses) - start), *found[1:]) if responses else None


# ------------------------------------------------------------------------------------------------ cohorts


@st.composite
def people(draw):
    """One patient as day numbers: consistent life, lines in order, scans on distinct days."""
    contact = draw(st.integers(0, 500))
    status = draw(st.sampled_from(["alive", "dead", "unknown"]))
    death = None
    if status == "dead" and draw(st.integers(0, 9)) > 0:
        death = contact + draw(st.integers(0, 60))
    end = contact if death is None else death
    starts = sorted(draw(st.sets(st.integers(0, max(end, 1)), max_size=4)))
    scans = [
        (when, draw(st.sampled_from(["CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE"])),
         draw(st.sampled_from([None, None, *range(1, len(starts) + 1)])))
        for when in sorted(draw(st.sets(st.integers(0, max(end, 1)), max_size=6)))
    ]  # fmt: skip
    kinds = st.sampled_from(["radiological", "clinical", "biochemical", "unknown"])
    recorded = [(draw(st.none() | st.integers(0, max(end, 1))), draw(kinds)) for _ in starts]
    ends = [
        (draw(st.none() | st.integers(start, max(end, start))), draw(st.booleans()),
         draw(st.sampled_from(["toxicity", "completion", "progression", "unknown"])))
        for start in starts
    ]  # fmt: skip
    return {
        "advanced": 0, "contact": contact, "status": status, "death": death, "starts": starts, "scans": scans,
        "recorded": recorded, "ends": ends, "cause": draw(st.sampled_from(["tumour", "treatment", "other"])),
    }  # fmt: skip


cohorts = st.lists(people(), min_size=1, max_size=8)
cutoffs = st.none() | st.integers(1, 500)
policies = st.sampled_from(["censor", "event", "ignore"])


def build(cohort):
    patients, treatments, assessments = [], [], []
    for number, person in enumerate(cohort):
        name = f"P{number}"
        patients.append(
            {
                "patient_id": name, "vital_status": person["status"], "date_advanced": day(person["advanced"]),
                "date_last_contact": day(person["contact"]), "date_death": day(person["death"]),
                "cause_of_death": person["cause"] if person["status"] == "dead" else None,
            }
        )  # fmt: skip
        rows = zip(person["starts"], person["recorded"], person["ends"], strict=True)
        for k, (start, (recorded, kind), (end, ongoing, why)) in enumerate(rows, 1):
            treatments.append(
                {
                    "patient_id": name, "line_number": k, "date_start": day(start), "date_progression": day(recorded),
                    "progression_type": kind, "regimen_class": "ssa", "date_end": day(end), "ongoing": ongoing,
                    "end_reason": why,
                }
            )  # fmt: skip
        for when, response, line in person["scans"]:
            assessments.append(
                {
                    "patient_id": name, "date": day(when), "overall_response": response, "line_number": line,
                    "criteria": "RECIST1.1", "modality": "CT",
                }
            )  # fmt: skip
    return make_tables(patients=patients, treatments=treatments, assessments=assessments)


def derive(tables, cutoff, **choices):
    spec = EndpointSpec(**{"entry_rule": "none", "time_zero": "keep"} | choices)
    data_cutoff = None if cutoff is None else DAY_0 + timedelta(days=cutoff)
    return derive_endpoint(tables, spec, data_cutoff=data_cutoff, findings=Findings())


def outcomes(endpoint):
    columns = ["patient_id", "time_days", "event", "end_reason"]
    return {row[0]: tuple(row[1:]) for row in endpoint.table[columns].itertuples(index=False)}


def shuffled(tables, seed):
    return {name: table.sample(frac=1, random_state=seed).reset_index(drop=True) for name, table in tables.items()}


@given(cohort=cohorts, cutoff=cutoffs)
def test_os__equals_the_loop(cohort, cutoff):
    expected = {f"P{i}": found for i, person in enumerate(cohort) if (found := naive_os(person, cutoff)) is not None}
    assert outcomes(derive(build(cohort), cutoff, name="os")) == expected


@given(cohort=cohorts, cutoff=cutoffs, policy=policies, k=st.integers(1, 3))
def test_pfs__equals_the_loop(cohort, cutoff, policy, k):
    expected = {}
    for number, person in enumerate(cohort):
        found = naive_pfs(person, k, policy, cutoff)
        if found is not None:
            expected[f"P{number}"] = found
    got = outcomes(derive(build(cohort), cutoff, name="pfs", origin=f"line:{k}", new_therapy=policy))
    assert got == expected


LOOPS = {
    "ttp": lambda person, k, cutoff: naive_ttp(person, k, "censor", cutoff),
    "ttnt": naive_ttnt,
    "ttf": naive_end,
    "ttd": naive_end,
    "dot": lambda person, k, cutoff: (
        None if (found := naive_end(person, k, cutoff)) is None else (found[0] + 1, *found[1:])
    ),
    "dor": naive_dor,
}


@given(cohort=cohorts, cutoff=cutoffs, k=st.integers(1, 3), name=st.sampled_from(sorted(LOOPS)))
def test_endpoints_of_a_line__equal_the_loops(cohort, cutoff, k, name):
    expected = {}
    for number, person in enumerate(cohort):
        found = LOOPS[name](person, k, cutoff)
        if found is not None:
            expected[f"P{number}"] = found
    assert outcomes(derive(build(cohort), cutoff, name=name, origin=f"line:{k}")) == expected


@given(cohort=cohorts, cutoff=cutoffs)
def test_dss__has_the_times_of_os_and_the_deaths_of_the_tumour(cohort, cutoff):
    tables = build(cohort)
    survival, specific = derive(tables, cutoff, name="os").table, derive(tables, cutoff, name="dss").table
    assert specific["time_days"].tolist() == survival["time_days"].tolist()
    cause = dict(zip(tables["patients"]["patient_id"], tables["patients"]["cause_of_death"], strict=True))
    code = [0 if not event else 1 if cause[name] == "tumour" else 2
            for name, event in zip(survival["patient_id"], survival["event"], strict=True)]  # fmt: skip
    assert specific["competing"].tolist() == code
    assert specific["event"].tolist() == [item == 1 for item in code]


@given(cohort=cohorts, cutoff=cutoffs, policy=st.sampled_from(["censor", "ignore"]), k=st.integers(1, 2))
def test_ttp__events_are_those_of_pfs_and_incidences_add_up_with_it(cohort, cutoff, policy, k):
    choices = {"origin": f"line:{k}", "new_therapy": policy, "time_zero": "half_day"}
    pfs = derive(build(cohort), cutoff, name="pfs", **choices).table
    ttp = derive(build(cohort), cutoff, name="ttp", **choices).table
    assert ttp["patient_id"].tolist() == pfs["patient_id"].tolist()
    assert ttp["time_days"].tolist() == pfs["time_days"].tolist()
    assert not (ttp["event"] & ~pfs["event"]).any()
    assert ((ttp["competing"] > 0).to_numpy(dtype=bool) == pfs["event"].to_numpy()).all()
    assert ((ttp["competing"] == 1).to_numpy(dtype=bool) == ttp["event"].to_numpy()).all()
    if not len(ttp):
        return
    at = np.unique(np.append(pfs["time_days"], [0.0, 1.0, 600.0]))
    curve = cumulative_incidence(ttp["time_days"], ttp["competing"].to_numpy(dtype=np.int64))
    free = survival_at(kaplan_meier(pfs["time_days"], pfs["event"]), at).survival
    followed = at <= pfs["time_days"].max()
    total = incidence_at(curve, at).incidence.sum(axis=0) + free
    np.testing.assert_allclose(total[followed], 1, atol=1e-12)


@given(cohort=cohorts, cutoff=cutoffs)
def test_first_event__is_never_later_than_the_ones_it_contains(cohort, cutoff):
    tables = build(cohort)
    pfs = outcomes(derive(tables, cutoff, name="pfs", new_therapy="event"))
    ttnt = outcomes(derive(tables, cutoff, name="ttnt"))
    assert set(pfs) == set(ttnt)
    for name, (time, happened, _) in ttnt.items():
        if happened:
            assert pfs[name][0] <= time
            assert pfs[name][1]


@given(cohort=cohorts, cutoff=cutoffs, policy=policies)
def test_pfs__is_never_longer_than_os_from_the_same_origin(cohort, cutoff, policy):
    for person in cohort:  # a scan or a line is a date known alive
        last = max([person["contact"], *person["starts"], *(when for when, *_ in person["scans"])])
        person["contact"] = last if person["death"] is None else min(last, person["death"])
        person["recorded"] = [
            (None if r is None else min(r, person["contact"]), kind) for r, kind in person["recorded"]
        ]
    tables = build(cohort)
    pfs = outcomes(derive(tables, cutoff, name="pfs", new_therapy=policy))
    survival = outcomes(derive(tables, cutoff, name="os", origin="line:1"))
    for name in set(pfs) & set(survival):
        assert pfs[name][0] <= survival[name][0]
        if pfs[name][1] and pfs[name][2] == "death":
            assert survival[name] == pfs[name]


@given(cohort=cohorts, cutoff=cutoffs, policy=policies, seed=st.integers(0, 99), choices=ALL)
def test_order_of_rows__is_irrelevant(cohort, cutoff, policy, seed, choices):
    tables = build(cohort)
    choices = choices | ({"new_therapy": policy} if choices["name"] == "pfs" else {})
    one, other = derive(tables, cutoff, **choices), derive(shuffled(tables, seed), cutoff, **choices)
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.excluded, other.excluded)


@given(cohort=cohorts, cutoff=cutoffs, choices=ALL, rule=st.sampled_from(["half_day", "keep"]), data=st.data())
def test_time__lies_within_its_bounds(cohort, cutoff, choices, rule, data):
    tables = build(cohort)
    for name, columns in (
        ("patients", ["date_advanced", "date_last_contact", "date_death"]),
        ("treatments", ["date_start", "date_end", "date_progression"]),
        ("assessments", ["date"]),
    ):
        frame = tables[name]
        for column in columns:
            precision = [data.draw(st.sampled_from(["day", "month", "year"])) for _ in range(len(frame))]
            frame[f"{column}_precision"] = pd.Series(precision, dtype="string").where(frame[column].notna())
    endpoint = derive(tables, cutoff, **choices, time_zero=rule)
    table = endpoint.table
    assert (table["time_min"] <= table["time_days"]).all()
    assert (table["time_days"] <= table["time_max"]).all()
    assert (table["time_min"] >= 0).all()
    low, high = (at_bound(endpoint, bound).table["time_days"] for bound in ("min", "max"))
    assert (low <= np.maximum(table["time_days"], 0.5)).all()
    assert (high >= table["time_days"]).all()


def blur(frame, column, precision):
    """Know a date to the month or year only, imputed as a reader does: the 15th, 1 July."""
    exact = frame[column]
    month = exact.dt.to_period("M").dt.to_timestamp() + pd.Timedelta(days=14)
    year = exact.dt.to_period("Y").dt.to_timestamp() + pd.DateOffset(months=6)
    kind = pd.Series(precision, index=frame.index, dtype="string").where(exact.notna())
    imputed = exact.mask((kind == "month").fillna(value=False), month).mask((kind == "year").fillna(value=False), year)
    return frame.assign(**{column: imputed, f"{column}_precision": kind})


@given(cohort=cohorts, data=st.data())
def test_bounds__hold_the_time_that_exact_dates_would_give(cohort, data):
    tables = build(cohort)
    exact = outcomes(derive(tables, None, name="os"))
    patients = tables["patients"]
    for column in ("date_advanced", "date_last_contact", "date_death"):
        patients = blur(patients, column, [data.draw(st.sampled_from(["day", "month", "year"])) for _ in cohort])
    vague = derive(clamp_dates(tables | {"patients": patients}, findings=Findings()), None, name="os")
    assert vague.table["patient_id"].tolist() == sorted(exact)
    for row in vague.table.itertuples():
        assert row.time_min <= exact[row.patient_id][0] <= row.time_max
        assert row.event == exact[row.patient_id][1]


@given(cohort=cohorts, shift=st.integers(-400, 400), choices=ALL)
def test_day_offsets__give_the_times_of_dates(cohort, shift, choices):
    tables = build(cohort)
    moved = {}
    for name, table in tables.items():
        dates = {
            str(column): table[column] + pd.Timedelta(days=shift)
            for column in table.columns
            if pd.api.types.is_datetime64_any_dtype(table[column])
        }
        moved[name] = table.assign(**dates)
    moved["patients"] = moved["patients"].assign(time_base=pd.Series("offset", index=tables["patients"].index))
    one, other = derive(tables, None, **choices), derive(moved, None, **choices)
    columns = [name for name in one.table.columns if name not in ("origin_date", "end_date")]
    pd.testing.assert_frame_equal(one.table[columns], other.table[columns])
    pd.testing.assert_frame_equal(one.excluded, other.excluded)


@given(cohort=cohorts, cutoff=cutoffs, choices=ALL)
def test_everyone__is_analysed_or_has_a_reason(cohort, cutoff, choices):
    endpoint = derive(build(cohort), cutoff, **choices)
    flow = add_step(start_flow("patients", len(cohort)), "analysed", excluded=endpoint.excluded)
    assert flow.steps[-1].n_out == len(endpoint.table)
    names = sorted([*endpoint.table["patient_id"], *endpoint.excluded["patient_id"]])
    assert names == sorted(f"P{i}" for i in range(len(cohort)))
    assert (endpoint.excluded["reason"] != "").all()
    assert endpoint.table["end_reason"].ne("").all()
    assert np.isfinite(endpoint.table["time_days"]).all()
    coded = endpoint.table["competing"].dropna()
    assert set(coded) <= {0, 1, 2}
    assert (coded == 1).tolist() == endpoint.table.loc[coded.index, "event"].tolist()


@given(cohort=cohorts, cutoff=cutoffs)
def test_new_therapy_as_event__never_lengthens_the_time(cohort, cutoff):
    tables = build(cohort)
    censor = outcomes(derive(tables, cutoff, name="pfs", new_therapy="censor"))
    event = outcomes(derive(tables, cutoff, name="pfs", new_therapy="event"))
    assert set(censor) == set(event)
    for name, (time, happened, _) in censor.items():
        assert event[name][1] >= happened
        if happened:
            assert event[name][0] <= time
