"""
A Django cache in the control database that counts exactly over all processes.

With process-local caches, n workers would allow n times the rate; Django's database cache reads, adds and writes in
separate statements and so loses counts. Here each operation changes its row in one statement. Meant for counters: few
rows, short lifetimes.
https://docs.djangoproject.com/en/5.2/topics/cache/#using-a-custom-cache-backend
"""

import json
import time
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

# Expiry, in unix seconds, of an entry without a timeout. LoopKit has none, but the cache interface allows it.
NEVER = 1e12
SET = """
    INSERT INTO tenants_counter (key, value, expires_at) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
ADD = f"{SET} WHERE tenants_counter.expires_at <= %s RETURNING key"
INCREMENT = """
    UPDATE tenants_counter SET value = CAST(CAST(value AS bigint) + %s AS text)
    WHERE key = %s AND expires_at > %s RETURNING value
"""


class CounterCache(BaseCache):
    """A cache in the table of counters. `add` and `incr` are atomic; values are stored as JSON."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def expiry(self, timeout: Any) -> float:
        """The time, in unix seconds, at which an entry stored now expires."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return NEVER if seconds is None else time.time() + seconds

    def rows(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, if it has any."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Delete expired entries, then store the value unless one exists. Return whether it was stored."""
        now = time.time()
        self.rows("DELETE FROM tenants_counter WHERE expires_at <= %s", [now])
        name = self.make_and_validate_key(key, version=version)
        return bool(self.rows(ADD, [name, json.dumps(value), self.expiry(timeout), now]))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add `delta` to the value and return the sum. Raises ValueError if there is no unexpired entry."""
        name = self.make_and_validate_key(key, version=version)
        rows = self.rows(INCREMENT, [delta, name, time.time()])
        if not rows:
            raise ValueError(f"Key '{key}' not found")
        return int(rows[0][0])

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The unexpired value, or the default."""
        name = self.make_and_validate_key(key, version=version)
        sql = "SELECT value FROM tenants_counter WHERE key = %s AND expires_at > %s"
        rows = self.rows(sql, [name, time.time()])
        return json.loads(str(rows[0][0])) if rows else default

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """The unexpired values among these, by key."""
        names = {self.make_and_validate_key(key, version=version): key for key in keys}
        marks = ", ".join(["%s"] * len(names))
        sql = f"SELECT key, value FROM tenants_counter WHERE key IN ({marks}) AND expires_at > %s"  # noqa: S608
        rows = self.rows(sql, [*names, time.time()]) if names else []
        return {names[name]: json.loads(str(value)) for name, value in rows}

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store the value, replacing an existing one."""
        name = self.make_and_validate_key(key, version=version)
        self.rows(SET, [name, json.dumps(value), self.expiry(timeout)])

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete the entry. Return whether an unexpired one existed."""
        name = self.make_and_validate_key(key, version=version)
        rows = self.rows("DELETE FROM tenants_counter WHERE key = %s RETURNING expires_at", [name])
        return bool(rows) and float(rows[0][0]) > time.time()

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set a new timeout for the entry. Return whether an unexpired one existed."""
        name = self.make_and_validate_key(key, version=version)
        sql = "UPDATE tenants_counter SET expires_at = %s WHERE key = %s AND expires_at > %s RETURNING key"
        return bool(self.rows(sql, [self.expiry(timeout), name, time.time()]))

    def clear(self) -> None:
        """Delete all entries."""
        self.rows("DELETE FROM tenants_counter", [])
