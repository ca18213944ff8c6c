"""
Data that all tests of a module share: built once, and given to each as it was built.

Rows of the control database lie in a transaction around those of the tests, project files in a folder that each test
gets a copy of: https://docs.djangoproject.com/en/5.2/topics/testing/tools/#django.test.TestCase.setUpTestData
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client, override_settings

from tenants.stores import pool


@dataclass(frozen=True, slots=True)
class ModuleData:
    """What was built, and the data dir it lies in."""

    built: Any
    folder: Path


@contextmanager
def kept_for_a_module(blocker: Any, folder: Path, build: Callable[[], Any]) -> Iterator[ModuleData]:
    """What `build()` makes in that data dir stands until the block ends."""
    around = transaction.atomic()
    with blocker.unblock():
        around.__enter__()
        with override_settings(LOOPKIT_DATA_DIR=folder):
            built = build()
            pool.close_all()
    yield ModuleData(built, folder)
    with blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


def copy_of_client(client: Client) -> Client:
    """A browser with that one's cookies, to be used by one test."""
    own = Client()
    own.cookies = copy.deepcopy(client.cookies)
    return own
