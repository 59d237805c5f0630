"""What browsers are told about which pages may call, and may read what is answered."""

import pytest

from unisono.server.api.http.exchange import Header
from unisono.server.api.web.origins import Origins

PAGE = b"https://mail.example.com"
ORIGINS = Origins(["https://mail.example.com", "https://chat.test"])


def of(*origins: bytes) -> tuple[Header, ...]:
    return ((b"accept", b"*/*"), *((b"origin", origin) for origin in origins))


@pytest.mark.parametrize("origin", [PAGE, b"https://chat.test", b"https://chat.test:443"])
def test_a_page_of_any_app_may_read_the_answer(origin: bytes) -> None:
    headers = dict(ORIGINS.headers(of(origin)))
    assert headers[b"access-control-allow-origin"] == origin
    exposed = headers[b"access-control-expose-headers"].split(b", ")
    assert {b"x-request-id", b"grpc-status", b"grpc-message", b"grpc-status-details-bin"} < set(exposed)
    assert headers[b"vary"] == b"origin"
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize("origins", [(), (b"https://evil.test",), (b"null",), (PAGE, PAGE), (b"\xff",)])
def test_no_other_may_and_caches_know(origins: tuple[bytes, ...]) -> None:
    assert ORIGINS.headers(of(*origins)) == ((b"vary", b"origin"),)


def test_without_pages_nothing_is_said() -> None:
    assert Origins(()).headers(of(PAGE)) == ()


def test_all_may_where_all_are_allowed_but_what_has_no_origin() -> None:
    everybody = Origins(["*"])
    assert (b"access-control-allow-origin", b"http://localhost:5173") in everybody.headers(
        of(b"http://localhost:5173")
    )
    assert everybody.headers(of(b"null")) == ((b"vary", b"origin"),)
