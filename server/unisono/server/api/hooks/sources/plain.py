"""A JSON object of anybody, whose fields are called as we call them, or as the hook says."""

from collections.abc import Callable, Mapping
from typing import Final

from unisono.server.api.hooks.document import Document, at, text, texts
from unisono.server.api.hooks.event import News, Settled, Told
from unisono.server.errors import InvalidRequest
from unisono.server.model import Priority

_PRIORITIES: Final = {"": Priority.UNSPECIFIED, "high": Priority.HIGH, "low": Priority.LOW}


def reader(fields: Mapping[str, str]) -> Callable[[Mapping[str, str], Document], Told]:
    """Return what reads objects.

    `fields` has by our name of a field the path where it is, its steps separated by dots; the others are
    where their names say.
    """

    def read(headers: Mapping[str, str], body: Document) -> Told:
        def of(name: str) -> str:
            return text(body, *_path(name))

        def is_set(name: str) -> bool:
            return at(body, *_path(name)) is True

        def _path(name: str) -> list[str]:
            return fields.get(name, name).split(".")

        key = of("id")
        if is_set("read"):
            if not key:
                raise InvalidRequest.of("id", "is required with read")
            return Settled(key=key)
        if not of("title").strip():
            raise InvalidRequest.of("title", "is required")
        return News(
            key=key,
            title=of("title"),
            body=of("body"),
            link=of("link"),
            icon_url=of("icon_url"),
            image_url=of("image_url"),
            group=of("group"),
            category=of("category"),
            priority=_priority(of("priority")),
            data=texts(body, *_path("data")),
            replaces=is_set("replace"),
            silent=is_set("silent"),
        )

    return read


def _priority(text: str) -> Priority:
    try:
        return _PRIORITIES[text.lower()]
    except KeyError:
        raise InvalidRequest.of("priority", "must be high or low") from None
