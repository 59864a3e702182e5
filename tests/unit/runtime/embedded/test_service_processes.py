import threading
from pathlib import Path

import pytest

from services.runtime.embedded.certificates import Pair
from services.runtime.embedded.errors import NotRunning
from services.runtime.embedded.keys import Keys
from services.runtime.embedded.layout import Layout
from services.runtime.embedded.ports import PortBook
from services.runtime.embedded.service_processes import Servers, ServiceProcesses, process_name

pytestmark = pytest.mark.enable_socket
PRIVATE = (
    "ROAMWATT_VAULT__MASTER_KEY_FILE",
    "ROAMWATT_VAULT__DEAD_LETTERS_KEY_FILE",
    "ROAMWATT_PARTNERS__CA_FOLDER",
)


@pytest.fixture
def services(tmp_path: Path) -> ServiceProcesses:
    keys = Keys(tmp_path / "secrets")
    keys.ensure()
    return ServiceProcesses(
        Layout(tmp_path),
        keys,
        Pair(tmp_path / "s.pem", tmp_path / "s.key"),
        str(tmp_path / "ca.pem"),
        PortBook(tmp_path / "ports.json"),
        Servers("127.0.0.1:1", "postgresql://u:secret@127.0.0.1:2/d"),
        {"ROAMWATT_LOG__LEVEL": "DEBUG"},
        threading.Event(),
    )


def test_only_the_gateway_is_given_the_vaults_key(services: ServiceProcesses) -> None:
    given = {name: services.environment(name) for name in ("clearing", "gateway", "catalogue")}
    assert [name for name, found in given.items() if any(key in found for key in PRIVATE)] == ["gateway"]


def test_the_catalogue_is_given_no_database(services: ServiceProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROAMWATT_DATABASE__URL", raising=False)
    assert "ROAMWATT_DATABASE__URL" not in services.environment("catalogue")


def test_instances_listen_on_ports_of_their_own_and_speak_for_one_gateway(services: ServiceProcesses) -> None:
    first, second = services.environment("gateway"), services.environment("gateway", 2)
    for port in ("ROAMWATT_HTTPS__ADMIN_PORT", "ROAMWATT_HTTPS__PUBLIC_PORT"):
        assert first[port] != second[port]
    assert first["ROAMWATT_GATEWAY__PUBLIC_URL"] == second["ROAMWATT_GATEWAY__PUBLIC_URL"]
    assert second["ROAMWATT_KAFKA__CLIENT_ID"] == "roamwatt-gateway-2" == f"roamwatt-{process_name('gateway', 2)}"


def test_settings_given_by_the_caller_win(services: ServiceProcesses) -> None:
    assert services.environment("clearing")["ROAMWATT_LOG__LEVEL"] == "DEBUG"


def test_what_was_never_started_is_not_running(services: ServiceProcesses) -> None:
    with pytest.raises(NotRunning, match=r"clearing-2 is not running \(log: .*clearing-2\.log\)"):
        services.find("clearing", 2)


def test_a_database_url_is_not_shown(services: ServiceProcesses) -> None:
    assert "secret" not in repr(services.servers)
