"""What a sender tells, whatever kind it is of: something to show, something settled, or nothing."""

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from unisono.server.model import Priority
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class News:
    """Something to show. `key` is the sender's own id of it, empty for none.

    With `replaces`, what has the key already is rewritten. Texts are of any length, with anything in them.
    """

    key: str
    title: str
    body: str = ""
    link: str = ""
    icon_url: str = ""
    image_url: str = ""
    group: str = ""
    category: str = ""
    priority: Priority = Priority.UNSPECIFIED
    data: Mapping[str, str] = field(default_factory=dict)
    replaces: bool = False
    silent: bool = False


@value(frozen=True, slots=True, kw_only=True)
class Settled:
    """What has this key needs nobody's attention any more.

    `news` is what it says from then on, if not the same.
    """

    key: str
    news: News | None = None


@value(frozen=True, slots=True, kw_only=True)
class Ignored:
    """There is nothing to show, and why."""

    why: str


Told: TypeAlias = News | Settled | Ignored
