"""Alterations as a pathologist writes them in one cell: ``MEN1 p.R460* (vaf=0.41); DAXX trunc; EML4::ALK``.

The grammar is DOMAIN 1.15::

    alterations := "none" | item (";" item)*
    item        := fusion | gene WS alt [WS "(" qual ("," qual)* ")"]
    alt         := "p." hgvsp | "c." hgvsc | "amp" | "homdel" | "trunc" | "splice" | "mut"
                   | "ex" INT ("del"|"ins"|"skip")
    fusion      := gene "::" gene [WS "fusion"] [WS "(" qual ")"] | gene WS "fusion"
    qual        := "vaf=" NUM | "germline" | "vus" | "out_of_frame"

A blank cell means *not profiled*; ``none`` means profiled, nothing found. Key words are read in any case, a line break
separates like ``;``, and ``-``, ``/`` and ``--`` are read as the ``::`` of a fusion, but state no orientation
(``sv_names``, which also knows ``GENE-intragenic`` and ``GENE-ITD``). An item that
cannot be read is E_ALTERATION_SYNTAX; the others of its cell count all the same.

What the short words become: ``trunc`` is a Nonsense_Mutation, ``splice`` and ``exNskip`` a Splice_Site, ``exNdel`` and
``exNins`` an in-frame deletion and insertion, ``mut`` and a coding change of unknown effect a Missense_Mutation. Such
rows carry the flag ``effect_unspecified`` (or ``exNskip`` ...): good for "altered or not", not for exact rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.genomics.classes import (
    PROMOTER_GENES,
    class_from_protein_change,
    normalize_protein_change,
    settle_class,
)
from netgen.genomics.gene_names import GeneNames, is_excel_date, load_gene_names
from netgen.genomics.genes import normalize_genes
from netgen.genomics.sv_names import parse_fusion
from netgen.genomics.sv_rows import write_notation
from netgen.schema import COPY_NUMBER, FUSIONS, VARIANTS, Table, conform

if TYPE_CHECKING:
    from netgen.errors import Findings

UNSPECIFIED: Final = "effect_unspecified"
_BLANK: Final = frozenset({"", "na", "n/a", "nan", "null", ".", "-", "?", "#n/a", "[not available]"})
_NOTHING: Final = frozenset({"none", "wild type", "wildtype", "wild-type", "negative"})
_GENE: Final = r"[A-Za-z][A-Za-z0-9-]*"
_ITEM: Final = re.compile(r"(?P<body>.*?)(?:\s+\((?P<quals>[^()]*)\))?\s*", re.DOTALL)
_FUSION: Final = re.compile(r"\S+(?:\s+fusion)?", re.IGNORECASE)
_ALTERATION: Final = re.compile(r"(?P<gene>\S+)\s+(?P<alt>\S+)")
_CODING: Final = re.compile(
    r"c\.(?P<at>[*-]?\d+)(?P<off>[+-]\d+)?(?:_(?P<to>[*-]?\d+)(?P<off2>[+-]\d+)?)?(?P<what>[^\d+-].*)"
)
_EXON: Final = re.compile(r"ex(?:on)?(\d+)(del|ins|skip)", re.IGNORECASE)
_WORDS: Final[dict[str, str]] = {"trunc": "Nonsense_Mutation", "splice": "Splice_Site", "mut": "Missense_Mutation"}
_COPIES: Final[dict[str, float]] = {"amp": 2.0, "homdel": -2.0}
_EXON_CLASSES: Final = {"del": "In_Frame_Del", "ins": "In_Frame_Ins", "skip": "Splice_Site"}


@dataclass(frozen=True, kw_only=True)
class ParsedAlterations:
    """What the cells of a column say.

    Attributes
    ----------
    variants, germline
        ``schema.VARIANTS``; germline findings apart from the rest.
    copy_number
        ``schema.COPY_NUMBER``: 2 for ``amp``, -2 for ``homdel``.
    fusions
        ``schema.FUSIONS``.
    profiled, not_profiled
        Samples with a filled cell, and with a blank one, in order.
    """

    variants: pd.DataFrame
    germline: pd.DataFrame
    copy_number: pd.DataFrame
    fusions: pd.DataFrame
    profiled: tuple[str, ...]
    not_profiled: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Qualifiers:
    vaf: float | None = None
    germline: bool = False
    flags: tuple[str, ...] = ()
    out_of_frame: bool = False


@dataclass(kw_only=True)
class _Rows:
    """Rows gathered so far, by table."""

    variants: list[dict[str, object]] = field(default_factory=list)
    germline: list[dict[str, object]] = field(default_factory=list)
    copy_number: list[dict[str, object]] = field(default_factory=list)
    fusions: list[dict[str, object]] = field(default_factory=list)


class _NotReadableError(Exception):
    """Why an item cannot be read; becomes a finding where file and row are known."""


def parse_alterations(
    cells: pd.Series,
    *,
    findings: Findings,
    file: str = "",
    rows: pd.Series | None = None,
    column: str = "alterations",
    germline: bool = False,
    names: GeneNames | None = None,
) -> ParsedAlterations:
    """Return the variants, copy numbers and fusions that cells name.

    Parameters
    ----------
    cells
        Text per sample, indexed by sample_id; missing or blank = not profiled.
    findings
        Collects E_ALTERATION_SYNTAX, E_DUP_CONFLICT (amplified and deleted) and what ``normalize_genes`` says of
        symbols.
    file, rows, column
        Where the cells stand: file, source row per cell (same index; default: position from 2, below a header), column.
    germline
        True for a column of germline findings: every item is one.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    ParsedAlterations
        Tables and which samples were profiled.

    Notes
    -----
    Witnesses: literal cells in ``tests/genomics/test_notation.py``.
    """
    found = _Rows()
    profiled: list[str] = []
    blank: list[str] = []
    genes = names if names is not None else load_gene_names()
    for place, (sample, cell) in enumerate(cells.items()):
        text = "" if pd.isna(cell) else str(cell).replace("\u00a0", " ").strip()
        if text.lower() in _BLANK:
            blank.append(str(sample))
            continue
        profiled.append(str(sample))
        line = place + 2 if rows is None else int(rows.iloc[place])
        if text.lower() not in _NOTHING:
            common: dict[str, object] = {"sample_id": str(sample), "file": file, "row": line}
            _parse_cell(text, common, found, germline=germline, names=genes, findings=findings, column=column)

    def build(items: list[dict[str, object]], table: Table, *gene_columns: str) -> pd.DataFrame:
        return _build(items, table, gene_columns, findings=findings, names=genes, file=file, column=column)

    return ParsedAlterations(
        variants=build(found.variants, VARIANTS, "gene"),
        germline=build(found.germline, VARIANTS, "gene"),
        copy_number=_one_value_each(build(found.copy_number, COPY_NUMBER, "gene"), findings=findings, column=column),
        fusions=conform(write_notation(build(found.fusions, FUSIONS, "gene1", "gene2")), FUSIONS),
        profiled=tuple(profiled),
        not_profiled=tuple(blank),
    )


def _parse_cell(
    text: str,
    common: dict[str, object],
    found: _Rows,
    *,
    germline: bool,
    names: GeneNames,
    findings: Findings,
    column: str,
) -> None:
    """Parse the items of one cell; report those that cannot be read."""
    for item in re.split(r"[;\n]", text):
        if not item.strip():
            continue
        try:
            _parse_item(item.strip(), common, found, germline=germline, names=names)
        except _NotReadableError as reason:
            findings.add(
                "E_ALTERATION_SYNTAX",
                f"An alteration such as 'MEN1 p.R460*', 'CDKN2A homdel' or 'EML4::ALK' is needed, found"
                f" {item.strip()!r}: {reason}.",
                fix="Write gene, blank, change; separate alterations by semicolons.",
                file=str(common["file"]),
                row=int(str(common["row"])),
                column=column,
                value=item.strip(),
            )


def _parse_item(item: str, common: dict[str, object], found: _Rows, *, germline: bool, names: GeneNames) -> None:
    match = _ITEM.fullmatch(item)
    body = match["body"].strip() if match else item
    quals = _parse_qualifiers(match["quals"] if match else None)
    origin = germline or quals.germline
    fusion = parse_fusion(body, names) if _FUSION.fullmatch(body) else None
    if fusion is not None:
        row = {
            "gene1": fusion.gene1, "gene2": fusion.gene2, "sv_class": fusion.sv_class or "FUSION",
            "status": "GERMLINE" if origin else "SOMATIC", "frame": "Out_of_frame" if quals.out_of_frame else "Unknown",
            "orientation": fusion.orientation or None,
        }  # fmt: skip
        found.fusions.append({**common, **row, "event_info": item})
        return
    parts = _ALTERATION.fullmatch(body)
    if parts is None or not (re.fullmatch(_GENE, parts["gene"]) or is_excel_date(parts["gene"])):
        raise _NotReadableError("gene and change, one blank between them, are expected")
    gene, alt = parts["gene"], parts["alt"]
    if alt.lower() in _COPIES:
        if origin:
            raise _NotReadableError("a germline copy number cannot be stored")
        found.copy_number.append({**common, "gene": gene, "value": _COPIES[alt.lower()]})
        return
    details = _parse_change(gene, alt)
    flags = ";".join([*filter(None, [str(details.pop("flag", ""))]), *quals.flags])
    status = "germline" if origin else "somatic"
    variant = {**common, "gene": gene, **details, "vaf": quals.vaf, "mutation_status": status, "flags": flags or None}
    (found.germline if origin else found.variants).append(variant)


def _parse_change(gene: str, alt: str) -> dict[str, object]:
    """Return class, protein or coding change and flag of a small variant."""
    word = alt.lower()
    if word in _WORDS:
        return {"variant_class": _WORDS[word], "flag": UNSPECIFIED}
    exon = _EXON.fullmatch(alt)
    if exon:
        return {"variant_class": _EXON_CLASSES[exon[2].lower()], "flag": f"ex{int(exon[1])}{exon[2].lower()}"}
    if alt.startswith("p."):
        change = normalize_protein_change(alt)
        name = class_from_protein_change(change) if change else None
        if change is None or name is None:
            raise _NotReadableError("the protein change is not in HGVS style")
        return {"variant_class": settle_class(name), "hgvsp_short": change}
    if alt.startswith("c."):
        name, flag = _class_of_coding_change(alt, promoter=gene.upper() in PROMOTER_GENES)
        return {"variant_class": name, "hgvsc": alt, "flag": flag}
    raise _NotReadableError(
        f"{alt!r} is none of p. ..., c. ..., amp, homdel, trunc, splice, mut, exNdel, exNins, exNskip"
    )


def _class_of_coding_change(text: str, *, promoter: bool) -> tuple[str, str]:
    """Return class and flag of a coding change: what its position and length tell, else unspecified."""
    match = _CODING.fullmatch(text)
    if match is None:
        raise _NotReadableError("the coding change is not in HGVS style")
    if match["at"].startswith("-"):
        return ("5'Flank" if promoter else "5'UTR"), ""
    if match["at"].startswith("*"):
        return "3'UTR", ""
    offsets = [abs(int(offset)) for offset in (match["off"], match["off2"]) if offset]
    if offsets:
        return ("Splice_Site" if min(offsets) <= 2 else "Intron"), ""
    span = int(match["to"] or match["at"]) - int(match["at"]) + 1
    return _class_of_exonic_change(match["what"], span)


def _class_of_exonic_change(what: str, span: int) -> tuple[str, str]:
    """Return class and flag from the kind of a change and the bases it spans; a substitution stays unspecified."""
    inserted, listed = re.search(r"ins([ACGTN]+)$", what), re.fullmatch(r"(?:del|dup)([ACGTN]+)", what)
    span = len(listed[1]) if listed else span
    if inserted:
        growth = len(inserted[1]) - (span if what.startswith("del") else 0)
    elif what.startswith("dup"):
        growth = span
    elif what.startswith("del") and "ins" not in what:
        growth = -span
    else:
        return "Missense_Mutation", UNSPECIFIED
    kind = "Ins" if growth > 0 else "Del"
    return (f"Frame_Shift_{kind}" if growth % 3 else f"In_Frame_{kind}"), ""


def _parse_qualifiers(text: str | None) -> _Qualifiers:
    if text is None:
        return _Qualifiers()
    vaf: float | None = None
    words: set[str] = set()
    for part in text.split(","):
        word = part.strip().lower()
        if word.startswith("vaf="):
            vaf = _parse_vaf(word[4:])
        elif word in {"germline", "vus", "out_of_frame"}:
            words.add(word)
        else:
            raise _NotReadableError(f"{part.strip()!r} is none of vaf=..., germline, vus, out_of_frame")
    flags = ("vus",) if "vus" in words else ()
    return _Qualifiers(vaf=vaf, germline="germline" in words, flags=flags, out_of_frame="out_of_frame" in words)


def _parse_vaf(text: str) -> float:
    try:
        value = float(text.rstrip("%").replace(",", ".")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise _NotReadableError(f"the allele fraction {text!r} is no number") from None
    if not 0 <= value <= 1:
        raise _NotReadableError(f"the allele fraction must be between 0 and 1, found {text}")
    return value


def _build(
    items: list[dict[str, object]],
    table: Table,
    gene_columns: tuple[str, ...],
    *,
    findings: Findings,
    names: GeneNames,
    file: str,
    column: str,
) -> pd.DataFrame:
    """Make a table of parsed rows, with current gene symbols; rows whose gene is not resolved are left out."""
    frame = conform(pd.DataFrame(items), table)
    for name in gene_columns:
        lines = frame.get("row")
        resolved = normalize_genes(frame[name], findings=findings, names=names, file=file, rows=lines, column=column)
        frame[name] = resolved.gene
        if name == "gene" and "entrez_gene_id" in frame:
            frame["entrez_gene_id"] = resolved.entrez_gene_id
    known = frame[list(gene_columns)].notna().any(axis=1)
    return conform(frame[known], table)


def _one_value_each(frame: pd.DataFrame, *, findings: Findings, column: str) -> pd.DataFrame:
    """Keep one row per sample and gene; report a gene that is both amplified and deleted."""
    key = ["sample_id", "gene"]
    distinct = frame.drop_duplicates([*key, "value"])
    clash = distinct[distinct.duplicated(key, keep="first")]
    for _, row in clash.iterrows():
        findings.add(
            "E_DUP_CONFLICT",
            f"{row['gene']} of {row['sample_id']} must be amplified or deleted, found both.",
            file=str(row.get("file", "")),
            row=int(row["row"]),
            column=column,
            value=row["gene"],
        )
    kept = distinct.drop_duplicates(key)
    return conform(kept[[*COPY_NUMBER.names]], COPY_NUMBER)
