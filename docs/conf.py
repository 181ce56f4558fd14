"""Settings of the documentation site. ``python docs/build.py build/docs`` assembles the pages and calls Sphinx."""

# ruff: noqa: INP001, A001  # Sphinx prescribes file and names
from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import netgen

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "netgen"
author = "The netgen team"
copyright = "the netgen team; GPL-3.0-or-later. Research use only: not a medical device, not a clinical decision tool"
version = release = netgen.__version__

extensions = ["markdown_source", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
root_doc = "index"
exclude_patterns = ["_ext"]
nitpicky = False
smartquotes = False
highlight_language = "text"

autosummary_generate = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Everything is local: no font, script or picture from anywhere.
html_theme = "alabaster"
html_title = f"netgen {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_theme_options = {
    "description": "From tumour alterations to patient outcomes. Research use only.",
    "fixed_sidebar": True,
    "github_banner": False,
    "github_button": False,
    "page_width": "1180px",
    "sidebar_width": "250px",
    "font_family": "system-ui, 'DejaVu Sans', Arial, sans-serif",
    "head_font_family": "system-ui, 'DejaVu Sans', Arial, sans-serif",
    "show_powered_by": False,
    "show_related": False,
}


def keep_bars(_app: Sphinx, _what: str, _name: str, _thing: object, _options: object, lines: list[str]) -> None:
    """Escape the bars of |x|: in our docstrings they are absolute values, never substitutions."""
    for place, line in enumerate(lines):
        parts = line.split("``")
        parts[::2] = [re.sub(r"\|(?=\S)", r"\\|", part) for part in parts[::2]]
        lines[place] = "``".join(parts)


def setup(app: Sphinx) -> None:
    """Connect the handlers of this site."""
    app.connect("autodoc-process-docstring", keep_bars, priority=400)
