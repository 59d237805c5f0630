"""What a reader does with a block. Each rule is for the blocks that have its text in them.

Knows no document.
"""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.docs.blocks import Block
from tests.docs.machine import ROOT
from tests.docs.reader import Reader
from tests.docs.running import NotAsWritten


@dataclass(frozen=True, slots=True)
class Rule(ABC):
    """What to do with the blocks that contain the text `has`."""

    has: str

    @abstractmethod
    async def follow(self, block: Block, reader: Reader) -> None:
        """Do it. Raises `NotAsWritten` when it does not go as the document says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Rule):
    """It ends by itself, successfully, and says `says`."""

    says: str = ""

    async def follow(self, block: Block, reader: Reader) -> None:
        said = await reader.run(_command(block, reader))
        if self.says not in said:
            raise NotAsWritten(f"it did not say {self.says!r}, but:\n{said}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen(Rule):
    """It goes on until Ctrl-C, and says `says` when `meanwhile` is typed in another terminal."""

    says: str
    meanwhile: str

    async def follow(self, block: Block, reader: Reader) -> None:
        await _listen(_command(block, reader), self.meanwhile, self.says, reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAndRun(Rule):
    """Its first line goes on until Ctrl-C, and says `says` when the others are typed in another terminal."""

    says: str

    async def follow(self, block: Block, reader: Reader) -> None:
        listening, _, meanwhile = block.text.partition("\n")
        await _listen(listening, meanwhile, self.says, reader)


@dataclass(frozen=True, slots=True)
class Serve(Rule):
    """It starts a server, which goes on until the end of the document."""

    async def follow(self, block: Block, reader: Reader) -> None:
        await reader.serve(block.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Save(Rule):
    """It is a file of this name, which is there from the start, however late the document shows it."""

    name: str

    async def follow(self, block: Block, reader: Reader) -> None:
        reader.save(self.name, block.text)


@dataclass(frozen=True, slots=True)
class Install(Rule):
    """It installs from a package registry. Where none is, the document is read no further; but in CI."""

    async def follow(self, block: Block, reader: Reader) -> None:
        try:
            await reader.run(block.text, timeout=120)
        except NotAsWritten as problem:
            if "connection broken" in str(problem) and not os.environ.get("CI"):
                pytest.skip(f"{block}: the package registry cannot be reached")
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCI(Rule):
    """CI does it, so it is not done again: `does` looks whether that is so."""

    does: Callable[[str], None]

    async def follow(self, block: Block, reader: Reader) -> None:
        self.does(block.text)


@dataclass(frozen=True, slots=True)
class Drawing(Rule):
    """It is to be looked at, and says so by naming no language."""

    async def follow(self, block: Block, reader: Reader) -> None:
        if block.language:
            raise NotAsWritten(f"it is no drawing, but {block.language}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Rule):
    """It is a file of this language, which the test `by` reads from the document."""

    language: str
    by: str

    async def follow(self, block: Block, reader: Reader) -> None:
        if block.language != self.language:
            raise NotAsWritten(f"it is not {self.language}, but {block.language}")
        if f'"{block.document.rpartition("/")[2]}"' not in (ROOT / self.by).read_text(encoding="utf-8"):
            raise NotAsWritten(f"{self.by} does not read it")


async def _listen(listening: str, meanwhile: str, says: str, reader: Reader) -> None:
    listener = await reader.start(listening)
    heard = asyncio.create_task(listener.until(says))
    # What is typed before the listener is there does not ring on it; a reader would look, and type again.
    while not heard.done():
        await reader.run(meanwhile)
    await heard
    said = await listener.interrupted()
    if "Traceback" in said:
        raise NotAsWritten(f"it did not end well on Ctrl-C, but said:\n{said}")


def _command(block: Block, reader: Reader) -> str:
    """What to type for this block: its text, or for a program the command that runs it."""
    if block.language == "sh":
        return block.text
    if block.language != "python":
        raise NotAsWritten(f"nobody knows how to run {block.language!r}")
    program = f"line-{block.line}.py"
    reader.save(program, block.text)
    return f"python {program}"
