"""Findings for people and programs: ``netgen check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.report.write import output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.errors import Finding, Findings


def write_findings(findings: Findings, out: Path, *, force: bool = False) -> None:
    """Write ``findings.tsv`` and ``findings.json`` into a new folder.

    Parameters
    ----------
    findings
        Everything found.
    out
        The folder; see ``output_folder``.
    force
        Replace the results in a folder that is not empty.
    """
    frame = findings.to_frame()
    with output_folder(out, force=force) as folder:
        write_table(frame, folder / "findings.tsv")
        write_json(frame.astype(object).where(frame.notna(), None).to_dict("records"), folder / "findings.json")


def render_findings(findings: Findings, *, errors_only: bool = False) -> str:
    """Return the findings as text, errors first, and a last line that counts them.

    Parameters
    ----------
    findings
        Everything found.
    errors_only
        Leave out warnings and log messages.

    Returns
    -------
    str
        One line per finding.
    """
    errors, warnings, notes = findings.of("E"), findings.of("W"), findings.of("I")
    lines = [str(item) for item in (errors if errors_only else [*errors, *warnings, *notes])]
    lines.append(f"{len(errors)} errors, {len(warnings)} warnings, {len(notes)} notes.")
    return "\n".join(lines)


def render_by_kind(items: Sequence[Finding]) -> list[str]:
    """Return one line per code: its first finding, and how many more there are.

    Parameters
    ----------
    items
        Findings.

    Returns
    -------
    list of str
        In the order in which the codes were met.
    """
    kinds: dict[str, list[Finding]] = {}
    for item in items:
        kinds.setdefault(item.code, []).append(item)
    return [str(same[0]) + (f" (and {len(same) - 1} more)" if len(same) > 1 else "") for same in kinds.values()]
