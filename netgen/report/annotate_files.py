"""``netgen annotate``: what sequencing files hold, as one table per kind of alteration, with what each alteration does.

Small variants are written as a table, as a MAF, or into copies of the VCFs they came from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.actionability.levels import RESEARCH_USE, best_level
from netgen.derive import annotate_cohort, describe_evidence
from netgen.errors import AnalysisError, Findings
from netgen.genomics.coverage_ledger import build_coverage
from netgen.genomics.maf_write import write_maf
from netgen.genomics.recognise import recognise
from netgen.genomics.vcf_sites import write_sites_vcf
from netgen.genomics.vcf_write import write_annotated_vcf
from netgen.report.run_record import record_run
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.actionability.annotate import Annotation
    from netgen.cohort import Cohort

FORMATS: Final = ("tsv", "maf", "vcf")
LEVEL_COLUMNS: Final[dict[str, str]] = {
    "best_level": "best level of evidence for sensitivity, for the tumour type of the sample",
    "therapies": "therapies of that level, joined by ;",
}
_KEY: Final = ["sample_id", "gene", "file", "row"]
_TABLES: Final = ("germline", "copy_number", "fusions", "biomarkers")  # written if they have rows


def write_annotation(
    cohort: Cohort,
    out: Path,
    *,
    formats: Sequence[str] = ("tsv",),
    rules: Path | None = None,
    force: bool = False,
    command: str = "",
) -> pd.DataFrame:
    """Write the alterations of a cohort with what they do into a folder.

    Parameters
    ----------
    cohort
        The cohort; ``read_cohort`` of files alone makes a patient of every sample.
    out
        The folder; it appears complete or not at all.
    formats
        Of small variants: tsv (always written), maf, and vcf (a copy of every VCF with ``NETGEN_`` fields; variants of
        other files as ``variants.BUILD.vcf``).
    rules
        A rule table; None = that of the study, of the snapshot, or the one that ships.
    force
        Replace the results in a folder that is not empty.
    command
        The command line, for the provenance.

    Returns
    -------
    DataFrame
        ``schema.VARIANTS`` and ``LEVEL_COLUMNS``: the rows of ``variants.tsv``.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` for an unknown format; ``E_OUTPUT_EXISTS`` if the folder holds something and ``force`` is off.
    SchemaError
        If a rule cannot be used, or a tumour type does not resolve.
    """
    unknown = sorted(set(formats).difference(FORMATS))
    if unknown:
        raise AnalysisError("E_CONFIG", f"variants are written as {', '.join(FORMATS)}, found {', '.join(unknown)}.")
    findings = Findings(list(cohort.findings))
    annotation = annotate_cohort(cohort, rules=rules, findings=findings)
    variants = add_best_level(cohort.variants, annotation)
    with output_folder(out, force=force) as folder:
        write_table(variants, folder / "variants.tsv")
        for name in _TABLES:
            if len(getattr(cohort, name)):
                write_table(getattr(cohort, name), folder / f"{name}.tsv")
        write_table(coverage_of(cohort, variants), folder / "coverage.tsv")
        write_table(cohort.variant_qc, folder / "variant_qc.tsv")
        write_table(annotation.hits.assign(research_use=RESEARCH_USE), folder / "actionability.tsv")
        if "maf" in formats:
            sequenced = cohort.profiles.loc[cohort.profiles["mutations"].notna(), "sample_id"]
            write_maf(variants, folder / "variants.maf", sequenced_samples=sorted(sequenced))
        if "vcf" in formats:
            _write_vcfs(cohort, variants, folder, findings)
        warned = findings.to_frame()
        write_table(warned.loc[warned["severity"] == "W"].drop(columns="severity"), folder / "warnings.tsv")
        options = {"formats": list(formats), "evidence": describe_evidence(cohort)}
        write_json(
            record_run(cohort, findings, command=command, options=options, seed=None), folder / "provenance.json"
        )
    return variants


def add_best_level(variants: pd.DataFrame, annotation: Annotation) -> pd.DataFrame:
    """Return variants with the best level of evidence of each.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``.
    annotation
        Of ``derive.annotate_cohort``.

    Returns
    -------
    DataFrame
        ``LEVEL_COLUMNS`` behind the columns; missing where no rule for sensitivity holds.
    """
    hits = annotation.hits.loc[annotation.hits["direction"] == "sensitivity", ["alteration_id", "level", "therapy"]]
    rows = hits.merge(annotation.alterations[["alteration_id", *_KEY]], on="alteration_id")
    told = []
    for key, own in rows.groupby(_KEY, sort=True, dropna=False):
        best = best_level(own["level"])
        therapies = sorted(own.loc[own["level"] == best, "therapy"].dropna().unique())
        told.append((*key, best, ";".join(therapies)))
    levels = pd.DataFrame(told, columns=[*_KEY, *LEVEL_COLUMNS])
    levels = levels.astype({name: variants[name].dtype for name in _KEY} | dict.fromkeys(LEVEL_COLUMNS, "string"))
    return variants.merge(levels, on=_KEY, how="left", validate="many_to_one")


def coverage_of(cohort: Cohort, variants: pd.DataFrame) -> pd.DataFrame:
    """Return the coverage ledger of a cohort.

    Parameters
    ----------
    cohort
        The cohort.
    variants
        Variants whose genes are among the rows, beside those that panels list.

    Returns
    -------
    DataFrame
        See ``coverage_ledger.build_coverage``. A whole exome or genome lists no genes: those that occur are told.
    """
    occurring = {gene for frame in (variants, cohort.copy_number) for gene in frame["gene"].dropna()}
    fused = {gene for side in ("gene1", "gene2") for gene in cohort.fusions[side].dropna()}
    genes = {*occurring, *fused, *cohort.panel_genes["gene"]}
    return build_coverage(
        samples=cohort.samples, profiles=cohort.profiles, panels=cohort.panels, panel_genes=cohort.panel_genes,
        copy_number=cohort.copy_number, calls=cohort.calls, patients=cohort.patients["patient_id"], genes=sorted(genes),
    )  # fmt: skip


def _write_vcfs(cohort: Cohort, variants: pd.DataFrame, folder: Path, findings: Findings) -> None:
    """Write a copy of every VCF, and one VCF per build of the variants that come from other files."""
    sources = [Path(item.path) for item in cohort.inputs if item.role == "vcf" and recognise(Path(item.path)) == "vcf"]
    for source in sources:
        stem = re.sub(r"\.(vcf|bcf)(\.b?gz)?$", "", source.name, flags=re.IGNORECASE)
        target = folder / file_name(f"{stem}.annotated.vcf")
        while target.exists():  # a file of the same name in another folder
            target = target.with_name(f"_{target.name}")
        write_annotated_vcf(source, variants, target, extra=LEVEL_COLUMNS)
    rest = variants.loc[~variants["file"].isin([str(source) for source in sources])]
    for build, rows in rest.groupby(rest["build"].fillna("unknown_build"), sort=True):
        write_sites_vcf(
            rows, folder / f"variants.{build}.vcf", findings=findings, extra=LEVEL_COLUMNS,
            fasta=cohort.study.reference.fasta,
        )  # fmt: skip


def render_annotation(cohort: Cohort, variants: pd.DataFrame, out: Path) -> str:
    """Return what the command prints.

    Parameters
    ----------
    cohort
        The cohort.
    variants
        Of :func:`write_annotation`.
    out
        Where it was written.

    Returns
    -------
    str
        Files by kind, samples, alterations, what was dropped by reason, levels, the folder.
    """
    kinds = pd.Series([item.role for item in cohort.inputs], dtype="string").value_counts().sort_index()
    files = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    altered = int((cohort.copy_number["value"].abs() >= 1.5).sum())
    genes = variants["gene"].nunique()
    lines = [
        f"Files: {files}. Samples: {len(cohort.samples)}.",
        (
            f"{_counted(len(variants), 'small variant')} in {_counted(genes, 'gene')}, "
            f"{_counted(len(cohort.fusions), 'structural variant')}, "
            f"{_counted(altered, 'amplification or homozygous deletion', 'amplifications and homozygous deletions')}; "
            f"germline {len(cohort.germline)}."
        ),
    ]
    dropped = cohort.variant_qc.groupby("reason")["n"].sum().sort_values(ascending=False)
    if len(dropped):
        lines.append("Left out: " + ", ".join(f"{n} {str(why).replace('_', ' ')}" for why, n in dropped.items()) + ".")
    told = variants["best_level"].value_counts().sort_index()
    levels = ", ".join(f"{level} {n}" for level, n in told.items()) or "none"
    lines.append(f"Small variants by best level of evidence: {levels}; hits of all kinds are in actionability.tsv.")
    return "\n".join([*lines, f"Results in {out}"])


def _counted(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
