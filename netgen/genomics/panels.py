"""Panels: which genes an assay covers, and how much territory.

Three kinds of file are recognised by content: a cBioPortal gene panel (``stable_id:``, ``gene_list:``), a BED file
(three columns, the second and third whole numbers: 0-based, half-open) and a gene list (one or more symbols per line,
or a table with a header that names a gene column). Gene symbols pass through the same table as those of variants,
otherwise an aliased gene would look not profiled.

We are more lenient than the BED specification: columns may be separated by blanks, a line of column names may come
first, regions may overlap and stand in any order, chromosomes may be spelled with and without ``chr`` in one file, and
the name column may spell the gene with exon, transcript or position around it. A name without a recognisable gene is
counted and adds to the size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.errors import InputError
from netgen.genomics.alleles import normalize_chromosome
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.textfile import is_null, read_lines, split_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

LIMIT: Final = 200 << 20
_SKIPPED: Final = re.compile(r"\s*(#|track\b|browser\b|$)")
_TRANSCRIPT: Final = re.compile(
    r"(?:NM|NR|XM|XR|NP|LRG)_\d+(?:\.\d+)?|ENS[A-Z]*\d+(?:\.\d+)?|CCDS\d+(?:\.\d+)?", re.IGNORECASE
)
_PLACE: Final = re.compile(r"chr(?:\d{1,2}|[XYM]|MT)(?:[:._-]\d+)*(?:[-_]\d+)*", re.IGNORECASE)
_NO_GENE: Final = re.compile(
    r"(?:e|ex|exon|exons|int|intron|cds|utr|target|region|amplicon|ampl|probe|pool|snp|rs|chip)[-.]?\d+[a-z]?|[a-z]?|\d+[a-z]?"
    r"|ex|exon|exons|int|intron|cds|[35]?p?utr|promoter|target|region|amplicon|probe|pool|hotspot|hs|ref|ens|gene|snp"
    r"|snps|id|none|unknown|intergenic|upstream|downstream|plus|minus|forward|reverse",
    re.IGNORECASE,
)  # fmt: skip
_SPLIT: Final = re.compile(r"[;:|,_()\s/=]+")
_SYMBOL: Final = re.compile(r"[A-Za-z][A-Za-z0-9.@-]*")
_GENE_HEADERS: Final = ("hugo_symbol", "gene", "gene_symbol", "symbol", "genes")
_WHOLE: Final = {
    "wes": re.compile(r"wes|wxs|exome|whole[ _-]?exome([ _-]?sequencing)?", re.IGNORECASE),
    "wgs": re.compile(r"wgs|genome|whole[ _-]?genome([ _-]?sequencing)?", re.IGNORECASE),
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One assay.

    Attributes
    ----------
    panel_id, name
        Identifier and a readable name.
    genes
        Current symbols, sorted; empty if ``genes_mode`` is "all".
    size_mb
        Territory in Mb after merging overlapping regions; None = not known.
    assay_type
        panel, wes, wgs ...; see ``netgen.schema``.
    genes_mode
        "list", or "all" = every protein-coding gene.
    partial
        Genes of which only parts (hot spots, single exons) are covered.
    profiles
        Data types that the panel reports; empty = not stated.
    source
        What lists the genes: bed, panel_file (a cBioPortal gene panel or a gene list) or assay (every gene); blank =
        another table.
    """

    panel_id: str
    name: str
    genes: tuple[str, ...]
    size_mb: float | None = None
    assay_type: str = "panel"
    genes_mode: str = "list"
    partial: frozenset[str] = frozenset()
    profiles: tuple[str, ...] = ()
    source: str = ""


def read_panel(path: Path, *, findings: Findings, panel_id: str | None = None, names: GeneNames | None = None) -> Panel:
    """Return the panel of a BED file, a cBioPortal gene panel file or a gene list.

    Blank lines and ``#`` lines are passed over.

    Parameters
    ----------
    path
        File, plain or gzip; recognised by content.
    findings
        Collects unusable lines and gene symbols (see ``genes.normalize_genes``).
    panel_id
        Identifier; None = the one in the file, else the file name without its endings.
    names
        Gene names; the bundled ones if None. Give those with which the variants are read.

    Returns
    -------
    Panel
        Genes and, for BED, territory.

    Raises
    ------
    InputError
        If the file is missing, empty or not text, or names no gene (E_FILE_FORMAT, E_FILE_MISSING).
    """
    lines = read_lines(path, limit=LIMIT)
    rows = [(number, line) for number, line in enumerate(lines, start=1) if not _SKIPPED.match(line)]
    own_id = panel_id or path.name.split(".")[0]
    symbols = _Symbols(findings=findings, names=names, file=str(path))
    if any(line.startswith(("gene_list:", "stable_id:")) for _, line in rows):
        panel = _parse_cbioportal(rows, own_id if panel_id else None, symbols)
    elif rows and _is_bed(rows[0][1]):
        panel = _parse_bed(rows, own_id, symbols)
    elif len(rows) > 1 and _is_bed(rows[1][1]) and not any(part.isdecimal() for part in rows[0][1].split()):
        panel = _parse_bed(rows[1:], own_id, symbols)  # below a line of column names
    else:
        panel = _parse_list(rows, own_id, symbols)
    if not panel.genes:
        raise InputError(
            "E_FILE_FORMAT",
            "A panel needs gene symbols, found none: neither a BED file with names, nor a gene list.",
            fix="Give BED with the gene in column 4, a cBioPortal gene panel file, or one symbol per line.",
            file=str(path),
        )
    return panel


def whole_panel(panel_id: str) -> Panel | None:
    """Return the panel of a whole exome or genome, if that is what an identifier says.

    Parameters
    ----------
    panel_id
        Identifier as written: wes, WXS, whole-exome, wgs ...

    Returns
    -------
    Panel or None
        A panel that covers every gene and keeps the identifier; None for any other name.
    """
    for assay, pattern in _WHOLE.items():
        if pattern.fullmatch(panel_id.strip()):
            return Panel(
                panel_id=panel_id, name=assay.upper(), genes=(), assay_type=assay, genes_mode="all", source="assay"
            )
    return None


def panel_tables(panels: Iterable[Panel]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return panels as the tables ``panels`` and ``panel_genes`` of ``netgen.schema``.

    Parameters
    ----------
    panels
        Panels with distinct identifiers.

    Returns
    -------
    tuple of DataFrame
        Both sorted by key.
    """
    ordered = sorted(panels, key=lambda panel: panel.panel_id)
    table = pd.DataFrame(
        {
            "panel_id": [panel.panel_id for panel in ordered],
            "name": [panel.name for panel in ordered],
            "assay_type": [panel.assay_type for panel in ordered],
            "size_mb": [panel.size_mb for panel in ordered],
            "profiles": [";".join(panel.profiles) or None for panel in ordered],
            "genes_mode": [panel.genes_mode for panel in ordered],
        }
    )
    pairs = [(panel.panel_id, gene, gene in panel.partial) for panel in ordered for gene in sorted(panel.genes)]
    genes = pd.DataFrame(pairs, columns=["panel_id", "gene", "partial"])
    return schema.conform(table, schema.PANELS), schema.conform(genes, schema.PANEL_GENES)


def gene_of_region(name: str) -> str | None:
    """Return the gene in the name of a target region, None if there is none.

    Parameters
    ----------
    name
        Column 4 of a BED file, or a whole attribute text with ``GENE_ID=``.

    Returns
    -------
    str or None
        The symbol as written.

    Examples
    --------
    >>> [gene_of_region(name) for name in ("TP53", "TP53_ex5", "chr17:TP53:NM_000546", "TP53;EXON5", "rs1042522")]
    ['TP53', 'TP53', 'TP53', 'TP53', None]
    """
    labelled = re.search(r"GENE(?:_ID|_NAME)?=([^;,|\s]+)", name)
    text = labelled.group(1) if labelled else name
    text = _PLACE.sub(" ", _TRANSCRIPT.sub(" ", text))
    for token in (part.strip(".-") for part in _SPLIT.split(text)):
        if token and not _NO_GENE.fullmatch(token) and _SYMBOL.fullmatch(token):
            return token
    return None


def measure_mb(intervals: pd.DataFrame) -> float:
    """Return the territory of intervals in Mb, overlaps counted once.

    Parameters
    ----------
    intervals
        ``chrom, start, end``: 0-based, half-open, in any order. ``chr1`` and ``1`` are one chromosome.

    Returns
    -------
    float
        Mb.
    """
    import pyranges

    frame = pd.DataFrame(
        {
            "Chromosome": intervals["chrom"].astype(str).map(lambda name: normalize_chromosome(name) or name),
            "Start": intervals["start"].astype("int64"),
            "End": intervals["end"].astype("int64"),
        }
    )
    return float(pyranges.PyRanges(frame).merge().lengths().sum()) / 1e6


@dataclass(frozen=True, kw_only=True)
class _Symbols:
    """How the symbols of one file are brought into one spelling, and where problems go."""

    findings: Findings
    names: GeneNames | None
    file: str

    def normalize(self, genes: Iterable[str]) -> tuple[str, ...]:
        return tuple(normalize_gene_list(genes, findings=self.findings, names=self.names, file=self.file))


def _is_bed(line: str) -> bool:
    parts = line.split()
    return len(parts) >= 3 and parts[1].isdecimal() and parts[2].isdecimal()


def _parse_bed(rows: Sequence[tuple[int, str]], panel_id: str, symbols: _Symbols) -> Panel:
    intervals, names, nameless = [], [], 0
    for number, line in rows:
        parts = line.split("\t") if "\t" in line else line.split()
        if not _is_bed("\t".join(parts)) or int(parts[1]) >= int(parts[2]):
            symbols.findings.add(
                "E_VALUE",
                f"A region needs chromosome, start and a larger end, found {' '.join(parts[:3])}.",
                fix="Mend or remove the line.",
                file=symbols.file,
                row=number,
            )
            continue
        intervals.append((parts[0], int(parts[1]), int(parts[2])))
        found = _genes_of_line(parts[3:])
        names += found
        nameless += not found
    if nameless:
        symbols.findings.add(
            "I_ROWS_IGNORED",
            f"{nameless} of {len(rows)} regions name no gene; they add to the size of the panel only.",
            file=symbols.file,
            column="name",
        )
    size = measure_mb(pd.DataFrame(intervals, columns=["chrom", "start", "end"])) if intervals else None
    return Panel(panel_id=panel_id, name=panel_id, genes=symbols.normalize(names), size_mb=size, source="bed")


def _genes_of_line(fields: Sequence[str]) -> list[str]:
    """Return the genes that the columns after the interval name."""
    if not fields:
        return []
    if "ref|" in fields[0]:  # Agilent: ref|TP53,ref|NM_000546,ens|ENST00000269305
        parts = [part.removeprefix("ref|") for part in fields[0].split(",") if part.startswith("ref|")]
        return [part for part in parts if not _TRANSCRIPT.fullmatch(part)]
    labelled = [field for field in fields if "GENE_ID=" in field or "GENE=" in field or "GENE_NAME=" in field]
    gene = gene_of_region(labelled[0] if labelled else fields[0])
    return [gene] if gene else []


def _parse_cbioportal(rows: Sequence[tuple[int, str]], panel_id: str | None, symbols: _Symbols) -> Panel:
    values: dict[str, str] = {}
    for _, line in rows:
        key, _, value = line.partition(":")
        values[key.strip().casefold()] = value.strip()
    missing = [key for key in ("stable_id", "gene_list") if not values.get(key)]
    if missing:
        raise InputError(
            "E_FILE_FORMAT",
            f"A gene panel file needs stable_id and gene_list, found no {' and no '.join(missing)}.",
            fix="Add the line, as in 'gene_list: TP53<tab>RB1'.",
            file=symbols.file,
        )
    genes = symbols.normalize(re.split(r"[\t,; ]+", values["gene_list"]))
    own_id = panel_id or values["stable_id"]
    return Panel(panel_id=own_id, name=values.get("description") or own_id, genes=genes, source="panel_file")


def _parse_list(rows: Sequence[tuple[int, str]], panel_id: str, symbols: _Symbols) -> Panel:
    """Read one or more symbols per line, or a table whose header names a gene column."""
    fields = split_fields(line for _, line in rows)
    header = [name.casefold() for name in fields[0]] if fields else []
    column = next((header.index(name) for name in _GENE_HEADERS if name in header), None)
    if column is None:
        return _plain_list(rows, panel_id, symbols)
    exons = header.index("exons") if "exons" in header else None
    parts: dict[bool, list[str]] = {True: [], False: []}  # covered in part, as a whole
    for row in fields[1:]:
        if column < len(row) and not is_null(row[column]):
            parts[exons is not None and exons < len(row) and not is_null(row[exons])].append(row[column])
    genes = symbols.normalize([*parts[False], *parts[True]])
    some = frozenset(symbols.normalize(parts[True])).difference(symbols.normalize(parts[False]))
    return Panel(panel_id=panel_id, name=panel_id, genes=genes, partial=some, source="panel_file")


def _plain_list(rows: Sequence[tuple[int, str]], panel_id: str, symbols: _Symbols) -> Panel:
    names = []
    for number, line in rows:
        for token in re.split(r"[\t,; ]+", line.strip()):
            if is_null(token):
                continue
            if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.@_-]*", token):
                names.append(token)
                continue
            symbols.findings.add(
                "E_VALUE",
                "A gene symbol is needed.",
                fix="Give one symbol per line.",
                file=symbols.file,
                row=number,
                value=token[:40],
            )
    return Panel(panel_id=panel_id, name=panel_id, genes=symbols.normalize(names), source="panel_file")
