"""From one line to the next: transition tables (DOMAIN 3.13 f)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from netgen.association.freeman_halton import freeman_halton
from netgen.association.therapy_tables import TRANSITION_COLUMNS, TRANSITION_TEST_COLUMNS, frame_of
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels

MIN_TESTED: Final = 20  # patients who leave a state; fewer are shown and not tested
UNRECORDED: Final = "unrecorded"


class Transitions(NamedTuple):
    """Counts, and the tests of the steps with enough patients."""

    table: pd.DataFrame
    tests: pd.DataFrame


def next_states(history: LineHistory, line: int) -> NDArray[np.str_]:
    """Return what followed a line, (n,): the next class, or why there was none; "" without the line.

    Parameters
    ----------
    history
        Lines of the patients.
    line
        The line that is left.

    Returns
    -------
    NDArray[np.str_]
        A class, a key of ``ABSENT``, or ``unrecorded`` where only a later line is recorded.
    """
    now, then = history.classes(line), history.classes(line + 1)
    out = np.where(then != "", then.astype("U32"), np.where(history.n_lines > line, UNRECORDED, history.absent))
    return np.where(now != "", out, "")


def tabulate_transitions(history: LineHistory, groupings: Sequence[Labels], *, max_line: int, seed: int) -> Transitions:
    """Return what followed each class of lines 1 to ``max_line`` - 1, by group.

    Parameters
    ----------
    history
        Lines of the patients.
    groupings
        Groups of the same patients.
    max_line
        Last line a step may lead to.
    seed
        Master seed.

    Returns
    -------
    Transitions
        Rows without patients are left out. A step is tested between groups if at least 20 patients leave the class.
    """
    rows: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    for groups in groupings:
        for line in range(1, max_line):
            now, then = history.classes(line), next_states(history, line)
            for name in sorted(set(now[groups.known].tolist()) - {""}):
                leaving = (now == name) & groups.known
                states = sorted(set(then[leaving].tolist()))
                counts = np.array(
                    [
                        [int((leaving & (groups.labels == group) & (then == to)).sum()) for to in states]
                        for group in groups.order
                    ]
                )
                head = {"grouping": groups.name, "from_line": line, "from_class": name}
                for group, own in zip(groups.order, counts.tolist(), strict=True):
                    rows += [
                        head | {"group": group, "to": to, "count": n, "n_from": sum(own), "proportion": n / sum(own)}
                        for to, n in zip(states, own, strict=True)
                        if n
                    ]
                tests.append(head | _test(counts, derive_seed(f"therapy:{groups.name}:{line}:{name}", master=seed)))
    return Transitions(frame_of(rows, TRANSITION_COLUMNS), frame_of(tests, TRANSITION_TEST_COLUMNS))


def _test(counts: NDArray[np.int64], seed: int) -> dict[str, Any]:
    n = int(counts.sum())
    if n < MIN_TESTED:
        status = "too_few"
    elif (counts.sum(axis=1) > 0).sum() < 2:
        status = "one_group"
    else:
        status = "tested" if counts.shape[1] > 1 else "one_state"
    if status != "tested":
        return {"n": n, "p": np.nan, "p_method": "none", "status": status}
    found = freeman_halton(counts, seed=seed)
    return {"n": n, "p": found.p, "p_method": found.method, "status": status}
