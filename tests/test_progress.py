"""Progress is told once, heard by who listens, and shown on a terminal alone."""

from __future__ import annotations

import netgen.cli_progress as shown
from netgen.cli_progress import ProgressLine
from netgen.progress import listening, tell


def test_tell__is_heard_within_the_block_only():
    heard = []
    tell("reading", 1, 2)
    with listening(lambda *words: heard.append(words)):
        tell("reading", 1, 2)
        with listening(lambda *words: heard.append(("inner", *words))):
            tell("reading", 2, 2)
    tell("reading", 2, 2)
    assert heard == [("reading", 1, 2), ("inner", "reading", 2, 2)]


def line_of(monkeypatch, *, terminal, times):
    monkeypatch.setattr(shown.sys.stderr, "isatty", lambda: terminal, raising=False)
    clock = iter(times)
    monkeypatch.setattr(shown.time, "monotonic", lambda: next(clock))
    return ProgressLine()


def test_progress_line__is_drawn_after_a_second_and_ends_with_the_step(monkeypatch, capsys):
    line = line_of(monkeypatch, terminal=True, times=[0.0, 0.5, 1.5, 1.55, 1.6])
    for done in (1, 5, 6, 10):
        line("reading files", done, 10)
    drawn = capsys.readouterr().err
    assert drawn == (
        f"\rreading files [{'#' * 15}{'.' * 15}] 5/10\rreading files [{'#' * 30}] 10/10\n"
    )  # neither within the first second nor twice within a tenth of one


def test_progress_line__is_silent_without_a_terminal_and_for_short_work(monkeypatch, capsys):
    line_of(monkeypatch, terminal=False, times=[0.0, 5.0])("reading files", 1, 10)
    line_of(monkeypatch, terminal=True, times=[0.0, 0.9])("reading files", 10, 10)
    assert capsys.readouterr().err == ""
