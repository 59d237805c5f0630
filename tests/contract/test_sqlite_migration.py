"""Files of the servers before, with rows in every state: nothing is lost, and everything is counted."""

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from tests.contract.backends import opened
from tests.contract.older_files import BOBS_EPOCH, EPOCH, IOS, PHONES, ROWS, STORE_EPOCH, make, payload
from tests.contract.sqlite_files import a_store
from tests.guarantees.stateful.core_parts import Core
from tests.support.builders import (
    ALICE,
    BOB,
    NOW,
    an_endpoint,
    put,
    put_endpoints,
    read_view,
    removed,
)
from tests.support.clocks import FakeClock
from unisono.server.bus.local import LocalBus
from unisono.server.clock import RandomIds
from unisono.server.core.decide.commands import Actor, EncodedContent, Send
from unisono.server.core.decide.results import SendResult
from unisono.server.core.feeds import StreamRequest
from unisono.server.core.position import Position
from unisono.server.core.resume_token import Seal
from unisono.server.model import ChangeType, Counts, Feed, Platform, ReadState, SenderRole, TargetPolicy
from unisono.server.model import UserActionState as Action
from unisono.server.store.commit import ReadSet, SendKey
from unisono.server.store.migrating import MigrationStep
from unisono.server.store.reads import ListFilter, PurgeBounds, Standing
from unisono.server.store.sqlite import migrate, migrations, plan_migration, schema

UNSEEN = PurgeBounds(
    tombstones_before=0, tombstones_per_feed=99, endpoints_before=NOW + 1, deletions_before=0, limit=99
)

DIGESTS = [
    "b2cc0545397cdd1a",
    "1a63ad14c9d0f4c7",
    "120425038aeacd4d",
    "2b5cad3ac0623852",
    "0fc46a432e01ba14",
    "3d1004050ec22dbc",
    "e97f5ce690c7366d",
    "491bb455dfe0321a",
    "8fab7027856c8dc2",
    "aaaac9eecb2c035e",
    "db2d7441921d4790",
]
"""One for each version, the first of version 3."""


@pytest.fixture(params=range(schema.OLDEST, schema.latest()))
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file as the server of this version made it."""
    path = tmp_path / "unisono.db"
    make(path, request.param)
    return path


def upgrade(path: Path) -> None:
    assert migrate(path, RandomIds(), lambda *_: None)[1] == schema.latest()


def test_a_version_is_made_as_it_was() -> None:
    """Its statements are released: a file that they made must not be something else later."""
    statements = [migration.statements for migration in migrations.MIGRATIONS]
    assert [blake2b("\n".join(made).encode(), digest_size=8).hexdigest() for made in statements] == DIGESTS


def test_a_plan_says_what_is_done(path: Path) -> None:
    plan, told = plan_migration(path), list[MigrationStep]()
    assert migrate(path, RandomIds(), lambda *step: told.append(MigrationStep(*step)))[0] == plan.version
    assert [step.what for step in told] == [step.what for step in plan.steps]
    done = plan_migration(path)
    assert done.steps == []
    assert (done.version, done.compatible_from) == (plan.version_after, plan.compatible_from_after)


async def test_everything_is_counted(path: Path) -> None:
    upgrade(path)
    live = [row[0] for row in ROWS if row[-1] is None]
    targets: Mapping[str, Counts] = {IOS.key: Counts(2, 1), PHONES.key: Counts(1, 0)}
    size = sum(len(payload(id_)) for id_ in live) + 2 * len(IOS.key) + len(PHONES.key)

    async with opened(a_store(path)) as store:
        assert store.epoch == STORE_EPOCH
        assert await store.feed(ALICE) == Feed(
            key=ALICE, epoch=EPOCH, revision=18, floor=3, live=7, size=size, unread=1, targets=targets
        )
        feed, phone = await store.feed_and_endpoint(BOB, "phone")
        assert feed == Feed(key=BOB, epoch=BOBS_EPOCH)
        assert phone == an_endpoint("phone", feed=BOB)
        page = await store.history(ALICE, ListFilter(), before=None, limit=99, max_bytes=1 << 20)
        assert page.standing == Standing(EPOCH, 18)
        assert [row.create_revision for row in page.rows] == [7, 6, 5, 4, 3, 2, 1]


async def test_every_row_is_found_as_before(path: Path) -> None:
    upgrade(path)
    async with opened(a_store(path)) as store:
        found = {row.id: row for row in await store.find(ALICE, ids=[row[0] for row in ROWS])}

        def seen(*rows: Any) -> set[str]:
            return {row.id for row in rows}

        assert seen(*await store.find(ALICE, keys=["k1"])) == {"unread", "deleted later", "expired"}
        sends = ReadSet(feed=ALICE, sends=(SendKey("k1", b"deleted"), SendKey("k2", b"new")))
        view = await read_view(store, sends)
        assert seen(*view.rows[ALICE]) == {"unread", "deleted", "snoozed"}
    for id_, key, role, target, read, action, created, revision, removal in ROWS:
        row = found[id_]
        assert (row.app_notification_id, row.sender_role) == (key, SenderRole(role))
        assert (row.target.key, row.read_state, row.user_action_state) == (
            target,
            ReadState(read),
            Action(action),
        )
        assert (row.create_revision, row.revision) == (created, revision)
        assert row.removal == (removal and ChangeType(removal))
        assert row.payload == (None if removal else payload(id_))
        assert row.size == (0 if removal else len(payload(id_)) + len(target))


async def test_the_counts_go_on_from_there(path: Path) -> None:
    upgrade(path)
    async with opened(a_store(path)) as store:
        before = await store.feed(ALICE)
        rows = await store.find(ALICE, ids=["for phones, read", "for ios"])
        await put(store, *(removed(row, 19 + n) for n, row in enumerate(rows)))
        await put_endpoints(store, an_endpoint("new", feed=BOB, delete_time=NOW + 1), deletions_per_feed=1)
        after = await store.feed(ALICE)
        assert before is not None
        assert after is not None
        assert (after.live, after.targets) == (5, {IOS.key: Counts(1, 0)})
        assert after.size == before.size - sum(row.size for row in rows)
        assert (await store.standing(BOB, "gone"))[1] is None


async def test_devices_resume_where_they_were(path: Path) -> None:
    upgrade(path)
    seal = Seal.of(ALICE, "phone", STORE_EPOCH, EPOCH)
    core = Core(path, LocalBus(), FakeClock())
    await core.open()
    try:
        resumed = {}
        for cursor in (2, 3, 18, 19):
            wanted = StreamRequest(
                feed=ALICE,
                endpoint_id="phone",
                platform=Platform.IOS,
                display_name="",
                resume_token=seal.token(Position.complete_at(cursor)),
                from_end=False,
                heartbeat=None,
                expire_time=NOW * 2,
            )
            with core.feeds.subscribe(wanted) as subscriber:
                resumed[cursor] = (await core.feeds.open_stream(wanted, subscriber)).resumed
        assert resumed == {2: False, 3: True, 18: True, 19: False}
    finally:
        await core.close()


async def test_how_many_endpoints_there_are_is_known_once_one_is_heard_of(path: Path) -> None:
    upgrade(path)
    core = Core(path, LocalBus(), FakeClock())
    await core.open()
    try:
        assert await counted(core) is None
        assert await core.store.purge(UNSEEN) == 1
        assert await counted(core) is None
        await core.endpoints.register(BOB, "tablet", Platform.IOS, "")
        assert await counted(core) == 1
        await core.endpoints.register(BOB, "tablet", None, "")
        assert await counted(core) == 1
    finally:
        await core.close()


async def counted(core: Core) -> int | None:
    """What a send to Bob says."""
    send = Send(
        actor=Actor(feed=BOB, role=SenderRole.PUBLISHER),
        new_id=RandomIds().notification_id(NOW),
        key="",
        content=EncodedContent(payload=payload("new")),
        target=TargetPolicy.of([], []),
        replace=False,
        fingerprint=b"",
    )
    return (await core.commits.submit(send, SendResult)).endpoints
