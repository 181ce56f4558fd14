"""The words, codes and statuses that occur in a run, with their meaning."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.response_results import RESPONSE_STATUSES
from netgen.association.results import STATUSES
from netgen.association.survival_results import GROUP_STATUSES
from netgen.data import load_table
from netgen.errors import CODES
from netgen.report.methods_words import any_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgen.report.study_report import ReportResults

FILE: Final = "glossary.tsv"
_PARTS: Final = ("association", "survival", "therapy", "response", "description", "actionability")


def list_terms(results: ReportResults) -> pd.DataFrame:
    """Return the words that a run needs.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    DataFrame
        ``term`` and ``meaning``, in the order of the report.
    """
    table = load_table(FILE)
    holds = {name: bool(value) for name, value in _conditions(results).items()}
    return table.loc[table["when"].map(holds).astype(bool), ["term", "meaning"]].reset_index(drop=True)


def list_codes(results: ReportResults) -> pd.DataFrame:
    """Return the message codes that occur: among the findings, and beside rows of results.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    DataFrame
        ``code`` and ``meaning``, warnings before notes, then by name.
    """
    found = {item.code for item in results.cohort.findings}
    for part in _results(results):
        found |= {item.code for item in part.findings}
        for frame in _tables(part):
            for column in ("warnings", "flags"):
                if column in frame.columns:
                    values = frame[column].dropna().astype("string").drop_duplicates()
                    found |= {code for text in values for code in str(text).split(";")} & set(CODES)
    codes = sorted(found, key=lambda code: ("EWI".index(code[0]), code))
    return pd.DataFrame({"code": codes, "meaning": [CODES[code] for code in codes]}, dtype="string")


def list_statuses(results: ReportResults) -> pd.DataFrame:
    """Return the statuses of rows that occur.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    DataFrame
        ``status`` and ``meaning``; of one that means the same in several tables the first meaning.
    """
    known: dict[str, str] = {}
    for result, name, statuses in (
        (results.association, "table", STATUSES),
        (results.survival, "group_tests", GROUP_STATUSES),
        (results.response, "table", RESPONSE_STATUSES),
    ):
        if result is not None:
            present = set(getattr(result, name)["status"].dropna())
            for status, meaning in statuses.items():
                if status in present:
                    known.setdefault(status, meaning)
    return pd.DataFrame({"status": list(known), "meaning": list(known.values())}, dtype="string")


def _results(results: ReportResults) -> Iterator[Any]:
    for name in _PARTS:
        part = getattr(results, name)
        if part is not None:
            yield part


def _tables(part: object) -> Iterator[pd.DataFrame]:
    """Yield the tables of a result."""
    assert is_dataclass(part)
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, pd.DataFrame):
            yield value


def _conditions(results: ReportResults) -> dict[str, object]:
    """Return what a run holds; the names are those of ``glossary.tsv``."""
    found, groups, description = results.association, results.survival, results.description
    frames = [*([] if found is None else [found.table]), *([] if groups is None else [groups.group_tests])]
    settings = [item.plan["requested"] for item in (found, groups) if item is not None]
    table = None if found is None else found.table
    return {
        "genes": found is not None or results.oncoprint is not None,
        "origin": results.cohort.patients["origin_group3"].notna().any(),
        "survival": frames,
        "ratio": any(any_in(frame, "hr") for frame in frames),
        "followup": len(description.followup),
        "entry": any((frame["entry_rule"] != "none").any() for frame in frames),
        "landmark": any(item["landmark"] is not None for item in settings),
        "permutation": any(frame["p_method"].isin(["exact", "monte_carlo"]).any() for frame in frames),
        "firth": any((frame["estimator"] == "firth").any() for frame in frames),
        "strata": any((frame["strata"] != "none").any() for frame in frames),
        "monotone": table is not None and (table["mle_status"] == "monotone").any(),
        "multiplicity": table is not None and any_in(table, "q_bh"),
        "minp": table is not None and any_in(table, "p_minp"),
        "heterogeneity": table is not None and any_in(table, "het_p"),
        "evalue": table is not None and any_in(table, "evalue"),
        "ph": any(any_in(frame, "ph_p") for frame in frames),
        "rmst": any(any_in(frame, "rmst_diff") for frame in frames),
        "power": any(any_in(frame, "mdhr_80") for frame in frames),
        "competing": groups is not None and len(groups.competing),
        "model": found is not None and found.models,
        "stability": found is not None and any(item.stability is not None for item in found.models.values()),
        "therapy": results.therapy is not None,
        "tables": results.therapy is not None or results.response is not None or results.actionability is not None,
        "response": results.response is not None,
        "actionability": results.actionability is not None,
        "tmb": len(description.tmb),
        "smd": any_in(description.table1, "smd"),
    }
