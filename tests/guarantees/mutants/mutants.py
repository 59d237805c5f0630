"""Patches of the server or the SDK, each of which breaks one promise, and the trials that must catch them."""

from typing import Final

from tests.guarantees.mutants.durable_mutants import DURABLE
from tests.guarantees.mutants.mutant import Mutant
from tests.guarantees.mutants.transport_mutants import OF_TRANSPORTS
from tests.guarantees.mutants.web_mutants import OF_THE_WEB
from tests.guarantees.patches import Patch
from tests.guarantees.torture.trials import (
    cycles,
    frozen,
    lossy_bus,
    network,
    noisy,
    process_faults,
    stalled_memory,
    tokens,
)

MUTANTS: Final = (
    *DURABLE,
    *OF_TRANSPORTS,
    *OF_THE_WEB,
    Mutant(
        name="the tail is told backwards",
        promise="Ordered",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(file="core/tail.py", old="        events.reverse()\n", new=""),
    ),
    Mutant(
        name="the tail tells the last change again",
        promise="Unique",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="core/tail.py", old="if entry.revision <= cursor:", new="if entry.revision < cursor:"
        ),
    ),
    Mutant(
        name="a resume tells again what was told before the cut",
        promise="Unique",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(
            file="core/feeds.py",
            old="return position, True",
            new="return Position(max(position.cursor - 1, 0), position.known, position.base), True",
        ),
    ),
    Mutant(
        name="a catch-up leaves ghosts",
        promise="Complete",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="core/position.py",
            old="if row.revision <= position.base:",
            new="if row.removal is not None:",
        ),
    ),
    Mutant(
        name="a session trusts its hints",
        promise="Complete",
        trial=lossy_bus.DEAF,
        patch=Patch(
            file="core/session.py",
            old="self._behind = standing is None or standing.revision != self._position.cursor",
            new="self._behind = standing is None",
        ),
    ),
    Mutant(
        name="a resume forgets that removals were forgotten",
        promise="Complete",
        trial=network.AWAY,
        rounds=2,
        patch=Patch(
            file="core/position.py",
            old="return max(self.cursor, self.base) >= floor",
            new="return True",
        ),
    ),
    Mutant(
        name="a page of changes begins one late",
        promise="Complete",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="api/services/notifications.py",
            old="wanted.token(changes.cursor(passed))",
            new="wanted.token(changes.cursor(passed + 1))",
        ),
    ),
    Mutant(
        name="the store tells otherwise than the tail",
        promise="Convergent",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="app/build.py",
            old="encode=encoding.encode_row",
            new="encode=lambda row: encoding.encode_row("
            "__import__('dataclasses').replace(row, group_name=''))",
        ),
    ),
    Mutant(
        name="a catch-up rings for what was settled",
        promise="Resumable",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="core/position.py",
            old="alert = row.alert_revision > position.base and now < row.rings_until",
            new="alert = now < row.rings_until",
        ),
    ),
    Mutant(
        name="a silent send rings",
        promise="Resumable",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="core/notifications.py",
            old="            silent=request.silent,\n",
            new="",
        ),
    ),
    Mutant(
        name="a catch-up loses rings",
        promise="Resumable",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(
            file="core/feeds.py",
            old="return position, True",
            new="return Position(position.cursor, position.known, position.base + 3), True",
        ),
    ),
    Mutant(
        name="a catch-up tells everything twice",
        promise="Collapsed",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(
            file="core/session.py",
            old="self._message(MessageKind.EVENTS, step.events)",
            new="self._message(MessageKind.EVENTS, [*step.events, *(() if self._synced else step.events)])",
        ),
    ),
    Mutant(
        name="a device does not see that it stood still",
        promise="Collapsed",
        trial=frozen.FROZEN,
        rounds=3,
        patch=Patch(
            package="client",
            file="_device/watchdog.py",
            old="if still > self._stall_timeout:",
            new="if still > 1e9:",
        ),
    ),
    Mutant(
        name="what was written to streams is kept",
        promise="Bounded",
        quick=True,
        trial=stalled_memory.STALLED_MEMORY,
        patch=Patch(
            file="api/services/feeds.py",
            old="session.run(encode, write)",
            new="session.run(lambda *said: "
            "self.__dict__.setdefault('kept', []).append(encode(*said)) or self.kept[-1], write)",
        ),
    ),
    Mutant(
        name="who leaves early stays connected",
        promise="Bounded",
        trial=cycles.CYCLES,
        rounds=2,
        patch=Patch(
            file="core/feeds.py",
            old="registering.add_done_callback(partial(self._give_back, request, subscriber.session_id))",
            new="pass",
        ),
    ),
    Mutant(
        name="the tail tells everybody everything",
        promise="Isolated",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="core/tail.py",
            old="if not row.target.includes(audience):",
            new="if not row.target:",
        ),
    ),
    Mutant(
        name="a stream outlives its token",
        promise="Isolated",
        trial=tokens.EXPIRED,
        rounds=2,
        patch=Patch(
            file="core/session.py",
            old="elif self._clock.now() >= self.limits.expire_time:",
            new="elif self._clock.now() >= self.limits.expire_time + 60_000:",
        ),
    ),
    Mutant(
        name="strangers can read",
        promise="Isolated",
        quick=True,
        trial=process_faults.PAUSED,
        rounds=3,
        patch=Patch(
            file="store/sqlite/queries.py",
            old="ON n.id = i.value AND n.feed = this.feed",
            new="ON n.id = i.value",
        ),
    ),
    Mutant(
        name="a server stops without a word",
        promise="Drained",
        trial=process_faults.STOPPED,
        patch=Patch(file="core/session.py", old="            await write(encode(goodbye, self))\n", new=""),
    ),
    Mutant(
        name="badges drift",
        promise="Exact",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(
            file="core/session.py",
            old="unread_count = feed.unread_count(self._audience)",
            new="unread_count = feed.unread_count(self._audience) + (feed.revision % 7 == 0)",
        ),
    ),
    Mutant(
        name="a send that is repeated is stored again",
        promise="Idempotent",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(
            file="core/decide/send.py",
            old="same = ledger.keys.with_content(role, key, command.fingerprint)",
            new='key, same = "", None',
        ),
    ),
    Mutant(
        name="data is encoded in the order in which it came",
        promise="Idempotent",
        quick=True,
        trial=network.CUT,
        rounds=1,
        patch=Patch(
            file="api/convert/payload_encoding.py",
            old="in sorted((key.encode(), text.encode()) for key, text in data.items()):",
            new="in [(key.encode(), text.encode()) for key, text in data.items()]:",
        ),
    ),
    Mutant(
        name="a commit takes all that waits",
        promise="Fair",
        trial=noisy.NOISY,
        patch=Patch(
            file="core/committer.py",
            old="        rows = self._budget.max_rows\n",
            new="        rows = 2**31\n",
        ),
    ),
    Mutant(
        name="turns are taken in the order of arrival",
        promise="Fair",
        trial=noisy.NOISY,
        patch=Patch(
            file="fair_queue.py",
            old="        app_id, user_id = owner\n",
            new="        app_id, user_id = owner[0][:0], owner[1][:0]\n",
        ),
    ),
)
