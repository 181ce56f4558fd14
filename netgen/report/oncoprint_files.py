"""``netgen oncoprint``: the oncoprint of a cohort, and everything it leaves behind in one folder written at once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.actionability import add_levels
from netgen.clinical.endpoints import list_endpoints
from netgen.derive import build_endpoint, build_matrix, describe_evidence, resolve_genes
from netgen.errors import AnalysisError, Findings
from netgen.genomics.classes import is_altering
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.matrix import frequencies
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_order import order_genes
from netgen.plots.oncoprint_table import ALL, OncoprintTable, tabulate_oncoprint
from netgen.plots.style import save_figure
from netgen.report.oncoprint_cohort import RESPONSE, burden_text, clinical_tracks, patient_burden, title_rows
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
DERIVED_TRACKS: Final = ("sstr_imaging", "fdg_pet", "class_line_1", RESPONSE)
ORDER_TEXT: Final = {
    "pathway": ("Rows by pathway of the study, then by frequency.",),
    "relevance": ("Rows by the best level of evidence of a gene in these patients, then by frequency.",),
}
LINE_ONE: Final = "Best response: to line 1, unconfirmed."
MANY: Final = 2000  # columns; beyond, PDF draws the cells as an image unless told otherwise


def build_oncoprint(
    cohort: Cohort,
    *,
    genes: Sequence[str] = (),
    top: int = 30,
    features: str | None = None,
    policy: str | None = None,
    by_origin: bool = True,
    tracks: Sequence[str] | None = None,
    order: str | None = None,
    burden: bool = True,
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
        Columns of the patient table, endpoints, ``vaf`` or ``vaf:GENE`` (median allele fraction of what is drawn, or of
        a gene), or what ``oncoprint_cohort.clinical_tracks`` makes of scans, treatments and responses, below the genes.
        None = origin (where it does not separate the patients), sex, age, grade, Ki-67, receptor and FDG imaging,
        class of the first line, its best response and overall survival, as far as the study has them and they differ.
    order
        Of the rows: ``given`` (as named here or in the study), ``frequency``, ``pathway`` (put together by the pathways
        of the study) or ``relevance`` (by the best level of evidence of a gene in this cohort); by frequency within a
        pathway or level. None = as given if genes are named, else by frequency.
    burden
        Draw the mutational burden above, if it can be had.

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
    order = order or ("given" if genes else "frequency")
    blocks, rest = title_rows(cohort, order, resolve_genes(settings, Findings()).pathways)
    matrix = build_matrix(cohort, settings)
    rows = _choose_rows(matrix, settings, _current(genes or (), settings), order, top)
    patients = _shown_patients(cohort, DERIVED_TRACKS if tracks is None else tracks)
    names = _default_tracks(cohort, patients, by_origin=by_origin) if tracks is None else tuple(tracks)
    known = _endpoints(cohort)
    per_mb = patient_burden(cohort, matrix) if burden else None
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
        burden=per_mb,
        blocks=blocks,
        rest=rest,
        notes=[
            *ORDER_TEXT.get(order, ()),
            *([LINE_ONE] if RESPONSE in names and RESPONSE not in cohort.patients else []),
            *([] if per_mb is None else burden_text(per_mb)),
            *_filter_text(cohort.study.read, cohort),
            *_label_text(cohort.study.label),
        ],
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
    order: str | None = None,
    burden: bool = True,
    palette: str = "colorblind",
    width: str | float = "double",
    formats: Sequence[str] = FORMATS,
    rasterize: bool | None = None,
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
    genes, top, features, policy, by_origin, tracks, order, burden
        As ``build_oncoprint``.
    palette, width
        As ``plot_oncoprint``.
    formats
        Any of pdf, svg, png; empty = tables only.
    rasterize
        Draw the cells as an image within PDF and SVG, everything else as vectors. None = in the PDF of more than 2,000
        patients, whose columns are narrower than a viewer can show.
    force
        Replace the results in a folder that is not empty.
    command
        The command line, for the provenance.

    Returns
    -------
    OncoprintTable
        What was drawn. ``oncoprint.tsv`` are its cells, ``oncoprint_genes.tsv`` its counts,
        ``oncoprint_patients.tsv`` the patients in the order of the columns with burden and tracks.

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
            cohort, genes=genes, top=top, features=features, policy=policy, by_origin=by_origin, tracks=tracks,
            order=order, burden=burden,
        )  # fmt: skip
        image = {name for name in formats if _as_image(table, name, rasterize)}
        for flat, names in ((True, image), (False, set(formats) - image)):
            if names:
                figure = plot_oncoprint(table, width=width, palette=palette, rasterize=flat)
                save_figure(figure, folder / "oncoprint", sorted(names))
        write_table(table.cells, folder / "oncoprint.tsv")
        write_table(table.genes, folder / "oncoprint_genes.tsv")
        write_table(table.patients, folder / "oncoprint_patients.tsv")
        options = {
            "genes": list(genes),
            "top": top,
            "features": features or cohort.study.association.features,
            "policy": policy or cohort.study.association.policy,
            "by_origin": by_origin,
            "tracks": list(table.tracks),
            "order": order or ("given" if genes else "frequency"),
            "burden": table.burden,
            "palette": palette,
            "width": width,
            "formats": list(formats),
            "rasterized": sorted(image),
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


def _choose_rows(
    matrix: AlterationMatrix, settings: AssociationSettings, named: list[str], order: str, top: int
) -> list[str]:
    """Return the rows: named ones as given or by frequency, else the most frequent."""
    counts = frequencies(matrix)
    if order == "given":
        return named or _given(settings)
    if named:
        ranked = order_genes(counts.loc[counts["feature"].isin(named)])
        return list(dict.fromkeys([*(name for name in ranked if name in named), *named]))
    return order_genes(counts.loc[~counts["feature"].isin(list(settings.pathways))], top=top)


def _given(settings: AssociationSettings) -> list[str]:
    if not settings.genes:
        raise AnalysisError(
            "E_CONFIG",
            "rows as given need genes; neither the request nor the study names any.",
            fix="Name genes, or use the order frequency.",
        )
    return _current(settings.genes, settings)


def _shown_patients(cohort: Cohort, names: Sequence[str]) -> pd.DataFrame:
    """Return the patient table with the broad origin where there is no group, and tracks made of other tables."""
    base = cohort.patients.assign(**{ORIGIN: cohort.patients[ORIGIN].fillna(cohort.patients["origin"])})
    return base.merge(clinical_tracks(cohort, names), how="left", left_on="patient_id", right_index=True)


def _as_image(table: OncoprintTable, name: str, rasterize: bool | None) -> bool:  # noqa: FBT001  # the user's word
    if name == "png":
        return False
    return (name == "pdf" and len(table.patients) > MANY) if rasterize is None else rasterize


def _endpoints(cohort: Cohort) -> set[str]:
    return {spec.name for spec in list_endpoints(cohort.clinical())}


def _default_tracks(cohort: Cohort, patients: pd.DataFrame, *, by_origin: bool) -> tuple[str, ...]:
    names = COMMON_TRACKS if by_origin else (ORIGIN, *COMMON_TRACKS)
    derived = [name for name in DERIVED_TRACKS if name in patients]
    varied = [name for name in (*names, *derived) if patients[name].nunique() > 1]
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
    more = {"evidence": describe_evidence(cohort)} if options["order"] == "relevance" else {}
    return record_run(cohort, cohort.findings, command=command, options=options, matrix_hash=table.matrix_hash, **more)
