"""What counts as a call, what a record is, whose column it is, and what a caller says of its origin."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.consequences import Reference
from netgen.genomics.transcripts import Consequence
from netgen.genomics.vcf import VcfFile, read_vcf, read_vcfs
from netgen.genomics.vcf_header import find_header_fault, read_raw_header
from netgen.genomics.vcf_records import RecordLayout, VcfRows, allele_kind, read_record, split_info
from netgen.genomics.vcf_samples import find_tumour_columns, name_sample, read_evidence
from netgen.genomics.vcf_status import read_status
from netgen.genomics.vcf_stream import decompressed, text_lines

if TYPE_CHECKING:
    import pandas as pd

FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]


def write(folder: Path, columns: list[str], records: list[str], lines: tuple[str, ...] = ()) -> Path:
    """Write a VCF without declarations and without annotation; records have blanks for tabs."""
    path = folder / "P1.vcf"
    head = [*FIXED, *(["FORMAT", *columns] if columns else [])]
    body = [one.replace(" ", "\t") for one in records]
    path.write_text("\n".join(["##fileformat=VCFv4.2", "##contig=<ID=1>", *lines, "\t".join(head), *body]) + "\n")
    return path


def read(path: Path, **options: Any) -> VcfFile:
    return read_vcf(path, findings=Findings(), **options)


def alleles(vcf: VcfFile) -> list[list[Any]]:
    rows = vcf.unannotated[["pos", "ref", "alt", "t_ref_count", "t_alt_count"]].astype(object)
    return rows.where(rows.notna(), None).to_numpy().tolist()


# ---------------------------------------------------------------- genotypes
@pytest.mark.parametrize(
    ("genotype", "called"),
    [("0/1", 1), ("./1", 1), (".|1", 1), ("1", 1), ("1/1/.", 1), ("/0/1", 1), ("0/0", 0), ("./.", 0), (".", 0),
     ("0", 0), ("2/2", 0), ("", 0)],
)  # fmt: skip
def test_read_vcf__believes_a_genotype(tmp_path: Path, genotype: str, called: int) -> None:
    vcf = read(write(tmp_path, ["T"], [f"1 10 . A C . PASS . DP:GT 9:{genotype}"]))
    assert (len(vcf.unannotated), vcf.n_dropped.get("no_call", 0)) == (called, 1 - called)


@pytest.mark.parametrize(
    ("layout", "sample", "called"),
    [("AU:CU:GU:TU", "9,9:3,3:0,0:0,0", 1), ("AU:CU:GU:TU", "9,9:0,3:0,0:0,0", 0), ("DP:AF", "9:0.0", 0),
     ("DP:AF", "9:0.2", 1), ("DP", "9", 1), (".", ".", 1)],
)  # fmt: skip
def test_read_vcf__without_a_genotype_asks_for_reads_of_the_allele(
    tmp_path: Path, layout: str, sample: str, called: int
) -> None:
    vcf = read(write(tmp_path, ["NORMAL", "TUMOR"], [f"1 10 . A C . PASS SOMATIC {layout} {sample} {sample}"]))
    assert (len(vcf.unannotated), vcf.n_dropped.get("no_call", 0)) == (called, 1 - called)


# ---------------------------------------------------------------- records
def test_read_vcf__counts_blocks_of_reference_on_their_own(tmp_path: Path) -> None:
    records = [
        "1 10 . A <NON_REF> . . END=19 GT:DP 0/0:9",
        "1 20 . A <*> . . END=29 GT:DP 0/0:9",
        "1 30 . A . . . END=39 GT:DP 0/0:9",
        "1 40 . A . . . DP=9 GT:DP 0/0:9",
        "1 50 . A G,<NON_REF> . . DP=40 GT:AD 0/1:30,10,0",
        "1 60 . A G,T,<*> . . DP=60 GT:AD 1/2:30,10,20,0",
        "1 70 . AC A,*,<NON_REF> . . DP=60 GT:AD 1/2:30,10,20,0",
    ]
    vcf = read(write(tmp_path, ["T"], records))
    assert alleles(vcf) == [
        [50, "A", "G", 30, 10],
        [60, "A", "G", 30, 10],
        [60, "A", "T", 30, 20],
        [71, "C", "-", 30, 10],
    ]
    assert vcf.n_dropped == {"no_alternative": 1, "no_consequence": 4, "reference_block": 3, "spanning_deletion": 1}


@pytest.mark.parametrize(
    ("ref", "alt", "kind"),
    [("A", "C", "small"), ("a", "acg", "small"), ("A", "N", "small"), ("A", "<NON_REF>", "reference"),
     ("A", "<*>", "reference"), ("A", "*", "spanning_deletion"), ("A", ".", "none"),
     ("A", "<DUP:TANDEM>", "structural"),
     ("G", "G]17:198982]", "structural"), ("N", "]1:10579]N", "structural"), ("A", "AC.", "structural"),
     ("A", ".TA", "structural"), ("A", "[<ctg1>:7[A", "structural"), ("G", "A/T", "not_an_allele"),
     ("A", "R", "not_an_allele"), ("A", "-", "not_an_allele")],
)  # fmt: skip
def test_allele_kind__tells_bases_from_everything_else(ref: str, alt: str, kind: str) -> None:
    assert allele_kind(ref, alt) == kind


def test_read_vcf__keeps_undeclared_names_and_odd_alleles_apart(tmp_path: Path) -> None:
    records = ["1 10 . A C . my_filter;q9 UNDECLARED=1;FLAG GT:XX 0/1:9", "1 11 . G A/T . . . GT 0/1"]
    vcf = read(write(tmp_path, ["T 1"], records).rename(tmp_path / "x.vcf"))
    assert (vcf.unannotated["filter"].tolist(), vcf.samples) == (["my_filter;q9"], ("T 1",))
    assert vcf.n_dropped == {"no_consequence": 1, "not_an_allele": 1}


def test_read_vcf__names_records_that_are_odd(tmp_path: Path) -> None:
    records = [
        "1 10 . A C . . . GT 0/1",
        "1 11 . A R . . . GT 0/1",
        "1 12 . . C . . . GT 0/1",
        "1 13 . A C,,G . . . GT 0/3",
        "1 14 . A C,G . . . GT 0/3",
        "chr,1 15 . A C . . . GT 0/1",
    ]
    findings = Findings()
    vcf = read_vcf(write(tmp_path, ["T"], records), findings=findings)
    odd = [(one.row, one.message) for one in findings if one.code == "W_VCF_RECORD"]
    assert [row for row, _ in odd] == [5, 6, 7, 8, 9]
    assert [message.split(", but ")[1] for _, message in odd] == [
        "ALT 'R' of REF 'A' is no allele.",
        "ALT 'C' of REF '.' is no allele.",
        "ALT '' of REF 'A' is no allele.",
        "GT '0/3' names an allele that is not there.",
        "CHROM 'chr,1' is no name of a contig.",
    ]
    assert [row[0] for row in alleles(vcf)] == [10, 13, 15]


def test_read_vcf__reads_a_file_without_sample_columns(tmp_path: Path) -> None:
    records = ["1 10 . A C . PASS TVAF=0.25;TDP=40", "1 11 . A C,G . PASS DP4=1,2,3,4"]
    vcf = read(write(tmp_path, [], records), known_samples=["P1"])
    assert vcf.samples == ("P1",)
    assert alleles(vcf) == [[10, "A", "C", 30, 10], [11, "A", "C", None, None], [11, "A", "G", None, None]]


def test_read_vcf__does_not_read_info_as_reads_of_one_of_two_samples(tmp_path: Path) -> None:
    vcf = read(write(tmp_path, ["NORMAL", "TUMOR"], ["1 10 . A C . PASS DP4=1,2,3,4 GT 0/0 0/1"]))
    assert alleles(vcf) == [[10, "A", "C", None, None]]


def collect(fields: str, *, normal: int | None = None, places: tuple[int, ...] = (9,)) -> VcfRows:
    rows = VcfRows()
    samples = tuple(f"T{place}" for place in places)
    layout = RecordLayout(samples=samples, places=places, normal=normal, lone=False, annotation=None)
    read_record(fields.split(" "), 7, layout, rows)
    return rows


@pytest.mark.parametrize(
    ("fields", "split", "pairs"),
    [
        ("1 10 m G <DEL> . PASS SVTYPE=DEL;END=99 PR:SR 34,6:125,31", 31, 6),  # Manta, somatic: no GT
        ("1 10 m G G]7:88] . PASS SVTYPE=BND GT:DR:DV:RR:RV 0/1:20:9:30:4", 4, 9),  # DELLY
        ("1 10 m G G]7:88] . PASS SVTYPE=BND GT:REF:RP:SR:VF .:20:9:4:13", 4, 9),  # GRIDSS
        ("1 10 m N <DUP> . PASS SVTYPE=DUP;END=99 GT:GQ 0/1:28", None, None),  # CNVkit
        ("1 10 m N N]2:29223528] . PASS SVTYPE=BND GT:DV:RV:FFPM ./1:1:0:26", 0, 1),  # fusions of RNA
    ],
)
def test_read_record__collects_structural_records_with_their_reads(
    fields: str, split: int | None, pairs: int | None
) -> None:
    (event,) = collect(fields).events
    assert (event.sample_id, event.row, event.id, event.pos) == ("T9", 7, "m", 10)
    assert (event.split_reads, event.pair_reads, event.status) == (split, pairs, "")


@pytest.mark.parametrize(
    "fields",
    ["1 10 . G <DEL> . . SVTYPE=DEL GT 0/0", "1 10 . G <DEL> . . SVTYPE=DEL PR:SR 34,0:125,0",
     "1 10 . G <DEL> . . SVTYPE=DEL GT:RP:SR:VF .:0:0:0", "1 10 . G <DEL> . . SVTYPE=DEL GT ./."],
)  # fmt: skip
def test_read_record__leaves_events_that_the_tumour_lacks(fields: str) -> None:
    rows = collect(fields)
    assert (rows.events, rows.dropped) == ([], {("T9", "no_call"): 1})


def test_read_record__says_whether_an_event_is_somatic() -> None:
    somatic = collect("1 10 . G <DEL> . . SOMATIC;SVTYPE=DEL GT 0/0 0/1", normal=9, places=(10,))
    germline = collect("1 10 . G <DEL> . . SVTYPE=DEL GT 0/1 0/1", normal=9, places=(10,))
    assert [rows.events[0].status for rows in (somatic, germline)] == ["SOMATIC", "GERMLINE"]


def test_read_record__takes_long_bases_for_structural_only_if_the_caller_does() -> None:
    long = "A" + "C" * 50
    assert len(collect(f"1 10 . {long} A . . SVTYPE=DEL GT 0/1").events) == 1
    assert len(collect(f"1 10 . {long} A . . DP=9 GT 0/1").rows) == 1
    assert len(collect(f"1 10 . {long[:-1]} A . . SVTYPE=DEL GT 0/1").rows) == 1


@pytest.mark.parametrize(
    ("info", "value", "rest"),
    [("CSQ=a|b;DP=9", "a|b", "DP=9"), ("DP=9;CSQ=a|b", "a|b", "DP=9"), ("DP=9;CSQ=a;SS=2", "a", "DP=9;SS=2"),
     ("MYCSQ=a;DP=9", "", "MYCSQ=a;DP=9"), ("CSQ=a", "a", ""), (".", "", ".")],
)  # fmt: skip
def test_split_info__takes_one_field_out(info: str, value: str, rest: str) -> None:
    assert split_info(info, "CSQ") == (value, rest)


# ---------------------------------------------------------------- somatic or germline
@pytest.mark.parametrize(
    ("info", "code", "status"),
    [
        ("DP=208;SS=1;SSC=0", "", "germline"),
        ("DP=24;SOMATIC;SS=2;SSC=11", "", "somatic"),
        ("SS=3", "", "loh"),
        ("SS=0", "2", "wildtype"),
        ("SS=5", "", None),
        ("SS=5;SOMATIC", "", "somatic"),
        ("DP=9", "2", "somatic"),
        ("DP=9", "5", None),
        ("NT=ref;SOMATIC;TQSS=1", "", "somatic"),
        ("STATUS=StrongSomatic;TYPE=SNV", "", "somatic"),
        ("STATUS=LikelyLOH", "", "loh"),
        ("STATUS=Germline", "", "germline"),
        ("STATUS=AFDiff", "", None),
        ("SOMATICSCORE=86;TQSS=1", "", None),
        (".", "", None),
    ],
)
def test_read_status__takes_what_is_stated(info: str, code: str, status: str | None) -> None:
    assert read_status(info, code) == status


def test_read_vcf__leaves_a_germline_filter_in_its_column(tmp_path: Path) -> None:
    vcf = read(write(tmp_path, ["T"], ["1 10 . A C . germline . GT:SS 0/1:.", "1 11 . A C . PASS SS=1 GT 0/1"]))
    assert vcf.unannotated["filter"].tolist() == ["germline", "PASS"]
    assert vcf.unannotated["mutation_status"].fillna("").tolist() == ["", "germline"]


# ---------------------------------------------------------------- columns and samples
MUTECT = '##MuTect="analysis_type=MuTect tumor_sample_name=A9 normal_sample_name=A8 force=false"'
MUTECT2 = '##GATKCommandLine=<ID=Mutect2,CommandLine="Mutect2 --tumor-sample A9 --normal-sample A8 --output x.vcf">'


@pytest.mark.parametrize(
    ("columns", "lines", "options", "found"),
    [
        (["A8", "A9"], [MUTECT], {}, ["A9"]),
        (["A9", "A8"], [MUTECT2], {}, ["A9"]),
        (["b", "A8"], [MUTECT2], {}, ["b"]),  # the tumour was renamed, the normal was not
        (["c", "d"], [MUTECT2], {}, []),
        (["999-99", "998-99"], ["##SAMPLE=<ID=TUMOR,SampleName=999-99,File=/x,y.bam>"], {}, ["999-99"]),
        (["n", "t"], ["##SAMPLE=<ID=NORMAL,SampleName=n>"], {}, ["t"]),
        (["s", "t"], ["##SAMPLE=<ID=s,SampleName=P1>", "##SAMPLE=<ID=t,SampleName=P9>"], {"known_samples": ["P9"]},
         ["t"]),
        (["s", "t"], ["##SAMPLE=<ID=t,SampleName=P9>"], {"tumour": "P9"}, ["t"]),
        (["s", "t"], ['##SAMPLE=<ID=s,Genomes=Germline,Description="a, b">'], {}, ["t"]),
        (["s", "t"], ["##SAMPLE=<ID=t,Genomes=Germline;Tumor,Mixture=.3;.7>"], {}, ["t"]),
        (["s", "t"], ["##PEDIGREE=<Derived=t,Original=s>"], {}, ["t"]),
        (["s", "t"], ["##PEDIGREE=<ID=t,Original=s>"], {}, ["t"]),
        (["s", "t", "u"], ["##normal_sample=s"], {}, ["t", "u"]),
        (["TUMOR", "NORMAL"], ["##tumor_sample=absent"], {}, ["TUMOR"]),
        (["NORMAL"], [], {}, []),
        (["T1_N1"], [], {"known_samples": ["T1"]}, ["T1_N1"]),
        (["T 1", "N 1"], [], {"known_samples": ["T 1"]}, ["T 1"]),
        (["TUMOR", "NORMAL"], ['##INFO=<ID=x,Description="tumor_sample_name=NORMAL">'], {}, ["TUMOR"]),
    ],
)  # fmt: skip
def test_find_tumour_columns__reads_the_header(
    columns: list[str], lines: list[str], options: dict[str, Any], found: list[str]
) -> None:
    assert find_tumour_columns(columns, lines, **options) == found


def test_read_evidence__puts_statements_before_command_lines() -> None:
    evidence = read_evidence([MUTECT2, "##normal_sample=n", "##tumor_sample=t"])
    assert (evidence.tumours, evidence.normals) == (("t", "A9"), ("n", "A8"))


@pytest.mark.parametrize(
    ("column", "known", "lines", "name"),
    [
        ("TUMOR", [], ["##SAMPLE=<ID=TUMOR,SampleName=A9>"], "A9"),
        ("TUMOR", ["P1"], ["##SAMPLE=<ID=TUMOR,SampleName=A9>"], "P1"),
        ("t", ["A9"], ["##SAMPLE=<ID=t,SampleName=A9>"], "A9"),
        ("t", [], ["##SAMPLE=<ID=t,SampleName=A9>"], "t"),
        ("-", [], [], "P1"),
    ],
)
def test_name_sample__believes_the_study_then_the_header(
    column: str, known: list[str], lines: list[str], name: str
) -> None:
    assert name_sample(column, Path("P1.vcf.gz"), known, lines) == name


def test_read_vcf__takes_a_lone_normal_only_on_demand(tmp_path: Path) -> None:
    path = write(tmp_path, ["NORMAL"], ["1 10 . A C . PASS . GT 0/1"])
    findings = Findings()
    assert read_vcf(path, findings=findings).samples == ()
    assert [one.code for one in findings.of("E")] == ["E_VCF_TUMOUR_UNKNOWN"]
    assert "found NORMAL" in findings.items[0].message
    assert read(path, sample_id="P1").samples == ("P1",)


def test_read_vcfs__takes_samples_and_columns_from_a_manifest(tmp_path: Path) -> None:
    first = write(tmp_path, ["a", "b"], ["1 10 . A C . PASS . GT:AD 0/0:9,0 0/1:3,1"]).rename(tmp_path / "one.vcf")
    second = write(tmp_path, ["a", "b"], ["1 10 . A C . PASS . GT:AD 0/1:1,3 0/0:9,0"]).rename(tmp_path / "two.vcf")
    files = read_vcfs([first, second], findings=Findings(), sample_ids={first: "P1"}, tumours={first: "b", second: "a"})
    assert [(one.samples, alleles(one)) for one in files] == [
        (("P1",), [[10, "A", "C", 3, 1]]),
        (("a",), [[10, "A", "C", 1, 3]]),
    ]


# ---------------------------------------------------------------- text
def test_text_lines__joins_blocks_and_drops_line_ends() -> None:
    assert list(text_lines([b"", b"a\r", b"\nb", b"c\n\nd\r\n", b"e\r"])) == ["a", "bc", "", "d", "e"]
    assert list(text_lines([b"Ren\xc3", b"\xa9\n\xff\n"])) == ["Ren\u00e9", "\ufffd"]


def test_decompressed__reads_members_and_padding_and_notices_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"one\n") + b"\0" * 9 + gzip.compress(b"") + gzip.compress(b"two\n") + b"\0" * 9)
    assert b"".join(decompressed(path)) == b"one\ntwo\n"
    path.write_bytes(gzip.compress(b"one\n" * 99)[:-9])
    with pytest.raises(InputError, match="breaks off"):
        list(decompressed(path))


def test_read_vcf__reads_a_header_that_is_no_utf8(tmp_path: Path) -> None:
    path = write(tmp_path, ["T"], ["1 10 . A C . . . GT 0/1", "99999999999 99999999999 . A C . . . GT 0/1"])
    path.write_bytes(path.read_bytes().replace(b"\tT\n", b"\tT\xff\n").replace(b"ID=1>", b"ID=1,note=\xff>"))
    findings = Findings()
    vcf = read_vcf(path, findings=findings)
    assert (vcf.samples, [row[0] for row in alleles(vcf)]) == (("T\ufffd",), [10])
    assert [(one.code, one.row) for one in findings.of("E") if one.row] == [("E_VALUE", 5)]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("\t".join(FIXED), ""),
        ("\t".join([*FIXED, "FORMAT", "a", "b"]), ""),
        ("\t".join([*FIXED, "FORMAT"]), "announces FORMAT, but no sample"),
        ("\t".join([*FIXED, "FORMAT", "a", "a"]), "two sample columns are called a"),
        (" ".join(FIXED), "separated by tabs"),
        ("CHROM", "no header that ends in a line #CHROM"),
    ],
)
def test_find_header_fault__says_what_is_wrong(tmp_path: Path, line: str, fault: str) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(f"##fileformat=VCFv4.2\n{line}\n")
    found = find_header_fault(read_raw_header(path))
    assert fault in found if fault else not found
    if fault:
        with pytest.raises(InputError, match=fault):
            read(path)


# ---------------------------------------------------------------- what nobody has told, and events
def test_read_vcfs__calls_untold_consequences_once_for_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[list[Any]]] = []

    def call(wanted: pd.DataFrame, **_: object) -> list[Consequence | None]:
        asked.append(wanted.to_numpy().tolist())
        told = Consequence(
            terms="missense_variant", symbol="TP53", transcript_id="T1", hgvsc=None, hgvsp="p.R1C",
            population_af=None, exon=None,
        )  # fmt: skip
        return [told if chrom == "1" else None for chrom in wanted["chrom"]]

    monkeypatch.setattr("netgen.genomics.vcf_files.call_consequences", call)
    first = write(tmp_path, ["A"], ["1 10 . AC A . . . GT 0/1", "2 20 . A C . . . GT 0/1"]).rename(tmp_path / "one.vcf")
    second = write(tmp_path, ["B"], ["1 30 . A C . . . GT 0/1"]).rename(tmp_path / "two.vcf")
    findings = Findings()
    files = read_vcfs([first, second], findings=findings, reference=Reference(fasta=Path("f"), gff=Path("g")))
    assert asked == [[["1", 10, "AC", "A"], ["2", 20, "A", "C"], ["1", 30, "A", "C"]]]
    assert [one.variants[["gene", "pos", "hgvsp_short"]].to_numpy().tolist() for one in files] == [
        [["TP53", 11, "p.R1C"]],
        [["TP53", 30, "p.R1C"]],
    ]
    assert [one.n_dropped for one in files] == [{"no_consequence": 1}, {}]
    assert findings.codes() == {"W_BUILD_UNKNOWN"}


def test_vcf_file__says_what_it_speaks_of(tmp_path: Path) -> None:
    def kinds(*records: str, lines: tuple[str, ...] = ()) -> tuple[bool, bool, bool]:
        vcf = read(write(tmp_path, ["T"], list(records), lines))
        return vcf.small, vcf.structural, vcf.oncomine

    assert kinds() == (False, False, False)
    assert kinds("1 10 . A C . . . GT 0/0") == (True, False, False)
    assert kinds("1 10 . A <DEL> . . SVTYPE=DEL;END=99 GT 0/0") == (False, True, False)
    func = '##INFO=<ID=FUNC,Number=.,Type=String,Description="Functional Annotations">'
    assert kinds("1 10 . A C,<DUP> . . END=99 GT 1/2", lines=(func,)) == (True, True, True)


def test_vcf_file__counts_what_was_left_out_by_sample(tmp_path: Path) -> None:
    records = ["1 10 . A C . . . GT 0/1 0/0", "1 11 . A . . . . GT 0/0 0/0"]
    vcf = read(write(tmp_path, ["A", "B"], records), known_samples=["A", "B"])
    rows = [[sample or "", reason, n] for sample, reason, n in vcf.dropped.fillna("").to_numpy().tolist()]
    assert rows == [["", "no_alternative", 1], ["A", "no_consequence", 1], ["B", "no_call", 1]]
    assert vcf.n_dropped == {"no_alternative": 1, "no_call": 1, "no_consequence": 1}


@pytest.mark.shared
def test_read_vcf__gives_the_fusions_of_a_file(shared: Path) -> None:
    path = shared / "data" / "vcf_structural" / "scout.fusions_arriba_starfusion_fusioncatcher.vcf.gz"
    vcf = read(path)
    assert (vcf.samples, vcf.n_records, len(vcf.variants)) == (("888-88",), 5, 0)
    assert len(vcf.fusions) == 5
    assert set(vcf.fusions["sample_id"]) == {"888-88"}
    assert [{"EML4", "ALK"}] == [set(pair) for pair in vcf.fusions[["gene1", "gene2"]].to_numpy()[:1]]
