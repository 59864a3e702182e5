import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.embedded import ports
from services.runtime.embedded.errors import NoFreePort, NotRunning
from services.runtime.embedded.ports import PortBook

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_ports_of_servers_lie_below_those_of_outgoing_connections() -> None:
    assert ports.allowed().stop <= max(ports.ephemeral_start(), ports.LOWEST + 1_000)
    assert ports.free_port() in ports.allowed()


def test_a_busy_port_is_not_chosen(busy: int) -> None:
    with pytest.raises(NoFreePort, match=f"between {busy} and {busy}: stop something"):
        ports.free_port(among=range(busy, busy + 1))


def test_a_promised_port_is_not_chosen_again() -> None:
    port = ports.free_port()
    with pytest.raises(NoFreePort):
        ports.free_port(taken=[port], among=range(port, port + 1))


def test_an_open_port_is_seen(busy: int) -> None:
    assert ports.is_open(busy)
    assert not ports.is_open(ports.free_port())


def test_a_book_keeps_ports_over_starts(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    chosen = {name: book.port(name) for name in ("kafka", "postgres")}
    again = PortBook(tmp_path / "ports.json")
    assert {name: again.port(name) for name in ("postgres", "kafka")} == chosen
    assert len(set(chosen.values())) == 2


def test_a_port_that_somebody_took_is_replaced(tmp_path: Path, busy: int) -> None:
    (tmp_path / "ports.json").write_text(f'{{"kafka": {busy}}}')
    book = PortBook(tmp_path / "ports.json")
    assert book.known("kafka") == busy
    assert book.port("kafka") != busy


@pytest.mark.parametrize("content", ["", "[1]", '{"kafka": "x"}', "\x00"])
def test_a_damaged_book_is_begun_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)
    with pytest.raises(NotRunning):
        PortBook(tmp_path / "ports.json").known("kafka")
