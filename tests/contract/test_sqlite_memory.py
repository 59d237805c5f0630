"""What the writer knows of feeds without reading: bounded, and never what a commit only wanted."""

from pathlib import Path

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store, execute
from tests.support.builders import ALICE, BOB, a_notification, look, put
from unisono.server.model import Counts, Feed, FeedKey
from unisono.server.store.commit import Reads
from unisono.server.store.sqlite.memory import Memory, Stored

CAROL = FeedKey("mail.example.com", "carol")


def stored(key: FeedKey, number: int = 1) -> Stored:
    return Stored(number, Feed(key=key, epoch=b"12345678"))


async def test_a_feed_that_was_just_committed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))
        execute(path, "UPDATE feeds SET live = 17")

        assert (await look(store, Reads(feed=ALICE))).feeds[ALICE].live == 1


def test_what_a_commit_works_on_is_forgotten_until_it_succeeds() -> None:
    memory = Memory()
    memory.keep({ALICE: stored(ALICE, 1), BOB: stored(BOB, 2)})

    assert memory.take([ALICE, CAROL]) == {ALICE: stored(ALICE, 1)}
    assert memory.take([ALICE, BOB]) == {BOB: stored(BOB, 2)}


def test_what_was_kept_the_longest_makes_room() -> None:
    memory = Memory()
    keys = [FeedKey("mail.example.com", f"user-{number}") for number in range(10_001)]
    for number, key in enumerate(keys):
        memory.keep({key: stored(key, number)})

    assert list(memory.take(keys)) == keys[1:]


def test_long_target_policies_take_no_more_than_so_much_room() -> None:
    memory = Memory()
    keys = [FeedKey("mail.example.com", f"user-{number}") for number in range(100)]
    targets = {f"{number:025000}": Counts(1, 1) for number in range(64)}
    for key in keys:
        memory.keep({key: Stored(1, Feed(key=key, epoch=b"12345678", targets=targets))})

    kept = memory.take(keys)

    assert list(kept) == keys[-len(kept) :]
    assert 20 * 2**20 < sum(stored.feed.weight for stored in kept.values()) <= 32 * 2**20
    memory.keep(kept)
    assert memory.take(keys) == kept


def test_all_of_it_can_be_forgotten() -> None:
    memory = Memory()
    memory.keep({ALICE: stored(ALICE)})

    memory.clear()

    assert memory.take([ALICE]) == {}
