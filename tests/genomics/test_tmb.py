"""Mutational burden: exact limits by hand and from R, size rules, and the laboratory's own value (V28)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics.panels import read_panel
from netgen.genomics.tmb import compare_with_lab, estimate_tmb
from tests.genomics.naive_matrix import table


def burden(n: int, size: float | None, *, variant_class: str = "Missense_Mutation", **options: Any) -> pd.Series:
    """Return the burden of one sample with n mutations on a panel of some Mb."""
    rows = [{"sample_id": "S1", "gene": f"G{i}", "variant_class": variant_class} for i in range(n)]
    found = estimate_tmb(
        table("variants", rows),
        table("profiles", [{"sample_id": "S1", "mutations": "P"}]),
        table("panels", [{"panel_id": "P", "size_mb": size}]),
        findings=options.pop("findings", Findings()),
        **options,
    )
    return found.iloc[0]


@pytest.mark.parametrize(
    ("n", "size", "tmb", "lo", "hi"),
    [
        # limits of R 4.2.2: poisson.test(n, size)$conf.int
        (8, 0.8, 10.0, 4.317290221, 19.703986525),
        (8, 1.2, 6.666666667, 2.878193481, 13.135991017),
        (0, 1.0, 0.0, 0.0, 3.688879454),
        (1, 1.0, 1.0, 0.02531780798, 5.57164339094),
        (30, 30.0, 1.0, 0.6746958007, 1.4275621798),
    ],
)
def test_estimate_tmb__has_exact_limits(n: int, size: float, tmb: float, lo: float, hi: float) -> None:
    row = burden(n, size)
    assert (row["tmb"], row["tmb_lo"], row["tmb_hi"]) == pytest.approx((tmb, lo, hi), abs=1e-8)


@pytest.mark.parametrize(
    ("n", "size", "status", "high", "warnings"),
    [
        (10, 1.0, "ok", True, ""),  # ten is high, inclusive
        (9, 1.0, "ok", False, ""),
        (6, 0.666, "panel_small", None, "W_TMB_PANEL_SMALL"),
        (8, 0.667, "ok", True, "W_TMB_PANEL_SMALL"),
        (8, None, "size_unknown", None, ""),
    ],
)
def test_estimate_tmb__follows_the_size_rules(
    n: int, size: float | None, status: str, high: bool | None, warnings: str
) -> None:
    row = burden(n, size)
    assert (row["status"], row["warnings"]) == (status, warnings)
    assert pd.isna(row["tmb_high"]) if high is None else bool(row["tmb_high"]) == high


@pytest.mark.parametrize(
    ("variant_class", "nonsilent", "coding_all"),
    [("Silent", 0, 3), ("Missense_Mutation", 3, 3), ("Intron", 0, 0), ("5'UTR", 0, 0), ("Splice_Region", 0, 0)],
)
def test_estimate_tmb__counts_by_its_scheme(variant_class: str, nonsilent: int, coding_all: int) -> None:
    assert burden(3, 1.0, variant_class=variant_class)["n_counted"] == nonsilent
    assert burden(3, 1.0, variant_class=variant_class, scheme="coding_all")["n_counted"] == coding_all


def test_estimate_tmb__warns_of_samples_without_a_normal() -> None:
    findings = Findings()
    normal = pd.Series([False], index=["S1"], dtype="boolean")
    assert burden(3, 1.2, matched_normal=normal, findings=findings)["warnings"] == "W_TMB_TUMOUR_ONLY"
    assert [item.code for item in findings] == ["W_TMB_TUMOUR_ONLY"]


def test_estimate_tmb__uses_the_territory_of_a_bed_file(tmp_path: Any) -> None:
    """0.5 Mb and 0.7 Mb, of which 0.2 Mb overlap: 1.0 Mb, however the chromosome is spelled and in any order."""
    path = tmp_path / "p.bed"
    path.write_text("chrom\tstart\tend\tname\n17\t300000\t1000000\tTP53\nchr17\t0\t500000\tTP53\n")
    panel = read_panel(path, findings=Findings())
    assert (panel.genes, panel.source) == (("TP53",), "bed")
    assert burden(10, panel.size_mb)["tmb"] == pytest.approx(10.0)


def lab(*rows: tuple[str, float, str | None]) -> list[tuple[str, str]]:
    """Return the discordant samples; S1 has 8 mutations on 0.8 Mb, that is 10 per Mb."""
    estimated = burden(8, 0.8).to_frame().T.astype({"tmb": "float64"})
    values = [{"sample_id": one, "value": value, "unit": unit} for one, value, unit in rows]
    biomarkers = table("biomarkers", [{"patient_id": "P1", "biomarker": "TMB", **row} for row in values])
    findings = Findings()
    found = compare_with_lab(estimated, biomarkers, findings=findings)
    assert len(found) == len(findings)
    return [(item.code, item.rule) for item in findings]


@pytest.mark.parametrize(
    ("value", "discordant"),
    [(10.0, False), (7.7, False), (7.6, True), (14.2, False), (14.3, True), (0.0, True)],
)
def test_compare_with_lab__tells_differences_above_thirty_per_cent(value: float, discordant: bool) -> None:
    """10 is 30 % above 7.69, and 30 % below 14.29."""
    assert lab(("S1", value, "mut/Mb")) == ([("W_TMB_DISCORDANT", "V28")] if discordant else [])


def test_compare_with_lab__passes_over_what_cannot_be_compared() -> None:
    assert lab(("S1", 50.0, "percentile"), ("S2", 50.0, None)) == []
    assert lab(("S1", 50.0, None), ("S1", 50.0, None)) == [("W_TMB_DISCORDANT", "V28")]
    small = burden(8, 0.5).to_frame().T.astype({"tmb": "float64"})
    rows = table("biomarkers", [{"patient_id": "P1", "sample_id": "S1", "biomarker": "TMB", "value": 50.0}])
    assert compare_with_lab(small, rows, findings=Findings()).empty
