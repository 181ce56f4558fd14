"""From the records of a VCF to rows: which alleles a tumour carries, with how many reads, and what they do.

This is where the fields of a caller are read. Genotype, AD (one value per allele) and AF are the common ground.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.genomics.vep import choose_consequence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pysam

    from netgen.errors import Findings
    from netgen.genomics.vep import Consequence, CsqFormat

_BASES: Final = re.compile(r"[ACGTNacgtn]+")
_REPORTED: Final = 20  # malformed records reported one by one


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


def read_record(
    record: pysam.VariantRecord,
    line: int,
    picked: Sequence[int],
    samples: Sequence[str],
    layout: CsqFormat,
    rows: VcfRows,
    path: Path,
    findings: Findings,
) -> None:
    """Add a row for each allele that a tumour carries.

    A record that cannot be interpreted is counted as ``malformed`` and reported.

    Parameters
    ----------
    record
        Record of pysam.
    line
        Its line in the file.
    picked, samples
        Places of the tumour columns and the samples they are. Without columns the record is the call of its one sample.
    layout
        Where the fields of ``CSQ`` stand.
    rows
        Grows.
    path
        The file, for messages.
    findings
        Collects malformed records, the first twenty one by one.
    """
    try:
        alts = record.alts or ()
        if not alts:
            rows.drop("no_alternative")
            return
        entries = _csq_entries(record)
        calls = [record.samples[place] for place in picked] if picked else [None]
        for number, alt in enumerate(alts, start=1):
            carriers = [(name, call) for name, call in zip(samples, calls, strict=True) if _carries(call, number)]
            _add_allele(record, line, number, alt, carriers, len(samples), entries, layout, rows)
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        rows.drop("malformed")
        if rows.dropped["malformed"] <= _REPORTED:
            findings.add(
                "E_VALUE",
                f"The record cannot be interpreted: {error}.",
                fix="Mend or remove the record.",
                file=str(path),
                row=line,
            )


def _add_allele(
    record: pysam.VariantRecord,
    line: int,
    number: int,
    alt: str,
    carriers: Sequence[tuple[str, pysam.VariantRecordSample | None]],
    n_samples: int,
    entries: Sequence[str],
    layout: CsqFormat,
    rows: VcfRows,
) -> None:
    if not (_BASES.fullmatch(alt) and _BASES.fullmatch(record.ref)):
        rows.drop("symbolic")
        return
    rows.drop("no_call", n_samples - len(carriers))
    if not carriers:
        return
    chosen = choose_consequence(entries, layout, ref=record.ref, alts=record.alts, number=number)
    if chosen is None:
        rows.drop("no_consequence", len(carriers))
        return
    kept = ";".join(record.filter.keys()) or None
    for name, call in carriers:
        depths = read_depths(call, number, len(record.alts))
        place = (record.chrom, record.pos, record.ref.upper(), alt.upper(), kept, line)
        rows.rows.append(VcfRow(name, *place, chosen, *depths))


def _csq_entries(record: pysam.VariantRecord) -> Sequence[str]:
    value = record.info.get("CSQ", ())
    return value.split(",") if isinstance(value, str) else tuple(value)


def _carries(call: pysam.VariantRecordSample | None, number: int) -> bool:
    """Tell whether a genotype has the allele; without a genotype the record itself is the call."""
    if call is None or "GT" not in call:
        return True
    return number in (call["GT"] or ())


def read_depths(
    call: pysam.VariantRecordSample | None, number: int, n_alts: int
) -> tuple[int | None, int | None, float | None]:
    """Return reads of the reference, reads of the allele and VAF of one call.

    Parameters
    ----------
    call
        Sample of a pysam record, or None where the file has no samples.
    number
        Which alternative allele, from 1.
    n_alts
        Alternative alleles of the record.

    Returns
    -------
    tuple
        Each None if the file does not give it as AD (one value per allele) or AF.
    """
    if call is None:
        return None, None, None
    depths = call.get("AD")
    if isinstance(depths, tuple) and len(depths) == n_alts + 1 and None not in (depths[0], depths[number]):
        ref_count, alt_count = int(depths[0]), int(depths[number])
        total = ref_count + alt_count
        return ref_count, alt_count, alt_count / total if total > 0 else None
    fraction = call.get("AF")
    if isinstance(fraction, tuple):
        fraction = fraction[number - 1] if len(fraction) == n_alts else None
    usable = isinstance(fraction, float | int) and 0 <= fraction <= 1
    return None, None, round(float(fraction), 6) if usable and fraction is not None else None
