"""netgen: from tumour alterations to patient outcomes.

``import netgen as ng; cohort = ng.read_cohort("study.toml"); result = ng.associate(cohort)``. Names are loaded when
they are first used, so that importing the package costs nothing.

Research use only: netgen is not a medical device and not a clinical decision tool. No output may be used to select,
start or stop treatment.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from netgen.association.associate import associate
    from netgen.association.results import AssociationResult
    from netgen.cohort import Cohort, build_endpoint, build_matrix, check_cohort, read_cohort
    from netgen.errors import AnalysisError, Finding, Findings, InputError, NetgenError, SchemaError
    from netgen.plots.forest import plot_forest
    from netgen.plots.km import plot_km
    from netgen.plots.oncoprint import plot_oncoprint
    from netgen.report.association_files import write_association
    from netgen.report.oncoprint_files import build_oncoprint, write_oncoprint
    from netgen.study import Study, read_study

__version__ = version("netgen")

# Name -> the module that defines it.
_HOMES: Final = {
    "AnalysisError": "errors",
    "AssociationResult": "association.results",
    "Cohort": "cohort",
    "Finding": "errors",
    "Findings": "errors",
    "InputError": "errors",
    "NetgenError": "errors",
    "SchemaError": "errors",
    "Study": "study",
    "associate": "association.associate",
    "build_endpoint": "cohort",
    "build_matrix": "cohort",
    "build_oncoprint": "report.oncoprint_files",
    "check_cohort": "cohort",
    "plot_forest": "plots.forest",
    "plot_km": "plots.km",
    "plot_oncoprint": "plots.oncoprint",
    "read_cohort": "cohort",
    "read_study": "study",
    "write_association": "report.association_files",
    "write_oncoprint": "report.oncoprint_files",
}

__all__ = [
    "AnalysisError",
    "AssociationResult",
    "Cohort",
    "Finding",
    "Findings",
    "InputError",
    "NetgenError",
    "SchemaError",
    "Study",
    "__version__",
    "associate",
    "build_endpoint",
    "build_matrix",
    "build_oncoprint",
    "check_cohort",
    "plot_forest",
    "plot_km",
    "plot_oncoprint",
    "read_cohort",
    "read_study",
    "write_association",
    "write_oncoprint",
]


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'netgen' has no attribute {name!r}")
    return getattr(import_module(f"netgen.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
