"""
The discovery of a package's modules, and the check of the parts that each must offer. Imports nothing of LoopKit.

A package of similar modules (signals, conventions, rules, eval formats) does not list them. A module is found by the
name of one part that it offers; if it lacks another, the program does not start, and the error names module and part.
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
    """A module states no place in the order of its package, or one that another module has or that does not exist."""


def find_modules(package: str, folders: Iterable[str], mark: str) -> list[ModuleType]:
    """Return the modules of the package that offer the part named `mark`, sorted by name."""
    modules = [import_module(f"{package}.{info.name}") for info in iter_modules(folders)]
    return sorted((module for module in modules if hasattr(module, mark)), key=lambda module: module.__name__)


def require_parts(modules: Iterable[ModuleType], parts: Sequence[str]) -> None:
    """Raise PartsMissing for a module without all the parts. `a|b` stands for exactly one of the two."""
    for module in modules:
        missing = [part for part in parts if sum(hasattr(module, name) for name in part.split("|")) != 1]
        if missing:
            raise PartsMissing(f"{module.__name__} must offer {', '.join(missing)}")


def in_order(modules: Iterable[ModuleType], common: Sequence[str] = ()) -> list[ModuleType]:
    """
    The modules with each before those that its BEFORE names (without the package), else by name.

    Args:
        common: names that come as early as that allows, in this order.
    """
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
    places = {name: place for place, name in enumerate(common, -len(common))}
    ordered: list[str] = []
    ready: list[str] = []
    while graph.is_active():
        ready = sorted([*ready, *graph.get_ready()], key=lambda name: (places.get(name, 0), name))
        ordered.append(ready.pop(0))
        graph.done(ordered[-1])
    return [by_name[name] for name in ordered]


def in_chain(modules: Iterable[ModuleType], name: str) -> list[ModuleType]:
    """
    Return the modules in order. Raises PlaceUnclear.

    The AFTER of a module is the value that the module before it has under `name`; that of the first is "".
    """
    successors: dict[str, ModuleType] = {}
    for module in modules:
        place = getattr(module, "AFTER", None)
        if place is None or place in successors:
            other = f", as {successors[place].__name__} is" if place in successors else ""
            raise PlaceUnclear(f"{module.__name__} is AFTER {place!r}{other}")
        successors[place] = module
    chain: list[ModuleType] = []
    place = ""
    while place in successors:
        chain.append(successors.pop(place))
        place = getattr(chain[-1], name)
    if successors:
        module = next(iter(successors.values()))
        raise PlaceUnclear(
            f"{module.__name__} is AFTER a module that does not exist or does not follow the first"
        )
    return chain
