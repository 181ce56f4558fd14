"""The figures of the report: drawn by ``netgen.plots``, set into the page by the modules gathered here."""

from __future__ import annotations

from netgen.report.page.figure_card import beside, embed
from netgen.report.page.figure_oncoprint import embed_oncoprint
from netgen.report.page.figure_patients import embed_swimmer, embed_waterfall
from netgen.report.page.figure_steps import embed_incidence, embed_km, probability_text

__all__ = [
    "beside", "embed", "embed_incidence", "embed_km", "embed_oncoprint", "embed_swimmer", "embed_waterfall",
    "probability_text",
]  # fmt: skip
