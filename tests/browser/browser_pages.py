"""A page in a browser of its own: what it complained of, and how it looks in each scheme, wide and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.server import Server

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}


@dataclass
class Visit:
    """A page, and all that its console and network complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """To a path of the server."""
        self.page.goto(path)

    def follow(self, link: Locator) -> None:
        """To where that leads; looking before the other page is there would be looking at this one."""
        with self.page.expect_navigation():
            link.click()

    def overflow(self) -> int:
        """Pixels that stick out to the right."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))

    def each_way(self) -> Iterator[str]:
        """The page that is open, in each scheme and width; light and wide again afterwards."""
        for size in (PHONE, WIDE):
            self.page.set_viewport_size(size)
            for scheme in ("dark", "light"):
                self.turn(scheme)
                yield f"{scheme} {size['width']}"

    def turn(self, scheme: str) -> None:
        """To a scheme, until colours have stopped to change."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished))")


class Visits:
    """`visits(viewport=PHONE, java_script_enabled=False)`: a fresh browser that listens for complaints."""

    def __init__(self, chromium: Browser, server: Server) -> None:
        self.chromium, self.server = chromium, server
        self.contexts: list[BrowserContext] = []

    def __call__(self, **options: Any) -> Visit:
        context = self.chromium.new_context(base_url=self.server.url, **{"viewport": WIDE, **options})
        self.contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("request", lambda sent: foreign(visit, self.server, sent.url))
        return visit

    def close(self) -> None:
        """Every browser that was opened."""
        for context in self.contexts:
            context.close()


def foreign(visit: Visit, server: Server, url: str) -> None:
    """Pages load nothing from other hosts."""
    if not url.startswith(server.url):
        visit.complaints.append(f"asked {url}")
