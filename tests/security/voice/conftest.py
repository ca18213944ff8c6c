"""The project of canaries, built once for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.module_data import ModuleData
from tests.security.voice.canaries import CanaryWorld, build_canary_world


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Callable[..., Any]) -> Iterator[ModuleData]:
    """The project of canaries."""
    yield from build_module_data(lambda: build_canary_world(call))


@pytest.fixture
def world(module_data: ModuleData, db: None) -> CanaryWorld:
    """The project as it was built."""
    built: CanaryWorld = module_data.built
    return built
