"""A folder of sequencing files as pipelines and vendors leave them: small, made up here, one sample or two per file.

========================= ======= ===========================================================================
annotated.vcf             A1      KRAS p.G12D of VEP, and a second allele that the tumour does not carry
plain.vcf                 B1      base 17 of ``tiny_genome``, A to G: BRAF p.K3E, which no annotator has said
cohort.maf                M1, M2  TP53 p.R175H; SMAD4 p.R361H
S_CombinedVariantOutput   T1      KRAS p.G12D, MYC amplified, EML4::ALK, TMB 7.1, 2.5 % of sites unstable
T1_AllFusions             T1      EML4::ALK once more, KIF5B::RET, and one that the vendor does not keep
report.xml                F1      TP53 p.R175H, CDKN2A lost, MSS, TMB 6.3
oncomine.vcf              O1      KRAS p.G12D, ERBB2 amplified, MYC of two copies, TPM3::NTRK1
manta.vcf                 V1      NCOA4::RET; no small variant could be in it
copies.seg                G1      MYC gained, CDKN2A lost on one allele; positions in targets.bed
========================= ======= ===========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BUILD = "##reference=GRCh37"
CSQ = "Allele|Consequence|SYMBOL|Feature|BIOTYPE|HGVSc|HGVSp|CANONICAL"
KRAS = (
    "T|missense_variant|KRAS|ENST00000256078|protein_coding|ENST00000256078.4:c.35G>A|ENSP00000256078.4:p.Gly12Asp|YES"
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
FORMATS = [
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">', '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">',
]  # fmt: skip
MAF_COLUMNS = (
    "Hugo_Symbol\tNCBI_Build\tChromosome\tStart_Position\tEnd_Position\tVariant_Classification\tReference_Allele"
    "\tTumor_Seq_Allele2\tTumor_Sample_Barcode\tHGVSp_Short"
)
BED = "chr8\t128748000\t128753000\tMYC\nchr9\t21968000\t21975000\tCDKN2A\nchr17\t37844000\t37884000\tERBB2\n"


def vcf(sample: str, records: list[str], *lines: str) -> str:
    """Return a VCF of one sample."""
    return "\n".join(["##fileformat=VCFv4.2", BUILD, *lines, *FORMATS, COLUMNS + sample, *records]) + "\n"


def annotated_vcf(sample: str = "A1") -> str:
    line = f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {CSQ}">'
    records = [
        f"12\t25398284\t.\tC\tT\t.\tPASS\tCSQ={KRAS}\tGT:AD\t0/1:60,40",
        f"12\t25398285\t.\tC\tT\t.\tPASS\tCSQ={KRAS.replace('Gly12Asp', 'Gly12Ser')}\tGT:AD\t0/0:99,0",
    ]
    return vcf(sample, records, line)


def plain_vcf(sample: str = "B1", allele: str = "7\t17\t.\tA\tG") -> str:
    return vcf(sample, [f"{allele}\t.\tPASS\t.\tGT:AD\t0/1:30,10"])


def maf(*rows: str) -> str:
    """Return a MAF; the rows of M1 and M2 if none are given."""
    rows = rows or (
        "TP53\tGRCh37\t17\t7578406\t7578406\tMissense_Mutation\tC\tT\tM1\tp.R175H",
        "SMAD4\tGRCh37\t18\t48591919\t48591919\tMissense_Mutation\tG\tA\tM2\tp.R361H",
    )
    return "\n".join(["#version 2.4", MAF_COLUMNS, *rows]) + "\n"


def tso500_sheet(sample: str = "T1") -> str:
    return f"""TruSight Oncology 500 - Combined Variant Output

[Analysis Details]
Pair ID\t{sample}
DNA Sample ID\t{sample}
RNA Sample ID\t{sample}-RNA

[TMB]
Total TMB\t7.1
Coding Region Size in Megabases\t1.28

[MSI]
Usable MSI Sites\t120
Percent Unstable MSI Sites\t2.5

[Gene Amplifications]
Gene\tFold Change
MYC\t3.2

[Fusions]
Gene Pair\tBreakpoint 1\tBreakpoint 2\tFusion Supporting Reads
EML4-ALK\tchr2:42522656\tchr2:29446394\t118

[Small Variants]
Gene\tChromosome\tGenomic Position\tReference Call\tAlternative Call\tAllele Frequency\tDepth\tP-Dot Notation\t\
C-Dot Notation\tConsequence(s)\tAffected Exon(s)
KRAS\tchr12\t25398284\tC\tT\t0.25\t400\tNP_004976.2:p.(Gly12Asp)\tNM_004985.3:c.35G>A\tmissense_variant\t2/5
"""


def all_fusions() -> str:
    return """# Source = FusionProcessor 1.0.0.407
Caller,Gene A,Gene B,Gene A Breakpoint,Gene B Breakpoint,Score,Filter,KeepFusion,Alt Split Dedup,Alt Pair Dedup,\
Fusion Directionality Known
RnaFusionFilter,EML4,ALK,chr2:42522656,chr2:29446394,0.98,PASS,True,100,18,True
RnaFusionFilter,KIF5B,RET,chr10:32306071,chr10:43609948,0.9,PASS,True,20,3,True
RnaFusionFilter,FGFR3,TACC3,chr4:1808661,chr4:1741428,0.1,LowQ,False,2,0,True
"""


def foundation_report(sample: str = "F1") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rr:ResultsReport xmlns:rr="http://integration.foundationmedicine.com/reporting"><rr:ResultsPayload>
<variant-report xmlns="http://foundationmedicine.com/compbio/variant-report-external" test-request="{sample}">
<samples><sample name="{sample}" nucleic-acid-type="DNA"/></samples>
<short-variants><short-variant gene="TP53" cds-effect="524G&gt;A" protein-effect="R175H" position="chr17:7578406"
 strand="-" functional-effect="missense" status="known" allele-fraction="0.42" depth="500"/></short-variants>
<copy-number-alterations><copy-number-alteration gene="CDKN2A" type="loss" copy-number="0" status="known"/>
</copy-number-alterations>
<biomarkers><microsatellite-instability status="MSS"/>
<tumor-mutation-burden score="6.3" status="low" unit="mutations-per-megabase"/></biomarkers>
</variant-report></rr:ResultsPayload></rr:ResultsReport>
"""


def oncomine_vcf(sample: str = "O1") -> str:
    kras = (
        "[{'origPos':'25398284','origRef':'C','normalizedRef':'C','gene':'KRAS','normalizedPos':'25398284',"
        "'normalizedAlt':'T','coding':'c.35G>A','transcript':'NM_033360.4','function':'missense',"
        "'protein':'p.Gly12Asp','location':'exonic','origAlt':'T','exon':'2'}]"
    )
    copies = (
        "{place}\t{gene}\tA\t<CNV>\t.\tPASS\tSVTYPE=CNV;END=200;CI={limits};FUNC=[{{'gene':'{gene}'}}]\tGT:CN\t./.:{n}"
    )
    fused = "{place}\tTPM3-NTRK1.T7N10_{end}\tG\t{alt}\t.\tPASS\tSVTYPE=Fusion;READ_COUNT=90;GENE_NAME={gene}\tGT\t./."
    return vcf(
        sample,
        [
            f"chr12\t25398284\t.\tC\tT\t.\tPASS\tFUNC={kras}\tGT:AD\t0/1:80,20",
            copies.format(place="chr17\t37844000", gene="ERBB2", limits="0.05:6.4,0.95:9.9", n="8.2"),
            copies.format(place="chr8\t128748000", gene="MYC", limits="0.05:1.8,0.95:2.2", n="2"),
            fused.format(place="chr1\t154142876", end=1, alt="G]chr1:156844361]", gene="TPM3"),
            fused.format(place="chr1\t156844361", end=2, alt="G]chr1:154142876]", gene="NTRK1"),
        ],
        '##INFO=<ID=FUNC,Number=.,Type=String,Description="Functional Annotations">',
        '##INFO=<ID=SVTYPE,Number=1,Type=String,Description="x">',
        '##ALT=<ID=CNV,Description="x">',
        '##FORMAT=<ID=CN,Number=1,Type=Float,Description="x">',
    )


def manta_vcf(sample: str = "V1") -> str:
    return vcf(sample, [
        "10\t51582939\tone\tG\tG[10:43612032[\t.\tPASS\tSVTYPE=BND;GENEA=NCOA4;GENEB=RET;SOMATIC;MATEID=two\tGT\t0/1",
        "10\t43612032\ttwo\tA\t]10:51582939]A\t.\tPASS\tSVTYPE=BND;GENEA=RET;GENEB=NCOA4;SOMATIC;MATEID=one\tGT\t0/1",
    ])  # fmt: skip


def seg(sample: str = "G1") -> str:
    return (
        "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\n"
        f"{sample}\t8\t128000000\t129000000\t40\t0.5\n{sample}\t9\t21000000\t22000000\t40\t-0.6\n"
    )


def write_mixed(folder: Path) -> list[Path]:
    """Write all of them; return the files, in the order of the table."""
    texts = {
        "annotated.vcf": annotated_vcf(), "plain.vcf": plain_vcf(), "cohort.maf": maf(),
        "S_CombinedVariantOutput.tsv": tso500_sheet(), "T1_AllFusions.csv": all_fusions(),
        "report.xml": foundation_report(), "oncomine.vcf": oncomine_vcf(), "manta.vcf": manta_vcf(),
        "copies.seg": seg(),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
