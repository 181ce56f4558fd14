"""Rows of ``response.tsv``: the rate of everybody and of each group, tests of groups, one row per feature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.association.freeman_halton import freeman_halton
from netgen.association.plan import ALPHA, choose_min_altered, choose_mode
from netgen.association.response_tests import (
    RANKS,
    compare_clustered,
    compare_ordered,
    compare_strata,
    compare_two,
    describe_cluster_rate,
    describe_rate,
    rank_responses,
)
from netgen.clinical.response_rules import CONTROL, RESPONSE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.permutation import PermutationTest

METRICS: Final[dict[str, tuple[str, ...]]] = {"ORR": RESPONSE, "DCR": CONTROL}
BOR: Final = "BOR"
ALL: Final = "all"
LOW_COVERAGE: Final = 0.5
_WITH_P: Final = ("tested", "untestable_discrete")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ResponseSet:
    """Best responses of n lines: of one line number, or of all with the patient as cluster.

    Attributes
    ----------
    line, denominator, confirmed
        1, 2 ... or all; started or evaluable; whether responses needed confirmation.
    patient
        (n,) patient of each row, as a number from 0.
    bor
        (n,) best overall responses.
    stratum, strata_name
        (n,) labels within which tests are made, or None; what they are, or none.
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    features, feature_type
        (m,) names and what altered means.
    seed
        Of everything drawn.
    """

    line: str
    denominator: str
    confirmed: bool
    patient: NDArray[np.intp]
    bor: NDArray[np.object_]
    stratum: NDArray[np.str_] | None
    strata_name: str
    genes: NDArray[np.int8]
    features: pd.Index
    feature_type: str
    seed: int

    @property
    def clustered(self) -> bool:
        """Several lines of a patient may be among the rows."""
        return self.line == ALL

    def outcome(self, metric: str) -> NDArray[np.bool_]:
        """Return (n,) whether each line has the outcome.

        Parameters
        ----------
        metric
            ORR or DCR.

        Returns
        -------
        array
            bool.
        """
        return np.isin(self.bor.astype(str), METRICS[metric])


def overall_row(data: ResponseSet, metric: str) -> Row:
    """Return the rate of everybody.

    Parameters
    ----------
    data
        The lines.
    metric
        ORR or DCR.

    Returns
    -------
    dict
        A row with kind ``all``.
    """
    everybody = np.ones(len(data.bor), dtype=bool)
    return _head(data, metric, "all", ALL, ALL) | _members(data, everybody) | _rate(data, metric, everybody, "")


def group_rows(data: ResponseSet, metric: str, variable: str, labels: NDArray[np.str_], order: list[str]) -> list[Row]:
    """Return the rate of each group and the test whether they differ.

    Parameters
    ----------
    data
        The lines.
    metric
        ORR or DCR.
    variable
        What forms the groups.
    labels
        (n,) group of each line; blank = none.
    order
        Groups in the order of the table.

    Returns
    -------
    list of dict
        One row per group, then one with kind ``test``: Freeman-Halton of all groups; of two groups also odds ratio and
        difference, first against second. Nothing where no line has a group.
    """
    present = [group for group in order if (labels == group).any()]
    if not present:
        return []
    rows = []
    for group in present:
        member = labels == group
        row = _head(data, metric, "group", variable, group) | _members(data, member)
        rows.append(row | _rate(data, metric, member, "") | {"status": "described"})
    return [*rows, _group_test(data, metric, variable, labels, present)]


def _group_test(data: ResponseSet, metric: str, variable: str, labels: NDArray[np.str_], present: list[str]) -> Row:
    y, known = data.outcome(metric), np.isin(labels, present)
    pair = len(present) == 2
    row = _head(data, metric, "test", variable, present[0] if pair else ALL) | _members(data, known)
    if pair:
        row["reference"] = present[1]
        for group, suffix in zip(present, ("", "_ref"), strict=True):
            row |= _rate(data, metric, labels == group, suffix)
    if len(present) < 2:
        return row | {"status": "one_group"}
    if not y[known].any() or y[known].all():
        return row | {"status": "no_events"}
    if data.clustered:
        return row | _cluster_group_test(data, y, labels, known)
    table = [[int(y[labels == group].sum()), int((~y[labels == group]).sum())] for group in present]
    found = freeman_halton(table, seed=data.seed)
    row |= {
        "p_primary": found.p, "p_method": f"freeman_halton_{found.method}", "n_permutations": found.n_draws,
        "mc_lo": found.mc_lo, "mc_hi": found.mc_hi, "min_attainable_p": found.min_attainable_p, "status": "tested",
    }  # fmt: skip
    if pair:
        row |= compare_two(*table[0], *table[1]) | {"p_method": "fisher"}
    return _remark(row)


def _cluster_group_test(
    data: ResponseSet, y: NDArray[np.bool_], labels: NDArray[np.str_], known: NDArray[np.bool_]
) -> Row:
    """Permute group labels of patients; impossible where a patient is in several groups."""
    kept = np.unique(data.patient[known], return_inverse=True)[1]
    place = np.unique(kept, return_index=True)[1]
    mine = labels[known]
    if (mine[place][kept] != mine).any():
        return {"status": "changes_within_patient"}
    x, n = np.bincount(kept, weights=y[known]), np.bincount(kept)
    return _remark(_cluster_columns(compare_clustered(x, n, mine[place], seed=data.seed)))


def _cluster_columns(found: PermutationTest) -> Row:
    return {
        "p_primary": found.p, "p_method": f"cluster_{found.method}", "n_permutations": found.n_permutations,
        "mc_lo": found.mc_lo, "mc_hi": found.mc_hi, "min_attainable_p": found.min_attainable_p, "status": "tested",
    }  # fmt: skip


def feature_rows(data: ResponseSet, metric: str, min_altered: int | None) -> list[Row]:
    """Return one row per feature: altered against profiled and not altered.

    Parameters
    ----------
    data
        The lines.
    metric
        ORR, DCR or, of a single line, BOR.
    min_altered
        Smallest number of patients on either side; None = by the rule of the plan.

    Returns
    -------
    list of dict
        In the order of ``data.features``.
    """
    altered, profiled = data.genes == 1, data.genes >= 0
    if metric == BOR:
        return _ordered_rows(data, altered, profiled, min_altered)
    y = data.outcome(metric)
    patients = [_count_patients(data, part) for part in (altered, profiled & ~altered)]
    counts = np.stack([_count(part, cases) for part in (altered, profiled & ~altered) for cases in (y, ~y)], axis=1)
    in_strata = _count_strata(data, altered, profiled, y)
    least = _least(data, min_altered, min(int(y.sum()), int((~y).sum())))
    rows: list[Row] = []
    memo: dict[bytes, PermutationTest] = {}
    for i, name in enumerate(data.features):
        a, b, c, d = (int(part) for part in counts[i])
        row = _head(data, metric, "feature", data.feature_type, str(name)) | _members(data, profiled[i])
        row |= {"a": a, "b": b, "c": c, "d": d, "strata": data.strata_name}
        row["status"] = _status(int(patients[0][i]), int(patients[1][i]), a + c, b + d, least)
        if data.clustered:
            row |= _cluster_feature(data, y, altered[i], profiled[i], row["status"], memo)
        else:
            row |= describe_rate(a, a + b) | describe_rate(c, c + d, suffix="_ref")
            row |= _tables(row["status"], (a, b, c, d), in_strata[:, :, i] if len(in_strata) > 1 else None)
        rows.append(_settle(row))
    return rows


def _tables(status: str, cells: tuple[int, int, int, int], strata: NDArray[np.int64] | None) -> Row:
    """Columns of the 2 x 2 table of one feature; the difference stands also where there is no test."""
    two = compare_two(*cells)
    if status not in _WITH_P:
        return {key: two[key] for key in ("diff", "diff_lo", "diff_hi")}
    row: Row = two | {"p_primary": two["p_fisher"], "p_method": "fisher"}
    if strata is not None:
        row |= compare_strata(tuple((int(q[0]), int(q[1]), int(q[2]), int(q[3])) for q in strata))
    return row


def _cluster_feature(
    data: ResponseSet, y: NDArray[np.bool_], altered: NDArray[np.bool_], profiled: NDArray[np.bool_], status: str,
    memo: dict[bytes, PermutationTest],
) -> Row:  # fmt: skip
    """Rates over all lines and the test that permutes the gene labels of patients."""
    row: Row = {}
    for member, suffix in ((altered, ""), (profiled & ~altered, "_ref")):
        x, n = _per_patient(data, y, member)
        row |= describe_cluster_rate(x, n, suffix=suffix)
    row["diff"] = row["rate"] - row["rate_ref"]
    if status != "tested":
        return row
    key = np.packbits(altered).tobytes() + np.packbits(profiled).tobytes()
    if key not in memo:
        x, n = _per_patient(data, y, profiled)
        first = np.unique(data.patient[profiled], return_index=True)[1]
        stratum = None if data.stratum is None else data.stratum[profiled][first]
        memo[key] = compare_clustered(x, n, altered[profiled][first], stratum, seed=data.seed)
    return row | _cluster_columns(memo[key])


def _ordered_rows(
    data: ResponseSet, altered: NDArray[np.bool_], profiled: NDArray[np.bool_], min_altered: int | None
) -> list[Row]:
    """Rows of the ordered best response, NE left out."""
    rank = rank_responses(data.bor)
    level = rank == np.arange(max(RANKS.values()) + 1)[:, None]
    first, both = (np.stack([_count(part, cases) for cases in level], axis=1) for part in (altered, profiled))
    least = _least(data, min_altered, int((rank >= 0).sum()))
    rows = []
    for i, name in enumerate(data.features):
        row = _head(data, BOR, "feature", data.feature_type, str(name)) | _members(data, profiled[i] & (rank >= 0))
        m, n = int(first[i].sum()), int(both[i].sum())
        spread = int((both[i] > 0).sum())
        row["status"] = _status(m, n - m, spread - 1, 1, least)
        if row["status"] == "tested":
            found = compare_ordered(first[i], both[i] - first[i], seed=data.seed)
            row |= {**found, "p_primary": found["p_wilcoxon"], "p_method": f"wilcoxon_{found['p_method']}"}
        rows.append(_settle(row))
    return rows


def _settle(row: Row) -> Row:
    """Take a row that cannot reach the level out of the family, and add what must be said beside the others."""
    if row["status"] == "tested" and row["min_attainable_p"] > ALPHA:
        row["status"] = "untestable_discrete"
    if row["status"] == "tested":
        row = _remark(row)
    if row["n"] < LOW_COVERAGE * row["n_total"] and row["metric"] != BOR:
        row["warnings"] = ";".join(filter(None, ["W_LOW_COVERAGE", row["warnings"]]))
    return row


def _remark(row: Row) -> Row:
    """Codes beside a test and, above the level, the sentence that goes with it."""
    p, codes = float(row["p_primary"]), []
    lo, hi = row.get("or_lo", math.nan), row.get("or_hi", math.nan)
    if "or_lo" in row and (p <= ALPHA) != (lo > 1 or hi < 1):
        codes.append("W_P_CI_DISCORDANT")
    if p > ALPHA:
        codes.append("W_NO_EQUIVALENCE")
        ends = (row.get("diff_lo", math.nan), row.get("diff_hi", math.nan))
        known = (
            f" (95 % CI of the difference in rates {ends[0]:.3g} to {ends[1]:.3g})" if not math.isnan(ends[0]) else ""
        )
        row["reading"] = f"Absence of a significant difference is not evidence of similarity{known}."
    row["warnings"] = ";".join(codes)
    return row


def _status(altered: int, unaltered: int, with_outcome: int, without: int, least: int) -> str:
    rules = (
        ("not_profiled", altered + unaltered == 0),
        ("no_events", with_outcome == 0 or without == 0),
        ("all_altered", unaltered == 0),
        ("too_few_altered", altered < least),
        ("too_few_unaltered", unaltered < least),
    )
    return next((name for name, applies in rules if applies), "tested")


def _least(data: ResponseSet, min_altered: int | None, events: int) -> int:
    n = len(np.unique(data.patient))
    return choose_min_altered(choose_mode(n, events), n, requested=min_altered)


def _head(data: ResponseSet, metric: str, kind: str, variable: str, level: str) -> Row:
    return {
        "line": data.line, "metric": metric, "denominator": data.denominator, "confirmed": data.confirmed,
        "kind": kind, "variable": variable, "level": level, "n_total": len(data.bor), "strata": "none",
        "status": "described", "warnings": "",
    }  # fmt: skip


def _members(data: ResponseSet, member: NDArray[np.bool_]) -> Row:
    return {"n": int(member.sum()), "n_patients": len(np.unique(data.patient[member]))}


def _rate(data: ResponseSet, metric: str, member: NDArray[np.bool_], suffix: str) -> Row:
    """Give counts and rate of some lines, with names for the first or (``_ref``) the second group."""
    y = data.outcome(metric)[member]
    x, n = int(y.sum()), len(y)
    cells = {"c": x, "d": n - x} if suffix else {"a": x, "b": n - x}
    if data.clustered:
        return cells | describe_cluster_rate(*_per_patient(data, data.outcome(metric), member), suffix=suffix)
    return cells | describe_rate(x, n, suffix=suffix)


def _per_patient(
    data: ResponseSet, y: NDArray[np.bool_], member: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lines with the outcome, and lines, of each patient who has any among the members."""
    code = np.unique(data.patient[member], return_inverse=True)[1]
    return np.bincount(code, weights=y[member]).astype(np.float64), np.bincount(code).astype(np.float64)


def _count(members: NDArray[np.bool_], cases: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(m,) lines of each row of ``members`` (m, n) that are among the cases (n,)."""
    return np.asarray(np.rint(members.astype(np.float64) @ cases.astype(np.float64)).astype(np.int64))


def _count_patients(data: ResponseSet, members: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(m,) patients with a line among the members."""
    if not data.clustered:
        return np.asarray(members.sum(axis=1))
    first = np.zeros(len(data.patient), dtype=bool)
    first[np.unique(data.patient, return_index=True)[1]] = True
    return _count(members, first)  # genes are the same in all lines of a patient


def _count_strata(
    data: ResponseSet, altered: NDArray[np.bool_], profiled: NDArray[np.bool_], y: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """(k, 4, m) cells a, b, c, d in each stratum; empty without strata."""
    if data.stratum is None:
        return np.zeros((0, 4, len(altered)), dtype=np.int64)
    groups = [data.stratum == name for name in np.unique(data.stratum)]
    parts = (altered, profiled & ~altered)
    return np.stack([np.stack([_count(part, own & cases) for part in parts for cases in (y, ~y)]) for own in groups])
