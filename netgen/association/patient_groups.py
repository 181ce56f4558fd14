"""Groups of patients that a request names: a column, cut points of a number, a gene, or the class of a line."""

from __future__ import annotations

import dataclasses
import difflib
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association import landmark_groups
from netgen.association.sequenced import check_sequenced, why_unread
from netgen.clinical.cells import is_null
from netgen.derive import build_matrix, resolve_genes
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgen.clinical.endpoints import Endpoint
    from netgen.cohort import Cohort
    from netgen.errors import Findings
    from netgen.study import AssociationSettings

MAX_GROUPS: Final = 8
MOST_SHOWN: Final = 30  # names of columns in a message
# What a short word stands for; origins are compared in three and in two groups (DOMAIN D8).
SHORT: Final[dict[str, tuple[str, ...]]] = {
    "origin": ("origin_group3", "origin_group2"),
    "origin3": ("origin_group3",),
    "origin2": ("origin_group2",),
    "histology": ("histology_group",),
    "ki67": ("ki67_pct",),
    "grade": ("who_grade",),
    "stage": ("stage_at_diagnosis",),
}
# Orders that are not alphabetical.
ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "origin_group3": ("thymic", "lung", "duodenopancreatic"),
    "origin_group2": ("thoracic", "duodenopancreatic"),
}
ALTERED: Final = "altered"
WILD_TYPE: Final = "wild type"
OF_LINE: Final = ("regimen_class", "regimen")


class PatientGroups(NamedTuple):
    """Groups of the patients of a cohort.

    Attributes
    ----------
    name
        Of the grouping: the column, the column with its cut points, or the gene.
    labels
        Indexed by ``patient_id``; missing where a patient is in no group.
    order
        Groups that occur, in the order of tables and figures.
    missing
        Reason of those without a group.
    """

    name: str
    labels: pd.Series
    order: tuple[str, ...]
    missing: str


def expand_request(by: str | Iterable[str], columns: Iterable[str] = ()) -> list[str]:
    """Return the groupings that a request stands for, each once.

    Parameters
    ----------
    by
        One name or several; ``origin`` stands for the origins in three and in two groups.
    columns
        Columns of the patients: a short word that is one of them, other than origin, stands for itself.

    Returns
    -------
    list of str
        Names of columns (``ki67_pct:30,55`` with cut points) and genes.

    Raises
    ------
    AnalysisError
        E_CONFIG if nothing is named.

    Examples
    --------
    >>> expand_request("origin")
    ['origin_group3', 'origin_group2']
    >>> expand_request(["ki67:30", "sex"])
    ['ki67_pct:30', 'sex']
    """
    own = set(columns) - {"origin"}
    out: list[str] = []
    for item in [by] if isinstance(by, str) else by:
        name, colon, cuts = item.strip().partition(":")
        full = (name,) if name in own else SHORT.get(name, (name,))
        out += [one + colon + cuts for one in full if one]
    if not out:
        raise AnalysisError(
            "E_CONFIG", "a comparison needs groups, found no name.", fix="Use by = origin, sex or a gene."
        )
    return list(dict.fromkeys(out))


def find_groups(
    cohort: Cohort, name: str, endpoint: Endpoint, settings: AssociationSettings, *, findings: Findings
) -> PatientGroups:
    """Return the groups of one name.

    Parameters
    ----------
    cohort
        The patients.
    name
        A patient column, ``column:cut,cut`` for a number, ``regimen_class`` (of the line the endpoint starts with),
        ``best_response`` with a landmark (who had responded by then), a pathway of the study or a gene.
    endpoint
        What is compared.
    settings
        What altered means.
    findings
        Collects warnings.

    Returns
    -------
    PatientGroups
        A number is cut into "up to c" and "over c"; a gene into altered and wild type, by the alteration matrix.

    Raises
    ------
    AnalysisError
        E_CONFIG if the name is neither a column nor a gene, has too many groups, or lacks cut points;
        E_GENE_UNKNOWN if nobody was sequenced for the gene.
    """
    column, _, cuts = name.partition(":")
    ids = pd.Index(cohort.patients["patient_id"], dtype="string")
    if column in cohort.patients.columns and column != "patient_id":
        values = cohort.patients[column].set_axis(ids)
        labels, order = _cut(values, cuts, name) if cuts else _levels(values, column)
        return PatientGroups(name, labels, order, "group_missing")
    if column in OF_LINE:
        labels, order = _levels(_of_line(cohort, column, endpoint).reindex(ids), column)
        return PatientGroups(name, labels, order, "group_missing")
    if column in landmark_groups.NAMES and settings.landmark is not None:
        labels = landmark_groups.respond_by(cohort, endpoint, settings.landmark, findings=findings).reindex(ids)
        order = tuple(group for group in (landmark_groups.OTHER, landmark_groups.RESPONDER) if (labels == group).any())
        return PatientGroups(name, labels, order, "line_not_started")
    if cuts or not _is_feature(cohort, column, settings):
        _refuse(cohort, column)
    labels = _altered(cohort, column, settings, findings).reindex(ids)
    present = set(labels.dropna())
    order = tuple(group for group in (WILD_TYPE, ALTERED) if group in present)
    return PatientGroups(name, labels, order, "not_profiled")


def check_groups(groups: PatientGroups, cohort: Cohort) -> None:
    """Refuse a grouping that nobody has a value of.

    Parameters
    ----------
    groups
        Of ``find_groups``.
    cohort
        The patients.

    Raises
    ------
    AnalysisError
        E_CONFIG with columns that do form groups.
    """
    if not groups.order:
        raise AnalysisError(
            "E_CONFIG",
            f"groups of {groups.name} cannot be formed: no patient has a value of it ({groups.missing}).",
            fix=f"Choose other groups with --by. Columns are: {_show(_usable(cohort))}.",
        )


def is_genomic(cohort: Cohort, name: str) -> bool:
    """Tell whether a grouping rests on who was sequenced.

    Parameters
    ----------
    cohort
        The patients.
    name
        As for ``find_groups``.

    Returns
    -------
    bool
        True for genes and pathways.
    """
    column = name.partition(":")[0]
    return column not in (*cohort.patients.columns, *OF_LINE, *landmark_groups.NAMES)


def choose_reference(groups: PatientGroups, sizes: dict[str, int], wanted: str | None) -> str:
    """Return the group the others are compared with.

    Parameters
    ----------
    groups
        The grouping.
    sizes
        Patients per group.
    wanted
        What the user asked for; a grouping that does not have it falls back on the rule.

    Returns
    -------
    str
        What was asked for; else the wild type; else the largest group, the first of several.
    """
    if wanted is not None and wanted in groups.order:
        return wanted
    if WILD_TYPE in groups.order:
        return WILD_TYPE
    return max(groups.order, key=lambda group: sizes.get(group, 0))


def _levels(values: pd.Series, column: str) -> tuple[pd.Series, tuple[str, ...]]:
    """Labels of a column of few values."""
    truth = pd.api.types.is_bool_dtype(values)
    number = pd.api.types.is_numeric_dtype(values) and not truth
    if pd.api.types.is_datetime64_any_dtype(values) or (number and values.nunique() > MAX_GROUPS):
        kind = "a number" if number else "a date"
        raise AnalysisError(
            "E_CONFIG", f"{column} is {kind} and forms no groups.", fix=f"Give cut points, as in {column}:30,55."
        )
    if truth:
        labels = values.astype("boolean").map({True: "yes", False: "no"}).astype("string")
    elif number:
        labels = values.map(lambda value: f"{value:g}", na_action="ignore").astype("string")
    else:
        labels = values.astype("string")
    levels = sorted(set(labels.dropna()), key=(lambda text: (float(text), text)) if number else None)
    if len(levels) > MAX_GROUPS:
        raise AnalysisError(
            "E_CONFIG",
            f"a comparison takes at most {MAX_GROUPS} groups; {column} has {len(levels)}.",
            fix=f"Give cut points, as in {column}:30,55."
            if _as_numbers(values) is not None
            else "Group the values in a column of your own.",
        )
    known = ORDERS.get(column, ())
    return labels, (*(level for level in known if level in levels), *(x for x in levels if x not in known))


def _cut(values: pd.Series, cuts: str, name: str) -> tuple[pd.Series, tuple[str, ...]]:
    """Cut a number, also one written in a column of text: a value equal to a cut point belongs below it."""
    try:
        points = [float(text) for text in cuts.split(",")]
    except ValueError:
        points = []
    numbers = _as_numbers(values)
    rising = all(a < b for a, b in pairwise(points)) and bool(np.isfinite(points).all())
    if not points or not rising or len(points) >= MAX_GROUPS or numbers is None:
        raise AnalysisError(
            "E_CONFIG",
            f"cut points are rising numbers for a numeric column, found {name!r}.",
            fix="Write ki67_pct:30,55.",
        )
    values = numbers
    texts = [f"{point:g}" for point in points]
    middle = [f"over {a} to {b}" for a, b in pairwise(texts)]
    order = (f"up to {texts[0]}", *middle, f"over {texts[-1]}")
    place = np.searchsorted(points, values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan), side="left")
    labels = pd.Series(np.asarray(order)[place], index=values.index, dtype="string").mask(values.isna())
    present = set(labels.dropna())
    return labels, tuple(label for label in order if label in present)


def _as_numbers(values: pd.Series) -> pd.Series | None:
    """Numbers of a column of numbers, or of text that holds nothing else; None for any other column."""
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return None
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("Float64")
    text = values.astype("string").str.strip()
    text = text.mask(is_null(text))
    numbers = pd.to_numeric(text, errors="coerce").astype("Float64")
    return numbers if numbers.notna().any() and (numbers.notna() == text.notna()).all() else None


def _of_line(cohort: Cohort, column: str, endpoint: Endpoint) -> pd.Series:
    """Return the value of the line the endpoint starts with, or of line 1."""
    line = 1 if endpoint.line is None else endpoint.line
    rows = cohort.treatments.loc[(cohort.treatments["line_number"] == line).fillna(value=False).astype(bool)]
    rows = rows.dropna(subset=[column]).drop_duplicates("patient_id")
    return rows.set_index("patient_id")[column].astype("string")


def _is_feature(cohort: Cohort, name: str, settings: AssociationSettings) -> bool:
    """Tell whether it is a pathway, or a gene sequenced or altered in the study, under this or a previous symbol."""
    if name in settings.pathways:
        return True
    known = {
        *cohort.panel_genes["gene"].dropna(),
        *cohort.variants["gene"].dropna(),
        *cohort.copy_number["gene"].dropna(),
    }
    if cohort.calls is not None:
        known.update(str(gene) for gene in cohort.calls.columns)
    genes = resolve_genes(dataclasses.replace(settings, genes=(name,)), findings=_silent()).genes
    return bool(known.intersection(genes)) or name in known


def _altered(cohort: Cohort, name: str, settings: AssociationSettings, findings: Findings) -> pd.Series:
    """Altered or wild type of every profiled patient."""
    pathway = name in settings.pathways
    pathways = {name: settings.pathways[name]} if pathway else {}
    genes = settings.pathways[name] if pathway else (name,)
    chosen = resolve_genes(dataclasses.replace(settings, genes=genes, pathways=pathways), findings)
    matrix = build_matrix(cohort, chosen, findings=findings)
    feature = name if pathway else chosen.genes[0]
    status = matrix.status[matrix.features.get_loc(feature)]
    labels = pd.Series(np.where(status == 1, ALTERED, WILD_TYPE), index=matrix.patients, dtype="string")
    return labels.mask(status < 0)


def _silent() -> Findings:
    """Return a collector whose content nobody wants: the same is said again where the gene is used."""
    from netgen.errors import Findings

    return Findings()


def _usable(cohort: Cohort) -> list[str]:
    """Columns with more than one value that are no date."""
    return [
        str(name)
        for name in cohort.patients.columns
        if cohort.patients[name].nunique() > 1
        and not pd.api.types.is_datetime64_any_dtype(cohort.patients[name])
        and not str(name).endswith("_precision")
        and name not in {"patient_id", "file", "row"}
    ]


def _show(names: list[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more


def _refuse(cohort: Cohort, column: str) -> None:
    usable = _usable(cohort)
    near = difflib.get_close_matches(column, [*usable, *SHORT], n=1)
    if not near and why_unread(cohort):
        check_sequenced(cohort, (column,))
    raise AnalysisError(
        "E_CONFIG",
        f"groups come from a patient column or a gene of the study; {column!r} is neither.",
        fix=(f"Did you mean {near[0]}? " if near else "") + f"Columns are: {_show(usable)}.",
    )
