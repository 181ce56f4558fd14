"""Findings for people and programs: ``netgen check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.report.write import output_folder, write_json, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings


def write_findings(findings: Findings, out: Path, *, force: bool = False) -> None:
    """Write ``findings.tsv`` and ``findings.json`` into a new folder.

    Parameters
    ----------
    findings
        Everything found.
    out
        The folder; see ``output_folder``.
    force
        Replace a folder that is not empty.
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
