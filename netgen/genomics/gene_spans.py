"""Where genes lie: the intervals that segments of copy number are laid over.

From a BED file with gene names (a gene is its targets), or from a GFF3 gene model (a gene is its coding sequence).
Introns do not count: a deletion of most exons is one of the gene. netgen ships no such table: positions belong to a
genome build and to an assay.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError
from netgen.genomics.alleles import normalize_chromosome
from netgen.genomics.gene_models import read_gene_models, read_transcript_parts
from netgen.genomics.genes import normalize_genes
from netgen.genomics.panels import gene_of_region
from netgen.genomics.textfile import read_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

COLUMNS: Final = ("gene", "chrom", "start", "end")
CHROMOSOMES: Final = (*(str(number) for number in range(1, 23)), "X", "Y")
REMEDIES: Final = (
    "Declare a BED panel with gene names (--panel FILE), give a gene model (--gff FILE), or give CNVkit's .cns, whose "
    "gene column names the genes of each segment."
)
_NO_GENES: Final = frozenset({"", "-", ".", "cgh", "antitarget", "background"})
_SKIPPED: Final = re.compile(r"\s*(#|track\b|browser\b|$)")


@dataclass(frozen=True, kw_only=True)
class GeneSpans:
    """Where genes lie.

    Attributes
    ----------
    table
        ``gene`` (current symbol), ``chrom`` (1-22, X, Y), ``start``, ``end`` (0-based, half-open): intervals of one
        gene do not overlap; sorted.
    build
        GRCh37 or GRCh38; None = not stated.
    """

    table: pd.DataFrame
    build: str | None = None

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes, sorted."""
        return tuple(sorted({str(gene) for gene in self.table["gene"]}))


def read_gene_spans(
    path: Path, *, findings: Findings, names: GeneNames | None = None, build: str | None = None
) -> GeneSpans:
    """Return where the genes of a BED file or a gene model lie.

    Parameters
    ----------
    path
        BED with gene names, or GFF3 (``gene_models``), plain or gzip; recognised by content.
    findings
        Collects gene symbols (``genes.normalize_genes``).
    names
        Gene names; the bundled ones if None.
    build
        Genome build, if it is known.

    Returns
    -------
    GeneSpans
        Intervals on chromosomes 1-22, X and Y. A gene of X and Y (pseudoautosomal) lies on X.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING) or names no gene with a position (E_NO_GENE_POSITIONS);
        if a gene model is none that can be read (E_FILE_FORMAT).

    Notes
    -----
    Of a gene model the coding sequence of protein-coding genes is taken, from MANE Select or canonical transcripts
    where they are marked; the whole gene where no coding sequence is given.
    """
    if not path.is_file():
        raise InputError("E_FILE_MISSING", "There is no such file.", fix="Check the path.", file=str(path))
    found = list(_genes_of_model(path) if _is_model(path) else _genes_of_bed(_lines(path)))
    frame = pd.DataFrame(found, columns=["symbol", "chrom", "start", "end"])
    frame["chrom"] = [normalize_chromosome(text) for text in frame["chrom"]]
    frame = frame[frame["chrom"].isin(CHROMOSOMES) & (frame["start"] < frame["end"])]
    if frame.empty:
        raise no_positions(path, "A file with the positions of genes is needed, found none in it.")
    symbols = frame[["symbol"]].drop_duplicates().astype("string")
    genes = normalize_genes(symbols["symbol"], findings=findings, names=names, file=str(path), column="gene").gene
    current = dict(zip(symbols["symbol"], genes, strict=True))
    return GeneSpans(table=merge_spans(frame.assign(gene=frame["symbol"].map(current))), build=build)


def merge_spans(frame: pd.DataFrame) -> pd.DataFrame:
    """Return intervals of genes with overlaps merged, each gene on one chromosome.

    Parameters
    ----------
    frame
        ``gene, chrom, start, end``; rows without a gene are left out.

    Returns
    -------
    DataFrame
        ``COLUMNS``. A gene on several chromosomes keeps the one with most of its bases, X before Y.
    """
    place = ["gene", "chrom"]
    known = frame.loc[frame["gene"].notna(), list(COLUMNS)].sort_values([*place, "start", "end"])
    before = known.groupby(place)["end"].cummax().groupby([known[name] for name in place]).shift()
    block = (before.isna() | (known["start"] > before)).cumsum()
    table = known.groupby(block).agg({"gene": "first", "chrom": "first", "start": "min", "end": "max"})
    bases = (table["end"] - table["start"]).groupby([table["gene"], table["chrom"]]).sum().reset_index(name="bases")
    ranked = bases.sort_values(["gene", "bases", "chrom"], ascending=[True, False, True])
    kept = ranked.drop_duplicates("gene")[["gene", "chrom"]]
    table = table.merge(kept, on=["gene", "chrom"]).astype({"start": "int64", "end": "int64"})
    return table.sort_values(["gene", "start"], ignore_index=True)


def no_positions(path: Path, message: str) -> InputError:
    """Return the error of a file whose genes cannot be placed.

    Parameters
    ----------
    path
        The file.
    message
        What is needed and what was found.

    Returns
    -------
    InputError
        E_NO_GENE_POSITIONS with the three remedies.
    """
    return InputError("E_NO_GENE_POSITIONS", message, fix=REMEDIES, file=str(path))


def genes_of_text(text: str) -> list[str]:
    """Return the genes that a name column holds, as written.

    Parameters
    ----------
    text
        One name, or several joined by commas; Agilent labels (``ref|TP53,ens|ENST...``) count by their ``ref``.

    Returns
    -------
    list of str
        Symbols; none for blanks, ``-``, ``Antitarget``, ``Background``, ``CGH`` and transcript ids.

    Examples
    --------
    >>> genes_of_text("TP53,-,MEN1_ex2,Antitarget"), genes_of_text("ref|RB1,ens|ENST00000267163")
    (['TP53', 'MEN1'], ['RB1'])
    """
    parts = [part.strip() for part in text.split(",")]
    if any(part.startswith("ref|") for part in parts):
        parts = [part.removeprefix("ref|") for part in parts if part.startswith("ref|")]
    named = [gene_of_region(part) for part in parts if part.casefold() not in _NO_GENES]
    return [gene for gene in named if gene is not None]


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as handle:
        zipped = handle.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rt", encoding="latin-1") if zipped else path.open(encoding="latin-1") as text:
        yield from text


def _is_model(path: Path) -> bool:
    """Tell a gene model (nine columns, positions in 4 and 5) from BED."""
    lines = read_head(path).decode("latin-1").splitlines()
    first = next((line for line in lines if not _SKIPPED.match(line)), "").split("\t")
    return len(first) == 9 and first[3].isdecimal() and first[4].isdecimal()


def _genes_of_model(path: Path) -> Iterator[tuple[str, str, int, int]]:
    """Yield the coding parts of each protein-coding gene, of MANE or canonical transcripts where they are marked."""
    models = read_gene_models(path)
    coding = models[models["gene_biotype"].isin(["", "protein_coding"])]
    if coding.empty:
        return
    rank = (~coding["mane"]).astype("int64") + (~coding["canonical"]).astype("int64")
    chosen = coding[rank == rank.groupby(coding["gene_id"]).transform("min")]
    parts = read_transcript_parts(path, chosen)
    parts = parts[parts["type"] == "CDS"].merge(chosen[["transcript_id", "gene", "gene_id"]], on="transcript_id")
    whole = chosen[~chosen["gene_id"].isin(parts["gene_id"])].drop_duplicates("gene_id")
    for frame in (parts, whole):
        columns = [frame[name] for name in ("gene", "chrom", "start", "end")]
        yield from (
            (str(gene), str(chrom), int(start), int(end)) for gene, chrom, start, end in zip(*columns, strict=True)
        )


def _genes_of_bed(lines: Iterable[str]) -> Iterator[tuple[str, str, int, int]]:
    for line in lines:
        fields = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
        if _SKIPPED.match(line) or len(fields) < 4 or not (fields[1].isdecimal() and fields[2].isdecimal()):
            continue
        labelled = [field for field in fields[3:] if re.search(r"GENE(?:_ID|_NAME)?=", field)]
        for gene in genes_of_text((labelled or fields[3:])[0]):
            yield gene, fields[0], int(fields[1]), int(fields[2])
