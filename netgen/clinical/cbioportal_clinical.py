"""Clinical files of a cBioPortal study folder: patients, samples, biomarkers and ready-made endpoints.

The files are found by their meta files, else by their names. Four comment rows before the header are usual, but any
number is read; ``PATIENT_ID`` may stand in any column; a study without patient file takes its patients from the
samples. Vital status is that of ``OS_STATUS``, with ``VITAL_STATUS`` where it is blank. Patient facts that a study
keeps in its sample file (grade, site, OncoTree code) are lifted to the patient if all samples agree. Timelines are
read elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import flag_words, fold, fold_name
from netgen.clinical.columns import map_columns
from netgen.clinical.files import RawTable, as_raw_table, keep_rows, read_text_table
from netgen.clinical.recorded_endpoints import parse_recorded_endpoints
from netgen.clinical.table_parser import ParsedTable, ParseOptions, parse_table
from netgen.errors import Findings, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.clinical.recorded_endpoints import RecordedSpec
    from netgen.clinical.table_parser import Mappings

_DATATYPES: Final = {"PATIENT_ATTRIBUTES": "patients", "SAMPLE_ATTRIBUTES": "samples"}
_FILE_NAMES: Final = {"patients": "data_clinical_patient*.txt", "samples": "data_clinical_sample*.txt"}
BANNED: Final = frozenset({"MUTATION_COUNT", "FRACTION_GENOME_ALTERED"})
_VITAL: Final = ("OS_STATUS", "VITAL_STATUS")
_LIFTED: Final = (
    "sex", "age_at_diagnosis", "origin", "oncotree_code", "morphology_icdo3", "differentiation", "who_grade",
    "carcinoid_type", "ki67_pct", "mitotic_count_2mm2", "necrosis", "functional_status", "hereditary_syndrome",
    "stage_at_diagnosis", "smoking", "ecog_ps",
)  # fmt: skip
_KI67: Final = ("ki67_pct", "ki67_low", "ki67_high", "ki67_text")
# Column of a sample file -> biomarker, the column it fills, unit.
_BIOMARKERS: Final = {
    "tmb_nonsynonymous": ("TMB", "value", "mut/Mb"),
    "tmb_score": ("TMB", "value", "mut/Mb"),
    "cvr_tmb_score": ("TMB", "value", "mut/Mb"),
    "msi_type": ("MSI", "result", ""),
    "msi_status": ("MSI", "result", ""),
    "msi_score": ("MSI", "value", ""),
}


@dataclass(frozen=True, kw_only=True)
class CbioportalClinical:
    """Clinical tables of one study folder.

    ``excluded`` has patient_id and reason; ``files`` are the files that were read, with their role.
    """

    patients: pd.DataFrame
    samples: pd.DataFrame
    biomarkers: pd.DataFrame
    recorded_endpoints: pd.DataFrame
    excluded: pd.DataFrame
    files: tuple[tuple[str, Path], ...]


def read_cbioportal_clinical(
    folder: str | Path,
    *,
    findings: Findings,
    paths: Mapping[str, Path] | None = None,
    options: ParseOptions | None = None,
    patient_mapping: Mappings | None = None,
    sample_mapping: Mappings | None = None,
    specs: Sequence[RecordedSpec] | None = None,
) -> CbioportalClinical:
    """Return the clinical tables of a study folder.

    Parameters
    ----------
    folder
        Study folder.
    findings
        Receives everything that is wrong, with file, line and column.
    paths
        Role (patients, samples) -> file, if they are known already; None = look for them.
    options
        How to read the tables; constants fill columns of patients or samples, whichever has them.
    patient_mapping, sample_mapping
        Our column -> source column or columns; they win over what is recognised.
    specs
        Endpoints whose columns the user names; further pairs are found.

    Returns
    -------
    CbioportalClinical
        Tables of the schema; a table the study lacks is empty.

    Raises
    ------
    InputError
        If the folder has neither patient nor sample file, or one cannot be read.
    """
    options = replace(options or ParseOptions(), foreign=True)
    paths = find_clinical_files(Path(folder), findings=findings) if paths is None else paths
    if not paths:
        raise _no_clinical_file(Path(folder))
    raws = {role: _drop_banned(read_text_table(path, findings=findings), findings) for role, path in paths.items()}
    samples = None
    if "samples" in raws:
        limited = _constants_for(options, schema.SAMPLES)
        samples = parse_table(
            raws["samples"], schema.SAMPLES, mapping=sample_mapping, options=limited, findings=findings
        )
    raw = raws.get("patients") or _patients_of_samples(raws["samples"], findings)
    vital = [name for name in _VITAL if name in raw.frame.columns]
    mapping = {**({"vital_status": vital} if vital else {}), **(patient_mapping or {})}
    patients = parse_table(
        raw, schema.PATIENTS, mapping=mapping, options=_constants_for(options, schema.PATIENTS), findings=findings
    )
    recorded = parse_recorded_endpoints(
        raw,
        patient_ids=_kept_ids(patients),
        specs=specs,
        renamed=mapping,
        on_duplicate=options.on_duplicate,
        findings=findings,
    )
    frame, lesions = patients.table, schema.empty(schema.SAMPLES)
    if samples is not None:
        lesions = _complete_samples(samples.table)
        tumours = samples.kept[(lesions["sample_class"] != "normal").to_numpy(dtype=bool, na_value=True)]
        keep = np.isin(np.arange(len(raws["samples"].frame)), tumours)
        frame = _lift(frame, keep_rows(raws["samples"], keep), options, findings)
    return CbioportalClinical(
        patients=frame,
        samples=lesions,
        biomarkers=schema.empty(schema.BIOMARKERS)
        if samples is None
        else _read_biomarkers(raws["samples"], samples, findings),
        recorded_endpoints=recorded,
        excluded=patients.excluded,
        files=tuple(sorted(paths.items())),
    )


def find_clinical_files(folder: Path, *, findings: Findings) -> dict[str, Path]:
    """Return the clinical files of a study folder: role (patients, samples) -> path.

    Parameters
    ----------
    folder
        Study folder.
    findings
        Receives ``E_FILE_MISSING`` for a file that a meta file names and that does not exist.

    Returns
    -------
    dict
        Meta files decide; without them, names do.

    Raises
    ------
    InputError
        If there is neither patient nor sample file.
    """
    found: dict[str, Path] = {}
    for meta in sorted(folder.glob("meta_*.txt")):
        pairs = _read_meta(meta)
        role = _DATATYPES.get(pairs.get("datatype", ""))
        if role is None or pairs.get("genetic_alteration_type") != "CLINICAL":
            continue
        path = folder / Path(pairs.get("data_filename", "")).name
        if path.is_file():
            found.setdefault(role, path)
        else:
            findings.add("E_FILE_MISSING", f"There is no {path.name}, which {meta.name} names.", file=meta.name)
    for role, pattern in _FILE_NAMES.items():
        for path in sorted(folder.glob(pattern)):
            found.setdefault(role, path)
    if not found:
        raise _no_clinical_file(folder)
    return found


def _no_clinical_file(folder: Path) -> InputError:
    return InputError(
        "E_FILE_MISSING",
        "Need data_clinical_patient.txt or data_clinical_sample.txt, found neither.",
        fix="Name the folder that holds meta_study.txt.",
        file=folder.name,
    )


def _read_meta(path: Path) -> dict[str, str]:
    """Return the keys and values of a meta file."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _drop_banned(raw: RawTable, findings: Findings) -> RawTable:
    """Return the table without columns that cBioPortal computes itself."""
    banned = [name for name in raw.frame.columns if str(name).upper() in BANNED]
    for name in banned:
        findings.add("I_COLUMN_IGNORED", f"{name} is computed by cBioPortal; ignored.", file=raw.file, column=str(name))
    return replace(raw, frame=raw.frame.drop(columns=banned)) if banned else raw


def _constants_for(options: ParseOptions, table: schema.Table) -> ParseOptions:
    """Return the options with the constants that a table has columns for."""
    return replace(options, constants={key: value for key, value in options.constants.items() if key in table.names})


def _patients_of_samples(raw: RawTable, findings: Findings) -> RawTable:
    """Return one row per patient of a sample file: id, and columns of endpoints and vital status."""
    source = map_columns(raw, schema.SAMPLES, findings=Findings()).sources.get("patient_id")
    if source is None:
        return keep_rows(replace(raw, frame=raw.frame.iloc[:, :0]), raw.frame.index.to_numpy() < 0)
    findings.add("I_COLUMN_MAPPED", "There is no patient file: patients are those of the samples.", file=raw.file)
    wanted = [*source, *(name for name in raw.frame.columns if _is_outcome(str(name)))]
    small = replace(raw, frame=raw.frame[wanted])
    return keep_rows(small, ~small.frame.duplicated().to_numpy())


def _is_outcome(name: str) -> bool:
    parts = fold_name(name).split("_")
    return name in _VITAL or (len(parts) == 2 and parts[0] in {"os", "pfs", "dfs", "dss", "efs", "rfs", "pfi", "dfi"})


def _kept_ids(parsed: ParsedTable) -> pd.Series:
    """Return patient ids of the raw rows; those left out on request are missing."""
    return parsed.ids.mask(parsed.ids.isin(parsed.excluded["patient_id"]))


def _lift(patients: pd.DataFrame, raw: RawTable, options: ParseOptions, findings: Findings) -> pd.DataFrame:
    """Fill patient columns from the sample file where all samples of the patient agree."""
    columns = map_columns(raw, schema.PATIENTS, findings=Findings())
    source = columns.sources.get("patient_id")
    out = patients.copy()
    asked = replace(options, on_duplicate="exclude", constants={})
    for name in _LIFTED:
        if source is None or name not in columns.sources or name in options.constants:
            continue
        used = [*source, *columns.sources[name]]
        pairs = keep_rows(replace(raw, frame=raw.frame[used]), raw.frame[used].notna().all(axis=1).to_numpy())
        local = Findings()
        parsed = parse_table(pairs, schema.PATIENTS, options=asked, findings=local)
        findings.extend(item for item in local if item.column != "patient_id" and not item.code.startswith("W_DUP"))
        _report_disagreement(parsed, name, columns.sources[name][0], raw.file, findings)
        values = parsed.table.set_index("patient_id")
        for column in _KI67 if name == "ki67_pct" else (name,):
            found = values[column].reindex(out["patient_id"].array)
            out[column] = out[column].fillna(pd.Series(found.array, index=out.index))
    return out


def _report_disagreement(parsed: ParsedTable, name: str, column: str, file: str, findings: Findings) -> None:
    ids = sorted(parsed.excluded["patient_id"])
    if ids:
        findings.add(
            "W_VALUE",
            f"Samples of {len(ids)} patients differ in {column}: {name} was left missing for {', '.join(ids[:5])}"
            f"{' ...' * (len(ids) > 5)}.",
            fix=f"Give {name} in the patient file.",
            file=file,
            column=column,
        )


def _complete_samples(samples: pd.DataFrame) -> pd.DataFrame:
    """Return samples with class and site: what a study does not call normal or plasma is a tumour."""
    out = samples.copy()
    names = {fold_name(str(name)): str(name) for name in out.columns}
    words = out[names["sample_type_original"]] if "sample_type_original" in names else out.get("SAMPLE_TYPE")
    said_normal = pd.Series(data=False, index=out.index)
    if words is not None:
        said_normal = pd.Series(flag_words(words, lambda word: "normal" in fold(word)), index=out.index)
    guess = pd.Series("tumour", index=out.index, dtype="string").mask(said_normal, "normal")
    out["sample_class"] = out["sample_class"].fillna(guess)
    metastatic, primary = (names.get(name) for name in ("metastatic_site", "primary_site"))
    is_metastasis = (out["sample_type"] == "metastasis").fillna(value=False)
    for name, rows in ((metastatic, is_metastasis), (primary, ~is_metastasis)):
        if name is not None:
            out["collection_site"] = out["collection_site"].mask(rows & out["collection_site"].isna(), out[name])
    return out


def _read_biomarkers(raw: RawTable, samples: ParsedTable, findings: Findings) -> pd.DataFrame:
    """Return the biomarkers of a sample file in long form, sorted by sample."""
    parts = []
    for name in map(str, raw.frame.columns):
        if fold_name(name) in _BIOMARKERS:
            biomarker, kind, unit = _BIOMARKERS[fold_name(name)]
            rows = raw.frame[name].notna().to_numpy()
            parts.append(pd.DataFrame({
                "patient_id": samples.ids[rows].array,
                "sample_id": raw.frame.loc[rows, samples.columns.sources["sample_id"][0]].array,
                "biomarker": biomarker,
                kind: raw.frame.loc[rows, name].array,
                "unit": unit,
                "method": name,
                "row": raw.rows[rows].array,
            }))  # fmt: skip
    if not parts or "sample_id" not in samples.columns.sources:
        return schema.empty(schema.BIOMARKERS)
    table = pd.concat(parts, ignore_index=True).sort_values(["sample_id", "method"], kind="stable", ignore_index=True)
    long = as_raw_table(table.drop(columns="row"), file=raw.file, rows=table["row"])
    options = ParseOptions(foreign=True)
    frame = parse_table(long, schema.BIOMARKERS, options=options, findings=findings).table
    return frame[frame["value"].notna() | frame["result"].notna()].reset_index(drop=True)
