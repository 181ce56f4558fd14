"""The nodes of OncoTree, read from the table that ships or from the nested JSON of the OncoTree repository.

The JSON is ``{"TISSUE": {code, name, mainType, tissue, parent, children: {code: node}, history, precursors,
revocations}}``, as in ``trees/`` of github.com/cBioPortal/oncotree and the ``/api/tumorTypes/tree`` of its server;
colours, levels and external references are not used. The root TISSUE stands for any tumour and is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.data import load_table
from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROOT: Final = "TISSUE"
NODE_COLUMNS: Final = ("name", "main_type", "tissue", "parent", "level")
BUNDLED: Final = "oncotree.tsv"
# How a node names the codes it replaces: renamed, merged into it, withdrawn in its favour.
_FORMER: Final = ("history", "precursors", "revocations")


@dataclass(frozen=True, kw_only=True)
class TreeNodes:
    """The nodes of one version of OncoTree and the codes they replace.

    Attributes
    ----------
    nodes
        Index ``code``, sorted; columns ``name``, ``main_type``, ``tissue``, ``parent`` ("" for a tissue), all
        "string", and ``level`` (Int64; 0 for a tissue).
    former
        Former code -> current codes that replace it, sorted. Codes that are still in use are not former codes.
    """

    nodes: pd.DataFrame
    former: dict[str, tuple[str, ...]]


def read_bundled_nodes() -> TreeNodes:
    """Return the nodes of the table that ships: the tissues of netgen's rules and origins, not the complete tree.

    Returns
    -------
    TreeNodes
        Facts of OncoTree 2025-10-03.
    """
    cells = [load_table(BUNDLED)[name].tolist() for name in ("code", *NODE_COLUMNS[:4], "former")]
    rows = [(*first, former.split(";") if former else []) for *first, former in zip(*cells, strict=True)]
    return _collect(rows)


def read_tree_nodes(path: Path) -> TreeNodes:
    """Return the nodes of a nested JSON tree.

    A node without main type (the tissues of version 1.1) has the empty text there.

    Parameters
    ----------
    path
        The JSON file.

    Returns
    -------
    TreeNodes
        Every node but the root.

    Raises
    ------
    InputError
        If the file does not exist (E_FILE_MISSING), is not JSON, or is not a tree of tumour types with unique codes and
        the parents they stand under (E_FILE_FORMAT).
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError("E_FILE_MISSING", "There is no such file.", fix="Check the path.", file=str(path)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _refuse(path, f"A JSON file is needed, found one that cannot be read: {error}.") from error
    root = document.get(ROOT) if isinstance(document, dict) else None
    if not isinstance(root, dict):
        raise _refuse(path, f"A tree under the key {ROOT} is needed, found none.")
    rows = [row for row in _walk(root, path) if row[0] != ROOT]
    codes = [row[0] for row in rows]
    if not codes or len(set(codes)) < len(codes):
        raise _refuse(path, f"Nodes with unique codes are needed, found {len(codes)} of {len(set(codes))} codes.")
    return _collect(rows)


_Row = tuple[str, str, str, str, str, list[str]]


def _walk(root: dict[str, Any], path: Path) -> Iterator[_Row]:
    """Yield code, name, main type, tissue, parent and former codes of every node."""
    waiting: list[tuple[Any, str]] = [(root, "")]
    while waiting:
        node, parent = waiting.pop()
        if not isinstance(node, dict) or not all(isinstance(node.get(key), str) for key in ("code", "name")):
            raise _refuse(path, f"Every node needs a code and a name, found one without under {parent or ROOT}.")
        code = node["code"]
        if (node.get("parent") or "") != parent:
            raise _refuse(path, f"{code} stands under {parent}, but names {node.get('parent')} as its parent.")
        children = node.get("children") or {}
        if not isinstance(children, dict):
            raise _refuse(path, f"The children of {code} must be a mapping of codes to nodes.")
        waiting += [(child, code) for child in children.values()]
        former = [str(item) for key in _FORMER for item in node.get(key) or []]
        yield (
            code,
            node["name"],
            node.get("mainType") or "",
            node.get("tissue") or "",
            "" if parent == ROOT else parent,
            former,
        )


def _collect(rows: Iterable[_Row]) -> TreeNodes:
    rows = sorted(rows)
    parent = {row[0]: row[4] for row in rows}
    table = pd.DataFrame([row[:5] for row in rows], columns=["code", *NODE_COLUMNS[:4]], dtype="string")
    table["level"] = pd.array([_level(row[0], parent) for row in rows], dtype="Int64")
    replaced: dict[str, set[str]] = defaultdict(set)
    current = {code.upper() for code in parent}
    for code, *_, former in rows:
        for item in former:
            if item.upper() not in current:
                replaced[item.upper()].add(code)
    return TreeNodes(
        nodes=table.set_index("code"),
        former={item: tuple(sorted(codes)) for item, codes in sorted(replaced.items())},
    )


def _level(code: str, parent: dict[str, str]) -> int:
    level = 0
    while parent[code]:
        code = parent[code]
        level += 1
    return level


def _refuse(path: Path, message: str) -> InputError:
    fix = "Take a file of the folder trees/ of github.com/cBioPortal/oncotree."
    return InputError("E_FILE_FORMAT", message, fix=fix, file=str(path))
