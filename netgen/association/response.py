"""``response``: best overall response by line, origin, drug class and alteration."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from netgen.association.actionability import add_levels
from netgen.association.analysis_set import UNKNOWN
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.patient_groups import expand_request
from netgen.association.plan import ALPHA, SMALL_N
from netgen.association.response_classes import class_rows
from netgen.association.response_durations import describe_durations
from netgen.association.response_groups import find_line_groups
from netgen.association.response_results import (
    CLASS_COLUMNS,
    DURATION_COLUMNS,
    RESPONSE_COLUMNS,
    ResponseResult,
)
from netgen.association.response_rows import ALL, BOR, METRICS, ResponseSet, feature_rows, group_rows, overall_row
from netgen.association.sequenced import check_sequenced, is_sequenced
from netgen.clinical.flow import add_step
from netgen.clinical.response import best_responses
from netgen.clinical.response_column import name_response_columns, read_response_column
from netgen.clinical.rows import counted
from netgen.clinical.tumour_size import best_changes
from netgen.derive import build_matrix
from netgen.errors import AnalysisError, Findings
from netgen.study import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.clinical.flow import Flow
    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix
    from netgen.study import AssociationSettings

DENOMINATORS: Final = ("started", "evaluable")
CLASS: Final = "regimen_class"
_COUNTS: Final = (
    "n_total",
    "n",
    "n_patients",
    "a",
    "b",
    "c",
    "d",
    "n_strata_informative",
    "n_permutations",
    "m_family",
)


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What was asked for, resolved; ``lines`` are numbers as text, or all."""

    lines: tuple[str, ...]
    by: tuple[str, ...]
    confirmed: bool
    denominator: str
    column: str | None
    rules: dict[str, Any]
    min_exposed: int
    settings: AssociationSettings


def response(
    cohort: Cohort,
    *,
    lines: Sequence[int | str] = (1,),
    by: str | Sequence[str] = ("origin_group3", "origin_group2"),
    confirmed: bool = False,
    denominator: str = "started",
    column: str | None = None,
    cluster: str = "patient",
    min_exposed: int = 5,
    confirm_days: int = 28,
    sd_min_days: int = 42,
    accept_sd: bool = False,
    **options: Any,  # noqa: ANN401
) -> ResponseResult:
    """Return response and disease control by line, group and alteration.

    Everybody who started a line is in its denominator: without assessment nobody responded. A patient who was not
    sequenced for a gene is neither altered nor wild type.

    Parameters
    ----------
    cohort
        From ``read_cohort``.
    lines
        Line numbers, each analysed on its own, and ``all``: every line, the patient as cluster.
    by
        Patient columns that form groups; ``origin`` stands for the origins in three and in two groups. The regimen
        class is always among them.
    confirmed
        Whether a response needs confirmation.
    denominator
        ``started``, or ``evaluable``: patients with NE left out. Rates are given for both, features for this one.
    column
        Patient column with recorded best responses, for a study without lines of treatment; read as line 1.
    cluster
        Only ``patient``: the lines of a patient are not independent.
    min_exposed
        Altered, and unaltered, patients with a class that a test within it needs.
    confirm_days, sd_min_days, accept_sd
        As for ``clinical.response.best_responses``.
    **options
        Fields of ``study.AssociationSettings`` that replace those of the study: features, policy, genes, pathways,
        prespecified, min_altered, strata, seed.

    Returns
    -------
    ResponseResult
        Tables with fixed columns.

    Raises
    ------
    SchemaError
        If an option does not exist or its value is not valid.
    AnalysisError
        E_CLUSTER_IGNORED for another cluster than the patient; E_CONFIG if lines, groups, denominator or column do not
        exist; E_ENDPOINT_UNAVAILABLE if nobody started a line.

    Warnings
    --------
    Response comes early in the course. Patients whose tumour was sequenced later had to live until then: where that
    decides who is in the cohort, rates among them are those of survivors, and nothing here corrects for it.

    Notes
    -----
    Of features p_fisher is primary (DOMAIN 3.12) and the exact test within strata stands beside it; of all lines the
    permutation of the patients' labels. Families are the features of one line and metric.

    Examples
    --------
    >>> import netgen as ng
    >>> from netgen.association.response import response
    >>> found = response(ng.read_cohort("demo"))
    >>> row = found.table.loc[(found.table["kind"] == "test") & (found.table["variable"] == "origin_group3")].iloc[0]
    >>> row["metric"], round(float(row["p_primary"]), 6)
    ('ORR', 0.062611)
    """
    request = _Request(
        lines=_check_lines(lines),
        by=tuple(dict.fromkeys([*expand_request(by), CLASS])),
        confirmed=confirmed,
        denominator=denominator,
        column=column,
        rules={"confirm_days": confirm_days, "sd_min_days": sd_min_days, "accept_sd": accept_sd},
        min_exposed=min_exposed,
        settings=override(cohort.study.association, **options),
    )
    _check(request, cluster)
    findings = Findings(list(cohort.findings))
    cohort = add_levels(cohort, expand_request(by), findings=findings)
    responses, left = _responses(cohort, request, findings)
    check_sequenced(cohort, request.settings.genes)
    matrix = build_matrix(cohort, request.settings, findings=findings) if is_sequenced(cohort) else None
    with threadpool_limits(limits=1, user_api="blas"):
        table, by_class = _analyse(cohort, responses, matrix, request)
    exclusions, flow = _attrition(cohort, responses, left, request)
    _warn(table, request, findings)
    return ResponseResult(
        table=table,
        by_class=by_class,
        durations=_durations(cohort, responses, request, findings),
        responses=_with_groups(cohort, responses, request),
        sizes=best_changes(cohort.clinical(), responses.loc[_wanted(responses, request)].reset_index(drop=True)),
        exclusions=exclusions,
        findings=findings,
        flow=flow,
        plan=_plan(table, responses, request),
        matrix_hash="" if matrix is None else matrix.hash,
    )


def _check_lines(lines: Sequence[int | str]) -> tuple[str, ...]:
    given = [str(item).strip() for item in ([lines] if isinstance(lines, int | str) else lines)]
    if not given or not all(item == ALL or (item.isdigit() and int(item) > 0) for item in given):
        raise AnalysisError("E_CONFIG", f"lines are 1, 2 ... or all, found {given}.", fix="Write lines = [1, 2].")
    return tuple(dict.fromkeys(item if item == ALL else str(int(item)) for item in given))


def _check(request: _Request, cluster: str) -> None:
    if cluster != "patient":
        raise AnalysisError(
            "E_CLUSTER_IGNORED",
            f"the lines of a patient are not independent; cluster = {cluster!r} would count them as if they were.",
            fix="Use cluster = patient, or analyse one line.",
        )
    if request.denominator not in DENOMINATORS:
        raise AnalysisError("E_CONFIG", f"denominator is started or evaluable, found {request.denominator!r}.")
    if request.column is not None and request.lines != ("1",):
        raise AnalysisError("E_CONFIG", "a recorded response column is read as line 1.", fix="Leave lines out.")


def _responses(cohort: Cohort, request: _Request, findings: Findings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Best responses of all lines, and who has no readable one in the column that was named."""
    if request.column is not None:
        return read_response_column(cohort.patients, request.column, findings=findings)
    out = best_responses(
        cohort.clinical(), confirmed=request.confirmed, cutoff=cohort.study.data_cutoff, findings=findings,
        **request.rules,
    )  # fmt: skip
    known = [str(int(number)) for number in sorted(out["line_number"].unique())]
    if not known:
        near = name_response_columns(cohort.patients)
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            "response needs lines of treatment with their start; nobody has one.",
            fix="Give treatments, or name the patient column with the best response"
            + (f": column = {near[0]} (--response-column)." if near else "."),
        )
    absent = [item for item in request.lines if item != ALL and item not in known]
    if absent:
        raise AnalysisError(
            "E_CONFIG", f"nobody started line {', '.join(absent)}.", fix=f"Lines are {', '.join(known)}."
        )
    return out, pd.DataFrame({"patient_id": [], "reason": []}, dtype="string")


def _wanted(responses: pd.DataFrame, request: _Request) -> pd.Series:
    if ALL in request.lines:
        return pd.Series(True, index=responses.index)  # noqa: FBT003  # a value, not a switch
    return responses["line_number"].isin([int(item) for item in request.lines])


def _analyse(
    cohort: Cohort, responses: pd.DataFrame, matrix: AlterationMatrix | None, request: _Request
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows: list[dict[str, Any]] = []
    classes: list[pd.DataFrame] = []
    for line in request.lines:
        own = responses if line == ALL else responses.loc[responses["line_number"] == int(line)]
        for denominator in sorted(DENOMINATORS, key=lambda name: name != request.denominator):
            part = own if denominator == "started" else own.loc[own["bor"] != "NE"]
            part = part.reset_index(drop=True)
            data = _response_set(cohort, part, matrix, line, denominator, request)
            groups = {name: find_line_groups(cohort, part, name) for name in request.by}
            for metric in METRICS:
                rows.append(overall_row(data, metric))
                for name, (labels, order) in groups.items():
                    rows += group_rows(data, metric, name, labels, order)
            if denominator == request.denominator:
                least = request.settings.min_altered
                for metric in METRICS if line == ALL else (*METRICS, BOR):
                    rows += feature_rows(data, metric, least)
                if line != ALL:
                    labels = groups[CLASS][0]
                    classes += [class_rows(data, m, labels, min_exposed=request.min_exposed) for m in METRICS]
    by_class = [frame for frame in classes if len(frame)]
    return (
        _finish(rows, request.settings.prespecified),
        pd.concat(by_class, ignore_index=True) if by_class else pd.DataFrame(columns=list(CLASS_COLUMNS)),
    )


def _response_set(
    cohort: Cohort, part: pd.DataFrame, matrix: AlterationMatrix | None, line: str, denominator: str, request: _Request
) -> ResponseSet:
    genes: NDArray[np.int8] = np.zeros((0, len(part)), dtype=np.int8)
    features: pd.Index[Any] = pd.Index([], dtype="string")
    if matrix is not None:
        places = np.asarray(matrix.patients.get_indexer(pd.Index(part["patient_id"])), dtype=np.intp)
        genes, features = matrix.status[:, places], matrix.features
    strata, labels = request.settings.strata, None
    if strata in cohort.patients.columns:
        values = cohort.patients.set_index("patient_id")[strata].reindex(part["patient_id"]).astype("string")
        found = values.fillna(UNKNOWN).to_numpy(dtype=str)
        labels = found if len(np.unique(found)) > 1 else None
    return ResponseSet(
        line=line, denominator=denominator, confirmed=request.confirmed,
        patient=np.unique(part["patient_id"].to_numpy(dtype=str), return_inverse=True)[1],
        bor=part["bor"].to_numpy(dtype=object), stratum=labels, strata_name="none" if labels is None else strata,
        genes=genes, features=features, feature_type=request.settings.features, seed=request.settings.seed,
    )  # fmt: skip


def _finish(rows: list[dict[str, Any]], prespecified: tuple[str, ...]) -> pd.DataFrame:
    """Rows as a table, features adjusted within line, metric and family."""
    frame = pd.DataFrame(rows).reindex(columns=list(RESPONSE_COLUMNS))
    feature = frame["kind"] == "feature"
    names = np.where(frame["level"].isin(prespecified), "prespecified", "exploratory")
    frame["family"] = pd.Series(names, index=frame.index, dtype="string").where(feature)
    for name in ("q_bh", "p_holm", "m_family"):
        frame[name] = np.nan
    for _, own in frame.loc[feature].groupby(["line", "metric", "family"], sort=False):
        p = own["p_primary"].astype("float64").where(own["status"] == "tested").to_numpy(dtype=np.float64)
        frame.loc[own.index, "q_bh"] = adjust_pvalues(p, method="bh")
        frame.loc[own.index, "p_holm"] = adjust_pvalues(p, method="holm")
        frame.loc[own.index, "m_family"] = int(np.isfinite(p).sum())
    text = ("line", "metric", "denominator", "kind", "variable", "level", "reference", "or_status", "strata",
            "p_method", "family", "status", "warnings", "reading")  # fmt: skip
    numbers = [name for name in frame.columns if name not in {*text, *_COUNTS, "confirmed"}]
    types = {**dict.fromkeys(text, "string"), **dict.fromkeys(_COUNTS, "Int64"), **dict.fromkeys(numbers, "float64")}
    return frame.astype({**types, "confirmed": "boolean"})


def _durations(cohort: Cohort, responses: pd.DataFrame, request: _Request, findings: Findings) -> pd.DataFrame:
    """Durations of each line asked for; of ``all``, of every line."""
    numbers = sorted({int(number) for number in responses.loc[_wanted(responses, request), "line_number"]})
    frames = []
    for line in numbers if request.column is None else []:
        part = responses.loc[responses["line_number"] == line].reset_index(drop=True)
        groups = {}
        for name in request.by:
            labels, order = find_line_groups(cohort, part, name)
            groups[name] = (pd.Series(labels, index=pd.Index(part["patient_id"]), dtype="string"), order)
        frames.append(
            describe_durations(
                cohort.clinical(), responses, line, groups, data_cutoff=cohort.study.data_cutoff, findings=findings
            )
        )
    found = [frame for frame in frames if len(frame)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(DURATION_COLUMNS))


def _with_groups(cohort: Cohort, responses: pd.DataFrame, request: _Request) -> pd.DataFrame:
    """Responses of the lines asked for, with the groups behind them; blank = in no group."""
    part = responses.loc[_wanted(responses, request)].reset_index(drop=True)
    for name in request.by:
        labels, _ = find_line_groups(cohort, part, name)
        part[name] = pd.Series(labels, dtype="string").where(labels != "")
    return part


def _attrition(
    cohort: Cohort, responses: pd.DataFrame, left: pd.DataFrame, request: _Request
) -> tuple[pd.DataFrame, Flow]:
    """Who is in no denominator, and the flow to who started each line."""
    flow, frames = cohort.flow, [cohort.exclusions.assign(line=ALL)]
    everybody = set(cohort.patients["patient_id"])
    for line in request.lines:
        own = responses if line == ALL else responses.loc[responses["line_number"] == int(line)]
        out = left
        if request.column is None:
            absent = sorted(everybody.difference(own["patient_id"]))
            out = pd.DataFrame({"patient_id": absent}, dtype="string").assign(reason="line_not_started")
        step = f"response: {'any line' if line == ALL else f'line {line}'} started"
        flow = add_step(flow, step, excluded=out.astype("string"), after="eligible")
        frames.append(out.assign(line=line, step="response"))
    columns = ["line", "patient_id", "step", "reason"]
    found = [frame for frame in frames if len(frame)]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    frame = frame.reindex(columns=columns).astype("string")
    return frame.sort_values(columns, kind="stable", ignore_index=True), flow


def _warn(table: pd.DataFrame, request: _Request, findings: Findings) -> None:
    whole = table.loc[(table["kind"] == ALL) & (table["denominator"] == request.denominator)]
    for row in whole.loc[(whole["metric"] == "ORR") & (whole["n_patients"] < SMALL_N)].to_dict("records"):
        findings.add(
            "W_SMALL",
            f"response, line {row['line']}: {counted(int(row['n_patients']))}, {row['a']} responses: exploratory;"
            " estimates are imprecise.",
        )
    features = table.loc[table["kind"] == "feature"]
    for line, own in features.groupby("line", sort=False):
        if not (own["status"] == "tested").any():
            findings.add("W_NO_TESTABLE_FEATURE", f"response, line {line}: no alteration can be tested; see status.")


def _plan(table: pd.DataFrame, responses: pd.DataFrame, request: _Request) -> dict[str, Any]:
    features = table.loc[table["kind"] == "feature"]
    tested = features.loc[features["status"] == "tested", ["line", "metric"]].value_counts(sort=False).reset_index()
    return {
        "requested": dataclasses.asdict(request.settings),
        "lines": list(request.lines),
        "by": list(request.by),
        "confirmed": request.confirmed,
        **request.rules,
        "denominator": request.denominator,
        "column": request.column,
        "cluster": "patient",
        "min_exposed": request.min_exposed,
        "alpha": ALPHA,
        "sources": {str(key): int(n) for key, n in responses["source"].value_counts().sort_index().items()},
        "families": [
            {"line": row["line"], "metric": row["metric"], "tested": int(row["count"])}
            for row in tested.to_dict("records")
        ],
        "multiplicity": "BH and Holm within line, metric and family; none across them, and none of groups",
    }
