"""A disk that is full or read-only: 503 while it lasts, nothing lost, and all goes on by itself afterwards."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.disks import small_disk
from tests.faults.instance import Instance, serving
from tests.faults.load import Load
from tests.faults.recount import recount
from tests.faults.table import Line
from tests.faults.trouble import Trouble

HOLD = 4  # seconds that each fault lasts


@pytest.fixture(scope="module")
def shared(new_installation: Callable[[], Path]) -> Iterator[Instance]:
    """One instance for the faults of single projects."""
    with serving(new_installation()) as running:
        yield running


def test_a_full_disk_under_one_projects_file(shared: Instance, line: Line, tmp_path: Path) -> None:
    line.fault = "full disk under one project's file"
    trouble = Trouble(shared, "full", line)

    with small_disk(tmp_path / "small", 40) as disk:
        with trouble.before_and_after():
            disk.take(trouble.file)
            with trouble.clients("while there is room") as roomy:
                roomy.wait_for(8)
                disk.fill()
                roomy.wait_for_answer("503")
            with trouble.clients("full") as during:
                time.sleep(HOLD)
                read = trouble.read()
                disk.make_room()

        assert during.answers["503"]
        assert set(during.answers) <= {"503", "200"}
        assert set(read.values()) <= {200, 503}
        trouble.check("database or disk is full|disk I/O error|database is locked")


def test_a_read_only_disk_under_one_projects_file(shared: Instance, line: Line, tmp_path: Path) -> None:
    line.fault = "read-only disk under one project's file"
    trouble = Trouble(shared, "read-only disk", line)

    with small_disk(tmp_path / "small", 100) as disk:
        with trouble.before_and_after():
            disk.take(trouble.file)
            disk.make_read_only()
            with trouble.clients("during") as during:
                time.sleep(HOLD)
                read = trouble.read()
            disk.make_writable()

        assert set(during.answers) == {"503"}
        assert set(read.values()) == {503}
        trouble.check("is read-only")


def test_a_full_disk_under_everything(
    new_installation: Callable[[], Path], line: Line, tmp_path: Path
) -> None:
    line.fault = "full disk under the whole data dir"
    with (
        small_disk(tmp_path / "small", 100) as disk,
        serving(shutil.copytree(new_installation(), disk.path / "data")) as instance,
    ):
        made = instance.server.provision("full")
        with Load(instance.server.port, made["producer_key"], seed="full") as load:
            load.wait_for(8)
            disk.fill()
            time.sleep(HOLD)
            refused = instance.server.call("POST", "/v1/provision", data={"project_name": "late"})
            ready = instance.server.call("GET", "/readyz")
            disk.make_room()
            line.recoveries.append(load.recovery_after(time.monotonic()))
            load.wait_for(8)
        instance.server.provision("later")
        line.add(recount(instance.project_file(made["project_id"]), [load]), load)

    line.check()
    assert set(load.answers) == {"200", "503"}
    assert (refused.status, ready.status) == (503, 503)
