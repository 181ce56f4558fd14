"""The knowledge snapshot of a study, as far as reading needs it: names of genes and hot spots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.errors import Findings
from netgen.genomics.gene_history import gene_names_of
from netgen.knowledge.snapshot import read_snapshot

if TYPE_CHECKING:
    from netgen.genomics.gene_names import GeneNames
    from netgen.knowledge.snapshot import Snapshot
    from netgen.study import Study


def snapshot_of(study: Study, *, findings: Findings) -> Snapshot | None:
    """Return the snapshot that a study names.

    Parameters
    ----------
    study
        ``study.actionability.knowledge`` is its folder.
    findings
        Receives what is wrong with it.

    Returns
    -------
    Snapshot or None
        None if the study names none.
    """
    folder = study.actionability.knowledge
    return None if folder is None else read_snapshot(folder, findings=findings)


def gene_names(study: Study) -> GeneNames:
    """Return the names of genes that every reader of a study uses.

    Parameters
    ----------
    study
        See :func:`snapshot_of`; what is wrong with the snapshot is reported once, where the cohort is put together.

    Returns
    -------
    GeneNames
        The bundled ones, extended by those of the snapshot.
    """
    return gene_names_of(snapshot_of(study, findings=Findings()))
