"""
Whose file it is: the number of its project, stored in its header, so that another project's file is never served.

A restore by hand can put one project's file in the place of another's. SQLite leaves 4 bytes of the header, the
`application_id`, to the application: https://www.sqlite.org/fileformat.html#application_id. They are compared when the
file is opened. Files of earlier versions have none: `manage.py migrate_projects` takes them for what they are named.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from django.db import OperationalError
from django.db.backends.sqlite3.base import DatabaseWrapper

OFFSET, BYTES = 68, 4  # of the number in the header
NOBODYS = 0  # SQLite's own in a new file


class WrongOwner(OperationalError):
    """The file is another project's, or does not say whose it is."""


def number_of(project_id: str) -> int:
    """The project's number as SQLite stores it: signed, of 32 bits, never NOBODYS."""
    digest = blake2b(project_id.encode(), digest_size=BYTES).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def project_of(connection: DatabaseWrapper) -> str:
    """The id of the project that the connection's file is named after."""
    return Path(str(connection.settings_dict["NAME"])).stem


def stored_owner(connection: DatabaseWrapper) -> int:
    """The number stored in the file."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA application_id")
        return int(cursor.fetchone()[0])


def owner_in_header(path: Path) -> int:
    """The number in the header of a file that may be open, NOBODYS if it has none or cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(OFFSET)
            return int.from_bytes(file.read(BYTES), "big", signed=True)
    except OSError:
        return NOBODYS


def claim_draft(path: Path, project_id: str) -> None:
    """Store the project's number in a file that nobody has opened yet."""
    with path.open("r+b") as file:
        file.seek(OFFSET)
        file.write(number_of(project_id).to_bytes(BYTES, "big", signed=True))


def claim(connection: DatabaseWrapper) -> bool:
    """Store the number of the project that the file is named after, if it has none. Return whether it had none."""
    if stored_owner(connection) != NOBODYS:
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA application_id={number_of(project_of(connection))}")
    return True


def check_owner(connection: DatabaseWrapper) -> None:
    """Raise WrongOwner, with the remedy, unless the file is that of the project it is named after."""
    owner, project_id = stored_owner(connection), project_of(connection)
    if owner == NOBODYS:
        raise WrongOwner(f"{project_id}.sqlite3 does not say whose it is: run `manage.py migrate_projects`.")
    if owner != number_of(project_id):
        raise WrongOwner(f"{project_id}.sqlite3 is another project's file: put its own file in its place.")
