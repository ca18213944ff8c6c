"""
Rate limits per network for minting, signing up, recovering keys and failed sign-ins.

Built on django-ratelimit, which counts in the cache that all processes share.

https://django-ratelimit.readthedocs.io/en/stable/usage.html#core-methods
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from loopkit.http.errors import ApiError

BEHIND_A_SOCKET = "127.0.0.1"  # for a peer on a Unix socket, which has no address


def client_address(request: HttpRequest) -> str:
    """
    The client's IP address: the peer's, or the one that the outermost trusted proxy saw.

    Each proxy appends the address of its own client to X-Forwarded-For, so with n trusted proxies the n-th entry from
    the right is the outermost one that cannot be forged. If that entry is not an address, the peer's is used.
    """
    proxies = settings.LOOPKIT_TRUSTED_PROXIES
    entries = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    forwarded = address_in(entries[-proxies]) if 0 < proxies <= len(entries) else None
    return forwarded or address_in(str(request.META.get("REMOTE_ADDR"))) or BEHIND_A_SOCKET


def address_in(entry: str) -> str | None:
    """The IP address in `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1` or `[2001:db8::1]:5678`; None for anything else."""
    host = entry.partition("]")[0].removeprefix("[") if entry.startswith("[") else entry
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    # IPv4 inside IPv6 (::ffff:1.2.3.4) becomes plain IPv4: otherwise all of IPv4 would be a single /64 network.
    return str(mapped or address)


def spend(request: HttpRequest, group: str, rate: str, action: str) -> None:
    """Count an attempt by the client's network. Raises a 429 ApiError if that exceeds the rate."""
    usage = get_usage(request, group=group, key="ip", rate=rate, increment=True)
    if usage and usage["should_limit"]:
        raise refusal(rate, action, usage["time_left"])


def check_attempts(request: HttpRequest, group: str, rate: str, action: str) -> None:
    """Raise a 429 ApiError if the client's network has no attempts left, without counting one."""
    usage = get_usage(request, group=group, key="ip", rate=rate, increment=False)
    if usage and usage["count"] >= usage["limit"]:
        raise refusal(rate, action, usage["time_left"])


def refusal(rate: str, action: str, seconds_left: int) -> ApiError:
    """The 429 error, with the seconds until the next window in the hint and in Retry-After."""
    seconds = max(1, seconds_left)
    return ApiError(
        429,
        "rate_limited",
        f"{action} rate limit reached for your network ({rate}).",
        f"Wait {seconds} s, as in Retry-After, then send the same request again.",
        {"Retry-After": str(seconds)},
    )
