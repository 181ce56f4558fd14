"""Diseases as other sources of knowledge name them, and how a tumour type stands to them.

A source says "Lung Non-small Cell Carcinoma", "Pancreatic Cancer" or "Cancer". A name is taken for the OncoTree nodes
it exactly means: a name of the bundled table, a name or code of the tree, or a main type, which stands for the smallest
subtree that holds it. What a name does not say is not guessed: "Cancer" is no tumour type, and only a source that says
*any solid tumour* is agnostic.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from netgen.actionability.rules import AGNOSTIC
from netgen.actionability.scope import is_neuroendocrine, match_imported_scope
from netgen.data import load_table
from netgen.knowledge.oncotree import resolve_code
from netgen.knowledge.oncotree_likeness import ABBREVIATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgen.knowledge.oncotree import OncoTree

UNRESOLVED: Final = "?"
NAMES: Final = "disease_names.tsv"
CGI_TYPES: Final = "cgi_tumour_types.tsv"


def resolve_disease(tree: OncoTree, text: str) -> tuple[str, ...]:
    """Return the OncoTree codes that a name of a disease means.

    Parameters
    ----------
    tree
        OncoTree.
    text
        Name of a disease, a code or a main type. Case, blanks and the British spelling of "tumour" do not matter.

    Returns
    -------
    tuple of str
        Codes, sorted: any of them is meant. ``SOLID`` where the name says any solid tumour. Empty if the name means no
        node. Codes of the bundled table are given even if the tree is a part that lacks them.

    Notes
    -----
    In this order:

    1. the bundled table ``netgen/data/disease_names.tsv``, where a name wider than its use has the node of the organ
       ("Lung Cancer" is LUNG, which says nothing of a neuroendocrine tumour);
    2. a code or a name of the tree; never a code that clinics use for another tumour (PNET);
    3. a main type: the lowest node above all that carry it, or, if they lie in several tissues, the topmost of them
       that are not neuroendocrine.

    Examples
    --------
    >>> from netgen.knowledge.oncotree import load_oncotree
    >>> resolve_disease(load_oncotree(), "Lung Non-small Cell Carcinoma")
    ('NSCLC',)
    """
    name = _fold(text)
    if not name:
        return ()
    listed = _listed(NAMES, "name").get(name)
    if listed:
        return tuple(sorted({_current(tree, code) for code, _ in listed}))
    if text.strip().upper() not in ABBREVIATIONS:
        code = resolve_code(tree, text)
        if code is not None:
            return (code,)
    return _by_main_type(tree, name)


def resolve_cgi_types(tree: OncoTree, text: str) -> tuple[str, ...]:
    """Return the OncoTree codes that acronyms of the Cancer Genome Interpreter mean.

    Parameters
    ----------
    tree
        OncoTree.
    text
        Acronyms, joined by ";".

    Returns
    -------
    tuple of str
        Codes, sorted; ``?`` among them for an acronym that has no place in OncoTree (CANCER, NEU).
    """
    known = _listed(CGI_TYPES, "acronym")
    codes: set[str] = set()
    for item in text.split(";"):
        codes.update(_current(tree, code) for code, _ in known.get(_fold(item), ((UNRESOLVED, ""),)))
    return tuple(sorted(codes))


def match_disease(tree: OncoTree, code: str | None, include: Iterable[str]) -> str:
    """Return how a tumour type stands to the disease of an imported assertion.

    Parameters
    ----------
    tree
        OncoTree.
    code
        Tumour type of the patient or sample; missing, or not in the tree = ``uncertain``.
    include
        Codes of the disease; ``SOLID`` for any solid tumour, ``?`` for one that did not resolve.

    Returns
    -------
    str
        ``in_scope``, ``agnostic``, ``out_of_scope`` or ``uncertain``.

    Notes
    -----
    1. As ``scope.match_imported_scope``: by ancestry, and for a neuroendocrine tumour in scope only by a node that is
       neuroendocrine itself. A node of the organ (LUNG, PANCREAS, THYMUS) gives ``uncertain``.
    2. A disease that did not resolve, or a code that the tree lacks, does not make it more than ``uncertain``. A code
       that the tree lacks is out of scope for tumours of another tissue.

    Witness: ``tests/actionability/test_diseases.py``.
    """
    wanted = tuple(include)
    if code is None or code not in tree:
        return "uncertain"
    known = [item for item in wanted if item in tree or item == AGNOSTIC]
    found = match_imported_scope(tree, code, known) if known else "out_of_scope"
    if found == "out_of_scope" and any(_may_hold(tree, code, item) for item in set(wanted) - set(known)):
        return "uncertain"
    return found


def _may_hold(tree: OncoTree, code: str, item: str) -> bool:
    """Tell whether a code that the tree lacks could be the tumour: unless it is known to be of another tissue."""
    return _tissues().get(item, tree.lineage(code)[-1]) == tree.lineage(code)[-1]


def _by_main_type(tree: OncoTree, name: str) -> tuple[str, ...]:
    carriers = tree.nodes.index[tree.nodes["main_type"].map(_fold) == name]
    if not len(carriers):
        return ()
    lineages = [tree.lineage(code) for code in carriers]
    shared = [code for code in lineages[0] if all(code in line for line in lineages)]
    if shared:
        return (shared[0],)
    topmost = {code for code, line in zip(carriers, lineages, strict=True) if not set(line[1:]) & set(carriers)}
    return tuple(sorted(code for code in topmost if not is_neuroendocrine(tree, code)))


def _current(tree: OncoTree, code: str) -> str:
    return code if code in tree else tree.renamed.get(code.upper(), code)


def _fold(text: str) -> str:
    return " ".join(text.casefold().replace("tumour", "tumor").split())


@cache
def _listed(table: str, key: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return name -> (code, tissue) pairs of a bundled table."""
    rows = load_table(table)
    out: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, code, tissue in zip(rows[key], rows["code"], rows["tissue"], strict=True):
        out[_fold(name)] = (*out.get(_fold(name), ()), (code, tissue))
    return out


@cache
def _tissues() -> dict[str, str]:
    """Return code -> top node above it, for codes of the bundled tables."""
    tables = (_listed(NAMES, "name"), _listed(CGI_TYPES, "acronym"))
    return {code: tissue for table in tables for pairs in table.values() for code, tissue in pairs if tissue}
