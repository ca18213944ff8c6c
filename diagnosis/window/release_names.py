"""
Names of releases as people write them: which of them name one release, and which release is certainly older.

`2.0.0`, `v2.0.0`, `shop@2.0.0` and `refs/tags/v2.0.0` are one release. So is `2.0.0+build.7` where the other name has
no build metadata (https://semver.org/#spec-item-10), and a commit under a shorter form of its hash
(https://git-scm.com/book/en/v2/Git-Tools-Revision-Selection). Versions are ordered by their numbers, and those with the
same numbers only if both endings are known words for what comes before a release (https://semver.org/#spec-item-11,
https://peps.python.org/pep-0440/): `-hotfix` or `-alpine` say nothing about order. Other names have no order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

LONGEST = 200  # characters of a name that are compared
DOTTED = re.compile(r"(?:^[a-z]*|[-_ @/:]v?)(\d+(?:\.\d+)+)([^+]*)(?:\+(.*))?$", re.S)
BUILD_NUMBER = re.compile(r"v?(\d+)()()$")
COMMIT = re.compile(r"[0-9a-f]{7,64}")
BEFORE_RELEASE = re.compile(
    r"[-._]?(dev|snapshot|nightly|canary|alpha|a|beta|b|milestone|m|preview|pre|rc|cr|c)[-._]?(\d*)(?:[-._].*)?",
    re.S,
)
STAGES = ({"dev"}, {"alpha", "a"}, {"beta", "b"}, {"milestone", "m"}, {"preview", "pre", "rc", "cr", "c"})


@dataclass(frozen=True, slots=True)
class Version:
    """The parts of a name that is a version."""

    numbers: tuple[int, ...]
    ending: str  # after the numbers, without build metadata
    build: str

    def names(self, other: Version) -> bool:
        """Whether both name one release, build metadata aside."""
        return not compared(self.numbers, other.numbers) and plain(self.ending) == plain(other.ending)


def matching(release: str, names: Iterable[str]) -> frozenset[str]:
    """The names of this release among `names`; those with its build metadata alone, if there are any."""
    same = frozenset(name for name in names if is_same(release, name))
    version = parsed(release)
    if version is None or not version.build:
        return same
    builds = {name: other.build for name in same if (other := parsed(name))}
    return frozenset(name for name in same if builds.get(name) == version.build) or same


def is_same(one: str, other: str) -> bool:
    """Whether both name one release, build metadata aside."""
    one, other = cleaned(one), cleaned(other)
    if COMMIT.fullmatch(one) and COMMIT.fullmatch(other):
        return one.startswith(other) or other.startswith(one)
    first, second = parsed(one), parsed(other)
    return first.names(second) if first and second else bool(one) and one == other


def is_older(name: str, than: str) -> bool:
    """Whether the names alone say that the release comes before the other."""
    first, second = parsed(name), parsed(than)
    if first is None or second is None or (len(first.numbers) == 1) != (len(second.numbers) == 1):
        return False
    order = compared(first.numbers, second.numbers)
    return order < 0 or (order == 0 and is_earlier_stage(first.ending, second.ending))


def parsed(name: str) -> Version | None:
    """The version that the name is, or None."""
    text = cleaned(name)
    match = DOTTED.search(text) or BUILD_NUMBER.match(text)
    if match is None:
        return None
    numbers, ending, build = match.groups(default="")
    return Version(tuple(int(number) for number in numbers.split(".")), ending.strip(), build)


def cleaned(name: str) -> str:
    """The name without what people write differently."""
    return name[:LONGEST].strip().casefold()


def plain(ending: str) -> str:
    """The ending without separators: `-rc.1` and `rc1` are one."""
    return re.sub(r"[-._]", "", ending)


def compared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Below 0 if the first numbers come before the others, 0 if they are equal: `2.0` is `2.0.0`."""
    for first, second in zip_longest(one, other, fillvalue=0):
        if first != second:
            return -1 if first < second else 1
    return 0


def is_earlier_stage(ending: str, than: str) -> bool:
    """Whether, of two versions with the same numbers, the ending says that the first comes before the second."""
    first, second = BEFORE_RELEASE.fullmatch(ending), BEFORE_RELEASE.fullmatch(than)
    if first is None or second is None:
        return first is not None and not than
    stages = stage(first[1]), stage(second[1])
    return -1 not in stages and (stages[0], int(first[2] or 0)) < (stages[1], int(second[2] or 0))


def stage(word: str) -> int:
    """The place of the word among STAGES; -1 for one without a place, such as `nightly`."""
    return next((number for number, words in enumerate(STAGES) if word in words), -1)
