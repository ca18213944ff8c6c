"""Secrets that an embedded installation makes for itself, once, readable by its owner only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

SECRET_BYTES = 48


def stored_secret(data_dir: Path, name: str) -> str:
    """The secret kept in `<data_dir>/secrets/<name>`; made on first use, by whichever process comes first."""
    path = data_dir / "secrets" / name
    if not path.exists():
        make(path)
    return path.read_text().strip()


def make(path: Path) -> None:
    """Write a fresh secret to `path`, whole or not at all, unless another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave an empty secret under the final name
        with suppress(FileExistsError):
            os.link(draft, path)  # fails if the name exists, so the first one stays
    finally:
        draft.unlink()
