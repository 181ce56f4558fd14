"""Build the documentation site from nothing: ``python docs/build.py build/docs``, or ``make docs``.

1. The pages are copied into a folder of their own; the checkout stays as it is.
2. The pages of tables, messages, results, rule tables, command line and Python interface are written from the code.
3. The examples of tutorial and how-to pages are run and compared with what the pages show.
4. The gallery is drawn.
5. Sphinx makes the site; a warning is an error. Every page is searched for anything a browser would fetch elsewhere.
"""

# ruff: noqa: INP001, T201  # a script, no package
from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from docs.command_line import render_command_line  # noqa: E402  # needs the path above
from docs.make_gallery import write_gallery  # noqa: E402
from docs.python_reference import render_python  # noqa: E402
from docs.run_tutorial import run_pages, unfounded_numbers  # noqa: E402
from netgen.report.reference import main as write_reference  # noqa: E402

FETCHED: Final = re.compile(r"""<(?:link|script|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']?(?:https?:)?//""")
IMPORTED: Final = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//""")


def assemble(folder: Path) -> None:
    """Copy the pages and write those that come from the code.

    Parameters
    ----------
    folder
        Where the pages go; made anew.
    """
    shutil.copytree(DOCS, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    write_reference([str(folder / "reference")])
    (folder / "reference" / "command_line.md").write_text(render_command_line(), encoding="utf-8")
    (folder / "reference" / "python.rst").write_text(render_python(), encoding="utf-8")


def check_examples() -> list[str]:
    """Run the examples of the pages; return what is wrong."""
    known: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        wrong = run_pages(Path(folder), known)
    return wrong + unfounded_numbers(DOCS / "tutorial.md", known)


def find_requests(site: Path) -> list[str]:
    """Return pages and style sheets that would make a browser ask another machine.

    Parameters
    ----------
    site
        The finished site.

    Returns
    -------
    list of str
        Path and what was found.
    """
    found = []
    for path in sorted(site.rglob("*")):
        pattern = {".html": FETCHED, ".css": IMPORTED}.get(path.suffix)
        if pattern is not None:
            text = path.read_text(encoding="utf-8")
            found += [f"{path.relative_to(site)}: {hit.group(0)}" for hit in pattern.finditer(text)]
    return found


def main(arguments: list[str]) -> int:
    """Build the site.

    Parameters
    ----------
    arguments
        The folder of the site; what is in it is replaced.

    Returns
    -------
    int
        Exit status.
    """
    from sphinx.cmd.build import build_main

    site = Path(arguments[0]).resolve()
    wrong = check_examples()
    if wrong:
        print("\n\n".join(wrong))
        return 1
    shutil.rmtree(site, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "docs"
        assemble(source)
        write_gallery(source)
        status = build_main(
            ["-W", "--keep-going", "-q", "-b", "html", "-d", str(Path(folder) / "doctrees"), str(source), str(site)]
        )
    requests = find_requests(site)
    print("\n".join(requests) or f"The site is in {site}; open index.html.")
    return 1 if requests else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
