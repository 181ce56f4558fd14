"""What the columns of the tables of ``netgen actionability`` mean, where rows are made by ``netgen.actionability``."""

from __future__ import annotations

from typing import Final

HIT_MEANINGS: Final[dict[str, str]] = {
    "alteration_id": "number of the alteration in this run",
    "patient_id": "patient",
    "sample_id": "sample; blank for a biomarker of the patient",
    "oncotree_code": "tumour type the rule was judged for: of the sample, else of the patient",
    "gene": "gene, or biomarker",
    "alteration": "protein change, amplification, homozygous deletion, fusion, or result of a biomarker",
    "vaf": "variant allele fraction",
    "origin": "somatic, germline or unknown",
    "rule_id": "rule",
    "row": "row of the rule in the list it was written from",
    "kind": "kind of alteration the rule asks for",
    "specificity": "of rules for one alteration and therapy the most specific one is kept",
    "scope_match": "in_scope, agnostic (any solid tumour), out_of_scope, uncertain (tumour type missing or too broad)",
    "therapy": "drug or combination; blank for diagnostic and prognostic rules",
    "direction": "sensitivity, resistance, reduced, diagnostic, prognostic_poor, prognostic_good, predisposition or"
    " context_dependent",
    "level": "level of evidence for this patient's tumour type",
    "level_in_scope": "level the rule has where it holds",
    "native_oncokb": "OncoKB level, if the source of the rule states one",
    "native_escat": "ESCAT tier, if the source of the rule states one",
    "native_fda": "kind of approval: accelerated or full",
    "approx_oncokb": "approximate equivalent of the level; never an OncoKB assignment",
    "approx_escat": "approximate equivalent; never an ESMO assignment",
    "approx_amp": "approximate AMP/ASCO/CAP tier",
    "approx_civic": "approximate CIViC level",
    "sources": "sources of the rule with their dates",
    "snapshot": "date of the rule",
    "note": "what else the rule says",
    "flags": "codes joined by ;",
    "research_use": "research use only - not a clinical decision tool",
}  # fmt: skip
VUS_MEANINGS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "sample_id": "sample",
    "gene": "gene that rules are about",
    "alteration": "the variant",
    "vaf": "variant allele fraction",
    "reason": "why no rule applies: not_curated, truncating_without_rule, oncogenic_without_rule, possible_exon_skip,"
    " out_of_frame, wrong_orientation, fusion_without_rule; change_not_stated: the file does not say which change",
}
IMPORTED_MEANINGS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "sample_id": "sample",
    "gene": "gene or biomarker",
    "alteration": "the alteration",
    "imported_source": "source of the assertion",
    "imported_version": "its version",
    "imported_licence": "its licence",
    "imported_id": "identifier there",
    "imported_disease": "disease as written there",
    "imported_oncotree": "OncoTree codes of that disease; ? = it does not resolve",
    "imported_scope_match": "in_scope, agnostic, out_of_scope or uncertain for this patient",
    "imported_therapy": "therapies",
    "imported_direction": "what the source says the alteration does",
    "imported_level": "level in the source's own terms",
    "imported_citation": "what the source cites",
    "research_use": "research use only - not a clinical decision tool",
}
