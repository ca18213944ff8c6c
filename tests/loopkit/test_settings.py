"""A bad value of the environment stops the start, by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("LOOPKIT_MINT_RATE", "5/0h", "such as 20/h or 5/10m"),
        ("LOOPKIT_RECOVER_RATE", "often", "such as 20/h or 5/10m"),
        ("LOOPKIT_TRUSTED_PROXIES", "-1", "must be 0 or more"),
        ("LOOPKIT_WORKERS", "0", "must be 1 or more"),
        ("LOOPKIT_PUBLIC_URL", "loopkit.example", "write it as https://host[:port]"),
        ("LOOPKIT_DEBUG", "maybe", "use 1 or 0"),
        ("LOOPKIT_OPEN_STORES", "100", "must be 70 at most"),
        ("LOOPKIT_DATABASE_URL", "mysql://a@db/loopkit", "use sqlite:///path or postgres://"),
        ("LOOPKIT_DATABASE_URL", "", "Scheme"),
        ("LOOPKIT_CACHE_URL", "memcached://cache", "write it as redis://host:6379/0"),
    ],
)
def test_a_bad_value_is_named_with_its_remedy(tmp_path: Path, name: str, value: str, remedy: str) -> None:
    environment = os.environ | {"LOOPKIT_DATA_DIR": str(tmp_path), name: value}

    done = subprocess.run(
        [sys.executable, "-c", "import loopkit.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert name in done.stderr
    assert remedy in done.stderr


def test_a_password_in_a_bad_value_is_not_shown(tmp_path: Path) -> None:
    secret = "mysql://a:hunter2@db/loopkit"
    environment = os.environ | {"LOOPKIT_DATA_DIR": str(tmp_path), "LOOPKIT_DATABASE_URL": secret}

    done = subprocess.run(
        [sys.executable, "-c", "import loopkit.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert "//***@db/loopkit" in done.stderr
    assert "hunter2" not in done.stderr


def test_kept_connections_are_checked_before_use() -> None:
    assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"]
