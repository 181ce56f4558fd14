"""Who was profiled for what: one panel behind each data type of each sample.

Two questions are kept apart. *Who* was profiled is answered, in this order, by the panel matrix (also a panel named in
the sample table), a case list, the ``#sequenced_samples:`` line of a MAF, and the rows and files themselves. *Which
genes* were covered is answered by the panel named for the sample, the panel named for the whole profile, the declared
panel or assay, the genes of the profile (only for samples of a case list or of that line), and ``assume_profiled``.
Where neither is known the study cannot be used: absent genes cannot be told from negative ones (E_NO_PANEL). Beside
each panel stands what named it (``schema.PROFILE_SOURCES``), so that the ledger (``coverage_ledger``) can say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from netgen import schema
from netgen.genomics.panels import Panel, panel_tables, whole_panel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from netgen.errors import Findings
    from netgen.genomics.copynumber import CopyNumber

REMEDIES: Final = (
    "Declare the assay (--assay wes or wgs), give the panel (--panel FILE), or accept that genes seen anywhere in the "
    "study count as profiled (--assume-profiled)."
)
_SHOWN: Final = 5  # sample ids named in a message


@dataclass(frozen=True, kw_only=True)
class ProfileEvidence:
    """What the files of one source say about who was profiled.

    Attributes
    ----------
    panel_matrix
        ``sample_id`` and columns of data types: panel, or missing = not profiled. None = there is no matrix.
    sample_panels
        Panel of each sample as the sample table gives it, indexed by ``sample_id``.
    case_lists
        Data type -> samples.
    sequenced_samples
        Samples of a ``#sequenced_samples:`` line.
    file_samples
        Samples whose own file of variants was read (VCF), with or without variants.
    read_samples
        Data type -> samples for which a file was read that would show it.
    gene_panels
        Data type -> panel of the whole profile (``gene_panel:`` of a meta file).
    fusions_follow_mutations
        True for the deprecated fusion format: fusions come from the same assay as mutations.
    """

    panel_matrix: pd.DataFrame | None = None
    sample_panels: pd.Series | None = None
    case_lists: Mapping[str, Collection[str]] = field(default_factory=dict)
    sequenced_samples: Collection[str] = ()
    file_samples: Collection[str] = ()
    read_samples: Mapping[str, Collection[str]] = field(default_factory=dict)
    gene_panels: Mapping[str, str] = field(default_factory=dict)
    fusions_follow_mutations: bool = False


@dataclass(frozen=True, kw_only=True)
class StudyCoverage:
    """Tables ``profiles``, ``panels`` and ``panel_genes`` of ``netgen.schema``, sorted by key."""

    profiles: pd.DataFrame
    panels: pd.DataFrame
    panel_genes: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class _Profile:
    """One data type: samples with rows, samples a file covers, genes seen."""

    name: str
    carried: bool
    row_samples: frozenset[str]
    genes: tuple[str, ...]


class _Said(NamedTuple):
    """The panel behind a data type of a sample, and what says so."""

    panel: str
    source: str


def resolve_profiles(
    evidence: ProfileEvidence,
    *,
    variants: pd.DataFrame | None,
    copy_number: CopyNumber | None = None,
    fusions: pd.DataFrame | None = None,
    panels: Sequence[Panel] = (),
    declared: Panel | None = None,
    assume_profiled: bool = False,
    findings: Findings,
    source: str = "",
) -> StudyCoverage:
    """Return which panel stands behind each data type of each sample of one source.

    A sample that nothing speaks of gets no row: it was not sequenced. A data type whose file the source lacks is not
    profiled in any sample, whatever a matrix or a list says: the absence of rows means nothing there.

    Parameters
    ----------
    evidence
        What the files say.
    variants
        Table ``variants``, before classes are filtered (a silent variant shows that its gene was seen).
    copy_number, fusions
        Other data of the source; None = the source has none.
    panels
        Panels whose genes are known.
    declared
        Panel or assay that the user declares for the samples of the source.
    assume_profiled
        Genes seen anywhere in the source count as profiled in every sample with rows or a file.
    findings
        Collects E_NO_PANEL (samples with variants but no panel; panels without known genes),
        W_PROFILE_FROM_CASE_LIST and W_SV_PROFILE_UNKNOWN.
    source
        Name of the source, put before the identifiers of panels that are made up here.

    Returns
    -------
    StudyCoverage
        Samples, and only the panels that they use.

    Notes
    -----
    1. Mutations: as the module says. A whole exome or genome is declared for mutations only.
    2. Copy number: the samples and genes of the copy-number file, unless a matrix or a list says otherwise.
    3. Structural variants: matrix, list or profile panel; the deprecated format follows the mutations; a declared panel
       that reports them. Otherwise only the samples with a row are known to have been tested (W_SV_PROFILE_UNKNOWN).
       Without a panel the genes are those of all data and panels of the source: a file of fusions lists positives
       only, its genes are no territory.
    """
    profiles = _profiles(variants, copy_number, fusions)
    made = _MadeUp(source, profiles, evidence, panels)
    columns: dict[str, dict[str, _Said]] = {}
    for profile in profiles:
        if profile.name == "structural_variants" and evidence.fusions_follow_mutations:
            swap = {made.listed("mutations"): made.listed("structural_variants")}
            columns[profile.name] = {
                one: said._replace(panel=swap.get(said.panel, said.panel)) for one, said in columns["mutations"].items()
            }
            continue
        columns[profile.name] = _assign(profile, evidence, made, declared, assume_profiled=assume_profiled)
    _report_unknown(profiles, columns, evidence, findings)
    table = _tabulate(columns, _matrix_samples(evidence))
    used = {said.panel for column in columns.values() for said in column.values()}
    known = {panel.panel_id: panel for panel in [*panels, *made.panels(), *([declared] if declared else [])]}
    found = _find_panels(sorted(used), known, columns, findings)
    panel_table, panel_genes = panel_tables(found)
    _report_made_up(made, columns, findings)
    return StudyCoverage(profiles=schema.conform(table, schema.PROFILES), panels=panel_table, panel_genes=panel_genes)


def merge_coverage(parts: Iterable[StudyCoverage]) -> StudyCoverage:
    """Return the coverage of several sources as one; samples and panels of one name must be the same.

    Parameters
    ----------
    parts
        Coverage of each source.

    Returns
    -------
    StudyCoverage
        Rows sorted by key, identical rows once.
    """
    listed = list(parts)
    joined = {}
    for table in (schema.PROFILES, schema.PANELS, schema.PANEL_GENES):
        frames = [getattr(part, table.name) for part in listed]
        whole = pd.concat(frames, ignore_index=True) if frames else schema.empty(table)
        joined[table.name] = schema.conform(whole.drop_duplicates().sort_values(list(table.key)), table)
    return StudyCoverage(**joined)


class _MadeUp:
    """Panels that are named after their evidence because no file lists their genes."""

    def __init__(
        self, source: str, profiles: Sequence[_Profile], evidence: ProfileEvidence, panels: Sequence[Panel]
    ) -> None:
        self._prefix = f"{source}:" if source else ""
        seen = {gene for profile in profiles for gene in profile.genes}
        self._seen = tuple(sorted(seen))
        self._genes = {profile.name: profile.genes for profile in profiles}
        self._genes["structural_variants"] = tuple(sorted(seen.union(*(panel.genes for panel in panels))))
        self.origin = "a case list" if evidence.case_lists else "the #sequenced_samples line"

    def listed(self, data_type: str) -> str:
        """Return the id of the genes of a profile, for samples of a list."""
        return f"{self._prefix}genes_of_{data_type}"

    def assumed(self) -> str:
        """Return the id of the genes seen anywhere."""
        return f"{self._prefix}assumed"

    def panels(self) -> list[Panel]:
        """Return all of them, used or not."""
        made = [
            Panel(panel_id=self.listed(name), name=f"genes of the {name} of the study", genes=genes)
            for name, genes in self._genes.items()
        ]
        return [*made, Panel(panel_id=self.assumed(), name="genes seen in the study", genes=self._seen)]


def _profiles(
    variants: pd.DataFrame | None, copy_number: CopyNumber | None, fusions: pd.DataFrame | None
) -> list[_Profile]:
    def genes_of(frame: pd.DataFrame | None, *columns: str) -> tuple[str, ...]:
        if frame is None:
            return ()
        return tuple(sorted({str(gene) for column in columns for gene in frame[column].dropna().unique()}))

    def samples_of(frame: pd.DataFrame | None) -> frozenset[str]:
        return frozenset() if frame is None else frozenset(str(one) for one in frame["sample_id"].dropna().unique())

    return [
        _Profile(
            name="mutations",
            carried=variants is not None,
            row_samples=samples_of(variants),
            genes=genes_of(variants, "gene"),
        ),
        _Profile(
            name="cna",
            carried=copy_number is not None,
            row_samples=frozenset(copy_number.samples) if copy_number else frozenset(),
            genes=copy_number.genes if copy_number else (),
        ),
        _Profile(
            name="structural_variants",
            carried=fusions is not None,
            row_samples=samples_of(fusions),
            genes=genes_of(fusions, "gene1", "gene2"),
        ),
    ]


def _tabulate(columns: Mapping[str, Mapping[str, _Said]], further: set[str]) -> pd.DataFrame:
    """Put panels and what names them side by side, a row per sample."""
    samples = sorted(set().union(*columns.values(), further))
    cells: dict[str, list[str | None]] = {}
    for name, column in columns.items():
        said = [column.get(one) for one in samples]
        cells[name] = [None if one is None else one.panel for one in said]
        cells[f"{name}_source"] = [None if one is None else one.source for one in said]
    return pd.DataFrame({"sample_id": samples, **cells})


def _matrix_samples(evidence: ProfileEvidence) -> set[str]:
    return set() if evidence.panel_matrix is None else {str(one) for one in evidence.panel_matrix["sample_id"]}


def _assign(
    profile: _Profile, evidence: ProfileEvidence, made: _MadeUp, declared: Panel | None, *, assume_profiled: bool
) -> dict[str, _Said]:
    """Return sample -> panel of one data type; nobody is profiled for a data type whose file is not there."""
    if not profile.carried:
        return {}
    found: dict[str, _Said] = {}
    settled: set[str] = set()
    matrix = evidence.panel_matrix
    if matrix is not None and profile.name in matrix:
        cells = matrix.set_index("sample_id")[profile.name]
        settled = {str(one) for one in cells.index}
        found = {str(sample): _Said(str(panel), "panel_matrix") for sample, panel in cells.dropna().items()}
    if evidence.sample_panels is not None:
        for sample, panel in evidence.sample_panels.dropna().items():
            if str(sample) not in settled:
                found[str(sample)] = _Said(str(panel), "sample_table")
        settled |= set(found)
    named = _named_for(profile.name, evidence, declared)
    listed = dict.fromkeys(evidence.case_lists.get(profile.name, ()), "case_list")
    present = set(profile.row_samples) | set(evidence.read_samples.get(profile.name, ()))
    if profile.name == "mutations":
        listed = dict.fromkeys(evidence.sequenced_samples, "sequenced_samples") | listed
        present |= set(evidence.file_samples)
    for sample in sorted(set(listed) - settled):
        found[sample] = named or _Said(made.listed(profile.name), listed[sample])
    fallback = named or _fallback(profile, made, has_list=bool(listed), assume_profiled=assume_profiled)
    if fallback is not None:
        for sample in sorted(present - settled - set(listed)):
            found[sample] = fallback
    return found


def _named_for(data_type: str, evidence: ProfileEvidence, declared: Panel | None) -> _Said | None:
    """Return the panel of the whole profile, or the declared one if it reports the data type; unstated is mutations."""
    if panel := evidence.gene_panels.get(data_type):
        return _Said(panel, "meta_file")
    if declared is None or data_type not in (declared.profiles or ("mutations",)):
        return None
    return _Said(declared.panel_id, declared.source or ("assay" if declared.genes_mode == "all" else "panel_file"))


def _fallback(profile: _Profile, made: _MadeUp, *, has_list: bool, assume_profiled: bool) -> _Said | None:
    """Return the panel of samples that have data but are on no list."""
    if profile.name != "mutations" or has_list:
        return _Said(made.listed(profile.name), "file")
    return _Said(made.assumed(), "assumed") if assume_profiled else None


def _find_panels(
    used: Sequence[str], known: Mapping[str, Panel], columns: Mapping[str, Mapping[str, _Said]], findings: Findings
) -> list[Panel]:
    found = []
    for panel_id in used:
        panel = known.get(panel_id) or whole_panel(panel_id)
        if panel is not None:
            found.append(panel)
            continue
        samples = {one for column in columns.values() for one, said in column.items() if said.panel == panel_id}
        findings.add(
            "E_NO_PANEL",
            f"Panel {panel_id} is named for {len(samples)} sample(s), but no file lists its genes.",
            fix="Add data_gene_panel_*.txt to the folder or give the panel (--panel FILE).",
            column="panel_id",
            value=panel_id,
        )
    return found


def _report_unknown(
    profiles: Sequence[_Profile],
    columns: Mapping[str, Mapping[str, _Said]],
    evidence: ProfileEvidence,
    findings: Findings,
) -> None:
    """Report samples with variants whose covered genes nothing tells, and structural variants without a list."""
    mutations, structural = profiles[0], profiles[2]
    unknown = sorted(
        (mutations.row_samples | set(evidence.file_samples)) - set(columns["mutations"]) - _settled(evidence)
    )
    if unknown:
        shown = ", ".join(unknown[:_SHOWN]) + (" ..." if len(unknown) > _SHOWN else "")
        findings.add(
            "E_NO_PANEL",
            f"Nothing says which genes were sequenced in {len(unknown)} sample(s) with variants ({shown}): absent "
            "genes cannot be told from negative ones.",
            fix=REMEDIES,
            column="sample_id",
            value=unknown[0],
        )
    said = columns["structural_variants"]
    by_rows = {sample for sample in structural.row_samples if sample in said and said[sample].source == "file"}
    by_rows -= set(evidence.read_samples.get("structural_variants", ()))
    if by_rows and not evidence.case_lists.get("structural_variants"):
        findings.add(
            "W_SV_PROFILE_UNKNOWN",
            f"Nothing says which samples were tested for structural variants; only the {len(by_rows)} with one count.",
            fix="Add case_lists/cases_sv.txt or a structural_variants column to the gene panel matrix.",
        )


def _settled(evidence: ProfileEvidence) -> set[str]:
    """Return samples whose mutations the matrix declares as not profiled."""
    matrix = evidence.panel_matrix
    if matrix is None or "mutations" not in matrix:
        return set()
    return {str(one) for one in matrix.loc[matrix["mutations"].isna(), "sample_id"]}


def _report_made_up(made: _MadeUp, columns: Mapping[str, Mapping[str, _Said]], findings: Findings) -> None:
    panel_id = made.listed("mutations")
    count = sum(said.panel == panel_id for said in columns["mutations"].values())
    if count:
        findings.add(
            "W_PROFILE_FROM_CASE_LIST",
            f"{made.origin[0].upper()}{made.origin[1:]} says that {count} samples were sequenced; the genes of the "
            "mutation file count as their panel, so a gene without any variant is not profiled.",
            fix="Declare the assay (--assay wes or wgs) or the panel (--panel FILE) to say more.",
        )
