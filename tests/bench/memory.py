"""Resident memory of the processes of a deployment, from Linux's /proc."""

from collections.abc import Mapping
from pathlib import Path

from services.runtime.embedded import processes
from services.runtime.embedded.deployment import Deployment
from tests.bench.figures import Figure

PROC = Path("/proc")
KIBIBYTES = 1024


def footprint(idle: Mapping[str, float], after: Mapping[str, float]) -> Figure:
    """The figure of two measurements: when nothing was asked yet, and after the load."""
    by_process = {name: {"idle": idle.get(name), "after_load": size} for name, size in sorted(after.items())}
    totals = [round(sum(each.values()), 1) for each in (idle, after)]
    return Figure(
        "footprint",
        "MB (all, idle)",
        totals[:1],
        goal="each service under 120 MB idle, all under 1500 MB",
        more={"after_load": totals[1], "processes": by_process},
    )


def resident_megabytes(deployment: Deployment) -> Mapping[str, float]:
    """MB of each process: its own resident memory, and of its children their share of what they have in common."""
    found = {}
    for each in processes.recorded(deployment.layout.records):
        children = _children(each.identity.pid)
        kibibytes = _field(each.identity.pid, "status", "VmRSS") + sum(
            _field(pid, "smaps_rollup", "Pss") for pid in children
        )
        found[each.name] = round(kibibytes / KIBIBYTES, 1)
    return found


def _children(pid: int) -> list[int]:
    try:
        direct = [int(each) for each in (PROC / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return direct + [each for child in direct for each in _children(child)]


def _field(pid: int, file: str, name: str) -> int:
    try:
        lines = (PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
