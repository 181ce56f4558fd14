"""Alleles, chromosomes and genome builds in one spelling, so that a MAF row and a VCF record can be compared.

Decision: a variant is keyed by its *fully trimmed* alleles. The common suffix is removed first, then the common prefix;
``pos`` is the 1-based position of the first reference base that is left, and for an insertion the base behind it;
``-`` stands for an empty allele. A VCF record ``100 A AT`` and a MAF row ``start=100 end=101 ref=- alt=T`` both become
``pos=101 ref=- alt=T``, without a FASTA. Indels in repeats are not shifted: two callers that place the same deletion in
different copies of a repeat stay two variants until a reference is at hand (``bcftools norm`` in the VCF path).

Positions are 1-based. Chromosome names have no ``chr`` and the mitochondrial genome is ``M``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

BUILD_ALIASES: Final[dict[str, str]] = {
    "GRCH37": "GRCh37", "37": "GRCh37", "HG19": "GRCh37", "B37": "GRCh37", "HS37D5": "GRCh37", "HUMANG1KV37": "GRCh37",
    "GRCH37LITE": "GRCh37", "UCSCHG19": "GRCh37",
    "GRCH38": "GRCh38", "38": "GRCh38", "HG38": "GRCh38", "B38": "GRCh38", "GRCH38D1VD1": "GRCh38",
    "UCSCHG38": "GRCh38",
}  # fmt: skip

_AUTOSOMES: Final = tuple(str(number) for number in range(1, 23))
# Lengths of 1-22, X, Y, M. On GRCh37 the longer of the two mitochondria in use (hg19 chrM 16571, rCRS 16569).
_LENGTHS: Final[dict[str, tuple[int, ...]]] = {
    "GRCh37": (
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022, 141213431, 135534747,
        135006516, 133851895, 115169878, 107349540, 102531392, 90354753, 81195210, 78077248, 59128983, 63025520,
        48129895, 51304566, 155270560, 59373566, 16571,
    ),
    "GRCh38": (
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422,
        135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167,
        46709983, 50818468, 156040895, 57227415, 16569,
    ),
}  # fmt: skip
CHROMOSOME_LENGTHS: Final[dict[str, dict[str, int]]] = {
    build: dict(zip((*_AUTOSOMES, "X", "Y", "M"), lengths, strict=True)) for build, lengths in _LENGTHS.items()
}


def trim_allele(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Return position and alleles without what they share: suffix first, then prefix.

    Parameters
    ----------
    pos
        1-based position of the first base of ``ref``; for an empty ``ref`` the base behind the insertion.
    ref, alt
        Alleles in upper case; an empty text or a run of ``-`` means no bases.

    Returns
    -------
    tuple of int, str, str
        Trimmed position, reference and alternative allele, ``-`` for an empty one. Equal alleles give ``-`` and ``-``.

    Notes
    -----
    Idempotent; ``tests/genomics/test_alleles.py`` has the witness (a sequence that is rebuilt).

    Examples
    --------
    >>> trim_allele(100, "A", "AT")
    (101, '-', 'T')
    >>> trim_allele(100, "GTAT", "G")
    (101, 'TAT', '-')
    """
    ref, alt = ref.strip("-"), alt.strip("-")
    shortest = min(len(ref), len(alt))
    tail = 0
    while tail < shortest and ref[len(ref) - 1 - tail] == alt[len(alt) - 1 - tail]:
        tail += 1
    ref, alt = ref[: len(ref) - tail], alt[: len(alt) - tail]
    shortest -= tail
    head = 0
    while head < shortest and ref[head] == alt[head]:
        head += 1
    return pos + head, ref[head:] or "-", alt[head:] or "-"


def trim_alleles(
    pos: NDArray[np.int64], ref: NDArray[np.object_], alt: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.object_]]:
    """Return trimmed positions and alleles of many variants.

    Each distinct pair of alleles is trimmed once. No value may be missing.

    Parameters
    ----------
    pos
        Shape (n,), 1-based positions.
    ref, alt
        Shape (n,), alleles as text; see :func:`trim_allele`.

    Returns
    -------
    tuple of arrays
        Positions (int64) and alleles (text), each of shape (n,).
    """
    if not len(pos):
        return np.asarray(pos, dtype=np.int64), ref.copy(), alt.copy()
    ref_codes, ref_values = pd.factorize(ref)
    alt_codes, alt_values = pd.factorize(alt)
    pair, pairs = pd.factorize(ref_codes.astype(np.int64) * len(alt_values) + alt_codes)
    shift, trimmed_ref, trimmed_alt = trim_pairs(
        [str(ref_values[code // len(alt_values)]) for code in pairs],
        [str(alt_values[code % len(alt_values)]) for code in pairs],
    )
    return np.asarray(pos, dtype=np.int64) + shift[pair], trimmed_ref[pair], trimmed_alt[pair]


def trim_pairs(
    refs: Iterable[str], alts: Iterable[str]
) -> tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.object_]]:
    """Return, for pairs of alleles without positions, the shift and the trimmed alleles.

    Parameters
    ----------
    refs, alts
        Alleles of the same number of pairs.

    Returns
    -------
    tuple of arrays
        What to add to the position (int64), trimmed reference and alternative alleles (text).
    """
    trimmed = [trim_allele(0, ref, alt) for ref, alt in zip(refs, alts, strict=True)]
    shift = np.array([item[0] for item in trimmed], dtype=np.int64)
    ref_out, alt_out = np.empty(len(trimmed), dtype=object), np.empty(len(trimmed), dtype=object)
    ref_out[:] = [item[1] for item in trimmed]
    alt_out[:] = [item[2] for item in trimmed]
    return shift, ref_out, alt_out


def normalize_chromosome(text: str) -> str | None:
    """Return a chromosome name without ``chr``: 1-22, X, Y, M; 23 is X, 24 is Y, MT is M.

    Names of other contigs are kept as they are. A blank or a null token gives None.

    Parameters
    ----------
    text
        Name as written.

    Returns
    -------
    str or None
        The name, or None where there is none.
    """
    name = text.strip()
    if name.upper() in {"", "NA", "N/A", ".", "-", "NULL", "NONE", "NAN", "?"}:
        return None
    if name[:3].lower() == "chr" and len(name) > 3:
        name = name[3:]
    short = name.upper()
    special = {"23": "X", "24": "Y", "MT": "M", "X": "X", "Y": "Y", "M": "M", "MTDNA": "M"}
    if short in special:
        return special[short]
    return short.lstrip("0") if re.fullmatch(r"0\d", short) else name


def normalize_build(text: str) -> str | None:
    """Return GRCh37 or GRCh38 for any common name of it, None for anything else.

    Parameters
    ----------
    text
        Name as written: hg19, b37, 37, GRCh37, GRCh37-lite, GRCh38.p13 ...

    Returns
    -------
    str or None
        The build, or None if the name is blank or names another assembly.
    """
    name = re.sub(r"\.(P\d+|0)$", "", text.strip().upper())
    return BUILD_ALIASES.get(re.sub(r"[^A-Z0-9]", "", name))


def find_off_chromosome(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which variants cannot lie where they say: before base 1 or past the end of their chromosome.

    A row without build, chromosome or position is not judged, nor is a contig other than 1-22, X, Y, M.

    Parameters
    ----------
    frame
        One variant per row with ``build``, ``chrom`` and ``pos`` (1-based).

    Returns
    -------
    ndarray of bool
        Shape (rows,).
    """
    build, builds = pd.factorize(frame["build"])
    chrom, chroms = pd.factorize(frame["chrom"])
    pos = frame["pos"].to_numpy(dtype=np.int64, na_value=1)
    return are_off_chromosome(build, list(builds), chrom, list(chroms), pos)


def are_off_chromosome(
    build: NDArray[np.integer], builds: Sequence[str], chrom: NDArray[np.integer], chroms: Sequence[str],
    pos: NDArray[np.int64],
) -> NDArray[np.bool_]:  # fmt: skip
    """Answer :func:`find_off_chromosome` for columns that are codes already.

    Parameters
    ----------
    build, builds, chrom, chroms
        (n,) codes into the distinct builds and chromosomes; -1 = missing.
    pos
        (n,) 1-based positions; 1 where there is none.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    limits = np.full((len(builds) + 1, len(chroms) + 1), np.iinfo(np.int64).max)  # the last row and column: missing
    for row, name in enumerate(builds):
        for column, contig in enumerate(chroms):
            limits[row, column] = CHROMOSOME_LENGTHS.get(str(name), {}).get(str(contig), limits[row, column])
    off: NDArray[np.bool_] = (pos < 1) | (pos - 1 > limits[build, chrom])  # an insertion may lie behind the last base
    return off
