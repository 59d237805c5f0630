"""JSON for messages, as protobuf maps it. What is unknown is refused by its name.

Google's library translates. Here that is bounded, and done in turns: it takes ten times as long as protobuf.
"""

import json
from typing import Any, Final, NoReturn, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from unisono.server.api.decoding import malformed
from unisono.server.api.rpc.json_tree import (
    MOST_VALUES,
    Tree,
    has_lists,
    has_many_values,
    is_list,
    parts,
    unknown_field,
)
from unisono.server.api.sizes import check_size
from unisono.server.api.text import cut
from unisono.server.core.turns import Turns
from unisono.server.errors import InvalidRequest, Violation

MOST_BYTES: Final = 1024 * 1024
"""Bytes of JSON that are read in one piece, which takes about ten milliseconds."""

SHORT: Final = 2048
"""Bytes of a message that is translated in one piece."""

_LONGEST_WHY: Final = 300


class JsonCodec:
    """Translates the messages of one method; see `Codec`."""

    def __init__(self, request: type[Message], response: type[Message], turns: Turns) -> None:
        self.request: Final = request
        self.response: Final = response
        self._turns: Final = turns

    def room(self, limit: int) -> int:
        """See `Codec`: names, quotes and escapes take as much again, and who needs more takes protobuf."""
        return min(2 * limit, MOST_BYTES)

    async def decoded(self, message: bytes, limit: int, owner: str) -> bytes:
        """See `Codec`. Nothing at all is a request without fields."""
        tree = self._tree(message) if message.strip() else {}
        request = self.request()
        if len(message) <= SHORT:
            self._fill((request, tree, ""))
        else:
            await self._fill_in_turns(request, tree, "", owner)
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

    async def _fill_in_turns(self, message: Message, tree: Tree, path: str, owner: str) -> None:
        """Set the fields of a message, each item of its lists in a turn."""
        found = list(parts(_kind(message), tree))
        names = {part.name for part in found}
        self._fill((message, {name: value for name, value in tree.items() if name not in names}, path))
        for name, field in found:
            inner, value = f"{path}.{name}" if path else name, tree[name]
            one_of = field.containing_oneof
            if one_of is not None and message.WhichOneof(one_of.name) is not None:
                raise malformed(self.request, cut(f"{inner} excludes others that are given", _LONGEST_WHY))
            target = getattr(message, field.name)
            if is_list(field):
                items = ((target.add(), item, f"{inner}[{at}]") for at, item in enumerate(value))
                await self._turns.map(("", owner), self._fill, items)
            else:
                target.SetInParent()
                await self._fill_in_turns(target, value, inner, owner)

    def _fill(self, part: tuple[Message, Any, str]) -> None:
        """Set the fields of a message. The path says where in the request it is."""
        message, tree, path = part
        if has_many_values(tree):
            raise InvalidRequest((Violation(path or "request", f"has more than {MOST_VALUES} values"),))
        try:
            json_format.ParseDict(tree, message)
        except (json_format.ParseError, TypeError, ValueError, OverflowError) as error:
            field = unknown_field(_kind(message), tree, path)
            if field:
                raise InvalidRequest((Violation(cut(field, _LONGEST_WHY), "is unknown"),)) from None
            where = f"{path}: " if path else ""
            raise malformed(self.request, cut(f"{where}{error}", _LONGEST_WHY)) from None

    async def _translated(self, message: Message, owner: str) -> Tree:
        """Return a message as JSON, each item of its lists in a turn."""
        translated: Tree = {}
        rest = type(message)()
        rest.CopyFrom(message)
        for field, value in message.ListFields():
            if is_list(field):
                items = await self._turns.map(("", owner), json_format.MessageToDict, value)
                translated[field.json_name] = items
            elif has_lists(field):
                translated[field.json_name] = await self._translated(value, owner)
            else:
                continue
            rest.ClearField(field.name)
        return {**json_format.MessageToDict(rest), **translated}


def _kind(message: Message) -> Descriptor:
    return cast("Descriptor", message.DESCRIPTOR)


def _unique(pairs: list[tuple[str, Any]]) -> Tree:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a name comes twice in an object")
    return tree


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
