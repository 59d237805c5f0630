"""Carries out commands about many notifications, in steps that each fit into a commit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Generic, Protocol, Self, TypeVar

from unisono.server.core.decide.commands import Actor, DeleteMany, Mark, Ref
from unisono.server.core.decide.preconditions import not_found
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.errors import UnisonoError
from unisono.server.model import LARGEST_INTEGER, Audience, Feed
from unisono.server.model.value import value
from unisono.server.store.commit import Scan

PART: Final = 64
"""The most references in one command: a commit has room for as many, and for other commands."""


@value(frozen=True, slots=True, kw_only=True)
class Selector:
    """Selects notifications: those that `refs` name, those of a group, or, where both are None, all."""

    refs: tuple[Ref, ...] | None = None
    group_name: str | None = None


class Step(Protocol):
    """The result of a step, see `decide.results`; `then` adds that of the next one."""

    @property
    def feed(self) -> Feed: ...
    @property
    def not_found(self) -> tuple[Ref, ...]: ...
    @property
    def resume_after(self) -> int | None: ...
    def then(self, step: Self) -> Self: ...


CommandT = TypeVar("CommandT", Mark, DeleteMany)
StepT = TypeVar("StepT", bound=Step)


@value(frozen=True, slots=True, kw_only=True)
class Stepped(Generic[StepT]):
    """The result of all steps together, and for whom to count what is unread: None counts the whole feed."""

    step: StepT
    audience: Audience | None

    @property
    def unread_count(self) -> int:
        """The unread count after the last step: that of the endpoint that acts, or of the feed."""
        return self.step.feed.unread_count(self.audience)


class Stepping:
    """Carries out commands in steps.

    The revision of the feed after the first step stands for an `up_to_revision` that is absent: what is
    rewritten or rings between two steps is left alone, as is what is created there, and all of a feed that
    began after the first was deleted.
    """

    def __init__(self, commits: FeedCommitter, endpoints: Endpoints) -> None:
        self._commits = commits
        self._endpoints = endpoints

    async def run(self, command: CommandT, selector: Selector, kind: type[StepT]) -> Stepped[StepT]:
        """Carry out a command, given without references and scan, on what the selector names.

        Selecting all means for an endpoint what is meant for it. The results of steps have the type `kind`.
        After an error or a cancellation it may be done in part; repeating it continues. Raises `NotFound`
        when no reference is found, or the endpoint is not registered; `FailedPrecondition` when that was
        deleted; `Unavailable`; and what a step raises.
        """
        audience = await self._audience(command.actor)
        if selector.refs is not None:
            refs = tuple(dict.fromkeys(selector.refs))
            return Stepped(step=await self._named(command, refs, kind), audience=audience)
        return Stepped(step=await self._scanned(command, _scan(selector, audience), kind), audience=audience)

    async def _audience(self, actor: Actor) -> Audience | None:
        if not actor.endpoint_id:
            return None
        return (await self._endpoints.get(actor.feed, actor.endpoint_id)).audience

    async def _named(self, command: CommandT, refs: tuple[Ref, ...], kind: type[StepT]) -> StepT:
        """Work on what references name, in parts that leave room for others in a commit.

        The first goes alone: the others may be in other commits, between which snoozes end, and on other
        nodes more happens. They need its revision.
        """
        first, *others = _parts(refs)
        done = await self._commits.submit(replace(command, refs=first), kind)
        rest = _as_of(command, done.feed)
        outcomes = await self._commits.submit_all([replace(rest, refs=part) for part in others], kind)
        for outcome in outcomes:
            if isinstance(outcome, UnisonoError):
                raise outcome
            done = done.then(outcome)
        if len(done.not_found) == len(refs):
            raise not_found()
        return done

    async def _scanned(self, command: CommandT, scan: Scan, kind: type[StepT]) -> StepT:
        done = await self._commits.submit(replace(command, scan=scan), kind)
        until = done.feed.revision
        rest = _as_of(command, done.feed)
        while (after := done.resume_after) is not None:
            step = replace(rest, scan=replace(scan, after=after, until=until))
            done = done.then(await self._commits.submit(step, kind))
        return done


def _as_of(command: CommandT, feed: Feed) -> CommandT:
    """Return the command for the steps after the first one, after which the feed is like this."""
    if command.up_to_revision is not None:
        return replace(command, feed_epoch=feed.epoch)
    return replace(command, feed_epoch=feed.epoch, up_to_revision=feed.revision)


def _parts(refs: Sequence[Ref]) -> list[tuple[Ref, ...]]:
    """Split into parts of nearly one size: a part has a single reference only if there is no other."""
    count = -(-len(refs) // PART)
    return [tuple(refs[part * len(refs) // count : (part + 1) * len(refs) // count]) for part in range(count)]


def _scan(selector: Selector, audience: Audience | None) -> Scan:
    if selector.group_name is not None:
        return Scan(group_name=selector.group_name, until=LARGEST_INTEGER)
    return Scan(audience=audience, until=LARGEST_INTEGER)
