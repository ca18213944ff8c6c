"""Imports point one way: diagnosis -> telemetry -> tenants; of `loopkit` the apps import `loopkit.http` only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = {"loopkit", "tenants", "telemetry", "diagnosis"}
LEAVES = "loopkit.http"
MAY_IMPORT = {
    "tenants": {"tenants"},
    "telemetry": {"telemetry", "tenants"},
    "diagnosis": {"diagnosis", "telemetry", "tenants"},
}


def modules(app: str) -> list[Path]:
    """Every module of an app, migrations too."""
    found = sorted((ROOT / app).rglob("*.py"))
    assert found
    return found


def imported(path: Path) -> Iterator[str]:
    """The dotted name of everything of ours that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import it by its full name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in OURS)


def is_leaf(name: str) -> bool:
    """Whether the name is in the package that everyone may import: `loopkit.http.errors.ApiError`."""
    return f"{name}.".startswith(f"{LEAVES}.")


@pytest.mark.parametrize("app", sorted(MAY_IMPORT))
def test_an_app_imports_no_app_above_it(app: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(app)
        for name in imported(path)
        if name.split(".")[0] not in MAY_IMPORT[app] and not is_leaf(name)
    ]

    assert wrong == []


@pytest.mark.parametrize("path", modules(LEAVES.replace(".", "/")), ids=lambda path: path.stem)
def test_a_leaf_imports_leaves_only(path: Path) -> None:
    assert [name for name in imported(path) if not is_leaf(name)] == []


def test_nothing_of_the_product_imports_the_tests_or_the_benchmarks() -> None:
    for app in sorted(OURS):
        for path in modules(app):
            assert "import tests" not in path.read_text()
            assert "from tests" not in path.read_text()
            assert "from benchmarks" not in path.read_text()
