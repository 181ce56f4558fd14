"""What a file is, by what is in it: every kind under a name that says nothing, refusals, folders, and real files."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.recognise import KINDS, list_files, recognise

if TYPE_CHECKING:
    from pathlib import Path

VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
MAF = (
    "Hugo_Symbol\tChromosome\tStart_Position\tEnd_Position\tReference_Allele\tTumor_Seq_Allele2"
    "\tVariant_Classification\tTumor_Sample_Barcode\nKRAS\t12\t1\t1\tC\tT\tMissense_Mutation\tS1\n"
)
SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nS1\t1\t1\t100\t3\t-0.5\n"
CONTENTS = {
    "a vcf": (VCF, "vcf"),
    "a vcf after a byte-order mark": ("\ufeff" + VCF, "vcf"),
    "a vcf without its first line": (VCF.split("\n", 1)[1], "vcf"),
    "a maf": (MAF, "maf"),
    "a maf of Windows": (MAF.replace("\n", "\r\n"), "maf"),
    "a maf with comments": ("#version 2.4\n#sequenced_samples: S1 S2\n" + MAF, "maf"),
    "a maf after a byte-order mark": ("\ufeff" + MAF, "maf"),
    "a maf in the names of the API": ("hugoGeneSymbol\tentrezGeneId\tsampleId\tproteinChange\tmutationType\n", "maf"),
    "a maf with copies": (MAF.replace("Hugo_Symbol", "Hugo_Symbol\ttcn\tlcn"), "maf"),
    "a maf with a column of fusions": (MAF.replace("Hugo_Symbol", "Hugo_Symbol\tFusion"), "maf"),
    "a table of something else": ("patient\tage\nP1\t60\n", "maf"),
    "nothing": ("", "maf"),
    "a sheet of TSO500": ("TruSight Oncology 500 - Combined Variant Output\t\t\n\n[Analysis Details]\t\t\n", "tso500"),
    "a sheet of DRAGEN": ("DRAGEN TruSight Oncology 500 v2.5 Combined Variant Output\n", "tso500"),
    "a sheet without its banner": ("\n[Analysis Details]\t\nPair ID\tP1\n", "tso500"),
    "all fusions": (
        "# Source = FusionProcessor 1.0.0\nCaller,Gene A,Gene B,Gene A Breakpoint,Gene B Breakpoint,KeepFusion\n",
        "allfusions",
    ),
    "a report of FoundationOne": ('<?xml version="1.0"?>\n<rr:ResultsReport xmlns:rr="x"></rr:ResultsReport>\n',
                                  "foundationone"),
    "its inner part": ('<variant-report xmlns="x" specimen="S1"/>\n', "foundationone"),
    "structural variants": ("Sample_Id\tSV_Status\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\n", "structural_variants"),
    "structural variants of the API": ("sampleId\tsite1HugoSymbol\tsite2HugoSymbol\n", "structural_variants"),
    "structural variants in short": ("Tumor_Sample_Barcode\tGeneA\tGeneB\tSv_Type\n", "structural_variants"),
    "old fusions": ("Hugo_Symbol\tCenter\tTumor_Sample_Barcode\tFusion\tFrame\n", "legacy_fusions"),
    "copy number, wide": ("Hugo_Symbol\tS1\tS2\nMYC\t2\tNA\nRB1\t-1.5\t0\n", "copy_number"),
    "copy number, wide, by id": ("Entrez_Gene_Id\tS1\n4609\t-2\n", "copy_number"),
    "copy number of GISTIC": ("Gene Symbol\tLocus ID\tCytoband\tS1\nMYC\t4609\t8q24.21\t1\n", "copy_number"),
    "log ratios, wide": ("Hugo_Symbol\tS1\nMYC\t1.5e-05\n", "copy_number"),
    "copy number, long": ("Hugo_Symbol\tEntrez_Gene_Id\tSample_Id\tValue\nMYC\t4609\tS1\t2\n", "copy_number"),
    "copy number of the API": ("hugoGeneSymbol\tentrezGeneId\tsampleId\talteration\nMYC\t4609\tS1\t2\n", "copy_number"),
    "copy number of OncoKB": ("Tumor_Sample_Barcode\tHugo_Symbol\tCopy_Number_Alteration\n", "copy_number"),
    "alterations as text": ("Hugo_Symbol\tSample\tAlteration\nMYC\tS1\tAmplification\n", "maf"),
    "expression of genes as text": ("Hugo_Symbol\tS1\nMYC\thigh\n", "maf"),
    "segments": (SEG, "segments"),
    "segments of TCGA": ("Sample\tChromosome\tStart\tEnd\tNum_Probes\tSegment_Mean\nS1\t1\t1\t9\t3\t0\n", "segments"),
    "segments with positions of a maf": (
        "Sample\tChromosome\tStart_Position\tEnd_Position\tSegment_Mean\nS1\t1\t1\t9\t0\n", "segments",
    ),
    "copies of PCGR": ("Chromosome\tStart\tEnd\tnMajor\tnMinor\n1\t1\t9\t1\t1\n", "segments"),
    "copies of FACETS": ("ID\tchrom\tloc.start\tloc.end\ttcn.em\tlcn.em\nS1\t1\t1\t9\t2\t1\n", "segments"),
    "copies of PURPLE": ("chromosome\tstart\tend\tcopyNumber\tbafCount\n1\t1\t9\t2.02\t7\n", "segments"),
    "copies of an old PURPLE": ("#chromosome\tstart\tend\tcopyNumber\n1\t1\t9\t2.02\n", "segments"),
    "a depth of targets": ("chrom\tstart\tend\tmean\n1\t1\t9\t412.5\n", "maf"),
    "segments of CNVkit": ("chromosome\tstart\tend\tgene\tlog2\tdepth\tprobes\tweight\n", "cnvkit"),
    "called segments of CNVkit": ("chromosome\tstart\tend\tgene\tlog2\tcn\tdepth\tprobes\tweight\n", "cnvkit"),
}  # fmt: skip


def put(folder: Path, content: str | bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("what", CONTENTS)
@pytest.mark.parametrize("name", ["file", "x.vcf"])
def test_recognise__asks_the_content_and_not_the_name(tmp_path: Path, what: str, name: str) -> None:
    content, kind = CONTENTS[what]
    assert recognise(put(tmp_path, content, name)) == kind


@pytest.mark.parametrize("what", ["a vcf", "a maf", "segments", "copy number, wide"])
def test_recognise__reads_packed_files(tmp_path: Path, what: str) -> None:
    content, kind = CONTENTS[what]
    assert recognise(put(tmp_path, gzip.compress(content.encode()))) == kind


def test_recognise__knows_bcf_by_its_magic(tmp_path: Path) -> None:
    assert recognise(put(tmp_path, gzip.compress(b"BCF\x02\x02\x00"))) == "vcf"
    assert recognise(put(tmp_path, b"BCF\x02\x02\x00")) == "vcf"


def test_recognise__gives_every_kind() -> None:
    assert {kind for _, kind in CONTENTS.values()} == set(KINDS)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04rest", "a spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "a spreadsheet"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git-LFS pointer"),
        (b"<?xml version='1.0'?><html/>", "XML of another kind"),
    ],
)
def test_recognise__refuses_what_is_no_text_table(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(InputError, match=f"A variant file is needed, found {found}") as caught:
        recognise(put(tmp_path, content, "S1.vcf"))
    assert caught.value.finding.code == "E_FILE_FORMAT"
    assert caught.value.finding.file == str(tmp_path / "S1.vcf")
    assert caught.value.finding.fix


def test_recognise__refuses_a_folder_and_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"E_FILE_FORMAT: .*found a folder"):
        recognise(tmp_path)
    with pytest.raises(InputError, match=r"E_FILE_MISSING: .*found no such file"):
        recognise(tmp_path / "none.vcf")


# ---------------------------------------------------------------- folders
BESIDE = {
    "a.vcf.gz.tbi": b"\x1f\x8b", "a.bcf.csi": b"x", "genome.fa": b">7\nACGT\n", "genome.fa.fai": b"7\t4\t3\t4\t5\n",
    "models.gff3": b"##gff-version 3\n7\tx\tgene\t1\t4\t.\t+\t.\tID=gene:G\n", "panel.bed": b"7\t1\t4\tBRAF\n",
    "notes.md": b"# calls\n", "run.log": b"done\n", "depth.tsv": b"chrom\tstart\tend\tmean\n1\t1\t9\t4\n",
    "patients.xlsx": b"PK\x03\x04", "S1.cnr": b"chromosome\tstart\tend\tgene\tdepth\tlog2\tweight\n",
    "S1.cnn": b"chromosome\tstart\tend\tgene\tlog2\tdepth\n", ".hidden.maf": MAF.encode(), "~$a.maf": b"lock",
    "a.maf~": MAF.encode(), "page.html": b"<html>",
}  # fmt: skip


def test_list_files__leaves_out_what_lies_beside_with_one_note(tmp_path: Path) -> None:
    for name, content in BESIDE.items():
        put(tmp_path, content, name)
    wanted = {"b.maf": MAF, "a.vcf": VCF, "x.txt": SEG, "c.csv": MAF.replace("\t", ",")}
    for name, text in wanted.items():
        put(tmp_path, text, name)
    (tmp_path / "below").mkdir()
    put(tmp_path / "below", MAF, "other.maf")
    findings = Findings()
    assert [path.name for path in list_files(tmp_path, findings=findings)] == ["a.vcf", "b.maf", "c.csv", "x.txt"]
    (note,) = findings
    assert (note.code, note.file) == ("I_FILE_IGNORED", str(tmp_path))
    assert note.message.startswith("16 files of the folder are no sequencing files: .hidden.maf, S1.cnn, S1.cnr, ")
    assert note.message.endswith(" and 8 more.")


def test_list_files__keeps_what_claims_to_be_one(tmp_path: Path) -> None:
    """A lost sample must not pass for a folder that never had it."""
    broken = {
        "cut.vcf.gz": gzip.compress(VCF.encode() * 99)[:20], "empty.maf": b"", "pointer.bcf": b"version https://git-lfs",
        "sheet.seg": b"PK\x03\x04",
    }  # fmt: skip
    for name, content in broken.items():
        put(tmp_path, content, name)
    (tmp_path / "dangling.cns").symlink_to(tmp_path / "nowhere")
    findings = Findings()
    names = [path.name for path in list_files(tmp_path, findings=findings)]
    assert names == ["cut.vcf.gz", "dangling.cns", "empty.maf", "pointer.bcf", "sheet.seg"]
    assert not len(findings)


def test_list_files__needs_one(tmp_path: Path) -> None:
    put(tmp_path, "# notes\n", "notes.md")
    with pytest.raises(InputError, match=r"E_FILE_MISSING: .*No sequencing file lies in this folder"):
        list_files(tmp_path, findings=Findings())


# ---------------------------------------------------------------- real files
REAL = {
    "maf": [
        "tcga_laml_maftools/tcga_laml.maf.gz", "tcga_laml_maftools/brca.maf.gz",
        "gnomer_cbioportal_api/mutations.tsv", "maf_oddities/chol_heidelberg_2019_maf.txt",
        "maf_oddities/ihch_smmu_2014_mitochondrial_data_mutations.txt", "maf_oddities/luad_tcga_pub_non_maf_format.txt",
        "maf_oddities/mbn_mdacc_2013_separated_data_mutations_extended.txt",
        "maf_oddities/um_tcga_gdc_data_mutations.first200.txt", "maf_oddities/utuc_raw_data_mutations_extended.txt",
        "maf_oddities/vcf2maf/minimalist_test_maf.tsv", "maf_oddities/vcf2maf/test.maf",
        "maf_oddities/moalmanac/example_patient.capture.germline.maf", "maf_oddities/oncokb_annotator/example_maf.txt",
        "cbio_ampca_bcm_2016/ampca_bcm_2016/data_mutations_extended.txt",
        "cbio_lung_msk_2017/lung_msk_2017/data_mutations_extended.txt",
        "cbio_panet_arcnet_2017/panet_arcnet_2017/data_mutations_extended.txt",
        "cbio_study_es_0/study_es_0/data_mutations_extended.maf", "cbio_lgg_ucsf_2014_timelines/data_mutations.txt",
        "cbio_broken_study_files/mutations/data_mutations_invalid_utf8.maf",
    ],
    "vcf": [
        "vcf_conformance/compressed_files/readable/passed/passed_compressed.vcf.gz",
        "vcf_from_the_wild/pysam/cbcf_data/example_vcf42_only_header.vcf", "vcf_from_the_wild/vcfpy/samples-space.vcf",
        "vcf_from_the_wild/variantgrid_build_detection/no_contigs.vcf",
        "vcf_somatic_callers/vcf2maf/test_mutect.vcf", "vcf_somatic_callers/pcgr/T001-BRCA.grch38.vcf.gz",
        "vcf_somatic_callers/vcf2maf/test_strelka.vcf", "vcf_norm_splitvep/norm.vcf", "csq_reference/csq.vcf",
        "vcf_structural/colo829.manta_somaticSV.vcf.gz", "vcf_structural/scout.tumor_only.cnvkit_manta.vcf.gz",
    ],
    "tso500": [
        "panel_vendor/tso500_localapp/test_data_fusion_check__NTC-RNA_CombinedVariantOutput.tsv",
        "panel_vendor/tso500_localapp/test_data_tsv2db__NTC_novar_blanks.tsv",
        "panel_vendor/tso500_localapp/test_data_tsv2db__sample_CombinedVariantOutput.tsv",
    ],
    "allfusions": ["panel_vendor/tso500_localapp/test_data_fusion_check__sample_AllFusions.csv"],
    "foundationone": [f"panel_vendor/foundationone_xml/SYN-F1-000{number}.xml" for number in (1, 2)],
    "structural_variants": [
        "gnomer_cbioportal_api/sv.tsv", "cbio_study_es_0/study_es_0/data_structural_variants.txt",
        "cbio_broken_study_files/data_structural_variants_missing_columns.txt",
        "maf_oddities/oncokb_annotator/example_sv.txt",
    ],
    "legacy_fusions": [
        "cbio_gct_msk_2016/gct_msk_2016/data_fusions.txt", "cbio_lung_msk_2017/lung_msk_2017/data_fusions.txt",
        "cbio_small_quirky/acbc_mskcc_2015/data_fusions.txt", "maf_oddities/oncokb_annotator/example_fusions.txt",
        "genie_bpc_simulated_nsclc/fusions.tsv",
    ],
    "copy_number": [
        "gnomer_cbioportal_api/cna.tsv", "puma_biliary_summit/data_CNA.tsv",
        "cbio_small_quirky/acbc_mskcc_2015/data_CNA.txt", "cbio_study_es_0/study_es_0/data_cna_discrete.txt",
        "cbio_study_es_0/study_es_0/data_cna_log2.txt", "cbio_broken_study_files/data_cna_blank_heading.txt",
        "cbio_broken_study_files/data_cna_cytoband.txt",
        "cbio_broken_study_files/data_cna_long_genecol_presence_entrez_only.txt",
        "maf_oddities/oncokb_annotator/example_cna.txt", "maf_oddities/oncokb_annotator/example_individual_cna.txt",
        "genie_bpc_simulated_nsclc/cna.tsv",
    ],
    "segments": [
        "tcga_laml_maftools/TCGA.AB.3009.hg19.seg.txt", "cbio_broken_study_files/data_seg_invalid_hg18.seg",
        "cbio_gct_msk_2016/gct_msk_2016/gct_msk_2016_data_cna_hg19.seg", "cbio_study_es_0/study_es_0/data_cna_hg19.seg",
        "vcf_somatic_callers/pcgr/T001-BRCA.grch37.cna.tsv",
    ],
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("kind", REAL)
def test_recognise__knows_real_files(shared: Path, kind: str) -> None:
    assert {name: recognise(shared / "data" / name) for name in REAL[kind]} == dict.fromkeys(REAL[kind], kind)


@pytest.mark.shared
def test_list_files__takes_the_sequencing_files_of_a_real_folder(shared: Path) -> None:
    findings = Findings()
    names = [path.name for path in list_files(shared / "data" / "tcga_laml_maftools", findings=findings)]
    assert names == [
        "APL_primary.maf.gz", "APL_relapse.maf.gz", "TCGA.AB.3009.hg19.seg.txt", "brca.maf.gz",
        "simple_somatic_mutation.open.ESCA-CN.sample.tsv.gz", "tcga_laml.maf.gz",
    ]  # fmt: skip
    assert findings.codes() == {"I_FILE_IGNORED"}
