"""Rules of actionability from a file: YAML, or the same keys as columns of a tab-separated table.

Reading tells everything that cannot be read, in one pass: unknown and doubled keys, lists where one value is needed,
numbers that are none. Whether what was read makes sense is told by ``rules_check``; a command does both and then stops
if there was an error.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import netgen.data
from netgen.actionability.rules import AlterationSpec, Rule, RuleSource, RuleTable, report_rule
from netgen.actionability.rules_raw import Cell, RawRule, RawTable
from netgen.actionability.rules_tsv import parse_tsv
from netgen.actionability.rules_yaml import parse_yaml
from netgen.errors import InputError
from netgen.genomics.textfile import read_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.errors import Findings

BUNDLED: Final = "actionability_rules.yaml"
VERSION: Final = "1"
LIMIT: Final = 64 << 20  # bytes of a rule file
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}
_INHERITED: Final = ("snapshot", "reviewed_by", "expires")


class _Reader(NamedTuple):
    """The cells of one rule or one source, and where to tell what cannot be read."""

    cells: Mapping[str, Cell]
    rule: str
    unread: set[str]
    file: str
    findings: Findings

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        cell = self.cells.get(key)
        return () if cell is None else cell.texts

    def text(self, key: str, default: str = "") -> str:
        """Return one text."""
        cell = self.cells.get(key)
        if cell is None:
            return default
        if len(cell.texts) > 1:
            self.report(key, cell, "one value", "; ".join(cell.texts), "Write one rule for each value.")
            return default
        return cell.texts[0]

    def whole(self, key: str) -> int | None:
        """Return a whole number."""
        text = self.text(key)
        if text and not _WHOLE.fullmatch(text):
            self.report(key, self.cells[key], "a whole number", text, "Write digits only.")
            return None
        return int(text) if text else None

    def number(self, key: str) -> float | None:
        """Return a number."""
        text = self.text(key)
        if text and not _NUMBER.fullmatch(text):
            self.report(key, self.cells[key], "a number", text, "Write digits, with a point for decimals.")
            return None
        return float(text) if text else None

    def truth(self, key: str) -> bool | None:
        """Return true or false."""
        text = self.text(key)
        if text and text.casefold() not in _TRUTH:
            self.report(key, self.cells[key], "true or false", text, "Write true or false.")
            return None
        return _TRUTH[text.casefold()] if text else None

    def report(self, key: str, cell: Cell, needed: str, found: str, fix: str) -> None:
        """Tell that a value cannot be read."""
        self.unread.add(key)
        report_rule(
            self.findings,
            rule=self.rule,
            key=key,
            needed=needed,
            found=found,
            fix=fix,
            file=self.file,
            line=cell.line,
        )


def read_rules(path: Path | None = None, *, findings: Findings) -> RuleTable:
    """Return the rules of a file.

    A blank value is absent: the rule has the default of that key. A rule with a value that cannot be read is kept,
    with the default of that key and the key named in ``unread``: ``check_rules`` then tells what else is wrong with it.

    Parameters
    ----------
    path
        A file ``.yaml``, ``.yml`` or ``.tsv``; None is the table that ships with the package.
    findings
        Collects every problem with file, line, rule, key and value.

    Returns
    -------
    RuleTable
        The rules in the order of the file, not yet checked. A tab-separated table has the name of its file, and the
        latest snapshot of its rules.

    Raises
    ------
    InputError
        If there is no such file, or it is not what its name says, or it has no list of rules.

    Notes
    -----
    ``snapshot``, ``reviewed_by`` and ``expires`` at the top of a YAML file hold for rules without their own. One text
    may stand where a list is expected. Witnesses in ``tests/actionability/test_rules_file.py``.
    """
    path = Path(netgen.data.__file__).parent / BUNDLED if path is None else Path(path)
    raw = _parse(path, findings)
    head = _Reader(raw.head, "", set(), path.name, findings)
    _check_version(head, path)
    defaults = {key: head.text(key) for key in _INHERITED}
    rules = tuple(_rule(rule, defaults, path.name, findings) for rule in raw.rules)
    return RuleTable(
        rules=rules,
        name=head.text("name", path.stem),
        snapshot=defaults["snapshot"] or max((rule.snapshot for rule in rules), default=""),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _parse(path: Path, findings: Findings) -> RawTable:
    suffix = path.suffix.casefold()
    if suffix not in {".yaml", ".yml", ".tsv"}:
        raise InputError(
            "E_FILE_FORMAT",
            f"A rule file needs to end in .yaml, .yml or .tsv; found {path.name}.",
            fix="Rename or convert it.",
            file=path.name,
        )
    lines = read_lines(path, limit=LIMIT)
    if suffix == ".tsv":
        return parse_tsv(lines, file=path.name, findings=findings)
    return parse_yaml("\n".join(lines), file=path.name, findings=findings)


def _check_version(head: _Reader, path: Path) -> None:
    found = head.text("netgen_rules")
    if path.suffix.casefold() != ".tsv" and found != VERSION and "netgen_rules" not in head.unread:
        cell = head.cells.get("netgen_rules", Cell((), 1))
        head.report("netgen_rules", cell, f"to be {VERSION}", found, f"Write netgen_rules: {VERSION} at the top.")


def _rule(raw: RawRule, defaults: Mapping[str, str], file: str, findings: Findings) -> Rule:
    read = _Reader(raw.cells, raw.name, raw.unread, file, findings)
    native = {key.partition(".")[2]: read.text(key) for key in raw.cells if key.startswith("native.")}
    sources = tuple(_source(read._replace(cells=cells)) for cells in raw.sources)
    fields: dict[str, Any] = {
        "id": read.text("id"),
        "row": read.whole("row"),
        "genes": read.texts("gene"),
        "alteration": _alteration(read),
        "origin": read.text("origin", "somatic"),
        "qualifiers": _qualifiers(read),
        "include": read.texts("scope.include"),
        "exclude": read.texts("scope.exclude"),
        "therapy": read.texts("therapy"),
        "direction": read.text("direction"),
        "level": read.text("level"),
        "level_out_of_scope": read.text("level_out_of_scope", "NX"),
        "native": native,
        "sources": sources,
        "note": read.text("note"),
        **{key: read.text(key, defaults[key]) for key in _INHERITED},
    }
    return Rule(**fields, file=file, line=raw.line, unread=tuple(sorted(raw.unread)))


def _alteration(read: _Reader) -> AlterationSpec:
    partners = read.texts("alteration.partners")
    return AlterationSpec(
        kind=read.text("alteration.kind"),
        changes=read.texts("alteration.changes"),
        codons=read.texts("alteration.codons"),
        first=read.whole("alteration.first"),
        last=read.whole("alteration.last"),
        exon=read.whole("alteration.exon"),
        change_types=read.texts("alteration.change_types"),
        function=read.text("alteration.function"),
        partners=() if partners == ("any",) else partners,
        place=read.text("alteration.place", "any"),
        frame=read.text("alteration.frame", "any"),
        marker=read.text("alteration.marker"),
        results=read.texts("alteration.results"),
        at_least=read.number("alteration.at_least"),
    )


def _qualifiers(read: _Reader) -> dict[str, Any]:
    """Return the qualifiers a rule states, each in its type."""
    values = {
        "who_grade": read.texts("qualifiers.who_grade"),
        "ki67_min": read.number("qualifiers.ki67_min"),
        "ki67_max": read.number("qualifiers.ki67_max"),
        "functional": read.text("qualifiers.functional"),
        "line_min": read.whole("qualifiers.line_min"),
        "biallelic": read.truth("qualifiers.biallelic"),
        "prior_alkylator": read.truth("qualifiers.prior_alkylator"),
        "condition": read.text("qualifiers.condition"),
    }
    return {key: value for key, value in values.items() if value is not None and value not in ("", ())}


def _source(read: _Reader) -> RuleSource:
    verified = read.truth("source.verified")
    return RuleSource(
        type=read.text("source.type"),
        id=read.text("source.id"),
        date=read.text("source.date"),
        url=read.text("source.url"),
        verified=verified is not False and "source.verified" not in read.unread,
    )
