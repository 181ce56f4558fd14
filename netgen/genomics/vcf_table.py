"""Rows of VCF records as the columns of ``schema.VARIANTS``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.alleles import normalize_chromosome, trim_alleles
from netgen.genomics.classes import classify_consequence
from netgen.genomics.transcripts import Consequence
from netgen.genomics.vcf_records import VcfRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

_UNSAID: Final = Consequence(
    terms="", symbol="", transcript_id=None, hgvsc=None, hgvsp=None, population_af=None, exon=None
)


def rows_to_frame(rows: Sequence[VcfRow], build: ExtensionArray, file: ExtensionArray) -> pd.DataFrame:
    """Return rows as columns of ``schema.VARIANTS``.

    Parameters
    ----------
    rows
        n rows.
    build, file
        (n,) "string": genome build (missing = unknown) and file of each row.

    Returns
    -------
    DataFrame
        Alleles trimmed, classes decided (missing without a consequence); ``gene`` is the symbol as written.
        ``exon_number`` follows.
    """
    names = VcfRow._fields
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    ref = [text.upper() for text in columns["ref"]]
    alt = [text.upper() for text in columns["alt"]]
    chosen = [_UNSAID if one is None else one for one in columns.pop("chosen")]
    pos, trimmed_ref, trimmed_alt = trim_alleles(np.array(columns["pos"], dtype=np.int64), _objects(ref), _objects(alt))
    chromosomes = {name: normalize_chromosome(name) for name in set(columns["chrom"])}
    text = {
        **{name: columns[name] for name in ("sample_id", "filter", "mutation_status")},
        "chrom": [chromosomes[name] for name in columns["chrom"]],
        "gene": [one.symbol or None for one in chosen],
        "variant_class": [_classify(one.terms, two, three) for one, two, three in zip(chosen, ref, alt, strict=True)],
        "hgvsp_short": [one.hgvsp for one in chosen],
        "hgvsc": [one.hgvsc for one in chosen],
        "transcript_id": [one.transcript_id for one in chosen],
        "ref": trimmed_ref,
        "alt": trimmed_alt,
        "exon_number": [one.exon for one in chosen],
        "build": build,
        "file": file,
    }
    whole = {"pos": pos, **{name: columns[name] for name in ("row", "t_ref_count", "t_alt_count")}}
    decimal = {"vaf": columns["vaf"], "gnomad_af": [one.population_af for one in chosen]}
    return pd.DataFrame(
        {
            **{name: pd.Series(values, dtype="string") for name, values in text.items()},
            **{name: pd.Series(values, dtype="Int64") for name, values in whole.items()},
            **{name: pd.Series(values, dtype="float64") for name, values in decimal.items()},
        }
    )


@lru_cache(maxsize=1 << 14)
def _classify(terms: str, ref: str, alt: str) -> str | None:
    return classify_consequence(terms, ref, alt) if terms else None


def _objects(texts: Sequence[str]) -> NDArray[np.object_]:
    out = np.empty(len(texts), dtype=object)
    out[:] = texts
    return out
