"""Checksums, versions and seeds: what makes a result traceable and repeatable."""

from __future__ import annotations

import hashlib
import sys

import numpy as np

import netgen
from netgen.provenance import MASTER_SEED, InputFile, derive_seed, describe_environment, describe_file


def test_describe_file__gives_the_checksum_of_the_bytes(tmp_path):
    path = tmp_path / "a.csv"
    data = b"patient_id\r\nP1\n" * 200_000  # more than one chunk
    path.write_bytes(data)
    found = describe_file(path, role="patients", n_rows=200_000)
    assert found == InputFile(role="patients", path=str(path), sha256=hashlib.sha256(data).hexdigest(), n_rows=200_000)


def test_describe_file__of_an_empty_file(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing (FIPS 180-4)
    assert describe_file(path, role="x", n_rows=0).sha256 == empty


def test_derive_seed__depends_on_master_and_name_alone():
    task = "permutation:os"
    expected = int(hashlib.sha256(b"20260101:permutation:os").hexdigest()[:16], 16)
    assert (MASTER_SEED, derive_seed(task)) == (20260101, expected)
    assert derive_seed(task) == derive_seed(task, master=MASTER_SEED)
    assert derive_seed(task, master=1) != derive_seed(task)
    assert len({derive_seed(f"task {i}") for i in range(1000)}) == 1000


def test_derive_seed__is_taken_by_numpy():
    assert 0 <= derive_seed("x") < 2**64
    assert np.random.default_rng(derive_seed("x")).random() == np.random.default_rng(derive_seed("x")).random()


def test_describe_environment__names_versions_and_nothing_of_the_user():
    found = describe_environment()
    assert found["netgen"] == netgen.__version__
    assert found["python"] == sys.version.split()[0]
    packages = found["packages"]
    assert isinstance(packages, dict)
    assert packages["numpy"] == np.__version__
    assert {"lifelines", "pandas", "pysam", "scipy", "statsmodels"} <= set(packages)
    assert set(found) == {"netgen", "python", "system", "cpu_count", "packages"}


def test_describe_environment__says_what_is_not_installed(monkeypatch):
    monkeypatch.setattr("netgen.provenance._PACKAGES", ("numpy", "no-such-package-of-ours"))
    packages = describe_environment()["packages"]
    assert packages == {"numpy": np.__version__, "no-such-package-of-ours": "not installed"}
