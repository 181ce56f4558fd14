"""The benchmark runs on tiny sizes and checks results before it times them; nothing here looks at a time."""

from __future__ import annotations

import datetime as dt
import shutil

import numpy as np
import pytest

from benchmarks.__main__ import run
from benchmarks.data import simulate, simulate_model
from benchmarks.page import render
from benchmarks.per_gene import firth_by_definition
from benchmarks.permutations import check_agreement
from benchmarks.timing import Missing, check_equal, machine, ratio_line, run_r, version
from netgen.association.firth import scan_firth


def test_quick_run__one_family_gives_lines_without_verdict(capsys):
    found = run(["vcf"], quick=True)
    line, other = found["vcf"]
    assert line.note.startswith("variants equal")
    assert (line.met, other.met) == (None, None)
    assert (line.work.endswith("one worker"), other.work.endswith("two workers")) == (True, True)
    assert "pysam" in capsys.readouterr().out
    page = render(found, machine(), dt.date(2026, 1, 2), quick=True)
    assert "2026-01-02" in page
    assert "0 of 0 yardsticks met" in page
    assert line.work in page


def test_render__unmet_yardsticks_are_listed():
    lines = [ratio_line("a", 1.0, "peer", 30.0, floor=20), ratio_line("b", 1.0, "peer", 10.0, floor=20)]
    page = render({"cox": lines}, machine(), dt.date(2026, 1, 2), quick=False)
    assert "1 of 2 yardsticks met.\n- not met: b\n" in page
    assert "| a | 1 s | peer | 30 s | 30 x | at least 20 x | yes |" in page


def test_check_equal__a_difference_beyond_the_tolerance_or_a_missing_value_stops_the_run():
    assert check_equal("x", np.array([1.0]), np.array([1.0 + 1e-9]), 1e-8) == "x equal to 1e-08"
    with pytest.raises(AssertionError, match=r"differ by 0\.1"):
        check_equal("x", np.array([1.0]), np.array([1.1]), 1e-8)
    with pytest.raises(AssertionError, match="differ by nan"):
        check_equal("x", np.array([np.nan]), np.array([1.0]), 1e-8)


def test_check_agreement__p_values_far_apart_stop_the_run():
    assert check_agreement(np.array([0.5]), np.array([0.52]), 1_000)
    with pytest.raises(AssertionError, match="standard errors"):
        check_agreement(np.array([0.5]), np.array([0.8]), 1_000)


def test_peers__absence_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Missing, match="Rscript is not installed"):
        run_r("per_gene.R", tmp_path)
    with pytest.raises(Missing, match="no-such-package is not installed"):
        version("no-such-package")


def test_simulate__sizes_groups_and_independence_of_how_many_genes_follow():
    risk, genes = simulate(50, 30)
    assert genes.shape == (30, 50)
    assert set(np.unique(genes)) == {0, 1}
    assert (genes.sum(axis=1) >= 1).all()
    assert (risk.time == np.round(risk.time)).all()
    risk, X = simulate_model(60, 12, delayed=True)
    assert X.shape == (60, 12)
    assert risk.n_strata == 3
    assert len(np.unique(risk.time)) == 60


def test_firth_by_definition__golden_of_one_gene():
    """The kernel of netgen, itself tested against R, agrees with the definition the benchmark checks it by."""
    risk, genes = simulate(60, 4)
    expected = [firth_by_definition(risk, gene) for gene in genes]
    np.testing.assert_allclose(scan_firth(risk, genes).coef, expected, atol=1e-6)
