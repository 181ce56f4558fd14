"""The sentences of the calibration page: they follow from the rates, so that a new run cannot leave an old verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.calibration.measure import ESTIMATES
from benchmarks.calibration.scenarios import SCENARIOS
from benchmarks.calibration.study import is_above, is_below

if TYPE_CHECKING:
    import pandas as pd

FAIR: Final = frozenset(scenario.name for scenario in SCENARIOS if scenario.fair)
TITLES: Final = {scenario.name: scenario.title for scenario in SCENARIOS}
COVERAGE: Final = 0.93
SMALL: Final = 34
FEW: Final = 50  # cohorts below which a rate is not quoted
_TESTS: Final = {
    "logrank": "log-rank chi-square",
    "wald": "Wald",
    "lr": "likelihood ratio",
    "firth": "Firth's penalised likelihood ratio",
}
_UNFAIR: Final = (
    "**Why above**: relabelings are equally likely only if altered and wild type patients enter and are censored alike."
    " Altered patients who are followed longer have more expected events, and so a larger variance of observed less"
    " expected, than a random draw of patients: the test rejects too often. Followed shorter, or entering later, it is"
    " the reverse: too rarely. No test of the gene alone tells this from an effect; see the warning below."
)
_SPARSE: Final = (
    "**Why above**: with few altered events a likelihood-ratio statistic is discrete and does not yet follow the"
    " chi-square law."
)
_DISCRETE: Final = (
    "The reason: the interval inverts a likelihood-ratio test against the chi-square law. With very few altered"
    " patients the statistic takes few values, the largest more often than chi-square says; the penalised"
    " likelihood-ratio test errs as often under the null. Read such an interval beside the permutation p-value."
)


def read_rates(rates: pd.DataFrame) -> str:
    """Return what the rates say about levels, coverage, alternatives and the warning, as a Markdown list."""
    some = rates[rates["tested"] > 0]
    null = some[some["hr"] == 1]
    small, fair = null["n"] == SMALL, null["scenario"].isin(FAIR)
    lines = [
        _read_level(null[small & fair], f"n = {SMALL}, follow-up alike in altered and wild type"),
        _read_level(null[small & ~fair], f"n = {SMALL}, follow-up or entry that goes with alteration"),
        *(_read_level(null[null["n"] == n], f"n = {n:,}") for n in sorted(set(null["n"]) - {SMALL})),
        _read_reasons(null),
        _read_alternatives(null[fair]),
        _read_coverage(some),
        _read_wald(some),
        _read_bias(some[some["hr"] > 1]),
        _read_warning(null[small]),
    ]
    return "\n".join(f"- {line}" for line in lines if line) + "\n"


def _read_level(null: pd.DataFrame, where: str) -> str:
    """Range of the default's level, and the designs in which it is above."""
    if null.empty:
        return ""
    low, high = null["rate_default_0.05"].min(), null["rate_default_0.05"].max()
    text = (
        f"**Type I error of the default, {where}**: {low:.3f} to {high:.3f} at 0.05,"
        f" {null['rate_default_0.01'].min():.3f} to {null['rate_default_0.01'].max():.3f} at 0.01."
    )
    above = [row for _, row in null.iterrows() if is_liberal(row, "default")]
    if not above:
        return f"{text} Nowhere above nominal beyond Monte-Carlo error."
    cells = "; ".join(
        f"{_place(row)} ({row['rate_default_0.05']:.3f} / {row['rate_default_0.01']:.3f})" for row in above
    )
    return f"{text} **Above nominal beyond Monte-Carlo error**: {cells}."


def _read_reasons(null: pd.DataFrame) -> str:
    """Why the default is above its level, where it is."""
    above = [row["scenario"] in FAIR for _, row in null.iterrows() if is_liberal(row, "default")]
    reasons = (_UNFAIR if not all(above) else "", _SPARSE if any(above) else "")
    return " ".join(filter(None, reasons))


def is_liberal(row: pd.Series, method: str) -> bool:
    """Whether a method rejects too often in a design, at 0.05 or at 0.01."""
    return any(is_above(row[f"rate_{method}_{level:g}"], int(row["tested"]), level) for level in (0.05, 0.01))


def _place(row: pd.Series) -> str:
    return f"{TITLES[row['scenario']]}, {row['altered']:g} of {row['n']:,} altered"


def _read_alternatives(null: pd.DataFrame) -> str:
    """In how many fair designs each asymptotic test is above its level, and its worst rate at 0.01."""
    parts = []
    for name, label in _TESTS.items():
        n_above = sum(is_liberal(row, name) for _, row in null.iterrows())
        worst = null.loc[null[f"rate_{name}_0.01"].idxmax()]
        parts.append(f"{label} in {n_above} (worst {worst[f'rate_{name}_0.01']:.3f} at 0.01: {_place(worst)})")
    return (
        f"**Asymptotic alternatives** are above their level, of {len(null)} designs with follow-up alike: "
        + "; ".join(parts)
        + "."
    )


def _read_coverage(rates: pd.DataFrame) -> str:
    """Range of the coverage of the profile interval, and where it is under 93 % over all hazard ratios of a design."""
    pooled = pool_coverage(rates)
    text = (
        "**Coverage of the Firth profile interval**, over the hazard ratios of a design:"
        f" {pooled['cover_firth'].min():.3f} to {pooled['cover_firth'].max():.3f}."
    )
    under = pooled[pooled["cover_firth"] < COVERAGE]
    if under.empty:
        return f"{text} Nowhere under {COVERAGE:.0%}."
    cells = [f"{_place(row)}: {row['cover_firth']:.3f}{_mark(row)}" for _, row in under.iterrows()]
    return (
        f"{text} **Under {COVERAGE:.0%}**: {'; '.join(cells)} (`-`: beyond Monte-Carlo error; the others may be"
        f" chance). {_DISCRETE}"
    )


def pool_coverage(rates: pd.DataFrame) -> pd.DataFrame:
    """Return the coverage of each design over its true hazard ratios, with the number of intervals."""
    counts = rates[["n", "scenario", "altered", "sets"]].copy()
    for name in ESTIMATES:
        counts[f"n_cover_{name}"] = rates[f"n_cover_{name}"]
        counts[f"cover_{name}"] = (rates[f"cover_{name}"] * rates[f"n_cover_{name}"]).fillna(0.0)
    pooled = counts.groupby(["n", "scenario", "altered"], sort=False).sum().reset_index()
    for name in ESTIMATES:
        pooled[f"cover_{name}"] /= pooled[f"n_cover_{name}"]
    return pooled


def _mark(row: pd.Series) -> str:
    """Sign of a coverage that is clearly too small."""
    return "-" if is_below(row["cover_firth"], int(row["n_cover_firth"]), COVERAGE) else ""


def _read_wald(rates: pd.DataFrame) -> str:
    """Coverage of the Wald interval where it exists, and how often it does not."""
    return (
        f"**Coverage of the Wald interval**: {rates['cover_cox'].min():.3f} to {rates['cover_cox'].max():.3f} where the"
        f" estimate is finite; it is infinite in up to {rates['infinite'].max():.0%} of the cohorts of a design, which"
        " then have no Wald interval at all."
    )


def _read_bias(rates: pd.DataFrame) -> str:
    """Median bias of both estimators under an effect."""
    if rates.empty:
        return ""
    sizes = [
        f"{part['bias_firth'].min():+.2f} to {part['bias_firth'].max():+.2f} (Cox {part['bias_cox'].min():+.2f} to"
        f" {part['bias_cox'].max():+.2f}) at n = {n:,}"
        for n, part in rates.groupby("n")
    ]
    return f"**Median bias of the log hazard ratio** under an effect: Firth {'; '.join(sizes)}."


def _read_warning(null: pd.DataFrame) -> str:
    """How often the warning fires with and without imbalance, and what it leaves."""
    fair = null["scenario"].isin(FAIR)
    if null[fair].empty or null[~fair].empty:
        return ""
    calm, loud = null[fair]["warned"], null[~fair]["warned"]
    rest = null[~fair & (null["calm"] >= FEW)]["rate_calm_0.05"]
    text = (
        f"**W_CENSORING_IMBALANCE** at n = {SMALL} fires on {calm.min():.0%} to {calm.max():.0%} of the rows with"
        f" follow-up alike (its tests are made at 0.1, two of them if entry is delayed), on {loud.min():.0%} to"
        f" {loud.max():.0%} where it is not."
    )
    if rest.empty:
        return text
    return (
        f"{text} There a row without the warning is no safer: type I error {rest.min():.3f} to {rest.max():.3f}."
        " The comparison of censoring says nothing if all altered patients had the event, and these are the rows with"
        " small p. Compare follow-up by what is known of the cohort, not by the absence of the warning."
    )
