"""Loss of both copies of a gene, by what the tables say (DOMAIN 4.6).

A *hit* is an alteration that is loss of function, or a variant that is curated as inactivating. Both copies are lost

- ``yes``: if the gene is homozygously deleted; if a sample has two hits that can be told apart; or one hit and a call
  of loss of heterozygosity;
- ``probable``: if the allele fraction of a somatic hit exceeds purity/2 + 0.15.

Limits. Whether two hits lie on different copies is not looked at. Hits in different samples of a patient are not put
together, but a germline hit counts in every sample. Variants without a stated change are not told apart from others,
and structural variants of one gene and sample count once. Fractions of germline variants say nothing about the second
copy at a known purity, and genes of the X chromosome reach the limit in men with a single hit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.features import matches
from netgen.genomics.notation import UNSPECIFIED

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN: Final = 0.15
_ROUNDING: Final = 1e-9  # 0.6/2 + 0.15 is 0.45 in decimals and less in binary
_YES: Final = frozenset({"1", "1.0", "true", "yes", "loh", "y"})
_SITE: Final = ["sample_id", "gene"]


def call_biallelic(alterations: pd.DataFrame, *, purity: pd.Series, loh: pd.DataFrame) -> pd.Series:
    """Return whether each alteration is part of a loss of both copies.

    Parameters
    ----------
    alterations
        Columns ``patient_id``, ``sample_id``, ``gene``, ``kind``, ``alteration``, ``change``, ``genomic``, ``lof``,
        ``function``, ``origin``, ``vaf``, ``flags``.
    purity
        Tumour purity (fraction) by ``sample_id``; a sample that is missing has none, and nothing is probable there.
    loh
        Calls of :func:`list_loh`.

    Returns
    -------
    Series of "string"
        ``yes``, ``probable`` or "" on hits, "" on others; index of ``alterations``.

    Notes
    -----
    Witnesses, among them a loop over patients, in ``tests/actionability/test_biallelic.py``.
    """
    out = pd.Series("", index=alterations.index, dtype="string")
    hit = (alterations["lof"] | alterations["function"].eq("inactivating")).to_numpy(dtype=bool)
    rows = alterations[hit]
    if rows.empty:
        return out
    rows = rows.assign(hit=_hit_names(rows), row=np.arange(len(rows)))
    limit = rows["sample_id"].map(purity).astype("float64") / 2 + MARGIN
    high = (rows["vaf"] > limit + _ROUNDING) & rows["kind"].eq("mutation") & rows["origin"].eq("somatic")
    both = _lost_twice(rows, loh)
    out[hit] = np.where(both, "yes", np.where(high.to_numpy(dtype=bool, na_value=False), "probable", ""))
    return out


def list_loh(variants: pd.DataFrame | None, copy_number: pd.DataFrame | None) -> pd.DataFrame:
    """Return samples and genes for which the tables say loss of heterozygosity.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``: a flag ``loh``, or an extra column ``loh`` that says yes.
    copy_number
        ``schema.COPY_NUMBER``: an extra column ``loh`` that says yes, or ``minor_copy_number`` that is 0. A shallow
        loss (-1) alone is no such call.

    Returns
    -------
    DataFrame
        ``sample_id``, ``gene``; distinct, sorted.
    """
    parts = [pd.DataFrame({name: pd.Series(dtype="string") for name in _SITE})]
    for table in (variants, copy_number):
        if table is None:
            continue
        said = np.zeros(len(table), dtype=bool)
        if "loh" in table:
            said |= matches(table["loh"].astype("string"), _YES)
        if "minor_copy_number" in table:
            said |= table["minor_copy_number"].eq(0).to_numpy(dtype=bool, na_value=False)
        if "flags" in table:
            said |= table["flags"].str.contains(r"(?:^|;)loh(?:;|$)", case=False).to_numpy(dtype=bool, na_value=False)
        parts.append(table.loc[said, _SITE].astype("string"))
    return pd.concat(parts).dropna().drop_duplicates().sort_values(_SITE, ignore_index=True)


def _hit_names(rows: pd.DataFrame) -> pd.Series:
    """Name each hit so that one variant reported twice has one name; missing if it cannot be told from others."""
    name = rows["change"].where(rows["change"] != "", rows["genomic"])
    name = name.where(name != "", rows["alteration"])
    name = name.mask(rows["flags"].str.split(";").map(lambda items: UNSPECIFIED in items).astype(bool))
    return name.mask(rows["kind"] != "mutation", rows["kind"])


def _lost_twice(rows: pd.DataFrame, loh: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which hits have a second one in a sample, or a call that the other copy is gone."""
    germline = rows["origin"].eq("germline").to_numpy(dtype=bool)
    columns = ["patient_id", *_SITE, "hit", "row"]
    sites = rows[["patient_id", *_SITE]]
    called = loh.merge(rows[["patient_id", "sample_id"]].drop_duplicates(), on="sample_id")
    sites = pd.concat([sites, called[["patient_id", *_SITE]]]).drop_duplicates()
    spread = rows[germline].drop(columns="sample_id").merge(sites, on=["patient_id", "gene"])
    table = pd.concat([rows.loc[~germline, columns], spread[columns]], ignore_index=True)
    groups = table.groupby(_SITE, sort=False)["hit"]
    deleted = table["hit"].eq("homdel").groupby([table[name] for name in _SITE], sort=False).transform("any")
    closed = pd.MultiIndex.from_frame(table[_SITE]).isin(pd.MultiIndex.from_frame(loh[_SITE]))
    both = (groups.transform("nunique") >= 2) | deleted.fillna(value=False) | closed
    out = np.zeros(len(rows), dtype=bool)
    out[table.loc[both.to_numpy(dtype=bool), "row"].to_numpy()] = True
    return out
