"""What the rules of actionability look at: one marker per gene and kind of alteration, or per biomarker.

A gene is not covered as a whole. The hot spots of BRAF may be sequenced where its fusions are not, so every rule is put
down to the markers it needs: "BRAF hot spots", "RET fusion", "TMB". Coverage and denominators are counted by marker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.levels import RESISTANCE, SENSITIVITY
from netgen.actionability.rules import FAMILY
from netgen.actionability.scope import match_scope
from netgen.association.actionable_context import is_context_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.actionability.rules import Rule
    from netgen.knowledge.oncotree import OncoTree

# Point mutations that a panel of hot spots finds: the position is known. Ranges and whole genes need more.
HOTSPOT_KINDS: Final = frozenset({"exact_hgvsp", "exact_genomic", "codon"})
# need -> (words after the gene, what has to be there)
NEEDS: Final[dict[str, tuple[str, str]]] = {
    "hotspot": ("hot spots", "mutations; a panel of hot spots is enough"),
    "mutation": ("mutations", "mutations of the whole gene"),
    "splice": ("splicing", "mutations of the whole gene, or an RNA panel"),
    "germline": ("germline mutations", "mutations in a normal sample, or a declared germline test"),
    "amplification": ("amplification", "copy number"),
    "homdel": ("homozygous deletion", "copy number"),
    "fusion": ("fusion", "structural variants, or an RNA panel"),
    "biomarker": ("", "a conclusive result"),
    "threshold": ("", "a measured value or a conclusive result"),
}
NO_LEVEL: Final = len(SENSITIVITY)  # rank of "no therapeutic level"
MARKER_COLUMNS: Final[dict[str, str]] = {
    "marker": "gene and kind of alteration, or biomarker",
    "gene": "gene; blank for a biomarker",
    "needs": "hotspot, mutation, splice, germline, amplification, homdel, fusion, biomarker or threshold",
    "rules": "rules that look at it, joined by ;",
    "resistance": "a rule of resistance looks at it",
}
RULE_MARKER_COLUMNS: Final[dict[str, str]] = {
    "rule_id": "rule",
    "gene": "gene of the rule; blank = whatever gene a hit of the rule names",
    "marker": "what the rule looks at there",
}


def find_need(rule: Rule) -> str:
    """Return what has to be measured for a rule.

    Parameters
    ----------
    rule
        A rule.

    Returns
    -------
    str
        One of ``NEEDS``.

    Notes
    -----
    Exact changes and codons are hot spots; a range of residues, an exon, a domain and loss of function need the gene
    (DOMAIN 1.3: a panel that holds some exons of a gene covers hot-spot features only). A rule for germline mutations
    needs a germline test, however much of the tumour was sequenced.
    """
    kind = rule.alteration.kind
    family = FAMILY[kind]
    if family == "biomarker":
        return "threshold" if kind == "biomarker_threshold" else "biomarker"
    if family != "mutation":
        return family
    if rule.origin == "germline":
        return "germline"
    if kind == "splice_event":
        return "splice"
    return "hotspot" if kind in HOTSPOT_KINDS else "mutation"


def list_markers(rules: Sequence[Rule]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the markers of a rule table, and which rule looks at which.

    Parameters
    ----------
    rules
        The rules.

    Returns
    -------
    markers
        ``MARKER_COLUMNS``, sorted by marker.
    pairs
        ``RULE_MARKER_COLUMNS``, sorted. A rule of one marker has a row without a gene: fusions may be reported under
        their partner, and biomarkers under any gene.
    """
    rows = [(rule.id, gene, marker, need, rule.level in RESISTANCE) for rule in rules
            for need in [find_need(rule)] for gene, marker in _name_markers(rule, need)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["rule_id", "gene", "marker", "needs", "resistance"])
    frame = frame.sort_values(["marker", "rule_id"], kind="stable", ignore_index=True)
    by_marker = frame.groupby("marker", sort=True)
    markers = by_marker.agg(
        gene=("gene", "first"), needs=("needs", "max"), rules=("rule_id", ";".join), resistance=("resistance", "any")
    ).reset_index()
    alone = frame.groupby("rule_id")["marker"].transform("size") == 1
    pairs = pd.concat([frame, frame[alone].assign(gene="")], ignore_index=True)[list(RULE_MARKER_COLUMNS)]
    pairs = pairs.drop_duplicates(["rule_id", "gene"]).sort_values(["rule_id", "gene"], ignore_index=True)
    text = dict.fromkeys(("marker", "gene", "needs", "rules"), "string")
    return markers[list(MARKER_COLUMNS)].astype(text | {"resistance": "bool"}), pairs.astype("string")


def rank_levels(
    rules: Sequence[Rule], tree: OncoTree, codes: Sequence[str], markers: pd.DataFrame, pairs: pd.DataFrame
) -> NDArray[np.int8]:
    """Return the best level that each marker could give a tumour of each type.

    Parameters
    ----------
    rules
        The rules.
    tree
        Tumour types.
    codes
        (c,) OncoTree codes; one that the tree does not have gets no level.
    markers, pairs
        Of ``list_markers``.

    Returns
    -------
    NDArray[np.int8]
        (m, c) place in ``levels.SENSITIVITY``, or ``NO_LEVEL``. A marker that can give nothing in a tumour type does
        not have to be covered there. Qualifiers are not looked at: they could be met. Rules about drugs that are used
        whatever the genotype give none (``actionable_context``).
    """
    place = {str(marker): i for i, marker in enumerate(markers["marker"])}
    looks = {str(rule): [place[str(one)] for one in own] for rule, own in pairs.groupby("rule_id")["marker"]}
    out = np.full((len(markers), len(codes)), NO_LEVEL, dtype=np.int8)
    for rule in rules:
        if rule.direction != "sensitivity" or is_context_rule(rule):
            continue
        ranks = [_rank(rule, match_scope(tree, code, rule.include, rule.exclude)) for code in codes]
        rows = looks[rule.id]
        out[rows] = np.minimum(out[rows], np.asarray(ranks, dtype=np.int8))
    return out


def _name_markers(rule: Rule, need: str) -> list[tuple[str, str]]:
    """Gene and name of every marker of a rule."""
    if need in ("biomarker", "threshold"):
        return [("", rule.alteration.marker or "/".join(rule.genes))]
    return [(gene, f"{gene} {NEEDS[need][0]}") for gene in rule.genes]


def _rank(rule: Rule, scope: str) -> int:
    levels = {"in_scope": rule.level, "agnostic": rule.level, "out_of_scope": rule.level_out_of_scope}
    level = levels.get(scope, "NX")
    return SENSITIVITY.index(level) if level in SENSITIVITY else NO_LEVEL
