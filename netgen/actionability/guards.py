"""What may be believed of an alteration: loss of function, oncogenic effect, germline origin, unknown significance.

A missense change is evidence of nothing by itself. It satisfies a rule on loss of function or on a functional class
only if a curated table says what it does, and a rule on oncogenic changes only if a table, a hotspot or an imported
call vouches for it (DOMAIN 4.4 step 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.actionability.exon_skipping import POSSIBLE_SKIP
from netgen.actionability.rules import FAMILY
from netgen.genomics.classes import NONSYN, PROMOTER_GENES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netgen.actionability.rules import Rule

UNSTATED: Final = "change_not_stated"
GERMLINE_SUGGESTED: Final = "germline_confirmation_suggested"
ONCOGENIC_CALLS: Final = frozenset({"oncogenic", "likely oncogenic", "pathogenic", "likely pathogenic"})
ALTERING: Final = frozenset(
    {"missense", "nonsense", "frameshift", "inframe_del", "inframe_ins", "delins", "start_loss", "stop_loss"}
)
# Genes that tumours lose: a truncation of one of them is oncogenic; of another gene (KRAS) it is not known to be.
# Roles compared with the cancer gene list of OncoKB (cancerGeneList of 2024-12-19, column "Is Tumor Suppressor Gene";
# Chakravarty D et al. JCO Precis Oncol 2017; Suehnholz SP et al. Cancer Discov 14:49-65, 2024): Yes for every gene here
# (WT1 is an oncogene as well), but for RAD54L, which has no role there; it is one of the 15 genes of homologous
# recombination of PROfound (de Bono J et al. N Engl J Med 382:2091-2102, 2020).
TUMOUR_SUPPRESSORS: Final = frozenset({
    "AMER1", "APC", "ARID1A", "ARID1B", "ARID2", "ASXL1", "ATM", "ATR", "ATRX", "AXIN1", "AXIN2", "B2M", "BAP1",
    "BARD1", "BMPR1A", "BRCA1", "BRCA2", "BRIP1", "CDC73", "CDH1", "CDK12", "CDKN1A", "CDKN1B", "CDKN2A", "CDKN2B",
    "CDKN2C", "CHEK1", "CHEK2", "CIC", "CREBBP", "CUL3", "CYLD", "DAXX", "EP300", "FANCA", "FANCC", "FANCL", "FAT1",
    "FBXW7", "FH", "FLCN", "FUBP1", "KDM5C", "KDM6A", "KEAP1", "KMT2A", "KMT2B", "KMT2C", "KMT2D", "LATS1", "LATS2",
    "MAX", "MEN1", "MLH1", "MSH2", "MSH3", "MSH6", "MUTYH", "NBN", "NF1", "NF2", "NTHL1", "PALB2", "PBRM1", "PHF6",
    "PIK3R1", "PMS2", "POT1", "PPP2R1A", "PTCH1", "PTEN", "RAD51B", "RAD51C", "RAD51D", "RAD54L", "RASA1", "RB1",
    "RBM10", "RNF43", "RUNX1", "SDHA", "SDHAF2", "SDHB", "SDHC", "SDHD", "SETD2", "SMAD2", "SMAD3", "SMAD4", "SMARCA4",
    "SMARCB1", "SOCS1", "STAG2", "STK11", "SUFU", "TET2", "TGFBR2", "TMEM127", "TNFAIP3", "TP53", "TSC1", "TSC2", "VHL",
    "WT1", "ZFHX3",
})  # fmt: skip
_TRUNCATING: Final = frozenset({"nonsense", "frameshift", "splice", "start_loss"})
_INDELS: Final = frozenset({"inframe_del", "inframe_ins", "delins"})
_NEEDS_CURATION: Final = ALTERING - _TRUNCATING
_TEXT: Final = (
    "gene", "partner", "kind", "variant_class", "change", "ref_aa", "change_type", "genomic", "function", "oncogenic",
    "biallelic", "place", "frame", "marker", "result",
)  # fmt: skip
_WHOLE: Final = ("first_aa", "last_aa", "exon", "exon_skip")
SIGNATURE_COLUMNS: Final = (*_TEXT, *_WHOLE, "lof", "hotspot", "value", "vus")
UNKNOWN: Final = -1  # a residue or an exon that is not stated; whether an exon is skipped: 1, 0 or this
VUS_COLUMNS: Final = ("patient_id", "sample_id", "gene", "alteration", "vaf", "reason")


def read_columns(alterations: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return what can be judged of alterations, as arrays without missing values.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``.

    Returns
    -------
    dict of str to ndarray
        ``SIGNATURE_COLUMNS``, one entry per alteration. Missing text is empty, a missing number ``UNKNOWN`` (NaN for
        ``value``), a missing truth value False. ``vus`` is the flag of that name: so called by the laboratory.
    """
    out: dict[str, NDArray[Any]] = {}
    for name in _TEXT:
        out[name] = alterations[name].astype("string").fillna("").to_numpy(dtype=object)
    for name in _WHOLE:
        out[name] = alterations[name].astype("Int64").fillna(UNKNOWN).to_numpy(dtype=np.int64)
    for name in ("lof", "hotspot"):
        out[name] = alterations[name].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    out["value"] = alterations["value"].astype("float64").to_numpy()
    flags = alterations["flags"].astype("string").fillna("")
    out["vus"] = flags.str.contains(r"(?:^|;)vus(?:;|$)").to_numpy(dtype=bool)
    return out


def is_altering(alterations: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which alterations are mutations that alter their gene.

    Parameters
    ----------
    alterations
        Columns of ``SIGNATURE_COLUMNS``, one entry per alteration.

    Returns
    -------
    ndarray of bool
        True by type of change, by class where the change was not stated, for the promoter of TERT and for a skipped
        exon. A silent change, and an intronic one that may matter, is none.
    """
    by_type = np.array([item in ALTERING for item in alterations["change_type"]], dtype=bool)
    by_class = np.array([item in NONSYN for item in alterations["variant_class"]], dtype=bool)
    promoter = np.array([gene in PROMOTER_GENES for gene in alterations["gene"]], dtype=bool)
    promoter &= alterations["change_type"] == "promoter"
    skipped = alterations["exon_skip"] == 1
    altering = by_type | (by_class & (alterations["change_type"] != "silent")) | promoter | skipped
    return np.asarray((alterations["kind"] == "mutation") & altering, dtype=bool)


def is_inactivating(alterations: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which alterations lose the function of their gene.

    Parameters
    ----------
    alterations
        Columns of ``SIGNATURE_COLUMNS``, one entry per alteration.

    Returns
    -------
    ndarray of bool
        True for a homozygous deletion, for what is marked ``lof`` (truncations, disruptive structural variants) and
        for a change that is curated as inactivating. A missense, in-frame or stop-loss change needs the curated table,
        whatever its mark, and so does what the laboratory calls of unknown significance.
    """
    curated = alterations["function"] == "inactivating"
    by_type = np.array([item not in _NEEDS_CURATION for item in alterations["change_type"]], dtype=bool)
    lost = (alterations["kind"] == "homdel") | (alterations["lof"] & by_type & ~alterations["vus"])
    return np.asarray(lost | curated, dtype=bool)


def is_vouched(alterations: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which alterations are vouched for: a curated function, a hotspot, or an imported call.

    Parameters
    ----------
    alterations
        Columns of ``SIGNATURE_COLUMNS``, one entry per alteration.

    Returns
    -------
    ndarray of bool
        Imported calls are those of ``ONCOGENIC_CALLS``, whatever their case; others vouch for nothing.
    """
    called = np.array([text.strip().lower() in ONCOGENIC_CALLS for text in alterations["oncogenic"]], dtype=bool)
    return np.asarray((alterations["function"] != "") | alterations["hotspot"] | called, dtype=bool)


def is_oncogenic(alterations: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which alterations are known to be oncogenic.

    Parameters
    ----------
    alterations
        Columns of ``SIGNATURE_COLUMNS``, one entry per alteration.

    Returns
    -------
    ndarray of bool
        True if vouched for (:func:`is_vouched`), and for loss of function of a gene of ``TUMOUR_SUPPRESSORS``.
    """
    lost = np.array([gene in TUMOUR_SUPPRESSORS for gene in alterations["gene"]], dtype=bool)
    return np.asarray(is_vouched(alterations) | (is_inactivating(alterations) & lost), dtype=bool)


def is_unstated(alterations: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which alterations are mutations of which it is not told what they change.

    Parameters
    ----------
    alterations
        Columns of ``SIGNATURE_COLUMNS``, one entry per alteration.

    Returns
    -------
    ndarray of bool
        True for what alters its gene, but names neither change nor residue. A truncation says enough by its class, an
        insertion or deletion by its exon; a substitution does not.
    """
    unnamed = (alterations["change"] == "") & (alterations["first_aa"] == UNKNOWN)
    told = np.array([one in _TRUNCATING for one in alterations["change_type"]], dtype=bool)
    told |= np.array([one in _INDELS for one in alterations["change_type"]], dtype=bool) & (
        alterations["exon"] != UNKNOWN
    )
    told |= alterations["exon_skip"] == 1
    return np.asarray(is_altering(alterations) & unnamed & ~told, dtype=bool)


def check_origin(wanted: NDArray[Any], found: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs of a rule and an alteration agree in origin, and which would if it were germline.

    Parameters
    ----------
    wanted
        Origin of the rule: somatic, germline or either. Shape (pairs,).
    found
        Origin of the alteration: somatic, germline or unknown. Shape (pairs,).

    Returns
    -------
    tuple of ndarray of bool
        Agreeing pairs: a germline rule needs a germline call, a somatic rule any other. Pairs for which confirmation
        in the germline is suggested: a germline rule without a germline call.
    """
    germline = np.asarray(found == "germline", dtype=bool)
    needs = np.asarray(wanted == "germline", dtype=bool)
    agrees = np.asarray(wanted == "either", dtype=bool) | (needs == germline)
    return agrees, needs & ~germline


def list_vus(alterations: pd.DataFrame, hits: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return the mutations and fusions of genes with rules that no rule could be applied to.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``.
    hits
        Hits of these alterations, ``matching.HIT_COLUMNS``; a hit at any level counts.
    rules
        The rules that were applied; the genes of rules on biomarkers do not count.

    Returns
    -------
    DataFrame
        ``VUS_COLUMNS``, sorted, one row per mutation. ``reason``: ``not_curated`` (nothing says what the change does),
        ``change_not_stated`` (neither does the file name it: rules on changes cannot be applied),
        ``possible_exon_skip`` (RNA decides), ``truncating_without_rule`` or ``oncogenic_without_rule`` (its effect is
        known, but no rule asks for it). Changes that leave the protein as it is are not listed. A fusion of a gene with
        rules on fusions is listed unless its other gene has a hit: ``out_of_frame``, ``wrong_orientation`` (the gene
        stands where its rules do not want it) or ``fusion_without_rule`` (within the gene, or of another partner).
    """
    genes = {gene for rule in rules if FAMILY[rule.alteration.kind] != "biomarker" for gene in rule.genes}
    missed = alterations["gene"].isin(genes) & ~alterations["alteration_id"].isin(hits["alteration_id"])
    rows = alterations[missed.to_numpy(dtype=bool)]
    met = alterations["event"][alterations["alteration_id"].isin(hits["alteration_id"])]
    fused = _judge_fusions(rows, rules).mask(rows["event"].isin(met), "")
    seen = read_columns(rows)
    altering = is_altering(seen)
    kept_open = np.array([POSSIBLE_SKIP in str(flags).split(";") for flags in rows["flags"].fillna("")], dtype=bool)
    cut = np.array([item in _TRUNCATING for item in seen["change_type"]], dtype=bool)
    reasons = {
        "possible_exon_skip": kept_open, "oncogenic_without_rule": is_vouched(seen), "truncating_without_rule": cut,
        UNSTATED: is_unstated(seen),
    }  # fmt: skip
    reason = np.select(list(reasons.values()), list(reasons), "not_curated")
    reason = np.where(altering | kept_open, reason, fused.to_numpy(dtype=str))
    out: pd.DataFrame = rows.assign(reason=pd.Series(reason, index=rows.index, dtype="string"))[reason != ""]
    return out[list(VUS_COLUMNS)].sort_values(list(VUS_COLUMNS), kind="stable").reset_index(drop=True)


def _judge_fusions(rows: pd.DataFrame, rules: Sequence[Rule]) -> pd.Series:
    """Why fusions of genes with rules on fusions met none of them; "" for everything else."""
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        for gene in rule.genes if rule.alteration.kind == "fusion" else ():
            wanted.setdefault(gene, set()).add(rule.alteration.place)
    out = pd.Series("", index=rows.index, dtype="string")
    fusions = rows[
        rows["kind"].eq("fusion").to_numpy(dtype=bool) & rows["gene"].isin(list(wanted)).to_numpy(dtype=bool)
    ]
    for label, gene, place, frame in fusions[["gene", "place", "frame"]].itertuples(name=None):
        turned = place in {"five_prime", "three_prime"} and not wanted[gene] & {place, "any"}
        other = "wrong_orientation" if turned else "fusion_without_rule"
        out[label] = "out_of_frame" if frame == "out_of_frame" else other
    return out
