"""The source of a function with everything that it uses, so that it runs in a file without LoopKit."""

from __future__ import annotations

import re
import sys
from functools import cache
from inspect import getsource
from types import CodeType, FunctionType, ModuleType
from typing import Any


class NotCopyable(Exception):
    """The function uses a value whose source cannot be copied."""


@cache
def source_of(function: FunctionType) -> str:
    """The source of the function, after the functions and constants that it uses, each once. Raises NotCopyable."""
    parts: dict[str, str] = {}
    collect(function, parts)
    return "\n\n".join(parts.values())


def collect(function: FunctionType, parts: dict[str, str]) -> None:
    """Add to `parts` everything that the function uses, then the function itself."""
    for name in sorted(names_in(function.__code__)):
        value = function.__globals__.get(name)
        if name in parts or value is None or value is function:
            continue
        if isinstance(value, FunctionType):
            collect(value, parts)
        else:
            parts[name] = constant_statement(name, value)
    parts[function.__name__] = getsource(function)


def names_in(code: CodeType) -> set[str]:
    """The names that the code reads, including the comprehensions in it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(names_in, inner))


def constant_statement(name: str, value: Any) -> str:
    """The line that defines a constant, or imports it from the standard library. Raises NotCopyable."""
    if isinstance(value, ModuleType) and value.__name__ in sys.stdlib_module_names:
        return f"import {value.__name__} as {name}"
    if isinstance(value, type) and value.__module__ in sys.stdlib_module_names:
        return f"from {value.__module__} import {value.__name__} as {name}"
    if isinstance(value, re.Pattern):
        return f"{name} = __import__('re').compile({value.pattern!r}, {value.flags})"
    if isinstance(value, frozenset):
        return f"{name} = frozenset({sorted(value)!r})"
    if isinstance(value, str | int | float | tuple | dict):
        return f"{name} = {value!r}"
    raise NotCopyable(f"{name} is a {type(value).__name__}, which cannot be copied into a file")
