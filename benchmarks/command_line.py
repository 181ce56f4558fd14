"""The commands as a user starts them, imports included."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.timing import Line, limit_line, median_time


def command(*, quick: bool) -> list[Line]:
    """Time ``netgen --help`` and ``netgen associate demo``."""
    lines = [limit_line("netgen --help", median_time(lambda: _run("--help")), 0.3, "s", note="a process of its own")]
    if quick:
        return lines
    with tempfile.TemporaryDirectory() as folder:
        demo = median_time(lambda: _run("associate", "demo", "--out", f"{folder}/out", "--force"), 3)
    return [*lines, limit_line("netgen associate demo", demo, 10, "s", note="with figures, a process of its own")]


def _run(*arguments: str) -> None:
    """Run netgen; raise if it fails or says nothing. Python keeps its byte code, as in every installation."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "netgen", *arguments], capture_output=True, text=True, check=True, env=environment
    )
    if not done.stdout:
        raise AssertionError(f"netgen {' '.join(arguments)} printed nothing")
