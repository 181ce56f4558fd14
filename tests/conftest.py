"""What all tests share: where the optional real data are, and reproducible property tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "netgen", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)
settings.load_profile("netgen")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with real data sets and reference results, or skip."""
    folder = Path(os.environ.get("NETGEN_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the shared data sets are not beside this checkout (set NETGEN_SHARED to their folder)")
    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of frozen reference results that ship with the tests."""
    return ROOT / "tests" / "reference"
