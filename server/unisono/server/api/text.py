"""How text is cut that a caller made or made long, before it is answered or logged."""

from typing import Final

#: Stands for what was cut off.
_CUT: Final = "…"

#: What gRPC leaves as it is in a message; each other byte takes three.
_PLAIN: Final = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("%"))


def cut(text: str, max_characters: int) -> str:
    """At most so many characters of a text; where some are missing it ends with "…"."""
    return text if len(text) <= max_characters else text[: max_characters - 1] + _CUT


def cut_encoded(text: str, max_bytes: int) -> str:
    """As much of a text as takes at most so many bytes as a `grpc-message`; see `encoded_size`."""
    text = cut(text, max_bytes)
    while (size := encoded_size(text)) > max_bytes:
        # A character takes 12 bytes at most, so what is too much are at least so many characters.
        text = cut(text, len(text) - max(1, (size - max_bytes) // 12))
    return text


def encoded_size(text: str) -> int:
    """How many bytes a text takes as a `grpc-message`.

    Its UTF-8 is percent-encoded but for what is printable in ASCII, and "%" (gRPC over HTTP/2, "Responses").
    """
    encoded = text.encode()
    return len(encoded) + 2 * len(encoded.translate(None, _PLAIN))
