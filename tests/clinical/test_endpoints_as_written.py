"""The same cohort written in other ways gives the same endpoints, all of them.

The demo cohort's tables with dates as ISO text, dd/mm/yyyy with a declared order, typed cells of a workbook, day
offsets from a day 0 of each patient, under other column names, and with semicolons.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import netgen
from netgen.clinical.endpoints import derive_endpoint, list_endpoints
from netgen.cohort import read_cohort
from netgen.errors import Findings

DEMO = Path(netgen.__file__).parent / "data" / "demo"
TABLES = ("patients", "samples", "treatments", "assessments")
NAMES = {
    "patient_id": "Record", "date_diagnosis": "First biopsy", "date_advanced": "Stage IV on", "date_death": "Exitus",
    "date_last_contact": "Seen last", "vital_status": "Condition", "cause_of_death": "Why died", "origin": "Organ",
    "sample_id": "Block", "date_sequencing_report": "Reported on", "line_number": "No.", "date_start": "Begin",
    "date_end": "Stop", "ongoing": "Still on drug", "end_reason": "Stopped for", "date_progression": "Worse on",
    "progression_type": "Seen how", "date": "Scan on", "overall_response": "Result", "best_response": "Best",
    "regimen_class": "Group of drugs", "intent": "Aim", "criteria": "By", "modality": "With",
    "is_baseline": "First scan",
}  # fmt: skip


def is_date(column: str) -> bool:
    return column == "date" or column.startswith("date_")


def read_tables() -> dict:
    """The clinical tables as text, blanks kept."""
    return {name: pd.read_csv(DEMO / f"{name}.csv", dtype=str, keep_default_na=False) for name in TABLES}


def with_dates(tables: dict, write) -> dict:
    """Write every date anew: ``write(text, patient_id)``."""
    out = {}
    for name, table in tables.items():
        new = {
            column: [
                write(text, who) if text else "" for text, who in zip(table[column], table["patient_id"], strict=True)
            ]
            for column in table.columns
            if is_date(column)
        }
        out[name] = table.assign(**new)
    return out


def as_study(folder: Path, tables: dict, *, how: str = "csv", columns: bool = False, extra: str = "") -> Path:
    """Write the tables and a study file that reads them."""
    source = []
    if how == "xlsx":
        with pd.ExcelWriter(folder / "study.xlsx") as book:
            for name, table in tables.items():
                table.to_excel(book, sheet_name=name, index=False)
    for name, table in tables.items():
        file, sheet = ("study.xlsx", f', sheet = "{name}"') if how == "xlsx" else (f"{name}.csv", "")
        if how != "xlsx":
            table.to_csv(folder / file, index=False, sep=";" if how == "semicolon" else ",")
        named = (
            ", ".join(f'{ours} = "{NAMES[ours]}"' for ours in NAMES if NAMES[ours] in table.columns) if columns else ""
        )
        mapping = f", columns = {{ {named} }}" if named else ""
        source.append(f'{name} = {{ file = "{file}"{sheet}{mapping} }}')
    people = read_tables()["patients"]["patient_id"]
    pd.DataFrame({"patient_id": people, "MEN1": 0}).to_csv(folder / "genes.csv", index=False)
    text = '[study]\nsequencing_context = "research_retrospective"\n[[source]]\nkind = "tables"\n'
    text += 'alterations = { file = "genes.csv", layout = "matrix" }\n' + "\n".join(source) + "\n" + extra
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def derive_all(study: Path) -> dict:
    """Every endpoint the cohort can give."""
    tables = read_cohort(study).clinical()
    out = {}
    for spec in list_endpoints(tables):
        endpoint = derive_endpoint(tables, spec, findings=Findings())
        out[spec.name, spec.origin] = (endpoint.table, endpoint.excluded)
    return out


def iso_to_dmy(text: str, _: str) -> str:
    year, month, day = text.split("-")
    return f"{day}/{month}/{year}"


def to_offset(text: str, patient_id: str) -> str:
    """Days from a day 0 that differs between patients and has nothing to do with any event."""
    day_0 = pd.Timestamp("2011-11-11") + pd.Timedelta(days=37 * int(patient_id[1:]))
    return str((pd.Timestamp(text) - day_0).days)


def write_iso(folder: Path) -> Path:
    return as_study(folder, read_tables())


def write_dmy(folder: Path) -> Path:
    return as_study(folder, with_dates(read_tables(), iso_to_dmy), extra='[read]\ndate_order = "dmy"\n')


def write_cells(folder: Path) -> Path:
    tables = {
        name: table.assign(**{c: pd.to_datetime(table[c].where(table[c] != "")) for c in table.columns if is_date(c)})
        for name, table in read_tables().items()
    }
    return as_study(folder, tables, how="xlsx")


def write_offsets(folder: Path) -> Path:
    tables = with_dates(read_tables(), to_offset)
    return as_study(
        folder,
        {name: table.rename(columns=lambda c: f"{c}_day" if is_date(c) else c) for name, table in tables.items()},
    )


def write_relabelled(folder: Path) -> Path:
    tables = {name: table.rename(columns=NAMES).iloc[::-1, ::-1] for name, table in read_tables().items()}
    return as_study(folder, tables, columns=True)


def write_semicolons(folder: Path) -> Path:
    return as_study(folder, read_tables(), how="semicolon")


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict:
    return derive_all(write_iso(tmp_path_factory.mktemp("iso")))


def test_expected__is_every_endpoint_of_the_demo_cohort(expected):
    kinds = ("pfs", "ttp", "ttnt", "ttf", "ttd", "dot", "dor")
    assert set(expected) == {("os", "advanced"), ("dss", "advanced")} | {
        (n, f"line:{k}") for n in kinds for k in (1, 2, 3)
    }
    assert all(len(table) + len(excluded) == 34 for table, excluded in expected.values())
    pfs = expected["pfs", "line:1"][0]
    assert (len(pfs), int(pfs["event"].sum())) == (34, 31)


@pytest.mark.parametrize("write", [write_dmy, write_cells, write_relabelled, write_semicolons, write_offsets])
def test_endpoints__do_not_depend_on_how_the_tables_are_written(expected, write, tmp_path):
    found = derive_all(write(tmp_path))
    assert list(found) == list(expected)
    dates = ["origin_date", "end_date"] if write is write_offsets else []
    for key, (table, excluded) in expected.items():
        pd.testing.assert_frame_equal(found[key][0].drop(columns=dates), table.drop(columns=dates))
        pd.testing.assert_frame_equal(found[key][1], excluded)
