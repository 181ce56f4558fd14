"""Who was sequenced, compared with who was not: selection by tissue availability (DOMAIN 2.10)."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.baseline_variables import NOT_SEQUENCED, SEQUENCED, Variable
from netgen.association.describe_results import SELECTION_COLUMNS
from netgen.association.group_survival import survival
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.table_one import NOT_FINITE, Columns, GroupTests, tabulate_characteristics
from netgen.derive import build_matrix
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.cohort import Cohort
    from netgen.errors import Findings
    from netgen.study import Study

GROUPING: Final = "netgen_sequencing"  # a column of our own, beside those of the user
ALPHA: Final = 0.05
NOTABLE: Final = 0.1  # standardised difference below which nothing is called a difference
MIN_GROUP: Final = 3  # patients on either side
RULE: Final = (
    f"W_SELECTION: overall survival from its origin differs with p < {ALPHA:g} (primary p of the group comparison), or"
    f" a baseline variable differs with a Holm-adjusted p < {ALPHA:g} over all baseline variables and a standardised"
    f" difference above {NOTABLE:g} (or one that is not finite)."
)
IMMORTAL: Final = (
    "Sequenced patients had to live until they were sequenced: part of a difference in their favour is that time."
)


class Selection(NamedTuple):
    """``SELECTION_COLUMNS``, the table of characteristics behind it, and why there is none (blank = there is)."""

    table: pd.DataFrame
    characteristics: pd.DataFrame
    status: str


def find_sequenced(cohort: Cohort) -> pd.Series:
    """Return who was profiled for at least one feature.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    Series
        True or False, indexed by ``patient_id``, sorted. A sample with a panel counts where no gene is known.

    Notes
    -----
    All genes and all samples count, whatever the study asks of its features.
    """
    settings = dataclasses.replace(
        cohort.study.association, genes=(), pathways={}, features="any_nonsyn", policy="union", prespecified=()
    )
    matrix = build_matrix(cohort, settings)
    profiled = pd.Series(np.asarray((matrix.status >= 0).any(axis=0)), index=matrix.patients, dtype=bool)
    if len(matrix.features) == 0:
        covered = cohort.profiles.set_index("sample_id").notna().any(axis=1)
        owners = cohort.samples.set_index("sample_id")["patient_id"]
        profiled |= profiled.index.isin(owners.reindex(covered.index[covered]).dropna())
    return profiled.sort_index()


def from_origin(cohort: Cohort) -> Study:
    """Return the study with survival counted from its origin, for all patients.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    Study
        Without delayed entry and landmark.
    """
    settings = dataclasses.replace(
        cohort.study.association, entry_rule="none", landmark=None, report_both=False, strata="none"
    )
    return dataclasses.replace(cohort.study, association=settings)


def compare_selection(
    cohort: Cohort, variables: Sequence[Variable], sequenced: pd.Series, plan: GroupTests, *, findings: Findings
) -> Selection:
    """Compare sequenced with other patients: baseline variables and overall survival.

    Parameters
    ----------
    cohort
        The cohort.
    variables
        Of all patients; those that are known at baseline are compared.
    sequenced
        From ``find_sequenced``.
    plan
        Draws and seed; tests are always made.
    findings
        Receives W_SELECTION if there is a clear difference.

    Returns
    -------
    Selection
        No row, and why, if there are fewer than three patients on either side.

    Notes
    -----
    1. Exact or permutation tests of the baseline variables, Holm over them. Overall survival from its origin in both,
       without delayed entry: log-rank, permutation and hazard ratio of ``survival``.
    2. W_SELECTION: ``RULE``. Without it nothing is said about how alike the two are.
    """
    counts = int(sequenced.sum()), int((~sequenced).sum())
    if min(counts) < MIN_GROUP:
        status = "everybody was sequenced" if counts[1] == 0 else "nobody was sequenced" if counts[0] == 0 else ""
        status = status or f"fewer than {MIN_GROUP} patients on one side: {counts[0]} sequenced, {counts[1]} not"
        return Selection(_frame([]), pd.DataFrame(), status)
    labels = sequenced.map({True: SEQUENCED, False: NOT_SEQUENCED}).astype("string")
    columns = Columns(grouping="sequencing", labels=labels, order=(SEQUENCED, NOT_SEQUENCED))
    tests = dataclasses.replace(plan, tests=True)
    table = tabulate_characteristics([item for item in variables if item.baseline], columns, tests)
    rows = [*_baseline(table), *_survival(cohort, labels, plan)]
    out = _frame(rows)
    clear = out.loc[out["clear"].fillna(value=False).astype(bool)].drop_duplicates(["variable", "p_holm"])
    if len(clear):
        parts = [_sentence(row) for row in clear.to_dict("records")]
        findings.add(
            "W_SELECTION",
            f"sequenced ({counts[0]}) and other ({counts[1]}) patients differ: {'; '.join(parts)}.",
            fix="Say so beside every result on genes: it holds for patients like the sequenced ones.",
        )
    return Selection(out, table, "")


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).reindex(columns=list(SELECTION_COLUMNS))
    return frame.astype({"n_sequenced": "Int64", "n_not_sequenced": "Int64", "clear": "boolean"})


def _baseline(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per variable and level, the two groups beside each other."""
    keys = ["variable", "label", "level", "kind"]
    sides = {group: table.loc[table["group"] == group].reset_index(drop=True) for group in (SEQUENCED, NOT_SEQUENCED)}
    first, second = sides[SEQUENCED], sides[NOT_SEQUENCED]
    out = first[[*keys, "smd", "p", "p_method"]].assign(
        n_sequenced=first["n"], n_not_sequenced=second["n"], sequenced=first["text"], not_sequenced=second["text"],
        note="",
    )  # fmt: skip
    test = out["variable"].where(out["kind"] != "multiple", out["variable"] + ":" + out["level"])
    family = out.loc[out["p"].notna()].assign(test=test).drop_duplicates("test").set_index("test")["p"]
    holm = pd.Series(adjust_pvalues(family, method="holm"), index=family.index)
    out["p_holm"] = test.map(holm).astype("float64").mask(out["p"].isna())
    apart = (out["smd"] > NOTABLE) | first["smd_pair"].str.endswith(NOT_FINITE).to_numpy(dtype=bool)
    out["clear"] = ((out["p_holm"] < ALPHA) & apart).mask(out["p_holm"].isna())
    return [{str(key): value for key, value in row.items()} for row in out.to_dict("records")]


def _survival(cohort: Cohort, labels: pd.Series, plan: GroupTests) -> list[dict[str, Any]]:
    """Overall survival of both from its origin; no row where there is none."""
    marked = cohort.patients.assign(**{GROUPING: cohort.patients["patient_id"].map(labels).astype("string")})
    try:
        found = survival(
            dataclasses.replace(cohort, patients=marked, study=from_origin(cohort)),
            by=GROUPING, endpoints=["os"], reference=NOT_SEQUENCED, permutations=plan.draws, seed=plan.seed,
        )  # fmt: skip
    except AnalysisError as error:
        if error.finding.code not in {"E_ENDPOINT_UNAVAILABLE", "E_CONFIG"}:
            raise
        return []
    test = found.group_tests.iloc[0]
    km = {row["group"]: row for row in found.km.loc[found.km["grouping"] == GROUPING].to_dict("records")}
    p, tested = float(test["p_primary"]), test["status"] == "tested"
    row = {
        "variable": "os", "label": "Overall survival", "level": "events / patients; median days (95 % CI)",
        "kind": "survival", "p": p, "p_method": test["p_method"], "p_holm": p, "clear": p < ALPHA if tested else pd.NA,
        "chi2": test["chi2"], "p_logrank": test["p_asymptotic"], "hr": test["hr"], "hr_lo": test["hr_lo"],
        "hr_hi": test["hr_hi"], "note": _note(cohort, test),
    }  # fmt: skip
    for group, name in ((SEQUENCED, "sequenced"), (NOT_SEQUENCED, "not_sequenced")):
        row[f"n_{name}"] = km[group]["n"] if group in km else 0
        row[name] = _curve_text(km[group]) if group in km else "-"
    return [row]


def _curve_text(row: Mapping[Any, Any]) -> str:
    median, lo, hi = ("NR" if pd.isna(row[name]) else f"{row[name]:g}" for name in ("median", "median_lo", "median_hi"))
    return f"{row['events']} / {row['n']}; {median} ({lo} to {hi})"


def _note(cohort: Cohort, test: pd.Series) -> str:
    """Say what a difference in survival may be, and what the absence of a clear one is not."""
    contexts = set(cohort.samples["sequencing_context"].dropna())
    stated = {cohort.study.sequencing_context} - {None}
    parts = [] if (contexts or stated) == {"research_retrospective"} else [IMMORTAL]
    if test["status"] != "tested":
        parts.insert(0, f"Not tested: {test['status']}.")
    elif str(test["reading"]):
        parts.insert(0, str(test["reading"]))
    return " ".join(parts)


def _sentence(row: dict[Any, Any]) -> str:
    name = row["label"] if row["kind"] != "multiple" else f"{row['label']}, {row['level']}"
    if row["kind"] == "survival":
        return f"overall survival (HR {row['hr']:.2f}, {row['hr_lo']:.2f} to {row['hr_hi']:.2f}; p = {row['p']:.2g})"
    size = "not finite" if math.isnan(row["smd"]) else f"{row['smd']:.2f}"
    return f"{name} (standardised difference {size}, Holm p = {row['p_holm']:.2g})"
