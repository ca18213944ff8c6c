"""Places for tests: a data dir, projects with keys, clients, and one real server for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from tenants import pool, project_file, provisioning
from tenants.provisioning import Minted
from tests.server import Server, running


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Off here, because each costs more than most tests: slow password hashes, a look at every static file a client."""
    quick = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "WHITENOISE_AUTOREFRESH": True,
    }
    with override_settings(**quick):
        yield


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A migrated project file, made once: making one takes as long as ten tests."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    with django_db_blocker.unblock():
        project_file.migrate(path)
    return path


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any, empty_store: Path) -> Iterator[Path]:
    """A data dir of the test's own, with a template of project files."""
    settings.LOOPKIT_DATA_DIR = tmp_path
    (tmp_path / "projects").mkdir()
    os.link(empty_store, tmp_path / "projects" / f".template-{project_file.schema_version()}.sqlite3")
    yield tmp_path
    pool.close_all()


@pytest.fixture
def make_project(db: None) -> Callable[..., Minted]:
    """A project with its raw keys: `make_project().keys["agent"]`."""

    def make(name: str = "acme", **changes: Any) -> Minted:
        minted = provisioning.mint(name, "", timezone.now(), claim=False)
        for field, value in changes.items():
            setattr(minted.project, field, value)
        minted.project.save()
        return minted

    return make


@pytest.fixture
def alice(make_project: Callable[..., Minted]) -> Minted:
    """The project of the test."""
    return make_project("alice")


@pytest.fixture
def charlie(make_project: Callable[..., Minted]) -> Minted:
    """A stranger's project: nothing of it may be seen with alice's keys."""
    return make_project("charlie")


@pytest.fixture
def call() -> Callable[..., Any]:
    """`call("GET", "/v1/telemetry", key)`: one request with a key, through the whole application."""

    def send(method: str, path: str, key: str = "", data: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {key}", **headers} if key else headers
        content_type = sent.pop("Content-Type", "application/json")
        client = Client(raise_request_exception=False, headers=sent)
        return client.generic(method, path, as_bytes(data), content_type=content_type)

    return send


def as_bytes(data: Any) -> bytes:
    """A request body: bytes as they are, anything else as JSON."""
    import orjson

    if data is None:
        return b""
    return data if isinstance(data, bytes) else orjson.dumps(data)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product itself: gunicorn with two workers on a data dir of its own."""
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started
