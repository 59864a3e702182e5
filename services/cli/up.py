"""`roamwatt up`, `down` and `clean`: the deployment of this checkout."""

import os
import signal
import subprocess
import sys
import threading
from typing import Annotated

import typer

from services.cli.addresses import show_addresses
from services.cli.output import complain, say
from services.runtime.embedded import lock, processes, signals
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.errors import Interrupted, NotRunning, StartFailed
from services.runtime.embedded.layout import CHECKOUT, Layout
from services.runtime.embedded.state import State
from services.runtime.embedded.supervisor import Supervisor

DETACHED_START_SECONDS = 240
DOWN_SECONDS = 90
INTERRUPTED = 130


def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything runs, and let it run.")] = False,
    addresses: Annotated[bool, typer.Option(hidden=True)] = True,
) -> None:
    """Start Kafka, PostgreSQL and all services; Ctrl-C stops them.

    Data stays in `.roamwatt/` (or the folder in ROAMWATT_HOME) for the next start. To use existing servers, set
    ROAMWATT_KAFKA__BOOTSTRAP_SERVERS and ROAMWATT_DATABASE__URL.
    """
    if detach:
        _up_detached()
        return
    asked_to_stop = threading.Event()
    with signals.noticing(asked_to_stop):
        deployment = Deployment.prepare(asked_to_stop=asked_to_stop)
        try:
            deployment.start(_say_step)
        except Interrupted:
            say("Stopped before everything ran; nothing is left running.")
            raise typer.Exit(INTERRUPTED) from None
        try:
            _stay(deployment, addresses)
        finally:
            say("Stopping.")
            deployment.stop()
    say("Stopped; the data stays for the next start (`roamwatt clean` forgets it).")


def _stay(deployment: Deployment, addresses: bool) -> None:
    if addresses:
        show_addresses(deployment)
        say("\nCtrl-C stops everything.")
    Supervisor(deployment, say).run()


def _say_step(step: str, seconds: float) -> None:
    say(f"{seconds:6.1f} s  {step}")


def _up_detached() -> None:
    layout = Layout.here()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    layout.logs.mkdir(parents=True, exist_ok=True)
    with layout.log_of("up").open("wb") as log:
        # No addresses: the registration token is for the caller's eyes, not for a log.
        child = subprocess.Popen(
            [sys.executable, "-m", "services.cli.main", "up", "--no-addresses"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=CHECKOUT,
            env=environment,
        )  # fmt: skip
    try:
        processes.wait_until(
            lambda: _runs_by(layout, child), timeout_seconds=DETACHED_START_SECONDS, what="the deployment to start"
        )
    except BaseException as error:
        child.terminate()
        child.wait(DOWN_SECONDS)
        if isinstance(error, StartFailed):
            complain(processes.tail(layout.log_of("up")))
            raise typer.Exit(1) from None
        raise
    say(processes.tail(layout.log_of("up")))
    show_addresses(Deployment.load())
    say("\n`roamwatt down` stops everything.")


def _runs_by(layout: Layout, child: "subprocess.Popen[bytes]") -> bool:
    if child.poll() is not None:
        raise StartFailed("it ended")
    try:
        return State.read(layout.state_file).supervisor.pid == child.pid
    except NotRunning:
        return False


def down() -> None:
    """Stop the deployment of this checkout, also what is left of one whose own process was killed."""
    layout = Layout.here()
    ran = _stop_running(layout)
    if layout.home.exists():
        left = len(processes.recorded(layout.records))
        Deployment.prepare().stop_left()
        ran = ran or left > 0
    say("Stopped." if ran else "Nothing was running here.")


def _stop_running(layout: Layout) -> bool:
    pid = lock.holder(layout.lock_file)
    supervisor = processes.identity(pid) if pid else None
    if supervisor is None:
        return False
    os.kill(supervisor.pid, signal.SIGTERM)
    processes.wait_until(
        lambda: not supervisor.alive(), timeout_seconds=DOWN_SECONDS, what=f"process {supervisor.pid} to stop"
    )
    return True


def clean(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Stop the deployment and forget all its data, keys, certificates and logs."""
    layout = Layout.here()
    if not layout.home.exists():
        say("There is nothing to forget.")
        return
    if not yes:
        typer.confirm(f"Forget everything in {layout.home}?", abort=True)
    _stop_running(layout)
    Deployment.prepare().wipe()
    say(f"Forgot {layout.home}.")
