from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.genomics.alleles import (
    find_off_chromosome,
    normalize_build,
    normalize_chromosome,
    trim_allele,
    trim_alleles,
)

BASES = st.text("ACGT", min_size=0, max_size=6)


def rebuild(sequence: str, pos: int, ref: str, alt: str) -> str:
    """Put a variant into a sequence that starts at position 1, by the definition of its key."""
    ref, alt = ref.strip("-"), alt.strip("-")
    assert sequence[pos - 1 : pos - 1 + len(ref)] == ref
    return sequence[: pos - 1] + alt + sequence[pos - 1 + len(ref) :]


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "expected"),
    [
        (100, "A", "T", (100, "A", "T")),
        (100, "A", "AT", (101, "-", "T")),  # VCF insertion
        (101, "-", "T", (101, "-", "T")),  # the same from a MAF
        (100, "GTAT", "G", (101, "TAT", "-")),  # VCF deletion
        (101, "TAT", "-", (101, "TAT", "-")),  # the same from a MAF
        (100, "CAG", "CTG", (101, "A", "T")),  # padded substitution
        (100, "AC", "GT", (100, "AC", "GT")),  # two bases at once
        (100, "TTT", "TT", (100, "T", "-")),  # suffix goes first, so the deletion stays on the left
        (100, "CA", "CACA", (100, "-", "CA")),
        (100, "----", "CAAC", (100, "-", "CAAC")),  # QCMG writes one dash per base
        (100, "A", "A", (100, "-", "-")),
    ],
)
def test_trim_allele__removes_suffix_then_prefix(pos, ref, alt, expected):
    assert trim_allele(pos, ref, alt) == expected


@given(pos=st.integers(1, 10), ref=BASES, alt=BASES)
def test_trim_allele__is_idempotent(pos, ref, alt):
    once = trim_allele(pos, ref, alt)
    assert trim_allele(*once) == once


@given(data=st.data(), sequence=st.text("ACGT", min_size=1, max_size=20), alt=BASES)
def test_trim_allele__keeps_the_haplotype(data, sequence, alt):
    start = data.draw(st.integers(1, len(sequence)))
    end = data.draw(st.integers(start - 1, len(sequence)))
    ref = sequence[start - 1 : end]
    trimmed = trim_allele(start, ref, alt)
    assert rebuild(sequence, *trimmed) == rebuild(sequence, start, ref, alt)
    assert len(trimmed[1].strip("-")) <= len(ref)


@given(rows=st.lists(st.tuples(st.integers(1, 1000), BASES, BASES), max_size=30))
def test_trim_alleles__does_what_trim_allele_does(rows):
    pos = np.array([row[0] for row in rows], dtype=np.int64)
    ref, alt = np.empty(len(rows), dtype=object), np.empty(len(rows), dtype=object)
    ref[:], alt[:] = [row[1] for row in rows], [row[2] for row in rows]
    out = trim_alleles(pos, ref, alt)
    assert list(zip(*(part.tolist() for part in out), strict=True)) == [trim_allele(*row) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chr9", "9"), ("CHRX", "X"), ("23", "X"), ("24", "Y"), ("MT", "M"), ("chrM", "M"), ("M", "M"), (" 7 ", "7"),
        ("01", "1"), ("x", "X"), ("GL000209.1", "GL000209.1"), ("", None), ("NA", None), (".", None),
    ],
)  # fmt: skip
def test_normalize_chromosome__has_one_spelling(text, expected):
    assert normalize_chromosome(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hg19", "GRCh37"), ("b37", "GRCh37"), ("37", "GRCh37"), ("GRCh37-lite", "GRCh37"), ("GRCh37.p13", "GRCh37"),
        ("hs37d5", "GRCh37"), ("hg38", "GRCh38"), ("GRCh38.p14", "GRCh38"), ("38", "GRCh38"),
        ("GRCh38.d1.vd1", "GRCh38"), ("37.0", "GRCh37"), ("hg18", None), ("36", None), ("", None),
    ],
)  # fmt: skip
def test_normalize_build__knows_the_names_of_two_assemblies(text, expected):
    assert normalize_build(text) == expected


def test_find_off_chromosome__compares_with_the_length_of_each_build():
    frame = pd.DataFrame(
        {
            "build": ["GRCh37", "GRCh37", "GRCh38", "GRCh38", None, "GRCh37", "GRCh37"],
            # chromosome 21 has 48,129,895 bases on GRCh37 and 46,709,983 on GRCh38
            "chrom": ["21", "21", "21", "21", "21", "GL000209.1", "1"],
            "pos": [48129895, 48129897, 48129895, 46709983, 10**9, 10**9, 0],
        }
    ).astype({"build": "string", "chrom": "string", "pos": "Int64"})
    assert find_off_chromosome(frame).tolist() == [False, True, True, False, False, False, True]
