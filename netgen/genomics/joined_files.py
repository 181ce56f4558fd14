"""Sequencing files put together: one table per data type, and what they say together of who was profiled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.genomics.copynumber import CopyNumber
from netgen.genomics.coverage import ProfileEvidence
from netgen.genomics.sequencing_file import BIOMARKERS, DATA_TYPES, DROPPED, SequencingFile

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

_CELL: Final = ["sample_id", "gene"]
_PLACE: Final = ["sample_id", "gene1", "gene2", "chrom1", "pos1", "chrom2", "pos2"]


@dataclass(frozen=True, kw_only=True)
class JoinedFiles:
    """What many files hold.

    Attributes
    ----------
    files
        Each of them.
    variants, fusions
        Tables of ``netgen.schema``, before the variant policy.
    copy_number
        Values with the samples and genes that were measured; None = no file holds any.
    biomarkers
        ``sequencing_file.BIOMARKERS``.
    evidence
        Who was profiled.
    dropped
        sample_id, reason, n.
    """

    files: tuple[SequencingFile, ...]
    variants: pd.DataFrame
    fusions: pd.DataFrame
    copy_number: CopyNumber | None
    biomarkers: pd.DataFrame
    evidence: ProfileEvidence
    dropped: pd.DataFrame

    @property
    def samples(self) -> list[str]:
        """All samples that the files speak of, sorted."""
        return sorted({sample for file in self.files for sample in file.samples})

    def carries(self, data_type: str) -> bool:
        """Tell whether a file speaks of a data type.

        Parameters
        ----------
        data_type
            One of ``DATA_TYPES``.

        Returns
        -------
        bool
            True if it was looked for in a sample, or anything of it was found.
        """
        table = {"mutations": self.variants, "structural_variants": self.fusions}.get(data_type)
        return bool(self.evidence.read_samples[data_type]) or (table is not None and len(table) > 0)


def join_files(files: Sequence[SequencingFile], *, build: str | None = None) -> JoinedFiles:
    """Return files as one.

    Parameters
    ----------
    files
        Any number of them.
    build
        Genome build of variants whose file states none.

    Returns
    -------
    JoinedFiles
        Rows in the order of the files. One fusion of one sample in two files of a vendor (CombinedVariantOutput and
        AllFusions) counts once, in the file whose name comes first; the other row is counted as ``duplicate``.

    Notes
    -----
    Copy number of one sample and gene in several files: a known value wins over a missing one, of known ones the most
    extreme; a loss and a gain of one size leave it missing. A gene that only files of other samples cover is missing. A
    file that does not tell its genes covers what files of its kind show.
    """
    variants = _stack([file.variants for file in files], schema.VARIANTS)
    fusions = _stack([file.fusions for file in files], schema.FUSIONS)
    if build is not None:
        variants, fusions = (frame.assign(build=frame["build"].fillna(build)) for frame in (variants, fusions))
    read = {name: sorted({one for file in files for one in file.profiled.get(name, ())}) for name in DATA_TYPES}
    repeated = _is_repeated(fusions)
    dropped = [table for table in (*(file.dropped for file in files), _count(fusions[repeated])) if len(table)]
    return JoinedFiles(
        files=tuple(files),
        variants=variants,
        fusions=fusions[~repeated].reset_index(drop=True),
        copy_number=_join_copy_number(files),
        biomarkers=_stack([file.biomarkers for file in files], BIOMARKERS),
        evidence=ProfileEvidence(
            sequenced_samples=sorted({one for file in files for one in file.listed}),
            file_samples=read["mutations"],
            read_samples=read,
        ),
        dropped=pd.concat(dropped, ignore_index=True)
        if dropped
        else pd.DataFrame(columns=list(DROPPED)).astype(DROPPED),
    )


def _stack(parts: Sequence[pd.DataFrame], table: schema.Table) -> pd.DataFrame:
    """Return tables below each other; columns beyond those of the table stay."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return schema.empty(table)
    return schema.conform(filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True), table)


def _is_repeated(fusions: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which events of one sample repeat those of another file: same genes and breakpoints."""
    located = (fusions["pos1"].notna() | fusions["pos2"].notna()).to_numpy(dtype=bool)
    file = fusions["file"].fillna("")
    first = file.groupby([fusions[name] for name in _PLACE], dropna=False).transform("min")
    return located & (file != first).to_numpy(dtype=bool)


def _count(repeated: pd.DataFrame) -> pd.DataFrame:
    counts = repeated["sample_id"].value_counts(sort=False).sort_index()
    table = pd.DataFrame({"sample_id": counts.index, "reason": "duplicate", "n": counts.to_numpy()})
    return table.astype(DROPPED)


def _join_copy_number(files: Sequence[SequencingFile]) -> CopyNumber | None:
    """Return all copy number, one value per sample and gene."""
    holding = [file for file in files if file.profiled.get("cna") or len(file.copy_number)]
    if not holding:
        return None
    covered = _covered_genes(holding)
    genes = sorted(set().union(*covered))
    parts = [file.copy_number for file in holding]
    parts += [_uncovered(file, own, genes) for file, own in zip(holding, covered, strict=True)]
    table = _stack(parts, schema.COPY_NUMBER)
    table = table[~_is_zero_elsewhere(table, holding, covered)]
    return CopyNumber(
        table=_one_per_cell(table),
        samples=tuple(sorted({one for file in holding for one in file.profiled.get("cna", ())})),
        genes=tuple(genes),
    )


def _covered_genes(files: Sequence[SequencingFile]) -> list[set[str]]:
    """Return the genes of each file; one that does not tell them covers what files of its kind show."""
    shown: dict[str, set[str]] = {}
    for file in files:
        shown.setdefault(file.kind, set()).update(file.copy_number["gene"].dropna())
    return [
        {*file.genes["cna"], *file.copy_number["gene"].dropna()} if "cna" in file.genes else shown[file.kind]
        for file in files
    ]


def _uncovered(file: SequencingFile, own: Collection[str], genes: Sequence[str]) -> pd.DataFrame:
    """Return missing values for genes that only other files cover."""
    absent = [gene for gene in genes if gene not in own]
    rows = pd.MultiIndex.from_product([file.profiled.get("cna", ()), absent], names=_CELL).to_frame(index=False)
    return schema.conform(rows.assign(value=float("nan")), schema.COPY_NUMBER)


def _is_zero_elsewhere(
    table: pd.DataFrame, files: Sequence[SequencingFile], covered: Sequence[Collection[str]]
) -> NDArray[np.bool_]:
    """Tell which missing values another file of the sample knows to be 0: it covers the gene and has no row."""
    counts = Counter(one for file in files for one in file.profiled.get("cna", ()))
    several = [sample for sample, count in counts.items() if count > 1]
    asked = (table["value"].isna() & table["sample_id"].isin(several)).to_numpy(dtype=bool)
    cells = pd.MultiIndex.from_frame(table.loc[asked, _CELL])
    found = np.zeros(len(cells), dtype=bool)
    for file, own in zip(files, covered, strict=True):
        samples = [one for one in file.profiled.get("cna", ()) if counts[one] > 1]
        if samples:
            rows = pd.MultiIndex.from_frame(file.copy_number[_CELL])
            found |= cells.isin(samples, level=0) & cells.isin(list(own), level=1) & ~cells.isin(rows)
    asked[asked] = found
    return asked


def _one_per_cell(table: pd.DataFrame) -> pd.DataFrame:
    """Return one value per sample and gene, sorted."""
    size = table["value"].abs().replace(1.5, 2.0)
    ordered = table.assign(size=-size).sort_values([*_CELL, "size", "value", "file", "row"], na_position="last")
    kept = ordered.drop_duplicates(_CELL)
    signs = ordered.loc[ordered["size"] == ordered.groupby(_CELL)["size"].transform("min")].groupby(_CELL)["value"]
    opposed = signs.min()[(signs.min() < 0) & (signs.max() > 0)].index
    unclear = pd.MultiIndex.from_frame(kept[_CELL]).isin(opposed)
    kept = kept.assign(value=kept["value"].mask(unclear)).drop(columns="size")
    return schema.conform(kept, schema.COPY_NUMBER)
