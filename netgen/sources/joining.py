"""Several sources as one: ids must not collide, tables are stacked by key, and rows read and left out are added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.clinical.flow import Flow, add_step, start_flow
from netgen.errors import Findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.sources.tables import SequencingTables, SourceTables


def stack_tables(parts: Sequence[pd.DataFrame], name: str) -> pd.DataFrame:
    """Return one table of several sources, extra columns included.

    Parameters
    ----------
    parts
        The table of each source.
    name
        Its name in the schema.

    Returns
    -------
    DataFrame
        Sorted by key, if it has one; otherwise in the order of the sources.
    """
    table = schema.TABLES[name]
    filled = [part for part in parts if len(part)]
    frame = schema.conform(pd.concat(filled, ignore_index=True), table) if filled else schema.empty(table)
    return frame.sort_values(list(table.key), kind="stable", ignore_index=True) if table.key else frame


def find_collisions(sources: Sequence[SourceTables]) -> Findings:
    """Return the ids that mean different things in different sources.

    Two sources with one patient or sample id are two persons, or one person twice. A panel may be shared if it is the
    same: genes of one must not pass for genes of the other.

    Parameters
    ----------
    sources
        Ids as they go into the cohort.

    Returns
    -------
    Findings
        One E_DUP_CONFLICT per id.
    """
    findings = Findings()
    for name, key in (("patients", "patient_id"), ("samples", "sample_id")):
        ids = pd.concat([source.clinical.tables[name][key].drop_duplicates() for source in sources])
        for one in sorted(ids[ids.duplicated()].unique()):
            findings.add(
                "E_DUP_CONFLICT",
                f"the {key} {one} occurs in more than one source.",
                fix="Give one of the sources a namespace, or put both tables into one source.",
                column=key,
                value=one,
                rule="V26" if key == "sample_id" else "V02",
            )
    first: dict[str, set[tuple[str, ...]]] = {}
    for source in sources:
        genes = source.sequencing.coverage.panel_genes.astype("string").fillna("")
        for panel, rows in genes.groupby("panel_id"):
            listed = set(rows[["gene", "profile", "partial"]].itertuples(index=False, name=None))
            if first.setdefault(str(panel), listed) != listed:
                findings.add(
                    "E_DUP_CONFLICT",
                    f"the panel {panel} has other genes in another source.",
                    fix="Give one of the sources a namespace, or the panel another id.",
                    column="panel_id",
                    value=panel,
                )
    return findings


def begin_flow(sources: Sequence[SourceTables]) -> tuple[Flow, pd.DataFrame]:
    """Return the flow of all sources up to the patients: rows read, selected, and left after duplicates.

    Parameters
    ----------
    sources
        With their row counts and exclusions.

    Returns
    -------
    tuple
        The flow, and patient_id, step, reason of the patients left out so far.
    """
    flow = start_flow("screened", sum(source.clinical.n_rows for source in sources))
    for step in ("selected", "de-duplicated"):
        counts: dict[str, int] = {}
        for source in sources:
            for reason, n in source.clinical.attrition.get(step, {}).items():
                counts[reason] = counts.get(reason, 0) + n
        flow = add_step(flow, step, excluded=counts)
    listed = pd.concat([source.clinical.exclusions for source in sources], ignore_index=True)
    return flow, listed.reindex(columns=["patient_id", "step", "reason"]).astype("string")


def count_dropped(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return how many rows of variant files were dropped, on reading and by the policy.

    Parameters
    ----------
    parts
        sample_id, reason, n; at least one table.

    Returns
    -------
    DataFrame
        The same columns, a row per sample and reason, sorted.
    """
    rows = pd.concat([part for part in parts if len(part)] or list(parts[:1]), ignore_index=True)
    counts = rows.groupby(["sample_id", "reason"], dropna=False)["n"].sum().reset_index()
    return counts.sort_values(["sample_id", "reason"], kind="stable", ignore_index=True)


def merge_calls(sources: Sequence[SequencingTables]) -> pd.DataFrame | None:
    """Return the ready-made gene calls of all sources; a gene that a source does not have is not profiled in it.

    Parameters
    ----------
    sources
        Genomic halves.

    Returns
    -------
    DataFrame or None
        Samples x genes, 1/0/-1; None if no source has calls.
    """
    parts = [source.calls for source in sources if source.calls is not None]
    if not parts:
        return None
    return pd.concat(parts).fillna(-1).astype("int8").sort_index()
