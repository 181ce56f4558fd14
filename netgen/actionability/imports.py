"""Import the files of a knowledge snapshot by their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.actionability.import_cgi import import_cgi
from netgen.actionability.import_civic import import_civic
from netgen.actionability.import_moalmanac import PART_KIND, import_moalmanac

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgen.actionability.imported import ImportedTable
    from netgen.knowledge.oncotree import OncoTree
    from netgen.knowledge.snapshot import SnapshotFile

READERS: Final[dict[str, Callable[..., ImportedTable]]] = {
    "cgi": import_cgi,
    "civic": import_civic,
    "moalmanac": import_moalmanac,
}
# Kind -> kind of the files that may belong to it.
PARTS: Final = {"moalmanac": PART_KIND}


def import_table(file: SnapshotFile, tree: OncoTree, listed: Sequence[SnapshotFile] = ()) -> ImportedTable:
    """Return what a file of a knowledge snapshot asserts.

    Parameters
    ----------
    file
        Of a kind in ``READERS``; which of the source's forms it has is told by its content.
    tree
        OncoTree.
    listed
        All files of the snapshot; those that belong to ``file`` are read with it.

    Returns
    -------
    ImportedTable
        Every record of the file is among its rules or listed as rejected.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING), has none of the source's forms (E_FILE_FORMAT), or if files that belong
        to it are not listed (E_KNOWLEDGE).
    ValueError
        If the kind is not one that can be imported.
    """
    if file.kind not in READERS:
        raise ValueError(f"Files of the kinds {', '.join(READERS)} are imported; found {file.kind!r}.")
    parts = [one for one in listed if one.kind == PARTS.get(file.kind)]
    return READERS[file.kind](file, tree, parts) if parts else READERS[file.kind](file, tree)
