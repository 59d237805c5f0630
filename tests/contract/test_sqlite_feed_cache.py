"""The cache of feeds is bounded, and never holds what a commit only wanted."""

from pathlib import Path

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store, execute
from tests.support.builders import ALICE, BOB, a_notification, put, read_view
from unisono.server.model import Counts, Feed, FeedKey
from unisono.server.store.commit import ReadSet
from unisono.server.store.sqlite.feed_cache import FeedCache, StoredFeed

CAROL = FeedKey("mail.example.com", "carol")


def stored(key: FeedKey, feed_id: int = 1) -> StoredFeed:
    return StoredFeed(feed_id, Feed(key=key, epoch=b"12345678"))


async def test_a_feed_that_was_just_committed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))
        execute(path, "UPDATE feeds SET live = 17")

        assert (await read_view(store, ReadSet(feed=ALICE))).feeds[ALICE].live == 1


def test_what_a_commit_works_on_is_forgotten_until_it_succeeds() -> None:
    feed_cache = FeedCache()
    feed_cache.put({ALICE: stored(ALICE, 1), BOB: stored(BOB, 2)})

    assert feed_cache.pop([ALICE, CAROL]) == {ALICE: stored(ALICE, 1)}
    assert feed_cache.pop([ALICE, BOB]) == {BOB: stored(BOB, 2)}


def test_what_was_kept_the_longest_makes_room() -> None:
    feed_cache = FeedCache()
    keys = [FeedKey("mail.example.com", f"user-{number}") for number in range(10_001)]
    for number, key in enumerate(keys):
        feed_cache.put({key: stored(key, number)})

    assert list(feed_cache.pop(keys)) == keys[1:]


def test_long_target_policies_take_no_more_than_so_much_room() -> None:
    feed_cache = FeedCache()
    keys = [FeedKey("mail.example.com", f"user-{number}") for number in range(100)]
    targets = {f"{number:025000}": Counts(1, 1) for number in range(64)}
    for key in keys:
        feed_cache.put({key: StoredFeed(1, Feed(key=key, epoch=b"12345678", targets=targets))})

    kept = feed_cache.pop(keys)

    assert list(kept) == keys[-len(kept) :]
    assert 20 * 2**20 < sum(stored.feed.memory_bytes for stored in kept.values()) <= 32 * 2**20
    feed_cache.put(kept)
    assert feed_cache.pop(keys) == kept


def test_all_of_it_can_be_forgotten() -> None:
    feed_cache = FeedCache()
    feed_cache.put({ALICE: stored(ALICE)})

    feed_cache.clear()

    assert feed_cache.pop([ALICE]) == {}
