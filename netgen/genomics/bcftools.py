"""The bcftools that pysam carries: alleles in, alleles with what it found out, through a child process.

The VCF that it gets is written here (sites only, contigs declared, sorted, one allele a record), since ``csq`` ends its
process on a header without contigs. The number of an allele travels in the ID column, which ``norm`` keeps.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import InputError
from netgen.genomics.fasta import PLACED, sort_sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.genomics.fasta import Fasta

SITES: Final[dict[str, str]] = {**PLACED, "bcsq": "string"}
_CHILD: Final = Path(__file__).with_name("bcftools_child.py")


def left_align(placed: pd.DataFrame, fasta: Fasta) -> pd.DataFrame:
    """Return alleles with pure gains and losses moved as far to the left as the sequence allows (``bcftools norm``).

    Parameters
    ----------
    placed
        ``fasta.PLACED``.
    fasta
        The sequence.

    Returns
    -------
    DataFrame
        ``fasta.PLACED``. Deletion-insertions stay as they are: trimmed, they cannot be moved.
    """
    movable = _is_gain_or_loss(placed)
    if not movable.any():
        return placed
    given, moved = (fasta.path.with_name(name) for name in ("norm_in.vcf", "norm_out.vcf"))
    write_sites(placed[movable], fasta, given)
    # The references were checked before; "-c w" goes on where a base other than A, C, G, T still makes it doubt.
    run_bcftools("norm", "-c", "w", "-f", str(fasta.path), "-o", str(moved), str(given), file=fasta.source)
    return sort_sites(pd.concat([placed[~movable], read_sites(moved)[list(PLACED)]]), fasta)


def call_csq(placed: pd.DataFrame, fasta: Fasta, models: Path, *, source: Path) -> pd.DataFrame:
    """Return alleles with what they do to each transcript (``bcftools csq -l``).

    Parameters
    ----------
    placed
        ``fasta.PLACED``, left-aligned.
    fasta
        The sequence.
    models
        Gene models in Ensembl's GFF3.
    source
        The user's gene models, for the message.

    Returns
    -------
    DataFrame
        ``SITES``; ``bcsq`` is empty where no gene is touched.
    """
    given, called = (fasta.path.with_name(name) for name in ("csq_in.vcf", "csq_out.vcf"))
    write_sites(placed, fasta, given)
    options = ["-l", "--force", "-f", str(fasta.path), "-g", str(models), "-o", str(called)]
    run_bcftools("csq", *options, str(given), file=source)
    return read_sites(called)


def _is_gain_or_loss(placed: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which alleles only gain or only lose bases behind the first one."""
    columns = zip(placed["ref"].tolist(), placed["alt"].tolist(), strict=True)
    return np.array([ref[0] == alt[0] and min(len(ref), len(alt)) == 1 for ref, alt in columns], dtype=bool)


def run_bcftools(*command: str, file: Path) -> None:
    """Run a command in a process of its own.

    Parameters
    ----------
    *command
        Name and arguments.
    file
        The user's file that is most likely to blame.

    Raises
    ------
    InputError
        If the command fails or the process is ended by a signal (E_FILE_FORMAT), with what bcftools said.
    """
    done = subprocess.run(  # noqa: S603  # the program is this Python, the arguments are ours
        [sys.executable, "-P", str(_CHILD), *command], capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode == 0:
        return
    said = " ".join(done.stderr.split())[-500:]
    how = f"was ended by signal {-done.returncode}" if done.returncode < 0 else "failed"
    raise InputError(
        "E_FILE_FORMAT",
        f"bcftools {command[0]} {how}{': ' + said if said else ''}.",
        fix="Check that FASTA and GFF3 are complete and of the same genome build.",
        file=str(file),
    )


def write_sites(placed: pd.DataFrame, fasta: Fasta, path: Path) -> None:
    """Write alleles as a VCF without samples.

    Parameters
    ----------
    placed
        ``fasta.PLACED``, in the order of the sequence.
    fasta
        The sequence.
    path
        New file.
    """
    used = set(placed["chrom"])
    contigs = [f"##contig=<ID={name},length={size}>\n" for name, size in fasta.lengths.items() if name in used]
    columns = [placed[name].tolist() for name in ("chrom", "pos", "id", "ref", "alt")]
    lines = ["\t".join(map(str, row)) + "\t.\t.\t.\n" for row in zip(*columns, strict=True)]
    head = ["##fileformat=VCFv4.2\n", *contigs, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"]
    path.write_text("".join([*head, *lines]), encoding="utf-8")


def read_sites(path: Path) -> pd.DataFrame:
    """Return the records of a VCF that :func:`write_sites` wrote and bcftools worked on.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    DataFrame
        ``SITES``, in file order.
    """
    rows = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            chrom, pos, number, ref, alt, _, _, info = line.rstrip("\n").split("\t")[:8]
            bcsq = next((part[5:] for part in info.split(";") if part.startswith("BCSQ=")), "")
            rows.append((int(number), chrom, int(pos), ref, alt, bcsq))
    return pd.DataFrame(rows, columns=list(SITES)).astype(SITES)
