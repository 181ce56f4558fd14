"""Whether genes can be asked for: a cohort may be read without its sequencing (``read.sequencing`` optional)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.cohort import Cohort
    from netgen.errors import Finding


def check_sequenced(cohort: Cohort, genes: Sequence[str]) -> None:
    """Refuse genes of a cohort in which nobody was sequenced, with what was wrong if its sequencing was left out.

    Parameters
    ----------
    cohort
        The patients.
    genes
        What is asked for.

    Raises
    ------
    AnalysisError
        E_GENE_UNKNOWN if nobody is profiled.
    """
    if not genes or is_sequenced(cohort):
        return
    unread = why_unread(cohort)
    message, fix = (unread[0].message, unread[0].fix) if unread else ("Nobody was sequenced.", "Leave the genes out.")
    raise AnalysisError("E_GENE_UNKNOWN", f"{', '.join(genes)} cannot be judged. {message}", fix=fix)


def is_sequenced(cohort: Cohort) -> bool:
    """Tell whether anybody was: profiles say so, or a ready-made gene table.

    Parameters
    ----------
    cohort
        The patients.

    Returns
    -------
    bool
        Genes can be asked for.
    """
    return len(cohort.profiles) > 0 or cohort.calls is not None


def why_unread(cohort: Cohort) -> list[Finding]:
    """Return why sequencing was left out on reading.

    Parameters
    ----------
    cohort
        The patients.

    Returns
    -------
    list of Finding
        One per problem; empty if nothing was left out.
    """
    return [item for item in cohort.findings if item.code == "W_SEQUENCING_LEFT_OUT"]
