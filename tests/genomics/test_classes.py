from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.data import load_table
from netgen.genomics.classes import (
    CLASSES,
    NONSYN,
    TRUNC,
    class_from_protein_change,
    classify_consequence,
    consequence_rank,
    is_altering,
    is_truncating,
    most_severe,
    normalize_class,
    normalize_protein_change,
    settle_class,
)
from netgen.genomics.protein import changed_protein_changes


def test_nonsyn__is_the_list_of_the_specification():
    assert sorted(NONSYN) == [
        "Frame_Shift_Del", "Frame_Shift_Ins", "In_Frame_Del", "In_Frame_Ins", "Missense_Mutation", "Nonsense_Mutation",
        "Nonstop_Mutation", "Splice_Site", "Translation_Start_Site",
    ]  # fmt: skip
    assert sorted(NONSYN - TRUNC) == ["In_Frame_Del", "In_Frame_Ins", "Missense_Mutation", "Nonstop_Mutation"]


def test_is_altering__takes_the_tert_promoter_and_no_other():
    names = ["5'Flank", "5'Flank", "Missense_Mutation", "Silent", "Splice_Region", pd.NA]
    variant_class = pd.Series(names, dtype="string")
    gene = pd.Series(["TERT", "MEN1", "MEN1", "TERT", "MEN1", "TERT"], dtype="string")
    assert is_altering(variant_class, gene).tolist() == [True, False, True, False, False, False]


def test_is_truncating__leaves_nonstop_out():
    column = pd.Series(["Nonsense_Mutation", "Nonstop_Mutation", "Splice_Site", "In_Frame_Del", pd.NA], dtype="string")
    assert is_truncating(column).tolist() == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Missense_Mutation", "Missense_Mutation"),
        ("Missense_mUtAtioN", "Missense_Mutation"),
        ("Missense", "Missense_Mutation"),
        ("nonsynonymous SNV", "Missense_Mutation"),
        ("nonsynonymous SNV;nonsynonymous SNV", "Missense_Mutation"),
        ("stopgain", "Nonsense_Mutation"),
        ("Synonymous", "Silent"),
        ("Splice", "Splice_Site"),
        ("nonframeshift.deletion", "In_Frame_Del"),
        ("nonframeshift-deletion", "In_Frame_Del"),
        ("frameshift", "Frame_Shift_*"),
        ("Insersion", "Indel_*"),
        ("Start_Codon_SNP", "Translation_Start_Site"),
        ("De_novo_Start_OutOfFrame", "5'UTR"),
        ("3'UTR", "3'UTR"),
        ("missense_variant&splice_region_variant", "Missense_Mutation"),
        ("RNA", "RNA"),
        ("NA", ""),
        (" ", ""),
        ("exotic", None),
    ],
)
def test_normalize_class__reads_other_spellings(text, expected):
    assert normalize_class(text) == expected


def test_normalize_class__every_spelling_of_the_table_leads_to_a_class():
    for spelling, name in load_table("variant_classes.tsv")[["spelling", "maf_class"]].itertuples(index=False):
        assert normalize_class(spelling) == name
        assert settle_class(name) in CLASSES


@pytest.mark.parametrize(
    ("name", "ref", "alt", "expected"),
    [
        ("Frame_Shift_*", "A", "-", "Frame_Shift_Del"),
        ("Frame_Shift_*", "-", "A", "Frame_Shift_Ins"),
        ("In_Frame_*", "CAT", "-", "In_Frame_Del"),
        ("Indel_*", "CAT", "-", "In_Frame_Del"),
        ("Indel_*", "-", "G", "Frame_Shift_Ins"),
        ("Indel_*", "TT", "-", "Frame_Shift_Del"),
        ("Frame_Shift_*", None, None, "Frame_Shift_Del"),
        ("Silent", "A", "-", "Silent"),
    ],
)
def test_settle_class__by_the_lengths_of_the_alleles(name, ref, alt, expected):
    assert settle_class(name, ref, alt) == expected


@pytest.mark.parametrize(
    ("terms", "ref", "alt", "expected"),
    [
        # vcf2maf's GetVariantClassification, read off its source
        ("splice_acceptor_variant", "A", "T", "Splice_Site"),
        ("transcript_ablation", "A", "T", "Splice_Site"),
        ("stop_gained", "A", "T", "Nonsense_Mutation"),
        ("frameshift_variant", "CA", "C", "Frame_Shift_Del"),
        ("frameshift_variant", "-", "A", "Frame_Shift_Ins"),
        ("protein_altering_variant", "CA", "C", "Frame_Shift_Del"),
        ("protein_altering_variant", "CAAA", "C", "In_Frame_Del"),
        ("protein_altering_variant", "C", "CAAA", "In_Frame_Ins"),
        ("stop_lost", "A", "T", "Nonstop_Mutation"),
        ("start_lost", "A", "T", "Translation_Start_Site"),
        ("disruptive_inframe_insertion", "C", "CAAA", "In_Frame_Ins"),
        ("inframe_deletion", "CAAA", "C", "In_Frame_Del"),
        ("coding_sequence_variant", "A", "T", "Missense_Mutation"),
        ("transcript_amplification", "A", "T", "Intron"),
        ("splice_region_variant", "A", "T", "Splice_Region"),
        ("stop_retained_variant", "A", "T", "Silent"),
        ("NMD_transcript_variant", "A", "T", "Silent"),
        ("mature_miRNA_variant", "A", "T", "RNA"),
        ("5_prime_UTR_variant", "A", "T", "5'UTR"),
        ("regulatory_region_variant", "A", "T", "IGR"),
        ("upstream_gene_variant", "A", "T", "5'Flank"),
        ("downstream_gene_variant", "A", "T", "3'Flank"),
        # DOMAIN 1.4.5: only the canonical two bases are a splice site
        ("splice_donor_5th_base_variant", "A", "T", "Targeted_Region"),
        ("splice_donor_region_variant", "A", "T", "Targeted_Region"),
        ("feature_truncation", "A", "T", "Targeted_Region"),
        ("never_heard_of", "A", "T", "Targeted_Region"),
        # joined consequences: the most severe
        ("splice_region_variant&intron_variant", "A", "T", "Splice_Region"),
        ("missense_variant&splice_donor_variant", "A", "T", "Splice_Site"),
        ("frameshift_variant&stop_gained", "CA", "C", "Nonsense_Mutation"),
        # bcftools csq
        ("*missense", "A", "T", "Missense_Mutation"),
        ("splice_acceptor", "A", "T", "Splice_Site"),
    ],
)
def test_classify_consequence__as_vcf2maf(terms, ref, alt, expected):
    assert classify_consequence(terms, ref, alt) == expected


def test_consequence_rank__follows_ensembl():
    order = [
        "transcript_ablation", "splice_acceptor_variant", "splice_donor_variant", "stop_gained", "frameshift_variant",
        "stop_lost", "start_lost", "inframe_insertion", "inframe_deletion", "missense_variant",
        "protein_altering_variant", "splice_donor_5th_base_variant", "splice_region_variant", "synonymous_variant",
        "5_prime_UTR_variant", "3_prime_UTR_variant", "intron_variant", "upstream_gene_variant", "intergenic_variant",
        "unheard_of",
    ]  # fmt: skip
    ranks = [consequence_rank(term) for term in order]
    assert ranks == sorted(set(ranks))
    assert most_severe("intron_variant&stop_gained&missense_variant") == "stop_gained"


PROTEIN_CHANGES = [
    ("p.R175H", "p.R175H"),
    ("R175H", "p.R175H"),
    ("p.Arg175His", "p.R175H"),
    ("NP_000537.3:p.(Arg175His)", "p.R175H"),
    ("NM_015338.5:c.2997C>T(p.(Asn999=))", "p.N999="),
    ("p.X2151_splice", "p.X2151_splice"),
    ("X206_splice", "p.X206_splice"),
    ("F359S", "p.F359S"),
    ("p.W424X", "p.W424*"),
    ("Glu182*", "p.E182*"),
    ("p.Phe2344SerfsTer10", "p.F2344Sfs*10"),
    ("K664Sfs*12", "p.K664Sfs*12"),
    ("L112fs", "p.L112fs"),
    ("p.Ala380%3D", "p.A380="),
    ("L140L", "p.L140="),
    ("QH40QH", "p.QH40="),
    ("p.E746_A750delELREA", "p.E746_A750del"),
    ("DVIWN123-", "p.D123_N127del"),
    ("p.AspVal123-", "p.D123_V124del"),
    ("K601-", "p.K601del"),
    ("E746_A750-", "p.E746_A750del"),
    ("p.V600_K601delinsE", "p.V600_K601delinsE"),
    ("627_628insMISENMK", "p.627_628insMISENMK"),
    ("p.Met1?", "p.M1?"),
    ("p.(=)", "p.="),
    ("v600e", "p.V600E"),
    ("splice site 672+1G>A", None),
    ("promoter -124C>T", None),
    ("c.524G>A", None),
    ("-888", None),
    ("p.?", None),
    ("NA", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), PROTEIN_CHANGES)
def test_normalize_protein_change__one_letter_with_prefix(text, expected):
    assert normalize_protein_change(text) == expected


def test_changed_protein_changes__names_what_is_not_yet_in_form():
    texts = [text for text, _ in PROTEIN_CHANGES]
    changes = changed_protein_changes(texts)
    assert [changes.get(place, text) for place, text in enumerate(texts)] == [out for _, out in PROTEIN_CHANGES]
    assert 0 not in changes  # p.R175H


@given(
    st.one_of(
        st.sampled_from([text for text, _ in PROTEIN_CHANGES]),
        st.from_regex(r"(p\.)?[A-Z][0-9]{1,4}([A-Z*=]|fs|del|dup|[A-Z]fs\*[0-9]{1,2})", fullmatch=True),
        st.text("pcAZrg*=fsdel._()123 ", max_size=12),
    )
)
def test_normalize_protein_change__is_idempotent(text):
    once = normalize_protein_change(text)
    assert once is None or normalize_protein_change(once) == once


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("p.R175H", "Missense_Mutation"),
        ("p.R460*", "Nonsense_Mutation"),
        ("p.S1982Rfs*22", "Frame_Shift_*"),
        ("p.X206_splice", "Splice_Site"),
        ("p.L140=", "Silent"),
        ("p.E746_A750del", "In_Frame_Del"),
        ("p.A767_V769dup", "In_Frame_Ins"),
        ("p.627_628insMIS", "In_Frame_Ins"),
        ("p.V600_K601delinsE", "In_Frame_*"),
        ("p.M1?", "Translation_Start_Site"),
        ("p.M134T", "Missense_Mutation"),
        ("p.*393Qext*9", "Nonstop_Mutation"),
        ("p.A380", None),
    ],
)
def test_class_from_protein_change__what_the_change_implies(change, expected):
    assert class_from_protein_change(change) == expected
