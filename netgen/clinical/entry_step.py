"""Delayed entry in the draft of an endpoint: the days at which each patient comes under observation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.days import canonical
from netgen.clinical.draft import exclude, flag, is_kept
from netgen.clinical.entry import Sequencing, decide_entry, find_sequencing
from netgen.clinical.origin import find_origin, read_date_column
from netgen.clinical.rows import counted, warn_once
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.inputs import Inputs


def add_entry(draft: pd.DataFrame, inputs: Inputs) -> tuple[pd.DataFrame, str]:
    """Return the draft with ``entry`` in days after the origin, and the rule that was applied.

    Parameters
    ----------
    draft
        With times; ``entry`` holds the entry times of a recorded endpoint.
    inputs
        What the endpoint was derived from.

    Returns
    -------
    draft
        entry = max(origin, date) - origin. Left out: patients the rule applies to without a date
        (``entry_date_missing``), and those who enter on or after their exit (``entry_after_exit``, W_ENTRY_AFTER_EXIT
        with the count). Patients who were not sequenced stay, with entry from the origin and the flag
        ``not_sequenced``.
    rule
        none, sequencing_report, sample_collection or custom.

    Raises
    ------
    AnalysisError
        E_ENTRY_UNDECIDED if auto cannot tell, E_ENDPOINT_UNAVAILABLE if the rule has no usable date.
    """
    spec, survival = inputs.spec, inputs.survival
    exit_day = survival.death.filled(survival.contact).day
    sequencing = find_sequencing(canonical(inputs.tables, "samples"), inputs.ids, exit_day)
    candidates = _candidates(draft, inputs, sequencing)
    rule = _settle_rule(draft, inputs, sequencing, candidates)
    if rule == "none":
        return draft.assign(entry=np.nan), rule
    entry = candidates[rule]
    if np.isnan(entry).all():
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            f'entry_rule = "{rule}" needs dates on the time axis of {spec.name}, found none.',
            fix='Give the dates (for a recorded endpoint its entry times), or set entry_rule = "none".',
        )
    applies = sequencing.sampled | (rule == "custom") | (not sequencing.sampled.any())
    draft = exclude(draft.assign(entry=entry), np.isnan(entry) & applies, "entry_date_missing")
    draft = flag(draft, ~applies, "not_sequenced")
    late = is_kept(draft) & (draft["entry"] >= draft["time"]).to_numpy(dtype=bool)
    if late.any():
        warn_once(
            inputs.findings,
            "W_ENTRY_AFTER_EXIT",
            f"{spec.name} from {spec.origin}: {counted(int(late.sum()))} entered on or after the exit ({rule}) and"
            " are in no risk set.",
            fix="Check the dates of entry.",
        )
    return exclude(draft, late, "entry_after_exit"), rule


def _candidates(draft: pd.DataFrame, inputs: Inputs, sequencing: Sequencing) -> dict[str, NDArray[np.float64]]:
    """Entry in days by rule; NaN where a patient has none or it cannot be placed on the time axis."""
    spec = inputs.spec
    if spec.source == "recorded":
        own = draft["entry"].to_numpy(dtype=np.float64)
        offset = (inputs.patients["time_base"] == "offset").to_numpy(dtype=bool, na_value=False)
        start = _start_of_recorded(inputs)
        timeline = {
            "sequencing_report": np.where(offset, sequencing.report.day, np.nan) - start,
            "sample_collection": np.where(offset, sequencing.collection.day, np.nan) - start,
        }
        given = not np.isnan(own).all()
        return {"custom": own} | {name: own if given else np.maximum(days, 0.0) for name, days in timeline.items()}
    days = {"sequencing_report": sequencing.report.day, "sample_collection": sequencing.collection.day}
    if spec.entry_rule == "custom":
        days["custom"] = read_date_column(inputs.patients, spec.entry_column, setting="entry_column").day
    return {name: np.maximum(values - draft["start"].to_numpy(), 0.0) for name, values in days.items()}


def _start_of_recorded(inputs: Inputs) -> NDArray[np.float64]:
    """Day from which a recorded time runs: that of the origin the study states, else day 0 of the timeline."""
    spec = inputs.spec
    if spec.origin == "recorded":
        return np.zeros(len(inputs.ids))
    return find_origin(inputs.tables, inputs.patients, spec.origin, spec.line).dated.day


def _settle_rule(
    draft: pd.DataFrame, inputs: Inputs, sequencing: Sequencing, candidates: dict[str, NDArray[np.float64]]
) -> str:
    spec = inputs.spec
    if spec.entry_rule == "auto" and spec.origin == "sequencing":
        return "none"
    recorded = spec.source == "recorded"
    report = candidates["sequencing_report"]
    n_own = int((~np.isnan(draft["entry"].to_numpy())).sum()) if recorded else 0
    n_after = sequencing.n_after_exit
    if recorded:
        n_after = max(0 if n_own else n_after, int((report > draft["time"].to_numpy()).sum()))
    return decide_entry(
        sequencing,
        rule=spec.entry_rule,
        recorded=recorded,
        n_recorded_entry=n_own,
        n_computable=int((~np.isnan(report)).sum()),
        n_after_exit=n_after,
        findings=inputs.findings,
    )
