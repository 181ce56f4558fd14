"""What every source becomes: the tables of one source, before they are put together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.coverage import StudyCoverage, merge_coverage
from netgen.genomics.sequencing_file import BIOMARKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from netgen.provenance import InputFile
    from netgen.study import Study


def no_rows() -> pd.DataFrame:
    """Return an empty table of dropped rows.

    Returns
    -------
    DataFrame
        ``sample_id, reason, n``.
    """
    return pd.DataFrame({"sample_id": [], "reason": [], "n": []}).astype(
        {"sample_id": "string", "reason": "string", "n": "int64"}
    )


@dataclass(frozen=True, kw_only=True)
class ClinicalTables:
    """The clinical half of a source.

    Attributes
    ----------
    tables
        Name -> canonical table: patients, samples, treatments, assessments, imaging, biomarkers, recorded_endpoints.
    n_rows
        Patient rows read.
    attrition
        Step -> reason -> rows left out, before patients are known by name.
    exclusions
        patient_id, step, reason.
    inputs
        Files read.
    """

    tables: Mapping[str, pd.DataFrame]
    n_rows: int
    attrition: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    exclusions: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"patient_id": [], "step": [], "reason": []}, dtype="string")
    )
    inputs: tuple[InputFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SequencingTables:
    """The genomic half of a source.

    Attributes
    ----------
    variants, copy_number, fusions
        Canonical tables before the variant policy.
    calls
        Ready-made gene calls, samples x genes, or None.
    coverage
        Who was sequenced with what.
    biomarkers
        ``sequencing_file.BIOMARKERS``: what the laboratory measured from the sequence.
    dropped
        sample_id, reason, n: rows of variant files that could not be used.
    inputs
        Files read.
    """

    variants: pd.DataFrame = field(default_factory=lambda: schema.empty(schema.VARIANTS))
    copy_number: pd.DataFrame = field(default_factory=lambda: schema.empty(schema.COPY_NUMBER))
    fusions: pd.DataFrame = field(default_factory=lambda: schema.empty(schema.FUSIONS))
    calls: pd.DataFrame | None = None
    coverage: StudyCoverage = field(default_factory=lambda: merge_coverage(()))
    biomarkers: pd.DataFrame = field(default_factory=lambda: schema.empty(BIOMARKERS))
    dropped: pd.DataFrame = field(default_factory=no_rows)
    inputs: tuple[InputFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceTables:
    """One source: both halves."""

    clinical: ClinicalTables
    sequencing: SequencingTables


def leave_out_samples(sequencing: SequencingTables, gone: Collection[str]) -> SequencingTables:
    """Return the genomic half without some samples: their patients are not in the cohort.

    Parameters
    ----------
    sequencing
        The genomic half of a source.
    gone
        Sample ids.

    Returns
    -------
    SequencingTables
        Other samples as they were, those that no patient has included.
    """

    def kept(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.loc[~frame["sample_id"].isin(gone)].reset_index(drop=True)

    calls, coverage = sequencing.calls, sequencing.coverage
    return replace(
        sequencing,
        variants=kept(sequencing.variants),
        copy_number=kept(sequencing.copy_number),
        fusions=kept(sequencing.fusions),
        biomarkers=kept(sequencing.biomarkers),
        calls=None if calls is None else calls.loc[~calls.index.isin(gone)],
        coverage=replace(coverage, profiles=kept(coverage.profiles)),
    )


def read_sequencing_half(
    read: Callable[[Findings], SequencingTables], study: Study, *, findings: Findings
) -> SequencingTables:
    """Return the genomic half of a source; where sequencing is optional, an unusable one gives nobody sequenced.

    Parameters
    ----------
    read
        Reads it and reports what is wrong to the collector it is given.
    study
        ``study.read.sequencing`` says whether the study can go on without.
    findings
        Receives what was found; W_SEQUENCING_LEFT_OUT for each error in place of everything, if it was left out.

    Returns
    -------
    SequencingTables
        As read, or empty.

    Raises
    ------
    InputError
        If sequencing is required and a file cannot be read at all.
    SchemaError
        If sequencing is required and a file lacks what it needs.
    """
    own = Findings()
    try:
        found = read(own)
    except (InputError, SchemaError) as error:
        if study.read.sequencing == "required":
            findings.extend(own)
            raise
        own.extend([error.finding] if isinstance(error, InputError) else [])
        found = SequencingTables()
    skipped = study.read.skip_invalid
    errors = [item for item in own.of("E") if not (skipped and (item.patient_id or item.row is not None))]
    if study.read.sequencing == "required" or not errors:
        findings.extend(own)
        return found
    for item in errors:
        findings.add(
            "W_SEQUENCING_LEFT_OUT",
            f"This source is read without sequencing, genes are not profiled in it. {item.code}: {item.message}",
            fix=item.fix,
            file=item.file,
            row=item.row,
            column=item.column,
        )
    return SequencingTables()


def add_measured(clinical: ClinicalTables, sequencing: SequencingTables) -> ClinicalTables:
    """Return the clinical half with the biomarkers that sequencing files give.

    Parameters
    ----------
    clinical, sequencing
        Halves of one source.

    Returns
    -------
    ClinicalTables
        A biomarker of a patient that the clinical tables state stays as it is there; one of a sample that nobody has is
        left out, as its variants are.
    """
    if not len(sequencing.biomarkers):
        return clinical
    owners = clinical.tables["samples"].drop_duplicates("sample_id").set_index("sample_id")["patient_id"]
    found = sequencing.biomarkers.assign(patient_id=sequencing.biomarkers["sample_id"].map(owners))
    stated = clinical.tables["biomarkers"]
    key = ["patient_id", "biomarker"]
    known = pd.MultiIndex.from_frame(found[key]).isin(pd.MultiIndex.from_frame(stated[key]))
    rows = found[found["patient_id"].notna().to_numpy() & ~known]
    both = schema.conform(pd.concat([stated, rows], ignore_index=True), schema.BIOMARKERS) if len(rows) else stated
    return replace(clinical, tables={**clinical.tables, "biomarkers": both})
