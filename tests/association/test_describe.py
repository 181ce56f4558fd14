"""``describe_cohort``: follow-up against R and lifelines, the flow as a property, sequenced against other patients."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from scipy.stats import fisher_exact

import netgen as ng
from netgen.association.describe import _boxes, describe_cohort
from netgen.association.describe_results import FLOW_COLUMNS, SELECTION_COLUMNS
from netgen.association.selection import find_sequenced
from netgen.association.survival_results import FOLLOWUP_COLUMNS
from netgen.clinical.flow import add_step, start_flow
from netgen.errors import AnalysisError
from netgen.study_of import QuickLook
from tests.linear_study import GENES, read_linear, write_linear
from tests.study_files import write_files


@pytest.fixture(scope="module")
def demo():
    return describe_cohort(ng.read_cohort("demo"))


# ---------------------------------------------------------------- follow-up


def test_followup__is_that_of_appendix_b_and_of_r(demo):
    assert list(demo.followup.columns) == list(FOLLOWUP_COLUMNS)
    rows = demo.followup.set_index("group")
    assert rows.loc["all", ["median", "median_lo", "median_hi"]].tolist() == [1437, 816, 1950]
    # R 4.2.2, survfit(Surv(os_days, 1 - os_event) ~ 1, conf.type = "log-log")
    assert rows.loc["lung", ["median", "median_lo"]].tolist() == [1752, 500]
    assert rows.loc["duodenopancreatic", ["median", "median_lo"]].tolist() == [1336, 797]
    assert rows.loc[["lung", "duodenopancreatic"], "median_hi"].isna().all()
    assert rows.loc["thymic", ["median", "shortest", "longest"]].isna().all()  # all died


def test_followup__ranges_over_those_alive(demo, reference):
    golden = read_linear(reference)
    for group, own in [("all", golden), *golden.groupby("origin")]:
        alive = own.loc[own["os_event"] == 0, "os_days"]
        row = demo.followup.set_index("group").loc[group]
        assert (row["n"], row["n_censored"]) == (len(own), len(alive))
        if len(alive):
            assert (row["shortest"], row["longest"]) == (alive.min(), alive.max())
            fitted = KaplanMeierFitter().fit(own["os_days"], own["os_event"] == 0)
            assert row["median"] == fitted.median_survival_time_


def test_followup__is_empty_without_survival(tmp_path):
    cohort = study(tmp_path, {"patients.csv": "patient_id,origin,sex\nA,lung,female\nB,thymic,male\n"})
    found = describe_cohort(cohort)
    assert len(found.followup) == 0
    assert "followup" not in set(found.table1["variable"])
    assert "death" in found.plan["not_recorded"]
    assert found.flow.steps[-1].name == "profiled for a feature"


# ---------------------------------------------------------------- flow


def study(folder, files, extra=""):
    toml = '[study]\n[[source]]\nkind = "tables"\npatients = "patients.csv"\n'
    sequencing = (
        'alterations = { file = "genes.csv", layout = "matrix" }\n' if "genes.csv" in files else 'assay = "wes"\n'
    )
    write_files(folder, {**files, "study.toml": toml + sequencing + extra})
    return ng.read_cohort(folder / "study.toml")


def assert_adds_up(boxes):
    """SC30: whoever is in a box came from the one before it, less those left out for a reason."""
    box = boxes[boxes["reason"] == ""].set_index("step")
    for name, row in box.iterrows():
        out = boxes.loc[(boxes["step"] == name) & (boxes["reason"] != ""), "n"].sum()
        if row["after"]:
            assert box.loc[row["after"], "n"] == row["n"] + out


@given(st.data())
def test_sc30_boxes_of_random_flows_add_up(data):
    flow = start_flow("screened", data.draw(st.integers(50, 500)))
    for i in range(data.draw(st.integers(1, 8))):
        parent = data.draw(st.sampled_from([step.name for step in flow.steps]))
        room = next(step.n_out for step in flow.steps if step.name == parent)
        counts = {}
        for reason in data.draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4)):
            counts[reason] = data.draw(st.integers(0, room))
            room -= counts[reason]
        flow = add_step(flow, f"step {i}", excluded=counts, after=parent)
    boxes = _boxes(flow)
    assert list(boxes.columns) == list(FLOW_COLUMNS)
    assert_adds_up(boxes)
    assert (boxes["reason"] == "").sum() == len(flow.steps)


@settings(max_examples=10)
@given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=4, max_size=12))
def test_sc30_flow_of_random_cohorts_adds_up_and_names_everybody(tmp_path_factory, facts):
    rows = ["patient_id,origin,ki67_pct,days,dead"]
    genes = ["patient_id,TP53"]
    for i, (eligible, followed, sequenced) in enumerate(facts):
        rows.append(f"P{i},lung,{30 if eligible or i == 0 else 10},{100 + i if followed or i == 0 else ''},{i % 2}")
        genes.append(f"P{i},{i % 2 if sequenced or i == 0 else ''}")
    files = {"patients.csv": "\n".join(rows) + "\n", "genes.csv": "\n".join(genes) + "\n"}
    extra = '[endpoints.os]\ntime = "days"\nevent = "dead"\nunit = "days"\n[eligibility]\nki67_above = 20\n'
    found = describe_cohort(study(tmp_path_factory.mktemp("study"), files, extra), permutations=100)
    assert_adds_up(found.boxes)
    eligible = [f for i, f in enumerate(facts) if f[0] or i == 0]
    followed = sum(f[1] or i == 0 for i, f in enumerate(facts) if f[0] or i == 0)
    n = found.boxes[found.boxes["reason"] == ""].set_index("step")["n"]
    assert (n["eligible"], n["os: with follow-up"]) == (len(eligible), followed)
    assert n["os: profiled for a feature"] == sum(
        i == 0 or (f[1] and f[2]) for i, f in enumerate(facts) if f[0] or i == 0
    )
    gone = found.boxes[found.boxes["reason"] != ""].groupby("step")["n"].sum()
    listed = found.exclusions.groupby("step").size()
    for step in ("eligible", "os: with follow-up", "os: profiled for a feature"):
        assert gone.get(step, 0) == listed.get(step, 0)


def test_flow__has_a_branch_per_endpoint(demo):
    starts = demo.boxes.loc[(demo.boxes["after"] == "eligible") & (demo.boxes["reason"] == ""), "step"].tolist()
    assert starts == ["os: with follow-up", "pfs: with follow-up"]


def test_flow__takes_other_endpoints_and_refuses_unknown_ones():
    cohort = ng.read_cohort("demo")
    boxes = describe_cohort(cohort, endpoints=["ttp"]).boxes
    assert "ttp: with follow-up" in set(boxes["step"])
    with pytest.raises(AnalysisError, match="E_ENDPOINT_UNAVAILABLE"):
        describe_cohort(cohort, endpoints=["happiness"])


def test_describe__does_not_depend_on_the_order_of_rows(tmp_path, reference):
    table = read_linear(reference)
    results = []
    for i, rows in enumerate((table, table.sample(frac=1, random_state=3))):
        folder = tmp_path / str(i)
        folder.mkdir()
        results.append(describe_cohort(ng.read_cohort(write_linear(folder, rows)), tests=True, permutations=500))
    for name in ("table1", "missingness", "followup", "selection", "boxes", "exclusions"):
        pd.testing.assert_frame_equal(getattr(results[0], name), getattr(results[1], name))


@pytest.mark.parametrize(("context", "undecided"), [("clinical", False), ("unknown", True)])
def test_flow__says_so_where_delayed_entry_is_undecided(context, undecided):
    cohort = ng.read_cohort("demo")
    marked = dataclasses.replace(cohort, samples=cohort.samples.assign(sequencing_context=context))
    found = describe_cohort(marked)
    assert ("W_ENTRY_UNDECIDED" in found.findings.codes()) == undecided
    assert found.followup.set_index("group").loc["all", "median"] == 1437  # from the origin, whatever the entry


# ---------------------------------------------------------------- selection


def unsequenced(reference, tmp_path, ids):
    """Return the golden cohort where the genes of some patients are unknown."""
    table = read_linear(reference)
    table[GENES] = table[GENES].astype("Int64").mask(table["patient_id"].isin(ids))
    return table, ng.read_cohort(write_linear(tmp_path, table))


def test_selection__compares_survival_and_baseline(reference, tmp_path):
    table = read_linear(reference)
    high = table.nlargest(12, "ki67_pct")["patient_id"]
    table, cohort = unsequenced(reference, tmp_path, high)
    found = describe_cohort(cohort, permutations=2000)
    assert list(found.selection.columns) == list(SELECTION_COLUMNS)
    rows = found.selection.set_index(["variable", "level"])
    os = found.selection[found.selection["variable"] == "os"].iloc[0]
    mask = table["patient_id"].isin(high)
    a, b = table[~mask], table[mask]
    assert (os["n_sequenced"], os["n_not_sequenced"]) == (22, 12)
    peer = logrank_test(a["os_days"], b["os_days"], a["os_event"], b["os_event"])
    assert os["chi2"] == pytest.approx(peer.test_statistic, abs=1e-6)
    assert os["p_logrank"] == pytest.approx(peer.p_value, abs=1e-6)
    assert os["sequenced"].startswith(f"{a['os_event'].sum()} / 22; ")
    ki67 = rows.loc[("ki67_pct", "mean (SD)")]
    apart = abs(a["ki67_pct"].mean() - b["ki67_pct"].mean()) / math.sqrt(
        (a["ki67_pct"].var() + b["ki67_pct"].var()) / 2
    )
    assert ki67["smd"] == pytest.approx(apart)
    assert ki67["p_holm"] < 0.05
    assert ki67["clear"]
    message = next(item.message for item in found.findings if item.code == "W_SELECTION")
    assert "Ki-67 (standardised difference" in message
    # Holm over the two baseline variables of this study: origin and Ki-67
    p = sorted(found.selection.loc[found.selection["kind"] != "survival"].groupby("variable")["p"].first().dropna())
    assert len(p) == 2
    assert ki67["p_holm"] == pytest.approx(min(1.0, 2 * ki67["p"]))


def test_selection__by_chance_is_no_clear_difference(reference, tmp_path):
    _, cohort = unsequenced(reference, tmp_path, [f"P{i:02d}" for i in range(2, 35, 3)])
    found = describe_cohort(cohort, permutations=2000)
    assert "W_SELECTION" not in found.findings.codes()
    assert not found.selection["clear"].fillna(value=False).any()
    note = found.selection.loc[found.selection["variable"] == "os", "note"].iloc[0]
    assert note.startswith("Absence of a significant difference is not evidence of similarity (95 % CI")


def test_selection__tests_categories_exactly(reference, tmp_path):
    table, cohort = unsequenced(reference, tmp_path, ["P01", "P02", "P03", "P04", "P09"])
    cohort_by_two = describe_cohort(cohort, extra=["origin_group2"], permutations=500)
    row = cohort_by_two.selection[cohort_by_two.selection["variable"] == "origin_group2"].iloc[0]
    thoracic = table["origin"] != "duodenopancreatic"
    out = table["patient_id"].isin(["P01", "P02", "P03", "P04", "P09"])
    counts = pd.crosstab(thoracic, out).to_numpy()
    assert row["p"] == pytest.approx(fisher_exact(counts).pvalue, abs=1e-9)


@pytest.mark.parametrize(
    ("ids", "status"),
    [([], "everybody was sequenced"), (["P01", "P02"], "fewer than 3 patients on one side: 32 sequenced, 2 not")],
)
def test_selection__is_empty_without_two_sides(reference, tmp_path, ids, status):
    _, cohort = unsequenced(reference, tmp_path, ids)
    found = describe_cohort(cohort)
    assert len(found.selection) == 0
    assert found.plan["selection_status"] == status


def test_selection__warns_of_immortal_time_unless_tissue_was_archived(reference, tmp_path):
    table = read_linear(reference)
    table[GENES] = table[GENES].astype("Int64").mask(table["patient_id"] <= "P08")
    path = write_linear(tmp_path, table)
    notes = {}
    for context in ("research_retrospective", "unknown"):
        path.write_text(path.read_text().replace("research_retrospective", context))
        found = describe_cohort(ng.read_cohort(path), permutations=500).selection
        notes[context] = found.loc[found["variable"] == "os", "note"].iloc[0]
    assert "had to live until they were sequenced" in notes["unknown"]
    assert "had to live" not in notes["research_retrospective"]


def test_find_sequenced__counts_patients_with_any_gene(reference, tmp_path):
    _, cohort = unsequenced(reference, tmp_path, ["P01", "P34"])
    found = find_sequenced(cohort)
    assert found.index[~found].tolist() == ["P01", "P34"]


def test_selection__is_masked_with_the_rest(reference, tmp_path):
    _, cohort = unsequenced(reference, tmp_path, ["P01", "P09", "P21", "P22"])
    found = describe_cohort(cohort, mask_below=5, permutations=500)
    sides = found.selection[["n_sequenced", "n_not_sequenced"]]
    assert sides["n_not_sequenced"].isna().all()
    assert set(found.selection["not_sequenced"]) == {"<5", "withheld"}
    assert not found.selection["note"].str.contains("Only hazard ratios").any()


@pytest.mark.shared
def test_real_input__laml_against_its_annotation(shared):
    folder = shared / "data" / "tcga_laml_maftools"
    quick = QuickLook(
        variants=(folder / "tcga_laml.maf.gz",), clinical=folder / "tcga_laml_annot.tsv", assay="wes",
        time="days_to_last_followup", event="Overall_Survival_Status", unit="days",
    )  # fmt: skip
    found = describe_cohort(ng.read_cohort(quick=quick), extra=["FAB_classification"], permutations=500)
    source = pd.read_csv(folder / "tcga_laml_annot.tsv", sep="\t")
    barcodes = set(pd.read_csv(folder / "tcga_laml.maf.gz", sep="\t", comment="#")["Tumor_Sample_Barcode"])
    rows = found.table1.set_index(["variable", "level"])
    for level, n in source["FAB_classification"].value_counts().items():
        assert rows.loc[("FAB_classification", level), "n"] == n
    sequenced = source["Tumor_Sample_Barcode"].isin(barcodes)
    assert rows.loc[("sequencing", "sequenced"), "n"] == sequenced.sum()
    known = source[pd.to_numeric(source["days_to_last_followup"]).ge(0)]
    fitted = KaplanMeierFitter().fit(
        known["days_to_last_followup"].clip(lower=0.5), known["Overall_Survival_Status"] == 0
    )
    assert found.followup["median"].tolist() == [fitted.median_survival_time_]
    os = found.selection[found.selection["variable"] == "os"].iloc[0]
    a, b = known[known["Tumor_Sample_Barcode"].isin(barcodes)], known[~known["Tumor_Sample_Barcode"].isin(barcodes)]
    assert (os["n_sequenced"], os["n_not_sequenced"]) == (len(a), len(b))
    peer = logrank_test(
        *(part["days_to_last_followup"].clip(lower=0.5) for part in (a, b)),
        *(part["Overall_Survival_Status"] for part in (a, b)),
    )
    assert os["chi2"] == pytest.approx(peer.test_statistic, abs=1e-6)
