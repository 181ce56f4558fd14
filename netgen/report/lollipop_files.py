"""``netgen lollipop``: the protein changes of named genes along their proteins, as figures and tables in one folder."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.derive import build_matrix
from netgen.errors import AnalysisError, Findings, InputError
from netgen.genomics.genes import normalize_gene_list
from netgen.plots.lollipop import plot_lollipop, tabulate_lollipop
from netgen.plots.style import save_figure
from netgen.report.run_record import record_run
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from netgen.cohort import Cohort
    from netgen.genomics.matrix import AlterationMatrix

FORMATS: Final = ("pdf", "svg", "png")
LOLLIPOP_COLUMNS: Final[dict[str, str]] = {
    "gene": "the gene",
    "position": "residue of the protein",
    "label": "the changes at the residue, the most frequent first",
    "class": "class of the oncoprint: truncating, splice, inframe, promoter, missense, other",
    "n": "patients with one of them",
}
DOMAIN_COLUMNS: Final = ("gene", "name", "start", "end")


def write_lollipop(
    cohort: Cohort,
    proteins: Mapping[str, int],
    out: Path,
    *,
    domains: pd.DataFrame | None = None,
    features: str | None = None,
    policy: str | None = None,
    formats: Sequence[str] = FORMATS,
    force: bool = False,
    command: str = "",
) -> dict[str, pd.DataFrame]:
    """Write one figure and one table per gene into a folder.

    Parameters
    ----------
    cohort
        The cohort.
    proteins
        Gene -> length of its protein in amino acids, of the transcript that the changes are written for.
    out
        The folder; it appears complete or not at all.
    domains
        ``gene, name, start, end`` (residues), drawn on the proteins; None = plain bars.
    features, policy
        What counts as altered, and which samples of a patient speak; None = as in the study.
    formats
        Any of pdf, svg, png.
    force
        Replace the results in a folder that is not empty.
    command
        The command line, for the provenance.

    Returns
    -------
    dict
        Gene (current symbol) -> ``LOLLIPOP_COLUMNS``, what its figure shows and ``lollipop_GENE.tsv`` holds.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` without a gene, for a length below 1 or an unknown format; ``E_GENE_UNKNOWN`` if a gene was
        sequenced in nobody; ``E_OUTPUT_EXISTS``.
    """
    wrong = [f"{gene} = {length}" for gene, length in proteins.items() if length < 1]
    unknown = sorted(set(formats).difference(FORMATS))
    if not proteins or wrong or unknown:
        found = ", ".join(wrong) or (f"the format {', '.join(unknown)}" if unknown else "no gene")
        raise AnalysisError(
            "E_CONFIG", f"genes with the length of their proteins are needed, and pdf, svg or png; found {found}.",
            fix="Name them as TP53=393.",
        )  # fmt: skip
    lengths = {_current(gene): length for gene, length in proteins.items()}
    base = cohort.study.association
    settings = dataclasses.replace(base, features=features or base.features, policy=policy or base.policy)
    matrix = build_matrix(cohort, settings)
    with output_folder(out, force=force) as folder:
        tables = {}
        for gene, length in lengths.items():
            tables[gene], figure = _draw(matrix, gene, length, domains)
            save_figure(figure, folder / file_name(f"lollipop_{gene}"), formats)
            write_table(tables[gene], folder / file_name(f"lollipop_{gene}.tsv"))
        options = {"proteins": lengths, "features": settings.features, "policy": settings.policy}
        record = record_run(
            cohort, cohort.findings, command=command, options=options, seed=None, matrix_hash=matrix.hash
        )
        write_json(record, folder / "provenance.json")
    return tables


def read_domains(path: Path) -> pd.DataFrame:
    """Return the domains of a file.

    Parameters
    ----------
    path
        Tab-separated, with the columns ``gene, name, start, end`` (residues).

    Returns
    -------
    DataFrame
        Those columns.

    Raises
    ------
    InputError
        If the file cannot be read (E_FILE_FORMAT), a column is missing (E_COLUMN_MISSING), or a residue is no whole
        number (E_VALUE).
    """
    try:
        table = pd.read_csv(path, sep="\t", dtype="string")
    except (OSError, ValueError) as error:
        raise InputError(
            "E_FILE_FORMAT", f"A tab-separated table of domains is needed: {error}", file=str(path)
        ) from error
    absent = [name for name in DOMAIN_COLUMNS if name not in table.columns]
    if absent:
        raise InputError(
            "E_COLUMN_MISSING", f"Domains need the columns {', '.join(DOMAIN_COLUMNS)}, found no {', '.join(absent)}.",
            file=str(path),
        )  # fmt: skip
    for name in ("start", "end"):
        values = pd.to_numeric(table[name], errors="coerce")
        bad = values.isna() | (values % 1 != 0) | (values < 1)
        if bad.any():
            row = int(bad.to_numpy().argmax())
            raise InputError(
                "E_VALUE", f"{name} is a residue, a whole number from 1 on; found {table[name].iloc[row]}.",
                fix="Mend the row.", file=str(path), row=row + 2,
            )  # fmt: skip
        table[name] = values.astype("int64")
    return table[list(DOMAIN_COLUMNS)]


def _current(gene: str) -> str:
    found = normalize_gene_list([gene], findings=Findings(), excel_dates="unresolved")
    return found[0] if found else gene


def _draw(
    matrix: AlterationMatrix, gene: str, length: int, domains: pd.DataFrame | None
) -> tuple[pd.DataFrame, Figure]:
    """Return what the figure of a gene shows, and the figure."""
    row = matrix.status[matrix.features.get_loc(gene)] if gene in matrix.features else None
    if row is None or not (row >= 0).any():
        raise AnalysisError(
            "E_GENE_UNKNOWN",
            f"{gene} was sequenced in nobody, or is none of the genes of the study.",
            fix="Check symbol, panel and genes.",
        )
    known = pd.DataFrame({"gene": [gene], "aa": [length]})
    changes, _, left_out = tabulate_lollipop(matrix.detail, gene, known)
    altered, profiled = int((row == 1).sum()), int((row >= 0).sum())
    rest = "".join(f" Not drawn: {n} with a change {reason}." for reason, n in left_out.items())
    own = None if domains is None else domains.loc[domains["gene"] == gene, ["name", "start", "end"]]
    axes = plot_lollipop(
        changes, length, domains=own, title=f"{gene}: altered in {altered} of {profiled} patients",
        note=f"Height: patients. Matrix {matrix.hash[:12]}.{rest}",
    )  # fmt: skip
    figure: Figure = axes.figure  # type: ignore[assignment]  # never a SubFigure: we made it
    return changes.assign(gene=gene)[list(LOLLIPOP_COLUMNS)], figure
