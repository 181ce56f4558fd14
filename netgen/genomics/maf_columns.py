"""Which column of a MAF holds what, in the dialects met in real files.

Headers are compared without regard to case, blanks and punctuation, so ``End_position``, ``Chromosome `` (trailing
blank), ``hugoGeneSymbol`` and ``Sequence Source`` need no rows of their own. For each target the names are in order of
preference; only the targets in ``COALESCED`` are filled from several columns.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from netgen.errors import Findings

# Target -> squeezed column names, the most specific first.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "sample_id": (
        "tumorsamplebarcode", "tumoursamplebarcode", "tumorsampleid", "tumoursampleid", "tumorsample", "sampleid",
        "samplebarcode", "sample", "samplename",
    ),
    "gene": ("hugosymbol", "hugogenesymbol", "genesymbol", "hgncsymbol", "genename", "gene", "symbol"),
    "entrez_gene_id": ("entrezgeneid", "entrezid", "entrez"),
    "build": ("ncbibuild", "genomebuild", "build", "assembly", "referencegenome"),
    "chrom": ("chromosome", "chrom", "chr"),
    "start": ("startposition", "start", "startpos", "position", "pos"),
    "end": ("endposition", "end", "endpos"),
    "ref": ("referenceallele", "refallele", "ref", "reference"),
    "allele1": ("tumorseqallele1", "tumourseqallele1"),
    "allele2": ("tumorseqallele2", "tumourseqallele2", "variantallele", "tumorseqallele", "altallele", "alt"),
    "variant_class": ("variantclassification", "mutationtype", "classification"),
    "consequence": ("consequence", "oneconsequence"),
    "hgvsp_short": ("hgvspshort", "proteinchange", "aminoacidchange", "aachange"),
    "hgvsp": ("hgvsp",),
    "hgvsc": ("hgvsc", "cdnachange"),
    "transcript_id": ("transcriptid", "itranscriptname", "annotationtranscript", "refseqmrnaid", "transcript"),
    "t_alt_count": ("taltcount", "tumoraltcount", "tumouraltcount"),
    "t_ref_count": ("trefcount", "tumorrefcount", "tumourrefcount"),
    "t_depth": ("tdepth", "tumordepth", "tumourdepth", "depth"),
    "vaf": (
        "tvaf", "tumorvaf", "tumourvaf", "vaf", "tumorf", "itumorf", "itumorvafwu", "tumorvarfreq", "allelicfrequency",
        "allelefrequency", "allelefreq", "allelefreqorg", "mutantallelefraction", "variantallelefraction",
    ),
    "tumour_bases": ("td",),
    "mutation_status": ("mutationstatus",),
    "filter": ("filter",),
    "cbp_driver": ("cbpdriver",),
    "oncogenic": ("oncogenic",),
    "hotspot": ("hotspot", "ishotspot", "isahotspot"),
    "protein_position": ("proteinposition",),
    "exon_number": ("exonnumber", "exon"),
    "flags": ("netgenflags",),
}  # fmt: skip
# The name each target has in the MAF specification, for messages.
SPECIFIED: Final[dict[str, str]] = {
    "sample_id": "Tumor_Sample_Barcode",
    "gene": "Hugo_Symbol",
    "variant_class": "Variant_Classification",
    "hgvsp_short": "HGVSp_Short",
}
COALESCED: Final = frozenset({"hgvsp_short"})
_STANDARD: Final = frozenset(names[0] for target, names in SYNONYMS.items() if target not in {"vaf", "tumour_bases"})
# Population frequencies. gnomAD is preferred; MAX_AF (VEP) is a maximum over several projects.
_GNOMAD: Final = re.compile(r"gnomad(e|g|exomes?|genomes?)?([a-z]{3})?af|gnomadaf([a-z]{3}|popmax)?|maxaf")
_EXAC: Final = re.compile(r"exacaf([a-z]{3})?")
# Calls of the OncoKB annotator, kept as they are; beside levels, also what they rest on and for which tumour type.
_ONCOKB: Final = re.compile(
    r"(?P<level>highest.*level|level(?:[0-9r]|dx|px)\w*)|mutationeffect|geneinoncokb|variantinoncokb"
)
_BESIDE_LEVELS: Final = frozenset({
    "citations", "txcitations", "dxcitations", "pxcitations", "oncotreecode", "cancertype", "tumortype", "tumourtype",
})  # fmt: skip


def squeeze(name: str) -> str:
    """Return a column name in lower case without blanks and punctuation.

    Parameters
    ----------
    name
        Name as written.

    Returns
    -------
    str
        Letters and digits only.
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def choose_columns(header: Sequence[str], *, findings: Findings, file: str) -> dict[str, list[int]]:
    """Return, for each target, the columns that hold it, the preferred one first.

    Parameters
    ----------
    header
        Column names as written.
    findings, file
        Collects E_COLUMN_CLASH (one needed name twice) and I_COLUMN_MAPPED (a name outside the specification).

    Returns
    -------
    dict of str to list of int
        Positions in ``header``. ``gnomad_af`` may have many; targets outside ``COALESCED`` have one.
    """
    names = [squeeze(name) for name in header]
    places: dict[str, list[int]] = {}
    for target, synonyms in SYNONYMS.items():
        found = [names.index(name) for name in synonyms if name in names]
        if found:
            places[target] = found if target in COALESCED else found[:1]
    if "hgvsp_short" not in places and "hgvsp" in places:
        places["hgvsp_short"] = places["hgvsp"]
    places.pop("hgvsp", None)
    if "t_alt_count" in places or "nd" not in names:
        places.pop("tumour_bases", None)
    population = [i for i, name in enumerate(names) if _GNOMAD.fullmatch(name)]
    population = population or [i for i, name in enumerate(names) if _EXAC.fullmatch(name)]
    if population:
        places["gnomad_af"] = population
    _report(header, names, places, findings=findings, file=file)
    return places


def oncokb_columns(header: Sequence[str]) -> list[int]:
    """Return the positions of columns written by the OncoKB annotator, which are kept verbatim.

    Parameters
    ----------
    header
        Column names as written.

    Returns
    -------
    list of int
        Positions in ``header``, without ``ONCOGENIC``, which has a column of its own. Citations and tumour types
        (ONCOTREE_CODE, CANCER_TYPE, TUMOR_TYPE) are among them only in a file that has levels.
    """
    names = [squeeze(name) for name in header]
    calls = [_ONCOKB.fullmatch(name) for name in names]
    has_levels = any(call is not None and call["level"] for call in calls)
    beside = _BESIDE_LEVELS if has_levels else frozenset()
    return [place for place, name in enumerate(names) if calls[place] or name in beside]


def check_is_maf(places: Collection[str], header: Sequence[str], *, file: str, row: int | None = None) -> None:
    """Raise unless the columns of a MAF are there.

    Parameters
    ----------
    places
        Targets that were found.
    header
        Column names as written, for the message.
    file, row
        The file and the line of its header.

    Raises
    ------
    InputError
        E_FILE_FORMAT, naming every missing column.
    """
    missing = [
        f"{needed} ({' or '.join(others)})"
        for needed, others in (
            ("the sample", (SPECIFIED["sample_id"],)),
            ("the gene", (SPECIFIED["gene"], "Entrez_Gene_Id")),
            ("the variant class", (SPECIFIED["variant_class"], "Consequence")),
            ("the change", (SPECIFIED["hgvsp_short"], "HGVSc", "Chromosome with Start_Position and alleles")),
        )
        if not _HAS[needed](places)
    ]
    if missing:
        shown = ", ".join(name.strip() or "(blank)" for name in header[:8])
        raise InputError(
            "E_FILE_FORMAT",
            f"A MAF needs {'; '.join(missing)}; found the columns {shown}{' ...' if len(header) > 8 else ''}.",
            fix="Give a MAF, or rename the columns to those of the MAF specification.",
            file=file,
            row=row,
        )


_HAS: Final = {
    "the sample": lambda places: "sample_id" in places,
    "the gene": lambda places: "gene" in places or "entrez_gene_id" in places,
    "the variant class": lambda places: "variant_class" in places or "consequence" in places,
    "the change": lambda places: (
        "hgvsp_short" in places
        or "hgvsc" in places
        or ({"chrom", "start", "ref"} <= set(places) and bool({"allele1", "allele2"} & set(places)))
    ),
}


def _report(
    header: Sequence[str], names: list[str], places: dict[str, list[int]], *, findings: Findings, file: str
) -> None:
    used = sorted({columns[0] for target, columns in places.items() if target != "gnomad_af"})
    for place in used:
        if names.count(names[place]) > 1:
            findings.add(
                "E_COLUMN_CLASH",
                f"A column may occur once, found {header[place].strip()} {names.count(names[place])} times.",
                fix="Remove or rename the extra columns; the first was read.",
                file=file,
                column=header[place].strip(),
            )
    mapped = [
        f"{header[place].strip()} as {target}"
        for target, columns in sorted(places.items())
        for place in columns
        if names[place] not in _STANDARD and target != "gnomad_af"
    ]
    if mapped:
        findings.add("I_COLUMN_MAPPED", f"Columns read under another name: {', '.join(mapped)}.", file=file)
