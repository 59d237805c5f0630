"""A file of clients' authorities that is of no use is refused at start, and one that nobody would read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http.authority import Authority
from unisono.server.api.tls import Certificate, CertificateError
from unisono.server.app.build import certificate
from unisono.server.config import Settings


@pytest.mark.parametrize(
    ("put", "says"),
    [
        (lambda file: file.write_bytes(b"no PEM"), "has no PEM certificates"),
        (lambda file: None, "cannot read the TLS files"),
        (lambda file: file.mkdir(), "cannot read"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused(
    tmp_path: Path, put: Callable[[Path], object], says: str
) -> None:
    Authority(tmp_path)
    file = tmp_path / "clients.pem"
    put(file)
    with pytest.raises(CertificateError, match=says) as raised:
        Certificate(tmp_path / "certificate.pem", tmp_path / "key.pem", file)
    assert str(file) in str(raised.value)


@pytest.mark.parametrize("transport", ["grpcio", "auto"])
def test_the_other_transport_asks_nobody_and_says_what_does(tmp_path: Path, transport: str) -> None:
    file = tmp_path / "clients.pem"
    names = {"tls_certificate": tmp_path / "certificate.pem", "tls_key": tmp_path / "key.pem"}
    settings = Settings.model_validate({"tls_client_ca": file, "transport": transport, **names})
    with pytest.raises(CertificateError, match='tls_client_ca needs the line transport = "http"'):
        certificate(settings)
