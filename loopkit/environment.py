"""
Settings from environment variables: `env` reads a variable, and a cast converts and checks its text.

A cast takes the text and returns the value, or raises a ValueError that names the remedy.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
BACKENDS = {"": "dummy", "file": "filebased", "smtp": "smtp", "smtp+tls": "smtp", "smtps": "smtp"}
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
PORTS = {"smtp+tls": 587, "smtps": 465}


def env(name: str, default: T, cast: Callable[[str], T]) -> T:
    """The value of a variable, or the default if it is unset. Raises ImproperlyConfigured for an invalid value."""
    raw = os.environ.get(name)
    try:
        return default if raw is None else cast(raw)
    except ValueError as error:
        # The message may be logged, and a URL may contain a password.
        redacted = re.sub(r"//[^@/]*@", "//***@", str(raw))
        raise ImproperlyConfigured(f"{name}={redacted!r}: {error}") from error


def switch(raw: str) -> bool:
    """A boolean, written as `1 true yes on` or `0 false no off` in any case."""
    word = raw.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError("use 1 or 0")
    return word in TRUE


def as_words(raw: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in raw.split(",") if word.strip()]


def natural(raw: str) -> int:
    """A whole number above zero."""
    return as_integer(raw, least=1)


def connections(raw: str) -> int:
    """A number of connections that leaves room for the clients of one small installation. Raises ValueError."""
    return as_integer(raw, least=64)


def port(raw: str) -> int:
    """A TCP port."""
    return as_integer(raw, least=1, most=65535)


def as_whole_number(raw: str) -> int:
    """A whole number, zero or above."""
    return as_integer(raw, least=0)


def as_integer(raw: str, least: int, most: int | None = None) -> int:
    """The number. Raises ValueError with what is allowed for any other text, and for a number out of bounds."""
    try:
        number = int(raw)
    except ValueError:
        allowed = f"{least} or more" if most is None else f"{least} to {most}"
        raise ValueError(f"write a whole number, {allowed}") from None
    if number < least:
        raise ValueError(f"must be {least} or more")
    if most is not None and number > most:
        raise ValueError(f"must be {most} at most")
    return number


def rate(raw: str) -> str:
    """A rate as django-ratelimit writes it: https://django-ratelimit.readthedocs.io/en/stable/rates.html"""
    if not re.fullmatch(r"\d+/([1-9]\d*)?[smhd]", raw):
        raise ValueError("write it as count/period, such as 20/h or 5/10m")
    return raw


def url_parts(raw: str) -> SplitResult | None:
    """The parts of a URL, or None if its host or port is malformed."""
    try:
        parts = urlsplit(raw)
        parts.port  # noqa: B018  (raises ValueError unless it is a port)
    except ValueError:  # its message would be Python's
        return None
    return parts


def public_url(raw: str) -> str:
    """The origin that clients use: http or https, without a path."""
    parts = url_parts(raw)
    if not parts or parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
        raise ValueError("write it as https://host[:port], without a path")
    return f"{parts.scheme}://{parts.netloc}"


def log_level(raw: str) -> str:
    """A level of Python's logging, any case: https://docs.python.org/3/library/logging.html#logging-levels"""
    if raw.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("use DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return raw.upper()


def database_url(raw: str) -> str:
    """A URL of an SQLite or PostgreSQL database, the ones that LoopKit's SQL is written for."""
    try:
        is_supported = dj_database_url.parse(raw)["ENGINE"].endswith(("sqlite3", "postgresql"))
    except ValueError:  # its message would list databases that LoopKit does not support
        is_supported = False
    if not is_supported:
        raise ValueError("use sqlite:///path or postgres://user:password@host/name")
    return raw


def cache_url(raw: str) -> str:
    """A Redis URL, for which the redis package must be installed; "" for none."""
    if raw and not raw.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("write it as redis://host:6379/0")
    if raw and find_spec("redis") is None:
        raise ValueError('this needs a package: pip install "redis>=5,<9"')
    return raw


def email_url(raw: str) -> str:
    """A mail server or a folder; "" for no mail."""
    parts = url_parts(raw)
    is_server = parts and parts.hostname and parts.scheme in {"smtp", "smtp+tls", "smtps"}
    if raw and not is_server and not (parts and parts.scheme == "file" and parts.path):
        raise ValueError("use smtp+tls://user:password@host:587, smtps://, smtp:// or file:///folder")
    return raw


@dataclass(frozen=True, slots=True)
class MailServer:
    """The parts of LOOPKIT_EMAIL_URL, as Django's EMAIL_* settings need them. `folder` is None except for `file:`."""

    backend: str
    host: str
    port: int
    user: str
    password: str
    use_tls: bool
    use_ssl: bool
    folder: str | None


def mail_server(url: str) -> MailServer:
    """Parse a URL that `email_url` has accepted."""
    parts = urlsplit(url)
    return MailServer(
        backend=f"django.core.mail.backends.{BACKENDS[parts.scheme]}.EmailBackend",
        host=parts.hostname or "",
        port=parts.port or PORTS.get(parts.scheme, 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+tls",
        use_ssl=parts.scheme == "smtps",
        folder=parts.path if parts.scheme == "file" else None,
    )
