"""Write the reference of the command line from the commands themselves. ``make docs`` calls it."""

# ruff: noqa: INP001  # a script, no package
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from netgen.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator


STATUSES: Final = (
    "Exit status: 0 done; 1 the data or the request cannot be used, nothing is written; 2 misuse of the command line."
)


def list_commands(command: click.Command = main, name: str = "netgen") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with its full name, in alphabetical order."""
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            yield from list_commands(command.commands[child], f"{name} {child}")
    else:
        yield name, command


def render_command_line() -> str:
    """Return the page: usage, help and options of every command.

    Returns
    -------
    str
        Markdown.
    """
    parts = ["# Command line", *_paragraphs(main), STATUSES]
    for name, command in list_commands():
        parts += [f"## {name}", *_command(name, command)]
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=name, **main.context_settings)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    rows = ["| option | meaning |", "|---|---|"]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            option, meaning = (" ".join(text.split()).replace("|", "\\|") for text in record)
            rows.append(f"| `{option}` | {_escape(meaning)} |")
    return [f"```text\n{usage}\n```", *_paragraphs(command), "\n".join(rows)]


def _paragraphs(command: click.Command) -> list[str]:
    text = (command.help or "").replace("\b", "")
    return [_escape(" ".join(part.split())) for part in text.split("\n\n") if part.strip()]


def _escape(text: str) -> str:
    """Keep the signs of Markdown as they are."""
    for sign in "_*<`[":
        text = text.replace(sign, f"\\{sign}")
    return text
