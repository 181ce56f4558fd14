"""Levels of evidence: many variants, all rules, and as many imported assertions as a knowledge snapshot holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.timing import Line, limit_line, median_time
from netgen.actionability.annotate import Annotation, annotate, load_knowledge
from netgen.actionability.imported import Alternative, Statement, build_table
from netgen.errors import Findings
from netgen.knowledge.snapshot import SnapshotFile
from netgen.schema import TABLES, VARIANTS, conform, empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.actionability.imported import ImportedTable
    from netgen.actionability.rules import Rule

COPIES = 40  # of the rule table, as imported assertions: about as many as CIViC and MOAlmanac have together
CHANGES = ("V600E", "G12C", "G12D", "L858R", "R132H", "M918T", "H1047R", "E17K", "Q61R", "R175H")
CODES = ("PANET", "LUCA", "ALUCA", "TNET", "SBWDNET", "LUAD", "COAD")


def annotation(*, quick: bool) -> list[Line]:
    """Time levels of evidence for 100,000 variants of 2,000 patients."""
    n = 2_000 if quick else 100_000
    knowledge = load_knowledge(today=date(2026, 11, 25), findings=Findings())
    rules = knowledge.rules.rules
    imported = imitate_import(rules)
    tables = simulate_cohort(n, sorted({gene for rule in rules for gene in rule.genes}))
    work = f"levels of evidence, {n:,} variants, {len(rules)} rules and {len(imported.rules):,} imported assertions"

    def run() -> Annotation:
        return annotate(tables, replace(knowledge, imports=(imported,)), findings=Findings())

    found = run()
    note = f"{len(found.hits):,} hits, {len(found.imported):,} imported"
    return [limit_line(work, median_time(run, 3), 10, "s", note=note)]


def imitate_import(rules: Sequence[Rule]) -> ImportedTable:
    """Return the rules as many times as an imported source, each as a statement of its own."""
    statements = [
        Statement(
            id=f"{rule.id}:{copy}", rows=(1,), parts=((Alternative(rule.genes, rule.alteration, rule.origin),),),
            disease="", include=rule.include, therapy=rule.therapy, direction="sensitivity",
            native_direction="Sensitivity", native_level="A",
        )
        for copy in range(COPIES)
        for rule in rules
    ]  # fmt: skip
    file = SnapshotFile(kind="civic", path=Path("x"), source="simulated", version="1", date="2026-11-01",
                        licence="none", sha256="")  # fmt: skip
    none = pd.DataFrame(columns=["id", "row", "reason", "text"])
    return build_table(file, statements, none, records=len(statements))


def simulate_cohort(n: int, rule_genes: list[str]) -> dict[str, pd.DataFrame]:
    """Return tables of a cohort with n variants, half of them in genes of the rules."""
    rng = np.random.default_rng(7)
    ids = [f"P{i}" for i in range(max(n // 50, 20))]
    genes = np.array([*rule_genes, *(f"GENE{i}" for i in range(len(rule_genes)))])
    change = np.where(
        rng.random(n) < 0.2,
        rng.choice(CHANGES, n),
        np.char.add(np.char.add(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), n), rng.integers(1, 900, n).astype(str)), "A"),
    )
    stop = rng.random(n) < 0.2
    variants = pd.DataFrame(
        {
            "sample_id": rng.choice(ids, n),
            "gene": rng.choice(genes, n),
            "variant_class": np.where(stop, "Nonsense_Mutation", "Missense_Mutation"),
            "hgvsp_short": np.where(stop, np.char.add("p.R", np.char.add(rng.integers(1, 900, n).astype(str), "*")),
                                    np.char.add("p.", change)),
        }
    )  # fmt: skip
    out = {name: empty(table) for name, table in TABLES.items()}
    out["germline"] = empty(VARIANTS)
    out["variants"] = conform(variants, VARIANTS)
    out["samples"] = conform(pd.DataFrame({"sample_id": ids, "patient_id": ids}), TABLES["samples"])
    codes = rng.choice(CODES, len(ids))
    out["patients"] = conform(pd.DataFrame({"patient_id": ids, "oncotree_code": codes}), TABLES["patients"])
    return out
