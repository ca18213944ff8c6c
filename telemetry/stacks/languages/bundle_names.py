"""
Names of bundled files: the hash of their content, which changes with each build, and the name that stays.

webpack: hexadecimal digits, https://webpack.js.org/configuration/output/#outputhashdigest. Rollup and Vite: 8
characters of base64url, also with `-` and `_` in them,
https://rollupjs.org/configuration-options/#output-hashcharacters. esbuild: 8 characters of base32,
https://esbuild.github.io/api/#chunk-names. Their folders: `assetsDir` of Vite, `_nuxt`, `_next`, `_astro`,
`_app/immutable` of SvelteKit.
"""

from __future__ import annotations

import re

HASH = "*"
LONGEST_NAME = 200
LAST_8 = re.compile(r"(?:^|(?<=[.-]))[\w-]{8}$", re.ASCII)
PART = re.compile(r"[^.~_-]+")
# A word, or words joined by capitals, perhaps with a short number: a name that somebody chose.
WORD = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)\d{0,3}")
WORDS = re.compile(r"[A-Z]?[a-z]+(?:[A-Z][a-z]+)+\d{0,3}")
HEX = re.compile(r"(?=[a-f]*\d)[0-9a-f]{5,64}|(?=[A-F]*\d)[0-9A-F]{6,64}")
LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9]{6,64}")
FEWEST_WITHOUT_CAPITALS = 8
BASE32 = re.compile(r"[A-Z2-7]{8}")
BUILD_FOLDER = re.compile(
    r"(?:^|/)(?:assets|_nuxt|_next|_astro|_app|immutable|chunks?|static|dist|build)(?:/|$)"
)
INNER_CAPITAL = re.compile(r"[a-z0-9_-][A-Z]|[A-Z]{2}")
MINIFIED = 2  # characters of the longest name that a minifier makes first


def stable_name(stem: str, folder: str = "") -> str:
    """Return the file's name, without its extension, with `*` for what a build makes of its content."""
    if len(stem) > LONGEST_NAME:
        return HASH
    last = LAST_8.search(stem)
    if last and is_base64_hash(last[0], is_whole=not last.start(), folder=folder):
        stem = f"{stem[: last.start()]}{HASH}"
    return PART.sub(lambda part: HASH if is_hash(part[0]) else part[0], stem)


def is_hash(part: str) -> bool:
    """Whether a part of a name is a number or the digits of a hash, and no word."""
    if part.isdigit():
        return True
    if WORD.fullmatch(part) or WORDS.fullmatch(part):
        return is_base32(part)
    return bool(HEX.fullmatch(part)) or is_mixed(part) or is_base32(part)


def is_mixed(part: str) -> bool:
    """Whether the part mixes digits with small letters; a short one with capitals, too."""
    if not LETTERS_AND_DIGITS.fullmatch(part) or part.isalpha() or not any(map(str.islower, part)):
        return False
    return len(part) >= FEWEST_WITHOUT_CAPITALS or not part.islower()


def is_base32(part: str) -> bool:
    """Whether the part is 8 characters of base32, not all of them digits."""
    return bool(BASE32.fullmatch(part)) and not part.isdigit()


def is_base64_hash(text: str, is_whole: bool, folder: str) -> bool:
    """
    Whether 8 characters at the end of a name are a hash in base64url.

    One without a digit looks like joined words; as the whole name it is a hash only in a folder of builds.
    """
    parts = [part for part in re.split(r"[-_]", text) if part]
    if all(WORD.fullmatch(part) for part in parts):
        return False
    is_in_build = bool(BUILD_FOLDER.search(folder))
    if any(character.isdigit() for character in text):
        names = (WORD, WORDS) if not is_in_build else (WORD,)
        return not all(part.isdigit() or any(name.fullmatch(part) for name in names) for part in parts)
    return bool(INNER_CAPITAL.search(text)) and (not is_whole or is_in_build)
