"""Which variants count as somatic: status, tumour-only logic, caller filter, read support, duplicates.

The policy of DOMAIN 1.4.3 and 1.4.4, in this order; every row that is dropped is counted per sample with its reason:

1. ``status``: None, LOH, Wildtype are no calls. Germline goes to the germline table. A blank, Unknown or unfamiliar
   status is taken as somatic (I_STATUS_ASSUMED_SOMATIC); in a sample known to be tumour-only, step 2 then decides.
2. ``population``: in a tumour-only sample, a somatic row with a population frequency of at least ``population_af``,
   whatever its status says: without a matched normal the label cannot be known. Rows that are left get the flag
   ``possible_germline`` if they lie in a predisposition gene and their allele fraction looks heterozygous (0.4-0.6) or
   homozygous (> 0.9).
3. ``filter``: a caller filter other than PASS, ``.`` or blank (``filters="any"`` keeps all).
4. ``depth``, ``alt_count``, ``vaf``: optional minima; a row without the number is kept.
5. ``duplicate``: the same variant of the same sample a second time, by position and alleles, or by gene and protein
   change where there is no position. The more severe class is kept, then the alphabetically first gene and change, so
   the choice does not depend on the order of rows.

Germline rows pass steps 3 to 5. They never enter somatic features or mutational burden.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.data import load_table
from netgen.genomics.classes import CLASS_RANK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

SOMATIC: Final = frozenset({"somatic", "somatic_vs_pool", "confirmed_somatic"})
GERMLINE: Final = frozenset({"germline"})
NO_CALL: Final = frozenset({"none", "loh", "wildtype", "wild_type"})
UNSTATED: Final = frozenset({"", "unknown", "unspecified", "na", "."})
POSSIBLE_GERMLINE: Final = "possible_germline"
_QC_COLUMNS: Final = ("sample_id", "reason", "n")


def _predisposition_genes() -> frozenset[str]:
    return frozenset(str(gene) for gene in load_table("predisposition_genes.tsv")["gene"])


@dataclass(frozen=True, kw_only=True)
class FilterSettings:
    """Thresholds of the variant policy.

    Attributes
    ----------
    population_af
        Population frequency from which a variant of a tumour-only sample is taken for a polymorphism.
    filters
        "pass" drops rows whose caller filter is not PASS, ``.`` or blank; "any" keeps them.
    min_depth, min_alt_count, min_vaf
        Minimum reads, reads with the alternative allele, and allele fraction; None = no minimum.
    heterozygous
        Allele fractions (both ends included) that look like a heterozygous germline variant.
    homozygous
        Allele fraction above which a variant looks like a homozygous germline variant.
    predisposition_genes
        Genes in which such variants are flagged.
    """

    population_af: float = 0.001
    filters: Literal["pass", "any"] = "pass"
    min_depth: int | None = None
    min_alt_count: int | None = None
    min_vaf: float | None = None
    heterozygous: tuple[float, float] = (0.4, 0.6)
    homozygous: float = 0.9
    predisposition_genes: frozenset[str] = field(default_factory=_predisposition_genes)


@dataclass(frozen=True, kw_only=True)
class FilteredVariants:
    """Variants by origin, and what was dropped.

    Attributes
    ----------
    somatic, germline
        ``schema.VARIANTS``, rows in their old order, ``mutation_status`` somatic or germline.
    qc
        ``sample_id``, ``reason``, ``n``, sorted: rows dropped per sample and reason.
    """

    somatic: pd.DataFrame
    germline: pd.DataFrame
    qc: pd.DataFrame


def apply_variant_policy(
    variants: pd.DataFrame,
    *,
    matched_normal: pd.Series | None = None,
    settings: FilterSettings | None = None,
    findings: Findings,
    file: str = "",
) -> FilteredVariants:
    """Split variants into somatic and germline, and drop what the policy does not accept.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``.
    matched_normal
        "boolean" per sample, indexed by sample_id: False = tumour-only, True = with a matched normal. A sample that is
        missing, or missing altogether (None), is treated as having one.
    settings
        Thresholds; the defaults if None.
    findings, file
        Collects I_STATUS_ASSUMED_SOMATIC and W_TUMOUR_ONLY_UNFILTERED.

    Returns
    -------
    FilteredVariants
        Every input row is in ``somatic``, in ``germline`` or counted in ``qc``.

    Notes
    -----
    Steps in the module docstring; witnesses in ``tests/genomics/test_filters.py`` (scenario SC05 among them).
    """
    settings = settings if settings is not None else FilterSettings()
    status = _read_status(variants["mutation_status"])
    germline = np.isin(status, list(GERMLINE))
    reason = np.where(np.isin(status, list(NO_CALL)), "status", "").astype(object)
    _report_assumed(variants, status, findings=findings, file=file)
    tumour_only = _is_tumour_only(variants["sample_id"], matched_normal) & ~germline
    _report_unfiltered(variants, tumour_only & (reason == ""), findings=findings, file=file)
    common = (variants["gnomad_af"] >= settings.population_af).to_numpy(dtype=bool, na_value=False)
    _mark(reason, tumour_only & common, "population")
    _mark(reason, _fails_filter(variants["filter"], settings), "filter")
    for name, failed in _unsupported(variants, settings).items():
        _mark(reason, failed, name)
    _mark(reason, _is_duplicate(variants, germline, reason == ""), "duplicate")
    flags = _flag_possible_germline(variants, tumour_only & (reason == ""), settings)
    out = variants.assign(flags=flags, mutation_status=_status_column(germline, variants.index))
    return FilteredVariants(
        somatic=_select(out, (reason == "") & ~germline),
        germline=_select(out, (reason == "") & germline),
        qc=_count(variants["sample_id"], reason),
    )


def _select(frame: pd.DataFrame, rows: NDArray[np.bool_]) -> pd.DataFrame:
    out = frame.copy(deep=False) if rows.all() else frame[rows]
    out.index = pd.RangeIndex(len(out))
    return out


def _read_status(column: pd.Series) -> NDArray[np.object_]:
    """Status in lower case, blanks inside as ``_``; the empty text where missing."""
    codes, values = pd.factorize(column)
    lookup = np.array([str(value).strip().lower().replace(" ", "_") for value in values] + [""], dtype=object)
    return lookup[codes]


def _status_column(germline: NDArray[np.bool_], index: pd.Index) -> pd.Series:
    return pd.Series(np.where(germline, "germline", "somatic"), index=index, dtype="string")


def _is_tumour_only(samples: pd.Series, matched_normal: pd.Series | None) -> NDArray[np.bool_]:
    if matched_normal is None:
        return np.zeros(len(samples), dtype=bool)
    known = matched_normal.astype("boolean").fillna(value=True)
    without = matched_normal.index[~known.to_numpy(dtype=bool)]
    return samples.isin(without).to_numpy(dtype=bool)


def _fails_filter(column: pd.Series, settings: FilterSettings) -> NDArray[np.bool_]:
    if settings.filters == "any":
        return np.zeros(len(column), dtype=bool)
    codes, values = pd.factorize(column)
    failing = [str(value).strip().upper() not in {"PASS", ".", ""} for value in values]
    return np.array([*failing, False], dtype=bool)[codes]  # the last answers a missing filter


def _unsupported(variants: pd.DataFrame, settings: FilterSettings) -> dict[str, NDArray[np.bool_]]:
    """Rows below each minimum that is set; a row without the number is not below it."""
    depth = variants["t_alt_count"] + variants["t_ref_count"]
    limits = {
        "depth": (depth, settings.min_depth),
        "alt_count": (variants["t_alt_count"], settings.min_alt_count),
        "vaf": (variants["vaf"], settings.min_vaf),
    }
    return {
        name: (values < limit).to_numpy(dtype=bool, na_value=False)
        for name, (values, limit) in limits.items()
        if limit is not None
    }


def _mark(reason: NDArray[np.object_], rows: NDArray[np.bool_], name: str) -> None:
    reason[rows & (reason == "")] = name


def _is_duplicate(variants: pd.DataFrame, germline: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that repeat another kept row; the best row of each group is not marked."""
    out = np.zeros(len(variants), dtype=bool)
    located = (variants["chrom"].notna() & variants["pos"].notna() & variants["alt"].notna()).to_numpy(dtype=bool)
    named = variants["hgvsp_short"].notna().to_numpy(dtype=bool)
    for rows, key in (
        (kept & located, ["sample_id", "build", "chrom", "pos", "ref", "alt"]),
        (kept & ~located & named, ["sample_id", "gene", "hgvsp_short"]),
    ):
        places = np.flatnonzero(rows)
        part = variants[key].iloc[places].assign(germline=germline[places])
        again = places[part.duplicated(keep=False).to_numpy()]
        if not again.size:
            continue
        suspects = variants.iloc[again].assign(germline=germline[again], place=again)
        suspects["rank"] = suspects["variant_class"].map(CLASS_RANK).astype("Int64")
        by = ["rank", "gene", "hgvsp_short", "t_alt_count", "row", "place"]
        ranked = suspects.sort_values(by, ascending=[True, True, True, False, True, True], kind="stable")
        out[ranked.loc[ranked.duplicated([*key, "germline"]).to_numpy(), "place"].to_numpy()] = True
    return out


def _flag_possible_germline(variants: pd.DataFrame, rows: NDArray[np.bool_], settings: FilterSettings) -> pd.Series:
    low, high = settings.heterozygous
    vaf = variants["vaf"]
    like = (vaf.between(low, high) | (vaf > settings.homozygous)).to_numpy(dtype=bool, na_value=False)
    listed = variants["gene"].isin(settings.predisposition_genes).to_numpy(dtype=bool)
    flags = variants["flags"].copy()
    here = rows & like & listed
    flags[here] = (flags[here].fillna("") + ";" + POSSIBLE_GERMLINE).str.lstrip(";")
    return flags


def _report_assumed(variants: pd.DataFrame, status: NDArray[np.object_], *, findings: Findings, file: str) -> None:
    stated = SOMATIC | GERMLINE | NO_CALL
    assumed = ~np.isin(status, list(stated))
    if not assumed.any():
        return
    odd = sorted({str(value) for value in set(status[assumed]) if value not in UNSTATED})
    samples = variants["sample_id"][assumed].nunique()
    found = f" (found {', '.join(odd)})" if odd else ""
    findings.add(
        "I_STATUS_ASSUMED_SOMATIC",
        f"{int(assumed.sum())} variants of {samples} samples have no usable mutation status and were taken as somatic"
        f"{found}.",
        file=file,
        column="mutation_status",
    )


def _report_unfiltered(
    variants: pd.DataFrame, tumour_only: NDArray[np.bool_], *, findings: Findings, file: str
) -> None:
    if not tumour_only.any():
        return
    annotated = variants.groupby("file", dropna=False)["gnomad_af"].transform("count").to_numpy() > 0
    rows = tumour_only & ~annotated
    if rows.any():
        findings.add(
            "W_TUMOUR_ONLY_UNFILTERED",
            f"{variants['sample_id'][rows].nunique()} samples have no matched normal and their variants carry no"
            " population frequency: germline variants cannot be told from somatic ones.",
            fix="Add a gnomAD frequency column.",
            file=file,
            column="gnomad_af",
            rule="V23",
        )


def _count(samples: pd.Series, reason: NDArray[np.object_]) -> pd.DataFrame:
    rows = reason != ""
    table = pd.DataFrame(
        {"sample_id": samples[rows].array, "reason": pd.array(reason[rows], dtype="string")},
        columns=list(_QC_COLUMNS[:2]),
    )
    counts = table.groupby(list(_QC_COLUMNS[:2])).size().rename("n").reset_index()
    return counts.astype({"sample_id": "string", "reason": "string", "n": "int64"})
