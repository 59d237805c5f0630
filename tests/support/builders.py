"""Builds values of the model from the fields that a test cares about, and commits them as they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from unisono.server.api.convert.payload_encoding import encode_payload
from unisono.server.model import (
    EVERY_ENDPOINT,
    ChangeType,
    Counts,
    Endpoint,
    Feed,
    FeedKey,
    Notification,
    Platform,
    Priority,
    SenderRole,
)
from unisono.server.model.notification import size_of
from unisono.server.store.base import Store
from unisono.server.store.commit import Decision, EndpointDecision, EndpointView, ReadSet, View
from unisono.v1 import notification_pb2 as pb

NOW = 1_800_000_000_000
ALICE = FeedKey("mail.example.com", "alice")
BOB = FeedKey("mail.example.com", "bob")


def a_payload(title: str | None = None, body: str = "", raw_content: bytes | None = None) -> bytes:
    """Return an encoded payload; without a title it has no visual content."""
    visual = None if title is None else pb.VisualContent(title=title, body=body)
    return encode_payload(pb.Payload(visual_content=visual, raw_content=raw_content or b""))


def a_notification(id_: str, revision: int, **fields: Any) -> Notification:
    """Return a live notification, created at `revision` unless `create_revision` says otherwise."""
    created = fields.setdefault("create_revision", revision)
    values: dict[str, Any] = {
        "feed": ALICE,
        "id": id_,
        "sender_role": SenderRole.PUBLISHER,
        "fingerprint": b"fingerprint of " + id_.encode(),
        "payload": a_payload(title=f"title of {id_}"),
        "expire_time": NOW + 86_400_000,
        "create_time": NOW,
        "update_time": NOW,
        "alert_time": NOW,
        "revision": revision,
        "content_revision": created,
        "alert_revision": created,
    }
    values |= fields
    live = values.get("removal") is None
    size = size_of(values["payload"] or b"", values.get("target", EVERY_ENDPOINT)) if live else 0
    return Notification(**{"size": size, **values})


def a_tombstone(id_: str, revision: int, **fields: Any) -> Notification:
    """Return the tombstone of a notification that was deleted, or removed as `removal` says."""
    values = {"create_revision": revision - 1, "payload": None, "removal": ChangeType.DELETED}
    return a_notification(id_, revision, **values | fields)


def removed(row: Notification, revision: int, **fields: Any) -> Notification:
    """Return the tombstone that a live notification leaves when it is removed at `revision`."""
    bare = replace(
        row,
        payload=None,
        group_name="",
        category="",
        display_time_to_live=None,
        action_id="",
        snooze_until=None,
    )
    values = {
        "priority": Priority.UNSPECIFIED,
        "size": 0,
        "revision": revision,
        "removal": ChangeType.DELETED,
    }
    return replace(bare, **values | fields)


def an_endpoint(endpoint_id: str, **fields: Any) -> Endpoint:
    """Return a registered endpoint, last seen when it was registered."""
    values: dict[str, Any] = {"feed": ALICE, "platform": Platform.IOS, "create_time": NOW}
    return Endpoint(endpoint_id=endpoint_id, **{**values, "last_seen_time": NOW, **fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class StubItem:
    """An item of a commit, with the rows that it has to see."""

    read_set: ReadSet


@dataclass(frozen=True, slots=True, kw_only=True)
class StubEndpointItem:
    """An item of a commit about an endpoint."""

    feed: FeedKey = ALICE
    endpoint_id: str = ""


async def put(store: Store, *rows: Notification) -> None:
    """Commit these rows as they are, with the feeds' counters that follow from them."""
    keys = dict.fromkeys(row.feed for row in rows)
    items = [StubItem(read_set=ReadSet(feed=k, ids=tuple(r.id for r in rows if r.feed == k))) for k in keys]
    await store.commit(items, lambda _, view: write_rows(view, rows))


def write_rows(view: View, rows: Sequence[Notification]) -> Decision[None]:
    """Return the decision to write these rows; the view must have those of them that are in the store."""
    feeds = [_after(feed, view.rows.get(key, ()), rows) for key, feed in view.feeds.items()]
    return Decision(outcomes=[None] * len(feeds), feeds=feeds, rows=rows)


def _after(feed: Feed, old: Sequence[Notification], rows: Sequence[Notification]) -> Feed:
    new = [row for row in rows if row.feed == feed.key]
    ids = {row.id for row in new}
    gone = [row for row in old if row.id in ids]
    live = Counter({target: counts.live for target, counts in feed.targets.items()})
    unread = Counter({target: counts.unread for target, counts in feed.targets.items()})
    unread[""] = feed.unread
    for of, by in ((new, 1), (gone, -1)):
        for row in of:
            live[row.target.key] += by * row.live
            unread[row.target.key] += by * row.counts_as_unread
    return replace(
        feed,
        revision=max((feed.revision, *(row.revision for row in new))),
        live=feed.live + sum(row.live for row in new) - sum(row.live for row in gone),
        size=feed.size + sum(row.size for row in new) - sum(row.size for row in gone),
        unread=unread[""],
        targets={key: Counts(n, unread[key]) for key, n in live.items() if key and n},
    )


async def read_view(store: Store, *reads: ReadSet) -> View:
    """Return the view that a commit of items with these read sets gets."""
    views: list[View] = []

    def nothing(items: Sequence[StubItem], view: View) -> Decision[None]:
        views.append(view)
        return Decision(outcomes=[None] * len(items))

    await store.commit([StubItem(read_set=read) for read in reads], nothing)
    return views[0]


async def put_endpoints(
    store: Store,
    *endpoints: Endpoint,
    removed: Sequence[Endpoint] = (),
    deletions_per_feed: int | None = None,
) -> None:
    """Commit these endpoints, and remove the rows of `removed`, with the number that the feeds then have."""
    items = [StubEndpointItem(feed=e.feed, endpoint_id=e.endpoint_id) for e in (*endpoints, *removed)]

    def write(_: object, view: EndpointView) -> EndpointDecision[None]:
        return EndpointDecision(
            outcomes=[None] * len(items),
            endpoints=endpoints,
            removed=removed,
            feeds=[_counted(feed, view, endpoints, removed) for feed in view.feeds.values()],
            deletions_per_feed=deletions_per_feed,
        )

    await store.commit_endpoints(items, write)


def _counted(
    feed: Feed, view: EndpointView, endpoints: Sequence[Endpoint], removed: Sequence[Endpoint]
) -> Feed:
    known = {endpoint.endpoint_id: endpoint for endpoint in view.endpoints.get(feed.key, ())}
    known |= {endpoint.endpoint_id: endpoint for endpoint in endpoints if endpoint.feed == feed.key}
    gone = {endpoint.endpoint_id for endpoint in removed if endpoint.feed == feed.key}
    left = [one for one in known.values() if one.delete_time is None and one.endpoint_id not in gone]
    return replace(feed, endpoints=len(left))


async def look_at_endpoints(store: Store, *names: StubEndpointItem) -> EndpointView:
    """Return the view that a commit of these items gets."""
    views: list[EndpointView] = []

    def nothing(items: Sequence[StubEndpointItem], view: EndpointView) -> EndpointDecision[None]:
        views.append(view)
        return EndpointDecision(outcomes=[None] * len(items))

    await store.commit_endpoints(names, nothing)
    return views[0]
