"""The use case MarkNotifications: one, several or all notifications, in steps that each fit into a commit."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from unisono.server.core.decide.commands import Actor, Mark, Ref, StatePatch
from unisono.server.core.decide.preconditions import not_found
from unisono.server.core.decide.results import MarkStep
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.errors import NotFound, UnisonoError
from unisono.server.model import LARGEST_INTEGER, Audience
from unisono.server.model.value import value
from unisono.server.store.commit import Scan

PART: Final = 64
"""The most references in one command: a commit has room for as many, and for other commands."""


@value(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which notifications to mark: those that `refs` name, those of a group, or, where both are None, all."""

    refs: tuple[Ref, ...] | None = None
    group_name: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class MarkRequest:
    """A request to mark notifications; see `decide.commands.Mark` for the two revisions."""

    actor: Actor
    selector: Selector
    patch: StatePatch
    up_to_revision: int | None = None
    expected_revision: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class MarkResult:
    """The result of all steps together (proto message MarkNotificationsResponse).

    `last_revision` and `unread_count` are those after the last step; `unread_count` is that of the endpoint
    that marks, or of the feed for a publisher.
    """

    changed: int
    skipped: int
    not_found: tuple[Ref, ...]
    last_revision: int
    unread_count: int


class Marking:
    """Marks notifications."""

    def __init__(self, commits: FeedCommitter, endpoints: Endpoints) -> None:
        self._commits = commits
        self._endpoints = endpoints

    async def mark(self, request: MarkRequest) -> MarkResult:
        """Change the state of the notifications that the selector names, in one commit or several.

        A mark of a group or of all leaves alone what is created after its first step. After an error or a
        cancellation it may be done in part; repeating it continues. Raises `NotFound` when no reference
        names anything live, or the endpoint is not registered; `FailedPrecondition` when that was deleted;
        for a single reference `Aborted` (REVISION_MISMATCH), and `InvalidRequest` when the notification
        expires before `snooze_until`; and `Unavailable`.
        """
        actor = request.actor
        audience: Audience | None = None
        if actor.endpoint_id:
            audience = (await self._endpoints.get(actor.feed, actor.endpoint_id)).audience
        command = Mark(
            actor=actor,
            patch=request.patch,
            refs=tuple(dict.fromkeys(request.selector.refs or ())),
            scan=_scan(request.selector, audience),
            up_to_revision=request.up_to_revision,
            expected_revision=request.expected_revision,
        )
        if command.scan is None:
            return await self._named(command, audience)
        return await self._in_steps(command, command.scan, audience)

    async def _named(self, command: Mark, audience: Audience | None) -> MarkResult:
        """Mark what references name, in parts that leave room for others in a commit."""
        parts = [replace(command, refs=refs) for refs in _parts(command.refs)]
        outcomes = await self._commits.submit_all(parts, MarkStep)
        for outcome in outcomes:
            if isinstance(outcome, UnisonoError) and not isinstance(outcome, NotFound):
                raise outcome
        done = [outcome for outcome in outcomes if isinstance(outcome, MarkStep)]
        if not done:
            raise not_found()
        missing = (
            outcome.not_found if isinstance(outcome, MarkStep) else part.refs
            for part, outcome in zip(parts, outcomes, strict=True)
        )
        return _all(done, audience, tuple(chain.from_iterable(missing)))

    async def _in_steps(self, command: Mark, scan: Scan, audience: Audience | None) -> MarkResult:
        steps = [await self._commits.submit(command, MarkStep)]
        # What is created after the first step is left alone.
        until = steps[0].feed.revision
        while (after := steps[-1].resume_after) is not None:
            rest = replace(command, scan=replace(scan, after=after, until=until))
            steps.append(await self._commits.submit(rest, MarkStep))
        return _all(steps, audience)


def _parts(refs: tuple[Ref, ...]) -> list[tuple[Ref, ...]]:
    """Split into parts of nearly one size: a part has a single reference only if there is no other."""
    count = -(-len(refs) // PART)
    return [refs[part * len(refs) // count : (part + 1) * len(refs) // count] for part in range(count)]


def _all(steps: Sequence[MarkStep], audience: Audience | None, missing: tuple[Ref, ...] = ()) -> MarkResult:
    feed = steps[-1].feed
    return MarkResult(
        changed=sum(step.changed for step in steps),
        skipped=sum(step.skipped for step in steps),
        not_found=missing,
        last_revision=feed.revision,
        unread_count=feed.unread_count(audience),
    )


def _scan(selector: Selector, audience: Audience | None) -> Scan | None:
    if selector.refs is not None:
        return None
    if selector.group_name is not None:
        return Scan(group_name=selector.group_name, until=LARGEST_INTEGER)
    return Scan(audience=audience, until=LARGEST_INTEGER)
