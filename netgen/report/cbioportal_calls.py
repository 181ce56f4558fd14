"""Mutations, copy number and structural variants of a cohort as the tables cBioPortal loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.gene_names import load_gene_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.cohort import Cohort
    from netgen.errors import Findings

_DRIVER: Final = ("Putative_Driver", "Putative_Passenger", "NA", "Unknown")
# Column of a MAF -> ours, where the values are the same.
_MAF: Final = {
    "Tumor_Sample_Barcode": "sample_id", "HGVSc": "hgvsc", "Transcript_ID": "transcript_id",
    "t_alt_count": "t_alt_count", "t_ref_count": "t_ref_count", "t_vaf": "vaf", "Mutation_Status": "mutation_status",
    "gnomAD_AF": "gnomad_af", "Hotspot": "hotspot", "ONCOGENIC": "oncogenic",
}  # fmt: skip
_SV: Final = {
    "Sample_Id": "sample_id", "SV_Status": "status", "Site1_Hugo_Symbol": "gene1", "Site1_Chromosome": "chrom1",
    "Site1_Position": "pos1", "Site2_Hugo_Symbol": "gene2", "Site2_Chromosome": "chrom2", "Site2_Position": "pos2",
    "Site2_Effect_On_Frame": "frame", "NCBI_Build": "build", "Class": "sv_class",
    "Tumor_Split_Read_Count": "split_reads", "Tumor_Paired_End_Read_Count": "pair_reads", "Event_Info": "event_info",
    "Annotation": "notation",
}  # fmt: skip
_BASES: Final = {1: "SNP", 2: "DNP", 3: "TNP"}


def main_build(cohort: Cohort) -> str:
    """Return the genome build of most variants; that of the study, else GRCh37, if none states one.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    str
        GRCh37 or GRCh38.
    """
    counts = cohort.variants["build"].value_counts()
    return str(counts.index[0]) if len(counts) else cohort.study.genome or "GRCh37"


def mutation_table(cohort: Cohort, *, germline: bool, left: Findings) -> pd.DataFrame:
    """Return the small variants of the samples of a cohort in MAF columns.

    Parameters
    ----------
    cohort
        The cohort.
    germline
        Write germline variants as well.
    left
        Receives what is not written, with its number: variants of unlisted samples, positions on another build,
        protein changes that cBioPortal refuses, germline variants.

    Returns
    -------
    DataFrame
        One row per variant, sorted by sample, gene and position.
    """
    frame = cohort.variants
    if germline:
        frame = pd.concat([frame, cohort.germline.assign(mutation_status="GERMLINE")], ignore_index=True)
    elif len(cohort.germline):
        left.add("I_ROWS_IGNORED", f"{len(cohort.germline)} germline variants are not exported.", value="germline")
    frame = _of_samples(frame, cohort, "variants", left)
    frame = frame.sort_values(["sample_id", "gene", "chrom", "pos", "alt"], kind="stable", ignore_index=True)
    build = main_build(cohort)
    other = (frame["build"].notna() & (frame["build"] != build)).to_numpy(dtype=bool, na_value=False)
    if other.any():
        left.add(
            "I_ROWS_IGNORED",
            f"{int(other.sum())} variants are not on {build}, the one build that a study of cBioPortal has: written"
            " without their positions.",
            column="NCBI_Build",
        )
    ref, alt = frame["ref"].fillna("").mask(other, ""), frame["alt"].fillna("").mask(other, "")
    inserted = (ref == "-").to_numpy(dtype=bool)
    length = ref.str.len().where(~inserted, 2)
    start = (frame["pos"] - inserted.astype("int64")).mask(other)
    return pd.DataFrame(
        {
            "Hugo_Symbol": frame["gene"],
            "Entrez_Gene_Id": _entrez(frame),
            "NCBI_Build": frame["build"].mask(other),
            "Chromosome": frame["chrom"].mask(other),
            "Start_Position": start,
            "End_Position": start + length.clip(lower=1).astype("Int64") - 1,
            "Variant_Classification": frame["variant_class"],
            "Variant_Type": _variant_type(ref, alt),
            "Reference_Allele": ref,
            "Tumor_Seq_Allele1": ref,
            "Tumor_Seq_Allele2": alt,
            "HGVSp_Short": _protein_change(frame["hgvsp_short"], left),
            **{name: frame[ours] for name, ours in _MAF.items()},
            "cbp_driver": frame["cbp_driver"].where(frame["cbp_driver"].isin(_DRIVER)),
        }
    )


def _of_samples(frame: pd.DataFrame, cohort: Cohort, what: str, left: Findings) -> pd.DataFrame:
    """Return the rows of listed samples: cBioPortal refuses others."""
    listed = frame["sample_id"].isin(cohort.samples["sample_id"]).to_numpy(dtype=bool, na_value=False)
    if not listed.all():
        left.add("I_ROWS_IGNORED", f"{int((~listed).sum())} {what} are of samples that no patient has.", value=what)
    return frame[listed].reset_index(drop=True)


def _entrez(frame: pd.DataFrame) -> pd.Series:
    """Return the NCBI gene id where it means the gene of the row, else that of the gene table."""
    names = load_gene_names()
    stated = frame["entrez_gene_id"].where((frame["entrez_gene_id"] > 0).fillna(value=False))
    meant = stated.map(lambda number: names.symbol_of.get(int(number), ""), na_action="ignore").astype("string")
    wrong = ((meant != "") & (meant != frame["gene"])).fillna(value=False)
    known = frame["gene"].map(lambda gene: names.entrez_of.get(str(gene), pd.NA), na_action="ignore").astype("Int64")
    return stated.mask(wrong).fillna(known)


def _variant_type(ref: pd.Series, alt: pd.Series) -> pd.Series:
    kinds = []
    for before, after in zip(ref, alt, strict=True):
        if not before or not after:
            kinds.append("")
        elif before == "-" or (after != "-" and len(after) > len(before)):
            kinds.append("INS")
        elif after == "-" or len(after) < len(before):
            kinds.append("DEL")
        else:
            kinds.append(_BASES.get(len(before), "ONP"))
    return pd.Series(kinds, index=ref.index, dtype="string")


def _protein_change(text: pd.Series, left: Findings) -> pd.Series:
    bad = text.str.contains(r"[;,]|.p\.", regex=True).fillna(value=False).to_numpy(dtype=bool)
    if bad.any():
        left.add(
            "I_ROWS_IGNORED",
            f"{int(bad.sum())} protein changes with a comma, a semicolon or a second p. are not written.",
            column="HGVSp_Short",
        )
    return text.mask(bad)


def copy_number_table(cohort: Cohort, covered: Mapping[str, frozenset[str] | None], left: Findings) -> pd.DataFrame:
    """Return discrete copy number, genes x samples.

    Parameters
    ----------
    cohort
        The cohort.
    covered
        Profiled sample -> genes of its panel, None = every gene.
    left
        Receives rows that are not written, with their number.

    Returns
    -------
    DataFrame
        Hugo_Symbol and one column per profiled sample: -2 ... 2, missing where the panel lacks the gene.
    """
    frame = _of_samples(cohort.copy_number, cohort, "copy numbers", left)
    samples = sorted({*covered, *frame["sample_id"]})
    genes = sorted({*frame["gene"], *(gene for panel in covered.values() if panel is not None for gene in panel)})
    place = {gene: number for number, gene in enumerate(genes)}
    cells = np.full((len(genes), len(samples)), "NA", dtype=object)
    for column, sample in enumerate(samples):
        panel = covered.get(sample, frozenset())
        cells[slice(None) if panel is None else [place[gene] for gene in panel], column] = "0"
    values = frame["value"].map(lambda value: f"{value:g}", na_action="ignore").astype("string").fillna("NA")
    rows = frame["gene"].map(place).to_numpy(dtype=np.intp)
    columns = frame["sample_id"].map({sample: number for number, sample in enumerate(samples)}).to_numpy(dtype=np.intp)
    cells[rows, columns] = values.to_numpy(dtype=object)
    table = pd.DataFrame(cells, columns=samples, dtype="string")
    table.insert(0, "Hugo_Symbol", pd.Series(genes, dtype="string"))
    return table


def structural_variant_table(cohort: Cohort, *, germline: bool, left: Findings) -> pd.DataFrame:
    """Return structural variants in the columns of ``data_sv``.

    Parameters
    ----------
    cohort
        The cohort.
    germline
        Write germline events as well.
    left
        Receives rows that are not written, with their number.

    Returns
    -------
    DataFrame
        One row per event, in the order of the cohort.
    """
    frame = _of_samples(cohort.fusions, cohort, "structural variants", left)
    inherited = (frame["status"] == "GERMLINE").to_numpy(dtype=bool, na_value=False)
    if inherited.any() and not germline:
        left.add(
            "I_ROWS_IGNORED", f"{int(inherited.sum())} germline structural variants are not exported.", value="germline"
        )
        frame = frame[~inherited].reset_index(drop=True)
    out = {name: frame[ours] for name, ours in _SV.items() if ours in frame}
    for name, ours in (("DNA_Support", "dna_support"), ("RNA_Support", "rna_support")):
        if ours in frame:
            out[name] = frame[ours].astype("boolean").map({True: "Yes", False: "No"}).astype("string")
    return pd.DataFrame(out)
