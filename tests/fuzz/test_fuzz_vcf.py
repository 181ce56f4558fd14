"""A short run of the fuzz harness, the same every time, and what longer runs found."""

from __future__ import annotations

from netgen.errors import Findings
from netgen.genomics.vcf import read_vcf
from tests.fuzz import fuzz_vcf

MUTECT = (fuzz_vcf.FOLDER / "mutect_vep.vcf").read_bytes()


def test_fuzz__damaged_files_are_read_or_refused(tmp_path):
    done, failed = fuzz_vcf.run(tmp_path, seed=20, cases=100)
    assert done == 100
    assert [path.name for path in failed] == []
    assert list(tmp_path.iterdir()) == []


def test_fuzz__the_harness_sees_what_it_looks_for(tmp_path, monkeypatch):
    def broken(_path, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz_vcf, "read_maf", broken)
    _, failed = fuzz_vcf.run(tmp_path, seed=1, cases=len(list(fuzz_vcf.FOLDER.iterdir())))
    assert [".maf" in path.name for path in failed] == [True]


def test_fuzz__latin1_in_a_header_is_read(tmp_path):
    """pysam decodes header lines when they are asked for, and raised UnicodeDecodeError."""
    path = tmp_path / "latin1.vcf"
    path.write_bytes(MUTECT.replace(b"All filters", b"All f\xeflters").replace(b'"Depth"', b'"Tiefe \xfc"'))
    vcf = read_vcf(path, findings=Findings())
    assert (vcf.samples, vcf.n_records) == (("T1",), 3)
