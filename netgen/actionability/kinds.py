"""Which alterations a rule is about: one small predicate per kind of alteration, on distinct alterations.

Alterations are reduced to *signatures*: what a predicate can see of them, each once. A cohort of 100,000 variants has
few signatures in the genes of the rules, and every rule looks at the signatures of its own genes only.

A predicate sees neither patient nor tumour type nor origin: scope, qualifiers and the germline guard come later
(``matching``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.actionability.guards import (
    SIGNATURE_COLUMNS,
    UNKNOWN,
    is_altering,
    is_inactivating,
    is_oncogenic,
    read_columns,
)
from netgen.actionability.protein_changes import parse_protein_change
from netgen.actionability.rules import FAMILY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from netgen.actionability.rules import AlterationSpec, Rule

    Signatures = Mapping[str, NDArray[Any]]
    Truth = NDArray[np.bool_]

_FRAMESHIFT: Final = re.compile(r"([A-Z]\d+)[A-Z]?fs.*")
_CODON: Final = re.compile(r"(?:p\.)?([A-Z]?)(\d+)")
_SUBSTITUTION: Final = frozenset({"missense", "delins"})


def match_alterations(alterations: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return which rules are about which alterations, whatever the tumour type and origin.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``, in any order. A missing value is unknown: it satisfies nothing by itself.
    rules
        In any order.

    Returns
    -------
    DataFrame
        One row per pair: ``position`` (row of ``alterations``, from 0), ``rule`` (place in ``rules``, from 0),
        ``flags`` (what the match leaves open, joined by ";": orientation_unknown, frame_unknown, partner_unknown,
        biallelic_probable). Sorted by position and rule.

    Notes
    -----
    Witness: ``tests/actionability/test_matching_properties.py`` compares with a loop over all pairs.
    """
    keys = _keys_of(alterations)
    used = np.flatnonzero(np.isin(keys, sorted({key for rule in rules for key in _keys_of_rule(rule)})))
    signature, blocks = _signatures(alterations.iloc[used], keys[used])
    found: list[tuple[NDArray[np.int64], int, NDArray[Any]]] = []
    for place, rule in enumerate(rules):
        for key in _keys_of_rule(rule):
            if key in blocks:
                start, block = blocks[key]
                where = np.flatnonzero(PREDICATES[rule.alteration.kind](rule.alteration, block))
                if where.size:
                    found.append((start + where, place, _notes(rule.alteration, block, where)))
    return _join(found, signature, used)


# ---------------------------------------------------------------- predicates


def _exact_hgvsp(spec: AlterationSpec, sig: Signatures) -> Truth:
    """Compare changes; ``S1982fs`` in a rule takes every frameshift there, ``S1982Rfs*22`` the short form as well."""
    wanted = {_plain(change) for change in spec.changes}
    short = {_shorten(change) for change in wanted}
    same = _among(sig, "change", wanted | short)
    general = short & wanted
    if general:
        same |= np.array([_shorten(change) in general for change in sig["change"]], dtype=bool)
    return _is(sig, "kind", "mutation") & ~_is(sig, "change", "") & same


def _exact_genomic(spec: AlterationSpec, sig: Signatures) -> Truth:
    return _is(sig, "kind", "mutation") & ~_is(sig, "genomic", "") & _among(sig, "genomic", spec.changes)


def _codon(spec: AlterationSpec, sig: Signatures) -> Truth:
    """Take another residue at the codon: missense, or a delins that starts there; not a truncation."""
    hit = np.zeros(len(sig["kind"]), dtype=bool)
    for text in spec.codons:
        found = _CODON.fullmatch(text)
        if found is not None:
            residue, number = found.group(1), int(found.group(2))
            hit |= (sig["first_aa"] == number) & (_is(sig, "ref_aa", residue) | (residue == ""))
    return _is(sig, "kind", "mutation") & hit & _among(sig, "change_type", spec.change_types or _SUBSTITUTION)


def _codon_range(spec: AlterationSpec, sig: Signatures) -> Truth:
    return _of_type(spec, sig) & _within(spec, sig)


def _exon_class(spec: AlterationSpec, sig: Signatures) -> Truth:
    return _of_type(spec, sig) & _in_exon(spec, sig)


def _functional_class(spec: AlterationSpec, sig: Signatures) -> Truth:
    """Take the curated class; what loses function by its type is inactivating, too."""
    if spec.function == "inactivating":
        return _is(sig, "kind", "mutation") & is_inactivating(sig)
    return _is(sig, "kind", "mutation") & _is(sig, "function", spec.function) & ~_is(sig, "function", "")


def _lof(_spec: AlterationSpec, sig: Signatures) -> Truth:
    """Take loss of function by mutation, homozygous deletion or disruptive structural variant (DOMAIN 1.4.2)."""
    return ~_is(sig, "kind", "biomarker") & is_inactivating(sig)


def _biallelic_lof(spec: AlterationSpec, sig: Signatures) -> Truth:
    return _lof(spec, sig) & (_is(sig, "kind", "homdel") | _among(sig, "biallelic", ("yes", "probable")))


def _any_oncogenic(spec: AlterationSpec, sig: Signatures) -> Truth:
    """Take a mutation that is known to be oncogenic, and loss of a tumour suppressor by any means."""
    return (_is(sig, "kind", "mutation") | _lof(spec, sig)) & is_oncogenic(sig)


def _any_mutation(_spec: AlterationSpec, sig: Signatures) -> Truth:
    return is_altering(sig)


def _splice_event(spec: AlterationSpec, sig: Signatures) -> Truth:
    """Take skipping of the exon as reported, and a change of its canonical splice sites.

    A splice region proves nothing, nor does a change of which it is said that it may skip the exon.
    """
    skip = sig["exon_skip"]
    site = _is(sig, "change_type", "splice") & ~_is(sig, "variant_class", "Splice_Region")
    event: Truth = np.asarray((skip == 1) | ((skip != UNKNOWN) & site), dtype=bool)
    return _is(sig, "kind", "mutation") & event & _in_exon(spec, sig)


def _copy_number(spec: AlterationSpec, sig: Signatures) -> Truth:
    return _is(sig, "kind", spec.kind)


def _fusion(spec: AlterationSpec, sig: Signatures) -> Truth:
    """Take a fusion of the gene as either partner; known to stand on the wrong side or out of frame, it is none.

    An event within one gene is a fusion only to a rule that names the gene as partner.
    """
    within = np.asarray(sig["partner"] == sig["gene"], dtype=bool)
    hit = _is(sig, "kind", "fusion") & (_among(sig, "partner", spec.partners) if spec.partners else ~within)
    if spec.place != "any":
        hit &= _among(sig, "place", (spec.place, "unknown", ""))
    if spec.frame != "any":
        hit &= ~_is(sig, "frame", "out_of_frame")
    return hit


def _status(spec: AlterationSpec, sig: Signatures) -> Truth:
    wanted = {text.strip().casefold() for text in spec.results}
    result: Truth = np.array([text.strip().casefold() in wanted for text in sig["result"]], dtype=bool)
    return _marker(spec, sig) & result


def _threshold(spec: AlterationSpec, sig: Signatures) -> Truth:
    limit = np.inf if spec.at_least is None else spec.at_least
    high: Truth = np.asarray(sig["value"] >= limit, dtype=bool)
    return _marker(spec, sig) & high


PREDICATES: Final[Mapping[str, Callable[[AlterationSpec, Signatures], Truth]]] = {
    "exact_hgvsp": _exact_hgvsp,
    "exact_genomic": _exact_genomic,
    "splice_event": _splice_event,
    "codon": _codon,
    "codon_range": _codon_range,
    "exon_class": _exon_class,
    "domain": _codon_range,
    "functional_class": _functional_class,
    "biallelic_lof": _biallelic_lof,
    "lof": _lof,
    "any_oncogenic": _any_oncogenic,
    "any_mutation": _any_mutation,
    "amplification": _copy_number,
    "homdel": _copy_number,
    "fusion": _fusion,
    "expression": _status,
    "biomarker_threshold": _threshold,
    "biomarker_status": _status,
}

# ---------------------------------------------------------------- parts of predicates


def _is(sig: Signatures, name: str, value: str) -> Truth:
    return np.asarray(sig[name] == value, dtype=bool)


def _among(sig: Signatures, name: str, allowed: Collection[str]) -> Truth:
    known = frozenset(allowed)
    return np.fromiter((value in known for value in sig[name]), dtype=bool, count=len(sig[name]))


def _of_type(spec: AlterationSpec, sig: Signatures) -> Truth:
    if spec.change_types:
        return _is(sig, "kind", "mutation") & _among(sig, "change_type", spec.change_types)
    return is_altering(sig)


def _within(spec: AlterationSpec, sig: Signatures) -> Truth:
    """From the first to the last changed residue within the range; a residue that is not stated is outside."""
    if spec.first is None or spec.last is None:
        return np.zeros(len(sig["kind"]), dtype=bool)
    last = np.where(sig["last_aa"] == UNKNOWN, sig["first_aa"], sig["last_aa"])
    stated = sig["first_aa"] != UNKNOWN
    return np.asarray(stated & (sig["first_aa"] >= spec.first) & (last <= spec.last), dtype=bool)


def _in_exon(spec: AlterationSpec, sig: Signatures) -> Truth:
    """In the exon as stated; where no exon is stated, within the rule's residues if it has any."""
    stated = sig["exon"] != UNKNOWN
    return np.asarray(np.where(stated, sig["exon"] == spec.exon, _within(spec, sig)), dtype=bool)


def _marker(spec: AlterationSpec, sig: Signatures) -> Truth:
    return _is(sig, "kind", "biomarker") & _is(sig, "marker", spec.marker)


def _plain(change: str) -> str:
    """Return a change in the one spelling that alterations have."""
    parsed = parse_protein_change(change)
    return parsed.change if parsed else change


def _shorten(change: str) -> str:
    """Return a frameshift without what follows its first residue; any other change as it is."""
    found = _FRAMESHIFT.fullmatch(change)
    return f"{found.group(1)}fs" if found else change


def _notes(spec: AlterationSpec, sig: Signatures, where: NDArray[np.intp]) -> NDArray[Any]:
    """Return per matched signature what the match leaves open, joined by ";"."""
    notes: dict[str, Truth] = {}
    if spec.kind == "fusion":
        if spec.frame != "any":
            notes["frame_unknown"] = ~_is(sig, "frame", "in_frame")
        if spec.place != "any":
            notes["orientation_unknown"] = ~_is(sig, "place", spec.place)
        notes["partner_unknown"] = _is(sig, "partner", "")
    elif spec.kind == "biallelic_lof":
        notes["biallelic_probable"] = ~_is(sig, "kind", "homdel") & _is(sig, "biallelic", "probable")
    out = np.full(where.size, "", dtype=object)
    for name, mask in notes.items():
        out[mask[where]] += f"{name};"
    return out


# ---------------------------------------------------------------- signatures


def _keys_of(alterations: pd.DataFrame) -> NDArray[Any]:
    """Return what rules find alterations by: the gene, or the marker of a biomarker."""
    gene = alterations["gene"].astype("string").fillna("")
    marker = "marker " + alterations["marker"].astype("string").fillna("")
    biomarker = alterations["kind"].eq("biomarker").fillna(value=False).astype(bool)
    return gene.mask(biomarker, marker).to_numpy(dtype=object)


def _keys_of_rule(rule: Rule) -> tuple[str, ...]:
    if FAMILY[rule.alteration.kind] == "biomarker":
        return (f"marker {rule.alteration.marker}",)
    return tuple(dict.fromkeys(rule.genes))


def _signatures(rows: pd.DataFrame, keys: NDArray[Any]) -> tuple[NDArray[Any], dict[str, tuple[int, Signatures]]]:
    """Return the signature of each row, and per key the number of its first signature and the columns of its block."""
    frame = pd.DataFrame({"key": keys, **read_columns(rows)})
    signature = frame.groupby(list(frame.columns), sort=True, dropna=False).ngroup().to_numpy(dtype=np.int64)
    once = np.unique(signature, return_index=True)[1]
    table = frame.iloc[once]
    columns = {name: table[name].to_numpy() for name in SIGNATURE_COLUMNS}
    names, starts = np.unique(table["key"].to_numpy(dtype=str), return_index=True)
    ends = [*starts, len(table)][1:]
    blocks: dict[str, tuple[int, Signatures]] = {
        str(key): (int(start), {name: values[start:end] for name, values in columns.items()})
        for key, start, end in zip(names, starts, ends, strict=True)
    }
    return signature, blocks


def _join(
    found: list[tuple[NDArray[np.int64], int, NDArray[Any]]], signature: NDArray[np.int64], used: NDArray[np.intp]
) -> pd.DataFrame:
    """Join pairs of signature and rule back to the rows that have the signature."""
    sigs = np.concatenate([item[0] for item in found]) if found else np.empty(0, dtype=np.int64)
    places = np.repeat([item[1] for item in found], [len(item[0]) for item in found]).astype(np.int64)
    notes = np.concatenate([item[2] for item in found]) if found else np.empty(0, dtype=object)
    order = np.argsort(signature, kind="stable")
    first = np.searchsorted(signature[order], sigs, side="left")
    size = np.searchsorted(signature[order], sigs, side="right") - first
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    rows = used[order[np.repeat(first, size) + within]]
    flags = pd.Series(np.repeat(notes, size), dtype="string").str.rstrip(";")
    out = pd.DataFrame({"position": rows, "rule": np.repeat(places, size), "flags": flags})
    return out.sort_values(["position", "rule"], kind="stable").reset_index(drop=True)
