"""SnpEff's ANN: entries picked by the allele as the record writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netgen.genomics.ann import choose_annotation, parse_ann_format

if TYPE_CHECKING:
    from netgen.genomics.transcripts import Consequence

DESCRIPTION = (
    "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type |"
    " Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p | cDNA.pos / cDNA.length | CDS.pos / CDS.length |"
    " AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO' "
)


def entry(allele: str, terms: str, gene: str = "BRAF", feature: str = "NM_004333.4", **more: str) -> str:
    coding = more.get("coding", "c.1799T>A")
    protein = more.get("protein", "p.Val600Glu")
    biotype = more.get("biotype", "protein_coding")
    return (
        f"{allele}|{terms}|MODERATE|{gene}|{gene}|transcript|{feature}|{biotype}|15/18|{coding}|{protein}|1/2|3/4|5/6||"
    )


def chosen(*entries: str, ref: str = "A", alts: tuple[str, ...] = ("T",), number: int = 1) -> Consequence | None:
    layout = parse_ann_format(DESCRIPTION)
    assert layout is not None
    return choose_annotation(
        ",".join(entries), layout, ref=ref, alts=alts, number=number, transcripts=frozenset({"NM_LISTED"})
    )


def test_choose_annotation__reads_an_entry() -> None:
    found = chosen(entry("T", "missense_variant&splice_region_variant"))
    assert found is not None
    assert (found.terms, found.symbol, found.transcript_id) == (
        "missense_variant&splice_region_variant",
        "BRAF",
        "NM_004333.4",
    )
    assert (found.hgvsc, found.hgvsp, found.exon, found.population_af) == ("c.1799T>A", "p.V600E", "15/18", None)


@pytest.mark.parametrize(("number", "gene"), [(1, "ONE"), (2, "TWO")])
def test_choose_annotation__takes_alleles_as_written(number: int, gene: str) -> None:
    # VEP would spell these alleles T and CT; SnpEff writes them out, so CT is the first here
    entries = (entry("CT", "stop_gained", gene="ONE"), entry("CCT", "missense_variant", gene="TWO"))
    found = chosen(*entries, ref="C", alts=("CT", "CCT"), number=number)
    assert found is not None
    assert found.symbol == gene


def test_choose_annotation__passes_over_alleles_of_the_cancer_mode() -> None:
    found = chosen(entry("T-C", "stop_gained", gene="GERMLINE"), entry("T", "missense_variant"))
    assert found is not None
    assert found.symbol == "BRAF"
    assert chosen(entry("G", "stop_gained"), entry("C", "stop_gained")) is None


def test_choose_annotation__prefers() -> None:
    silent = entry("T", "synonymous_variant", feature="NM_1.1")
    noncoding = entry("T", "stop_gained", feature="NR_1.1", biotype="pseudogene")
    beside = entry("T", "upstream_gene_variant", gene="NEXT", feature="NM_0.1")
    found = chosen(noncoding, beside, silent, entry("T", "missense_variant"))
    assert found is not None
    assert found.transcript_id == "NM_004333.4"
    first = chosen(entry("T", "missense_variant", feature="NM_9.1"), entry("T", "missense_variant", feature="NM_1.1"))
    assert first is not None
    assert first.transcript_id == "NM_9.1"  # the canonical one is written first
    listed = chosen(entry("T", "missense_variant"), entry("T", "synonymous_variant", feature="NM_LISTED.7"))
    assert listed is not None
    assert listed.transcript_id == "NM_LISTED.7"


def test_choose_annotation__a_region_between_genes_is_no_gene() -> None:
    found = chosen("T|intergenic_region|MODIFIER|KRAS-LYRM5|KRAS-LYRM5|intergenic_region|KRAS-LYRM5|||n.25T>C||||||")
    assert found is not None
    assert (found.symbol, found.transcript_id, found.hgvsc) == ("", None, None)


def test_choose_annotation__the_rank_of_an_intron_is_no_exon() -> None:
    found = chosen(entry("T", "intron_variant", coding="c.10-20A>T", protein=""))
    assert found is not None
    assert (found.exon, found.hgvsp) == (None, None)


def test_parse_ann_format__needs_allele_annotation_and_gene() -> None:
    layout = parse_ann_format("Functional annotations: 'Allele | Gene_Name | Annotation'")
    assert layout is not None
    assert (layout.allele, layout.symbol, layout.terms, layout.snpeff) == (0, 1, 2, True)
    assert parse_ann_format("Functional annotations: 'Allele | Annotation'") is None
    assert parse_ann_format("Format: Allele|Consequence|SYMBOL") is None
