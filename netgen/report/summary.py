"""What ``netgen associate`` prints: a summary a person reads on a terminal, and the same as plain values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.heterogeneity import LOW_POWER
from netgen.association.power import power_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.association.results import AssociationResult
    from netgen.cohort import Cohort

DAYS_PER_MONTH: Final = 30.4375
ROWS_SHOWN: Final = 15
P_METHODS: Final = {
    "exact": "exact permutation log-rank",
    "monte_carlo": "Monte-Carlo permutation log-rank",
    "lr": "Cox likelihood-ratio",
    "penalised_lr": "Firth penalised likelihood-ratio",
}


def summarize_association(result: AssociationResult, out: Path) -> dict[str, Any]:
    """Return the main numbers of a run as plain values (``--json``).

    Parameters
    ----------
    result
        A finished run.
    out
        The folder the tables were written to.

    Returns
    -------
    dict
        Keys ``out``, ``matrix_hash``, ``warnings`` (code -> count) and ``endpoints``: per endpoint n, events, tested
        features and the rows of the tested ones.
    """
    endpoints = {}
    for name, plan in result.plan["endpoints"].items():
        rows = result.table.loc[result.table["endpoint"] == name]
        tested = rows.loc[rows["status"] == "tested"]
        keep = ["feature", "n_altered", "n_profiled", "hr", "hr_lo", "hr_hi", "p_primary", "p_method", "q_bh", "het_p"]
        endpoints[name] = {
            "n": plan["n"],
            "events": plan["events"],
            "mode": plan["mode"],
            "features": len(rows),
            "tested": len(tested),
            "rows": [{key: _none(value) for key, value in row.items()} for row in tested[keep].to_dict("records")],
        }
    codes: dict[str, int] = {}
    for item in result.findings.of("W"):
        codes[item.code] = codes.get(item.code, 0) + 1
    return {"out": str(out), "matrix_hash": result.matrix_hash, "warnings": codes, "endpoints": endpoints}


def _none(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value is pd.NA else value


def render_association(result: AssociationResult, cohort: Cohort, out: Path) -> str:
    """Return the summary of a run as text: cohort, one table per endpoint, what was not tested, where the files are.

    Parameters
    ----------
    result
        A finished run.
    cohort
        What it was run on.
    out
        The folder of the results.

    Returns
    -------
    str
        Lines of at most about 110 characters.
    """
    study = cohort.study
    head = f"{study.title or study.id}: {len(cohort.patients)} patients, {len(cohort.samples)} samples"
    lines = [head, *([f"Note: {study.label}."] if study.label else []), ""]
    for name in result.plan["endpoints"]:
        lines += _endpoint(name, result.table.loc[result.table["endpoint"] == name], result)
        lines.append("")
    for item in result.skipped.loc[result.skipped["kind"] == "model"].itertuples():
        lines.append(f"Penalised model for {item.item}: {item.reason}")
    for name, model in sorted(result.models.items()):
        lines.append(f"Penalised model for {name}: {model.verdict}")
    lines.append(f"Tables, figures, plan and provenance are in {out}/ (start with associations.tsv).")
    return "\n".join(lines)


def _endpoint(name: str, rows: pd.DataFrame, result: AssociationResult) -> list[str]:
    plan = result.plan["endpoints"][name]
    whole = result.km.loc[(result.km["endpoint"] == name) & (result.km["grouping"] == "all")].iloc[0]
    entry = plan["entry_rule"]
    lines = [
        f"{name.upper()}: {plan['n']} patients, {plan['events']} events, median {months(whole['median'])} months "
        f"({months(whole['median_lo'])}-{months(whole['median_hi'])}); "
        + ("no delayed entry" if entry == "none" else f"delayed entry at {entry}")
        + f"; strata: {plan['strata']}",
    ]
    tested = rows.loc[rows["status"] == "tested"].sort_values(["p_primary", "feature"], kind="stable")
    if len(tested):
        lines += _table(tested)
        lines += _reading(tested, plan)
    else:
        lines.append("  No feature could be tested.")
    others = rows.loc[rows["status"] != "tested", "status"].value_counts().sort_index()
    if len(others):
        lines.append("  Not tested: " + ", ".join(f"{count} {status}" for status, count in others.items()))
    return lines


def _table(tested: pd.DataFrame) -> list[str]:
    head = ("gene", "altered", "events alt/wt", "HR (95 % CI)", "p", "q (BH)", "Holm", "across origins p", "")
    lines = [head, *[_cells(row) for _, row in tested.head(ROWS_SHOWN).iterrows()]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    if len(tested) > ROWS_SHOWN:
        text.append(f"... and {len(tested) - ROWS_SHOWN} more tested features in associations.tsv")
    return [f"  {line}".rstrip() for line in text]


def _cells(row: pd.Series) -> tuple[str, ...]:
    return (
        str(row["feature"]),
        f"{row['n_altered']}/{row['n_profiled']}",
        f"{row['events_altered']}/{row['events_unaltered']}",
        f"{ratio(row['hr'])} ({ratio(row['hr_lo'])}-{ratio(row['hr_hi'])})",
        p_text(row["p_primary"]),
        p_text(row["q_bh"]),
        p_text(row["p_holm"]),
        p_text(row["het_p"]),
        str(row["warnings"]).replace(";", " "),
    )


def _reading(tested: pd.DataFrame, plan: dict[str, Any]) -> list[str]:
    methods = sorted({P_METHODS.get(str(name), str(name)) for name in tested["p_method"].dropna()})
    estimator = "Firth-penalised" if plan["estimator"] == "firth" else f"{plan['ties'].capitalize()} Cox"
    lines = [f"  p: {' / '.join(methods)}; HR: {estimator}; {len(tested)} tests in the family."]
    weakest = tested.loc[tested["p_primary"] > plan["alpha"]].sort_values("mdhr_80", kind="stable")
    if len(weakest):
        row = weakest.iloc[0]
        events = int(row["events_altered"] + row["events_unaltered"])
        lines.append(f"  {row['feature']}: " + power_sentence(events, row["n_altered"] / row["n_profiled"]))
    if tested["n_origins_estimable"].between(2, 3).any():
        lines.append(f"  Across origins: {LOW_POWER}")
    return lines


def months(days: float) -> str:
    """Return days as months.

    Parameters
    ----------
    days
        A median; NaN = not reached.

    Returns
    -------
    str
        One decimal, or NR.
    """
    return "NR" if math.isnan(days) else f"{days / DAYS_PER_MONTH:.1f}"


def ratio(value: float) -> str:
    """Return a hazard ratio with a sensible number of digits.

    Parameters
    ----------
    value
        A ratio or a limit; NaN = the limit does not exist.

    Returns
    -------
    str
        Two decimals; from 100 on a whole number; two digits below 0.01 and from 10,000 on; ``open`` for NaN.
    """
    if math.isnan(value):
        return "open"
    if value >= 10_000 or value < 0.01:
        return f"{value:.2g}"
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def p_text(value: float) -> str:
    """Return a p-value for people.

    Parameters
    ----------
    value
        A p-value; NaN = no test.

    Returns
    -------
    str
        Two significant digits, never 0; ``-`` without a test.
    """
    if math.isnan(value):
        return "-"
    if value < 1e-300:
        return "<1e-300"
    return f"{value:.2g}" if value < 0.095 else f"{value:.2f}"
