"""One source of a study, read: whatever its kind, the result is the same tables."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from netgen.errors import InputError
from netgen.sources.cbioportal import read_cbioportal
from netgen.sources.clinical_tables import read_clinical_tables
from netgen.sources.one_sheet import read_one_sheet
from netgen.sources.sequencing import read_sequencing
from netgen.sources.tables import ClinicalTables, SequencingTables, SourceTables

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.study import SourceSpec, Study

__all__ = ["ClinicalTables", "SequencingTables", "SourceTables", "read_source"]


def read_source(source: SourceSpec, study: Study, *, findings: Findings) -> SourceTables:
    """Return the tables of one source.

    Parameters
    ----------
    source
        Where the data are.
    study
        For the settings that hold for all sources.
    findings
        Collects everything that is wrong, in all files.

    Returns
    -------
    SourceTables
        Canonical tables; ids carry the source's namespace.

    Raises
    ------
    InputError
        If a file is missing or cannot be read at all.
    """
    for path in _paths(source):
        if not path.exists():
            raise InputError(
                "E_FILE_MISSING",
                f"{path.name} is named by the study but does not exist.",
                fix="Check the path.",
                file=str(path),
            )
    if source.kind == "cbioportal":
        tables = read_cbioportal(source, study, findings=findings)
    elif source.kind == "sheet":
        tables = read_one_sheet(source, study, findings=findings)
    else:
        clinical = read_clinical_tables(source, study, findings=findings)
        sequencing = read_sequencing(
            source, study, clinical.tables["samples"], clinical.tables["patients"], findings=findings
        )
        tables = SourceTables(clinical=clinical, sequencing=sequencing)
    return _in_namespace(_in_context(tables, study), source.namespace)


def _paths(source: SourceSpec) -> list[Path]:
    named = [spec.file for spec in source.tables.values()]
    if source.path is not None:
        named.append(source.path)
    if source.alterations is not None:
        named.append(source.alterations.file)
    return [*named, *source.panels]


def _in_context(tables: SourceTables, study: Study) -> SourceTables:
    """Fill in the study's sequencing context where a sample does not state its own."""
    if study.sequencing_context is None:
        return tables
    samples = tables.clinical.tables["samples"]
    samples = samples.assign(sequencing_context=samples["sequencing_context"].fillna(study.sequencing_context))
    return dataclasses.replace(
        tables, clinical=dataclasses.replace(tables.clinical, tables={**tables.clinical.tables, "samples": samples})
    )


def _in_namespace(tables: SourceTables, namespace: str) -> SourceTables:
    """Put ``namespace.`` before every patient and sample id, so that sources cannot collide."""
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
            calls=calls,
            coverage=dataclasses.replace(sequencing.coverage, profiles=_prefix(sequencing.coverage.profiles, prefix)),
        ),
    )


def _prefix(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    keys = [key for key in ("patient_id", "sample_id") if key in frame.columns]
    return frame.assign(**{key: prefix + frame[key].astype("string") for key in keys})
