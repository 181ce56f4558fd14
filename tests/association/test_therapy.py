"""``therapy`` as a whole: columns, order of rows, groupings, requests that cannot be met, real treatment tables."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from netgen.association import therapy_tables as columns
from netgen.association.class_tables import merge_rare
from netgen.association.group_survival import survival
from netgen.association.therapy import TherapyResult, therapy
from netgen.cohort import read_cohort
from netgen.errors import AnalysisError
from tests.association.therapy_cases import genie_tables, small_cohort

DECLARED = {
    "algorithm_tables": columns.TABLE_COLUMNS, "algorithm_classes": columns.CLASS_COLUMNS,
    "algorithm_differences": columns.DIFFERENCE_COLUMNS, "algorithm_reach": columns.REACH_COLUMNS,
    "exposure": columns.EXPOSURE_COLUMNS, "line_counts": columns.COUNT_COLUMNS, "line_starts": columns.STARTS_COLUMNS,
    "line_endpoints": columns.TIME_COLUMNS, "sequence_tests": columns.SEQUENCE_TEST_COLUMNS,
    "transitions": columns.TRANSITION_COLUMNS, "transition_tests": columns.TRANSITION_TEST_COLUMNS,
    "pathway": columns.PATHWAY_COLUMNS, "pathway_times": columns.TIME_COLUMNS, "evolution": columns.EVOLUTION_COLUMNS,
    "ki67_pairs": columns.PAIR_COLUMNS, "grade_migration": columns.MIGRATION_COLUMNS,
    "timeline": columns.TIMELINE_COLUMNS,
}  # fmt: skip


@pytest.fixture(scope="module")
def demo():
    return read_cohort("demo")


@pytest.fixture(scope="module")
def found(demo):
    return therapy(demo, permutations=199)


def frames(result: TherapyResult) -> dict[str, pd.DataFrame]:
    return {
        field.name: getattr(result, field.name)
        for field in dataclasses.fields(result)
        if isinstance(getattr(result, field.name), pd.DataFrame)
    }


def test_therapy__tables_have_the_declared_columns(found, tmp_path):
    for result in (found, therapy(small_cohort(tmp_path), permutations=19)):
        for name, declared in DECLARED.items():
            assert list(frames(result)[name].columns) == list(declared), name
    assert set(frames(found)) - set(DECLARED) == {"algorithm_sequences", "exclusions"}
    assert list(found.algorithm_sequences.columns) == [
        *columns.SEQUENCE_COLUMNS, "origin_group3", "origin_group2", "line_1", "line_2", "line_3",
    ]  # fmt: skip


def test_therapy__does_not_depend_on_the_order_of_rows(demo, found):
    turned = dataclasses.replace(
        demo,
        **{name: getattr(demo, name).sample(frac=1, random_state=4) for name in
           ("patients", "samples", "treatments", "assessments", "imaging")},
    )  # fmt: skip
    other = frames(therapy(turned, permutations=199))
    for name, frame in frames(found).items():
        assert_frame_equal(frame, other[name], obj=name)


def test_therapy__differs_with_the_seed_only_where_it_draws(demo, found):
    other = therapy(demo, permutations=199, seed=5)
    assert other.algorithm_tables["p"].tolist() == found.algorithm_tables["p"].tolist()
    assert other.sequence_tests["f"].tolist() == found.sequence_tests["f"].tolist()
    assert other.sequence_tests["p"].tolist() != found.sequence_tests["p"].tolist()
    assert other.plan["seed"] == 5


def test_therapy__primary_distance_leaves_out_what_nobody_knows(found):
    states = found.algorithm_sequences.set_index("patient_id")[["line_1", "line_2", "line_3"]]
    groups = found.algorithm_sequences["origin_group2"].to_numpy(dtype=str)
    rows = states.to_numpy(dtype=str)
    n = len(rows)
    distance = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            both = [(a, b) for a, b in zip(rows[i], rows[j], strict=True) if "missing" not in (a, b)]
            distance[i, j] = sum(a != b for a, b in both) / len(both)
    total = sum(distance[i, j] ** 2 for i in range(n) for j in range(i)) / n
    within = sum(
        sum(distance[i, j] ** 2 for i in own for j in own if j < i) / len(own)
        for own in ([i for i in range(n) if groups[i] == g] for g in set(groups))
    )
    tests = found.sequence_tests
    own = (tests["grouping"] == "origin_group2") & (tests["role"] == "primary") & (tests["scale"] == "squared")
    row = tests.loc[own].iloc[0]
    assert row["r2"] == pytest.approx(1 - within / total)
    assert row["f"] == pytest.approx((total - within) / (within / (n - 2)))


def test_therapy__times_agree_with_the_comparison_of_survival(demo, found):
    other = survival(demo, by="origin_group3", endpoints=["pfs"], permutations=1000)
    own = found.line_endpoints.loc[
        (found.line_endpoints["grouping"] == "origin_group3")
        & (found.line_endpoints["endpoint"] == "pfs")
        & (found.line_endpoints["line"] == 1)
    ].set_index("group")
    km = other.km.loc[other.km["grouping"] == "origin_group3"].set_index("group")
    for name in ("n", "events", "median", "median_lo", "median_hi"):
        assert own[name].tolist() == pytest.approx(km.loc[own.index, name].tolist(), nan_ok=True)
    assert own["chi2"].iloc[0] == pytest.approx(0.666532, abs=1e-6)  # DOMAIN appendix B
    assert own["median"].tolist() == [121, 139, 264.5]


def test_therapy__endpoints_that_cannot_be_derived_say_so(tmp_path):
    found = therapy(small_cohort(tmp_path), by="origin_group2", permutations=19)
    rows = found.line_endpoints.loc[found.line_endpoints["endpoint"] == "pfs"]
    assert (rows["status"] == "not_available").all()
    assert "cannot be derived" in rows["note"].iloc[0]
    assert (found.line_endpoints.loc[found.line_endpoints["endpoint"] == "ttnt", "status"] != "not_available").any()


def test_therapy__by_gene_and_by_cut_points(demo):
    found = therapy(demo, by=["TP53", "ki67_pct:30"], permutations=19)
    sizes = found.line_counts.groupby("grouping", sort=False)["n"].apply(list)
    assert sizes["TP53"] == [24, 10]  # appendix B
    ki67 = demo.patients["ki67_pct"]
    assert sizes["ki67_pct:30"] == [int((ki67 <= 30).sum()), int((ki67 > 30).sum())]
    assert set(found.algorithm_differences["grouping"]) == {"TP53", "ki67_pct:30"}


def test_therapy__patients_without_a_group_are_listed(demo):
    patients = demo.patients.assign(arm=["x", "y", pd.NA] * 11 + ["x"]).astype({"arm": "string"})
    found = therapy(dataclasses.replace(demo, patients=patients), by="arm", permutations=19)
    assert len(found.exclusions.loc[found.exclusions["step"] == "group:arm"]) == 11
    assert found.algorithm_tables["n_at_risk"].iloc[0] == 23
    assert found.sequence_tests["n"].iloc[0] == 23


def test_therapy__one_group_is_described_and_not_tested(tmp_path):
    cohort = small_cohort(tmp_path)
    cohort = dataclasses.replace(cohort, patients=cohort.patients.assign(arm=pd.array(["x"] * 6, dtype="string")))
    found = therapy(cohort, by="arm", permutations=19)
    assert set(found.algorithm_tables["status"]) <= {"one_group", "nobody"}
    assert found.algorithm_tables["p"].isna().all()
    assert (found.sequence_tests["status"] == "one_group").all()
    assert not len(found.algorithm_differences)


@pytest.mark.parametrize(
    ("options", "text"),
    [({"margin": 0}, "margin"), ({"max_line": 0}, "max_line"), ({"permutations": 0}, "permutations"),
     ({"by": "regimen_class"}, "what is compared"), ({"by": "nonsense"}, "neither"),
     ({"substitution_costs": {("ssa", "prrt"): -1}}, "number >= 0")],
)  # fmt: skip
def test_therapy__refuses_what_cannot_be(demo, options, text):
    with pytest.raises(AnalysisError, match=text):
        therapy(demo, **options)


def test_therapy__needs_a_line_of_treatment(demo):
    with pytest.raises(AnalysisError, match="needs lines with a start") as error:
        therapy(dataclasses.replace(demo, treatments=demo.treatments.iloc[:0]))
    assert error.value.finding.code == "E_ENDPOINT_UNAVAILABLE"


def test_therapy__costs_of_ones_own_change_optimal_matching_alone(demo, found):
    other = therapy(demo, permutations=199, substitution_costs={("chemo_alkylating", "chemo_platinum"): 0.5})
    same = found.sequence_tests["distance"] != "optimal_matching"
    assert other.sequence_tests.loc[same, "f"].tolist() == found.sequence_tests.loc[same, "f"].tolist()
    assert other.sequence_tests.loc[~same, "f"].tolist() != found.sequence_tests.loc[~same, "f"].tolist()


def test_therapy__warns_of_groups_that_spread_differently(tmp_path):
    # All of x receive ssa alone; each of y another class.
    names = [
        "prrt",
        "chemo_alkylating",
        "chemo_platinum",
        "mtor_inhibitor",
        "ici",
        "surgery",
        "chemo_other",
        "radiotherapy",
    ]
    rows = [f"P{i},2020-01-01,2020-01-01,2021-01-01,dead,2021-01-02,{'x' if i < 8 else 'y'}" for i in range(16)]
    lines = [f"P{i},1,{'ssa' if i < 8 else names[i - 8]},2020-01-20,2020-05-01" for i in range(16)]
    cohort = small_cohort(
        tmp_path,
        patients="\n".join(
            ["patient_id,date_diagnosis,date_advanced,date_last_contact,vital_status,date_death,arm", *rows]
        ),
        treatments="\n".join(["patient_id,line_number,regimen_class,date_start,date_end", *lines]),
    )
    found = therapy(cohort, by="arm", permutations=999)
    row = found.sequence_tests.iloc[0]
    assert row["p"] <= 0.01
    assert row["dispersion_p"] <= 0.01
    assert row["warnings"] == "W_DISPERSION"
    assert "W_DISPERSION" in found.findings.codes()
    merged = found.algorithm_tables.iloc[0]["merged"].split(";")
    assert merged == sorted(names)


def test_merge_rare__looks_at_all_groups_together():
    merged, rare = merge_rare(np.array(["ssa", "ssa", "ici", "prrt", "other"]))
    assert merged.tolist() == ["ssa", "ssa", "other", "other", "other"]
    assert rare == ("ici", "prrt")


@pytest.mark.shared
def test_therapy__on_the_simulated_genie_cohort(shared, tmp_path):
    tables = genie_tables(shared / "data" / "genie_bpc_simulated_nsclc")
    cohort = small_cohort(tmp_path, skip_invalid=True, **tables)
    found = therapy(cohort, by="cell_type", permutations=99)
    # first lines recounted from the text of the tables
    lines = pd.read_csv(io.StringIO(tables["treatments"]))
    patients = pd.read_csv(io.StringIO(tables["patients"])).dropna(subset=["cell_type"])
    first = lines.loc[(lines["line_number"] == 1) & lines["patient_id"].isin(cohort.patients["patient_id"])]
    first = first.merge(patients, on="patient_id")
    row = found.algorithm_tables.iloc[0]
    counts = pd.DataFrame(json.loads(row["table"])).sum(axis=1)
    assert counts.to_dict() == first["regimen_class"].value_counts().to_dict()
    assert row["n"] == len(first) > 100
    reach = found.algorithm_reach
    absent = reach[["n_dead", "n_ongoing", "n_off_therapy", "n_lost", "n_unrecorded"]].sum(axis=1)
    assert (reach["n_at_risk"] == reach["n_received"] + absent).all()
    assert (found.transition_tests["status"] == "tested").any()
    everybody_ = found.exposure.loc[(found.exposure["grouping"] == "all") & (found.exposure["horizon_months"] == 24)]
    assert everybody_["cif"].between(0, 1).all()


@pytest.mark.shared
def test_therapy__without_treatments_says_what_is_missing(shared):
    folder = shared / "data" / "cbio_past_dkfz_2013" / "past_dkfz_heidelberg_2013"
    cohort = read_cohort(folder, skip_invalid=True)
    with pytest.raises(AnalysisError, match="needs lines with a start"):
        therapy(cohort, by="sex", permutations=99)
