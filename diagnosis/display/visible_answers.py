"""
A middleware that shows hidden characters by their numbers in every answer that people or agents read.

One place for all of them: pages, also the admin's own, which show texts of strangers in checkbox labels, messages and
breadcrumbs; JSON, with the names of attributes; Markdown, plain text and feeds. The values of form fields in pages stay
as they are, so that saving a form changes nothing. Files that programs run (pytest, promptfoo, JSONL) have escapes
instead, which readers see and programs turn into the characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.visible_json import visible_json
from tenants.api.budgets import MEDIA_TYPE

# In a page, text has no quotation mark of its own: it is escaped.
FORM_VALUE = re.compile(r'(\bvalue="[^"]*"|<textarea\b[^>]*>[^<]*</textarea>)')


class VisibleAnswers:
    """Django middleware. Inside of those that set the content's length or hash it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        make_visible = FORMS.get(media_type)
        if make_visible:
            content: bytes = getattr(response, "content", b"")
            shown = make_visible(content)
            if shown is not content:
                response.content = shown  # type: ignore[attr-defined]
        return response


def visible_page(html: str) -> str:
    """The page with hidden characters shown by their numbers, but for the values of form fields."""
    parts = FORM_VALUE.split(html)
    return "".join(part if number % 2 else show_hidden(part) for number, part in enumerate(parts))


def visible_html(content: bytes) -> bytes:
    """`visible_page` of an encoded page."""
    return content if content.isascii() else visible_page(content.decode()).encode()


def visible_text(content: bytes) -> bytes:
    """An encoded text with hidden characters shown by their numbers; tabs and line ends stay."""
    return show_hidden(content.decode()).encode()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "text/html": visible_html,
    "application/json": visible_json,
    "application/feed+json": visible_json,
    MEDIA_TYPE: visible_json,
    "application/atom+xml": visible_text,
    "text/markdown": visible_text,
    "text/plain": visible_text,
}
