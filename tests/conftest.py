"""Places for tests: a data dir, projects with keys, clients, and one real server for the whole run."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from loopkit.log_lines import BoundedRate
from tenants.installation import findings
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tenants.stores import pool, project_file
from tests import shared_server
from tests.browser_forms import Person
from tests.logged_faults import forget_logged_faults
from tests.module_data import ModuleData, kept_for_a_module
from tests.server import Server

# Machines are busy: how long an example takes is no reason to fail.
hypothesis.settings.register_profile("loopkit", deadline=None)
hypothesis.settings.load_profile("loopkit")

NUMBERS = itertools.count()
NOWHERE = Path(os.devnull) / "nothing is stored"
# What takes longest comes first, in this order: begun last, one of them would leave the other worker idle.
LONGEST = (
    "tests/browser/", "tests/security/bounds/test_heavy_runs.py",
    "tests/security/approvals/test_removed_rows.py", "tests/security/people/test_list_filters.py",
    "tests/security/approvals/test_edited_entries.py", "tests/test_recount.py",
    "tests/security/stores/test_damaged_control.py", "tests/security/bounds/test_fair_turns.py",
    "tests/security/test_", "tests/loopkit/test_demo.py", "tests/telemetry/test_captures.py",
    "tests/test_data_dir_upgrade.py", "tests/diagnosis/evals/", "tests/telemetry/stacks/test_reading.py",
    "tests/test_schemathesis.py", "tests/security/server/", "tests/security/people/",
)  # fmt: skip
STORING = {"db", "transactional_db", "tmp_path"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Of several tests with one id, xdist would run one and say nothing. The files that take longest come first.
    """
    twice = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twice:
        raise pytest.UsageError(f"These ids are not unique: {twice}")
    items.sort(
        key=lambda item: next(
            (n for n, part in enumerate(LONGEST) if item.nodeid.startswith(part)), len(LONGEST)
        )
    )


def pytest_collection_finish() -> None:
    """Look for garbage less often, and never among the tests themselves: that was a seventh of all time."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Keep the control database in memory. pytest-django takes an engine that is not Django's for a server's."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = ":memory:"


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Off here, because each costs more than most tests: slow password hashes, a look at every static file a client."""
    quick = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "WHITENOISE_AUTOREFRESH": True,
    }
    with override_settings(**quick):
        yield


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Forget what the process remembers of earlier tests: how often it logged what, and what it last found wrong."""
    findings.recent.clear()
    forget_logged_faults()
    for handler in logging.getLogger().handlers:
        for rate in handler.filters:
            if isinstance(rate, BoundedRate):
                rate.counts.clear()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A migrated project file, made once: making one takes as long as ten tests."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    with django_db_blocker.unblock():
        project_file.migrate(path, is_new=True)
    return path


@pytest.fixture(scope="module")
def empty_dir(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Callable[[], Path]:
    """`empty_dir()`: a data dir with a template of project files."""

    def make() -> Path:
        folder = tmp_path_factory.getbasetemp() / f"data-{next(NUMBERS)}"
        (folder / "projects").mkdir(parents=True)
        os.link(empty_store, folder / "projects" / f".template-{project_file.schema_version()}.sqlite3")
        return folder

    return make


@pytest.fixture(scope="module")
def module_data() -> ModuleData | None:
    """What all tests of a module find; nothing, unless the module says it: `yield from build_module_data(build)`."""
    return None


@pytest.fixture(scope="module")
def build_module_data(
    empty_dir: Callable[[], Path], django_db_setup: None, django_db_blocker: Any
) -> Callable[[Callable[[], Any]], Iterator[ModuleData]]:
    """For a module's own `module_data`: builds it."""

    def build_once(build: Callable[[], Any]) -> Iterator[ModuleData]:
        with kept_for_a_module(django_db_blocker, empty_dir(), build) as world:
            yield world

    return build_once


@pytest.fixture(autouse=True)
def place(request: pytest.FixtureRequest, settings: Any) -> None:
    """A data dir for the tests that could store something. The others, every second one, would only pay for it."""
    if STORING & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("data_dir")
    else:
        settings.LOOPKIT_DATA_DIR = NOWHERE


@pytest.fixture
def data_dir(empty_dir: Callable[[], Path], module_data: ModuleData | None, settings: Any) -> Iterator[Path]:
    """A data dir of the test's own, with a template of project files or what stands for the whole module."""
    folder = empty_dir()
    if module_data is not None:
        shutil.copytree(module_data.folder, folder, dirs_exist_ok=True, copy_function=copy_over)
    settings.LOOPKIT_DATA_DIR = folder
    yield folder
    pool.close_all()


def copy_over(source: str, target: str) -> None:
    """The template is there already, and is one file for all."""
    if not os.path.exists(target):
        shutil.copyfile(source, target)


@pytest.fixture
def make_project(db: None) -> Callable[..., MintedProject]:
    """A project with its raw keys: `make_project().keys["agent"]`."""

    def make(name: str = "acme", **changes: Any) -> MintedProject:
        minted = provisioning.mint_project(name, "", timezone.now(), claim=False)
        for field, value in changes.items():
            setattr(minted.project, field, value)
        minted.project.save()
        return minted

    return make


@pytest.fixture
def alice(make_project: Callable[..., MintedProject]) -> MintedProject:
    """The project of the test."""
    return make_project("alice")


@pytest.fixture
def charlie(make_project: Callable[..., MintedProject]) -> MintedProject:
    """A stranger's project: nothing of it may be seen with alice's keys."""
    return make_project("charlie")


@pytest.fixture(scope="session")
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
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all of xdist's workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def prepared(run_dir: Path) -> tuple[Path, str]:
    """A prepared data dir, to be copied and never used, and what `manage.py prepare` said."""
    return shared_server.prepared(run_dir)


@pytest.fixture(scope="session")
def new_installation(
    prepared: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """`new_installation()`: a prepared data dir that nobody else uses."""
    return lambda: shutil.copytree(prepared[0], tmp_path_factory.mktemp("installation") / "data")


@pytest.fixture(scope="session")
def server(run_dir: Path, prepared: tuple[Path, str]) -> Iterator[Server]:
    """The product itself: gunicorn with two workers, one for the whole run."""
    with shared_server.shared_server(run_dir, prepared[0]) as shared:
        yield shared


@pytest.fixture(scope="session")
def human(server: Server, prepared: tuple[Path, str]) -> Person:
    """The first admin of that server, signed in to the admin."""
    person = Person(server.url)
    person.sign_in("admin", shared_server.password_in(prepared[1]))
    return person
