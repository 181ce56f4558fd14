"""A plain reader of the structural records of a VCF, for tests: no reader of the package is used."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from netgen.genomics.sv_annotation import entry_fields
from netgen.genomics.sv_info import read_support
from netgen.genomics.vcf_structural import SvRecord

if TYPE_CHECKING:
    from pathlib import Path

BASES = re.compile(r"[ACGTN]+", re.IGNORECASE)


def read_records(path: Path, column: int) -> tuple[list[SvRecord], tuple[str, ...]]:
    """Return the structural alleles that one sample carries, and the layout of CSQ.

    Structural are symbols, breakends, and bases that are not annotated, change the length by 50 or more and have an
    SVTYPE. Carried is what GT names; without GT, what has a read or no count of reads.
    """
    records, layout = [], ()
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as handle:
        for row, line in enumerate(handle, start=1):
            if line.startswith("##INFO=<ID=CSQ"):
                layout = entry_fields(line)
            if line.startswith("#"):
                continue
            chrom, pos, name, ref, alts, _, kept, info, keys, *samples = line.rstrip("\n").split("\t")
            values = dict(zip(keys.split(":"), samples[column].split(":"), strict=False))
            csq = re.search(r"(?:^|;)CSQ=([^;]*)", info)
            for number, alt in enumerate(alts.split(","), start=1):
                long = abs(len(ref) - len(alt)) >= 50 and "SVTYPE=" in info and csq is None
                reads = [count for count in read_support(values, number) if count is not None]
                carried = str(number) in re.split(r"[/|]", values["GT"]) if "GT" in values else not reads or any(reads)
                if carried and alt != "." and (long or not BASES.fullmatch(alt)):
                    records.append(
                        SvRecord(
                            "T", row, "" if name == "." else name, chrom, int(pos), ref, alt,
                            None if kept == "." else kept, info, csq[1] if csq else "", *read_support(values, number),
                        )
                    )  # fmt: skip
    return records, layout
