"""The tutorial and the how-to pages: their examples print what the pages show, and their files are those written."""

from __future__ import annotations

import fnmatch
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from docs import run_tutorial
from docs.command_line import list_commands, render_command_line
from docs.run_tutorial import Block, is_shown, read_blocks, run_page, split_steps, unfounded_numbers
from netgen.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.repeats

DOCS = run_tutorial.DOCS
HOWTO = DOCS / "howto"
COMMANDS = dict(list_commands())
# How-to page -> the folder that the tutorial makes with its command.
FOLDERS = {
    "associate": "genes", "oncoprint": "oncoprint", "survival": "origins", "therapy": "therapy", "response": "response",
    "describe": "description", "actionability": "levels", "report": "report", "init": "mystudy", "demo": "study",
    "export": "portal", "annotate": "annotated",
}  # fmt: skip


def test_tutorial__prints_what_the_pages_show_and_writes_what_they_name(tmp_path: Path) -> None:
    known: dict[str, str] = {}  # one test, so that the pages are run once however many workers there are
    wrong = run_tutorial.run_pages(tmp_path, known)
    assert not wrong, "\n\n".join(wrong)
    assert unfounded_numbers(DOCS / "tutorial.md", known) == []
    for command, folder in FOLDERS.items():
        top = tmp_path / folder
        written = [str(path.relative_to(top)) for path in top.rglob("[!.]*") if path.is_file()]
        named = outputs(HOWTO / f"{command}.md")
        unnamed = [path for path in written if not any(fnmatch.fnmatch(path, name) for name in named)]
        assert unnamed == [], f"howto/{command}.md does not name them"
        always = [name for name, meaning in named.items() if "only " not in meaning]
        absent = [name for name in always if not fnmatch.filter(written, name)]
        assert absent == [], f"howto/{command}.md names them, {folder} has none"


def outputs(page: Path) -> dict[str, str]:
    """Return the files of the table of outputs with their meanings."""
    lines = page.read_text(encoding="utf-8").partition("\n## Outputs\n")[2].partition("\n## ")[0].splitlines()
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith("| `"):
            names, meaning = line.strip("| ").split(" | ", 1)
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", names), meaning)
    return found


def test_howto__has_a_page_for_every_command() -> None:
    top = {name.split()[1] for name in COMMANDS} - {"rules", "knowledge"}  # both told on the page of actionability
    assert {page.stem for page in HOWTO.glob("*.md")} - {"README"} == top
    for name in ("rules check", "knowledge check"):
        assert f"netgen {name}" in (HOWTO / "actionability.md").read_text(encoding="utf-8")


def command_lines(page: Path) -> list[str]:
    """Return every call of netgen in the code blocks of a page."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```(console|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [
        line.removeprefix("$ ").strip()
        for language, block in blocks
        for line in block.splitlines()
        if language == "sh" or line.startswith("$ ")
    ]
    return [line.split(";")[0] for line in lines if line.startswith("netgen ")]


@pytest.mark.parametrize("page", [DOCS / "tutorial.md", *sorted(HOWTO.glob("*.md"))], ids=lambda page: page.name)
def test_pages__call_commands_with_options_that_exist(page: Path) -> None:
    lines = command_lines(page)
    assert lines
    for line in lines:
        words = shlex.split(line)[1:]
        if words == ["--help"]:
            continue
        command = COMMANDS[f"netgen {words[0]}"]
        command.make_parser(click.Context(command, **main.context_settings)).parse_args(words[1:])


@pytest.mark.parametrize("page", sorted(HOWTO.glob("[a-z]*.md")), ids=lambda page: page.name)
def test_howto__tables_of_options_name_options_that_exist(page: Path) -> None:
    known = {option for parameter in COMMANDS[f"netgen {page.stem}"].params for option in parameter.opts}
    rows = [line.split(" | ")[0] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `--")]
    named = {word for row in rows for word in re.findall(r"--[a-z0-9-]+", row)}
    assert named <= known


def test_command_line__names_every_option() -> None:
    page = render_command_line()
    for name, command in COMMANDS.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or parameter.opts[0] in section


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("...", "a\nb\n", True),
        ("a\n...", "a\n", True),
        ("...\nb", "a\nb\n", True),
        ("...\nb", "a\nb\nc\n", False),
        ("p = ... (exact)", "p = 0.59 (exact)\n", True),
        ("p = ... (exact)", "p = 0.59\n(exact)\n", False),
        ("1.5", "1x5\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_is_shown__leaves_out_only_what_dots_stand_for(shown: str, printed: str, *, same: bool) -> None:
    assert is_shown(shown, printed) is same


def test_split_steps__joins_lines_of_a_command() -> None:
    block = Block(page="p.md", line=5, language="console", text="$ cat <<E\n> x\n> E\nx\n$ true\n")
    assert [(step.where, step.command, step.shown) for step in split_steps(block)] == [
        ("p.md:5", "cat <<E\nx\nE", "x"),
        ("p.md:9", "true", ""),
    ]


def test_read_blocks__finds_what_is_run_and_its_line(tmp_path: Path) -> None:
    page = page_of(tmp_path, "# T\n\n```sh\nfalse\n```\n\n```console\n$ true\n```\n")
    assert [(block.line, block.text) for block in read_blocks(page)] == [(8, "$ true\n")]


def page_of(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_run_page__tells_wrong_output_and_failure(tmp_path: Path) -> None:
    page = page_of(tmp_path, "# T\n\n```console\n$ echo one\ntwo\n$ exit 3\n$ echo fine\nfine\n```\n")
    wrong = run_page(page, tmp_path, {})
    assert len(wrong) == 2
    assert "page.md:4: echo one" in wrong[0]
    assert "-two\n+one" in wrong[0]
    assert "page.md:6: exit status 3" in wrong[1]


def test_run_page__does_not_run_a_command_twice(tmp_path: Path) -> None:
    page = page_of(tmp_path, "# T\n\n```console\n$ echo x >> log\n$ cat log\nx\n```\n")
    known: dict[str, str] = {}
    assert run_page(page, tmp_path, known) == []
    assert run_page(page, tmp_path, known) == []
    assert (tmp_path / "log").read_text(encoding="utf-8") == "x\n"


def test_run_page__runs_python_sessions(tmp_path: Path) -> None:
    assert run_page(page_of(tmp_path, "# T\n\n```pycon\n>>> 1 + 1\n2\n```\n"), tmp_path, {}) == []
    assert run_page(page_of(tmp_path, "# T\n\n```pycon\n>>> 1 + 1\n3\n```\n"), tmp_path, {})


def test_unfounded_numbers__looks_at_text_and_not_at_code(tmp_path: Path) -> None:
    page = page_of(tmp_path, "# T\n\nIt is 6.61 in `12` patients.\n\n| a |\n|---|\n| 7 |\n\n```sh\nx 9\n```\n")
    assert unfounded_numbers(page, {"x": "HR 6.61"}) == ["page.md:7: no example printed 7"]
