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
    from netgen.association.actionability import assess_actionability
    from netgen.association.associate import associate
    from netgen.association.describe import describe_cohort
    from netgen.association.estimator import PenalisedCox
    from netgen.association.group_survival import survival
    from netgen.association.response import response
    from netgen.association.results import AssociationResult
    from netgen.association.therapy import therapy
    from netgen.cohort import Cohort, read_cohort
    from netgen.derive import annotate_cohort, build_endpoint, build_matrix, check_cohort
    from netgen.errors import AnalysisError, Finding, Findings, InputError, NetgenError, SchemaError
    from netgen.plots.actionability import plot_actionability
    from netgen.plots.cooccurrence import plot_cooccurrence
    from netgen.plots.flow import plot_flow
    from netgen.plots.forest import plot_forest
    from netgen.plots.km import plot_km
    from netgen.plots.lollipop import plot_lollipop
    from netgen.plots.oncoprint import plot_oncoprint
    from netgen.plots.volcano import plot_volcano
    from netgen.report.actionability_files import write_actionability
    from netgen.report.association_files import write_association
    from netgen.report.cbioportal_export import write_cbioportal
    from netgen.report.describe_files import write_describe
    from netgen.report.lollipop_files import write_lollipop
    from netgen.report.oncoprint_files import build_oncoprint, write_oncoprint
    from netgen.report.response_files import write_response
    from netgen.report.study_report import gather_results, write_report
    from netgen.report.survival_files import write_survival
    from netgen.report.therapy_files import write_therapy
    from netgen.study import Study
    from netgen.study_file import read_study

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
    "PenalisedCox": "association.estimator",
    "SchemaError": "errors",
    "Study": "study",
    "annotate_cohort": "derive",
    "assess_actionability": "association.actionability",
    "associate": "association.associate",
    "build_endpoint": "derive",
    "build_matrix": "derive",
    "build_oncoprint": "report.oncoprint_files",
    "check_cohort": "derive",
    "describe_cohort": "association.describe",
    "gather_results": "report.study_report",
    "plot_actionability": "plots.actionability",
    "plot_cooccurrence": "plots.cooccurrence",
    "plot_flow": "plots.flow",
    "plot_forest": "plots.forest",
    "plot_km": "plots.km",
    "plot_lollipop": "plots.lollipop",
    "plot_oncoprint": "plots.oncoprint",
    "plot_volcano": "plots.volcano",
    "read_cohort": "cohort",
    "read_study": "study_file",
    "response": "association.response",
    "survival": "association.group_survival",
    "therapy": "association.therapy",
    "write_actionability": "report.actionability_files",
    "write_association": "report.association_files",
    "write_cbioportal": "report.cbioportal_export",
    "write_describe": "report.describe_files",
    "write_lollipop": "report.lollipop_files",
    "write_oncoprint": "report.oncoprint_files",
    "write_report": "report.study_report",
    "write_response": "report.response_files",
    "write_survival": "report.survival_files",
    "write_therapy": "report.therapy_files",
}

__all__ = [
    "AnalysisError",
    "AssociationResult",
    "Cohort",
    "Finding",
    "Findings",
    "InputError",
    "NetgenError",
    "PenalisedCox",
    "SchemaError",
    "Study",
    "__version__",
    "annotate_cohort",
    "assess_actionability",
    "associate",
    "build_endpoint",
    "build_matrix",
    "build_oncoprint",
    "check_cohort",
    "describe_cohort",
    "gather_results",
    "plot_actionability",
    "plot_cooccurrence",
    "plot_flow",
    "plot_forest",
    "plot_km",
    "plot_lollipop",
    "plot_oncoprint",
    "plot_volcano",
    "read_cohort",
    "read_study",
    "response",
    "survival",
    "therapy",
    "write_actionability",
    "write_association",
    "write_cbioportal",
    "write_describe",
    "write_lollipop",
    "write_oncoprint",
    "write_report",
    "write_response",
    "write_survival",
    "write_therapy",
]


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'netgen' has no attribute {name!r}")
    return getattr(import_module(f"netgen.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
