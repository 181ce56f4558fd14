"""The reference pages are those that the declarations in the code give."""

from __future__ import annotations

from pathlib import Path

import pytest

from netgen.report.reference import main, render_messages, render_results, render_rules, render_tables

PAGES = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("tables.md", render_tables),
        ("messages.md", render_messages),
        ("results.md", render_results),
        ("rules.md", render_rules),
    ],
)
def test_reference__is_up_to_date(name, render):
    assert render() == (PAGES / name).read_text(encoding="utf-8"), "run make docs"


def test_main__writes_four_pages(tmp_path):
    main([str(tmp_path / "pages")])
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == [
        "messages.md", "results.md", "rules.md", "tables.md",
    ]  # fmt: skip


def test_render_tables__names_every_column_with_its_vocabulary():
    text = render_tables()
    assert "| `vital_status` | str |  | alive, dead, unknown |  | vital status |" in text
    assert "| `ki67_pct` | float | % | 0 .. 100 |  | Ki-67 index |" in text
