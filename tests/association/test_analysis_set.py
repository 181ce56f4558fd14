"""Outcomes, strata, covariates and genes meet on ``patient_id``; who lacks a covariate is left out and counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.analysis_set import build_analysis_set
from netgen.clinical.endpoints import Endpoint
from netgen.errors import AnalysisError
from netgen.genomics.matrix import AlterationMatrix

IDS = ["P3", "P1", "P2", "P5", "P4"]


def endpoint(**columns):
    """Return an endpoint of five patients, not in order."""
    table = {
        "patient_id": pd.array(IDS, dtype="string"),
        "time_days": [30.0, 10.0, 0.5, 50.0, 40.0],
        "event": [True, False, True, True, False],
        "entry_days": np.nan,
    }
    return Endpoint(
        name="os", line=None, origin="advanced", entry_rule="none", table=pd.DataFrame(table | columns),
        excluded=pd.DataFrame({"patient_id": ["P9"], "endpoint": "os", "reason": "death_date_missing"}),
    )  # fmt: skip


def patients(**columns):
    """Return a patient table in another order, with one patient who has no outcome."""
    table = {"patient_id": pd.array(["P9", "P1", "P2", "P3", "P4", "P5"], dtype="string")}
    return pd.DataFrame(table | columns)


def matrix():
    """Return two genes of four of the patients and of one more."""
    names = pd.Index(["P1", "P2", "P3", "P4", "P9"], dtype="string")
    status = np.array([[1, 0, -1, 0, 1], [0, 1, 1, -1, 0]], dtype=np.int8)
    return AlterationMatrix(
        status=status, reason=np.zeros(status.shape, np.uint8), patients=names,
        features=pd.Index(["MEN1", "TP53"], dtype="string"), feature_type="lof", policy="union",
        components=("mutations",), detail=pd.DataFrame(), discordance=pd.DataFrame(), hash="x",
    )  # fmt: skip


SITES = {"origin_group3": pd.array([pd.NA, "lung", "lung", "thymic", pd.NA, "thymic"], dtype="string")}


def test_build_analysis_set__tables_meet_on_the_patient():
    analysis = build_analysis_set(endpoint(), patients(**SITES), matrix(), strata="origin_group3")
    assert list(analysis.patient_id) == ["P1", "P2", "P3", "P4", "P5"]
    assert analysis.time.tolist() == [10, 0.5, 30, 40, 50]
    assert analysis.event.tolist() == [False, True, True, False, True]
    assert analysis.entry is None
    assert analysis.genes.tolist() == [[1, 0, -1, 0, -1], [0, 1, 1, -1, -1]]  # P5 was never sequenced
    assert (list(analysis.features), analysis.feature_type) == (["MEN1", "TP53"], "lof")
    assert analysis.strata.tolist() == ["lung", "lung", "thymic", "unknown", "thymic"]
    assert analysis.stratum.tolist() == [0, 0, 1, 2, 1]
    assert (analysis.strata_name, analysis.n, analysis.events) == ("origin_group3", 5, 3)
    assert (analysis.endpoint, analysis.origin_time, analysis.entry_rule, analysis.label) == (
        "os", "advanced", "none", "all",
    )  # fmt: skip
    assert len(analysis.excluded) == 0


def test_build_analysis_set__strata_do_not_depend_on_what_they_are_called():
    renamed = {"origin_group3": SITES["origin_group3"].copy()}
    renamed["origin_group3"][renamed["origin_group3"] == "lung"] = "zzz"
    one, two = (
        build_analysis_set(endpoint(), patients(**columns), matrix(), strata="origin_group3")
        for columns in (SITES, renamed)
    )
    assert two.strata.tolist() != one.strata.tolist()
    assert two.stratum.tolist() == one.stratum.tolist()


def test_build_analysis_set__one_stratum_is_none():
    columns = {"origin_group3": "lung", "centre": pd.array(list("xabbab"), dtype="string")}
    analysis = build_analysis_set(endpoint(), patients(**columns), matrix(), strata="origin_group3")
    assert (analysis.strata, analysis.stratum, analysis.strata_name, analysis.origin) == (None, None, "none", None)
    analysis = build_analysis_set(endpoint(), patients(**columns), matrix(), strata="centre")
    assert analysis.strata.tolist() == ["a", "b", "b", "a", "b"]
    assert analysis.origin is None


def test_build_analysis_set__origins_are_kept_without_strata():
    analysis = build_analysis_set(endpoint(), patients(**SITES), matrix())
    assert (analysis.strata, analysis.strata_name) == (None, "none")
    assert sorted(set(analysis.origin)) == ["lung", "thymic", "unknown"]


def test_build_analysis_set__entry_is_minus_infinity_from_the_origin():
    late = endpoint(entry_days=[5.0, np.nan, 0.0, np.nan, 20.0])
    analysis = build_analysis_set(late, patients(), matrix())
    assert analysis.entry.tolist() == [-np.inf, 0, 5, 20, -np.inf]


def test_build_analysis_set__covariates_of_complete_cases():
    columns = {
        "age": [1.0, 61.0, np.nan, 63.0, 64.0, 65.0],
        "sex": pd.array(["male", "male", "female", "female", pd.NA, "male"], dtype="string"),
        "ecog": pd.array([0, 0, 1, 2, 1, 0], dtype="Int64"),
        "functional": pd.array([True, True, True, False, True, True], dtype="boolean"),
    }
    analysis = build_analysis_set(
        endpoint(), patients(**columns), matrix(), adjust=("age", "sex", "ecog", "functional")
    )
    assert list(analysis.patient_id) == ["P1", "P3", "P5"]
    assert analysis.covariates.to_dict("list") == {
        "age": [61, 63, 65], "sex_male": [1, 0, 1], "ecog": [0, 2, 0], "functional": [1, 0, 1],
    }  # fmt: skip
    assert list(analysis.covariates.dtypes.astype(str).unique()) == ["float64"]
    assert analysis.excluded.to_numpy().tolist() == [
        ["P2", "os", "covariate_missing"], ["P4", "os", "covariate_missing"],
    ]  # fmt: skip
    assert analysis.genes.shape == (2, 3)


def test_build_analysis_set__a_level_of_nobody_gives_no_column():
    """P2 alone has stage I but no age: without P2 the stages II and III are left, and one column tells them apart."""
    columns = {
        "age": [1.0, 61.0, np.nan, 63.0, 64.0, 65.0],
        "stage": pd.array(["I", "II", "I", "III", "II", "III"], dtype="string"),
    }
    analysis = build_analysis_set(endpoint(), patients(**columns), matrix(), adjust=("age", "stage"))
    assert analysis.covariates.to_dict("list") == {"age": [61, 63, 64, 65], "stage_III": [0, 1, 0, 1]}


def test_build_analysis_set__nobody_is_complete():
    analysis = build_analysis_set(endpoint(), patients(age=np.nan), matrix(), adjust=("age",))
    assert (analysis.n, len(analysis.excluded)) == (0, 5)


def test_build_analysis_set__a_level_that_the_strata_determine_gives_no_column():
    """The first stratum has code B alone, the second C and D: within strata column D says what column C does."""
    columns = {
        "site": pd.array(["x", "x", "x", "y", "y", "y"], dtype="string"),
        "code": pd.array(["B", "B", "B", "C", "D", "C"], dtype="string"),
    }
    analysis = build_analysis_set(endpoint(), patients(**columns), matrix(), strata="site", adjust=("code",))
    assert list(analysis.covariates.columns) == ["code_C"]


@pytest.mark.parametrize(
    ("options", "name"),
    [({"strata": "site", "adjust": ("site",)}, "site"), ({"adjust": ("age", "age")}, "age"),
     ({"adjust": ("age", "months")}, "months"), ({"strata": "site", "adjust": ("age", "site")}, "site")],
)  # fmt: skip
def test_build_analysis_set__refuses_a_covariate_that_says_nothing_new(options, name):
    age = np.array([1.0, 61, 62, 63, 64, 65])
    table = patients(age=age, months=12 * age, site=pd.array(["x", "x", "x", "y", "y", "y"], dtype="string"))
    with pytest.raises(AnalysisError, match=f"E_CONFIG: adjust gains nothing from '{name}'"):
        build_analysis_set(endpoint(), table, matrix(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strata": "site"}, "E_CONFIG: strata need a patient column; 'site' is not one. Use none or one of age, sex"),
        (
            {"adjust": ("age", "ki67")},
            "E_CONFIG: adjust needs a patient column; 'ki67' is not one. Use some of age, sex",
        ),
        ({"adjust": ("sex",)}, "E_CONFIG: adjust needs a column that varies; 'sex' is male in all 5 patients."),
    ],
)
def test_build_analysis_set__names_what_is_not_there(options, message):
    table = patients(age=[1.0, 61.0, 62.0, 63.0, 64.0, 65.0], sex="male")
    with pytest.raises(AnalysisError) as caught:
        build_analysis_set(endpoint(), table, matrix(), **options)
    assert str(caught.value).startswith(message)
