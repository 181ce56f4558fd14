"""Copy number in a VCF: ``<DEL>``, ``<DUP>`` and ``<CNV>`` records of a caller by depth (CNVkit ``export vcf``, ...).

Such a file lists what is lost or gained; what it does not list is normal, so a gene outside every record is 0 and not
missing. Copies come from ``<CN3>`` or INFO ``CN``, ratios from ``FOLD_CHANGE_LOG``, ``LOG2_RATIO`` or ``FOLD_CHANGE``;
a record that says neither gives no value. The rules are those of ``cna_levels`` and ``cna_genes``.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.genomics.alleles import normalize_chromosome
from netgen.genomics.cna_genes import SEGMENT_COLUMNS, call_genes
from netgen.genomics.sv_info import is_copy_number, parse_info, read_int

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.genomics.gene_spans import GeneSpans
    from netgen.genomics.vcf_structural import SvRecord

_LOG2: Final = ("FOLD_CHANGE_LOG", "LOG2_RATIO", "LOG2")
_COPIES: Final = re.compile(r"<CN(\d+)>", re.IGNORECASE)
_PASSED: Final = frozenset({"", ".", "PASS"})


def copy_number_of_records(
    records: Sequence[SvRecord], *, spans: GeneSpans, path: Path, dropped: dict[tuple[str, str], int] | None = None
) -> pd.DataFrame:
    """Return the copy number of genes from records that speak of it.

    Parameters
    ----------
    records
        Symbolic records of the tumours of one file; those of junctions are passed over.
    spans
        Where genes lie, on the build of the file.
    path
        The file.
    dropped
        Grows: (sample_id, reason) -> number of records. Reasons: ``filter``, ``copy_number_unstated``.

    Returns
    -------
    DataFrame
        ``schema.COPY_NUMBER`` without zeros and missing values, except for genes marked ``partial``.
    """
    lost = {} if dropped is None else dropped
    rows = []
    for record in records:
        info = parse_info(record.info)
        end = read_int(info.get("END", ""))
        length = read_int(info.get("SVLEN", "").lstrip("-"))
        if end is None and length is not None:
            end = record.pos + length
        span = None if end is None else end - record.pos
        reads = (record.split_reads or 0) + (record.pair_reads or 0)
        if not is_copy_number(record.alt, info, span, reads):
            continue
        ratio, copies = _measures(record.alt, info)
        reason = "" if (record.filter or "") in _PASSED else "filter"
        if end is None or end <= record.pos or (math.isnan(ratio) and math.isnan(copies)):
            reason = reason or "copy_number_unstated"
        if reason:
            lost[record.sample_id, reason] = lost.get((record.sample_id, reason), 0) + 1
            continue
        chrom = normalize_chromosome(record.chrom)
        rows.append((record.sample_id, chrom, record.pos, end, ratio, copies, math.nan, record.row))
    segments = pd.DataFrame(rows, columns=list(SEGMENT_COLUMNS)).astype(SEGMENT_COLUMNS)
    table = call_genes(segments, spans.table)
    # Nothing is said of a gene outside the records: it is normal. One that they touch is 0 and partial.
    table["value"] = table["value"].mask(table["value"].isna() & table["partial"].fillna(value=False).astype(bool), 0.0)
    table = table[table["value"].notna()].reset_index(drop=True)
    return table.assign(file=pd.Series(str(path), index=table.index, dtype="string"))


def _measures(alt: str, info: Mapping[str, str]) -> tuple[float, float]:
    """Return log2 ratio and copies of a record; NaN where it does not say."""
    symbol = _COPIES.fullmatch(alt)
    copies = _number(symbol.group(1) if symbol else info.get("CN", ""))
    ratio = next((_number(info[key]) for key in _LOG2 if key in info), math.nan)
    fold = _number(info.get("FOLD_CHANGE", ""))
    if math.isnan(ratio) and fold > 0:
        ratio = math.log2(fold)
    return ratio, copies


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
