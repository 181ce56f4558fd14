"""Who is eligible, and into which groups of origin and histology a patient falls (DOMAIN 0 D8, 1.1, 1.14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.ki67 import classify_ki67
from netgen.clinical.origin import find_advanced
from netgen.clinical.rows import row_finding
from netgen.schema import ORIGIN_GROUP2, ORIGIN_GROUP3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.errors import Findings


@dataclass(frozen=True, kw_only=True)
class EligibilityCriteria:
    """What makes a patient eligible; the defaults admit everyone.

    Attributes
    ----------
    ki67_above
        Ki-67 must be strictly above this percentage; None = not asked.
    differentiation
        Permitted values; empty = any.
    require_advanced
        A date of advanced disease (or a diagnosis with synchronous metastases) is needed.
    origins
        Permitted values of ``origin``; empty = any.
    """

    ki67_above: float | None = None
    differentiation: tuple[str, ...] = ()
    require_advanced: bool = False
    origins: tuple[str, ...] = ()


LINEAR_CRITERIA: Final = EligibilityCriteria(
    ki67_above=20.0, differentiation=("well",), require_advanced=True, origins=tuple(ORIGIN_GROUP3)
)

# What decides a histology group, first row that fits: site, column, value, group.
HistologyRule = tuple[str, str, str, str]
HISTOLOGY_RULES: Final[tuple[HistologyRule, ...]] = (
    ("thoracic", "carcinoid_type", "typical", "typical_carcinoid"),
    ("thoracic", "carcinoid_type", "atypical", "atypical_carcinoid"),
    ("thoracic", "carcinoid_type", "nos", "carcinoid_nos"),
    ("any", "who_grade", "G1", "net_g1"),
    ("any", "who_grade", "G2", "net_g2"),
    ("any", "who_grade", "G3", "net_g3"),
    ("any", "who_grade", "NEC", "nec"),
    ("any", "morphology_icdo3", "8013/3", "lcnec"),
    ("any", "morphology_icdo3", "8041/3", "small_cell"),
    ("any", "morphology_icdo3", "8154/3", "minen"),
    ("any", "morphology_icdo3", "8246/3", "nec"),
    ("thoracic", "morphology_icdo3", "8249/3", "atypical_carcinoid"),
    ("duodenopancreatic", "morphology_icdo3", "8249/3", "net_g2_g3"),  # the code cannot tell G2 from G3
)


def select_eligible(
    patients: pd.DataFrame, *, criteria: EligibilityCriteria, findings: Findings
) -> tuple[pd.Index, pd.DataFrame]:
    """Return the ids of eligible patients and a table of the others with the first reason.

    Parameters
    ----------
    patients
        Canonical ``patients``.
    criteria
        What is asked.
    findings
        Receives W_KI67_BORDERLINE for each patient whose Ki-67 range straddles the threshold.

    Returns
    -------
    eligible
        Sorted patient ids.
    excluded
        patient_id, reason; sorted by ``patient_id``. Reasons, in the order in which they are asked:
        ``differentiation_missing`` (blank or unknown), ``differentiation_not_eligible``, ``ki67_missing``,
        ``ki67_not_above``, ``ki67_borderline``, ``date_advanced_missing``, ``origin_missing`` (blank or unknown),
        ``origin_not_eligible``.

    Notes
    -----
    Ki-67 is judged by ``classify_ki67``: eligible if the lower bound is above the threshold, or the value is an open
    ``>T`` at or above it; not above if the upper bound is at most the threshold; else borderline. Witness: scenario
    SC29.
    """
    checks = [
        *_check_words(patients["differentiation"], criteria.differentiation, "differentiation"),
        *_check_ki67(patients, criteria.ki67_above),
        (criteria.require_advanced & np.isnan(find_advanced(patients)[0].day), "date_advanced_missing"),
        *_check_words(patients["origin"], criteria.origins, "origin"),
    ]
    reason = np.select([mask for mask, _ in checks], [name for _, name in checks], default="")
    for row in _by_patient(patients, np.flatnonzero(reason == "ki67_borderline")):
        findings.extend(
            [
                row_finding(
                    patients,
                    row,
                    code="W_KI67_BORDERLINE",
                    message=f"Ki-67 must be above {criteria.ki67_above:g} %; this range straddles it, so the patient is"
                    " not eligible.",
                    fix="Ask the pathologist for the percentage.",
                    column="ki67_pct",
                    value=_ki67_as_written(patients.iloc[row]),
                    rule="1.14",
                )
            ]
        )
    ids = patients["patient_id"]
    eligible = pd.Index(ids[reason == ""].sort_values(), name="patient_id")
    out = pd.DataFrame({"patient_id": ids, "reason": pd.Series(reason, index=ids.index, dtype="string")})
    out = out[reason != ""].sort_values("patient_id", kind="stable").reset_index(drop=True)
    return eligible, out


def fill_ki67(patients: pd.DataFrame) -> pd.DataFrame:
    """Return ``ki67_low``, ``ki67_high`` and ``ki67_text``, bounds filled from ``ki67_pct`` where only that is given.

    Parameters
    ----------
    patients
        Canonical ``patients``.

    Returns
    -------
    DataFrame
        The three columns, same index.
    """
    value = patients["ki67_pct"]
    return pd.DataFrame(
        {
            "ki67_low": patients["ki67_low"].fillna(value),
            "ki67_high": patients["ki67_high"].fillna(value),
            "ki67_text": patients["ki67_text"],
        }
    )


def derive_groups(patients: pd.DataFrame, *, rules: Sequence[HistologyRule] = HISTOLOGY_RULES) -> pd.DataFrame:
    """Return the patients with ``origin_group3``, ``origin_group2`` and ``histology_group`` added.

    Nothing is guessed: an origin outside the mapping has missing groups, a histology that no rule maps is ``unknown``.

    Parameters
    ----------
    patients
        Canonical ``patients``.
    rules
        (site, column, value, group), first match wins; site is any, an ``origin_group2`` or an ``origin_group3``.

    Returns
    -------
    DataFrame
        The same rows. ``origin_group3``: thymic, lung, duodenopancreatic. ``origin_group2``: thoracic,
        duodenopancreatic. ``histology_group``: ``<origin_group3>_<group>`` or unknown.
    """
    group3 = patients["origin"].map(ORIGIN_GROUP3).astype("string")
    group2 = patients["origin"].map(ORIGIN_GROUP2).astype("string")
    histology = pd.Series("unknown", index=patients.index, dtype="string")
    for site, column, value, group in reversed(list(rules)):
        fits = (patients[column] == value).fillna(value=False) & group3.notna()
        if site != "any":
            fits &= ((group3 == site) | (group2 == site)).fillna(value=False)
        histology = histology.mask(fits.astype(bool), group3 + "_" + group)
    return patients.assign(origin_group3=group3, origin_group2=group2, histology_group=histology)


def _check_words(values: pd.Series, permitted: tuple[str, ...], name: str) -> list[tuple[NDArray[np.bool_], str]]:
    if not permitted:
        return []
    missing = (values.isna() | (values == "unknown")).to_numpy(dtype=bool, na_value=True)
    if "unknown" in permitted:
        missing = values.isna().to_numpy(dtype=bool)
    wrong = ~values.isin(permitted).to_numpy(dtype=bool, na_value=False)
    return [(missing, f"{name}_missing"), (wrong, f"{name}_not_eligible")]


def _check_ki67(patients: pd.DataFrame, threshold: float | None) -> list[tuple[NDArray[np.bool_], str]]:
    if threshold is None:
        return []
    kind = classify_ki67(fill_ki67(patients), threshold=threshold)
    reasons = {"missing": "ki67_missing", "ineligible": "ki67_not_above", "borderline": "ki67_borderline"}
    return [((kind == name).to_numpy(dtype=bool, na_value=False), reason) for name, reason in reasons.items()]


def _ki67_as_written(patient: pd.Series) -> str:
    if pd.notna(patient["ki67_text"]):
        return str(patient["ki67_text"])
    return f"{patient['ki67_low']:g}-{patient['ki67_high']:g}"


def _by_patient(patients: pd.DataFrame, rows: NDArray[np.intp]) -> list[int]:
    return sorted((int(row) for row in rows), key=lambda row: str(patients["patient_id"].iloc[row]))
