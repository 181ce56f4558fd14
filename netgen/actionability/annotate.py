"""Levels of evidence for the alterations of a cohort: its tables, the rules and what was imported, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.actionability.alterations import gather_alterations
from netgen.actionability.biomarkers import flag_possible_dmmr, gather_biomarkers
from netgen.actionability.guards import UNSTATED
from netgen.actionability.import_oncokb import read_oncokb_columns
from netgen.actionability.imported import match_imported
from netgen.actionability.imports import import_table
from netgen.actionability.levels import COUNTED
from netgen.actionability.matching import list_vus, match_rules
from netgen.actionability.rules_check import check_rules
from netgen.actionability.rules_file import read_rules
from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.features import HIT_COLUMNS as FEATURE_COLUMNS
from netgen.genomics.tmb import estimate_tmb
from netgen.knowledge.gene_symbols import read_gene_aliases, read_gene_symbols
from netgen.knowledge.hotspot_table import read_hotspots
from netgen.knowledge.oncotree import check_code, load_oncotree
from netgen.knowledge.snapshot import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from netgen.actionability.imported import ImportedTable
    from netgen.actionability.rules import RuleTable
    from netgen.knowledge.oncotree import OncoTree
    from netgen.knowledge.snapshot import Snapshot, SnapshotFile

IMPORTED_KINDS: Final = ("civic", "moalmanac", "cgi")
_FEATURE_KINDS: Final = {
    "mutation": "mutation", "amplification": "amplification", "homdel": "homozygous_deletion", "fusion": "fusion",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What levels of evidence are taken from.

    Attributes
    ----------
    rules
        The rule table.
    tree
        Tumour types.
    imports
        Assertions of other sources, shown beside the rules and never counted.
    snapshot
        The knowledge snapshot; None = what ships with netgen.
    """

    rules: RuleTable
    tree: OncoTree
    imports: tuple[ImportedTable, ...] = ()
    snapshot: Snapshot | None = None


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """The alterations of a cohort with their levels of evidence.

    Attributes
    ----------
    patients, samples
        The tables that were given, with current OncoTree codes.
    alterations
        One row per alteration and gene, and per measured biomarker, ``alterations.ALTERATION_COLUMNS``.
    hits
        One row per alteration, rule and therapy, ``matching.HIT_COLUMNS``.
    vus
        Variants of genes with rules that no rule could be applied to, with the reason.
    imported
        Assertions of imported sources that match, ``imported.IMPORTED_COLUMNS``.
    knowledge
        Rules, tumour types and imports that were used.
    """

    patients: pd.DataFrame
    samples: pd.DataFrame
    alterations: pd.DataFrame
    hits: pd.DataFrame
    vus: pd.DataFrame
    imported: pd.DataFrame
    knowledge: Knowledge


def load_knowledge(
    rules: Path | None = None,
    folder: Path | None = None,
    *,
    today: date,
    findings: Findings,
    every_warning: bool = False,
) -> Knowledge:
    """Return rules, tumour types and imports, checked.

    Parameters
    ----------
    rules
        A rule table; None = that of the snapshot, or the one that ships.
    folder
        A knowledge snapshot, ``knowledge.snapshot``; None = no imports, and the tumour types that ship.
    today
        The day on which rules and files may be stale.
    findings
        Collects what is wrong with rules and files.
    every_warning
        Also W_RULE_UNVERIFIED: for who writes rules; a hit of such a rule says so itself.

    Returns
    -------
    Knowledge
        Ready to be applied.

    Raises
    ------
    InputError
        If a file does not exist or is not what it claims to be.
    SchemaError
        With every rule that cannot be used.
    """
    snapshot = None if folder is None else read_snapshot(folder, findings=findings, today=today)
    findings.raise_errors()
    tree = load_oncotree(snapshot)
    named = () if snapshot is None else snapshot.of("rules")
    table = read_rules(rules or (named[0].path if named else None), findings=findings)
    found = Findings()
    check_rules(table, tree=tree, known_genes=_known_genes(snapshot), today=today, findings=found)
    findings.extend(item for item in found if every_warning or item.code != "W_RULE_UNVERIFIED")
    findings.raise_errors()
    files = () if snapshot is None else snapshot.files
    imports = [import_table(file, tree, files) for kind in IMPORTED_KINDS for file in files if file.kind == kind]
    return Knowledge(rules=table, tree=tree, imports=tuple(imports), snapshot=snapshot)


def check_rule_table(
    rules: Path | None = None, folder: Path | None = None, *, today: date
) -> tuple[RuleTable | None, Findings]:
    """Return a rule table with everything that is wrong with it.

    Parameters
    ----------
    rules
        A rule table; None = that of the snapshot, or the one that ships.
    folder
        A knowledge snapshot with tumour types and genes; None = the tumour types that ship, genes are not checked.
    today
        The day on which rules may be stale.

    Returns
    -------
    tuple[RuleTable or None, Findings]
        None if the file cannot be read at all.
    """
    findings = Findings()
    try:
        loaded = load_knowledge(rules, folder, today=today, findings=findings, every_warning=True)
    except SchemaError as error:
        return None, error.findings
    except InputError as error:
        known = [item for item in findings if item != error.finding]  # it may have been collected and raised
        return None, Findings([*known, error.finding])
    return loaded.rules, findings


def describe_snapshot(folder: Path, findings: Findings, *, today: date) -> list[str]:
    """Return what a knowledge snapshot holds, one line per file, with what could not be represented.

    Parameters
    ----------
    folder
        The snapshot.
    findings
        Collects what is wrong with it: a file that is not what its kind says has no line.
    today
        The day on which rules and files may be stale.

    Returns
    -------
    list of str
        Kind, source, version, date and licence; for imports the assertions that can be matched and those that cannot.
    """
    snapshot = read_snapshot(folder, findings=findings, today=today)
    tree, lines = load_oncotree(snapshot), []
    for file in snapshot.files:
        try:
            holds = _describe_file(file, snapshot, tree, today, findings)
        except InputError as error:
            findings.extend([error.finding])
        else:
            lines.append(f"{file.kind}: {file.source} {file.version}, {file.date}, {file.licence}{holds}")
    return lines


def _describe_file(file: SnapshotFile, snapshot: Snapshot, tree: OncoTree, today: date, findings: Findings) -> str:
    """Say what is in a file: the number of rules, symbols or assertions."""
    if file.kind == "rules":
        rules = read_rules(file.path, findings=findings)
        check_rules(rules, tree=tree, known_genes=_known_genes(snapshot), today=today, findings=findings)
        return f": {len(rules.rules)} rules"
    if file.kind == "genes":
        return f": {len(read_gene_symbols(file.path))} symbols"
    if file.kind == "gene_aliases":
        return f": {len(read_gene_aliases(file.path))} other names"
    if file.kind == "hotspots":
        return f": {len(read_hotspots(file.path))} hot spots"
    if file.kind not in IMPORTED_KINDS:
        return ""
    table = import_table(file, tree, snapshot.files)
    reasons = table.rejected["reason"].value_counts()
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    rejected = f"; {len(table.rejected)} rows cannot be represented ({told})" if told else ""
    return f": {table.details['record'].nunique()} assertions{rejected}"


def describe_knowledge(knowledge: Knowledge) -> dict[str, Any]:
    """Return the versions of rules, tumour types and imports, for plans and provenance.

    Parameters
    ----------
    knowledge
        What was applied.

    Returns
    -------
    dict
        ``rules``, ``oncotree`` and ``imports``, plain values.
    """
    rules, tree = knowledge.rules, knowledge.tree
    return {
        "rules": {"name": rules.name, "snapshot": rules.snapshot, "sha256": rules.sha256, "n": len(rules.rules)},
        "oncotree": {"source": tree.source, "version": tree.version, "date": tree.date, "licence": tree.licence},
        "imports": [
            {"source": one.source, "version": one.version, "date": one.date, "licence": one.licence,
             "n": one.details["record"].nunique(), "n_rejected": len(one.rejected)}
            for one in knowledge.imports
        ],
    }  # fmt: skip


def annotate(
    tables: Mapping[str, pd.DataFrame], knowledge: Knowledge, *, oncokb_token_env: str = "", findings: Findings
) -> Annotation:
    """Return what the rules say about the alterations of a cohort.

    Parameters
    ----------
    tables
        By name, as ``netgen.schema`` declares them: patients, samples, profiles, panels, variants, germline (as
        variants), copy_number, fusions, biomarkers, imaging, treatments.
    knowledge
        What to apply.
    oncokb_token_env
        Name of the environment variable that holds a token for OncoKB: its service is asked, too. Genes, changes and
        OncoTree codes leave the machine, identifiers do not. Blank = nobody is asked.
    findings
        Collects E_ONCOTREE_UNKNOWN, W_ONCOTREE_MISSING, W_CHANGE_UNSTATED and what the biomarkers give.

    Returns
    -------
    Annotation
        Alterations, hits, variants of unknown significance, imported assertions.

    Raises
    ------
    SchemaError
        If a tumour type does not resolve: nothing is guessed.
    """
    patients = _resolve_types(tables["patients"], knowledge.tree, findings)
    samples = _resolve_types(tables["samples"], knowledge.tree, findings)
    findings.raise_errors()
    _report_types(patients, samples, findings)
    names = ("variants", "germline", "copy_number", "fusions")
    altered = gather_alterations(samples, *(tables[name] for name in names), findings=findings)
    tmb = estimate_tmb(
        tables["variants"], tables["profiles"], tables["panels"], findings=findings,
        matched_normal=samples.set_index("sample_id")["matched_normal"],
    )  # fmt: skip
    markers = gather_biomarkers(
        samples, tables["biomarkers"], tables["imaging"], tmb, tables["treatments"], findings=findings
    )
    alterations = pd.concat([altered, markers], ignore_index=True) if len(markers) else altered
    alterations = flag_possible_dmmr(alterations)
    alterations["alteration_id"] = range(len(alterations))
    alterations["oncotree_code"] = alterations["sample_id"].map(samples.set_index("sample_id")["oncotree_code"])
    known = patients.set_index("patient_id")
    hits = match_rules(alterations, known, knowledge.rules.rules, knowledge.tree)
    imported = [
        *(match_imported(alterations, known, table, knowledge.tree) for table in knowledge.imports),
        *(read_oncokb_columns(tables[name], samples, known, knowledge.tree) for name in ("variants", "germline")),
    ]
    if oncokb_token_env:
        from netgen.actionability.oncokb_client import ask_oncokb

        imported.append(ask_oncokb(alterations, known, knowledge.tree, token_env=oncokb_token_env, findings=findings))
    vus = list_vus(alterations, hits, knowledge.rules.rules)
    _report_unstated(vus, findings)
    return Annotation(
        patients=patients,
        samples=samples,
        alterations=alterations,
        hits=hits,
        vus=vus,
        imported=pd.concat(imported, ignore_index=True),
        knowledge=knowledge,
    )


def list_features(annotation: Annotation, feature_type: str) -> pd.DataFrame:
    """Return the rows that rules make count as altered, for the alteration matrix.

    Parameters
    ----------
    annotation
        Of the cohort.
    feature_type
        ``driver``: somatic mutations with a hit of a rule that asks for more than any mutation. ``actionable``: somatic
        alterations with a hit for sensitivity at a counted level (N1, N2, N3A, N3B) for the tumour type of the
        patient, and no resistance to that therapy.

    Returns
    -------
    DataFrame
        ``genomics.features.HIT_COLUMNS``, and ``certain``: False where the tumour type is missing or too broad to say
        whether a rule at such a level holds.
    """
    hits, altered = annotation.hits, annotation.alterations
    certain = pd.Series(data=True, index=hits.index)
    if feature_type == "actionable":
        resisted = hits["flags"].str.contains("resistance_cooccurrence", regex=False).fillna(value=False)
        hits = hits[(hits["direction"] == "sensitivity") & hits["level_in_scope"].isin(COUNTED) & ~resisted]
        certain = hits["scope_match"] != "uncertain"
        hits = hits[~certain | hits["level"].isin(COUNTED)]
    else:
        hits = hits[hits["kind"] != "any_mutation"]
    sure = set(hits.loc[certain.reindex(hits.index), "alteration_id"])
    rows = altered[altered["alteration_id"].isin(hits["alteration_id"]) & altered["kind"].isin(list(_FEATURE_KINDS))]
    rows = rows[rows["origin"] != "germline"]
    if feature_type == "driver":
        rows = rows[rows["kind"] == "mutation"]
    told = rows.assign(kind=rows["kind"].map(_FEATURE_KINDS), label=rows["alteration"])
    out = told[list(FEATURE_COLUMNS)].assign(certain=rows["alteration_id"].isin(sure))
    return out.reset_index(drop=True)


def _known_genes(snapshot: Snapshot | None) -> frozenset[str] | None:
    """Symbols of the snapshot's gene table; None = it has none, symbols are not checked."""
    files = () if snapshot is None else snapshot.of("genes")
    return frozenset().union(*(read_gene_symbols(file.path) for file in files)) if files else None


def _resolve_types(frame: pd.DataFrame, tree: OncoTree, findings: Findings) -> pd.DataFrame:
    """Replace former codes and names by current codes; one that does not resolve is an error, once per spelling."""
    current = {
        text: check_code(tree, text, findings=findings) for text in sorted(frame["oncotree_code"].dropna().unique())
    }
    return frame.assign(oncotree_code=frame["oncotree_code"].map(current).astype("string"))


def _report_unstated(vus: pd.DataFrame, findings: Findings) -> None:
    """Say of how many mutations the file does not name the change: what no rule found there is not negative."""
    rows = vus[vus["reason"] == UNSTATED]
    if len(rows):
        genes = rows["gene"].value_counts()
        named = sorted(genes.index, key=lambda gene: (-int(genes[gene]), gene))[:5]
        findings.add(
            "W_CHANGE_UNSTATED",
            f"{len(rows)} mutations of genes with rules name no protein change (most in {', '.join(named)}): rules on "
            "changes cannot be applied to them, and who has none of their hits is not negative.",
            fix="Annotate the variants, so that the file has a column of protein changes (HGVSp_Short).",
            column="hgvsp_short",
        )


def _report_types(patients: pd.DataFrame, samples: pd.DataFrame, findings: Findings) -> None:
    """Warn of patients without a tumour type, be it of their own or of all their samples, and of duodenal tumours."""
    tumours = samples[~samples["sample_class"].isin(["normal"])]
    open_ = set(tumours.loc[tumours["oncotree_code"].isna(), "patient_id"])
    told = patients["patient_id"].isin(set(tumours["patient_id"]) - open_)
    missing = int((patients["oncotree_code"].isna() & ~told).sum())
    if missing:
        findings.add(
            "W_ONCOTREE_MISSING",
            f"{missing} of {len(patients)} patients have no OncoTree code: rules for a tumour type are uncertain.",
            fix='Give oncotree_code as a column, or per source: set = { oncotree_code = "PANET" }.',
            column="oncotree_code",
        )
    duodenal = int((patients["origin"] == "duodenal").sum())
    if duodenal:
        findings.add(
            "W_ONCOTREE_DUODENUM",
            f"OncoTree has no code for neuroendocrine tumours of the duodenum, the origin of {duodenal} patients.",
            fix="Use SBWDNET: rules for tumours of the small bowel hold for them.",
            column="oncotree_code",
        )
