"""Reads and allele fraction: one line per caller, worked by hand."""

from __future__ import annotations

import pytest

from netgen.genomics.vcf_depths import plan_format, read_depths, read_info_depths, split_sample

SNV = ("C", "T")
INDEL = ("G", "GCCCC")
THREE = ("A", "G", "T")


def depths(layout: str, sample: str, alleles: tuple[str, ...], number: int) -> list[float | None]:
    plan = plan_format(layout)
    return list(read_depths(split_sample(sample, plan), plan, alleles, number))


@pytest.mark.parametrize(
    ("caller", "layout", "sample", "alleles", "number", "expected"),
    [
        ("AD", "GT:AD:DP", "0/1:60,40:120", SNV, 1, [60, 40, 0.4]),
        ("AD, second allele", "GT:AD", "1/2:50,30,20", THREE, 2, [50, 20, 2 / 7]),
        ("AD without reference: of the depth", "GT:AD:DP", "0/1:.,21:54", SNV, 1, [None, 21, 21 / 54]),
        ("AD without reference or depth", "GT:AD", "0/1:.,21", SNV, 1, [None, 21, None]),
        ("AD of zero", "GT:AD", "0/1:0,0", SNV, 1, [0, 0, None]),
        ("AD before AF", "GT:AD:AF", "0/1:341,42:0.2", SNV, 1, [341, 42, 42 / 383]),
        ("AD with <NON_REF>", "GT:AD:DP", "0/1:30,10,0:40", ("A", "G", "<NON_REF>"), 1, [30, 10, 0.25]),
        ("AD of another length", "GT:AD:DP", "1/1:0,95:95", THREE, 1, [None, None, None]),
        ("AD missing, AF there", "GT:AD:AF", "0/1:.:0.25", SNV, 1, [None, None, 0.25]),
        ("PCGR", "GT:DPC:DPT:ADC:ADT:AL", "0/1:237:144:.,.:112,32:1,3", SNV, 1, [112, 32, 32 / 144]),
        ("VarScan", "GT:GQ:DP:RD:AD:FREQ:DP4", "0/1:.:91:56:35:38.46%:31,25,16,19", SNV, 1, [56, 35, 35 / 91]),
        ("VarScan, FREQ alone", "GT:FREQ", "0/1:12.5%", SNV, 1, [None, None, 0.125]),
        ("VarScan, FREQ with a comma", "GT:FREQ", "0/1:12,5%", SNV, 1, [None, None, 0.125]),
        ("FREQ without a percent sign", "GT:FREQ", "0/1:12.5", SNV, 1, [None, None, None]),
        ("one AD without RD", "GT:AD", "0/1:7", SNV, 1, [None, None, None]),
        ("FreeBayes", "GT:DP:RO:AO", "0/1:1283:681:597", SNV, 1, [681, 597, 597 / 1278]),
        ("FreeBayes, second allele", "GT:RO:AO", "1/2:10:20,30", THREE, 2, [10, 30, 0.75]),
        ("Ion Torrent", "GT:DP:FDP:RO:FRO:AO:FAO", "0/1:99:100:50:60:30:40", SNV, 1, [60, 40, 0.4]),
        ("Ion Torrent, second allele", "GT:FDP:FRO:FAO", "1/2:100:50:20,30", THREE, 2, [50, 30, 0.375]),
        ("Ion Torrent without FAO", "GT:RO:FRO:AO:FAO", "0/1:50:.:30:.", SNV, 1, [50, 30, 0.375]),
        ("Strelka SNV", "DP:AU:CU:GU:TU", "66:25,27:39,41:0,0:0,9", ("C", "A"), 1, [39, 25, 25 / 64]),
        ("Strelka SNV, second allele", "AU:CU:GU:TU", "4,4:12,12:2,2:0,0", ("C", "G", "A"), 2, [12, 4, 0.25]),
        ("Strelka indel", "DP:TAR:TIR:TOR", "99:66,68:32,32:5,5", INDEL, 1, [66, 32, 32 / 98]),
        ("DP4", "GT:DP4", "0/1:31,25,16,19", SNV, 1, [56, 35, 35 / 91]),
        ("DP4 of two alleles", "GT:DP4", "1/2:31,25,16,19", THREE, 1, [None, None, None]),
        ("SomaticSniper", "GT:DP4:BCOUNT", "0/1:20,15,5,4:0,44,0,16", SNV, 1, [44, 16, 16 / 60]),
        ("SomaticSniper, indel", "GT:BCOUNT", "0/1:0,44,0,16", INDEL, 1, [None, None, None]),
        ("CaVEMan", "GT:FAZ:FCZ:FGZ:FTZ:RAZ:RCZ:RGZ:RTZ", "0|1:0:10:0:3:0:20:0:7", SNV, 1, [30, 10, 0.25]),
        ("VarDict through a merger", "GT:DP:VD:AF", "0/1:5163:2365:0.458", SNV, 1, [2798, 2365, 2365 / 5163]),
        ("mpileup", "GT:DP:DV", "0/1:40:10", SNV, 1, [30, 10, 0.25]),
        ("MuTect 1", "GT:FA", "0/1:0.214", SNV, 1, [None, None, 0.214]),
        ("MuTect 1 with depth: 3 of 14 alone rounds to it", "GT:DP:FA", "0/1:14:0.214", SNV, 1, [11, 3, 3 / 14]),
        ("AF with depth: 2 of 35", "DP:AF:OBS", "35:0.0571429:x", SNV, 1, [33, 2, 2 / 35]),
        ("AF, second allele", "GT:AF", "1/2:0.1,0.3", THREE, 2, [None, None, 0.3]),
        ("AF, second allele, with depth", "GT:DP:AF", "1/2:10:0.10,0.30", THREE, 2, [None, 3, 0.3]),
        ("AF that fits two numbers of reads", "GT:DP:AF", "0/1:250:0.10", SNV, 1, [None, None, 0.1]),
        ("AF that fits none", "GT:DP:AF", "0/1:10:0.257", SNV, 1, [None, None, 0.257]),
        ("AF of one value for two alleles", "GT:AF", "1/2:0.3", THREE, 1, [None, None, None]),
        ("AF outside 0-1", "GT:AF", "0/1:12.5", SNV, 1, [None, None, None]),
        ("AF that is no number", "GT:AF", "0/1:nan", SNV, 1, [None, None, None]),
        ("AF in powers of ten", "GT:AF", "0/1:2.5e-02", SNV, 1, [None, None, 0.025]),
        ("DeepVariant", "GT:VAF", "0/1:0.5", SNV, 1, [None, None, 0.5]),
        ("Pisces", "GT:VF", "0/1:0.0312", SNV, 1, [None, None, 0.0312]),
        ("trailing fields absent", "GT:DP:AF:AD", "0/1:9", SNV, 1, [None, None, None]),
        ("nothing known", "GT:DP:GQ", "0/1:99:30", SNV, 1, [None, None, None]),
        ("FORMAT empty", ".", ".", SNV, 1, [None, None, None]),
    ],
)  # fmt: skip
def test_read_depths__follows_the_caller(
    caller: str, layout: str, sample: str, alleles: tuple[str, ...], number: int, expected: list[float | None]
) -> None:
    assert depths(layout, sample, alleles, number) == [
        None if one is None else pytest.approx(one) for one in expected
    ], caller


def test_read_depths__refuses_an_ad_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="AD must hold whole numbers, found 'y'"):
        depths("GT:AD", "0/1:9,y", SNV, 1)
    with pytest.raises(ValueError, match="found '99999999999'"):
        depths("GT:AD", "0/1:9,99999999999", SNV, 1)
    assert depths("GT:RO:AO", "0/1:9:99999999999", SNV, 1) == [None, None, None]


@pytest.mark.parametrize(
    ("info", "alleles", "number", "expected"),
    [
        ("TVAF=0.222222222222;TDP=144;TAL=mutect2", SNV, 1, [112, 32, 32 / 144]),
        ("TDP=100;TVAF=0.25,0.10", THREE, 2, [None, 10, 0.1]),
        ("TVAF=0.25", SNV, 1, [None, None, 0.25]),
        ("DP=40;AF=0.5;DP4=14,1,6,1;MQ=56", SNV, 1, [15, 7, 7 / 22]),
        ("DP=40;AF=0.5", SNV, 1, [None, None, None]),  # AF in INFO is that of a population as often as not
        (".", SNV, 1, [None, None, None]),
    ],
)
def test_read_info_depths__reads_files_of_one_sample(
    info: str, alleles: tuple[str, ...], number: int, expected: list[float | None]
) -> None:
    assert list(read_info_depths(info, alleles, number)) == [
        None if one is None else pytest.approx(one) for one in expected
    ]
