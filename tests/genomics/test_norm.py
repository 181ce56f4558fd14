"""Trimming and left-alignment: bcftools' own tests of norm, a naive twin, and what must hold for any allele."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netgen.errors import Findings, InputError
from netgen.genomics.alleles import trim_allele
from netgen.genomics.bcftools import run_bcftools
from netgen.genomics.left_alignment import normalize_alleles

if TYPE_CHECKING:
    from pathlib import Path

ALLELE = ["chrom", "pos", "ref", "alt"]
GENOME = {"1": "GACACACACATTTTTTTTGCGATGATGATGCCGTA" * 3, "2": "TTTTTTTTACGT", "X": "CAGCAGCAGCAGT"}


def normalize_naively(sequence: str, pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Trim, then move a pure gain or loss one base at a time while the sequence stays the same."""
    pos, ref, alt = trim_allele(pos, ref, alt)
    while pos > 1 and "-" in (ref, alt):
        moved = ref if alt == "-" else alt
        before = sequence[pos - 2]
        if moved[-1] != before:
            break
        moved, pos = before + moved[:-1], pos - 1
        ref, alt = (moved, "-") if alt == "-" else ("-", moved)
    return pos, ref, alt


def write_genome(folder: Path) -> Path:
    path = folder / "genome.fa"
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in GENOME.items()))
    return path


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_genome(tmp_path_factory.mktemp("norm"))


def normalize(alleles: list[tuple[str, int, str, str]], genome: Path) -> list[tuple[Any, ...]]:
    frame = normalize_alleles(pd.DataFrame(alleles, columns=ALLELE), fasta=genome, findings=Findings())
    return [tuple(row) for row in frame[ALLELE].itertuples(index=False)]


@st.composite
def alleles(draw: st.DrawFn) -> tuple[str, int, str, str]:
    """Return an allele that agrees with the genome, in VCF form, often with more bases than it needs."""
    chrom = draw(st.sampled_from(sorted(GENOME)))
    sequence = GENOME[chrom]
    start = draw(st.integers(1, len(sequence) - 5))  # never the whole sequence
    stop = draw(st.integers(start, min(start + 4, len(sequence))))
    ref = sequence[start - 1 : stop]
    alt = draw(st.one_of(st.text("ACGT", min_size=1, max_size=5), st.integers(1, 4).map(lambda n: ref * n)))
    return chrom, start, ref, alt if alt != ref else ref + ref[-1]


# ---------------------------------------------------------------- properties
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(alleles(), min_size=20, max_size=60), order=st.randoms(use_true_random=False))
def test_normalize_alleles__is_idempotent_and_independent_of_order(
    genome: Path, rows: list[tuple[str, int, str, str]], order: Any
) -> None:
    once = normalize(rows, genome)
    assert once == [(chrom, *normalize_naively(GENOME[chrom], pos, ref, alt)) for chrom, pos, ref, alt in rows]
    shuffled = list(enumerate(rows))
    order.shuffle(shuffled)
    again = normalize([once[number] for number, _ in shuffled], genome)
    assert again == [once[number] for number, _ in shuffled]


@settings(max_examples=30, deadline=None)
@given(allele=alleles(), left=st.integers(0, 3), right=st.integers(0, 3))
def test_trim_allele__does_not_see_added_bases(allele: tuple[str, int, str, str], left: int, right: int) -> None:
    chrom, pos, ref, alt = allele
    sequence, start, stop = GENOME[chrom], pos - 1, pos - 1 + len(ref)
    left, right = min(left, start), min(right, len(sequence) - stop)
    before, behind = sequence[start - left : start], sequence[stop : stop + right]
    padded = normalize_naively(sequence, pos - left, before + ref + behind, before + alt + behind)
    assert padded == normalize_naively(sequence, pos, ref, alt)
    trimmed = trim_allele(pos, ref, alt)
    assert trim_allele(*trimmed) == trimmed


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(alleles(), alleles()), min_size=20, max_size=40))
def test_normalize_alleles__of_split_records_equals_bcftools(
    genome: Path, rows: list[tuple[tuple[str, int, str, str], tuple[str, int, str, str]]]
) -> None:
    records = []
    for (chrom, pos, ref, alt), (_, _, _, other) in rows:
        alts = [alt, *({other} - {alt, ref})]
        records.append((chrom, pos, len(records), ref, alts))
    records.sort(key=lambda one: (list(GENOME).index(one[0]), one[1]))
    given_vcf, output = genome.with_name("joined.vcf"), genome.with_name("split.vcf")
    contigs = "".join(f"##contig=<ID={name},length={len(bases)}>\n" for name, bases in GENOME.items())
    lines = [f"{chrom}\t{pos}\t{name}\t{ref}\t{','.join(alts)}\t.\t.\t.\n" for chrom, pos, name, ref, alts in records]
    head = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    given_vcf.write_text("##fileformat=VCFv4.2\n" + contigs + head + "".join(lines))
    copy = genome.with_name("with_index.fa")  # bcftools writes its index beside it
    copy.write_bytes(genome.read_bytes())
    run_bcftools("norm", "-m-any", "-f", str(copy), "-o", str(output), str(given_vcf), file=given_vcf)
    expected = [(chrom, *trim_allele(pos, ref, alt)) for chrom, pos, ref, alt in read_alleles(output)]
    split = [(chrom, pos, ref, alt) for chrom, pos, _, ref, alts in records for alt in alts]
    assert sorted(normalize(split, genome)) == sorted(expected)


# ---------------------------------------------------------------- by hand
@pytest.mark.parametrize(
    ("given_allele", "expected"),
    [
        (("X", 10, "CAGT", "T"), ("X", 1, "CAG", "-")),  # the last of four CAG goes: told as the first
        (("chrX", 12, "G", "GCAG"), ("chrX", 1, "-", "CAG")),
        (("2", 8, "T", "TT"), ("2", 1, "-", "T")),
        (("2", 9, "-", "T"), ("2", 1, "-", "T")),  # trimmed form, the base behind the insertion
        (("2", 1, "TTT", "-"), ("2", 1, "TTT", "-")),
        (("2", 9, "AC", "AT"), ("2", 10, "C", "T")),
        (("2", 9, "ACG", "TTTT"), ("2", 9, "ACG", "TTTT")),
        (("2", 9, "acg", "a"), ("2", 10, "CG", "-")),
    ],
)
def test_normalize_alleles__by_hand(
    genome: Path, given_allele: tuple[str, int, str, str], expected: tuple[str, int, str, str]
) -> None:
    assert normalize([given_allele], genome) == [expected]


def test_normalize_alleles__leaves_and_counts_what_contradicts_the_sequence(genome: Path) -> None:
    rows = [("2", 9, "C", "T"), ("2", 400, "A", "T"), ("7", 1, "A", "T"), ("2", 9, "A", "<DEL>"), ("2", 9, "A", "*")]
    findings = Findings()
    frame = pd.DataFrame(rows, columns=ALLELE).assign(kept="as it is")
    out = normalize_alleles(frame, fasta=genome, findings=findings)
    pd.testing.assert_frame_equal(out, frame)
    (finding,) = findings
    assert (finding.code, finding.rule, finding.value) == ("W_REF_MISMATCH", "V22", "2:9 C>T")
    assert "3 of 3 alleles disagree with the sequence and were left out: at 2:9 C>T it has A." in finding.message


def test_normalize_alleles__passes_over_missing_values(genome: Path) -> None:
    frame = pd.DataFrame(
        {"chrom": ["2", None, "2"], "pos": [8, 3, None], "ref": ["T", "T", "T"], "alt": ["TT", "TT", "TT"]}
    ).astype({"chrom": "string", "pos": "Int64", "ref": "string", "alt": "string"})
    out = normalize_alleles(frame, fasta=genome, findings=Findings())
    assert out.iloc[0].tolist() == ["2", 1, "-", "T"]
    pd.testing.assert_frame_equal(out.iloc[1:], frame.iloc[1:])


def test_normalize_alleles__writes_nothing_beside_the_sequence(tmp_path: Path) -> None:
    normalize([("2", 8, "T", "TT")], write_genome(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["genome.fa"]


def test_normalize_alleles__reads_a_bgzip_sequence(tmp_path: Path) -> None:
    import pysam

    pysam.tabix_compress(str(write_genome(tmp_path)), str(tmp_path / "genome.fa.gz"))
    (tmp_path / "genome.fa").unlink()
    assert normalize([("2", 8, "T", "TT")], tmp_path / "genome.fa.gz") == [("2", 1, "-", "T")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be indexed"),
        (b"<html>not found</html>\n", "cannot be indexed"),
        (b">1\nACGT\nAC\nACGT\n", "cannot be indexed"),
        (b"\x1f\x8b\x08\x00nonsense", "cannot be indexed"),
    ],
)
def test_normalize_alleles__refuses_what_is_no_sequence(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.fa").write_bytes(content)
    with pytest.raises(InputError, match=message):
        normalize([("1", 1, "A", "C")], tmp_path / "bad.fa")


def test_normalize_alleles__refuses_a_missing_or_broken_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        normalize([("1", 1, "A", "C")], tmp_path / "none.fa")
    (tmp_path / "genome.fa.fai").write_text("no index\n")
    with pytest.raises(InputError, match=r"an index \(.fai\) that is none"):
        normalize([("1", 1, "A", "C")], write_genome(tmp_path))


# ---------------------------------------------------------------- bcftools' own tests
def read_alleles(path: Path) -> list[tuple[str, int, str, str]]:
    """Return the alleles of a VCF, one row each."""
    rows = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return [(row[0], int(row[1]), row[3], alt) for row in rows for alt in row[4].split(",")]


def usable(rows: list[tuple[str, int, str, str]]) -> list[tuple[str, int, str, str]]:
    """Return the alleles that are bases: not ``.``, ``*``, ``<DEL>``, breakends, N."""
    return [row for row in rows if set(row[2] + row[3]) <= set("ACGT")]


# Left out: norm.right-align.2.out (the other direction), norm.telomere (N), norm.breakend (not small variants), and
# what has no reference because it tests joining, splitting by itself, duplicates, filters or ploidy (norm.4, 6, filter,
# join, m-any, merge, phased, rmdup, split.2-5, split.merge, string-tags): netgen never joins records.
@pytest.mark.shared
@pytest.mark.parametrize(
    ("vcf", "fasta", "output", "n"),
    [
        ("norm.split.vcf", "norm.fa", "norm.split.and.norm.out", 29),
        ("norm.atom-split-norm.vcf", "norm.atom-split-norm.fa", "norm.atom-split-norm.1.out", 2),
        ("norm.right-align.vcf", "norm.right-align.fa", "norm.right-align.1.out", 2),
        ("norm.symbolic.vcf", "norm.symbolic.fa", "norm.symbolic.1.out", 2),
        ("norm.symbolic.3.vcf", "norm.symbolic.3.fa", "norm.symbolic.3.1.out", 1),
    ],
)
def test_normalize_alleles__equals_bcftools_norm(shared: Path, vcf: str, fasta: str, output: str, n: int) -> None:
    folder = shared / "data" / "vcf_norm_splitvep"
    rows = usable(read_alleles(folder / vcf))
    expected = [(chrom, *trim_allele(pos, ref, alt)) for chrom, pos, ref, alt in usable(read_alleles(folder / output))]
    assert len(rows) == n
    assert sorted(normalize(rows, folder / fasta)) == sorted(expected)


@pytest.mark.shared
def test_normalize_alleles__equals_bcftools_norm_of_joined_alleles(shared: Path) -> None:
    folder = shared / "data" / "vcf_norm_splitvep"
    rows, output = usable(read_alleles(folder / "norm.vcf")), usable(read_alleles(folder / "norm.out"))
    rows.remove(("1", 60, "A", "T"))  # its reference is not that of the sequence: not in the output
    # bcftools moves the alleles of a record together; by themselves they come to lie where those of the output do
    assert sorted(normalize(rows, folder / "norm.fa")) == sorted(normalize(output, folder / "norm.fa"))
