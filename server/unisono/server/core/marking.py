"""Marking one, several or all notifications, in steps that each fit into a commit."""

from dataclasses import replace

from unisono.server.core.decide.commands import Actor, Mark, Ref, StatePatch
from unisono.server.core.decide.results import Marked
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.feed_commits import FeedCommits
from unisono.server.model import LARGEST_INTEGER, Audience
from unisono.server.model.value import value
from unisono.server.store.commit import Scan


@value(frozen=True, slots=True, kw_only=True)
class Selector:
    """What to mark: what `refs` name, or all of a group, or (both None) all."""

    refs: tuple[Ref, ...] | None = None
    group_name: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class MarkRequest:
    """What to mark, and how; see `decide.commands.Mark` for the revisions."""

    actor: Actor
    selector: Selector
    patch: StatePatch
    up_to_revision: int | None = None
    expected_revision: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class MarkedAll:
    """The outcome of all steps; the counters are as after the last one."""

    changed: int
    skipped: int
    not_found: tuple[Ref, ...]
    last_revision: int
    unread_count: int


class Marking:
    """The use case of MarkNotifications."""

    def __init__(self, commits: FeedCommits, endpoints: Endpoints) -> None:
        self._commits = commits
        self._endpoints = endpoints

    async def mark(self, request: MarkRequest) -> MarkedAll:
        """Patch the state of what the selector names. Half done after an error; repeating continues."""
        actor = request.actor
        audience: Audience | None = None
        if actor.endpoint_id:
            audience = (await self._endpoints.get(actor.feed, actor.endpoint_id)).audience
        command = Mark(
            actor=actor,
            patch=request.patch,
            refs=request.selector.refs or (),
            scan=_scan(request.selector, audience),
            up_to_revision=request.up_to_revision,
            expected_revision=request.expected_revision,
        )
        return await self._in_steps(command, audience)

    async def _in_steps(self, command: Mark, audience: Audience | None) -> MarkedAll:
        step = await self._commits.submit(command, Marked)
        changed, skipped = step.changed, step.skipped
        # What is created after the first step is not meant.
        until = step.feed.revision
        while step.resume_after is not None and command.scan is not None:
            scan = replace(command.scan, after=step.resume_after, until=until)
            step = await self._commits.submit(replace(command, scan=scan), Marked)
            changed, skipped = changed + step.changed, skipped + step.skipped
        return MarkedAll(
            changed=changed,
            skipped=skipped,
            not_found=step.not_found,
            last_revision=step.feed.revision,
            unread_count=step.feed.unread_count(audience),
        )


def _scan(selector: Selector, audience: Audience | None) -> Scan | None:
    if selector.refs is not None:
        return None
    if selector.group_name is not None:
        return Scan(group_name=selector.group_name, until=LARGEST_INTEGER)
    return Scan(audience=audience, until=LARGEST_INTEGER)
