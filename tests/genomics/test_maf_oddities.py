"""Each of the 26 files of ``maf_oddities``, with what it must give: rows, samples and one variant, or the message.

The numbers were read from the files with awk: rows and samples by counting, the variant by printing its line. Positions
and alleles of the variant are trimmed by hand; for an insertion the position is the base behind it.
"""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.maf import read_maf

pytestmark = pytest.mark.shared

TUMOUR = ("TUMOR",)
EXAMPLE = ("example_tumor_profile",)
ONCOKB = ("TCGA-02-0033-01", "TCGA-05-4417-01", "TCGA-06-0155-01", "TCGA-A6-2672-01A-01W-0833-10")
# file: data rows, samples (or their number), build, line of a variant, and what that variant is
READ = {
    "luad_tcga_pub_non_maf_format.txt": (
        3, ("TCGA-44-6775-01", "TCGA-50-5055-01", "TCGA-55-6978-01"), None, 2,
        # the class exon14skip is all that the row says
        {"gene": "MET", "variant_class": "Splice_Site", "hgvsp_short": None, "pos": None, "flags": "ex14skip"},
    ),
    "moalmanac/example_patient.capture.germline.maf": (
        10, EXAMPLE, "GRCh37", 2,  # GAA > -, although the row ends at its first base; build 37; CRLF
        {"gene": "PRDM2", "variant_class": "In_Frame_Del", "hgvsp_short": "p.E282del", "pos": 14105122, "ref": "GAA",
         "alt": "-", "t_alt_count": 50, "t_ref_count": 50, "vaf": 0.5},
    ),
    "moalmanac/example_patient.capture.somatic.indels.maf": (
        2, EXAMPLE, "GRCh37", 2,  # between 139312448 and 139312449
        {"gene": "PMPCA", "variant_class": "Intron", "hgvsp_short": None, "pos": 139312449, "ref": "-", "alt": "G",
         "t_alt_count": 31, "t_ref_count": 92, "vaf": 31 / 123, "transcript_id": "ENST00000371717.3"},
    ),
    "moalmanac/example_patient.capture.somatic.snvs.maf": (
        299, EXAMPLE, "GRCh37", 29,  # C11orf30 is EMSY
        {"gene": "EMSY", "variant_class": "Missense_Mutation", "hgvsp_short": "p.P850H", "chrom": "11",
         "pos": 76250676, "ref": "C", "alt": "A", "t_alt_count": 83, "t_ref_count": 30, "vaf": 83 / 113},
    ),
    "oncokb_annotator/example_maf.txt": (
        17, ONCOKB, "GRCh37", 11,  # CA > AG
        {"gene": "KRAS", "hgvsp_short": "p.G12C", "pos": 25398285, "ref": "CA", "alt": "AG", "vaf": None},
    ),
    "oncokb_annotator/example_maf_grch38.txt": (
        14, ONCOKB, "GRCh38", 15,  # M219T without p. and without a position
        {"gene": "MYD88", "hgvsp_short": "p.M219T", "chrom": None, "pos": None, "ref": None, "alt": None},
    ),
    "paad_utsw_2015_maf_cleaned.txt": (
        7259, 109, "GRCh37", 2,
        {"sample_id": "PDA_001", "gene": "ZAN", "variant_class": "Frame_Shift_Del", "hgvsp_short": "p.F2344Sfs*10",
         "chrom": "7", "pos": 100385562, "ref": "GCTTCAGCTACCGCTTGCAAGGCCGCATGACCTAT", "alt": "-",
         "t_alt_count": None, "vaf": None, "hotspot": False},
    ),
    "um_tcga_gdc_data_mutations.first200.txt": (
        200, ("TCGA-V4-A9EF-01A", "TCGA-V4-A9EZ-01A", "TCGA-VD-A8KA-01B", "TCGA-YZ-A985-01A"), "GRCh38", 5,
        {"sample_id": "TCGA-VD-A8KA-01B", "gene": "SF3B1", "hgvsp_short": "p.R625C", "hgvsc": "c.1873C>T",
         "chrom": "2", "pos": 197402760, "ref": "G", "alt": "A", "t_alt_count": 30, "t_ref_count": 24, "vaf": 30 / 54,
         "gnomad_af": 8.812e-06, "mutation_status": "Somatic", "hotspot": False, "exon_number": "14/25"},
    ),
    "utuc_raw_data_mutations_extended.txt": (
        4254, 30, "GRCh37", 41,  # header "Chromosome ", Tumor_Seq_Allele1 is the deletion as well
        {"sample_id": "UTUC_13T", "gene": "PHLDA1", "variant_class": "Frame_Shift_Del", "chrom": "12",
         "pos": 76424613, "ref": "G", "alt": "-", "hgvsp_short": None},
    ),
    "vcf2maf/test.maf": (
        20, TUMOUR, "GRCh37", 11,  # alleles G, -, A: the second tumour allele is the one that counts
        {"gene": "PIK3CA", "hgvsp_short": None, "pos": 178936091, "ref": "G", "alt": "A", "t_alt_count": 22,
         "t_ref_count": 21, "vaf": 22 / 43},
    ),
    "vcf2maf/test_b38_output.maf": (
        25, TUMOUR, "GRCh38", 3,  # t_ref_count is ".", depth 54, alternative 21
        {"gene": "RUNX1", "hgvsp_short": "p.L429R", "pos": 34792292, "ref": "A", "alt": "C", "t_alt_count": 21,
         "t_ref_count": 33, "vaf": 21 / 54},
    ),
    "vcf2maf/test_b38_output.more.maf": (
        25, ("MSK_T001",), "GRCh38", 6,  # - > CCTCTT between 34880555 and 34880556
        {"gene": "RUNX1", "entrez_gene_id": 861, "variant_class": "Splice_Site", "hgvsp_short": "p.X168_splice",
         "hgvsc": "c.504_508+1dup", "pos": 34880556, "ref": "-", "alt": "CCTCTT", "t_alt_count": 225,
         "t_ref_count": 658, "vaf": 225 / 883},
    ),
    "vcf2maf/test_output.vep_isoforms.maf": (
        20, TUMOUR, "GRCh37", 16,  # AAGA, alleles - and CA: the shared last A is trimmed
        {"gene": "APC", "hgvsp_short": "p.E1156Afs*7", "pos": 112174758, "ref": "AAG", "alt": "C", "t_alt_count": 8,
         "t_ref_count": 0, "vaf": 1.0},
    ),
}  # fmt: skip
LEFT_OUT = {  # one intergenic row of the gene "Unknown"
    "vcf2maf/test.maf": {"gene_missing": 1},
    "vcf2maf/test_output.vep_isoforms.maf": {"gene_missing": 1},
}
SAMPLE, GENE, CLASS, CHANGE = "the sample", "the gene", "the variant class", "the change"
# file: line of its header, what is missing
REFUSED = {
    "chol_heidelberg_2019_maf.txt": (1, [SAMPLE, CLASS]),
    "ihch_smmu_2014_mitochondrial_data_mutations.txt": (1, [CLASS]),
    "oncokb_annotator/example_atypical_alterations.txt": (1, [CLASS, CHANGE]),
    "oncokb_annotator/example_clinical.txt": (1, [GENE, CLASS, CHANGE]),
    "oncokb_annotator/example_cna.txt": (1, [SAMPLE, CLASS, CHANGE]),
    "oncokb_annotator/example_fusions.txt": (1, [GENE, CLASS, CHANGE]),
    "oncokb_annotator/example_individual_cna.txt": (1, [CLASS, CHANGE]),
    "oncokb_annotator/example_sv.txt": (1, [GENE, CLASS, CHANGE]),
    "paad_utsw_2015_data_clinical_sample.txt": (5, [GENE, CLASS, CHANGE]),  # four lines of comments
    "utuc_raw_data_clinical_sample.txt": (1, [GENE, CLASS, CHANGE]),
    "vcf2maf/minimalist_test_maf.tsv": (1, [GENE, CLASS]),
    "vcf2maf/test.tsv": (1, [GENE, CLASS]),
}
NO_GENE = "mbn_mdacc_2013_separated_data_mutations_extended.txt"


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "data" / "maf_oddities"


@pytest.mark.parametrize("name", READ)
def test_maf_oddities__file_is_read(folder, name):
    n_rows, samples, build, line, expected = READ[name]
    findings = Findings()
    maf = read_maf(folder / name, findings=findings)
    assert findings.of("E") == []
    assert maf.n_rows == n_rows
    assert maf.n_dropped_by_reason == LEFT_OUT.get(name, {})
    assert (len(maf.samples) if isinstance(samples, int) else maf.samples) == samples
    assert set(maf.variants["build"].dropna()) == ({build} if build else set())
    (variant,) = maf.variants[maf.variants["row"] == line].to_dict("records")
    for column, value in expected.items():
        if value is None:
            assert pd.isna(variant[column]), column
        elif isinstance(value, float):
            assert variant[column] == pytest.approx(value, rel=1e-12), column
        else:
            assert variant[column] == value, column


@pytest.mark.parametrize("name", REFUSED)
def test_maf_oddities__other_tables_are_refused_at_their_header(folder, name):
    line, missing = REFUSED[name]
    with pytest.raises(InputError, match="A MAF needs") as error:
        read_maf(folder / name, findings=Findings())
    assert (error.value.finding.code, error.value.finding.row) == ("E_FILE_FORMAT", line)
    assert [part for part in (SAMPLE, GENE, CLASS, CHANGE) if part in str(error.value)] == missing


def test_maf_oddities__ragged_row_and_rows_without_a_gene(folder):
    findings = Findings()
    maf = read_maf(folder / NO_GENE, findings=findings)
    assert (maf.n_rows, len(maf.samples), len(maf.variants)) == (1133, 529, 0)
    assert maf.n_dropped_by_reason == {"gene_missing": 1132, "row_truncated": 1}
    assert [(item.code, item.row) for item in findings.of("E")] == [("E_ROW_TRUNCATED", 1133), ("E_NO_VARIANTS", None)]


def test_maf_oddities__every_file_has_its_expectation(folder):
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"SOURCE.md"}
    assert files == {*READ, *REFUSED, NO_GENE}
    assert len(files) == 26


def test_maf_oddities__classes_outside_the_list(folder):
    """Synonymous and Splice are the only ones: 1,082 rows and 75 (71 substitutions, 4 insertions)."""
    maf = read_maf(folder / "utuc_raw_data_mutations_extended.txt", findings=Findings())
    counts = maf.variants["variant_class"].value_counts()
    assert (counts["Silent"], counts["Splice_Site"]) == (1082, 75)
    insertion = maf.variants[maf.variants["row"] == 17].iloc[0]  # start and end 66460644, - > C
    assert (insertion["pos"], insertion["ref"], insertion["alt"]) == (66460645, "-", "C")
