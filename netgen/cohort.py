"""The cohort: everything that is known about the patients of a study, read once and never changed.

``read_cohort`` assembles it from any number of sources; ``build_matrix`` and ``build_endpoint`` derive from it what the
analyses read.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.clinical.clamp import clamp_dates
from netgen.clinical.eligibility import EligibilityCriteria, derive_groups, select_eligible
from netgen.clinical.endpoint_kinds import parse_request
from netgen.clinical.endpoints import Endpoint, EndpointSpec, derive_endpoint, list_endpoints
from netgen.clinical.flow import Flow, add_step
from netgen.clinical.validate import check_clinical, invalid_patients
from netgen.errors import AnalysisError, Findings, InputError, SchemaError
from netgen.genomics.coverage import merge_coverage
from netgen.genomics.cross_checks import check_genomic
from netgen.genomics.filters import FilterSettings, apply_variant_policy
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.matrix import AlterationMatrix, build_alteration_matrix
from netgen.sources import SourceTables, leave_out_samples, read_source
from netgen.sources.joining import begin_flow, count_dropped, find_collisions, merge_calls, stack_tables
from netgen.study import AssociationSettings, EndpointRequest, ReadSettings, Study, describe, read_study
from netgen.study_of import QuickLook, study_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from netgen.provenance import InputFile
    from netgen.study import SourceSpec

__all__ = [
    "Cohort",
    "QuickLook",
    "build_endpoint",
    "build_flow",
    "build_matrix",
    "check_cohort",
    "describe",
    "read_cohort",
    "read_study",
    "resolve_genes",
]

CLINICAL: Final = ("patients", "samples", "treatments", "assessments", "imaging", "biomarkers", "recorded_endpoints")


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Validated tables of a study; see ``netgen.schema`` for their columns.

    Attributes
    ----------
    study
        The resolved configuration.
    patients, samples, treatments, assessments, imaging, biomarkers, recorded_endpoints
        Clinical tables of the eligible patients; ``patients`` has ``origin_group3``, ``origin_group2`` and
        ``histology_group``.
    variants, germline
        Somatic and germline small variants after the variant policy.
    copy_number, fusions, calls
        Copy number, structural variants, and ready-made gene calls (samples x genes, 1/0/-1) or None.
    panels, panel_genes, profiles
        What was sequenced in whom.
    variant_qc
        Variants dropped, per sample and reason.
    exclusions
        patient_id, step, reason: who was left out on reading.
    flow
        The attrition so far.
    findings
        Warnings and notes of reading.
    inputs
        Every file read, with checksum and row count.
    """

    study: Study
    patients: pd.DataFrame
    samples: pd.DataFrame
    treatments: pd.DataFrame
    assessments: pd.DataFrame
    imaging: pd.DataFrame
    biomarkers: pd.DataFrame
    recorded_endpoints: pd.DataFrame
    variants: pd.DataFrame
    germline: pd.DataFrame
    copy_number: pd.DataFrame
    fusions: pd.DataFrame
    calls: pd.DataFrame | None
    panels: pd.DataFrame
    panel_genes: pd.DataFrame
    profiles: pd.DataFrame
    variant_qc: pd.DataFrame
    exclusions: pd.DataFrame
    flow: Flow
    findings: Findings
    inputs: tuple[InputFile, ...]

    def clinical(self) -> dict[str, pd.DataFrame]:
        """Return the clinical tables by name."""
        return {name: getattr(self, name) for name in CLINICAL}


def read_cohort(
    cohort: str | Path | Study | None = None,
    *,
    quick: QuickLook | None = None,
    **reading: Any,  # noqa: ANN401
) -> Cohort:
    """Return the cohort that a study describes.

    Patients with contradictory rows or dates stop the reading with every finding at once, unless they are excluded on
    purpose; nobody disappears without a row in ``exclusions``.

    Parameters
    ----------
    cohort
        ``"demo"``, a ``study.toml``, a cBioPortal study folder, a one-sheet spreadsheet, or a ``Study``.
    quick
        Files named directly, in place of ``cohort``; or what was sequenced in it.
    **reading
        Fields of ``study.ReadSettings`` that replace those of the study; None = as in the study.

    Returns
    -------
    Cohort
        Tables sorted by key.

    Raises
    ------
    SchemaError
        With all errors found in the input, files that cannot be read at all among them.
    InputError
        If there is no such cohort.

    Examples
    --------
    >>> import netgen as ng
    >>> cohort = ng.read_cohort("demo")
    >>> len(cohort.patients), int((cohort.patients["vital_status"] == "dead").sum())
    (34, 23)
    """
    out = _read(cohort, quick, reading, Findings())
    out.findings.raise_errors()
    return out


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


def _read(
    cohort: str | Path | Study | None, quick: QuickLook | None, reading: Mapping[str, Any], findings: Findings
) -> Cohort:
    study = study_of(cohort, quick)
    given = {key: value for key, value in reading.items() if value is not None and value != {}}
    study = dataclasses.replace(study, read=dataclasses.replace(study.read, **given))
    sources = [found for source in study.sources for found in _read_source(source, study, findings)]
    if len(sources) < len(study.sources):
        findings.raise_errors()
    return _assemble(study, sources, findings)


def _read_source(source: SourceSpec, study: Study, findings: Findings) -> list[SourceTables]:
    """Read a source; one that cannot be read gives nothing but its findings, so that the others are looked at, too."""
    try:
        return [read_source(source, study, findings=findings)]
    except (InputError, SchemaError):
        return []  # what was raised is among the findings, and stops the reading behind the last source


def _assemble(study: Study, sources: list[SourceTables], findings: Findings) -> Cohort:
    """Put the sources together, check across tables, leave out who is not eligible, apply the variant policy."""
    tables = {name: stack_tables([source.clinical.tables[name] for source in sources], name) for name in CLINICAL}
    collisions = find_collisions(sources)
    findings.extend(collisions)
    if len(collisions):
        findings.raise_errors()  # rows cannot be joined on ids that mean several things
    flow, exclusions = begin_flow(sources)
    tables = clamp_dates(tables, findings=findings)
    check_clinical(
        tables,
        findings=findings,
        today=datetime.now(tz=UTC).date(),
        data_cutoff=study.data_cutoff,
    )
    listed = set(tables["samples"]["sample_id"])
    findings, tables, dropped = _skip_invalid(study.read, findings, tables)
    tables["patients"] = derive_groups(tables["patients"])
    eligible, ineligible = select_eligible(
        tables["patients"], criteria=EligibilityCriteria(**dataclasses.asdict(study.eligibility)), findings=findings
    )
    flow = add_step(add_step(flow, "valid", excluded=dropped), "eligible", excluded=ineligible)
    tables = {name: _keep_patients(frame, eligible) for name, frame in tables.items()}
    gone = listed.difference(tables["samples"]["sample_id"])
    sequencing = [leave_out_samples(source.sequencing, gone) for source in sources]
    coverage = merge_coverage(source.coverage for source in sequencing)
    variants = stack_tables([source.variants for source in sequencing], "variants")
    normal = tables["samples"].set_index("sample_id")["matched_normal"]
    filtered = apply_variant_policy(variants, matched_normal=normal, settings=_filters(study.read), findings=findings)
    check_genomic(filtered.somatic, tables["samples"], tables["patients"], findings=findings)
    return Cohort(
        study=study,
        **{name: tables[name] for name in CLINICAL},
        variants=filtered.somatic,
        germline=filtered.germline,
        copy_number=stack_tables([source.copy_number for source in sequencing], "copy_number"),
        fusions=stack_tables([source.fusions for source in sequencing], "fusions"),
        calls=merge_calls(sequencing),
        panels=coverage.panels,
        panel_genes=coverage.panel_genes,
        profiles=coverage.profiles,
        variant_qc=count_dropped([*(source.dropped for source in sequencing), filtered.qc]),
        exclusions=pd.concat([exclusions, flow.exclusions], ignore_index=True),
        flow=flow,
        findings=findings,
        inputs=tuple(
            item for source in sources for half in (source.clinical, source.sequencing) for item in half.inputs
        ),
    )


def _skip_invalid(
    settings: ReadSettings, findings: Findings, tables: dict[str, pd.DataFrame]
) -> tuple[Findings, dict[str, pd.DataFrame], pd.DataFrame]:
    """With ``skip_invalid`` leave out the patients behind errors; errors that concern nobody in particular remain."""
    if not settings.skip_invalid:
        return findings, tables, pd.DataFrame({"patient_id": [], "reason": []}, dtype="string")
    reasons = invalid_patients(findings, tables=tables)
    reasons = {one: why for one, why in reasons.items() if one in set(tables["patients"]["patient_id"])}
    keep = pd.Index(tables["patients"]["patient_id"]).difference(list(reasons))
    tables = {name: _keep_patients(frame, keep) for name, frame in tables.items()}
    gone = pd.DataFrame({"patient_id": list(reasons), "reason": list(reasons.values())}, dtype="string")
    left = [item for item in findings if item.severity != "E" or item.patient_id not in reasons]
    return Findings(left), tables, gone


def _keep_patients(frame: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    return frame.loc[frame["patient_id"].isin(ids)].reset_index(drop=True)


def _filters(settings: ReadSettings) -> FilterSettings:
    return FilterSettings(
        filters=settings.filters,
        population_af=settings.population_af,
        min_depth=settings.min_depth,
        min_alt_count=settings.min_alt_count,
        min_vaf=settings.min_vaf,
    )


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
    matrix = build_alteration_matrix(
        samples=cohort.samples,
        profiles=cohort.profiles,
        panels=cohort.panels,
        panel_genes=cohort.panel_genes,
        variants=cohort.variants,
        copy_number=cohort.copy_number,
        fusions=cohort.fusions,
        calls=cohort.calls,
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
    spec = _specify(cohort, name, settings or cohort.study.association)
    return derive_endpoint(
        cohort.clinical(),
        spec,
        data_cutoff=cohort.study.data_cutoff,
        findings=Findings() if findings is None else findings,
    )


def _specify(cohort: Cohort, name: str, settings: AssociationSettings) -> EndpointSpec:
    """Put together what was asked for, what the study says of it and what its tables can give."""
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
