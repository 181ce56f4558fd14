"""How work is timed, how peers in R are called, and what a line of the table says."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgen.association.riskset import RiskSets

HERE: Final = Path(__file__).parent
REPEATS: Final = 5
LONG: Final = 20.0  # seconds from which work is timed once: a median of long work takes longer than it is worth


class Missing(Exception):  # noqa: N818  # not an error: a peer that is not there
    """A peer that cannot be run here, and why."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    work
        What was timed.
    ours
        netgen's figure, as text.
    peer, theirs
        Name and version of the peer and its figure; blank without a peer.
    result
        The ratio or the figure that the yardstick is about.
    yardstick
        What DESIGN 5 asks for; blank if it asks for nothing.
    met
        Whether it is met; None if there is no yardstick or no peer.
    note
        How it was measured, or why a peer is missing.
    """

    work: str
    ours: str = ""
    peer: str = ""
    theirs: str = ""
    result: str = ""
    yardstick: str = ""
    met: bool | None = None
    note: str = ""


def ratio_line(work: str, ours: float, peer: str, theirs: float, *, floor: float | None = None, note: str = "") -> Line:
    """Return the line of a peer: how many times its wall clock is that of netgen."""
    ratio = theirs / ours
    return Line(
        work=work,
        ours=seconds_text(ours),
        peer=peer,
        theirs=seconds_text(theirs),
        result=f"{number_text(ratio)} x",
        yardstick="" if floor is None else f"at least {floor:,.0f} x",
        met=None if floor is None else ratio >= floor,
        note=note,
    )


def limit_line(work: str, value: float, limit: float, unit: str, *, note: str = "") -> Line:
    """Return the line of a figure that must not exceed a limit."""
    text = f"{number_text(value)} {unit}"
    yardstick = f"at most {limit:g} {unit}"
    return Line(work=work, ours=text, result=text, yardstick=yardstick, met=value <= limit, note=note)


def skipped_line(work: str, peer: str, reason: object, *, ours: float | None = None) -> Line:
    """Return the line of a peer that was not run."""
    return Line(work=work, ours="" if ours is None else seconds_text(ours), peer=peer, note=f"skipped: {reason}")


def seconds_text(seconds: float) -> str:
    """Return seconds with three digits."""
    return f"{number_text(seconds)} s"


def number_text(value: float) -> str:
    """Return a number with three digits and no exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def median_time(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median wall time of several runs after one that is not counted; of one run if it takes long."""
    first = clock(work)
    return first if first > LONG else statistics.median(clock(work) for _ in range(repeats))


def clock(work: Callable[[], object]) -> float:
    """Return the wall time of one run."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def check_equal(name: str, ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> str:
    """Raise if two results differ by more than the tolerance; return the sentence for the note."""
    gap = float(np.max(np.abs(np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float))))
    if not gap <= tolerance:
        raise AssertionError(f"{name}: netgen and its peer differ by {gap:.3g}, more than {tolerance:g}")
    return f"{name} equal to {tolerance:g}"


def version(package: str) -> str:
    """Return name and version of an installed Python package, or raise Missing."""
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        raise Missing(f"{package} is not installed") from None


def run_r(script: str, folder: Path, *arguments: object) -> dict[str, Any]:
    """Run an R script of this folder on a data folder and return the JSON-like figures it prints.

    The script prints lines ``time NAME SECONDS`` and ``version NAME TEXT``; it ends with status 3 and the reason if a
    package is missing.

    Raises
    ------
    Missing
        Without R, or without a package that the script needs.
    RuntimeError
        If the script fails.
    """
    if shutil.which("Rscript") is None:
        raise Missing("Rscript is not installed")
    command = ["Rscript", str(HERE / script), str(folder), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 3:
        raise Missing(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr}")
    out: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        kind, name, value = line.split(maxsplit=2)
        out[name] = float(value) if kind == "time" else f"R {name} {value.strip()}"
    return out


def measure_apart(module: str, *arguments: object) -> dict[str, float]:
    """Run ``python -m module arguments`` in a process of its own and return the JSON object it prints last."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parent)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def write_outcomes(folder: Path, risk: RiskSets, genes: np.ndarray, **columns: np.ndarray) -> None:
    """Write outcomes and covariates as ``data.csv``, genes (m, n) as ``genes.bin`` (an n x m matrix in R)"""
    import pandas as pd

    data = {"time": risk.time, "event": risk.event.astype(int), "stratum": risk.stratum, **columns}
    if np.isfinite(risk.entry).any():
        data["entry"] = risk.entry
    pd.DataFrame(data).to_csv(folder / "data.csv", index=False)
    np.ascontiguousarray(genes, dtype=np.int8).tofile(folder / "genes.bin")


def machine() -> dict[str, str]:
    """Return what figures depend on: cores, system, Python."""
    import platform

    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """Model of the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"
