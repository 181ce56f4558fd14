"""SC30: nobody is lost on the way, and nothing but the facts changes a result (DOMAIN 6)."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from netgen.data import demo_folder
from netgen.report.association_files import write_association
from netgen.report.write import MARK, list_files
from tests.demo_run import demo_result
from tests.linear_study import read_linear, write_linear
from tests.study_files import maf, write_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.repeats


def shuffled(text: str, seed: int) -> str:
    """Return the lines behind the header in another order."""
    head, *lines = text.splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    return head + "".join(lines)


def associate(folder: Path, monkeypatch, *args: str) -> dict[str, bytes]:
    """Run the command line inside the folder and return every table it wrote."""
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["associate", "study.toml", "--out", "out", "--no-figures", *args])
    assert result.exit_code == 0, result.output
    out = folder / "out"
    files = {name: (out / name).read_bytes() for name in list_files(out) if name not in {MARK, "provenance.json"}}
    shutil.rmtree(out)
    return files


def random_study(seed: int) -> dict[str, str]:
    """Return a study of 90 patients from a MAF: too many relabelings to count, so p-values are drawn."""
    rng = np.random.default_rng(seed)
    ids = [f"P{i:02d}" for i in range(90)]
    patients = pd.DataFrame(
        {
            "patient_id": ids,
            "origin": rng.choice(["thymic", "lung", "pancreatic"], 90),
            "ki67_pct": rng.integers(21, 80, 90),
            "days": rng.integers(1, 900, 90),
            "dead": (rng.random(90) < 0.4).astype(int),
        }
    )
    calls = [(one, gene) for gene, share in (("TP53", 0.4), ("MEN1", 0.3)) for one in ids if rng.random() < share]
    toml = """
        [study]
        sequencing_context = "research_retrospective"
        [[source]]
        kind = "tables"
        patients = "patients.csv"
        variants = "calls.maf"
        panel = "panel.txt"
        [endpoints.os]
        time = "days"
        event = "dead"
        unit = "days"
        """
    return {
        "study.toml": toml,
        "patients.csv": patients.to_csv(index=False),
        "calls.maf": maf(*calls),
        "panel.txt": "TP53\nMEN1\nATRX\n",
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The random study, unshuffled, on one thread."""
    folder = write_files(tmp_path_factory.mktemp("drawn"), random_study(30))
    with pytest.MonkeyPatch.context() as patch:
        return folder, associate(folder, patch)


def test_sc30_the_random_study_draws_its_p_values(drawn):
    _, files = drawn
    assert b"monte_carlo" in files["associations.tsv"]
    assert {"associations.tsv", "heterogeneity.tsv", "km.tsv", "endpoints.tsv", "warnings.tsv"} <= set(files)


def test_sc30_threads_change_nothing(drawn, monkeypatch):
    folder, files = drawn
    assert associate(folder, monkeypatch, "--threads", "4") == files


def test_sc30_the_order_of_rows_changes_nothing(drawn, tmp_path, monkeypatch):
    _, files = drawn
    texts = random_study(30)
    mixed = {name: text if name == "study.toml" else shuffled(text, 1) for name, text in texts.items()}
    assert mixed["calls.maf"] != texts["calls.maf"]
    assert associate(write_files(tmp_path, mixed), monkeypatch) == files


def test_sc30_another_seed_changes_what_is_drawn(drawn, monkeypatch):
    folder, files = drawn
    assert associate(folder, monkeypatch, "--seed", "1", "--no-model")["associations.tsv"] != files["associations.tsv"]


def test_sc30_the_demo_with_every_table_and_the_vcfs_in_another_order(tmp_path, monkeypatch):
    for name in ("plain", "mixed"):
        shutil.copytree(demo_folder(), tmp_path / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    mixed = tmp_path / "mixed"
    for path in mixed.glob("*.csv"):
        path.write_text(shuffled(path.read_text(encoding="utf-8"), 2), encoding="utf-8")
    vcfs = [str(path.relative_to(mixed)) for path in (mixed / "vcf").iterdir()]
    random.Random(2).shuffle(vcfs)
    study = (mixed / "study.toml").read_text()
    (mixed / "study.toml").write_text(study.replace('["vcf/*.vcf.gz"]', json.dumps(vcfs)))
    plain = associate(tmp_path / "plain", monkeypatch, "--no-model")
    assert associate(mixed, monkeypatch, "--no-model", "--threads", "4") == plain


TURNED = {"thymic": "lung", "lung": "duodenopancreatic", "duodenopancreatic": "thymic"}


def test_sc30_relabelling_the_origins_permutes_rows_only(reference, tmp_path):
    table = read_linear(reference)
    one, two = (
        ng.associate(ng.read_cohort(write_linear(tmp_path / name, rows)), endpoints=["os", "pfs"], model=False)
        for name, rows in (("one", table), ("two", table.assign(origin=table["origin"].map(TURNED))))
    )
    across = ["het_p", "het_Q", "het_I2"]  # sums over origins in the order of their names
    pd.testing.assert_frame_equal(two.table.drop(columns=across), one.table.drop(columns=across), check_exact=True)
    pd.testing.assert_frame_equal(two.table[across], one.table[across], rtol=1e-9)
    keys = ["endpoint", "feature", "origin"]
    turned = one.heterogeneity.assign(origin=one.heterogeneity["origin"].replace(TURNED))
    pd.testing.assert_frame_equal(
        two.heterogeneity.sort_values(keys, ignore_index=True), turned.sort_values(keys, ignore_index=True), rtol=1e-9
    )
    keys = ["endpoint", "grouping", "group"]
    pd.testing.assert_frame_equal(
        two.km.sort_values(keys, ignore_index=True),
        one.km.assign(group=one.km["group"].replace(TURNED)).sort_values(keys, ignore_index=True),
        check_exact=True,
    )
    assert (one.matrix_hash, one.plan) == (two.matrix_hash, two.plan)


def odd_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the golden cohort with a gene nobody has, one everybody has, one nobody was tested for, a missing time."""
    out = table.assign(RB1=0, SETD2=1, DAXX=np.nan)
    return out.assign(os_days=out["os_days"].astype("Int64").where(out["patient_id"] != "P05"))


def results(reference, folder) -> dict[str, ng.AssociationResult]:
    """Return runs with all kinds of attrition."""
    table = read_linear(reference)
    studies = {
        "plain": write_linear(folder / "plain", table),
        "odd": write_linear(folder / "odd", odd_table(table)),
        "eligible": write_linear(folder / "eligible", table, extra="[eligibility]\nki67_above = 30\n"),
        "no_events": write_linear(folder / "none", table.assign(os_event=0)),
    }
    runs = {name: ng.associate(ng.read_cohort(study), endpoints=["os"], model=False) for name, study in studies.items()}
    runs["landmark"] = ng.associate(ng.read_cohort(studies["plain"]), endpoints=["os"], landmark=365, model=False)
    runs["adjusted"] = ng.associate(
        ng.read_cohort(studies["odd"]), endpoints=["os"], adjust=["ki67_pct"], strata="none", model=False
    )
    return {**runs, "demo": demo_result()}


@pytest.fixture(scope="module")
def runs(reference, tmp_path_factory):
    return results(reference, tmp_path_factory.mktemp("runs"))


def test_sc30_at_every_step_who_came_in_went_on_or_was_left_out(runs):
    for name, result in runs.items():
        steps = {step.name: step for step in result.flow.steps}
        for step in result.flow.steps:
            assert step.n_in == step.n_out + sum(step.excluded.values()), (name, step)
            assert step.after == "" or steps[step.after].n_out == step.n_in, (name, step)
        assert steps["screened"].n_in == 34
        for endpoint, plan in result.plan["endpoints"].items():
            assert steps[f"{endpoint}: analysed"].n_out == plan["n"]
    assert runs["eligible"].flow.steps[4].excluded != {}
    assert runs["landmark"].flow.steps[5].excluded != {}


def test_sc30_everybody_left_out_is_listed_with_a_reason(runs):
    for result in runs.values():
        for endpoint, plan in result.plan["endpoints"].items():
            gone = result.exclusions[result.exclusions["endpoint"].isin(["all", endpoint])]
            assert plan["n"] + len(gone) == 34
            assert gone["patient_id"].is_unique
            assert (gone["reason"].str.len() > 0).all()
    odd = runs["odd"].exclusions
    assert list(odd["patient_id"]) == ["P05"]


def test_sc30_every_feature_has_one_row_and_one_status(runs):
    for name, result in runs.items():
        for endpoint, rows in result.table.groupby("endpoint"):
            statuses = rows["status"].value_counts()
            assert statuses.sum() == rows["feature"].nunique() == (20 if name == "demo" else 8)
            m = result.table.loc[result.table["endpoint"] == endpoint, "m_family"]
            assert set(m) == {statuses.get("tested", 0)}
            skipped = result.skipped[(result.skipped["endpoint"] == endpoint) & (result.skipped["kind"] == "feature")]
            assert len(skipped) == len(rows) - statuses.get("tested", 0)
    odd = runs["odd"].table.set_index("feature")["status"]
    assert odd[["RB1", "SETD2", "DAXX"]].tolist() == ["too_few_altered", "all_altered", "not_profiled"]


def test_sc30_every_patient_counts_once_in_every_row(runs):
    for result in runs.values():
        table = result.table
        assert (table["n_profiled"] + table["n_not_profiled"] == table["n_total"]).all()
        assert (table["n_altered"] + table["n_unaltered"] == table["n_profiled"]).all()


def test_sc30_provenance_is_all_that_differs_between_two_runs(tmp_path, reference):
    cohort = ng.read_cohort(write_linear(tmp_path, read_linear(reference)))
    result = ng.associate(cohort, endpoints=["os"], model=False)
    for name in ("a", "b"):
        write_association(result, cohort, tmp_path / name, figures=False)
    names = list_files(tmp_path / "a")
    assert names == list_files(tmp_path / "b")
    differing = {name for name in names if (tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes()}
    assert differing <= {"provenance.json"}
