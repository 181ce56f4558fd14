"""Reference pages made from the declarations in the code: tables, messages, columns of results. ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netgen import schema
from netgen.association.results import ASSOCIATION_COLUMNS, HETEROGENEITY_COLUMNS, STATUSES
from netgen.clinical.validate import describe_rules
from netgen.errors import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTE = "<!-- Written by `make docs` from the code; do not edit. -->\n"


def render_tables() -> str:
    """Return the page of all tables and columns.

    Returns
    -------
    str
        Markdown.
    """
    parts = [f"# Tables\n\n{NOTE}"]
    for table in schema.TABLES.values():
        key = f" Key: {', '.join(table.key)}." if table.key else ""
        rows = [
            (
                f"`{column.name}`",
                column.kind,
                column.unit,
                _permitted(column),
                "yes" if column.required else "",
                column.meaning,
            )
            for column in table.columns
        ]
        parts.append(f"## {table.name}\n\nOne row per {table.row.removeprefix('one ')}.{key}\n")
        parts.append(_table(("column", "type", "unit", "permitted", "required", "meaning"), rows))
    return "\n".join(parts)


def _permitted(column: schema.Column) -> str:
    if column.values:
        return ", ".join(column.values)
    if column.low is not None or column.high is not None:
        low = "" if column.low is None else f"{column.low:g}"
        high = "" if column.high is None else f"{column.high:g}"
        return f"{low} .. {high}"
    return ""


def render_messages() -> str:
    """Return the page of all message codes and of the rules of ``netgen check``.

    Returns
    -------
    str
        Markdown.
    """
    rules = [(str(rule.id), str(rule.severity), str(rule.text)) for rule in describe_rules().itertuples()]
    return "\n".join(
        [
            f"# Messages\n\n{NOTE}",
            "E stops the command, W is printed beside the result, I is log only.\n",
            _table(("code", "when"), _named(dict(sorted(CODES.items())))),
            "\n## Rules across clinical tables\n",
            _table(("rule", "severity", "what"), rules),
        ]
    )


def render_results() -> str:
    """Return the page of result columns and row statuses.

    Returns
    -------
    str
        Markdown.
    """
    return "\n".join(
        [
            f"# Results of `netgen associate`\n\n{NOTE}",
            "## associations.tsv\n",
            _table(("column", "meaning"), _named(ASSOCIATION_COLUMNS)),
            "\n## Row statuses\n",
            _table(("status", "meaning"), _named(STATUSES)),
            "\n## heterogeneity.tsv\n",
            _table(("column", "meaning"), _named(HETEROGENEITY_COLUMNS)),
        ]
    )


def _named(meanings: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"`{name}`", meaning) for name, meaning in meanings.items()]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Write the pages into a folder.

    Parameters
    ----------
    arguments
        The folder.
    """
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"tables.md": render_tables(), "messages.md": render_messages(), "results.md": render_results()}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
