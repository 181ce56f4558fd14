"""Actionability of the embedded cohort, worked out from its tables; levels as patient columns; what is refused."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import netgen as ng
import netgen.data
from netgen.association.actionability import ActionabilityResult, add_levels, assess_actionability
from netgen.cohort import CLINICAL
from netgen.errors import AnalysisError, Findings
from tests.demo_run import demo_cohort
from tests.study_files import write_files

DEMO = Path(netgen.data.__file__).parent / "demo"
# DOMAIN appendix A: patients in whom a gene is altered. All changes are truncating, but for TP53.
ALTERED = {
    "MEN1": "P02 P06 P09 P10 P14 P16 P19 P22 P23 P24 P27 P29 P30 P32",
    "DAXX": "P23 P31",
    "ATRX": "P04 P10 P14 P17 P21",
    "TP53": "P01 P06 P10 P16 P17 P22 P23 P26 P28 P31",
    "TSC2": "P01 P04 P10 P11 P17 P23 P26 P29 P34",
    "ARID1A": "P04 P07 P13 P26 P29 P30 P31",
    "SETD2": "P09 P12 P18",
    "RB1": "P03 P14",
}
PANEL_B = {f"P{i:02}" for i in range(3, 34, 3)}  # without DAXX and TSC2
PANET = {f"P{i:02}" for i in (22, 23, 24, 25, 27, 28, 29, 30, 32, 33)}  # the four duodenal tumours are SBWDNET
TOO_BROAD = {"P10", "P18"}  # LNET: neither LUCA nor ALUCA
TABLES = ("hits", "patients", "by_origin", "by_marker", "levels", "coverage", "vus", "imported", "lines")


def who(gene: str) -> set[str]:
    return set(ALTERED[gene].split())


def scanned() -> dict[str, str]:
    """Patient -> result of the receptor PET, from the file."""
    with (DEMO / "imaging.csv").open(encoding="utf-8") as handle:
        return {row["patient_id"]: row["result"] for row in csv.DictReader(handle) if row["modality"] == "SSTR_PET"}


def rows(result: ActionabilityResult, cutoff: str, grouping: str = "origin_group3") -> pd.DataFrame:
    table = result.by_origin
    return table[(table["grouping"] == grouping) & (table["cutoff"] == cutoff)].set_index("origin")


@pytest.fixture(scope="module")
def demo() -> ActionabilityResult:
    """Actionability of the demo cohort with the settings of its study."""
    return assess_actionability(demo_cohort())


@pytest.fixture(scope="module")
def restricted() -> ActionabilityResult:
    """The same, groups compared on common markers."""
    return assess_actionability(demo_cohort(), restrict=True)


# ---------------------------------------------------------------- the demo, by hand


def test_actionability__every_rule_meets_the_patients_it_is_about(demo):
    found = {rule: set(own["patient_id"]) for rule, own in demo.hits.groupby("rule_id")}
    assert found == {
        "NG-TSC-EVE": who("TSC2"),
        "NG-MEN1-NDX": who("MEN1"),
        "NG-TP53-NDX": who("TP53"),
        "NG-RB1-NDX": who("RB1"),
        "NG-SETD2-G3": who("SETD2"),
        "NG-DAXXATRX-NPX": who("DAXX") | who("ATRX"),
        "NG-ATRX-G3-NPX": who("ATRX"),
        "NG-PANET-GERM": who("MEN1") & PANET,  # no germline call: confirmation is suggested, nothing more
        "NG-SSTR-PRRT": {patient for patient, result in scanned().items() if result == "positive"},
    }
    germline = demo.hits[demo.hits["rule_id"] == "NG-PANET-GERM"]
    assert set(germline["level"]) == {"NX"}
    assert germline["flags"].str.contains("germline_confirmation_suggested").all()


def test_actionability__best_level_is_n4_for_tsc2_where_the_tumour_type_is_exact(demo):
    best = demo.patients.set_index("patient_id")["best_level"]
    assert set(best.index[best == "N4"]) == who("TSC2") - TOO_BROAD
    assert set(best[~best.index.isin(who("TSC2") - TOO_BROAD)]) == {"NX"}
    assert demo.patients["actionable"].tolist() == [False] * 34  # everolimus: biological rationale, not counted
    named = demo.patients.set_index("patient_id").loc["P23"]
    assert (named["best_gene"], named["best_scope"], named["best_therapy"]) == ("TSC2", "in_scope", "everolimus")


def test_actionability__levels_without_therapy_hold_in_their_tumour_types_only(demo):
    told = demo.patients.set_index("patient_id")["other_levels"].str.split(";")
    prognostic = {patient for patient, levels in told.items() if "NPx" in levels}
    # DAXX and ATRX: pancreas only, P23; ATRX in G3 of the digestive tract: P21
    assert prognostic == {"P21", "P23"}
    assert {patient for patient, levels in told.items() if "NDx" in levels} == who("MEN1") | who("TP53") | who("RB1")


def test_actionability__receptor_imaging_is_shown_and_counts_for_nobody(demo):
    context = demo.patients.set_index("patient_id")["context"]
    lung_thymus = {f"P{i:02}" for i in range(1, 21)}
    positive = {patient for patient, result in scanned().items() if result == "positive"}
    assert set(context.index[context == "177Lu-DOTATATE N1"]) == positive - lung_thymus
    assert set(context.index[context == "177Lu-DOTATATE N3B"]) == positive & lung_thymus
    assert set(context[~context.index.isin(positive)]) == {""}


def test_actionability__counts_by_origin_at_every_cutoff(demo):
    for cutoff in ("N1", "N3A", "N3B"):
        found = rows(demo, cutoff)
        assert found[["n_actionable", "n_profiled"]].to_numpy().tolist() == [[0, 8], [0, 12], [0, 14], [0, 34]]
        assert found.loc["all", "status"] == "nobody_actionable"
    # P01, P04; P11, P17 (P10 is recorded as LNET); P23, P26, P29, P34
    assert rows(demo, "any")["n_actionable"].tolist() == [2, 2, 4, 8]
    assert rows(demo, "any", "origin_group2")["n_actionable"].tolist() == [4, 4, 8]
    # exact upper limit of 0/n: 1 - 0.025 ** (1/n)
    upper = [1 - 0.025 ** (1 / n) for n in (8, 12, 14, 34)]
    assert rows(demo, "N3B")["cp_hi"].tolist() == pytest.approx(upper, rel=1e-9)
    assert rows(demo, "N3B")["cp_lo"].tolist() == [0.0] * 4


def test_actionability__counts_the_markers_that_could_have_been_found(demo):
    # On the panels: BRAF (N1); hot spots of KRAS and PIK3CA, mutations of PIK3CA, PTEN and CHEK2 (N3B elsewhere); TSC1,
    # TSC2, MTOR, NF1 and VHL (N4). Fusions, copy number, germline and biomarkers were not looked for.
    assert [int(rows(demo, cutoff)["n_markers"].iloc[0]) for cutoff in ("N1", "N3A", "N3B", "any")] == [1, 1, 6, 11]
    counted = demo.by_marker[(demo.by_marker["grouping"] == "origin_group3") & (demo.by_marker["origin"] == "all")]
    assert set(counted.loc[counted["n_profiled"] == 34, "marker"]) == {
        "BRAF hot spots", "KRAS hot spots", "PIK3CA hot spots", "PIK3CA mutations", "PTEN mutations", "CHEK2 mutations",
    }  # fmt: skip
    assert set(counted["n_actionable"]) == {0}


def test_actionability__targets_that_were_not_covered_are_told(demo):
    whole = demo.coverage[demo.coverage["group"] == "all"].set_index("marker")
    tsc2 = whole.loc["TSC2 mutations"]
    assert tsc2[["n_total", "n_profiled", "n_not_covered", "reasons"]].tolist() == [34, 23, 11, "gene_not_on_panel 11"]
    assert tsc2["text"] == "TSC2 mutations not covered in 11 of 34 patients"
    by_origin = demo.coverage[demo.coverage["marker"] == "TSC2 mutations"].set_index("group")["n_not_covered"]
    numbers = {"thymic": range(1, 9), "lung": range(9, 21), "duodenopancreatic": range(21, 35)}
    expected = {origin: len(PANEL_B & {f"P{i:02}" for i in own}) for origin, own in numbers.items()}
    assert by_origin.to_dict() == expected | {"all": 11}
    assert whole.loc["RET fusion", ["n_profiled", "reasons"]].tolist() == [0, "profile_missing 34"]
    assert whole.loc["SSTR", "n_profiled"] == len(scanned())


def test_actionability__groups_on_different_panels_are_not_compared(demo):
    test = rows(demo, "any").loc["all"]
    assert (test["status"], test["uneven_markers"]) == ("panel_mismatch", "TSC2 mutations")
    assert pd.isna(test["p"])
    told = [item for item in demo.findings if item.code == "W_PANEL_MISMATCH"]
    assert [item.value for item in told] == ["origin_group3", "origin_group2"]
    assert all("--restrict" in item.fix for item in told)


def test_actionability__restricted_to_common_markers_tsc2_does_not_count(restricted):
    found = rows(restricted, "any")
    assert found["n_actionable"].tolist() == [0, 0, 0, 0]
    assert found["n_profiled"].tolist() == [8, 12, 14, 34]
    assert found.loc["all", ["status", "n_markers"]].tolist() == ["nobody_actionable", 10]
    told = [item for item in restricted.findings if item.code == "W_PANEL_MISMATCH"]
    assert all("on the markers they have in common only" in item.message for item in told)
    assert {item.fix for item in told} == {""}  # nobody is told to ask for what was asked for
    assert restricted.plan["restrict"] is True


def test_actionability__variants_that_no_rule_could_be_applied_to(demo):
    # ARID1A has a rule on deletions only; P31 has two variants. R248L is the second allele of a record of P22.
    arid1a = demo.vus[demo.vus["gene"] == "ARID1A"]
    assert sorted(arid1a["patient_id"]) == sorted([*who("ARID1A"), "P31"])
    assert set(arid1a["reason"]) == {"truncating_without_rule"}
    other = demo.vus[demo.vus["gene"] != "ARID1A"]
    assert other[["patient_id", "gene", "alteration", "reason"]].to_numpy().tolist() == [
        ["P22", "TP53", "p.R248L", "not_curated"]
    ]


def test_actionability__best_levels_are_counted_by_group(demo):
    table = demo.levels.set_index(["grouping", "group", "level"])["n"]
    three, two = table["origin_group3"].unstack("level"), table["origin_group2"].unstack("level")
    assert three["N4"].to_dict() == {"thymic": 2, "lung": 2, "duodenopancreatic": 4}
    assert three["none"].to_dict() == {"thymic": 6, "lung": 10, "duodenopancreatic": 10}
    assert two["N4"].to_dict() == {"thoracic": 4, "duodenopancreatic": 4}
    assert table.groupby("grouping").sum().to_dict() == {"origin_group3": 34, "origin_group2": 34}


def test_actionability__lines_with_drugs_used_whatever_the_genotype(demo):
    # 4.7: everolimus, sunitinib, analogues and 177Lu-DOTATATE are approved; chemotherapy is in use without a label
    approved = {"PRRT", "MTORI", "SSA", "TKI"}
    with (DEMO / "linear_syn34.csv").open(encoding="utf-8") as handle:
        expected = [
            (row["patient_id"], number, "approved" if row[f"l{number}"] in approved else "established")
            for row in csv.DictReader(handle) for number in (1, 2, 3) if row[f"l{number}"] != "none"
        ]  # fmt: skip
    found = demo.lines[["patient_id", "line_number", "approved_class"]].itertuples(index=False, name=None)
    assert list(found) == sorted(expected)


def test_actionability__plan_says_what_was_applied(demo):
    assert demo.plan["by"] == ["origin_group3", "origin_group2"]
    assert demo.plan["rules"]["name"] == "netgen starter list"
    assert len(demo.plan["rules"]["sha256"]) == 64
    assert (
        demo.plan["rules"]["n"] == len((DEMO.parent / "actionability_rules.yaml").read_text().split("\n  - id: ")) - 1
    )
    assert demo.plan["oncotree"]["licence"] == "CC BY 4.0"
    assert demo.plan["imports"] == []
    assert demo.plan["seed"] == demo_cohort().study.association.seed


def test_actionability__the_order_of_input_rows_changes_nothing(demo):
    cohort, rng = demo_cohort(), np.random.default_rng(7)
    names = (*CLINICAL, "variants", "germline", "panels", "panel_genes", "profiles")
    shuffled = {
        name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
        for name in names
        for frame in [getattr(cohort, name)]
    }
    again = assess_actionability(dataclasses.replace(cohort, **shuffled))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(demo, name))
    assert again.plan == demo.plan


# ---------------------------------------------------------------- other requests and other cohorts


def test_actionability__by_other_columns():
    found = assess_actionability(demo_cohort(), by=["sex", "origin2"])
    assert found.plan["by"] == ["sex", "origin_group2"]
    assert list(found.levels["grouping"].unique()) == ["sex", "origin_group2"]
    assert rows(found, "any", "sex").index.tolist() == ["female", "male", "all"]
    assert set(found.coverage["group"]) == {"female", "male", "all"}  # targets are told for the first grouping


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["nope"], "groups need a patient column, found nope"),
        (["TP53", "sex"], "groups need a patient column, found TP53"),
        ([], "a comparison needs groups, found no name"),
        ([" "], "a comparison needs groups, found no name"),
    ],
)
def test_actionability__refuses_a_grouping_that_is_not_a_column(by, message):
    with pytest.raises(AnalysisError, match=f"E_CONFIG: {message}"):
        assess_actionability(demo_cohort(), by=by)


FORM = """\
    patient_id,origin,oncotree_code,panel,alterations
    P1,pancreatic,PANET,wes,BRAF p.V600E
    P2,lung,Lung Carcinoid,wes,KRAS p.G12C
    P3,lung,luca,wes,none
    P4,lung,LUCA,,
    P5,thymic,,wes,BRAF p.V600E
    """


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Five patients: N1, N3B, nothing found, not sequenced, tumour type missing."""
    return ng.read_cohort(write_files(tmp_path_factory.mktemp("few"), {"form.csv": FORM}) / "form.csv")


def test_actionability__a_patient_has_a_level_only_for_what_was_looked_for(few):
    found = assess_actionability(few).patients.set_index("patient_id")
    assert found["best_level"].fillna("-").tolist() == ["N1", "N3B", "NX", "-", "-"]
    assert found["actionable"].tolist() == [True, True, False, pd.NA, pd.NA]
    assert found["best_counted"].fillna("-").tolist() == ["N1", "N3B", "-", "-", "-"]


def test_actionability__tumour_types_as_names_count_as_their_codes(few):
    """Coverage goes by the resolved type: a lung carcinoid by name is not taken for a type without targets."""
    result = assess_actionability(few)
    assert result.patients["oncotree_code"].fillna("-").tolist() == ["PANET", "LUCA", "LUCA", "LUCA", "-"]
    found = rows(result, "N3B")[["n_actionable", "n_profiled", "n_total"]]
    assert found.loc["lung"].tolist() == [1, 2, 3]
    assert found.loc["duodenopancreatic"].tolist() == [1, 1, 1]
    assert found.loc["thymic"].tolist() == [0, 0, 1]


def test_actionability__of_a_cohort_without_sequencing_says_that_nobody_was_profiled(tmp_path):
    files = {
        "patients.csv": "patient_id,origin,oncotree_code\nP1,lung,LUCA\nP2,thymic,TNET\n",
        "study.toml": '[[source]]\nkind = "tables"\npatients = "patients.csv"\n',
    }
    result = assess_actionability(ng.read_cohort(write_files(tmp_path, files) / "study.toml"))
    assert [len(result.hits), len(result.vus), len(result.imported), len(result.lines)] == [0, 0, 0, 0]
    assert result.patients["best_level"].isna().all()
    assert result.patients["actionable"].isna().all()
    found = rows(result, "N3B")
    assert found["n_profiled"].tolist() == [0, 0, 0]
    assert found["proportion"].isna().all()
    assert found.loc["all", "status"] == "not_profiled"
    shown = result.levels[result.levels["n"] > 0]
    assert set(shown["level"]) == {"not_profiled"}
    assert (result.coverage["n_profiled"] == 0).all()


def test_actionability__a_ready_made_gene_table_gives_no_level_and_says_so(tmp_path):
    files = {
        "patients.csv": "patient_id,origin,oncotree_code\nP1,lung,LUCA\nP2,thymic,TNET\n",
        "calls.csv": "patient_id,BRAF,RET\nP1,1,0\nP2,0,0\n",
        "study.toml": '[[source]]\nkind = "tables"\npatients = "patients.csv"\n'
        'alterations = { file = "calls.csv", layout = "matrix" }\n',
    }
    result = assess_actionability(ng.read_cohort(write_files(tmp_path, files) / "study.toml"))
    assert result.patients["actionable"].isna().all()
    whole = result.coverage[result.coverage["group"] == "all"].set_index("marker")
    assert whole.loc[["BRAF hot spots", "RET fusion"], "reasons"].tolist() == ["feature_not_carried 2"] * 2
    assert whole.loc["KRAS hot spots", "reasons"] == "gene_not_on_panel 2"
    (told,) = [item for item in result.findings if item.code == "W_CALLS_NO_LEVEL"]
    assert "of 2 samples says whether 2 genes are altered, not how" in told.message


@pytest.mark.shared
def test_actionability__of_a_study_without_protein_changes_nobody_mutated_is_negative(shared):
    """The mutation file of the study has no protein changes: who is mutated in EGFR may or may not have L858R."""
    folder = shared / "data" / "cbio_lung_msk_2017" / "lung_msk_2017"
    cohort = ng.read_cohort(folder)
    coverage = assess_actionability(cohort).coverage
    found = coverage[coverage["group"] == "all"].set_index("marker")
    rows = pd.read_csv(folder / "data_mutations_extended.txt", sep="\t", comment="#", dtype="string")
    owner = cohort.samples.set_index("sample_id")["patient_id"]
    rows = rows[rows["Variant_Classification"].isin(["Missense_Mutation", "In_Frame_Del", "In_Frame_Ins"])]
    for gene in ("EGFR", "KRAS", "BRAF"):
        mutated = rows.loc[rows["Hugo_Symbol"] == gene, "Tumor_Sample_Barcode"].map(owner).nunique()
        spots = found.loc[f"{gene} hot spots"]
        assert mutated > 40
        assert spots["reasons"] == f"change_not_stated {mutated}"
        assert spots["n_profiled"] == len(cohort.patients) - mutated


# ---------------------------------------------------------------- add_levels


def test_add_levels__adds_both_columns_behind_those_of_the_patients(few):
    found = add_levels(few, ["sex", "best_level"])
    added = found.patients.columns.difference(few.patients.columns, sort=False).tolist()
    assert added == ["actionable", "best_level"]
    assert found.patients.columns.tolist()[-2:] == added
    assert found.patients["actionable"].fillna("-").tolist() == ["yes", "yes", "no", "-", "-"]
    assert found.patients["best_level"].fillna("-").tolist() == ["N1", "N3B", "NX", "-", "-"]
    assert [str(kind) for kind in found.patients[added].dtypes] == ["string", "string"]
    pd.testing.assert_frame_equal(found.patients.drop(columns=added), few.patients)
    assert list(few.patients) == list(found.patients.drop(columns=added))  # the cohort that was given is as before


def test_add_levels__keeps_each_patient_s_level_whatever_the_order_of_rows(few):
    backwards = dataclasses.replace(few, patients=few.patients.iloc[::-1].reset_index(drop=True))
    found = add_levels(backwards, ["actionable"]).patients
    assert found["patient_id"].tolist() == ["P5", "P4", "P3", "P2", "P1"]
    assert found["best_level"].fillna("-").tolist() == ["-", "-", "NX", "N3B", "N1"]


@pytest.mark.parametrize("names", [[], ["sex"], ["origin_group3", "ki67_pct"]])
def test_add_levels__does_nothing_unless_a_level_is_asked_for(few, names):
    assert add_levels(few, names) is few


def test_add_levels__never_replaces_a_column_of_the_user(few):
    own = pd.array(["a", "b", "c", "d", "e"], dtype="string")
    cohort = dataclasses.replace(few, patients=few.patients.assign(actionable=own))
    assert add_levels(cohort, ["actionable"]) is cohort
    both = add_levels(cohort, ["actionable", "best_level"]).patients
    assert both["actionable"].tolist() == ["a", "b", "c", "d", "e"]
    assert both["best_level"].fillna("-").tolist() == ["N1", "N3B", "NX", "-", "-"]


def test_add_levels__hands_on_what_is_to_be_told(few):
    findings = Findings()
    add_levels(few, ["best_level"], findings=findings)
    assert "W_ONCOTREE_MISSING" in findings.codes()


def test_add_levels__feeds_other_analyses(few):
    found = ng.describe_cohort(few, by="actionable")
    assert {"no", "yes"} <= set(found.table1["group"])


def test_public_names__are_not_hidden_by_a_package_of_the_same_name():
    for name in ng.__all__:
        if not name.startswith("_"):
            assert callable(getattr(ng, name)), name
