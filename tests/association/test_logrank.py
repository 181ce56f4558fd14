"""Log-rank tests against R ``survdiff``, its definition under delayed entry, DOMAIN and values worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.logrank import logrank_test, scan_logrank
from netgen.association.riskset import build_risk_sets
from tests.association.golden_models import close, read_input

TOLERANCE = 1e-10  # the statistic is a ratio of two sums that agree to 1e-14


def test_logrank_test__equals_survdiff(reference):
    expected = pd.read_csv(reference / "logrank" / "logrank.csv")
    for (name, rho, truncated), rows in expected.groupby(["id", "rho", "left_truncated"]):
        file, _, rest = name.partition(".")
        group, _, strata = rest.partition(".by_")
        table = read_input(reference, file).dropna(subset=[group, *([strata] if strata else [])])
        start, stop, event = ("start", "stop", "event") if file == "heart" else ("entry", "time", "status")
        found = logrank_test(
            table[stop],
            table[event],
            table[group],
            entry=table[start] if truncated else None,
            strata=table[strata] if strata else None,
            rho=rho,
        )
        labels = [str(int(g)) if isinstance(g, float) else str(g) for g in found.groups]
        order = [labels.index(str(g)) for g in rows["group"]]
        close(found.n[order], rows["n"], TOLERANCE)
        close(found.observed[order], rows["observed"], TOLERANCE)
        close(found.expected[order], rows["expected"], TOLERANCE)
        close(np.diag(found.variance)[order], rows["var_ii"], TOLERANCE)
        close([found.chi2, found.df, found.p], rows.iloc[0][["chisq", "df", "p"]], TOLERANCE)


def test_scan_logrank__equals_r_gene_by_gene(reference):
    expected = pd.read_csv(reference / "genes" / "genes.csv")
    for name, rows in expected.groupby("id"):
        table = read_input(reference, name.split(".")[0])
        genes = table[rows["gene"]].fillna(-1).to_numpy().T.astype(np.int8)
        entry = table["entry"] if name.endswith("left_truncated") else None
        for tag, strata in (("logrank", None), ("logrank_strat", table["origin"])):
            found = scan_logrank(build_risk_sets(table["time"], table["event"], entry=entry, strata=strata), genes)
            close(found.chi2, rows[f"{tag}_chisq"], TOLERANCE)
            close(found.p, rows[f"{tag}_p"], TOLERANCE)
            if strata is None:
                estimated = rows["obs_altered"].notna().to_numpy()
                close(found.observed[estimated], rows.loc[estimated, "obs_altered"], TOLERANCE)
                close(found.expected[estimated], rows.loc[estimated, "exp_altered"], TOLERANCE)


def test_scan_logrank__with_weights_equals_survdiff(reference):
    """Two groups as a gene: survdiff(rho = 1), stratified and with delayed entry where the reference has it."""
    expected = pd.read_csv(reference / "logrank" / "logrank.csv").query("rho == 1 and df == 1")
    seen = set()
    for (name, truncated), rows in expected.groupby(["id", "left_truncated"]):
        file, _, rest = name.partition(".")
        group, _, strata = rest.partition(".by_")
        table = read_input(reference, file)
        start, stop, event = ("start", "stop", "event") if file == "heart" else ("entry", "time", "status")
        label = rows["group"].iloc[1]
        known = table[group].notna()
        if strata:
            table = table[table[strata].notna()]
            known = known[table.index]
        gene = np.where(known, table[group].astype(str) == str(label), -1).astype(np.int8)
        risk = build_risk_sets(
            table[stop],
            table[event],
            entry=table[start] if truncated else None,
            strata=table[strata] if strata else None,
        )
        found = scan_logrank(risk, gene[None, :], rho=1)
        row = rows.iloc[1]
        close([found.observed[0], found.expected[0], found.variance[0]], row[["observed", "expected", "var_ii"]], 1e-10)
        close([found.chi2[0], found.p[0]], row[["chisq", "p"]], TOLERANCE)
        seen.add((bool(strata), bool(truncated)))
    assert seen >= {(False, False), (True, False)}


def weighted_logrank_by_loops(time, event, entry, stratum, altered, rho, gamma):
    """Observed, expected and variance as the definition says, one risk set after the other."""
    observed = expected = variance = 0.0
    for s in set(stratum):
        survival = 1.0
        for t in sorted({t for t, d, z in zip(time, event, stratum, strict=True) if d and z == s}):
            risk = [i for i in range(len(time)) if stratum[i] == s and entry[i] < t <= time[i]]
            dead = [i for i in risk if time[i] == t and event[i]]
            n, n1, d = len(risk), sum(altered[i] for i in risk), len(dead)
            w = survival**rho * (1 - survival) ** gamma
            observed += w * sum(altered[i] for i in dead)
            expected += w * d * n1 / n
            if n > 1:
                variance += w**2 * d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1)
            survival *= 1 - d / n
    return observed, expected, variance


@pytest.mark.parametrize(("rho", "gamma"), [(0, 0), (1, 0), (0, 1), (0.5, 2)])
def test_scan_logrank__with_weights_equals_loops_over_risk_sets(rho, gamma):
    """Ties, strata, delayed entry; genes that everybody, a panel, or some patients here and there are profiled for."""
    rng = np.random.default_rng(8)
    n, m = 60, 14
    time = rng.integers(1, 20, n).astype(float)
    entry, event, stratum = np.floor(time * rng.uniform(0, 0.9, n)), rng.random(n) < 0.7, rng.integers(0, 3, n)
    genes = (rng.random((m, n)) < 0.3).astype(np.int8)
    genes[1:10, :12] = -1
    genes[10:][rng.random((m - 10, n)) < 0.2] = -1
    found = scan_logrank(build_risk_sets(time, event, entry=entry, strata=stratum), genes, rho=rho, gamma=gamma)
    assert (found.rho, found.gamma) == (rho, gamma)
    for row, gene in enumerate(genes):
        use = gene >= 0
        cohort = (time[use], event[use], entry[use], stratum[use])
        expected = weighted_logrank_by_loops(*(column.tolist() for column in (*cohort, gene[use])), rho, gamma)
        close([found.observed[row], found.expected[row], found.variance[row]], expected, 1e-12)
        test = logrank_test(
            time[use], event[use], gene[use], entry=entry[use], strata=stratum[use], rho=rho, gamma=gamma
        )
        close([found.chi2[row], found.p[row]], [test.chi2, test.p], TOLERANCE)


@pytest.mark.parametrize(
    ("gene", "chi2", "p", "stratified", "stratified_p"),
    [
        ("MEN1", 0.744577, 0.388199, 0.500081, 0.479465),
        ("ATRX", 10.132903, 0.001456, 11.104699, 0.000861),
        ("TP53", 4.676765, 0.030573, 1.933050, 0.164425),
        ("TSC2", 4.470248, 0.034490, 3.660118, 0.055730),
        ("ARID1A", 0.149650, 0.698871, 0.169988, 0.680122),
        ("SETD2", 6.835367, 0.008937, 4.610759, 0.031772),
        ("DAXX", 2.246103, 0.133951, 3.319517, 0.068462),
        ("RB1", 0.215858, 0.642214, 0.037107, 0.847247),
    ],
)
def test_scan_logrank__equals_appendix_b(reference, gene, chi2, p, stratified, stratified_p):
    cohort = read_input(reference, "linear_syn34")
    genes = cohort[[gene]].fillna(-1).to_numpy().T.astype(np.int8)
    for strata, expected in ((None, (chi2, p)), (cohort["origin"], (stratified, stratified_p))):
        found = scan_logrank(build_risk_sets(cohort["os_days"], cohort["os_event"], strata=strata), genes)
        assert (found.chi2[0], found.p[0]) == pytest.approx(expected, abs=6e-7)  # printed with six decimals


def test_logrank_test__of_the_origins_equals_appendix_b(reference):
    cohort = read_input(reference, "linear_syn34")
    found = logrank_test(cohort["os_days"], cohort["os_event"], cohort["origin"])
    assert (found.chi2, found.df, found.p) == pytest.approx((6.439505, 2, 0.039965), abs=6e-7)
    found = logrank_test(cohort["os_days"], cohort["os_event"], cohort["origin"] == "duodenopancreatic")
    assert (found.chi2, found.df, found.p) == pytest.approx((0.236817, 1, 0.626515), abs=6e-7)


def test_logrank_test__two_groups_by_hand():
    """Deaths on days 1 (of a, 2 + 2 at risk) and 2 (of b, 1 + 2 at risk); E_a = 1/2 + 1/3, V = 1/4 + 2/9."""
    found = logrank_test([1, 3, 2, 4], [1, 0, 1, 0], ["a", "a", "b", "b"])
    assert found.observed.tolist() == [1, 1]
    assert found.expected == pytest.approx([5 / 6, 7 / 6])
    assert found.variance[0, 0] == pytest.approx(1 / 4 + 2 / 9)
    assert found.chi2 == pytest.approx((1 / 6) ** 2 / (17 / 36))


def test_logrank_test__a_group_that_is_never_at_risk_takes_no_degree_of_freedom():
    found = logrank_test([1, 3, 2, 4, 0.5], [1, 0, 1, 0, 0], ["a", "a", "b", "b", "c"])
    assert found.df == 1
    assert found.groups == ("a", "b", "c")


@pytest.mark.parametrize("event", [[0, 0, 0], [1, 1, 1]])
def test_logrank_test__all_at_once_or_nothing_leaves_nothing_to_test(event):
    found = logrank_test([5, 5, 5], event, ["a", "a", "b"])
    assert found.df == 0
    assert np.isnan([found.chi2, found.p]).all()


def test_scan_logrank__no_variance_is_missing_not_zero():
    risk = build_risk_sets([1, 2, 3, 4], [1, 1, 1, 1])
    genes = np.array([[0, 0, 0, 0], [1, 1, 1, 1], [-1, -1, -1, -1], [0, 0, 0, 1]], dtype=np.int8)
    found = scan_logrank(risk, genes)
    assert found.variance[:3].tolist() == [0, 0, 0]
    assert np.isnan(found.chi2).tolist() == [True, True, True, False]


def test_scan_logrank__wants_one_column_per_patient():
    with pytest.raises(ValueError, match=r"shape \(m, 2\)"):
        scan_logrank(build_risk_sets([1, 2], [1, 1]), np.zeros((3, 5), dtype=np.int8))
