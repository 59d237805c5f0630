"""ListNotifications with changed_after: polls find every change, whoever writes meanwhile."""

import asyncio
import itertools
from random import Random

from tests.support.api_client import DISMISSED, READ, UNREAD, ApiClient, titled
from tests.support.rpc_errors import raises_status
from unisono.v1 import notification_pb2 as pb

WRITERS, STEPS = 4, 60


class Poller:
    """A backend that holds what polls in pages of a few have told it, and nothing else."""

    def __init__(self, caller: ApiClient) -> None:
        self.held: dict[str, pb.Notification] = {}
        self.revision = 0
        self.given: list[tuple[str, int]] = []
        self._caller = caller

    async def poll(self) -> None:
        token = ""
        for number in itertools.count():
            page = await self._caller.history(
                changed_after=self.revision, page_size=1 + number % 4, page_token=token
            )
            self.given += [(row.id, row.revision) for row in page.notifications]
            self.given += [(row.id, row.revision) for row in page.removed_notifications]
            self.held |= {row.id: row for row in page.notifications}
            for removed in page.removed_notifications:
                self.held.pop(removed.id, None)
            token = page.next_page_token
            if not token:
                self.revision = page.last_revision
                return


async def write(caller: ApiClient, random: Random) -> None:
    """Send, mark, update and delete, several a time."""
    ids = [(await caller.send()).id]
    for step in range(STEPS):
        id_ = random.choice(ids)
        match random.randrange(6):
            case 0 | 1:
                ids.append((await caller.send(f"Number {step}")).id)
            case 2:
                await caller.mark(
                    *random.sample(ids, min(3, len(ids))), read_state=random.choice((READ, UNREAD))
                )
            case 3:
                await caller.mark(id_, user_action_state=DISMISSED)
            case 4:
                await caller.update(id_, content={"payload": titled(f"Now {step}")})
            case _ if len(ids) > 3:
                ids.remove(id_)
                await caller.delete(id_)


async def test_polls_beside_writers_find_every_change_and_none_twice(publisher: ApiClient) -> None:
    poller = Poller(publisher)
    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write(publisher, Random(seed))) for seed in range(WRITERS)]  # noqa: S311
        while not all(writer.done() for writer in writers):
            await poller.poll()
    await poller.poll()

    page = await publisher.history(page_size=500)
    assert not page.next_page_token
    assert poller.held == {row.id: row for row in page.notifications}
    assert poller.revision == (await publisher.feed()).last_revision
    assert len(set(poller.given)) == len(poller.given)
    assert len(poller.given) > len(poller.held)


async def test_what_is_removed_carries_no_content(publisher: ApiClient) -> None:
    sent = await publisher.send(group_name="group", app_notification_id="key")
    removed = await publisher.delete(sent.id)

    (gone,) = (await publisher.history(changed_after=1)).removed_notifications

    assert {field.name for field, _ in gone.ListFields()} == {
        *("id", "app_notification_id", "sender_role", "revision", "remove_time", "change_type")
    }
    assert (gone.id, gone.app_notification_id, gone.revision) == (sent.id, "key", removed.revision)


async def test_a_device_reads_the_changes_of_its_own_feed(publisher: ApiClient, phone: ApiClient) -> None:
    await publisher.send()
    assert await phone.history(changed_after=0) == await publisher.history(changed_after=0)
    with raises_status("PERMISSION_DENIED", "USER_MISMATCH"):
        await phone.history(changed_after=0, user_id="another")


async def test_of_another_user_nothing_is_told(publisher: ApiClient) -> None:
    await publisher.send()
    with raises_status("FAILED_PRECONDITION", "REVISION_OUT_OF_RANGE") as failure:
        await publisher.history(changed_after=1, user_id="nobody at all")
    assert failure.metadata == {"floor": "0", "revision": "0"}
