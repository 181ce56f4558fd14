"""A knowledge snapshot: a folder of files from elsewhere, and a manifest that says what, from where, and of which date.

The folder is put together by the user and named by ``--knowledge DIR`` or in ``study.toml``; netgen loads nothing from
the network. ``manifest.json`` lies in it::

    {
      "netgen_knowledge": 1,
      "files": [
        {
          "kind": "oncotree",
          "path": "oncotree/oncotree_2025_10_03.json",
          "source": "OncoTree, github.com/cBioPortal/oncotree",
          "version": "oncotree_2025_10_03",
          "date": "2025-10-03",
          "licence": "CC BY 4.0",
          "sha256": "64 hexadecimal digits"
        }
      ]
    }

- ``netgen_knowledge`` is the version of this format, 1.
- ``kind`` is one of :data:`KINDS`: the complete OncoTree, current, former and other gene symbols, hot spots, assertions
  of CIViC, MOAlmanac and the Cancer Genome Interpreter, a rule table. There is at most one file of the kinds
  ``oncotree``, ``hotspots`` and ``rules``.
- Of the normalised MOAlmanac, ``statements.json`` is the file of kind ``moalmanac``; each table beside it has an entry
  of its own, kind ``moalmanac_part``.
- ``path`` is relative to the folder, with ``/``. It may not leave the folder, through ``..`` or a link neither.
- ``date`` is the day of the release or the download, YYYY-MM-DD. Above 18 months: W_KNOWLEDGE_STALE.
- ``sha256`` is what ``sha256sum FILE`` prints. A file that differs is not used.
- Every key is needed, and all are texts. A ``note`` is welcome, beside ``files`` and in an entry. Files that are not
  listed are passed over.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.errors import Findings, InputError
from netgen.knowledge.gene_symbols import read_gene_aliases, read_gene_spans, read_gene_symbols
from netgen.knowledge.hotspot_table import read_hotspots
from netgen.knowledge.oncotree import read_tree_json

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
# Kind -> what such a file holds.
KINDS: Final[dict[str, str]] = {
    "oncotree": "nested JSON of OncoTree",
    "genes": "genes with their current, former and other symbols (HGNC)",
    "gene_aliases": "other names of genes, beside those of a gene table",
    "hotspots": "hot spots of cancerhotspots.org",
    "civic": "CIViC release table or GKS JSON",
    "moalmanac": "MOAlmanac JSON",
    "moalmanac_part": "a table beside statements.json of the normalised MOAlmanac",
    "cgi": "biomarkers of the Cancer Genome Interpreter",
    "rules": "a rule table of netgen, instead of the one that ships",
}
SINGLE: Final = ("oncotree", "hotspots", "rules")
# Kind -> what reads such a file here; the others are read where they are imported (``netgen.actionability``).
READERS: Final[dict[str, tuple[Callable[[Path], object], ...]]] = {
    "oncotree": (read_tree_json,),
    "genes": (read_gene_symbols, read_gene_spans),
    "gene_aliases": (read_gene_aliases,),
    "hotspots": (read_hotspots,),
}
STALE_MONTHS: Final = 18
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOSE: Final = 0.7
_LFS: Final = b"version https://git-lfs"


@dataclass(frozen=True, kw_only=True)
class SnapshotFile:
    """One file of a snapshot, as the manifest describes it; ``path`` leads to it, ``date`` is YYYY-MM-DD."""

    kind: str
    path: Path
    source: str
    version: str
    date: str
    licence: str
    sha256: str


KEYS: Final = tuple(part.name for part in fields(SnapshotFile))


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The files of a snapshot that can be used, in the order of the manifest."""

    folder: Path
    files: tuple[SnapshotFile, ...]

    def of(self, kind: str) -> tuple[SnapshotFile, ...]:
        """Return the files of one kind, in the order of the manifest; none if there is none."""
        return tuple(file for file in self.files if file.kind == kind)


def read_snapshot(folder: Path, *, findings: Findings, today: date | None = None) -> Snapshot:
    """Return the files that a snapshot names, each compared with its checksum.

    Parameters
    ----------
    folder
        Folder with ``manifest.json``.
    findings
        Receives everything that is wrong: E_FILE_MISSING (folder, manifest or a file), E_KNOWLEDGE (anything else),
        W_KNOWLEDGE_STALE.
    today
        The day on which a file is stale; None is the present day.

    Returns
    -------
    Snapshot
        The files without an error. Whoever goes on raises the errors first.
    """
    today = today or datetime.now(tz=UTC).date()
    files: list[SnapshotFile] = []
    for number, entry in enumerate(_read_entries(folder, findings), start=1):
        name = f" ({entry['path']})" if isinstance(entry, dict) and isinstance(entry.get("path"), str) else ""
        place = _Place(findings=Findings(), file=str(folder / MANIFEST), entry=f"Entry {number}{name}")
        file = _read_entry(folder, entry, today, place)
        if file is not None:
            _check_repeats(file, files, place)
        if file is not None and not place.findings.of("E"):
            files.append(file)
        findings.extend(place.findings)
    return Snapshot(folder=folder, files=tuple(files))


def check_snapshot(folder: Path, *, today: date | None = None) -> Findings:
    """Return what is wrong with a snapshot: its manifest, its files and their checksums, and what they hold.

    Parameters
    ----------
    folder
        Folder with ``manifest.json``.
    today
        The day on which a file is stale; None is the present day.

    Returns
    -------
    Findings
        Those of :func:`read_snapshot`, and E_KNOWLEDGE or E_FILE_FORMAT for a file that is empty, a Git-LFS pointer,
        JSON that cannot be read, or not what its kind says (``READERS``). Empty if all is well.
    """
    findings = Findings()
    for file in read_snapshot(folder, findings=findings, today=today).files:
        if problem := _unreadable(file.path):
            fix = "Fetch the file again and correct its checksum."
            findings.add("E_KNOWLEDGE", f"A readable file is needed, found {problem}.", fix=fix, file=str(file.path))
        for read in () if problem else READERS.get(file.kind, ()):
            try:
                read(file.path)
            except InputError as error:
                findings.extend([error.finding])
    return findings


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where in the manifest something is wrong."""

    findings: Findings
    file: str
    entry: str

    def report(self, key: str, message: str, fix: str, *, value: object = "", code: str = "E_KNOWLEDGE") -> None:
        self.findings.add(code, f"{self.entry}: {message}", fix=fix, file=self.file, column=key, value=value)


def _read_entries(folder: Path, findings: Findings) -> list[Any]:
    """Return the entries of the manifest, as they are; none if there is no list of them."""
    path = folder / MANIFEST
    if not path.is_file():
        what = "A folder" if not folder.is_dir() else f"A {MANIFEST} in the folder"
        fix = "Name a folder that holds a manifest.json and the files that it lists."
        findings.add("E_FILE_MISSING", f"{what} is needed, found none.", fix=fix, file=str(folder))
        return []
    place = _Place(findings=findings, file=str(path), entry="The manifest")
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        place.report("", f"JSON is needed, found a file that cannot be read: {error}.", "Write it as JSON.")
        return []
    if not isinstance(document, dict):
        place.report("", "a JSON object is needed.", 'Begin with {"netgen_knowledge": 1, "files": [...]}.')
        return []
    _check_keys(document, ("netgen_knowledge", "files"), place)
    version = document.get("netgen_knowledge", FORMAT)
    if type(version) is not int or version != FORMAT:
        place.report("netgen_knowledge", f"format {FORMAT} is needed.", f"Write {FORMAT}.", value=version)
    entries = document.get("files", [])
    if not isinstance(entries, list) or ("files" in document and not entries):
        place.report(
            "files", "a list of one entry per file is needed.", "List the files.", value=type(entries).__name__
        )
        return []
    return entries


def _check_keys(entry: dict[str, Any], needed: tuple[str, ...], place: _Place) -> None:
    """Report keys that are missing, and keys that mean nothing."""
    for key in needed:
        if key not in entry:
            place.report(key, f"the key {key} is needed, found none.", f"Add {key}.")
    for key in entry:
        if key not in {*needed, "note"}:
            nearest = get_close_matches(key, needed, n=1, cutoff=_CLOSE)
            fix = f"Write {nearest[0]}." if nearest else "Take it out, or put the text into note."
            place.report(key, f"there is no key {key!r}.", fix)


def _read_entry(folder: Path, entry: Any, today: date, place: _Place) -> SnapshotFile | None:  # noqa: ANN401  # as read from JSON
    """Return the file of one entry, or None after every problem of the entry was reported."""
    if not isinstance(entry, dict):
        place.report("files", "an object with the keys of a file is needed.", f"Give {', '.join(KEYS)}.", value=entry)
        return None
    _check_keys(entry, KEYS, place)
    given = {key: entry[key] for key in KEYS if isinstance(entry.get(key), str) and entry[key].strip()}
    for key in KEYS:
        if key in entry and not given.get(key, "\n").isprintable():
            place.report(key, f"a text of one line is needed for {key}.", f"State the {key}.", value=entry[key])
    _check_values(given, place)
    if "date" in given:
        _check_date(given["date"], today, place)
    path = _locate(folder, given["path"], place) if "path" in given else None
    if path is not None and _SHA256.fullmatch(given.get("sha256", "")):
        _check_sum(path, given["sha256"].lower(), place)
    if path is None or place.findings.of("E"):
        return None
    return SnapshotFile(**{**given, "path": path, "sha256": given["sha256"].lower()})


def _check_repeats(file: SnapshotFile, others: list[SnapshotFile], place: _Place) -> None:
    if any(other.path == file.path for other in others):
        place.report("path", "a file that is not named before is needed.", "Name each file once.", value=file.path.name)
    elif file.kind in SINGLE and any(other.kind == file.kind for other in others):
        place.report("kind", f"one file of the kind {file.kind} is needed, found another.", "Keep one of them.")


def _check_values(given: dict[str, str], place: _Place) -> None:
    """Report a kind or checksum that is not one."""
    kind = given.get("kind")
    if kind is not None and kind not in KINDS:
        nearest = get_close_matches(kind, KINDS, n=1, cutoff=_CLOSE)
        fix = f"Write {nearest[0]}." if nearest else f"Choose from {', '.join(KINDS)}."
        place.report("kind", f"a known kind is needed, found {kind!r}.", fix, value=kind)
    if "sha256" in given and not _SHA256.fullmatch(given["sha256"]):
        place.report(
            "sha256", "64 hexadecimal digits are needed.", "Copy what sha256sum prints.", value=given["sha256"]
        )


def _locate(folder: Path, text: str, place: _Place) -> Path | None:
    """Return the file behind a relative path inside the folder."""
    pure = PurePosixPath(text)
    plain = text.isprintable() and "\\" not in text and not PureWindowsPath(text).drive and not pure.is_absolute()
    path = folder / pure
    try:
        inside = plain and ".." not in pure.parts and path.resolve().is_relative_to(folder.resolve())
        exists = inside and path.is_file()
    except (OSError, RuntimeError):  # a name that is too long, links in a circle
        inside = exists = False
    if not inside:
        place.report("path", "a path inside the folder is needed.", "Copy the file into the folder.", value=text)
    elif not exists:
        fix = "Copy the file into the folder, or take the entry out."
        place.report("path", "a file is needed, found none.", fix, value=text, code="E_FILE_MISSING")
    return path if exists else None


def _check_sum(path: Path, wanted: str, place: _Place) -> None:
    try:
        with path.open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        place.report("path", f"the file cannot be read: {error}.", "Check its permissions.", value=path.name)
        return
    if found != wanted:
        fix = "Fetch the file again, or correct the manifest if the change was meant."
        place.report("sha256", f"the file {path.name} has the checksum {found}.", fix, value=wanted)


def _check_date(text: str, today: date, place: _Place) -> None:
    day = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce") if _DAY.fullmatch(text) else pd.NaT
    if pd.isna(day):
        place.report("date", "a day YYYY-MM-DD is needed.", "State the day of the release.", value=text)
    elif day.date() > today + timedelta(days=1):  # a day ahead is another time zone
        place.report("date", "the date lies in the future.", "Correct it.", value=text)
    elif (day + pd.DateOffset(months=STALE_MONTHS)).date() < today:
        message = f"the file is of {text}, more than {STALE_MONTHS} months ago."
        place.report("date", message, "Take a newer release.", value=text, code="W_KNOWLEDGE_STALE")


def _unreadable(path: Path) -> str:
    """Return what keeps a file from being read, in words; nothing if nothing does."""
    with path.open("rb") as handle:
        head = handle.read(len(_LFS))
    if not head:
        return "an empty one"
    if head == _LFS:
        return "a Git-LFS pointer"
    if path.suffix == ".json":
        try:
            json.loads(path.read_text(encoding="utf-8-sig"))
        except (ValueError, RecursionError) as error:
            return f"JSON that is damaged: {error}"
    return ""
