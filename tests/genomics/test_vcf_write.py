"""Writing VCFs: lines worked out by hand, and every byte that is not netgen's compared with the source."""

from __future__ import annotations

import gzip

import pandas as pd
import pysam
import pytest

from netgen import schema
from netgen.errors import AnalysisError, Findings
from netgen.genomics.vcf_sites import write_sites_vcf
from netgen.genomics.vcf_write import write_annotated_vcf

HEADER = (
    '##fileformat=VCFv4.2\n##contig=<ID=chr11,length=135006516>\n##INFO=<ID=DP,Number=1,Type=Integer,Description="d">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)
RECORDS = (
    "chr11\t64572018\trs1\tG\tA\t.\tPASS\tDP=100\tGT:AD\t0/1:70,30\n"  # known
    "chr11\t64572100\t.\tCAT\tC,CATT,<NON_REF>\t50\tq10\t.\tGT\t1/2\n"  # AT deleted; T inserted; neither
    "chr11\t64572200\t.\tT\tC\t.\tPASS\tDP=5;SOMATIC\tGT\t0/0\n"  # not in the table
    "chr11\tx\t.\n"  # no record at all
)
VARIANT = {
    "sample_id": "S1", "gene": "MEN1", "build": "GRCh37", "chrom": "11", "variant_class": "Nonsense_Mutation",
}  # fmt: skip
ROWS = [
    {"pos": 64572018, "ref": "G", "alt": "A", "hgvsp_short": "p.R460*", "hotspot": True, "level": "1"},
    {"pos": 64572101, "ref": "AT", "alt": "-", "hgvsp_short": "p.A3=", "variant_class": "Silent", "flags": "a;b c"},
    {"pos": 64572102, "ref": "-", "alt": "T", "hgvsp_short": "p.Q4,5|6%", "variant_class": "Frame_Shift_Ins"},
]


def table(*rows):
    return schema.conform(pd.DataFrame([VARIANT | row for row in rows]), schema.VARIANTS)


def ours(line):
    """Split the INFO of a line into fields of netgen and others."""
    fields = line.split("\t")
    info = fields[7].split(";")
    mine = [item for item in info if item.startswith("NETGEN_")]
    return dict(item.split("=") for item in mine), "\t".join([*fields[:7], *fields[8:]])


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.vcf"
    path.write_text(HEADER + RECORDS)
    return path


def annotate(source, *rows, name="out.vcf", **options):
    path = source.parent / name
    n = write_annotated_vcf(source, table(*rows), path, **options)
    return n, path.read_bytes()


def test_write_annotated_vcf__fields_per_allele_and_every_other_byte_as_it_was(source):
    n, written = annotate(source, *ROWS, extra={"level": 'Level of "evidence"'})
    assert n == 3
    lines = written.decode().splitlines()
    header = [line for line in lines if line.startswith("#")]
    assert [line for line in header if "NETGEN" not in line] == HEADER.splitlines()
    assert header[3].startswith("##NETGEN_notice=Research use only.")
    assert '##INFO=<ID=NETGEN_HGVSP,Number=A,Type=String,Description="Protein change, one-letter residues">' in header
    assert '##INFO=<ID=NETGEN_LEVEL,Number=A,Type=String,Description="Level of \\"evidence\\"">' in header
    records = [line for line in lines if not line.startswith("#")]
    assert records[0].split("\t")[7] == (
        "DP=100;NETGEN_GENE=MEN1;NETGEN_CLASS=Nonsense_Mutation;NETGEN_HGVSP=p.R460*;NETGEN_HOTSPOT=1;NETGEN_LEVEL=1"
    )
    assert records[1].split("\t")[7] == (
        "NETGEN_GENE=MEN1,MEN1,.;NETGEN_CLASS=Silent,Frame_Shift_Ins,.;NETGEN_HGVSP=p.A3%3D,p.Q4%2C5%7C6%25,."
        ";NETGEN_FLAGS=a%3Bb%20c,.,."
    )
    original = RECORDS.splitlines()
    assert records[2:] == original[2:]
    assert [ours(line)[1] for line in records[:2]] == [ours(line)[1] for line in original[:2]]


def test_write_annotated_vcf__writing_twice_is_writing_once(source):
    _, once = annotate(source, *ROWS, extra={"level": "level"})
    again = source.parent / "again.vcf"
    again.write_bytes(once)
    assert annotate(again, *ROWS, name="twice.vcf", extra={"level": "level"})[1] == once
    _, none = annotate(again, name="none.vcf")  # nothing known any more: the fields of the first run go
    stripped = [line for line in none.decode().splitlines() if not line.startswith("##NETGEN_notice")]
    assert "\n".join(stripped) + "\n" == HEADER + RECORDS


@pytest.mark.parametrize(("old", "new"), [(b"\n", b"\r\n"), (b"0/1:70,30\n", b"0/1:70,30 \n"), (b"x\t.\n", b"x\t.")])
def test_write_annotated_vcf__line_ends_stay(source, old, new):
    content = source.read_bytes().replace(old, new)
    source.write_bytes(content)
    _, written = annotate(source, *ROWS)
    kept = b"".join(line for line in written.splitlines(keepends=True) if not line.startswith(b"##NETGEN"))
    kept = b"".join(line for line in kept.splitlines(keepends=True) if not line.startswith(b"##INFO=<ID=NETGEN"))
    assert kept.count(b"\r\n") == content.count(b"\r\n")
    assert kept.count(b"\n") == content.count(b"\n")
    assert written.endswith(content[-4:])


def test_write_annotated_vcf__compressed_in_and_out(source, tmp_path):
    zipped = tmp_path / "source.vcf.gz"
    pysam.tabix_compress(str(source), str(zipped))
    path = tmp_path / "out.vcf.gz"
    assert write_annotated_vcf(zipped, table(*ROWS), path) == 3
    with gzip.open(path, "rb") as handle:
        assert handle.read() == annotate(source, *ROWS)[1]
    with path.open("rb") as handle:
        assert b"BC" in handle.read(18)  # the extra field of bgzip


def test_write_annotated_vcf__binary_source_becomes_text(source, tmp_path):
    declared = "".join(
        f'##FORMAT=<ID={name},Number=.,Type={kind},Description="d">\n'
        for name, kind in (("GT", "String"), ("AD", "Integer"))
    )
    records = (
        RECORDS.replace("chr11\tx\t.\n", "").replace("q10", "PASS").replace(";SOMATIC", "").replace(",<NON_REF>", "")
    )
    source.write_text(HEADER.replace("#CHROM", declared + "#CHROM") + records)
    binary = tmp_path / "source.bcf"
    with pysam.VariantFile(str(source)) as handle, pysam.VariantFile(str(binary), "wb", header=handle.header) as out:
        for record in handle:
            out.write(record)
    rows = [row | {"file": str(binary), "row": number} for number, row in zip((1, 2, 2), ROWS, strict=True)]
    path = tmp_path / "out.vcf"
    assert write_annotated_vcf(binary, table(*rows), path) == 3
    with pysam.VariantFile(str(path)) as handle:
        assert [record.info.get("NETGEN_HGVSP") for record in handle] == [
            ("p.R460*",), ("p.A3%3D", "p.Q4%2C5%7C6%25"), None,
        ]  # fmt: skip


def test_write_annotated_vcf__rows_of_other_files_do_not_count(source):
    mine = ROWS[0] | {"file": str(source), "row": 5}
    other = ROWS[0] | {"file": "other.vcf", "row": 5, "hgvsp_short": "p.X1Y"}
    assert b"NETGEN_HGVSP=p.R460*" in annotate(source, mine, other)[1]
    assert b"NETGEN_HGVSP=p.R460*|p.X1Y" in annotate(source, ROWS[0], ROWS[0] | {"hgvsp_short": "p.X1Y"})[1]


def test_write_annotated_vcf__an_allele_that_was_moved_is_found_by_its_line(source):
    moved = ROWS[0] | {"file": str(source), "row": 5, "pos": 64572000}
    assert annotate(source, moved)[0] == 1
    assert annotate(source, moved | {"row": 6})[0] == 0  # a record of several alleles: it cannot be told which


def test_write_annotated_vcf__the_source_is_never_written_over(source):
    before = source.read_bytes()
    with pytest.raises(AnalysisError, match="never changed"):
        write_annotated_vcf(source, table(*ROWS), source)
    assert source.read_bytes() == before


SITES = [
    {
        "sample_id": "S2",
        "chrom": "X",
        "pos": 101,
        "ref": "-",
        "alt": "T",
        "t_ref_count": 7,
        "t_alt_count": 3,
        "vaf": 0.3,
    },
    {"sample_id": "S1", "chrom": "2", "pos": 100, "ref": "CAT", "alt": "-", "filter": "weak"},
    {
        "sample_id": "S1",
        "chrom": "X",
        "pos": 101,
        "ref": "-",
        "alt": "T",
        "t_ref_count": 1,
        "t_alt_count": 1,
        "vaf": 0.5,
    },
    {"sample_id": "S1", "chrom": "1", "pos": 1, "ref": "A", "alt": "-"},
    {"sample_id": "S1", "chrom": "1", "pos": 5, "ref": "A", "alt": "G", "variant_class": "Silent", "vaf": 0.25},
]


def test_write_sites_vcf__one_record_per_variant_one_column_per_tumour(tmp_path):
    path = tmp_path / "sites.vcf"
    findings = Findings()
    assert write_sites_vcf(table(*SITES), path, findings=findings, samples=["S0"]) == 4
    assert len(findings) == 0
    lines = path.read_text().splitlines()
    assert lines[0] == "##fileformat=VCFv4.3"
    assert "##reference=GRCh37" in lines
    assert "##contig=<ID=X,length=155270560>" in lines
    records = [line.split("\t") for line in lines if not line.startswith("##")]
    assert records[0] == ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "S0", "S1", "S2"]
    assert [record[:5] + record[6:7] + record[8:] for record in records[1:]] == [
        # no base before the first: the one behind it
        ["1", "1", ".", "AN", "N", ".", "GT:AD:AF", "./.:.:.", "0/1:.:.", "./.:.:."],
        ["1", "5", ".", "A", "G", ".", "GT:AD:AF", "./.:.:.", "0/1:.:0.25", "./.:.:."],
        ["2", "99", ".", "NCAT", "N", "weak", "GT:AD:AF", "./.:.:.", "0/1:.:.", "./.:.:."],
        ["X", "100", ".", "N", "NT", ".", "GT:AD:AF", "./.:.:.", "0/1:1,1:0.5", "0/1:7,3:0.3"],
    ]
    assert records[2][7] == "NETGEN_GENE=MEN1;NETGEN_CLASS=Silent"


def test_write_sites_vcf__base_before_an_indel_from_the_reference(tmp_path):
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">chrX\nACGTACGTAC\n>MT\nGGGG\n>chrM\nTTTT\n")
    pysam.faidx(str(fasta))
    rows = [
        {"chrom": "X", "pos": 3, "ref": "G", "alt": "-"},  # the base before is C
        {"chrom": "M", "pos": 2, "ref": "-", "alt": "A"},
        {"chrom": "7", "pos": 3, "ref": "-", "alt": "A"},  # not in the reference
    ]
    path = tmp_path / "sites.vcf"
    write_sites_vcf(table(*rows), path, findings=Findings(), fasta=fasta)
    records = [line.split("\t")[:5] for line in path.read_text().splitlines() if not line.startswith("#")]
    assert records == [
        ["7", "2", ".", "N", "NA"], ["X", "2", ".", "CG", "C"], ["M", "1", ".", "T", "TA"],
    ]  # fmt: skip


def test_write_sites_vcf__rows_without_a_place_are_said_and_mixed_builds_refused(tmp_path):
    findings = Findings()
    path = tmp_path / "sites.vcf.gz"
    assert write_sites_vcf(table(SITES[0], {"pos": pd.NA}), path, findings=findings) == 1
    assert [(item.code, "1 of 2" in item.message) for item in findings] == [("W_ALLELE_MISSING", True)]
    with pysam.VariantFile(str(path)) as handle:
        (record,) = handle
        assert (record.chrom, record.pos, record.samples["S2"]["AD"]) == ("X", 100, (7, 3))
    with pytest.raises(AnalysisError, match="one build"):
        write_sites_vcf(table(SITES[0], SITES[1] | {"build": "GRCh38"}), path, findings=findings)
