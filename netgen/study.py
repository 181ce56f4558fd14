"""What a user asks for: the settings of a study, each declared once with its type and meaning."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from netgen import study_rules as rules
from netgen.errors import Findings
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
    """One place data come from: tables, a cBioPortal folder, a one-sheet spreadsheet, or sequencing files only.

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
class ReferenceSettings:
    """What variants without a consequence are annotated from: genome sequence and gene models of one build.

    ``gff`` alone says where genes lie, for segments of copy number. ``transcripts`` are preferred to any other.
    """

    fasta: Path | None = None
    gff: Path | None = None
    transcripts: tuple[str, ...] = ()


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
    """A resolved configuration: sources and settings; ``threads`` are the workers that read files."""

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
    reference: ReferenceSettings = ReferenceSettings()
    threads: int = field(default=1, compare=False)


def freeze(values: dict[str, Any]) -> dict[str, Any]:
    """Return settings as the dataclasses hold them.

    Parameters
    ----------
    values
        Settings as TOML gives them.

    Returns
    -------
    dict
        Lists are tuples, every pathway is a tuple of genes, names of endpoints are in lower case, each once.
    """
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    if "pathways" in frozen:
        frozen["pathways"] = {key: tuple(as_list(genes)) for key, genes in frozen["pathways"].items()}
    if "endpoints" in frozen:
        frozen["endpoints"] = tuple(dict.fromkeys(_lower(name) for name in frozen["endpoints"]))
    return frozen


def as_list(value: object) -> list[Any]:
    """Return a single value as a list of one.

    Parameters
    ----------
    value
        A list, a tuple, or a single value.

    Returns
    -------
    list
        The values.
    """
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
    return dataclasses.replace(settings, **freeze(given))


def _lower(endpoint: str) -> str:
    """Lower case up to ``@``: what follows may name a column."""
    kind, at, origin = endpoint.partition("@")
    return kind.lower() + at + origin


def _thaw(key: str, value: object) -> object:
    """Return an option as TOML would give it: lists for tuples and for a single name where a list is meant."""
    if isinstance(value, dict):
        return {name: as_list(item) for name, item in value.items()}
    wants_list = key in rules.ASSOCIATION and list in rules.ASSOCIATION[key].types
    if isinstance(value, tuple) or (wants_list and isinstance(value, str)):
        return as_list(value)
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
    del plain["threads"]  # results do not depend on it
    return plain


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path | date):
        return str(value)
    return value
