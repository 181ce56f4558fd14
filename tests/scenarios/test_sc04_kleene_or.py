"""SC04: mutation or homozygous deletion, three-valued (DOMAIN 6)."""

from __future__ import annotations

from netgen.genomics.matrix import REASONS, AlterationMatrix, build_alteration_matrix
from tests.genomics.naive_matrix import table

# sample: copy-number profile, copy number, mutated
SAMPLES = {
    "X": (None, None, False),
    "Y": (None, None, True),
    "Z": ("P", -1.0, False),
    "W": ("P", -2.0, False),
    "V": ("P", -1.5, False),
}


def sc04(feature_type: str) -> AlterationMatrix:
    return build_alteration_matrix(
        samples=table("samples", [{"sample_id": one, "patient_id": one} for one in SAMPLES]),
        profiles=table(
            "profiles", [{"sample_id": one, "mutations": "P", "cna": cna} for one, (cna, _, _) in SAMPLES.items()]
        ),
        panels=table("panels", [{"panel_id": "P", "genes_mode": "list"}]),
        panel_genes=table("panel_genes", [{"panel_id": "P", "gene": "CDKN2A"}]),
        variants=table(
            "variants",
            [
                {"sample_id": one, "gene": "CDKN2A", "variant_class": "Nonsense_Mutation"}
                for one, (_, _, mutated) in SAMPLES.items()
                if mutated
            ],
        ),
        copy_number=table(
            "copy_number",
            [
                {"sample_id": one, "gene": "CDKN2A", "value": value}
                for one, (_, value, _) in SAMPLES.items()
                if value is not None
            ],
        ),
        feature_type=feature_type,
    )


def test_sc04_kleene_or() -> None:
    for feature_type in ("altered", "lof"):
        matrix = sc04(feature_type)
        found = dict(zip(matrix.patients, matrix.status[0].tolist(), strict=True))
        assert found == {"X": -1, "Y": 1, "Z": 0, "W": 1, "V": 1}
        assert REASONS[matrix.reason[0, matrix.patients.get_loc("X")]] == "profile_missing"
        assert matrix.components == ("mutations", "cna")


def test_sc04_mutations_alone() -> None:
    matrix = sc04("any_nonsyn")
    found = dict(zip(matrix.patients, matrix.status[0].tolist(), strict=True))
    assert found == {"X": 0, "Y": 1, "Z": 0, "W": 0, "V": 0}
