"""Finds what JSON names that a message does not have. Without an opinion of anything else that is wrong."""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

#: Their JSON is no object with their fields.
_SPELLED_OTHERWISE = "google.protobuf."


def unknown_field(kind: Descriptor, tree: Any, path: str = "") -> str:
    """Return the path of the first unknown field, such as "requests[3].payload.colour"; empty without one.

    `tree` is JSON that was read already, for a message of `kind` that is at `path`.
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
