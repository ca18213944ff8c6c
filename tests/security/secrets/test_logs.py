"""No line of any log has a key, a code or another secret in it, whoever logs it and wherever in the request it was."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.utils.log import DEFAULT_LOGGING
from gunicorn.config import Config

from loopkit.log_lines import LONGEST_LINE, BoundedLines
from loopkit.server_log import BoundedServerLog
from tenants.keys import credentials
from tenants.models import Key
from tests.server import Server

SECRETS = {
    **{kind.value: credentials.new_key(kind) for kind in Key.Kind},
    "feed": credentials.fresh(credentials.FEED_PREFIX),
    "recovery code": credentials.recovery_code("x", "acme-1"),
    "vendor's": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
}
PLACES = [
    "Forbidden (CSRF cookie not set.): /admin/{}", "GET /v1/notices.atom?key={} HTTP/1.1", "Not Found: /{}/x", "{}",
    "Invalid HTTP request line: 'GET /{} '", "refused: Bearer {}", "x" * (LONGEST_LINE - 30) + " {}",
]  # fmt: skip
# Where a letter or digit is before it. Those of vendors are then another word, as in telemetry.
GLUED = [
    "/admin/x{}/",
    "Invalid HTTP_HOST header: 'x{}'",
    "Invalid HTTP header line: 'z9{}'",
    "a%{}",
    "é{}%zz",
]
FORMAT = BoundedLines("{name} {message}", style="{")


def loggers() -> Iterator[logging.Logger]:
    """Every logger of the process, the root too."""
    yield logging.getLogger()
    for name in sorted(logging.root.manager.loggerDict):
        yield logging.getLogger(name)


@pytest.mark.parametrize("kind", SECRETS)
def test_no_line_has_a_secret_as_it_is_or_in_percent_signs(kind: str) -> None:
    secret = SECRETS[kind]
    percent = "".join(f"%{byte:02x}" for byte in secret.encode())
    quoted = quote(secret).replace("_", "%5F")
    prefix = f"%256{secret[0].encode().hex()[1:]}{secret[1:]}"  # its first letter, encoded twice
    nested = (
        percent.replace("%", "%25"),
        quote(quote(quoted)),
        quoted.replace("%", "%2%35"),
        quoted.replace("%", "%" + "25" * 9),
    )
    for written in (secret, percent, quoted, secret[:-4], prefix, *nested):
        for place in PLACES:
            record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s", (place.format(written),), None)

            line = FORMAT.format(record)

            assert secret[12:40] not in line
            assert written[:60] not in line or kind == "recovery code"


def test_no_traceback_has_a_secret() -> None:
    try:
        raise ValueError(f"bad key {SECRETS['agent']}")
    except ValueError as error:
        fault = ValueError, error, error.__traceback__
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", (), fault)

    text = FORMAT.format(record)

    assert "ValueError: bad key [redacted]" in text
    assert SECRETS["agent"] not in text


@pytest.mark.parametrize(
    "line",
    [
        "verified loop_1234567890abcdef: held",
        "The store of project demo-1b6bbcb0 is not available at '/v1/traces': database or disk is full. Make room",
        "process 12 of host (ab12cd34) runs the periodic jobs from now on, every 300 s",
        "Invalid HTTP_HOST header: 'stranger.example'. You may need to add it to ALLOWED_HOSTS.",
        "GET /dashboard/records/rec_65e01a73f701cc38dda2d5a0b13072be4e590b9f41d44809?a=%20b",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert FORMAT.format(logging.LogRecord("x", logging.ERROR, "x.py", 1, line, (), None)) == f"x {line}"


def test_every_handler_of_every_logger_writes_such_lines() -> None:
    handlers = {
        (logger.name, type(handler).__name__): handler
        for logger in loggers()
        for handler in logger.handlers
        if not isinstance(handler, logging.NullHandler) and not type(handler).__module__.startswith("_pytest")
    }

    assert [
        name for name, handler in handlers.items() if not isinstance(handler.formatter, BoundedLines)
    ] == []
    with_handlers = {name for name, options in DEFAULT_LOGGING["loggers"].items() if options.get("handlers")}
    assert with_handlers <= settings.LOGGING["loggers"].keys()


@pytest.mark.parametrize("name", ["error_log", "access_log"])
def test_gunicorns_logs_write_such_lines(name: str) -> None:
    config = Config()
    config.set("accesslog", "-")
    log = getattr(BoundedServerLog(config), name)
    written = io.StringIO()
    for handler in log.handlers:
        handler.setStream(written)

    log.error('"GET /%s HTTP/1.1" 404', SECRETS["agent"])
    for handler in log.handlers:
        handler.close()
    log.handlers.clear()

    assert '"GET /[redacted] HTTP/1.1" 404' in written.getvalue()


def test_the_running_server_logs_no_key_of_a_path(server: Server) -> None:
    key, marker = SECRETS["agent"], f"m{time.time_ns()}"

    refused = server.call("POST", f"/admin/{marker}/{key}", data=b"x")

    log = (server.data_dir / "server.log").read_text()
    assert refused.status == 403
    assert re.search(rf"Forbidden .*/admin/{marker}/\[redacted\]", log)
    assert key not in log
