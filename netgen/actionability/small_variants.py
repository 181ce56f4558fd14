"""Small variants as alterations: what they change, whether they are loss of function, where they come from.

A variant is an alteration if its class alters the protein, if it lies in the promoter of TERT, or if it may make MET
skip exon 14 from outside the exon (``exon_skipping``). Others are left out and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.exon_skipping import MET_EXON, POSSIBLE_SKIP, annotate_exons
from netgen.actionability.functional import annotate_function
from netgen.actionability.protein_changes import parse_protein_changes
from netgen.genomics.classes import is_altering, is_truncating
from netgen.genomics.features import matches
from netgen.genomics.filters import GERMLINE, POSSIBLE_GERMLINE
from netgen.genomics.notation import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

CLASS_CONFLICT: Final = "class_conflict"
# What a class says of the change where the protein change does not, or cannot, say it.
_TYPE_OF_CLASS: Final = {
    "Missense_Mutation": "missense", "Nonsense_Mutation": "nonsense", "Frame_Shift_Del": "frameshift",
    "Frame_Shift_Ins": "frameshift", "In_Frame_Del": "inframe_del", "In_Frame_Ins": "inframe_ins",
    "Splice_Site": "splice", "Translation_Start_Site": "start_loss", "Nonstop_Mutation": "stop_loss",
    "5'Flank": "promoter", "Silent": "silent",
}  # fmt: skip
# These classes speak of more than the residue that the text names.
_CLASS_FIRST: Final = ("Splice_Site", "Translation_Start_Site", "5'Flank")
_FRAMESHIFT: Final = ("Frame_Shift_Del", "Frame_Shift_Ins")
_SUBSTITUTED: Final = ("missense", "silent")
_IN_FRAME: Final = ("missense", "inframe_del", "inframe_ins")
_UNSTATED: Final = {
    "Nonsense_Mutation": "truncating, change not stated",
    "Splice_Site": "splice site, change not stated",
    "Missense_Mutation": "mutation, change not stated",
}
_COLUMNS: Final = [
    "sample_id", "gene", "kind", "alteration", "variant_class", "change", "ref_aa", "first_aa", "last_aa",
    "change_type", "exon", "exon_skip", "genomic", "lof", "function", "hotspot", "oncogenic", "origin", "vaf", "flags",
    "file", "row",
]  # fmt: skip
_EXON_WORDS: Final = {"splice": "skipping", "inframe_del": "deletion", "inframe_ins": "insertion"}


def list_small_variants(
    variants: pd.DataFrame, *, germline: bool, functions: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the variants that are alterations, described.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``, filtered; perhaps with ``exon`` or ``exon_number``. Every row has a gene.
    germline
        True for the table of germline variants. In the other one a row is germline if its status or a flag says so,
        of unknown origin if it is flagged ``possible_germline``, else somatic.
    functions
        Curated effects, ``functional.index_functions``; those that ship if None.

    Returns
    -------
    DataFrame
        Columns of ``alterations.ALTERATION_COLUMNS`` that a small variant has, old index.

    Notes
    -----
    1. Type of change: by the protein change; by the class if that is Splice_Site, Translation_Start_Site or 5'Flank, or
       if there is no readable protein change. A change that was not stated (``trunc``, ``mut``) is ``other``.
    2. A frameshift whose text names only its first new residue (``F186V``) becomes ``F186Vfs``.
    3. ``lof`` (DOMAIN 1.4.2): a truncating class, not flagged ``lof_cterm``, not known to be activating, not skipping
       of MET exon 14. A nonsense or frameshift class whose protein change keeps the frame is flagged ``class_conflict``
       and is not. A Splice_Site whose text names a substitution, or an unchanged residue, has the flag but stays one:
       the text says nothing of the transcript.
    """
    rows = _complete_frameshift(_beside(variants, parse_protein_changes(variants["hgvsp_short"])))
    rows = _beside(rows, annotate_exons(rows))
    altering = np.asarray(is_altering(rows["variant_class"], rows["gene"]), dtype=bool)
    rows = rows[altering | rows["exon_skip"].fillna(value=True).to_numpy(dtype=bool)]
    flags = rows["flags"].fillna("")
    unspecified = _flagged(flags, UNSPECIFIED)
    conflict = (
        rows["variant_class"].isin(("Nonsense_Mutation", *_FRAMESHIFT)) & rows["change_type"].isin(_IN_FRAME)
    ).to_numpy(dtype=bool)
    substituted = (rows["variant_class"].eq("Splice_Site") & rows["change_type"].isin(_SUBSTITUTED)).to_numpy(
        dtype=bool
    )
    rows = rows.assign(change_type=_settle_type(rows, unspecified))
    flags = add_flag(flags, conflict | substituted, CLASS_CONFLICT)
    flags = add_flag(flags, rows["exon_skip"].isna().to_numpy(), POSSIBLE_SKIP)
    rows = rows.assign(
        function=annotate_function(rows, functions), alteration=_label(rows, unspecified), genomic=_genomic(rows),
        origin="germline" if germline else _origin(rows, flags), kind="mutation", flags=flags,
    )  # fmt: skip
    met_skip = (rows["gene"].eq("MET") & rows["exon_skip"] & rows["exon"].eq(MET_EXON)).to_numpy(bool, na_value=False)
    lof = np.asarray(is_truncating(rows["variant_class"]), dtype=bool) & ~conflict & ~_flagged(flags, "lof_cterm")
    lof &= ~met_skip & rows["function"].ne("activating").to_numpy(dtype=bool)
    out: pd.DataFrame = rows.assign(lof=lof)[_COLUMNS]
    return out


def add_flag(flags: pd.Series, rows: NDArray[np.bool_], flag: str) -> pd.Series:
    """Return flags with one more where ``rows`` says so.

    Parameters
    ----------
    flags
        Flags joined by ";", "" for none.
    rows
        (n,) truth.
    flag
        The one to add.

    Returns
    -------
    Series of "string"
        Same index.
    """
    out = flags.astype("string")
    if rows.any():
        out[rows] = (out[rows] + ";" + flag).str.lstrip(";")
    return out


def _beside(rows: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """Set columns of another table with the same rows."""
    return rows.assign(**{str(name): column for name, column in columns.items()})


def _complete_frameshift(rows: pd.DataFrame) -> pd.DataFrame:
    """Mark the first residue of a frameshift as such, lest it be taken for a substitution."""
    first_only = rows["variant_class"].isin(_FRAMESHIFT) & rows["change_type"].eq("missense")
    change = (rows["change"] + "fs").where(first_only, rows["change"])
    return rows.assign(change=change, change_type=rows["change_type"].mask(first_only, "frameshift"))


def _flagged(flags: pd.Series, flag: str) -> NDArray[np.bool_]:
    return _by_level(flags, lambda text: flag in text.split(";"))


def _by_level(column: pd.Series, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
    codes, levels = pd.factorize(column)
    return np.array([*(holds(str(level)) for level in levels), False], dtype=bool)[codes]


def _settle_type(rows: pd.DataFrame, unspecified: NDArray[np.bool_]) -> pd.Series:
    by_class = rows["variant_class"].map(_TYPE_OF_CLASS).astype("string").fillna("other")
    by_class = by_class.mask(unspecified & (by_class != "splice").to_numpy(dtype=bool), "other")
    silent_text = rows["change_type"].isin(["", "other", "silent"])
    return by_class.where(silent_text | rows["variant_class"].isin(_CLASS_FIRST), rows["change_type"]).astype("string")


def _label(rows: pd.DataFrame, unspecified: NDArray[np.bool_]) -> pd.Series:
    """Name a variant: by protein change, coding change, exon, what was said, or class and position."""
    change = rows["change"]
    label = ("p." + change).where(change != "")
    label = label.fillna(rows["hgvsc"])
    exon = "exon " + rows["exon"].astype("string") + " " + rows["change_type"].map(_EXON_WORDS).astype("string")
    named = rows["exon"].notna() & (rows["change_type"].ne("splice") | rows["exon_skip"])
    label = label.fillna(exon.where(named.fillna(value=False)))
    label = label.fillna(rows["variant_class"].map(_UNSTATED).astype("string").where(unspecified))
    place = rows["variant_class"] + " " + rows["chrom"].astype("string") + ":" + rows["pos"].astype("string")
    return label.fillna(place).fillna(rows["variant_class"]).astype("string")


def _genomic(rows: pd.DataFrame) -> pd.Series:
    """Write ``GRCh38:7:140753336:A:T``; "" where a part is missing. Alleles are trimmed, ``-`` for none."""
    parts = [rows[name].astype("string") for name in ("build", "chrom", "pos", "ref", "alt")]
    out = parts[0]
    for part in parts[1:]:
        out = out + ":" + part
    return out.fillna("")


def _origin(rows: pd.DataFrame, flags: pd.Series) -> NDArray[np.str_]:
    germline = matches(rows["mutation_status"], GERMLINE) | _flagged(flags, "germline")
    return np.where(germline, "germline", np.where(_flagged(flags, POSSIBLE_GERMLINE), "unknown", "somatic"))
