"""One headless browser for all tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.report.page.browser import find_chromium, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.report.page.browser import Browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a headless Chromium, or skip."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed (set NETGEN_CHROMIUM to one)")
    with started(program, tmp_path_factory.mktemp("chromium")) as running:
        yield running
