"""Rules in YAML, read for their structure only.

A value is the text that stands in the file, so ``2022-09-21``, ``NO`` or ``1.10`` stay what they are, and no tag can
create an object. Nesting and the size with aliases written out are limited: a small file cannot become a large one. A
key that occurs twice is an error: YAML itself would keep the last one and say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from netgen.actionability.rules import FILE_KEYS, RULE_KEYS, report_rule
from netgen.actionability.rules_raw import SOURCE, Cell, RawRule, RawTable, nearest_key
from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgen.errors import Findings

_DEPTH: Final = 12  # a rule file has six levels
_SIZE: Final = 1_000_000
_WORD: Final[dict[type[Node], str]] = {MappingNode: "a mapping", SequenceNode: "a list", ScalarNode: "a text"}
_NULL: Final = "tag:yaml.org,2002:null"
_GROUPS: Final = frozenset(key.partition(".")[0] for key in RULE_KEYS if "." in key)


class _Place(NamedTuple):
    """Where messages go, and about which rule of which file; ``unread`` gathers the keys they are about."""

    findings: Findings
    file: str
    rule: str
    unread: set[str]


def parse_yaml(text: str, *, file: str, findings: Findings) -> RawTable:
    """Return the rules of a YAML document as text.

    Parameters
    ----------
    text
        The document.
    file
        Its name in messages.
    findings
        Collects unknown, doubled and misplaced keys and values.

    Returns
    -------
    RawTable
        Blank values (nothing, ``null``, an empty list) are absent.

    Raises
    ------
    InputError
        If it is not YAML, nests too deeply or grows too large by aliases, or has no list of rules at its top.
    """
    top = _compose(text, file)
    place = _Place(findings, file, "", set())
    entries = _entries(top, "", FILE_KEYS, place) if isinstance(top, MappingNode) else {}
    rules = entries.pop("rules", None)
    if not isinstance(rules, SequenceNode):
        raise InputError(
            "E_FILE_FORMAT",
            "A rule file needs a list of rules under the key rules, which this file does not have.",
            fix="Write netgen_rules: 1, then rules: and one item for each rule.",
            file=file,
        )
    return RawTable(_cells(entries, place), [_rule(node, findings, file) for node in rules.value])


def _compose(text: str, file: str) -> Node | None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_nesting(yaml.parse(text, Loader=loader), file)
        top = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            "E_FILE_FORMAT",
            f"The file is not valid YAML: {getattr(error, 'problem', None) or error}.",
            fix="Look at this line, the one before it and their indentation.",
            file=file,
            row=None if mark is None else mark.line + 1,
        ) from error
    if top is not None:
        _measure(top, 1, {}, file)
    return top


def _check_nesting(events: Iterable[Any], file: str) -> None:
    """Refuse deep nesting before anything is built."""
    depth = 0
    for event in events:
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if depth > _DEPTH:
            raise _too_much(event, file)


def _measure(node: Node, depth: int, known: dict[int, tuple[int, int]], file: str) -> tuple[int, int]:
    """Return how many nodes and levels a node has with its aliases written out; refuse too many of either."""
    if depth > _DEPTH:
        raise _too_much(node, file)
    if id(node) not in known:
        parts = [] if isinstance(node, ScalarNode) else node.value
        below = [part for pair in parts for part in pair] if isinstance(node, MappingNode) else parts
        sizes = [_measure(part, depth + 1, known, file) for part in below]
        known[id(node)] = 1 + sum(size for size, _ in sizes), 1 + max((levels for _, levels in sizes), default=0)
    size, levels = known[id(node)]
    if size > _SIZE or depth + levels - 1 > _DEPTH:
        raise _too_much(node, file)
    return size, levels


def _too_much(where: Any, file: str) -> InputError:  # noqa: ANN401 - an event or a node, both with a mark
    return InputError(
        "E_FILE_FORMAT",
        f"A rule file needs at most {_DEPTH} levels and {_SIZE} values, aliases (*name) written out.",
        fix="Write a plain list of rules; an alias may not contain itself.",
        file=file,
        row=where.start_mark.line + 1,
    )


def _rule(node: Node, findings: Findings, file: str) -> RawRule:
    line = node.start_mark.line + 1
    pairs = node.value if isinstance(node, MappingNode) else ()
    ids = [" ".join(value.value.split()) for key, value in pairs if key.value == "id" and isinstance(value, ScalarNode)]
    name = next(filter(None, ids), f"on line {line}")
    place = _Place(findings, file, name, set())
    cells: dict[str, Cell] = {}
    sources: list[dict[str, Cell]] = []
    for key, value in _entries(node, "", RULE_KEYS, place).items():
        if key == SOURCE:
            items = value.value if isinstance(value, SequenceNode) else [value]
            sources = [found for item in items if (found := _cells(_entries(item, "source.", RULE_KEYS, place), place))]
        elif key in _GROUPS:
            cells |= _cells(_entries(value, f"{key}.", RULE_KEYS, place), place)
        else:
            cells |= _cells({key: value}, place)
    return RawRule(name, line, cells, sources, place.unread)


def _entries(node: Node, prefix: str, valid: Mapping[str, str], place: _Place) -> dict[str, Node]:
    """Return dotted key -> node of a mapping; report what is no mapping, no key, doubled or unknown."""
    if _is_null(node):
        return {}
    if not isinstance(node, MappingNode):
        _report(place, node, prefix.rstrip(".") or "rules", "keys with values", "Write them as key: value.")
        return {}
    known = [key for key in valid if key.startswith(prefix)]
    here = {prefix + key[len(prefix) :].partition(".")[0] for key in known}
    out: dict[str, Node] = {}
    for name, value in node.value:
        key = prefix + (name.value.strip() if isinstance(name, ScalarNode) else "?")
        if key in out:
            first = out[key].start_mark.line + 1
            _report(place, name, key, f"to stand once; it stands on line {first} too", "Keep one of the two.", key)
        elif key not in here:
            broken = _is_null(value) and " " in key  # {condition: one, two} has a key "two"
            fix = "Put a text that holds a comma into quotes." if broken else nearest_key(key, known)
            _report(place, name, key, "to be a key that is known", fix, key)
        else:
            out[key] = value
    return out


def _cells(entries: Mapping[str, Node], place: _Place) -> dict[str, Cell]:
    """Return the texts of values; report values that are nested where text or a list of texts is needed."""
    out = {}
    for key, node in entries.items():
        items = node.value if isinstance(node, SequenceNode) else [node]
        texts = [item for item in items if not _is_null(item)]
        if all(isinstance(item, ScalarNode) for item in texts):
            words = tuple(word for item in texts if (word := " ".join(item.value.split())))
            if words:
                out[key] = Cell(words, node.start_mark.line + 1)
        else:
            _report(place, node, key, "a text or a list of texts", "Write the value itself, without keys below it.")
    return out


def _report(place: _Place, node: Node, key: str, needed: str, fix: str, found: str = "") -> None:
    shown = found or (node.value if isinstance(node, ScalarNode) else _WORD[type(node)])
    place.unread.add(key)
    report_rule(
        place.findings,
        rule=place.rule,
        key=key,
        needed=needed,
        found=shown,
        fix=fix,
        file=place.file,
        line=node.start_mark.line + 1,
    )


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL
