"""
Paths of source files: their part that stays the same on every machine, and the folders that hold libraries.

The folders are those that package managers fill:
https://docs.npmjs.com/cli/configuring-npm/folders, https://docs.python.org/3/library/site.html,
https://getcomposer.org/doc/01-basic-usage.md, https://go.dev/ref/mod#module-cache, https://guides.rubygems.org,
https://doc.rust-lang.org/cargo/guide/cargo-home.html, https://dart.dev/tools/pub/cmd/pub-get#the-system-package-cache,
https://learn.microsoft.com/nuget/consume-packages/managing-the-global-packages-and-cache-folders,
https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch04.html
"""

from __future__ import annotations

import re

LIBRARY_FOLDERS = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|\.yarn|site-packages|dist-packages|gems|vendor|pkg/mod"
    r"|\.?cargo/(?:registry|git)|\.pub-cache|\.nuget/packages|Pods|Carthage|\.build/checkouts"
    r"|SourcePackages/checkouts|\.conan2?|vcpkg/installed|vcpkg_installed|\.m2|\.gradle|luarocks|_build/default/lib"
    r"|usr/(?:local/)?(?:include|lib\d*|share))/"
)
VERSION = re.compile(
    r"(?<![A-Za-z0-9])v?\d{1,9}+(?:\.\d{1,9}+){1,4}+(?:[-+.][0-9A-Za-z]{1,20}+){0,4}+(?=/|$)"
    r"|@v?\d[^/]{0,100}+"
)
RUN_OF_DIGITS = re.compile(r"[0-9a-f]{8,}|\d{3,}")


def slashed(file: str) -> str:
    """Return the path with the slashes of Unix."""
    return file.replace("\\", "/")


def is_in_library(file: str) -> bool:
    """Whether the path leads into a folder that a package manager fills."""
    return bool(LIBRARY_FOLDERS.search(slashed(file)))


def short_place(file: str) -> str:
    """Return the file with its folder: one folder distinguishes files, those above it change with releases."""
    return "/".join(slashed(file).split("/")[-2:])


def without_builds(text: str) -> str:
    """Return the text with `*` for versions and long numbers, which change with releases."""
    return RUN_OF_DIGITS.sub("*", VERSION.sub("*", text))


def code_key(function: str, file: str) -> str:
    """Return what distinguishes the code of a function that is told by its name and its file."""
    return without_builds(f"{function} {short_place(file)}".strip())
