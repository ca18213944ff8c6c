"""The admin as a person uses it, without a browser: sign in, read a page, send its form."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field


@dataclass(slots=True)
class Person:
    """Somebody with a browser and a password."""

    origin: str
    opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        """Cookies are kept from page to page."""
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def read(self, path: str) -> str:
        """The page's HTML."""
        return self.opened(self.origin + path)

    def send(self, path: str, **fields: str) -> str:
        """Fill in the form on that page and send it there; the page that follows."""
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.read(path)))
        data = urllib.parse.urlencode(hidden | fields).encode()
        sent = urllib.request.Request(self.origin + path, data=data, headers={"Referer": self.origin + path})
        return self.opened(sent)

    def opened(self, sent: str | urllib.request.Request) -> str:
        """The answer's text. AssertionError with the text of a refusal, which says why."""
        try:
            with self.opener.open(sent, timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refusal:
            raise AssertionError(f"{refusal}: {refusal.read().decode()}") from refusal

    def sign_in(self, name: str, password: str) -> None:
        """Into the admin."""
        page = self.send("/admin/login/", username=name, password=password, next="/admin/")
        assert "Sign out" in page, page
