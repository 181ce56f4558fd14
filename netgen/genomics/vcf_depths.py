"""Reads and allele fraction of one allele in one sample, whoever called it: one table of rules.

``RULES`` holds the FORMAT fields of the callers, ``INFO_RULES`` those of INFO. The first rule whose fields are there
and which speaks of the allele is believed. Always: VAF = alt / (ref + alt) where both are known (DOMAIN 1.4.4); else
alt / depth; else the fraction as given.

A caller that gives depth and one alternative allele, but no reads of the reference, leaves the rest of the depth to the
reference. A fraction becomes counts only where that is exact: precisely one whole number of reads, divided by the
depth, rounds to the fraction as printed. A missing number, or one that cannot be read, passes the allele on to the next
rule; only ``AD``, which the format reserves, must hold whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import ceil, floor
from operator import itemgetter
from typing import Final, NamedTuple


class Depths(NamedTuple):
    """Reads of the reference, reads of the allele, fraction of the allele; None where the file does not say."""

    ref: int | None = None
    alt: int | None = None
    vaf: float | None = None


Reader = Callable[[Sequence[str], tuple[str, ...], int], Depths | None]
_DIGITS: Final = 11  # of a number of reads: 10 or fewer
NOTHING: Final = Depths()


class Rule(NamedTuple):
    """How one caller tells its reads.

    Attributes
    ----------
    fields
        Fields that it needs.
    optional
        Fields that it also reads; an absent one is an empty text.
    read
        Their texts in this order, alleles of the record (reference first), number of the allele -> depths.
    source
        Who writes it, and where that is said.
    """

    fields: tuple[str, ...]
    optional: tuple[str, ...]
    read: Reader
    source: str


class Plan(NamedTuple):
    """Number of fields in a FORMAT, places of genotype and SS (-1 = nowhere), and the depth rules that apply to it."""

    width: int
    genotype: int
    status: int
    rules: tuple[tuple[Reader, Callable[[Sequence[str]], Sequence[str]]], ...]


NO_PLAN: Final = Plan(0, -1, -1, ())


@lru_cache(maxsize=1024)
def plan_format(layout: str) -> Plan:
    """Return what can be read of a sample.

    Parameters
    ----------
    layout
        FORMAT as written; ``.`` announces nothing.

    Returns
    -------
    Plan
        Places of the fields.
    """
    names = layout.split(":")
    twice = {name for name in names if names.count(name) > 1} & _READ
    if twice:
        raise ValueError(f"FORMAT names {min(twice)} twice")
    place = {name: number for number, name in reversed(list(enumerate(names)))}
    rules = tuple(
        (rule.read, itemgetter(*(place.get(name, -1) for name in (*rule.fields, *rule.optional, ""))))
        for rule in RULES
        if set(rule.fields) <= place.keys()
    )
    return Plan(len(names), place.get("GT", -1), place.get("SS", -1), rules)


def split_sample(text: str, plan: Plan) -> list[str]:
    """Return the fields of a sample, and an empty text behind them, which is what place -1 reads.

    Parameters
    ----------
    text
        Column of the sample; trailing fields may be absent.
    plan
        Of its FORMAT.

    Returns
    -------
    list of str
        At least one more than FORMAT has fields.
    """
    parts = text.split(":")
    parts.append("")
    if len(parts) <= plan.width:
        parts += [""] * (plan.width + 1 - len(parts))
    return parts


def read_depths(parts: Sequence[str], plan: Plan, alleles: tuple[str, ...], number: int) -> Depths:
    """Return the reads of one allele in one sample.

    Parameters
    ----------
    parts
        Fields of the sample (:func:`split_sample`).
    plan
        Of their FORMAT.
    alleles
        Reference and alternative alleles of the record.
    number
        Which of them, from 1.

    Returns
    -------
    Depths
        ``NOTHING`` if no rule speaks of the allele.

    Raises
    ------
    ValueError
        If AD holds something other than whole numbers.
    """
    for read, pick in plan.rules:
        found = read(pick(parts), alleles, number)
        if found is not None:
            return found
    return NOTHING


def has_reads(parts: Sequence[str], plan: Plan) -> bool:
    """Tell whether a sample has any number of reads, be it one that no rule can use.

    Parameters
    ----------
    parts
        Fields of the sample (:func:`split_sample`).
    plan
        Of their FORMAT.

    Returns
    -------
    bool
        False if all that the rules read is missing or 0.
    """
    return any(text.strip(".,0%") for _, pick in plan.rules for text in pick(parts))


def read_info_depths(info: str, alleles: tuple[str, ...], number: int) -> Depths:
    """Return the reads of one allele as INFO tells them: for a file of one sample.

    Parameters
    ----------
    info
        INFO as written.
    alleles, number
        As in :func:`read_depths`.

    Returns
    -------
    Depths
        ``NOTHING`` if no rule speaks of the allele.
    """
    if not any(f"{rule.fields[0]}=" in info for rule in INFO_RULES):
        return NOTHING
    values = dict(item.partition("=")[::2] for item in info.split(";"))
    for rule in INFO_RULES:
        if set(rule.fields) <= values.keys():
            found = rule.read([values.get(name, "") for name in (*rule.fields, *rule.optional)], alleles, number)
            if found is not None:
                return found
    return NOTHING


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < _DIGITS else None


def _pair(ref: int | None, alt: int | None, depth: int | None = None) -> Depths | None:
    """Return counts and VAF; without reads of the reference the fraction is that of the depth."""
    if alt is None:
        return None
    total = ref + alt if ref is not None else depth
    return Depths(ref, alt, alt / total if total and alt <= total else None)


def _share(alt: int | None, depth: int | None, alleles: tuple[str, ...]) -> Depths | None:
    """Return counts of an allele whose caller gives the whole depth."""
    if alt is None or depth is None or alt > depth:
        return _pair(None, alt)
    return _pair(depth - alt if len(alleles) == 2 else None, alt, depth)


def _per_allele(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """AD: one value per allele; the depth stands in for a missing value of the reference."""
    counts = values[0].split(",")
    if len(counts) != len(alleles):
        return None
    ref, alt = counts[0], counts[number]
    if ref.isdecimal() and alt.isdecimal() and len(ref) < _DIGITS and len(alt) < _DIGITS:
        reads, total = int(alt), int(ref) + int(alt)
        return Depths(total - reads, reads, reads / total if total else None)
    for text in (ref, alt):
        if text not in {"", "."} and _whole(text) is None:
            raise ValueError(f"AD must hold whole numbers, found {text[:20]!r}")
    return _pair(_whole(ref), _whole(alt), _whole(values[1]))


def _varscan(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """AD and RD: one value each."""
    del number
    return _pair(_whole(values[1]), _whole(values[0])) if len(alleles) == 2 else None


def _reference_and_alternatives(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """FRO/FAO or RO/AO: reads of the reference, and one value per alternative allele."""
    counts = values[1].split(",")
    return _pair(_whole(values[0]), _whole(counts[number - 1])) if len(counts) == len(alleles) - 1 else None


def _per_base(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """AU, CU, GU, TU: the first value of each is tier 1."""
    places = ["ACGT".find(base) if len(base) == 1 else -1 for base in (alleles[0], alleles[number])]
    if min(places) < 0:
        return None
    ref, alt = (_whole(values[place].split(",")[0]) for place in places)
    return _pair(ref, alt)


def _strelka_indel(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """TAR and TIR: reads that support the reference and the indel, the first value is tier 1."""
    del number
    ref, alt = (_whole(text.split(",")[0]) for text in values[:2])
    return _pair(ref, alt) if len(alleles) == 2 else None


def _four_bases(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """BCOUNT: reads with A, C, G, T."""
    counts = values[0].split(",")
    return _per_base(counts, alleles, number) if len(counts) == 4 else None


def _both_strands(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """CaVEMan: reads with A, C, G, T on the forward, then on the reverse strand."""
    forward, reverse = (_per_base(half, alleles, number) for half in (values[:4], values[4:8]))
    if forward is None or reverse is None or forward.ref is None or reverse.ref is None:
        return None
    return _pair(forward.ref + reverse.ref, (forward.alt or 0) + (reverse.alt or 0))


def _four_strands(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """DP4: reference forward and reverse, alternative forward and reverse."""
    del number
    counts = [_whole(text) for text in values[0].split(",")]
    if len(counts) != 4 or len(alleles) != 2:
        return None
    ref_forward, ref_reverse, alt_forward, alt_reverse = counts
    if ref_forward is None or ref_reverse is None or alt_forward is None or alt_reverse is None:
        return None
    return _pair(ref_forward + ref_reverse, alt_forward + alt_reverse)


def _of_depth(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """VD or DV with DP: reads with the alternative allele, and all reads."""
    del number
    return _share(_whole(values[0]), _whole(values[1]), alleles) if len(alleles) == 2 else None


def _fraction(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """Fractions, one per alternative allele, as numbers or with a percent sign; and perhaps the depth."""
    texts = values[0].split(",")
    if values[0].endswith("%") and len(texts) == 2 and len(alleles) == 2:  # 12,5%: a comma as decimal mark
        texts = [".".join(texts)]
    if len(texts) != len(alleles) - 1:
        return None
    text = texts[number - 1]
    try:
        value = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        return None
    if text.endswith("%"):
        value = value.scaleb(-2)
    if not value.is_finite() or not 0 <= value <= 1:
        return None
    depth = _whole(values[1])
    reads = _exact_reads(value, depth) if depth else None
    return Depths(None, None, float(value)) if reads is None else _share(reads, depth, alleles)


def _exact_reads(fraction: Decimal, depth: int) -> int | None:
    """Return the only number of reads whose share of the depth rounds to the fraction; None if there is not one."""
    half = Decimal(5).scaleb(int(fraction.as_tuple().exponent) - 1)
    least, most = ceil((fraction - half) * depth), floor((fraction + half) * depth)
    return least if least == most else None


def _percent(values: Sequence[str], alleles: tuple[str, ...], number: int) -> Depths | None:
    """FREQ: with a percent sign, or it is none."""
    return _fraction(values, alleles, number) if values[0].endswith("%") else None


RULES: Final[tuple[Rule, ...]] = (
    Rule(("AD",), ("DP",), _per_allele, "VCF 4.3 1.6.2 (Number=R): GATK, MuTect, Strelka germline, VarDict, Pisces"),
    Rule(("ADT",), ("DPT",), _per_allele, "PCGR: AD of the tumour where one column holds tumour and normal"),
    Rule(("AD", "RD"), (), _varscan, "VarScan 2 (vcf2maf FixAlleleDepths)"),
    Rule(("FRO", "FAO"), (), _reference_and_alternatives, "Torrent Variant Caller: flow-evaluated reads, before RO/AO"),
    Rule(("RO", "AO"), (), _reference_and_alternatives, "FreeBayes, Torrent Variant Caller (vcf2maf)"),
    Rule(("AU", "CU", "GU", "TU"), (), _per_base, "Strelka SNVs, tier 1 (Strelka user guide; vcf2maf)"),
    Rule(("TAR", "TIR"), (), _strelka_indel, "Strelka indels, tier 1 (Strelka user guide; vcf2maf)"),
    Rule(("BCOUNT",), (), _four_bases, "SomaticSniper (vcf2maf)"),
    Rule(("FAZ", "FCZ", "FGZ", "FTZ", "RAZ", "RCZ", "RGZ", "RTZ"), (), _both_strands, "CaVEMan (vcf2maf)"),
    Rule(("DP4",), (), _four_strands, "samtools and bcftools mpileup, SomaticSniper, VarScan"),
    Rule(("VD", "DP"), (), _of_depth, "VarDict"),
    Rule(("DV", "DP"), (), _of_depth, "bcftools mpileup (vcf2maf)"),
    Rule(("FREQ",), ("DP",), _percent, "VarScan 2, in percent"),
    Rule(("AF",), ("DP",), _fraction, "Mutect2, VarDict, varlociraptor"),
    Rule(("VAF",), ("DP",), _fraction, "DeepVariant, DeepSomatic"),
    Rule(("FA",), ("DP",), _fraction, "MuTect 1 (vcf2maf)"),
    Rule(("VF",), ("DP",), _fraction, "Pisces, Illumina somatic variant caller"),
)  # fmt: skip
INFO_RULES: Final[tuple[Rule, ...]] = (
    Rule(("TVAF",), ("TDP",), _fraction, "PCGR input"),
    Rule(("DP4",), (), _four_strands, "LoFreq, samtools and bcftools calls of one sample"),
)
_READ: Final = frozenset({"GT", "SS", *(name for rule in RULES for name in (*rule.fields, *rule.optional))})
