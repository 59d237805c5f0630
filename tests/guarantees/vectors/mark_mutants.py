"""Devices that break one of the rules of marks made offline."""

from typing import Final

from tests.guarantees.patches import Patch
from tests.guarantees.vectors.device_mutant import DeviceMutant

_OVERLAY: Final = "_device/overlay.py"
_STANDING: Final = "_device/standing.py"
_SETTLING: Final = "_device/settling.py"

MARK_MUTANTS: Final = (
    DeviceMutant(
        breaks="own marks are laid over what is shown",
        python=Patch(
            file=_OVERLAY,
            old="shown if not later or later[-1] == first else in_state",
            new="shown if first else in_state",
        ),
        go=Patch(file="marks.go", old="\tif last == states[0] {\n", new="\tif row != nil {\n"),
    ),
    DeviceMutant(
        breaks="and over the badge",
        python=Patch(
            file=_OVERLAY,
            old="max(0, inbox.unread_count + self._unread) if self._laid else inbox.unread_count",
            new="inbox.unread_count",
        ),
        go=Patch(file="shown.go", old="\t\tbadge += counted(laid) - counted(row)\n", new=""),
    ),
    DeviceMutant(
        breaks="a newer decision of somebody else stays",
        always=True,
        python=Patch(
            file=_STANDING,
            old="return Base(_left_of_read(base.read, now, patch), _left_of_action(base.action, now, patch))",
            new="return base",
        ),
        go=Patch(
            file="marks.go",
            old="\t\t}\n\t}\n\treturn nil\n}\n\n// Next",
            new="\t\t}\n\t}\n\treturn values\n}\n\n// Next",
        ),
    ),
    DeviceMutant(
        breaks="read state and user action stand each by itself",
        python=Patch(
            file="_device/pending_mark.py", old="    if not patch.read_state:\n", new="    if not patch:\n"
        ),
        go=Patch(
            file="marks.go",
            old="\tif len(mark.Read) > 0 {\n\t\trequest.ReadState",
            new="\tif mark.Asked.Read > 0 {\n\t\trequest.ReadState",
        ),
    ),
    DeviceMutant(
        breaks="own earlier marks are no newer decision",
        python=Patch(
            file=_STANDING,
            old="_each_once((state.read_state for state in states) if",
            new="_each_once((state.read_state for state in states[:1]) if",
        ),
        go=Patch(file="marks.go", old="range outbox.states(row) {", new="range outbox.states(row)[:1] {"),
    ),
    DeviceMutant(
        breaks="what somebody else decided alike stands",
        python=Patch(
            file=_STANDING,
            old="return (now.read_state,) if values and now.read_state == patch.read_state else ()",
            new="return ()",
        ),
        go=Patch(file="marks.go", old="\t\tif made(value) == now {\n", new="\t\tif value != value {\n"),
    ),
    DeviceMutant(
        breaks="a mark of what has gone goes",
        python=Patch(
            file=_SETTLING,
            old="    if row is None:\n        return Base()\n",
            new="    if row is None:\n        return base\n",
        ),
        go=Patch(
            file="marks.go",
            old="\t\tif row == nil || ",
            new="\t\tif row == nil {\n\t\t\treturn false\n\t\t}\n\t\tif ",
        ),
    ),
    DeviceMutant(
        breaks="no mark covers an alert that nobody has seen",
        python=Patch(
            file=_SETTLING,
            old="if seen is not None and (row.alert_revision > seen or",
            new="if seen is None and (row.alert_revision > 0 or",
        ),
        go=Patch(file="marks.go", old=" || row.AlertRevision > mark.UpToRevision {", new=" {"),
    ),
    DeviceMutant(
        breaks="an answered mark is laid over until the inbox has it",
        python=Patch(
            file="_device/state.py",
            old="waits = self.inbox.revision < mark.reached and",
            new="waits = mark.reached < 0 and",
        ),
        go=Patch(file="marks.go", old="\tif reached <= inbox.Revision {\n", new="\tif inbox != nil {\n"),
    ),
    DeviceMutant(
        breaks="and no longer",
        python=Patch(file=_SETTLING, old="(synced or mark.answered <= revision)", new="mark.answered < 0"),
        python_too=Patch(file="_device/receiver.py", old="            await self._outbox.finish()\n", new=""),
        go=Patch(
            file="marks.go",
            old="return synced || mark.Reached <= inbox.Revision",
            new="return mark.Reached < 0",
        ),
    ),
    DeviceMutant(
        breaks="a later process has the marks, too",
        python=Patch(
            file="_device/outbox.py",
            old="            self._state.lay_over(mark)\n\n    async def put",
            new="            pass\n\n    async def put",
        ),
        go=Patch(file="store.go", old='`json:"marks"`', new='`json:"-"`'),
    ),
)
