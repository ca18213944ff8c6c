"""Secrets that LoopKit generates on first use, in files that only their owner may read."""

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)
SECRET_BYTES = 48
REPLACED = ".replaced"  # of the mark beside a secret that was made anew: tenants/installation/secret_marks.py
LOSSES = {  # of a secret that is made anew, by the name of its file
    "django": "everybody is signed out",
    "signup-upgrade": "recovery and upgrade codes that were given out are refused",
    "audit": "the audit log from before cannot be verified, and people are asked again about what they approved",
}


def stored_secret(data_dir: Path, name: str, may_replace: bool = False) -> str:
    """
    The secret in `<data_dir>/secrets/<name>`. Created on first use; of racing processes, the first one wins.

    Raises ImproperlyConfigured if the secret is missing in a data dir that has been used, unless it may be replaced.
    """
    path = data_dir / "secrets" / name
    if not path.exists():
        if is_used(data_dir):
            check_replacement(path, may_replace)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.with_suffix(REPLACED).touch(mode=0o600)
        make_secret_file(path)
    return path.read_text().strip()


def is_used(data_dir: Path) -> bool:
    """Whether the data dir has a control database, project files, or the head of an audit log."""
    files = (data_dir / "control.sqlite3", data_dir / "audit.head")
    return any(path.exists() for path in files) or any((data_dir / "projects").glob("[!.]*.sqlite3"))


def check_replacement(path: Path, may_replace: bool) -> None:
    """Log that a lost secret is replaced; raise ImproperlyConfigured if it may not be."""
    if not may_replace:
        raise ImproperlyConfigured(
            f"{path} is missing, but this data dir has been used: put the file back from a backup, or set the secret "
            f"by its variable if it was set so before. LOOPKIT_NEW_SECRETS=1 makes a new one: then {LOSSES[path.name]}."
        )
    logger.warning("%s was missing: a new secret is made, because LOOPKIT_NEW_SECRETS is set", path)


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
