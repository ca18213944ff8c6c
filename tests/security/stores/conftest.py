"""The shop whose stores are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tenants.keys.provisioning import MintedProject
from tests.security.stores.furnished_shop import Shop
from tests.staff_clients import operator


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


@pytest.fixture
def shop(alice: MintedProject, call: Any, boss: Client, tmp_path: Path, settings: Any) -> Shop:
    """The shop."""
    settings.LOOPKIT_FEEDBACK_RATE = "100000/m"  # it is asked for everything after each damage
    return Shop(alice, call, boss, tmp_path)
