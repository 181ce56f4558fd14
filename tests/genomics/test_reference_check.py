"""Variants against a genome sequence: bases, builds, and files that do not say theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics import reference_check
from netgen.genomics.reference_check import check_reference
from tests.genomics.naive_matrix import table

if TYPE_CHECKING:
    from pathlib import Path

# 1-based: A1 C2 G3 T4 A5 C6 G7 T8 A9 C10 G11 T12
SEQUENCE = ">chr7 a small one\nACGTAC\nGTACGT\n"


@pytest.fixture(params=["plain", "indexed"])
def fasta(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(SEQUENCE)
    if request.param == "indexed":
        (tmp_path / "genome.fa.fai").write_text("chr7\t12\t18\t6\t7\n")
    return path


def run(
    fasta: Path, *rows: tuple[int, str], build: str | None = None, **more: Any
) -> tuple[list[tuple[str, str, int | None]], list[str]]:
    """Return code, message and row of the findings, and the builds; rows are (position, reference allele)."""
    base = {"sample_id": "S1", "gene": "BRAF", "variant_class": "Silent", "chrom": "7", "alt": "-", "file": "a.maf"}
    frame = table(
        "variants",
        [{**base, "pos": pos, "ref": ref, "build": build, "row": i + 2, **more} for i, (pos, ref) in enumerate(rows)],
    )
    findings = Findings()
    out = check_reference(frame, fasta, findings=findings)
    pd.testing.assert_frame_equal(out.drop(columns="build"), frame.drop(columns="build"))
    return [(item.code, item.message, item.row) for item in findings], out["build"].fillna("").tolist()


RIGHT = ((1, "A"), (2, "CG"), (4, "TACG"), (8, "t"), (12, "T"))


def test_check_reference__finds_nothing_where_all_agree(fasta: Path) -> None:
    assert run(fasta, *RIGHT) == ([], [""] * 5)  # 12 bases are no build
    assert not list(fasta.parent.glob("*.gzi"))


def test_check_reference__tells_single_rows(fasta: Path) -> None:
    found, _ = run(fasta, *RIGHT, (3, "A"), build="GRCh37")
    assert found == [("W_REF_MISMATCH", "1 of 6 reference alleles differ from the genome sequence, first A at 7:3.", 7)]
    found, _ = run(fasta, (11, "GTA"), build="GRCh37")  # behind the last base
    assert [item[0] for item in found] == ["W_REF_MISMATCH"]


def test_check_reference__tells_a_file_of_another_build(fasta: Path) -> None:
    found, _ = run(fasta, *RIGHT, (3, "A"), (5, "G"), build="GRCh37")
    assert [(code, row) for code, _, row in found] == [("E_BUILD_MIXED", 7)]
    assert found[0][1].endswith("the variants are on another build.")


def test_check_reference__passes_over_what_cannot_be_compared(fasta: Path) -> None:
    assert run(fasta, (3, "-"), build="GRCh37")[0] == []
    assert run(fasta, (3, "A"), build="GRCh37", chrom="8")[0] == []
    assert run(fasta)[0] == []


def test_check_reference__names_the_build_that_the_file_does_not(fasta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the lengths of the chromosomes were those of GRCh38."""
    monkeypatch.setattr(reference_check, "detect_build", lambda *_: "GRCh38")
    assert run(fasta, *RIGHT) == ([], ["GRCh38"] * 5)
    assert run(fasta, *RIGHT[:4]) == ([], [""] * 4)  # too few to tell
    assert run(fasta, (1, "T"), (2, "T"), (3, "T"), (4, "A"), (5, "T")) == ([], [""] * 5)  # of another build
    assert run(fasta, (1, "T"), build="GRCh37") == ([], ["GRCh37"])  # not to be compared
