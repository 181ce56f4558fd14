"""Draw one picture per figure function from the demo cohort, and the page that shows them. ``make docs`` calls it.

The code below a picture is the code that drew it.
"""

# ruff: noqa: INP001  # a script, no package
from __future__ import annotations

import importlib
import pkgutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import netgen.plots

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

SETUP: Final = """\
import numpy as np
import pandas as pd
import netgen as ng
from netgen.report.figures import forest_rows, risk_table

cohort = ng.read_cohort("demo")
genes = ng.associate(cohort, endpoint="os")
model = genes.models["os"]
chosen = {"min": model.settings["lambda_min"], "1-SE": model.settings["lambda_1se"]}
groups = ng.survival(cohort, by="origin_group2", endpoint="ttp")
courses = ng.therapy(cohort, by="origin_group3", permutations=999)
responses = ng.response(cohort, by="origin_group3")
levels = ng.assess_actionability(cohort)
"""
SCREEN: Final = 144  # dots per inch: both widths fit the page, letters stay readable
INTRODUCTION: Final = """\
# Gallery

<!-- Written by `make docs` from the demo cohort. -->

Every figure that netgen draws, from the synthetic demo cohort, with the call that drew it. Each is one function in
`netgen.plots`: it takes one tidy table, draws on an Axes (its own, if none is given) and estimates nothing.
`netgen.plots.style.save_figure` writes PDF, SVG and PNG; widths are 89 mm (`single`) and 183 mm (`double`), letters
5 to 7 pt, embedded as TrueType. The commands draw these figures by themselves; the calls are for a change of title,
order or width.

All pictures begin with these results:
"""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure function, its module, what the picture shows, and the code whose last line draws it."""

    function: str
    module: str
    title: str
    caption: str
    code: str


PICTURES: Final = (
    Picture(
        function="plot_oncoprint",
        module="oncoprint",
        title="Oncoprint",
        caption="One column per patient, one row per gene. Per cent are of the profiled patients; hatched cells were "
        "not sequenced. Drawn by `netgen oncoprint`.",
        code="ng.plot_oncoprint(ng.build_oncoprint(cohort))",
    ),
    Picture(
        function="plot_km",
        module="km",
        title="Kaplan-Meier curves",
        caption="Steps, pointwise limits, marks of censoring, lines at the medians, and the numbers at risk below the "
        "axis. Drawn by `netgen associate` and `netgen survival`.",
        code="""\
rows = genes.curves[genes.curves["grouping"] == "ATRX"].reset_index(drop=True)
ng.plot_km(rows, risk_table(rows), title="OS by ATRX")""",
    ),
    Picture(
        function="plot_forest",
        module="forest",
        title="Forest of hazard ratios",
        caption="Each gene, and below it each origin. A row that was not tested says why in words. Drawn by "
        "`netgen associate`.",
        code="""\
rows = genes.table[genes.table["n_altered"] > 0]
rows = forest_rows(rows, genes.heterogeneity)
ng.plot_forest(rows, title="OS: altered against wild type", q_label="q (BH)")""",
    ),
    Picture(
        function="plot_volcano",
        module="volcano",
        title="Volcano",
        caption="Hazard ratio against p-value of every tested gene.",
        code="""\
from netgen.plots.volcano import plot_volcano

rows = genes.table.rename(columns={"p_primary": "p", "q_bh": "q"})
plot_volcano(rows, title="OS: altered against wild type")""",
    ),
    Picture(
        function="plot_lollipop",
        module="lollipop",
        title="Lollipop",
        caption="Protein changes of one gene along the protein, as high as the number of patients. It needs the length "
        "of the protein in amino acids.",
        code="""\
from netgen.plots.lollipop import plot_lollipop, tabulate_lollipop

lengths = pd.DataFrame({"gene": ["MEN1"], "aa": [610]})  # of the annotated transcript
detail = ng.build_matrix(cohort).detail
changes, length, left_out = tabulate_lollipop(detail, "MEN1", lengths)
plot_lollipop(changes, length, title="MEN1")""",
    ),
    Picture(
        function="plot_cooccurrence",
        module="cooccurrence",
        title="Co-occurrence",
        caption="Pairs of genes that are altered together more or less often than by chance.",
        code="""\
from netgen.plots.cooccurrence import plot_cooccurrence

plot_cooccurrence(genes.cooccurrence, title="Co-occurrence")""",
    ),
    Picture(
        function="plot_incidence",
        module="incidence",
        title="Cumulative incidence",
        caption="Progression and death without it, as competing events (Aalen-Johansen). Drawn by `netgen survival` "
        "for endpoints that have a competing event.",
        code="""\
from netgen.plots.incidence import plot_incidence

rows = groups.incidence
rows = rows[rows["grouping"] == "origin_group2"].reset_index(drop=True)
plot_incidence(rows, risk_table(rows[rows["cause"] == 1]), title="TTP by origin")""",
    ),
    Picture(
        function="plot_swimmer",
        module="swimmer",
        title="Swimmer",
        caption="The course of each patient: lines of treatment, responses, progressions, death. Drawn "
        "by `netgen therapy`.",
        code="""\
from netgen.plots.swimmer import order_by_follow_up, plot_swimmer

origin = courses.algorithm_sequences.set_index("patient_id")["origin_group3"]
rows, origins = courses.timeline, courses.plan["by"]["origin_group3"]
patients = order_by_follow_up(rows, origin, origins)
plot_swimmer(rows, order=patients, groups=origin, title="Courses of treatment")""",
    ),
    Picture(
        function="plot_alluvial",
        module="alluvial",
        title="Alluvial of treatment lines",
        caption="From line to line, what was given next and why there was nothing next. Drawn by `netgen therapy`.",
        code="""\
from netgen.plots.alluvial import plot_alluvial

origins = courses.plan["by"]["origin_group3"]
plot_alluvial(courses.transitions, order=origins, title="Lines of treatment")""",
    ),
    Picture(
        function="plot_response_bars",
        module="response_bars",
        title="Best response",
        caption="Best overall response by group, in patients. Drawn by `netgen response`.",
        code="""\
from netgen.plots.response_bars import plot_response_bars

first = responses.responses.rename(columns={"origin_group3": "group"})
counts = first.groupby(["group", "bor"]).size().rename("n").reset_index()
origins = ["thymic", "lung", "duodenopancreatic"]
plot_response_bars(counts, title="Best response to line 1", order=origins)""",
    ),
    Picture(
        function="plot_waterfall",
        module="waterfall",
        title="Waterfall",
        caption="Best change of the sum of diameters, where sizes were measured. Drawn by `netgen response`.",
        code="""\
from netgen.plots.waterfall import plot_waterfall

plot_waterfall(responses.sizes, title="Best change of tumour size, line 1")""",
    ),
    Picture(
        function="plot_actionability",
        module="actionability",
        title="Levels of evidence",
        caption="Best level per patient by origin, in per cent of the profiled. Drawn by `netgen actionability`.",
        code="""\
counts = levels.levels[levels.levels["grouping"] == "origin_group3"]
ng.plot_actionability(counts, title="Best level of evidence by origin")""",
    ),
    Picture(
        function="plot_flow",
        module="flow",
        title="Flow of patients",
        caption="From those screened to those analysed, with every reason. Drawn by `netgen describe`.",
        code="""\
from netgen.report.describe_files import flow_labels

ng.plot_flow(flow_labels(ng.describe_cohort(cohort).boxes), title="Flow of patients")""",
    ),
    Picture(
        function="plot_path",
        module="model",
        title="Path of the penalised model",
        caption="Coefficients from the strongest penalty to the weakest, and the two penalties of interest. Drawn by "
        "`netgen associate`, as are the next three.",
        code="""\
from netgen.plots.model import plot_path

plot_path(model.path, chosen, title="OS: coefficient path")""",
    ),
    Picture(
        function="plot_cv",
        module="model",
        title="Cross-validation",
        caption="Deviance per event over repeated folds, with the number of alterations in the model above.",
        code="""\
from netgen.plots.model import plot_cv

plot_cv(model.cv, chosen, title="OS: cross-validation")""",
    ),
    Picture(
        function="plot_stability",
        module="model",
        title="Stability selection",
        caption="How often each alteration is selected in halves of the cohort.",
        code="""\
from netgen.plots.model import plot_stability

table, threshold = model.stability.table, model.stability.settings["threshold"]
plot_stability(table, threshold, title="OS: stability selection")""",
    ),
    Picture(
        function="plot_calibration",
        module="model",
        title="Calibration",
        caption="Predicted against observed risk in groups of patients. netgen draws it from 100 events on, which the "
        "demo cohort has not: **these numbers are made up**.",
        code="""\
from netgen.plots.model import plot_calibration

risk = np.array([0.12, 0.22, 0.31, 0.44, 0.63])
seen = np.array([0.10, 0.26, 0.29, 0.41, 0.68])
table = pd.DataFrame({"predicted": risk, "observed": seen, "n": 60})
table = table.assign(lo=seen - 0.08, hi=seen + 0.1, horizon_days=730.5)
plot_calibration(table, title="Calibration at 24 months")""",
    ),
    Picture(
        function="plot_schoenfeld",
        module="schoenfeld",
        title="Schoenfeld residuals",
        caption="Whether the hazard ratio stays the same over time. Drawn by `netgen associate` for pre-specified "
        "genes, and where the test of proportional hazards is below the level.",
        code="""\
from netgen.plots.schoenfeld import plot_schoenfeld

named = ng.associate(cohort, endpoint="os", prespecified=["MEN1"], model=False)
row = named.table.set_index("feature").loc["MEN1"]
rows = named.schoenfeld[named.schoenfeld["feature"] == "MEN1"]
text = f"PH test p = {row['ph_p']:.2f}"
plot_schoenfeld(rows, np.log(row["hr"]), title="OS by MEN1", annotation=text)""",
    ),
)


def list_functions() -> dict[str, str]:
    """Return every public figure function of ``netgen.plots`` with its module."""
    found = {}
    for info in pkgutil.iter_modules(netgen.plots.__path__):
        module = importlib.import_module(f"netgen.plots.{info.name}")
        found |= {name: info.name for name, thing in vars(module).items()
                  if name.startswith("plot_") and getattr(thing, "__module__", "") == module.__name__}  # fmt: skip
    return found


def draw_picture(picture: Picture, names: dict[str, Any]) -> Figure:
    """Run the code of a picture on the results in ``names`` and return the figure of its last line."""
    *before, last = picture.code.splitlines()
    scope = dict(names)
    exec("\n".join(before), scope)  # noqa: S102  # our own code, shown below the picture
    drawn = eval(last, scope)  # noqa: S307
    first = drawn[0] if isinstance(drawn, list) else drawn
    return first if hasattr(first, "savefig") else first.figure


def render_gallery() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown, with the pictures in the folder ``gallery``.
    """
    parts = [INTRODUCTION, f"```python\n{SETUP}```"]
    for picture in PICTURES:
        image = f"![{picture.title}, an example](gallery/{picture.function}.png)"
        where = f"`netgen.plots.{picture.module}.{picture.function}`"
        caption = textwrap.fill(picture.caption, 120)
        parts += [f"## {picture.title}", image, caption, where, f"```python\n{picture.code}\n```"]
    return "\n\n".join(parts) + "\n"


def write_gallery(folder: Path) -> list[str]:
    """Draw all pictures and write the page.

    Parameters
    ----------
    folder
        Top of the pages.

    Returns
    -------
    list of str
        Functions drawn.
    """
    from netgen.plots.style import styled

    names: dict[str, Any] = {}
    exec(SETUP, names)  # noqa: S102  # our own code, shown on the page
    (folder / "gallery").mkdir(exist_ok=True)
    for picture in PICTURES:
        figure = draw_picture(picture, names)
        with styled():
            figure.savefig(folder / "gallery" / f"{picture.function}.png", dpi=SCREEN)
    (folder / "gallery.md").write_text(render_gallery(), encoding="utf-8")
    return [picture.function for picture in PICTURES]
