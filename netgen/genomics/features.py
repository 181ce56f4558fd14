"""Which alterations make a gene "altered": the feature definitions.

A feature type is a rule over up to three data types (mutations, copy number, structural variants). This module turns
the tables of a cohort into two lists: *hits*, the rows that make a gene altered in a sample, and *unclear* cells, where
the tables cannot say "not altered" although the gene was sequenced. Germline rows never count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.classes import is_altering, is_truncating

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

DATA_TYPES: Final = ("mutations", "cna", "structural_variants")
# Feature type -> the data types it is made of. Copy number and structural variants count where the study has them.
FEATURE_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "any_nonsyn": ("mutations",),
    "lof": DATA_TYPES,
    "driver": ("mutations",),
    "hotspot": ("mutations",),
    "altered": DATA_TYPES,
    "actionable": DATA_TYPES,
}
RULE_BASED: Final = ("driver", "actionable")  # rules of actionability have a say in them
HIT_COLUMNS: Final = ("sample_id", "gene", "kind", "variant_class", "label", "vaf", "partner", "file", "row")
DEEP_LOSS: Final = -1.5  # -1.5 is written by some callers for a homozygous deletion
AMPLIFIED: Final = 2.0
_DRIVER_CALLS: Final = frozenset({"putative_driver"})
_ONCOGENIC_CALLS: Final = frozenset({"oncogenic", "likely oncogenic"})
_BROKEN_FRAMES: Final = ("Out_of_frame", "Frameshift")


def select_hits(
    feature_type: str,
    components: Collection[str],
    *,
    variants: pd.DataFrame | None,
    copy_number: pd.DataFrame | None,
    fusions: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the rows that make a gene altered, one row per sample, gene and alteration.

    A structural variant gives one row for each of its genes. Rows without a gene are left out.

    Parameters
    ----------
    feature_type
        One of ``FEATURE_TYPES``.
    components
        Data types that the study carries; the others are not looked at.
    variants, copy_number, fusions
        Tables of ``netgen.schema``; None = no such table.

    Returns
    -------
    DataFrame
        Columns ``HIT_COLUMNS``. ``kind`` is mutation, amplification, homozygous_deletion or fusion; ``partner`` is the
        other gene of a fusion.

    Notes
    -----
    1. ``any_nonsyn``: altering classes (``classes.is_altering``, with the TERT promoter).
    2. ``lof``: truncating classes that are not flagged ``lof_cterm``, homozygous deletions, disruptive structural
       variants (see :func:`is_disruptive`).
    3. ``driver``: ``cbp_driver`` = Putative_Driver, or ``oncogenic`` in {Oncogenic, Likely Oncogenic}, or a truth
       column ``driver`` that is True, whatever the class.
    4. ``hotspot``: altering and flagged ``hotspot``.
    5. ``altered``: altering mutation, amplification (2), homozygous deletion (-2, -1.5), or any structural variant.
       Gains (1) and shallow losses (-1) never count.
    6. ``actionable``: none of its own; rules of actionability name the rows (``actionability.annotate.list_features``).
    """
    if feature_type == "actionable":
        components = ()
    parts = []
    if variants is not None and "mutations" in components:
        parts.append(_mutation_hits(variants, feature_type))
    if copy_number is not None and "cna" in components:
        parts.append(_copy_number_hits(copy_number, amplifications=feature_type == "altered"))
    if fusions is not None and "structural_variants" in components:
        parts.append(_fusion_hits(fusions, disruptive_only=feature_type == "lof"))
    parts = [part for part in parts if len(part)]
    if not parts:
        return _hits(pd.DataFrame({"sample_id": pd.Series(dtype="string"), "gene": pd.Series(dtype="string")}))
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def select_unclear(
    feature_type: str, components: Collection[str], *, variants: pd.DataFrame | None, copy_number: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the cells that are not "wild type" although the gene was covered.

    Parameters
    ----------
    feature_type
        One of ``FEATURE_TYPES``.
    components
        Data types that the study carries.
    variants, copy_number
        Tables of ``netgen.schema``; None = no such table.

    Returns
    -------
    DataFrame
        ``sample_id, gene, reason``. ``profile_missing``: the copy-number table holds a missing value for this gene.
        ``feature_not_carried``: an altering mutation is there, but the study has no driver (or hot-spot) annotation at
        all, so it may or may not be one; or its hot-spot mark is missing, where others are marked as none.
    """
    parts = [pd.DataFrame({name: pd.Series(dtype="string") for name in ("sample_id", "gene", "reason")})]
    if copy_number is not None and "cna" in components:
        blank = copy_number.loc[copy_number["value"].isna() & copy_number["gene"].notna(), ["sample_id", "gene"]]
        parts.append(blank.assign(reason="profile_missing"))
    if variants is not None and feature_type in {"driver", "hotspot"}:
        untold = _is_untold(variants, feature_type)
        open_rows = variants.loc[_altering(variants) & _somatic(variants) & untold, ["sample_id", "gene"]]
        parts.append(open_rows.assign(reason="feature_not_carried"))
    return pd.concat(parts, ignore_index=True).astype("string")


def is_disruptive(fusions: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which structural variants break the genes they touch.

    Parameters
    ----------
    fusions
        Table ``fusions`` of ``netgen.schema``.

    Returns
    -------
    ndarray
        (n,) True if the frame is lost (Out_of_frame, Frameshift), or if only one gene is involved, the frame is not
        stated to be kept and the class is not a duplication. A product of two genes with unknown frame is not called
        disruptive.
    """
    frame, sv_class = fusions["frame"], fusions["sv_class"]
    first, second = fusions["gene1"], fusions["gene2"]
    one_gene = first.isna() | second.isna() | (first == second).fillna(value=False)
    kept = (frame == "In_frame").fillna(value=False) | (sv_class == "DUPLICATION").fillna(value=False)
    lost = frame.isin(_BROKEN_FRAMES)
    return (lost | (one_gene & ~kept)).to_numpy(dtype=bool)


def matches(values: pd.Series, wanted: frozenset[str]) -> NDArray[np.bool_]:
    """Tell which texts are among ``wanted`` (lower case, trimmed); a missing value is not.

    Parameters
    ----------
    values
        (n,) texts, few distinct ones.
    wanted
        Lower-case texts.

    Returns
    -------
    ndarray
        (n,) truth.
    """
    codes, levels = pd.factorize(values)
    table = np.array([*(str(level).strip().casefold() in wanted for level in levels), False], dtype=bool)
    return table[codes]


def _mutation_hits(variants: pd.DataFrame, feature_type: str) -> pd.DataFrame:
    keep = _qualifies(variants, feature_type) & _somatic(variants) & variants["gene"].notna().to_numpy()
    rows = variants[keep]
    label = rows["hgvsp_short"] if "hgvsp_short" in rows else pd.Series(pd.NA, index=rows.index, dtype="string")
    for name in ("hgvsc", "variant_class"):
        if name in rows:
            label = label.fillna(rows[name])
    return _hits(rows, kind="mutation", label=label)


def _qualifies(variants: pd.DataFrame, feature_type: str) -> NDArray[np.bool_]:
    if feature_type == "lof":
        truncating = np.asarray(is_truncating(variants["variant_class"]), dtype=bool)
        return truncating & ~_flagged(variants, "lof_cterm")
    if feature_type == "driver":
        return _driver(variants)
    altering = _altering(variants)
    return altering & _true(variants, "hotspot") if feature_type == "hotspot" else altering


def _altering(variants: pd.DataFrame) -> NDArray[np.bool_]:
    return np.asarray(is_altering(variants["variant_class"], variants["gene"]), dtype=bool)


def _somatic(variants: pd.DataFrame) -> NDArray[np.bool_]:
    if "mutation_status" not in variants:
        return np.ones(len(variants), dtype=bool)
    return ~matches(variants["mutation_status"], frozenset({"germline"}))


def _driver(variants: pd.DataFrame) -> NDArray[np.bool_]:
    found = _true(variants, "driver")
    for name, wanted in (("cbp_driver", _DRIVER_CALLS), ("oncogenic", _ONCOGENIC_CALLS)):
        if name in variants:
            found |= matches(variants[name], wanted)
    return found


def _is_untold(variants: pd.DataFrame, feature_type: str) -> NDArray[np.bool_]:
    """Tell of which rows it is not known whether they are drivers (or hot spots).

    A column of marks alone says no by leaving blank; where it also says no in words, a blank says nothing.
    """
    names = ("hotspot",) if feature_type == "hotspot" else ("driver", "cbp_driver", "oncogenic")
    if not any(bool(variants[name].notna().any()) for name in names if name in variants):
        return np.ones(len(variants), dtype=bool)
    if feature_type == "driver" or not (variants["hotspot"] == False).any():  # noqa: E712  # three-valued
        return np.zeros(len(variants), dtype=bool)
    return np.asarray(variants["hotspot"].isna(), dtype=bool)


def _true(frame: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame[name].astype("boolean").to_numpy(dtype=bool, na_value=False)


def _flagged(frame: pd.DataFrame, flag: str) -> NDArray[np.bool_]:
    if "flags" not in frame:
        return np.zeros(len(frame), dtype=bool)
    codes, levels = pd.factorize(frame["flags"])
    return np.array([*(flag in str(level).split(";") for level in levels), False], dtype=bool)[codes]


def _copy_number_hits(copy_number: pd.DataFrame, *, amplifications: bool) -> pd.DataFrame:
    value = copy_number["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    deep = value <= DEEP_LOSS
    keep = (deep | (value >= AMPLIFIED) if amplifications else deep) & copy_number["gene"].notna().to_numpy()
    kind = np.where(deep[keep], "homozygous_deletion", "amplification")
    label = np.where(deep[keep], "homdel", "amp")
    return _hits(copy_number[keep], kind=kind, label=label)


def _fusion_hits(fusions: pd.DataFrame, *, disruptive_only: bool) -> pd.DataFrame:
    keep = ~matches(fusions["status"], frozenset({"germline"}))
    if disruptive_only:
        keep &= is_disruptive(fusions)
    rows = fusions[keep]
    first, second = rows["gene1"], rows["gene2"]
    single = first.fillna(second)
    both = first.notna() & second.notna() & (first != second).fillna(value=False)
    label = (first + "::" + second).where(both, single + " rearrangement")
    label = label.mask((first == second).fillna(value=False), single + "-intragenic")
    rows = rows.assign(label=label, variant_class=rows["sv_class"])
    sides = [
        rows[gene.notna()].assign(gene=gene[gene.notna()], partner=other[gene.notna()])
        for gene, other in ((single, second.where(both)), (second.where(both), first))
    ]
    joined = pd.concat(sides, ignore_index=True)
    return _hits(joined, kind="fusion", label=joined["label"])


def _hits(
    rows: pd.DataFrame,
    *,
    kind: str | NDArray[np.str_] = "",
    label: str | NDArray[np.str_] | pd.Series = "",
) -> pd.DataFrame:
    """Return the columns of a hit table, absent ones empty."""
    out = rows.assign(kind=kind, label=label).reindex(columns=list(HIT_COLUMNS))
    text = {name: out[name].astype("string") for name in HIT_COLUMNS if name not in {"vaf", "row"}}
    return out.assign(**text, vaf=out["vaf"].astype("float64"), row=out["row"].astype("Int64")).reset_index(drop=True)
