"""The page of the calibration study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.calibration.measure import METHODS
from benchmarks.calibration.reading import FEW, TITLES, read_rates
from benchmarks.calibration.scenarios import MEDIAN_MONTHS
from benchmarks.calibration.study import FLAG, is_above, is_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pandas as pd

_NAMES: Final = {
    "default": "default",
    "permutation": "permutation",
    "logrank": "log-rank",
    "wald": "Wald",
    "lr": "LR",
    "firth": "Firth PLR",
}
_HEAD: Final = """# Calibration

Does the p-value that `netgen associate` prints keep its level, do its intervals cover, and what does it find? Simulated
cohorts of 34, 100 and 1,000 patients with one gene each and a known hazard ratio answer. `make calibration` runs the
study and writes this page: {cohorts} cohorts, seed {seed}, the same numbers on any number of cores.

**Design.** Survival is exponential, median {median:g} months in wild type patients; censoring is uniform 12-60 months
after the origin (6-48 after a delayed entry of 0-24 months). The number of altered patients is fixed. Scenarios:

{scenarios}

The last three are unfair to a permutation test on purpose: alteration goes with follow-up or with entry.

**Default** is what `associate` prints for a family of this one gene. Small mode (n < 100 or fewer than 50 events):
permutation log-rank within strata, Firth estimate, profile interval. Large mode: Cox model and its likelihood-ratio
test where both groups have 10 events; else Firth, with permutation where events are sparse. Genes without a test (too
few altered, or no arrangement could reach 0.05) are left out, as in a family. Relabelings are counted up to 2e8 at n =
34 and up to 1e6 beyond, else drawn (at most 20,000, 2,999 and 999 times).

**Monte-Carlo error.** The standard error of a rate of 0.05 is {errors}. A rate is called above (`+`) or below (`-`) its
nominal value only where its one-sided binomial p is under {flag:g}: with so many cells a looser rule would flag chance.

## Reading

{reading}"""
_TYPE1: Final = """## Type I error

![Type I error](figures/calibration_type1.png)

Share of p <= 0.05 and, after the slash, of p <= 0.01 among the tested genes. Grey: 95 % Monte-Carlo error.
"""
_COVERAGE: Final = """## Coverage and bias

![Coverage](figures/calibration_coverage.png)

Coverage of 95 % intervals; the figure pools the true hazard ratios. Bias: median of the estimated log hazard ratio less
the truth. Infinite: share of cohorts whose maximum-likelihood estimate is infinite; the Wald coverage leaves them out.
"""
_POWER: Final = """## Power

Share of p <= 0.05 under an effect. The power of a test that is above its level is not worth having.
"""
_WARNING: Final = """## The warning W_CENSORING_IMBALANCE

How often a row bears the warning (p < 0.1 for a difference in censoring, or in entry), and the type I error at 0.05 of
the default on all rows and on those without it. In large mode only rows with p < 0.05 are examined.
"""


def write_page(rates: pd.DataFrame, path: Path, *, seed: int) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    null, effect = rates[rates["hr"] == 1], rates[rates["hr"] > 1]
    errors = [f"{(0.05 * 0.95 / part['tested'].max()) ** 0.5:.4f} at n = {n:,}" for n, part in null.groupby("n")]
    head = _HEAD.format(
        cohorts=f"{int(rates['sets'].sum()):,}",
        seed=seed,
        median=MEDIAN_MONTHS,
        scenarios="\n".join(f"- {title}" for title in TITLES.values()),
        errors=", ".join(errors),
        flag=FLAG,
        reading=read_rates(rates),
    )
    parts = [head, _TYPE1, _table(null, _type1), _COVERAGE, _coverage_table(rates)]
    parts += [_POWER, _table(effect, _power), _WARNING, _warning_table(null)]
    path.write_text("\n".join(parts))


def _type1(row: pd.Series, method: str) -> str:
    """The two rates of a method, with a sign where they are not nominal."""
    rates = [(row[f"rate_{method}_{level:g}"], level) for level in (0.05, 0.01)]
    return " / ".join(_signed(rate, int(row["tested"]), level) for rate, level in rates)


def _signed(rate: float, n: int, nominal: float) -> str:
    """A rate, with a sign where it differs from nominal beyond Monte-Carlo error."""
    sign = "+" if is_above(rate, n, nominal) else "-" if is_below(rate, n, nominal) else ""
    return f"{rate:.3f}{sign}"


def _power(row: pd.Series, method: str) -> str:
    return f"{row[f'rate_{method}_0.05']:.2f}"


def _design(row: pd.Series) -> list[str]:
    return [f"{row['n']:,}", TITLES[row["scenario"]], f"{row['altered']:g}", f"{row['hr']:g}"]


def _table(rates: pd.DataFrame, cell: Callable[[pd.Series, str], str]) -> str:
    """One row per design, one column per test."""
    head = ["n", "scenario", "altered", "HR", "events", "tested", *(_NAMES[method] for method in METHODS)]
    rows = []
    for _, row in rates.iterrows():
        values = [cell(row, method) if row["tested"] else "" for method in METHODS]
        rows.append([*_design(row), f"{row['events']:.0f}", f"{row['tested']} of {row['sets']}", *values])
    return _markdown(head, rows)


def _coverage_table(rates: pd.DataFrame) -> str:
    head = ["n", "scenario", "altered", "HR", "infinite", "default", "Firth profile", "Wald", "bias default"]
    head += ["bias Firth", "bias Cox"]
    rows = []
    for _, row in rates[rates["tested"] > 0].iterrows():
        names = ("default", "firth", "cox")
        covers = [_signed(row[f"cover_{name}"], int(row[f"n_cover_{name}"]), 0.95) for name in names]
        rows.append(
            [*_design(row), f"{row['infinite']:.0%}", *covers, *(f"{row[f'bias_{name}']:+.2f}" for name in names)]
        )
    return _markdown(head, rows)


def _warning_table(null: pd.DataFrame) -> str:
    head = ["n", "scenario", "altered", "HR", "warned", "type I error, all", "not warned", "type I error, not warned"]
    rows = [
        [*_design(row), f"{row['warned']:.0%}", f"{row['rate_default_0.05']:.3f}", f"{row['calm']}", _few(row)]
        for _, row in null[null["tested"] > 0].iterrows()
    ]
    return _markdown(head, rows)


def _few(row: pd.Series) -> str:
    """Type I error of the rows without warning; blank where they are few."""
    return f"{row['rate_calm_0.05']:.3f}" if row["calm"] >= FEW else ""


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
