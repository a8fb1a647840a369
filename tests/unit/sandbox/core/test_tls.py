from __future__ import annotations

import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import DNSName, IPAddress, SubjectAlternativeName

from sandbox.tls import make_certificates, make_client_certificate, read_certificate


def test_the_server_certificate_names_loopback_and_is_signed_by_the_ca(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    certificate, ca = read_certificate(files.certificate), read_certificate(files.ca)
    certificate.verify_directly_issued_by(ca)
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert names.get_values_for_type(DNSName) == ["localhost"]
    assert [str(value) for value in names.get_values_for_type(IPAddress)] == ["127.0.0.1"]


def test_private_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    client = make_client_certificate(tmp_path)
    for path in (files.key, client):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_client_certificate_file_holds_the_key_that_its_certificate_names(tmp_path: Path) -> None:
    path = make_client_certificate(tmp_path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    public = read_certificate(path).public_key()
    assert isinstance(key, RSAPrivateKey)
    assert isinstance(public, RSAPublicKey)
    assert key.public_key().public_numbers() == public.public_numbers()


def test_a_restarted_sandbox_keeps_the_trust_its_clients_have(tmp_path: Path) -> None:
    first = make_certificates(tmp_path).ca.read_bytes()
    assert make_certificates(tmp_path).ca.read_bytes() == first
