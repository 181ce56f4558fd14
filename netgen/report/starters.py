"""Files to begin with: ``netgen init`` and ``netgen demo``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from netgen.clinical.onesheet_template import write_template
from netgen.data import demo_folder, init_folder
from netgen.report.write import list_files, output_folder

if TYPE_CHECKING:
    from pathlib import Path


def write_starter(folder: Path, *, force: bool = False) -> list[str]:
    """Write a commented ``study.toml``, an empty and a filled one-sheet spreadsheet.

    Parameters
    ----------
    folder
        Where; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.

    Returns
    -------
    list of str
        Names of the files, sorted.
    """
    with output_folder(folder, force=force) as work:
        _copy_tree(init_folder(), work)
        write_template(work / "template_empty.xlsx", filled=False)
        write_template(work / "template_filled.xlsx", filled=True)
        return list_files(work)


def write_demo(folder: Path, *, force: bool = False) -> list[str]:
    """Write the files of the embedded synthetic cohort.

    Parameters
    ----------
    folder
        Where; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.

    Returns
    -------
    list of str
        Names of the files relative to ``folder``, sorted.
    """
    with output_folder(folder, force=force) as work:
        _copy_tree(demo_folder(), work)
        return list_files(work)


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
