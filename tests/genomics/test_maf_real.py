"""Every MAF of the shared data sets is read, or refused with the right message.

Expected numbers were counted in the files with grep, cut and awk; the commands stand beside them where they are not
obvious. Rows that the reader leaves out are part of the expectation.
"""

from __future__ import annotations

import csv
import gzip

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.classes import is_altering
from netgen.genomics.filters import apply_variant_policy
from netgen.genomics.maf import read_maf

pytestmark = pytest.mark.shared

PANET = "cbio_panet_arcnet_2017/panet_arcnet_2017/data_mutations_extended.txt"
AMPCA = "cbio_ampca_bcm_2016/ampca_bcm_2016/data_mutations_extended.txt"
GCT = "cbio_gct_msk_2016/gct_msk_2016/data_mutations_extended.txt"
SKCM = "cbio_skcm_ucla_2016/skcm_ucla_2016/data_mutations_extended.txt"
LAML = "tcga_laml_maftools/tcga_laml.maf.gz"
MC3 = "tcga_thym/tcga_thym_mc3.maf"


@pytest.fixture
def read(shared):
    def run(name, **options):
        findings = Findings()
        return read_maf(shared / "data" / name, findings=findings, **options), findings

    return run


def carriers(maf, gene):
    """Samples with an altering variant of a gene."""
    rows = is_altering(maf.variants["variant_class"], maf.variants["gene"]) & (maf.variants["gene"] == gene)
    return maf.variants.loc[rows, "sample_id"].nunique()


def naive_rows(path):
    """Yield (line number, row) of a well-formed MAF, by the csv module."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as handle:
        lines = [
            (number, line) for number, line in enumerate(handle.read().splitlines(), 1) if not line.startswith("#")
        ]
    header = lines[0][1].split("\t")
    for number, line in lines[1:]:
        yield number, dict(zip(header, next(csv.reader([line], delimiter="\t", quoting=csv.QUOTE_NONE)), strict=True))


@pytest.mark.parametrize(
    ("name", "n_rows", "n_samples", "n_sequenced", "dropped"),
    [
        (PANET, 3097, 98, 98, {}),
        (AMPCA, 28748, 152, 160, {}),
        (GCT, 334, 125, 180, {"no_class": 37}),  # class, type and reference are the literal NA
        (SKCM, 25393, 38, None, {}),
        (LAML, 2207, 193, None, {}),
        ("tcga_laml_maftools/APL_primary.maf.gz", 269, 124, None, {"no_change": 4}),  # bare CR; ITD without allele
        ("tcga_laml_maftools/APL_relapse.maf.gz", 161, 58, None, {"no_change": 1}),
        # 606 intergenic rows; MUM1 (IRF4 or PWWP3A) lies 41 kb from PWWP3A: upstream of it, and not decided
        ("tcga_laml_maftools/brca.maf.gz", 1913, 1, None, {"gene_missing": 606, "gene_ambiguous": 1}),
        (MC3, 4902, 123, None, {}),
        ("tcga_thym/tcga_thym_firehose.maf", 2385, 120, None, {}),
        ("maf_oddities/utuc_raw_data_mutations_extended.txt", 4254, 30, None, {}),
        ("maf_oddities/paad_utsw_2015_maf_cleaned.txt", 7259, 109, None, {}),
        ("maf_oddities/um_tcga_gdc_data_mutations.first200.txt", 200, 4, None, {}),
        ("maf_oddities/luad_tcga_pub_non_maf_format.txt", 3, 3, None, {}),  # class exon14skip, nothing else
        ("maf_oddities/mbn_mdacc_2013_separated_data_mutations_extended.txt", 1133, 529, None,
         {"gene_missing": 1132, "row_truncated": 1}),
        ("maf_oddities/moalmanac/example_patient.capture.germline.maf", 10, 1, None, {}),
        ("maf_oddities/moalmanac/example_patient.capture.somatic.indels.maf", 2, 1, None, {}),
        ("maf_oddities/moalmanac/example_patient.capture.somatic.snvs.maf", 299, 1, None, {}),
        ("maf_oddities/oncokb_annotator/example_maf.txt", 17, 4, None, {}),
        ("maf_oddities/oncokb_annotator/example_maf_grch38.txt", 14, 4, None, {}),
        ("maf_oddities/vcf2maf/test.maf", 20, 1, None, {"gene_missing": 1}),
        ("maf_oddities/vcf2maf/test_b38_output.maf", 25, 1, None, {}),
        ("maf_oddities/vcf2maf/test_b38_output.more.maf", 25, 1, None, {}),
        ("maf_oddities/vcf2maf/test_output.vep_isoforms.maf", 20, 1, None, {"gene_missing": 1}),
        ("gnomer_cbioportal_api/mutations.tsv", 725, 200, None, {}),
    ],
)  # fmt: skip
def test_read_maf__real_files_read_whole(read, name, n_rows, n_samples, n_sequenced, dropped):
    maf, _ = read(name)
    assert maf.n_rows == n_rows
    assert len(maf.samples) == n_samples
    assert maf.n_dropped_by_reason == dropped
    assert len(maf.variants) == n_rows - sum(dropped.values())
    assert (None if maf.sequenced_samples is None else len(maf.sequenced_samples)) == n_sequenced


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("maf_oddities/chol_heidelberg_2019_maf.txt", ["the sample", "the variant class"]),
        ("maf_oddities/ihch_smmu_2014_mitochondrial_data_mutations.txt", ["the variant class"]),
        ("maf_oddities/vcf2maf/minimalist_test_maf.tsv", ["the gene", "the variant class"]),
        ("maf_oddities/vcf2maf/test.tsv", ["the gene", "the variant class"]),
        ("maf_oddities/oncokb_annotator/example_clinical.txt", ["the gene", "the variant class", "the change"]),
        ("maf_oddities/oncokb_annotator/example_sv.txt", ["the gene", "the variant class", "the change"]),
        ("maf_oddities/oncokb_annotator/example_atypical_alterations.txt", ["the variant class", "the change"]),
        ("tcga_laml_maftools/variants.hg19_multianno.txt", ["the gene", "the variant class"]),
        ("tcga_laml_maftools/simple_somatic_mutation.open.ESCA-CN.sample.tsv.gz", ["the sample", "the gene"]),
    ],
)
def test_read_maf__real_files_that_are_no_maf(read, name, missing):
    with pytest.raises(InputError, match=r"E_FILE_FORMAT: .*A MAF needs") as error:
        read(name)
    for part in missing:
        assert part in str(error.value)


def test_read_maf__panet_carriers(read):
    maf, findings = read(PANET)
    # grep -v '^#' FILE | awk -F'\t' '$1=="MEN1" && $9!="Silent"{print $16}' | sort -u | wc -l
    found = {gene: carriers(maf, gene) for gene in ("MEN1", "DAXX", "ATRX", "PTEN", "SETD2", "TSC2", "KMT2C")}
    assert found == {"MEN1": 36, "DAXX": 22, "ATRX": 10, "PTEN": 7, "SETD2": 5, "TSC2": 2, "KMT2C": 3}
    assert findings.of("E") == []
    assert maf.variants["alt"].notna().all()
    excel = maf.variants[maf.variants["pos"].isin([10413561, 35872496])]
    assert dict(zip(excel["pos"], excel["gene"], strict=True)) == {10413561: "MARCHF6", 35872496: "SEPTIN7"}
    assert (maf.variants["chrom"] == "M").sum() == 49


def test_read_maf__panet_alleles_agree_with_a_naive_reading(read, shared):
    maf, _ = read(PANET)
    ours = maf.variants.set_index("row").to_dict("index")
    checked = 0
    for number, row in naive_rows(shared / "data" / PANET):
        if row["Variant_Type"] != "SNP":
            continue
        alternatives = {row["Tumor_Seq_Allele1"], row["Tumor_Seq_Allele2"]} - {row["Reference_Allele"]}
        mine = ours[number]
        assert {mine["alt"]} == alternatives
        assert (mine["ref"], mine["pos"]) == (row["Reference_Allele"], int(row["Start_Position"]))
        checked += 1
    assert checked == 2905


@pytest.mark.parametrize("name", [LAML, "maf_oddities/um_tcga_gdc_data_mutations.first200.txt"])
def test_read_maf__trimmed_alleles_agree_with_a_naive_reading(read, shared, name):
    """Rebuild each allele pair from the key: the same bases are lost and gained at the same place."""
    maf, _ = read(name)
    ours = maf.variants.set_index("row").to_dict("index")
    for number, row in naive_rows(shared / "data" / name):
        mine = ours[number]
        ref, alt = row["Reference_Allele"].strip("-"), row["Tumor_Seq_Allele2"].strip("-")
        start = int(row["Start_Position"]) + (1 if not ref else 0)  # an insertion lies before the base behind it
        lead = mine["pos"] - start
        assert ref[:lead] == alt[:lead]
        tail_ref, tail_alt = ref[lead + len(mine["ref"].strip("-")) :], alt[lead + len(mine["alt"].strip("-")) :]
        assert tail_ref == tail_alt
        assert ref[lead:].startswith(mine["ref"].strip("-"))
        assert alt[lead:].startswith(mine["alt"].strip("-"))
    assert maf.variants["alt"].notna().all()


def test_read_maf__laml(read):
    maf, findings = read(LAML)
    assert carriers(maf, "DNMT3A") == 48
    assert (maf.variants["chrom"] == "X").sum() == 108  # written 23
    assert set(maf.variants["build"]) == {"GRCh37"}  # written 37
    assert is_altering(maf.variants["variant_class"], maf.variants["gene"]).sum() == 1732
    assert maf.variants["vaf"].max() <= 1
    first = maf.variants.iloc[0]
    assert (first["gene"], first["hgvsp_short"], first["row"]) == ("ABCA10", "p.K960R", 2)
    assert first["vaf"] == pytest.approx(0.4566)
    assert findings.codes() == {"I_COLUMN_MAPPED", "I_SYMBOL_RENAMED", "W_UNIT"}


def test_read_maf__ampca_symbols_dates_and_duplicates(read):
    maf, findings = read(AMPCA)
    assert findings.of("E") == []  # 21 rows with dates, all decided by id or position
    assert not maf.variants["gene"].str.contains("-MAR|-SEP|-DEC").any()
    assert carriers(maf, "TP53") == 99
    kept = apply_variant_policy(maf.variants, findings=findings)
    # awk: 18 pairs of rows agree in sample, position, reference and alternative, under an old and a new symbol
    assert kept.qc.groupby("reason")["n"].sum().to_dict() == {"duplicate": 18}
    assert len(kept.somatic) == 28748 - 18


def test_read_maf__gct_rows_without_a_class_are_seen_not_counted(read):
    maf, findings = read(GCT)
    assert set(maf.samples) <= set(maf.sequenced_samples)
    assert maf.dropped["sample_id"].nunique() == 12
    assert maf.dropped["sample_id"].str.startswith("DS-test").all()
    assert carriers(maf, "KIT") == 19
    (warning,) = [item for item in findings if item.code == "W_VARIANT_CLASS_UNKNOWN"]
    assert warning.message.startswith("37 rows")
    assert set(maf.variants["build"]) == {"GRCh37"}  # hg19 beside GRCh37


def test_read_maf__mc3_filter_column(read):
    maf, findings = read(MC3, build="GRCh37")
    assert "IMPACT" not in " ".join(str(item) for item in findings)  # twice in the header, not needed
    assert "W_BUILD_UNKNOWN" not in findings.codes()
    assert carriers(maf, "GTF2I") == 60
    kept = apply_variant_policy(maf.variants, findings=findings)
    assert (len(kept.somatic), kept.qc["n"].sum()) == (4344, 558)


def test_read_maf__skcm_dates_are_resolved_by_position(read):
    maf, findings = read(SKCM)
    assert findings.of("E") == []
    assert carriers(maf, "BRAF") == 20
    assert {"MTARC1", "SEPTIN14", "SEPTIN9"} <= set(maf.variants["gene"])


def test_read_maf__paad_wrong_repairs_are_corrected_by_position(read):
    maf, findings = read("maf_oddities/paad_utsw_2015_maf_cleaned.txt")
    at = dict(zip(maf.variants["pos"], maf.variants["gene"], strict=True))
    found = [at[place] for place in (16067857, 217142458, 45953767, 75484339, 42383763, 56598991)]
    assert found == ["MARCHF11", "MARCHF4", "MARCHF8", "SEPTIN9", "SEPTIN3", "SEPTIN4"]
    assert "W_GENE_CONFLICT" in findings.codes()


def test_read_maf__utuc_classes_and_line_ends(read):
    maf, findings = read("maf_oddities/utuc_raw_data_mutations_extended.txt")
    assert findings.of("E") == []
    assert maf.variants["variant_class"].value_counts().to_dict() == {
        "Missense_Mutation": 2583, "Silent": 1082, "Nonsense_Mutation": 239, "Frame_Shift_Del": 185, "Splice_Site": 75,
        "Frame_Shift_Ins": 67, "In_Frame_Del": 15, "In_Frame_Ins": 5, "Nonstop_Mutation": 3,
    }  # fmt: skip


def test_read_maf__mbn_ragged_row(read):
    _, findings = read("maf_oddities/mbn_mdacc_2013_separated_data_mutations_extended.txt")
    (error,) = [item for item in findings if item.code == "E_ROW_TRUNCATED"]
    assert error.row == 1133
    assert "45 fields, this row has 44" in error.message


def test_read_maf__mixed_notations_of_small_studies(read):
    maf, findings = read("cbio_small_quirky/pact_jhu_2011/data_mutations_extended.txt")
    assert findings.of("E") == []
    # T, TT, CT, CAT, T deleted; G inserted: the class is only "Deletion" or "Insersion"
    assert maf.variants["variant_class"].value_counts().to_dict() == {
        "Missense_Mutation": 409, "Nonsense_Mutation": 29, "Frame_Shift_Del": 4, "In_Frame_Del": 1,
        "Frame_Shift_Ins": 1,
    }  # fmt: skip
    maf, _ = read("cbio_small_quirky/nsclc_unito_2016/data_mutations_extended.txt")
    assert maf.variants["chrom"].str.startswith("chr").sum() == 0
    assert maf.variants["variant_class"].value_counts().to_dict() == {
        "Missense_Mutation": 100, "Nonsense_Mutation": 15, "In_Frame_Del": 7, "Frame_Shift_Del": 2,
    }  # fmt: skip
    maf, findings = read("cbio_small_quirky/stad_utokyo/data_mutations_extended.txt")
    assert "W_VARIANT_CLASS_DERIVED" in findings.codes()
    assert maf.variants["variant_class"].notna().all()
