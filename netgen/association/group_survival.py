"""``survival``: any endpoint between groups of patients, competing risks included."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from netgen.association.actionability import add_levels
from netgen.association.analysis_set import UNKNOWN, AnalysisSet
from netgen.association.competing import COMPETING_COLUMNS, INCIDENCE_COLUMNS, compare_causes
from netgen.association.group_curves import CURVE_COLUMNS, HORIZONS, KM_COLUMNS, Grouping, tabulate_curves
from netgen.association.group_tests import (
    GroupedSet,
    GroupPlan,
    compare_groups,
    group_patients,
    plan_groups,
    tabulate_followup,
)
from netgen.association.patient_groups import (
    PatientGroups,
    check_groups,
    choose_reference,
    expand_request,
    find_groups,
    is_genomic,
)
from netgen.association.survival_results import FOLLOWUP_COLUMNS, GROUP_TEST_COLUMNS, SurvivalResult
from netgen.clinical.flow import add_step
from netgen.clinical.immortal_time import check_immortal_time
from netgen.derive import build_endpoint
from netgen.errors import AnalysisError, Findings
from netgen.study import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from netgen.clinical.endpoints import Endpoint
    from netgen.clinical.flow import Flow
    from netgen.cohort import Cohort
    from netgen.study import AssociationSettings

EVERYBODY: Final = "all"
_FOLLOWUP: Final = ["followup_median", "followup_lo", "followup_hi"]


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What was asked for, resolved."""

    names: tuple[str, ...]
    settings: AssociationSettings
    strata: str
    reference: str | None
    horizons: tuple[float, ...]
    tau: float | None


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One endpoint in one grouping, or of everybody."""

    endpoint: Endpoint
    grouped: GroupedSet
    plan: GroupPlan
    left_out: pd.DataFrame
    tables: dict[str, pd.DataFrame]


def survival(
    cohort: Cohort,
    *,
    by: str | Sequence[str] = "origin",
    strata: str | None = None,
    reference: str | None = None,
    horizons: Sequence[float] | None = None,
    tau: float | None = None,
    **options: Any,  # noqa: ANN401
) -> SurvivalResult:
    """Compare endpoints between groups of patients.

    A patient without a group is left out of that comparison and counted; one who was not sequenced for a gene is
    neither altered nor wild type.

    Parameters
    ----------
    cohort
        From ``read_cohort``.
    by
        What forms the groups: a patient column, ``column:cut,cut`` for a number, ``regimen_class`` or a gene; or
        several. ``origin`` stands for the origins in three and in two groups.
    strata
        Patient column that stratifies tests and hazard ratios; None = not stratified.
    reference
        Group the others are compared with; None = wild type, else the largest group of the cohort.
    horizons
        Days of the cumulative incidences; None = 12, 24 and 36 months.
    tau
        Horizon of the restricted means, days; None = as far as all groups carry them.
    **options
        Fields of ``study.AssociationSettings`` that replace those of the study: endpoints (or ``endpoint``), features,
        policy, entry_rule, report_both, permutations, landmark, ties, mode, seed.

    Returns
    -------
    SurvivalResult
        Tables with fixed columns.

    Raises
    ------
    SchemaError
        If an option does not exist or its value is not valid.
    AnalysisError
        E_CONFIG if the groups, strata or reference do not exist; E_IMMORTAL_TIME if groups are formed after time zero;
        E_ENDPOINT_UNAVAILABLE, E_ENTRY_UNDECIDED.

    Notes
    -----
    With ``entry_rule = auto`` groups that do not rest on sequencing have no delayed entry as long as the cohort also
    holds patients who were never sequenced: it is then not defined by having been sequenced (DOMAIN 2.10).

    Examples
    --------
    >>> import netgen as ng
    >>> from netgen.association.group_survival import survival
    >>> found = survival(ng.read_cohort("demo"), by="origin_group2", endpoints=["os"], permutations=1000)
    >>> round(float(found.group_tests["chi2"].iloc[0]), 6)
    0.236817
    """
    findings = Findings(list(cohort.findings))
    names = () if by == [] else tuple(expand_request(by, cohort.patients.columns))
    cohort = add_levels(cohort, names, findings=findings)
    settings = dataclasses.replace(override(cohort.study.association, **options), model=False)
    request = _Request(
        names=names,
        settings=settings,
        strata="none" if strata is None else strata,
        reference=reference,
        horizons=tuple(HORIZONS.values()) if horizons is None else tuple(float(day) for day in horizons),
        tau=tau,
    )
    _check_horizons(request)
    with threadpool_limits(limits=1, user_api="blas"):
        parts = [part for name in settings.endpoints for part in _analyse_endpoint(cohort, name, request, findings)]
    _check_reference(parts, request)
    _warn(parts, request, findings)
    return SurvivalResult(
        group_tests=_stack(parts, "group_tests", GROUP_TEST_COLUMNS),
        km=_stack(parts, "km", KM_COLUMNS),
        curves=_stack(parts, "curves", ("entry_rule", *CURVE_COLUMNS)),
        competing=_stack(parts, "competing", COMPETING_COLUMNS),
        incidence=_stack(parts, "incidence", INCIDENCE_COLUMNS),
        followup=_stack(parts, "followup", FOLLOWUP_COLUMNS),
        endpoints=_endpoints(parts),
        exclusions=_exclusions(cohort, parts),
        findings=findings,
        flow=_flow(cohort, parts),
        plan=_plan(parts, request),
    )


def _check_horizons(request: _Request) -> None:
    days = [*request.horizons, *([] if request.tau is None else [request.tau])]
    if not days or not all(np.isfinite(day) and day > 0 for day in days):
        raise AnalysisError(
            "E_CONFIG", f"horizons are positive numbers of days, found {days}.", fix="Write horizons = [365, 730]."
        )


def _analyse_endpoint(cohort: Cohort, name: str, request: _Request, findings: Findings) -> list[_Part]:
    """Everybody, then every grouping; without delayed entry again where both were asked for."""
    out: list[_Part] = []
    built: dict[str, Endpoint] = {}
    for grouping in (EVERYBODY, *request.names):
        settings = _entry_settings(cohort, grouping, request)
        if settings.entry_rule not in built:
            built[settings.entry_rule] = build_endpoint(cohort, name, settings, findings=findings)
        endpoint = built[settings.entry_rule]
        out.append(_analyse(cohort, endpoint, grouping, request, findings))
        if settings.report_both and endpoint.entry_rule != "none":
            if "none" not in built:
                plain = dataclasses.replace(settings, entry_rule="none")
                built["none"] = build_endpoint(cohort, name, plain, findings=Findings())
            out.append(_analyse(cohort, built["none"], grouping, request, Findings()))
    return out


def _entry_settings(cohort: Cohort, grouping: str, request: _Request) -> AssociationSettings:
    """Settle whether delayed entry is left to the data: not for the whole cohort, part of which has no sample."""
    settings = request.settings
    if settings.entry_rule != "auto" or (grouping != EVERYBODY and is_genomic(cohort, grouping)):
        return settings
    if grouping == EVERYBODY and request.names and all(is_genomic(cohort, name) for name in request.names):
        return settings
    whole = not cohort.patients["patient_id"].isin(cohort.samples["patient_id"]).all()
    recorded = cohort.recorded_endpoints["entry_days"].notna().any()
    return dataclasses.replace(settings, entry_rule="none") if whole and not recorded else settings


def _analyse(cohort: Cohort, endpoint: Endpoint, grouping: str, request: _Request, findings: Findings) -> _Part:
    """One endpoint in one grouping."""
    table = endpoint.table
    if grouping == EVERYBODY:
        labels = pd.Series(EVERYBODY, index=table["patient_id"], dtype="string")
        groups, wanted = PatientGroups(EVERYBODY, labels, (EVERYBODY,), ""), EVERYBODY
    else:
        check_immortal_time(grouping.partition(":")[0], origin=endpoint.origin, landmark=request.settings.landmark)
        groups = find_groups(cohort, grouping, endpoint, request.settings, findings=findings)
        check_groups(groups, cohort)
        sizes = {str(key): int(n) for key, n in groups.labels.value_counts().items()}
        wanted = choose_reference(groups, sizes, request.reference)
    own = groups.labels.reindex(table["patient_id"])
    known = own.notna().to_numpy(dtype=bool)
    if not known.any():
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            f"no patient has follow-up for {endpoint.name} and a group of {grouping}.",
            fix="See the reasons with: netgen check.",
        )
    analysis = _analysis_set(endpoint, known, cohort.patients, request)
    grouped = group_patients(analysis, grouping, own[known].to_numpy(dtype=str), groups.order, wanted)
    plan = plan_groups(grouped, request.settings)
    left = pd.DataFrame({"patient_id": table.loc[~known, "patient_id"].astype("string")}).assign(reason=groups.missing)
    return _Part(
        endpoint=endpoint, grouped=grouped, plan=plan, left_out=left.astype("string"),
        tables=_tables(grouped, table.loc[known], plan, request),
    )  # fmt: skip


def _analysis_set(
    endpoint: Endpoint, known: NDArray[np.bool_], patients: pd.DataFrame, request: _Request
) -> AnalysisSet:
    """Outcomes of the patients who have a group, without genes."""
    table = endpoint.table.loc[known].reset_index(drop=True)
    labels = None
    if request.strata != "none":
        if request.strata not in patients.columns:
            raise AnalysisError("E_CONFIG", f"strata need a patient column; {request.strata!r} is not one.")
        rows = patients.set_index("patient_id")[request.strata].reindex(table["patient_id"])
        values = rows.astype("string").fillna(UNKNOWN).to_numpy(dtype=str)
        labels = values if len(np.unique(values)) > 1 else None
    entry = table["entry_days"].to_numpy(dtype=np.float64)
    late = np.isfinite(entry)
    landmark = request.settings.landmark
    return AnalysisSet(
        patient_id=pd.Index(table["patient_id"], dtype="string"),
        time=table["time_days"].to_numpy(dtype=np.float64),
        event=table["event"].to_numpy(dtype=bool),
        entry=np.where(late, entry, -np.inf) if late.any() else None,
        strata=labels,
        strata_name="none" if labels is None else request.strata,
        origin=None,
        covariates=None,
        genes=np.zeros((0, len(table)), dtype=np.int8),
        features=pd.Index([], dtype="string"),
        feature_type=request.settings.features,
        endpoint=endpoint.name,
        line=endpoint.line,
        origin_time=endpoint.origin,
        entry_rule=endpoint.entry_rule,
        excluded=pd.DataFrame({"patient_id": [], "endpoint": [], "reason": []}, dtype="string"),
        label="all" if landmark is None else f"landmark:{landmark:g}",
    )


def _tables(grouped: GroupedSet, table: pd.DataFrame, plan: GroupPlan, request: _Request) -> dict[str, pd.DataFrame]:
    """Curves, tests, and incidences where an event competes."""
    analysis = grouped.analysis
    members = {group: grouped.labels == group for group in grouped.order}
    groupings = [Grouping(grouped.name, members)]
    km, curves = tabulate_curves(analysis, groupings)
    competes = bool(table["competing"].notna().any())
    cause = table["competing"].fillna(0).to_numpy(dtype=np.int64)
    censored = cause == 0 if competes else ~analysis.event
    if competes:  # who had the competing event was not lost to follow-up
        seen, _ = tabulate_curves(dataclasses.replace(analysis, event=~censored), groupings)
        km[_FOLLOWUP] = seen[_FOLLOWUP]
    out = {
        "km": km,
        "curves": curves.assign(entry_rule=analysis.entry_rule),
        "followup": tabulate_followup(grouped, km, censored),
    }
    if grouped.name != EVERYBODY:
        out["group_tests"] = compare_groups(grouped, plan, request.settings, tau=request.tau)
    if competes:
        out["competing"], out["incidence"] = compare_causes(
            grouped, cause, plan, request.settings, horizons=request.horizons
        )
    return out


def _stack(parts: list[_Part], name: str, columns: Iterable[str]) -> pd.DataFrame:
    found = [part.tables[name] for part in parts if name in part.tables and len(part.tables[name])]
    frame = (
        pd.concat([table.dropna(axis=1, how="all") for table in found], ignore_index=True) if found else pd.DataFrame()
    )
    return frame.reindex(columns=list(columns))


def _endpoints(parts: list[_Part]) -> pd.DataFrame:
    """Every endpoint once per entry rule."""
    tables = {(p.endpoint.name, p.endpoint.entry_rule): p.endpoint.table for p in parts}
    frames = [table.assign(entry_rule=rule) for (_, rule), table in tables.items()]
    return pd.concat(frames, ignore_index=True)


def _exclusions(cohort: Cohort, parts: list[_Part]) -> pd.DataFrame:
    """Everybody who is in no comparison: left out on reading, without follow-up, without a group."""
    columns = ["endpoint", "grouping", "patient_id", "step", "reason"]
    frames = [cohort.exclusions.assign(endpoint="all", grouping="all")]
    for part in parts:
        head = {"endpoint": part.endpoint.name, "grouping": part.grouped.name}
        frames.append(part.endpoint.excluded.assign(step="follow-up", **head))
        frames.append(part.left_out.assign(step="group", **head))
    frame = pd.concat([item for item in frames if len(item)] or [pd.DataFrame(columns=columns)], ignore_index=True)
    frame = frame.reindex(columns=columns).astype("string").drop_duplicates()
    return frame.sort_values(columns, kind="stable", ignore_index=True)


def _flow(cohort: Cohort, parts: list[_Part]) -> Flow:
    """Return the flow from the rows read to who is in a group, per endpoint and grouping."""
    flow, seen = cohort.flow, set()
    for part in parts:
        name, rule = part.endpoint.name, part.endpoint.entry_rule
        followed = f"{name}: with follow-up" + ("" if rule == "none" else f" (entry: {rule})")
        if followed not in seen:
            flow = add_step(flow, followed, excluded=part.endpoint.excluded, after="eligible")
            seen.add(followed)
        if part.grouped.name != EVERYBODY:
            step = f"{followed}, by {part.grouped.name}"
            flow = add_step(flow, step, excluded=part.left_out, after=followed)
    return flow


def _check_reference(parts: list[_Part], request: _Request) -> None:
    known = sorted({group for part in parts if part.grouped.name != EVERYBODY for group in part.grouped.order})
    if request.reference is not None and request.reference not in known:
        raise AnalysisError(
            "E_CONFIG", f"no group is called {request.reference!r}.", fix=f"Use one of {', '.join(known)}."
        )


def _warn(parts: list[_Part], request: _Request, findings: Findings) -> None:
    """Warnings about whole comparisons."""
    for part in parts:
        tests, name = part.tables.get("group_tests"), part.endpoint.name
        if tests is None:
            continue
        where = f"{name} by {part.grouped.name}"
        first = tests.iloc[0]
        if part.plan.mode == "small" and first["n"]:
            findings.add(
                "W_SMALL",
                f"{where}: n = {first['n']}, {first['events']} events: exploratory; estimates are imprecise.",
            )
        reach = tests["rmst_tau"].dropna()
        if request.tau is not None and (len(reach) == 0 or reach.iloc[0] < request.tau):
            far = "nothing" if len(reach) == 0 else f"day {reach.iloc[0]:g}"
            findings.add("W_TAU", f"{where}: restricted means to day {request.tau:g}: the data carry {far}.")
        for row in tests.loc[tests["status"] == "too_few_patients"].itertuples():
            findings.add(
                "W_SMALL", f"{where}: {row.group} has {row.n_group} patients: shown, not tested.", value=row.group
            )


def _plan(parts: list[_Part], request: _Request) -> dict[str, Any]:
    return {
        "requested": dataclasses.asdict(request.settings),
        "by": list(request.names),
        "strata": request.strata,
        "reference": request.reference,
        "horizons_days": list(request.horizons),
        "tau_days": request.tau,
        "multiplicity": "none: every comparison is read on its own; none was made to be selected",
        "comparisons": [
            {
                "endpoint": part.endpoint.name,
                "origin_time": part.endpoint.origin,
                "entry_rule": part.endpoint.entry_rule,
                "grouping": part.grouped.name,
                "groups": list(part.grouped.order),
                "tested": list(part.grouped.tested),
                "reference": part.grouped.reference,
                "mode": part.plan.mode,
                "estimator": part.plan.estimator,
                "p_method": "permutation" if part.plan.permute else "lr",
                "status": part.plan.status,
            }
            for part in parts
            if part.grouped.name != EVERYBODY
        ],
    }
