"""No line of any log has a key, a code or another secret in it, whoever logs it and wherever in the request it was."""

from __future__ import annotations

import io
import logging
import random
import re
import socket
import string
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.log import DEFAULT_LOGGING
from gunicorn.config import Config
from gunicorn.http import errors

from loopkit import log_lines
from loopkit.log_lines import LONGEST_LINE, MOST_SEARCHED, BoundedLines, without_clients_text
from loopkit.server_log import BoundedServerLog
from loopkit.worker.refusals import refusal_line
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
LOGS_OF_GUNICORN = {"error_log": "gunicorn.error", "access_log": "gunicorn.access"}


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


@pytest.mark.parametrize("name", LOGS_OF_GUNICORN)
def test_gunicorns_logs_write_such_lines(name: str) -> None:
    config = Config()
    config.set("accesslog", "-")
    other = logging.NullHandler()
    logging.getLogger(LOGS_OF_GUNICORN[name]).addHandler(other)
    log = getattr(BoundedServerLog(config), name)
    written = io.StringIO()
    own = [handler for handler in log.handlers if type(handler) is logging.StreamHandler]
    for handler in own:
        handler.setStream(written)

    log.error('"GET /%s HTTP/1.1" 404', SECRETS["agent"])
    for handler in (other, *own):
        log.removeHandler(handler)

    assert '"GET /[redacted] HTTP/1.1" 404' in written.getvalue()
    assert (other.formatter, other.filters) == (None, [])


def test_the_running_server_logs_no_key_of_a_path(server: Server) -> None:
    key, marker = SECRETS["agent"], f"m{time.time_ns()}"

    refused = server.call("POST", f"/admin/{marker}/{key}", data=b"x")

    log = (server.data_dir / "server.log").read_text()
    assert refused.status == 403
    assert re.search(rf"Forbidden .*/admin/{marker}/\[redacted\]", log)
    assert key not in log


def token(pick: random.Random) -> str:
    """A secret whose mark is much shorter."""
    return "ghp_" + "".join(pick.choices(string.ascii_letters + string.digits, k=36))


def crowded(pick: random.Random, length: int, between: str) -> str:
    """Secrets upon secrets, so many that a cut after `length` characters is shown, and another at the cut."""
    tokens = between.join(token(pick) for _ in range(length // 40))
    filler = "a" * pick.randint(0, 60) + between
    return filler + tokens + between + "https://bob:hunter2Secret9@db.example/" * 40


HALVES = re.compile("hunter|nter2S|Secret9|ret9@")


@pytest.mark.parametrize("length", [1500, 2000, 8000, MOST_SEARCHED // 2, MOST_SEARCHED, 3 * MOST_SEARCHED])
@pytest.mark.parametrize("between", ["/", " ", ", "])
def test_no_cut_shows_half_of_a_secret(length: int, between: str) -> None:
    pick = random.Random(length)
    for _ in range(6):
        text = crowded(pick, length - pick.randint(0, 120), between)
        mirrored = "https://bob:hunter2Secret9@db.example/" * 40 + between + text
        try:
            raise ValueError(mirrored)
        except ValueError as error:
            fault = ValueError, error, error.__traceback__
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s", (text,), fault)

        shown = FORMAT.format(record)

        assert not HALVES.search(shown)
        assert len(shown) < 12_000


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_a_cut_inside_a_secret_shows_none_of_it(monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    monkeypatch.setattr(log_lines, "MOST_SEARCHED", 200)
    url = "https://bob:hunter2Secret9@db.example/"

    beginning = log_lines.beginning_without_secrets("x" * (100 - cut) + " " + url + "y" * 500)
    end = log_lines.end_without_secrets("y" * 500 + url + " " + "x" * (100 - cut))

    assert not HALVES.search(beginning + end)
    assert beginning.startswith("x" * (100 - cut))
    assert end.endswith("x" * (100 - cut))


@pytest.mark.parametrize(
    "text", ["x" * 5_000_000, "ghp_" * 1_000_000, "%25" * 2_000_000, "password=" * 500_000]
)
def test_a_record_of_megabytes_costs_no_more_than_a_long_one(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    searched, redacted = [], log_lines.redacted
    monkeypatch.setattr(log_lines, "redacted", lambda part: searched.append(len(part)) or redacted(part))
    try:
        raise ValueError(text)
    except ValueError as error:
        fault = ValueError, error, error.__traceback__

    FORMAT.format(logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s", (text,), fault))

    assert sum(searched) <= 2 * 1.5 * MOST_SEARCHED * (log_lines.MOST_DECODINGS + 1)


def test_what_a_client_sent_is_not_quoted_where_its_request_is_refused() -> None:
    host = "/".join(token(random.Random(1)) for _ in range(45)) + "/https://bob:hunter2Secret9@db.example/"
    error = SuspiciousOperation(f"Invalid HTTP_HOST header: {host!r}.")
    name, fault = "django.security.DisallowedHost", (SuspiciousOperation, error, None)
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, "%s", (str(error),), fault)

    assert without_clients_text(record)
    assert without_clients_text(record)  # by the filter of another handler

    length = len(str(error))
    assert record.getMessage() == (
        f"refused a request: DisallowedHost, in {length} characters that are not shown"
    )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://shop.example/?token=hunter2Secret9#x", "https://shop.example"),
        ("https://bob:hunter2Secret9@shop.example", "https://shop.example"),
        ("null", "null"),
        ("http://[hunter2", "what is no URL, in 15 characters that are not shown,"),
        ("hunter2Secret9", "what is no URL, in 14 characters that are not shown,"),
    ],
)
def test_of_a_form_from_another_site_the_site_is_logged_and_no_more(sent: str, shown: str) -> None:
    for kind in ("Origin", "Referer"):
        reason = f"{kind} checking failed - {sent} does not match any trusted origins."
        name, words = "django.security.csrf", "Forbidden (%s): %s"
        record = logging.LogRecord(name, logging.WARNING, "x.py", 1, words, (reason, "/admin/login/"), None)

        assert without_clients_text(record)

        line = FORMAT.format(record)
        assert (
            f"({kind} checking failed - {shown} does not match any trusted origins.): /admin/login/" in line
        )
        assert "hunter2" not in line
        assert "[redacted]" not in line


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidHeader("X-Key Xk93jd02ksQz"), errors.InvalidHeaderName("Xk93jd02ksQz"),
        errors.InvalidRequestLine("GET /Xk93jd02ksQz"), errors.InvalidRequestMethod("Xk93jd02ksQz"),
        errors.ExpectationFailed("Xk93jd02ksQz"), errors.UnsupportedTransferCoding("Xk93jd02ksQz"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_gunicorns_words_about_a_head_are_not_logged(error: Exception) -> None:
    assert refusal_line(error, ("192.0.2.1", 5)) == (
        f"Invalid request from ip=192.0.2.1: {type(error).__name__}, in {len(str(error))} characters that are not shown"
    )
    assert "ip=:" in refusal_line(error, "")


def test_the_running_server_quotes_no_head_that_it_refuses(server: Server) -> None:
    before = len((server.data_dir / "server.log").read_text())

    for head in (b"GET / HTTP/1.1\r\nX-Api-Key Xk93jd02ksQz\r\n\r\n", b"hunter2 Xk93jd02ksQz http\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(head)
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")
    server.call("GET", "/health", Host="Xk93jd02ksQz.example")

    assert "Xk93jd02ksQz" not in (server.data_dir / "server.log").read_text()[before:]
