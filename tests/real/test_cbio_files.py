"""Files of public cBioPortal studies, whole and broken: what each holds, and what is said of each.

Counts were taken from the files with awk, grep, sort and uniq. ``broken_study_files.tsv`` has one row for each of the
104 files that cBioPortal's own validator is tested with: how it is read, the message code with lines and columns, and
why, where nothing is said, its defect touches nothing that netgen uses.
"""

from __future__ import annotations

import csv
import shutil
from functools import cache, partial
from pathlib import Path

import pytest

import netgen as ng
from netgen.clinical.cbioportal_clinical import read_cbioportal_clinical
from netgen.errors import Finding, Findings, InputError
from netgen.genomics.cbioportal import find_study_files, read_case_lists, read_gene_panel_matrix
from netgen.genomics.copynumber import read_copy_number
from netgen.genomics.fusions import read_legacy_fusions, read_structural_variants
from netgen.genomics.maf import read_maf

pytestmark = pytest.mark.shared

BROKEN = [
    pytest.param(row, id=row["file"])
    for row in csv.DictReader(
        (Path(__file__).parent / "broken_study_files.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
]
READERS = {
    "cna": read_copy_number,
    "sv": read_structural_variants,
    "panel_matrix": read_gene_panel_matrix,
    "maf": partial(read_maf, build=None),
}
PATIENTS = [f"TEST-PAT{number}" for number in (1, 2, 3, 4, 5, 6, 7, 9)]


def in_study(path: Path, kind: str, folder: Path) -> Findings:
    """Read a clinical file as the only one of a study."""
    shutil.copy(path, folder / f"data_clinical_{kind}.txt")
    findings = Findings()
    read_cbioportal_clinical(folder, findings=findings)
    return findings


def with_samples(path: Path, folder: Path) -> Findings:
    """Read a patient file beside the samples of the patients that it should have."""
    shutil.copy(path, folder / "data_clinical_patient.txt")
    rows = "".join(f"{name}\t{name}-S\n" for name in PATIENTS)
    (folder / "data_clinical_sample.txt").write_text("PATIENT_ID\tSAMPLE_ID\n" + rows)
    return ng.check_cohort(lambda: ng.read_cohort(folder, sequencing="optional"))


@cache
def checked(folder: Path) -> Findings:
    """Return what is said of a whole study."""
    return ng.check_cohort(lambda: ng.read_cohort(folder, sequencing="optional"))


def used_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are read; none if it holds no study."""
    try:
        return [one.path for one in find_study_files(folder, findings=Findings()).files]
    except InputError:
        return []


def about(path: Path, findings: Findings) -> Findings:
    """Return what is said of a file of a folder, or of the data file that it names."""
    named = next((line.partition(":")[2].strip() for line in path.read_text().splitlines()
                  if line.startswith("data_filename:")), path.name)  # fmt: skip
    return Findings([
        item for item in findings
        if Path(item.file).name == path.name or (item.code == "I_FILE_IGNORED" and f"{named} (" in item.message)
    ])  # fmt: skip


def examine(path: Path, role: str, folder: Path) -> Findings:
    """Return what netgen says of one file, whatever it is."""
    findings = Findings()
    try:
        if role in {"patient", "sample"}:
            return in_study(path, role, folder)
        if role == "patients_and_samples":
            return with_samples(path, folder)
        if role == "case_list":
            read_case_lists([path], findings=findings)
        elif role == "folder":
            return about(path, checked(path.parent))
        elif role == "meta":
            find_study_files(path.parent, findings=findings)
            return about(path, findings)
        else:
            READERS[role](path, findings=findings)
    except InputError as error:
        findings.extend([error.finding] if role != "meta" else [])
    return findings if role != "meta" else about(path, findings)


def places(items: list[Finding]) -> list[tuple[str, str, str]]:
    return [(item.code, "" if item.row is None else str(item.row), item.column) for item in items]


@pytest.mark.parametrize("row", BROKEN)
def test_broken_study_file__is_read_or_refused_in_words(row: dict[str, str], shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "cbio_broken_study_files" / row["file"]
    assert row["why"]
    if row["role"] == "none":
        assert path not in used_files(path.parent)
        return
    lines, columns = row["row"].split(";"), row["column"].split(";")
    columns = columns * len(lines) if len(columns) == 1 else columns
    wanted = [(row["code"], *place) for place in zip(lines, columns, strict=True)] if row["code"] else []
    findings = examine(path, row["role"], tmp_path)
    assert places(findings.of("E")) == [one for one in wanted if one[0][0] == "E"]
    assert set(wanted) <= set(places(list(findings)))
    assert row["code"] or not [item for item in findings.of("W") if item.code != "W_ENDPOINT_PRECOMPUTED"]


def test_broken_study_files__every_file_has_its_row(shared: Path) -> None:
    folder = shared / "data" / "cbio_broken_study_files"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SOURCE.md"}
    assert sorted(row.values[0]["file"] for row in BROKEN) == sorted(files)
    assert len(files) == 104


# ---------------------------------------------------------------- whole studies
# Folder, patients, samples, variant rows, samples with variants, genes x samples with copy number, structural variants,
# panels. Genes are rows of the file, without those that are one gene under several names (CDKN2A three times in three
# studies; AMER1, KMT2A, KMT2C and KMT2D twice in two) and without MLL4, which may mean two. The legacy files have a row
# per gene of a fusion: events are distinct pairs of genes with one name per sample.
STUDIES = [
    ("cbio_ampca_bcm_2016/ampca_bcm_2016", 160, 160, 28748, 152, None, None, 0),
    ("cbio_gct_msk_2016/gct_msk_2016", 180, 180, 334, 125, (463 - 2, 180), 10, 0),
    ("cbio_lung_msk_2017/lung_msk_2017", 860, 915, 7248, 886, (516 - 1 - 2 - 4, 915), 171, 2),
    ("cbio_odg_msk_2017/odg_msk_2017", 19, 22, 281, 22, (483 - 1 - 2 - 4, 22), None, 3),
    ("cbio_panet_arcnet_2017/panet_arcnet_2017", 98, 98, 3097, 98, None, None, 0),
    ("cbio_past_dkfz_2013/past_dkfz_heidelberg_2013", 96, 96, 236, 78, None, 80, 0),
    ("cbio_skcm_ucla_2016/skcm_ucla_2016", 38, 39, 25393, 38, None, None, 0),
    ("cbio_small_quirky/acbc_mskcc_2015", 12, 12, 254, 12, (1849, 12), 10, 0),
    ("cbio_small_quirky/nsclc_unito_2016", 41, 41, 124, 41, None, None, 1),
    ("cbio_small_quirky/pact_jhu_2011", 32, 32, 444, 32, None, None, 0),
    ("cbio_small_quirky/stad_utokyo", 30, 30, 6616, 30, None, None, 0),
    ("cbio_study_es_0/study_es_0", 841, 845, 36, 21, (8, 788), 48, 2),
]


@pytest.mark.parametrize("study", STUDIES, ids=[row[0].rsplit("/", 1)[1] for row in STUDIES])
def test_cbio_study__holds_what_its_files_hold(study: tuple[object, ...], shared: Path) -> None:
    name, n_patients, n_samples, n_variants, n_with, cna, n_sv, n_panels = study
    findings = Findings()
    folder = shared / "data" / str(name)
    clinical = read_cbioportal_clinical(folder, findings=findings)
    assert (len(clinical.patients), len(clinical.samples)) == (n_patients, n_samples)
    study_files = find_study_files(folder, findings=findings)
    [maf] = [read_maf(file.path, findings=findings, build="GRCh37", excel_dates="unresolved")
             for file in study_files.of("mutations")]  # fmt: skip
    assert (maf.n_rows, len(maf.samples)) == (n_variants, n_with)
    assert len(maf.variants) + int(maf.dropped["n"].sum()) == n_variants
    tables = [read_copy_number(file.path, findings=findings) for file in study_files.of("cna")]
    assert [(len(table.genes), len(table.samples)) for table in tables] == ([] if cna is None else [cna])
    events = [read_structural_variants(file.path, findings=findings) for file in study_files.of("structural_variants")]
    events += [read_legacy_fusions(file.path, findings=findings) for file in study_files.of("legacy_fusions")]
    assert [len(table) for table in events] == ([] if n_sv is None else [n_sv])
    assert len(study_files.panels) == n_panels
    assert not findings.of("E")
