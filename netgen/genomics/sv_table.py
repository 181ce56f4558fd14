"""Text columns of a table of structural variants become the table ``fusions``: values, genes, duplicates, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.genomics.alleles import normalize_build, normalize_chromosome
from netgen.genomics.genes import normalize_genes
from netgen.genomics.sv_names import read_class, read_frame
from netgen.genomics.sv_rows import write_notation

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

_SHORT: Final = {
    "DEL": "DELETION", "DUP": "DUPLICATION", "INS": "INSERTION", "INV": "INVERSION", "TRA": "TRANSLOCATION",
    "BND": "TRANSLOCATION", "CTX": "TRANSLOCATION", "TRANS": "TRANSLOCATION",
}  # fmt: skip
_TRUTH: Final = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


def resolve_sites(
    frame: pd.DataFrame, path: Path, findings: Findings, names: GeneNames | None, *, sides: tuple[str, ...] = ("1", "2")
) -> pd.DataFrame:
    """Return the table with current symbols in ``gene1`` and ``gene2``.

    Parameters
    ----------
    frame
        ``gene1``, ``gene2`` as written, ``entrez1``, ``entrez2`` as text (may be absent), ``row``.
    path, findings, names
        The file, the collector, and gene names (the bundled ones if None).
    sides
        Which of the two.

    Returns
    -------
    DataFrame
        A copy.
    """
    genes = {}
    for side in sides:
        ids = (
            pd.to_numeric(frame[f"entrez{side}"], errors="coerce").where(lambda one: one > 0)
            if f"entrez{side}" in frame
            else None
        )
        genes[f"gene{side}"] = normalize_genes(
            frame[f"gene{side}"], None if ids is None else ids.round().astype("Int64"), findings=findings, names=names,
            file=str(path), rows=frame["row"], column=f"gene{side}",
        ).gene  # fmt: skip
    return frame.assign(**genes)


def finish_table(frame: pd.DataFrame, path: Path, findings: Findings) -> pd.DataFrame:
    """Return the table ``fusions`` of rows with current symbols.

    Parameters
    ----------
    frame
        Text columns named as in ``schema.FUSIONS``; others are kept behind them.
    path, findings
        The file, and the collector of I_ROWS_IGNORED, W_DUP_IDENTICAL and I_STATUS_ASSUMED_SOMATIC.

    Returns
    -------
    DataFrame
        Table ``fusions``. Rows without sample or gene are left out, of identical rows one is kept. A blank class or
        frame is read from the text of the event; a blank status is somatic.
    """
    rows = _usable(frame, path, findings)
    text = rows["event_info"].fillna("")
    raw = rows["sv_class"].fillna("").str.strip().str.upper() if "sv_class" in rows else text.str.slice(0, 0)
    kinds = [_SHORT.get(str(one)) or read_class(str(one)) or read_class(str(two)) or "UNKNOWN"
             for one, two in zip(raw, text, strict=True)]  # fmt: skip
    written = zip(rows["frame"].fillna(""), text, strict=True)
    frames = [
        read_frame(str(one)) if read_frame(str(one)) != "Unknown" else read_frame(str(two)) for one, two in written
    ]
    values: dict[str, pd.Series] = {
        "sv_class": pd.Series(kinds, index=rows.index, dtype="string"),
        "frame": pd.Series(frames, index=rows.index, dtype="string"),
        "status": _status(rows, path, findings),
        "file": pd.Series(str(path), index=rows.index, dtype="string"),
    }
    for name in ("pos1", "pos2", "split_reads", "pair_reads"):
        if name in rows:
            values[name] = _whole(rows[name], low=1 if name.startswith("pos") else 0)
    for name in ("dna_support", "rna_support"):
        if name in rows:
            values[name] = rows[name].str.strip().str.casefold().map(_TRUTH).astype("boolean")
    for name, read in (("chrom1", normalize_chromosome), ("chrom2", normalize_chromosome), ("build", normalize_build)):
        if name in rows:
            cells = [None if pd.isna(cell) else read(str(cell)) for cell in rows[name]]
            values[name] = pd.Series(cells, index=rows.index, dtype="string")
    return schema.conform(write_notation(schema.conform(rows.assign(**values), schema.FUSIONS)), schema.FUSIONS)


def _usable(frame: pd.DataFrame, path: Path, findings: Findings) -> pd.DataFrame:
    """Leave out rows without sample or gene, and repeated rows."""
    usable = frame["sample_id"].notna() & (frame["gene1"].notna() | frame["gene2"].notna())
    if not usable.all():
        findings.add(
            "I_ROWS_IGNORED",
            f"{int((~usable).sum())} structural variant(s) without a sample or a gene were left out.",
            file=str(path),
        )
    return drop_repeats(frame[usable], path, findings)


def drop_repeats(frame: pd.DataFrame, path: Path, findings: Findings) -> pd.DataFrame:
    """Return the rows that do not repeat an earlier one.

    Parameters
    ----------
    frame
        Any columns, and ``row``, which is not compared.
    path, findings
        The file, and the collector of W_DUP_IDENTICAL.

    Returns
    -------
    DataFrame
        The first of identical rows.
    """
    again = frame.drop(columns="row").duplicated()
    if again.any():
        findings.add(
            "W_DUP_IDENTICAL",
            f"{int(again.sum())} structural variant(s) repeat another row and were left out.",
            file=str(path),
            row=int(frame.loc[again, "row"].iloc[0]),
        )
    return frame[~again]


def _status(rows: pd.DataFrame, path: Path, findings: Findings) -> pd.Series:
    written = rows["status"].str.strip().str.upper()
    assumed = ~written.isin(["SOMATIC", "GERMLINE"])
    if assumed.any():
        odd = sorted({str(value) for value in written[assumed].dropna()})
        findings.add(
            "I_STATUS_ASSUMED_SOMATIC",
            f"{int(assumed.sum())} structural variants have no usable status and were taken as somatic"
            f"{' (found ' + ', '.join(odd) + ')' if odd else ''}.",
            file=str(path),
            column="sv_status",
        )
    return written.mask(assumed, "SOMATIC").astype("string")


def _whole(cells: pd.Series, *, low: int) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce")
    return numbers.where(numbers >= low).round().astype("Int64")
