"""What the names and results of biomarkers mean: from the words of reports to our markers and results (DOMAIN 1.10).

A result that cannot be read is ``indeterminate``: measured, but no rule may use it. A threshold is applied to nothing
but the mutational burden: a score without its laboratory's verdict is kept as a number.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

INDETERMINATE: Final = "indeterminate"
HER2_SCORES: Final = ("0", "1+", "2+", "3+")
MMR_PROTEINS: Final = ("MLH1", "MSH2", "MSH6", "PMS2")


class Marker(NamedTuple):
    """A marker: its gene if it has one, how a label calls it, the results it can have, names it goes by (folded)."""

    gene: str
    label: str
    results: tuple[str, ...]
    names: tuple[str, ...]


_SIGNS: Final = ("positive", "negative")
_LOSS: Final = ("loss", "retained")
_DEFICIENCY: Final = ("deficient", "proficient")
MARKERS: Final[dict[str, Marker]] = {
    "TMB": Marker("", "TMB", ("high", "low"), (
        "tmb", "tmbnonsynonymous", "tmbscore", "cvrtmbscore", "tumormutationalburden", "tumourmutationalburden",
        "tumormutationburden", "tumourmutationburden", "mutationburden", "tmbstatus")),
    "MSI": Marker("", "MSI", ("MSI-H", "MSS"), (
        "msi", "msitype", "msistatus", "msiscore", "microsatelliteinstability", "microsatellitestatus")),
    "MMR": Marker("", "MMR", _DEFICIENCY, ("mmr", "mmrihc", "mmrstatus", "mismatchrepair", "dmmr")),
    "HRD": Marker("", "HRD", ("high", "low"), (
        "hrd", "hrdscore", "hrdstatus", "gis", "genomicinstabilityscore", "homologousrecombinationdeficiency")),
    "MGMT": Marker("MGMT", "MGMT", _DEFICIENCY, (
        "mgmt", "mgmtihc", "mgmtmeth", "mgmtmethylation", "mgmtpromotermethylation", "mgmtstatus")),
    "SSTR": Marker("", "SSTR-PET", _SIGNS, ("sstr", "sstrpet", "dotatatepet", "dotatocpet", "dotanocpet")),
    "SSTR_SCINTIGRAPHY": Marker("", "SSTR scintigraphy", _SIGNS, ("octreoscan", "sstrscintigraphy")),
    "SSTR2_IHC": Marker("SSTR2", "SSTR2 IHC", _SIGNS, ("sstr2", "sstr2a", "sst2", "sst2a", "sstr2ihc", "sstr2aihc")),
    "DLL3": Marker("DLL3", "DLL3", _SIGNS, ("dll3", "dll3ihc")),
    "HER2": Marker("ERBB2", "HER2", (*HER2_SCORES, "positive", "low", "negative"), (
        "her2", "her2ihc", "her2ihcscore", "ihcher2", "her2neu", "her2status", "erbb2ihc")),
    "HER2_ISH": Marker("ERBB2", "HER2 ISH", _SIGNS, ("her2fish", "her2ish", "her2cish", "erbb2fish", "erbb2ish")),
    "PDL1_CPS": Marker("CD274", "PD-L1 CPS", _SIGNS, ("pdl1cps", "cps")),
    "PDL1_TPS": Marker("CD274", "PD-L1 TPS", _SIGNS, ("pdl1tps", "tps")),
    "PDL1": Marker("CD274", "PD-L1", _SIGNS, ("pdl1", "pdl1ihc", "cd274ihc")),
    "RB1_IHC": Marker("RB1", "RB1 IHC", _LOSS, ("rb1ihc", "rbihc")),
    "ATRX_IHC": Marker("ATRX", "ATRX IHC", _LOSS, ("atrxihc",)),
    "DAXX_IHC": Marker("DAXX", "DAXX IHC", _LOSS, ("daxxihc",)),
    "MENIN_IHC": Marker("MEN1", "menin IHC", _LOSS, ("menin", "meninihc", "men1ihc")),
    "P53_IHC": Marker("TP53", "p53 IHC", ("abnormal", "wild_type"), ("p53ihc", "tp53ihc", "p53")),
    "ALT_TELOMERE": Marker("", "ALT", _SIGNS, ("alttelomere", "alt", "alternativelengtheningoftelomeres")),
    "CGA": Marker("", "CgA", (), ("cga", "chromogranina", "chromogranin")),
    "NSE": Marker("", "NSE", (), ("nse", "neuronspecificenolase")),
}  # fmt: skip
_NAMES: Final = {name: marker for marker, parts in MARKERS.items() for name in parts.names}
_PROTEINS: Final = {f"{protein.lower()}{suffix}": protein for protein in MMR_PROTEINS for suffix in ("", "ihc")}

_POSITIVE: Final = "positive pos present detected expressed high avid yes"
_NEGATIVE: Final = "negative neg absent not_detected no no_expression"
_LOST: Final = "loss lost deficient deficiency absent negative neg lack mutant"
_KEPT: Final = "retained intact preserved normal positive pos present no_loss not_lost proficient expressed wild_type"
_SIGN_WORDS: Final = {"positive": _POSITIVE, "negative": _NEGATIVE}
# Marker -> result -> its words, with "_" for the blanks within one; of MGMT and MMR, by how it was measured.
_WORDS: Final[dict[str, dict[str, str]]] = {
    "TMB": {
        "high": "high tmb_h tmb_high tmbh hypermutated hypermutator ultramutated",
        "low": "low tmb_l tmb_low tmbl not_high",
        INDETERMINATE: "intermediate tmb_i tmb_intermediate",
    },
    "MSI": {
        "MSI-H": "msi_h msih msi_high high msi instable unstable instability microsatellite_instable positive"
        " microsatellite_unstable microsatellite_instability microsatellite_instability_high msi_positive",
        "MSS": "mss stable microsatellite_stable msi_stable microsatellite_stability msi_low msi_l low negative"
        " msi_negative mss_msi_l",
    },
    "MMR": {
        "deficient": "deficient deficiency dmmr d_mmr mmrd mmr_d mmr_deficient mmr_deficiency loss lost abnormal",
        "proficient": "proficient pmmr p_mmr mmrp mmr_p mmr_proficient retained intact preserved normal no_loss"
        " not_lost not_deficient",
    },
    "MGMT_IHC": {
        "deficient": f"{_LOST} low mgmt_deficient mgmt_deficiency methylated mgmt_methylated hypermethylated",
        "proficient": f"{_KEPT} high unmethylated not_methylated non_methylated mgmt_unmethylated mgmt_proficient",
    },
    "MGMT_METH": {
        "deficient": "methylated hypermethylated mgmt_methylated promoter_methylated positive pos present detected"
        " deficient mgmt_deficient mgmt_deficiency loss yes",
        "proficient": "unmethylated not_methylated non_methylated mgmt_unmethylated negative neg absent not_detected"
        " proficient mgmt_proficient intact retained no",
    },
    "HRD": {
        "high": "high positive pos hrd hrd_high hrd_positive deficient hr_deficient",
        "low": "low negative neg hrp hrd_low hrd_negative proficient hr_proficient",
    },
    "HER2": {
        "positive": "positive pos overexpressed overexpression",
        "low": "low ultralow ultra_low",
        "negative": "negative neg",
    },
    "P53_IHC": {
        "abnormal": "abnormal aberrant mutant mutated mutation_type mutated_pattern mutant_pattern overexpression"
        " overexpressed null null_pattern cytoplasmic",
        "wild_type": "wild_type wildtype wt normal wild_type_pattern",
    },
    **{
        name: {"loss": _LOST, "retained": _KEPT}
        for name in ("RB1_IHC", "ATRX_IHC", "DAXX_IHC", "MENIN_IHC", "MMR_PROTEIN")
    },
    **{name: _SIGN_WORDS for name, marker in MARKERS.items() if marker.results == _SIGNS},
}
_LOOK_UP: Final = {
    name: {word.replace("_", " "): result for result, text in words.items() for word in text.split()}
    for name, words in _WORDS.items()
}
# Markers whose number means something without a verdict. A number alone is none for the others.
NUMERIC: Final = frozenset({"TMB", "HRD", "PDL1", "PDL1_CPS", "PDL1_TPS", "DLL3", "SSTR2_IHC"})
# Not measured after all: no row.
_NOT_DONE: Final = frozenset({"not done", "not performed", "not tested", "nd", "na", "n a", "unknown", "pending"})
_UNDECIDED: Final = frozenset({
    "indeterminate", "equivocal", "inconclusive", "borderline", "undetermined", "not evaluable", "ne", "failed",
    "do not report", "cannot be determined", "insufficient", "not interpretable",
})  # fmt: skip
_HER2_SCORE: Final = re.compile(r"(?<![\d.,])([0-3])\s*\+|\bscore\s*([0-3])\b|^([0-3])$")
_HER2_NAMES: Final = re.compile(r"her\s*2(?:\s*neu)?|erbb2|\bihc|immunohistochemistry")
_NUMBER: Final = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?(?![\w.,]*\d)")
_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SIGN: Final = re.compile(r"(?<!\d)[+-]$")
_BOUND: Final = re.compile(r"[<>≤≥]")
_NO_LOSS: Final = re.compile(r"\b(?:no|without|not)\b[\w ]{0,20}\b(?:loss|lost|deficient|absent)\b")
_LOSS_OF: Final = re.compile(r"\b(?:loss|lost|absent|absence|deficient|negative)\b")
_KEPT_ALL: Final = re.compile(r"\b(?:retained|intact|preserved|present|expressed|normal|proficient)\b|no loss")


class Reading(NamedTuple):
    """A result as read: marker and test, result, number within the text, and whether the text was understood."""

    marker: str
    test: str
    result: str
    value: float | None
    understood: bool


def name_marker(name: str, method: str = "") -> tuple[str, str]:
    """Return the marker and the test behind the name of a biomarker.

    Parameters
    ----------
    name
        As the table has it: ``MMR_IHC``, ``MGMT_METH``, ``TMB (nonsynonymous)``, ``MLH1_IHC``.
    method
        How it was measured, if that is stated.

    Returns
    -------
    tuple of str
        Marker of ``MARKERS``, or the name as it is if it is not known; test, which differs from the marker where one
        marker has several: ``MGMT_IHC``, ``MGMT_METH``, ``MMR``, ``MMR:MLH1``.
    """
    folded = re.sub(r"[^a-z0-9]", "", name.casefold())
    how = method.casefold()
    if folded in _PROTEINS:
        return "MMR", f"MMR:{_PROTEINS[folded]}"
    marker = _NAMES.get(folded, name)
    if marker == "MGMT":
        by_methylation = "meth" in folded or re.search(r"meth|pyro|pcr|array", how) is not None
        return marker, "MGMT_METH" if by_methylation else "MGMT_IHC"
    if marker == "HER2" and re.search(r"\b[fcsd]*ish\b", how):
        return "HER2_ISH", "HER2_ISH"
    if marker == "PDL1":
        scale = next((scale for scale in ("CPS", "TPS") if scale.lower() in how), "")
        marker = f"PDL1_{scale}" if scale else marker
    return marker, marker


def read_result(marker: str, test: str, text: str) -> Reading | None:
    """Return what a result in words means.

    Parameters
    ----------
    marker, test
        As ``name_marker`` gives them.
    text
        The result as written; blank = only a number was given.

    Returns
    -------
    Reading or None
        None if nothing was measured ("not done"). ``result`` is one of the marker's, ``indeterminate``, or "" for a
        marker that has none (CgA) and for a number alone of a marker of ``NUMERIC``. A result of mismatch repair within
        a column of MSI, or the reverse, goes to the marker it names.
    """
    words = _plain(text)
    if words in _NOT_DONE:
        return None
    number = _read_number(text)
    nothing = "" if marker in NUMERIC or not _has_results(marker) else INDETERMINATE
    if not words or not _has_results(marker):
        return Reading(marker, test, nothing, number, understood=True)
    if marker == "HER2":
        score = _read_her2(text)
        if score:
            return Reading(marker, test, score, None, understood=True)
    for name, how in _candidates(marker, test):
        result = _look_up(how, words, _plain(_BRACKETS.sub(" ", text))) or (
            _read_mmr(words) if name == "MMR" and name == marker else ""
        )
        if result:
            return Reading(name, name if name != marker else test, result, number, understood=True)
    if words in _UNDECIDED:
        return Reading(marker, test, INDETERMINATE, number, understood=True)
    alone = number is not None and re.search(r"[^\W\d_]{3,}", re.sub(r"(?i)mut\w*|mb|megabase|score", "", text)) is None
    return Reading(marker, test, nothing if alone else INDETERMINATE, number, understood=alone)


def _has_results(marker: str) -> bool:
    return marker in MARKERS and bool(MARKERS[marker].results)


def _candidates(marker: str, test: str) -> list[tuple[str, str]]:
    """Return the markers a result may belong to, with the list of words: its own first."""
    if test.startswith("MMR:"):
        return [(marker, "MMR_PROTEIN")]
    own = [(marker, test if test in _LOOK_UP else marker)]
    other = {"MSI": [("MMR", "MMR")], "MMR": [("MSI", "MSI")]}
    return own + other.get(marker, [])


def _look_up(how: str, words: str, bracketless: str) -> str:
    """Return the result of a text, of it without number, name of the marker or brackets."""
    known = _LOOK_UP.get(how, {})
    short = re.sub(r"\s*\d+(?: \d+)*\s*(?:mut\w*)?\s*(?:mb)?\s*%?$", "", words)
    stem = how.split("_", maxsplit=1)[0].lower()
    bare = re.sub(rf"^(?:{stem}|pd l1)\s+(?:(?:ihc|status|expression|promoter)\s+)?", "", short)
    return next((known[form] for form in (words, short, bare, bracketless) if form in known), "")


def _read_mmr(words: str) -> str:
    """Read "loss of MLH1", "MLH1/PMS2 lost, MSH2/MSH6 retained", "no loss of expression"."""
    named = sum(protein.lower() in words for protein in MMR_PROTEINS)
    if _NO_LOSS.search(words):
        return "proficient" if named in (0, len(MMR_PROTEINS)) else INDETERMINATE
    if _LOSS_OF.search(words):
        return "deficient"
    if _KEPT_ALL.search(words):
        return "proficient" if named in (0, len(MMR_PROTEINS)) else INDETERMINATE
    return ""


def _read_her2(text: str) -> str:
    """Return the score; several of them in one text are indeterminate, none is ""."""
    words = " ".join(_HER2_NAMES.sub(" ", re.sub(r"[/:;()]", " ", text.casefold())).split())
    scores = {next(filter(None, found)) for found in _HER2_SCORE.findall(words)}
    if len(scores) > 1:
        return INDETERMINATE
    return HER2_SCORES[int(scores.pop())] if scores else ""


def _read_number(text: str) -> float | None:
    """Return the number within a text, if there is exactly one and it is no bound."""
    if _BOUND.search(text):
        return None
    found = _NUMBER.findall(text)
    return float(found[0].replace(",", ".")) if len(found) == 1 else None


def _plain(text: str) -> str:
    """Return a text in lower case, with blanks for marks; a sign at the end becomes its word."""
    signed = _SIGN.sub(lambda found: " positive" if found.group() == "+" else " negative", text.strip().casefold())
    return " ".join(re.sub(r"[^\w%]|_", " ", signed).split())
