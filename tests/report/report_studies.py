"""Studies whose whole report is looked at: the demo, studies that lack something, and one that means harm."""

from __future__ import annotations

import csv
import io
import random
import shutil
from typing import TYPE_CHECKING

import netgen as ng
from netgen.data import demo_folder
from netgen.report.study_report import gather_results, write_report
from tests.study_files import MAF_HEADER, write_files

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = "netgen report demo"
FOLDERS = ("actionability", "associations", "description", "oncoprint", "response", "survival", "therapy")
SMALL = '[association]\nendpoints = ["os"]\nmodel = false\npermutations = 200\n'


def copy_demo(folder: Path, seed: int | None = None) -> Path:
    """Copy the demo study with few resamples of its models, rows and files in another order if there is a seed."""
    shutil.copytree(demo_folder(), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    study = folder / "study.toml"
    study.write_text(study.read_text(encoding="utf-8") + "\nbootstrap = 4\n", encoding="utf-8")
    for table in sorted(folder.glob("*.csv")) if seed is not None else ():
        head, *lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        random.Random(seed).shuffle(lines)
        table.write_text(head + "".join(lines), encoding="utf-8")
    return study


def report(study: Path, out: Path, *, threads: int = 1) -> Path:
    """Write the report of a study, without figures as files."""
    write_report(gather_results(ng.read_cohort(study), threads=threads, command=COMMAND), out, figures=False)
    return out


# What would run, load, break out of an attribute or a script, start a formula, or escape.
IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
FORMULA = "=cmd|' /C calc'!A0"
QUOTES = "\"'&<b onmouseover=alert(3)>\\"
HARM = (IMAGE, SCRIPT, FORMULA, QUOTES)
FILE = "<img src=x onerror=alert(4)>.csv"  # a file may have such a name
SHEET = (
    "patient_id,sex,age_at_diagnosis,origin,ki67_pct,date_diagnosis,date_advanced,date_last_contact,vital_status,"
    "date_death,panel,alterations,notes,L1_regimen,L1_class,L1_start,L1_end,L1_best_response\n"
)
HOSTILE = """
    [study]
    id = "hostile"
    title = {title}
    label = {label}
    genome = "GRCh37"
    sequencing_context = "research_retrospective"
    [[source]]
    kind = "sheet"
    path = "sheet.csv"
    [[source]]
    kind = "tables"
    patients = {file}
    treatments = "treatments.csv"
    variants = "calls.maf"
    assay = "wes"
    [association]
    endpoints = ["os"]
    bootstrap = 0
    [association.pathways]
    {pathway} = ["TP53", "MEN1"]
    """


def write_hostile(folder: Path) -> Path:
    """Write a study whose titles, texts, genes, protein changes, regimens, pathways and file names mean harm."""
    rng = random.Random(8)
    first, second = [f"P{i:02d}" for i in range(20)], [f"Q{i:02d}" for i in range(20)]
    sheet = [
        [*_person(name, i), "wes", ("TP53 p.R273C", "none", "MEN1 trunc", "TP53 trunc")[i % 4], *_line(i)]
        for i, name in enumerate(first)
    ]
    calls = [
        (gene, place, name, change)
        for place, (gene, change) in enumerate(zip((*HARM, "TP53"), (*HARM[::-1], "p.R273C"), strict=True))
        for name in second
        if rng.random() < 0.4
    ]
    calls += [("TP53", 9, name, "p.R273C") for name in second]  # all of them are in the file: sequenced
    toml = HOSTILE.format(
        title=_quoted(IMAGE + QUOTES), label=_quoted(SCRIPT + FORMULA), file=_quoted(FILE), pathway=_quoted(FORMULA)
    )
    people = [[*_person(name, i), HARM[i % 4]] for i, name in enumerate(second)]
    lines = [[name, 1, *_line(i)[1:3], *_line(i)[3:]] for i, name in enumerate(second)]
    columns = "patient_id,line_number,regimen,regimen_class,date_start,date_end,best_response\n"
    files = {
        "study.toml": toml,
        "sheet.csv": SHEET + _csv(sheet),
        FILE: ",".join(SHEET.split(",")[:10]) + ",institution\n" + _csv(people),
        "treatments.csv": columns + _csv(lines),
        "calls.maf": MAF_HEADER + "".join(_call(*one) for one in calls),
    }
    return write_files(folder, files) / "study.toml"


def _person(name, i):
    """Columns from patient_id to date_death: two of three have died."""
    year, end = 2016 + i % 4, f"{2018 + i % 4}-{1 + i % 9:02d}-{1 + 5 * i % 27:02d}"
    origin = ("thymic", "lung", "pancreatic")[i % 3]
    known = [
        name,
        ("female", "male")[i % 2],
        40 + i,
        origin,
        25 + i,
        f"{year}-01-{1 + i:02d}",
        f"{year}-03-{1 + i:02d}",
    ]
    return [*known, end, "dead" if i % 3 else "alive", end if i % 3 else ""]


def _line(i):
    """Columns from notes to best response."""
    year = 2016 + i % 4
    return [HARM[i % 4], HARM[(i + 1) % 4], "", f"{year}-04-{1 + i:02d}", f"{year}-09-01", ("PR", "SD", "PD")[i % 3]]


def _call(gene, place, sample, change):
    start = 7577000 + place
    cells = (gene, "GRCh37", "17", start, start, "G", "G", "A", "Missense_Mutation", sample, change)
    return "\t".join(map(str, cells)) + "\n"


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
