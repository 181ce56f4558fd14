"""SC06: stale symbols, symbols turned into dates, panels that use old names."""

from __future__ import annotations

import pytest

from netgen.errors import Findings
from netgen.genomics.filters import apply_variant_policy
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.maf import read_maf

HEADER = "Hugo_Symbol\tEntrez_Gene_Id\tVariant_Classification\tHGVSp_Short\tTumor_Sample_Barcode\tMutation_Status"
ROWS = [
    "MLL3\t\tNonsense_Mutation\tp.Q100*\tA\tSomatic",
    "KMT2C\t\tNonsense_Mutation\tp.Q100*\tA\tSomatic",
    "kmt2c\t\tNonsense_Mutation\tp.R200*\tB\tSomatic",
    "PRKN\t\tMissense_Mutation\tp.R275W\tB\tSomatic",
]


@pytest.fixture
def read(tmp_path):
    def run(excel_row):
        path = tmp_path / "variants.maf"
        path.write_text("\n".join([HEADER, *ROWS, excel_row]) + "\n")
        findings = Findings()
        return read_maf(path, findings=findings), findings

    return run


def test_sc06_symbols__old_and_new_name_count_once(read):
    maf, findings = read("1-Mar\t\tMissense_Mutation\tp.A5T\tB\tSomatic")
    kept = apply_variant_policy(maf.variants, findings=findings)
    carriers = kept.somatic[kept.somatic["gene"] == "KMT2C"].groupby("sample_id").size()
    assert carriers.to_dict() == {"A": 1, "B": 1}
    assert kept.qc.to_dict("records") == [{"sample_id": "A", "reason": "duplicate", "n": 1}]


def test_sc06_symbols__date_without_id_is_an_error(read):
    maf, findings = read("1-Mar\t\tMissense_Mutation\tp.A5T\tB\tSomatic")
    (error,) = findings.of("E")
    assert (error.code, error.row, error.value) == ("E_GENE_EXCEL_DATE", 6, "1-Mar")
    assert maf.n_dropped_by_reason == {"gene_excel_date": 1}


def test_sc06_symbols__id_resolves_the_date(read):
    maf, findings = read("1-Mar\t55016\tMissense_Mutation\tp.A5T\tB\tSomatic")
    assert findings.of("E") == []
    assert maf.variants["gene"].tolist() == ["KMT2C", "KMT2C", "KMT2C", "PRKN", "MARCHF1"]


def test_sc06_symbols__old_name_on_the_panel_profiles_the_new_one(read):
    maf, findings = read("1-Mar\t55016\tMissense_Mutation\tp.A5T\tB\tSomatic")
    panel = normalize_gene_list(["PARK2", "MLL3"], findings=findings)
    assert panel == ["KMT2C", "PRKN"]
    assert set(panel) <= set(maf.variants["gene"])
