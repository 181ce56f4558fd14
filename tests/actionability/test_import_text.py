"""Molecular profiles in curators' words; conventions of civic-docs, docs/model/variants/name.rst."""

from __future__ import annotations

from typing import Any

import pytest

from netgen.actionability.import_specs import merge
from netgen.actionability.import_text import read_profile
from netgen.actionability.imported import REASONS, UnrepresentableError
from netgen.actionability.kinds import match_alterations
from tests.actionability.naive_matching import fusion, mutation, rule, table


def told(text: str) -> list[list[tuple[Any, ...]]]:
    """Return what is set in each alternative of each part: kind, genes, fields."""
    out = []
    for part in read_profile(text):
        out.append([])
        for one in part:
            spec = {
                key: value
                for key, value in vars(one.alteration).items()
                if value and key not in ("kind", "place", "frame")
            }
            out[-1].append((one.alteration.kind, *one.genes, spec))
    return out


def _deletion(first: int, last: int, exon: int) -> dict[str, Any]:
    return {"exon": exon, "first": first, "last": last, "change_types": ("inframe_del", "delins")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BRAF V600E", [[("exact_hgvsp", "BRAF", {"changes": ("V600E",)})]]),
        ("VHL S65W (c.194C>G)", [[("exact_hgvsp", "VHL", {"changes": ("S65W",)})]]),
        ("VHL P59fs (c.173_174insT)", [[("exact_hgvsp", "VHL", {"changes": ("P59fs",)})]]),
        ("EGFR D770_N771insNPG", [[("exact_hgvsp", "EGFR", {"changes": ("D770_N771insNPG",)})]]),
        ("KIT V560del", [[("exact_hgvsp", "KIT", {"changes": ("V560del",)})]]),
        ("EGFR E746_T751delinsVA", [[("exact_hgvsp", "EGFR", {"changes": ("E746_T751delinsVA",)})]]),
        ("BRAF V600", [[("codon", "BRAF", {"codons": ("V600",)})]]),
        ("KRAS G12 or G13", [[("codon", "KRAS", {"codons": ("G12",)}), ("codon", "KRAS", {"codons": ("G13",)})]]),
        ("KRAS G12/G13", [[("codon", "KRAS", {"codons": ("G12",)}), ("codon", "KRAS", {"codons": ("G13",)})]]),
        ("BRAF V600E/K", [[("exact_hgvsp", "BRAF", {"changes": (one,)}) for one in ("V600E", "V600K")]]),
        ("BRAF V600E or V600K", [[("exact_hgvsp", "BRAF", {"changes": (one,)}) for one in ("V600E", "V600K")]]),
        ("EGFR E709A and G719C", [[("exact_hgvsp", "EGFR", {"changes": (one,)})] for one in ("E709A", "G719C")]),
        ("EGFR EXON 19 DELETION", [[("exon_class", "EGFR", _deletion(729, 761, 19))]]),
        ("KIT Exon 11 Mutation", [[("exon_class", "KIT", {"exon": 11, "first": 550, "last": 592})]]),
        ("CALR Exon 9 Frameshift", [[("exon_class", "CALR", {"exon": 9, "change_types": ("frameshift",)})]]),
        ("MET Exon 14 Skipping Mutation", [[("splice_event", "MET", {"exon": 14})]]),
        ("PIK3CA Mutation", [[("any_oncogenic", "PIK3CA", {})]]),
        ("PIK3CA AMPLIFICATION", [[("amplification", "PIK3CA", {})]]),
        ("VHL Deletion", [[("homdel", "VHL", {})]]),
        ("TSC1 Loss-of-function", [[("lof", "TSC1", {})]]),
        ("ALK Fusion", [[("fusion", "ALK", {})]]),
        ("v::ALK Fusion", [[("fusion", "ALK", {})]]),
        ("FGFR2::v Fusion", [[("fusion", "FGFR2", {})]]),
        ("EML4::ALK Fusion", [[("fusion", "ALK", {"partners": ("EML4",)})]]),
        ("MLL Rearrangement", [[("fusion", "KMT2A", {})]]),
        ("ERBB2 Overexpression", [[("expression", {"marker": "HER2", "results": ("3+", "positive")})]]),
        ("MSI High", [[("biomarker_status", {"marker": "MSI", "results": ("MSI-H",)})]]),
        (
            "BCR::ABL1 Fusion AND ABL1 T315I",
            [[("fusion", "ABL1", {"partners": ("BCR",)})], [("exact_hgvsp", "ABL1", {"changes": ("T315I",)})]],
        ),
        (
            "(EGFR L858R OR EGFR Exon 19 Deletion) AND EGFR T790M",
            [
                [("exact_hgvsp", "EGFR", {"changes": ("L858R",)}), ("exon_class", "EGFR", _deletion(729, 761, 19))],
                [("exact_hgvsp", "EGFR", {"changes": ("T790M",)})],
            ],
        ),
    ],
)
def test_read_profile__reads_what_is_certain(text: str, expected: list[list[tuple[Any, ...]]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BRAF Non-V600", "absence"),
        ("BRAF Wildtype", "absence"),
        ("EGFR L858R AND NOT EGFR T790M", "absence"),
        ("EGFR L858R OR EGFR T790M AND EGFR C797S", "ambiguous"),
        ("KIT D816V OR (KIT D816H AND KIT N822K)", "ambiguous"),
        ("ARID1A Loss", "expression"),
        ("ATRX Underexpression", "expression"),
        ("CDKN2A Promoter Hypermethylation", "expression"),
        ("KRAS Copy Number Gain", "expression"),
        ("TMB High", "threshold"),
        ("EML4::ALK e13::e20", "unread"),
        ("ALK EML4-ALK E20;A20", "unread"),
        ("FLT3 FLT3-ITD", "unread"),
        ("AR AR-V7", "unread"),
        ("VHL Exon 1-2 Deletion", "unread"),
        ("VHL Splice Site (c.340+1G>A)", "unread"),
        ("TP53 DNA Binding Domain Mutation", "unread"),
        ("(BRAF V600E or V600K) Amplification", "unread"),
        ("CDKN2A rs3814960", "unread"),
        ("TERT C228T", "unread"),
        ("EGFR VIII", "unread"),
        ("KRAS", "unread"),
        ("", "incomplete"),
    ],
)
def test_read_profile__refuses_the_rest_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(UnrepresentableError) as caught:
        read_profile(text)
    assert caught.value.reason == reason
    assert reason in REASONS


@pytest.mark.parametrize(
    ("profile", "alteration", "met"),
    [
        ("EGFR Exon 19 Deletion", mutation("EGFR", "E746_A750del"), True),
        ("EGFR Exon 19 Deletion", mutation("EGFR", "L747_A750delinsP"), True),
        ("EGFR Exon 19 Deletion", mutation("EGFR", "L747P"), False),
        ("EGFR Exon 19 Deletion", mutation("EGFR", "D770_N771insNPG"), False),
        ("MET Exon 14 Skipping Mutation", mutation("MET", "X1010_splice", exon=14, exon_skip=True), True),
        ("KRAS Mutation", mutation("KRAS", "A100V"), False),  # of unknown significance
        ("KRAS Mutation", mutation("KRAS", "G12C", function="activating"), True),
        ("TSC1 Loss-of-function", mutation("TSC1", "R692*"), True),
        ("TSC1 Loss-of-function", mutation("TSC1", "A100V"), False),
        ("EML4::ALK Fusion", fusion("ALK", "EML4"), True),
        ("EML4::ALK Fusion", fusion("ALK", "KIF5B"), False),
        ("ALK Fusion", fusion("ALK", "KIF5B"), True),
    ],
)
def test_read_profile__means_the_alterations_it_names(profile: str, alteration: dict[str, Any], met: bool) -> None:
    ((alternative,),) = read_profile(profile)
    one = rule("r", alternative.genes, alternative.alteration.kind)
    one = type(one)(**{**vars(one), "alteration": alternative.alteration})
    assert (len(match_alterations(table(alteration), [one])) == 1) is met


def test_merge__joins_exact_changes_of_one_gene() -> None:
    (part,) = read_profile("BRAF V600E or V600K")
    (one,) = merge(part)
    assert one.alteration.changes == ("V600E", "V600K")
