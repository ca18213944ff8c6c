"""A migration does what it did when it was written: of the product it uses only what Django itself writes into one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

OURS = {"loopkit", "tenants", "telemetry", "diagnosis"}
SERIALISED = {  # defaults that Django names in a migration
    "diagnosis.models.new_loop_id",
    "diagnosis.models.new_packet_id",
    "tenants.models.new_key_id",
}
MIGRATIONS = sorted(path for app in OURS for path in (ROOT / app / "migrations").glob("*.py"))


def imports_of(tree: ast.AST) -> Iterator[str]:
    """The dotted name of all that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def uses_of(tree: ast.AST, module: str) -> Iterator[str]:
    """What a module that is imported as a whole is asked for: `tenants.models.new_key_id`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == module:
            yield f"{module}.{node.attr}"


def living_code(path: Path) -> list[str]:
    """What of the product, outside of this folder of migrations, a migration uses."""
    tree = ast.parse(path.read_text(), str(path))
    app = path.parent.parent.name
    found: set[str] = set()
    for name in imports_of(tree):
        if name.split(".")[0] in OURS and not name.startswith(f"{app}.migrations."):
            found |= set(uses_of(tree, name)) or {name}
    return sorted(found - SERIALISED)


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_a_migration_uses_no_living_code(path: Path) -> None:
    assert living_code(path) == []
