"""Every alteration of a cohort in one table: what the rules of actionability are applied to.

One row per alteration and gene; a fusion of two genes has two rows that share ``event``. Small variants, copy number
and structural variants are described in ``small_variants`` and ``gene_events``; measured biomarkers have the same
columns (``biomarkers``). Text that does not apply is "", never missing, so that equal alterations have equal rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.actionability.biallelic import call_biallelic, list_loh
from netgen.actionability.gene_events import list_copy_number, list_fusions
from netgen.actionability.small_variants import list_small_variants
from netgen.schema import Column, Table, conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.errors import Findings

KINDS: Final = ("mutation", "amplification", "homdel", "fusion", "biomarker")
ALTERATIONS: Final = Table(
    "alterations", "one alteration of one gene in one sample, or one measured biomarker", ("alteration_id",),
    (
        Column("alteration_id", "int", "number of the row, from 0", required=True),
        Column("event", "int", "number of the event: the two rows of a fusion share it", required=True),
        Column("patient_id", "str", "patient", required=True),
        Column("sample_id", "str", "sample", required=True),
        Column("gene", "str", "current symbol", required=True),
        Column("partner", "str", "other gene of a fusion; the gene itself if the event lies within it"),
        Column("kind", "str", "kind of alteration", values=KINDS, required=True),
        Column("alteration", "str", "name for people: p.V600E, amplification, ETV6::NTRK3, TMB 12.1"),
        Column("variant_class", "str", "MAF class of a variant, class of a structural variant"),
        Column("change", "str", "protein change in one spelling, without p."),
        Column("ref_aa", "str", "first residue that changes, one letter"),
        Column("first_aa", "int", "first residue", low=1),
        Column("last_aa", "int", "last residue", low=1),
        Column("change_type", "str", "type of change, rules.CHANGE_TYPES"),
        Column("exon", "int", "exon, where stated", low=1),
        Column("exon_skip", "bool", "the exon is skipped; missing = it may be"),
        Column("genomic", "str", "build:chromosome:position:reference:alternative, - for no base"),
        Column("lof", "bool", "loss of function (DOMAIN 1.4.2)"),
        Column("function", "str", "curated effect: activating, inactivating"),
        Column("hotspot", "bool", "known hot spot, as imported"),
        Column("oncogenic", "str", "OncoKB call, as imported"),
        Column("biallelic", "str", "both copies are lost: yes, probable"),
        Column("origin", "str", "where it arose", values=("somatic", "germline", "unknown")),
        Column("vaf", "float", "variant allele fraction", "fraction", low=0, high=1),
        Column("place", "str", "place in a fusion", values=("five_prime", "three_prime", "unknown")),
        Column("frame", "str", "reading frame of a fusion", values=("in_frame", "out_of_frame", "unknown")),
        Column("marker", "str", "name of a biomarker"),
        Column("result", "str", "its result in words"),
        Column("value", "float", "its value"),
        Column("flags", "list", "vus, lof_cterm, effect_unspecified, possible_exon_skip, intragenic ..."),
        Column("file", "str", "source file"),
        Column("row", "int", "line in the source file"),
    ),
)  # fmt: skip
ALTERATION_COLUMNS: Final = tuple(ALTERATIONS.names)
_TEXT: Final = tuple(
    column.name for column in ALTERATIONS.columns if column.kind in {"str", "list"} and not column.required
)
_ORDER: Final = ["patient_id", "sample_id", "gene", "kind", "alteration", "partner", "origin", "file", "row", "source"]


def gather_alterations(
    samples: pd.DataFrame,
    variants: pd.DataFrame | None,
    germline: pd.DataFrame | None,
    copy_number: pd.DataFrame | None,
    fusions: pd.DataFrame | None,
    *,
    findings: Findings,
    functions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return every alteration of a cohort, one row per alteration and gene.

    Parameters
    ----------
    samples
        ``schema.SAMPLES``: patient of each sample, ``tumour_purity``, ``genome_build`` for variants that state none.
    variants, germline
        ``schema.VARIANTS``, filtered (``genomics.filters``); None = no such table.
    copy_number, fusions
        ``schema.COPY_NUMBER``, ``schema.FUSIONS``; None = no such table.
    findings
        Collects I_ROWS_IGNORED (rows without a gene, variants that change no protein) and W_PATIENT_UNLINKED (samples
        that are not in ``samples``).
    functions
        Curated effects, ``functional.index_functions``; those that ship if None.

    Returns
    -------
    DataFrame
        Columns ``ALTERATION_COLUMNS``, sorted by patient, sample, gene, kind and name; ``alteration_id`` counts rows.

    Notes
    -----
    Witnesses in ``tests/actionability/test_alterations.py``.
    """
    parts = []
    for table, is_germline in ((variants, False), (germline, True)):
        if table is not None and len(table):
            usable = _with_gene(_fill_build(table, samples), findings)
            rows = list_small_variants(usable, germline=is_germline, functions=functions)
            _report_silent(len(usable) - len(rows), findings)
            parts.append(rows)
    if copy_number is not None and len(copy_number):
        parts.append(_with_gene(list_copy_number(copy_number), findings))
    if fusions is not None and len(fusions):
        parts.append(list_fusions(_with_gene(fusions, findings, ["gene1", "gene2"])))
    rows = _join(parts, samples, findings)
    loh = list_loh(variants, copy_number)
    purity = samples.set_index("sample_id")["tumour_purity"] if "tumour_purity" in samples else pd.Series(dtype=float)
    return rows.assign(biallelic=call_biallelic(rows, purity=purity, loh=loh))


def conform_alterations(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with exactly ``ALTERATION_COLUMNS``, in their types.

    Parameters
    ----------
    frame
        Some or all of the columns; others are left out.

    Returns
    -------
    DataFrame
        Rows numbered from 0. Absent text is "", ``place`` and ``frame`` of what is no fusion too; absent numbers and
        truth values are missing, but ``lof`` is false.
    """
    out = conform(frame[[name for name in frame.columns if name in ALTERATION_COLUMNS]], ALTERATIONS)
    text = {name: out[name].fillna("") for name in _TEXT}
    return out.assign(**text, lof=out["lof"].fillna(value=False).astype(bool))


def _join(parts: list[pd.DataFrame], samples: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Stack the kinds, find the patients, sort, number rows and events."""
    patient = samples.set_index("sample_id")["patient_id"]
    tables = []
    for source, part in enumerate(parts):
        known = part["sample_id"].isin(patient.index).to_numpy(dtype=bool)
        _report_unlinked(part.loc[~known, "sample_id"], findings)
        linked = part[known]
        event = linked["event"] if "event" in linked else range(len(linked))
        rows = conform_alterations(linked.assign(event=event, patient_id=linked["sample_id"].map(patient)))
        tables.append(rows.assign(source=source))
    rows = pd.concat(tables, ignore_index=True) if tables else conform_alterations(pd.DataFrame()).assign(source=0)
    rows = rows.sort_values([*_ORDER, "event"], kind="stable", ignore_index=True)
    events = rows.groupby(["source", "event"], sort=False).ngroup()
    return rows.assign(alteration_id=range(len(rows)), event=events)[list(ALTERATION_COLUMNS)]


def _fill_build(variants: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    if "genome_build" not in samples or variants["build"].notna().all():
        return variants
    build = variants["sample_id"].map(samples.set_index("sample_id")["genome_build"])
    return variants.assign(build=variants["build"].fillna(build.astype("string")))


def _with_gene(rows: pd.DataFrame, findings: Findings, columns: Sequence[str] = ("gene",)) -> pd.DataFrame:
    named = rows[[*columns]].notna().any(axis=1).to_numpy(dtype=bool)
    if not named.all():
        findings.add("I_ROWS_IGNORED", f"{int((~named).sum())} alterations name no gene and were passed over.")
    return rows[named]


def _report_silent(n: int, findings: Findings) -> None:
    if n:
        findings.add("I_ROWS_IGNORED", f"{n} variants that change no protein are not matched with rules.")


def _report_unlinked(samples: pd.Series, findings: Findings) -> None:
    if len(samples):
        names = sorted(samples.dropna().unique())
        findings.add(
            "W_PATIENT_UNLINKED",
            f"{len(samples)} alterations are of {len(names)} samples that are not in the sample table, and were left"
            f" out: {', '.join(names[:5])}.",
            fix="Add the samples, with their patients.",
            column="sample_id",
        )
