"""Devices that break a rule of what passes with time, and of the clock that says so."""

from typing import Final

from tests.guarantees.patches import Patch
from tests.guarantees.vectors.device_mutant import DeviceMutant

_SHOWN: Final = "_device/shown.py"
_CLOCK: Final = "_device/server_clock.py"


TIME_MUTANTS: Final = (
    DeviceMutant(
        breaks="what had its display time is not shown",
        python=Patch(file=_SHOWN, old="min(life, row.alert_time + row.display_time_to_live)", new="life"),
        go=Patch(file="shown.go", old="if row.DisplayTimeToLive == nil {", new="if row != nil {"),
    ),
    DeviceMutant(
        breaks="the display time begins with the last alert",
        python=Patch(
            file=_SHOWN,
            old="row.alert_time + row.display_time_to_live",
            new="row.create_time + row.display_time_to_live",
        ),
        go=Patch(file="shown.go", old="if alerted == nil {", new="if row != nil {"),
    ),
    DeviceMutant(
        breaks="what has expired is not shown",
        python=Patch(
            file=_SHOWN, old="life = _FAR if row.expire_time == _NONE else row.expire_time", new="life = _FAR"
        ),
        go=Patch(file="shown.go", old="if row.ExpireTime != nil && ", new="if row == nil && "),
    ),
    DeviceMutant(
        breaks="what is not shown is not in the badge",
        python=Patch(file=_SHOWN, old="max(0, unread_count - hidden)", new="unread_count"),
        go=Patch(file="shown.go", old="\t\t\tbadge -= counted(laid)\n", new=""),
    ),
    DeviceMutant(
        breaks="it is by the server's clock",
        always=True,
        python=Patch(
            file=_CLOCK,
            old="self._wall() if self._ahead is None else self._boot() + self._ahead",
            new="self._wall()",
        ),
        go=Patch(file="shown.go", old="\tif !clock.known {\n", new="\tif clock != nil {\n"),
    ),
    DeviceMutant(
        breaks="a message that was long on its way does not set the clock back",
        python=Patch(
            file=_CLOCK, old="ahead if anew or self._ahead is None else max(ahead, self._ahead)", new="ahead"
        ),
        go=Patch(file="shown.go", old=" || ahead > clock.ahead {", new=" || ahead != clock.ahead {"),
    ),
    DeviceMutant(
        breaks="a later process knows the server's clock",
        python=Patch(
            file=_CLOCK, old="self._wall() + ahead_of_wall - self._boot()", new="self._wall() - self._boot()"
        ),
        go=Patch(file="shown.go", old="true, aheadOfWall+wall-boot", new="true, wall-boot"),
    ),
)
