"""The vocabulary: every table and column of a cohort, declared once.

A table is a plain DataFrame. ``conform`` gives it the declared columns in the declared order and types and keeps extra
columns behind them; ``check_values`` reports every value outside the declared range or vocabulary. Missing values are
``pd.NA`` (text, whole numbers, truth values), ``NaN`` (decimals) and ``NaT`` (dates).

Dates are ``datetime64[ns]`` at midnight. A data set that gives day offsets instead of dates has them as days after
1970-01-01 and ``time_base = "offset"`` in ``patients``, so that all arithmetic is the same. Every date column ``x`` has
a companion ``x_precision`` (day, month, year).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from netgen.errors import Findings

Kind = Literal["str", "int", "float", "bool", "date", "list"]

DTYPES: Final[dict[str, str]] = {
    "str": "string",
    "int": "Int64",
    "float": "float64",
    "bool": "boolean",
    "date": "datetime64[ns]",
    "list": "string",  # items joined by ";"
}

ORIGIN_GROUP3: Final[dict[str, str]] = {
    "thymic": "thymic",
    "lung": "lung",
    "duodenal": "duodenopancreatic",
    "pancreatic": "duodenopancreatic",
    "duodenopancreatic": "duodenopancreatic",
}
ORIGIN_GROUP2: Final[dict[str, str]] = {
    "thymic": "thoracic",
    "lung": "thoracic",
    "duodenal": "duodenopancreatic",
    "pancreatic": "duodenopancreatic",
    "duodenopancreatic": "duodenopancreatic",
}
# Responses from best to worst; the first four are disease control.
RESPONSES: Final[tuple[str, ...]] = ("CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE", "ND")
REGIMEN_CLASSES: Final[tuple[str, ...]] = (
    "ssa", "prrt", "chemo_alkylating", "chemo_platinum", "chemo_other", "mtor_inhibitor", "tki_antiangiogenic", "ici",
    "targeted_matched", "locoregional_liver", "surgery", "radiotherapy", "trial_other", "watch_and_wait",
    "best_supportive_care",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind, meaning, unit, permitted values or range, and whether a row needs it."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is, its key, its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return the declaration of one column; KeyError if there is none."""
        for item in self.columns:
            if item.name == name:
                return item
        raise KeyError(name)

    @property
    def names(self) -> list[str]:
        """Column names in order, without the precision companions."""
        return [item.name for item in self.columns]


def _date(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, "date", meaning, required=required)


PATIENTS: Final = Table(
    "patients", "one patient", ("patient_id",),
    (
        Column("patient_id", "str", "identifier, [A-Za-z0-9._-]+", required=True),
        Column("sex", "str", "sex", values=("female", "male", "other", "unknown")),
        Column("age_at_diagnosis", "float", "age at diagnosis", "years", low=0, high=120),
        _date("birth_date", "date of birth"),
        Column("origin", "str", "primary tumour site", values=(*ORIGIN_GROUP3, "other", "unknown")),
        Column("oncotree_code", "str", "OncoTree code"),
        Column("morphology_icdo3", "str", "ICD-O-3 morphology"),
        Column("differentiation", "str", "differentiation", values=("well", "poor", "mixed", "unknown")),
        Column("who_grade", "str", "WHO grade", values=("G1", "G2", "G3", "NEC")),
        Column("carcinoid_type", "str", "carcinoid type", values=("typical", "atypical", "nos", "na")),
        Column("ki67_pct", "float", "Ki-67 index", "%", low=0, high=100),
        Column("ki67_low", "float", "lower bound of Ki-67", "%", low=0, high=100),
        Column("ki67_high", "float", "upper bound of Ki-67", "%", low=0, high=100),
        Column("ki67_text", "str", "Ki-67 as written"),
        Column("mitotic_count_2mm2", "float", "mitoses", "per 2 mm2", low=0),
        Column("necrosis", "bool", "necrosis seen"),
        Column("functional_status", "str", "function", values=("functional", "non_functional", "unknown")),
        Column("hereditary_syndrome", "str", "syndrome",
               values=("none", "MEN1", "MEN4", "VHL", "NF1", "TSC", "other", "unknown")),
        Column("stage_at_diagnosis", "str", "AJCC 8 stage group or TNM"),
        Column("synchronous_metastases", "bool", "metastases at diagnosis"),
        Column("metastatic_sites", "list", "sites of metastases"),
        Column("ecog_ps", "int", "ECOG performance status at line 1", low=0, high=4),
        Column("smoking", "str", "smoking", values=("never", "former", "current", "unknown")),
        _date("date_diagnosis", "first histological diagnosis"),
        _date("date_advanced", "first unresectable or metastatic disease"),
        _date("date_last_contact", "last date known alive"),
        Column("vital_status", "str", "vital status", values=("alive", "dead", "unknown")),
        _date("date_death", "date of death"),
        Column("cause_of_death", "str", "cause of death", values=("tumour", "treatment", "other", "unknown")),
        _date("date_data_cutoff", "administrative end of observation"),
        Column("institution", "str", "institution"),
        Column("time_base", "str", "what the dates are", values=("calendar", "offset")),
    ),
)  # fmt: skip

SAMPLES: Final = Table(
    "samples", "one specimen that was or may have been sequenced", ("sample_id",),
    (
        Column("sample_id", "str", "identifier, unique in the study", required=True),
        Column("patient_id", "str", "patient", required=True),
        Column("sample_class", "str", "material", values=("tumour", "normal", "cfdna")),
        Column("sample_type", "str", "lesion", values=("primary", "local_recurrence", "metastasis", "unknown")),
        Column("collection_site", "str", "organ"),
        _date("date_collection", "collection"),
        _date("date_sequencing_report", "the result was available"),
        Column("sequencing_context", "str", "why it was sequenced",
               values=("clinical", "research_retrospective", "unknown")),
        Column("specimen_type", "str", "preservation", values=("ffpe", "fresh_frozen", "cytology", "blood")),
        Column("tumour_purity", "float", "tumour purity", "fraction", low=0, high=1),
        Column("matched_normal", "bool", "a matched normal was sequenced"),
        Column("genome_build", "str", "genome build", values=("GRCh37", "GRCh38")),
        Column("panel_id", "str", "panel for all profiles"),
        Column("oncotree_code", "str", "OncoTree code of the sample"),
    ),
)  # fmt: skip

PANELS: Final = Table(
    "panels", "one assay", ("panel_id",),
    (
        Column("panel_id", "str", "identifier", required=True),
        Column("name", "str", "name"),
        Column("assay_type", "str", "assay", values=("panel", "wes", "wgs", "rna_fusion", "ihc", "fish", "pcr")),
        Column("size_mb", "float", "territory", "Mb", low=0),
        Column("profiles", "list", "mutations, cna, structural_variants"),
        Column("genes_mode", "str", "listed genes, or every protein-coding gene", values=("list", "all")),
    ),
)  # fmt: skip

PANEL_GENES: Final = Table(
    "panel_genes", "one gene of one panel", ("panel_id", "gene"),
    (
        Column("panel_id", "str", "panel", required=True),
        Column("gene", "str", "current symbol", required=True),
        Column("profile", "str", "only this profile; blank = all of the panel"),
        Column("partial", "bool", "only hot-spot regions are covered"),
    ),
)  # fmt: skip

# What says that a sample was profiled, and for which genes.
PROFILE_SOURCES: Final[dict[str, str]] = {
    "panel_matrix": "the gene panel matrix of a study folder",
    "sample_table": "the panel named in the sample table",
    "meta_file": "the panel named in the meta file of the profile",
    "panel_file": "a declared gene panel file or gene list",
    "bed": "a declared BED file",
    "assay": "a declared whole exome or genome",
    "case_list": "a case list; the genes are those of the profile",
    "sequenced_samples": "the #sequenced_samples line of a MAF; the genes are those of the profile",
    "file": "the data file itself, for the genes that it holds",
    "assumed": "assume_profiled: genes seen anywhere in the source",
}

PROFILES: Final = Table(
    "profiles", "one sample: the panel behind each data type, missing = not profiled", ("sample_id",),
    (
        Column("sample_id", "str", "sample", required=True),
        Column("mutations", "str", "panel_id for mutations"),
        Column("cna", "str", "panel_id for copy number"),
        Column("structural_variants", "str", "panel_id for structural variants"),
        Column("mutations_source", "str", "what says so", values=tuple(PROFILE_SOURCES)),
        Column("cna_source", "str", "what says so", values=tuple(PROFILE_SOURCES)),
        Column("structural_variants_source", "str", "what says so", values=tuple(PROFILE_SOURCES)),
    ),
)  # fmt: skip

VARIANTS: Final = Table(
    "variants", "one small variant in one sample", (),
    (
        Column("sample_id", "str", "sample", required=True),
        Column("gene", "str", "current symbol", required=True),
        Column("entrez_gene_id", "int", "NCBI gene id"),
        Column("build", "str", "genome build", values=("GRCh37", "GRCh38")),
        Column("chrom", "str", "chromosome without chr; M"),
        Column("pos", "int", "1-based position of the first reference base; for an insertion, the base behind it"),
        Column("ref", "str", "trimmed reference allele, - for none"),
        Column("alt", "str", "trimmed alternative allele, - for none"),
        Column("variant_class", "str", "MAF Variant_Classification", required=True),
        Column("hgvsp_short", "str", "protein change, p. with one-letter residues"),
        Column("hgvsc", "str", "coding change"),
        Column("transcript_id", "str", "transcript of the consequence"),
        Column("t_alt_count", "int", "reads with the alternative allele", low=0),
        Column("t_ref_count", "int", "reads with the reference allele", low=0),
        Column("vaf", "float", "variant allele fraction", "fraction", low=0, high=1),
        Column("mutation_status", "str", "somatic, germline or blank"),
        Column("filter", "str", "caller's filter"),
        Column("gnomad_af", "float", "largest population frequency", "fraction", low=0, high=1),
        Column("cbp_driver", "str", "cBioPortal driver annotation"),
        Column("oncogenic", "str", "imported OncoKB call"),
        Column("hotspot", "bool", "known hot spot"),
        Column("flags", "list", "possible_germline, lof_cterm, gene_not_on_panel ..."),
        Column("file", "str", "source file"),
        Column("row", "int", "line in the source file"),
    ),
)  # fmt: skip

COPY_NUMBER: Final = Table(
    "copy_number", "one gene in one sample", ("sample_id", "gene"),
    (
        Column("sample_id", "str", "sample", required=True),
        Column("gene", "str", "current symbol", required=True),
        Column("value", "float", "-2 homozygous deletion ... 2 amplification; -1.5 counts as -2", low=-2, high=2),
        Column("total_copy_number", "float", "copies of the gene in a tumour cell", "copies", low=0),
        Column("minor_copy_number", "float", "copies of the rarer allele; 0 = loss of heterozygosity", "copies", low=0),
        Column("log2", "float", "log2 of the copy ratio, not corrected for purity", "log2 ratio"),
        Column("partial", "bool", "a deep loss or amplification touches the gene, but too little of it to be called"),
        Column("method", "str", "what the value rests on", values=("discrete", "copies", "log2")),
        Column("file", "str", "source file"),
        Column("row", "int", "line in the source file"),
    ),
)  # fmt: skip

FUSIONS: Final = Table(
    "fusions", "one structural variant in one sample", (),
    (
        Column("sample_id", "str", "sample", required=True),
        Column("gene1", "str", "first partner"),
        Column("gene2", "str", "second partner"),
        Column("sv_class", "str", "class",
               values=("DELETION", "DUPLICATION", "INSERTION", "INVERSION", "TRANSLOCATION", "FUSION", "UNKNOWN")),
        Column("status", "str", "somatic or germline", values=("SOMATIC", "GERMLINE")),
        Column("frame", "str", "effect on frame", values=("In_frame", "Out_of_frame", "Frameshift", "Unknown")),
        Column("orientation", "str", "five-prime partner first, three-prime partner second; blank = not stated",
               values=("gene1_gene2", "gene2_gene1")),
        Column("notation", "str", "FIVE::THREE where the orientation is stated"),
        Column("build", "str", "genome build", values=("GRCh37", "GRCh38")),
        Column("chrom1", "str", "chromosome of the first breakpoint, without chr; M"),
        Column("pos1", "int", "position of the first breakpoint, 1-based", low=0),
        Column("chrom2", "str", "chromosome of the second breakpoint"),
        Column("pos2", "int", "position of the second breakpoint, 1-based", low=0),
        Column("dna_support", "bool", "seen in DNA"),
        Column("rna_support", "bool", "seen in RNA"),
        Column("split_reads", "int", "reads of the tumour across the junction", low=0),
        Column("pair_reads", "int", "read pairs of the tumour around the junction", low=0),
        Column("filter", "str", "caller's filter"),
        Column("event_info", "str", "text of the source"),
        Column("file", "str", "source file"),
        Column("row", "int", "line in the source file"),
    ),
)  # fmt: skip

TREATMENTS: Final = Table(
    "treatments", "one line of treatment", ("patient_id", "line_number"),
    (
        Column("patient_id", "str", "patient", required=True),
        Column("line_number", "int", "1, 2, 3 ... within palliative intent", low=1, required=True),
        Column("intent", "str", "intent", values=("palliative", "neoadjuvant", "adjuvant", "local_only")),
        Column("regimen", "str", "drugs joined by +"),
        Column("regimen_class", "str", "class", values=REGIMEN_CLASSES),
        _date("date_start", "start", required=True),
        _date("date_end", "end"),
        Column("ongoing", "bool", "ongoing at data cut-off"),
        Column("end_reason", "str", "why it ended",
               values=("progression", "toxicity", "completion", "death", "patient_choice", "physician_choice", "lost",
                       "other", "unknown")),
        Column("best_response", "str", "recorded best response", values=RESPONSES),
        _date("date_progression", "first progression of the line"),
        Column("progression_type", "str", "how it was seen",
               values=("radiological", "clinical", "biochemical", "unknown")),
    ),
)  # fmt: skip

# What was given, drug by drug; lines of treatment are derived from it where a source gives none (DOMAIN 1.7, 2.8).
DRUGS: Final = Table(
    "drugs", "one period of one drug, or one local procedure", (),
    (
        Column("patient_id", "str", "patient", required=True),
        Column("drug", "str", "drug, regimen or procedure, by any name of the drug dictionary", required=True),
        _date("date_start", "first day", required=True),
        _date("date_end", "last day; blank = not known, or still given"),
        Column("ongoing", "bool", "ongoing at data cut-off"),
        Column("route", "str", "route"),
        Column("intent", "str", "intent", values=("palliative", "neoadjuvant", "adjuvant", "local_only")),
        Column("drug_class", "str", "class of a drug that the dictionary does not have", values=REGIMEN_CLASSES),
        Column("background_ssa", "bool", "a somatostatin analogue for the syndrome, not against the tumour"),
        Column("end_reason", "str", "why it ended",
               values=("progression", "toxicity", "completion", "death", "patient_choice", "physician_choice", "lost",
                       "other", "unknown")),
    ),
)  # fmt: skip

ASSESSMENTS: Final = Table(
    "assessments", "one tumour assessment", (),
    (
        Column("patient_id", "str", "patient", required=True),
        _date("date", "date", required=True),
        Column("line_number", "int", "line it belongs to", low=1),
        Column("criteria", "str", "criteria",
               values=("RECIST1.1", "mRECIST", "Choi", "iRECIST", "PERCIST", "clinician")),
        Column("overall_response", "str", "response", values=RESPONSES, required=True),
        Column("modality", "str", "modality", values=("CT", "MRI", "FDG_PET", "SSTR_PET", "US", "clinical")),
        Column("sum_diameters_mm", "float", "sum of target diameters", "mm", low=0),
        Column("new_lesion", "bool", "new lesion"),
        Column("is_baseline", "bool", "before treatment"),
    ),
)  # fmt: skip

IMAGING: Final = Table(
    "imaging", "one diagnostic procedure", (),
    (
        Column("patient_id", "str", "patient", required=True),
        _date("date", "date", required=True),
        Column("modality", "str", "modality",
               values=("CT", "MRI", "FDG_PET", "SSTR_PET", "octreoscan", "EUS", "bronchoscopy", "biopsy",
                       "surgery_specimen"), required=True),
        Column("tracer", "str", "tracer"),
        Column("result", "str", "result", values=("positive", "negative", "equivocal")),
        Column("suv_max", "float", "largest standardised uptake value", low=0),
        Column("krenning", "int", "Krenning score", low=0, high=4),
        Column("netpet", "str", "NETPET class", values=("P0", "P1", "P2", "P3", "P4", "P5")),
    ),
)  # fmt: skip

BIOMARKERS: Final = Table(
    "biomarkers", "one laboratory result", (),
    (
        Column("patient_id", "str", "patient", required=True),
        Column("sample_id", "str", "sample"),
        Column("biomarker", "str", "name", required=True),
        Column("value", "float", "numeric value"),
        Column("unit", "str", "unit"),
        Column("result", "str", "text result"),
        Column("method", "str", "method"),
        _date("date", "date"),
    ),
)  # fmt: skip

# Endpoints that the source gives ready-made (X_STATUS / X_MONTHS pairs, columns named in study.toml).
RECORDED_ENDPOINTS: Final = Table(
    "recorded_endpoints", "one endpoint of one patient, as the source gives it", ("patient_id", "endpoint"),
    (
        Column("patient_id", "str", "patient", required=True),
        Column("endpoint", "str", "os, pfs ... in lower case", required=True),
        Column("time_days", "float", "time from the source's origin", "days"),
        Column("event", "bool", "True if it happened; missing = status missing"),
        Column("entry_days", "float", "delayed entry, same origin", "days"),
        Column("time_text", "str", "time as written"),
        Column("status_text", "str", "status as written"),
        Column("file", "str", "source file"),
        Column("row", "int", "line in the source file"),
    ),
)  # fmt: skip

TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        PATIENTS, SAMPLES, PANELS, PANEL_GENES, PROFILES, VARIANTS, COPY_NUMBER, FUSIONS, TREATMENTS, DRUGS,
        ASSESSMENTS, IMAGING, BIOMARKERS, RECORDED_ENDPOINTS,
    )
}  # fmt: skip


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return ``frame`` with every declared column, in the declared order and type, extra columns behind them.

    A declared column that is absent is added empty; a date column gets its ``_precision`` companion. Values are cast,
    not parsed: text that is not yet a number or date is a programming error and raises ``ValueError``.

    Parameters
    ----------
    frame
        Some or all of the columns.
    table
        The declaration.

    Returns
    -------
    DataFrame
        Rows numbered from 0.
    """
    parts: dict[str, pd.Series] = {}
    for column in table.columns:
        parts[column.name] = _cast(frame, column.name, column.kind)
        if column.kind == "date":
            companion = f"{column.name}_precision"
            parts[companion] = _cast(frame, companion, "str")
    for name in frame.columns:
        if name not in parts:
            parts[str(name)] = frame[name]
    out = pd.DataFrame(parts, index=frame.index)
    return out.reset_index(drop=True)


def _cast(frame: pd.DataFrame, name: str, kind: Kind) -> pd.Series:
    dtype: Any = DTYPES[kind]
    if name in frame.columns:
        return frame[name].astype(dtype)
    return pd.Series(index=frame.index, dtype=dtype, name=name)


def empty(table: Table) -> pd.DataFrame:
    """Return a table without rows.

    Parameters
    ----------
    table
        The declaration.

    Returns
    -------
    DataFrame
        Every declared column, in its type.
    """
    return conform(pd.DataFrame(), table)


def check_values(
    frame: pd.DataFrame, table: Table, findings: Findings, *, file: str = "", rows: pd.Series | None = None
) -> None:
    """Report every value outside its declared range or vocabulary, and every blank in a required column.

    ``rows`` holds the source line of each row (same index); without it the row's position from 1 is given. Nothing is
    changed: the caller decides what becomes of the rows.

    Parameters
    ----------
    frame
        Conforms to ``table``.
    table
        The declaration.
    findings
        Receives E_VALUE and E_RANGE.
    file
        Where the rows come from.
    rows
        Source line of each row; None = position from 1.
    """
    for column in table.columns:
        values = frame[column.name]
        for place in np.flatnonzero(_bad(values, column)):
            raw = values.iloc[place]
            missing = bool(pd.isna(raw))
            findings.add(
                "E_VALUE" if missing or column.values else "E_RANGE",
                _needs(column) + (", found nothing." if missing else f", found {raw}."),
                file=file,
                row=_line(rows, int(place)),
                column=column.name,
                value="" if missing else raw,
                rule="V16" if not missing and not column.values else "",
            )


def _line(rows: pd.Series | None, place: int) -> int:
    """Return the source line of a row, or its position from 1."""
    known = rows is not None and not pd.isna(rows.iloc[place])
    return int(rows.iloc[place]) if rows is not None and known else place + 1


def _bad(values: pd.Series, column: Column) -> np.ndarray:
    present = values.notna().to_numpy()
    bad = np.zeros(len(values), dtype=bool)
    if column.required:
        bad |= ~present
    if column.values:
        bad |= present & ~values.isin(column.values).to_numpy(dtype=bool, na_value=False)
    if column.low is not None:
        bad |= present & (values < column.low).to_numpy(dtype=bool, na_value=False)
    if column.high is not None:
        bad |= present & (values > column.high).to_numpy(dtype=bool, na_value=False)
    return bad


def _needs(column: Column) -> str:
    if column.values:
        return f"{column.name} must be one of {', '.join(column.values)}"
    if column.low is not None and column.high is not None:
        return f"{column.name} must be between {column.low:g} and {column.high:g}"
    if column.low is not None:
        return f"{column.name} must be at least {column.low:g}"
    return f"{column.name} is required"
