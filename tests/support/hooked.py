"""A sender that posts to the hooks of a node, over HTTP/1.1 and a real socket, as senders do."""

import asyncio
import hashlib
import hmac
import http.client
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.support.nodes import Running
from tests.support.processes import TIMEOUT
from unisono.server.core.access.hooks import Hook, HookSource

SECRET = "a secret that a sender and the tests know"


class Answer(NamedTuple):
    """What a sender is answered; the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def reason(self) -> str:
        """The reason of an error."""
        return str(self.body["details"][0]["debug"]["reason"])


def hook(source: HookSource, *, user_id: str = "ada", app_id: str = "mail.test", **changes: Any) -> Hook:
    """Return a hook whose id is that of its source, and whose secret is `SECRET`."""
    fields = {
        "hook_id": source.value,
        "app_id": app_id,
        "user_id": user_id,
        "source": source,
        "secret": SECRET.encode(),
        "secret_hash": hashlib.sha256(SECRET.encode()).digest(),
    }
    return Hook(**{**fields, **changes})


def bearer(secret: str = SECRET) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the header by which GitHub signs a body."""
    return {"x-hub-signature-256": f"sha256={signature(body, secret)}"}


def signature(message: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


async def post(
    node: Running,
    hook_id: str,
    body: bytes | Iterable[bytes],
    *headers: Mapping[str, str],
    method: str = "POST",
) -> Answer:
    """Send a request to the address of a hook; a body of many parts goes in chunks."""
    return await asyncio.to_thread(_post, node.target, hook_id, body, headers, method)


def _post(
    target: str,
    hook_id: str,
    body: bytes | Iterable[bytes],
    headers: Sequence[Mapping[str, str]],
    method: str,
) -> Answer:
    connection = http.client.HTTPConnection(target, timeout=TIMEOUT)
    try:
        connection.putrequest(method, f"/hooks/{hook_id}")
        length = {"content-length": str(len(body))} if isinstance(body, bytes) else {}
        framing = length or {"transfer-encoding": "chunked"}
        for some in ({"content-type": "application/json"}, framing, *headers):
            for name, text in some.items():
                connection.putheader(name, text)
        connection.endheaders(body, encode_chunked=not length)
        response = connection.getresponse()
        found = {name.lower(): text for name, text in response.getheaders()}
        return Answer(response.status, found, json.loads(response.read()))
    finally:
        connection.close()
