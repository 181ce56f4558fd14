"""Who was profiled for what, as cBioPortal has it: gene panel files, the panel matrix, case lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.report.cbioportal_text import study_identifier, write_meta, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.cohort import Cohort

DATA_TYPES: Final = ("mutations", "cna", "structural_variants")
_FACTS: Final = ("assay_type", "genes_mode", "size_mb", "profiles")  # what the three keys of cBioPortal cannot say
_DEFAULTS: Final = frozenset({"panel", "list"})
# Ending of the stable_id -> category, what the list holds, data type (None = every sample).
_LISTS: Final[dict[str, tuple[str, str, str | None]]] = {
    "all": ("all_cases_in_study", "All samples", None),
    "sequenced": ("all_cases_with_mutation_data", "Samples profiled for mutations", "mutations"),
    "cna": ("all_cases_with_cna_data", "Samples profiled for copy number", "cna"),
    "sv": ("all_cases_with_sv_data", "Samples profiled for structural variants", "structural_variants"),
}


def panel_names(cohort: Cohort) -> dict[str, str]:
    """Return panel -> identifier that cBioPortal takes, no two the same.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    dict
        One entry per panel.
    """
    names: dict[str, str] = {}
    for panel_id in sorted(cohort.panels["panel_id"]):
        name = study_identifier(panel_id)
        while name in names.values():
            name += "_2"
        names[panel_id] = name
    return names


def listed_profiles(cohort: Cohort) -> pd.DataFrame:
    """Return the panels of the samples that patients have, under identifiers that cBioPortal takes.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    DataFrame
        sample_id and the three data types, sorted by sample; a sample that was profiled for nothing, although it has
        variants, keeps its row.
    """
    table = cohort.profiles[cohort.profiles["sample_id"].isin(cohort.samples["sample_id"])]
    table = table[["sample_id", *DATA_TYPES]]
    names = panel_names(cohort)
    renamed = {name: table[name].map(names, na_action="ignore").astype("string") for name in DATA_TYPES}
    return table.assign(**renamed).sort_values("sample_id", ignore_index=True)


def covered_genes(cohort: Cohort, data_type: str) -> dict[str, frozenset[str] | None]:
    """Return the genes of the panel behind one data type of each sample.

    Parameters
    ----------
    cohort
        The cohort.
    data_type
        One of ``DATA_TYPES``.

    Returns
    -------
    dict
        Profiled sample -> genes; None = every gene.
    """
    whole = set(cohort.panels.loc[(cohort.panels["genes_mode"] == "all").fillna(value=False), "panel_id"])
    rows = cohort.panel_genes[cohort.panel_genes["profile"].isna() | (cohort.panel_genes["profile"] == data_type)]
    genes = {str(panel): frozenset(group) for panel, group in rows.groupby("panel_id")["gene"]}
    table = cohort.profiles[cohort.profiles["sample_id"].isin(cohort.samples["sample_id"])]
    table = table[table[data_type].notna()]
    return {
        str(sample): None if panel in whole else genes.get(str(panel), frozenset())
        for sample, panel in zip(table["sample_id"], table[data_type], strict=True)
    }


def write_panels(cohort: Cohort, profiles: pd.DataFrame, folder: Path) -> None:
    """Write one gene panel file per panel that a listed sample has.

    A whole exome or genome lists the genes with an alteration, because cBioPortal needs a list; ``genes_mode: all``
    tells netgen that it covers every gene.

    Parameters
    ----------
    cohort
        The cohort.
    profiles
        As of ``listed_profiles``.
    folder
        Where the files go.
    """
    used = {str(one) for name in DATA_TYPES for one in profiles[name].dropna()}
    names = panel_names(cohort)
    for panel in cohort.panels.astype("string").to_dict("records"):
        panel_id = names[panel["panel_id"]]
        if panel_id not in used:
            continue
        rows = cohort.panel_genes[cohort.panel_genes["panel_id"] == panel["panel_id"]]
        partial = rows.loc[rows["partial"].fillna(value=False).astype(bool), "gene"]
        stated = {key: panel[key] for key in _FACTS} | {"partial_genes": "\t".join(sorted(partial)) or pd.NA}
        write_meta(
            folder / f"data_gene_panel_{panel_id}.txt",
            stable_id=panel_id,
            description=panel["panel_id"] if pd.isna(panel["name"]) else panel["name"],
            **{key: value for key, value in stated.items() if pd.notna(value) and value not in _DEFAULTS},
            gene_list="\t".join(_altered_genes(cohort) if panel["genes_mode"] == "all" else sorted(rows["gene"])),
        )


def _altered_genes(cohort: Cohort) -> list[str]:
    """Return the genes with an alteration; cBioPortal needs one, so a gene that every exome covers if there is none."""
    parts = [cohort.variants["gene"], cohort.copy_number["gene"], cohort.fusions["gene1"], cohort.fusions["gene2"]]
    return sorted({str(gene) for part in parts for gene in part.dropna()}) or ["TP53"]


def write_matrix(profiles: pd.DataFrame, data_types: Sequence[str], folder: Path) -> None:
    """Write the gene panel matrix.

    Parameters
    ----------
    profiles
        As of ``listed_profiles``.
    data_types
        Those whose data file is written.
    folder
        Where the file goes.
    """
    table = profiles[["sample_id", *data_types]].rename(columns={"sample_id": "SAMPLE_ID"})
    write_rows(table, folder / "data_gene_panel_matrix.txt")


def write_case_lists(cohort: Cohort, profiles: pd.DataFrame, study_id: str, folder: Path) -> None:
    """Write ``case_lists/``: all samples, and those profiled for each data type.

    Parameters
    ----------
    cohort
        The cohort.
    profiles
        As of ``listed_profiles``.
    study_id
        Identifier of the study.
    folder
        Study folder.
    """
    for ending, (category, text, data_type) in _LISTS.items():
        rows = cohort.samples if data_type is None else profiles[profiles[data_type].notna()]
        samples = sorted(str(one) for one in rows["sample_id"])
        if samples:
            write_meta(
                folder / "case_lists" / f"cases_{ending}.txt",
                cancer_study_identifier=study_id,
                stable_id=f"{study_id}_{ending}",
                case_list_name=text,
                case_list_description=f"{text} ({len(samples)} samples)",
                case_list_category=category,
                case_list_ids="\t".join(samples),
            )
