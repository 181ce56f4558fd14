"""Which markers of the rules were covered in whom, and why not where they were not.

"No actionable alteration" is said of a patient only for what was looked for. Mutations need a mutation panel that holds
the gene, fusions a panel of structural variants or of RNA, biomarkers a conclusive measurement. A target that was not
covered is told as such, with the number of patients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.biomarker_words import INDETERMINATE
from netgen.actionability.levels import COUNTED, SENSITIVITY
from netgen.association.actionable_markers import MARKER_COLUMNS, NEEDS, NO_LEVEL, list_markers, rank_levels
from netgen.association.actionable_open import find_called, find_unstated
from netgen.genomics.collapse import include_samples
from netgen.genomics.kleene import REASON, WILD_TYPE, code_coverage, group_patients
from netgen.genomics.kleene import REASONS as PANEL_REASONS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from netgen.actionability.rules import Rule
    from netgen.knowledge.oncotree import OncoTree

# Why a marker is not covered in a patient; the first are those of the alteration matrix.
REASONS: Final = (*PANEL_REASONS, "not_measured", "inconclusive", "germline_not_tested", "change_not_stated")
_CODE: Final = {name: place for place, name in enumerate(REASONS)}
UNTESTED: Final = ("not_sequenced", "not_measured", "germline_not_tested")  # nothing was done, not something else
RNA: Final = "rna_fusion"
DATA_TYPES: Final = ("mutations", "cna", "structural_variants")
_ABSENT: Final = (REASON["not_sequenced"], REASON["profile_missing"])
ALL: Final = "all"

COVERAGE_COLUMNS: Final[dict[str, str]] = {
    "marker": MARKER_COLUMNS["marker"],
    "gene": MARKER_COLUMNS["gene"],
    "needs": MARKER_COLUMNS["needs"],
    "what": "what has to be there",
    "best_level": "best level the marker could give a patient of the cohort, NX = none",
    "rules": MARKER_COLUMNS["rules"],
    "group": "group of patients, or all",
    "n_total": "patients of the group",
    "n_profiled": "of these covered for the marker",
    "n_not_covered": "not covered",
    "reasons": "why not, with the number of patients, joined by ; (change_not_stated: the gene is mutated, but the file"
    " does not say how; feature_not_carried: a ready-made table says whether the gene is altered, not how)",
    "text": "the same as a sentence; blank if everybody is covered",
}


@dataclass(frozen=True, kw_only=True)
class MarkerCoverage:
    """Markers x patients: what was looked for in whom.

    Attributes
    ----------
    markers
        (m rows) ``actionable_markers.MARKER_COLUMNS``, sorted by marker.
    pairs
        ``actionable_markers.RULE_MARKER_COLUMNS``: which rule looks at which marker.
    patients
        (n,) patient ids, sorted.
    covered
        (m, n) an assay of the patient covers the marker. A hit beyond the panel does not make it covered.
    reason
        (m, n) index into ``REASONS``; 0 where covered.
    level
        (m, n) best level the marker could give the patient's tumour type: place in ``levels.SENSITIVITY``, or
        ``actionable_markers.NO_LEVEL``.
    """

    markers: pd.DataFrame
    pairs: pd.DataFrame
    patients: pd.Index
    covered: NDArray[np.bool_]
    reason: NDArray[np.uint8]
    level: NDArray[np.int8]


def cover_markers(
    rules: Sequence[Rule],
    tree: OncoTree,
    patients: pd.DataFrame,
    *,
    samples: pd.DataFrame,
    profiles: pd.DataFrame,
    panels: pd.DataFrame,
    panel_genes: pd.DataFrame,
    biomarkers: pd.DataFrame,
    alterations: pd.DataFrame | None = None,
    hits: pd.DataFrame | None = None,
    calls: pd.DataFrame | None = None,
    germline_tested: Collection[str] = (),
    include_cfdna: bool = False,
) -> MarkerCoverage:
    """Return which markers of the rules were covered in which patient.

    Parameters
    ----------
    rules
        The rules; all of them have markers, whatever their level.
    tree
        Tumour types.
    patients
        Indexed by ``patient_id``, with ``oncotree_code``. A sample's own code goes before the patient's.
    samples, profiles, panels, panel_genes
        Tables of ``netgen.schema``. A sample without a row in ``profiles`` was not sequenced.
    biomarkers
        One row per patient and measured marker, positive or negative, ``actionability.alterations.ALTERATION_COLUMNS``;
        rows of other kinds are passed over.
    alterations, hits
        Alterations of the patients and what the rules found in them; None = every change is stated.
    calls
        Ready-made gene calls, samples x genes: 1 altered, 0 wild type, -1 not profiled; None = no such table.
    germline_tested
        Patients whose tumour assay reports germline variants as well, for the genes of its panel.
    include_cfdna
        Let cell-free DNA count; it covers nothing unless its tumour fraction is known.

    Returns
    -------
    MarkerCoverage
        Patients sorted.

    Raises
    ------
    AnalysisError
        If ``profiles`` names a panel of unknown content (E_NO_PANEL), or a sample twice (E_DUP_CONFLICT).

    Notes
    -----
    1. Mutation rules: the mutation panel of a sample holds the gene. A gene of which a panel covers hot spots only is
       covered for rules of exact changes and codons. RNA panels do not count, but for splicing.
    2. Amplification and homozygous deletion: the copy-number panel. Fusions: the panel of structural variants, or an
       RNA panel, whatever data type it is named for.
    3. Germline rules: the mutation panel of a normal sample, or of any sample of ``germline_tested``.
    4. Biomarkers: a conclusive result; where a rule has a threshold, a value as well. Indeterminate is not negative.
    5. A patient is covered if one of the samples is.
    6. A mutation of the gene whose change is not stated leaves the patient neither positive nor negative: not covered,
       ``change_not_stated``, unless a rule of the marker was met (``actionable_open.find_unstated``).
    7. A ready-made call of the gene covers nothing, since it does not say what was found: ``feature_not_carried``.

    Witness: a twin written as loops in ``tests/association/test_actionable_coverage.py``.
    """
    ids = pd.Index(sorted(patients.index.astype(str)), dtype="string", name="patient_id")
    markers, pairs = list_markers(rules)
    genes = pd.Index(sorted(set(markers["gene"]) - {""}), dtype="string")
    included = include_samples(samples, patients=ids, include_cfdna=include_cfdna)
    source = _Source(
        ids=ids, genes=genes, samples=samples, included=included, panels=panels, panel_genes=panel_genes, calls=calls,
        **_split_profiles(profiles, panels),
    )  # fmt: skip
    scores = np.full((len(markers), len(ids)), _CODE["not_measured"], dtype=np.uint8)
    for need, rows in markers.groupby("needs", sort=True).indices.items():
        if need in ("biomarker", "threshold"):
            scores[rows] = _measured(biomarkers, markers["marker"].iloc[rows], ids, numeric=need == "threshold")
        else:
            by_gene = _cover_need(str(need), source, germline_tested)
            scores[rows] = by_gene[genes.get_indexer(pd.Index(markers["gene"].iloc[rows]))]
    if alterations is not None and hits is not None:
        scores[(scores == WILD_TYPE) & find_unstated(alterations, hits, markers, pairs, ids)] = _CODE[
            "change_not_stated"
        ]
    covered = scores == WILD_TYPE
    codes, owner, code = _tumour_types(patients["oncotree_code"].reindex(ids), source.included)
    ranks = rank_levels(rules, tree, codes, markers, pairs)
    level = np.full(scores.shape, NO_LEVEL, dtype=np.int8)
    for row in range(len(markers)):
        np.minimum.at(level[row], owner, ranks[row, code])
    return MarkerCoverage(
        markers=markers,
        pairs=pairs,
        patients=ids,
        covered=covered,
        reason=np.where(covered, np.uint8(0), scores),
        level=level,
    )


def find_profiled(coverage: MarkerCoverage, worst: str = COUNTED[-1]) -> pd.Series:
    """Return who was covered for at least one marker that could give the patient's tumour a level.

    Parameters
    ----------
    coverage
        Of ``cover_markers``.
    worst
        The worst level that matters, one of ``levels.SENSITIVITY``; by default the worst that counts.

    Returns
    -------
    Series
        bool, indexed by ``patient_id``.
    """
    relevant = coverage.level <= SENSITIVITY.index(worst)
    return pd.Series((coverage.covered & relevant).any(axis=0), index=coverage.patients, name="profiled")


def summarize_coverage(coverage: MarkerCoverage, groups: pd.Series | None = None) -> pd.DataFrame:
    """Return in how many patients each marker was covered, and why not in the others.

    Parameters
    ----------
    coverage
        Of ``cover_markers``.
    groups
        Label of each patient, indexed by ``patient_id``; None = everybody alone.

    Returns
    -------
    DataFrame
        ``COVERAGE_COLUMNS``, sorted by marker; per marker the groups, sorted, and then ``all``. A patient without a
        label is only in ``all``.
    """
    members = {ALL: np.ones(len(coverage.patients), dtype=bool)}
    if groups is not None:
        label = groups.astype("string").reindex(coverage.patients)
        own = {
            str(name): (label == name).fillna(value=False).to_numpy(dtype=bool)
            for name in sorted(label.dropna().unique())
        }
        members = own | members
    best = coverage.level.min(axis=1, initial=NO_LEVEL)
    rows = []
    for i, marker in enumerate(coverage.markers.itertuples(index=False)):
        head = (
            marker.marker,
            marker.gene,
            marker.needs,
            NEEDS[str(marker.needs)][1],
            _level_name(best[i]),
            marker.rules,
        )
        for name, inside in members.items():
            n, profiled = int(inside.sum()), int((coverage.covered[i] & inside).sum())
            reasons = count_reasons(coverage.reason[i, inside])
            text = f"{marker.marker} not covered in {n - profiled} of {n} patients" if profiled < n else ""
            rows.append((*head, name, n, profiled, n - profiled, reasons, text))
    out = pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))
    numbers = dict.fromkeys(("n_total", "n_profiled", "n_not_covered"), "Int64")
    return out.astype({name: numbers.get(name, "string") for name in COVERAGE_COLUMNS})


def count_reasons(reason: NDArray[np.uint8]) -> str:
    """Return the reasons that occur with their numbers, in the order of ``REASONS``.

    Parameters
    ----------
    reason
        Indices into ``REASONS``, any shape; 0 = covered.

    Returns
    -------
    str
        For example ``"not_sequenced 2;gene_not_on_panel 6"``; blank if there is none.
    """
    counts = np.bincount(reason.ravel(), minlength=len(REASONS))
    return ";".join(f"{name} {counts[place]}" for place, name in enumerate(REASONS) if place and counts[place])


@dataclass(frozen=True, kw_only=True)
class _Source:
    """What coverage is read from: ``included`` samples speak; ``dna`` and ``rna`` are profiles by kind of panel."""

    ids: pd.Index
    genes: pd.Index
    samples: pd.DataFrame
    included: pd.DataFrame
    dna: pd.DataFrame
    rna: pd.DataFrame
    panels: pd.DataFrame
    panel_genes: pd.DataFrame
    calls: pd.DataFrame | None


def _split_profiles(profiles: pd.DataFrame, panels: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Panels behind each data type without RNA panels; and RNA panels alone, all under structural variants."""
    table = profiles.reindex(columns=["sample_id", *DATA_TYPES])
    rna = list(panels.loc[panels["assay_type"].isin([RNA]), "panel_id"])
    found = table[list(DATA_TYPES)].where(table[list(DATA_TYPES)].isin(rna))
    dna = table.assign(**{name: table[name].mask(table[name].isin(rna)) for name in DATA_TYPES})
    first = found["structural_variants"].fillna(found["mutations"]).fillna(found["cna"])
    return {"dna": dna, "rna": table[["sample_id"]].assign(structural_variants=first)}


def _cover_need(need: str, source: _Source, germline_tested: Collection[str]) -> NDArray[np.uint8]:
    """(genes, patients) score of what a kind of rule needs: ``WILD_TYPE`` = covered, else the reason."""
    if need == "germline":
        return _cover_germline(source, germline_tested)
    called = find_called(source.calls, source.included, source.genes, source.ids)
    return np.maximum(_cover_tumour(need, source), called * np.uint8(REASON["feature_not_carried"]))


def _cover_tumour(need: str, source: _Source) -> NDArray[np.uint8]:
    if need in ("amplification", "homdel"):
        return _cover(source, "cna")
    data_type = "structural_variants" if need == "fusion" else "mutations"
    own = _cover(source, data_type, partial=need == "hotspot")
    if need not in ("fusion", "splice"):
        return own
    rna = _cover(replace(source, dna=source.rna), "structural_variants")
    further = np.isin(own, _ABSENT) & ~np.isin(rna, _ABSENT)
    return np.where((rna == WILD_TYPE) | further, rna, own)


def _cover_germline(source: _Source, tested: Collection[str]) -> NDArray[np.uint8]:
    """Take normal samples, and all samples of patients whose tumour assay reports germline variants."""
    frame = source.samples
    wanted = frame["sample_class"].isin(["normal"]) | frame["patient_id"].isin(list(tested))
    speaks = frame[wanted.to_numpy(dtype=bool)].assign(sample_class="tumour")  # here a normal sample speaks
    included = include_samples(speaks, patients=source.ids, include_cfdna=False)
    out = _cover(replace(source, included=included, calls=None), "mutations")
    return np.where(np.isin(out, _ABSENT), np.uint8(_CODE["germline_not_tested"]), out)


def _cover(source: _Source, data_type: str, *, partial: bool = False) -> NDArray[np.uint8]:
    """(genes, patients) best score over the samples of a patient."""
    included = source.included
    owner = source.ids.get_indexer(pd.Index(included["patient_id"]))
    called = included["sample_id"].isin([] if source.calls is None else source.calls.index).to_numpy(dtype=bool)
    found = code_coverage(
        included, source.dna, source.panels, source.panel_genes, components=(data_type,), genes=source.genes,
        partial_is_enough=partial, called=called,
    )  # fmt: skip
    scores, group = group_patients(found.combination, owner, found.scores, n_patients=len(source.ids))
    out = scores[group].T
    other = included["sample_id"].isin(_sequenced(source)).to_numpy(dtype=bool)
    known = np.bincount(owner[other], minlength=len(source.ids)) > 0
    return np.where((out == REASON["not_sequenced"]) & known, np.uint8(REASON["profile_missing"]), out)


def _sequenced(source: _Source) -> set[str]:
    """Return samples with a panel behind any data type."""
    parts = [
        frame.loc[frame.drop(columns="sample_id").notna().any(axis=1), "sample_id"]
        for frame in (source.dna, source.rna)
    ]
    return {str(sample) for part in parts for sample in part}


def _measured(biomarkers: pd.DataFrame, names: pd.Series, ids: pd.Index, *, numeric: bool) -> NDArray[np.uint8]:
    """(markers, patients) score of biomarkers; ``numeric``: a value is enough."""
    rows = biomarkers[(biomarkers["kind"] == "biomarker").fillna(value=False).to_numpy(dtype=bool)]
    marker = pd.Index(names).get_indexer(pd.Index(rows["marker"]))
    patient = ids.get_indexer(pd.Index(rows["patient_id"].astype("string")))
    clear = ~rows["result"].fillna("").isin(["", INDETERMINATE]).to_numpy(dtype=bool)
    if numeric:
        clear |= rows["value"].notna().to_numpy(dtype=bool)
    known = (marker >= 0) & (patient >= 0)
    out = np.full((len(names), len(ids)), _CODE["not_measured"], dtype=np.uint8)
    for where, score in ((known & ~clear, _CODE["inconclusive"]), (known & clear, WILD_TYPE)):
        out[marker[where], patient[where]] = score
    return out


def _tumour_types(codes: pd.Series, included: pd.DataFrame) -> tuple[list[str], NDArray[np.intp], NDArray[np.intp]]:
    """Distinct codes; and pairs of a patient and a code: of each sample, or of the patient if there is no sample."""
    named = codes.astype("string").rename("oncotree_code")
    own = included[["patient_id", "oncotree_code"]].astype("string")
    own["oncotree_code"] = own["oncotree_code"].fillna(own["patient_id"].map(named))
    alone = named[~named.index.isin(own["patient_id"])].reset_index()
    both = pd.concat([own, alone[["patient_id", "oncotree_code"]]], ignore_index=True).drop_duplicates()
    text = both["oncotree_code"].fillna("")
    code, names = pd.factorize(text, sort=True)
    return [str(name) for name in names], codes.index.get_indexer(pd.Index(both["patient_id"])), code


def _level_name(rank: int) -> str:
    return "NX" if rank == NO_LEVEL else SENSITIVITY[rank]
