from __future__ import annotations

import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import Findings, InputError
from netgen.genomics.maf import read_maf
from netgen.schema import VARIANTS, conform

HEADER = [
    "Hugo_Symbol", "Entrez_Gene_Id", "NCBI_Build", "Chromosome", "Start_Position", "End_Position",
    "Variant_Classification", "Reference_Allele", "Tumor_Seq_Allele1", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode",
    "HGVSp_Short", "t_alt_count", "t_ref_count", "Mutation_Status", "FILTER",
]  # fmt: skip
ROW = {
    "Hugo_Symbol": "MEN1", "Entrez_Gene_Id": "4221", "NCBI_Build": "GRCh37", "Chromosome": "11",
    "Start_Position": "64572018", "End_Position": "64572018", "Variant_Classification": "Nonsense_Mutation",
    "Reference_Allele": "G", "Tumor_Seq_Allele1": "G", "Tumor_Seq_Allele2": "A", "Tumor_Sample_Barcode": "S1",
    "HGVSp_Short": "p.R460*", "t_alt_count": "30", "t_ref_count": "70", "Mutation_Status": "Somatic", "FILTER": "PASS",
}  # fmt: skip


def maf_text(*rows, header=None):
    """Lay rows (dicts over ROW) out as a MAF."""
    header = HEADER if header is None else header
    lines = ["\t".join(header)]
    lines += ["\t".join({**ROW, **row}.get(name, "") for name in header) for row in rows]
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path):
    """Write text or bytes, read it as a MAF, return (file, findings)."""

    def run(content, name="test.maf", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        findings = Findings()
        return read_maf(path, findings=findings, **options), findings

    return run


def test_read_maf__one_row(read):
    maf, findings = read(maf_text({}))
    row = maf.variants.iloc[0].dropna().to_dict()
    assert row.pop("file").endswith("test.maf")
    assert row == {
        "sample_id": "S1", "gene": "MEN1", "entrez_gene_id": 4221, "build": "GRCh37", "chrom": "11", "pos": 64572018,
        "ref": "G", "alt": "A", "variant_class": "Nonsense_Mutation", "hgvsp_short": "p.R460*", "t_alt_count": 30,
        "t_ref_count": 70, "vaf": 0.3, "mutation_status": "Somatic", "filter": "PASS", "row": 2,
    }  # fmt: skip
    assert len(findings) == 0
    assert (maf.n_rows, maf.samples, maf.sequenced_samples, maf.n_dropped_by_reason) == (1, ("S1",), None, {})


def test_read_maf__conforms_to_the_schema(read):
    maf, _ = read(maf_text({}, {"t_alt_count": "", "HGVSp_Short": ""}))
    pd.testing.assert_frame_equal(maf.variants, conform(maf.variants, VARIANTS))
    empty, _ = read(maf_text())
    pd.testing.assert_frame_equal(empty.variants, conform(empty.variants, VARIANTS))
    assert len(empty.variants) == 0
    pd.testing.assert_series_equal(empty.variants.dtypes, maf.variants.dtypes)


@pytest.mark.parametrize(
    ("start", "end", "ref", "allele1", "allele2", "expected"),
    [
        ("100", "100", "G", "G", "A", (100, "G", "A")),
        ("100", "100", "G", "A", "G", (100, "G", "A")),  # the alternative stands first
        ("100", "100", "G", "A", "A", (100, "G", "A")),  # twice
        ("100", "100", "G", "", "A", (100, "G", "A")),
        ("100", "100", "g", "g", "a", (100, "G", "A")),
        ("100", "101", "-", "-", "T", (101, "-", "T")),  # an insertion lies before the base behind it
        ("100", "100", "-", "-", "T", (101, "-", "T")),
        ("100", "101", "A", "A", "AT", (101, "-", "T")),  # written as in a VCF
        ("100", "102", "CAG", "-", "CAG", (100, "CAG", "-")),
        ("100", "101", "TG", "--", "--", (100, "TG", "-")),
        ("100", "102", "CAG", "CAG", "CTG", (101, "A", "T")),
        ("100", "101", "TG", "TG", "CA", (100, "TG", "CA")),
    ],
)
def test_read_maf__takes_the_allele_that_differs_and_trims_it(read, start, end, ref, allele1, allele2, expected):
    row = {
        "Start_Position": start, "End_Position": end, "Reference_Allele": ref, "Tumor_Seq_Allele1": allele1,
        "Tumor_Seq_Allele2": allele2,
    }  # fmt: skip
    maf, _ = read(maf_text(row))
    assert tuple(maf.variants.loc[0, ["pos", "ref", "alt"]]) == expected


def test_read_maf__counts_rows_without_an_alternative_allele(read):
    same = {"Tumor_Seq_Allele2": "G"}
    maf, findings = read(maf_text(same, {**same, "HGVSp_Short": ""}, {}))
    assert maf.variants["row"].tolist() == [2, 4]
    assert maf.variants["alt"].isna().tolist() == [True, False]
    assert maf.n_dropped_by_reason == {"no_change": 1}
    (warning,) = [item for item in findings if item.code == "W_ALLELE_MISSING"]
    assert "2 rows have none: 1 are kept" in warning.message
    assert warning.row == 2


def test_read_maf__row_is_the_line_of_the_file(read):
    text = "#version 2.4\t\t\t\n#sequenced_samples: S1 S2  S3\t\t\n\n" + maf_text({}, {"Tumor_Sample_Barcode": "S2"})
    maf, findings = read(text)
    assert maf.variants["row"].tolist() == [5, 6]
    assert maf.sequenced_samples == ("S1", "S2", "S3")
    assert len(findings) == 0


def test_read_maf__other_spelling_of_the_sequenced_line(read):
    maf, _ = read("#seq_samples:  B A\n" + maf_text({}))
    assert maf.sequenced_samples == ("B", "A")


def test_read_maf__reads_every_line_end_encoding_and_compression_alike(read):
    text = maf_text({}, {"Tumor_Sample_Barcode": "S2"})
    expected = read(text)[0].variants.drop(columns="file")
    variants = {
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "crlf": text.replace("\n", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(),
        "no_last_newline": text.rstrip("\n").encode(),
        "gzip": gzip.compress(text.encode(), mtime=0),
        "two_gzip_members": gzip.compress(text[:300].encode(), mtime=0) + gzip.compress(text[300:].encode(), mtime=0),
        "trailing_blank_lines": text.encode() + b"\n\n",
        "trailing_empty_column": "".join(line + "\t\n" for line in text.splitlines()).encode(),
        "csv": text.replace("\t", ",").encode(),
        "quoted": "".join(
            "\t".join(f'"{cell}"' for cell in line.split("\t")) + "\n" for line in text.splitlines()
        ).encode(),
    }
    for name, content in variants.items():
        maf, findings = read(content)
        assert findings.of("E") == [], name
        pd.testing.assert_frame_equal(maf.variants.drop(columns="file"), expected, obj=name)


def test_read_maf__carriage_return_inside_a_line_is_no_line_end(read):
    lines = maf_text({}, {"Tumor_Sample_Barcode": "S2"}).splitlines()
    content = "\n".join(
        line.replace("\tGRCh37", "\r\tGRCh37").replace("\tNCBI_Build", "\r\tNCBI_Build") for line in lines
    )
    maf, findings = read(content)
    assert findings.of("E") == []
    assert maf.variants["sample_id"].tolist() == ["S1", "S2"]
    assert maf.variants["build"].tolist() == ["GRCh37", "GRCh37"]


def test_read_maf__latin1_is_read_and_said(read):
    maf, findings = read(maf_text({}, {"Tumor_Sample_Barcode": "Müller"}).encode("latin-1"))
    assert maf.variants["sample_id"].tolist() == ["S1", "Müller"]
    assert [(item.code, item.row) for item in findings] == [("W_ENCODING", 3)]


def test_read_maf__reports_each_ragged_row_and_shifts_nothing(read):
    lines = maf_text({}, {}, {"Tumor_Sample_Barcode": "S2"}, {}).splitlines()
    lines[2] = lines[2].split("\t", 1)[1]  # a field too few, at the front
    lines[4] += "\textra"
    maf, findings = read("\n".join(lines))
    assert [(item.code, item.row) for item in findings] == [("E_ROW_TRUNCATED", 3), ("E_ROW_TRUNCATED", 5)]
    assert "header has 16 fields, this row has 15" in findings.items[0].message
    assert maf.variants["row"].tolist() == [2, 4]
    assert maf.n_dropped_by_reason == {"row_truncated": 2}
    assert maf.n_rows == 4


def test_read_maf__blank_line_inside_keeps_line_numbers(read):
    lines = maf_text({}, {}).splitlines()
    maf, findings = read("\n".join([lines[0], lines[1], "", lines[2]]))
    assert maf.variants["row"].tolist() == [2, 4]
    assert len(findings) == 0


def test_read_maf__quotes_inside_fields_are_text(read):
    maf, findings = read(maf_text({"Tumor_Sample_Barcode": 'S"1'}, {}))
    assert maf.variants["sample_id"].tolist() == ['S"1', "S1"]
    assert len(findings) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("End_Position", "End_position"),
        ("Chromosome", "Chromosome "),
        ("HGVSp_Short", "Protein_Change"),
        ("HGVSp_Short", "Amino_Acid_Change"),
        ("Hugo_Symbol", "hugoGeneSymbol"),
        ("Tumor_Sample_Barcode", "sampleId"),
        ("Hugo_Symbol", "gene"),
        ("Tumor_Sample_Barcode", "SAMPLE"),
        ("Variant_Classification", "VARIANT_CLASSIFICATION"),
    ],
)
def test_read_maf__finds_columns_under_other_names(read, old, new):
    header = [new if name == old else name for name in HEADER]
    text = "\t".join(header) + "\n" + maf_text({}).splitlines()[1]
    maf, _ = read(text)
    assert tuple(maf.variants.loc[0, ["sample_id", "gene", "pos", "hgvsp_short"]]) == (
        "S1",
        "MEN1",
        64572018,
        "p.R460*",
    )


def test_read_maf__says_which_columns_it_renamed(read):
    text = maf_text({}).replace("HGVSp_Short", "Protein_Change").replace("Hugo_Symbol", "gene")
    _, findings = read(text)
    (note,) = findings
    assert note.code == "I_COLUMN_MAPPED"
    assert "gene as gene" in note.message
    assert "Protein_Change as hgvsp_short" in note.message


def test_read_maf__fills_blank_protein_changes_from_a_second_column(read):
    header = [*HEADER, "Amino_Acid_Change"]
    maf, _ = read(
        maf_text({"Amino_Acid_Change": "X9Y"}, {"HGVSp_Short": "", "Amino_Acid_Change": "R460X"}, header=header)
    )
    assert maf.variants["hgvsp_short"].tolist() == ["p.R460*", "p.R460*"]


def test_read_maf__three_letter_column_serves_where_it_is_the_only_one(read):
    header = ["HGVSp" if name == "HGVSp_Short" else name for name in HEADER]
    maf, _ = read(maf_text({"HGVSp": "p.Arg460Ter"}, header=header))
    assert maf.variants.loc[0, "hgvsp_short"] == "p.R460*"


def test_read_maf__unused_column_twice_is_no_matter_but_a_needed_one_is(read):
    maf, findings = read(maf_text({"IMPACT": "HIGH"}, header=["IMPACT", *HEADER, "IMPACT"]))
    assert len(maf.variants) == 1
    assert len(findings) == 0
    _, findings = read(maf_text({}, header=[*HEADER, "Chromosome"]))
    assert findings.codes() == {"E_COLUMN_CLASH"}


@pytest.mark.parametrize(
    ("drop", "named"),
    [
        (["Tumor_Sample_Barcode"], ["the sample (Tumor_Sample_Barcode)"]),
        (["Hugo_Symbol", "Entrez_Gene_Id"], ["the gene"]),
        (["Variant_Classification"], ["the variant class"]),
        (["HGVSp_Short", "Chromosome"], ["the change"]),
        (["Tumor_Sample_Barcode", "Variant_Classification"], ["the sample", "the variant class"]),
    ],
)
def test_read_maf__refuses_what_is_no_maf_and_names_what_is_missing(read, drop, named):
    with pytest.raises(InputError, match="E_FILE_FORMAT") as error:
        read(maf_text({}, header=[name for name in HEADER if name not in drop]))
    for text in named:
        assert text in str(error.value)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "an empty file"),
        (b" \n\n", "an empty file"),
        (b"PK\x03\x04rest", "XLSX"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer"),
        (b"##fileformat=VCFv4.2\n#CHROM\tPOS\n", "a VCF file"),
        (b"\x00\x01\x02\x03" * 40, "binary"),
        (b"<html><body>404</body></html>", "a web page"),
        (b"#only a comment\n", "no header"),
        (gzip.compress(maf_text({}).encode(), mtime=0)[:60], "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes in a name break reports and parallel runs
)
def test_read_maf__says_what_a_foreign_file_is(read, content, named):
    with pytest.raises(InputError, match="E_FILE_FORMAT") as error:
        read(content)
    assert named in str(error.value)


def test_read_maf__missing_file(tmp_path):
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        read_maf(tmp_path / "absent.maf", findings=Findings())


def test_read_maf__gene_called_na_is_no_gene_but_no_accident_either(read):
    maf, findings = read(
        maf_text({"Hugo_Symbol": "NA", "Entrez_Gene_Id": "0"}, {"Hugo_Symbol": "NAF1", "Entrez_Gene_Id": ""})
    )
    assert maf.variants["gene"].tolist() == ["NAF1"]
    assert maf.n_dropped_by_reason == {"gene_missing": 1}
    assert [(item.code, item.row) for item in findings] == [("W_GENE_UNRESOLVED", 2)]


def test_read_maf__intergenic_rows_are_passed_over(read):
    row = {"Hugo_Symbol": "Unknown", "Entrez_Gene_Id": "0", "Variant_Classification": "IGR", "HGVSp_Short": ""}
    maf, findings = read(maf_text({}, row))
    assert maf.n_dropped_by_reason == {"gene_missing": 1}
    assert [(item.code, item.row) for item in findings] == [("I_ROWS_IGNORED", 3)]


def test_read_maf__placeholder_rows_are_no_variants_but_their_sample_is_seen(read):
    nothing = dict.fromkeys(HEADER, "NA") | {"Tumor_Sample_Barcode": "S9"}
    maf, _ = read(maf_text({}, nothing))
    assert maf.samples == ("S1", "S9")
    assert maf.variants["sample_id"].tolist() == ["S1"]
    assert maf.n_dropped_by_reason == {"gene_missing": 1}
    assert maf.dropped.to_dict("records") == [{"sample_id": "S9", "reason": "gene_missing", "n": 1}]


def test_read_maf__blank_class_comes_from_consequence_or_protein_change(read):
    header = [*HEADER, "Consequence"]
    blank = {"Variant_Classification": ""}
    maf, findings = read(
        maf_text(
            {**blank, "Consequence": "missense_variant&splice_region_variant", "HGVSp_Short": ""},
            {**blank, "HGVSp_Short": "p.T200fs", "Reference_Allele": "-", "Tumor_Seq_Allele1": "-"},
            {**blank, "HGVSp_Short": ""},
            {"Variant_Classification": "frameshift", "Reference_Allele": "G", "Tumor_Seq_Allele2": "-"},
            {"Variant_Classification": "bizarre"},
            header=header,
        )
    )
    assert maf.variants["variant_class"].tolist() == [
        "Missense_Mutation",
        "Frame_Shift_Ins",
        "Frame_Shift_Del",
        "Unknown",
    ]
    assert maf.n_dropped_by_reason == {"no_class": 1}
    by_code = {item.code: item for item in findings}
    assert "2 rows have none" in by_code["W_VARIANT_CLASS_DERIVED"].message
    unknown = [item for item in findings if item.code == "W_VARIANT_CLASS_UNKNOWN"]
    assert [(item.row, item.value) for item in unknown] == [(6, "bizarre"), (4, "")]


def test_read_maf__protein_change_that_contradicts_the_class_is_left_out(read):
    row = {"Variant_Classification": "Frame_Shift_Del", "Tumor_Seq_Allele2": "-", "HGVSp_Short": "G211G"}
    maf, findings = read(maf_text(row, {"Variant_Classification": "Splice_Site", "HGVSp_Short": "p.A10="}))
    assert maf.variants["hgvsp_short"].tolist() == [pd.NA, "p.A10="]
    assert findings.codes() == {"W_PROTEIN_CHANGE"}


def test_read_maf__builds(read):
    maf, findings = read(maf_text({"NCBI_Build": "hg19"}, {"NCBI_Build": "37"}, {"NCBI_Build": ""}))
    assert maf.variants["build"].tolist() == ["GRCh37"] * 3
    assert "taken as GRCh37" in next(item for item in findings if item.code == "W_BUILD_UNKNOWN").message
    _, findings = read(maf_text({"NCBI_Build": "hg19"}, {"NCBI_Build": "hg38"}))
    assert findings.codes() == {"E_BUILD_MIXED"}
    maf, findings = read(maf_text({"NCBI_Build": "hg18"}))
    assert [(item.code, item.value) for item in findings] == [("E_VALUE", "hg18")]
    assert maf.variants["build"].isna().all()
    header = [name for name in HEADER if name != "NCBI_Build"]
    maf, findings = read(maf_text({}, header=header), build="GRCh38")
    assert maf.variants["build"].tolist() == ["GRCh38"]
    assert len(findings) == 0


def test_read_maf__position_past_the_end_of_its_chromosome(read):
    _, findings = read(maf_text({"Start_Position": "264572018", "End_Position": "264572018"}))
    assert [(item.code, item.rule, item.row) for item in findings] == [("E_RANGE", "V22", 2)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"t_alt_count": "30", "t_ref_count": "70", "t_depth": "100"}, (30, 70, 0.3)),
        ({"t_alt_count": "30", "t_depth": "100"}, (30, 70, 0.3)),
        ({"t_vaf": "0.195", "t_depth": "41"}, (8, 33, 8 / 41)),
        ({"t_vaf": "0.18"}, (pd.NA, pd.NA, 0.18)),
        ({"i_TumorVAF_WU": "45.66"}, (pd.NA, pd.NA, 0.4566)),
        ({"Tumor VarFreq": "35.71%"}, (pd.NA, pd.NA, 0.3571)),
        ({"Allelic_Frequency ": "0.31"}, (pd.NA, pd.NA, 0.31)),
        ({"t_alt_count": "0", "t_ref_count": "0"}, (0, 0, float("nan"))),
        ({"t_alt_count": ".", "t_ref_count": "NA"}, (pd.NA, pd.NA, float("nan"))),
        # QCMG: 6 + 9 reads with C, 16 + 30 with the reference T
        ({"ND": "T:7[29.86],23[35.48]", "TD": "C:6[33.33],9[35.33],T:16[28.25],30[34.2]"}, (15, 46, 15 / 61)),
    ],
)
def test_read_maf__reads_counts_and_fractions(read, columns, expected):
    header = [name for name in HEADER if name not in {"t_alt_count", "t_ref_count"}] + list(columns)
    snv = {"Reference_Allele": "T", "Tumor_Seq_Allele1": "C", "Tumor_Seq_Allele2": "T"}
    row = maf_text({}, header=header).splitlines()[1]
    text = "\t".join(header) + "\n" + maf_text({**snv, **columns}, header=header).splitlines()[1] + "\n"
    assert row
    maf, findings = read(text)
    assert findings.of("E") == []
    alt, ref, vaf = maf.variants.loc[0, ["t_alt_count", "t_ref_count", "vaf"]]
    assert [str(alt), str(ref)] == [str(value) for value in expected[:2]]
    assert vaf == pytest.approx(expected[2], nan_ok=True)


def test_read_maf__percent_columns_are_said_and_impossible_fractions_reported(read):
    header = [name for name in HEADER if not name.startswith("t_")] + ["t_vaf"]
    maf, findings = read(maf_text({"t_vaf": "30"}, {"t_vaf": "60"}, {"t_vaf": "0.5"}, {"t_vaf": "170"}, header=header))
    assert maf.variants["vaf"].tolist() == pytest.approx([0.3, 0.6, 0.005, float("nan")], nan_ok=True)
    assert [(item.code, item.row) for item in findings if item.code != "I_COLUMN_MAPPED"] == [
        ("W_UNIT", None),
        ("E_RANGE", 5),
    ]
    maf, findings = read(maf_text({"t_vaf": "0.3"}, {"t_vaf": "0.6"}, {"t_vaf": "1.2"}, header=header))
    assert maf.variants["vaf"].tolist() == pytest.approx([0.3, 0.6, float("nan")], nan_ok=True)
    assert [item.code for item in findings if item.code != "I_COLUMN_MAPPED"] == ["E_RANGE"]


def test_read_maf__number_that_is_none_is_reported_with_its_line(read):
    maf, findings = read(maf_text({}, {"t_alt_count": "many"}, {"t_alt_count": "3.5"}))
    assert [(item.code, item.row, item.column, item.value) for item in findings] == [
        ("E_VALUE", 3, "t_alt_count", "many"),
        ("E_VALUE", 4, "t_alt_count", "3.5"),
    ]
    assert maf.variants["t_alt_count"].isna().tolist() == [False, True, True]


def test_read_maf__number_too_large_to_be_one(read):
    maf, findings = read(maf_text({"t_alt_count": "9" * 30, "t_ref_count": "inf"}))
    assert [(item.code, item.column) for item in findings] == [("E_VALUE", "t_alt_count"), ("E_VALUE", "t_ref_count")]
    assert maf.variants["t_alt_count"].isna().all()


def test_read_maf__population_frequency_is_the_largest_of_gnomad(read):
    header = [*HEADER, "gnomAD_AF", "gnomAD_AFR_AF", "ExAC_AF"]
    maf, _ = read(
        maf_text(
            {"gnomAD_AF": "0.0002", "gnomAD_AFR_AF": "0.01", "ExAC_AF": "0.9"},
            {"gnomAD_AF": "0.0002&0.0004"},
            {"gnomAD_AF": "."},
            header=header,
        )
    )
    assert maf.variants["gnomad_af"].tolist() == pytest.approx([0.01, 0.0004, float("nan")], nan_ok=True)


def test_read_maf__late_truncations_are_flagged(read):
    header = [*HEADER, "Protein_position"]
    maf, findings = read(
        maf_text(
            {"Protein_position": "976/1000"},  # behind 97.5 %
            {"Protein_position": "975/1000"},
            {"Protein_position": "990/1000", "Variant_Classification": "Missense_Mutation"},
            {"Protein_position": "990"},
            header=header,
        )
    )
    assert maf.variants["flags"].tolist() == ["lof_cterm", pd.NA, pd.NA, pd.NA]
    assert findings.codes() == {"I_LOF_CTERM"}


def test_read_maf__keeps_calls_of_other_tools_as_they_are(read):
    header = [*HEADER, "cbp_driver", "ONCOGENIC", "Hotspot", "HIGHEST_LEVEL", "My_Column", "Other"]
    row = {
        "cbp_driver": "Putative_Driver",
        "ONCOGENIC": "Likely Oncogenic",
        "Hotspot": "1",
        "HIGHEST_LEVEL": "LEVEL_3B",
    }
    maf, _ = read(
        maf_text({**row, "My_Column": "x", "Other": "y"}, {"Hotspot": "0"}, header=header), keep=["my_column"]
    )
    assert maf.variants["cbp_driver"].tolist() == ["Putative_Driver", pd.NA]
    assert maf.variants["oncogenic"].tolist() == ["Likely Oncogenic", pd.NA]
    assert maf.variants["hotspot"].tolist() == [True, False]
    assert maf.variants["HIGHEST_LEVEL"].tolist() == ["LEVEL_3B", pd.NA]
    assert maf.variants["My_Column"].tolist() == ["x", pd.NA]
    assert "Other" not in maf.variants


@pytest.mark.parametrize("column", ["Exon_Number", "EXON_NUMBER", "exon"])
def test_read_maf__passes_the_number_of_the_exon_on(read, column):
    maf, findings = read(maf_text({column: "14/21"}, {column: ""}, {column: "."}, header=[*HEADER, column]))
    assert maf.variants["exon_number"].tolist() == ["14/21", pd.NA, pd.NA]
    assert maf.variants["exon_number"].dtype == "string"
    assert tuple(maf.variants.columns)[: len(VARIANTS.names)] == tuple(VARIANTS.names)
    assert findings.codes() <= {"I_COLUMN_MAPPED"}


def test_read_maf__a_file_without_exons_has_no_such_column(read):
    assert "exon_number" not in read(maf_text({}))[0].variants


def test_read_maf__row_without_sample_is_an_error(read):
    maf, findings = read(maf_text({"Tumor_Sample_Barcode": ""}, {"Tumor_Sample_Barcode": " S2 "}))
    assert maf.variants["sample_id"].tolist() == ["S2"]
    assert [(item.code, item.row) for item in findings] == [("E_VALUE", 2), ("I_STRIP", None)]
    assert maf.n_dropped_by_reason == {"no_sample": 1}


def test_read_maf__status_none_is_kept_for_the_filter_to_see(read):
    maf, _ = read(maf_text({"Mutation_Status": "None"}, {"Mutation_Status": "GERMLINE"}, {"Mutation_Status": ""}))
    assert maf.variants["mutation_status"].tolist() == ["None", "GERMLINE", pd.NA]


def test_read_maf__no_usable_row_is_an_error(read):
    maf, findings = read(maf_text({"Hugo_Symbol": "", "Entrez_Gene_Id": ""}))
    assert maf.variants.empty
    assert "E_NO_VARIANTS" in findings.codes()


def test_read_maf__excel_dates_by_position_id_or_policy(read):
    by_position = {"Hugo_Symbol": "17-Mar", "Entrez_Gene_Id": "0", "Chromosome": "5", "Start_Position": "10413561"}
    by_id = {"Hugo_Symbol": "1-Mar", "Entrez_Gene_Id": "55016"}
    lost = {"Hugo_Symbol": "1-Mar", "Entrez_Gene_Id": ""}
    content = maf_text(by_position, by_id, lost, lost)
    maf, findings = read(content)
    assert maf.variants["gene"].tolist() == ["MARCHF6", "MARCHF1"]
    (error,) = findings.of("E")
    assert (error.code, error.row, error.value) == ("E_GENE_EXCEL_DATE", 4, "1-Mar")
    assert "in 2 rows" in error.message
    maf, findings = read(content, excel_dates="unresolved")
    assert findings.of("E") == []
    assert "W_GENE_UNRESOLVED" in findings.codes()
    assert maf.n_dropped_by_reason == {"gene_excel_date": 2}


def test_read_maf__result_does_not_depend_on_threads(read):
    content = maf_text(*({"Tumor_Sample_Barcode": f"S{number}"} for number in range(50)))
    first, second = read(content, threads=1)[0], read(content)[0]
    pd.testing.assert_frame_equal(first.variants, second.variants)


def test_read_maf__blank_columns_give_the_same_fast_and_line_by_line(read):
    """A quoted header sends a file the slow way; a column without any text takes a short cut on the fast one."""
    text = maf_text(*({"Mutation_Status": "", "HGVSp_Short": "", "FILTER": "", "t_ref_count": ""} for _ in range(3)))
    header, rows = text.split("\n", 1)
    slow = "\t".join(f'"{name}"' for name in header.split("\t")) + "\n" + rows
    maf, _ = read(text)
    pd.testing.assert_frame_equal(maf.variants, read(slow)[0].variants)
    assert maf.variants[["mutation_status", "hgvsp_short", "filter", "t_ref_count"]].isna().all(axis=None)


@pytest.mark.parametrize(("written", "flags"), [("exon14skip", "ex14skip"), ("Exon 14 skipping", "ex14skip")])
def test_read_maf__class_that_names_a_skipped_exon_is_a_change_of_its_own(read, written, flags):
    blank = dict.fromkeys(("Chromosome", "Start_Position", "End_Position", "Reference_Allele", "HGVSp_Short"), "")
    alleles = {"Tumor_Seq_Allele1": "", "Tumor_Seq_Allele2": ""}
    maf, _ = read(maf_text({"Hugo_Symbol": "MET", "Variant_Classification": written} | blank | alleles))
    assert maf.n_dropped_by_reason == {}
    assert maf.variants[["variant_class", "flags"]].to_numpy().tolist() == [["Splice_Site", flags]]


EDITS = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.integers(0, 30),
        st.sampled_from([b"", b"\t", b"\n", b"\r", b'"', b"\xff", b",", b"#", b"-", b"NA", b"1e30", b"<DEL>", b" "]),
    ),
    max_size=5,
)


@given(EDITS)
def test_read_maf__reads_or_refuses_a_damaged_file_and_accounts_for_every_row(tmp_path_factory, edits):
    content = maf_text({}, {"Tumor_Sample_Barcode": "S2", "Hugo_Symbol": "1-Mar"}, {"Tumor_Seq_Allele2": "-"}).encode()
    for at, n_lost, put in edits:
        content = content[:at] + put + content[at + n_lost :]
    path = tmp_path_factory.mktemp("maf") / "damaged.maf"
    path.write_bytes(content)
    refusal = ""
    try:
        maf = read_maf(path, findings=Findings())
    except InputError as error:
        refusal = error.finding.code
    else:
        assert len(maf.variants) + sum(maf.n_dropped_by_reason.values()) == maf.n_rows
    assert refusal in {"", "E_FILE_FORMAT"}
