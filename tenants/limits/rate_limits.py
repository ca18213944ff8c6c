"""
How often one network may mint, sign up, recover or fail to sign in: django-ratelimit over the shared counter.

https://django-ratelimit.readthedocs.io/en/stable/usage.html#core-methods
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from loopkit.http.errors import ApiError

BEHIND_A_SOCKET = "127.0.0.1"  # a Unix socket's peer has no address


def client_address(request: HttpRequest) -> str:
    """
    The address of the client: the peer's, or what the outermost trusted proxy saw.

    Each proxy appends to X-Forwarded-For the address it was called from, so with n trusted ones the n-th
    entry from the right is the last that cannot be forged. Where it is no address, the peer's counts.
    """
    proxies = settings.LOOPKIT_TRUSTED_PROXIES
    entries = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    forwarded = address_in(entries[-proxies]) if 0 < proxies <= len(entries) else None
    return forwarded or address_in(str(request.META.get("REMOTE_ADDR"))) or BEHIND_A_SOCKET


def address_in(entry: str) -> str | None:
    """The address in `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]:5678`; None in all else."""
    host = entry.partition("]")[0].removeprefix("[") if entry.startswith("[") else entry
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)  # unmapped, or all of IPv4 would be one /64


def spend(request: HttpRequest, group: str, rate: str, what: str) -> None:
    """Count one attempt of this network. Above the rate: 429 with the seconds until the next window."""
    usage = get_usage(request, group=group, key="ip", rate=rate, increment=True)
    if usage and usage["should_limit"]:
        raise refusal(rate, what, usage["time_left"])


def check(request: HttpRequest, group: str, rate: str, what: str) -> None:
    """Count nothing; 429 if this network has no attempt left."""
    usage = get_usage(request, group=group, key="ip", rate=rate, increment=False)
    if usage and usage["count"] >= usage["limit"]:
        raise refusal(rate, what, usage["time_left"])


def refusal(rate: str, what: str, seconds_left: int) -> ApiError:
    """429 with the seconds until the next window."""
    return ApiError(
        429,
        "rate_limited",
        f"{what} rate limit reached for your network ({rate}).",
        "Wait for the seconds in Retry-After, then send the same request again.",
        {"Retry-After": str(max(1, seconds_left))},
    )
