"""Values of a discrete copy-number file: the vocabulary, and files that hold something else.

-2 homozygous deletion, -1.5 the same (cBioPortal's validator and gnomeR accept it), -1 shallow loss, 0, 1 gain,
2 amplification, or a word for one of them. A null token means that the gene was not measured in the sample. A file of
log2 ratios or of total copy numbers looks alike and means something else: 2 copies are normal, not amplified.

"Deletion" is the word of the OncoKB annotator for -2. "Loss" alone is refused: it is -1 there and a homozygous deletion
in FoundationOne reports.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError
from netgen.genomics.textfile import is_null

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings

WORDS: Final[dict[str, float]] = {
    "amp": 2.0, "amplification": 2.0, "gain": 1.0, "diploid": 0.0, "neutral": 0.0, "shallowdel": -1.0, "hetloss": -1.0,
    "shallow deletion": -1.0, "deepdel": -2.0, "homdel": -2.0, "deep deletion": -2.0, "homozygous_deletion": -2.0,
    "homozygous deletion": -2.0, "deletion": -2.0,
}  # fmt: skip
ALLOWED: Final = frozenset({-2.0, -1.5, -1.0, 0.0, 1.0, 2.0})
_FRACTIONS: Final = 0.1  # a file with more decimals than this holds ratios
_SHOWN: Final = 20  # bad cells reported one by one


def parse_value(text: str) -> float | None:
    """Return a copy-number value, NaN for a null token, None for anything else.

    Parameters
    ----------
    text
        Cell as written: a number, a word of ``WORDS`` or a null token.

    Returns
    -------
    float or None
        One of ``ALLOWED``, NaN or None.

    Examples
    --------
    >>> [parse_value(text) for text in ("2.0", "-1.5", "DeepDel", "3")]
    [2.0, -1.5, -2.0, None]
    """
    word = text.strip().casefold()
    if is_null(word):
        return float("nan")
    value = WORDS.get(word, _number(word))
    return value if value in ALLOWED else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def refuse_other_scales(counts: Counter[str], path: Path) -> None:
    """Refuse a file of log2 ratios or of total copy numbers.

    Parameters
    ----------
    counts
        How often each cell text occurs.
    path
        The file.

    Raises
    ------
    InputError
        If more than a tenth of the numbers are fractions other than -1.5 (log2 ratios), or if nothing is negative,
        most numbers are 2 and larger ones occur (copies per cell): E_FILE_FORMAT.
    """
    numbers: Counter[float] = Counter()
    for text, count in counts.items():
        value = _number(text.strip())
        if value is not None and value == value:  # noqa: PLR0124 - NaN is not a value
            numbers[value] += count
    total = sum(numbers.values())
    fractions = {value: count for value, count in numbers.items() if value not in ALLOWED and value % 1 != 0}
    if sum(fractions.values()) > _FRACTIONS * total:
        example = min(fractions, key=lambda value: (-fractions[value], value))
        raise _refuse(path, f"found continuous values such as {example:g} (log2 ratios)", "data_cna_log2")
    if numbers and min(numbers) >= 0 and max(numbers) > 2 and 2 * numbers[2.0] > total:
        raise _refuse(path, f"found total copy numbers up to {max(numbers):g}, 2 being normal", "copies per cell")


def _refuse(path: Path, found: str, what: str) -> InputError:
    return InputError(
        "E_FILE_FORMAT",
        f"A discrete copy-number file needs the values -2, -1, 0, 1, 2, {found}.",
        fix=f"Give the discrete file (GISTIC all_thresholded.by_genes, data_cna), not {what}; or the segments (.seg).",
        file=str(path),
    )


@dataclass
class CellParser:
    """Reads cells; reports the first bad ones one by one; a bad cell becomes missing."""

    path: Path
    findings: Findings
    known: dict[str, float | None] = field(default_factory=dict)
    n_bad: int = 0

    def parse(self, text: str, line: int, column: str) -> float:
        """Return the value of a cell; E_RANGE for what is none."""
        if text not in self.known:
            self.known[text] = parse_value(text)
        value = self.known[text]
        if value is not None:
            return value
        self.n_bad += 1
        if self.n_bad <= _SHOWN:
            self.findings.add(
                "E_RANGE",
                "A copy-number value must be -2, -1.5, -1, 0, 1, 2 or missing.",
                fix="Mend the value, or leave it blank.",
                file=str(self.path),
                row=line,
                column=column,
                value=text.strip()[:40],
                rule="V16",
            )
        return float("nan")

    def finish(self) -> None:
        """Say how many bad cells were not shown."""
        if self.n_bad > _SHOWN:
            self.findings.add(
                "E_RANGE",
                f"{self.n_bad - _SHOWN} further values are no copy-number value either.",
                fix="Mend the values, or leave them blank.",
                file=str(self.path),
                rule="V16",
            )
