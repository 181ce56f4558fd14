"""Write the reference of the Python interface: every public name of ``netgen`` and the results it returns."""

# ruff: noqa: INP001  # a script, no package
from __future__ import annotations

import inspect
from typing import Final

import netgen

# Heading -> dotted names that are not public names of netgen itself, but what these return and take.
RESULTS: Final = (
    "netgen.association.results.AssociationResult",
    "netgen.association.penalised.PenalisedModel",
    "netgen.association.survival_results.SurvivalResult",
    "netgen.association.therapy.TherapyResult",
    "netgen.association.response_results.ResponseResult",
    "netgen.association.describe_results.DescribeResult",
    "netgen.association.actionability.ActionabilityResult",
    "netgen.plots.oncoprint_table.OncoprintTable",
)
TABLES: Final = (
    "netgen.genomics.matrix.AlterationMatrix",
    "netgen.clinical.endpoints.Endpoint",
    "netgen.clinical.flow.Flow",
    "netgen.study.ReadSettings",
    "netgen.study.AssociationSettings",
)
MEMBERS: Final = "   :members:\n   :exclude-members: set_fit_request, set_score_request\n"  # scikit-learn adds these
HEAD: Final = """\
Python interface
================

``import netgen as ng``. Whatever a command does, one public function does; results are frozen dataclasses of tidy
tables. Types stand in the signatures; columns of tables are explained in :doc:`tables` and :doc:`results`.
"""


def group_names() -> dict[str, list[str]]:
    """Return heading -> dotted names, every public name of netgen once.

    Returns
    -------
    dict of str to list of str
        In the order of the page.
    """
    public = [name for name in netgen.__all__ if name != "__version__"]
    errors = [name for name in public if _is_error(getattr(netgen, name)) or name.startswith("Finding")]
    starts = {"Figures": "plot_", "Files": "write_", "Reading and deriving": ("read_", "build_", "check_", "annotate_")}
    elsewhere = {*errors, *(name.rpartition(".")[2] for name in RESULTS)}
    groups: dict[str, list[str]] = {
        "Reading and deriving": ["Cohort", "Study"],
        "Analyses": [],
        "Figures": [],
        "Files": [],
    }
    for name in public:
        if name in elsewhere or name in groups["Reading and deriving"]:
            continue
        heading = next((head for head, start in starts.items() if name.startswith(start)), "Analyses")
        groups[heading].append(name)
    dotted = {head: [f"netgen.{name}" for name in names] for head, names in groups.items()}
    errors_dotted = [f"netgen.{name}" for name in errors]
    return {**dotted, "Results": list(RESULTS), "Tables and settings": list(TABLES), "Errors": errors_dotted}


def _is_error(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def render_python() -> str:
    """Return the page.

    Returns
    -------
    str
        reStructuredText for autosummary and autodoc.
    """
    parts = [HEAD]
    for heading, names in group_names().items():
        parts.append(f"{heading}\n{'-' * len(heading)}\n")
        parts.append(".. autosummary::\n   :nosignatures:\n\n" + "".join(f"   {name}\n" for name in names))
        parts += [_directive(name) for name in names]
    return "\n".join(parts)


def _directive(name: str) -> str:
    module, _, attribute = name.rpartition(".")
    thing = getattr(__import__(module, fromlist=[attribute]), attribute)
    if not inspect.isclass(thing):
        return f".. autofunction:: {name}\n"
    return f".. autoclass:: {name}\n" + ("" if _is_error(thing) else MEMBERS)
