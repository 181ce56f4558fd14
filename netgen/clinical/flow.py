"""The flow of patients (DOMAIN 5.3): at every step, who came in is who went on plus who was left out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class FlowStep:
    """One box of the flow diagram.

    Attributes
    ----------
    name
        Unique name of the step.
    after
        Name of the step it follows, "" for the first.
    n_in, n_out
        How many came in and went on.
    excluded
        Reason -> how many were left out.

    Raises
    ------
    ValueError
        If ``n_in`` is not ``n_out`` plus the excluded, or a count is negative.
    """

    name: str
    after: str = ""
    n_in: int
    n_out: int
    excluded: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        left = sum(self.excluded.values())
        if self.n_in != self.n_out + left:
            raise ValueError(f"step {self.name}: {self.n_in} came in, {self.n_out} went on and {left} were left out")
        if min(self.n_in, self.n_out, *self.excluded.values()) < 0:
            raise ValueError(f"step {self.name}: a count is negative")


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The flow diagram as data; several steps may follow the same one (one analysis set per endpoint).

    Attributes
    ----------
    steps
        In order; the first has no predecessor.
    exclusions
        patient_id, step, reason: everyone left out at a step that names patients, sorted by step, then patient.

    Raises
    ------
    ValueError
        If a step does not start with what its predecessor passed on, follows an unknown step, has the name of another,
        or its listed patients are not the counted ones.
    """

    steps: tuple[FlowStep, ...]
    exclusions: pd.DataFrame

    def __post_init__(self) -> None:
        seen: dict[str, FlowStep] = {}
        for step in self.steps:
            if step.name in seen:
                raise ValueError(f"two steps are called {step.name}")
            if seen and step.after not in seen:
                raise ValueError(f"step {step.name} follows {step.after!r}, which is no step before it")
            if seen and step.n_in != seen[step.after].n_out:
                passed = seen[step.after].n_out
                raise ValueError(f"step {step.name}: {step.n_in} came in, but {step.after} passed on {passed}")
            listed = self.exclusions.loc[self.exclusions["step"] == step.name, "reason"].value_counts()
            if len(listed) and {str(key): int(n) for key, n in listed.items()} != step.excluded:
                raise ValueError(f"step {step.name}: the listed patients are not the counted ones")
            seen[step.name] = step

    def to_json(self) -> str:
        """Return the steps as JSON text: name, after, n_in, n_out, excluded (reasons sorted)."""
        steps = [
            {
                "name": step.name,
                "after": step.after or None,
                "n_in": step.n_in,
                "n_out": step.n_out,
                "excluded": dict(sorted(step.excluded.items())),
            }
            for step in self.steps
        ]
        return json.dumps({"steps": steps}, indent=2) + "\n"


def start_flow(name: str, n: int) -> Flow:
    """Return a flow with one box and nobody left out.

    Parameters
    ----------
    name
        Name of the first box, such as ``screened rows``.
    n
        How many are in it.

    Returns
    -------
    Flow
        To be continued with :func:`add_step`.
    """
    exclusions = pd.DataFrame({"patient_id": [], "step": [], "reason": []}, dtype="string")
    return Flow(steps=(FlowStep(name=name, n_in=n, n_out=n),), exclusions=exclusions)


def add_step(
    flow: Flow, name: str, *, excluded: pd.DataFrame | Mapping[str, int] | None = None, after: str | None = None
) -> Flow:
    """Return the flow with one more step.

    Parameters
    ----------
    flow
        The flow so far.
    name
        Name of the step.
    excluded
        Who is left out: a table with patient_id and reason (other columns are ignored), or only counts by reason where
        what is left out are rows, not patients. None = nobody.
    after
        The step it follows; None = the last one.

    Returns
    -------
    Flow
        A new flow; the given one is not changed.

    Raises
    ------
    ValueError
        If a patient is left out twice on the way to this step, or more are left out than came in.
    """
    steps = {step.name: step for step in flow.steps}
    parent = flow.steps[-1].name if after is None else after
    if parent not in steps:
        raise ValueError(f"step {name} follows {parent!r}, which is no step before it")
    listed, counts = _read_excluded(excluded, name)
    repeated = set(listed["patient_id"]) & _left_out_before(flow, parent)
    if repeated or listed["patient_id"].duplicated().any():
        who = sorted(repeated) or sorted(listed.loc[listed["patient_id"].duplicated(), "patient_id"])
        raise ValueError(f"step {name}: left out twice: {', '.join(str(item) for item in who[:5])}")
    n_in = steps[parent].n_out
    step = FlowStep(name=name, after=parent, n_in=n_in, n_out=n_in - sum(counts.values()), excluded=counts)
    return Flow(
        steps=(*flow.steps, step), exclusions=pd.concat([flow.exclusions, listed], ignore_index=True).astype("string")
    )


def _read_excluded(excluded: pd.DataFrame | Mapping[str, int] | None, name: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """List and counts by reason, sorted."""
    if isinstance(excluded, pd.DataFrame):
        listed = excluded[["patient_id", "reason"]].sort_values("patient_id", kind="stable")
        counts = {str(reason): int(n) for reason, n in listed["reason"].value_counts().items()}
    else:
        listed = pd.DataFrame({"patient_id": [], "reason": []})
        counts = {reason: int(n) for reason, n in (excluded or {}).items() if n}
    listed = listed.astype("string").assign(step=pd.Series(name, index=listed.index, dtype="string"))
    return listed[["patient_id", "step", "reason"]], dict(sorted(counts.items()))


def _left_out_before(flow: Flow, step: str) -> set[str]:
    """Patients left out on the way from the first step to this one, this one included."""
    steps = {item.name: item for item in flow.steps}
    path = []
    while step:
        path.append(step)
        step = steps[step].after
    return set(flow.exclusions.loc[flow.exclusions["step"].isin(path), "patient_id"])
