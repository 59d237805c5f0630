"""Cuts text that comes from a caller, or is as long as a caller likes, before it is answered or logged."""

from typing import Final

#: Stands for what was cut off.
_CUT: Final = "…"

#: The bytes that gRPC does not encode in a `grpc-message`; each other byte takes three.
_PLAIN: Final = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("%"))


def cut(text: str, max_characters: int) -> str:
    """Return a text, cut to at most `max_characters`; one that is cut ends with "…"."""
    return text if len(text) <= max_characters else text[: max_characters - 1] + _CUT


def cut_encoded(text: str, max_bytes: int) -> str:
    """Return a text, cut as by `cut` until it takes at most `max_bytes` as a `grpc-message`."""
    text = cut(text, max_bytes)
    while (size := encoded_size(text)) > max_bytes:
        # A character takes at most 12 bytes, so at least this many characters are too many.
        text = cut(text, len(text) - max(1, (size - max_bytes) // 12))
    return text


def encoded_size(text: str) -> int:
    """Return how many bytes a text takes as a `grpc-message`.

    Its UTF-8 is percent-encoded, except for printable ASCII other than "%" (gRPC over HTTP/2, "Responses").
    """
    encoded = text.encode()
    return len(encoded) + 2 * len(encoded.translate(None, _PLAIN))
