"""An index of rows by their key, which finds each at once, however many rows have had the key."""

from unisono.server.model import Notification, SenderRole

_Key = tuple[SenderRole, str]


class Keys:
    """Finds by role and key the live row, the one removed last, and the one with each content."""

    __slots__ = ("_contents", "_gone", "_live")

    def __init__(self) -> None:
        self._live: dict[_Key, Notification] = {}
        self._gone: dict[_Key, Notification] = {}
        self._contents: dict[tuple[SenderRole, str, bytes], Notification] = {}

    def put(self, before: Notification | None, row: Notification) -> None:
        """Add a row as it is now, in place of what it was before (None: new). Ignored without a key."""
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
        """Return the live row to which this role gave the key, or None."""
        return self._live.get((role, key))

    def with_content(self, role: SenderRole, key: str, fingerprint: bytes) -> Notification | None:
        """Return the row to which this role gave the key and this content, live or not, or None."""
        return self._contents.get((role, key, fingerprint))

    def named(self, role: SenderRole, key: str) -> Notification | None:
        """Return the row that a caller of this role means by the key, or None; see `ledger.preferred`."""
        roles = (role, *(other for other in SenderRole if other is not role))
        found = (kept.get((one, key)) for kept in (self._live, self._gone) for one in roles)
        return next((row for row in found if row is not None), None)


def _newer(known: Notification | None, row: Notification) -> Notification:
    """Return the live one of two rows, or else the newer."""
    if known is None or (known.live, known.revision) <= (row.live, row.revision):
        return row
    return known
