"""From what a user names on the command line to a study: demo, a file, a folder, or loose files."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netgen.data import demo_folder
from netgen.errors import InputError
from netgen.study import EndpointRequest, SourceSpec, Study, TableSpec
from netgen.study_file import read_study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHEETS = (".xlsx", ".csv", ".tsv", ".txt")
# What may be said of any cohort.
ANY = ("panel", "assay", "assume_profiled", "genome", "fasta", "gff", "oncotree", "knowledge")

STUDY_FILES = ("meta_*", "data_*", "*/meta_*", "*/data_*")  # a folder with one of these is a cBioPortal study


@dataclass(frozen=True, kw_only=True)
class QuickLook:
    """Files named directly: variants and a table with one row per patient, and what they do not say themselves.

    Without a table every sample is a patient of its own. ``oncotree`` is the tumour type of patients without one.
    """

    variants: tuple[Path, ...] = ()
    clinical: Path | None = None
    panel: Path | None = None
    assay: str | None = None
    assume_profiled: bool = False
    genome: str | None = None
    fasta: Path | None = None
    gff: Path | None = None
    oncotree: str | None = None
    knowledge: Path | None = None
    patient_id: str | None = None
    sample_id: str | None = None
    time: str | None = None
    event: str | None = None
    unit: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the fields that are given and tell what only a study of its own could: files and their columns."""
        return tuple(
            item.name for item in fields(self) if item.name not in ANY and getattr(self, item.name) not in (None, ())
        )

    @property
    def given(self) -> bool:
        """Whether any file was named."""
        return bool(self.variants) or self.clinical is not None


def study_of(cohort: str | Path | Study | None, quick: QuickLook | None = None) -> Study:
    """Return the study that a cohort argument means.

    Parameters
    ----------
    cohort
        ``"demo"``, a ``study.toml``, a cBioPortal study folder, a one-sheet spreadsheet, a ``Study``, or None.
    quick
        Files named directly, if ``cohort`` is None; else only what may be said of any cohort counts (``ANY``): what was
        sequenced in every source, and what it is read with.

    Returns
    -------
    Study
        Nothing of the data has been read.

    Raises
    ------
    InputError
        If nothing is there, or it is none of these.
    """
    quick = quick or QuickLook()
    if cohort is None:
        study = _quick(quick)
    elif isinstance(cohort, Study):
        study = cohort
    else:
        study = _named(cohort)
    if quick == QuickLook():
        return study
    given = {name: getattr(quick, name) for name in ("fasta", "gff") if getattr(quick, name) is not None}
    reference = replace(study.reference, **given)
    if reference.fasta is not None and reference.gff is None:
        raise InputError("E_CONFIG", "a genome sequence needs gene models beside it.", fix="Add --gff FILE.")
    sources = tuple(_said_of(source, quick) for source in study.sources)
    evidence = replace(study.actionability, knowledge=quick.knowledge or study.actionability.knowledge)
    return replace(
        study, sources=sources, genome=quick.genome or study.genome, reference=reference, actionability=evidence
    )


def _said_of(source: SourceSpec, quick: QuickLook) -> SourceSpec:
    """Return a source with what is said of all of them."""
    known = {} if quick.oncotree is None else {"oncotree_code": quick.oncotree}
    return replace(
        source,
        panels=source.panels if quick.panel is None else (quick.panel,),
        assay=quick.assay or source.assay,
        assume_profiled=quick.assume_profiled or source.assume_profiled,
        set={**known, **source.set},
    )


def _named(cohort: str | Path) -> Study:
    """Find out what a name means."""
    if str(cohort) == "demo" and not Path("demo").exists():
        return read_study(demo_folder() / "study.toml")
    path = Path(cohort)
    if not path.exists():
        raise InputError(
            "E_FILE_MISSING",
            f"a cohort is needed; {path} does not exist.",
            fix="Name demo, a study.toml, a cBioPortal study folder or a one-sheet spreadsheet.",
            file=str(path),
        )
    if path.is_dir():
        return _folder(path)
    if path.suffix.lower() == ".toml":
        return read_study(path)
    if path.suffix.lower() in SHEETS:
        return Study(id=path.stem, file=path, sources=(SourceSpec(kind="sheet", path=path, base=path.parent),))
    raise InputError(
        "E_FILE_FORMAT",
        f"a cohort is a study.toml, a study folder or a spreadsheet ({', '.join(SHEETS)}); found {path.name}.",
        fix="For a MAF or VCF use --variants FILE, with --clinical FILE if there is a table of patients.",
        file=str(path),
    )


def _folder(path: Path) -> Study:
    """Take a folder with a study.toml as that study, one of a cBioPortal study as such, any other as loose files."""
    if (path / "study.toml").is_file():
        return read_study(path / "study.toml")
    is_study = any(file for pattern in STUDY_FILES for file in path.glob(pattern))
    if not is_study and any(file.is_file() for file in path.iterdir()):
        return _loose(path.resolve().name, [path])
    return Study(id=path.name, file=path, sources=(SourceSpec(kind="cbioportal", path=path, base=path),))


def _quick(quick: QuickLook) -> Study:
    if not quick.variants:
        raise InputError(
            "E_FILE_MISSING",
            "a quick look needs the alterations.",
            fix="Add --variants FILE, a MAF, VCF or file of a vendor (repeatable).",
        )
    if quick.clinical is None:
        return _loose(quick.variants[0].stem, quick.variants)
    columns: dict[str, str | list[str]] = {}
    if quick.patient_id is not None:
        columns["patient_id"] = quick.patient_id
    if quick.sample_id is not None:
        columns["sample_id"] = quick.sample_id
    source = SourceSpec(
        kind="tables",
        base=Path(),
        variants=tuple(str(item) for item in quick.variants),
        tables={"patients": TableSpec(file=quick.clinical, columns=columns)},
        panels=() if quick.panel is None else (quick.panel,),
        assay=quick.assay,
        assume_profiled=quick.assume_profiled,
        endpoints=_quick_endpoint(quick),
    )
    return Study(id=quick.clinical.stem, sources=(source,))


def _loose(name: str, files: Iterable[Path]) -> Study:
    """Return sequencing files, or folders of them, as a study without a clinical table."""
    paths = tuple(str(file.absolute()) for file in files)
    return Study(id=name, sources=(SourceSpec(kind="files", base=Path(), variants=paths),))


def _quick_endpoint(quick: QuickLook) -> Mapping[str, EndpointRequest]:
    if quick.time is None and quick.event is None and quick.unit is None:
        return {}
    if quick.time is None or quick.event is None:
        raise InputError("E_CONFIG", "an endpoint needs both --time and --event.", fix="Name the columns of both.")
    request = EndpointRequest(name="os", time=(quick.time,), event=quick.event, unit=quick.unit)
    return {"os": request}
