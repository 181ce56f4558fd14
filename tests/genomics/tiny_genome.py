"""A genome with one gene, made up here and read by eye, and its models as GFF3.

The gene lies on chromosome 7, bases 11 to 90, and once more, reversed, on chromosome 8. Two transcripts:

    base      11                                40 41       60 61                                90
    T1 (MANE) ATGGCTAAAGAACTGCGTTGCGATCCAGTT        intron        GATGATGATGAATTCAACCAGTGGTACTAA
              M  A  K  E  L  R  C  D  P  V                       D  D  D  E  F  N  Q  W  Y  *
    T2        ATGGCTAAAGAACTGCGTTGCGATCCAGTTGTAAGTCCTGTCTTTTCCAGGATGATGATGAATTCAACCAGTGGTACT
              M  A  K  E  L  R  C  D  P  V  V  S  P  V  F  S  R  M  M  M  N  S  T  S  G  T
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.genomics.consequences import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GENE = "ATGGCTAAAGAACTGCGTTGCGATCCAGTT" + "GTAAGTCCTGTCTTTTCCAG" + "GATGATGATGAATTCAACCAGTGGTACTAA"
SEQUENCE = "TTGACCTTGA" + GENE + "GCGCGCATATCCGGAACCTT"
FLIP = str.maketrans("ACGT", "TGCA")
REVERSED = SEQUENCE.translate(FLIP)[::-1]
PARTS = [  # transcript, type, first and last base
    ("T1", "exon", 11, 40), ("T1", "CDS", 11, 40), ("T1", "exon", 61, 90), ("T1", "CDS", 61, 90),
    ("T2", "exon", 11, 88), ("T2", "CDS", 11, 88),
]  # fmt: skip
TAGS = {"T1": "basic,MANE_Select,Ensembl_canonical", "T2": "basic"}


def flip(first: int, last: int, chrom: str) -> tuple[int, int]:
    return (first, last) if chrom.endswith("7") else (len(SEQUENCE) + 1 - last, len(SEQUENCE) + 1 - first)


def gff_lines(chrom: str, *, gencode: bool, tags: dict[str, str], symbol: str) -> list[str]:
    """Return the gene in the style of Ensembl or of GENCODE."""

    def line(kind: str, first: int, last: int, phase: str, attributes: str) -> str:
        strand = "+" if chrom.endswith("7") else "-"
        return "\t".join([chrom, "x", kind, *map(str, flip(first, last, chrom)), ".", strand, phase, attributes])

    gene, biotype = f"G{chrom[-1]}", "protein_coding"
    if gencode:
        ids = f"ID={gene};gene_id={gene};gene_type={biotype};gene_name={symbol}"
        lines = ["##gff-version 3", line("gene", 11, 90, ".", ids)]
    else:
        ids = f"ID=gene:{gene};Name={symbol};biotype={biotype};gene_id={gene}"
        lines = ["##gff-version 3", "###", line("gene", 11, 90, ".", ids)]
    for name, last in (("T1", 90), ("T2", 88)):
        own = f"{name}{chrom[-1]}"
        ids = (
            f"ID={own};Parent={gene};gene_id={gene};gene_type={biotype};gene_name={symbol};"
            f"transcript_id={own};transcript_type={biotype};tag={tags[name]}"
            if gencode
            else f"ID=transcript:{own};Parent=gene:{gene};Name=x-1;biotype={biotype};tag={tags[name]};version=2"
        )
        lines.append(line("transcript" if gencode else "mRNA", 11, last, ".", ids))
        for owner, kind, first, end in PARTS:
            if owner == name:
                parent = own if gencode else f"transcript:{own}"
                lines.append(line(kind, first, end, "0" if kind == "CDS" else ".", f"Parent={parent}"))
    return lines


def write(
    folder: Path, *, prefix: str = "", gencode: bool = False, tags: dict[str, str] = TAGS,
    symbols: Sequence[str] = ("NAME7", "NAME8"),
) -> Reference:  # fmt: skip
    """Write sequence and models; ``symbols`` are what the gene is called on chromosomes 7 and 8."""
    (folder / "genome.fa").write_text(f">7\n{SEQUENCE}\n>8 reversed\n{REVERSED}\n>MT\nACGTACGT\n")
    lines: list[str] = []
    for chrom, symbol in zip("78", symbols, strict=True):
        lines += gff_lines(f"{prefix}{chrom}", gencode=gencode, tags=tags, symbol=symbol)
    (folder / "models.gff3").write_text("\n".join(lines) + "\n")
    return Reference(fasta=folder / "genome.fa", gff=folder / "models.gff3")
