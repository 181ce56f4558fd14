"""Consequences from a sequence and gene models: the gene of ``tiny_genome``, read by eye."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.errors import Findings, InputError
from netgen.genomics import bcftools, bcftools_child
from netgen.genomics.consequences import Reference, call_consequences
from netgen.genomics.gene_models import read_gene_models
from tests.genomics.tiny_genome import FLIP, SEQUENCE, TAGS, write

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.genomics.transcripts import Consequence


def call(
    rows: list[tuple[str, int, str, str]], reference: Reference, findings: Findings | None = None
) -> list[Consequence | None]:
    frame = pd.DataFrame(rows, columns=["chrom", "pos", "ref", "alt"])
    return call_consequences(frame, reference=reference, findings=Findings() if findings is None else findings)


def told(one: Consequence | None) -> tuple[Any, ...] | None:
    return (one.terms, one.transcript_id, one.hgvsp) if one else None


ALLELES = [
    ((17, "A", "G"), ("missense", "T1", "p.K3E")),
    ((17, "AA", "GG"), ("missense", "T1", "p.K3G")),
    ((19, "A", "G"), ("synonymous", "T1", "p.K3=")),
    ((12, "T", "C"), ("start_lost", "T1", "p.M1?")),
    ((79, "C", "T"), ("stop_gained", "T1", "p.Q17*")),
    ((88, "T", "C"), ("stop_lost", "T1", "p.*20Qext*?")),
    ((90, "A", "G"), ("stop_retained", "T1", "p.*20=")),
    ((60, "G", "A"), ("splice_acceptor", "T1", None)),
    ((41, "G", "A"), ("splice_donor", "T1", None)),
    ((19, "AG", "A"), ("frameshift", "T1", "p.E4Nfs*?")),
    ((22, "ACTGC", "A"), ("frameshift", "T1", "p.L5Vfs*?")),
    ((23, "CTG", "AT"), ("frameshift&feature_truncation", "T1", "p.L5Ifs*?")),
    ((22, "ACTG", "A"), ("inframe_deletion", "T1", "p.L5del")),
    ((25, "G", "GTGG"), ("inframe_insertion", "T1", "p.L5_R6insW")),
    ((22, "A", "ACTGCGT"), ("inframe_insertion", "T1", "p.L5_R6dup")),
    ((72, "A", "AGATGAA"), ("inframe_insertion", "T1", "p.D13_E14dup")),
    ((66, "TGAT", "T"), ("inframe_deletion&splice_region", "T1", None)),  # csq gives no residues
    ((50, "G", "C"), ("intron", "T1", None)),  # missense in T2, which is not what MANE Select says
]


@pytest.fixture(scope="module")
def ensembl(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return write(tmp_path_factory.mktemp("ensembl"))


@pytest.fixture(scope="module")
def forward(ensembl: Reference) -> list[Consequence | None]:
    return call([("7", *allele) for allele, _ in ALLELES], ensembl)


@pytest.mark.parametrize("number", range(len(ALLELES)), ids=[f"{pos}{ref}>{alt}" for (pos, ref, alt), _ in ALLELES])
def test_call_consequences__by_hand(forward: list[Consequence | None], number: int) -> None:
    expected = ALLELES[number][1]
    assert told(forward[number]) == (expected[0], f"{expected[1]}7", expected[2])


def test_call_consequences__reads_the_reverse_strand_alike(
    ensembl: Reference, forward: list[Consequence | None]
) -> None:
    substitutions = [(number, allele) for number, (allele, _) in enumerate(ALLELES) if len(allele[1]) == len(allele[2])]
    rows = [
        ("8", len(SEQUENCE) + 2 - pos - len(ref), ref.translate(FLIP)[::-1], alt.translate(FLIP)[::-1])
        for _, (pos, ref, alt) in substitutions
    ]
    names = [told(one) for one in call(rows, ensembl)]
    expected = [told(forward[number]) for number, _ in substitutions]
    assert [(one[0], one[2]) for one in names if one] == [(one[0], one[2]) for one in expected if one]
    assert {one[1] for one in names if one} == {"T18"}


def test_call_consequences__names_insertions_on_the_reverse_strand(ensembl: Reference) -> None:
    # TGG between bases 25 and 26, which are bases 86 and 85 here; CTGCGT between bases 22 and 23, here 89 and 88
    rows = [("8", 85, "G", "GCCA"), ("8", 88, "G", "GACGCAG")]
    expected = [("inframe_insertion", "T18", "p.L5_R6insW"), ("inframe_insertion", "T18", "p.L5_R6dup")]
    assert [told(one) for one in call(rows, ensembl)] == expected


def test_call_consequences__reads_any_spelling_and_order(ensembl: Reference) -> None:
    findings = Findings()
    rows = [
        ("chr7", 20, "G", "-"),  # MAF: a deletion, an insertion before base 20
        ("7", 20, "-", "TGG"),
        ("7", 104, "G", "A"),  # behind the gene
        ("7", 17, "a", "g"),
        ("7", 17, "A", "<DEL>"),
        ("7", 17, "A", "*"),
        ("chr7", 19, "AG", "A"),
        ("chrM", 1, "A", "C"),
    ]
    frame = pd.DataFrame(rows, columns=["chrom", "pos", "ref", "alt"], index=list("hgfedcba"))
    once = [told(one) for one in call_consequences(frame, reference=ensembl, findings=findings)]
    deletion, missense = ("frameshift", "T17", "p.E4Nfs*?"), ("missense", "T17", "p.K3E")
    assert once == [
        deletion,
        ("inframe_insertion", "T17", "p.K3_E4insW"),
        ("downstream_gene_variant", "T17", None),
        missense,
        None,
        None,
        deletion,
        None,
    ]
    twice = call_consequences(frame.iloc[::-1], reference=ensembl, findings=findings)
    assert [told(one) for one in twice] == once[::-1]
    assert len(findings) == 0


def test_call_consequences__reports_what_contradicts_the_sequence(ensembl: Reference) -> None:
    findings = Findings()
    rows = [("7", 17, "C", "G"), ("7", 5000, "A", "G"), ("19", 1, "A", "G"), ("7", 17, "A", "G")]
    assert [told(one) for one in call(rows, ensembl, findings)] == [None, None, None, ("missense", "T17", "p.K3E")]
    (finding,) = findings
    assert finding.code == "W_REF_MISMATCH"
    assert "3 of 4 alleles disagree with the sequence and were left out: at 7:17 C>G it has A." in finding.message


def test_call_consequences__beside_a_gene(ensembl: Reference) -> None:
    rows = [("7", 10, "A", "G"), ("7", 91, "G", "A"), ("8", 101, "T", "C"), ("8", 20, "C", "T"), ("M", 2, "C", "T")]
    up, down = "upstream_gene_variant", "downstream_gene_variant"
    expected = [(up, "T17", None), (down, "T17", None), (up, "T18", None), (down, "T18", None), None]
    assert [told(one) for one in call(rows, ensembl)] == expected


def test_call_consequences__nothing_to_tell(ensembl: Reference) -> None:
    assert call([], ensembl) == []
    assert call([("7", 1, "T", "<DUP>")], ensembl) == [None]


def test_call_consequences__writes_nothing_beside_the_files(tmp_path: Path) -> None:
    call([("7", 17, "A", "G")], write(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["genome.fa", "models.gff3"]


# ---------------------------------------------------------------- gene models
@pytest.mark.parametrize(("prefix", "gencode"), [("chr", False), ("", True), ("chr", True)])
def test_call_consequences__the_style_of_the_gene_models_does_not_matter(
    tmp_path: Path, forward: list[Consequence | None], prefix: str, gencode: bool
) -> None:
    reference = write(tmp_path, prefix=prefix, gencode=gencode)
    packed = tmp_path / "models.gff3.gz"
    packed.write_bytes(gzip.compress(reference.gff.read_bytes()))
    assert call([("7", *allele) for allele, _ in ALLELES], Reference(fasta=reference.fasta, gff=packed)) == forward


@pytest.mark.parametrize(
    ("tags", "transcripts", "expected"),
    [
        (TAGS, frozenset(), ("intron", "T17", None)),
        (TAGS, frozenset({"T27"}), ("intron", "T17", None)),  # MANE Select goes before the list
        ({"T1": "basic", "T2": "basic,Ensembl_canonical"}, frozenset(), ("missense", "T27", "p.V14L")),
        ({"T1": "basic,MANE_Select", "T2": "Ensembl_canonical"}, frozenset(), ("intron", "T17", None)),
        ({"T1": "basic", "T2": "basic"}, frozenset({"T17"}), ("intron", "T17", None)),
        ({"T1": "basic", "T2": "basic"}, frozenset({"T27.2"}), ("missense", "T27", "p.V14L")),
        ({"T1": "basic", "T2": "basic"}, frozenset(), ("missense", "T27", "p.V14L")),
    ],
)
def test_call_consequences__chooses_the_transcript_by_the_tags(
    tmp_path: Path, tags: dict[str, str], transcripts: frozenset[str], expected: tuple[Any, ...]
) -> None:
    files = write(tmp_path, tags=tags)
    reference = Reference(fasta=files.fasta, gff=files.gff, transcripts=transcripts)
    assert [told(one) for one in call([("7", 50, "G", "C")], reference)] == [expected]


def test_read_gene_models__one_row_per_transcript(tmp_path: Path) -> None:
    models = read_gene_models(write(tmp_path, prefix="chr").gff)
    assert models["transcript_id"].tolist() == ["T17", "T27", "T18", "T28"]
    last = models.iloc[3]
    assert last[["gene_id", "gene", "chrom", "strand", "biotype"]].tolist() == [
        "G8", "NAME8", "chr8", "-", "protein_coding",
    ]  # fmt: skip
    # bases 11-90 and 11-88 of 110, reversed, 0-based and half-open
    assert last[["start", "end", "transcript_start", "transcript_end"]].tolist() == [20, 100, 22, 100]
    assert models["mane"].tolist() == models["canonical"].tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Empty"),
        ("<html>not found</html>\n", "found none"),
        ("7\tx\tgene\t11\t90\t.\t+\t.\tID=gene-BRAF;gene_biotype=protein_coding\n", "found none"),  # RefSeq
        ('7\tx\tgene\t11\t90\t.\t+\t.\tgene_id "G1"; gene_name "ABC";\n', "found none"),  # GTF
        ("7\tx\tgene\televen\t90\t.\t+\t.\tID=gene:G1\n", "invalid value 'eleven'"),
        ("7\tx\tgene\t11\t90\t.\t+\t.\tID=gene:G1;Name=\tABC\n", "Expected 9 columns, got 10"),
        ("7\tx\tmRNA\t11\t90\t.\t+\t.\tID=transcript:T1;Parent=gene:G1\n", "found 0 genes and 1 transcripts"),
    ],
)
def test_read_gene_models__refuses_other_files(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.gff3").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_gene_models(tmp_path / "bad.gff3")
    assert caught.value.finding.code == "E_FILE_FORMAT"
    assert "gff2gff" in caught.value.finding.fix


def test_read_gene_models__refuses_a_truncated_file(tmp_path: Path) -> None:
    packed = gzip.compress(write(tmp_path).gff.read_bytes() * 50)
    (tmp_path / "cut.gff3.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="cannot be read"):
        read_gene_models(tmp_path / "cut.gff3.gz")
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        read_gene_models(tmp_path / "none.gff3")


# ---------------------------------------------------------------- the child
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "bcftools csq was ended by signal 11"),
        ("import sys; sys.stderr.write('no such contig'); sys.exit(3)", "bcftools csq failed: no such contig"),
    ],
)
def test_run_bcftools__the_end_of_the_child_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(bcftools, "_CHILD", tmp_path / "child.py")
    with pytest.raises(InputError, match=message):
        bcftools.run_bcftools("csq", file=tmp_path / "models.gff3")


def test_run_bcftools__tells_what_bcftools_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bcftools norm failed: .*none\.vcf"):
        bcftools.run_bcftools("norm", "-D", str(tmp_path / "none.vcf"), file=tmp_path / "none.vcf")


def test_bcftools_child__runs_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "##fileformat=VCFv4.2\n##contig=<ID=7>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (tmp_path / "in.vcf").write_text(f"{head}7\t9\t.\tA\tC\t.\t.\t.\n7\t5\t.\tA\tC\t.\t.\t.\n")
    assert bcftools_child.main(["sort", "-o", str(tmp_path / "out.vcf"), str(tmp_path / "in.vcf")]) == 0
    assert [line.split("\t")[1] for line in (tmp_path / "out.vcf").read_text().splitlines()[-2:]] == ["5", "9"]
    assert bcftools_child.main(["sort", str(tmp_path / "none.vcf")]) == 1
    assert "none.vcf" in capsys.readouterr().err
