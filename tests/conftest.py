"""What all tests share: where the optional real data are, and reproducible property tests."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
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
WHOLE = frozenset({"docs", "golden", "real", "scenarios"})  # folders of tests that run all of it


def _traced(item: pytest.Item) -> bool:
    """Tell whether a test counts for the share of lines that are covered; tracing doubles the time of a test.

    Not those that go over lines again which others cover: property tests, whole runs (``WHOLE``), and runs that are
    repeated to compare them (marker ``repeats``). Nor those on real data, which are skipped where the data are absent.
    (The marker ``no_cover`` of pytest-cov would say so, but the workers of pytest-xdist do not heed it.)
    """
    marked = any(item.get_closest_marker(name) is not None for name in ("repeats", "shared"))
    whole = item.path.relative_to(ROOT / "tests").parts[0] in WHOLE
    return not (marked or whole or is_hypothesis_test(getattr(item, "obj", None)))


@contextmanager
def _as_traced(item: pytest.Item) -> Generator[None]:
    tracer = sys.gettrace()
    if not _traced(item):
        sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Set a test up as it is run: traced or not."""
    with _as_traced(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Run a test traced or not."""
    with _as_traced(item):
        return (yield)


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
