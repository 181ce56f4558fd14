"""What an oncoprint shows, as tables: every cell with its place, and the counts printed beside each gene.

The figure reads these tables and nothing else. Every count comes from the alteration matrix, so it agrees with the
tests; a percentage is always altered / profiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError
from netgen.genomics.matrix import REASONS, frequencies
from netgen.plots.oncoprint_blocks import group_rows
from netgen.plots.oncoprint_order import BIT, CLASSES, UNKNOWN, order_genes, order_groups, order_patients
from netgen.plots.oncoprint_values import BURDEN, burden_column, track_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netgen.genomics.matrix import AlterationMatrix
    from netgen.plots.oncoprint_blocks import Block

CELL_COLUMNS: Final = ("gene", "patient_id", "origin", "position", "status", "reason", "classes", "labels")
GENE_COLUMNS: Final = (
    "gene", "row", "origin", "n_altered", "n_profiled", "n_total", "fraction", "fraction_lo", "fraction_hi", "label",
)  # fmt: skip
ALL: Final = "all"
ALTERED, WILD_TYPE, NOT_PROFILED = "altered", "wild type", "not profiled"
_STATUS: Final = np.array([WILD_TYPE, ALTERED, NOT_PROFILED])  # index -1 is the last
# MAF class -> class of the figure, as cBioPortal; any other mutation is "other".
_MUTATION: Final[dict[str, str]] = {
    "Nonsense_Mutation": "truncating",
    "Frame_Shift_Del": "truncating",
    "Frame_Shift_Ins": "truncating",
    "Nonstop_Mutation": "truncating",
    "Translation_Start_Site": "truncating",
    "Splice_Site": "splice",
    "Splice_Region": "splice",
    "In_Frame_Del": "inframe",
    "In_Frame_Ins": "inframe",
    "5'Flank": "promoter",
    "Missense_Mutation": "missense",
}
_KIND: Final = ("fusion", "amplification", "homozygous_deletion", "germline")
RULES: Final[dict[str, str]] = {
    "any_nonsyn": "protein-changing mutation or TERT promoter mutation",
    "lof": "truncating mutation, deep deletion or disruptive structural variant",
    "actionable": "alteration with a level N1 to N3B for the patient's tumour type",
    "driver": "mutation annotated as driver, or with a rule",
    "hotspot": "protein-changing mutation at a hotspot",
    "altered": "protein-changing or TERT promoter mutation, amplification, deep deletion or structural variant",
}
POLICY_TEXT: Final[dict[str, str]] = {
    "union": "any sample of a patient counts",
    "primary": "the primary tumour of a patient counts if there is one",
    "metastasis": "a metastasis of a patient counts if there is one",
    "earliest": "the earliest sample of a patient counts",
    "latest": "the latest sample of a patient counts",
    "largest_panel": "the sample of a patient with the largest panel counts",
}
_TYPE_TEXT: Final = {"mutations": "mutations", "cna": "copy number", "structural_variants": "structural variants"}
RESEARCH_USE: Final = "Research use only; not for selecting, starting or stopping treatment."


@dataclass(frozen=True, kw_only=True)
class OncoprintTable:
    """Everything an oncoprint draws.

    Attributes
    ----------
    cells
        One row per gene and patient, in the order of rows and columns: ``CELL_COLUMNS``. ``position`` is the column
        from 0. ``status`` is altered, wild type or not profiled, with its ``reason``. ``classes`` and ``labels`` have
        one item per alteration, joined by ``;``. A germline variant is listed, but does not make a cell altered.
    genes
        Counts: ``GENE_COLUMNS``, one row per gene for all patients (``origin`` all) and, if there are several origins,
        for each. The limits are the exact 95 % interval (Clopper-Pearson).
    patients
        One row per patient in the order of columns: ``patient_id, group, position`` and the columns of the tracks;
        ``group`` is the block the patient stands in.
        An endpoint ``os`` has ``os_days`` and ``os_event``.
    tracks
        Names of the tracks, in their order.
    endpoints
        Which of the tracks are endpoints.
    origins
        Groups in their declared order.
    split
        Whether the columns are separated by origin.
    footer
        Sentences that say what was counted.
    matrix_hash
        Hash of the alteration matrix.
    blocks
        Rows that stand together under a title, from above to below; empty = the rows have no titles.
    burden
        Whether ``patients`` has ``tmb_per_mb``, drawn above the bars.
    """

    cells: pd.DataFrame
    genes: pd.DataFrame
    patients: pd.DataFrame
    tracks: tuple[str, ...]
    endpoints: tuple[str, ...]
    origins: tuple[str, ...]
    split: bool
    footer: tuple[str, ...]
    matrix_hash: str
    blocks: tuple[Block, ...] = ()
    burden: bool = False


def tabulate_oncoprint(
    matrix: AlterationMatrix,
    patients: pd.DataFrame,
    *,
    genes: Sequence[str] | None = None,
    top: int = 30,
    origin: str = "origin_group3",
    split: bool = True,
    tracks: Sequence[str] = (),
    endpoints: Mapping[str, pd.DataFrame] | None = None,
    germline: pd.DataFrame | None = None,
    burden: pd.DataFrame | None = None,
    blocks: Mapping[str, Sequence[str]] | None = None,
    rest: str = "Other genes",
    notes: Sequence[str] = (),
) -> OncoprintTable:
    """Return the cells, counts and tracks of an oncoprint.

    Every patient of the matrix is a column, altered or not, profiled or not.

    Parameters
    ----------
    matrix
        The alteration matrix.
    patients
        Patient table with ``patient_id``; a patient of the matrix it lacks has no origin and empty tracks.
    genes
        Features of the matrix in the order of the rows; None = the ``top`` most frequent features.
    top
        Number of rows if ``genes`` is None.
    origin
        Column of ``patients`` with the groups; a missing value is ``unknown``. If there is no such column, all patients
        are in one group.
    split
        Sort and separate the columns by group.
    tracks
        Columns of ``patients`` (text, truth or number), names of ``endpoints``, ``vaf`` or ``vaf:GENE``
        (``oncoprint_values.track_columns``).
    endpoints
        Name -> table with ``patient_id, time_days, event``.
    germline
        ``patient_id, gene, label`` of germline variants to mark.
    burden
        ``patient_id, tmb`` to draw above the bars; None, or nobody with a value = no such bars.
    blocks
        Title -> genes: the rows are put together so, in this order; None = no blocks.
    rest
        Title of the rows in no block.
    notes
        Further sentences for the footer, such as the variant filters.

    Returns
    -------
    OncoprintTable
        The same whatever the order of the input rows.

    Raises
    ------
    AnalysisError
        ``E_GENE_UNKNOWN`` if there is no row to draw, or a gene is not in the matrix; ``E_CONFIG`` for a track that is
        neither a column nor an endpoint, or holds dates; ``E_NO_PATIENTS`` if the matrix has no patient.
    """
    endpoints = {} if endpoints is None else endpoints
    rows, titled = group_rows(_choose_rows(matrix, genes, top), blocks or {}, rest=rest)
    table = patients.drop_duplicates("patient_id").set_index("patient_id").reindex(matrix.patients)
    group = (table[origin] if origin in table else pd.Series(pd.NA, index=table.index)).astype("string").fillna(UNKNOWN)
    origins = order_groups(group)
    number = _places(group, origins)
    status = matrix.status[matrix.features.get_indexer(pd.Index(rows))]
    found = _list_alterations(matrix, rows, germline)
    bits = _collect_bits(found, status.shape)
    order = order_patients(status, bits, matrix.patients, number if split else None)
    drawn = matrix.detail.loc[matrix.detail["feature"].isin(rows)]
    columns = track_columns(table, tracks, endpoints, drawn)
    per_mb = burden_column(burden, table.index)
    if per_mb is not None:
        columns[BURDEN] = per_mb.to_numpy()
    ordered = pd.DataFrame({"patient_id": matrix.patients, "group": group.array, **columns}).take(order)
    ordered.insert(2, "position", np.arange(len(order)))
    return OncoprintTable(
        cells=_lay_out(matrix, rows, found, order, group),
        genes=_count(matrix, rows, group, origins),
        patients=ordered.reset_index(drop=True),
        tracks=tuple(tracks),
        endpoints=tuple(name for name in tracks if name in endpoints),
        origins=tuple(origins),
        split=split and len(origins) > 1,
        footer=(*_describe(matrix, status, marked="germline" in set(found["class"])), *notes, RESEARCH_USE),
        matrix_hash=matrix.hash,
        blocks=titled,
        burden=per_mb is not None,
    )


def share_text(n_altered: int, n_profiled: int, n_total: int | None = None) -> str:
    """Return a frequency as it is printed: ``12/31 (39 %)``, with an asterisk if somebody was not profiled.

    Parameters
    ----------
    n_altered, n_profiled
        The fraction.
    n_total
        Patients in the group; None = no asterisk is wanted.

    Returns
    -------
    str
        ``N/P`` if nobody was profiled.
    """
    if n_profiled == 0:
        return "N/P"
    star = "*" if n_total is not None and n_profiled < n_total else ""
    return f"{n_altered}/{n_profiled} ({percent_text(n_altered, n_profiled)}){star}"


def percent_text(n_altered: int, n_profiled: int) -> str:
    """Return a percentage: whole numbers, halves rounded up, one decimal below 3 %.

    Parameters
    ----------
    n_altered, n_profiled
        The fraction.

    Returns
    -------
    str
        ``N/P`` if nobody was profiled; ``<0.1 %`` for what would be rounded to nothing.
    """
    if n_profiled == 0:
        return "N/P"
    if n_altered == 0:
        return "0 %"
    if 100 * n_altered >= 3 * n_profiled:
        return f"{(200 * n_altered + n_profiled) // (2 * n_profiled)} %"
    tenths = (2000 * n_altered + n_profiled) // (2 * n_profiled)
    return f"{tenths // 10}.{tenths % 10} %" if tenths else "<0.1 %"


def mutation_class(variant_class: pd.Series) -> pd.Series:
    """Return the class of the figure of mutations.

    Parameters
    ----------
    variant_class
        Classes as in a MAF; a missing one is ``other``.

    Returns
    -------
    Series
        truncating, splice, inframe, promoter, missense or other.
    """
    return variant_class.map(_MUTATION).astype("string").fillna("other")


def _places(values: pd.Series, levels: Sequence[str] | pd.Index) -> NDArray[np.intp]:
    """Place of each value among the levels, -1 if it is none of them."""
    return pd.Index(levels).get_indexer(pd.Index(values))


def _choose_rows(matrix: AlterationMatrix, genes: Sequence[str] | None, top: int) -> list[str]:
    if not len(matrix.patients):
        raise AnalysisError("E_NO_PATIENTS", "an oncoprint needs at least one patient, found none.")
    if genes is not None:
        absent = [gene for gene in dict.fromkeys(genes) if gene not in matrix.features]
        if absent:
            raise AnalysisError("E_GENE_UNKNOWN", f"the alteration matrix has no row {', '.join(absent)}.")
    rows = order_genes(frequencies(matrix), genes, top=top)
    if not rows:
        raise AnalysisError(
            "E_GENE_UNKNOWN",
            "an oncoprint needs at least one gene; no gene is altered or known to be sequenced.",
            fix="Name genes, or declare the assay.",
        )
    return rows


def _list_alterations(matrix: AlterationMatrix, rows: list[str], germline: pd.DataFrame | None) -> pd.DataFrame:
    """One row per alteration, each once per patient: ``row, patient`` (codes), ``class``, ``label``, sorted."""
    detail = matrix.detail.loc[matrix.detail["feature"].isin(rows)]
    parts = [detail[["patient_id", "feature", "gene", "kind", "variant_class", "label"]]]
    if germline is not None and len(germline):
        marked = germline.loc[germline["gene"].isin(rows)]
        parts.append(marked.assign(feature=marked["gene"], kind="germline", variant_class="")[parts[0].columns])
    both = pd.concat([part.astype("string") for part in parts], ignore_index=True)
    kind = mutation_class(both["variant_class"])
    both["class"] = both["kind"].where(both["kind"].isin(_KIND), kind)
    label = both["label"].fillna(both["class"]).str.replace(";", ",", regex=False)
    both["label"] = label.where(both["gene"] == both["feature"], both["gene"] + " " + label)
    frame = pd.DataFrame(
        {
            "row": _places(both["feature"], rows),
            "patient": _places(both["patient_id"], matrix.patients),
            "place": _places(both["class"], CLASSES),
            "class": both["class"],
            "label": both["label"],
        }
    )
    frame = frame.loc[frame["patient"] >= 0].drop_duplicates()
    return frame.sort_values(["row", "patient", "place", "label"], kind="stable", ignore_index=True)


def _collect_bits(found: pd.DataFrame, shape: tuple[int, ...]) -> NDArray[np.int32]:
    bits = np.zeros(shape, dtype=np.int32)
    for name, rows in found.groupby("class"):
        bits[rows["row"], rows["patient"]] |= BIT[str(name)]
    return bits


def _lay_out(
    matrix: AlterationMatrix, rows: list[str], found: pd.DataFrame, order: NDArray[np.intp], group: pd.Series
) -> pd.DataFrame:
    """Return the tidy frame of cells, gene by gene from left to right."""
    n = len(order)
    places = matrix.features.get_indexer(pd.Index(rows))
    position = np.empty(n, dtype=np.intp)
    position[order] = np.arange(n)
    cell = found["row"].to_numpy() * n + position[found["patient"]]
    several = pd.Series(cell).duplicated(keep=False).to_numpy()
    texts = {}
    for name, column in (("classes", "class"), ("labels", "label")):
        text = np.full(len(rows) * n, "", dtype=object)
        text[cell[~several]] = found[column].to_numpy(dtype=object)[~several]
        joined = found.loc[several, column].groupby(cell[several]).agg(";".join)
        text[joined.index.to_numpy(dtype=np.intp)] = joined.to_numpy(dtype=object)
        texts[name] = pd.Series(text, dtype="string")
    ids = matrix.patients.take(order).to_numpy(dtype=object)
    status = matrix.status[places][:, order].ravel()
    reason = np.array(REASONS)[matrix.reason[places][:, order].ravel()]
    return pd.DataFrame(
        {
            "gene": pd.Series(np.repeat(np.array(rows, dtype=object), n), dtype="string"),
            "patient_id": pd.Series(np.tile(ids, len(rows)), dtype="string"),
            "origin": pd.Series(np.tile(group.to_numpy(dtype=object)[order], len(rows)), dtype="string"),
            "position": np.tile(np.arange(n), len(rows)),
            "status": pd.Series(_STATUS[status], dtype="string"),
            "reason": pd.Series(reason, dtype="string"),
            **texts,
        }
    )


def _count(matrix: AlterationMatrix, rows: list[str], group: pd.Series, origins: list[str]) -> pd.DataFrame:
    parts = [frequencies(matrix)]
    if len(origins) > 1:
        parts.append(frequencies(matrix, group))
    frame = pd.concat(parts, ignore_index=True).rename(columns={"feature": "gene", "group": "origin"})
    frame = frame.loc[frame["gene"].isin(rows)]
    frame = frame.assign(row=_places(frame["gene"], rows) + 1)
    place = _places(frame["origin"], [ALL, *origins])
    frame = frame.assign(place=place).sort_values(["row", "place"], kind="stable", ignore_index=True)
    frame["fraction_lo"], frame["fraction_hi"] = _exact_limits(
        frame["n_altered"].to_numpy(np.float64), frame["n_profiled"].to_numpy(np.float64)
    )
    counts = zip(frame["n_altered"], frame["n_profiled"], frame["n_total"], strict=True)
    frame["label"] = pd.Series([share_text(*(int(one) for one in row)) for row in counts], dtype="string")
    return frame[list(GENE_COLUMNS)]


def _exact_limits(k: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Clopper-Pearson limits at 95 %; NaN where nobody was profiled."""
    from scipy.special import betaincinv

    lo = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, 0.025), 0.0)
    hi = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 0.975), 1.0)
    return np.where(n > 0, lo, np.nan), np.where(n > 0, hi, np.nan)


def _describe(matrix: AlterationMatrix, status: NDArray[np.int8], *, marked: bool) -> list[str]:
    n, seen = status.shape[1], int((status >= 0).any(axis=0).sum())
    star = ", * where not all were profiled" if (status < 0).any() else ""
    types = ", ".join(_TYPE_TEXT[name] for name in matrix.components)
    out = [
        f"Altered: {RULES[matrix.feature_type]} ({matrix.feature_type}; data: {types}).",
        f"One column per patient, {POLICY_TEXT[matrix.policy]}.",
        f"n = {n}, of whom {seen} profiled for a gene shown; percentages are altered / profiled{star}.",
        "Bars count a gene of a patient once, under the first class in the legend.",
    ]
    if marked:
        out.append("Germline variants are marked and not counted.")
    return [*out, f"Matrix {matrix.hash[:12]}."]
