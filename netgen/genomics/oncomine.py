"""Ion Reporter's ``FUNC``: what the alleles of an Oncomine VCF do, written as a list of Python-like dictionaries.

``FUNC=[{'gene':'KRAS','location':'exonic','function':'missense','coding':'c.35G>A','protein':'p.Gly12Asp'}]``. Keys and
values are quoted texts; nothing of it is evaluated, a small tokenizer reads it, and what is not such a list is no
annotation. An entry speaks of one transcript and one allele (``origRef``, ``origAlt``, or the normalized ones); an
entry without alleles (genes that the position only touches) speaks of all.

``function`` becomes a Sequence Ontology term:

============================================== =========================================================
missense, nonsense, stoploss, synonymous       missense_variant, stop_gained, stop_lost, synonymous_variant
frameshiftInsertion, -Deletion,                frameshift_variant
-BlockSubstitution
nonframeshiftInsertion, -Deletion              inframe_insertion, inframe_deletion
nonframeshiftBlockSubstitution                 stop_gained if the protein change ends in a stop; missense_variant if as
                                               many bases are replaced; else inframe_insertion or inframe_deletion
refallele                                      synonymous_variant: the transcript has this base already
none, unknown                                  by ``location``: splicesite_5 and splicesite_3 are splice donor and
                                               acceptor unless the coding change is more than two bases off (splice
                                               region); utr_5, utr_3, intronic, upstream, downstream, exonic_nc ...
============================================== =========================================================

An exonic change of unknown function is ``sequence_variant``, which alters nothing. Of several entries one is told in
the order of ``transcripts``; entries of the file's own allele go first.

References
----------
Ion Reporter Software help, "Fusion calls in analysis results"; the values of function and location as the parsers of
NCI-MATCH list them (drmrgd/vcf_utils).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from netgen.genomics.alleles import trim_allele
from netgen.genomics.coding_changes import is_deep_intronic
from netgen.genomics.protein import normalize_protein_change
from netgen.genomics.transcripts import Consequence, rank_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

Entry = dict[str, str]
FIELD: Final = "FUNC"
_LIMIT: Final = 1 << 20  # characters of one value
_TOKEN: Final = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([\[\]{}:,])|([\w.+-]+))""")
_FUNCTIONS: Final = {
    "missense": "missense_variant", "nonsense": "stop_gained", "stoploss": "stop_lost",
    "synonymous": "synonymous_variant", "refallele": "synonymous_variant",
    "frameshiftinsertion": "frameshift_variant", "frameshiftdeletion": "frameshift_variant",
    "frameshiftblocksubstitution": "frameshift_variant", "nonframeshiftinsertion": "inframe_insertion",
    "nonframeshiftdeletion": "inframe_deletion",
}  # fmt: skip
_LOCATIONS: Final = {
    "splicesite_5": "splice_donor_variant", "splicesite_3": "splice_acceptor_variant",
    "utr_5": "5_prime_UTR_variant", "utr_3": "3_prime_UTR_variant", "intronic": "intron_variant",
    "intronic_nc": "intron_variant", "exonic_nc": "non_coding_transcript_exon_variant",
    "ncrna": "non_coding_transcript_exon_variant", "noncoding": "non_coding_transcript_exon_variant",
    "splicesite_5_nc": "non_coding_transcript_variant", "splicesite_3_nc": "non_coding_transcript_variant",
    "upstream": "upstream_gene_variant", "downstream": "downstream_gene_variant",
    "intergenic": "intergenic_variant", "exonic": "sequence_variant", "unknown": "sequence_variant",
}  # fmt: skip
_HOTSPOT: Final = "hotspot"


def is_func_format(description: str) -> bool:
    """Tell whether a header describes Ion Reporter's annotation.

    Parameters
    ----------
    description
        Description of the INFO field ``FUNC``.

    Returns
    -------
    bool
        True for ``Functional Annotations``.
    """
    return description.strip().casefold().startswith("functional annotation")


@lru_cache(maxsize=1024)
def parse_func(value: str) -> tuple[Entry, ...] | None:
    """Return the entries of a value of ``FUNC``.

    Parameters
    ----------
    value
        As it stands in INFO.

    Returns
    -------
    tuple of dict or None
        Key -> text; None if the value is no list of dictionaries of texts. Do not change them: they are shared.

    Examples
    --------
    >>> parse_func("[{'gene':'KRAS','exon':'2'}]"), parse_func("[{'gene':'KRAS'")
    (({'gene': 'KRAS', 'exon': '2'},), None)
    """
    tokens = _tokens(value)
    if tokens is None or tokens[:1] != ["["] or tokens[-1:] != ["]"]:
        return None
    entries: list[Entry] = []
    inner, place = tokens[1:-1], 0
    while place < len(inner):
        if entries:
            if inner[place] != ",":
                return None
            place += 1
        try:
            end = inner.index("}", place)
        except ValueError:
            return None
        entry = _entry(inner[place : end + 1])
        if entry is None:
            return None
        entries.append(entry)
        place = end + 1
    return tuple(entries)


def choose_func(
    value: str, /, *, ref: str, alts: tuple[str, ...], number: int, transcripts: frozenset[str] = frozenset()
) -> Consequence | None:
    """Return the consequence that ``FUNC`` tells of one allele.

    Parameters
    ----------
    value
        Value of the field; empty if absent.
    ref, alts
        Alleles of the record, as written.
    number
        Which alternative allele, from 1.
    transcripts
        Transcripts that the user prefers.

    Returns
    -------
    Consequence or None
        None if no entry speaks of the allele, or the value is no annotation.
    """
    alt = alts[number - 1]
    found = _entries_of(value, ref, alt)
    if not found:
        return None

    def rank(entry: Entry) -> tuple[object, ...]:
        location, transcript = entry.get("location", "").casefold(), entry.get("transcript", "")
        biotype = "" if location.endswith("_nc") or location in {"ncrna", "noncoding"} else "protein_coding"
        place = rank_transcript(
            _terms(entry, ref, alt), entry.get("gene", ""), transcript, biotype, transcripts=transcripts
        )
        return ("normalizedAlt" not in entry and "origAlt" not in entry, *place)

    best = min(found, key=rank)
    return Consequence(
        terms=_terms(best, ref, alt),
        symbol=best.get("gene", ""),
        transcript_id=best.get("transcript") or None,
        hgvsc=best.get("coding") or None,
        hgvsp=normalize_protein_change(best.get("protein", "")),
        population_af=None,
        exon=best.get("exon") or None,
    )


def is_hotspot(value: str, *, ref: str, alt: str) -> bool:
    """Tell whether Oncomine's own annotation calls an allele a hot spot.

    Parameters
    ----------
    value
        Value of ``FUNC``.
    ref, alt
        Alleles of the record.

    Returns
    -------
    bool
        True if an entry of the allele has ``oncomineVariantClass`` Hotspot.
    """
    return any(one.get("oncomineVariantClass", "").casefold() == _HOTSPOT for one in _entries_of(value, ref, alt))


def _tokens(value: str) -> list[str] | None:
    """Return brackets and commas as they are, texts with a leading ``=``; None if there is anything else."""
    if len(value) > _LIMIT:
        return None
    out, place, text = [], 0, value.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        single, double, mark, bare = match.groups()
        quoted = single if single is not None else double
        out.append(mark or "=" + (bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)))
        place = match.end()
    return out


def _entry(tokens: Sequence[str]) -> Entry | None:
    """Read ``{`` key ``:`` text ``,`` ... ``}``."""
    if tokens[0] != "{":
        return None
    inner = tokens[1:-1]
    if not inner:
        return {}
    parts = [inner[at : at + 4] for at in range(0, len(inner), 4)]
    shaped = all(
        len(part) >= 3 and part[0][0] == "=" and part[1] == ":" and part[2][0] == "=" and part[3:] in ([], [","])
        for part in parts
    )
    ended = all(len(part) == 4 for part in parts[:-1]) and len(parts[-1]) == 3
    return {part[0][1:]: part[2][1:] for part in parts} if shaped and ended else None


def _entries_of(value: str, ref: str, alt: str) -> list[Entry]:
    """Return the entries of an allele, and those that name none."""
    wanted = trim_allele(0, ref.upper(), alt.upper())[1:]
    return [entry for entry in parse_func(value) or () if _speaks_of(entry, wanted)]


def _speaks_of(entry: Entry, wanted: tuple[str, str]) -> bool:
    pairs = [
        (entry.get(f"{kind}Ref", ""), entry[f"{kind}Alt"]) for kind in ("orig", "normalized") if f"{kind}Alt" in entry
    ]
    return not pairs or any(trim_allele(0, ref.upper(), alt.upper())[1:] == wanted for ref, alt in pairs)


def _terms(entry: Entry, ref: str, alt: str) -> str:
    function, location = entry.get("function", "").casefold(), entry.get("location", "").casefold()
    if function == "nonframeshiftblocksubstitution":
        if entry.get("protein", "").rstrip(")").endswith(("*", "Ter")):
            return "stop_gained"
        if len(ref) == len(alt):
            return "missense_variant"
        return "inframe_insertion" if len(alt) > len(ref) else "inframe_deletion"
    if function in _FUNCTIONS:
        return _FUNCTIONS[function]
    if location in {"splicesite_5", "splicesite_3"} and is_deep_intronic(entry.get("coding", "")):
        return "splice_region_variant"
    return _LOCATIONS.get(location, "sequence_variant")
