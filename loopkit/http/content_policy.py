"""
A middleware that sets the Content-Security-Policy of the settings.

django-csp's own middleware builds the policy, which may differ from page to page, anew for every answer. Here it is one
text for all of them: https://django-csp.readthedocs.io/en/latest/configuration.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest
from django.http.response import HttpResponseBase

policy = lru_cache(maxsize=1)(build_policy)


class ContentPolicy:
    """Django middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault(HEADER, policy())
        return response
