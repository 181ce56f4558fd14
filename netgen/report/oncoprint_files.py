"""``netgen oncoprint``: the oncoprint of a cohort, and everything it leaves behind in one folder written at once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.actionability import add_levels
from netgen.clinical.endpoints import list_endpoints
from netgen.derive import build_endpoint, build_matrix
from netgen.errors import AnalysisError, Findings
from netgen.genomics.classes import is_altering
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.matrix import frequencies
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_order import order_genes
from netgen.plots.oncoprint_table import ALL, OncoprintTable, tabulate_oncoprint
from netgen.plots.style import save_figure
from netgen.report.run_record import record_run
from netgen.report.write import output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix
    from netgen.study import AssociationSettings, ReadSettings

FORMATS: Final = ("pdf", "svg", "png")
ORIGIN: Final = "origin_group3"
COMMON_TRACKS: Final = ("sex", "age_at_diagnosis", "who_grade", "ki67_pct")


def build_oncoprint(
    cohort: Cohort,
    *,
    genes: Sequence[str] = (),
    top: int = 30,
    features: str | None = None,
    policy: str | None = None,
    by_origin: bool = True,
    tracks: Sequence[str] | None = None,
) -> OncoprintTable:
    """Return what the oncoprint of a cohort shows.

    The matrix is the one of ``associate`` with the same settings: counts and hash agree with its tables.

    Parameters
    ----------
    cohort
        The cohort.
    genes
        Genes, or pathways of the study, in the order of the rows; empty = the most frequently altered genes. One that
        was sequenced in nobody has a row that says so.
    top
        Number of rows if no genes are named.
    features, policy
        What counts as altered, and which samples of a patient speak; None = as in the study.
    by_origin
        Sort and separate the patients by origin.
    tracks
        Columns of the patient table, or endpoints, below the genes. None = origin (where it does not separate the
        patients), sex, age, grade, Ki-67 and overall survival, as far as the study has them and they differ.

    Returns
    -------
    OncoprintTable
        For ``plot_oncoprint``.

    Raises
    ------
    AnalysisError
        ``E_GENE_UNKNOWN`` if there is nothing to draw; ``E_CONFIG`` for an unknown option or track.

    Examples
    --------
    >>> import netgen as ng
    >>> table = ng.build_oncoprint(ng.read_cohort("demo"), genes=["MEN1"])
    >>> table.genes.loc[table.genes["origin"] == "all", "label"].item()
    '14/34 (41 %)'
    """
    if top < 1:
        raise AnalysisError("E_CONFIG", f"top must be at least 1, found {top}.")
    cohort = add_levels(cohort, tracks or ())
    settings = _settings(cohort, genes, features, policy)
    matrix = build_matrix(cohort, settings)
    rows = _current(genes, settings) or _most_frequent(matrix, settings, top)
    patients = cohort.patients.assign(**{ORIGIN: cohort.patients[ORIGIN].fillna(cohort.patients["origin"])})
    names = _default_tracks(cohort, patients, by_origin=by_origin) if tracks is None else tuple(tracks)
    known = _endpoints(cohort)
    clock = dataclasses.replace(settings, entry_rule="none", landmark=None)
    return tabulate_oncoprint(
        matrix,
        patients,
        genes=rows,
        origin=ORIGIN,
        split=by_origin,
        tracks=names,
        endpoints={
            name: build_endpoint(cohort, name, clock).table
            for name in names
            if name in known and name not in patients.columns
        },
        germline=_germline(cohort),
        notes=[*_filter_text(cohort.study.read, cohort), *_label_text(cohort.study.label)],
    )


def write_oncoprint(
    cohort: Cohort,
    out: Path,
    *,
    genes: Sequence[str] = (),
    top: int = 30,
    features: str | None = None,
    policy: str | None = None,
    by_origin: bool = True,
    tracks: Sequence[str] | None = None,
    palette: str = "colorblind",
    width: str | float = "double",
    formats: Sequence[str] = FORMATS,
    force: bool = False,
    command: str = "",
) -> OncoprintTable:
    """Write the oncoprint of a cohort as figure and tables into a folder.

    Parameters
    ----------
    cohort
        The cohort.
    out
        The folder; it appears complete or not at all.
    genes, top, features, policy, by_origin, tracks
        As ``build_oncoprint``.
    palette, width
        As ``plot_oncoprint``.
    formats
        Any of pdf, svg, png; empty = tables only.
    force
        Replace the results in a folder that is not empty.
    command
        The command line, for the provenance.

    Returns
    -------
    OncoprintTable
        What was drawn. ``oncoprint.tsv`` are its cells, ``oncoprint_genes.tsv`` its counts.

    Raises
    ------
    AnalysisError
        As ``build_oncoprint`` and ``plot_oncoprint``; ``E_CONFIG`` for an unknown format; ``E_OUTPUT_EXISTS`` if the
        folder holds something and ``force`` is off.
    """
    unknown = sorted(set(formats).difference(FORMATS))
    if unknown:
        raise AnalysisError("E_CONFIG", f"figures are written as {', '.join(FORMATS)}, found {', '.join(unknown)}.")
    with output_folder(out, force=force) as folder:
        table = build_oncoprint(
            cohort, genes=genes, top=top, features=features, policy=policy, by_origin=by_origin, tracks=tracks
        )
        save_figure(plot_oncoprint(table, width=width, palette=palette), folder / "oncoprint", formats)
        write_table(table.cells, folder / "oncoprint.tsv")
        write_table(table.genes, folder / "oncoprint_genes.tsv")
        options = {
            "genes": list(genes),
            "top": top,
            "features": features or cohort.study.association.features,
            "policy": policy or cohort.study.association.policy,
            "by_origin": by_origin,
            "tracks": list(table.tracks),
            "palette": palette,
            "width": width,
            "formats": list(formats),
        }
        write_json(_provenance(cohort, table, options, command), folder / "provenance.json")
    return table


def render_oncoprint(table: OncoprintTable, out: Path) -> str:
    """Return what the command prints.

    Parameters
    ----------
    table
        What was drawn.
    out
        Where it was written.

    Returns
    -------
    str
        Lines: size, the genes nobody was profiled for, the folder.
    """
    rows = table.genes.loc[table.genes["origin"] == ALL]
    unseen = [str(gene) for gene in rows.loc[rows["n_profiled"] == 0, "gene"]]
    lines = [f"Oncoprint of {len(rows)} gene(s) and {len(table.patients)} patient(s), matrix {table.matrix_hash[:12]}."]
    if unseen:
        lines.append(f"Sequenced in nobody: {', '.join(unseen)}.")
    return "\n".join([*lines, f"Results in {out}"])


def _settings(cohort: Cohort, genes: Sequence[str], features: str | None, policy: str | None) -> AssociationSettings:
    """Return the settings of the study with what the caller named; genes of a study stay if none are named."""
    base = cohort.study.association
    named = tuple(gene for gene in dict.fromkeys(genes) if gene not in base.pathways)
    return dataclasses.replace(
        base, features=features or base.features, policy=policy or base.policy, genes=named or base.genes
    )


def _current(genes: Sequence[str], settings: AssociationSettings) -> list[str]:
    """Return the rows in the order named: pathways as they are, genes under their current symbols."""
    found = ([name] if name in settings.pathways else _symbol(name) for name in genes)
    return [name for names in found for name in names]


def _symbol(gene: str) -> list[str]:
    return normalize_gene_list([gene], findings=Findings(), excel_dates="unresolved")


def _most_frequent(matrix: AlterationMatrix, settings: AssociationSettings, top: int) -> list[str]:
    counts = frequencies(matrix)
    return order_genes(counts.loc[~counts["feature"].isin(list(settings.pathways))], top=top)


def _endpoints(cohort: Cohort) -> set[str]:
    return {spec.name for spec in list_endpoints(cohort.clinical())}


def _default_tracks(cohort: Cohort, patients: pd.DataFrame, *, by_origin: bool) -> tuple[str, ...]:
    names = COMMON_TRACKS if by_origin else (ORIGIN, *COMMON_TRACKS)
    varied = [name for name in names if patients[name].nunique() > 1]
    return (*varied, *(["os"] if "os" in _endpoints(cohort) else []))


def _germline(cohort: Cohort) -> pd.DataFrame:
    """Altering germline variants by patient: ``patient_id, gene, label``."""
    rows = cohort.germline
    rows = rows.loc[is_altering(rows["variant_class"], rows["gene"])]
    owner = cohort.samples.set_index("sample_id")["patient_id"]
    return pd.DataFrame(
        {
            "patient_id": rows["sample_id"].map(owner).astype("string"),
            "gene": rows["gene"],
            "label": rows["hgvsp_short"],
        }
    ).dropna(subset=["patient_id"])


def _filter_text(read: ReadSettings, cohort: Cohort) -> list[str]:
    if not len(cohort.variants):
        return []
    parts = ["FILTER PASS" if read.filters == "pass" else "any FILTER"]
    parts.append(f"population frequency at most {100 * read.population_af:g} %")
    for text, value in (
        ("depth", read.min_depth),
        ("alternative reads", read.min_alt_count),
        ("allele fraction", read.min_vaf),
    ):
        if value is not None:
            parts.append(f"{text} at least {value:g}")
    return [f"Variants: {', '.join(parts)}."]


def _label_text(label: str) -> list[str]:
    return [f"{label[0].upper()}{label[1:].rstrip('.')}."] if label else []


def _provenance(cohort: Cohort, table: OncoprintTable, options: dict[str, Any], command: str) -> dict[str, Any]:
    return record_run(cohort, cohort.findings, command=command, options=options, matrix_hash=table.matrix_hash)
