"""Oncoprint: which alterations stand together in which patient, what was counted, and how often (DOMAIN 5.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.report.page.association_cells import bullets, paragraph
from netgen.report.page.document import Section
from netgen.report.page.figures import embed_oncoprint
from netgen.report.page.markup import join, tag
from netgen.report.page.share_cells import percent, with_limits
from netgen.report.page.tables import render_table
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from netgen.plots.oncoprint_table import OncoprintTable
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

ALL: Final = "all"
FILE: Final = "oncoprint/oncoprint_genes.tsv"
LABELS: Final = {
    "gene": "Gene", "share": "Altered/profiled (%)", "limits": "%, 95 % limits", "n_not_profiled": "Not profiled",
}  # fmt: skip
COLUMNS: Final = {
    "gene": "gene or pathway, in the order of the figure",
    "share": "patients with an alteration, of those profiled for the gene; * = not all were profiled",
    "limits": "the share of altered among the profiled with its exact 95 % limits (Clopper-Pearson)",
    "n_not_profiled": "patients who were not profiled for the gene: in no share",
}
UNSEEN: Final = "Profiled in nobody"


def render(results: ReportResults) -> Section | None:
    """Return the section.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        The figure, what was counted, and the frequencies; None if nobody was sequenced.
    """
    table = results.oncoprint
    if table is None:
        return None
    body = [
        paragraph(_count(table), _compare_hash(results)),
        embed_oncoprint(
            table, title="Alterations by gene and patient", description=_describe(table), key="oncoprint-figure",
            source="oncoprint/oncoprint.tsv",
        ),
        tag("h3", "What was counted"),
        bullets(table.footer),
        paragraph("Hash of the alteration matrix:", tag("code", table.matrix_hash)),
        tag("h3", "How often each gene is altered"),
        paragraph(_unseen(table)) if _unseen(table) else None,
        _tabulate(table),
    ]  # fmt: skip
    note = "A gene that was not sequenced in a patient is not wild type there: it is drawn apart and in no denominator."
    return Section(id="oncoprint", title="Oncoprint", body=join(body), note=note)


def _count(table: OncoprintTable) -> str:
    """Say how many genes and patients are shown, and how many patients have an alteration among them."""
    altered = table.cells.loc[table.cells["status"] == "altered", "patient_id"].nunique()
    genes = table.genes["gene"].nunique()
    text = f"{genes} {'gene' if genes == 1 else 'genes'} in {len(table.patients)} patients, of whom {altered} have an"
    text += f" alteration of {'it' if genes == 1 else 'one of them'}."
    return f"{text} Patients are separated by origin." if table.split else text


def _describe(table: OncoprintTable) -> str:
    """Tell the figure to who cannot see it: the genes in the order of the rows, with their frequencies."""
    rows = table.genes.loc[table.genes["origin"] == ALL]
    genes = ", ".join(f"{row.gene} {row.label}" for row in rows.itertuples())
    return f"One row per gene, one column per patient. Altered of profiled: {genes}."


def _compare_hash(results: ReportResults) -> str:
    """Say whether the tests of associations used the same matrix."""
    table, tested = results.oncoprint, results.association
    if table is None or tested is None:
        return ""
    if table.matrix_hash == tested.matrix_hash:
        return "The alteration matrix is the one of the associations: counts are the same."
    return "The associations were tested on another alteration matrix: counts may differ."


def _unseen(table: OncoprintTable) -> str:
    whole = table.genes.loc[table.genes["origin"] == ALL]
    names = [str(name) for name in whole.loc[whole["n_profiled"] == 0, "gene"]]
    return f"{UNSEEN}: {', '.join(names)}." if names else ""


def _tabulate(table: OncoprintTable) -> Markup:
    """Return the counts beside the genes, of all patients and of each origin."""
    rows = table.genes.loc[table.genes["origin"] == ALL].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "gene": rows["gene"],
            "share": rows["label"],
            "limits": with_limits(rows, "fraction", "fraction_lo", "fraction_hi", percent),
            "n_not_profiled": rows["n_total"] - rows["n_profiled"],
            "fraction": rows["fraction"],
        }
    )
    labels, columns = dict(LABELS), dict(COLUMNS)
    sort = {"share": "fraction", "limits": "fraction"}
    for place, origin in enumerate(dict.fromkeys(table.genes.loc[table.genes["origin"] != ALL, "origin"])):
        own = table.genes.loc[table.genes["origin"] == origin].set_index("gene").reindex(rows["gene"])
        name, key = f"origin_{place}", f"origin_{place}_fraction"
        shown = shown.assign(**{name: own["label"].array, key: own["fraction"].array})
        labels[name], columns[name], sort[name] = words(str(origin)), f"{COLUMNS['share']}: {words(str(origin))}", key
    return render_table(
        shown, columns=columns, labels=labels, sort=sort, caption="Frequency of alterations",
        id="oncoprint-frequencies", source=FILE,
    )  # fmt: skip
