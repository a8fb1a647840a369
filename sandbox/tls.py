"""Keys and certificates that the sandbox makes for itself: its own CA, its server, and the keys that its clients sign in with.

Everything is made once per folder and used again when it is there, so that a restarted sandbox keeps the trust its clients have.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.world import SandboxClock

_LIFE = timedelta(days=825)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the sandbox's CA (to hand to clients), its server certificate and that certificate's key lie, all PEM."""

    ca: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path, also: Sequence[str] = ()) -> TlsFiles:
    """A CA and a server certificate for 127.0.0.1, localhost and the names ``also`` in ``folder``; the server's key is its owner's alone.

    The CA's key is thrown away: nobody can sign for another name with it.
    """
    files = TlsFiles(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server-key.pem")
    if files.ca.exists() and files.certificate.exists() and files.key.exists() and _names(files.certificate) >= set(also):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Sandbox CA")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    addresses = [x509.DNSName(name) for name in ("localhost", *also)]
    names = x509.SubjectAlternativeName([*addresses, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        _builder(_name("localhost"), ca_name, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        # OpenSSL 3 with VERIFY_X509_STRICT (Python 3.13's default) refuses a leaf without it.
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(files.key, _pem(key))
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    return files


def make_client_certificate(folder: Path, name: str = "m365-app.pem") -> Path:
    """A PEM file (0600) with an RSA key and its self-signed certificate, as an app registration's credential."""
    path = folder / name
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = _name("Records application")
    certificate = _builder(subject, subject, key.public_key()).sign(key, hashes.SHA256())
    write_private(path, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def read_certificate(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file that may hold a key too."""
    text = path.read_bytes()
    return x509.load_pem_x509_certificate(text[text.index(b"-----BEGIN CERTIFICATE-----") :])


def _names(certificate: Path) -> set[str]:
    found = read_certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(found.value.get_values_for_type(x509.DNSName))


def make_rsa_key_pem() -> str:
    """A fresh RSA key as PKCS#8 PEM text, of the size that Google issues for service accounts."""
    return _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)).decode("ascii")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that never existed for a moment with wider rights than 0600."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Made-up data"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> x509.CertificateBuilder:
    # TLS stays on the system's clock, never on the sandbox's: no client could check it against another.
    now = SandboxClock.wall()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
