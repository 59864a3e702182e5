"""A certificate authority for one machine, and server certificates for its loopback addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.runtime.embedded.files import write_private

AUTHORITY_DAYS = 730
SERVER_DAYS = 90
RENEW_DAYS = 30
# Clocks of partners on other machines may be a little behind.
_BACKDATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """Files of a certificate and its private key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """The deployment's own authority; partners trust `ca_file`, nothing outside this machine does."""

    folder: Path

    @property
    def ca_file(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.pem"

    def ensure(self, now: datetime) -> None:
        """Make the authority, or renew one that ends soon."""
        pair = Pair(self.ca_file, self.folder / "ca.key")
        if not _good(pair, now):
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name("Roamwatt local authority")
            _write(pair, _authority_certificate(name, key, now), key)

    def server(self, name: str, now: datetime) -> Pair:
        """Return the certificate of a local server, made or renewed when needed."""
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        authority = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        if not _good(pair, now, lambda found: found.issuer == authority.subject and _issued_by(found, authority)):
            signer = load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
            assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 - we wrote the file
            key = ec.generate_private_key(ec.SECP256R1())
            _write(pair, _server_certificate(_name(name), key, authority, signer, now), key)
        return pair


def _good(pair: Pair, now: datetime, also: Callable[[x509.Certificate], bool] = lambda _found: True) -> bool:
    if not (pair.certificate.exists() and pair.key.exists()):
        return False
    found = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    return found.not_valid_after_utc - now > timedelta(days=RENEW_DAYS) and also(found)


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # whatever is wrong with it, a new one is made
        return False
    return True


def _authority_certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    usage = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    addresses = [x509.IPAddress(IPv4Address("127.0.0.1")), x509.IPAddress(IPv6Address("::1"))]
    return (
        _builder(name, authority.subject, key, now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now.astimezone(UTC) + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(pair.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
