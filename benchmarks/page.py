"""The table as a page of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.provenance import describe_environment

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from benchmarks.timing import Line

TITLES: Final = {
    "cox": "Cox models, gene by gene",
    "adjusted": "Adjusted and stratified",
    "large": "Large cohorts",
    "logrank": "Log-rank tests",
    "permutation": "Permutation tests",
    "penalised": "Penalised Cox",
    "penalised_entry": "Penalised Cox with strata and delayed entry",
    "maf": "Reading a MAF",
    "vcf": "Reading VCFs",
    "oncoprint": "Oncoprints",
    "annotation": "Levels of evidence",
    "command": "Commands",
    "growth": "Growth",
}
_HEAD: Final = """# Benchmarks

`make bench` writes this page. netgen and its peers get the same simulated data on the same machine in one run. Results
are compared first, to the tolerance in the note, and only then timed: wall clock, medians of several runs after one
that is not counted, work beyond 20 s once. Time of R is taken inside R, without its start and without reading data.
Linear algebra uses one core on both sides, file readers as many as they take. A peer that is slow per gene runs on a
few genes and its time is scaled. Ratio = time of the peer / time of netgen.
"""
_COLUMNS: Final = ("work", "netgen", "peer", "peer's time", "result", "yardstick", "met", "note")


def render(found: Mapping[str, Sequence[Line]], machine: Mapping[str, str], date: dt.date, *, quick: bool) -> str:
    """Return the page as Markdown."""
    packages = describe_environment()["packages"]
    versions = ", ".join(f"{name} {value}" for name, value in sorted(dict(packages).items()))
    parts = [_HEAD]
    if quick:
        parts.append("**Quick run: sizes are too small for the figures to mean anything.**\n")
    parts.append(
        f"{date}: {machine['cores']} cores, {machine['processor']}, {machine['system']}, Python {machine['python']}.\n"
    )
    parts.append(f"{versions}.\n")
    unmet = [line.work for lines in found.values() for line in lines if line.met is False]
    judged = sum(line.met is not None for lines in found.values() for line in lines)
    parts.append(
        f"{judged - len(unmet)} of {judged} yardsticks met." + "".join(f"\n- not met: {work}" for work in unmet) + "\n"
    )
    for name, lines in found.items():
        parts.append(f"## {TITLES[name]}\n\n{_table(lines)}")
    return "\n".join(parts)


def _table(lines: Sequence[Line]) -> str:
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS)]
    for line in lines:
        met = {True: "yes", False: "no", None: ""}[line.met]
        rows.append((line.work, line.ours, line.peer, line.theirs, line.result, line.yardstick, met, line.note))
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows) + "\n"
