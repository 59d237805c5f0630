"""Servers that break one promise each, by a changed line or a few. What they are tried with is elsewhere."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """In the file of the server, `old` becomes `new`, and `promise` is broken."""

    name: str
    promise: str
    file: str
    old: str
    new: str


MUTANTS: Final = (
    Mutant(
        name="a restart loses some of what was sent",
        promise="Durable",
        file="store/sqlite/file.py",
        old="""connection.execute("UPDATE endpoints SET session_id = '' WHERE session_id <> ''")""",
        new="""connection.execute("DELETE FROM notifications WHERE revision % 5 = 0")""",
    ),
    Mutant(
        name="a catch-up rings for what was settled",
        promise="Resumable",
        file="core/position.py",
        old="alert = row.alert_revision > position.base and row.rings_at(now)",
        new="alert = row.rings_at(now)",
    ),
    Mutant(
        name="a catch-up loses rings",
        promise="Resumable",
        file="core/position.py",
        old="alert = row.alert_revision > position.base and row.rings_at(now)",
        new="alert = row.alert_revision > position.base + 3 and row.rings_at(now)",
    ),
    Mutant(
        name="a catch-up leaves ghosts",
        promise="Complete",
        file="core/position.py",
        old="if row.revision <= position.base:",
        new="if row.removal is not None:",
    ),
    Mutant(
        name="the store tells otherwise than the tail",
        promise="Convergent",
        file="core/position.py",
        old="return Sighting(notification=row, type=change_type(row, position.known), alert=alert)",
        new="return Sighting(\n"
        "        notification=__import__('dataclasses').replace(row, group_name=''),\n"
        "        type=change_type(row, position.known),\n"
        "        alert=alert,\n"
        "    )",
    ),
    Mutant(
        name="badges drift",
        promise="Exact",
        file="core/session.py",
        old="unread_count = feed.unread_count(self._endpoint.audience)",
        new="unread_count = feed.unread_count(self._endpoint.audience) + (feed.revision % 7 == 0)",
    ),
    Mutant(
        name="a catch-up tells everything twice",
        promise="Collapsed",
        file="core/session.py",
        old="yield self._message(Kind.EVENTS, step.events)",
        new="yield self._message(Kind.EVENTS, [*step.events, *(() if self._synced else step.events)])",
    ),
    Mutant(
        name="a server stops without a word",
        promise="Drained",
        file="core/session.py",
        old="            yield self._goodbye()\n",
        new="",
    ),
    Mutant(
        name="the tail is told backwards",
        promise="Ordered",
        file="core/tail.py",
        old="        events.reverse()\n",
        new="",
    ),
    Mutant(
        name="the tail tells the last change again",
        promise="Unique",
        file="core/tail.py",
        old="if entry.revision <= cursor:",
        new="if entry.revision < cursor:",
    ),
    Mutant(
        name="the tail tells everybody everything",
        promise="Isolated",
        file="core/tail.py",
        old="if not entry.change.notification.target.includes(audience):",
        new="if not entry.change.notification.target:",
    ),
)
