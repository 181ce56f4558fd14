"""What the tables about therapeutic algorithms share: groups side by side with everybody, and words for their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.survival_results import GROUP_STATUSES
from netgen.association.therapy_tables import EVERYBODY
from netgen.report.page.share_cells import spread
from netgen.report.page.tables import render_table
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netgen.association.therapy import TherapyResult
    from netgen.report.page.markup import Markup

FOLDER: Final = "therapy"
METHODS: Final = {"exact": "exact", "monte_carlo": "Monte-Carlo", "none": "not tested"}
ALL_PATIENTS: Final = "All patients"
STATUSES: Final = {
    **GROUP_STATUSES,
    "described": "described, not tested",
    "one_group": "fewer than two groups",
    "one_class": "one class only",
    "one_level": "the same in everybody",
    "one_state": "one next state only",
    "nobody": "nobody received the line with a known class",
    "not_available": "not available",
    "no_change": "nothing changed in any pair",
    "no_line": "no line received",
    "class_unknown": "the class of the first line is not recorded",
}
ITEMS: Final = {
    "fdg_pet": "FDG-PET done", "sstr_pet": "SSTR-PET done", "both_pet": "both scans done",
    "fdg_positive": "FDG-PET positive", "sstr_positive": "SSTR-PET positive", "netpet": "NETPET class",
    "metastasis_biopsy": "biopsy of a metastasis", "ngs": "sequenced",
    "diagnosis_to_advanced": "diagnosis to advanced disease", "diagnosis_to_line1": "diagnosis to line 1",
    "advanced_to_line1": "advanced disease to line 1",
    "diagnosis_to_metastasis": "diagnosis to metastasis (metachronous only)",
    "new_lesion": "new lesion during the line",
    "ki67_change": "median change of Ki-67, points", "ki67_escalation": "Ki-67 risen by 10 points or more",
    "pfs": "PFS", "ttf": "TTF", "ttnt": "TTNT", "all_patients": "all patients, the dead have no further line",
    "while_alive": "while alive, deaths are censorings", "observed_mismatch": "mismatch of positions known in both",
    "hamming": "Hamming", "optimal_matching": "optimal matching",
}  # fmt: skip


def named(item: Any) -> str:  # noqa: ANN401  # a cell
    """Return an item, class, group or state for people.

    Parameters
    ----------
    item
        As in the tables.

    Returns
    -------
    str
        Words.
    """
    return ITEMS.get(str(item), words(str(item)))


def status_text(status: Any) -> str:  # noqa: ANN401  # a cell
    """Return a status in words.

    Parameters
    ----------
    status
        As in the tables.

    Returns
    -------
    str
        Its meaning.
    """
    return STATUSES.get(str(status), words(str(status)))


def of_grouping(frame: pd.DataFrame, grouping: str) -> pd.DataFrame:
    """Return the rows of one grouping.

    Parameters
    ----------
    frame
        A table with ``grouping``.
    grouping
        Its name.

    Returns
    -------
    DataFrame
        Rows in their order.
    """
    own: pd.DataFrame = frame.loc[frame["grouping"] == grouping]
    return own


def slug(result: TherapyResult, grouping: str) -> str:
    """Return the number of a grouping, for anchors: its name may be anything.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    str
        From 1.
    """
    return f"{list(result.plan['by']).index(grouping) + 1}"


def side_by_side(
    result: TherapyResult,
    frame: pd.DataFrame,
    grouping: str,
    *,
    index: Sequence[str],
    cell: Callable[[pd.DataFrame], pd.Series],
    key: str,
    labels: Mapping[str, str],
    meanings: Mapping[str, str],
    meaning: str,
    formats: Mapping[str, Callable[[Any], str]] | None = None,
    caption: str,
    id: str,  # noqa: A002  # the name in HTML
    source: str,
) -> Markup:
    """Return a table with one column per group, everybody before them where everybody is described.

    Parameters
    ----------
    result
        A finished comparison.
    frame
        Rows of all groupings, one per group and combination of ``index``; rows of everybody have the grouping all.
    grouping
        The grouping that is shown.
    index
        Columns that head the rows.
    cell
        Makes the text of each row.
    key
        Column that the groups are sorted by.
    labels
        Columns shown -> heading: those of ``index``, and behind the groups those that are the same for all of them
        (a test).
    meanings
        Column -> meaning.
    meaning
        Of a cell.
    formats
        Of columns that are shown.
    caption, id, source
        Of the table.

    Returns
    -------
    Markup
        The table.
    """
    own = of_grouping(frame, grouping)
    parts = [own] if grouping == EVERYBODY else [of_grouping(frame, EVERYBODY), own]
    rows = pd.concat([part for part in parts if len(part)] or [own], ignore_index=True)
    whole = (rows["grouping"] == EVERYBODY) & (grouping != EVERYBODY)
    rows = rows.assign(column=("group " + rows["group"].astype("string")).mask(whole, EVERYBODY))
    wide = spread(rows.assign(text=cell(rows)), index, "column", "text", key)
    heads = {name: ALL_PATIENTS if one == EVERYBODY else words(one.removeprefix("group "))
             for name, one in wide.groups.items()}  # fmt: skip
    beside = [name for name in labels if name not in index]
    shown = wide.frame.merge(own.drop_duplicates([*index])[[*index, *beside]], on=[*index], how="left")
    shown = shown[[*index, *wide.groups, *wide.sort.values(), *beside]]
    for name in index:
        if pd.api.types.is_string_dtype(shown[name]):
            shown[name] = shown[name].map(named, na_action="ignore")
    return render_table(
        shown, columns={**meanings, **dict.fromkeys(heads, meaning)}, labels={**labels, **heads}, sort=wide.sort,
        formats=formats, caption=caption, id=f"{id}-{slug(result, grouping)}", source=f"{FOLDER}/{source}",
    )  # fmt: skip
