"""What netgen keeps of a file survives writing and reading again, whatever the file holds.

What cannot survive, and is left out of the comparison: ``file`` and ``row`` (those of the new file). A MAF in which
some rows state their build and others do not is read as if all did.
"""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.errors import Findings
from netgen.genomics.alleles import trim_allele
from netgen.genomics.classes import CLASSES
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.maf import read_maf
from netgen.genomics.maf_write import write_maf
from netgen.genomics.vcf import read_vcf
from netgen.genomics.vcf_sites import write_sites_vcf
from netgen.genomics.vcf_write import write_annotated_vcf

NAMES = load_gene_names()
BASES = st.text("ACGT", min_size=1, max_size=5)
MAYBE_NUMBER = st.one_of(st.just(""), st.integers(0, 500).map(str))
FRACTION = st.one_of(st.just(""), st.floats(0, 1).map(repr))


EXAMPLES = settings(max_examples=20)


def same(first, second):
    pd.testing.assert_frame_equal(
        first.drop(columns=["file", "row"]), second.drop(columns=["file", "row"]), check_exact=True
    )


MAF_ROW = st.fixed_dictionaries(
    {
        "Hugo_Symbol": st.sampled_from(["MEN1", "TP53", "PARK2", "TERT", "C11orf30", "MUM1", "1-Mar", "NA", "XYZ1"]),
        "Entrez_Gene_Id": st.sampled_from(["0", "", "4221", "7157"]),
        "Chromosome": st.sampled_from(["1", "chr5", "X", "23", "MT", "GL000192.1", ""]),
        "Start_Position": st.one_of(st.just(""), st.integers(0, 10**8).map(str)),
        "End_Position": st.one_of(st.just(""), st.integers(0, 10**8).map(str)),
        "Reference_Allele": st.one_of(st.sampled_from(["-", "", "NA"]), BASES),
        "Tumor_Seq_Allele1": st.one_of(st.sampled_from(["-", "", "<DEL>"]), BASES),
        "Tumor_Seq_Allele2": st.one_of(st.sampled_from(["-", ""]), BASES),
        "Tumor_Sample_Barcode": st.sampled_from(["S1", " S2", "S 3", "Müller", ""]),
        "Variant_Classification": st.sampled_from([*CLASSES, "frameshift", "exon14skip", "stopgain", "odd", ""]),
        "HGVSp_Short": st.sampled_from(["p.R460*", "R175H", "p.X2151_splice", "p.A380=", "p.Arg175His", "odd", ""]),
        "HGVSc": st.sampled_from(["c.1A>G", "ENST1.1:c.5del", ""]),
        "Transcript_ID": st.sampled_from(["ENST00000312049", ""]),
        "Exon_Number": st.sampled_from(["3/9", ""]),
        "Protein_position": st.sampled_from(["450/460", "12/460", ""]),
        "t_alt_count": MAYBE_NUMBER,
        "t_ref_count": MAYBE_NUMBER,
        "t_depth": MAYBE_NUMBER,
        "tumor_f": FRACTION,
        "gnomAD_AF": FRACTION,
        "Mutation_Status": st.sampled_from(["Somatic", "None", "germline", ""]),
        "FILTER": st.sampled_from(["PASS", "q10;s50", ".", ""]),
        "cbp_driver": st.sampled_from(["Putative_Driver", ""]),
        "ONCOGENIC": st.sampled_from(["Likely Oncogenic", '"quoted"', ""]),
        "Hotspot": st.sampled_from(["1", "N", ""]),
    }
)


@EXAMPLES
@given(st.lists(MAF_ROW, min_size=1, max_size=6), st.sampled_from(["GRCh37", "hg38", ""]), st.booleans())
def test_round_trip__maf(tmp_path_factory, rows, build, sequenced):
    folder = tmp_path_factory.mktemp("maf")
    header = ["NCBI_Build", *rows[0]]
    comment = "#sequenced_samples: S1 S2 S9\n" if sequenced else ""
    text = "\n".join("\t".join([build, *row.values()]) for row in rows)
    (folder / "first.maf").write_text(f"{comment}{chr(9).join(header)}\n{text}\n", encoding="utf-8")
    first = read_maf(folder / "first.maf", findings=Findings(), names=NAMES, excel_dates="unresolved")
    write_maf(first.variants, folder / "second.maf", sequenced_samples=first.sequenced_samples)
    second = read_maf(folder / "second.maf", findings=Findings(), names=NAMES)
    assert second.n_dropped_by_reason == {}
    assert second.sequenced_samples == first.sequenced_samples
    same(first.variants, second.variants)
    write_maf(second.variants, folder / "third.maf", sequenced_samples=second.sequenced_samples)
    drop = ["NETGEN_FILE", "NETGEN_ROW"]
    tables = [pd.read_csv(folder / name, sep="\t", comment="#", dtype=str) for name in ("second.maf", "third.maf")]
    pd.testing.assert_frame_equal(*(table.drop(columns=drop, errors="ignore") for table in tables))


CSQ = "Allele|Consequence|SYMBOL|Feature|BIOTYPE|CANONICAL|EXON|HGVSc|HGVSp|gnomADe_AF|ALLELE_NUM"
VCF_HEADER = f"""##fileformat=VCFv4.2
##contig=<ID=chr11,length=135086622>
##contig=<ID=chrX,length=156040895>
##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {CSQ}">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">
##FILTER=<ID=weak,Description="weak">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depths">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	T1
"""
CONSEQUENCES = ["missense_variant", "frameshift_variant&splice_region_variant", "stop_gained", "intron_variant"]


@st.composite
def vcf_records(draw):
    """Draw records as dicts: place, alleles, what each allele does, genotype, reads."""
    ref = draw(BASES)
    alts = draw(st.lists(BASES.filter(lambda alt: alt != ref), min_size=1, max_size=3, unique=True))
    entry = st.tuples(
        st.sampled_from(CONSEQUENCES),
        st.sampled_from(["MEN1", "PARK2", ""]),
        st.sampled_from(["ENSP1:p.Arg5Leu", "ENSP1:p.Ala38%3D", ""]),
        st.sampled_from(["0.001", ""]),
    )
    return {
        "chrom": draw(st.sampled_from(["chr11", "chrX"])),
        "pos": draw(st.integers(1, 10**6)),
        "ref": ref,
        "alts": alts,
        "filter": draw(st.sampled_from(["PASS", ".", "weak"])),
        "entries": [draw(entry) for _ in alts],
        "carried": draw(st.sets(st.integers(0, len(alts)), min_size=1, max_size=2)),
        "reads": [draw(st.integers(0, 300)) for _ in range(len(alts) + 1)],
    }


def line(record, alts):
    """Lay out a record with some of its alternative alleles, by number."""
    entries = [
        f"{record['alts'][n]}|{effect}|{symbol}|ENST1|protein_coding|YES|2/9|ENST1:c.5A>G|{change}|{af}|{place}"
        for place, n in enumerate(alts, start=1)
        for effect, symbol, change, af in [record["entries"][n]]
    ]
    numbers = {0: "0", **{n + 1: str(place) for place, n in enumerate(alts, start=1)}}
    genotype = "/".join(numbers.get(allele, ".") for allele in sorted(record["carried"]))
    reads = ",".join(str(record["reads"][n]) for n in (0, *(n + 1 for n in alts)))
    fixed = [record["chrom"], str(record["pos"]), ".", record["ref"], ",".join(record["alts"][n] for n in alts), "."]
    return "\t".join([*fixed, record["filter"], f"DP=9;CSQ={','.join(entries)}", "GT:AD", f"{genotype}:{reads}"]) + "\n"


def read(path, text):
    path.write_text(VCF_HEADER + text)
    return read_vcf(path, findings=Findings(), names=NAMES).variants


@EXAMPLES
@given(st.lists(vcf_records(), min_size=1, max_size=5))
def test_round_trip__vcf(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("vcf")
    first = read(folder / "first.vcf", "".join(line(record, range(len(record["alts"]))) for record in records))
    write_annotated_vcf(folder / "first.vcf", first, folder / "second.vcf")
    second = read_vcf(folder / "second.vcf", findings=Findings(), names=NAMES).variants
    same(first, second)
    write_annotated_vcf(folder / "second.vcf", second, folder / "third.vcf")
    assert (folder / "third.vcf").read_bytes() == (folder / "second.vcf").read_bytes()


@EXAMPLES
@given(st.lists(vcf_records(), min_size=1, max_size=5))
def test_round_trip__splitting_a_record_changes_nothing(tmp_path_factory, records):
    """Each allele in a record of its own, as bcftools norm -m - writes it, and once more split: the same table."""
    folder = tmp_path_factory.mktemp("split")
    whole = read(folder / "whole.vcf", "".join(line(record, range(len(record["alts"]))) for record in records))
    parts = "".join(line(record, [n]) for record in records for n in range(len(record["alts"])))
    split = read(folder / "split.vcf", parts)
    same(whole, split)


@EXAMPLES
@given(st.lists(vcf_records(), min_size=1, max_size=5))
def test_round_trip__variants_become_sites_and_sites_variants(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("sites")
    first = read(folder / "first.vcf", "".join(line(record, range(len(record["alts"]))) for record in records))
    write_sites_vcf(first, folder / "sites.vcf", findings=Findings())
    found = set()
    for text in (folder / "sites.vcf").read_text().splitlines():
        if text.startswith("#"):
            continue
        chrom, pos, _, ref, alt, _, kept, _, _, call = text.split("\t")
        found.add((chrom, *trim_allele(int(pos), ref, alt), kept, call))
    wanted = set()
    for row in first.drop_duplicates(["chrom", "pos", "ref", "alt", "filter", "gene", "hgvsp_short"]).itertuples():
        vaf = "." if pd.isna(row.vaf) else str(row.vaf)
        call = f"0/1:{row.t_ref_count},{row.t_alt_count}:{vaf}"
        wanted.add((row.chrom, row.pos, row.ref, row.alt, "." if pd.isna(row.filter) else row.filter, call))
    assert wanted <= found


@EXAMPLES
@given(st.integers(1, 10**6), BASES, BASES)
def test_round_trip__trimming_twice_is_trimming_once(pos, ref, alt):
    once = trim_allele(pos, ref, alt)
    assert trim_allele(*once) == once
