"""What must hold for any study: row order, unprofiled samples, repeated rows, the order of the three values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.genomics.matrix import AlterationMatrix, build_alteration_matrix, frequencies
from tests.genomics.naive_matrix import GENES, call_frame, studies, table

FEATURE_TYPES = st.sampled_from(["any_nonsyn", "lof", "driver", "hotspot", "altered"])
POLICIES = st.sampled_from(["union", "primary", "metastasis", "earliest", "latest", "largest_panel"])
PATHWAYS = {"both": ["ATRX", "MEN1"], "all": GENES}


def build(study: dict[str, Any], **options: Any) -> AlterationMatrix:
    tables = {name: value for name, value in study.items() if name != "calls"}
    calls = study["calls"]
    return build_alteration_matrix(
        **tables, calls=call_frame(calls) if isinstance(calls, dict) else calls, pathways=PATHWAYS, **options
    )


def same(one: AlterationMatrix, two: AlterationMatrix) -> bool:
    pd.testing.assert_frame_equal(one.detail, two.detail)
    pd.testing.assert_frame_equal(one.discordance, two.discordance)
    return one.hash == two.hash and bool((one.reason == two.reason).all())


@settings(max_examples=25)
@given(study=studies(), feature_type=FEATURE_TYPES, policy=POLICIES, seed=st.integers(0, 2**32 - 1))
def test_row_order_changes_nothing(study: dict[str, Any], feature_type: str, policy: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = {
        name: value.iloc[rng.permutation(len(value))] if isinstance(value, pd.DataFrame) else value
        for name, value in study.items()
    }
    calls = call_frame(study["calls"])
    if calls is not None:
        shuffled["calls"] = calls.iloc[rng.permutation(len(calls)), rng.permutation(calls.shape[1])]
    options = {"feature_type": feature_type, "policy": policy, "include_cfdna": True}
    assert same(build(study, **options), build(shuffled, **options))


@settings(max_examples=25)
@given(study=studies(), feature_type=FEATURE_TYPES, policy=POLICIES)
def test_an_unprofiled_patient_changes_only_the_totals(study: dict[str, Any], feature_type: str, policy: str) -> None:
    extra = table("samples", [{"sample_id": "Z9", "patient_id": "Z", "sample_class": "tumour"}])
    larger = {**study, "samples": pd.concat([study["samples"], extra], ignore_index=True)}
    before, after = (build(one, feature_type=feature_type, policy=policy) for one in (study, larger))
    old, new = frequencies(before), frequencies(after)
    pd.testing.assert_frame_equal(old.drop(columns="n_total"), new.drop(columns="n_total"))
    assert (new["n_total"] == old["n_total"] + 1).all()
    assert (after.status[:, after.patients.get_loc("Z")] == -1).all()


@settings(max_examples=25)
@given(study=studies(), feature_type=FEATURE_TYPES)
def test_an_unprofiled_sample_of_a_patient_changes_nothing(study: dict[str, Any], feature_type: str) -> None:
    owner = study["samples"]["patient_id"].iloc[0]
    extra = table("samples", [{"sample_id": "zz", "patient_id": owner, "sample_class": "tumour"}])
    larger = {**study, "samples": pd.concat([study["samples"], extra], ignore_index=True)}
    assert same(build(study, feature_type=feature_type), build(larger, feature_type=feature_type))


@settings(max_examples=25)
@given(study=studies(), feature_type=FEATURE_TYPES)
def test_union_is_idempotent(study: dict[str, Any], feature_type: str) -> None:
    """A second sample with the same profile and the same findings says nothing new."""
    twice = {
        name: pd.concat([value, value.assign(sample_id=value["sample_id"] + "bis")], ignore_index=True)
        if isinstance(value, pd.DataFrame) and "sample_id" in value
        else value
        for name, value in study.items()
    }
    twice["calls"] = {
        (sample + suffix, gene): value for (sample, gene), value in study["calls"].items() for suffix in ("", "bis")
    }
    options = {"feature_type": feature_type, "include_cfdna": True}
    assert build(study, **options).hash == build(twice, **options).hash


@settings(max_examples=25)
@given(study=studies(), feature_type=FEATURE_TYPES)
def test_repeated_variant_rows_count_once(study: dict[str, Any], feature_type: str) -> None:
    twice = {**study, "variants": pd.concat([study["variants"], study["variants"]], ignore_index=True)}
    assert build(study, feature_type=feature_type).hash == build(twice, feature_type=feature_type).hash


@settings(max_examples=25)
@given(study=studies())
def test_loss_of_function_implies_altered(study: dict[str, Any]) -> None:
    calls_apart = {**study, "calls": {}}
    lof, altered = (build(calls_apart, feature_type=one, genes=GENES) for one in ("lof", "altered"))
    assert (altered.status[lof.status == 1] == 1).all()
    assert (lof.status[altered.status == 0] == 0).all()


@settings(max_examples=25)
@given(study=studies(), feature_type=FEATURE_TYPES)
def test_genes_can_be_computed_one_by_one(study: dict[str, Any], feature_type: str) -> None:
    tables = {**study, "calls": call_frame(study["calls"])}
    together = build_alteration_matrix(**tables, genes=GENES, feature_type=feature_type)
    for place, gene in enumerate(GENES):
        alone = build_alteration_matrix(**tables, genes=[gene], feature_type=feature_type)
        assert alone.status[0].tolist() == together.status[place].tolist()
