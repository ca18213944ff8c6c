"""
Failed guesses at one account, counted by network and by account, so that the owner is not locked out by a stranger.

A browser in which this account signed in before has a count of its own, and a network from which it did is not counted
for the account: whoever guesses elsewhere uses up neither. The limit of an account is above that of a network, so one
network alone cannot reach it, and its window is short.
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from tenants.limits import rate_limits
from tenants.limits.rate_limits import Bucket, Spent

ACCOUNT_PERIOD = "10m"
DAY_SECONDS = 86_400
BROWSER_SECONDS, NETWORK_SECONDS = 90 * DAY_SECONDS, 30 * DAY_SECONDS
SALT = "loopkit.known-browser"
BROWSER, ACCOUNT = "this browser", "this account from places that are new to it"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One guess at the secret of an account."""

    request: HttpRequest
    group: str  # what is guessed, such as `admin-login`
    account: str
    rate: str
    action: str  # as the refusal names it

    def reserve(self) -> list[Spent]:
        """
        Count the attempt before the secret is looked at, so that as many at once are no more than one after the other.

        Returns what to give back if it succeeds. Raises a 429 ApiError if no attempts are left.
        """
        if browser := self.browser():
            return rate_limits.count_attempts(self.group, [(browser, self.rate, BROWSER)], self.action)
        buckets = [*rate_limits.network_buckets(self.request, self.rate), *self.account_bucket()]
        return rate_limits.count_attempts(self.group, buckets, self.action)

    def reserve_for_account(self) -> list[Spent]:
        """Count the attempt for the account alone, as `reserve` does."""
        return rate_limits.count_attempts(self.group, list(self.account_bucket()), self.action)

    def account_bucket(self) -> Iterator[Bucket]:
        """The bucket of the account, unless it signed in from this network before."""
        if not cache.get(self.network_key()):
            count = int(self.rate.partition("/")[0])
            yield f"account {self.account}", f"{count + count // 5 + 1}/{ACCOUNT_PERIOD}", ACCOUNT

    def remember(self, response: HttpResponse) -> None:
        """Let this browser and this network be known to the account from now on, because the attempt succeeded."""
        cache.set(self.network_key(), 1, NETWORK_SECONDS)
        value = signing.dumps([self.account, self.browser() or secrets.token_hex(16)], salt=SALT)
        response.set_cookie(
            self.cookie_name(),
            value,
            max_age=BROWSER_SECONDS,
            path=self.request.path,
            secure=bool(settings.SESSION_COOKIE_SECURE),
            httponly=True,
            samesite="Lax",
        )

    def browser(self) -> str:
        """The random id of the browser, if this account signed in there before, or ""."""
        try:
            value = self.request.COOKIES.get(self.cookie_name(), "")
            account, browser = signing.loads(value, salt=SALT, max_age=BROWSER_SECONDS)
        except (signing.BadSignature, ValueError, TypeError):
            return ""
        return str(browser) if account == self.account else ""

    def cookie_name(self) -> str:
        """The cookie's name, one for each account, as several people may use one browser."""
        return f"known_{digest_of(self.account)}"

    def network_key(self) -> str:
        """The key of the cache under which the smallest network of the client is known to the account."""
        network, _ = rate_limits.networks(self.request)[0]
        return f"known-network:{self.group}:{digest_of(f'{self.account} {network}')}"


def digest_of(text: str) -> str:
    """A short digest, since names of cookies and keys of caches allow few characters."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:24]
