"""Does the effect of an alteration depend on the treatment? Effects within classes of one line, and their interaction.

An effect in one class and none in another is no evidence for a difference: the interaction test across the classes is.
It needs altered and unaltered patients who received each class.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.analysis_set import UNKNOWN
from netgen.association.firth import FirthScan, fit_common, scan_firth
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.tails import chi2_p
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties

MIN_EXPOSED: Final = 5  # altered, and unaltered, patients who received a class (DOMAIN 3.12)
ALL: Final = "all"

# Columns of the table, in order, with their meaning. The row with regimen_class = all holds the interaction test.
GENE_TREATMENT_COLUMNS: Final[dict[str, str]] = {
    "feature": "gene or pathway",
    "line": "treatment line whose class defines exposure",
    "regimen_class": "class received in that line, or all: the interaction test across the classes tested",
    "n_exposed": "patients with this class who are profiled for the feature",
    "n_altered": "altered",
    "n_unaltered": "profiled and not altered",
    "events_altered": "events among the altered",
    "events_unaltered": "events among the unaltered",
    "hr": "hazard ratio altered : unaltered within the class, Firth",
    "hr_lo": "lower 95 % limit, profile penalised likelihood; NA = open",
    "hr_hi": "upper 95 % limit",
    "p": "penalised likelihood-ratio p of the effect within the class; subgroup p-values are not adjusted",
    "monotone_mle": "the maximum-likelihood hazard ratio is infinite or 0",
    "strata": "variable that stratifies the fits, or none",
    "PLR_int": "interaction statistic, penalised likelihood ratio",
    "df": "its degrees of freedom: classes tested - 1",
    "interaction_p": "its p-value",
    "n_classes": "classes tested",
    "q_bh": "Benjamini-Hochberg of interaction_p within the family",
    "m_family": "interaction tests in the family",
    "status": "tested, or why not",
}

GENE_TREATMENT_STATUSES: Final[dict[str, str]] = {
    "tested": "tested; in the row all: member of the family",
    "too_few_exposed": "fewer than 5 altered or fewer than 5 unaltered patients received the class",
    "class_unknown": "patients whose class in this line is not known",
    "no_events": "no event among the patients with this class",
    "degenerate": "altered and unaltered are at no event time at risk together",
    "too_few_classes": "fewer than two classes could be tested",
}


def check_exposure(origin_time: str, line: int) -> None:
    """Refuse an endpoint whose clock starts before the treatment is known.

    Parameters
    ----------
    origin_time
        Where the clock starts: ``line:<k>``, or advanced, dx, recorded ...
    line
        Line whose treatment class defines the groups.

    Raises
    ------
    AnalysisError
        ``E_IMMORTAL_TIME`` unless the clock starts with this line or a later one: patients must survive to the start of
        the line to be called exposed, and would be compared from before it.
    """
    start = re.fullmatch(r"line:(\d+)", origin_time)
    if start is None or int(start.group(1)) < line:
        raise AnalysisError(
            "E_IMMORTAL_TIME",
            f"the class of line {line} is known at the start of that line; this endpoint starts at {origin_time!r}.",
            fix=f"Use an endpoint that starts with line {line}, such as pfs:{line}.",
        )


def scan_gene_treatment(
    time: ArrayLike,
    event: ArrayLike,
    genes: NDArray[np.int8],
    regimen_class: ArrayLike,
    features: Sequence[str] | pd.Index,
    *,
    origin_time: str,
    line: int,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    strata_name: str = "none",
    min_exposed: int = MIN_EXPOSED,
    ties: Ties = "efron",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the effect of each alteration within each treatment class, and the interaction test across classes.

    Patients who are not profiled for a feature have no part in its rows. Patients without the line do not belong here.

    Parameters
    ----------
    time, event
        (n,) outcomes from the start of the line, as in ``riskset.build_risk_sets``.
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    regimen_class
        (n,) class received in the line; ``unknown`` is listed and not tested.
    features
        (m,) names.
    origin_time
        Where the clock of the endpoint starts; see ``check_exposure``.
    line
        Line whose class is meant.
    entry
        (n,) start of observation; None = observed from the start of the line.
    strata
        (n,) labels, such as origins, within which hazards are compared; None = none.
    strata_name
        What they are.
    min_exposed
        Smallest number of altered, and of unaltered, patients with a class.
    ties
        ``efron`` or ``breslow``.
    level
        Of the confidence limits.

    Returns
    -------
    pandas.DataFrame
        ``GENE_TREATMENT_COLUMNS``; per feature, sorted by name, one row per class, sorted, and the row ``all``.

    Raises
    ------
    AnalysisError
        ``E_IMMORTAL_TIME`` if the endpoint starts before the line.
    ValueError
        If the shapes do not fit or a name occurs twice.

    Warnings
    --------
    Treatment is chosen, not drawn by lot: classes differ in grade, receptor status and era, and the alteration may
    stand for any of them. An interaction found here is a hypothesis.

    Notes
    -----
    PLR_int = 2 [sum_c max l*_c(b_c) - max_b sum_c l*_c(b)] over the classes tested, each with its own penalty, as
    ``heterogeneity.heterogeneity`` has it for origins; with strata the likelihood of a class is the sum over its
    strata. Witness: that function, ``tests/association/test_gene_treatment.py``.
    """
    check_exposure(origin_time, line)
    names, labels = np.asarray(features, dtype=str), np.asarray(regimen_class, dtype=str)
    if genes.shape != (len(names), len(labels)) or len(np.unique(names)) != len(names):
        raise ValueError("need one different name per row of genes, and one class per patient")
    risk = build_risk_sets(time, event, entry=entry, strata=strata)
    classes, code = np.unique(labels, return_inverse=True)
    member = code == np.arange(len(classes))[:, None]
    records = [
        {"feature": names[i], "line": line, "strata": "none" if strata is None else strata_name, **row}
        for i in np.argsort(names, kind="stable")
        for row in _feature(risk, np.where(member, genes[i], np.int8(-1)), classes, min_exposed, ties, level)
    ]
    table = pd.DataFrame(records, columns=list(GENE_TREATMENT_COLUMNS)).astype(_TYPES)
    summary = (table["regimen_class"] == ALL).to_numpy(dtype=bool)
    family = summary & (table["status"] == "tested").to_numpy(dtype=bool)
    table["q_bh"] = adjust_pvalues(table["interaction_p"].where(family).to_numpy(dtype=np.float64))
    table["m_family"] = pd.arrays.IntegerArray(np.full(len(table), family.sum(), dtype=np.int64), ~summary)
    return table


_TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(["feature", "regimen_class", "strata", "status"], "string"),
    **dict.fromkeys(
        ["line", "n_exposed", "n_altered", "n_unaltered", "events_altered", "events_unaltered", "df", "n_classes"],
        "Int64",
    ),
    "m_family": "Int64",
    **dict.fromkeys(["hr", "hr_lo", "hr_hi", "p", "PLR_int", "interaction_p", "q_bh"], "float64"),
    "monotone_mle": "boolean",
}


def _feature(
    risk: RiskSets, rows: NDArray[np.int8], classes: NDArray[np.str_], min_exposed: int, ties: Ties, level: float
) -> list[dict[str, object]]:
    """Rows of one feature; ``rows`` (classes, n) holds the patients of each class, the others as not profiled."""
    fit = scan_firth(risk, rows, ties=ties, level=level)
    status = _status(fit, classes, min_exposed)
    tested = status == "tested"
    counts = {
        "n_exposed": fit.n,
        "n_altered": fit.n_altered,
        "n_unaltered": fit.n - fit.n_altered,
        "events_altered": fit.events_altered,
        "events_unaltered": fit.events - fit.events_altered,
    }
    table: list[dict[str, object]] = []
    for c, name in enumerate(classes.tolist()):
        row: dict[str, object] = {"regimen_class": name, "status": str(status[c])}
        row |= {count: int(values[c]) for count, values in counts.items()}
        if tested[c]:
            row |= {number: float(getattr(fit, number)[c]) for number in ("hr", "hr_lo", "hr_hi", "p")}
            row["monotone_mle"] = str(fit.status[c]).startswith("monotone")
        table.append(row)
    n = int(tested.sum())
    total: dict[str, object] = {"regimen_class": ALL, "status": "too_few_classes", "n_classes": n}
    total |= {count: int(values.sum()) for count, values in counts.items()}
    if n > 1:
        gain = max(2 * (float(fit.pen_loglik[tested].sum()) - fit_common(risk, rows[tested], ties=ties)[1]), 0.0)
        total |= {"PLR_int": gain, "df": n - 1, "interaction_p": float(chi2_p(gain, n - 1)), "status": "tested"}
    return [*table, total]


def _status(fit: FirthScan, classes: NDArray[np.str_], min_exposed: int) -> NDArray[np.str_]:
    """(classes,) ``tested`` or the first rule that forbids a test."""
    rules = [
        ("class_unknown", classes == UNKNOWN),
        ("too_few_exposed", np.minimum(fit.n_altered, fit.n - fit.n_altered) < min_exposed),
        ("no_events", fit.events == 0),
        ("degenerate", np.isnan(fit.coef)),
    ]
    return np.select([rule for _, rule in rules], [name for name, _ in rules], default="tested")
