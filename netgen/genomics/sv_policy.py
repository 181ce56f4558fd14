"""Which structural variants count: the caller's filter, as for small variants (DOMAIN 1.4.3, step 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from netgen.genomics.filters import FilterSettings
from netgen.genomics.sequencing_file import DROPPED

_PASSED: Final = ("", ".", "PASS")


@dataclass(frozen=True, kw_only=True)
class FilteredFusions:
    """Structural variants that count, and what was dropped.

    Attributes
    ----------
    kept
        ``schema.FUSIONS``, rows in their old order.
    qc
        ``sample_id``, ``reason``, ``n``, sorted: rows dropped per sample and reason.
    """

    kept: pd.DataFrame
    qc: pd.DataFrame


def apply_fusion_policy(fusions: pd.DataFrame, *, settings: FilterSettings | None = None) -> FilteredFusions:
    """Leave out structural variants that their caller's filter rejects.

    Parameters
    ----------
    fusions
        ``schema.FUSIONS``. A row without a filter (tables of fusions have none) is kept.
    settings
        ``filters="any"`` keeps everything; the defaults if None.

    Returns
    -------
    FilteredFusions
        Every input row is in ``kept`` or counted in ``qc`` (reason ``filter``).
    """
    settings = settings if settings is not None else FilterSettings()
    written = fusions["filter"].str.strip().str.upper().fillna("")
    failing = ~written.isin(_PASSED) & (settings.filters == "pass")
    counts = fusions.loc[failing, "sample_id"].value_counts(sort=False).sort_index()
    qc = pd.DataFrame({"sample_id": counts.index.astype("string"), "reason": "filter", "n": counts.to_numpy()})
    return FilteredFusions(kept=fusions[~failing].reset_index(drop=True), qc=qc.astype(DROPPED))
