"""
The check of the Host header's port. Django checks the name alone, and takes any digits for a port.

https://www.rfc-editor.org/rfc/rfc9110#section-7.2, https://www.rfc-editor.org/rfc/rfc6335#section-6
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

PORT = re.compile(r"0*([1-9][0-9]{0,4})")
HIGHEST_PORT = 65535


def host_port_check(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware that raises DisallowedHost, a 400, for a port that cannot be one."""

    def checked(request: HttpRequest) -> HttpResponse:
        host = str(request.META.get("HTTP_HOST", ""))
        if not is_valid_port(split_domain_port(host)[1]):
            raise DisallowedHost(
                f"Invalid HTTP_HOST header: {host!r}: the port is not one of 1 to {HIGHEST_PORT}."
            )
        return get_response(request)

    return checked


def is_valid_port(port: str) -> bool:
    """Whether it is a TCP port, or "" for the usual one."""
    match = PORT.fullmatch(port)
    return port == "" or (match is not None and int(match[1]) <= HIGHEST_PORT)
