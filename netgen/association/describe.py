"""``describe``: who the patients are, how long they were followed, who was left out and who was sequenced."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.actionability import add_levels
from netgen.association.baseline_variables import Variable, collect_variables, date_variables
from netgen.association.describe_results import ALL, FLOW_COLUMNS, HEADER, MISSING, TABLE1_COLUMNS, DescribeResult
from netgen.association.km import reverse_kaplan_meier_median
from netgen.association.patient_groups import SHORT, find_groups
from netgen.association.selection import RULE, Selection, compare_selection, find_sequenced, from_origin
from netgen.association.small_cells import LIMITS, WITHHELD, mask_missingness, mask_table, round_down
from netgen.association.survival_results import FOLLOWUP_COLUMNS
from netgen.association.table_one import (
    DRAWS,
    Columns,
    GroupTests,
    tabulate_characteristics,
    tabulate_missingness,
)
from netgen.clinical.endpoint_list import list_endpoints
from netgen.clinical.endpoints import Endpoint
from netgen.clinical.flow import add_step
from netgen.derive import build_endpoint, build_flow, build_matrix
from netgen.errors import AnalysisError, Findings
from netgen.genomics.tmb import TMB_COLUMNS, estimate_tmb
from netgen.schema import ORIGIN_GROUP3

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netgen.clinical.flow import Flow
    from netgen.cohort import Cohort

ORIGINS: Final = {"origin": "origin_group3", "origin3": "origin_group3", "origin2": "origin_group2"}
POWER: Final = r" Only hazard ratios above .*cannot be excluded\."
FLOW_ENDPOINTS: Final = ("os", "pfs")  # shown if the cohort has them and nothing else is asked for


def describe_cohort(
    cohort: Cohort,
    *,
    by: str = "origin",
    extra: Iterable[str] = (),
    tests: bool = False,
    mask_below: int | None = None,
    endpoints: Sequence[str] | None = None,
    permutations: int = DRAWS,
    seed: int | None = None,
) -> DescribeResult:
    """Describe a cohort: Table 1, missing values, follow-up, flow, and who was sequenced.

    A patient without a group is in the column of everybody and in one of their own. A missing value is counted and has
    no part in a percentage.

    Parameters
    ----------
    cohort
        From ``read_cohort``.
    by
        Columns of Table 1: ``origin`` or ``origin3`` (three groups), ``origin2`` (two groups), another patient column,
        ``column:cut,cut`` for a number, or a gene.
    extra
        Further patient columns to describe.
    tests
        Test every variable between the groups; off by default, as the table describes and does not select.
    mask_below
        Withhold counts from 1 to this minus 1, and what gives them away, before the tables are shared; None = show all.
    endpoints
        Branches of the flow; None = overall and progression-free survival, as far as there are.
    permutations
        Relabelings drawn at most in a permutation test.
    seed
        Master seed; None = that of the study.

    Returns
    -------
    DescribeResult
        Tables with fixed columns.

    Raises
    ------
    AnalysisError
        E_CONFIG if a column does not exist or ``mask_below`` is below 2; E_ENDPOINT_UNAVAILABLE if an endpoint that was
        asked for does not exist.

    Notes
    -----
    Follow-up: reverse Kaplan-Meier of overall survival from its origin, without delayed entry, and the range of those
    alive (DOMAIN 2.12). Flow: ``derive.build_flow``, with the delayed entry of the study. Withholding: ``small_cells``.

    Examples
    --------
    >>> import netgen as ng
    >>> from netgen.association.describe import describe_cohort
    >>> found = describe_cohort(ng.read_cohort("demo"))
    >>> found.table1.loc[found.table1["variable"] == "patients", ["group", "n"]].to_numpy().tolist()
    [['thymic', 8], ['lung', 12], ['duodenopancreatic', 14], ['all', 34]]
    """
    if mask_below is not None and mask_below < 2:
        raise AnalysisError("E_CONFIG", f"mask_below must be at least 2, found {mask_below}.", fix="Use 5.")
    findings = Findings(list(cohort.findings))
    master = seed if seed is not None else cohort.study.association.seed
    plan = GroupTests(tests=tests, seed=master, draws=permutations)
    cohort = add_levels(cohort, [by, *extra], findings=findings)
    outcome = _survival(cohort, findings)
    sequenced = find_sequenced(cohort)
    variables = collect_variables(cohort, sequenced=sequenced, outcome=outcome, extra=extra)
    columns = _columns(cohort, by, findings)
    table = tabulate_characteristics(variables, columns, plan)
    followup = _followup(outcome, columns)
    if len(followup):
        rows = _followup_rows(followup, columns).astype(table.dtypes.to_dict())
        table = pd.concat([table, rows], ignore_index=True)
    chosen = compare_selection(cohort, [_origin(cohort), *variables], sequenced, plan, findings=findings)
    flow = _flow(cohort, endpoints, findings)
    result = DescribeResult(
        table1=table,
        missingness=tabulate_missingness([*variables, *date_variables(cohort)], columns),
        followup=followup,
        selection=chosen.table,
        tmb=_tmb(cohort, findings),
        boxes=_boxes(flow),
        exclusions=_exclusions(cohort, flow),
        flow=flow,
        findings=findings,
        plan=_plan(plan, columns, variables, chosen, flow) | {"mask_below": mask_below, "extra": list(extra)},
    )
    return result if mask_below is None else _mask(result, chosen, mask_below)


def _tmb(cohort: Cohort, findings: Findings) -> pd.DataFrame:
    """Mutational burden of the samples; of a study without variant files there is none."""
    if not len(cohort.variants):
        return pd.DataFrame(columns=list(TMB_COLUMNS))
    normal = cohort.samples.drop_duplicates("sample_id").set_index("sample_id")["matched_normal"]
    return estimate_tmb(cohort.variants, cohort.profiles, cohort.panels, matched_normal=normal, findings=findings)


def _survival(cohort: Cohort, findings: Findings) -> Endpoint | None:
    """Overall survival of everybody from its origin; None if there is none."""
    try:
        return build_endpoint(cohort, "os", from_origin(cohort).association, findings=findings)
    except AnalysisError as error:
        if error.finding.code != "E_ENDPOINT_UNAVAILABLE":
            raise
        return None


def _columns(cohort: Cohort, by: str, findings: Findings) -> Columns:
    """Find the groups of patients; one column if nobody has a group."""
    name, colon, cuts = by.strip().partition(":")
    full = ORIGINS.get(name, SHORT.get(name, (name,))[0]) + colon + cuts
    nothing = Endpoint(
        name="describe", line=None, origin="", entry_rule="none", table=pd.DataFrame(), excluded=pd.DataFrame()
    )
    groups = find_groups(cohort, full, nothing, cohort.study.association, findings=findings)
    return Columns(grouping=full, labels=groups.labels.sort_index(), order=groups.order)


def _origin(cohort: Cohort) -> Variable:
    """Compare origins between sequenced and other patients, too."""
    values = cohort.patients.drop_duplicates("patient_id").set_index("patient_id")["origin_group3"].sort_index()
    levels = tuple(dict.fromkeys(ORIGIN_GROUP3.values()))
    return Variable(name="origin_group3", label="Origin", kind="category", values=values, levels=levels)


def _followup(outcome: Endpoint | None, columns: Columns) -> pd.DataFrame:
    """Median follow-up and the range of those alive, everybody first."""
    rows = []
    if outcome is not None and len(outcome.table):
        table = outcome.table.set_index("patient_id").reindex(columns.labels.index)
        for group in (ALL, *(group for group in columns.shown if group != ALL)):
            own = table.loc[columns.members(group)].dropna(subset=["time_days"])
            time, event = own["time_days"].to_numpy(dtype=np.float64), own["event"].to_numpy(dtype=bool)
            found = reverse_kaplan_meier_median(time, event) if len(own) else (math.nan, math.nan, math.nan)
            alive = time[~event]
            rows.append(
                {
                    "endpoint": outcome.name, "entry_rule": outcome.entry_rule,
                    "grouping": ALL if group == ALL else columns.grouping, "group": group, "n": len(own),
                    "n_censored": len(alive), "median": found[0], "median_lo": found[1], "median_hi": found[2],
                    "shortest": alive.min() if len(alive) else math.nan,
                    "longest": alive.max() if len(alive) else math.nan,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FOLLOWUP_COLUMNS))


def _followup_rows(followup: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Follow-up as rows of Table 1."""
    rows: list[dict[str, Any]] = []
    found = {str(row["group"]): row for row in followup.to_dict("records")}
    head = {"grouping": columns.grouping, "variable": "followup", "label": "Follow-up", "unit": "days",
            "kind": "followup", "smd_pair": "", "p_method": "", "masked": ""}  # fmt: skip
    sizes = {group: int(columns.members(group).sum()) for group in columns.shown}
    for group in columns.shown if found else ():
        own = found[group]
        median, lo, hi = (_day(own[name]) for name in ("median", "median_lo", "median_hi"))
        rows.append(
            {**head, "group": group, "level": "median (95 % CI)", "n": own["n"], "denominator": own["n"],
             "median": own["median"], "median_lo": own["median_lo"], "median_hi": own["median_hi"],
             "text": f"{median} ({lo} to {hi})" if own["n"] else "-"}
        )  # fmt: skip
    if found and found[ALL]["n"] < sizes[ALL]:
        for group in columns.shown:
            gone = sizes[group] - found[group]["n"]
            share = 100 * gone / sizes[group] if sizes[group] else math.nan
            text = f"{gone} ({share:.1f})" if sizes[group] else "0"
            rows.append({**head, "group": group, "level": MISSING, "n": gone, "denominator": sizes[group],
                         "percent": share, "text": text})  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=list(TABLE1_COLUMNS))


def _day(value: float) -> str:
    return "NR" if math.isnan(value) else f"{value:g}"


def _flow(cohort: Cohort, endpoints: Sequence[str] | None, findings: Findings) -> Flow:
    """Return the flow to every endpoint, with the delayed entry of the study where that is decided."""
    known = {spec.name for spec in list_endpoints(cohort.clinical())}
    names = endpoints if endpoints is not None else [name for name in FLOW_ENDPOINTS if name in known]
    built = {name: (_with_entry(cohort, name, findings), _nobody()) for name in names}
    settings = dataclasses.replace(cohort.study.association, genes=(), prespecified=())
    matrix = build_matrix(cohort, settings)
    if built:
        return build_flow(cohort, matrix, built)
    unseen = sorted(matrix.patients[np.asarray((matrix.status < 0).all(axis=0))])
    none = pd.DataFrame({"patient_id": unseen}, dtype="string").assign(reason="not_profiled")
    return add_step(cohort.flow, "profiled for a feature", excluded=none)


def _nobody() -> pd.DataFrame:
    return pd.DataFrame({"patient_id": [], "reason": []}, dtype="string")


def _with_entry(cohort: Cohort, name: str, findings: Findings) -> Endpoint:
    settings = dataclasses.replace(cohort.study.association, landmark=None)
    try:
        return build_endpoint(cohort, name, settings, findings=findings)
    except AnalysisError as error:
        if error.finding.code != "E_ENTRY_UNDECIDED":
            raise
        findings.add("W_ENTRY_UNDECIDED", f"flow of {name}: {error.finding.message}", fix=error.finding.fix)
        return build_endpoint(cohort, name, dataclasses.replace(settings, entry_rule="none"), findings=findings)


def _boxes(flow: Flow, below: int | None = None) -> pd.DataFrame:
    """Return the steps as rows: a box, then what was left out on the way to it."""
    rows: list[dict[str, Any]] = []
    for step in flow.steps:
        rows.append({"step": step.name, "after": step.after, "reason": "", "n": step.n_out})
        for reason, n in sorted(step.excluded.items(), key=lambda item: (-item[1], item[0])):
            rows.append({"step": step.name, "after": step.after, "reason": reason, "n": n})
    for row in rows:
        row["text"] = str(row["n"]) if below is None else round_down(row["n"], below)
        row["n"] = row["n"] if below is None else pd.NA
    frame = pd.DataFrame(rows).reindex(columns=list(FLOW_COLUMNS))
    return frame.astype({"step": "string", "after": "string", "reason": "string", "n": "Int64", "text": "string"})


def _exclusions(cohort: Cohort, flow: Flow) -> pd.DataFrame:
    keys = ["patient_id", "step", "reason"]
    frame = pd.concat([cohort.exclusions.reindex(columns=keys), flow.exclusions[keys]], ignore_index=True)
    return frame.astype("string").drop_duplicates().sort_values(keys, kind="stable", ignore_index=True)


def _mask(result: DescribeResult, chosen: Selection, below: int) -> DescribeResult:
    """Withhold small counts everywhere; nobody is listed by id."""
    table = mask_table(result.table1, below)
    followup = result.followup.assign(shortest=np.nan, longest=np.nan)
    for name in ("n", "n_censored"):  # a number that is not exact is none
        exact = result.followup[name].astype("Int64")
        followup[name] = (exact - exact % below).mask((exact > 0) & (exact < below))
    hidden = table.loc[(table["variable"] == "followup") & (table["level"] != MISSING) & table["text"].eq(f"<{below}")]
    followup.loc[followup["group"].isin(hidden["group"]), ["median", "median_lo", "median_hi"]] = np.nan
    return dataclasses.replace(
        result,
        table1=table,
        missingness=mask_missingness(result.missingness, table, below),
        followup=followup,
        selection=_mask_selection(result.selection, chosen, below),
        boxes=_boxes(result.flow, below),
        tmb=result.tmb.iloc[:0],
        exclusions=result.exclusions.iloc[:0],
        plan={**result.plan, "mask_limits": LIMITS},
    )


def _mask_selection(selection: pd.DataFrame, chosen: Selection, below: int) -> pd.DataFrame:
    """Take over what the table of the same characteristics withholds; survival keeps its estimates only."""
    if len(selection) == 0:
        return selection
    masked = mask_table(chosen.characteristics, below)
    out = selection.copy()
    out["note"] = out["note"].str.replace(POWER, "", regex=True)  # worked out from the number of events
    hidden = masked.loc[masked["variable"] == HEADER].set_index("group")["n"].isna()
    for name, group in (("sequenced", "sequenced"), ("not_sequenced", "not sequenced")):
        own = masked.loc[masked["group"] == group].set_index(["variable", "level"])
        keys = pd.MultiIndex.from_frame(out[["variable", "level"]])
        base = (out["kind"] != "survival").to_numpy()
        out.loc[base, name] = own["text"].reindex(keys).to_numpy()[base]
        out.loc[base, f"n_{name}"] = own["n"].reindex(keys).to_numpy()[base]
        out.loc[~base, [f"n_{name}"]] = pd.NA
        medians = out.loc[~base, name].astype("string").str.partition("; ")[2]
        out.loc[~base, name] = WITHHELD if hidden[group] else medians
    kept = masked.loc[masked["group"] == "sequenced"].set_index(["variable", "level"])["smd"]
    lost = kept.reindex(keys).isna().to_numpy() & base
    out.loc[lost, ["smd", "p", "p_holm"]] = np.nan
    out.loc[lost, "clear"] = pd.NA
    out.loc[lost, "p_method"] = ""
    return out


def _plan(
    plan: GroupTests, columns: Columns, variables: list[Variable], chosen: Selection, flow: Flow
) -> dict[str, Any]:
    return {
        "grouping": columns.grouping,
        "groups": list(columns.order),
        "tests": plan.tests,
        "permutations": plan.draws,
        "seed": plan.seed,
        "not_recorded": [item.name for item in variables if item.known.isna().all()],
        "selection_status": chosen.status,
        "selection_rule": RULE,
        "flow_steps": len(flow.steps),
    }
