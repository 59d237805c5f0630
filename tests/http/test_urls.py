"""An access token in a URL is found, by its name or by how it looks; what only resembles one is not."""

import pytest

from unisono.server.api.web.urls import has_token

JWT = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "query",
    [
        *(b"access_token=x", b"a=b&token=x", b"Authorization=Bearer+x", b"ID_TOKEN=x", b"jwt=x", b"token"),
        *(b"access%5Ftoken=x", b"%74oken=x", b"access-token=x", b"api_key=x", b"+token+=x", b"token="),
        *(b"x=" + JWT, b"x=Bearer%20" + JWT, b"x=bearer+" + JWT, b"x=" + JWT.replace(b".", b"%2E")),
        b"x=" + JWT.rpartition(b".")[0] + b".",
    ],
)
def test_a_token_is_found(query: bytes) -> None:
    assert has_token(query)


@pytest.mark.parametrize(
    "query",
    [
        *(b"", b"tokens=1", b"a=token", b"message=%7B%22token%22%3A1%7D", b"&&", b"page_token=x"),
        *(b"message=eyJwYWdlVG9rZW4iOiJ4In0&encoding=json&base64=1&connect=v1", b"resume_token=x"),
        *(b"x=eyJh.b.c", b"x=a" + JWT),
    ],
)
def test_what_is_none_is_not(query: bytes) -> None:
    assert not has_token(query)
