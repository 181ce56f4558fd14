"""Response rates of public cohorts, read in place; counts from the files themselves."""

from __future__ import annotations

import pandas as pd
import pytest

import netgen as ng
from netgen.association.response import response
from netgen.study_of import QuickLook

pytestmark = pytest.mark.shared


def test_melanoma_on_anti_pd1__the_recorded_response_rate(shared):
    folder = shared / "data" / "cbio_skcm_ucla_2016" / "skcm_ucla_2016"
    cohort = ng.read_cohort(str(folder), quick=QuickLook(assay="wes"))
    found = response(cohort, column="RECIST_RESPONSE", by="sex", genes=["BRCA2", "BRAF", "NRAS"])
    rows = found.table.loc[(found.table["kind"] == "all") & (found.table["metric"] == "ORR")]
    # 7 complete and 14 partial responses of 38; no patient was not evaluable
    assert rows[["a", "n", "denominator"]].to_numpy().tolist() == [[21, 38, "started"], [21, 38, "evaluable"]]
    # R: binom.test(21, 38)$conf.int
    assert rows.iloc[0][["cp_lo", "cp_hi"]].tolist() == pytest.approx([0.3829907512, 0.7137585010], abs=1e-9)
    raw = pd.read_csv(folder / "data_clinical_patient.txt", sep="\t", comment="#")
    yes = raw["RECIST_RESPONSE"] != "Progressive Disease"
    by_sex = {sex.lower(): [int(part.sum()), len(part)] for sex, part in yes.groupby(raw["GENDER"])}
    groups = found.table.loc[(found.table["kind"] == "group") & (found.table["metric"] == "ORR")]
    groups = groups.loc[groups["denominator"] == "started"]
    assert {row.level: [row.a, row.n] for row in groups.itertuples()} == by_sex
