"""What may bias an association, said only where it applies to the study (DOMAIN 3.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

    from netgen.association.results import AssociationResult
    from netgen.cohort import Cohort

TISSUE: Final = (
    "Selection by tissue: only patients whose tissue could be sequenced are in tests of genes. They may differ "
    "from the others in stage, in biopsies and in survival."
)
IMMORTAL: Final = (
    "Immortal time: patients had to survive until they were sequenced and count as at risk only from then on. This is "
    "right if the time of entry is independent of survival."
)
NO_ENTRY: Final = (
    "Immortal time: everybody counts as at risk from the origin. This is right if tissue was sequenced irrespective of "
    "survival; if patients had to live until they were sequenced, survival looks too good."
)
INDICATION: Final = (
    "Confounding by indication: treatment is chosen by FDG and somatostatin receptor imaging, Ki-67 and general "
    "condition. A difference between treated patients is not an effect of the treatment, nor of the gene alone."
)
UNADJUSTED: Final = "No clinical covariate was adjusted for."
PERMUTED: Final = ("exact", "monte_carlo")
CHANGED: Final = "treatment and imaging changed meanwhile, and tests do not adjust for it."
DATES: Final = ("date_diagnosis", "date_advanced")


def state_biases(result: AssociationResult, cohort: Cohort) -> list[str]:
    """Return what may bias the associations of a study.

    Parameters
    ----------
    result
        A finished run.
    cohort
        What it was run on: treatments, dates and institutions of its patients.

    Returns
    -------
    list of str
        Sentences, each beginning with the kind of bias.

    Notes
    -----
    1. Selection by tissue and the immortal time that the entry rules imply: always.
    2. Confounding by indication: if patients were treated, or a clock starts with a line.
    3. Treatment era: by the years of diagnosis; dates that are offsets say nothing about it.
    4. Multiplicity: with more than one test.
    5. Single centre: unless the patients come from several institutions.
    """
    plans = result.plan["endpoints"].values()
    late = {plan["entry_rule"] != "none" for plan in plans}
    lines = any(str(plan["origin_time"]).startswith("line:") for plan in plans)
    said = [TISSUE, *([IMMORTAL] if True in late else []), *([NO_ENTRY] if False in late else [])]
    if lines or len(cohort.treatments):
        adjusted = any(plan["adjust"] for plan in plans)
        said.append(INDICATION if adjusted else f"{INDICATION} {UNADJUSTED}")
    return [*said, *_era(cohort.patients), *_multiplicity(result), *_centre(cohort.patients)]


def _era(patients: pd.DataFrame) -> list[str]:
    """Treatment era: from the years of diagnosis, else of advanced disease."""
    if "time_base" in patients.columns and patients["time_base"].eq("offset").any():
        return ["Treatment era: calendar years are not known, so that changes of treatment over time cannot be judged."]
    for name in DATES:
        if name in patients.columns and patients[name].notna().any():
            years = patients[name].dt.year
            first, last = int(years.min()), int(years.max())
            event = name.removeprefix("date_").replace("advanced", "advanced disease")
            if first == last:
                return []
            return [f"Treatment era: years of {event} range from {first} to {last}; {CHANGED}"]
    return ["Treatment era: no calendar dates are known, so that changes of treatment over time cannot be judged."]


def _multiplicity(result: AssociationResult) -> list[str]:
    tested = result.table.loc[result.table["status"] == "tested"]
    tests = len(tested)
    if tests < 2:
        return []
    endpoints = result.plan["families"]
    families = len(tested[["endpoint", "family"]].drop_duplicates())
    text = f"Multiplicity: {tests} tests in {families} {'families' if families > 1 else 'family'}. "
    text += "q-values and Holm's p adjust within each endpoint and family"
    text += "; nothing adjusts across endpoints." if endpoints > 1 else "."
    if tested["p_method"].isin(PERMUTED).any():
        text += " p-values of a permutation test are discrete, which makes q-values conservative."
    return [text]


def _centre(patients: pd.DataFrame) -> list[str]:
    known = patients["institution"].dropna().nunique() if "institution" in patients.columns else 0
    if known > 1:
        return [f"Centres: patients come from {known} institutions; tests do not adjust for them."]
    if known == 1:
        return ["Single centre: all patients come from one institution; others may select and treat otherwise."]
    return ["Single centre: institutions are not recorded; whether other centres would find the same is not known."]
