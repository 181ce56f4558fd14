"""From segments of copy number to genes.

A gene has the most extreme value that **more than half** of its length reaches (of its targets, where a BED panel gives
them, or of its coding sequence), 0 if none does, and is missing if no more than half of it is covered by segments. So a
segment cut in two, or given in another order, changes nothing. A deep loss or an amplification of less than that is not
called: the gene keeps the value of the rest and is marked ``partial``.

Where only the names of a segment's genes are known (CNVkit), a gene of several segments has the least extreme of their
values, 0 if they point in different directions, and is marked ``partial`` if one of them is deep or amplified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.genomics.cna_levels import call_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEGMENT_COLUMNS: Final[dict[str, str]] = {
    "sample_id": "string", "chrom": "string", "start": "int64", "end": "int64", "log2": "float64",
    "total_copy_number": "float64", "minor_copy_number": "float64", "row": "int64",
}  # fmt: skip
_MEASURES: Final = ("log2", "total_copy_number", "minor_copy_number")
_HELPERS: Final = ["chrom", "start", "end", "level", "deep", "off"]
_BLOCK: Final = 1_000_000  # genes x samples at a time, to keep temporary arrays small


def call_genes(segments: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """Return the copy-number values of genes from the segments that cover them.

    Parameters
    ----------
    segments
        ``SEGMENT_COLUMNS``: 0-based, half-open; copies and ratios missing where not given; ``row`` is the source line.
    spans
        ``GeneSpans.table``: ``gene, chrom, start, end``; several intervals per gene do not overlap.

    Returns
    -------
    DataFrame
        ``schema.COPY_NUMBER``, sorted: values other than 0; missing ones (too little of the gene is covered); zeros
        that are ``partial`` or have lost an allele. Ratio and copies are those at the middle of the gene's length (of
        the part that has its value), and ``row`` is the first line of that part.

    Notes
    -----
    Overlapping segments that make one half lost and one half gained leave the gene missing. The other allele of a gene
    on X or Y is not looked at. Rules: module text; thresholds: ``cna_levels``.
    """
    leveled = segments.assign(level=call_levels(segments)).dropna(subset=["level"])
    genes = pd.Index(spans["gene"].astype("string").unique(), dtype="string").sort_values()
    samples = pd.Index(segments["sample_id"].astype("string").unique(), dtype="string").sort_values()
    parts = []
    size = max(_BLOCK // max(len(genes), 1), 1)
    for start in range(0, len(samples), size):
        block = samples[start : start + size]
        parts.append(_call_block(leveled[leveled["sample_id"].isin(block)], spans, block, genes))
    return schema.conform(pd.concat(parts) if parts else schema.empty(schema.COPY_NUMBER), schema.COPY_NUMBER)


def call_named_genes(segments: pd.DataFrame, genes: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Return the copy-number values of genes from segments that name them.

    Parameters
    ----------
    segments
        ``SEGMENT_COLUMNS``.
    genes
        Current symbols of the genes of each segment.

    Returns
    -------
    DataFrame
        As :func:`call_genes`; a gene that no segment names is not in the file.
    """
    frame = segments.assign(level=call_levels(segments), gene=pd.Series(list(genes), index=segments.index))
    frame = frame.dropna(subset=["level"]).explode("gene").dropna(subset=["gene"])
    keys = [frame["sample_id"], frame["gene"].astype("string")]
    low, high = (frame["level"].groupby(keys).transform(name) for name in ("min", "max"))
    frame = frame.assign(
        gene=keys[1],
        value=np.where(low > 0, low, np.where(high < 0, high, 0.0)),
        deep=np.maximum(low.abs(), high.abs()) == 2.0,
    )
    frame = frame.assign(
        partial=frame["deep"] & (frame["value"].abs() != 2.0), off=(frame["level"] - frame["value"]).abs()
    )
    frame = frame.sort_values(["sample_id", "gene", "off", "row"]).drop_duplicates(["sample_id", "gene"])
    frame["minor_copy_number"] = frame["minor_copy_number"].mask(frame["chrom"].isin(["X", "Y"]))
    return schema.conform(_worth_a_row(frame).drop(columns=_HELPERS, errors="ignore"), schema.COPY_NUMBER)


def _call_block(segments: pd.DataFrame, spans: pd.DataFrame, samples: pd.Index, genes: pd.Index) -> pd.DataFrame:
    """Call every gene in some samples."""
    over = _overlaps(segments, spans, samples, genes)
    lengths = (spans["end"] - spans["start"]).groupby(spans["gene"].astype("string")).sum().reindex(genes)
    shape = (len(samples), len(genes))
    half = np.broadcast_to(lengths.to_numpy(dtype=np.float64) / 2, shape).ravel()

    def covered(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        rows = over[chosen]
        return np.bincount(rows["key"], weights=rows["bases"], minlength=half.size).astype(np.float64)

    level = over["level"].to_numpy()
    reach = {value: covered(level * np.sign(value) >= abs(value)) for value in (-2.0, -1.0, 1.0, 2.0)}
    value = np.select([reach[one] > half for one in (-2.0, -1.0)], [-2.0, -1.0], default=0.0)
    gain = np.select([reach[one] > half for one in (2.0, 1.0)], [2.0, 1.0], default=0.0)
    unclear = (covered(np.ones(len(level), dtype=bool)) <= half) | ((value < 0) & (gain > 0))
    value = np.where(unclear, np.nan, value + gain)
    deep = (reach[-2.0] > 0) | (reach[2.0] > 0)
    frame = pd.DataFrame(
        {
            "sample_id": np.repeat(samples.to_numpy(), len(genes)),
            "gene": np.tile(genes.to_numpy(), len(samples)),
            "value": value,
            "partial": deep & (np.abs(value) != 2.0),
        }
    )
    return _worth_a_row(frame.join(_middles(over, value)))


def _overlaps(segments: pd.DataFrame, spans: pd.DataFrame, samples: pd.Index, genes: pd.Index) -> pd.DataFrame:
    """Return one row per segment and gene (or interval of a gene) that meet: key, bases, and what the segment says.

    A gene whose intervals no segment cuts is counted as a whole; only the others are looked at interval by interval.
    """
    columns = ["level", *_MEASURES, "row"]
    left = segments[["chrom", "start", "end", *columns]].assign(
        sample=samples.get_indexer(pd.Index(segments["sample_id"]))
    )
    right = spans[["chrom", "start", "end"]].assign(
        gene=genes.get_indexer(pd.Index(spans["gene"].astype("string"))), length=spans["end"] - spans["start"]
    )
    whole = right.groupby("gene", as_index=False).agg({"chrom": "first", "start": "min", "end": "max", "length": "sum"})
    met = _join(left, whole)
    inside = (met["Start"] <= met["Start_b"]) & (met["End"] >= met["End_b"])
    cut = met.loc[~inside, "gene"].unique()
    parts = _join(left, right[right["gene"].isin(cut)])
    parts["length"] = np.minimum(parts["End"], parts["End_b"]) - np.maximum(parts["Start"], parts["Start_b"])
    met = pd.concat([met[~met["gene"].isin(cut)], parts], ignore_index=True)
    met["minor_copy_number"] = met["minor_copy_number"].mask(met["Chromosome"].isin(["X", "Y"]))
    key = met["sample"].to_numpy(dtype=np.int64) * len(genes) + met["gene"].to_numpy(dtype=np.int64)
    out: pd.DataFrame = met[columns].assign(key=key, bases=met["length"].astype("float64"))
    return out


def _join(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of intervals (``chrom``, ``start``, ``end``) that overlap, in the column names of pyranges."""
    import pyranges

    names = {"chrom": "Chromosome", "start": "Start", "end": "End"}
    one, two = (frame.rename(columns=names).astype({"Chromosome": str}) for frame in (left, right))
    found: pd.DataFrame = pyranges.PyRanges(one).join(pyranges.PyRanges(two)).df if len(one) and len(two) else one[:0]
    if found.empty:
        found = one.iloc[:0].assign(**{name: [] for name in ("Start_b", "End_b", "gene", "length")})
    return found.astype({"Chromosome": str, "gene": "int64", "length": "int64", "Start_b": "int64", "End_b": "int64"})


def _middles(over: pd.DataFrame, value: NDArray[np.float64]) -> pd.DataFrame:
    """Return ratio, copies and first line of the part of each gene that has its value, indexed by key."""
    same = over[over["level"].to_numpy() == value[over["key"].to_numpy()]]
    measures = {name: _weighted_median(same, name) for name in _MEASURES}
    return pd.DataFrame({**measures, "row": same.groupby("key")["row"].min().astype("Int64")})


def _weighted_median(rows: pd.DataFrame, name: str) -> pd.Series:
    """Return the value at the middle of the bases of each key."""
    known = rows[rows[name].notna()].sort_values(["key", name])
    bases = known.groupby("key")["bases"]
    past = bases.cumsum() * 2 >= bases.transform("sum")
    return known[past].drop_duplicates("key").set_index("key")[name]


def _worth_a_row(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out plain zeros, and say what the values rest on."""
    lost_allele = frame["minor_copy_number"].eq(0)
    kept = frame[(frame["value"] != 0.0) | frame["partial"] | lost_allele]
    method = pd.Series("copies", index=kept.index, dtype="string")
    method = method.mask(kept["total_copy_number"].isna(), "log2").mask(kept["value"].isna())
    return kept.assign(method=method)
