"""Runs one attack in a process of its own: `python -m tests.support.attacks NAME HOST:PORT SOURCE [ROOT]`.

The process prints "ready", waits for a line of input, and prints "begun" once the attack is in place, and
"over" if it comes to an end. It ends when its input does; an attack that counts prints JSON last.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from tests.support.attacks import floods, forged, strangers
from tests.support.attacks.strangers import Begun
from tests.support.http2.stranger import Target

Attack = Callable[[Target, Begun], Awaitable[None]]

#: Attacks that need no token.
STRANGERS: Final = (
    strangers.resets,
    strangers.headers,
    strangers.small_bodies,
    strangers.held,
    strangers.held_again,
    floods.floods,
    floods.pages,
    forged.forged,
    forged.forged_by_many,
    forged.forged_behind_a_proxy,
)


#: How long an attack goes on at most, in seconds, also when the process that started it is gone.
LONGEST: Final = 120.0


class Speaker:
    """Prints each line once, for the process that started the attack."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            print(what, flush=True)  # noqa: T201 - it is read from the standard output

    def begun(self) -> None:
        self.say("begun")


def attack_named(name: str) -> Attack:
    """Return an attack. Only those with a token import what makes one, and the messages of the contract."""
    found: dict[str, Attack] = {attack.__name__: attack for attack in STRANGERS}
    if name not in found:
        from tests.support.attacks import oversized

        found |= {"lists": oversized.lists, "large_bodies": oversized.large_bodies}
    return found[name]


async def main(name: str, address: str, source: str, root: str = "") -> None:
    """Run the attack of this name after a line of input, and cancel it when the input ends."""
    speaker = Speaker()
    speaker.say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    target = Target(address=address, source=source, root=root)
    attacking = asyncio.create_task(_attack(attack_named(name), target, speaker))
    await asyncio.to_thread(sys.stdin.read)
    attacking.cancel()


async def _attack(attack: Attack, target: Target, speaker: Speaker) -> None:
    try:
        async with asyncio.timeout(LONGEST):
            await attack(target, speaker.begun)
    except Exception as error:
        speaker.say(f"failed: {error!r}")
        raise
    speaker.say("over")


if __name__ == "__main__":
    # Writing to connections that are closed is part of some attacks.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    asyncio.run(main(*sys.argv[1:]))
