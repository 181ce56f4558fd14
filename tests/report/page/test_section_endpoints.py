"""Endpoints in the report: the words say what was done, the numbers are those of the tables."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest

import netgen as ng
from netgen.association.group_survival import survival
from netgen.clinical.endpoint_spec import EndpointSpec
from netgen.derive import build_endpoint
from netgen.report.page.endpoint_words import define_endpoint, explain_entry, title_of
from netgen.report.page.section_endpoints import FLAGS, render
from netgen.report.summary import months
from tests.report.page.section_reader import Shown, results
from tests.study_files import write_files

EVIL = '"><script>alert(1)</script>'
FEW = {"permutations": 100}


@pytest.fixture(scope="module")
def cohort():
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def found(cohort):
    return survival(cohort, endpoints=["os", "ttp", "pfs@line:2"], **FEW)


def page_of(cohort, found, **more):
    return Shown(render(results(cohort, survival=found, **more)))


def test_section_endpoints__a_cohort_without_groups_has_endpoints_and_one_curve(cohort, found):
    alone = survival(cohort, by=[], endpoints=["os"])
    shown = page_of(cohort, alone)
    (row,) = shown.rows("endpoint-summary").values()
    km = alone.km.iloc[0]
    assert len(alone.km) == 1
    assert (row["n"], row["Events"]) == (str(km["n"]), str(km["events"]))
    assert 'id="endpoint-os-none"' in render(results(cohort, survival=alone)).body
    assert 'id="endpoint-os-none"' not in render(results(cohort, survival=found)).body


def words_of(**choices):
    spec = EndpointSpec(**choices)
    cohort = SimpleNamespace(
        study=SimpleNamespace(data_cutoff=None), patients=pd.DataFrame({"date_data_cutoff": [pd.NaT]})
    )
    return dict(define_endpoint(spec, cohort))


# ---------------------------------------------------------------- numbers


def test_render_endpoints__numbers_are_those_of_the_tables(cohort, found):
    page = page_of(cohort, found)
    rows = page.rows("endpoint-summary")
    assert list(rows) == ["OS", "TTP", "PFS_LINE2"]
    whole = found.km.loc[found.km["grouping"] == "all"].set_index("endpoint")
    followup = found.followup.loc[found.followup["grouping"] == "all"].set_index("endpoint")
    for name, cells in rows.items():
        km, seen = whole.loc[name.lower()], followup.loc[name.lower()]
        assert (cells["n"], cells["Events"]) == (str(km["n"]), str(km["events"]))
        assert int(cells["n"]) + int(cells["Left out"]) == len(cohort.patients)
        for heading, row, column in (("Median", km, "median"), ("Follow-up", seen, "median")):
            text = next(cells[key] for key in cells if key.startswith(heading))
            lo, hi = months(row[f"{column}_lo"]), months(row[f"{column}_hi"])
            assert text == f"{months(row[column])} ({lo} to {hi})"
        censored = f"{months(seen['shortest'])} to {months(seen['longest'])} months"
        assert ("Follow-up of the censored", censored) in [tuple(pair) for pair in page.terms]
    assert rows["OS"]["Median, months (95 % CI)"] == "22.4 (14.9 to 35.2)"  # DOMAIN B: 682 (453 to 1071) days
    assert rows["PFS_LINE2"]["Left out"] == "11"  # eleven have no second line


def test_render_endpoints__counts_what_decided_and_who_was_left_out(cohort, found):
    page = page_of(cohort, found)
    decided = [text for term, text in page.terms if term == "What decided"]
    os = found.endpoints.loc[found.endpoints["endpoint"] == "os", "end_reason"].value_counts()
    assert decided[0] == f"death: {os['death']}; censored, last contact: {os['censored_last_contact']}"
    assert "censored, death: 8" in decided[1]  # TTP: deaths without progression, DOMAIN B
    assert [text for term, text in page.terms if term == "Left out"] == ["nobody", "nobody", "line not started: 11"]


def test_render_endpoints__headings_follow_the_request(cohort, found):
    assert page_of(cohort, found).headings == [
        "OS: Overall survival from advanced disease",
        "TTP: Time to progression from line 1",
        "PFS_LINE2: Progression-free survival from line 2",
        "Flagged patients",
    ]


def test_render_endpoints__without_an_endpoint_there_is_no_section(cohort):
    assert render(results(cohort)) is None


# ---------------------------------------------------------------- words


def test_define_endpoint__says_each_choice_and_its_opposite():
    plain = words_of(name="pfs")
    assert plain["Origin"] == "The first day of treatment line 1."
    assert plain["Event"] == "The first of progression and death from any cause before the next line of treatment."
    assert "last assessment without progression" in plain["Censoring"]
    assert "ends the time without event, at the last assessment before it" in plain["New therapy"]
    event = words_of(name="pfs", new_therapy="event")
    assert event["Event"].endswith("before the next line of treatment, or the start of the next line.")
    assert "counts as the event" in event["New therapy"]
    assert "is ignored" in words_of(name="pfs", new_therapy="ignore")["New therapy"]
    clinical = words_of(name="ttp", clinical_pd=False)
    assert "one seen only clinically does not count" in clinical["Event"]
    assert "clinically" not in words_of(name="ttp")["Event"]
    contact = words_of(name="pfs", censor_at="last_contact")
    assert contact["Censoring"] == "At the last contact."
    assert "at its start" in contact["New therapy"]
    assert "A local procedure" in words_of(name="pfs", censor_at_local=True)["Censoring"]
    assert "more than 168 days (two assessments)" in words_of(name="pfs", assessment_interval_days=84)["Censoring"]
    assert "its last day" in words_of(name="pfs", pd_date_from_end=True)["Event"]


def test_define_endpoint__a_rule_that_was_not_applied_is_not_said():
    for name in ("os", "dss", "ttnt", "ttf", "ttd", "dot"):
        assert "New therapy" not in words_of(name=name), name
    assert "competes" not in words_of(name="ttnt")["Event"]
    assert "competes" in words_of(name="ttnt", deaths="competing")["Event"]
    assert "year only" in words_of(name="os", origin="dx")["Dates"]
    assert "year only" not in words_of(name="os")["Dates"]
    assert "31 days" in words_of(name="os", partial_dates="exclude")["Dates"]
    assert "Time restarts at day 90" in words_of(name="os", landmark=90)["Time"]
    assert "restarts" not in words_of(name="os")["Time"]
    assert "first and the last day both count" in words_of(name="dot")["Time"]
    assert "Patients who completed" in words_of(name="ttf", completion="exclude")["Event"]


@pytest.mark.parametrize(
    ("policy", "text"),
    [("half_day", "half a day"), ("exclude", "left out"), ("keep", "0 days is kept")],
)
def test_define_endpoint__time_zero(policy, text):
    assert text in words_of(name="os", time_zero=policy)["Time"]


def test_define_endpoint__endpoints_of_ones_own_name_their_sources():
    own = words_of(
        name="local", events=("local_therapy", "death:tumour"), competing=("death:other",), censor=("last_assessment",),
        stop_at=("next_line",), origin="column:date_surgery",
    )  # fmt: skip
    assert own["Origin"] == "The date in the column date_surgery."
    assert own["Event"].startswith("The first of: the first local procedure; death, cause tumour.")
    assert "What competes: death, cause other." in own["Event"]
    assert own["Censoring"] == (
        "At the last assessment without progression. The observation ends with the first of: the start of the next"
        " treatment line."
    )


def test_define_endpoint__recorded_endpoints_say_that_nothing_can_be_checked():
    spec = EndpointSpec(name="os", source="recorded")
    said = dict(define_endpoint(spec, SimpleNamespace()))
    assert list(said) == ["Origin", "Event", "Censoring", "Time"]
    assert all("As the source recorded it" in said[term] for term in ("Origin", "Event", "Censoring"))
    assert title_of(spec) == "OS: Overall survival"


LINES = """
    patient_id,line_number,date_start,date_end,date_progression,regimen,intent
    A,1,2020-01-01,2020-03-01,,everolimus,palliative
    A,2,2020-04-01,2020-09-01,2020-08-01,sunitinib,palliative
    B,1,2020-01-01,2020-06-01,2020-05-01,everolimus,palliative
"""
FILES = {
    "patients.csv": """
        patient_id,origin,date_diagnosis,vital_status,date_last_contact
        A,lung,2019-12-01,alive,2021-01-01
        B,lung,2019-12-01,alive,2021-01-01
    """,
    "lines.csv": LINES,
    "assessments.csv": """
        patient_id,line_number,assessment_date,overall_response
        A,1,2020-02-15,SD
        B,1,2020-02-20,SD
    """,
}


@pytest.mark.parametrize(
    ("choice", "days", "event", "said"),
    [
        ("censor", 45, False, "ends the time without event, at the last assessment before it"),  # 15 February
        ("event", 91, True, "counts as the event, on its first day"),  # 1 April
        ("ignore", 213, True, "is ignored: a later progression counts"),  # 1 August
    ],
)
def test_define_endpoint__new_therapy_says_what_happened_to_the_patient(tmp_path, choice, days, event, said):
    toml = (
        '[study]\n[[source]]\nkind = "tables"\npatients = "patients.csv"\ntreatments = "lines.csv"\n'
        'assessments = "assessments.csv"\n[association]\nentry_rule = "none"\n'
        f'[endpoints.pfs]\nnew_therapy = "{choice}"\n'
    )
    write_files(tmp_path, {**FILES, "study.toml": toml})
    cohort = ng.read_cohort(tmp_path / "study.toml")
    row = build_endpoint(cohort, "pfs").table.set_index("patient_id").loc["A"]
    assert (row["time_days"], row["event"]) == (days, event)
    page = page_of(cohort, survival(cohort, by="origin3", endpoints=["pfs"], **FEW))
    assert said in dict(page.terms)["New therapy"]


# ---------------------------------------------------------------- delayed entry


def test_explain_entry__research_sequencing_has_no_delayed_entry(cohort, found):
    reasons = [text for term, text in page_of(cohort, found).terms if term == "Delayed entry"]
    assert len(reasons) == 3
    assert all(text.startswith("None: patients count as at risk from the origin; all sequencing") for text in reasons)


def test_explain_entry__a_stated_rule_is_said_to_be_stated(cohort):
    late = cohort.samples["date_sequencing_report"].mask(
        cohort.samples["patient_id"].isin(["P01", "P02"]), "2026-01-01"
    )
    cohort = dataclasses.replace(cohort, samples=cohort.samples.assign(date_sequencing_report=late))
    found = survival(cohort, endpoints=["os"], entry_rule="sequencing_report", report_both=True, **FEW)
    page = page_of(cohort, found)
    rows = page.tables["endpoint-summary"][1:]
    assert [row[1] for row in rows] == ["at the sequencing report", "none"]
    assert [int(row[2]) + int(row[4]) for row in rows] == [34, 34]  # who enters late is analysed in one of them only
    reasons = [text for term, text in page.terms if term == "Delayed entry"]
    assert "entry_rule = sequencing_report was asked for" in reasons[0]
    assert reasons[1] == (
        "None: patients count as at risk from the origin; shown for comparison, as the study asks for both."
    )
    late = [text for term, text in page.terms if term.startswith("Left out (delayed entry: at the")]
    assert late == ["entry after exit: 2"]
    assert [text for term, text in page.terms if term == "Left out (delayed entry: none)"] == ["nobody"]
    listed = [(tag, given) for tag, given in page.elements if given.get("class") == "caveats"]
    assert listed
    assert "W_ENTRY_AFTER_EXIT os from advanced" in page.text


def clinical(cohort, samples=None):
    """The demo as a cohort sequenced in the clinic."""
    table = (cohort.samples if samples is None else samples).assign(sequencing_context="clinical")
    end = cohort.patients.set_index("patient_id")["date_death"].fillna(
        cohort.patients.set_index("patient_id")["date_last_contact"]
    )
    reported = table["patient_id"].map(end) - pd.Timedelta(days=5)
    return dataclasses.replace(cohort, samples=table.assign(date_sequencing_report=reported))


def test_explain_entry__each_reason_of_auto(cohort):
    os, auto = EndpointSpec(name="os"), {"for_comparison": False}
    sequenced = clinical(cohort)
    assert survival(sequenced, endpoints=["os"], **FEW).km["entry_rule"].iloc[0] == "sequencing_report"
    said = explain_entry(sequenced, os, "sequencing_report", genomic=False, **auto)
    assert said.endswith("all sequencing was clinical, so that patients had to survive until they were sequenced")
    some = clinical(cohort, cohort.samples.loc[cohort.samples["patient_id"] != "P01"])
    assert survival(some, endpoints=["os"], **FEW).km["entry_rule"].iloc[0] == "none"
    assert "never sequenced" in explain_entry(some, os, "none", genomic=False, **auto)
    nobody = dataclasses.replace(cohort, samples=cohort.samples.iloc[:0])
    assert "nothing says when or why" in explain_entry(nobody, os, "none", genomic=True, **auto)
    start = EndpointSpec(name="os", origin="sequencing")
    assert "time starts with the sequencing report" in explain_entry(cohort, start, "none", genomic=True, **auto)
    assert "the source gives entry times" in explain_entry(cohort, os, "custom", genomic=True, **auto)


def test_render_endpoints__gene_tests_with_another_entry_have_a_row_and_a_reason(cohort):
    some = clinical(cohort, cohort.samples.loc[cohort.samples["patient_id"] != "P01"])
    found = survival(some, endpoints=["os"], **FEW)
    genes = survival(some, by="TP53", endpoints=["os"], **FEW)
    km = genes.km.loc[(genes.km["grouping"] == "all")].iloc[0]
    association = SimpleNamespace(plan={"endpoints": {"os": {"entry_rule": km["entry_rule"]}}}, km=genes.km)
    page = page_of(some, found, association=association)
    rows = page.tables["endpoint-summary"]
    assert rows[0][:3] == ["Endpoint", "Analysis", "Delayed entry"]
    assert [row[1] for row in rows[1:]] == ["whole cohort", "gene tests"]
    assert rows[2][3:5] == [str(km["n"]), str(km["events"])]
    assert "Delayed entry, gene tests" in dict(page.terms)


# ---------------------------------------------------------------- flags and warnings


@pytest.fixture(scope="module")
def flagged(found):
    flags = found.endpoints["flags"].mask(
        (found.endpoints["endpoint"] == "os") & found.endpoints["patient_id"].isin(["P03", "P05"]), "vital_unknown"
    )
    flags = flags.mask((found.endpoints["endpoint"] == "ttp") & (found.endpoints["patient_id"] == "P05"),
                       "time_zero;late_death")  # fmt: skip
    findings = type(found.findings)(list(found.findings))
    findings.add("W_VITAL_UNKNOWN", "Vital status of 2 patients is unknown.", fix="Ask.")
    return dataclasses.replace(found, endpoints=found.endpoints.assign(flags=flags), findings=findings)


def test_render_endpoints__flags_are_counted_explained_and_listed(cohort, flagged):
    page = page_of(cohort, flagged)
    rows = {(row[0], row[1]): row[2:] for row in page.tables["endpoint-flags"][1:]}
    assert rows["OS", "vital_unknown"][:2] == [FLAGS["vital_unknown"], "2"]
    assert rows["OS", "vital_unknown"][2].startswith("W_VITAL_UNKNOWN vital status unknown")
    assert rows["TTP", "late_death"][1] == "1"
    assert rows["TTP", "time_zero"][2] == ""  # the warning was not given
    listed = page.tables["endpoint-flagged"][1:]
    assert [(row[0], row[1], row[-1]) for row in listed] == [
        ("P03", "OS", "vital_unknown"), ("P05", "OS", "vital_unknown"), ("P05", "TTP", "time_zero, late_death"),
    ]  # fmt: skip
    assert page.patients == ["P03", "P05", "P05"]
    assert page.rows("endpoint-summary")["OS"]["Flagged"] == "2"


def test_render_endpoints__warnings_stand_with_their_endpoint(cohort, flagged):
    page = page_of(cohort, flagged)
    rows = page.rows("endpoint-summary")
    assert rows["OS"]["Warnings"].startswith("W_VITAL_UNKNOWN vital status unknown")
    assert rows["TTP"]["Warnings"] == ""
    body = render(results(cohort, survival=flagged)).body
    assert body.index('id="endpoint-os"') < body.index("Vital status of 2 patients") < body.index('id="endpoint-ttp"')


def test_render_endpoints__every_flag_of_the_endpoints_has_a_meaning(cohort):
    for name in ("os", "dss", "pfs", "ttp", "ttnt", "ttf", "ttd", "dot"):
        flags = build_endpoint(cohort, name).table["flags"].str.split(";").explode()
        assert set(flags) - {""} <= set(FLAGS)


def test_render_endpoints__hostile_patients_stay_text(cohort, flagged):
    ids = flagged.endpoints["patient_id"].mask(flagged.endpoints["patient_id"] == "P05", EVIL)
    section = render(
        results(cohort, survival=dataclasses.replace(flagged, endpoints=flagged.endpoints.assign(patient_id=ids)))
    )
    assert "<script>" not in section.body
    assert EVIL in Shown(section).patients
