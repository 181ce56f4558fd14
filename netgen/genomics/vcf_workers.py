"""Work that falls into parts, spread over processes: threads do not help where the work is Python's own."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from netgen.progress import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEP: Final = "reading VCF files"
_Part = TypeVar("_Part")
_Result = TypeVar("_Result")


def spread(work: Callable[[_Part], _Result], parts: Sequence[_Part], workers: int) -> list[_Result]:
    """Return what the work makes of each part, in the order of the parts.

    Parameters
    ----------
    work
        A function that can be pickled, as its results and what it raises.
    parts
        Parts of any number; with one of them no process is started.
    workers
        Processes that work, this one included.

    Returns
    -------
    list
        One result for each part.

    Notes
    -----
    Workers start afresh (``spawn``), which is safe beside threads and the same on all systems, but takes them a second.
    They take the parts from the front; meanwhile this process takes parts that nobody has begun, from the end. A script
    that asks for workers needs the usual ``if __name__ == "__main__":``.
    """
    if workers < 2 or len(parts) < 2:
        return [_and_tell(work(part), done, len(parts)) for done, part in enumerate(parts, start=1)]
    with ProcessPoolExecutor(workers - 1, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(work, part) for part in parts]
        own: dict[int, _Result] = {}
        try:
            for place in reversed(range(len(parts))):
                if futures[place].cancel():
                    own[place] = work(parts[place])
                    tell(STEP, len(own) + sum(one.done() and not one.cancelled() for one in futures), len(parts))
            return [own[place] if place in own else future.result() for place, future in enumerate(futures)]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _and_tell(result: _Result, done: int, total: int) -> _Result:
    tell(STEP, done, total)
    return result
