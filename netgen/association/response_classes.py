"""Does the effect of an alteration on response depend on the drug class? Tables within classes, and their homogeneity.

An effect in one class and none in another is no evidence for a difference: the test across the classes is. It needs
altered and unaltered patients who received each class (DOMAIN 3.12).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from netgen.association.exact_tables import zelen_test
from netgen.association.gene_treatment import MIN_EXPOSED
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.response_results import CLASS_COLUMNS
from netgen.association.response_tests import compare_two, describe_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.response_rows import ResponseSet

ALL = "all"
UNKNOWN = "unknown"


def class_rows(
    data: ResponseSet, metric: str, classes: NDArray[np.str_], *, min_exposed: int = MIN_EXPOSED
) -> pd.DataFrame:
    """Return the effect of each feature on response within each class, and the interaction test across classes.

    Features with fewer than ``min_exposed`` altered or unaltered patients in the whole line have no row.

    Parameters
    ----------
    data
        The patients of one line.
    metric
        ORR or DCR.
    classes
        (n,) regimen class; blank = unknown, listed and not tested.
    min_exposed
        Smallest number of altered, and of unaltered, patients with a class.

    Returns
    -------
    DataFrame
        ``CLASS_COLUMNS``; per feature one row per class, sorted, then the row ``all``.

    Raises
    ------
    ValueError
        For all lines at once: a patient would be counted in several classes.
    """
    if data.clustered:
        raise ValueError("classes are compared within one line: a patient has one class there")
    y, labels = data.outcome(metric), np.where(classes == "", UNKNOWN, classes)
    names = sorted(set(labels.tolist()))
    rows: list[dict[str, Any]] = []
    for i in np.flatnonzero(_enough(data, min_exposed)).tolist():
        head = {"line": data.line, "metric": metric, "denominator": data.denominator, "feature": data.features[i]}
        own = [head | _class_row(data.genes[i], y, labels, name, min_exposed) for name in names]
        tested = [[[r["a"], r["b"]], [r["c"], r["d"]]] for r in own if r["status"] == "tested"]
        p = zelen_test(tested).p if len(tested) > 1 else math.nan
        status = "tested" if not math.isnan(p) else "too_few_classes"
        rows += [*own, head | {"regimen_class": ALL, "interaction_p": p, "n_classes": len(tested), "status": status}]
    frame = pd.DataFrame(rows, columns=list(CLASS_COLUMNS))
    is_test = (frame["regimen_class"] == ALL) & (frame["status"] == "tested")
    p_values = pd.to_numeric(frame["interaction_p"]).where(is_test)
    frame["q_bh"] = adjust_pvalues(p_values.to_numpy(dtype=np.float64))
    frame["m_family"] = pd.Series(int(is_test.sum()), index=frame.index).where(frame["regimen_class"] == ALL)
    return frame


def _enough(data: ResponseSet, least: int) -> NDArray[np.bool_]:
    altered, unaltered = (data.genes == 1).sum(axis=1), (data.genes == 0).sum(axis=1)
    return np.asarray((altered >= least) & (unaltered >= least))


def _class_row(
    gene: NDArray[np.int8], y: NDArray[np.bool_], labels: NDArray[np.str_], name: str, least: int
) -> dict[str, Any]:
    """One feature in one class."""
    own = labels == name
    a, b, c, d = (int((own & (gene == kind) & (y == happened)).sum()) for kind in (1, 0) for happened in (True, False))
    status = "class_unknown" if name == UNKNOWN else "tested" if min(a + b, c + d) >= least else "too_few_exposed"
    row: dict[str, Any] = {"regimen_class": name, "n_exposed": a + b + c + d, "a": a, "b": b, "c": c, "d": d}
    row |= {"rate": describe_rate(a, a + b)["rate"], "rate_ref": describe_rate(c, c + d)["rate"], "status": status}
    if status == "tested":
        row |= {key: value for key, value in compare_two(a, b, c, d).items() if key in CLASS_COLUMNS}
    return row
