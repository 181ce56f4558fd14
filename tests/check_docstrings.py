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


def public_objects() -> dict[str, object]:
    """Return the functions and classes that netgen defines and does not hide, by dotted name."""
    found: dict[str, object] = {}
    for info in pkgutil.walk_packages(netgen.__path__, "netgen."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == info.name
            if own and not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
                found[f"{info.name}.{name}"] = thing
    return found


def failures(name: str, thing: object) -> list[str]:
    """Return the rule violations of one object; the fields of a class stand under Attributes, not Parameters."""
    report = validate(name)
    codes = set(CHECKS) - ({"PR01"} if inspect.isclass(thing) else set())
    errors = [(code, text) for code, text in report["errors"] if code in codes]
    return [f"{report['file']}:{report['file_line']}: {name}: {code} {text}" for code, text in errors]


def main() -> int:
    """Print every violation; return the exit status."""
    found = [line for name, thing in public_objects().items() for line in failures(name, thing)]
    print("\n".join(found) or "docstrings: all public objects follow the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
