"""Everything ``netgen associate`` leaves behind, in one folder written at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.errors import CODES
from netgen.report.run_record import record_run
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.association.results import AssociationResult
    from netgen.cohort import Cohort

# Tables that are written when they have rows.
OPTIONAL: Final = (
    "truncation", "entry_comparison", "cooccurrence", "frequencies", "gene_treatment", "influence", "schoenfeld",
)  # fmt: skip


def write_association(
    result: AssociationResult,
    cohort: Cohort,
    out: Path,
    *,
    force: bool = False,
    figures: bool = True,
    command: str = "",
) -> None:
    """Write tables, figures, plan and provenance of a run into a folder.

    Parameters
    ----------
    result
        A finished run.
    cohort
        What it was run on.
    out
        The folder; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.
    figures
        Draw Kaplan-Meier and forest figures (PDF and PNG).
    command
        The command line, for the provenance.

    Raises
    ------
    AnalysisError
        ``E_OUTPUT_EXISTS`` if the folder holds something and ``force`` is off.
    """
    with output_folder(out, force=force) as folder:
        for name in ("heterogeneity", "km", "endpoints", "exclusions", "skipped"):
            write_table(getattr(result, name), folder / f"{name}.tsv")
        for name in OPTIONAL:
            if len(getattr(result, name)):
                write_table(getattr(result, name), folder / f"{name}.tsv")
        write_table(result.table, folder / "associations.tsv")
        write_table(result.discordance, folder / "sample_discordance.tsv")
        write_table(_warnings(result), folder / "warnings.tsv")
        write_table(cohort.variant_qc, folder / "variant_qc.tsv")
        (folder / "flow.json").write_text(result.flow.to_json(), encoding="utf-8")
        write_json(result.plan, folder / "analysis_plan.json")
        for name, model in result.models.items():
            _write_model(model, folder / "model" / file_name(name))
        if figures:
            from netgen.report.figures import draw_association

            draw_association(result, folder / "figures")
        write_json(_provenance(result, cohort, command), folder / "provenance.json")


def _warnings(result: AssociationResult) -> pd.DataFrame:
    """Warnings of reading and analysis, then those that stand beside a row of ``associations.tsv``."""
    frame = result.findings.to_frame()
    frame = frame.loc[frame["severity"] == "W"].assign(item="")
    rows = result.table.loc[result.table["warnings"].notna() & (result.table["warnings"] != "")]
    beside = [
        {"severity": "W", "code": code, "item": f"{row.endpoint}:{row.feature}", "message": CODES[code]}
        for row in rows.itertuples()
        for code in str(row.warnings).split(";")
    ]
    both = pd.concat([frame, pd.DataFrame(beside, columns=["severity", "code", "item", "message"])], ignore_index=True)
    return both[["code", "item", "file", "row", "column", "value", "rule", "patient_id", "message", "fix"]]


def _write_model(model: Any, folder: Path) -> None:  # noqa: ANN401  # PenalisedModel; imported only for its tables
    write_json(model.to_dict(), folder / "model.json")
    write_table(model.cv, folder / "cv.tsv")
    write_table(model.coefficients, folder / "coefficients.tsv")
    write_table(model.performance, folder / "performance.tsv")
    if len(model.calibration):
        write_table(model.calibration, folder / "calibration.tsv")
    if model.stability is not None:
        write_table(model.stability.table, folder / "stability.tsv")


def _provenance(result: AssociationResult, cohort: Cohort, command: str) -> dict[str, Any]:
    plan = result.plan["requested"]
    return record_run(
        cohort, result.findings, command=command, options=plan, seed=plan["seed"], matrix_hash=result.matrix_hash
    )
