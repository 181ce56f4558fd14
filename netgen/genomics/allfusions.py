"""Illumina's ``*_AllFusions.csv``: every candidate fusion of an RNA sample, kept or not.

Lines ``# Key = text`` describe the columns; then comes a comma-separated table. ``KeepFusion`` is the vendor's verdict
and alone decides: ``Filter`` also names remarks that are "information only" (``NoReferenceReads`` beside a fusion that
is kept). Candidates that are not kept are counted, by their filter. The file names no sample: it is that of the file
name. Nor does it name a genome build: the vendor's FusionProcessor works on hg19, other sources are W_BUILD_UNKNOWN.

Reads that support a fusion are the unique ones, ``Alt Split Dedup`` and ``Alt Pair Dedup``: their sum is what the
Combined Variant Output of the same sample shows. ``Fusion Directionality Known`` says whether gene A is the 5' side.

References
----------
DRAGEN TruSight Oncology 500 guide, "RNA Output: All Fusions CSV" (KeepFusion; confidence and information-only filters).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError
from netgen.genomics.sequencing_file import SequencingFile
from netgen.genomics.textfile import is_null, read_lines
from netgen.genomics.vendor_rows import (
    Row,
    dropped_table,
    fusion_row,
    fusion_table,
    name_sample_of,
    read_count,
    report_overlaps,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

KIND: Final = "allfusions"
NEEDED: Final = ("Gene A", "Gene B", "Gene A Breakpoint", "Gene B Breakpoint", "KeepFusion")
_LIMIT: Final = 1 << 28
_VERDICTS: Final = {"true": True, "false": False}
_SOURCE: Final = re.compile(r"#\s*Source\s*=\s*FusionProcessor\b", re.IGNORECASE)
_ENDING: Final = re.compile(r"[._-]*all_?fusions.*$", re.IGNORECASE)


def read_allfusions(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
) -> SequencingFile:
    """Return the fusions that the vendor keeps.

    Missing values: blank and ``N/A``.

    Parameters
    ----------
    path
        The file.
    findings
        Collects rows that cannot be read (E_ROW_TRUNCATED, E_VALUE), W_BUILD_UNKNOWN, I_FUSION_GENES, and what
        ``genes.normalize_genes`` reports.
    sample_id
        The sample; None = the sample of the study that the file is named after, else the name of the file.
    known_samples
        Samples of the study.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    SequencingFile
        One sample, profiled for structural variants. ``dropped`` has ``not_kept:<filter>``.

    Raises
    ------
    InputError
        If the file is no text (E_FILE_FORMAT) or a column is absent (E_COLUMN_MISSING).
    """
    lines = read_lines(path, limit=_LIMIT)
    sample = _name_sample(path, sample_id, known_samples)
    build = "GRCh37" if _SOURCE.match(lines[0]) else None
    dropped: Counter[str] = Counter()
    table = _read_rows(lines, path, findings, dropped)
    kept = [(row, cells) for row, cells in table if _is_kept(row, cells, path, findings, dropped)]
    report_overlaps([cells[side] for _, cells in kept for side in ("Gene A", "Gene B")], path, findings)
    if kept and build is None:
        findings.add(
            "W_BUILD_UNKNOWN",
            "The file names no genome build.",
            fix="State the build of the study.",
            file=str(path),
        )
    rows = [{**_fusion(cells, sample, row), "build": build} for row, cells in kept]
    n_records = len(kept) + sum(dropped.values())
    return SequencingFile(
        path=path,
        kind=KIND,
        samples=(sample,),
        profiled={"mutations": (), "cna": (), "structural_variants": (sample,)},
        build=build,
        fusions=fusion_table(rows, path, dropped, findings=findings, names=names),
        n_records=n_records,
        dropped=dropped_table(sample, dropped),
    )


def _is_kept(row: int, cells: dict[str, str], path: Path, findings: Findings, dropped: Counter[str]) -> bool:
    """Tell the vendor's verdict on a candidate; count those that are not kept, report those without a verdict."""
    keep = _VERDICTS.get(cells["KeepFusion"].casefold())
    if keep is None:
        _report(row, cells["KeepFusion"], path, findings)
        dropped["malformed"] += 1
    elif not keep:
        dropped[":".join(filter(None, ["not_kept", cells.get("Filter", "")]))] += 1
    return keep is True


def _name_sample(path: Path, sample_id: str | None, known_samples: Collection[str]) -> str:
    stem = _ENDING.sub("", path.name) or path.stem
    begins = [known for known in known_samples if stem.startswith((f"{known}_", f"{known}.", f"{known}-"))]
    named = sorted(begins, key=len, reverse=True)[:1]
    return name_sample_of([stem, *named], sample_id=sample_id, known_samples=known_samples)


def _read_rows(
    lines: Sequence[str], path: Path, findings: Findings, dropped: Counter[str]
) -> list[tuple[int, dict[str, str]]]:
    """Return line and cells of each row of the table; rows that break off are reported."""
    places = [place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    header = _split(lines[places[0]]) if places else []
    absent = [name for name in NEEDED if name not in header]
    if absent:
        raise InputError(
            "E_COLUMN_MISSING",
            f"A table of fusions needs the columns {', '.join(absent)}, found {', '.join(header[:6]) or 'no table'}.",
            fix="Give the *_AllFusions.csv file as the software wrote it.",
            file=str(path),
            row=places[0] + 1 if places else None,
        )
    rows = []
    for place in places[1:]:
        cells = _split(lines[place])
        if len(cells) < len(header):
            findings.add(
                "E_ROW_TRUNCATED",
                f"A row needs {len(header)} cells, found {len(cells)}; it was left out.",
                fix="Copy the file again.",
                file=str(path),
                row=place + 1,
            )
            dropped["truncated"] += 1
            continue
        named = dict(zip(header, cells, strict=False))
        rows.append((place + 1, {name: "" if is_null(cell) else cell for name, cell in named.items()}))
    return rows


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line]), [])]


def _fusion(cells: dict[str, str], sample: str, row: int) -> Row:
    directed = cells.get("Fusion Directionality Known", "").casefold() == "true"
    split, pair = (read_count(cells.get(f"Alt {kind} Dedup", "")) for kind in ("Split", "Pair"))
    reads = "" if split is None and pair is None else str((split or 0) + (pair or 0))
    places = cells["Gene A Breakpoint"], cells["Gene B Breakpoint"]
    found = fusion_row((cells["Gene A"], cells["Gene B"], directed), places, sample, reads=reads)
    remark = cells.get("Filter", "")
    if remark not in {"", "PASS"}:
        found["event_info"] = f"{found['event_info']} {remark}"
    return {
        **found, "rna_support": True, "split_reads": split, "pair_reads": pair, "filter": "PASS", "row": row,
    }  # fmt: skip


def _report(row: int, verdict: str, path: Path, findings: Findings) -> None:
    findings.add(
        "E_VALUE",
        f"KeepFusion must be True or False, found {verdict[:40]!r}; the row was left out.",
        fix="Copy the file again, or mend the row.",
        file=str(path),
        row=row,
        column="KeepFusion",
        value=verdict[:40],
    )


def is_allfusions(lines: Sequence[str]) -> bool:
    """Tell whether the first lines of a file are those of a table of all fusions.

    Parameters
    ----------
    lines
        The first lines, comments among them.

    Returns
    -------
    bool
        True if the first line that is no comment has the columns that are needed.
    """
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return set(NEEDED) <= set(_split(first))
