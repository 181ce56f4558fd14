"""The scan of binary genes, plain and adjusted, against R ``coxph`` gene by gene, DOMAIN and values worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.counts import coverage_patterns, iter_gene_counts, tie_terms
from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.cox_model import fit_cox
from netgen.association.riskset import build_risk_sets
from tests.association.golden_models import close, read_input

# R stops when the log likelihood changes by less than 1e-12 of itself: for coefficients near 0, and for monotone genes
# whose likelihood only approaches its supremum, its own digits end at about 1e-9.
TOLERANCE = 2e-8
GENE_SETS = ["simA1", "simA2.right_censored_only", "simA2.left_truncated", "simA3.left_truncated"]


def gene_set(reference, name):
    """Return (expected rows, input table, gene matrix, entry)."""
    rows = pd.read_csv(reference / "genes" / "genes.csv").query("id == @name")
    table = read_input(reference, name.split(".")[0])
    genes = table[rows["gene"]].fillna(-1).to_numpy().T.astype(np.int8)
    return rows, table, genes, table["entry"] if name.endswith("left_truncated") else None


def compare(found, rows, tag):
    for column, values in (
        ("coef", found.coef),
        ("se", found.se),
        ("lr_chisq", found.lr_chi2),
        ("lr_p", found.lr_p),
        ("score_chisq", found.score_chi2),
        ("score_p", found.score_p),
        ("wald_p", found.wald_p),
    ):
        close(values, rows[f"{tag}_{column}"], TOLERANCE)


@pytest.mark.parametrize("name", GENE_SETS)
@pytest.mark.parametrize(
    ("tag", "ties", "stratified"),
    [("uni_efron", "efron", False), ("uni_breslow", "breslow", False), ("strat_efron", "efron", True)],
)
def test_scan_cox__equals_coxph(reference, name, tag, ties, stratified):
    rows, table, genes, entry = gene_set(reference, name)
    strata = table["origin"] if stratified else None
    found = scan_cox(build_risk_sets(table["time"], table["event"], entry=entry, strata=strata), genes, ties=ties)
    assert found.status.tolist() == rows["status_strat" if stratified else "status"].tolist()
    for column, values in (
        ("n_obs", found.n),
        ("n_altered", found.n_altered),
        ("events", found.events),
        ("events_altered", found.events_altered),
    ):
        assert values.tolist() == rows[column].tolist()
    compare(found, rows, tag)


@pytest.mark.parametrize("name", GENE_SETS)
def test_scan_cox_adjusted__equals_coxph(reference, name):
    rows, table, genes, entry = gene_set(reference, name)
    covariates = table[["age"] if name == "simA1" else ["age", "sex", "stage"]].to_numpy(dtype=float)
    risk = build_risk_sets(table["time"], table["event"], entry=entry, strata=table["origin"])
    found = scan_cox_adjusted(risk, genes, covariates)
    assert found.status.tolist() == rows["status_strat"].tolist()
    compare(found, rows, "adj_efron")


@pytest.mark.parametrize(
    ("gene", "coef", "se", "stratified", "stratified_se"),
    [
        ("MEN1", -0.378146, 0.439443, -0.343117, 0.486982),
        ("ATRX", 1.619386, 0.553688, 1.888813, 0.646892),
        ("TP53", 0.901922, 0.432336, 0.663209, 0.484978),
        ("TSC2", 1.030457, 0.512692, 1.016104, 0.551727),
        ("ARID1A", 0.212924, 0.570103, 0.252391, 0.613595),
        ("SETD2", np.nan, np.nan, np.nan, np.nan),
    ],
)
def test_scan_cox__equals_appendix_b(reference, gene, coef, se, stratified, stratified_se):
    cohort = read_input(reference, "linear_syn34")
    genes = cohort[[gene]].fillna(-1).to_numpy().T.astype(np.int8)
    for strata, expected in ((None, (coef, se)), (cohort["origin"], (stratified, stratified_se))):
        found = scan_cox(build_risk_sets(cohort["os_days"], cohort["os_event"], strata=strata), genes)
        assert (found.coef[0], found.se[0]) == pytest.approx(expected, abs=1e-6, nan_ok=True)
        assert found.status[0] == ("monotone_minus" if gene == "SETD2" else "ok")


@pytest.mark.parametrize(
    ("gene", "coef", "se", "score", "stratified"),
    [
        ("TP53", 1.303615, 0.448303, 9.640560, False),
        ("TP53", 0.903589, 0.529434, 3.093634, True),
        ("ATRX", 1.254480, 0.581602, 5.092160, False),
        ("MEN1", -0.418045, 0.444997, None, False),
        ("TSC2", 1.061678, 0.538016, None, False),
    ],
)
def test_scan_cox__with_delayed_entry_equals_appendix_b(reference, gene, coef, se, score, stratified):
    cohort = read_input(reference, "linear_syn34")
    genes = cohort[[gene]].fillna(-1).to_numpy().T.astype(np.int8)
    strata = cohort["origin"] if stratified else None
    risk = build_risk_sets(cohort["os_days"], cohort["os_event"], entry=cohort["seq_day"], strata=strata)
    found = scan_cox(risk, genes)
    assert (found.coef[0], found.se[0]) == pytest.approx((coef, se), abs=1e-6)
    if score is not None:
        assert found.score_chi2[0] == pytest.approx(score, abs=1e-6)


def test_scan_cox__with_and_without_delayed_entry_equals_sc10():
    """DOMAIN SC10, the eight patients who are at risk at all."""
    time, event = [4, 6, 8, 9, 12, 15, 10, 7], [1, 1, 0, 1, 1, 0, 1, 1]
    genes = np.array([[1, 0, 0, 1, 0, 0, 0, 1]], dtype=np.int8)
    truncated = scan_cox(build_risk_sets(time, event, entry=[0, 3, 1, 5, 2, 6, 0, 4]), genes)
    assert (truncated.coef[0], truncated.se[0]) == pytest.approx((2.087641, 1.164331), abs=1e-6)
    assert truncated.score_chi2[0] == pytest.approx(4.478779, abs=1e-6)
    naive = scan_cox(build_risk_sets(time, event), genes)
    assert (naive.coef[0], naive.se[0]) == pytest.approx((1.915661, 1.160013), abs=1e-6)


def test_scan_cox__a_gene_in_its_own_stratum_is_not_informative():
    risk = build_risk_sets([1, 2, 3, 4], [1, 1, 1, 1], strata=["a", "a", "b", "b"])
    found = scan_cox(risk, np.array([[1, 1, 0, 0]], dtype=np.int8))
    assert found.status.tolist() == ["not_informative"]
    assert np.isnan([found.coef[0], found.lr_chi2[0], found.score_chi2[0]]).all()


def test_scan_cox__says_why_there_is_no_estimate():
    risk = build_risk_sets([1, 2, 3, 4], [0, 0, 1, 1])
    genes = np.array(
        [[-1, -1, -1, -1], [0, 0, 0, -1], [1, -1, 1, 1], [1, 0, -1, -1], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        dtype=np.int8,
    )
    expected = [
        "no_data",
        "none_altered",
        "all_altered",
        "no_events",
        "not_informative",
        "monotone_plus",
        "monotone_minus",
    ]
    assert scan_cox(risk, genes).status.tolist() == expected
    assert scan_cox_adjusted(risk, genes, np.array([[1.0], [2], [1], [3]])).status.tolist()[:5] == expected[:5]


def test_scan_cox__monotone_likelihood_ratio_is_that_of_the_limit():
    """Deaths of two altered among 4 and 3 at risk: the limit is 1/2 and 1, at 0 it was 1/4 and 1/3."""
    risk = build_risk_sets([1, 2, 5, 6], [1, 1, 0, 0])
    found = scan_cox(risk, np.array([[1, 1, 0, 0]], dtype=np.int8))
    assert found.status[0] == "monotone_plus"
    assert found.lr_chi2[0] == pytest.approx(2 * (np.log(1 / 2) - np.log(1 / 4) + np.log(1) - np.log(1 / 3)))
    assert found.loglik[0] == pytest.approx(np.log(1 / 2))


def test_scan_cox__without_any_event():
    found = scan_cox(build_risk_sets([1, 2], [0, 0]), np.array([[0, 1]], dtype=np.int8))
    assert found.status.tolist() == ["no_events"]


def test_scan_cox__of_no_gene_is_empty():
    assert len(scan_cox(build_risk_sets([1, 2], [1, 0]), np.zeros((0, 2), dtype=np.int8)).coef) == 0


def random_cohort(seed, n=80, m=30):
    """Ties, strata, delayed entry; genes with shared, pooled and no gaps."""
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 25, n).astype(float)
    entry = np.floor(time * rng.uniform(0, 0.9, n))
    genes = (rng.random((m, n)) < 0.3).astype(np.int8)
    genes[10:22, :15] = -1  # a panel
    genes[22:][rng.random((m - 22, n)) < 0.2] = -1  # gaps of their own
    return time, rng.random(n) < 0.7, entry, rng.integers(0, 3, n), genes


@pytest.mark.parametrize("block_bytes", [1, 4000, 1 << 20])
def test_iter_gene_counts__equals_counting_one_by_one(block_bytes):
    time, event, entry, strata, genes = random_cohort(1)
    risk = build_risk_sets(time, event, entry=entry, strata=strata)
    seen = []
    for block in iter_gene_counts(risk, genes, block_bytes=block_bytes):
        n_total, d_total = (np.broadcast_to(a, block.n_altered.shape) for a in (block.n_total, block.d_total))
        for i, row in enumerate(block.rows):
            seen.append(row)
            for k in range(risk.n_slots):
                at_risk = (strata == risk.slot_stratum[k]) & (entry < risk.slot_time[k]) & (time >= risk.slot_time[k])
                dead = at_risk & (time == risk.slot_time[k]) & event
                altered, profiled = genes[row] == 1, genes[row] >= 0
                found = (block.n_altered[i, k], n_total[i, k], block.d_altered[i, k], d_total[i, k])
                masks = (at_risk & altered, at_risk & profiled, dead & altered, dead & profiled)
                assert found == tuple(mask.sum() for mask in masks)
    assert sorted(seen) == list(range(len(genes)))


def test_tie_terms__efron_takes_the_deaths_out_one_share_at_a_time():
    """Three deaths, one of them altered, among five at risk, two of them altered."""
    risk = build_risk_sets([2, 2, 2, 3, 3], [1, 1, 1, 0, 0])
    block = next(iter_gene_counts(risk, np.array([[1, 0, 0, 1, 0]], dtype=np.int8)))
    terms = tie_terms(block, "efron")
    assert terms.total.tolist() == [[5, 4, 3]]
    assert terms.altered[0] == pytest.approx([2, 2 - 1 / 3, 2 - 2 / 3])
    breslow = tie_terms(block, "breslow")
    assert (breslow.total.tolist(), breslow.altered.tolist(), breslow.weight.tolist()) == ([[5]], [[2]], [[3]])


def test_tie_terms__refuses_other_methods():
    block = next(iter_gene_counts(build_risk_sets([1, 2], [1, 1]), np.array([[0, 1]], dtype=np.int8)))
    with pytest.raises(ValueError, match="ties must be 'efron' or 'breslow'"):
        tie_terms(block, "exact")


def test_coverage_patterns__same_gaps_same_code():
    genes = np.array([[0, 1, 0], [-1, 1, 0], [0, 0, 0], [-1, 0, 1], [0, -1, 0]], dtype=np.int8)
    code = coverage_patterns(genes)
    assert code[0] == code[2] == 0
    assert code[1] == code[3] != 0
    assert code[4] not in (0, code[1])


@pytest.mark.parametrize("log_hr", [-3.0, 0.0, 4.0])
def test_scan_cox__one_death_at_a_time_in_thousands_equals_the_likelihood_written_out(log_hr):
    """Without ties the logarithm of products of terms is used; here it is the sum of logarithms."""
    rng = np.random.default_rng(3)
    n = 1501
    gene = rng.random(n) < 0.3
    order = np.argsort(rng.exponential(1.0, n) / np.exp(log_hr * gene))
    gene = gene[order]
    found = scan_cox(build_risk_sets(np.arange(1.0, n + 1), np.ones(n)), gene[None, :].astype(np.int8))
    at_risk, altered = np.arange(n, 0, -1), np.cumsum(gene[::-1])[::-1]
    b = found.coef[0]
    p = altered * np.exp(b) / (at_risk - altered + altered * np.exp(b))
    assert gene.sum() - p.sum() == pytest.approx(0, abs=1e-9)  # the score
    assert found.se[0] == pytest.approx((p * (1 - p)).sum() ** -0.5, rel=1e-9)
    loglik = gene.sum() * b - np.log(at_risk - altered + altered * np.exp(b)).sum()
    assert found.loglik[0] == pytest.approx(loglik, rel=1e-12)
    assert found.loglik_null[0] == pytest.approx(-np.log(at_risk).sum(), rel=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scan_cox__and_fit_cox_agree(ties):
    """Two routes: counts of a binary gene, and sums over patients of any covariate."""
    time, event, entry, strata, genes = random_cohort(2)
    scan = scan_cox(build_risk_sets(time, event, entry=entry, strata=strata), genes, ties=ties)
    for row in np.flatnonzero(scan.status == "ok"):
        use = genes[row] >= 0
        one = fit_cox(genes[row, use], time[use], event[use], entry=entry[use], strata=strata[use], ties=ties)
        assert one.status == "converged"
        close(
            [one.coef[0], one.se[0], one.loglik_null, one.loglik, one.lr_chi2, one.score_chi2],
            [getattr(scan, k)[row] for k in ("coef", "se", "loglik_null", "loglik", "lr_chi2", "score_chi2")],
            1e-9,
        )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scan_cox_adjusted__and_fit_cox_agree(ties):
    time, event, entry, strata, genes = random_cohort(3)
    rng = np.random.default_rng(9)
    covariates = np.column_stack([rng.normal(60, 10, len(time)), rng.integers(0, 2, len(time))])
    scan = scan_cox_adjusted(build_risk_sets(time, event, entry=entry, strata=strata), genes, covariates, ties=ties)
    for row in np.flatnonzero(scan.status == "ok"):
        use = genes[row] >= 0
        x = np.column_stack([genes[row, use], covariates[use]])
        one = fit_cox(x, time[use], event[use], entry=entry[use], strata=strata[use], ties=ties)
        null = fit_cox(covariates[use], time[use], event[use], entry=entry[use], strata=strata[use], ties=ties)
        close(
            [one.coef[0], one.se[0], null.loglik, one.loglik],
            [scan.coef[row], scan.se[row], scan.loglik_null[row], scan.loglik[row]],
            1e-9,
        )


def test_scan_cox_adjusted__a_gene_that_is_a_covariate_is_singular():
    time, event, _, _, genes = random_cohort(4)
    risk = build_risk_sets(time, event)
    found = scan_cox_adjusted(risk, genes[:1], genes[:1].T.astype(float))
    assert found.status.tolist() == ["singular"]
    assert np.isnan([found.coef[0], found.score_chi2[0]]).all()


def test_scan_cox_adjusted__says_when_the_covariates_alone_cannot_be_fitted():
    found = scan_cox_adjusted(
        build_risk_sets([1, 2, 3, 4, 5], [1, 1, 1, 0, 0]),
        np.array([[1, 0, 1, 0, 1]], dtype=np.int8),
        np.array([[5.0], [4], [3], [2], [1]]),
    )
    assert found.status.tolist() == ["covariates_not_estimable"]


def test_scan_cox_adjusted__does_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr("netgen.association.cox_adjusted.BLOCK_BYTES", 30_000)  # a few genes per block
    time, event, entry, strata, genes = random_cohort(7)
    risk, age = build_risk_sets(time, event, entry=entry, strata=strata), np.sin(np.arange(len(time)))[:, None]
    genes[:6][np.random.default_rng(1).random((6, len(time))) < 0.1] = -1  # more genes with gaps of their own
    one, four = (scan_cox_adjusted(risk, genes, age, threads=threads) for threads in (1, 4))
    for name in ("coef", "se", "lr_chi2", "score_chi2"):
        np.testing.assert_array_equal(getattr(one, name), getattr(four, name))


def test_scan_cox_adjusted__a_covariate_may_be_constant_among_the_patients_of_one_gene():
    """Gene 0 is known in women only, gene 1 in most; both have gaps of their own."""
    rng = np.random.default_rng(12)
    n = 60
    time, event, female, age = rng.integers(1, 40, n), rng.random(n) < 0.8, np.arange(n) % 2, rng.normal(60, 9, n)
    genes = (rng.random((2, n)) < 0.4).astype(np.int8)
    genes[0, female == 0] = -1
    genes[1, :5] = -1
    scan = scan_cox_adjusted(build_risk_sets(time, event), genes, np.column_stack([age, female]).astype(float))
    assert scan.status.tolist() == ["ok", "ok"]
    for row, columns in ((0, [genes[0], age]), (1, [genes[1], age, female])):
        use = genes[row] >= 0
        one = fit_cox(np.column_stack(columns)[use], time[use], event[use])
        close([one.coef[0], one.se[0], one.loglik], [scan.coef[row], scan.se[row], scan.loglik[row]], 1e-9)


def test_scan_cox_adjusted__says_when_covariates_cannot_be_fitted_in_the_patients_of_one_gene():
    """The first six patients fail in the order of the covariate; the gene is not known in the others."""
    x = np.array([6.0, 5, 4, 3, 2, 1, 3, 9, 1, 7])
    genes = np.array([[1, 0, 1, 0, 1, 0, -1, -1, -1, -1], [1, 0, 1, 0, 1, 0, 1, 0, 0, 1]], dtype=np.int8)
    risk = build_risk_sets([1, 2, 3, 4, 5, 6, 1, 4, 2, 6], [1, 1, 1, 1, 1, 0, 1, 1, 1, 0])
    assert scan_cox_adjusted(risk, genes, x[:, None]).status.tolist() == ["covariates_not_estimable", "ok"]


@pytest.mark.parametrize("few_cells", [0, 400_000], ids=["differences first", "every risk set by itself"])
def test_scan_cox_adjusted__separated_with_delayed_entry_reaches_the_supremum_in_any_row_order(few_cells, monkeypatch):
    """Worked by hand: stratum 0 is an altered death beside a wild-type survivor, in the others all at risk fail.

    The three tied deaths of stratum 1 have the likelihood (1/3)(1/2)(1/1) = 1/6 at best, if their hazards are equal:
    the covariates see to that whatever the gene does. The altered death has the likelihood 1/2 without the gene, and 1
    in the limit. The death at time 2 is at risk alone, having entered when the others failed.
    """
    monkeypatch.setattr("netgen.association.cox_adjusted.FEW_CELLS", few_cells)
    time, event = np.array([1.0, 1, 1, 1, 1, 2, 1]), np.array([True, False, True, True, True, True, True])
    entry, strata = np.array([-4.0, -4, -4, -4, -4, 1, -4]), np.array([0, 0, 1, 1, 1, 1, 0])
    gene = np.array([[1, 0, 0, 0, 1, 0, -1]], dtype=np.int8)
    covariates = np.array([[0.0, 0], [0, 0], [0, 2], [1, 1], [2, 1], [0, 0], [0, 0]])
    for order in (np.arange(7), np.arange(7)[::-1], np.array([4, 1, 6, 0, 5, 3, 2])):
        risk = build_risk_sets(time[order], event[order], entry=entry[order], strata=strata[order])
        found = scan_cox_adjusted(risk, gene[:, order], covariates[order])
        assert found.status.tolist() == ["monotone_plus"]
        close([found.loglik_null[0], found.loglik[0], found.lr_chi2[0]], [-np.log(12), -np.log(6), np.log(4)], 1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scan_cox_adjusted__delayed_entry_by_differences_and_by_single_risk_sets_agree(ties, monkeypatch):
    time, event, entry, strata, genes = random_cohort(8)
    covariates = np.random.default_rng(2).normal(size=(len(time), 2))
    found = []
    for few_cells in (0, 400_000):
        monkeypatch.setattr("netgen.association.cox_adjusted.FEW_CELLS", few_cells)
        risk = build_risk_sets(time, event, entry=entry, strata=strata)
        found.append(scan_cox_adjusted(risk, genes, covariates, ties=ties))
    assert found[0].status.tolist() == found[1].status.tolist()
    for name in ("coef", "se", "loglik_null", "loglik", "score_chi2"):
        close(getattr(found[0], name), getattr(found[1], name), 1e-9)


def test_scan_cox_adjusted__redundant_covariates_change_nothing():
    time, event, _, strata, genes = random_cohort(6)
    risk = build_risk_sets(time, event, strata=strata)
    age = np.random.default_rng(1).normal(60, 10, (len(time), 1))
    redundant = np.column_stack([np.ones(len(time)), age, strata, age * 12 + 3])
    for a, b in ((age, redundant), (np.zeros((len(time), 0)), strata[:, None].astype(float))):
        plain, more = (scan_cox_adjusted(risk, genes, columns) for columns in (a, b))
        assert plain.status.tolist() == more.status.tolist()
        for name in ("coef", "se", "loglik", "score_chi2"):
            close(getattr(plain, name), getattr(more, name), 1e-8)


def test_scan_cox_adjusted__without_covariates_is_the_plain_scan():
    time, event, _, _, genes = random_cohort(5)
    risk = build_risk_sets(time, event)
    close(scan_cox_adjusted(risk, genes, np.zeros((len(time), 0))).coef, scan_cox(risk, genes).coef, 0)


@pytest.mark.parametrize(
    ("covariates", "message"), [(np.zeros((3, 1)), "shape"), (np.array([[1.0], [np.nan]]), "complete cases")]
)
def test_scan_cox_adjusted__says_what_is_wrong(covariates, message):
    with pytest.raises(ValueError, match=message):
        scan_cox_adjusted(build_risk_sets([1, 2], [1, 1]), np.array([[0, 1]], dtype=np.int8), covariates)
