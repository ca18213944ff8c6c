"""
A cache for functions of texts that clients send: it keeps the results for short ones only.

functools.lru_cache keeps its arguments, so that thousands of names of a megabyte each would fill the memory.
https://docs.python.org/3/library/functools.html#functools.lru_cache
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

LONGEST = 500  # characters, or bytes, of what is kept

Key = TypeVar("Key")
Result = TypeVar("Result")


class ShortCache(Generic[Key, Result]):
    """A function of one text, or of several in a tuple, with its cache."""

    def __init__(self, function: Callable[[Key], Result], maxsize: int) -> None:
        self.function = function
        self.cached: Any = lru_cache(maxsize)(function)

    def __call__(self, key: Key) -> Result:
        """Return the function's result, kept if the texts are short."""
        texts: Any = key
        size = len(texts) if isinstance(texts, str | bytes) else sum(map(len, texts))
        result: Result = self.cached(key) if size <= LONGEST else self.function(key)
        return result

    def cache_clear(self) -> None:
        """Forget all results."""
        self.cached.cache_clear()


def cached_if_short(maxsize: int) -> Callable[[Callable[[Key], Result]], ShortCache[Key, Result]]:
    """Return a decorator for such a function."""

    def decorate(function: Callable[[Key], Result]) -> ShortCache[Key, Result]:
        return ShortCache(function, maxsize)

    return decorate
