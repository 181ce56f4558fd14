"""Three-valued gene status as one number per cell, so that the Kleene OR is a maximum.

A *score* is an unsigned byte: ``ALTERED`` (101), ``WILD_TYPE`` (100), or the reason why the cell is not known (an index
into ``REASONS``, 1 .. 7). Altered beats wild type beats not known, and of two reasons the one that got further wins, so
patients are the maximum over their samples and no order matters.

Most cells are decided by coverage alone, and a study has few distinct coverages. ``Coverage`` therefore holds one row
of scores for each distinct combination of panels; dense arrays are gathered from it, and only alterations and cells
with their own reason are touched one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

REASONS: Final[tuple[str, ...]] = (
    "",
    "not_sequenced",
    "gene_not_on_panel",
    "partial_coverage",
    "profile_missing",
    "member_not_profiled",
    "feature_not_carried",
    "cfdna_negative",
)
REASON: Final[dict[str, int]] = {name: place for place, name in enumerate(REASONS)}
WILD_TYPE: Final = 100
ALTERED: Final = 101
_BLOCK: Final = 256  # rows converted at a time, to keep temporary arrays small


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What coverage alone says about every sample.

    Attributes
    ----------
    combination
        (n_samples,) row of ``scores`` of each sample.
    scores
        (n_combinations, n_genes) score of an unaltered gene.
    covered
        (n_samples, n_data_types) code of the panel behind each data type, -1 = not profiled.
    panels
        Panel ids, sorted; what the codes mean.
    by_panel
        Data type -> (n_panels + 1, n_genes) score of an unaltered gene; the last row is "no panel".
    panel_size
        (n_panels + 1,) increasing with the number of genes; infinite for whole exomes and genomes; 0 = no panel.
    """

    combination: NDArray[np.intp]
    scores: NDArray[np.uint8]
    covered: NDArray[np.intp]
    panels: pd.Index
    by_panel: dict[str, NDArray[np.uint8]]
    panel_size: NDArray[np.float64]


def code_coverage(
    included: pd.DataFrame,
    profiles: pd.DataFrame,
    panels: pd.DataFrame,
    panel_genes: pd.DataFrame,
    *,
    components: Sequence[str],
    genes: pd.Index,
    partial_is_enough: bool,
    called: NDArray[np.bool_],
) -> Coverage:
    """Return what coverage alone says about every sample and gene.

    Parameters
    ----------
    included
        Samples that can speak (``collapse.include_samples``), with ``negative_unknown``.
    profiles, panels, panel_genes
        Tables of ``netgen.schema``. A sample without a profile row was not sequenced; one that was profiled for other
        data types alone has ``profile_missing``.
    components
        Data types of the feature, in order; the first one that is not covered gives the reason.
    genes
        Genes of the analysis.
    partial_is_enough
        True if a gene whose hot spots alone are covered counts as covered.
    called
        (n_samples,) True for samples with a ready-made call for some gene; they were sequenced.

    Returns
    -------
    Coverage
        One score for each distinct combination of panels and gene.

    Raises
    ------
    AnalysisError
        If ``profiles`` names a panel of unknown content (E_NO_PANEL), or one sample twice (E_DUP_CONFLICT).
    """
    cells = _profile_cells(included, profiles, components)
    used = pd.Index(sorted({str(panel) for name in components for panel in cells[name].dropna().unique()}))
    covered = np.column_stack([used.get_indexer(pd.Index(cells[name])) for name in components]).astype(np.intp)
    whole = _whole_panels(used, panels, panel_genes)
    rows = panel_genes[panel_genes["panel_id"].isin(used)]
    hot_only = WILD_TYPE if partial_is_enough else REASON["partial_coverage"]
    by_panel = {name: _panel_scores(name, used, whole, rows, genes, partial=hot_only) for name in components}
    sequenced = _sequenced(included, profiles)
    extra = np.column_stack([sequenced, included["negative_unknown"].to_numpy(dtype=bool), called]).astype(np.intp)
    distinct, combination = np.unique(np.hstack([covered, extra]), axis=0, return_inverse=True)
    return Coverage(
        combination=combination.reshape(-1),
        scores=_combine(distinct, [by_panel[name] for name in components], n_genes=len(genes)),
        covered=covered,
        panels=used,
        by_panel=by_panel,
        panel_size=_panel_sizes(used, whole, rows, panels),
    )


def group_patients(
    combination: NDArray[np.intp], patient: NDArray[np.intp], scores: NDArray[np.uint8], *, n_patients: int
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Return one row of scores for each distinct set of combinations, and the row of every patient.

    Parameters
    ----------
    combination, patient
        (n_samples,) codes of the samples that speak.
    scores
        (n_combinations, n_genes) scores of unaltered genes.
    n_patients
        Number of patients; one without samples was not sequenced.

    Returns
    -------
    tuple
        (n_groups, n_genes) scores and (n_patients,) group codes.
    """
    pairs = np.unique(np.column_stack([patient, combination]), axis=0)
    owner, combos = pairs[:, 0], pairs[:, 1]
    n_distinct = np.bincount(owner, minlength=n_patients)
    nobody = len(scores)
    group = np.full(n_patients, nobody, dtype=np.intp)
    single = n_distinct[owner] == 1
    group[owner[single]] = combos[single]
    rows = [scores, np.full((1, scores.shape[1]), REASON["not_sequenced"], dtype=np.uint8)]
    known: dict[bytes, int] = {}
    bounds = np.r_[0, np.cumsum(n_distinct)]
    for one in np.flatnonzero(n_distinct > 1):
        members = combos[bounds[one] : bounds[one + 1]]
        key = members.tobytes()
        if key not in known:
            known[key] = nobody + 1 + len(known)
            rows.append(scores[members].max(axis=0, keepdims=True))
        group[one] = known[key]
    return np.concatenate(rows), group


def split_scores(score: NDArray[np.uint8]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Return status (1, 0, -1) and reason of every cell; ``score`` is used up.

    Parameters
    ----------
    score
        (n_features, n_patients) scores. Its memory becomes the reasons.

    Returns
    -------
    tuple
        Status and reason, both of the shape of ``score``.
    """
    status = np.empty(score.shape, dtype=np.int8)
    for start in range(0, len(score), _BLOCK):
        part = score[start : start + _BLOCK]
        known = part >= WILD_TYPE
        status[start : start + _BLOCK] = np.where(known, part - np.uint8(WILD_TYPE), np.uint8(255)).view(np.int8)
        part[known] = 0
    return status, score


def _profile_cells(included: pd.DataFrame, profiles: pd.DataFrame, components: Sequence[str]) -> pd.DataFrame:
    twice = profiles.loc[profiles["sample_id"].duplicated(), "sample_id"]
    if len(twice):
        raise AnalysisError("E_DUP_CONFLICT", f"The profiles hold sample {twice.iloc[0]} more than once.")
    return profiles.set_index("sample_id").reindex(columns=list(components)).reindex(included["sample_id"])


def _sequenced(included: pd.DataFrame, profiles: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which samples were profiled for any data type."""
    known = profiles.reindex(columns=["mutations", "cna", "structural_variants"]).notna().any(axis=1)
    return included["sample_id"].isin(profiles.loc[known, "sample_id"]).to_numpy(dtype=bool)


def _whole_panels(used: pd.Index, panels: pd.DataFrame, panel_genes: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which panels cover every gene; a panel that is neither whole nor listed is an error."""
    whole = used.isin(panels.loc[panels["genes_mode"] == "all", "panel_id"])
    unknown = used[~whole & ~used.isin(panel_genes["panel_id"])]
    if len(unknown):
        raise AnalysisError(
            "E_NO_PANEL",
            f"The genes of panel {', '.join(unknown)} are not known: absent genes cannot be told from negative ones.",
            fix="Give the panel file (--panel FILE), or declare the assay (--assay wes or wgs).",
        )
    return np.asarray(whole, dtype=bool)


def _panel_scores(
    name: str, used: pd.Index, whole: NDArray[np.bool_], rows: pd.DataFrame, genes: pd.Index, *, partial: int
) -> NDArray[np.uint8]:
    table = np.full((len(used) + 1, len(genes)), REASON["gene_not_on_panel"], dtype=np.uint8)
    profile = rows["profile"] if "profile" in rows else pd.Series(pd.NA, index=rows.index, dtype="string")
    rows = rows[profile.isna() | profile.isin([name])]
    hot_only = rows["partial"] if "partial" in rows else pd.Series(pd.NA, index=rows.index, dtype="boolean")
    panel, gene = used.get_indexer(pd.Index(rows["panel_id"])), genes.get_indexer(pd.Index(rows["gene"]))
    known = gene >= 0
    value = np.where(hot_only.fillna(value=False), partial, WILD_TYPE).astype(np.uint8)
    np.maximum.at(table, (panel[known], gene[known]), value[known])
    table[:-1][whole] = WILD_TYPE
    table[-1] = REASON["profile_missing"]
    return table


def _combine(distinct: NDArray[np.intp], tables: Sequence[NDArray[np.uint8]], *, n_genes: int) -> NDArray[np.uint8]:
    """Return the scores of each combination (columns of ``distinct``: panels, sequenced, negative_unknown, called)."""
    scores = np.full((len(distinct), n_genes), WILD_TYPE, dtype=np.uint8)
    for place in reversed(range(len(tables))):
        own = tables[place][distinct[:, place]]
        scores = np.where(own == WILD_TYPE, scores, own)
    unsequenced = distinct[:, -3] == 0
    scores[unsequenced] = REASON["not_sequenced"]
    scores[unsequenced & (distinct[:, -1] == 1)] = REASON["gene_not_on_panel"]
    blind = distinct[:, -2] == 1
    scores[blind] = np.where(scores[blind] == WILD_TYPE, REASON["cfdna_negative"], scores[blind])
    return scores


def _panel_sizes(
    used: pd.Index, whole: NDArray[np.bool_], rows: pd.DataFrame, panels: pd.DataFrame
) -> NDArray[np.float64]:
    """Return genes listed (whole assays: infinite is too coarse, so 1e6), plus territory in Mb / 1e4 to break ties."""
    listed = rows.groupby("panel_id")["gene"].nunique().reindex(used).fillna(0).to_numpy(dtype=np.float64)
    territory = panels.set_index("panel_id")["size_mb"].reindex(used).fillna(0).to_numpy(dtype=np.float64)
    size = np.where(whole, 1e6, listed) + territory / 1e4
    return np.append(size, 0.0)
