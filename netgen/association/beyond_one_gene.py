"""What ``associate`` says beyond one gene and its outcome: pairs of genes, origins, and treatment classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.analysis_set import UNKNOWN
from netgen.association.cooccurrence import COOCCURRENCE_COLUMNS, scan_cooccurrence
from netgen.association.frequencies import FREQUENCY_COLUMNS, compare_frequencies
from netgen.association.gene_treatment import GENE_TREATMENT_COLUMNS, scan_gene_treatment
from netgen.association.plan import choose_min_altered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.family import Family
    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix
    from netgen.study import AssociationSettings

MOST_GENES: Final = 300  # features whose pairs are tested, the most often altered first: 44,850 pairs
SMALL: Final = 100  # patients


class Relations(NamedTuple):
    """Pairs of features, frequencies of features across origins, and the features whose pairs were tested."""

    cooccurrence: pd.DataFrame
    frequencies: pd.DataFrame
    paired: tuple[str, ...]


def relate_features(cohort: Cohort, matrix: AlterationMatrix, settings: AssociationSettings) -> Relations:
    """Return co-occurrence within strata and frequencies across origins, whatever the outcome of the patients.

    Pathways are left out of the pairs: they hold their members.

    Parameters
    ----------
    cohort, matrix
        Patients and their alterations.
    settings
        Strata, smallest group and seed.

    Returns
    -------
    Relations
        ``COOCCURRENCE_COLUMNS`` and ``FREQUENCY_COLUMNS``; the frequencies are empty without origins.
    """
    patients = cohort.patients.set_index("patient_id").reindex(matrix.patients)
    mode = "small" if len(patients) < SMALL else "large"
    min_altered = choose_min_altered(mode, len(patients), requested=settings.min_altered)
    strata = _labels(patients, settings.strata)
    rows = _most_altered(matrix, tuple(settings.pathways))
    pairs = scan_cooccurrence(
        matrix.status[rows],
        matrix.features[rows],
        strata=strata,
        strata_name="none" if strata is None else settings.strata,
        min_altered=min_altered,
    )
    origin = _labels(patients, "origin_group3")
    if origin is None:
        frequencies = pd.DataFrame(columns=list(FREQUENCY_COLUMNS))
    else:
        frequencies = compare_frequencies(
            matrix.status, origin, matrix.features, min_altered=min_altered, seed=settings.seed
        )
    return Relations(pairs.table[list(COOCCURRENCE_COLUMNS)], frequencies, tuple(map(str, matrix.features[rows])))


def relate_treatment(
    cohort: Cohort, analysis: AnalysisSet, family: Family, settings: AssociationSettings
) -> pd.DataFrame:
    """Return the effect of each tested feature within the treatment classes of the line an endpoint starts with.

    Parameters
    ----------
    cohort
        For the treatments.
    analysis, family
        Analysis set of the endpoint and its tests.
    settings
        Ties.

    Returns
    -------
    DataFrame
        ``endpoint`` and ``GENE_TREATMENT_COLUMNS``; empty where the endpoint does not start with a line: whoever
        received a class later had to live until then.
    """
    columns = ["endpoint", *GENE_TREATMENT_COLUMNS]
    tested = np.flatnonzero((family.rows["status"] == "tested").to_numpy())
    lines = cohort.treatments
    if analysis.line is None or analysis.label != "all" or not len(tested) or not len(lines):
        return pd.DataFrame(columns=columns)
    own = lines.loc[(lines["line_number"] == analysis.line) & lines["intent"].fillna("palliative").eq("palliative")]
    classes = own.drop_duplicates("patient_id").set_index("patient_id")["regimen_class"]
    table = scan_gene_treatment(
        analysis.time,
        analysis.event,
        analysis.genes[tested],
        classes.reindex(analysis.patient_id).astype("string").fillna(UNKNOWN).to_numpy(dtype=str),
        analysis.features[tested],
        origin_time=analysis.origin_time,
        line=analysis.line,
        entry=analysis.entry,
        strata=analysis.strata,
        strata_name=analysis.strata_name,
        ties=settings.ties,
    )
    return table.assign(endpoint=analysis.endpoint)[columns]


def _labels(patients: pd.DataFrame, column: str) -> NDArray[np.str_] | None:
    """Labels of a patient column, or None if there is none or it has one value."""
    if column not in patients.columns:
        return None
    labels = patients[column].astype("string").fillna(UNKNOWN).to_numpy(dtype=str)
    return labels if len(np.unique(labels)) > 1 else None


def _most_altered(matrix: AlterationMatrix, pathways: tuple[str, ...]) -> NDArray[np.intp]:
    """Rows of the genes that are altered most often, in the order of the matrix."""
    altered = (matrix.status == 1).sum(axis=1)
    altered[matrix.features.isin(pathways)] = -1
    chosen = np.argsort(-altered, kind="stable")[:MOST_GENES]
    return np.sort(chosen[altered[chosen] > 0])
