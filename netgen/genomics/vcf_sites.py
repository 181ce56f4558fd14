"""Write variants that came from no VCF (a MAF, a vendor's report) as a VCF of sites.

One record per variant, filter and consequence; one column per tumour with GT, AD and AF, ``./.`` where a tumour has no
such row: whether it was looked at there is not known here. Indels need the base before them, which the table does not
hold: it is read from a FASTA, else ``N``, which means the same to any reader that trims alleles.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.errors import AnalysisError
from netgen.genomics.alleles import CHROMOSOME_LENGTHS
from netgen.genomics.fasta import link_fasta
from netgen.genomics.textfile import open_output, write_beside
from netgen.genomics.vcf_info import declare, encode_value, info_columns, join_info

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netgen.errors import Findings

_NO_EXTRA: Final[dict[str, str]] = {}
_FORMATS: Final = (
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype: 0/1 where the tumour has the variant">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of the reference and of the alternative allele">',
    '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Allele fraction">',
)
_ORDER: Final = {name: place for place, name in enumerate(CHROMOSOME_LENGTHS["GRCh38"])}


def write_sites_vcf(
    variants: pd.DataFrame,
    path: Path,
    *,
    findings: Findings,
    samples: Sequence[str] = (),
    extra: Mapping[str, str] = _NO_EXTRA,
    fasta: Path | None = None,
) -> int:
    """Write variants as a VCF 4.3 without a source.

    Parameters
    ----------
    variants
        ``schema.VARIANTS`` and perhaps further columns, all of one genome build.
    path
        The new file; it appears when it is complete.
    findings
        Collects W_ALLELE_MISSING: rows without position and alleles, which a VCF cannot hold.
    samples
        Tumours that get a column although they have no variant.
    extra
        Further columns to write into INFO -> description for the header.
    fasta
        Genome sequence for the base before an indel, with or without index; None = ``N``.

    Returns
    -------
    int
        Records written.

    Raises
    ------
    AnalysisError
        E_BUILD_MIXED if the variants lie on several builds; E_OUTPUT_PATH if ``path`` is an input or cannot be written.
    """
    table = schema.conform(variants, schema.VARIANTS)
    builds = sorted(table["build"].dropna().unique())
    if len(builds) > 1:
        raise AnalysisError("E_BUILD_MIXED", f"a VCF has one build, found {' and '.join(builds)}.", fix="Split them.")
    columns = info_columns(table, extra)
    names = sorted({*samples, *table["sample_id"].dropna()})
    table = _located(table, findings)
    sources = [type(path)(name) for name in table["file"].dropna().unique()]
    with write_beside(path, inputs=sources) as work, open_output(work, like=path) as out, _bases(fasta) as base:
        for line in _header(table, columns, names, builds):
            out.write(f"{line}\n".encode())
        n = 0
        for n, line in enumerate(_records(table, columns, names, base), start=1):  # noqa: B007  # counted
            out.write(f"{line}\n".encode())
    return n


def _located(table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the rows that have a place and alleles, in the order of the genome; report the others."""
    whole = table[["chrom", "pos", "ref", "alt"]].notna().all(axis=1).to_numpy(dtype=bool)
    if not whole.all():
        findings.add(
            "W_ALLELE_MISSING",
            f"A VCF needs position and alleles; {int((~whole).sum())} of {len(table)} variants have none and are not in"
            " it.",
            fix="Write a MAF or a table if these rows matter.",
        )
    table = table[whole].reset_index(drop=True)
    places = table["chrom"].map(_ORDER).fillna(len(_ORDER)).to_numpy(dtype=np.int64)
    keys = table.assign(place=places)[["place", "chrom", "pos", "ref", "alt", "sample_id"]]
    return table.loc[keys.sort_values(list(keys.columns), kind="stable").index]


def _header(
    table: pd.DataFrame, columns: Mapping[str, tuple[str, str]], names: Sequence[str], builds: Sequence[str]
) -> Iterator[str]:
    yield "##fileformat=VCFv4.3"
    yield "##source=netgen"
    if builds:
        yield f"##reference={builds[0]}"
    for name in pd.unique(table["chrom"]):
        length = CHROMOSOME_LENGTHS.get(builds[0], {}).get(name) if builds else None
        yield f"##contig=<ID={name}{'' if length is None else f',length={length}'}>"
    for name in sorted({part for text in table["filter"].dropna() for part in text.split(";")} - {"PASS"}):
        yield f'##FILTER=<ID={name},Description="As in the source">'
    yield from declare(columns)
    yield from _FORMATS
    yield "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *map(_column, names)])


def _column(sample: str) -> str:
    return sample.replace("\t", " ")


def _records(
    table: pd.DataFrame, columns: Mapping[str, tuple[str, str]], names: Sequence[str], base: Callable[[str, int], str]
) -> Iterator[str]:
    """Yield one line per variant, filter and INFO; a sample is in the line of its own rows."""
    texts = {name: [encode_value(value) for value in table[name]] for name in columns}
    lines: dict[tuple[str, ...], dict[str, str]] = {}
    needed = ("chrom", "pos", "ref", "alt", "filter", "sample_id", "t_ref_count", "t_alt_count", "vaf")
    for place, row in enumerate(zip(*(table[name] for name in needed), strict=True)):
        chrom, pos, ref, alt, kept, sample, *reads = row
        start, *alleles = _anchor(chrom, pos, ref, alt, base)
        info = ";".join(join_info([{name: texts[name][place] for name in columns}], columns)) or "."
        fixed = (chrom, str(start), ".", *alleles, ".", "." if pd.isna(kept) else kept, info, "GT:AD:AF")
        lines.setdefault(fixed, {}).setdefault(sample, _call(*reads))
    for fixed, calls in lines.items():
        yield "\t".join([*fixed, *(calls.get(name, "./.:.:.") for name in names)])


def _call(t_ref_count: object, t_alt_count: object, vaf: object) -> str:
    reads = [encode_value(t_ref_count), encode_value(t_alt_count)]
    return f"0/1:{'.' if reads == ['.', '.'] else ','.join(reads)}:{encode_value(vaf)}"


def _anchor(chrom: str, pos: int, ref: str, alt: str, base: Callable[[str, int], str]) -> tuple[int, str, str]:
    """Return position and alleles as a VCF has them: an empty allele gets the base before it, at 1 the one behind."""
    if "-" not in {ref, alt}:
        return pos, ref, alt
    ref, alt = ref.strip("-"), alt.strip("-")
    if pos > 1:
        letter = base(chrom, pos - 1)
        return pos - 1, letter + ref, letter + alt
    letter = base(chrom, pos + len(ref))
    return pos, ref + letter, alt + letter


@contextmanager
def _bases(fasta: Path | None) -> Iterator[Callable[[str, int], str]]:
    """Give a function from chromosome and 1-based position to the base there, ``N`` where it is not known."""
    if fasta is None:
        yield lambda _chrom, _pos: "N"
        return
    import pysam

    with TemporaryDirectory(prefix="netgen_sites_") as folder:
        sequence = link_fasta(fasta, Path(folder))
        with pysam.FastaFile(str(sequence.path)) as handle:

            def base(chrom: str, pos: int) -> str:
                spellings = (chrom, f"chr{chrom}", "MT" if chrom == "M" else chrom)
                name = next((one for one in spellings if one in sequence.lengths), None)
                return (handle.fetch(name, pos - 1, pos).upper() if name else "") or "N"

            yield base
