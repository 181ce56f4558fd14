"""Results behind the tests of the association sections, computed once; and the same with hostile names."""

from __future__ import annotations

import dataclasses
from functools import cache

import pandas as pd

import netgen as ng
from tests.demo_run import demo_cohort

EVIL = '<img src=x onerror=alert(1)> & "ATRX"'


@cache
def model_result() -> ng.AssociationResult:
    """Return OS of the demo cohort with its penalised model, few resamples."""
    return ng.associate(demo_cohort(), endpoints=["os"], bootstrap=12)


def rename(result, names):
    """Return a result in which cells with one of the names hold another, in all its tables and in its models."""
    parts = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    changed = {name: _replace(part, names) for name, part in parts.items() if isinstance(part, pd.DataFrame)}
    nested = {name: rename(part, names) for name, part in parts.items() if name == "stability" and part is not None}
    if "models" in parts:
        nested["models"] = {name: rename(model, names) for name, model in parts["models"].items()}
    return dataclasses.replace(result, **changed, **nested)


def _replace(frame, names):
    text = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name])]
    return frame.assign(**{name: frame[name].astype("string").replace(names) for name in text})


def elements(page, name):
    """Return the attributes of the elements of a name."""
    return [given for tag, given in page.elements if tag == name]
