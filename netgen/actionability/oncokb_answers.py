"""What OncoKB answers: from its JSON to claims, one per level and tumour type of the level.

Levels, drugs, tumour types and citations are taken; the texts of OncoKB are not. An answer of another form than
expected is refused as a whole, so that nothing is set beside the wrong alteration.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from netgen.actionability.import_oncokb import NOT_STATED
from netgen.actionability.oncokb_http import failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgen.errors import AnalysisError


class Claim(NamedTuple):
    """What an answer says at one level.

    Attributes
    ----------
    level
        As OncoKB names it.
    disease
        Tumour type of the level, for people; "" if none is named.
    types
        Code and name of that tumour type, or its main type if it has neither: the first that resolves counts.
    excluded
        Tumour types for which the level does not hold, each as ``types``.
    therapy
        "A + B; C"; "" for a level that names no drug.
    citation
        PubMed numbers and abstracts, joined by ";".
    version
        Data version of OncoKB.
    """

    level: str
    disease: str
    types: tuple[str, ...]
    excluded: tuple[tuple[str, ...], ...]
    therapy: str
    citation: str
    version: str


def parse_answers(text: bytes, n: int) -> list[list[Claim]]:
    """Return the claims of each of the answers to a batch, in its order.

    Parameters
    ----------
    text
        JSON: a list of annotations.
    n
        How many there must be.

    Returns
    -------
    list of list
        Claims of each annotation; none for an alteration without levels.

    Raises
    ------
    AnalysisError
        E_ONCOKB if it is not JSON, or not ``n`` annotations of the expected form.
    """
    try:
        found = json.loads(text)
    except ValueError:
        raise _malformed("it is not JSON") from None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _malformed("it is not a list of annotations")
    if len(found) != n:
        raise _malformed(f"{n} annotations are needed, found {len(found)}")
    return [_read_answer(item) for item in found]


def _read_answer(answer: Mapping[str, Any]) -> list[Claim]:
    """Return what an answer says, treatments of one level and tumour type together."""
    version = str(answer.get("dataVersion") or NOT_STATED)
    found: dict[tuple[Any, ...], tuple[dict[str, None], dict[str, None]]] = {}
    for item in _dicts(answer, "treatments"):
        excluded = tuple(_read_type(one) for one in _dicts(item, "levelExcludedCancerTypes"))
        key = (item.get("level"), _read_type(item.get("levelAssociatedCancerType")), excluded)
        therapies, citations = found.setdefault(key, ({}, {}))
        drugs = [str(drug.get("drugName") or "") for drug in _dicts(item, "drugs")]
        therapies.update(dict.fromkeys([" + ".join(filter(None, drugs))]))
        citations.update(dict.fromkeys(_read_citations(item)))
    for name in ("diagnosticImplications", "prognosticImplications"):
        for item in _dicts(answer, name):
            key = (item.get("levelOfEvidence"), _read_type(item.get("tumorType")), ())
            found.setdefault(key, ({}, {}))[1].update(dict.fromkeys(_read_citations(item)))
    return [
        Claim(
            str(level), named[0], named[1:], tuple(one[1:] for one in excluded), "; ".join(filter(None, therapies)),
            ";".join(citations), version,
        )
        for (level, named, excluded), (therapies, citations) in found.items()
        if level and level != "NO"
    ]  # fmt: skip


def _read_type(item: object) -> tuple[str, ...]:
    """Return the name of a tumour type for people, and behind it code and name, or the main type if it has neither."""
    if item is None:
        return ("",)
    if not isinstance(item, dict):
        raise _malformed("a tumour type has no name")
    main = item.get("mainType")
    main_name = str((main.get("name") if isinstance(main, dict) else main) or "")
    own = tuple(str(item[key]) for key in ("code", "name") if item.get(key))
    return (str(item.get("name") or main_name or item.get("code") or ""), *(own or filter(None, (main_name,))))


def _read_citations(item: Mapping[str, Any]) -> Iterable[str]:
    pmids = item.get("pmids") or []
    if not isinstance(pmids, list):
        raise _malformed("pmids are not a list")
    abstracts = [f"{one.get('abstract', '')} ({one.get('link', '')})" for one in _dicts(item, "abstracts")]
    return [*map(str, pmids), *abstracts]


def _dicts(item: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = item.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _malformed(f"{key} is not a list of objects")
    return found


def _malformed(why: str) -> AnalysisError:
    return failure(f"The answer of OncoKB cannot be read: {why}.", "Check the address; nothing was taken from it.")
