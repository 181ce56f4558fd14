"""The genomic half of a cBioPortal study folder: which file is what, and who was profiled with which panel.

Files are recognised by the content of their ``meta_*`` files; ``data_*`` names are the fall-back where a meta file is
missing. Spreadsheet lock files (``~$``) and operating-system debris (``._``) are ignored. A file name in a meta file
must stay inside the folder.

References: cBioPortal File-Formats (study, meta files, gene panels, case lists); DOMAIN 1.17.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError
from netgen.genomics.profile_files import parse_meta, read_case_lists, read_gene_panel_matrix
from netgen.genomics.textfile import is_ignorable, is_lfs_pointer, is_null, read_head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.errors import Findings

__all__ = ["StudyFile", "StudyFolder", "find_study_files", "read_case_lists", "read_gene_panel_matrix"]

# (genetic_alteration_type, datatype) -> kind; a blank datatype stands for any.
_KINDS: Final[dict[tuple[str, str], str]] = {
    ("MUTATION_EXTENDED", ""): "mutations",
    ("COPY_NUMBER_ALTERATION", "DISCRETE"): "cna",
    ("COPY_NUMBER_ALTERATION", "DISCRETE_LONG"): "cna",
    ("STRUCTURAL_VARIANT", ""): "structural_variants",
    ("FUSION", ""): "legacy_fusions",
    ("GENE_PANEL_MATRIX", ""): "panel_matrix",
    ("CLINICAL", "PATIENT_ATTRIBUTES"): "clinical_patient",
    ("CLINICAL", "SAMPLE_ATTRIBUTES"): "clinical_sample",
    ("CLINICAL", "TIMELINE"): "timeline",
}
# Names that tell what a file is where no meta file does.
_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("mutations", r"data_mutations?(_\w+)?\.(txt|maf|tsv)|\w+\.maf"),
    ("cna", r"data_cna(_discrete|_long)?\.(txt|tsv)"),
    ("structural_variants", r"data_(sv|structural_variants?)\.(txt|tsv)"),
    ("legacy_fusions", r"data_fusions?\.(txt|tsv)"),
    ("panel_matrix", r"data_gene(_panel)?_matrix\.(txt|tsv)"),
    ("clinical_patient", r"data_(bcr_)?clinical(_data)?_patients?\.(txt|tsv)"),
    ("clinical_sample", r"data_(bcr_)?clinical(_data)?_samples?\.(txt|tsv)"),
    ("timeline", r"data_(clinical_)?timeline(_\w+)?\.(txt|tsv)"),
)
_SUFFIX: Final = r"(\.gz)?"
_DATA_TYPE_OF: Final = {"mutations": "mutations", "cna": "cna", "structural_variants": "structural_variants",
                        "legacy_fusions": "structural_variants"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """One data file of a study folder.

    Attributes
    ----------
    kind
        mutations, cna, structural_variants, legacy_fusions, panel_matrix, clinical_patient, clinical_sample, timeline.
    path
        The file.
    meta
        Keys and values of its meta file; empty if it was recognised by name.
    """

    kind: str
    path: Path
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StudyFolder:
    """The files of a study that netgen reads.

    Attributes
    ----------
    folder
        The folder.
    meta
        Keys and values of ``meta_study.txt``; empty if there is none.
    files
        Data files, sorted by kind and name.
    panels, case_lists
        Gene panel files and case lists, sorted.
    """

    folder: Path
    meta: Mapping[str, str]
    files: tuple[StudyFile, ...]
    panels: tuple[Path, ...]
    case_lists: tuple[Path, ...]

    def of(self, kind: str) -> tuple[StudyFile, ...]:
        """Return the files of one kind."""
        return tuple(file for file in self.files if file.kind == kind)

    def stable_ids(self) -> dict[str, str]:
        """Return profile ``stable_id`` -> data type."""
        return {
            file.meta["stable_id"]: _DATA_TYPE_OF[file.kind]
            for file in self.files
            if file.kind in _DATA_TYPE_OF and file.meta.get("stable_id")
        }

    def gene_panels(self) -> dict[str, str]:
        """Return data type -> panel that the meta file names for the whole profile (``gene_panel:``)."""
        return {
            _DATA_TYPE_OF[file.kind]: file.meta["gene_panel"]
            for file in self.files
            if file.kind in _DATA_TYPE_OF and not is_null(file.meta.get("gene_panel", ""))
        }


def find_study_files(folder: Path, *, findings: Findings) -> StudyFolder:
    """Return the files of a cBioPortal study folder by what they hold.

    Files of kinds that netgen does not use (expression, segments, generic assays) are left alone.

    Parameters
    ----------
    folder
        Folder with ``meta_*`` and ``data_*`` files.
    findings
        Collects meta files whose data file is missing or outside the folder, and Git-LFS pointers.

    Returns
    -------
    StudyFolder
        What was found.

    Raises
    ------
    InputError
        If the folder does not exist (E_FILE_MISSING) or holds no file of a study (E_FILE_FORMAT).
    """
    if not folder.is_dir():
        raise InputError("E_FILE_MISSING", "There is no such folder.", fix="Check the path.", file=str(folder))
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and not is_ignorable(path.name)]
    heads = {path: read_head(path) for path in paths}
    metas = {path: parse_meta(head) for path, head in heads.items()}
    study = next((meta for meta in metas.values() if _is_study(meta)), {})
    declared = [file for path, meta in metas.items() for file in _declared(folder, path, meta, findings)]
    known = {file.kind for file in declared}
    named = [file for file in _by_name(paths) if file.kind not in known]
    files = sorted([*declared, *named], key=lambda file: (file.kind, file.path.name))
    for file in files:
        if is_lfs_pointer(heads.get(file.path, b"")):
            _report(findings, file.path, "A table is needed, found a Git-LFS pointer.", "Fetch it: git lfs pull.")
    if not files:
        raise InputError(
            "E_FILE_FORMAT",
            "A cBioPortal study has meta_* and data_* files, found none.",
            fix="Name the folder that holds meta_study.txt.",
            file=str(folder),
        )
    return StudyFolder(
        folder=folder,
        meta=study,
        files=tuple(files),
        panels=tuple(path for path, meta in metas.items() if "gene_list" in meta and "stable_id" in meta),
        case_lists=_case_list_paths(folder, metas),
    )


def _is_study(meta: Mapping[str, str]) -> bool:
    return "cancer_study_identifier" in meta and "genetic_alteration_type" not in meta and (
        "type_of_cancer" in meta or "name" in meta
    )  # fmt: skip


def _declared(folder: Path, path: Path, meta: Mapping[str, str], findings: Findings) -> list[StudyFile]:
    """Return the data file that a meta file declares, if it is one that netgen reads."""
    alteration, datatype = meta.get("genetic_alteration_type", "").upper(), meta.get("datatype", "").upper()
    kind = _KINDS.get((alteration, datatype)) or _KINDS.get((alteration, ""))
    if kind is None:
        return []
    name = meta.get("data_filename", "")
    target = folder / name
    if not name or not target.resolve().is_relative_to(folder.resolve()):
        _report(
            findings, path, f"data_filename must name a file of the study folder, found {name!r}.", "Mend the line."
        )
        return []
    if not target.is_file():
        findings.add(
            "E_FILE_MISSING",
            f"The meta file names {name}, which is not in the folder.",
            fix="Add the file, or remove the meta file.",
            file=str(path),
            column="data_filename",
            value=name,
        )
        return []
    return [StudyFile(kind=kind, path=target, meta=dict(meta))]


def _by_name(paths: Sequence[Path]) -> list[StudyFile]:
    found = []
    for path in paths:
        for kind, pattern in _NAMES:
            if re.fullmatch(pattern + _SUFFIX, path.name, re.IGNORECASE):
                found.append(StudyFile(kind=kind, path=path))
                break
    return found


def _case_list_paths(folder: Path, metas: Mapping[Path, Mapping[str, str]]) -> tuple[Path, ...]:
    inside = folder / "case_lists"
    listed = [
        path
        for path in (sorted(inside.iterdir()) if inside.is_dir() else [])
        if path.is_file() and not is_ignorable(path.name) and path.suffix == ".txt"
    ]
    return (*(path for path, meta in metas.items() if "case_list_ids" in meta), *listed)


def _report(findings: Findings, path: Path, message: str, fix: str) -> None:
    findings.add("E_FILE_FORMAT", message, fix=fix, file=str(path))
