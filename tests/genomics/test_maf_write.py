"""Writing a MAF: rows worked out by hand from the MAF specification and from what vcf2maf writes."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen import schema
from netgen.errors import AnalysisError, Findings
from netgen.genomics.maf import read_maf
from netgen.genomics.maf_write import write_maf

SNV = {
    "sample_id": "S1", "gene": "MEN1", "entrez_gene_id": 4221, "build": "GRCh37", "chrom": "11", "pos": 64572018,
    "ref": "G", "alt": "A", "variant_class": "Nonsense_Mutation", "hgvsp_short": "p.R460*", "t_alt_count": 30,
    "t_ref_count": 70, "vaf": 0.3, "filter": "PASS", "hotspot": True,
}  # fmt: skip


def table(*rows):
    return schema.conform(pd.DataFrame([SNV | row for row in rows]), schema.VARIANTS)


@pytest.fixture
def write(tmp_path):
    """Write rows (dicts over SNV), return the rows of the file as dicts."""

    def run(*rows, **options):
        path = tmp_path / "out.maf"
        write_maf(table(*rows), path, **options)
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        header = lines[0].split("\t")
        return [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]

    return run


def test_write_maf__version_first_and_34_columns_in_the_order_of_the_specification(tmp_path):
    write_maf(table({}), tmp_path / "out.maf", sequenced_samples=["S1", "S2"])
    lines = (tmp_path / "out.maf").read_text().split("\n")
    assert lines[0] == "#version 2.4"
    assert lines[1].startswith("# Research use only.")
    assert lines[2] == "#sequenced_samples: S1 S2"
    header = lines[3].split("\t")
    places = {0: "Hugo_Symbol", 5: "Start_Position", 9: "Variant_Type", 12: "Tumor_Seq_Allele2",
              15: "Tumor_Sample_Barcode", 25: "Mutation_Status", 33: "Matched_Norm_Sample_UUID"}  # fmt: skip
    assert {place: header[place] for place in places} == places
    assert (len(lines), lines[-1]) == (6, "")


def test_write_maf__one_row(write):
    (row,) = write({})
    assert {name: value for name, value in row.items() if value} == {
        "Hugo_Symbol": "MEN1", "Entrez_Gene_Id": "4221", "NCBI_Build": "GRCh37", "Chromosome": "11",
        "Start_Position": "64572018", "End_Position": "64572018", "Strand": "+",
        "Variant_Classification": "Nonsense_Mutation", "Variant_Type": "SNP", "Reference_Allele": "G",
        "Tumor_Seq_Allele1": "G", "Tumor_Seq_Allele2": "A", "Tumor_Sample_Barcode": "S1", "HGVSp_Short": "p.R460*",
        "t_depth": "100", "t_ref_count": "70", "t_alt_count": "30", "t_vaf": "0.3", "FILTER": "PASS", "Hotspot": "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "expected"),
    [
        (101, "-", "T", ("100", "101", "-", "T", "INS")),  # between bases 100 and 101
        (1, "-", "T", ("0", "1", "-", "T", "INS")),
        (100, "CAT", "-", ("100", "102", "CAT", "-", "DEL")),
        (100, "AG", "CA", ("100", "101", "AG", "CA", "DNP")),
        (100, "AGT", "CAC", ("100", "102", "AGT", "CAC", "TNP")),
        (100, "AGTC", "CACA", ("100", "103", "AGTC", "CACA", "ONP")),
        (100, "AAG", "C", ("100", "102", "AAG", "C", "DEL")),
        (100, "C", "AAG", ("100", "100", "C", "AAG", "INS")),
        (pd.NA, pd.NA, pd.NA, ("", "", "", "", "")),
    ],
)
def test_write_maf__alleles_in_the_maf_convention(write, pos, ref, alt, expected):
    (row,) = write({"pos": pos, "ref": ref, "alt": alt})
    names = ("Start_Position", "End_Position", "Reference_Allele", "Tumor_Seq_Allele2", "Variant_Type")
    assert tuple(row[name] for name in names) == expected


def test_write_maf__missing_values_are_blank_and_an_unknown_gene_id_is_0(write):
    (row,) = write({"entrez_gene_id": pd.NA, "vaf": float("nan"), "hotspot": pd.NA, "t_alt_count": pd.NA})
    assert [row[name] for name in ("Entrez_Gene_Id", "t_vaf", "Hotspot", "t_depth", "gnomAD_AF")] == ["0"] + [""] * 4


def test_write_maf__mitochondrion_is_mt_and_flags_file_row_stand_behind(write):
    (row,) = write({"chrom": "M", "flags": "lof_cterm", "file": "a.maf", "row": 7, "level": "1", "exon_number": "3/9"})
    assert row["Chromosome"] == "MT"
    assert [row[name] for name in ("NETGEN_FLAGS", "NETGEN_FILE", "NETGEN_ROW", "level", "Exon_Number")] == [
        "lof_cterm", "a.maf", "7", "1", "3/9",
    ]  # fmt: skip


def test_write_maf__text_cannot_break_the_table(write):
    (row,) = write({"oncogenic": 'Likely\t"Oncogenic"\r\nyes', "level": "a\tb"})
    assert (row["ONCOGENIC"], row["level"]) == ('Likely "Oncogenic" yes', "a b")


def test_write_maf__an_input_is_never_written_over(tmp_path):
    source = tmp_path / "source.maf"
    write_maf(table({}), source)
    before = source.read_bytes()
    variants = read_maf(source, findings=Findings()).variants
    link = tmp_path / "link.maf"
    link.symlink_to(source)
    for path in (source, link):
        with pytest.raises(AnalysisError, match="never changed"):
            write_maf(variants, path)
    with pytest.raises(AnalysisError, match="never changed"):
        write_maf(table({}), source, inputs=[source])
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.maf", "source.maf"]


def test_write_maf__a_failure_leaves_the_older_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.maf"
    path.write_text("older\n")
    with pytest.raises(TypeError):
        write_maf(table({}), path, sequenced_samples=[1])
    assert path.read_text() == "older\n"
    assert [one.name for one in tmp_path.iterdir()] == ["out.maf"]


def test_write_maf__a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(AnalysisError, match="nothing can be written"):
        write_maf(table({}), tmp_path / "missing" / "out.maf")
