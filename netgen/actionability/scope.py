"""Whether a rule holds for a tumour: its place in OncoTree, and the patient's grade and other qualifiers (DOMAIN 4.2).

Scope goes by the ancestry of the patient's code, never the reverse and never by main type: a rule for NSCLC does not
reach a lung carcinoid, whose main type is "Non-Small Cell Lung Cancer", and a rule for SCLC does not reach a tumour
recorded as a lung neuroendocrine tumour only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from netgen.actionability.rules import AGNOSTIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from netgen.actionability.rules import Rule
    from netgen.knowledge.oncotree import OncoTree

SCOPES: Final = ("in_scope", "agnostic", "out_of_scope", "excluded", "uncertain")
HAEMATOLOGIC: Final = frozenset({"MYELOID", "LYMPH", "BLOOD"})  # BLOOD: top node of OncoTree before 2018
# Every node of OncoTree that is a neuroendocrine neoplasm (small cell carcinoma among them); all below them are, too.
NEN_CODES: Final = frozenset({
    "LNET", "LUCA", "ALUCA", "LUNE", "SCLC", "CSCLC", "TNET", "PANET", "PANEC",
    "GINET", "SBWDNET", "AWDNET", "RWDNET", "HGNEC", "GINETES", "SWDNET", "HGNES", "HGNEE", "STSC",
    "NETNOS", "NECNOS", "SCUP", "RNET", "RSCC", "SCBC", "PRNE", "PRSCC", "CENE", "SCCE", "UNEC", "HGONEC", "HNNE",
    "SCGBC", "MCC", "THME", "PHC", "PGNG",
})  # fmt: skip

# Qualifiers that are conditions of a label: printed beside the hit, never taken as met and never as failed.
PRINTED: Final = ("line_min", "condition")
# Qualifiers that are evaluated: key -> column of the patient.
EVALUATED: Final[dict[str, str]] = {
    "who_grade": "who_grade",
    "ki67_min": "ki67_pct",
    "ki67_max": "ki67_pct",
    "functional": "functional_status",
    "biallelic": "biallelic",
    "prior_alkylator": "prior_alkylator",
}


def match_scope(tree: OncoTree, code: str | None, include: Iterable[str], exclude: Iterable[str] = ()) -> str:
    """Return how a tumour type stands to the scope of a rule.

    Parameters
    ----------
    tree
        OncoTree.
    code
        Tumour type of the patient or sample; missing or not in the tree = ``uncertain``.
    include
        Codes for which the rule holds, with all below them; ``SOLID`` = every tissue but MYELOID and LYMPH. Codes that
        the tree does not have never match.
    exclude
        Codes for which it does not hold, with all below them.

    Returns
    -------
    str
        One of ``SCOPES``: ``excluded`` if the type lies within an excluded code, whatever is included; ``in_scope``;
        ``agnostic`` if only SOLID holds; ``uncertain`` if the type is recorded too broadly to tell, so that the rule
        must not be applied; else ``out_of_scope``.

    Notes
    -----
    1. The type or an ancestor is excluded: ``excluded``.
    2. The type or an ancestor is included: it applies, unless an excluded code lies below the type: ``uncertain``.
    3. An included code lies below the type: ``uncertain``.
    4. No included code is in the tree (an imported disease that did not resolve): ``uncertain``.

    DOMAIN 4.2. Witness: SC22, ``tests/actionability/test_scope.py``.
    """
    wanted = {_current(tree, item) for item in include}
    barred = {_current(tree, item) for item in exclude}
    known = _current(tree, code)
    if known not in tree:
        return "uncertain"
    lineage = frozenset(tree.lineage(known))
    if _holds(lineage, barred):
        return "excluded"
    named = not lineage.isdisjoint(wanted)
    if named or _holds(lineage, wanted):
        if _lies_above(tree, known, barred):
            return "uncertain"
        return "in_scope" if named else "agnostic"
    if _lies_above(tree, known, wanted) or not any(item in tree or item == AGNOSTIC for item in wanted):
        return "uncertain"
    return "out_of_scope"


def match_imported_scope(tree: OncoTree, code: str | None, include: Iterable[str], exclude: Iterable[str] = ()) -> str:
    """Return how a tumour type stands to the disease of an imported assertion, whose terms are wider than ours.

    An import that says "Lung Cancer" means adenocarcinoma: for a neuroendocrine tumour, a node that is not
    neuroendocrine itself never gives more than ``uncertain``. Nor does it for a tumour that is recorded so broadly
    (LUNG, PANCREAS) that it may be a neuroendocrine one.

    Parameters
    ----------
    tree
        OncoTree.
    code
        Tumour type of the patient or sample.
    include
        Codes of the import's disease.
    exclude
        Codes it leaves out.

    Returns
    -------
    str
        One of ``SCOPES``.
    """
    wanted = tuple(include)
    found = match_scope(tree, code, wanted, exclude)
    if found != "in_scope":
        return found
    own = [item for item in wanted if is_neuroendocrine(tree, item)]
    if own and match_scope(tree, code, own, exclude) == "in_scope":
        return "in_scope"
    if not is_neuroendocrine(tree, code) and not _lies_above(tree, _current(tree, code), NEN_CODES):
        return "in_scope"
    return "agnostic" if AGNOSTIC in wanted else "uncertain"


def is_neuroendocrine(tree: OncoTree, code: str | None) -> bool:
    """Tell whether a tumour type is a neuroendocrine neoplasm.

    Parameters
    ----------
    tree
        OncoTree.
    code
        Tumour type; missing or not in the tree = False.

    Returns
    -------
    bool
        True within ``NEN_CODES``; False for a tissue that holds some (LUNG).
    """
    known = _current(tree, code)
    return known in tree and not NEN_CODES.isdisjoint(tree.lineage(known))


def check_qualifiers(rule: Rule, patient: Mapping[str, Any]) -> tuple[bool | None, list[str]]:
    """Return whether a patient meets the qualifiers of a rule, and what to print beside the hit.

    Parameters
    ----------
    rule
        Its ``qualifiers`` are read.
    patient
        Columns of ``schema.PATIENTS`` (who_grade, ki67_pct, ki67_low, ki67_high, functional_status), and
        ``prior_alkylator`` and ``biallelic`` of the alteration where they are known. An absent key is a missing value.

    Returns
    -------
    tuple
        True if all are met; False if one is not; None if one cannot be told: the scope is uncertain then. Flags:
        ``qualifier_unmet:KEY``, ``qualifier_unknown:KEY``, and ``condition_not_evaluated:...`` for what is only
        printed.

    Notes
    -----
    ``line_min`` and ``condition`` ("after prior therapy") are never evaluated (DOMAIN 4.5). ``ki67_min`` and
    ``ki67_max`` are inclusive; a range of Ki-67 meets them only with both its ends. A qualifier that is not known here
    cannot be told.
    """
    flags: list[str] = []
    verdicts: list[bool | None] = []
    for key, wanted in rule.qualifiers.items():
        if key in PRINTED:
            flags.append(f"condition_not_evaluated:{_describe(key, wanted)}")
            continue
        verdict = _meets(key, wanted, patient)
        verdicts.append(verdict)
        if verdict is not True:
            flags.append(f"qualifier_{'unmet' if verdict is False else 'unknown'}:{key}")
    if False in verdicts:
        return False, flags
    return (None if None in verdicts else True), flags


def _meets(key: str, wanted: object, patient: Mapping[str, Any]) -> bool | None:
    """Evaluate one qualifier; None = cannot be told."""
    if wanted == "any" or wanted is None or (key == "biallelic" and not wanted):
        return True
    if key in ("ki67_min", "ki67_max"):
        return _within_ki67(key, float(str(wanted)), patient)
    found = _value(patient, EVALUATED[key]) if key in EVALUATED else None
    if found is None or str(found) in ("", "unknown"):
        return None
    if key == "biallelic":
        return str(found) in ("yes", "probable", "True")
    if key == "prior_alkylator":
        return bool(found) is bool(wanted)
    return str(found) in ([str(item) for item in wanted] if isinstance(wanted, (list, tuple)) else [str(wanted)])


def _within_ki67(key: str, limit: float, patient: Mapping[str, Any]) -> bool | None:
    """Compare the range of Ki-67, or the value where there is no range."""
    value = _value(patient, "ki67_pct")
    ends = [_value(patient, name) for name in ("ki67_low", "ki67_high")]
    known = [float(str(end if end is not None else value)) for end in ends if end is not None or value is not None]
    verdicts = {end >= limit if key == "ki67_min" else end <= limit for end in known}
    return verdicts.pop() if len(known) == len(ends) and len(verdicts) == 1 else None


def _value(patient: Mapping[str, Any], key: str) -> object:
    """Return a value, None if it is missing in any way pandas knows."""
    found: object = patient.get(key)
    if found is None or (isinstance(found, float) and math.isnan(found)) or str(found) in ("<NA>", "NaT"):
        return None
    return found


def _describe(key: str, wanted: object) -> str:
    """Return a condition in words, without the mark that joins flags."""
    text = f"line {wanted} or later" if key == "line_min" else str(wanted)
    return " ".join(text.replace(";", ",").split())


def _current(tree: OncoTree, code: object) -> str:
    """Return the present form of a code; the empty text for a missing one."""
    text = code if isinstance(code, str) else ""
    return text if text in tree else tree.renamed.get(text, text)


def _holds(lineage: frozenset[str], codes: set[str]) -> bool:
    """Tell whether a tumour with these ancestors is one of the codes or below, or solid where SOLID is one of them."""
    return not lineage.isdisjoint(codes) or (AGNOSTIC in codes and HAEMATOLOGIC.isdisjoint(lineage))


def _lies_above(tree: OncoTree, code: str, codes: AbstractSet[str]) -> bool:
    """Tell whether one of the codes lies below a tumour type, which is then too broad."""
    return any(item in tree and item != code and tree.is_within(item, code) for item in codes)
