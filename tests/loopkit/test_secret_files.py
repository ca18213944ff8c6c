"""Secrets that an installation makes once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loopkit import secret_files
from loopkit.secret_files import stored_secret
from tests.concurrent_processes import race


def test_a_secret_is_made_once_and_stays(tmp_path: Path) -> None:
    first = stored_secret(tmp_path, "django")

    assert len(first) >= 50
    assert stored_secret(tmp_path, "django") == first


def test_two_names_and_two_places_have_secrets_of_their_own(tmp_path: Path) -> None:
    places = [(tmp_path / "a", "django"), (tmp_path / "a", "other"), (tmp_path / "b", "django")]

    assert len({stored_secret(*place) for place in places}) == 3


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    stored_secret(tmp_path, "django")

    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "django").stat().st_mode) == 0o600


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    stored_secret(tmp_path, "django")

    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["django"]


def test_a_secret_that_an_operator_put_there_is_used(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "django").write_text("the operator's own\n")

    assert stored_secret(tmp_path, "django") == "the operator's own"


def test_a_folder_that_takes_no_link_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "django" / "secret"
    path.mkdir(parents=True)  # in the way

    with pytest.raises(IsADirectoryError):
        stored_secret(tmp_path / "secrets" / "django" / "..", "../django/secret")

    secret_files.make_secret_file(path)
    assert [left.name for left in path.parent.iterdir()] == ["secret"]


def test_threads_that_race_read_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda turn: stored_secret(tmp_path, f"name-{turn // 8}"), range(80)))

    assert len(secrets) == 10


RACER = """
from pathlib import Path
from loopkit.secret_files import stored_secret

place = Path(os.environ["PLACE"])
wait_for_the_others()
(place / name).write_text("".join(stored_secret(place, f"name-{turn}") for turn in range(10)))
"""


def test_processes_that_race_read_one_secret(tmp_path: Path) -> None:
    race("import os" + RACER, ["a", "b"], {"PLACE": str(tmp_path)})

    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() != ""
