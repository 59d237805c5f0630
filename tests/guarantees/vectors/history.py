"""Writes one random history of a device: its streams are made by the service's own code of a random feed."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.guarantees.random_feed import RandomFeed
from tests.guarantees.vectors.clocks import DeviceClocks
from tests.guarantees.vectors.expected import Expected, ends_at
from tests.guarantees.vectors.marks import Decisions, Unclear
from tests.guarantees.vectors.steps import Step, Tokens, mark_step, message_step, payloads, plain
from tests.sdk.stream_model import StreamModel
from tests.support.ids import CountedEpochs
from tests.support.random_commands import LAPTOP, PHONE
from unisono.server.api.convert import encoding
from unisono.v1 import feed_service_pb2 as pb

#: How long is waited for, in milliseconds: until nothing, a display time or a life is over.
SPANS = (500, 4_000, 70_000)
#: What a person asks for: a read state and a user action, 0 for none.
ASKED = ((2, 0), (2, 0), (1, 0), (0, 3), (0, 3), (0, 2), (0, 1), (2, 3), (2, 2))
#: Steps after which there is no stream.
ENDS = {"freeze", "refused", "restart", "mark"}
#: For how long a process stands still, in milliseconds.
STALLS = (11_000, 600_000)
#: Milliseconds by which a device may be wrong about the server's time after a restart.
DOUBTED = 1_000


class History:
    """One device over a few streams and processes. `steps` is what it gets, and what it has to make of it."""

    def __init__(self, seed: int) -> None:
        self.steps: list[Step] = []
        self._streaming = False
        self._random = Random(seed)  # noqa: S311
        self._world = RandomFeed(self._random, encoding.encode_row, CountedEpochs())
        self._wire = StreamModel(self._world, self._random.choice((LAPTOP, PHONE)))
        self._clocks = DeviceClocks(self._random, self._world.now)
        self._tokens = Tokens()
        self._from_end = self._random.random() < 0.2
        self._now = self._saved = Expected()
        self._decisions = Decisions()

    async def write(self) -> list[Step]:
        """Let a few streams and processes begin and end, and return the steps."""
        random = self._random
        await self._world.begin(random.choice((0, 0, 2)))
        for _ in range(random.choice((1, 1, 2))):
            await self._connect(messages=random.randint(3, 8), loss=0.07)
            if random.random() < 0.2:
                self._restart()
            if random.random() < 0.3:
                self._mark()
            await self._happen((0, 1, 2, 4))
            self._wait(chance=0.3)
            if random.random() < 0.05:
                await self._erase()
        await self._connect(messages=len(self._world.rows()) + 4, loss=0)
        return self.steps

    async def _erase(self) -> None:
        """Delete the user, who begins anew. A device learns it at once, or when it is back."""
        if self._streaming and self._now.token is not None and self._random.random() < 0.5:
            goodbye = pb.SubscribeResponse(goodbye=pb.Goodbye(reason=pb.GOODBYE_REASON_FEED_DELETED))
            self._step(message_step(goodbye, self._now.token, {}))
            self._forget()
            self._expect()
        await self._world.erase()

    def _forget(self) -> None:
        self._now = self._saved = Expected()
        self._decisions = Decisions()

    async def _happen(self, times: Sequence[int]) -> None:
        for _ in range(self._random.choice(times)):
            await (self._world.send() if self._random.random() < 0.4 else self._world.step())

    async def _connect(self, *, messages: int, loss: float) -> None:
        """Open a stream, and take so many messages; with `loss`, it may break, and the feed changes."""
        request = self._request()
        self._step({"connect": plain(request)})
        if request.resume_token:
            request.resume_token = self._tokens.real(request.resume_token)
        async for message in self._wire.stream(request, busy=loss > 0 and self._random.random() < 0.5):
            if messages == 0 or self._random.random() < loss:
                break
            messages -= 1
            if not await self._go_on(message, request, disturbed=loss > 0):
                break
        if self._random.random() < loss / 2:
            self._step({"refused": {"reason": "RESUME_TOKEN_INVALID"}})
            self._now = replace(self._now, token=None)

    async def _go_on(
        self, message: pb.SubscribeResponse, request: pb.SubscribeRequest, *, disturbed: bool
    ) -> bool:
        """Give the device a message, and return whether its stream goes on."""
        if disturbed and self._now.token is not None and self._random.random() < 0.05:
            await self._freeze(message)
            return False
        await self._take(message, request)
        if message.complete and disturbed:
            self._repeat()
            self._wait(chance=0.1)
            await self._happen((1, 1, 2, 3))
        if disturbed and self._is_last_batch(message) and self._random.random() < 0.3:
            return False
        return disturbed or not message.complete

    async def _freeze(self, message: pb.SubscribeResponse) -> None:
        """Let the process stand still while a message waits in its buffers, which it must not apply then."""
        self._world.now += self._random.choice(STALLS)
        self._step({"freeze": {}})
        self._step(message_step(message, self._tokens.short(message.resume_token), {}))
        self._now = replace(self._saved, feed_epoch=self._now.feed_epoch)
        self._expect()
        await self._happen((1, 2, 4))

    def _request(self) -> pb.SubscribeRequest:
        if self._now.token is not None:
            return pb.SubscribeRequest(resume_token=self._now.token)
        from_end = self._from_end and not self._now.complete
        return pb.SubscribeRequest(
            start_position=pb.START_POSITION_END if from_end else pb.START_POSITION_BEGINNING
        )

    async def _take(self, message: pb.SubscribeResponse, request: pb.SubscribeRequest) -> None:
        forgotten = message.HasField("welcome") and self._now.is_of_another_life(message.welcome)
        if forgotten:
            self._forget()
        if message.HasField("welcome"):
            if self._decisions and not message.welcome.resumed:
                raise Unclear("what was decided before a fresh start")
            from_end = not request.resume_token and request.start_position == pb.START_POSITION_END
            last = (await self._world.feed()).revision
            self._now = self._now.began(message.welcome, last, from_end=from_end)
        self._disturb(message)
        token = self._tokens.short(message.resume_token)
        self._now = replace(self._now, token=token)
        lacking = payloads(self._wire.wanted(), self._now.blind)
        self._step(message_step(message, token, lacking))
        if forgotten:
            self._expect()
        await self._follow(message)

    def _disturb(self, message: pb.SubscribeResponse) -> None:
        """Let a message be long on its way, or somebody set the clock."""
        if message.HasField("heartbeat") and self._random.random() < 0.3:
            self._world.now += self._random.choice(SPANS)
        if message.complete and self._random.random() < 0.1:
            self._clocks.set_wall_clock()

    async def _follow(self, message: pb.SubscribeResponse) -> None:
        """Expect what follows from a message, and at a complete point say so."""
        rows, now = self._wire.wanted(), self._world.now
        if message.complete:
            rings = self._now.rings(rows, now)
            unseen = self._decisions.settle(rows, message.revision, synced=self._now.catching_up)
            self._now = self._saved = self._now.completed(message.revision, rows)
            self._expect(**rings, **(await self._send(unseen)))
        elif self._is_last_batch(message):
            self._now = self._now.broken_off(message.revision, rows, now)

    def _is_last_batch(self, message: pb.SubscribeResponse) -> bool:
        """Whether only Synced is left of a catch-up, which the device cannot know."""
        return message.HasField("event_batch") and self._wire.known == message.revision

    def _expect(self, **rings: Any) -> None:
        shown = self._now.shown(self._world.now, self._decisions)
        self.steps[-1]["expect"] = {**self._now.held(), **rings, **shown}

    def _mark(self) -> None:
        """Decide about what is held, offline."""
        for _ in range(self._random.choice((1, 1, 2, 3))):
            if self._now.rows:
                read, action = self._random.choice(ASKED)
                rows = self._random.sample(list(self._now.rows), min(len(self._now.rows), 2))
                for row in rows:
                    self._decisions.make(row, read, action, self._now.revision)
                self._step(mark_step([row.id for row in rows], read, action, self._now.revision))
                self.steps[-1]["expect"] = self._now.shown(self._world.now, self._decisions)

    async def _send(self, unseen: Sequence[str]) -> Step:
        """Let the server answer what the device has to send now, and return that."""
        sent: dict[str, list[list[int]]] = {}
        for decision in self._decisions.unanswered():
            sent.setdefault(decision.id, []).append(decision.parts)
            await self._world.mark(decision.id, *decision.parts)
        if not sent and not unseen:
            return {}
        reached = (await self._world.feed()).revision
        for decision in self._decisions.unanswered():
            decision.reached = reached
        self.steps[-1]["answered"] = reached
        return {"send": sent, **({"may_send": sorted(unseen)} if unseen else {})}

    def _repeat(self) -> None:
        """Give the last message again now and then, which must change nothing."""
        last = self.steps[-1]
        if "eventBatch" in last.get("message", ()) and self._random.random() < 0.3:
            self.steps.append({"message": last["message"], "expect": {**last["expect"]}})
            self.steps[-1]["expect"].pop("ring", None)

    def _wait(self, *, chance: float) -> None:
        """Let time pass, and look at the device."""
        if self._random.random() < chance:
            self._world.now += self._random.choice(SPANS)
            now = self._world.now
            if all(abs(ends_at(row) - now) > DOUBTED for row in self._now.rows):
                self._step({"look": {}, "expect": self._now.shown(now, self._decisions)})

    def _restart(self) -> None:
        """End the process: what it saved at its last complete point is left."""
        self._now = self._saved
        if self._random.random() < 0.5:
            self._clocks.boot(self._world.now)
        self._step({"restart": {}})

    def _step(self, step: Step) -> None:
        self._streaming = "connect" in step or (self._streaming and not step.keys() & ENDS)
        self.steps.append({**self._clocks.read(self._world.now), **step})
