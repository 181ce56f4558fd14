"""Where the numbers of a results folder come from: the content of ``provenance.json``, the same for every command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from netgen.derive import describe_evidence
from netgen.provenance import describe_environment
from netgen.study import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgen.cohort import Cohort
    from netgen.errors import Findings


EVIDENCE: Final = frozenset({"driver", "actionable", "best_level"})  # options that rest on rules of actionability


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
    if EVIDENCE.intersection(_list_texts(options)):
        more = {"evidence": describe_evidence(cohort), **more}
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


def _list_texts(value: object) -> Iterator[str]:
    """Every text in nested options."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _list_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _list_texts(item)
