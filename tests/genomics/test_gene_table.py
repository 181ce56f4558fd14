from __future__ import annotations

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics.gene_table import parse_carriers, parse_matrix


def text_frame(**columns):
    return pd.DataFrame({name: pd.Series(values, dtype="string") for name, values in columns.items()})


def matrix(frame, **options):
    findings = Findings()
    return parse_matrix(frame, "id", findings=findings, file="genes.csv", **options), findings


def carriers(frame, **options):
    findings = Findings()
    return parse_carriers(frame, "id", "gene", findings=findings, file="carriers.tsv", **options), findings


def as_dict(calls):
    rows = zip(calls.index, calls.to_numpy().tolist(), strict=True)
    return {sample: dict(zip(calls.columns, row, strict=True)) for sample, row in rows}


def test_parse_matrix__one_zero_blank():
    calls, findings = matrix(text_frame(id=["P2", "P1", "P3"], MEN1=["1", "0", None], DAXX=["", "1.0", "NA"]))
    assert as_dict(calls) == {
        "P1": {"DAXX": 1, "MEN1": 0},
        "P2": {"DAXX": -1, "MEN1": 1},
        "P3": {"DAXX": -1, "MEN1": -1},
    }
    assert len(findings) == 0
    assert (calls.dtypes == "int8").all()
    assert calls.index.dtype == "string"
    assert calls.index.name == "sample_id"


def test_parse_matrix__words_and_protein_changes():
    calls, findings = matrix(text_frame(id=list("abcdef"), TP53=["mut", "WT", "Q546H G1049R", "p.R175H", "yes", "No"]))
    assert calls["TP53"].tolist() == [1, 0, 1, 1, 1, 0]
    assert len(findings) == 0


def test_parse_matrix__strange_cells_are_errors_and_not_profiled():
    calls, findings = matrix(
        text_frame(id=["P1", "P2", "P3", "P4"], TP53=["2", "maybe", "2", "A380="], MEN1=["1", "0", "1", "0"])
    )
    assert calls["TP53"].tolist() == [-1, -1, -1, -1]
    assert [(item.code, item.row, item.column, item.value) for item in findings] == [
        ("E_VALUE", 2, "TP53", "2"),
        ("E_VALUE", 3, "TP53", "maybe"),
        ("E_VALUE", 5, "TP53", "A380="),
    ]
    assert "(2 rows)" in findings.items[0].message


def test_parse_matrix__takes_only_the_gene_columns_and_renames_them():
    frame = text_frame(id=["P1"], age=["55"], MLL3=["1"], tp53_mut=["0"], PARK2=[""])
    calls, findings = matrix(frame, gene_columns=["MLL3", "tp53_mut", "PARK2"])
    assert as_dict(calls) == {"P1": {"KMT2C": 1, "PRKN": -1, "TP53": 0}}
    assert findings.codes() == {"I_SYMBOL_RENAMED"}


def test_parse_matrix__two_columns_of_one_gene_clash():
    calls, findings = matrix(text_frame(id=["P1"], MLL3=["1"], KMT2C=["0"]))
    assert as_dict(calls) == {"P1": {"KMT2C": 1}}
    assert [(item.code, item.column) for item in findings.of("E")] == [("E_COLUMN_CLASH", "KMT2C")]


def test_parse_matrix__a_date_in_the_header():
    calls, findings = matrix(text_frame(id=["P1"], **{"1-Mar": ["1"], "MEN1": ["1"]}))
    assert list(calls.columns) == ["MEN1"]
    assert [item.code for item in findings] == ["E_GENE_EXCEL_DATE"]


def test_parse_matrix__repeated_ids():
    frame = text_frame(id=["P1", "P1", "P2", "P2", "", "P3"], MEN1=["1", "1", "1", "0", "1", "0"])
    calls, findings = matrix(frame)
    assert as_dict(calls) == {"P1": {"MEN1": 1}, "P3": {"MEN1": 0}}
    assert [(item.code, item.row, item.value) for item in findings] == [
        ("E_VALUE", 6, ""),
        ("W_DUP_IDENTICAL", 3, "P1"),
        ("E_DUP_CONFLICT", 5, "P2"),
    ]


def test_parse_matrix__does_not_depend_on_row_order():
    frame = text_frame(id=["P2", "P1", "P3"], MEN1=["1", "0", None], DAXX=["", "1", "NA"])
    pd.testing.assert_frame_equal(matrix(frame)[0], matrix(frame.iloc[::-1].reset_index(drop=True))[0])


def test_parse_matrix__without_genes_keeps_the_samples():
    calls, _ = matrix(text_frame(id=["P1", "P2"]))
    assert calls.shape == (2, 0)


def test_parse_carriers__the_others_are_wild_type_only_if_profiled():
    frame = text_frame(id=["P1", "P2", "P1"], gene=["MEN1", "MLL3", "KMT2C"])
    calls, findings = carriers(frame, profiled_ids=["P3", "P1", "P2"])
    assert as_dict(calls) == {
        "P1": {"KMT2C": 1, "MEN1": 1},
        "P2": {"KMT2C": 1, "MEN1": 0},
        "P3": {"KMT2C": 0, "MEN1": 0},
    }
    assert findings.of("E") == []
    assert (calls.dtypes == "int8").all()


def test_parse_carriers__profiled_genes_without_carriers_are_wild_type():
    calls, findings = carriers(text_frame(id=["P1"], gene=["PRKN"]), profiled_ids=["P1", "P2"], genes=["PARK2", "MEN1"])
    assert as_dict(calls) == {"P1": {"MEN1": 0, "PRKN": 1}, "P2": {"MEN1": 0, "PRKN": 0}}
    assert findings.of("E") == []


def test_parse_carriers__gene_outside_the_panel_is_profiled_in_its_carriers_only():
    calls, findings = carriers(text_frame(id=["P1"], gene=["TP53"]), profiled_ids=["P1", "P2"], genes=["MEN1"])
    assert as_dict(calls) == {"P1": {"MEN1": 0, "TP53": 1}, "P2": {"MEN1": 0, "TP53": -1}}
    assert [(item.code, item.value, item.row) for item in findings] == [("W_GENE_NOT_ON_PANEL", "TP53", 2)]


def test_parse_carriers__bad_rows():
    frame = text_frame(id=["P1", "P9", "", "P2", "P1"], gene=["MEN1", "MEN1", "MEN1", None, "1-Mar"])
    calls, findings = carriers(frame, profiled_ids=["P1", "P2"])
    assert as_dict(calls) == {"P1": {"MEN1": 1}, "P2": {"MEN1": 0}}
    assert sorted((item.code, item.row) for item in findings) == [
        ("E_FOREIGN_KEY", 3),
        ("E_GENE_EXCEL_DATE", 6),
        ("E_VALUE", 4),
        ("E_VALUE", 5),
    ]


@pytest.mark.shared
def test_parse_carriers__lung_driver_calls(shared):
    frame = pd.read_csv(
        shared / "data" / "lung_nen_iarc" / "lungNENomics_driver_carriers.tsv", sep="\t", dtype="string"
    )
    findings = Findings()
    calls = parse_carriers(frame, "sample_id", "gene", profiled_ids=frame["sample_id"], findings=findings)
    naive = {(row.sample_id, row.gene) for row in frame.itertuples()}
    assert int((calls == 1).to_numpy().sum()) == len(naive)
    assert findings.of("E") == []


@pytest.mark.shared
def test_parse_matrix__metabric_cells(shared):
    folder = shared / "data" / "metabric_wide_truncated"
    (path,) = sorted(folder.glob("*.csv"))
    frame = pd.read_csv(path, dtype="string", on_bad_lines="skip")
    columns = [name for name in frame.columns if name.endswith("_mut")]
    findings = Findings()
    calls = parse_matrix(
        frame.dropna(subset=["patient_id"]), "patient_id", gene_columns=columns, findings=findings, file=path.name
    )
    # the cut last row has no cells for most genes: not profiled, not wild type
    pik3ca = frame.set_index("patient_id")["pik3ca_mut"]
    expected = {name: -1 if pd.isna(cell) else int(cell != "0") for name, cell in pik3ca.items()}
    assert calls["PIK3CA"].to_dict() == {name: expected[name] for name in calls.index}
    assert len(columns) == 173
