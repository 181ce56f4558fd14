"""Table 1 as one HTML file: opens offline, runs nothing, and pastes into a word processor as one table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.association.describe_results import ALL, HEADER, MISSING
from netgen.association.table_one import NOT_FINITE
from netgen.report.summary import p_text
from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgen.association.describe_results import DescribeResult

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
# Rules above and below, none between columns, as journals print tables. Word processors read styles on the elements.
STYLE: Final = (
    "body{font:10pt/1.35 Arial,Helvetica,sans-serif;color:#000;margin:2em}"
    "table{border-collapse:collapse}"
    "caption{text-align:left;font-weight:bold;padding-bottom:.4em}"
    "th,td{text-align:left;vertical-align:top;padding:2px 10px 2px 0;font-weight:normal}"
    "thead th{border-top:1.5px solid #000;border-bottom:1px solid #000;font-weight:bold}"
    "td{white-space:nowrap}"
    "th.level{padding-left:1.4em}"
    "tr.last>*{border-bottom:1.5px solid #000}"
    "p{max-width:62em;margin:.5em 0;font-size:9pt}"
)
WORDS: Final = {
    "na": "not applicable", "nos": "not otherwise specified", "ssa": "somatostatin analogue", "prrt": "PRRT",
    "chemo_alkylating": "chemotherapy, alkylating", "chemo_platinum": "chemotherapy, platinum",
    "chemo_other": "chemotherapy, other", "mtor_inhibitor": "mTOR inhibitor",
    "tki_antiangiogenic": "antiangiogenic TKI", "ici": "immune checkpoint inhibitor", "ffpe": "FFPE",
    "origin_group3": "origin, three groups", "origin_group2": "origin, two groups",
}  # fmt: skip
CELLS: Final = (
    "Categories: n (%), the percentage is of patients with a known value; of patients who are missing, of all in the"
    " column. Unknown counts as missing. Numbers: statistics of the patients with a value."
)
MULTIPLE: Final = "Levels of a variable that a patient may have several of do not add up."
FOLLOWUP: Final = (
    "Follow-up: reverse Kaplan-Meier from the origin of overall survival, without delayed entry; NR = not reached."
)
DIFFERENCE: Final = "Difference: largest absolute standardised difference between two groups."
TESTS: Final = (
    "p: Freeman-Halton test (categories), Kruskal-Wallis test by permutation (numbers); not adjusted for the number of"
    " variables. Absence of a significant difference is not evidence of similarity."
)


def render_table_one(result: DescribeResult, *, title: str) -> str:
    """Return Table 1 as a page of HTML, every text escaped.

    Parameters
    ----------
    result
        A finished description.
    title
        Of the study.

    Returns
    -------
    str
        One table with a header row, and its footnotes below.
    """
    table = result.table1
    groups = list(dict.fromkeys(table["group"]))
    beside = _beside(result)
    body = _body(table, groups, beside)
    body[-1] = body[-1].replace("<tr", '<tr class="last"', 1)
    notes = "\n".join(f"<p>{escape(note)}</p>" for note in footnotes(result))
    caption = (
        f"Table 1. Characteristics of the patients: {title}" if title else "Table 1. Characteristics of the patients"
    )
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{escape(caption)}</title><style>{STYLE}</style></head><body>",
            f"<table><caption>{escape(caption)}</caption>",
            f"<thead><tr>{''.join(_head(table, groups, beside))}</tr></thead>",
            "<tbody>",
            *body,
            "</tbody></table>",
            notes,
            "</body></html>",
            "",
        ]
    )


def footnotes(result: DescribeResult) -> list[str]:
    """Return what must be said below Table 1.

    Parameters
    ----------
    result
        A finished description.

    Returns
    -------
    list of str
        Sentences; only those that apply.
    """
    table, plan = result.table1, result.plan
    multiple = (table["kind"] == "multiple").any()
    notes = [CELLS, *([MULTIPLE] if multiple else [])]
    notes += [FOLLOWUP] if (table["kind"] == "followup").any() else []
    notes += [DIFFERENCE] if _has(table, "smd_pair") else []
    notes += [TESTS] if plan["tests"] else []
    if plan["not_recorded"]:
        names = ", ".join(str(name).replace("_", " ") for name in plan["not_recorded"])
        notes.append(f"Not recorded in any patient, and not shown: {names}.")
    if plan["mask_below"] is not None:
        notes.append(
            f"Counts from 1 to {plan['mask_below'] - 1} are printed as <{plan['mask_below']}. {plan['mask_limits']}"
        )
    return [*notes, RESEARCH_USE]


def _has(table: pd.DataFrame, name: str) -> bool:
    return bool((table[name].fillna("") != "").any())


def _beside(result: DescribeResult) -> list[str]:
    """Columns behind the groups."""
    return [*(["Difference"] if _has(result.table1, "smd_pair") else []), *(["p"] if result.plan["tests"] else [])]


def _head(table: pd.DataFrame, groups: list[str], beside: list[str]) -> list[str]:
    sizes = table.loc[table["variable"] == HEADER].set_index("group")["text"].to_dict()
    cells = ['<th scope="col">Characteristic</th>']
    for group in groups:
        name = "All" if group == ALL else words(group)
        cells.append(f'<th scope="col">{escape(name)}<br>n = {escape(str(sizes[group]))}</th>')
    return [*cells, *(f'<th scope="col">{name}</th>' for name in beside)]


def _body(table: pd.DataFrame, groups: list[str], beside: list[str]) -> list[str]:
    """One row per variable and level, a heading row for a variable with levels."""
    lines = []
    for name, rows in table.groupby("variable", sort=False):
        if name == HEADER:
            continue
        first = rows.iloc[0]
        unit = f", {first['unit']}" if first["unit"] else ""
        shared = first["kind"] != "multiple"
        extra = compare_groups(first, beside) if shared else [""] * len(beside)
        lines.append(_row("", f"{first['label']}{unit}", [""] * len(groups), extra))
        for level, own in rows.groupby("level", sort=False):
            texts = own.set_index("group")["text"]
            cells = ["" if pd.isna(texts.get(group)) else str(texts[group]) for group in groups]
            compared = not shared and level != MISSING
            lines.append(
                _row(
                    "level",
                    words(str(level)),
                    cells,
                    compare_groups(own.iloc[0], beside) if compared else [""] * len(beside),
                )
            )
    return lines


def compare_groups(row: pd.Series, beside: list[str]) -> list[str]:
    """Return how a variable differs between the groups, as Table 1 prints it.

    Parameters
    ----------
    row
        Of ``TABLE1_COLUMNS``.
    beside
        Which columns there are: Difference, p.

    Returns
    -------
    list of str
        One cell each; blank = not known.
    """
    pair = str(row["smd_pair"])
    difference = "not finite" if pair.endswith(NOT_FINITE) else "" if pd.isna(row["smd"]) else f"{row['smd']:.2f}"
    cells: Mapping[str, str] = {"Difference": difference, "p": "" if pd.isna(row["p"]) else p_text(float(row["p"]))}
    return [cells[name] for name in beside]


def _row(kind: str, head: str, cells: Iterable[str], extra: Iterable[str]) -> str:
    mark = f' class="{kind}"' if kind else ""
    body = "".join(f"<td>{escape(cell)}</td>" for cell in (*cells, *extra))
    return f'<tr><th scope="row"{mark}>{escape(head)}</th>{body}</tr>'


def words(level: str) -> str:
    """Return a level or reason for people.

    Parameters
    ----------
    level
        As in the tables.

    Returns
    -------
    str
        Without underscores.
    """
    return WORDS.get(level, level.replace("_", " ").replace("+", " + "))
