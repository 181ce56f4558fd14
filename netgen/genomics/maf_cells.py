"""The columns of a MAF by what they hold: text, whole numbers, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netgen.genomics.coded import Coded, coalesce, missing
from netgen.genomics.maf_columns import check_is_maf, choose_columns, oncokb_columns, squeeze
from netgen.genomics.maf_layout import Layout, sniff_layout
from netgen.genomics.maf_rows import clean_text
from netgen.genomics.maf_text import TextColumns, read_text_columns
from netgen.genomics.maf_values import Place, parse_integers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from netgen.errors import Findings

_INTEGERS: Final = ("entrez_gene_id", "start", "end", "t_alt_count", "t_ref_count", "t_depth")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The wanted columns of a file.

    Attributes
    ----------
    file
        The file, for messages.
    layout
        Its text layout.
    places
        Target -> columns that hold it (``maf_columns``).
    kept
        Columns that are kept verbatim.
    text
        The columns themselves.
    """

    file: str
    layout: Layout
    places: dict[str, list[int]]
    kept: tuple[int, ...]
    text: TextColumns

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.text.lines)

    def raw(self, target: str) -> Coded:
        """Return a text column as written; all missing where there is none."""
        columns = self.places.get(target)
        return self.text.columns[columns[0]] if columns else missing(self.n)

    def clean(self, target: str) -> Coded:
        """Return a text column without null tokens, filled from all columns that hold it."""
        columns = [clean_text(self.text.columns[place]) for place in self.places.get(target, [])]
        out = columns[0] if columns else missing(self.n)
        for column in columns[1:]:
            out = coalesce(out, column)
        return out

    def merged(self, target: str) -> Coded:
        """Return a text column as written, filled from all columns that hold it where there are several."""
        return self.clean(target) if len(self.places.get(target, ())) > 1 else self.raw(target)

    def place(self, target: str, which: int = 0) -> Place:
        """Return where a column stands, for messages."""
        columns = self.places.get(target)
        name = self.layout.header[columns[which]] if columns else target
        return Place(file=self.file, column=name, lines=self.text.lines)

    def integers(self, target: str, findings: Findings) -> NDArray[np.int64]:
        """Return a column as whole numbers, ``NO_NUMBER`` where there is none."""
        columns = self.places.get(target)
        found = self.text.integers.get(columns[0], self.text.columns.get(columns[0])) if columns else None
        return parse_integers(found, self.n, place=self.place(target), findings=findings)

    def extra(self) -> dict[str, Coded]:
        """Return the columns that are kept verbatim, by their name in the file."""
        return {
            self.layout.header[place]: clean_text(self.text.columns[place])
            for place in self.kept
            if place in self.text.columns
        }


def read_cells(path: Path, *, findings: Findings, keep: Sequence[str] = (), threads: int | None = None) -> Cells:
    """Return the columns of a MAF that a variant is made of.

    Parameters
    ----------
    path
        The file.
    findings
        Collects what is wrong with header and rows.
    keep
        Further columns to keep, by name; those of the OncoKB annotator are always kept.
    threads
        1 for a single thread; None for all.

    Returns
    -------
    Cells
        One entry per row that fits the header.

    Raises
    ------
    InputError
        E_FILE_MISSING, or E_FILE_FORMAT for a file that is not a MAF.
    """
    layout = sniff_layout(path)
    places = choose_columns(layout.header, findings=findings, file=str(path))
    check_is_maf(places, layout.header, file=str(path), row=layout.n_skip)
    names = [squeeze(name) for name in layout.header]
    asked = {names.index(squeeze(name)) for name in keep if squeeze(name) in names}
    kept = tuple(sorted(asked | set(oncokb_columns(layout.header))))
    integers = {place for target in _INTEGERS for place in places.get(target, [])} - set(kept)
    rest = {place for columns in places.values() for place in columns} | set(kept)
    text = read_text_columns(
        path, layout, sorted(rest - integers), integers=sorted(integers), findings=findings, threads=threads
    )
    return Cells(file=str(path), layout=layout, places=places, kept=kept, text=text)
