"""The code stays a house to live in: small rooms, small files, one thing a name (`make measure` prints the figures)."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from benchmarks import layout
from benchmarks.layout import MOST_FILES_A_FOLDER, MOST_SHARED_FUNCTION_NAMES, Layout
from tests import ROOT


@cache
def measured() -> Layout:
    """The product's layout."""
    return layout.measure_layout(ROOT)


def test_no_folder_holds_more_files_than_a_reader_takes_in() -> None:
    assert {folder: n for folder, n in measured().files_by_folder.items() if n > MOST_FILES_A_FOLDER} == {}


def test_no_file_and_no_function_is_long() -> None:
    assert measured().long_files == []
    assert measured().long_functions == []


def test_a_class_name_stands_for_one_class() -> None:
    assert measured().shared_classes == []


def test_a_function_name_stands_for_one_function_or_for_the_same_part_of_several_modules() -> None:
    assert measured().shared_functions <= MOST_SHARED_FUNCTION_NAMES


@pytest.mark.parametrize("package", layout.PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    paths = sorted((ROOT / package).rglob("*.py"))
    trees = {path: ast.parse(path.read_text()) for path in paths if "migrations" not in path.parts}

    silent = [path for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)]
    empty = [path for path, tree in trees.items() if not tree.body]

    assert silent == []
    assert empty == []
