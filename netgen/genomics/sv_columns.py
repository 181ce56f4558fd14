"""Columns of structural-variant tables: the cBioPortal specification, its older spellings, and the names of its API.

A header is compared in lower case without anything but letters and digits, so ``Site1_Hugo_Symbol``,
``site1HugoSymbol`` and ``SITE1 HUGO SYMBOL`` are one column.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError
from netgen.genomics.textfile import is_null, read_lines, split_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.errors import Findings

Spellings = dict[str, tuple[str, ...]]
SV_COLUMNS: Final[Spellings] = {
    "sample_id": ("sample_id", "tumor_sample_barcode", "sample"),
    "status": ("sv_status", "variant_status_name"),
    **{
        f"{name}{side}": (*(f"site{side}_{spelling}" for spelling in spellings), *others)
        for side, letter in (("1", "a"), ("2", "b"))
        for name, spellings, others in (
            ("gene", ("hugo_symbol", "gene"), (f"gene{letter}", f"gene{side}")),
            ("entrez", ("entrez_gene_id",), ()),
            ("ensembl", ("ensembl_transcript_id", "ensembl_gene_id"), ()),
            ("chrom", ("chromosome", "chrom"), ()),
            ("pos", ("position", "pos"), ()),
            ("strand", ("strand",), ()),
            ("site", ("description", "desc"), ()),
        )
    },
    "frame": ("site2_effect_on_frame", "site2_frame", "effect_on_frame", "frame"),
    "build": ("ncbi_build", "genome_build", "build"),
    "sv_class": ("class", "sv_class_name", "variant_class", "sv_class", "sv_type"),
    "dna_support": ("dna_support",),
    "rna_support": ("rna_support",),
    "split_reads": ("tumor_split_read_count", "split_read_support"),
    "pair_reads": ("tumor_paired_end_read_count", "paired_end_read_support"),
    "connection": ("connection_type", "conn_type"),
    "event": ("event_info", "fusion"),
    "annotation": ("annotation",),
    "comments": ("comments", "sv_desc"),
}
# Columns of the specification that are kept as they are, behind those of the table ``fusions``.
SV_EXTRAS: Final[Spellings] = {
    **{
        f"site{side}_{name}": tuple(f"site{side}_{spelling}" for spelling in spellings)
        for side in "12"
        for name, spellings in (
            ("region_number", ("region_number", "exon")),
            ("region", ("region",)),
            ("contig", ("contig",)),
        )
    },
    "sv_length": ("sv_length", "length"),
    **{
        name: (name,)
        for name in (
            "breakpoint_type", "center", "normal_read_count", "tumor_read_count", "normal_variant_count",
            "tumor_variant_count", "normal_paired_end_read_count", "normal_split_read_count", "external_annotation",
            "cbp_driver", "cbp_driver_annotation", "cbp_driver_tiers", "cbp_driver_tiers_annotation",
        )
    },
}  # fmt: skip
FUSION_EXTRAS: Final[Spellings] = {name: (name,) for name in ("center", "method", "comments")}
FUSION_COLUMNS: Final[Spellings] = {
    "sample_id": ("tumor_sample_barcode", "sample_id"),
    "gene1": ("hugo_symbol",),
    "entrez1": ("entrez_gene_id",),
    "event": ("fusion",),
    "frame": ("frame",),
    "status": ("fusion_status", "sv_status"),
    "dna_support": ("dna_support",),
    "rna_support": ("rna_support",),
    "build": ("ncbi_build",),
}


def read_columns(
    path: Path, wanted: Spellings, *, needed: Sequence[tuple[str, ...]], findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the wanted columns of a tab-separated table, and those of namespaces.

    Parameters
    ----------
    path
        The file; lines that begin with ``#`` are comments.
    wanted
        Name here -> spellings of the header.
    needed
        Groups of names here; of each group one is needed.
    findings
        Collects E_ROW_TRUNCATED.

    Returns
    -------
    DataFrame
        Wanted columns as "string", missing where the cell is null or the column absent, and ``row``: line of the file.
    DataFrame
        Columns of a namespace (``StructVarNs.column1``) that hold anything, names in lower case, same rows.

    Raises
    ------
    InputError
        If a needed column is absent (E_COLUMN_MISSING).
    """
    lines = read_lines(path)
    places = _table_lines(lines)
    header, *rows = split_fields(lines[place] for place in places) if places else [[""]]
    columns = _find(header, wanted)
    _check(header, wanted, columns, needed, path)
    width = max(columns.values(), default=-1) + 1
    whole = [(place + 1, row) for place, row in zip(places[1:], rows, strict=True) if len(row) >= width]
    if len(whole) < len(rows):
        findings.add(
            "E_ROW_TRUNCATED",
            f"{len(rows) - len(whole)} row(s) have fewer columns than the header.",
            fix="Complete the rows.",
            file=str(path),
        )

    def column(place: int | None, name: str = "") -> pd.Series:
        cells = [row[place] if place is not None and place < len(row) else "" for _, row in whole]
        strand = name.startswith("strand")  # where "-" is a value
        texts = [None if is_null(cell) and not (strand and cell == "-") else cell for cell in cells]
        return pd.Series(texts, index=range(len(whole)), dtype="string")

    frame = pd.DataFrame({name: column(columns.get(name), name) for name in wanted}, index=range(len(whole)))
    used = set(columns.values())
    other = {name.casefold(): column(place) for place, name in enumerate(header) if place not in used and "." in name}
    extra = pd.DataFrame(other, index=range(len(whole))).dropna(axis="columns", how="all")
    return frame.assign(row=pd.Series([line for line, _ in whole], dtype="Int64")), extra


def count_rows(path: Path) -> int:
    """Return the number of rows of a table, the header not counted.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    int
        Lines that are neither blank nor comments, less one.
    """
    return max(len(_table_lines(read_lines(path))) - 1, 0)


def _table_lines(lines: Sequence[str]) -> list[int]:
    return [place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")]


def _find(header: Sequence[str], wanted: Spellings) -> dict[str, int]:
    names = [_key(name) for name in header]
    found = {
        name: next((key for key in map(_key, spellings) if key in names), None) for name, spellings in wanted.items()
    }
    return {name: names.index(key) for name, key in found.items() if key is not None}


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _check(
    header: Sequence[str], wanted: Spellings, columns: Mapping[str, int], needed: Sequence[tuple[str, ...]], path: Path
) -> None:
    absent = [wanted[group[0]][0] for group in needed if not any(name in columns for name in group)]
    if absent:
        raise InputError(
            "E_COLUMN_MISSING",
            f"Columns {', '.join(absent)} are needed, found {', '.join(header[:8])}.",
            fix="Add the column.",
            file=str(path),
        )
