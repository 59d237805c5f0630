"""Where things are tried out, a request is answered only if it means this machine by a name of its own."""

import pytest

from unisono.server.api.http.h2.requests import request_head
from unisono.server.api.web.hosts import Hosts

HOSTS = Hosts("Laptop.internal")


@pytest.mark.parametrize(
    "authority",
    [
        *(b"localhost", b"localhost:50051", b"LOCALHOST:1", b"unisono.localhost:50051", b"laptop.internal:8"),
        *(b"127.0.0.1", b"127.0.0.1:50051", b"[::1]", b"[::1]:50051", b"192.0.2.7:80", b"0.0.0.0:50051"),
        *(b"[2001:db8::5]:80", b"localhost:", b""),
    ],
)
def test_a_name_that_is_nobody_elses_is_good(authority: bytes) -> None:
    assert authority in HOSTS


@pytest.mark.parametrize(
    "authority",
    [
        *(b"evil.test", b"evil.test:50051", b"localhost.evil.test", b"127.0.0.1.evil.test", b"notlocalhost"),
        *(
            b"evil.test#localhost",
            b"evil.test/.localhost:1",
            b"evil.test/.localhost",
            b"localhost@evil.test",
            b"a.internal",
        ),
        *(
            b"127.0.0.1:80:80",
            b"[evil.test]",
            b"::1:80:x",
            b"\xff",
            b"localhost, evil.test",
            b"x:y.localhost:z",
        ),
    ],
)
def test_any_other_is_not(authority: bytes) -> None:
    assert authority not in HOSTS


def test_http2_says_it_in_either_way() -> None:
    pseudo = ((b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"))
    assert request_head((*pseudo, (b":authority", b"a"), (b"host", b"b"))).authority == b"a"
    assert request_head((*pseudo, (b"host", b"b"))).authority == b"b"
    assert request_head(pseudo).authority == b""
