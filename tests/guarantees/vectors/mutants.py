"""Devices that break one rule each, which the vectors must catch: in the SDK's words, and in those of Go.

Some rules are kept in Go by parts that no vector reaches; they have no patch there.
"""

from typing import Final

from tests.guarantees.patches import Patch
from tests.guarantees.vectors.device_mutant import DeviceMutant
from tests.guarantees.vectors.mark_mutants import MARK_MUTANTS
from tests.guarantees.vectors.time_mutants import TIME_MUTANTS

_INBOX: Final = "_device/inbox.py"
_RECEIVER: Final = "_device/receiver.py"


MUTANTS: Final = (
    *MARK_MUTANTS,
    *TIME_MUTANTS,
    DeviceMutant(
        breaks="the token of every message is kept",
        python=Patch(
            file=_INBOX,
            old="        self.token = message.resume_token\n",
            new="        self.token = message.resume_token if message.complete else self.token\n",
        ),
        go=Patch(
            file="inbox.go",
            old="\tinbox.Token = message.ResumeToken\n\tif !message.Complete {\n\t\treturn nil\n\t}\n",
            new="\tif !message.Complete {\n\t\treturn nil\n\t}\n\tinbox.Token = message.ResumeToken\n",
        ),
    ),
    DeviceMutant(
        breaks="a fresh start drops what is held",
        python=Patch(file=_INBOX, old="if self._resetting else []", new="if False else []"),
        go=Patch(file="inbox.go", old="\t\tclear(inbox.Rows)\n", new=""),
    ),
    DeviceMutant(
        breaks="a fresh start drops what was collected",
        python=Patch(
            file=_INBOX,
            old="                self._resetting = True\n                self._changes.drop_all()\n",
            new="                self._resetting = True\n",
        ),
        go=Patch(
            file="inbox.go",
            old="\t\tinbox.resetting = true\n\t\tclear(inbox.changed)\n",
            new="\t\tinbox.resetting = true\n",
        ),
    ),
    DeviceMutant(
        breaks="a stream that resumes goes on with what was collected",
        python=Patch(
            file=_INBOX,
            old="            if not message.welcome.resumed:\n",
            new="            self._changes.drop_all()\n            if not message.welcome.resumed:\n",
        ),
        go=Patch(
            file="inbox.go",
            old="\tif !welcome.Resumed {\n",
            new="\tclear(inbox.changed)\n\tif !welcome.Resumed {\n",
        ),
    ),
    DeviceMutant(
        breaks="what is removed goes",
        always=True,
        python=Patch(
            file=_INBOX,
            old="return None if self.event.removed else self.event.notification",
            new="return self.event.notification",
        ),
        go=Patch(file="inbox.go", old="\t\tinbox.changed[id] = nil\n", new=""),
    ),
    DeviceMutant(
        breaks="an event without payload keeps the one that is held",
        python=Patch(
            file=_INBOX,
            old="            event.notification.payload.CopyFrom(known.payload)\n",
            new="            pass\n",
        ),
        go=Patch(file="inbox.go", old="row.Payload = inbox.known(id).GetPayload()", new="row.Payload = nil"),
    ),
    DeviceMutant(
        breaks="and the one that came since the last complete point",
        python=Patch(
            file=_INBOX,
            old="known = before.event.notification if before else self._known(event.notification_id)",
            new="known = self._known(event.notification_id)",
        ),
        go=Patch(
            file="inbox.go",
            old="changed || inbox.resetting {\n",
            new="!changed && inbox.resetting {\n",
        ),
    ),
    DeviceMutant(
        breaks="a payload that nobody has is got",
        python=Patch(
            file=_RECEIVER, old="for id_ in inbox.missing_payloads():", new="for id_ in list[str]():"
        ),
        go=Patch(file="inbox.go", old="\t\t\tevents = append(events, event)\n", new="\t\t\t_ = event\n"),
    ),
    DeviceMutant(
        breaks="what is shown is of a complete point",
        python=Patch(file=_RECEIVER, old="        if not message.complete:\n            return\n", new=""),
        go=Patch(
            file="inbox.go",
            old="\tif !message.Complete {\n\t\treturn nil\n\t}\n",
            new="",
        ),
    ),
    DeviceMutant(
        breaks="the unread count is the server's",
        python=Patch(
            file=_INBOX,
            old="        return self._point.unread_count\n",
            new="        return sum(row.counts_as_unread for row in self.notifications)\n",
        ),
        go=Patch(
            file="inbox.go",
            old="= message.Revision, message.UnreadCount\n",
            new="= message.Revision, int64(len(inbox.Rows))\n",
        ),
    ),
    DeviceMutant(
        breaks="the newest is shown first",
        python=Patch(
            file=_INBOX,
            old="key=lambda row: (row.create_time, row.id), reverse=True",
            new="key=lambda row: row.id",
        ),
        go=Patch(
            file="inbox.go",
            old="return strings.Compare(other.Id, one.Id)",
            new="return strings.Compare(one.Id, other.Id)",
        ),
    ),
    DeviceMutant(
        breaks="only an alert rings",
        python=Patch(
            file=_INBOX,
            old="return change.alert and row.alert_revision > 0",
            new="return row.alert_revision > 0",
        ),
        go=Patch(file="inbox.go", old="\tif event.Alert {\n", new="\tif row != nil {\n"),
    ),
    DeviceMutant(
        breaks="what was handled does not ring",
        always=True,
        python=Patch(
            file=_INBOX,
            old="ring = row.counts_as_unread and self._alerts(change)",
            new="ring = self._alerts(change)",
        ),
        go=Patch(file="inbox.go", old="row != nil && countsAsUnread(row) && ", new="row != nil && "),
    ),
    DeviceMutant(
        breaks="an alert rings once",
        python=Patch(file=_INBOX, old="(held is None or _alert(held) != _alert(row))", new="True"),
        go=Patch(file="inbox.go", old=" && !sameAlert(row, held) {", new=" && held != row {"),
    ),
    DeviceMutant(
        breaks="a later alert rings again",
        python=Patch(file=_INBOX, old="(held is None or _alert(held) != _alert(row))", new="held is None"),
        go=Patch(file="inbox.go", old=" && !sameAlert(row, held) {", new=" && held == nil {"),
    ),
    DeviceMutant(
        breaks="an alert waits for the complete point",
        python=Patch(
            file=_INBOX,
            old="alert = event.alert or (before is not None and before.alert)",
            new="alert = event.alert",
        ),
        go=Patch(
            file="inbox.go",
            old="\tif event.Alert {\n",
            new="\tdelete(inbox.alerts, id)\n\tif event.Alert {\n",
        ),
    ),
    DeviceMutant(
        breaks="of what was missed one rings",
        python=Patch(file=_INBOX, old="one_ring(events) if self._catching_up else events", new="events"),
        go=Patch(
            file="inbox.go", old="if inbox.catchingUp && len(rings) > 1 {", new="if len(rings) > 1000 {"
        ),
    ),
    DeviceMutant(
        breaks="of what is live all ring",
        python=Patch(
            file=_INBOX, old="one_ring(events) if self._catching_up else events", new="one_ring(events)"
        ),
        go=Patch(file="inbox.go", old="if inbox.catchingUp && len(rings) > 1 {", new="if len(rings) > 1 {"),
    ),
    DeviceMutant(
        breaks="what has passed does not ring",
        python=Patch(file=_RECEIVER, old=", passed=state.passed)", new=")"),
        go=Patch(file="inbox.go", old=" && !hasPassed(row, now) && ", new=" && "),
    ),
    DeviceMutant(
        breaks="a later process goes on where the one before was",
        python=Patch(
            file="_device/persistence.py",
            old="        self._unsaved[_POINT] = changes.point.SerializeToString()\n",
            new="",
        ),
        go=Patch(
            file="store.go",
            old="content.ResumeToken, content.FeedEpoch = inbox.Token, inbox.Epoch",
            new="content.ResumeToken, content.FeedEpoch = nil, inbox.Epoch",
        ),
    ),
    DeviceMutant(
        breaks="another life of the feed has nothing of the one before",
        python=Patch(
            file=_RECEIVER,
            old="if known and feed_epoch and known != feed_epoch:",
            new="if known and not feed_epoch:",
        ),
        go=Patch(
            file="inbox.go",
            old="!bytes.Equal(inbox.Epoch, welcome.FeedEpoch)",
            new="bytes.Equal(welcome.FeedEpoch, nil)",
        ),
    ),
    DeviceMutant(
        breaks="nothing is left of a user who was deleted",
        python=Patch(
            file=_RECEIVER,
            old="            await self.on_feed_deleted()\n            return\n",
            new="            return\n",
        ),
        go=Patch(
            file="inbox.go",
            old="\treturn message.GetGoodbye().GetReason() == pb.GoodbyeReason_GOODBYE_REASON_FEED_DELETED\n",
            new="\treturn false\n",
        ),
    ),
    DeviceMutant(
        breaks="a process that stood still reads no further",
        python=Patch(
            file="_device/watchdog.py", old="if still > self._stall_timeout:", new="if still > 10**9:"
        ),
        go=Patch(file="watchdog.go", old="> late\n", new="> 1000000*late\n"),
    ),
    DeviceMutant(
        breaks="and goes back to its last complete point",
        python=Patch(
            file=_RECEIVER,
            old="            self._state.inbox.rewind()\n",
            new="            pass\n",
        ),
    ),
    DeviceMutant(
        breaks="a token that is refused is not sent again",
        python=Patch(file=_INBOX, old='        self.token = b""\n', new="        pass\n"),
    ),
)
