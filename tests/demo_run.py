"""The embedded cohort and its main result, computed once for all tests that look at them; nobody may change them."""

from __future__ import annotations

from functools import cache

import netgen as ng


@cache
def demo_cohort() -> ng.Cohort:
    """Return the demo cohort, read through its VCF files and tables."""
    return ng.read_cohort("demo")


@cache
def demo_result() -> ng.AssociationResult:
    """Return OS and PFS of the demo cohort with the settings of its study, without the penalised model."""
    return ng.associate(demo_cohort(), model=False)
