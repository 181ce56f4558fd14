"""Runs whose report is looked at by several tests: the demo, one with delayed entry, one with a model, bare ones.

Each is computed once; nobody may change them.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import netgen as ng
from netgen.association.actionability import assess_actionability
from netgen.association.describe import describe_cohort
from netgen.association.group_survival import survival
from netgen.association.response import response
from netgen.association.therapy import therapy
from netgen.report.study_report import ReportResults
from tests.demo_run import demo_cohort, demo_result
from tests.linear_study import GENES, read_linear
from tests.study_files import write_files

REFERENCE = Path(__file__).parents[1] / "reference"
ENTRY_STUDY = """
    [study]
    sequencing_context = "clinical"
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    alterations = {{ file = "genes.csv", layout = "matrix" }}
    [endpoints.os]
    time = "os_days"
    event = "os_event"
    entry = "seq_day"
    unit = "days"
    [association]
    endpoints = ["os"]
    model = false
    {extra}
    """


def assemble(cohort, **found):
    """Return what a report shows, with a description and nothing but what is given."""
    none = dict.fromkeys(("association", "survival", "therapy", "response", "actionability", "oncoprint"))
    skipped = {"therapy": "the study has no lines of treatment."} if "therapy" not in found else {}
    return ReportResults(
        cohort=cohort,
        description=demo_description() if cohort is demo_cohort() else describe_cohort(cohort),
        skipped=skipped,
        run_id="0123456789ab",
        command="netgen report demo",
        **{**none, **found},
    )


@cache
def demo_description():
    """Return the description of the demo cohort."""
    return describe_cohort(demo_cohort())


@cache
def demo_report():
    """Return every analysis of the demo cohort, without a penalised model."""
    cohort = demo_cohort()
    return assemble(
        cohort,
        association=demo_result(),
        survival=survival(cohort, permutations=1000),
        therapy=therapy(cohort, permutations=99),
        response=response(cohort),
        actionability=assess_actionability(cohort),
    )


@cache
def model_report():
    """Return overall survival of the demo cohort with a model that is resampled a little."""
    found = ng.associate(demo_cohort(), endpoints=["os"], model=True, bootstrap=2, adjust=["ki67_pct"])
    return assemble(demo_cohort(), association=found)


@cache
def entry_report(extra: str = 'entry_rule = "sequencing_report"'):
    """Return the golden cohort with delayed entry at sequencing, and the comparison of all its patients without."""
    table = read_linear(REFERENCE)
    columns = ["patient_id", "origin", "ki67_pct", "os_days", "os_event", "seq_day"]
    with TemporaryDirectory() as folder:
        files = {
            "study.toml": ENTRY_STUDY.format(extra=extra),
            "patients.csv": table[columns].to_csv(index=False),
            "genes.csv": table[["patient_id", *GENES]].astype(dict.fromkeys(GENES, "Int64")).to_csv(index=False),
        }
        cohort = ng.read_cohort(write_files(Path(folder), files) / "study.toml")
    return assemble(cohort, association=ng.associate(cohort))


def changed(results, **fields):
    """Return results with other parts."""
    return dataclasses.replace(results, **fields)


def with_study(results, **fields):
    """Return results of a study with other settings, which nothing was computed from."""
    cohort = results.cohort
    return changed(results, cohort=dataclasses.replace(cohort, study=dataclasses.replace(cohort.study, **fields)))
