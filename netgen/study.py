"""What a user asks for: the settings of a study, read from ``study.toml`` and checked key by key.

Every key is declared once, below, with its type and meaning; an unknown key is an error that names the nearest valid
one. Paths are relative to the file they stand in and may contain environment variables (``${DATA}/panet``).
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from netgen.errors import Findings, InputError
from netgen.provenance import MASTER_SEED

if TYPE_CHECKING:
    from collections.abc import Mapping

FEATURES: Final = ("any_nonsyn", "lof", "driver", "hotspot", "altered")
POLICIES: Final = ("union", "primary", "metastasis", "earliest", "latest", "largest_panel")
ENTRY_RULES: Final = ("auto", "none", "sequencing_report", "sample_collection", "custom")
KINDS: Final = ("tables", "cbioportal", "sheet")
ASSAYS: Final = ("wes", "wgs")
UNITS: Final = ("days", "months", "years")
PARTIAL_DATES: Final = ("impute", "exclude")
TABLE_KEYS: Final = ("patients", "samples", "treatments", "assessments", "imaging", "biomarkers")


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """Where one table stands and how to read it.

    ``columns`` maps a canonical name to a source column, or to a list of which the first non-missing one counts.
    ``where`` keeps rows whose column has one of the values; ``where_present`` keeps rows in which a column is filled.
    """

    file: Path
    sheet: str | int | None = None
    header_row: int | None = None
    columns: Mapping[str, str | list[str]] = field(default_factory=dict)
    where: Mapping[str, list[str]] = field(default_factory=dict)
    where_present: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AlterationsSpec:
    """A ready-made gene table: ``layout`` is matrix or carriers.

    A carrier list cannot say who was sequenced: ``profiled`` does, either "all" (every patient of the source) or the
    name of a patient column that is filled for the sequenced ones.
    """

    file: Path
    layout: str
    sheet: str | int | None = None
    header_row: int | None = None
    id_column: str | None = None
    gene_column: str | None = None
    profiled: str | None = None
    genes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EndpointRequest:
    """How one endpoint comes about: from recorded columns (``time``) or derived from dates (``origin``)."""

    name: str
    time: tuple[str, ...] = ()
    event: str | None = None
    unit: str | None = None
    entry: str | None = None
    status_map: Mapping[str, str] = field(default_factory=dict)
    check_against: str | None = None
    origin: str | None = None
    new_therapy: Literal["censor", "event", "ignore"] = "censor"
    censor_at: Literal["assessment", "last_contact"] = "assessment"
    clinical_pd: bool = True
    time_zero: Literal["half_day", "exclude", "keep"] = "half_day"


@dataclass(frozen=True, kw_only=True)
class SourceSpec:
    """One place data come from: a set of tables, a cBioPortal folder or a one-sheet spreadsheet."""

    kind: str
    path: Path | None = None
    namespace: str = ""
    set: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    base: Path = Path()
    tables: Mapping[str, TableSpec] = field(default_factory=dict)
    alterations: AlterationsSpec | None = None
    panels: tuple[Path, ...] = ()
    assay: str | None = None
    assume_profiled: bool = False
    genome: str | None = None
    endpoints: Mapping[str, EndpointRequest] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """How input is read, the same for all sources."""

    date_order: Literal["dmy", "mdy"] | None = None
    status_map: Mapping[str, str] = field(default_factory=dict)
    on_duplicate: Literal["error", "exclude"] = "error"
    skip_invalid: bool = False
    excel_dates: Literal["error", "unresolved"] = "error"
    filters: Literal["pass", "any"] = "pass"
    population_af: float = 0.001
    min_depth: int | None = None
    min_alt_count: int | None = None
    min_vaf: float | None = None


@dataclass(frozen=True, kw_only=True)
class EligibilitySettings:
    """Who belongs to the study; None = no criterion."""

    ki67_above: float | None = None
    differentiation: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    require_advanced: bool = False


@dataclass(frozen=True, kw_only=True)
class AssociationSettings:
    """The analysis plan of ``associate``; None = decided by the rules of the policy and printed."""

    endpoints: tuple[str, ...] = ("os",)
    features: str = "any_nonsyn"
    policy: str = "union"
    strata: str = "origin_group3"
    adjust: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()
    pathways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prespecified: tuple[str, ...] = ()
    min_altered: int | None = None
    entry_rule: Literal["auto", "none", "sequencing_report", "sample_collection", "custom"] = "auto"
    permutations: int = 100_000
    landmark: float | None = None
    model: bool = True
    alpha: float = 1.0
    ties: Literal["efron", "breslow"] = "efron"
    mode: str = "auto"
    seed: int = MASTER_SEED


@dataclass(frozen=True, kw_only=True)
class Study:
    """A resolved configuration: sources and settings."""

    id: str
    title: str = ""
    genome: str | None = None
    data_cutoff: date | None = None
    sequencing_context: str | None = None
    label: str = ""
    file: Path | None = None
    sources: tuple[SourceSpec, ...]
    endpoints: Mapping[str, EndpointRequest] = field(default_factory=dict)
    read: ReadSettings = ReadSettings()
    eligibility: EligibilitySettings = EligibilitySettings()
    association: AssociationSettings = AssociationSettings()


# Key -> permitted types and, where the vocabulary is closed, the permitted values.
Rule = tuple[tuple[type, ...], tuple[str, ...]]
_TEXT: Final[Rule] = ((str,), ())
_LIST: Final[Rule] = ((list,), ())
_DICT: Final[Rule] = ((dict,), ())
_BOOL: Final[Rule] = ((bool,), ())
_NUMBER: Final[Rule] = ((int, float), ())
_WHOLE: Final[Rule] = ((int,), ())
_ANY_TABLE: Final[Rule] = ((str, dict), ())


def _one_of(values: tuple[str, ...]) -> Rule:
    return (str,), values


_STUDY: Final[dict[str, Rule]] = {
    "id": _TEXT, "title": _TEXT, "genome": _one_of(("GRCh37", "GRCh38")), "data_cutoff": ((date, str), ()),
    "sequencing_context": _one_of(("clinical", "research_retrospective", "unknown")), "label": _TEXT,
}  # fmt: skip
_TABLE: Final[dict[str, Rule]] = {
    "file": _TEXT, "sheet": ((str, int), ()), "header_row": _WHOLE, "columns": _DICT, "where": _DICT,
    "where_present": _LIST,
}  # fmt: skip
_ALTERATIONS: Final[dict[str, Rule]] = {
    "file": _TEXT, "layout": _one_of(("matrix", "carriers")), "sheet": ((str, int), ()), "header_row": _WHOLE,
    "id_column": _TEXT, "gene_column": _TEXT, "profiled": _TEXT, "genes": _LIST,
}  # fmt: skip
_ENDPOINT: Final[dict[str, Rule]] = {
    "time": ((str, list), ()), "event": _TEXT, "unit": _one_of(UNITS), "entry": _TEXT, "status_map": _DICT,
    "check_against": _TEXT, "origin": _TEXT, "new_therapy": _one_of(("censor", "event", "ignore")),
    "censor_at": _one_of(("assessment", "last_contact")), "clinical_pd": _BOOL,
    "time_zero": _one_of(("half_day", "exclude", "keep")),
}  # fmt: skip
_SOURCE: Final[dict[str, Rule]] = {
    "kind": _one_of(KINDS), "path": _TEXT, "namespace": _TEXT, "set": _DICT, "variants": ((str, list), ()),
    "alterations": _DICT, "panel": _TEXT, "panels": _LIST, "assay": _one_of(ASSAYS), "assume_profiled": _BOOL,
    "genome": _one_of(("GRCh37", "GRCh38")), "endpoints": _DICT, **dict.fromkeys(TABLE_KEYS, _ANY_TABLE),
}  # fmt: skip
_READ: Final[dict[str, Rule]] = {
    "date_order": _one_of(("dmy", "mdy")), "status_map": _DICT, "on_duplicate": _one_of(("error", "exclude")),
    "skip_invalid": _BOOL, "excel_dates": _one_of(("error", "unresolved")), "filters": _one_of(("pass", "any")),
    "population_af": _NUMBER, "min_depth": _WHOLE, "min_alt_count": _WHOLE, "min_vaf": _NUMBER,
}  # fmt: skip
_ELIGIBILITY: Final[dict[str, Rule]] = {
    "ki67_above": _NUMBER, "differentiation": _LIST, "origins": _LIST, "require_advanced": _BOOL,
}  # fmt: skip
_ASSOCIATION: Final[dict[str, Rule]] = {
    "endpoints": _LIST, "features": _one_of(FEATURES), "policy": _one_of(POLICIES), "strata": _TEXT, "adjust": _LIST,
    "genes": _LIST, "pathways": _DICT, "prespecified": _LIST, "min_altered": _WHOLE,
    "entry_rule": _one_of(ENTRY_RULES), "permutations": _WHOLE, "landmark": _NUMBER, "model": _BOOL, "alpha": _NUMBER,
    "ties": _one_of(("efron", "breslow")), "mode": _one_of(("auto", "small", "large")), "seed": _WHOLE,
}  # fmt: skip
_TOP: Final[dict[str, Rule]] = {
    "study": _DICT, "source": _LIST, "endpoints": _DICT, "read": _DICT, "eligibility": _DICT, "association": _DICT,
}  # fmt: skip


def read_study(path: Path) -> Study:
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
        If the file is not TOML.
    SchemaError
        With every unknown key and every value of the wrong type or vocabulary.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            "E_FILE_FORMAT", f"a study file must be TOML: {error}.", fix="Mend the line named.", file=str(path)
        ) from error
    findings = Findings()
    reader = _Reader(path, findings)
    study = reader.study(given)
    findings.raise_errors()
    return study


class _Reader:
    """Walks the parsed TOML and gathers findings; ``path`` anchors relative paths and names the file."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self.path = path
        self.findings = findings

    def study(self, given: dict[str, Any]) -> Study:
        self.check(given, _TOP, "")
        head = self.section(given, "study", _STUDY)
        sources = given.get("source", [])
        if not sources:
            self.problem("source", "", "a study needs at least one [[source]]", 'Add [[source]] with kind = "tables".')
        cutoff = head.get("data_cutoff")
        if isinstance(cutoff, str):
            cutoff = self.date("study.data_cutoff", cutoff)
        return Study(
            id=str(head.get("id", self.path.parent.name or "study")),
            title=str(head.get("title", "")),
            genome=head.get("genome"),
            data_cutoff=cutoff,
            sequencing_context=head.get("sequencing_context"),
            label=str(head.get("label", "")),
            file=self.path,
            sources=tuple(self.source(item, f"source {i}") for i, item in enumerate(sources, 1)),
            endpoints=self.endpoints(given.get("endpoints", {}), "endpoints"),
            read=self.fill(ReadSettings, given, "read", _READ),
            eligibility=self.fill(EligibilitySettings, given, "eligibility", _ELIGIBILITY),
            association=self.fill(AssociationSettings, given, "association", _ASSOCIATION),
        )

    def source(self, given: dict[str, Any], place: str) -> SourceSpec:
        self.check(given, _SOURCE, place)
        kind = given.get("kind", "")
        if not kind:
            self.problem(place, "kind", "every source needs a kind", f"Use one of {', '.join(KINDS)}.")
        if kind in {"cbioportal", "sheet"} and "path" not in given:
            self.problem(place, "path", f"a {kind} source needs a path", "Name the folder or the spreadsheet.")
        variants = given.get("variants", [])
        panels = [*given.get("panels", []), *([given["panel"]] if "panel" in given else [])]
        return SourceSpec(
            kind=kind,
            path=self.file(given["path"]) if "path" in given else None,
            namespace=given.get("namespace", ""),
            set={str(key): str(value) for key, value in given.get("set", {}).items()},
            variants=tuple(self.expand(v) for v in ([variants] if isinstance(variants, str) else variants)),
            base=self.path.parent,
            tables={key: self.table(given[key], f"{place}.{key}") for key in TABLE_KEYS if key in given},
            alterations=self.alterations(given["alterations"], place) if "alterations" in given else None,
            panels=tuple(self.file(item) for item in panels),
            assay=given.get("assay"),
            assume_profiled=given.get("assume_profiled", False),
            genome=given.get("genome"),
            endpoints=self.endpoints(given.get("endpoints", {}), f"{place}.endpoints"),
        )

    def table(self, given: str | dict[str, Any], place: str) -> TableSpec:
        if isinstance(given, str):
            return TableSpec(file=self.file(given))
        self.check(given, _TABLE, place)
        if "file" not in given:
            self.problem(place, "file", "a table needs a file", 'Write { file = "patients.csv" }.')
        return TableSpec(
            file=self.file(given.get("file", "")),
            sheet=given.get("sheet"),
            header_row=given.get("header_row"),
            columns=given.get("columns", {}),
            where={key: [str(v) for v in _as_list(value)] for key, value in given.get("where", {}).items()},
            where_present=tuple(given.get("where_present", ())),
        )

    def alterations(self, given: dict[str, Any], place: str) -> AlterationsSpec:
        self.check(given, _ALTERATIONS, f"{place}.alterations")
        for key in ("file", "layout"):
            if key not in given:
                self.problem(f"{place}.alterations", key, f"alterations need a {key}", "Give file and layout.")
        return AlterationsSpec(
            **{
                **{key: value for key, value in given.items() if key in _ALTERATIONS},
                "file": self.file(given.get("file", "")),
                "layout": given.get("layout", ""),
                "genes": tuple(given.get("genes", ())),
            }
        )

    def endpoints(self, given: dict[str, Any], place: str) -> dict[str, EndpointRequest]:
        out = {}
        for name, item in given.items():
            self.check(item, _ENDPOINT, f"{place}.{name}")
            if ("time" in item) != ("event" in item):
                self.problem(
                    f"{place}.{name}", "time", "recorded endpoints need both time and event", "Name both columns."
                )
            known = {key: value for key, value in item.items() if key in _ENDPOINT}
            if "time" in known:
                known["time"] = tuple(_as_list(known["time"]))
            out[name.lower()] = EndpointRequest(name=name.lower(), **known)
        return out

    def section(self, given: dict[str, Any], name: str, rules: dict[str, Rule]) -> dict[str, Any]:
        section = given.get(name, {})
        self.check(section, rules, name)
        return {key: value for key, value in section.items() if key in rules}

    def fill(self, kind: type, given: dict[str, Any], name: str, rules: dict[str, Rule]) -> Any:  # noqa: ANN401
        values = self.section(given, name, rules)
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        if "pathways" in values:
            values["pathways"] = {key: tuple(genes) for key, genes in values["pathways"].items()}
        return kind(**values)

    def check(self, given: dict[str, Any], rules: dict[str, Rule], place: str) -> None:
        for key, value in given.items():
            if key not in rules:
                near = difflib.get_close_matches(key, rules, n=1, cutoff=0.5)
                hint = f"Did you mean {near[0]}?" if near else f"Valid keys: {', '.join(rules)}."
                self.problem(place, key, f"unknown key {key!r}", hint)
                continue
            types, values = rules[key]
            wrong_bool = isinstance(value, bool) and bool not in types
            if not isinstance(value, types) or wrong_bool:
                names = " or ".join(item.__name__ for item in types)
                self.problem(place, key, f"{key} must be of type {names}, found {value!r}", "Change the value.")
            elif values and value not in values:
                near = difflib.get_close_matches(str(value), values, n=1)
                hint = f"Did you mean {near[0]}?" if near else ""
                self.problem(place, key, f"{key} must be one of {', '.join(values)}, found {value!r}", hint)

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

    def date(self, key: str, text: str) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.problem("", key, f"{key} must be a date as YYYY-MM-DD, found {text!r}", "Write it without quotes.")
            return None


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def describe(study: Study) -> dict[str, Any]:
    """Return the resolved configuration as plain values, for ``analysis_plan.json`` and ``provenance.json``.

    Parameters
    ----------
    study
        A study.

    Returns
    -------
    dict
        Text, numbers, lists and dictionaries.
    """
    plain = _plain(dataclasses.asdict(study))
    assert isinstance(plain, dict)
    return plain


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path | date):
        return str(value)
    return value
