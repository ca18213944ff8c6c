"""
Every regular expression of the product, found in its modules.

So a new pattern is measured and tested (tests/security/costs/test_linear_patterns.py) without anybody listing it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

PACKAGES = ("loopkit", "tenants", "telemetry", "diagnosis")
AT_ONE_PLACE = {"match", "fullmatch"}  # methods of a pattern that try one place of a text
METHODS = AT_ONE_PLACE | {"search", "sub", "subn", "split", "findall", "finditer"}


class FoundPattern(NamedTuple):
    """A pattern with its name, and whether it is only tried at places that the code chooses."""

    name: str
    pattern: re.Pattern[Any]
    at_one_place: bool


def modules() -> Iterator[ModuleType]:
    """Every module of the product, without migrations and commands that start with it."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        for info in pkgutil.walk_packages(root.__path__, f"{package}."):
            if ".migrations" not in info.name and info.name != "loopkit.server":
                yield importlib.import_module(info.name)


def find_patterns() -> list[FoundPattern]:
    """Every pattern that a module holds, once, and those written where they are used."""
    found: dict[
        int, tuple[str, re.Pattern[Any], set[str]]
    ] = {}  # name, pattern, methods that are called on it
    for module in modules():
        tree = ast.parse(inspect.getsource(module))
        used = names_in_use(tree)
        for name, value in vars(module).items():
            for field, pattern in patterns_in(value, name):
                known = found.setdefault(id(pattern), (f"{module.__name__}.{name}", pattern, set()))
                known[2].update(used.called_on(name) | used.called_on(field))
        for method, pattern in written_in_place(tree):
            found[id(pattern)] = (f"{module.__name__}: {pattern.pattern!r}", pattern, {method})
    return [
        FoundPattern(name, pattern, bool(methods) and methods <= AT_ONE_PLACE)
        for name, pattern, methods in found.values()
    ]


def patterns_in(value: Any, field: str, depth: int = 0) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns in a value, each with the name of the field or variable that holds it."""
    if isinstance(value, re.Pattern):
        yield field, value
    elif depth < 5:
        for name, item in items_of(value, field):
            yield from patterns_in(item, name, depth + 1)


def items_of(value: Any, field: str) -> Iterable[tuple[str, Any]]:
    """The items of lists, dicts and tuples, and the fields of objects of the product."""
    if isinstance(value, dict):
        return [(field, item) for item in value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return zip(getattr(value, "_fields", [field] * len(value)), value, strict=True)
    is_own = type(value).__module__.startswith(PACKAGES)
    return vars(value).items() if is_own and hasattr(value, "__dict__") else slots_of(value) if is_own else []


def slots_of(value: Any) -> list[tuple[str, Any]]:
    """The fields of an object with slots."""
    return [(name, getattr(value, name, None)) for name in getattr(type(value), "__slots__", ())]


class NamesInUse(NamedTuple):
    """What a module calls on which names, read in one pass."""

    methods: defaultdict[str, set[str]]  # by the last name of what they are called on
    each_of: defaultdict[
        str, set[str]
    ]  # the variables of comprehensions, by the last name of what they go through

    def called_on(self, name: str) -> set[str]:
        """The methods that the code calls on what has this name, on an item of it, or on each of its items in turn."""
        return self.methods[name].union(*(self.methods[each] for each in self.each_of[name])) & METHODS


def names_in_use(tree: ast.AST) -> NamesInUse:
    """Every call of a method in a module, and every loop of a comprehension."""
    used = NamesInUse(defaultdict(set), defaultdict(set))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            used.methods[last_name(owner)].add(node.attr)
        elif isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name):
            used.each_of[last_name(node.iter)].add(node.target.id)
    return used


def last_name(node: ast.AST) -> str:
    """The last name of a dotted one, or "" for other expressions."""
    return node.attr if isinstance(node, ast.Attribute) else str(getattr(node, "id", ""))


def written_in_place(tree: ast.AST) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The methods and patterns of calls such as `re.sub("...", ...)`."""
    for call, method in calls_of_re(tree):
        if method in METHODS and isinstance(call.args[0], ast.Constant):
            yield method, re.compile(call.args[0].value)


def made_at_run_time(tree: ast.AST) -> Iterator[int]:
    """The lines inside functions that make a pattern of what is only known then, so that nobody can test it."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for call, method in calls_of_re(function):
                is_known = isinstance(call.args[0], ast.Constant) or getattr(call.args[0], "id", "").isupper()
                if method in {*METHODS, "compile"} and not is_known:
                    yield call.lineno


def calls_of_re(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """The calls of functions of `re`, with the function's name."""
    for node in ast.walk(tree):
        is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if is_method and getattr(node.func.value, "id", "") == "re":
            yield node, node.func.attr
