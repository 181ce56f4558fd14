"""The 401 files of the EBI validator's test set and 9 compressed ones: what becomes of each.

``passed`` files must be read whole. ``failed`` ones have one defect each (``##CauseOfFailure``): they are rejected with
a message that names the line, or read with a finding, or read silently. The silent ones are listed in
``vcf_conformance_silent.tsv``, with the reason why their defect cannot touch what netgen uses. All sample columns are
read as tumours.
"""

from __future__ import annotations

import gzip
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.vcf import read_vcf

pytestmark = pytest.mark.shared

SILENT = Path(__file__).with_name("vcf_conformance_silent.tsv")
# Said of conforming files as well: these files have no annotation, no build, and events that lie in no gene.
USUAL = {"E_VCF_NOT_ANNOTATED", "E_VCF_TUMOUR_UNKNOWN", "W_BUILD_UNKNOWN", "W_SV_NO_GENE"}


def columns_of(content: bytes) -> list[str]:
    """Sample columns of a VCF, by eye: the tenth and later fields of the line #CHROM."""
    line = next((line for line in content.splitlines() if line.startswith(b"#CHROM")), b"")
    return [name.decode() for name in line.split(b"\t")[9:]]


def read(path, names):
    """Return what became of a file, and its record count or the line that is named."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    findings = Findings()
    try:
        vcf = read_vcf(path, findings=findings, names=names, known_samples=columns_of(content))
    except (InputError, SchemaError) as error:
        return "rejected", error.finding.row, {error.finding.code}
    said = findings.codes() - USUAL
    return ("finding" if said else "silent"), vcf.n_records, said


@pytest.fixture(scope="module")
def outcomes(shared):
    """(folder, file) -> outcome, records or line, codes, seconds, for every file once."""
    root = shared / "data" / "vcf_conformance"
    names, out = load_gene_names(), {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.name != "SOURCE.md":
            started = time.perf_counter()
            found = read(path, names)
            out[str(path.relative_to(root))] = (*found, time.perf_counter() - started)
    return out


def test_vcf_conformance__every_file_is_there(outcomes):
    assert Counter(name.split("/")[0] == "compressed_files" for name in outcomes) == {False: 401, True: 9}


def test_vcf_conformance__no_file_takes_long(outcomes):
    assert {name: seconds for name, (*_, seconds) in outcomes.items() if seconds > 5} == {}


def test_vcf_conformance__conforming_files_are_read_whole(outcomes, shared):
    root = shared / "data" / "vcf_conformance"
    wrong = {}
    for name, (kind, records, codes, _) in outcomes.items():
        if "/passed/" in name and not name.endswith(".bz2"):
            content = (root / name).read_bytes()
            content = gzip.decompress(content) if name.endswith(".gz") else content
            lines = [line for line in content.split(b"\n") if line.strip() and not line.startswith(b"#")]
            if (kind, records) != ("silent", len(lines)):
                wrong[name] = (kind, records, len(lines), codes)
    assert wrong == {}


def test_vcf_conformance__a_rejection_names_the_line(outcomes):
    without = [name for name, (kind, row, *_) in outcomes.items() if kind == "rejected" and row is None]
    assert [name for name in without if not name.startswith("compressed_files/")] == []


def test_vcf_conformance__silent_files_are_listed_with_a_reason(outcomes):
    table = pd.read_csv(SILENT, sep="\t", dtype=str)
    assert table["reason"].notna().all()
    silent = {name for name, (kind, *_) in outcomes.items() if kind == "silent" and "failed" in name}
    assert sorted(silent - set(table["file"])) == []
    assert sorted(set(table["file"]) - silent) == []


def test_vcf_conformance__confusion_table(outcomes):
    """What becomes of the failed files: 9 are rejected, 37 read with a finding, 309 silently."""
    counts = Counter((name.split("/")[0], kind) for name, (kind, *_) in outcomes.items() if "/failed/failed_" in name)
    versions = ("v4.2", "v4.3", "v4.4")
    table = {one: [counts[one, kind] for kind in ("rejected", "finding", "silent")] for one in versions}
    assert table == {"v4.2": [3, 13, 86], "v4.3": [3, 12, 103], "v4.4": [3, 12, 120]}


def test_vcf_conformance__foreign_compressions_are_named(shared):
    folder = shared / "data" / "vcf_conformance" / "compressed_files"
    found = {
        "non_readable/compressed.vcf.tar.Z": "the old compress",
        "non_readable/compressed.vcf.tar.xz": "an xz file",
        "non_readable/compressed.vcf.tar.zip": "a ZIP archive",
        "non_readable/compressed.vcf.z": "a zlib file",
        "readable/failed/failed_compressed.vcf.bz2": "a bzip2 file",
        "readable/passed/passed_compressed.vcf.bz2": "a bzip2 file",
    }
    for name, what in found.items():
        with pytest.raises(InputError, match=what):
            read_vcf(folder / name, findings=Findings())
