"""How far long work has come: told by those who work, shown by whoever listens, lost if nobody does."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listener(Protocol):
    """Hears of a step, how much of it is done, and of how much."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show it."""


_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(step: str, done: int, total: int) -> None:
    """Say how far a step has come.

    Parameters
    ----------
    step
        What is done, in a word or two.
    done, total
        Pieces finished, and all of them.
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(step, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear of everything that is told within the block.

    Parameters
    ----------
    listener
        Called from the thread that works.

    Yields
    ------
    None
        Nothing.
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
