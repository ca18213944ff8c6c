"""The small files of the data dir that LoopKit keeps beside its databases, whatever was put in their place."""

from __future__ import annotations

from itertools import count
from pathlib import Path

MOST_BYTES = 4096


class UnreadableState(ValueError):
    """Something is in the place of the file that is not such a file: a folder, a link to itself, far more bytes."""


def read_state(path: Path) -> bytes | None:
    """The content of the file, None if there is none. Raises UnreadableState."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableState(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise UnreadableState(f"{path} has more than {MOST_BYTES} bytes.")
    return content


def put_away(path: Path) -> None:
    """Remove the file or the link, if there is one; a folder stays, under a name beside it that is free."""
    if path.is_dir() and not path.is_symlink():
        path.rename(next(free for n in count(1) if not (free := path.with_name(f"{path.name}.{n}")).exists()))
    else:
        path.unlink(missing_ok=True)
