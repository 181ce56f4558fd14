"""Response: rates by line, origin, class of treatment and alteration, durations, figures (DOMAIN 2.7, 3.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.association.response_rows import ALL, BOR, METRICS
from netgen.plots.regimen_look import look_of
from netgen.plots.waterfall import BOR_STYLE, SHRINKAGE
from netgen.report.page import response_features as features
from netgen.report.page import response_tables as tables
from netgen.report.page.association_cells import fold, paragraph, sentence, warn
from netgen.report.page.document import Section
from netgen.report.page.figures import embed, embed_waterfall
from netgen.report.page.markup import join, tag
from netgen.report.page.share_cells import share_with_limits
from netgen.report.summary import p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    import pandas as pd

    from netgen.association.response_results import ResponseResult
    from netgen.plots.style import Width
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

CLASS: Final = "regimen_class"
MOST_SINGLE: Final = 4  # groups that have room in a narrow figure
OUTCOMES: Final = {
    "ORR": "objective response (CR or PR)",
    "DCR": "disease control (CR, PR, SD or non-CR/non-PD)",
}
DENOMINATOR: Final = {
    "started": "Everybody who started the line is in the denominator: who was not evaluable or not assessed is no"
    " responder. Rates among evaluable patients are a sensitivity analysis and are marked as such.",
    "evaluable": "Patients who were not evaluable are left out, as asked for: this is a sensitivity analysis. Rates of"
    " all who started the line stand beside it.",
}
DURATION: Final = (
    "Duration of response is that of responders only, who are known only after baseline: groups are not tested."
    " The median of the treatments that ended leaves out those that go on, and is too short."
)
SOURCES: Final = {"recorded": "a recorded best response", "none": "nothing (not evaluable)"}
CLUSTER: Final = "The lines of a patient are not independent: labels are permuted between patients."


def render(results: ReportResults) -> Section | None:
    """Return the section.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        None if nobody started a line of treatment.
    """
    result = results.response
    if result is None:
        return None
    body = [
        paragraph(*_rules(result)),
        *(part for line in result.plan["lines"] for part in _line(result, str(line))),
        fold(f"Best response of every patient ({len(result.responses)})", tables.tabulate_patients(result)),
    ]
    note = f"Outcomes: ORR, {OUTCOMES['ORR']}; DCR, {OUTCOMES['DCR']}."
    return Section(id="response", title="Response to treatment", body=join(body), note=note)


def _rules(result: ResponseResult) -> list[str]:
    """Say how the best response was told and who is in the denominator."""
    plan = result.plan
    if plan["column"] is not None:
        how = f"Best responses are as recorded in the column {plan['column']}."
    elif plan["confirmed"]:
        how = f"Best response is confirmed: a response was seen again after at least {plan['confirm_days']} days."
    else:
        how = "Best response is unconfirmed."
    known = ", ".join(f"{SOURCES.get(name, words(name))} {count}" for name, count in plan["sources"].items())
    stable = "" if plan["column"] is not None else f"Stable disease counts from day {plan['sd_min_days']} of the line."
    return [how, stable, f"Lines by what it rests on: {known}.", DENOMINATOR[plan["denominator"]]]


def _line(result: ResponseResult, line: str) -> list[Markup | None]:
    """Return one line: rates, groups with their comparison, alterations, drug classes, durations, figures."""
    rows = result.table.loc[result.table["line"] == line]
    head = _head(line)
    return [
        tag("h3", head),
        paragraph(_whole(result, rows, line), CLUSTER if line == ALL else ""),
        _findings(result, line),
        tables.tabulate_overall(
            rows.loc[rows["kind"] == "all"], id=f"response-{line}-rates", caption=f"{head}: rates of all patients"
        ),
        *(part for grouping in result.plan["by"] for part in _group(result, rows, line, grouping)),
        tag("h4", "Comparison of groups"),
        tables.tabulate_tests(
            _chosen(result, rows, "test"), id=f"response-{line}-tests", caption=f"{head}: comparison of groups"
        ),
        *_features(rows, line),
        *_classes(result, line),
        _waterfall(result, line),
        *_durations(result, line),
    ]


def _head(line: str) -> str:
    return "All lines" if line == ALL else f"Line {line}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _chosen(result: ResponseResult, rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Rows of one kind and of the denominator asked for."""
    wanted: pd.DataFrame = rows.loc[(rows["kind"] == kind) & (rows["denominator"] == result.plan["denominator"])]
    return wanted


def _whole(result: ResponseResult, rows: pd.DataFrame, line: str) -> str:
    """Say how many patients, and the rates of all of them."""
    whole = _chosen(result, rows, "all").set_index("metric")
    first = whole.loc["ORR"]
    count = f"{first['n']} lines of {first['n_patients']} patients" if line == ALL else f"{first['n']} patients"
    own = whole.assign(total=whole["a"] + whole["b"])
    shares = share_with_limits(own, "a", "total", "rate", "cp_lo", "cp_hi").dropna()
    return "; ".join([count, *(f"{metric} {share}" for metric, share in shares.items())]) + "."


def _findings(result: ResponseResult, line: str) -> Markup | None:
    """Warnings about the whole line."""
    start = f"response, line {line}: "
    return warn([(item.code, item.message) for item in result.findings.of("W") if item.message.startswith(start)])


def _group(result: ResponseResult, rows: pd.DataFrame, line: str, grouping: str) -> list[Markup | None]:
    """Return the rates of the groups of one variable, and the figure of their best responses."""
    own = rows.loc[(rows["kind"] == "group") & (rows["variable"] == grouping)]
    if not len(own):
        return []
    id_ = f"response-{line}-by-{result.plan['by'].index(grouping) + 1}"
    main = result.plan["denominator"]
    parts: dict[bool, list[Markup]] = {True: [], False: []}
    for denominator, part in own.groupby("denominator", sort=False):
        name, first = tables.DENOMINATORS[str(denominator)], denominator == main
        table = tables.tabulate_groups(
            part, id=id_ if first else f"{id_}-sensitivity", head=_capital(words(grouping)),
            caption=f"{_head(line)}: rates by {words(grouping)}, {name}",
        )  # fmt: skip
        parts[first].append(table)
    other = tables.DENOMINATORS["evaluable" if main == "started" else "started"]
    return [
        tag("h4", f"By {words(grouping)}"),
        _bars(result, rows, line, grouping),
        *parts[True],
        fold(f"The same rates, {other}", *parts[False]),
    ]


def _bars(result: ResponseResult, rows: pd.DataFrame, line: str, grouping: str) -> Markup | None:
    """Return the best responses of the groups as bars; of all lines together there is none."""
    from netgen.plots.response_bars import plot_response_bars

    if line == ALL:
        return None
    own = result.responses.loc[result.responses["line_number"] == int(line)]
    own = own.loc[own[grouping].notna()]
    if not len(own):
        return None
    levels = rows.loc[(rows["kind"] == "group") & (rows["variable"] == grouping), "level"]
    names = {str(level): look_of(str(level)).name if grouping == CLASS else words(str(level)) for level in levels}
    sizes = own.assign(group=own[grouping].map(names)).groupby(["group", "bor"], sort=False).size()
    counts = sizes.rename("n").reset_index()
    order = list(dict.fromkeys(name for name in names.values() if name in set(counts["group"])))
    wide: Width = "double" if len(order) > MOST_SINGLE else "single"
    kind = "Confirmed best" if result.plan["confirmed"] else "Best"
    return embed(
        plot_response_bars(counts, order=order, width=wide, annotation=_p_values(result, rows, grouping)),
        title=f"{kind} response to line {line} by {words(grouping)}", description=_describe(counts, order),
        key=f"response-{line}-bars-{result.plan['by'].index(grouping) + 1}", kind="bars",
    )  # fmt: skip


def _p_values(result: ResponseResult, rows: pd.DataFrame, grouping: str) -> str:
    own = _chosen(result, rows, "test")
    own = own.loc[(own["variable"] == grouping) & (own["status"] == "tested")]
    return ", ".join(f"{row['metric']} p = {p_text(row['p_primary'])}" for row in own.to_dict("records"))


def _describe(counts: pd.DataFrame, order: list[str]) -> str:
    """Tell the bars to who cannot see them, best response first."""
    rank = {name: place for place, name in enumerate(BOR_STYLE)}
    parts = []
    for group in order:
        own = counts.loc[counts["group"] == group].sort_values("bor", key=lambda words: words.map(rank))
        parts.append(f"{group}: " + ", ".join(f"{BOR_STYLE[str(row.bor)][1]} {row.n}" for row in own.itertuples()))
    return "; ".join(parts) + "."


def _features(rows: pd.DataFrame, line: str) -> list[Markup | None]:
    """Return tested alterations, one table per outcome, and a fold of those that were not tested."""
    own = rows.loc[rows["kind"] == "feature"]
    if not len(own):
        return []
    head = _head(line)
    tested, others = own.loc[own["status"] == "tested"], own.loc[own["status"] != "tested"]
    parts: list[Markup | None] = [tag("h4", "Alterations")]
    if not len(tested):
        parts.append(paragraph("No alteration could be tested."))
    for metric in (*METRICS, BOR):
        part = tested.loc[tested["metric"] == metric]
        if not len(part):
            continue
        tabulate = features.tabulate_ordered if metric == BOR else features.tabulate_features
        caption = f"{head}: {len(part)} alterations and {OUTCOMES.get(metric, 'the ordered best response, PD to CR')}"
        parts.append(tabulate(part, id=f"response-{line}-{metric.lower()}", caption=caption))
    rates = tested.loc[tested["metric"] != BOR]
    if len(rates):
        table = features.tabulate_further(rates, id=f"response-{line}-further", caption=f"{head}: further tests")
        parts.append(fold("Within strata, and how it was tested", table))
    if len(others):
        table = features.tabulate_untested(others, id=f"response-{line}-untested", caption=f"{head}: not tested")
        parts.append(fold(f"Alterations that were not tested ({others['level'].nunique()})", table))
    return parts


def _classes(result: ResponseResult, line: str) -> list[Markup | None]:
    """Return effects within classes of treatment where enough patients received them."""
    own = result.by_class.loc[result.by_class["line"].astype(str) == line]
    if not len(own):
        return []
    least = result.plan["min_exposed"]
    tested = own.loc[own["status"] == "tested"]
    n = own["feature"].nunique()
    text = f"Effects within a class of treatment are tested with at least {least} altered and {least} unaltered"
    text += f" patients who received it: {tested['feature'].nunique()} of {n} alterations. An effect in one class and"
    text += " none in another is no evidence for a difference; the interaction test is."
    id_ = f"response-{line}-classes"
    table = features.tabulate_classes(tested, id=id_, caption="Within classes of treatment") if len(tested) else None
    return [tag("h4", "Alterations within classes of treatment"), paragraph(text), table]


def _waterfall(result: ResponseResult, line: str) -> Markup | None:
    """Return the changes of tumour size; nothing where none is known."""
    if line == ALL:
        return None
    sizes = result.sizes.loc[result.sizes["line_number"] == int(line)]
    measured = sizes.loc[sizes["best_change_pct"].notna()]
    if not len(measured):
        return None
    note = f"{len(sizes) - len(measured)} of {len(sizes)} patients without two measurements are not shown"
    shrunk = (
        f"{(measured['best_change_pct'] <= SHRINKAGE).sum()} of {len(measured)} shrank by {-SHRINKAGE:.0f} % or more."
    )
    return embed_waterfall(
        sizes, title=f"Best change of tumour size, line {line}",
        description=f"One bar per patient, the largest growth first. {shrunk}", plot_note=note,
        key=f"response-{line}-waterfall", note=sentence(note),
    )  # fmt: skip


def _durations(result: ResponseResult, line: str) -> list[Markup | None]:
    if not len(result.durations):
        return []
    rows = result.durations.loc[result.durations["line"].astype(str) == line]
    if not len(rows):
        return []
    table = tables.tabulate_durations(rows, id=f"response-{line}-durations", caption=f"Line {line}: durations")
    return [tag("h4", "Durations"), paragraph(DURATION), table]
