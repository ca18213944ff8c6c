"""
A Django cache in the control database that counts exactly over all processes.

Process-local caches let n workers through n times; Django's database cache reads, adds and writes, and loses
counts in between. Here every operation is one statement. Meant for counters: few rows, short lives.
https://docs.djangoproject.com/en/5.2/topics/cache/#using-a-custom-cache-backend
"""

import json
import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

NEVER = 1e12  # unix seconds; no entry of ours lives for ever, but the cache interface allows it
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
    """`add` and `incr` are atomic; values are JSON."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def expiry(self, timeout: Any) -> float:
        """The unix second at which an entry made now ends."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return NEVER if seconds is None else time.time() + seconds

    def rows(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        """Run one statement."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store the value unless a live one is there; whether it was. Old entries are swept on the way."""
        now = time.time()
        self.rows("DELETE FROM tenants_counter WHERE expires_at <= %s", [now])
        name = self.make_and_validate_key(key, version=version)
        return bool(self.rows(ADD, [name, json.dumps(value), self.expiry(timeout), now]))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """The value after adding `delta`. ValueError when there is none."""
        name = self.make_and_validate_key(key, version=version)
        found = self.rows(INCREMENT, [delta, name, time.time()])
        if not found:
            raise ValueError(f"Key '{key}' not found")
        return int(found[0][0])

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The live value, or the default."""
        name = self.make_and_validate_key(key, version=version)
        sql = "SELECT value FROM tenants_counter WHERE key = %s AND expires_at > %s"
        found = self.rows(sql, [name, time.time()])
        return json.loads(str(found[0][0])) if found else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store the value, whatever was there."""
        name = self.make_and_validate_key(key, version=version)
        self.rows(SET, [name, json.dumps(value), self.expiry(timeout)])

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget the entry; whether it was there."""
        name = self.make_and_validate_key(key, version=version)
        found = self.rows("DELETE FROM tenants_counter WHERE key = %s RETURNING expires_at", [name])
        return bool(found) and float(found[0][0]) > time.time()

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let the entry live longer; whether it was there."""
        name = self.make_and_validate_key(key, version=version)
        sql = "UPDATE tenants_counter SET expires_at = %s WHERE key = %s AND expires_at > %s RETURNING key"
        return bool(self.rows(sql, [self.expiry(timeout), name, time.time()]))

    def clear(self) -> None:
        """Forget everything."""
        self.rows("DELETE FROM tenants_counter", [])
