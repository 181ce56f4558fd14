"""Every file of the folders of somatic callers and of VCFs from the wild; expectations in ``vcf_files.tsv``.

They were worked out from the files with awk: records; alleles of bases that the tumour's column carries; tumour and
build by reading the header; reads and fraction of one variant by hand from its line (``.`` = missing, ``?`` = not
looked at). ``variants`` are those to which the annotation gives a gene.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.genes import load_gene_names
from netgen.genomics.vcf import VcfFile, read_vcf

if TYPE_CHECKING:
    from netgen.genomics.gene_names import GeneNames

TEXT = Path(__file__).with_name("vcf_files.tsv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TEXT.splitlines(), delimiter="\t"))


@pytest.fixture(scope="module")
def names() -> GeneNames:
    return load_gene_names()


def options(text: str) -> dict[str, Any]:
    key, _, value = text.partition("=")
    return {"": {}, "sample": {"sample_id": value}, "tumour": {"tumour": value}, "known": {"known_samples": [value]}}[
        key
    ]


def spot(vcf: VcfFile, place: str) -> list[Any]:
    chrom, pos, ref, alt = place.rsplit(":", 3)
    both = pd.concat([vcf.variants, vcf.unannotated])
    found = both[(both["chrom"] == chrom) & (both["pos"] == int(pos)) & (both["ref"] == ref) & (both["alt"] == alt)]
    columns = ["gene", "variant_class", "t_ref_count", "t_alt_count", "vaf", "mutation_status"]
    values = found[columns].astype(object)
    return values.where(values.notna(), ".").to_numpy().tolist()[0]


@pytest.mark.shared
@pytest.mark.parametrize("row", ROWS, ids=[Path(row["file"]).name for row in ROWS])
def test_read_vcf__reads_each_file_as_it_is_written(shared: Path, names: GeneNames, row: dict[str, str]) -> None:
    path = shared / "data" / row["file"]
    findings = Findings()
    if row["errors"] == "E_FILE_FORMAT":
        with pytest.raises(InputError) as caught:
            read_vcf(path, findings=findings, names=names, **options(row["options"]))
        assert (caught.value.finding.code, caught.value.finding.file) == ("E_FILE_FORMAT", str(path))
        return
    vcf = read_vcf(path, findings=findings, names=names, **options(row["options"]))
    no_gene = sum(n for reason, n in vcf.n_dropped.items() if reason.startswith("gene_"))
    assert {one.code for one in findings.of("E")} == set(row["errors"].split())
    assert {
        "samples": ";".join(vcf.samples),
        "build": vcf.build or "",
        "records": str(vcf.n_records),
        "carried": str(len(vcf.variants) + len(vcf.unannotated) + no_gene),
        "variants": str(len(vcf.variants)),
    } == {name: row[name] for name in ("samples", "build", "records", "carried", "variants")}
    if row["spot"]:
        place, *wanted = row["spot"].split()
        for found, text in zip(spot(vcf, place), wanted, strict=True):
            if text != "?":
                assert found == (pytest.approx(float(text), abs=1e-5) if text[0].isdigit() else text)


@pytest.mark.shared
def test_vcf_files__leave_no_file_of_the_folders_out(shared: Path) -> None:
    listed = {row["file"] for row in ROWS}
    for folder, others in (("vcf_somatic_callers", 4), ("vcf_from_the_wild", 0)):
        files = [path for path in (shared / "data" / folder).rglob("*") if path.is_file() and path.name != "SOURCE.md"]
        vcfs = {str(path.relative_to(shared / "data")) for path in files if ".vcf" in path.name}
        assert vcfs == {one for one in listed if one.startswith(folder)}
        assert len(files) - len(vcfs) == others  # tables beside the VCFs: copy number, fusions, MAF
