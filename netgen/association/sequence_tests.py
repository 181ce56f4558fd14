"""Whole sequences of treatment between groups: distances, PERMANOVA and dispersion (DOMAIN 3.13 e)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.line_history import MISSING
from netgen.association.permanova import dispersion_test, permanova
from netgen.association.sequences import MISSING as NOT_KNOWN
from netgen.association.sequences import hamming, mean_mismatch, optimal_matching
from netgen.association.therapy_tables import ALPHA, SEQUENCE_COLUMNS, SEQUENCE_TEST_COLUMNS, frame_of
from netgen.errors import AnalysisError
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels

# name -> what becomes of tails that nobody knows, and the role of the distance
DISTANCES: Final[dict[str, tuple[str, str]]] = {
    "observed_mismatch": ("missing", "primary"),
    "hamming": ("none", "sensitivity"),
    "optimal_matching": ("none", "sensitivity"),
}


def tabulate_sequences(history: LineHistory, groupings: Sequence[Labels], *, max_line: int) -> pd.DataFrame:
    """Return the sequence of states of every patient.

    Parameters
    ----------
    history
        Lines of the patients.
    groupings
        Their groups, one column each.
    max_line
        Positions of a sequence.

    Returns
    -------
    DataFrame
        ``SEQUENCE_COLUMNS``, then the groupings, then line_1 ... One row per patient. ``status``: compared, no_line, or
        class_unknown (of the first line).
    """
    states = history.states(max_line)
    first = states[:, 0] == MISSING
    frame = pd.DataFrame(
        {
            "patient_id": history.patients,
            "n_lines": history.n_lines,
            "absent": history.absent,
            "sequence": [">".join(row) for row in states.tolist()],
            "status": np.select([history.n_lines == 0, first], ["no_line", "class_unknown"], default="compared"),
        }
    )[list(SEQUENCE_COLUMNS)]
    for groups in groupings:
        frame[groups.name] = pd.Series(groups.labels, dtype="string").replace("", pd.NA)
    for k in range(max_line):
        frame[f"line_{k + 1}"] = states[:, k]
    return frame


def compare_sequences(
    history: LineHistory,
    groupings: Sequence[Labels],
    *,
    max_line: int,
    permutations: int,
    seed: int,
    costs: Mapping[tuple[str, str], float] | None = None,
) -> pd.DataFrame:
    """Test whether groups differ in their sequences of treatment.

    Parameters
    ----------
    history
        Lines of the patients.
    groupings
        Groups of the same patients; who has none is left out.
    max_line
        Positions compared.
    permutations
        Relabelings of each test.
    seed
        Master seed.
    costs
        Pairs of states whose substitution costs something else than 2 in optimal matching, either order.

    Returns
    -------
    DataFrame
        ``SEQUENCE_TEST_COLUMNS``, one row per grouping, distance and scale.

    Raises
    ------
    AnalysisError
        E_CONFIG if a cost is negative or not symmetric.

    Notes
    -----
    Patients without a line, or with an unrecorded class of the first one, are left out, so that every pair has a
    position known in both. Witness: DOMAIN SC21.
    """
    status = tabulate_sequences(history, [], max_line=max_line)["status"].to_numpy(dtype=str)
    open_, padded = history.states(max_line), history.states(max_line, padded=True)
    rows: list[dict[str, Any]] = []
    for groups in groupings:
        use = (status == "compared") & groups.known
        for name, (tails, role) in DISTANCES.items():
            distance = _distance(name, (open_ if tails == "missing" else padded)[use], costs)
            head = {"grouping": groups.name, "distance": name, "tails": tails, "role": role}
            task = f"therapy:{groups.name}:{name}"
            rows += _tests(head, distance, groups.labels[use], derive_seed(task, master=seed), permutations)
    return frame_of(rows, SEQUENCE_TEST_COLUMNS)


def _distance(
    name: str, states: NDArray[np.str_], costs: Mapping[tuple[str, str], float] | None
) -> NDArray[np.float64]:
    """Distances between sequences of states given by name."""
    names, codes = np.unique(states, return_inverse=True)
    codes = codes.reshape(states.shape)
    if name == "observed_mismatch":
        return mean_mismatch(np.where(states == MISSING, NOT_KNOWN, codes))
    if name == "hamming":
        return hamming(codes)
    return optimal_matching(codes, substitution=2.0 if costs is None else _cost_matrix(names, costs))


def _cost_matrix(names: NDArray[np.str_], costs: Mapping[tuple[str, str], float]) -> NDArray[np.float64]:
    place = {str(name): i for i, name in enumerate(names)}
    matrix = np.where(np.eye(len(names), dtype=bool), 0.0, 2.0)
    for (a, b), cost in costs.items():
        if cost < 0 or costs.get((b, a), cost) != cost:
            raise AnalysisError(
                "E_CONFIG", f"a substitution costs a number >= 0, the same both ways; found {cost} for {a}, {b}."
            )
        if a in place and b in place and a != b:
            matrix[place[a], place[b]] = matrix[place[b], place[a]] = cost
    return matrix


def _tests(
    head: dict[str, Any], distance: NDArray[np.float64], labels: NDArray[np.str_], seed: int, permutations: int
) -> list[dict[str, Any]]:
    """Both scales of PERMANOVA, and the dispersion beside them."""
    spread = dispersion_test(distance, labels, seed=seed, permutations=permutations)
    means = dict(zip(spread.groups, (round(value, 6) for value in spread.means), strict=False))
    rows = []
    for scale in ("squared", "unsquared"):
        found = permanova(distance, labels, seed=seed, squared=scale == "squared", permutations=permutations)
        codes = ["W_DISPERSION"] if spread.p <= ALPHA else []
        reading = "The groups spread differently: the test may react to that alone." if codes else ""
        if found.p > ALPHA:
            codes.append("W_NO_EQUIVALENCE")
            reading = " ".join(
                filter(None, [reading, "Absence of a significant difference is not evidence of similarity."])
            )
        rows.append(
            head
            | {"scale": scale, "n": found.n, "f": found.f, "r2": found.r2, "p": found.p,
               "permutations": found.permutations, "dispersion_f": spread.f, "dispersion_p": spread.p,
               "dispersion_means": json.dumps(means), "status": found.status, "warnings": ";".join(codes),
               "reading": reading}
        )  # fmt: skip
    return rows
