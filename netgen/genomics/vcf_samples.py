"""Which column of a VCF is the tumour, and which sample of the study it stands for.

Evidence of the header: ``##tumor_sample`` and ``##normal_sample`` (GATK 4), the names on a caller's command line
(MuTect 1, Mutect2), ``##SAMPLE=<ID=TUMOR,SampleName=...>`` (TCGA), ``##SAMPLE=<...,Genomes=...>`` and ``##PEDIGREE``
(VCF 4.1 to 4.4). A name that the header gives to a column which is not there says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

_TUMOUR_NAMES: Final = frozenset({"tumor", "tumour"})
_NORMAL_NAMES: Final = frozenset({"normal", "germline", "blood"})
_GENERIC: Final = _TUMOUR_NAMES | {"sample", "sample1", "unknown", "default", "", "-", "."}
_ENDING: Final = re.compile(r"\.(vcf|bcf)(\.b?gz)?$", re.IGNORECASE)
_STATED: Final = re.compile(r"##(tumou?r|normal)_sample=(.+)", re.IGNORECASE)
_COMMAND: Final = re.compile(r"\b(tumou?r|normal)[-_]sample(?:[-_]name)?[= ]+\"?([^\s\",>=]+)", re.IGNORECASE)
_META: Final = re.compile(r"##(SAMPLE|PEDIGREE)=<(.*)>$", re.IGNORECASE)
_PART: Final = re.compile(r'([A-Za-z_0-9]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True, kw_only=True)
class SampleEvidence:
    """What a header says of its samples.

    Attributes
    ----------
    tumours, normals
        Names of tumours and of normals, as stated or on a command line, in the order of the header.
    names
        Column (or TUMOR, NORMAL) -> name of the sample behind it.
    """

    tumours: tuple[str, ...]
    normals: tuple[str, ...]
    names: dict[str, str]


def read_evidence(lines: Iterable[str]) -> SampleEvidence:
    """Return what a header says of its samples.

    Parameters
    ----------
    lines
        ``##`` lines.

    Returns
    -------
    SampleEvidence
        Stated names before those of command lines.
    """
    stated: list[tuple[str, str]] = []
    guessed: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    for line in lines:
        plain = _STATED.fullmatch(line.strip())
        if plain is not None:
            stated.append((plain[1], plain[2].strip()))
            continue
        meta = _META.match(line.strip())
        if meta is not None:
            found = {key: text.strip('"') for key, text in _PART.findall(meta[2])}
            guessed += _from_sample(found, names) if meta[1].upper() == "SAMPLE" else _from_pedigree(found)
        elif "ample" in line and not line.startswith(("##INFO", "##FORMAT", "##FILTER", "##contig")):
            guessed += _COMMAND.findall(line)
    pairs = [*stated, *guessed]
    tumours = [name for kind, name in pairs if kind.casefold() in _TUMOUR_NAMES]
    normals = [name for kind, name in pairs if kind.casefold() == "normal"]
    return SampleEvidence(tumours=tuple(dict.fromkeys(tumours)), normals=tuple(dict.fromkeys(normals)), names=names)


def _from_sample(found: dict[str, str], names: dict[str, str]) -> list[tuple[str, str]]:
    """Return tumour and normal of a SAMPLE line; also collects the name behind a column."""
    column = found.get("ID", "")
    name = found.get("SampleName", "")
    if name:
        names[column] = name
    kind = column.casefold()
    if kind in _TUMOUR_NAMES | {"normal"}:
        return [(kind, name)] if name else []
    genomes = found.get("Genomes", "").casefold()
    if re.search(r"tumou?r", genomes):
        return [("tumor", column)]
    return [("normal", column)] if genomes == "germline" else []


def _from_pedigree(found: dict[str, str]) -> list[tuple[str, str]]:
    """Return tumour and normal of ``Derived=...,Original=...`` (4.1) or ``ID=...,Original=...`` (4.3)."""
    derived, original = found.get("Derived") or found.get("ID", ""), found.get("Original", "")
    return [("tumor", derived), ("normal", original)] if derived and original else []


def find_tumour_columns(
    columns: Sequence[str],
    lines: Iterable[str],
    *,
    tumour: str | None = None,
    known_samples: Collection[str] = (),
) -> list[str]:
    """Return the columns that hold tumours.

    Parameters
    ----------
    columns
        Sample columns of the file.
    lines
        ``##`` lines.
    tumour
        Column that the caller names.
    known_samples
        Tumour samples of the study.

    Returns
    -------
    list of str
        Empty if it cannot be told.

    Notes
    -----
    In this order:

    1. the column the caller names, by its own name or by that of the sample behind it;
    2. tumours that the header names (this module);
    3. columns named as samples of the study, or whose sample (``##SAMPLE=<ID=column,SampleName=...>``) is one;
    4. the only column, unless it is called NORMAL;
    5. a column TUMOR (TUMOUR), if there is one;
    6. all but the normals that the header names;
    7. the other of two, if one is called NORMAL;
    8. columns ``<tumour>_<normal>`` that begin with a sample of the study.
    """
    evidence = read_evidence(lines)
    known = set(known_samples)
    if tumour is not None:
        return [column for column in columns if tumour in {column, evidence.names.get(column)}][:1]
    stated = [column for column in columns if column in evidence.tumours]
    if stated:
        return stated
    found = [column for column in columns if column in known or evidence.names.get(column) in known]
    return found or _from_names(columns, evidence, known)


def _from_names(columns: Sequence[str], evidence: SampleEvidence, known: Collection[str]) -> list[str]:
    """Return the tumours by steps 4 to 8."""
    if len(columns) == 1:
        return [column for column in columns if column.casefold() not in _NORMAL_NAMES]
    named = [column for column in columns if column.casefold() in _TUMOUR_NAMES]
    if len(named) == 1:
        return named
    normals = [column for column in columns if column in evidence.normals]
    if not normals and len(columns) == 2:
        normals = [column for column in columns if column.casefold() in _NORMAL_NAMES]
    if normals:
        return [column for column in columns if column not in normals]
    return [column for column in columns if _prefix(column, known)]


def name_sample(column: str, path: Path, known_samples: Collection[str], lines: Iterable[str] = ()) -> str:
    """Return the sample that a tumour column stands for.

    Parameters
    ----------
    column
        Name of the column, empty if the file has none.
    path
        The file.
    known_samples
        Samples of the study.
    lines
        ``##`` lines.

    Returns
    -------
    str
        The column itself if it is a sample; the sample that the header gives it; the sample that it begins with
        (``<tumour>_<normal>``); the sample that the file is named after. If the study knows none of these: the column,
        or for a generic name (TUMOR) the name in the header, else the file name without its endings.
    """
    known = set(known_samples)
    stated = read_evidence(lines).names.get(column, "")
    for candidate in (column, stated, _prefix(column, known)):
        if candidate and candidate in known:
            return candidate
    stem = _ENDING.sub("", path.name)
    for candidate in (stem, stem.split(".")[0]):
        if candidate in known:
            return candidate
    return (stated or stem) if column.casefold() in _GENERIC else column


def _prefix(column: str, known_samples: Collection[str]) -> str:
    """Return the longest sample that a column ``<tumour>_<normal>`` begins with."""
    return max((one for one in known_samples if column.startswith(f"{one}_")), key=len, default="")
