"""Illumina TruSight Oncology 500: ``*_CombinedVariantOutput.tsv`` of the LocalApp and of DRAGEN, solid and ctDNA.

One file per patient's pair of libraries: DNA and RNA of one tumour. It has blocks that begin with ``[Name]``, padded
with tabs, either of keys and values or a table; a lone ``NA`` is an empty block. Blocks that are read:

========================================= =========================================================================
Analysis Details                          sample; which of DNA and RNA was sequenced (``NA`` = was not)
Small Variants                            variants; the sheet lists those that passed, so ``filter`` is PASS
Gene Amplifications, Copy Number Variants copy number
Fusions, DNA Fusions, Splice Variants     structural variants
TMB, MSI, GIS                             biomarkers
========================================= =========================================================================

Every other block with rows is reported (W_SECTION_IGNORED) and its rows are counted as ``section_not_read``. A variant
without a gene lies in a gene that the panel does not target (so the vendor's guide): counted as ``gene_missing``.

*Sample.* DNA and RNA of the pair are one sample, because they come from one tumour: it is named after the DNA sample if
DNA was sequenced, else after the RNA sample; a name that the study knows comes first (``vendor_rows.name_sample_of``).

*Coverage.* Mutations were looked for if DNA ran, structural variants if RNA ran (in ctDNA: if there is a block of DNA
fusions). ``Gene Amplifications`` lists gains only: an amplified gene is altered, but no gene is wild type for copy
number, because losses were not looked for, so ``profiled["cna"]`` is empty. ``Copy Number Variants`` lists gains and
losses, and is a copy-number profile.

*Copy number.* The vendor's amplification is 2. Where copies of the tumour are given they decide, by the limits of
``cna_levels``: 0 is -2, 1 is -1, 2 is 0, six and more are 2, in between 1. A loss without copies is missing: it may be
of one copy or of both.

*Genome build.* Illumina aligns this assay to hg19 up to DRAGEN 2.6 (its guides, "DNA alignment"); the sheet does not
say so, unless it has a line ``Genome``, which wins. A banner of another version gives no build (W_BUILD_UNKNOWN).

*Microsatellites.* The percentage of unstable sites is kept as a number; no status is made of it (DOMAIN 4.6).

References
----------
DRAGEN TruSight Oncology 500 Analysis Software guides v2.5 and v2.6, "Combined Variant Output", "DNA Analysis Methods".
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.errors import InputError
from netgen.genomics.alleles import normalize_build, normalize_chromosome, trim_allele
from netgen.genomics.classes import classify_consequence, normalize_protein_change
from netgen.genomics.cna_levels import AMPLIFIED_COPIES, DEEP_COPIES, GAIN_COPIES, LOSS_COPIES
from netgen.genomics.sequencing_file import SequencingFile
from netgen.genomics.tso500_sections import Line, Section, read_number, read_sections, read_table, read_values
from netgen.genomics.vendor_rows import (
    Row,
    biomarker_table,
    copy_number_table,
    count_reads_of,
    dropped_table,
    fusion_row,
    fusion_table,
    name_sample_of,
    read_count,
    report_overlaps,
    split_pair,
    variant_table,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

KIND: Final = "tso500"
_READ: Final = frozenset({
    "analysis details", "sequencing run details", "small variants", "gene amplifications", "copy number variants",
    "fusions", "dna fusions", "splice variants", "tmb", "msi", "gis",
})  # fmt: skip
_VARIANT_COLUMNS: Final = (
    "Gene", "Chromosome", "Genomic Position", "Reference Call", "Alternative Call", "Allele Frequency", "Depth",
    "P-Dot Notation", "C-Dot Notation", "Consequence(s)",
)  # fmt: skip
_VERSION: Final = re.compile(r"(?P<dragen>DRAGEN )?TruSight Oncology 500\D*(?:v?(?P<major>\d+)\.\d)?", re.IGNORECASE)
_LAST_HG19: Final = 2  # major version of DRAGEN TSO 500 whose guides name hg19
_BASES: Final = re.compile(r"[ACGTN]+")
# Exons lost -> name of the transcript. Both keep the reading frame; the products are active, the gene is not lost.
_SPLICED: Final = {("EGFR", "2-7"): "EGFRvIII", ("MET", "14"): "exon 14 skipping"}


class _Arms(NamedTuple):
    """The sample, and what of it was sequenced; ``ctdna`` has ``dna`` true as well."""

    sample: str
    dna: bool
    rna: bool
    ctdna: bool


def read_tso500(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
) -> SequencingFile:
    """Return what a CombinedVariantOutput file says of a tumour.

    Missing values: blank and ``NA``. Reads are given where exactly one count fits the rounded fraction; the reference
    count is all other reads.

    Parameters
    ----------
    path
        The file.
    findings
        Collects rows that cannot be read (E_ROW_TRUNCATED, E_VALUE), W_SECTION_IGNORED, W_BUILD_UNKNOWN,
        I_FUSION_GENES, and what ``genes.normalize_genes`` reports.
    sample_id
        The sample; None = from the file.
    known_samples
        Samples of the study.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    SequencingFile
        One sample.

    Raises
    ------
    InputError
        If the file is no such output or incomplete (E_FILE_FORMAT), or a column is absent (E_COLUMN_MISSING).
    """
    banner, sections = read_sections(path)
    details = read_values(sections.get("analysis details"))
    arms = _name_arms(details, path, sample_id, known_samples)
    _check_complete(sections, path, arms)
    build = _find_build(banner, details, path, findings)
    dropped: Counter[str] = Counter()
    variants = _small_variants(sections.get("small variants"), arms.sample, build, path, findings, dropped)
    copies = _copy_numbers(sections, arms.sample, path, findings, dropped)
    events = _fusions(sections, arms, build, path, findings, dropped)
    events += _splices(sections, arms.sample, build, path, findings, dropped)
    _report_unread(sections, path, findings, dropped)
    n_records = len(variants) + len(copies) + len(events) + sum(dropped.values())
    return SequencingFile(
        path=path,
        kind=KIND,
        samples=(arms.sample,),
        profiled=_profiled(arms, sections),
        variants=variant_table(variants, path, dropped, findings=findings, names=names),
        copy_number=copy_number_table(copies, path, dropped, findings=findings, names=names),
        fusions=fusion_table(events, path, dropped, findings=findings, names=names),
        biomarkers=biomarker_table(_biomarkers(sections, arms.sample)),
        build=build,
        n_records=n_records,
        dropped=dropped_table(arms.sample, dropped),
    )


def _name_arms(details: Mapping[str, str], path: Path, sample_id: str | None, known_samples: Collection[str]) -> _Arms:
    """Return the sample and what of it was sequenced."""
    dna, rna, ctdna, pair = (details.get(key, "") for key in ("dna sample id", "rna sample id", "sample id", "pair id"))
    if not (dna or rna or ctdna):
        raise InputError(
            "E_FILE_FORMAT",
            "[Analysis Details] must name a DNA or an RNA sample, found none.",
            fix="Give the output of a sample that was sequenced.",
            file=str(path),
        )
    sample = name_sample_of([dna, ctdna, rna, pair], sample_id=sample_id, known_samples=known_samples)
    return _Arms(sample, dna=bool(dna or ctdna), rna=bool(rna), ctdna=bool(ctdna))


def _profiled(arms: _Arms, sections: Mapping[str, Section]) -> dict[str, tuple[str, ...]]:
    found = {
        "mutations": arms.dna,
        "cna": arms.dna and "copy number variants" in sections,
        "structural_variants": arms.rna or (arms.ctdna and bool({"dna fusions", "fusions"} & set(sections))),
    }
    return {data_type: (arms.sample,) if looked else () for data_type, looked in found.items()}


def _check_complete(sections: Mapping[str, Section], path: Path, arms: _Arms) -> None:
    """Refuse a file that ends before the blocks of what was sequenced."""
    lacking = [name for name, ran in (("Small Variants", arms.dna), ("Fusions", arms.rna)) if ran]
    lacking = [name for name in lacking if name.casefold() not in sections]
    if lacking:
        raise InputError(
            "E_FILE_FORMAT",
            f"The block [{lacking[0]}] is needed for a sample that was sequenced, found {len(sections)} other blocks:"
            " the file is incomplete.",
            fix="Copy the file again.",
            file=str(path),
        )


def _find_build(banner: str, details: Mapping[str, str], path: Path, findings: Findings) -> str | None:
    stated = details.get("genome") or details.get("reference genome") or ""
    match = _VERSION.match(banner)
    if stated:
        build = normalize_build(stated)
    elif match and (not match["dragen"] or int(match["major"] or 0) <= _LAST_HG19):
        build = "GRCh37"
    else:
        build = None
    if build is None:
        findings.add(
            "W_BUILD_UNKNOWN",
            f"The file names no genome build that is known, found {stated or banner[:60]!r}.",
            fix="State the build of the study.",
            file=str(path),
        )
    return build


def _small_variants(
    section: Section | None,
    sample: str,
    build: str | None,
    path: Path,
    findings: Findings,
    dropped: Counter[str],
) -> list[Row]:
    rows = []
    for line in read_table(section, _VARIANT_COLUMNS, path, findings, dropped):
        wrong = _wrong_cell(line)
        if wrong:
            _report_cell(line, wrong, path, findings, dropped)
        else:
            rows.append(_variant(line, sample, build))
    return rows


def _wrong_cell(line: Line) -> str:
    """Return the column that cannot be read, "" if there is none."""
    cells = line.cells
    checks = {
        "Chromosome": normalize_chromosome(cells["Chromosome"]) is not None,
        "Genomic Position": read_count(cells["Genomic Position"]) is not None,
        "Reference Call": _BASES.fullmatch(cells["Reference Call"]) is not None,
        "Alternative Call": _BASES.fullmatch(cells["Alternative Call"]) is not None,
        "Allele Frequency": 0 <= read_number(cells["Allele Frequency"], default=0.0) <= 1,
        "Depth": not cells["Depth"] or read_count(cells["Depth"]) is not None,
    }
    return next((name for name, fine in checks.items() if not fine), "")


def _report_cell(line: Line, column: str, path: Path, findings: Findings, dropped: Counter[str]) -> None:
    findings.add(
        "E_VALUE",
        f"{column} cannot be read, found {line.cells[column][:40]!r}; the row was left out.",
        fix="Copy the file again, or mend the row.",
        file=str(path),
        row=line.row,
        column=column,
        value=line.cells[column][:40],
    )
    dropped["malformed"] += 1


def _variant(line: Line, sample: str, build: str | None) -> Row:
    cells = line.cells
    ref, alt = cells["Reference Call"], cells["Alternative Call"]
    pos, trimmed_ref, trimmed_alt = trim_allele(int(cells["Genomic Position"]), ref, alt)
    fraction = read_number(cells["Allele Frequency"])
    alt_count, ref_count = count_reads_of(None if math.isnan(fraction) else fraction, read_count(cells["Depth"]))
    transcript, _, coding = cells["C-Dot Notation"].rpartition(":")
    terms = re.sub(r"\s*[:,;&]\s*", "&", cells["Consequence(s)"])
    return {
        "sample_id": sample, "gene": cells["Gene"] or None, "build": build,
        "chrom": normalize_chromosome(cells["Chromosome"]), "pos": pos, "ref": trimmed_ref, "alt": trimmed_alt,
        "variant_class": classify_consequence(terms, ref, alt) if terms else "Unknown",
        "hgvsp_short": normalize_protein_change(cells["P-Dot Notation"]),
        "hgvsc": coding or None, "transcript_id": transcript or None, "vaf": fraction,
        "t_alt_count": alt_count, "t_ref_count": ref_count, "filter": "PASS", "row": line.row,
        "exon_number": cells.get("Affected Exon(s)") or None,
    }  # fmt: skip


def _copy_numbers(
    sections: Mapping[str, Section], sample: str, path: Path, findings: Findings, dropped: Counter[str]
) -> list[Row]:
    rows: list[Row] = []
    for name in ("gene amplifications", "copy number variants"):
        for line in read_table(sections.get(name), ("Gene", "Fold Change"), path, findings, dropped):
            fold = read_number(line.cells["Fold Change"])
            if not 0 < fold < math.inf:
                _report_cell(line, "Fold Change", path, findings, dropped)
                continue
            copies = read_number(line.cells.get("Absolute Copy Number", ""))
            lost = "DEL" in line.cells.get("Copy Number Variant", "").upper()
            rows.append({
                "sample_id": sample, "gene": line.cells["Gene"] or None, "value": _copy_value(copies, lost=lost),
                "total_copy_number": copies, "log2": math.log2(fold), "method": "discrete", "file": str(path),
                "row": line.row,
            })  # fmt: skip
    return rows


def _copy_value(copies: float, *, lost: bool) -> float:
    if math.isnan(copies):
        return math.nan if lost else 2.0
    return float(bisect_right((DEEP_COPIES, LOSS_COPIES, GAIN_COPIES, AMPLIFIED_COPIES), copies) - 2)


def _fusions(
    sections: Mapping[str, Section],
    arms: _Arms,
    build: str | None,
    path: Path,
    findings: Findings,
    dropped: Counter[str],
) -> list[Row]:
    rows: list[Row] = []
    sides: list[str] = []
    for name in ("fusions", "dna fusions"):
        for line in read_table(sections.get(name), ("Gene Pair", "Breakpoint 1"), path, findings, dropped):
            pair = split_pair(line.cells["Gene Pair"])
            if pair is None:
                _report_cell(line, "Gene Pair", path, findings, dropped)
                continue
            sides += pair[:2]
            rows.append({
                **fusion_row(pair, _places(line), arms.sample, reads=line.cells.get("Fusion Supporting Reads", "")),
                "build": build, "row": line.row, "rna_support": True if arms.rna else None,
                "dna_support": None if arms.rna and name == "fusions" else True,
            })  # fmt: skip
    report_overlaps(sides, path, findings)
    return rows


def _splices(
    sections: Mapping[str, Section],
    sample: str,
    build: str | None,
    path: Path,
    findings: Findings,
    dropped: Counter[str],
) -> list[Row]:
    """Return transcripts that lack exons as events within a gene that keep its product active."""
    rows: list[Row] = []
    lines = read_table(sections.get("splice variants"), ("Gene", "Affected Exon"), path, findings, dropped)
    for line in lines:
        gene, exons = line.cells["Gene"], line.cells["Affected Exon"].split("/")[0].strip()
        known = _SPLICED.get((gene, exons))
        reads = line.cells.get("Splice Supporting Reads", "")
        rows.append({
            **fusion_row((gene, gene, False), _places(line), sample, reads=reads,
                         title=f"{gene} {known or f'splice variant, exon {exons}'}"),
            "sv_class": "DELETION" if known else "UNKNOWN", "frame": "In_frame", "build": build, "row": line.row,
            "rna_support": True,
        })  # fmt: skip
    return rows


def _places(line: Line) -> tuple[str, str]:
    return line.cells.get("Breakpoint 1", ""), line.cells.get("Breakpoint 2", "")


def _biomarkers(sections: Mapping[str, Section], sample: str) -> list[Row]:
    tmb, msi, gis = (read_values(sections.get(name)) for name in ("tmb", "msi", "gis"))
    sites = f"{msi.get('total msi sites unstable', '?')} of {msi.get('usable msi sites', '?')} sites unstable"
    found: list[tuple[Row, str]] = [
        ({"biomarker": "TMB", "unit": "mut/Mb", "method": "TSO500",
          "panel_size_mb": read_number(tmb.get("coding region size in megabases", ""))}, tmb.get("total tmb", "")),
        ({"biomarker": "MSI", "unit": "% unstable sites", "method": f"TSO500, {sites}"},
         msi.get("percent unstable msi sites", "")),
        ({"biomarker": "MSI", "unit": "sum of Jensen-Shannon distances", "method": "TSO500 ctDNA"},
         msi.get("sum_jsd", "")),
        ({"biomarker": "HRD", "unit": "score", "method": "TSO500 genomic instability score"},
         gis.get("genomic instability score", "")),
    ]  # fmt: skip
    rows = [{"sample_id": sample, **row, "value": read_number(text)} for row, text in found]
    return [row for row in rows if math.isfinite(float(str(row["value"])))]


def _report_unread(sections: Mapping[str, Section], path: Path, findings: Findings, dropped: Counter[str]) -> None:
    for name, section in sections.items():
        if name in _READ or not section.rows:
            continue
        dropped["section_not_read"] += len(section.rows)
        findings.add(
            "W_SECTION_IGNORED",
            f"The block [{section.name}] with {len(section.rows)} lines is not read.",
            fix="Give its alterations in another file if they matter.",
            file=str(path),
            row=section.row,
            value=section.name,
        )
