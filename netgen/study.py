"""What a user asks for: the settings of a study, read from ``study.toml`` and checked key by key.

Every key is declared once, below, with its type and meaning; an unknown key is an error that names the nearest valid
one. Paths are relative to the file they stand in and may contain environment variables (``${DATA}/panet``).
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from netgen import study_rules as rules
from netgen.errors import Findings, InputError
from netgen.provenance import MASTER_SEED

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """How one endpoint comes about: from recorded columns (``time``) or derived from dates (``origin``).

    Of a recorded endpoint ``origin`` says from when its time runs, so that dates of entry can be placed on it; without
    it that is day 0 of a timeline of day offsets.

    ``events`` (and ``competing``, ``censor``, ``stop_at``) describe an endpoint of one's own; the other fields are the
    choices of ``clinical.endpoint_spec.EndpointSpec``.
    """

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
    kind: str = ""
    events: tuple[str, ...] = ()
    competing: tuple[str, ...] = ()
    censor: tuple[str, ...] = ()
    stop_at: tuple[str, ...] = ()
    deaths: Literal["event", "competing"] = "event"
    completion: Literal["event", "censor", "exclude"] = "event"
    censor_at_local: bool = False
    pd_date_from_end: bool = False
    max_death_gap_days: int = 183
    assessment_interval_days: int | None = None
    partial_dates: Literal["auto", "impute", "exclude", "bounds"] = "auto"


@dataclass(frozen=True, kw_only=True)
class SourceSpec:
    """One place data come from: a set of tables, a cBioPortal folder or a one-sheet spreadsheet.

    ``name`` tells the sources of a study apart where nothing else does.
    """

    kind: str
    name: str = ""
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
    """How input is read, the same for all sources.

    ``sequencing`` optional: a source whose genomic files cannot be used is read without them, with a warning.
    """

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
    sequencing: Literal["required", "optional"] = "required"


@dataclass(frozen=True, kw_only=True)
class EligibilitySettings:
    """Who belongs to the study; None = no criterion."""

    ki67_above: float | None = None
    differentiation: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    require_advanced: bool = False


@dataclass(frozen=True, kw_only=True)
class LineSettings:
    """How lines of treatment are derived from drugs, where no lines are given (``clinical.lines_rules.LineRules``).

    ``maintenance`` holds pairs such as ``"FOLFIRINOX -> FOLFIRI"``; ``drugs`` is a file that adds to the dictionary.
    """

    window: int = 28
    gap: int = 120
    local_as_line: bool = False
    maintenance: tuple[str, ...] = ()
    drugs: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ActionabilitySettings:
    """What levels of evidence are taken from: a rule table and a knowledge snapshot; None = what ships with netgen."""

    rules: Path | None = None
    knowledge: Path | None = None


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
    report_both: bool = False
    permutations: int = 100_000
    landmark: float | None = None
    model: bool = True
    alpha: float = 1.0
    adaptive: bool = False
    min_profiled: float = 0.8
    bootstrap: int | None = None
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
    lines: LineSettings = LineSettings()
    actionability: ActionabilitySettings = ActionabilitySettings()


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
            variants=tuple(self.expand(item) for item in _as_list(variants)),
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
        needs = "patients" if kind == "tables" else "path"
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
            where={key: [str(item) for item in _as_list(value)] for key, value in found.get("where", {}).items()},
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
                found["time"] = tuple(_as_list(found["time"]))
            out[name.lower()] = EndpointRequest(name=name.lower(), **found)
        return out

    def lines(self, given: dict[str, Any]) -> LineSettings:
        found = _freeze(self.check(given, rules.LINES, "lines"))
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

    def fill(self, kind: type, given: dict[str, Any], name: str, keys: Mapping[str, rules.Rule]) -> Any:  # noqa: ANN401
        return kind(**_freeze(self.check(given.get(name, {}), keys, name)))

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


def _freeze(values: dict[str, Any]) -> dict[str, Any]:
    """Turn lists into tuples, every pathway into a tuple of genes, names of endpoints into lower case, each once."""
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    if "pathways" in frozen:
        frozen["pathways"] = {key: tuple(_as_list(genes)) for key, genes in frozen["pathways"].items()}
    if "endpoints" in frozen:
        frozen["endpoints"] = tuple(dict.fromkeys(_lower(name) for name in frozen["endpoints"]))
    return frozen


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def override(settings: AssociationSettings, **options: object) -> AssociationSettings:
    """Return the settings with the options that are not None or empty in place of their own.

    Parameters
    ----------
    settings
        Those of the study.
    **options
        Fields of ``AssociationSettings``, or ``endpoint``; a single name stands for a list of one.

    Returns
    -------
    AssociationSettings
        Checked by the rules of the ``[association]`` section.

    Raises
    ------
    SchemaError
        With every unknown option and every value of the wrong type, vocabulary or range.
    """
    findings = Findings()
    named = {"endpoints" if key == "endpoint" else key: value for key, value in options.items()}
    given = {key: _thaw(key, value) for key, value in named.items() if value not in (None, (), [], {})}
    for key, value in given.items():
        problem = rules.check_setting(key, value, rules.ASSOCIATION)
        if problem is not None:
            findings.add("E_CONFIG", problem[0] + ".", fix=problem[1], column=key)
    findings.raise_errors()
    return dataclasses.replace(settings, **_freeze(given))


def _lower(endpoint: str) -> str:
    """Lower case up to ``@``: what follows may name a column."""
    kind, at, origin = endpoint.partition("@")
    return kind.lower() + at + origin


def _thaw(key: str, value: object) -> object:
    """Return an option as TOML would give it: lists for tuples and for a single name where a list is meant."""
    if isinstance(value, dict):
        return {name: _as_list(item) for name, item in value.items()}
    wants_list = key in rules.ASSOCIATION and list in rules.ASSOCIATION[key].types
    if isinstance(value, tuple) or (wants_list and isinstance(value, str)):
        return _as_list(value)
    return value


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
