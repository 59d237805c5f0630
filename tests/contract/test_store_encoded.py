"""What a row was encoded as when it was written comes with its changes: byte for byte, whatever it is."""

from dataclasses import replace
from random import Random

import pytest

from tests.contract.backends import StoreBackend, opened
from tests.support.builders import ALICE, BOB, a_notification, put, removed
from unisono.server.api.convert import encoding
from unisono.server.model import FeedKey, Notification, ReadState
from unisono.server.store.base import BatchRejected, Store


class Noise:
    """Encodes each row otherwise each time, as bytes that mean nothing, and remembers them by id."""

    def __init__(self) -> None:
        self.random = Random(7)  # noqa: S311
        self.made: dict[str, bytes] = {}
        self.rows: dict[str, Notification] = {}

    def __call__(self, row: Notification) -> bytes:
        self.rows[row.id] = row
        self.made[row.id] = self.random.randbytes(self.random.choice((1, 40, 300, 9000)))
        return self.made[row.id]

    def of(self, *ids: str) -> list[bytes]:
        return [self.made[id_] for id_ in ids]


@pytest.fixture
def noise() -> Noise:
    return Noise()


async def encoded_rows(store: Store, *, feed: FeedKey = ALICE, after: int = 0, known: int = 0) -> list[bytes]:
    """What comes of a feed, in the order of revisions."""
    page = await store.changes(feed, after=after, known=known, limit=999, max_bytes=1 << 30)
    return [row.encoded for row in page.rows]


async def test_it_is_that_of_the_last_write_of_each_row(backend: StoreBackend, noise: Noise) -> None:
    async with opened(backend.store(noise)) as store:
        one, two, three, four = (a_notification(f"n{n}", n) for n in (1, 2, 3, 4))
        await put(store, one, two, three, four, a_notification("bob's", 1, feed=BOB))
        first = noise.of("n1", "n2", "n3", "n4", "bob's")
        assert await encoded_rows(store) == first[:4]

        await put(store, replace(one, payload=None, revision=5, read_state=ReadState.READ))
        await put(store, replace(two, payload=b"new", revision=6, content_revision=6))
        await put(store, removed(three, 7))

        last = noise.of("n4", "n1", "n2", "n3")
        assert await encoded_rows(store) == last
        assert await encoded_rows(store, after=5, known=9) == last[2:]
        assert await encoded_rows(store, feed=BOB) == first[4:]
        assert len({*first, *last}) == 8

    async with opened(backend.store(noise)) as store:
        assert await encoded_rows(store) == last


async def test_it_is_made_of_the_rows_that_are_written(backend: StoreBackend, noise: Noise) -> None:
    row = a_notification("n1", 1)
    async with opened(backend.store(noise)) as store:
        await put(store, row, a_notification("n2", 2))
        read = replace(row, payload=None, revision=3, read_state=ReadState.READ)
        await put(store, read)

    assert noise.rows == {"n1": read, "n2": a_notification("n2", 2)}


@pytest.mark.parametrize("encoded", [b"", b"\0", b"\xff\0\xfe", b"text", bytes(1 << 20)])
async def test_it_can_be_any_bytes(backend: StoreBackend, encoded: bytes) -> None:
    async with opened(backend.store(lambda row: encoded)) as store:
        await put(store, a_notification("n1", 1))

        assert await encoded_rows(store) == [encoded]


async def test_it_takes_no_room_from_payloads(backend: StoreBackend) -> None:
    """A page ends by its payloads alone."""
    async with opened(backend.store(lambda row: bytes(10_000))) as store:
        await put(store, *(a_notification(f"n{n}", n, payload=b"x" * 10) for n in (1, 2, 3)))

        page = await store.changes(ALICE, after=0, known=0, limit=9, max_bytes=30)

        assert (len(page.rows), page.complete) == (3, True)


async def test_what_is_not_committed_is_not_kept(backend: StoreBackend, noise: Noise) -> None:
    async with opened(backend.store(noise)) as store:
        await put(store, a_notification("n1", 1))
        before = noise.of("n1")

        with pytest.raises(BatchRejected):
            await put(store, a_notification("n1", 2), a_notification("without payload", 3, payload=None))

        assert await encoded_rows(store) == before


async def test_what_cannot_be_encoded_rejects_the_batch(backend: StoreBackend) -> None:
    async with opened(backend.store(encoding.encode_row)) as store:
        await put(store, a_notification("n1", 1))
        before = await store.feed(ALICE)

        with pytest.raises(BatchRejected):
            await put(store, a_notification("n2", 2), a_notification("n3", 3, group_name="\ud800"))

        assert await store.feed(ALICE) == before
        assert await encoded_rows(store) == [encoding.encode_row(a_notification("n1", 1))]
