"""A single table of structural variants as a sequencing file: ``data_sv`` or the deprecated ``data_fusions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.genomics.fusions import read_legacy_fusions, read_structural_variants
from netgen.genomics.sequencing_file import SequencingFile
from netgen.genomics.sv_columns import count_rows

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pandas as pd

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames


def read_sv_file(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),  # noqa: ARG001 - all readers of single files have it; here a column says it
    names: GeneNames | None = None,
) -> SequencingFile:
    """Return the structural variants of a single ``data_sv`` file.

    Parameters
    ----------
    path, findings
        See ``fusions.read_structural_variants``.
    sample_id
        Sample that a file of one sample belongs to; None = the sample column.
    known_samples
        Not used: the sample column says whose the rows are.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    SequencingFile
        Kind ``structural_variants``. The samples of its rows are profiled for structural variants; the file does not
        say who else was.
    """
    table = read_structural_variants(path, findings=findings, names=names)
    return _as_file(path, "structural_variants", table, sample_id)


def read_fusions_file(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),  # noqa: ARG001 - see read_sv_file
    names: GeneNames | None = None,
) -> SequencingFile:
    """Return the fusions of a single deprecated ``data_fusions`` file.

    Parameters
    ----------
    path, findings
        See ``sv_legacy.read_legacy_fusions``.
    sample_id, known_samples, names
        See :func:`read_sv_file`.

    Returns
    -------
    SequencingFile
        Kind ``legacy_fusions``, otherwise as :func:`read_sv_file`.
    """
    table = read_legacy_fusions(path, findings=findings, names=names)
    return _as_file(path, "legacy_fusions", table, sample_id)


def _as_file(path: Path, kind: str, table: pd.DataFrame, sample_id: str | None) -> SequencingFile:
    samples = sorted({str(sample) for sample in table["sample_id"]})
    if sample_id is not None and len(samples) == 1:
        table, samples = table.assign(sample_id=sample_id).astype({"sample_id": "string"}), [sample_id]
    builds = sorted({str(build) for build in table["build"].dropna()})
    return SequencingFile(
        path=path,
        kind=kind,
        samples=tuple(samples),
        profiled={"structural_variants": tuple(samples)},
        fusions=table,
        build=builds[0] if len(builds) == 1 else None,
        n_records=count_rows(path),
    )
