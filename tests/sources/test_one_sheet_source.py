"""The one-sheet form: a row per patient with alterations in words; blank means not profiled, ``none`` nothing found."""

from __future__ import annotations

import pandas as pd
import pytest

import netgen as ng
from netgen.errors import SchemaError
from netgen.study import AssociationSettings
from tests.study_files import panel, write_files

HEADER = (
    "patient_id,sex,age_at_diagnosis,origin,ki67_pct,date_diagnosis,date_advanced,date_last_contact,vital_status,"
    "date_death,panel,alterations,germline_findings,L1_class,L1_start,L1_end,L1_progression\n"
)
PLAIN = "female,50,lung,30,2020-01-01,2020-02-01,2022-01-01"


def row(name, alterations="", germline="", *, assay="wes", plain=PLAIN, line=",,,", dead=False):
    fate = "dead,2022-01-01" if dead else "alive,"
    return f"{name},{plain},{fate},{assay},{alterations},{germline},{line}\n"


@pytest.fixture
def read(tmp_path):
    """Return a function that writes the form (and other files) and reads it as a cohort."""

    def read_rows(*rows, toml="", files=None, **reading):
        write_files(tmp_path, {"form.csv": HEADER + "".join(rows), **(files or {})})
        if not toml and not files:
            return ng.read_cohort(tmp_path / "form.csv", **reading)
        write_files(tmp_path, {"study.toml": f'[[source]]\nkind = "sheet"\npath = "form.csv"\n{toml}\n'})
        return ng.read_cohort(tmp_path / "study.toml", **reading)

    return read_rows


def cells(cohort):
    frame = ng.build_matrix(cohort).to_frame()
    return {gene: "".join("-" if pd.isna(cell) else str(cell) for cell in frame[gene]) for gene in frame}


def test_one_sheet__words_become_calls(read):
    cohort = read(
        row("P1", "MEN1 p.R460* (vaf=0.41); DAXX trunc"), row("P2", "none"), row("P3"), row("P4", "TP53 p.R175H")
    )
    assert cells(cohort) == {"DAXX": "10-0", "MEN1": "10-0", "TP53": "00-1"}
    assert list(cohort.profiles["sample_id"]) == ["P1-T", "P2-T", "P4-T"]
    men1 = cohort.variants.set_index("gene").loc["MEN1"]
    assert (men1["hgvsp_short"], men1["vaf"], men1["file"], men1["row"]) == ("p.R460*", 0.41, "form.csv", 2)


def test_one_sheet__inherited_variants_are_kept_apart(read):
    cohort = read(row("P1", "none", "BRCA2 p.S1982Rfs*22 (germline)"), row("P2", "MEN1 trunc (germline)"))
    assert sorted(cohort.germline["gene"]) == ["BRCA2", "MEN1"]
    assert len(cohort.variants) == 0


def test_one_sheet__lines_and_survival(read):
    cohort = read(
        row("P1", "none", line="ssa,2020-03-01,2020-09-01,2020-08-15", dead=True),
        row("P2", "none", line="ssa,2020-03-01,,"),
    )
    assert cohort.treatments["line_number"].tolist() == [1, 1]
    settings = AssociationSettings(entry_rule="none")
    survival = ng.build_endpoint(cohort, "os", settings).table.set_index("patient_id")
    assert survival["time_days"].to_dict() == {"P1": 700, "P2": 700}  # 2020-02-01 to 2022-01-01
    assert survival["event"].to_dict() == {"P1": True, "P2": False}


def test_one_sheet__a_panel_of_its_own_from_a_file(read):
    cohort = read(
        row("P1", "MEN1 trunc", assay="A"), row("P2", "none", assay="A"),
        toml='panel = "a.txt"', files={"a.txt": panel("A", "MEN1", "TP53")},
    )  # fmt: skip
    assert cells(cohort) == {"MEN1": "10", "TP53": "00"}


def test_one_sheet__panels_on_a_sheet_of_the_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    cohort = book.active
    cohort.title = "cohort"
    for line in (HEADER + row("P1", "MEN1 trunc", assay="custom:A") + row("P2", "none", assay="A")).splitlines():
        cohort.append(line.split(","))
    panels = book.create_sheet("panels")
    for line in (["panel_id", "name", "genes"], ["A", "our panel", "MEN1, TP53; DAXX"], ["custom:A", None, "MEN1"]):
        panels.append(line)
    book.save(tmp_path / "form.xlsx")
    assert cells(ng.read_cohort(tmp_path / "form.xlsx")) == {"DAXX": "-0", "MEN1": "10", "TP53": "-0"}


@pytest.mark.parametrize(
    ("assay", "message"), [("", "Nothing says which genes"), ("A", "Panel A is named for 1 sample")]
)
def test_one_sheet__a_panel_that_nobody_knows_is_an_error(read, assay, message):
    with pytest.raises(SchemaError, match=f"E_NO_PANEL: .*{message}"):
        read(row("P1", "MEN1 trunc", assay=assay))


def test_one_sheet__the_assay_of_the_study_stands_in_for_a_blank_panel(read):
    cohort = read(row("P1", "MEN1 trunc", assay=""), row("P2", "TP53 mut", assay=""), toml='assay = "wes"')
    assert cells(cohort) == {"MEN1": "10", "TP53": "01"}


def test_one_sheet__repeated_rows_are_counted(read):
    cohort = read(row("P1", "none"), row("P1", "none"), row("P2", "none"))
    steps = {step.name: (step.n_in, step.n_out, step.excluded) for step in cohort.flow.steps}
    assert steps["de-duplicated"] == (3, 2, {"duplicate_identical": 1})


def test_one_sheet__rows_that_differ_are_left_out_on_request(read):
    rows = [row("P1", "none"), row("P2", "none"), row("P2", "none", plain=PLAIN.replace("50", "51"))]
    with pytest.raises(SchemaError, match=r"E_DUP_CONFLICT: .*P2 has 2 rows"):
        read(*rows)
    cohort = read(*rows, on_duplicate="exclude")
    steps = {step.name: (step.n_in, step.n_out, step.excluded) for step in cohort.flow.steps}
    assert steps["de-duplicated"] == (3, 1, {"duplicate_conflict": 1, "duplicate_conflict_rows": 1})
    assert cohort.exclusions.to_numpy().tolist() == [["P2", "de-duplicated", "duplicate_conflict"]]
    assert list(cohort.samples["sample_id"]) == ["P1-T"]


def test_one_sheet__all_problems_are_told_with_row_and_column(read):
    rows = [row("P1", "MEN1 p.R460* vaf"), row("P2", "none", plain=PLAIN.replace("30", "250")), row("P3", "none")]
    with pytest.raises(SchemaError) as caught:
        read(*rows)
    assert sorted((item.code, item.row, item.column) for item in caught.value.findings.of("E")) == [
        ("E_ALTERATION_SYNTAX", 2, "alterations"),
        ("E_RANGE", 3, "ki67_pct"),
    ]
    cohort = read(*rows, skip_invalid=True)
    assert list(cohort.patients["patient_id"]) == ["P3"]
    assert cohort.exclusions.to_numpy().tolist() == [["P1", "valid", "alteration_syntax"], ["P2", "valid", "range"]]


def test_one_sheet__needs_a_patient_column(tmp_path):
    write_files(tmp_path, {"form.csv": "sample,age\nS1,50\nS2,60\n"})
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(tmp_path / "form.csv")
    assert ("E_COLUMN_MISSING", "patient_id") in [(item.code, item.column) for item in caught.value.findings.of("E")]


def test_one_sheet__the_file_is_listed(read):
    (item,) = read(row("P1", "none"), row("P2", "none")).inputs
    assert (item.role, item.n_rows, item.path.rsplit("/", 1)[1]) == ("one_sheet", 2, "form.csv")
