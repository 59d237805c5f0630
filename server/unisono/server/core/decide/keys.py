"""Which rows have a key: each found at once, however many have had it. Knows no commands."""

from unisono.server.model import Notification, SenderRole

_Key = tuple[SenderRole, str]


class Keys:
    """Of each role and key, what is live, what went last, and what has each content."""

    __slots__ = ("_contents", "_gone", "_live")

    def __init__(self) -> None:
        self._live: dict[_Key, Notification] = {}
        self._gone: dict[_Key, Notification] = {}
        self._contents: dict[tuple[SenderRole, str, bytes], Notification] = {}

    def keep(self, before: Notification | None, row: Notification) -> None:
        """A row as it is now, in place of what it was."""
        if not row.app_notification_id:
            return
        key = row.sender_role, row.app_notification_id
        if before is not None and before.live:
            self._live.pop(key, None)
            self._contents.pop((*key, before.fingerprint), None)
        kept = self._live if row.live else self._gone
        kept[key] = _newer(kept.get(key), row)
        content = (*key, row.fingerprint)
        self._contents[content] = _newer(self._contents.get(content), row)

    def live(self, role: SenderRole, key: str) -> Notification | None:
        """The live one that this role gave the key."""
        return self._live.get((role, key))

    def with_content(self, role: SenderRole, key: str, fingerprint: bytes) -> Notification | None:
        """The one that this role gave the key and this content, live or not."""
        return self._contents.get((role, key, fingerprint))

    def named(self, role: SenderRole, key: str) -> Notification | None:
        """Which of those with the key a caller of this role means; see `preferred`."""
        roles = (role, *(other for other in SenderRole if other is not role))
        found = (kept.get((one, key)) for kept in (self._live, self._gone) for one in roles)
        return next((row for row in found if row is not None), None)


def _newer(known: Notification | None, row: Notification) -> Notification:
    """Of two of which only one can be kept, what is live, or else the newer."""
    if known is None or (known.live, known.revision) <= (row.live, row.revision):
        return row
    return known
