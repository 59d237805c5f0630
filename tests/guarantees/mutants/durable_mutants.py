"""Patches of the server that break the promise Durable, and the trials that must catch them."""

from typing import Final

from tests.guarantees.mutants.mutant import Mutant
from tests.guarantees.patches import Patch
from tests.guarantees.torture.trials import (
    crowded,
    disk,
    erasing,
    network,
    process_faults,
)

DURABLE: Final = (
    Mutant(
        name="a restart loses some of what was sent",
        promise="Durable",
        quick=True,
        trial=process_faults.KILLED,
        rounds=2,
        patch=Patch(
            file="store/sqlite/file.py",
            old="""connection.execute("UPDATE endpoints SET session_id = '' WHERE session_id <> ''")""",
            new="""connection.execute("DELETE FROM notifications WHERE revision % 5 = 0")""",
        ),
    ),
    Mutant(
        name="a failed commit is answered OK",
        promise="Durable",
        quick=True,
        trial=disk.DISK,
        patch=Patch(
            file="store/sqlite/transaction.py",
            old="            raise OutcomeUnknown from error\n",
            new="            return\n",
        ),
    ),
    Mutant(
        name="a mark is answered OK and not made",
        promise="Durable",
        trial=process_faults.KILLED,
        rounds=2,
        patch=Patch(
            file="core/decide/mark.py",
            old="if fields and not alone:",
            new="if fields and not alone and ledger.next_revision % 3:",
        ),
    ),
    Mutant(
        name="whatever is read or not is deleted with what was read",
        promise="Durable",
        trial=process_faults.PAUSED,
        rounds=3,
        quick=True,
        patch=Patch(
            file="core/decide/commands.py",
            old="read = self.read_state in (None, row.read_state)",
            new="read = True",
        ),
    ),
    Mutant(
        name="a deletion of many ends after its first step",
        promise="Durable",
        trial=process_faults.PAUSED,
        rounds=8,
        patch=Patch(
            file="core/stepping.py",
            old="        done = await self._commits.submit(replace(command, scan=scan), kind)\n"
            "        until = done.feed.revision\n",
            new="        few = replace(command, scan=replace(scan, limit=2))\n"
            "        return await self._commits.submit(few, kind)\n"
            "        until = done.feed.revision\n",
        ),
    ),
    Mutant(
        name="the last action wins",
        promise="Durable",
        trial=network.CUT,
        rounds=2,
        patch=Patch(
            file="core/decide/mark.py",
            old="return bool(patch.action_id and row.action_id) and patch.action_id != row.action_id",
            new="return False",
        ),
    ),
    Mutant(
        name="what waits gives way, too",
        promise="Durable",
        trial=crowded.CROWDED,
        rounds=2,
        patch=Patch(
            file="model/notification.py",
            old="return self.live and read and self.user_action_state is not UserActionState.SNOOZED",
            new="return self.live",
        ),
    ),
    Mutant(
        name="a send names what gives way, and keeps it",
        promise="Durable",
        trial=crowded.CROWDED,
        rounds=2,
        patch=Patch(
            file="core/decide/send.py",
            old="        remove(ledger, row, _reason_to_go(row, now), now)\n",
            new="        pass\n",
        ),
    ),
    Mutant(
        name="who was deleted is there again",
        promise="Durable",
        trial=erasing.ERASING,
        rounds=2,
        patch=Patch(
            file="store/sqlite/erasure.py",
            old="    UPDATE feeds SET app_id = '', user_id = CAST(feed AS TEXT)\n"
            "    WHERE app_id = :app_id AND user_id = :user_id RETURNING feed\n",
            new="    UPDATE feeds SET epoch = randomblob(8)\n"
            "    WHERE app_id = :app_id AND user_id = :user_id RETURNING -feed\n",
        ),
    ),
    Mutant(
        name="a bar does not outlive the server",
        promise="Durable",
        trial=erasing.ERASING,
        rounds=2,
        patch=Patch(
            file="store/sqlite/erasure.py",
            old="            connection.execute(_BAR, bar._asdict())\n",
            new="            pass\n",
        ),
    ),
)
