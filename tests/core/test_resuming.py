"""Which positions a stream may go on from: everything else starts anew, or is refused, never with a gap."""

from dataclasses import replace

import pytest

from tests.support.core_harness import ADA, CoreHarness, Stream, running
from tests.support.devices import DeviceModel
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.core.position import Position
from unisono.server.core.resume_token import Seal, registration_of
from unisono.server.core.sweeper import SweepRules
from unisono.server.errors import FailedPrecondition, InvalidRequest, Reason
from unisono.server.model import FeedKey

EPOCH = SequentialIds().epoch()
OURS = Seal.of(ADA, "laptop", EPOCH, EPOCH)
POSITION = Position(7, 5, 6)


def test_a_token_holds_a_position() -> None:
    assert OURS.open(OURS.token(POSITION)) == POSITION


@pytest.mark.parametrize(
    "seal",
    [
        Seal.of(ADA, "phone", EPOCH, EPOCH),
        Seal.of(ADA, "laptop", b"restored", EPOCH),
        Seal.of(ADA, "laptop", EPOCH, b"made new"),
    ],
)
def test_another_endpoint_or_epoch_has_no_position_here(seal: Seal) -> None:
    assert OURS.open(seal.token(POSITION)) is None


@pytest.mark.parametrize("feed", [FeedKey("mail.test", "bob"), FeedKey("chat.test", "ada")])
def test_a_token_of_another_feed_is_refused(feed: FeedKey) -> None:
    token = Seal.of(feed, "laptop", EPOCH, EPOCH).token(POSITION)

    with pytest.raises(InvalidRequest) as raised:
        OURS.open(token)

    assert raised.value.reason is Reason.RESUME_TOKEN_INVALID


RECORDED = (
    "01"  # version
    "bf9463dea3b061b6"  # feed mark
    "d0746f269e17df25"  # endpoint mark
    "616e2065706f6368"  # store epoch
    "616e2065706f6368"  # feed epoch
    "0000000000000007"  # cursor
    "0000000000000005"  # known
    "0000000000000006"  # base
    "e43384e2"  # CRC-32
)


def test_a_token_of_a_server_of_before_is_as_those_of_a_first_registration() -> None:
    """Tokens had no count of registrations then; devices keep them for as long as they like."""
    assert OURS.token(POSITION).hex() == RECORDED
    assert registration_of(bytes.fromhex(RECORDED), ADA, "laptop") == 0


@pytest.mark.parametrize("registrations", [0, 1, 2, 255, 256, 2**31])
def test_a_token_tells_which_registration_it_is_of(registrations: int) -> None:
    seal = Seal.of(ADA, "laptop", EPOCH, EPOCH, registrations)
    token = seal.token(POSITION)

    assert registration_of(token, ADA, "laptop") == registrations
    assert seal.open(token) == POSITION
    assert Seal.of(ADA, "laptop", EPOCH, EPOCH, registrations + 1).open(token) is None
    assert registration_of(token, ADA, "phone") > 2**40


def test_a_damaged_token_is_refused_wherever_it_is_damaged() -> None:
    token = OURS.token(POSITION)
    damaged = [token[:i] + bytes((token[i] ^ 1,)) + token[i + 1 :] for i in range(len(token))]

    for wrong in (*damaged, b"", token[:-1], token + b"x"):
        for read in (OURS.open, lambda token: registration_of(token, ADA, "laptop")):
            with pytest.raises(InvalidRequest) as raised:
                read(wrong)
            assert raised.value.reason is Reason.RESUME_TOKEN_INVALID


def test_names_are_not_run_together() -> None:
    """The feeds of a user "a" with the endpoint "bc", and of "ab" with "c"."""
    first = Seal.of(FeedKey("mail.test", "a"), "bc", EPOCH, EPOCH)

    assert first.endpoint != Seal.of(FeedKey("mail.test", "ab"), "c", EPOCH, EPOCH).endpoint


@pytest.mark.parametrize(
    ("position", "last", "floor", "resumable"),
    [
        (Position(5, 5, 5), 5, 5, True),
        (Position(5, 5, 5), 9, 5, True),
        (Position(5, 5, 5), 9, 6, False),
        (Position(0, 0, 6), 9, 6, True),
        (Position(5, 0, 6), 9, 7, False),
        (Position(8, 5, 5), 9, 7, True),
        (Position(10, 10, 10), 9, 0, False),
        (Position(3, 10, 3), 9, 0, False),
        (Position(3, 3, 10), 9, 0, False),
    ],
)
def test_what_can_be_resumed(position: Position, last: int, floor: int, resumable: bool) -> None:
    assert position.resumable(last, floor) is resumable


async def resumed(harness: CoreHarness, token: bytes) -> bool:
    stream = await Stream(harness, held=DeviceModel(token=token)).open()
    welcome = (await stream.next()).welcome
    await stream.cut()
    return welcome.resumed


@pytest.mark.parametrize(
    ("position", "seal", "expected"),
    [
        (Position.complete_at(2), OURS, True),
        (Position(1, 0, 1), OURS, True),
        (Position.complete_at(3), OURS, False),
        (Position.complete_at(2**60), OURS, False),
        (Position.complete_at(2), replace(OURS, endpoint=b"another!"), False),
        (Position.complete_at(2), replace(OURS, store_epoch=b"restored"), False),
        (Position.complete_at(2), replace(OURS, feed_epoch=b"made new"), False),
    ],
)
async def test_a_stream_resumes_or_starts_anew(position: Position, seal: Seal, expected: bool) -> None:
    async with running(CoreHarness()) as harness:
        await harness.send()
        await harness.send()

        assert await resumed(harness, seal.token(position)) is expected


async def test_a_stream_below_the_floor_starts_anew() -> None:
    async with running(CoreHarness(sweep_rules=SweepRules(tombstones_per_feed=0))) as harness:
        rows = [await harness.send() for _ in range(2)]
        await harness.delete(rows[0])
        await harness.sweeper.sweep()

        assert [await resumed(harness, OURS.token(Position.complete_at(n))) for n in (2, 3)] == [False, True]


async def test_a_refused_token_leaves_no_trace() -> None:
    store = MemoryStore(ids=SequentialIds(), encode=encoding.encode_row)
    async with running(CoreHarness(store=store)) as harness:
        with pytest.raises(InvalidRequest):
            await Stream(harness, held=DeviceModel(token=b"no token")).open()

        assert await store.endpoints(ADA) == []
        assert await store.feed(ADA) is None


#: As if the user had been renamed twice, from "a".
PREFIXES = {ADA.app_id: ["a", "d"]}
NAMES = [FeedKey(ADA.app_id, user_id) for user_id in ("da", "a")]


@pytest.mark.parametrize("name", NAMES)
async def test_a_token_from_before_a_rename_starts_anew(name: FeedKey) -> None:
    """It is of this feed, and not damaged; whatever its position is, the device holds rows of that name."""
    async with running(CoreHarness()) as harness:
        await harness.send()
        await harness.send()
        harness.store.prefixes = PREFIXES
        tokens = [
            Seal.of(name, "laptop", EPOCH, EPOCH).token(Position.complete_at(2)),
            Seal.of(name, "phone", b"restored", b"made new").token(Position.complete_at(99)),
        ]

        assert [await resumed(harness, token) for token in tokens] == [False, False]
        assert await resumed(harness, OURS.token(Position.complete_at(2)))


@pytest.mark.parametrize("user_id", ["bob", "aada", "ad", ""])
async def test_a_token_of_no_name_that_the_user_had_is_refused(user_id: str) -> None:
    token = Seal.of(FeedKey(ADA.app_id, user_id), "laptop", EPOCH, EPOCH).token(POSITION)
    async with running(CoreHarness()) as harness:
        harness.store.prefixes = PREFIXES
        with pytest.raises(InvalidRequest) as raised:
            await resumed(harness, token)
        assert raised.value.reason is Reason.RESUME_TOKEN_INVALID


async def test_a_token_from_before_a_rename_acknowledges_nothing() -> None:
    async with running(CoreHarness()) as harness:
        row = await harness.send()
        stream = await Stream(harness).synced()
        harness.store.prefixes = PREFIXES
        before = Seal.of(NAMES[0], "laptop", EPOCH, EPOCH).token(Position.complete_at(row.revision))

        assert await harness.feeds.acknowledge(ADA, "laptop", before) == 0
        assert await harness.feeds.acknowledge(ADA, "laptop", stream.held.token) == row.revision
        await stream.cut()


async def test_who_signed_out_before_a_rename_is_told_so_after_it() -> None:
    """With a token of then, the id is not registered anew."""
    async with running(CoreHarness()) as harness:
        await (await Stream(harness).synced()).cut()
        await harness.endpoints.remove(ADA, "laptop", may_return=True)
        harness.store.prefixes = PREFIXES
        before = Seal.of(NAMES[0], "laptop", EPOCH, EPOCH).token(Position.complete_at(0))

        with pytest.raises(FailedPrecondition) as raised:
            await resumed(harness, before)
        assert raised.value.reason is Reason.ENDPOINT_DELETED
        await (await Stream(harness).synced()).cut()
        with pytest.raises(FailedPrecondition):
            await resumed(harness, before)
