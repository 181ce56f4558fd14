"""The rules of cBioPortal's validator (``validateData.py``) that a study folder can break, written down once more.

Each function reads the files as text, on its own, and returns what is wrong. From the validator of cbioportal-core,
commit 03b4f1d4463d80b3c3b28808822435c7c5ab9e5e; checks that need a running portal (known genes, cancer types and
panels) are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

META = {
    "study": {"cancer_study_identifier", "type_of_cancer", "name", "description"},
    "CLINICAL": {"cancer_study_identifier", "datatype", "data_filename"},
    "GENE_PANEL_MATRIX": {"cancer_study_identifier", "datatype", "data_filename"},
    "profile": {
        "cancer_study_identifier", "datatype", "stable_id", "show_profile_in_analysis_tab", "profile_name",
        "profile_description", "data_filename",
    },
}  # fmt: skip
OPTIONAL = {"genetic_alteration_type", "reference_genome"}
STABLE_IDS = {
    ("MUTATION_EXTENDED", "MAF"): {"mutations"},
    ("COPY_NUMBER_ALTERATION", "DISCRETE"): {"gistic", "cna", "cna_rae", "cna_consensus"},
    ("STRUCTURAL_VARIANT", "SV"): {"structural_variants"},
}
PATIENT_ONLY = {"AGE", "DFS_STATUS", "DFS_MONTHS", "GENDER", "OS_STATUS", "OS_MONTHS", "SEX", "TUMOR_SITE"}
SAMPLE_ONLY = {"METASTATIC_SITE", "OTHER_SAMPLE_ID", "PRIMARY_SITE", "SAMPLE_CLASS", "SAMPLE_TYPE", "TUMOR_TYPE"}
PRESCRIBED = {
    "AGE": "NUMBER", "OS_MONTHS": "NUMBER", "DFS_MONTHS": "NUMBER", "OS_STATUS": "STRING", "DFS_STATUS": "STRING",
    "SEX": "STRING", "TUMOR_SITE": "STRING", "SAMPLE_TYPE": "STRING", "SAMPLE_CLASS": "STRING",
    "CANCER_TYPE": "STRING", "CANCER_TYPE_DETAILED": "STRING", "PRIMARY_SITE": "STRING", "METASTATIC_SITE": "STRING",
}  # fmt: skip
BANNED = {"MUTATION_COUNT", "FRACTION_GENOME_ALTERED"}
NULLS = {"[not applicable]", "[not available]", "[pending]", "[discrepancy]", "[completed]", "[null]", "", "na"}
ID = re.compile(r"[A-Za-z0-9._-]+")
CATEGORIES = {
    "all": "all_cases_in_study", "sequenced": "all_cases_with_mutation_data", "cna": "all_cases_with_cna_data",
    "sv": "all_cases_with_sv_data",
}  # fmt: skip


def table(path: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """Return column names, rows and comment lines."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "", "the last line has no end"
    comments = [line for line in lines if line.startswith("#")]
    rows = [line.split("\t") for line in lines[len(comments) :]]
    return rows[0], rows[1:], comments


def pairs(path: Path) -> dict[str, str]:
    """Return keys and values of a meta file or case list."""
    return dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines())


def broken_rules(folder: Path) -> list[str]:
    """Return every rule that a study folder breaks."""
    samples = {row[0] for row in table(folder / "data_clinical_sample.txt")[1]}
    return [*meta_files(folder), *clinical_files(folder), *data_files(folder, samples), *lists(folder, samples)]


def meta_files(folder: Path) -> Iterator[str]:
    study = pairs(folder / "meta_study.txt")["cancer_study_identifier"]
    seen: dict[str, str] = {}
    for path in folder.iterdir():
        if not re.search(r"(\b|_)meta(\b|[_0-9])", path.name, re.IGNORECASE):
            continue
        found = pairs(path)
        alteration = found.get("genetic_alteration_type", "study")
        needed = META.get(alteration, META["profile"])
        if not needed <= set(found) or not set(found) <= needed | OPTIONAL:
            yield f"{path.name}: fields {sorted(set(found) ^ needed)}"
        if found["cancer_study_identifier"] != study:
            yield f"{path.name}: another study"
        if "data_filename" in found and not (folder / found["data_filename"]).is_file():
            yield f"{path.name}: no data file"
        if "stable_id" in found:
            if found["stable_id"] not in STABLE_IDS[alteration, found["datatype"]] or found["stable_id"] in seen:
                yield f"{path.name}: stable_id {found['stable_id']}"
            seen[found["stable_id"]] = path.name


def clinical_files(folder: Path) -> Iterator[str]:
    names, patients = {}, {}
    for kind, ids in (("patient", ["PATIENT_ID"]), ("sample", ["SAMPLE_ID", "PATIENT_ID"])):
        header, rows, comments = table(folder / f"data_clinical_{kind}.txt")
        names[kind] = set(header) - set(ids)
        patients[kind] = {row[header.index("PATIENT_ID")] for row in rows}
        definitions = [line[1:].split("\t") for line in comments]
        if len(definitions) != 4 or {len(one) for one in definitions} != {len(header)} or header[: len(ids)] != ids:
            yield f"{kind}: header rows"
            continue
        yield from definition_rows(kind, header, definitions)
        for place, (name, datatype) in enumerate(zip(header, definitions[2], strict=True)):
            yield from cells(kind, header, name, datatype, [row[place] for row in rows])
        if len({row[0] for row in rows}) < len(rows) or any(len(row) != len(header) for row in rows):
            yield f"{kind}: repeated or ragged rows"
    if names["patient"] & names["sample"]:
        yield f"attributes on both levels: {names['patient'] & names['sample']}"
    if not patients["sample"] <= patients["patient"]:
        yield "samples of nobody"


def definition_rows(kind: str, header: list[str], definitions: list[list[str]]) -> Iterator[str]:
    if any(cell.strip().lower() in NULLS for line in definitions for cell in line):
        yield f"{kind}: an empty definition"
    if any(not name.isupper() for name in header) or len(set(header)) < len(header):
        yield f"{kind}: attribute names"
    if any(int(cell) < -1 for cell in definitions[3]):
        yield f"{kind}: priorities"
    if set(header) & {*(PATIENT_ONLY if kind == "sample" else SAMPLE_ONLY), *BANNED}:
        yield f"{kind}: an attribute of the other level, or a banned one"
    for name, datatype in zip(header, definitions[2], strict=True):
        if PRESCRIBED.get(name, datatype) != datatype or datatype not in {"STRING", "NUMBER", "BOOLEAN"}:
            yield f"{kind}: {name} is {datatype}"


def cells(kind: str, header: list[str], name: str, datatype: str, values: list[str]) -> Iterator[str]:
    known = [value for value in values if value.strip().lower() not in NULLS]
    if name in {"PATIENT_ID", "SAMPLE_ID"} and not all(ID.fullmatch(value) and len(value) < 64 for value in values):
        yield f"{kind}: {name} has other characters"
    if datatype == "NUMBER":
        for value in known:
            float(value.lstrip("<>"))
    if datatype == "BOOLEAN" and not set(known) <= {"TRUE", "FALSE"}:
        yield f"{kind}: {name} is no truth value"
    if any('"' in value or "\r" in value for value in values):
        yield f"{kind}: {name} has quotation marks or line ends"
    if name == "OS_STATUS" and not set(known) <= {"0:LIVING", "1:DECEASED"}:
        yield f"{kind}: OS_STATUS"
    if name == "DFS_STATUS" and not set(known) <= {"0:DiseaseFree", "1:Recurred/Progressed"}:
        yield f"{kind}: DFS_STATUS"
    is_endpoint = name.endswith("_STATUS") and name.replace("_STATUS", "_MONTHS") in header
    if is_endpoint and not all(re.match(r"[01]:.", value) for value in known):
        yield f"{kind}: {name}"


def data_files(folder: Path, samples: set[str]) -> Iterator[str]:
    for path in folder.glob("data_*.txt"):
        if "gene_panel_" in path.name and "matrix" not in path.name:
            found = pairs(path)
            if not {"stable_id", "description", "gene_list"} <= set(found) or not ID.fullmatch(found["stable_id"]):
                yield f"{path.name}: keys of a gene panel"
            continue
        header, rows, _ = table(path)
        if any(len(row) != len(header) for row in rows):
            yield f"{path.name}: ragged rows"
        columns = {name: [row[place] for row in rows] for place, name in enumerate(header)}
        check = {"data_mutations.txt": mutations, "data_cna.txt": copy_number, "data_sv.txt": structural_variants,
                 "data_gene_panel_matrix.txt": panel_matrix}.get(path.name)  # fmt: skip
        if path.name.startswith("data_timeline"):
            check = timeline
        if check is not None:
            yield from (f"{path.name}: {text}" for text in check(columns, samples, folder))


def mutations(columns: dict[str, list[str]], samples: set[str], folder: Path) -> Iterator[str]:
    build = {"hg19": "GRCh37", "hg38": "GRCh38"}[pairs(folder / "meta_study.txt")["reference_genome"]]
    if not {"Tumor_Sample_Barcode", "Hugo_Symbol", "Variant_Classification"} <= set(columns):
        yield "required columns"
    if not set(columns["Tumor_Sample_Barcode"]) <= samples:
        yield "unknown samples"
    if "" in columns["Variant_Classification"] or "" in columns["Hugo_Symbol"]:
        yield "blank class or gene"
    if not set(columns["NCBI_Build"]) <= {build, ""}:
        yield "builds"
    for name in ("Start_Position", "End_Position", "t_alt_count", "t_ref_count", "Entrez_Gene_Id"):
        if not all(value.isdigit() or value == "" for value in columns[name]):
            yield f"{name} is no whole number"
    if any(re.search(r"[;,]|.p\.", value) for value in columns["HGVSp_Short"]):
        yield "protein changes"
    if not set(columns["cbp_driver"]) <= {"Putative_Driver", "Putative_Passenger", "NA", "Unknown", ""}:
        yield "cbp_driver"
    yield from alleles(columns)


def alleles(columns: dict[str, list[str]]) -> Iterator[str]:
    names = ("Reference_Allele", "Tumor_Seq_Allele1", "Tumor_Seq_Allele2")
    for ref, first, second in zip(*(columns[name] for name in names), strict=True):
        if ref and (second in {ref, ""} or first == second):
            yield "no alternative allele"


def copy_number(columns: dict[str, list[str]], samples: set[str], _: Path) -> Iterator[str]:
    genes = columns.pop("Hugo_Symbol")
    if len(set(genes)) < len(genes) or not set(columns) <= samples:
        yield "repeated genes or unknown samples"
    if not {value for values in columns.values() for value in values} <= {"-2", "-1.5", "-1", "0", "1", "2", "NA"}:
        yield "values"


def structural_variants(columns: dict[str, list[str]], samples: set[str], _: Path) -> Iterator[str]:
    if not set(columns["Sample_Id"]) <= samples or not set(columns["SV_Status"]) <= {"SOMATIC", "GERMLINE"}:
        yield "samples or status"
    if not all(one or two for one, two in zip(columns["Site1_Hugo_Symbol"], columns["Site2_Hugo_Symbol"], strict=True)):
        yield "no gene"


def panel_matrix(columns: dict[str, list[str]], samples: set[str], folder: Path) -> Iterator[str]:
    ids = columns.pop("SAMPLE_ID")
    if not set(ids) <= samples or len(set(ids)) < len(ids):
        yield "samples"
    profiles = {pairs(path).get("stable_id") for path in folder.glob("meta_*.txt")}
    if not set(columns) <= profiles:
        yield "profiles without a meta file"
    panels = {pairs(path)["stable_id"] for path in folder.glob("data_gene_panel_*.txt") if "matrix" not in path.name}
    if not {value for values in columns.values() for value in values} <= panels | {"NA"}:
        yield "panels without a file"


def timeline(columns: dict[str, list[str]], samples: set[str], folder: Path) -> Iterator[str]:
    if list(columns)[:4] != ["PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE"]:
        yield "columns"
    patients = {row[0] for row in table(folder / "data_clinical_patient.txt")[1]}
    if not set(columns["PATIENT_ID"]) <= patients or not set(columns.get("SAMPLE_ID", [])) <= samples:
        yield "patients or samples"
    if not all(re.fullmatch(r"-?\d+", value) for value in columns["START_DATE"]):
        yield "START_DATE is no number of days"
    if not all(re.fullmatch(r"-?\d*", value) for value in columns["STOP_DATE"]):
        yield "STOP_DATE is no number of days"


def lists(folder: Path, samples: set[str]) -> Iterator[str]:
    study = pairs(folder / "meta_study.txt")["cancer_study_identifier"]
    for path in (folder / "case_lists").iterdir():
        found = pairs(path)
        ids = found["case_list_ids"].split("\t")
        ending = path.stem.removeprefix("cases_")
        if found["stable_id"] != f"{study}_{ending}" or found["case_list_category"] != CATEGORIES[ending]:
            yield f"{path.name}: stable_id or category"
        if not set(ids) <= samples or len(set(ids)) < len(ids):
            yield f"{path.name}: samples"
    if not (folder / "case_lists" / "cases_all.txt").is_file():
        yield "no list of all samples"
