"""The clinical tables of a cohort, each parsed by its declaration in the schema.

These are the names to call; the work is done in :mod:`netgen.clinical.table_parser`, whose ``parse_table`` also returns
who was excluded and which source column was which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen import schema
from netgen.clinical.table_parser import Mappings, ParsedTable, ParseOptions, parse_table

if TYPE_CHECKING:
    import pandas as pd

    from netgen.clinical.files import RawTable
    from netgen.errors import Findings

__all__ = [
    "Mappings",
    "ParseOptions",
    "ParsedTable",
    "parse_assessments",
    "parse_biomarkers",
    "parse_imaging",
    "parse_patients",
    "parse_samples",
    "parse_table",
    "parse_treatments",
]


def parse_patients(
    raw: RawTable, *, mapping: Mappings | None = None, options: ParseOptions | None = None, findings: Findings
) -> pd.DataFrame:
    """Return the patients table; see :func:`parse_table`.

    Parameters
    ----------
    raw
        The table as written.
    mapping
        Our column -> source column or columns.
    options
        How to read it.
    findings
        Receives everything that is wrong.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.PATIENTS``.
    """
    return parse_table(raw, schema.PATIENTS, mapping=mapping, options=options, findings=findings).table


def parse_samples(
    raw: RawTable, *, mapping: Mappings | None = None, options: ParseOptions | None = None, findings: Findings
) -> pd.DataFrame:
    """Return the samples table; see :func:`parse_table`.

    Parameters
    ----------
    raw
        The table as written.
    mapping
        Our column -> source column or columns.
    options
        How to read it.
    findings
        Receives everything that is wrong.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.SAMPLES``.
    """
    return parse_table(raw, schema.SAMPLES, mapping=mapping, options=options, findings=findings).table


def parse_treatments(
    raw: RawTable, *, mapping: Mappings | None = None, options: ParseOptions | None = None, findings: Findings
) -> pd.DataFrame:
    """Return the treatments table; ``ongoing`` in place of an end date sets ``ongoing``. See :func:`parse_table`.

    Parameters
    ----------
    raw
        The table as written.
    mapping
        Our column -> source column or columns.
    options
        How to read it.
    findings
        Receives everything that is wrong.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.TREATMENTS``.
    """
    return parse_table(raw, schema.TREATMENTS, mapping=mapping, options=options, findings=findings).table


def parse_assessments(
    raw: RawTable, *, mapping: Mappings | None = None, options: ParseOptions | None = None, findings: Findings
) -> pd.DataFrame:
    """Return the assessments table; see :func:`parse_table`.

    Parameters
    ----------
    raw
        The table as written.
    mapping
        Our column -> source column or columns.
    options
        How to read it.
    findings
        Receives everything that is wrong.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.ASSESSMENTS``.
    """
    return parse_table(raw, schema.ASSESSMENTS, mapping=mapping, options=options, findings=findings).table


def parse_imaging(
    raw: RawTable, *, mapping: Mappings | None = None, options: ParseOptions | None = None, findings: Findings
) -> pd.DataFrame:
    """Return the imaging table; see :func:`parse_table`.

    Parameters
    ----------
    raw
        The table as written.
    mapping
        Our column -> source column or columns.
    options
        How to read it.
    findings
        Receives everything that is wrong.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.IMAGING``.
    """
    return parse_table(raw, schema.IMAGING, mapping=mapping, options=options, findings=findings).table


def parse_biomarkers(
    raw: RawTable, *, mapping: Mappings | None = None, options: ParseOptions | None = None, findings: Findings
) -> pd.DataFrame:
    """Return the biomarkers table; see :func:`parse_table`.

    Parameters
    ----------
    raw
        The table as written.
    mapping
        Our column -> source column or columns.
    options
        How to read it.
    findings
        Receives everything that is wrong.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.BIOMARKERS``.
    """
    return parse_table(raw, schema.BIOMARKERS, mapping=mapping, options=options, findings=findings).table
