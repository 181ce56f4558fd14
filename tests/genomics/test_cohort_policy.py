"""From what was read to what counts: the order of the steps, and every row that does not come out is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics.alleles import CHROMOSOME_LENGTHS
from netgen.genomics.cohort_policy import CountedAlterations, apply_policies
from netgen.genomics.filters import FilterSettings
from netgen.genomics.hotspots import Hotspots
from tests.genomics import tiny_genome
from tests.genomics.naive_matrix import table

if TYPE_CHECKING:
    from pathlib import Path

BRAF = Hotspots(places={("BRAF", "residue"): ((3, 3, "K"),)}, source="a table")


def variant(sample: str = "S1", **more: Any) -> dict[str, Any]:
    """Return BRAF p.K3E of ``tiny_genome``, with changes."""
    return {
        "sample_id": sample, "gene": "BRAF", "build": "GRCh37", "chrom": "7", "pos": 17, "ref": "A", "alt": "G",
        "variant_class": "Missense_Mutation", "hgvsp_short": "p.K3E", "filter": "PASS", "mutation_status": "somatic",
        "file": "a.maf", "row": 2, **more,
    }  # fmt: skip


def deletion(pos: int, file: str, **more: Any) -> dict[str, Any]:
    """Return the loss of one of the A at 17, 18 and 19."""
    changed = {"pos": pos, "ref": "A", "alt": "-", "variant_class": "Frame_Shift_Del", "hgvsp_short": "p.E4Nfs*?"}
    return variant(**{**changed, "file": file, **more})


def apply(
    variants: list[dict[str, Any]], fusions: list[dict[str, Any]] | None = None, **options: Any
) -> tuple[CountedAlterations, Findings]:
    findings = Findings()
    given: dict[str, Any] = {
        "matched_normal": pd.Series(dtype="boolean"), "hotspots": None, "fasta": None, "settings": FilterSettings(),
        **options,
    }  # fmt: skip
    found = apply_policies(table("variants", variants), table("fusions", fusions or []), **given, findings=findings)
    return found, findings


def dropped(found: CountedAlterations) -> dict[tuple[str, str], int]:
    totals = found.qc.groupby(["sample_id", "reason"])["n"].sum()
    return {(str(sample), str(reason)): int(n) for (sample, reason), n in totals.items()}


@pytest.fixture(scope="module")
def fasta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_genome.write(tmp_path_factory.mktemp("genome")).fasta


def test_apply_policies__keeps_or_counts_every_row() -> None:
    rows = [
        variant(), variant(row=3),  # twice
        variant(gene="TP53", chrom="17", mutation_status="germline"),
        variant(gene="KRAS", chrom="12", filter="weak"),
        variant(gene="APC", chrom="5", gnomad_af=0.2, sample="T1"),
        variant(gene="RB1", chrom="13", mutation_status="LOH"),
        variant(gene="NF1", chrom="17", pos=5, t_alt_count=1, t_ref_count=99),
    ]  # fmt: skip
    events = [
        {"sample_id": "S1", "gene1": "EML4", "gene2": "ALK", "filter": "PASS"},
        {"sample_id": "S1", "gene1": "KIF5B", "gene2": "RET"},
        {"sample_id": "S1", "gene1": "NCOA4", "gene2": "RET", "filter": "MinSomaticScore"},
    ]
    normal = pd.Series([False, True], index=["T1", "S1"], dtype="boolean")
    found, _ = apply(rows, events, matched_normal=normal, settings=FilterSettings(min_alt_count=3))
    assert found.somatic["gene"].tolist() == ["BRAF"]
    assert found.germline["gene"].tolist() == ["TP53"]
    assert found.fusions["gene1"].tolist() == ["EML4", "KIF5B"]
    assert dropped(found) == {
        ("S1", "duplicate"): 1, ("S1", "filter"): 2, ("S1", "status"): 1, ("S1", "alt_count"): 1,
        ("T1", "population"): 1,
    }  # fmt: skip
    n_out = len(found.somatic) + len(found.germline) + len(found.fusions) + int(found.qc["n"].sum())
    assert n_out == len(rows) + len(events)


def test_apply_policies__filters_of_any_kind_count_if_asked() -> None:
    event = {"sample_id": "S1", "gene1": "NCOA4", "gene2": "RET", "filter": "MinSomaticScore"}
    found, _ = apply([variant(filter="weak")], [event], settings=FilterSettings(filters="any"))
    assert (len(found.somatic), len(found.fusions), len(found.qc)) == (1, 1, 0)


def test_apply_policies__aligns_before_it_looks_for_duplicates(fasta: Path) -> None:
    rows = [deletion(17, "a.vcf"), deletion(19, "a.maf")]
    apart, findings = apply(rows)
    assert sorted(apart.somatic["pos"]) == [17, 19]  # without a sequence nothing says that they are one
    assert not len(findings)
    found, findings = apply(rows, fasta=fasta)
    assert found.somatic[["pos", "ref", "alt"]].to_numpy().tolist() == [[17, "A", "-"]]
    assert dropped(found) == {("S1", "duplicate"): 1}
    (finding,) = findings
    assert finding.code == "W_SAMPLE_REPEATED"
    assert finding.message.startswith("a.maf and a.vcf share 1 variants of 1 sample(s) (S1)")


def test_apply_policies__reports_a_wrong_base_once_and_keeps_the_row(fasta: Path) -> None:
    found, findings = apply([variant(ref="C"), deletion(19, "a.maf", ref="T", row=3), variant(pos=400)], fasta=fasta)
    assert found.somatic["pos"].tolist() == [17, 19, 400]
    (finding,) = findings
    assert (finding.code, finding.row) == ("W_REF_MISMATCH", 2)
    assert finding.message.startswith("3 of 3 reference alleles differ from the genome sequence, first C at 7:17")


def test_apply_policies__leaves_variants_of_another_build_where_they_are(tmp_path: Path) -> None:
    """An insertion has no reference base that could differ: only its build says that the sequence is not its own."""
    length = CHROMOSOME_LENGTHS["GRCh38"]["21"]
    width = 1_000_000
    lines = ["A" * width] * (length // width) + ["A" * (length % width)]
    (tmp_path / "chr21.fa").write_text(">chr21\n" + "\n".join(lines) + "\n")
    added = {"chrom": "21", "pos": 5001, "ref": "-", "alt": "A", "variant_class": "Frame_Shift_Ins", "gene": "RUNX1"}
    rows = [variant(**added, build=build, row=row) for row, build in enumerate(("GRCh37", "GRCh38"), start=2)]
    found, findings = apply(rows, fasta=tmp_path / "chr21.fa")
    assert dict(zip(found.somatic["build"], found.somatic["pos"], strict=True)) == {"GRCh37": 5001, "GRCh38": 1}
    assert not len(findings)


def test_apply_policies__marks_hot_spots_before_filters() -> None:
    found, _ = apply([variant(), variant(sample="S2", mutation_status="germline"), variant(sample="S3", hotspot=True,
                     hgvsp_short="p.L5P", pos=23)], hotspots=BRAF)  # fmt: skip
    assert found.somatic[["sample_id", "hotspot"]].to_numpy().tolist() == [["S1", True], ["S3", True]]
    assert found.germline["hotspot"].tolist() == [True]
    plain, _ = apply([variant()])
    assert plain.somatic["hotspot"].isna().all()


def test_apply_policies__of_nothing_is_nothing(fasta: Path) -> None:
    found, findings = apply([], fasta=fasta, hotspots=BRAF)
    assert [len(part) for part in (found.somatic, found.germline, found.fusions, found.qc)] == [0, 0, 0, 0]
    assert not len(findings)
