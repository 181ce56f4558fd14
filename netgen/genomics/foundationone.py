"""Foundation Medicine's XML reports (FoundationOne CDx, Liquid CDx, Heme): the ``variant-report`` part.

Nothing that identifies a patient is read (``foundation_xml``). The sample is named after the DNA sample of the report;
a name that the study knows comes first, among sample, test request, specimen and file.

*Short variants.* ``status`` becomes a flag: ``lab_known``, ``lab_likely``, ``lab_ambiguous`` (other words
``lab_other``), and ``vus`` for unknown, which is how the vendor writes a variant of unknown significance. The class
follows from ``functional-effect``; a splice variant whose coding change keeps to the intron, more than two bases off,
is Splice_Region. The report has no alleles: those of substitutions follow from the coding change and the strand; those
of insertions and deletions are missing, because their position is the base before the change in real reports and its
first base in others. Reads are given where exactly one count fits the rounded fraction.

*Copy number.* ``amplification`` is 2, ``loss`` (which the vendor reports for homozygous loss) is -2, and so is
``partial loss``, because it breaks the gene. ``partial amplification`` is missing, with ``partial`` true: part of a
gene in many copies is no amplification of it. Missing as well is what the laboratory calls equivocal, and a copy number
that contradicts the type (a loss with copies left, an amplification without any gained): W_COPY_NUMBER_EQUIVOCAL.

*Rearrangements.* The order of the genes says nothing of 5' and 3'. Reads are DNA, of RNA where only RNA shows it.

*Biomarkers.* Results as the report gives them. "MSI-H not detected" (liquid biopsies), ambiguous and unknown are
indeterminate.

*Coverage.* All three data types, unless quality control failed; such a report tells nothing (W_SEQUENCING_LEFT_OUT).

*Genome build.* The report does not state it; the vendor maps to hg19 (technical information of FoundationOne CDx).

References
----------
Foundation Medicine, ``variant-report-external-2.2.xsd``; FoundationOne CDx Technical Information, RAL-0003.
Positions of insertions and deletions: HuntsmanCancerInstitute/USeq, ``FoundationShortVariant``, which checks them
against the genome.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from netgen.genomics.classes import normalize_class, normalize_protein_change, settle_class
from netgen.genomics.coding_changes import is_deep_intronic, stand_in_alleles, substituted_alleles
from netgen.genomics.foundation_xml import Element, read_report
from netgen.genomics.sequencing_file import DATA_TYPES, SequencingFile
from netgen.genomics.vendor_rows import (
    Row,
    biomarker_table,
    copy_number_table,
    count_reads_of,
    dropped_table,
    fusion_row,
    fusion_table,
    name_sample_of,
    read_count,
    read_place,
    variant_table,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

KIND: Final = "foundationone"
BUILD: Final = "GRCh37"
_STATUS: Final = {"known": "lab_known", "likely": "lab_likely", "unknown": "vus", "ambiguous": "lab_ambiguous"}
_TYPES: Final = {"amplification": 2.0, "loss": -2.0, "partial amplification": math.nan, "partial loss": -2.0}
_CLASSES: Final = {
    "fusion": "FUSION", "deletion": "DELETION", "duplication": "DUPLICATION", "inversion": "INVERSION",
    "insertion": "INSERTION", "translocation": "TRANSLOCATION",
}  # fmt: skip
_FRAMES: Final = {"yes": "In_frame", "no": "Out_of_frame"}
_MSI: Final = {
    "msi-h": "MSI-H", "msi-high": "MSI-H", "mss": "MSS", "msi-h not detected": "indeterminate",
    "unknown": "indeterminate", "ambiguous": "indeterminate", "msi-ambiguous": "indeterminate",
    "cannot be determined": "indeterminate",
}  # fmt: skip
_BIOMARKERS: Final = {
    "microsatellite-instability": ("MSI", ""),
    "tumor-mutation-burden": ("TMB", "mut/Mb"),
    "loss-of-heterozygosity": ("LOH", "%"),
}
_ALTERATIONS: Final = ("short-variant", "copy-number-alteration", "rearrangement")
_READ: Final = frozenset({
    "variant-report", "samples", "sample", "quality-control", "short-variants", "short-variant",
    "copy-number-alterations", "copy-number-alteration", "rearrangements", "rearrangement", "biomarkers",
    "non-human-content", "non-human", "dna-evidence", "rna-evidence",
})  # fmt: skip
_NONE: Final = frozenset({"", "n/a", "na", "none", "unknown", "intergenic"})


def read_foundationone(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
) -> SequencingFile:
    """Return what a Foundation Medicine report says of a tumour.

    Missing values: absent or blank attributes.

    Parameters
    ----------
    path
        XML file.
    findings
        Collects attributes that cannot be read (E_VALUE), W_VARIANT_CLASS_UNKNOWN, W_COPY_NUMBER_EQUIVOCAL,
        W_SECTION_IGNORED, W_SEQUENCING_LEFT_OUT, and what ``genes.normalize_genes`` reports. Never a name, birth date
        or number of a patient.
    sample_id
        The sample; None = from the report.
    known_samples
        Samples of the study.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    SequencingFile
        One sample.

    Raises
    ------
    InputError
        If the file is no such report, or a hostile one (E_FILE_FORMAT); see ``foundation_xml.read_report``.
    """
    elements = read_report(path)
    sample = _name_sample(elements, path, sample_id, known_samples)
    dropped: Counter[str] = Counter()
    passed = _check_quality(elements, path, findings, dropped)
    elements = elements if passed else elements[:1]
    _count_unread(elements, path, findings, dropped)
    of = {kind: [one for one in elements if one.name == kind] for kind in _ALTERATIONS}
    n_records = sum(map(len, of.values())) + sum(dropped.values())
    variants = [row for one in of["short-variant"] if (row := _variant(one, sample, path, findings, dropped))]
    copies = [row for one in of["copy-number-alteration"] if (row := _copies(one, sample, path, findings, dropped))]
    return SequencingFile(
        path=path,
        kind=KIND,
        samples=(sample,),
        profiled=dict.fromkeys(DATA_TYPES, (sample,) if passed else ()),
        n_records=n_records,
        variants=variant_table(variants, path, dropped, findings=findings, names=names),
        copy_number=copy_number_table(copies, path, dropped, findings=findings, names=names),
        fusions=fusion_table(
            [_rearrangement(one, sample, _evidence(elements, one)) for one in of["rearrangement"]],
            path, dropped, findings=findings, names=names,
        ),
        biomarkers=biomarker_table(_biomarkers(elements, sample)),
        build=BUILD,
        dropped=dropped_table(sample, dropped),
    )  # fmt: skip


def _name_sample(elements: Sequence[Element], path: Path, sample_id: str | None, known: Collection[str]) -> str:
    samples = [one.attributes for one in elements if one.name == "sample"]
    samples.sort(key=lambda one: one.get("nucleic-acid-type", "DNA").upper() != "DNA")
    report = elements[0].attributes
    named = [*(one.get("name", "") for one in samples), report.get("test-request", ""), report.get("specimen", "")]
    return name_sample_of([*named, path.name.split(".")[0]], sample_id=sample_id, known_samples=known)


def _check_quality(elements: Sequence[Element], path: Path, findings: Findings, dropped: Counter[str]) -> bool:
    """Tell whether the sample passed; what a report lists although it failed is counted."""
    if not any(one.name == "quality-control" and _get(one, "status") == "fail" for one in elements):
        return True
    findings.add(
        "W_SEQUENCING_LEFT_OUT",
        "Quality control must have passed, found Fail: the sample counts as not sequenced.",
        file=str(path),
    )
    dropped["quality_control"] += sum(one.name in _ALTERATIONS for one in elements)
    return False


def _get(element: Element, name: str) -> str:
    """Return an attribute in lower case, "" if there is none."""
    return element.attributes.get(name, "").casefold()


def _evidence(elements: Sequence[Element], element: Element) -> frozenset[str]:
    """Return which of DNA and RNA show an alteration: the elements that follow it."""
    place = next(place for place, one in enumerate(elements) if one is element)
    found = set()
    for one in elements[place + 1 :]:
        if one.parent != element.name:
            break
        found.add(one.name.removesuffix("-evidence"))
    return frozenset(found)


def _variant(element: Element, sample: str, path: Path, findings: Findings, dropped: Counter[str]) -> Row | None:
    values = element.attributes
    chrom, pos = read_place(values.get("position", ""))
    fraction, depth = _fraction(values), _number(values.get("depth", ""))
    bad = next(
        (name for name, fine in (
            ("gene", bool(values.get("gene"))), ("position", chrom is not None),
            ("allele-fraction", math.isnan(fraction) or 0 <= fraction <= 1),
            ("depth", math.isnan(depth) or 0 <= depth < math.inf),
        ) if not fine), "",
    )  # fmt: skip
    if bad:
        _report_value(element, bad, path, findings, dropped)
        return None
    coding = values.get("cds-effect", "").removeprefix("c.")
    place, ref, alt = substituted_alleles(coding, pos or 0, values.get("strand", ""))
    alt_count, ref_count = count_reads_of(
        None if math.isnan(fraction) else fraction, None if math.isnan(depth) else round(depth)
    )
    flags = [_status(element)]
    flags += [name for name in ("equivocal", "subclonal") if _get(element, name) == "true"]
    return {
        "sample_id": sample, "gene": values["gene"], "build": BUILD, "chrom": chrom, "pos": place, "ref": ref,
        "alt": alt, "variant_class": _classify(element, coding, path, findings),
        "hgvsp_short": normalize_protein_change(values.get("protein-effect", "")),
        "hgvsc": f"c.{coding}" if coding else None, "transcript_id": values.get("transcript") or None,
        "vaf": fraction, "t_alt_count": alt_count, "t_ref_count": ref_count, "filter": "PASS",
        "mutation_status": {"germline": "germline", "somatic": "somatic"}.get(_get(element, "germline-status")),
        "flags": ";".join(filter(None, flags)) or None, "row": element.row,
    }  # fmt: skip


def _fraction(values: dict[str, str]) -> float:
    if values.get("allele-fraction"):
        return _number(values["allele-fraction"])
    return round(_number(values.get("percent-reads", "")) / 100, 6)


def _classify(element: Element, coding: str, path: Path, findings: Findings) -> str:
    effect = element.attributes.get("functional-effect", "")
    name = normalize_class(effect)
    if not name:
        findings.add(
            "W_VARIANT_CLASS_UNKNOWN",
            f"A functional effect that is known is needed, found {effect!r}; the variant is kept as Unknown, which does"
            " not count as an alteration.",
            file=str(path),
            row=element.row,
            column="functional-effect",
            value=effect,
        )
        return "Unknown"
    if name == "Splice_Site" and is_deep_intronic(coding):
        return "Splice_Region"
    return settle_class(name, *stand_in_alleles(coding))


def _copies(element: Element, sample: str, path: Path, findings: Findings, dropped: Counter[str]) -> Row | None:
    kind = _get(element, "type").replace("_", " ").replace("-", " ")
    number, ratio = (_number(element.attributes.get(name, "")) for name in ("copy-number", "ratio"))
    if kind not in _TYPES or number == math.inf:
        _report_value(element, "copy-number" if kind in _TYPES else "type", path, findings, dropped)
        return None
    value = _TYPES[kind]
    contradicts = (value < 0 and number >= 1) or (value > 0 and number <= 2)
    if contradicts or _get(element, "equivocal") == "true":
        said = f"{kind} with {number:g} copies" if contradicts else f"equivocal {kind}"
        findings.add(
            "W_COPY_NUMBER_EQUIVOCAL",
            f"A clear call of copy number is needed, found {said} of {element.attributes.get('gene', '')}: it counts as"
            " not measured.",
            file=str(path),
            row=element.row,
            column="equivocal",
        )
        value = math.nan
    return {
        "sample_id": sample, "gene": element.attributes.get("gene") or None, "value": value,
        "total_copy_number": number, "log2": math.log2(ratio) if 0 < ratio < math.inf else math.nan,
        "partial": kind == "partial amplification", "method": "discrete", "file": str(path), "row": element.row,
    }  # fmt: skip


def _rearrangement(element: Element, sample: str, evidence: frozenset[str]) -> Row:
    values = element.attributes
    genes = [values.get(name, "") for name in ("targeted-gene", "other-gene")]
    one, two = ("" if gene.casefold() in _NONE else gene for gene in genes)
    places = values.get("pos1", ""), values.get("pos2", "")
    described, kind = values.get("description", ""), _get(element, "type") or _get(element, "description")
    title = described if any(gene and gene in described for gene in (one, two)) else ""
    row = fusion_row((one, two, False), places, sample, reads=values.get("supporting-read-pairs", ""), title=title)
    apart = row["chrom1"] is not None and row["chrom2"] is not None and row["chrom1"] != row["chrom2"]
    pairs = values.get("supporting-read-pairs", "")
    only_rna = evidence == {"rna"}
    return {
        **row, "sv_class": _CLASSES.get(kind, "TRANSLOCATION" if apart else "UNKNOWN"),
        "status": "GERMLINE" if _get(element, "germline-status") == "germline" else "SOMATIC",
        "frame": _FRAMES.get(_get(element, "in-frame"), "Unknown"), "build": BUILD,
        "pair_reads": read_count(pairs), "dna_support": not only_rna,
        "rna_support": True if "rna" in evidence else None, "filter": "PASS", "row": element.row,
        "event_info": "; ".join(filter(None, [str(row["event_info"]), _flag_text(element)])),
    }  # fmt: skip


def _status(element: Element) -> str:
    said = _get(element, "status")
    return _STATUS.get(said, "lab_other") if said else ""


def _flag_text(element: Element) -> str:
    return ", ".join(filter(None, [_status(element), "equivocal" if _get(element, "equivocal") == "true" else ""]))


def _biomarkers(elements: Sequence[Element], sample: str) -> list[Row]:
    """Return one row for each biomarker that has a score or a status; one that is not known keeps its own name."""
    rows: list[Row] = []
    for one in elements:
        if one.parent != "biomarkers":
            continue
        name, unit = _BIOMARKERS.get(one.name, (one.name, ""))
        stated = one.attributes.get("unit", "")
        status, score = one.attributes.get("status", ""), _number(one.attributes.get("score", ""))
        if name == "MSI":
            status = _MSI.get(status.casefold().replace("_", " "), status)
        elif status.casefold() == "unknown":
            status = ""
        if stated and stated != "mutations-per-megabase":
            unit = stated
        if status or math.isfinite(score):
            method = elements[0].attributes.get("test-type") or "Foundation Medicine"
            rows.append({
                "sample_id": sample, "biomarker": name, "value": score if math.isfinite(score) else math.nan,
                "unit": unit or None, "result": status or None, "method": method,
            })  # fmt: skip
    return rows


def _count_unread(elements: Sequence[Element], path: Path, findings: Findings, dropped: Counter[str]) -> None:
    dropped["non_human"] += sum(one.name == "non-human" for one in elements)
    unread = [
        one for one in elements if one.name not in _READ and one.parent not in {"biomarkers", "non-human-content"}
    ]
    for name in sorted({one.name for one in unread}):
        found = [one for one in unread if one.name == name]
        dropped["section_not_read"] += len(found)
        findings.add(
            "W_SECTION_IGNORED",
            f"{len(found)} element(s) {name} are not read.",
            fix="Give what they hold in another file if it matters.",
            file=str(path),
            row=found[0].row,
            value=name,
        )


def _report_value(element: Element, name: str, path: Path, findings: Findings, dropped: Counter[str]) -> None:
    findings.add(
        "E_VALUE",
        f"{name} of a {element.name} cannot be read, found {element.attributes.get(name, '')[:40]!r}; it was left out.",
        fix="Give the file as the laboratory sent it.",
        file=str(path),
        row=element.row,
        column=name,
        value=element.attributes.get(name, "")[:40],
    )
    dropped["malformed"] += 1


def _number(text: str) -> float:
    """Return a number, NaN for a blank, infinity for what is no number."""
    try:
        return float(text) if text else math.nan
    except ValueError:
        return math.inf
