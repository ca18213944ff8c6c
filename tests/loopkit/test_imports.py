"""Imports point one way: `make check` holds the layers by import-linter, and docs/architecture.md draws them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from benchmarks.layout import PACKAGES, product_files
from tests import ROOT

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"]


def layers_of(app: str) -> list[list[str]]:
    """The layers of an app as its contract has them, highest first."""
    [contract] = [contract for contract in CONTRACTS if contract.get("containers") == [app]]
    return [layer.split(" | ") for layer in contract["layers"]]


def drawn_layers(app: str) -> list[list[str]]:
    """The layers of an app as the page draws them: a line each, highest first."""
    [block] = re.findall(rf"^```\n{app}\n(.*?)```", ARCHITECTURE, re.S | re.M)
    return [line.split() for line in block.splitlines()]


@pytest.mark.parametrize("app", ["diagnosis", "telemetry", "tenants"])
def test_the_page_draws_the_layers_of_the_contract(app: str) -> None:
    assert drawn_layers(app) == layers_of(app)


@pytest.mark.parametrize("app", ["diagnosis", "telemetry", "tenants"])
def test_the_page_says_what_each_package_holds(app: str) -> None:
    packages = {path.parent.name for path in (ROOT / app).glob("*/__init__.py")} - {"migrations"}

    named = set(re.findall(rf"^\| `{app}/(\w+)/` \| \S", ARCHITECTURE, re.M))

    assert named == packages


def test_an_import_against_the_layers_is_found(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).symlink_to(ROOT / package)
    (tmp_path / "tenants").unlink()
    subprocess.run(["cp", "-r", ROOT / "tenants", tmp_path / "tenants"], check=True)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    with (tmp_path / "tenants" / "models.py").open("a") as models:
        models.write("\nfrom telemetry.windows import Window  # noqa\n")

    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert "tenants.models -> telemetry.windows" in told.stdout


def test_nothing_of_the_product_imports_the_tests_or_the_benchmarks() -> None:
    for path in product_files(ROOT):
        assert not re.search(r"^\s*(from|import) (tests|benchmarks)\b", path.read_text(), re.M), path
