import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from services.runtime.embedded.certificates import Authority, Pair

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.ensure(NOW)
    return made


def handshake(server_pair: Pair, ca_file: Path, host: str) -> str | None:
    """A TLS handshake in memory; returns the version agreed on."""
    server_context, client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server_context.load_cert_chain(server_pair.certificate, server_pair.key)
    client_context.load_verify_locations(ca_file)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server) * 3:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.version()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_partners_that_trust_the_authority_accept_its_servers(tmp_path: Path, host: str) -> None:
    now = datetime.now(UTC)
    authority = Authority(tmp_path)
    authority.ensure(now)
    assert handshake(authority.server("gateway", now), authority.ca_file, host) == "TLSv1.3"


def test_another_name_is_refused(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = Authority(tmp_path)
    authority.ensure(now)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.server("gateway", now), authority.ca_file, "example.com")


def test_keys_are_for_their_owner_alone(authority: Authority) -> None:
    pair = authority.server("gateway", NOW)
    for key in (pair.key, authority.folder / "ca.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_certificate_is_kept_until_it_ends_soon(authority: Authority) -> None:
    first = authority.server("gateway", NOW).certificate.read_bytes()
    assert authority.server("gateway", NOW + timedelta(days=59)).certificate.read_bytes() == first
    renewed = authority.server("gateway", NOW + timedelta(days=61)).certificate.read_bytes()
    assert renewed != first
    assert x509.load_pem_x509_certificate(renewed).not_valid_after_utc > NOW + timedelta(days=150)


def test_a_new_authority_makes_new_certificates(authority: Authority) -> None:
    first = authority.server("gateway", NOW).certificate.read_bytes()
    authority.ca_file.unlink()
    authority.ensure(NOW)
    assert authority.server("gateway", NOW).certificate.read_bytes() != first
