"""Proteins of transcripts, from their coding parts and the sequence (standard genetic code)."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from netgen.genomics.fasta import Fasta
    from netgen.genomics.transcript_index import Transcript

_RESIDUES: Final = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODONS: Final = {"".join(codon): residue for codon, residue in zip(product("TCAG", repeat=3), _RESIDUES, strict=True)}
_COMPLEMENT: Final = str.maketrans("ACGT", "TGCA")


def translate(coding: str) -> str:
    """Return the residues of a coding sequence to its first stop, which is included.

    Parameters
    ----------
    coding
        Bases in the order of translation, in frame; what is left over behind the last codon is not translated.

    Returns
    -------
    str
        One letter a residue, ``*`` for the stop, X for a codon with another base than A, C, G, T.

    Examples
    --------
    >>> translate("ATGAAATAGC")
    'MK*'
    """
    residues = "".join(CODONS.get(coding[at : at + 3], "X") for at in range(0, len(coding) - 2, 3))
    stop = residues.find("*")
    return residues if stop < 0 else residues[: stop + 1]


def read_protein(transcript: Transcript, fasta: Fasta) -> str:
    """Return the protein of a transcript.

    Parameters
    ----------
    transcript
        One transcript.
    fasta
        The sequence, with its names.

    Returns
    -------
    str
        Its residues (:func:`translate`), from the first whole codon; empty if nothing codes.
    """
    import pysam

    if not transcript.coding:
        return ""
    with pysam.FastaFile(str(fasta.path)) as sequence:
        parts = [str(sequence.fetch(transcript.chrom, start, end)) for start, end, _ in transcript.coding]
    coding = "".join(parts).upper()
    if transcript.strand == "-":
        return translate(coding.translate(_COMPLEMENT)[::-1][transcript.coding[-1][2] :])
    return translate(coding[transcript.coding[0][2] :])
