"""Names of fusions and of events within a gene, in every spelling that is met: ``parse_fusion`` is the one reader.

Orientation (which gene gives the five-prime part) is stated by

- ``FIVE::THREE`` (HGNC);
- ``Protein fusion: in frame (FIVE-THREE)`` and ``Transcript fusion (FIVE-THREE)``, which annotate a transcript;
- ``FIVE-THREE.E6aA20.AB374362``: exons of the junction behind the initials of both genes, in the order of the product.

``A-B``, ``A--B``, ``A/B``, ``A:B``, ``A_B`` and ``A+B`` name two genes in no order: ``EML4-ALK`` and ``ALK-EML4`` are
both written for the same product.

A hyphen may belong to a symbol. A piece that begins with a digit (``NKX2-1``, ``RP11-123.4``), an ending of antisense
and other derived transcripts (``-AS1``, ``-IT1``, ``-DT``, ``-OT1``), ``HLA-`` and mitochondrial ``MT-`` stay with
their neighbour, and so does anything that the table of gene names knows (``PD-L1``). What is then left in two pieces is
a pair; three pieces cannot be told apart and are no fusion.

Where several genes are given for one side (``AC016683.6;PAX8``), the first that has a proper symbol is meant; names of
clones (``AC016683.6``, ``RP11-123.4``), ``LOC`` numbers and Ensembl ids come second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from netgen.genomics.gene_names import GeneNames, is_excel_date, load_gene_names
from netgen.genomics.textfile import is_null

if TYPE_CHECKING:
    from collections.abc import Iterable

Orientation = Literal["", "gene1_gene2", "gene2_gene1"]
CLASSES: Final = ("DELETION", "DUPLICATION", "INSERTION", "INVERSION", "TRANSLOCATION", "FUSION")

_GENE: Final = r"[A-Za-z][A-Za-z0-9]*(?:[.@-][A-Za-z0-9]+)*@?"
_SYMBOL: Final = re.compile(_GENE)
_STATED: Final = re.compile(r"(?:protein|transcript)\s+fusion\b[^()]*\(([^()\s]+)\)", re.IGNORECASE)
_WORDED: Final = re.compile(
    rf"(?:.*\binvolving\s+(?P<one>{_GENE})\s+and|(?P<first>{_GENE})\s+fusion\s+with)\s+(?P<two>{_GENE})", re.IGNORECASE
)
_NOT_A_GENE: Final = frozenset(
    {
        "a", "an", "and", "antisense", "deletion", "duplication", "fusion", "gene", "genes", "in", "inframe",
        "insertion", "intragenic", "inversion", "itd", "kdd", "no", "not", "novel", "of", "out", "possible", "protein",
        "ptd", "rearrangement", "the", "transcript", "translocation", "transversion", "unknown", "with",
    }
)  # fmt: skip
_NOISE: Final = re.compile(
    r"\s+[-(]?\s*(?:gene\b|fusion|rearrange|translocation|inversion|deletion|duplication|insertion|archer"
    r"|ex(?:on)?\s*\d|in[\s_-]?frame|out[\s_-]of[\s_-]frame|frame[\s_-]?shift).*",
    re.IGNORECASE | re.DOTALL,
)
_LEAD: Final = re.compile(r"^(?:gene\s+)?fusion\s*[:=-]?\s+(?=\S)", re.IGNORECASE)
_ACCESSION: Final = re.compile(r"\s*\((?:NM|NR|XM|ENST)_?[\d.]+\)")
_WITHIN: Final = re.compile(
    rf"(?P<gene>{_GENE}?)(?:[\s:_-]+)(?:(?:int(?:ra|er)-?g[ae]ni?c|intragene)\b"
    r"|(?:(?:deletion|duplication) (?:of \d+ exons?|within)"
    r"|ex(?:on)?[\s_-]*\d+[\s_-]*skip|(?:ITD|PTD|KDD|vI{2,3}[a-z]?|vIV[a-z]?)\b)).*",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_TANDEM: Final = re.compile(r"[\s:_-](?:ITD|PTD|KDD)\b", re.IGNORECASE)
_LOST_EXONS: Final = re.compile(r"[\s:_-]v(?:I{2,3}|IV)[a-z]?\b")
_SPLICE_FORM: Final = re.compile(r"AR-V\d+", re.IGNORECASE)
_EXONS: Final = re.compile(r"\.(?P<one>[A-Z])\d+[a-z0-9]*(?P<two>[A-Z])\d+[a-z0-9]*(?:\..*)?$|\.[A-Za-z]+\d.*$")
_LINKS: Final = ("::", "--", "/", ":", "+", "_")
_DERIVED: Final = re.compile(r"AS\d*|IT\d+|OT\d+|DT|D?AS", re.IGNORECASE)
_MITOCHONDRIAL: Final = re.compile(r"ND\dL?|CO\d|ATP\d|CYB|RNR\d|T[A-Z]\d?", re.IGNORECASE)
_CLONE: Final = re.compile(r"(?:[A-Z]{2}\d{6}|(?:RP|CT|GS|XX|KB|LA)[A-Z0-9]*-?\d+[A-Z0-9-]*)\.\d+|LOC\d+|ENS[GT]\d+.*")


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """What the name of a structural variant says.

    Attributes
    ----------
    gene1, gene2
        Symbols as written, in the order of the text. The same gene twice is an event within it; None = no partner is
        named.
    orientation
        ``gene1_gene2`` where the text states that ``gene1`` is the five-prime partner, else empty.
    frame
        In_frame, Out_of_frame, Frameshift or Unknown.
    sv_class
        One of ``CLASSES``, empty if the text names none.
    """

    gene1: str
    gene2: str | None = None
    orientation: Orientation = ""
    frame: str = "Unknown"
    sv_class: str = ""


def parse_fusion(text: str, names: GeneNames | None = None) -> Fusion | None:
    """Return the genes that the name of a fusion or of an event within a gene speaks of.

    Parameters
    ----------
    text
        Name as written, such as ``EML4::ALK``, ``ALK-EML4 fusion``, ``KIAA1549:BRAF``, ``PPARG/AC016683.6;PAX8``,
        ``Protein fusion: in frame (FGFR3-TACC3)``, ``MLL2-intragenic``, ``FLT3-ITD``, ``NRG1 fusion``.
    names
        Gene names, for symbols with a hyphen; the bundled ones if None.

    Returns
    -------
    Fusion or None
        None if the text names no gene, one gene without an event, or more than two genes.

    Examples
    --------
    >>> parse_fusion("Protein fusion: in frame (FGFR3-TACC3)")
    Fusion(gene1='FGFR3', gene2='TACC3', orientation='gene1_gene2', frame='In_frame', sv_class='FUSION')
    >>> parse_fusion("HLA-A")
    """
    whole = re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip()
    if is_null(whole) or is_excel_date(whole):
        return None
    frame, sv_class = read_frame(whole), read_class(whole)
    within = _parse_within(whole, names)
    if within:
        return Fusion(gene1=within, gene2=within, frame=frame, sv_class=sv_class)
    stated = _STATED.search(whole)
    worded = _WORDED.fullmatch(whole)
    plain = _ACCESSION.sub("", whole)
    body = stated[1] if stated else _NOISE.sub("", _LEAD.sub("", plain, count=1)).strip()
    pair = (worded["one"] or worded["first"], worded["two"], False) if worded else _split_pair(body, names)
    if pair is not None:
        one, two, ordered = pair
        ordered = (ordered or stated is not None) and one != two
        return Fusion(
            gene1=one, gene2=two, orientation="gene1_gene2" if ordered else "", frame=frame, sv_class=sv_class
        )
    if body != plain and _is_gene(body):
        return Fusion(gene1=body, frame=frame, sv_class=sv_class)
    return None


def format_fusion(fusion: Fusion) -> str:
    """Return the name of a fusion such that ``parse_fusion`` reads it as it is.

    Parameters
    ----------
    fusion
        Genes, orientation, frame and class.

    Returns
    -------
    str
        ``FIVE::THREE`` where the orientation is stated, else ``A--B``; ``GENE-intragenic``; ``GENE rearrangement``;
        class and frame in words behind it.
    """
    one, two = fusion.gene1, fusion.gene2
    if fusion.orientation == "gene2_gene1" and two is not None:
        one, two = two, one
    if two is None:
        genes = one if fusion.sv_class else f"{one} rearrangement"
    elif one == two:
        genes = f"{one}-intragenic"
    else:
        genes = f"{one}{'::' if fusion.orientation else '--'}{two}"
    frame = {"In_frame": "in frame", "Out_of_frame": "out of frame", "Frameshift": "frameshift"}.get(fusion.frame, "")
    return " ".join(part for part in (genes, fusion.sv_class.lower(), frame) if part)


def partner_of(gene: str, name: str) -> str | None:
    """Return the other gene in the name of a fusion.

    Parameters
    ----------
    gene
        One gene as written.
    name
        Name of the fusion as written.

    Returns
    -------
    str or None
        The other gene, ``gene`` itself for an event within it, None if the name has no other gene.

    Examples
    --------
    >>> partner_of("ALK", "ALK-EML4 fusion"), partner_of("HLA-A", "MYB::HLA-A"), partner_of("MET", "MET-intragenic")
    ('EML4', 'MYB', 'MET')
    >>> partner_of("TACC3", "Protein fusion: in frame (FGFR3-TACC3)")
    'FGFR3'
    """
    fusion = parse_fusion(name)
    if fusion is not None:
        pair = (fusion.gene1, fusion.gene2)
        for mine, other in (pair, pair[::-1]):
            if mine is not None and mine.casefold() == gene.casefold():
                return other
    stated = _STATED.search(name)
    body = stated[1] if stated else _NOISE.sub("", _LEAD.sub("", name, count=1)).strip()
    link = r"\s*(?:::|--|:|/|-|_|\+)\s*"
    for pattern in (rf"{re.escape(gene)}{link}(?P<other>{_GENE})", rf"(?P<other>{_GENE}){link}{re.escape(gene)}"):
        found = re.fullmatch(pattern, body, re.IGNORECASE)
        if found:
            return found["other"]
    return None


def read_frame(text: str) -> str:
    """Return what a text says of the reading frame: In_frame, Out_of_frame, Frameshift or Unknown.

    Parameters
    ----------
    text
        For example ``in-frame``, ``Protein fusion: out of frame (A-B)``, ``INFRAME``, ``mid-exon``.

    Returns
    -------
    str
        Unknown for anything else.
    """
    words = re.sub(r"[^a-z]", "", text.casefold())
    for word, frame in (("frameshift", "Frameshift"), ("outofframe", "Out_of_frame"), ("outframe", "Out_of_frame"),
                        ("notinframe", "Out_of_frame"), ("inframe", "In_frame")):  # fmt: skip
        if word in words:
            return frame
    return "Unknown"


def read_class(text: str) -> str:
    """Return the class of event that a text names, empty if it names none.

    Parameters
    ----------
    text
        Text of the source. An internal or partial tandem duplication (``ITD``, ``PTD``, ``KDD``) is a duplication, a
        lost range of exons (``vIII``) a deletion.

    Returns
    -------
    str
        One of ``CLASSES`` or empty; of several words the first counts, ``fusion`` last.
    """
    found = re.search(r"\b(DELETION|DUPLICATION|INSERTION|INVERSION|TRANSLOCATION)\b", text.upper())
    if found:
        return found[1]
    if _TANDEM.search(text):
        return "DUPLICATION"
    if _LOST_EXONS.search(text):
        return "DELETION"
    return "FUSION" if re.search(r"\bFUSION\b", text.upper()) else ""


def choose_gene(candidates: Iterable[str], names: GeneNames | None = None) -> str | None:
    """Return the gene that is meant where a breakpoint is given several.

    Parameters
    ----------
    candidates
        Symbols as written, in the order of the source; blanks are passed over.
    names
        Gene names: where one or more of the candidates are known, those are preferred; not asked if None.

    Returns
    -------
    str or None
        The first proper symbol; names of clones, ``LOC`` numbers and Ensembl ids come second.
    """
    listed = [name.strip() for name in candidates if not is_null(name)]
    known = [name for name in listed if names is not None and name.upper() in names.preferred]
    proper = [name for name in listed if not _CLONE.fullmatch(name)]
    return next(iter([*known, *proper, *listed]), None)


def _parse_within(text: str, names: GeneNames | None) -> str | None:
    """Gene of an event within one gene, None for anything else."""
    found = None if "::" in text else _WITHIN.fullmatch(text)
    if found is None or not _is_gene(found["gene"]):
        return None
    pair = _split_pair(found["gene"], names)
    if pair is None:
        return found["gene"]
    return pair[0] if pair[0] == pair[1] else None


def _split_pair(body: str, names: GeneNames | None) -> tuple[str, str, bool] | None:
    """Two genes and whether their order is stated."""
    if is_excel_date(body) or _SPLICE_FORM.fullmatch(body):
        return None
    exons = _EXONS.search(body)
    if exons:
        body = body[: exons.start()]
    link = next((link for link in _LINKS if link in body), "-")
    ordered = link == "::"
    sides = _glue(body, names) if link == "-" else body.split(link)
    genes = [choose_gene(re.split(r"[;,]", side), names) for side in sides]
    if len(genes) != 2 or not all(gene and _is_gene(gene) for gene in genes):
        return None
    one, two = str(genes[0]), str(genes[1])
    if exons and exons["one"]:
        ordered = ordered or (one[0].upper(), two[0].upper()) == (exons["one"], exons["two"])
    return one, two, ordered


def _glue(body: str, names: GeneNames | None) -> list[str]:
    """Split at hyphens, and put together what belongs to one symbol."""
    out: list[str] = []
    for part in (piece.strip() for piece in body.split("-")):
        if out and _belongs(out[-1], part, names):
            out[-1] += f"-{part}"
        else:
            out.append(part)
    return out


def _belongs(before: str, part: str, names: GeneNames | None) -> bool:
    upper = before.upper()
    if part[:1].isdigit() or upper == "HLA" or (upper == "MT" and _MITOCHONDRIAL.fullmatch(part)):
        return True
    if _DERIVED.fullmatch(part):
        return True
    return f"{before}-{part}".upper() in (_bundled() if names is None else names).preferred


@lru_cache(maxsize=1)
def _bundled() -> GeneNames:
    return load_gene_names()


def _is_gene(text: str) -> bool:
    return bool(_SYMBOL.fullmatch(text)) and text.casefold() not in _NOT_A_GENE
