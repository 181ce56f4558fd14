"""The cohort: everything that is known about the patients of a study, read once and never changed.

``read_cohort`` assembles it from any number of sources; ``derive`` makes of it what the analyses read.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.clinical.clamp import clamp_dates
from netgen.clinical.eligibility import EligibilityCriteria, derive_groups, select_eligible
from netgen.clinical.flow import Flow, add_step
from netgen.clinical.validate import check_clinical, invalid_patients
from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.cohort_policy import apply_policies
from netgen.genomics.coverage import merge_coverage
from netgen.genomics.cross_checks import check_genomic
from netgen.genomics.file_checks import check_repeated_files
from netgen.genomics.filters import FilterSettings
from netgen.genomics.hotspots import hotspots_of
from netgen.genomics.tmb import compare_with_lab, estimate_tmb
from netgen.provenance import describe_file
from netgen.sources import SourceTables, leave_out_samples, read_source
from netgen.sources.joining import begin_flow, count_dropped, find_collisions, merge_calls, stack_tables
from netgen.sources.knowledge import snapshot_of
from netgen.study_of import QuickLook, study_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgen.provenance import InputFile
    from netgen.study import ReadSettings, SourceSpec, Study

__all__ = ["Cohort", "QuickLook", "read_cohort"]

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
    threads: int = 1,
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
    threads
        Workers that read files; the result does not depend on it. With several, a script must be safe to import
        (``if __name__ == "__main__":``), as ``multiprocessing`` wants it.
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
    out = _read(cohort, quick, reading, Findings(), threads)
    out.findings.raise_errors()
    return out


def _read(
    cohort: str | Path | Study | None,
    quick: QuickLook | None,
    reading: Mapping[str, Any],
    findings: Findings,
    threads: int,
) -> Cohort:
    study = study_of(cohort, quick)
    given = {key: value for key, value in reading.items() if value is not None and value != {}}
    study = dataclasses.replace(study, read=dataclasses.replace(study.read, **given), threads=threads)
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
    inputs = tuple(item for one in sources for half in (one.clinical, one.sequencing) for item in half.inputs)
    inputs += tuple(describe_file(path, role=role, n_rows=0) for role, path in _reference_files(study))
    check_repeated_files(inputs, findings=findings)
    normal = tables["samples"].set_index("sample_id")["matched_normal"]
    counted = apply_policies(
        stack_tables([source.variants for source in sequencing], "variants"),
        stack_tables([source.fusions for source in sequencing], "fusions"),
        matched_normal=normal,
        hotspots=hotspots_of(snapshot_of(study, findings=findings)),
        fasta=study.reference.fasta,
        settings=_filters(study.read),
        findings=findings,
    )
    check_genomic(counted.somatic, tables["samples"], tables["patients"], findings=findings)
    own = estimate_tmb(counted.somatic, coverage.profiles, coverage.panels, matched_normal=normal, findings=Findings())
    compare_with_lab(own, tables["biomarkers"], findings=findings)
    return Cohort(
        study=study,
        **{name: tables[name] for name in CLINICAL},
        variants=counted.somatic,
        germline=counted.germline,
        copy_number=stack_tables([source.copy_number for source in sequencing], "copy_number"),
        fusions=counted.fusions,
        calls=merge_calls(sequencing),
        panels=coverage.panels,
        panel_genes=coverage.panel_genes,
        profiles=coverage.profiles,
        variant_qc=count_dropped([*(source.dropped for source in sequencing), counted.qc]),
        exclusions=pd.concat([exclusions, flow.exclusions], ignore_index=True),
        flow=flow,
        findings=findings,
        inputs=inputs,
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


def _reference_files(study: Study) -> Iterator[tuple[str, Path]]:
    """Give the files that consequences were called from, if any."""
    for role in ("fasta", "gff"):
        path = getattr(study.reference, role)
        if path is not None:
            yield role, path


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
