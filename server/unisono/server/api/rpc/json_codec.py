"""JSON for messages, as protobuf maps it. What is unknown is refused by its name.

Google's library translates. Here that is bounded, and done in turns: it takes ten times as long as protobuf.
"""

import json
from typing import Any, Final, NoReturn, TypeAlias, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from unisono.server.api.decoding import malformed
from unisono.server.api.rpc.json_paths import unknown_field
from unisono.server.api.sizes import check_size
from unisono.server.api.text import cut
from unisono.server.core.turns import Turns
from unisono.server.errors import InvalidRequest, Violation

MOST_BYTES: Final = 1024 * 1024
"""Bytes of JSON that are read in one piece, which takes about ten milliseconds."""

MOST_ITEMS: Final = 10_000
"""Items that a list may have: more than any request may have, and far fewer than fit."""

SHORT: Final = 2048
"""Bytes of a message that is translated in one piece."""

_LONGEST_WHY: Final = 300

Tree: TypeAlias = dict[str, Any]


class JsonCodec:
    """Translates the messages of one method; see `Codec`."""

    def __init__(self, request: type[Message], response: type[Message], turns: Turns) -> None:
        self.request: Final = request
        self._kind = cast("Descriptor", request.DESCRIPTOR)
        self.response: Final = response
        self._turns: Final = turns

    def room(self, limit: int) -> int:
        """See `Codec`: names, quotes and escapes take at most as much again, or binary is the better way."""
        return min(2 * limit, MOST_BYTES)

    async def decoded(self, message: bytes, limit: int, owner: str) -> bytes:
        """See `Codec`. Nothing at all is a request without fields."""
        tree = self._tree(message) if message.strip() else {}
        request = self.request()
        parts = _lists(self._kind, tree) if len(message) > SHORT else {}
        self._fill((request, {name: value for name, value in tree.items() if name not in parts}, ""))
        for name, field in parts.items():
            add = getattr(request, field.name).add
            items = ((add(), item, f"{name}[{at}]") for at, item in enumerate(tree[name]))
            await self._turns.map(("", owner), self._fill, items)
        encoded = request.SerializeToString()
        check_size(encoded, limit)
        return encoded

    async def encoded(self, message: bytes, owner: str) -> bytes:
        """See `Codec`. On one line."""
        response = self.response.FromString(message)
        if len(message) <= SHORT:
            tree = json_format.MessageToDict(response)
        else:
            tree = await self._translated(response, owner)
        return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()

    def _tree(self, text: bytes) -> Tree:
        try:
            tree = json.loads(text.decode(), object_pairs_hook=_unique, parse_constant=_no_number)
        except RecursionError:
            raise malformed(self.request, "its JSON is nested too deep") from None
        except ValueError as error:
            raise malformed(self.request, cut(f"it is not JSON: {error}", _LONGEST_WHY)) from None
        if not isinstance(tree, dict):
            raise malformed(self.request, "its JSON is no object")
        return tree

    def _fill(self, part: tuple[Message, Any, str]) -> None:
        """Set the fields of a message. The path says where it is in the request."""
        message, tree, path = part
        try:
            json_format.ParseDict(tree, message)
        except (json_format.ParseError, TypeError, ValueError, OverflowError) as error:
            field = unknown_field(cast("Descriptor", message.DESCRIPTOR), tree, path)
            if field:
                raise InvalidRequest((Violation(cut(field, _LONGEST_WHY), "is unknown"),)) from None
            where = f"{path}: " if path else ""
            raise malformed(self.request, cut(f"{where}{error}", _LONGEST_WHY)) from None

    async def _translated(self, message: Message, owner: str) -> Tree:
        """Return a message as JSON, each of those in its lists in a turn."""
        parts: Tree = {}
        rest = type(message)()
        rest.CopyFrom(message)
        for field, value in message.ListFields():
            if _is_list(field):
                parts[field.json_name] = await self._turns.map(("", owner), json_format.MessageToDict, value)
            elif field.message_type is not None and _has_lists(field.message_type):
                parts[field.json_name] = await self._translated(value, owner)
            else:
                continue
            rest.ClearField(field.name)
        return {**json_format.MessageToDict(rest), **parts}


def _is_list(field: FieldDescriptor) -> bool:
    """Return whether a field is a list of messages; a map is none."""
    kind = field.message_type
    return kind is not None and field.is_repeated and not kind.GetOptions().map_entry


def _has_lists(kind: Descriptor) -> bool:
    return not kind.GetOptions().map_entry and any(_is_list(field) for field in kind.fields)


def _lists(kind: Descriptor, tree: Tree) -> dict[str, FieldDescriptor]:
    """Return which names of a request are those of its lists of messages, which may be long.

    Raises `InvalidRequest` for one that is longer than any may be.
    """
    found: dict[str, FieldDescriptor] = {}
    for field in filter(_is_list, kind.fields):
        names = {name for name in (field.json_name, field.name) if isinstance(tree.get(name), list)}
        for name in names:
            if len(tree[name]) > MOST_ITEMS:
                raise InvalidRequest((Violation(name, f"has more than {MOST_ITEMS} items"),))
        # One that is spelled in both ways is an error, which the library names.
        if len(names) == 1:
            found[names.pop()] = field
    return found


def _unique(pairs: list[tuple[str, Any]]) -> Tree:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a name comes twice in an object")
    return tree


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
