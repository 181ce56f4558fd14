"""Provenance in the page: every input with its checksum, versions, options, seeds, warnings, what was not run."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd
import pytest

from netgen import __version__
from netgen.data import demo_folder
from netgen.errors import Findings
from netgen.report.page.section_provenance import _flatten, render, shorten_command
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.section_reader import Shown
from tests.report.report_cases import assemble, changed, demo_report, entry_report, with_study


def test_section_provenance__every_input_with_checksum_and_rows():
    shown = Shown(render(demo_report())).rows("provenance-inputs")
    inputs = demo_cohort().inputs
    assert len(shown) == len({item.path for item in inputs})
    for item in inputs:
        name = Path(item.path).relative_to(demo_folder()).as_posix()
        assert shown[name]["SHA-256"] == hashlib.sha256(Path(item.path).read_bytes()).hexdigest()
        assert shown[name]["rows"] == f"{item.n_rows:,}"


def test_section_provenance__does_not_show_folders_of_this_machine():
    for results in (demo_report(), entry_report()):
        assert str(demo_folder()) not in render(results).body
        assert str(Path(results.cohort.inputs[0].path).parent) not in render(results).body


def test_section_provenance__run_command_versions_and_seeds():
    told = dict(Shown(render(demo_report())).terms)
    assert told["Run"] == "0123456789ab"
    assert told["Command"] == "netgen report demo"
    assert told["netgen"] == __version__
    assert f"pandas {pd.__version__}" in told["Packages"]
    assert "association: 20260101" in told["Seeds"]
    assert demo_result().matrix_hash in told["Alteration matrix"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("netgen report demo", "netgen report demo"),
        ("netgen report '/home/a b/study.toml' --out /srv/x --threads 2 --force", "netgen report study.toml"),
        ("netgen report --variants=/data/x.maf --out=/srv/x --quiet s.csv", "netgen report --variants=x.maf s.csv"),
        ("netgen report 'my study/' --endpoint os", "netgen report 'my study' --endpoint os"),
    ],
)
def test_shorten_command__keeps_what_bears_on_the_results_and_no_folder(typed, shown):
    assert shorten_command(typed) == shown


def test_section_provenance__counts_rows_that_carry_a_warning():
    results = demo_report()
    table = results.association.table["warnings"].fillna("")
    others = [results.association.frequencies, results.association.cooccurrence, results.association.gene_treatment]
    carried = int(table.str.split(";").map(lambda codes: "W_MONOTONE" in codes).sum())
    assert carried > 0
    assert not any(
        frame.get("warnings", pd.Series([], dtype="string")).str.contains("W_MONOTONE").any() for frame in others
    )
    assert Shown(render(results)).rows("provenance-warnings")["W_MONOTONE"]["Rows"] == f"{carried}"


def test_section_provenance__rules_and_oncotree_versions_only_where_they_were_used():
    plan = demo_report().actionability.plan
    told = dict(Shown(render(demo_report())).terms)
    assert plan["rules"]["sha256"] in told["Rules of actionability"]
    assert plan["oncotree"]["version"] in told["OncoTree"]
    bare = dict(Shown(render(assemble(demo_cohort()))).terms)
    assert not {"OncoTree", "Rules of actionability", "Alteration matrix"} & set(bare)


def test_section_provenance__imports_are_listed_with_version_and_licence():
    found = demo_report().actionability
    item = {"source": "CIViC", "version": "v1", "date": "2026-01-01", "licence": "CC0", "n": 3, "n_rejected": 0}
    other = dataclasses.replace(found, plan={**found.plan, "imports": [item]})
    told = dict(Shown(render(changed(demo_report(), actionability=other))).terms)
    assert told["Import: CIViC"] == "v1, 2026-01-01, 3 records (CC0)"


def test_section_provenance__options_are_those_of_the_study():
    shown = Shown(render(demo_report())).rows("provenance-options")
    assert shown["association.strata"]["value"] == "origin_group3"
    assert shown["association.endpoints"]["value"] == "os, pfs"
    assert shown["endpoints.pfs.new_therapy"]["value"] == "censor"
    assert shown["data_cutoff"]["value"] == "2025-06-30"
    assert shown["sources.1.panels"]["value"] == "panels/panel_a.txt, panels/panel_b.txt"
    other = with_study(demo_report(), association=dataclasses.replace(demo_cohort().study.association, strata="none"))
    assert Shown(render(other)).rows("provenance-options")["association.strata"]["value"] == "none"


def test_flatten__names_every_leaf_that_is_not_blank():
    nested = {"a": {"b": "1", "c": ""}, "d": ["x", "y"], "e": [{"f": "2"}, {"f": "3"}], "g": []}
    assert list(_flatten(nested, "")) == [("a.b", "1"), ("d", "x, y"), ("e.1.f", "2"), ("e.2.f", "3")]


def test_section_provenance__warnings_count_each_message_once():
    parts = [getattr(demo_report(), name) for name in ("association", "survival", "therapy", "response", "description")]
    items = {item for part in [*parts, demo_report().actionability] for item in part.findings if item.severity == "W"}
    shown = Shown(render(demo_report())).rows("provenance-warnings")
    assert set(shown) >= {item.code for item in items}
    for code, row in shown.items():
        assert row["Times"] == str(sum(item.code == code for item in items))


def test_section_provenance__without_warnings_say_so():
    cohort = dataclasses.replace(demo_cohort(), findings=Findings())
    bare = assemble(demo_cohort())
    quiet = changed(bare, cohort=cohort, description=dataclasses.replace(bare.description, findings=Findings()))
    assert "No warnings." in Shown(render(quiet)).paragraphs


def test_section_provenance__what_was_not_run_is_listed_with_the_reason():
    assert dict(Shown(render(entry_report())).terms)["therapy"] == "the study has no lines of treatment."
    assert "Not run" not in Shown(render(demo_report())).headings


def test_section_provenance__user_text_is_escaped():
    hostile = with_study(demo_report(), title="<img src=x onerror=alert(1)>")
    hostile = changed(hostile, command="netgen report '<script>'")
    body = render(hostile).body
    assert "<img" not in body
    assert "<script>" not in body
    assert "&lt;img src=x onerror=alert(1)&gt;" in body
