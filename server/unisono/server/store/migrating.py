"""Versions of a store: what every adapter promises of them, and the plan of a migration.

A store has a **version**, which each migration raises by one, and **`compatible_from`**, the oldest version
whose servers may use it. A server brings an older store to its own version before it uses it, uses a newer
one as it is where its own version is `compatible_from` or later, and refuses every other. It never lowers
either. So servers of two releases may use a store one after the other, or at once where the adapter lets
them: that is what a rolling upgrade is, and the way back.

- **Additive migrations** leave `compatible_from` as it is. They add what an older server does not notice: a
  column with a default, which its inserts leave out; a table of which it knows nothing; an index that refuses
  no row. Nothing that was there changes, and nothing is enforced that was not.
- **The others** take something away, or change what it means. Such a migration names the version from which
  on servers do without it, and that is one of an earlier release: in one release servers stop, in a later one
  it goes. A release that only stops using a thing has a version of its own, if need be an empty one.
- **Values count, too.** What the release before cannot read, such as a new value of an enumeration, is not
  written before the release after.
- **An older server writes meanwhile.** It leaves a new column at its default in the rows that it inserts or
  replaces, and as it was in those that it changes. So the default says "not known", and a column that tells
  of a change also says of which: the revision beside it. A new table keeps rows of what the older server has
  deleted: they are found by what is never used again, such as the epoch of a feed, and the newer server
  clears them away.
- **Each migration is one transaction**, and cut off, it did not happen. How long it takes at most is
  announced before it begins. Where that grows with the store, rows are not filled in by it: the server that
  knows a column takes its default for "not filled in yet", and fills it in when it writes the row, or in
  steps of so many rows, each a transaction, behind live traffic, as feeds are erased.
- **One migrates at a time.** Where several servers share a store, the transaction of each migration begins
  with a lock that only migrations take, and looks at the version again once it has it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from unisono.server.model.value import value


class MigrationStep(NamedTuple):
    """A step of a migration: what it makes, and about how many seconds it takes at most."""

    what: str
    seconds: float


@value(frozen=True, slots=True, kw_only=True)
class MigrationPlan:
    """What a migration does to a store: its steps, none where nothing is to be done.

    `version` and `compatible_from` are those of the store as it is, `version_after` and
    `compatible_from_after` those once all steps are done.
    """

    version: int
    compatible_from: int
    version_after: int
    compatible_from_after: int
    steps: Sequence[MigrationStep]
