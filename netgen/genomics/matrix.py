"""The alteration matrix: which feature is altered, wild type or not profiled in which patient.

The oncoprint, the frequencies, the tests and the models all read this one object. A gene that was not sequenced is not
wild type: such a cell is -1 and carries its reason, and every denominator is the number of profiled patients.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError, Findings
from netgen.genomics.cells import Cells, code_calls, code_pairs, encode, fill_scores
from netgen.genomics.collapse import POLICIES, choose_samples, include_samples
from netgen.genomics.features import DATA_TYPES, FEATURE_TYPES, RULE_BASED, select_hits, select_unclear
from netgen.genomics.hotspots import check_hotspots_known
from netgen.genomics.kleene import REASON, REASONS, code_coverage, split_scores
from netgen.genomics.pathways import NA_POLICIES, check_pathways, score_pathways
from netgen.genomics.trace import find_discordance, report_off_panel, trace_alterations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["REASONS", "AlterationMatrix", "build_alteration_matrix", "frequencies"]


@dataclass(frozen=True, kw_only=True)
class AlterationMatrix:
    """Features x patients, three-valued.

    Attributes
    ----------
    status
        (n_features, n_patients) int8: 1 altered, 0 profiled and not altered, -1 not profiled.
    reason
        Same shape, uint8 index into ``REASONS``; 0 wherever ``status`` >= 0.
    patients, features
        Sorted axes. A feature is a gene or a pathway.
    feature_type
        What "altered" means: any_nonsyn, lof, driver, hotspot, altered, actionable.
    policy
        How the samples of a patient were collapsed.
    components
        Data types that define the feature in this study.
    detail
        One row per alteration behind an altered cell: ``patient_id, sample_id, feature, gene, kind, variant_class,
        label, vaf, file, row``.
    discordance
        ``patient_id, feature, sample_id, status``: samples of one patient that differ.
    hash
        SHA-256 over status, patients, features, feature type, policy and components; the same for the same facts,
        whatever the order of the input rows.
    """

    status: NDArray[np.int8]
    reason: NDArray[np.uint8]
    patients: pd.Index
    features: pd.Index
    feature_type: str
    policy: str
    components: tuple[str, ...]
    detail: pd.DataFrame
    discordance: pd.DataFrame
    hash: str

    def to_frame(self) -> pd.DataFrame:
        """Return patients x features, Int8, with NA where not profiled."""
        arrays = {
            name: pd.arrays.IntegerArray(np.where(row < 0, 0, row).astype(np.int8), row < 0)
            for name, row in zip(self.features, self.status, strict=True)
        }
        return pd.DataFrame(arrays, index=self.patients)


def build_alteration_matrix(
    *,
    samples: pd.DataFrame,
    profiles: pd.DataFrame,
    panels: pd.DataFrame,
    panel_genes: pd.DataFrame,
    variants: pd.DataFrame | None,
    copy_number: pd.DataFrame | None = None,
    fusions: pd.DataFrame | None = None,
    calls: pd.DataFrame | None = None,
    rule_hits: pd.DataFrame | None = None,
    patients: pd.Index | None = None,
    genes: Sequence[str] | pd.Index | None = None,
    pathways: Mapping[str, Sequence[str]] | None = None,
    feature_type: str = "any_nonsyn",
    policy: str = "union",
    pathway_na_policy: str = "strict",
    include_cfdna: bool = False,
    oncotree: pd.Series | None = None,
    findings: Findings | None = None,
) -> AlterationMatrix:
    """Return the three-valued status of every feature in every patient.

    A cell that no assay covered is -1 with its reason; it is never called wild type. Germline rows, normal samples and
    samples of other patients do not enter. Tables meet on keys; the order of rows changes nothing.

    Parameters
    ----------
    samples, profiles, panels, panel_genes
        Tables of ``netgen.schema``. A sample without a row in ``profiles`` was not sequenced; one with a row and no
        variant is wild type for the genes of its panel.
    variants, copy_number, fusions
        Tables of ``netgen.schema``, filtered; None = no such table.
    calls
        A ready-made matrix, samples (index) x genes (columns), int8: 1 altered, 0 wild type, -1 not profiled.
    rule_hits
        Rows that rules of actionability make count, ``features.HIT_COLUMNS``: all that is ``actionable``, and mutations
        that are ``driver`` beside those annotated as such; with ``certain``, False where the rules cannot tell: not
        profiled, if nothing else makes the gene altered. None = no rules.
    patients
        Patients of the analysis; None = all that have a sample. One without samples is not sequenced.
    genes
        Gene features; None = genes with a qualifying alteration, genes on the listed panels in use, columns of
        ``calls``. An empty sequence leaves the pathways alone.
    pathways
        Name -> member genes, added as features.
    feature_type
        See ``features.select_hits``.
    policy
        See ``collapse.choose_samples``.
    pathway_na_policy
        See ``pathways.score_pathways``.
    include_cfdna
        Let cell-free DNA count. Its negatives say nothing unless ``tumour_purity`` (the tumour fraction) is given.
    oncotree
        OncoTree code of each patient (index ``patient_id``), for the policies that choose one sample.
    findings
        Collects W_GENE_NOT_ON_PANEL, W_PATIENT_UNLINKED and W_PATHWAY_MAJORITY; None = not wanted.

    Returns
    -------
    AlterationMatrix
        Axes sorted.

    Raises
    ------
    AnalysisError
        If an option is unknown, a pathway is empty or named like a gene, hot spots are asked for and nothing says which
        variants lie at them (E_CONFIG), a panel has no known genes (E_NO_PANEL), or a sample has two profile rows
        (E_DUP_CONFLICT).

    Notes
    -----
    1. Sample: altered if any alteration qualifies; else wild type if every data type of the feature covers the gene
       (copy number and structural variants count where the study has them at all); else not profiled. This is the
       Kleene OR over data types.
    2. Patient: ``union`` takes the Kleene maximum of the samples (altered > wild type > not profiled); the other
       policies take one sample.
    3. Pathway: Kleene OR over the member genes of the patient.

    Witness: a twin written as loops in ``tests/genomics/test_matrix.py``; scenarios SC03 and SC04.
    """
    _check_options(feature_type, policy, pathway_na_policy)
    if feature_type == "hotspot":
        check_hotspots_known(variants)
    findings = Findings() if findings is None else findings
    pathways = dict(pathways or {})
    rows = pd.Index(sorted(set(samples["patient_id"].dropna() if patients is None else patients)), dtype="string")
    included = include_samples(samples, patients=rows, include_cfdna=include_cfdna)
    tables = {"mutations": variants, "cna": copy_number, "structural_variants": fusions}
    components = _find_components(feature_type, included, profiles, tables)
    hits = select_hits(feature_type, components, variants=variants, copy_number=copy_number, fusions=fusions)
    unclear = select_unclear(feature_type, components, variants=variants, copy_number=copy_number)
    if rule_hits is not None and feature_type in RULE_BASED:
        hits, unclear = _apply_rules(hits, unclear, rule_hits)
    _report_unlinked(hits, samples, findings)
    sample_ids = pd.Index(included["sample_id"], dtype="string")
    hits = hits[hits["sample_id"].isin(sample_ids)]
    wanted = _gene_features(genes, hits, included, profiles, panel_genes, components, calls)
    check_pathways(pathways, wanted)
    axis = pd.Index(sorted({*wanted, *(one for members in pathways.values() for one in members)}), dtype="string")
    hits = hits.assign(sample=encode(hits["sample_id"], sample_ids), place=encode(hits["gene"], axis))
    hits = hits[hits["place"] >= 0].reset_index(drop=True)
    panel_tables = {"profiles": profiles, "panels": panels, "panel_genes": panel_genes}
    cells = _code_study(
        included, hits, unclear, calls, panel_tables, components=components, feature_type=feature_type, policy=policy,
        oncotree=oncotree, patients=rows, genes=axis,
    )  # fmt: skip
    report_off_panel(cells, hits, components=components, findings=findings)
    features = pd.Index(sorted([*wanted, *pathways]), dtype="string")
    score = _add_pathways(fill_scores(cells), axis, features, pathways, na_policy=pathway_na_policy, findings=findings)
    status, reason = split_scores(score)
    return AlterationMatrix(
        status=status,
        reason=reason,
        patients=rows,
        features=features,
        feature_type=feature_type,
        policy=policy,
        components=components,
        detail=trace_alterations(cells, hits, features=features, pathways=pathways),
        discordance=find_discordance(cells, features=features),
        hash=_hash(status, rows, features, feature_type, policy, components),
    )


def frequencies(matrix: AlterationMatrix, groups: pd.Series | None = None) -> pd.DataFrame:
    """Return how often each feature is altered among the profiled patients.

    Parameters
    ----------
    matrix
        The alteration matrix.
    groups
        Label of each patient, indexed by ``patient_id``; a patient without one is in group ``unknown``. None = one
        group ``all``.

    Returns
    -------
    DataFrame
        ``feature, group, n_profiled, n_altered, n_total, fraction``, sorted by feature and group. ``fraction`` is
        altered / profiled, NaN where nobody was profiled; ``n_total`` counts the patients of the group, profiled or
        not.
    """
    if groups is None:
        label = pd.Series("all", index=matrix.patients, dtype="string")
    else:
        label = groups.astype("string").reindex(matrix.patients).fillna("unknown")
    codes, levels = pd.factorize(label, sort=True)
    n_altered = np.zeros((len(matrix.features), len(levels)), dtype=np.int64)
    n_profiled = np.zeros_like(n_altered)
    for place in range(len(levels)):
        inside = matrix.status if len(levels) == 1 else matrix.status[:, codes == place]
        n_altered[:, place] = np.count_nonzero(inside == 1, axis=1)
        n_profiled[:, place] = np.count_nonzero(inside >= 0, axis=1)
    n_total = np.tile(np.bincount(codes, minlength=len(levels)), len(matrix.features))
    frame = pd.DataFrame(
        {
            "feature": pd.Series(np.repeat(matrix.features, len(levels)), dtype="string"),
            "group": pd.Series(np.tile(np.asarray(levels), len(matrix.features)), dtype="string"),
            "n_profiled": n_profiled.ravel(),
            "n_altered": n_altered.ravel(),
            "n_total": n_total,
        }
    )
    return frame.assign(fraction=frame["n_altered"] / frame["n_profiled"].where(frame["n_profiled"] > 0))


def _check_options(feature_type: str, policy: str, pathway_na_policy: str) -> None:
    for name, value, known in (
        ("feature_type", feature_type, tuple(FEATURE_TYPES)),
        ("policy", policy, POLICIES),
        ("pathway_na_policy", pathway_na_policy, NA_POLICIES),
    ):
        if value not in known:
            raise AnalysisError("E_CONFIG", f"{name} must be one of {', '.join(known)}, found {value!r}.")


def _apply_rules(
    hits: pd.DataFrame, unclear: pd.DataFrame, rule_hits: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the rows that rules make count, each once, and the cells of which the rules cannot tell."""
    certain = rule_hits["certain"].to_numpy(dtype=bool)
    parts = [part for part in (hits, rule_hits[certain].drop(columns="certain")) if len(part)] or [hits]
    both = pd.concat(parts, ignore_index=True)
    doubtful = rule_hits.loc[~certain, ["sample_id", "gene"]].assign(reason="feature_not_carried").astype("string")
    return (
        both.drop_duplicates(["sample_id", "gene", "kind", "label"], ignore_index=True),
        pd.concat([unclear, doubtful], ignore_index=True),
    )


def _find_components(
    feature_type: str, included: pd.DataFrame, profiles: pd.DataFrame, tables: Mapping[str, pd.DataFrame | None]
) -> tuple[str, ...]:
    """Return the data types of the feature that the study carries; mutations always count."""
    known = profiles[profiles["sample_id"].isin(included["sample_id"])]
    carried = ["mutations"]
    for name in DATA_TYPES[1:]:
        table = tables[name]
        has_rows = table is not None and bool(table["sample_id"].isin(included["sample_id"]).any())
        if name in FEATURE_TYPES[feature_type] and (has_rows or bool(known[name].notna().any())):
            carried.append(name)
    return tuple(carried)


def _gene_features(
    genes: Sequence[str] | pd.Index | None,
    hits: pd.DataFrame,
    included: pd.DataFrame,
    profiles: pd.DataFrame,
    panel_genes: pd.DataFrame,
    components: Sequence[str],
    calls: pd.DataFrame | None,
) -> list[str]:
    if genes is not None:
        return sorted({str(gene) for gene in genes})
    found = {str(gene) for gene in hits["gene"].unique()}
    known = profiles[profiles["sample_id"].isin(included["sample_id"])]
    used = {panel for name in components for panel in known[name].dropna().unique()}
    listed = panel_genes[panel_genes["panel_id"].isin(used)]
    if "profile" in listed:
        listed = listed[listed["profile"].isna() | listed["profile"].isin(components)]
    found |= {str(gene) for gene in listed["gene"].dropna().unique()}
    if calls is not None and calls.index.isin(included["sample_id"]).any():
        found |= {str(gene) for gene in calls.columns}
    return sorted(found)


def _report_unlinked(hits: pd.DataFrame, samples: pd.DataFrame, findings: Findings) -> None:
    lost = hits.loc[~hits["sample_id"].isin(samples["sample_id"]), "sample_id"]
    if len(lost):
        findings.add(
            "W_PATIENT_UNLINKED",
            f"{len(lost)} alteration(s) of {lost.nunique()} sample(s) belong to no row of the sample table.",
            fix="Add the samples, or check how their ids are written.",
            column="sample_id",
            value=lost.min(),
            rule="V01",
        )


def _code_study(
    included: pd.DataFrame,
    hits: pd.DataFrame,
    unclear: pd.DataFrame,
    calls: pd.DataFrame | None,
    panel_tables: Mapping[str, pd.DataFrame],
    *,
    components: Sequence[str],
    feature_type: str,
    policy: str,
    oncotree: pd.Series | None,
    patients: pd.Index,
    genes: pd.Index,
) -> Cells:
    """Return every fact as codes on included samples, patients and genes."""
    samples = pd.Index(included["sample_id"], dtype="string")
    carried = feature_type in {"any_nonsyn", "altered"}
    coded = None if calls is None else code_calls(calls, samples=samples, genes=genes, carried=carried)
    called = np.zeros(len(included), dtype=bool) if coded is None else coded.answered()
    coverage = code_coverage(
        included, **panel_tables, components=components, genes=genes,
        partial_is_enough=feature_type == "hotspot", called=called,
    )  # fmt: skip
    chosen = choose_samples(
        included,
        policy=policy,
        profiled=(coverage.covered >= 0).any(axis=1) | called,
        panel_size=coverage.panel_size[coverage.covered[:, 0]],
        oncotree=oncotree,
    )
    unclear_keys, first = code_pairs(unclear, samples=samples, genes=genes)
    unclear_scores = np.array([REASON[one] for one in unclear["reason"].iloc[first]], dtype=np.uint8)
    return Cells(
        samples=samples,
        patients=patients,
        genes=genes,
        patient=encode(included["patient_id"], patients),
        chosen=chosen,
        blind=included["negative_unknown"].to_numpy(dtype=bool),
        coverage=coverage,
        hit=code_pairs(hits, samples=samples, genes=genes)[0],
        unclear=unclear_keys,
        unclear_score=unclear_scores,
        calls=coded,
    )


def _add_pathways(
    score: NDArray[np.uint8],
    genes: pd.Index,
    features: pd.Index,
    pathways: Mapping[str, Sequence[str]],
    *,
    na_policy: str,
    findings: Findings,
) -> NDArray[np.uint8]:
    """Return the scores of the features in order; ``score`` itself if they are the genes."""
    if not pathways and len(features) == len(genes):
        return score
    rows, assumed = score_pathways(score, genes, pathways, na_policy=na_policy)
    out = np.empty((len(features), score.shape[1]), dtype=np.uint8)
    place = genes.get_indexer(features)
    place[features.isin(list(pathways))] = -1
    out[place >= 0] = score[place[place >= 0]]
    out[features.get_indexer(pd.Index(sorted(pathways)))] = rows
    for name, count in zip(sorted(pathways), assumed, strict=True):
        if count:
            findings.add(
                "W_PATHWAY_MAJORITY",
                f"Pathway {name} is called wild type in {count} patient(s) although some members were not profiled.",
                fix="Use pathway_na_policy strict to leave them out.",
                value=name,
            )
    return out


def _hash(
    status: NDArray[np.int8],
    patients: pd.Index,
    features: pd.Index,
    feature_type: str,
    policy: str,
    components: tuple[str, ...],
) -> str:
    head = [list(patients), list(features), feature_type, policy, list(components)]
    digest = hashlib.sha256(json.dumps(head).encode())
    digest.update(np.ascontiguousarray(status).data)
    return digest.hexdigest()
