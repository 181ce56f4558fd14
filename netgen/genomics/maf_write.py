"""Write the variants table as a MAF: the 34 columns of MAF 2.4 in their order, then those of vcf2maf and cBioPortal.

Alleles go back to the MAF convention: an insertion has the reference ``-`` and stands between the bases
``Start_Position`` and ``End_Position``; a deletion has the alternative ``-`` and spans the bases that are lost. What
netgen knows beyond a MAF stands behind: ``NETGEN_FLAGS``, ``NETGEN_FILE``, ``NETGEN_ROW`` and the further columns of
the table by their names.

Reading such a file gives the same table again, except: ``file`` and ``row`` are those of the new file; a row without a
build takes that of the others; ``vaf`` follows from the read counts where both are known; a row that is no variant
(no change) is left out; a tab or a line break inside a text is a blank.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.genomics.maf_columns import squeeze
from netgen.genomics.textfile import write_beside
from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_SPECIFIED: Final = (
    "Hugo_Symbol", "Entrez_Gene_Id", "Center", "NCBI_Build", "Chromosome", "Start_Position", "End_Position", "Strand",
    "Variant_Classification", "Variant_Type", "Reference_Allele", "Tumor_Seq_Allele1", "Tumor_Seq_Allele2", "dbSNP_RS",
    "dbSNP_Val_Status", "Tumor_Sample_Barcode", "Matched_Norm_Sample_Barcode", "Match_Norm_Seq_Allele1",
    "Match_Norm_Seq_Allele2", "Tumor_Validation_Allele1", "Tumor_Validation_Allele2", "Match_Norm_Validation_Allele1",
    "Match_Norm_Validation_Allele2", "Verification_Status", "Validation_Status", "Mutation_Status", "Sequencing_Phase",
    "Sequence_Source", "Validation_Method", "Score", "BAM_File", "Sequencer", "Tumor_Sample_UUID",
    "Matched_Norm_Sample_UUID",
)  # fmt: skip
# Column of the table -> column of the file. Alleles and positions are worked out.
_NAMES: Final[dict[str, str]] = {
    "gene": "Hugo_Symbol", "entrez_gene_id": "Entrez_Gene_Id", "build": "NCBI_Build", "chrom": "Chromosome",
    "variant_class": "Variant_Classification", "sample_id": "Tumor_Sample_Barcode",
    "mutation_status": "Mutation_Status", "hgvsc": "HGVSc", "hgvsp_short": "HGVSp_Short",
    "transcript_id": "Transcript_ID", "exon_number": "Exon_Number", "t_depth": "t_depth",
    "t_ref_count": "t_ref_count", "t_alt_count": "t_alt_count", "vaf": "t_vaf", "filter": "FILTER",
    "gnomad_af": "gnomAD_AF", "hotspot": "Hotspot", "cbp_driver": "cbp_driver", "oncogenic": "ONCOGENIC",
    "flags": "NETGEN_FLAGS", "file": "NETGEN_FILE", "row": "NETGEN_ROW",
}  # fmt: skip
_SUBSTITUTIONS: Final = ("SNP", "DNP", "TNP")


def write_maf(
    variants: pd.DataFrame, path: Path, *, sequenced_samples: Sequence[str] | None = None, inputs: Iterable[Path] = ()
) -> None:
    """Write variants as a MAF.

    Missing values are written as blanks, a missing gene id as 0.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``; further columns are written behind, as text, by their names.
    path
        The file; it appears when it is complete.
    sequenced_samples
        Samples that were looked at, for a ``#sequenced_samples:`` line; None for no such line.
    inputs
        Files that must not be written over; those that ``variants`` came from are among them anyway.

    Raises
    ------
    AnalysisError
        E_OUTPUT_PATH if ``path`` is an input or cannot be written.

    Notes
    -----
    Witnesses: ``tests/genomics/test_maf_write.py`` (literal rows) and ``test_round_trip.py`` (any table, read again).
    """
    table = schema.conform(variants, schema.VARIANTS)
    sources = [Path(name) for name in table["file"].dropna().unique()]
    frame = lay_out(table)
    with (
        write_beside(path, inputs=[*inputs, *sources]) as work,
        work.open("w", encoding="utf-8", newline="") as handle,
    ):
        handle.write(f"#version 2.4\n# {RESEARCH_USE}\n")
        if sequenced_samples is not None:
            handle.write(f"#sequenced_samples: {' '.join(sequenced_samples)}\n")
        frame.to_csv(handle, sep="\t", index=False, quoting=csv.QUOTE_NONE, lineterminator="\n")


def lay_out(variants: pd.DataFrame) -> pd.DataFrame:
    """Return variants as the text columns of a MAF.

    Parameters
    ----------
    variants
        ``schema.VARIANTS`` and perhaps further columns.

    Returns
    -------
    DataFrame
        One row per variant, "string" columns in the order of the file, blank for missing.
    """
    columns = {name: pd.Series("", index=variants.index, dtype="string") for name in _SPECIFIED}
    depth = variants["t_ref_count"] + variants["t_alt_count"]
    for name, target in _NAMES.items():
        if name in variants or name == "t_depth":
            columns[target] = to_text(depth if name == "t_depth" else variants[name])
    columns["Entrez_Gene_Id"] = columns["Entrez_Gene_Id"].mask(columns["Entrez_Gene_Id"] == "", "0")
    columns["Chromosome"] = columns["Chromosome"].replace({"M": "MT"})
    columns["Strand"] = pd.Series("+", index=variants.index, dtype="string")
    columns |= _alleles(variants)
    taken = {squeeze(name) for name in columns}
    for extra in variants.columns:
        if extra not in _NAMES and extra not in schema.VARIANTS.names and squeeze(str(extra)) not in taken:
            columns[str(extra)] = to_text(variants[extra])
    return pd.DataFrame(columns)


def to_text(column: pd.Series) -> pd.Series:
    """Return a column as the text of a tab-separated file.

    Parameters
    ----------
    column
        Text, numbers or truth values.

    Returns
    -------
    Series
        "string"; blank where missing, 1 and 0 for truth values, decimals with all their digits, tabs and line breaks as
        blanks.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype("Int64")
    if pd.api.types.is_float_dtype(column.dtype):
        texts = ["" if np.isnan(value) else repr(float(value)) for value in column.to_numpy(float, na_value=np.nan)]
        return pd.Series(texts, index=column.index, dtype="string")
    return column.astype("string").str.replace(r"[\t\r\n]+", " ", regex=True).fillna("")


def _alleles(variants: pd.DataFrame) -> dict[str, pd.Series]:
    """Return position, alleles and type in the MAF convention; blank where the table has none."""
    ref, alt = variants["ref"].fillna(""), variants["alt"].fillna("")
    inserted = (ref == "-").to_numpy(dtype=bool)
    length = ref.str.len()
    start = variants["pos"] - inserted.astype(np.int64)
    end = variants["pos"] + length.where(~inserted & (ref != ""), 1) - 1
    return {
        "Start_Position": to_text(start),
        "End_Position": to_text(end),
        "Reference_Allele": ref,
        "Tumor_Seq_Allele1": ref,  # heterozygous, as vcf2maf writes it where the genotype is not at hand
        "Tumor_Seq_Allele2": alt,
        "Variant_Type": pd.Series(_types(ref, alt), index=variants.index, dtype="string"),
    }


def _types(ref: pd.Series, alt: pd.Series) -> NDArray[np.object_]:
    """Return SNP, DNP, TNP, ONP for alleles of equal length, else INS or DEL, whichever is longer; blank for none."""
    before = ref.str.strip("-").str.len().to_numpy(dtype=np.int64)
    after = alt.str.strip("-").str.len().to_numpy(dtype=np.int64)
    same = np.array(["", *_SUBSTITUTIONS, "ONP"], dtype=object)[np.minimum(before, len(_SUBSTITUTIONS) + 1)]
    return np.where(before == after, same, np.where(before < after, "INS", "DEL"))
