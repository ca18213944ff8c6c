"""A real Chromium, and browsers in it that listen for complaints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.browser_pages import Visits
from tests.server import Server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of this machine. No longer than its module: while Playwright runs, Django calls the thread async."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "These tests need Chromium: install it, or name its path in CHROMIUM."
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        with closing(playwright.chromium.launch(executable_path=path, args=arguments)) as browser:
            yield browser


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Visits]:
    """Browsers for one test."""
    with closing(Visits(chromium, server)) as visits:
        yield visits
