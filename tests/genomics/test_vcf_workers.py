"""Many VCFs read by several processes: what comes out does not depend on how many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics import vcf, vcf_workers
from netgen.genomics.consequences import Reference
from netgen.genomics.transcripts import Consequence
from netgen.genomics.vcf import VcfFile, read_vcfs
from netgen.genomics.vcf_workers import spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CSQ = "Allele|Consequence|SYMBOL|Feature|HGVSp|EXON|PICK"
HEAD = (
    "##fileformat=VCFv4.2\n##reference=GRCh38\n##contig=<ID=1>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="d">\n'
    '##INFO=<ID=SVTYPE,Number=1,Type=String,Description="t">\n##INFO=<ID=END,Number=1,Type=Integer,Description="e">\n'
)
ANNOTATED = f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: {CSQ}">\n'


def write(path: Path, samples: Sequence[str], lines: Sequence[str], head: str = HEAD + ANNOTATED) -> Path:
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]
    path.write_text(head + "\n".join(["\t".join(columns), *("\t".join(line.split()) for line in lines)]) + "\n")
    return path


def csq(gene: str, exon: str = "") -> str:
    return f"CSQ=C|missense_variant|{gene}|T1|P1:p.Arg5Leu|{exon}|1,C|intron_variant|{gene}|T2|||"


def folder_of_everything(folder: Path) -> list[Path]:
    """Files that are read, that are not, and that are read in part."""
    plain = [
        write(folder / f"s{k}.vcf", [f"S{k}"], [f"1 {10 + k} . A C . PASS {csq(gene)} GT:AD 0/1:9,{k + 1}"])
        for k, gene in enumerate(["TP53", "BRAF", "NEWGENE", "PARK2", "TP53", "KRAS"])
    ]
    mixed = [
        f"1 20 . A C . PASS {csq('TP53', '4/9')} GT:AD 0/1:9,1",
        f"1 21 . A C . PASS {csq('')} GT:AD 0/1:9,1",
        f"1 22 . A C . PASS {csq('TP53')} GT:AD 0/0:9,0",
        f"1 x . A C . PASS {csq('TP53')} GT:AD 0/1:9,1",
        "1 23 . G T . PASS . GT:AD 0/1:9,1",
        "1 24 del A <DEL> . PASS SVTYPE=DEL;END=900;CSQ=deletion|feature_truncation|TP53|T1||3-4/9| GT:AD 0/1:9,1",
        "1 25 . A ! . PASS . GT:AD 0/1:9,1",
    ]
    exon = write(folder / "mixed.vcf", ["M"], mixed)
    two = write(folder / "two.vcf", ["A", "B"], [f"1 30 . A C . . {csq('EGFR')} GT:AD 0/1:1,1 0/1:2,2"])
    bare = write(folder / "bare.vcf", ["U"], ["1 40 . A C . . . GT 0/1", "1 41 . G C . . . GT 0/1"], head=HEAD)
    broken = folder / "broken.vcf"
    broken.write_text("nothing\n")
    return [*plain[:3], broken, exon, bare, folder / "missing.vcf", two, *plain[3:], bare]


def check_equal(ours: list[VcfFile], theirs: list[VcfFile]) -> None:
    assert [one.path for one in ours] == [one.path for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for name in ("variants", "unannotated", "fusions", "dropped"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
        for name in ("samples", "build", "n_records", "small", "structural", "oncomine", "counts"):
            assert getattr(one, name) == getattr(other, name)


def call(wanted: pd.DataFrame, **_: object) -> list[Consequence | None]:
    """Stands for a reference: the allele at 40 is missense of exon 7, nothing is known of the others."""
    told = Consequence(
        terms="missense_variant", symbol="BRAF", transcript_id="T9", hgvsc=None, hgvsp="p.V6E", population_af=None,
        exon="7/8",
    )  # fmt: skip
    return [told if pos == 40 else None for pos in wanted["pos"]]


@pytest.mark.parametrize("called", [False, True])
def test_read_vcfs__workers_do_not_change_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: bool
) -> None:
    monkeypatch.setattr(vcf, "_WORTH", 0)
    monkeypatch.setattr("netgen.genomics.vcf_files.call_consequences", call)
    paths = folder_of_everything(tmp_path)
    reference = Reference(fasta=tmp_path / "f", gff=tmp_path / "g") if called else None
    one, two = Findings(), Findings()
    alone = read_vcfs(paths, findings=one, reference=reference, sample_ids={paths[0]: "X"}, tumours={paths[7]: "B"})
    shared = read_vcfs(
        paths, findings=two, reference=reference, sample_ids={paths[0]: "X"}, tumours={paths[7]: "B"}, threads=2
    )
    check_equal(shared, alone)
    assert two.items == one.items
    assert {"E_FILE_FORMAT", "E_FILE_MISSING", "E_VALUE", "W_VCF_RECORD", "I_SYMBOL_RENAMED"} <= one.codes()
    assert ("E_VCF_NOT_ANNOTATED" in one.codes()) is not called
    genes = [found.variants["gene"].tolist() for found in alone]
    bare = ["BRAF"] if called else []
    assert genes == [["TP53"], ["BRAF"], ["NEWGENE"], ["TP53"], bare, ["EGFR"], ["PRKN"], ["TP53"], ["KRAS"], bare]
    assert alone[3].variants["exon_number"].tolist() == ["4/9"]
    assert alone[3].unannotated["pos"].tolist() == [23]
    assert len(alone[3].fusions) == 1


def test_read_vcfs__a_column_of_one_part_is_a_column_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcf, "_WORTH", 0)
    paths = folder_of_everything(tmp_path)[:3]
    for threads in (1, 2):
        files = read_vcfs(paths, findings=Findings(), threads=threads)
        assert not any("exon_number" in one.variants for one in files)


def test_read_vcfs__starts_no_process_for_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(vcf_workers, "ProcessPoolExecutor", refuse)
    paths = folder_of_everything(tmp_path)
    assert len(read_vcfs(paths, findings=Findings(), threads=8)) == len(paths) - 2
    monkeypatch.setattr(vcf, "_WORTH", 0)
    assert len(read_vcfs(paths, findings=Findings(), threads=None)) == len(paths) - 2
    assert len(read_vcfs(paths, findings=Findings(), threads=1)) == len(paths) - 2
    with pytest.raises(AssertionError, match="a process was started"):
        read_vcfs(paths, findings=Findings(), threads=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_spread__keeps_the_order_and_passes_on_errors(workers: int) -> None:
    assert spread(math.isqrt, [k * k for k in range(40)], workers) == list(range(40))
    assert spread(math.isqrt, [], workers) == []
    with pytest.raises(ValueError, match="nonnegative"):
        spread(math.isqrt, [*range(20), -1, *range(20)], workers)
