"""From sources to a cohort: joined on ids, checked, attrition counted; from a cohort to matrix, endpoints and flow."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.cohort import CLINICAL
from netgen.derive import build_flow, resolve_genes
from netgen.errors import AnalysisError, Finding, Findings, InputError, SchemaError
from netgen.study import AssociationSettings, describe
from tests.demo_run import demo_cohort
from tests.study_files import maf, panel, write_files

PATIENTS = """
    patient_id,origin,differentiation,ki67_pct,date_diagnosis,date_advanced,date_last_contact,vital_status,date_death
    P1,thymic,well,30,2020-01-01,2020-02-01,2021-02-01,dead,2021-02-01
    P2,lung,well,45,2020-01-02,2020-02-01,2022-02-01,alive,
    P3,lung,poor,60,2020-01-03,2020-02-01,2020-08-01,dead,2020-08-01
    P4,lung,well,20,2020-01-04,2020-02-01,2022-02-01,alive,
    """
STUDY = """
    [study]
    sequencing_context = "research_retrospective"
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    """


@pytest.fixture
def read(tmp_path):
    """Return a function that writes files and reads the study."""

    def read_files(toml=STUDY, files=None, **reading):
        write_files(tmp_path, {"patients.csv": PATIENTS, **(files or {}), "study.toml": toml})
        return ng.read_cohort(tmp_path / "study.toml", **reading)

    return read_files


def steps(cohort):
    return {step.name: (step.n_in, step.n_out, step.excluded) for step in cohort.flow.steps}


def test_read_cohort__tables_are_sorted_by_key_and_typed(read):
    head, *rows = [line.strip() for line in PATIENTS.strip().splitlines()]
    cohort = read(files={"patients.csv": "\n".join([head, *reversed(rows)]) + "\n"})
    assert list(cohort.patients["patient_id"]) == ["P1", "P2", "P3", "P4"]
    assert list(cohort.samples["sample_id"]) == ["P1", "P2", "P3", "P4"]
    assert set(cohort.samples["sequencing_context"]) == {"research_retrospective"}
    assert cohort.patients["date_death"].iloc[0] == pd.Timestamp("2021-02-01")
    assert list(cohort.patients["origin_group2"].unique()) == ["thoracic"]
    assert set(cohort.clinical()) == set(CLINICAL)
    assert cohort.calls is None


def test_read_cohort__eligibility_is_counted_by_reason(read):
    cohort = read(STUDY + '[eligibility]\n    ki67_above = 20\n    differentiation = ["well"]\n')
    assert list(cohort.patients["patient_id"]) == ["P1", "P2"]
    n_in, n_out, excluded = steps(cohort)["eligible"]
    assert (n_in, n_out, sum(excluded.values())) == (4, 2, 2)
    assert set(cohort.exclusions["patient_id"]) == {"P3", "P4"}
    assert set(cohort.exclusions["step"]) == {"eligible"}


def test_read_cohort__what_belongs_to_patients_left_out_goes_with_them(read):
    toml = STUDY.replace('kind = "tables"', 'kind = "tables"\n    variants = "x.maf"\n    assay = "wes"')
    cohort = read(toml + "[eligibility]\n    ki67_above = 20\n", {"x.maf": maf(("P1", "TP53"), ("P4", "MEN1"))})
    assert list(cohort.variants["sample_id"]) == ["P1"]
    assert list(cohort.profiles["sample_id"]) == ["P1"]
    findings = Findings()
    ng.build_matrix(cohort, findings=findings)
    assert "W_PATIENT_UNLINKED" not in findings.codes()


BAD = PATIENTS.replace("P2,lung,well,45", "P2,lung,well,450").replace(
    "2020-08-01,dead,2020-08-01", "2020-08-01,alive,2020-08-01"
)


def test_read_cohort__all_errors_come_at_once(read):
    with pytest.raises(SchemaError) as caught:
        read(files={"patients.csv": BAD})
    assert {(item.code, item.patient_id) for item in caught.value.findings.of("E")} == {
        ("E_RANGE", "P2"), ("E_VITAL_CONTRADICTION", "P3"),
    }  # fmt: skip


@pytest.mark.parametrize("in_file", [True, False])
def test_read_cohort__invalid_patients_may_be_skipped_and_are_listed(read, in_file):
    toml = STUDY + ("[read]\n    skip_invalid = true\n" if in_file else "")
    cohort = read(toml, {"patients.csv": BAD}, skip_invalid=None if in_file else True)
    assert list(cohort.patients["patient_id"]) == ["P1", "P4"]
    assert steps(cohort)["valid"] == (4, 2, {"range": 1, "vital_contradiction": 1})
    assert cohort.exclusions.to_numpy().tolist() == [["P2", "valid", "range"], ["P3", "valid", "vital_contradiction"]]
    assert cohort.findings.of("E") == []


def test_read_cohort__an_option_wins_over_the_file(read):
    with pytest.raises(SchemaError):
        read(STUDY + "[read]\n    skip_invalid = true\n", {"patients.csv": BAD}, skip_invalid=False)


def test_read_cohort__an_error_of_nobody_in_particular_is_never_skipped(read):
    toml = STUDY.replace('kind = "tables"', 'kind = "tables"\n    variants = "x.maf"')
    with pytest.raises(SchemaError, match="E_NO_PANEL"):
        read(toml, {"x.maf": maf(("P1", "TP53"))}, skip_invalid=True)


TWO = """
    [[source]]
    kind = "tables"
    patients = "a/patients.csv"
    {}
    [[source]]
    kind = "tables"
    patients = "b/patients.csv"
    {}
    """
HEAD = "patient_id,origin,ki67_pct\n"


def test_read_cohort__ids_of_two_sources_must_differ(read):
    files = {"a/patients.csv": HEAD + "P1,lung,30\nP2,lung,30\n", "b/patients.csv": HEAD + "P2,lung,30\nQ1,lung,30\n"}
    with pytest.raises(SchemaError) as caught:
        read(TWO.format("", ""), files)
    assert [(item.code, item.column, item.value) for item in caught.value.findings.of("E")] == [
        ("E_DUP_CONFLICT", "patient_id", "P2"), ("E_DUP_CONFLICT", "sample_id", "P2"),
    ]  # fmt: skip
    cohort = read(TWO.format('namespace = "a"', ""), files)
    assert list(cohort.patients["patient_id"]) == ["P2", "Q1", "a.P1", "a.P2"]
    assert list(cohort.samples["sample_id"]) == ["P2", "Q1", "a.P1", "a.P2"]


def test_read_cohort__lines_of_files_of_one_name_are_told_apart(read):
    """Line 3 of b/patients.csv is wrong; line 3 of a/patients.csv belongs to another patient."""
    files = {"a/patients.csv": HEAD + "P1,lung,30\nP2,lung,30\n", "b/patients.csv": HEAD + "Q1,lung,30\nQ2,lung,300\n"}
    with pytest.raises(SchemaError) as caught:
        read(TWO.format("", ""), files)
    (item,) = caught.value.findings.of("E")
    assert (item.file, item.row, item.patient_id) == ("source2/patients.csv", 3, "Q2")
    cohort = read(TWO.format("", 'namespace = "b"'), files, skip_invalid=True)
    assert cohort.exclusions.to_numpy().tolist() == [["b.Q2", "valid", "range"]]


def test_read_cohort__every_source_is_looked_at_before_the_reading_stops(read):
    files = {"b/patients.csv": HEAD + "Q1,lung,300\n"}
    with pytest.raises(SchemaError) as caught:
        read(TWO.format("", ""), files)
    missing, wrong = caught.value.findings.of("E")
    assert (missing.code, missing.message) == (
        "E_FILE_MISSING", "patients.csv is named by the study but does not exist.",
    )  # fmt: skip
    assert (wrong.code, wrong.file, wrong.row) == ("E_RANGE", "source2/patients.csv", 2)


def test_read_cohort__genes_of_one_panel_do_not_pass_for_those_of_another(read):
    files = {
        "a/patients.csv": HEAD + "P1,lung,30\n",
        "b/patients.csv": HEAD + "Q1,lung,30\n",
        "a.maf": maf(("P1", "MEN1")),
        "b.maf": maf(("Q1", "TP53")),
        "a.txt": panel("A", "MEN1"),
        "b.txt": panel("A", "MEN1", "TP53"),
    }
    one, two = 'variants = "a.maf"\n    panel = "a.txt"', 'variants = "b.maf"\n    panel = "b.txt"'
    with pytest.raises(SchemaError, match=r"E_DUP_CONFLICT: .*the panel A has other genes in another source"):
        read(TWO.format(one, two), files)
    cohort = read(TWO.format(one, two + '\n    namespace = "b"'), files)
    frame = ng.build_matrix(cohort).to_frame()
    assert frame.fillna(-1).to_dict("index") == {"P1": {"MEN1": 1, "TP53": -1}, "b.Q1": {"MEN1": 0, "TP53": 1}}


def test_read_cohort__genes_assumed_in_one_source_are_not_assumed_in_the_other(read):
    files = {
        "a/patients.csv": HEAD + "P1,lung,30\n",
        "b/patients.csv": HEAD + "Q1,lung,30\n",
        "a.maf": maf(("P1", "MEN1")),
        "b.maf": maf(("Q1", "TP53")),
    }
    assume = 'variants = "{}.maf"\n    assume_profiled = true'
    cohort = read(TWO.format(assume.format("a"), assume.format("b")), files)
    frame = ng.build_matrix(cohort).to_frame()
    assert frame.fillna(-1).to_dict("index") == {"P1": {"MEN1": 1, "TP53": -1}, "Q1": {"MEN1": -1, "TP53": 1}}


def test_read_cohort__ready_made_calls_of_two_sources_are_not_profiled_for_each_others_genes(read):
    files = {
        "a/patients.csv": HEAD + "P1,lung,30\n",
        "b/patients.csv": HEAD + "Q1,lung,30\n",
        "a.csv": "ID,MEN1\nP1,1\n",
        "b.csv": "ID,TP53\nQ1,0\n",
    }
    calls = 'alterations = {{ file = "{}.csv", layout = "matrix" }}'
    cohort = read(TWO.format(calls.format("a"), calls.format("b")), files)
    assert cohort.calls is not None
    assert cohort.calls.to_dict("index") == {"P1": {"MEN1": 1, "TP53": -1}, "Q1": {"MEN1": -1, "TP53": 0}}


def test_read_cohort__the_cutoff_censors(read):
    cohort = read(STUDY.replace("[study]", "[study]\n    data_cutoff = 2020-12-31"))
    endpoint = ng.build_endpoint(cohort, "os").table.set_index("patient_id")
    assert endpoint["time_days"].to_dict() == {"P1": 334, "P2": 334, "P3": 182, "P4": 334}
    assert endpoint["event"].to_dict() == {"P1": False, "P2": False, "P3": True, "P4": False}


def test_build_endpoint__names_those_there_are(read):
    cohort = read()
    with pytest.raises(AnalysisError, match=r"E_ENDPOINT_UNAVAILABLE: the endpoint 'pfs' needs .*Use one of os"):
        ng.build_endpoint(cohort, "pfs")


def test_build_endpoint__takes_landmark_and_entry_from_the_settings(read):
    cohort = read()
    endpoint = ng.build_endpoint(cohort, "os", AssociationSettings(landmark=200))
    assert endpoint.table.set_index("patient_id")["time_days"].to_dict() == {"P1": 166, "P2": 531, "P4": 531}
    assert list(endpoint.excluded["patient_id"]) == ["P3"]


def test_build_endpoint__every_patient_is_in_the_table_or_left_out_with_a_reason():
    cohort = demo_cohort()
    for name in ("os", "pfs"):
        endpoint = ng.build_endpoint(cohort, name)
        both = [*endpoint.table["patient_id"], *endpoint.excluded["patient_id"]]
        assert sorted(both) == list(cohort.patients["patient_id"])


def test_build_matrix__refuses_a_request_in_which_no_gene_was_sequenced():
    cohort = demo_cohort()
    with pytest.raises(AnalysisError, match=r"E_GENE_UNKNOWN: none of the requested genes .*: MEN9, XYZ"):
        ng.build_matrix(cohort, AssociationSettings(genes=("MEN9", "XYZ")))
    matrix = ng.build_matrix(cohort, AssociationSettings(genes=("MEN1", "XYZ")))
    assert list(matrix.features) == ["MEN1", "XYZ"]
    assert (matrix.status[1] == -1).all()


def test_build_matrix__follows_the_settings():
    cohort = demo_cohort()
    matrix = ng.build_matrix(cohort, AssociationSettings(pathways={"telomere": ("DAXX", "ATRX")}, policy="primary"))
    assert "telomere" in matrix.features
    assert matrix.policy == "primary"
    assert list(matrix.patients) == list(cohort.patients["patient_id"])


def test_build_matrix__requested_genes_are_named_as_in_the_tables():
    findings = Findings()
    settings = AssociationSettings(genes=("tp53", " MEN1 "), pathways={"p": ("men1", "MLL3")})
    matrix = ng.build_matrix(demo_cohort(), settings, findings=findings)
    assert list(matrix.features) == ["MEN1", "TP53", "p"]
    assert (matrix.status[:2] >= 0).all()
    assert findings.codes() == {"I_SYMBOL_RENAMED"}  # MLL3 is KMT2C today


def test_resolve_genes__a_prespecified_pathway_keeps_its_name():
    settings = AssociationSettings(prespecified=("mtor", "men1", "MLL3"), pathways={"mtor": ("TSC2",)})
    assert resolve_genes(settings, Findings()).prespecified == ("mtor", "KMT2C", "MEN1")


def test_build_flow__goes_from_rows_to_who_was_profiled(read):
    toml = STUDY.replace('kind = "tables"', 'kind = "tables"\n    variants = "x.maf"\n    assay = "wes"')
    cohort = read(toml, {"x.maf": maf(("P1", "TP53"), ("P2", "MEN1"))})
    endpoint = ng.build_endpoint(cohort, "os", AssociationSettings(landmark=200))
    none = pd.DataFrame({"patient_id": [], "reason": []}, dtype="string")
    flow = build_flow(cohort, ng.build_matrix(cohort), {"os": (endpoint, none)})
    assert [(step.name, step.after, step.n_in, step.n_out) for step in flow.steps[-4:]] == [
        ("eligible", "valid", 4, 4),
        ("os: with follow-up", "eligible", 4, 3),
        ("os: analysed", "os: with follow-up", 3, 3),
        ("os: profiled for a feature", "os: analysed", 3, 2),
    ]
    last = flow.exclusions[flow.exclusions["step"] == "os: profiled for a feature"]
    assert last[["patient_id", "reason"]].to_numpy().tolist() == [["P4", "not_profiled"]]


def test_check_cohort__gives_errors_as_findings():
    findings = ng.check_cohort(demo_cohort)
    assert findings.of("E") == []
    collected = Findings([Finding(code="E_RANGE", message="x"), Finding(code="W_TAIL", message="y")])

    def many():
        raise SchemaError(collected)

    def one():
        raise InputError("E_FILE_MISSING", "no file")

    def request():
        raise AnalysisError("E_CONFIG", "no")

    assert ng.check_cohort(many) is collected
    assert [item.code for item in ng.check_cohort(one)] == ["E_FILE_MISSING"]
    assert [item.code for item in ng.check_cohort(request)] == ["E_CONFIG"]


def test_check_cohort__a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        ng.check_cohort(lambda: 1 / 0)


def test_cohort__is_frozen_and_describes_its_study():
    cohort = demo_cohort()
    with pytest.raises(dataclasses.FrozenInstanceError):
        cohort.patients = None
    assert describe(cohort.study)["data_cutoff"] == str(date(2025, 6, 30))
    roles = pd.Series([item.role for item in cohort.inputs]).value_counts().to_dict()
    assert roles == {
        "vcf": 34, "panel": 2, "patients": 1, "samples": 1, "treatments": 1, "assessments": 1, "imaging": 1,
    }  # fmt: skip


def test_cohort__of_the_demo_is_complete():
    cohort = demo_cohort()
    assert (len(cohort.patients), len(cohort.samples), len(cohort.profiles)) == (34, 34, 34)
    assert np.isfinite(cohort.patients["ki67_pct"]).all()
    assert cohort.variant_qc["n"].sum() > 0
