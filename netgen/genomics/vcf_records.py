"""From the records of a VCF to rows: which alleles a tumour carries, with how many reads, and what they do.

``Record`` and ``Call`` hold what is read of a line, whoever read it. Genotype, AD (one value per allele) and AF are the
common ground of the callers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.genomics.alleles import normalize_chromosome, trim_alleles
from netgen.genomics.classes import classify_consequence
from netgen.genomics.vep import choose_consequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.genomics.vep import Consequence, CsqFormat

_BASES: Final = re.compile(r"[ACGTNacgtn]+")


class Call(NamedTuple):
    """Genotype and depths of one sample; None where the file has no such field.

    Attributes
    ----------
    alleles
        Allele numbers of GT, None for ``.``.
    depths
        Values of AD.
    fractions
        Values of AF.
    """

    alleles: tuple[int | None, ...] | None
    depths: tuple[int | None, ...] | None
    fractions: tuple[float | None, ...] | None


class Record(NamedTuple):
    """One line.

    Attributes
    ----------
    line, chrom, pos, ref, alts, filter
        Line in the file and the fixed columns; ``filter`` is None for ``.``.
    csq
        Value of the INFO field CSQ, empty if absent.
    calls
        One for each tumour; None where the file has no sample columns.
    """

    line: int
    chrom: str
    pos: int
    ref: str
    alts: tuple[str, ...]
    filter: str | None
    csq: str
    calls: tuple[Call | None, ...]


class VcfRow(NamedTuple):
    """One allele in one sample, as written.

    Attributes
    ----------
    sample_id, chrom, pos, ref, alt, filter, row
        Sample, record, line of the file.
    chosen
        What the allele does.
    t_ref_count, t_alt_count, vaf
        Reads and fraction; None if the file does not give them.
    """

    sample_id: str
    chrom: str
    pos: int
    ref: str
    alt: str
    filter: str | None
    row: int
    chosen: Consequence
    t_ref_count: int | None
    t_alt_count: int | None
    vaf: float | None


@dataclass
class VcfRows:
    """Rows that grow record by record, and what was left out: reason -> count."""

    rows: list[VcfRow] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str, count: int = 1) -> None:
        """Count something that gives no row."""
        if count:
            self.dropped[reason] = self.dropped.get(reason, 0) + count


def read_record(record: Record, samples: Sequence[str], layout: CsqFormat, rows: VcfRows) -> None:
    """Add a row for each allele that a tumour carries.

    Parameters
    ----------
    record
        One line.
    samples
        Samples of its calls.
    layout
        Where the fields of ``CSQ`` stand.
    rows
        Grows.
    """
    if not record.alts:
        rows.drop("no_alternative")
        return
    for number, alt in enumerate(record.alts, start=1):
        if not (_BASES.fullmatch(alt) and _BASES.fullmatch(record.ref)):
            rows.drop("symbolic")
            continue
        carriers = [(name, call) for name, call in zip(samples, record.calls, strict=True) if carries(call, number)]
        rows.drop("no_call", len(samples) - len(carriers))
        if not carriers:
            continue
        chosen = choose_consequence(record.csq, layout, ref=record.ref, alts=record.alts, number=number)
        if chosen is None:
            rows.drop("no_consequence", len(carriers))
            continue
        place = (record.chrom, record.pos, record.ref, alt, record.filter, record.line)
        for name, call in carriers:
            rows.rows.append(VcfRow(name, *place, chosen, *count_reads(call, number, len(record.alts))))


def carries(call: Call | None, number: int) -> bool:
    """Tell whether a sample has an allele; without a genotype the record itself is the call.

    Parameters
    ----------
    call
        Genotype and depths, None where the file has no samples.
    number
        Which alternative allele, from 1.

    Returns
    -------
    bool
        False for 0/0, ./. and for other alleles; True for ./1.
    """
    return call is None or call.alleles is None or number in call.alleles


def count_reads(call: Call | None, number: int, n_alts: int) -> tuple[int | None, int | None, float | None]:
    """Return reads of the reference, reads of the allele and VAF of one call.

    Parameters
    ----------
    call
        Genotype and depths, None where the file has no samples.
    number
        Which alternative allele, from 1.
    n_alts
        Alternative alleles of the record.

    Returns
    -------
    tuple
        Each None if the file does not give it as AD (one value per allele) or AF (one per alternative allele).
    """
    if call is None:
        return None, None, None
    if call.depths is not None and len(call.depths) == n_alts + 1:
        ref_count, alt_count = call.depths[0], call.depths[number]
        if ref_count is not None and alt_count is not None:
            total = ref_count + alt_count
            return ref_count, alt_count, alt_count / total if total > 0 else None
    fraction = call.fractions[number - 1] if call.fractions is not None and len(call.fractions) == n_alts else None
    return None, None, fraction if fraction is not None and 0 <= fraction <= 1 else None


def rows_to_frame(rows: Sequence[VcfRow], build: NDArray[np.object_], file: NDArray[np.object_]) -> pd.DataFrame:
    """Return rows as columns of ``schema.VARIANTS``.

    Parameters
    ----------
    rows
        n rows.
    build, file
        (n,) genome build (None = unknown) and file of each row.

    Returns
    -------
    DataFrame
        Alleles trimmed, classes decided; ``gene`` is the symbol as written. ``exon_number`` follows if any is given.
    """
    names = VcfRow._fields
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    ref = [text.upper() for text in columns["ref"]]
    alt = [text.upper() for text in columns["alt"]]
    chosen = columns.pop("chosen")
    pos, trimmed_ref, trimmed_alt = trim_alleles(np.array(columns["pos"], dtype=np.int64), objects(ref), objects(alt))
    chromosomes = {name: normalize_chromosome(name) for name in set(columns["chrom"])}
    effects = [(one.terms, two, three) for one, two, three in zip(chosen, ref, alt, strict=True)]
    classes = {effect: classify_consequence(*effect) for effect in set(effects)}
    text = {
        **{name: columns[name] for name in ("sample_id", "filter")},
        "chrom": [chromosomes[name] for name in columns["chrom"]],
        "gene": [one.symbol or None for one in chosen],
        "variant_class": [classes[effect] for effect in effects],
        "hgvsp_short": [one.hgvsp for one in chosen],
        "hgvsc": [one.hgvsc for one in chosen],
        "transcript_id": [one.transcript_id for one in chosen],
        "ref": trimmed_ref,
        "alt": trimmed_alt,
        "build": build,
        "file": file,
    }
    if any(one.exon for one in chosen):
        text["exon_number"] = [one.exon for one in chosen]
    whole = {"pos": pos, **{name: columns[name] for name in ("row", "t_ref_count", "t_alt_count")}}
    decimal = {"vaf": columns["vaf"], "gnomad_af": [one.population_af for one in chosen]}
    return pd.DataFrame(
        {
            **{name: pd.Series(values, dtype="string") for name, values in text.items()},
            **{name: pd.Series(values, dtype="Int64") for name, values in whole.items()},
            **{name: pd.Series(values, dtype="float64") for name, values in decimal.items()},
        }
    )


def objects(texts: Sequence[str | None]) -> NDArray[np.object_]:
    """Return texts as an array of Python objects.

    Parameters
    ----------
    texts
        n texts.

    Returns
    -------
    ndarray
        (n,) objects.
    """
    out = np.empty(len(texts), dtype=object)
    out[:] = texts
    return out
