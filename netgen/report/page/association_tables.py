"""Tables of one endpoint of ``associate``: the tests, what they could have shown, and what stands behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.influence import INFLUENCE_COLUMNS
from netgen.association.power import minimal_detectable_hr, power_sentence
from netgen.association.results import ASSOCIATION_COLUMNS
from netgen.report.page.association_cells import (
    each,
    interval,
    median,
    number,
    plain_months,
    share,
    value_text,
    without_blank,
)
from netgen.report.page.markup import tag
from netgen.report.page.tables import render_table
from netgen.report.summary import P_METHODS, months, p_text, ratio

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.report.page.markup import Markup

FILE: Final = "associations/associations.tsv"
EVENTS: Final = "events among the altered / among the unaltered"
_OWN: Final = ASSOCIATION_COLUMNS
# Headings of each table, by column, with their meaning below.
TEST_LABELS: Final = {
    "feature": "Feature", "altered": "Altered", "events": "Events alt/wt", "effect": "HR (95 % CI)",
    "p_primary": "p", "q_bh": "q (BH)", "p_holm": "p (Holm)", "warnings": "Warnings",
}  # fmt: skip
TEST_COLUMNS: Final = {
    **{name: _OWN[name] for name in ("feature", "p_primary", "q_bh", "p_holm")},
    "altered": "patients altered, of those profiled for the feature",
    "events": EVENTS,
    "effect": f"{_OWN['hr']}; open = no finite limit",
    "warnings": "what a reader must know of this row",
}
POWER_LABELS: Final = {
    "feature": "Feature", "events": "Events", "fraction": "Altered fraction", "mdhr_80": "HR with 80 % power",
    "inverse": "or below", "family": "at alpha / m", "reading": "Reading",
}  # fmt: skip
POWER_COLUMNS: Final = {
    "feature": _OWN["feature"],
    "events": "events among the profiled",
    "fraction": "share of the profiled that are altered",
    "mdhr_80": f"{_OWN['mdhr_80']}, at alpha 0.05",
    "inverse": "its inverse: the same for hazard ratios below 1",
    "family": "the same at alpha divided by the number of tests of the family",
    "reading": "what a p-value above alpha leaves open",
}
SURVIVAL_LABELS: Final = {
    "feature": "Feature", "years": "Years at risk alt/wt", "median_1": "Median altered, months",
    "median_0": "Median wild type, months", "s_12": "Survival at 12 months alt/wt",
    "s_24": "at 24 months alt/wt", "rmst": "RMST difference, months", "tau": "up to, months", "ph_p": "PH p",
}  # fmt: skip
SURVIVAL_COLUMNS: Final = {
    "feature": _OWN["feature"],
    "years": "years at risk of the altered / of the unaltered",
    "median_1": f"{_OWN['median_altered']} (NR), with 95 % limits",
    "median_0": f"{_OWN['median_unaltered']}, with 95 % limits",
    "s_12": "Kaplan-Meier survival of the altered / of the unaltered at 12 months",
    "s_24": "the same at 24 months",
    "rmst": f"{_OWN['rmst_diff']}, with 95 % limits, approximate in small cohorts",
    "tau": _OWN["rmst_tau"],
    "ph_p": _OWN["ph_p"],
}
METHOD_LABELS: Final = {
    "feature": "Feature", "p_method": "Test", "n_permutations": "Relabelings", "mc": "95 % interval of p",
    "min_attainable_p": "Smallest attainable p", "p_logrank_asymptotic": "Log-rank p", "p_firth_plr": "Firth p",
    "q_by": "q (BY)", "p_minp": "p (min-P)", "evalue": "E-value", "evalue_ci": "of the limit", "strata_used": "Strata",
}  # fmt: skip
METHOD_COLUMNS: Final = {
    **{name: _OWN[name] for name in METHOD_LABELS if name in _OWN},
    "mc": "95 % interval of a Monte-Carlo p",
    "strata_used": _OWN["n_strata_informative"],
}
UNTESTED_LABELS: Final = {"item": "Feature", "altered": "Altered", "events": "Events alt/wt", "reason": "Why not"}
UNTESTED_COLUMNS: Final = {
    "item": _OWN["feature"],
    "altered": TEST_COLUMNS["altered"],
    "events": EVENTS,
    "reason": "what is missing for a test",
}
INFLUENCE_LABELS: Final = {
    "feature": "Feature", "patient_id": "Patient", "altered": "Altered", "event": "Event", "time": "Follow-up, months",
    "hr": "HR of all", "hr_without": "HR without", "flips": "Changes the reading",
}  # fmt: skip
NO_EQUIVALENCE: Final = "Absence of a significant difference is not evidence of similarity"  # DOMAIN 3.19


def tabulate_tests(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002  # the name in HTML
    """Return the tested features of one family, the smallest p first, each with its warnings.

    Parameters
    ----------
    rows
        Tested rows of ``associations.tsv``.
    id
        Anchor of the table.
    caption
        What it shows.

    Returns
    -------
    Markup
        Counts, events, hazard ratio with limits, p, q and Holm's p.
    """
    shown = _sorted(rows).assign(
        altered=lambda own: share(own, "n_altered", "n_profiled"),
        events=lambda own: share(own, "events_altered", "events_unaltered"),
        effect=lambda own: interval(own, "hr", "hr_lo", "hr_hi"),
    )
    sort = {"altered": "n_altered", "events": "events_altered", "effect": "hr"}
    own, beside = without_blank(shown[[*TEST_LABELS, *sort.values()]], "warnings")
    labels = {name: label for name, label in TEST_LABELS.items() if name in own.columns}
    return render_table(
        own, columns=TEST_COLUMNS, caption=caption, id=id, labels=labels, sort=sort, source=FILE,
        warnings_column=beside, formats=dict.fromkeys(("p_primary", "q_bh", "p_holm"), p_text),
    )  # fmt: skip


def tabulate_power(rows: pd.DataFrame, *, alpha: float, id: str, caption: str) -> Markup:  # noqa: A002
    """Return the smallest hazard ratios that had 80 % power, and what must be said beside a p-value above alpha.

    Parameters
    ----------
    rows
        Tested rows of ``associations.tsv``.
    alpha
        Two-sided level of the family.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        One row per test (DOMAIN 3.15).

    Notes
    -----
    ``mdhr_80`` is the column of ``associations.tsv``. The value at alpha / m is the same formula of the same counts.
    """
    events = rows["events_altered"] + rows["events_unaltered"]
    own = _sorted(rows.assign(events=events, fraction=rows["n_altered"] / rows["n_profiled"]))
    shown = own.assign(
        inverse=1 / own["mdhr_80"],
        family=[
            minimal_detectable_hr(int(row["events"]), row["fraction"], alpha=alpha / max(int(row["m_family"]), 1))
            for row in own.to_dict("records")
        ],
        reading=each(own, lambda row: _reading(row, alpha)),
    )[[*POWER_LABELS]]
    return render_table(
        shown, columns=POWER_COLUMNS, caption=caption, id=id, labels=POWER_LABELS,
        formats=dict.fromkeys(("fraction", "mdhr_80", "inverse", "family"), value_text), source=FILE,
    )  # fmt: skip


def _reading(row: Mapping[Hashable, Any], alpha: float) -> str:
    """Say what a p-value above alpha leaves open (DOMAIN 3.15 and 3.19); nothing beside one below it."""
    if not row["p_primary"] > alpha:
        return ""
    limits = f"95 % CI {ratio(number(row['hr_lo']))} to {ratio(number(row['hr_hi']))}"
    power = power_sentence(int(row["events"]), row["fraction"])
    return f"{power} {NO_EQUIVALENCE} ({limits})."


def tabulate_survival(rows: pd.DataFrame, *, id: str) -> Markup:  # noqa: A002  # the name in HTML
    """Return survival of the altered and the unaltered, restricted means, and the test of proportional hazards.

    Parameters
    ----------
    rows
        Tested rows of ``associations.tsv``.
    id
        Anchor of the table.

    Returns
    -------
    Markup
        One row per test; times in months. Curves that are conditional on survival to a day say to which.
    """
    own = _sorted(rows)
    shown = pd.DataFrame(
        {
            "feature": own["feature"],
            "years": each(own, lambda row: _pair(row, "pt_years", ratio)),
            "median_1": _conditional(own, "altered"),
            "median_0": _conditional(own, "unaltered"),
            "s_12": each(own, lambda row: _pair(row, "km_12m", ratio)),
            "s_24": each(own, lambda row: _pair(row, "km_24m", ratio)),
            "rmst": interval(own, "rmst_diff", "rmst_diff_lo", "rmst_diff_hi", plain_months),
            "tau": own["rmst_tau"],
            "ph_p": own["ph_p"],
            "by_1": own["median_altered"],
            "by_0": own["median_unaltered"],
            "by_rmst": own["rmst_diff"],
        }
    )
    return render_table(
        shown, columns=SURVIVAL_COLUMNS, labels=SURVIVAL_LABELS, id=id, source=FILE,
        caption="Survival by feature, restricted mean survival time (RMST) and proportional hazards (PH)",
        formats={"tau": plain_months, "ph_p": p_text},
        sort={"median_1": "by_1", "median_0": "by_0", "rmst": "by_rmst"},
    )  # fmt: skip


def _pair(row: Mapping[Hashable, Any], name: str, show: Any) -> str | None:  # noqa: ANN401  # a formatter
    """Altered / unaltered; a value that does not exist is a question mark only beside one that does."""
    values = [number(row[f"{name}_{side}"]) for side in ("altered", "unaltered")]
    if all(math.isnan(value) for value in values):
        return None
    return " / ".join("?" if math.isnan(value) else show(value) for value in values)


def _conditional(rows: pd.DataFrame, side: str) -> pd.Series:
    """Medians; with a start day where the curve is conditional on survival to it."""
    text = median(rows, f"median_{side}", f"t0_{side}")
    late = rows[f"t0_{side}"].fillna(0).gt(0)
    given = each(rows, lambda row: f", given survival to {months(number(row[f't0_{side}']))} months")
    return text.where(~late, text + given)


def tabulate_methods(rows: pd.DataFrame, *, id: str) -> Markup:  # noqa: A002  # the name in HTML
    """Return how each p-value came about, other p-values for comparison, and E-values.

    Parameters
    ----------
    rows
        Tested rows of ``associations.tsv``.
    id
        Anchor of the table.

    Returns
    -------
    Markup
        One row per test.
    """
    own = _sorted(rows).assign(
        mc=lambda own: interval(own, "mc_lo", "mc_lo", "mc_hi", p_text).str.extract(r"\((.*)\)")[0],
        strata_used=lambda own: own["n_strata_informative"].astype("Int64"),
        n_permutations=lambda own: own["n_permutations"].astype("Int64"),
        p_method=lambda own: own["p_method"].map(P_METHODS).fillna(own["p_method"]),
    )
    probabilities = ("min_attainable_p", "p_logrank_asymptotic", "p_firth_plr", "q_by", "p_minp")
    return render_table(
        own[list(METHOD_LABELS)], columns=METHOD_COLUMNS, labels=METHOD_LABELS, id=id, source=FILE,
        caption="Tests in detail; how strong an unmeasured confounder would have to be (E-value)",
        formats={**dict.fromkeys(probabilities, p_text), **dict.fromkeys(("evalue", "evalue_ci"), value_text)},
    )  # fmt: skip


def tabulate_untested(skipped: pd.DataFrame, rows: pd.DataFrame, *, id: str) -> Markup:  # noqa: A002
    """Return the features without a test, and why.

    Parameters
    ----------
    skipped
        Rows of ``skipped.tsv`` of this endpoint, features only.
    rows
        Rows of ``associations.tsv``, for the counts; a pre-specified gene that nobody was profiled for has none.
    id
        Anchor of the table.

    Returns
    -------
    Markup
        The most often altered first.
    """
    known = rows.set_index("feature").reindex(skipped["item"]).reset_index(drop=True)
    own = skipped.reset_index(drop=True).assign(
        altered=share(known, "n_altered", "n_profiled"), events=share(known, "events_altered", "events_unaltered"),
        warnings=known["warnings"],
    )  # fmt: skip
    own = own.sort_values(["n", "item"], ascending=[False, True], kind="stable", ignore_index=True)
    shown, beside = without_blank(own[[*UNTESTED_LABELS, "warnings", "n"]], "warnings")
    return render_table(
        shown, columns=UNTESTED_COLUMNS, labels=UNTESTED_LABELS, id=id, sort={"altered": "n"}, warnings_column=beside,
        caption="Features that were not tested",
        source="associations/skipped.tsv",
    )  # fmt: skip


def count_untested(skipped: pd.DataFrame) -> Markup:
    """Return how many features were not tested, by reason.

    Parameters
    ----------
    skipped
        Rows of ``skipped.tsv`` of one endpoint, features only.

    Returns
    -------
    Markup
        A list.
    """
    counts = skipped.groupby(["code", "reason"], sort=True).size().reset_index(name="count").to_dict("records")
    return tag(
        "ul", [tag("li", f"{row['count']}: {row['reason']} (", tag("code", str(row["code"])), ")") for row in counts]
    )


def tabulate_influence(influence: pd.DataFrame, rows: pd.DataFrame, *, id: str) -> Markup | None:  # noqa: A002
    """Return the patients without whom an association reads differently.

    Parameters
    ----------
    influence
        Rows of ``influence.tsv`` of this endpoint.
    rows
        Rows of ``associations.tsv``, for the hazard ratios of all patients.
    id
        Anchor of the table.

    Returns
    -------
    Markup or None
        A sentence if no single patient does that; None if nobody looked.
    """
    if influence.empty:
        return None
    own = influence.loc[influence["flips"].fillna(value=False).astype(bool)].reset_index(drop=True)
    if own.empty:
        return tag("p", "No single patient changes the direction of an effect, or whether its limits include 1.")
    shown = own.assign(
        time=own["time_days"], hr=own["feature"].map(rows.set_index("feature")["hr"]),
        **{name: own[name].map({True: "yes", False: "no"}) for name in ("altered", "event", "flips")},
    )[list(INFLUENCE_LABELS)]  # fmt: skip
    return render_table(
        shown, labels=INFLUENCE_LABELS, id=id, row_patient="patient_id", source="associations/influence.tsv",
        columns={**INFLUENCE_COLUMNS, "time": INFLUENCE_COLUMNS["time_days"], "hr": "hazard ratio with all patients"},
        caption="Patients without whom an effect changes its direction, or its limits begin or cease to include 1",
        formats={"time": plain_months, "hr": value_text, "hr_without": value_text},
    )  # fmt: skip


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order of their p-values, then of their names."""
    return rows.sort_values(["p_primary", "feature"], kind="stable", ignore_index=True)
