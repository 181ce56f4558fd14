"""Many files of many kinds as one: a small folder of everything (``mixed_folder``), read off by hand."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.joined_files import JoinedFiles, join_files
from netgen.genomics.sequencing_file import SequencingFile
from netgen.genomics.sequencing_files import Reading, read_sequencing_files
from netgen.schema import COPY_NUMBER, FUSIONS, conform
from tests.genomics import mixed_folder as mixed
from tests.genomics import tiny_genome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.genomics.consequences import Reference

NAMES = load_gene_names()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mixed")


@pytest.fixture(scope="module")
def paths(folder: Path) -> list[Path]:
    return mixed.write_mixed(folder)


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return tiny_genome.write(tmp_path_factory.mktemp("genome"), symbols=("BRAF", "EGFR"))


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "targets.bed"
    path.write_text(mixed.BED)
    return path


def read(paths: Sequence[Path], **options: object) -> tuple[list[SequencingFile], Findings]:
    findings = Findings()
    return read_sequencing_files(paths, Reading(names=NAMES, **options), findings=findings), findings  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def joined(paths: list[Path], genome: Reference, bed: Path) -> JoinedFiles:
    found, findings = read(paths, reference=genome, positions=(bed,))
    assert not findings.of("E")
    assert not findings.of("W")
    return join_files(found)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """Return rows, sorted; missing values are None."""
    found = frame[list(columns)].astype("object")
    return sorted(map(tuple, found.where(found.notna(), None).to_numpy().tolist()), key=str)


# ---------------------------------------------------------------- the whole folder
def test_read_sequencing_files__gives_one_file_for_each_in_their_order(joined: JoinedFiles, paths: list[Path]) -> None:
    assert [file.path for file in joined.files] == paths
    assert [(file.kind, file.samples) for file in joined.files] == [
        ("vcf", ("A1",)), ("vcf", ("B1",)), ("maf", ("M1", "M2")), ("tso500", ("T1",)), ("allfusions", ("T1",)),
        ("foundationone", ("F1",)), ("vcf", ("O1",)), ("vcf", ("V1",)), ("segments", ("G1",)),
    ]  # fmt: skip
    assert joined.samples == ["A1", "B1", "F1", "G1", "M1", "M2", "O1", "T1", "V1"]


def test_join_files__has_every_small_variant_once(joined: JoinedFiles) -> None:
    missense = "Missense_Mutation"
    assert rows(joined.variants, "sample_id", "gene", "hgvsp_short", "variant_class", "build") == [
        ("A1", "KRAS", "p.G12D", missense, "GRCh37"),
        ("B1", "BRAF", "p.K3E", missense, "GRCh37"),  # called from the sequence
        ("F1", "TP53", "p.R175H", missense, "GRCh37"),
        ("M1", "TP53", "p.R175H", missense, "GRCh37"),
        ("M2", "SMAD4", "p.R361H", missense, "GRCh37"),
        ("O1", "KRAS", "p.G12D", missense, "GRCh37"),
        ("T1", "KRAS", "p.G12D", missense, "GRCh37"),
    ]
    assert rows(joined.variants, "sample_id", "vaf")[:2] == [("A1", 0.4), ("B1", 0.25)]  # 40 of 100, 10 of 40


def test_join_files__counts_a_fusion_that_two_files_of_a_vendor_repeat_once(joined: JoinedFiles) -> None:
    assert rows(joined.fusions, "sample_id", "gene1", "gene2", "build") == [
        ("O1", "TPM3", "NTRK1", "GRCh37"),
        ("T1", "EML4", "ALK", "GRCh37"),
        ("T1", "KIF5B", "RET", "GRCh37"),
        ("V1", "RET", "NCOA4", "GRCh37"),  # by position
    ]
    dropped = {(sample, reason): n for sample, reason, n in rows(joined.dropped, "sample_id", "reason", "n")}
    assert dropped["T1", "duplicate"] == 1
    assert dropped["T1", "not_kept:LowQ"] == 1
    assert dropped["A1", "no_call"] == 1


def test_join_files__misses_copy_number_of_genes_that_a_sample_was_not_asked(joined: JoinedFiles) -> None:
    assert joined.copy_number is not None
    assert joined.copy_number.genes == ("CDKN2A", "ERBB2", "MYC")
    assert joined.copy_number.samples == ("F1", "G1", "O1")  # the sheet of T1 lists gains only
    assert rows(joined.copy_number.table, "sample_id", "gene", "value") == [
        ("F1", "CDKN2A", -2.0), ("F1", "ERBB2", None), ("F1", "MYC", None),
        ("G1", "CDKN2A", -1.0), ("G1", "ERBB2", None), ("G1", "MYC", 1.0),  # ERBB2 is in the BED, no segment covers it
        ("O1", "CDKN2A", None), ("O1", "ERBB2", 2.0),  # MYC of O1 is 0: measured, no row
        ("T1", "MYC", 2.0),
    ]  # fmt: skip


def test_join_files__collects_biomarkers(joined: JoinedFiles) -> None:
    assert rows(joined.biomarkers, "sample_id", "biomarker", "value", "result") == [
        ("F1", "MSI", None, "MSS"), ("F1", "TMB", 6.3, "low"), ("T1", "MSI", 2.5, None), ("T1", "TMB", 7.1, None),
    ]  # fmt: skip


def test_join_files__says_who_was_profiled_for_what(joined: JoinedFiles) -> None:
    assert joined.evidence.read_samples == {
        "mutations": ["A1", "B1", "F1", "M1", "M2", "O1", "T1"],  # V1 is a file of structural variants
        "cna": ["F1", "G1", "O1"],
        "structural_variants": ["F1", "O1", "T1", "V1"],  # A1, B1: a VCF without any says nothing of fusions
    }
    assert joined.evidence.file_samples == joined.evidence.read_samples["mutations"]
    assert [joined.carries(name) for name in ("mutations", "cna", "structural_variants")] == [True, True, True]


@pytest.mark.parametrize("seed", [1, 2])
def test_join_files__does_not_ask_the_order_of_files(
    joined: JoinedFiles, paths: list[Path], genome: Reference, bed: Path, seed: int
) -> None:
    other = join_files(read(random.Random(seed).sample(paths, len(paths)), reference=genome, positions=(bed,))[0])
    for name, key in (
        ("variants", ["sample_id", "file", "row"]), ("fusions", ["sample_id", "file", "row"]),
        ("biomarkers", ["sample_id", "biomarker"]), ("dropped", ["sample_id", "reason"]),
    ):  # fmt: skip
        one, two = (getattr(item, name).sort_values(key, ignore_index=True) for item in (joined, other))
        pd.testing.assert_frame_equal(one, two)
    assert other.copy_number is not None
    assert joined.copy_number is not None
    pd.testing.assert_frame_equal(other.copy_number.table, joined.copy_number.table)
    assert (other.samples, other.evidence) == (joined.samples, joined.evidence)


def test_read_sequencing_files__reports_all_that_cannot_be_read_in_one_pass(tmp_path: Path) -> None:
    broken = {
        "pointer.vcf": "version https://git-lfs.github.com/spec/v1\n", "header.vcf": "##fileformat=VCFv4.2\nnothing\n",
        "table.txt": "patient\tage\n", "page.xml": "<page/>", "copies.seg": mixed.seg(), "plain.vcf": mixed.plain_vcf(),
        "sheet.tsv": "TruSight Oncology 500 Combined Variant Output\n",
    }  # fmt: skip
    for name, text in broken.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "fine.maf").write_text(mixed.maf())
    files = [tmp_path / name for name in [*broken, "fine.maf", "none.vcf"]]
    found, findings = read(files)
    # a VCF without annotation holds variants of which nothing is known; it can be read
    assert [file.path.name for file in found] == ["plain.vcf", "fine.maf"]
    assert sorted((item.code, item.file.rsplit("/", 1)[1]) for item in findings if item.severity == "E") == [
        ("E_FILE_FORMAT", "header.vcf"), ("E_FILE_FORMAT", "page.xml"), ("E_FILE_FORMAT", "pointer.vcf"),
        ("E_FILE_FORMAT", "sheet.tsv"), ("E_FILE_FORMAT", "table.txt"), ("E_FILE_MISSING", "none.vcf"),
        ("E_NO_GENE_POSITIONS", "copies.seg"), ("E_VCF_NOT_ANNOTATED", "plain.vcf"),
    ]  # fmt: skip


def test_read_sequencing_files__takes_positions_of_genes_from_the_models(tmp_path: Path, genome: Reference) -> None:
    (tmp_path / "list.txt").write_text("BRAF\nMYC\n")  # a panel without positions
    (tmp_path / "a.seg").write_text("ID\tchrom\tloc.start\tloc.end\tseg.mean\nS1\t7\t1\t110\t1.2\n")
    (found,), findings = read([tmp_path / "a.seg"], reference=genome, positions=(tmp_path / "list.txt",))
    assert not findings.of("E")
    assert found.genes == {"cna": ("BRAF", "EGFR")}
    assert rows(found.copy_number, "gene", "value") == [("BRAF", 2.0), ("EGFR", None)]  # no segment on chromosome 8


def test_read_sequencing_files__takes_a_sample_of_the_header_of_a_maf_for_one(tmp_path: Path) -> None:
    (tmp_path / "a.maf").write_text("#sequenced_samples: M2 M1 M3\n" + mixed.maf())
    (found,), _ = read([tmp_path / "a.maf"])
    assert (found.samples, found.listed) == (("M1", "M2", "M3"), ("M2", "M1", "M3"))
    assert join_files([found]).samples == ["M1", "M2", "M3"]  # M3 was sequenced and has no variant


def test_read_sequencing_files__does_not_ask_for_a_build_that_is_stated(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text(mixed.annotated_vcf().replace(mixed.BUILD + "\n", ""))
    assert read([tmp_path / "a.vcf"])[1].codes() == {"W_BUILD_UNKNOWN"}
    found, findings = read([tmp_path / "a.vcf"], build="GRCh38")
    assert not list(findings)
    assert join_files(found, build="GRCh38").variants["build"].tolist() == ["GRCh38"]
    assert found[0].variants["build"].isna().all()  # what was read stays as it is


@pytest.mark.parametrize(
    ("text", "small", "structural"),
    [
        (mixed.manta_vcf("S"), (), ("S",)),
        (mixed.annotated_vcf("S"), ("S",), ()),
        (mixed.vcf("S", []), ("S",), ()),  # nothing found is a result, of small variants
        (mixed.manta_vcf("S").replace("\t0/1", "\t0/0"), (), ("S",)),  # looked for, not carried
    ],
    ids=["structural", "small", "empty", "structural, none carried"],
)
def test_read_sequencing_files__a_vcf_speaks_of_what_it_could_show(
    tmp_path: Path, text: str, small: tuple[str, ...], structural: tuple[str, ...]
) -> None:
    (tmp_path / "a.vcf").write_text(text)
    (found,), _ = read([tmp_path / "a.vcf"])
    assert found.samples == ("S",)
    assert found.profiled == {"mutations": small, "structural_variants": structural}
    assert join_files([found]).carries("structural_variants") is bool(structural)


# ---------------------------------------------------------------- copy number of several files
def copies(
    name: str, genes: Sequence[str] | None, *cells: tuple[str, str, float | None], samples: str = "S", kind: str = "x"
) -> SequencingFile:
    """Return a file of copy number; a gene of it without a cell is 0."""
    table = pd.DataFrame(cells, columns=["sample_id", "gene", "value"]).astype({"value": "float64"})
    return SequencingFile(
        path=Path(name),
        kind=kind,
        samples=tuple(samples),
        profiled={"cna": tuple(samples)},
        genes={} if genes is None else {"cna": tuple(genes)},
        copy_number=conform(table.assign(file=name), COPY_NUMBER),
    )


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([("S", "MYC", 2.0)], [], 2.0),  # the other file says 0
        ([("S", "MYC", None)], [], 0.0),  # known to be 0
        ([("S", "MYC", None)], [("S", "MYC", None)], None),
        ([("S", "MYC", None)], [("S", "MYC", 1.0)], 1.0),
        ([("S", "MYC", 1.0)], [("S", "MYC", 2.0)], 2.0),
        ([("S", "MYC", -1.5)], [("S", "MYC", 1.0)], -1.5),
        ([("S", "MYC", -2.0)], [("S", "MYC", 2.0)], None),  # contradict each other
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_join_files__gives_one_copy_number_per_sample_and_gene(
    one: list[tuple[str, str, float | None]],
    two: list[tuple[str, str, float | None]],
    expected: float | None,
    turned: bool,
) -> None:
    files = [copies("a", ["MYC"], *one), copies("b", ["MYC"], *two)]
    found = join_files(files[::-1] if turned else files).copy_number
    assert found is not None
    assert rows(found.table, "sample_id", "gene", "value") == ([("S", "MYC", expected)] if expected != 0.0 else [])


def test_join_files__knows_genes_that_another_file_of_the_sample_covers() -> None:
    """S is in both files: each tells what the other does not cover. U is in one, and ERBB2 of it is not known."""
    found = join_files([copies("a", ["MYC"], samples="SU"), copies("b", ["ERBB2"])]).copy_number
    assert found is not None
    assert rows(found.table, "sample_id", "gene", "value") == [("U", "ERBB2", None)]
    assert (found.samples, found.genes) == (("S", "U"), ("ERBB2", "MYC"))


def test_join_files__takes_genes_of_one_assay_together_where_no_file_tells_them() -> None:
    """Reports list what is altered: MYC of T is not altered; KIT, of another assay, was not looked at in S or T."""
    files = [
        copies("s", None, ("S", "MYC", 2.0), kind="foundationone"),
        copies("t", None, ("T", "ERBB2", 2.0), samples="T", kind="foundationone"),
        copies("u", ["KIT"], samples="U"),
    ]
    found = join_files(files).copy_number
    assert found is not None
    assert rows(found.table, "sample_id", "gene", "value") == [
        ("S", "KIT", None), ("S", "MYC", 2.0), ("T", "ERBB2", 2.0), ("T", "KIT", None), ("U", "ERBB2", None),
        ("U", "MYC", None),
    ]  # fmt: skip


def test_join_files__of_nothing_is_empty() -> None:
    found = join_files([])
    assert (found.samples, len(found.variants), len(found.fusions), found.copy_number) == ([], 0, 0, None)
    assert not any(found.carries(name) for name in ("mutations", "cna", "structural_variants"))
    assert list(found.dropped.columns) == ["sample_id", "reason", "n"]


def events(name: str, *cells: tuple[str, str, str, int | None]) -> SequencingFile:
    table = pd.DataFrame(cells, columns=["sample_id", "gene1", "gene2", "pos1"]).assign(file=name)
    return SequencingFile(path=Path(name), kind="x", samples=("S",), profiled={}, fusions=conform(table, FUSIONS))


def test_join_files__keeps_events_that_only_look_alike() -> None:
    first = events("b", ("S", "EML4", "ALK", 7), ("S", "EML4", "ALK", 7), ("S", "KIF5B", "RET", None))
    second = events("a", ("S", "EML4", "ALK", 7), ("T", "EML4", "ALK", 7), ("S", "KIF5B", "RET", None))
    found = join_files([first, second])
    # that of the file whose name comes first; without a place they may be two; another sample; what one file repeats
    assert rows(found.fusions, "file", "sample_id", "gene1") == [
        ("a", "S", "EML4"), ("a", "S", "KIF5B"), ("a", "T", "EML4"), ("b", "S", "KIF5B"),
    ]  # fmt: skip
    assert rows(found.dropped, "sample_id", "reason", "n") == [("S", "duplicate", 2)]


def test_read_sequencing_files__raises_what_stops_all_files(tmp_path: Path, paths: list[Path]) -> None:
    """Positions that cannot be read are no fault of a file of segments; what was found before is told all the same."""
    findings = Findings()
    reading = Reading(names=NAMES, positions=(tmp_path / "none.bed",))
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        read_sequencing_files([*paths, tmp_path / "none.vcf"], reading, findings=findings)
    assert {"E_FILE_MISSING", "E_VCF_NOT_ANNOTATED"} <= findings.codes()


CNVKIT_VCF = """##fileformat=VCFv4.2
##INFO=<ID=SVTYPE,Number=1,Type=String,Description="type">
##INFO=<ID=END,Number=1,Type=Integer,Description="end">
##INFO=<ID=FOLD_CHANGE_LOG,Number=1,Type=Float,Description="log2">
##INFO=<ID=PROBES,Number=1,Type=Integer,Description="probes">
##contig=<ID=17,length=81195210>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tC1
17\t37800000\t.\tN\t<DUP>\t.\t.\tSVTYPE=DUP;END=38000000;FOLD_CHANGE_LOG=2.5;PROBES=20\tGT\t0/1
17\t7500000\t.\tN\t<DEL>\t.\t.\tSVTYPE=DEL;END=7700000;PROBES=9\tGT\t0/1
"""
SPANS = "17\t37844000\t37884000\tERBB2\n17\t7571000\t7590000\tTP53\n17\t29400000\t29700000\tNF1\n"


def test_read_sequencing_files__copy_number_records_of_a_vcf_need_positions_of_genes(tmp_path: Path) -> None:
    path, bed = tmp_path / "c1.vcf", tmp_path / "targets.bed"
    path.write_text(CNVKIT_VCF)
    bed.write_text(SPANS)
    (alone,), _ = read([path])
    assert (len(alone.copy_number), alone.profiled.get("cna", ())) == (0, ())
    assert dict(zip(alone.dropped["reason"], alone.dropped["n"], strict=True)) == {"copy_number": 2}
    (placed,), _ = read([path], positions=(bed,))
    assert placed.copy_number[["sample_id", "gene", "value"]].to_numpy().tolist() == [["C1", "ERBB2", 2.0]]
    assert (placed.profiled["cna"], placed.genes["cna"]) == (("C1",), ("ERBB2", "NF1", "TP53"))
    assert dict(zip(placed.dropped["reason"], placed.dropped["n"], strict=True)) == {"copy_number_unstated": 1}


def test_read_sequencing_files__hot_spots_of_an_oncomine_assay_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "o1.vcf"
    text = mixed.oncomine_vcf()
    path.write_text(text.replace("'gene':'KRAS'", "'gene':'KRAS','oncomineVariantClass':'Hotspot'"))
    (found,), _ = read([path])
    assert found.variants[["gene", "hotspot"]].to_numpy().tolist() == [["KRAS", True]]
    path.write_text(text)
    (plain,), _ = read([path])
    assert plain.variants["hotspot"].isna().all()
