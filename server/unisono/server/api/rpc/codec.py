"""What translates messages that are not protobuf, for handlers that take and return protobuf alone."""

from typing import Protocol


class Codec(Protocol):
    """Translates the messages of one method. `owner` is whose turn it takes."""

    def room(self, limit: int) -> int:
        """Return how many bytes a request may have that is at most `limit` bytes of protobuf."""

    async def decoded(self, message: bytes, limit: int, owner: str) -> bytes:
        """Return a request as protobuf.

        Raises `RequestMalformed`, `InvalidRequest`, and `RequestTooLarge` beyond `limit` bytes of protobuf.
        """

    async def encoded(self, message: bytes, owner: str) -> bytes:
        """Return a response, which is protobuf, as the client takes it."""
