"""What happens to the alterations of a cohort between reading and the alteration matrix, in this order.

1. With a genome sequence, the reference bases are compared with it and builds filled in (``reference_check``), and
   indels are left-aligned (``left_alignment``).
2. Samples that several files repeat are reported (``file_checks``).
3. Hot spots are marked (``hotspots``).
4. Germline, population, filters, depth and duplicates: the variant policy (``filters``), and the filter of structural
   variants (``sv_policy``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from netgen.errors import Findings
from netgen.genomics.file_checks import check_repeated_samples
from netgen.genomics.filters import apply_variant_policy
from netgen.genomics.hotspots import mark_hotspots
from netgen.genomics.left_alignment import normalize_alleles
from netgen.genomics.reference_check import check_reference
from netgen.genomics.sv_policy import apply_fusion_policy

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.genomics.filters import FilterSettings
    from netgen.genomics.hotspots import Hotspots


@dataclass(frozen=True, kw_only=True)
class CountedAlterations:
    """Alterations that count.

    Attributes
    ----------
    somatic, germline
        ``schema.VARIANTS``.
    fusions
        ``schema.FUSIONS``.
    qc
        sample_id, reason, n: what was dropped.
    """

    somatic: pd.DataFrame
    germline: pd.DataFrame
    fusions: pd.DataFrame
    qc: pd.DataFrame


def apply_policies(
    variants: pd.DataFrame,
    fusions: pd.DataFrame,
    *,
    matched_normal: pd.Series,
    hotspots: Hotspots | None,
    fasta: Path | None,
    settings: FilterSettings,
    findings: Findings,
) -> CountedAlterations:
    """Return the alterations that count.

    Parameters
    ----------
    variants, fusions
        Of all sources, as read.
    matched_normal
        "boolean" by sample_id; False = tumour-only.
    hotspots
        Of the knowledge snapshot; None = as the files say.
    fasta
        Genome sequence; None = reference bases are not checked.
    settings
        Of the filters.
    findings
        Collects what the steps report.

    Returns
    -------
    CountedAlterations
        Every input row is in it or counted in ``qc``.

    Raises
    ------
    InputError
        If the sequence cannot be used.
    """
    if fasta is not None and len(variants):
        variants = check_reference(variants, fasta, findings=findings)
        variants = normalize_alleles(variants, fasta=fasta, findings=Findings())  # what differs was reported above
    check_repeated_samples(variants, findings=findings)
    filtered = apply_variant_policy(
        mark_hotspots(variants, hotspots), matched_normal=matched_normal, settings=settings, findings=findings
    )
    events = apply_fusion_policy(fusions, settings=settings)
    return CountedAlterations(
        somatic=filtered.somatic,
        germline=filtered.germline,
        fusions=events.kept,
        qc=pd.concat([filtered.qc, events.qc], ignore_index=True),
    )
