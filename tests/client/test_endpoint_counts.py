"""A send says how many endpoints its user has, so that a sender knows whether anybody is there yet."""

from datetime import timedelta

from tests.client.conftest import Join, Serve
from tests.client.test_endpoints import DAY, delete, register
from tests.support.services import Service
from unisono.client import Key, Platform, Publisher, SendResult, draft


async def count(publisher: Publisher, user_id: str = "ada") -> int | None:
    return (await publisher.send(user_id, title="Hello")).endpoints


async def test_of_a_user_whom_nobody_knows_there_are_none(publisher: Publisher) -> None:
    assert await count(publisher) == 0
    assert await count(publisher) == 0


async def test_each_is_counted_once_however_it_came(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await register(service, "phone")
    assert await count(publisher) == 1
    await join("laptop")
    await register(service, "phone")
    assert await count(publisher) == 2
    assert await count(publisher, "bob") == 0


async def test_one_that_is_deleted_no_longer_counts(service: Service, publisher: Publisher) -> None:
    await register(service)
    await delete(service)
    assert await count(publisher) == 0
    await delete(service)
    assert await count(publisher) == 0


async def test_one_that_gives_way_to_another_no_longer_counts(serve: Serve) -> None:
    service = await serve(endpoints_per_user=2)
    async with Publisher(service.transport, service.app_token()) as publisher:
        for endpoint_id in ("first", "second", "third"):
            await register(service, endpoint_id)
            await service.advance(timedelta(seconds=1))
        assert await count(publisher) == 2


async def test_one_that_is_forgotten_no_longer_counts(service: Service, publisher: Publisher) -> None:
    await register(service, "seen")
    await register(service, "unseen")
    await service.advance(59 * DAY)
    await register(service, "seen")
    assert await count(publisher) == 2
    await service.advance(2 * DAY)
    assert await count(publisher) == 1


async def test_whatever_it_is_meant_for(service: Service, publisher: Publisher) -> None:
    await register(service)
    sent = await publisher.send("ada", title="For others", platforms=[Platform.IOS])
    assert sent.endpoints == 1


async def test_every_kind_of_send_tells_it(service: Service, publisher: Publisher) -> None:
    """A repeat tells how many there are now, not how many there were."""
    assert (await publisher.send("ada", title="Hello", app_notification_id="a")).endpoints == 0
    await register(service)
    again = await publisher.send("ada", title="Hello", app_notification_id="a")
    assert (again.deduplicated, again.endpoints) == (True, 1)
    replaced = await publisher.send("ada", title="New", app_notification_id="a", replace=True)
    assert (replaced.id, replaced.endpoints) == (again.id, 1)
    await publisher.delete("ada", Key("a"))
    late = await publisher.send("ada", title="New", app_notification_id="a", replace=True)
    assert (late.removed, late.endpoints) == (True, 1)


async def test_each_of_a_batch_tells_it(service: Service, publisher: Publisher) -> None:
    await register(service)
    sent = await publisher.batch([draft("ada", title="One"), draft("bob", title="Two")])
    assert [one.endpoints for one in sent if isinstance(one, SendResult)] == [1, 0]
