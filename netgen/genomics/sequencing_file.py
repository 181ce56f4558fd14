"""What any sequencing file holds, whatever its format: the one shape that all readers of single files give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DATA_TYPES: Final = ("mutations", "cna", "structural_variants")
BIOMARKERS: Final = schema.Table(
    "sample_biomarkers",
    "one laboratory result of one sample, before its patient is known",
    (),
    tuple(column for column in schema.BIOMARKERS.columns if column.name not in {"patient_id", "date"}),
)
DROPPED: Final[dict[str, str]] = {"sample_id": "string", "reason": "string", "n": "int64"}


@dataclass(frozen=True, kw_only=True)
class SequencingFile:
    """What one file holds.

    Attributes
    ----------
    path
        The file.
    kind
        Format, as ``recognise`` names it.
    samples
        Tumour samples that the file speaks of, with or without alterations.
    profiled
        Data type (``DATA_TYPES``) -> samples for which the file would show it. A sample that is missing here was not
        looked at, which is not the same as wild type.
    genes
        Data type -> genes that the file covers; a data type that is missing here is not told (of variants the panel
        tells it).
    listed
        Samples that a line of the file says were sequenced (``#sequenced_samples:``).
    variants, copy_number, fusions
        Tables of ``netgen.schema``, before the variant policy.
    biomarkers
        ``BIOMARKERS``: TMB, MSI and the like as the laboratory gives them.
    build
        GRCh37 or GRCh38; None if the file does not say.
    n_records
        Records (rows) read.
    dropped
        sample_id, reason, n: what gave no row of any table.
    """

    path: Path
    kind: str
    samples: tuple[str, ...]
    profiled: Mapping[str, tuple[str, ...]]
    genes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    variants: pd.DataFrame = field(default_factory=lambda: schema.empty(schema.VARIANTS))
    copy_number: pd.DataFrame = field(default_factory=lambda: schema.empty(schema.COPY_NUMBER))
    fusions: pd.DataFrame = field(default_factory=lambda: schema.empty(schema.FUSIONS))
    biomarkers: pd.DataFrame = field(default_factory=lambda: schema.empty(BIOMARKERS))
    build: str | None = None
    n_records: int = 0
    dropped: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(DROPPED)).astype(DROPPED))
