"""``associate``: the main job, from a cohort to gene-outcome associations."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from netgen.association.actionability import add_levels
from netgen.association.beyond_one_gene import relate_features
from netgen.association.entry_comparison import compare_entry
from netgen.association.gene_treatment import GENE_TREATMENT_COLUMNS
from netgen.association.group_curves import CURVE_COLUMNS, KM_COLUMNS
from netgen.association.influence import INFLUENCE_COLUMNS
from netgen.association.one_endpoint import EndpointResult, analyse_endpoint, analyse_without_entry
from netgen.association.results import ASSOCIATION_COLUMNS, HETEROGENEITY_COLUMNS, STATUSES, AssociationResult
from netgen.association.schoenfeld import SCHOENFELD_COLUMNS
from netgen.association.truncation import TRUNCATION_COLUMNS
from netgen.derive import build_flow, build_matrix, resolve_genes
from netgen.errors import CODES, Findings
from netgen.study import override

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix
    from netgen.study import AssociationSettings

MIN_STRATUM = 3


def associate(cohort: Cohort, *, threads: int = 1, **options: Any) -> AssociationResult:  # noqa: ANN401
    """Return gene-outcome associations of a cohort.

    Patients without follow-up are in no analysis set and are listed with the reason; patients who were not profiled for
    a feature have no part in its tests.

    Parameters
    ----------
    cohort
        From ``read_cohort``.
    threads
        Workers; results do not depend on it.
    **options
        Fields of ``study.AssociationSettings`` that replace those of the study: endpoints (or ``endpoint``), features,
        policy, strata, adjust, genes, pathways, prespecified, min_altered, entry_rule, permutations, landmark, model,
        alpha, ties, mode, seed. None means "as in the study".

    Returns
    -------
    AssociationResult
        Tables with fixed columns; no feature is dropped.

    Raises
    ------
    SchemaError
        If an option does not exist or its value is not valid.
    AnalysisError
        If an endpoint cannot be derived, delayed entry is undecided, or a request is impossible.

    Examples
    --------
    >>> import netgen as ng
    >>> result = ng.associate(ng.read_cohort("demo"), endpoints=["os"], model=False)
    >>> rows = result.table.set_index("feature")
    >>> round(float(rows.loc["ATRX", "p_primary"]), 9)
    0.012012987
    """
    findings = Findings(list(cohort.findings))
    settings = resolve_genes(override(cohort.study.association, **options), findings)
    cohort = add_levels(cohort, [*settings.adjust, settings.strata], findings=findings)
    matrix = build_matrix(cohort, settings, findings=findings)
    # the products here are small: more BLAS threads would cost time and change last digits
    with threadpool_limits(limits=1, user_api="blas"):
        parts = [
            analyse_endpoint(cohort, name, matrix, settings, findings=findings, threads=threads)
            for name in settings.endpoints
        ]
        relations = relate_features(cohort, matrix, settings)
        comparison = _compare_entry(cohort, parts, matrix, settings, threads)
    table = _stack([part.family.rows for part in parts], ASSOCIATION_COLUMNS)
    _warn(parts, table, findings)
    return AssociationResult(
        table=table,
        heterogeneity=_stack([part.family.heterogeneity for part in parts], HETEROGENEITY_COLUMNS),
        km=_stack([part.km for part in parts], KM_COLUMNS),
        curves=_stack([part.curves for part in parts], CURVE_COLUMNS),
        endpoints=_stack([part.endpoint.table for part in parts], tuple(parts[0].endpoint.table.columns)),
        truncation=_stack([part.truncation for part in parts], TRUNCATION_COLUMNS),
        entry_comparison=comparison,
        cooccurrence=relations.cooccurrence,
        frequencies=relations.frequencies,
        gene_treatment=_stack([part.gene_treatment for part in parts], ("endpoint", *GENE_TREATMENT_COLUMNS)),
        influence=_stack([part.influence for part in parts], INFLUENCE_COLUMNS),
        schoenfeld=_stack([part.schoenfeld for part in parts], SCHOENFELD_COLUMNS),
        exclusions=_exclusions(cohort, parts),
        discordance=matrix.discordance,
        skipped=_skipped(parts, table, [gene for gene in settings.prespecified if gene not in matrix.features]),
        findings=findings,
        flow=build_flow(cohort, matrix, {p.endpoint.name: (p.endpoint, p.analysis.excluded) for p in parts}),
        plan=_plan(settings, matrix, parts) | {"paired_features": list(relations.paired)},
        models={part.endpoint.name: part.model for part in parts if part.model is not None},
        matrix_hash=matrix.hash,
    )


def _compare_entry(
    cohort: Cohort,
    parts: list[EndpointResult],
    matrix: AlterationMatrix,
    settings: AssociationSettings,
    threads: int,
) -> pd.DataFrame:
    """Put the analyses with and without delayed entry side by side, where both were asked for."""
    late = [part for part in parts if settings.report_both and part.endpoint.entry_rule != "none"]
    naive = [analyse_without_entry(cohort, p.endpoint.name, matrix, settings, threads=threads) for p in late]
    return compare_entry(
        _stack([part.family.rows for part in late], ASSOCIATION_COLUMNS),
        _stack([part.family.rows for part in naive], ASSOCIATION_COLUMNS),
        km_with_entry=_stack([part.km for part in late], KM_COLUMNS),
        km_without=_stack([part.km for part in naive], KM_COLUMNS),
    )


def _stack(parts: list[pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    frame = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    return frame.reindex(columns=list(columns))


def _warn(parts: list[EndpointResult], table: pd.DataFrame, findings: Findings) -> None:
    """Warnings about whole endpoints: small cohorts, empty strata, nothing to test."""
    for part in parts:
        name, plan, analysis = part.endpoint.name, part.family.plan, part.analysis
        if plan.mode == "small":
            findings.add(
                "W_SMALL",
                f"{name}: n = {plan.n}, {plan.events} events: exploratory; estimates are imprecise and biased away "
                "from 1 by selection.",
            )
        if analysis.strata is not None:
            for stratum in np.unique(analysis.strata):
                inside = analysis.strata == stratum
                if inside.sum() < MIN_STRATUM or not analysis.event[inside].any():
                    findings.add(
                        "W_STRATUM_UNINFORMATIVE",
                        f"{name}: stratum {stratum} has {int(inside.sum())} patients and "
                        f"{int(analysis.event[inside].sum())} events and adds "
                        f"{'little' if inside.sum() > 1 and analysis.event[inside].any() else 'nothing'} "
                        "to stratified tests.",
                        value=str(stratum),
                    )
        if not (table.loc[table["endpoint"] == name, "status"] == "tested").any():
            findings.add("W_NO_TESTABLE_FEATURE", f"{name}: {CODES['W_NO_TESTABLE_FEATURE']}; see skipped.tsv.")


def _exclusions(cohort: Cohort, parts: list[EndpointResult]) -> pd.DataFrame:
    """Everybody who is not in an analysis set: left out on reading, without follow-up, without covariates."""
    columns = ["endpoint", "patient_id", "step", "reason"]
    frames = [cohort.exclusions.assign(endpoint="all")]
    for part in parts:
        frames.append(part.endpoint.excluded.assign(step="follow-up", endpoint=part.endpoint.name))
        frames.append(part.analysis.excluded.assign(step="covariates", endpoint=part.endpoint.name))
    frame = _stack(frames, columns).astype("string")
    return frame.sort_values(columns, kind="stable", ignore_index=True)


def _skipped(parts: list[EndpointResult], table: pd.DataFrame, unseen: list[str]) -> pd.DataFrame:
    """Untested features, pre-specified ones that nobody was profiled for, and models that were not fitted."""
    rows = [
        {"endpoint": row.endpoint, "kind": "feature", "item": row.feature, "code": row.status,
         "reason": STATUSES[str(row.status)], "n": row.n_altered}
        for row in table.loc[table["status"] != "tested"].itertuples()
    ]  # fmt: skip
    for part in parts:
        name = part.endpoint.name
        for gene in unseen:
            reason = f"pre-specified, but {STATUSES['not_profiled']}"
            rows.append(
                {"endpoint": name, "kind": "feature", "item": gene, "code": "not_profiled", "reason": reason, "n": 0}
            )
        if part.no_model is not None:
            code, reason = part.no_model
            rows.append(
                {
                    "endpoint": name,
                    "kind": "model",
                    "item": name,
                    "code": code,
                    "reason": reason,
                    "n": part.analysis.events,
                }
            )
    frame = pd.DataFrame(rows, columns=["endpoint", "kind", "item", "code", "reason", "n"])
    text = dict.fromkeys(("endpoint", "kind", "item", "code", "reason"), "string")
    return frame.astype({**text, "n": "Int64"})


def _plan(settings: AssociationSettings, matrix: AlterationMatrix, parts: list[EndpointResult]) -> dict[str, Any]:
    return {
        "requested": dataclasses.asdict(settings),
        "feature_type": matrix.feature_type,
        "components": list(matrix.components),
        "policy": matrix.policy,
        "matrix_hash": matrix.hash,
        "families": len(parts),
        "multiplicity": "BH, BY and Holm within each endpoint and family; no adjustment across endpoints",
        "endpoints": {
            part.endpoint.name: {
                **part.family.plan.to_dict(),
                "origin_time": part.endpoint.origin,
                "entry_rule": part.endpoint.entry_rule,
            }
            for part in parts
        },
    }
