"""How patients were diagnosed: scans, NETPET, biopsies, sequencing, and the time it took (DOMAIN 3.13 g)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.freeman_halton import freeman_halton
from netgen.association.line_endpoints import compare_times
from netgen.association.proportions import wilson
from netgen.association.therapy_tables import EVERYBODY, PATHWAY_COLUMNS, TIME_COLUMNS, frame_of
from netgen.clinical.days import canonical, read_dates
from netgen.clinical.netpet import derive_netpet
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels
    from netgen.cohort import Cohort

NO_IMAGING = "the study has no imaging table"
NO_SEQUENCING = "no sample is profiled or has a report"
NO_TYPES = "no sample has a type"


class Item(NamedTuple):
    """A step of the pathway: (n,) level per patient, "" = cannot be told; levels in order; what stands beside it.

    One whose ``levels`` are empty has no data; ``note`` says what is missing.
    """

    name: str
    values: NDArray[np.str_]
    levels: tuple[str, ...]
    note: str


def find_items(cohort: Cohort, ids: pd.Index) -> list[Item]:
    """Return the steps of the diagnostic pathway of every patient.

    Parameters
    ----------
    cohort
        The cohort.
    ids
        Patients, in the order of the values.

    Returns
    -------
    list of Item
        fdg_pet, sstr_pet, both_pet, fdg_positive, sstr_positive, netpet, metastasis_biopsy, ngs.
    """
    imaging = canonical(cohort.clinical(), "imaging")
    if len(imaging):
        items = _scans(imaging, ids, cohort)
    else:
        names = ("fdg_pet", "sstr_pet", "both_pet", "fdg_positive", "sstr_positive", "netpet")
        items = [_absent(name, ids, NO_IMAGING) for name in names]
    return [*items, *_tissue(cohort, ids)]


def tabulate_pathway(cohort: Cohort, history: LineHistory, groupings: Sequence[Labels], *, seed: int) -> pd.DataFrame:
    """Return the share of patients with each step of the diagnostic pathway, and the test between groups.

    Parameters
    ----------
    cohort
        The cohort.
    history
        Lines of its patients.
    groupings
        Groups of the patients of the history.
    seed
        Master seed.

    Returns
    -------
    DataFrame
        ``PATHWAY_COLUMNS``. An item without data has one row per group with status not_available.
    """
    rows: list[dict[str, Any]] = []
    for item in find_items(cohort, history.patients):
        for groups in groupings:
            rows += _rows(item, groups, derive_seed(f"therapy:{groups.name}:{item.name}", master=seed))
    return frame_of(rows, PATHWAY_COLUMNS)


def tabulate_intervals(cohort: Cohort, history: LineHistory, groupings: Sequence[Labels], *, seed: int) -> pd.DataFrame:
    """Return the time from diagnosis to advanced disease and to line 1, and to metachronous metastases.

    Parameters
    ----------
    cohort
        The cohort.
    history
        Lines of its patients.
    groupings
        Groups of the patients of the history.
    seed
        Master seed.

    Returns
    -------
    DataFrame
        ``TIME_COLUMNS``. Who died or was lost before is censored then; times of 0 are half a day.
    """
    patients = canonical(cohort.clinical(), "patients").set_index("patient_id", drop=False).loc[history.patients]
    diagnosis = read_dates(patients.reset_index(drop=True), "date_diagnosis").day
    first = np.full(len(history.patients), np.nan)
    lines = history.lines.loc[history.lines["line"] == 1]
    first[lines["place"].to_numpy()] = lines["start"].to_numpy()
    later = (~patients["synchronous_metastases"]).fillna(value=False).to_numpy(dtype=bool)
    spans = {
        "diagnosis_to_advanced": (diagnosis, history.origin, "advanced disease"),
        "diagnosis_to_line1": (diagnosis, first, "start of line 1"),
        "advanced_to_line1": (history.origin, first, "start of line 1"),
        "diagnosis_to_metastasis": (
            np.where(later, diagnosis, np.nan), history.origin,
            "advanced disease of patients without metastases at diagnosis, as the date of the first metastasis",
        ),
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for name, (start, stop, meaning) in spans.items():
        event = np.isfinite(stop)
        time = np.where(event, stop, history.end) - start
        negative, zero = int((time < 0).sum()), int((time == 0).sum())
        note = meaning + (f"; {negative} patients with dates in the wrong order left out" if negative else "")
        time = np.where(time < 0, np.nan, np.where(time == 0, 0.5, time))
        head = {"endpoint": name, "line": pd.NA, "note": note, "n_zero": zero}
        rows += compare_times(head, time, event & ~np.isnan(time), groupings, seed=seed)
    return frame_of(rows, TIME_COLUMNS)


def _absent(name: str, ids: pd.Index, note: str) -> Item:
    return Item(name, np.full(len(ids), ""), (), note)


def _yes(name: str, ids: pd.Index, having: pd.Series, told: pd.Series | None, note: str) -> Item:
    """Whether each patient is among those who have something; those not in ``told`` cannot be told."""
    values = np.where(ids.isin(having), "yes", "no")
    if told is not None:
        values = np.where(ids.isin(told), values, "")
    return Item(name, values, ("yes",), note)


def _scans(imaging: pd.DataFrame, ids: pd.Index, cohort: Cohort) -> list[Item]:
    note = "all patients; without a row in the imaging table counted as not done"
    fdg, receptor = (imaging.loc[imaging["modality"] == name] for name in ("FDG_PET", "SSTR_PET"))
    both = fdg.loc[fdg["patient_id"].isin(receptor["patient_id"]), "patient_id"]
    items = [
        _yes("fdg_pet", ids, fdg["patient_id"], None, note),
        _yes("sstr_pet", ids, receptor["patient_id"], None, note),
        _yes("both_pet", ids, both, None, note),
    ]
    for name, scans in (("fdg_positive", fdg), ("sstr_positive", receptor)):
        read = scans.loc[scans["result"].isin(["positive", "negative"])]
        hot = read.loc[read["result"] == "positive", "patient_id"]
        items.append(
            _yes(name, ids, hot, read["patient_id"], "patients with a positive or negative scan; any positive")
        )
    classes = derive_netpet(cohort.clinical()).set_index("patient_id")["netpet"].reindex(ids).fillna("")
    levels = tuple(sorted(set(classes) - {""}))
    note = "patients with a class; recorded by a reader, else from two scans at most 31 days apart"
    values = classes.to_numpy(dtype=str)
    return [*items, Item("netpet", values, levels, note if levels else "no reader's class and no pair of scans")]


def _tissue(cohort: Cohort, ids: pd.Index) -> list[Item]:
    samples = canonical(cohort.clinical(), "samples")
    typed = samples.loc[samples["sample_type"].notna() & (samples["sample_type"] != "unknown").fillna(value=False)]
    metastasis = typed.loc[typed["sample_type"] == "metastasis", "patient_id"]
    profiled = cohort.profiles.loc[cohort.profiles[["mutations", "cna", "structural_variants"]].notna().any(axis=1)]
    done = samples["sample_id"].isin(profiled["sample_id"]) | samples["date_sequencing_report"].notna()
    note = "patients with a sample of known type"
    return [
        _yes("metastasis_biopsy", ids, metastasis, typed["patient_id"], note)
        if len(typed)
        else _absent("metastasis_biopsy", ids, NO_TYPES),
        _yes("ngs", ids, samples.loc[done, "patient_id"], None, "all patients; a profiled sample or a report")
        if done.any()
        else _absent("ngs", ids, NO_SEQUENCING),
    ]


def _rows(item: Item, groups: Labels, seed: int) -> list[dict[str, Any]]:
    """Count per group and level, with the test of all levels."""
    head = {"grouping": groups.name, "item": item.name, "note": item.note}
    if not item.levels:
        return [head | {"group": group, "n": 0, "status": "not_available"} for group in groups.order]
    told = item.values != ""
    levels = sorted(set(item.values[told & groups.known].tolist()))
    table = np.array(
        [[int(((groups.labels == group) & (item.values == level)).sum()) for level in levels] for group in groups.order]
    ).reshape(len(groups.order), len(levels))
    found = freeman_halton(table, seed=seed)
    alone = (table.sum(axis=1) > 0).sum() < 2
    untested = "described" if groups.name == EVERYBODY else ("one_group" if alone else "one_level")
    status = "tested" if found.method != "none" else untested
    rows = []
    for group in groups.order:
        own = told & (groups.labels == group)
        for level in item.levels:
            count, n = int((own & (item.values == level)).sum()), int(own.sum())
            share = wilson(count, n)
            rows.append(
                head
                | {"level": level, "group": group, "n": n, "count": count, "proportion": float(share.estimate),
                   "lo": float(share.lo), "hi": float(share.hi), "p": found.p, "p_method": found.method,
                   "status": status}
            )  # fmt: skip
    return rows
