"""Targets that were looked at without an answer: a mutation that is not named, a gene that is only called altered.

A file may say that a gene is mutated, but not how; a ready-made gene table never says how. Whoever has such an entry is
neither positive nor negative for the rules that ask for a change: the target counts as not covered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.guards import is_unstated, read_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOMATIC: Final = ("hotspot", "mutation", "splice")  # needs that a somatic mutation answers


def find_unstated(
    alterations: pd.DataFrame, hits: pd.DataFrame, markers: pd.DataFrame, pairs: pd.DataFrame, patients: pd.Index
) -> NDArray[np.bool_]:
    """Return which markers a mutation of unknown change leaves open.

    Parameters
    ----------
    alterations
        ``actionability.alterations.ALTERATION_COLUMNS``.
    hits
        What the rules found in them, ``actionability.matching.HIT_COLUMNS``.
    markers, pairs
        Of ``actionable_markers.list_markers``.
    patients
        (n,) patient ids.

    Returns
    -------
    NDArray[np.bool_]
        (m, n) True where a mutation of the gene names no change and no rule of the marker was met by it or by another
        alteration. Germline mutations speak of germline markers, somatic ones of the others, those of unknown origin
        of both.
    """
    rows = alterations[(alterations["kind"].eq("mutation") & alterations["gene"].isin(markers["gene"])).to_numpy(bool)]
    rows = rows[is_unstated(read_columns(rows))]
    places = markers.loc[markers["needs"].isin([*SOMATIC, "germline"]).to_numpy(bool), ["marker", "gene", "needs"]]
    found = rows[["patient_id", "gene", "origin"]].drop_duplicates().merge(places, on="gene")
    found = found[found["origin"].to_numpy(str) != np.where(found["needs"] == "germline", "somatic", "germline")]
    met = hits[["rule_id", "gene", "patient_id"]].drop_duplicates().merge(pairs, on=["rule_id", "gene"])
    out, names = np.zeros((len(markers), len(patients)), dtype=bool), pd.Index(markers["marker"])
    for pair, is_open in ((found, True), (met, False)):
        marker = names.get_indexer(pd.Index(pair["marker"]))
        patient = patients.get_indexer(pd.Index(pair["patient_id"]))
        known = (marker >= 0) & (patient >= 0)
        out[marker[known], patient[known]] = is_open
    return out


def find_called(
    calls: pd.DataFrame | None, included: pd.DataFrame, genes: pd.Index, patients: pd.Index
) -> NDArray[np.bool_]:
    """Return for which genes a patient has a ready-made call.

    Parameters
    ----------
    calls
        Samples x genes: 1 altered, 0 wild type, -1 not profiled; None = no such table.
    included
        Samples that speak, with ``patient_id``.
    genes
        (g,) genes.
    patients
        (n,) patient ids.

    Returns
    -------
    NDArray[np.bool_]
        (g, n) True for altered and for wild type.
    """
    out = np.zeros((len(genes), len(patients)), dtype=bool)
    if calls is not None:
        known = calls.reindex(index=pd.Index(included["sample_id"]), columns=genes).ge(0).to_numpy(dtype=bool)
        np.logical_or.at(out.T, patients.get_indexer(pd.Index(included["patient_id"])), known)
    return out
