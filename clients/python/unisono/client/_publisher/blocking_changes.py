"""The list of what changed in a feed, for programs without an event loop."""

from collections.abc import AsyncGenerator, Callable, Iterator

from unisono.client._changes import Changes
from unisono.client._model import Change


class BlockingChanges:
    """What changed in a feed after a revision: as `Changes`, but iterated with `for`, on any thread."""

    def __init__(
        self, changes: Changes, iterate: Callable[[AsyncGenerator[Change, None]], Iterator[Change]]
    ) -> None:
        self._changes = changes
        self._iterate = iterate

    @property
    def last_revision(self) -> int:
        """The feed's revision up to which all was given; see `Changes.last_revision`."""
        return self._changes.last_revision

    def __iter__(self) -> Iterator[Change]:
        return self._iterate(aiter(self._changes))
