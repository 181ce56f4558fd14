"""What all tests share: where the optional real data are, and reproducible property tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

settings.register_profile(
    "netgen", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)
settings.load_profile("netgen")

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Run property tests untraced: they go over lines that examples cover, and tracing doubles their time.

    The marker ``no_cover`` of pytest-cov would say so, but the workers of pytest-xdist do not heed it.
    """
    tracer = sys.gettrace()
    if is_hypothesis_test(getattr(item, "obj", None)):
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


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
