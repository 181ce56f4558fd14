"""SC03: the oncoprint by patient has four columns, and D x ATRX is "not profiled" (DOMAIN 6)."""

from __future__ import annotations

import pandas as pd

from netgen.genomics.matrix import build_alteration_matrix
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_table import tabulate_oncoprint
from tests.scenarios.test_sc03_two_samples_one_patient import sc03


def test_sc03_oncoprint_columns() -> None:
    patients = pd.DataFrame({"patient_id": pd.Series(list("ABCD"), dtype="string")})
    table = tabulate_oncoprint(build_alteration_matrix(**sc03()), patients)
    assert table.patients["patient_id"].tolist() == ["A", "B", "C", "D"]
    cells = table.cells.set_index(["gene", "patient_id"])
    assert cells.loc[("ATRX", "D"), ["status", "reason"]].tolist() == ["not profiled", "gene_not_on_panel"]
    assert cells.loc["ATRX", "status"].tolist() == ["altered", "wild type", "wild type", "not profiled"]
    assert cells.loc[("TP53", "A"), "classes"] == "missense"  # in two samples, once in the patient
    assert table.genes.set_index("gene")["label"].to_dict() == {"ATRX": "1/3 (33 %)*", "TP53": "1/4 (25 %)"}
    written = {text.get_text() for axes in plot_oncoprint(table).axes for text in axes.texts}
    assert {"1/3 (33 %)", "1/4 (25 %)", "*", "Not profiled"} <= written
