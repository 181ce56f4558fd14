"""Synthetic MAF and VCF files; no patient, no real variant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pysam

from netgen.data import load_table

if TYPE_CHECKING:
    from pathlib import Path

# 114 columns of vcf2maf and 12 of older releases.
MAF_COLUMNS: Final = (
    "Hugo_Symbol", "Entrez_Gene_Id", "Center", "NCBI_Build", "Chromosome", "Start_Position", "End_Position",
    "Strand", "Variant_Classification", "Variant_Type", "Reference_Allele", "Tumor_Seq_Allele1",
    "Tumor_Seq_Allele2", "dbSNP_RS", "dbSNP_Val_Status", "Tumor_Sample_Barcode", "Matched_Norm_Sample_Barcode",
    "Match_Norm_Seq_Allele1", "Match_Norm_Seq_Allele2", "Tumor_Validation_Allele1", "Tumor_Validation_Allele2",
    "Match_Norm_Validation_Allele1", "Match_Norm_Validation_Allele2", "Verification_Status",
    "Validation_Status", "Mutation_Status", "Sequencing_Phase", "Sequence_Source", "Validation_Method", "Score",
    "BAM_File", "Sequencer", "Tumor_Sample_UUID", "Matched_Norm_Sample_UUID", "HGVSc", "HGVSp", "HGVSp_Short",
    "Transcript_ID", "Exon_Number", "t_depth", "t_ref_count", "t_alt_count", "n_depth", "n_ref_count",
    "n_alt_count", "all_effects", "Allele", "Gene", "Feature", "Feature_type", "Consequence", "cDNA_position",
    "CDS_position", "Protein_position", "Amino_acids", "Codons", "Existing_variation", "ALLELE_NUM", "DISTANCE",
    "STRAND_VEP", "SYMBOL", "SYMBOL_SOURCE", "HGNC_ID", "BIOTYPE", "CANONICAL", "CCDS", "ENSP", "SWISSPROT",
    "TREMBL", "UNIPARC", "RefSeq", "SIFT", "PolyPhen", "EXON", "INTRON", "DOMAINS", "AF", "AFR_AF", "AMR_AF",
    "ASN_AF", "EAS_AF", "EUR_AF", "SAS_AF", "AA_AF", "EA_AF", "CLIN_SIG", "SOMATIC", "PUBMED", "MOTIF_NAME",
    "MOTIF_POS", "HIGH_INF_POS", "MOTIF_SCORE_CHANGE", "IMPACT", "PICK", "VARIANT_CLASS", "TSL", "HGVS_OFFSET",
    "PHENO", "MINIMISED", "GENE_PHENO", "FILTER", "flanking_bps", "vcf_id", "vcf_qual", "gnomAD_AF",
    "gnomAD_AFR_AF", "gnomAD_AMR_AF", "gnomAD_ASJ_AF", "gnomAD_EAS_AF", "gnomAD_FIN_AF", "gnomAD_NFE_AF",
    "gnomAD_OTH_AF", "gnomAD_SAS_AF", "vcf_pos", "ExAC_AC_AN", "ExAC_AC_AN_AFR", "ExAC_AC_AN_AMR",
    "ExAC_AC_AN_EAS", "ExAC_AC_AN_FIN", "ExAC_AC_AN_NFE", "ExAC_AC_AN_OTH", "ExAC_AC_AN_SAS", "ExAC_FILTER",
    "variant_id", "variant_qual", "Center_Note",
)  # fmt: skip
MAF_USED: Final = (
    "Hugo_Symbol", "Entrez_Gene_Id", "NCBI_Build", "Chromosome", "Start_Position", "End_Position",
    "Variant_Classification", "Reference_Allele", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode", "HGVSc", "HGVSp_Short",
    "t_ref_count", "t_alt_count", "FILTER", "gnomAD_AF",
)  # fmt: skip
CSQ: Final = (
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|EXON|INTRON|HGVSc|HGVSp|cDNA_position"
    "|CDS_position|Protein_position|Amino_acids|Codons|Existing_variation|DISTANCE|STRAND|FLAGS|PICK|VARIANT_CLASS"
    "|SYMBOL_SOURCE|HGNC_ID|CANONICAL|MANE_SELECT|MANE_PLUS_CLINICAL|ENSP|gnomADe_AF|MAX_AF|MAX_AF_POPS|CLIN_SIG"
    "|SOMATIC|PHENO"
)
# What Mutect2 declares; the first ones are used below.
_INFO: Final = (
    "DP TLOD AS_FilterStatus AS_SB_TABLE CONTQ ECNT GERMQ MBQ MFRL MMQ MPOS NALOD NLOD POPAF ROQ SEQQ STRANDQ"
)
_FORMAT: Final = "GT AD AF DP F1R2 F2R1 SB PGT PID PS"
_FILTERS: Final = (
    "base_qual clustered_events contamination germline haplotype map_qual normal_artifact orientation panel"
)
_CONTIGS: Final = tuple(f"chr{name}" for name in (*range(1, 23), "X", "Y", "M"))
_TRANSCRIPTS: Final = 6  # per record; the picked one is the last
_CLASSES: Final = (
    ("Missense_Mutation", "missense_variant", "p.R{}L"),
    ("Nonsense_Mutation", "stop_gained", "p.R{}*"),
    ("Silent", "synonymous_variant", "p.R{}="),
    ("Intron", "intron_variant", ""),
)
_DISTINCT: Final = 20_000  # rows made one by one; the file repeats them with other samples and positions


def write_maf(path: Path, rows: int, *, seed: int = 5) -> None:
    """Write a MAF of different rows: genes of the demo panels, four classes, blanks where real files have them."""
    rng = np.random.default_rng(seed)
    genes = load_table("demo_genes.tsv").to_dict("records")
    lines = [_maf_row(genes[int(rng.integers(len(genes)))], k, rng) for k in range(min(rows, _DISTINCT))]
    with path.open("w") as handle:
        handle.write("\t".join(MAF_COLUMNS) + "\n")
        for block in range(-(-rows // _DISTINCT)):
            part = "".join(lines[: rows - block * _DISTINCT])
            handle.write(part.replace("@@@", f"{block:03d}"))


def _maf_row(gene: dict[str, str], k: int, rng: np.random.Generator) -> str:
    """One row; ``@@@`` stands where blocks differ (sample)."""
    name, term, change = _CLASSES[min(int(rng.integers(6)), 3) if rng.random() < 0.8 else 0]
    position = int(gene["start"]) + int(rng.integers(int(gene["end"]) - int(gene["start"])))
    number, alt = int(rng.integers(1, 400)), "ACG"[k % 3]
    depth, reads = int(rng.integers(80, 900)), int(rng.integers(5, 80))
    effect = f"{gene['gene']},{term},{change.format(number)},{gene['transcript']},{gene['refseq']}"
    values = {
        "Hugo_Symbol": gene["gene"],
        "Entrez_Gene_Id": "0",
        "Center": "center.org",
        "NCBI_Build": "GRCh38",
        "Chromosome": f"chr{gene['chrom']}",
        "Start_Position": str(position),
        "End_Position": str(position),
        "Strand": "+",
        "Variant_Classification": name,
        "Variant_Type": "SNP",
        "Reference_Allele": "T",
        "Tumor_Seq_Allele1": "T",
        "Tumor_Seq_Allele2": alt,
        "dbSNP_RS": "novel",
        "Tumor_Sample_Barcode": f"SIM-@@@-{k % 997:04d}-01A",
        "Matched_Norm_Sample_Barcode": f"SIM-@@@-{k % 997:04d}-10A",
        "Match_Norm_Seq_Allele1": "T",
        "Match_Norm_Seq_Allele2": "T",
        "HGVSc": f"c.{3 * number}T>{alt}",
        "HGVSp_Short": change.format(number),
        "Transcript_ID": gene["transcript"],
        "t_depth": str(depth),
        "t_ref_count": str(depth - reads),
        "t_alt_count": str(reads),
        "n_depth": str(depth),
        "all_effects": f"{effect};{effect.replace(gene['transcript'], gene['alt_transcript'])};",
        "Allele": alt,
        "Gene": gene["ensembl_gene"],
        "Feature": gene["transcript"],
        "Feature_type": "Transcript",
        "Consequence": term,
        "cDNA_position": f"{3 * number + 100}/5971",
        "CDS_position": f"{3 * number}/1443",
        "Protein_position": f"{number}/480" if change else "",
        "STRAND_VEP": "-1",
        "SYMBOL": gene["gene"],
        "SYMBOL_SOURCE": "HGNC",
        "HGNC_ID": gene["hgnc"],
        "BIOTYPE": "protein_coding",
        "CANONICAL": "YES",
        "ENSP": gene["protein"],
        "RefSeq": gene["refseq"],
        "SIFT": "deleterious(0.01)",
        "PolyPhen": "probably_damaging(0.98)",
        "DOMAINS": "Pfam:PF08504,PIRSF:PIRSF009374,Prints:PR00967",
        "IMPACT": "MODERATE",
        "PICK": "1",
        "VARIANT_CLASS": "SNV",
        "FILTER": "PASS",
        "flanking_bps": "CAG",
        "gnomAD_AF": "" if k % 5 else "4.1e-06",
        "vcf_pos": str(position),
    }
    return "\t".join(values.get(column, "") for column in MAF_COLUMNS) + "\n"


def write_vcfs(folder: Path, n_files: int, n_records: int, *, seed: int = 6) -> list[Path]:
    """Write bgzip VCFs and their .tbi as Mutect2 and VEP do, of tumour and normal: missense, six transcripts each."""
    rng = np.random.default_rng(seed)
    order = {name: place for place, name in enumerate(_CONTIGS)}
    genes = load_table("demo_genes.tsv").to_dict("records")
    genes.sort(key=lambda gene: order[f"chr{gene['chrom']}"])
    paths = []
    for number in range(n_files):
        chosen = [genes[g] for g in np.sort(rng.integers(len(genes), size=n_records))]
        records = [_vcf_record(gene, rng) for gene in chosen]
        records.sort(key=lambda text: (order[text.split("\t", 1)[0]], int(text.split("\t", 2)[1])))
        sample = f"SIM{number:04d}"
        paths.append(folder / f"{sample}-T.vcf.gz")
        with pysam.BGZFile(str(paths[-1]), "wb") as handle:
            handle.write((_vcf_header(f"{sample}-N", f"{sample}-T") + "".join(records)).encode())
        pysam.tabix_index(str(paths[-1]), preset="vcf")
    return paths


def _vcf_header(normal: str, tumour: str) -> str:
    """Header with the declarations of caller and annotator."""
    csq = f"Consequence annotations from Ensembl VEP. Format: {CSQ}"
    lines = [
        "##fileformat=VCFv4.2",
        "##reference=file:///GRCh38.fa",
        *(f'##FILTER=<ID={name},Description="filter of the caller">' for name in ("PASS", *_FILTERS.split())),
        *(f'##FORMAT=<ID={name},Number=.,Type=String,Description="of a sample">' for name in _FORMAT.split()[4:]),
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths">',
        '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Allele fractions">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
        *(f'##INFO=<ID={name},Number=.,Type=String,Description="of a record">' for name in _INFO.split()),
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="{csq}">',
        *(f"##contig=<ID={name},length=248956422>" for name in _CONTIGS),
        f"##normal_sample={normal}",
        f"##tumor_sample={tumour}",
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{normal}\t{tumour}",
    ]
    return "\n".join(lines) + "\n"


def _vcf_record(gene: dict[str, str], rng: np.random.Generator) -> str:
    """One record, carried by the tumour alone."""
    position = int(rng.integers(int(gene["start"]), int(gene["end"])))
    alt, number = "ACG"[int(rng.integers(3))], int(rng.integers(1, 400))
    reads, depth = int(rng.integers(5, 80)), int(rng.integers(100, 900))
    entry = {
        "Allele": alt,
        "Consequence": "missense_variant",
        "IMPACT": "MODERATE",
        "SYMBOL": gene["gene"],
        "Gene": gene["ensembl_gene"],
        "Feature_type": "Transcript",
        "Feature": gene["transcript"],
        "BIOTYPE": "protein_coding",
        "EXON": "6/21",
        "HGVSc": f"{gene['transcript']}:c.{3 * number}T>{alt}",
        "HGVSp": f"{gene['protein']}:p.Arg{number}Leu",
        "CDS_position": f"{3 * number}/1443",
        "Protein_position": f"{number}/480",
        "Amino_acids": "R/L",
        "STRAND": "-1",
        "VARIANT_CLASS": "SNV",
        "SYMBOL_SOURCE": "HGNC",
        "HGNC_ID": gene["hgnc"],
        "ENSP": gene["protein"],
    }
    other = {**entry, "Feature": gene["alt_transcript"], "BIOTYPE": "retained_intron"}
    picked = {**entry, "PICK": "1", "CANONICAL": "YES", "MANE_SELECT": gene["refseq"]}
    entries = [other] * (_TRANSCRIPTS - 1) + [picked]
    csq = ",".join("|".join(part.get(name, "") for name in CSQ.split("|")) for part in entries)
    info = f"DP={depth};TLOD=13.2;ECNT=1;GERMQ=93;MBQ=37,36;MFRL=180,176;MMQ=60,60;MPOS=30;POPAF=6.0;CSQ={csq}"
    calls = f"0/0:150,0:0.000:150:70,0:80,0\t0/1:{depth - reads},{reads}:{reads / depth:.3f}:{depth}:9,4:8,3"
    return f"chr{gene['chrom']}\t{position}\t.\tT\t{alt}\t.\tPASS\t{info}\tGT:AD:AF:DP:F1R2:F2R1\t{calls}\n"
