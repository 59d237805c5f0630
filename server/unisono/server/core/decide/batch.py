"""Decides a batch of commands in the order of arrival; each sees the changes of those before it."""

from collections.abc import Sequence

from unisono.server.core.decide.commands import Command, Delete, DeleteMany, Mark, ProcessDue, Send, Update
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.mark import mark
from unisono.server.core.decide.removal import delete, delete_many, process_due
from unisono.server.core.decide.results import Result
from unisono.server.core.decide.send import send
from unisono.server.core.decide.update import update
from unisono.server.errors import UnisonoError
from unisono.server.model import Limits
from unisono.server.store.commit import Decision, Scanned, View

NOTHING = Scanned()


def decide(commands: Sequence[Command], view: View, *, now: int, limits: Limits) -> Decision[Result]:
    """Return the outcome of every command, in order, and what to write.

    The outcome is a result or the error that the command raised, which changes nothing and stops no other.
    `view` must hold what the commands' read sets ask for; `now` is in milliseconds since 1970.
    """
    ledgers = {key: Ledger(feed, view.rows.get(key, ())) for key, feed in view.feeds.items()}
    outcomes: list[Result | UnisonoError] = []
    for index, command in enumerate(commands):
        ledger = ledgers[command.feed]
        try:
            outcomes.append(_one(ledger, command, view.scans.get(index, NOTHING), now, limits))
        except UnisonoError as error:
            outcomes.append(error.with_traceback(None))
    moved = {key: ledger for key, ledger in ledgers.items() if ledger.changes}
    return Decision(
        outcomes=outcomes,
        feeds=[ledger.feed for ledger in moved.values()],
        rows=[row for ledger in moved.values() for row in ledger.written],
        changes={key: ledger.changes for key, ledger in moved.items()},
    )


def _one(ledger: Ledger, command: Command, scanned: Scanned, now: int, limits: Limits) -> Result:
    """Decide one command. Each checks everything before it writes, so one that fails has done nothing."""
    match command:
        case Send():
            return send(ledger, command, now, limits)
        case Update():
            return update(ledger, command, now, limits)
        case Mark():
            return mark(ledger, command, scanned, now)
        case Delete():
            return delete(ledger, command, now)
        case DeleteMany():
            return delete_many(ledger, command, scanned, now)
        case ProcessDue():
            return process_due(ledger, command, now)
