"""No version with a published hole is installed or allowed: requirements-floors.txt, which names the source of each."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

from tests import ROOT


def lines_of(name: str) -> list[str]:
    """The lines of a requirements file that name packages."""
    return [
        line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-"))
    ]


FLOORS = {Requirement(line.split("  #")[0]).name: line for line in lines_of("requirements-floors.txt")}
REQUIRED = [Requirement(line) for line in lines_of("requirements.txt")]


@pytest.mark.parametrize("name", FLOORS)
def test_no_installed_package_has_a_published_hole(name: str) -> None:
    floor = Requirement(FLOORS[name].split("  #")[0])
    if name == "backports.zstd":
        pytest.importorskip("backports.zstd")  # before Python 3.14

    assert version(name) in floor.specifier, f"{name}: upgrade it by pip install -r requirements.txt"


@pytest.mark.parametrize("required", REQUIRED, ids=lambda required: required.name)
def test_the_lowest_version_that_is_allowed_has_no_published_hole(required: Requirement) -> None:
    floor = Requirement(FLOORS[required.name].split("  #")[0])
    lowest = min(spec.version for spec in required.specifier if spec.operator == ">=")

    assert lowest in floor.specifier


@pytest.mark.parametrize("name", FLOORS)
def test_each_floor_has_a_source(name: str) -> None:
    assert re.search(r"  # (none published|\S.* https://\S+)$", FLOORS[name])


def test_pip_reads_the_floors_with_the_requirements() -> None:
    assert "-c requirements-floors.txt" in (ROOT / "requirements.txt").read_text().splitlines()
    assert "6.0.9" not in Requirement(FLOORS["Django"].split("  #")[0]).specifier
