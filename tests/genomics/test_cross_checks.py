"""Checks that need variants and patients together, one literal case per rule (DOMAIN 1.16: V20, V22, V27, V30)."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen import schema
from netgen.errors import Findings
from netgen.genomics.cross_checks import check_genomic


def variant(sample, gene="TP53", pos=100, *, build="GRCh37", kind="Missense_Mutation", alt="T"):
    return {
        "sample_id": sample, "gene": gene, "build": build, "chrom": "1", "pos": pos, "ref": "C", "alt": alt,
        "variant_class": kind,
    }  # fmt: skip


def check(*variants, samples=("S1", "S2", "S3", "S4", "S5"), classes=None, differentiation="well", owners=None):
    """Return the findings; sample S1 belongs to P1 and so on unless ``owners`` says otherwise."""
    owners = owners or {}
    specimens = pd.DataFrame(
        {
            "sample_id": list(samples),
            "patient_id": [owners.get(one, one.replace("S", "P")) for one in samples],
            "sample_class": [(classes or {}).get(one, "tumour") for one in samples],
        }
    )
    people = pd.DataFrame({"patient_id": sorted(set(specimens["patient_id"])), "differentiation": differentiation})
    findings = Findings()
    check_genomic(
        schema.conform(pd.DataFrame(list(variants)), schema.VARIANTS),
        schema.conform(specimens, schema.SAMPLES),
        schema.conform(people, schema.PATIENTS),
        findings=findings,
    )
    return list(findings)


def test_check_genomic__plain_data_contradict_nothing():
    assert check(variant("S1"), variant("S2", "MEN1", 200), variant("S3", "RB1", 300)) == []
    assert check() == []


def test_v22__builds_may_differ_between_samples_with_a_warning():
    (found,) = check(variant("S1"), variant("S2", build="GRCh38"))
    assert (found.code, found.rule) == ("W_BUILD_MIXED", "V22")
    assert found.message == "the study has variants on GRCh37 and GRCh38: genes are compared, positions are not."


def test_v22__builds_may_not_differ_within_a_sample():
    error, warning = check(variant("S1"), variant("S1", "MEN1", build="GRCh38"), variant("S2"))
    assert (error.code, error.value, error.rule) == ("E_BUILD_MIXED", "S1", "V22")
    assert warning.code == "W_BUILD_MIXED"


def test_v22__an_unknown_build_is_no_second_build():
    assert check(variant("S1"), variant("S1", "MEN1", 7, build=None)) == []


def test_v27__a_normal_sample_carries_no_somatic_rows():
    (found,) = check(variant("S1"), variant("S2"), variant("S2", "MEN1", 7), classes={"S2": "normal"})
    assert (found.code, found.value, found.rule) == ("E_FOREIGN_KEY", "S2", "V27")
    assert found.message == "2 somatic variants belong to S2, which is a normal sample."


@pytest.mark.parametrize(
    ("kinds", "differentiation", "reviewed"),
    [
        (("Missense_Mutation", "Nonsense_Mutation"), "well", True),
        (("Missense_Mutation", "Nonsense_Mutation"), "poor", False),
        (("Missense_Mutation", "Nonsense_Mutation"), None, False),
        (("Silent", "Nonsense_Mutation"), "well", False),
        (("Missense_Mutation", "Intron"), "well", False),
    ],
)
def test_v20__tp53_with_rb1_asks_for_a_review(kinds, differentiation, reviewed):
    found = check(
        variant("S1", "TP53", 1, kind=kinds[0]), variant("S1", "RB1", 2, kind=kinds[1]), differentiation=differentiation
    )
    assert [(item.code, item.patient_id) for item in found] == ([("W_REVIEW_NEC", "P1")] if reviewed else [])


def test_v20__looks_at_the_patient_not_at_the_sample():
    found = check(variant("S1", "TP53", 1), variant("S2", "RB1", 2), owners={"S2": "P1"})
    assert [(item.code, item.patient_id, item.rule) for item in found] == [("W_REVIEW_NEC", "P1", "V20")]


def shared(n, *samples):
    """Return the same n variants in each sample."""
    return [variant(sample, f"G{i}", 1000 + i) for sample in samples for i in range(n)]


@pytest.mark.parametrize(("n", "swapped"), [(4, False), (5, True)])
def test_v30__five_variants_in_common_are_one_tumour_twice(n, swapped):
    found = check(*shared(n, "S1", "S3"))
    assert [(item.code, item.patient_id, item.value) for item in found] == (
        [("W_SAMPLE_SWAP", "P1", "P3")] if swapped else []
    )


def test_v30__samples_of_one_patient_share_their_variants():
    assert check(*shared(9, "S1", "S2"), owners={"S2": "P1"}) == []


def test_v30__another_allele_or_build_is_another_variant():
    assert check(*shared(5, "S1"), *[variant("S2", f"G{i}", 1000 + i, alt="G") for i in range(5)]) == []
    found = check(*shared(5, "S1"), *[variant("S2", f"G{i}", 1000 + i, build="GRCh38") for i in range(5)])
    assert [item.code for item in found] == ["W_BUILD_MIXED"]


def own(n, *samples):
    """Return n further variants of each sample that no other has."""
    return [variant(sample, f"H{i}", 10_000 * int(sample[1:]) + i) for sample in samples for i in range(n)]


def test_v30__what_many_patients_have_is_no_fingerprint():
    four = ("S1", "S2", "S3", "S4")
    assert check(*shared(9, *four), *own(1, *four)) == []  # recurrent artefacts
    assert len(check(*shared(9, *four[:3]), *own(1, *four[:3]))) == 3  # each pair of three


def test_v30__the_same_variants_and_no_others_are_one_tumour_however_many_have_them():
    """One file given four times under four names: each is told with the first."""
    found = check(*shared(5, "S1", "S2", "S3", "S4"), variant("S5"))
    assert [(item.patient_id, item.value) for item in found] == [("P1", "P2"), ("P1", "P3"), ("P1", "P4")]
    assert found[0].message.startswith("P1 and P2 share 5 variants, of 5 and 5:")
    assert check(*shared(4, "S1", "S2", "S3", "S4")) == []


@pytest.mark.parametrize(("n_own", "swapped"), [(45, True), (46, False)])
def test_v30__a_few_of_very_many_are_chance(n_own, swapped):
    """5 of 50 are a tenth; two hypermutated tumours may share five of thousands."""
    found = check(*shared(5, "S1", "S2"), *own(n_own, "S1", "S2"))
    assert [item.code for item in found] == (["W_SAMPLE_SWAP"] if swapped else [])
    assert len(check(*shared(5, "S1", "S2"), *own(60, "S1"))) == 1  # all of the smaller one


def test_v30__finds_one_swap_among_a_thousand():
    """Recurrent hot spots in everybody, private variants in each, and one tumour under two names."""
    names = [f"S{n}" for n in range(1, 1001)]
    hot = [variant(name, f"HOT{i}", 5 + i) for i in range(6) for name in names[i::2]]
    found = check(*hot, *own(12, *names), *shared(7, "S17", "S901"), samples=names)
    assert [(item.patient_id, item.value) for item in found] == [("P17", "P901")]


def test_v30__a_repeated_row_counts_once():
    assert check(*shared(3, "S1", "S2"), *shared(3, "S1", "S2")) == []
    assert check(*shared(4, "S1", "S2", "S3"), *shared(4, "S1", "S3"), owners={"S3": "P2"}) == []


def test_check_genomic__samples_that_no_patient_has_are_left_to_others():
    assert check(*shared(9, "S1", "X9"), variant("X9", build="GRCh38")) == []


def test_check_genomic__the_order_of_rows_does_not_matter():
    rows = [*shared(5, "S1", "S3"), variant("S2", "TP53", 1), variant("S2", "RB1", 2), variant("S4", build="GRCh38")]
    assert check(*rows) == check(*reversed(rows))
