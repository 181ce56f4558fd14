from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import Findings
from netgen.genomics.filters import FilterSettings, apply_variant_policy
from netgen.schema import VARIANTS, conform

BASE = {
    "sample_id": "S1", "gene": "MEN1", "build": "GRCh37", "chrom": "11", "ref": "G", "alt": "A",
    "variant_class": "Missense_Mutation", "mutation_status": "Somatic", "file": "a.maf",
}  # fmt: skip


def table(*rows):
    """Rows (dicts over BASE) as a variants table; positions differ unless given."""
    frame = pd.DataFrame([{**BASE, "pos": 1000 + place, "row": place + 2, **row} for place, row in enumerate(rows)])
    return conform(frame, VARIANTS)


def run(variants, *, matched_normal=None, findings=None, **settings):
    normal = None if matched_normal is None else pd.Series(matched_normal, dtype="boolean")
    return apply_variant_policy(
        variants,
        matched_normal=normal,
        settings=FilterSettings(**settings),
        findings=Findings() if findings is None else findings,
    )


def counts(result):
    return {(row.sample_id, row.reason): row.n for row in result.qc.itertuples()}


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("Somatic", "somatic"), ("SOMATIC", "somatic"), ("SOMATIC_VS_POOL", "somatic"), ("Germline", "germline"),
        ("GERMLINE", "germline"), ("None", "status"), ("LOH", "status"), ("Wildtype", "status"), (pd.NA, "somatic"),
        ("Unknown", "somatic"), ("EXPundetect", "somatic"),
    ],
)  # fmt: skip
def test_apply_variant_policy__status_decides_first(status, fate):
    result = run(table({"mutation_status": status}))
    assert (len(result.somatic), len(result.germline)) == (fate == "somatic", fate == "germline")
    assert counts(result) == ({("S1", "status"): 1} if fate == "status" else {})


def test_apply_variant_policy__says_what_it_assumed():
    findings = Findings()
    run(table({"mutation_status": pd.NA}, {"mutation_status": "test", "sample_id": "S2"}, {}), findings=findings)
    (note,) = findings
    assert note.code == "I_STATUS_ASSUMED_SOMATIC"
    assert "2 variants of 2 samples" in note.message
    assert "found test" in note.message


def test_apply_variant_policy__drops_common_variants_of_tumour_only_samples():
    rows = [{"gnomad_af": 0.001}, {"gnomad_af": 0.00099}, {"gnomad_af": float("nan")}]
    rows += [{"gnomad_af": 0.5, "sample_id": "S2"}, {"gnomad_af": 0.5, "sample_id": "S3"}]
    rows += [{"gnomad_af": 0.5, "mutation_status": "Germline"}]
    result = run(table(*rows), matched_normal={"S1": False, "S2": True, "S3": pd.NA})
    assert counts(result) == {("S1", "population"): 1}
    assert result.somatic["row"].tolist() == [3, 4, 5, 6]
    assert result.germline["row"].tolist() == [7]


def test_apply_variant_policy__flags_possible_germline_in_predisposition_genes():
    rows = [{"vaf": vaf} for vaf in (0.39, 0.4, 0.6, 0.61, 0.9, 0.91, float("nan"))]
    rows[2]["flags"] = "lof_cterm"
    rows += [{"vaf": 0.5, "gene": "TTN"}, {"vaf": 0.5, "sample_id": "S2"}]
    result = run(table(*rows), matched_normal={"S1": False, "S2": True})
    assert result.somatic["flags"].fillna("").tolist() == [
        "", "possible_germline", "lof_cterm;possible_germline", "", "", "possible_germline", "", "", "",
    ]  # fmt: skip


def test_apply_variant_policy__warns_where_no_frequency_can_tell():
    findings = Findings()
    annotated = table({"sample_id": "S1"}, {"sample_id": "S2", "file": "b.maf", "gnomad_af": 1e-5})
    run(annotated, matched_normal={"S1": False, "S2": False}, findings=findings)
    (warning,) = [item for item in findings if item.code == "W_TUMOUR_ONLY_UNFILTERED"]
    assert warning.message.startswith("1 samples")
    assert warning.rule == "V23"


def test_apply_variant_policy__caller_filter():
    values = ["PASS", ".", pd.NA, "pass", "common_variant", "StrandBias,wga"]
    variants = table(*({"filter": value} for value in values), {"filter": "oxog", "mutation_status": "Germline"})
    result = run(variants)
    assert counts(result) == {("S1", "filter"): 3}
    assert result.somatic["row"].tolist() == [2, 3, 4, 5]
    assert run(variants, filters="any").qc.empty


def test_apply_variant_policy__minimum_support_is_optional_and_spares_unknown_numbers():
    rows = [
        {"t_alt_count": 5, "t_ref_count": 15, "vaf": 0.25},
        {"t_alt_count": 5, "t_ref_count": 14, "vaf": 5 / 19},
        {"t_alt_count": 4, "t_ref_count": 40, "vaf": 4 / 44},
        {"vaf": 0.01},
        {},
    ]
    assert run(table(*rows)).qc.empty
    result = run(table(*rows), min_depth=20, min_alt_count=5, min_vaf=0.05)
    assert counts(result) == {("S1", "depth"): 1, ("S1", "alt_count"): 1, ("S1", "vaf"): 1}
    assert result.somatic["row"].tolist() == [2, 6]


def test_apply_variant_policy__same_variant_counts_once():
    same = {"pos": 500}
    rows = [
        {**same, "gene": "EIF2C1"},
        {**same, "gene": "AGO1"},  # the new name of EIF2C1; alphabetical order decides
        {**same, "gene": "AGO1", "sample_id": "S2"},
        {**same, "alt": "T"},
        {**same, "build": "GRCh38"},
        {**same, "mutation_status": "Germline"},
    ]
    result = run(table(*rows))
    assert counts(result) == {("S1", "duplicate"): 1}
    assert result.somatic["row"].tolist() == [3, 4, 5, 6]
    assert len(result.germline) == 1


def test_apply_variant_policy__without_position_gene_and_protein_change_are_the_key():
    bare = {"chrom": pd.NA, "pos": pd.NA, "ref": pd.NA, "alt": pd.NA, "build": pd.NA}
    rows = [
        {**bare, "hgvsp_short": "p.R460*"},
        {**bare, "hgvsp_short": "p.R460*"},
        {**bare, "hgvsp_short": "p.R461*"},
        {**bare, "hgvsp_short": pd.NA},
        {**bare, "hgvsp_short": pd.NA},
    ]
    result = run(table(*rows))
    assert counts(result) == {("S1", "duplicate"): 1}
    assert result.somatic["row"].tolist() == [2, 4, 5, 6]


def test_apply_variant_policy__keeps_the_more_severe_report():
    rows = [{"pos": 5, "variant_class": "Silent"}, {"pos": 5, "variant_class": "Nonsense_Mutation"}]
    assert run(table(*rows)).somatic["variant_class"].tolist() == ["Nonsense_Mutation"]


def test_apply_variant_policy__first_reason_counts():
    row = {"mutation_status": "LOH", "filter": "oxog", "gnomad_af": 0.5, "t_alt_count": 0, "t_ref_count": 1}
    result = run(table(row), matched_normal={"S1": False}, min_depth=10)
    assert counts(result) == {("S1", "status"): 1}


def test_apply_variant_policy__sc05_germline_and_tumour_only_leftovers():
    # SC05: 8 nonsynonymous, 2 silent, 1 intronic somatic, one germline BRCA2 frameshift; a second, tumour-only sample
    # has one missense with gnomad_af 0.012
    rows = [{"gene": f"G{place}"} for place in range(8)]
    rows += [{"variant_class": "Silent"}] * 2 + [{"variant_class": "Intron"}]
    rows += [{"gene": "BRCA2", "variant_class": "Frame_Shift_Del", "mutation_status": "Germline", "vaf": 0.49}]
    rows += [{"sample_id": "S2", "gnomad_af": 0.012, "mutation_status": pd.NA}]
    result = run(table(*rows), matched_normal={"S1": True, "S2": False})
    assert result.somatic.groupby("variant_class").size().to_dict() == {
        "Intron": 1,
        "Missense_Mutation": 8,
        "Silent": 2,
    }
    assert result.germline["gene"].tolist() == ["BRCA2"]
    assert counts(result) == {("S2", "population"): 1}


ROWS = st.fixed_dictionaries(
    {
        "sample_id": st.sampled_from(["S1", "S2"]),
        "pos": st.integers(1, 3),
        "gene": st.sampled_from(["A", "B"]),
        "variant_class": st.sampled_from(["Silent", "Missense_Mutation"]),
        "mutation_status": st.sampled_from(["Somatic", "Germline", "LOH", pd.NA]),
        "filter": st.sampled_from(["PASS", "oxog", pd.NA]),
        "gnomad_af": st.sampled_from([0.5, float("nan")]),
    }
)


@given(st.lists(ROWS, max_size=10), st.randoms(use_true_random=False))
def test_apply_variant_policy__every_row_is_kept_or_counted_whatever_the_order(rows, random):
    normal = {"S1": False, "S2": True}
    first = run(table(*rows), matched_normal=normal) if rows else run(conform(pd.DataFrame(), VARIANTS))
    assert len(first.somatic) + len(first.germline) + first.qc["n"].sum() == len(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    second = run(table(*shuffled), matched_normal=normal) if rows else first
    pd.testing.assert_frame_equal(first.qc, second.qc)
    key = ["sample_id", "pos", "gene", "variant_class"]
    pd.testing.assert_frame_equal(
        first.somatic[key].sort_values(key, ignore_index=True), second.somatic[key].sort_values(key, ignore_index=True)
    )
