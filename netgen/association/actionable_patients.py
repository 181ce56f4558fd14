"""What the levels of evidence mean for a patient: the best level over all alterations, resistance set against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.levels import COUNTED, RANK, RESISTANCE, SENSITIVITY
from netgen.association.actionable_context import is_context
from netgen.association.actionable_origins import group_origins

if TYPE_CHECKING:
    from numpy.typing import NDArray

APPLIES: Final = ("in_scope", "agnostic", "out_of_scope")  # uncertain scope is no match
INDUCED: Final = "therapy_induced_TMB"
NO_EVIDENCE: Final = "NX"
NONE: Final = "none"
NOT_PROFILED: Final = "not_profiled"

PATIENT_LEVEL_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "oncotree_code": "tumour type of the patient",
    "origin_group3": "thymic, lung or duodenopancreatic",
    "origin_group2": "thoracic or duodenopancreatic",
    "best_level": "best level of therapeutic sensitivity, N1 to N4; NX = profiled, none found; NA = not profiled",
    "best_counted": "the same if it counts as actionable (N1, N2, N3A, N3B), else NA",
    "actionable": "a counted level was found; NA = no marker that could give one was covered",
    "best_gene": "gene or biomarker of the best level",
    "best_alteration": "its alteration",
    "best_scope": "in_scope, agnostic or out_of_scope",
    "best_rules": "rules that give it, joined by ;",
    "best_therapy": "therapies of these rules, joined by ;",
    "n_hits": "alterations and rules that match, of any level and direction",
    "n_actionable": "different alterations at a counted level",
    "resistance": "therapies with evidence of resistance and its level, joined by ;",
    "context": "drugs used irrespective of a genomic biomarker that imaging selects for, with the level; not counted",
    "other_levels": "levels that name no therapy (NDx, NPx), joined by ;",
    "rests_on_induced_tmb": "without a mutational burden that treatment may have induced the best level would be worse",
    "flags": "flags of all hits, joined by ;",
}

LEVEL_COUNT_COLUMNS: Final[dict[str, str]] = {
    "grouping": "column that holds the group",
    "group": "group of patients",
    "level": "best level: N1 to N4, none (profiled, nothing found) or not_profiled",
    "n": "patients",
    "n_total": "patients of the group",
    "n_profiled": "of these profiled",
    "percent": "n / n_profiled, per cent; NA for those who are not profiled",
}


def summarize_patients(hits: pd.DataFrame, patients: pd.DataFrame, profiled: pd.Series) -> pd.DataFrame:
    """Return the best level of every patient and what it rests on.

    A patient for whom no marker was covered has no level, not "none".

    Parameters
    ----------
    hits
        ``actionability.matching.HIT_COLUMNS``; rows of patients that are not in ``patients`` are passed over.
    patients
        Indexed by ``patient_id``; ``oncotree_code`` and origin groups are shown where there are such columns.
    profiled
        bool by ``patient_id``: covered for at least one marker that could give a counted level
        (``actionable_coverage.find_profiled``). A hit makes a patient count as profiled.

    Returns
    -------
    DataFrame
        ``PATIENT_LEVEL_COLUMNS``, sorted by patient.

    Notes
    -----
    1. Only therapeutic sensitivity gives a level, best first N1 > N2 > N3A > N3B > N3C > N4; a rule of uncertain scope
       gives none (``therapeutic_hits``).
    2. A therapy with a hit of resistance in the same patient does not give its level (DOMAIN 4.4, step 8).
    3. Drugs used whatever the genotype (177Lu-DOTATATE for receptors on imaging) give none: DOMAIN 4.7. They are shown
       apart, as ``context``.
    4. Of several alterations at the best level: evidence in scope first, then agnostic, then the higher specificity,
       then gene and alteration in alphabetical order; all therapies of that alteration at that level are listed.

    Witness: DOMAIN SC22, and a twin written as loops in ``tests/association/test_actionable_patients.py``.
    """
    ids = pd.Index(sorted(patients.index.astype(str)), dtype="string", name="patient_id")
    known = hits[hits["patient_id"].isin(ids)]
    out = pd.DataFrame(index=ids)
    for name in ("oncotree_code", "origin_group3", "origin_group2"):
        out[name] = (
            patients[name].reindex(ids).astype("string") if name in patients else pd.array([pd.NA] * len(ids), "string")
        )
    giving = therapeutic_hits(known)
    out = out.join(_best(giving)).join(_count(known, giving)).join(_list_texts(known))
    looked = profiled.astype("boolean").reindex(ids).fillna(value=False).to_numpy(dtype=bool)
    out["best_level"] = out["best_level"].mask(out["best_level"].isna().to_numpy(dtype=bool) & looked, NO_EVIDENCE)
    out["best_counted"] = out["best_level"].where(out["best_level"].isin(COUNTED))
    counts = out["best_counted"].notna().astype("boolean")
    out["actionable"] = counts.mask(~(counts.to_numpy(dtype=bool) | looked))
    out["rests_on_induced_tmb"] = _rests_on_induced(giving, ids)
    for name in ("n_hits", "n_actionable"):
        out[name] = out[name].astype("Int64").fillna(0)
    for name in ("resistance", "context", "other_levels", "flags"):
        out[name] = out[name].astype("string").fillna("")
    return out.reset_index()[list(PATIENT_LEVEL_COLUMNS)]


def count_levels(summary: pd.DataFrame, patients: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return how many patients of each group have which best level: what the stacked bars show.

    Parameters
    ----------
    summary
        Of ``summarize_patients``.
    patients
        Indexed by ``patient_id``, with the column ``by``.
    by
        Column of the groups; a missing value is the group ``unknown``.

    Returns
    -------
    DataFrame
        ``LEVEL_COUNT_COLUMNS``: groups in their usual order, all levels of each, ``none`` and ``not_profiled`` last.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    ids = pd.Index(summary["patient_id"])
    origins = group_origins(patients, by, ids)
    best = summary["best_level"].astype("string").replace({NO_EVIDENCE: NONE}).fillna(NOT_PROFILED)
    levels = (*SENSITIVITY, NONE, NOT_PROFILED)
    place = pd.Index(levels).get_indexer(pd.Index(best))
    n = np.zeros((len(origins.names), len(levels)), dtype=np.int64)
    np.add.at(n, (origins.code, place), 1)
    total, profiled = n.sum(axis=1), n[:, :-1].sum(axis=1)
    percent = 100 * n / np.where(profiled > 0, profiled, 1)[:, None]
    percent[profiled == 0] = np.nan
    percent[:, -1] = np.nan
    size = len(levels)
    out = pd.DataFrame(
        {
            "grouping": by,
            "group": np.repeat(origins.names, size),
            "level": np.tile(levels, len(origins.names)),
            "n": n.ravel(),
            "n_total": np.repeat(total, size),
            "n_profiled": np.repeat(profiled, size),
            "percent": percent.ravel(),
        }
    )
    text, number = (
        dict.fromkeys(("grouping", "group", "level"), "string"),
        dict.fromkeys(("n", "n_total", "n_profiled"), "Int64"),
    )
    return out.astype({**text, **number, "percent": "float64"})[list(LEVEL_COUNT_COLUMNS)]


def therapeutic_hits(hits: pd.DataFrame) -> pd.DataFrame:
    """Return the hits that give a therapeutic level, with its ``rank``.

    Parameters
    ----------
    hits
        ``actionability.matching.HIT_COLUMNS``.

    Returns
    -------
    DataFrame
        Rows of therapeutic sensitivity whose rule applies and whose therapy meets no resistance in the same patient,
        without drugs that are used whatever the genotype (``actionable_context``);
        ``rank`` is the place of the level in ``levels.SENSITIVITY``. Samples of a patient are taken together, as in
        ``precedence.flag_resistance``: a tumour that became resistant was sampled twice.
    """
    applies = hits["scope_match"].isin(APPLIES)
    gives = applies & (hits["direction"] == "sensitivity") & hits["level"].isin(SENSITIVITY)
    resists = _resists(hits) & (hits["therapy"] != "").to_numpy(dtype=bool)
    keys = pd.MultiIndex.from_arrays([hits["patient_id"], hits["therapy"].str.strip().str.casefold()])
    free = ~keys.isin(keys[resists])
    kept = hits[gives.to_numpy(dtype=bool) & free & ~is_context(hits)]
    return kept.assign(rank=kept["level"].map(RANK).astype("int64"))


def is_induced(hits: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which hits rest on a mutational burden that treatment may have induced.

    Parameters
    ----------
    hits
        With ``flags``, joined by ;.

    Returns
    -------
    NDArray[np.bool_]
        True for the flag ``therapy_induced_TMB``.
    """
    return np.array([INDUCED in str(flags).split(";") for flags in hits["flags"].fillna("")], dtype=bool)


def _resists(hits: pd.DataFrame) -> NDArray[np.bool_]:
    return (hits["direction"].eq("resistance") & hits["level"].isin(RESISTANCE)).to_numpy(dtype=bool)


def _best(giving: pd.DataFrame) -> pd.DataFrame:
    """Best level per patient, with the alteration that gives it and its therapies."""
    rows = giving.assign(
        scope=giving["scope_match"].map({name: place for place, name in enumerate(APPLIES)}).astype("int64"),
        minus=-giving["specificity"].astype("float64"),
    )
    rows = rows.sort_values(
        ["patient_id", "rank", "scope", "minus", "gene", "alteration", "rule_id", "therapy"], kind="stable"
    )
    keys = ["patient_id", "rank", "gene", "alteration"]
    first = rows.drop_duplicates("patient_id")
    same = rows.merge(first[keys], on=keys)
    return pd.DataFrame(
        {
            "best_level": first.set_index("patient_id")["level"].astype("string"),
            "best_gene": first.set_index("patient_id")["gene"].astype("string"),
            "best_alteration": first.set_index("patient_id")["alteration"].astype("string"),
            "best_scope": first.set_index("patient_id")["scope_match"].astype("string"),
            "best_rules": _join(same, "rule_id"),
            "best_therapy": _join(same, "therapy"),
        }
    )


def _count(hits: pd.DataFrame, giving: pd.DataFrame) -> pd.DataFrame:
    """Numbers of hits and of counted alterations; the same alteration in two samples is one."""
    distinct = hits.drop_duplicates(["patient_id", "gene", "alteration", "rule_id"])
    counted = giving[giving["level"].isin(COUNTED)].drop_duplicates(["patient_id", "gene", "alteration"])
    return pd.DataFrame(
        {"n_hits": distinct.groupby("patient_id").size(), "n_actionable": counted.groupby("patient_id").size()}
    )


def _list_texts(hits: pd.DataFrame) -> pd.DataFrame:
    """Resistance, drugs used whatever the genotype, levels without a therapy, and flags."""
    applies = hits["scope_match"].isin(APPLIES).to_numpy(dtype=bool)
    against = hits[_resists(hits)]
    against = against.assign(text=against["therapy"].fillna("") + " " + against["level"])
    plain = hits[applies & hits["level"].isin(["NDx", "NPx"]).to_numpy(dtype=bool)]
    aside = hits[applies & hits["level"].isin(SENSITIVITY).to_numpy(dtype=bool) & is_context(hits)]
    aside = aside.assign(text=aside["therapy"] + " " + aside["level"])
    flags = hits[["patient_id"]].assign(flags=hits["flags"].fillna("").str.split(";")).explode("flags")
    parts = {
        "resistance": (against, "text"),
        "context": (aside, "text"),
        "other_levels": (plain, "level"),
        "flags": (flags, "flags"),
    }
    return pd.DataFrame(
        {name: _join(frame.sort_values(["patient_id", column]), column) for name, (frame, column) in parts.items()}
    )


def _rests_on_induced(giving: pd.DataFrame, ids: pd.Index) -> NDArray[np.bool_]:
    """Tell whose best rank gets worse without induced mutational burdens."""
    induced = is_induced(giving)
    worst = len(SENSITIVITY)
    ranks = [
        part.groupby("patient_id")["rank"].min().reindex(ids).fillna(worst).to_numpy(dtype=np.int64)
        for part in (giving, giving[~induced])
    ]
    return np.asarray(ranks[1] > ranks[0])


def _join(frame: pd.DataFrame, column: str) -> pd.Series:
    """Distinct texts per patient in the order met, without blanks, joined by ;."""
    text = frame[column].astype("string").fillna("").str.strip()
    rows = pd.DataFrame({"patient_id": frame["patient_id"], "text": text})
    rows = rows[(text != "").to_numpy(dtype=bool)].drop_duplicates()
    found: dict[str, list[str]] = {}
    for patient, one in zip(rows["patient_id"], rows["text"], strict=True):
        found.setdefault(patient, []).append(one)
    return pd.Series({patient: ";".join(own) for patient, own in found.items()}, dtype="string")
