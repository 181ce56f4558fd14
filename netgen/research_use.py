"""The sentence that stands on everything that netgen writes or prints."""

from __future__ import annotations

from typing import Final

RESEARCH_USE: Final = (
    "Research use only. netgen is not a medical device and not a clinical decision tool. "
    "No output may be used to select, start or stop treatment."
)
