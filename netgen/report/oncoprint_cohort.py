"""What a cohort gives an oncoprint beside its matrix: mutational burden, clinical tracks, and titles of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.levels import SENSITIVITY
from netgen.association.actionable_patients import therapeutic_hits
from netgen.association.baseline_variables import collect_variables
from netgen.clinical.response import best_responses
from netgen.derive import annotate_cohort
from netgen.errors import AnalysisError, Findings
from netgen.genomics.collapse import choose_samples, include_samples
from netgen.genomics.kleene import code_coverage
from netgen.genomics.tmb import HIGH, SMALLEST_MB, estimate_tmb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix

ORDERS: Final = ("frequency", "given", "pathway", "relevance")
IMAGING_TRACKS: Final = ("fdg_pet", "sstr_imaging", "netpet")
LINE_TRACKS: Final = ("class_line_1", "class_line_2", "class_line_3", "lines_received")
RESPONSE: Final = "best_response"
NO_PATHWAY, NO_LEVEL = "Other genes", "No level of evidence"


def patient_burden(cohort: Cohort, matrix: AlterationMatrix) -> pd.DataFrame:
    """Return the mutational burden of each patient, from the samples that speak in the alteration matrix.

    Parameters
    ----------
    cohort
        The cohort.
    matrix
        Its policy says which samples count.

    Returns
    -------
    DataFrame
        ``patient_id, tmb, size_mb, status``, one row per patient with a sample that was profiled, sorted. ``tmb`` is
        the highest of the patient's samples, NaN where the panel is too small or of unknown size.

    Notes
    -----
    ``genomics.tmb.estimate_tmb``: protein-changing mutations per Mb. A patient has a value if one sample has.
    """
    columns = ["patient_id", "tmb", "size_mb", "status"]
    if not len(cohort.variants):
        return pd.DataFrame(columns=columns)
    speak = _speaking_samples(cohort, matrix)
    table = estimate_tmb(cohort.variants, cohort.profiles, cohort.panels, findings=Findings())
    table = table.loc[(table["status"] != "not_profiled").to_numpy(dtype=bool)]
    table = table.assign(patient_id=table["sample_id"].map(speak), no=table["status"] != "ok").dropna(
        subset=["patient_id"]
    )
    table = table.assign(tmb=table["tmb"].mask(table["no"].astype(bool)))
    ranked = table.sort_values(["patient_id", "no", "tmb", "sample_id"], ascending=[True, True, False, True])
    return ranked.drop_duplicates("patient_id").astype({"patient_id": "string"})[columns].reset_index(drop=True)


def _speaking_samples(cohort: Cohort, matrix: AlterationMatrix) -> pd.Series:
    """Patient of each sample that speaks, as ``build_alteration_matrix`` chooses them; indexed by sample."""
    included = include_samples(cohort.samples, patients=matrix.patients, include_cfdna=False)
    called = np.zeros(len(included), dtype=bool)
    if cohort.calls is not None:
        answered = cohort.calls.index[(cohort.calls >= 0).any(axis=1)]
        called = included["sample_id"].isin(answered).to_numpy(dtype=bool)
    coverage = code_coverage(
        included, cohort.profiles, cohort.panels, cohort.panel_genes, components=matrix.components,
        genes=matrix.features[:1], partial_is_enough=False, called=called,
    )  # fmt: skip
    chosen = choose_samples(
        included,
        policy=matrix.policy,
        profiled=(coverage.covered >= 0).any(axis=1) | called,
        panel_size=coverage.panel_size[coverage.covered[:, 0]],
        oncotree=cohort.patients.set_index("patient_id")["oncotree_code"],
    )
    return included.loc[chosen].set_index("sample_id")["patient_id"]


def burden_text(burden: pd.DataFrame) -> list[str]:
    """Return the sentence of the footer about the mutational burden.

    Parameters
    ----------
    burden
        From ``patient_burden``.

    Returns
    -------
    list of str
        Size of the panels and how many patients have no value; empty if nobody was profiled for mutations.
    """
    if not len(burden):
        return []
    sizes = burden.loc[burden["status"] == "ok", "size_mb"]
    small, unknown = (int((burden["status"] == name).sum()) for name in ("panel_small", "size_unknown"))
    missing = [f"{small} with a panel below {SMALLEST_MB:g} Mb"] if small else []
    missing += [f"{unknown} with a panel of unknown size"] if unknown else []
    if not len(sizes):
        return [f"No TMB: {' and '.join(missing)}."]
    lo, hi = float(sizes.min()), float(sizes.max())
    size = f"{lo:.3g}" if f"{lo:.3g}" == f"{hi:.3g}" else f"{lo:.3g} to {hi:.3g}"
    text = f"TMB: protein-changing mutations per Mb of the panel ({size} Mb), log scale, line at {HIGH:g}"
    return [f"{text}{'; not for ' + ' and '.join(missing) if missing else ''}."]


def clinical_tracks(cohort: Cohort, names: Sequence[str]) -> pd.DataFrame:
    """Return what imaging, treatments and responses say of each patient, for tracks that are asked for.

    Parameters
    ----------
    cohort
        The cohort.
    names
        Any tracks; only ``fdg_pet``, ``sstr_imaging``, ``netpet``, ``class_line_1`` to ``class_line_3``,
        ``lines_received`` and ``best_response`` (of line 1) are made here, if ``patients`` has no column so named.

    Returns
    -------
    DataFrame
        Indexed by ``patient_id``, one column per track that the study can give; missing = not known.
    """
    wanted = [name for name in names if name not in cohort.patients.columns]
    ids = pd.Index(sorted(cohort.patients["patient_id"]), dtype="string", name="patient_id")
    out = pd.DataFrame(index=ids)
    treated = len(cohort.treatments) > 0
    possible = (*(IMAGING_TRACKS if len(cohort.imaging) else ()), *(LINE_TRACKS if treated else ()))
    if set(wanted).intersection(possible):
        nobody = pd.Series(data=False, index=ids)
        for item in collect_variables(cohort, sequenced=nobody, outcome=None):
            if item.name in possible and item.name in wanted:
                out[item.name] = item.values.reindex(ids)
    if treated and RESPONSE in wanted:
        found = best_responses(cohort.clinical(), lines=[1], cutoff=cohort.study.data_cutoff, findings=Findings())
        out[RESPONSE] = found.set_index("patient_id")["bor"].reindex(ids).astype("string")
    return out


def title_rows(cohort: Cohort, order: str, pathways: Mapping[str, Sequence[str]]) -> tuple[dict[str, list[str]], str]:
    """Return the blocks that an order puts the rows in.

    Parameters
    ----------
    cohort
        The cohort.
    order
        ``pathway``, ``relevance``, or one without blocks.
    pathways
        Name -> genes, in the order of the study.

    Returns
    -------
    tuple
        Title -> genes, empty = no blocks; and the title of the other genes.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` for an unknown order, or if the study has no pathways.
    """
    if order not in ORDERS:
        raise AnalysisError("E_CONFIG", f"the order must be one of {', '.join(ORDERS)}, found {order!r}.")
    if order == "pathway":
        if not pathways:
            raise AnalysisError(
                "E_CONFIG",
                "rows by pathway need pathways, found none.",
                fix="Name them under [association.pathways] in study.toml.",
            )
        return {name: list(genes) for name, genes in pathways.items()}, NO_PATHWAY
    if order == "relevance":
        best = gene_levels(cohort)
        return {f"Level {level}": sorted(best.index[best == level]) for level in SENSITIVITY}, NO_LEVEL
    return {}, ""


def gene_levels(cohort: Cohort) -> pd.Series:
    """Return the best level of evidence that an alteration of each gene has in a patient of the cohort.

    Parameters
    ----------
    cohort
        The cohort; its tumour types must resolve.

    Returns
    -------
    Series
        ``levels.SENSITIVITY``, indexed by gene, sorted; a gene without one is absent.
    """
    hits = therapeutic_hits(annotate_cohort(cohort).hits)
    best = hits.sort_values(["gene", "rank"], kind="stable").drop_duplicates("gene")
    return best.set_index("gene")["level"]
