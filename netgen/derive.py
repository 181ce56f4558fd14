"""What the analyses read, derived from a cohort: alteration matrix, endpoints, levels of evidence, flow."""

from __future__ import annotations

import dataclasses
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.clinical.endpoint_kinds import parse_request
from netgen.clinical.endpoints import Endpoint, EndpointSpec, derive_endpoint, list_endpoints
from netgen.clinical.flow import Flow, add_step
from netgen.cohort import Cohort
from netgen.errors import AnalysisError, Findings, InputError, SchemaError
from netgen.genomics.features import RULE_BASED
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.matrix import AlterationMatrix, build_alteration_matrix
from netgen.study import AssociationSettings, EndpointRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from netgen.actionability.annotate import Annotation

TABLES: Final = (
    "patients", "samples", "profiles", "panels", "variants", "germline", "copy_number", "fusions", "biomarkers",
    "imaging", "treatments",
)  # fmt: skip


def build_matrix(
    cohort: Cohort, settings: AssociationSettings | None = None, *, findings: Findings | None = None
) -> AlterationMatrix:
    """Return the alteration matrix of a cohort.

    Parameters
    ----------
    cohort
        The cohort.
    settings
        Feature definition, policy, genes and pathways; None = those of the study.
    findings
        Collects warnings; None = not wanted.

    Returns
    -------
    AlterationMatrix
        Patients of the cohort, whether sequenced or not.

    Raises
    ------
    AnalysisError
        ``E_GENE_UNKNOWN`` if a requested gene was neither altered nor listed nor covered anywhere.
    """
    chosen = resolve_genes(settings or cohort.study.association, Findings() if findings is None else findings)
    marked = None
    if chosen.features in RULE_BASED:
        from netgen.actionability.annotate import list_features

        marked = list_features(annotate_cohort(cohort, findings=findings), chosen.features)
    matrix = build_alteration_matrix(
        samples=cohort.samples,
        profiles=cohort.profiles,
        panels=cohort.panels,
        panel_genes=cohort.panel_genes,
        variants=cohort.variants,
        copy_number=cohort.copy_number,
        fusions=cohort.fusions,
        calls=cohort.calls,
        rule_hits=marked,
        patients=pd.Index(cohort.patients["patient_id"]),
        genes=list(chosen.genes) or None,
        pathways=chosen.pathways,
        feature_type=chosen.features,
        policy=chosen.policy,
        oncotree=cohort.patients.set_index("patient_id")["oncotree_code"],
        findings=findings,
    )
    _check_genes(matrix, chosen.genes, Findings() if findings is None else findings)
    return matrix


def resolve_genes(settings: AssociationSettings, findings: Findings) -> AssociationSettings:
    """Return the settings with current symbols for genes, members of pathways and pre-specified genes.

    Parameters
    ----------
    settings
        Symbols as the user wrote them; a pre-specified feature may be a pathway.
    findings
        Receives I_SYMBOL_RENAMED and W_ALIAS_AMBIGUOUS.

    Returns
    -------
    AssociationSettings
        Symbols as in the tables of a cohort.
    """

    def current(genes: Iterable[str]) -> tuple[str, ...]:
        return tuple(normalize_gene_list(genes, findings=findings, excel_dates="unresolved"))

    pathways = [name for name in settings.prespecified if name in settings.pathways]
    return dataclasses.replace(
        settings,
        genes=current(settings.genes),
        pathways={name: current(genes) for name, genes in settings.pathways.items()},
        prespecified=(*pathways, *current(set(settings.prespecified).difference(pathways))),
    )


def _check_genes(matrix: AlterationMatrix, genes: tuple[str, ...], findings: Findings) -> None:
    """Name requested genes that were sequenced in nobody; refuse if there is no other: most likely a typing error."""
    covered = set(matrix.features[np.asarray((matrix.status >= 0).any(axis=1))])
    unknown = [gene for gene in genes if gene not in covered]
    if genes and len(unknown) == len(genes):
        raise AnalysisError(
            "E_GENE_UNKNOWN",
            f"none of the requested genes was sequenced in any patient: {', '.join(unknown)}.",
            fix="Check the symbols, or declare the assay.",
        )
    if unknown:
        findings.add(
            "W_GENE_NOT_SEQUENCED",
            f"requested, but sequenced in no patient: {', '.join(unknown)}.",
            fix="Check the symbols, or declare the assay.",
        )


def annotate_cohort(
    cohort: Cohort,
    *,
    rules: Path | None = None,
    knowledge: Path | None = None,
    oncokb_token_env: str = "",
    findings: Findings | None = None,
) -> Annotation:
    """Return the levels of evidence of every alteration of a cohort.

    Parameters
    ----------
    cohort
        The cohort.
    rules
        A rule table; None = that of the study, of the snapshot, or the one that ships.
    knowledge
        Folder of a knowledge snapshot; None = that of the study, or none.
    oncokb_token_env
        As in ``actionability.annotate.annotate``.
    findings
        Collects warnings; None = not wanted.

    Returns
    -------
    Annotation
        Alterations, hits, variants of unknown significance, imported assertions.

    Raises
    ------
    SchemaError
        If a rule cannot be used, or a tumour type does not resolve.
    """
    from netgen.actionability.annotate import annotate, load_knowledge

    given, findings = cohort.study.actionability, Findings() if findings is None else findings
    today = datetime.now(tz=UTC).date()
    if cohort.calls is not None:
        samples, genes = cohort.calls.shape
        findings.add(
            "W_CALLS_NO_LEVEL",
            f"the ready-made gene table of {samples} samples says whether {genes} genes are altered, not how: nothing"
            " in it can have a level of evidence, and its genes count as not covered.",
            fix="Give the variants themselves: a MAF, VCFs, or alterations as text with their protein changes.",
        )
    loaded = load_knowledge(rules or given.rules, knowledge or given.knowledge, today=today, findings=findings)
    tables = {name: getattr(cohort, name) for name in TABLES}
    return annotate(tables, loaded, oncokb_token_env=oncokb_token_env, findings=findings)


def describe_evidence(cohort: Cohort) -> dict[str, Any]:
    """Return the versions of what levels of evidence are taken from, for the provenance.

    Parameters
    ----------
    cohort
        The cohort, whose study names rules and knowledge.

    Returns
    -------
    dict
        As ``actionability.annotate.describe_knowledge``.
    """
    from netgen.actionability.annotate import describe_knowledge, load_knowledge

    given, today = cohort.study.actionability, datetime.now(tz=UTC).date()
    return describe_knowledge(load_knowledge(given.rules, given.knowledge, today=today, findings=Findings()))


def build_endpoint(
    cohort: Cohort, name: str, settings: AssociationSettings | None = None, *, findings: Findings | None = None
) -> Endpoint:
    """Return one endpoint of a cohort: outcomes with the rule that decided each, and who has none.

    An endpoint that a source recorded is taken as recorded; otherwise it is derived from dates.

    Parameters
    ----------
    cohort
        The cohort.
    name
        os, pfs, ttp ..., the name of a recorded endpoint or of one under ``[endpoints]``, in lower case; ``pfs@line:2``
        is that of the second line and is named ``pfs_line2``.
    settings
        Entry rule and landmark; None = those of the study.
    findings
        Collects warnings; None = not wanted.

    Returns
    -------
    Endpoint
        Every patient is in ``table`` or in ``excluded``.

    Raises
    ------
    AnalysisError
        ``E_ENDPOINT_UNAVAILABLE`` with the endpoints there are; ``E_ENTRY_UNDECIDED``.
    """
    spec = specify_endpoint(cohort, name, settings or cohort.study.association)
    return derive_endpoint(
        cohort.clinical(),
        spec,
        data_cutoff=cohort.study.data_cutoff,
        findings=Findings() if findings is None else findings,
    )


def specify_endpoint(cohort: Cohort, name: str, settings: AssociationSettings) -> EndpointSpec:
    """Return the rules of an endpoint: what was asked for, what the study says of it and what its tables can give.

    Parameters
    ----------
    cohort
        The cohort.
    name
        As in ``build_endpoint``.
    settings
        Entry rule and landmark.

    Returns
    -------
    EndpointSpec
        What ``build_endpoint`` derives.

    Raises
    ------
    AnalysisError
        ``E_ENDPOINT_UNAVAILABLE`` with the endpoints there are.
    """
    asked, study = parse_request(name), cohort.study.endpoints
    request = study.get(asked.name) or study.get(asked.kind) or EndpointRequest(name=asked.kind)
    available = {spec.name: spec for spec in reversed(list_endpoints(cohort.clinical()))}
    recorded = not asked.origin and bool((cohort.recorded_endpoints["endpoint"] == asked.kind).any())
    kind, origin = request.kind or asked.kind, asked.origin or request.origin or ""
    if not (recorded or origin or request.events or kind in available):
        _refuse_endpoint(cohort, name, asked.kind, sorted(available))
    if not (recorded or origin or request.events):
        origin = available[kind].origin
    choices = {item.name for item in fields(EndpointSpec)} & {item.name for item in fields(EndpointRequest)}
    return EndpointSpec(
        name=asked.name,
        kind="" if recorded or request.events else kind,
        origin=(request.origin or "" if request.time else "") if recorded else origin,
        source="recorded" if recorded else "derived",
        entry_rule=settings.entry_rule,
        entry_column="" if recorded else (request.entry or ""),
        landmark=None if settings.landmark is None else int(settings.landmark),
        **{item: getattr(request, item) for item in sorted(choices - {"name", "kind", "origin"})},
    )


def _refuse_endpoint(cohort: Cohort, name: str, kind: str, available: list[str]) -> None:
    """Say why an endpoint cannot be had: a recorded one may lack its status or its time."""
    found = [item for item in cohort.findings if item.code == "W_ENDPOINT_INCOMPLETE" and item.value == kind]
    reason = found[0].message if found else "the study has neither."
    use = f"Use one of {', '.join(available)}, or write" if available else "Write"
    raise AnalysisError(
        "E_ENDPOINT_UNAVAILABLE",
        f"the endpoint {name!r} needs dates or recorded columns; {reason}",
        fix=f"{use} [endpoints.{kind}] in study.toml.",
    )


def build_flow(
    cohort: Cohort, matrix: AlterationMatrix, endpoints: Mapping[str, tuple[Endpoint, pd.DataFrame]]
) -> Flow:
    """Return the flow from the rows read to the analysis set of each endpoint, and on to who was sequenced.

    Parameters
    ----------
    cohort
        The cohort.
    matrix
        Who was profiled.
    endpoints
        Name -> the endpoint and the patients left out behind it (patient_id, reason).

    Returns
    -------
    Flow
        Behind ``eligible``: ``<endpoint>: with follow-up``, ``<endpoint>: analysed``, ``<endpoint>: profiled for a
        feature``.
    """
    flow = cohort.flow
    unseen = set(matrix.patients[np.asarray((matrix.status < 0).all(axis=0))])
    for name, (endpoint, left) in endpoints.items():
        flow = add_step(flow, f"{name}: with follow-up", excluded=endpoint.excluded, after="eligible")
        flow = add_step(flow, f"{name}: analysed", excluded=left)
        analysed = set(endpoint.table["patient_id"]) - set(left["patient_id"])
        none = pd.DataFrame({"patient_id": sorted(unseen & analysed)}, dtype="string").assign(reason="not_profiled")
        flow = add_step(flow, f"{name}: profiled for a feature", excluded=none)
    return flow


def check_cohort(read: Callable[[], object]) -> Findings:
    """Return every finding of reading a cohort and of deriving its endpoints, errors included.

    Parameters
    ----------
    read
        Reads the cohort and returns it; what it raises about the input becomes findings.

    Returns
    -------
    Findings
        All of them, in the order in which they were met.
    """
    try:
        out = read()
    except SchemaError as error:
        return error.findings
    except (InputError, AnalysisError) as error:
        return Findings([error.finding])
    assert isinstance(out, Cohort)
    available = {spec.name for spec in list_endpoints(out.clinical())}
    for name in out.study.association.endpoints:
        if name in available:
            _try_endpoint(out, name, out.findings)
    return out.findings


def _try_endpoint(cohort: Cohort, name: str, findings: Findings) -> None:
    """Derive an endpoint for its findings: times of zero, undecided delayed entry ..."""
    try:
        build_endpoint(cohort, name, findings=findings)
    except AnalysisError as error:
        findings.extend([error.finding])
