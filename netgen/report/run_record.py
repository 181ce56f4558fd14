"""Where the numbers of a results folder come from: the content of ``provenance.json``, the same for every command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from netgen.provenance import describe_environment
from netgen.study import describe

if TYPE_CHECKING:
    from netgen.cohort import Cohort
    from netgen.errors import Findings


def record_run(cohort: Cohort, findings: Findings, *, command: str, options: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the record of one run.

    Parameters
    ----------
    cohort
        What was analysed: its configuration and input files.
    findings
        Warnings of reading and analysis.
    command
        The command line.
    options
        Options as resolved.
    **more
        What a command adds or replaces: seed, matrix_hash, inputs.

    Returns
    -------
    dict
        Plain values for ``write_json``.
    """
    return {
        "command": command,
        "configuration": describe(cohort.study),
        "options": options,
        "environment": describe_environment(),
        "inputs": [vars(item) for item in cohort.inputs],
        "written": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "warnings": sorted({item.code for item in findings.of("W")}),
        **more,
    }
