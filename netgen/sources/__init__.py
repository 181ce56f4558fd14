"""One source of a study, read: whatever its kind, the result is the same tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from netgen.errors import Finding, Findings, InputError
from netgen.genomics.coverage import StudyCoverage
from netgen.sources.cbioportal import read_cbioportal
from netgen.sources.clinical_tables import read_clinical_tables
from netgen.sources.loose_files import read_loose_files
from netgen.sources.one_sheet import read_one_sheet
from netgen.sources.sequencing import read_sequencing
from netgen.sources.tables import (
    ClinicalTables,
    SequencingTables,
    SourceTables,
    add_measured,
    leave_out_samples,
    read_sequencing_half,
)

if TYPE_CHECKING:
    from netgen.study import SourceSpec, Study

_IDS = ("patient_id", "sample_id", "panel_id")
_DATA_TYPES = ("mutations", "cna", "structural_variants")  # columns of ``profiles``: the panel behind each

__all__ = ["ClinicalTables", "SequencingTables", "SourceTables", "leave_out_samples", "read_source"]


def read_source(source: SourceSpec, study: Study, *, findings: Findings) -> SourceTables:
    """Return the tables of one source.

    Parameters
    ----------
    source
        Where the data are.
    study
        For the settings that hold for all sources.
    findings
        Collects everything that is wrong, in all files; what is raised is among it.

    Returns
    -------
    SourceTables
        Canonical tables; ids carry the source's namespace, names of files its name.

    Raises
    ------
    InputError
        If a file is missing or cannot be read at all.
    SchemaError
        If there are no patients in it.
    """
    own = Findings()
    try:
        tables = _read(source, study, own)
    except InputError as error:
        own.extend([error.finding])
        raise
    finally:
        findings.extend(_placed(item, source) for item in own)
    tables = _in_context(_without_excluded(tables), study)
    return _in_namespace(_with_places(tables, source), source.namespace)


def _read(source: SourceSpec, study: Study, findings: Findings) -> SourceTables:
    for path in _paths(source):
        if not path.exists():
            raise InputError(
                "E_FILE_MISSING",
                f"{path.name} is named by the study but does not exist.",
                fix="Check the path.",
                file=str(path),
            )
    if source.kind == "cbioportal":
        return read_cbioportal(source, study, findings=findings)
    if source.kind == "sheet":
        return read_one_sheet(source, study, findings=findings)
    if source.kind == "files":
        return read_loose_files(source, study, findings=findings)
    clinical = read_clinical_tables(source, study, findings=findings)
    samples, patients = clinical.tables["samples"], clinical.tables["patients"]
    sequencing = read_sequencing_half(
        lambda found: read_sequencing(source, study, samples, patients, findings=found), study, findings=findings
    )
    return SourceTables(clinical=add_measured(clinical, sequencing), sequencing=sequencing)


def _paths(source: SourceSpec) -> list[Path]:
    named = [spec.file for spec in source.tables.values()]
    if source.path is not None:
        named.append(source.path)
    if source.alterations is not None:
        named.append(source.alterations.file)
    return [*named, *source.panels]


def _without_excluded(tables: SourceTables) -> SourceTables:
    """Leave out what other tables say of patients who were left out on reading."""
    gone = tables.clinical.exclusions["patient_id"]
    samples = tables.clinical.tables["samples"]
    kept = {
        name: frame.loc[~frame["patient_id"].isin(gone)].reset_index(drop=True)
        for name, frame in tables.clinical.tables.items()
    }
    return SourceTables(
        clinical=dataclasses.replace(tables.clinical, tables=kept),
        sequencing=leave_out_samples(
            tables.sequencing, set(samples.loc[samples["patient_id"].isin(gone), "sample_id"].dropna())
        ),
    )


def _in_context(tables: SourceTables, study: Study) -> SourceTables:
    """Fill in the study's sequencing context where a sample does not state its own."""
    if study.sequencing_context is None:
        return tables
    samples = tables.clinical.tables["samples"]
    samples = samples.assign(sequencing_context=samples["sequencing_context"].fillna(study.sequencing_context))
    return dataclasses.replace(
        tables, clinical=dataclasses.replace(tables.clinical, tables={**tables.clinical.tables, "samples": samples})
    )


def _placed(item: Finding, source: SourceSpec) -> Finding:
    """Say in which source a finding was made, and of which of its patients."""
    who = f"{source.namespace}.{item.patient_id}" if source.namespace and item.patient_id else item.patient_id
    return dataclasses.replace(item, file=_place(item.file, source), patient_id=who)


def _place(file: str, source: SourceSpec) -> str:
    """Tell files of one name apart by the source they belong to."""
    return f"{source.name}/{file}" if source.name and file and not Path(file).is_absolute() else file


def _with_places(tables: SourceTables, source: SourceSpec) -> SourceTables:
    """Put the source before the names of files, so that a line of a file belongs to one patient only."""

    def placed(frame: pd.DataFrame) -> pd.DataFrame:
        if not source.name or "file" not in frame.columns:
            return frame
        return frame.assign(file=frame["file"].map(lambda file: _place(file, source), na_action="ignore"))

    sequencing = tables.sequencing
    return SourceTables(
        clinical=dataclasses.replace(
            tables.clinical, tables={name: placed(frame) for name, frame in tables.clinical.tables.items()}
        ),
        sequencing=dataclasses.replace(
            sequencing, variants=placed(sequencing.variants), fusions=placed(sequencing.fusions)
        ),
    )


def _in_namespace(tables: SourceTables, namespace: str) -> SourceTables:
    """Put ``namespace.`` before every patient, sample and panel id, so that sources cannot collide."""
    if not namespace:
        return tables
    prefix = f"{namespace}."
    clinical, sequencing = tables.clinical, tables.sequencing
    calls = sequencing.calls
    if calls is not None:
        calls = calls.set_axis(pd.Index(prefix + calls.index.astype("string"), dtype="string"))
    return SourceTables(
        clinical=dataclasses.replace(
            clinical,
            tables={name: _prefix(frame, prefix) for name, frame in clinical.tables.items()},
            exclusions=_prefix(clinical.exclusions, prefix),
        ),
        sequencing=dataclasses.replace(
            sequencing,
            variants=_prefix(sequencing.variants, prefix),
            copy_number=_prefix(sequencing.copy_number, prefix),
            fusions=_prefix(sequencing.fusions, prefix),
            biomarkers=_prefix(sequencing.biomarkers, prefix),
            dropped=_prefix(sequencing.dropped, prefix),
            calls=calls,
            coverage=StudyCoverage(
                profiles=_prefix(sequencing.coverage.profiles, prefix, (*_IDS, *_DATA_TYPES)),
                panels=_prefix(sequencing.coverage.panels, prefix),
                panel_genes=_prefix(sequencing.coverage.panel_genes, prefix),
            ),
        ),
    )


def _prefix(frame: pd.DataFrame, prefix: str, columns: tuple[str, ...] = _IDS) -> pd.DataFrame:
    return frame.assign(**{name: prefix + frame[name].astype("string") for name in columns if name in frame.columns})
