"""Where numbers come from: checksums of inputs, versions, seeds."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MASTER_SEED: Final = 20260101
_CHUNK: Final = 1 << 20
_PACKAGES: Final = (
    "click", "lifelines", "matplotlib", "numba", "numpy", "openpyxl", "pandas", "pyarrow", "pyranges", "pysam",
    "pyyaml", "scikit-learn", "scikit-survival", "scipy", "statsmodels", "threadpoolctl",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """One file that was read: its role, name, checksum and number of data rows."""

    role: str
    path: str
    sha256: str
    n_rows: int


def describe_file(path: Path, *, role: str, n_rows: int) -> InputFile:
    """Return name, SHA-256 and row count of an input file.

    Parameters
    ----------
    path
        The file.
    role
        What it was read as.
    n_rows
        Data rows that were read.

    Returns
    -------
    InputFile
        For ``provenance.json``.
    """
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return InputFile(role=role, path=str(path), sha256=digest.hexdigest(), n_rows=n_rows)


def derive_seed(task: str, *, master: int = MASTER_SEED) -> int:
    """Return the seed of a named task: the first 64 bits of SHA-256(master, task).

    Depends on the name alone, so results do not depend on the order of tasks or the number of threads.

    Parameters
    ----------
    task
        Name of the task.
    master
        Master seed of the run.

    Returns
    -------
    int
        Between 0 and 2^64 - 1.
    """
    digest = hashlib.sha256(f"{master}:{task}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def describe_environment() -> dict[str, object]:
    """Return versions of netgen, Python, the operating system and the packages that numbers depend on."""
    return {
        "netgen": _version("netgen"),
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "cpu_count": os.cpu_count(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
