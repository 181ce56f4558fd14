"""SC03: two samples of one patient, a gene off the panel, a silent variant (DOMAIN 6)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from netgen.genomics.matrix import REASONS, build_alteration_matrix, frequencies
from tests.genomics.naive_matrix import table


def sc03() -> dict[str, Any]:
    samples = [("A1", "A", "primary"), ("A2", "A", "metastasis"), ("B1", "B", "primary"), ("C1", "C", "primary"),
               ("D1", "D", "primary")]  # fmt: skip
    variants = [
        ("A1", "TP53", "Missense_Mutation", "p.R175H"),
        ("A2", "TP53", "Missense_Mutation", "p.R175H"),
        ("A2", "ATRX", "Frame_Shift_Del", "p.K1033fs"),
        ("C1", "ATRX", "Silent", "p.L100="),
    ]
    return {
        "samples": table(
            "samples",
            [
                {"sample_id": one, "patient_id": two, "sample_type": kind, "sample_class": "tumour"}
                for one, two, kind in samples
            ],
        ),
        "profiles": table(
            "profiles", [{"sample_id": one, "mutations": "P2" if one == "D1" else "P1"} for one, _, _ in samples]
        ),
        "panels": table("panels", [{"panel_id": one, "genes_mode": "list"} for one in ("P1", "P2")]),
        "panel_genes": table(
            "panel_genes",
            [{"panel_id": one, "gene": two} for one, two in (("P1", "TP53"), ("P1", "ATRX"), ("P2", "TP53"))],
        ),
        "variants": table(
            "variants",
            [
                {"sample_id": one, "gene": two, "variant_class": kind, "hgvsp_short": change}
                for one, two, kind, change in variants
            ],
        ),
    }


@pytest.mark.parametrize(
    ("policy", "atrx", "tp53"),
    [
        ("union", [1, 0, 0, -1], [1, 0, 0, 0]),
        ("primary", [0, 0, 0, -1], [1, 0, 0, 0]),
        ("metastasis", [1, 0, 0, -1], [1, 0, 0, 0]),
    ],
)
def test_sc03_two_samples_one_patient(policy: str, atrx: list[int], tp53: list[int]) -> None:
    matrix = build_alteration_matrix(**sc03(), policy=policy)
    assert list(matrix.patients) == ["A", "B", "C", "D"]
    assert list(matrix.features) == ["ATRX", "TP53"]
    assert matrix.status.tolist() == [atrx, tp53]
    assert REASONS[matrix.reason[0, 3]] == "gene_not_on_panel"


def test_sc03_frequencies() -> None:
    table_ = frequencies(build_alteration_matrix(**sc03())).set_index("feature")
    assert table_.loc["ATRX", ["n_altered", "n_profiled"]].tolist() == [1, 3]
    assert table_.loc["ATRX", "fraction"] == pytest.approx(1 / 3)
    assert table_.loc["TP53", ["n_altered", "n_profiled"]].tolist() == [1, 4]


def test_sc03_discordance() -> None:
    matrix = build_alteration_matrix(**sc03())
    assert list(matrix.discordance.itertuples(index=False, name=None)) == [
        ("A", "ATRX", "A1", 0),
        ("A", "ATRX", "A2", 1),
    ]


def test_sc03_fifth_patient_profiled_without_variants() -> None:
    study = sc03()
    study["samples"] = pd.concat(
        [study["samples"], table("samples", [{"sample_id": "E1", "patient_id": "E"}])], ignore_index=True
    )
    study["profiles"] = pd.concat(
        [study["profiles"], table("profiles", [{"sample_id": "E1", "mutations": "P1"}])], ignore_index=True
    )
    matrix = build_alteration_matrix(**study)
    assert matrix.status[:, 4].tolist() == [0, 0]
    assert frequencies(matrix).set_index("feature")["n_profiled"].to_dict() == {"ATRX": 4, "TP53": 5}
