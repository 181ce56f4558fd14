"""Copy numbers and fusions of an Oncomine VCF (Ion Reporter, Genexus): its records with ``SVTYPE``.

They are read from the text of the file, because their genotype is ``./.`` whether they were found or not: ``FILTER``,
reads and confidence limits decide.

*Copy number* (``SVTYPE=CNV``). ``CI=0.05:4.2,0.95:6.1`` are the limits below and above which the copies of the tumour
lie with 5 % probability each. The whole interval must lie in a class: lower limit at least 4 is amplification (2),
above 2 gain (1); upper limit below 0.5 is homozygous loss (-2); upper limit below 2 and lower limit at least 0.5 is -1.
A loss of one or both copies (lower limit below 0.5), a record without limits, and NOCALL are missing
(W_COPY_NUMBER_EQUIVOCAL); anything else is 0. The limit of 4 is the one that public scripts for Ion Reporter's exports
use (gain by the 5 % limit, loss by the 95 % limit); it is not verified in a manual of Thermo Fisher. Copies are those
of the sample (``CN``); ``RAW_CN`` is not corrected for the tumour's share and is not used.

*Fusions* (``SVTYPE=Fusion``). A fusion is two records, ``ID_1`` (donor, 5') and ``ID_2`` (partner, 3'); ``FILTER`` PASS
means that reads of it exceed the assay's threshold. ``SVTYPE=RNAExonVariant`` is a transcript without exons:
``MET-MET.M13M15.1`` skips exon 14, ``EGFR-EGFR.E1E8.1`` is EGFRvIII; the products are active.

Controls (5'/3' assays, expression, process controls) are counted as ``assay_control``.

References
----------
Ion Reporter Software help, "Fusion calls in analysis results" (donor first, then partner), "Data types for gene fusions
analyses", "CNV Somatic Confidence filter" (gain by the 5 % limit, loss by the 95 % limit).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.genomics.alleles import trim_allele
from netgen.genomics.oncomine import FIELD, is_hotspot, parse_func
from netgen.genomics.textfile import read_lines
from netgen.genomics.vcf_records import split_info
from netgen.genomics.vendor_rows import Row, copy_number_table, dropped_table, fusion_row, fusion_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

AMPLIFIED: Final = 4.0
_FUSIONS: Final = frozenset({"fusion", "rnaexonvariant"})
_PAIRED: Final = re.compile(r"(.+)_([12])")
_EXONS: Final = re.compile(r"([A-Z0-9]+)-\1\.[A-Z]+(\d{1,3})[A-Z]+(\d{1,3})")
_LIMITS: Final = re.compile(r"0?\.(05|95):(\d+(?:\.\d+)?)")


class _Record(NamedTuple):
    row: int
    chrom: str
    pos: str
    id: str
    filter: str
    info: dict[str, str]
    call: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class OncomineEvents:
    """Copy numbers and fusions of one sample.

    Attributes
    ----------
    copy_number, fusions
        Tables of ``netgen.schema``; copy numbers of 0 have no row.
    genes
        Genes whose copies the file tells, those with 0 among them.
    profiled
        Data types for which the file has records, of whatever result.
    n_records
        Records with SVTYPE.
    dropped
        sample_id, reason, n: what gave no row.
    """

    copy_number: pd.DataFrame
    fusions: pd.DataFrame
    genes: tuple[str, ...]
    profiled: tuple[str, ...]
    n_records: int
    dropped: pd.DataFrame


def read_oncomine_events(
    path: Path, sample: str, *, build: str | None, findings: Findings, names: GeneNames | None = None
) -> OncomineEvents:
    """Return the copy numbers and fusions of an Oncomine VCF.

    Parameters
    ----------
    path
        VCF, plain or gzip.
    sample
        Its sample.
    build
        Genome build of the file, None if not known.
    findings
        Collects W_COPY_NUMBER_EQUIVOCAL, annotations that cannot be read (E_VALUE), and what ``genes.normalize_genes``
        reports.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    OncomineEvents
        Copy number is profiled if the file has records of it, structural variants if it has fusions or RNA controls.

    Raises
    ------
    InputError
        If the file is no text (E_FILE_FORMAT).
    """
    records = list(_records(path, findings))
    dropped: Counter[str] = Counter()
    copies = [record for record in records if record.info["SVTYPE"] == "CNV"]
    rna = [record for record in records if record.info["SVTYPE"] != "CNV"]
    events = [record for record in rna if record.info["SVTYPE"].casefold() in _FUSIONS]
    dropped["assay_control"] += len(rna) - len(events)
    copy_rows = [_copy_row(record, sample, path) for record in copies]
    _report_open(copy_rows, path, findings)
    fusion_rows = _fusion_rows(events, sample, build, dropped)
    told = copy_number_table(copy_rows, path, dropped, findings=findings, names=names)
    return OncomineEvents(
        copy_number=told[told["value"] != 0.0].reset_index(drop=True),
        fusions=fusion_table(fusion_rows, path, dropped, findings=findings, names=names),
        genes=tuple(sorted(told["gene"].dropna().unique())),
        profiled=tuple(name for name, found in (("cna", copies), ("structural_variants", rna)) if found),
        n_records=len(records),
        dropped=dropped_table(sample, dropped),
    )


def list_hotspots(path: Path) -> frozenset[tuple[int, str, str]]:
    """Return the alleles that the assay calls hot spots.

    Parameters
    ----------
    path
        VCF, plain or gzip.

    Returns
    -------
    frozenset
        Line of the file, and reference and alternative allele, trimmed as those of ``schema.VARIANTS``.
    """
    found = set()
    for row, line in enumerate(read_lines(path), start=1):
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 8:
            continue
        value = split_info(cells[7], FIELD)[0]
        for alt in cells[4].split(",") if value else ():
            if is_hotspot(value, ref=cells[3], alt=alt):
                found.add((row, *trim_allele(0, cells[3].upper(), alt.upper())[1:]))
    return frozenset(found)


def _records(path: Path, findings: Findings) -> Iterator[_Record]:
    """Yield the records with SVTYPE; report once the annotations, of any record, that cannot be read."""
    unread: list[int] = []
    for row, line in enumerate(read_lines(path), start=1):
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 8:  # a row that breaks off: reported with the small variants
            continue
        pairs = (part.partition("=") for part in cells[7].split(";"))
        info = {key: value for key, _, value in pairs}
        if info.get(FIELD) not in {None, ".", ""} and parse_func(info[FIELD]) is None:
            unread.append(row)
        if info.get("SVTYPE"):
            yield _Record(row, cells[0], cells[1], cells[2], cells[6], info, _call(cells))
    if unread:
        findings.add(
            "E_VALUE",
            f"FUNC must be a list of dictionaries of texts, found something else in {len(unread)} record(s), which have"
            " no consequence.",
            fix="Copy the file again.",
            file=str(path),
            row=unread[0],
            column=FIELD,
        )


def _call(cells: Sequence[str]) -> dict[str, str]:
    """Return FORMAT keys and values of the first sample."""
    return dict(zip(cells[8].split(":"), cells[9].split(":"), strict=False)) if len(cells) > 9 else {}


def _copy_row(record: _Record, sample: str, path: Path) -> Row:
    limits = {side: float(value) for side, value in _LIMITS.findall(record.info.get("CI", ""))}
    copies = record.call.get("CN", "")
    called = record.filter.upper() not in {"NOCALL", "FAIL"}
    return {
        "sample_id": sample, "gene": _gene(record), "value": _copy_value(limits) if called else math.nan,
        "total_copy_number": float(copies) if re.fullmatch(r"\d+(\.\d+)?", copies) else math.nan,
        "method": "copies", "file": str(path), "row": record.row,
    }  # fmt: skip


def _copy_value(limits: Mapping[str, float]) -> float:
    """Return the class that the whole interval lies in; missing if it cannot be told."""
    if not {"05", "95"} <= set(limits):
        return math.nan
    low, high = limits["05"], limits["95"]
    if low > 2:
        return 2.0 if low >= AMPLIFIED else 1.0
    if high < 2:
        return -2.0 if high < 0.5 else -1.0 if low >= 0.5 else math.nan
    return 0.0


def _report_open(rows: Sequence[Row], path: Path, findings: Findings) -> None:
    unknown = [row for row in rows if math.isnan(float(str(row["value"])))]
    if unknown:
        findings.add(
            "W_COPY_NUMBER_EQUIVOCAL",
            f"{len(unknown)} copy numbers have no clear call (NOCALL, no confidence limits, or a loss of one or both"
            " copies): they count as not measured.",
            file=str(path),
            row=int(str(unknown[0]["row"])),
            column="INFO",
        )


def _gene(record: _Record) -> str | None:
    """Return the gene of a record: ``GENE_NAME``, else that of ``FUNC``, else the ID of a copy number."""
    entries = parse_func(record.info.get("FUNC", "")) or ()
    named = record.info.get("GENE_NAME") or next((one["gene"] for one in entries if one.get("gene")), "")
    return named or (record.id if record.info["SVTYPE"] == "CNV" and record.id != "." else None)


def _fusion_rows(records: Sequence[_Record], sample: str, build: str | None, dropped: Counter[str]) -> list[Row]:
    """Join the two records of each event; those that were not found are counted."""
    sides: dict[str, dict[str, _Record]] = {}
    for record in records:
        match = _PAIRED.fullmatch(record.id)
        sides.setdefault(match[1] if match else record.id, {})[match[2] if match else "1"] = record
    rows = []
    for name, pair in sides.items():
        first, last = pair.get("1", pair.get("2")), pair.get("2", pair.get("1"))
        assert first is not None and last is not None  # noqa: PT018 -- each name has at least one side
        if {first.filter, last.filter} - {"PASS", "."}:
            dropped["not_present"] += 1
        elif not _reads(first):
            dropped["no_reads"] += 1
        else:
            rows.append(_fusion_row(name, first, last, sample, build))
    return rows


def _fusion_row(name: str, first: _Record, last: _Record, sample: str, build: str | None) -> Row:
    within = first.info["SVTYPE"].casefold() == "rnaexonvariant"
    one = _gene(first) or ""
    two = "" if first is last and not within else _gene(last) or ""
    reads = _reads(first)
    places = (f"{first.chrom}:{first.pos}", "" if first is last else f"{last.chrom}:{last.pos}")
    skipped = _skipped(name)
    directed = bool(one and two) and one != two
    row = fusion_row((one, two, directed), places, sample, reads=str(reads), title=skipped if within else "")
    return {
        **row, "sv_class": "DELETION" if skipped else row["sv_class"], "frame": "In_frame" if within else "Unknown",
        "event_info": f"{row['event_info']} {name}", "build": build, "rna_support": True, "split_reads": reads,
        "filter": "PASS", "row": first.row,
    }  # fmt: skip


def _skipped(name: str) -> str:
    """Return what a transcript without exons is called, "" if the name does not tell."""
    match = _EXONS.match(name)
    if match is None:
        return ""
    gene, before, behind = match[1], int(match[2]), int(match[3])
    if (gene, before, behind) == ("EGFR", 1, 8):
        return "EGFR EGFRvIII"
    if behind == before + 2:
        return f"{gene} exon {before + 1} skipping"
    return f"{gene} exons {before + 1}-{behind - 1} missing"


def _reads(record: _Record) -> int:
    text = record.info.get("READ_COUNT", "").split(",")[0]
    return int(float(text)) if re.fullmatch(r"\d{1,9}(\.\d+)?", text) else 0
