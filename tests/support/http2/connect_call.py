"""One streaming call of Connect over HTTP/2 (https://connectrpc.com/docs/protocol, "Streaming-Request")."""

import json
from collections.abc import Mapping
from functools import lru_cache

from tests.support.http2.call import Call, Status, header_block


class ConnectCall(Call):
    """A call whose last message says how it ended, in JSON."""

    _status = Status("UNKNOWN", "it ended without a word")

    def begin(self, headers: Mapping[str, str]) -> None:
        """See `Call`: what is no stream of Connect has another status of HTTP."""
        if headers[":status"] != "200":
            self._status = Status("UNKNOWN", f"it was answered with {headers[':status']}")

    def close(self, trailers: Mapping[str, str]) -> None:
        """See `Call`: there are no trailers."""
        self._end(self._status)

    def _take_last(self, message: bytes) -> None:
        error = json.loads(message).get("error")
        self._status = Status(error["code"].upper() if error else "OK")


@lru_cache(maxsize=4096)
def connect_headers(path: str, authority: str, token: str) -> bytes:
    """Return the header block of a request with messages in binary."""
    return header_block(
        (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", authority),
            ("connect-protocol-version", "1"),
            ("content-type", "application/connect+proto"),
            ("authorization", f"Bearer {token}"),
        )
    )
