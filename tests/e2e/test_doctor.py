"""What `roamwatt doctor` and `status` say of a platform on which something is wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.cli import doctor_deployment
from services.cli.finding import Finding, Grade
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT


@pytest.fixture(autouse=True)
def _of_this_deployment(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROAMWATT_HOME", str(deployment.layout.home))


@pytest.fixture
def hanging_kafka(deployment: Deployment) -> Iterator[None]:
    assert deployment.kafka is not None
    deployment.kafka.pause()
    try:
        yield
    finally:
        deployment.kafka.resume()


@pytest.fixture
def killed_sessions(deployment: Deployment) -> Iterator[None]:
    deployment.kill_service("sessions")
    try:
        yield
    finally:
        deployment.start_service("sessions")


def found() -> dict[str, Finding]:
    return {each.subject: each for each in doctor_deployment.findings()}


def status() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli.main", "status"]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )


def test_where_all_is_well_nothing_is_wrong(deployment: Deployment) -> None:
    said = found()
    assert {"kafka", "postgres", "registry", "authorization", "sessions", "clearing", "gateway", "catalogue"} <= set(
        said
    )
    assert not [each for each in said.values() if each.grade is Grade.WRONG]
    assert str(deployment.layout.log_of("clearing")) in said["clearing"].detail
    assert status().returncode == 0


@pytest.mark.usefixtures("hanging_kafka")
def test_a_kafka_that_hangs_is_named_with_its_process_and_log(deployment: Deployment) -> None:
    assert deployment.kafka is not None
    kafka = found()["kafka"]
    assert kafka.grade is Grade.WRONG
    assert f"process {deployment.kafka.process.identity.pid}" in kafka.detail
    assert "Kafka does not answer" in kafka.detail
    assert str(deployment.kafka.log_file) in kafka.advice
    said = status()
    assert said.returncode == 1
    assert "NO ANSWER: Kafka does not answer" in said.stdout
    assert "`roamwatt doctor` looks closer" in said.stdout


@pytest.mark.usefixtures("killed_sessions")
def test_a_service_that_does_not_run_is_named_with_its_log() -> None:
    sessions = found()["sessions"]
    assert sessions.grade is Grade.WRONG
    assert "not running" in sessions.detail or "does not run" in sessions.detail
    assert "log" in sessions.advice
    said = status()
    assert said.returncode == 1
    (line,) = [each for each in said.stdout.splitlines() if each.startswith("sessions")]
    assert "NOT READY" in line
