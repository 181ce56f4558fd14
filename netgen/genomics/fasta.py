"""A genome sequence: its index, its names, and variants placed on it in VCF form.

The FASTA is used through a link in a temporary folder, with the index beside the link: nothing is written beside the
user's file, and contigs answer to the names that the caller wants (``chr7`` for ``7``), without a copy of the sequence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import InputError
from netgen.genomics.alleles import normalize_chromosome, trim_allele

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import pysam

    from netgen.errors import Findings

_BASES: Final = re.compile(r"[ACGT]+")
PLACED: Final[dict[str, str]] = {"id": "int64", "chrom": "string", "pos": "int64", "ref": "string", "alt": "string"}


@dataclass(frozen=True, kw_only=True)
class Fasta:
    """A sequence in a temporary folder.

    Attributes
    ----------
    path
        Link to the sequence, with its index beside it.
    source
        The user's file.
    lengths
        Contig -> length, in the order of the file.
    """

    path: Path
    source: Path
    lengths: dict[str, int]

    def find_contigs(self, names: Iterable[str]) -> dict[str, str]:
        """Return the contig of each chromosome name, whatever its style; names without one are left out.

        Parameters
        ----------
        names
            Names as any file writes them.

        Returns
        -------
        dict of str to str
            Name -> contig.
        """
        return match_names(names, self.lengths)


def match_names(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return which known name stands for the same chromosome: the same text, else the same without its prefix.

    Parameters
    ----------
    names
        Names in one style.
    known
        Names in another.

    Returns
    -------
    dict of str to str
        Name -> known name; a name that none, or more than one, answers is left out.
    """
    keys: dict[str, list[str]] = {}
    for one in known:
        keys.setdefault(_key(one), []).append(one)
    found = {}
    for name in names:
        same = [name] if name in known else keys.get(_key(name), [])
        if len(same) == 1:
            found[name] = same[0]
    return found


def link_fasta(fasta: Path, folder: Path, names: Collection[str] = ()) -> Fasta:
    """Return a FASTA behind a link, with an index in which its contigs have the names that the caller uses.

    Parameters
    ----------
    fasta
        Sequence, plain or bgzip, with or without index.
    folder
        Temporary folder.
    names
        Names that contigs should have where they mean the same chromosome.

    Returns
    -------
    Fasta
        The link.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING) or cannot be indexed (E_FILE_FORMAT).
    """
    if not fasta.is_file():
        raise InputError("E_FILE_MISSING", "There is no such file.", fix="Check the path.", file=str(fasta))
    link = folder / "reference.fa"
    link.symlink_to(fasta.resolve())
    rows = [line.split("\t") for line in _index(fasta, link).splitlines()]
    old_names = {row[0] for row in rows}
    renamed = {old: new for new, old in match_names(names, old_names).items() if new not in old_names}
    rows = [[renamed.get(row[0], row[0]), *row[1:]] for row in rows]
    link.with_name("reference.fa.fai").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return Fasta(path=link, source=fasta, lengths={row[0]: int(row[1]) for row in rows})


def place_alleles(alleles: pd.DataFrame, fasta: Fasta, *, findings: Findings) -> pd.DataFrame:
    """Return alleles in VCF form on a sequence, trimmed.

    Parameters
    ----------
    alleles
        ``chrom`` (any style), ``pos``, ``ref``, ``alt``; ``-`` stands for no bases, and ``pos`` of an insertion is then
        the base behind it (``alleles``).
    fasta
        The sequence.
    findings
        Collects W_REF_MISMATCH.

    Returns
    -------
    DataFrame
        ``PLACED``, in the order of the sequence: ``id`` is the number of the row, ``chrom`` the contig; alleles of
        different length begin with the base before them. Left out: alleles that are no bases (symbolic, ``*``, N),
        equal alleles, rows with a missing value, and what was reported.
    """
    import pysam

    numbers = np.flatnonzero(alleles[["chrom", "pos", "ref", "alt"]].notna().all(axis=1))
    columns = [alleles[name].to_numpy(dtype=object)[numbers] for name in ("chrom", "pos", "ref", "alt")]
    contigs = fasta.find_contigs(dict.fromkeys(columns[0]))
    rows, misplaced, n_used = [], [], 0
    with pysam.FastaFile(str(fasta.path)) as sequence:
        for number, chrom, pos, ref, alt in zip(numbers, *columns, strict=True):
            bases, new = ref.strip("-").upper(), alt.strip("-").upper()
            if bases == new or not all(_BASES.fullmatch(one) for one in (bases, new) if one):
                continue
            n_used += 1
            contig = contigs.get(chrom)
            found = _fetch(sequence, contig, int(pos), len(bases)) if contig else None
            if contig is None or found != bases:
                misplaced.append((f"{chrom}:{pos} {ref}>{alt}", found))
                continue
            rows.append((int(number), contig, *_anchor(sequence, contig, *trim_allele(int(pos), bases, new))))
    if misplaced:
        _report(misplaced, n_used, fasta, findings)
    return sort_sites(pd.DataFrame(rows, columns=list(PLACED)).astype(PLACED), fasta)


def sort_sites(sites: pd.DataFrame, fasta: Fasta) -> pd.DataFrame:
    """Return alleles in the order of their sequence.

    Parameters
    ----------
    sites
        ``PLACED``.
    fasta
        The sequence.

    Returns
    -------
    DataFrame
        By contig as the FASTA has them, position, alleles and number.
    """
    order = sites["chrom"].map({contig: number for number, contig in enumerate(fasta.lengths)})
    keys = ["order", "pos", "ref", "alt", "id"]
    return sites.assign(order=order).sort_values(keys, ignore_index=True)[list(PLACED)]


def _key(name: str) -> str:
    return normalize_chromosome(re.sub(r"^chromosome[_ ]?(?=.)", "", name, flags=re.IGNORECASE)) or name


def _index(fasta: Path, link: Path) -> str:
    """Return the index of a FASTA; that of its blocks, if it is compressed, is put beside the link."""
    import pysam

    given, blocks = fasta.with_name(fasta.name + ".fai"), fasta.with_name(fasta.name + ".gzi")
    with fasta.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    new, new_blocks = link.with_name("reference.fa.fai"), link.with_name("reference.fa.gzi")
    if given.is_file() and (blocks.is_file() or not packed):
        text = given.read_text(encoding="utf-8", errors="replace")
        if packed:
            new_blocks.write_bytes(blocks.read_bytes())
    else:
        before = pysam.set_verbosity(0)  # else htslib writes to stderr what the message says
        try:
            pysam.faidx("--fai-idx", str(new), "--gzi-idx", str(new_blocks), str(link))
        except pysam.SamtoolsError as error:
            raise _unusable(fasta, "found a file that cannot be indexed") from error
        finally:
            pysam.set_verbosity(before)
        text = new.read_text(encoding="utf-8")
    if not re.fullmatch(r"(?:[^\t\n]+(?:\t\d+){4}\n)+", text):
        raise _unusable(fasta, "found an index (.fai) that is none")
    return text


def _unusable(fasta: Path, found: str) -> InputError:
    return InputError(
        "E_FILE_FORMAT",
        f"A genome sequence as FASTA, plain or bgzip, with lines of equal length is needed, {found}.",
        fix="Unpack it or compress it with bgzip, and remove an index that does not belong to it.",
        file=str(fasta),
    )


def _fetch(sequence: pysam.FastaFile, contig: str, pos: int, length: int) -> str | None:
    """Return bases from a 1-based position; None outside the contig."""
    size = sequence.get_reference_length(contig)
    if pos < 1 or pos - 1 + length > size or length == size:  # a contig that is gone as a whole cannot be written
        return None
    return str(sequence.fetch(contig, pos - 1, pos - 1 + length)).upper() if length else ""


def _anchor(sequence: pysam.FastaFile, contig: str, pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Return a trimmed allele with the base before it; where there is none, with the base behind it.

    Substitutions need none. A deletion-insertion does not either, but csq misreads the frame of one without it.
    """
    ref, alt = ref.strip("-"), alt.strip("-")
    if len(ref) == len(alt):
        return pos, ref, alt
    if pos > 1:
        base = str(sequence.fetch(contig, pos - 2, pos - 1)).upper()
        return pos - 1, base + ref, base + alt
    base = str(sequence.fetch(contig, len(ref), len(ref) + 1)).upper()
    return 1, ref + base, alt + base


def _report(misplaced: list[tuple[str, str | None]], n_used: int, fasta: Fasta, findings: Findings) -> None:
    """Report alleles that the sequence contradicts, once for all of them."""
    allele, found = misplaced[0]
    seen = f"has {found if len(found) < 20 else found[:20] + '...'}" if found else "has no such place"
    findings.add(
        "W_REF_MISMATCH",
        f"{len(misplaced)} of {n_used} alleles disagree with the sequence and were left out: at {allele} it {seen}.",
        fix="Give the FASTA of the genome build on which the variants were called.",
        file=str(fasta.source),
        value=allele,
        rule="V22",
    )
