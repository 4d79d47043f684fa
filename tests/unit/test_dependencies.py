"""What the project takes from others: all of it is declared, pinned, and capped where private parts or file formats are used."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import files, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.unit.test_design import ROOT, imports, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

PRIVATE = {
    "_admin_client": ("chromadb", "its connections stay open unless they are closed here"),
    "_server": ("chromadb", "holds one of these connections"),
    "_session": ("chromadb", "is the connection"),
    "_release_system": ("chromadb", "a client that failed to start would be handed out again"),
    "_queue": ("gradio", "tells whose events wait or run, and holds what is left of a closed tab"),
    "_encryption": ("pypdf", "the key length is corrected in it, where a file states a wrong one"),
    "_handle_encryption": ("pypdf", "a file whose encryption is damaged is opened anyway"),
}
"""Private parts of other libraries that are used, with the reason. Each of these libraries has an upper bound in pyproject.toml."""

PUBLIC = {"_exit", "_asdict", "_fields", "_make", "_replace", "_Element"}
"""Of os, of named tuples and of lxml, whose elements have no other type: documented, whatever their names."""


def distribution(name: str) -> str:
    """A distribution's name in its one normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines: list[str]) -> dict[str, Requirement]:
    return {distribution(requirement.name): requirement for requirement in map(Requirement, lines)}


def imported() -> dict[str, set[str]]:
    """The distributions that rag and ui import from, and the modules' names."""
    owners = packages_distributions()
    found: dict[str, set[str]] = defaultdict(set)
    for path in [*sources("rag"), *sources("ui")]:
        for name in imports(path):
            top = name.partition(".")[0]
            if top in {"rag", "ui", *sys.stdlib_module_names}:
                continue
            for owner in owners[top] if len(owners[top]) == 1 else [owner for owner in {*owners[top]} if has_module(owner, name)]:
                found[distribution(owner)].add(top)
    return found


@cache
def has_module(owner: str, name: str) -> bool:
    """Whether a module is a distribution's own, of several that share a package."""
    ends = {f"{name.replace('.', '/')}{end}" for end in (".py", "/__init__.py")}
    return not ends.isdisjoint(str(file) for file in files(owner) or ())


def private_uses(path: Path) -> set[str]:
    """Names with one leading underscore that a file takes from what is not its own."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    own = {"self", "cls"} | {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    on_own = {id(node) for node in attributes if isinstance(node.value, ast.Name) and node.value.id in own}
    if not {name.partition(".")[0] for name in imports(path)} - {"rag", "ui", *sys.stdlib_module_names}:  # a base is ours, too
        supers = [node for node in attributes if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)]
        on_own |= {id(node) for node in supers if node.value.func.id == "super"}  # type: ignore[attr-defined]
    set_here = {node.attr for node in attributes if id(node) in on_own and isinstance(node.ctx, ast.Store)}
    names = [node.attr for node in attributes if id(node) not in on_own and node.attr not in set_here]
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"getattr", "setattr", "hasattr"}:
            names += [str(argument.value) for argument in node.args[1:2] if isinstance(argument, ast.Constant)]
        elif isinstance(node, ast.ImportFrom):
            names += [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [part for alias in node.names for part in alias.name.split(".")]
    return {name for name in names if re.match(r"_[^_]", name)} - PUBLIC


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    extras = required([line for name, lines in EXTRAS.items() if name != "dev" for line in lines])
    assert set(imported()) == (set(required(PROJECT["dependencies"])) | set(extras))


def test_every_extra_is_installed_for_development() -> None:
    assert required(EXTRAS["dev"])["footnote"].extras == set(EXTRAS) - {"dev"}


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    pins = required((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    declared = required([*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)])
    del declared["footnote"]
    for name, requirement in declared.items():
        (pin,) = pins[name].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), requirement


def test_private_parts_of_others_are_few_and_their_libraries_capped() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for path in [*sources("rag"), *sources("ui")]:
        for name in private_uses(path):
            library = PRIVATE[name][0] if name in PRIVATE else "unknown"
            assert library in {module.partition(".")[0] for module in imports(path)}, f"{path.name} uses {name}"
            found[library].add(name)
    assert {name for names in found.values() for name in names} == set(PRIVATE)
    bounds = required(PROJECT["dependencies"])
    for library in found:
        assert any(bound.operator == "<" for bound in bounds[library].specifier), library


@pytest.mark.parametrize("library", ["chromadb", "tantivy"])
def test_a_library_whose_files_are_checked_is_capped(library: str) -> None:
    assert "<" in {bound.operator for bound in required(PROJECT["dependencies"])[library].specifier}
