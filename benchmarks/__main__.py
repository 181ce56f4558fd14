"""Run the yardsticks of netgen beside its peers: ``make bench``.

Results are compared before anything is timed. A peer that takes long runs on a few genes and its time is scaled to all
of them. A peer that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from threadpoolctl import threadpool_limits

from benchmarks.page import render
from benchmarks.timing import Line, machine

if TYPE_CHECKING:
    from collections.abc import Sequence

# Family -> module of this folder that has a function of that name; imported when it is run.
FAMILIES: Final = {
    "cox": "per_gene",
    "adjusted": "per_gene",
    "large": "per_gene",
    "logrank": "per_gene",
    "permutation": "permutations",
    "penalised": "penalised",
    "penalised_entry": "penalised",
    "maf": "reading",
    "vcf": "reading",
    "oncoprint": "oncoprints",
    "annotation": "annotation",
    "command": "command_line",
    "growth": "growth",
}


def run(names: Sequence[str], *, quick: bool) -> dict[str, list[Line]]:
    """Run families one after the other, printing each line as it comes."""
    out = {}
    for name in names:
        print(f"-- {name}", flush=True)
        with threadpool_limits(1):  # linear algebra of netgen and its peers on one core; readers use what they use
            out[name] = getattr(import_module(f"benchmarks.{FAMILIES[name]}"), name)(quick=quick)
        if quick:
            out[name] = [replace(line, met=None) for line in out[name]]  # tiny sizes say nothing
        for line in out[name]:
            met = {True: "met", False: "NOT MET", None: ""}[line.met]
            print(
                f"   {line.work}: {line.ours}  {line.peer} {line.theirs}  {line.result} {met}  [{line.note}]",
                flush=True,
            )
    return out


def main() -> None:
    """Parse the options, run, print the table and write it where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(FAMILIES), help="run this family; may be repeated")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see that everything runs; says nothing of speed"
    )
    parser.add_argument("--write", type=Path, default=None, help="write the table to this Markdown file")
    options = parser.parse_args()
    found = run(options.only or list(FAMILIES), quick=options.quick)
    page = render(found, machine(), dt.datetime.now(tz=dt.UTC).date(), quick=options.quick)
    print(f"\n{page}")
    if options.write is not None:
        options.write.write_text(page)


if __name__ == "__main__":
    main()
