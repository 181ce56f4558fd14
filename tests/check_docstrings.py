"""Check the docstrings of every public object by the numpydoc rules of pyproject.toml. Exits 1 if one fails."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
import tomllib
from pathlib import Path

from numpydoc.validate import validate

import netgen

CHECKS = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["tool"]["numpydoc_validation"][
    "checks"
]


def public_objects() -> list[str]:
    """Return dotted names of the modules, functions and classes that netgen defines and does not hide."""
    names = []
    for info in pkgutil.walk_packages(netgen.__path__, "netgen."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        names.append(info.name)
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == info.name
            if own and not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
                names.append(f"{info.name}.{name}")
    return names


def failures(name: str) -> list[str]:
    """Return the rule violations of one object, private helpers and one-line functions excepted."""
    report = validate(name)
    errors = [(code, text) for code, text in report["errors"] if code in CHECKS]
    return [f"{report['file']}:{report['file_line']}: {name}: {code} {text}" for code, text in errors]


def main() -> int:
    """Print every violation; return the exit status."""
    found = [line for name in public_objects() for line in failures(name)]
    print("\n".join(found) or "docstrings: all public objects follow the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
