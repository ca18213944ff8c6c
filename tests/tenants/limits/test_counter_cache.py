"""The cache that counts exactly over all processes."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import pytest
from django.core.cache import CacheKeyWarning, cache
from django.db import connection

from tenants.models import Counter
from tests.concurrent_processes import race
from tests.server import Server

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: Any) -> Any:
    """`clock(60)`: a minute passes."""
    passed = [0.0]
    true_time = time.time
    monkeypatch.setattr("tenants.limits.counter_cache.time.time", lambda: true_time() + passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds

    return wait


@pytest.mark.parametrize(
    "value", [0, 1, -5, 2**62, "text", "ü🙂", None, True, 1.5, [1, {"a": [2]}], "x" * 1_000_000]
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    cache.set("key", value)

    assert cache.get("key", "nothing") == value


def test_what_is_not_there_is_the_default() -> None:
    assert cache.get("key") is None
    assert cache.get("key", 7) == 7
    assert "key" not in cache


def test_add_stores_only_the_first() -> None:
    assert [cache.add("key", 1), cache.add("key", 2)] == [True, False]
    assert cache.get("key") == 1


def test_add_replaces_what_expired(clock: Any) -> None:
    cache.add("key", 1, timeout=60)

    clock(61)

    assert cache.add("key", 2, timeout=60)
    assert cache.get("key") == 2


def test_adding_sweeps_what_expired_and_keeps_what_lives(clock: Any) -> None:
    cache.add("short", 1, timeout=60)
    cache.add("long", 1, timeout=600)

    clock(61)
    cache.add("new", 1)

    assert sorted(Counter.objects.values_list("key", flat=True)) == [":1:long", ":1:new"]


def test_an_entry_ends_with_its_time(clock: Any) -> None:
    cache.set("key", 1, timeout=60)
    clock(59)
    assert cache.get("key") == 1

    clock(2)

    assert cache.get("key") is None
    assert not cache.touch("key", 60)
    assert not cache.delete("key")
    with pytest.raises(ValueError, match="not found"):
        cache.incr("key")


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_at_all_is_not_kept(timeout: int) -> None:
    cache.set("key", 1, timeout=timeout)

    assert cache.get("key") is None


def test_without_a_timeout_it_stays(clock: Any) -> None:
    cache.set("key", 1, timeout=None)

    clock(10 * 365 * 86_400)

    assert cache.get("key") == 1


def test_touching_prolongs_and_keeps_the_value(clock: Any) -> None:
    cache.set("key", 5, timeout=60)

    assert cache.touch("key", 600)

    clock(61)
    assert cache.get("key") == 5
    assert not cache.touch("other", 600)


def test_setting_replaces_value_and_time_in_one_statement(clock: Any, django_assert_num_queries: Any) -> None:
    cache.set("key", 1, timeout=60)

    with django_assert_num_queries(1):
        cache.set("key", 2, timeout=600)

    clock(61)
    assert cache.get("key") == 2


def test_incrementing_adds_in_one_statement_and_keeps_the_time(
    clock: Any, django_assert_num_queries: Any
) -> None:
    cache.add("key", 1, timeout=60)

    with django_assert_num_queries(1):
        assert cache.incr("key") == 2
    assert cache.incr("key", 40) == 42
    assert cache.decr("key", 2) == 40
    assert cache.get("key") == 40

    clock(61)
    assert cache.get("key") is None


def test_counts_go_beyond_32_bits() -> None:
    cache.set("key", 2**40)

    assert cache.incr("key") == 2**40 + 1


def test_deleting_says_whether_it_was_there() -> None:
    cache.set("key", 1)

    assert [cache.delete("key"), cache.delete("key")] == [True, False]


def test_clearing_forgets_everything() -> None:
    cache.set_many({"a": 1, "b": 2})

    cache.clear()

    assert cache.get_many(["a", "b"]) == {}


def test_versions_are_apart() -> None:
    cache.set("key", 1, version=1)
    cache.set("key", 2, version=2)

    assert (cache.get("key", version=1), cache.get("key", version=2)) == (1, 2)


@pytest.mark.parametrize("key", ["x" * 251, "with space", "line\nbreak"])
@pytest.mark.parametrize("use", ["get", "delete", "incr", "touch"])
def test_keys_that_not_every_cache_takes_are_noticed(key: str, use: str) -> None:
    with pytest.raises(CacheKeyWarning):  # in tests warnings are errors
        getattr(cache, use)(key)


def test_a_quote_in_a_key_is_just_a_character() -> None:
    cache.set("a'; DROP TABLE tenants_counter; --".replace(" ", "_"), 1)

    assert "tenants_counter" in connection.introspection.table_names()


COUNTER = """
from concurrent.futures import ThreadPoolExecutor
import django
from django.core.cache import cache

django.setup()
cache.get("anything")
wait_for_the_others()
with ThreadPoolExecutor(4) as threads:
    list(threads.map(lambda _: cache.add("raced", 0, 600) or cache.incr("raced"), range(40)))
"""


def test_no_count_is_lost_between_threads_and_processes(server: Server) -> None:
    race(COUNTER, ["a", "b"], server.environment)

    with sqlite3.connect(server.data_dir / "control.sqlite3") as control:
        counted = control.execute("SELECT value FROM tenants_counter WHERE key = ':1:raced'").fetchone()
    control.close()
    assert counted == (str(2 * 40 - 1),)  # the one that added it began at 0
