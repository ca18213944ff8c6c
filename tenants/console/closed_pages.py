"""
Pages of Django's admin that nothing here leads to, and that do not exist for anybody.

`r/` and `autocomplete/` find rows by the name or number of any model that their URL has, also of those in projects'
files, which need a bound project, and along relations that they cannot follow.
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#reversing-admin-urls
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse


def closed_page(request: HttpRequest, anything: str = "") -> HttpResponse:
    """The answer that a page does not exist. Raises Http404."""
    raise Http404
