"""What can go wrong, said once: findings, the collector that gathers them, and the exceptions that end a command.

A *finding* is one fact about the input: what is needed, what was found and where, what to do. Its code is in
``CODES``; the first letter is the severity (E stops the command, W is printed beside the affected result, I is log
only). Readers gather all findings before anything is raised, so that forty bad rows are mended in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

Severity = Literal["E", "W", "I"]

# Code -> the situation that raises it. The catalogue is closed: an unknown code is a bug.
CODES: Final[dict[str, str]] = {
    # errors
    "E_ALTERATION_SYNTAX": "an item of an alterations cell cannot be parsed",
    "E_BUILD_MIXED": "variants of one run are on different genome builds",
    "E_CLUSTER_IGNORED": "lines of one patient would be counted as independent",
    "E_COLUMN_CLASH": "two source columns map to one target",
    "E_COLUMN_MISSING": "a required column is absent",
    "E_CONFIG": "a configuration key or value is not valid",
    "E_DATE_AMBIGUOUS": "day and month cannot be told apart",
    "E_DATE_ORDER": "dates contradict each other",
    "E_DATE_SYNTAX": "a date cannot be read",
    "E_DATE_TWO_DIGIT": "a year has two digits",
    "E_DATE_FUTURE": "a date lies in the future",
    "E_DUP_CONFLICT": "one id has rows that differ",
    "E_ENDPOINT_UNAVAILABLE": "the requested endpoint cannot be derived from the tables",
    "E_ENTRY_UNDECIDED": "delayed entry must be decided by the user",
    "E_FILE_FORMAT": "a file is not what it claims to be",
    "E_FILE_MISSING": "a named file or folder does not exist",
    "E_FOREIGN_KEY": "a row refers to an id that does not exist",
    "E_GENE_EXCEL_DATE": "a gene symbol was turned into a date by a spreadsheet",
    "E_GENE_UNKNOWN": "a requested gene is not in the study",
    "E_ID_SYNTAX": "an identifier has characters outside A-Z a-z 0-9 . _ -",
    "E_IMMORTAL_TIME": "groups defined after baseline are compared from baseline",
    "E_KNOWLEDGE": "a knowledge snapshot does not hold what its manifest says",
    "E_LINE_GAP": "treatment lines are not numbered 1, 2, 3 ...",
    "E_LINE_ORDER": "starts of treatment lines do not increase",
    "E_NO_GENE_POSITIONS": "nothing says where genes lie, so that segments cannot be turned into genes",
    "E_NO_PANEL": "it is not known which genes were sequenced",
    "E_NO_PATIENTS": "there is no patient to show",
    "E_NO_VARIANTS": "no variant row could be used",
    "E_ONCOKB": "OncoKB could not be asked, or its answer could not be read",
    "E_ONCOTREE_UNKNOWN": "a tumour type is neither a code nor a name of OncoTree",
    "E_OUTPUT_EXISTS": "the output folder is not empty",
    "E_OUTPUT_PATH": "results cannot be written there: not a folder, an input file, or no permission",
    "E_PD_BEFORE_START": "a progression is dated on or before the start of its line",
    "E_PD_CONFLICT": "the recorded and the assessed progression differ by more than 28 days",
    "E_RANGE": "a value is outside its permitted range",
    "E_ROW_TRUNCATED": "a row has fewer or more fields than the header",
    "E_RULE": "a rule of actionability cannot be used",
    "E_STATUS_AMBIGUOUS": "a status coding cannot be resolved",
    "E_STATUS_INVERTED": "a status column contradicts a second column about the same event",
    "E_TIME_MIXED": "one patient has both dates and day offsets",
    "E_TIME_UNIT": "the unit of a time column is not known",
    "E_TOO_FEW_EVENTS_MODEL": "fewer than 10 events: no penalised model",
    "E_TOO_MANY_COVARIATES": "more parameters than the events can carry",
    "E_VALUE": "a value is not one of the permitted ones",
    "E_VCF_NOT_ANNOTATED": "a VCF carries no consequence annotation",
    "E_VCF_TUMOUR_UNKNOWN": "the tumour column of a VCF cannot be told",
    "E_VITAL_CONTRADICTION": "a patient is alive and has a date of death",
    # warnings
    "W_ADVANCED_UNKNOWN": "no date of advanced disease: every systemic drug counts as palliative",
    "W_ALIAS_AMBIGUOUS": "a gene alias means more than one gene",
    "W_ALLELE_MISSING": "a variant row has no alternative allele",
    "W_AFTER_CUTOFF": "a date lies after the data cut-off",
    "W_ASSESS_DUP": "two assessments on one date",
    "W_BIOMARKER_CONFLICT": "results of one biomarker differ and nothing decides between them",
    "W_BOR_CONFLICT": "the recorded best response differs from the one the assessments give",
    "W_BUILD_MIXED": "the study has variants on several genome builds",
    "W_BUILD_UNKNOWN": "no genome build is stated",
    "W_CALLS_NO_LEVEL": "a ready-made gene table does not say how a gene is altered: it gives no level of evidence",
    "W_CENSORING_IMBALANCE": "censoring or entry differs between altered and unaltered",
    "W_CHANGE_UNSTATED": "mutations without a protein change: rules on changes cannot be applied",
    "W_CURATIVE_RECLASS": "a curative treatment counts as palliative: the tumour progressed within 6 months of its end",
    "W_CNA_PARTIAL": "a deep loss or an amplification covers too little of a gene to be called",
    "W_COLLECTION_EARLY": "a specimen was collected long before the diagnosis",
    "W_COPY_NUMBER_EQUIVOCAL": "a copy-number call that its laboratory leaves open counts as not measured",
    "W_DATE_CLAMPED": "an imputed date was moved into its admissible interval",
    "W_DEPENDENT_TRUNCATION": "survival depends on the time of entry: delayed entry does not remove the bias",
    "W_DIFFERENTIATION_CONFLICT": "well differentiated but coded as carcinoma",
    "W_DISPERSION": "groups spread differently: a test of their distances may react to that alone",
    "W_DOT_ONGOING": "a descriptive treatment duration leaves out ongoing lines and is too short",
    "W_DRUG_UNKNOWN": "a drug is not in the drug dictionary",
    "W_DRUGS_NOT_USED": "drug records were not made into lines: lines of treatment are given",
    "W_DUP_IDENTICAL": "identical rows, one kept",
    "W_ENDPOINT_INCOMPLETE": "an endpoint has a time without a status, or the reverse",
    "W_DUP_EXCLUDED": "an id with rows that differ was left out, as asked",
    "W_DUP_SUSPECT": "two ids may be one person",
    "W_ENCODING": "a file is not UTF-8 and was read as Latin-1",
    "W_ENDPOINT_PRECOMPUTED": "an endpoint was taken as given and cannot be re-derived",
    "W_ENTRY_AFTER_EXIT": "entry on or after exit: the patient is in no risk set",
    "W_ENTRY_NOT_USED": "entry times were given, but the sequencing context says that they do not count",
    "W_ENTRY_UNDECIDED": "delayed entry is undecided: the flow was counted without it",
    "W_ENTRY_UNKNOWN": "nothing says when patients were sequenced: no delayed entry was applied",
    "W_EVENT_UNDATED": "an event of a timeline or a drug has no start",
    "W_FILE_REPEATED": "two files hold the same content",
    "W_FOLLOW_UP_INFERRED": "the last contact is the last event of a timeline",
    "W_GENE_CONFLICT": "symbol, gene id and position of a row name different genes",
    "W_GENE_NOT_SEQUENCED": "a requested gene was sequenced in no patient",
    "W_GENE_NOT_ON_PANEL": "a variant lies in a gene its panel does not list",
    "W_GENE_UNRESOLVED": "rows whose gene symbol cannot be resolved were left out",
    "W_ID_CASE": "two ids differ only in case",
    "W_KNOWLEDGE_STALE": "a file of a knowledge snapshot is older than 18 months",
    "W_KI67_BORDERLINE": "the Ki-67 range straddles the threshold",
    "W_LINE_END_UNKNOWN": "the last line has no end and is not ongoing",
    "W_LINES_SURVIVAL": "numbers of lines are confounded by survival",
    "W_LINE_OVERLAP": "two lines overlap by more than 28 days",
    "W_LOW_COVERAGE": "fewer than half of the patients were profiled",
    "W_MONOTONE": "the maximum-likelihood hazard ratio is infinite",
    "W_NO_ASSESSMENT": "patients without progression have no assessment: censored at the start of the line",
    "W_NO_EQUIVALENCE": "absence of a significant difference is not evidence of similarity",
    "W_NO_TESTABLE_FEATURE": "no feature can be tested",
    "W_NO_FOLLOW_UP": "treated patients without a last contact have no part in rates over time",
    "W_NON_PH": "hazards are not proportional",
    "W_ONCOTREE_ABBREVIATION": "an OncoTree code is a common abbreviation of another tumour type",
    "W_ONCOTREE_DUODENUM": "OncoTree has no code for neuroendocrine tumours of the duodenum",
    "W_ONCOTREE_MISSING": "patients without an OncoTree code",
    "W_ONCOTREE_RENAMED": "a former or revoked OncoTree code was replaced by the current one",
    "W_ORIGIN_DEGENERATE": "one origin holds all patients or no events",
    "W_ORIGIN_CONFLICT": "the origin and the OncoTree code name different tissues",
    "W_P_CI_DISCORDANT": "the p-value and the confidence interval disagree about the null",
    "W_PANEL_MISMATCH": "groups were profiled with different panels",
    "W_PATHWAY_MAJORITY": "a pathway is called wild type although some of its genes were not profiled",
    "W_PATIENT_UNLINKED": "samples or variants belong to no patient of the clinical table, or the reverse",
    "W_PD_AFTER_NEXT_LINE": "a progression is dated long after the next line began",
    "W_PD_CONFLICT": "the recorded and the assessed progression differ: the earlier was used",
    "W_PD_DATE_MISSING": "a line ended for progression without a date",
    "W_PHI": "a column looks like a name, birth date or record number",
    "W_PROTEIN_CHANGE": "a protein change contradicts the variant class and was left out",
    "W_PROFILE_FROM_CASE_LIST": "what was sequenced is taken from a case list",
    "W_REF_MISMATCH": "variants do not agree with the reference sequence",
    "W_REVIEW_NEC": "TP53 and RB1 altered in a tumour called well differentiated",
    "W_RESP_PR_AFTER_CR": "a partial response follows a complete one",
    "W_RESPONSE_SUSPECT": "a response is recorded beside an early progression",
    "W_RULE_STALE": "a rule of actionability is past its expiry",
    "W_RULE_UNVERIFIED": "a rule of actionability rests on a source that was not looked up",
    "W_SAMPLE_REPEATED": "one sample is in several files with the same variants: each counts once",
    "W_SAMPLE_SWAP": "samples of different patients share their variants",
    "W_SECTION_IGNORED": "a section of a laboratory report is not read",
    "W_SEGMENT_OVERLAP": "segments of one sample overlap",
    "W_SELECTION": "sequenced patients differ from those who were not sequenced",
    "W_SEQUENCING_LEFT_OUT": "genomic files of a source cannot be used and were left out",
    "W_SEQ_AFTER_DEATH": "a laboratory report is dated after death",
    "W_SMALL": "a small cohort: results are exploratory",
    "W_STABILITY_UNRELIABLE": "half-samples have fewer than 8 events: stability selection is unreliable",
    "W_STATUS_SUSPECT": "a status coding disagrees with the dates of death",
    "W_STRATUM_UNINFORMATIVE": "a stratum has fewer than 3 patients or no event",
    "W_SV_NO_GENE": "structural variants of a VCF have no gene at their breakpoints: they count for none",
    "W_SV_PROFILE_UNKNOWN": "nothing says which samples were tested for structural variants",
    "W_SV_UNREADABLE": "a structural variant of a VCF cannot be read, or ends before it begins",
    "W_TAIL": "fewer than 5 patients at risk in the tail of a curve",
    "W_TAU": "the restriction time is beyond what the data carry",
    "W_TIME_INVALID": "a survival time is not a finite number",
    "W_TIME_ZERO": "a survival time of 0 days was set to half a day",
    "W_TMB_DISCORDANT": "a mutational burden of the laboratory differs by more than 30 % from the one recomputed",
    "W_TMB_PANEL_SMALL": "a panel is too small for a mutational burden, or makes it doubtful",
    "W_TMB_TUMOUR_ONLY": "a mutational burden without a matched normal counts leftover germline variants",
    "W_TUMOUR_ONLY_UNFILTERED": "tumour-only sequencing without population frequencies",
    "W_UNIT": "a value was converted to the expected unit",
    "W_VALUE": "a value outside the vocabulary was left missing; its column is kept as it was",
    "W_VARIANT_CLASS_UNKNOWN": "a variant class is not in the vocabulary",
    "W_VARIANT_CLASS_DERIVED": "a blank variant class was derived from the consequence or the protein change",
    "W_VCF_RECORD": "a VCF record has a name, an allele or a genotype that cannot be: the allele is left out",
    "W_VITAL_UNKNOWN": "vital status unknown: censored at the last contact",
    "W_DEATH_DATE_MISSING": "a dead patient has no date of death",
    "W_GRADE_CONFLICT": "the WHO grade disagrees with Ki-67 and mitoses",
    "W_HIGH_DIM": "more than 10 penalised features per event",
    # information
    "I_COLUMN_IGNORED": "a column that the format forbids was passed over",
    "I_COLUMN_MAPPED": "a source column was mapped to a canonical one",
    "I_ENCODING": "a text file is not UTF-8",
    "I_FUSION_GENES": "a breakpoint lies in several genes: the first was used",
    "I_FILE_IGNORED": "files of a folder that are not used",
    "I_FILE_ROLE": "what a file holds was taken from its content",
    "I_LOCALE": "semicolons and decimal commas were detected",
    "I_LOF_CTERM": "a truncation in the last 2.5 % of the protein is not called loss of function",
    "I_ROWS_IGNORED": "rows that carry no data were passed over",
    "I_SHEET": "one of several sheets of a workbook was read",
    "I_STATUS_ASSUMED_SOMATIC": "no mutation status: taken as somatic",
    "I_STATUS_RESOLVED": "a status coding was resolved from the dates of death",
    "I_STRIP": "blanks around a value were removed",
    "I_SYMBOL_RENAMED": "a previous gene symbol was replaced by the current one",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One fact about the input: what is needed, what was found and where, what to do.

    ``row`` is the 1-based line of the file (or row of the sheet). ``rule`` names the cross-table check, if one fired.
    """

    code: str
    message: str
    fix: str = ""
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    rule: str = ""
    patient_id: str = ""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise KeyError(f"unknown message code {self.code!r}: add it to netgen.errors.CODES")

    @property
    def severity(self) -> Severity:
        """Return E, W or I: the first letter of the code."""
        return self.code[0]  # type: ignore[return-value]  # the catalogue holds only these three

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f":{self.row}" if place else f"row {self.row}"
        if self.column:
            place += f" [{self.column}]" if place else f"[{self.column}]"
        head = f"{self.code}: {place}: " if place else f"{self.code}: "
        return head + self.message + (f" {self.fix}" if self.fix else "")


@dataclass
class Findings:
    """Gathers findings in the order in which they were met; the same finding is kept once."""

    items: list[Finding] = field(default_factory=list)
    _seen: set[Finding] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._seen.update(self.items)

    def add(
        self,
        code: str,
        message: str,
        *,
        fix: str = "",
        file: str = "",
        row: int | None = None,
        column: str = "",
        value: object = "",
        rule: str = "",
        patient_id: str = "",
    ) -> None:
        """Add one finding; see :class:`Finding` for the parts."""
        item = Finding(
            code=code,
            message=message,
            fix=fix,
            file=str(file),
            row=None if row is None else int(row),
            column=column,
            value=str(value),
            rule=rule,
            patient_id=str(patient_id),
        )
        self.extend([item])

    def extend(self, other: Iterable[Finding]) -> None:
        """Add findings, each once."""
        for item in other:
            if item not in self._seen:
                self._seen.add(item)
                self.items.append(item)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def of(self, severity: Severity) -> list[Finding]:
        """Return the findings of one severity, in order."""
        return [item for item in self.items if item.severity == severity]

    def codes(self) -> set[str]:
        """Return the codes that occur."""
        return {item.code for item in self.items}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding: severity, code, file, row, column, value, rule, patient_id, message, fix."""
        import pandas as pd

        names = ["severity", *[part.name for part in fields(Finding)]]
        rows = [[getattr(item, name) for name in names] for item in self.items]
        frame = pd.DataFrame(rows, columns=names)
        frame["row"] = frame["row"].astype("Int64")
        order = ["severity", "code", "file", "row", "column", "value", "rule", "patient_id", "message", "fix"]
        return frame[order]

    def raise_errors(self) -> None:
        """Raise ``SchemaError`` with every E finding, if there is one."""
        if self.of("E"):
            raise SchemaError(self)


class NetgenError(Exception):
    """Root of every failure that is the input's or the request's, not a bug."""


class InputError(NetgenError):
    """One problem with one file, so basic that nothing else of it can be checked."""

    def __init__(self, code: str, message: str, *, fix: str = "", file: str = "", row: int | None = None) -> None:
        self.finding = Finding(code=code, message=message, fix=fix, file=str(file), row=row)
        super().__init__(str(self.finding))


class SchemaError(NetgenError):
    """Every problem found in the input, as a collection (``findings``)."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        super().__init__("\n".join(str(item) for item in findings.of("E")))


class AnalysisError(NetgenError):
    """Readable data, impossible request."""

    def __init__(self, code: str, message: str, *, fix: str = "") -> None:
        self.finding = Finding(code=code, message=message, fix=fix)
        super().__init__(str(self.finding))
