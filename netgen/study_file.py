"""Read a ``study.toml`` and check it key by key.

An unknown key is an error that names the nearest valid one. Paths are relative to the file they stand in and may
contain environment variables (``${DATA}/panet``).
"""

from __future__ import annotations

import os
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgen import study_rules as rules
from netgen.errors import Findings, InputError
from netgen.study import (
    ActionabilitySettings,
    AlterationsSpec,
    AssociationSettings,
    EligibilitySettings,
    EndpointRequest,
    LineSettings,
    ReadSettings,
    ReferenceSettings,
    SourceSpec,
    Study,
    TableSpec,
    as_list,
    freeze,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_study(path: str | Path) -> Study:
    """Return the study that a ``study.toml`` describes.

    Parameters
    ----------
    path
        The file. Paths inside are relative to its folder.

    Returns
    -------
    Study
        Every setting resolved; nothing of the data has been read yet.

    Raises
    ------
    InputError
        If the file does not exist or is not TOML.
    SchemaError
        With every unknown key and every value of the wrong type, vocabulary or range.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            "E_FILE_MISSING", f"the study file {path.name} does not exist.", fix="Check the path.", file=str(path)
        )
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            "E_FILE_FORMAT", f"a study file must be TOML: {error}.", fix="Mend the line named.", file=str(path)
        ) from error
    findings = Findings()
    study = _Reader(path, findings).study(given)
    findings.raise_errors()
    return study


class _Reader:
    """Walks the parsed TOML and gathers findings; ``path`` anchors relative paths and names the file.

    What ``check`` finds wrong is reported and left out, so that everything behind it has the type it declares.
    """

    def __init__(self, path: Path, findings: Findings) -> None:
        self.path = path
        self.findings = findings

    def study(self, given: dict[str, Any]) -> Study:
        top = self.check(given, rules.TOP, "")
        head = self.check(top.get("study", {}), rules.STUDY, "study")
        sources = top.get("source", [])
        if not given.get("source"):
            self.problem("source", "", "a study needs at least one [[source]]", 'Add [[source]] with kind = "tables".')
        several = len(sources) > 1
        return Study(
            id=str(head.get("id", self.path.parent.name or "study")),
            title=str(head.get("title", "")),
            genome=head.get("genome"),
            data_cutoff=self.date("study.data_cutoff", head.get("data_cutoff")),
            sequencing_context=head.get("sequencing_context"),
            label=str(head.get("label", "")),
            file=self.path,
            sources=tuple(
                self.source(item, f"source {i}", name=f"source{i}" if several else "")
                for i, item in enumerate(sources, 1)
            ),
            endpoints=self.endpoints(top.get("endpoints", {}), "endpoints"),
            read=self.fill(ReadSettings, top, "read", rules.READ),
            eligibility=self.fill(EligibilitySettings, top, "eligibility", rules.ELIGIBILITY),
            association=self.fill(AssociationSettings, top, "association", rules.ASSOCIATION),
            lines=self.lines(top.get("lines", {})),
            actionability=self.actionability(top.get("actionability", {})),
            reference=self.reference(top.get("reference", {})),
        )

    def source(self, given: dict[str, Any], place: str, *, name: str) -> SourceSpec:
        found = self.check(given, rules.SOURCE, place)
        kind = found.get("kind", "")
        self.source_keys(given, kind, place)
        variants = found.get("variants", [])
        panels = [*found.get("panels", []), *([found["panel"]] if "panel" in found else [])]
        return SourceSpec(
            kind=kind,
            name=name,
            path=self.file(found["path"]) if "path" in found else None,
            namespace=found.get("namespace", ""),
            set={str(key): str(value) for key, value in found.get("set", {}).items()},
            variants=tuple(self.expand(item) for item in as_list(variants)),
            base=self.path.parent,
            tables={key: self.table(found[key], f"{place}.{key}") for key in rules.TABLE_KEYS if key in found},
            alterations=self.alterations(found["alterations"], f"{place}.alterations")
            if "alterations" in found
            else None,
            panels=tuple(self.file(item) for item in panels),
            assay=found.get("assay"),
            assume_profiled=found.get("assume_profiled", False),
            genome=found.get("genome"),
            endpoints=self.endpoints(found.get("endpoints", {}), f"{place}.endpoints"),
        )

    def source_keys(self, given: dict[str, Any], kind: str, place: str) -> None:
        """Report what a source of this kind lacks, and what it has but would not read."""
        if "kind" not in given:
            self.problem(place, "kind", "every source needs a kind", f"Use one of {', '.join(rules.KINDS)}.")
        if kind not in rules.OWN_KEYS:
            return
        needs = {"tables": "patients", "files": "variants"}.get(kind, "path")
        if needs not in given:
            self.problem(place, needs, f"a {kind} source needs {needs}", "Name the file or folder.")
        foreign = {key for keys in rules.OWN_KEYS.values() for key in keys}.difference(rules.OWN_KEYS[kind])
        for key in sorted(foreign.intersection(given)):
            self.problem(place, key, f"a {kind} source does not read {key}", "Remove it, or add a source of its own.")

    def table(self, given: str | dict[str, Any], place: str) -> TableSpec:
        if isinstance(given, str):
            return TableSpec(file=self.file(given))
        found = self.check(given, rules.TABLE, place)
        if "file" not in given:
            self.problem(place, "file", "a table needs a file", 'Write { file = "patients.csv" }.')
        return TableSpec(
            file=self.file(found.get("file", "")),
            sheet=found.get("sheet"),
            header_row=found.get("header_row"),
            columns=found.get("columns", {}),
            where={key: [str(item) for item in as_list(value)] for key, value in found.get("where", {}).items()},
            where_present=tuple(found.get("where_present", ())),
        )

    def alterations(self, given: dict[str, Any], place: str) -> AlterationsSpec:
        found = self.check(given, rules.ALTERATIONS, place)
        for key in ("file", "layout"):
            if key not in given:
                self.problem(place, key, f"alterations need a {key}", "Give file and layout.")
        known = {"layout": "", **found, "file": self.file(found.get("file", ""))}
        return AlterationsSpec(**{**known, "genes": tuple(found.get("genes", ()))})

    def endpoints(self, given: dict[str, Any], place: str) -> dict[str, EndpointRequest]:
        out = {}
        for name, item in given.items():
            found = self.check(item, rules.ENDPOINT, f"{place}.{name}")
            if not rules.is_name(name):
                self.problem(place, name, "an endpoint is named with letters, digits, _ and -", "Use a short name.")
            if ("time" in item) != ("event" in item):
                self.problem(
                    f"{place}.{name}", "time", "recorded endpoints need both time and event", "Name both columns."
                )
            if "time" in found:
                found["time"] = tuple(as_list(found["time"]))
            out[name.lower()] = EndpointRequest(name=name.lower(), **found)
        return out

    def lines(self, given: dict[str, Any]) -> LineSettings:
        found = freeze(self.check(given, rules.LINES, "lines"))
        for pair in found.get("maintenance", ()):
            if pair.count("->") != 1:
                self.problem(
                    "lines", "maintenance", f"a pair is needed, found {pair!r}", 'Write "induction -> maintenance".'
                )
        if "drugs" in found:
            found["drugs"] = self.file(found["drugs"])
        return LineSettings(**found)

    def actionability(self, given: dict[str, Any]) -> ActionabilitySettings:
        found = self.check(given, rules.ACTIONABILITY, "actionability")
        return ActionabilitySettings(**{name: self.file(path) for name, path in found.items()})

    def reference(self, given: dict[str, Any]) -> ReferenceSettings:
        found = freeze(self.check(given, rules.REFERENCE, "reference"))
        if "fasta" in found and "gff" not in given:
            self.problem("reference", "gff", "a genome sequence needs gene models beside it", "Name a GFF3 file.")
        files = {key: self.file(found[key]) for key in ("fasta", "gff") if key in found}
        return ReferenceSettings(**files, transcripts=found.get("transcripts", ()))

    def fill(self, kind: type, given: dict[str, Any], name: str, keys: Mapping[str, rules.Rule]) -> Any:  # noqa: ANN401
        return kind(**freeze(self.check(given.get(name, {}), keys, name)))

    def check(self, given: dict[str, Any], keys: Mapping[str, rules.Rule], place: str) -> dict[str, Any]:
        """Report unknown keys and wrong values; return the others."""
        valid = {}
        for key, value in given.items():
            problem = rules.check_setting(key, value, keys)
            if problem is None:
                valid[key] = value
            else:
                self.problem(place, key, *problem)
        return valid

    def problem(self, place: str, key: str, message: str, fix: str) -> None:
        where = ".".join(part for part in (place, key) if part)
        self.findings.add("E_CONFIG", message + ".", fix=fix, file=str(self.path), column=where)

    def file(self, text: str) -> Path:
        return self.path.parent / self.expand(text)

    def expand(self, text: str) -> str:
        """Replace environment variables; an unset one is a problem, not a folder with a dollar in its name."""
        full = os.path.expandvars(text)
        if "$" in full:
            self.problem("", "", f"the path {text!r} names an environment variable that is not set", "Set it.")
        return full

    def date(self, key: str, given: date | str | None) -> date | None:
        if isinstance(given, datetime):
            return given.date()
        if not isinstance(given, str):
            return given
        try:
            return date.fromisoformat(given)
        except ValueError:
            self.problem("", key, f"{key} must be a date as YYYY-MM-DD, found {given!r}", "Write it without quotes.")
            return None
