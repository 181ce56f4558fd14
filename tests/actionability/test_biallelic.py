from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.actionability.biallelic import call_biallelic, list_loh

COLUMNS = {
    "patient_id": "P1", "sample_id": "S1", "gene": "MEN1", "kind": "mutation", "alteration": "", "change": "",
    "genomic": "", "lof": True, "function": "", "origin": "somatic", "vaf": float("nan"), "flags": "",
}  # fmt: skip
NO_LOH = pd.DataFrame({"sample_id": pd.Series(dtype="string"), "gene": pd.Series(dtype="string")})


def table(*rows):
    frame = pd.DataFrame([{**COLUMNS, **row} for row in rows])
    return frame.astype({name: "string" for name, value in COLUMNS.items() if isinstance(value, str)})


def call(*rows, purity=None, loh=NO_LOH):
    return call_biallelic(table(*rows), purity=pd.Series(purity or {}, dtype="float64"), loh=loh).tolist()


def test_call_biallelic__two_hits_of_one_sample():
    assert call({"change": "R460*"}, {"change": "K100fs"}) == ["yes", "yes"]


def test_call_biallelic__one_hit_is_one():
    assert call({"change": "R460*"}) == [""]


def test_call_biallelic__the_same_variant_twice_is_one_hit():
    assert call({"change": "R460*", "origin": "germline"}, {"change": "R460*"}) == ["", ""]


def test_call_biallelic__hits_of_two_genes_or_two_lesions_are_not_put_together():
    assert call({"change": "R460*"}, {"change": "K100fs", "gene": "DAXX"}) == ["", ""]
    assert call({"change": "R460*"}, {"change": "K100fs", "sample_id": "S2"}) == ["", ""]


def test_call_biallelic__a_germline_hit_counts_in_every_sample_of_the_patient():
    rows = (
        {"change": "R460*", "origin": "germline", "sample_id": "BLOOD"},
        {"change": "K100fs", "sample_id": "S2"},
        {"change": "K100fs", "sample_id": "S3", "patient_id": "P2"},
    )
    assert call(*rows) == ["yes", "yes", ""]


def test_call_biallelic__a_missense_is_a_hit_only_if_curated_as_inactivating():
    missense = {"change": "R167Q", "lof": False}
    assert call({"change": "R460*"}, missense) == ["", ""]
    assert call({"change": "R460*"}, {**missense, "function": "inactivating"}) == ["yes", "yes"]


def test_call_biallelic__a_change_that_was_not_stated_may_be_the_other_one():
    assert call({"change": "R460*"}, {"alteration": "trunc", "flags": "vus;effect_unspecified"}) == ["", ""]


def test_call_biallelic__a_homozygous_deletion_is_both_copies():
    rows = ({"kind": "homdel"}, {"change": "R460*"}, {"change": "R460*", "sample_id": "S2"})
    assert call(*rows) == ["yes", "yes", ""]


def test_call_biallelic__structural_variants_of_a_gene_count_once():
    assert call({"kind": "fusion", "alteration": "A"}, {"kind": "fusion", "alteration": "B"}) == ["", ""]
    assert call({"kind": "fusion", "alteration": "A"}, {"change": "R460*"}) == ["yes", "yes"]


def test_call_biallelic__loss_of_heterozygosity_where_a_table_says_it():
    loh = pd.DataFrame({"sample_id": ["S1"], "gene": ["MEN1"]}, dtype="string")
    rows = ({"change": "R460*"}, {"change": "R460*", "sample_id": "S2"}, {"change": "K100fs", "gene": "DAXX"})
    assert call(*rows, loh=loh) == ["yes", "", ""]


def test_call_biallelic__loss_of_heterozygosity_completes_a_germline_hit_of_another_sample():
    loh = pd.DataFrame({"sample_id": ["S2"], "gene": ["MEN1"]}, dtype="string")
    rows = ({"change": "R460*", "origin": "germline", "sample_id": "BLOOD"}, {"change": "X", "gene": "TP53"})
    assert call(rows[0], {**rows[1], "sample_id": "S2"}, loh=loh) == ["yes", ""]


@pytest.mark.parametrize(
    ("vaf", "purity", "expected"),
    [(0.46, 0.6, "probable"), (0.45, 0.6, ""), (0.451, 0.6, "probable"), (0.9, None, ""), (0.66, 1.0, "probable"),
     (0.65, 1.0, "")],
)  # fmt: skip
def test_call_biallelic__probable_above_half_the_purity_and_a_margin(vaf, purity, expected):
    """0.6/2 + 0.15 = 0.45, and 0.45 does not exceed it."""
    assert call({"change": "R460*", "vaf": vaf}, purity={} if purity is None else {"S1": purity}) == [expected]


@pytest.mark.parametrize("origin", ["germline", "unknown"])
def test_call_biallelic__fractions_of_germline_variants_tell_nothing(origin):
    assert call({"change": "R460*", "vaf": 0.6, "origin": origin}, purity={"S1": 0.4}) == [""]


def test_call_biallelic__yes_goes_before_probable():
    assert call({"change": "R460*", "vaf": 0.9}, {"change": "K100fs"}, purity={"S1": 0.5}) == ["yes", "yes"]


def test_list_loh__flags_columns_and_a_minor_copy_number_of_zero():
    variants = pd.DataFrame(
        {
            "sample_id": ["S1", "S2", "S3"],
            "gene": "VHL",
            "flags": ["vus;LOH", None, "lohnot"],
            "loh": [None, "Yes", "no"],
        }
    ).astype("string")
    copy_number = pd.DataFrame(
        {"sample_id": ["S4", "S5", "S6"], "gene": "MEN1", "value": [-1.0, 0.0, -1.0], "minor_copy_number": [0, 1, None]}
    )
    found = list_loh(variants, copy_number)
    assert found.values.tolist() == [["S1", "VHL"], ["S2", "VHL"], ["S4", "MEN1"]]


def test_list_loh__a_shallow_loss_is_no_call():
    copy_number = pd.DataFrame({"sample_id": ["S1"], "gene": ["MEN1"], "value": [-1.0]})
    assert len(list_loh(None, copy_number)) == 0


def naive(rows):
    """Loop over hits: look in every sample of the patient for another one of the gene."""
    out = []
    for one in rows:
        samples = {row["sample_id"] for row in rows if row["patient_id"] == one["patient_id"]}
        if one["origin"] != "germline":
            samples = {one["sample_id"]}
        lost = False
        for sample in samples:
            own = [row for row in rows if row["patient_id"] == one["patient_id"] and row["gene"] == one["gene"]]
            seen = [row for row in own if row["sample_id"] == sample or row["origin"] == "germline"]
            names = {row["change"] if row["kind"] == "mutation" else row["kind"] for row in seen}
            lost |= len(names) >= 2 or "homdel" in names
        out.append("yes" if lost else "")
    return out


HITS = st.fixed_dictionaries(
    {
        "sample_id": st.sampled_from(["P1-A", "P1-B", "P2-A"]),
        "gene": st.sampled_from(["MEN1", "VHL"]),
        "kind": st.sampled_from(["mutation", "mutation", "homdel", "fusion"]),
        "change": st.sampled_from(["R460*", "K100fs"]),
        "germline": st.booleans(),
    }
)


@given(st.lists(HITS, max_size=7))
def test_call_biallelic__is_the_loop_over_patients(hits):
    rows = []
    for hit in hits:
        germline = hit["germline"] and hit["kind"] == "mutation"
        row = {name: hit[name] for name in ("sample_id", "gene", "kind", "change")}
        rows.append({**row, "patient_id": hit["sample_id"][:2], "origin": "germline" if germline else "somatic"})
    if rows:
        assert call(*rows) == naive(rows)
