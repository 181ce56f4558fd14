"""Structural variants of a cBioPortal study: ``data_sv`` and the deprecated ``data_fusions``.

One row per event and sample, with its one or two genes. Five-prime and three-prime are not inferred from column order.
Columns beyond those of ``netgen.schema`` are not read here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.errors import InputError
from netgen.genomics.genes import normalize_genes
from netgen.genomics.textfile import is_null, read_lines, split_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.errors import Findings

_SV_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "sample_id": ("sample_id",),
    "gene1": ("site1_hugo_symbol",),
    "entrez1": ("site1_entrez_gene_id",),
    "gene2": ("site2_hugo_symbol",),
    "entrez2": ("site2_entrez_gene_id",),
    "status": ("sv_status",),
    "sv_class": ("class",),
    "frame": ("site2_effect_on_frame",),
    "event_info": ("event_info", "annotation", "comments"),
}
_FUSION_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "sample_id": ("tumor_sample_barcode", "sample_id"),
    "gene1": ("hugo_symbol",),
    "entrez1": ("entrez_gene_id",),
    "event_info": ("fusion",),
    "frame": ("frame",),
    "status": ("fusion_status", "sv_status"),
}
_FRAMES: Final = {
    "inframe": "In_frame", "outofframe": "Out_of_frame", "frameshift": "Frameshift", "outframe": "Out_of_frame",
}  # fmt: skip
_INTRAGENIC: Final = re.compile(r"[\s:_-]*(intragenic|intra-genic).*", re.IGNORECASE)
_CLASS_WORD: Final = r"\b(DELETION|DUPLICATION|INSERTION|INVERSION|TRANSLOCATION|FUSION)\b"
_NOISE: Final = re.compile(r"\s*\b(fusion|archer|gene|rearrangement)\b.*", re.IGNORECASE)
_JOINT: Final = re.compile(r"\s*(?:::|--|:|/|-|_|\+)\s*")


def read_structural_variants(path: Path, *, findings: Findings) -> pd.DataFrame:
    """Return the structural variants of a ``data_sv`` file.

    Parameters
    ----------
    path
        Tab-separated, header matched whatever its case.
    findings
        Collects ragged rows and rows without sample or gene.

    Returns
    -------
    DataFrame
        Table ``fusions`` of ``netgen.schema``. A blank status is somatic; a blank class is read from the event's text.

    Raises
    ------
    InputError
        If a needed column is absent (E_COLUMN_MISSING).
    """
    frame = _read_columns(path, _SV_COLUMNS, needed=("sample_id", "gene1", "gene2"), findings=findings)
    sides = [_resolve(frame, f"gene{side}", f"entrez{side}", path, findings) for side in ("1", "2")]
    return _finish(frame.assign(gene1=sides[0], gene2=sides[1]), path, findings)


def read_legacy_fusions(path: Path, *, findings: Findings) -> pd.DataFrame:
    """Return the fusions of a deprecated ``data_fusions`` file, one row per fusion and sample.

    The file has one row for each gene of a fusion; both rows become one. The other gene is read from the fusion's name
    (``EML4-ALK fusion``, ``KIAA1549:BRAF``); ``GENE-intragenic`` has the same gene on both sides.

    Parameters
    ----------
    path
        Tab-separated, header matched whatever its case.
    findings
        Collects ragged rows and rows without sample or gene.

    Returns
    -------
    DataFrame
        Table ``fusions`` of ``netgen.schema``.

    Raises
    ------
    InputError
        If a needed column is absent (E_COLUMN_MISSING).
    """
    frame = _read_columns(path, _FUSION_COLUMNS, needed=("sample_id", "gene1", "event_info"), findings=findings)
    written = frame["gene1"].fillna("").astype(str)
    names = frame["event_info"].fillna("").astype(str)
    partner = [partner_of(gene, name) for gene, name in zip(written, names, strict=True)]
    frame = frame.assign(gene2=pd.Series(partner, index=frame.index, dtype="string"))
    gene1 = _resolve(frame, "gene1", "entrez1", path, findings)
    same = (frame["gene2"] == frame["gene1"]).fillna(value=False)
    gene2 = _resolve(frame, "gene2", None, path, findings).mask(same, gene1)
    frame = frame.assign(gene1=gene1, gene2=gene2)
    pair = [tuple(sorted({*both})) for both in zip(gene1.fillna(""), gene2.fillna(""), strict=True)]
    once = ~pd.DataFrame({"sample": frame["sample_id"], "pair": pair, "name": frame["event_info"]}).duplicated()
    return _finish(frame[once], path, findings)


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
        The other gene, ``gene`` itself for an intragenic event, None if the name has no other gene.

    Examples
    --------
    >>> partner_of("ALK", "ALK-EML4 fusion"), partner_of("HLA-A", "MYB::HLA-A"), partner_of("MET", "MET-intragenic")
    ('EML4', 'MYB', 'MET')
    """
    if _INTRAGENIC.search(name):
        return gene
    text = _NOISE.sub("", name).strip()
    for pattern in (rf"{re.escape(gene)}{_JOINT.pattern}(.+)", rf"(.+?){_JOINT.pattern}{re.escape(gene)}"):
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match:
            return match.group(1).strip()
    return None


def _read_columns(
    path: Path, wanted: dict[str, tuple[str, ...]], *, needed: Sequence[str], findings: Findings
) -> pd.DataFrame:
    """Return the wanted columns as text with missing values, and the line of each row."""
    lines = read_lines(path)
    places = [place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    header, *rows = split_fields(lines[place] for place in places) if places else [[""]]
    names = [name.casefold() for name in header]
    columns = {
        name: names.index(next(one for one in spellings if one in names))
        for name, spellings in wanted.items()
        if any(one in names for one in spellings)
    }
    absent = [wanted[name][0] for name in needed if name not in columns]
    if absent:
        raise InputError(
            "E_COLUMN_MISSING",
            f"Columns {', '.join(absent)} are needed, found {', '.join(header[:8])}.",
            fix="Add the column.",
            file=str(path),
        )
    whole = [(place + 1, row) for place, row in zip(places[1:], rows, strict=True) if len(row) > max(columns.values())]
    ragged = len(rows) - len(whole)
    if ragged:
        findings.add(
            "E_ROW_TRUNCATED",
            f"{ragged} row(s) have fewer columns than the header.",
            fix="Complete the rows.",
            file=str(path),
        )
    data = {
        name: pd.Series(
            [None if is_null(row[columns[name]]) else row[columns[name]] for _, row in whole]
            if name in columns
            else None,
            index=range(len(whole)),
            dtype="string",
        )
        for name in wanted
    }
    return pd.DataFrame(data).assign(row=pd.Series([line for line, _ in whole], dtype="Int64"))


def _resolve(frame: pd.DataFrame, gene: str, entrez: str | None, path: Path, findings: Findings) -> pd.Series:
    ids = None
    if entrez is not None:
        ids = pd.to_numeric(frame[entrez], errors="coerce").astype("Int64")
    return normalize_genes(
        frame[gene], ids, findings=findings, file=str(path), rows=frame["row"], column=gene
    ).gene  # fmt: skip


def _finish(frame: pd.DataFrame, path: Path, findings: Findings) -> pd.DataFrame:
    usable = frame["sample_id"].notna() & (frame["gene1"].notna() | frame["gene2"].notna())
    if not usable.all():
        findings.add(
            "I_ROWS_IGNORED",
            f"{int((~usable).sum())} structural variant(s) without a sample or a gene were left out.",
            file=str(path),
        )
    rows = frame[usable]
    known = {"DELETION", "DUPLICATION", "INSERTION", "INVERSION", "TRANSLOCATION", "FUSION"}
    kind = rows["event_info"].str.upper().str.extract(_CLASS_WORD, expand=False)
    if "sv_class" in rows:
        kind = rows["sv_class"].str.upper().fillna(kind)
    status = rows["status"].str.upper().fillna("SOMATIC")
    frames = rows["frame"].str.replace(r"[^A-Za-z]", "", regex=True).str.casefold().map(_FRAMES)
    out = rows.assign(
        sv_class=kind.where(kind.isin(known), "UNKNOWN"),
        status=status.where(status == "GERMLINE", "SOMATIC"),
        frame=frames.fillna("Unknown").astype("string"),
        file=pd.Series(str(path), index=rows.index, dtype="string"),
    )
    keep = [name for name in out.columns if name in schema.FUSIONS.names]
    return schema.conform(out[keep], schema.FUSIONS)
