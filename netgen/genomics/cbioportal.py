"""The genomic half of a cBioPortal study folder: which file is what, and who was profiled with which panel.

Files are recognised by the content of their ``meta_*`` files, whatever they are called; ``data_*`` names are the
fall-back for kinds that no meta file declares. Kinds that netgen does not use (log2 copy number, segments, expression,
generic assays) are named in one note, together with lock files of a spreadsheet (``~$``). Operating-system debris
(``._``) is passed over. A file name in a meta file must stay inside the folder. A folder that holds nothing but one
study folder is that study.

References: cBioPortal File-Formats (study, meta files, gene panels, case lists); DOMAIN 1.17.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError
from netgen.genomics.profile_files import parse_meta, read_case_lists, read_gene_panel_matrix
from netgen.genomics.textfile import is_ignorable, is_lfs_pointer, is_null, read_head, split_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.errors import Findings

__all__ = ["StudyFile", "StudyFolder", "find_study_files", "locate_study", "read_case_lists", "read_gene_panel_matrix"]

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
# genetic_alteration_type of cBioPortal for data that netgen does not read.
_UNUSED: Final = frozenset({
    "COPY_NUMBER_ALTERATION", "MUTATION_UNCALLED", "MRNA_EXPRESSION", "MRNA_EXPRESSION_NORMALS", "MICRO_RNA_EXPRESSION",
    "MRNA_EXPRESSION_MICRO_RNA", "METHYLATION", "METHYLATION_BINARY", "PROTEIN_LEVEL", "PROTEIN_ARRAY_PROTEIN_LEVEL",
    "PROTEIN_ARRAY_PHOSPHORYLATION", "PHOSPHORYLATION", "GISTIC_GENES_AMP", "GISTIC_GENES_DEL", "MUTSIG",
    "GENESET_SCORE", "GENERIC_ASSAY", "CANCER_TYPE", "CLINICAL", "WSI",
})  # fmt: skip
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
_CONTINUOUS: Final = r"data_(log2_?cna|cna_log2|linear_?cna|cna_linear|cna_continuous)\.(txt|tsv)"
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


def locate_study(folder: Path) -> Path:
    """Return the folder that holds the files of a study: the one named, or the only study folder inside it.

    Parameters
    ----------
    folder
        Folder that the user named.

    Returns
    -------
    Path
        ``folder`` itself if it has files of a study, or if it holds no study or several.
    """
    if not folder.is_dir() or _looks_like_study(folder):
        return folder
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and _looks_like_study(path)]
    return inside[0] if len(inside) == 1 else folder


def _looks_like_study(folder: Path) -> bool:
    return any(re.match(r"meta_|data_", path.name, re.IGNORECASE) for path in folder.iterdir() if path.is_file())


def find_study_files(folder: Path, *, findings: Findings) -> StudyFolder:
    """Return the files of a cBioPortal study folder by what they hold.

    Parameters
    ----------
    folder
        Folder with ``meta_*`` and ``data_*`` files.
    findings
        Collects meta files whose data file is missing, outside the folder, or named twice; types that cBioPortal does
        not have; roles taken from the content of a file; files that are not read.

    Returns
    -------
    StudyFolder
        What was found.

    Raises
    ------
    InputError
        If the folder does not exist (E_FILE_MISSING), holds no file of a study, or holds Git-LFS pointers in place of
        files (E_FILE_FORMAT, all of them in one message).
    """
    if not folder.is_dir():
        raise InputError("E_FILE_MISSING", "There is no such folder.", fix="Check the path.", file=str(folder))
    everything = [path for path in sorted(folder.iterdir()) if path.is_file()]
    paths = [path for path in everything if not is_ignorable(path.name)]
    heads = {path: read_head(path) for path in paths}
    metas = {path: parse_meta(head, lenient=path.name.lower().startswith("meta")) for path, head in heads.items()}
    study = next((meta for meta in metas.values() if _is_study(meta)), {})
    declared = [file for path, meta in metas.items() for file in _declared(folder, path, meta, findings)]
    declared = _once(declared, findings)
    known = {file.kind for file in declared}
    spoken_for = {folder / meta.get("data_filename", "") for meta in metas.values()}
    named = [file for file in _by_name([path for path in paths if path not in spoken_for]) if file.kind not in known]
    files = sorted([*declared, *named], key=lambda file: (file.kind, file.path.name))
    _note_unread(folder, metas, [path for path in everything if path.name.startswith("~$")], findings)
    if not files:
        message, fix = _no_study(folder)
        raise InputError("E_FILE_FORMAT", message, fix=fix, file=str(folder))
    panels = tuple(path for path, meta in metas.items() if "gene_list" in meta and "stable_id" in meta)
    _refuse_pointers(folder, [file.path for file in files], heads)
    return StudyFolder(
        folder=folder, meta=study, files=tuple(files), panels=panels, case_lists=_case_list_paths(folder, metas)
    )


def _no_study(folder: Path) -> tuple[str, str]:
    """Return what is wrong with a folder without files of a study, and what to do."""
    inside = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and _looks_like_study(path)]
    if inside:
        return (
            f"One study is needed, found {len(inside)} study folders: {', '.join(inside[:5])}.",
            "Name one of them, or give each as a [[source]] of a study.toml.",
        )
    return "A cBioPortal study has meta_* and data_* files, found none.", "Name the folder that holds meta_study.txt."


def _is_study(meta: Mapping[str, str]) -> bool:
    return "cancer_study_identifier" in meta and "genetic_alteration_type" not in meta and (
        "type_of_cancer" in meta or "name" in meta
    )  # fmt: skip


def _declared(folder: Path, path: Path, meta: Mapping[str, str], findings: Findings) -> list[StudyFile]:
    """Return the data file that a meta file declares, if it is one that netgen reads."""
    alteration, datatype = meta.get("genetic_alteration_type", "").upper(), meta.get("datatype", "").upper()
    kind = _KINDS.get((alteration, datatype)) or _KINDS.get((alteration, ""))
    if kind is None and alteration != "CLINICAL":
        if alteration and alteration not in _UNUSED:
            findings.add(
                "W_VALUE",
                f"cBioPortal has no genetic_alteration_type {meta['genetic_alteration_type']!r}; the file is not read.",
                fix="Correct the type, such as MUTATION_EXTENDED or COPY_NUMBER_ALTERATION.",
                file=str(path),
                column="genetic_alteration_type",
                value=meta["genetic_alteration_type"],
            )
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
    return [StudyFile(kind=kind or _clinical_kind(target, path, meta, findings), path=target, meta=dict(meta))]


def _clinical_kind(target: Path, path: Path, meta: Mapping[str, str], findings: Findings) -> str:
    """Return the kind of a clinical file whose datatype is none of today's (FREE-FORM): its header tells."""
    lines = read_head(target).decode("utf-8", errors="replace").splitlines()
    header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    names = {name.casefold() for name in split_fields([header])[0]}
    kind = "timeline" if "event_type" in names else "clinical_sample" if "sample_id" in names else "clinical_patient"
    findings.add(
        "I_FILE_ROLE",
        f"The datatype {meta.get('datatype', '')!r} of clinical data is not one of today's; {target.name} was read as"
        f" {kind.replace('_', ' ')} file because of its header.",
        fix="Write PATIENT_ATTRIBUTES, SAMPLE_ATTRIBUTES or TIMELINE.",
        file=str(path),
        column="datatype",
        value=meta.get("datatype", ""),
    )
    return kind


def _once(declared: Sequence[StudyFile], findings: Findings) -> list[StudyFile]:
    """Return every file once; clinical files of one role once: which of them holds cannot be guessed."""
    kept: dict[Path, StudyFile] = {}
    for file in declared:
        if file.path in kept:
            findings.add(
                "W_DUP_IDENTICAL",
                f"Two meta files name {file.path.name}; it is read once.",
                fix="Remove one of them.",
                file=str(file.path),
                column="data_filename",
                value=file.path.name,
            )
            continue
        kept[file.path] = file
    for kind in ("clinical_patient", "clinical_sample"):
        several = [file.path.name for file in kept.values() if file.kind == kind]
        if len(several) > 1:
            findings.add(
                "E_DUP_CONFLICT",
                f"A study has one {kind.replace('_', ' ')} file, the meta files name {len(several)}:"
                f" {', '.join(several)}.",
                fix="Join them, or remove the meta file of the other.",
                file=str(next(file.path for file in kept.values() if file.kind == kind)),
            )
    return list(kept.values())


def _refuse_pointers(folder: Path, files: Sequence[Path], heads: Mapping[Path, bytes]) -> None:
    """Name all Git-LFS pointers that stand where a file should, in one message."""
    pointers = [path.name for path in files if is_lfs_pointer(heads.get(path, b""))]
    if pointers:
        raise InputError(
            "E_FILE_FORMAT",
            f"Tables are needed, found Git-LFS pointers in place of {', '.join(pointers)}.",
            fix="Fetch the files themselves: git lfs pull.",
            file=str(folder),
        )


def _note_unread(
    folder: Path, metas: Mapping[Path, Mapping[str, str]], locks: Sequence[Path], findings: Findings
) -> None:
    """Say in one note which data of the study are not read."""
    unread = []
    for path, meta in metas.items():
        kind = (meta.get("genetic_alteration_type", "").upper(), meta.get("datatype", "").upper())
        if kind[0] in _UNUSED - {"CLINICAL"} and not (_KINDS.get(kind) or _KINDS.get((kind[0], ""))):
            unread.append(f"{meta.get('data_filename') or path.name} ({' '.join(part for part in kind if part)})")
        if meta.get("pd_annotations_filename"):
            unread.append(f"{meta['pd_annotations_filename']} (driver annotation of copy number)")
    spoken_for = {folder / meta.get("data_filename", "") for meta in metas.values()}
    unread += [
        f"{path.name} (log2 or linear copy number)"
        for path in metas
        if path not in spoken_for and re.fullmatch(_CONTINUOUS + _SUFFIX, path.name, re.IGNORECASE)
    ]
    unread += [f"{path.name} (lock file of a spreadsheet)" for path in locks]
    if unread:
        findings.add(
            "I_FILE_IGNORED",
            f"{len(unread)} file(s) of the folder are not used: {', '.join(sorted(unread))}.",
            file=str(folder),
        )


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
