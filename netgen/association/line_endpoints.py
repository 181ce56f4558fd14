"""Times in groups: PFS, TTF and TTNT of every line (DOMAIN 3.13 d), and the intervals of the diagnostic pathway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.association.group_tests import MIN_GROUP, MIN_PATIENTS
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.logrank import logrank_test
from netgen.association.permutation import martingale_residuals
from netgen.association.permutation_groups import permutation_groups
from netgen.association.plan import MIN_EVENTS
from netgen.association.riskset import build_risk_sets
from netgen.association.therapy_tables import EVERYBODY, TIME_COLUMNS, frame_of
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint, list_endpoints
from netgen.errors import AnalysisError
from netgen.provenance import derive_seed
from netgen.study import EndpointRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels
    from netgen.clinical.endpoints import Endpoint
    from netgen.cohort import Cohort
    from netgen.errors import Findings

KINDS: Final[dict[str, str]] = {
    "pfs": "progression, or death before the next line",
    "ttf": "end of the line for any reason, or death",
    "ttnt": "start of the next line, or death",
}
MAX_DRAWS: Final = 100_000


def compare_times(
    head: dict[str, Any],
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    groupings: Sequence[Labels],
    *,
    seed: int,
    draws: int = MAX_DRAWS,
) -> list[dict[str, Any]]:
    """Return median times of groups with the log-rank test between them.

    Parameters
    ----------
    head
        Columns that all rows share: endpoint, line, note.
    time
        (n,) days, above 0; NaN = not analysed.
    event
        (n,) True if it happened.
    groupings
        Groupings of the same n patients; ``all`` is described only.
    seed
        Master seed.
    draws
        Most permutations.

    Returns
    -------
    list of dict
        Keys of ``TIME_COLUMNS``, one row per group. Groups of fewer than 3 patients are shown and not tested; nothing
        is tested with fewer than 6 patients or 5 events.
    """
    rows = []
    known = ~np.isnan(time)
    for groups in groupings:
        test = _test(time, event, groups, known, f"{head['endpoint']}:{head['line']}", seed, draws)
        for group in groups.order:
            use = known & (groups.labels == group)
            row = head | {"grouping": groups.name, "group": group, "n": int(use.sum()), "events": int(event[use].sum())}
            if use.any():
                median = survival_quantile(kaplan_meier(time[use], event[use]))
                row |= {"median": median.estimate, "median_lo": median.lo, "median_hi": median.hi}
            rows.append(row | test)
    return rows


def _test(
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    groups: Labels,
    known: NDArray[np.bool_],
    task: str,
    seed: int,
    draws: int,
) -> dict[str, Any]:
    """Log-rank test of the groups that are large enough, with its permutation p."""
    if groups.name == EVERYBODY:
        return {"status": "described"}
    sizes = {group: int((known & (groups.labels == group)).sum()) for group in groups.order}
    use = known & np.isin(groups.labels, [group for group, size in sizes.items() if size >= MIN_GROUP])
    rules = {
        "nobody": not known.any(),
        "too_few": sum(sizes.values()) < MIN_PATIENTS,
        "one_group": sum(size >= MIN_GROUP for size in sizes.values()) < 2,
        "no_events": not event[use].any(),
        "too_few_events": int(event[use].sum()) < MIN_EVENTS,
    }
    status = next((name for name, applies in rules.items() if applies), "tested")
    if status != "tested":
        return {"status": status}
    labels = groups.labels[use]
    found = logrank_test(time[use], event[use], labels)
    if not found.df:
        return {"status": "degenerate"}
    risk = build_risk_sets(time[use], event[use])
    permuted = permutation_groups(
        martingale_residuals(risk),
        labels,
        seed=derive_seed(f"therapy:{task}:{groups.name}", master=seed),
        max_draws=draws,
    )
    return {
        "chi2": found.chi2, "df": found.df, "p_asymptotic": found.p, "p_perm": permuted.p,
        "perm_method": permuted.method, "n_permutations": permuted.n_permutations, "status": "tested",
    }  # fmt: skip


def compare_line_endpoints(
    cohort: Cohort,
    history: LineHistory,
    groupings: Sequence[Labels],
    *,
    max_line: int,
    seed: int,
    findings: Findings,
) -> pd.DataFrame:
    """Compare PFS, TTF and TTNT of lines 1 to ``max_line`` between groups.

    Delayed entry is not applied: the groups are those of the whole cohort. What the tables do not carry has a row that
    says so.

    Parameters
    ----------
    cohort
        The cohort.
    history
        Its lines.
    groupings
        Groupings of the patients of the history.
    max_line
        Last line.
    seed
        Master seed.
    findings
        Receives what the derivations have to say.

    Returns
    -------
    DataFrame
        ``TIME_COLUMNS``.
    """
    rows: list[dict[str, Any]] = []
    for kind, meaning in KINDS.items():
        for line in range(1, max_line + 1):
            endpoint, note = _derive(cohort, kind, line, findings)
            head = {"endpoint": kind, "line": line, "note": note or meaning}
            if endpoint is None:
                rows += [
                    head | {"grouping": groups.name, "group": group, "n": 0, "status": "not_available"}
                    for groups in groupings
                    for group in groups.order
                ]
                continue
            table = endpoint.table.set_index("patient_id").reindex(history.patients)
            head["n_zero"] = int(table["flags"].fillna("").str.contains("time_zero").sum())
            time = table["time_days"].to_numpy(dtype=np.float64, na_value=np.nan)
            event = table["event"].astype("boolean").to_numpy(dtype=bool, na_value=False)
            rows += compare_times(head, time, event, groupings, seed=seed)
    return frame_of(rows, TIME_COLUMNS)


def _derive(cohort: Cohort, kind: str, line: int, findings: Findings) -> tuple[Endpoint | None, str]:
    """Return the endpoint of a line, or why there is none."""
    tables, origin = cohort.clinical(), f"line:{line}"
    listed = {(spec.name, spec.origin) for spec in list_endpoints(tables)}
    if (kind, origin) not in listed:
        return None, f"{kind} from line {line} cannot be derived from the tables"
    asked = cohort.study.endpoints.get(kind, EndpointRequest(name=kind))
    spec = EndpointSpec(
        name=kind, origin=origin, new_therapy=asked.new_therapy, clinical_pd=asked.clinical_pd,
        censor_at=asked.censor_at, time_zero=asked.time_zero, entry_rule="none",
    )  # fmt: skip
    try:
        endpoint = derive_endpoint(tables, spec, data_cutoff=cohort.study.data_cutoff, findings=findings)
    except AnalysisError as error:
        return None, error.finding.message
    return endpoint, ""
