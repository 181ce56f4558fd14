"""The coverage ledger: which gene was looked at in which sample of which patient, by which data type, and if not, why.

One row per patient, sample, gene and profile (mutations, cna, structural_variants). The alteration matrix reads the
same panels through the same function (``kleene.code_coverage``), so that a cell of the matrix is not profiled exactly
where no sample of the patient has every profile of the feature in this table, for the reason that stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.cells import encode
from netgen.genomics.collapse import include_samples
from netgen.genomics.kleene import REASON, REASONS, WILD_TYPE, code_coverage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

PROFILES: Final = ("mutations", "cna", "structural_variants")
LEDGER_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "sample_id": "sample; blank for a patient without a sample that counts",
    "gene": "current symbol",
    "profile": "mutations, cna or structural_variants",
    "status": "profiled; partial: hot-spot regions alone; not_profiled",
    "reason": "why not; blank if profiled: not_sequenced, gene_not_on_panel, partial_coverage, profile_missing or "
    "cfdna_negative",
    "panel_id": "panel behind the profile; blank if there is none",
    "source": "what says so: panel_matrix, sample_table, meta_file, panel_file, bed, assay, case_list, "
    "sequenced_samples, file, assumed or gene_table",
}
GENE_TABLE: Final = "gene_table"  # a ready-made matrix or list of carriers
_STATUS: Final = np.array(["profiled", "partial", "not_profiled"], dtype=object)


def build_coverage(
    *,
    samples: pd.DataFrame,
    profiles: pd.DataFrame,
    panels: pd.DataFrame,
    panel_genes: pd.DataFrame,
    copy_number: pd.DataFrame | None = None,
    calls: pd.DataFrame | None = None,
    patients: Iterable[str] | None = None,
    genes: Iterable[str] | None = None,
    include_cfdna: bool = False,
) -> pd.DataFrame:
    """Return the coverage ledger of a cohort.

    Parameters
    ----------
    samples, profiles, panels, panel_genes
        Tables of ``netgen.schema``.
    copy_number
        A missing value of a gene in a sample: the gene was not measured there. None = no such table.
    calls
        A ready-made matrix, samples (index) x genes (columns): 1 altered, 0 wild type, -1 not profiled. What has a call
        was profiled for mutations. None = no such table.
    patients
        Patients of the ledger; None = all that have a sample.
    genes
        Genes of the ledger; None = the genes that panels in use list, and those of ``calls``. A whole exome or genome
        lists none: name the genes that matter.
    include_cfdna
        Let cell-free DNA count, as in ``matrix.build_alteration_matrix``.

    Returns
    -------
    DataFrame
        ``LEDGER_COLUMNS``, text, sorted by patient, sample, gene and profile. Normal samples, and cell-free DNA unless
        it is included, have no rows.

    Raises
    ------
    AnalysisError
        If ``profiles`` names a panel of unknown content (E_NO_PANEL), or one sample twice (E_DUP_CONFLICT).

    Notes
    -----
    A hot-spot panel covers ``partial``: enough for the feature ``hotspot``, a gap for all others. Negatives of
    cell-free DNA without a stated tumour fraction say nothing. Witness: the alteration matrix, in
    ``tests/genomics/test_coverage_ledger.py``.
    """
    ids = pd.Index(sorted(set(samples["patient_id"].dropna() if patients is None else patients)), dtype="string")
    included = include_samples(samples, patients=ids, include_cfdna=include_cfdna)
    wanted = _genes(genes, included, profiles, panel_genes, calls)
    alone = ids[~ids.isin(included["patient_id"])]
    rows = pd.DataFrame(
        {
            "patient_id": pd.concat([included["patient_id"], pd.Series(alone, dtype="string")], ignore_index=True),
            "sample_id": included["sample_id"].astype("string").reindex(range(len(included) + len(alone))),
        }
    )
    tables = {"profiles": profiles, "panels": panels, "panel_genes": panel_genes}
    called = _call_values(calls, included, wanted)
    answered = np.asarray((called >= 0).any(axis=1), dtype=bool)
    parts = []
    for name in PROFILES:
        found = code_coverage(
            included, **tables, components=(name,), genes=wanted, partial_is_enough=False, called=answered
        )
        score = found.scores[found.combination]
        if name == "cna":
            _mark_unmeasured(score, copy_number, included, wanted)
        decided = _mark_called(score, called, included) if name == "mutations" else np.zeros(score.shape, dtype=bool)
        parts.append(_unfold(rows, wanted, name, score, decided, profiles))
    order = ["patient_id", "sample_id", "gene", "profile"]
    return pd.concat(parts, ignore_index=True).sort_values(order, kind="stable", ignore_index=True)


def _genes(
    genes: Iterable[str] | None,
    included: pd.DataFrame,
    profiles: pd.DataFrame,
    panel_genes: pd.DataFrame,
    calls: pd.DataFrame | None,
) -> pd.Index:
    if genes is not None:
        return pd.Index(sorted(set(genes)), dtype="string")
    known = profiles[profiles["sample_id"].isin(included["sample_id"])]
    used = {panel for name in PROFILES for panel in known[name].dropna()}
    found = {str(gene) for gene in panel_genes.loc[panel_genes["panel_id"].isin(used), "gene"].dropna()}
    if calls is not None and calls.index.isin(included["sample_id"]).any():
        found |= {str(gene) for gene in calls.columns}
    return pd.Index(sorted(found), dtype="string")


def _call_values(calls: pd.DataFrame | None, included: pd.DataFrame, genes: pd.Index) -> NDArray[np.int8]:
    """Return calls as samples x genes: 1 altered, 0 wild type, -1 no call."""
    if calls is None:
        return np.full((len(included), len(genes)), -1, dtype=np.int8)
    own = calls.set_axis(calls.columns.astype("string"), axis=1).set_axis(calls.index.astype("string"), axis=0)
    return own.reindex(index=pd.Index(included["sample_id"]), columns=genes, fill_value=-1).to_numpy(dtype=np.int8)


def _mark_called(score: NDArray[np.uint8], called: NDArray[np.int8], included: pd.DataFrame) -> NDArray[np.bool_]:
    """Take what has a call as profiled, but for the negatives of blind samples; tell which cells a call decided."""
    blind = included["negative_unknown"].to_numpy(dtype=bool)[:, None]
    decided = np.asarray((score != WILD_TYPE) & (called >= 0), dtype=bool)
    score[decided] = WILD_TYPE
    score[decided & blind & (called == 0)] = REASON["cfdna_negative"]
    return decided


def _mark_unmeasured(
    score: NDArray[np.uint8], copy_number: pd.DataFrame | None, included: pd.DataFrame, genes: pd.Index
) -> None:
    if copy_number is None:
        return
    blank = copy_number[copy_number["value"].isna()]
    sample = encode(blank["sample_id"], pd.Index(included["sample_id"], dtype="string"))
    gene = encode(blank["gene"], genes)
    known = (sample >= 0) & (gene >= 0)
    here = score[sample[known], gene[known]]
    score[sample[known], gene[known]] = np.where(here == WILD_TYPE, np.uint8(REASON["profile_missing"]), here)


def _unfold(
    rows: pd.DataFrame,
    genes: pd.Index,
    name: str,
    score: NDArray[np.uint8],
    decided: NDArray[np.bool_],
    profiles: pd.DataFrame,
) -> pd.DataFrame:
    """Return the rows of one profile; ``rows`` beyond those of ``score`` are patients without samples."""
    n_alone = len(rows) - len(score)
    missing = np.full((n_alone, len(genes)), REASON["not_sequenced"], dtype=np.uint8)
    flat = np.concatenate([score, missing]).ravel()
    called = np.concatenate([decided, np.zeros_like(missing, dtype=bool)]).ravel()
    own = profiles.set_index("sample_id").reindex(columns=[name, f"{name}_source"]).astype("string")
    own = own.reindex(rows["sample_id"]).reset_index(drop=True)
    place = np.repeat(np.arange(len(rows)), len(genes))
    reasons = pd.array(REASONS, dtype="string")
    done = flat == WILD_TYPE
    status = np.where(done, 0, np.where(flat == REASON["partial_coverage"], 1, 2))
    source = own[f"{name}_source"].take(place).mask(called, GENE_TABLE)
    return pd.DataFrame(
        {
            "patient_id": rows["patient_id"].array.take(place),
            "sample_id": rows["sample_id"].array.take(place),
            "gene": genes.array.take(np.tile(np.arange(len(genes)), len(rows))),
            "profile": pd.array([name], dtype="string").take(np.zeros(len(place), dtype=np.intp)),
            "status": pd.array(_STATUS, dtype="string").take(status),
            "reason": reasons.take(np.where(done, 0, flat)),
            "panel_id": own[name].array.take(place),
            "source": source.array,
        },
        columns=list(LEDGER_COLUMNS),
    )
