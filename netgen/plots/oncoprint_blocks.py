"""Blocks of rows of an oncoprint: genes put together under a title, such as a pathway or a level of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


class Block(NamedTuple):
    """Rows that stand together: their title, and how many there are."""

    title: str
    size: int


def group_rows(
    rows: Sequence[str], groups: Mapping[str, Sequence[str]], *, rest: str
) -> tuple[list[str], tuple[Block, ...]]:
    """Return the rows put together by group, and the blocks they make.

    Parameters
    ----------
    rows
        Genes in their order, which is kept within a block.
    groups
        Title -> members, in the order of the blocks. A gene of several groups stands in the first; a row that bears
        the title of a group opens it.
    rest
        Title of the rows in no group, which come last.

    Returns
    -------
    tuple
        Rows, and blocks with at least one row. If no row is in a group, the rows as given and no block.
    """
    home = {gene: title for title, members in reversed(list(groups.items())) for gene in members}
    home |= {title: title for title in groups}
    members: dict[str, list[str]] = {title: [] for title in groups}
    others = [gene for gene in rows if gene not in home]
    for gene in rows:
        if gene in home:
            own = members[home[gene]]
            own.insert(0, gene) if gene == home[gene] else own.append(gene)
    found = {title: genes for title, genes in members.items() if genes}
    if not found:
        return list(rows), ()
    parts = [*found.items(), *([(rest, others)] if others else [])]
    return [gene for _, genes in parts for gene in genes], tuple(Block(title, len(genes)) for title, genes in parts)


def row_tops(blocks: Sequence[Block], n_rows: int, gap: float) -> NDArray[np.float64]:
    """Return the upper edges of the rows in units of a row, with room for a title above each block.

    Parameters
    ----------
    blocks
        From above to below; none = the rows touch.
    n_rows
        Number of rows.
    gap
        Height of a title in rows.

    Returns
    -------
    ndarray of float64
        (n_rows,); 0, 1, 2 ... if there are no blocks.
    """
    number = np.repeat(np.arange(len(blocks)), [block.size for block in blocks]) + 1 if blocks else np.zeros(n_rows)
    return np.arange(n_rows, dtype=np.float64) + gap * number
