"""
Modules of a package that are found by looking, and the parts that each must offer. Imports nothing of ours.

A package whose files are alike (signals, conventions, rules, eval formats) lists none of them: a new file is found by
the name of one part, and a part that is left out stops the start with the file's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


class PartsMissing(Exception):
    """A module lacks what all modules of its package must offer."""


class PlaceUnclear(Exception):
    """A module names no place in the order of its package, or one that another has."""


def find_modules(package: str, folders: Iterable[str], mark: str) -> list[ModuleType]:
    """The modules of the package that offer the part named `mark`, by name."""
    modules = [import_module(f"{package}.{found.name}") for found in iter_modules(folders)]
    return sorted((module for module in modules if hasattr(module, mark)), key=lambda module: module.__name__)


def require_parts(modules: Iterable[ModuleType], parts: Sequence[str]) -> None:
    """Refuse a module without all the parts. `a|b` stands for exactly one of both."""
    for module in modules:
        lacking = [part for part in parts if sum(hasattr(module, name) for name in part.split("|")) != 1]
        if lacking:
            raise PartsMissing(f"{module.__name__} must offer {', '.join(lacking)}")


def in_order(modules: Iterable[ModuleType]) -> list[ModuleType]:
    """The modules with each before those that its BEFORE names (without the package), else by name."""
    by_name = {module.__name__.rpartition(".")[2]: module for module in modules}
    graph: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_name, ()))
    for name, module in by_name.items():
        for later in module.BEFORE:
            if later not in by_name:
                raise PlaceUnclear(f"{module.__name__} is BEFORE {later!r}, which is not there")
            graph.add(later, name)
    try:
        graph.prepare()
    except CycleError as circle:
        raise PlaceUnclear(f"These are BEFORE each other: {', '.join(circle.args[1])}") from circle
    ordered: list[str] = []
    while graph.is_active():
        ready = sorted(graph.get_ready())
        graph.done(*ready)
        ordered += ready
    return [by_name[name] for name in ordered]


def in_chain(modules: Iterable[ModuleType], named: str) -> list[ModuleType]:
    """The modules in the order that their AFTER gives: the value of `named` of the one before; "" of the first."""
    following: dict[str, ModuleType] = {}
    for module in modules:
        place = getattr(module, "AFTER", None)
        if place is None or place in following:
            other = f", where {following[place].__name__} stands" if place in following else ""
            raise PlaceUnclear(f"{module.__name__} is AFTER {place!r}{other}")
        following[place] = module
    ordered: list[ModuleType] = []
    place = ""
    while place in following:
        ordered.append(following.pop(place))
        place = getattr(ordered[-1], named)
    if following:
        raise PlaceUnclear(f"{next(iter(following.values())).__name__} is AFTER what is not there")
    return ordered
