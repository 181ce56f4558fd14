"""Reporting checklists, filled from a run: REMARK, STROBE, STROBE-ME, TRIPOD and ESMO-GROW (DOMAIN 5.1).

An item is answered by facts of the run, in part, or by the authors alone; it is never answered by anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.data import load_yaml
from netgen.report import checklist_facts, checklist_results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netgen.report.study_report import ReportResults

TO_COMPLETE: Final = "TO COMPLETE"
FILE: Final = "checklists.yaml"
# Columns of the filled checklists, with their meaning.
CHECKLIST_COLUMNS: Final[dict[str, str]] = {
    "checklist": "remark, strobe, strobe-me, tripod or esmo-grow",
    "item": "number of the item, as in the checklist; of esmo-grow a name of our own",
    "topic": "what the item is about",
    "asks": "what the item asks, in our words",
    "mode": "auto: answered by the run; partial: answered in part; manual: only the authors can answer it",
    "text": "the answer; TO COMPLETE marks what authors must add",
}


def list_facts() -> dict[str, Callable[[ReportResults], str]]:
    """Return the facts that items may name.

    Returns
    -------
    dict
        Name as in ``checklists.yaml`` -> function of a run.
    """
    return {**checklist_facts.FACTS, **checklist_results.FACTS}


def choose_checklists(results: ReportResults) -> list[str]:
    """Return the checklists that apply to a run.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    list of str
        Those of marker studies only if alterations were analysed, TRIPOD only if a penalised model was fitted.
    """
    found = results.association
    has = {"": True, "alterations": found is not None, "model": found is not None and bool(found.models)}
    return [name for name, item in load_yaml(FILE).items() if has[item["needs"]]]


def fill_checklists(results: ReportResults, names: Iterable[str] | None = None) -> pd.DataFrame:
    """Return checklists with the answers that a run gives.

    Parameters
    ----------
    results
        A finished run.
    names
        Checklists; None = those that apply.

    Returns
    -------
    DataFrame
        ``CHECKLIST_COLUMNS``, one row per item. An item whose facts are all blank is manual.

    Raises
    ------
    KeyError
        If there is no such checklist.
    """
    known, facts = load_yaml(FILE), list_facts()
    told = {name: fact(results) for name, fact in facts.items()}
    rows = [
        (name, item["id"], item["topic"], item["ask"], *_answer(item, told))
        for name in (choose_checklists(results) if names is None else names)
        for item in known[name]["items"]
    ]
    return pd.DataFrame(rows, columns=list(CHECKLIST_COLUMNS), dtype="string")


def _answer(item: dict[str, Any], told: dict[str, str]) -> tuple[str, str]:
    """Return mode and text."""
    text = " ".join(told[name] for name in item.get("facts", ()) if told[name])
    if not text:
        return "manual", TO_COMPLETE
    if item["mode"] == "partial":
        return "partial", f"{text} {TO_COMPLETE}: {item['rest']}."
    return "auto", text
