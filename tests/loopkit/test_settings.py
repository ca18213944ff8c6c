"""A bad value of the environment stops the start, by name."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

import loopkit
from loopkit import settings
from tests import ROOT

# Read by Django, or written by its startproject, though its defaults do not list them
DJANGO = {"BASE_DIR", "EMAIL_FILE_PATH", "ROOT_URLCONF"}
LIBRARIES = (
    "CONTENT_SECURITY_POLICY",
    "CORS_",
    "RATELIMIT_",
    "REST_FRAMEWORK",
    "SPECTACULAR_",
    "WHITENOISE_",
)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """`start(PORT="x")`: the error that reading the settings ends with, or ""; there is no package redis."""

    def read(**variables: str) -> str:
        for name, value in ({"LOOPKIT_DATA_DIR": str(tmp_path)} | variables).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setitem(sys.modules, "redis", None)
        try:
            runpy.run_path(str(ROOT / "loopkit" / "settings.py"))
        except ImproperlyConfigured:
            return traceback.format_exc()
        return ""

    return read


def test_a_bad_value_stops_the_process(tmp_path: Path) -> None:
    environment = os.environ | {"LOOPKIT_DATA_DIR": str(tmp_path), "PORT": "none"}

    done = subprocess.run(
        [sys.executable, "-c", "import loopkit.settings"], cwd=ROOT, env=environment, capture_output=True
    )

    assert done.returncode == 1
    assert b"PORT='none'" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("LOOPKIT_MINT_RATE", "5/0h", "such as 20/h or 5/10m"),
        ("LOOPKIT_RECOVER_RATE", "often", "such as 20/h or 5/10m"),
        ("LOOPKIT_TRUSTED_PROXIES", "-1", "must be 0 or more"),
        ("LOOPKIT_TRUSTED_PROXIES", "one", "write a whole number, 0 or more"),
        ("LOOPKIT_WORKERS", "0", "must be 1 or more"),
        ("LOOPKIT_THREADS", "abc", "write a whole number, 1 or more"),
        ("LOOPKIT_THREADS", "1.5", "write a whole number, 1 or more"),
        ("PORT", "http", "write a whole number, 1 to 65535"),
        ("PORT", "0", "must be 1 or more"),
        ("LOOPKIT_PUBLIC_URL", "https://[::1", "write it as https://host[:port]"),
        ("LOOPKIT_PUBLIC_URL", "https://loopkit.example:port", "write it as https://host[:port]"),
        ("LOOPKIT_PUBLIC_URL", "loopkit.example", "write it as https://host[:port]"),
        ("PORT", "80000", "must be 65535 at most"),
        ("LOOPKIT_DEBUG", "maybe", "use 1 or 0"),
        ("LOOPKIT_OPEN_STORES", "100", "must be 70 at most"),
        ("LOOPKIT_DATABASE_URL", "mysql://a@db/loopkit", "use sqlite:///path or postgres://"),
        ("LOOPKIT_DATABASE_URL", "", "use sqlite:///path or postgres://"),
        ("LOOPKIT_DATABASE_URL", "foo://", "use sqlite:///path or postgres://"),
        ("LOOPKIT_DATABASE_URL", "postgres://db:port/loopkit", "use sqlite:///path or postgres://"),
        ("LOOPKIT_CACHE_URL", "memcached://cache", "write it as redis://host:6379/0"),
        ("LOOPKIT_CACHE_URL", "redis://cache", 'pip install "redis>='),
        ("LOOPKIT_EMAIL_URL", "mail.example.com", "use smtp+tls://"),
        ("LOOPKIT_EMAIL_URL", "smtp://", "use smtp+tls://"),
        ("LOOPKIT_EMAIL_URL", "smtp://mail.example.com:port", "use smtp+tls://"),
        ("LOOPKIT_ROUND_SECONDS", "-1", "must be 0 or more"),
        ("LOOPKIT_LOG_LEVEL", "verbose", "use DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("LOOPKIT_LOG_LEVEL", "", "use DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    ],
)
def test_a_bad_value_is_named_with_its_remedy(
    start: Callable[..., str], name: str, value: str, remedy: str
) -> None:
    refusal = start(**{name: value}).splitlines()[-1]

    assert name in refusal
    assert remedy in refusal
    assert "invalid literal" not in refusal


@pytest.mark.parametrize("level", ["debug", "Info", "CRITICAL"])
def test_a_log_level_may_be_written_in_any_case(start: Callable[..., str], level: str) -> None:
    assert start(LOOPKIT_LOG_LEVEL=level) == ""


def test_the_readme_names_the_package_that_the_refusal_names(start: Callable[..., str]) -> None:
    refusal = start(LOOPKIT_CACHE_URL="redis://cache")
    command = re.search(r'pip install "redis[^"]+"', refusal)

    assert command
    assert command[0] in (ROOT / "README.md").read_text()


def test_a_password_in_a_bad_value_is_not_shown(start: Callable[..., str]) -> None:
    refusal = start(LOOPKIT_DATABASE_URL="mysql://a:hunter2@db/loopkit")

    assert "//***@db/loopkit" in refusal
    assert "hunter2" not in refusal


@pytest.mark.parametrize(
    ("url", "checked"), [("sqlite:///x.sqlite3", False), ("postgres://a@db/loopkit", True)]
)
def test_kept_connections_to_a_server_are_checked_before_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, checked: bool
) -> None:
    monkeypatch.setenv("LOOPKIT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LOOPKIT_DATABASE_URL", url)

    read = runpy.run_path(str(ROOT / "loopkit" / "settings.py"))

    assert read["DATABASES"]["default"]["CONN_HEALTH_CHECKS"] is checked


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("", {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}),
        (
            "smtp+tls://a%40b:p%3Aw@mail.example",
            {"EMAIL_HOST": "mail.example", "EMAIL_PORT": 587, "EMAIL_USE_TLS": True, "EMAIL_USE_SSL": False,
             "EMAIL_HOST_USER": "a@b", "EMAIL_HOST_PASSWORD": "p:w"},
        ),
        ("smtps://mail.example", {"EMAIL_PORT": 465, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}),
        ("smtp://mail.example:2525", {"EMAIL_PORT": 2525, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}),
        ("file:///tmp/mail", {"EMAIL_FILE_PATH": "/tmp/mail"}),
    ],
)  # fmt: skip
def test_one_url_says_how_mail_is_sent(
    url: str, wanted: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOOPKIT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LOOPKIT_EMAIL_URL", url)

    found = runpy.run_path(str(ROOT / "loopkit" / "settings.py"))

    assert {name: found[name] for name in wanted} == wanted


def test_every_attribute_of_the_settings_is_a_setting() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.M))
    known = DJANGO | documented | {name for name in dir(global_settings) if name.isupper()}

    loose = [
        name
        for name in dir(settings)
        if name.isupper() and name not in known and not name.startswith(("LOOPKIT_", *LIBRARIES))
    ]

    assert loose == []


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "loopkit.__version__"}
    assert loopkit.__version__ == settings.LOOPKIT_VERSION
