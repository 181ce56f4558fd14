"""What a VCF says its alleles do: the annotation field that its header announces, whoever wrote it.

The name of the field says little: VEP can write ``ANN``, and SnpEff's entries are found under ``CSQ``. The description
decides: ``Format: Allele|Consequence|...`` is VEP (``vep``), ``Functional annotations: 'Allele | Annotation | ...'`` is
SnpEff (``ann``), ``Format: Consequence|gene|transcript|biotype|...`` is bcftools csq (``bcsq``). Where a file has
several annotations, ``CSQ`` goes before ``ANN``, ``vep`` (gnomAD's name), ``BCSQ`` and ``FUNC`` (``oncomine``), which
is known by its name as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from netgen.genomics.ann import choose_annotation, parse_ann_format
from netgen.genomics.bcsq import choose_bcsq, is_bcsq_format
from netgen.genomics.oncomine import choose_func, is_func_format
from netgen.genomics.vep import choose_consequence, parse_csq_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.genomics.transcripts import Consequence

FIELDS: Final = ("CSQ", "ANN", "vep", "BCSQ", "FUNC")


class Reader(Protocol):
    """Reads the value of one annotation field: see :meth:`Annotation.choose`."""

    def __call__(
        self, value: str, /, *, ref: str, alts: tuple[str, ...], number: int, transcripts: frozenset[str]
    ) -> Consequence | None:
        """Return the consequence that is told of one allele."""


@dataclass(frozen=True, kw_only=True, eq=False)  # compared by identity: a header is parsed once
class Annotation:
    """The annotation field of one file.

    Attributes
    ----------
    field
        Its name in INFO.
    reader
        Reads its value.
    """

    field: str
    reader: Reader

    def choose(
        self, value: str, *, ref: str, alts: tuple[str, ...], number: int, transcripts: frozenset[str] = frozenset()
    ) -> Consequence | None:
        """Return the consequence that is told of one allele.

        Parameters
        ----------
        value
            Value of the field as it stands in INFO; empty if absent.
        ref, alts
            Alleles of the record, as written.
        number
            Which alternative allele, from 1.
        transcripts
            Transcripts that the user prefers (``transcripts``).

        Returns
        -------
        Consequence or None
            None if no entry speaks of the allele.
        """
        return self.reader(value, ref=ref, alts=alts, number=number, transcripts=transcripts)


def find_annotation(descriptions: Mapping[str, str]) -> Annotation | None:
    """Return the annotation that a header announces.

    Parameters
    ----------
    descriptions
        INFO id -> Description, from the header.

    Returns
    -------
    Annotation or None
        The first of ``FIELDS`` whose description names the fields of an annotation; None if there is none.
    """
    for field in FIELDS:
        reader = _find_reader(field, descriptions.get(field, ""))
        if reader is not None:
            return Annotation(field=field, reader=reader)
    return None


def _find_reader(field: str, description: str) -> Reader | None:
    layout = parse_csq_format(description)
    if layout is not None:
        return partial(choose_consequence, layout=layout)
    layout = parse_ann_format(description)
    if layout is not None:
        return partial(choose_annotation, layout=layout)
    if field == "FUNC" and is_func_format(description):
        return choose_func
    return choose_bcsq if is_bcsq_format(description) else None
