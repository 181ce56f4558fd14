"""One endpoint of ``associate``: who is analysed, every feature's test, the curves, the diagnostics, the model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.analysis_set import AnalysisSet, build_analysis_set
from netgen.association.beyond_one_gene import relate_treatment
from netgen.association.family import Family, analyse_family
from netgen.association.group_curves import groupings_of, tabulate_curves
from netgen.association.influence import find_influential
from netgen.association.penalised import PenalisedModel, fit_penalised
from netgen.association.schoenfeld import schoenfeld_residuals
from netgen.association.truncation import TRUNCATION_COLUMNS, check_truncation, tabulate_truncation, warn_dependent
from netgen.derive import build_endpoint
from netgen.errors import AnalysisError, Findings
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from netgen.clinical.endpoints import Endpoint
    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix
    from netgen.study import AssociationSettings

MOST_RESIDUALS: Final = 20  # features whose residuals are kept, the least proportional first


@dataclass(frozen=True, kw_only=True)
class EndpointResult:
    """One endpoint: who was analysed, what was found, and the model or the reason for its absence.

    Attributes
    ----------
    endpoint, analysis, family
        Follow-up, analysis set and tests.
    km, curves
        Rows of ``km.tsv`` and curve steps.
    truncation
        Row of ``truncation.tsv``; none without delayed entry.
    gene_treatment
        Rows of ``gene_treatment.tsv``; none unless the endpoint starts with a treatment line.
    influence, schoenfeld
        Rows of ``influence.tsv``, and the residuals behind the plots of proportional hazards.
    model, no_model
        The penalised model, or a code and a sentence; both None if none was asked for.
    """

    endpoint: Endpoint
    analysis: AnalysisSet
    family: Family
    km: pd.DataFrame
    curves: pd.DataFrame
    truncation: pd.DataFrame
    gene_treatment: pd.DataFrame
    influence: pd.DataFrame
    schoenfeld: pd.DataFrame
    model: PenalisedModel | None
    no_model: tuple[str, str] | None


def analyse_endpoint(
    cohort: Cohort,
    name: str,
    matrix: AlterationMatrix,
    settings: AssociationSettings,
    *,
    findings: Findings,
    threads: int = 1,
) -> EndpointResult:
    """Return everything about one endpoint.

    Parameters
    ----------
    cohort
        Patients.
    name
        The endpoint.
    matrix
        Their alterations.
    settings
        Resolved options.
    findings
        Collects warnings.
    threads
        Workers; results do not depend on it.

    Returns
    -------
    EndpointResult
        Tests, curves, diagnostics and model.

    Raises
    ------
    AnalysisError
        If the endpoint cannot be derived or nobody has follow-up.
    """
    endpoint, analysis = _analysis_set(cohort, name, matrix, settings, findings)
    family = analyse_family(analysis, settings, threads=threads)
    tested = np.flatnonzero((family.rows["status"] == "tested").to_numpy())
    km, curves = tabulate_curves(analysis, groupings_of(analysis, tested))
    model, reason = _model(analysis, family, settings, threads, findings) if settings.model else (None, None)
    return EndpointResult(
        endpoint=endpoint,
        analysis=analysis,
        family=family,
        km=km,
        curves=curves,
        truncation=_truncation(analysis, settings, findings),
        gene_treatment=relate_treatment(cohort, analysis, family, settings),
        influence=_influence(analysis, family, settings),
        schoenfeld=_schoenfeld(analysis, family, settings),
        model=model,
        no_model=reason,
    )


def analyse_without_entry(
    cohort: Cohort, name: str, matrix: AlterationMatrix, settings: AssociationSettings, *, threads: int = 1
) -> EndpointResult:
    """Return the same endpoint as if everybody had been observed from the origin, for comparison; no model.

    Parameters
    ----------
    cohort
        Patients.
    name
        The endpoint.
    matrix
        Their alterations.
    settings
        Options of the analysis with delayed entry.
    threads
        Workers.

    Returns
    -------
    EndpointResult
        Its warnings are not collected: they are those of the main analysis.
    """
    plain = dataclasses.replace(settings, entry_rule="none", model=False)
    return analyse_endpoint(cohort, name, matrix, plain, findings=Findings(), threads=threads)


def _analysis_set(
    cohort: Cohort, name: str, matrix: AlterationMatrix, settings: AssociationSettings, findings: Findings
) -> tuple[Endpoint, AnalysisSet]:
    endpoint = build_endpoint(cohort, name, settings, findings=findings)
    strata = settings.strata
    if strata == "origin_group3" and "origin_group3" not in cohort.patients.columns:
        strata = "none"
    label = "all" if settings.landmark is None else f"landmark:{settings.landmark:g}"
    analysis = build_analysis_set(endpoint, cohort.patients, matrix, strata=strata, adjust=settings.adjust, label=label)
    if analysis.n == 0:
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            f"no patient has follow-up {'and all covariates ' if settings.adjust else ''}for {name}.",
            fix="See the reasons with: netgen check.",
        )
    return endpoint, analysis


def _influence(analysis: AnalysisSet, family: Family, settings: AssociationSettings) -> pd.DataFrame:
    """Look for influential patients: in small cohorts at every tested feature, in large ones where p < alpha."""
    plan, rows = family.plan, family.rows
    wanted = rows["status"] == "tested"
    if plan.mode != "small":
        wanted &= (rows["p_primary"] < plan.alpha) | rows["feature"].isin(settings.prespecified)
    return find_influential(
        analysis, list(rows.loc[wanted, "feature"]), estimator=plan.estimator, refit=plan.mode == "small",
        ties=plan.ties, level=plan.level,
    )  # fmt: skip


def _schoenfeld(analysis: AnalysisSet, family: Family, settings: AssociationSettings) -> pd.DataFrame:
    """Return the residuals of features whose hazards are not proportional, and of the pre-specified ones."""
    plan, rows = family.plan, family.rows
    wanted = (rows["status"] == "tested") & ((rows["ph_p"] < plan.alpha) | rows["feature"].isin(settings.prespecified))
    chosen = rows.loc[wanted].sort_values(["ph_p", "feature"], kind="stable")["feature"].head(MOST_RESIDUALS)
    return schoenfeld_residuals(analysis, list(chosen), ties=plan.ties)


def _truncation(analysis: AnalysisSet, settings: AssociationSettings, findings: Findings) -> pd.DataFrame:
    """Check that survival does not depend on the time of entry; pooled over strata, as DOMAIN 2.10 has it."""
    if analysis.entry is None:
        return pd.DataFrame(columns=list(TRUNCATION_COLUMNS))
    seed = derive_seed(f"truncation:{analysis.endpoint}", master=settings.seed)
    check = check_truncation(analysis.time, analysis.event, analysis.entry, seed=seed)
    warn_dependent(analysis.endpoint, check, findings=findings)
    return tabulate_truncation(analysis.endpoint, check)


def _model(
    analysis: AnalysisSet, family: Family, settings: AssociationSettings, threads: int, findings: Findings
) -> tuple[PenalisedModel | None, tuple[str, str] | None]:
    """Fit the penalised model, or say why there is none."""
    rows = np.flatnonzero(family.rows["n_altered"].to_numpy() >= family.plan.min_altered)
    ids = analysis.patient_id
    genes = pd.DataFrame(analysis.genes[rows].T, index=ids, columns=analysis.features[rows]).astype("Int8")
    try:
        model = fit_penalised(
            pd.Series(analysis.time, index=ids),
            pd.Series(analysis.event, index=ids),
            genes.mask(genes < 0),
            covariates=None if analysis.covariates is None else analysis.covariates.set_index(ids),
            entry=None if analysis.entry is None else pd.Series(analysis.entry, index=ids),
            strata=None if analysis.strata is None else pd.Series(analysis.strata, index=ids),
            alpha=settings.alpha,
            adaptive=settings.adaptive,
            bootstrap=settings.bootstrap,
            min_altered=family.plan.min_altered,
            min_profiled=settings.min_profiled,
            small=family.plan.mode == "small",
            seed=derive_seed(f"model:{analysis.endpoint}", master=settings.seed),
            threads=threads,
            findings=findings,
        )
    except AnalysisError as error:
        return None, (error.finding.code, error.finding.message)
    except ArithmeticError as error:  # a solver that says it did not converge: a model without a defence is no model
        if type(error) is not ArithmeticError:  # a division by zero is a bug
            raise
        return None, ("not_converged", f"the penalised model could not be fitted: {error}.")
    return model, None
