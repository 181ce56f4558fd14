"""Defects of a VCF that touch what netgen uses: each is said with its line, and costs as little as it can."""

from __future__ import annotations

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.vcf import read_vcf

HEADER = (
    "##fileformat=VCFv4.2\n##reference=GRCh37\n"
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL|HGVSp">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tT1\n"
)
GOOD = "1\t100\t.\tC\tT\t.\tPASS\tCSQ=T|missense_variant|TP53|\tGT:AD\t0/1:7,3\n"


@pytest.fixture
def read(tmp_path):
    """Put a record behind a good one and read both."""

    def run(record, header=HEADER):
        path = tmp_path / "test.vcf"
        path.write_text(header + GOOD + record)
        findings = Findings()
        return read_vcf(path, findings=findings), [(item.code, item.row) for item in findings]

    return run


def record(**changes):
    fields = dict(
        zip(
            ("chrom", "pos", "id", "ref", "alt", "qual", "filter", "info", "format", "t1"),
            GOOD.split("\t"),
            strict=True,
        )
    )
    return "\t".join((fields | changes).values()).rstrip("\n") + "\n"


def test_vcf_defects__a_good_record_is_not_complained_of(read):
    vcf, said = read(record(pos="200"))
    assert (len(vcf.variants), said) == (2, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"pos": "."}, {"pos": "-1"}, {"pos": "1.5"}, {"ref": ""}, {"alt": ""}, {"chrom": ""},
        {"t1": "1/C:7,3"}, {"t1": "0/|1:7,3"}, {"t1": "0/:7,3"}, {"t1": "0.0:7,3"}, {"t1": "0/1:7,three"},
        {"format": "GT:AD:AD", "t1": "0/1:7,3:8,4"}, {"format": "GT:GT", "t1": "0/1:0/0"},
    ],
)  # fmt: skip
def test_vcf_defects__a_record_that_cannot_be_interpreted_is_left_out(read, changes):
    vcf, said = read(record(**changes))
    assert said == [("E_VALUE", 6)]
    assert (len(vcf.variants), vcf.n_records, vcf.n_dropped) == (1, 2, {"malformed": 1})


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"filter": ";PASS"}, {"filter": "PASS", "t_alt_count": 3}),
        ({"filter": "q10;;s50"}, {"filter": "q10;s50"}),
        ({"filter": ";"}, {"filter": None}),
        ({"chrom": "chr,1"}, {"chrom": ",1"}),
        ({"t1": "0/1:7,3,2"}, {"t_alt_count": None}),  # three depths for two alleles
        ({"t1": "0/1:7"}, {"t_alt_count": None}),
    ],
)
def test_vcf_defects__what_is_odd_is_read_and_said(read, changes, row):
    vcf, said = read(record(**changes))
    assert said == [("W_VCF_RECORD", 6)]
    found = vcf.variants.iloc[1]
    assert {name: None if found.isna()[name] else found[name] for name in row} == row


@pytest.mark.parametrize(
    "changes",
    [{"alt": "R"}, {"alt": "A T"}, {"ref": "."}, {"ref": "A C"}, {"t1": "0/3:7,3"}],
)  # fmt: skip
def test_vcf_defects__an_allele_that_is_none_gives_no_row_and_is_said(read, changes):
    vcf, said = read(record(**changes))
    assert said == [("W_VCF_RECORD", 6)]
    assert len(vcf.variants) == 1


def test_vcf_defects__missing_depths_are_no_defect(read):
    assert read(record(t1="0/1:."))[1] == []
    assert read(record(t1="0/1"))[1] == []
    assert read(record(t1="0/1:0,0"))[1] == []


@pytest.mark.parametrize(
    ("old", "new", "row", "what"),
    [
        ("##reference", "reference", 2, "begin with ##"),
        ("\tPOS\t", "\tPOSITION\t", 4, "must name"),
        ("FORMAT\tT1", "FORMAT\tT1\tT1", 4, "two sample columns are called T1"),
    ],
)
def test_vcf_defects__a_header_that_is_refused_names_its_line(read, old, new, row, what):
    with pytest.raises(InputError, match=what) as error:
        read("", header=HEADER.replace(old, new))
    assert error.value.finding.row == row
