"""A line on the terminal that says how far a command has come, if it takes longer than a second."""

from __future__ import annotations

import sys
import time
from typing import Final

import click

PATIENCE: Final = 1.0  # seconds before anything is shown
PAUSE: Final = 0.1  # seconds between two drawings
WIDTH: Final = 30


class ProgressLine:
    """Draws steps on stderr where it is a terminal, each on one line that ends with it."""

    def __init__(self) -> None:
        self._started = self._drawn = time.monotonic()
        self._open = False
        self._shown = sys.stderr.isatty()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Draw the line again, or end it.

        Parameters
        ----------
        step
            What is done.
        done, total
            Pieces finished, and all of them.
        """
        now = time.monotonic()
        due = now - self._started > PATIENCE and now - self._drawn > PAUSE
        if not self._shown or not (due or (self._open and done >= total)):
            return
        full = WIDTH * done // max(total, 1)
        ends = done >= total
        click.echo(f"\r{step} [{'#' * full}{'.' * (WIDTH - full)}] {done}/{total}", nl=ends, err=True)
        self._drawn, self._open = now, not ends
