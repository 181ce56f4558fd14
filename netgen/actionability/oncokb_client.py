"""Ask OncoKB about the alterations of a cohort, with the user's own token, and only if the user wants it.

What leaves the machine is, once for all patients together, gene, alteration and OncoTree code: no patient, no sample,
no file, no position, no germline variant, no free text. What comes back is shown
beside the rules and never counted. The token and the connection: ``oncokb_http``; the answers: ``oncokb_answers``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from netgen.actionability.diseases import UNRESOLVED, match_disease
from netgen.actionability.import_oncokb import (
    LICENCE,
    add_scope_flag,
    direction_of,
    find_tumour_types,
    is_guarded,
    present,
    resolve_types,
)
from netgen.actionability.oncokb_answers import parse_answers
from netgen.actionability.oncokb_http import ONCOKB_URL, Pacing, check_url, post_json, read_token
from netgen.actionability.protein_changes import parse_protein_change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from netgen.actionability.oncokb_answers import Claim
    from netgen.errors import Findings
    from netgen.knowledge.oncotree import OncoTree

BATCH: Final = 100
MUTATIONS: Final = "/annotate/mutations/byProteinChange"
COPY_NUMBER: Final = "/annotate/copyNumberAlterations"
STRUCTURAL: Final = "/annotate/structuralVariants"
# Why an alteration is not asked about.
REASONS: Final[dict[str, str]] = {
    "biomarker": "measured biomarkers",
    "germline": "germline",
    "no_tumour_type": "of patients without an OncoTree code",
    "no_gene": "without a gene symbol",
    "no_change": "without a protein change that can be read",
    "partner_unknown": "structural variants with one known gene",
}
_SOURCE: Final = "OncoKB (API)"
_GENE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,29}")
_UNREAD: Final = frozenset({"other", "silent"})
_COPY_TYPES: Final = {"amplification": "AMPLIFICATION", "homdel": "DELETION"}
_SV_CLASSES: Final = frozenset({"DELETION", "TRANSLOCATION", "DUPLICATION", "INSERTION", "INVERSION", "FUSION"})
_SIGNATURE: Final = ["kind", "origin", "gene", "partner", "change", "variant_class", "lof", "frame", "place"]


class Query(NamedTuple):
    """One question: where it is asked, and its JSON text."""

    path: str
    body: str


def ask_oncokb(
    alterations: pd.DataFrame,
    patients: pd.DataFrame,
    tree: OncoTree,
    *,
    token_env: str,
    findings: Findings,
    url: str = ONCOKB_URL,
    pacing: Pacing | None = None,
) -> pd.DataFrame:
    """Return what OncoKB says about alterations, one row per alteration, level and tumour type of the level.

    Alterations that cannot be asked about are counted by reason: those without an OncoTree code, without a readable
    protein change, of the germline, with one known partner, and measured biomarkers.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``; an ``oncotree_code`` here is that of the sample and goes before the
        patient's.
    patients
        Indexed by ``patient_id``, with ``oncotree_code``.
    tree
        OncoTree. Only codes that it has are sent.
    token_env
        Name of the environment variable that holds the token, not the token.
    findings
        Collects I_ROWS_IGNORED.
    url
        Base address; https, or http to this machine.
    pacing
        Time limits and pauses; the defaults if None.

    Returns
    -------
    DataFrame
        ``imported.IMPORTED_COLUMNS``, sorted. Treatments of one level and tumour type are in one row, joined by "; ".
        ``imported_version`` is the data version of the answer. Both rows of a fusion get the answer about it.

    Raises
    ------
    AnalysisError
        E_ONCOKB: no token, token refused, no connection, an answer that is not one, or no answer after all attempts.

    Notes
    -----
    1. Questions are asked once each, in batches of 100. ``functionalFusion`` is true unless the event is known to
       disrupt the gene, to be out of frame or to lie within one gene.
    2. Scope: by the tumour type of the level, as any import (``diseases.match_disease``); within an excluded type of
       the level it is ``out_of_scope``.
    3. The guard of ``import_oncokb``: a patient whose tumour is neuroendocrine, or may be one, is never ``in_scope`` or
       ``agnostic``, but ``uncertain`` with the flag ``annotator_scope``.

    Witness: ``tests/actionability/test_oncokb_client.py``, against a server of its own. The service itself was not
    asked.

    References
    ----------
    ``oncokb-annotator``, ``AnnotatorCore.py``; ``oncokb``, ``AnnotationsApiController.java``: answers are in the order
    of the questions.
    """
    token = read_token(token_env)
    check_url(url)
    rows, queries = _list_queries(alterations, patients, tree, findings)
    claims = _ask_all(sorted(set(queries)), token, url.rstrip("/"), pacing or Pacing())
    match = cache(partial(_match_claim, tree))
    described = [
        _describe(row, claim, *match(row["code"], claim.types, claim.excluded))
        for row, query in zip(rows.to_dict("records"), queries, strict=True)
        for claim in claims[query]
    ]
    return present(described)


def _list_queries(
    alterations: pd.DataFrame, patients: pd.DataFrame, tree: OncoTree, findings: Findings
) -> tuple[pd.DataFrame, list[Query]]:
    """Return keys and tumour type of the alterations that are asked about, and their questions; count the others."""
    codes = find_tumour_types(alterations, patients)
    codes = codes.where(codes.isin(list(tree.nodes.index)), "")
    rows = alterations[["patient_id", "sample_id", "gene", "alteration"]].astype("string").fillna("").assign(code=codes)
    facts = [alterations[name].astype("string").fillna("") for name in _SIGNATURE]
    signatures = list(zip(*facts, codes, strict=True))
    known = {signature: _make_query(*signature) for signature in set(signatures)}
    found = [known[signature] for signature in signatures]
    left_out = Counter(item for item in found if isinstance(item, str))
    if left_out:
        listed = ", ".join(f"{left_out[reason]} {text}" for reason, text in REASONS.items() if reason in left_out)
        findings.add("I_ROWS_IGNORED", f"OncoKB was not asked about {left_out.total()} alterations: {listed}.")
    asked = [isinstance(item, Query) for item in found]
    return rows[asked], [item for item in found if isinstance(item, Query)]


def _make_query(
    kind: str, origin: str, gene: str, partner: str, change: str, variant_class: str, lof: str, frame: str,
    place: str, code: str,
) -> Query | str:  # fmt: skip
    """Return the question about an alteration, or why there is none: a key of ``REASONS``."""
    reason = _find_obstacle(kind, origin, gene, partner, change, code)
    if reason:
        return reason
    tumour = {"tumorType": code}
    if kind == "mutation":
        return _query(MUTATIONS, {"gene": {"hugoSymbol": gene}, "alteration": change, **tumour})
    if kind in _COPY_TYPES:
        one = {"gene": {"hugoSymbol": gene}, "copyNameAlterationType": _COPY_TYPES[kind]}
        return _query(COPY_NUMBER, {**one, **tumour})
    pair = {"five_prime": (gene, partner), "three_prime": (partner, gene)}.get(place, sorted((gene, partner)))
    functional = gene != partner and lof != "True" and frame != "out_of_frame"
    stated = variant_class if variant_class in _SV_CLASSES else "UNKNOWN"
    return _query(STRUCTURAL, {
        "geneA": {"hugoSymbol": pair[0]}, "geneB": {"hugoSymbol": pair[1]}, "functionalFusion": functional,
        "structuralVariantType": "FUSION" if functional else stated, **tumour,
    })  # fmt: skip


def _find_obstacle(kind: str, origin: str, gene: str, partner: str, change: str, code: str) -> str:
    if kind == "biomarker":
        return "biomarker"
    if origin == "germline":
        return "germline"
    if not code:
        return "no_tumour_type"
    if not _GENE.fullmatch(gene):
        return "no_gene"
    if kind == "mutation" and not _is_readable(change):
        return "no_change"
    return "partner_unknown" if kind == "fusion" and not _GENE.fullmatch(partner) else ""


def _is_readable(change: str) -> bool:
    """Tell whether a text is a protein change and nothing else: what is sent is never a note or an identifier."""
    parsed = parse_protein_change(change)
    return parsed is not None and parsed.change == change and parsed.change_type not in _UNREAD


def _query(path: str, body: Mapping[str, object]) -> Query:
    return Query(path, json.dumps(body, sort_keys=True))


def _ask_all(queries: Sequence[Query], token: str, url: str, pacing: Pacing) -> dict[Query, list[Claim]]:
    answers: dict[Query, list[Claim]] = {}
    for path in (MUTATIONS, COPY_NUMBER, STRUCTURAL):
        of_path = [query for query in queries if query.path == path]
        for start in range(0, len(of_path), BATCH):
            if answers:
                pacing.sleep(pacing.pause)
            batch = of_path[start : start + BATCH]
            body = "[" + ",".join(query.body for query in batch) + "]"
            found = parse_answers(post_json(url + path, body, token, pacing), len(batch))
            answers.update(zip(batch, found, strict=True))
    return answers


def _match_claim(
    tree: OncoTree, code: str, types: tuple[str, ...], excluded: tuple[tuple[str, ...], ...]
) -> tuple[str, str, bool]:
    """Return the codes of the tumour type of a level, the scope, and whether the guard applies."""
    codes = _resolve_first(tree, types)
    guarded = is_guarded(tree, code)
    scope = match_disease(tree, code, codes)
    if any(match_disease(tree, code, _resolve_first(tree, one)) == "in_scope" for one in excluded):
        scope = "out_of_scope"
    if guarded and scope in ("in_scope", "agnostic"):
        scope = "uncertain"
    return ";".join(codes), scope, guarded


def _resolve_first(tree: OncoTree, types: Sequence[str]) -> tuple[str, ...]:
    """Return the codes of the first name that resolves."""
    found = [resolve_types(tree, [one]) for one in types]
    return next((codes for codes in found if UNRESOLVED not in codes), (UNRESOLVED,))


def _describe(row: Mapping[Any, str], claim: Claim, codes: str, scope: str, guarded: bool) -> dict[str, str]:  # noqa: FBT001
    named = claim.disease
    if claim.excluded:
        named += f" (excluding {', '.join(one[-1] for one in claim.excluded if one)})"
    return {
        **{key: row[key] for key in ("patient_id", "sample_id", "gene", "alteration")},
        "imported_source": _SOURCE,
        "imported_version": claim.version,
        "imported_licence": LICENCE,
        "imported_id": f"{row['gene']} {row['alteration']} {claim.level}",
        "imported_disease": add_scope_flag(named, guarded=guarded),
        "imported_oncotree": codes,
        "imported_scope_match": scope,
        "imported_therapy": claim.therapy,
        "imported_direction": direction_of(claim.level),
        "imported_level": claim.level,
        "imported_citation": claim.citation,
    }
