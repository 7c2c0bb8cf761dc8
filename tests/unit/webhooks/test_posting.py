"""One POST: only to whom the certificate says, and in words what went wrong."""

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from marketplace.services.webhooks.posting import post
from tests.support.receiver import receiving


def certificate(path: Path, address: str) -> Path:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem, text = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(pem, text, serialization.NoEncryption()) + made.public_bytes(pem)
    )
    return path


def test_a_certificate_must_be_trusted_and_be_that_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = certificate(tmp_path / "right.pem", "127.0.0.1")
    other = certificate(tmp_path / "other.pem", "127.0.0.2")
    with receiving(right) as receiver, receiving(other) as stranger:
        refused = post(receiver.origin, b"{}", {}, 5)
        assert (refused.status, refused.error) == (
            None, "对方的证书不可信（SSLCertVerificationError）",
        )  # fmt: skip
        monkeypatch.setenv("SSL_CERT_FILE", str(right))
        assert post(f"{receiver.origin}/hook", b"{}", {}, 5).delivered
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        assert post(stranger.origin, b"{}", {}, 5).error == refused.error
        assert [one.path for one in receiver.got] == ["/hook"]
        assert stranger.got == []


def test_what_goes_wrong_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", b"{}", {}, 5).error.startswith("对方拒绝连接")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert post(url, b"{}", {}, 0.2).error == "0.2 秒内没有应答"
        tls = post(url.replace("http:", "https:"), b"{}", {}, 0.2)
        assert (tls.status, tls.error) == (None, "0.2 秒内没有应答")
        assert tls.took < 2000


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        assert post(f"{receiver.origin}/a?b=c", b"{}", {"webhook-id": "msg_1"}, 5).delivered
        assert proxy.got == []
        assert (receiver.got[0].path, receiver.ids) == ("/a?b=c", ["msg_1"])
