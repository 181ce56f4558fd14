"""What an endpoint of one's own may name: events, what competes, what censors and what ends the observation.

| name | date |
|---|---|
| ``death`` | death from any cause |
| ``death:CAUSE`` | death from tumour, treatment, other or unknown cause |
| ``progression`` | first progression of the line; from another origin the first one on or after it |
| ``next_line`` | start of the next treated line; from another origin the first one on or after it |
| ``line:K`` | start of line K |
| ``line_end`` | end of the line (origin ``line:k`` only) |
| ``local_therapy`` | first local procedure (intent local_only) after the origin |
| ``sequencing`` | first report of a tumour sample |
| ``column:NAME`` | a date column of ``patients`` |
| ``last_contact`` | last date known alive (censoring only) |
| ``last_assessment`` | last assessment without progression (censoring only) |
| ``origin`` | the origin itself, the last resort of who was never assessed (censoring only) |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.errors import AnalysisError
from netgen.schema import PATIENTS

if TYPE_CHECKING:
    from netgen.clinical.endpoint_spec import EndpointSpec

EVENT_NAMES: Final = ("death", "progression", "next_line", "line_end", "local_therapy", "sequencing")
CENSOR_NAMES: Final = ("last_contact", "last_assessment", "origin")
CAUSES: Final[tuple[str, ...]] = next(column.values for column in PATIENTS.columns if column.name == "cause_of_death")
_PATTERN: Final = re.compile(rf"death:(?:{'|'.join(CAUSES)})|line:[1-9][0-9]*|column:.+")


def check_source_names(spec: EndpointSpec) -> None:
    """Refuse a name that is no source, or that is given in two roles.

    Parameters
    ----------
    spec
        A custom endpoint.

    Raises
    ------
    AnalysisError
        E_CONFIG with the names there are.
    """
    for setting, names in (
        ("events", EVENT_NAMES),
        ("competing", EVENT_NAMES),
        ("censor", (*CENSOR_NAMES, "column:NAME")),
        ("stop_at", EVENT_NAMES),
    ):
        for text in getattr(spec, setting):
            known = text in names or (
                _PATTERN.fullmatch(text) is not None and (setting != "censor" or text.startswith("column:"))
            )
            if not known:
                more = "" if setting == "censor" else ", death:CAUSE, line:K, column:NAME"
                raise AnalysisError(
                    "E_CONFIG",
                    f"{spec.name}: {setting} cannot name {text!r}.",
                    fix=f"Use {', '.join(names)}{more}.",
                )
            if text == "line_end" and spec.line is None:
                raise AnalysisError(
                    "E_CONFIG",
                    f"{spec.name}: line_end needs a line, found origin {spec.origin!r}.",
                    fix='Use origin = "line:1".',
                )
    named = [text for setting in ("events", "competing", "stop_at") for text in getattr(spec, setting)]
    twice = sorted({text for text in named if named.count(text) > 1})
    if twice:
        raise AnalysisError(
            "E_CONFIG", f"{spec.name}: {', '.join(twice)} can have one role only.", fix="Name each source once."
        )
