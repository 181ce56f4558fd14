"""Read a MAF, in any of its dialects, into the variants table.

What a row becomes is told in ``maf_rows`` (alleles, class, protein change), ``maf_values`` (numbers) and
``gene_resolution`` (gene); variants are keyed by fully trimmed alleles (``alleles``). More lenient than the
specification: column names in any of the spellings of ``maf_columns``, comments before the header, gzip, CRLF or bare
CR, Latin-1, comma-separated files. Stricter: a row with another number of fields than the header is an error, and a
file without sample, gene, class or change is refused with the names of the missing columns.

A row that cannot be used is left out and counted with its reason:

================ =======================================================================================
row_truncated    another number of fields than the header (E_ROW_TRUNCATED)
no_sample        no sample (E_VALUE)
gene_missing     no gene: intergenic variants and the like (I_ROWS_IGNORED, W_GENE_UNRESOLVED if coding)
gene_excel_date  the symbol is a date and nothing says which gene (E_GENE_EXCEL_DATE or W_GENE_UNRESOLVED)
gene_ambiguous   the symbol means several genes (W_ALIAS_AMBIGUOUS)
no_class         no variant class and none that follows from the rest (W_VARIANT_CLASS_UNKNOWN)
no_change        neither a protein or coding change, nor position and alleles, nor a skipped exon (W_ALLELE_MISSING)
================ =======================================================================================

Its sample counts as seen all the same (``MafFile.samples``): a sample may be in the file only through placeholder rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.alleles import normalize_build, normalize_chromosome
from netgen.genomics.coded import Coded, coalesce, decode, recode, take, used_values
from netgen.genomics.gene_names import GeneNames, load_gene_names
from netgen.genomics.gene_resolution import REASONS, Positions, Resolution, resolve_genes
from netgen.genomics.genes import ExcelPolicy, fill_entrez, report_genes
from netgen.genomics.maf_cells import Cells, read_cells
from netgen.genomics.maf_flags import flag_late_truncations, join_flags, name_exon, read_exon_flags
from netgen.genomics.maf_report import report_builds, report_dropped, report_positions, report_samples
from netgen.genomics.maf_rows import (
    Alleles,
    clean_text,
    drop_contradictions,
    read_alleles,
    read_classes,
    read_protein_changes,
)
from netgen.genomics.maf_text import NO_NUMBER
from netgen.genomics.maf_values import count_bases, largest_frequency, parse_floats, read_counts, scale_fractions
from netgen.schema import DTYPES, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from netgen.errors import Findings

    Column = Coded | NDArray[np.int64] | NDArray[np.float64]

DROP_REASONS: Final = ("", "no_sample", "gene_missing", "gene_excel_date", "gene_ambiguous", "no_class", "no_change")
_NO_STATUS: Final = frozenset({"", "NA", "N/A", ".", "-", "?", "null"})


@dataclass(frozen=True, kw_only=True)
class MafFile:
    """What a MAF holds.

    Attributes
    ----------
    path
        The file.
    variants
        ``schema.VARIANTS``, in file order; ``row`` is the line in the file. Behind them, as text: ``exon_number``
        (``14/21``) if the file has it, the columns of the OncoKB annotator and those asked for with ``keep``.
    sequenced_samples
        Samples of a ``#sequenced_samples:`` (or ``#seq_samples:``) line, in its order; None without such a line.
    samples
        Every sample that has a row, used or not, sorted.
    n_rows
        Data rows of the file, blank lines not counted.
    dropped
        ``sample_id``, ``reason``, ``n``: rows left out. ``sample_id`` is missing for rows that could not be read.
    """

    path: Path
    variants: pd.DataFrame
    sequenced_samples: tuple[str, ...] | None
    samples: tuple[str, ...]
    n_rows: int
    dropped: pd.DataFrame

    @property
    def n_dropped_by_reason(self) -> dict[str, int]:
        """Rows left out, by reason."""
        return {str(reason): int(n) for reason, n in self.dropped.groupby("reason")["n"].sum().items()}


def read_maf(
    path: Path,
    *,
    findings: Findings,
    build: str | None = None,
    names: GeneNames | None = None,
    excel_dates: ExcelPolicy = "error",
    keep: Sequence[str] = (),
    threads: int | None = None,
) -> MafFile:
    """Return the variants of a MAF.

    Missing values: blanks and the usual null tokens. A gene symbol ``NA`` is no gene.

    Parameters
    ----------
    path
        Plain or gzip-compressed file.
    findings
        Collects everything that is wrong with rows and values.
    build
        Genome build of rows that state none: GRCh37 or GRCh38.
    names
        Gene names; the bundled ones if None.
    excel_dates
        What to do with symbols that a spreadsheet turned into dates and that neither gene id nor position resolves:
        "error", or "unresolved" to leave their rows out with a warning.
    keep
        Further columns to keep as text, by name.
    threads
        1 for a single thread; None for all.

    Returns
    -------
    MafFile
        Variants, samples, and what was left out.

    Raises
    ------
    InputError
        E_FILE_MISSING, or E_FILE_FORMAT for a file that is not a MAF.

    Notes
    -----
    Witnesses: literal tables in ``tests/genomics/test_maf.py`` and counts taken from real files with grep and awk.
    """
    names = names if names is not None else load_gene_names()
    cells = read_cells(path, findings=findings, keep=keep, threads=threads)
    sample = _read_samples(cells, findings=findings)
    protein = read_protein_changes(cells.merged("hgvsp_short"))
    coding = cells.clean("hgvsc")
    builds, chrom, alleles = _read_genomic(cells, build=build, findings=findings)
    classes = _read_classes(cells, protein, alleles, findings=findings)
    protein = drop_contradictions(protein, classes, lines=cells.text.lines, findings=findings, file=cells.file)
    genes, ids = _read_genes(cells, builds, chrom, alleles, names=names, excel_dates=excel_dates, findings=findings)
    located = alleles.alt.present & chrom.present & (alleles.pos != NO_NUMBER)
    flags = join_flags(cells.clean("flags"), read_exon_flags(cells.raw("variant_class")))
    reason = _reasons(sample, genes, classes, located | protein.present | coding.present | name_exon(flags))
    frame: dict[str, Column] = {
        "sample_id": sample,
        "gene": genes.gene,
        "entrez_gene_id": np.where(ids > 0, ids, NO_NUMBER),
        "build": builds,
        "chrom": chrom,
        "pos": alleles.pos,
        "ref": alleles.ref,
        "alt": alleles.alt,
        "variant_class": classes,
        "hgvsp_short": protein,
        "hgvsc": coding,
        **_read_details(cells, alleles, findings=findings),
        "flags": _flag_late(cells, classes, flags, findings=findings),
        **({"exon_number": cells.clean("exon_number")} if "exon_number" in cells.places else {}),
        **cells.extra(),
    }
    variants = _assemble(frame, reason == 0, cells)
    report_dropped(
        reason, alleles.lost, classes=classes, lines=cells.text.lines, reasons=DROP_REASONS, findings=findings,
        file=cells.file,
    )  # fmt: skip
    report_positions(
        builds, chrom, alleles.pos, used=reason == 0, lines=cells.text.lines, findings=findings, file=cells.file
    )
    n_rows = cells.n + cells.text.n_bad
    if n_rows and variants.empty:
        findings.add("E_NO_VARIANTS", f"None of {n_rows} rows could be used as a variant.", file=cells.file)
    return MafFile(
        path=path,
        variants=variants,
        sequenced_samples=cells.layout.sequenced_samples,
        samples=tuple(used_values(sample)),
        n_rows=n_rows,
        dropped=_count_dropped(sample, reason, n_bad=cells.text.n_bad),
    )


def _read_samples(cells: Cells, *, findings: Findings) -> Coded:
    """Return the sample of each row."""
    raw = cells.raw("sample_id")
    sample = clean_text(raw)
    report_samples(raw, sample, lines=cells.text.lines, findings=findings, file=cells.file)
    return sample


def _read_genomic(cells: Cells, *, build: str | None, findings: Findings) -> tuple[Coded, Coded, Alleles]:
    """Return build, chromosome and alleles."""
    chrom = recode(cells.raw("chrom"), normalize_chromosome)
    alleles = read_alleles(
        cells.integers("start", findings), cells.integers("end", findings),
        cells.raw("ref"), cells.raw("allele1"), cells.raw("allele2"),
    )  # fmt: skip
    written = cells.clean("build")
    builds = recode(written, normalize_build)
    report_builds(
        written,
        builds,
        located=chrom.present,
        fallback=build,
        lines=cells.text.lines,
        findings=findings,
        file=cells.file,
    )
    seen = used_values(builds)
    default = build or (seen[0] if len(seen) == 1 else None)
    if default is not None and not written.present.all():
        gaps = Coded(np.where(written.present, -1, 0).astype(np.int32), np.array([default], dtype=object))
        builds = coalesce(builds, gaps)
    return builds, chrom, alleles


def _read_classes(cells: Cells, protein: Coded, alleles: Alleles, *, findings: Findings) -> Coded:
    return read_classes(
        cells.clean("variant_class"), cells.clean("consequence"), protein, alleles,
        lines=cells.text.lines, findings=findings, file=cells.file,
    )  # fmt: skip


def _read_genes(
    cells: Cells,
    builds: Coded,
    chrom: Coded,
    alleles: Alleles,
    *,
    names: GeneNames,
    excel_dates: ExcelPolicy,
    findings: Findings,
) -> tuple[Resolution, NDArray[np.int64]]:
    """Return the gene of each row and its id (0 = not known)."""
    entrez = np.maximum(cells.integers("entrez_gene_id", findings), 0)
    positions = Positions(build=builds, chrom=chrom, pos=np.maximum(alleles.pos, 0))
    symbol = cells.raw("gene")
    genes = resolve_genes(symbol, entrez, names=names, positions=positions)
    report_genes(
        genes, symbol, entrez, cells.text.lines, names=names, findings=findings, excel_dates=excel_dates,
        file=cells.file, column=cells.place("gene").column,
    )  # fmt: skip
    return genes, fill_entrez(genes.gene, entrez, names)


def _read_details(cells: Cells, alleles: Alleles, *, findings: Findings) -> dict[str, Column]:
    """Return the columns that describe a variant: counts, fractions, calls."""
    fraction = np.full(cells.n, np.nan)
    if "vaf" in cells.places:
        place = cells.place("vaf")
        fraction = parse_floats(cells.raw("vaf"), place=place, findings=findings)
        fraction = scale_fractions(fraction, place=place, findings=findings)
    alt, ref = cells.integers("t_alt_count", findings), cells.integers("t_ref_count", findings)
    if "tumour_bases" in cells.places:
        alt, ref = count_bases(cells.raw("tumour_bases"), alleles.ref, alleles.alt)
    alt, ref, vaf = read_counts(alt, ref, cells.integers("t_depth", findings), fraction)
    details: dict[str, Column] = {"t_alt_count": alt, "t_ref_count": ref, "vaf": vaf}
    population = cells.places.get("gnomad_af", [])
    if population:
        details["gnomad_af"] = largest_frequency(
            [cells.text.columns[place] for place in population],
            [cells.place("gnomad_af", which) for which in range(len(population))],
            findings=findings,
        )
    for target in ("transcript_id", "filter", "cbp_driver", "oncogenic"):
        details[target] = cells.clean(target)
    # "None" is a status (no call in the tumour), not a missing one
    details["mutation_status"] = recode(
        cells.raw("mutation_status"), lambda text: None if text.strip() in _NO_STATUS else text.strip()
    )
    details["hotspot"] = recode(cells.clean("hotspot"), _truth)  # yes or no
    return details


def _flag_late(cells: Cells, classes: Coded, flags: Coded, *, findings: Findings) -> Coded:
    """Add ``lof_cterm`` to the flags of truncations near the end of the protein."""
    late = flag_late_truncations(classes, cells.clean("protein_position"), findings=findings, file=cells.file)
    return join_flags(flags, Coded(np.where(late, 0, -1).astype(np.int32), np.array(["lof_cterm"], dtype=object)))


def _truth(text: str) -> str | None:
    if text.lower() in {"1", "y", "yes", "true", "t"}:
        return "yes"
    return "no" if text.lower() in {"0", "n", "no", "false", "f"} else None


def _reasons(sample: Coded, genes: Resolution, classes: Coded, change: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Index into ``DROP_REASONS``, the first that applies; 0 for a row that is used."""
    reason = np.where(change, 0, DROP_REASONS.index("no_change"))
    reason = np.where(classes.present, reason, DROP_REASONS.index("no_class"))
    gene_reason = np.array([DROP_REASONS.index(name) for name in REASONS])[genes.reason]
    reason = np.where(gene_reason > 0, gene_reason, reason)
    return np.where(sample.present, reason, DROP_REASONS.index("no_sample")).astype(np.uint8)


def _assemble(frame: dict[str, Column], used: NDArray[np.bool_], cells: Cells) -> pd.DataFrame:
    """Build the variants table from the rows that are used, in the order and the types of ``schema.VARIANTS``."""
    rows = np.flatnonzero(used)
    frame = frame | {
        "file": Coded(np.zeros(cells.n, dtype=np.int32), np.array([cells.file], dtype=object)),
        "row": cells.text.lines,
    }
    names = [*VARIANTS.names, *(name for name in frame if name not in VARIANTS.names)]
    kinds = {column.name: column.kind for column in VARIANTS.columns}
    columns: dict[str, object] = {}
    for name in names:
        column = frame.get(name)
        columns[name] = _typed(column, rows, kinds.get(name, "str"))
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), copy=False)


def _typed(column: Column | None, rows: NDArray[np.intp], kind: str) -> object:
    """Take some rows of a column as an array of the type that a kind of the schema has; None is all missing."""
    if column is None and kind == "float":
        return np.full(len(rows), np.nan)
    if column is None:
        return pd.Series([pd.NA], dtype=DTYPES[kind]).array[np.zeros(len(rows), dtype=np.intp)]
    if not isinstance(column, Coded):
        values = column[rows]
        return pd.arrays.IntegerArray(values.astype(np.int64), values == NO_NUMBER) if kind == "int" else values
    if kind != "bool":
        return decode(take(column, rows))
    codes = column.codes[rows]
    truth = np.array([value == "yes" for value in column.values] + [False], dtype=bool)[codes]
    return pd.arrays.BooleanArray(truth, codes < 0)


def _count_dropped(sample: Coded, reason: NDArray[np.uint8], *, n_bad: int) -> pd.DataFrame:
    """Count rows left out per sample and reason."""
    rows = np.flatnonzero(reason)
    table = pd.DataFrame(
        {
            "sample_id": decode(take(sample, rows)),
            "reason": pd.array(np.array(DROP_REASONS, dtype=object)[reason[rows]], dtype="string"),
        }
    )
    counts = table.groupby(["sample_id", "reason"], dropna=False).size().rename("n").reset_index()
    if n_bad:
        extra = pd.DataFrame({"sample_id": [pd.NA], "reason": ["row_truncated"], "n": [n_bad]})
        counts = pd.concat([counts, extra.astype({"sample_id": "string", "reason": "string"})], ignore_index=True)
    return counts.astype({"sample_id": "string", "reason": "string", "n": "int64"})
