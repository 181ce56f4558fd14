"""Provenance: inputs with checksums, versions, options, seeds, warnings - what is needed to run the same again."""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.errors import CODES
from netgen.provenance import describe_environment
from netgen.report.page.document import Section
from netgen.report.page.markup import Markup, join, tag
from netgen.report.page.tables import render_table
from netgen.study import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netgen.report.study_report import ReportResults

NOTE: Final = "In full in provenance.json. The same inputs and options give the same tables, byte for byte."
INPUT_COLUMNS: Final[dict[str, str]] = {
    "file": "file, below the folder that all inputs share",
    "role": "what it was read as",
    "rows": "data rows that were read",
    "sha256": "checksum of the content",
}
OPTION_COLUMNS: Final[dict[str, str]] = {"option": "key of study.toml", "value": "as resolved; blank = none"}
WARNING_COLUMNS: Final[dict[str, str]] = {
    "code": "code of the message",
    "n": "how often it was given, while reading and in all analyses; the same message counts once",
    "rows": "rows of result tables that carry it; the reader finds it beside them",
    "meaning": "the situation that raises it",
}
WITH_VALUE: Final = frozenset({"--out", "--threads"})  # options without a bearing on the results
ALONE: Final = frozenset({"--force", "--json", "--no-figures", "--quiet", "--verbose"})
_ANALYSES: Final = ("association", "survival", "therapy", "response", "description", "actionability")


def render(results: ReportResults) -> Section:
    """Return where the numbers of a report come from.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    Section
        Run and versions, inputs, options, warnings, and what was not run.
    """
    parts = [
        tag("h3", "Run and versions"),
        _terms(_run(results)),
        tag("h3", "Inputs"),
        render_table(
            _inputs(results), columns=INPUT_COLUMNS, caption="Every file that was read", id="provenance-inputs",
            formats={"rows": "{:,}".format}, labels={"sha256": "SHA-256"}, source="provenance.json",
        ),
        tag("h3", "Options"),
        render_table(
            _options(results), columns=OPTION_COLUMNS, caption="Settings of the study, as resolved",
            id="provenance-options", source="provenance.json",
        ),
        tag("h3", "Warnings"),
        _warnings(results),
    ]  # fmt: skip
    if results.skipped:
        parts += [tag("h3", "Not run"), _terms(sorted(results.skipped.items()))]
    return Section(id="provenance", title="Provenance", body=join(parts, "\n"), note=NOTE)


def shorten_command(command: str) -> str:
    """Return a command line without what does not bear on the results: folders, ``--out``, ``--threads``, ``--force``.

    Parameters
    ----------
    command
        As typed, quoted for a shell.

    Returns
    -------
    str
        Paths by their last part, so that a report that is shown to others names no folder.
    """
    kept, skip = [], False
    for word in shlex.split(command):
        name, equals, value = word.partition("=")
        if not skip and name not in WITH_VALUE and word not in ALONE:
            kept.append(f"{name}={Path(value).name}" if equals and "/" in value else Path(word).name or word)
        skip = name in WITH_VALUE and not equals
    return shlex.join(kept)


def _terms(pairs: list[tuple[str, str]]) -> Markup:
    return tag("dl", [join([tag("dt", name), tag("dd", value)]) for name, value in pairs], class_="definition")


def _run(results: ReportResults) -> list[tuple[str, str]]:
    """Return run, command, versions, seeds, and the versions of what was applied."""
    found = describe_environment()
    packages = found["packages"]
    assert isinstance(packages, dict)
    rows = [
        ("Run", results.run_id),
        ("Command", shorten_command(results.command)),
        ("netgen", str(found["netgen"])),
        ("Python", f"{found['python']} on {found['system']}"),
        ("Packages", ", ".join(f"{name} {number}" for name, number in packages.items())),
        ("Seeds", "; ".join(f"{name}: {seed}" for name, seed in _seeds(results))),
        *_applied(results),
    ]
    return [(name, value) for name, value in rows if value]


def _seeds(results: ReportResults) -> Iterator[tuple[str, int]]:
    yield "study", results.cohort.study.association.seed
    for name in _ANALYSES:
        part = getattr(results, name)
        if part is not None:
            requested: Mapping[str, Any] = part.plan.get("requested", part.plan)
            yield name, requested["seed"]


def _applied(results: ReportResults) -> list[tuple[str, str]]:
    """Return hash of the alteration matrix, and versions of rules, tumour types and imports."""
    hashes = {found.matrix_hash for found in (results.association, results.oncoprint) if found is not None}
    rows = [("Alteration matrix", f"SHA-256 {', '.join(sorted(hashes))}" if hashes else "")]
    if results.actionability is None:
        return rows
    plan = results.actionability.plan
    rules, tree = plan["rules"], plan["oncotree"]
    told = f"{rules['name']}, snapshot {rules['snapshot']}, {rules['n']} rules, SHA-256 {rules['sha256']}"
    rows += [("Rules of actionability", told), ("OncoTree", f"{tree['version']} ({tree['licence']})")]
    rows += [
        (f"Import: {item['source']}", f"{item['version']}, {item['date']}, {item['n']} records ({item['licence']})")
        for item in plan["imports"]
    ]
    return rows


def _inputs(results: ReportResults) -> pd.DataFrame:
    """Return every input once, named below the folder that all share: a report is shown to others."""
    folder = _folder(results)
    rows = {(_below(item.path, folder), item.role, int(item.n_rows), item.sha256) for item in results.cohort.inputs}
    frame = pd.DataFrame(sorted(rows), columns=list(INPUT_COLUMNS))
    return frame.astype({"file": "string", "role": "string", "rows": "Int64", "sha256": "string"})


def _folder(results: ReportResults) -> Path:
    """Return the deepest folder that holds all inputs."""
    paths = [Path(item.path) for item in results.cohort.inputs]
    if not paths:
        return Path()
    shared = set(paths[0].parents).intersection(*(path.parents for path in paths))
    return max(shared, key=lambda folder: len(folder.parts), default=Path())


def _below(path: str, folder: Path) -> str:
    given = Path(path)
    return given.relative_to(folder).as_posix() if given.is_relative_to(folder) else given.name


def _options(results: ReportResults) -> pd.DataFrame:
    """Return the settings as key and value."""
    rows = list(_flatten(_shorten(describe(results.cohort.study), _folder(results)), ""))
    return pd.DataFrame(rows, columns=list(OPTION_COLUMNS), dtype="string")


def _shorten(value: Any, folder: Path) -> Any:  # noqa: ANN401  # plain values of any depth
    """Return settings without the folders of this machine."""
    if isinstance(value, dict):
        return {name: _shorten(item, folder) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shorten(item, folder) for item in value]
    text = "" if value is None else str(value)
    return _below(text, folder) if Path(text).is_absolute() else text


def _flatten(value: Any, key: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # as above
    """Yield the leaves that are not blank, with dotted keys; a list of plain values is one leaf."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flatten(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value, 1):
            yield from _flatten(item, f"{key}.{number}")
    else:
        text = ", ".join(value) if isinstance(value, list) else str(value)
        if text:
            yield key, text


def _warnings(results: ReportResults) -> Markup:
    """Return the warnings by code; those of reading are among the findings of every analysis and count once."""
    parts = [results.cohort, *(getattr(results, name) for name in _ANALYSES)]
    items = {item for part in parts if part is not None for item in part.findings if item.severity == "W"}
    said, beside = Counter(item.code for item in items), _beside_rows(results)
    rows = [(code, said[code], beside[code], CODES[code]) for code in sorted(said | beside)]
    frame = pd.DataFrame(rows, columns=list(WARNING_COLUMNS))
    if not len(frame):
        return tag("p", "No warnings.")
    return render_table(
        frame.astype({"code": "string", "n": "Int64", "rows": "Int64", "meaning": "string"}), columns=WARNING_COLUMNS,
        caption="Warnings by code", id="provenance-warnings", labels={"n": "Times", "rows": "Rows"},
        formats={"n": "{:,}".format, "rows": "{:,}".format},
    )  # fmt: skip


def _beside_rows(results: ReportResults) -> Counter[str]:
    """Count the rows of all result tables that carry each warning."""
    out: Counter[str] = Counter()
    for part in (getattr(results, name) for name in _ANALYSES):
        for item in dataclasses.fields(part) if part is not None else ():
            frame = getattr(part, item.name)
            if isinstance(frame, pd.DataFrame) and "warnings" in frame.columns:
                cells = frame["warnings"].dropna().astype(str)
                out.update(code for cell in cells for code in set(cell.split(";")) if code in CODES)
    return out
