"""Copy number and structural variants as alterations.

Copy number: 2 is an amplification, -2 and -1.5 a homozygous deletion; gains and shallow losses are neither. Structural
variants: two rows for an event of two genes, one for an event of one. Five-prime and three-prime are known only where
the table states the orientation or the event's text writes ``FIVE::THREE``; the order of columns says nothing (DOMAIN
1.6).
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pandas as pd

from netgen.actionability.exon_skipping import MET_EXON
from netgen.actionability.small_variants import add_flag
from netgen.genomics.features import AMPLIFIED, DEEP_LOSS, is_disruptive, matches

INTRAGENIC: Final = "intragenic"
PARTNER_UNKNOWN: Final = "partner_unknown"
ORIENTATION_UNKNOWN: Final = "orientation_unknown"
_COPY_COLUMNS: Final = ["sample_id", "gene", "kind", "alteration", "exon_skip", "lof", "origin"]
_FUSION_COLUMNS: Final = [
    "event", "sample_id", "gene", "partner", "kind", "alteration", "variant_class", "change_type", "exon", "exon_skip",
    "lof", "origin", "place", "frame", "flags", "file", "row",
]  # fmt: skip
_WITHIN: Final = ("DELETION", "DUPLICATION", "INSERTION")  # of one gene: within it
_FRAMES: Final = {"In_frame": "in_frame", "Out_of_frame": "out_of_frame", "Frameshift": "out_of_frame"}
_WRITTEN: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]*)::([A-Za-z0-9][A-Za-z0-9.-]*)")
_SKIP: Final = re.compile(r"ex(?:on)?[\s_-]*(\d+)[\s_-]*skip", re.IGNORECASE)


def list_copy_number(copy_number: pd.DataFrame) -> pd.DataFrame:
    """Return amplifications and homozygous deletions.

    Parameters
    ----------
    copy_number
        ``schema.COPY_NUMBER``.

    Returns
    -------
    DataFrame
        Columns of ``alterations.ALTERATION_COLUMNS`` that they have. A homozygous deletion is loss of function.
    """
    value = copy_number["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    rows = copy_number[(value >= AMPLIFIED) | (value <= DEEP_LOSS)]
    deep = (rows["value"] <= DEEP_LOSS).to_numpy(dtype=bool)
    out = rows.assign(
        kind=np.where(deep, "homdel", "amplification"),
        alteration=np.where(deep, "homozygous deletion", "amplification"),
        exon_skip=False,
        lof=deep,
        origin="somatic",
    )
    return out[_COPY_COLUMNS]


def list_fusions(fusions: pd.DataFrame) -> pd.DataFrame:
    """Return structural variants, one row per gene.

    Parameters
    ----------
    fusions
        ``schema.FUSIONS``.

    Returns
    -------
    DataFrame
        Columns of ``alterations.ALTERATION_COLUMNS`` that they have, and ``event``: the position of the row in
        ``fusions``.

    Notes
    -----
    1. Two genes: ``partner`` is the other one; flag ``orientation_unknown`` unless column ``orientation`` or
       the text states it; the column decides.
    2. The same gene twice, or one gene and class DELETION, DUPLICATION or INSERTION: flag ``intragenic``, and the
       partner is the gene itself. Other events of one gene: flag ``partner_unknown``.
    3. ``lof`` as ``genomics.features.is_disruptive``.
    4. An event of one gene whose text says ``exon 14 skipping`` is a mutation of type splice that skips the exon, and
       not a loss of function of MET.
    """
    rows = fusions.reset_index(drop=True)
    first, second = rows["gene1"].fillna(rows["gene2"]), rows["gene2"].where(rows["gene1"].notna())
    two = (second.notna() & (first != second)).to_numpy(dtype=bool, na_value=False)
    same = (first == second).to_numpy(dtype=bool, na_value=False)
    within = same | (~two & rows["sv_class"].isin(_WITHIN).to_numpy(dtype=bool))
    lof = is_disruptive(rows)
    germline = matches(rows["status"], frozenset({"germline"}))
    five = _five_prime(rows)
    known = two & (five > 0)
    label = (first + "::" + second).mask(known & (five == 2), second + "::" + first)
    label = label.where(two, first + " rearrangement").mask(within, first + "-intragenic")
    flags = pd.Series("", index=rows.index, dtype="string")
    for marked, flag in ((within, INTRAGENIC), (~two & ~within, PARTNER_UNKNOWN), (two & ~known, ORIENTATION_UNKNOWN)):
        flags = add_flag(flags, marked, flag)
    rows = rows.assign(
        event=rows.index, kind="fusion", alteration=label, variant_class=rows["sv_class"], flags=flags, lof=lof,
        frame=rows["frame"].map(_FRAMES).astype("string").fillna("unknown"),
        origin=np.where(germline, "germline", "somatic"),
    )  # fmt: skip
    sides = []
    for place, (gene, other) in enumerate(((first, second), (second.where(two), first)), start=1):
        side = np.where(known, np.where(five == place, "five_prime", "three_prime"), "unknown")
        partner = other.where(two, first.where(within))
        sides.append(rows.assign(gene=gene, partner=partner, place=side)[gene.notna().to_numpy()])
    return _read_skipping(pd.concat(sides, ignore_index=True), two)[_FUSION_COLUMNS]


def _five_prime(rows: pd.DataFrame) -> np.ndarray:
    """Return which gene is stated to be the five-prime partner: 1, 2, or 0 where it is not said."""
    stated = rows["orientation"].map({"gene1_gene2": 1, "gene2_gene1": 2})
    out = stated.astype("Int8").fillna(0).to_numpy(dtype=np.int8)
    names = zip(rows["event_info"].fillna(""), rows["gene1"].fillna(""), rows["gene2"].fillna(""), strict=True)
    for place, (text, one, two) in enumerate(names):
        found = _WRITTEN.search(str(text)) if "::" in str(text) and not out[place] else None
        if found and one and two and one != two:
            forward = (found[1] == one) + (found[2] == two)
            backward = (found[1] == two) + (found[2] == one)
            out[place] = 0 if forward == backward else 1 if forward > backward else 2
    return out


def _read_skipping(rows: pd.DataFrame, two: np.ndarray) -> pd.DataFrame:
    """Turn events of one gene that are called a skipped exon into mutations."""
    exon = rows["event_info"].str.extract(_SKIP, expand=False)
    skip = exon.notna().to_numpy(dtype=bool) & ~two[rows["event"].to_numpy(dtype=np.int64)]
    number = exon.where(skip).astype("Int64")
    met = skip & rows["gene"].eq("MET").to_numpy(dtype=bool, na_value=False) & number.eq(MET_EXON).fillna(value=False)
    return rows.assign(
        kind=rows["kind"].mask(skip, "mutation"),
        change_type=np.where(skip, "splice", ""),
        alteration=rows["alteration"].mask(skip, "exon " + number.astype("string") + " skipping"),
        exon=number,
        exon_skip=skip,
        partner=rows["partner"].mask(skip),
        lof=rows["lof"].to_numpy(dtype=bool) & ~met.to_numpy(dtype=bool),
    )
