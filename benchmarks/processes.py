"""
What processes take, as the kernel counts it: CPU time and peak memory of a server and all its children.

https://man7.org/linux/man-pages/man5/proc.5.html
"""

from __future__ import annotations

import os
import re
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.M)
RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.M)


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {int(path.name): parent(path) for path in PROC.glob("[0-9]*")}
    found = [root]
    for process in found:  # grows while it is walked
        found += [child for child, owner in parents.items() if owner == process]
    return found


def parent(path: Path) -> int:
    """Of a process; 0 for one that has ended meanwhile."""
    stat = fields(path)
    return int(stat[1]) if stat else 0


def fields(path: Path) -> list[str]:
    """`/proc/<pid>/stat` from the third field on, after the name, which may hold blanks; [] once it has ended."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def cpu_seconds(root: int) -> float:
    """User and system time of the whole tree, children that have ended included."""
    stats = [fields(PROC / str(process)) for process in tree(root)]
    return sum(int(value) for stat in stats for value in stat[11:15]) / TICKS


def peak_mib(root: int) -> float:
    """The sum of the peaks of resident memory: an upper bound, as pages that are shared count in each process."""
    peaks = [PEAK.search((PROC / str(process) / "status").read_text()) for process in tree(root)]
    return sum(int(peak[1]) for peak in peaks if peak) / 1024


def resident_mib(root: int) -> float:
    """What the whole tree holds in memory now; shared pages count in each process."""
    held = [RESIDENT.search((PROC / str(process) / "status").read_text()) for process in tree(root)]
    return sum(int(one[1]) for one in held if one) / 1024


def forget_peaks(root: int) -> None:
    """Peaks begin anew at what is held now: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html"""
    for process in tree(root):
        (PROC / str(process) / "clear_refs").write_text("5")
