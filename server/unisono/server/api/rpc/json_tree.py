"""JSON that was read, beside the message that it is to become: its long lists, and what is unknown."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from unisono.server.errors import InvalidRequest, Violation

Tree: TypeAlias = dict[str, Any]

MOST_ITEMS: Final = 10_000
"""Items that a list of messages may have: more than any request may have, and far fewer than fit."""

MOST_VALUES: Final = 2_000
"""Values that there may be besides, or in one item: they are translated in one piece."""

#: Their JSON is no object with their fields.
_SPELLED_OTHERWISE: Final = "google.protobuf."


class Part(NamedTuple):
    """A field of a message that is translated for itself, by the name that it has in JSON."""

    name: str
    field: FieldDescriptor


def is_list(field: FieldDescriptor) -> bool:
    """Return whether a field is a list of messages; a map is none."""
    kind = field.message_type
    return kind is not None and field.is_repeated and not kind.GetOptions().map_entry


def has_lists(field: FieldDescriptor) -> bool:
    """Return whether a field is a message with such lists."""
    kind = field.message_type
    return kind is not None and not field.is_repeated and any(map(is_list, kind.fields))


def parts(kind: Descriptor, tree: Tree) -> Iterator[Part]:
    """Yield the lists of messages in a message, and the messages with such lists.

    Raises `InvalidRequest` for one that is longer than any may be. One that is spelled in both ways is an
    error that others find.
    """
    for field in kind.fields:
        wanted = list if is_list(field) else dict if has_lists(field) else None
        names = {name for name in (field.json_name, field.name) if name in tree}
        if wanted is None or len(names) != 1 or not isinstance(tree[name := names.pop()], wanted):
            continue
        if len(tree[name]) > MOST_ITEMS:
            raise InvalidRequest((Violation(name, f"has more than {MOST_ITEMS} items"),))
        yield Part(name, field)


def has_many_values(tree: Any) -> bool:
    """Return whether there are more than `MOST_VALUES` in JSON, without a look at many more."""
    left, stack = MOST_VALUES, [tree]
    while stack and left >= 0:
        inner = stack.pop()
        if isinstance(inner, dict):
            inner = inner.values()
        elif not isinstance(inner, list):
            continue
        left -= len(inner)
        if left >= 0:
            stack.extend(inner)
    return left < 0


def unknown_field(kind: Descriptor, tree: Any, path: str = "") -> str:
    """Return the path of the first unknown field, such as "requests[3].payload.colour"; empty without one.

    `tree` is for a message of `kind` that is at `path`.
    """
    if not isinstance(tree, dict) or kind.full_name.startswith(_SPELLED_OTHERWISE):
        return ""
    fields = {name: field for field in kind.fields for name in (field.json_name, field.name)}
    for name, value in tree.items():
        inner = f"{path}.{name}" if path else name
        field = fields.get(name)
        if field is None:
            return inner
        if found := _within(field, value, inner):
            return found
    return ""


def _within(field: FieldDescriptor, value: Any, path: str) -> str:
    kind = field.message_type
    if kind is None or kind.GetOptions().map_entry:
        return ""
    if not isinstance(value, list):
        return unknown_field(kind, value, path)
    found = (unknown_field(kind, item, f"{path}[{at}]") for at, item in enumerate(value))
    return next(filter(None, found), "")
