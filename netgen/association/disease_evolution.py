"""How the disease changed: new lesions per line, paired Ki-67, migration of the grade (DOMAIN 3.13 g)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.proportions import wilson
from netgen.association.signed_rank import signed_rank
from netgen.association.therapy_tables import EVOLUTION_COLUMNS, MIGRATION_COLUMNS, PAIR_COLUMNS, frame_of
from netgen.clinical.attribution import attribute_lines
from netgen.clinical.days import canonical, to_days
from netgen.clinical.ki67 import read_ki67

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels
    from netgen.cohort import Cohort

ESCALATION: Final = 10.0  # percentage points
G2_FROM, G3_ABOVE = 3.0, 20.0  # WHO 2022, by Ki-67 alone
KI67_NAMES: Final = ("ki67_pct", "ki67", "ki67_text")
NO_KI67: Final = "no Ki-67 of two samples of one patient: needs a column ki67_pct in samples, or biomarkers named KI67"


class Evolution(NamedTuple):
    """What changed, the pairs behind it, and the grades."""

    table: pd.DataFrame
    pairs: pd.DataFrame
    migration: pd.DataFrame


def find_ki67_pairs(cohort: Cohort) -> pd.DataFrame:
    """Return one pair of Ki-67 values per patient who has two.

    Parameters
    ----------
    cohort
        The cohort; a Ki-67 stands in a column ``ki67_pct`` (``ki67``) of ``samples`` or as biomarker KI67.

    Returns
    -------
    DataFrame
        ``PAIR_COLUMNS``, sorted by patient.

    Notes
    -----
    Earliest primary and latest metastasis if there are both; else the first and the last of several dated samples.
    Undated samples come first among primaries and last among metastases, and are in no first-last pair.
    """
    measured = _measurements(cohort)
    rows = []
    for patient, own in measured.groupby("patient_id", sort=True):
        pair = _choose(own)
        if pair is None:
            continue
        first, last, kind = pair
        rows.append(
            {"patient_id": patient, "kind": kind, "ki67_first": first["ki67"], "ki67_last": last["ki67"],
             "change": last["ki67"] - first["ki67"], "days": last["day"] - first["day"],
             "grade_first": _grade(first), "grade_last": _grade(last)}
        )  # fmt: skip
    return frame_of(rows, PAIR_COLUMNS)


def describe_evolution(
    cohort: Cohort, history: LineHistory, groupings: Sequence[Labels], *, max_line: int
) -> Evolution:
    """Return new lesions per line, the change of Ki-67 and the migration of the grade, by group.

    Parameters
    ----------
    cohort
        The cohort.
    history
        Lines of its patients.
    groupings
        Groups of the patients of the history.
    max_line
        Last line.

    Returns
    -------
    Evolution
        What the data do not carry has a row with the reason.
    """
    pairs = find_ki67_pairs(cohort)
    rows: list[dict[str, Any]] = []
    migration: list[dict[str, Any]] = []
    for groups in groupings:
        label = pd.Series(groups.labels, index=history.patients)
        own = pairs.assign(group=pairs["patient_id"].map(label))
        rows += _new_lesions(cohort, label, groups, max_line)
        for group in groups.order:
            part = own.loc[(own["group"] == group).to_numpy(dtype=bool, na_value=False)]
            rows += _ki67_rows({"grouping": groups.name, "group": group}, part)
            steps = part[["grade_first", "grade_last"]].value_counts(sort=False).sort_index().reset_index(name="count")
            head = {"grouping": groups.name, "group": group}
            migration += [head | {str(key): value for key, value in row.items()} for row in steps.to_dict("records")]
    return Evolution(frame_of(rows, EVOLUTION_COLUMNS), pairs, frame_of(migration, MIGRATION_COLUMNS))


def _measurements(cohort: Cohort) -> pd.DataFrame:
    """All Ki-67 values of samples: patient_id, kind of sample, day, ki67, grade; sorted by patient and day."""
    samples = canonical(cohort.clinical(), "samples").assign(day=lambda x: to_days(x["date_collection"]))
    grade = samples["who_grade"] if "who_grade" in samples.columns else pd.Series(pd.NA, index=samples.index)
    common = samples[["patient_id", "sample_id", "sample_type", "day"]].assign(grade=grade.astype("string"))
    column = next((name for name in KI67_NAMES if name in samples.columns), None)
    tables = [] if column is None else [common.assign(ki67=_numbers(samples[column]))]
    markers = canonical(cohort.clinical(), "biomarkers")
    name = markers["biomarker"].fillna("").str.casefold().str.replace(r"[-_ ]", "", regex=True)
    markers = markers.loc[name == "ki67"].reset_index(drop=True)
    if len(markers):
        found = markers[["patient_id", "sample_id"]].assign(
            ki67=markers["value"].fillna(_numbers(markers["result"])), own_day=to_days(markers["date"])
        )
        found = found.merge(common.drop(columns="patient_id"), on="sample_id", how="left")
        tables.append(found.assign(day=found["own_day"].fillna(found["day"])).drop(columns="own_day"))
    if not tables:
        return common.iloc[:0].assign(ki67=pd.Series(dtype="float64"))
    out = pd.concat(tables, ignore_index=True).dropna(subset=["ki67"])
    return out.sort_values(["patient_id", "day", "sample_id", "ki67"], kind="stable", ignore_index=True)


def _numbers(values: pd.Series) -> pd.Series:
    """Ki-67 in percent; ranges by their middle, bounds and other text missing."""

    def number(word: object) -> float:
        read = read_ki67(str(word).strip())
        return float("nan") if read is None or not 0 <= read.pct <= 100 else read.pct

    known = values.notna().to_numpy()
    found = [number(word) if told else float("nan") for word, told in zip(values, known, strict=True)]
    return pd.Series(found, index=values.index, dtype="float64")


def _choose(own: pd.DataFrame) -> tuple[pd.Series, pd.Series, str] | None:
    """Two rows of one patient, in the order of ``_measurements``, and what kind of pair they are."""
    primary = own.loc[(own["sample_type"] == "primary").to_numpy(dtype=bool, na_value=False)]
    metastasis = own.loc[(own["sample_type"] == "metastasis").to_numpy(dtype=bool, na_value=False)]
    if len(primary) and len(metastasis):
        first = primary.sort_values("day", kind="stable", na_position="first").iloc[0]
        return first, metastasis.sort_values("day", kind="stable").iloc[-1], "primary_metastasis"
    dated = own.dropna(subset=["day"])
    if dated["day"].nunique() < 2:
        return None
    return dated.iloc[0], dated.iloc[-1], "first_last"


def _grade(row: pd.Series) -> str:
    """Grade of the sample, else by Ki-67 alone."""
    if pd.notna(row["grade"]):
        return str(row["grade"])
    ki67 = float(row["ki67"])
    return "G3" if ki67 > G3_ABOVE else ("G2" if ki67 >= G2_FROM else "G1")


def _new_lesions(cohort: Cohort, label: pd.Series, groups: Labels, max_line: int) -> list[dict[str, Any]]:
    """Patients with a new lesion during each line, of those assessed during it."""
    seen = canonical(cohort.clinical(), "assessments")
    seen = seen.assign(line=attribute_lines(seen, canonical(cohort.clinical(), "treatments")))
    baseline = seen["is_baseline"].fillna(value=False).to_numpy(dtype=bool)
    seen = seen.loc[seen["new_lesion"].notna() & ~baseline]
    rows = []
    for line in range(1, max_line + 1):
        part = seen.loc[(seen["line"] == line).to_numpy(dtype=bool, na_value=False)]
        told = part["patient_id"].drop_duplicates()
        hit = part.loc[part["new_lesion"].to_numpy(dtype=bool), "patient_id"].drop_duplicates()
        for group in groups.order:
            n, count = (int((ids.map(label) == group).sum()) for ids in (told, hit))
            share = wilson(count, n)
            rows.append(
                {"grouping": groups.name, "item": "new_lesion", "line": line, "group": group, "n": n, "count": count,
                 "value": float(share.estimate), "lo": float(share.lo), "hi": float(share.hi),
                 "status": "described" if n else "not_available",
                 "note": "patients assessed during the line; the sites of new lesions are not recorded"
                 if n else "nobody was assessed for new lesions during the line"}
            )  # fmt: skip
    return rows


def _ki67_rows(head: dict[str, Any], part: pd.DataFrame) -> list[dict[str, Any]]:
    """Change of Ki-67 within patients, and escalations by 10 points or more."""
    if not len(part):
        names = ("ki67_change", "ki67_escalation")
        return [head | {"item": name, "n": 0, "status": "not_available", "note": NO_KI67} for name in names]
    found = signed_rank(part["change"].to_numpy(dtype=np.float64))
    count = int((part["change"] >= ESCALATION).sum())
    share = wilson(count, len(part))
    return [
        head | {"item": "ki67_change", "n": found.n, "count": found.n - found.n_zero, "value": found.median,
                "lo": found.lo, "hi": found.hi, "p": found.p,
                "status": "tested" if found.method != "none" else "no_change",
                "note": "percentage points; one pair per patient; count = pairs that changed"},
        head | {"item": "ki67_escalation", "n": len(part), "count": count, "value": float(share.estimate),
                "lo": float(share.lo), "hi": float(share.hi), "status": "described",
                "note": f"pairs with an increase of at least {ESCALATION:g} points"},
    ]  # fmt: skip
