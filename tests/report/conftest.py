"""Whole reports, each written once for all tests that look at it, also if these run in several processes."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.report.page_reader import PageReader
from tests.report.report_studies import copy_demo, report, write_hostile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time in."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def demo_study(shared_folder: Path) -> Path:
    """Return the demo study, copied; its models have few resamples."""
    folder = shared_folder / "demo_study"
    with alone(shared_folder):
        return folder / "study.toml" if folder.exists() else copy_demo(folder)


@pytest.fixture(scope="session")
def demo_report(demo_study: Path, shared_folder: Path) -> Path:
    """Return the folder with the report of the demo study."""
    out = shared_folder / "demo_report"
    with alone(shared_folder):
        return out if out.exists() else report(demo_study, out)


@pytest.fixture(scope="session")
def demo_page(demo_report: Path) -> PageReader:
    """Return what the page shows."""
    return PageReader((demo_report / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def hostile_report(shared_folder: Path) -> Path:
    """Return the folder with the report of a study whose names and texts mean harm."""
    out = shared_folder / "hostile_report"
    with alone(shared_folder):
        return out if out.exists() else report(write_hostile(shared_folder / "hostile_study"), out)
