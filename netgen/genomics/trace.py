"""What stands behind the cells: the alterations, the samples that disagree, the alterations off the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.cells import encode, pair_samples, score_pairs
from netgen.genomics.kleene import ALTERED, REASON, WILD_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netgen.errors import Findings
    from netgen.genomics.cells import Cells

DETAIL_COLUMNS: Final = (
    "patient_id", "sample_id", "feature", "gene", "kind", "variant_class", "label", "vaf", "file", "row",
)  # fmt: skip
_BLOCK: Final = 256  # genes looked through at a time, to keep temporary arrays small


def trace_alterations(
    cells: Cells,
    hits: pd.DataFrame,
    *,
    features: pd.Index,
    pathways: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Return one row per alteration behind an altered cell, of the samples that speak.

    Parameters
    ----------
    cells
        The coded study.
    hits
        Result of ``features.select_hits`` with the codes ``sample`` and ``place`` (gene).
    features
        Feature names of the matrix.
    pathways
        Name -> member genes; an alteration of a member stands behind the pathway, too.

    Returns
    -------
    DataFrame
        ``DETAIL_COLUMNS``, sorted by patient, feature, gene, kind, sample, file and row.
    """
    rows = hits[cells.chosen[hits["sample"]]]
    if cells.calls is not None:
        rows = pd.concat([rows, _call_hits(cells)], ignore_index=True)
    parts = [rows[features.get_indexer(cells.genes)[rows["place"]] >= 0].assign(pathway="")]
    for name in sorted(pathways):
        inside = cells.genes.isin(list(pathways[name]))[rows["place"]]
        parts.append(rows[inside].assign(pathway=name))
    out = pd.concat(parts, ignore_index=True) if pathways else parts[0].reset_index(drop=True)
    sample, place = out["sample"].to_numpy(), out["place"].to_numpy()
    gene = pd.Series(cells.genes.take(place), dtype="string")
    frame = pd.DataFrame(
        {
            "patient_id": pd.Series(cells.patients.take(cells.patient[sample]), dtype="string"),
            "sample_id": pd.Series(cells.samples.take(sample), dtype="string"),
            "feature": gene.where(out["pathway"] == "", out["pathway"]),
            "gene": gene,
            **{name: out[name] for name in DETAIL_COLUMNS[4:]},
        }
    )
    return frame.take(_detail_order(frame, cells.patient[sample], sample, place)).reset_index(drop=True)


def find_discordance(cells: Cells, *, features: pd.Index) -> pd.DataFrame:
    """Return the samples of a patient that differ: one altered, another profiled and not altered.

    All included samples are compared, whichever of them speak for the patient. Pathways are not listed: their members
    are.

    Parameters
    ----------
    cells
        The coded study.
    features
        Feature names of the matrix.

    Returns
    -------
    DataFrame
        ``patient_id, feature, sample_id, status`` (1 or 0), sorted; every profiled sample of such a pair.
    """
    several = np.bincount(cells.patient, minlength=len(cells.patients)) > 1
    sample, gene = _altered_cells(cells)
    asked = several[cells.patient[sample]] & (features.get_indexer(cells.genes)[gene] >= 0)
    keys = np.unique(cells.patient[sample[asked]].astype(np.int64) * cells.n_genes + gene[asked])
    patient, gene = (keys // cells.n_genes).astype(np.intp), (keys % cells.n_genes).astype(np.intp)
    position, sample = pair_samples(cells, patient, chosen_only=False)
    score = score_pairs(cells, sample, gene[position])
    differs = np.zeros(len(keys), dtype=bool)
    differs[position[score == WILD_TYPE]] = True
    keep = differs[position] & (score >= WILD_TYPE)
    frame = pd.DataFrame(
        {
            "patient_id": pd.Series(cells.patients.take(patient[position[keep]]), dtype="string"),
            "feature": pd.Series(cells.genes.take(gene[position[keep]]), dtype="string"),
            "sample_id": pd.Series(cells.samples.take(sample[keep]), dtype="string"),
            "status": pd.Series(score[keep] == ALTERED, dtype="Int8"),
        }
    )
    return frame.sort_values(["patient_id", "feature", "sample_id"], kind="stable").reset_index(drop=True)


def report_off_panel(cells: Cells, hits: pd.DataFrame, *, components: Sequence[str], findings: Findings) -> None:
    """Report alterations in genes that the sample's panel does not list, one finding per panel and gene.

    The alteration is kept and its gene is altered in that sample. A fusion is not reported if its other gene is listed.

    Parameters
    ----------
    cells
        The coded study.
    hits
        As in :func:`trace_alterations`.
    components
        Data types of the feature.
    findings
        Where W_GENE_NOT_ON_PANEL goes.
    """
    kinds = {"mutation": "mutations", "fusion": "structural_variants"}
    partner = encode(hits["partner"], cells.genes)
    for kind, data_type in kinds.items():
        if data_type not in components:
            continue
        table = cells.coverage.by_panel[data_type]
        panel = cells.coverage.covered[hits["sample"], list(components).index(data_type)]
        off = (hits["kind"] == kind).to_numpy(dtype=bool) & (panel >= 0)
        off &= table[panel, hits["place"]] == REASON["gene_not_on_panel"]
        off &= (partner < 0) | (table[panel, partner] == REASON["gene_not_on_panel"])
        if off.any():
            rows = hits[off].assign(panel=cells.coverage.panels.take(panel[off]))
            _report_off(rows, kind=kind, samples=cells.samples, findings=findings)


def _report_off(rows: pd.DataFrame, *, kind: str, samples: pd.Index, findings: Findings) -> None:
    rows = rows.sort_values(["gene", "panel", "sample", "file", "row"])
    groups = rows.groupby(["gene", "panel"], sort=False)
    first = rows.drop_duplicates(["gene", "panel"])
    columns = [first[name] for name in ("panel", "gene", "file", "row")]
    sample_ids = samples.take(first["sample"].to_numpy())
    counts = groups["sample"].nunique().to_numpy()
    for panel, gene, file, row, sample_id, n in zip(*columns, sample_ids, counts, strict=True):
        findings.add(
            "W_GENE_NOT_ON_PANEL",
            f"Panel {panel} does not list {gene}, but {n} sample(s) on it have a {kind} there, first {sample_id}.",
            fix="Kept as altered; check the panel's gene list or the symbol.",
            file="" if pd.isna(file) else file,
            row=None if pd.isna(row) else row,
            column="gene",
            value=gene,
            rule="V21",
        )


def _altered_cells(cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return sample and gene of every altered cell, from rows and from calls; may repeat."""
    sample, gene = (cells.hit // cells.n_genes).astype(np.intp), (cells.hit % cells.n_genes).astype(np.intp)
    called_sample, called_gene = _called(cells)
    return np.r_[sample, called_sample], np.r_[gene, called_gene]


def _called(cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return sample and gene of every ready-made call "altered"."""
    none = np.zeros(0, dtype=np.intp)
    if cells.calls is None or not cells.calls.carried:
        return none, none
    samples = np.flatnonzero(cells.calls.row_of_sample >= 0)
    genes = np.flatnonzero(cells.calls.column_of_gene >= 0)
    found = [(none, none)]
    for start in range(0, len(genes), _BLOCK):
        block = genes[start : start + _BLOCK]
        where = np.ix_(cells.calls.row_of_sample[samples], cells.calls.column_of_gene[block])
        row, column = np.nonzero(cells.calls.values[where] == 1)
        found.append((samples[row], block[column]))
    return np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])


def _call_hits(cells: Cells) -> pd.DataFrame:
    sample, place = _called(cells)
    speaks = cells.chosen[sample]
    frame = pd.DataFrame({"sample": sample[speaks], "place": place[speaks]})
    blank = pd.Series(pd.NA, index=frame.index, dtype="string")
    return frame.assign(
        gene=pd.Series(cells.genes.take(place[speaks]), dtype="string"),
        kind=blank.fillna("call"),
        variant_class=blank,
        label=blank.fillna("altered"),
        vaf=np.nan,
        partner=blank,
        file=blank,
        row=pd.Series(pd.NA, index=frame.index, dtype="Int64"),
    )


def _detail_order(
    frame: pd.DataFrame, patient: NDArray[np.intp], sample: NDArray[np.intp], place: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the order of the detail rows; text is compared only where the keys tie."""
    feature, kind, file = (pd.factorize(frame[name], sort=True)[0] for name in ("feature", "kind", "file"))
    row = frame["row"].to_numpy(dtype=np.int64, na_value=-1)
    keys = np.column_stack([patient, feature, place, kind, sample, file, row])
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    if len(ordered) > 1 and (ordered[1:] == ordered[:-1]).all(axis=1).any():
        text = [pd.factorize(frame[name], sort=True)[0] for name in ("vaf", "variant_class", "label")]
        order = np.lexsort([*text, *keys.T[::-1]])
    return order
