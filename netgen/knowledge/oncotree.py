"""Tumour types: the OncoTree code of a patient, its ancestors, and what to do with a code that is not there.

Scope follows ancestry alone. The main type of a node is shown, never matched: lung carcinoids carry "Non-Small Cell
Lung Cancer" and thymic neuroendocrine tumours "Thymic Tumor", which would lend them evidence of other diseases.
OncoTree has no grade of neuroendocrine tumours and no duodenal one.

A table with the tumour types of netgen's rules and origins ships; the complete tree is read from a knowledge snapshot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from netgen.knowledge.oncotree_files import read_bundled_nodes, read_tree_nodes
from netgen.knowledge.oncotree_likeness import ABBREVIATIONS, fold_name, rank_codes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from netgen.errors import Findings
    from netgen.knowledge.oncotree_files import TreeNodes
    from netgen.knowledge.snapshot import Snapshot

SOURCE: Final = "OncoTree"
LICENCE: Final = "CC BY 4.0"
BUNDLED_VERSION: Final = "oncotree_2025_10_03"
BUNDLED_DATE: Final = "2025-10-03"
_DATE: Final = re.compile(r"(\d{4})_(\d{2})_(\d{2})")
_TWO_PARTS: Final = re.compile(r"(.+?)\s*\(([^()]+)\)")
_LONGEST: Final = 120


@dataclass(frozen=True, kw_only=True, eq=False)
class OncoTree:
    """One version of the tree of tumour types, or the part of it that ships.

    Attributes
    ----------
    nodes
        Index ``code``, sorted; columns ``name``, ``main_type`` (for display), ``tissue``, ``parent`` ("" at the top)
        and ``level`` (0 at the top). The root TISSUE is left out.
    renamed
        Former or revoked code, in upper case -> the one current code that replaces it.
    split
        Former code, in upper case -> the several current codes among which a reader must choose.
    source, version, date, licence
        Where the tree comes from; ``date`` is YYYY-MM-DD, or empty if unknown.
    complete
        False for the part that ships.
    """

    nodes: pd.DataFrame
    renamed: Mapping[str, str]
    split: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str
    version: str
    date: str
    licence: str
    complete: bool = True

    def __contains__(self, code: object) -> bool:
        return code in self.parents

    def lineage(self, code: str) -> tuple[str, ...]:
        """Return the code itself, its parent and so on up to the tissue; KeyError if the code is not in the tree."""
        found = [code]
        while parent := self.parents[found[-1]]:
            found.append(parent)
        return tuple(found)

    def is_within(self, code: str, ancestor: str) -> bool:
        """Tell whether a code is the ancestor itself or lies below it; KeyError if the code is not in the tree."""
        return ancestor in self.lineage(code)

    def describe(self, code: str) -> str:
        """Return ``"LUCA (Lung Carcinoid)"``; KeyError if the code is not in the tree."""
        return f"{code} ({self.names[code]})"

    @cached_property
    def parents(self) -> dict[str, str]:
        """Code -> parent, "" at the top."""
        return dict(zip(self.nodes.index, self.nodes["parent"], strict=True))

    @cached_property
    def names(self) -> dict[str, str]:
        """Code -> name."""
        return dict(zip(self.nodes.index, self.nodes["name"], strict=True))

    @cached_property
    def by_code(self) -> dict[str, str]:
        """Code in upper case -> code as the tree spells it; version 1.1 has SpCC."""
        return {code.upper(): code for code in self.parents}

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Folded name -> codes; teratomas and their like have one name in several tissues."""
        found: dict[str, list[str]] = {}
        for code, name in self.names.items():
            found.setdefault(fold_name(name), []).append(code)
        return found


def load_oncotree(snapshot: Snapshot | None = None) -> OncoTree:
    """Return the complete tree of a knowledge snapshot, else the part that ships.

    Parameters
    ----------
    snapshot
        A snapshot that was read; None, or one without a file of the kind ``oncotree``, gives the bundled table.

    Returns
    -------
    OncoTree
        With source, version, date and licence as the manifest of the snapshot states them.

    Raises
    ------
    InputError
        As :func:`read_tree_json`.
    """
    files = snapshot.of("oncotree") if snapshot is not None else ()
    if files:
        file = files[0]
        tree = read_tree_json(file.path)
        return replace(tree, source=file.source, version=file.version, date=file.date, licence=file.licence)
    return _tree(read_bundled_nodes(), version=BUNDLED_VERSION, date=BUNDLED_DATE, complete=False)


def read_tree_json(path: Path) -> OncoTree:
    """Return the tree of a nested JSON file of the OncoTree repository.

    The file does not state its version: the version is its name, the date the one in the name.

    Parameters
    ----------
    path
        For example ``oncotree_2025_10_03.json``.

    Returns
    -------
    OncoTree
        Every node but the root TISSUE.

    Raises
    ------
    InputError
        If the file does not exist (E_FILE_MISSING), is not JSON, or is not a tree of tumour types (E_FILE_FORMAT).
    """
    date = _DATE.search(path.stem)
    return _tree(read_tree_nodes(path), version=path.stem, date="-".join(date.groups()) if date else "", complete=True)


def resolve_code(tree: OncoTree, text: str) -> str | None:
    """Return the current code that a text means, or None: nothing is guessed.

    Parameters
    ----------
    tree
        The tree.
    text
        A code, a name, ``Name (CODE)`` or ``CODE (Name)`` of one node, or a former code. Case, blanks and the British
        spelling of "tumour" do not matter. Main types are not names.

    Returns
    -------
    str or None
        The code as the tree spells it; None if the text is unknown, a name that several nodes share, or a former code
        that was divided among several.
    """
    found = _candidates(tree, text)
    both = None if found else _TWO_PARTS.fullmatch(text.strip()[:_LONGEST])
    if both:
        found = _candidates(tree, both[1]) & _candidates(tree, both[2])
    return found.pop() if len(found) == 1 else None


def suggest_codes(tree: OncoTree, text: str, n: int = 3) -> list[str]:
    """Return the nodes nearest to a text, the likeliest first.

    Parameters
    ----------
    tree
        The tree.
    text
        What was written instead of a code.
    n
        How many, at most.

    Returns
    -------
    list of str
        ``"LUCA (Lung Carcinoid)"`` and so on.

    Notes
    -----
    First what a common abbreviation stands for, the codes a former code was divided among and the nodes that share the
    name; then all by likeness to the code and the name, see :mod:`netgen.knowledge.oncotree_likeness`.
    """
    return [tree.describe(code) for code in _nearest(tree, text[:_LONGEST])[:n]]


def check_code(
    tree: OncoTree,
    text: str,
    *,
    findings: Findings,
    file: str = "",
    row: int | None = None,
    patient_id: str = "",
) -> str | None:
    """Return the current code that a text means, and report a text that means none.

    Parameters
    ----------
    tree
        The tree.
    text
        What was recorded. Blank is a missing tumour type and reported, too.
    findings
        Receives E_ONCOTREE_UNKNOWN with the nearest codes, W_ONCOTREE_RENAMED for a former code, and
        W_ONCOTREE_ABBREVIATION for a code that clinics use for another tumour (PNET).
    file, row, patient_id
        Where it stands.

    Returns
    -------
    str or None
        The code, or None for an unknown one.
    """
    code = resolve_code(tree, text)
    key = text.strip().upper()
    code_of, message, fix = "", "", ""
    if code is None:
        code_of, message = "E_ONCOTREE_UNKNOWN", "An OncoTree code or name is needed, found {value}."
        fix = _suggest(tree, text)
    elif key in tree.renamed:
        code_of, message = "W_ONCOTREE_RENAMED", f"{{value}} is a former code and was taken as {tree.describe(code)}."
        fix = f"Write {code}, or the code that fits if the meaning changed."
    elif key in ABBREVIATIONS:
        meant = " or ".join(tree.describe(item) for item in ABBREVIATIONS[key] if item in tree)
        code_of, message = "W_ONCOTREE_ABBREVIATION", f"{{value}} is the code of {tree.names[code]}."
        fix = f"If {meant} is meant, write that code."
    if code_of:
        found = repr(text[:_LONGEST]) if text.strip() else "nothing"
        findings.add(
            code_of, message.replace("{value}", found), fix=fix, file=file, row=row, column="oncotree_code",
            value=text[:_LONGEST], patient_id=patient_id,
        )  # fmt: skip
    return code


def _candidates(tree: OncoTree, text: str) -> set[str]:
    key = text.strip().upper()
    if key in tree.by_code:
        return {tree.by_code[key]}
    if key in tree.renamed:
        return {tree.renamed[key]}
    return set(tree.by_name.get(fold_name(text), ()))


@lru_cache(maxsize=1024)
def _nearest(tree: OncoTree, text: str) -> tuple[str, ...]:
    key = text.strip().upper()
    meant = (*ABBREVIATIONS.get(key, ()), *tree.split.get(key, ()), *tree.by_name.get(fold_name(text), ()))
    return tuple(dict.fromkeys([*(code for code in meant if code in tree), *rank_codes(tree.names, text)]))


def _suggest(tree: OncoTree, text: str) -> str:
    nearest = f"Nearest: {'; '.join(suggest_codes(tree, text))}." if text.strip() else "Give the code of the tumour."
    if tree.complete:
        return nearest
    return f"{nearest} Only part of OncoTree ships: give the complete tree in a knowledge snapshot."


def _tree(found: TreeNodes, *, version: str, date: str, complete: bool) -> OncoTree:
    return OncoTree(
        nodes=found.nodes,
        renamed={old: new[0] for old, new in found.former.items() if len(new) == 1},
        split={old: new for old, new in found.former.items() if len(new) > 1},
        source=SOURCE, version=version, date=date, licence=LICENCE, complete=complete,
    )  # fmt: skip
