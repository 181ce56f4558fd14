"""Which kind of sequencing file a file is, by its content and never by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError
from netgen.genomics.allfusions import is_allfusions
from netgen.genomics.segment_rows import SEGMENT_NAMES, is_comment
from netgen.genomics.textfile import is_ignorable, is_lfs_pointer, read_head
from netgen.genomics.tso500_sections import BANNER

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings

KINDS: Final[dict[str, str]] = {
    "vcf": "VCF or BCF of small variants, structural variants, or an Oncomine assay",
    "maf": "MAF in one of its dialects",
    "tso500": "TruSight Oncology 500 CombinedVariantOutput",
    "allfusions": "TruSight Oncology 500 AllFusions",
    "foundationone": "FoundationOne XML",
    "structural_variants": "structural variants of cBioPortal (data_sv)",
    "legacy_fusions": "fusions of cBioPortal, deprecated form (data_fusions)",
    "copy_number": "discrete copy number, wide (genes by samples) or long",
    "segments": "segments of copy number (.seg, or copies)",
    "cnvkit": "CNVkit segments (.cns)",
}
# Columns without case and punctuation. A table with one of these is one of small variants.
_SMALL: Final = frozenset({
    "variantclassification", "varianttype", "mutationtype", "hgvsp", "hgvspshort", "hgvsc", "proteinchange",
    "aminoacidchange", "referenceallele", "tumorseqallele1", "tumorseqallele2", "consequence",
})  # fmt: skip
_SITES: Final = re.compile(r"site[12](hugosymbol|entrezgeneid|ensembl\w*|gene|chromosome|position)")
_PAIRS: Final = ({"genea", "geneb"}, {"gene1", "gene2"})
_PLACES: Final = tuple(frozenset(SEGMENT_NAMES[what]) for what in ("chrom", "start", "end"))
_RATIO: Final = frozenset(SEGMENT_NAMES["log2"] + SEGMENT_NAMES["total"] + SEGMENT_NAMES["major"]) - {"mean"}
_GENES: Final = frozenset({"hugosymbol", "entrezgeneid", "genesymbol", "gene", "locusid"})
_COPIES: Final = frozenset({"value", "cna", "copynumberalteration"})  # and "alteration", if it holds numbers
_LEADING: Final = _GENES | {"cytoband", "hugogenesymbol"}
_NUMBER: Final = re.compile(r"\s*(|NA|N/A|NaN|[-+]?\d+(\.\d+)?(e[-+]?\d+)?)\s*", re.IGNORECASE)
# Files beside those that are meant, bins of CNVkit among them: by their ending, because some would pass for a table.
_BESIDE: Final = frozenset({
    ".tbi", ".csi", ".idx", ".fai", ".gzi", ".md", ".pdf", ".html", ".json", ".log", ".cnr", ".cnn",
})  # fmt: skip
_CLAIMS: Final = re.compile(r"\.(vcf|bcf|maf|seg|cns)(\.b?gz)?$", re.IGNORECASE)
_LINES: Final = 200  # lines that are looked at


def recognise(path: Path) -> str:
    """Return the kind of a file.

    Parameters
    ----------
    path
        A file, plain or compressed as the kinds allow.

    Returns
    -------
    str
        One of ``KINDS``; ``maf`` for any table that is nothing else, whose reader says what it lacks.

    Raises
    ------
    InputError
        E_FILE_MISSING; E_FILE_FORMAT for a folder, a Git-LFS pointer, a spreadsheet or another XML.
    """
    if not path.is_file():
        code, found = ("E_FILE_FORMAT", "a folder") if path.is_dir() else ("E_FILE_MISSING", "no such file")
        raise InputError(code, f"A variant file is needed, found {found}.", fix="Check the path.", file=str(path))
    head = read_head(path)
    if head.startswith((b"BCF", b"##fileformat=VCF", b"\xef\xbb\xbf##fileformat=VCF")):
        return "vcf"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _refused(path, "a spreadsheet", "Save the sheet as tab-separated text.")
    if is_lfs_pointer(head):
        raise _refused(path, "a Git-LFS pointer", "Fetch it: git lfs pull.")
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text.startswith("<"):
        if "ResultsReport" in text or "variant-report" in text:
            return "foundationone"
        raise _refused(path, "XML of another kind", "Of XML, netgen reads FoundationOne reports.")
    return _of_lines(text.splitlines()[:_LINES])


def list_files(folder: Path, *, findings: Findings) -> list[Path]:
    """Return the sequencing files of a folder, sorted; what lies in folders below it is not looked at.

    Parameters
    ----------
    folder
        Folder with files of any pipeline or vendor.
    findings
        Receives I_FILE_IGNORED, one note with the names of all files that are none.

    Returns
    -------
    list of Path
        Files of ``KINDS``; a table is taken for a MAF only if it has a column of one. A file that is called ``.vcf``,
        ``.bcf``, ``.maf``, ``.seg`` or ``.cns`` is among them whatever it holds, so that its reader says what is wrong.

    Raises
    ------
    InputError
        E_FILE_MISSING if there is no sequencing file in it.
    """
    files = {path: _is_one(path) for path in sorted(folder.iterdir()) if not path.is_dir()}
    found, others = ([path for path, meant in files.items() if meant is wanted] for wanted in (True, False))
    if others:
        names = ", ".join(path.name for path in others[:8]) + (f" and {len(others) - 8} more" if others[8:] else "")
        findings.add(
            "I_FILE_IGNORED", f"{len(others)} files of the folder are no sequencing files: {names}.", file=str(folder)
        )
    if not found:
        raise InputError(
            "E_FILE_MISSING", "No sequencing file lies in this folder.", fix="Check the path.", file=str(folder)
        )
    return found


def _is_one(path: Path) -> bool:
    """Tell whether a file of a folder is meant: debris, indices, sequences and texts are not."""
    if is_ignorable(path.name) or path.suffix.lower() in _BESIDE:
        return False
    if _CLAIMS.search(path.name):
        return True
    try:
        kind = recognise(path)
    except InputError:
        return False
    return kind != "maf" or _looks_like_maf(path)


def _looks_like_maf(path: Path) -> bool:
    lines = read_head(path).decode("utf-8-sig", errors="replace").splitlines()[:_LINES]
    header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return bool(set(_reduced(re.split("[\t,]", header))) & _SMALL)


def _of_lines(lines: list[str]) -> str:
    """Return the kind of a text by its first lines."""
    if lines and (BANNER.match(lines[0].split("\t")[0]) or "[Analysis Details]" in {one.strip() for one in lines[:10]}):
        return "tso500"
    if is_allfusions(lines):
        return "allfusions"
    if any(line.startswith("#CHROM\tPOS\tID\tREF\tALT") for line in lines):
        return "vcf"  # without its first line, which its reader will miss
    rows = [line.split("\t") for line in lines if line.strip() and not is_comment(line)]
    return _of_table(rows[0], rows[1:]) if rows else "maf"


def _of_table(header: list[str], rows: list[list[str]]) -> str:
    """Return the kind of a table by its columns, and of genes by samples by its first row."""
    names = _reduced(header)
    known = set(names)
    if any(_SITES.fullmatch(name) for name in names) or any(pair <= known for pair in _PAIRS):
        return "structural_variants"
    if "fusion" in known and "variantclassification" not in known:
        return "legacy_fusions"
    if known & _SMALL:
        return "maf"
    if all(known & place for place in _PLACES) and known & _RATIO:
        return "cnvkit" if {"start", "end", "gene", "log2"} <= known else "segments"
    if known & _GENES:
        others = [place for place, name in enumerate(names) if name not in _LEADING]
        named = [place for place in others if names[place] == "alteration"]
        if known & _COPIES or _hold_numbers(named or others, rows):
            return "copy_number"
    return "maf"


def _reduced(names: list[str]) -> list[str]:
    """Return column names in lower case without blanks and punctuation."""
    return [re.sub(r"[^a-z0-9]", "", name.casefold()) for name in names]


def _hold_numbers(places: list[int], rows: list[list[str]]) -> bool:
    """Tell whether some columns, of which there are any, hold numbers only."""
    cells = [row[place] for row in rows[:20] for place in places if place < len(row)]
    return bool(cells) and all(_NUMBER.fullmatch(cell) for cell in cells)


def _refused(path: Path, found: str, fix: str) -> InputError:
    return InputError("E_FILE_FORMAT", f"A variant file is needed, found {found}.", fix=fix, file=str(path))
