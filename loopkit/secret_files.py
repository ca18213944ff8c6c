"""Secrets that LoopKit generates on first use, in files that only their owner may read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

SECRET_BYTES = 48


def stored_secret(data_dir: Path, name: str) -> str:
    """The secret in `<data_dir>/secrets/<name>`. Created on first use; of racing processes, the first one wins."""
    path = data_dir / "secrets" / name
    if not path.exists():
        make_secret_file(path)
    return path.read_text().strip()


def make_secret_file(path: Path) -> None:
    """Write a new secret to `path` atomically, unless another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())  # otherwise a power cut could leave an empty file under the final name
        with suppress(FileExistsError):
            os.link(draft, path)  # fails if the name exists: the first file wins
    finally:
        draft.unlink()
