"""SC19: adjusted p-values, and the family of the golden cohort."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.multiplicity import adjust_pvalues

P = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]


def test_sc19_bh() -> None:
    want = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105714, 0.216, 0.216, 0.216]
    np.testing.assert_allclose(adjust_pvalues(P, method="bh"), want, atol=5e-7)


def test_sc19_by() -> None:
    assert adjust_pvalues(P, method="by")[0] == pytest.approx(0.0292897, abs=5e-8)


def test_sc19_holm() -> None:
    want = [0.01, 0.072, 0.312, 0.312, 0.312, 0.312, 0.312, 0.615, 0.615, 0.615]
    np.testing.assert_allclose(adjust_pvalues(P, method="holm"), want, atol=1e-12)


def test_sc19_a_missing_p_is_not_counted() -> None:
    adjusted = adjust_pvalues([0.01, 0.02, np.nan, 0.03, 0.5], method="bh")
    np.testing.assert_allclose(adjusted, [0.04, 0.04, np.nan, 0.04, 0.5], atol=1e-12)


def test_sc19_golden_family() -> None:
    # DOMAIN Appendix B: stratified exact p of MEN1 (from draws), ATRX, TP53, TSC2, ARID1A, SETD2
    p = [0.47838, 0.012012987, 0.18445767, 0.070738851, 0.724094358, 0.009090909]
    bh = [0.574056, 0.036039, 0.276687, 0.141478, 0.724094, 0.036039]
    np.testing.assert_allclose(adjust_pvalues(p, method="bh"), bh, atol=1e-6)
    np.testing.assert_allclose(adjust_pvalues(p, method="by")[[1, 5]], 0.088295, atol=1e-6)
    np.testing.assert_allclose(adjust_pvalues(p, method="holm")[[1, 5]], [0.060065, 0.054545], atol=1e-6)
