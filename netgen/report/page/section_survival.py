"""Survival by origin: curves with the numbers at risk, tests, hazard ratios, restricted means, competing risks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.competing import COMPETING_COLUMNS, READING
from netgen.association.group_survival import EVERYBODY
from netgen.association.plan import ALPHA
from netgen.association.survival_results import GROUP_STATUSES, GROUP_TEST_COLUMNS
from netgen.errors import CODES
from netgen.report.page.association_cells import sentence
from netgen.report.page.document import Section
from netgen.report.page.endpoint_words import list_specs, title_of
from netgen.report.page.figures import embed_incidence, embed_km, probability_text
from netgen.report.page.markup import Markup, join, tag
from netgen.report.page.tables import render_table
from netgen.report.summary import P_METHODS, months, p_text, ratio
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgen.association.survival_results import SurvivalResult
    from netgen.report.study_report import ReportResults

Key = tuple[str, str, str]  # endpoint, grouping, entry rule

REFERENCE: Final = "reference"
HORIZONS: Final = (12, 24, 36)  # months, as in km.tsv
NUMBERS: Final = ("hr", "p_hr", "rmst_diff", "mdhr_80")  # of a difference, not yet printed
OPPOSITE: Final = "opposite directions"  # of an interpretation that says more than READING
ENTRY: Final = {
    "none": "no delayed entry", "sequencing_report": "delayed entry at the sequencing report",
    "sample_collection": "delayed entry at the sample collection", "custom": "delayed entry as recorded",
}  # fmt: skip
# Columns of the tables: heading and meaning.
GROUP_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "group": ("Group", "the group; All = everybody with follow-up"),
    "n": ("n", "patients"),
    "events": ("Events", "patients with the event"),
    "median_text": ("Median, months (95 % CI)", "Kaplan-Meier median; NR = not reached"),
    **{f"s_{month}m_text": (f"At {month} months (95 % CI)", f"Kaplan-Meier estimate at {month} months")
       for month in HORIZONS},
    "followup_text": ("Follow-up, months (95 % CI)", "median follow-up by the reverse Kaplan-Meier estimate"),
}  # fmt: skip
EFFECT_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "group": ("Group", "the group that is compared with the reference"),
    "counts": ("Events/n, group and reference", "events and patients of the group, then of the reference"),
    "hr_text": ("HR (95 % CI)", GROUP_TEST_COLUMNS["hr"]),
    "p_hr": ("p (HR)", GROUP_TEST_COLUMNS["p_hr"]),
    "rmst": ("RMST difference, months (95 % CI)", GROUP_TEST_COLUMNS["rmst_diff"]),
    "mdhr_80": ("Detectable HR", GROUP_TEST_COLUMNS["mdhr_80"]),
    "warnings": ("Warnings", "what a reader must know of the row"),
}
CAUSE_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "group": ("Group", "the group; All = everybody with follow-up"),
    "cause": ("Cause", COMPETING_COLUMNS["cause_name"]),
    "n": ("n", COMPETING_COLUMNS["n"]),
    "events": ("Events", COMPETING_COLUMNS["events"]),
    "cs": ("Cause-specific HR (95 % CI)", COMPETING_COLUMNS["cs_hr"]),
    "cs_p": ("p", COMPETING_COLUMNS["cs_p"]),
    "sd": ("Subdistribution HR (95 % CI)", COMPETING_COLUMNS["sd_hr"]),
    "sd_p": ("p (subdistribution)", COMPETING_COLUMNS["sd_p"]),
    "gray": ("Gray p", COMPETING_COLUMNS["gray_p"]),
}


def render(results: ReportResults) -> Section | None:
    """Return the section, or nothing if no endpoint was compared between groups.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        Per endpoint and grouping: curves, test, table of groups, and incidences where an event competes.
    """
    found = results.survival
    if found is None or not found.plan["comparisons"]:
        return None
    specs = list_specs(results.cohort, found.plan["requested"])
    parts: list[Markup | None] = [tag("p", tag("strong", "Multiplicity."), f" {sentence(found.plan['multiplicity'])}")]
    above = ""
    for number, item in enumerate(found.plan["comparisons"], start=1):
        if item["endpoint"] != above:
            above = item["endpoint"]
            parts.append(tag("h3", title_of(specs[above]), id=f"survival-{above}"))
        parts += _comparison(found, item, f"survival-{number}")
    note = "A large p-value does not say that groups are alike: read the interval of the hazard ratio."
    return Section(id="survival", title="Survival by group", body=join(parts), note=note)


def _comparison(found: SurvivalResult, item: Mapping[str, Any], anchor: str) -> list[Markup | None]:
    """Return one endpoint in one grouping."""
    key: Key = (item["endpoint"], item["grouping"], item["entry_rule"])
    km, tests = _own(found.km, key), _own(found.group_tests, key)
    said = [one for one in found.findings.of("W") if one.message.startswith(f"{key[0]} by {key[1]}:")]
    return [
        tag("h4", f"By {words(key[1])}; {ENTRY[key[2]]}"),
        _curves(found, key, km, tests, item, f"{anchor}-km"),
        _groups(found, key, f"{anchor}-groups"),
        tag("p", _test(tests, item)),
        *(tag("p", text) for text in _conditions(km, tests)),
        _effects(tests, key, f"{anchor}-effects") if len(tests) else None,
        tag("ul", [tag("li", tag("code", one.code), f" {one.message} {one.fix}".rstrip()) for one in said],
            class_="caveats") if said else None,
        *_causes(found, key, item["reference"], anchor),
    ]  # fmt: skip


def _own(frame: pd.DataFrame, key: Key) -> pd.DataFrame:
    mask = (frame["endpoint"] == key[0]) & (frame["grouping"] == key[1]) & (frame["entry_rule"] == key[2])
    return frame.loc[mask]


def _curves(
    found: SurvivalResult, key: Key, km: pd.DataFrame, tests: pd.DataFrame, item: Mapping[str, Any], anchor: str
) -> Markup | None:
    """Return the Kaplan-Meier figure; nothing where no group has a curve."""
    steps = _own(found.curves, key).reset_index(drop=True)
    if steps["time_days"].notna().sum() == 0:
        return None
    competes = bool((found.competing["endpoint"] == key[0]).any())
    tested = item["status"] == "tested" and len(tests)
    medians = [f"{words(str(row['group']))} {months(row['median'])}" for _, row in km.iterrows()]
    return embed_km(
        steps,
        title=f"{key[0].upper()} by {words(key[1])}",
        description=f"Kaplan-Meier curves with limits and numbers at risk. Medians in months: {', '.join(medians)}.",
        annotation=f"p = {p_text(float(tests['p_primary'].iloc[0]))}" if tested else "",
        ylabel="Without event, competing events censored" if competes else "Survival probability",
        key=anchor,
    )


def _test(tests: pd.DataFrame, item: Mapping[str, Any]) -> str:
    """Say what the test of all groups found."""
    if item["status"] != "tested" or len(tests) == 0:
        return f"Not tested: {GROUP_STATUSES.get(item['status'], item['status'])}."
    row = tests.iloc[0]
    if math.isnan(row["p_primary"]):
        return f"Not tested: {GROUP_STATUSES.get(str(row['status']), str(row['status']))}."
    method = P_METHODS.get(str(row["p_method"]), str(row["p_method"]))
    drawn = "" if math.isnan(row["mc_lo"]) else f" (95 % interval {p_text(row['mc_lo'])} to {p_text(row['mc_hi'])})"
    strata = "" if row["strata"] == "none" else f", stratified by {words(str(row['strata']))}"
    model = f"{row['estimator'].capitalize()}, {row['ties'].capitalize()} ties"
    hazards = "not testable (fewer than 10 events)" if math.isnan(row["ph_p"]) else f"p = {p_text(row['ph_p'])}"
    floor = f"; no p below {p_text(row['min_attainable_p'])} was possible" if row["min_attainable_p"] > ALPHA else ""
    return (
        f"{method[:1].upper()}{method[1:]} test of {row['k']:.0f} groups{strata}: p = {p_text(row['p_primary'])}{drawn}"
        f"{floor}."
        f" Log-rank chi-square {ratio(row['chi2'])}, {row['df']:.0f} df, asymptotic p = {p_text(row['p_asymptotic'])}."
        f" Proportional hazards: {hazards}. Hazard ratios: {model}."
    )


def _conditions(km: pd.DataFrame, tests: pd.DataFrame) -> list[str]:
    """Say what the curves and the restricted means are conditional on."""
    late = km.loc[km["t0_conditional"] > 0]
    out = [f"{words(str(row['group']))}: the curve holds for those who reached {months(row['t0_conditional'])} months,"
           " because too few were at risk before." for _, row in late.iterrows()]  # fmt: skip
    none = km.loc[km["t0_conditional"].isna()]
    out += [f"{words(str(group))}: too few are at risk at any time for a curve." for group in none["group"]]
    means = tests.loc[tests["rmst_tau"].notna()]
    if len(means):
        row = means.iloc[0]
        start = f", from {months(row['rmst_t0'])} months on" if row["rmst_t0"] > 0 else ""
        out.append(f"Restricted means (RMST) to {months(row['rmst_tau'])} months{start}; their limits are approximate.")
    return out


def _groups(found: SurvivalResult, key: Key, anchor: str) -> Markup:
    """Return what the curve of each group says, everybody first."""
    km = pd.concat([_own(found.km, (key[0], EVERYBODY, key[2])), _own(found.km, key)], ignore_index=True)
    frame = pd.DataFrame([_estimates(row) for row in km.to_dict("records")])
    sort = {f"{name}_text": name for name in ("median", *(f"s_{month}m" for month in HORIZONS))}
    sort["followup_text"] = "followup_median"
    return _table(
        frame[[*GROUP_COLUMNS, *sort.values()]], GROUP_COLUMNS, anchor, source="survival/km.tsv", sort=sort,
        caption=f"{key[0].upper()} by {words(key[1])}: patients, events, survival, follow-up",
    )  # fmt: skip


def _table(
    frame: pd.DataFrame, columns: Mapping[str, tuple[str, str]], anchor: str, *, caption: str, source: str,
    formats: Mapping[str, Callable[[Any], str]] | None = None, sort: Mapping[str, str] | None = None,
) -> Markup:  # fmt: skip
    """Return a table with the headings and meanings that are declared above."""
    labels, meanings = ({name: pair[i] for name, pair in columns.items()} for i in (0, 1))
    return render_table(
        frame, columns=meanings, labels=labels, id=anchor, caption=caption, source=source, formats=formats, sort=sort
    )


def _estimates(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what the curve of a group says, as printed."""
    known = pd.notna(row["t0_conditional"])  # otherwise there is no curve
    out = {
        **{name: row[name] for name in ("n", "events", "median", "followup_median")},
        "group": "All" if row["grouping"] == EVERYBODY else words(str(row["group"])),
        "median_text": _months(row, "median", "median_lo", "median_hi") if known else "",
        "followup_text": _months(row, "followup_median", "followup_lo", "followup_hi"),
    }
    for month in HORIZONS:
        values = (float(row[f"{name}_{month}m"]) for name in ("s", "s_lo", "s_hi"))
        out |= {f"s_{month}m": row[f"s_{month}m"], f"s_{month}m_text": probability_text(*values)}
    return out


def _effects(tests: pd.DataFrame, key: Key, anchor: str) -> Markup:
    """Return how each group differs from the reference; why not, where it was not tested."""
    rows = []
    for row in tests.to_dict("records"):
        tested, status = row["status"] == "tested", str(row["status"])
        none = f"not tested: {GROUP_STATUSES.get(status, words(status))}"
        sides = ("group", "reference") if row["reference"] else ("group",)
        counts = ", ".join(f"{row[f'events_{side}']:.0f}/{row[f'n_{side}']:.0f}" for side in sides)
        rmst = "" if pd.isna(row["rmst_diff"]) else _months(row, "rmst_diff", "rmst_diff_lo", "rmst_diff_hi")
        numbers = {name: row[name] for name in NUMBERS}
        rows.append(
            {**numbers, "group": words(str(row["group"])), "counts": counts, "rmst": rmst,
             "hr_text": _interval(row, "hr") if tested else none, "warnings": _warned(row)}
        )  # fmt: skip
    reference = words(str(tests["reference"].iloc[0]))
    against = f"groups against {reference}" if reference else "groups"
    frame = pd.DataFrame(rows).astype(dict.fromkeys(NUMBERS, "float64"))
    return _table(
        frame[[*EFFECT_COLUMNS, "hr", "rmst_diff"]], EFFECT_COLUMNS, anchor,
        formats={"p_hr": p_text, "mdhr_80": _ratio}, sort={"hr_text": "hr", "rmst": "rmst_diff"},
        caption=f"{key[0].upper()} by {words(key[1])}: {against}", source="survival/group_tests.tsv",
    )  # fmt: skip


def _warned(test: Mapping[Any, Any]) -> Markup:
    """Return each warning of a row with its sentence; that about similarity with the interval of the row."""
    codes = [code for code in str(test.get("warnings", "")).split(";") if code in CODES]
    said = {code: str(test["reading"]) if code == "W_NO_EQUIVALENCE" else CODES[code] for code in codes}
    lines = [tag("li", tag("code", code), f" {text}") for code, text in said.items()]
    return tag("ul", lines, class_="warnings") if lines else join([])


def _causes(found: SurvivalResult, key: Key, reference: str, anchor: str) -> list[Markup | None]:
    """Return the cumulative incidence of both causes and what the groups do to them; nothing where nothing competes."""
    own = _own(found.competing, key)
    if len(own) == 0:
        return []
    rows = pd.concat([_own(found.competing, (key[0], EVERYBODY, key[2])), own], ignore_index=True)
    steps = _own(found.incidence, key).reset_index(drop=True)
    opposite = own.loc[own["interpretation"].astype("string").str.contains(OPPOSITE, regex=False).fillna(value=False)]
    told = opposite.drop_duplicates(["group", "cause"])
    figure = None
    if steps["time_days"].notna().any():
        figure = embed_incidence(
            steps,
            title=f"{key[0].upper()} by {words(key[1])}: cumulative incidence",
            description=f"Aalen-Johansen estimates of {' and '.join(dict.fromkeys(own['cause_name']))} by group.",
            annotation=_gray(own),
            key=f"{anchor}-incidence",
        )
    return [
        figure,
        _incidences(rows, key, reference, f"{anchor}-causes"),
        tag("p", READING),
        *(tag("p", f"{words(str(row['group']))}: {row['interpretation'].removeprefix(READING).strip()}")
          for _, row in told.iterrows()),
    ]  # fmt: skip


def _gray(own: pd.DataFrame) -> str:
    tests = own.loc[own["gray_p"].notna()].drop_duplicates("cause_name")
    return "\n".join(f"Gray p, {row['cause_name']}: {p_text(row['gray_p'])}" for _, row in tests.iterrows())


def _incidences(rows: pd.DataFrame, key: Key, reference: str, anchor: str) -> Markup:
    """Return one row per group and cause: incidences at the horizons, hazard ratios of both kinds, Gray's test."""
    lines, days = [], list(dict.fromkeys(rows["horizon_days"]))
    for (grouping, group, _), own in rows.groupby(["grouping", "group", "cause"], sort=False):
        first = own.iloc[0]
        at: dict[str, Any] = {}
        for i, day in enumerate(days):
            row = own.loc[own["horizon_days"] == day].iloc[0]
            text = probability_text(row["cif"], row["cif_lo"], row["cif_hi"])
            at |= {f"cif_{i}": text, f"cif_{i}_value": row["cif"]}
        whole = grouping == EVERYBODY
        lines.append(
            {"group": "All" if whole else words(str(group)), "cause": first["cause_name"], "n": int(first["n"]),
             "events": int(first["events"]), **at, **_compared(first, is_reference=not whole and group == reference)}
        )  # fmt: skip
    horizons = {f"cif_{i}": (f"Incidence at {months(day)} months (95 % CI)", COMPETING_COLUMNS["cif"])
                for i, day in enumerate(days)}  # fmt: skip
    before = ("group", "cause", "n", "events")
    order = [*before, *horizons, *(name for name in CAUSE_COLUMNS if name not in before)]
    sort = {name: f"{name}_value" for name in horizons} | {"cs": "cs_hr", "sd": "sd_hr"}
    return _table(
        pd.DataFrame(lines)[[*order, *sort.values()]], CAUSE_COLUMNS | horizons, anchor, sort=sort,
        formats={"cs_p": p_text, "sd_p": p_text}, source="survival/competing.tsv",
        caption=f"{key[0].upper()} by {words(key[1])}: competing risks",
    )  # fmt: skip


def _compared(row: pd.Series, *, is_reference: bool) -> dict[str, Any]:
    """Return both hazard ratios and Gray's test of a group and cause, as printed; a reason where there is none."""
    gray = p_text(row["gray_p"]) if pd.notna(row["gray_p"]) else _reason(row["gray_status"])
    none = REFERENCE if is_reference else ""
    return {
        "cs_hr": row["cs_hr"],
        "sd_hr": row["sd_hr"],
        "cs": _interval(row, "cs_hr") if pd.notna(row["cs_hr"]) else none,
        "cs_p": row["cs_p"],
        "sd": _interval(row, "sd_hr") if pd.notna(row["sd_hr"]) else none or _reason(row["sd_status"]),
        "sd_p": row["sd_p"],
        "gray": gray,
    }


def _reason(status: Any) -> str:  # noqa: ANN401  # text or a missing value of any kind
    return "" if pd.isna(status) or status == "ok" else f"none: {words(str(status))}"


def _interval(row: Mapping[Any, Any] | pd.Series, name: str) -> str:
    return f"{ratio(row[name])} ({ratio(row[f'{name}_lo'])} to {ratio(row[f'{name}_hi'])})"


def _months(row: Mapping[Any, Any], value: str, lo: str, hi: str) -> str:
    return f"{months(row[value])} ({months(row[lo])} to {months(row[hi])})"


def _ratio(value: float) -> str:
    return "" if math.isnan(value) else ratio(value)
