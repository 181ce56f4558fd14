"""Rules in a tab-separated file: the dotted keys of a rule are column names, one rule stands on a line.

Items of a list are joined by ";". Several sources are parallel lists: ``source.type`` "fda_label;paper" beside
``source.id`` "one;two". Lines that start with "#" before the header are comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.actionability.rules import RULE_KEYS, report_rule
from netgen.actionability.rules_raw import LISTS, Cell, RawRule, RawTable, nearest_key
from netgen.errors import InputError

if TYPE_CHECKING:
    from netgen.errors import Findings


def parse_tsv(lines: list[str], *, file: str, findings: Findings) -> RawTable:
    """Return the rules of a tab-separated file as text.

    Parameters
    ----------
    lines
        Lines of the file without line ends.
    file
        Its name in messages.
    findings
        Collects unknown and doubled columns, rows of the wrong length and sources that do not pair.

    Returns
    -------
    RawTable
        Without head; blank fields are absent. A row of the wrong length is reported and left out.

    Raises
    ------
    InputError
        If there is no header with a column ``id``.
    """
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    header = [name.strip() for name in lines[first].split("\t")] if first < len(lines) else []
    if "id" not in header:
        raise InputError(
            "E_FILE_FORMAT",
            "A tab-separated rule file needs a header with a column id, which this file does not have.",
            fix="Name the columns as the keys of a rule: id, gene, alteration.kind, scope.include ...",
            file=file,
        )
    columns = _columns(header, line=first + 1, file=file, findings=findings)
    rules = []
    for line, text in enumerate(lines[first + 1 :], start=first + 2):
        fields = text.split("\t")
        if text.strip() and len(fields) != len(header):
            findings.add(
                "E_ROW_TRUNCATED",
                f"A rule needs {len(header)} fields, as the header has; found {len(fields)}.",
                fix="Write every field, the empty ones too.",
                file=file,
                row=line,
            )
        elif text.strip():
            rules.append(_rule({key: fields[i] for key, i in columns.items()}, line, file, findings))
    return RawTable({}, rules)


def _columns(header: list[str], *, line: int, file: str, findings: Findings) -> dict[str, int]:
    """Return key -> position of the columns that can be used; report the others."""
    out: dict[str, int] = {}
    for i, name in enumerate(header):
        if name in RULE_KEYS and name not in out:
            out[name] = i
            continue
        needed = "to stand once in the header" if name in out else "to be a key that is known"
        fix = "Keep one of the columns." if name in out else nearest_key(name, RULE_KEYS)
        report_rule(
            findings,
            rule="",
            key=name or f"column {i + 1}",
            needed=needed,
            found=name,
            fix=fix,
            file=file,
            line=line,
        )
    return out


def _rule(fields: dict[str, str], line: int, file: str, findings: Findings) -> RawRule:
    texts = {key: " ".join(text.split()) for key, text in fields.items()}
    rule = RawRule(texts["id"] or f"on line {line}", line, {}, [], set())
    for key, text in texts.items():
        if key.startswith("source.") or not text:
            continue
        words = tuple(filter(None, _items(text))) if key in LISTS else (text,)
        if words:
            rule.cells[key] = Cell(words, line)
    parts = {key: _items(text) for key, text in texts.items() if key.startswith("source.") and text}
    counts = {key: len(items) for key, items in parts.items()}
    if len(set(counts.values())) > 1:
        rule.unread.update({"source", *counts})
        report_rule(
            findings,
            rule=rule.name,
            key="source",
            needed="as many items in each of its columns",
            found=", ".join(f"{key} {n}" for key, n in counts.items()),
            fix='Separate sources by ";" in every column, and leave the item of one that has none empty.',
            file=file,
            line=line,
        )
        return rule
    for i in range(max(counts.values(), default=0)):
        rule.sources.append({key: Cell((items[i],), line) for key, items in parts.items() if items[i]})
    return rule


def _items(text: str) -> list[str]:
    return [word.strip() for word in text.split(";")]
