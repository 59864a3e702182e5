"""Deployments as code starts them: apart from each other, on existing servers, and clean after any end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from services.cli import servers
from services.runtime.embedded import deployment as deployments
from services.runtime.embedded import files, ports, processes
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.errors import AlreadyRunning, Interrupted, NoFreePort, NoSpace, NotRunning, StartFailed
from tests.support.cluster import Cluster
from tests.support.leftovers import processes_of

RUNS = """
import sys, time
from pathlib import Path
from services.runtime.embedded.deployment import Deployment
deployment = Deployment.prepare(Path(sys.argv[1]))
deployment.names = ()
deployment.start()
print("started", flush=True)
time.sleep(60)
"""


def prepared(home: Path, *names: str) -> Deployment:
    found = Deployment.prepare(home)
    found.names = names
    return found


@pytest.fixture
def on_existing_servers(cluster: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(deployments.BOOTSTRAP_VARIABLE, cluster.bootstrap_servers)
    monkeypatch.setenv(deployments.DATABASE_VARIABLE, database_url)
    return iter(())


def test_two_clones_run_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (prepared(tmp_path / name, "catalogue") for name in ("one", "two"))
    with ThreadPoolExecutor(2) as pool:
        for started in [pool.submit(first.start), pool.submit(second.start)]:
            started.result()
    try:
        addresses = [
            {each.bootstrap_servers, each.database_url, each.catalogue_url, each.gateway_url}
            for each in (first, second)
        ]
        assert addresses[0].isdisjoint(addresses[1])
        # Settings of whoever looks do not change what a deployment runs.
        monkeypatch.setenv(deployments.BOOTSTRAP_VARIABLE, first.bootstrap_servers)
        seen = Deployment.load(second.layout.home)
        assert seen.kafka is not None
        assert seen.kafka_settings().bootstrap_servers == second.bootstrap_servers
        monkeypatch.delenv(deployments.BOOTSTRAP_VARIABLE)
        assert [(each.name, each.silence) for each in servers.look(second)] == [("kafka", None), ("postgres", None)]
        first.stop()
        assert processes_of(first.layout.home) == []
        assert second.services.readiness("catalogue")[0]
        with psycopg.connect(second.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        second.stop()
        first.stop()
    assert processes_of(tmp_path) == []


@pytest.mark.usefixtures("on_existing_servers")
def test_existing_servers_are_used_where_settings_name_them(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with prepared(tmp_path, "registry") as deployment:
        assert (deployment.kafka, deployment.postgres) == (None, None)
        assert deployment.bootstrap_servers == cluster.bootstrap_servers
        assert deployment.services.readiness("registry") == (True, "ready")
        assert {each.name for each in processes.recorded(deployment.layout.records)} == {"registry"}
        for variable in (deployments.BOOTSTRAP_VARIABLE, deployments.DATABASE_VARIABLE):
            monkeypatch.delenv(variable)
        seen = Deployment.load(tmp_path)
        assert seen.admin_url("registry") == deployment.admin_url("registry")
        assert seen.kafka_settings().bootstrap_servers == cluster.bootstrap_servers
        assert [(each.embedded, each.silence) for each in servers.look(seen)] == [(None, None), (None, None)]
    assert cluster.kafka.running()
    with pytest.raises(NotRunning, match="start one with `make up`"):
        Deployment.load(tmp_path)


@pytest.mark.usefixtures("on_existing_servers")
def test_a_service_is_killed_and_started_again_at_the_same_address(tmp_path: Path) -> None:
    with prepared(tmp_path, "registry") as deployment:
        address = deployment.admin_url("registry")
        deployment.start_service("registry", 2)
        assert deployment.admin_url("registry", 2) != address
        deployment.kill_service("registry")
        with pytest.raises(NotRunning):
            deployment.services.find("registry")
        assert deployment.services.readiness("registry", 2)[0]
        deployment.start_service("registry")
        assert deployment.admin_url("registry") == address
        assert deployment.stop_service("registry", 2)
    assert processes_of(tmp_path) == []


@pytest.mark.usefixtures("on_existing_servers")
def test_a_service_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    deployment = Deployment.prepare(tmp_path, {"ROAMWATT_OUTBOX__LANES": "none"})
    with pytest.raises(StartFailed, match=r"(.|\n)*ended while starting(.|\n)*ROAMWATT_OUTBOX__LANES"):
        deployment.start()
    assert processes_of(tmp_path) == []


def test_a_start_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    deployment = prepared(tmp_path)
    deployment.asked_to_stop.set()
    with pytest.raises(Interrupted):
        deployment.start()
    assert processes_of(tmp_path) == []
    deployment.asked_to_stop.clear()
    with deployment:
        assert deployment.kafka is not None
        assert deployment.kafka.running()


def test_what_a_killed_one_left_is_stopped_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUNS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "started\n"
        with pytest.raises(AlreadyRunning, match=f"already run by process {runner.pid}"):
            prepared(tmp_path).start()
        runner.send_signal(signal.SIGKILL)
    left = {each.name for each in processes.recorded(tmp_path / "run")}
    assert left == {"kafka", "postgres"}
    with pytest.raises(NotRunning, match="`roamwatt down` stops what it left"):
        Deployment.load(tmp_path)
    Deployment.prepare(tmp_path).stop_left()
    assert processes_of(tmp_path) == []


def test_without_a_free_port_it_says_so_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]
        monkeypatch.setattr(ports, "allowed", lambda: range(busy, busy + 1))
        with pytest.raises(NoFreePort, match="no free TCP port"):
            prepared(tmp_path).start()
    assert processes_of(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    yield small
    subprocess.run(["umount", str(small)], check=True)


def test_on_a_full_disk_nothing_is_begun(small_disk: Path) -> None:
    with pytest.raises(NoSpace, match=r"only \d MB are free .* Free some space there"):
        prepared(small_disk / "home").start()
    assert processes_of(small_disk) == []


def test_a_disk_that_fills_up_while_starting_is_named(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "NEEDED_BYTES", 0)
    with pytest.raises(StartFailed, match=r"cannot make a database(.|\n)*No space left on device"):
        prepared(small_disk / "home").start()
    assert processes_of(small_disk) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoSpace, match=r"cannot write to .*ROAMWATT_HOME"):
        Deployment.prepare(tmp_path / "file" / "home")
