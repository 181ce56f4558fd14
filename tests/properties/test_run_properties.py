"""What must not matter does not: the penalised model on tables, and the whole run on files."""

from __future__ import annotations

import shutil
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.association.penalised import fit_penalised
from tests.association.penalised_cases import QUICK, simulate
from tests.demo_run import demo_result
from tests.linear_study import GENES, read_linear, write_linear

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-6


def penalised(clinical: pd.DataFrame, genes: pd.DataFrame, **changes):
    """Return the model of a simulated cohort with age as covariate."""
    settings = {"entry": clinical["entry"], "strata": clinical["origin"]} | changes
    return fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], **settings, **QUICK)


def same_model(one, two) -> None:
    """Assert that two models agree in their coefficients and in what is said of them."""
    pd.testing.assert_frame_equal(one.coefficients, two.coefficients, rtol=TOLERANCE, atol=TOLERANCE)
    pd.testing.assert_frame_equal(one.performance, two.performance, rtol=TOLERANCE, atol=TOLERANCE)
    assert one.verdict == two.verdict


@pytest.fixture(scope="module")
def simulated():
    clinical, genes = simulate(3, 60, 5)
    rng = np.random.default_rng(3)
    clinical["entry"] = np.floor(clinical["time"] * rng.random(60) / 2)
    clinical["origin"] = np.where(rng.random(60) < 0.5, "lung", "thymic")
    clinical["age"] = rng.integers(40, 80, 60).astype(float)
    return clinical, genes, penalised(clinical, genes)


def test_fit_penalised__row_and_column_order_do_not_matter(simulated):
    clinical, genes, model = simulated
    order = np.random.default_rng(4).permutation(len(clinical))
    same_model(model, penalised(clinical.iloc[order], genes.iloc[order[::-1], ::-1]))


def test_fit_penalised__the_unit_of_time_does_not_matter(simulated):
    clinical, genes, model = simulated
    scaled = clinical.assign(time=clinical["time"] / 30.4375, entry=clinical["entry"] / 30.4375)
    pd.testing.assert_frame_equal(model.coefficients, penalised(scaled, genes).coefficients, rtol=1e-6, atol=1e-6)


def test_fit_penalised__labels_of_strata_and_constant_strata_do_not_matter(simulated):
    clinical, genes, model = simulated
    renamed = clinical["origin"].map({"lung": "z", "thymic": "a"})
    pd.testing.assert_frame_equal(
        model.coefficients, penalised(clinical, genes, strata=renamed).coefficients, rtol=1e-6, atol=1e-6
    )
    same_model(
        penalised(clinical, genes, strata=None),
        penalised(clinical, genes, strata=pd.Series("all", index=clinical.index)),
    )


def test_fit_penalised__entry_at_the_origin_is_no_delayed_entry(simulated):
    clinical, genes, _ = simulated
    same_model(penalised(clinical, genes, entry=None), penalised(clinical, genes, entry=clinical["time"] * 0))


def test_fit_penalised__patients_who_were_not_assayed_change_only_the_attrition(simulated):
    clinical, genes, model = simulated
    more = clinical.iloc[:5].set_axis([f"ZZ{i}" for i in range(5)])
    empty = pd.DataFrame(pd.NA, index=more.index, columns=genes.columns, dtype="Int8")
    found = penalised(pd.concat([clinical, more]), pd.concat([genes, empty]))
    same_model(model, found)
    assert len(found.lost_patients) == len(model.lost_patients) + 5


def shuffled_demo(folder: Path) -> Path:
    """Write the demo study with the rows of every table in another order; return its ``study.toml``."""
    target = folder / "demo"
    shutil.copytree(str(files("netgen") / "data" / "demo"), target)
    for seed, path in enumerate(sorted(target.glob("*.csv"))):
        lines = path.read_text(encoding="utf-8").splitlines()
        order = np.random.default_rng(seed).permutation(len(lines) - 1) + 1
        path.write_text("\n".join([lines[0], *(lines[i] for i in order)]) + "\n", encoding="utf-8")
    return target / "study.toml"


def test_associate__the_order_of_the_rows_of_all_files_does_not_matter(tmp_path):
    one, two = demo_result(), ng.associate(ng.read_cohort(shuffled_demo(tmp_path)), model=False)
    for name in ("table", "heterogeneity", "km", "curves", "skipped"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), rtol=1e-9, obj=name)
    assert one.matrix_hash == two.matrix_hash


def run_linear(folder: Path, table: pd.DataFrame):
    """Return overall survival of the golden cohort, stratified by origin, from files."""
    study = write_linear(folder, table)
    return ng.associate(ng.read_cohort(study), endpoints=["os"], strata="origin", model=False)


def test_associate__patients_who_were_not_assayed_change_only_the_attrition(reference, tmp_path):
    table = read_linear(reference)
    more = table.head(6).assign(patient_id=[f"Z{i}" for i in range(6)], **dict.fromkeys(GENES, float("nan")))
    one, two = run_linear(tmp_path / "one", table), run_linear(tmp_path / "two", pd.concat([table, more]))
    attrition = ["n_total", "n_not_profiled"]
    pd.testing.assert_frame_equal(one.table.drop(columns=attrition), two.table.drop(columns=attrition), rtol=1e-9)
    assert (two.table["n_total"] == one.table["n_total"] + 6).all()
    assert (two.table["n_not_profiled"] == one.table["n_not_profiled"] + 6).all()


def test_associate__the_names_of_origins_and_patients_do_not_matter(reference, tmp_path):
    table = read_linear(reference)
    names = {"thymic": "lung", "lung": "duodenopancreatic", "duodenopancreatic": "thymic"}
    renamed = table.assign(
        origin=table["origin"].map(names), patient_id=[f"X{i:02d}" for i in np.random.default_rng(2).permutation(34)]
    )
    one, two = run_linear(tmp_path / "one", table), run_linear(tmp_path / "two", renamed)
    drawn = one.table["p_method"] == "monte_carlo"
    both = [result.table.drop(columns=["mc_lo", "mc_hi", "n_permutations"]) for result in (one, two)]
    for part in both:
        part.loc[drawn, ["p_primary", "q_bh", "q_by", "p_holm"]] = np.nan
    pd.testing.assert_frame_equal(*both, rtol=1e-7)
    assert one.table["p_primary"].corr(two.table["p_primary"]) > 0.999
