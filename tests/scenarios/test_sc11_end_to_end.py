"""SC11 end to end: nobody dies in one origin, then nobody at all - read, analysed and written (DOMAIN 6)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from tests.linear_study import GENES, read_linear, write_linear


def analyse(folder, table, **options):
    cohort = ng.read_cohort(write_linear(folder, table))
    return ng.associate(cohort, endpoints=["os"], model=False, **options)


@pytest.fixture(scope="module")
def thymic_alive(reference, tmp_path_factory):
    """The golden cohort with every thymic patient alive."""
    table = read_linear(reference)
    table = table.assign(os_event=table["os_event"].where(table["origin"] != "thymic", 0))
    return table, analyse(tmp_path_factory.mktemp("alive"), table)


@pytest.fixture(scope="module")
def nobody(reference, tmp_path_factory):
    return analyse(tmp_path_factory.mktemp("nobody"), read_linear(reference).assign(os_event=0))


def test_sc11_the_stratum_without_deaths_is_reported(thymic_alive):
    _, result = thymic_alive
    (item,) = [item for item in result.findings if item.code == "W_STRATUM_UNINFORMATIVE"]
    assert (item.value, item.message) == (
        "thymic", "os: stratum thymic has 8 patients and 0 events and adds nothing to stratified tests.",
    )  # fmt: skip
    assert set(result.table["n_strata_informative"]) <= {0, 1, 2}


def test_sc11_two_patients_with_deaths_add_little_but_not_nothing(reference, tmp_path):
    table = read_linear(reference)
    thymic = table.index[table["origin"] == "thymic"]
    two = [*thymic[table.loc[thymic, "os_event"] == 1][:1], *thymic[table.loc[thymic, "os_event"] == 1][-1:]]
    table = table.drop(index=thymic.difference(two)).reset_index(drop=True)
    (item,) = [item for item in analyse(tmp_path, table).findings if item.code == "W_STRATUM_UNINFORMATIVE"]
    assert item.message == "os: stratum thymic has 2 patients and 2 events and adds little to stratified tests."


def test_sc11_estimates_are_those_without_the_origin(thymic_alive, tmp_path):
    table, result = thymic_alive
    others = analyse(tmp_path, table[table["origin"] != "thymic"], mode="small")
    rows, fewer = result.table.set_index("feature"), others.table.set_index("feature")
    same = ["hr", "hr_lo", "hr_hi", "p_primary", "p_logrank_asymptotic", "p_firth_plr"]
    gene = "MEN1"
    assert rows.loc[gene, same].tolist() == pytest.approx(fewer.loc[gene, same].tolist(), abs=1e-9)
    assert (rows.loc[gene, "n_total"], fewer.loc[gene, "n_total"]) == (34, 26)


def test_sc11_the_origin_keeps_its_row(thymic_alive):
    _, result = thymic_alive
    rows = result.heterogeneity[result.heterogeneity["feature"] == "MEN1"].set_index("origin")
    thymic = rows.loc["thymic"]
    assert (thymic["status"], thymic["n"], thymic["n_altered"], thymic["estimable"]) == ("no_events", 8, 2, False)
    assert rows.loc["all", "df"] == 1
    assert result.table.set_index("feature").loc["MEN1", "n_origins_estimable"] == 2


def test_sc11_the_median_of_the_origin_is_not_reached(thymic_alive):
    _, result = thymic_alive
    row = result.km[(result.km["grouping"] == "origin") & (result.km["group"] == "thymic")].iloc[0]
    assert (row["n"], row["events"]) == (8, 0)
    assert np.isnan(row[["median", "median_lo", "median_hi"]].astype(float)).all()
    assert row["s_12m"] == 1


def test_sc11_without_any_death_every_row_says_so(nobody):
    assert list(nobody.table["feature"]) == sorted(GENES)
    assert set(nobody.table["status"]) == {"no_events"}
    assert nobody.table[["hr", "p_primary", "q_bh"]].isna().all(axis=None)
    assert set(nobody.table["m_family"]) == {0}
    assert len(nobody.skipped) == 8
    assert "W_NO_TESTABLE_FEATURE" in nobody.findings.codes()


def test_sc11_without_any_death_curves_stay_at_1(nobody):
    assert set(nobody.curves["survival"]) == {1.0}
    assert set(nobody.curves["grouping"]) == {"all", "origin"}
    assert nobody.km["median"].isna().all()


def test_sc11_without_any_death_the_command_ends_well(reference, tmp_path):
    study = write_linear(tmp_path, read_linear(reference).assign(os_event=0))
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["associate", str(study), "--out", str(out), "--endpoint", "os"])
    assert result.exit_code == 0, result.output
    assert "No feature could be tested." in result.stdout
    drawn = {path.stem for path in (out / "figures").iterdir()}
    assert drawn == {"km_os", "cooccurrence"}  # no figure of a test; which genes go together needs no death
    assert not (out / "model").exists()
    skipped = pd.read_csv(out / "skipped.tsv", sep="\t")
    assert skipped["code"].value_counts().to_dict() == {"no_events": 8, "E_TOO_FEW_EVENTS_MODEL": 1}
    assert json.loads((out / "flow.json").read_text())["steps"][-1]["n_out"] == 34
