"""Genes and transcripts of a GFF3 file: where they lie, and which transcript of a gene is MANE Select or canonical.

Read are the GFF3 of Ensembl (``ID=gene:...``, ``ID=transcript:...``) and of GENCODE (``gene_type=``,
``transcript_type=``). RefSeq's GFF3 and any GTF are refused, with what to do (``gff3``).

Intervals are 0-based and half-open. Chromosome names stay as the file writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import numpy as np
import pandas as pd

from netgen.genomics.gff3 import NAMES, read_attribute, refuse, stream_features, strip_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

COLUMNS: Final[dict[str, str]] = {
    "gene_id": "string", "gene": "string", "chrom": "string", "start": "int64", "end": "int64", "strand": "string",
    "gene_biotype": "string", "transcript_id": "string", "transcript_start": "int64", "transcript_end": "int64",
    "biotype": "string", "mane": "bool", "canonical": "bool", "gene_type": "string", "transcript_type": "string",
}  # fmt: skip
PARTS: Final[dict[str, str]] = {
    "chrom": "category", "type": "category", "start": "int64", "end": "int64", "strand": "category",
    "phase": "category", "transcript_id": "category",
}  # fmt: skip
_TYPES: Final = ("CDS", "exon", "five_prime_UTR", "three_prime_UTR")
_REPEATED: Final = ["chrom", "type", "strand", "kind", "tag"]  # columns whose values are few


def read_gene_models(path: Path) -> pd.DataFrame:
    """Return the transcripts of a GFF3 with their genes.

    Parameters
    ----------
    path
        GFF3 of Ensembl or GENCODE, plain or gzip.

    Returns
    -------
    DataFrame
        One row per transcript, ``COLUMNS``: ``gene`` is the symbol, or the id where a gene has none; ``start`` and
        ``end`` are those of the gene; ``gene_type`` and ``transcript_type`` the types of the features (``gene``,
        ``mRNA`` ...). Sorted by chromosome, start of the gene, gene and transcript id. For genes alone:
        ``drop_duplicates("gene_id")``.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING), or is no GFF3 of this kind (E_FILE_FORMAT).
    """
    import pyarrow as pa

    tables = [_describe(batch) for batch in stream_features(path)]
    features = pa.concat_tables(tables).to_pandas(categories=_REPEATED) if tables else pd.DataFrame()
    if features.empty:
        raise refuse(path, "found none")
    genes = features[features["is_gene"]].drop_duplicates(["ID", "chrom"])
    transcripts = features[~features["is_gene"]].drop_duplicates(["ID", "chrom"])
    table = transcripts.merge(genes, left_on=["Parent", "chrom"], right_on=["ID", "chrom"], suffixes=("", "_of_gene"))
    if table.empty:
        raise refuse(path, f"found {len(genes)} genes and {len(transcripts)} transcripts that belong to none of them")
    columns = {
        "gene_id": table["Parent"],
        "gene": table["symbol_of_gene"].where(table["symbol_of_gene"].ne(""), table["Parent"]).map(unquote),
        "chrom": table["chrom"],
        "start": table["start_of_gene"] - 1,
        "end": table["end_of_gene"],
        "strand": table["strand"],
        "gene_biotype": table["kind_of_gene"],
        "transcript_id": table["ID"],
        "transcript_start": table["start"] - 1,
        "transcript_end": table["end"],
        "biotype": table["kind"],
        "mane": table["tag"].str.contains(r"\bMANE_Select\b"),
        "canonical": table["tag"].str.contains(r"\bEnsembl_canonical\b"),
        "gene_type": table["type_of_gene"],
        "transcript_type": table["type"],
    }
    order = ["chrom", "start", "gene_id", "transcript_id"]
    return pd.DataFrame(columns).astype(COLUMNS).sort_values(order, ignore_index=True)


def read_transcript_parts(path: Path, models: pd.DataFrame) -> pd.DataFrame:
    """Return exons, coding and untranslated parts of some transcripts.

    Parameters
    ----------
    path
        The GFF3.
    models
        Rows of :func:`read_gene_models`.

    Returns
    -------
    DataFrame
        ``PARTS``, in file order.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted, types = pa.array(sorted(set(models["transcript_id"])), type=pa.string()), pa.array(_TYPES)
    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([(name, pa.int64() if kind == "int64" else text) for name, kind in PARTS.items()])
    regions = _merge_genes(models)
    tables = [schema.empty_table()]
    for batch in stream_features(path) if len(wanted) else ():
        rows = batch.filter(pc.is_in(batch["type"], types))
        rows = rows.filter(pa.array(_lie_within(rows, regions), type=pa.bool_()))
        parents = strip_prefix(read_attribute(rows["attributes"], "Parent"))
        rows = rows.append_column("transcript_id", parents).filter(pc.is_in(parents, wanted))
        encoded = [rows[name] if kind == "int64" else rows[name].dictionary_encode() for name, kind in PARTS.items()]
        tables.append(pa.table(encoded, names=list(PARTS)))
    parts: pd.DataFrame = pa.concat_tables(tables).unify_dictionaries().to_pandas()
    return parts.assign(start=parts["start"] - 1)


def write_gene_models(models: pd.DataFrame, parts: pd.DataFrame, path: Path) -> None:
    """Write transcripts as the GFF3 that bcftools reads.

    Parameters
    ----------
    models, parts
        Rows of :func:`read_gene_models` and of :func:`read_transcript_parts`.
    path
        New file.
    """
    import pyarrow as pa
    from pyarrow import csv

    genes = models.drop_duplicates(["gene_id", "chrom"])
    gene_ids = "ID=gene:" + genes["gene_id"] + ";Name=" + genes["gene"] + ";biotype=" + genes["gene_biotype"]
    ids = "ID=transcript:" + models["transcript_id"] + ";Parent=gene:" + models["gene_id"]
    own = {"type": "transcript_type", "start": "transcript_start", "end": "transcript_end"}
    renamed = parts["transcript_id"].cat.rename_categories(lambda name: f"Parent=transcript:{name}")
    blocks = [
        genes.assign(type=genes["gene_type"], phase=".", attributes=gene_ids),
        models.assign(**{name: models[column] for name, column in own.items()}, phase=".")
        .assign(attributes=ids + ";biotype=" + models["biotype"]),
        parts.assign(attributes=renamed),
    ]  # fmt: skip
    schema = pa.schema([(name, pa.int64() if name in {"start", "end"} else pa.string()) for name in NAMES])
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with path.open("wb") as handle:
        handle.write(b"##gff-version 3\n")
        for block in blocks:
            rows = block.assign(start=block["start"] + 1, source=".", score=".")[list(NAMES)]
            csv.write_csv(pa.Table.from_pandas(rows, preserve_index=False).cast(schema), handle, options)


def _describe(batch: pa.Table) -> pa.Table:
    """Return the genes and transcripts of a piece with their attributes; what is not given is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = batch.filter(pc.invert(pc.is_in(batch["type"], pa.array(_TYPES))))
    text = rows["attributes"]
    ensembl = pc.match_substring_regex(text, r"(?:^|;)ID=(?:gene|transcript):")
    gencode = pc.and_(
        pc.match_substring_regex(rows["type"], "^(gene|transcript)$"), pc.match_substring(text, "gene_type=")
    )
    rows = rows.filter(pc.or_(ensembl, gencode))
    text = rows["attributes"]
    ids = read_attribute(text, "ID")
    is_gene = pc.or_(pc.starts_with(ids, "gene:"), pc.equal(rows["type"], "gene"))
    own = pc.if_else(is_gene, read_attribute(text, "gene_type"), read_attribute(text, "transcript_type"))
    described = {
        "ID": strip_prefix(ids),
        "Parent": strip_prefix(read_attribute(text, "Parent")),
        "symbol": _first_given(read_attribute(text, "gene_name"), read_attribute(text, "Name")),
        "kind": _first_given(read_attribute(text, "biotype"), read_attribute(text, "gene_biotype"), own),
        "tag": read_attribute(text, "tag"),
        "is_gene": is_gene,
    }
    return pa.table({**described, **{name: rows[name] for name in ("chrom", "type", "start", "end", "strand")}})


def _first_given(*columns: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return of each row the first text that is not empty."""
    import pyarrow.compute as pc

    *others, chosen = columns
    for column in reversed(others):
        chosen = pc.if_else(pc.not_equal(column, ""), column, chosen)
    return chosen


def _merge_genes(models: pd.DataFrame) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return chromosome -> starts of its genes and the largest end up to each of them."""
    regions: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
    for chrom, genes in models.sort_values("start").groupby("chrom"):
        regions[str(chrom)] = (genes["start"].to_numpy(), np.maximum.accumulate(genes["end"].to_numpy()))
    return regions


def _lie_within(
    rows: pa.Table, regions: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> NDArray[np.bool_]:
    """Return which features lie where one of the genes does."""
    chroms, starts, ends = (rows[name].to_numpy() for name in ("chrom", "start", "end"))
    inside = np.zeros(len(chroms), dtype=bool)
    for chrom in set(chroms) & set(regions):
        first, reach = regions[chrom]
        here = chroms == chrom
        last = np.searchsorted(first, starts[here] - 1, side="right") - 1
        inside[here] = (last >= 0) & (ends[here] <= reach[np.maximum(last, 0)])
    return inside
