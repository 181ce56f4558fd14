"""Run the examples of documentation pages and compare what they print with what the pages show.

A ``console`` block holds commands, each after ``$ ``, and below each what it prints (standard output and errors
together). A line ``...`` stands for any number of lines, ``...`` within a line for anything in it. All commands of a
run share one folder, page after page; a command that was run before is not run again. A ``pycon`` block is a Python
session, run by doctest in the same folder. ``python docs/run_tutorial.py`` runs the tutorial and the
how-to pages and exits 1 if one is wrong.
"""

# ruff: noqa: INP001  # a script, no package
from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS: Final = Path(__file__).parent
ANY: Final = "..."
TIMEOUT: Final = 300  # seconds for one command
NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block that is run: page, line of its first command, language, text."""

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command, what the page shows below it, and where."""

    where: str
    command: str
    shown: str


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are run, in order."""
    blocks = []
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        language = token.info.strip() if token.type == "fence" else ""
        if language in {"console", "pycon"} and token.map:
            blocks.append(Block(page=page.name, line=token.map[0] + 2, language=language, text=token.content))
    return blocks


def split_steps(block: Block) -> list[Step]:
    """Return the commands of a block; lines that begin with ``> `` go on with a command."""
    steps: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            steps.append((number, [line[2:]], []))
        elif not steps:
            raise ValueError(f"{block.page}:{number}: a console block begins with '$ ', found {line!r}.")
        elif line.startswith("> ") and not steps[-1][2]:
            steps[-1][1].append(line[2:])
        else:
            steps[-1][2].append(line)
    return [
        Step(where=f"{block.page}:{number}", command="\n".join(command), shown="\n".join(shown).rstrip())
        for number, command, shown in steps
    ]


def is_shown(shown: str, printed: str) -> bool:
    """Return whether a page shows what a command printed, with ``...`` for what it leaves out."""
    pieces = []
    for line in shown.splitlines():
        text = ".*".join(re.escape(part) for part in line.rstrip().split(ANY))
        pieces.append(r"(?:[^\n]*\n)*?" if line.strip() == ANY else text + r"\n")
    lines = [line.rstrip() for line in printed.rstrip().splitlines()]
    return re.fullmatch("".join(pieces), "".join(f"{line}\n" for line in lines)) is not None


def environment() -> dict[str, str]:
    """Return the variables of a command: our own netgen first, no colours, a fixed width and language."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    fixed = {"PATH": path, "NO_COLOR": "1", "COLUMNS": "80", "LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "default"}
    return {**os.environ, **fixed}


def run_command(command: str, folder: Path) -> tuple[str, int]:
    """Run a shell command; return what it printed, and its exit status."""
    done = subprocess.run(  # noqa: S603  # the commands are those of our own pages
        ["/bin/sh", "-c", command], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return done.stdout, done.returncode


def run_page(page: Path, folder: Path, known: dict[str, str]) -> list[str]:
    """Run the examples of a page.

    Parameters
    ----------
    page
        A Markdown file.
    folder
        Where the commands are run.
    known
        Command -> what it printed, of the pages before; filled here. A command in it is not run again.

    Returns
    -------
    list of str
        What is wrong: place, command, and how the output differs from the page.
    """
    wrong = []
    for block in read_blocks(page):
        if block.language == "pycon":
            wrong += _run_python(block, folder, known)
            continue
        for step in split_steps(block):
            status = 0
            if step.command not in known:
                known[step.command], status = run_command(step.command, folder)
            if status:
                wrong.append(f"{step.where}: exit status {status}: {step.command}\n{known[step.command]}")
            elif not is_shown(step.shown, known[step.command]):
                wrong.append(f"{step.where}: {step.command}\n{_difference(step.shown, known[step.command])}")
    return wrong


def _run_python(block: Block, folder: Path, known: dict[str, str]) -> list[str]:
    """Run a Python session by doctest."""
    session = folder / f".{block.page}.{block.line}.txt"
    session.write_text(block.text, encoding="utf-8")
    command = f"python -m doctest -o ELLIPSIS -o NORMALIZE_WHITESPACE {session.name}"
    found, status = run_command(command, folder)
    known[f"{block.page}:{block.line}"] = block.text
    return [f"{block.page}:{block.line}: Python\n{found}"] if status else []


def _difference(shown: str, printed: str) -> str:
    lines = difflib.unified_diff(shown.splitlines(), printed.splitlines(), "page", "printed", lineterm="", n=1)
    return "\n".join(lines)


def numbers_of_prose(page: Path) -> list[tuple[int, str]]:
    """Return the numbers in the text of a page, code left out, each with the line of its paragraph."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type == "inline" and token.map:
            words = " ".join(child.content for child in token.children or [] if child.type == "text")
            found += [(token.map[0] + 1, number) for number in NUMBER.findall(words)]
    return found


def unfounded_numbers(page: Path, known: dict[str, str]) -> list[str]:
    """Return the numbers in the text of a page that no command of the run printed."""
    printed = set(NUMBER.findall(" ".join(known.values())))
    return [f"{page.name}:{line}: no example printed {number}"
            for line, number in numbers_of_prose(page) if number not in printed]  # fmt: skip


def pages() -> list[Path]:
    """Return the pages that are run, in order."""
    return [DOCS / "tutorial.md", *sorted((DOCS / "howto").glob("*.md"))]


def run_pages(folder: Path, known: dict[str, str], names: Iterable[Path] | None = None) -> list[str]:
    """Run pages one after the other in one folder; return what is wrong."""
    return [item for page in names or pages() for item in run_page(page, folder, known)]


def main() -> int:
    """Run all pages; return the exit status."""
    known: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        wrong = run_pages(Path(folder), known)
    wrong += unfounded_numbers(DOCS / "tutorial.md", known)
    print("\n\n".join(wrong) or f"{len(known)} examples of {len(pages())} pages print what is shown")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
