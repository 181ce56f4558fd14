"""The biomarkers of the Cancer Genome Interpreter, "per variant": a tab-separated table, one row per variant.

A biomarker has as many rows as it names protein changes with a known coding sequence; the rows that differ in nothing
but the variant (gDNA, cDNA, individual_mutation, info, region, strand, transcript) are one record. The genomic changes
(GRCh37) of its rows are alternatives beside the protein changes: a variant without a protein change is found by them.

- Alterations: ``import_cgi_alterations``.
- ``Association``: Responsive, Resistant, No Responsive (``reduced``); Increased Toxicity is refused.
- ``Drug``: ``[A,B]`` are drugs any of which is meant, ``A;B`` a combination; without a drug, the family.
- ``Primary Tumor acronym``: ``netgen/data/cgi_tumour_types.tsv``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.actionability.diseases import resolve_cgi_types
from netgen.actionability.import_cgi_alterations import read_biomarker
from netgen.actionability.import_files import is_misshapen, read_rows
from netgen.actionability.imported import (
    Alternative,
    Statement,
    UnrepresentableError,
    build_table,
    read_statements,
)
from netgen.actionability.rules import AlterationSpec

if TYPE_CHECKING:
    from netgen.actionability.imported import ImportedTable
    from netgen.knowledge.oncotree import OncoTree
    from netgen.knowledge.snapshot import SnapshotFile

COLUMNS: Final = (
    "Alteration", "Alteration type", "Association", "Biomarker", "Drug", "Drug family", "Drug full name",
    "Evidence level", "Primary Tumor acronym", "Primary Tumor type", "Source", "gDNA", "individual_mutation",
)  # fmt: skip
"""Columns that are needed; others of the download are passed over."""
_PER_VARIANT: Final = frozenset({"gDNA", "cDNA", "individual_mutation", "info", "region", "strand", "transcript"})
_DIRECTIONS: Final = {"Responsive": "sensitivity", "Resistant": "resistance", "No Responsive": "reduced"}
_SUBSTITUTION: Final = re.compile(r"chr(\w+):g\.(\d+)([ACGT])>([ACGT])")
_PMID: Final = re.compile(r"PMID:\s*(\d+)")


def import_cgi(file: SnapshotFile, tree: OncoTree) -> ImportedTable:
    """Return the biomarkers of the Cancer Genome Interpreter.

    Parameters
    ----------
    file
        The table.
    tree
        OncoTree.

    Returns
    -------
    ImportedTable
        A record is named ``CGI:`` and the line of its first row.

    Raises
    ------
    InputError
        If the file cannot be read as text, or a column is missing (E_FILE_FORMAT).
    """
    groups: dict[tuple[str, ...], tuple[list[int], list[dict[str, str]]]] = {}
    records = 0
    for line, row in read_rows(file.path, COLUMNS):
        key = tuple(value for name, value in row.items() if name not in _PER_VARIANT)
        rows, cells = groups.setdefault(key, ([], []))
        rows.append(line)
        cells.append(row)
        records += 1
    items = [(f"CGI:{rows[0]}", tuple(rows), cells) for rows, cells in groups.values()]
    statements, rejected = read_statements(items, lambda name, rows, cells: [_read(name, rows, cells, tree)])
    return build_table(file, statements, rejected, records=records)


def _read(name: str, rows: tuple[int, ...], cells: list[dict[str, str]], tree: OncoTree) -> Statement:
    row = cells[0]
    if is_misshapen(row):
        raise UnrepresentableError("incomplete", row["Alteration"])
    association = row["Association"]
    if association.startswith("Increased Toxicity"):
        raise UnrepresentableError("toxicity", f"{row['Biomarker']}: {association}")
    if association not in _DIRECTIONS:
        raise UnrepresentableError("no_direction", f"{row['Biomarker']}: {association}")
    parts, left_out = read_biomarker(row["Alteration"], row["Alteration type"])
    if len(parts) == 1:
        parts = ((*parts[0], *_genomic(parts[0], cells)),)
    cited = _PMID.search(row["Source"])
    return Statement(
        id=name, rows=rows, parts=parts, disease=row["Primary Tumor type"],
        include=resolve_cgi_types(tree, row["Primary Tumor acronym"]), therapy=_therapy(row),
        direction=_DIRECTIONS[association], native_direction=association, native_level=row["Evidence level"],
        citation=row["Source"], left_out=left_out,
        url=f"https://pubmed.ncbi.nlm.nih.gov/{cited[1]}/" if cited else "",
    )  # fmt: skip


def _genomic(part: tuple[Alternative, ...], cells: list[dict[str, str]]) -> list[Alternative]:
    """Return the substitutions of the genome behind the protein changes of the rows."""
    gene = part[0].genes
    known = {change for one in part for change in one.alteration.changes}
    changes = []
    for row in cells:
        found = _SUBSTITUTION.fullmatch(row["gDNA"])
        if found and row["individual_mutation"].partition(":")[2] in known:
            changes.append(":".join(("GRCh37", *found.groups())))
    if not changes:
        return []
    return [Alternative(gene, AlterationSpec(kind="exact_genomic", changes=tuple(dict.fromkeys(changes))))]


def _therapy(row: dict[str, str]) -> tuple[str, ...]:
    """Return the drugs, else their family."""
    text = row["Drug"]
    if text in ("", "[]"):
        text = row["Drug full name"] or row["Drug family"].strip("[]")
        return (text,) if text else ()
    if text.startswith("["):
        return tuple(item.strip() for item in text.strip("[]").split(",") if item.strip())
    return (" + ".join(item.strip() for item in text.split(";")),)
