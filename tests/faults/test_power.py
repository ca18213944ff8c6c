"""
Acknowledged means synced: what clients were told is there after the disk lost its power in the middle of it.

The disk is an ext4 file system that is shut down without a flush, which is how file systems test this themselves:
https://git.kernel.org/pub/scm/fs/xfs/xfstests-dev.git/tree/src/godown.c
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.disks import Disk, journalled_disk
from tests.faults.instance import serving
from tests.faults.load import Load
from tests.faults.recount import recount, stored_in
from tests.faults.table import Line

TIMES = 20
CONNECTIONS = 6


def under_load(data_dir: Path, disk: Disk, name: str, seconds: float) -> tuple[Load, Path, set[bytes]]:
    """
    Serve from the disk until its power is cut: the load, the project's file, and the spans that were acknowledged
    at the cut or later, when a machine without power would have answered nobody.
    """
    projects = disk.path / name
    shutil.move(data_dir / "projects", projects)
    (data_dir / "projects").symlink_to(projects)
    with serving(data_dir) as instance:
        made = instance.server.provision(name)
        with Load(instance.server.port, made["producer_key"], CONNECTIONS, seed=name) as load:
            load.wait_for(1)
            time.sleep(seconds)
            told = set(load.acknowledged)
            disk.lose_power()
            time.sleep(0.5)
    late = load.acknowledged - told
    load.leave_out(late)
    return load, projects / f"{made['project_id']}.sqlite3", late


def test_what_was_acknowledged_survives_a_power_cut(
    new_installation: Callable[[], Path], tmp_path: Path, line: Line
) -> None:
    line.fault = "power of the disk cut under load"
    image, mounted, chance = tmp_path / "disk.img", tmp_path / "disk", random.Random("power")
    later = kept = 0

    for number in range(TIMES):
        with journalled_disk(mounted, image) as disk:
            load, file, late = under_load(new_installation(), disk, f"power-{number}", chance.uniform(0, 0.8))
        with journalled_disk(mounted, image):
            line.add(recount(file, [load]), load)
            later, kept = later + len(late), kept + len(late & stored_in(file))

    line.note = (
        f"{later:,} spans more were acknowledged in the moment of the cut; {kept:,} of them were there too"
    )
    line.check()
