"""A cohort as a study folder of cBioPortal that its validator accepts, and that netgen reads back.

What survives the way there and back: patients and samples with their attributes, small variants after the policy of
the study, discrete copy number, structural variants, who was profiled with which panel, endpoints as ``X_STATUS`` and
``X_MONTHS``, and so the alteration matrix. What does not:

- Dates. They become days from the diagnosis in timelines; patients without a date of diagnosis lose them, and a date
  of month or year precision comes back as a day.
- Lines of treatment. Each is written as one event; on reading, lines are derived from the events (DOMAIN 2.8).
- Ready-made gene calls; copies and log ratios behind a discrete copy number.
- A gene that the panel of a sample lacks: its cell of the wide copy-number table is NA, and comes back as missing.
- Filters, flags and source lines of variants. Germline variants, unless they are asked for.
- Positions of variants on another build than most: a study of cBioPortal has one build.
- Columns that look like identities or hold dates; ``MUTATION_COUNT`` and ``FRACTION_GENOME_ALTERED``.

``not_exported.tsv`` counts what was left out. Panels are files of the folder: cBioPortal loads them before the study.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import AnalysisError, Findings
from netgen.report.cbioportal_attributes import patient_attributes, sample_attributes
from netgen.report.cbioportal_calls import copy_number_table, main_build, mutation_table, structural_variant_table
from netgen.report.cbioportal_profiles import (
    DATA_TYPES,
    covered_genes,
    listed_profiles,
    write_case_lists,
    write_matrix,
    write_panels,
)
from netgen.report.cbioportal_text import study_identifier, write_attributes, write_meta, write_rows
from netgen.report.cbioportal_timelines import timelines
from netgen.report.run_record import record_run
from netgen.report.write import list_files, output_folder, write_json, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.cohort import Cohort

_GENOMES: Final = {"GRCh37": "hg19", "GRCh38": "hg38"}
# Data type -> alteration type, datatype, data file, name, description.
_PROFILES: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "mutations": ("MUTATION_EXTENDED", "MAF", "data_mutations.txt", "Mutations", "Small variants after filtering."),
    "cna": ("COPY_NUMBER_ALTERATION", "DISCRETE", "data_cna.txt", "Copy number",
            "-2 deep loss, -1 loss, 0 neutral, 1 gain, 2 amplification."),
    "structural_variants": ("STRUCTURAL_VARIANT", "SV", "data_sv.txt", "Structural variants",
                            "Fusions and other structural variants."),
}  # fmt: skip


def write_cbioportal(
    cohort: Cohort, folder: Path, *, germline: bool = False, force: bool = False, command: str = ""
) -> list[str]:
    """Write a cohort as a study folder of cBioPortal.

    Parameters
    ----------
    cohort
        The cohort.
    folder
        Where; it appears complete or not at all.
    germline
        Write germline variants as well: they identify their carriers.
    force
        Replace the results in a folder that is not empty.
    command
        The command line, for the provenance.

    Returns
    -------
    list of str
        Names of the files, sorted.

    Raises
    ------
    AnalysisError
        ``E_NO_PATIENTS`` for a cohort without samples, which cBioPortal cannot load; ``E_OUTPUT_EXISTS`` and
        ``E_OUTPUT_PATH`` as ``write.output_folder``.

    Notes
    -----
    Read back by ``read_cohort``, the folder gives the same patients, samples, alteration matrix and endpoints; see
    ``tests/report/test_cbioportal_export.py``.
    """
    if not len(cohort.samples):
        raise AnalysisError("E_NO_PATIENTS", "a study of cBioPortal needs samples, the cohort has none.")
    left, study_id = Findings(), study_identifier(cohort.study.id or "study")
    with output_folder(folder, force=force) as work:
        write_meta(
            work / "meta_study.txt",
            type_of_cancer=_type_of_cancer(cohort),
            cancer_study_identifier=study_id,
            name=cohort.study.id or study_id,
            description=f"{len(cohort.patients)} patients, {len(cohort.samples)} samples; exported by netgen.",
            reference_genome=_GENOMES[main_build(cohort)],
        )
        _write_clinical(cohort, study_id, work, left)
        _write_calls(cohort, study_id, work, left, germline=germline)
        for name, table in timelines(cohort, left).items():
            _declare(work, f"timeline_{name}", study_id, "CLINICAL", "TIMELINE")
            write_rows(table, work / f"data_timeline_{name}.txt", missing="")
        if cohort.calls is not None:
            left.add(
                "I_ROWS_IGNORED",
                f"Ready-made calls of {len(cohort.calls)} samples have no place in cBioPortal.",
                value="calls",
            )
        write_table(_left_out(left), work / "not_exported.tsv")
        options = {"to": "cbioportal", "germline": germline}
        write_json(record_run(cohort, cohort.findings, command=command, options=options), work / "provenance.json")
        return list_files(work)


def _type_of_cancer(cohort: Cohort) -> str:
    """Return the OncoTree code of all patients as cBioPortal writes it, ``mixed`` if there are several or none."""
    codes = cohort.patients["oncotree_code"].dropna().unique()
    return str(codes[0]).lower() if len(codes) == 1 else "mixed"


def _declare(work: Path, name: str, study_id: str, alteration: str, datatype: str, **more: str) -> None:
    write_meta(
        work / f"meta_{name}.txt",
        cancer_study_identifier=study_id,
        genetic_alteration_type=alteration,
        datatype=datatype,
        **more,
        data_filename=f"data_{name}.txt",
    )


def _write_clinical(cohort: Cohort, study_id: str, work: Path, left: Findings) -> None:
    patients = patient_attributes(cohort, left)
    samples = sample_attributes(cohort, {one.name for one in patients}, left)
    keys = cohort.patients[["patient_id"]].rename(columns=str.upper).reset_index(drop=True)
    write_attributes(keys, patients, work / "data_clinical_patient.txt")
    keys = cohort.samples[["sample_id", "patient_id"]].rename(columns=str.upper).reset_index(drop=True)
    write_attributes(keys, samples, work / "data_clinical_sample.txt")
    _declare(work, "clinical_patient", study_id, "CLINICAL", "PATIENT_ATTRIBUTES")
    _declare(work, "clinical_sample", study_id, "CLINICAL", "SAMPLE_ATTRIBUTES")


def _write_calls(cohort: Cohort, study_id: str, work: Path, left: Findings, *, germline: bool) -> None:
    """Write the data of every type that some sample was profiled for, then panels, matrix and case lists."""
    profiles = listed_profiles(cohort)
    tables = {
        "mutations": mutation_table(cohort, germline=germline, left=left),
        "cna": copy_number_table(cohort, covered_genes(cohort, "cna"), left),
        "structural_variants": structural_variant_table(cohort, germline=germline, left=left),
    }
    carried = [name for name in DATA_TYPES if len(tables[name]) or profiles[name].notna().any()]
    for name in carried:
        alteration, datatype, file, title, text = _PROFILES[name]
        write_rows(tables[name], work / file, missing="NA" if name == "cna" else "")
        _declare(
            work, file.removeprefix("data_").removesuffix(".txt"), study_id, alteration, datatype, stable_id=name,
            show_profile_in_analysis_tab="true", profile_name=title, profile_description=text,
        )  # fmt: skip
    if len(profiles) and carried:
        write_panels(cohort, profiles, work)
        write_matrix(profiles, carried, work)
        _declare(work, "gene_panel_matrix", study_id, "GENE_PANEL_MATRIX", "GENE_PANEL_MATRIX")
    write_case_lists(cohort, profiles, study_id, work)


def _left_out(left: Findings) -> pd.DataFrame:
    """Return what was left out, one row each."""
    return pd.DataFrame(
        [(one.column or one.value, one.message) for one in left], columns=["item", "reason"], dtype="string"
    )
