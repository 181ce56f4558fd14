"""Measured biomarkers in the form of alterations: one row per patient and marker, whatever the result.

Rows come from the table of biomarkers, from receptor imaging and from the estimate of the mutational burden. What the
words mean is in ``biomarker_words``; which of several results holds is in ``biomarker_choice``. A marker that was
measured without a usable result keeps its row, as ``indeterminate``: "not found" and "not measured" stay apart.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.actionability.alkylators import prior_alkylator
from netgen.actionability.alterations import conform_alterations
from netgen.actionability.biomarker_choice import MEASURED_DTYPES, choose_results
from netgen.actionability.biomarker_words import (
    HER2_SCORES,
    INDETERMINATE,
    MARKERS,
    MMR_PROTEINS,
    Reading,
    name_marker,
    read_result,
)
from netgen.genomics.tmb import HIGH, SMALLEST_MB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgen.errors import Findings

THERAPY_INDUCED: Final = "therapy_induced_TMB"
ORDER_UNKNOWN: Final = "prior_alkylator_unknown"
PANEL_SMALL: Final = "tmb_panel_small"
VALUE_MISSING: Final = "tmb_value_missing"
TUMOUR_ONLY: Final = "tumour_only"
RESULT_UNREAD: Final = "result_unread"
SCORE_MISSING: Final = "her2_score_missing"
POSSIBLE_DMMR: Final = "possible_dMMR"
KRENNING_LOW: Final = "krenning_below_3"
KRENNING_ONLY: Final = "krenning_threshold_unverified"
KRENNING_POSITIVE: Final = 3  # uptake above that of the liver: usual for receptor therapy, no label states it
KRENNING_NEGATIVE: Final = 1  # up to here; a score of 2 is uptake, but less than is usually asked for
# A burden that cBioPortal works out from its mutation table is no laboratory's: it comes after our own estimate.
COMPUTED: Final = "tmbnonsynonymous"
_SCANS: Final = {"SSTR_PET": "SSTR", "octreoscan": "SSTR_SCINTIGRAPHY"}
_PER_MB: Final = re.compile(r"(?:m(?:ut\w*)?)?\s*(?:/|per)?\s*(?:mb|megabase)?", re.IGNORECASE)
_TMB_FLAGS: Final = {"W_TMB_PANEL_SMALL": PANEL_SMALL, "W_TMB_TUMOUR_ONLY": TUMOUR_ONLY}


def gather_biomarkers(
    samples: pd.DataFrame,
    biomarkers: pd.DataFrame | None,
    imaging: pd.DataFrame | None,
    tmb: pd.DataFrame | None,
    lines: pd.DataFrame | None,
    *,
    findings: Findings,
) -> pd.DataFrame:
    """Return one row per patient and measured marker.

    Parameters
    ----------
    samples
        ``schema.SAMPLES``.
    biomarkers
        ``schema.BIOMARKERS``, and ``panel_size_mb`` of a mutational burden if it is known. None = no such table.
    imaging
        ``schema.IMAGING``: receptor PET and scintigraphy are read.
    tmb
        Estimated burden by sample, ``genomics.tmb.TMB_COLUMNS``.
    lines
        ``schema.TREATMENTS``, for alkylating drugs before the sample.
    findings
        Receives W_BIOMARKER_CONFLICT per patient and marker, W_VALUE per result or unit that cannot be read, and
        W_TMB_PANEL_SMALL for burdens of the table; the estimate has told its own.

    Returns
    -------
    DataFrame
        ``alterations.ALTERATION_COLUMNS`` with kind ``biomarker``, sorted by patient and marker. ``gene`` is that of
        the marker, else the marker; ``event`` is negative, so that it never equals that of an alteration. A result that
        no rule may use is ``indeterminate``.

    Notes
    -----
    1. Mutational burden: the laboratory's value, else the estimate, else one that cBioPortal computed. High from 10 per
       Mb on, inclusive. From less than 0.667 Mb there is neither status nor value; the size is ``panel_size_mb``, else
       that of the sample's panel. A laboratory's "high" without a number is none of ours: thresholds differ.
    2. Receptor PET: the reader's result; without one, a Krenning score of 3 or 4 is positive, 0 or 1 negative.
       Scintigraphy and immunohistochemistry are markers of their own.
    3. A high burden after an alkylating drug has the flag ``therapy_induced_TMB``; if the order cannot be told,
       ``prior_alkylator_unknown``.
    4. HER2: only a score of 3+ is 3+; "positive" without a score is not, and amplification is no immunohistochemistry.

    DOMAIN 1.9, 1.10, 4.6. Witness: SC22, ``tests/actionability/test_biomarkers.py``.
    """
    tested, estimates = _read_table(biomarkers, findings), _read_estimates(tmb, samples)
    measured = pd.concat([_void_small(tested, estimates), _read_scans(imaging), estimates], ignore_index=True)
    chosen = choose_results(_date_by_sample(measured, samples), findings=findings)
    return _describe(_flag_alkylators(chosen, samples, lines))


def flag_possible_dmmr(alterations: pd.DataFrame) -> pd.DataFrame:
    """Return alterations with the flag ``possible_dMMR`` where a gene of mismatch repair is lost and nobody measured.

    Parameters
    ----------
    alterations
        ``alterations.ALTERATION_COLUMNS``, the rows of ``gather_biomarkers`` among them.

    Returns
    -------
    DataFrame
        The same rows. Flagged: loss of function of MLH1, MSH2, MSH6 or PMS2, somatic or germline, in patients without a
        result of microsatellites or of mismatch repair. It is a suggestion to measure, never a result (DOMAIN 4.6).
    """
    told = alterations["marker"].isin(["MSI", "MMR"]) & ~alterations["result"].isin(["", INDETERMINATE])
    measured = alterations.loc[told.to_numpy(dtype=bool), "patient_id"]
    lost = alterations["gene"].isin(MMR_PROTEINS) & (alterations["lof"] | (alterations["kind"] == "homdel"))
    open_ = (lost & ~alterations["patient_id"].isin(measured)).fillna(value=False).astype(bool)
    return alterations.assign(
        flags=alterations["flags"].mask(open_, (alterations["flags"] + f";{POSSIBLE_DMMR}").str.strip(";"))
    )


# ---------------------------------------------------------------- reading


def _read_table(table: pd.DataFrame | None, findings: Findings) -> pd.DataFrame:
    """Read the table of biomarkers."""
    rows = pd.DataFrame() if table is None else table.reset_index(drop=True)
    if rows.empty:
        return _measured({})
    names = rows[["biomarker", "method", "result"]].astype("string").fillna("")
    number = rows["value"].astype("float64")
    names["result"] = names["result"].mask(_is_her2_score(names, number), number.map("{:.0f}".format))
    readings = _read_words(names)
    read = [readings[key] for key in names.itertuples(index=False, name=None)]
    blank = (names["result"] == "") & number.isna()
    keep = np.array([item is not None for item in read], dtype=bool) & ~blank.to_numpy(dtype=bool)
    rows, number = rows[keep], number[keep]
    found = pd.DataFrame(
        [item for item, kept in zip(read, keep, strict=True) if kept], columns=list(Reading._fields), index=rows.index
    )
    understood = found["understood"].astype(bool)
    _report_unread(rows[~understood], findings)
    unscored = (found["marker"] == "HER2") & (found["result"] == "positive")
    out = _measured({
        **{name: _column(rows, name) for name in ("patient_id", "sample_id", "date", "file", "row")},
        "marker": found["marker"], "test": found["test"], "result": found["result"],
        "value": number.fillna(found["value"].astype("float64")),
        "flags": pd.Series("", index=rows.index).mask(~understood, RESULT_UNREAD).mask(unscored, SCORE_MISSING),
        "size_mb": _column(rows, "panel_size_mb").astype("Float64"),
        "tier": pd.Series(0, index=rows.index),
    })  # fmt: skip
    return _judge_burden(out, rows.reset_index(drop=True), findings)


def _is_her2_score(names: pd.DataFrame, number: pd.Series) -> pd.Series:
    """Return which rows give the score of HER2 as a number."""
    markers = {name: name_marker(name)[0] for name in names["biomarker"].unique()}
    scored = (names["result"] == "") & number.isin(range(len(HER2_SCORES)))
    return (names["biomarker"].map(markers) == "HER2") & scored


def _read_words(names: pd.DataFrame) -> dict[tuple[str, ...], Reading | None]:
    """Read every distinct combination of name, method and result once."""
    distinct = names.drop_duplicates().itertuples(index=False, name=None)
    return {key: read_result(*name_marker(key[0], key[1]), key[2]) for key in distinct}


def _judge_burden(out: pd.DataFrame, rows: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Give burdens of the table their status, tier and flags."""
    is_tmb = (out["marker"] == "TMB").astype(bool)
    unit = rows["unit"].astype("string").fillna("").str.strip()
    odd = is_tmb & out["value"].notna() & ~unit.map(lambda text: _PER_MB.fullmatch(text) is not None).astype(bool)
    if odd.any():
        findings.add(
            "W_VALUE",
            f"A mutational burden is in mutations per Mb; found {', '.join(sorted(set(unit[odd])))} in"
            f" {int(odd.sum())} rows, which were not used.",
            fix="Give mutations per Mb, with the unit mut/Mb.",
            column="unit",
            value=unit[odd].iloc[0],
        )
    small = is_tmb & (out["size_mb"] < SMALLEST_MB)
    if small.any():
        findings.add("W_TMB_PANEL_SMALL", f"TMB of {int(small.sum())} results: a panel needs {SMALLEST_MB} Mb.")
    value = out["value"].mask(odd | small)
    said_low = (out["result"] == "low") & ~small
    status = np.select([value >= HIGH, (value < HIGH) | said_low], ["high", "low"], INDETERMINATE)
    computed = (
        rows["method"].astype("string").fillna("").str.casefold().str.replace(r"\W|_", "", regex=True) == COMPUTED
    )
    bare = is_tmb & value.isna() & ~small
    return _measured({
        **{name: out[name] for name in out.columns},
        "value": value,
        "result": out["result"].mask(is_tmb, pd.Series(status, index=out.index, dtype="string")),
        "tier": pd.Series(np.select([is_tmb & computed, bare], [2, 1], 0), index=out.index),
        "flags": out["flags"].mask(small, PANEL_SMALL).mask(bare, VALUE_MISSING),
    })  # fmt: skip


def _read_scans(imaging: pd.DataFrame | None) -> pd.DataFrame:
    """Read receptor imaging: the result if there is one, else the Krenning score."""
    if imaging is None or imaging.empty:
        return _measured({})
    usable = imaging["modality"].isin(list(_SCANS)) & (imaging["result"].notna() | imaging["krenning"].notna())
    rows = imaging[usable.to_numpy(dtype=bool)].reset_index(drop=True)
    score = rows["krenning"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    said = rows["result"].astype("string").fillna("").replace("equivocal", INDETERMINATE)
    positive = score >= KRENNING_POSITIVE
    by_score = np.select([positive, score <= KRENNING_NEGATIVE], ["positive", "negative"], INDETERMINATE)
    alone = (said == "").to_numpy(dtype=bool)
    low = (score < KRENNING_POSITIVE) & np.where(alone, by_score == INDETERMINATE, said == "positive")
    marker = rows["modality"].map(_SCANS)
    return _measured({
        **{name: _column(rows, name) for name in ("patient_id", "date", "file", "row")},
        "marker": marker, "test": marker,
        "result": said.mask(alone, pd.Series(by_score, index=rows.index, dtype="string")),
        "value": pd.Series(score, index=rows.index),
        "flags": pd.Series(np.select([alone & positive, low], [KRENNING_ONLY, KRENNING_LOW], ""), index=rows.index),
        "tier": pd.Series(0, index=rows.index),
    })  # fmt: skip


def _read_estimates(tmb: pd.DataFrame | None, samples: pd.DataFrame) -> pd.DataFrame:
    """Read the estimated burden of tumour samples with a panel of known size."""
    if tmb is None or tmb.empty:
        return _measured({})
    other = samples["sample_class"].isin(["normal", "cfdna"]).fillna(value=False)
    patients = samples[~other.to_numpy(dtype=bool)].drop_duplicates("sample_id").set_index("sample_id")["patient_id"]
    usable = tmb["status"].isin(["ok", "panel_small"]) & tmb["sample_id"].isin(patients.index)
    rows = tmb[usable.to_numpy(dtype=bool)].reset_index(drop=True)
    small = (rows["status"] == "panel_small").astype(bool)
    high = rows["tmb_high"].fillna(value=False).to_numpy(dtype=bool)
    flags = [";".join(_TMB_FLAGS[code] for code in text.split(";") if code in _TMB_FLAGS) for text in rows["warnings"]]
    marker = pd.Series("TMB", index=rows.index)
    return _measured({
        "patient_id": rows["sample_id"].map(patients), "sample_id": rows["sample_id"], "marker": marker, "test": marker,
        "result": pd.Series(np.select([small, high], [INDETERMINATE, "high"], "low"), index=rows.index),
        "value": rows["tmb"].astype("float64").mask(small),
        "flags": pd.Series(flags, index=rows.index, dtype="string"),
        "tier": pd.Series(1, index=rows.index),
    })  # fmt: skip


def _void_small(measured: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Take status and value from burdens of samples whose panel is too small, but those that state their own size."""
    small = estimates["flags"].str.contains(PANEL_SMALL) & (estimates["result"] == INDETERMINATE)
    of_patient = small.groupby(estimates["patient_id"]).all()
    void = measured["sample_id"].isin(estimates.loc[small, "sample_id"])
    void |= measured["sample_id"].isna() & measured["patient_id"].isin(of_patient.index[of_patient])
    void &= (measured["marker"] == "TMB") & measured["size_mb"].isna()
    flags = measured["flags"].mask(void, PANEL_SMALL)
    return measured.assign(
        result=measured["result"].mask(void, INDETERMINATE), value=measured["value"].mask(void), flags=flags
    )


def _date_by_sample(measured: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Add when the sample was taken, or else reported."""
    by_id = samples.drop_duplicates("sample_id").set_index("sample_id")
    taken = by_id["date_collection"].fillna(by_id["date_sequencing_report"])
    return measured.assign(sampled=measured["sample_id"].map(taken).astype("datetime64[ns]"))


# ---------------------------------------------------------------- what holds


def _flag_alkylators(chosen: pd.DataFrame, samples: pd.DataFrame, lines: pd.DataFrame | None) -> pd.DataFrame:
    """Flag high burdens of specimens that were taken after an alkylating drug."""
    high = (chosen["marker"] == "TMB") & (chosen["result"] == "high")
    rows = chosen[high.to_numpy(dtype=bool)]
    if rows.empty:
        return chosen
    names = [name for name in samples.columns if name.startswith("date_")]
    of = rows[["sample_id"]].merge(samples[["sample_id", *names]].drop_duplicates("sample_id"), how="left")
    of.index = rows.index
    reported = of["date_sequencing_report"].fillna(rows["date"])
    specimens = of.assign(patient_id=rows["patient_id"], date_sequencing_report=reported)
    given = specimens.iloc[:0] if lines is None else lines
    before = prior_alkylator(specimens, given)
    added = pd.Series(np.select([before.isna(), before.fillna(value=False)], [ORDER_UNKNOWN, THERAPY_INDUCED], ""),
                      index=rows.index)  # fmt: skip
    flags = chosen["flags"].copy()
    flags[rows.index] = [_join(pair) for pair in zip(rows["flags"], added, strict=True)]
    return chosen.assign(flags=flags)


def _describe(chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of an alteration, in the order of patients and markers."""
    rows = chosen.sort_values(["patient_id", "marker"], kind="stable", ignore_index=True)
    genes = {name: marker.gene or name for name, marker in MARKERS.items()}
    facts = zip(rows["marker"], rows["result"], rows["value"], strict=True)
    return conform_alterations(rows.assign(
        alteration_id=range(len(rows)),
        event=-1 - np.arange(len(rows)),
        sample_id=rows["sample_id"].astype("string").fillna(""),
        gene=[genes.get(name, name) for name in rows["marker"]],
        kind="biomarker",
        alteration=[_label(*fact) for fact in facts],
        origin="unknown",
    ))  # fmt: skip


def _label(marker: str, result: str, value: float) -> str:
    """Return ``TMB 12.1``, ``MSI-H``, ``HER2 3+``, ``HRD 42``, ``CgA 120``."""
    name = MARKERS[marker].label if marker in MARKERS else marker
    number = "" if np.isnan(value) else _shorten(value)
    if marker == "TMB":
        return f"{name} {number or result}"
    if marker == "MSI" and result in MARKERS[marker].results:
        return result
    return f"{name} {result or number}".strip()


def _shorten(value: float) -> str:
    """Return a number with at most two decimals, cut off: 9.999 must not read as 10."""
    return f"{Decimal(str(value)).quantize(Decimal('0.01'), rounding=ROUND_DOWN):f}".rstrip("0").rstrip(".")


def _join(flags: Iterable[str]) -> str:
    return ";".join(dict.fromkeys(flag for text in flags for flag in text.split(";") if flag))


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows.columns else pd.Series(pd.NA, index=rows.index)


def _measured(columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return rows with the columns and types of a measurement, numbered from 0; absent columns are missing."""
    index = next((column.index for column in columns.values()), pd.RangeIndex(0))
    parts = {
        name: columns[name] if name in columns else pd.Series(pd.NA, index=index, dtype="Float64").astype("string")
        for name in MEASURED_DTYPES
    }
    return pd.DataFrame(parts, index=index).astype(MEASURED_DTYPES).reset_index(drop=True)


def _report_unread(rows: pd.DataFrame, findings: Findings) -> None:
    """Tell once per marker and text what could not be read."""
    for (name, text), group in rows.groupby(["biomarker", "result"], sort=True):
        marker = name_marker(str(name))[0]
        findings.add(
            "W_VALUE",
            f"A result of {name} must say one of {', '.join(MARKERS[marker].results)}; found {text!r} in"
            f" {len(group)} rows, which count as measured without a result.",
            fix="Write one of these words.",
            column="result",
            value=text,
        )
