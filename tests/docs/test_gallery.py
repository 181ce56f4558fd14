"""The gallery: every public figure function is in it, and the code below a picture is complete."""

from __future__ import annotations

import ast

import pytest

import netgen
from docs import make_gallery
from docs.make_gallery import PICTURES, Picture, draw_picture, list_functions, render_gallery
from docs.python_reference import group_names, render_python


def test_gallery__has_every_public_figure_function() -> None:
    assert {picture.function: picture.module for picture in PICTURES} == list_functions()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.function)
def test_gallery__code_uses_only_names_it_has(picture: Picture) -> None:
    given = set(dir(__builtins__)) | _stored(make_gallery.SETUP) | _stored(picture.code)
    used = {node.id for node in ast.walk(ast.parse(picture.code)) if isinstance(node, ast.Name)}
    assert used <= given
    assert picture.function in ast.unparse(ast.parse(picture.code).body[-1])


def _stored(code: str) -> set[str]:
    """Names that code imports or assigns."""
    tree = ast.parse(code)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return imported | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def test_draw_picture__runs_the_code_that_is_shown() -> None:
    calibration = next(picture for picture in PICTURES if picture.function == "plot_calibration")
    names: dict[str, object] = {}
    exec("import numpy as np\nimport pandas as pd", names)
    figure = draw_picture(calibration, names)
    (axes,) = figure.axes
    points = next(line for line in axes.lines if line.get_label() == "observed")
    assert len(points.get_xdata()) == 5


def test_render_gallery__shows_code_picture_and_where_the_function_is() -> None:
    page = render_gallery()
    for picture in PICTURES:
        assert f"(gallery/{picture.function}.png)" in page
        assert f"`netgen.plots.{picture.module}.{picture.function}`" in page
        assert picture.code in page


def test_python_reference__has_every_public_name_once() -> None:
    listed = [name for names in group_names().values() for name in names]
    assert len(listed) == len(set(listed))
    public = {name for name in netgen.__all__ if name != "__version__"}
    assert public <= {name.rpartition(".")[2] for name in listed}
    page = render_python()
    assert all(f":: {name}\n" in page for name in listed)
