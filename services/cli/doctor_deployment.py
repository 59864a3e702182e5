"""Checks of the deployment of this checkout: does it run, and what keeps it from working?"""

from collections.abc import Iterator
from typing import Any

from services.cli import servers
from services.cli.api import AdminApi
from services.cli.finding import Finding, good, note, wrong
from services.cli.status import instance_of
from services.core.errors import RoamwattError
from services.runtime.embedded import lock, processes
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.errors import NotRunning
from services.runtime.embedded.layout import Layout
from services.runtime.embedded.service_processes import CATALOGUE, NAMES


def findings() -> Iterator[Finding]:
    """Check everything, one after the other."""
    layout = Layout.here()
    try:
        deployment = Deployment.load()
    except NotRunning as error:
        yield _not_running(layout, str(error))
        return
    yield note("folder", str(layout.home))
    yield from _servers(deployment)
    for name in _instances(deployment):
        yield from _service(deployment, *instance_of(name))


def _not_running(layout: Layout, why: str) -> Finding:
    if pid := lock.holder(layout.lock_file):
        return note("running", f"process {pid} is starting or stopping it; logs: {layout.logs}")
    left = processes.recorded(layout.records)
    if left:
        names = ", ".join(f"{each.name} ({each.identity.pid})" for each in left)
        return wrong("processes", f"left without the process that ran them: {names}", "stop them: `roamwatt down`")
    logs = f"; logs of former starts are in {layout.logs}" if layout.logs.exists() else ""
    return note("running", why + logs)


def _servers(deployment: Deployment) -> Iterator[Finding]:
    for server in servers.look(deployment):
        own = server.embedded
        if own is None and server.silence is None:
            yield good(server.name, "the existing one answers")
        elif own is None:
            yield wrong(
                server.name, f"the existing one: {server.silence}", "look at it, and at the settings named above"
            )
        elif not server.runs:
            yield wrong(
                server.name, "does not run", f"`roamwatt up` starts it again by itself; its log: {own.log_file}"
            )
        elif server.silence is not None:
            hangs = f"runs as process {own.process.identity.pid}, but: {server.silence}"
            yield wrong(
                server.name, hangs, f"its log: {own.log_file}; where it hangs, end that process: it is started again"
            )
        else:
            yield good(server.name, f"answers as process {own.process.identity.pid}; log: {own.log_file}")


def _instances(deployment: Deployment) -> list[str]:
    more = [each.name for each in processes.recorded(deployment.layout.records) if "-" in each.name]
    return [*NAMES, *more]


def _service(deployment: Deployment, name: str, instance: int) -> Iterator[Finding]:
    label = name if instance == 1 else f"{name}-{instance}"
    log = deployment.layout.log_of(label)
    try:
        process = deployment.services.find(name, instance)
    except NotRunning as error:
        yield wrong(label, str(error), "`roamwatt up` starts it again by itself; the end of its log says why it ended")
        return
    ready, why = deployment.services.readiness(name, instance)
    if ready and why == "ready":
        yield good(label, f"ready, process {process.identity.pid}; log: {log}")
    elif ready:
        yield note(label, f"{why}; process {process.identity.pid}; log: {log}")
    else:
        yield wrong(label, f"not ready: {why}", f"its log: {log}")
    if name != CATALOGUE and instance == 1:
        yield from _runtime(deployment, name)


def _runtime(deployment: Deployment, name: str) -> Iterator[Finding]:
    api = AdminApi(deployment)
    try:
        runtime: dict[str, Any] = api.get(name, "/runtime")
        letters: list[Any] = api.get(name, "/dead-letters", limit=1)["dead_letters"]
    except RoamwattError as error:
        yield wrong(name, f"its admin API: {error}", "")
        return
    if runtime["halted"]:
        yield wrong(name, f"halted: {runtime['halted']}", f"`roamwatt recover {name}` explains and asks")
    if letters:
        yield note(name, "has dead letters", f"`roamwatt dlq list --service {name}` shows why")
