"""Overall and progression-free survival against plain loops over patients, and what must always hold.

The loops follow the text of DOMAIN 2.1-2.3 and 2.9 with Python dates, one patient at a time.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.literal import make_tables

DAY_0 = date(2020, 1, 1)
ADEQUATE = ("CR", "PR", "SD", "NON_CR_NON_PD")


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
    return {
        "advanced": 0, "contact": contact, "status": status, "death": death, "starts": starts, "scans": scans,
        "recorded": recorded,
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
            }
        )  # fmt: skip
        for k, (start, (recorded, kind)) in enumerate(zip(person["starts"], person["recorded"], strict=True), 1):
            treatments.append(
                {
                    "patient_id": name, "line_number": k, "date_start": day(start), "date_progression": day(recorded),
                    "progression_type": kind, "regimen_class": "ssa",
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


@given(cohort=cohorts, cutoff=cutoffs, policy=policies, seed=st.integers(0, 99))
def test_order_of_rows__is_irrelevant(cohort, cutoff, policy, seed):
    tables = build(cohort)
    for choices in ({"name": "os"}, {"name": "pfs", "new_therapy": policy}):
        one, other = derive(tables, cutoff, **choices), derive(shuffled(tables, seed), cutoff, **choices)
        pd.testing.assert_frame_equal(one.table, other.table)
        pd.testing.assert_frame_equal(one.excluded, other.excluded)


@given(cohort=cohorts, cutoff=cutoffs, data=st.data())
def test_time__lies_within_its_bounds(cohort, cutoff, data):
    tables = build(cohort)
    for name, columns in (
        ("patients", ["date_advanced", "date_last_contact", "date_death"]),
        ("treatments", ["date_start", "date_progression"]),
        ("assessments", ["date"]),
    ):
        frame = tables[name]
        for column in columns:
            precision = [data.draw(st.sampled_from(["day", "month", "year"])) for _ in range(len(frame))]
            frame[f"{column}_precision"] = pd.Series(precision, dtype="string").where(frame[column].notna())
    for choices in ({"name": "os"}, {"name": "pfs"}):
        for rule in ("half_day", "keep"):
            table = derive(tables, cutoff, **choices, time_zero=rule).table
            assert (table["time_min"] <= table["time_days"]).all()
            assert (table["time_days"] <= table["time_max"]).all()
            assert (table["time_min"] >= 0).all()


@given(cohort=cohorts, cutoff=cutoffs, policy=policies)
def test_everyone__is_analysed_or_has_a_reason(cohort, cutoff, policy):
    for choices in ({"name": "os"}, {"name": "pfs", "new_therapy": policy}, {"name": "os", "landmark": 90}):
        endpoint = derive(build(cohort), cutoff, **choices)
        names = sorted([*endpoint.table["patient_id"], *endpoint.excluded["patient_id"]])
        assert names == sorted(f"P{i}" for i in range(len(cohort)))
        assert (endpoint.excluded["reason"] != "").all()
        assert endpoint.table["end_reason"].ne("").all()
        assert np.isfinite(endpoint.table["time_days"]).all()


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
