"""Endpoints: their commits, their signs of life, and what is seen of them."""

from dataclasses import replace

import pytest

from tests.contract.backends import StoreBackend, opened
from tests.support.builders import (
    ALICE,
    BOB,
    NOW,
    StubEndpointItem,
    a_notification,
    an_endpoint,
    look_at_endpoints,
    put,
    put_endpoints,
    read_view,
)
from unisono.server.model import Endpoint, FeedKey, Platform
from unisono.server.store.base import BatchRejected, Store
from unisono.server.store.commit import EndpointDecision, EndpointView, ReadSet
from unisono.server.store.reads import EndpointActivity

FULL = an_endpoint(
    "tablet 🦉",
    platform=Platform.ANDROID,
    display_name="Küche",
    create_time=1,
    last_seen_time=2,
    acknowledged_revision=2**53 - 1,
    session_id="session",
    delete_time=3,
    may_return=True,
    registrations=4,
    ephemeral=True,
)


async def count(store: Store, key: FeedKey = ALICE) -> int | None:
    """The number of endpoints that a feed's row has."""
    feed = await store.feed(key)
    assert feed is not None
    return feed.endpoints


async def the(store: Store, endpoint_id: str) -> Endpoint | None:
    """The endpoint of Alice's that has this id."""
    return (await store.feed_and_endpoint(ALICE, endpoint_id))[1]


async def test_every_field_comes_back_as_it_was_written(store: Store) -> None:
    await put_endpoints(store, FULL, an_endpoint("bare"))

    assert await the(store, FULL.endpoint_id) == FULL
    assert await the(store, "bare") == an_endpoint("bare")


async def test_every_field_is_rewritten(store: Store) -> None:
    await put_endpoints(store, an_endpoint(FULL.endpoint_id))

    await put_endpoints(store, FULL)

    assert await the(store, FULL.endpoint_id) == FULL


async def test_the_feed_of_an_endpoint_is_made_with_it(store: Store) -> None:
    seen = (await look_at_endpoints(store, StubEndpointItem())).feeds[ALICE]
    assert seen.revision == 0
    assert await store.feed_and_endpoint(ALICE, "phone") == (None, None)

    await put_endpoints(store, an_endpoint("phone"), an_endpoint("tablet"))

    feed, endpoint = await store.feed_and_endpoint(ALICE, "phone")
    assert feed is not None
    assert (feed.key, feed.revision, len(feed.epoch)) == (ALICE, 0, 8)
    assert endpoint == an_endpoint("phone")


async def test_an_endpoint_leaves_the_other_counters_of_its_feed_alone(store: Store) -> None:
    await put(store, a_notification("n1", 1))
    before = await store.feed(ALICE)
    assert before is not None
    assert before.endpoints == 0

    await put_endpoints(store, an_endpoint("phone"))

    after = replace(before, endpoints=1)
    assert await store.feed_and_endpoint(ALICE, "phone") == (after, an_endpoint("phone"))


async def test_the_number_of_endpoints_is_written_with_them_and_stays_with_the_feed(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone"), an_endpoint("tablet"), an_endpoint("phone", feed=BOB))
    assert await count(store) == 2

    await put(store, a_notification("n1", 1))
    assert await count(store) == 2
    assert (await read_view(store, ReadSet(feed=ALICE))).feeds[ALICE].endpoints == 2

    await put_endpoints(store, an_endpoint("phone", delete_time=NOW), removed=[an_endpoint("tablet")])
    assert await count(store) == 0
    assert await count(store, BOB) == 1


async def test_a_number_that_is_not_known_stays_unknown(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone"))
    view = await look_at_endpoints(store, StubEndpointItem())
    unknown = replace(view.feeds[ALICE], endpoints=None)
    decision = EndpointDecision(outcomes=[None], feeds=[unknown])
    await store.commit_endpoints([StubEndpointItem()], lambda *_: decision)

    await put(store, a_notification("n1", 1))

    assert await count(store) is None


async def test_the_present_ones_are_listed_in_the_order_of_registration(store: Store) -> None:
    await put_endpoints(
        store,
        an_endpoint("third", create_time=NOW + 3),
        an_endpoint("gone", create_time=NOW + 2, delete_time=NOW),
        an_endpoint("first", create_time=NOW + 1),
        an_endpoint("bob's", feed=BOB),
    )

    assert [endpoint.endpoint_id for endpoint in await store.endpoints(ALICE)] == ["first", "third"]
    assert await store.endpoints(ALICE._replace(user_id="nobody")) == []


async def test_a_commit_sees_the_present_ones_and_the_deleted_ones_it_names(store: Store) -> None:
    present, other = an_endpoint("present"), an_endpoint("other")
    gone, forgotten = an_endpoint("gone", delete_time=NOW), an_endpoint("forgotten", delete_time=NOW)
    await put_endpoints(store, present, other, gone, forgotten)
    bobs = [an_endpoint("gone", feed=BOB), an_endpoint("forgotten", feed=BOB, delete_time=NOW)]
    await put_endpoints(store, *bobs)

    view = await look_at_endpoints(
        store, StubEndpointItem(endpoint_id="gone"), StubEndpointItem(feed=BOB, endpoint_id="new")
    )

    assert set(view.endpoints[ALICE]) == {present, other, gone}
    assert set(view.endpoints[BOB]) == {bobs[0]}
    assert view.feeds == {ALICE: await store.feed(ALICE), BOB: await store.feed(BOB)}


async def test_a_named_endpoint_is_seen_once(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone"), an_endpoint("gone", delete_time=NOW))

    view = await look_at_endpoints(
        store, *[StubEndpointItem(endpoint_id=id_) for id_ in ("phone", "gone", "gone")]
    )

    assert len(view.endpoints[ALICE]) == 2


async def test_a_removed_one_leaves_no_record(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone"), an_endpoint("tablet"), an_endpoint("phone", feed=BOB))

    await put_endpoints(store, an_endpoint("new"), removed=[an_endpoint("phone")])

    assert await the(store, "phone") is None
    assert {endpoint.endpoint_id for endpoint in await store.endpoints(ALICE)} == {"tablet", "new"}
    assert len(await store.endpoints(BOB)) == 1


async def test_only_so_many_records_of_deleted_ones_are_kept_of_a_feed(store: Store) -> None:
    gone = [
        an_endpoint(name, delete_time=NOW + time) for name, time in (("a", 1), ("b", 3), ("c", 3), ("d", 2))
    ]
    await put_endpoints(store, an_endpoint("a", feed=BOB, delete_time=1), an_endpoint("present"))

    await put_endpoints(store, *gone, deletions_per_feed=2)
    await put_endpoints(store, an_endpoint("present", display_name="Mine"), deletions_per_feed=0)

    known = [await the(store, name) for name in ("a", "b", "c", "d", "present")]
    assert [endpoint.endpoint_id for endpoint in known if endpoint] == ["b", "c", "present"]
    assert (await store.feed_and_endpoint(BOB, "a"))[1] is not None


async def test_an_exception_of_the_decision_passes_through_and_changes_nothing(store: Store) -> None:
    def fail(items: object, view: EndpointView) -> EndpointDecision[None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.commit_endpoints([StubEndpointItem()], fail)

    assert await store.feed(ALICE) is None
    await put_endpoints(store, an_endpoint("phone"))
    assert await the(store, "phone") is not None


async def test_bad_data_rejects_the_whole_batch(store: Store) -> None:
    with pytest.raises(BatchRejected):
        await put_endpoints(store, an_endpoint("good"), an_endpoint("bad", display_name="\ud800"))

    assert await store.feed(ALICE) is None
    await put_endpoints(store, an_endpoint("good"))
    assert await the(store, "good") is not None


async def test_signs_of_life_act_by_the_largest_time_and_revision(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone", acknowledged_revision=5))

    await store.record_activity(
        [
            EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW + 9, acknowledged_revision=7),
            EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW - 1, acknowledged_revision=3),
        ]
    )

    expected = an_endpoint("phone", last_seen_time=NOW + 9, acknowledged_revision=7)
    assert await the(store, "phone") == expected


async def test_what_another_registration_acknowledged_is_no_news(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone", registrations=1, session_id="s", acknowledged_revision=2))

    await store.record_activity(
        [
            EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW + 9, acknowledged_revision=7),
            EndpointActivity(
                feed=ALICE, endpoint_id="phone", time=NOW, acknowledged_revision=3, registrations=1
            ),
            EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW, ended_session="s"),
        ]
    )

    expected = an_endpoint("phone", last_seen_time=NOW + 9, acknowledged_revision=3, registrations=1)
    assert await the(store, "phone") == expected


async def test_an_ephemeral_one_stays_so_whatever_it_does(store: Store) -> None:
    await put_endpoints(store, an_endpoint("window", ephemeral=True, session_id="s"))

    for time, session_id in ((NOW + 9, ""), (NOW + 4, ""), (NOW + 12, "s")):
        sign = EndpointActivity(feed=ALICE, endpoint_id="window", time=time, ended_session=session_id)
        await store.record_activity([sign])

    assert await the(store, "window") == an_endpoint("window", ephemeral=True, last_seen_time=NOW + 12)
    await put_endpoints(store, an_endpoint("window", last_seen_time=NOW + 12))
    assert await the(store, "window") == an_endpoint("window", last_seen_time=NOW + 12)


async def test_a_session_ends_only_if_it_is_still_the_one(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone", session_id="new"), an_endpoint("tablet", session_id="t"))

    await store.record_activity(
        [EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW, ended_session="old")]
    )
    await store.record_activity([EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW)])
    assert await the(store, "phone") == an_endpoint("phone", session_id="new")

    await store.record_activity(
        [EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW, ended_session="new")]
    )
    assert await the(store, "phone") == an_endpoint("phone")
    assert await the(store, "tablet") == an_endpoint("tablet", session_id="t")


async def test_signs_of_the_unknown_and_the_deleted_are_passed_over(store: Store) -> None:
    gone = an_endpoint("gone", delete_time=NOW)
    await put_endpoints(store, gone, an_endpoint("phone", feed=BOB))

    await store.record_activity(
        [
            EndpointActivity(feed=ALICE, endpoint_id="gone", time=NOW + 9),
            EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW + 9),
            EndpointActivity(feed=ALICE._replace(user_id="nobody"), endpoint_id="phone", time=NOW + 9),
        ]
    )
    await store.record_activity([])

    assert await the(store, "gone") == gone
    assert await the(store, "phone") is None
    assert await store.endpoints(BOB) == [an_endpoint("phone", feed=BOB)]


async def test_sessions_do_not_outlive_the_store_that_held_them(backend: StoreBackend) -> None:
    phone = an_endpoint("phone", session_id="session", acknowledged_revision=4)
    async with opened(backend.store()) as store:
        await put_endpoints(store, phone)

    async with opened(backend.store()) as store:
        assert await the(store, "phone") == replace(phone, session_id="")


async def test_the_first_user_of_an_app_from_an_id_on(store: Store) -> None:
    """In the order of code points, whatever is between."""
    ids = ("Z", "a", "a:", "a:\U0010ffff", "ä", "\uffff", "\U0001f989")
    await put_endpoints(store, *(an_endpoint("phone", feed=FeedKey("a.test", id_)) for id_ in reversed(ids)))

    assert await store.first_user("a.test") == "Z"
    assert [await store.first_user("a.test", id_) for id_ in ids] == list(ids)
    assert [await store.first_user("a.test", f"{id_}\x01") for id_ in ids] == [*ids[1:], None]
    assert await store.first_user("b.test") is None
