"""A person without a mouse: Tab, Enter, Space and letters, and a look at each stop whether the focus can be seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.browser.browser_pages import Visit

MOST = 150  # stops on the way to anything
STOP = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const name = at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || at.value || "";
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const inSight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0;
  return {tag: at.tagName.toLowerCase(), name: name.trim(), visible: outlined && inSight};
}"""


@dataclass
class Keyboard:
    """Hands on the keys of one visit; `hidden` are the stops where nobody sees the focus."""

    visit: Visit
    hidden: list[str] = field(default_factory=list)

    def tab(self) -> dict[str, str]:
        """One stop further."""
        self.visit.page.keyboard.press("Tab")
        stop = dict(self.visit.page.evaluate(STOP))
        if not stop.pop("visible"):
            self.hidden.append(f"{self.visit.page.url}: {stop}")
        return stop

    def to(self, tag: str, name: str) -> None:
        """Tab until an element of that kind whose name begins so."""
        passed = []
        for _ in range(MOST):
            stop = self.tab()
            passed.append(stop["name"])
            if stop["tag"] == tag and stop["name"].startswith(name):
                return
        raise AssertionError(f"no {tag} {name!r} among {passed}")

    def skip(self) -> None:
        """Past the frame of a page that was just opened; a search stays behind it."""
        if "#content-start" in self.visit.page.url:
            return
        first = self.tab()
        assert first["name"] == "Skip to main content", f"{self.visit.page.url}: {first}"
        self.press("Enter")

    def type(self, text: str) -> None:
        """Letters."""
        self.visit.page.keyboard.type(text)

    def press(self, key: str) -> None:
        """A key that stays on the page."""
        self.visit.page.keyboard.press(key)

    def enter(self) -> None:
        """Enter, which leads to another page."""
        with self.visit.page.expect_navigation():
            self.visit.page.keyboard.press("Enter")
