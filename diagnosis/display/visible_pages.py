"""
A middleware that shows hidden characters by their numbers in every HTML page, whoever made the page.

The admin's own pages show texts of strangers too: in checkbox labels, messages, breadcrumbs and read-only fields. The
values of form fields stay as they are, so that saving a form changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from diagnosis.display.hidden_characters import show_hidden

# In a page, text has no quotation mark of its own: it is escaped.
FORM_VALUE = re.compile(r'(\bvalue="[^"]*"|<textarea\b[^>]*>[^<]*</textarea>)')


class VisiblePages:
    """Django middleware. Inside of those that set the content's length or hash it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        content = getattr(response, "content", b"") if is_page else b""
        if not content.isascii():
            response.content = visible_page(content.decode()).encode()  # type: ignore[attr-defined]
        return response


def visible_page(html: str) -> str:
    """The page with hidden characters shown by their numbers, but for the values of form fields."""
    parts = FORM_VALUE.split(html)
    return "".join(part if number % 2 else show_hidden(part) for number, part in enumerate(parts))
