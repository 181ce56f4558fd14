"""Illumina's AllFusions table. Expectations were read off the vendor file (cut, sort, uniq -c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.allfusions import is_allfusions, read_allfusions
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.tso500 import read_tso500

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.genomics.sequencing_file import SequencingFile

NAMES = load_gene_names()
FOLDER = "data/panel_vendor/tso500_localapp"
HEADER = (
    "Caller,Gene A,Gene B,Gene A Breakpoint,Gene B Breakpoint,Score,Filter,KeepFusion,Alt Split Dedup,Alt Pair Dedup,"
    "Fusion Directionality Known"
)
KEPT = "RnaFusionFilter,TPM3,NTRK1,chr1:154142876,chr1:156844361,0.978,PASS,True,133,26,True"
COMMENTS = "# Source = FusionProcessor 1.0.0.407\n# Caller = The algorithm used to identify the fusion.\n"


def table(tmp_path: Path, *rows: str, comments: str = COMMENTS, name: str = "T1_AllFusions.csv") -> Path:
    path = tmp_path / name
    path.write_text(comments + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(path: Path, **options: object) -> tuple[SequencingFile, Findings]:
    findings = Findings()
    return read_allfusions(path, findings=findings, names=NAMES, **options), findings  # type: ignore[arg-type]


@pytest.mark.shared
def test_read_allfusions__keeps_what_the_vendor_keeps(shared: Path) -> None:
    found, findings = read(shared / FOLDER / "test_data_fusion_check__sample_AllFusions.csv", sample_id="21M81042-1")
    assert not findings.of("E")
    assert not findings.of("W")
    assert found.n_records == 152
    assert dict(zip(found.dropped["reason"], found.dropped["n"], strict=True)) == {
        "not_kept": 16, "not_kept:Imprecise": 12, "not_kept:Imprecise;LowQ": 99, "not_kept:LowQ": 2,
        "not_kept:Read-Through": 6,
        "not_kept:RepeatOverlap;LowFusionRatio;ContigIntragenic;NoContigAlignmentSupport": 1,
    }  # fmt: skip
    etv6 = found.fusions.set_index("notation").loc["ETV6::NTRK3"]  # kept although its filter has a remark
    assert (etv6["filter"], etv6["split_reads"], etv6["pair_reads"]) == ("PASS", 78, 64)
    assert etv6["event_info"].endswith("142 supporting reads) NoReferenceReads")


@pytest.mark.shared
def test_read_allfusions__agrees_with_the_combined_output_of_the_sample(shared: Path) -> None:
    columns = ["gene1", "gene2", "notation", "chrom1", "pos1", "chrom2", "pos2"]
    one, _ = read(shared / FOLDER / "test_data_fusion_check__sample_AllFusions.csv")
    other = read_tso500(
        shared / FOLDER / "test_data_fusion_check__sample_CombinedVariantOutput.tsv", findings=Findings()
    ).fusions
    other = other[other["sv_class"] == "FUSION"].reset_index(drop=True)
    assert one.fusions[columns].equals(other[columns])
    reads = r"(\d+) supporting"
    assert one.fusions["event_info"].str.extract(reads).equals(other["event_info"].str.extract(reads))


def test_read_allfusions__is_named_after_its_file(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER, KEPT, name="P7-T_rna_AllFusions.csv")
    assert read(path)[0].samples == ("P7-T_rna",)
    assert read(path, known_samples={"P7", "P7-T"})[0].samples == ("P7-T",)
    found = read(path, sample_id="X")[0]
    assert found.samples == ("X",)
    assert found.profiled == {"mutations": (), "cna": (), "structural_variants": ("X",)}


def test_read_allfusions__does_not_know_the_build_of_another_software(tmp_path: Path) -> None:
    found, findings = read(table(tmp_path, HEADER, KEPT, comments=""))
    assert found.build is None
    assert findings.codes() == {"W_BUILD_UNKNOWN"}
    assert read(table(tmp_path, HEADER, KEPT))[0].build == "GRCh37"


def test_read_allfusions__leaves_the_direction_open_unless_it_is_known(tmp_path: Path) -> None:
    found, _ = read(table(tmp_path, HEADER, KEPT.replace(",True,133,26,True", ",True,133,26,False")))
    assert found.fusions["orientation"].isna().all()
    assert found.fusions["event_info"].str.startswith("TPM3/NTRK1").all()


@pytest.mark.parametrize(
    ("row", "code", "reason"),
    [
        (KEPT.replace("PASS,True", "PASS,maybe"), "E_VALUE", "malformed"),
        (KEPT[:40], "E_ROW_TRUNCATED", "truncated"),
    ],
)
def test_read_allfusions__reports_a_damaged_row_once(tmp_path: Path, row: str, code: str, reason: str) -> None:
    found, findings = read(table(tmp_path, HEADER, row, KEPT))
    assert [(one.code, one.row) for one in findings] == [(code, 4)]
    assert found.n_records == 2
    assert len(found.fusions) == 1
    assert found.dropped["reason"].tolist() == [reason]


def test_read_allfusions__refuses_a_table_without_the_verdict(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs the columns KeepFusion"):
        read(table(tmp_path, HEADER.replace("KeepFusion,", ""), KEPT))
    with pytest.raises(InputError, match="no table"):
        read(table(tmp_path))


def test_is_allfusions__looks_behind_the_comments() -> None:
    assert is_allfusions([*COMMENTS.splitlines(), HEADER])
    assert not is_allfusions(["# Source = FusionProcessor", "Hugo_Symbol,Chromosome"])
    assert not is_allfusions([])
