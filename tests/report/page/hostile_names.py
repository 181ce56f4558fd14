"""Names that would run, load or break a page if they were not escaped, put into finished results."""

from __future__ import annotations

import dataclasses
import json
from html import escape

import pandas as pd

PATIENT = "<img src=x onerror=alert(1)>"
GROUP = "</table><script>alert(2)</script>"
GENE = '<b onmouseover="alert(3)">G\'&amp;'


def renamed(result, names):
    """Return a result with texts replaced in all its tables and in its plan, also as items of lists and of JSON."""
    parts = {}
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if isinstance(value, pd.DataFrame):
            parts[field.name] = value.apply(lambda column: _column(column, names))
        elif isinstance(value, dict):
            parts[field.name] = json.loads(_text(json.dumps(value), names, quoted=True))
        elif isinstance(value, tuple):
            parts[field.name] = tuple(names.get(item, item) if isinstance(item, str) else item for item in value)
    return dataclasses.replace(result, **parts)


def _column(column, names):
    if not pd.api.types.is_string_dtype(column) and column.dtype != "O":
        return column
    return column.map(lambda text: _item(text, names) if isinstance(text, str) else text)


def _item(text, names):
    return names.get(text, _text(text, names, quoted=True) if text.startswith(("{", "[")) else text)


def _text(text, names, *, quoted):
    for old, new in names.items():
        text = text.replace(json.dumps(old), json.dumps(new)) if quoted else text.replace(old, new)
    return text


def assert_harmless(section, *shown):
    """No part of a hostile name became an element; each name in ``shown`` is there as text."""
    body = section.body
    for part in ("<img src=x", "<script>", "<script ", "<b onmouseover", "onerror=alert(1)>", "alert(2)</script>"):
        found = body.replace('<script type="application/json"', "")
        assert part not in found, part
    for name in shown:
        assert escape(name) in body, name
