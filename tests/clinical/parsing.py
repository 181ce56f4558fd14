"""One name per table for ``parse_table``, as the tests of single tables read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from netgen import schema
from netgen.clinical.table_parser import parse_table

if TYPE_CHECKING:
    import pandas as pd

    from netgen.clinical.files import RawTable


def _parse(table: schema.Table, raw: RawTable, **options) -> pd.DataFrame:
    return parse_table(raw, table, **options).table


parse_patients = partial(_parse, schema.PATIENTS)
parse_samples = partial(_parse, schema.SAMPLES)
parse_treatments = partial(_parse, schema.TREATMENTS)
parse_assessments = partial(_parse, schema.ASSESSMENTS)
parse_imaging = partial(_parse, schema.IMAGING)
parse_biomarkers = partial(_parse, schema.BIOMARKERS)
