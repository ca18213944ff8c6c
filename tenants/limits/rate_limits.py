"""
Rate limits per network, for requests that make something and for guesses at secrets.

Requests (minting, signing up, asking for access, feedback) are limited by django-ratelimit, which counts in the cache
that all processes share, in windows of fixed length; another count of requests for the same period goes on with what
was counted. Guesses (keys, codes, passwords) are counted in sliding_window.py,
so that no border between two windows lets twice as many through; those at one account in attempts.py.
https://django-ratelimit.readthedocs.io/en/stable/usage.html#core-methods
"""

import hashlib
import ipaddress
import logging
import time
from collections.abc import Sequence

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from loopkit.http.errors import ApiError
from tenants.limits.sliding_window import SlidingWindow, parsed_rate

logger = logging.getLogger(__name__)
BEHIND_A_SOCKET = "127.0.0.1"  # for a peer on a Unix socket, which has no address
OWN_NETWORK = "your network"
IPV6_NETWORKS = {64: 1, 56: 2, 48: 4}  # the length of the prefix, and how many times the rate it may use
UNREAD_PROXY = "unread-proxy"  # the key of the cache that says that a proxy seems to be in front
UNREAD_SECONDS, NOTE_SECONDS = 86_400, 3600  # how long that is known, and how often a process repeats it
Bucket = tuple[str, str, str]  # who is counted, the rate, and how the refusal names them
Spent = tuple[SlidingWindow, float]  # an attempt that was counted, and when, in unix seconds
_noted_at: list[float] = []


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


def networks(request: HttpRequest) -> list[tuple[str, int]]:
    """
    The networks that the client is in, the smallest first, with how many times the rate each may use.

    Providers give a subscriber a /64 or a /56, and anybody can have a /48, which has 65,536 networks of /64.
    https://www.rfc-editor.org/rfc/rfc6177
    """
    note_unread_proxy(request)
    address = ipaddress.ip_address(client_address(request))
    if address.version == 4:
        return [(str(address), 1)]
    return [
        (str(ipaddress.ip_network((address, length), strict=False)), times)
        for length, times in IPV6_NETWORKS.items()
    ]


def note_unread_proxy(request: HttpRequest) -> None:
    """
    Log, once an hour, that a proxy seems to be in front although none is trusted: all its clients count as one.

    A client that writes the header itself comes from an address of its own, a proxy usually from a private one.
    """
    if settings.LOOPKIT_TRUSTED_PROXIES or "HTTP_X_FORWARDED_FOR" not in request.META:
        return
    is_recent = bool(_noted_at) and time.monotonic() - _noted_at[-1] < NOTE_SECONDS
    if is_recent or not ipaddress.ip_address(client_address(request)).is_private:
        return
    _noted_at[:] = [time.monotonic()]
    cache.set(UNREAD_PROXY, 1, UNREAD_SECONDS)
    logger.warning(
        "X-Forwarded-For comes from %s, but LOOPKIT_TRUSTED_PROXIES is 0: a proxy seems to be in front, and all its "
        "clients count as one network. Set the number of proxies.",
        client_address(request),
    )


def spend(request: HttpRequest, group: str, rate: str, action: str) -> None:
    """
    Count a request by the client's networks. Raises a 429 ApiError if that exceeds the rate.

    What the smallest network may not do any more does not count for the larger ones, which others are in too.
    """
    for network, allowed, whose in network_buckets(request, rate):
        limit, seconds = parsed_rate(allowed)
        # The library counts each rate apart. Asked with one count for all, it counts by the period alone.
        usage = get_usage(
            request,
            group=group,
            key=lambda *_, value=network: value,
            rate=f"1/{seconds}s",
            increment=True,
        )
        if usage and (usage["count"] > limit or usage["time_left"] < 0):  # below 0: the cache cannot count
            raise refusal(allowed, action, usage["time_left"], whose)


def spend_guess(request: HttpRequest, group: str, rate: str, action: str) -> None:
    """Count a guess by the client's networks, however it ends. Raises a 429 ApiError if that exceeds the rate."""
    count_attempts(group, network_buckets(request, rate), action)


def network_buckets(request: HttpRequest, rate: str) -> list[Bucket]:
    """The buckets of the client's networks, the smallest first."""
    return [(network, multiplied(rate, times), OWN_NETWORK) for network, times in networks(request)]


def count_attempts(group: str, buckets: Sequence[Bucket], action: str) -> list[Spent]:
    """
    Count an attempt in all of these buckets, or in none. Raises a 429 ApiError if one has none left.

    What the smallest network may not do any more does not count for the larger ones, which others are in too.
    """
    spent: list[Spent] = []
    for value, rate, whose in buckets:
        now, window = time.time(), window_of(group, value, rate)
        if wait := window.spend(now):
            give_back(spent)
            raise refusal(rate, action, wait, whose)
        spent.append((window, now))
    return spent


def give_back(spent: Sequence[Spent]) -> None:
    """Forget attempts that were counted."""
    for window, counted_at in spent:
        window.give_back(counted_at)


def window_of(group: str, value: str, rate: str) -> SlidingWindow:
    """The attempts of this value in this group. Another period is another window."""
    limit, seconds = parsed_rate(rate)
    key = hashlib.sha256(f"{group} {seconds} {value}".encode(errors="replace")).hexdigest()[:32]
    return SlidingWindow(f"attempts:{key}", limit, seconds)


def multiplied(rate: str, times: int) -> str:
    """The rate with a count that many times as large."""
    count, period = rate.split("/")
    return f"{int(count) * times}/{period}"


def refusal(rate: str, action: str, seconds_left: int, whose: str) -> ApiError:
    """The 429 error, with the seconds until one more attempt is allowed in the hint and in Retry-After."""
    seconds = max(1, seconds_left)
    return ApiError(
        429,
        "rate_limited",
        f"{action} rate limit reached for {whose} ({rate}).",
        f"Wait {seconds} s, as in Retry-After, then send the same request again.",
        {"Retry-After": str(seconds)},
    )
