"""Tumour mutational burden: counted somatic mutations per megabase of covered coding sequence, with exact limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.genomics.classes import NONSYN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

Scheme = Literal["nonsilent", "coding_all"]
HIGH: Final = 10.0  # mutations per Mb, inclusive
SMALLEST_MB: Final = 0.667  # a smaller panel gives no status
DOUBTFUL_MB: Final = 1.0  # a panel smaller than this gives a status with a warning
SILENT: Final = "Silent"
LAB_DIFFERENCE: Final = 0.3  # of the burden that the laboratory gives
TMB_COLUMNS: Final[dict[str, str]] = {
    "sample_id": "sample",
    "scheme": "nonsilent: protein-changing; coding_all: also silent",
    "n_counted": "somatic mutations counted; germline, filtered and non-coding ones never are",
    "size_mb": "covered coding sequence of the panel, Mb",
    "tmb": "mutations per Mb",
    "tmb_lo": "lower 95 % limit, exact Poisson",
    "tmb_hi": "upper 95 % limit",
    "tmb_high": "10 mutations per Mb or more; NA for panels below 0.667 Mb",
    "status": "ok, panel_small (below 0.667 Mb), size_unknown or not_profiled",
    "warnings": "codes joined by ;",
}


def estimate_tmb(
    somatic: pd.DataFrame,
    profiles: pd.DataFrame,
    panels: pd.DataFrame,
    *,
    matched_normal: pd.Series | None = None,
    scheme: Scheme = "nonsilent",
    findings: Findings,
) -> pd.DataFrame:
    """Return the tumour mutational burden of every sample that was profiled.

    Parameters
    ----------
    somatic
        Somatic variants that passed the variant policy: sample_id, variant_class.
    profiles
        ``schema.PROFILES``: the panel behind the mutations of each sample.
    panels
        ``schema.PANELS`` with ``size_mb``.
    matched_normal
        "boolean" by sample_id; False = tumour-only, whose leftover germline variants count too. None = not known.
    scheme
        ``nonsilent``, or ``coding_all`` with silent mutations as well.
    findings
        Receives W_TMB_PANEL_SMALL and W_TMB_TUMOUR_ONLY, one each.

    Returns
    -------
    DataFrame
        ``TMB_COLUMNS``, sorted by sample_id. A sample without mutations has 0, with its upper limit.

    Notes
    -----
    Limits: exact Poisson (Garwood), chi-square quantiles over 2 size. DOMAIN 4.6. Witness: SC05.

    References
    ----------
    Garwood F. Biometrika 28:437-442 (1936).
    """
    counted = NONSYN if scheme == "nonsilent" else NONSYN | {SILENT}
    used = somatic.loc[somatic["variant_class"].isin(counted), "sample_id"]
    table = profiles[["sample_id"]].assign(panel_id=profiles["mutations"]).sort_values("sample_id", ignore_index=True)
    size = table["panel_id"].map(panels.set_index("panel_id")["size_mb"]).to_numpy(dtype=np.float64, na_value=np.nan)
    profiled = table["panel_id"].notna().to_numpy()
    count = np.asarray(table["sample_id"].map(used.value_counts()).fillna(0), dtype=np.float64)
    known = profiled & (size > 0)
    lo, hi = _poisson(count)
    per_mb = np.where(known, size, np.nan)
    small = known & (size < SMALLEST_MB)
    alone = np.zeros(len(table), dtype=bool)
    if matched_normal is not None:
        alone = known & (table["sample_id"].map(matched_normal) == False).fillna(value=False).to_numpy(dtype=bool)  # noqa: E712
    marks = {"W_TMB_PANEL_SMALL": known & (size < DOUBTFUL_MB), "W_TMB_TUMOUR_ONLY": alone}
    _tell(marks, findings)
    out = table[["sample_id"]].assign(
        scheme=scheme,
        n_counted=pd.array(np.where(profiled, count, np.nan), dtype="Float64").astype("Int64"),
        size_mb=np.where(profiled, size, np.nan),
        tmb=count / per_mb,
        tmb_lo=lo / per_mb,
        tmb_hi=hi / per_mb,
        tmb_high=pd.array(count / per_mb >= HIGH, dtype="boolean"),
        status=np.select([~profiled, ~known, small], ["not_profiled", "size_unknown", "panel_small"], default="ok"),
        warnings=[";".join(code for code, mark in marks.items() if mark[i]) for i in range(len(table))],
    )
    out.loc[~known | small, "tmb_high"] = pd.NA
    return out.astype(dict.fromkeys(("scheme", "status", "warnings"), "string"))[list(TMB_COLUMNS)]


def compare_with_lab(estimated: pd.DataFrame, biomarkers: pd.DataFrame, *, findings: Findings) -> pd.DataFrame:
    """Return burdens of the laboratory beside those recomputed, where they differ too much (V28).

    Only what can be compared is: a value with its sample, in mutations per Mb, from a panel that is large enough.

    Parameters
    ----------
    estimated
        ``TMB_COLUMNS``.
    biomarkers
        ``schema.BIOMARKERS``: rows of the biomarker TMB, unit blank or mut/Mb.
    findings
        Receives W_TMB_DISCORDANT, one per sample.

    Returns
    -------
    DataFrame
        ``patient_id``, ``sample_id``, ``lab``, ``tmb``: one row per discordant sample, sorted. The laboratory's value
        is the preferred one (DOMAIN 4.6); nothing is changed here.

    Notes
    -----
    Discordant: the difference is more than 30 % of the laboratory's value. Schemes differ between laboratories (silent
    mutations count in some), which alone may explain it.
    """
    is_tmb = biomarkers["biomarker"].astype("string").str.upper().eq("TMB")
    unit = biomarkers["unit"].astype("string").str.casefold().str.replace(" ", "").fillna("")
    usable = is_tmb & unit.isin(["", "mut/mb", "mutations/mb", "muts/mb"]) & biomarkers["value"].notna()
    lab = biomarkers.loc[usable.fillna(value=False), ["patient_id", "sample_id", "value"]].dropna()
    lab = lab.rename(columns={"value": "lab"}).drop_duplicates()
    both = lab.merge(estimated.loc[estimated["status"] == "ok", ["sample_id", "tmb", "scheme"]], on="sample_id")
    differs = (both["lab"] - both["tmb"]).abs() > LAB_DIFFERENCE * both["lab"] * (1 + 1e-9)
    out = both[differs].sort_values(["patient_id", "sample_id", "lab"], ignore_index=True)
    for patient, sample, lab_value, value, scheme in zip(
        *(out[name] for name in ("patient_id", "sample_id", "lab", "tmb", "scheme")), strict=True
    ):
        findings.add(
            "W_TMB_DISCORDANT",
            f"The laboratory gives {sample} {lab_value:.1f} mutations per Mb, recomputed ({scheme}) are {value:.1f}.",
            fix="Check the panel size, the filters and what the laboratory counts; its value is used.",
            column="TMB",
            value=sample,
            patient_id=str(patient),
            rule="V28",
        )
    return out[["patient_id", "sample_id", "lab", "tmb"]]


def _poisson(count: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact 95 % limits of a Poisson mean."""
    from scipy.special import chdtri

    with np.errstate(invalid="ignore"):
        lo = np.where(count > 0, chdtri(2 * np.maximum(count, 1), 0.975) / 2, 0.0)
    return lo, chdtri(2 * count + 2, 0.025) / 2


def _tell(marks: dict[str, NDArray[np.bool_]], findings: Findings) -> None:
    text = {
        "W_TMB_PANEL_SMALL": f"a burden needs {DOUBTFUL_MB:g} Mb, and {SMALLEST_MB} Mb at the least; found less",
        "W_TMB_TUMOUR_ONLY": "without a matched normal leftover germline variants count",
    }
    for code, mark in marks.items():
        if mark.any():
            findings.add(code, f"TMB of {int(mark.sum())} samples: {text[code]}.")
