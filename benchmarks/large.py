"""Time and memory of one scan in a process of its own. usage: python -m benchmarks.large cox|firth PATIENTS GENES."""

from __future__ import annotations

import json
import sys

import numpy as np

from benchmarks.data import simulate
from benchmarks.per_gene import SCANS
from benchmarks.timing import clock, peak_bytes

CHECKED = 3


def main() -> None:
    """Check a few genes, then run once on all; print seconds and bytes beyond the input."""
    name, n, m = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    scan, check = SCANS[name]
    risk, genes = simulate(n, m)
    coef = scan(risk, genes[:50]).coef  # also imports what a first call imports
    before = peak_bytes()  # the input is all there is
    seconds = clock(lambda: scan(risk, genes))
    grown = peak_bytes() - before
    some = np.flatnonzero(np.isfinite(coef))[:CHECKED]
    checked = check(risk, genes[some], coef[some])
    print(json.dumps({"seconds": seconds, "bytes": grown, "genes": checked}))


if __name__ == "__main__":
    main()
