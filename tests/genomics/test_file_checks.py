"""Files that repeat each other: literal cases."""

from __future__ import annotations

from typing import Any

from netgen.errors import Findings
from netgen.genomics.file_checks import check_repeated_files, check_repeated_samples
from netgen.provenance import InputFile
from tests.genomics.naive_matrix import table


def file(path: str, sha256: str, role: str = "vcf", n_rows: int = 5) -> InputFile:
    return InputFile(role=role, path=path, sha256=sha256, n_rows=n_rows)


def repeated(*inputs: InputFile) -> list[tuple[str, str, str]]:
    findings = Findings()
    check_repeated_files(inputs, findings=findings)
    return [(item.code, item.file, item.value) for item in findings]


def test_check_repeated_files__tells_the_same_content_under_two_names() -> None:
    assert repeated(file("b.vcf", "1"), file("a.vcf", "1"), file("c.vcf", "2")) == [
        ("W_FILE_REPEATED", "a.vcf", "b.vcf")
    ]


def test_check_repeated_files__several_roles_and_empty_files_are_no_repetition() -> None:
    assert repeated(file("book.xlsx", "1", "patients"), file("book.xlsx", "1", "samples")) == []
    assert repeated(file("a.vcf", "1", n_rows=0), file("b.vcf", "1", n_rows=0)) == []


def samples(*rows: tuple[str, str, int]) -> list[tuple[str, str, str, str]]:
    """Return the findings of rows of sample, file and position."""
    base: dict[str, Any] = {"gene": "TP53", "variant_class": "Silent", "chrom": "17", "ref": "C", "alt": "T"}
    findings = Findings()
    frame = table("variants", [{**base, "sample_id": one, "file": two, "pos": pos} for one, two, pos in rows])
    check_repeated_samples(frame, findings=findings)
    return [(item.code, item.file, item.value, item.message) for item in findings]


def test_check_repeated_samples__files_of_one_sample_without_overlap_are_fine() -> None:
    assert samples(("S1", "snvs.vcf", 1), ("S1", "indels.vcf", 2), ("S2", "snvs.vcf", 1)) == []
    assert samples() == []


def test_check_repeated_samples__tells_what_two_files_have_in_common() -> None:
    found = samples(
        ("S1", "b.maf", 1), ("S1", "a.maf", 1), ("S1", "a.maf", 1), ("S1", "a.maf", 2), ("S1", "b.maf", 2),
        ("S2", "a.maf", 7), ("S2", "b.maf", 7), ("S3", "a.maf", 9), ("S3", "b.maf", 8),
    )  # fmt: skip
    text = "a.maf and b.maf share 3 variants of 2 sample(s) (S1, S2): each counts once."
    assert found == [("W_SAMPLE_REPEATED", "a.maf", "b.maf", text)]


def test_check_repeated_samples__without_positions_gene_and_change_are_the_key() -> None:
    rows = [
        {"sample_id": "S1", "file": name, "gene": gene, "hgvsp_short": "p.R1*", "variant_class": "Nonsense_Mutation"}
        for name, gene in (("a.maf", "MEN1"), ("b.maf", "MEN1"), ("b.maf", "DAXX"))
    ]
    findings = Findings()
    check_repeated_samples(table("variants", rows), findings=findings)
    assert [(item.code, item.message[:30]) for item in findings] == [
        ("W_SAMPLE_REPEATED", "a.maf and b.maf share 1 varian")
    ]
