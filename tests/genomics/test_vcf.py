"""VEP-annotated VCFs: tumour column, genotypes, alleles, depths, transcript choice, build, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.vcf import VcfFile, read_vcf, read_vcfs
from netgen.genomics.vcf_header import detect_build
from netgen.genomics.vcf_samples import find_tumour_columns, name_sample
from netgen.genomics.vep import choose_consequence, parse_csq_format, vep_alleles

FIELDS = (
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|BIOTYPE|HGVSc|HGVSp|Protein_position|Amino_acids|PICK|CANONICAL"
    "|MANE_SELECT|gnomADe_AF|gnomADe_NFE_AF|MAX_AF|EXON"
)
HEADER = [
    "##fileformat=VCFv4.2",
    '##FILTER=<ID=PASS,Description="x">',
    '##FILTER=<ID=weak,Description="x">',
    "##contig=<ID=chr1,length=248956422>",
    "##contig=<ID=chr17,length=83257441>",
    "##contig=<ID=chr5,length=181538259>",
    f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {FIELDS}">',
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="x">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">',
    '##FORMAT=<ID=AF,Number=A,Type=Float,Description="x">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">',
]


def entry(**values: str) -> str:
    """Return one entry of CSQ; unnamed fields are empty."""
    base = {"Allele": "T", "Consequence": "missense_variant", "SYMBOL": "TP53", "BIOTYPE": "protein_coding"}
    return "|".join({**base, **values}.get(name, "") for name in FIELDS.split("|"))


def record(
    *calls: str, chrom: str = "chr17", pos: int = 100, ref: str = "C", alt: str = "T", csq: str | None = None,
    keep: str = "PASS", layout: str = "GT:AD",
) -> str:  # fmt: skip
    info = "DP=9" if csq == "" else f"DP=9;CSQ={csq or entry()}"
    fields = [chrom, str(pos), ".", ref, alt, ".", keep, info]
    return "\t".join([*fields, *([layout, *calls] if calls else [])])


def write(folder: Path, columns: list[str], records: list[str], *, lines: list[str] | None = None) -> Path:
    head = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", *(["FORMAT", *columns] if columns else [])]
    path = folder / "S1.vcf"
    path.write_text("\n".join([*HEADER, *(lines or []), "\t".join(head), *records]) + "\n")
    return path


def read(path: Path, **options: Any) -> tuple[VcfFile, Findings]:
    findings = Findings()
    return read_vcf(path, findings=findings, **options), findings


def pick(vcf: VcfFile, *columns: str) -> list[list[Any]]:
    rows = vcf.variants[list(columns)]
    return rows.astype(object).where(rows.notna(), None).to_numpy().tolist()


# ---------------------------------------------------------------- a whole file
def test_read_vcf__fills_the_variant_table(tmp_path: Path) -> None:
    csq = entry(
        SYMBOL="TP53",
        Feature="ENST00000269305.9",
        HGVSc="ENST00000269305.9:c.524G>A",
        HGVSp="ENSP00000269305.4:p.Arg175His",
        gnomADe_AF="1e-05",
        MAX_AF="0.0002",
    )
    records = [
        record("0/0:80,0", "0/1:60,40", csq=csq, pos=7675088),
        record(
            "0/0:80,0", "0/1:9,1", csq=entry(Consequence="synonymous_variant", HGVSp="ENSP:p.Cys275%3D"), keep="weak"
        ),
    ]  # fmt: skip
    path = write(tmp_path, ["N", "T"], records, lines=["##tumor_sample=T"])
    vcf, findings = read(path)
    assert not findings.items
    assert (vcf.samples, vcf.build, vcf.n_records, vcf.n_dropped) == (("T",), "GRCh38", 2, {})
    assert pick(
        vcf, "sample_id", "gene", "build", "chrom", "pos", "ref", "alt", "variant_class", "hgvsp_short", "hgvsc",
        "transcript_id", "t_ref_count", "t_alt_count", "vaf", "filter", "gnomad_af", "row",
    ) == [
        ["T", "TP53", "GRCh38", "17", 7675088, "C", "T", "Missense_Mutation", "p.R175H", "c.524G>A",
         "ENST00000269305.9", 60, 40, 0.4, "PASS", 0.0002, len(HEADER) + 3],
        ["T", "TP53", "GRCh38", "17", 100, "C", "T", "Silent", "p.C275=", None,
         None, 9, 1, 0.1, "weak", None, len(HEADER) + 4],
    ]  # fmt: skip
    assert vcf.variants["file"].tolist() == [str(path)] * 2
    assert "exon_number" not in vcf.variants


def test_read_vcf__passes_the_number_of_the_exon_on(tmp_path: Path) -> None:
    records = [record("0/1:60,40", csq=entry(EXON="14/21")), record("0/1:60,40", csq=entry(), pos=200)]
    vcf, _ = read(write(tmp_path, ["T"], records))
    assert pick(vcf, "pos", "exon_number") == [[100, "14/21"], [200, None]]


def test_read_vcf__reads_gzip_and_bcf(tmp_path: Path) -> None:
    import pysam

    path = write(tmp_path, ["T"], [record("0/1:60,40")])
    plain, _ = read(path)
    zipped = tmp_path / "zipped.vcf.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    binary = tmp_path / "binary.bcf"
    with pysam.VariantFile(str(path)) as source, pysam.VariantFile(str(binary), "wb", header=source.header) as sink:
        for one in source:
            sink.write(one)
    for other in (zipped, binary):
        found, findings = read(other)
        assert not findings.items
        assert pick(found, "sample_id", "gene", "pos", "vaf") == pick(plain, "sample_id", "gene", "pos", "vaf")


def test_read_vcf__accepts_a_file_without_variants(tmp_path: Path) -> None:
    vcf, findings = read(write(tmp_path, ["T"], []))
    assert (vcf.samples, vcf.n_records, len(vcf.variants)) == (("T",), 0, 0)
    assert not findings.items


# ---------------------------------------------------------------- genotypes, alleles, depths
@pytest.mark.parametrize(
    ("genotype", "called"),
    [("0/1", True), ("1/1", True), ("1|0", True), ("./1", True), ("1", True), ("0/0", False), ("./.", False),
     ("0/.", False), (".", False)],
)  # fmt: skip
def test_read_vcf__tells_calls_from_non_calls(tmp_path: Path, genotype: str, called: bool) -> None:
    vcf, _ = read(write(tmp_path, ["T"], [record(f"{genotype}:60,40")]))
    assert len(vcf.variants) == called
    assert vcf.n_dropped == ({} if called else {"no_call": 1})


def test_read_vcf__takes_every_record_as_a_call_without_genotypes(tmp_path: Path) -> None:
    vcf, _ = read(write(tmp_path, ["T"], [record("40", layout="DP")]))
    assert pick(vcf, "gene", "t_alt_count", "vaf") == [["TP53", None, None]]


def test_read_vcf__splits_alleles_with_their_depths_and_consequences(tmp_path: Path) -> None:
    csq = ",".join(
        [
            entry(Allele="G", SYMBOL="KRAS", HGVSp="p.Gly12Ala"),
            entry(Allele="T", SYMBOL="KRAS", HGVSp="p.Gly12Val"),
        ]
    )
    vcf, _ = read(write(tmp_path, ["T"], [record("1/2:50,30,20", alt="G,T", csq=csq)]))
    assert pick(vcf, "alt", "hgvsp_short", "t_ref_count", "t_alt_count", "vaf") == [
        ["G", "p.G12A", 50, 30, 0.375],
        ["T", "p.G12V", 50, 20, pytest.approx(2 / 7)],
    ]


def test_read_vcf__leaves_alleles_that_the_tumour_lacks(tmp_path: Path) -> None:
    csq = ",".join([entry(Allele="G"), entry(Allele="T")])
    vcf, _ = read(write(tmp_path, ["T"], [record("0/2:50,0,20", alt="G,T", csq=csq)]))
    assert pick(vcf, "alt") == [["T"]]
    assert vcf.n_dropped == {"no_call": 1}


def test_read_vcf__trims_alleles(tmp_path: Path) -> None:
    deletion = entry(Allele="-", Consequence="frameshift_variant")
    insertion = entry(Allele="AC", Consequence="frameshift_variant")
    records = [
        record("0/1:9,1", ref="GTAT", alt="G", pos=100, csq=deletion),
        record("0/1:9,1", ref="G", alt="GAC", pos=200, csq=insertion),
        record("0/1:9,1", ref="GA", alt="TC", pos=300, csq=entry(Allele="TC")),
    ]
    vcf, _ = read(write(tmp_path, ["T"], records))
    assert pick(vcf, "pos", "ref", "alt", "variant_class") == [
        [101, "TAT", "-", "Frame_Shift_Del"],
        [201, "-", "AC", "Frame_Shift_Ins"],
        [300, "GA", "TC", "Missense_Mutation"],
    ]


def test_read_vcf__counts_what_is_no_small_variant(tmp_path: Path) -> None:
    records = [
        record("0/1:9,1", alt="."),
        record("1/2:9,1,1", alt="*,T"),
        record("0/1:9,1", csq=""),
        record("0/1:9,1", csq=entry(SYMBOL="", Consequence="intergenic_variant")),
    ]
    vcf, findings = read(write(tmp_path, ["T"], records))
    assert vcf.n_dropped == {"gene_missing": 1, "no_alternative": 1, "no_consequence": 1, "spanning_deletion": 1}
    assert vcf.dropped["sample_id"].tolist() == ["T"] * 4
    assert (len(vcf.variants), len(vcf.unannotated)) == (1, 1)
    assert not findings.of("E")


@pytest.mark.parametrize(
    ("layout", "call", "expected"),
    [
        ("GT:AD", "0/1:60,40", [60, 40, 0.4]),
        ("GT:AD", "0/1:0,0", [0, 0, None]),
        ("GT:AD:AF", "0/1:.:0.25", [None, None, 0.25]),
        ("GT:AD:AF", "0/1:30,.:0.25", [None, None, 0.25]),
        ("GT:AD", "0/1:7", [None, None, None]),
        ("GT:AF", "0/1:0.125", [None, None, 0.125]),
        ("GT:AF", "0/1:12.5", [None, None, None]),
        ("GT:DP", "0/1:99", [None, None, None]),
    ],
)
def test_read_vcf__reads_depths_that_are_one_per_allele(
    tmp_path: Path, layout: str, call: str, expected: list[float | None]
) -> None:
    vcf, _ = read(write(tmp_path, ["T"], [record(call, layout=layout)]))
    assert pick(vcf, "t_ref_count", "t_alt_count", "vaf") == [expected]


# ---------------------------------------------------------------- which column, which sample
@pytest.mark.parametrize(
    ("columns", "lines", "options", "found"),
    [
        (["N", "T"], ["##tumor_sample=T"], {}, ["T"]),
        (["N", "T"], ["##tumour_sample=T"], {}, ["T"]),
        (["A-N", "A-T"], [], {"known_samples": ["A-T", "B-T"]}, ["A-T"]),
        (["A", "B"], [], {"known_samples": ["A", "B"]}, ["A", "B"]),
        (["any"], [], {}, ["any"]),
        (["NORMAL", "TUMOR"], [], {}, ["TUMOR"]),
        (["tumour", "normal"], [], {}, ["tumour"]),
        (["NORMAL", "P7"], [], {}, ["P7"]),
        (["x", "y"], ["##normal_sample=x"], {}, ["y"]),
        (["A_AN", "z"], [], {"known_samples": ["A"]}, ["A_AN"]),
        (["N", "T"], ["##tumor_sample=T"], {"tumour": "N"}, ["N"]),
        (["N", "T"], [], {"tumour": "absent"}, []),
        (["x", "y"], [], {}, []),
        (["TUMOR", "TUMOUR"], [], {}, []),
    ],
)
def test_find_tumour_columns__goes_by_stated_evidence(
    columns: list[str], lines: list[str], options: dict[str, Any], found: list[str]
) -> None:
    assert find_tumour_columns(columns, lines, **options) == found


@pytest.mark.parametrize(
    ("column", "file", "known", "name"),
    [
        ("P1", "x.vcf", ["P1"], "P1"),
        ("P1_N1", "x.vcf", ["P1", "P"], "P1"),
        ("TUMOR", "P1.vcf.gz", ["P1"], "P1"),
        ("TUMOR", "P1.mutect2.vcf.gz", ["P1"], "P1"),
        ("TUMOR", "P1.mutect2.vcf.gz", [], "P1.mutect2"),
        ("P9", "x.vcf", [], "P9"),
        ("P9", "P1.vcf", ["P1"], "P1"),
    ],
)
def test_name_sample__prefers_known_samples(column: str, file: str, known: list[str], name: str) -> None:
    assert name_sample(column, Path(file), known) == name


def test_read_vcf__reports_the_columns_when_the_tumour_is_unknown(tmp_path: Path) -> None:
    vcf, findings = read(write(tmp_path, ["left", "right"], [record("0/1:9,1", "0/1:9,1")]))
    (finding,) = findings.items
    assert finding.code == "E_VCF_TUMOUR_UNKNOWN"
    assert "found left, right" in finding.message
    assert (vcf.samples, vcf.variants.empty, vcf.n_records) == ((), True, 1)


def test_read_vcf__reports_a_named_column_that_is_absent(tmp_path: Path) -> None:
    _, findings = read(write(tmp_path, ["T"], [record("0/1:9,1")]), tumour="X")
    assert "The tumour column X is needed, found T" in findings.items[0].message


def test_read_vcf__uses_the_given_sample_id(tmp_path: Path) -> None:
    vcf, _ = read(write(tmp_path, ["TUMOR", "NORMAL"], [record("0/1:9,1", "0/0:9,0")]), sample_id="P1")
    assert (vcf.samples, pick(vcf, "sample_id")) == (("P1",), [["P1"]])


def test_read_vcf__reads_files_without_sample_columns_when_the_sample_is_given(tmp_path: Path) -> None:
    path = write(tmp_path, [], [record()])
    vcf, _ = read(path, sample_id="P1")
    assert pick(vcf, "sample_id", "gene", "vaf") == [["P1", "TP53", None]]
    by_name, _ = read(path, known_samples=["S1"])
    assert pick(by_name, "sample_id") == [["S1"]]
    _, findings = read(path)
    assert "found no sample columns" in findings.items[0].message


def test_read_vcf__reads_several_tumours_of_one_file(tmp_path: Path) -> None:
    vcf, _ = read(
        write(
            tmp_path,
            ["A", "N", "B"],
            [record("0/1:9,1", "0/0:9,0", "0/0:8,0"), record("0/1:9,1", "0/0:9,0", "1/1:1,9")],
        ),
        known_samples=["A", "B"],
    )
    assert vcf.samples == ("A", "B")
    assert pick(vcf, "sample_id", "t_alt_count") == [["A", 1], ["A", 1], ["B", 9]]
    assert vcf.n_dropped == {"no_call": 1}


# ---------------------------------------------------------------- build
@pytest.mark.parametrize(
    ("contigs", "lines", "build"),
    [
        ({"chr1": 248956422}, [], "GRCh38"),
        ({"1": 249250621, "MT": 16569}, [], "GRCh37"),
        ({"chr1": 249250621, "chrM": 16569}, ["##reference=hg19.fa"], "GRCh37"),
        ({"1": 0}, ["##reference=file:///ref/human_g1k_v37_decoy.fasta"], "GRCh37"),
        ({}, ["##reference=ftp://x/GRCh37-lite.fa.gz"], "GRCh37"),
        ({}, ['##VEP="v110" assembly="GRCh38.p14"'], "GRCh38"),
        ({"1": 249250621}, ["##reference=hg38.fa"], "GRCh37"),
        ({}, ["##reference=hg38.fa", "##contig=<ID=1,assembly=b37>"], None),
        ({"x": 5}, ["##source=GRCh37"], None),
        ({}, [], None),
    ],
)
def test_detect_build__believes_lengths_before_words(
    contigs: dict[str, int], lines: list[str], build: str | None
) -> None:
    assert detect_build(contigs, lines) == build


def test_read_vcf__warns_when_no_build_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, ["T"], [record("0/1:9,1")])
    path.write_text(path.read_text().replace(",length=248956422", "").replace(",length=83257441", "")
                    .replace(",length=181538259", ""))  # fmt: skip
    vcf, findings = read(path)
    assert vcf.build is None
    assert vcf.variants["build"].isna().all()
    assert [one.code for one in findings] == ["W_BUILD_UNKNOWN"]


# ---------------------------------------------------------------- VEP
LAYOUT = parse_csq_format(f"x Format: {FIELDS}")


def chosen(*entries: str, ref: str = "C", alts: tuple[str, ...] = ("T",), number: int = 1) -> Any:
    assert LAYOUT is not None
    return choose_consequence(",".join(entries), LAYOUT, ref=ref, alts=alts, number=number)


@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        ({"MANE_SELECT": "NM_1", "CANONICAL": "YES"}, {"PICK": "1"}),
        ({"SYMBOL": "", "CANONICAL": "YES"}, {}),
        ({"Consequence": "downstream_gene_variant", "CANONICAL": "YES", "MANE_SELECT": "NM_1"}, {}),
        ({"CANONICAL": "YES"}, {"MANE_SELECT": "NM_1"}),
        ({"Consequence": "stop_gained"}, {"CANONICAL": "YES", "Consequence": "intron_variant"}),
        ({"BIOTYPE": "retained_intron", "Consequence": "stop_gained"}, {}),
        ({"Consequence": "synonymous_variant"}, {"Consequence": "stop_gained"}),
        ({"Feature": "ENST2"}, {"Feature": "ENST1"}),
    ],
)
def test_choose_consequence__prefers(loser: dict[str, str], winner: dict[str, str]) -> None:
    one, two = entry(**{"SYMBOL": "LOSER", **loser}), entry(**{"SYMBOL": "WINNER", **winner})
    assert chosen(one, two).symbol == "WINNER"
    assert chosen(two, one).symbol == "WINNER"


@pytest.mark.parametrize(
    ("ref", "alts", "spelling"),
    [
        ("C", ["T"], ["T"]),
        ("C", ["CA"], ["A"]),
        ("CA", ["C"], ["-"]),
        ("CA", ["C", "CAA"], ["-", "AA"]),
        ("A", ["AT", "T"], ["AT", "T"]),
        ("GA", ["TC"], ["TC"]),
        ("CA", ["C", "<DEL>"], ["-", "<DEL>"]),
    ],
)
def test_vep_alleles__writes_alleles_as_vep_does(ref: str, alts: list[str], spelling: list[str]) -> None:
    assert vep_alleles(ref, alts) == spelling


def test_choose_consequence__matches_alleles() -> None:
    entries = (entry(Allele="-", SYMBOL="DEL"), entry(Allele="AA", SYMBOL="INS"))
    assert chosen(*entries, ref="CA", alts=("C", "CAA"), number=1).symbol == "DEL"
    assert chosen(*entries, ref="CA", alts=("C", "CAA"), number=2).symbol == "INS"
    assert chosen(entries[0], ref="CA", alts=("C", "CAA"), number=2) is None
    minimal = (entry(Allele="A", SYMBOL="INS"),)
    assert chosen(*minimal, ref="CA", alts=("C", "CAA"), number=2).symbol == "INS"


def test_choose_consequence__derives_a_missing_protein_change() -> None:
    assert chosen(entry(Protein_position="600/766", Amino_acids="V/E")).hgvsp == "p.V600E"
    assert chosen(entry(Protein_position="12-13", Amino_acids="GG/AA")).hgvsp is None
    assert chosen(entry(HGVSp="ENSP1:p.Gly12Val", Protein_position="9", Amino_acids="A/T")).hgvsp == "p.G12V"


def test_choose_consequence__takes_the_largest_population_frequency() -> None:
    assert chosen(entry(gnomADe_AF="0.001", gnomADe_NFE_AF="0.002&0.004", MAX_AF="0.003")).population_af == 0.004
    assert chosen(entry()).population_af is None


def test_parse_csq_format__reads_the_order_from_the_header() -> None:
    layout = parse_csq_format("Consequence annotations. Format: 'Consequence|SYMBOL|Allele'")
    assert layout is not None
    assert (layout.terms, layout.symbol, layout.allele, layout.pick) == (0, 1, 2, -1)
    assert parse_csq_format("Functional annotations: 'Allele | Annotation | Gene_Name'") is None
    assert parse_csq_format("Format: Allele|Gene") is None


def test_read_vcf__reports_files_without_annotation(tmp_path: Path) -> None:
    path = write(tmp_path, ["T"], [record("0/1:9,1", csq="")])
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "ID=CSQ" not in line) + "\n")
    vcf, findings = read(path)
    assert [one.code for one in findings] == ["E_VCF_NOT_ANNOTATED"]
    assert (vcf.samples, vcf.n_records, vcf.variants.empty) == (("T",), 1, True)


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git-LFS pointer"),
        (b"Hugo_Symbol\tx\nTP53\t1\n", "this file cannot be read"),
        (b"##fileformat=VCFv4.2\n", "this file cannot be read"),
        (b"PK\x03\x04junk", "found a ZIP archive"),
    ],
)
def test_read_vcf__refuses_what_is_no_vcf(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.vcf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert caught.value.finding.code == "E_FILE_FORMAT"
    assert caught.value.finding.file == str(path)


def test_read_vcf__refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        read(tmp_path / "absent.vcf")


def test_read_vcf__names_the_lines_that_cannot_be_read(tmp_path: Path) -> None:
    good = record("0/1:9,1")
    bad = [
        good.replace("\t100\t", "\tx\t"),
        "chr17\t5\t.\tC",
        good.replace("0/1:9,1", "0/x:9,1"),
        good.replace("9,1", "9,y"),
    ]
    vcf, findings = read(write(tmp_path, ["T"], [*bad, "", good]))
    assert [(one.code, one.row) for one in findings] == [("E_VALUE", len(HEADER) + 2 + place) for place in range(4)]
    assert "POS must be a whole number, found 'x'" in findings.items[0].message
    assert "10 columns are needed, found 4" in findings.items[1].message
    assert (vcf.n_records, vcf.n_dropped, pick(vcf, "row")) == (5, {"malformed": 4}, [[len(HEADER) + 7]])


def test_read_vcf__refuses_a_truncated_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(
        write(tmp_path, ["T"], [record("0/1:9,1", pos=place) for place in range(1, 3000)]).read_bytes()
    )
    path = tmp_path / "cut.vcf.gz"
    path.write_bytes(whole[: len(whole) - 40])
    with pytest.raises(InputError, match="this file cannot be read"):
        read(path)


def test_read_vcfs__reads_what_it_can_and_reports_the_rest(tmp_path: Path) -> None:
    first = write(tmp_path, ["T"], [record("0/1:9,1"), record("0/1:9,1", csq=entry(SYMBOL=""))])
    second = tmp_path / "second.vcf"
    second.write_text(first.read_text().replace("TP53", "PARK2"))
    broken = tmp_path / "broken.vcf"
    broken.write_text("nothing\n")
    findings = Findings()
    files = read_vcfs([first, broken, second], findings=findings, sample_ids={second: "B"}, known_samples=["S1"])
    assert [one.path for one in files] == [first, second]
    assert [pick(one, "sample_id", "gene", "file") for one in files] == [
        [["S1", "TP53", str(first)]],
        [["B", "PRKN", str(second)]],
    ]
    assert [one.n_dropped for one in files] == [{"gene_missing": 1}] * 2
    assert [(one.code, one.file) for one in findings.of("E")] == [("E_FILE_FORMAT", str(broken))]
    alone, _ = read(second, sample_id="B")
    assert alone.variants.equals(files[1].variants)
    assert read_vcfs([], findings=findings) == []


# ---------------------------------------------------------------- real files; expectations read from the files by eye
@pytest.mark.shared
def test_read_vcf__reads_freebayes_and_mutect(shared: Path) -> None:
    path = shared / "data" / "vcf_somatic_callers" / "scout" / "cancer_test.freebayes_mutect.vep95.vcf.gz"
    vcf, findings = read(path, known_samples=["999-99"])
    assert not findings.of("E")
    assert (vcf.samples, vcf.build, vcf.n_records) == (("999-99",), "GRCh37", 10)
    columns = ("gene", "chrom", "pos", "hgvsp_short", "vaf", "filter")
    rows = {row[0]: row[1:] for row in pick(vcf, *columns)}
    assert rows["JAK2"] == ["9", 5073770, "p.V617F", pytest.approx(2365 / 5163), "PASS"]
    assert rows["IDH2"] == ["15", 90631934, "p.R140Q", pytest.approx(3893 / 8431), "PASS"]
    assert rows["NPM1"][:3] == ["5", 170837544, "p.W288Cfs*12"]
    assert rows["TP53"][:4] == ["17", 7577559, "p.S241F", pytest.approx(174 / (2963 + 174))]
    assert rows["GATA1"][4] == "clustered_events;homologous_mapping_event"


@pytest.mark.shared
def test_read_vcf__reads_vardict(shared: Path) -> None:
    path = shared / "data" / "vcf_somatic_callers" / "scout" / "tumor_only.vardict.vep94.vcf.gz"
    vcf, findings = read(path, sample_id="P1")
    assert not findings.of("E")
    assert (vcf.samples, vcf.build, vcf.n_records, len(vcf.variants)) == (("P1",), "GRCh37", 15, 15)
    coding = vcf.variants[vcf.variants["variant_class"] == "Missense_Mutation"]
    assert coding[["gene", "pos", "hgvsp_short", "t_ref_count", "t_alt_count"]].to_numpy().tolist() == [
        ["NTRK1", 156843439, "p.Q289K", 574, 897]
    ]
    assert vcf.variants["gene"].value_counts()["PTEN"] == 8


@pytest.mark.shared
def test_read_vcf__never_ends_in_a_traceback(shared: Path) -> None:
    """Files of the EBI validator; those named "passed" are valid."""
    files = sorted((shared / "data" / "vcf_conformance").rglob("*.vcf"))
    assert len(files) > 300
    findings = Findings()
    read_vcfs(files, findings=findings, sample_ids=dict.fromkeys(files, "S"))
    refused = [Path(one.file).name for one in findings if one.code == "E_FILE_FORMAT"]
    assert len(refused) == 9
    assert not [name for name in refused if name.startswith("passed")]
